//! Typed requests and replies as the pact specification writes them.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use serde_json::{Value as Json, json};
use tieline::codec::text::{Parts, parts};
use tieline::codec::{Content as StreamContent, Node, Record, Value, json as codec};
use tieline::operation::{Body, Encoding, HttpBinding, Reply, ReplySet};
use tieline::rest::Encoded;

use crate::rules::Rules;

/// A request or a reply.
pub(super) struct Message {
    start: Start,
    headers: HeaderMap,
    body: Option<Content>,
    /// How the body is compared.
    pub(super) rules: Rules,
}

enum Start {
    Request {
        method: http::Method,
        path: String,
        query: Option<String>,
    },
    Reply(StatusCode),
}

enum Content {
    Json(Json),
    Text(String),
    Octets(Bytes),
}

impl Message {
    /// A request as it will be on the wire; `body` says how its body is written.
    pub(super) fn request(binding: &HttpBinding, encoded: &Encoded, body: Option<Body>) -> Self {
        let (path, query) = match encoded.path.split_once('?') {
            Some((path, query)) => (path.to_owned(), Some(query.to_owned())),
            None => (encoded.path.clone(), None),
        };
        // An optional body that is absent has no media type either.
        let body = body.filter(|_| encoded.headers.contains_key(header::CONTENT_TYPE));
        Self {
            start: Start::Request {
                method: binding.method.to_http(),
                path: if path.starts_with('/') {
                    path
                } else {
                    format!("/{path}")
                },
                query,
            },
            headers: encoded.headers.clone(),
            body: body.map(|body| content(body, &sent(encoded))),
            rules: Rules::default(),
        }
    }

    /// A reply of this body.
    pub(super) fn reply(status: StatusCode, body: Option<Body>, octets: &Bytes) -> Self {
        Self {
            start: Start::Reply(status),
            headers: headers(body),
            body: body.map(|body| content(body, octets)),
            rules: Rules::default(),
        }
    }

    /// A reply whose body names a part only.
    pub(super) fn partial(status: StatusCode, body: Option<Body>, named: &Json) -> Self {
        let mut message = Self::reply(status, body, &Bytes::new());
        message.body = body.map(|_| Content::Json(named.clone()));
        message
    }

    /// The status of a reply.
    pub(super) fn status(&self) -> StatusCode {
        match self.start {
            Start::Reply(status) => status,
            Start::Request { .. } => StatusCode::OK,
        }
    }

    pub(super) fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The body, if it is JSON.
    pub(super) fn json(&self) -> Option<&Json> {
        match &self.body {
            Some(Content::Json(json)) => Some(json),
            _ => None,
        }
    }

    fn to_json(&self) -> Json {
        let mut message = match &self.start {
            Start::Request { method, path, query } => {
                let mut start = json!({ "method": method.as_str(), "path": path });
                if let Some(query) = query {
                    start["query"] = json!(pairs(query));
                }
                start
            }
            Start::Reply(status) => json!({ "status": status.as_u16() }),
        };
        if !self.headers.is_empty() {
            let headers: BTreeMap<_, Vec<_>> = self
                .headers
                .keys()
                .map(|name| {
                    let values = self.headers.get_all(name).iter();
                    let values = values.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
                    (name.as_str(), values.collect())
                })
                .collect();
            message["headers"] = json!(headers);
        }
        if let Some(body) = &self.body {
            let (text, encoded) = match body {
                Content::Json(json) => (json.clone(), json!(false)),
                Content::Text(text) => (json!(text), json!(false)),
                Content::Octets(octets) => (json!(BASE64_STANDARD.encode(octets)), json!("base64")),
            };
            let mut content = json!({ "content": text, "encoded": encoded });
            if let Some(media_type) = self.headers.get(header::CONTENT_TYPE) {
                content["contentType"] = json!(String::from_utf8_lossy(media_type.as_bytes()));
            }
            message["body"] = content;
        }
        if !self.rules.is_empty() {
            message["matchingRules"] = json!({ "body": self.rules.to_json() });
        }
        message
    }
}

/// An interaction of version 4.
pub(super) fn interaction(description: &str, states: &[Json], request: &Message, reply: &Message) -> Json {
    let mut interaction = json!({
        "type": "Synchronous/HTTP",
        "description": description,
        "pending": false,
        "request": request.to_json(),
        "response": reply.to_json(),
    });
    if !states.is_empty() {
        interaction["providerStates"] = json!(states);
    }
    interaction
}

