//! Replies that are kept, to stand in for calls that fail.
//!
//! Kept are successes of calls without an effect (GET, HEAD; `NO_SIDE_EFFECTS`), whole and not as streams, unless they say
//! `Cache-Control: no-store`; a call that says so, or `no-cache`, is made and has nothing kept. Calls are told apart by all that is sent but ids and trace: a reply that one caller got with a
//! credential of its own is none for another. What an interceptor adds to single attempts is not seen here; a client whose
//! interceptor signs for different users must not keep replies.

use std::borrow::Cow;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::header::{AGE, CACHE_CONTROL};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

use crate::adapter::{Payload, Wire};
use crate::clock::Clock;
use crate::error::Fault;
use crate::headers;
use crate::http::Endpoint;
use crate::observe::metrics;
use crate::orchestrate::{Answer, Call};
use crate::policy::cache::{Cache, Source};
use crate::policy::deadline::Deadline;

/// How a client keeps replies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Keeping {
    pub(crate) stale_if_error: Duration,
    pub(crate) fresh: Duration,
    pub(crate) most: usize,
}

impl Default for Keeping {
    fn default() -> Self {
        Self {
            stale_if_error: Duration::ZERO,
            fresh: Duration::ZERO,
            most: 1000,
        }
    }
}

/// The replies that a client keeps.
pub(crate) struct Kept(Cache<Key, Reply>);

/// What tells calls apart.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Key {
    operation: Cow<'static, str>,
    /// Where it goes, if not where the client's address leads.
    endpoint: Option<Endpoint>,
    target: String,
    headers: Vec<(HeaderName, HeaderValue)>,
    body: Bytes,
}

#[derive(Clone)]
struct Reply {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

impl Kept {
    /// `None`: none is to be kept.
    pub(crate) fn new(keeping: Keeping, clock: Clock) -> Option<Self> {
        if keeping.stale_if_error.is_zero() && keeping.fresh.is_zero() {
            return None;
        }
        let cache = Cache::new(keeping.stale_if_error).fresh_for(keeping.fresh);
        Some(Self(cache.capacity(keeping.most).clock(clock)))
    }

    /// Makes the call by `work`, or gives a reply that was kept in its place, with its age. An error comes with the number
    /// of attempts.
    pub(crate) async fn run<F>(
        &self,
        call: &Call,
        metrics: &metrics::Service,
        deadline: Deadline,
        work: F,
    ) -> Result<Answer, (Fault, u32)>
    where
        F: AsyncFnOnce() -> Result<Answer, (Fault, u32)>,
    {
        let Some(key) = Key::of(call) else {
            return work().await;
        };
        let attempts = AtomicU32::new(0);
        let work = || async {
            let outcome = work().await;
            let made = outcome
                .as_ref()
                .map_or_else(|(_, made)| *made, |answer| answer.attempts);
            attempts.store(made, Ordering::Relaxed);
            outcome.map(Reply::of)
        };
        let failed = |(fault, _): &(Fault, u32)| {
            let stands_in = fault.asks_for_fallback();
            if stands_in {
                tracing::debug!(operation = %call.operation, error = %fault, "a kept reply stands in if there is one");
            }
            stands_in
        };
        // It can be another call that is waited for.
        let served = match deadline.run(self.0.run_with(key.clone(), failed, work)).await {
            Ok(served) => served?,
            Err(_) => self.0.stand_in(&key).ok_or_else(|| {
                let message = "the deadline passed while a call for the same was waited for";
                (Fault::timeout(message), attempts.load(Ordering::Relaxed))
            })?,
        };
        let mut answer = served.value.into_answer(attempts.into_inner());
        match served.source {
            Source::Kept(age) => {
                metrics.kept(if age <= self.0.freshness() {
                    metrics::Kept::Fresh
                } else {
                    metrics::Kept::Stale
                });
                answer.headers.insert(AGE, HeaderValue::from(age.as_secs()));
            }
            _ if !may_be_kept(&answer) => self.0.forget(&key),
            _ => {}
        }
        Ok(answer)
    }
}

impl Key {
    /// `None`: the call has an effect, asks for what is not kept, or what is sent or comes back is a stream.
    fn of(call: &Call) -> Option<Self> {
        if !call.safe || says(&call.headers, "no-cache") || says(&call.headers, "no-store") {
            return None;
        }
        let (target, body) = match &call.wire {
            Wire::Http {
                method,
                path,
                body: Payload::Octets(body),
                successes,
                ..
            } => {
                let mut bodies = successes.iter().filter_map(|reply| reply.body.as_ref());
                if bodies.any(|body| body.encoding.framing().is_some()) {
                    return None;
                }
                (format!("{method} {path}"), body.clone())
            }
            Wire::Http { .. } => return None,
            #[cfg(feature = "grpc")]
            Wire::Grpc(outgoing) => match &outgoing.payload {
                crate::adapter::grpc::Payload::Message(frame) if !outgoing.shape.streams_replies() => {
                    (outgoing.path.to_string(), frame.message())
                }
                _ => return None,
            },
        };
        let sent = call
            .headers
            .iter()
            .filter(|(name, _)| !OF_THIS_CALL.contains(name));
        let mut headers: Vec<_> = sent.map(|(name, value)| (name.clone(), value.clone())).collect();
        headers.sort_by(|(one, _), (other, _)| one.as_str().cmp(other.as_str()));
        Some(Self {
            operation: call.operation.clone(),
            endpoint: call.endpoint.clone(),
            target,
            headers,
            body,
        })
    }
}

/// Headers that are others for each call.
const OF_THIS_CALL: [HeaderName; 5] = [
    headers::SERVICE_ID,
    headers::CORRELATION_ID,
    headers::REQUEST_ID,
    headers::TRACEPARENT,
    headers::TRACESTATE,
];

impl Reply {
    fn of(answer: Answer) -> Self {
        Self {
            status: answer.status,
            headers: answer.headers,
            body: answer.body,
        }
    }

    fn into_answer(self, attempts: u32) -> Answer {
        let mut answer = Answer::new(self.status, self.headers, self.body);
        answer.attempts = attempts;
        answer
    }
}

fn may_be_kept(answer: &Answer) -> bool {
    answer.status.is_success() && !says(&answer.headers, "no-store")
}

/// Whether `Cache-Control` has this directive (RFC 9111, 5.2).
fn says(headers: &HeaderMap, directive: &str) -> bool {
    let controls = headers.get_all(CACHE_CONTROL).iter();
    let texts = controls.filter_map(|value| value.to_str().ok());
    texts
        .flat_map(|text| text.split(','))
        .any(|own| own.trim().eq_ignore_ascii_case(directive))
}
