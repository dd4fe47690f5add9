//! Writing a form: `application/x-www-form-urlencoded`.

use super::query::Query;
use crate::codec::text::{Parts, parts};
use crate::codec::{Node, Value};
use crate::operation::{Body, QueryStyle};

/// Each property a pair, lists repeated, what the contract does not name behind them. `body` says how properties are
/// written that the contract says.
pub(crate) fn write_form(value: &dyn Value, body: &Body) -> String {
    let mut text = String::new();
    write_object(&mut Query::form(&mut text), value, body);
    text.strip_prefix('?').map(str::to_owned).unwrap_or_default()
}

/// The same as all of a query.
pub(super) fn write_query(value: &dyn Value, body: &Body) -> String {
    let mut text = String::new();
    write_object(&mut Query::behind(&mut text), value, body);
    text.strip_prefix('?').map(str::to_owned).unwrap_or_default()
}

fn write_object(query: &mut Query<'_>, value: &dyn Value, body: &Body) {
    match value.node() {
        Node::Record(record) => {
            let shape = record.shape();
            for (index, field) in shape.fields.iter().enumerate() {
                if let Some(value) = record.field(index) {
                    write_property(query, field.name, value, body);
                }
            }
            if shape.open.keeps()
                && let Some(Node::Map(rest)) = record.field(shape.fields.len()).map(Value::node)
            {
                rest.each(&mut |name, value| {
                    write_property(query, name, value, body);
                    true
                });
            }
        }
        Node::Union(union) => write_object(query, union.active().1, body),
        _ => {
            if let Parts::Object(entries) = parts(value) {
                for (key, text) in &entries {
                    query.pair(key, text);
                }
            }
        }
    }
}

/// An object is written as JSON where nothing is said (OpenAPI 3.1, "Encoding Object"): its own properties would stand
/// among those of the form.
fn write_property(query: &mut Query<'_>, name: &str, value: &dyn Value, body: &Body) {
    let said = body
        .styles
        .iter()
        .find(|(of, _)| *of == name)
        .map(|(_, style)| *style);
    let style = said.unwrap_or_else(|| match parts(value) {
        Parts::Object(_) => QueryStyle::Json,
        _ => QueryStyle::FormExploded,
    });
    if body.reserved.contains(&name) {
        query.reserved();
    }
    query.parameter(name, value, style);
}
