//! Parameters of 2.0: what they are is said by themselves, not by a schema.

use crate::source::{Document, Entry, Node};

use super::super::build::{list as list_of, named, object, some, text, truth};

/// The parameters that a path item or operation lists, references followed.
pub(super) fn list<'a>(document: &'a Document, owner: &'a Node) -> Vec<&'a Node> {
    let all = owner
        .get("parameters")
        .and_then(Node::as_array)
        .unwrap_or_default();
    all.iter()
        .map(|one| document.follow(one).unwrap_or(one))
        .collect()
}

pub(super) fn place(parameter: &Node) -> &str {
    parameter.get("in").and_then(Node::as_str).unwrap_or_default()
}

pub(super) fn name(parameter: &Node) -> &str {
    parameter.get("name").and_then(Node::as_str).unwrap_or_default()
}

pub(super) fn is_required(parameter: &Node) -> bool {
    parameter.get("required").and_then(Node::as_bool) == Some(true)
}

/// The parameters of a list that do not make a body.
pub(super) fn plain(document: &Document, parameters: &Node) -> Node {
    let Some(all) = parameters.as_array() else {
        return parameters.clone();
    };
    let kept = all.iter().filter_map(|one| {
        let followed = document.follow(one);
        let target = followed.as_ref().copied().unwrap_or(one);
        if matches!(place(target), "body" | "formData") {
            return None;
        }
        // A reference to the list of the document stays one: what it leads to was upgraded, too.
        let stays = followed.is_err() || (one.get("$ref").is_some() && target.span.file == document.file);
        Some(if stays { one.clone() } else { upgraded(target) })
    });
    list_of(parameters.span, kept.collect())
}

/// A parameter in the shape of 3.0. Those that make a body stay as they are: nothing looks at them there.
pub(super) fn upgraded(parameter: &Node) -> Node {
    if parameter.get("$ref").is_some() || matches!(place(parameter), "body" | "formData") {
        return parameter.clone();
    }
    let mut entries = some(parameter, says_of_itself);
    if parameter.get("schema").is_none() {
        entries.push(named("schema", schema(parameter)));
    }
    entries.extend(style(parameter));
    object(parameter.span, entries)
}

/// The schema that a parameter, header or item is.
pub(super) fn schema(described: &Node) -> Node {
    if let Some(schema) = described.get("schema") {
        return schema.clone();
    }
    if described.get("type").and_then(Node::as_str) == Some("file") {
        let span = described.span;
        let mut entries = vec![
            named("type", text(span, "string")),
            named("format", text(span, "binary")),
        ];
        entries.extend(some(described, |key| {
            key == "description" || key.starts_with("x-")
        }));
        return object(span, entries);
    }
    let is_schema = |key: &str| {
        !matches!(
            key,
            "collectionFormat" | "allowEmptyValue" | "required" | "name" | "in"
        )
    };
    object(described.span, some(described, is_schema))
}

fn says_of_itself(key: &str) -> bool {
    const KEYS: [&str; 8] = [
        "name",
        "in",
        "description",
        "required",
        "deprecated",
        "allowEmptyValue",
        "schema",
        "example",
    ];
    KEYS.contains(&key) || key.starts_with("x-")
}

/// How a list is written: `collectionFormat`, `csv` unless it says otherwise.
pub(super) fn style(parameter: &Node) -> Vec<Entry> {
    if parameter.get("type").and_then(Node::as_str) != Some("array") {
        return Vec::new();
    }
    let at = parameter.get("collectionFormat").unwrap_or(parameter).span;
    let format = parameter
        .get("collectionFormat")
        .and_then(Node::as_str)
        .unwrap_or("csv");
    let in_query = matches!(place(parameter), "query" | "formData");
    let (style, explode) = match format {
        "multi" if in_query => ("form", true),
        "ssv" if in_query => ("spaceDelimited", false),
        "pipes" if in_query => ("pipeDelimited", false),
        "tsv" if in_query => ("tabDelimited", false),
        _ if in_query => ("form", false),
        _ => ("simple", false),
    };
    vec![
        named("style", text(at, style)),
        named("explode", truth(at, explode)),
    ]
}
