//! Bodies in parts: which properties are files, and what media type each part has.
//!
//! An object has a part for each property, by its name. Where parts have no names (`multipart/mixed`, `multipart/related`, but
//! not `multipart/form-data`), an array has a part for each item, in order.

use crate::model::{Encoding, Scalar, Type, TypeUse};
use crate::schema::{Context, Types};
use crate::source::{Entry, Node, Object};

use super::content::{self, essence};

/// How deep `allOf` and references nest before no more properties are looked for.
const MAX_NESTING: usize = 16;

/// What a media type object says of its parts: the value, its files marked as such. `None`: it says nothing that a type
/// could be made of.
pub(super) fn value<'a>(
    cx: &Context<'a>,
    types: &mut Types<'_, 'a>,
    entry: &'a Entry,
    place: &str,
) -> Option<TypeUse> {
    let media = &entry.value;
    if let Some(item) = item(cx, entry) {
        let said = media
            .get("itemEncoding")
            .and_then(|encoding| media_types(encoding)?.next());
        let list = |item| TypeUse::plain(Type::List(Box::new(item)));
        if is_file(cx, item, said) {
            return Some(list(TypeUse::plain(Type::Scalar(Scalar::File))));
        }
        if media.get("itemSchema").is_some() {
            return Some(list(types.use_of(item, &format!("{place}.item"))));
        }
        let value = types.use_of(media.get("schema")?, place);
        return types.is_list(&value.ty).then_some(value);
    }
    if essence(&entry.key) != "multipart/form-data" && !is_described(cx, entry) {
        return None;
    }
    let schema = media.get("schema")?;
    let encodings = media.get("encoding").and_then(Node::as_object);
    let value = types.use_of(schema, place);
    let mut files = Vec::new();
    find(cx, schema, encodings, &mut files, 0);
    types.mark_files(&value, &files).then_some(value)
}

/// The schema of each part of a body whose parts have an order and no names.
fn item<'a>(cx: &Context<'a>, entry: &'a Entry) -> Option<&'a Node> {
    let media = &entry.value;
    // What each of the first parts is of its own is not typed.
    if essence(&entry.key) == "multipart/form-data" || media.get("prefixEncoding").is_some() {
        return None;
    }
    if let Some(item) = media.get("itemSchema") {
        return Some(item);
    }
    let schema = cx.document.follow(media.get("schema")?).ok()?;
    let is_array = schema.get("type").and_then(Node::as_str) == Some("array");
    schema
        .get("items")
        .filter(|_| is_array && schema.get("prefixItems").is_none())
}

/// Whether a type can be made of what a document says of a body's parts.
pub(super) fn is_described<'a>(cx: &Context<'a>, entry: &'a Entry) -> bool {
    let is_named = || {
        let schema = entry.value.get("schema");
        schema.is_some_and(|schema| has_properties(cx, schema, 0))
    };
    item(cx, entry).is_some() || entry.value.get("prefixEncoding").is_none() && is_named()
}

/// Whether a schema is one of an object.
fn has_properties<'a>(cx: &Context<'a>, schema: &'a Node, depth: usize) -> bool {
    if depth > MAX_NESTING {
        return false;
    }
    if schema.get("properties").is_some() || schema.get("additionalProperties").is_some() {
        return true;
    }
    let target = cx.document.target(schema).and_then(Result::ok);
    target.is_some_and(|target| has_properties(cx, target.node, depth + 1))
        || ["allOf", "oneOf", "anyOf"].iter().any(|keyword| {
            let members = schema.get(keyword).and_then(Node::as_array).unwrap_or_default();
            members.iter().any(|member| has_properties(cx, member, depth + 1))
        })
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
    // Items have no name.
    let item = media.get("itemEncoding").and_then(media_types);
    let item: Vec<&str> = item.into_iter().flatten().collect();
    let item = (!item.is_empty()).then(|| (String::new(), item.join(", ")));
    let encodings = media.get("encoding").and_then(Node::as_object);
    let entries = encodings.map(Object::entries).unwrap_or_default();
    let named = entries.iter().filter_map(|entry| {
        let all: Vec<&str> = media_types(&entry.value)?.collect();
        (!all.is_empty()).then(|| (entry.key.to_string(), all.join(", ")))
    });
    named.chain(item).collect()
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
