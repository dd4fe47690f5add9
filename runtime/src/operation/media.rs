//! Which media type of a contract is meant: by what a body says that it is, or by what a caller accepts.

use http::{HeaderMap, StatusCode};

use super::{Body, Encoding, Reply, StatusMatch, match_status};
use crate::codec::DecodeError;
#[cfg(feature = "server")]
use crate::headers::accept::Accept;
use crate::headers::media_type::{content_type, essence, is_json, is_xml};

/// How exactly a declared media type describes a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fit {
    /// It is likely meant: senders that do not know better say `text/plain` of any text.
    Guess,
    /// It describes any body.
    Anything,
    /// It is a range that the body is in, or the body is octets of which no more is said.
    Range,
    /// It is written the same way: JSON, or a JSON text a line.
    Family,
    /// It is the same.
    Exact,
}

/// The names that a JSON text a line goes by.
const LINES: [&str; 9] = [
    "application/x-ndjson",
    "application/ndjson",
    "application/jsonl",
    "application/x-jsonl",
    "application/jsonlines",
    "application/x-jsonlines",
    "application/json-lines",
    "application/stream+json",
    "application/x-json-stream",
];

impl Body {
    /// Each media type that carries it, the preferred first.
    pub fn each(&self) -> impl Iterator<Item = &Self> {
        std::iter::once(self).chain(self.also)
    }

    /// How exactly it describes a body of the media type `found`, which is without parameters and in lower case.
    pub(crate) fn fit(&self, found: &str) -> Option<Fit> {
        let declared = essence(self.media_type);
        if declared == found {
            return Some(Fit::Exact);
        }
        let is_octets = matches!(self.encoding, Encoding::Bytes | Encoding::Octets);
        match self.encoding {
            Encoding::Json if is_json(&declared) && is_json(found) => Some(Fit::Family),
            Encoding::Xml(_) if is_xml(found) => Some(Fit::Family),
            Encoding::Lines if LINES.contains(&found) => Some(Fit::Family),
            _ if declared == "*/*" => Some(Fit::Anything),
            _ if declared
                .strip_suffix('*')
                .is_some_and(|range| found.starts_with(range)) =>
            {
                Some(Fit::Range)
            }
            _ if is_octets && found == "application/octet-stream" => Some(Fit::Range),
            Encoding::Octets if declared == "application/octet-stream" => Some(Fit::Anything),
            Encoding::Text if found == "text/plain" => Some(Fit::Guess),
            _ => None,
        }
    }
}

/// The best of `bodies` for a body of this media type: the first of equals, by its place.
pub(crate) fn best<'b>(
    bodies: impl Iterator<Item = (usize, &'b Body)>,
    found: &str,
    least: Fit,
) -> Option<(usize, &'b Body)> {
    let mut best: Option<(Fit, (usize, &Body))> = None;
    for (index, body) in bodies {
        if let Some(fit) = body.fit(found).filter(|fit| *fit >= least)
            && best.is_none_or(|(known, _)| fit > known)
        {
            best = Some((fit, (index, body)));
        }
    }
    best.map(|(_, found)| found)
}

/// The reply among `replies` that a reply of this status and these headers is: its place, and how its body is written.
/// Of several media types the one that `Content-Type` says; where it is missing, the first. `None`: no entry stands for
/// the status.
///
/// # Errors
/// The status has several media types, and the body is of none.
pub fn match_reply<'r>(
    replies: &'r [Reply],
    status: StatusCode,
    headers: &HeaderMap,
) -> Option<Result<(usize, Option<&'r Body>), DecodeError>> {
    let first = match_status(replies, status)?;
    let wanted: StatusMatch = replies[first].status;
    let is_alone = replies.iter().filter(|reply| reply.status == wanted).count() == 1;
    let own = replies[first].body.as_ref();
    if is_alone && own.is_none_or(|body| body.also.is_empty()) {
        return Some(Ok((first, own)));
    }
    let of_status = || {
        replies
            .iter()
            .enumerate()
            .filter(|(_, reply)| reply.status == wanted)
    };
    let bodies = || {
        of_status()
            .filter_map(|(index, reply)| Some((index, reply.body.as_ref()?)))
            .flat_map(|(index, body)| body.each().map(move |body| (index, body)))
    };
    let Some(found) = content_type(headers) else {
        return Some(Ok((first, own)));
    };
    Some(match best(bodies(), &found, Fit::Guess) {
        Some((index, body)) => Ok((index, Some(body))),
        None if is_alone => Ok((first, own)),
        None => Err(DecodeError::new(format!(
            "the body is {found}, where the contract promises {}; is there a proxy in between?",
            listed(bodies().map(|(_, body)| body.media_type))
        ))),
    })
}

