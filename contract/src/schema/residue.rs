//! What is left of a schema when all that its type says is taken away: a check.
//!
//! A part of a value that has a type of its own is judged by that, so only what stands at a schema's own level counts.
//! Nothing left means that the type is exact.

use std::collections::HashSet;

use indexmap::IndexMap;
use serde_json::{Map, Value, json};

use crate::model::{Check, Rule, Scalar, Type as ModelType, TypeKind, TypeName, TypeUse};
use crate::source::{Kind, Node, Object};

use super::Dialect;
use super::merged::{Merged, Type};
use super::nulls::accepts_null;
use super::parts::Part;
use super::rules::{self, Speaks};
use super::scalars;
use super::types::{Shape, Types, address};

/// How many schemas a check may consist of. What is larger stays unchecked, and the type inexact.
const MOST_SCHEMAS: usize = 2_000;

/// Which union of a schema its shape has taken up.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Told {
    /// The address of the list of alternatives that are the shape's.
    pub(super) alternatives: Option<usize>,
    /// Each of these says all that stands beside them, too.
    pub(super) beside: bool,
}

/// What a shape says, so that a check need not.
#[derive(Debug, Default)]
struct Said<'m, 'a> {
    /// The kinds of value that it lets through; `None`: all.
    types: Option<Vec<Type>>,
    rules: &'m [Rule],
    constants: bool,
    /// The properties that are fields, where it has any.
    fields: Option<HashSet<&'a str>>,
    additional: bool,
    items: bool,
    told: Told,
}

impl<'a> Types<'_, 'a> {
    /// Puts to a shape what it does not say of the schemas that it was made of.
    pub(super) fn complete(&mut self, merged: &Merged<'a>, shape: Shape, told: Told) -> Shape {
        let said = self.said(merged, &shape, told);
        let left = self.check(&merged.parts, &said);
        let mut shape = shape;
        if left.is_none() {
            return shape;
        }
        // Of raw JSON, one check says it all.
        let whole = is_raw(&shape).then(|| self.check(&merged.parts, &Said::default()));
        match &mut shape {
            Shape::Use(TypeUse { rules, .. }) | Shape::Def { rules, .. } => match whole {
                Some(whole) => *rules = whole.into_iter().collect(),
                None => rules.extend(left),
            },
        }
        shape
    }

    fn check(&mut self, parts: &[Part<'a>], said: &Said<'_, 'a>) -> Option<Rule> {
        let mut residue = Residue::new(self);
        let schema = residue.parts(parts, said);
        let (types, too_large) = (residue.names, residue.count > MOST_SCHEMAS);
        self.inexact |= too_large;
        (schema != Value::Bool(true) && !too_large).then_some(Rule::Check(Check { schema, types }))
    }

    fn said<'m>(&self, merged: &'m Merged<'a>, shape: &'m Shape, told: Told) -> Said<'m, 'a> {
        let mut said = Said {
            told,
            ..Said::default()
        };
        match shape {
            Shape::Use(TypeUse { ty, rules, .. }) => {
                said.rules = rules;
                said.constants = rules.iter().any(|rule| matches!(rule, Rule::OneOf(_)));
                match ty {
                    ModelType::Json | ModelType::Named(_) => {}
                    ModelType::Scalar(scalar) => said.types = Some(vec![kind_of(*scalar)]),
                    ModelType::List(_) => {
                        said.types = Some(vec![Type::Array]);
                        said.items = !merged.is_tuple();
                    }
                    ModelType::Map(_) => {
                        said.types = Some(vec![Type::Object]);
                        said.fields = Some(HashSet::new());
                        said.additional = merged.additional.len() == 1 && merged.patterns.is_empty();
                    }
                }
            }
            Shape::Def { kind, rules, .. } => {
                said.rules = rules;
                match kind {
                    TypeKind::Struct(_) => {
                        said.types = Some(vec![Type::Object]);
                        said.fields = Some(merged.properties.keys().copied().collect());
                        said.additional = closes_itself(merged);
                    }
                    TypeKind::Enum(_) => {
                        said.types = merged.types.clone().or(Some(Vec::new()));
                        said.constants = true;
                    }
                    // A type for each kind.
                    TypeKind::Union(_) if told.alternatives.is_none() => {
                        said.types.clone_from(&merged.types);
                        said.rules = &merged.rules;
                        said.fields = Some(merged.properties.keys().copied().collect());
                        said.additional = closes_itself(merged);
                        said.items = !merged.is_tuple();
                    }
                    TypeKind::Union(_) | TypeKind::Alias(_) => {}
                }
            }
        }
        if said.types.is_none() && !is_raw(shape) {
            said.types = self.kinds_of_others(merged, told);
        }
        said
    }

    /// The kinds of value that alternatives, or what a reference leads to, are: as far as they say so at once.
    fn kinds_of_others(&self, merged: &Merged<'a>, told: Told) -> Option<Vec<Type>> {
        let of = |one: &&super::merged::Alternatives<'a>| {
            told.alternatives == Some(one.branches.as_ptr() as usize)
        };
        let others: Vec<&'a Node> = match merged.unions.iter().find(of) {
            Some(one) => one.branches.iter().collect(),
            None => {
                let is_reference = |part: &&Part<'a>| part.node.get("$ref").is_some();
                merged
                    .parts
                    .iter()
                    .filter(is_reference)
                    .map(|part| part.node)
                    .collect()
            }
        };
        let mut kinds = Vec::new();
        for other in &others {
            let node = self.cx.document.follow(other).ok()?;
            match node.get("type") {
                Some(names) => kinds.extend(type_kinds(names)?),
                None if !self.cx.by_the_letter && node.get("properties").is_some() => {
                    kinds.push(Type::Object)
                }
                None => return None,
            }
        }
        (!others.is_empty()).then_some(kinds)
    }
}

