//! The status that ends a gRPC call, and its way through headers and trailers.

use std::borrow::Cow;
use std::fmt;

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use bytes::Bytes;
use http::header::{HeaderMap, HeaderName, HeaderValue};
use percent_encoding::{AsciiSet, CONTROLS, percent_decode, percent_encode};

use crate::code::Code;
use crate::http::{TransportError, TransportErrorKind};

pub(super) const GRPC_STATUS: HeaderName = HeaderName::from_static("grpc-status");
pub(super) const GRPC_MESSAGE: HeaderName = HeaderName::from_static("grpc-message");
pub(super) const GRPC_DETAILS: HeaderName = HeaderName::from_static("grpc-status-details-bin");

/// What `grpc-message` escapes: all but printable ASCII without `%`.
const ESCAPED: &AsciiSet = &CONTROLS.add(b'%');

/// Base64 that writes no padding and reads it with or without, as gRPC asks.
const BINARY: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_encode_padding(false)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// How a gRPC call ended when not well: a code, a message for developers, and
/// an encoded `google.rpc.Status` with the details.
#[derive(Debug, Clone)]
pub struct Status {
    /// The canonical code.
    pub code: Code,
    /// What went wrong, for developers.
    pub message: Cow<'static, str>,
    /// An encoded `google.rpc.Status`; empty when there is none.
    pub details: Bytes,
    /// The trailers beside the status.
    pub metadata: HeaderMap,
}

impl Status {
    /// A status without details or metadata.
    pub fn new(code: Code, message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            code,
            message: message.into(),
            details: Bytes::new(),
            metadata: HeaderMap::new(),
        }
    }

    /// The status with an encoded `google.rpc.Status`.
    pub fn with_details(mut self, details: impl Into<Bytes>) -> Self {
        self.details = details.into();
        self
    }

    /// Reads the status out of trailers, or out of the headers of a reply that has
    /// nothing else. `None` without a `grpc-status`.
    ///
    /// A `grpc-status` that is no number is [`Code::Unknown`].
    pub fn from_headers(headers: &HeaderMap) -> Option<Self> {
        let code = code_of(headers)?;
        let mut metadata = headers.clone();
        metadata.remove(GRPC_STATUS);
        metadata.remove(http::header::CONTENT_TYPE);
        let message = match metadata.remove(GRPC_MESSAGE) {
            None => Cow::Borrowed(""),
            Some(text) => Cow::Owned(percent_decode(text.as_bytes()).decode_utf8_lossy().into_owned()),
        };
        let details = metadata
            .remove(GRPC_DETAILS)
            .and_then(|text| decode_binary(&text));
        Some(Self {
            code,
            message,
            details: details.unwrap_or_default(),
            metadata,
        })
    }

    /// The status of an HTTP reply without a `grpc-status`, which a proxy wrote.
    pub fn from_http_status(status: http::StatusCode) -> Self {
        let code = Code::from_http_status_of_grpc(status.as_u16());
        let message = if status == http::StatusCode::OK {
            Cow::Borrowed("the reply ended without a grpc-status")
        } else {
            Cow::Owned(format!("the reply is not gRPC but HTTP {status}"))
        };
        Self::new(code, message)
    }

    /// The status of a stream that broke off, by gRPC's table of HTTP/2 error codes.
    pub fn from_transport(error: &TransportError) -> Self {
        let code = match (error.kind(), error.h2_reason()) {
            (TransportErrorKind::BodyTooLarge, _) => Code::ResourceExhausted,
            (TransportErrorKind::Protocol, _) => Code::Internal,
            (TransportErrorKind::Closed, _) => Code::Cancelled,
            // RFC 9113, 7: REFUSED_STREAM, CANCEL, ENHANCE_YOUR_CALM, INADEQUATE_SECURITY.
            (_, Some(7)) => Code::Unavailable,
            (_, Some(8)) => Code::Cancelled,
            (_, Some(11)) => Code::ResourceExhausted,
            (_, Some(12)) => Code::PermissionDenied,
            (TransportErrorKind::NotProcessed | TransportErrorKind::Connect(_), _) | (_, None) => {
                Code::Unavailable
            }
            (_, Some(_)) => Code::Internal,
        };
        Self::new(code, error.to_string())
    }

    /// Writes the status as trailers, its metadata included. The status's own
    /// headers win over metadata of the same name.
    pub fn to_headers(&self) -> HeaderMap {
        let mut headers = self.metadata.clone();
        headers.insert(GRPC_STATUS, code_value(self.code));
        headers.remove(GRPC_MESSAGE);
        headers.remove(GRPC_DETAILS);
        if !self.message.is_empty()
            && let Some(text) = encode_message(&self.message)
        {
            headers.insert(GRPC_MESSAGE, text);
        }
        if !self.details.is_empty()
            && let Some(text) = encode_binary(&self.details)
        {
            headers.insert(GRPC_DETAILS, text);
        }
        headers
    }
}

