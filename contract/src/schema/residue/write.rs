//! Schemas as JSON Schema 2020-12, without what need not be said.

use indexmap::IndexMap;
use serde_json::{Map, Value, json};

use crate::model::{Rule, TypeName};
use crate::schema::Dialect;
use crate::schema::merged::Type;
use crate::schema::nulls::accepts_null;
use crate::schema::parts::Part;
use crate::schema::types::{Types, address};
use crate::schema::{rules, scalars};
use crate::source::{Kind, Node, Object};

use super::MOST_SCHEMAS;
use super::said::Said;

/// Writes a check.
pub(super) struct Residue<'t, 'c, 'a> {
    types: &'t mut Types<'c, 'a>,
    pub(super) names: Vec<TypeName>,
    /// Whether a keyword asks what the others have looked at: what references lead to must be written out for it.
    asking: bool,
    /// What was written out, by the address of the target. Its name is its number.
    written: IndexMap<usize, Value>,
    pub(super) count: usize,
}

impl<'t, 'c, 'a> Residue<'t, 'c, 'a> {
    pub(super) fn new(types: &'t mut Types<'c, 'a>) -> Self {
        Self {
            types,
            names: Vec::new(),
            asking: false,
            written: IndexMap::new(),
            count: 0,
        }
    }

    /// What is left of schemas that must all hold.
    pub(super) fn parts(&mut self, parts: &[Part<'a>], said: &Said<'_, 'a>) -> Value {
        let mut left = Vec::new();
        for part in parts {
            let schema = match &part.node.kind {
                Kind::Object(object) => {
                    self.asking = asks(object);
                    let mut schema = Map::new();
                    if self.asking {
                        schema = self.referred(part.node);
                    }
                    merge(&mut schema, self.object(object, Some((*part, said))));
                    simple(schema)
                }
                Kind::Bool(false) => Value::Bool(false),
                _ => Value::Bool(true),
            };
            self.asking = false;
            if schema != Value::Bool(true) && !left.contains(&schema) {
                left.push(schema);
            }
        }
        let mut schema = match left.len() {
            0 => Value::Bool(true),
            1 => left.swap_remove(0),
            _ => json!({ "allOf": left }),
        };
        if let (Value::Object(schema), false) = (&mut schema, self.written.is_empty()) {
            let named = self.written.values().enumerate();
            let named: Map<String, Value> = named
                .map(|(name, schema)| (name.to_string(), schema.clone()))
                .collect();
            schema.insert("$defs".to_owned(), Value::Object(named));
        }
        schema
    }

    /// All that the schema of a part of the value demands: what it looks at is nothing to the value itself.
    fn part(&mut self, node: &'a Node) -> Value {
        let asking = std::mem::take(&mut self.asking);
        let schema = self.whole(node);
        self.asking = asking;
        schema
    }

    /// All that a schema demands.
    fn whole(&mut self, node: &'a Node) -> Value {
        self.count += 1;
        match &node.kind {
            _ if self.count > MOST_SCHEMAS => Value::Bool(true),
            Kind::Bool(value) => Value::Bool(*value),
            Kind::Object(object) => {
                let asking = self.asking;
                self.asking |= asks(object);
                let mut schema = self.referred(node);
                if self.types.cx.dialect == Dialect::JsonSchema202012 || object.get("$ref").is_none() {
                    merge(&mut schema, self.object(object, None));
                }
                self.asking = asking;
                simple(schema)
            }
            _ => Value::Bool(true),
        }
    }

    /// What a schema's `$ref` demands.
    fn referred(&mut self, node: &'a Node) -> Map<String, Value> {
        match self.types.cx.document.target(node) {
            Some(Ok(target)) => match self.reference(node, target.node) {
                Value::Object(schema) => schema,
                _ => Map::new(),
            },
            Some(Err(_)) => {
                self.types.inexact = true;
                Map::new()
            }
            None => Map::new(),
        }
    }

    fn reference(&mut self, node: &'a Node, target: &'a Node) -> Value {
        if self.asking {
            let key = address(target);
            let (name, is_new) = match self.written.get_index_of(&key) {
                Some(known) => (known, false),
                None => (self.written.insert_full(key, Value::Null).0, true),
            };
            if is_new {
                let schema = self.whole(target);
                self.written.insert(key, schema);
            }
            return json!({ "$ref": name.to_string() });
        }
        let name = self.types.target_name(target, node);
        let at = self
            .names
            .iter()
            .position(|known| *known == name)
            .unwrap_or_else(|| {
                self.names.push(name);
                self.names.len() - 1
            });
        let (cx, nulls) = (self.types.cx, &mut self.types.nulls);
        if accepts_null(nulls, cx, target) == Some(true) {
            json!({ "anyOf": [{ "$ref": at }, { "type": "null" }] })
        } else {
            json!({ "$ref": at })
        }
    }

    fn object(&mut self, object: &'a Object, at_top: Option<(Part<'a>, &Said<'_, 'a>)>) -> Value {
        let mut schema = Map::new();
        for entry in object.entries() {
            let (keyword, value) = (&*entry.key, &entry.value);
            if at_top.is_some_and(|(part, said)| said.has(keyword, value, object, part)) {
                continue;
            }
            if let Some(written) = self.keyword(keyword, value, object, at_top.map(|(_, said)| said)) {
                merge(&mut schema, written);
            }
        }
        if at_top.is_none_or(|(_, said)| said.types.is_none()) {
            self.type_in_all_but_name(object, &mut schema);
        }
        if schema.keys().all(|keyword| keyword == "properties")
            && at_top.is_some_and(|(_, said)| said.fields.is_some())
        {
            // Names alone, for the others to know.
            return Value::Bool(true);
        }
        let schema = simple(schema);
        if at_top.is_some_and(|(_, said)| said.types.is_some()) {
            return schema;
        }
        self.with_null(object, schema)
    }

