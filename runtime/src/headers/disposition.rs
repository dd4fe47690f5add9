//! `Content-Disposition` (RFC 6266): names of files, in ASCII and in all of Unicode (RFC 8187).

use http::HeaderValue;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// All but RFC 8187's `attr-char`.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'!')
    .remove(b'#')
    .remove(b'$')
    .remove(b'&')
    .remove(b'+')
    .remove(b'-')
    .remove(b'.')
    .remove(b'^')
    .remove(b'_')
    .remove(b'`')
    .remove(b'|')
    .remove(b'~');

/// The file's name that a header says. The extended one wins, as RFC 6266 wants.
pub(crate) fn file_name(header: &str) -> Option<String> {
    extended(header)
        .or_else(|| parameter(header, "filename"))
        .filter(|name| !name.is_empty())
}

/// The name in all of Unicode.
pub(crate) fn extended(header: &str) -> Option<String> {
    parameter(header, "filename*").and_then(|text| decode(&text))
}

/// RFC 8187's `charset'language'text`.
fn decode(text: &str) -> Option<String> {
    let (charset, rest) = text.split_once('\'')?;
    let octets = percent_decode_str(rest.split_once('\'')?.1);
    if charset.eq_ignore_ascii_case("utf-8") {
        octets.decode_utf8().ok().map(Into::into)
    } else if charset.eq_ignore_ascii_case("iso-8859-1") {
        Some(octets.map(char::from).collect())
    } else {
        None
    }
}

/// The header of a body that is to be kept by this name.
pub(crate) fn attachment(name: &str) -> HeaderValue {
    let plain: String = name
        .chars()
        .map(|character| match character {
            '"' | '\\' => '_',
            ' '..='~' => character,
            _ => '_',
        })
        .collect();
    let mut text = format!("attachment; filename=\"{plain}\"");
    if plain != name {
        text.push_str(&format!(
            "; filename*=UTF-8''{}",
            utf8_percent_encode(name, ENCODED)
        ));
    }
    // Nothing but visible ASCII is left.
    HeaderValue::from_str(&text).unwrap_or_else(|_| HeaderValue::from_static("attachment"))
}

/// A parameter of a header: `; name=text`, `; name="text"`.
pub(crate) fn parameter(header: &str, wanted: &str) -> Option<String> {
    let mut rest = header.split_once(';')?.1;
    loop {
        let (name, after) = rest.split_once('=')?;
        let after = after.trim_start();
        let (text, next) = match after.strip_prefix('"') {
            Some(quoted) => {
                let (mut text, mut escaped, mut length) = (String::new(), false, quoted.len());
                for (at, character) in quoted.char_indices() {
                    match character {
                        _ if escaped => {
                            // Browsers once sent whole paths, whose backslashes escape nothing.
                            if !matches!(character, '"' | '\\') {
                                text.push('\\');
                            }
                            text.push(character);
                            escaped = false;
                        }
                        '\\' => escaped = true,
                        '"' => {
                            length = at;
                            break;
                        }
                        _ => text.push(character),
                    }
                }
                let next = quoted.get(length + 1..).unwrap_or_default();
                (text, next.split_once(';').map(|(_, next)| next))
            }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_back_as_they_were_written() {
        for name in [
            "report.pdf",
            "na\u{ef}ve \"\u{20ac}\".txt",
            "a;b=c'd%20.csv",
            "\u{1F600}",
        ] {
            let header = attachment(name);
            assert_eq!(file_name(header.to_str().unwrap()).as_deref(), Some(name));
        }
    }

    #[test]
    fn the_extended_name_wins_and_one_of_an_unknown_charset_gives_way() {
        let both = "attachment; filename=\"EURO rates\"; filename*=utf-8''%e2%82%ac%20rates";
        assert_eq!(file_name(both).as_deref(), Some("\u{20ac} rates"));
        let latin = "attachment; filename*=iso-8859-1'en'%A3%20rates";
        assert_eq!(file_name(latin).as_deref(), Some("\u{a3} rates"));
        let other = "attachment; filename*=shift-jis''%83%65; filename=plain.txt";
        assert_eq!(file_name(other).as_deref(), Some("plain.txt"));
        for nothing in [
            "attachment",
            "inline; filename=\"\"",
            "attachment; filename*=UTF-8''%ff",
        ] {
            assert_eq!(file_name(nothing), None, "{nothing}");
        }
    }
}
