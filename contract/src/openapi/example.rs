//! Examples of what a caller gives: the one that the contract shows for it, or one put together from those of its parts.

use serde_json::{Map, Value};

use crate::schema::Context;
use crate::source::Node;

/// How deep an example is put together from parts, as types can contain themselves.
const DEEP: usize = 8;
/// How many schemas are looked at for one example.
const FAR: usize = 200;

/// What `example`, `examples` or the schema of a parameter or a media type show.
pub(super) fn of<'a>(cx: &Context<'a>, node: &'a Node) -> Option<Value> {
    let first = || {
        let examples = node.get("examples")?;
        let first = examples.as_object()?.entries().first()?;
        let example = cx.document.follow(&first.value).ok()?;
        // `serializedValue` is text of the wire, and `externalValue` is elsewhere.
        example.get("dataValue").or_else(|| example.get("value"))
    };
    let shown = node.get("example").or_else(first).map(Node::to_json);
    let mut search = Search { cx, left: FAR };
    shown.or_else(|| search.schema(node.get("schema")?, DEEP))
}

struct Search<'c, 'a> {
    cx: &'c Context<'a>,
    left: usize,
}

impl<'a> Search<'_, 'a> {
    /// What a schema shows, or its parts do.
    fn schema(&mut self, schema: &'a Node, deep: usize) -> Option<Value> {
        self.left = self.left.checked_sub(1)?;
        let schema = self.cx.document.follow(schema).ok()?;
        let first = || schema.get("examples")?.as_array()?.first();
        let shown = schema
            .get("example")
            .or_else(first)
            .or_else(|| schema.get("const"))
            .or_else(|| schema.get("default"))
            .or_else(|| schema.get("enum")?.as_array()?.first());
        if let Some(shown) = shown {
            return Some(shown.to_json());
        }
        let deep = deep.checked_sub(1)?;
        if let Some(items) = schema.get("items") {
            return Some(Value::Array(vec![self.schema(items, deep)?]));
        }
        let mut object = Map::new();
        self.properties(schema, deep, &mut object)?;
        (!object.is_empty()).then_some(Value::Object(object))
    }

    /// The properties that have examples. `None`: one that is required has not.
    fn properties(&mut self, schema: &'a Node, deep: usize, object: &mut Map<String, Value>) -> Option<()> {
        if let Some(parts) = schema.get("allOf").and_then(Node::as_array) {
            let deep = deep.checked_sub(1)?;
            for part in parts {
                self.left = self.left.checked_sub(1)?;
                self.properties(self.cx.document.follow(part).ok()?, deep, object)?;
            }
        }
        if let Some(properties) = schema.get("properties").and_then(Node::as_object) {
            for property in properties.entries() {
                if property.value.get("readOnly").and_then(Node::as_bool) == Some(true) {
                    continue;
                }
                if let Some(example) = self.schema(&property.value, deep) {
                    object.insert(property.key.to_string(), example);
                }
            }
        }
        let mut required = schema
            .get("required")
            .and_then(Node::as_array)
            .into_iter()
            .flatten();
        required
            .all(|name| name.as_str().is_none_or(|name| object.contains_key(name)))
            .then_some(())
    }
}
