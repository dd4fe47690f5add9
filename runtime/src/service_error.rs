//! Domain errors that travel: an enum whose variants each have an HTTP status, a gRPC code and a JSON body.
//!
//! `#[derive(ServiceError)]` writes what stands here by hand:
//!
//! ```
//! use tieline::generated::v1;
//! use tieline::{Code, Error};
//!
//! // #[derive(ServiceError)]
//! #[derive(Debug, Clone, PartialEq, thiserror::Error)]
//! enum PetError {
//!     // #[service_error(status = 404, code = "NOT_FOUND")]
//!     #[error("there is no pet {id}")]
//!     NotFound { id: u64 },
//!     // #[service_error(status = 409)]: the code is that of the status, ABORTED
//!     #[error("the pet is sold")]
//!     Sold,
//! }
//!
//! impl v1::ServiceError for PetError {
//!     const VARIANTS: &'static [v1::ErrorVariant] = &PET_ERROR;
//!     const REPLIES: &'static [v1::Reply] = &v1::ErrorVariant::replies(&PET_ERROR);
//!
//!     fn variant(&self) -> usize {
//!         match self {
//!             Self::NotFound { .. } => 0,
//!             Self::Sold { .. } => 1,
//!         }
//!     }
//!
//!     fn write_fields(&self, fields: &mut v1::ErrorFields) {
//!         match self {
//!             Self::NotFound { id } => {
//!                 fields.put("id", id);
//!             }
//!             Self::Sold {} => {}
//!         }
//!     }
//!
//!     fn read_fields(variant: usize, fields: &mut v1::ErrorFields) -> Result<Self, v1::DecodeError> {
//!         Ok(match variant {
//!             0 => Self::NotFound { id: fields.take("id")? },
//!             _ => Self::Sold {},
//!         })
//!     }
//!
//!     // The variant with the fewest fields, each `Default::default()`.
//!     fn blank() -> Self {
//!         Self::Sold {}
//!     }
//! }
//! const PET_ERROR: [v1::ErrorVariant; 2] = [
//!     v1::ErrorVariant::new("NotFound", 404, Code::NotFound),
//!     v1::ErrorVariant::of_status("Sold", 409),
//! ];
//! v1::service_error!(PetError);
//!
//! let error: Error<PetError> = PetError::NotFound { id: 7 }.into();
//! assert_eq!(error.code(), Code::NotFound);
//! ```
//!
//! The body is `{"code":"NotFound","id":7,"message":"there is no pet 7"}`: the variant's name, its fields by name
//! (unnamed ones by number, `"0"`), and its text, unless a field is called `message`. A field cannot be called
//! `code`. Over gRPC the same travels as a `google.rpc.ErrorInfo`: the variant's name as the reason, the fields as
//! JSON texts in its metadata.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::code::Code;
use crate::codec::{DecodeError, Foreign, Json, Value};
use crate::operation::{Body, Fill, Reply, ReplySet, StatusMatch};
use http::StatusCode;

/// The property of a body that names the variant.
const TAG: &str = "code";
const MESSAGE: &str = "message";

/// An error of a domain that every protocol can carry. Derived, most often.
pub trait ServiceError: std::error::Error + Send + Sync + Sized + 'static {
    /// Its variants.
    const VARIANTS: &'static [ErrorVariant];
    /// The same as replies of an operation: [`ErrorVariant::replies`].
    const REPLIES: &'static [Reply];

    /// The index of its variant.
    fn variant(&self) -> usize;
    /// Writes the fields of its variant.
    fn write_fields(&self, fields: &mut ErrorFields);
    /// The variant of this index, with these fields.
    ///
    /// # Errors
    /// A field is missing, or of another type.
    fn read_fields(variant: usize, fields: &mut ErrorFields) -> Result<Self, DecodeError>;
    /// Any value of it, to be overwritten.
    fn blank() -> Self;
}

/// A variant of a [`ServiceError`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ErrorVariant {
    /// Its name, which names it on the wire.
    pub name: &'static str,
    /// Its HTTP status.
    pub status: u16,
    /// Its canonical code, which gRPC carries.
    pub code: Code,
}

impl ErrorVariant {
    /// A variant with these.
    pub const fn new(name: &'static str, status: u16, code: Code) -> Self {
        Self { name, status, code }
    }

    /// A variant with the code that fits its status.
    pub const fn of_status(name: &'static str, status: u16) -> Self {
        Self {
            name,
            status,
            code: Code::from_http_status(status),
        }
    }

