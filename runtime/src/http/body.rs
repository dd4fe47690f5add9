//! Request and response bodies.
//!
//! A request is bytes (replayable, no box) or a stream. A response body keeps its
//! connection until it has been read to the end, then gives it back to the pool.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use http::HeaderMap;
use http_body::{Body as HttpBody, Frame, SizeHint};
use hyper::body::Incoming;

use super::pool::Lease;
use super::{TransportError, TransportErrorKind};
use crate::codec::ByteStream;

/// Any error of a stream that somebody else writes.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

type BoxBody<E> = Pin<Box<dyn HttpBody<Data = Bytes, Error = E> + Send>>;

/// The size in bytes beyond which a collected response is refused, unless set:
/// 64 MiB.
pub const DEFAULT_BODY_LIMIT: usize = 64 * 1024 * 1024;

/// The body of a request.
#[derive(Default)]
pub struct Body(Kind);

#[derive(Default)]
enum Kind {
    #[default]
    Empty,
    Bytes(Bytes),
    Stream(BoxBody<BoxError>),
}

impl Body {
    /// No body.
    pub const fn empty() -> Self {
        Self(Kind::Empty)
    }

    /// A body read once, such as a gRPC stream or an upload.
    pub fn stream<B>(body: B) -> Self
    where
        B: HttpBody<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        Self(Kind::Stream(Box::pin(http_body_util::BodyExt::map_err(
            body,
            Into::into,
        ))))
    }

    /// The whole body when it is bytes; an empty body is empty bytes.
    pub fn as_bytes(&self) -> Option<&[u8]> {
        match &self.0 {
            Kind::Empty => Some(&[]),
            Kind::Bytes(bytes) => Some(bytes),
            Kind::Stream(_) => None,
        }
    }

    /// A second body with the same bytes, shared and not copied; `None` for a stream.
    pub fn try_clone(&self) -> Option<Self> {
        match &self.0 {
            Kind::Empty => Some(Self(Kind::Empty)),
            Kind::Bytes(bytes) => Some(Self(Kind::Bytes(bytes.clone()))),
            Kind::Stream(_) => None,
        }
    }
}

impl From<Bytes> for Body {
    fn from(bytes: Bytes) -> Self {
        if bytes.is_empty() {
            Self(Kind::Empty)
        } else {
            Self(Kind::Bytes(bytes))
        }
    }
}

impl From<Vec<u8>> for Body {
    fn from(bytes: Vec<u8>) -> Self {
        Bytes::from(bytes).into()
    }
}

impl From<String> for Body {
    fn from(text: String) -> Self {
        Bytes::from(text).into()
    }
}

impl From<&'static str> for Body {
    fn from(text: &'static str) -> Self {
        Bytes::from_static(text.as_bytes()).into()
    }
}

impl From<()> for Body {
    fn from((): ()) -> Self {
        Self::empty()
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.as_bytes() {
            Some(bytes) => write!(f, "Body({} bytes)", bytes.len()),
            None => f.write_str("Body(stream)"),
        }
    }
}

impl HttpBody for Body {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        match &mut self.0 {
            Kind::Empty => Poll::Ready(None),
            Kind::Bytes(bytes) => {
                let bytes = std::mem::take(bytes);
                self.0 = Kind::Empty;
                Poll::Ready(Some(Ok(Frame::data(bytes))))
            }
            Kind::Stream(stream) => stream.as_mut().poll_frame(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.0 {
            Kind::Empty => true,
            Kind::Bytes(_) => false,
            Kind::Stream(stream) => stream.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            Kind::Empty => SizeHint::with_exact(0),
            Kind::Bytes(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Kind::Stream(stream) => stream.size_hint(),
        }
    }
}

/// A stream of octets as a body, with its length where that is known.
pub(crate) struct Sized {
    octets: ByteStream,
    left: Option<u64>,
}

impl Sized {
    pub(crate) fn new(octets: ByteStream, length: Option<u64>) -> Self {
        Self { octets, left: length }
    }
}

impl HttpBody for Sized {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let next = ready!(self.octets.as_mut().poll_next(cx));
        if let (Some(Ok(octets)), Some(left)) = (&next, self.left) {
            self.left = Some(left.saturating_sub(octets.len() as u64));
        }
        Poll::Ready(next.map(|octets| octets.map(Frame::data)))
    }

