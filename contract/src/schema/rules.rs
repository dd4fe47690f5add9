//! Validation keywords to rules (JSON Schema 2020-12 validation, section 6; OpenAPI 3.0's boolean bounds, too).

use crate::model::Rule;
use crate::source::{Kind, Node, Object};

/// The rule of a keyword of a schema. `Ok(None)`: it is no rule, or says nothing. `Err`: what its value should be.
pub(super) fn read_in(keyword: &str, schema: &Object, value: &Node) -> Result<Option<Rule>, &'static str> {
    const COUNT: &str = "it is a whole number, not negative";
    const NUMBER: &str = "it is a number";
    let count = || value.as_count().ok_or(COUNT);
    let number = || value.as_number().ok_or(NUMBER);
    Ok(Some(match keyword {
        "minLength" => nonzero(Rule::MinLength, count()?),
        "maxLength" => Some(Rule::MaxLength(count()?)),
        "minItems" => nonzero(Rule::MinItems, count()?),
        "maxItems" => Some(Rule::MaxItems(count()?)),
        "minProperties" => nonzero(Rule::MinProperties, count()?),
        "maxProperties" => Some(Rule::MaxProperties(count()?)),
        "pattern" => Some(Rule::Pattern(
            value.as_str().ok_or("it is a regular expression")?.to_owned(),
        )),
        "uniqueItems" => value
            .as_bool()
            .ok_or("it is true or false")?
            .then_some(Rule::UniqueItems),
        "multipleOf" => Some(Rule::MultipleOf(number()?)),
        "minimum" if exclusive(schema, "exclusiveMinimum") => Some(Rule::ExclusiveMinimum(number()?)),
        "maximum" if exclusive(schema, "exclusiveMaximum") => Some(Rule::ExclusiveMaximum(number()?)),
        "minimum" => Some(Rule::Minimum(number()?)),
        "maximum" => Some(Rule::Maximum(number()?)),
        "exclusiveMinimum" | "exclusiveMaximum" if matches!(value.kind, Kind::Bool(_)) => None,
        "exclusiveMinimum" => Some(Rule::ExclusiveMinimum(number()?)),
        "exclusiveMaximum" => Some(Rule::ExclusiveMaximum(number()?)),
        _ => None,
    })
    .flatten())
}

/// OpenAPI 3.0: a boolean that makes the bound beside it exclusive.
fn exclusive(schema: &Object, keyword: &str) -> bool {
    schema.get(keyword).and_then(Node::as_bool) == Some(true)
}

fn nonzero(rule: fn(u64) -> Rule, count: u64) -> Option<Rule> {
    (count > 0).then(|| rule(count))
}

/// Which kinds of value a rule speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Speaks {
    Text,
    Numbers,
    Lists,
    Objects,
    All,
}

/// What a rule speaks of.
pub(super) fn speaks_of(rule: &Rule) -> Speaks {
    match rule {
        Rule::MinLength(_) | Rule::MaxLength(_) | Rule::Pattern(_) | Rule::Format(_) => Speaks::Text,
        Rule::Minimum(_)
        | Rule::Maximum(_)
        | Rule::ExclusiveMinimum(_)
        | Rule::ExclusiveMaximum(_)
        | Rule::MultipleOf(_) => Speaks::Numbers,
        Rule::MinItems(_) | Rule::MaxItems(_) | Rule::UniqueItems => Speaks::Lists,
        Rule::MinProperties(_) | Rule::MaxProperties(_) => Speaks::Objects,
        Rule::OneOf(_) | Rule::Check(_) => Speaks::All,
    }
}

/// The rules that can fail for values of one kind.
pub(super) fn only(rules: &[Rule], about: Speaks) -> Vec<Rule> {
    let keep = |rule: &&Rule| matches!(speaks_of(rule), speaks if speaks == about || speaks == Speaks::All);
    rules.iter().filter(keep).cloned().collect()
}
