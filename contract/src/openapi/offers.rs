//! What a body can be: the media types that a document offers, those together that carry values of one type.
//!
//! ```text
//! entries -> without XML that repeats JSON, unless it is asked for -> those of one schema together -> the first of each
//! ```
//!
//! Beside JSON of the same schema, where a value has parts (it is an object or a list):
//!
//! | media type | is |
//! |---|---|
//! | forms, parts, XML | the same type in another notation |
//! | `text/plain` | the same type, as its JSON text: no other is meant |
//! | YAML of a request | the same type, as its JSON text, which is YAML |
//! | other notations (YAML of a reply, CBOR, protobuf …) | left out: a caller reads it by `raw` |
//! | other text and octets (`text/csv`, `application/pdf`) | an alternative of its own |
//!
//! A value without parts is one type, as text, too.

use crate::model::{Encoding, Media, Scalar, Type, TypeUse};
use crate::schema::Context;
use crate::source::{Entry, Node, Object};

use super::content::{encoding, essence, rank};
use super::{form, multipart, xml};

/// Media types that carry values of one type.
#[derive(Debug)]
pub(super) struct Offer<'a> {
    /// The one that the type is read from, and that is sent unless told otherwise.
    pub(super) first: Offered<'a>,
    /// The others.
    pub(super) also: Vec<Offered<'a>>,
}

/// A media type of a document.
#[derive(Debug, Clone, Copy)]
pub(super) struct Offered<'a> {
    pub(super) entry: &'a Entry,
    pub(super) encoding: Encoding,
    /// Whether its values are objects or lists.
    has_parts: bool,
    /// Its place among all.
    at: usize,
}

/// Whose body it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Of {
    Request,
    Reply,
}

/// All that a body can be, in the order of the document.
pub(super) fn offers<'a>(cx: &Context<'a>, content: &'a Object, of: Of) -> Vec<Offer<'a>> {
    let all = offered(cx, content, of);
    let (values, others): (Vec<_>, Vec<_>) = all.into_iter().partition(|one| is_value(one.encoding));
    let mut groups: Vec<Vec<Offered<'a>>> = Vec::new();
    for one in values.into_iter().chain(others) {
        let is_of = |group: &&mut Vec<Offered<'_>>| {
            // What only repeats a value as text or octets draws no other.
            let is_drawing = |known: &&Offered<'_>| is_value(known.encoding) || !is_value(group[0].encoding);
            let mut drawing = group.iter().filter(is_drawing);
            drawing.any(|known| is_one_type(known, &one, of))
        };
        match groups.iter_mut().find(is_of) {
            Some(group) => group.push(one),
            None => groups.push(vec![one]),
        }
    }
    groups.sort_by_key(|group| group.iter().map(|one| one.at).min());
    groups.into_iter().filter_map(|group| offer(cx, group)).collect()
}

