//! Values as the texts of paths, queries, headers and forms, and back.
//!
//! A value is taken apart into [`Parts`] (one text, a list, or an object of texts); the protocol adapter joins the
//! parts in the style that the contract names. Reading goes the other way.

use std::borrow::Cow;
use std::fmt;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::de::{DeserializeSeed, Deserializer, EnumAccess, IntoDeserializer, VariantAccess, Visitor};
use serde::forward_to_deserialize_any;

use super::{Constant, DecodeError, Json, Node, NodeMut, Value};

/// A value taken apart into texts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Parts<'a> {
    /// Nothing is sent.
    Absent,
    /// One text.
    One(Cow<'a, str>),
    /// A list of texts.
    Many(Vec<String>),
    /// Properties and their texts, in order.
    Object(Vec<(String, String)>),
}

/// Takes a value apart. What nests deeper than texts allow is written as JSON.
pub fn parts(value: &dyn Value) -> Parts<'_> {
    match value.node() {
        Node::Absent => Parts::Absent,
        Node::Null => Parts::One(Cow::Borrowed("null")),
        Node::Bool(true) => Parts::One(Cow::Borrowed("true")),
        Node::Bool(false) => Parts::One(Cow::Borrowed("false")),
        Node::Int(number) => Parts::One(Cow::Owned(number.to_string())),
        Node::Uint(number) => Parts::One(Cow::Owned(number.to_string())),
        Node::Decimal(number) => Parts::One(Cow::Owned(number.to_string())),
        Node::F32(number) => Parts::One(Cow::Owned(number.to_string())),
        Node::F64(number) => Parts::One(Cow::Owned(number.to_string())),
        Node::Text(text) => Parts::One(Cow::Borrowed(text)),
        Node::Bytes(octets) => Parts::One(Cow::Owned(BASE64_STANDARD.encode(octets))),
        Node::File(file) => Parts::One(file.text()),
        Node::Json(json) => json_parts(json),
        Node::Stream(_) => Parts::Absent,
        Node::Foreign(foreign) => match json_parts(&foreign.to_json()) {
            Parts::One(text) => Parts::One(Cow::Owned(text.into_owned())),
            Parts::Absent => Parts::Absent,
            Parts::Many(items) => Parts::Many(items),
            Parts::Object(entries) => Parts::Object(entries),
        },
        Node::Enum(enumeration) => match enumeration.constant() {
            Constant::Text(text) => Parts::One(Cow::Borrowed(text)),
            Constant::Integer(number) => Parts::One(Cow::Owned(number.to_string())),
        },
        Node::Union(union) => parts(union.active().1),
        Node::List(list) => Parts::Many(
            (0..list.len())
                .filter_map(|index| list.item(index))
                .filter_map(single)
                .collect(),
        ),
        Node::Map(map) => {
            let mut entries = Vec::with_capacity(map.len());
            map.each(&mut |key, value| {
                entries.extend(single(value).map(|text| (key.to_owned(), text)));
                true
            });
            Parts::Object(entries)
        }
        Node::Record(record) => Parts::Object(
            (record.shape().fields.iter().enumerate())
                .filter_map(|(index, field)| Some((field.name.to_owned(), single(record.field(index)?)?)))
                .collect(),
        ),
    }
}

/// The one text of a value: itself if it is a scalar, else its JSON text.
fn single(value: &dyn Value) -> Option<String> {
    match parts(value) {
        Parts::Absent => None,
        Parts::One(text) => Some(text.into_owned()),
        Parts::Many(_) | Parts::Object(_) => Some(super::json::to_string(value)),
    }
}

fn json_parts(json: &Json) -> Parts<'_> {
    match json {
        Json::Null => Parts::Absent,
        Json::String(text) => Parts::One(Cow::Borrowed(text)),
        Json::Bool(_) | Json::Number(_) => Parts::One(Cow::Owned(json.to_string())),
        Json::Array(items) => Parts::Many(items.iter().map(json_text).collect()),
        Json::Object(entries) => Parts::Object(
            entries
                .iter()
                .map(|(key, value)| (key.clone(), json_text(value)))
                .collect(),
        ),
    }
}

