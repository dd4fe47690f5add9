//! The gRPC side of a contract: typed handlers over [`GrpcService`], which knows bytes.
//!
//! ```text
//! GrpcService ── context of the metadata ── decode ── handler (span, panics, current context) ── encode
//! ```

mod guards;
mod outgoing;

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{self, Poll};

use bytes::Bytes;
use futures_util::StreamExt;
use http::{HeaderMap, Request, Response, StatusCode};
use http_body::Body as HttpBody;
use prost::Message;
use tokio::time::Instant;
use tracing::Instrument;

use self::guards::Guards;
use self::outgoing::{Outgoing, Tally};
use super::handler::isolated;
use super::idempotency::Idempotency;
use super::shedding::Shedding;
use super::{inbound, problem};
use crate::code::Code;
use crate::context::Context;
use crate::error::Error;
use crate::grpc::health::Health;
use crate::grpc::{
    Answer, AnswerMessages, Details, GrpcMethod, GrpcService, Received, ReceivedMessages, Status, Streaming,
};
use crate::http::BoxError;
use crate::observe::metrics::{self, Metrics};
use crate::operation::{Binding, Operation};
use crate::policy::deadline::Deadline;

/// What a handler gives: the future of a method of the generated trait.
pub type Handling<'a, T> = Pin<Box<dyn Future<Output = Result<T, Error<Details>>> + Send + 'a>>;

/// The methods of gRPC services, served by an implementation of their generated trait. A tower service that never
/// fails; cheap to clone.
///
/// Handlers run within the caller's deadline, a tracing span, and their [`Context`] as the current one, streams
/// that they give included. A panicking handler answers `INTERNAL`, and serving goes on. Calls are counted in
/// [`Metrics`] under the service's name.
#[derive(Clone)]
pub struct Service {
    methods: GrpcService,
    services: BTreeSet<&'static str>,
    metrics: Arc<Metrics>,
    guards: Arc<Guards>,
}

impl Default for Service {
    fn default() -> Self {
        Self::new()
    }
}

impl Service {
    /// A service without methods.
    pub fn new() -> Self {
        Self {
            methods: GrpcService::new(),
            services: BTreeSet::new(),
            metrics: Metrics::global().clone(),
            guards: Arc::default(),
        }
    }

    /// Does a call that comes again under the same metadata `idempotency-key` once, where one message goes each way and the
    /// method has effects. Clones, and methods that were added before, have it too; the first that is set stays.
    pub fn idempotency(self, idempotency: Idempotency) -> Self {
        // The first stays.
        let _ = self.guards.idempotency.set(idempotency);
        self
    }

    /// Turns calls away when there are more than the server can handle: `UNAVAILABLE`, with
    /// `grpc-retry-pushback-ms`. Of a call that streams replies, the time until the stream begins counts. Clones, and methods
    /// that were added before, have it too; the first that is set stays.
    pub fn shedding(self, shedding: impl Into<Arc<Shedding>>) -> Self {
        let _ = self.guards.shedding.set(shedding.into());
        self
    }

    /// Counts calls of the methods that are added from now on in `metrics`; in the [global](Metrics::global) ones
    /// unless set.
    pub fn metrics(mut self, metrics: Arc<Metrics>) -> Self {
        self.metrics = metrics;
        self
    }

    /// The size in bytes beyond which a received message is refused; 4 MiB unless set.
    pub fn message_limit(mut self, bytes: usize) -> Self {
        self.methods = self.methods.message_limit(bytes);
        self
    }

