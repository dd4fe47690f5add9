//! The body of a request, before it is typed.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use http_body::Body as HttpBody;
use http_body_util::{BodyExt, LengthLimitError, Limited};

use super::refusal::Refusal;
use super::{request, stream};
use crate::code::Code;
use crate::codec::Arriving;
use crate::error::{ErrorKind, Fault};
use crate::http::BoxError;
use crate::operation::{Body, HttpBinding, InputPlace};

/// What the contract says of the body, if it says anything and there is one.
pub(super) fn declared<'b>(binding: &'b HttpBinding, body: &impl HttpBody) -> Option<&'b Body> {
    let declared = binding.inputs.iter().find_map(|place| match place {
        InputPlace::Body(body) => Some(body),
        _ => None,
    });
    declared.filter(|_| !body.is_end_stream())
}

/// The body, if it is of the right kind and size: all of it, or what comes.
pub(super) async fn read<B>(
    declared: &Body,
    headers: &HeaderMap,
    body: B,
    limit: usize,
) -> Result<(Bytes, Option<Arriving>), Refusal>
where
    B: HttpBody<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    let wrong_kind = || {
        let text = format!("the body must be {}", declared.media_type);
        Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, text)
    };
    if let Some(framing) = declared.encoding.framing() {
        if !request::accepts(declared, headers) {
            return Err(wrong_kind());
        }
        if is_coded(headers) {
            let text = "a body that is read piece by piece is not expanded; send it without a content coding";
            return Err(Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, text.to_owned()));
        }
        let arriving = Arriving {
            octets: stream::octets(body),
            headers: headers.clone(),
            framing,
            limit,
            judged: true,
            again: None,
        };
        return Ok((Bytes::new(), Some(arriving)));
    }
    let announced = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|length| length > limit as u64) {
        return Err(too_large(limit));
    }
    let collected = Limited::new(std::pin::pin!(body), limit)
        .collect()
        .await
        .map_err(|error| {
            if error.is::<LengthLimitError>() {
                too_large(limit)
            } else {
                broken_off(error)
            }
        })?;
    let octets = expanded(headers, collected.to_bytes(), limit)?;
    if octets.is_empty() || request::accepts(declared, headers) {
        return Ok((octets, None));
    }
    Err(wrong_kind())
}

/// Whether the body was compressed, or coded otherwise.
fn is_coded(headers: &HeaderMap) -> bool {
    let coding = headers.get(header::CONTENT_ENCODING).map(HeaderValue::as_bytes);
    coding.is_some_and(|coding| !coding.eq_ignore_ascii_case(b"identity"))
}

/// The body as it was before it was compressed.
fn expanded(headers: &HeaderMap, octets: Bytes, limit: usize) -> Result<Bytes, Refusal> {
    if !is_coded(headers) {
        return Ok(octets);
    }
    #[cfg(feature = "gzip")]
    if crate::http::gzip::is_gzip(headers) {
        use crate::http::gzip::{Unfit, expanded_octets};
        return expanded_octets(&octets, limit).map_err(|unfit| match unfit {
            Unfit::TooLarge => too_large(limit),
            Unfit::Malformed => {
                let message = "the body is not the gzip that its headers say";
                Refusal::new(StatusCode::BAD_REQUEST, message.to_owned())
            }
        });
    }
    let _ = limit;
    let known = if cfg!(feature = "gzip") {
        "gzip or identity"
    } else {
        "identity"
    };
    let message = format!("the body has a content coding that is not supported; use {known}");
    Err(Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, message))
}

fn too_large(limit: usize) -> Refusal {
    Refusal::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        format!("the body is longer than {limit} octets"),
    )
}

fn broken_off(error: BoxError) -> Refusal {
    let fault = Fault::new(ErrorKind::Transport, Code::InvalidArgument, "the body broke off").because(error);
    Refusal {
        status: StatusCode::BAD_REQUEST,
        ..Refusal::of(fault.into())
    }
}
