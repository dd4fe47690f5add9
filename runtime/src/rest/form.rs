//! Writing a form: `application/x-www-form-urlencoded`.

use super::query::Query;
use crate::codec::text::{Parts, parts};
use crate::codec::{Node, Value};
use crate::operation::QueryStyle;

/// Each property a pair, lists repeated, what the contract does not name behind them. `styles` are those of the
/// properties that the contract says.
pub(crate) fn write_form(value: &dyn Value, styles: &[(&str, QueryStyle)]) -> String {
    let mut text = String::new();
    write_object(&mut Query::behind(&mut text), value, styles);
    text.strip_prefix('?').map(str::to_owned).unwrap_or_default()
}

fn write_object(query: &mut Query<'_>, value: &dyn Value, styles: &[(&str, QueryStyle)]) {
    match value.node() {
        Node::Record(record) => {
            let shape = record.shape();
            for (index, field) in shape.fields.iter().enumerate() {
                if let Some(value) = record.field(index) {
                    write_property(query, field.name, value, styles);
                }
            }
            if shape.open.keeps()
                && let Some(Node::Map(rest)) = record.field(shape.fields.len()).map(Value::node)
            {
                rest.each(&mut |name, value| {
                    write_property(query, name, value, styles);
                    true
                });
            }
        }
        Node::Union(union) => write_object(query, union.active().1, styles),
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
fn write_property(query: &mut Query<'_>, name: &str, value: &dyn Value, styles: &[(&str, QueryStyle)]) {
    let said = styles.iter().find(|(of, _)| *of == name).map(|(_, style)| *style);
    let style = said.unwrap_or_else(|| match parts(value) {
        Parts::Object(_) => QueryStyle::Json,
        _ => QueryStyle::FormExploded,
    });
    query.parameter(name, value, style);
}
