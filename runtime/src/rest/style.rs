//! Writing a value as one text: OpenAPI's styles `simple`, `label` and `matrix` over [`Parts`].

use std::borrow::Cow;

use percent_encoding::{AsciiSet, utf8_percent_encode};

use super::query::PATH_SEGMENT;
use crate::codec::text::{Parts, parts};
use crate::codec::{Node, Value, json};
use crate::operation::TextStyle;

/// Dots stand between the parts of an exploded label, so those inside are encoded.
const LABEL_PART: &AsciiSet = &PATH_SEGMENT.add(b'.');

/// The percent-encoded text of a path variable or cookie. Delimiters between parts stay, those inside are encoded. What is
/// absent is empty.
pub(super) fn encoded(name: &str, value: &dyn Value, style: TextStyle) -> String {
    if style == TextStyle::Json {
        return match value.node() {
            Node::Absent => String::new(),
            _ => utf8_percent_encode(&json::to_string(value), PATH_SEGMENT).to_string(),
        };
    }
    let set = if style == TextStyle::LabelExploded {
        LABEL_PART
    } else {
        PATH_SEGMENT
    };
    let parts = match parts(value) {
        // A number or an id is mostly as it should be already: no second copy then.
        Parts::One(text) if style == TextStyle::Simple => {
            // Borrowed does not mean unchanged: the encoding of a single octet is borrowed from a table.
            return match Cow::from(utf8_percent_encode(&text, set)) {
                Cow::Borrowed(same) if same == text => text.into_owned(),
                encoded => encoded.into_owned(),
            };
        }
        parts => each(parts, |text| utf8_percent_encode(text, set).to_string()),
    };
    joined(name, &parts, style)
}

/// What stands as it is in a path where reserved characters may: but for `/`, `?` and `#`, which end its segment, and brackets,
/// which no path may have.
const RESERVED: &AsciiSet = &RESERVED_PART.remove(b',').remove(b';').remove(b'=');

/// The same where commas, semicolons and equals signs stand between parts.
const RESERVED_PART: &AsciiSet = &PATH_SEGMENT
    .remove(b':')
    .remove(b'@')
    .remove(b'!')
    .remove(b'$')
    .remove(b'&')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')')
    .remove(b'*')
    .remove(b'+');

/// The same where dots do, too.
const RESERVED_LABEL_PART: &AsciiSet = &RESERVED_PART.add(b'.');

/// What stands as it is in a cookie where reserved characters may: but for comma and semicolon, which no cookie may have (RFC
/// 6265, 4.1.1).
const RESERVED_COOKIE: &AsciiSet = &RESERVED_PART
    .remove(b'/')
    .remove(b'?')
    .remove(b'#')
    .remove(b'[')
    .remove(b']')
    .remove(b'=');

/// The text of a path variable, in which reserved characters stand as they are.
pub(super) fn reserved(name: &str, value: &dyn Value, style: TextStyle) -> String {
    if style == TextStyle::Json {
        return encoded(name, value, style);
    }
    let parts = parts(value);
    let is_one = matches!(parts, Parts::One(_));
    let set = match style {
        TextStyle::LabelExploded if !is_one => RESERVED_LABEL_PART,
        TextStyle::Matrix | TextStyle::MatrixExploded => RESERVED_PART,
        _ if is_one => RESERVED,
        _ => RESERVED_PART,
    };
    joined(name, &each(parts, |text| expanded(text, set)), style)
}

/// The text of a cookie, in which reserved characters stand as they are.
pub(super) fn reserved_cookie(value: &dyn Value) -> String {
    each(parts(value), |text| expanded(text, RESERVED_COOKIE)).to_string()
}

/// Reserved expansion (RFC 6570, 3.2.3): what is percent-encoded already stays.
pub(super) fn expanded(text: &str, set: &'static AsciiSet) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('%') {
        let is_triplet = rest.as_bytes()[at..]
            .get(1..3)
            .is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit));
        let (before, behind) = rest.split_at(at);
        let (own, behind) = behind.split_at(if is_triplet { 3 } else { 1 });
        out.extend(utf8_percent_encode(before, set));
        out.push_str(if is_triplet { own } else { "%25" });
        rest = behind;
    }
    out.extend(utf8_percent_encode(rest, set));
    out
}

/// The text of a header, nothing encoded. `None`: the value is absent.
pub(super) fn plain(value: &dyn Value, style: TextStyle) -> Option<String> {
    if style == TextStyle::Json {
        return (!matches!(value.node(), Node::Absent)).then(|| json::to_string(value));
    }
    match parts(value) {
        Parts::Absent => None,
        Parts::One(text) => Some(text.into_owned()),
        parts => Some(joined("", &parts, style)),
    }
}

