//! One view of every keyword that a value must satisfy, whatever `allOf` member or reference it came from.

use indexmap::{IndexMap, IndexSet};

use crate::model::Rule;
use crate::source::{Kind, Node, Object};

use super::parts::{Flat, Part};
use super::{Context, diagnostics, rules};

/// The kinds of value that a `type` names, null apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Type {
    Bool,
    Integer,
    Number,
    String,
    Array,
    Object,
}

impl Type {
    pub(super) fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "boolean" => Self::Bool,
            "integer" => Self::Integer,
            "number" => Self::Number,
            "string" => Self::String,
            "array" => Self::Array,
            "object" => Self::Object,
            _ => return None,
        })
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Bool => "boolean",
            Self::Integer => "integer",
            Self::Number => "number",
            Self::String => "string",
            Self::Array => "array",
            Self::Object => "object",
        }
    }
}

/// A schema's alternatives: the branches of one `oneOf` or `anyOf`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Alternatives<'a> {
    pub(super) branches: &'a [Node],
    /// Whether a value fits one alone (`oneOf`).
    pub(super) one: bool,
}

/// All keywords together.
#[derive(Debug, Default)]
pub(super) struct Merged<'a> {
    /// The schemas that were merged, none a reference.
    pub(super) parts: Vec<Part<'a>>,
    /// The kinds of value that are allowed; `None` where nothing is said.
    pub(super) types: Option<Vec<Type>>,
    pub(super) format: Option<&'a str>,
    pub(super) base64: bool,
    /// Constants (`enum`, `const`), and the schema that they stand in.
    pub(super) constants: Option<(Vec<&'a Node>, &'a Node)>,
    pub(super) properties: IndexMap<&'a str, Vec<Part<'a>>>,
    pub(super) required: IndexSet<&'a str>,
    pub(super) additional: Vec<&'a Node>,
    /// What is said of properties by a pattern of their name.
    pub(super) patterns: Vec<&'a Node>,
    /// How many of the parts name properties.
    pub(super) parts_with_properties: usize,
    pub(super) items: Vec<Part<'a>>,
    /// Whether `prefixItems` says so.
    pub(super) tuple: bool,
    pub(super) unions: Vec<Alternatives<'a>>,
    pub(super) discriminator: Option<&'a Node>,
    pub(super) rules: Vec<Rule>,
    /// A reference leads nowhere: the type is wider than the schema.
    pub(super) lossy: bool,
}

impl<'a> Merged<'a> {
    /// Merges flattened parts whose references were expanded.
    pub(super) fn of(cx: &Context<'a>, flat: Flat<'a>) -> Self {
        let mut merged = Self {
            lossy: flat.lossy,
            ..Self::default()
        };
        for part in &flat.inline {
            merged.take(cx, *part);
        }
        merged.parts = flat.inline;
        merged
    }

    /// Whether items differ by where they stand, as a list in the place of `items` says, too.
    pub(super) fn is_tuple(&self) -> bool {
        let by_place = |part: &Part<'a>| matches!(part.node.kind, Kind::Array(_));
        self.tuple || self.items.iter().any(by_place)
    }

    /// Whether something is said about an object's properties.
    pub(super) fn has_object_keywords(&self) -> bool {
        !self.properties.is_empty() || !self.additional.is_empty() || !self.patterns.is_empty()
    }

    fn take(&mut self, cx: &Context<'a>, part: Part<'a>) {
        let Some(object) = part.node.as_object() else {
            return;
        };
        let mut named_properties = false;
        for entry in object.entries() {
            let value = &entry.value;
            match &*entry.key {
                "type" => self.take_type(cx, value),
                "format" => self.format = self.format.or(value.as_str()),
                "contentEncoding" => {
                    self.base64 |= value.as_str().is_some_and(|name| name.starts_with("base64"));
                }
                "enum" => {
                    let constants = cx.array(value, "`enum`").unwrap_or_default();
                    if !value.is_null() {
                        self.take_constants(constants.iter().collect(), part.node);
                    }
                }
                "const" => self.take_constants(vec![value], part.node),
                "properties" => {
                    named_properties = true;
                    self.take_properties(cx, value);
                }
                "required" => self.take_required(cx, value),
                "additionalProperties" => self.additional.push(value),
                "patternProperties" => {
                    let patterns = value.as_object().map(Object::entries).unwrap_or_default();
                    self.patterns.extend(patterns.iter().map(|entry| &entry.value));
                }
                "prefixItems" => self.tuple |= value.as_array().is_some_and(|items| !items.is_empty()),
                "items" => self.items.push(Part::new(value)),
                "oneOf" | "anyOf" if !part.without_unions => {
                    let branches = cx.array(value, "a list of alternatives").unwrap_or_default();
                    let one = &*entry.key == "oneOf";
                    self.unions.push(Alternatives { branches, one });
                }
                "discriminator" => self.discriminator = self.discriminator.or(Some(value)),
                keyword => self.take_rule(cx, keyword, object, value),
            }
        }
        self.parts_with_properties += usize::from(named_properties);
    }

