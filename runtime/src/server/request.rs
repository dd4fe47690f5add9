//! An HTTP request as a typed one: the server's half of the tables in [`operation`](crate::operation).
//!
//! Every input is read and judged; what is wrong with any of them comes back together.

use std::borrow::Cow;
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use http::{HeaderMap, header};
use percent_encoding::percent_decode;

use crate::codec::text::{self, PlaceKind};
use crate::codec::{
    Arriving, DecodeError, Field, NodeMut, Path, PathSegment, Record, Value, Violation, json, validate_with,
};
use crate::operation::{Body, Encoding, HttpBinding, InputPlace, Operation, QueryStyle, Segment, TextStyle};
use crate::rest::{self, multipart};

/// A request that has arrived.
pub(super) struct Arrived<'a> {
    /// The texts of the path's variables, in their order, percent-encoded.
    pub(super) captures: &'a [&'a str],
    /// The query, percent-encoded, without the question mark.
    pub(super) query: &'a str,
    pub(super) headers: &'a HeaderMap,
    pub(super) body: &'a Bytes,
    /// The body, where it comes piece by piece.
    pub(super) stream: Mutex<Option<Arriving>>,
}

/// Whether the input was there.
type Presence = Result<bool, DecodeError>;

impl Arrived<'_> {
    /// Reads all inputs of `operation` into `record`, whose fields are blank.
    ///
    /// # Errors
    /// All that is wrong. Paths start with the place (`query`), then the parameter's name.
    pub(super) fn read(
        &self,
        operation: &Operation,
        binding: &HttpBinding,
        record: &mut dyn Record,
    ) -> Result<(), Vec<Violation>> {
        let fields = record.shape().fields;
        let query = pairs(self.query);
        let mut violations = Vec::new();
        for (index, (place, field)) in binding.inputs.iter().zip(fields).enumerate() {
            let Some(value) = record.field_mut(index) else {
                continue;
            };
            let outcome = match *place {
                InputPlace::Path(style) => self.path(binding, index, field.name, style, value),
                InputPlace::Query(style) => read_query(&query, field.name, style, binding, fields, value),
                InputPlace::Header(style) => self.header(field.name, style, value),
                InputPlace::Cookie => self.cookie(field.name, value),
                InputPlace::Body(body) => self.body(&body, value),
            };
            judge(*place, field, outcome, value, &mut violations);
        }
        self.idempotency_key(operation, binding, fields, &mut violations);
        if violations.is_empty() {
            Ok(())
        } else {
            Err(violations)
        }
    }

    fn path(
        &self,
        binding: &HttpBinding,
        index: usize,
        name: &str,
        style: TextStyle,
        value: &mut dyn Value,
    ) -> Presence {
        let mut variables = binding.path.iter().filter_map(|segment| match segment {
            Segment::Variable(field) => Some(*field),
            Segment::Literal(_) => None,
        });
        let raw = variables
            .position(|field| field == index)
            .and_then(|at| self.captures.get(at));
        match raw {
            None => Ok(false),
            Some(raw) => styled(raw, name, style, &|text| decode(text, false), value).map(|()| true),
        }
    }

    fn header(&self, name: &str, style: TextStyle, value: &mut dyn Value) -> Presence {
        let mut lines = Vec::new();
        for line in self.headers.get_all(name) {
            lines.push(
                std::str::from_utf8(line.as_bytes()).map_err(|_| DecodeError::new("is not UTF-8 text"))?,
            );
        }
        if lines.is_empty() {
            return Ok(false);
        }
        let text = lines.join(",");
        let trimmed = |text| Ok(Cow::Borrowed(str::trim(text)));
        styled(&text, name, style, &trimmed, value).map(|()| true)
    }

    fn cookie(&self, name: &str, value: &mut dyn Value) -> Presence {
        let lines = self
            .headers
            .get_all(header::COOKIE)
            .iter()
            .filter_map(|line| line.to_str().ok());
        let mut cookies = lines
            .flat_map(|line| line.split(';'))
            .filter_map(|pair| pair.trim().split_once('='));
        match cookies.find(|(key, _)| *key == name) {
            None => Ok(false),
            Some((_, raw)) => {
                let raw = raw
                    .strip_prefix('"')
                    .and_then(|raw| raw.strip_suffix('"'))
                    .unwrap_or(raw);
                delimited(raw, &[","], &|text| decode(text, false), value).map(|()| true)
            }
        }
    }

    fn body(&self, body: &Body, value: &mut dyn Value) -> Presence {
        let announced = self.headers.contains_key(header::CONTENT_TYPE);
        match body.encoding {
            Encoding::Json | Encoding::Form | Encoding::Multipart if self.body.is_empty() => Ok(false),
            Encoding::Text | Encoding::Bytes if self.body.is_empty() && !announced => Ok(false),
            Encoding::Json => json::read(self.body, value).map(|()| true),
            Encoding::Form => read_form(self.body, value).map(|()| true),
            Encoding::Multipart => {
                let content_type = self.headers.get(header::CONTENT_TYPE);
                let content_type = content_type
                    .and_then(|value| value.to_str().ok())
                    .unwrap_or_default();
                multipart::read(content_type, self.body, value).map(|()| true)
            }
            Encoding::Text | Encoding::Bytes => read_octets(self.body, value).map(|()| true),
            _ => self.stream(announced, value),
        }
    }

    /// A body without octets is one where its media type was announced.
    fn stream(&self, announced: bool, value: &mut dyn Value) -> Presence {
        let arriving = self.stream.lock().unwrap_or_else(PoisonError::into_inner).take();
        match arriving {
            Some(arriving) => rest::put(arriving, value).map(|()| true),
            None => Ok(announced),
        }
    }

    /// A key that the contract requires and that is no input of its own.
    fn idempotency_key(
        &self,
        operation: &Operation,
        binding: &HttpBinding,
        fields: &[Field],
        violations: &mut Vec<Violation>,
    ) {
        let Some(key) = operation.idempotency_key.filter(|key| key.required) else {
            return;
        };
        let mut inputs = binding.inputs.iter().zip(fields);
        let declared = inputs.any(|(place, field)| {
            matches!(place, InputPlace::Header(_)) && field.name.eq_ignore_ascii_case(key.header)
        });
        if !declared && !self.headers.contains_key(key.header) {
            violations.push(Violation {
                path: Path(vec![
                    PathSegment::Key("header".into()),
                    PathSegment::Key(key.header.into()),
                ]),
                message: "is required".into(),
            });
        }
    }
}

