//! The four call shapes from the client's side.
//!
//! Nothing here waits for a deadline: `timeout` goes on the wire, and whoever
//! calls drops the future when time is up, which resets the stream.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use futures_core::Stream;
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::uri::{PathAndQuery, Uri};
use http::{Method, Request, StatusCode};
use http_body::Body as _;

use super::cancel::{CancelOnDrop, request_stream};
use super::frame::{DEFAULT_MESSAGE_LIMIT, Deframer, Frame};
use super::status::{Status, code_of};
use super::timeout::format_timeout;
use crate::code::Code;
use crate::http::{Body, Endpoint, Line, ResponseBody, TransportError};

const GRPC_TIMEOUT: HeaderName = HeaderName::from_static("grpc-timeout");
const PREVIOUS_ATTEMPTS: HeaderName = HeaderName::from_static("grpc-previous-rpc-attempts");
const CONTENT_TYPE: HeaderValue = HeaderValue::from_static("application/grpc");
const TRAILERS: HeaderValue = HeaderValue::from_static("trailers");

/// What one attempt carries besides its message.
#[derive(Debug, Clone, Copy)]
pub struct CallOptions {
    /// What is left of the deadline, sent as `grpc-timeout`. Not enforced here.
    pub timeout: Option<Duration>,
    /// How many attempts came before, sent as `grpc-previous-rpc-attempts` when
    /// above 0 (gRFC A6).
    pub previous_attempts: u32,
    /// The size in bytes beyond which a received message is refused; 4 MiB unless set.
    pub message_limit: usize,
}

impl Default for CallOptions {
    fn default() -> Self {
        Self {
            timeout: None,
            previous_attempts: 0,
            message_limit: DEFAULT_MESSAGE_LIMIT,
        }
    }
}

/// The reply to a call with one message.
#[derive(Debug, Clone)]
pub struct GrpcReply {
    /// The metadata before the message.
    pub headers: HeaderMap,
    /// The encoded message.
    pub message: Bytes,
    /// The metadata after the message, `grpc-status` included.
    pub trailers: HeaderMap,
}

/// The reply to a call with a stream of messages.
#[derive(Debug)]
pub struct GrpcStream {
    /// The metadata before the first message.
    pub headers: HeaderMap,
    /// The encoded messages.
    pub messages: Messages,
}

/// Why a call did not succeed.
#[derive(Debug, Clone, thiserror::Error)]
pub enum GrpcFailure {
    /// The peer, or a proxy before it, ended the call with a status.
    #[error("{status}")]
    Status {
        /// The status.
        status: Status,
        /// True when the reply was nothing but this status, without headers before
        /// it: then a retry loses nothing (gRFC A6).
        trailers_only: bool,
    },
    /// No status came.
    #[error(transparent)]
    Transport(#[from] TransportError),
}

impl GrpcFailure {
    fn late(status: Status) -> Self {
        Self::Status {
            status,
            trailers_only: false,
        }
    }

