//! Documents and the places in them: YAML and JSON alike become one tree, with a span for every node.
//!
//! ```text
//! path -> SourceMap (text, line starts) -> json | yaml -> Document { root: Node }, and the files it refers to
//!                                                      -> pointers, places, excerpts
//! ```
//!
//! Reading is bounded: a greatest file size, a greatest depth and a budget for what YAML aliases repeat.

pub mod diagnostics;
mod document;
mod files;
mod identities;
mod json;
mod load;
mod lock;
mod node;
mod pointer;
mod reference;
mod scalar;
mod uri;
mod yaml;

pub use document::Document;
pub use files::{FileId, SourceMap, Span};
pub use load::Mapped;
pub use lock::{CACHE_FOLDER, LOCK_FILE, Lock, Locked};
pub use node::{Entry, Kind, Node, Object};
pub use pointer::Pointer;
pub use reference::{Broken, BrokenRef, Target};
pub use uri::resolve as resolve_url;

/// The greatest depth of a document. Deeper ones are refused, not read in part.
pub const MAX_DEPTH: usize = 200;

/// The greatest size of a file, in bytes.
pub const MAX_FILE_BYTES: usize = 64 * 1024 * 1024;

/// How many bytes of nodes YAML aliases may repeat in a document before it is refused.
pub const MAX_ALIAS_BYTES: usize = 64 * 1024 * 1024;
