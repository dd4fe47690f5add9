//! The key as it is sent, as it is kept, and what a request is told by.

use std::fmt;

use http::{HeaderMap, HeaderValue};
use ring::digest::{Context as Digest, SHA256};

/// Longer keys are refused.
const LONGEST: usize = 255;

/// The key is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::server) struct BadKey;

impl BadKey {
    pub(in crate::server) const MESSAGE: &'static str = "the idempotency key must be one text of 1 to 255 visible ASCII characters, in quotation marks or without";
}

/// The key that a request has.
///
/// The draft makes it a string of RFC 8941, in quotation marks; many send it without, which means the same here.
pub(in crate::server) fn read_key(headers: &HeaderMap, name: &str) -> Result<Option<String>, BadKey> {
    let mut all = headers.get_all(name).iter();
    let text = match (all.next(), all.next()) {
        (None, _) => return Ok(None),
        (Some(one), None) => text(one)?,
        (Some(_), Some(_)) => return Err(BadKey),
    };
    let is_key = (1..=LONGEST).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ');
    if is_key { Ok(Some(text)) } else { Err(BadKey) }
}

fn text(value: &HeaderValue) -> Result<String, BadKey> {
    let text = value.to_str().map_err(|_| BadKey)?.trim();
    let Some(quoted) = text.strip_prefix('"') else {
        return Ok(text.to_owned());
    };
    let mut plain = String::new();
    let mut characters = quoted.chars();
    loop {
        match characters.next() {
            Some('"') if characters.as_str().is_empty() => return Ok(plain),
            Some('\\') => plain.push(
                characters
                    .next()
                    .filter(|c| matches!(c, '"' | '\\'))
                    .ok_or(BadKey)?,
            ),
            Some('"') | None => return Err(BadKey),
            Some(other) => plain.push(other),
        }
    }
}

/// The key as it is kept: what callers send may be long, and tell of them.
pub(in crate::server) struct Scope([u8; 32]);

impl Scope {
    pub(in crate::server) fn new(service: &str, operation: &str, caller: Option<&str>, key: &str) -> Self {
        let caller = caller.map_or([b"-" as &[u8], b""], |caller| [b"+", caller.as_bytes()]);
        Self(digest(&[
            service.as_bytes(),
            operation.as_bytes(),
            caller[0],
            caller[1],
            key.as_bytes(),
        ]))
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// What a request is told by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::server) struct Fingerprint(pub(in crate::server) [u8; 32]);

impl Fingerprint {
    pub(in crate::server) fn of(method: &str, path: &str, query: &str, body: &[u8]) -> Self {
        Self(digest(&[
            method.as_bytes(),
            path.as_bytes(),
            query.as_bytes(),
            body,
        ]))
    }
}

/// A digest of texts that tells where each ends.
fn digest(parts: &[&[u8]]) -> [u8; 32] {
    let mut digest = Digest::new(&SHA256);
    for part in parts {
        digest.update(&(part.len() as u64).to_be_bytes());
        digest.update(part);
    }
    let mut octets = [0; 32];
    octets.copy_from_slice(digest.finish().as_ref());
    octets
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Option<String>, BadKey> {
        let headers = HeaderMap::from_iter([("key".parse().unwrap(), HeaderValue::from_str(text).unwrap())]);
        read_key(&headers, "key")
    }

    #[test]
    fn a_key_is_the_same_with_quotation_marks_and_without() {
        for text in ["8e03978e", "\"8e03978e\"", "  8e03978e "] {
            assert_eq!(read(text), Ok(Some("8e03978e".to_owned())), "{text}");
        }
        assert_eq!(read(r#""a \"b\" \\""#), Ok(Some(r#"a "b" \"#.to_owned())));
    }

    #[test]
    fn what_is_no_key_is_refused() {
        let long = "k".repeat(256);
        for text in ["", "\"\"", "\"open", "\"a\"b\"", r#""\a""#, "\"a\";p=1", &long] {
            assert_eq!(read(text), Err(BadKey), "{text}");
        }
        assert!(read(&"k".repeat(255)).is_ok());
        let mut twice = HeaderMap::new();
        twice.append("key", HeaderValue::from_static("a"));
        twice.append("key", HeaderValue::from_static("a"));
        assert_eq!(read_key(&twice, "key"), Err(BadKey));
        assert_eq!(read_key(&HeaderMap::new(), "key"), Ok(None));
    }

    #[test]
    fn a_key_belongs_to_operation_and_caller() {
        let scope = |operation, caller, key| Scope::new("pets", operation, caller, key).to_string();
        let one = scope("create", Some("ann"), "k");
        for other in [
            scope("delete", Some("ann"), "k"),
            scope("create", Some("bob"), "k"),
            scope("create", None, "k"),
            scope("create", Some(""), "k"),
            scope("createann", Some(""), "k"),
            scope("create", Some("annk"), ""),
        ] {
            assert_ne!(one, other);
        }
        assert_eq!(one, scope("create", Some("ann"), "k"));
        assert_ne!(scope("create", None, "k"), scope("create", Some(""), "k"));
    }

    #[test]
    fn all_of_a_request_is_told_apart() {
        let one = Fingerprint::of("POST", "/a", "b", b"c");
        for other in [
            Fingerprint::of("PUT", "/a", "b", b"c"),
            Fingerprint::of("POST", "/ab", "", b"c"),
            Fingerprint::of("POST", "/a", "bc", b""),
            Fingerprint::of("POST", "/a", "b", b"d"),
        ] {
            assert_ne!(one, other);
        }
    }
}
