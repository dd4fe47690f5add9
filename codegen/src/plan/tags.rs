//! Parts by tag: operations that are tagged alike stand together, with the types that only they reach.
//!
//! ```text
//! tags of the chosen operations -> a group for each set of tags -> operations and types, sorted by group -> a part each
//! ```
//!
//! In a crate a part stands behind features of the names of its tags. What no tag owns is always there: operations without
//! tags, types that several parts reach, and types that no operation reaches.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::ops::Range;

use tieline_contract::model::{Contract, Operation, TypeName, TypeUse};

use super::name::{self, Case};
use super::operations::OperationPlan;
use super::ty::Names;
use super::types::TypePlan;
use super::{Form, Settings};

/// Operations of the same tags.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct TagPlan {
    /// Its module.
    pub(crate) module: String,
    /// The constant that says where its operations begin in the contract's list.
    pub(crate) first: String,
    /// What its operations are tagged, in the words of the contract.
    pub(crate) tags: Vec<String>,
    /// In a crate the features that bring it, any of them; elsewhere none.
    pub(crate) features: Vec<String>,
    /// Its operations among those of the module.
    pub(crate) operations: Range<usize>,
    /// Its types among those of the module.
    pub(crate) types: Range<usize>,
}

/// Features that every generated crate has, and names that cargo would take otherwise.
const TAKEN: &[&str] = &[
    "blocking", "client", "default", "gateway", "mock", "server", "tieline",
];

/// The longest name of a module, and so of its folder.
const LONGEST: usize = 60;

/// The groups that the chosen operations fall into; the first is that of all that stands in no part.
#[derive(Debug, Default)]
pub(crate) struct Groups<'c> {
    /// The tags of each group behind the first.
    tags: Vec<Vec<&'c str>>,
    /// The group of each operation, by its id; others are in the first.
    of: HashMap<&'c str, usize>,
}

impl<'c> Groups<'c> {
    /// Those of the operations, when they are to be split.
    pub(crate) fn of(chosen: &[&'c Operation], split: bool) -> Self {
        let mut groups = Self::default();
        let mut known: BTreeMap<BTreeSet<&str>, usize> = BTreeMap::new();
        for operation in chosen
            .iter()
            .filter(|operation| split && !operation.tags.is_empty())
        {
            let set: BTreeSet<&str> = operation.tags.iter().map(String::as_str).collect();
            let group = *known.entry(set).or_insert_with_key(|set| {
                groups.tags.push(set.iter().copied().collect());
                groups.tags.len()
            });
            groups.of.insert(&operation.id, group);
        }
        groups
    }

    /// Names that no operation can have.
    pub(crate) fn taken(&self) -> &'static [&'static str] {
        if self.tags.is_empty() {
            &[]
        } else {
            &["by_tag", "schemas"]
        }
    }

    /// The group of an operation.
    pub(crate) fn group(&self, id: &str) -> usize {
        self.of.get(id).copied().unwrap_or_default()
    }

    /// Sorts operations and types by their groups, and makes a part of each group that has operations. `sent` are those
    /// operations whose modules are always there.
    pub(crate) fn settle(
        &self,
        contract: &'c Contract,
        (chosen, sent): (&[&'c Operation], &[&'c Operation]),
        names: &Names<'c>,
        settings: &Settings<'_>,
        (types, operations): (&mut [TypePlan], &mut [OperationPlan]),
    ) -> Vec<TagPlan> {
        if self.tags.is_empty() {
            return Vec::new();
        }
        let owners = self.owners(contract, chosen, sent, names);
        let owner = |ty: &TypePlan| owners.get(ty.wire.as_str()).copied().unwrap_or_default();
        types.sort_by_key(owner);
        operations.sort_by_key(|operation| self.group(&operation.id));
        let modules = self.modules();
        let firsts = name::assign(Case::Static, &modules, &[]);
        let features = self.features(settings);
        let mut parts = Vec::new();
        for (at, tags) in self.tags.iter().enumerate() {
            let group = at + 1;
            let operations_of = |operation: &OperationPlan| self.group(&operation.id);
            let own = range(operations, operations_of, group);
            for (index, operation) in operations[own.clone()].iter_mut().enumerate() {
                operation.index = index;
            }
            parts.push(TagPlan {
                module: modules[at].clone(),
                first: firsts[at].clone(),
                tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
                features: tags.iter().filter_map(|tag| features.get(tag).cloned()).collect(),
                operations: own,
                types: range(types, owner, group),
            });
        }
        parts
    }

