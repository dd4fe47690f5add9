//! The headers of a part: what stands in them, escaped as browsers do (WHATWG HTML, "multipart form data"), and read as
//! browsers and others write them.

use http::{HeaderMap, HeaderName, HeaderValue, header};

use crate::headers::disposition;

/// What the headers of a part say.
#[derive(Debug, Default)]
pub(crate) struct Head {
    /// The property that it is.
    pub(crate) name: Option<String>,
    pub(crate) file_name: Option<String>,
    pub(crate) media_type: Option<String>,
    /// All others.
    pub(crate) headers: HeaderMap,
}

impl Head {
    /// How many octets its texts have.
    #[cfg(feature = "server")]
    pub(crate) fn length(&self) -> usize {
        let texts = [&self.name, &self.file_name, &self.media_type];
        let texts = texts.into_iter().flatten().map(String::len);
        let headers = self.headers.iter();
        let headers = headers.map(|(name, value)| name.as_str().len() + value.len());
        texts.chain(headers).sum()
    }
}

/// Writes the headers of a part, each with its line end. `None`: its media type is no text of a header. A part without a
/// name is one in an order.
pub(super) fn write<'a>(
    name: Option<&str>,
    file_name: Option<&str>,
    media_type: Option<&str>,
    others: impl Iterator<Item = (&'a HeaderName, &'a HeaderValue)>,
) -> Option<Vec<u8>> {
    let mut head = match (name, file_name) {
        (Some(name), _) => format!("Content-Disposition: form-data; name=\"{}\"", quoted(name)),
        (None, Some(_)) => "Content-Disposition: attachment".to_owned(),
        (None, None) => String::new(),
    };
    if let Some(file_name) = file_name {
        head.push_str(&format!("; filename=\"{}\"", quoted(file_name)));
    }
    if !head.is_empty() {
        head.push_str("\r\n");
    }
    if let Some(media_type) = media_type {
        // A line's end inside it would begin another header.
        HeaderValue::from_str(media_type).ok()?;
        head.push_str(&format!("Content-Type: {media_type}\r\n"));
    }
    let mut head = head.into_bytes();
    for (name, value) in others.filter(|(name, _)| !is_own(name)) {
        for piece in [name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"] {
            head.extend_from_slice(piece);
        }
    }
    Some(head)
}

/// Whether a header is written from what else is known of a part.
fn is_own(name: &HeaderName) -> bool {
    *name == header::CONTENT_DISPOSITION || *name == header::CONTENT_TYPE
}

/// A name as HTML's forms write it in quotes.
fn quoted(name: &str) -> String {
    name.replace('\r', "%0D").replace('\n', "%0A").replace('"', "%22")
}

fn unquoted(name: &str) -> String {
    name.replace("%0D", "\r")
        .replace("%0A", "\n")
        .replace("%22", "\"")
}

/// Reads the headers of a part.
pub(super) fn read(octets: &[u8]) -> Result<Head, &'static str> {
    let text = std::str::from_utf8(octets).map_err(|_| "has part headers that are not UTF-8 text")?;
    let mut head = Head::default();
    for (name, value) in lines(text) {
        if name.eq_ignore_ascii_case("content-disposition") {
            head.name = parameter(&value, "name").map(|name| unquoted(&name));
            head.file_name = disposition::extended(&value)
                .or_else(|| parameter(&value, "filename").map(|name| unquoted(&name)));
        } else if name.eq_ignore_ascii_case("content-type") {
            head.media_type = Some(value);
        } else if let (Ok(name), Ok(value)) = (
            HeaderName::from_bytes(name.as_bytes()),
            HeaderValue::from_str(&value),
        ) {
            head.headers.append(name, value);
        }
    }
    Ok(head)
}

/// The headers of a text, those that go on in the next line joined (RFC 5322, section 2.2.3).
fn lines(text: &str) -> impl Iterator<Item = (&str, String)> {
    let mut lines = text.split("\r\n").peekable();
    std::iter::from_fn(move || {
        loop {
            let (name, value) = match lines.next()?.split_once(':') {
                Some((name, value)) => (name.trim(), value.trim()),
                None => continue,
            };
            let mut value = value.to_owned();
            while let Some(more) = lines.next_if(|line| line.starts_with([' ', '\t'])) {
                value.push(' ');
                value.push_str(more.trim());
            }
            return Some((name, value));
        }
    })
}

/// A parameter of a part's disposition. Browsers write backslashes as they are, others escape quotes by them: what is in
/// quotes ends at the first quote, unless a backslash before it makes sense as an escape.
fn parameter(header: &str, wanted: &str) -> Option<String> {
    let mut rest = header.split_once(';')?.1;
    loop {
        let (name, after) = rest.split_once('=')?;
        let after = after.trim_start();
        let (text, next) = match after.strip_prefix('"') {
            Some(quoted) => in_quotes(quoted),
            None => match after.split_once(';') {
                Some((text, next)) => (text.trim().to_owned(), Some(next)),
                None => (after.trim().to_owned(), None),
            },
        };
        if name.trim().eq_ignore_ascii_case(wanted) {
            return Some(text);
        }
        rest = next?;
    }
}

