//! Why no response came, and how far the request can have come.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;

use super::BoxError;

/// How far a failed request can have come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TransportErrorKind {
    /// No connection could be made: the request certainly was not processed.
    Connect(ConnectCause),
    /// The connection ended, or the server refused the stream, before it looked
    /// at the request: certainly not processed (HTTP/2 `REFUSED_STREAM`, `GOAWAY`
    /// beyond the last stream, a connection that closed before the request left).
    NotProcessed,
    /// The connection broke or the stream was reset after the request may have
    /// arrived: it may have been processed.
    Io,
    /// The peer answered with something that is not HTTP.
    Protocol,
    /// The response body is longer than the limit.
    BodyTooLarge,
    /// The request itself cannot be sent, or its body failed while being read.
    InvalidRequest,
    /// The transport was closed before the request was sent.
    Closed,
}

/// Why no connection could be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ConnectCause {
    /// The name has no address.
    Dns,
    /// The host answered that nothing listens on the port.
    Refused,
    /// The connection was not made within the connect timeout.
    Timeout,
    /// The proxy did not lead to the service.
    Proxy,
    /// The TLS handshake failed: certificate, name, or no common protocol.
    Tls,
    /// The network said something else, such as unreachable.
    Network,
}

/// Why no response came. Cheap to clone; the cause is kept as its source.
#[derive(Clone)]
pub struct TransportError {
    kind: TransportErrorKind,
    context: &'static str,
    authority: Option<http::uri::Authority>,
    source: Option<Arc<dyn StdError + Send + Sync>>,
    reused: bool,
}

impl TransportError {
    pub(crate) fn new(kind: TransportErrorKind, context: &'static str) -> Self {
        Self {
            kind,
            context,
            authority: None,
            source: None,
            reused: false,
        }
    }

    /// An error for an [`Exchange`](super::Exchange) that is not the pooled
    /// transport: a test, a recorder, another wire.
    pub fn custom(kind: TransportErrorKind, context: &'static str, source: impl Into<BoxError>) -> Self {
        Self::new(kind, context).because(source)
    }

    pub(crate) fn because(mut self, source: impl Into<BoxError>) -> Self {
        self.source = Some(Arc::from(source.into()));
        self
    }

    pub(crate) fn to(mut self, endpoint: &super::Endpoint) -> Self {
        self.authority = Some(endpoint.authority().clone());
        self
    }

    pub(crate) fn on_reused(mut self, reused: bool) -> Self {
        self.reused = reused;
        self
    }

    pub(crate) fn invalid(context: &'static str, source: impl Into<BoxError>) -> Self {
        Self::new(TransportErrorKind::InvalidRequest, context).because(source)
    }

    pub(crate) fn closed() -> Self {
        Self::new(
            TransportErrorKind::Closed,
            "the client was closed; make a new one to call again",
        )
    }

    pub(crate) fn never_left() -> Self {
        Self::new(
            TransportErrorKind::NotProcessed,
            "the server closed the new connection before the request left",
        )
    }

    pub(crate) fn connect(cause: ConnectCause, context: &'static str) -> Self {
        Self::new(TransportErrorKind::Connect(cause), context)
    }

    /// Reads a hyper error, looking at the HTTP/2 error below it, which alone
    /// tells whether the server processed the stream.
    pub(crate) fn from_hyper(error: hyper::Error) -> Self {
        use TransportErrorKind as Kind;
        let (kind, context) = match h2_of(&error) {
            Some(h2) if h2.is_remote() && h2.reason() == Some(h2::Reason::REFUSED_STREAM) => (
                Kind::NotProcessed,
                "the server refused the stream before processing it",
            ),
            Some(h2) if h2.is_remote() && h2.is_go_away() => (
                Kind::NotProcessed,
                "the server is going away and did not process the request",
            ),
            Some(h2) if h2.is_reset() => (Kind::Io, "the server reset the stream"),
            Some(_) => (Kind::Io, "the HTTP/2 connection failed"),
            None if error.is_user() => (Kind::InvalidRequest, "the request could not be sent"),
            None if error.is_parse() => (Kind::Protocol, "the server did not answer with HTTP"),
            None if error.is_incomplete_message() => (
                Kind::Io,
                "the server closed the connection before the response was complete",
            ),
            None => (Kind::Io, "the connection failed"),
        };
        Self::new(kind, context).because(error)
    }

    /// How far the request can have come.
    pub fn kind(&self) -> TransportErrorKind {
        self.kind
    }

    /// True when no connection could be made.
    pub fn is_connect(&self) -> bool {
        matches!(self.kind, TransportErrorKind::Connect(_))
    }

    /// True when the server certainly did not process the request, so that
    /// sending it again is safe whatever the operation.
    pub fn is_not_processed(&self) -> bool {
        matches!(
            self.kind,
            TransportErrorKind::Connect(_)
                | TransportErrorKind::NotProcessed
                | TransportErrorKind::Closed
                | TransportErrorKind::InvalidRequest
        )
    }

    /// True when the transport had been closed.
    pub fn is_closed(&self) -> bool {
        self.kind == TransportErrorKind::Closed
    }

    /// True when the connection had served other requests before: the usual cause
    /// is a server that closed it as idle while the request was on its way.
    pub fn on_reused_connection(&self) -> bool {
        self.reused
    }

    /// The HTTP/2 error code (RFC 9113, 7) that ended the stream or connection.
    pub fn h2_reason(&self) -> Option<u32> {
        let mut at: Option<&(dyn StdError + 'static)> = StdError::source(self);
        while let Some(error) = at {
            if let Some(h2) = error.downcast_ref::<h2::Error>() {
                return h2.reason().map(u32::from);
            }
            at = error.source();
        }
        None
    }
}

fn h2_of(error: &hyper::Error) -> Option<&h2::Error> {
    let mut at: Option<&(dyn StdError + 'static)> = error.source();
    while let Some(error) = at {
        if let Some(h2) = error.downcast_ref::<h2::Error>() {
            return Some(h2);
        }
        at = error.source();
    }
    None
}

impl fmt::Display for TransportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.context)?;
        if let Some(authority) = &self.authority {
            write!(f, " ({authority})")?;
        }
        Ok(())
    }
}

impl fmt::Debug for TransportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TransportError")
            .field("kind", &self.kind)
            .field("context", &self.context)
            .field("authority", &self.authority)
            .field("source", &self.source)
            .finish_non_exhaustive()
    }
}

impl StdError for TransportError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source
            .as_deref()
            .map(|source| source as &(dyn StdError + 'static))
    }
}
