//! An HTTP reply as one of the typed replies of a table.

use bytes::Bytes;
use http::{HeaderMap, StatusCode, header};

use super::multipart;
use crate::codec::{Arriving, DecodeError, Framing, Json, NodeMut, Value, json, text, xml};
use crate::headers::media_type::content_type;
use crate::operation::{Body, Encoding, Reply, ReplySet, match_reply};

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
    let (index, declared) = match match_reply(replies, status, headers)? {
        Ok(matched) => matched,
        Err(error) => return Some(Err(error)),
    };
    let framing = declared.and_then(|body| body.encoding.framing());
    Some(R::decode(index, status, &mut |place| match framing {
        Some(framing) => read_stream(framing, headers, body, arriving.take(), place),
        None => read_body(declared, headers, body, place),
    }))
}

/// Reads a body into `place`. A body that is promised but empty is read as `null`, so that an optional one may be.
fn read_body(
    declared: Option<&Body>,
    headers: &HeaderMap,
    body: &Bytes,
    place: &mut dyn Value,
) -> Result<(), DecodeError> {
    match declared.map(|declared| declared.encoding) {
        None => Ok(()),
        Some(Encoding::Json) if body.trim_ascii().is_empty() => json::read(b"null", place)
            .map_err(|_| DecodeError::new("the body is empty, where the contract promises JSON")),
        Some(Encoding::Json) => json::read(body, place).or_else(|error| match other_media_type(headers) {
            Some(_) if is_range(declared) && takes_text(body, place) => Ok(()),
            Some(media_type) => Err(DecodeError::new(format!(
                "the body is {media_type}, where the contract promises JSON; is there a proxy in between?"
            ))),
            None => Err(error),
        }),
        Some(Encoding::Xml(table)) => xml::read(body, table, place),
        // Those with a framing are read as streams.
        Some(Encoding::Bytes | Encoding::Octets | Encoding::Lines | Encoding::Sequence) => {
            read_octets(body, place)
        }
        Some(Encoding::Multipart) => {
            let content_type = headers
                .get(header::CONTENT_TYPE)
                .and_then(|value| value.to_str().ok());
            let reading = multipart::Reading::of(declared.unwrap_or(&Body::JSON), false);
            multipart::read(content_type.unwrap_or_default(), body, reading, place)
        }
        Some(Encoding::Text | Encoding::Form | Encoding::Events | Encoding::TextEvents) => {
            let text =
                std::str::from_utf8(body).map_err(|_| DecodeError::new("the body is not UTF-8 text"))?;
            text::read(text, place)
        }
    }
}

/// Whether the contract promises a body of no media type in particular.
fn is_range(declared: Option<&Body>) -> bool {
    declared.is_some_and(|declared| declared.media_type.contains('*'))
}

/// Puts a body that is not JSON where text, or any value, belongs.
fn takes_text(body: &Bytes, place: &mut dyn Value) -> bool {
    let Ok(text) = std::str::from_utf8(body) else {
        return false;
    };
    match place.node_mut() {
        NodeMut::Optional(optional) | NodeMut::Nullable(optional) => {
            return takes_text(body, optional.fill());
        }
        NodeMut::Text(place) => text.clone_into(place),
        NodeMut::Json(place) => *place = Json::String(text.to_owned()),
        _ => return false,
    }
    true
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
    if is_events && let Some(media_type) = content_type(headers).filter(|found| found != "text/event-stream")
    {
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
    content_type(headers).filter(|media_type| !media_type.ends_with("json"))
}