    /// What we take for granted where no type is named.
    fn type_in_all_but_name(&self, object: &Object, schema: &mut Map<String, Value>) {
        let says = |keyword: &str| {
            object.get(keyword).is_some_and(|value| match &value.kind {
                Kind::Object(object) => keyword != "properties" || !object.entries().is_empty(),
                _ => keyword != "properties",
            })
        };
        if self.types.cx.by_the_letter || object.get("type").is_some() {
            return;
        }
        if says("properties") || says("additionalProperties") {
            schema.insert("type".to_owned(), json!("object"));
        } else if says("items") {
            schema.insert("type".to_owned(), json!("array"));
        }
    }

    /// `nullable` of 3.0.
    fn with_null(&self, object: &Object, schema: Value) -> Value {
        let says = |keyword| object.get(keyword).and_then(Node::as_bool) == Some(true);
        if self.types.cx.dialect != Dialect::OpenApi30 || !(says("nullable") || says("x-nullable")) {
            return schema;
        }
        match schema {
            Value::Bool(true) => schema,
            schema => json!({ "anyOf": [schema, { "type": "null" }] }),
        }
    }

    /// A keyword as 2020-12 writes it. `None`: it demands nothing.
    fn keyword(
        &mut self,
        keyword: &str,
        value: &'a Node,
        object: &'a Object,
        said: Option<&Said<'_, 'a>>,
    ) -> Option<Value> {
        Some(match keyword {
            "type" => json!({ "type": type_names(value)? }),
            "enum" => json!({ "enum": value.as_array()?.iter().map(Node::to_json).collect::<Vec<_>>() }),
            "const" => json!({ "const": value.to_json() }),
            "required" | "dependentRequired" => {
                let fields = said.and_then(|said| said.fields.as_ref());
                let is_field = |name: &str| fields.is_some_and(|fields| fields.contains(name));
                if keyword == "dependentRequired" {
                    json!({ keyword: value.as_object().map(|_| value.to_json())? })
                } else {
                    let names = value.as_array()?.iter().filter_map(Node::scalar_text);
                    let names: Vec<&str> = names.filter(|name| !is_field(name)).collect();
                    if names.is_empty() {
                        return None;
                    }
                    json!({ keyword: names })
                }
            }
            // The name is enough where a field judges itself; the others need to know it.
            "properties" => {
                let fields = said.is_some_and(|said| said.fields.is_some());
                let of = |residue: &mut Self, node| {
                    if fields {
                        Value::Bool(true)
                    } else {
                        residue.part(node)
                    }
                };
                json!({ keyword: self.entries(value, of)? })
            }
            "patternProperties" => json!({ keyword: self.entries(value, Self::part)? }),
            "dependentSchemas" => json!({ keyword: self.entries(value, Self::whole)? }),
            // Of draft 4 to 7.
            "dependencies" => self.dependencies(value)?,
            "items" => match &value.kind {
                Kind::Array(items) => json!({ "prefixItems": self.list(items, Self::part) }),
                _ => json!({ "items": self.part(value) }),
            },
            "additionalItems"
                if object
                    .get("items")
                    .is_some_and(|items| items.as_array().is_some()) =>
            {
                json!({ "items": self.part(value) })
            }
            "prefixItems" | "allOf" | "anyOf" | "oneOf" => match value.as_array()? {
                [] => return None,
                schemas if keyword == "prefixItems" => json!({ keyword: self.list(schemas, Self::part) }),
                schemas => json!({ keyword: self.list(schemas, Self::whole) }),
            },
            "not" | "if" | "then" | "else" => json!({ keyword: self.whole(value) }),
            "additionalProperties"
            | "propertyNames"
            | "contains"
            | "unevaluatedItems"
            | "unevaluatedProperties" => json!({ keyword: self.part(value) }),
            "minContains" | "maxContains" => json!({ keyword: value.as_count()? }),
            "format" if !self.types.cx.by_the_letter => {
                json!({ keyword: value.as_str().filter(|name| scalars::is_judged(name))? })
            }
            "$dynamicRef" => {
                self.types.inexact = true;
                return None;
            }
            "pattern" | "minLength" | "maxLength" | "minimum" | "maximum" | "exclusiveMinimum"
            | "exclusiveMaximum" | "multipleOf" | "minItems" | "maxItems" | "uniqueItems"
            | "minProperties" | "maxProperties" => rule(rules::read_in(keyword, object, value).ok()??),
            _ => return None,
        })
    }

