//! What a shape says of the schemas that it was made of.

use std::collections::HashSet;

use crate::model::Rule;
use crate::schema::merged::Type;
use crate::schema::parts::Part;
use crate::schema::rules::{self, Speaks};
use crate::source::{Node, Object};

use super::Told;
use super::write::{asks, type_kinds};

/// What a shape says, so that a check need not.
#[derive(Debug, Default)]
pub(super) struct Said<'m, 'a> {
    /// The kinds of value that it lets through; `None`: all.
    pub(super) types: Option<Vec<Type>>,
    pub(super) rules: &'m [Rule],
    pub(super) constants: bool,
    /// The properties that are fields, where it has any.
    pub(super) fields: Option<HashSet<&'a str>>,
    pub(super) additional: bool,
    pub(super) items: bool,
    pub(super) told: Told,
}

impl Said<'_, '_> {
    /// Whether the shape says what a keyword of one of its own parts says.
    pub(super) fn has(&self, keyword: &str, value: &Node, object: &Object, part: Part<'_>) -> bool {
        let said = self;
        // What a keyword asks the others about must be there, said or not.
        const LOOKING: [&str; 6] = [
            "allOf",
            "anyOf",
            "oneOf",
            "properties",
            "additionalProperties",
            "items",
        ];
        if asks(object) && LOOKING.contains(&keyword) {
            return false;
        }
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
                            allowed.contains(kind)
                                || (*kind == Type::Integer && allowed.contains(&Type::Number))
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

/// Whether a schema demands something of objects and nothing of any other value.
pub(in crate::schema) fn speaks_of_objects_only(schema: &Node) -> bool {
    let of = |key: &str| match speaks_of(key) {
        Some(kind) => kind == Type::Object,
        None => key != "type" && !APPLY.contains(&key),
    };
    let about_objects = ["properties", "additionalProperties", "patternProperties"];
    schema.as_object().is_some_and(|object| {
        object.entries().iter().all(|entry| of(&entry.key))
            && about_objects.iter().any(|key| object.get(key).is_some())
    })
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
    kinds.contains(&kind) || (is_number(&kind) && kinds.iter().any(is_number))
}