/// The offer whose name needs no addition: JSON where it is among them.
pub(super) fn usual(offers: &[Offer<'_>]) -> usize {
    let ranks = offers
        .iter()
        .map(|offer| rank(&offer.first.entry.key))
        .enumerate();
    ranks.min_by_key(|(_, rank)| *rank).map_or(0, |(at, _)| at)
}

/// The media types, each with its encoding. XML beside JSON says the same in another notation, and is left out unless it is
/// asked for: its tables are long, and need a feature of the runtime.
fn offered<'a>(cx: &Context<'a>, content: &'a Object, of: Of) -> Vec<Offered<'a>> {
    let named = |entry: &&Entry| entry.key.contains('/');
    let only_named = content.entries().iter().any(|entry| named(&entry));
    let has_json = content
        .entries()
        .iter()
        .any(|entry| encoding(&entry.key) == Encoding::Json);
    let has_octets = content
        .entries()
        .iter()
        .any(|entry| encoding(&entry.key) == Encoding::Bytes);
    let entries = content.entries().iter().enumerate();
    entries
        .filter(|(_, entry)| !only_named || named(entry))
        .filter(|(_, entry)| cx.xml || !(has_json && xml::is_xml(&entry.key)))
        .map(|(at, entry)| {
            let is_binary = || is_binary(entry.value.get("schema"));
            let encoding = match encoding(&entry.key) {
                // What comes back in parts that nobody describes is given as octets.
                Encoding::Multipart if of == Of::Reply && !multipart::is_described(cx, entry) => {
                    Encoding::Bytes
                }
                // Octets are no JSON, whatever the list of media types says.
                Encoding::Json if (has_octets || entry.key.contains('*')) && is_binary() => Encoding::Bytes,
                other => xml::encoding(cx, &entry.key, other, &entry.value),
            };
            let schema = entry.value.get("schema");
            Offered {
                entry,
                encoding,
                has_parts: schema.is_some_and(|schema| xml::is_composite(cx, schema)),
                at,
            }
        })
        .collect()
}

fn offer<'a>(cx: &Context<'a>, mut group: Vec<Offered<'a>>) -> Option<Offer<'a>> {
    let order = |one: &Offered<'a>| {
        // A form cannot carry files.
        let has_files = one.encoding == Encoding::Multipart && multipart::has_files(cx, &one.entry.value);
        let is_vague = one.entry.value.get("schema").is_none() && one.encoding == Encoding::Json;
        let rank = rank(&one.entry.key);
        (is_vague, if has_files { rank.min(2) } else { rank })
    };
    group.sort_by_key(order);
    let mut group = group.into_iter();
    group.next().map(|first| Offer {
        first,
        also: group.collect(),
    })
}

/// Whether what it carries has the type of its schema.
const fn is_value(encoding: Encoding) -> bool {
    matches!(
        encoding,
        Encoding::Json | Encoding::Form | Encoding::Multipart | Encoding::Xml
    )
}

fn is_one_type(known: &Offered<'_>, one: &Offered<'_>, of: Of) -> bool {
    let (schema, other) = (schema(known), schema(one));
    let same = || {
        schema
            .zip(other)
            .is_some_and(|(schema, other)| schema.is_same(other))
    };
    let (written, encoding) = (known.encoding, one.encoding);
    match (written, encoding) {
        // One that says nothing of its values has those of the other.
        (Encoding::Json, Encoding::Json) => schema.is_none() || other.is_none() || same(),
        // Octets can say what they are; of text that is sent back only its reply can.
        (Encoding::Bytes, Encoding::Bytes) => true,
        (Encoding::Text, Encoding::Text) => of == Of::Request,
        (_, _) if is_value(known.encoding) => !is_stream(one.encoding) && same() && is_notation(known, one),
        (known, one) => known == one && is_stream(one) && (schema.is_none() && other.is_none() || same()),
    }
}

/// Whether `one` of the schema of `known` carries values of its type, or is one more notation of them.
fn is_notation(known: &Offered<'_>, one: &Offered<'_>) -> bool {
    match one.encoding {
        Encoding::Text | Encoding::Bytes if known.encoding == Encoding::Json => {
            let essence = essence(&one.entry.key);
            !known.has_parts || essence == "text/plain" || is_other_notation(&essence)
        }
        Encoding::Text | Encoding::Bytes => !known.has_parts,
        _ => true,
    }
}

/// Whether a media type is a notation of values like JSON that the runtime does not read.
fn is_other_notation(essence: &str) -> bool {
    const NOTATIONS: &[&str] = &[
        "avro",
        "bson",
        "cbor",
        "hocon",
        "messagepack",
        "msgpack",
        "ndarray",
        "protobuf",
        "smile",
        "thrift",
        "toml",
    ];
    let subtype = essence.rsplit('/').next().unwrap_or_default();
    let word = subtype.rsplit(['+', '.', '-']).next().unwrap_or_default();
    is_yaml(essence) || NOTATIONS.contains(&word)
}