/// What is wrong with one input.
fn judge(
    place: InputPlace,
    field: &'static Field,
    outcome: Presence,
    value: &dyn Value,
    violations: &mut Vec<Violation>,
) {
    let base = || {
        let name = match place {
            InputPlace::Path(_) => "path",
            InputPlace::Query(_) => "query",
            InputPlace::Header(_) => "header",
            InputPlace::Cookie => "cookie",
            InputPlace::Body(_) => return vec![PathSegment::Key("body".into())],
        };
        vec![PathSegment::Key(name.into()), PathSegment::Key(field.name.into())]
    };
    let mut add = |rest: Vec<PathSegment>, message: Cow<'static, str>| {
        let mut path = base();
        path.extend(rest);
        violations.push(Violation {
            path: Path(path),
            message,
        });
    };
    match outcome {
        Ok(false) if field.required => add(Vec::new(), "is required".into()),
        Ok(false) => {}
        Ok(true) => {
            for violation in validate_with(value, field.rules) {
                add(violation.path.0, violation.message);
            }
        }
        Err(error) => add(error.path().0, error.message().to_owned().into()),
    }
}

/// Undoes what stands in the way of a text.
type Decode<'d, 't> = &'d dyn Fn(&'t str) -> Result<Cow<'t, str>, DecodeError>;

