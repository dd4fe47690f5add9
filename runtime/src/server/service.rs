//! The HTTP side of a contract: a tower service over an implementation of its trait.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{self, Poll};

use axum::body::Body;
use bytes::Bytes;
use futures_util::FutureExt;
use http::request::Parts;
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use http_body::Body as HttpBody;
use tokio::time::Instant;
use tracing::Instrument;

use super::auth::{Authenticate, admit};
use super::body::{self, Received};
use super::handler::{self, Handling, Run, isolated};
use super::parts::{Files, Limits};
use super::problem::{self, ErrorStyle, RenderError};
use super::refusal::Refusal;
use super::request::Arrived;
use super::routes::{self, Found, Routes};
use super::{inbound, reply};
use crate::call::Call;
use crate::code::Code;
use crate::codec::{Record, Value};
use crate::context::Context;
use crate::error::{Error, Fault};
use crate::headers::accept::Accept;
use crate::http::BoxError;
use crate::observe::metrics::{self, Metrics};
use crate::operation::media::{self, is_acceptable};
use crate::operation::{Binding, Contract, HttpBinding, Operation, ReplySet, Segment};

/// The size in bytes beyond which the body of a request is refused, unless set: 2 MiB.
pub const DEFAULT_BODY_LIMIT: usize = 2 * 1024 * 1024;

/// The operations of a contract, served over HTTP: a tower service that never fails. Cheap to clone.
///
/// For each request it finds the operation, reads and validates the typed request, runs the handler within the
/// caller's deadline and a tracing span, and writes the typed reply. A panicking handler answers 500, and serving
/// goes on. Calls are counted in [`Metrics`] under the contract's name.
///
/// Generated code builds it: `pets::service(implementation)`. By hand it takes what the generator writes:
///
/// ```
/// # use std::sync::Arc;
/// use tieline::generated::v1;
/// use tieline::server::{ErrorStyle, Service};
///
/// #[derive(Clone)]
/// struct Request { name: String }
/// static REQUEST: v1::Shape = v1::Shape::new("greet", &[v1::Field::required("name")]);
/// v1::record!(Request = REQUEST { 0: name });
///
/// #[derive(Debug)]
/// enum Response { Ok(String) }
/// v1::reply_set!(Response { 0: Ok(body) = 200 });
/// use v1::NoFailure as Failure;
///
/// v1::http_operation! {
///     OPERATION = 0: "greetings", "greet", Safe;
///     GET: Literal("/greetings/"), Variable(0);
///     inputs: Path(Simple);
///     successes: Code(200) => Text("text/plain");
/// }
/// v1::http_call!(Request -> String: Ok(body));
/// # static CONTRACT: v1::Contract = v1::Contract {
/// #     name: "greetings", title: "", version: "", servers: &[], operations: &[&OPERATION], security_schemes: &[],
/// # };
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let greeting = Arc::new("Hello");
/// let service = Service::new(&CONTRACT)
///     .operation(&greeting, |greeting, _context, request: Request| Box::pin(async move {
///         Ok(Response::Ok(format!("{greeting} {}!", request.name)))
///     }))
///     .render_errors_with(ErrorStyle::Message);
///
/// let request = http::Request::get("/greetings/Ada").body(axum::body::Body::empty()).unwrap();
/// let response = service.answer(request).await;
/// assert_eq!(response.status(), 200);
/// # }
/// ```
#[derive(Clone)]
pub struct Service {
    table: Arc<Table>,
}

#[derive(Clone)]
struct Table {
    contract: &'static Contract,
    routes: Routes,
    operations: Vec<Entry>,
    errors: Arc<dyn RenderError>,
    authenticator: Option<Arc<dyn Authenticate>>,
    limits: Limits,
    metrics: Arc<Metrics>,
}

#[derive(Clone)]
struct Entry {
    operation: &'static Operation,
    binding: &'static HttpBinding,
    /// Where it is served: its own path, or the one that was given.
    path: Arc<[Segment]>,
    /// The template, as spans show it.
    route: Arc<str>,
    run: Arc<Run>,
    /// Which parts of its body are files, for each type that the body can have.
    files: Arc<[Files]>,
    counted: Arc<metrics::Operation>,
}