    /// Serves a method with one message each way by `handler`, which is given `api` at every call:
    /// `.unary::<create_user::Method, _>(&api, |api, cx, request| api.create_user(cx, request))`.
    pub fn unary<M: GrpcMethod, A: ?Sized + Send + Sync + 'static>(
        self,
        api: &Arc<A>,
        handler: impl for<'a> Fn(&'a A, Context, M::Request) -> Handling<'a, M::Response> + Send + Sync + 'static,
    ) -> Self {
        let (method, shared) = (self.method(M::OPERATION), Arc::new((api.clone(), handler)));
        self.with(M::OPERATION, |methods, path| {
            methods.unary(path, move |received: Received<Bytes>| {
                let (call, shared) = (method.call(&received), shared.clone());
                call.once(received, move |context, message| async move {
                    let (api, handler) = &*shared;
                    handler(api, context, decode(message)?).await
                })
            })
        })
    }

    /// Serves a method that answers one message with a stream.
    pub fn server_streaming<M: GrpcMethod, A: ?Sized + Send + Sync + 'static>(
        self,
        api: &Arc<A>,
        handler: impl for<'a> Fn(&'a A, Context, M::Request) -> Handling<'a, Streaming<M::Response>>
        + Send
        + Sync
        + 'static,
    ) -> Self {
        let (method, shared) = (self.method(M::OPERATION), Arc::new((api.clone(), handler)));
        self.with(M::OPERATION, |methods, path| {
            methods.server_streaming(path, move |received: Received<Bytes>| {
                let (call, shared) = (method.call(&received), shared.clone());
                call.many(received.metadata, move |context| async move {
                    let (api, handler) = &*shared;
                    handler(api, context, decode(received.message)?).await
                })
            })
        })
    }

    /// Serves a method that answers a stream with one message.
    pub fn client_streaming<M: GrpcMethod, A: ?Sized + Send + Sync + 'static>(
        self,
        api: &Arc<A>,
        handler: impl for<'a> Fn(&'a A, Context, Streaming<M::Request>) -> Handling<'a, M::Response>
        + Send
        + Sync
        + 'static,
    ) -> Self {
        let (method, shared) = (self.method(M::OPERATION), Arc::new((api.clone(), handler)));
        self.with(M::OPERATION, |methods, path| {
            methods.client_streaming(path, move |received: Received<ReceivedMessages>| {
                let (call, shared) = (method.call(&received), shared.clone());
                call.one(received.metadata, move |context| async move {
                    let (api, handler) = &*shared;
                    handler(api, context, decode_all(received.message)).await
                })
            })
        })
    }

    /// Serves a method that answers a stream with a stream.
    pub fn bidirectional<M: GrpcMethod, A: ?Sized + Send + Sync + 'static>(
        self,
        api: &Arc<A>,
        handler: impl for<'a> Fn(&'a A, Context, Streaming<M::Request>) -> Handling<'a, Streaming<M::Response>>
        + Send
        + Sync
        + 'static,
    ) -> Self {
        let (method, shared) = (self.method(M::OPERATION), Arc::new((api.clone(), handler)));
        self.with(M::OPERATION, |methods, path| {
            methods.bidi_streaming(path, move |received: Received<ReceivedMessages>| {
                let (call, shared) = (method.call(&received), shared.clone());
                call.many(received.metadata, move |context| async move {
                    let (api, handler) = &*shared;
                    handler(api, context, decode_all(received.message)).await
                })
            })
        })
    }

    /// Adds the methods of another service.
    pub fn merge(mut self, other: Self) -> Self {
        self.methods = self.methods.merge(other.methods);
        self.services.extend(other.services);
        self
    }

    /// Adds the health service, and says that the services added so far serve.
    pub fn health(mut self, health: &Health) -> Self {
        for service in &self.services {
            health.set_serving(service);
        }
        self.methods = self.methods.merge(health.service());
        self
    }

    /// The methods as routes, to be merged with others.
    pub fn into_router(self) -> axum::Router {
        self.methods.into_router()
    }

    fn method(&self, operation: &'static Operation) -> Method {
        let counted = self
            .metrics
            .operation(operation.service, operation.id, operation.id);
        let guards = self.guards.clone();
        Method {
            operation,
            counted,
            guards,
        }
    }

    /// Adds a method, if it is one of gRPC.
    fn with(
        mut self,
        operation: &'static Operation,
        add: impl FnOnce(GrpcService, &'static str) -> GrpcService,
    ) -> Self {
        if let Binding::Grpc(path) = operation.binding {
            self.methods = add(self.methods, path);
            self.services.insert(operation.service);
        }
        self
    }
}

/// What is known of a method before it is called.
#[derive(Clone)]
struct Method {
    operation: &'static Operation,
    counted: Arc<metrics::Operation>,
    guards: Arc<Guards>,
}