/// Reads a text in one of the styles of paths and headers.
fn styled<'t>(
    raw: &'t str,
    name: &str,
    style: TextStyle,
    decode: Decode<'_, 't>,
    value: &mut dyn Value,
) -> Result<(), DecodeError> {
    let expected = |what: &'static str| DecodeError::new(format!("expected {what}"));
    // `;name=…`, of which the value is wanted.
    let of_name = |part: &'t str| match part.split_once('=') {
        Some((key, rest)) if key == name => Some(rest),
        None if part == name => Some(""),
        _ => None,
    };
    let label = || raw.strip_prefix('.').ok_or_else(|| expected("a leading dot"));
    let matrix = || {
        raw.strip_prefix(';')
            .ok_or_else(|| expected("a leading semicolon"))
    };
    match style {
        TextStyle::Json => json::read(decode(raw)?.as_bytes(), value),
        TextStyle::Simple => delimited(raw, &[","], decode, value),
        TextStyle::SimpleExploded => exploded(raw, ',', decode, value),
        TextStyle::Label => delimited(label()?, &[","], decode, value),
        TextStyle::LabelExploded => exploded(label()?, '.', decode, value),
        TextStyle::Matrix => {
            let text = of_name(matrix()?).ok_or_else(|| expected("the parameter's name"))?;
            delimited(text, &[","], decode, value)
        }
        TextStyle::MatrixExploded if text::kind_of(value) == PlaceKind::Object => {
            exploded(matrix()?, ';', decode, value)
        }
        TextStyle::MatrixExploded => {
            let parts: Option<Vec<&'t str>> = matrix()?.split(';').map(of_name).collect();
            let parts = parts.ok_or_else(|| expected("the parameter's name"))?;
            let texts = parts.into_iter().map(decode).collect::<Result<Vec<_>, _>>()?;
            text::read_many(texts.iter().map(|text| &**text), value)
        }
    }
}

/// Reads a text whose parts stand between delimiters, an object's as `key=value`.
fn exploded<'t>(
    raw: &'t str,
    delimiter: char,
    decode: Decode<'_, 't>,
    value: &mut dyn Value,
) -> Result<(), DecodeError> {
    match text::kind_of(value) {
        PlaceKind::One => text::read(&decode(raw)?, value),
        PlaceKind::List => {
            let parts = raw.split(delimiter).filter(|_| !raw.is_empty());
            let texts = parts.map(decode).collect::<Result<Vec<_>, _>>()?;
            text::read_many(texts.iter().map(|text| &**text), value)
        }
        PlaceKind::Object => {
            let mut entries = Vec::new();
            for part in raw.split(delimiter).filter(|_| !raw.is_empty()) {
                let (key, text) = part.split_once('=').unwrap_or((part, ""));
                entries.push((decode(key)?, decode(text)?));
            }
            text::read_object(entries.iter().map(|(key, text)| (&**key, &**text)), value)
        }
    }
}

/// Reads a text in which the parts of a list or an object stand between delimiters. It is cut before it is decoded,
/// so that an encoded delimiter stays inside its part.
fn delimited<'t>(
    raw: &'t str,
    delimiters: &[&str],
    decode: Decode<'_, 't>,
    value: &mut dyn Value,
) -> Result<(), DecodeError> {
    let kind = text::kind_of(value);
    if kind == PlaceKind::One {
        return text::read(&decode(raw)?, value);
    }
    let mut parts = Vec::new();
    if !raw.is_empty() {
        for part in cut(raw, delimiters) {
            parts.push(decode(part)?);
        }
    }
    if kind == PlaceKind::List {
        return text::read_many(parts.iter().map(|part| &**part), value);
    }
    if parts.len() % 2 == 1 {
        return Err(DecodeError::new("expected names and values in turn"));
    }
    text::read_object(parts.chunks(2).map(|pair| (&*pair[0], &*pair[1])), value)
}

