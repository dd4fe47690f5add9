//! Lists that come in pages, as operations say it: `x-tieline-pagination`, or `x-ms-pageable`, whose meaning is plain.
//!
//! ```yaml
//! x-tieline-pagination: { link: true }
//! x-tieline-pagination: { url: links.next, items: data }
//! x-tieline-pagination: { cursor: { parameter: after, at: page.end, more: page.has_more } }
//! x-tieline-pagination: { page: { parameter: page, first: 0 } }
//! x-tieline-pagination: { offset: { parameter: skip } }
//! x-tieline-pagination: false
//! ```

use crate::model::{NextPage, Paging};
use crate::schema::Context;
use crate::source::Node;

use super::diagnostics;

/// What an operation says.
pub(super) fn read(cx: &Context<'_>, operation: &Node) -> Paging {
    if let Some(node) = operation.get("x-tieline-pagination") {
        return Paging::read(&node.to_json()).unwrap_or_else(|| {
            cx.report(cx.problem(&diagnostics::PAGINATION, node));
            Paging::Never
        });
    }
    if let Some(node) = operation.get("x-ms-pageable") {
        return pageable(node);
    }
    Paging::Unsaid {
        links: has_links(cx, operation),
    }
}

/// `x-ms-pageable` of AutoRest: the property that holds the next URL, null where there is one page.
fn pageable(node: &Node) -> Paging {
    let items = node.get("itemName").and_then(Node::as_str).unwrap_or("value");
    match node.get("nextLinkName").and_then(Node::as_str) {
        Some(name) => Paging::Said {
            next: NextPage::Url(vec![name.to_owned()]),
            items: Some(items.to_owned()),
        },
        None => Paging::Never,
    }
}

/// Whether a successful reply has the header `Link`.
fn has_links(cx: &Context<'_>, operation: &Node) -> bool {
    let responses = operation.get("responses").and_then(Node::as_object);
    let entries = responses.map(crate::source::Object::entries).unwrap_or_default();
    entries
        .iter()
        .filter(|entry| entry.key.starts_with('2'))
        .any(|entry| {
            let Ok(response) = cx.document.follow(&entry.value) else {
                return false;
            };
            let headers = response.get("headers").and_then(Node::as_object);
            let headers = headers.map(crate::source::Object::entries).unwrap_or_default();
            headers
                .iter()
                .any(|header| header.key.eq_ignore_ascii_case("link"))
        })
}