    /// The failure as a status; a transport error by gRPC's table.
    pub fn into_status(self) -> Status {
        match self {
            Self::Status { status, .. } => status,
            Self::Transport(error) => Status::from_transport(&error),
        }
    }
}

/// Sends one message and waits for one.
///
/// `path` is `/package.Service/Method`; `headers` is the caller's metadata.
///
/// # Errors
/// A status other than OK, a reply that is not gRPC or not exactly one message,
/// and what the transport fails with.
pub async fn unary(
    line: &Line,
    endpoint: &Endpoint,
    path: PathAndQuery,
    headers: HeaderMap,
    message: Frame,
    options: CallOptions,
) -> Result<GrpcReply, GrpcFailure> {
    let body = Body::from(message.into_bytes());
    let stream = open(
        line,
        endpoint,
        request(path, headers, options, body),
        options,
        None,
    )
    .await?;
    single(stream).await
}

/// Sends one message and receives a stream of them. Dropping the stream resets it.
///
/// # Errors
/// As for [`unary`], up to the headers of the reply; later ones come in the stream.
pub async fn server_streaming(
    line: &Line,
    endpoint: &Endpoint,
    path: PathAndQuery,
    headers: HeaderMap,
    message: Frame,
    options: CallOptions,
) -> Result<GrpcStream, GrpcFailure> {
    let body = Body::from(message.into_bytes());
    open(
        line,
        endpoint,
        request(path, headers, options, body),
        options,
        None,
    )
    .await
}

/// Sends a stream of messages and waits for one. An error in the stream resets the
/// call and is its outcome.
///
/// # Errors
/// As for [`unary`].
pub async fn client_streaming<S>(
    line: &Line,
    endpoint: &Endpoint,
    path: PathAndQuery,
    headers: HeaderMap,
    messages: S,
    options: CallOptions,
) -> Result<GrpcReply, GrpcFailure>
where
    S: Stream<Item = Result<Frame, Status>> + Send + 'static,
{
    single(bidi_streaming(line, endpoint, path, headers, messages, options).await?).await
}

/// Sends a stream of messages and receives one, both at once. Dropping the reply
/// resets the call; an error in `messages` does so too and ends the reply with it.
///
/// # Errors
/// As for [`server_streaming`].
pub async fn bidi_streaming<S>(
    line: &Line,
    endpoint: &Endpoint,
    path: PathAndQuery,
    headers: HeaderMap,
    messages: S,
    options: CallOptions,
) -> Result<GrpcStream, GrpcFailure>
where
    S: Stream<Item = Result<Frame, Status>> + Send + 'static,
{
    let (body, cancel) = request_stream(messages);
    let request = request(path, headers, options, Body::stream(body));
    open(line, endpoint, request, options, Some(cancel)).await
}

fn request(path: PathAndQuery, mut headers: HeaderMap, options: CallOptions, body: Body) -> Request<Body> {
    headers.reserve(4);
    headers.insert(header::TE, TRAILERS);
    headers.insert(header::CONTENT_TYPE, CONTENT_TYPE);
    if let Some(timeout) = options.timeout {
        headers.insert(GRPC_TIMEOUT, format_timeout(timeout));
    }
    if options.previous_attempts > 0 {
        headers.insert(PREVIOUS_ATTEMPTS, HeaderValue::from(options.previous_attempts));
    }
    let mut request = Request::new(body);
    *request.method_mut() = Method::POST;
    *request.uri_mut() = Uri::from(path);
    *request.headers_mut() = headers;
    request
}

/// Sends the request and reads the head of the reply.
async fn open(
    line: &Line,
    endpoint: &Endpoint,
    request: Request<Body>,
    options: CallOptions,
    cancel: Option<CancelOnDrop>,
) -> Result<GrpcStream, GrpcFailure> {
    let response = line.send(endpoint, request).await.map_err(|error| {
        match cancel.as_ref().and_then(CancelOnDrop::failure) {
            Some(status) => GrpcFailure::late(status.clone()),
            None => error.into(),
        }
    })?;
    let (head, body) = response.into_parts();
    let trailers_only = |status| GrpcFailure::Status {
        status,
        trailers_only: true,
    };
    let mut messages = Messages {
        body,
        deframer: Deframer::new(options.message_limit),
        end: None,
        cancel,
    };
    if let Some(code) = code_of(&head.headers) {
        if code != Code::Ok {
            return Err(trailers_only(read_status(&head.headers)));
        }
        messages.end = Some(head.headers.clone());
    } else if head.status != StatusCode::OK {
        return Err(trailers_only(Status::from_http_status(head.status)));
    } else if !is_grpc(&head.headers) {
        return Err(trailers_only(Status::new(
            Code::Unknown,
            "the reply is not gRPC (content-type); is the address that of a gRPC server?",
        )));
    } else if let Some(encoding) = head.headers.get("grpc-encoding")
        && encoding != "identity"
    {
        return Err(GrpcFailure::late(Status::new(
            Code::Unimplemented,
            format!("the reply is compressed with {encoding:?}, which was not offered"),
        )));
    }
    Ok(GrpcStream {
        headers: head.headers,
        messages,
    })
}

fn read_status(headers: &HeaderMap) -> Status {
    Status::from_headers(headers).unwrap_or_else(|| Status::new(Code::Unknown, ""))
}

fn is_grpc(headers: &HeaderMap) -> bool {
    let rest = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.as_bytes().strip_prefix(b"application/grpc"));
    matches!(rest, Some([] | [b'+' | b';', ..]))
}

