//! The order in which policies act on a call.
//!
//! ```text
//! observe (span, metrics, log)
//!   '-> interceptors: before call
//!         '-> kept replies
//!               '-> total deadline                  \
//!                     '-> service breaker            | policy::stack
//!                           '-> throttle             |
//!                           '-> bulkhead, adaptive   |
//!                                 '-> retry (budget) |
//!                                 '-> hedge (budget) |
//!                                       '-> rate limit /
//!                                       '-> interceptors: before attempt
//!                                             '-> pick an endpoint, not one that the call has tried  \
//!                                                   '-> attempt timeout                               | attempt
//!                                                         '-> token (OAuth 2.0), once more after a 401 |
//!                                                               '-> propagate (deadline, number)       |
//!                                                                     '-> adapter: HTTP | gRPC -> line /
//!                                             <-- how it went: latency, outlier ejection, breaker of the endpoint
//! ```
//!
//! Compiled once: a call is octets here, whatever its types are.

mod attempt;

use std::borrow::Cow;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use tracing::Instrument as _;

use crate::adapter::Wire;
use crate::client::credentials::tokens::TokenDemand;
use crate::client::{CallFacts, Inner};
use crate::code::Code;
use crate::context::Context;
use crate::endpoints::Tried;
use crate::error::{ErrorKind, Fault, Rejection};
use crate::http::Endpoint;
use crate::observe::metrics;
use crate::operation::Deprecation;
use crate::policy::breaker::Judgement;
use crate::policy::bulkhead::Full;
use crate::policy::deadline::Deadline;
use crate::policy::retry::{Stop, Verdict};
use crate::policy::stack::PolicyError;

/// A call, as octets.
pub(crate) struct Call {
    /// The operation's id, or method and path where there is no contract.
    pub(crate) operation: Cow<'static, str>,
    /// Its metrics, where there is a contract.
    pub(crate) metrics: Option<Arc<metrics::Operation>>,
    /// Whether it has no effect.
    pub(crate) safe: bool,
    /// Whether the contract proves that it may be sent twice.
    pub(crate) repeatable: bool,
    /// What goes out.
    pub(crate) wire: Wire,
    /// The headers of every attempt.
    pub(crate) headers: HeaderMap,
    /// What it inherits.
    pub(crate) context: Context,
    /// Total time, where there is a limit.
    pub(crate) timeout: Option<Duration>,
    /// The id shown in logs and errors.
    pub(crate) correlation_id: Arc<str>,
    /// The token that it shows, where it is one that is fetched.
    pub(crate) token: Option<TokenDemand>,
    /// Where the operation is, if not where the client's address leads.
    pub(crate) endpoint: Option<Endpoint>,
    /// What leads it to an endpoint where that is by consistent hashing.
    pub(crate) hash_key: Option<u64>,
}

/// What came back.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// The body of a reply that the caller reads piece by piece.
    pub(crate) stream: Option<Box<crate::http::ResponseBody>>,
    /// The messages of a streaming reply.
    #[cfg(feature = "grpc")]
    pub(crate) messages: Option<crate::grpc::Messages>,
    pub(crate) attempts: u32,
}

impl Answer {
    /// An answer that is all there.
    pub(crate) fn new(status: StatusCode, headers: HeaderMap, body: Bytes) -> Self {
        Self {
            status,
            headers,
            body,
            stream: None,
            #[cfg(feature = "grpc")]
            messages: None,
            attempts: 0,
        }
    }
}

/// Makes the call, boxed: what awaits it in another crate does not compile it there.
#[inline(never)]
pub(crate) fn start(
    client: &Inner,
    call: Call,
) -> Pin<Box<dyn Future<Output = Result<Answer, Fault>> + Send + '_>> {
    Box::pin(run(client, call))
}

