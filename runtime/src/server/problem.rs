//! Errors that no contract declares, as replies: RFC 9457 problem details, unless told otherwise.

use std::error::Error as StdError;

use axum::body::Body;
use http::{HeaderValue, Response, StatusCode, header};
use serde::Serialize;

use crate::codec::{Path, PathSegment, Violation};
use crate::context::Context;
use crate::error::{Error, ErrorKind};

/// How many violations a problem lists: a long list of wrong items must not make a longer reply.
const MOST_VIOLATIONS: usize = 100;

/// Turns an error that the contract does not declare into a reply. Implemented by [`ErrorStyle`], and by any
/// function of the same arguments.
pub trait RenderError: Send + Sync {
    /// The reply. `status` is what the protocol asks for: usually that of the error's code, but 405, 413, 415 and
    /// the like where a code would be less exact. An error of
    /// status 5xx may carry what is not for callers; the log has it already.
    fn render(&self, error: &Error, status: StatusCode, context: &Context) -> Response<Body>;
}

impl<F> RenderError for F
where
    F: Fn(&Error, StatusCode, &Context) -> Response<Body> + Send + Sync,
{
    fn render(&self, error: &Error, status: StatusCode, context: &Context) -> Response<Body> {
        self(error, status, context)
    }
}

/// The renderers that come with the crate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ErrorStyle {
    /// `application/problem+json` (RFC 9457) with `type`, `title`, `status`, `detail`, and as extensions `code`
    /// (the canonical code), `correlation_id` and, for a request that breaks the contract, `violations`: objects of
    /// `in` (`path`, `query`, `header`, `cookie`, `body`), `name`, `pointer` and `message`.
    #[default]
    Problem,
    /// `{ "error": message }`.
    Message,
    /// The same, but who is not let in is told the reason of the status alone: `{ "error": "Unauthorized" }` with 401,
    /// `{ "error": "Forbidden" }` with 403.
    Reason,
}

impl RenderError for ErrorStyle {
    fn render(&self, error: &Error, status: StatusCode, context: &Context) -> Response<Body> {
        let detail = public_message(error, status);
        match self {
            Self::Reason if matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) => {
                let reason = status.canonical_reason().unwrap_or(detail);
                json(status, "application/json", &Message { error: reason })
            }
            Self::Message | Self::Reason => json(status, "application/json", &Message { error: detail }),
            Self::Problem => json(
                status,
                "application/problem+json",
                &Problem {
                    kind: "about:blank",
                    title: status.canonical_reason().unwrap_or("Error"),
                    status: status.as_u16(),
                    detail,
                    code: error.code().name(),
                    correlation_id: context.correlation_id().map(|id| &**id),
                    violations: error
                        .violations()
                        .iter()
                        .take(MOST_VIOLATIONS)
                        .map(Shown::new)
                        .collect(),
                },
            ),
        }
    }
}

#[derive(Serialize)]
struct Message<'a> {
    error: &'a str,
}

#[derive(Serialize)]
struct Problem<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    title: &'static str,
    status: u16,
    detail: &'a str,
    code: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    correlation_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    violations: Vec<Shown<'a>>,
}

/// A violation whose path starts with the place in the request, and the name of the parameter.
#[derive(Serialize)]
struct Shown<'a> {
    #[serde(rename = "in", skip_serializing_if = "Option::is_none")]
    place: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "String::is_empty")]
    pointer: String,
    message: &'a str,
}

impl<'a> Shown<'a> {
    fn new(violation: &'a Violation) -> Self {
        let (place, name, rest) = match &violation.path.0[..] {
            [PathSegment::Key(place), rest @ ..] if place == "body" => (Some(&**place), None, rest),
            [PathSegment::Key(place), PathSegment::Key(name), rest @ ..] => {
                (Some(&**place), Some(&**name), rest)
            }
            rest => (None, None, rest),
        };
        Self {
            place,
            name,
            pointer: Path(rest.to_vec()).to_string(),
            message: &violation.message,
        }
    }
}

/// What a caller may see of an error. What a handler says itself reaches the caller; what a dependency of ours
/// did, or anything with a cause that is logged, does not once the status is one of the server's (5xx).
pub(super) fn public_message<E>(error: &Error<E>, status: StatusCode) -> &str {
    let own = matches!(error.kind(), ErrorKind::Internal | ErrorKind::Timeout)
        && error.service().is_empty()
        && error.fault().source().is_none();
    if own || !status.is_server_error() {
        error.message()
    } else {
        match status {
            StatusCode::SERVICE_UNAVAILABLE => "the service is not available now",
            StatusCode::GATEWAY_TIMEOUT => "the work could not be done in time",
            _ => "internal error",
        }
    }
}

/// Tells the log what the caller does not see.
pub(super) fn log<E>(error: &Error<E>, status: StatusCode) {
    let mut cause = String::new();
    let mut source = error.fault().source();
    while let Some(inner) = source {
        if !cause.is_empty() {
            cause.push_str(": ");
        }
        cause.push_str(&inner.to_string());
        source = inner.source();
    }
    let status = status.as_u16();
    if status >= 500 {
        tracing::error!(%status, code = %error.code(), error = %error.fault(), cause, "the request failed");
    } else {
        tracing::debug!(%status, code = %error.code(), error = %error.fault(), cause, "the request was refused");
    }
}

fn json(status: StatusCode, media_type: &'static str, body: &impl Serialize) -> Response<Body> {
    // Writing structs of texts and numbers to memory does not fail.
    let mut response = Response::new(Body::from(serde_json::to_vec(body).unwrap_or_default()));
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    response
}
