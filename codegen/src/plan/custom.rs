//! What is decided by hand, matched with the contract: which type each decision is about, and what is wrong with it.

use std::collections::{BTreeMap, HashMap};

use tieline_contract::model::{Contract, EnumConstant, Operation, TypeDef, TypeKind, TypeName};
use tieline_contract::nearest::nearest;
use tieline_contract::problem::{Problem, Problems};

use super::name::{self, Case};
use super::select::matches;
use super::types::readable;
use crate::diagnostics;
use crate::options::{Numbers, Options, TimeLibrary, TypeOptions};

/// The decisions about a contract.
#[derive(Debug, Default)]
pub(crate) struct Custom<'c> {
    types: HashMap<&'c TypeName, TypeOptions>,
    operations: HashMap<String, String>,
    pub(crate) numbers: Numbers,
    pub(crate) times: TimeLibrary,
}

impl<'c> Custom<'c> {
    /// Matches decisions with what they are about. Those about nothing are problems.
    pub(crate) fn of(contract: &'c Contract, options: &Options, problems: &mut Problems) -> Self {
        let mut custom = Self {
            numbers: options.numbers,
            times: options.times,
            ..Self::default()
        };
        let mut judge = Judge { options, problems };
        // Patterns first, so that what is said of one type counts.
        let (patterns, exact): (Vec<_>, Vec<_>) = options
            .types
            .iter()
            .partition(|(selector, _)| selector.contains('*'));
        for (selector, decided) in patterns.into_iter().chain(exact) {
            custom.one(contract, selector, decided, &mut judge);
        }
        custom.decide_inputs(contract);
        custom.refuse_twins(&mut judge);
        let ids: Vec<&str> = all_operations(contract)
            .map(|operation| operation.id.as_str())
            .collect();
        for (id, name) in &options.operations {
            let path = ["rename", id];
            if !ids.contains(&id.as_str()) {
                judge.unknown(&path, "operation", id, ids.iter().copied());
            } else if judge.is_name(&path, name) {
                custom.operations.insert(id.clone(), name.clone());
            }
        }
        for (id, _) in &options.pagination {
            if !ids.contains(&id.as_str()) {
                judge.unknown(&["pagination", id], "operation", id, ids.iter().copied());
            }
        }
        for (id, _) in &options.bulk {
            if !ids.contains(&id.as_str()) {
                judge.unknown(&["bulk", id], "operation", id, ids.iter().copied());
            }
        }
        custom
    }

    /// The decisions about a type.
    pub(crate) fn about(&self, name: &TypeName) -> Option<&TypeOptions> {
        self.types.get(name)
    }

    /// The Rust name of an operation.
    pub(crate) fn operation(&self, id: &str) -> Option<&str> {
        self.operations.get(id).map(String::as_str)
    }

