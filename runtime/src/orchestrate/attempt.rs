//! One attempt: an endpoint is picked, the call goes there once, and the endpoint hears how that went.
//!
//! Where no connection can be made, the attempt goes on to another endpoint: the service has seen nothing of it, so that
//! this is safe whatever the operation is, and is paid for by no budget.

use std::time::Duration;

use http::{HeaderMap, HeaderValue, header};

use super::{Answer, Call};
use crate::adapter;
use crate::client::credentials::tokens::TokenDemand;
use crate::client::{AttemptFacts, CallFacts, Inner};
use crate::code::Code;
use crate::endpoints::{Ask, Endpoints, NotReady, Picked, Tried};
use crate::error::{ErrorKind, Fault, Rejection};
use crate::headers::ATTEMPT;
use crate::http::Endpoint;
use crate::observe::metrics::{self, AttemptOutcome};
use crate::policy::breaker::Judgement;
use crate::policy::deadline::Deadline;

/// To how many other endpoints an attempt goes on.
const MOST_FAILOVERS: u32 = 3;

/// One attempt, at as many endpoints as it takes to get a connection.
pub(super) async fn attempt(
    client: &Inner,
    facts: &CallFacts<'_>,
    call: &Call,
    tried: &Tried,
    number: u32,
    deadline: Deadline,
) -> Result<(Answer, u32), Fault> {
    let deadline = match client.attempt_timeout {
        Some(timeout) => deadline.within(timeout),
        None => deadline,
    };
    let endpoints = client.endpoints.as_deref().filter(|_| call.endpoint.is_none());
    let mut failovers = 0;
    loop {
        let picked = match endpoints {
            Some(endpoints) => Some(pick(client, endpoints, call, tried, deadline).await?),
            None => None,
        };
        let outcome = at_one_endpoint(client, facts, call, picked, number, deadline).await;
        match (&outcome, endpoints) {
            (Err(fault), Some(endpoints))
                if fault.kind() == ErrorKind::Connect
                    && call.wire.is_replayable()
                    && !deadline.has_elapsed() =>
            {
                failovers += 1;
                if failovers > MOST_FAILOVERS || !endpoints.has_untried(tried) {
                    if !client.wait_for_ready {
                        return outcome;
                    }
                    // The pick waits until one may be tried again.
                    tried.forget();
                }
            }
            _ => return outcome,
        }
    }
}

/// An endpoint for the attempt.
async fn pick<'a>(
    client: &Inner,
    endpoints: &'a Endpoints,
    call: &Call,
    tried: &Tried,
    deadline: Deadline,
) -> Result<Picked<'a>, Fault> {
    let ask = Ask {
        key: call.hash_key.or_else(|| endpoints.key_of(&call.headers)),
        tried,
        http2: client.needs_http2,
        deadline,
    };
    let picked = deadline.run(endpoints.pick(ask, client.wait_for_ready)).await;
    match picked {
        Ok(Ok(picked)) => Ok(picked),
        Ok(Err(not_ready)) => Err(none_is_ready(client, not_ready)),
        Err(_) => Err(Fault::timeout("no endpoint of the service became ready in time")),
    }
}

fn none_is_ready(client: &Inner, not_ready: NotReady) -> Fault {
    let connect =
        |message: String| Fault::new(ErrorKind::Connect, Code::Unavailable, message).with_not_processed(true);
    match not_ready {
        NotReady::Unknown(Some(error)) => connect(error.to_string()).because(error),
        NotReady::Unknown(None) => connect("no endpoint of the service has been found yet".to_owned()),
        NotReady::Unhealthy => connect("no endpoint of the service is healthy".to_owned()),
        NotReady::Closed => Fault::rejected(Rejection::Closed, None),
        NotReady::Open(open) => {
            client.service_metrics.rejected(metrics::Rejection::BreakerOpen);
            Fault::rejected(Rejection::BreakerOpen, Some(open.retry_after))
        }
    }
}

