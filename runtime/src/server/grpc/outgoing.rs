//! A call on its way out: counted once, and the stream of its replies.

use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{self, Poll};

use bytes::Bytes;
use futures_core::Stream;
use prost::Message;
use tokio::time::Instant;

use super::to_status;
use crate::code::Code;
use crate::context::Context;
use crate::error::Error;
use crate::grpc::{Details, Status, Streaming};
use crate::observe::metrics;
use crate::server::handler::panicked;

/// Counts a call once: when it ends, or when it is given up.
pub(super) struct Tally {
    pub(super) counted: Arc<metrics::Operation>,
    pub(super) started: Instant,
    pub(super) context: Context,
    pub(super) open: bool,
}

impl Tally {
    pub(super) fn end(&mut self, code: Code) {
        if std::mem::take(&mut self.open) {
            let took = self.started.elapsed();
            self.counted.call(metrics::Status::Code(code as u8), took);
            tracing::info!(
                service = self.counted.service(),
                operation = self.counted.operation(),
                correlation_id = self.context.correlation_id().map(|id| &**id),
                code = code.name(),
                elapsed_ms = took.as_secs_f64() * 1e3,
                "request"
            );
        }
    }
}

impl Drop for Tally {
    fn drop(&mut self) {
        let late = self
            .context
            .deadline()
            .is_some_and(|deadline| deadline.has_elapsed());
        self.end(if late {
            Code::DeadlineExceeded
        } else {
            Code::Cancelled
        });
    }
}

/// A stream of replies on its way out.
pub(super) struct Outgoing<T> {
    pub(super) messages: Streaming<T>,
    pub(super) context: Context,
    pub(super) span: tracing::Span,
    pub(super) tally: Tally,
}

impl<T> Outgoing<T> {
    /// The next message, looked for with the call's context as the current one.
    fn poll_message(&mut self, cx: &mut task::Context<'_>) -> Poll<Option<Result<T, Error<Details>>>> {
        let messages = &mut self.messages;
        let polled = poll_fn(|cx| Poll::Ready(Pin::new(&mut *messages).poll_next(cx)));
        let scoped = pin!(self.context.clone().scope(polled));
        match catch_unwind(AssertUnwindSafe(|| scoped.poll(cx))) {
            Ok(Poll::Ready(polled)) => polled,
            // What is scoped is always ready.
            Ok(Poll::Pending) => Poll::Pending,
            Err(panic) => Poll::Ready(Some(Err(panicked(&*panic).into()))),
        }
    }
}

impl<T: Message> Stream for Outgoing<T> {
    type Item = Result<Bytes, Status>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut task::Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        let span = this.span.clone();
        let _entered = span.enter();
        let item = task::ready!(this.poll_message(cx));
        match &item {
            None => this.tally.end(Code::Ok),
            Some(Err(error)) => this.tally.end(error.code()),
            Some(Ok(_)) => {}
        }
        Poll::Ready(item.map(|item| match item {
            Ok(message) => Ok(message.encode_to_vec().into()),
            Err(error) => Err(to_status(&error)),
        }))
    }
}
