//! Whether a value obeys the rules of its contract.
//!
//! A value can be of its type and still break a rule: reading accepts it, `validate` says what is wrong with it.

use std::borrow::Cow;
use std::fmt;

use super::{Json, Node, Open, Path, PathSegment, Rule, Value};

/// A rule that a value breaks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Where in the value.
    pub path: Path,
    /// What is required there. Never quotes the value.
    pub message: Cow<'static, str>,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.path.0.is_empty() {
            f.write_str(&self.message)
        } else {
            write!(f, "{}: {}", self.path, self.message)
        }
    }
}

/// All rules that `value` breaks, by its own tables.
pub fn validate(value: &dyn Value) -> Vec<Violation> {
    validate_with(value, &[])
}

/// All rules that `value` breaks, by its own tables and `rules`.
pub fn validate_with(value: &dyn Value, rules: &[Rule]) -> Vec<Violation> {
    let mut judge = Judge {
        path: Vec::new(),
        violations: Vec::new(),
    };
    judge.value(value, rules);
    judge.violations
}

struct Judge {
    path: Vec<PathSegment>,
    violations: Vec<Violation>,
}

impl Judge {
    fn value(&mut self, value: &dyn Value, rules: &[Rule]) {
        match value.node() {
            // Each item of a stream is judged when it has come.
            Node::Absent | Node::Null | Node::Stream(_) => {}
            Node::Bool(_) => self.rules(rules, value, |_| None),
            Node::Int(number) => self.rules(rules, value, |rule| number_rule(rule, number as f64)),
            Node::Uint(number) => self.rules(rules, value, |rule| number_rule(rule, number as f64)),
            Node::F32(number) => self.rules(rules, value, |rule| number_rule(rule, number.into())),
            Node::F64(number) => self.rules(rules, value, |rule| number_rule(rule, number)),
            Node::Text(text) => self.rules(rules, value, |rule| text_rule(rule, text)),
            Node::Bytes(_) | Node::File(_) => self.rules(rules, value, |_| None),
            Node::Json(json) => self.json(json, rules, value),
            Node::Foreign(foreign) => self.json(&foreign.to_json(), rules, value),
            Node::List(list) => {
                self.rules(rules, value, |rule| items_rule(rule, list));
                for index in 0..list.len() {
                    if let Some(item) = list.item(index) {
                        self.inside(PathSegment::Index(index), |judge| judge.value(item, each(rules)));
                    }
                }
            }
            Node::Map(map) => {
                self.rules(rules, value, |rule| properties_rule(rule, map.len()));
                map.each(&mut |key, value| {
                    self.inside(PathSegment::Key(Cow::Owned(key.to_owned())), |judge| {
                        judge.value(value, each(rules));
                    });
                    true
                });
            }
            Node::Record(record) => {
                let shape = record.shape();
                let mut present = 0;
                for (index, field) in shape.fields.iter().enumerate() {
                    let Some(value) = record.field(index) else {
                        continue;
                    };
                    if field.required || !matches!(value.node(), Node::Absent) {
                        present += 1;
                    }
                    self.inside(PathSegment::Key(Cow::Borrowed(field.name)), |judge| {
                        judge.value(value, field.rules);
                    });
                }
                if shape.open.keeps()
                    && let Some(rest) = record.field(shape.fields.len())
                {
                    if let Node::Map(map) = rest.node() {
                        present += map.len();
                    }
                    match (shape.open, rest.node()) {
                        (Open::Forbidden, Node::Map(map)) => self.unnamed(map),
                        _ => self.value(rest, &[]),
                    }
                }
                self.rules(shape.rules, value, |rule| properties_rule(rule, present));
                self.rules(rules, value, |rule| properties_rule(rule, present));
            }
            Node::Enum(enumeration) => {
                if !enumeration.is_known() {
                    self.violation(format!(
                        "must be one of the {} values that the contract names",
                        enumeration.known().len()
                    ));
                }
                self.rules(rules, value, |_| None);
            }
            Node::Union(union) => {
                let (index, active) = union.active();
                if index >= union.shape().variants.len() {
                    self.violation("must be one of the alternatives that the contract names");
                }
                self.value(active, rules);
            }
        }
    }

    /// Properties where the contract allows none but those it names.
    fn unnamed(&mut self, map: &dyn super::Map) {
        map.each(&mut |key, _| {
            self.inside(PathSegment::Key(Cow::Owned(key.to_owned())), |judge| {
                judge.violation("the contract allows no property of this name");
            });
            true
        });
    }

    fn json(&mut self, json: &Json, rules: &[Rule], value: &dyn Value) {
        self.rules(rules, value, |rule| match json {
            Json::String(text) => text_rule(rule, text),
            Json::Number(number) => number_rule(rule, number.as_f64().unwrap_or_default()),
            Json::Array(items) => length_rule(rule, items.len()),
            Json::Object(entries) => properties_rule(rule, entries.len()),
            Json::Null | Json::Bool(_) => None,
        });
    }

