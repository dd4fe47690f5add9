//! What goes wrong on the consumer's side.

use std::fmt;

/// Why a pact could not be recorded, kept or written. `Debug` is the same text as `Display`, so that a test that
/// ends in it can be read.
pub struct Error {
    kind: ErrorKind,
    message: String,
}

/// What kind of problem it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The interaction contradicts the contract.
    Contract,
    /// The interaction is not complete, or one of its parts does not fit another.
    Setup,
    /// An interaction was not used, or a request was not expected.
    Unmet,
    /// Two tests recorded different interactions under one description and state.
    Ambiguous,
    /// The pact file could not be read or written.
    File,
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
        }
    }

    /// What kind of problem it was.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}
