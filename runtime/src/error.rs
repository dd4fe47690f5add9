//! One error for every protocol.
//!
//! [`Error<E>`] says what kind of failure it was, under a canonical [`Code`], and keeps the typed body `E` that the
//! contract declares. [`Fault`] is the same without the type: what policies see.

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, StatusCode};

use crate::code::Code;
use crate::codec::{DecodeError, Violation};
use crate::operation::{NoFailure, ReplySet};
use crate::policy::breaker::Judgement;
use crate::policy::retry::Verdict;

type Source = Box<dyn StdError + Send + Sync>;

/// What kind of failure it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The deadline passed, or an attempt took too long.
    Timeout,
    /// No connection could be made: the request certainly was not processed.
    Connect,
    /// The connection failed: the request may have been processed.
    Transport,
    /// A policy of our own refused the call. The peer was not asked.
    Rejected(Rejection),
    /// A failure that the contract declares. [`Error::body`] has it.
    Failure,
    /// A reply that the contract does not declare. [`Error::reply`] has it.
    Status,
    /// The caller is not known (401, UNAUTHENTICATED).
    Unauthorized,
    /// The caller may not do this (403, PERMISSION_DENIED).
    Forbidden,
    /// There is nothing to show for what the operation asks for: no credential is set, or no token could be had. The
    /// service was not asked.
    Credential,
    /// The reply could not be read as the contract says.
    Decode,
    /// The request could not be written.
    Encode,
    /// The request, or the reply where it is checked, breaks a rule of the contract. [`Error::violations`] has them.
    Invalid,
    /// The caller gave the call up.
    Cancelled,
    /// The handler failed in a way that the contract does not declare.
    Internal,
}

/// Which policy refused a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Rejection {
    /// The circuit breaker is open.
    BreakerOpen,
    /// The service accepts too few of the calls.
    Throttled,
    /// The bulkhead is full.
    BulkheadFull,
    /// The rate limit is reached.
    RateLimited,
    /// The client is closed.
    Closed,
}

impl Rejection {
    /// A label for metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::BreakerOpen => "breaker_open",
            Self::Throttled => "throttled",
            Self::BulkheadFull => "bulkhead_full",
            Self::RateLimited => "rate_limited",
            Self::Closed => "closed",
        }
    }
}

/// A reply as it came: what an error keeps of one that could not be typed.
#[derive(Clone, Default)]
pub struct RawReply {
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Bytes,
}

impl fmt::Debug for RawReply {
    /// Shows no content: it may be secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "RawReply({} headers, {} octets)",
            self.headers.len(),
            self.body.len()
        )
    }
}

/// A failure without its typed body: what policies see, and what every [`Error`] is made of.
pub struct Fault(Box<Facts>);

struct Facts {
    kind: ErrorKind,
    code: Code,
    message: Cow<'static, str>,
    status: Option<StatusCode>,
    reply: Option<RawReply>,
    retry_after: Option<Duration>,
    no_retry: bool,
    not_processed: bool,
    attempts: u32,
    service: Cow<'static, str>,
    operation: Cow<'static, str>,
    correlation_id: Option<Arc<str>>,
    violations: Vec<Violation>,
    source: Option<Source>,
}

impl Fault {
    /// A failure of this kind and code. `message` must not quote secrets.
    pub fn new(kind: ErrorKind, code: Code, message: impl Into<Cow<'static, str>>) -> Self {
        Self(Box::new(Facts {
            kind,
            code,
            message: message.into(),
            status: None,
            reply: None,
            retry_after: None,
            no_retry: false,
            not_processed: false,
            attempts: 0,
            service: Cow::Borrowed(""),
            operation: Cow::Borrowed(""),
            correlation_id: None,
            violations: Vec::new(),
            source: None,
        }))
    }

