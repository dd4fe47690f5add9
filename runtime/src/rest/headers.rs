//! The headers that replies declare, read and written by the table of their record.

use std::borrow::Cow;

use http::{HeaderMap, HeaderName, HeaderValue, header};

use super::style;
use super::styled::styled;
use crate::code::Code;
use crate::codec::text::{self, Parts, PlaceKind};
use crate::codec::{DecodeError, Record, Value};
use crate::error::{Error, ErrorKind, Fault};
use crate::operation::TextStyle;

/// The headers that the replies of an operation declare, as a record. Implemented by generated code.
///
/// Clients read them by [`Reply::declared`](crate::Reply::declared) and [`Error::declared`](crate::Error::declared);
/// handlers set them by [`Context::set_reply_headers`](crate::Context::set_reply_headers).
pub trait ReplyHeaders: Record + Value {
    /// How each field is written.
    const STYLES: &'static [TextStyle];
}

impl<E> Error<E> {
    /// The headers that the contract declares for failures, typed: `error.declared::<list_pets::FailureHeaders>()?`.
    ///
    /// # Errors
    /// There was no reply, one that is required is missing, or one is not what the contract says; the message says which.
    pub fn declared<H: ReplyHeaders>(&self) -> Result<H, Fault> {
        let Some(reply) = self.reply() else {
            let message = "there was no reply, and so there are no headers";
            return Err(Fault::new(ErrorKind::Decode, self.code(), message));
        };
        read(&reply.headers).map_err(|error| Fault::decode(&error))
    }
}

/// Reads the declared ones of `headers`.
pub(crate) fn read<H: ReplyHeaders>(headers: &HeaderMap) -> Result<H, DecodeError> {
    let mut record = H::blank();
    read_fields(H::STYLES, headers, &mut record)?;
    Ok(record)
}

fn read_fields(
    styles: &[TextStyle],
    headers: &HeaderMap,
    record: &mut dyn Record,
) -> Result<(), DecodeError> {
    for (index, (field, style)) in record.shape().fields.iter().zip(styles).enumerate() {
        let Some(place) = record.field_mut(index) else {
            continue;
        };
        let found = read_one(headers, field.name, *style, place);
        let missing = || DecodeError::new("the header is not there, and the contract requires it");
        match found {
            Ok(false) if field.required => Err(missing()),
            Ok(_) => Ok(()),
            Err(error) => Err(error),
        }
        .map_err(|error| error.in_key(field.name).in_key("header"))?;
    }
    Ok(())
}

/// Reads a header, the lines of its name as one (RFC 9110, 5.3). `Ok(false)`: it is not there.
fn read_one(
    headers: &HeaderMap,
    name: &str,
    style: TextStyle,
    place: &mut dyn Value,
) -> Result<bool, DecodeError> {
    let mut lines = Vec::new();
    for line in headers.get_all(name) {
        let text = std::str::from_utf8(line.as_bytes());
        lines.push(text.map_err(|_| DecodeError::new("is not UTF-8 text"))?);
    }
    if lines.is_empty() {
        return Ok(false);
    }
    if header::SET_COOKIE.as_str().eq_ignore_ascii_case(name) {
        // The one header whose lines are never joined.
        let is_list = text::kind_of(place) == PlaceKind::List;
        let taken = if is_list { lines.len() } else { 1 };
        return text::read_many(lines.into_iter().take(taken), place).map(|()| true);
    }
    let trimmed = |text| Ok(Cow::Borrowed(str::trim(text)));
    styled(&lines.join(","), name, style, &trimmed, place).map(|()| true)
}

/// The headers of a record.
///
/// # Errors
/// A text that no header can hold.
pub(crate) fn write<H: ReplyHeaders>(record: &H) -> Result<HeaderMap, Fault> {
    write_fields(H::STYLES, record)
}

fn write_fields(styles: &[TextStyle], record: &dyn Record) -> Result<HeaderMap, Fault> {
    let mut headers = HeaderMap::new();
    for (index, (field, style)) in record.shape().fields.iter().zip(styles).enumerate() {
        let Some(value) = record.field(index) else {
            continue;
        };
        let invalid = || {
            let message = format!(
                "the header {} holds characters that a header cannot hold",
                field.name
            );
            Fault::new(ErrorKind::Encode, Code::Internal, message)
        };
        let name = HeaderName::from_bytes(field.name.as_bytes()).map_err(|_| invalid())?;
        let texts = match text::parts(value) {
            Parts::Many(lines) if name == header::SET_COOKIE => lines,
            _ => style::plain(value, *style).into_iter().collect(),
        };
        for text in texts {
            let text = HeaderValue::from_str(&text).map_err(|_| invalid())?;
            headers.append(name.clone(), text);
        }
    }
    Ok(headers)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::{Field, Shape};

    #[derive(Clone)]
    struct Headers {
        total: i64,
        tags: Option<Vec<String>>,
        set_cookie: Option<Vec<String>>,
    }
    static HEADERS: Shape = Shape::new(
        "list",
        &[
            Field::required("X-Total"),
            Field::optional("X-Tags"),
            Field::optional("Set-Cookie"),
        ],
    );
    crate::__record!(
        Headers = HEADERS {
            0: total,
            1: tags,
            2: set_cookie
        }
    );
    crate::__reply_headers!(Headers {
        Simple,
        Simple,
        Simple
    });

    fn map(lines: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, HeaderValue::from_static(value));
        }
        headers
    }

    #[test]
    fn lines_of_one_name_are_one_list_but_for_cookies() {
        let lines = map(&[
            ("x-total", "7"),
            ("x-tags", "a, b"),
            ("x-tags", "c"),
            ("set-cookie", "id=1; Expires=Wed, 21 Oct 2026 07:28:00 GMT"),
            ("set-cookie", "theme=dark"),
        ]);
        let found: Headers = read(&lines).expect("all is as declared");
        assert_eq!(found.total, 7);
        assert_eq!(found.tags.as_deref().expect("there"), ["a", "b", "c"]);
        assert_eq!(found.set_cookie.as_ref().expect("there").len(), 2);
        let written = write(&found).expect("texts");
        assert_eq!(written.get_all("set-cookie").iter().count(), 2);
        assert_eq!(written["x-tags"], "a,b,c");
        assert_eq!(read::<Headers>(&written).expect("as before"), found);
    }

    #[test]
    fn a_header_that_is_missing_or_wrong_is_named() {
        let missing = read::<Headers>(&map(&[])).expect_err("one is required");
        assert!(
            missing.to_string().starts_with("at /header/X-Total: "),
            "{missing}"
        );
        let wrong = read::<Headers>(&map(&[("x-total", "many")])).expect_err("no number");
        assert!(wrong.to_string().contains("/header/X-Total"), "{wrong}");
        assert!(
            !wrong.to_string().contains("many"),
            "values stay out of messages: {wrong}"
        );
    }

    #[test]
    fn a_text_that_no_header_can_hold_is_refused() {
        let headers = Headers {
            total: 1,
            tags: Some(vec!["a\r\nX-Other: b".to_owned()]),
            set_cookie: None,
        };
        let fault = write(&headers).expect_err("two lines");
        assert!(fault.message().contains("X-Tags"), "{fault}");
    }
}
