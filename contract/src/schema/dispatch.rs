//! How a reader tells a union's alternatives apart, decided once, here.
//!
//! In order: the discriminator, the kind of JSON value, a property whose constants differ, a property that one
//! alternative alone has and requires; trial decoding only when nothing separates them.

use std::collections::{BTreeSet, HashSet};

use indexmap::{IndexMap, IndexSet};

use crate::model::{
    Additional, Dispatch, EnumConstant, Field, JsonKind, Scalar, Struct, Type, TypeDef, TypeKind, TypeName,
    TypeUse, Union,
};

use super::unions::Discriminator;

type TypeMap = IndexMap<TypeName, TypeDef>;

/// How far aliases and unions within unions are followed.
const FAR: usize = 16;

/// Decides.
pub(super) fn decide(types: &TypeMap, union: &Union, discriminator: Option<&Discriminator>) -> Dispatch {
    if let Some(tag) = discriminator.and_then(|said| by_discriminator(types, union, said)) {
        return tag;
    }
    let Some(kinds) = all_kinds(types, union) else {
        return Dispatch::Trial;
    };
    let everyone: Vec<usize> = (0..union.variants.len()).collect();
    if disjoint(&kinds, &everyone) {
        return Dispatch::Kind(pairs(&kinds, &everyone));
    }
    let only_objects = |at: &usize| kinds[*at].iter().all(|kind| *kind == JsonKind::Object);
    let (objects, others): (Vec<usize>, Vec<usize>) = everyone.iter().partition(|at| only_objects(at));
    let inner = among_objects(types, union, &objects);
    if others.is_empty() {
        return inner;
    }
    let objects_stand_apart = others.iter().all(|at| !kinds[*at].contains(&JsonKind::Object));
    if inner != Dispatch::Trial && objects_stand_apart && disjoint(&kinds, &others) {
        return Dispatch::KindThen {
            kinds: pairs(&kinds, &others),
            objects: Box::new(inner),
        };
    }
    Dispatch::Trial
}

/// Whether a value that is read as one alternative can be no other: their kinds or constants exclude each other. A
/// discriminator decides as well, though JSON Schema knows nothing of it: its value says what is meant.
pub(super) fn decides(dispatch: &Dispatch) -> bool {
    match dispatch {
        Dispatch::Kind(_) | Dispatch::Tag { .. } => true,
        Dispatch::KindThen { objects, .. } => decides(objects),
        Dispatch::Or { known, .. } => decides(known),
        Dispatch::Property { .. } | Dispatch::Trial => false,
    }
}

/// The mapping first, then the constants that an alternative gives the property itself, then its schema's name.
fn by_discriminator(types: &TypeMap, union: &Union, said: &Discriminator) -> Option<Dispatch> {
    let mut values = said.values.clone();
    for (at, variant) in union.variants.iter().enumerate() {
        let structs = structs_of(types, &variant.value)?;
        if values.iter().any(|(_, mapped)| *mapped == at) {
            continue;
        }
        let own: Vec<String> = structs
            .iter()
            .filter_map(|one| constants(types, one, &said.property))
            .flatten()
            .collect();
        let implicit = said.implicit.get(at).cloned().flatten();
        let tags = match implicit {
            _ if !own.is_empty() => own,
            Some(implicit) => vec![implicit],
            // It is what is not tagged.
            None if said.default == Some(at) => Vec::new(),
            None => return None,
        };
        values.extend(tags.into_iter().map(|tag| (tag, at)));
    }
    let mut seen = HashSet::new();
    let clear = values.iter().all(|(tag, _)| seen.insert(tag));
    let tag = clear.then(|| Dispatch::Tag {
        property: said.property.clone(),
        values,
    })?;
    Some(match said.default {
        Some(otherwise) => Dispatch::Or {
            known: Box::new(tag),
            otherwise,
        },
        None => tag,
    })
}

fn among_objects(types: &TypeMap, union: &Union, objects: &[usize]) -> Dispatch {
    if let [one] = objects {
        return Dispatch::Kind(vec![(JsonKind::Object, *one)]);
    }
    let structs: Option<Vec<(usize, Vec<&Struct>)>> = objects
        .iter()
        .map(|at| Some((*at, structs_of(types, &union.variants[*at].value)?)))
        .collect();
    structs
        .and_then(|structs| by_constants(types, &structs).or_else(|| by_property(&structs)))
        .unwrap_or(Dispatch::Trial)
}

/// A property that all require, with constants that differ.
fn by_constants(types: &TypeMap, structs: &[(usize, Vec<&Struct>)]) -> Option<Dispatch> {
    let candidates = structs.first()?.1.first()?.fields.iter().map(|field| &field.name);
    candidates.into_iter().find_map(|property| {
        let mut values = Vec::new();
        for (at, alternatives) in structs {
            let mut own = BTreeSet::new();
            for one in alternatives {
                let required = one
                    .fields
                    .iter()
                    .any(|field| field.required && field.name == *property);
                own.extend(constants(types, one, property).filter(|_| required)?);
            }
            values.extend(own.into_iter().map(|tag| (tag, *at)));
        }
        let mut seen = HashSet::new();
        let differ = values.iter().all(|(tag, _)| seen.insert(tag.clone()));
        differ.then(|| Dispatch::Tag {
            property: property.clone(),
            values,
        })
    })
}

