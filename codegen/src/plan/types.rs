//! The named types: what each is in Rust.

use std::collections::HashMap;

use indexmap::IndexMap;
use tieline_contract::model::{
    Additional, Dispatch, Enum, EnumConstant, Field, JsonKind, Matching, Scalar, Struct, Type, TypeDef,
    TypeKind, TypeName, TypeUse, Union,
};

use super::boxes::{self, Boxes, Stage};
use super::custom::{self, Custom};
use super::derives::Attributes;
use super::docs::Docs;
use super::name::{self, Case};
use super::rules::{self, RulePlan};
use super::same::Same;
use super::ty::{Names, RustType};
use crate::options::TypeOptions;

/// A named type.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct TypePlan {
    /// Its Rust name.
    pub(crate) name: String,
    /// Its name in the contract.
    pub(crate) wire: String,
    pub(crate) docs: Docs,
    pub(crate) deprecated: bool,
    /// What stands before it: derives and attributes that were asked for.
    pub(crate) attributes: Vec<String>,
    pub(crate) kind: KindPlan,
}

/// What a named type is.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum KindPlan {
    Record(RecordPlan),
    Enumeration(EnumPlan),
    Union(UnionPlan),
    Newtype(NewtypePlan),
    /// Another name for the type of this Rust name, which is equal.
    Same(String),
}

impl KindPlan {
    /// Its rules, a list for each place.
    pub(crate) fn rule_lists(&self) -> Vec<&[RulePlan]> {
        match self {
            Self::Record(plan) => plan.rule_lists().collect(),
            Self::Enumeration(_) | Self::Same(_) => Vec::new(),
            Self::Union(plan) => {
                let variants = plan.variants.iter().map(|variant| variant.rules.as_slice());
                variants.chain([plan.rules.as_slice()]).collect()
            }
            Self::Newtype(plan) => vec![&plan.rules],
        }
    }
}

/// A struct with named fields and its table.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct RecordPlan {
    /// The name of the static with its table.
    pub(crate) table: String,
    pub(crate) fields: Vec<FieldPlan>,
    /// What becomes of properties that are no fields: `Ignored`, or kept in the last field: `Extra`, `Forbidden`, `Kept`.
    pub(crate) open: &'static str,
    /// What is required of each property that is no field.
    pub(crate) rest: Vec<RulePlan>,
    pub(crate) rules: Vec<RulePlan>,
    /// Whether it can be made of nothing.
    pub(crate) has_default: bool,
}

impl RecordPlan {
    /// Its rules, a list for each place.
    pub(crate) fn rule_lists(&self) -> impl Iterator<Item = &[RulePlan]> {
        let fields = self.fields.iter().map(|field| field.rules.as_slice());
        [self.rest.as_slice(), self.rules.as_slice()]
            .into_iter()
            .chain(fields)
    }
}

/// A field.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct FieldPlan {
    /// Its Rust name.
    pub(crate) name: String,
    /// Its name on the wire. `None`: the map that keeps other properties.
    pub(crate) wire: Option<String>,
    pub(crate) docs: Docs,
    pub(crate) deprecated: bool,
    pub(crate) ty: RustType,
    /// Whether the table says that it must be there.
    pub(crate) required: bool,
    /// How it gets its value in `new`.
    pub(crate) made: Made,
    /// Whether it is given as anything that turns into it.
    pub(crate) converts: bool,
    pub(crate) rules: Vec<RulePlan>,
    /// The name of the method that sets it.
    pub(crate) setter: Option<String>,
}

/// How `new` fills a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Made {
    /// It is given.
    Given,
    /// It is `None`.
    Nothing,
    /// It is empty.
    Empty,
}

/// An enumeration.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct EnumPlan {
    /// Text, or else integers.
    pub(crate) is_text: bool,
    pub(crate) variants: Vec<(String, EnumConstant, Docs)>,
}

/// A union.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct UnionPlan {
    /// The name of the static with its table.
    pub(crate) table: String,
    pub(crate) variants: Vec<VariantPlan>,
    pub(crate) dispatch: Dispatch,
    pub(crate) matching: Matching,
    pub(crate) non_objects: bool,
    pub(crate) rules: Vec<RulePlan>,
}