/// What goes to the wire once.
async fn at_one_endpoint(
    client: &Inner,
    facts: &CallFacts<'_>,
    call: &Call,
    picked: Option<Picked<'_>>,
    number: u32,
    deadline: Deadline,
) -> Result<(Answer, u32), Fault> {
    let remaining = (!deadline.is_never()).then(|| deadline.remaining());
    let seen = AttemptFacts {
        call: facts,
        number,
        remaining,
    };
    let mut headers = call.headers.clone();
    for interceptor in &client.interceptors {
        interceptor.before_attempt(&seen, &mut headers);
    }
    // What is done for a repetition is part of it, however deep: else every second service of a chain would repeat again.
    let repetition = call.context.attempt().saturating_add(number);
    if repetition > 0 {
        headers.insert(ATTEMPT, HeaderValue::from(repetition));
    }
    let endpoint = match &picked {
        Some(picked) => picked.endpoint(),
        None => call.endpoint.as_ref().unwrap_or(&client.endpoint),
    };
    let mut counted = Counted {
        operation: call.metrics.as_deref(),
        deadline,
        outcome: None,
    };
    let outcome = {
        // Pinned here, so that neither way of awaiting it carries a copy.
        let mut exchange = std::pin::pin!(async {
            match &call.token {
                None => adapter::exchange(client, endpoint, &call.wire, headers, number, remaining).await,
                // Boxed, because few calls need it and every call would carry room for it.
                Some(token) => {
                    Box::pin(with_token(
                        client, endpoint, call, token, headers, number, remaining,
                    ))
                    .await
                }
            }
        });
        match client.attempt_timeout {
            Some(_) => deadline
                .run(exchange.as_mut())
                .await
                .unwrap_or_else(|_| Err(Fault::timeout("the attempt took too long"))),
            // The total deadline stands around all attempts already.
            None => exchange.as_mut().await,
        }
    };
    counted.outcome = Some(match &outcome {
        Ok(_) => AttemptOutcome::Success,
        Err(fault) if fault.kind() == ErrorKind::Timeout => AttemptOutcome::Timeout,
        Err(fault) if fault.judgement() == Judgement::Failure => AttemptOutcome::Failure,
        Err(_) => AttemptOutcome::Success,
    });
    drop(counted);
    if let Err(fault) = &outcome {
        tracing::debug!(attempt = number, error = %fault, "attempt failed");
    }
    if let Some(picked) = picked {
        let judgement = outcome
            .as_ref()
            .map_or_else(Fault::judgement, |_| Judgement::Success);
        let unreachable = outcome
            .as_ref()
            .is_err_and(|fault| fault.kind() == ErrorKind::Connect);
        picked.report(judgement, unreachable);
    }
    for interceptor in &client.interceptors {
        interceptor.after_attempt(&seen, outcome.as_ref().map(|_| ()));
    }
    outcome.map(|answer| (answer, number))
}

/// An attempt that shows a token; once more with another where the service does not accept it. It says so before it
/// does anything, so that is safe whatever the operation is.
async fn with_token(
    client: &Inner,
    endpoint: &Endpoint,
    call: &Call,
    demand: &TokenDemand,
    mut headers: HeaderMap,
    number: u32,
    remaining: Option<Duration>,
) -> Result<Answer, Fault> {
    let token = demand.token().await?;
    headers.insert(header::AUTHORIZATION, token.header.clone());
    let outcome = adapter::exchange(client, endpoint, &call.wire, headers.clone(), number, remaining).await;
    match outcome {
        Err(fault) if fault.kind() == ErrorKind::Unauthorized && call.wire.is_replayable() => {
            let Some(token) = demand.instead_of(&token).await? else {
                return Err(fault);
            };
            headers.insert(header::AUTHORIZATION, token.header.clone());
            adapter::exchange(client, endpoint, &call.wire, headers, number, remaining).await
        }
        outcome => outcome,
    }
}

/// Counts an attempt when it ends, in whatever way: one that is dropped under way ran out of the call's time, or was
/// cancelled.
struct Counted<'a> {
    operation: Option<&'a metrics::Operation>,
    deadline: Deadline,
    outcome: Option<AttemptOutcome>,
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        if let Some(operation) = self.operation {
            let dropped = || {
                if self.deadline.has_elapsed() {
                    AttemptOutcome::Timeout
                } else {
                    AttemptOutcome::Cancelled
                }
            };
            operation.attempt(self.outcome.unwrap_or_else(dropped));
        }
    }
}
