//! The headers that clients and servers of Tieline say to each other, in one place.

pub(crate) mod accept;
pub(crate) mod disposition;
pub(crate) mod media_type;

use http::HeaderName;

/// The key that services show each other.
pub const API_KEY: HeaderName = HeaderName::from_static("x-api-key");
/// The calling service.
pub const SERVICE_NAME: HeaderName = HeaderName::from_static("x-service-name");
/// An id of this request.
pub const SERVICE_ID: HeaderName = HeaderName::from_static("x-service-id");
/// The id that all calls of one request of the outside share.
pub const CORRELATION_ID: HeaderName = HeaderName::from_static("x-correlation-id");
/// The request id. It and the correlation id stand in for each other.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// The position in a trace (W3C Trace Context).
pub const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
/// Vendors' state of a trace (W3C Trace Context).
pub const TRACESTATE: HeaderName = HeaderName::from_static("tracestate");
/// What is left of the deadline, in milliseconds.
pub const TIMEOUT_MS: HeaderName = HeaderName::from_static("tieline-timeout-ms");
/// The number of the attempt, from 0; absent means 0.
pub const ATTEMPT: HeaderName = HeaderName::from_static("tieline-attempt");
/// The id of the last event that a client has seen of a stream (WHATWG HTML, "Server-sent events").
pub const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
/// How much it matters that a request is served: `critical_plus`, `critical`, `sheddable_plus`, `sheddable`.
pub const PRIORITY: HeaderName = HeaderName::from_static("tieline-priority");