/// An alternative of a union.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct VariantPlan {
    pub(crate) name: String,
    /// Its name in the contract.
    pub(crate) wire: String,
    pub(crate) docs: Docs,
    pub(crate) ty: RustType,
    /// Whether `From<T>` leads to this alternative alone.
    pub(crate) from: bool,
    pub(crate) rules: Vec<RulePlan>,
}

/// A struct around one value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct NewtypePlan {
    /// The name of the static with its rules.
    pub(crate) table: String,
    pub(crate) rules: Vec<RulePlan>,
    pub(crate) inner: RustType,
    /// Whether it can be compared exactly and hashed.
    pub(crate) is_key: bool,
}

/// The name of the variant that keeps what the contract does not name.
pub(crate) const UNKNOWN: &str = "Unknown";

/// Methods that every record has already.
pub(crate) const TAKEN: &[&str] = &[
    "clone", "default", "eq", "fmt", "from", "into", "ne", "new", "try_into",
];

/// Rust names of all types, in order.
pub(crate) fn names<'c>(
    types: &'c IndexMap<TypeName, TypeDef>,
    custom: &Custom<'c>,
    same: Same<'c>,
) -> Names<'c> {
    let texts: Vec<String> = types.keys().map(|name| readable(&name.0)).collect();
    let decided: HashMap<&str, &String> = (types.keys().zip(&texts))
        .filter_map(|(name, text)| Some((text.as_str(), custom.about(name)?.rename.as_ref()?)))
        .collect();
    let rust = custom::assign(Case::Type, &texts, &[], |text| {
        decided.get(text).map(|name| (*name).clone())
    });
    let rust: IndexMap<&TypeName, String> = types.keys().zip(rust).collect();
    let further = same.iter();
    let further =
        further.filter_map(|(name, first)| Some((rust.get(name)?.clone(), rust.get(first)?.clone())));
    Names {
        types,
        foreign: custom.foreign(),
        numbers: custom.numbers,
        times: custom.times,
        further: further.collect(),
        rust,
        same,
    }
}

/// `listPets.response.200` is `listPets.response`: what comes back as a rule needs no number.
pub(crate) fn readable(name: &str) -> String {
    for usual in ["response.200", "response.2XX", "response.default"] {
        if let Some((before, after)) = name.split_once(usual)
            && before.ends_with('.')
            && (after.is_empty() || after.starts_with('.'))
        {
            return if usual.ends_with("default") {
                format!("{before}response.default{after}")
            } else {
                format!("{before}response{after}")
            };
        }
    }
    name.to_owned()
}

/// The types that `keep` lets through, in order.
pub(crate) fn plan(
    names: &Names<'_>,
    custom: &Custom<'_>,
    attributes: &Attributes<'_>,
    keep: impl Fn(&TypeName) -> bool,
) -> Vec<TypePlan> {
    let boxes = Boxes::find(names.types, &names.same);
    let newtypes: Vec<&str> = (names.types.iter())
        .filter(|(_, def)| matches!(def.kind, TypeKind::Alias(_)))
        .filter_map(|(name, _)| names.rust.get(name).map(String::as_str))
        .collect();
    let texts: Vec<&String> = names.rust.values().collect();
    let tables = name::assign(Case::Static, &texts, &newtypes);
    (names.types.iter().zip(tables))
        .filter(|((name, _), _)| keep(name) && !names.foreign.contains_key(name))
        .filter_map(|((name, def), table)| {
            let rust = names.rust.get(name)?;
            let planner = Planner {
                names,
                boxes: &boxes,
                owner: name,
                table,
                decided: custom.about(name),
            };
            Some(TypePlan {
                name: rust.clone(),
                wire: name.0.clone(),
                docs: Docs::new(def.docs.as_deref(), || {
                    format!("`{}`, as the contract has it.", name.0)
                }),
                deprecated: def.deprecated,
                attributes: attributes.get(name).cloned().unwrap_or_default(),
                kind: match names.same.get(name).and_then(|first| names.rust.get(first)) {
                    Some(first) => KindPlan::Same(first.clone()),
                    None => planner.kind(def),
                },
            })
        })
        .collect()
}

struct Planner<'p, 'c> {
    names: &'p Names<'c>,
    boxes: &'p Boxes<'c>,
    owner: &'p TypeName,
    table: String,
    decided: Option<&'p TypeOptions>,
}

