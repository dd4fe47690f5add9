//! Request bodies.

use crate::model::{Encoding, Input, InputPlace};
use crate::problem::Problem;
use crate::schema::{Context, Types};
use crate::source::Node;

use super::content::{self, essence};
use super::diagnostics;
use super::example;
use super::form;
use super::info::docs;
use super::multipart;
use super::operation::Skip;
use super::stream;

/// The name of the input that is the body.
pub(super) const BODY: &str = "body";

/// An operation's body, as its last input.
pub(super) fn read<'a>(
    cx: &Context<'a>,
    types: &mut Types<'_, 'a>,
    operation: &'a Node,
    id: &str,
) -> Result<Option<(Input, InputPlace)>, Skip<'a>> {
    let Some(node) = operation.get("requestBody") else {
        return Ok(None);
    };
    let node = cx.document.follow(node).map_err(Skip::Broken)?;
    let body = cx.object(node, "a request body").ok_or(Skip::Reported(node))?;
    if node.is_null() {
        return Ok(None);
    }
    let content = match body.get("content") {
        Some(content) => cx.object(content, "`content`").ok_or(Skip::Reported(content))?,
        None => return Err(Skip::Missing(node, "content")),
    };
    let Some(media) = content::choose(content) else {
        return Ok(None);
    };
    let media_type = media.key.to_string();
    let place = format!("{id}.{BODY}");
    let mut encoding = content::encoding(&media_type);
    let parted = match encoding {
        Encoding::Multipart => multipart::value(cx, types, &media.value, &place),
        _ => stream::value(cx, types, encoding, &media.value, &place).map(|(found, value)| {
            encoding = found;
            (value, Vec::new())
        }),
    };
    let (value, parts) = match parted {
        Some(parted) => parted,
        None => {
            if essence(&media_type).starts_with("multipart/") {
                let problem = Problem::new(&diagnostics::MULTIPART, cx.place(media.key_span));
                cx.report(problem.about(format!("`{media_type}`")));
                encoding = Encoding::Bytes;
            }
            (content::value(types, encoding, &media.value, &place), Vec::new())
        }
    };
    let input = Input {
        name: BODY.to_owned(),
        docs: docs(Some(node), "description"),
        required: body.get("required").and_then(Node::as_bool) == Some(true),
        deprecated: false,
        value,
        default: None,
        example: example::of(cx, &media.value),
    };
    let styles = match encoding {
        Encoding::Form => form::styles(cx, &media.value),
        _ => Vec::new(),
    };
    let place = InputPlace::Body {
        media_type,
        encoding,
        parts,
        styles,
    };
    Ok(Some((input, place)))
}
