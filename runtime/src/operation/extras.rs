//! What few operations say.

use super::{Deprecation, Priority, Server};

/// What few operations say: one pointer in the table of those that do not.
#[derive(Debug)]
pub struct Extras {
    /// Its own servers, in the place of the contract's.
    pub servers: &'static [Server],
    /// Whether it is deprecated, and since when.
    pub deprecation: Option<Deprecation>,
    /// How much it matters that a server handles it, where the contract says so.
    pub priority: Option<Priority>,
}

impl Extras {
    /// Nothing.
    pub const NONE: &'static Self = &Self {
        servers: &[],
        deprecation: None,
        priority: None,
    };
}
