//! What a protocol makes of one attempt: octets out, an [`Answer`] or a [`Fault`] back.

pub(crate) mod redirect;

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, Uri, header};

use crate::client::Inner;
use crate::code::Code;
use crate::codec::Opening;
use crate::error::{ErrorKind, Fault, RawReply, Rejection};
use crate::headers::TIMEOUT_MS;
use crate::http::{Body, Endpoint, ResponseBody, Sized, TransportError, TransportErrorKind};
use crate::operation::{self, Reply, match_reply};
use crate::orchestrate::Answer;

/// What goes to the wire.
pub(crate) enum Wire {
    /// An HTTP request.
    Http {
        /// The method.
        method: Method,
        /// Path and query, relative to the service's address.
        path: PathAndQuery,
        /// The body.
        body: Payload,
        /// What can come back when it works.
        successes: &'static [Reply],
        /// How many redirects are followed.
        redirects: u32,
    },
    /// A gRPC call.
    #[cfg(feature = "grpc")]
    Grpc(grpc::Outgoing),
}

impl Wire {
    /// Whether it can be sent again.
    pub(crate) fn is_replayable(&self) -> bool {
        match self {
            Self::Http { body, .. } => !body.is_stream(),
            #[cfg(feature = "grpc")]
            Self::Grpc(outgoing) => matches!(outgoing.payload, grpc::Payload::Message(_)),
        }
    }
}

/// The body of an HTTP request.
pub(crate) enum Payload {
    /// Any number of times.
    Octets(Bytes),
    /// Once.
    Stream(Box<Mutex<Option<Body>>>),
    /// Any number of times, as it comes, with its length where that is known.
    Repeatable(Opening, Option<u64>),
}

impl Payload {
    /// A body that is sent once.
    pub(crate) fn once(body: Body) -> Self {
        Self::Stream(Box::new(Mutex::new(Some(body))))
    }

    /// The body of an attempt. `None`: it was sent already.
    fn take(&self) -> Option<Body> {
        match self {
            Self::Octets(octets) => Some(Body::from(octets.clone())),
            Self::Stream(body) => body.lock().unwrap_or_else(PoisonError::into_inner).take(),
            Self::Repeatable(open, length) => Some(Body::stream(Sized::new(open(), *length))),
        }
    }

    fn is_stream(&self) -> bool {
        matches!(self, Self::Stream(_))
    }
}

/// Makes one attempt. gRPC tells of its number in a header of its own, too.
#[cfg_attr(not(feature = "grpc"), allow(unused_variables))]
pub(crate) async fn exchange(
    client: &Inner,
    endpoint: &Endpoint,
    wire: &Wire,
    headers: HeaderMap,
    number: u32,
    remaining: Option<Duration>,
) -> Result<Answer, Fault> {
    match wire {
        Wire::Http {
            method,
            path,
            body,
            successes,
            redirects,
        } => {
            // A body that comes piece by piece does not follow a redirect.
            let Payload::Octets(octets) = body else {
                let Some(stream) = body.take() else {
                    let message = "the body of the call was sent already, and cannot be sent again";
                    return Err(Fault::new(ErrorKind::Transport, Code::Unavailable, message).with_no_retry());
                };
                let request = http_request(client, method, path, stream, headers, remaining);
                let answer = match send(client, endpoint, request).await {
                    Ok(response) => read(client, response, successes).await,
                    Err(fault) => Err(fault),
                };
                // Nor is one that goes once sent again, whatever the failure.
                return answer.map_err(|fault| {
                    if body.is_stream() {
                        fault.with_no_retry()
                    } else {
                        fault
                    }
                });
            };
            if *redirects == 0 {
                let octets = Body::from(octets.clone());
                let request = http_request(client, method, path, octets, headers, remaining);
                return read(client, send(client, endpoint, request).await?, successes).await;
            }
            let hop = redirect::Hop {
                endpoint: endpoint.clone(),
                method: method.clone(),
                path: path.clone(),
                body: octets.clone(),
                headers,
            };
            // Boxed, because few clients follow any.
            let following = Box::pin(redirect::follow(client, hop, *redirects, remaining));
            read(client, following.await?, successes).await
        }
        #[cfg(feature = "grpc")]
        Wire::Grpc(outgoing) => grpc::exchange(client, endpoint, outgoing, headers, number, remaining).await,
    }
}

