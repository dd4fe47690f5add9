//! Parts to a shape: which question decides, in order.

use crate::model::{Dispatch, Rule};
use crate::model::{Scalar, Type as ModelType, TypeKind, TypeUse, Union, Variant};
use crate::source::{Kind, Node};

use super::merged::{Merged, Type};
use super::parts::{Flat, Part};
use super::rules::{self, Speaks};
use super::scalars;
use super::types::{Shape, Types, address};

impl<'a> Types<'_, 'a> {
    /// What flattened parts become.
    pub(super) fn shape(&mut self, mut flat: Flat<'a>, place: &str) -> Shape {
        if let Some((target, reference)) = flat.single_ref() {
            let ty = ModelType::Named(self.target_name(target, reference));
            let rules = Merged::of(self.cx, flat).rules;
            return Shape::Use(TypeUse {
                ty,
                nullable: false,
                rules,
            });
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
        if merged.constants.is_some() {
            return self.constants(merged, place);
        }
        if !merged.unions.is_empty() {
            return self.union(merged, place);
        }
        self.by_type(&merged, place)
    }

    /// What a schema without constants and alternatives becomes.
    pub(super) fn by_type(&mut self, merged: &Merged<'a>, place: &str) -> Shape {
        match merged.types.as_deref() {
            Some([kind]) => self.of_type(*kind, merged, place),
            Some(kinds @ [_, _, ..]) if kinds.len() < 5 => self.of_types(kinds, merged, place),
            Some(_) => self.any(merged),
            None if merged.has_object_keywords() => self.object(merged, place),
            None if !merged.items.is_empty() => self.list(merged, place),
            None => self.any(merged),
        }
    }

    /// Any value; rules apply to values of their kind only, so they can stay.
    fn any(&mut self, merged: &Merged<'a>) -> Shape {
        if merged.format.is_some() || !merged.required.is_empty() {
            self.inexact = true;
        }
        let rules = merged.rules.clone();
        Shape::Use(TypeUse {
            ty: ModelType::Json,
            nullable: false,
            rules,
        })
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
            Scalar::I32 | Scalar::I64 | Scalar::U32 | Scalar::U64 | Scalar::F32 | Scalar::F64 => {
                Speaks::Numbers
            }
            _ => Speaks::Text,
        };
        let rules = rules::only(&merged.rules, about);
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
        }))
    }

    fn list(&mut self, merged: &Merged<'a>, place: &str) -> Shape {
        let items: Vec<Part<'a>> = merged
            .items
            .iter()
            .copied()
            .filter(|items| !matches!(items.node.kind, Kind::Array(_)))
            .collect();
        self.inexact |= items.len() < merged.items.len();
        let item = match items.as_slice() {
            [] => TypeUse::plain(ModelType::Json),
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
