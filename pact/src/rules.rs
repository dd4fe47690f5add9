//! Which matcher belongs to which part of a body, derived from the types.
//!
//! | part | matcher |
//! |---|---|
//! | boolean, text, octets, any JSON | type |
//! | integer, number | integer, number |
//! | text with a `format`, with an anchored `pattern`, with an `enum` | regular expression |
//! | list with items | at least one, each like the example |
//! | empty list, empty map | type |
//! | map | values, each like the example |
//! | `null` | null |
//!
//! An object has no matcher of its own: its named properties do, and others are allowed in replies.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json, json};
use tieline::codec::{Constant, Enumeration, Format, List, Node, Rule, Value};

use crate::engine::{self, Step};
use crate::json::pointer;
use crate::matcher::Matcher;

const DATE_TIME: &str = r"^\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})$";
const DATE: &str = r"^\d{4}-\d{2}-\d{2}$";
const UUID: &str = "^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$";

/// The matchers of a body, by path.
#[derive(Debug, Clone, Default)]
pub(crate) struct Rules(BTreeMap<Vec<Step>, Matcher>);

impl Rules {
    /// Those of `json`, which is `value` or a part of it.
    pub(crate) fn derive(json: &Json, value: &dyn Value) -> Self {
        let mut rules = Self::default();
        rules.value(&mut Vec::new(), json, value, &[]);
        rules
    }

    /// Replaces what is derived for the part at `path` by `matcher`.
    pub(crate) fn set(&mut self, path: Vec<Step>, matcher: Matcher) {
        self.0.retain(|other, _| !within(other, &path));
        self.0.insert(path, matcher);
    }

    /// As the pact specification writes a category of matching rules.
    pub(crate) fn to_json(&self) -> Json {
        let mut category = Map::new();
        for (path, matcher) in &self.0 {
            let (text, matcher) = match engine::path_text(path) {
                Some(text) => (text, matcher.clone()),
                None => (around(path), Matcher::Type),
            };
            let rule = json!({ "combine": "AND", "matchers": [matcher.to_json()] });
            category.insert(text, rule);
        }
        Json::Object(category)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn value(&mut self, path: &mut Vec<Step>, json: &Json, value: &dyn Value, rules: &[Rule]) {
        if json.is_null() {
            return self.add(path, Matcher::Null);
        }
        match value.node() {
            Node::Absent | Node::Null => {}
            Node::Int(_) | Node::Uint(_) => self.add(path, Matcher::Integer),
            Node::Decimal(number) if number.is_whole() => self.add(path, Matcher::Integer),
            Node::F32(_) | Node::F64(_) | Node::Decimal(_) => self.add(path, Matcher::Number),
            Node::Text(_) => self.add(path, text(rules)),
            Node::Bool(_)
            | Node::Bytes(_)
            | Node::File(_)
            | Node::Json(_)
            | Node::Foreign(_)
            | Node::Stream(_) => {
                self.add(path, Matcher::Type);
            }
            Node::Enum(enumeration) => self.add(path, constants(enumeration)),
            Node::Union(union) => self.value(path, json, union.active().1, rules),
            Node::List(list) => self.list(path, json, list, each(rules)),
            Node::Map(map) => {
                let entries = json.as_object().filter(|entries| !entries.is_empty());
                let Some(entries) = entries else {
                    return self.add(path, Matcher::Type);
                };
                self.add(path, Matcher::Values);
                path.push(Step::AnyKey);
                for (key, json) in entries {
                    if let Some(value) = map.entry(key) {
                        self.value(path, json, value, each(rules));
                    }
                }
                path.pop();
            }
            Node::Record(record) => {
                let shape = record.shape();
                for (key, json) in json.as_object().into_iter().flatten() {
                    path.push(Step::Key(key.clone()));
                    let field = shape.fields.iter().position(|field| field.name == key);
                    if let Some((index, value)) = field.and_then(|index| Some((index, record.field(index)?)))
                    {
                        self.value(path, json, value, shape.fields[index].rules);
                    } else if shape.open.keeps()
                        && let Some(Node::Map(rest)) = record.field(shape.fields.len()).map(Value::node)
                        && let Some(value) = rest.entry(key)
                    {
                        self.value(path, json, value, &[]);
                    }
                    path.pop();
                }
            }
        }
    }

    fn list(&mut self, path: &mut Vec<Step>, json: &Json, list: &dyn List, rules: &[Rule]) {
        let items = json.as_array().map_or(&[][..], Vec::as_slice);
        if items.is_empty() {
            return self.add(path, Matcher::Type);
        }
        self.add(path, Matcher::AtLeast(1));
        path.push(Step::AnyItem);
        for (index, json) in items.iter().enumerate() {
            if let Some(value) = list.item(index) {
                self.value(path, json, value, rules);
            }
        }
        path.pop();
    }

    /// Parts that share a path (the items of a list) and differ in their matchers only share their type.
    fn add(&mut self, path: &[Step], matcher: Matcher) {
        let slot = self.0.entry(path.to_vec()).or_insert_with(|| matcher.clone());
        if *slot != matcher {
            *slot = Matcher::Type;
        }
    }
}

/// The path of what a JSON pointer points to. `None`: it points to nothing.
pub(crate) fn resolve<'a>(body: &'a Json, text: &str) -> Option<(Vec<Step>, &'a Json)> {
    let mut path = Vec::new();
    let mut part = body;
    for step in pointer(text)? {
        part = match part {
            Json::Array(items) => {
                let index = step.parse().ok()?;
                path.push(Step::Item(index));
                items.get(index)?
            }
            Json::Object(entries) => {
                let value = entries.get(&step)?;
                path.push(Step::Key(step));
                value
            }
            _ => return None,
        };
    }
    Some((path, part))
}

