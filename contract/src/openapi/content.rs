//! Which of several media types is used, and how its values become octets.

use crate::model::{Encoding, Rule, Scalar, Type, TypeUse};
use crate::schema::Types;
use crate::source::{Entry, Node, Object};

/// The media type that a value is read from, of those that a document offers: JSON if it is among them.
pub(super) fn choose(content: &Object) -> Option<&Entry> {
    content.entries().iter().min_by_key(|entry| rank(&entry.key))
}

/// How far a media type stands behind JSON.
pub(super) fn rank(media_type: &str) -> u8 {
    match encoding(media_type) {
        Encoding::Json if essence(media_type) == "application/json" => 0,
        Encoding::Json if media_type.contains('*') => 2,
        Encoding::Json => 1,
        Encoding::Form => 3,
        Encoding::Multipart => 4,
        Encoding::Xml
        | Encoding::Text
        | Encoding::Events
        | Encoding::TextEvents
        | Encoding::Lines
        | Encoding::Sequence => 5,
        Encoding::Bytes | Encoding::Protobuf => 6,
    }
}

/// How values of a media type become octets. `*/*` says nothing; JSON is what it means in practice.
pub(super) fn encoding(media_type: &str) -> Encoding {
    let essence = essence(media_type);
    match essence.as_str() {
        "application/json" | "text/json" | "*/*" | "application/*" => Encoding::Json,
        "application/x-www-form-urlencoded" => Encoding::Form,
        // Of these only one part counts, or they never end.
        "multipart/byteranges" | "multipart/x-mixed-replace" | "multipart/*" => Encoding::Bytes,
        "application/xml" => Encoding::Text,
        "text/event-stream" => Encoding::Events,
        "application/x-ndjson"
        | "application/ndjson"
        | "application/jsonl"
        | "application/x-jsonl"
        | "application/jsonlines"
        | "application/x-jsonlines"
        | "application/json-lines"
        | "application/stream+json"
        | "application/x-json-stream" => Encoding::Lines,
        "application/json-seq" => Encoding::Sequence,
        other if other.ends_with("+json-seq") => Encoding::Sequence,
        other if other.ends_with("+json") => Encoding::Json,
        other if other.starts_with("multipart/") => Encoding::Multipart,
        other if other.starts_with("text/") || other.ends_with("+xml") => Encoding::Text,
        _ => Encoding::Bytes,
    }
}

/// The media type without parameters, in lower case.
pub(super) fn essence(media_type: &str) -> String {
    media_type
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase()
}

/// The value that a media type object describes, as its encoding can carry it.
pub(super) fn value<'a>(
    types: &mut Types<'_, 'a>,
    encoding: Encoding,
    media: &'a Node,
    place: &str,
) -> TypeUse {
    let schema = media.get("schema");
    match (encoding, schema) {
        (Encoding::Json | Encoding::Form | Encoding::Xml, Some(schema)) => types.use_of(schema, place),
        (Encoding::Json, None) => TypeUse::plain(Type::Json),
        (Encoding::Form, None) => TypeUse::plain(Type::Map(Box::new(TypeUse::plain(Type::Json)))),
        (Encoding::Text, schema) => TypeUse {
            rules: text_rules(types, schema, place),
            ..scalar(Scalar::String)
        },
        // Items and events are typed elsewhere.
        (_, _) => scalar(Scalar::Binary),
    }
}

fn scalar(scalar: Scalar) -> TypeUse {
    TypeUse::plain(Type::Scalar(scalar))
}

/// What an inline schema says about a text body's length and pattern.
fn text_rules<'a>(types: &mut Types<'_, 'a>, schema: Option<&'a Node>, place: &str) -> Vec<Rule> {
    let plain = schema.filter(|schema| schema.get("type").and_then(Node::as_str) == Some("string"));
    match plain.map(|schema| types.use_of(schema, place)) {
        Some(TypeUse {
            ty: Type::Scalar(Scalar::String),
            rules,
            ..
        }) => rules,
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn media_types_mean_encodings() {
        for (media_type, expected) in [
            ("application/json; charset=utf-8", Encoding::Json),
            ("application/problem+json", Encoding::Json),
            ("application/vnd.github.v3+JSON", Encoding::Json),
            ("*/*", Encoding::Json),
            ("application/x-www-form-urlencoded", Encoding::Form),
            ("text/csv", Encoding::Text),
            ("image/svg+xml", Encoding::Text),
            ("application/x-ndjson", Encoding::Lines),
            ("application/jsonl", Encoding::Lines),
            ("application/geo+json-seq", Encoding::Sequence),
            ("text/event-stream; charset=utf-8", Encoding::Events),
            ("multipart/form-data", Encoding::Multipart),
            ("multipart/mixed; boundary=x", Encoding::Multipart),
            ("multipart/related", Encoding::Multipart),
            ("multipart/byteranges", Encoding::Bytes),
            ("multipart/x-mixed-replace", Encoding::Bytes),
            ("image/png", Encoding::Bytes),
        ] {
            assert_eq!(encoding(media_type), expected, "{media_type}");
        }
    }
}
