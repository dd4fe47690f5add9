//! What few operations say.

use super::Server;

/// What few operations say: one pointer in the table of those that do not.
#[derive(Debug)]
pub struct Extras {
    /// Its own servers, in the place of the contract's.
    pub servers: &'static [Server],
    /// Whether it is deprecated, and since when.
    pub deprecation: Option<Deprecation>,
}

impl Extras {
    /// Nothing.
    pub const NONE: &'static Self = &Self {
        servers: &[],
        deprecation: None,
    };
}

/// That an operation is deprecated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deprecation {
    /// When it became so, in seconds since 1970 began in UTC, where the contract says.
    pub since: Option<i64>,
    /// When it ends, in seconds since 1970 began in UTC, where the contract says.
    pub sunset: Option<i64>,
}
