//! What a schema demands beside what a type's tables say: its residue, kept as JSON Schema and judged by `validate`.
//!
//! ```text
//! text of the residue -> keywords (read when first used) -> judge, over a value as the JSON instance that it is
//! ```
//!
//! A text and a list are the cheapest thing that a generator can write: rustc sees two constants, however much the
//! schema says, and a reader of the code sees the schema.

mod instance;
mod judge;
mod keywords;

use std::sync::OnceLock;

use super::Value;
use keywords::Keywords;

pub(super) use instance::canonical;

/// The residue of a schema (JSON Schema 2020-12, without annotations). Where a reference stands, it is to one of the
/// types, by its number: `{"not": {"$ref": 0}}`.
#[derive(Debug)]
pub struct Check {
    text: &'static str,
    types: &'static [Blank],
    keywords: OnceLock<Keywords>,
}

/// Makes a blank value of a type.
pub type Blank = fn() -> Box<dyn Value>;

/// A blank value: what the table of a [`Check`] names a type by.
pub fn blank<T: Value>() -> Box<dyn Value> {
    Box::new(T::blank())
}

impl Check {
    /// A check by the schema in `text`, which refers to `types`.
    pub const fn new(text: &'static str, types: &'static [Blank]) -> Self {
        Self {
            text,
            types,
            keywords: OnceLock::new(),
        }
    }

    /// The schema.
    pub const fn as_str(&self) -> &'static str {
        self.text
    }

    fn keywords(&self) -> &Keywords {
        self.keywords.get_or_init(|| Keywords::read(self.text))
    }
}
