//! Where something was written.

use std::sync::Arc;

/// The place in a source file that something was read from.
///
/// Two origins always compare equal: where a thing stands says nothing about what it means, so contracts read
/// from different files, or different dialects, can be compared as values.
#[derive(Debug, Clone, Default)]
pub struct Origin {
    /// The file as the user named it. Empty when there is no file (a Rust trait).
    pub file: Arc<str>,
    /// Line, from 1. 0 when unknown.
    pub line: u32,
    /// Column in characters, from 1. 0 when unknown.
    pub column: u32,
    /// JSON pointer or proto path to the node, where there is one.
    pub pointer: Arc<str>,
}

impl PartialEq for Origin {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Origin {}
