//! Bodies of items and of events: what type each has.
//!
//! OpenAPI 3.2 says it by `itemSchema`; an event's describes the event, whose `data` says by `contentSchema` what is in its
//! text. Before 3.2 there was `schema` only, which documents take to be that of an item, or of an event's data. One that is
//! an array is that of the whole body, whose items count (as 3.2 reads it).

use crate::model::{Encoding, Scalar, Type, TypeUse};
use crate::schema::{Context, Types};
use crate::source::Node;

/// How deep references and `allOf` nest before no further property is looked for.
const MAX_NESTING: usize = 16;

/// The encoding and the type of an item, or of an event's data. `None`: `encoding` is not one of items or events.
pub(super) fn value<'a>(
    cx: &Context<'a>,
    types: &mut Types<'_, 'a>,
    encoding: Encoding,
    media: &'a Node,
    place: &str,
) -> Option<(Encoding, TypeUse)> {
    let is_events = matches!(encoding, Encoding::Events | Encoding::TextEvents);
    if !is_events && !matches!(encoding, Encoding::Lines | Encoding::Sequence) {
        return None;
    }
    let schema = match media.get("itemSchema") {
        Some(item) => Some(item),
        None => media.get("schema").map(|schema| item_of(cx, schema)),
    };
    let described = if is_events {
        match schema.map(|schema| event(cx, schema)) {
            Some(Data::Json(schema)) => Described::Json(Some(schema)),
            Some(Data::Text) | None => Described::Text,
            // `itemSchema` describes events only.
            Some(Data::Unsaid) if media.get("itemSchema").is_some() => Described::Text,
            Some(Data::Unsaid) => plain(cx, schema),
        }
    } else {
        plain(cx, schema)
    };
    let scalar = |scalar| TypeUse::plain(Type::Scalar(scalar));
    Some(match described {
        Described::Json(Some(schema)) => (encoding, types.use_of(schema, place)),
        Described::Json(None) => (encoding, TypeUse::plain(Type::Json)),
        Described::Text if is_events => (Encoding::TextEvents, scalar(Scalar::String)),
        // Lines of which nothing is known but that they are text.
        Described::Text => (Encoding::Bytes, scalar(Scalar::Binary)),
    })
}

/// What an item is.
enum Described<'a> {
    Json(Option<&'a Node>),
    Text,
}

/// What the data of an event is.
enum Data<'a> {
    /// JSON of this schema.
    Json(&'a Node),
    /// Text.
    Text,
    /// The schema is not that of an event.
    Unsaid,
}

fn plain<'a>(cx: &Context<'a>, schema: Option<&'a Node>) -> Described<'a> {
    match schema {
        Some(schema) if is_plain_text(cx, schema) => Described::Text,
        schema => Described::Json(schema),
    }
}

/// The schema of an item of a whole body.
fn item_of<'a>(cx: &Context<'a>, schema: &'a Node) -> &'a Node {
    let followed = cx.document.follow(schema).unwrap_or(schema);
    match (followed.get("type").and_then(Node::as_str), followed.get("items")) {
        (Some("array"), Some(items)) => items,
        _ => schema,
    }
}

/// Text of which no more is said.
fn is_plain_text(cx: &Context<'_>, schema: &Node) -> bool {
    let Ok(schema) = cx.document.follow(schema) else {
        return false;
    };
    schema.get("type").and_then(Node::as_str) == Some("string")
        && schema.get("enum").is_none()
        && matches!(schema.get("format").and_then(Node::as_str), None | Some("binary"))
}

/// What the schema of an event says of its data: an object of the format's fields, `data` being one of them.
fn event<'a>(cx: &Context<'a>, schema: &'a Node) -> Data<'a> {
    let mut data = None;
    let mut others = false;
    find(cx, schema, &mut data, &mut others, 0);
    let Some(data) = data.filter(|_| !others) else {
        return Data::Unsaid;
    };
    let followed = cx.document.follow(data).unwrap_or(data);
    if let Some(schema) = followed.get("contentSchema") {
        return Data::Json(schema);
    }
    // Documents before 3.2 that describe an event say at once what is in its data.
    if followed.get("type").and_then(Node::as_str) == Some("string")
        || followed.get("type").is_none() && is_empty(followed)
    {
        Data::Text
    } else {
        Data::Json(data)
    }
}

fn is_empty(schema: &Node) -> bool {
    ["$ref", "oneOf", "anyOf", "allOf", "properties", "enum", "const"]
        .iter()
        .all(|keyword| schema.get(keyword).is_none())
}

/// The property `data`, here and in all that the schema is made of, and whether there are properties that no event has.
fn find<'a>(
    cx: &Context<'a>,
    schema: &'a Node,
    data: &mut Option<&'a Node>,
    others: &mut bool,
    depth: usize,
) {
    if depth > MAX_NESTING {
        return;
    }
    if let Some(Ok(target)) = cx.document.target(schema) {
        find(cx, target.node, data, others, depth + 1);
    }
    for member in schema.get("allOf").and_then(Node::as_array).unwrap_or_default() {
        find(cx, member, data, others, depth + 1);
    }
    let properties = schema.get("properties").and_then(Node::as_object);
    for entry in properties.map(crate::source::Object::entries).unwrap_or_default() {
        match entry.key.as_ref() {
            "data" => *data = Some(&entry.value),
            "event" | "id" | "retry" => {}
            _ => *others = true,
        }
    }
}