    /// A variant with the status that fits its code.
    pub const fn of_code(name: &'static str, code: Code) -> Self {
        Self {
            name,
            status: code.http_status(),
            code,
        }
    }

    /// The variants as replies of an operation.
    pub const fn replies<const N: usize>(variants: &[Self; N]) -> [Reply; N] {
        let mut replies = [Reply {
            status: StatusMatch::Default,
            body: Some(Body::JSON),
        }; N];
        let mut index = 0;
        while index < N {
            replies[index].status = StatusMatch::Code(variants[index].status);
            index += 1;
        }
        replies
    }
}

/// The fields of a variant, as JSON.
#[derive(Debug, Clone, Default)]
pub struct ErrorFields(serde_json::Map<String, Json>);

impl ErrorFields {
    /// Adds a field. One that has no JSON (a map with keys that are no text) is `null`.
    pub fn put<T: Serialize + ?Sized>(&mut self, name: &str, value: &T) -> &mut Self {
        self.0
            .insert(name.to_owned(), serde_json::to_value(value).unwrap_or_default());
        self
    }

    /// Takes a field. An absent one is read as `null`, so that an `Option` may be.
    ///
    /// # Errors
    /// It is of another type. The message names the field, and never quotes its value.
    pub fn take<T: DeserializeOwned>(&mut self, name: &'static str) -> Result<T, DecodeError> {
        let value = self.0.remove(name).unwrap_or_default();
        let missing = value.is_null();
        serde_json::from_value(value).map_err(|_| {
            let message = if missing {
                "a required property is missing"
            } else {
                "the value is of another type"
            };
            DecodeError::new(message).in_key(name)
        })
    }
}

/// The body of an error.
pub fn to_json(error: &impl ServiceError) -> Json {
    let mut fields = ErrorFields::default();
    fields.put(TAG, variant_of(error).map_or("", |variant| variant.name));
    error.write_fields(&mut fields);
    fields
        .0
        .entry(MESSAGE)
        .or_insert_with(|| Json::String(error.to_string()));
    Json::Object(fields.0)
}

/// The error of a body.
///
/// # Errors
/// The body is no object, names no variant, or lacks a field of it.
pub fn from_json<E: ServiceError>(body: Json) -> Result<E, DecodeError> {
    let Json::Object(fields) = body else {
        return Err(DecodeError::new("expected an object"));
    };
    let named = fields.get(TAG).and_then(Json::as_str);
    let variant = named.and_then(|name| E::VARIANTS.iter().position(|variant| variant.name == name));
    let variant = variant.ok_or_else(|| DecodeError::new("expected the name of a failure").in_key(TAG))?;
    E::read_fields(variant, &mut ErrorFields(fields))
}

fn variant_of<E: ServiceError>(error: &E) -> Option<&'static ErrorVariant> {
    E::VARIANTS.get(error.variant())
}

impl<E: ServiceError + Value> ReplySet for E {
    fn active(&self) -> (usize, StatusCode, &dyn Value) {
        let status = variant_of(self).and_then(|variant| StatusCode::from_u16(variant.status).ok());
        (
            self.variant(),
            status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
            self,
        )
    }

    fn code(&self) -> Option<Code> {
        variant_of(self).map(|variant| variant.code)
    }

    /// The body says which variant it is: several may share a status.
    fn decode(_: usize, _: StatusCode, fill: &mut Fill<'_>) -> Result<Self, DecodeError> {
        let mut body = Json::Null;
        fill(&mut body)?;
        from_json(body)
    }
}

impl<E: ServiceError> Foreign for E {
    fn write_json(&self, out: &mut Vec<u8>) {
        // Writing a JSON value to memory fails neither on the value nor on the writer.
        let _ = serde_json::to_writer(out, &to_json(self));
    }

    fn to_json(&self) -> Json {
        to_json(self)
    }

    fn read_json(&mut self, octets: &[u8]) -> Result<(), DecodeError> {
        let body = serde_json::from_slice(octets).map_err(|_| DecodeError::new("not valid JSON"))?;
        *self = from_json(body)?;
        Ok(())
    }

    fn read_text(&mut self, _: &str) -> Result<(), DecodeError> {
        Err(DecodeError::new("expected an object"))
    }
}