fn is_yaml(essence: &str) -> bool {
    ["yaml", "yml"].iter().any(|word| essence.ends_with(word))
}

const fn is_stream(encoding: Encoding) -> bool {
    matches!(
        encoding,
        Encoding::Events | Encoding::TextEvents | Encoding::Lines | Encoding::Sequence
    )
}

fn schema<'a>(offered: &Offered<'a>) -> Option<&'a Node> {
    let media = &offered.entry.value;
    media.get("itemSchema").or_else(|| media.get("schema"))
}

fn is_binary(schema: Option<&Node>) -> bool {
    let text = |keyword: &str| schema.and_then(|schema| schema.get(keyword)?.as_str());
    text("type") == Some("string") && text("format") == Some("binary")
}

impl<'a> Offered<'a> {
    /// A word for it, for the names of its types.
    pub(super) fn word(&self) -> String {
        match self.encoding {
            Encoding::Json => "json".to_owned(),
            Encoding::Form => "form".to_owned(),
            Encoding::Multipart => "multipart".to_owned(),
            Encoding::Xml => "xml".to_owned(),
            Encoding::Events | Encoding::TextEvents => "events".to_owned(),
            Encoding::Lines | Encoding::Sequence => "items".to_owned(),
            Encoding::Text | Encoding::Bytes | Encoding::Protobuf => {
                let essence = essence(&self.entry.key);
                essence.rsplit('/').next().unwrap_or_default().to_owned()
            }
        }
    }

    /// How `value`, which is written as `first` elsewhere, is written in it. `None`: it cannot be.
    fn written(&self, of: Of, first: Encoding, value: &TypeUse) -> Option<Encoding> {
        let is_scalar = matches!(value.ty, Type::Scalar(_));
        let is_item = is_scalar || matches!(value.ty, Type::List(_));
        let is_octets = matches!(
            value.ty,
            Type::Scalar(Scalar::Bytes | Scalar::Binary | Scalar::File)
        );
        let written = match self.encoding {
            Encoding::Form | Encoding::Multipart => is_value(first) && !is_item,
            Encoding::Text if first == Encoding::Text => true,
            Encoding::Text | Encoding::Bytes if first == Encoding::Json && self.has_parts => {
                let essence = essence(&self.entry.key);
                let is_json = essence == "text/plain" || of == Of::Request && is_yaml(&essence);
                return is_json.then_some(Encoding::Json);
            }
            Encoding::Text | Encoding::Bytes if is_value(first) => {
                return (!is_octets).then_some(Encoding::Text);
            }
            Encoding::Json => first == Encoding::Json,
            Encoding::Xml => is_value(first),
            other => other == first,
        };
        written.then_some(self.encoding)
    }

    /// How a value is written in it.
    pub(super) fn media(&self, cx: &Context<'a>) -> Media {
        let described = &self.entry.value;
        let (parts, styles) = match self.encoding {
            Encoding::Multipart => (multipart::parts(described), Vec::new()),
            Encoding::Form => (Vec::new(), form::styles(cx, described)),
            _ => (Vec::new(), Vec::new()),
        };
        Media {
            media_type: self.entry.key.to_string(),
            encoding: self.encoding,
            parts,
            styles,
            xml: xml::of(cx, self.encoding, described),
        }
    }
}

impl<'a> Offer<'a> {
    /// The other media types, of those that can carry `value` as `encoding` does.
    pub(super) fn also(&self, cx: &Context<'a>, of: Of, encoding: Encoding, value: &TypeUse) -> Vec<Media> {
        let mut all: Vec<Media> = Vec::new();
        for other in &self.also {
            let is_known = |known: &Media| essence(&known.media_type) == essence(&other.entry.key);
            if essence(&self.first.entry.key) == essence(&other.entry.key) || all.iter().any(is_known) {
                continue;
            }
            if let Some(written) = other.written(of, encoding, value) {
                all.push(Media {
                    encoding: written,
                    ..other.media(cx)
                });
            }
        }
        all
    }
}