    fn size_hint(&self) -> SizeHint {
        self.left.map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}

/// The body of a response: collect it with a limit, or read it frame by frame as
/// an [`http_body::Body`].
///
/// Dropping it before its end gives the rest up: an HTTP/1 connection is closed,
/// an HTTP/2 stream is reset.
pub struct ResponseBody {
    source: Source,
    /// The connection, until the body has ended.
    lease: Option<Lease>,
}

enum Source {
    Bytes(Option<Bytes>),
    Wire(Incoming),
    Stream(BoxBody<TransportError>),
}

/// A response body as a whole.
#[derive(Debug, Clone, Default)]
pub struct Collected {
    /// The bytes of the body.
    pub bytes: Bytes,
    /// What came after the body, if anything.
    pub trailers: Option<HeaderMap>,
}

impl ResponseBody {
    pub(super) fn wire(incoming: Incoming, mut lease: Option<Lease>) -> Self {
        if incoming.is_end_stream()
            && let Some(lease) = lease.take()
        {
            lease.release();
        }
        Self {
            source: Source::Wire(incoming),
            lease,
        }
    }

    /// No body.
    pub fn empty() -> Self {
        Self::from(Bytes::new())
    }

    /// The body of an [`Exchange`](super::Exchange) that is not the pooled transport.
    pub fn stream<B>(body: B) -> Self
    where
        B: HttpBody<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        let body = http_body_util::BodyExt::map_err(body, |error| {
            let error: BoxError = error.into();
            match error.downcast::<TransportError>() {
                Ok(error) => *error,
                Err(error) => {
                    TransportError::new(TransportErrorKind::Io, "the response body failed").because(error)
                }
            }
        });
        Self {
            source: Source::Stream(Box::pin(body)),
            lease: None,
        }
    }

    /// Waits for the next frame; `None` at the end.
    pub async fn frame(&mut self) -> Option<Result<Frame<Bytes>, TransportError>> {
        std::future::poll_fn(|cx| Pin::new(&mut *self).poll_frame(cx)).await
    }

    /// Reads the body to its end, up to `limit` bytes. A body in one piece is not
    /// copied.
    ///
    /// # Errors
    /// [`TransportErrorKind::BodyTooLarge`] beyond the limit, and what the
    /// connection fails with.
    pub async fn collect(mut self, limit: usize) -> Result<Collected, TransportError> {
        let announced = self.size_hint().lower();
        if announced > limit as u64 {
            return Err(too_large());
        }
        let mut collected = Collected::default();
        let mut rest = BytesMut::new();
        while let Some(frame) = self.frame().await {
            let data = match frame?.into_data() {
                Ok(data) => data,
                Err(frame) => {
                    collected.trailers = frame.into_trailers().ok();
                    continue;
                }
            };
            let so_far = collected.bytes.len() + rest.len();
            if data.len() > limit.saturating_sub(so_far) {
                return Err(too_large());
            }
            if so_far == 0 {
                collected.bytes = data;
                continue;
            }
            if rest.is_empty() {
                // A peer may announce more than it sends: trust it for a mebibyte.
                rest.reserve((announced as usize).min(1 << 20).max(so_far + data.len()));
                rest.extend_from_slice(&std::mem::take(&mut collected.bytes));
            }
            rest.extend_from_slice(&data);
        }
        if !rest.is_empty() {
            collected.bytes = rest.freeze();
        }
        Ok(collected)
    }
}

fn too_large() -> TransportError {
    TransportError::new(
        TransportErrorKind::BodyTooLarge,
        "the response body is longer than the limit; raise the limit, or read the body as a stream",
    )
}

impl From<Bytes> for ResponseBody {
    fn from(bytes: Bytes) -> Self {
        let bytes = (!bytes.is_empty()).then_some(bytes);
        Self {
            source: Source::Bytes(bytes),
            lease: None,
        }
    }
}

impl fmt::Debug for ResponseBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ResponseBody")
    }
}

impl HttpBody for ResponseBody {
    type Data = Bytes;
    type Error = TransportError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, TransportError>>> {
        let this = &mut *self;
        let incoming = match &mut this.source {
            Source::Bytes(bytes) => {
                return Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes))));
            }
            Source::Stream(stream) => return stream.as_mut().poll_frame(cx),
            Source::Wire(incoming) => incoming,
        };
        match ready!(Pin::new(&mut *incoming).poll_frame(cx)) {
            Some(Ok(frame)) => {
                if incoming.is_end_stream()
                    && let Some(lease) = this.lease.take()
                {
                    lease.release();
                }
                Poll::Ready(Some(Ok(frame)))
            }
            Some(Err(error)) => {
                this.lease = None;
                Poll::Ready(Some(Err(TransportError::from_hyper(error))))
            }
            None => {
                if let Some(lease) = this.lease.take() {
                    lease.release();
                }
                Poll::Ready(None)
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.source {
            Source::Bytes(bytes) => bytes.is_none(),
            Source::Wire(incoming) => incoming.is_end_stream(),
            Source::Stream(stream) => stream.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.source {
            Source::Bytes(bytes) => {
                SizeHint::with_exact(bytes.as_ref().map_or(0, |bytes| bytes.len() as u64))
            }
            Source::Wire(incoming) => incoming.size_hint(),
            Source::Stream(stream) => stream.size_hint(),
        }
    }
}
