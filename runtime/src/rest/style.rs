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
}
