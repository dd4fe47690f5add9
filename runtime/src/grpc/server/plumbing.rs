//! tonic's server plumbing, fed with bytes: the adapters, the codec, and the body
//! that adds our trailers and ends at the deadline.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use bytes::{Buf, BufMut, Bytes};
use futures_util::TryStreamExt;
use http::header::HeaderMap;
use http::{Request, Response};
use http_body::{Body as HttpBody, Frame as BodyFrame, SizeHint};
use tokio::time::{Instant, Sleep, sleep_until};
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::metadata::MetadataMap;
use tower_service::Service;

use super::{Answer, BoxFuture, Handler, Received, ReceivedMessages, expired};
use crate::code::Code;
use crate::grpc::Status;
use crate::http::BoxError;

/// Where a handler leaves the trailers of its answer for the body to add.
type TrailerSlot = Arc<Mutex<HeaderMap>>;

/// Hands the request to tonic's plumbing, in the shape of the handler.
pub(super) async fn run<B>(
    handler: Handler,
    message_limit: usize,
    deadline: Option<Instant>,
    request: Request<B>,
) -> Response<axum::body::Body>
where
    B: HttpBody<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError> + Send + 'static,
{
    let mut grpc = tonic::server::Grpc::new(BytesCodec).max_decoding_message_size(message_limit);
    let slot = TrailerSlot::default();
    let trailers = slot.clone();
    let body_deadline = match &handler {
        Handler::Unary(_) | Handler::ClientStreaming(_) => None,
        Handler::ServerStreaming(_) | Handler::Bidi(_) => deadline,
    };
    let response = match handler {
        Handler::Unary(handler) => {
            let call = move |request| finish(handler(received(request, deadline)), slot.clone());
            grpc.unary(Adapter(call), request).await
        }
        Handler::ServerStreaming(handler) => {
            let call = move |request| {
                let answer = finish(handler(received(request, deadline)), slot.clone());
                async move { Ok(answer.await?.map(|stream| stream.map_err(into_tonic))) }
            };
            grpc.server_streaming(Adapter(call), request).await
        }
        Handler::ClientStreaming(handler) => {
            let call = move |request: tonic::Request<_>| {
                let request = request.map(ReceivedMessages);
                finish(handler(received(request, deadline)), slot.clone())
            };
            grpc.client_streaming(Adapter(call), request).await
        }
        Handler::Bidi(handler) => {
            let call = move |request: tonic::Request<_>| {
                let request = request.map(ReceivedMessages);
                let answer = finish(handler(received(request, deadline)), slot.clone());
                async move { Ok(answer.await?.map(|stream| stream.map_err(into_tonic))) }
            };
            grpc.streaming(Adapter(call), request).await
        }
    };
    let trailers = std::mem::take(&mut *trailers.lock().unwrap_or_else(PoisonError::into_inner));
    response.map(|inner| match (trailers.is_empty(), body_deadline) {
        (true, None) => axum::body::Body::new(inner),
        (_, deadline) => axum::body::Body::new(ReplyBody {
            inner: Some(inner),
            trailers,
            deadline: deadline.map(|at| Box::pin(sleep_until(at))),
        }),
    })
}

fn received<T>(request: tonic::Request<T>, deadline: Option<Instant>) -> Received<T> {
    let (metadata, extensions, message) = request.into_parts();
    Received {
        metadata: metadata.into_headers(),
        deadline,
        extensions,
        message,
    }
}

async fn finish<T>(
    answer: BoxFuture<Result<Answer<T>, Status>>,
    slot: TrailerSlot,
) -> Result<tonic::Response<T>, tonic::Status> {
    let answer = answer.await.map_err(into_tonic)?;
    if !answer.trailers.is_empty() {
        *slot.lock().unwrap_or_else(PoisonError::into_inner) = answer.trailers;
    }
    let mut response = tonic::Response::new(answer.message);
    *response.metadata_mut() = MetadataMap::from_headers(answer.headers);
    Ok(response)
}

fn into_tonic(status: Status) -> tonic::Status {
    tonic::Status::with_details_and_metadata(
        tonic::Code::from_i32(status.code.number()),
        status.message,
        status.details,
        MetadataMap::from_headers(status.metadata),
    )
}

pub(super) fn from_tonic(status: tonic::Status) -> Status {
    Status {
        code: Code::from_number(status.code() as i32),
        message: status.message().to_owned().into(),
        details: Bytes::copy_from_slice(status.details()),
        metadata: status.metadata().clone().into_headers(),
    }
}

/// A closure as the tower service that tonic wants.
struct Adapter<F>(F);

impl<F, Fut, T, U> Service<tonic::Request<T>> for Adapter<F>
where
    F: FnMut(tonic::Request<T>) -> Fut,
    Fut: Future<Output = Result<tonic::Response<U>, tonic::Status>>,
{
    type Response = tonic::Response<U>;
    type Error = tonic::Status;
    type Future = Fut;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), tonic::Status>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: tonic::Request<T>) -> Fut {
        (self.0)(request)
    }
}

/// Messages stay as they are.
#[derive(Debug, Clone, Copy)]
struct BytesCodec;

impl Codec for BytesCodec {
    type Encode = Bytes;
    type Decode = Bytes;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for BytesCodec {
    type Item = Bytes;
    type Error = tonic::Status;

    fn encode(&mut self, item: Bytes, buffer: &mut EncodeBuf<'_>) -> Result<(), tonic::Status> {
        buffer.reserve(item.len());
        buffer.put(item);
        Ok(())
    }
}

impl Decoder for BytesCodec {
    type Item = Bytes;
    type Error = tonic::Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, tonic::Status> {
        Ok(Some(buffer.copy_to_bytes(buffer.remaining())))
    }
}

/// A reply that ends at a deadline, and with trailers of its own.
struct ReplyBody {
    /// Gone when the deadline has passed.
    inner: Option<tonic::body::Body>,
    trailers: HeaderMap,
    deadline: Option<Pin<Box<Sleep>>>,
}

impl HttpBody for ReplyBody {
    type Data = Bytes;
    type Error = tonic::Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<BodyFrame<Bytes>, tonic::Status>>> {
        let this = &mut *self;
        let Some(inner) = &mut this.inner else {
            return Poll::Ready(None);
        };
        if let Some(deadline) = &mut this.deadline
            && deadline.as_mut().poll(cx).is_ready()
        {
            this.inner = None;
            return Poll::Ready(Some(Ok(BodyFrame::trailers(expired().to_headers()))));
        }
        let trailers = &mut this.trailers;
        Pin::new(inner)
            .poll_frame(cx)
            .map_ok(|frame| match frame.into_trailers() {
                Ok(mut ours) => {
                    let good = ours.get("grpc-status").is_some_and(|status| status == "0");
                    if good {
                        let mut all = std::mem::take(trailers);
                        all.extend(ours);
                        ours = all;
                    }
                    BodyFrame::trailers(ours)
                }
                // A frame without trailers is data.
                Err(frame) => frame,
            })
    }

    fn is_end_stream(&self) -> bool {
        self.inner.as_ref().is_none_or(HttpBody::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.inner
            .as_ref()
            .map_or_else(|| SizeHint::with_exact(0), HttpBody::size_hint)
    }
}