/// The text up to its closing quote, and the parameters behind it.
fn in_quotes(quoted: &str) -> (String, Option<&str>) {
    let plain_end = quoted.find('"').unwrap_or(quoted.len());
    let (plain, after_plain) = (
        &quoted[..plain_end],
        quoted.get(plain_end + 1..).unwrap_or_default(),
    );
    if plain.ends_with('\\')
        && let Some((text, next)) = escaped(quoted)
    {
        return (text, next);
    }
    (
        plain.to_owned(),
        after_plain.split_once(';').map(|(_, next)| next),
    )
}

/// The same, where a backslash escapes a quote or another backslash. `None`: no parameter or end follows, so it does not.
fn escaped(quoted: &str) -> Option<(String, Option<&str>)> {
    let mut text = String::new();
    let mut characters = quoted.char_indices().peekable();
    while let Some((at, character)) = characters.next() {
        match character {
            '\\' => match characters.next_if(|(_, next)| matches!(next, '"' | '\\')) {
                Some((_, next)) => text.push(next),
                None => text.push('\\'),
            },
            '"' => {
                let after = quoted[at + 1..].trim_start();
                return match after.strip_prefix(';') {
                    Some(next) => Some((text, Some(next))),
                    None => after.is_empty().then_some((text, None)),
                };
            }
            _ => text.push(character),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(disposition: &str) -> (Option<String>, Option<String>) {
        let head = read(format!("\r\nContent-Disposition: {disposition}").as_bytes()).unwrap();
        (head.name, head.file_name)
    }

    #[test]
    fn names_come_back_as_they_were_and_begin_no_header() {
        for name in [
            "plain.txt",
            "a \"b\".txt",
            "two\r\nX-Injected: 1\r\n\r\nlines",
            "caf\u{e9} \u{1F600}.txt",
            "C:\\dir\\file",
            "ends in\\",
            "a\\\\b; c=d",
            "\\\"; name=\"other",
            "; filename=x",
            "",
        ] {
            let head = write(Some(name), Some(name), Some("text/plain"), std::iter::empty()).unwrap();
            let text = std::str::from_utf8(&head).unwrap();
            assert_eq!(text.matches("\r\n").count(), 2, "{text}");
            let back = read(&head[..head.len() - 2]).unwrap();
            assert_eq!(back.name.as_deref(), Some(name), "{text}");
            assert_eq!(back.file_name.as_deref(), Some(name), "{text}");
            assert_eq!(back.media_type.as_deref(), Some("text/plain"));
            assert!(back.headers.is_empty(), "{text}");
        }
    }

    #[test]
    fn a_media_type_that_would_begin_a_header_is_not_written() {
        assert!(write(Some("a"), None, Some("text/plain\r\nX: y"), std::iter::empty()).is_none());
    }

    #[test]
    fn names_are_read_as_others_write_them() {
        let text = |name: &str| Some(name.to_owned());
        for (disposition, name, file_name) in [
            (
                r#"form-data; name="a"; filename="b \"c\".txt""#,
                text("a"),
                text("b \"c\".txt"),
            ),
            (
                r#"form-data; filename="b \"c\"; d"; name="a""#,
                text("a"),
                text("b \"c\"; d"),
            ),
            (r#"form-data; filename="b\\"; name=a"#, text("a"), text("b\\")),
            ("form-data; name=a; filename=b.txt", text("a"), text("b.txt")),
            (
                "form-data; name=\"a\"; filename=\"euro.txt\"; filename*=UTF-8''%e2%82%ac.txt",
                text("a"),
                text("\u{20ac}.txt"),
            ),
            (
                "form-data; name=\"a\"; filename*=iso-8859-1'en'%A3.txt",
                text("a"),
                text("\u{a3}.txt"),
            ),
            ("form-data; name=\"a", text("a"), None),
            ("attachment", None, None),
        ] {
            assert_eq!(named(disposition), (name, file_name), "{disposition}");
        }
    }

    #[test]
    fn other_headers_are_kept_and_lines_that_go_on_are_joined() {
        let text = "\r\ncontent-disposition: form-data;\r\n\tname=\"a\"\r\nX-One: 1\r\nx-one: 2\r\nno header\r\n: none";
        let head = read(text.as_bytes()).unwrap();
        assert_eq!(head.name.as_deref(), Some("a"));
        let ones: Vec<_> = head.headers.get_all("x-one").iter().collect();
        assert_eq!(ones, ["1", "2"]);
        assert_eq!(head.headers.len(), 2);
        assert!(read(b"X: \xff").is_err());
    }
}