fn json_text(json: &Json) -> String {
    match json {
        Json::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Reads one text into `place`. A list takes it as its next item.
///
/// # Errors
/// The text is no value of the type. The message never quotes it.
pub fn read(text: &str, place: &mut dyn Value) -> Result<(), DecodeError> {
    read_within(text, place, MAX_DEPTH)
}

/// How deep alternatives may nest: a union can be one of itself.
const MAX_DEPTH: u32 = 8;

fn read_within(text: &str, place: &mut dyn Value, depth: u32) -> Result<(), DecodeError> {
    match place.node_mut() {
        NodeMut::Unit => Ok(()),
        NodeMut::Optional(optional) | NodeMut::Nullable(optional) => {
            read_within(text, optional.fill(), depth)
        }
        NodeMut::Bool(value) => match text {
            "true" | "1" => set(value, Some(true), ""),
            "false" | "0" => set(value, Some(false), ""),
            _ => set(value, None, "true or false"),
        },
        NodeMut::I32(value) => set(value, text.parse().ok(), "a 32-bit integer"),
        NodeMut::I64(value) => set(value, text.parse().ok(), "a 64-bit integer"),
        NodeMut::U32(value) => set(value, text.parse().ok(), "a 32-bit integer, not negative"),
        NodeMut::U64(value) => set(value, text.parse().ok(), "a 64-bit integer, not negative"),
        NodeMut::Integer(value) => set(value, text.parse().ok(), "an integer"),
        NodeMut::Decimal(value) => set(value, text.parse().ok(), "a number"),
        NodeMut::F32(value) => set(
            value,
            text.parse().ok().filter(|number: &f32| number.is_finite()),
            "a number",
        ),
        NodeMut::F64(value) => set(
            value,
            text.parse().ok().filter(|number: &f64| number.is_finite()),
            "a number",
        ),
        NodeMut::Text(value) => {
            text.clone_into(value);
            Ok(())
        }
        NodeMut::Bytes(value) => set(
            value,
            BASE64_STANDARD.decode(text).ok().map(Into::into),
            "base64 text",
        ),
        NodeMut::File(file) => {
            file.set_content(bytes::Bytes::copy_from_slice(text.as_bytes()));
            Ok(())
        }
        NodeMut::Json(value) => {
            // `5` and `true` mean themselves; anything that is no scalar in JSON is text.
            *value = match serde_json::from_str(text) {
                Ok(scalar @ (Json::Bool(_) | Json::Number(_))) => scalar,
                _ => Json::String(text.to_owned()),
            };
            Ok(())
        }
        NodeMut::Enum(enumeration) => {
            let number = text.parse().map(Constant::Integer);
            let accepted = enumeration.set(Constant::Text(text)) || number.is_ok_and(|n| enumeration.set(n));
            if accepted {
                Ok(())
            } else {
                Err(expected("one of the constants"))
            }
        }
        NodeMut::List(list) => read_within(text, list.push(), depth),
        NodeMut::Stream(_) => Err(expected("a body of its own")),
        NodeMut::Foreign(foreign) => foreign.read_text(text),
        NodeMut::Union(union) => {
            // Text accepts everything, so alternatives that are text come last.
            let count = union.shape().variants.len();
            let Some(depth) = depth.checked_sub(1) else {
                return Err(expected("a value that is told apart sooner"));
            };
            for texts in [false, true] {
                for index in 0..count {
                    let slot = union.select(index);
                    let is_text = matches!(slot.node_mut(), NodeMut::Text(_));
                    if is_text == texts && read_within(text, slot, depth).is_ok() {
                        return Ok(());
                    }
                }
            }
            read_within(text, union.select(count), depth)
        }
        NodeMut::Map(_) | NodeMut::Record(_) => super::json::read(text.as_bytes(), place),
    }
}

/// Reads several texts into `place`: a list takes all, anything else the last.
///
/// # Errors
/// As [`read`].
pub fn read_many<'a>(
    texts: impl IntoIterator<Item = &'a str>,
    place: &mut dyn Value,
) -> Result<(), DecodeError> {
    if let Some(list) = list_of(place) {
        for (index, text) in texts.into_iter().enumerate() {
            read(text, list.push()).map_err(|error| error.in_index(index))?;
        }
        return Ok(());
    }
    match texts.into_iter().last() {
        Some(text) => read(text, place),
        None => Ok(()),
    }
}

/// Reads properties into `place`, an object. Those that it does not have are kept where it keeps such, else passed over.
///
/// # Errors
/// As [`read`].
pub fn read_object<'a>(
    entries: impl IntoIterator<Item = (&'a str, &'a str)>,
    place: &mut dyn Value,
) -> Result<(), DecodeError> {
    match place.node_mut() {
        NodeMut::Optional(optional) | NodeMut::Nullable(optional) => read_object(entries, optional.fill()),
        NodeMut::Record(record) => {
            let shape = record.shape();
            let mut found = vec![Vec::new(); shape.fields.len()];
            let mut others: Vec<(&str, Vec<&str>)> = Vec::new();
            for (key, text) in entries {
                if let Some(index) = shape.fields.iter().position(|field| field.name == key) {
                    found[index].push(text);
                } else if let Some((_, texts)) = others.iter_mut().find(|(known, _)| *known == key) {
                    texts.push(text);
                } else {
                    others.push((key, vec![text]));
                }
            }
            for (index, (field, texts)) in shape.fields.iter().zip(found).enumerate() {
                match record.field_mut(index) {
                    Some(place) if !texts.is_empty() => {
                        read_property(&texts, place).map_err(|error| error.in_key(field.name))?;
                    }
                    Some(place) if field.required => {
                        super::nested::absent(place).map_err(|error| error.in_key(field.name))?;
                    }
                    _ => {}
                }
            }
            if shape.open.keeps()
                && let Some(NodeMut::Map(rest)) = record.field_mut(shape.fields.len()).map(Value::node_mut)
            {
                for (key, texts) in others {
                    read_property(&texts, rest.insert(key.to_owned()))
                        .map_err(|error| error.in_key(key.to_owned()))?;
                }
            }
            Ok(())
        }
        NodeMut::Map(map) => {
            for (key, text) in entries {
                read(text, map.insert(key.to_owned())).map_err(|error| error.in_key(key.to_owned()))?;
            }
            Ok(())
        }
        NodeMut::Json(json) => {
            let object = entries
                .into_iter()
                .map(|(key, text)| (key.to_owned(), Json::String(text.to_owned())));
            *json = Json::Object(object.collect());
            Ok(())
        }
        NodeMut::Foreign(foreign) => {
            let object = entries
                .into_iter()
                .map(|(key, text)| (key.to_owned(), Json::String(text.to_owned())));
            foreign.read_json(&serde_json::to_vec(&Json::Object(object.collect())).unwrap_or_default())
        }
        _ => Err(expected("an object")),
    }
}