    fn entries(
        &mut self,
        value: &'a Node,
        mut of: impl FnMut(&mut Self, &'a Node) -> Value,
    ) -> Option<Value> {
        let entries = value.as_object()?.entries();
        let one = |entry: &'a crate::source::Entry| (entry.key.to_string(), of(self, &entry.value));
        Some(Value::Object(entries.iter().map(one).collect()))
    }

    fn list(&mut self, schemas: &'a [Node], of: fn(&mut Self, &'a Node) -> Value) -> Value {
        schemas.iter().map(|schema| of(self, schema)).collect()
    }

    fn dependencies(&mut self, value: &'a Node) -> Option<Value> {
        let (mut names, mut schemas) = (Map::new(), Map::new());
        for entry in value.as_object()?.entries() {
            match &entry.value.kind {
                Kind::Array(_) => names.insert(entry.key.to_string(), entry.value.to_json()),
                _ => schemas.insert(entry.key.to_string(), self.whole(&entry.value)),
            };
        }
        Some(json!({ "dependentRequired": names, "dependentSchemas": schemas }))
    }
}

/// The kinds that a `type` names, null apart; `None` where it says nothing.
pub(super) fn type_kinds(value: &Node) -> Option<Vec<Type>> {
    let names = type_names(value)?;
    let names = match &names {
        Value::Array(names) => names.iter().filter_map(Value::as_str).collect(),
        name => Vec::from_iter(name.as_str()),
    };
    Some(names.into_iter().filter_map(Type::parse).collect())
}

/// The names of types; `None` where they say nothing.
fn type_names(value: &Node) -> Option<Value> {
    let name = |node: &Node| match node.as_str() {
        Some("any") => None,
        Some("file") => Some("string".to_owned()),
        Some(name) => Some(name.to_owned()),
        None => node.is_null().then(|| "null".to_owned()),
    };
    match &value.kind {
        Kind::Array(names) => names
            .iter()
            .map(name)
            .collect::<Option<Vec<_>>>()
            .map(|names| json!(names)),
        _ => name(value).map(Value::String),
    }
}

/// A rule as a keyword.
fn rule(rule: Rule) -> Value {
    match rule {
        Rule::MinLength(count) => json!({ "minLength": count }),
        Rule::MaxLength(count) => json!({ "maxLength": count }),
        Rule::Pattern(text) => json!({ "pattern": text }),
        Rule::Minimum(limit) => json!({ "minimum": limit }),
        Rule::Maximum(limit) => json!({ "maximum": limit }),
        Rule::ExclusiveMinimum(limit) => json!({ "exclusiveMinimum": limit }),
        Rule::ExclusiveMaximum(limit) => json!({ "exclusiveMaximum": limit }),
        Rule::MultipleOf(step) => json!({ "multipleOf": step }),
        Rule::MinItems(count) => json!({ "minItems": count }),
        Rule::MaxItems(count) => json!({ "maxItems": count }),
        Rule::UniqueItems => json!({ "uniqueItems": true }),
        Rule::MinProperties(count) => json!({ "minProperties": count }),
        Rule::MaxProperties(count) => json!({ "maxProperties": count }),
        Rule::Format(name) => json!({ "format": name }),
        Rule::OneOf(values) => json!({ "enum": values }),
        Rule::Check(check) => check.schema,
    }
}

/// Adds keywords to a schema; one that stands there already must hold as well.
fn merge(schema: &mut Map<String, Value>, other: Value) {
    let Value::Object(other) = other else { return };
    for (keyword, value) in other {
        if schema.contains_key(&keyword) {
            let more = json!({ keyword: value });
            if let Value::Array(all) = schema.entry("allOf").or_insert_with(|| json!([])) {
                all.push(more);
            }
        } else {
            schema.insert(keyword, value);
        }
    }
}

/// A schema that demands nothing is `true`.
fn simple(schema: Map<String, Value>) -> Value {
    if schema.is_empty() {
        Value::Bool(true)
    } else {
        Value::Object(schema)
    }
}

/// Whether a keyword of a schema asks what the others have looked at.
pub(super) fn asks(object: &Object) -> bool {
    ["unevaluatedProperties", "unevaluatedItems"]
        .iter()
        .any(|keyword| object.get(keyword).is_some())
}