/// The code of a `grpc-status` header.
pub(super) fn code_of(headers: &HeaderMap) -> Option<Code> {
    let value = headers.get(GRPC_STATUS)?;
    let number = value.to_str().ok().and_then(|text| text.parse().ok());
    Some(number.map_or(Code::Unknown, Code::from_number))
}

fn code_value(code: Code) -> HeaderValue {
    HeaderValue::from(code.number())
}

fn encode_message(message: &str) -> Option<HeaderValue> {
    let encoded: Cow<'_, str> = percent_encode(message.as_bytes(), ESCAPED).into();
    HeaderValue::from_str(&encoded).ok()
}

/// Writes bytes as the value of a header whose name ends in `-bin`.
pub(super) fn encode_binary(bytes: &[u8]) -> Option<HeaderValue> {
    HeaderValue::try_from(BINARY.encode(bytes)).ok()
}

/// Reads the value of a header whose name ends in `-bin`.
pub(super) fn decode_binary(value: &HeaderValue) -> Option<Bytes> {
    BINARY.decode(value.as_bytes()).ok().map(Bytes::from)
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.message.is_empty() {
            write!(f, "{}", self.code)
        } else {
            write!(f, "{}: {}", self.code, self.message)
        }
    }
}

impl std::error::Error for Status {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_survives_its_way_through_trailers() {
        let mut status = Status::new(Code::NotFound, "no such user: 100% \u{1F600}\n\tgone")
            .with_details(&b"\x00\xff\x10details"[..]);
        status.metadata.insert("x-shard", HeaderValue::from_static("7"));
        let headers = status.to_headers();
        assert_eq!(headers["grpc-status"], "5");
        assert_eq!(
            headers["grpc-message"],
            "no such user: 100%25 %F0%9F%98%80%0A%09gone"
        );
        let back = Status::from_headers(&headers).unwrap();
        assert_eq!(back.code, Code::NotFound);
        assert_eq!(back.message, status.message);
        assert_eq!(back.details, status.details);
        assert_eq!(back.metadata, status.metadata);
    }

    #[test]
    fn malformed_statuses_are_kept_as_far_as_they_go() {
        let mut headers = HeaderMap::new();
        assert!(Status::from_headers(&headers).is_none());
        headers.insert(GRPC_STATUS, HeaderValue::from_static("many"));
        headers.insert(GRPC_MESSAGE, HeaderValue::from_static("50%zz %ff"));
        headers.insert(GRPC_DETAILS, HeaderValue::from_static("?!"));
        let status = Status::from_headers(&headers).unwrap();
        assert_eq!(status.code, Code::Unknown);
        assert_eq!(status.message, "50%zz \u{FFFD}");
        assert!(status.details.is_empty());
    }

    #[test]
    fn padded_base64_is_read_too() {
        assert_eq!(decode_binary(&HeaderValue::from_static("YQ==")).unwrap(), "a");
        assert_eq!(decode_binary(&HeaderValue::from_static("YQ")).unwrap(), "a");
    }
}
