//! Responses: what can come back, and which of it means success.

use crate::model::{Body, Encoding, Method, Reply, StatusMatch};
use crate::problem::Problem;
use crate::schema::{Context, Types};
use crate::source::Node;

use super::content;
use super::diagnostics;
use super::headers;
use super::info::docs;
use super::multipart;
use super::offers::{self, Of, Offer};
use super::operation::Skip;
use super::stream;
use super::xml;

/// What can come back, successes and failures apart.
#[derive(Debug)]
pub(super) struct Replies {
    pub(super) successes: Vec<Reply>,
    pub(super) failures: Vec<Reply>,
}

/// Reads an operation's responses.
///
/// 2XX are successes. A redirect (3XX) or 1XX is one only when there is no 2XX; otherwise a caller meets it as a
/// failure with its own type. Where nothing but `default` is said, it stands for successes and failures alike.
pub(super) fn read<'a>(
    cx: &Context<'a>,
    types: &mut Types<'_, 'a>,
    operation: &'a Node,
    id: &str,
    method: &Method,
) -> Result<Replies, Skip<'a>> {
    let mut all = Vec::new();
    if let Some(responses) = operation.get("responses") {
        let responses = cx
            .object(responses, "`responses`")
            .ok_or(Skip::Reported(responses))?;
        for entry in responses
            .entries()
            .iter()
            .filter(|entry| !entry.key.starts_with("x-"))
        {
            let Some(status) = status(&entry.key) else {
                let problem = Problem::new(&diagnostics::BAD_STATUS, cx.place(entry.key_span));
                cx.report(problem.about(format!("`{}`", entry.key)));
                continue;
            };
            let place = format!("{id}.response.{}", entry.key.to_ascii_lowercase());
            all.extend(replies(cx, types, status, &entry.value, &place, method)?);
        }
    }
    Ok(divide(all))
}

/// The replies of a status: one for each type that its body can have.
fn replies<'a>(
    cx: &Context<'a>,
    types: &mut Types<'_, 'a>,
    status: StatusMatch,
    node: &'a Node,
    place: &str,
    method: &Method,
) -> Result<Vec<Reply>, Skip<'a>> {
    let node = cx.document.follow(node).map_err(Skip::Broken)?;
    cx.object(node, "a response").ok_or(Skip::Reported(node))?;
    let may_have_body = *method != Method::Head && !matches!(status, StatusMatch::Code(204 | 205 | 304));
    let offers = match node.get("content") {
        Some(content) if may_have_body => {
            let content = cx.object(content, "`content`").ok_or(Skip::Reported(content))?;
            offers::offers(cx, content, Of::Reply)
        }
        _ => Vec::new(),
    };
    let headers = headers::read(cx, types, node, place);
    let reply = |body| Reply {
        status,
        docs: docs(Some(node), "description"),
        headers: headers.clone(),
        body,
        links: Vec::new(),
    };
    if offers.is_empty() {
        return Ok(vec![reply(None)]);
    }
    let usual = offers::usual(&offers);
    let bodies = offers.iter().enumerate().map(|(at, offer)| {
        if at == usual {
            body(cx, types, offer, place)
        } else {
            body(cx, types, offer, &format!("{place}.{}", offer.first.word()))
        }
    });
    Ok(bodies.map(|body| reply(Some(body))).collect())
}

fn body<'a>(cx: &Context<'a>, types: &mut Types<'_, 'a>, offer: &Offer<'a>, place: &str) -> Body {
    let (media, encoding) = (offer.first.entry, offer.first.encoding);
    let typed = match encoding {
        Encoding::Multipart => multipart::value(cx, types, media, place).map(|value| (encoding, value)),
        _ => stream::value(cx, types, encoding, &media.value, place),
    };
    let (encoding, value) = typed.unwrap_or_else(|| {
        // What is described, but by no type with parts, is given as octets.
        let encoding = match encoding {
            Encoding::Multipart => Encoding::Bytes,
            other => other,
        };
        (encoding, content::value(types, encoding, &media.value, place))
    });
    if encoding == Encoding::Bytes && content::encoding(&media.key) == Encoding::Multipart {
        let problem = Problem::new(&diagnostics::MULTIPART, cx.place(media.key_span));
        cx.report(problem.about(format!("`{}`", media.key)));
    }
    Body {
        media_type: media.key.to_string(),
        encoding,
        xml: xml::of(cx, encoding, &media.value),
        also: offer.also(cx, Of::Reply, encoding, &value),
        value,
    }
}

