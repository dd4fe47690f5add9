//! What travels with a call: deadline, correlation, trace and who asks.
//!
//! A server makes a [`Context`] of every request and hands it to the handler; it is also the current one while the
//! handler runs, so that calls made there inherit the deadline and the ids without being told.

use std::any::Any;
use std::fmt::{self, Write as _};
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use http::{HeaderMap, HeaderName, HeaderValue};

use crate::error::Fault;
use crate::headers::accept::Accept;
use crate::policy::deadline::Deadline;
use crate::random::Random;
use crate::rest::{self, ReplyHeaders};

tokio::task_local! {
    static CURRENT: Context;
}

/// What travels with a call. Cheap to clone.
#[derive(Clone, Default)]
pub struct Context(Option<Arc<Facts>>);

#[derive(Clone, Default)]
struct Facts {
    deadline: Option<Deadline>,
    correlation_id: Option<Arc<str>>,
    request_id: Option<Arc<str>>,
    trace: Option<TraceContext>,
    caller: Option<Arc<str>>,
    attempt: u32,
    headers: Option<Arc<HeaderMap>>,
    principal: Option<Principal>,
    /// What a handler sets of the reply to come.
    reply_headers: Option<Arc<Mutex<HeaderMap>>>,
}

/// Who calls, as what it showed proves. Cheap to clone.
#[derive(Clone)]
pub struct Principal {
    name: Arc<str>,
    details: Option<Arc<dyn Any + Send + Sync>>,
}

impl Principal {
    /// Somebody of this name: a user, a client, a service.
    pub fn new(name: impl Into<Arc<str>>) -> Self {
        Self {
            name: name.into(),
            details: None,
        }
    }

    /// Keeps what else is known, such as the claims of a token.
    pub fn with(mut self, details: impl Any + Send + Sync) -> Self {
        self.details = Some(Arc::new(details));
        self
    }

    /// The name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What else is known, where it is of this type.
    pub fn details<T: Any>(&self) -> Option<&T> {
        self.details.as_deref()?.downcast_ref()
    }
}

impl fmt::Debug for Principal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Principal").field(&self.name).finish()
    }
}

impl Context {
    /// A context that says nothing.
    pub const fn new() -> Self {
        Self(None)
    }

    /// The context of the request that this task is handling; one that says nothing outside a handler.
    pub fn current() -> Self {
        CURRENT.try_with(Clone::clone).unwrap_or_default()
    }

    /// Runs `work` with this as the current context.
    pub async fn scope<F: Future>(self, work: F) -> F::Output {
        CURRENT.scope(self, work).await
    }

    /// Runs `work`, which does not wait, with this as the current context.
    #[cfg(feature = "server")]
    pub(crate) fn enter<T>(&self, work: impl FnOnce() -> T) -> T {
        CURRENT.sync_scope(self.clone(), work)
    }

    /// The same without a deadline, for work that goes on when the reply has begun.
    pub(crate) fn without_deadline(self) -> Self {
        self.with(|facts| facts.deadline = None)
    }

    fn with(mut self, change: impl FnOnce(&mut Facts)) -> Self {
        change(Arc::make_mut(self.0.get_or_insert_with(Arc::default)));
        self
    }

    /// Ends the work at `deadline`, or earlier if it was to end earlier.
    pub fn with_deadline(self, deadline: Deadline) -> Self {
        self.with(|facts| facts.deadline = Some(facts.deadline.map_or(deadline, |other| other.min(deadline))))
    }

    /// Sets the id that all calls of one request of the outside share.
    pub fn with_correlation_id(self, id: impl Into<Arc<str>>) -> Self {
        self.with(|facts| facts.correlation_id = Some(id.into()))
    }

    /// Sets the request id (`X-Request-ID`).
    pub fn with_request_id(self, id: impl Into<Arc<str>>) -> Self {
        self.with(|facts| facts.request_id = Some(id.into()))
    }