impl Planner<'_, '_> {
    fn kind(self, def: &TypeDef) -> KindPlan {
        match &def.kind {
            TypeKind::Struct(object) => KindPlan::Record(self.record(object, def)),
            TypeKind::Enum(enumeration) => KindPlan::Enumeration(enum_plan(enumeration, self.decided)),
            TypeKind::Union(union) => KindPlan::Union(self.union(union, def)),
            TypeKind::Alias(target) => KindPlan::Newtype(self.newtype(target, def)),
        }
    }

    fn record(self, object: &Struct, def: &TypeDef) -> RecordPlan {
        let mut texts: Vec<&str> = object.fields.iter().map(|field| field.name.as_str()).collect();
        let (open, rest) = match &object.additional {
            Additional::Unspecified => ("Extra", None),
            Additional::Forbidden => ("Forbidden", None),
            Additional::Typed(value) => ("Kept", Some(value)),
        };
        texts.push("additional properties");
        let field_names = custom::assign(Case::Field, &texts, &[], |property| {
            self.decided?.fields.get(property).cloned()
        });
        let mut fields: Vec<FieldPlan> = (object.fields.iter().zip(&field_names))
            .map(|(field, name)| self.field(field, name))
            .collect();
        if let Some(name) = field_names.get(object.fields.len()) {
            fields.push(FieldPlan {
                name: name.clone(),
                wire: None,
                docs: Docs::lines("Properties that the contract does not name."),
                deprecated: false,
                ty: rest.map_or(RustType::Extra, |value| {
                    RustType::Map(Box::new(self.names.part(value)))
                }),
                required: false,
                made: Made::Empty,
                converts: false,
                rules: Vec::new(),
                setter: rest.map(|_| name.clone()),
            });
        }
        name_setters(&mut fields, TAKEN);
        RecordPlan {
            has_default: fields.iter().all(|field| field.made != Made::Given),
            table: self.table,
            fields,
            open,
            rest: rest.map_or_else(Vec::new, |value| rules::of_use(self.names, value)),
            rules: rules::of_list(self.names, &def.rules),
        }
    }

    fn field(&self, field: &Field, name: &str) -> FieldPlan {
        let boxed = self.boxes.boxed(
            self.owner,
            &field.value,
            boxes::stage(field.required, &field.value),
        );
        let endless = field.required && self.boxes.endless(self.owner, &field.value);
        let ty = self.names.field(field.required && !endless, &field.value, boxed);
        FieldPlan {
            name: name.to_owned(),
            docs: Docs::new(field.docs.as_deref(), || {
                format!("The property `{}`.", field.name)
            }),
            deprecated: field.deprecated,
            required: field.required,
            made: if field.required && !endless {
                Made::Given
            } else {
                Made::Nothing
            },
            converts: self.names.converts(field.required, &field.value),
            rules: rules::of_use(self.names, &field.value),
            setter: (!field.required || endless).then(|| name.to_owned()),
            wire: Some(field.name.clone()),
            ty,
        }
    }

    fn union(self, union: &Union, def: &TypeDef) -> UnionPlan {
        let texts: Vec<&str> = union
            .variants
            .iter()
            .map(|variant| variant.name.as_str())
            .collect();
        let variant_names = custom::assign(Case::Variant, &texts, &[UNKNOWN], |variant| {
            self.decided?.variants.get(variant).cloned()
        });
        let tys: Vec<RustType> = (union.variants.iter())
            .map(|variant| {
                let boxed = self.boxes.boxed(self.owner, &variant.value, Stage::Alternative);
                let ty = self.names.whole(&variant.value);
                if boxed { ty.boxed() } else { ty }
            })
            .collect();
        let variants = (union.variants.iter().zip(variant_names).zip(&tys))
            .map(|((variant, name), ty)| VariantPlan {
                name,
                wire: variant.name.clone(),
                docs: Docs::new(variant.docs.as_deref(), || format!("`{}`", variant.name)),
                from: self.is_from(ty, &tys),
                rules: rules::of_use(self.names, &variant.value),
                ty: ty.clone(),
            })
            .collect();
        UnionPlan {
            rules: rules::of_list(self.names, &def.rules),
            table: self.table,
            variants,
            dispatch: union.dispatch.clone(),
            matching: union.matching,
            non_objects: union.non_objects,
        }
    }