impl Service {
    /// A service of `contract` without operations.
    pub fn new(contract: &'static Contract) -> Self {
        Self {
            table: Arc::new(Table {
                contract,
                routes: Routes::default(),
                operations: Vec::new(),
                errors: Arc::new(ErrorStyle::Problem),
                authenticator: None,
                limits: Limits {
                    body: DEFAULT_BODY_LIMIT,
                    memory: DEFAULT_BODY_LIMIT,
                },
                metrics: Metrics::global().clone(),
            }),
        }
    }

    /// Serves an operation by `handler`, which is given `api` at every call:
    /// `.operation(&api, |api, cx, request: get_pet::Request| api.get_pet(cx, request))`.
    ///
    /// An operation that does not travel over HTTP is not served here.
    pub fn operation<A, R, F>(self, api: &Arc<A>, handler: F) -> Self
    where
        A: ?Sized + Send + Sync + 'static,
        R: Call + Record + Value,
        R::Response: ReplySet,
        R::Failure: ReplySet,
        F: for<'a> Fn(&'a A, Context, R) -> Handling<'a, R> + Send + Sync + 'static,
    {
        match &R::OPERATION.binding {
            Binding::Http(binding) => {
                let route = routes::template(binding, &R::blank());
                self.with(binding, Arc::from(binding.path), route, api, handler)
            }
            Binding::Grpc(_) => self,
        }
    }

    /// Serves an operation that has no path of its own, a webhook or a callback, at `path`.
    pub fn operation_at<A, R, F>(self, path: &'static str, api: &Arc<A>, handler: F) -> Self
    where
        A: ?Sized + Send + Sync + 'static,
        R: Call + Record + Value,
        R::Response: ReplySet,
        R::Failure: ReplySet,
        F: for<'a> Fn(&'a A, Context, R) -> Handling<'a, R> + Send + Sync + 'static,
    {
        match &R::OPERATION.binding {
            Binding::Http(binding) => {
                let at = Arc::from([Segment::Literal(path)]);
                self.with(binding, at, path.to_owned(), api, handler)
            }
            Binding::Grpc(_) => self,
        }
    }

    fn with<A, R, F>(
        mut self,
        binding: &'static HttpBinding,
        path: Arc<[Segment]>,
        route: String,
        api: &Arc<A>,
        handler: F,
    ) -> Self
    where
        A: ?Sized + Send + Sync + 'static,
        R: Call + Record + Value,
        R::Response: ReplySet,
        R::Failure: ReplySet,
        F: for<'a> Fn(&'a A, Context, R) -> Handling<'a, R> + Send + Sync + 'static,
    {
        let run = handler::erase(binding, api, handler);
        let files = Files::of_bodies(binding, &mut R::blank());
        self.add(R::OPERATION, binding, path, route, run, files.into());
        self
    }

    fn add(
        &mut self,
        operation: &'static Operation,
        binding: &'static HttpBinding,
        path: Arc<[Segment]>,
        route: String,
        run: Arc<Run>,
        files: Arc<[Files]>,
    ) {
        let table = Arc::make_mut(&mut self.table);
        table
            .routes
            .insert(binding.method.to_http(), &path, table.operations.len());
        let counted = table.count(operation, binding);
        table.operations.push(Entry {
            operation,
            binding,
            path,
            route: route.into(),
            run,
            files,
            counted,
        });
    }

    /// Renders errors that the contract does not declare by `renderer`: an [`ErrorStyle`], or a function.
    pub fn render_errors_with(mut self, renderer: impl RenderError + 'static) -> Self {
        Arc::make_mut(&mut self.table).errors = Arc::new(renderer);
        self
    }

    /// Lets `judge` say who may call operations that the contract asks credentials for; handlers see whom it accepted in
    /// [`Context::principal`]. Unless set, nobody looks at credentials here: protect the routes otherwise.
    pub fn authenticate(mut self, judge: impl Authenticate) -> Self {
        Arc::make_mut(&mut self.table).authenticator = Some(Arc::new(judge));
        self
    }

    /// The size in bytes beyond which the body of a request is refused with 413; 2 MiB unless set. Of a body that comes
    /// piece by piece it bounds a piece, and what is collected of it.
    pub fn body_limit(mut self, bytes: usize) -> Self {
        Arc::make_mut(&mut self.table).limits.body = bytes;
        self
    }

    /// The size in bytes up to which the parts of a multipart body are held in memory; 2 MiB unless set. Files beyond it go
    /// to a temporary file without a name, in the system's folder for these (`TMPDIR`), and are read from there as
    /// [`Octets`](crate::stream::Octets); other parts beyond it are refused with 413.
    pub fn memory_limit(mut self, bytes: usize) -> Self {
        Arc::make_mut(&mut self.table).limits.memory = bytes;
        self
    }

    /// Counts calls in `metrics`; in the [global](Metrics::global) ones unless set.
    pub fn metrics(mut self, metrics: Arc<Metrics>) -> Self {
        let table = Arc::make_mut(&mut self.table);
        table.metrics = metrics;
        for index in 0..table.operations.len() {
            let entry = &table.operations[index];
            table.operations[index].counted = table.count(entry.operation, entry.binding);
        }
        self
    }

    /// The operations as routes, to be merged with others or nested below a prefix.
    ///
    /// It sets no fallback, so that any number can be merged; [`not_found`] is one that answers with a problem.
    pub fn into_router(self) -> axum::Router {
        let paths: BTreeSet<String> = self
            .table
            .operations
            .iter()
            .map(|entry| routes::axum_path(&entry.path))
            .collect();
        let router = axum::Router::new().without_v07_checks();
        paths
            .into_iter()
            .fold(router, |router, path| router.route_service(&path, self.clone()))
    }

    /// Answers one request.
    pub async fn answer<B>(&self, request: Request<B>) -> Response<Body>
    where
        B: HttpBody<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        let (parts, body) = request.into_parts();
        let context = inbound::of_http(&parts.headers).with_reply_headers();
        let table = &self.table;
        let mut response = match table.routes.find(&parts.method, parts.uri.path()) {
            Found::Operation(index, captures) => {
                let request = Whole {
                    parts: &parts,
                    captures: &captures,
                    body,
                };
                table
                    .serve(&table.operations[index], context.clone(), request)
                    .await
            }
            Found::OtherMethods(methods) => table.other_method(&methods, &context),
            Found::Nothing => table.refuse(&missing(), StatusCode::NOT_FOUND, &context),
        };
        inbound::stamp(response.headers_mut(), &context);
        if parts.method == Method::HEAD {
            reply::without_body(response)
        } else {
            response
        }
    }
}

