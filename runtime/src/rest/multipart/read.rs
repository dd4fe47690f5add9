//! Parts as a value: each goes where its name says.

use std::collections::HashMap;

use base64::Engine as _;
use bytes::Bytes;

use super::head::Head;
use super::media::{self, Types, is_json};
use super::parser::{Event, Parser};
use crate::codec::{DecodeError, File, Json, NodeMut, Record, Value, json, text};
use crate::headers::disposition::parameter;
use crate::operation::Body;
use crate::stream::Octets;

/// A part that has arrived.
#[derive(Debug)]
pub(crate) struct Part {
    pub(crate) head: Head,
    pub(crate) content: Held,
}

/// The content of a part.
#[derive(Debug)]
pub(crate) enum Held {
    /// In memory.
    Whole(Bytes),
    /// Elsewhere: only a file can be that.
    #[cfg_attr(
        not(feature = "server"),
        allow(dead_code, reason = "only servers keep parts elsewhere")
    )]
    Streamed(Octets),
}

impl Part {
    fn name(&self) -> Option<&str> {
        self.head.name.as_deref()
    }

    fn is_json(&self) -> bool {
        self.head.media_type.as_deref().is_some_and(is_json)
    }

    fn octets(&self) -> Result<&Bytes, DecodeError> {
        match &self.content {
            Held::Whole(octets) => Ok(octets),
            Held::Streamed(_) => Err(DecodeError::new("is longer than what is held in memory")),
        }
    }
}

/// How parts are read.
#[derive(Clone, Copy)]
pub(crate) struct Reading<'a> {
    /// The media types of parts that the contract says.
    pub(crate) types: Types<'a>,
    /// Whether a file must be of one of them.
    pub(crate) judged: bool,
    /// Whether parts may have an order instead of names.
    pub(crate) ordered: bool,
}

impl Reading<'static> {
    /// How the parts of `body` are read: `judged` where a file must be of a media type that the contract says.
    pub(crate) fn of(body: &Body, judged: bool) -> Self {
        let form = b"multipart/form-data";
        let start = body.media_type.as_bytes().get(..form.len());
        Self {
            types: body.parts,
            judged,
            ordered: !start.is_some_and(|start| start.eq_ignore_ascii_case(form)),
        }
    }
}

/// Reads a body in parts into `place`, an object or a list.
///
/// # Errors
/// The body is not in parts, or a part is no value of its property.
pub(crate) fn read(
    content_type: &str,
    body: &Bytes,
    reading: Reading<'_>,
    place: &mut dyn Value,
) -> Result<(), DecodeError> {
    let parts = split(body, Parser::new(&boundary(content_type)?))?;
    fill(parts, reading, place)
}

/// The boundary that a content type names.
pub(crate) fn boundary(content_type: &str) -> Result<String, DecodeError> {
    parameter(content_type, "boundary")
        .filter(|boundary| !boundary.is_empty())
        .ok_or_else(|| DecodeError::new("the content type names no boundary"))
}

/// Cuts a body at its boundaries. What is in its parts is shared with it.
fn split(body: &Bytes, mut parser: Parser) -> Result<Vec<Part>, DecodeError> {
    let broken = |what: &str| DecodeError::new(format!("the body in parts {what}"));
    let mut parts: Vec<Part> = Vec::new();
    parser.push(body.clone());
    while let Some(event) = parser.next().map_err(broken)? {
        match (event, parts.last_mut()) {
            (Event::Head(head), _) => parts.push(Part {
                head,
                content: Held::Whole(Bytes::new()),
            }),
            (Event::Content(octets), Some(part)) => part.content = Held::Whole(octets),
            _ => {}
        }
    }
    parser.finish().map_err(broken)?;
    Ok(parts)
}

/// Puts each part where its name says, or its place among the others.
pub(crate) fn fill(parts: Vec<Part>, reading: Reading<'_>, place: &mut dyn Value) -> Result<(), DecodeError> {
    match place.node_mut() {
        NodeMut::Optional(optional) | NodeMut::Nullable(optional) => fill(parts, reading, optional.fill()),
        NodeMut::Record(record) => fill_record(parts, reading, record),
        NodeMut::Map(map) => fill_map(parts, reading, map),
        NodeMut::List(list) if reading.ordered => {
            list.clear();
            let said = reading.said("");
            for (index, part) in parts.into_iter().enumerate() {
                read_part(part, said, list.push()).map_err(|error| error.in_index(index))?;
            }
            Ok(())
        }
        _ => Err(DecodeError::new("expected an object")),
    }
}

