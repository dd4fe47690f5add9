//! Making nodes that stand where others stood.

use crate::source::{Entry, Kind, Node, Object, Span};

pub(super) fn object(span: Span, entries: Vec<Entry>) -> Node {
    Node {
        kind: Kind::Object(Object::from_entries(entries)),
        span,
    }
}

pub(super) fn list(span: Span, items: Vec<Node>) -> Node {
    Node {
        kind: Kind::Array(items),
        span,
    }
}

pub(super) fn text(span: Span, text: &str) -> Node {
    Node {
        kind: Kind::String(text.into()),
        span,
    }
}

pub(super) fn truth(span: Span, value: bool) -> Node {
    Node {
        kind: Kind::Bool(value),
        span,
    }
}

/// An entry whose key the document does not have: it stands where its value does.
pub(super) fn named(key: &str, value: Node) -> Entry {
    Entry {
        key: key.into(),
        key_span: value.span,
        value,
    }
}

/// An entry with another value.
pub(super) fn entry(old: &Entry, value: Node) -> Entry {
    Entry {
        key: old.key.clone(),
        key_span: old.key_span,
        value,
    }
}

/// An object with each value made anew. Anything else stays as it is, to be complained of by its reader.
pub(super) fn map(node: &Node, mut make: impl FnMut(&str, &Node) -> Node) -> Node {
    let Some(old) = node.as_object() else {
        return node.clone();
    };
    let entries = old.entries().iter();
    let entries = entries.map(|one| {
        let is_extension = one.key.starts_with("x-");
        entry(
            one,
            if is_extension {
                one.value.clone()
            } else {
                make(&one.key, &one.value)
            },
        )
    });
    object(node.span, entries.collect())
}

/// The entries of an object whose keys `keep` chooses.
pub(super) fn some(node: &Node, keep: impl Fn(&str) -> bool) -> Vec<Entry> {
    let entries = node.as_object().map(Object::entries).unwrap_or_default();
    entries.iter().filter(|entry| keep(&entry.key)).cloned().collect()
}
