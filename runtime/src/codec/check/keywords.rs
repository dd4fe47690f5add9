//! The text of a check, read.

use std::collections::HashMap;

use regex::Regex;

use super::instance::canonical;
use crate::codec::shape::expression;
use crate::codec::{Decimal, Format, Json, JsonKind};

/// A schema and those that it refers to by name.
#[derive(Debug)]
pub(super) struct Keywords {
    pub(super) root: Schema,
    pub(super) named: HashMap<String, Schema>,
    /// Whether anything asks for what the other keywords have looked at.
    pub(super) annotated: bool,
}

/// What must hold: all of it. What looks at the outcome of the others stands last.
#[derive(Debug, Default)]
pub(super) struct Schema(pub(super) Vec<Keyword>);

/// A demand.
#[derive(Debug)]
pub(super) enum Keyword {
    Never,
    /// Kinds, and whether null is one.
    Type(Vec<JsonKind>, bool),
    /// Canonical texts, and the texts as they are written.
    Constants(Vec<String>, String),
    Length(Limits),
    Items(Limits),
    Properties(Limits),
    Least(Decimal),
    Most(Decimal),
    Above(Decimal),
    Below(Decimal),
    MultipleOf(Decimal),
    Pattern(Option<Regex>, String),
    Format(Format),
    UniqueItems,
    Required(Vec<String>),
    DependentRequired(Vec<(String, Vec<String>)>),
    DependentSchemas(Vec<(String, Schema)>),
    Members(Members),
    Names(Box<Schema>),
    List(Vec<Schema>, Option<Box<Schema>>),
    Contains(Box<Schema>, Limits),
    All(Vec<Schema>),
    Any(Vec<Schema>),
    One(Vec<Schema>),
    Not(Box<Schema>),
    If(Box<Schema>, Box<Schema>, Box<Schema>),
    /// A type, by its number.
    Typed(usize),
    /// A schema of the same check, by its name.
    Named(String),
    OtherItems(Box<Schema>),
    OtherMembers(Box<Schema>),
}

/// What is said of an object's properties.
#[derive(Debug, Default)]
pub(super) struct Members {
    pub(super) named: HashMap<String, Schema>,
    /// An expression that cannot be compiled matches nothing here.
    pub(super) matching: Vec<(Option<Regex>, Schema)>,
    pub(super) others: Option<Box<Schema>>,
}

/// How many there may be.
#[derive(Debug)]
pub(super) struct Limits {
    pub(super) least: u64,
    pub(super) most: u64,
}

impl Keywords {
    /// Reads a text that the generator wrote; what is not as it should be demands nothing.
    pub(super) fn read(text: &str) -> Self {
        let json: Json = serde_json::from_str(text).unwrap_or_default();
        let named = entries(json.get("$defs"))
            .map(|(name, schema)| (name.clone(), Schema::read(schema)))
            .collect();
        Self {
            root: Schema::read(&json),
            named,
            annotated: text.contains("\"unevaluated"),
        }
    }
}

