//! Where an expectation and what really came part.

use std::fmt;

/// One difference between an interaction and what really came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mismatch {
    /// The part that differs.
    pub place: Place,
    /// What the interaction asks for.
    pub expected: String,
    /// What came. Empty: nothing did.
    pub actual: String,
    /// The rule that was broken, in words.
    pub message: String,
}

/// A part of a request or a reply.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Place {
    /// The method.
    Method,
    /// The path.
    Path,
    /// A parameter of the query.
    Query(String),
    /// The status.
    Status,
    /// A header.
    Header(String),
    /// The media type of the body.
    MediaType,
    /// A place in the body, as a JSON pointer; empty for the whole of it.
    Body(String),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Method => f.write_str("method"),
            Self::Path => f.write_str("path"),
            Self::Query(name) => write!(f, "query parameter {name}"),
            Self::Status => f.write_str("status"),
            Self::Header(name) => write!(f, "header {name}"),
            Self::MediaType => f.write_str("media type of the body"),
            Self::Body(pointer) if pointer.is_empty() => f.write_str("body"),
            Self::Body(pointer) => write!(f, "body {pointer}"),
        }
    }
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: expected {}, got ", self.place, shortened(&self.expected))?;
        if self.actual.is_empty() {
            f.write_str("nothing")?;
        } else {
            f.write_str(&shortened(&self.actual))?;
        }
        if self.message.is_empty() {
            Ok(())
        } else {
            write!(f, " ({})", shortened(&self.message))
        }
    }
}

/// At most this many characters of a value are shown.
const SHOWN: usize = 240;

fn shortened(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