/// Sends a request, and gives the head of the response and its body as it was before it was compressed.
async fn send(
    client: &Inner,
    endpoint: &Endpoint,
    request: Request<Body>,
) -> Result<Response<ResponseBody>, Fault> {
    let sent = client.line.send(endpoint, request).await;
    let response = sent.map_err(transport_fault)?;
    #[cfg(feature = "gzip")]
    if client.expand_replies {
        return Ok(crate::http::gzip::expanded(response));
    }
    Ok(response)
}

fn http_request(
    client: &Inner,
    method: &Method,
    path: &PathAndQuery,
    body: Body,
    mut headers: HeaderMap,
    remaining: Option<Duration>,
) -> Request<Body> {
    if let Some(remaining) = remaining {
        let millis = u64::try_from(remaining.as_millis()).unwrap_or(u64::MAX);
        // By way of text: `From<u64>` takes a buffer with room to spare, and one more allocation to share it.
        if let Ok(millis) = HeaderValue::from_str(itoa::Buffer::new().format(millis)) {
            headers.insert(TIMEOUT_MS, millis);
        }
    }
    #[cfg(feature = "gzip")]
    if client.expand_replies && !headers.contains_key(header::RANGE) {
        headers
            .entry(header::ACCEPT_ENCODING)
            .or_insert(crate::http::gzip::GZIP);
    }
    #[cfg(not(feature = "gzip"))]
    let _ = client;
    let mut request = Request::new(body);
    *request.method_mut() = method.clone();
    *request.uri_mut() = Uri::from(path.clone());
    *request.headers_mut() = headers;
    request
}

async fn read(
    client: &Inner,
    response: Response<ResponseBody>,
    successes: &'static [Reply],
) -> Result<Answer, Fault> {
    let (head, body) = response.into_parts();
    if is_streamed(successes, head.status, &head.headers) {
        return Ok(Answer {
            stream: Some(Box::new(body)),
            ..Answer::new(head.status, head.headers, Bytes::new())
        });
    }
    let body = body
        .collect(client.body_limit)
        .await
        .map_err(transport_fault)?
        .bytes;
    if head.status.is_client_error() || head.status.is_server_error() {
        let wait = retry_after(&head.headers);
        let reply = RawReply {
            headers: head.headers,
            body,
        };
        return Err(Fault::of_status(head.status, reply).with_retry_after(wait));
    }
    Ok(Answer::new(head.status, head.headers, body))
}

/// Whether the body of a reply is read by the caller.
fn is_streamed(successes: &[Reply], status: StatusCode, headers: &HeaderMap) -> bool {
    let is_stream = |body: &operation::Body| body.encoding.framing().is_some();
    let is_success = !status.is_client_error() && !status.is_server_error();
    let mut bodies = successes.iter().filter_map(|reply| reply.body.as_ref());
    is_success
        && bodies.any(is_stream)
        && matches!(match_reply(successes, status, headers), Some(Ok((_, Some(body)))) if is_stream(body))
}

/// `Retry-After` (RFC 9110, section 10.2.3): seconds, or a date.
pub(crate) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = jiff::fmt::rfc2822::parse(text).ok()?.timestamp();
    let wait = date.duration_since(jiff::Timestamp::now());
    Some(Duration::try_from(wait).unwrap_or(Duration::ZERO))
}

/// What the transport's failure means.
pub(crate) fn transport_fault(error: TransportError) -> Fault {
    use TransportErrorKind as Kind;
    let not_processed = error.is_not_processed();
    let (kind, code) = match error.kind() {
        Kind::Connect(_) => (ErrorKind::Connect, Code::Unavailable),
        Kind::Closed => (ErrorKind::Rejected(Rejection::Closed), Code::Unavailable),
        Kind::InvalidRequest => (ErrorKind::Encode, Code::InvalidArgument),
        Kind::BodyTooLarge => (ErrorKind::Decode, Code::ResourceExhausted),
        Kind::NotProcessed | Kind::Io | Kind::Protocol => (ErrorKind::Transport, Code::Unavailable),
    };
    Fault::new(kind, code, error.to_string())
        .with_not_processed(not_processed)
        .because(error)
}

#[cfg(feature = "grpc")]
pub(crate) mod grpc {
    //! gRPC: a status sits in trailers, and a stream is committed by its first message.

    use std::pin::Pin;

    use futures_core::Stream;

    use super::*;
    use crate::grpc::{self as wire, CallOptions, Frame, GrpcFailure, GrpcReply, Status};
    use crate::operation::CallShape;

