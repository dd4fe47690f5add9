//! One codec for every generated type.
//!
//! Generated types carry no derive for serialisation. Each offers its parts through [`Value`]: a [`Node`] to read
//! and a [`NodeMut`] to fill, and, for objects, a const table of fields ([`Shape`]). All that walks a value is
//! compiled once, here, and serves every type:
//!
//! ```text
//!            .-> json::write, json::read      JSON octets
//!   Value ---+-> text, nested                 path, query, header and form values
//!            +-> xml                      XML octets (feature `xml`)
//!            +-> validate                     the rules of the contract
//!            '-> fmt, eq, serde               Debug, PartialEq, Serialize, Deserialize
//! ```
//!
//! That keeps a generated type at a few lines, and its compile time at a fraction of what derives cost.

mod bridge;
mod check;
mod decimal;
mod error;
mod extra;
mod file;
mod foreign;
mod format;
mod formatted;
mod integer;
pub mod json;
mod macros;
pub(crate) mod nested;
mod node;
mod scalar;
mod shape;
mod std_types;
mod stream;
pub mod text;
mod validate;
pub(crate) mod xml;

pub use bridge::{Serializable, debug, deserialize, equal, serialize};
pub use check::{Blank, Check, blank};
pub use decimal::{Decimal, NotANumber};
pub use error::{DecodeError, Path, PathSegment};
pub use extra::Extra;
pub use file::File;
pub(crate) use file::has_streamed;
pub use foreign::{Foreign, Serde};
pub use format::Format;
#[cfg(feature = "chrono")]
pub use formatted::chrono;
#[cfg(feature = "time")]
pub use formatted::time;
pub use formatted::{Date, DateTime, Duration, InvalidFormat, Ipv4, Ipv6, Time, Uuid};
pub use integer::Integer;
pub use node::{
    Constant, Enumeration, FieldMut, FieldRef, List, Map, Node, NodeMut, Optional, Record, Union, Value,
};
pub use scalar::Nullable;
pub use shape::{Dispatch, Field, JsonKind, Matching, Open, Pattern, Rule, Shape, UnionShape};
pub use stream::{
    Again, Arriving, Asking, ByteStream, Content, Framing, Leaving, Opening, StreamError, Streamed, Wait,
};
pub use validate::{Violation, validate, validate_with};
pub use xml::Xml;

/// Any JSON value, kept as it is.
pub type Json = serde_json::Value;