fn each(parts: Parts<'_>, write: impl Fn(&str) -> String) -> Parts<'static> {
    match parts {
        Parts::Absent => Parts::Absent,
        Parts::One(text) => Parts::One(Cow::Owned(write(&text))),
        Parts::Many(items) => Parts::Many(items.iter().map(|item| write(item)).collect()),
        Parts::Object(entries) => {
            let entries = entries.iter().map(|(key, text)| (write(key), write(text)));
            Parts::Object(entries.collect())
        }
    }
}

fn joined(name: &str, parts: &Parts<'_>, style: TextStyle) -> String {
    let pairs = |between: &str, around: &str, entries: &[(String, String)]| {
        let pairs = entries.iter().map(|(key, text)| format!("{key}{between}{text}"));
        pairs.collect::<Vec<_>>().join(around)
    };
    let named = |text: &str| {
        if text.is_empty() {
            format!(";{name}")
        } else {
            format!(";{name}={text}")
        }
    };
    match (style, parts) {
        (_, Parts::Absent) => String::new(),
        (TextStyle::SimpleExploded, Parts::Object(entries)) => pairs("=", ",", entries),
        (TextStyle::LabelExploded, Parts::Many(items)) => format!(".{}", items.join(".")),
        (TextStyle::LabelExploded, Parts::Object(entries)) => format!(".{}", pairs("=", ".", entries)),
        (TextStyle::Label | TextStyle::LabelExploded, parts) => format!(".{parts}"),
        (TextStyle::MatrixExploded, Parts::Many(items)) => items.iter().map(|item| named(item)).collect(),
        (TextStyle::MatrixExploded, Parts::Object(entries)) => format!(";{}", pairs("=", ";", entries)),
        (TextStyle::Matrix | TextStyle::MatrixExploded, parts) => named(&parts.to_string()),
        (TextStyle::Simple | TextStyle::SimpleExploded | TextStyle::Json, parts) => parts.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn values_are_written_as_the_table_of_the_specification_shows() {
        let list = ["blue", "black", "brown"].map(str::to_owned).to_vec();
        let object = BTreeMap::from([
            ("B".to_owned(), 150_i64),
            ("G".to_owned(), 200),
            ("R".to_owned(), 100),
        ]);
        for (style, one, many, properties) in [
            (TextStyle::Simple, "blue", "blue,black,brown", "B,150,G,200,R,100"),
            (
                TextStyle::SimpleExploded,
                "blue",
                "blue,black,brown",
                "B=150,G=200,R=100",
            ),
            (
                TextStyle::Label,
                ".blue",
                ".blue,black,brown",
                ".B,150,G,200,R,100",
            ),
            (
                TextStyle::LabelExploded,
                ".blue",
                ".blue.black.brown",
                ".B=150.G=200.R=100",
            ),
            (
                TextStyle::Matrix,
                ";color=blue",
                ";color=blue,black,brown",
                ";color=B,150,G,200,R,100",
            ),
            (
                TextStyle::MatrixExploded,
                ";color=blue",
                ";color=blue;color=black;color=brown",
                ";B=150;G=200;R=100",
            ),
        ] {
            assert_eq!(encoded("color", &"blue".to_owned(), style), one, "{style:?}");
            assert_eq!(encoded("color", &list, style), many, "{style:?}");
            assert_eq!(encoded("color", &object, style), properties, "{style:?}");
        }
        assert_eq!(encoded("color", &"/".to_owned(), TextStyle::Simple), "%2F");
        assert_eq!(encoded("color", &"%".to_owned(), TextStyle::Simple), "%25");
        assert_eq!(encoded("color", &String::new(), TextStyle::Matrix), ";color");
        assert_eq!(
            encoded("v", &"1.2".to_owned(), TextStyle::LabelExploded),
            ".1%2E2"
        );
    }

    #[test]
    fn reserved_characters_stay_but_for_those_that_would_mean_something_else() {
        let all = ":/?#[]@!$&'()*+,;= %2f 100%".to_owned();
        assert_eq!(
            reserved("p", &all, TextStyle::Simple),
            ":%2F%3F%23%5B%5D@!$&'()*+,;=%20%2f%20100%25"
        );
        assert_eq!(
            reserved("p", &all, TextStyle::Matrix),
            ";p=:%2F%3F%23%5B%5D@!$&'()*+%2C%3B%3D%20%2f%20100%25"
        );
        assert_eq!(reserved_cookie(&all), ":/?#[]@!$&'()*+%2C%3B=%20%2f%20100%25");
        let list = ["a,b", "c:d", "e.f"].map(str::to_owned).to_vec();
        assert_eq!(reserved("p", &list, TextStyle::Simple), "a%2Cb,c:d,e.f");
        assert_eq!(reserved("p", &list, TextStyle::LabelExploded), ".a%2Cb.c:d.e%2Ef");
    }
}