    /// The deadline passed.
    pub fn timeout(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::Timeout, Code::DeadlineExceeded, message)
    }

    /// A policy of our own refused the call.
    pub fn rejected(rejection: Rejection, retry_after: Option<Duration>) -> Self {
        let message = match rejection {
            Rejection::BreakerOpen => "the circuit breaker is open: the service failed too often lately",
            Rejection::Throttled => "throttled: the service accepted too few calls lately",
            Rejection::RateLimited => "the rate limit is reached: too many calls in too little time",
            Rejection::BulkheadFull => "the bulkhead is full: too many calls are under way",
            Rejection::Closed => "the client is closed",
        };
        let mut fault = Self::new(ErrorKind::Rejected(rejection), Code::Unavailable, message);
        fault.0.retry_after = retry_after;
        fault
    }

    /// A request or reply that breaks rules of the contract.
    pub fn invalid(what: &str, violations: Vec<Violation>) -> Self {
        let listed: Vec<_> = violations.iter().take(3).map(ToString::to_string).collect();
        let more = violations.len().saturating_sub(listed.len());
        let more = if more > 0 {
            format!(" (and {more} more)")
        } else {
            String::new()
        };
        let message = format!("the {what} breaks the contract: {}{more}", listed.join("; "));
        let mut fault = Self::new(ErrorKind::Invalid, Code::InvalidArgument, message);
        fault.0.violations = violations;
        fault
    }

    /// A reply that could not be read.
    pub fn decode(error: &DecodeError) -> Self {
        Self::new(
            ErrorKind::Decode,
            Code::Internal,
            format!("the reply is not what the contract says: {error}"),
        )
    }

    /// A reply with a status of failure, as it came.
    pub fn of_status(status: StatusCode, reply: RawReply) -> Self {
        let code = Code::from_http_status(status.as_u16());
        let kind = match status {
            StatusCode::UNAUTHORIZED => ErrorKind::Unauthorized,
            StatusCode::FORBIDDEN => ErrorKind::Forbidden,
            _ => ErrorKind::Status,
        };
        let mut fault = Self::new(kind, code, format!("the service answered {status}"));
        fault.0.status = Some(status);
        fault.0.reply = Some(reply);
        fault
    }

    /// Sets the HTTP status.
    pub fn with_status(mut self, status: StatusCode) -> Self {
        self.0.status = Some(status);
        self
    }

    /// Sets the reply as it came.
    pub fn with_reply(mut self, reply: RawReply) -> Self {
        self.0.reply = Some(reply);
        self
    }

    /// Sets how long the peer asks to wait before another attempt.
    pub fn with_retry_after(mut self, wait: Option<Duration>) -> Self {
        self.0.retry_after = wait;
        self
    }

    /// Notes that no further attempt may follow, such as after a gRPC pushback of "do not retry".
    pub fn with_no_retry(mut self) -> Self {
        self.0.no_retry = true;
        self
    }

    /// Notes that the request certainly was not processed.
    pub fn with_not_processed(mut self, not_processed: bool) -> Self {
        self.0.not_processed = not_processed;
        self
    }

    /// Sets the cause.
    pub fn because(mut self, source: impl Into<Source>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// Sets the kind.
    pub fn with_kind(mut self, kind: ErrorKind) -> Self {
        self.0.kind = kind;
        self
    }

    /// Sets the canonical code.
    pub fn with_code(mut self, code: Code) -> Self {
        self.0.code = code;
        self
    }

    /// Notes which call it was.
    pub fn of_call(
        mut self,
        service: impl Into<Cow<'static, str>>,
        operation: impl Into<Cow<'static, str>>,
        attempts: u32,
        correlation_id: Option<Arc<str>>,
    ) -> Self {
        self.0.service = service.into();
        self.0.operation = operation.into();
        self.0.attempts = attempts;
        self.0.correlation_id = correlation_id;
        self
    }

    /// What kind of failure it was.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The canonical code.
    pub fn code(&self) -> Code {
        self.0.code
    }

    /// The HTTP status of the reply, if there was one.
    pub fn status(&self) -> Option<StatusCode> {
        self.0.status
    }

    /// The reply as it came, if there was one.
    pub fn reply(&self) -> Option<&RawReply> {
        self.0.reply.as_ref()
    }

    /// What happened.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// Whether the request certainly was not processed.
    pub fn is_not_processed(&self) -> bool {
        self.0.not_processed
    }

    /// What it says about trying again, for an operation that may be repeated. One that was certainly not processed
    /// may be tried again whatever the operation is; see [`Fault::is_not_processed`].
    pub fn verdict(&self) -> Verdict {
        let verdict = match (self.0.kind, self.0.code) {
            _ if self.0.no_retry => Verdict::FINAL,
            (
                ErrorKind::Rejected(_)
                | ErrorKind::Encode
                | ErrorKind::Decode
                | ErrorKind::Invalid
                | ErrorKind::Credential
                | ErrorKind::Cancelled,
                _,
            ) => Verdict::FINAL,
            (_, Code::ResourceExhausted) => Verdict::THROTTLED,
            // Such as that the same request is under way: the service says when it will not be.
            (_, Code::Aborted) if self.0.retry_after.is_some() => Verdict::TRANSIENT,
            (ErrorKind::Timeout | ErrorKind::Connect | ErrorKind::Transport, _) | (_, Code::Unavailable) => {
                Verdict::TRANSIENT
            }
            _ => match self.0.status.map_or(0, |status| status.as_u16()) {
                408 | 425 | 500 | 502 | 503 | 504 => Verdict::TRANSIENT,
                429 => Verdict::THROTTLED,
                _ => Verdict::FINAL,
            },
        };
        verdict.after(self.0.retry_after)
    }

    /// Whether something may stand in for the reply: the service failed, or is not to be asked for now. Not where it has
    /// answered, or the caller is wrong.
    pub fn asks_for_fallback(&self) -> bool {
        match self.0.kind {
            ErrorKind::Rejected(rejection) => rejection != Rejection::Closed,
            _ => self.judgement() == Judgement::Failure,
        }
    }

    /// What it says about the health of the service: connect errors, timeouts, 5xx and 429, UNAVAILABLE, INTERNAL,
    /// UNKNOWN and DEADLINE_EXCEEDED are its failures; other 4xx are the caller's, and our own rejections nobody's.
    pub fn judgement(&self) -> Judgement {
        match (self.0.kind, self.0.status) {
            (
                ErrorKind::Rejected(_) | ErrorKind::Cancelled | ErrorKind::Encode | ErrorKind::Credential,
                _,
            ) => Judgement::Ignore,
            (ErrorKind::Timeout | ErrorKind::Connect | ErrorKind::Transport, _) => Judgement::Failure,
            (_, Some(status)) if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS => {
                Judgement::Failure
            }
            (_, Some(status)) if !status.is_success() => Judgement::Success,
            _ => match self.0.code {
                Code::Unavailable | Code::Internal | Code::Unknown | Code::DeadlineExceeded => {
                    Judgement::Failure
                }
                _ => Judgement::Success,
            },
        }
    }

    /// With a typed body.
    pub fn typed<E>(self, body: Option<E>) -> Error<E> {
        Error { fault: self, body }
    }
}

