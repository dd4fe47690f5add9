//! A typed handler without its types: what the route table keeps of it.

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;

use axum::body::Body;
use futures_util::FutureExt;
use http::Response;

use super::reply;
use crate::call::Call;
use crate::code::Code;
use crate::codec::{Record, Value, Violation};
use crate::context::Context;
use crate::error::{Error, ErrorKind, Fault};
use crate::operation::{HttpBinding, ReplySet};

/// Fills a typed request.
pub(super) type Read<'a> = dyn FnMut(&mut dyn Record) -> Result<(), Vec<Violation>> + 'a;

/// A handler's answer: a reply of the contract, or an error to be rendered.
pub(super) type Answer = Result<Response<Body>, Error>;

pub(super) type Answering = Pin<Box<dyn Future<Output = Answer> + Send>>;

/// Reads the request, then calls the handler.
pub(super) type Run = dyn Fn(Context, &mut Read<'_>) -> Result<Answering, Vec<Violation>> + Send + Sync;

/// Takes the types off a handler.
pub(super) fn erase<A, R, F>(binding: &'static HttpBinding, api: &Arc<A>, handler: F) -> Arc<Run>
where
    A: ?Sized + Send + Sync + 'static,
    R: Call + Record + Value,
    R::Response: ReplySet,
    R::Failure: ReplySet,
    F: for<'a> Fn(&'a A, Context, R) -> Handling<'a, R> + Send + Sync + 'static,
{
    let (api, handler) = (api.clone(), Arc::new(handler));
    Arc::new(move |context, read| {
        let mut request = R::blank();
        read(&mut request)?;
        let accept = context.accept();
        let (api, handler) = (api.clone(), handler.clone());
        Ok(Box::pin(async move {
            match handler(&api, context, request).await {
                Ok(response) => Ok(reply::write(binding.successes, &response, &accept)?),
                Err(error) => {
                    let wait = error.retry_after();
                    let (fault, failure) = error.into_parts();
                    let Some(failure) = failure else {
                        return Err(fault.into());
                    };
                    let mut response = reply::write(binding.failures, &failure, &accept)?;
                    reply::retry_after(response.headers_mut(), wait);
                    Ok(response)
                }
            }
        }))
    })
}

/// What a handler gives: the future of a method of the generated trait.
pub(super) type Handling<'a, R> =
    Pin<Box<dyn Future<Output = Result<<R as Call>::Response, Error<<R as Call>::Failure>>> + Send + 'a>>;

/// Runs `work`, and makes a panic in it an error whose cause goes to the log.
pub(super) async fn isolated<T, E>(work: impl Future<Output = Result<T, Error<E>>>) -> Result<T, Error<E>> {
    // What a panic leaves half done belongs to the handler, whose next call may see it, as with any thread.
    AssertUnwindSafe(work)
        .catch_unwind()
        .await
        .unwrap_or_else(|panic| Err(panicked(&*panic).into()))
}

pub(super) fn panicked(panic: &(dyn std::any::Any + Send)) -> Fault {
    let text = panic
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "a panic without text".to_owned());
    Fault::new(ErrorKind::Internal, Code::Internal, "internal error")
        .because(format!("the handler panicked: {text}"))
}
