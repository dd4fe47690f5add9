//! The HTTP side of a contract: a tower service over an implementation of its trait.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{self, Poll};

use axum::body::Body;
use bytes::Bytes;
use futures_util::FutureExt;
use http::{Method, Request, Response, StatusCode};
use http_body::Body as HttpBody;

use super::auth::Authenticate;
use super::handler::{self, Handling, Run};
use super::idempotency::Idempotency;
use super::parts::Files;
use super::problem::{ErrorStyle, RenderError};
use super::routes::{self, Found};
use super::shedding::Shedding;
use super::table::{Entry, Table, Whole, missing};
use super::{inbound, reply};
use crate::call::Call;
use crate::codec::{Record, Value};
use crate::context::Context;
use crate::http::BoxError;
use crate::observe::metrics::Metrics;
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

impl Service {
    /// A service of `contract` without operations.
    pub fn new(contract: &'static Contract) -> Self {
        Self {
            table: Arc::new(Table::new(contract)),
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

    /// Whether an operation that is served asks its callers for credentials.
    pub(super) fn asks_for_credentials(&self) -> bool {
        let mut operations = self.table.operations.iter();
        operations.any(|entry| entry.operation.security.iter().any(|all| !all.is_empty()))
    }

    pub(super) fn contract_name(&self) -> &'static str {
        self.table.contract.name
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

    /// Does a request that comes again under the same idempotency key once: the repetition gets the reply of the first.
    /// A key is what the header that the contract declares has, `Idempotency-Key` where it declares none; operations
    /// without effects have none. Requests without a key are handled as ever, unless the contract demands one.
    ///
    /// Put it behind [`authenticate`](Service::authenticate), or callers share their keys.
    pub fn idempotency(mut self, idempotency: Idempotency) -> Self {
        Arc::make_mut(&mut self.table).idempotency = Some(idempotency);
        self
    }

    /// Turns requests away when there are more than the server can handle: 503, with `Retry-After`.
    pub fn shedding(mut self, shedding: impl Into<Arc<Shedding>>) -> Self {
        Arc::make_mut(&mut self.table).shedding = Some(shedding.into());
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
