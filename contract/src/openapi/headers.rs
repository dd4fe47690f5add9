//! The headers of responses.

use crate::model::{Encoding, ReplyHeader, Scalar, TextStyle, Type, TypeUse};
use crate::problem::Problem;
use crate::schema::{Context, Types};
use crate::source::{Entry, Node, Object};

use super::content;
use super::diagnostics;
use super::info::docs;

/// The headers that a response declares. One that cannot be read costs that header, and no more.
///
/// `Content-Type` is none of them: it is said by `content` (OpenAPI 3.1, "Response Object", `headers`).
pub(super) fn read<'a>(
    cx: &Context<'a>,
    types: &mut Types<'_, 'a>,
    response: &'a Node,
    place: &str,
) -> Vec<ReplyHeader> {
    let entries = response
        .get("headers")
        .and_then(|node| cx.object(node, "`headers`"))
        .map(Object::entries)
        .unwrap_or_default();
    let mut headers: Vec<ReplyHeader> = Vec::new();
    for entry in entries {
        let is_extension = entry.value.as_object().is_none();
        if entry.key.eq_ignore_ascii_case("content-type") || (entry.key.starts_with("x-") && is_extension) {
            continue;
        }
        let known = headers
            .iter()
            .any(|header| header.name.eq_ignore_ascii_case(&entry.key));
        if known || !is_token(&entry.key) {
            let problem = Problem::new(&diagnostics::BAD_HEADER, cx.place(entry.key_span));
            cx.report(problem.about(format!("`{}`", entry.key)));
            continue;
        }
        headers.extend(one(cx, types, entry, place));
    }
    headers
}

fn one<'a>(
    cx: &Context<'a>,
    types: &mut Types<'_, 'a>,
    entry: &'a Entry,
    place: &str,
) -> Option<ReplyHeader> {
    let node = cx.document.follow(&entry.value).ok();
    let Some(node) = node.filter(|node| node.as_object().is_some()) else {
        let problem = cx.problem(&diagnostics::BAD_HEADER, &entry.value);
        cx.report(problem.about(format!("`{}` leads to no description of one", entry.key)));
        return None;
    };
    let flag = |keyword: &str| node.get(keyword).and_then(Node::as_bool) == Some(true);
    let hint = format!("{place}.{}", entry.key);
    let content = node
        .get("content")
        .and_then(Node::as_object)
        .and_then(content::choose);
    let (style, value) = match (content, node.get("schema")) {
        (Some(media), _) if content::encoding(&media.key) == Encoding::Json => (
            TextStyle::Json,
            content::value(types, Encoding::Json, &media.value, &hint),
        ),
        (None, Some(schema)) if flag("explode") => (TextStyle::SimpleExploded, types.use_of(schema, &hint)),
        (None, Some(schema)) => (TextStyle::Simple, types.use_of(schema, &hint)),
        // The text as it is.
        (_, _) => (TextStyle::Simple, TypeUse::plain(Type::Scalar(Scalar::String))),
    };
    Some(ReplyHeader {
        name: entry.key.to_string(),
        docs: docs(Some(node), "description"),
        required: flag("required"),
        deprecated: flag("deprecated"),
        style,
        value,
    })
}

/// Whether a text can be the name of a header, or a method (RFC 9110, 5.6.2).
pub(super) fn is_token(text: &str) -> bool {
    let is_mark = |byte: u8| b"!#$%&'*+-.^_`|~".contains(&byte);
    !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || is_mark(byte))
}
