//! Who calls: the caller's name and ids, and the headers that say so.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::context::{Context, TraceContext, new_id, write_new_id};
use crate::headers::{
    API_KEY, CORRELATION_ID, REQUEST_ID, SERVICE_ID, SERVICE_NAME, TRACEPARENT, TRACESTATE,
};
use crate::random::Random;

/// Who calls. Part of a client's configuration.
#[derive(Debug, Clone, Default)]
pub struct Identity {
    /// `x-service-name`.
    pub(super) name: Option<HeaderValue>,
    /// `x-api-key`, marked as sensitive.
    pub(super) api_key: Option<HeaderValue>,
}

/// The ids of one call.
pub(crate) struct CallIds {
    pub(crate) correlation: Arc<str>,
    pub(crate) request: Arc<str>,
    pub(crate) trace: TraceContext,
}

impl CallIds {
    /// Those of the context, and new ones where it has none. The correlation id and the request id stand in for
    /// each other.
    pub(crate) fn of(context: &Context, random: &Random) -> Self {
        let known = context.correlation_id().or_else(|| context.request_id());
        let correlation = known.cloned().unwrap_or_else(|| new_id(random));
        let request = context
            .request_id()
            .cloned()
            .unwrap_or_else(|| Arc::clone(&correlation));
        let trace = context
            .trace()
            .map_or_else(|| TraceContext::root(random), |trace| trace.child(random));
        Self {
            correlation,
            request,
            trace,
        }
    }
}

impl Identity {
    /// Writes the key that services show each other: before credentials are looked for, since a contract may ask for it.
    pub(crate) fn write_key(&self, headers: &mut HeaderMap) {
        if let Some(key) = &self.api_key {
            headers.entry(API_KEY).or_insert_with(|| key.clone());
        }
    }

    /// Writes the headers that say who calls, on behalf of which request. Headers that the call sets itself win.
    pub(crate) fn write(&self, ids: &CallIds, random: &Random, headers: &mut HeaderMap) {
        self.write_key(headers);
        let mut set = |name: HeaderName, value: Option<HeaderValue>| {
            if let Some(value) = value {
                headers.entry(name).or_insert(value);
            }
        };
        set(SERVICE_NAME, self.name.clone());
        // One buffer for all ids, shared by the values: a call makes many, and each copy would be an allocation.
        let mut text = String::with_capacity(192);
        write_new_id(random, &mut text);
        let service = text.len();
        ids.trace.write_traceparent(&mut text);
        let trace = text.len();
        text.push_str(&ids.correlation);
        let correlation = text.len();
        let is_one_id = Arc::ptr_eq(&ids.correlation, &ids.request);
        if !is_one_id {
            text.push_str(&ids.request);
        }
        let text = Bytes::from(text);
        let value = |range: Range<usize>| HeaderValue::from_maybe_shared(text.slice(range)).ok();
        set(SERVICE_ID, value(0..service));
        set(TRACEPARENT, value(service..trace));
        set(CORRELATION_ID, value(trace..correlation));
        let request = if is_one_id {
            trace..correlation
        } else {
            correlation..text.len()
        };
        set(REQUEST_ID, value(request));
        set(
            TRACESTATE,
            ids.trace
                .state
                .as_deref()
                .and_then(|state| HeaderValue::from_str(state).ok()),
        );
    }
}
