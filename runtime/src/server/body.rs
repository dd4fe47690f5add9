//! The body of a request, before it is typed.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use http_body::Body as HttpBody;
use http_body_util::{BodyExt, LengthLimitError, Limited};

use super::parts::{self, Files, Limits, Parts};
use super::refusal::Refusal;
use super::serve::Paused;
use super::stream;
use crate::code::Code;
use crate::codec::{Arriving, ByteStream};
use crate::error::{ErrorKind, Fault};
use crate::headers::media_type::content_type;
use crate::http::BoxError;
use crate::operation::media::{self, Fit};
use crate::operation::{Body, Encoding, HttpBinding, InputPlace};
use crate::rest::multipart;

/// What the contract says of the body.
#[derive(Debug, Clone, Copy)]
pub(super) struct Declared<'b> {
    /// Its types, each with the first of its media types.
    bodies: &'b [Body],
}

/// The type that a body has, of those that the contract declares.
#[derive(Debug, Clone, Copy)]
pub(super) struct Chosen {
    /// Its place among them.
    pub(super) index: usize,
    /// How it is written.
    pub(super) body: Body,
}

/// What the contract says of the body, if it says anything and there is one.
pub(super) fn declared<'b>(binding: &'b HttpBinding, body: &impl HttpBody) -> Option<Declared<'b>> {
    let bodies = binding.inputs.iter().map(InputPlace::bodies);
    let bodies = bodies.into_iter().find(|bodies| !bodies.is_empty());
    bodies
        .filter(|_| !body.is_end_stream())
        .map(|bodies| Declared { bodies })
}

impl<'b> Declared<'b> {
    /// What a body of these headers is. Without `Content-Type`, text and octets pass: there is nothing to misread.
    fn choose(self, headers: &HeaderMap) -> Option<Chosen> {
        let mut each = self.each();
        let found = if headers.contains_key(header::CONTENT_TYPE) {
            media::best(each, &content_type(headers)?, Fit::Anything)
        } else {
            each.find(|(_, body)| {
                matches!(body.encoding, Encoding::Text | Encoding::Bytes | Encoding::Octets)
            })
        };
        found.map(|(index, body)| Chosen { index, body: *body })
    }

    fn each(self) -> impl Iterator<Item = (usize, &'b Body)> {
        let bodies = self.bodies.iter().enumerate();
        bodies.flat_map(|(index, body)| body.each().map(move |body| (index, body)))
    }

    /// Refuses a body that is nothing of it.
    fn refusal(self) -> Refusal {
        let types = media::listed(self.each().map(|(_, body)| body.media_type));
        Refusal::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            format!("the body must be {types}"),
        )
    }
}

/// What has arrived of a body.
#[derive(Default)]
pub(super) struct Received {
    /// All of it, where it is held in memory.
    pub(super) octets: Bytes,
    /// Its parts, where it has any.
    pub(super) parts: Parts,
    /// What comes, where it goes piece by piece.
    pub(super) stream: Option<Arriving>,
    /// What it is. `None`: there is none.
    pub(super) chosen: Option<Chosen>,
}

/// The body, if it is of the right kind and size: all of it, its parts, or what comes. `files` are those of each of its
/// types.
pub(super) async fn read<B>(
    declared: Declared<'_>,
    files: &[Files],
    headers: &HeaderMap,
    body: B,
    limits: Limits,
) -> Result<Received, Refusal>
where
    B: HttpBody<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    let limit = limits.body;
    let chosen = declared.choose(headers);
    // One that is read piece by piece is not looked at first.
    let is_streamed = |body: &Body| body.encoding.framing().is_some();
    if chosen.is_none() && declared.bodies.iter().all(is_streamed) {
        return Err(declared.refusal());
    }
    if let Some(framing) = chosen.and_then(|chosen| chosen.body.encoding.framing()) {
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
        return Ok(Received {
            stream: Some(arriving),
            chosen,
            ..Received::default()
        });
    }
    let announced = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|length| length > limit as u64) {
        return Err(too_large(limit));
    }
    if let Some(chosen) = chosen.filter(|chosen| chosen.body.encoding == Encoding::Multipart) {
        let octets: ByteStream = if is_coded(headers) {
            // It is expanded in memory.
            let whole = whole(headers, body, limit.min(limits.memory)).await?;
            Box::pin(futures_util::stream::iter([Ok(whole)]))
        } else {
            stream::octets(body)
        };
        let content_type = headers.get(header::CONTENT_TYPE).map(HeaderValue::as_bytes);
        let boundary = multipart::boundary(&String::from_utf8_lossy(content_type.unwrap_or_default()));
        let none = Files::default();
        let files = files.get(chosen.index).unwrap_or(&none);
        return Ok(Received {
            parts: parts::read(octets, boundary, files, limits).await?,
            chosen: Some(chosen),
            ..Received::default()
        });
    }
    let octets = whole(headers, body, limit).await?;
    if chosen.is_none() && !octets.is_empty() {
        return Err(declared.refusal());
    }
    Ok(Received {
        octets,
        chosen,
        ..Received::default()
    })
}

/// All of a body, as it was before it was compressed.
async fn whole<B>(headers: &HeaderMap, body: B, limit: usize) -> Result<Bytes, Refusal>
where
    B: HttpBody<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    expanded(headers, collected(body, limit).await?, limit)
}

/// All of a body, as it comes.
pub(super) async fn collected<B>(body: B, limit: usize) -> Result<Bytes, Refusal>
where
    B: HttpBody<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    let collected = Limited::new(std::pin::pin!(body), limit).collect().await;
    let collected = collected.map_err(|error| {
        if error.is::<LengthLimitError>() {
            too_large(limit)
        } else {
            broken_off(error)
        }
    })?;
    Ok(collected.to_bytes())
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

pub(super) fn too_large(limit: usize) -> Refusal {
    Refusal::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        format!("the body is longer than {limit} octets"),
    )
}

pub(super) fn broken_off(error: BoxError) -> Refusal {
    if has_paused(&*error) {
        let message = "nothing of the body came for too long".to_owned();
        return Refusal::new(StatusCode::REQUEST_TIMEOUT, message);
    }
    let fault = Fault::new(ErrorKind::Transport, Code::InvalidArgument, "the body broke off").because(error);
    Refusal {
        status: StatusCode::BAD_REQUEST,
        ..Refusal::of(fault.into())
    }
}

/// Whether somewhere behind it the sender paused for too long.
fn has_paused(error: &(dyn std::error::Error + 'static)) -> bool {
    let mut causes = std::iter::successors(Some(error), |error| error.source());
    causes.any(<dyn std::error::Error>::is::<Paused>)
}
