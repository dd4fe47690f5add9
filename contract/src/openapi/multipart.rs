//! Bodies in parts (`multipart/form-data`): which properties are files, and what media type each part has.

use crate::model::{Encoding, TypeUse};
use crate::schema::{Context, Types};
use crate::source::{Node, Object};

use super::content;

/// How deep `allOf` and references nest before no more properties are looked for.
const MAX_NESTING: usize = 16;

/// What a media type object says of its parts: the value, its files marked as such. `None`: it says nothing that a type
/// could be made of.
pub(super) fn value<'a>(
    cx: &Context<'a>,
    types: &mut Types<'_, 'a>,
    media: &'a Node,
    place: &str,
) -> Option<TypeUse> {
    let schema = media.get("schema")?;
    let encodings = media.get("encoding").and_then(Node::as_object);
    let value = types.use_of(schema, place);
    let mut files = Vec::new();
    find(cx, schema, encodings, &mut files, 0);
    types.mark_files(&value, &files).then_some(value)
}

/// Whether any property is a file.
pub(super) fn has_files<'a>(cx: &Context<'a>, media: &'a Node) -> bool {
    let mut files = Vec::new();
    if let Some(schema) = media.get("schema") {
        let encodings = media.get("encoding").and_then(Node::as_object);
        find(cx, schema, encodings, &mut files, 0);
    }
    !files.is_empty()
}

/// The media types that parts say, each a list separated by commas: which of several a file has is for the caller to say,
/// and for the server to judge.
pub(super) fn parts(media: &Node) -> Vec<(String, String)> {
    let encodings = media.get("encoding").and_then(Node::as_object);
    let entries = encodings.map(Object::entries).unwrap_or_default();
    entries
        .iter()
        .filter_map(|entry| {
            let all: Vec<&str> = media_types(&entry.value)?.collect();
            (!all.is_empty()).then(|| (entry.key.to_string(), all.join(", ")))
        })
        .collect()
}

/// The media types of an encoding.
fn media_types(encoding: &Node) -> Option<impl Iterator<Item = &str>> {
    let all = encoding.get("contentType")?.as_str()?;
    Some(all.split(',').map(str::trim).filter(|one| !one.is_empty()))
}

/// The properties that are files, here and in all that the schema is made of.
fn find<'a>(
    cx: &Context<'a>,
    schema: &'a Node,
    encodings: Option<&Object>,
    files: &mut Vec<&'a str>,
    depth: usize,
) {
    if depth > MAX_NESTING {
        return;
    }
    if let Some(Ok(target)) = cx.document.target(schema) {
        find(cx, target.node, encodings, files, depth + 1);
    }
    for member in schema.get("allOf").and_then(Node::as_array).unwrap_or_default() {
        find(cx, member, encodings, files, depth + 1);
    }
    let properties = schema.get("properties").and_then(Node::as_object);
    for entry in properties.map(Object::entries).unwrap_or_default() {
        let said = encodings.and_then(|all| media_types(all.get(&entry.key)?)?.next());
        if is_file(cx, &entry.value, said) {
            files.push(&entry.key);
        }
    }
}

/// Whether a property, or each item of it, is a file: octets as they are.
fn is_file<'a>(cx: &Context<'a>, property: &'a Node, said: Option<&str>) -> bool {
    let Ok(schema) = cx.document.follow(property) else {
        return false;
    };
    let text = |keyword: &str| schema.get(keyword).and_then(Node::as_str);
    let kinds: Vec<&str> = match schema.get("type") {
        Some(kind) => match kind.as_array() {
            Some(kinds) => kinds.iter().filter_map(Node::as_str).collect(),
            None => kind.as_str().into_iter().collect(),
        },
        None => Vec::new(),
    };
    if kinds.contains(&"array") || (kinds.is_empty() && schema.get("items").is_some()) {
        return match schema.get("items") {
            // An array of arrays is no list of files.
            Some(items) if items.get("items").is_none() => is_file(cx, items, said),
            _ => false,
        };
    }
    let is_octets = |media_type: &str| content::encoding(media_type) == Encoding::Bytes;
    let plain = [
        "enum",
        "const",
        "properties",
        "oneOf",
        "anyOf",
        "allOf",
        "contentEncoding",
    ]
    .iter()
    .all(|keyword| schema.get(keyword).is_none());
    let is_text = kinds.contains(&"string") && matches!(text("format"), None | Some("binary"));
    let is_open = kinds.is_empty();
    text("format") == Some("binary") && (is_text || is_open)
        || plain
            && (is_text || is_open)
            && (text("contentMediaType").is_some_and(is_octets) || said.is_some_and(is_octets))
}