    /// Sets the trace that the work belongs to.
    pub fn with_trace(self, trace: TraceContext) -> Self {
        self.with(|facts| facts.trace = Some(trace))
    }

    /// Sets the name of the calling service.
    pub fn with_caller(self, name: impl Into<Arc<str>>) -> Self {
        self.with(|facts| facts.caller = Some(name.into()))
    }

    /// Sets which attempt of the caller this is, from 0.
    pub fn with_attempt(self, attempt: u32) -> Self {
        self.with(|facts| facts.attempt = attempt)
    }

    /// Sets the headers (gRPC: the metadata) that the request came with.
    pub fn with_headers(self, headers: HeaderMap) -> Self {
        self.with(|facts| facts.headers = Some(Arc::new(headers)))
    }

    /// Sets who calls, as what it showed proves.
    pub fn with_principal(self, principal: Principal) -> Self {
        self.with(|facts| facts.principal = Some(principal))
    }

    /// The same, with whom a layer in front of the service has put into the request's extensions.
    #[cfg(feature = "server")]
    pub(crate) fn with_principal_of(self, extensions: &http::Extensions) -> Self {
        match extensions.get::<Principal>() {
            Some(principal) => self.with_principal(principal.clone()),
            None => self,
        }
    }

    /// Keeps the headers that a handler sets of its reply, as servers do, so that a test can look at them.
    pub fn with_reply_headers(self) -> Self {
        self.with(|facts| facts.reply_headers = Some(Arc::default()))
    }

    fn facts(&self) -> Option<&Facts> {
        self.0.as_deref()
    }

    /// When the work must end.
    pub fn deadline(&self) -> Option<Deadline> {
        self.facts()?.deadline
    }

    /// The id that all calls of one request of the outside share.
    pub fn correlation_id(&self) -> Option<&Arc<str>> {
        self.facts()?.correlation_id.as_ref()
    }

    /// The request id (`X-Request-ID`).
    pub fn request_id(&self) -> Option<&Arc<str>> {
        self.facts()?.request_id.as_ref()
    }

    /// The trace that the work belongs to.
    pub fn trace(&self) -> Option<&TraceContext> {
        self.facts()?.trace.as_ref()
    }

    /// The name of the calling service.
    pub fn caller(&self) -> Option<&str> {
        self.facts()?.caller.as_deref()
    }

    /// Who calls, as what it showed proves. `None`: nobody looked, or it need not say.
    pub fn principal(&self) -> Option<&Principal> {
        self.facts()?.principal.as_ref()
    }

    /// Which attempt of the caller this is, from 0.
    pub fn attempt(&self) -> u32 {
        self.facts().map_or(0, |facts| facts.attempt)
    }

    /// Sets headers that the contract declares of the reply that a handler is about to give, be it a success or a failure:
    /// `cx.set_reply_headers(&list_pets::Headers::new(total))?`. They take the place of others of their names.
    ///
    /// Outside a request of HTTP there is no such reply, and nothing happens.
    ///
    /// # Errors
    /// A text has characters that no header can hold. The message names the header.
    pub fn set_reply_headers<H: ReplyHeaders>(&self, headers: &H) -> Result<(), Fault> {
        self.set_all(rest::headers::write(headers)?);
        Ok(())
    }

    /// Sets a header of the reply that a handler is about to give, whether or not the contract declares it.
    pub fn set_reply_header(&self, name: HeaderName, value: HeaderValue) {
        self.set_all(HeaderMap::from_iter([(name, value)]));
    }

    fn set_all(&self, headers: HeaderMap) {
        if let Some(mut kept) = self.kept_headers() {
            replace(&mut kept, headers);
        }
    }

    /// The headers that were set of the reply.
    pub fn reply_headers(&self) -> HeaderMap {
        self.kept_headers().map(|kept| kept.clone()).unwrap_or_default()
    }

