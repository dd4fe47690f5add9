//! A request, from its operation to its reply.
//!
//! ```text
//! deadline ── a place ── who calls ── done before? ── body ── typed request ── handler ── reply | problem
//! ```

use std::sync::{Arc, Mutex};

use axum::body::Body;
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderValue, Method, Response, StatusCode, header};
use http_body::Body as HttpBody;
use tokio::time::Instant;
use tracing::Instrument;

use super::auth::{Authenticate, admit};
use super::body::{self, Received};
use super::handler::{Run, isolated};
use super::idempotency::Idempotency;
use super::parts::{Files, Limits};
use super::problem::{self, ErrorStyle, RenderError};
use super::refusal::Refusal;
use super::reply;
use super::request::Arrived;
use super::routes::Routes;
use super::service::DEFAULT_BODY_LIMIT;
use super::shedding::{self, Ended, Shed, Shedding};
use crate::code::Code;
use crate::codec::Record;
use crate::context::Context;
use crate::error::{Error, ErrorKind, Fault};
use crate::headers::accept::Accept;
use crate::http::BoxError;
use crate::observe::metrics::{self, Metrics};
use crate::operation::media::{self, is_acceptable};
use crate::operation::{Contract, HttpBinding, Operation, Segment};

#[derive(Clone)]
pub(super) struct Table {
    pub(super) contract: &'static Contract,
    pub(super) routes: Routes,
    pub(super) operations: Vec<Entry>,
    pub(super) errors: Arc<dyn RenderError>,
    pub(super) authenticator: Option<Arc<dyn Authenticate>>,
    pub(super) idempotency: Option<Idempotency>,
    pub(super) shedding: Option<Arc<Shedding>>,
    pub(super) limits: Limits,
    pub(super) metrics: Arc<Metrics>,
}

#[derive(Clone)]
pub(super) struct Entry {
    pub(super) operation: &'static Operation,
    pub(super) binding: &'static HttpBinding,
    /// Where it is served: its own path, or the one that was given.
    pub(super) path: Arc<[Segment]>,
    /// The template, as spans show it.
    pub(super) route: Arc<str>,
    pub(super) run: Arc<Run>,
    /// Which parts of its body are files, for each type that the body can have.
    pub(super) files: Arc<[Files]>,
    pub(super) counted: Arc<metrics::Operation>,
}

/// A request whose operation is known.
pub(super) struct Whole<'a, B> {
    pub(super) parts: &'a Parts,
    /// The texts of the path's variables.
    pub(super) captures: &'a [&'a str],
    pub(super) body: B,
}

impl Table {
    pub(super) fn new(contract: &'static Contract) -> Self {
        Self {
            contract,
            routes: Routes::default(),
            operations: Vec::new(),
            errors: Arc::new(ErrorStyle::Problem),
            authenticator: None,
            idempotency: None,
            shedding: None,
            limits: Limits {
                body: DEFAULT_BODY_LIMIT,
                memory: DEFAULT_BODY_LIMIT,
            },
            metrics: Metrics::global().clone(),
        }
    }

    pub(super) fn count(&self, operation: &Operation, binding: &HttpBinding) -> Arc<metrics::Operation> {
        self.metrics
            .operation(operation.service, operation.id, binding.method.as_str())
    }

    /// Runs one operation in its span, and counts it.
    pub(super) async fn serve<B>(
        &self,
        entry: &Entry,
        context: Context,
        request: Whole<'_, B>,
    ) -> Response<Body>
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
                    let work = self.shed(entry, &context, request);
                    deadline.run(work).await.unwrap_or_else(|_| Err(late()))
                }
                None => self.shed(entry, &context, request).await,
            };
            outcome.unwrap_or_else(|refusal| self.render(refusal, &context))
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

    /// Runs it when there is a place for it.
    async fn shed<B>(
        &self,
        entry: &Entry,
        context: &Context,
        request: Whole<'_, B>,
    ) -> Result<Response<Body>, Refusal>
    where
        B: HttpBody<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        let Some(shedding) = &self.shedding else {
            return self.run(entry, context.clone(), request).await;
        };
        let priority = shedding.priority_of(entry.operation, &request.parts.headers);
        let work = self.run(entry, context.clone(), request);
        let ended = |outcome: &Result<Response<Body>, Refusal>| {
            let status = outcome
                .as_ref()
                .map_or_else(|refusal| refusal.status, Response::status);
            match status.as_u16() {
                429 | 503 | 504 => Ended::Overloaded,
                100..400 => Ended::Well,
                _ => Ended::Otherwise,
            }
        };
        // In a box, as others are not to carry its state.
        let turn = Box::pin(shedding.run(entry.operation, priority, context.deadline(), work, ended));
        match turn.await {
            Ok(outcome) => outcome,
            Err(shed) => {
                entry.counted.shed(priority.name(), shed.reason());
                // Not logged one by one: that would be more work where there is too much already.
                Ok(self.turned_away(shed, context))
            }
        }
    }

    fn turned_away(&self, shed: Shed, context: &Context) -> Response<Body> {
        let error = Error::from(Fault::new(ErrorKind::Internal, Code::Unavailable, shed.message()));
        let mut response = self
            .errors
            .render(&error, StatusCode::SERVICE_UNAVAILABLE, context);
        reply::retry_after(response.headers_mut(), Some(shedding::RETRY_AFTER));
        response
    }

    /// Who calls, and whether it was done before.
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
        let parts = request.parts;
        let context = match &self.authenticator {
            None => context.with_principal_of(&parts.extensions),
            Some(judge) => {
                let admitted = admit(&**judge, self.contract, entry.operation, parts, &context).await;
                match admitted.map_err(Refusal::denied)? {
                    Some(principal) => context.with_principal(principal),
                    None => context,
                }
            }
        };
        match self.key(entry, parts)? {
            // In a box: requests without a key are not to carry its state.
            Some(key) => Box::pin(self.once(key, entry, context, request)).await,
            None => self.handle(entry, context, request).await,
        }
    }

    /// Body, typed request, handler.
    pub(super) async fn handle<B>(
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
        context
            .scope(isolated(answering))
            .await
            .map_err(Refusal::of_handler)
    }

    /// The reply to a request that is refused.
    pub(super) fn render(&self, refusal: Refusal, context: &Context) -> Response<Body> {
        let mut response = self.refuse(&refusal.error, refusal.status, context);
        for challenge in refusal.challenges {
            response.headers_mut().append(header::WWW_AUTHENTICATE, challenge);
        }
        response
    }

    pub(super) fn other_method(&self, methods: &[Method], context: &Context) -> Response<Body> {
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

    pub(super) fn refuse(&self, error: &Error, status: StatusCode, context: &Context) -> Response<Body> {
        problem::log(error, status);
        let mut response = self.errors.render(error, status, context);
        reply::retry_after(response.headers_mut(), error.retry_after());
        response
    }
}

pub(super) fn missing() -> Error {
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