/// Cuts a text at every one of the delimiters, `%7c` as well as `%7C`.
fn cut<'t>(mut text: &'t str, delimiters: &[&str]) -> Vec<&'t str> {
    let mut parts = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let here = &text.as_bytes()[at..];
        let starts = |delimiter: &&&str| {
            here.get(..delimiter.len())
                .is_some_and(|head| head.eq_ignore_ascii_case(delimiter.as_bytes()))
        };
        // A delimiter is ASCII, so both sides of it are character boundaries.
        match delimiters.iter().find(starts) {
            Some(delimiter) => {
                parts.push(&text[..at]);
                text = &text[at + delimiter.len()..];
                at = 0;
            }
            None => at += 1,
        }
    }
    parts.push(text);
    parts
}

/// The pairs of a query or a form: decoded names, and values as they came.
fn pairs(text: &str) -> Vec<(Cow<'_, str>, &str)> {
    let pairs = text.split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decode(name, true).unwrap_or(Cow::Borrowed(name)), value)
        })
        .collect()
}

/// Undoes percent-encoding, and `+` for a space where that is the custom.
fn decode(text: &str, plus: bool) -> Result<Cow<'_, str>, DecodeError> {
    let invalid = |_| DecodeError::new("is not UTF-8 text");
    if plus && text.contains('+') {
        let spaced = text.replace('+', " ");
        let decoded = percent_decode(spaced.as_bytes()).decode_utf8().map_err(invalid)?;
        return Ok(Cow::Owned(decoded.into_owned()));
    }
    percent_decode(text.as_bytes()).decode_utf8().map_err(invalid)
}

