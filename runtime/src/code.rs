//! The canonical status code that every protocol maps to and from.
//!
//! Names and numbers are gRPC's (`google.rpc.Code`). The HTTP tables follow
//! `google/rpc/code.proto`, and gRPC's "HTTP to gRPC Status Code Mapping" for
//! peers that answer a gRPC call without a `grpc-status`.

use std::fmt;

/// How a call ended, in the 17 canonical codes shared by gRPC and HTTP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Code {
    /// The call succeeded.
    Ok = 0,
    /// The caller gave the call up.
    Cancelled = 1,
    /// An error of which nothing more is known.
    Unknown = 2,
    /// The request is wrong whatever the state of the system.
    InvalidArgument = 3,
    /// The deadline passed before the call ended.
    DeadlineExceeded = 4,
    /// What was asked for does not exist.
    NotFound = 5,
    /// What was to be created exists already.
    AlreadyExists = 6,
    /// The caller is known, and may not do this.
    PermissionDenied = 7,
    /// A quota or a capacity is used up.
    ResourceExhausted = 8,
    /// The system is not in the state that the call needs.
    FailedPrecondition = 9,
    /// The call lost a race, such as a transaction conflict.
    Aborted = 10,
    /// The call went past a valid range.
    OutOfRange = 11,
    /// The server does not have this operation.
    Unimplemented = 12,
    /// An invariant of the server is broken.
    Internal = 13,
    /// The service cannot be reached or does not serve now.
    Unavailable = 14,
    /// Data is lost or corrupt beyond repair.
    DataLoss = 15,
    /// The caller is not known.
    Unauthenticated = 16,
}

/// Every code in the order of its number.
const ALL: [Code; 17] = [
    Code::Ok,
    Code::Cancelled,
    Code::Unknown,
    Code::InvalidArgument,
    Code::DeadlineExceeded,
    Code::NotFound,
    Code::AlreadyExists,
    Code::PermissionDenied,
    Code::ResourceExhausted,
    Code::FailedPrecondition,
    Code::Aborted,
    Code::OutOfRange,
    Code::Unimplemented,
    Code::Internal,
    Code::Unavailable,
    Code::DataLoss,
    Code::Unauthenticated,
];