fn is_raw(shape: &Shape) -> bool {
    matches!(
        shape,
        Shape::Use(TypeUse {
            ty: ModelType::Json,
            ..
        })
    )
}

/// Whether what is said of further properties stands beside all the names that there are.
fn closes_itself(merged: &Merged<'_>) -> bool {
    let closing = |part: &&Part<'_>| part.node.get("additionalProperties").is_some();
    let mut closing = merged.parts.iter().filter(closing);
    match (closing.next(), closing.next()) {
        (Some(one), None) => {
            let own = one.node.get("properties").and_then(Node::as_object);
            let names = |name: &&str| own.is_some_and(|own| own.get(name).is_some());
            one.node.get("patternProperties").is_none() && merged.properties.keys().all(|name| names(&name))
        }
        (None, _) => true,
        _ => false,
    }
}

const fn kind_of(scalar: Scalar) -> Type {
    match scalar {
        Scalar::Bool => Type::Bool,
        Scalar::I32 | Scalar::I64 | Scalar::U32 | Scalar::U64 => Type::Integer,
        Scalar::F32 | Scalar::F64 => Type::Number,
        _ => Type::String,
    }
}

/// Which kind of value a keyword speaks of, where it is one kind.
fn speaks_of(keyword: &str) -> Option<Type> {
    Some(match keyword {
        "properties"
        | "patternProperties"
        | "additionalProperties"
        | "required"
        | "propertyNames"
        | "dependentRequired"
        | "dependentSchemas"
        | "dependencies"
        | "unevaluatedProperties"
        | "minProperties"
        | "maxProperties" => Type::Object,
        "items" | "prefixItems" | "additionalItems" | "contains" | "minContains" | "maxContains"
        | "unevaluatedItems" | "minItems" | "maxItems" | "uniqueItems" => Type::Array,
        "minLength" | "maxLength" | "pattern" | "format" => Type::String,
        "minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum" | "multipleOf" => Type::Number,
        _ => return None,
    })
}

/// Whether a kind is let through by a type of these kinds.
fn lets(kinds: &[Type], kind: Type) -> bool {
    let is_number = |kind: &Type| matches!(kind, Type::Number | Type::Integer);
    kinds.contains(&kind) || (is_number(&kind) && kinds.iter().any(|kind| is_number(kind)))
}

