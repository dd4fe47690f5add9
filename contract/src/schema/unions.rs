//! Alternatives: `oneOf` and `anyOf` to unions.

use crate::model::{
    Additional, Dispatch, Matching, Scalar, Struct, Type as ModelType, TypeKind, TypeUse, Union, Variant,
};
use crate::source::{Kind, Node, Pointer};

use super::diagnostics;
use super::merged::{Alternatives, Merged};
use super::nulls::only_null;
use super::parts::{Flat, Part};
use super::residue::{Told, speaks_of_objects_only};
use super::types::{Shape, Types, address};

/// What a `discriminator` says about a union, alternatives by index.
#[derive(Debug, Clone)]
pub(super) struct Discriminator {
    /// The property.
    pub(super) property: String,
    /// What the mapping says.
    pub(super) values: Vec<(String, usize)>,
    /// The value that an alternative has by its schema's name.
    pub(super) implicit: Vec<Option<String>>,
    /// What an object is that no tag tells (3.2's `defaultMapping`).
    pub(super) default: Option<usize>,
}

/// How many unions within unions are given what stands beside them; deeper ones stay raw JSON.
const MOST_DISTRIBUTED: usize = 3;

/// An alternative before it is one: its variant and the schema that it refers to.
struct Candidate<'a> {
    variant: Variant,
    target: Option<&'a Node>,
    implicit: Option<String>,
}

