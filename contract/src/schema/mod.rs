//! JSON Schema to types: how a value is represented, what else is checked about it, and how a union is told apart.
//!
//! ```text
//! node -> parts (allOf and references, flattened) -> merged (one view of all keywords)
//!      -> shape (the representation, with rules) -> residue (what these do not say, as a check)
//!      -> Types -> dispatch (how unions are told apart)
//! ```
//!
//! The rule above all: never refuse a valid instance. What cannot be expressed exactly is widened, up to raw JSON,
//! and the type says so (`exact`). One reading departs from the letter of JSON Schema, because every document means
//! it: a schema with `properties` or `additionalProperties` but no `type` is an object, one with `items` a list. A
//! document whose `jsonSchemaDialect` is JSON Schema's own is read by the letter.

mod context;
pub mod diagnostics;
mod dispatch;
mod enums;
mod merged;
mod names;
mod nulls;
mod parts;
mod residue;
mod rules;
mod scalars;
mod shape;
mod structs;
mod types;
mod unions;

pub use context::{Context, Dialect};
pub use scalars::JUDGED_FORMATS;
pub use types::Types;