impl fmt::Debug for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fault")
            .field("kind", &self.0.kind)
            .field("code", &self.0.code)
            .field("message", &self.0.message)
            .field("status", &self.0.status)
            .field("service", &self.0.service)
            .field("operation", &self.0.operation)
            .field("attempts", &self.0.attempts)
            .field("correlation_id", &self.0.correlation_id)
            .field("reply", &self.0.reply)
            .field("source", &self.0.source)
            .finish_non_exhaustive()
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let facts = &*self.0;
        if !facts.service.is_empty() {
            write!(f, "{}.{}: ", facts.service, facts.operation)?;
        }
        f.write_str(&facts.message)?;
        if facts.attempts > 1 {
            write!(f, " (after {} attempts)", facts.attempts)?;
        }
        if let Some(id) = &facts.correlation_id {
            write!(f, " [correlation id {id}]")?;
        }
        Ok(())
    }
}

impl StdError for Fault {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}

/// A call that failed. `E` is the set of failures that the contract declares for the operation.
pub struct Error<E = NoFailure> {
    fault: Fault,
    body: Option<E>,
}

impl<E> Error<E> {
    /// A failure that the contract does not declare, for handlers: `Error::new(Code::NotFound, "no such user")`.
    /// The message reaches the caller.
    pub fn new(code: Code, message: impl Into<Cow<'static, str>>) -> Self {
        let kind = match code {
            Code::Unauthenticated => ErrorKind::Unauthorized,
            Code::PermissionDenied => ErrorKind::Forbidden,
            Code::DeadlineExceeded => ErrorKind::Timeout,
            Code::Cancelled => ErrorKind::Cancelled,
            _ => ErrorKind::Internal,
        };
        Self {
            fault: Fault::new(kind, code, message),
            body: None,
        }
    }