impl<'a> Types<'_, 'a> {
    /// What a schema with alternatives becomes.
    pub(super) fn union(&mut self, merged: &Merged<'a>, place: &str) -> Shape {
        let says_something = |one: &&Alternatives<'a>| !one.branches.iter().all(is_constraint_only);
        let telling: Vec<_> = merged.unions.iter().filter(says_something).copied().collect();
        match telling.as_slice() {
            [] => self.by_type(merged, place),
            [one] => self.alternatives(merged, *one, place),
            _ => self.several(merged, place),
        }
    }

    /// Several lists of alternatives at once: what stands beside them is typed, the rest kept as raw JSON.
    fn several(&mut self, merged: &Merged<'a>, place: &str) -> Shape {
        if !merged.has_object_keywords() || self.cx.by_the_letter && merged.types.is_none() {
            return Shape::json();
        }
        let mut shape = self.object(merged, place);
        if let Shape::Def {
            kind: TypeKind::Struct(Struct { additional, .. }),
            ..
        } = &mut shape
            && matches!(additional, Additional::Unspecified)
        {
            *additional = Additional::Typed(Box::new(TypeUse::plain(ModelType::Json)));
        }
        shape
    }

    fn alternatives(&mut self, merged: &Merged<'a>, one: Alternatives<'a>, place: &str) -> Shape {
        let possible = |branch: &&'a Node| !only_null(branch) && self.fits_type(branch, merged);
        let branches: Vec<&'a Node> = one.branches.iter().filter(possible).collect();
        let has_base = merged.has_object_keywords();
        let told = Told {
            alternatives: Some(one.branches.as_ptr() as usize),
            beside: has_base,
        };
        if !has_base && let Some(shape) = Self::titled_constants(&branches) {
            self.told = told;
            return shape;
        }
        // What stands beside the alternatives holds for each of them.
        let base: Vec<Part<'a>> = if has_base {
            merged
                .parts
                .iter()
                .map(|part| Part {
                    without_unions: true,
                    ..*part
                })
                .collect()
        } else {
            Vec::new()
        };
        let parts_of = |branch: &'a Node| {
            let mut parts = if self.contains(branch, &base) {
                Vec::new()
            } else {
                base.clone()
            };
            parts.push(Part::new(branch));
            parts
        };
        let parts: Vec<Vec<Part<'a>>> = branches.iter().map(|branch| parts_of(branch)).collect();
        if has_base && self.distributing >= MOST_DISTRIBUTED {
            return self.several(merged, place);
        }
        self.distributing += usize::from(has_base);
        let (shape, intact) = match branches.as_slice() {
            [] => (Shape::json(), false),
            [_] => {
                let flat = Flat::of(self.cx, &parts[0]);
                (self.shape(flat, place), true)
            }
            _ => {
                let candidates = branches
                    .iter()
                    .enumerate()
                    .map(|(at, branch)| self.candidate(branch, &parts[at], at, place))
                    .collect();
                let count = branches.len();
                let shape = self.collapse(candidates, merged, one);
                let intact = matches!(&shape, Shape::Def { kind: TypeKind::Union(union), .. }
                    if union.variants.len() == count);
                (shape, intact)
            }
        };
        self.distributing -= usize::from(has_base);
        self.told = if intact { told } else { Told::default() };
        shape
    }

    /// Whether a branch is made of all that stands beside it already: a subtype that names its base in `allOf`.
    fn contains(&self, branch: &'a Node, base: &[Part<'a>]) -> bool {
        let mut flat = Flat::of(self.cx, &[Part::new(branch)]);
        flat.expand(self.cx, |_| true);
        base.iter()
            .all(|part| flat.inline.iter().any(|own| std::ptr::eq(own.node, part.node)))
    }

    /// Whether a branch can hold at all, given the type that stands beside it.
    fn fits_type(&self, branch: &'a Node, merged: &Merged<'a>) -> bool {
        let Some(types) = &merged.types else { return true };
        let Ok(branch) = self.cx.document.follow(branch) else {
            return true;
        };
        let named = |name: &Node| match name.as_str() {
            Some("number" | "integer") => types
                .iter()
                .any(|kind| matches!(kind.name(), "number" | "integer")),
            Some(name) => types.iter().any(|kind| kind.name() == name),
            None => true,
        };
        match branch.get("type") {
            Some(Node {
                kind: Kind::Array(names),
                ..
            }) => names.iter().any(named),
            Some(name) => named(name),
            None => true,
        }
    }

    fn candidate(&mut self, branch: &'a Node, parts: &[Part<'a>], at: usize, place: &str) -> Candidate<'a> {
        let lone = Flat::of(self.cx, &[Part::new(branch)]);
        let target = lone.single_ref();
        let implicit = target.and_then(|(_, reference)| component_name(reference));
        let title = branch
            .get("title")
            .and_then(Node::as_str)
            .map(str::trim)
            .filter(|title| !title.is_empty());
        let suffix = implicit.clone().or_else(|| title.map(str::to_owned));
        let inner = format!(
            "{place}.{}",
            suffix.clone().unwrap_or_else(|| format!("variant{}", at + 1))
        );
        let value = self.use_parts(parts, &inner);
        let name = suffix.unwrap_or_else(|| describe(&value.ty));
        let variant = Variant {
            name,
            docs: Self::docs_of([branch]),
            value,
        };
        Candidate {
            variant,
            target: target.map(|(target, _)| target),
            implicit,
        }
    }

    /// Whether a value that is no object fits, by the letter: a type for it would be any JSON, and the one that stands
    /// here says what every such document means.
    fn lets_through_non_objects(&self, merged: &Merged<'a>, one: Alternatives<'a>) -> bool {
        let silent = one
            .branches
            .iter()
            .filter(|branch| self.cx.document.follow(branch).is_ok_and(speaks_of_objects_only));
        let silent = silent.count();
        merged.types.is_none() && if one.one { silent == 1 } else { silent > 0 }
    }

    /// Alternatives that cannot be told apart, and need not be, become one.
    fn collapse(
        &mut self,
        candidates: Vec<Candidate<'a>>,
        merged: &Merged<'a>,
        one: Alternatives<'a>,
    ) -> Shape {
        let mut kept: Vec<Candidate<'a>> = Vec::new();
        for candidate in candidates {
            let same = kept
                .iter_mut()
                .find(|known| known.variant.value.ty == candidate.variant.value.ty);
            match same {
                Some(known) => {
                    known.variant.value.nullable |= candidate.variant.value.nullable;
                    known.variant.value.rules.clear();
                }
                None => kept.push(candidate),
            }
        }
        if kept
            .iter()
            .any(|candidate| candidate.variant.value.ty == ModelType::Json)
        {
            return Shape::json();
        }
        self.join_scalars(&mut kept);
        if let [single] = kept.as_slice() {
            return Shape::Use(single.variant.value.clone());
        }
        let discriminator = merged
            .discriminator
            .and_then(|node| self.discriminator(node, &kept));
        let mut variants: Vec<Variant> = kept.into_iter().map(|candidate| candidate.variant).collect();
        name_apart(&mut variants);
        let kind = TypeKind::Union(Union {
            variants,
            dispatch: Dispatch::Trial,
            matching: if one.one { Matching::One } else { Matching::Any },
            non_objects: discriminator.is_none() && self.lets_through_non_objects(merged, one),
        });
        Shape::Def {
            kind,
            rules: Vec::new(),
            discriminator,
        }
    }

    /// Text is text, whatever its format: `anyOf: [{format: date}, {format: date-time}]` is one string; likewise
    /// numbers.
    fn join_scalars(&mut self, kept: &mut Vec<Candidate<'a>>) {
        for (family, joined) in [(Family::Text, Scalar::String), (Family::Number, Scalar::Number)] {
            let of_family =
                |candidate: &Candidate<'a>| family_of(&candidate.variant.value.ty) == Some(family);
            if kept.iter().filter(|candidate| of_family(candidate)).count() < 2 {
                continue;
            }
            let integers = kept
                .iter()
                .filter(|candidate| of_family(candidate))
                .all(|candidate| {
                    matches!(
                        candidate.variant.value.ty,
                        ModelType::Scalar(
                            Scalar::I32 | Scalar::I64 | Scalar::U32 | Scalar::U64 | Scalar::Integer
                        )
                    )
                });
            let joined = if integers { Scalar::Integer } else { joined };
            let mut first = true;
            kept.retain_mut(|candidate| {
                if !of_family(candidate) {
                    return true;
                }
                candidate.variant.value.ty = ModelType::Scalar(joined);
                candidate.variant.value.rules.clear();
                candidate.variant.name = describe(&candidate.variant.value.ty);
                candidate.variant.docs = None;
                std::mem::take(&mut first)
            });
        }
        self.absorb_enums(kept);
    }

    /// `anyOf: [{enum: [a, b]}, {type: string}]`: any text will do. Enumerations written in place become one.
    fn absorb_enums(&mut self, kept: &mut Vec<Candidate<'a>>) {
        let is_text_enum = |types: &Self, candidate: &Candidate<'a>| match &candidate.variant.value.ty {
            ModelType::Named(name) => types.is_text_enum(name),
            _ => false,
        };
        let text = ModelType::Scalar(Scalar::String);
        if let Some(at) = kept
            .iter()
            .position(|candidate| candidate.variant.value.ty == text)
        {
            if kept.iter().any(|candidate| is_text_enum(self, candidate)) {
                kept[at].variant.value.rules.clear();
                kept.retain(|candidate| !is_text_enum(self, candidate));
            }
            return;
        }
        let inline = |types: &Self, candidate: &Candidate<'a>| {
            is_text_enum(types, candidate) && candidate.target.is_none()
        };
        let Some(first) = kept.iter().position(|candidate| inline(self, candidate)) else {
            return;
        };
        let mut at = first + 1;
        while at < kept.len() {
            if inline(self, &kept[at]) {
                let other = kept.remove(at);
                self.join_enums(&kept[first].variant.value.ty, &other.variant.value.ty);
            } else {
                at += 1;
            }
        }
    }

    fn discriminator(&self, node: &'a Node, kept: &[Candidate<'a>]) -> Option<Discriminator> {
        // 2.0 names the property, and no more.
        let property = node.get("propertyName").unwrap_or(node).as_str()?.to_owned();
        let alternative = |node: &'a Node| {
            let target = self.mapped(node);
            let is_target = |candidate: &Candidate<'a>| {
                target
                    .zip(candidate.target)
                    .is_some_and(|(a, b)| address(a) == address(b))
            };
            let found = kept.iter().position(is_target);
            if found.is_none() {
                self.cx.report(self.cx.problem(&diagnostics::BAD_MAPPING, node));
            }
            found
        };
        let mut values = Vec::new();
        if let Some(Kind::Object(mapping)) = node.get("mapping").map(|mapping| &mapping.kind) {
            for entry in mapping.entries() {
                values.extend(alternative(&entry.value).map(|at| (entry.key.to_string(), at)));
            }
        }
        let default = node.get("defaultMapping").and_then(alternative);
        let implicit = kept.iter().map(|candidate| candidate.implicit.clone()).collect();
        Some(Discriminator {
            property,
            values,
            implicit,
            default,
        })
    }

    /// What a mapping's value leads to: a reference, or the bare name of a component.
    fn mapped(&self, text: &'a Node) -> Option<&'a Node> {
        let document = self.cx.document;
        let component = || {
            document
                .root
                .get("components")?
                .get("schemas")?
                .get(text.as_str()?)
        };
        match document.lookup_from(text, text.as_str()?) {
            Ok(target) => document.follow(target.node).ok(),
            Err(_) => document.follow(component()?).ok(),
        }
    }
}