    /// The messages that a caller streams. They can be sent once.
    pub(crate) type Messages = Pin<Box<dyn Stream<Item = Result<Frame, Status>> + Send>>;

    /// A gRPC call.
    pub(crate) struct Outgoing {
        /// `/package.Service/Method`.
        pub(crate) path: PathAndQuery,
        /// How many messages go each way.
        pub(crate) shape: CallShape,
        /// What is sent.
        pub(crate) payload: Payload,
    }

    /// What a caller sends.
    pub(crate) enum Payload {
        /// One message, any number of times.
        Message(Frame),
        /// A stream, once.
        Stream(Mutex<Option<Messages>>),
    }

    pub(super) async fn exchange(
        client: &Inner,
        endpoint: &Endpoint,
        outgoing: &Outgoing,
        headers: HeaderMap,
        number: u32,
        remaining: Option<Duration>,
    ) -> Result<Answer, Fault> {
        let options = CallOptions {
            timeout: remaining,
            previous_attempts: number,
            ..CallOptions::default()
        };
        let (line, path) = (&client.line, outgoing.path.clone());
        let answer = match &outgoing.payload {
            Payload::Message(frame) if outgoing.shape.streams_replies() => {
                let stream =
                    wire::server_streaming(line, endpoint, path, headers, frame.clone(), options).await;
                stream.map(|stream| streaming(stream.headers, stream.messages))
            }
            Payload::Message(frame) => wire::unary(line, endpoint, path, headers, frame.clone(), options)
                .await
                .map(unary),
            Payload::Stream(messages) => {
                let taken = messages
                    .lock()
                    .unwrap_or_else(std::sync::PoisonError::into_inner)
                    .take();
                let Some(messages) = taken else {
                    let message = "the messages of the call were sent already";
                    return Err(Fault::new(ErrorKind::Transport, Code::Unavailable, message).with_no_retry());
                };
                if outgoing.shape.streams_replies() {
                    let stream = wire::bidi_streaming(line, endpoint, path, headers, messages, options).await;
                    stream.map(|stream| streaming(stream.headers, stream.messages))
                } else {
                    wire::client_streaming(line, endpoint, path, headers, messages, options)
                        .await
                        .map(unary)
                }
            }
        };
        answer.map_err(|failure| {
            let fault = fault(failure);
            // A stream that has been taken cannot be sent again, whatever the failure.
            if matches!(outgoing.payload, Payload::Stream(_)) {
                fault.with_no_retry()
            } else {
                fault
            }
        })
    }

    fn unary(reply: GrpcReply) -> Answer {
        let mut headers = reply.headers;
        headers.extend(reply.trailers);
        Answer::new(StatusCode::OK, headers, reply.message)
    }

    fn streaming(headers: HeaderMap, messages: wire::Messages) -> Answer {
        Answer {
            messages: Some(messages),
            ..Answer::new(StatusCode::OK, headers, Bytes::new())
        }
    }

    /// A status as a fault. By gRFC A6 only a reply of nothing but a status may be followed by another attempt.
    pub(crate) fn fault(failure: GrpcFailure) -> Fault {
        match failure {
            GrpcFailure::Transport(error) => transport_fault(error),
            GrpcFailure::Status {
                status,
                trailers_only,
            } => {
                let fault = status_fault(status);
                if trailers_only {
                    fault
                } else {
                    fault.with_no_retry()
                }
            }
        }
    }

    /// A status as a fault.
    pub(crate) fn status_fault(status: Status) -> Fault {
        let kind = match status.code {
            Code::Unauthenticated => ErrorKind::Unauthorized,
            Code::PermissionDenied => ErrorKind::Forbidden,
            Code::DeadlineExceeded => ErrorKind::Timeout,
            _ => ErrorKind::Status,
        };
        let pushback = status.metadata.get("grpc-retry-pushback-ms").map(|value| {
            value
                .to_str()
                .ok()
                .and_then(|text| text.trim().parse::<u64>().ok())
                .map(Duration::from_millis)
        });
        let reply = RawReply {
            headers: status.metadata,
            body: status.details,
        };
        let fault = Fault::new(kind, status.code, status.message).with_reply(reply);
        match pushback {
            None => fault,
            Some(Some(wait)) => fault.with_retry_after(Some(wait)),
            // Negative or unreadable: the peer wants no further attempt.
            Some(None) => fault.with_no_retry(),
        }
    }
}