impl Method {
    fn call<T>(&self, received: &Received<T>) -> Begun {
        let (metadata, deadline) = (&received.metadata, received.deadline);
        let attempts = metadata
            .get("grpc-previous-rpc-attempts")
            .and_then(|value| value.to_str().ok()?.parse().ok());
        let attempts = inbound::attempt(metadata).max(attempts.unwrap_or(0));
        let mut context = inbound::of_headers(metadata)
            .with_attempt(attempts)
            .with_principal_of(&received.extensions);
        if let Some(at) = deadline {
            context = context.with_deadline(Deadline::after(at.saturating_duration_since(Instant::now())));
        }
        let span = tracing::info_span!(
            "server.request",
            service = self.operation.service,
            operation = self.operation.id,
            correlation_id = context.correlation_id().map(|id| &**id),
            rpc.system = "grpc",
        );
        let tally = Tally {
            counted: self.counted.clone(),
            started: Instant::now(),
            context: context.clone(),
            open: true,
        };
        Begun {
            method: self.clone(),
            context,
            span,
            tally,
        }
    }
}

/// A call that has arrived.
struct Begun {
    method: Method,
    context: Context,
    span: tracing::Span,
    tally: Tally,
}

impl Begun {
    /// Answers with one message.
    async fn one<T, Fut>(
        mut self,
        metadata: HeaderMap,
        handler: impl FnOnce(Context) -> Fut,
    ) -> Result<Answer<Bytes>, Status>
    where
        T: Message,
        Fut: Future<Output = Result<T, Error<Details>>>,
    {
        let outcome = self.shed(&metadata, self.run(handler)).await;
        self.tally
            .end(outcome.as_ref().map_or_else(Error::code, |_| Code::Ok));
        match outcome {
            Ok(message) => Ok(self.answer(message.encode_to_vec().into())),
            Err(error) => Err(self.failed(&error)),
        }
    }

    /// Answers with a stream. The call ends when the stream does.
    async fn many<T, Fut>(
        mut self,
        metadata: HeaderMap,
        handler: impl FnOnce(Context) -> Fut,
    ) -> Result<Answer<AnswerMessages>, Status>
    where
        T: Message + 'static,
        Fut: Future<Output = Result<Streaming<T>, Error<Details>>>,
    {
        match self.shed(&metadata, self.run(handler)).await {
            Ok(messages) => {
                let (headers, context) = (self.headers(), self.context);
                let messages: AnswerMessages = Box::pin(Outgoing {
                    messages,
                    context,
                    span: self.span,
                    tally: self.tally,
                });
                Ok(Answer {
                    headers,
                    message: messages,
                    trailers: HeaderMap::new(),
                })
            }
            Err(error) => {
                self.tally.end(error.code());
                Err(self.failed(&error))
            }
        }
    }

    async fn run<T, Fut>(&self, handler: impl FnOnce(Context) -> Fut) -> Result<T, Error<Details>>
    where
        Fut: Future<Output = Result<T, Error<Details>>>,
    {
        let work = isolated(handler(self.context.clone()));
        self.context
            .clone()
            .scope(work)
            .instrument(self.span.clone())
            .await
    }

    fn headers(&self) -> HeaderMap {
        let mut headers = HeaderMap::new();
        inbound::stamp(&mut headers, &self.context);
        headers
    }

    fn answer<T>(&self, message: T) -> Answer<T> {
        Answer {
            headers: self.headers(),
            message,
            trailers: HeaderMap::new(),
        }
    }

    fn failed(&self, error: &Error<Details>) -> Status {
        let mut status = self.span.in_scope(|| to_status(error));
        guards::push_back(&mut status, error);
        inbound::stamp(&mut status.metadata, &self.context);
        status
    }
}

/// The status of an error, without what is not for callers.
fn to_status(error: &Error<Details>) -> Status {
    let meaning =
        StatusCode::from_u16(error.code().http_status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    problem::log(error, meaning);
    let mut status = error.to_status();
    status.message = problem::public_message(error, meaning).to_owned().into();
    status
}

fn decode<T: Message + Default>(octets: Bytes) -> Result<T, Error<Details>> {
    T::decode(octets)
        .map_err(|error| Error::new(Code::Internal, format!("the request is malformed: {error}")))
}

fn decode_all<T: Message + Default + 'static>(messages: ReceivedMessages) -> Streaming<T> {
    Streaming::new(messages.map(|message| decode(message.map_err(Error::from)?)))
}

impl fmt::Debug for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.methods, f)
    }
}

impl<B> tower_service::Service<Request<B>> for Service
where
    B: HttpBody<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError> + Send + 'static,
{
    type Response = Response<axum::body::Body>;
    type Error = Infallible;
    type Future = <GrpcService as tower_service::Service<Request<B>>>::Future;

    fn poll_ready(&mut self, _: &mut task::Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        tower_service::Service::call(&mut self.methods, request)
    }
}