/// Whether a branch only narrows what stands beside it (`required`, `not`, bounds): it describes no value.
fn is_constraint_only(branch: &Node) -> bool {
    const DESCRIBING: [&str; 11] = [
        "$ref",
        "type",
        "properties",
        "items",
        "enum",
        "const",
        "allOf",
        "oneOf",
        "anyOf",
        "additionalProperties",
        "patternProperties",
    ];
    branch.as_object().is_some_and(|object| {
        !object.entries().is_empty() && DESCRIBING.iter().all(|keyword| object.get(keyword).is_none())
    })
}

/// The last token of a reference: the name of a component.
fn component_name(reference: &Node) -> Option<String> {
    let text = reference.get("$ref")?.as_str()?;
    let pointer = Pointer::from_fragment(text.split_once('#')?.1)?;
    pointer.tokens().last().cloned()
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Family {
    Text,
    Number,
}

fn family_of(ty: &ModelType) -> Option<Family> {
    match ty {
        ModelType::Scalar(
            Scalar::String
            | Scalar::Bytes
            | Scalar::DateTime
            | Scalar::Date
            | Scalar::Time
            | Scalar::Duration
            | Scalar::Uuid
            | Scalar::Ipv4
            | Scalar::Ipv6,
        ) => Some(Family::Text),
        ModelType::Scalar(
            Scalar::I32
            | Scalar::I64
            | Scalar::U32
            | Scalar::U64
            | Scalar::Integer
            | Scalar::F32
            | Scalar::F64
            | Scalar::Number
            | Scalar::Decimal,
        ) => Some(Family::Number),
        _ => None,
    }
}

/// A name for an alternative that has none: `string`, `list of Pet`.
fn describe(ty: &ModelType) -> String {
    match ty {
        ModelType::Named(name) => name.0.rsplit('.').next().unwrap_or(&name.0).to_owned(),
        ModelType::Scalar(Scalar::Bool) => "boolean".to_owned(),
        ModelType::Scalar(Scalar::I32 | Scalar::I64 | Scalar::U32 | Scalar::U64 | Scalar::Integer) => {
            "integer".to_owned()
        }
        ModelType::Scalar(Scalar::F32 | Scalar::F64 | Scalar::Number | Scalar::Decimal) => {
            "number".to_owned()
        }
        ModelType::Scalar(Scalar::Bytes | Scalar::Binary) => "bytes".to_owned(),
        ModelType::Scalar(Scalar::File) => "file".to_owned(),
        ModelType::Scalar(Scalar::DateTime) => "date-time".to_owned(),
        ModelType::Scalar(Scalar::Date) => "date".to_owned(),
        ModelType::Scalar(Scalar::Time) => "time".to_owned(),
        ModelType::Scalar(Scalar::Duration) => "duration".to_owned(),
        ModelType::Scalar(Scalar::Uuid) => "uuid".to_owned(),
        ModelType::Scalar(Scalar::Ipv4) => "ipv4".to_owned(),
        ModelType::Scalar(Scalar::Ipv6) => "ipv6".to_owned(),
        ModelType::Scalar(Scalar::String) => "string".to_owned(),
        ModelType::List(item) => format!("list of {}", describe(&item.ty)),
        ModelType::Map(value) => format!("map of {}", describe(&value.ty)),
        ModelType::Json => "JSON".to_owned(),
    }
}

/// Numbers alternatives that would have the same name.
fn name_apart(variants: &mut [Variant]) {
    let mut taken = std::collections::HashSet::new();
    for variant in variants {
        let wish = variant.name.clone();
        let mut number = 2;
        while !taken.insert(variant.name.clone()) {
            variant.name = format!("{wish} {number}");
            number += 1;
        }
    }
}
