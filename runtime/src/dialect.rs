//! What `#[service_client]` traits need beside what all generated code does: their types are the user's, with serde,
//! and stand in requests and replies inside something that the codec can fill.

use http::StatusCode;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::codec::{DecodeError, Path, PathSegment, Serde, Value, Violation};
use crate::error::{Error, Fault};
use crate::operation::{self, Fill, ReplySet};

/// The one success of an operation: a body of type `T`, with this status. Made of it by `into()`.
#[derive(Debug, Clone, PartialEq)]
pub struct Replied<T, const STATUS: u16>(Serde<T>);

impl<T, const STATUS: u16> Replied<T, STATUS> {
    /// The body.
    pub fn into_body(self) -> T {
        match self.0.0 {
            Some(body) => body,
            // Both ways to make one, `From` and `decode`, put a body there, and no other code reaches it.
            None => unreachable!("a reply is made with its body"),
        }
    }
}

impl<T, const STATUS: u16> From<T> for Replied<T, STATUS> {
    fn from(body: T) -> Self {
        Self(Serde::new(body))
    }
}

impl<T, const STATUS: u16> ReplySet for Replied<T, STATUS>
where
    T: Serialize + DeserializeOwned + Send + Sync + 'static,
{
    fn active(&self) -> (usize, StatusCode, &dyn Value) {
        (0, operation::status(STATUS), &self.0)
    }

    fn decode(_: usize, _: StatusCode, fill: &mut Fill<'_>) -> Result<Self, DecodeError> {
        let body: Serde<T> = operation::filled(fill)?;
        if body.0.is_none() {
            return Err(DecodeError::new("the body is missing"));
        }
        Ok(Self(body))
    }
}

/// The one success of an operation without a body, with this status. Made by `().into()`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Empty<const STATUS: u16>;

impl<const STATUS: u16> Empty<STATUS> {
    /// Nothing.
    pub fn into_body(self) {}
}

impl<const STATUS: u16> From<()> for Empty<STATUS> {
    fn from((): ()) -> Self {
        Self
    }
}

impl<const STATUS: u16> ReplySet for Empty<STATUS> {
    fn active(&self) -> (usize, StatusCode, &dyn Value) {
        (0, operation::status(STATUS), &())
    }

    fn decode(_: usize, _: StatusCode, _: &mut Fill<'_>) -> Result<Self, DecodeError> {
        Ok(Self)
    }
}

/// A field of a request that holds an argument of a method.
pub trait Held: Sized {
    /// The argument.
    type Argument;
    /// Holds it.
    fn hold(argument: Self::Argument) -> Self;
    /// Gives it back. `None`: it was never filled.
    fn give(self) -> Option<Self::Argument>;
}

impl<T> Held for Serde<T> {
    type Argument = T;

    fn hold(argument: T) -> Self {
        Self::new(argument)
    }

    fn give(self) -> Option<T> {
        self.0
    }
}

impl<H: Held> Held for Option<H> {
    type Argument = Option<H::Argument>;

    fn hold(argument: Self::Argument) -> Self {
        argument.map(H::hold)
    }

    fn give(self) -> Option<Self::Argument> {
        Some(self.and_then(H::give))
    }
}

impl<H: Held> Held for Vec<H> {
    type Argument = Vec<H::Argument>;

    fn hold(argument: Self::Argument) -> Self {
        argument.into_iter().map(H::hold).collect()
    }

    fn give(self) -> Option<Self::Argument> {
        self.into_iter().map(H::give).collect()
    }
}

macro_rules! held_as_itself {
    ($($ty:ty),*) => {$(
        impl Held for $ty {
            type Argument = Self;

            fn hold(argument: Self) -> Self {
                argument
            }

            fn give(self) -> Option<Self> {
                Some(self)
            }
        }
    )*};
}

held_as_itself!(bool, i32, i64, u32, u64, f32, f64, String);

/// Holds an argument.
pub fn hold<H: Held>(argument: H::Argument) -> H {
    H::hold(argument)
}

/// The argument that a field holds.
///
/// # Errors
/// It was never filled. A server has judged that before; a request made by hand may be so.
pub fn give<H: Held, E>(field: H, name: &'static str) -> Result<H::Argument, Error<E>> {
    field.give().ok_or_else(|| {
        let path = Path(vec![PathSegment::Key(name.into())]);
        Fault::invalid(
            "request",
            vec![Violation {
                path,
                message: "is required".into(),
            }],
        )
        .into()
    })
}

/// What follows, if the runtime is built with `server`.
#[doc(hidden)]
#[macro_export]
#[cfg(feature = "server")]
macro_rules! __if_server {
    ($($item:tt)*) => { $($item)* };
}

/// What follows, if the runtime is built with `server`.
#[doc(hidden)]
#[macro_export]
#[cfg(not(feature = "server"))]
macro_rules! __if_server {
    ($($item:tt)*) => {};
}

/// What follows, if the runtime is built with `mock`.
#[doc(hidden)]
#[macro_export]
#[cfg(feature = "mock")]
macro_rules! __if_mock {
    ($($item:tt)*) => { $($item)* };
}

/// What follows, if the runtime is built with `mock`.
#[doc(hidden)]
#[macro_export]
#[cfg(not(feature = "mock"))]
macro_rules! __if_mock {
    ($($item:tt)*) => {};
}

/// What follows, if the runtime is built with `blocking`.
#[doc(hidden)]
#[macro_export]
#[cfg(feature = "blocking")]
macro_rules! __if_blocking {
    ($($item:tt)*) => { $($item)* };
}

/// What follows, if the runtime is built with `blocking`.
#[doc(hidden)]
#[macro_export]
#[cfg(not(feature = "blocking"))]
macro_rules! __if_blocking {
    ($($item:tt)*) => {};
}

/// What follows, if the runtime is built with `schema`.
#[doc(hidden)]
#[macro_export]
#[cfg(feature = "schema")]
macro_rules! __if_schema {
    ($($item:tt)*) => { $($item)* };
}

/// What follows, if the runtime is built with `schema`.
#[doc(hidden)]
#[macro_export]
#[cfg(not(feature = "schema"))]
macro_rules! __if_schema {
    ($($item:tt)*) => {};
}