/// A request whose operation is known.
struct Whole<'a, B> {
    parts: &'a Parts,
    /// The texts of the path's variables.
    captures: &'a [&'a str],
    body: B,
}

impl Table {
    fn count(&self, operation: &Operation, binding: &HttpBinding) -> Arc<metrics::Operation> {
        self.metrics
            .operation(operation.service, operation.id, binding.method.as_str())
    }

    /// Runs one operation in its span, and counts it.
    async fn serve<B>(&self, entry: &Entry, context: Context, request: Whole<'_, B>) -> Response<Body>
    where
        B: HttpBody<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        let span = tracing::info_span!(
            "server.request",
            service = entry.operation.service,
            operation = entry.operation.id,
            correlation_id = context.correlation_id().map(|id| &**id),
            http.request.method = entry.binding.method.as_str(),
            http.route = &*entry.route,
            http.response.status_code = tracing::field::Empty,
        );
        let started = Instant::now();
        let work = async {
            let outcome = match context.deadline() {
                Some(deadline) if deadline.has_elapsed() => Err(late()),
                Some(deadline) => {
                    let work = self.run(entry, context.clone(), request);
                    deadline.run(work).await.unwrap_or_else(|_| Err(late()))
                }
                None => self.run(entry, context.clone(), request).await,
            };
            outcome.unwrap_or_else(|refusal| {
                let mut response = self.refuse(&refusal.error, refusal.status, &context);
                for challenge in refusal.challenges {
                    response.headers_mut().append(header::WWW_AUTHENTICATE, challenge);
                }
                response
            })
        };
        let mut response = work.instrument(span.clone()).await;
        if let Some(deprecation) = &entry.operation.extras.deprecation {
            deprecation.write(response.headers_mut());
        }
        context.write_reply_headers(response.headers_mut());
        let status = response.status().as_u16();
        span.record("http.response.status_code", status);
        let took = started.elapsed();
        entry.counted.call(metrics::Status::Http(status), took);
        span.in_scope(|| tracing::info!(status, elapsed_ms = took.as_secs_f64() * 1e3, "request"));
        response
    }