fn fill_record(parts: Vec<Part>, reading: Reading<'_>, record: &mut dyn Record) -> Result<(), DecodeError> {
    let shape = record.shape();
    let mut of_fields: Vec<Vec<Part>> = shape.fields.iter().map(|_| Vec::new()).collect();
    let mut rest = Vec::new();
    let mut nameless = Vec::new();
    for part in parts {
        if reading.ordered && part.head.name.is_none() {
            nameless.push(part);
            continue;
        }
        let mut fields = shape.fields.iter();
        match fields.position(|field| part.name() == Some(field.name)) {
            Some(index) => of_fields[index].push(part),
            None => rest.push(part),
        }
    }
    // Those without a name are the properties that no name was given for, in their order.
    let free = of_fields.iter_mut().filter(|parts| parts.is_empty());
    for (field, part) in free.zip(nameless) {
        field.push(part);
    }
    for (index, (field, parts)) in shape.fields.iter().zip(of_fields).enumerate() {
        let Some(place) = record.field_mut(index) else {
            continue;
        };
        if !parts.is_empty() {
            read_parts(parts, reading.said(field.name), place).map_err(|error| error.in_key(field.name))?;
        } else if field.required && !takes_nothing(place) {
            return Err(DecodeError::new("a required property is missing").in_key(field.name));
        }
    }
    if shape.open.keeps()
        && let Some(NodeMut::Map(map)) = record.field_mut(shape.fields.len()).map(Value::node_mut)
    {
        fill_map(rest, reading, map)?;
    }
    Ok(())
}

/// A list without items is no part at all.
fn takes_nothing(place: &mut dyn Value) -> bool {
    match place.node_mut() {
        NodeMut::Nullable(nullable) => {
            let takes = takes_nothing(nullable.fill());
            nullable.clear();
            takes
        }
        NodeMut::List(_) => true,
        _ => false,
    }
}

fn fill_map(
    parts: Vec<Part>,
    reading: Reading<'_>,
    map: &mut dyn crate::codec::Map,
) -> Result<(), DecodeError> {
    let mut of_names: Vec<(String, Vec<Part>)> = Vec::new();
    let mut places = HashMap::new();
    for mut part in parts {
        let Some(name) = part.head.name.take() else {
            continue;
        };
        let at = *places.entry(name.clone()).or_insert(of_names.len());
        match of_names.get_mut(at) {
            Some((_, all)) => all.push(part),
            None => of_names.push((name, vec![part])),
        }
    }
    for (name, parts) in of_names {
        let said = reading.said(&name);
        read_parts(parts, said, map.insert(name.clone())).map_err(|error| error.in_key(name))?;
    }
    Ok(())
}

impl<'a> Reading<'a> {
    /// What a file of this name must be of.
    fn said(self, name: &str) -> Option<&'a str> {
        self.judged.then(|| media::said(self.types, name)).flatten()
    }
}

/// Reads the parts of one name: a list takes all, anything else the last.
fn read_parts(mut parts: Vec<Part>, said: Option<&str>, place: &mut dyn Value) -> Result<(), DecodeError> {
    match place.node_mut() {
        NodeMut::Optional(optional) | NodeMut::Nullable(optional) => {
            return read_parts(parts, said, optional.fill());
        }
        NodeMut::Json(value) if parts.len() > 1 => {
            *value = Json::Array(parts.into_iter().map(json_of).collect::<Result<_, _>>()?);
            return Ok(());
        }
        _ => {}
    }
    // Some send a list as one part of JSON.
    if let [
        Part {
            content: Held::Whole(octets),
            ..
        },
    ] = parts.as_slice()
        && text::kind_of(place) == text::PlaceKind::List
        && octets.starts_with(b"[")
        && json::read(octets, place).is_ok()
    {
        return Ok(());
    }
    if let NodeMut::List(list) = place.node_mut() {
        list.clear();
        for (index, part) in parts.into_iter().enumerate() {
            read_part(part, said, list.push()).map_err(|error| error.in_index(index))?;
        }
        return Ok(());
    }
    parts.pop().map_or(Ok(()), |part| read_part(part, said, place))
}

fn json_of(part: Part) -> Result<Json, DecodeError> {
    let mut value = Json::Null;
    read_part(part, None, &mut value)?;
    Ok(value)
}

fn read_part(part: Part, said: Option<&str>, place: &mut dyn Value) -> Result<(), DecodeError> {
    match place.node_mut() {
        NodeMut::Optional(optional) | NodeMut::Nullable(optional) => {
            return read_part(part, said, optional.fill());
        }
        NodeMut::File(file) => {
            *file = file_of(part, said)?;
            return Ok(());
        }
        _ => {}
    }
    let octets = part.octets()?;
    if part.is_json() {
        return json::read(octets, place);
    }
    if let (NodeMut::Json(value), Err(_)) = (place.node_mut(), std::str::from_utf8(octets)) {
        // A file that the contract does not name.
        *value = Json::String(base64::prelude::BASE64_STANDARD.encode(octets));
        return Ok(());
    }
    let text = std::str::from_utf8(octets).map_err(|_| DecodeError::new("is not UTF-8 text"))?;
    text::read(text, place)
}

fn file_of(part: Part, said: Option<&str>) -> Result<File, DecodeError> {
    if let (Some(said), Some(media_type)) = (said, &part.head.media_type)
        && !media::fits(said, media_type)
    {
        return Err(DecodeError::new(format!("its media type must be one of {said}")));
    }
    let mut file = match part.content {
        Held::Whole(octets) => File::new(octets),
        Held::Streamed(octets) => File::from(octets),
    };
    file.name = part.head.file_name;
    file.media_type = part.head.media_type;
    file.set_headers(part.head.headers);
    Ok(file)
}
