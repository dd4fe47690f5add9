//! Bodies in parts: `multipart/form-data` (RFC 7578), written and read by the tables.

use base64::Engine as _;
use bytes::Bytes;
use memchr::memmem;

use crate::codec::{DecodeError, Json, Node, NodeMut, Record, Value, json, text};
use crate::headers::disposition::parameter;

/// How many parts a body may have: each costs more than its octets.
const MOST_PARTS: usize = 10_000;

/// How many octets the headers of one part may have.
const LONGEST_HEAD: usize = 16 * 1024;

/// What every boundary starts with.
const PREFIX: &str = "tieline-part-";

/// A part, ready to be joined with others.
struct Written {
    head: String,
    content: Bytes,
}

/// The boundary and the octets of a body. `types` are the media types of parts that the contract says.
pub(crate) fn write(value: &dyn Value, types: &[(&str, &str)]) -> (String, Bytes) {
    let mut parts = Vec::new();
    write_object(value, types, &mut parts);
    let boundary = boundary(&parts);
    let length = parts
        .iter()
        .map(|part| part.head.len() + part.content.len() + boundary.len() + 8)
        .sum::<usize>();
    let mut body = Vec::with_capacity(length + boundary.len() + 8);
    for part in &parts {
        body.extend_from_slice(format!("--{boundary}\r\n{}\r\n\r\n", part.head).as_bytes());
        body.extend_from_slice(&part.content);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
    (boundary, body.into())
}

/// The first of the numbered boundaries that no part contains: found in one pass, whatever the parts hold.
fn boundary(parts: &[Written]) -> String {
    let mut taken = std::collections::HashSet::new();
    for part in parts {
        for at in memmem::find_iter(&part.content, PREFIX) {
            let digits = part.content.get(at + PREFIX.len()..at + PREFIX.len() + 16);
            taken.extend(digits.and_then(|digits| std::str::from_utf8(digits).ok()?.parse::<u64>().ok()));
        }
    }
    // One more than are taken, so one of them is free.
    let mut numbers = 0..=taken.len() as u64;
    let number = numbers.find(|number| !taken.contains(number)).unwrap_or_default();
    format!("{PREFIX}{number:016}")
}

fn write_object(value: &dyn Value, types: &[(&str, &str)], parts: &mut Vec<Written>) {
    let said = |name: &str| types.iter().find(|(of, _)| *of == name).map(|(_, said)| *said);
    match value.node() {
        Node::Record(record) => {
            let shape = record.shape();
            for (index, field) in shape.fields.iter().enumerate() {
                if let Some(value) = record.field(index) {
                    write_part(field.name, value, said(field.name), parts);
                }
            }
            if shape.open.keeps()
                && let Some(rest) = record.field(shape.fields.len())
            {
                write_object(rest, types, parts);
            }
        }
        Node::Map(map) => map.each(&mut |name, value| {
            write_part(name, value, said(name), parts);
            true
        }),
        Node::Union(union) => write_object(union.active().1, types, parts),
        // Nothing else has properties.
        _ => {}
    }
}

/// A list is a part for each item, under one name. What is absent is no part.
fn write_part(name: &str, value: &dyn Value, said: Option<&str>, parts: &mut Vec<Written>) {
    let quoted = quoted(name);
    let mut add = |file_name: Option<&str>, media_type: Option<&str>, content: Bytes| {
        let mut head = format!("Content-Disposition: form-data; name=\"{quoted}\"");
        if let Some(file_name) = file_name {
            head.push_str(&format!("; filename=\"{}\"", self::quoted(file_name)));
        }
        // A header's end inside a media type would begin another header.
        if let Some(media_type) = media_type.filter(|text| !text.contains(['\r', '\n'])) {
            head.push_str(&format!("\r\nContent-Type: {media_type}"));
        }
        parts.push(Written { head, content });
    };
    let is_json = said.is_some_and(is_json);
    match value.node() {
        Node::Absent => {}
        Node::Json(Json::Array(items)) => {
            for item in items {
                write_part(name, item, said, parts);
            }
        }
        Node::List(list) => {
            for item in (0..list.len()).filter_map(|index| list.item(index)) {
                write_part(name, item, said, parts);
            }
        }
        Node::File(file) => {
            let media_type = file.media_type.as_deref().or(said);
            add(
                Some(file.name.as_deref().unwrap_or(name)),
                media_type.or(Some("application/octet-stream")),
                file.content.clone(),
            );
        }
        Node::Union(union) if !is_json => write_part(name, union.active().1, said, parts),
        Node::Record(_) | Node::Map(_) | Node::Json(Json::Object(_)) => {
            add(
                None,
                said.or(Some("application/json")),
                json::to_vec(value).into(),
            );
        }
        _ if is_json => add(None, said, json::to_vec(value).into()),
        _ => add(None, said, text::parts(value).to_string().into()),
    }
}

/// A name as HTML's forms write it in quotes.
fn quoted(name: &str) -> String {
    name.replace('\r', "%0D").replace('\n', "%0A").replace('"', "%22")
}

fn is_json(media_type: &str) -> bool {
    let essence = media_type.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/json") || essence.to_ascii_lowercase().ends_with("+json")
}

/// A part that has arrived.
struct Arrived {
    name: String,
    file_name: Option<String>,
    media_type: Option<String>,
    content: Bytes,
}

/// Reads a body in parts into `place`, an object.
///
/// # Errors
/// The body is not in parts, or a part is no value of its property.
pub(crate) fn read(content_type: &str, body: &Bytes, place: &mut dyn Value) -> Result<(), DecodeError> {
    let boundary = parameter(content_type, "boundary")
        .filter(|boundary| !boundary.is_empty())
        .ok_or_else(|| DecodeError::new("the content type names no boundary"))?;
    let parts = split(body, &boundary)?;
    fill(parts, place)
}

/// Cuts a body at its boundary.
fn split(body: &Bytes, boundary: &str) -> Result<Vec<Arrived>, DecodeError> {
    let broken = |what: &str| DecodeError::new(format!("the body in parts {what}"));
    let delimiter = format!("\r\n--{boundary}");
    let finder = memmem::Finder::new(&delimiter);
    // The first one may stand at the very start; what comes before it is nobody's.
    let first = &delimiter.as_bytes()[2..];
    let mut at = if body.starts_with(first) {
        first.len()
    } else {
        finder.find(body).ok_or_else(|| broken("has no boundary"))? + delimiter.len()
    };
    let mut parts = Vec::new();
    loop {
        let rest = &body[at..];
        if rest.starts_with(b"--") {
            return Ok(parts);
        }
        let blank = rest
            .iter()
            .take_while(|octet| matches!(octet, b' ' | b'\t'))
            .count();
        if !rest[blank..].starts_with(b"\r\n") {
            return Err(broken("is cut off"));
        }
        let start = at + blank;
        let end = finder
            .find(&body[start + 2..])
            .map(|found| start + 2 + found)
            // An empty part's own line end may be that of the boundary.
            .ok_or_else(|| broken("is cut off"))?;
        if parts.len() == MOST_PARTS {
            return Err(broken("has too many parts"));
        }
        parts.extend(part(&body.slice(start..end)).map_err(broken)?);
        at = end + delimiter.len();
    }
}

/// Reads one part, which starts with the line end of its boundary. `None`: it has no name, so it is no property.
fn part(octets: &Bytes) -> Result<Option<Arrived>, &'static str> {
    let window = &octets[..octets.len().min(LONGEST_HEAD)];
    let end = memmem::find(window, b"\r\n\r\n").ok_or("has a part without an end of its headers")?;
    let head = std::str::from_utf8(&octets[..end]).map_err(|_| "has part headers that are not UTF-8 text")?;
    let (mut disposition, mut media_type) = (None, None);
    for line in head.split("\r\n") {
        if let Some((name, value)) = line.split_once(':') {
            if name.trim().eq_ignore_ascii_case("content-disposition") {
                disposition = Some(value.trim());
            } else if name.trim().eq_ignore_ascii_case("content-type") {
                media_type = Some(value.trim().to_owned());
            }
        }
    }
    let named = disposition.and_then(|disposition| Some((disposition, parameter(disposition, "name")?)));
    Ok(named.map(|(disposition, name)| Arrived {
        name: unquoted(&name),
        file_name: parameter(disposition, "filename").map(|name| unquoted(&name)),
        media_type,
        content: octets.slice(end + 4..),
    }))
}