/// What stands for a path that cannot be written: all properties beside the first key that cannot. Each of them that
/// can has a rule of its own, which weighs more.
fn around(path: &[Step]) -> String {
    let writable = |length: &usize| engine::path_text(&path[..*length]).is_some();
    let length = (0..path.len()).rev().find(writable).unwrap_or(0);
    let mut path = path[..length].to_vec();
    path.push(Step::AnyKey);
    engine::path_text(&path).unwrap_or_else(|| "$.*".to_owned())
}

/// Whether `path` is `outer` or a part of it.
fn within(path: &[Step], outer: &[Step]) -> bool {
    path.len() >= outer.len() && path.iter().zip(outer).all(|(step, outer)| step == outer)
}

fn text(rules: &[Rule]) -> Matcher {
    for rule in rules {
        match rule {
            Rule::Format(Format::DateTime) => return Matcher::Regex(DATE_TIME.into()),
            Rule::Format(Format::Date) => return Matcher::Regex(DATE.into()),
            Rule::Format(Format::Uuid) => return Matcher::Regex(UUID.into()),
            Rule::OneOf(texts) => {
                let texts: Option<Vec<String>> =
                    texts.iter().map(|text| serde_json::from_str(text).ok()).collect();
                if let Some(texts) = texts {
                    return one_of(texts.iter().map(String::as_str));
                }
            }
            Rule::Pattern(pattern) if is_anchored(pattern.as_str()) => {
                return Matcher::Regex(pattern.as_str().into());
            }
            _ => {}
        }
    }
    Matcher::Type
}

/// Tools differ in whether an expression must match the whole text: only one that says so itself is passed on.
fn is_anchored(pattern: &str) -> bool {
    let alternatives = pattern.contains('|') && !pattern.starts_with("^(");
    pattern.starts_with('^') && pattern.ends_with('$') && !pattern.ends_with("\\$") && !alternatives
}

fn constants(enumeration: &dyn Enumeration) -> Matcher {
    let texts: Option<Vec<&str>> = enumeration
        .known()
        .iter()
        .map(|constant| match constant {
            Constant::Text(text) => Some(*text),
            Constant::Integer(_) => None,
        })
        .collect();
    texts.map_or(Matcher::Integer, |texts| one_of(texts.into_iter()))
}

fn one_of<'a>(texts: impl Iterator<Item = &'a str>) -> Matcher {
    let texts: Vec<_> = texts.map(regex::escape).collect();
    Matcher::Regex(format!("^({})$", texts.join("|")))
}

fn each(rules: &[Rule]) -> &'static [Rule] {
    rules
        .iter()
        .find_map(|rule| match rule {
            Rule::Each(inner) => Some(*inner),
            _ => None,
        })
        .unwrap_or(&[])
}