/// Makes the call.
pub(crate) async fn run(client: &Inner, call: Call) -> Result<Answer, Fault> {
    let span = tracing::info_span!(
        "call",
        service = %client.service,
        operation = %call.operation,
        correlation_id = %call.correlation_id,
        status = tracing::field::Empty,
        attempts = tracing::field::Empty,
    );
    observed(client, call).instrument(span).await
}

async fn observed(client: &Inner, mut call: Call) -> Result<Answer, Fault> {
    let started = client.clock.now();
    let correlation_id = Arc::clone(&call.correlation_id);
    let operation = call.operation.clone();
    let facts = CallFacts {
        service: &client.service,
        operation: &operation,
        correlation_id: &correlation_id,
    };
    let admitted = admit(client, &facts, &mut call);
    let deadline = deadline(client, &call);
    let outcome = match admitted {
        Ok(()) => match &client.kept {
            None => under_policies(client, &facts, &call, deadline).await,
            // Boxed, because few clients keep replies and every call would carry room for it.
            Some(kept) => {
                let work = async || under_policies(client, &facts, &call, deadline).await;
                Box::pin(kept.run(&call, &client.service_metrics, deadline, work)).await
            }
        },
        Err(fault) => Err((fault, 0)),
    };
    let took = client.clock.now().since(started);
    let (attempts, judged) = match &outcome {
        Ok(answer) => (answer.attempts, Ok(())),
        Err((fault, attempts)) => (*attempts, Err(fault)),
    };
    for interceptor in &client.interceptors {
        interceptor.after_call(&facts, attempts, judged);
    }
    report(
        client,
        &call,
        attempts,
        took,
        outcome.as_ref().map_err(|(fault, _)| fault),
    );
    outcome.map_err(|(fault, attempts)| {
        fault.of_call(
            client.service.to_string(),
            operation.clone(),
            attempts,
            Some(Arc::clone(&correlation_id)),
        )
    })
}

/// What must hold before a policy is asked.
fn admit(client: &Inner, facts: &CallFacts<'_>, call: &mut Call) -> Result<(), Fault> {
    if client.closing.is_closed() {
        return Err(Fault::rejected(Rejection::Closed, None));
    }
    for interceptor in &client.interceptors {
        interceptor.before_call(facts, &mut call.headers)?;
    }
    Ok(())
}

/// When the call ends, whatever has come of it.
fn deadline(client: &Inner, call: &Call) -> Deadline {
    let inherited = call.context.deadline().unwrap_or(Deadline::NEVER);
    match call.timeout {
        Some(timeout) => inherited.min(Deadline::after_on(client.clock, timeout)),
        None => inherited,
    }
}

/// The call under the policies that every protocol shares. An error comes with the number of attempts.
async fn under_policies(
    client: &Inner,
    facts: &CallFacts<'_>,
    call: &Call,
    deadline: Deadline,
) -> Result<Answer, (Fault, u32)> {
    if deadline.has_elapsed() {
        client.service_metrics.rejected(metrics::Rejection::Deadline);
        return Err((
            Fault::timeout("the deadline had passed before the call was made"),
            0,
        ));
    }
    // A caller that repeats its own attempts already is not helped by ours: they would multiply.
    let is_repetition = call.context.attempt() > 0;
    let judge = |fault: &Fault| {
        let may_repeat = !is_repetition && (call.repeatable || fault.is_not_processed());
        (
            if may_repeat {
                fault.verdict()
            } else {
                Verdict::FINAL
            },
            fault.judgement(),
        )
    };
    let may_hedge = call.repeatable && call.wire.is_replayable() && !is_repetition;
    let unhedged = (!may_hedge && client.policies.hedges()).then(|| client.policies.unhedged());
    // Hedges and retries of the call go where it has not been.
    let tried = Tried::default();
    let outcome = unhedged
        .as_ref()
        .unwrap_or(&client.policies)
        .run_until(deadline, judge, |number| {
            attempt::attempt(client, facts, call, &tried, number, deadline)
        })
        .await;
    match outcome {
        Ok((mut answer, number)) => {
            answer.attempts = number + 1;
            Ok(answer)
        }
        Err(error) => {
            let attempts = error.attempts();
            Err((fault_of(client, error), attempts))
        }
    }
}

