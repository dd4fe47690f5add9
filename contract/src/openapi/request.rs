//! Request bodies.

use crate::model::{Encoding, Input, InputPlace, OtherBody};
use crate::problem::Problem;
use crate::schema::{Context, Types};
use crate::source::Node;

use super::content::{self, essence};
use super::diagnostics;
use super::example;
use super::info::docs;
use super::multipart;
use super::offers::{self, Of, Offer};
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
    let mut offers = offers::offers(cx, content, Of::Request);
    if offers.is_empty() {
        return Ok(None);
    }
    let usual = offers.remove(offers::usual(&offers));
    let place = format!("{id}.{BODY}");
    let own = self::body(cx, types, &usual, &place);
    let others = offers.iter().map(|offer| {
        let place = format!("{place}.{}", offer.first.word());
        self::body(cx, types, offer, &place)
    });
    let others = others.collect();
    let input = Input {
        name: BODY.to_owned(),
        docs: docs(Some(node), "description"),
        required: body.get("required").and_then(Node::as_bool) == Some(true),
        deprecated: false,
        value: own.value,
        default: None,
        example: example::of(cx, &usual.first.entry.value),
    };
    let mut media = own.media.into_iter();
    let Some(first) = media.next() else {
        return Ok(None);
    };
    let place = InputPlace::Body {
        media_type: first.media_type,
        encoding: first.encoding,
        parts: first.parts,
        styles: first.styles,
        xml: first.xml,
        also: media.collect(),
        others,
    };
    Ok(Some((input, place)))
}

/// The value that an offer carries, and the media types that carry it.
fn body<'a>(cx: &Context<'a>, types: &mut Types<'_, 'a>, offer: &Offer<'a>, place: &str) -> OtherBody {
    let described = &offer.first.entry.value;
    let mut first = offer.first.media(cx);
    let typed = match first.encoding {
        Encoding::Multipart => multipart::value(cx, types, offer.first.entry, place),
        encoding => stream::value(cx, types, encoding, described, place).map(|(found, value)| {
            first.encoding = found;
            value
        }),
    };
    let value = typed.unwrap_or_else(|| {
        if essence(&first.media_type).starts_with("multipart/") {
            let problem = Problem::new(&diagnostics::MULTIPART, cx.place(offer.first.entry.key_span));
            cx.report(problem.about(format!("`{}`", first.media_type)));
            first.encoding = Encoding::Bytes;
            first.parts.clear();
        }
        content::value(types, first.encoding, described, place)
    });
    let also = offer.also(cx, Of::Request, first.encoding, &value);
    let media = std::iter::once(first).chain(also).collect();
    OtherBody { value, media }
}