/// For all but at most one, a property that it requires and no other has.
fn by_property(structs: &[(usize, Vec<&Struct>)]) -> Option<Dispatch> {
    let open = |one: &&Struct| matches!(one.additional, Additional::Typed(_));
    let mut properties = Vec::new();
    let mut otherwise = None;
    for (at, alternatives) in structs {
        let others = || {
            structs
                .iter()
                .filter(|(other, _)| other != at)
                .flat_map(|(_, others)| others)
        };
        let own = |field: &&Field| {
            let always = alternatives.iter().all(|one| {
                one.fields
                    .iter()
                    .any(|known| known.name == field.name && known.required)
            });
            let elsewhere = others()
                .any(|other| open(other) || other.fields.iter().any(|known| known.name == field.name));
            always && !elsewhere
        };
        match alternatives.first()?.fields.iter().find(own) {
            Some(field) => properties.push((field.name.clone(), *at)),
            None if otherwise.is_none() => otherwise = Some(*at),
            None => return None,
        }
    }
    (!properties.is_empty()).then_some(Dispatch::Property {
        properties,
        otherwise,
    })
}

/// The constants of a struct's property, integers in decimal digits.
fn constants(types: &TypeMap, one: &Struct, property: &str) -> Option<Vec<String>> {
    let field = one.fields.iter().find(|field| field.name == property)?;
    let mut ty = &field.value.ty;
    for _ in 0..FAR {
        let Type::Named(name) = ty else { return None };
        match &types.get(name)?.kind {
            TypeKind::Alias(next) => ty = &next.ty,
            TypeKind::Enum(values) => {
                let texts = values.values.iter().map(|value| match &value.constant {
                    EnumConstant::Text(text) => text.clone(),
                    EnumConstant::Integer(number) => number.to_string(),
                });
                return Some(texts.collect());
            }
            _ => return None,
        }
    }
    None
}

/// The structs that a type can be; `None` when it can be something else.
fn structs_of<'t>(types: &'t TypeMap, value: &'t TypeUse) -> Option<Vec<&'t Struct>> {
    let mut leaves = Leaves::default();
    leaves.collect(types, value, FAR);
    (!leaves.others && leaves.kinds.is_empty()).then_some(leaves.structs)
}

fn all_kinds(types: &TypeMap, union: &Union) -> Option<Vec<IndexSet<JsonKind>>> {
    let kinds_of = |value| {
        let mut leaves = Leaves::default();
        leaves.collect(types, value, FAR);
        let objects = (!leaves.structs.is_empty()).then_some(JsonKind::Object);
        leaves.kinds.extend(objects);
        (!leaves.others).then_some(leaves.kinds)
    };
    union
        .variants
        .iter()
        .map(|variant| kinds_of(&variant.value))
        .collect()
}

/// What a type is in the end, through aliases and unions, each visited once.
#[derive(Default)]
struct Leaves<'t> {
    structs: Vec<&'t Struct>,
    /// Kinds of what is no struct.
    kinds: IndexSet<JsonKind>,
    /// Any JSON value, or more than is followed.
    others: bool,
    seen: HashSet<&'t TypeName>,
}

impl<'t> Leaves<'t> {
    fn collect(&mut self, types: &'t TypeMap, value: &'t TypeUse, far: usize) {
        let name = match &value.ty {
            Type::Named(name) => name,
            Type::Json => {
                self.others = true;
                return;
            }
            ty => {
                self.kinds.extend(kind_of(ty));
                return;
            }
        };
        if !self.seen.insert(name) {
            return;
        }
        let Some(far) = far.checked_sub(1) else {
            self.others = true;
            return;
        };
        match types.get(name).map(|def| &def.kind) {
            None => self.others = true,
            Some(TypeKind::Struct(one)) => self.structs.push(one),
            Some(TypeKind::Alias(next)) => self.collect(types, next, far),
            Some(TypeKind::Union(union)) => {
                for variant in &union.variants {
                    self.collect(types, &variant.value, far);
                }
            }
            Some(TypeKind::Enum(values)) => {
                self.kinds
                    .extend(values.values.iter().map(|value| match value.constant {
                        EnumConstant::Text(_) => JsonKind::String,
                        EnumConstant::Integer(_) => JsonKind::Integer,
                    }));
            }
        }
    }
}

/// The kind of a type that has no name; `None` for any value.
fn kind_of(ty: &Type) -> Option<JsonKind> {
    Some(match ty {
        Type::Named(_) | Type::Json => return None,
        Type::List(_) => JsonKind::Array,
        Type::Map(_) => JsonKind::Object,
        Type::Scalar(scalar) => match scalar {
            Scalar::Bool => JsonKind::Bool,
            Scalar::I32 | Scalar::I64 | Scalar::U32 | Scalar::U64 | Scalar::Integer => JsonKind::Integer,
            Scalar::F32 | Scalar::F64 | Scalar::Number | Scalar::Decimal => JsonKind::Number,
            Scalar::String
            | Scalar::Bytes
            | Scalar::Binary
            | Scalar::File
            | Scalar::DateTime
            | Scalar::Date
            | Scalar::Time
            | Scalar::Duration
            | Scalar::Uuid
            | Scalar::Ipv4
            | Scalar::Ipv6 => JsonKind::String,
        },
    })
}

/// Whether no two of some alternatives share a kind. An integer is a number, too.
fn disjoint(kinds: &[IndexSet<JsonKind>], among: &[usize]) -> bool {
    let mut seen = HashSet::new();
    let widened = |kind: &JsonKind| {
        if *kind == JsonKind::Integer {
            JsonKind::Number
        } else {
            *kind
        }
    };
    among.iter().all(|at| {
        let own: IndexSet<JsonKind> = kinds[*at].iter().map(widened).collect();
        own.into_iter().all(|kind| seen.insert(kind))
    })
}

fn pairs(kinds: &[IndexSet<JsonKind>], among: &[usize]) -> Vec<(JsonKind, usize)> {
    among
        .iter()
        .flat_map(|at| kinds[*at].iter().map(move |kind| (*kind, *at)))
        .collect()
}
