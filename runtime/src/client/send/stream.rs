//! Bodies that go piece by piece, as a client sends and receives them.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};

use super::Client;
use crate::adapter::{Payload, Wire, transport_fault};
use crate::client::credentials::tokens::TokenDemand;
use crate::clock::Clock;
use crate::code::Code;
use crate::codec::{Again, Arriving, Asking, ByteStream, Content, Framing, Leaving, StreamError, Wait};
use crate::context::Context;
use crate::error::{ErrorKind, Fault};
use crate::headers::LAST_EVENT_ID;
use crate::headers::disposition::attachment;
use crate::http::{Body, Endpoint, ResponseBody, Sized};
use crate::observe::metrics;
use crate::operation::{Encoding, Reply};
use crate::orchestrate;

/// What is sent, with the headers that it asks for.
pub(super) fn payload(leaving: Leaving, headers: &mut HeaderMap) -> Payload {
    if let Some(name) = &leaving.file_name {
        headers
            .entry(header::CONTENT_DISPOSITION)
            .or_insert_with(|| attachment(name));
    }
    match leaving.content {
        Content::Whole(octets) => Payload::Octets(octets),
        Content::Stream { octets, length } => Payload::once(Body::stream(Sized::new(octets, length))),
        Content::Repeatable { open, length } => Payload::Repeatable(open, length),
    }
}

/// What arrives.
pub(super) fn arriving(
    client: &Client,
    body: ResponseBody,
    headers: &HeaderMap,
    resume: Option<Arc<Resume>>,
) -> Arriving {
    Arriving {
        octets: watched(body, client.0.clock, client.0.idle_timeout),
        headers: headers.clone(),
        // The entry of the table that the reply matches says how it is framed.
        framing: Framing::Octets,
        limit: client.0.body_limit,
        judged: client.0.check_replies,
        again: resume.map(|resume| resume as Arc<dyn Again>),
    }
}

/// The octets of a body, which fails when it is silent for longer than `limit`.
fn watched(body: ResponseBody, clock: Clock, limit: Option<Duration>) -> ByteStream {
    Box::pin(futures_util::stream::unfold(Some(body), move |body| async move {
        let mut body = body?;
        loop {
            let frame = match limit {
                None => body.frame().await,
                Some(limit) => match clock.within(limit, body.frame()).await {
                    Some(frame) => frame,
                    None => {
                        let message = format!("the reply was silent for {} s", limit.as_secs_f64());
                        return Some((Err(Fault::timeout(message).into()), None));
                    }
                },
            };
            match frame? {
                Ok(frame) => {
                    // Trailers are no octets.
                    if let Ok(octets) = frame.into_data() {
                        return Some((Ok(octets), Some(body)));
                    }
                }
                Err(error) => return Some((Err(transport_fault(error).into()), None)),
            }
        }
    }))
}

/// A call whose reply is a stream of events, to be made again when the connection breaks.
pub(super) struct Resume {
    client: Client,
    operation: Cow<'static, str>,
    metrics: Option<Arc<metrics::Operation>>,
    method: Method,
    path: PathAndQuery,
    body: Bytes,
    successes: &'static [Reply],
    headers: HeaderMap,
    context: Context,
    timeout: Option<Duration>,
    token: Option<TokenDemand>,
    endpoint: Option<Endpoint>,
    hash_key: Option<u64>,
    correlation_id: Arc<str>,
}

impl Resume {
    /// How to make `call` again. `None`: its reply is no stream of events, or it may not be made twice.
    pub(super) fn of(client: &Client, call: &orchestrate::Call) -> Option<Arc<Self>> {
        // The grpc feature adds another variant.
        #[allow(irrefutable_let_patterns)]
        let Wire::Http {
            method,
            path,
            body: Payload::Octets(body),
            successes,
            ..
        } = &call.wire
        else {
            return None;
        };
        let is_events = |reply: &Reply| {
            let encoding = reply.body.map(|body| body.encoding);
            matches!(encoding, Some(Encoding::Events | Encoding::TextEvents))
        };
        (call.repeatable && successes.iter().any(is_events)).then(|| {
            Arc::new(Self {
                client: client.clone(),
                operation: call.operation.clone(),
                metrics: call.metrics.clone(),
                method: method.clone(),
                path: path.clone(),
                body: body.clone(),
                successes,
                headers: call.headers.clone(),
                context: call.context.clone(),
                timeout: call.timeout,
                token: call.token.clone(),
                endpoint: call.endpoint.clone(),
                hash_key: call.hash_key,
                correlation_id: call.correlation_id.clone(),
            })
        })
    }

    async fn ask(&self, last_event_id: &str) -> Result<Option<ByteStream>, Fault> {
        let mut headers = self.headers.clone();
        headers.insert(header::ACCEPT, HeaderValue::from_static("text/event-stream"));
        // An id that no header can hold is not sent, as browsers do.
        if let Ok(id) = HeaderValue::from_bytes(last_event_id.as_bytes())
            && !id.is_empty()
        {
            headers.insert(LAST_EVENT_ID, id);
        }
        let call = orchestrate::Call {
            operation: self.operation.clone(),
            metrics: self.metrics.clone(),
            safe: false,
            repeatable: true,
            wire: Wire::Http {
                method: self.method.clone(),
                path: self.path.clone(),
                body: Payload::Octets(self.body.clone()),
                successes: self.successes,
                redirects: self.client.0.redirects,
            },
            headers,
            context: self.context.clone(),
            timeout: self.timeout,
            token: self.token.clone(),
            endpoint: self.endpoint.clone(),
            hash_key: self.hash_key,
            correlation_id: self.correlation_id.clone(),
        };
        let answer = orchestrate::run(&self.client.0, call).await?;
        let named = |fault: Fault| {
            let id = Some(self.correlation_id.clone());
            fault.of_call(
                self.client.service().to_owned(),
                self.operation.clone(),
                answer.attempts,
                id,
            )
        };
        // A server says so that it has no more (WHATWG HTML, 9.2.3).
        if answer.status == StatusCode::NO_CONTENT {
            return Ok(None);
        }
        let content_type = answer.headers.get(header::CONTENT_TYPE);
        if !content_type.is_some_and(|value| value.as_bytes().starts_with(b"text/event-stream")) {
            let message = "what came when the stream of events was asked for again is none";
            return Err(named(Fault::new(ErrorKind::Decode, Code::Internal, message)));
        }
        let client = &self.client.0;
        Ok(answer
            .stream
            .map(|body| watched(*body, client.clock, client.idle_timeout)))
    }
}

impl Again for Resume {
    fn again(self: Arc<Self>, wait: Wait, last_event_id: String) -> Asking {
        Box::pin(async move {
            let client = &self.client.0;
            let grown = wait
                .delay
                .saturating_mul(1_u32.checked_shl(wait.failures).unwrap_or(u32::MAX));
            let shortest = grown.min(wait.longest.max(wait.delay));
            client
                .clock
                .sleep(client.random.between(shortest, shortest + shortest / 4))
                .await;
            self.ask(&last_event_id).await.map_err(|fault| {
                let late = self
                    .context
                    .deadline()
                    .is_some_and(|deadline| deadline.has_elapsed());
                StreamError::from(if late { fault.with_no_retry() } else { fault })
            })
        })
    }
}