/// The headers of a reply: what its body is.
pub(super) fn headers(body: Option<Body>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    if let Some(media_type) = body.and_then(media_type) {
        headers.insert(header::CONTENT_TYPE, media_type);
    }
    headers
}

/// The field of a request that is its body, and how it is written.
pub(super) fn body_input<'a>(
    binding: &HttpBinding,
    request: &'a dyn Record,
) -> Option<(Body, &'a dyn Value)> {
    let mut places = binding.inputs.iter().enumerate();
    let (index, bodies) = places.find_map(|(index, place)| {
        let bodies = place.bodies();
        (!bodies.is_empty()).then_some((index, bodies))
    })?;
    let value = request.field(index)?;
    match value.node() {
        Node::Union(union) if bodies.len() > 1 => {
            let (index, value) = union.active();
            Some((*bodies.get(index)?, value))
        }
        _ => Some((*bodies.first()?, value)),
    }
}

/// A typed reply as a message, its matchers derived from the types, and its octets.
pub(super) fn reply(table: &[Reply], set: &dyn ReplySet) -> (Message, Bytes) {
    let (index, status, value) = set.active();
    let body = table.get(index).and_then(|reply| reply.body);
    let octets = body.map_or_else(Bytes::new, |body| octets(body, value));
    let mut message = Message::reply(status, body, &octets);
    message.rules = message
        .json()
        .map(|json| Rules::derive(json, value))
        .unwrap_or_default();
    (message, octets)
}

/// The octets of a request's body.
fn sent(encoded: &Encoded) -> Bytes {
    match encoded.leaving.as_ref().map(|leaving| &leaving.content) {
        Some(StreamContent::Whole(octets)) => octets.clone(),
        // What comes piece by piece from elsewhere is not known yet.
        Some(StreamContent::Stream { .. } | StreamContent::Repeatable { .. }) => Bytes::new(),
        None => encoded.body.clone(),
    }
}

/// The octets of a reply's body.
pub(super) fn octets(body: Body, value: &dyn Value) -> Bytes {
    match (body.encoding, value.node()) {
        (encoding, Node::Stream(stream)) => {
            let leaving = encoding.framing().and_then(|framing| stream.take(framing));
            match leaving.map(|leaving| leaving.content) {
                Some(StreamContent::Whole(octets)) => octets,
                // What comes piece by piece from elsewhere is not known yet.
                Some(StreamContent::Stream { .. } | StreamContent::Repeatable { .. }) | None => Bytes::new(),
            }
        }
        (Encoding::Json, _) => codec::to_vec(value).into(),
        (Encoding::Bytes, Node::Bytes(octets)) => Bytes::copy_from_slice(octets),
        (Encoding::Form, _) => form(&parts(value)).into(),
        (_, _) => parts(value).to_string().into(),
    }
}

fn form(parts: &Parts<'_>) -> String {
    let Parts::Object(entries) = parts else {
        return parts.to_string();
    };
    let encoded = |text| utf8_percent_encode(text, NON_ALPHANUMERIC);
    let pairs: Vec<_> = entries
        .iter()
        .map(|(name, value)| format!("{}={}", encoded(name), encoded(value)))
        .collect();
    pairs.join("&")
}

/// What a body is kept as. JSON is never malformed here, as the codec wrote it.
fn content(body: Body, octets: &Bytes) -> Content {
    if body.encoding == Encoding::Json
        && let Ok(json) = serde_json::from_slice(octets)
    {
        return Content::Json(json);
    }
    match (body.encoding, std::str::from_utf8(octets)) {
        (Encoding::Bytes | Encoding::Octets, _) | (_, Err(_)) => Content::Octets(octets.clone()),
        (_, Ok(text)) => Content::Text(text.to_owned()),
    }
}

/// The media type of the contract. A range (`image/*`) is none: the reply may have any of it.
fn media_type(body: Body) -> Option<HeaderValue> {
    if body.media_type.contains('*') {
        return None;
    }
    HeaderValue::from_str(body.media_type).ok()
}

/// A query as the specification keeps it: every name with all its values, decoded.
fn pairs(query: &str) -> BTreeMap<String, Vec<String>> {
    let decoded = |text: &str| {
        percent_decode_str(&text.replace('+', " "))
            .decode_utf8_lossy()
            .into_owned()
    };
    let mut pairs: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        pairs.entry(decoded(name)).or_default().push(decoded(value));
    }
    pairs
}
