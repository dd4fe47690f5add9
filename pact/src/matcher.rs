//! How a part of a body is compared.

use regex::Regex;
use serde_json::{Value as Json, json};

/// How a part of a body is compared with the example.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Matcher {
    /// Equal to the example.
    Exact,
    /// Of the JSON type of the example. Lists: of any length, each item like the first.
    Type,
    /// A number without a fraction.
    Integer,
    /// Any number.
    Number,
    /// Text that the expression matches. Anchor it (`^…$`): tools differ in whether a part is enough.
    Regex(String),
    /// Text that contains this.
    Includes(String),
    /// A list of at least so many items, each like the first.
    AtLeast(usize),
    /// An object whose values are each like the first; the keys do not matter.
    Values,
    /// `null`.
    Null,
}

impl Matcher {
    /// As the pact specification writes it.
    pub(crate) fn to_json(&self) -> Json {
        match self {
            Self::Exact => json!({ "match": "equality" }),
            Self::Type => json!({ "match": "type" }),
            Self::Integer => json!({ "match": "integer" }),
            Self::Number => json!({ "match": "number" }),
            Self::Regex(regex) => json!({ "match": "regex", "regex": regex }),
            Self::Includes(part) => json!({ "match": "include", "value": part }),
            Self::AtLeast(items) => json!({ "match": "type", "min": items }),
            Self::Values => json!({ "match": "values" }),
            Self::Null => json!({ "match": "null" }),
        }
    }

    /// Why the example itself would not match: a matcher that nothing the contract allows can satisfy.
    pub(crate) fn contradiction(&self, example: &Json) -> Option<String> {
        let wanted = match self {
            Self::Exact | Self::Type => return None,
            Self::Integer if example.is_i64() || example.is_u64() => return None,
            Self::Integer => "an integer".to_owned(),
            Self::Number if example.is_number() => return None,
            Self::Number => "a number".to_owned(),
            Self::Regex(text) => match (Regex::new(text), example.as_str()) {
                (Err(error), _) => return Some(format!("the expression {text} cannot be read: {error}")),
                (Ok(regex), Some(example)) if regex.is_match(example) => return None,
                _ => format!("text that matches {text}"),
            },
            Self::Includes(part) if example.as_str().is_some_and(|text| text.contains(part)) => return None,
            Self::Includes(part) => format!("text that contains {part:?}"),
            Self::AtLeast(items) if example.as_array().is_some_and(|list| list.len() >= *items) => {
                return None;
            }
            Self::AtLeast(items) => format!("a list of at least {items} items"),
            Self::Values if example.is_object() => return None,
            Self::Values => "an object".to_owned(),
            Self::Null if example.is_null() => return None,
            Self::Null => "null".to_owned(),
        };
        Some(format!(
            "the matcher asks for {wanted}, and the example is {example}"
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_matcher_that_refuses_its_own_example_is_a_contradiction() {
        assert!(Matcher::Integer.contradiction(&json!("seven")).is_some());
        assert!(Matcher::Integer.contradiction(&json!(7)).is_none());
        assert!(
            Matcher::Regex("^R".into())
                .contradiction(&json!("Bello"))
                .is_some()
        );
        assert!(Matcher::Regex("^R".into()).contradiction(&json!("Rex")).is_none());
        assert!(Matcher::Regex("(".into()).contradiction(&json!("Rex")).is_some());
        assert!(Matcher::AtLeast(2).contradiction(&json!([1])).is_some());
        assert!(Matcher::Null.contradiction(&json!(0)).is_some());
    }
}