    /// A failure of the handler itself. The caller sees no more than that there was one; `source` goes to the log.
    pub fn internal(source: impl Into<Source>) -> Self {
        let fault = Fault::new(ErrorKind::Internal, Code::Internal, "internal error");
        Self {
            fault: fault.because(source),
            body: None,
        }
    }

    /// What kind of failure it was.
    pub fn kind(&self) -> ErrorKind {
        self.fault.kind()
    }

    /// The canonical code, the same for every protocol.
    pub fn code(&self) -> Code {
        self.fault.code()
    }

    /// The HTTP status of the reply, if there was one.
    pub fn status(&self) -> Option<StatusCode> {
        self.fault.status()
    }

    /// The failure that the contract declares, if it was one.
    pub fn body(&self) -> Option<&E> {
        self.body.as_ref()
    }

    /// The failure that the contract declares, if it was one.
    pub fn into_body(self) -> Option<E> {
        self.body
    }

    /// What happened, without the call that it happened to.
    pub fn message(&self) -> &str {
        self.fault.message()
    }

    /// The reply as it came.
    pub fn reply(&self) -> Option<&RawReply> {
        self.fault.reply()
    }

    /// How often it was tried. 0: it was never sent.
    pub fn attempts(&self) -> u32 {
        self.fault.0.attempts
    }

    /// The service that was called.
    pub fn service(&self) -> &str {
        &self.fault.0.service
    }

    /// The operation that was called.
    pub fn operation(&self) -> &str {
        &self.fault.0.operation
    }

    /// The id that all calls of one request of the outside share.
    pub fn correlation_id(&self) -> Option<&str> {
        self.fault.0.correlation_id.as_deref()
    }

    /// How long the peer, or an open breaker, asks to wait.
    pub fn retry_after(&self) -> Option<Duration> {
        self.fault.0.retry_after
    }

    /// The rules of the contract that were broken.
    pub fn violations(&self) -> &[Violation] {
        &self.fault.0.violations
    }

    /// Whether a deadline passed, here or at the peer (504, DEADLINE_EXCEEDED).
    pub fn is_timeout(&self) -> bool {
        self.code() == Code::DeadlineExceeded
    }

    /// Whether something may stand in for the reply; see [`Fault::asks_for_fallback`].
    pub fn asks_for_fallback(&self) -> bool {
        self.fault.asks_for_fallback()
    }

    /// Whether a policy of our own refused the call.
    pub fn is_rejected(&self) -> bool {
        matches!(self.kind(), ErrorKind::Rejected(_))
    }

    /// The same with another kind of body.
    pub fn map_body<F>(self, map: impl FnOnce(E) -> F) -> Error<F> {
        Error {
            fault: self.fault,
            body: self.body.map(map),
        }
    }

    /// The same without its body: for passing on the failure of a call made on behalf of another.
    pub fn without_body<F>(self) -> Error<F> {
        Error {
            fault: self.fault,
            body: None,
        }
    }

    /// The failure without its type.
    pub fn fault(&self) -> &Fault {
        &self.fault
    }

    /// Apart.
    pub fn into_parts(self) -> (Fault, Option<E>) {
        (self.fault, self.body)
    }
}

impl<E: ReplySet> From<E> for Error<E> {
    /// A failure that the contract declares.
    fn from(body: E) -> Self {
        let status = body.active().1;
        let fault = Fault::new(
            ErrorKind::Failure,
            body.code()
                .unwrap_or_else(|| Code::from_http_status(status.as_u16())),
            format!("the operation failed with {status}"),
        );
        Self {
            fault: fault.with_status(status),
            body: Some(body),
        }
    }
}

impl<E> From<Fault> for Error<E> {
    fn from(fault: Fault) -> Self {
        Self { fault, body: None }
    }
}

impl<E: fmt::Debug> fmt::Debug for Error<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("fault", &self.fault)
            .field("body", &self.body)
            .finish()
    }
}

impl<E> fmt::Display for Error<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.fault, f)
    }
}

impl<E: fmt::Debug> StdError for Error<E> {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.fault.source()
    }
}