/// `a, b or c`.
pub(crate) fn listed<'t>(types: impl Iterator<Item = &'t str>) -> String {
    let types: Vec<&str> = types.collect();
    match types.split_last() {
        Some((last, [])) => (*last).to_owned(),
        Some((last, others)) => format!("{} or {last}", others.join(", ")),
        None => String::new(),
    }
}

/// How much a body written so is wanted, from 0 to 1000. A caller that reads one kind of JSON reads another.
#[cfg(feature = "server")]
fn quality(accept: &Accept, body: &Body) -> u16 {
    accept.quality_of(body.media_type, body.encoding == Encoding::Json)
}

/// The way of writing a value that the caller wants most: the first of equals, and of those that it does not want. Octets
/// are written already.
#[cfg(feature = "server")]
pub(crate) fn wanted<'b>(body: &'b Body, accept: &Accept) -> &'b Body {
    if matches!(body.encoding, Encoding::Bytes | Encoding::Octets) {
        return body;
    }
    let mut best = (body, quality(accept, body));
    for other in body.also {
        let quality = quality(accept, other);
        if quality > best.1 {
            best = (other, quality);
        }
    }
    best.0
}

/// Whether the caller wants something of what can come back with a body. Where nothing has one, there is nothing to refuse.
#[cfg(feature = "server")]
pub(crate) fn is_acceptable(successes: &[Reply], accept: &Accept) -> bool {
    let mut bodies = successes
        .iter()
        .filter_map(|reply| reply.body.as_ref())
        .peekable();
    bodies.peek().is_none() || bodies.any(|body| body.each().any(|body| quality(accept, body) > 0))
}

#[cfg(test)]
mod tests {
    use http::{HeaderValue, header};

    use super::*;

    const fn body(encoding: Encoding, media_type: &'static str) -> Body {
        Body {
            media_type,
            encoding,
            ..Body::JSON
        }
    }

    const fn reply(status: StatusMatch, body: Body) -> Reply {
        Reply {
            status,
            body: Some(body),
        }
    }

    const OK: StatusMatch = StatusMatch::Code(200);
    static REPLIES: [Reply; 6] = [
        reply(
            OK,
            Body {
                also: &[body(Encoding::Json, "text/json")],
                ..Body::JSON
            },
        ),
        reply(OK, body(Encoding::Json, "application/vnd.pets+json")),
        reply(OK, body(Encoding::Text, "text/csv")),
        reply(OK, body(Encoding::Octets, "image/*")),
        reply(OK, body(Encoding::Events, "text/event-stream")),
        reply(StatusMatch::Default, Body::JSON),
    ];

    fn found(content_type: Option<&str>) -> Result<usize, String> {
        let mut headers = HeaderMap::new();
        if let Some(content_type) = content_type {
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_str(content_type).unwrap());
        }
        let found = match_reply(&REPLIES, StatusCode::OK, &headers).unwrap();
        found.map(|(index, _)| index).map_err(|error| error.to_string())
    }

    #[test]
    fn a_reply_is_what_its_content_type_says() {
        for (content_type, expected) in [
            ("application/json; charset=utf-8", 0),
            ("TEXT/JSON", 0),
            ("application/vnd.pets+json;v=1", 1),
            ("application/vnd.cats+json", 0),
            ("text/csv;header=present", 2),
            ("text/plain", 2),
            ("image/png", 3),
            ("application/octet-stream", 3),
            ("text/event-stream", 4),
        ] {
            assert_eq!(found(Some(content_type)), Ok(expected), "{content_type}");
        }
        assert_eq!(found(None), Ok(0), "the preferred one");
        let error = found(Some("text/html")).unwrap_err();
        assert!(
            error.contains("text/html") && error.contains("text/csv, image/* or text/event-stream"),
            "{error}"
        );
    }

    #[test]
    fn a_lone_media_type_is_what_comes_whatever_it_says() {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html"));
        let found = match_reply(&REPLIES, StatusCode::BAD_GATEWAY, &headers);
        assert_eq!(found.unwrap().unwrap().0, 5);
    }
}
