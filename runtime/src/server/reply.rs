//! A typed reply as an HTTP response, by the table of its operation.

use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Response, StatusCode, header};

use super::stream;
use crate::code::Code;
use crate::codec::{Leaving, Node, StreamError, Value, has_streamed, json, text, xml};
use crate::error::{ErrorKind, Fault};
use crate::headers::accept::Accept;
use crate::operation::media::wanted;
use crate::operation::{self, Encoding, Reply, ReplySet};
use crate::rest;

/// Writes the variant that `set` holds as its entry of `table` says: of several media types, in the one that the caller
/// wants most.
///
/// # Errors
/// It cannot be written so, which is the handler's mistake.
pub(super) fn write(
    table: &'static [Reply],
    set: &dyn ReplySet,
    accept: &Accept,
) -> Result<Response<Body>, Fault> {
    let (index, status, value) = set.active();
    let body = table.get(index).and_then(|reply| reply.body.as_ref());
    let body = body.map(|body| wanted(body, accept));
    let mut response = match body {
        None => Response::new(Body::empty()),
        Some(body) if let (Some(framing), Node::Stream(stream)) = (body.encoding.framing(), value.node()) => {
            stream::write(body, stream.take(framing))
        }
        Some(body) if body.encoding == Encoding::Multipart => in_parts(body, value).map_err(unfit)?,
        Some(_) if has_streamed(value) => {
            return Err(unfit("a file that comes piece by piece can be a part only"));
        }
        Some(body) => {
            let mut response = Response::new(Body::from(octets(body, value)));
            response
                .headers_mut()
                .insert(header::CONTENT_TYPE, content_type(body));
            response
        }
    };
    *response.status_mut() = status;
    Ok(response)
}

/// A body in parts: as it comes, if a file does.
fn in_parts(body: &operation::Body, value: &dyn Value) -> Result<Response<Body>, Fault> {
    let (media_type, content) = rest::write_parts(body, value)?;
    let leaving = Leaving {
        content,
        media_type: Some(media_type),
        file_name: None,
    };
    Ok(stream::write(body, Some(leaving)))
}

/// A reply that cannot be written. The caller cannot help it, and need not know.
fn unfit(why: impl Into<StreamError>) -> Fault {
    Fault::new(ErrorKind::Internal, Code::Internal, "internal error").because(why)
}

fn octets(body: &operation::Body, value: &dyn Value) -> Bytes {
    match (body.encoding, value.node()) {
        (Encoding::Json, _) => json::to_vec(value).into(),
        (Encoding::Bytes, Node::Bytes(octets)) => Bytes::copy_from_slice(octets),
        (Encoding::Xml(table), _) => xml::write(value, table).into(),
        (Encoding::Form, _) => rest::write_form(value, body).into(),
        // Parts, and what goes piece by piece, are written elsewhere.
        (_, _) => text::parts(value).to_string().into(),
    }
}

/// The media type of the contract; text says how its characters are written.
pub(super) fn content_type(body: &operation::Body) -> HeaderValue {
    if body.media_type == "text/plain" {
        return HeaderValue::from_static("text/plain; charset=utf-8");
    }
    rest::content_type(body)
}

/// Says when to come again, in whole seconds (RFC 9110, 10.2.3).
pub(super) fn retry_after(headers: &mut HeaderMap, wait: Option<Duration>) {
    if let Some(wait) = wait {
        let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
}

/// A reply without its body, for HEAD. What it would have been long stays.
pub(super) fn without_body(response: Response<Body>) -> Response<Body> {
    let (mut parts, body) = response.into_parts();
    let length = http_body::Body::size_hint(&body)
        .exact()
        .filter(|_| parts.status != StatusCode::NO_CONTENT);
    if let Some(length) = length {
        parts
            .headers
            .entry(header::CONTENT_LENGTH)
            .or_insert_with(|| HeaderValue::from(length));
    }
    Response::from_parts(parts, Body::empty())
}
