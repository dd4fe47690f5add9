//! Bodies that go piece by piece, as a server sends and receives them.

use std::pin::Pin;
use std::task::{Context as TaskContext, Poll};

use axum::body::Body;
use bytes::Bytes;
use futures_core::Stream;
use futures_util::TryStreamExt as _;
use http::{HeaderValue, Response, header};
use http_body::Body as HttpBody;
use http_body_util::BodyExt as _;

use super::reply::content_type;
use crate::codec::{ByteStream, Content, Leaving, StreamError};
use crate::context::Context;
use crate::headers::disposition::attachment;
use crate::http::{BoxError, Sized};
use crate::operation::{self, Encoding};

/// The octets of a request, as they come.
pub(super) fn octets<B>(body: B) -> ByteStream
where
    B: HttpBody<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    Box::pin(body.into_data_stream().map_err(Into::into))
}

/// A response whose body is sent as it comes.
pub(super) fn write(body: &operation::Body, leaving: Option<Leaving>) -> Response<Body> {
    // What was sent already, as a clone of it: the connection breaks, for half a reply is none.
    let leaving = leaving.unwrap_or_else(|| Leaving {
        content: Content::Stream {
            octets: Box::pin(futures_util::stream::iter([Err(
                "the stream was sent already".into()
            )])),
            length: None,
        },
        media_type: None,
        file_name: None,
    });
    let mut response = Response::new(match leaving.content {
        Content::Whole(octets) => Body::from(octets),
        Content::Stream { octets, length } => Body::new(Sized::new(Handled::around(octets), length)),
        Content::Repeatable { open, length } => Body::new(Sized::new(Handled::around(open()), length)),
    });
    let headers = response.headers_mut();
    let said = leaving
        .media_type
        .and_then(|said| HeaderValue::from_str(&said).ok());
    headers.insert(header::CONTENT_TYPE, said.unwrap_or_else(|| content_type(body)));
    if let Some(name) = leaving.file_name {
        headers.insert(header::CONTENT_DISPOSITION, attachment(&name));
    }
    if matches!(body.encoding, Encoding::Events | Encoding::TextEvents) {
        // Nobody in between is to keep events, for later or until there are more of them.
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    }
    response
}

/// A stream that a handler has made: the handler's context is the current one while it runs, and its failure goes to the
/// log.
struct Handled {
    octets: ByteStream,
    context: Context,
    /// What it broke off with, held back until what came before has gone out.
    broken: Option<StreamError>,
}

impl Handled {
    /// In the context that is current. Its deadline was that of the reply's beginning.
    fn around(octets: ByteStream) -> ByteStream {
        Box::pin(Self {
            octets,
            context: Context::current().without_deadline(),
            broken: None,
        })
    }
}

impl Stream for Handled {
    type Item = Result<Bytes, StreamError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut TaskContext<'_>) -> Poll<Option<Self::Item>> {
        let Self {
            octets,
            context,
            broken,
        } = &mut *self;
        if let Some(error) = broken.take() {
            return Poll::Ready(Some(Err(error)));
        }
        match context.enter(|| octets.as_mut().poll_next(cx)) {
            Poll::Ready(Some(Err(error))) => {
                tracing::warn!(
                    correlation_id = context.correlation_id().map(|id| &**id),
                    error = &*error as &dyn std::error::Error,
                    "the body of a reply broke off"
                );
                // A connection flushes when there is nothing to write, and throws away what it holds when a body fails.
                *broken = Some(error);
                cx.waker().wake_by_ref();
                Poll::Pending
            }
            next => next,
        }
    }
}