/// Reads the texts of one property. A list comes as a text for each item, or as one JSON text: how [`parts`] writes
/// what nests.
pub(super) fn read_property(texts: &[&str], place: &mut dyn Value) -> Result<(), DecodeError> {
    if let [text] = texts
        && text.starts_with('[')
        && kind_of(place) == PlaceKind::List
        && super::json::read(text.as_bytes(), place).is_ok()
    {
        return Ok(());
    }
    read_many(texts.iter().copied(), place)
}

/// Whether `place` holds several texts, one text, or properties.
pub fn kind_of(place: &mut dyn Value) -> PlaceKind {
    match place.node_mut() {
        NodeMut::Optional(optional) | NodeMut::Nullable(optional) => kind_of(optional.fill()),
        NodeMut::List(_) => PlaceKind::List,
        NodeMut::Map(_) | NodeMut::Record(_) => PlaceKind::Object,
        _ => PlaceKind::One,
    }
}

/// What a place holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlaceKind {
    /// One text.
    One,
    /// Several texts.
    List,
    /// Properties.
    Object,
}

fn list_of(place: &mut dyn Value) -> Option<&mut dyn super::List> {
    match place.node_mut() {
        NodeMut::Optional(optional) | NodeMut::Nullable(optional) => list_of(optional.fill()),
        NodeMut::List(list) => {
            list.clear();
            Some(list)
        }
        _ => None,
    }
}

