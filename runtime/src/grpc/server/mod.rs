//! The four call shapes from the server's side: a table of methods over bytes.
//!
//! tonic's server plumbing does the framing, behind this wall: none of its types
//! is in a public signature. Trailers of a good reply and deadlines are ours.

mod plumbing;

use std::collections::{HashMap, HashSet};
use std::convert::Infallible;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_core::Stream;
use futures_util::{FutureExt, StreamExt};
use http::header::{self, HeaderMap, HeaderValue};
use http::{Extensions, Method, Request, Response, StatusCode};
use http_body::Body as HttpBody;
use tokio::time::{Instant, timeout_at};
use tower_service::Service;

use self::plumbing::{from_tonic, run};
use super::frame::DEFAULT_MESSAGE_LIMIT;
use super::status::Status;
use super::timeout::parse_timeout;
use crate::code::Code;
use crate::http::BoxError;

/// A call as its handler gets it.
#[derive(Debug)]
pub struct Received<T> {
    /// The caller's metadata: every header of the request.
    pub metadata: HeaderMap,
    /// When the caller stops waiting. Enforced by the server: the handler is
    /// dropped and the caller gets `DEADLINE_EXCEEDED`.
    pub deadline: Option<Instant>,
    /// What layers before put on the request.
    pub extensions: Extensions,
    /// The encoded message, or the stream of them.
    pub message: T,
}

/// What a handler answers with.
#[derive(Debug)]
pub struct Answer<T> {
    /// Metadata before the first message.
    pub headers: HeaderMap,
    /// The encoded message, or the stream of them.
    pub message: T,
    /// Metadata after the last message, when the call ends well.
    pub trailers: HeaderMap,
}

impl<T> From<T> for Answer<T> {
    fn from(message: T) -> Self {
        Self {
            headers: HeaderMap::new(),
            message,
            trailers: HeaderMap::new(),
        }
    }
}

/// The messages that a caller streams. Ends with an error when the caller gives up.
pub struct ReceivedMessages(tonic::Streaming<Bytes>);

impl Stream for ReceivedMessages {
    type Item = Result<Bytes, Status>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll_next_unpin(cx).map_err(from_tonic)
    }
}

impl fmt::Debug for ReceivedMessages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ReceivedMessages")
    }
}

/// The messages that a handler streams back.
pub type AnswerMessages = Pin<Box<dyn Stream<Item = Result<Bytes, Status>> + Send>>;

type BoxFuture<T> = Pin<Box<dyn Future<Output = T> + Send>>;
type Method1<I, O> = Arc<dyn Fn(Received<I>) -> BoxFuture<Result<Answer<O>, Status>> + Send + Sync>;

#[derive(Clone)]
enum Handler {
    Unary(Method1<Bytes, Bytes>),
    ServerStreaming(Method1<Bytes, AnswerMessages>),
    ClientStreaming(Method1<ReceivedMessages, Bytes>),
    Bidi(Method1<ReceivedMessages, AnswerMessages>),
}

/// gRPC methods by path, as a tower service over HTTP requests. Cheap to clone.
///
/// ```
/// use bytes::Bytes;
/// use tieline::grpc::{Answer, GrpcService, Received};
///
/// let service = GrpcService::new().unary("/demo.Echo/Say", |received: Received<Bytes>| async {
///     Ok(Answer::from(received.message))
/// });
/// assert!(service.has("/demo.Echo/Say"));
/// ```
#[derive(Clone)]
pub struct GrpcService {
    methods: Arc<HashMap<String, Handler>>,
    message_limit: usize,
}

impl Default for GrpcService {
    fn default() -> Self {
        Self {
            methods: Arc::default(),
            message_limit: DEFAULT_MESSAGE_LIMIT,
        }
    }
}

impl GrpcService {
    /// A service without methods.
    pub fn new() -> Self {
        Self::default()
    }

    /// The size in bytes beyond which a received message is refused; 4 MiB unless set.
    pub fn message_limit(mut self, bytes: usize) -> Self {
        self.message_limit = bytes;
        self
    }

    /// Adds a method with one message each way. `path` is `/package.Service/Method`;
    /// a method that is there already is replaced.
    pub fn unary<F, Fut>(self, path: impl Into<String>, handler: F) -> Self
    where
        F: Fn(Received<Bytes>) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Answer<Bytes>, Status>> + Send + 'static,
    {
        self.with(
            path,
            Handler::Unary(Arc::new(move |received| handler(received).boxed())),
        )
    }

