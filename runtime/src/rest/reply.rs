//! An HTTP reply as one of the typed replies of a table.

use bytes::Bytes;
use http::{HeaderMap, StatusCode, header};

use crate::codec::{Arriving, DecodeError, Framing, NodeMut, Value, json, text};
use crate::operation::{Encoding, Reply, ReplySet, match_status};

/// Reads a reply as the entry of `replies` that its status matches. `None`: no entry does.
pub fn read_reply<R: ReplySet>(
    replies: &[Reply],
    status: StatusCode,
    headers: &HeaderMap,
    body: &Bytes,
) -> Option<Result<R, DecodeError>> {
    read_arriving(replies, status, headers, body, &mut None)
}

/// The same for a reply whose body may be still to come.
pub(crate) fn read_arriving<R: ReplySet>(
    replies: &[Reply],
    status: StatusCode,
    headers: &HeaderMap,
    body: &Bytes,
    arriving: &mut Option<Arriving>,
) -> Option<Result<R, DecodeError>> {
    let index = match_status(replies, status)?;
    let encoding = replies[index].body.map(|body| body.encoding);
    Some(R::decode(
        index,
        status,
        &mut |place| match encoding.and_then(Encoding::framing) {
            Some(framing) => read_stream(framing, headers, body, arriving.take(), place),
            None => read_body(encoding, headers, body, place),
        },
    ))
}

/// Reads a body into `place`. A body that is promised but empty is read as `null`, so that an optional one may be.
fn read_body(
    encoding: Option<Encoding>,
    headers: &HeaderMap,
    body: &Bytes,
    place: &mut dyn Value,
) -> Result<(), DecodeError> {
    match encoding {
        None => Ok(()),
        Some(Encoding::Json) if body.is_empty() => json::read(b"null", place)
            .map_err(|_| DecodeError::new("the body is empty, where the contract promises JSON")),
        Some(Encoding::Json) => json::read(body, place).map_err(|error| match other_media_type(headers) {
            Some(media_type) => DecodeError::new(format!(
                "the body is {media_type}, where the contract promises JSON; is there a proxy in between?"
            )),
            None => error,
        }),
        // Those with a framing are read as streams.
        Some(Encoding::Bytes | Encoding::Octets | Encoding::Lines | Encoding::Sequence) => {
            read_octets(body, place)
        }
        Some(Encoding::Multipart) => {
            let content_type = headers
                .get(header::CONTENT_TYPE)
                .and_then(|value| value.to_str().ok());
            super::multipart::read(content_type.unwrap_or_default(), body, place)
        }
        Some(Encoding::Text | Encoding::Form | Encoding::Events | Encoding::TextEvents) => {
            let text =
                std::str::from_utf8(body).map_err(|_| DecodeError::new("the body is not UTF-8 text"))?;
            text::read(text, place)
        }
    }
}

/// Puts what arrives into `place`, unread.
fn read_stream(
    framing: Framing,
    headers: &HeaderMap,
    body: &Bytes,
    arriving: Option<Arriving>,
    place: &mut dyn Value,
) -> Result<(), DecodeError> {
    let is_events = matches!(framing, Framing::Events | Framing::TextEvents);
    if is_events && let Some(media_type) = media_type(headers).filter(|found| found != "text/event-stream") {
        return Err(DecodeError::new(format!(
            "the body is {media_type}, where the contract promises a stream of events; is there a proxy in between?"
        )));
    }
    let arriving = arriving.unwrap_or_else(|| Arriving {
        octets: Box::pin(futures_util::stream::iter([Ok(body.clone())])),
        headers: headers.clone(),
        framing,
        limit: usize::MAX,
        judged: false,
        again: None,
    });
    put(Arriving { framing, ..arriving }, place)
}

/// Puts what arrives where a body that comes piece by piece belongs.
///
/// # Errors
/// It belongs nowhere there.
pub(crate) fn put(arriving: Arriving, place: &mut dyn Value) -> Result<(), DecodeError> {
    match place.node_mut() {
        NodeMut::Optional(optional) | NodeMut::Nullable(optional) => put(arriving, optional.fill()),
        NodeMut::Stream(stream) => {
            stream.put(arriving);
            Ok(())
        }
        _ => Err(DecodeError::new(
            "the type is not one that is read piece by piece",
        )),
    }
}

/// Octets are shared with the body, not copied.
fn read_octets(body: &Bytes, place: &mut dyn Value) -> Result<(), DecodeError> {
    match place.node_mut() {
        NodeMut::Optional(optional) | NodeMut::Nullable(optional) => read_octets(body, optional.fill()),
        NodeMut::Bytes(octets) => {
            *octets = body.clone();
            Ok(())
        }
        _ => {
            let text =
                std::str::from_utf8(body).map_err(|_| DecodeError::new("the body is not UTF-8 text"))?;
            text::read(text, place)
        }
    }
}

/// The media type of a body that does not even claim to be JSON.
fn other_media_type(headers: &HeaderMap) -> Option<String> {
    media_type(headers).filter(|media_type| !media_type.ends_with("json"))
}

fn media_type(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
    let essence = value.split(';').next().unwrap_or(value);
    Some(essence.trim().to_ascii_lowercase())
}