fn set<T>(place: &mut T, parsed: Option<T>, what: &'static str) -> Result<(), DecodeError> {
    *place = parsed.ok_or_else(|| expected(what))?;
    Ok(())
}

fn expected(what: &'static str) -> DecodeError {
    DecodeError::new(format!("expected {what}"))
}

/// Lets serde types read themselves from one text: numbers and booleans are parsed, the rest is text.
pub(super) struct TextDeserializer<'a>(pub(super) &'a str);

macro_rules! parsed {
    ($($method:ident $visit:ident;)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
            match self.0.parse() {
                Ok(value) => visitor.$visit(value),
                Err(_) => Err(serde::de::Error::custom("unexpected text")),
            }
        }
    )*};
}

impl<'de> Deserializer<'de> for TextDeserializer<'_> {
    type Error = serde::de::value::Error;

    parsed! {
        deserialize_bool visit_bool;
        deserialize_i8 visit_i8; deserialize_i16 visit_i16; deserialize_i32 visit_i32; deserialize_i64 visit_i64;
        deserialize_u8 visit_u8; deserialize_u16 visit_u16; deserialize_u32 visit_u32; deserialize_u64 visit_u64;
        deserialize_i128 visit_i128; deserialize_u128 visit_u128;
        deserialize_f32 visit_f32; deserialize_f64 visit_f64; deserialize_char visit_char;
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        visitor.visit_str(self.0)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        visitor.visit_enum(self)
    }

    /// A list in one text is separated by commas (style `simple`, or `form` without explode).
    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        let items = self
            .0
            .split(',')
            .filter(|item| !item.is_empty())
            .map(TextDeserializer);
        visitor.visit_seq(serde::de::value::SeqDeserializer::new(items))
    }

    forward_to_deserialize_any! {
        str string bytes byte_buf unit unit_struct tuple tuple_struct map struct identifier ignored_any
    }
}

impl<'de> IntoDeserializer<'de, serde::de::value::Error> for TextDeserializer<'_> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

impl<'de> EnumAccess<'de> for TextDeserializer<'_> {
    type Error = serde::de::value::Error;
    type Variant = UnitOnly;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, UnitOnly), Self::Error> {
        Ok((seed.deserialize(self)?, UnitOnly))
    }
}

/// A variant without content: one text has no room for any.
pub(super) struct UnitOnly;

impl<'de> VariantAccess<'de> for UnitOnly {
    type Error = serde::de::value::Error;

    fn unit_variant(self) -> Result<(), Self::Error> {
        Ok(())
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, _: S) -> Result<S::Value, Self::Error> {
        Err(serde::de::Error::custom("a variant with content"))
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, _: V) -> Result<V::Value, Self::Error> {
        Err(serde::de::Error::custom("a variant with content"))
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, Self::Error> {
        Err(serde::de::Error::custom("a variant with content"))
    }
}

impl fmt::Display for Parts<'_> {
    /// Style `simple`: `a`, `a,b`, `k,v`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent => Ok(()),
            Self::One(text) => f.write_str(text),
            Self::Many(items) => f.write_str(&items.join(",")),
            Self::Object(entries) => {
                let flat: Vec<_> = entries
                    .iter()
                    .flat_map(|(key, value)| [key.as_str(), value])
                    .collect();
                f.write_str(&flat.join(","))
            }
        }
    }
}
