//! Bodies in parts, written and read by the tables: `multipart/form-data` (RFC 7578), and `multipart/mixed`,
//! `multipart/related` and their like (RFC 2046, RFC 2387), whose parts may have an order instead of names.
//!
//! ```text
//! write:  value -> parts -> a boundary that none of them contains -> octets, or a stream where a file is one
//! read:   octets -> parser (as they come) -> parts -> by their names to the places of their properties
//! ```

mod head;
mod media;
mod parser;
mod read;
#[cfg(test)]
mod tests;
mod write;

#[cfg(feature = "server")]
pub(crate) use head::Head;
#[cfg(feature = "server")]
pub(crate) use parser::{Event, Parser};
#[cfg(feature = "server")]
pub(crate) use read::{Held, Part, boundary, fill};
pub(crate) use read::{Reading, read};
pub(crate) use write::write;