    /// The type that stands in the place of another, as it is written.
    pub(crate) fn foreign(&self) -> HashMap<&'c TypeName, String> {
        let replaced = self.types.iter().filter_map(|(name, decided)| {
            let path = decided.replace.as_ref()?;
            let written = if decided.serde {
                format!("::tieline::generated::v1::Serde<{path}>")
            } else {
                path.clone()
            };
            Some((*name, written))
        });
        replaced.collect()
    }

    fn one(&mut self, contract: &'c Contract, selector: &str, decided: &TypeOptions, judge: &mut Judge<'_>) {
        let is_pattern = selector.contains('*');
        let named = |name: &TypeName| {
            let rust = name::plain(Case::Type, &readable(&name.0));
            if is_pattern {
                matches(selector, &name.0, false) || matches(selector, &rust, false)
            } else {
                name.0 == selector
            }
        };
        let mut found: Vec<(&TypeName, &TypeDef)> =
            contract.types.iter().filter(|(name, _)| named(name)).collect();
        if found.is_empty() && !is_pattern {
            let rust = |name: &TypeName| name::plain(Case::Type, &readable(&name.0));
            found = contract
                .types
                .iter()
                .filter(|(name, _)| rust(name) == selector)
                .collect();
        }
        if found.is_empty() {
            let known = contract.types.keys().map(|name| name.0.as_str());
            judge.unknown(&["types", selector], "type", selector, known);
            return;
        }
        if found.len() > 1 && (decided.rename.is_some() || decided.replace.is_some()) {
            let key = if decided.rename.is_some() {
                "rename"
            } else {
                "path"
            };
            let about = format!(
                "`{selector}` matches {} types, which cannot have one name",
                found.len()
            );
            judge.sound(false, &["types", selector, key], || about);
            return;
        }
        let mut sound = judge.decisions(selector, decided);
        if let ([(_, def)], false) = (&found[..], is_pattern) {
            sound &= judge.parts(selector, def, decided);
        }
        for (name, _) in found.into_iter().filter(|_| sound) {
            let before = self.types.remove(name).unwrap_or_default();
            self.types.insert(name, before.and(decided));
        }
    }

    /// What is decided about a type holds for the form that it has in requests only, unless that is decided about by itself.
    fn decide_inputs(&mut self, contract: &'c Contract) {
        let place = |def: &TypeDef| {
            (
                def.origin.file.clone(),
                def.origin.line,
                def.origin.pointer.clone(),
            )
        };
        for (name, def) in &contract.types {
            let Some((base, form @ ("input" | "request input" | "request form"))) = name.0.rsplit_once('.')
            else {
                continue;
            };
            let base = TypeName(base.to_owned());
            // Two forms of one schema, and not a property that is called so.
            let is_form = contract
                .types
                .get(&base)
                .is_some_and(|of| place(of) == place(def));
            let Some(decided) = self.types.get(&base).filter(|_| is_form) else {
                continue;
            };
            let mut decided = decided.clone();
            decided.rename = decided
                .rename
                .map(|rename| rename + &name::plain(Case::Type, form));
            let own = self.types.remove(name).unwrap_or_default();
            self.types.insert(name, decided.and(&own));
        }
    }

    /// Two types cannot be given one name.
    fn refuse_twins(&mut self, judge: &mut Judge<'_>) {
        let mut taken: BTreeMap<&str, &str> = BTreeMap::new();
        let mut renamed: Vec<(&str, &str)> = self
            .types
            .iter()
            .filter_map(|(name, decided)| Some((name.0.as_str(), decided.rename.as_deref()?)))
            .collect();
        renamed.sort_unstable();
        for (name, rust) in renamed {
            if let Some(first) = taken.insert(rust, name) {
                judge.sound(false, &["types", name, "rename"], || {
                    format!("`{first}` and `{name}` are both to be called `{rust}`")
                });
            }
        }
    }
}

/// What a service offers and what it sends.
fn all_operations(contract: &Contract) -> impl Iterator<Item = &Operation> {
    let callbacks = contract
        .operations()
        .flat_map(|operation| &operation.callbacks)
        .flat_map(|callback| &callback.operations);
    contract.operations().chain(&contract.webhooks).chain(callbacks)
}

/// The Rust names of a scope: those that were decided, and for the others what [`name::assign`] gives.
pub(crate) fn assign<S: AsRef<str>>(
    case: Case,
    texts: &[S],
    taken: &[&str],
    decided: impl Fn(&str) -> Option<String>,
) -> Vec<String> {
    let decided: Vec<Option<String>> = texts.iter().map(|text| decided(text.as_ref())).collect();
    if decided.iter().all(Option::is_none) {
        return name::assign(case, texts, taken);
    }
    let given = decided.iter().flatten().map(String::as_str);
    let taken: Vec<&str> = taken.iter().copied().chain(given).collect();
    let open: Vec<&str> = texts
        .iter()
        .zip(&decided)
        .filter(|(_, decided)| decided.is_none())
        .map(|(text, _)| text.as_ref())
        .collect();
    let mut made = name::assign(case, &open, &taken).into_iter();
    decided
        .into_iter()
        .map(|decided| decided.or_else(|| made.next()).unwrap_or_default())
        .collect()
}

/// A constant as it is written.
pub(crate) fn text_of(constant: &EnumConstant) -> String {
    match constant {
        EnumConstant::Text(text) => text.clone(),
        EnumConstant::Integer(number) => number.to_string(),
    }
}

/// Judges options, each by the path of keys that leads to it.
struct Judge<'o> {
    options: &'o Options,
    problems: &'o mut Problems,
}

