//! JSON (RFC 8259) octets to values and back.

mod read;
mod unions;
mod write;

pub use read::{read, read_new, read_strictly};
pub use write::{to_string, to_vec, write, write_string};
