//! Ends a request stream when its caller has gone.
//!
//! HTTP/2 resets a stream once nobody holds it, and the task that sends a request
//! stream does hold it: it must be told.

use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_core::Stream;
use futures_util::task::AtomicWaker;
use http_body::{Body as HttpBody, Frame as BodyFrame};

use super::{Frame, Status};
use crate::http::BoxError;

#[derive(Default)]
struct Shared {
    cancelled: AtomicBool,
    waker: AtomicWaker,
    failure: OnceLock<Status>,
}

/// Held by the caller; dropping it resets the stream unless it has ended.
pub(super) struct CancelOnDrop(Arc<Shared>);

impl CancelOnDrop {
    /// The error that the request stream ended with.
    pub(super) fn failure(&self) -> Option<&Status> {
        self.0.failure.get()
    }
}

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        self.0.cancelled.store(true, Ordering::Release);
        self.0.waker.wake();
    }
}

/// The body of a request whose messages come from a stream.
pub(super) struct RequestStream<S> {
    messages: Pin<Box<S>>,
    shared: Arc<Shared>,
}

/// Makes a body of a stream of messages, and the handle that cancels it.
pub(super) fn request_stream<S>(messages: S) -> (RequestStream<S>, CancelOnDrop)
where
    S: Stream<Item = Result<Frame, Status>>,
{
    let shared = Arc::new(Shared::default());
    let guard = CancelOnDrop(shared.clone());
    (
        RequestStream {
            messages: Box::pin(messages),
            shared,
        },
        guard,
    )
}

fn cancelled() -> BoxError {
    h2::Error::from(h2::Reason::CANCEL).into()
}

impl<S> HttpBody for RequestStream<S>
where
    S: Stream<Item = Result<Frame, Status>>,
{
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<BodyFrame<Bytes>, BoxError>>> {
        self.shared.waker.register(cx.waker());
        if self.shared.cancelled.load(Ordering::Acquire) {
            return Poll::Ready(Some(Err(cancelled())));
        }
        match ready!(self.messages.as_mut().poll_next(cx)) {
            Some(Ok(frame)) => Poll::Ready(Some(Ok(BodyFrame::data(frame.into_bytes())))),
            Some(Err(status)) => {
                // The first failure is the one that counts.
                let _ = self.shared.failure.set(status);
                Poll::Ready(Some(Err(cancelled())))
            }
            None => Poll::Ready(None),
        }
    }
}