    /// Writes the headers that were set of the reply. Those that frame its body are the server's own.
    #[cfg(feature = "server")]
    pub(crate) fn write_reply_headers(&self, into: &mut HeaderMap) {
        use http::header::{CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING};
        let Some(mut kept) = self.kept_headers() else {
            return;
        };
        for name in [CONTENT_LENGTH, TRANSFER_ENCODING, CONNECTION] {
            kept.remove(name);
        }
        if !kept.is_empty() {
            replace(into, std::mem::take(&mut *kept));
        }
    }

    fn kept_headers(&self) -> Option<MutexGuard<'_, HeaderMap>> {
        let kept = self.facts()?.reply_headers.as_ref()?;
        // Nothing is left half done under this lock.
        Some(kept.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The id of the last event that the client has seen of a stream, when it asks for the rest.
    pub fn last_event_id(&self) -> Option<&str> {
        self.header(crate::headers::LAST_EVENT_ID.as_str())
    }

    /// A header (gRPC: metadata) that the request came with, as text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.facts()?.headers.as_ref()?.get(name)?.to_str().ok()
    }

    /// Which of these media types the caller wants most, by its `Accept`: the first of equals. `None`: it wants none.
    ///
    /// ```
    /// # use tieline::Context;
    /// let mut headers = http::HeaderMap::new();
    /// headers.insert("accept", http::HeaderValue::from_static("text/csv, application/json;q=0.9"));
    /// let cx = Context::new().with_headers(headers);
    /// assert_eq!(cx.preferred(&["application/json", "text/csv"]), Some("text/csv"));
    /// ```
    pub fn preferred<'m>(&self, offered: &[&'m str]) -> Option<&'m str> {
        self.accept().preferred(offered)
    }

    pub(crate) fn accept(&self) -> Accept {
        let headers = self.facts().and_then(|facts| facts.headers.as_ref());
        headers.map(|headers| Accept::of(headers)).unwrap_or_default()
    }
}

/// Puts `headers` in the place of those of their names. All lines of a name stay.
fn replace(into: &mut HeaderMap, headers: HeaderMap) {
    let mut last: Option<HeaderName> = None;
    for (name, value) in headers {
        match (name, &last) {
            (Some(name), _) => {
                into.insert(name.clone(), value);
                last = Some(name);
            }
            // A further line of the same name.
            (None, Some(name)) => {
                into.append(name.clone(), value);
            }
            (None, None) => {}
        }
    }
}

impl fmt::Debug for Context {
    /// Shows no headers: they carry credentials.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context")
            .field("correlation_id", &self.correlation_id())
            .field("request_id", &self.request_id())
            .field("caller", &self.caller())
            .field("attempt", &self.attempt())
            .field("has_deadline", &self.deadline().is_some())
            .field("trace", &self.trace())
            .finish_non_exhaustive()
    }
}

/// A W3C trace context: the position of a call in a distributed trace.
///
/// Source: W3C Trace Context, `traceparent` version 00 and `tracestate`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TraceContext {
    /// The whole trace. Never 0.
    pub trace_id: u128,
    /// The span that made the call. Never 0.
    pub span_id: u64,
    /// Whether the caller records the trace.
    pub sampled: bool,
    /// Vendors' state, passed on as it came.
    pub state: Option<Arc<str>>,
}

impl TraceContext {
    /// A new trace, not sampled.
    pub fn root(random: &Random) -> Self {
        let trace_id = u128::from(random.next_u64() | 1) << 64 | u128::from(random.next_u64());
        Self {
            trace_id,
            span_id: random.next_u64() | 1,
            sampled: false,
            state: None,
        }
    }

    /// A new span in the same trace.
    pub fn child(&self, random: &Random) -> Self {
        Self {
            span_id: random.next_u64() | 1,
            ..self.clone()
        }
    }