fn unquoted(name: &str) -> String {
    name.replace("%0D", "\r")
        .replace("%0A", "\n")
        .replace("%22", "\"")
}

/// Puts each part where its name says.
fn fill(parts: Vec<Arrived>, place: &mut dyn Value) -> Result<(), DecodeError> {
    match place.node_mut() {
        NodeMut::Optional(optional) | NodeMut::Nullable(optional) => fill(parts, optional.fill()),
        NodeMut::Record(record) => fill_record(parts, record),
        NodeMut::Map(map) => fill_map(parts, map),
        _ => Err(DecodeError::new("expected an object")),
    }
}

fn fill_record(parts: Vec<Arrived>, record: &mut dyn Record) -> Result<(), DecodeError> {
    let shape = record.shape();
    let mut of_fields: Vec<Vec<Arrived>> = shape.fields.iter().map(|_| Vec::new()).collect();
    let mut rest = Vec::new();
    for part in parts {
        match shape.fields.iter().position(|field| field.name == part.name) {
            Some(index) => of_fields[index].push(part),
            None => rest.push(part),
        }
    }
    for (index, (field, parts)) in shape.fields.iter().zip(of_fields).enumerate() {
        let Some(place) = record.field_mut(index) else {
            continue;
        };
        if !parts.is_empty() {
            read_parts(&parts, place).map_err(|error| error.in_key(field.name))?;
        } else if field.required && !takes_nothing(place) {
            return Err(DecodeError::new("a required property is missing").in_key(field.name));
        }
    }
    if shape.open.keeps()
        && let Some(NodeMut::Map(map)) = record.field_mut(shape.fields.len()).map(Value::node_mut)
    {
        fill_map(rest, map)?;
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

fn fill_map(parts: Vec<Arrived>, map: &mut dyn crate::codec::Map) -> Result<(), DecodeError> {
    let mut of_names: Vec<Vec<Arrived>> = Vec::new();
    let mut places = std::collections::HashMap::new();
    for part in parts {
        let at = *places.entry(part.name.clone()).or_insert(of_names.len());
        match of_names.get_mut(at) {
            Some(all) => all.push(part),
            None => of_names.push(vec![part]),
        }
    }
    for parts in of_names {
        let name = parts[0].name.clone();
        read_parts(&parts, map.insert(name.clone())).map_err(|error| error.in_key(name))?;
    }
    Ok(())
}

/// Reads the parts of one name: a list takes all, anything else the last.
fn read_parts(parts: &[Arrived], place: &mut dyn Value) -> Result<(), DecodeError> {
    match place.node_mut() {
        NodeMut::Optional(optional) | NodeMut::Nullable(optional) => {
            return read_parts(parts, optional.fill());
        }
        NodeMut::Json(value) if parts.len() > 1 => {
            *value = Json::Array(parts.iter().map(json_of).collect::<Result<_, _>>()?);
            return Ok(());
        }
        _ => {}
    }
    // Some send a list as one part of JSON.
    if let [part] = parts
        && text::kind_of(place) == text::PlaceKind::List
        && part.content.starts_with(b"[")
        && json::read(&part.content, place).is_ok()
    {
        return Ok(());
    }
    if let NodeMut::List(list) = place.node_mut() {
        list.clear();
        for (index, part) in parts.iter().enumerate() {
            read_part(part, list.push()).map_err(|error| error.in_index(index))?;
        }
        return Ok(());
    }
    parts.last().map_or(Ok(()), |part| read_part(part, place))
}

fn json_of(part: &Arrived) -> Result<Json, DecodeError> {
    let mut value = Json::Null;
    read_part(part, &mut value)?;
    Ok(value)
}

fn read_part(part: &Arrived, place: &mut dyn Value) -> Result<(), DecodeError> {
    match place.node_mut() {
        NodeMut::Optional(optional) | NodeMut::Nullable(optional) => {
            return read_part(part, optional.fill());
        }
        NodeMut::File(file) => {
            file.content = part.content.clone();
            file.name.clone_from(&part.file_name);
            file.media_type.clone_from(&part.media_type);
            return Ok(());
        }
        _ => {}
    }
    if part.media_type.as_deref().is_some_and(is_json) {
        return json::read(&part.content, place);
    }
    if let (NodeMut::Json(value), Err(_)) = (place.node_mut(), std::str::from_utf8(&part.content)) {
        // A file that the contract does not name.
        *value = Json::String(base64::prelude::BASE64_STANDARD.encode(&part.content));
        return Ok(());
    }
    let text = std::str::from_utf8(&part.content).map_err(|_| DecodeError::new("is not UTF-8 text"))?;
    text::read(text, place)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::{Field, File, Nullable, Shape};
    use std::collections::BTreeMap;

    #[derive(Clone)]
    struct Upload {
        title: String,
        photo: File,
        more: Vec<File>,
        meta: Option<BTreeMap<String, Json>>,
        count: Option<Nullable<i32>>,
    }
    static UPLOAD: Shape = Shape::new(
        "Upload",
        &[
            Field::required("title"),
            Field::required("photo"),
            Field::required("more"),
            Field::optional("meta"),
            Field::optional("count"),
        ],
    );
    crate::__record!(
        Upload = UPLOAD {
            0: title,
            1: photo,
            2: more,
            3: meta,
            4: count
        }
    );

    fn upload() -> Upload {
        Upload {
            title: "A \"cat\"\r\n--tieline-part-0000000000000000--".to_owned(),
            photo: File::new(&b"\r\n\xff\xd8\r\n"[..])
                .name("a \"cat\".jpg")
                .media_type("image/jpeg"),
            more: vec![File::new("one"), File::new("")],
            meta: Some([("tags".to_owned(), serde_json::json!(["a", 1]))].into()),
            count: Some(Nullable::Value(3)),
        }
    }

    fn read_back(boundary: &str, body: &Bytes) -> Result<Upload, DecodeError> {
        let mut back = Upload::blank();
        read(
            &format!("multipart/form-data; boundary={boundary}"),
            body,
            &mut back,
        )?;
        Ok(back)
    }

    #[test]
    fn what_is_written_is_read_back_whatever_it_contains() {
        let (boundary, body) = write(&upload(), &[]);
        assert_eq!(boundary, "tieline-part-0000000000000001");
        let mut expected = upload();
        for file in &mut expected.more {
            file.name = Some("more".to_owned());
            file.media_type = Some("application/octet-stream".to_owned());
        }
        assert_eq!(read_back(&boundary, &body).unwrap(), expected);
    }

    #[test]
    fn parts_have_the_media_types_of_the_contract() {
        let (_, body) = write(
            &upload(),
            &[("meta", "application/vnd.meta+json"), ("title", "text/markdown")],
        );
        let text = String::from_utf8_lossy(&body);
        assert!(
            text.contains("name=\"meta\"\r\nContent-Type: application/vnd.meta+json\r\n\r\n{\"tags\""),
            "{text}"
        );
        assert!(
            text.contains("name=\"title\"\r\nContent-Type: text/markdown\r\n"),
            "{text}"
        );
        assert!(
            text.contains("filename=\"a %22cat%22.jpg\"\r\nContent-Type: image/jpeg\r\n"),
            "{text}"
        );
    }

    #[test]
    fn a_body_that_is_not_in_parts_is_refused() {
        let (boundary, body) = write(&upload(), &[]);
        for length in 0..body.len() - boundary.len() - 6 {
            assert!(read_back(&boundary, &body.slice(..length)).is_err(), "{length}");
        }
        assert!(read_back("", &body).is_err());
        assert!(read_back("another", &body).is_err());
    }

    #[test]
    fn parts_as_others_write_them_are_read() {
        let body = "preamble\r\n--x \r\ncontent-disposition: form-data; filename=a.txt; name=photo\r\n\r\nhi\r\n--x\r\n\
                    Content-Disposition: form-data; name=\"title\"\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nT\r\n\
                    --x\r\nX: y\r\n\r\nnameless\r\n--x--\r\nepilogue";
        let back = read_back("\"x\"; charset=utf-8", &Bytes::from(body)).unwrap();
        assert_eq!(
            (back.title.as_str(), &back.photo),
            ("T", &File::new("hi").name("a.txt"))
        );
        assert_eq!((back.more.len(), back.meta, back.count), (0, None, None));
    }
}
