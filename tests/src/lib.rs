//! Tests that cross crate walls.

#[cfg(test)]
pub mod golden;
#[cfg(test)]
mod outgoing;
#[cfg(test)]
mod streams;
#[cfg(test)]
mod security;
#[cfg(test)]
mod wire;
