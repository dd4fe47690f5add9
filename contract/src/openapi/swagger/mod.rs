//! OpenAPI 2.0 to the shape of 3.0.
//!
//! ```text
//! host, basePath, schemes           -> servers
//! parameters (body, formData)       -> requestBody, by what the operation consumes
//! parameters (others)               -> schema, style, explode
//! responses                         -> content, by what the operation produces
//! definitions, securityDefinitions  -> components
//! ```
//!
//! Every node keeps the span of what it was made of, so that problems point into the text as it was written. Schemas
//! need no change: what differs between 2.0 and 3.0 in them is read alike.

mod operation;
mod parameter;
mod security;

use crate::source::{Document, Node, Object};

use super::build::{self, list, object, text};
use operation::Media;

/// The methods of a path item.
const METHODS: [&str; 7] = ["get", "put", "post", "delete", "options", "head", "patch"];

/// The body that parameters in `body` and `formData` mean.
pub(super) fn request_body(parameters: &[&Node]) -> Option<Node> {
    operation::request_body(parameters, &Media::default())
}

/// A parameter that says itself what it is, in the shape of 3.0.
pub(super) fn upgraded_parameter(parameter: &Node) -> Node {
    parameter::upgraded(parameter)
}

/// The schema that a header says itself.
pub(super) fn schema_of(described: &Node) -> Node {
    parameter::schema(described)
}

/// The same document in the shape of 3.0.
pub(super) fn upgrade(document: Document) -> Document {
    let root = root(&document);
    document.with_root(root)
}

fn root(document: &Document) -> Node {
    let old = &document.root;
    let media = Media::of(old);
    let mut parts = Vec::new();
    for entry in old.as_object().map(Object::entries).unwrap_or_default() {
        let value = &entry.value;
        let made = match &*entry.key {
            "host"
            | "basePath"
            | "schemes"
            | "consumes"
            | "produces"
            | "definitions"
            | "securityDefinitions" => {
                continue;
            }
            "paths" => build::map(value, |_, item| path_item(document, item, &media)),
            "parameters" => build::map(value, |_, one| parameter::upgraded(one)),
            "responses" => build::map(value, |_, one| operation::response(one, &media)),
            _ => value.clone(),
        };
        parts.push(build::entry(entry, made));
    }
    parts.extend(servers(old).map(|servers| build::named("servers", servers)));
    let components = [
        old.get("definitions")
            .map(|schemas| build::named("schemas", schemas.clone())),
        old.get("securityDefinitions").map(|schemes| {
            build::named(
                "securitySchemes",
                build::map(schemes, |_, one| security::scheme(one)),
            )
        }),
    ];
    let components: Vec<_> = components.into_iter().flatten().collect();
    if let Some(first) = components.first() {
        let at = first.value.span;
        parts.push(build::named("components", object(at, components)));
    }
    object(old.span, parts)
}

/// `schemes`, `host` and `basePath` as servers, the safest first.
fn servers(root: &Node) -> Option<Node> {
    let host = root.get("host");
    let base = root.get("basePath");
    let at = host.or(base)?;
    let path = base
        .and_then(Node::as_str)
        .unwrap_or_default()
        .trim_end_matches('/');
    let server = |url: String| object(at.span, vec![build::named("url", text(at.span, &url))]);
    let Some(host) = host.and_then(Node::as_str) else {
        return (!path.is_empty()).then(|| list(at.span, vec![server(path.to_owned())]));
    };
    let schemes = root.get("schemes").and_then(Node::as_array).unwrap_or_default();
    let mut schemes: Vec<&str> = schemes
        .iter()
        .filter_map(Node::as_str)
        .filter(|scheme| matches!(*scheme, "http" | "https"))
        .collect();
    schemes.sort_by_key(|scheme| *scheme != "https");
    if schemes.is_empty() {
        schemes.push("https");
    }
    let slash = if path.is_empty() || path.starts_with('/') {
        ""
    } else {
        "/"
    };
    let servers = schemes
        .iter()
        .map(|scheme| server(format!("{scheme}://{host}{slash}{path}")));
    Some(list(at.span, servers.collect()))
}

fn path_item(document: &Document, item: &Node, media: &Media) -> Node {
    let item = document.follow(item).unwrap_or(item);
    let shared = parameter::list(document, item);
    let mut parts = Vec::new();
    for entry in item.as_object().map(Object::entries).unwrap_or_default() {
        let made = match &*entry.key {
            "parameters" => parameter::plain(document, &entry.value),
            method if METHODS.contains(&method) => {
                operation::operation(document, &entry.value, &shared, media)
            }
            _ => entry.value.clone(),
        };
        parts.push(build::entry(entry, made));
    }
    object(item.span, parts)
}
