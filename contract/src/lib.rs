//! Reads service contracts into one checked model.

pub mod check;
pub mod common;
pub mod discover;
pub mod lookup;
pub mod model;
pub mod nearest;
#[cfg(feature = "openapi")]
pub mod openapi;
#[cfg(feature = "overlay")]
pub mod overlay;
pub mod problem;
#[cfg(feature = "proto")]
pub mod proto;
mod read;
#[cfg(feature = "openapi")]
pub mod schema;
#[cfg(feature = "openapi")]
pub mod source;

pub use check::Checked;
pub use read::{Read, ReadOptions, read};
#[cfg(feature = "openapi")]
pub use read::{read_text, unmapped_urls};