/// `200`, `4XX`, `default`.
pub(super) fn status(key: &str) -> Option<StatusMatch> {
    if key.eq_ignore_ascii_case("default") {
        return Some(StatusMatch::Default);
    }
    let hundred = key.len() == 3 && key[1..].eq_ignore_ascii_case("xx");
    let number: u16 = if hundred {
        key[..1].parse().ok()?
    } else {
        key.parse().ok()?
    };
    match number {
        1..=5 if hundred => Some(StatusMatch::Range(number as u8)),
        100..=599 if !hundred => Some(StatusMatch::Code(number)),
        _ => None,
    }
}

fn divide(all: Vec<Reply>) -> Replies {
    let hundred = |reply: &Reply| match reply.status {
        StatusMatch::Code(code) => (code / 100) as u8,
        StatusMatch::Range(hundred) => hundred,
        StatusMatch::Default => 0,
    };
    let has = |wanted: fn(u8) -> bool| all.iter().any(|reply| wanted(hundred(reply)));
    let is_success: fn(u8) -> bool = if has(|hundred| hundred == 2) {
        |hundred| hundred == 2
    } else {
        |hundred| hundred == 1 || hundred == 3
    };
    let (mut successes, failures): (Vec<Reply>, Vec<Reply>) =
        all.into_iter().partition(|reply| is_success(hundred(reply)));
    if successes.is_empty() {
        let defaults = failures
            .iter()
            .filter(|reply| reply.status == StatusMatch::Default);
        successes.extend(defaults.map(|default| Reply {
            status: StatusMatch::Range(2),
            ..default.clone()
        }));
    }
    if successes.is_empty() {
        successes.push(Reply {
            status: StatusMatch::Range(2),
            docs: None,
            headers: Vec::new(),
            body: None,
            links: Vec::new(),
        });
    }
    Replies { successes, failures }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_are_codes_ranges_or_the_default() {
        assert_eq!(status("204"), Some(StatusMatch::Code(204)));
        assert_eq!(status("4xx"), Some(StatusMatch::Range(4)));
        assert_eq!(status("default"), Some(StatusMatch::Default));
        for key in ["", "2", "20", "2000", "600", "9XX", "2éé", "ok"] {
            assert_eq!(status(key), None, "{key}");
        }
    }

    fn reply(status: StatusMatch) -> Reply {
        Reply {
            status,
            docs: None,
            headers: Vec::new(),
            body: None,
            links: Vec::new(),
        }
    }

    #[test]
    fn a_redirect_is_a_success_only_where_nothing_else_is() {
        let both = divide(vec![reply(StatusMatch::Code(304)), reply(StatusMatch::Code(200))]);
        assert_eq!(both.successes, [reply(StatusMatch::Code(200))]);
        assert_eq!(both.failures, [reply(StatusMatch::Code(304))]);
        let alone = divide(vec![reply(StatusMatch::Code(302)), reply(StatusMatch::Code(404))]);
        assert_eq!(alone.successes, [reply(StatusMatch::Code(302))]);
    }

    #[test]
    fn a_lone_default_stands_for_success_and_failure() {
        let replies = divide(vec![reply(StatusMatch::Default)]);
        assert_eq!(replies.successes, [reply(StatusMatch::Range(2))]);
        assert_eq!(replies.failures, [reply(StatusMatch::Default)]);
    }
}
