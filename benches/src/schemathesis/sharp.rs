//! The document that schemathesis is given: numbers of a format keep to its range, which the specification's registry of
//! formats says, and which schemathesis does not know.

use serde_json::{Value, json};

/// Gives every schema with a numeric format the bounds of that format, unless it has its own.
pub(super) fn sharpened(node: &mut Value) {
    match node {
        Value::Object(object) => {
            let bounds = match object.get("format").and_then(Value::as_str) {
                Some("float") => Some((json!(f32::MIN), json!(f32::MAX))),
                Some("int32") => Some((json!(i32::MIN), json!(i32::MAX))),
                Some("int64") => Some((json!(i64::MIN), json!(i64::MAX))),
                _ => None,
            };
            let is_number = object
                .get("type")
                .is_some_and(|kind| kind == "number" || kind == "integer");
            if let Some((low, high)) = bounds.filter(|_| is_number) {
                object.entry("minimum").or_insert(low);
                object.entry("maximum").or_insert(high);
            }
            object.values_mut().for_each(sharpened);
        }
        Value::Array(items) => items.iter_mut().for_each(sharpened),
        _ => {}
    }
}
