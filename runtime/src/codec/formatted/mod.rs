//! Texts with a format, and the values of libraries that they stand for.
//!
//! Each type keeps its text as it came: a value that a library would refuse is read, and one that it would write in
//! another way (`10:00:00.000Z`, `::0:1`) is written as it was. The library's value is made of the text when asked for.

mod address;
#[cfg(feature = "chrono")]
pub mod chrono;
mod jiff;
mod span;
#[cfg(feature = "time")]
pub mod time;

use std::fmt;

pub use address::{Ipv4, Ipv6};
pub use jiff::{Date, DateTime, Duration, Time};

use super::{Format, Node, NodeMut, Value};

/// Text that is not of the format that its type stands for, or that the library's type has no value for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidFormat {
    expected: &'static str,
}

impl fmt::Display for InvalidFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the text is not {}", self.expected)
    }
}

impl std::error::Error for InvalidFormat {}

/// Defines a type of text with a format. The text is kept as it came, so that nothing is lost on a round trip and
/// a malformed value of a peer can still be read. With `as`, the type whose values the text stands for, and how they
/// are read and written.
macro_rules! formatted_text {
    ($(#[$docs:meta])* $name:ident, $format:expr, $expected:literal, as $library:ty, $read:expr, $write:expr) => {
        formatted_text! { $(#[$docs])* $name, $format, $expected }

        impl $name {
            /// The value that the text stands for. An error for a text that is malformed, or that stands for nothing
            /// that this type can hold.
            pub fn value(&self) -> Result<$library, $crate::codec::InvalidFormat> {
                let read: fn(&str) -> Option<$library> = $read;
                let value = if self.is_well_formed() { read(&self.0) } else { None };
                value.ok_or($crate::codec::InvalidFormat { expected: $expected })
            }
        }

        impl From<$library> for $name {
            fn from(value: $library) -> Self {
                let write: fn(&$library) -> String = $write;
                Self(write(&value))
            }
        }

        impl TryFrom<$name> for $library {
            type Error = $crate::codec::InvalidFormat;

            fn try_from(text: $name) -> Result<Self, $crate::codec::InvalidFormat> {
                text.value()
            }
        }
    };
    ($(#[$docs:meta])* $name:ident, $format:expr, $expected:literal) => {
        $(#[$docs])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(String);

        impl $name {
            /// The text, after checking its format.
            pub fn parse(text: impl Into<String>) -> Result<Self, $crate::codec::InvalidFormat> {
                let text = text.into();
                if $format.accepts(&text) {
                    Ok(Self(text))
                } else {
                    Err($crate::codec::InvalidFormat { expected: $expected })
                }
            }

            /// The text, unchecked: requests with it fail validation if it is malformed.
            pub fn from_text(text: impl Into<String>) -> Self {
                Self(text.into())
            }

            /// The text as it came.
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// Whether the text has the format.
            pub fn is_well_formed(&self) -> bool {
                $format.accepts(&self.0)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::codec::InvalidFormat;

            fn from_str(text: &str) -> Result<Self, $crate::codec::InvalidFormat> {
                Self::parse(text)
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl Value for $name {
            fn node(&self) -> Node<'_> {
                Node::Text(&self.0)
            }

            fn node_mut(&mut self) -> NodeMut<'_> {
                NodeMut::Text(&mut self.0)
            }

            fn blank() -> Self {
                Self(String::new())
            }
        }
    };
}

use formatted_text;

formatted_text! {
    /// A UUID (RFC 9562), kept as the text it came as.
    Uuid, Format::Uuid, "a UUID such as 67e55044-10b1-426f-9247-bb680e5fe0c8"
}

#[cfg(test)]
mod tests;
