//! From a typed request to a typed reply: the shims that generated code calls.
//!
//! Only what depends on the types is generic; encoding and the call itself are compiled once.

mod accept;
#[cfg(feature = "grpc")]
pub(super) mod grpc;
mod raw;
mod stream;

use std::borrow::Cow;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{self, Poll};

pub use raw::{HttpCall, raw};

use http::uri::PathAndQuery;
use http::{HeaderName, HeaderValue, header};

use super::Client;
use super::identity::CallIds;
use crate::adapter::{Payload, Wire};
use crate::background::Refused;
use crate::call::{Call, CallOptions, Later, Reply, Running, Sending};
use crate::code::Code;
use crate::codec::{Record, validate};
use crate::context::{Context, new_id};
use crate::error::{Error, ErrorKind, Fault, RawReply};
use crate::operation::{Binding, HttpBinding, Operation, ReplySet, Safety, StatusMatch};
use crate::orchestrate::{self, Answer};
use crate::rest;

const ACCEPT_JSON: HeaderValue = HeaderValue::from_static("application/json");

/// Sends a typed request and gives its response: what the generated clients' `Api` is made of.
///
/// # Errors
/// The call failed.
pub async fn call<C: Call>(
    client: &Client,
    context: Context,
    request: C,
) -> Result<C::Response, Error<C::Failure>> {
    let options = CallOptions {
        context: Some(context),
        ..CallOptions::default()
    };
    Ok(request.send(client, options).await?.into_body())
}

/// The same as a future without its type. It is boxed here, where rustc proves once for all calls that it can be sent
/// between threads; in generated code it would prove that for every operation.
pub fn call_later<C: Call>(
    client: &Client,
    context: Context,
    request: C,
) -> Later<'_, Result<C::Response, Error<C::Failure>>> {
    Box::pin(call(client, context, request))
}

/// Calls are awaited: a mode of generated clients' pending calls.
#[derive(Debug, Clone, Copy)]
pub enum Async {}

/// Calls block the thread: a mode of generated clients' pending calls.
#[derive(Debug, Clone, Copy)]
pub enum Blocking {}

/// The future of a call's output: what awaiting a generated client's call is made of.
#[derive(Debug)]
#[must_use = "a call does nothing until it is awaited"]
pub struct Outcome<'a, C: Call>(Sending<'a, C>);

impl<C: Call> Future for Outcome<'_, C> {
    type Output = Result<C::Output, Error<C::Failure>>;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut task::Context<'_>) -> Poll<Self::Output> {
        let sending = Pin::new(&mut self.0);
        sending.poll(cx).map_ok(|reply| C::output(reply.into_body()))
    }
}

/// Sends a typed request and gives the part of its response that `.await` gives.
#[inline]
pub fn output<C: Call>(client: &Client, request: C, options: CallOptions) -> Outcome<'_, C> {
    Outcome(request.send(client, options))
}

/// Sends a typed request, and asks `fallback` where the service failed or is not to be asked for now.
///
/// # Errors
/// The call failed otherwise, or the fallback failed.
pub async fn or_else<C, F, Fut>(
    client: &Client,
    request: C,
    options: CallOptions,
    fallback: F,
) -> Result<C::Output, Error<C::Failure>>
where
    C: Call,
    F: FnOnce(Error<C::Failure>) -> Fut,
    Fut: Future<Output = Result<C::Output, Error<C::Failure>>>,
{
    match output(client, request, options).await {
        Err(error) if error.asks_for_fallback() => fallback(error).await,
        outcome => outcome,
    }
}

/// Sends a typed request in the background: nobody waits for its outcome, a failure is logged.
///
/// # Errors
/// [`Refused`]: the background of the client takes no more, and nothing is sent.
///
/// # Panics
/// Outside a tokio runtime.
pub fn forget<C: Call>(client: &Client, request: C, options: CallOptions) -> Result<(), Refused> {
    let own = client.clone();
    let call = async move { request.send(&own, options).await };
    client.background().spawn(C::OPERATION.id, call)
}

/// Sends a typed request over HTTP.
pub fn send_http<C>(client: &Client, request: C, options: CallOptions) -> Sending<'_, C>
where
    C: Call + Record,
    C::Response: ReplySet,
    C::Failure: ReplySet,
{
    // Encoded before the future is made: the request need not outlive this line.
    let prepared = prepare_http(client, C::OPERATION, &request, options);
    Sending::new(arrive(client, prepared), read_http::<C>)
}

/// The answer to a call, and what is needed to give it its types.
pub(crate) struct Arrived<'a> {
    client: &'a Client,
    answer: Result<Answer, Fault>,
    correlation_id: Option<Arc<str>>,
    resume: Option<Arc<stream::Resume>>,
}

/// Makes a call that is ready, or tells at once why it is not. The future is boxed here, by code without types, which is
/// why this crate compiles all that runs below it.
#[inline(never)]
fn arrive(client: &Client, prepared: Result<orchestrate::Call, Fault>) -> Running<'_> {
    Box::pin(async move {
        let (answer, correlation_id, resume) = match prepared {
            Ok(call) => {
                let correlation_id = Arc::clone(&call.correlation_id);
                let resume = stream::Resume::of(client, &call);
                let answer = orchestrate::run(&client.0, call).await;
                (answer, Some(correlation_id), resume)
            }
            Err(fault) => (Err(fault), None, None),
        };
        Arrived {
            client,
            answer,
            correlation_id,
            resume,
        }
    })
}

