//! A typed request as method, path, headers and body.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, header};

use super::form::write_form;
use super::query::Query;
use super::style;
use crate::code::Code;
use crate::codec::text::{Parts, parts};
use crate::codec::{Content, Leaving, has_streamed};
use crate::codec::{Node, Record, Value, json, xml};
use crate::error::{ErrorKind, Fault};
use crate::headers::media_type;
use crate::http::THE_ADDRESS;
use crate::operation::media::{self, Fit};
use crate::operation::{Body, Encoding, HttpBinding, InputPlace, Segment, TextStyle};

/// How many headers a call mostly has: its own, ids, trace, identity, and what the protocol adds. As many as a map of the
/// standard sizes holds.
pub(crate) const USUAL_HEADERS: usize = if cfg!(feature = "gzip") { 14 } else { 12 };

/// A request, ready for any number of attempts.
#[derive(Debug)]
pub struct Encoded {
    /// Path and query, relative to the service's address.
    pub path: String,
    /// Headers that the request itself asks for.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
    /// The body, where it goes piece by piece.
    pub leaving: Option<Leaving>,
}

/// Writes `request` as its binding says.
///
/// # Errors
/// An empty path variable (the path would mean another resource), and text that no header can hold.
pub fn write_request(binding: &HttpBinding, request: &dyn Record) -> Result<Encoded, Fault> {
    write_request_as(binding, request, None)
}

/// The same with the body in a media type that the caller has chosen.
pub(crate) fn write_request_as(
    binding: &HttpBinding,
    request: &dyn Record,
    media_type: Option<&str>,
) -> Result<Encoded, Fault> {
    let fields = request.shape().fields;
    let mut encoded = Encoded {
        path: String::with_capacity(64),
        headers: HeaderMap::with_capacity(USUAL_HEADERS),
        body: Bytes::new(),
        leaving: None,
    };
    if binding.path.is_empty() {
        encoded.path.push_str(THE_ADDRESS);
    }
    for segment in binding.path {
        match *segment {
            Segment::Literal(text) => encoded.path.push_str(text),
            Segment::Variable(index) => {
                let (style, is_reserved) = match binding.inputs.get(index) {
                    Some(InputPlace::Path(style)) => (*style, false),
                    Some(InputPlace::ReservedPath(style)) => (*style, true),
                    _ => (TextStyle::Simple, false),
                };
                let write = if is_reserved {
                    style::reserved
                } else {
                    style::encoded
                };
                let text = request
                    .field(index)
                    .map(|value| write(fields[index].name, value, style));
                let text = text.unwrap_or_default();
                if text.is_empty() {
                    return Err(invalid(
                        fields[index].name,
                        "is empty, so the path would mean something else",
                    ));
                }
                if matches!(text.as_str(), "." | "..") {
                    return Err(invalid(
                        fields[index].name,
                        "is a dot segment, so the path would mean something else",
                    ));
                }
                encoded.path.push_str(&text);
            }
        }
    }
    let mut query = Query::behind(&mut encoded.path);
    for (index, place) in binding.inputs.iter().enumerate() {
        let Some(value) = request.field(index) else {
            continue;
        };
        if !matches!(place, InputPlace::Body(_) | InputPlace::Bodies(_)) && has_streamed(value) {
            return Err(streamed(fields[index].name));
        }
        match place {
            InputPlace::Query(style) => query.parameter(fields[index].name, value, *style),
            InputPlace::ReservedQuery(style) => query.reserved().parameter(fields[index].name, value, *style),
            InputPlace::QueryString(body) if !matches!(value.node(), Node::Absent) => {
                query.whole(body, value);
            }
            _ => {}
        }
    }
    for (index, place) in binding.inputs.iter().enumerate() {
        let (Some(value), name) = (request.field(index), fields[index].name) else {
            continue;
        };
        match place {
            InputPlace::Header(style) => write_header(name, value, *style, &mut encoded.headers)?,
            InputPlace::Cookie | InputPlace::ReservedCookie => {
                let is_reserved = *place == InputPlace::ReservedCookie;
                write_cookie(name, value, is_reserved, &mut encoded.headers)?;
            }
            InputPlace::Body(_) | InputPlace::Bodies(_)
                if fields[index].required || !matches!(value.node(), Node::Absent) =>
            {
                let (body, value) = chosen(place.bodies(), value);
                put_body(name, body, value, media_type, &mut encoded)?;
            }
            _ => {}
        }
    }
    Ok(encoded)
}

/// The value that the body is, and how it is written: of several, the alternative that is there.
fn chosen<'a>(bodies: &'a [Body], value: &'a dyn Value) -> (&'a Body, &'a dyn Value) {
    let (index, value) = match value.node() {
        Node::Union(union) if bodies.len() > 1 => union.active(),
        _ => (0, value),
    };
    (bodies.get(index).unwrap_or(&Body::JSON), value)
}

