//! Typed gRPC: what generated code says of a method, and streams of messages.

use std::fmt;
use std::pin::Pin;
use std::task::{Context as TaskContext, Poll};

use bytes::Bytes;
use futures_core::Stream;

use super::Status;
use crate::error::{Error, Fault};
use crate::operation::Operation;

/// A gRPC method, as generated code describes it.
pub trait GrpcMethod: Send + Sync + 'static {
    /// The message that is sent, or that the stream sent is made of.
    type Request: prost::Message + Default + 'static;
    /// The message that comes back, or that the stream coming back is made of.
    type Response: prost::Message + Default + 'static;
    /// The static facts.
    const OPERATION: &'static Operation;
}

/// The details of a gRPC failure: an encoded `google.rpc.Status`, empty when the peer sent none.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Details(Bytes);

impl Details {
    /// An encoded `google.rpc.Status`.
    pub fn new(encoded: impl Into<Bytes>) -> Self {
        Self(encoded.into())
    }

    /// The encoded `google.rpc.Status`.
    pub fn as_bytes(&self) -> &Bytes {
        &self.0
    }

    /// Whether the peer sent none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The details as a message, such as `google.rpc.Status`.
    ///
    /// # Errors
    /// They are no such message.
    pub fn decode<M: prost::Message + Default>(&self) -> Result<M, prost::DecodeError> {
        M::decode(self.0.clone())
    }
}

impl fmt::Debug for Details {
    /// Shows no content: it may be secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Details({} octets)", self.0.len())
    }
}

impl Error<Details> {
    /// The same as a gRPC status, to be sent. The cause of an internal error stays here.
    pub fn to_status(&self) -> Status {
        let status = Status::new(self.code(), self.message().to_owned());
        match self.body() {
            Some(details) => status.with_details(details.as_bytes().clone()),
            None => status,
        }
    }
}

impl From<Status> for Error<Details> {
    fn from(status: Status) -> Self {
        with_details(crate::adapter::grpc::status_fault(status))
    }
}

/// A fault with the details that its reply carries.
pub(crate) fn with_details(fault: Fault) -> Error<Details> {
    let details = fault
        .reply()
        .map(|reply| reply.body.clone())
        .filter(|body| !body.is_empty());
    fault.typed(details.map(Details))
}

type Boxed<T> = Pin<Box<dyn Stream<Item = Result<T, Error<Details>>> + Send>>;

/// A stream of messages, sent or received. It ends after its first error. Dropping one that is received cancels the
/// call.
pub struct Streaming<T>(Option<Boxed<T>>);

impl<T: Send + 'static> Streaming<T> {
    /// A stream of what `stream` gives.
    pub fn new(stream: impl Stream<Item = Result<T, Error<Details>>> + Send + 'static) -> Self {
        Self(Some(Box::pin(stream)))
    }

    /// A stream of these messages.
    pub fn of(messages: impl IntoIterator<Item = T, IntoIter: Send + 'static>) -> Self {
        Self::new(futures_util::stream::iter(messages.into_iter().map(Ok)))
    }

    /// A stream of what is sent into the other half; at most `capacity` messages wait. Dropping the sender ends it.
    pub fn channel(capacity: usize) -> (tokio::sync::mpsc::Sender<Result<T, Error<Details>>>, Self) {
        let (sender, mut receiver) = tokio::sync::mpsc::channel(capacity.max(1));
        (
            sender,
            Self::new(futures_util::stream::poll_fn(move |cx| receiver.poll_recv(cx))),
        )
    }

    /// The next message. `None`: the stream ended well.
    ///
    /// # Errors
    /// How the stream failed.
    pub async fn message(&mut self) -> Result<Option<T>, Error<Details>> {
        std::future::poll_fn(|cx| Pin::new(&mut *self).poll_next(cx))
            .await
            .transpose()
    }

    /// All messages.
    ///
    /// # Errors
    /// How the stream failed.
    pub async fn collect(mut self) -> Result<Vec<T>, Error<Details>> {
        let mut all = Vec::new();
        while let Some(message) = self.message().await? {
            all.push(message);
        }
        Ok(all)
    }
}

impl<T> Stream for Streaming<T> {
    type Item = Result<T, Error<Details>>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut TaskContext<'_>) -> Poll<Option<Self::Item>> {
        let Some(stream) = self.0.as_mut() else {
            return Poll::Ready(None);
        };
        let item = std::task::ready!(stream.as_mut().poll_next(cx));
        if !matches!(item, Some(Ok(_))) {
            self.0 = None;
        }
        Poll::Ready(item)
    }
}

impl<T> fmt::Debug for Streaming<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Streaming")
    }
}
