//! What is left of a schema when all that its type says is taken away: a check.
//!
//! A part of a value that has a type of its own is judged by that, so only what stands at a schema's own level counts.
//! Nothing left means that the type is exact.

mod said;
mod write;

use std::collections::HashSet;

use serde_json::Value;

use crate::model::{Check, Rule, Scalar, Type as ModelType, TypeKind, TypeUse};
use crate::source::Node;

use super::merged::{Alternatives, Merged, Type};
use super::parts::Part;
use super::types::{Shape, Types};
use said::Said;
pub(super) use said::speaks_of_objects_only;
use write::{Residue, type_kinds};

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
        let of = |one: &&Alternatives<'a>| told.alternatives == Some(one.branches.as_ptr() as usize);
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
                    kinds.push(Type::Object);
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
            one.node.get("patternProperties").is_none() && merged.properties.keys().all(names)
        }
        (None, _) => true,
        _ => false,
    }
}

const fn kind_of(scalar: Scalar) -> Type {
    match scalar {
        Scalar::Bool => Type::Bool,
        Scalar::I32 | Scalar::I64 | Scalar::U32 | Scalar::U64 | Scalar::Integer => Type::Integer,
        Scalar::F32 | Scalar::F64 | Scalar::Number | Scalar::Decimal => Type::Number,
        _ => Type::String,
    }
}
