//! Tests that cross crate walls.

#[cfg(test)]
pub mod golden;
#[cfg(test)]
mod headers;
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
