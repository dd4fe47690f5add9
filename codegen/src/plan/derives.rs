//! Derives and attributes that were asked for: on which types they stand.
//!
//! What is derived of std compares or hashes every part of a value, so it is derived for the types within, too; where a
//! part cannot have it, the derive is left out and told of.

use std::collections::HashMap;

use indexmap::IndexMap;
use tieline_contract::model::{Additional, Scalar, Type, TypeDef, TypeKind, TypeName, TypeUse};
use tieline_contract::problem::Problems;

use super::custom::Custom;
use crate::diagnostics;

/// Every generated type has these by its table.
const ALWAYS: [&str; 5] = ["Clone", "Debug", "PartialEq", "Serialize", "Deserialize"];

/// Those of std that look at every part.
const DEEP: [&str; 4] = ["Eq", "Hash", "PartialOrd", "Ord"];

/// What stands before each type, by its name.
pub(crate) type Attributes<'c> = HashMap<&'c TypeName, Vec<String>>;

/// Decides them.
pub(crate) fn plan<'c>(
    types: &'c IndexMap<TypeName, TypeDef>,
    custom: &Custom<'c>,
    problems: &mut Problems,
) -> Attributes<'c> {
    let mut derives: IndexMap<&TypeName, Vec<String>> = IndexMap::new();
    let mut attributes = Attributes::new();
    for (name, def) in types {
        let Some(decided) = custom.about(name).filter(|decided| decided.replace.is_none()) else {
            continue;
        };
        for path in &decided.derive {
            let last = path.rsplit("::").next().unwrap_or(path);
            if ALWAYS.contains(&last) {
                continue;
            }
            if !DEEP.contains(&path.as_str()) {
                add(&mut derives, name, path);
                continue;
            }
            let mut within = Vec::new();
            match reach(types, custom, name, path, &mut within) {
                Ok(()) => within.into_iter().for_each(|name| add(&mut derives, name, path)),
                Err(why) => problems.push(
                    diagnostics::at(&diagnostics::CANNOT_DERIVE, &def.origin)
                        .about(format!("`{path}` for `{name}`: {why}")),
                ),
            }
        }
        attributes.insert(name, decided.attributes.clone());
    }
    for (name, derives) in derives {
        let derive = format!("#[derive({})]", derives.join(", "));
        attributes.entry(name).or_default().insert(0, derive);
    }
    attributes.retain(|_, attributes| !attributes.is_empty());
    attributes
}

fn add<'c>(derives: &mut IndexMap<&'c TypeName, Vec<String>>, name: &'c TypeName, path: &str) {
    let known = derives.entry(name).or_default();
    if !known.iter().any(|other| other == path) {
        known.push(path.to_owned());
    }
}

/// The types that need the derive when one has it. `Err`: which part cannot have it.
fn reach<'c>(
    types: &'c IndexMap<TypeName, TypeDef>,
    custom: &Custom<'_>,
    name: &TypeName,
    derive: &str,
    within: &mut Vec<&'c TypeName>,
) -> Result<(), String> {
    let Some((name, def)) = types.get_key_value(name) else {
        return Ok(());
    };
    if within.contains(&name)
        || custom
            .about(name)
            .is_some_and(|decided| decided.replace.is_some())
    {
        return Ok(());
    }
    let has_already = match &def.kind {
        TypeKind::Enum(_) => matches!(derive, "Eq" | "Hash"),
        TypeKind::Alias(target) => matches!(derive, "Eq" | "Hash") && is_key(types, target, 0),
        _ => false,
    };
    if has_already {
        return Ok(());
    }
    let ordered = matches!(derive, "PartialOrd" | "Ord");
    within.push(name);
    match &def.kind {
        TypeKind::Enum(_) => Ok(()),
        TypeKind::Alias(target) => part(types, custom, target, derive, within),
        TypeKind::Struct(_) if ordered => Err(format!(
            "`{name}` keeps properties that the contract does not name, which have no order"
        )),
        TypeKind::Union(_) if ordered => Err(format!(
            "`{name}` keeps alternatives that the contract does not name, which have no order"
        )),
        TypeKind::Struct(one) => {
            for field in &one.fields {
                part(types, custom, &field.value, derive, within).map_err(|why| {
                    if why.contains('`') {
                        why
                    } else {
                        format!("`{}` is {why}", field.name)
                    }
                })?;
            }
            match &one.additional {
                Additional::Typed(value) => part(types, custom, value, derive, within),
                _ => Ok(()),
            }
        }
        TypeKind::Union(union) => union
            .variants
            .iter()
            .try_for_each(|variant| part(types, custom, &variant.value, derive, within)),
    }
}

fn part<'c>(
    types: &'c IndexMap<TypeName, TypeDef>,
    custom: &Custom<'_>,
    value: &TypeUse,
    derive: &str,
    within: &mut Vec<&'c TypeName>,
) -> Result<(), String> {
    let ordered = matches!(derive, "PartialOrd" | "Ord");
    match &value.ty {
        Type::Scalar(Scalar::F32 | Scalar::F64 | Scalar::Number) if derive != "PartialOrd" => {
            Err("a floating point number".to_owned())
        }
        Type::Scalar(Scalar::File) if ordered => Err("a file".to_owned()),
        Type::Json if ordered => Err("any JSON value".to_owned()),
        Type::Scalar(_) | Type::Json => Ok(()),
        Type::List(inner) | Type::Map(inner) => part(types, custom, inner, derive, within),
        Type::Named(name) => reach(types, custom, name, derive, within),
    }
}

/// Whether a newtype of it is compared exactly and hashed in any case, as [`super::types`] decides.
fn is_key(types: &IndexMap<TypeName, TypeDef>, value: &TypeUse, depth: usize) -> bool {
    match &value.ty {
        Type::Scalar(scalar) => !matches!(scalar, Scalar::F32 | Scalar::F64 | Scalar::Number),
        Type::Named(name) => match types.get(name).map(|def| &def.kind) {
            Some(TypeKind::Enum(_)) => true,
            Some(TypeKind::Alias(target)) if depth < 16 => is_key(types, target, depth + 1),
            _ => false,
        },
        _ => false,
    }
}
