//! Writing a query: OpenAPI's styles over [`Parts`].

use std::borrow::Cow;
use std::fmt::Write as _;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::style::expanded;
use crate::codec::text::{Parts, parts};
use crate::codec::{Value, json, nested};
use crate::operation::{Body, Encoding, QueryStyle};

/// All but RFC 3986's `unreserved`: safe in a path segment and in a query.
pub(crate) const PATH_SEGMENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// What stands as it is where reserved characters may: but for `#`, which would end the query, `&` and `+`, which are
/// separator and space, and brackets, which no query may have.
const RESERVED: &AsciiSet = &PATH_SEGMENT
    .remove(b':')
    .remove(b'/')
    .remove(b'?')
    .remove(b'@')
    .remove(b'!')
    .remove(b'$')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')')
    .remove(b'*')
    .remove(b',')
    .remove(b';')
    .remove(b'=');

/// The same within a list that commas separate.
const RESERVED_ITEM: &AsciiSet = &RESERVED.add(b',');

/// What stands as it is in a form: no fragment follows, and brackets are nothing special.
const RESERVED_FORM: &AsciiSet = &RESERVED.remove(b'#').remove(b'[').remove(b']');

/// The same within a list that commas separate.
const RESERVED_FORM_ITEM: &AsciiSet = &RESERVED_FORM.add(b',');

/// A query being written behind a path.
pub(super) struct Query<'a> {
    out: &'a mut String,
    first: bool,
    /// Whether the values of the next parameter keep reserved characters.
    reserved: bool,
    /// Whether it is a form, which no fragment follows.
    form: bool,
}

impl<'a> Query<'a> {
    pub(super) fn behind(out: &'a mut String) -> Self {
        Self {
            out,
            first: true,
            reserved: false,
            form: false,
        }
    }

    /// A form, whose first character is to be left out.
    pub(super) fn form(out: &'a mut String) -> Self {
        Self {
            form: true,
            ..Self::behind(out)
        }
    }

    /// Lets the next parameter keep reserved characters.
    pub(super) fn reserved(&mut self) -> &mut Self {
        self.reserved = true;
        self
    }

    /// Adds a value that is all of the query.
    pub(super) fn whole(&mut self, body: &Body, value: &dyn Value) {
        let text = match body.encoding {
            Encoding::Form => super::form::write_query(value, body),
            Encoding::Json => utf8_percent_encode(&json::to_string(value), PATH_SEGMENT).to_string(),
            _ => utf8_percent_encode(&parts(value).to_string(), RESERVED).to_string(),
        };
        if !text.is_empty() {
            self.out.push(if self.first { '?' } else { '&' });
            self.first = false;
            self.out.push_str(&text);
        }
    }

    /// Adds a parameter in its style. What is absent adds nothing.
    pub(super) fn parameter(&mut self, name: &str, value: &dyn Value, style: QueryStyle) {
        self.styled(name, value, style);
        self.reserved = false;
    }

    fn styled(&mut self, name: &str, value: &dyn Value, style: QueryStyle) {
        if style == QueryStyle::Json {
            if !matches!(value.node(), crate::codec::Node::Absent) {
                self.pair(name, &json::to_string(value));
            }
            return;
        }
        if style == QueryStyle::DeepObject {
            nested::write(name, value, &mut |path, text| self.nested(path, text));
            return;
        }
        match parts(value) {
            Parts::Absent => {}
            Parts::One(text) => self.pair(name, &text),
            Parts::Many(items) => match style {
                QueryStyle::FormExploded | QueryStyle::DeepObject | QueryStyle::Json => {
                    for item in &items {
                        self.pair(name, item);
                    }
                }
                QueryStyle::Form => self.joined(name, &items, ","),
                QueryStyle::Space => self.joined(name, &items, "%20"),
                QueryStyle::Pipe => self.joined(name, &items, "%7C"),
                QueryStyle::Tab => self.joined(name, &items, "%09"),
            },
            Parts::Object(entries) => match style {
                QueryStyle::FormExploded => {
                    for (key, text) in &entries {
                        self.pair(key, text);
                    }
                }
                style => {
                    let flat: Vec<_> = entries.into_iter().flat_map(|(key, text)| [key, text]).collect();
                    let separator = match style {
                        QueryStyle::Space => "%20",
                        QueryStyle::Pipe => "%7C",
                        QueryStyle::Tab => "%09",
                        _ => ",",
                    };
                    self.joined(name, &flat, separator);
                }
            },
        }
    }

    /// Adds `name=value`, percent-encoded.
    pub(super) fn pair(&mut self, name: &str, value: &str) {
        self.name(name);
        self.out.push('=');
        self.value(value, false);
    }

    /// Adds `a[b][0]=text`. Brackets of a segment are encoded, so that they do not end it.
    fn nested(&mut self, path: &[Cow<'_, str>], text: &str) {
        if let [name, inner @ ..] = path {
            self.name(name);
            for segment in inner {
                self.out.push('[');
                self.text(segment);
                self.out.push(']');
            }
            self.out.push('=');
            self.value(text, false);
        }
    }

    /// An empty list is sent as an empty value, not left out: the two differ.
    fn joined(&mut self, name: &str, items: &[String], separator: &str) {
        self.name(name);
        self.out.push('=');
        for (index, item) in items.iter().enumerate() {
            if index > 0 {
                self.out.push_str(separator);
            }
            self.value(item, true);
        }
    }

    fn name(&mut self, name: &str) {
        self.out.push(if self.first { '?' } else { '&' });
        self.first = false;
        // Brackets are written as they are, as every server expects them.
        for piece in name.split_inclusive(['[', ']']) {
            let bracket = piece.ends_with(['[', ']']);
            let text = if bracket { &piece[..piece.len() - 1] } else { piece };
            self.text(text);
            if bracket {
                self.out.push_str(&piece[piece.len() - 1..]);
            }
        }
    }

    /// Writes a value, or an item of a list that commas separate.
    fn value(&mut self, text: &str, is_item: bool) {
        if !self.reserved {
            return self.text(text);
        }
        let set = match (self.form, is_item) {
            (false, false) => RESERVED,
            (false, true) => RESERVED_ITEM,
            (true, false) => RESERVED_FORM,
            (true, true) => RESERVED_FORM_ITEM,
        };
        self.out.push_str(&expanded(text, set));
    }

    fn text(&mut self, text: &str) {
        // Writing to a String cannot fail.
        let _ = write!(self.out, "{}", utf8_percent_encode(text, PATH_SEGMENT));
    }
}