impl Code {
    /// Every code, in the order of its number.
    pub const fn all() -> &'static [Self; 17] {
        &ALL
    }

    /// The code of a number on the wire; a number that gRPC does not define is
    /// [`Code::Unknown`].
    ///
    /// ```
    /// # use tieline::code::Code;
    /// assert_eq!(Code::from_number(5), Code::NotFound);
    /// assert_eq!(Code::from_number(99), Code::Unknown);
    /// ```
    pub fn from_number(number: i32) -> Self {
        usize::try_from(number)
            .ok()
            .and_then(|at| ALL.get(at).copied())
            .unwrap_or(Self::Unknown)
    }

    /// The number that gRPC puts on the wire.
    pub const fn number(self) -> i32 {
        self as i32
    }

    /// The code of a canonical name such as `NOT_FOUND`. `CANCELED` is read as
    /// well as `CANCELLED`.
    pub fn from_name(name: &str) -> Option<Self> {
        if name == "CANCELED" {
            return Some(Self::Cancelled);
        }
        ALL.into_iter().find(|code| code.name() == name)
    }

    /// The canonical name, such as `NOT_FOUND`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ok => "OK",
            Self::Cancelled => "CANCELLED",
            Self::Unknown => "UNKNOWN",
            Self::InvalidArgument => "INVALID_ARGUMENT",
            Self::DeadlineExceeded => "DEADLINE_EXCEEDED",
            Self::NotFound => "NOT_FOUND",
            Self::AlreadyExists => "ALREADY_EXISTS",
            Self::PermissionDenied => "PERMISSION_DENIED",
            Self::ResourceExhausted => "RESOURCE_EXHAUSTED",
            Self::FailedPrecondition => "FAILED_PRECONDITION",
            Self::Aborted => "ABORTED",
            Self::OutOfRange => "OUT_OF_RANGE",
            Self::Unimplemented => "UNIMPLEMENTED",
            Self::Internal => "INTERNAL",
            Self::Unavailable => "UNAVAILABLE",
            Self::DataLoss => "DATA_LOSS",
            Self::Unauthenticated => "UNAUTHENTICATED",
        }
    }

    /// The HTTP status that a server answers with for this code
    /// (`google/rpc/code.proto`). 400, 409 and 500 stand for several codes.
    pub const fn http_status(self) -> u16 {
        match self {
            Self::Ok => 200,
            Self::Cancelled => 499,
            Self::InvalidArgument | Self::FailedPrecondition | Self::OutOfRange => 400,
            Self::DeadlineExceeded => 504,
            Self::NotFound => 404,
            Self::AlreadyExists | Self::Aborted => 409,
            Self::PermissionDenied => 403,
            Self::ResourceExhausted => 429,
            Self::Unimplemented => 501,
            Self::Unavailable => 503,
            Self::Unauthenticated => 401,
            Self::Unknown | Self::Internal | Self::DataLoss => 500,
        }
    }

    /// The code of an HTTP status that a REST backend answered with.
    ///
    /// 2xx is [`Code::Ok`]; a 4xx outside the table is
    /// [`Code::FailedPrecondition`], a 5xx outside it [`Code::Internal`]; all
    /// else is [`Code::Unknown`].
    pub const fn from_http_status(status: u16) -> Self {
        match status {
            200..=299 => Self::Ok,
            400 | 405 | 406 | 411 | 413 | 414 | 415 | 422 => Self::InvalidArgument,
            401 => Self::Unauthenticated,
            403 => Self::PermissionDenied,
            404 | 410 => Self::NotFound,
            408 | 504 => Self::DeadlineExceeded,
            409 => Self::Aborted,
            416 => Self::OutOfRange,
            429 => Self::ResourceExhausted,
            499 => Self::Cancelled,
            402..=498 => Self::FailedPrecondition,
            501 => Self::Unimplemented,
            502 | 503 => Self::Unavailable,
            500..=599 => Self::Internal,
            _ => Self::Unknown,
        }
    }

    /// The code of an HTTP status that came in answer to a gRPC call, without a
    /// `grpc-status`: what a proxy between the two says.
    ///
    /// A 200 without a `grpc-status` is [`Code::Unknown`] too.
    pub const fn from_http_status_of_grpc(status: u16) -> Self {
        match status {
            400 => Self::Internal,
            401 => Self::Unauthenticated,
            403 => Self::PermissionDenied,
            404 => Self::Unimplemented,
            429 | 502 | 503 | 504 => Self::Unavailable,
            _ => Self::Unknown,
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_names_go_both_ways() {
        for (at, code) in Code::all().iter().enumerate() {
            assert_eq!(code.number(), at as i32);
            assert_eq!(Code::from_number(at as i32), *code);
            assert_eq!(Code::from_name(code.name()), Some(*code));
        }
        assert_eq!(Code::from_number(17), Code::Unknown);
        assert_eq!(Code::from_number(-1), Code::Unknown);
        assert_eq!(Code::from_name("nope"), None);
    }

    #[test]
    fn http_statuses_follow_the_canonical_tables() {
        let rest = [
            (400, Code::InvalidArgument),
            (401, Code::Unauthenticated),
            (403, Code::PermissionDenied),
            (404, Code::NotFound),
            (409, Code::Aborted),
            (412, Code::FailedPrecondition),
            (416, Code::OutOfRange),
            (429, Code::ResourceExhausted),
            (499, Code::Cancelled),
            (500, Code::Internal),
            (501, Code::Unimplemented),
            (503, Code::Unavailable),
            (504, Code::DeadlineExceeded),
        ];
        for (status, code) in rest {
            assert_eq!(Code::from_http_status(status), code, "{status}");
        }
        let proxies = [
            (400, Code::Internal),
            (404, Code::Unimplemented),
            (502, Code::Unavailable),
            (200, Code::Unknown),
            (418, Code::Unknown),
        ];
        for (status, code) in proxies {
            assert_eq!(Code::from_http_status_of_grpc(status), code, "{status}");
        }
        assert_eq!(Code::Cancelled.http_status(), 499);
        assert_eq!(Code::OutOfRange.http_status(), 400);
    }
}
