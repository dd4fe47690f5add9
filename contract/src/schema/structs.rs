//! Objects: structs when they name properties, maps when they do not.

use crate::model::{Additional, Field, Struct, Type as ModelType, TypeKind, TypeUse};
use crate::source::{Kind, Node};

use super::merged::Merged;
use super::parts::Part;
use super::rules::{self, Speaks};
use super::types::{Shape, Types};

impl<'a> Types<'_, 'a> {
    /// What an object becomes.
    pub(super) fn object(&mut self, merged: &Merged<'a>, place: &str) -> Shape {
        let rules = rules::only(&merged.rules, Speaks::Objects);
        let additional = self.additional(merged, place);
        if merged.properties.is_empty() && additional != Additional::Forbidden {
            let value = match additional {
                Additional::Typed(value) => value,
                _ => Box::new(TypeUse::plain(ModelType::Json)),
            };
            return Shape::Use(TypeUse {
                ty: ModelType::Map(value),
                nullable: false,
                rules,
            });
        }
        let fields = merged
            .properties
            .iter()
            .map(|(name, parts)| self.field(name, parts, merged.required.contains(name), place));
        let fields = fields.collect();
        let kind = TypeKind::Struct(Struct {
            fields,
            additional,
            one_of: Vec::new(),
        });
        Shape::Def {
            kind,
            rules,
            discriminator: None,
        }
    }

    fn field(&mut self, name: &str, parts: &[Part<'a>], required: bool, place: &str) -> Field {
        let value = self.use_parts(parts, &format!("{place}.{name}"));
        let nodes = || parts.iter().map(|part| part.node);
        let flag =
            |keyword: &str| nodes().any(|node| node.get(keyword).and_then(Node::as_bool) == Some(true));
        Field {
            name: name.to_owned(),
            docs: Self::docs_of(nodes()),
            required,
            value,
            default: nodes().find_map(|node| node.get("default")).map(Node::to_json),
            read_only: flag("readOnly"),
            write_only: flag("writeOnly"),
            deprecated: flag("deprecated"),
        }
    }

    /// What is said about properties that have no name of their own.
    fn additional(&mut self, merged: &Merged<'a>, place: &str) -> Additional {
        let forbids = |node: &&&Node| matches!(node.kind, Kind::Bool(false));
        let forbidden = merged.additional.iter().any(|node| forbids(&node));
        let allowed: Vec<&'a Node> = merged
            .additional
            .iter()
            .filter(|node| !forbids(node))
            .copied()
            .collect();
        match (allowed.as_slice(), merged.patterns.as_slice()) {
            // Where all others are forbidden, those of the pattern are all that there are.
            (_, [one]) if forbidden => self.typed(one, place),
            (_, [_, ..]) => raw(),
            // A base that leaves its subtypes to a discriminator: what they add is kept.
            ([], []) if !forbidden && merged.discriminator.is_some() => raw(),
            ([], []) if !forbidden => Additional::Unspecified,
            ([], []) if merged.parts_with_properties <= 1 => Additional::Forbidden,
            // Closed parts of one whole would refuse each other's properties.
            ([], []) => Additional::Unspecified,
            ([one], []) => self.typed(one, place),
            _ => raw(),
        }
    }

    fn typed(&mut self, schema: &'a Node, place: &str) -> Additional {
        Additional::Typed(Box::new(self.use_of(schema, &format!("{place}.value"))))
    }
}

fn raw() -> Additional {
    Additional::Typed(Box::new(TypeUse::plain(ModelType::Json)))
}
