//! Reading a text in OpenAPI's styles, of a path, a header, a cookie or one value of a query.

use std::borrow::Cow;

use crate::codec::text::{self, PlaceKind};
use crate::codec::{DecodeError, Value, json};
use crate::operation::TextStyle;

/// Undoes what stands in the way of a text.
pub(crate) type Decode<'d, 't> = &'d dyn Fn(&'t str) -> Result<Cow<'t, str>, DecodeError>;

/// Reads a text in one of the styles of paths and headers.
pub(crate) fn styled<'t>(
    raw: &'t str,
    name: &str,
    style: TextStyle,
    decode: Decode<'_, 't>,
    value: &mut dyn Value,
) -> Result<(), DecodeError> {
    let expected = |what: &'static str| DecodeError::new(format!("expected {what}"));
    // `;name=…`, of which the value is wanted.
    let of_name = |part: &'t str| match part.split_once('=') {
        Some((key, rest)) if key == name => Some(rest),
        None if part == name => Some(""),
        _ => None,
    };
    let label = || raw.strip_prefix('.').ok_or_else(|| expected("a leading dot"));
    let matrix = || {
        raw.strip_prefix(';')
            .ok_or_else(|| expected("a leading semicolon"))
    };
    match style {
        TextStyle::Json => json::read(decode(raw)?.as_bytes(), value),
        TextStyle::Simple => delimited(raw, &[","], decode, value),
        TextStyle::SimpleExploded => exploded(raw, ',', decode, value),
        TextStyle::Label => delimited(label()?, &[","], decode, value),
        TextStyle::LabelExploded => exploded(label()?, '.', decode, value),
        TextStyle::Matrix => {
            let text = of_name(matrix()?).ok_or_else(|| expected("the parameter's name"))?;
            delimited(text, &[","], decode, value)
        }
        TextStyle::MatrixExploded if text::kind_of(value) == PlaceKind::Object => {
            exploded(matrix()?, ';', decode, value)
        }
        TextStyle::MatrixExploded => {
            let parts: Option<Vec<&'t str>> = matrix()?.split(';').map(of_name).collect();
            let parts = parts.ok_or_else(|| expected("the parameter's name"))?;
            let texts = parts.into_iter().map(decode).collect::<Result<Vec<_>, _>>()?;
            text::read_many(texts.iter().map(|text| &**text), value)
        }
    }
}

/// Reads a text whose parts stand between delimiters, an object's as `key=value`.
fn exploded<'t>(
    raw: &'t str,
    delimiter: char,
    decode: Decode<'_, 't>,
    value: &mut dyn Value,
) -> Result<(), DecodeError> {
    match text::kind_of(value) {
        PlaceKind::One => text::read(&decode(raw)?, value),
        PlaceKind::List => {
            let parts = raw.split(delimiter).filter(|_| !raw.is_empty());
            let texts = parts.map(decode).collect::<Result<Vec<_>, _>>()?;
            text::read_many(texts.iter().map(|text| &**text), value)
        }
        PlaceKind::Object => {
            let mut entries = Vec::new();
            for part in raw.split(delimiter).filter(|_| !raw.is_empty()) {
                let (key, text) = part.split_once('=').unwrap_or((part, ""));
                entries.push((decode(key)?, decode(text)?));
            }
            text::read_object(entries.iter().map(|(key, text)| (&**key, &**text)), value)
        }
    }
}

/// Reads a text in which the parts of a list or an object stand between delimiters. It is cut before it is decoded,
/// so that an encoded delimiter stays inside its part.
pub(crate) fn delimited<'t>(
    raw: &'t str,
    delimiters: &[&str],
    decode: Decode<'_, 't>,
    value: &mut dyn Value,
) -> Result<(), DecodeError> {
    let kind = text::kind_of(value);
    if kind == PlaceKind::One {
        return text::read(&decode(raw)?, value);
    }
    let mut parts = Vec::new();
    if !raw.is_empty() {
        for part in cut(raw, delimiters) {
            parts.push(decode(part)?);
        }
    }
    if kind == PlaceKind::List {
        return text::read_many(parts.iter().map(|part| &**part), value);
    }
    if parts.len() % 2 == 1 {
        return Err(DecodeError::new("expected names and values in turn"));
    }
    text::read_object(parts.chunks(2).map(|pair| (&*pair[0], &*pair[1])), value)
}

/// Cuts a text at every one of the delimiters, `%7c` as well as `%7C`.
fn cut<'t>(mut text: &'t str, delimiters: &[&str]) -> Vec<&'t str> {
    let mut parts = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let here = &text.as_bytes()[at..];
        let starts = |delimiter: &&&str| {
            here.get(..delimiter.len())
                .is_some_and(|head| head.eq_ignore_ascii_case(delimiter.as_bytes()))
        };
        // A delimiter is ASCII, so both sides of it are character boundaries.
        match delimiters.iter().find(starts) {
            Some(delimiter) => {
                parts.push(&text[..at]);
                text = &text[at + delimiter.len()..];
                at = 0;
            }
            None => at += 1,
        }
    }
    parts.push(text);
    parts
}