    /// Body, typed request, handler.
    async fn run<B>(
        &self,
        entry: &Entry,
        context: Context,
        request: Whole<'_, B>,
    ) -> Result<Response<Body>, Refusal>
    where
        B: HttpBody<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        let Whole {
            parts,
            captures,
            body,
        } = request;
        let context = match &self.authenticator {
            None => context,
            Some(judge) => {
                let admitted = admit(&**judge, self.contract, entry.operation, parts, &context).await;
                match admitted.map_err(Refusal::denied)? {
                    Some(principal) => context.with_principal(principal),
                    None => context,
                }
            }
        };
        if !is_acceptable(entry.binding.successes, &Accept::of(&parts.headers)) {
            return Err(unacceptable(entry.binding));
        }
        let received = match body::declared(entry.binding, &body) {
            Some(declared) => body::read(declared, &entry.files, &parts.headers, body, self.limits).await?,
            None => Received::default(),
        };
        let arrived = Arrived {
            captures,
            query: parts.uri.query().unwrap_or_default(),
            headers: &parts.headers,
            body: &received.octets,
            chosen: received.chosen,
            parts: Mutex::new(received.parts),
            stream: Mutex::new(received.stream),
        };
        let mut read = |record: &mut dyn Record| arrived.read(entry.operation, entry.binding, record);
        let answering = (entry.run)(context.clone(), &mut read)
            .map_err(|violations| Refusal::of(Fault::invalid("request", violations).into()))?;
        context.scope(isolated(answering)).await.map_err(Refusal::of)
    }

    fn other_method(&self, methods: &[Method], context: &Context) -> Response<Body> {
        let allowed: Vec<&str> = methods.iter().map(Method::as_str).collect();
        let allowed = allowed.join(", ");
        let refusal = Refusal::new(
            StatusCode::METHOD_NOT_ALLOWED,
            format!("this path has the methods {allowed}"),
        );
        let mut response = self.refuse(&refusal.error, refusal.status, context);
        // Methods are tokens, which are header text.
        if let Ok(value) = HeaderValue::from_str(&allowed) {
            response.headers_mut().insert(header::ALLOW, value);
        }
        response
    }

    fn refuse(&self, error: &Error, status: StatusCode, context: &Context) -> Response<Body> {
        problem::log(error, status);
        let mut response = self.errors.render(error, status, context);
        reply::retry_after(response.headers_mut(), error.retry_after());
        response
    }
}

fn missing() -> Error {
    Error::new(Code::NotFound, "there is nothing at this path")
}

/// The caller wants none of what comes back.
fn unacceptable(binding: &HttpBinding) -> Refusal {
    let bodies = binding.successes.iter().filter_map(|reply| reply.body.as_ref());
    let types = media::listed(bodies.flat_map(|body| body.each().map(|body| body.media_type)));
    Refusal::new(StatusCode::NOT_ACCEPTABLE, format!("what comes back is {types}"))
}

fn late() -> Refusal {
    Refusal::of(Fault::timeout("the caller's deadline passed before the work was done").into())
}

/// Answers 404 with a problem: a fallback for a router of several services,
/// `router.fallback(tieline::server::not_found)`.
pub async fn not_found(request: Request<Body>) -> Response<Body> {
    let context = inbound::of_http(request.headers());
    let mut response = ErrorStyle::Problem.render(&missing(), StatusCode::NOT_FOUND, &context);
    inbound::stamp(response.headers_mut(), &context);
    response
}

impl fmt::Debug for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let operations: Vec<_> = self
            .table
            .operations
            .iter()
            .map(|entry| entry.operation.id)
            .collect();
        f.debug_struct("Service")
            .field("contract", &self.table.contract.name)
            .field("operations", &operations)
            .finish()
    }
}

impl<B> tower_service::Service<Request<B>> for Service
where
    B: HttpBody<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut task::Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let service = self.clone();
        async move { Ok(service.answer(request).await) }.boxed()
    }
}
