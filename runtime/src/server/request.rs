//! An HTTP request as a typed one: the server's half of the tables in [`operation`](crate::operation).
//!
//! Every input is read and judged; what is wrong with any of them comes back together.

use std::borrow::Cow;
use std::sync::{Mutex, PoisonError};

use super::body::Chosen;
use super::parts::Parts;
use super::query::{self, decode, others};
use crate::codec::{
    Arriving, DecodeError, Field, NodeMut, Path, PathSegment, Record, Value, Violation, json, text,
    validate_with, xml,
};
use crate::operation::{Body, Encoding, HttpBinding, InputPlace, Operation, Segment, TextStyle};
use crate::rest::styled::{delimited, styled};
use crate::rest::{self, multipart};
use bytes::Bytes;
use http::{HeaderMap, header};

/// A request that has arrived.
pub(super) struct Arrived<'a> {
    /// The texts of the path's variables, in their order, percent-encoded.
    pub(super) captures: &'a [&'a str],
    /// The query, percent-encoded, without the question mark.
    pub(super) query: &'a str,
    pub(super) headers: &'a HeaderMap,
    pub(super) body: &'a Bytes,
    /// What the body is, of all that the contract declares. `None`: there is none.
    pub(super) chosen: Option<Chosen>,
    /// The parts of the body, where it has any.
    pub(super) parts: Mutex<Parts>,
    /// The body, where it comes piece by piece.
    pub(super) stream: Mutex<Option<Arriving>>,
}

/// Whether the input was there.
pub(super) type Presence = Result<bool, DecodeError>;

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
        let pairs = query::pairs(self.query);
        let mut violations = Vec::new();
        for (index, (place, field)) in binding.inputs.iter().zip(fields).enumerate() {
            let Some(value) = record.field_mut(index) else {
                continue;
            };
            let outcome = match *place {
                InputPlace::Path(style) | InputPlace::ReservedPath(style) => {
                    self.path(binding, index, field.name, style, value)
                }
                InputPlace::QueryString(body) => self.query_string(&body, value),
                InputPlace::Query(style) | InputPlace::ReservedQuery(style) => {
                    let others = || others(binding, fields, field.name);
                    query::parameter(&pairs, field.name, style, others, value)
                }
                InputPlace::Header(style) => self.header(field.name, style, value),
                InputPlace::Cookie | InputPlace::ReservedCookie => self.cookie(field.name, value),
                InputPlace::Body(body) => self.body(&self.chosen.map_or(body, |chosen| chosen.body), value),
                InputPlace::Bodies(_) => self.alternative(value),
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

    /// All of the query.
    fn query_string(&self, body: &Body, value: &mut dyn Value) -> Presence {
        if self.query.is_empty() {
            return Ok(false);
        }
        match body.encoding {
            Encoding::Form => query::form(self.query.as_bytes(), body.styles, value).map(|()| true),
            Encoding::Json => {
                let text = decode(self.query, false)?;
                json::read_strictly(text.as_bytes(), value).map(|()| true)
            }
            _ => text::read(&decode(self.query, false)?, value).map(|()| true),
        }
    }

    /// A body of one of several types.
    fn alternative(&self, value: &mut dyn Value) -> Presence {
        let Some(Chosen { index, body }) = self.chosen else {
            return Ok(false);
        };
        match value.node_mut() {
            NodeMut::Optional(optional) => {
                let found = self.alternative(optional.fill());
                if matches!(found, Ok(false)) {
                    optional.clear();
                }
                found
            }
            NodeMut::Union(union) => self.body(&body, union.select(index)),
            _ => self.body(&body, value),
        }
    }

    fn body(&self, body: &Body, value: &mut dyn Value) -> Presence {
        let announced = self.headers.contains_key(header::CONTENT_TYPE);
        match body.encoding {
            Encoding::Json | Encoding::Form | Encoding::Xml(_) if self.body.is_empty() => Ok(false),
            Encoding::Text | Encoding::Bytes if self.body.is_empty() && !announced => Ok(false),
            Encoding::Json => json::read_strictly(self.body, value).map(|()| true),
            Encoding::Xml(table) => xml::read(self.body, table, value).map(|()| true),
            Encoding::Form => query::form(self.body, body.styles, value).map(|()| true),
            Encoding::Multipart => self.parts(body, value),
            Encoding::Text | Encoding::Bytes => read_octets(self.body, value).map(|()| true),
            _ => self.stream(announced, value),
        }
    }

    fn parts(&self, body: &Body, value: &mut dyn Value) -> Presence {
        let parts = self.parts.lock().unwrap_or_else(PoisonError::into_inner).take();
        let reading = multipart::Reading::of(body, true);
        match parts {
            None => Ok(false),
            Some(parts) => multipart::fill(parts?, reading, value).map(|()| true),
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
            InputPlace::Path(_) | InputPlace::ReservedPath(_) => "path",
            InputPlace::Query(_) | InputPlace::ReservedQuery(_) => "query",
            InputPlace::QueryString(_) => return vec![PathSegment::Key("query".into())],
            InputPlace::Header(_) => "header",
            InputPlace::Cookie | InputPlace::ReservedCookie => "cookie",
            InputPlace::Body(_) | InputPlace::Bodies(_) => {
                return vec![PathSegment::Key("body".into())];
            }
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