    fn rules(
        &mut self,
        rules: &[Rule],
        value: &dyn Value,
        mut broken: impl FnMut(&Rule) -> Option<Cow<'static, str>>,
    ) {
        for rule in rules {
            let message = match rule {
                Rule::OneOf(texts) => one_of(texts, value),
                rule => broken(rule),
            };
            if let Some(message) = message {
                self.violation(message);
            }
        }
    }

    fn violation(&mut self, message: impl Into<Cow<'static, str>>) {
        self.violations.push(Violation {
            path: Path(self.path.clone()),
            message: message.into(),
        });
    }

    fn inside(&mut self, segment: PathSegment, judge: impl FnOnce(&mut Self)) {
        self.path.push(segment);
        judge(self);
        self.path.pop();
    }
}

fn each(rules: &[Rule]) -> &[Rule] {
    rules
        .iter()
        .find_map(|rule| {
            if let Rule::Each(inner) = rule {
                Some(*inner)
            } else {
                None
            }
        })
        .unwrap_or(&[])
}

fn number_rule(rule: &Rule, number: f64) -> Option<Cow<'static, str>> {
    match *rule {
        Rule::Minimum(limit) if number < limit => Some(format!("must be at least {limit}").into()),
        Rule::Maximum(limit) if number > limit => Some(format!("must be at most {limit}").into()),
        Rule::ExclusiveMinimum(limit) if number <= limit => Some(format!("must be more than {limit}").into()),
        Rule::ExclusiveMaximum(limit) if number >= limit => Some(format!("must be less than {limit}").into()),
        Rule::MultipleOf(step) if !is_multiple(number, step) => {
            Some(format!("must be a multiple of {step}").into())
        }
        _ => None,
    }
}

/// A step that is not above 0 is no step, and asks for nothing. With decimal steps the quotient is rarely exact in binary: a rounding error is forgiven.
fn is_multiple(number: f64, step: f64) -> bool {
    let quotient = number / step;
    step <= 0.0 || (quotient - quotient.round()).abs() <= quotient.abs().max(1.0) * f64::EPSILON
}

fn text_rule(rule: &Rule, text: &str) -> Option<Cow<'static, str>> {
    let length = || text.chars().count() as u64;
    match *rule {
        Rule::MinLength(limit) if length() < limit => {
            Some(format!("must have at least {limit} characters").into())
        }
        Rule::MaxLength(limit) if length() > limit => {
            Some(format!("must have at most {limit} characters").into())
        }
        Rule::Pattern(pattern) if !pattern.is_match(text) => {
            Some(format!("must match the pattern {}", pattern.as_str()).into())
        }
        Rule::Format(format) if !format.accepts(text) => Some(format!("must be a {format:?}").into()),
        _ => None,
    }
}

fn items_rule(rule: &Rule, list: &dyn super::List) -> Option<Cow<'static, str>> {
    match rule {
        Rule::UniqueItems if !unique(list) => Some("must not have equal items".into()),
        rule => length_rule(rule, list.len()),
    }
}

fn unique(list: &dyn super::List) -> bool {
    let mut texts: Vec<_> = (0..list.len())
        .filter_map(|index| list.item(index))
        .map(super::json::to_vec)
        .collect();
    texts.sort_unstable();
    texts.windows(2).all(|pair| pair[0] != pair[1])
}

fn length_rule(rule: &Rule, length: usize) -> Option<Cow<'static, str>> {
    let length = length as u64;
    match *rule {
        Rule::MinItems(limit) if length < limit => Some(format!("must have at least {limit} items").into()),
        Rule::MaxItems(limit) if length > limit => Some(format!("must have at most {limit} items").into()),
        _ => None,
    }
}

fn properties_rule(rule: &Rule, count: usize) -> Option<Cow<'static, str>> {
    let count = count as u64;
    match *rule {
        Rule::MinProperties(limit) if count < limit => {
            Some(format!("must have at least {limit} properties").into())
        }
        Rule::MaxProperties(limit) if count > limit => {
            Some(format!("must have at most {limit} properties").into())
        }
        _ => None,
    }
}

fn one_of(texts: &[&str], value: &dyn Value) -> Option<Cow<'static, str>> {
    let found: Json = serde_json::from_slice(&super::json::to_vec(value)).unwrap_or_default();
    let named = texts
        .iter()
        .any(|text| serde_json::from_str::<Json>(text).is_ok_and(|json| same(&json, &found)));
    (!named).then(|| format!("must be one of {}", texts.join(", ")).into())
}

/// JSON Schema compares numbers by value: `1` and `1.0` are equal.
fn same(left: &Json, right: &Json) -> bool {
    match (left, right) {
        (Json::Number(left), Json::Number(right)) => left == right || left.as_f64() == right.as_f64(),
        _ => left == right,
    }
}