fn read_http<C>(arrived: Arrived<'_>) -> Result<Reply<C::Response>, Error<C::Failure>>
where
    C: Call,
    C::Response: ReplySet,
    C::Failure: ReplySet,
{
    let operation = C::OPERATION;
    let answer = match (arrived.answer, &operation.binding) {
        (Ok(answer), Binding::Http(binding)) => (answer, binding),
        (Err(fault), Binding::Http(binding)) => return Err(read_failure(binding, fault)),
        (Err(fault), _) => return Err(fault.into()),
        // Refused when it was prepared.
        (Ok(answer), _) => return Err(Fault::of_status(answer.status, unread(answer)).into()),
    };
    let (answer, binding) = answer;
    let attempts = answer.attempts;
    read_success(arrived.client, binding, answer, arrived.resume).map_err(|fault| {
        let service = arrived.client.service().to_owned();
        fault
            .of_call(service, operation.id, attempts, arrived.correlation_id)
            .into()
    })
}

fn unread(answer: Answer) -> RawReply {
    RawReply {
        headers: answer.headers,
        body: answer.body,
    }
}

/// The call of a typed HTTP request, ready for the policies.
fn prepare_http(
    client: &Client,
    operation: &'static Operation,
    request: &dyn Record,
    mut options: CallOptions,
) -> Result<orchestrate::Call, Fault> {
    let inner = &client.0;
    let named = |fault: Fault| fault.of_call(client.service().to_owned(), operation.id, 0, None);
    let Binding::Http(binding) = &operation.binding else {
        let message = "the operation has no HTTP route";
        return Err(named(Fault::new(ErrorKind::Encode, Code::Unimplemented, message)));
    };
    let media_type = options.content_type.take();
    let mut encoded = rest::write_request_as(binding, request, media_type.as_deref()).map_err(named)?;
    let target = options.target.take();
    let has_target = target.is_some();
    let target = target.and_then(|(endpoint, path)| {
        let below = inner.below_the_address(&endpoint, path.as_str());
        below.unwrap_or(path.as_str()).clone_into(&mut encoded.path);
        below.is_none().then_some(endpoint)
    });
    let mut token = Ok(None);
    let (timeout, repeatable) = (options.timeout, options.repeatable);
    let preferred = options.accept.take();
    let mut call = begin(client, Cow::Borrowed(operation.id), options, |headers| {
        let own = std::mem::take(&mut encoded.headers);
        if headers.is_empty() {
            *headers = own;
        } else {
            headers.extend(own);
        }
        if let Some(accept) = accept::header(binding.successes, preferred.as_deref()) {
            headers.entry(header::ACCEPT).or_insert(accept);
        }
        inner.identity.write_key(headers);
        // An interceptor may be what signs.
        let may_sign = !inner.interceptors.is_empty();
        token = inner
            .shown
            .write(operation.security, may_sign, headers, &mut encoded.path);
    })
    .map_err(named)?;
    call.token = token.map_err(named)?;
    add_idempotency_key(client, operation, &mut call);
    call.endpoint = match target {
        Some(endpoint) => Some(endpoint),
        None if has_target => None,
        None => inner.operation_endpoints.get(operation.index).cloned().flatten(),
    };
    let path = PathAndQuery::try_from(encoded.path).map_err(|_| {
        named(Fault::new(
            ErrorKind::Encode,
            Code::InvalidArgument,
            "the path is no valid URI path",
        ))
    })?;
    call.metrics = inner.operation_metrics.get(operation.index).cloned();
    call.repeatable = repeatable
        .unwrap_or_else(|| operation.safety.is_repeatable() || has_idempotency_key(operation, &call));
    call.safe = operation.safety == Safety::Safe;
    call.timeout = inner.total_time(operation.timeout, timeout);
    let body = match encoded.leaving {
        None => Payload::Octets(compressed(inner, &mut call.headers, encoded.body)),
        Some(leaving) => stream::payload(leaving, &mut call.headers),
    };
    call.wire = Wire::Http {
        method: binding.method.to_http(),
        path,
        redirects: if declares_redirects(binding) {
            0
        } else {
            inner.redirects
        },
        body,
        successes: binding.successes,
    };
    Ok(call)
}

/// What every call starts as: ids, identity and the caller's own headers.
pub(crate) fn begin(
    client: &Client,
    operation: Cow<'static, str>,
    options: CallOptions,
    headers: impl FnOnce(&mut http::HeaderMap),
) -> Result<orchestrate::Call, Fault> {
    if let Some(name) = options.invalid_header {
        let message =
            format!("the header {name:?} is not valid: a name is a token, a value has no control characters");
        return Err(Fault::new(ErrorKind::Encode, Code::InvalidArgument, message));
    }
    let inner = &client.0;
    let context = options.context.unwrap_or_else(Context::current);
    let ids = CallIds::of(&context, &inner.random);
    let mut all = options.headers;
    headers(&mut all);
    all.reserve(rest::USUAL_HEADERS.saturating_sub(all.len()));
    inner.identity.write(&ids, &inner.random, &mut all);
    all.entry(header::ACCEPT).or_insert(ACCEPT_JSON);
    all.entry(header::USER_AGENT)
        .or_insert_with(|| inner.user_agent.clone());
    Ok(orchestrate::Call {
        operation,
        metrics: None,
        safe: false,
        repeatable: options.repeatable.unwrap_or(false),
        wire: Wire::Http {
            method: http::Method::GET,
            path: PathAndQuery::from_static("/"),
            redirects: inner.redirects,
            body: Payload::Octets(bytes::Bytes::new()),
            successes: &[],
        },
        headers: all,
        context,
        timeout: inner.total_time(None, options.timeout),
        token: None,
        endpoint: None,
        hash_key: options.hash_key,
        correlation_id: ids.correlation,
    })
}

/// The body, compressed where that is set, it is long enough, and nobody has done it yet.
#[cfg_attr(
    not(feature = "gzip"),
    allow(unused_variables, clippy::needless_pass_by_ref_mut)
)]
pub(super) fn compressed(
    client: &super::Inner,
    headers: &mut http::HeaderMap,
    body: bytes::Bytes,
) -> bytes::Bytes {
    #[cfg(feature = "gzip")]
    if client.compress_from.is_some_and(|from| body.len() >= from)
        && !headers.contains_key(header::CONTENT_ENCODING)
    {
        headers.insert(header::CONTENT_ENCODING, crate::http::gzip::GZIP);
        return crate::http::gzip::compressed(&body);
    }
    body
}

