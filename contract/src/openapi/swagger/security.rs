//! Security definitions of 2.0.

use crate::source::Node;

use super::super::build::{named, object, some, text};

/// A security scheme in the shape of 3.0.
pub(super) fn scheme(node: &Node) -> Node {
    let span = node.span;
    let mut entries = some(node, |key| key == "description" || key.starts_with("x-"));
    match node.get("type").and_then(Node::as_str) {
        Some("basic") => {
            entries.push(named("type", text(span, "http")));
            entries.push(named("scheme", text(span, "basic")));
        }
        Some("oauth2") => {
            let flow = match node.get("flow").and_then(Node::as_str).unwrap_or_default() {
                "application" => "clientCredentials",
                "accessCode" => "authorizationCode",
                other => other,
            };
            let urls = some(node, |key| {
                matches!(key, "authorizationUrl" | "tokenUrl" | "scopes")
            });
            entries.push(named("type", text(span, "oauth2")));
            entries.push(named(
                "flows",
                object(span, vec![named(flow, object(span, urls))]),
            ));
        }
        _ => return node.clone(),
    }
    object(span, entries)
}
