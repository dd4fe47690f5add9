//! What the headers of a request say about the work: deadline, correlation, trace, caller, attempt.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue};

use crate::context::{Context, TraceContext, new_id};
use crate::headers::{
    ATTEMPT, CORRELATION_ID, REQUEST_ID, SERVICE_NAME, TIMEOUT_MS, TRACEPARENT, TRACESTATE,
};
use crate::policy::deadline::Deadline;
use crate::random::Random;

/// Longer ids of a caller are not passed on: they go to logs and to other services.
const ID_LIMIT: usize = 256;

static RANDOM: LazyLock<Random> = LazyLock::new(Random::new);

/// The context of an HTTP request.
///
/// `tieline-timeout-ms` is the time left of the caller's deadline, `tieline-attempt` counts its attempts from 0.
/// What is malformed is as good as absent.
pub(super) fn of_http(headers: &HeaderMap) -> Context {
    let number = |name| text(headers, &name).and_then(|text| text.parse::<u64>().ok());
    let context = of_headers(headers).with_attempt(attempt(headers));
    match number(TIMEOUT_MS) {
        Some(millis) => context.with_deadline(Deadline::after(Duration::from_millis(millis))),
        None => context,
    }
}

/// How many attempts came before, of the caller or of those that it calls for.
pub(super) fn attempt(headers: &HeaderMap) -> u32 {
    text(headers, &ATTEMPT)
        .and_then(|text| text.parse().ok())
        .unwrap_or(0)
}

/// What the headers of any protocol say: ids, trace and caller.
pub(super) fn of_headers(headers: &HeaderMap) -> Context {
    let id = |name: HeaderName| {
        text(headers, &name)
            .filter(|id| !id.is_empty() && id.len() <= ID_LIMIT)
            .map(Arc::from)
    };
    let (correlation, request): (Option<Arc<str>>, Option<Arc<str>>) = (id(CORRELATION_ID), id(REQUEST_ID));
    let correlation = correlation
        .or_else(|| request.clone())
        .unwrap_or_else(|| new_id(&RANDOM));
    let request = request.unwrap_or_else(|| correlation.clone());
    let trace = text(headers, &TRACEPARENT)
        .and_then(|parent| TraceContext::parse(parent, text(headers, &TRACESTATE)))
        .unwrap_or_else(|| TraceContext::root(&RANDOM));
    let context = Context::new()
        .with_correlation_id(correlation)
        .with_request_id(request)
        .with_trace(trace)
        .with_headers(headers.clone());
    match id(SERVICE_NAME) {
        Some(caller) => context.with_caller(caller),
        None => context,
    }
}

/// Sends the ids back.
pub(super) fn stamp(headers: &mut HeaderMap, context: &Context) {
    for (name, id) in [
        (CORRELATION_ID, context.correlation_id()),
        (REQUEST_ID, context.request_id()),
    ] {
        // Ids came as text of a header, or were made of hexadecimal digits.
        if let Some(value) = id.and_then(|id| HeaderValue::from_str(id).ok()) {
            headers.insert(name, value);
        }
    }
}

fn text<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h str> {
    headers.get(name)?.to_str().ok().map(str::trim)
}
