//! Title, version, docs and servers.

use crate::model::{Contract, Server, ServerVariable};
use crate::schema::Context;
use crate::source::{Node, Object};

/// What the document says about itself. Everything else of the contract is empty.
pub(super) fn read(cx: &Context<'_>) -> Contract {
    let root = &cx.document.root;
    let info = root.get("info");
    let text = |keyword: &str| {
        info.and_then(|info| info.get(keyword)?.scalar_text())
            .map(str::to_owned)
    };
    Contract {
        title: text("title").unwrap_or_default(),
        version: text("version").unwrap_or_default(),
        docs: docs(info, "description").or_else(|| docs(info, "summary")),
        servers: match servers(root) {
            servers if servers.is_empty() => common_servers(root),
            servers => servers,
        },
        ..Contract::default()
    }
}

/// A node's text under a key, trimmed; `None` when there is none.
pub(super) fn docs(node: Option<&Node>, keyword: &str) -> Option<String> {
    let text = node?.get(keyword)?.as_str()?.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// An operation's tags, and behind them those that they stand below (3.2's `parent`).
pub(super) fn tags(cx: &Context<'_>, operation: &Node) -> Vec<String> {
    let own = operation.get("tags").and_then(Node::as_array).unwrap_or_default();
    let mut tags: Vec<String> = own.iter().filter_map(Node::as_str).map(str::to_owned).collect();
    let described = cx
        .document
        .root
        .get("tags")
        .and_then(Node::as_array)
        .unwrap_or_default();
    let parent = |name: &str| {
        let named = |tag: &&Node| tag.get("name").and_then(Node::as_str) == Some(name);
        described.iter().find(named)?.get("parent")?.as_str()
    };
    let mut at = 0;
    while let Some(tag) = tags.get(at) {
        if let Some(parent) = parent(tag)
            && !tags.iter().any(|known| known == parent)
        {
            tags.push(parent.to_owned());
        }
        at += 1;
    }
    tags
}

/// The servers that all paths name, where the document itself names none.
fn common_servers(root: &Node) -> Vec<Server> {
    let Some(paths) = root.get("paths").and_then(Node::as_object) else {
        return Vec::new();
    };
    let mut all = paths.entries().iter().map(|entry| servers(&entry.value));
    let first = all.next().unwrap_or_default();
    if all.all(|other| other == first) {
        first
    } else {
        Vec::new()
    }
}

/// The servers that a document, path or operation names.
pub(super) fn servers(owner: &Node) -> Vec<Server> {
    let servers = owner.get("servers").and_then(Node::as_array).unwrap_or_default();
    servers.iter().filter_map(server).collect()
}

/// A server, if it has a URL.
pub(super) fn server(node: &Node) -> Option<Server> {
    let url = node.get("url")?.as_str()?;
    let docs = docs(Some(node), "description");
    let text = |keyword: &str| node.get(keyword).and_then(Node::as_str).map(str::to_owned);
    let described = docs.clone().filter(|docs| !docs.contains('\n'));
    Some(Server {
        name: text("name").or_else(|| text("x-name")).or(described),
        url: url.to_owned(),
        docs,
        variables: variables(url, node),
    })
}

/// The variables of `https://{region}.example.com`. One that is not described can be anything, and is empty unless set.
fn variables(url: &str, server: &Node) -> Vec<ServerVariable> {
    let described = server.get("variables").and_then(Node::as_object);
    let entries = described.map(Object::entries).unwrap_or_default();
    let read = |entry: &crate::source::Entry| {
        let text = |node: &Node| node.scalar_text().map(str::to_owned);
        let values = entry
            .value
            .get("enum")
            .and_then(Node::as_array)
            .unwrap_or_default();
        let values: Vec<String> = values.iter().filter_map(text).collect();
        let default = entry.value.get("default").and_then(text);
        ServerVariable {
            name: entry.key.to_string(),
            default: default.or_else(|| values.first().cloned()).unwrap_or_default(),
            values,
        }
    };
    let used = |entry: &&crate::source::Entry| url.contains(&format!("{{{}}}", entry.key));
    entries.iter().filter(used).map(read).collect()
}