/// Whether a redirect is a reply of the contract.
fn declares_redirects(binding: &HttpBinding) -> bool {
    let all = binding.successes.iter().chain(binding.failures);
    all.map(|reply| reply.status)
        .any(|status| matches!(status, StatusMatch::Code(300..=399) | StatusMatch::Range(3)))
}

/// Gives a write that the contract declares a key for one of its own, where the caller has set none: attempts of one call
/// share it, and so it may be repeated.
fn add_idempotency_key(client: &Client, operation: &Operation, call: &mut orchestrate::Call) {
    let is_write = !operation.safety.is_repeatable();
    let Some(key) = operation.idempotency_key.filter(|_| is_write) else {
        return;
    };
    let Ok(name) = HeaderName::try_from(key.header) else {
        return;
    };
    if !call.headers.contains_key(&name) {
        // An id is hexadecimal digits and hyphens.
        let id = HeaderValue::from_str(&new_id(&client.0.random));
        call.headers.extend(id.map(|id| (name, id)));
    }
}

/// A write that carries an idempotency key may be repeated: the server tells the repetition.
fn has_idempotency_key(operation: &Operation, call: &orchestrate::Call) -> bool {
    operation
        .idempotency_key
        .is_some_and(|key| call.headers.contains_key(key.header))
}

fn read_success<R: ReplySet>(
    client: &Client,
    binding: &HttpBinding,
    mut answer: Answer,
    resume: Option<Arc<stream::Resume>>,
) -> Result<Reply<R>, Fault> {
    let mut arriving =
        (answer.stream.take()).map(|body| stream::arriving(client, *body, &answer.headers, resume));
    let read = rest::read_arriving::<R>(
        binding.successes,
        answer.status,
        &answer.headers,
        &answer.body,
        &mut arriving,
    );
    match read {
        None => Err(Fault::of_status(answer.status, unread(answer))),
        Some(Err(error)) => Err(Fault::decode(&error)
            .with_status(answer.status)
            .with_reply(unread(answer))),
        Some(Ok(body)) => {
            if client.0.check_replies {
                let violations = validate(body.active().2);
                if !violations.is_empty() {
                    return Err(Fault::invalid("reply", violations).with_status(answer.status));
                }
            }
            Ok(Reply::new(answer.status, answer.headers, answer.attempts, body))
        }
    }
}

/// A failure with the typed body that the contract declares for its status, if it can be read as such.
fn read_failure<F: ReplySet>(binding: &HttpBinding, fault: Fault) -> Error<F> {
    let (Some(status), Some(reply)) = (fault.status(), fault.reply()) else {
        return fault.into();
    };
    match rest::read_reply::<F>(binding.failures, status, &reply.headers, &reply.body) {
        Some(Ok(body)) => {
            let kind = match fault.kind() {
                kind @ (ErrorKind::Unauthorized | ErrorKind::Forbidden) => kind,
                _ => ErrorKind::Failure,
            };
            let fault = match body.code() {
                Some(code) => fault.with_code(code),
                None => fault,
            };
            fault.with_kind(kind).typed(Some(body))
        }
        // The status says what happened; a body that is not as promised must not hide it. The raw reply is kept.
        Some(Err(error)) => {
            tracing::debug!(%error, "the body of a failure is not what the contract says");
            fault.into()
        }
        None => fault.into(),
    }
}