/// Writes a check.
struct Residue<'t, 'c, 'a> {
    types: &'t mut Types<'c, 'a>,
    names: Vec<TypeName>,
    /// What references lead to, written out: for keywords that ask what others have looked at. By the address of the
    /// target, and in the order of its name, which is a number.
    written: Option<IndexMap<usize, Value>>,
    count: usize,
}

impl<'t, 'c, 'a> Residue<'t, 'c, 'a> {
    fn new(types: &'t mut Types<'c, 'a>) -> Self {
        Self {
            types,
            names: Vec::new(),
            written: None,
            count: 0,
        }
    }

    /// What is left of schemas that must all hold.
    fn parts(&mut self, parts: &[Part<'a>], said: &Said<'_, 'a>) -> Value {
        let mut left = Vec::new();
        for part in parts {
            let unevaluated = ["unevaluatedProperties", "unevaluatedItems"];
            let asks = unevaluated.iter().any(|keyword| part.node.get(keyword).is_some());
            let lets_it = |kinds: &Vec<Type>| lets(kinds, Type::Object) || lets(kinds, Type::Array);
            let schema = if asks && said.types.as_ref().is_none_or(lets_it) {
                self.written.get_or_insert_default();
                self.whole(part.node)
            } else {
                match &part.node.kind {
                    Kind::Object(object) => self.object(object, Some((*part, said))),
                    Kind::Bool(false) => Value::Bool(false),
                    _ => Value::Bool(true),
                }
            };
            if schema != Value::Bool(true) && !left.contains(&schema) {
                left.push(schema);
            }
        }
        let mut schema = match left.len() {
            0 => Value::Bool(true),
            1 => left.swap_remove(0),
            _ => json!({ "allOf": left }),
        };
        if let (Some(written), Value::Object(schema)) = (&self.written, &mut schema)
            && !written.is_empty()
        {
            let named = written.values().enumerate();
            let named: Map<String, Value> = named
                .map(|(name, schema)| (name.to_string(), schema.clone()))
                .collect();
            schema.insert("$defs".to_owned(), Value::Object(named));
        }
        schema
    }

    /// All that a schema demands.
    fn whole(&mut self, node: &'a Node) -> Value {
        self.count += 1;
        match &node.kind {
            _ if self.count > MOST_SCHEMAS => Value::Bool(true),
            Kind::Bool(value) => Value::Bool(*value),
            Kind::Object(object) => {
                let mut schema = Map::new();
                match self.types.cx.document.target(node) {
                    Some(Ok(target)) => {
                        let reference = self.reference(node, target.node);
                        if self.types.cx.dialect == Dialect::OpenApi30 {
                            return reference;
                        }
                        merge(&mut schema, reference);
                    }
                    Some(Err(_)) => self.types.inexact = true,
                    None => {}
                }
                merge(&mut schema, self.object(object, None));
                simple(schema)
            }
            _ => Value::Bool(true),
        }
    }

    fn reference(&mut self, node: &'a Node, target: &'a Node) -> Value {
        if self.written.is_some() {
            let key = address(target);
            let all = self.written.get_or_insert_default();
            let (name, is_new) = match all.get_index_of(&key) {
                Some(known) => (known, false),
                None => (all.insert_full(key, Value::Null).0, true),
            };
            if is_new {
                let schema = self.whole(target);
                self.written.get_or_insert_default().insert(key, schema);
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
            if at_top.is_some_and(|(part, said)| is_said(keyword, value, object, part, said)) {
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
                        residue.whole(node)
                    }
                };
                json!({ keyword: self.entries(value, of)? })
            }
            "patternProperties" | "dependentSchemas" => json!({ keyword: self.entries(value, Self::whole)? }),
            // Of draft 4 to 7.
            "dependencies" => self.dependencies(value)?,
            "items" => match &value.kind {
                Kind::Array(items) => json!({ "prefixItems": self.list(items) }),
                _ => json!({ "items": self.whole(value) }),
            },
            "additionalItems"
                if object
                    .get("items")
                    .is_some_and(|items| items.as_array().is_some()) =>
            {
                json!({ "items": self.whole(value) })
            }
            "prefixItems" | "allOf" | "anyOf" | "oneOf" => match value.as_array()? {
                [] => return None,
                schemas => json!({ keyword: self.list(schemas) }),
            },
            "additionalProperties"
            | "propertyNames"
            | "contains"
            | "not"
            | "if"
            | "then"
            | "else"
            | "unevaluatedItems"
            | "unevaluatedProperties" => json!({ keyword: self.whole(value) }),
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

    fn list(&mut self, schemas: &'a [Node]) -> Value {
        schemas.iter().map(|schema| self.whole(schema)).collect()
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

/// Whether the shape says what a keyword of one of its own parts says.
fn is_said(keyword: &str, value: &Node, object: &Object, part: Part<'_>, said: &Said<'_, '_>) -> bool {
    let lists_told = |value: &Node| {
        let list = value.as_array().map(|list| list.as_ptr() as usize);
        list.is_some() && list == said.told.alternatives
    };
    if let ("oneOf" | "anyOf", false) = (keyword, part.without_unions) {
        return lists_told(value) || vacuous(keyword, value, said);
    }
    if said.told.beside || part.without_unions && matches!(keyword, "oneOf" | "anyOf") {
        return true;
    }
    // Of what the shape lets through, the keyword says nothing.
    if let (Some(kind), Some(kinds)) = (speaks_of(keyword), &said.types)
        && !lets(kinds, kind)
    {
        return true;
    }
    match keyword {
        // Parts stand for themselves, as does what references lead to.
        "allOf" | "$ref" => true,
        "type" => {
            let allowed = type_kinds(value);
            said.types.as_ref().is_some_and(|kinds| {
                allowed.is_none_or(|allowed| {
                    kinds.iter().all(|kind| {
                        allowed.contains(kind) || (*kind == Type::Integer && allowed.contains(&Type::Number))
                    })
                })
            })
        }
        "enum" | "const" => said.constants,
        "properties" => {
            let others = ["additionalProperties", "patternProperties"];
            let others_left = others.iter().any(|keyword| object.get(keyword).is_some());
            said.fields.is_some() && (said.additional || !others_left)
        }
        "additionalProperties" => said.additional,
        "items" => said.items && value.as_array().is_none() && object.get("prefixItems").is_none(),
        "format" => said.types.is_some(),
        _ => match rules::read_in(keyword, object, value) {
            Ok(Some(rule)) => {
                said.rules.contains(&rule) || said.constants && rules::speaks_of(&rule) != Speaks::All
            }
            _ => false,
        },
    }
}

/// Whether alternatives let all through that the shape does: one of them is its type and no more.
fn vacuous(keyword: &str, value: &Node, said: &Said<'_, '_>) -> bool {
    let Some(kinds) = &said.types else { return false };
    let plain = |branch: &Node| {
        let object = branch.as_object();
        let allowed = branch.get("type").and_then(type_kinds);
        object.is_some_and(|object| {
            let demanding = |key: &str| speaks_of(key).is_some() && key != "type" || APPLY.contains(&key);
            !object.entries().iter().any(|entry| demanding(&entry.key))
        }) && allowed.is_some_and(|allowed| kinds.iter().all(|kind| allowed.contains(kind)))
    };
    keyword == "anyOf"
        && value
            .as_array()
            .is_some_and(|branches| branches.iter().any(plain))
}

/// Keywords that demand something of every kind of value.
const APPLY: [&str; 9] = [
    "$ref",
    "enum",
    "const",
    "allOf",
    "anyOf",
    "oneOf",
    "not",
    "if",
    "$dynamicRef",
];

fn type_kinds(value: &Node) -> Option<Vec<Type>> {
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
            match schema.entry("allOf").or_insert_with(|| json!([])) {
                Value::Array(all) => all.push(more),
                _ => {}
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
