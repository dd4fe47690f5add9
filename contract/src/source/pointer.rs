//! JSON pointers (RFC 6901) and the fragments of references.

use std::fmt;

use crate::problem::escape_token;

/// A JSON pointer, as its tokens.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Pointer {
    tokens: Vec<String>,
}

impl Pointer {
    /// Reads a URI fragment without its `#`: percent-decoded, then split (RFC 6901, section 6). `None` when it is
    /// not a pointer: it must be empty or start with `/`.
    pub fn from_fragment(fragment: &str) -> Option<Self> {
        let text = percent_decode(fragment)?;
        // `#/` is written for "all of it" where files are split by hand; nobody has a key without a name.
        if text.is_empty() || text == "/" {
            return Some(Self::default());
        }
        let tokens = text.strip_prefix('/')?.split('/');
        Some(Self {
            tokens: tokens
                .map(|token| token.replace("~1", "/").replace("~0", "~"))
                .collect(),
        })
    }

    /// Its tokens, unescaped.
    pub fn tokens(&self) -> &[String] {
        &self.tokens
    }

    /// `/definitions/Pet` as a later version writes it: `/components/schemas/Pet`. `None` for all others.
    pub(super) fn of_definition(&self) -> Option<Self> {
        let (first, rest) = self.tokens.split_first()?;
        (first == "definitions").then(|| {
            let start = ["components", "schemas"].map(str::to_owned);
            Self {
                tokens: start.into_iter().chain(rest.iter().cloned()).collect(),
            }
        })
    }

    /// The pointer to a child.
    #[must_use]
    pub fn child(&self, token: &str) -> Self {
        let mut child = self.clone();
        child.push(token);
        child
    }

    /// As a fragment of a URI writes it: what a fragment may not have, and `%`, is percent-encoded.
    pub fn to_fragment(&self) -> String {
        let text = self.to_string();
        let mut fragment = String::with_capacity(text.len());
        for octet in text.bytes() {
            match octet {
                b'%' | b'"' | b'#' | b'<' | b'>' | b'[' | b']' | b'^' | b'`' | b'{' | b'|' | b'}' | b'\\' => {
                    fragment.push_str(&format!("%{octet:02X}"));
                }
                0..=0x20 | 0x7f.. => fragment.push_str(&format!("%{octet:02X}")),
                plain => fragment.push(char::from(plain)),
            }
        }
        fragment
    }

    /// Goes to a child.
    pub(super) fn push(&mut self, token: impl Into<String>) {
        self.tokens.push(token.into());
    }

    /// The pointer to the parent.
    pub(super) fn pop(&mut self) {
        self.tokens.pop();
    }

    /// This pointer, and `rest` counted from where it points to.
    pub(super) fn joined(mut self, rest: &Self) -> Self {
        self.tokens.extend(rest.tokens.iter().cloned());
        self
    }
}

impl fmt::Display for Pointer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.tokens
            .iter()
            .try_for_each(|token| write!(f, "/{}", escape_token(token)))
    }
}

/// Text with its percent-encoding undone. `None`: what comes out is not UTF-8.
pub(super) fn percent_decode(text: &str) -> Option<String> {
    if !text.contains('%') {
        return Some(text.to_owned());
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let escaped = match tail {
            [high, low, ..] if *first == b'%' => hex(*high).zip(hex(*low)),
            _ => None,
        };
        // A per cent sign without two digits stands for itself: documents often forget to escape it.
        (bytes, rest) = match escaped {
            Some((high, low)) => (push(bytes, high << 4 | low), &tail[2..]),
            None => (push(bytes, *first), tail),
        };
    }
    String::from_utf8(bytes).ok()
}

fn push(mut bytes: Vec<u8>, byte: u8) -> Vec<u8> {
    bytes.push(byte);
    bytes
}

fn hex(digit: u8) -> Option<u8> {
    (digit as char).to_digit(16).map(|value| value as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fragments_are_percent_decoded_then_unescaped() {
        let pointer = Pointer::from_fragment("/paths/~1pets~1%7Bid%7D/a~0b/100%").unwrap();
        assert_eq!(pointer.tokens(), ["paths", "/pets/{id}", "a~b", "100%"]);
        assert_eq!(pointer.to_string(), "/paths/~1pets~1{id}/a~0b/100%");
        assert_eq!(Pointer::from_fragment(""), Some(Pointer::default()));
        assert_eq!(Pointer::from_fragment("anchor"), None);
    }
}
