//! How a value is written in Rust.

use std::collections::HashMap;

use indexmap::IndexMap;
use tieline_contract::model::{Scalar, Type, TypeDef, TypeKind, TypeName, TypeUse};

use super::same::Same;
use crate::options::{Numbers, TimeLibrary};

/// A Rust type.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum RustType {
    /// `bool`, `i64`, `String`, …
    Scalar(Scalar),
    /// A date, time or duration of a library that is not the runtime's own.
    Timed(TimeLibrary, Scalar),
    /// Any JSON value.
    Json,
    /// A type of the contract, by its Rust name.
    Named(String),
    /// A type of the user's, as it is written.
    Foreign(String),
    /// `Vec<T>`
    Vec(Box<RustType>),
    /// `BTreeMap<String, T>`
    Map(Box<RustType>),
    /// Properties that the contract does not name.
    Extra,
    /// `Option<T>`
    Option(Box<RustType>),
    /// `Nullable<T>`
    Nullable(Box<RustType>),
    /// `Box<T>`
    Boxed(Box<RustType>),
    /// The body of the operation whose module has this name, of one of several types.
    Body(String),
    /// A body of octets.
    Octets,
    /// A body of items.
    Items(Box<RustType>),
    /// A body of server-sent events.
    Events(Box<RustType>),
}

impl RustType {
    pub(crate) fn optional(self) -> Self {
        Self::Option(Box::new(self))
    }

    pub(crate) fn nullable(self) -> Self {
        Self::Nullable(Box::new(self))
    }

    /// Whether it names a type of the contract.
    pub(crate) fn is_named(&self) -> bool {
        match self {
            Self::Named(_) => true,
            Self::Scalar(_)
            | Self::Timed(..)
            | Self::Json
            | Self::Extra
            | Self::Octets
            | Self::Body(_)
            | Self::Foreign(_) => false,
            Self::Vec(inner)
            | Self::Map(inner)
            | Self::Option(inner)
            | Self::Nullable(inner)
            | Self::Boxed(inner)
            | Self::Items(inner)
            | Self::Events(inner) => inner.is_named(),
        }
    }

    pub(crate) fn boxed(self) -> Self {
        Self::Boxed(Box::new(self))
    }
}

/// The types of a contract, and what they are called in Rust.
pub(crate) struct Names<'c> {
    pub(crate) types: &'c IndexMap<TypeName, TypeDef>,
    pub(crate) rust: IndexMap<&'c TypeName, String>,
    /// Types of the user's that stand in the place of the contract's.
    pub(crate) foreign: HashMap<&'c TypeName, String>,
    pub(crate) numbers: Numbers,
    pub(crate) times: TimeLibrary,
    /// Types that are only further names of others.
    pub(crate) same: Same<'c>,
    /// The same by Rust names.
    pub(crate) further: HashMap<String, String>,
}

impl<'c> Names<'c> {
    /// What stands for a type that does not exist, which checking excludes: any JSON.
    pub(crate) fn named(&self, name: &TypeName) -> RustType {
        if let Some(written) = self.foreign.get(name) {
            return RustType::Foreign(written.clone());
        }
        self.rust
            .get(name)
            .map_or(RustType::Json, |name| RustType::Named(name.clone()))
    }

    /// The same type by the name that it is defined by: what is equal in Rust is equal here.
    pub(crate) fn defined(&self, ty: &RustType) -> RustType {
        let inner = |inner: &RustType| Box::new(self.defined(inner));
        match ty {
            RustType::Named(name) => RustType::Named(self.defined_name(name).to_owned()),
            RustType::Vec(item) => RustType::Vec(inner(item)),
            RustType::Map(value) => RustType::Map(inner(value)),
            RustType::Option(value) => RustType::Option(inner(value)),
            RustType::Nullable(value) => RustType::Nullable(inner(value)),
            RustType::Boxed(value) => RustType::Boxed(inner(value)),
            RustType::Items(item) => RustType::Items(inner(item)),
            RustType::Events(data) => RustType::Events(inner(data)),
            RustType::Scalar(_)
            | RustType::Timed(..)
            | RustType::Json
            | RustType::Extra
            | RustType::Octets
            | RustType::Body(_)
            | RustType::Foreign(_) => ty.clone(),
        }
    }

