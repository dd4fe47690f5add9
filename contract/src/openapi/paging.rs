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
        return said(node).unwrap_or_else(|| {
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

fn said(node: &Node) -> Option<Paging> {
    if node.as_bool() == Some(false) {
        return Some(Paging::Never);
    }
    node.as_object()?;
    let place = |node: Option<&Node>| -> Option<Vec<String>> {
        Some(node?.as_str()?.split('.').map(str::to_owned).collect())
    };
    let parameter = |node: &Node| Some(node.get("parameter")?.as_str()?.to_owned());
    let next = if node.get("link").and_then(Node::as_bool) == Some(true) {
        NextPage::Link
    } else if let Some(url) = node.get("url") {
        NextPage::Url(place(Some(url))?)
    } else if let Some(cursor) = node.get("cursor") {
        NextPage::Cursor {
            parameter: parameter(cursor)?,
            at: place(cursor.get("at"))?,
            more: place(cursor.get("more")).unwrap_or_default(),
        }
    } else if let Some(page) = node.get("page") {
        NextPage::Page {
            parameter: parameter(page)?,
            first: page.get("first").and_then(Node::as_count).unwrap_or(1),
        }
    } else {
        NextPage::Offset {
            parameter: parameter(node.get("offset")?)?,
        }
    };
    let items = node.get("items").and_then(Node::as_str).map(str::to_owned);
    Some(Paging::Said { next, items })
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