    /// The module of each group.
    fn modules(&self) -> Vec<String> {
        let texts: Vec<String> = self.tags.iter().map(|tags| tags.join(" and ")).collect();
        let names = name::assign(Case::Field, &texts, &[]).into_iter().enumerate();
        // rustc finds no file for a module whose name is not ASCII, and systems none for a very long one.
        let plain = |(at, name): (usize, String)| {
            if name.is_ascii() && name.len() <= LONGEST {
                name
            } else {
                format!("part_{}_", at + 1)
            }
        };
        names.map(plain).collect()
    }

    /// The feature of each tag; a crate of several contracts has them by contract. None where there is no crate.
    fn features(&self, settings: &Settings<'_>) -> HashMap<&'c str, String> {
        if settings.form != Form::Crate {
            return HashMap::new();
        }
        let tags: BTreeSet<&str> = self.tags.iter().flatten().copied().collect();
        let mut used: HashSet<String> = TAKEN.iter().map(|&name| name.to_owned()).collect();
        let mut feature = |tag: &str| {
            let text = settings
                .prefix
                .map_or_else(|| tag.to_owned(), |prefix| format!("{prefix} {tag}"));
            let name = name::plain(Case::Field, &text);
            let name = name.trim_end_matches('_').replace('_', "-");
            let numbered = (2..).map(|number| format!("{name}-{number}"));
            let mut names = [name.clone(), format!("tag-{name}")].into_iter().chain(numbered);
            // The numbers never end, so one of the names is free.
            names.find(|name| used.insert(name.clone())).unwrap_or(name)
        };
        tags.into_iter().map(|tag| (tag, feature(tag))).collect()
    }

    /// The group of each type, by its name in the contract: that of the operations that reach it, if they are all of one.
    fn owners(
        &self,
        contract: &'c Contract,
        chosen: &[&'c Operation],
        sent: &[&'c Operation],
        names: &Names<'c>,
    ) -> HashMap<&'c str, usize> {
        let mut reached = Reached {
            contract,
            names,
            groups: HashMap::new(),
        };
        for operation in chosen {
            reached.from(
                self.group(&operation.id),
                operation.uses().flat_map(TypeUse::names),
            );
        }
        let callbacks = chosen.iter().flat_map(|operation| &operation.callbacks);
        let callbacks = callbacks.flat_map(|callback| &callback.operations);
        for operation in sent.iter().copied().chain(callbacks) {
            reached.from(0, operation.uses().flat_map(TypeUse::names));
        }
        let others: Vec<&TypeName> = contract.types.keys().collect();
        let others = others
            .into_iter()
            .filter(|name| !reached.groups.contains_key(name.0.as_str()));
        let others: Vec<&TypeName> = others.collect();
        reached.from(0, others.into_iter());
        reached.groups
    }
}

/// Which group reaches which types.
struct Reached<'r, 'c> {
    contract: &'c Contract,
    names: &'r Names<'c>,
    /// By a type's name; the first group where several do.
    groups: HashMap<&'c str, usize>,
}

impl<'c> Reached<'_, 'c> {
    /// Notes what a group reaches from these types.
    fn from(&mut self, group: usize, names: impl Iterator<Item = &'c TypeName>) {
        let mut open: Vec<(&TypeName, usize)> = names.map(|name| (name, group)).collect();
        while let Some((name, group)) = open.pop() {
            let Some((name, def)) = self.contract.types.get_key_value(name) else {
                continue;
            };
            let now = match self.groups.get(name.0.as_str()) {
                None => group,
                // Known to be reached so.
                Some(known) if *known == group || *known == 0 => continue,
                Some(_) => 0,
            };
            self.groups.insert(&name.0, now);
            let first = self.names.same.get(name).copied();
            open.extend(def.names().into_iter().chain(first).map(|name| (name, now)));
        }
    }
}

/// Where the items of a group stand among those that are sorted by group.
fn range<T>(items: &[T], group_of: impl Fn(&T) -> usize, group: usize) -> Range<usize> {
    items.partition_point(|item| group_of(item) < group)
        ..items.partition_point(|item| group_of(item) <= group)
}