/// Makes a [`ServiceError`] a [`Value`], and so the failures of an operation: `service_error!(PetError);`.
#[doc(hidden)]
#[macro_export]
macro_rules! __service_error {
    ($ty:ident) => {
        impl $crate::codec::Value for $ty {
            fn node(&self) -> $crate::codec::Node<'_> {
                $crate::codec::Node::Foreign(self)
            }
            fn node_mut(&mut self) -> $crate::codec::NodeMut<'_> {
                $crate::codec::NodeMut::Foreign(self)
            }
            fn blank() -> Self {
                <Self as $crate::generated::v1::ServiceError>::blank()
            }
        }
    };
}

#[cfg(feature = "grpc")]
mod over_grpc {
    use std::collections::BTreeMap;

    use prost::Message;

    use super::{ErrorFields, Json, MESSAGE, ServiceError, TAG, from_json, variant_of};
    use crate::code::Code;
    use crate::error::{Error, ErrorKind, Fault};
    use crate::grpc::Details;

    const ERROR_INFO: &str = "type.googleapis.com/google.rpc.ErrorInfo";

    /// `google.rpc.Status`.
    #[derive(Clone, PartialEq, Message)]
    struct RpcStatus {
        #[prost(int32, tag = "1")]
        code: i32,
        #[prost(string, tag = "2")]
        message: String,
        #[prost(message, repeated, tag = "3")]
        details: Vec<Any>,
    }

    /// `google.protobuf.Any`.
    #[derive(Clone, PartialEq, Message)]
    struct Any {
        #[prost(string, tag = "1")]
        type_url: String,
        #[prost(bytes = "bytes", tag = "2")]
        value: bytes::Bytes,
    }

    /// `google.rpc.ErrorInfo`.
    #[derive(Clone, PartialEq, Message)]
    struct ErrorInfo {
        #[prost(string, tag = "1")]
        reason: String,
        #[prost(string, tag = "2")]
        domain: String,
        #[prost(btree_map = "string, string", tag = "3")]
        metadata: BTreeMap<String, String>,
    }

    impl Details {
        /// The details of a domain error.
        pub fn of<E: ServiceError>(error: &E) -> Self {
            let (reason, code) =
                variant_of(error).map_or(("", Code::Unknown), |variant| (variant.name, variant.code));
            let mut fields = ErrorFields::default();
            error.write_fields(&mut fields);
            let metadata = fields
                .0
                .into_iter()
                .map(|(name, value)| (name, value.to_string()))
                .collect();
            let info = ErrorInfo {
                reason: reason.to_owned(),
                domain: String::new(),
                metadata,
            };
            let any = Any {
                type_url: ERROR_INFO.to_owned(),
                value: info.encode_to_vec().into(),
            };
            let status = RpcStatus {
                code: code.number(),
                message: error.to_string(),
                details: vec![any],
            };
            Self::new(status.encode_to_vec())
        }

        /// The domain error that the details carry. `None`: they carry none of this type.
        pub fn service_error<E: ServiceError>(&self) -> Option<E> {
            let status: RpcStatus = self.decode().ok()?;
            let any = status
                .details
                .into_iter()
                .find(|any| any.type_url == ERROR_INFO)?;
            let info = ErrorInfo::decode(any.value).ok()?;
            let fields = info.metadata.into_iter();
            let fields = fields.filter_map(|(name, text)| Some((name, serde_json::from_str(&text).ok()?)));
            let mut body: serde_json::Map<String, Json> = fields.collect();
            body.insert(TAG.to_owned(), Json::String(info.reason));
            body.entry(MESSAGE).or_insert(Json::String(status.message));
            from_json(Json::Object(body)).ok()
        }
    }

    impl<E: ServiceError> From<E> for Error<Details> {
        /// The code of the variant, its text, and the fields as details.
        fn from(error: E) -> Self {
            let code = variant_of(&error).map_or(Code::Unknown, |variant| variant.code);
            let fault = Fault::new(ErrorKind::Failure, code, error.to_string());
            fault.typed(Some(Details::of(&error)))
        }
    }

    impl Error<Details> {
        /// The same with the domain error that its details carry, if they do.
        pub fn into_service_error<E: ServiceError>(self) -> Error<E> {
            let (fault, details) = self.into_parts();
            match details.and_then(|details| details.service_error()) {
                Some(error) => fault.with_kind(ErrorKind::Failure).typed(Some(error)),
                None => fault.typed(None),
            }
        }
    }
}
