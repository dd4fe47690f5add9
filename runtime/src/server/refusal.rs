//! A request that is not answered by its handler.

use http::{HeaderValue, StatusCode};

use super::auth::Denied;
use crate::code::Code;
use crate::error::{Error, ErrorKind};

/// An error, and the status that says it best.
pub(super) struct Refusal {
    pub(super) status: StatusCode,
    pub(super) error: Error,
    /// What credentials would be accepted.
    pub(super) challenges: Vec<HeaderValue>,
    /// It is the handler that says so.
    pub(super) is_of_handler: bool,
}

impl Refusal {
    pub(super) fn new(status: StatusCode, message: String) -> Self {
        Self {
            status,
            error: Error::new(Code::from_http_status(status.as_u16()), message),
            challenges: Vec::new(),
            is_of_handler: false,
        }
    }

    pub(super) fn of_handler(error: Error) -> Self {
        Self {
            is_of_handler: true,
            ..Self::of(error)
        }
    }

    pub(super) fn of(error: Error) -> Self {
        let status = match (error.kind(), error.code()) {
            // Found by the handler, while it read the body.
            (ErrorKind::Invalid, Code::ResourceExhausted) => Ok(StatusCode::PAYLOAD_TOO_LARGE),
            (_, code) => StatusCode::from_u16(code.http_status()),
        };
        Self {
            status: status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
            error,
            challenges: Vec::new(),
            is_of_handler: false,
        }
    }

    pub(super) fn denied(denied: Denied) -> Self {
        Self {
            challenges: denied.challenges,
            ..Self::of(denied.error)
        }
    }
}