/// Our own rejections and expiries as failures; a failure of the last attempt as it is.
fn fault_of(client: &Inner, error: PolicyError<Fault>) -> Fault {
    let metrics = &client.service_metrics;
    match error {
        PolicyError::Open(open) => {
            metrics.rejected(metrics::Rejection::BreakerOpen);
            Fault::rejected(Rejection::BreakerOpen, Some(open.retry_after))
        }
        PolicyError::Throttled(_) => {
            metrics.rejected(metrics::Rejection::Throttled);
            Fault::rejected(Rejection::Throttled, None)
        }
        PolicyError::Limited(limited) => {
            metrics.rejected(metrics::Rejection::RateLimited);
            Fault::rejected(Rejection::RateLimited, Some(limited.retry_after))
        }
        PolicyError::Full(full) => {
            metrics.rejected(match full {
                Full::Queue => metrics::Rejection::BulkheadFull,
                _ => metrics::Rejection::BulkheadWait,
            });
            Fault::rejected(Rejection::BulkheadFull, None)
        }
        PolicyError::Deadline { attempts: 0 } => {
            metrics.rejected(metrics::Rejection::Deadline);
            Fault::timeout("the deadline passed while the call waited for a place")
        }
        PolicyError::Failed(failed) => {
            if failed.stop == Stop::Budget {
                metrics.retry_budget_exhausted();
            }
            failed.error
        }
        _ => Fault::timeout("the deadline passed"),
    }
}

/// Counts a reply that says that its operation is deprecated, and tells of the first.
fn watch_deprecation(client: &Inner, call: &Call, headers: &HeaderMap) {
    let (Some(operation), Some(deprecation)) = (&call.metrics, Deprecation::of(headers)) else {
        return;
    };
    if operation.deprecated() {
        tracing::warn!(
            service = %client.service, operation = %call.operation, since = deprecation.since,
            sunset = deprecation.sunset, "the service says that the operation is deprecated"
        );
    }
}

/// Metrics and log of the call as a whole.
fn report(client: &Inner, call: &Call, attempts: u32, took: Duration, outcome: Result<&Answer, &Fault>) {
    if let Some(operation) = &call.metrics {
        operation.call(status_label(&call.wire, outcome), took);
    }
    let headers = match outcome {
        Ok(answer) => Some(&answer.headers),
        Err(fault) => fault.reply().map(|reply| &reply.headers),
    };
    if let Some(headers) = headers {
        watch_deprecation(client, call, headers);
    }
    let span = tracing::Span::current();
    span.record("attempts", attempts);
    match outcome {
        Ok(answer) => {
            span.record("status", answer.status.as_u16());
            tracing::debug!(elapsed_ms = took.as_secs_f64() * 1e3, "call succeeded");
        }
        Err(fault) => {
            span.record("status", fault.code().name());
            if fault.judgement() == Judgement::Failure || matches!(fault.kind(), ErrorKind::Rejected(_)) {
                tracing::warn!(
                    service = %client.service, operation = %call.operation, error = %fault, attempts,
                    elapsed_ms = took.as_secs_f64() * 1e3, "call failed"
                );
            }
        }
    }
}

/// The status as metrics show it: HTTP's where the peer answered over HTTP, else the canonical code.
fn status_label(wire: &Wire, outcome: Result<&Answer, &Fault>) -> metrics::Status {
    let over_http = matches!(wire, Wire::Http { .. });
    let status = match outcome {
        Ok(answer) => Some(answer.status),
        Err(fault) => fault.status(),
    };
    match (status, outcome) {
        (Some(status), _) if over_http => metrics::Status::Http(status.as_u16()),
        (_, Ok(_)) => metrics::Status::Code(Code::Ok as u8),
        (_, Err(fault)) => metrics::Status::Code(fault.code() as u8),
    }
}