    /// Reads a `traceparent`, and the `tracestate` that came with it. `None`: it is malformed, and a new trace
    /// starts, as the recommendation says.
    pub fn parse(traceparent: &str, tracestate: Option<&str>) -> Option<Self> {
        let mut parts = traceparent.trim().split('-');
        let (version, trace, span, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let lower_hex = |text: &str, length: usize| {
            text.len() == length
                && text
                    .bytes()
                    .all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
        };
        let well_formed =
            lower_hex(version, 2) && lower_hex(trace, 32) && lower_hex(span, 16) && lower_hex(flags, 2);
        // Later versions may append fields; version 00 has none, and ff is forbidden.
        if !well_formed || version == "ff" || (version == "00" && parts.next().is_some()) {
            return None;
        }
        let trace_id = u128::from_str_radix(trace, 16).ok().filter(|id| *id != 0)?;
        let span_id = u64::from_str_radix(span, 16).ok().filter(|id| *id != 0)?;
        let sampled = u8::from_str_radix(flags, 16).ok()? & 1 == 1;
        Some(Self {
            trace_id,
            span_id,
            sampled,
            state: tracestate.map(Arc::from),
        })
    }

    /// As a `traceparent` header.
    pub fn traceparent(&self) -> String {
        let mut text = String::with_capacity(55);
        self.write_traceparent(&mut text);
        text
    }

    /// Appends the `traceparent` header, 55 octets.
    pub(crate) fn write_traceparent(&self, out: &mut String) {
        // Writing to a String cannot fail.
        let _ = write!(
            out,
            "00-{:032x}-{:016x}-{:02x}",
            self.trace_id,
            self.span_id,
            u8::from(self.sampled)
        );
    }
}

/// A new random id in the form of a version 4 UUID (RFC 9562).
pub fn new_id(random: &Random) -> Arc<str> {
    let mut text = String::with_capacity(36);
    write_new_id(random, &mut text);
    text.into()
}

/// Appends a new random id, 36 octets.
pub(crate) fn write_new_id(random: &Random, out: &mut String) {
    let (high, low) = (random.next_u64(), random.next_u64());
    let version = high & 0xffff_ffff_ffff_0fff | 0x4000;
    let variant = low & 0x3fff_ffff_ffff_ffff | 0x8000_0000_0000_0000;
    // Writing to a String cannot fail.
    let _ = write!(
        out,
        "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
        version >> 32,
        version >> 16 & 0xffff,
        version & 0xffff,
        variant >> 48,
        variant & 0xffff_ffff_ffff
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_traceparent_survives_the_round_trip() {
        let text = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        let trace = TraceContext::parse(text, Some("vendor=1")).expect("well-formed");
        assert!(trace.sampled);
        assert_eq!(trace.traceparent(), text);
        let child = trace.child(&Random::seeded(1));
        assert_eq!(
            (child.trace_id, child.state.as_deref()),
            (trace.trace_id, Some("vendor=1"))
        );
        assert_ne!(child.span_id, trace.span_id);
    }

    #[test]
    fn a_malformed_traceparent_is_no_trace() {
        for text in [
            "",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-x",
        ] {
            assert_eq!(TraceContext::parse(text, None), None, "{text}");
        }
    }

    #[test]
    fn a_new_id_is_a_version_4_uuid() {
        let id = new_id(&Random::seeded(7));
        assert!(crate::codec::Format::Uuid.accepts(&id), "{id}");
        assert_eq!(&id[14..15], "4");
        assert!(matches!(&id[19..20], "8" | "9" | "a" | "b"));
    }

    #[tokio::test]
    async fn the_current_context_is_that_of_the_scope() {
        assert_eq!(Context::current().correlation_id(), None);
        let context = Context::new().with_correlation_id("abc");
        let seen = context
            .scope(async { Context::current().correlation_id().cloned() })
            .await;
        assert_eq!(seen.as_deref(), Some("abc"));
    }
}
