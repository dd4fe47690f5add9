//! Operations of 2.0: bodies among the parameters, media types beside them.

use crate::source::{Document, Entry, Node, Object};

use super::super::build::{list as list_of, map, named, object, some, text, truth};
use super::parameter;

/// The media types that operations take and give unless they say otherwise.
#[derive(Default)]
pub(super) struct Media {
    consumes: Vec<String>,
    produces: Vec<String>,
}

impl Media {
    pub(super) fn of(owner: &Node) -> Self {
        Self {
            consumes: types(owner, "consumes").unwrap_or_default(),
            produces: types(owner, "produces").unwrap_or_default(),
        }
    }
}

fn types(owner: &Node, keyword: &str) -> Option<Vec<String>> {
    let list = owner.get(keyword)?.as_array()?;
    let texts = list.iter().filter_map(Node::as_str);
    Some(texts.map(str::to_owned).collect())
}

/// An operation in the shape of 3.0.
pub(super) fn operation(document: &Document, node: &Node, shared: &[&Node], media: &Media) -> Node {
    let node = document.follow(node).unwrap_or(node);
    let produces_own = types(node, "produces").is_some();
    let own = Media {
        consumes: types(node, "consumes").unwrap_or_else(|| media.consumes.clone()),
        produces: types(node, "produces").unwrap_or_else(|| media.produces.clone()),
    };
    let mut entries = Vec::new();
    for entry in node.as_object().map(Object::entries).unwrap_or_default() {
        let made = match &*entry.key {
            "consumes" | "produces" | "schemes" => continue,
            "parameters" => parameter::plain(document, &entry.value),
            "responses" => map(&entry.value, |_, one| {
                let followed = document.follow(one);
                match followed {
                    Ok(target) if produces_own || target.span.file != document.file => response(target, &own),
                    Ok(_) if one.get("$ref").is_some() => one.clone(),
                    _ => response(one, &own),
                }
            }),
            _ => entry.value.clone(),
        };
        entries.push(super::super::build::entry(entry, made));
    }
    let body = request_body(&together(shared, &parameter::list(document, node)), &own);
    entries.extend(body.map(|body| named("requestBody", body)));
    object(node.span, entries)
}

/// The path's parameters, each replaced by the operation's own of that name and place.
fn together<'a>(shared: &[&'a Node], own: &[&'a Node]) -> Vec<&'a Node> {
    let key = |node: &'a Node| (parameter::place(node), parameter::name(node));
    // There is one body, whatever it is called.
    let same = |a: &'a Node, b: &'a Node| key(a) == key(b) || (key(a).0 == "body" && key(b).0 == "body");
    let kept = shared
        .iter()
        .filter(|node| !own.iter().any(|other| same(node, other)));
    kept.chain(own).copied().collect()
}

pub(super) fn request_body(parameters: &[&Node], media: &Media) -> Option<Node> {
    if let Some(body) = parameters.iter().find(|one| parameter::place(one) == "body") {
        return Some(plain_body(body, media));
    }
    let fields: Vec<&Node> = parameters
        .iter()
        .copied()
        .filter(|one| parameter::place(one) == "formData")
        .collect();
    (!fields.is_empty()).then(|| form(&fields, media))
}

fn is_form(media_type: &str) -> bool {
    let media_type = media_type.to_ascii_lowercase();
    media_type.starts_with("multipart/") || media_type.starts_with("application/x-www-form-urlencoded")
}

fn plain_body(body: &Node, media: &Media) -> Node {
    let mut consumes: Vec<&str> = media.consumes.iter().map(String::as_str).collect();
    if consumes.iter().any(|one| !is_form(one)) {
        consumes.retain(|one| !is_form(one));
    }
    if consumes.is_empty() {
        consumes.push("application/json");
    }
    let described = object(body.span, some(body, |key| key == "schema"));
    let contents = consumes.iter().map(|one| named(one, described.clone()));
    let mut entries = some(body, |key| {
        matches!(key, "description" | "required") || key.starts_with("x-")
    });
    entries.push(named("content", object(body.span, contents.collect())));
    object(body.span, entries)
}

fn form(fields: &[&Node], media: &Media) -> Node {
    let span = fields[0].span;
    let is_file = |field: &&&Node| {
        let kind = |node: &Node| node.get("type").and_then(Node::as_str) == Some("file");
        kind(field) || field.get("items").is_some_and(kind)
    };
    let has_files = fields.iter().any(|field| is_file(&field));
    let mut consumes: Vec<&str> = media
        .consumes
        .iter()
        .map(String::as_str)
        .filter(|one| is_form(one))
        .collect();
    if has_files {
        consumes.retain(|one| one.to_ascii_lowercase().starts_with("multipart/"));
    }
    if consumes.is_empty() {
        consumes.push(if has_files {
            "multipart/form-data"
        } else {
            "application/x-www-form-urlencoded"
        });
    }
    let properties = fields
        .iter()
        .map(|field| field_of(field, parameter::schema(field)))
        .collect();
    let required: Vec<Node> = fields
        .iter()
        .filter(|field| parameter::is_required(field))
        .map(|field| text(field.span, parameter::name(field)))
        .collect();
    let any_required = !required.is_empty();
    let mut schema = vec![
        named("type", text(span, "object")),
        named("properties", object(span, properties)),
    ];
    if any_required {
        schema.push(named("required", list_of(span, required)));
    }
    let encodings: Vec<Entry> = fields
        .iter()
        .map(|field| (field, parameter::style(field)))
        .filter(|(_, style)| !style.is_empty())
        .map(|(field, style)| field_of(field, object(field.span, style)))
        .collect();
    let mut described = vec![named("schema", object(span, schema))];
    if !encodings.is_empty() {
        described.push(named("encoding", object(span, encodings)));
    }
    let described = object(span, described);
    let contents = consumes.iter().map(|one| named(one, described.clone()));
    object(
        span,
        vec![
            named("required", truth(span, any_required)),
            named("content", object(span, contents.collect())),
        ],
    )
}

fn field_of(field: &Node, value: Node) -> Entry {
    let key = field.get("name");
    Entry {
        key: parameter::name(field).into(),
        key_span: key.unwrap_or(field).span,
        value,
    }
}

/// A response in the shape of 3.0.
pub(super) fn response(node: &Node, media: &Media) -> Node {
    if node.get("$ref").is_some() {
        return node.clone();
    }
    let mut entries = some(node, |key| key == "description" || key.starts_with("x-"));
    if let Some(headers) = node.get("headers") {
        entries.push(named(
            "headers",
            map(headers, |_, header| {
                let mut described = some(header, |key| key == "description");
                described.push(named("schema", parameter::schema(header)));
                object(header.span, described)
            }),
        ));
    }
    if let Some(schema) = node.get("schema") {
        let is_file = schema.get("type").and_then(Node::as_str) == Some("file");
        let mut produces: Vec<&str> = media.produces.iter().map(String::as_str).collect();
        if produces.is_empty() {
            produces.push(if is_file {
                "application/octet-stream"
            } else {
                "application/json"
            });
        }
        let schema = if is_file {
            parameter::schema(schema)
        } else {
            schema.clone()
        };
        let example = |media_type: &str| node.get("examples")?.get(media_type).cloned();
        let contents = produces.iter().map(|one| {
            let mut described = vec![named("schema", schema.clone())];
            described.extend(example(one).map(|example| named("example", example)));
            named(one, object(schema.span, described))
        });
        entries.push(named("content", object(schema.span, contents.collect())));
    }
    object(node.span, entries)
}
