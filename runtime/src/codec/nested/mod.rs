//! Values as names with brackets and texts, and back: `a[b][0]=1`, OpenAPI's `deepObject` with the nesting that npm's
//! `qs` gives it.

#[cfg(feature = "server")]
mod tree;

use std::borrow::Cow;

use super::text::{Parts, parts};
use super::{DecodeError, Json, Node, NodeMut, Value};
#[cfg(feature = "server")]
pub(crate) use tree::{Tree, segments};

/// Takes the segments of a name, and its text.
type Pair<'p> = dyn FnMut(&[Cow<'_, str>], &str) + 'p;

/// Calls `pair` with each name below `name`, by its segments, and its text. What is absent, and a list or an object
/// without content, has none.
pub(crate) fn write(name: &str, value: &dyn Value, pair: &mut Pair<'_>) {
    below(&mut vec![Cow::Borrowed(name)], value, pair);
}

fn below(path: &mut Vec<Cow<'_, str>>, value: &dyn Value, pair: &mut Pair<'_>) {
    let mut step = |segment: &str, value: &dyn Value| {
        path.push(Cow::Owned(segment.to_owned()));
        below(path, value, pair);
        path.pop();
    };
    match value.node() {
        Node::List(list) => {
            for (index, item) in (0..list.len()).filter_map(|index| Some((index, list.item(index)?))) {
                step(&index.to_string(), item);
            }
        }
        Node::Map(map) => map.each(&mut |key, value| {
            step(key, value);
            true
        }),
        Node::Record(record) => {
            let shape = record.shape();
            for (index, field) in shape.fields.iter().enumerate() {
                if let Some(value) = record.field(index) {
                    step(field.name, value);
                }
            }
            if shape.open.keeps()
                && let Some(rest) = record.field(shape.fields.len())
            {
                below(path, rest, pair);
            }
        }
        Node::Json(Json::Array(items)) => {
            for (index, item) in items.iter().enumerate() {
                step(&index.to_string(), item);
            }
        }
        Node::Json(Json::Object(entries)) => {
            for (key, value) in entries {
                step(key, value);
            }
        }
        Node::Union(union) => below(path, union.active().1, pair),
        Node::Foreign(foreign) => below(path, &foreign.to_json(), pair),
        _ => {
            if let Parts::One(text) = parts(value) {
                pair(path, &text);
            }
        }
    }
}

/// What a required place holds of which nothing came: a list or a map without content has no texts.
///
/// # Errors
/// It cannot be empty.
pub(crate) fn absent(place: &mut dyn Value) -> Result<(), DecodeError> {
    match place.node_mut() {
        NodeMut::List(_) | NodeMut::Map(_) | NodeMut::Unit => Ok(()),
        NodeMut::Record(record) if record.shape().fields.iter().all(|field| !field.required) => Ok(()),
        _ => Err(DecodeError::new("a required property is missing")),
    }
}
