//! Forms (`application/x-www-form-urlencoded`): how properties are written that have an encoding object.

use crate::model::{Encoding, FormStyle, QueryStyle};
use crate::schema::Context;
use crate::source::{Node, Object};

use super::content;
use super::diagnostics;
use super::parameter::{QUERY_STYLES, query_style};

/// The styles of properties that are not written as every property is: an object as JSON, a list repeated.
pub(super) fn styles<'a>(cx: &Context<'a>, media: &'a Node) -> Vec<(String, FormStyle)> {
    let encodings = media.get("encoding").and_then(Node::as_object);
    let schema = media
        .get("schema")
        .and_then(|schema| cx.document.follow(schema).ok());
    let properties = schema.and_then(|schema| schema.get("properties"));
    let entries = encodings.map(Object::entries).unwrap_or_default();
    entries
        .iter()
        .filter_map(|entry| {
            let property = properties.and_then(|properties| properties.get(&entry.key));
            let style = style(cx, &entry.key, &entry.value)?;
            let is_needed = style.reserved || is_needed(style.style, kind(cx, property));
            is_needed.then(|| (entry.key.to_string(), style))
        })
        .collect()
}

/// What an encoding object says. One of `style`, `explode` and `allowReserved` makes `contentType` count for nothing
/// (OpenAPI 3.1, "Encoding Object").
fn style<'a>(cx: &Context<'a>, property: &str, encoding: &'a Node) -> Option<FormStyle> {
    let said = ["style", "explode", "allowReserved"];
    if said.iter().any(|keyword| encoding.get(keyword).is_some()) {
        let node = encoding.get("style");
        let style = node
            .and_then(Node::as_str)
            .filter(|style| QUERY_STYLES.contains(style));
        if let (Some(node), None) = (node, style) {
            let problem = cx.problem(&diagnostics::UNFIT_STYLE, node);
            let name = node.scalar_text().unwrap_or(node.kind_name());
            cx.report(problem.about(format!("`{name}`, of `{property}`")));
        }
        let flag = |keyword: &str| encoding.get(keyword).and_then(Node::as_bool);
        return Some(FormStyle {
            style: query_style(style, flag("explode")),
            reserved: flag("allowReserved") == Some(true),
        });
    }
    let media_type = encoding.get("contentType")?.as_str()?;
    let is_json = media_type.split(',').next().map(content::encoding) == Some(Encoding::Json);
    (is_json && !media_type.contains('*')).then_some(FormStyle {
        style: QueryStyle::Json,
        reserved: false,
    })
}

/// What the schema of a property says that it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    List,
    Object,
}

fn kind<'a>(cx: &Context<'a>, property: Option<&'a Node>) -> Kind {
    let schema = property.and_then(|property| cx.document.follow(property).ok());
    match schema.and_then(|schema| schema.get("type")?.as_str()) {
        Some("string" | "integer" | "number" | "boolean") => Kind::Text,
        Some("array") => Kind::List,
        _ => Kind::Object,
    }
}

/// Whether a value of this kind would be written otherwise if the style were not said.
fn is_needed(style: QueryStyle, kind: Kind) -> bool {
    match style {
        QueryStyle::FormExploded => kind == Kind::Object,
        QueryStyle::Json => true,
        _ => kind != Kind::Text,
    }
}
