//! Tests that cross crate walls.

#[cfg(test)]
pub mod golden;
#[cfg(test)]
mod outgoing;
mod security;
#[cfg(test)]
mod wire;
