//! Parts to a shape: which question decides, in order.

use std::mem;

use crate::model::{Dispatch, Matching, Rule, Scalar, Type as ModelType, TypeKind, TypeUse, Union, Variant};
use crate::source::Node;

use super::merged::{Merged, Type};
use super::parts::Flat;
use super::residue::Told;
use super::rules::{self, Speaks};
use super::scalars;
use super::types::{Shape, Types, address};

impl<'a> Types<'_, 'a> {
    /// What flattened parts become.
    pub(super) fn shape(&mut self, mut flat: Flat<'a>, place: &str) -> Shape {
        if let Some((target, reference)) = flat.single_ref() {
            let ty = ModelType::Named(self.target_name(target, reference));
            let merged = Merged::of(self.cx, flat);
            let shape = Shape::Use(TypeUse {
                ty,
                nullable: false,
                rules: merged.rules.clone(),
            });
            return self.complete(&merged, shape, Told::default());
        }
        if !self.afford(0, None) {
            self.inexact = true;
            return Shape::json();
        }
        flat.expand(self.cx, |target| self.lists_what_is_defined(target));
        let merged = Merged::of(self.cx, flat);
        self.inexact |= merged.lossy;
        let at = merged.parts.first().map(|part| part.node);
        if !self.afford(merged.parts.len() + merged.properties.len(), at) {
            self.inexact = true;
            return Shape::json();
        }
        let shape = if merged.constants.is_some() {
            self.constants(&merged, place)
        } else if merged.unions.is_empty() {
            self.by_type(&merged, place)
        } else {
            self.union(&merged, place)
        };
        let told = mem::take(&mut self.told);
        self.complete(&merged, shape, told)
    }

    /// What a schema without constants and alternatives becomes.
    pub(super) fn by_type(&mut self, merged: &Merged<'a>, place: &str) -> Shape {
        match merged.types.as_deref() {
            Some([kind]) => self.of_type(*kind, merged, place),
            Some(kinds @ [_, _, ..]) if kinds.len() < 5 => self.of_types(kinds, merged, place),
            Some(_) => any(merged),
            None if self.cx.by_the_letter => any(merged),
            None if merged.has_object_keywords() => self.object(merged, place),
            None if !merged.items.is_empty() => self.list(merged, place),
            None => any(merged),
        }
    }

    pub(super) fn of_type(&mut self, kind: Type, merged: &Merged<'a>, place: &str) -> Shape {
        let Some(scalar) = scalars::scalar(kind, merged) else {
            return if kind == Type::Object {
                self.object(merged, place)
            } else {
                self.list(merged, place)
            };
        };
        let about = match scalar {
            Scalar::Bool => Speaks::All,
            _ if matches!(kind, Type::Integer | Type::Number) => Speaks::Numbers,
            _ => Speaks::Text,
        };
        let mut rules = rules::only(&merged.rules, about);
        if !self.cx.by_the_letter {
            rules.extend(scalars::demand(scalar, merged));
        }
        Shape::Use(TypeUse {
            ty: ModelType::Scalar(scalar),
            nullable: false,
            rules,
        })
    }

    /// `type: [string, integer]`: a union by kind.
    fn of_types(&mut self, kinds: &[Type], merged: &Merged<'a>, place: &str) -> Shape {
        let variants = kinds.iter().map(|kind| {
            let inner = format!("{place}.{}", kind.name());
            let shape = self.of_type(*kind, merged, &inner);
            let value = self.named(shape, &merged.parts, &inner);
            Variant {
                name: kind.name().to_owned(),
                docs: None,
                value,
            }
        });
        let variants = variants.collect();
        Shape::def(TypeKind::Union(Union {
            variants,
            dispatch: Dispatch::Trial,
            matching: Matching::Any,
            non_objects: false,
        }))
    }

    fn list(&mut self, merged: &Merged<'a>, place: &str) -> Shape {
        let item = match merged.items.as_slice() {
            [] => TypeUse::plain(ModelType::Json),
            _ if merged.is_tuple() => TypeUse::plain(ModelType::Json),
            items => self.use_parts(items, &format!("{place}.item")),
        };
        let rules: Vec<Rule> = rules::only(&merged.rules, Speaks::Lists);
        Shape::Use(TypeUse {
            ty: ModelType::List(Box::new(item)),
            nullable: false,
            rules,
        })
    }

    /// Whether a schema lists, as one of its alternatives, one that is being defined: a base that names its own
    /// subtypes. As a part of such a subtype it means its properties only.
    fn lists_what_is_defined(&self, base: &'a Node) -> bool {
        let branches = ["oneOf", "anyOf"]
            .into_iter()
            .filter_map(|keyword| base.get(keyword)?.as_array());
        branches
            .flatten()
            .any(|branch| match self.cx.document.target(branch) {
                Some(Ok(target)) => self.is_defining(target.node) || address(target.node) == address(base),
                _ => false,
            })
    }

    /// The text of the first of some nodes that has a keyword.
    pub(super) fn docs_of(nodes: impl IntoIterator<Item = &'a Node>) -> Option<String> {
        let text = nodes
            .into_iter()
            .find_map(|node| node.get("description")?.as_str())?;
        let text = text.trim();
        (!text.is_empty()).then(|| text.to_owned())
    }
}

/// Any value; rules apply to values of their kind only, so they can stay.
fn any(merged: &Merged<'_>) -> Shape {
    Shape::Use(TypeUse {
        ty: ModelType::Json,
        nullable: false,
        rules: merged.rules.clone(),
    })
}