impl Judge<'_> {
    /// What is said of a type, apart from the contract.
    fn decisions(&mut self, selector: &str, decided: &TypeOptions) -> bool {
        let at = |key| ["types", selector, key];
        let mut sound = true;
        if let Some(name) = &decided.rename {
            sound &= self.is_name(&at("rename"), name);
        }
        if let Some(path) = &decided.replace {
            sound &= self.sound(syn::parse_str::<syn::TypePath>(path).is_ok(), &at("path"), || {
                format!("`{path}` is not the path of a type")
            });
        }
        for (nth, path) in decided.derive.iter().enumerate() {
            let at = ["types", selector, "derive", &nth.to_string()];
            sound &= self.sound(syn::parse_str::<syn::Path>(path).is_ok(), &at, || {
                format!("`{path}` is not the path of a trait to derive")
            });
        }
        for (nth, text) in decided.attributes.iter().enumerate() {
            let at = ["types", selector, "attributes", &nth.to_string()];
            sound &= self.sound(is_attribute(text), &at, || {
                format!("`{text}` is not an attribute, as `#[…]`")
            });
        }
        for (key, names) in [("fields", &decided.fields), ("variants", &decided.variants)] {
            for (of, name) in names {
                sound &= self.is_name(&["types", selector, key, of], name);
            }
        }
        sound
    }

    /// Whether the properties and constants that are given names are there.
    fn parts(&mut self, selector: &str, def: &TypeDef, decided: &TypeOptions) -> bool {
        let (fields, variants): (Vec<&str>, Vec<String>) = match &def.kind {
            TypeKind::Struct(one) => (
                one.fields.iter().map(|field| field.name.as_str()).collect(),
                Vec::new(),
            ),
            TypeKind::Enum(one) => (
                Vec::new(),
                one.values.iter().map(|value| text_of(&value.constant)).collect(),
            ),
            TypeKind::Union(one) => (
                Vec::new(),
                one.variants.iter().map(|variant| variant.name.clone()).collect(),
            ),
            TypeKind::Alias(_) => (Vec::new(), Vec::new()),
        };
        let variants: Vec<&str> = variants.iter().map(String::as_str).collect();
        let mut sound = true;
        for (key, what, names, known) in [
            ("fields", "property", &decided.fields, &fields),
            ("variants", "value", &decided.variants, &variants),
        ] {
            for name in names.keys().filter(|name| !known.contains(&name.as_str())) {
                let what = format!("{what} of `{selector}`,");
                self.unknown(
                    &["types", selector, key, name],
                    &what,
                    name,
                    known.iter().copied(),
                );
                sound = false;
            }
        }
        sound
    }

    fn is_name(&mut self, path: &[&str], name: &str) -> bool {
        let plain = name.strip_prefix("r#").unwrap_or(name);
        let is_name = syn::parse_str::<syn::Ident>(plain).is_ok() || name::is_keyword(plain);
        let is_name = is_name && !matches!(plain, "self" | "Self" | "super" | "crate" | "_");
        self.sound(is_name, path, || format!("`{name}` is not a Rust name"))
    }

    fn unknown<'k>(&mut self, path: &[&str], what: &str, wrong: &str, known: impl Iterator<Item = &'k str>) {
        let problem = Problem::new(&diagnostics::NAMES_NOTHING, self.options.place(path));
        let problem = problem.about(format!("the {what} `{wrong}`"));
        self.problems.push(match nearest(wrong, known) {
            Some(near) => problem.help(format!("did you mean `{near}`?")),
            None => problem,
        });
    }

    /// Complains of an option that is not sound.
    fn sound(&mut self, sound: bool, path: &[&str], about: impl FnOnce() -> String) -> bool {
        if !sound {
            let problem = Problem::new(&diagnostics::BAD_OPTION, self.options.place(path));
            self.problems.push(problem.about(about()));
        }
        sound
    }
}

fn is_attribute(text: &str) -> bool {
    use syn::parse::Parser as _;
    let parsed = syn::Attribute::parse_outer.parse_str(text);
    parsed.is_ok_and(|attributes| !attributes.is_empty())
}
