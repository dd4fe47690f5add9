//! Tests that cross crate walls.

/// Calls as a generated crate shows them.
#[deny(warnings, missing_docs)]
#[path = "../golden/examples/mod.rs"]
#[rustfmt::skip]
pub mod examples;

#[cfg(doctest)]
#[doc = include_str!("../golden/examples/EXAMPLES.md")]
mod example_calls {}

#[cfg(test)]
mod bulk;
#[cfg(test)]
mod dates;
#[cfg(test)]
pub mod golden;
#[cfg(test)]
mod headers;
#[cfg(test)]
mod links;
#[cfg(test)]
mod media;
#[cfg(test)]
mod notations;
#[cfg(test)]
mod outgoing;
#[cfg(test)]
mod pages;
#[cfg(test)]
mod security;
#[cfg(test)]
mod streams;
#[cfg(test)]
mod wire;
