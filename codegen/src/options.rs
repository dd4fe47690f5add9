//! What is decided by hand: names, replacements, derives, numbers and dates.

use std::collections::BTreeMap;

use tieline_contract::model::{Bulk, Paging, Scalar};
use tieline_contract::problem::{Place, escape_token};

/// What is decided by hand about a type of a contract, or about all types that a pattern matches.
///
/// ```
/// use tieline_codegen::{Generator, TypeOptions};
///
/// let generator = Generator::new()
///     .contract("pets.yaml")
///     .type_options("Pet", TypeOptions::new().rename("Animal").field("created-at", "created"))
///     .type_options("Money", TypeOptions::new().replace("crate::Money"))
///     .type_options("*Id", TypeOptions::new().derive("PartialOrd").derive("Ord"));
/// # let _ = generator;
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[must_use]
pub struct TypeOptions {
    pub(crate) rename: Option<String>,
    pub(crate) replace: Option<String>,
    pub(crate) serde: bool,
    pub(crate) apart: bool,
    pub(crate) derive: Vec<String>,
    pub(crate) attributes: Vec<String>,
    pub(crate) fields: BTreeMap<String, String>,
    pub(crate) variants: BTreeMap<String, String>,
}

impl TypeOptions {
    /// Nothing is decided.
    pub fn new() -> Self {
        Self::default()
    }

    /// Its Rust name.
    pub fn rename(mut self, name: impl Into<String>) -> Self {
        self.rename = Some(name.into());
        self
    }

    /// The path of a type that is used in its place, such as `crate::Money`. It is a type of another generated module,
    /// or implements `tieline::codec::Value` itself.
    pub fn replace(mut self, path: impl Into<String>) -> Self {
        self.replace = Some(path.into());
        self
    }

    /// The type that is used in its place has serde's traits (with `Debug`, `Clone` and `PartialEq`), and no others: it
    /// stands in fields as `tieline::codec::Serde<crate::Money>`.
    pub fn by_serde(mut self) -> Self {
        self.serde = true;
        self
    }

    /// An inline type that is equal to another is defined once more, and not a further name of it: the two can have
    /// different implementations of a trait.
    pub fn apart(mut self) -> Self {
        self.apart = true;
        self
    }

    /// Whether it must not become one with a type that is equal.
    pub(crate) fn is_apart(&self) -> bool {
        self.apart || self.replace.is_some() || !self.fields.is_empty() || !self.variants.is_empty()
    }

    /// Derives a trait, by its path. `Eq`, `Hash`, `PartialOrd` and `Ord` are derived for the types within it, too.
    pub fn derive(mut self, path: impl Into<String>) -> Self {
        self.derive.push(path.into());
        self
    }

    /// Adds an attribute: `#[cfg_attr(test, derive(proptest::Arbitrary))]`.
    pub fn attribute(mut self, attribute: impl Into<String>) -> Self {
        self.attributes.push(attribute.into());
        self
    }

    /// The Rust name of the field of a property.
    pub fn field(mut self, property: impl Into<String>, name: impl Into<String>) -> Self {
        self.fields.insert(property.into(), name.into());
        self
    }

    /// The Rust name of the variant of a constant or alternative.
    pub fn variant(mut self, value: impl Into<String>, name: impl Into<String>) -> Self {
        self.variants.insert(value.into(), name.into());
        self
    }

    /// These, and what `other` says; where both say something, `other` counts.
    pub(crate) fn and(mut self, other: &Self) -> Self {
        self.rename = other.rename.clone().or(self.rename);
        self.replace = other.replace.clone().or(self.replace);
        self.serde |= other.serde;
        self.apart |= other.apart;
        for derive in &other.derive {
            if !self.derive.contains(derive) {
                self.derive.push(derive.clone());
            }
        }
        self.attributes.extend(other.attributes.iter().cloned());
        let fields = other.fields.iter();
        self.fields
            .extend(fields.map(|(from, to)| (from.clone(), to.clone())));
        let variants = other.variants.iter();
        self.variants
            .extend(variants.map(|(from, to)| (from.clone(), to.clone())));
        self
    }
}

/// All that is decided by hand about a contract.
#[derive(Debug, Clone, Default)]
pub(crate) struct Options {
    /// By schema name, Rust name or pattern.
    pub(crate) types: Vec<(String, TypeOptions)>,
    /// Rust names of operations, by their ids.
    pub(crate) operations: Vec<(String, String)>,
    /// How the pages of lists follow each other, by the ids of operations.
    pub(crate) pagination: Vec<(String, Paging)>,
    pub(crate) bulk: Vec<(String, Bulk)>,
    /// Where all this is said, by JSON pointer: `/types/Pet/rename`.
    pub(crate) places: BTreeMap<String, Place>,
    /// The types of unlimited numbers.
    pub(crate) numbers: Numbers,
    /// The library of dates and times.
    pub(crate) times: TimeLibrary,
    /// Whether XML beside JSON is read.
    pub(crate) xml: bool,
    /// Whether operations of a tag stand apart.
    pub(crate) split: bool,
}

impl Options {
    /// Where an option is said: at the end of a path of keys, or at the last of them that has a place.
    pub(crate) fn place(&self, path: &[&str]) -> Option<Place> {
        (1..=path.len()).rev().find_map(|length| {
            let tokens = path[..length].iter().map(|token| escape_token(token));
            let pointer = tokens.fold(String::new(), |pointer, token| pointer + "/" + &token);
            self.places.get(&pointer).cloned()
        })
    }
}

/// The library whose values dates, times and durations stand for.
///
/// Whichever it is, a field keeps its text: what the library refuses is still read, and nothing is written otherwise
/// than it came.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TimeLibrary {
    /// `jiff`, which the runtime uses itself.
    #[default]
    Jiff,
    /// `chrono`: the runtime's feature `chrono`.
    Chrono,
    /// The `time` crate: the runtime's feature `time`.
    Time,
}

impl TimeLibrary {
    /// Whether it has a type of its own for a scalar.
    pub(crate) fn has(self, scalar: Scalar) -> bool {
        let dates = [Scalar::DateTime, Scalar::Date, Scalar::Time, Scalar::Duration];
        self != Self::Jiff && dates.contains(&scalar)
    }

    /// The runtime's feature.
    pub(crate) const fn feature(self) -> Option<&'static str> {
        match self {
            Self::Jiff => None,
            Self::Chrono => Some("chrono"),
            Self::Time => Some("time"),
        }
    }
}

/// What the types are of numbers that neither a format nor bounds limit: JSON knows no largest one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Numbers {
    /// `i64` and `f64`: the simplest types, which refuse what is beyond their range.
    Primitive,
    /// `Integer`, which refuses no integer and keeps every digit, and `f64`.
    #[default]
    Open,
    /// `Integer` and `Decimal`, which refuse nothing and keep every digit.
    Exact,
}

impl Numbers {
    pub(crate) const fn of(self, scalar: Scalar) -> Scalar {
        match (self, scalar) {
            (Self::Primitive, Scalar::Integer) => Scalar::I64,
            (Self::Primitive | Self::Open, Scalar::Number) => Scalar::F64,
            (Self::Exact, Scalar::Number) => Scalar::Decimal,
            _ => scalar,
        }
    }
}