    /// Adds a method that answers one message with a stream.
    pub fn server_streaming<F, Fut>(self, path: impl Into<String>, handler: F) -> Self
    where
        F: Fn(Received<Bytes>) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Answer<AnswerMessages>, Status>> + Send + 'static,
    {
        self.with(
            path,
            Handler::ServerStreaming(Arc::new(move |it| handler(it).boxed())),
        )
    }

    /// Adds a method that answers a stream with one message.
    pub fn client_streaming<F, Fut>(self, path: impl Into<String>, handler: F) -> Self
    where
        F: Fn(Received<ReceivedMessages>) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Answer<Bytes>, Status>> + Send + 'static,
    {
        self.with(
            path,
            Handler::ClientStreaming(Arc::new(move |it| handler(it).boxed())),
        )
    }

    /// Adds a method that answers a stream with a stream.
    pub fn bidi_streaming<F, Fut>(self, path: impl Into<String>, handler: F) -> Self
    where
        F: Fn(Received<ReceivedMessages>) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Answer<AnswerMessages>, Status>> + Send + 'static,
    {
        self.with(path, Handler::Bidi(Arc::new(move |it| handler(it).boxed())))
    }

    fn with(mut self, path: impl Into<String>, handler: Handler) -> Self {
        Arc::make_mut(&mut self.methods).insert(path.into(), handler);
        self
    }

    /// Adds the methods of another service.
    pub fn merge(mut self, other: Self) -> Self {
        let others = other
            .methods
            .iter()
            .map(|(path, handler)| (path.clone(), handler.clone()));
        Arc::make_mut(&mut self.methods).extend(others);
        self
    }

    /// True when there is a method at this path.
    pub fn has(&self, path: &str) -> bool {
        self.methods.contains_key(path)
    }

    /// The methods as routes, to be merged with others. An unknown method of a
    /// known service answers `UNIMPLEMENTED`.
    pub fn into_router(self) -> axum::Router {
        let services: HashSet<&str> = self
            .methods
            .keys()
            .filter_map(|path| path.strip_prefix('/')?.split_once('/'))
            .map(|(service, _)| service)
            .collect();
        let router = axum::Router::new();
        services.into_iter().fold(router, |router, service| {
            router.route_service(&format!("/{service}/{{*method}}"), self.clone())
        })
    }

    async fn answer<B>(self, request: Request<B>) -> Response<axum::body::Body>
    where
        B: HttpBody<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError> + Send + 'static,
    {
        if let Some(refusal) = refuse_unless_grpc(&request) {
            return refusal;
        }
        let deadline = match request.headers().get("grpc-timeout") {
            None => None,
            Some(value) => match parse_timeout(value) {
                // Beyond what the clock can tell there is no deadline.
                Some(timeout) => Instant::now().checked_add(timeout),
                None => {
                    let text = "the grpc-timeout header is malformed";
                    return trailers_only(&Status::new(Code::Internal, text));
                }
            },
        };
        let Some(handler) = self.methods.get(request.uri().path()).cloned() else {
            let text = format!("there is no method {}", request.uri().path());
            return trailers_only(&Status::new(Code::Unimplemented, text));
        };
        let run = run(handler, self.message_limit, deadline, request);
        match deadline {
            None => run.await,
            Some(at) => timeout_at(at, run)
                .await
                .unwrap_or_else(|_| trailers_only(&expired())),
        }
    }
}

impl fmt::Debug for GrpcService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.methods.keys()).finish()
    }
}

impl<B> Service<Request<B>> for GrpcService
where
    B: HttpBody<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError> + Send + 'static,
{
    type Response = Response<axum::body::Body>;
    type Error = Infallible;
    type Future = BoxFuture<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        Box::pin(self.clone().answer(request).map(Ok))
    }
}

/// What is not a gRPC request is answered in HTTP (PROTOCOL-HTTP2: 415).
fn refuse_unless_grpc<B>(request: &Request<B>) -> Option<Response<axum::body::Body>> {
    let content_type = request.headers().get(header::CONTENT_TYPE);
    let grpc = content_type.is_some_and(|value| value.as_bytes().starts_with(b"application/grpc"));
    let status = match (request.method() == Method::POST, grpc) {
        (true, true) => return None,
        (false, _) => StatusCode::METHOD_NOT_ALLOWED,
        (true, false) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
    };
    let mut response = Response::new(axum::body::Body::empty());
    *response.status_mut() = status;
    Some(response)
}

fn expired() -> Status {
    Status::new(
        Code::DeadlineExceeded,
        "the deadline passed before the server had answered",
    )
}

fn trailers_only(status: &Status) -> Response<axum::body::Body> {
    let mut response = Response::new(axum::body::Body::empty());
    *response.headers_mut() = status.to_headers();
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
    response
}
