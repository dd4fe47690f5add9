//! Where a type must be boxed: exactly where it would contain itself by value.

use std::collections::{HashMap, HashSet};

use indexmap::IndexMap;
use tieline_contract::model::{Type, TypeDef, TypeKind, TypeName, TypeUse};

use super::same::Same;

/// Which uses of a type by value are boxed.
///
/// Alternatives of unions first: they are the largest of their kind, and a box there ends most cycles. Then fields that may
/// be missing, then what is left. Each round boxes all that still closes a cycle, so that the outcome does not depend on
/// the order of the types.
pub(crate) struct Boxes<'c> {
    same: &'c Same<'c>,
    rounds: Vec<(Stage, HashMap<&'c TypeName, usize>)>,
    /// Components of types that contain themselves by fields that must be there: no finite value exists.
    endless: HashMap<&'c TypeName, usize>,
}

/// The kinds of use, in the order in which they are boxed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Stage {
    Alternative,
    Optional,
    Required,
}

impl<'c> Boxes<'c> {
    pub(crate) fn find(types: &'c IndexMap<TypeName, TypeDef>, same: &'c Same<'c>) -> Self {
        let rounds = [Stage::Alternative, Stage::Optional, Stage::Required]
            .map(|stage| (stage, components(types, same, |def| by_value(def, stage))));
        Self {
            rounds: rounds.into(),
            endless: components(types, same, always),
            same,
        }
    }

    /// Whether `owner` must hold `value`, a use of this kind, in a box.
    pub(crate) fn boxed(&self, owner: &TypeName, value: &TypeUse, stage: Stage) -> bool {
        self.rounds
            .iter()
            .any(|(round, components)| *round == stage && self.meet(components, owner, value))
    }

    /// Whether a field of `owner` that must be there must be allowed to be missing after all.
    pub(crate) fn endless(&self, owner: &TypeName, value: &TypeUse) -> bool {
        !value.nullable && self.meet(&self.endless, owner, value)
    }

    fn meet(&self, components: &HashMap<&TypeName, usize>, owner: &TypeName, value: &TypeUse) -> bool {
        named(value).is_some_and(|target| {
            let component = components.get(owner);
            component.is_some() && components.get(defined(self.same, target)) == component
        })
    }
}

/// The kind of use that a field is.
pub(crate) fn stage(required: bool, value: &TypeUse) -> Stage {
    if required && !value.nullable {
        Stage::Required
    } else {
        Stage::Optional
    }
}

/// The name that a type is defined by.
fn defined<'n>(same: &'n Same<'_>, name: &'n TypeName) -> &'n TypeName {
    same.get(name).copied().unwrap_or(name)
}

/// The types that a value of this one contains in itself, by uses that no round before `from` has boxed.
fn by_value(def: &TypeDef, from: Stage) -> Vec<&TypeName> {
    let uses: Vec<(Stage, &TypeUse)> = match &def.kind {
        TypeKind::Struct(object) => (object.fields.iter())
            .map(|field| (stage(field.required, &field.value), &field.value))
            .collect(),
        TypeKind::Union(union) => (union.variants.iter())
            .map(|variant| (Stage::Alternative, &variant.value))
            .collect(),
        TypeKind::Alias(target) => vec![(Stage::Required, target)],
        TypeKind::Enum(_) => Vec::new(),
    };
    uses.into_iter()
        .filter(|(stage, _)| *stage >= from)
        .filter_map(|(_, value)| named(value))
        .collect()
}

/// The types of which every value of this one contains one.
fn always(def: &TypeDef) -> Vec<&TypeName> {
    match &def.kind {
        TypeKind::Struct(object) => (object.fields.iter())
            .filter(|field| field.required && !field.value.nullable)
            .filter_map(|field| named(&field.value))
            .collect(),
        TypeKind::Alias(target) if !target.nullable => named(target).into_iter().collect(),
        _ => Vec::new(),
    }
}

fn named(value: &TypeUse) -> Option<&TypeName> {
    match &value.ty {
        Type::Named(name) => Some(name),
        _ => None,
    }
}

/// The strongly connected components that have a cycle, by type (Kosaraju, without recursion: contracts nest deeper than
/// a stack).
fn components<'c>(
    types: &'c IndexMap<TypeName, TypeDef>,
    same: &Same<'_>,
    edges: impl Fn(&'c TypeDef) -> Vec<&'c TypeName>,
) -> HashMap<&'c TypeName, usize> {
    let forward: Vec<Vec<usize>> = types
        .values()
        .map(|def| {
            edges(def)
                .into_iter()
                .filter_map(|name| types.get_index_of(defined(same, name)))
                .collect()
        })
        .collect();
    let mut backward = vec![Vec::new(); types.len()];
    for (from, targets) in forward.iter().enumerate() {
        for &to in targets {
            backward[to].push(from);
        }
    }
    let mut order = Vec::with_capacity(types.len());
    let mut seen = HashSet::new();
    for start in 0..types.len() {
        visit(start, &forward, &mut seen, &mut order);
    }
    let mut components = HashMap::new();
    let mut seen = HashSet::new();
    for (number, &start) in order.iter().rev().enumerate() {
        let mut members = Vec::new();
        visit(start, &backward, &mut seen, &mut members);
        if members.len() > 1 || members.first().is_some_and(|&only| forward[only].contains(&only)) {
            for member in members {
                components.extend(types.get_index(member).map(|(name, _)| (name, number)));
            }
        }
    }
    components
}

/// Adds what can be reached from `start` to `order`, each after what it leads to.
fn visit(start: usize, edges: &[Vec<usize>], seen: &mut HashSet<usize>, order: &mut Vec<usize>) {
    if !seen.insert(start) {
        return;
    }
    let mut stack = vec![(start, 0)];
    while let Some((node, next)) = stack.pop() {
        match edges[node].get(next) {
            Some(&target) => {
                stack.push((node, next + 1));
                if seen.insert(target) {
                    stack.push((target, 0));
                }
            }
            None => order.push(node),
        }
    }
}

/// Every type that the given ones lead to, themselves included, by value or not.
pub(crate) fn reachable<'c>(
    types: &'c IndexMap<TypeName, TypeDef>,
    roots: impl IntoIterator<Item = &'c TypeUse>,
) -> HashSet<&'c TypeName> {
    let mut reached = HashSet::new();
    let mut open: Vec<&TypeName> = roots.into_iter().flat_map(TypeUse::names).collect();
    while let Some(name) = open.pop() {
        if let Some((name, def)) = types.get_key_value(name)
            && reached.insert(name)
        {
            open.extend(def.names());
        }
    }
    reached
}