    fn take_type(&mut self, cx: &Context<'a>, value: &'a Node) {
        let names: Vec<&Node> = match &value.kind {
            Kind::Array(items) => items.iter().collect(),
            _ => vec![value],
        };
        let mut types = Vec::new();
        for name in names {
            let text = name.as_str().or_else(|| name.is_null().then_some("null"));
            match text {
                Some("null") => {}
                // Not in any version, but what it means is clear.
                Some("any") => return,
                Some("file") => types.push(Type::String),
                _ => match text.and_then(Type::parse) {
                    Some(kind) if types.contains(&kind) => {}
                    Some(kind) => types.push(kind),
                    None => return bad_keyword(cx, "type", name, "there is no such type"),
                },
            }
        }
        if types.contains(&Type::Number) {
            types.retain(|kind| *kind != Type::Integer);
        }
        self.types = Some(match self.types.take() {
            None => types,
            Some(known) => intersect(&known, &types),
        });
    }

    fn take_constants(&mut self, constants: Vec<&'a Node>, owner: &'a Node) {
        match &mut self.constants {
            None => self.constants = Some((constants, owner)),
            Some((known, _)) => {
                let allowed: Vec<_> = constants.iter().map(|constant| constant.to_json()).collect();
                known.retain(|constant| allowed.contains(&constant.to_json()));
            }
        }
    }

    fn take_properties(&mut self, cx: &Context<'a>, value: &'a Node) {
        let Some(properties) = list_of_properties(cx, value) else {
            return;
        };
        for property in properties.entries() {
            let parts = self.properties.entry(&property.key).or_default();
            if !parts
                .iter()
                .any(|part| std::ptr::eq(part.node, &raw const property.value))
            {
                parts.push(Part::new(&property.value));
            }
        }
    }

    fn take_required(&mut self, cx: &Context<'a>, value: &'a Node) {
        match &value.kind {
            Kind::Array(names) => self.required.extend(names.iter().filter_map(Node::scalar_text)),
            // Draft 3 wrote it at the property itself; it says nothing here.
            Kind::Bool(_) => {}
            _ => bad_keyword(cx, "required", value, "it is a list of names"),
        }
    }

    fn take_rule(&mut self, cx: &Context<'a>, keyword: &str, schema: &Object, value: &Node) {
        match rules::read_in(keyword, schema, value) {
            Ok(Some(rule)) if self.rules.contains(&rule) => {}
            Ok(Some(rule)) => self.rules.push(rule),
            Ok(None) => {}
            Err(expected) => bad_keyword(cx, keyword, value, expected),
        }
    }
}

/// The properties listed, or those of the list that a reference in their place leads to: no version allows that, but
/// what it means is clear.
fn list_of_properties<'a>(cx: &Context<'a>, value: &'a Node) -> Option<&'a Object> {
    let is_reference = value
        .get("$ref")
        .is_some_and(|reference| reference.as_str().is_some());
    if !is_reference {
        return cx.object(value, "`properties`");
    }
    cx.report(cx.problem(&diagnostics::REF_TO_PROPERTIES, value));
    cx.object(cx.follow(value)?, "`properties`")
}

fn bad_keyword(cx: &Context<'_>, keyword: &str, value: &Node, why: &str) {
    let problem = cx
        .problem(&diagnostics::BAD_KEYWORD, value)
        .about(format!("`{keyword}`: {why}"));
    cx.report(problem);
}

/// What both allow. Nothing in common means that no value is valid; the first is kept then, which is wider.
fn intersect(a: &[Type], b: &[Type]) -> Vec<Type> {
    let mut both: Vec<Type> = Vec::new();
    for (x, y) in a.iter().flat_map(|x| b.iter().map(move |y| (*x, *y))) {
        let common = match (x, y) {
            _ if x == y => x,
            (Type::Integer, Type::Number) | (Type::Number, Type::Integer) => Type::Integer,
            _ => continue,
        };
        if !both.contains(&common) {
            both.push(common);
        }
    }
    if both.is_empty() { a.to_vec() } else { both }
}
