//! What comes back as it comes: a media type that the contract's types cannot carry.

use bytes::Bytes;

use super::{arrive, prepare_http, read_failure};
use crate::adapter::Wire;
use crate::call::{Call, CallOptions, Reply};
use crate::client::Client;
use crate::codec::Record;
use crate::error::Error;
use crate::operation::{Binding, ReplySet};

/// A typed request that travels by HTTP.
pub trait HttpCall: Call<Failure: ReplySet> + Record {}

impl<C> HttpCall for C
where
    C: Call + Record,
    C::Failure: ReplySet,
{
}

/// Sends a typed request over HTTP, and gives the octets of what comes back when it works. Of several media types
/// `options.accept` says which.
///
/// # Errors
/// The call failed.
pub async fn raw<C: HttpCall>(
    client: &Client,
    request: C,
    options: CallOptions,
) -> Result<Reply<Bytes>, Error<C::Failure>> {
    let mut prepared = prepare_http(client, C::OPERATION, &request, options);
    drop(request);
    if let Ok(call) = &mut prepared
        && let Wire::Http { successes, .. } = &mut call.wire
    {
        // No body is left to come piece by piece.
        *successes = &[];
    }
    let arrived = arrive(client, prepared).await;
    match (arrived.answer, &C::OPERATION.binding) {
        (Ok(answer), _) => Ok(Reply::new(
            answer.status,
            answer.headers,
            answer.attempts,
            answer.body,
        )),
        (Err(fault), Binding::Http(binding)) => Err(read_failure(binding, fault)),
        (Err(fault), Binding::Grpc(_)) => Err(fault.into()),
    }
}
