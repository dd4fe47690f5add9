//! Scalars that std does not have, and the third state of a field.

use std::fmt;

use super::{Format, Node, NodeMut, Optional, Rule, Value};

/// A field's value that can be `null` as well as absent: `Option<Nullable<T>>` has three states.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Nullable<T> {
    /// JSON `null`.
    Null,
    /// A value.
    Value(T),
}

impl<T> Nullable<T> {
    /// The value, if it is not null.
    pub fn value(&self) -> Option<&T> {
        match self {
            Self::Null => None,
            Self::Value(value) => Some(value),
        }
    }

    /// The value, if it is not null.
    pub fn into_value(self) -> Option<T> {
        match self {
            Self::Null => None,
            Self::Value(value) => Some(value),
        }
    }
}

impl<T> From<T> for Nullable<T> {
    fn from(value: T) -> Self {
        Self::Value(value)
    }
}

impl<T> From<Option<T>> for Nullable<T> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Self::Value)
    }
}

impl<T: Value> Optional for Nullable<T> {
    fn clear(&mut self) {
        *self = Self::Null;
    }

    fn fill(&mut self) -> &mut dyn Value {
        *self = Self::Value(T::blank());
        match self {
            Self::Value(value) => value,
            Self::Null => unreachable!("set on the line above"),
        }
    }
}

impl<T: Value> Value for Nullable<T> {
    fn node(&self) -> Node<'_> {
        match self {
            Self::Null => Node::Null,
            Self::Value(value) => value.node(),
        }
    }

    fn node_mut(&mut self) -> NodeMut<'_> {
        NodeMut::Nullable(self)
    }

    fn rules(&self) -> &'static [Rule] {
        self.value().map_or(&[], Value::rules)
    }

    fn blank() -> Self {
        Self::Null
    }
}

/// Text that is not of the format that its type stands for.
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
/// a malformed value of a peer can still be read.
macro_rules! formatted_text {
    ($(#[$docs:meta])* $name:ident, $format:expr, $expected:literal) => {
        $(#[$docs])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(String);

        impl $name {
            /// The text, after checking its format.
            pub fn parse(text: impl Into<String>) -> Result<Self, InvalidFormat> {
                let text = text.into();
                if $format.accepts(&text) { Ok(Self(text)) } else { Err(InvalidFormat { expected: $expected }) }
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

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl std::str::FromStr for $name {
            type Err = InvalidFormat;

            fn from_str(text: &str) -> Result<Self, InvalidFormat> {
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

formatted_text! {
    /// A point in time (RFC 3339 `date-time`), kept as the text it came as.
    DateTime, Format::DateTime, "an RFC 3339 date-time such as 2025-12-30T10:00:00Z"
}

formatted_text! {
    /// A day (RFC 3339 `full-date`), kept as the text it came as.
    Date, Format::Date, "an RFC 3339 full-date such as 2025-12-30"
}

formatted_text! {
    /// A time of day (RFC 3339 `full-time`), kept as the text it came as.
    Time, Format::Time, "an RFC 3339 full-time such as 10:00:00Z"
}

formatted_text! {
    /// How long something takes (RFC 3339 appendix A), kept as the text it came as.
    Duration, Format::Duration, "an ISO 8601 duration such as P3DT12H30M"
}

formatted_text! {
    /// A UUID (RFC 9562), kept as the text it came as.
    Uuid, Format::Uuid, "a UUID such as 67e55044-10b1-426f-9247-bb680e5fe0c8"
}

impl DateTime {
    /// This point in time, in UTC.
    pub fn from_timestamp(timestamp: jiff::Timestamp) -> Self {
        Self(timestamp.to_string())
    }

    /// The current time, in UTC.
    pub fn now() -> Self {
        Self::from_timestamp(jiff::Timestamp::now())
    }

    /// The point in time that the text means.
    pub fn timestamp(&self) -> Result<jiff::Timestamp, InvalidFormat> {
        self.0.parse().map_err(|_| InvalidFormat {
            expected: "an RFC 3339 date-time such as 2025-12-30T10:00:00Z",
        })
    }
}

impl From<jiff::Timestamp> for DateTime {
    fn from(timestamp: jiff::Timestamp) -> Self {
        Self::from_timestamp(timestamp)
    }
}
