//! A request under an idempotency key: handled once, answered as often as it comes.

use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header};
use http_body::Body as HttpBody;
use http_body_util::BodyExt;

use super::body::{self, collected};
use super::idempotency::{
    BadKey, Begun, Fingerprint, Idempotency, REPLAYED, Recorded, Refused, Scope, read_key,
};
use super::refusal::Refusal;
use super::table::{Entry, Table, Whole};
use crate::code::Code;
use crate::context::{Context, Principal};
use crate::error::{Error, ErrorKind, Fault};
use crate::headers::{CORRELATION_ID, REQUEST_ID};
use crate::http::BoxError;
use crate::operation::{self, InputPlace};

/// When a request that is under way may be asked for again.
pub(super) const SOON: Duration = Duration::from_secs(1);

/// Headers of a reply that are not kept: they frame its body, belong to one connection or one request, or are secret.
const NOT_KEPT: [HeaderName; 8] = [
    header::CONNECTION,
    header::CONTENT_LENGTH,
    header::DATE,
    header::SET_COOKIE,
    header::TRANSFER_ENCODING,
    header::WWW_AUTHENTICATE,
    CORRELATION_ID,
    REQUEST_ID,
];

/// The key of a request, and who keeps it.
pub(super) struct Keyed {
    idempotency: Idempotency,
    key: String,
}

impl Table {
    /// The key, where there is one and somebody keeps keys.
    pub(super) fn key(&self, entry: &Entry, parts: &Parts) -> Result<Option<Keyed>, Refusal> {
        let (Some(idempotency), Some(header)) = (&self.idempotency, Idempotency::header(entry.operation))
        else {
            return Ok(None);
        };
        let key = read_key(&parts.headers, header).map_err(|BadKey| bad_key(BadKey::MESSAGE.to_owned()))?;
        if key.is_none() && idempotency.requires(entry.operation) {
            return Err(bad_key(format!(
                "the {header} header is missing, which this operation demands"
            )));
        }
        Ok(key.map(|key| Keyed {
            idempotency: idempotency.clone(),
            key,
        }))
    }

    /// Handles a request if its key is free; answers it by what is recorded if it is not.
    pub(super) async fn once<B>(
        &self,
        keyed: Keyed,
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
        let (body, octets) = if is_streamed(entry) {
            // What comes piece by piece is not held in memory: it is told by the rest of the request.
            (Body::new(body), Bytes::new())
        } else {
            let octets = collected(body, self.limits.body).await?;
            (Body::from(octets.clone()), octets)
        };
        let caller = context.principal().map(Principal::name);
        let scope = Scope::new(entry.operation.service, entry.operation.id, caller, &keyed.key);
        let fingerprint = Fingerprint::of(
            parts.method.as_str(),
            parts.uri.path(),
            parts.uri.query().unwrap_or_default(),
            &octets,
        );
        let held = match keyed.idempotency.begin(&scope, fingerprint).await {
            Ok(Begun::Run(held)) => held,
            Ok(Begun::Replay(recorded)) => return Ok(replay(recorded)),
            Err(refused) => return Err(refusal(refused)),
        };
        let request = Whole {
            parts,
            captures,
            body,
        };
        let outcome = held.run(self.handle(entry, context.clone(), request)).await;
        let (mut response, was_handled) = match outcome {
            Ok(response) => (response, true),
            Err(refusal) => {
                // A lost race may be won the next time.
                let is_final = refusal.is_of_handler && refusal.error.code() != Code::Aborted;
                (self.render(refusal, &context), is_final)
            }
        };
        context.write_reply_headers(response.headers_mut());
        if was_handled && is_final(response.status()) {
            let (whole, recorded) = record(response, keyed.idempotency.greatest_record()).await?;
            response = whole;
            held.complete(&recorded).await;
        } else {
            held.release().await;
        }
        Ok(response)
    }
}

fn bad_key(message: String) -> Refusal {
    Refusal::new(StatusCode::BAD_REQUEST, message)
}

fn is_streamed(entry: &Entry) -> bool {
    let bodies = entry.binding.inputs.iter().flat_map(InputPlace::bodies);
    bodies
        .flat_map(operation::Body::each)
        .any(|body| body.encoding.framing().is_some())
}

/// Whether the same request would have the same reply: it is not what failed for now, or for who asked.
fn is_final(status: StatusCode) -> bool {
    !status.is_server_error() && !matches!(status.as_u16(), 401 | 403 | 408 | 425 | 429 | 499)
}

/// The reply, and what is kept of it.
async fn record(response: Response<Body>, limit: usize) -> Result<(Response<Body>, Recorded), Refusal> {
    let (parts, body) = response.into_parts();
    let kept = |(name, value): (&HeaderName, &HeaderValue)| {
        (!NOT_KEPT.contains(name)).then(|| (name.as_str().to_owned(), value.as_bytes().to_vec()))
    };
    let mut recorded = Recorded {
        status: parts.status.as_u16(),
        headers: parts.headers.iter().filter_map(kept).collect(),
        body: None,
    };
    let fits = body
        .size_hint()
        .exact()
        .is_some_and(|length| length <= limit as u64);
    if !fits {
        return Ok((Response::from_parts(parts, body), recorded));
    }
    let octets = body
        .collect()
        .await
        .map_err(|error| body::broken_off(error.into()))?
        .to_bytes();
    recorded.body = Some(octets.clone());
    Ok((Response::from_parts(parts, Body::from(octets)), recorded))
}

fn replay(recorded: Recorded) -> Response<Body> {
    let mut response = Response::new(Body::from(recorded.body.unwrap_or_default()));
    // It was one when it was recorded.
    *response.status_mut() = StatusCode::from_u16(recorded.status).unwrap_or_default();
    *response.headers_mut() = headers(&recorded.headers);
    response
        .headers_mut()
        .insert(REPLAYED, HeaderValue::from_static("true"));
    response
}

/// Headers as they were recorded.
pub(super) fn headers(recorded: &[(String, Vec<u8>)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in recorded {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::from_bytes(value)) {
            headers.append(name, value);
        }
    }
    headers
}

fn refusal(refused: Refused) -> Refusal {
    let message = refused.message();
    match refused {
        Refused::InProgress => Refusal {
            error: Fault::new(ErrorKind::Status, Code::Aborted, message)
                .with_retry_after(Some(SOON))
                .into(),
            ..Refusal::new(StatusCode::CONFLICT, String::new())
        },
        Refused::NotKept => Refusal::of(Error::new(Code::AlreadyExists, message)),
        Refused::Mismatch => Refusal::new(StatusCode::UNPROCESSABLE_ENTITY, message.to_owned()),
        Refused::Store(error) => {
            let fault = Fault::new(ErrorKind::Internal, Code::Unavailable, message);
            Refusal::of(fault.with_retry_after(Some(SOON)).because(error).into())
        }
    }
}