/// Puts the body and its headers into the request.
fn put_body(
    name: &str,
    body: &Body,
    value: &dyn Value,
    chosen: Option<&str>,
    encoded: &mut Encoded,
) -> Result<(), Fault> {
    let no_header = |_| invalid(name, "has a media type that is no header value");
    let body = match chosen {
        Some(chosen) => media::best(
            body.each().map(|body| (0, body)),
            &media_type::essence(chosen),
            Fit::Anything,
        )
        .map(|(_, body)| body)
        .ok_or_else(|| invalid(name, "cannot be written in the media type that was asked for"))?,
        None => body,
    };
    if let Some(framing) = body.encoding.framing() {
        let Node::Stream(stream) = value.node() else {
            return Ok(());
        };
        let leaving = stream
            .take(framing)
            .ok_or_else(|| invalid(name, "was sent already"))?;
        let media_type = match &leaving.media_type {
            Some(media_type) => HeaderValue::from_str(media_type).map_err(no_header)?,
            None => match chosen {
                Some(chosen) => HeaderValue::from_str(chosen).map_err(no_header)?,
                None => content_type(body),
            },
        };
        encoded.headers.insert(header::CONTENT_TYPE, media_type);
        encoded.leaving = Some(leaving);
        return Ok(());
    }
    let media_type = if body.encoding == Encoding::Multipart {
        let (media_type, content) = write_parts(body, value)?;
        match content {
            Content::Whole(octets) => encoded.body = octets,
            content => {
                encoded.leaving = Some(Leaving {
                    content,
                    media_type: None,
                    file_name: None,
                });
            }
        }
        HeaderValue::from_str(&media_type).map_err(no_header)?
    } else {
        if has_streamed(value) {
            return Err(streamed(name));
        }
        encoded.body = write_body(body, value);
        match chosen {
            Some(chosen) => HeaderValue::from_str(chosen).map_err(no_header)?,
            None if body.media_type.contains('*') => content_type(body),
            None => HeaderValue::from_str(body.media_type).map_err(no_header)?,
        }
    };
    encoded.headers.insert(header::CONTENT_TYPE, media_type);
    Ok(())
}

/// A body in parts, and its media type, which names the boundary.
pub(crate) fn write_parts(body: &Body, value: &dyn Value) -> Result<(String, Content), Fault> {
    let written = super::multipart::write(value, body.parts)?;
    let essence = essence(body);
    let mut media_type = format!("{essence}; boundary={}", written.boundary);
    // What the first part is must be said of these (RFC 2387).
    if essence.eq_ignore_ascii_case("multipart/related")
        && let Some(root) = &written.root
    {
        let root = root.replace('\\', "\\\\").replace('"', "\\\"");
        media_type.push_str(&format!("; type=\"{root}\""));
    }
    Ok((media_type, written.content))
}

/// A file that comes piece by piece where a text belongs.
fn streamed(name: &str) -> Fault {
    invalid(
        name,
        "has a file that comes piece by piece, which only a part of a multipart body can be; give its octets",
    )
}

/// The media type of the contract. A range of media types (`image/*`) is none: what it stands for is sent.
pub(crate) fn content_type(body: &Body) -> HeaderValue {
    let fallback = match body.encoding {
        Encoding::Json => "application/json",
        Encoding::Form => "application/x-www-form-urlencoded",
        Encoding::Xml(_) => "application/xml",
        Encoding::Text => "text/plain; charset=utf-8",
        Encoding::Events | Encoding::TextEvents => "text/event-stream",
        Encoding::Lines => "application/x-ndjson",
        Encoding::Sequence => "application/json-seq",
        Encoding::Bytes | Encoding::Octets | Encoding::Multipart => "application/octet-stream",
    };
    if body.media_type.contains('*') {
        return HeaderValue::from_static(fallback);
    }
    HeaderValue::from_str(body.media_type).unwrap_or(HeaderValue::from_static(fallback))
}

/// The media type without parameters: the contract's boundary is an example at best.
fn essence(body: &Body) -> &'static str {
    body.media_type
        .split(';')
        .next()
        .unwrap_or(body.media_type)
        .trim()
}

/// The octets of a body that is not in parts.
pub(crate) fn write_body(body: &Body, value: &dyn Value) -> Bytes {
    match body.encoding {
        Encoding::Json => {
            // Most bodies fit without growing.
            let mut text = Vec::with_capacity(512);
            json::write(value, &mut text);
            text.into()
        }
        Encoding::Xml(table) => xml::write(value, table).into(),
        Encoding::Text
        | Encoding::Multipart
        | Encoding::Octets
        | Encoding::Events
        | Encoding::TextEvents
        | Encoding::Lines
        | Encoding::Sequence => parts(value).to_string().into(),
        Encoding::Bytes => match value.node() {
            Node::Bytes(octets) => Bytes::copy_from_slice(octets),
            _ => parts(value).to_string().into(),
        },
        Encoding::Form => write_form(value, body).into(),
    }
}

