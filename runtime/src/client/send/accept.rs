//! `Accept`: what a call asks for (RFC 9110, section 12.5.1).

use http::HeaderValue;

use crate::operation::Reply;

/// The media types that the contract promises, in its order, behind the one that the caller prefers. `None`: JSON, or
/// nothing at all.
pub(super) fn header(successes: &[Reply], preferred: Option<&str>) -> Option<HeaderValue> {
    let declared = || {
        let bodies = successes.iter().filter_map(|reply| reply.body.as_ref());
        bodies.flat_map(|body| body.each().map(|body| body.media_type))
    };
    if preferred.is_none() && declared().all(|media_type| media_type == "application/json") {
        return None;
    }
    let mut types: Vec<&str> = Vec::new();
    for media_type in preferred.into_iter().chain(declared()) {
        if !types.iter().any(|known| known.eq_ignore_ascii_case(media_type)) {
            types.push(media_type);
        }
    }
    let mut text = String::with_capacity(64);
    for (place, media_type) in types.into_iter().enumerate() {
        if place > 0 {
            text.push_str(", ");
        }
        text.push_str(media_type);
        if place > 0 {
            // Those far behind share the least quality.
            text.push_str(";q=0.");
            text.push(char::from(b'0' + 10_u8.saturating_sub(place.min(9) as u8)));
        }
    }
    HeaderValue::try_from(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operation::{Body, Encoding, StatusMatch};

    const fn body(media_type: &'static str) -> Body {
        Body {
            media_type,
            encoding: Encoding::Text,
            ..Body::JSON
        }
    }

    fn asked(bodies: &[Body], preferred: Option<&str>) -> Option<String> {
        let reply = |body: &Body| Reply {
            status: StatusMatch::Code(200),
            body: Some(*body),
        };
        let replies: Vec<Reply> = bodies.iter().map(reply).collect();
        header(&replies, preferred).map(|value| value.to_str().unwrap().to_owned())
    }

    #[test]
    fn the_order_of_the_contract_is_that_of_the_qualities() {
        static OTHER: [Body; 1] = [body("text/json")];
        let json = Body {
            also: &OTHER,
            ..Body::JSON
        };
        let all = [json, body("text/csv"), Body::JSON];
        assert_eq!(
            asked(&all, None).as_deref(),
            Some("application/json, text/json;q=0.9, text/csv;q=0.8")
        );
        assert_eq!(
            asked(&all, Some("text/csv")).as_deref(),
            Some("text/csv, application/json;q=0.9, text/json;q=0.8")
        );
        assert_eq!(asked(&[body("text/csv")], None).as_deref(), Some("text/csv"));
    }

    #[test]
    fn json_alone_is_what_every_call_asks_for() {
        assert_eq!(asked(&[Body::JSON, Body::JSON], None), None);
        assert_eq!(asked(&[], None), None);
    }

    #[test]
    fn qualities_end_at_the_least() {
        let types = [
            "a/a", "a/b", "a/c", "a/d", "a/e", "a/f", "a/g", "a/h", "a/i", "a/j", "a/k", "a/l",
        ];
        let text = asked(&types.map(body), None).unwrap();
        assert!(text.ends_with("a/j;q=0.1, a/k;q=0.1, a/l;q=0.1"), "{text}");
    }
}