/// Reads a reply that must be one message.
async fn single(stream: GrpcStream) -> Result<GrpcReply, GrpcFailure> {
    let GrpcStream {
        headers,
        mut messages,
    } = stream;
    let broken = |text| GrpcFailure::late(Status::new(Code::Internal, text));
    let message = messages.message().await?;
    if message.is_some() && messages.message().await?.is_some() {
        return Err(broken("the reply holds more than the one message of its method"));
    }
    let message = message.ok_or_else(|| broken("the reply holds no message, though its status is OK"))?;
    let trailers = messages.end.take().unwrap_or_default();
    Ok(GrpcReply {
        headers,
        message,
        trailers,
    })
}

/// The messages of a reply, as a [`Stream`] of encoded messages. It ends after
/// the OK status, or with an error. Dropping it earlier resets the call.
pub struct Messages {
    body: ResponseBody,
    deframer: Deframer,
    /// The trailers, once they have come; no more is read then.
    end: Option<HeaderMap>,
    cancel: Option<CancelOnDrop>,
}

impl Messages {
    /// The next message; `None` after the OK status.
    ///
    /// # Errors
    /// As the stream, with a transport error kept apart from a status.
    pub async fn message(&mut self) -> Result<Option<Bytes>, GrpcFailure> {
        std::future::poll_fn(|cx| self.poll_message(cx)).await
    }

    /// The metadata after the last message, once the stream has ended.
    pub fn trailers(&self) -> Option<&HeaderMap> {
        self.end.as_ref()
    }

    fn poll_message(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Bytes>, GrpcFailure>> {
        loop {
            if self.end.is_some() {
                return Poll::Ready(Ok(None));
            }
            match self.deframer.next() {
                Ok(Some(message)) => return Poll::Ready(Ok(Some(message))),
                Ok(None) => {}
                Err(status) => return Poll::Ready(Err(self.fail(GrpcFailure::late(status)))),
            }
            match ready!(Pin::new(&mut self.body).poll_frame(cx)) {
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) => self.deframer.push(data),
                    Err(frame) => {
                        let trailers = frame.into_trailers().unwrap_or_default();
                        return Poll::Ready(self.finish(trailers));
                    }
                },
                Some(Err(error)) => {
                    let failure = match self.cancel.as_ref().and_then(CancelOnDrop::failure) {
                        Some(status) => GrpcFailure::late(status.clone()),
                        None => error.into(),
                    };
                    return Poll::Ready(Err(self.fail(failure)));
                }
                None => return Poll::Ready(self.finish(HeaderMap::new())),
            }
        }
    }

    /// Judges the end of the stream.
    fn finish(&mut self, trailers: HeaderMap) -> Result<Option<Bytes>, GrpcFailure> {
        let failure = match code_of(&trailers) {
            Some(Code::Ok) if self.deframer.is_empty() => None,
            Some(Code::Ok) => Some(Status::new(
                Code::Internal,
                "the reply ended in the middle of a message",
            )),
            Some(_) => Some(read_status(&trailers)),
            None => Some(Status::from_http_status(StatusCode::OK)),
        };
        self.end = Some(trailers);
        match failure {
            None => Ok(None),
            Some(status) => Err(self.fail(GrpcFailure::late(status))),
        }
    }

    /// Ends the stream, on the wire too.
    fn fail(&mut self, failure: GrpcFailure) -> GrpcFailure {
        self.end.get_or_insert_default();
        self.body = ResponseBody::empty();
        self.cancel = None;
        failure
    }
}

impl Stream for Messages {
    type Item = Result<Bytes, Status>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll_message(cx)
            .map(|next| next.map_err(GrpcFailure::into_status).transpose())
    }
}

impl fmt::Debug for Messages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Messages")
            .field("ended", &self.end.is_some())
            .finish_non_exhaustive()
    }
}