fn write_header(
    name: &'static str,
    value: &dyn Value,
    style: TextStyle,
    headers: &mut HeaderMap,
) -> Result<(), Fault> {
    let Some(text) = style::plain(value, style) else {
        return Ok(());
    };
    let header = HeaderName::from_bytes(name.as_bytes()).map_err(|_| invalid(name, "is no header name"))?;
    let text = HeaderValue::from_str(&text)
        .map_err(|_| invalid(name, "holds characters that a header cannot hold"))?;
    headers.insert(header, text);
    Ok(())
}

fn write_cookie(
    name: &'static str,
    value: &dyn Value,
    is_reserved: bool,
    headers: &mut HeaderMap,
) -> Result<(), Fault> {
    if parts(value) == Parts::Absent {
        return Ok(());
    }
    let text = if is_reserved {
        style::reserved_cookie(value)
    } else {
        style::encoded(name, value, TextStyle::Simple)
    };
    let mut cookies = headers
        .get(header::COOKIE)
        .map(|value| value.as_bytes().to_vec())
        .unwrap_or_default();
    if !cookies.is_empty() {
        cookies.extend_from_slice(b"; ");
    }
    cookies.extend_from_slice(format!("{name}={text}").as_bytes());
    let cookies = HeaderValue::from_bytes(&cookies).map_err(|_| invalid(name, "is no cookie name"))?;
    headers.insert(header::COOKIE, cookies);
    Ok(())
}

fn invalid(name: &str, why: &str) -> Fault {
    Fault::new(
        ErrorKind::Encode,
        Code::InvalidArgument,
        format!("the parameter {name} {why}"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::{Field, File, Shape};
    use crate::stream::Octets;

    #[derive(Clone)]
    struct Asked {
        ids: Vec<String>,
        seen: Vec<String>,
    }
    static ASKED: Shape = Shape::new("Asked", &[Field::required("ids"), Field::required("seen")]);
    crate::__record!(Asked = ASKED { 0: ids, 1: seen });

    fn written(ids: &[&str], seen: &[&str]) -> Result<Encoded, Fault> {
        let binding = HttpBinding {
            method: crate::operation::RouteMethod::Known(http::Method::GET),
            path: &[Segment::Literal("/pets/"), Segment::Variable(0)],
            inputs: &[InputPlace::Path(TextStyle::Simple), InputPlace::Cookie],
            successes: &[],
            failures: &[],
        };
        let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        write_request(
            &binding,
            &Asked {
                ids: owned(ids),
                seen: owned(seen),
            },
        )
    }

    #[derive(Clone)]
    struct Kept {
        photo: File,
    }
    static KEPT: Shape = Shape::new("Kept", &[Field::required("photo")]);
    crate::__record!(Kept = KEPT { 0: photo });

    #[test]
    fn a_file_that_comes_piece_by_piece_is_refused_where_a_text_belongs() {
        static BODIES: [Encoding; 5] = [
            Encoding::Json,
            Encoding::Form,
            Encoding::Text,
            Encoding::Bytes,
            Encoding::Multipart,
        ];
        for encoding in BODIES {
            for (photo, fails) in [
                (File::new("text"), false),
                (
                    File::from(Octets::stream(
                        futures_util::stream::empty::<Result<Bytes, Fault>>(),
                    )),
                    encoding != Encoding::Multipart,
                ),
            ] {
                let mut encoded = Encoded {
                    path: String::new(),
                    headers: HeaderMap::new(),
                    body: Bytes::new(),
                    leaving: None,
                };
                let body = Body {
                    encoding,
                    ..Body::JSON
                };
                let put = put_body("body", &body, &Kept { photo }, None, &mut encoded);
                assert_eq!(put.is_err(), fails, "{encoding:?}");
                let kind = put.map_err(|fault| (fault.kind(), fault.message().contains("piece by piece")));
                assert!(kind.is_ok() || kind == Err((ErrorKind::Encode, true)));
            }
        }
    }

    #[test]
    fn commas_between_parts_stay_and_those_inside_are_encoded() {
        let encoded = written(&["a,b", "c/d"], &["x", "y;z"]).unwrap();
        assert_eq!(encoded.path, "/pets/a%2Cb,c%2Fd");
        assert_eq!(encoded.headers[header::COOKIE], "seen=x,y%3Bz");
    }

    #[test]
    fn a_path_that_would_mean_something_else_is_refused() {
        for ids in [&[] as &[&str], &[""], &["."], &[".."]] {
            let fault = written(ids, &[]).unwrap_err();
            assert_eq!(fault.kind(), ErrorKind::Encode, "{ids:?}");
            assert!(fault.message().contains("ids"), "{fault}");
        }
    }
}