    /// Whether `From` can lead from the type to one alternative alone, and not from the union to itself.
    fn is_from(&self, ty: &RustType, all: &[RustType]) -> bool {
        let bare = match ty {
            RustType::Boxed(inner) => inner,
            other => other,
        };
        let is_self = self.names.named(self.owner) == self.names.defined(bare);
        let ty = self.names.defined(ty);
        let twins = all.iter().filter(|other| self.names.defined(other) == ty);
        *bare != RustType::Json && !is_self && twins.count() == 1
    }

    fn newtype(self, target: &TypeUse, def: &TypeDef) -> NewtypePlan {
        let boxed = self.boxes.boxed(self.owner, target, Stage::Required);
        let mut inner = self.names.value(&target.ty);
        if boxed {
            inner = inner.boxed();
        }
        if self.names.adds_null(target) || self.boxes.endless(self.owner, target) {
            inner = inner.nullable();
        }
        let mut rules = rules::of_list(self.names, &def.rules);
        rules.extend(rules::of_use(self.names, target));
        NewtypePlan {
            table: self.table,
            rules,
            is_key: is_key(self.names, target, 0),
            inner,
        }
    }
}

/// Whether values can be hashed: scalars without floats, and names of such.
fn is_key(names: &Names<'_>, value: &TypeUse, depth: usize) -> bool {
    match &value.ty {
        Type::Scalar(scalar) => !matches!(scalar, Scalar::F32 | Scalar::F64 | Scalar::Number),
        Type::Named(name) if names.foreign.contains_key(name) => false,
        Type::Named(name) => match names.def(name).map(|def| &def.kind) {
            Some(TypeKind::Enum(_)) => true,
            Some(TypeKind::Alias(target)) if depth < 16 => is_key(names, target, depth + 1),
            _ => false,
        },
        _ => false,
    }
}

/// Names the setters apart from each other and from `taken`.
pub(crate) fn name_setters(fields: &mut [FieldPlan], taken: &[&str]) {
    for field in fields {
        if let Some(setter) = &mut field.setter
            && taken.contains(&setter.as_str())
        {
            setter.push('_');
        }
    }
}

fn enum_plan(enumeration: &Enum, decided: Option<&TypeOptions>) -> EnumPlan {
    let texts: Vec<String> = (enumeration.values.iter())
        .map(|value| match (&value.name, &value.constant) {
            (Some(name), _) => name.clone(),
            (None, EnumConstant::Text(text)) => text.clone(),
            (None, EnumConstant::Integer(number)) => number.to_string(),
        })
        .collect();
    let decided: HashMap<&str, &String> = (enumeration.values.iter().zip(&texts))
        .filter_map(|(value, text)| {
            let name = decided?.variants.get(&custom::text_of(&value.constant))?;
            Some((text.as_str(), name))
        })
        .collect();
    let names = custom::assign(Case::Variant, &texts, &[UNKNOWN], |text| {
        decided.get(text).map(|name| (*name).clone())
    });
    let variants = (enumeration.values.iter().zip(names))
        .map(|(value, name)| {
            let docs = Docs::new(value.docs.as_deref(), || match &value.constant {
                EnumConstant::Text(text) if is_code(text) => format!("`{text}`"),
                EnumConstant::Text(_) => "A text that says it best itself.".to_owned(),
                EnumConstant::Integer(number) => format!("`{number}`"),
            });
            (name, value.constant.clone(), docs)
        })
        .collect();
    EnumPlan {
        is_text: enumeration
            .values
            .iter()
            .all(|value| matches!(value.constant, EnumConstant::Text(_))),
        variants,
    }
}

/// Whether a text can stand between backticks.
fn is_code(text: &str) -> bool {
    !text.trim().is_empty() && !text.contains(['`', '\n', '\r']) && !text.chars().any(char::is_control)
}

/// The runtime's name of a JSON kind.
pub(crate) const fn json_kind(kind: JsonKind) -> &'static str {
    match kind {
        JsonKind::Bool => "Bool",
        JsonKind::Integer => "Integer",
        JsonKind::Number => "Number",
        JsonKind::String => "String",
        JsonKind::Array => "Array",
        JsonKind::Object => "Object",
    }
}