fn read_query(
    query: &[(Cow<'_, str>, &str)],
    name: &'static str,
    style: QueryStyle,
    binding: &HttpBinding,
    fields: &[Field],
    value: &mut dyn Value,
) -> Presence {
    let of_name = || query.iter().filter(|(key, _)| key == name).map(|(_, raw)| *raw);
    let delimiters: &[&str] = match style {
        QueryStyle::DeepObject => {
            let inner = |key: &str| {
                Some(
                    key.strip_prefix(name)?
                        .strip_prefix('[')?
                        .strip_suffix(']')?
                        .to_owned(),
                )
            };
            return read_properties(query, inner, value);
        }
        QueryStyle::FormExploded => {
            let present = of_name().next().is_some();
            // Asking for the kind fills an optional place, so not before something is there.
            if query.is_empty() {
                return Ok(false);
            }
            return match (text::kind_of(value), present) {
                (PlaceKind::Object, _) => {
                    let names = names_of(value);
                    let others = others(binding, fields, name);
                    let free = |key: &str| {
                        names
                            .as_ref()
                            .map_or(!others.contains(&key), |names| names.contains(&key))
                    };
                    read_properties(query, |key| free(key).then(|| key.to_owned()), value)
                }
                (_, false) => {
                    clear(value);
                    Ok(false)
                }
                (_, true) => {
                    let texts = of_name()
                        .map(|raw| decode(raw, true))
                        .collect::<Result<Vec<_>, _>>()?;
                    text::read_many(texts.iter().map(|text| &**text), value).map(|()| true)
                }
            };
        }
        QueryStyle::Json => {
            let Some(raw) = of_name().next_back() else {
                return Ok(false);
            };
            return json::read(decode(raw, true)?.as_bytes(), value).map(|()| true);
        }
        QueryStyle::Form => &[","],
        QueryStyle::Space => &["%20", "+"],
        QueryStyle::Pipe => &["%7C", "|"],
        QueryStyle::Tab => &["%09"],
    };
    match of_name().next_back() {
        None => Ok(false),
        Some(raw) => delimited(raw, delimiters, &|text| decode(text, true), value).map(|()| true),
    }
}

/// Reads the pairs that `select` takes, under the names that it gives them.
fn read_properties(
    query: &[(Cow<'_, str>, &str)],
    select: impl Fn(&str) -> Option<String>,
    value: &mut dyn Value,
) -> Presence {
    let mut entries = Vec::new();
    for (key, raw) in query {
        if let Some(name) = select(key) {
            entries.push((name, decode(raw, true)?));
        }
    }
    if entries.is_empty() {
        clear(value);
        return Ok(false);
    }
    text::read_object(entries.iter().map(|(name, text)| (name.as_str(), &**text)), value).map(|()| true)
}

/// The properties that an object knows. `None`: it is a map.
fn names_of(value: &mut dyn Value) -> Option<Vec<&'static str>> {
    match value.node_mut() {
        NodeMut::Optional(optional) | NodeMut::Nullable(optional) => names_of(optional.fill()),
        NodeMut::Record(record) => Some(record.shape().fields.iter().map(|field| field.name).collect()),
        _ => None,
    }
}

/// The names of the query's other parameters: a map that stands by its properties does not take those.
fn others(binding: &HttpBinding, fields: &[Field], name: &str) -> Vec<&'static str> {
    let inputs = binding.inputs.iter().zip(fields);
    inputs
        .filter(|(place, field)| matches!(place, InputPlace::Query(_)) && field.name != name)
        .map(|(_, field)| field.name)
        .collect()
}

fn clear(value: &mut dyn Value) {
    if let NodeMut::Optional(optional) | NodeMut::Nullable(optional) = value.node_mut() {
        optional.clear();
    }
}

fn read_form(body: &Bytes, value: &mut dyn Value) -> Result<(), DecodeError> {
    let text = std::str::from_utf8(body).map_err(|_| DecodeError::new("is not UTF-8 text"))?;
    let mut entries = Vec::new();
    for (key, raw) in pairs(text) {
        let text = decode(raw, true).map_err(|error| error.in_key(key.clone().into_owned()))?;
        entries.push((key, text));
    }
    text::read_object(entries.iter().map(|(key, text)| (&**key, &**text)), value)
}

/// Octets are shared with the body, not copied.
fn read_octets(body: &Bytes, value: &mut dyn Value) -> Result<(), DecodeError> {
    match value.node_mut() {
        NodeMut::Optional(optional) | NodeMut::Nullable(optional) => {
            return read_octets(body, optional.fill());
        }
        NodeMut::Bytes(octets) => {
            *octets = body.clone();
            return Ok(());
        }
        _ => {}
    }
    let text = std::str::from_utf8(body).map_err(|_| DecodeError::new("is not UTF-8 text"))?;
    text::read(text, value)
}

/// The names that a JSON text a line goes by.
const LINES: [&str; 5] = [
    "application/x-ndjson",
    "application/ndjson",
    "application/jsonl",
    "application/x-jsonlines",
    "application/json-lines",
];

/// Whether a body of this `content-type` is what the contract promises. Without one, text and octets pass: there
/// is nothing to misread.
pub(super) fn accepts(body: &Body, headers: &HeaderMap) -> bool {
    let Some(value) = headers.get(header::CONTENT_TYPE) else {
        return matches!(body.encoding, Encoding::Text | Encoding::Bytes | Encoding::Octets);
    };
    let essence = |text: &str| text.split(';').next().unwrap_or(text).trim().to_ascii_lowercase();
    let Ok(found) = value.to_str().map(essence) else {
        return false;
    };
    let wanted = essence(body.media_type);
    let json = |text: &str| text == "application/json" || text.ends_with("+json");
    found == wanted
        || wanted == "*/*"
        || wanted
            .strip_suffix('*')
            .is_some_and(|range| found.starts_with(range))
        || (body.encoding == Encoding::Json && json(&wanted) && json(&found))
        || (matches!(body.encoding, Encoding::Bytes | Encoding::Octets)
            && found == "application/octet-stream")
        || (body.encoding == Encoding::Octets && wanted == "application/octet-stream")
        || (body.encoding == Encoding::Lines && LINES.contains(&found.as_str()))
}
