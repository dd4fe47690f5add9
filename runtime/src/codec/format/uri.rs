//! RFC 3986 and RFC 3987: URIs and IRIs. A text without characters beyond ASCII that is an IRI is a URI.

use std::net::Ipv6Addr;

/// A scheme, and what follows.
pub(super) fn is_absolute(text: &str) -> bool {
    scheme(text).is_some_and(|(_, rest)| is_hierarchy(rest, true))
}

/// With a scheme or without.
pub(super) fn is_reference(text: &str) -> bool {
    is_absolute(text) || is_hierarchy(text, false)
}

fn scheme(text: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = text.split_once(':')?;
    let is_scheme = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'));
    is_scheme.then_some((scheme, rest))
}

/// Authority, path, query and fragment. Without a scheme, what is before a colon would be read as one.
fn is_hierarchy(text: &str, has_scheme: bool) -> bool {
    let (rest, fragment) = text.split_once('#').unwrap_or((text, ""));
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let path = match rest.strip_prefix("//") {
        Some(rest) => {
            let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
            if !is_authority(authority) {
                return false;
            }
            path
        }
        None if !has_scheme && rest.split('/').next().is_some_and(|first| first.contains(':')) => {
            return false;
        }
        None => rest,
    };
    let is_query = |c| is_segment(c) || matches!(c, '/' | '?') || is_private(c);
    are(path, |c| is_segment(c) || c == '/')
        && are(query, is_query)
        && are(fragment, |c| is_segment(c) || matches!(c, '/' | '?'))
}

fn is_authority(text: &str) -> bool {
    let (user, place) = text.split_once('@').unwrap_or(("", text));
    let host = match place.rfind(':') {
        // The colons of an IPv6 address stand in brackets.
        Some(at) if !place[at..].contains(']') => {
            if !place[at + 1..].bytes().all(|byte| byte.is_ascii_digit()) {
                return false;
            }
            &place[..at]
        }
        _ => place,
    };
    let is_host = match host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        Some(address) => is_address(address),
        None => are(host, is_plain),
    };
    are(user, |c| is_plain(c) || c == ':') && is_host
}

/// What stands in brackets: IPv6, or a later version.
fn is_address(text: &str) -> bool {
    if let Some((version, address)) = text
        .strip_prefix(['v', 'V'])
        .and_then(|rest| rest.split_once('.'))
    {
        let is_version = !version.is_empty() && version.bytes().all(|byte| byte.is_ascii_hexdigit());
        let in_address = |c: char| c.is_ascii() && c != '%' && (is_plain(c) || c == ':');
        return is_version && !address.is_empty() && address.chars().all(in_address);
    }
    text.parse::<Ipv6Addr>().is_ok()
}

/// Whether all characters are allowed, and every percent sign begins an octet.
fn are(text: &str, allowed: impl Fn(char) -> bool) -> bool {
    is_encoded(text) && text.chars().all(allowed)
}

/// Whether two hexadecimal digits stand behind every percent sign.
pub(super) fn is_encoded(text: &str) -> bool {
    let octet = |after: &str| after.len() >= 2 && after.bytes().take(2).all(|byte| byte.is_ascii_hexdigit());
    text.split('%').skip(1).all(octet)
}

/// `unreserved`, `pct-encoded` and `sub-delims`.
fn is_plain(c: char) -> bool {
    c.is_ascii_alphanumeric()
        || matches!(
            c,
            '-' | '.' | '_' | '~' | '%' | '!' | '$' | '&' | '\'' | '(' | ')' | '*' | '+' | ',' | ';' | '='
        )
        || is_foreign(c)
}

/// `pchar`.
fn is_segment(c: char) -> bool {
    is_plain(c) || matches!(c, ':' | '@')
}

/// `ucschar`.
fn is_foreign(c: char) -> bool {
    let code = u32::from(c);
    matches!(code, 0xA0..=0xD7FF | 0xF900..=0xFDCF | 0xFDF0..=0xFFEF)
        || matches!(code, 0x1_0000..=0xD_FFFF if code & 0xFFFE != 0xFFFE)
        || matches!(code, 0xE_1000..=0xE_FFFD)
}

/// `iprivate`.
fn is_private(c: char) -> bool {
    matches!(u32::from(c), 0xE000..=0xF8FF | 0xF_0000..=0xF_FFFD | 0x10_0000..=0x10_FFFD)
}
