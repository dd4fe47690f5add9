//! Inline types that are equal: one of them is defined, the others are names of it.
//!
//! A document that writes the same enumeration into forty schemas has forty inline types of one shape. Each keeps the name
//! of the place where it stands, so that no name depends on what else the document says: `pub type B = A;` is all that a
//! place costs that is equal to an earlier one. Components are never merged, since their authors named them apart.

use std::collections::HashMap;
use std::fmt::Write as _;

use indexmap::IndexMap;
use tieline_contract::model::{Additional, Rule, Type, TypeDef, TypeKind, TypeName, TypeUse};

use super::custom::Custom;
use super::derives::Attributes;
use crate::options::TypeOptions;

/// The types that are defined by another, by name: that other, the first of its kind.
pub(crate) type Same<'c> = HashMap<&'c TypeName, &'c TypeName>;

/// Finds them among the types that `keep` lets through.
pub(crate) fn find<'c>(
    types: &'c IndexMap<TypeName, TypeDef>,
    custom: &Custom<'_>,
    attributes: &Attributes<'_>,
    keep: impl Fn(&TypeName) -> bool,
) -> Same<'c> {
    let mut kinds = HashMap::new();
    let mut candidates = Vec::new();
    for (index, (name, def)) in types.iter().enumerate() {
        if !is_mergeable(def) || !keep(name) || custom.about(name).is_some_and(TypeOptions::is_apart) {
            continue;
        }
        let mut skeleton = Skeleton::of(def);
        for attribute in attributes.get(name).into_iter().flatten() {
            skeleton.say(attribute);
        }
        let number = kinds.len();
        let kind = *kinds.entry(skeleton.text).or_insert(number);
        let parts = skeleton.names.into_iter();
        let parts: Vec<usize> = parts.filter_map(|name| types.get_index_of(name)).collect();
        candidates.push((index, kind, parts));
    }
    let first = merge(types.len(), &candidates);
    let at = |index: usize| types.get_index(index).map(|(name, _)| name);
    let merged = candidates.iter().map(|(index, ..)| *index);
    let merged = merged.filter(|&index| first[index] != index);
    merged
        .filter_map(|index| Some((at(index)?, at(first[index])?)))
        .collect()
}

/// Newtypes are left out: the constructor of a tuple struct cannot be called by another name.
fn is_mergeable(def: &TypeDef) -> bool {
    def.inline && !matches!(def.kind, TypeKind::Alias(_))
}

/// For each type the first that is equal to it. Types are equal when their skeletons are and the types within are, so each
/// round finds those around what the round before has merged.
fn merge(count: usize, candidates: &[(usize, usize, Vec<usize>)]) -> Vec<usize> {
    let mut first: Vec<usize> = (0..count).collect();
    loop {
        let mut seen: HashMap<(usize, Vec<usize>), usize> = HashMap::new();
        let mut next = first.clone();
        for (index, kind, parts) in candidates {
            let parts = parts.iter().map(|&part| first[part]).collect();
            next[*index] = *seen.entry((*kind, parts)).or_insert(*index);
        }
        if next == first {
            return first;
        }
        first = next;
    }
}

/// What a type says, the names of other types left out, and those names. Its own documentation is left out, too: it
/// stands at each of its names.
struct Skeleton<'c> {
    text: String,
    names: Vec<&'c TypeName>,
}

impl<'c> Skeleton<'c> {
    fn of(def: &'c TypeDef) -> Self {
        let mut skeleton = Self {
            text: String::new(),
            names: Vec::new(),
        };
        skeleton.say(&def.deprecated);
        skeleton.kind(&def.kind);
        skeleton.rules(&def.rules);
        skeleton
    }

    fn say(&mut self, what: &dyn std::fmt::Debug) {
        // A text takes whatever is written to it.
        let _ = write!(self.text, "{what:?};");
    }

    fn kind(&mut self, kind: &'c TypeKind) {
        match kind {
            TypeKind::Struct(one) => {
                self.say(&("struct", &one.one_of));
                for field in &one.fields {
                    self.say(&(&field.name, &field.docs, field.required, &field.default));
                    self.say(&(field.read_only, field.write_only, field.deprecated));
                    self.value(&field.value);
                }
                match &one.additional {
                    Additional::Unspecified => self.say(&"open"),
                    Additional::Forbidden => self.say(&"closed"),
                    Additional::Typed(value) => self.value(value),
                }
            }
            TypeKind::Enum(one) => self.say(&("enum", &one.values)),
            TypeKind::Union(one) => {
                self.say(&("union", &one.dispatch, one.matching, one.non_objects));
                for variant in &one.variants {
                    self.say(&(&variant.name, &variant.docs));
                    self.value(&variant.value);
                }
            }
            TypeKind::Alias(target) => self.value(target),
        }
    }

    fn value(&mut self, value: &'c TypeUse) {
        self.say(&value.nullable);
        self.rules(&value.rules);
        match &value.ty {
            Type::Named(name) => {
                self.text.push('@');
                self.names.push(name);
            }
            Type::Scalar(scalar) => self.say(scalar),
            Type::List(item) => {
                self.say(&"list");
                self.value(item);
            }
            Type::Map(item) => {
                self.say(&"map");
                self.value(item);
            }
            Type::Json => self.say(&"json"),
        }
    }

    fn rules(&mut self, rules: &'c [Rule]) {
        self.say(&rules.len());
        for rule in rules {
            match rule {
                Rule::Check(check) => {
                    self.say(&check.schema);
                    self.names.extend(&check.types);
                }
                rule => self.say(rule),
            }
        }
    }
}