impl Schema {
    fn read(json: &Json) -> Self {
        if *json == Json::Bool(false) {
            return Self(vec![Keyword::Never]);
        }
        let get = |key: &str| json.get(key);
        let boxed = |json: &Json| Box::new(Self::read(json));
        let schema = |key: &str| get(key).map(boxed);
        let schemas = |key: &str| get(key).map(list);
        let limits = |least: &str, most: &str| {
            let count = |key: &str| get(key).and_then(count);
            (count(least).is_some() || count(most).is_some()).then(|| Limits {
                least: count(least).unwrap_or(0),
                most: count(most).unwrap_or(u64::MAX),
            })
        };
        let number = |key: &str| match get(key) {
            Some(Json::Number(number)) => Some(Decimal::parse(&number.to_string())),
            _ => None,
        };
        let texts = |key: &str| get(key).map(texts);
        let mut all = Vec::new();
        all.extend(get("$ref").and_then(reference));
        all.extend(get("type").map(kinds));
        all.extend(get("const").map(|constant| constants(std::slice::from_ref(constant))));
        all.extend(get("enum").and_then(Json::as_array).map(|all| constants(all)));
        all.extend(limits("minLength", "maxLength").map(Keyword::Length));
        all.extend(limits("minItems", "maxItems").map(Keyword::Items));
        all.extend(limits("minProperties", "maxProperties").map(Keyword::Properties));
        all.extend(number("minimum").map(Keyword::Least));
        all.extend(number("maximum").map(Keyword::Most));
        all.extend(number("exclusiveMinimum").map(Keyword::Above));
        all.extend(number("exclusiveMaximum").map(Keyword::Below));
        all.extend(number("multipleOf").map(Keyword::MultipleOf));
        let pattern = get("pattern").and_then(Json::as_str);
        all.extend(pattern.map(|text| Keyword::Pattern(expression(text), text.to_owned())));
        let format = get("format").and_then(Json::as_str);
        all.extend(format.and_then(Format::named).map(Keyword::Format));
        all.extend((get("uniqueItems") == Some(&Json::Bool(true))).then_some(Keyword::UniqueItems));
        all.extend(texts("required").map(Keyword::Required));
        all.extend(get("dependentRequired").map(|all| {
            let one = |(name, names): (&String, &Json)| (name.clone(), self::texts(names));
            Keyword::DependentRequired(entries(Some(all)).map(one).collect())
        }));
        all.extend(get("dependentSchemas").map(|all| {
            let one = |(name, schema): (&String, &Json)| (name.clone(), Self::read(schema));
            Keyword::DependentSchemas(entries(Some(all)).map(one).collect())
        }));
        all.extend(members(json).map(Keyword::Members));
        all.extend(schema("propertyNames").map(Keyword::Names));
        let prefix = schemas("prefixItems").unwrap_or_default();
        let items = schema("items");
        all.extend((!prefix.is_empty() || items.is_some()).then_some(Keyword::List(prefix, items)));
        all.extend(schema("contains").map(|schema| {
            let limits = Limits {
                least: get("minContains").and_then(count).unwrap_or(1),
                most: get("maxContains").and_then(count).unwrap_or(u64::MAX),
            };
            Keyword::Contains(schema, limits)
        }));
        all.extend(schemas("allOf").map(Keyword::All));
        all.extend(schemas("anyOf").map(Keyword::Any));
        all.extend(schemas("oneOf").map(Keyword::One));
        all.extend(schema("not").map(Keyword::Not));
        all.extend(schema("if").map(|condition| {
            let branch = |key| schema(key).unwrap_or_default();
            Keyword::If(condition, branch("then"), branch("else"))
        }));
        all.extend(schema("unevaluatedItems").map(Keyword::OtherItems));
        all.extend(schema("unevaluatedProperties").map(Keyword::OtherMembers));
        Self(all)
    }
}

fn list(json: &Json) -> Vec<Schema> {
    json.as_array().into_iter().flatten().map(Schema::read).collect()
}

fn entries(json: Option<&Json>) -> impl Iterator<Item = (&String, &Json)> {
    json.and_then(Json::as_object).into_iter().flatten()
}

fn texts(json: &Json) -> Vec<String> {
    let texts = json.as_array().into_iter().flatten().filter_map(Json::as_str);
    texts.map(str::to_owned).collect()
}

/// A whole number, however it is written: `2.0` is one.
fn count(json: &Json) -> Option<u64> {
    json.as_u64().or_else(|| {
        let float = json.as_f64()?;
        (float >= 0.0 && float.fract() == 0.0).then_some(float as u64)
    })
}

fn reference(json: &Json) -> Option<Keyword> {
    match json {
        Json::Number(number) => Some(Keyword::Typed(usize::try_from(number.as_u64()?).ok()?)),
        Json::String(name) => Some(Keyword::Named(name.clone())),
        _ => None,
    }
}

fn kinds(json: &Json) -> Keyword {
    let names = match json {
        Json::Array(names) => names.iter().filter_map(Json::as_str).collect(),
        name => Vec::from_iter(name.as_str()),
    };
    let kinds = names.iter().filter_map(|name| {
        Some(match *name {
            "boolean" => JsonKind::Bool,
            "integer" => JsonKind::Integer,
            "number" => JsonKind::Number,
            "string" => JsonKind::String,
            "array" => JsonKind::Array,
            "object" => JsonKind::Object,
            _ => return None,
        })
    });
    Keyword::Type(kinds.collect(), names.contains(&"null"))
}

fn constants(all: &[Json]) -> Keyword {
    let shown: Vec<String> = all.iter().map(Json::to_string).collect();
    Keyword::Constants(
        all.iter().map(|constant| canonical(constant)).collect(),
        shown.join(", "),
    )
}

fn members(json: &Json) -> Option<Members> {
    let (named, matching) = (json.get("properties"), json.get("patternProperties"));
    let others = json.get("additionalProperties");
    if named.is_none() && matching.is_none() && others.is_none() {
        return None;
    }
    Some(Members {
        named: entries(named)
            .map(|(name, schema)| (name.clone(), Schema::read(schema)))
            .collect(),
        matching: entries(matching)
            .map(|(pattern, schema)| (expression(pattern), Schema::read(schema)))
            .collect(),
        others: others.map(|schema| Box::new(Schema::read(schema))),
    })
}