    fn defined_name<'n>(&'n self, name: &'n str) -> &'n str {
        self.further.get(name).map_or(name, String::as_str)
    }

    pub(crate) fn def(&self, name: &TypeName) -> Option<&'c TypeDef> {
        self.types.get(name)
    }

    /// The type of the value itself, null left aside.
    pub(crate) fn value(&self, ty: &Type) -> RustType {
        match ty {
            Type::Named(name) => self.named(name),
            Type::Scalar(scalar) if self.times.has(*scalar) => RustType::Timed(self.times, *scalar),
            Type::Scalar(scalar) => RustType::Scalar(self.numbers.of(*scalar)),
            Type::List(item) => RustType::Vec(Box::new(self.part(item))),
            Type::Map(value) => RustType::Map(Box::new(self.part(value))),
            Type::Json => RustType::Json,
        }
    }

    /// The type of an item of a list or a value of a map: `Option` where null is one.
    pub(crate) fn part(&self, part: &TypeUse) -> RustType {
        let value = self.value(&part.ty);
        if self.adds_null(part) {
            value.optional()
        } else {
            value
        }
    }

    /// The type of a field or parameter. Both optional and nullable: three states.
    pub(crate) fn field(&self, required: bool, value: &TypeUse, boxed: bool) -> RustType {
        let mut ty = self.value(&value.ty);
        if boxed {
            ty = ty.boxed();
        }
        match (required, self.adds_null(value)) {
            (true, false) => ty,
            (true, true) | (false, false) => ty.optional(),
            (false, true) => ty.nullable().optional(),
        }
    }

    /// The type of a whole body, or of what a newtype wraps: null is a state of its own.
    pub(crate) fn whole(&self, value: &TypeUse) -> RustType {
        let ty = self.value(&value.ty);
        if self.adds_null(value) { ty.nullable() } else { ty }
    }

    /// Whether null is a value here that the type does not have already.
    pub(crate) fn adds_null(&self, value: &TypeUse) -> bool {
        value.nullable && !self.has_null(&value.ty)
    }

    /// Whether a field of this type is given as anything that turns into it: text, octets, names, alternatives.
    pub(crate) fn converts(&self, required: bool, value: &TypeUse) -> bool {
        if self.adds_null(value) {
            return !required;
        }
        match &value.ty {
            Type::Scalar(scalar) => matches!(
                self.numbers.of(*scalar),
                Scalar::String
                    | Scalar::Bytes
                    | Scalar::Binary
                    | Scalar::File
                    | Scalar::Integer
                    | Scalar::Decimal
            ),
            Type::Named(name) if self.foreign.contains_key(name) => false,
            Type::Named(name) => self
                .def(name)
                .is_some_and(|def| !matches!(def.kind, TypeKind::Struct(_))),
            Type::List(_) | Type::Map(_) | Type::Json => false,
        }
    }

    fn has_null(&self, ty: &Type) -> bool {
        match ty {
            Type::Json => true,
            // An alias of an alias of …: a cycle of them is refused when the contract is checked, and cut here.
            Type::Named(name) => {
                let mut name = name;
                for _ in 0..self.types.len() {
                    match self.def(name).map(|def| &def.kind) {
                        Some(TypeKind::Alias(target)) if target.nullable => return true,
                        Some(TypeKind::Alias(TypeUse { ty: Type::Json, .. })) => return true,
                        Some(TypeKind::Alias(TypeUse {
                            ty: Type::Named(next),
                            ..
                        })) => name = next,
                        _ => return false,
                    }
                }
                false
            }
            _ => false,
        }
    }
}
