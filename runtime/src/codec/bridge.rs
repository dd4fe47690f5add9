//! `Debug`, `PartialEq` and serde for generated types, by their tables.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error as _};
use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};

use super::{Constant, Decimal, Json, Node, Open, Value};

/// Writes a value as `#[derive(Debug)]` would. Fields marked as sensitive show no content.
pub fn debug(value: &dyn Value, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match value.node() {
        Node::Absent => f.write_str("None"),
        Node::Null => f.write_str("Null"),
        Node::Bool(value) => fmt::Debug::fmt(&value, f),
        Node::Int(value) => fmt::Debug::fmt(&value, f),
        Node::Uint(value) => fmt::Debug::fmt(&value, f),
        Node::Decimal(value) => fmt::Display::fmt(value, f),
        Node::F32(value) => fmt::Debug::fmt(&value, f),
        Node::F64(value) => fmt::Debug::fmt(&value, f),
        Node::Text(value) => fmt::Debug::fmt(value, f),
        Node::Bytes(value) => write!(f, "{} octets", value.len()),
        Node::File(file) => fmt::Debug::fmt(file, f),
        Node::Json(value) => write!(f, "{value}"),
        Node::List(list) => f
            .debug_list()
            .entries((0..list.len()).filter_map(|index| list.item(index)).map(Shown))
            .finish(),
        Node::Map(map) => {
            let mut entries = f.debug_map();
            map.each(&mut |key, value| {
                entries.entry(&key, &Shown(value));
                true
            });
            entries.finish()
        }
        Node::Record(record) => {
            let shape = record.shape();
            let mut fields = f.debug_struct(shape.name);
            for (index, field) in shape.fields.iter().enumerate() {
                match record.field(index) {
                    Some(_) if field.sensitive => fields.field(field.name, &format_args!("[redacted]")),
                    Some(value) => fields.field(field.name, &Shown(value)),
                    None => &mut fields,
                };
            }
            if shape.open.keeps()
                && let Some(rest) = record.field(shape.fields.len())
                && (shape.open == Open::Kept || !is_empty(rest))
            {
                fields.field("..", &Shown(rest));
            }
            fields.finish()
        }
        Node::Enum(enumeration) => match enumeration.constant() {
            Constant::Text(text) => f.write_str(text),
            Constant::Integer(number) => fmt::Debug::fmt(&number, f),
        },
        Node::Union(union) => {
            let (index, value) = union.active();
            let name = union.shape().variants.get(index).copied().unwrap_or("Unknown");
            f.debug_tuple(name).field(&Shown(value)).finish()
        }
        Node::Foreign(_) | Node::Stream(_) => f.write_str(".."),
    }
}

fn is_empty(rest: &dyn Value) -> bool {
    matches!(rest.node(), Node::Map(map) if map.is_empty())
}

struct Shown<'a>(&'a dyn Value);

impl fmt::Debug for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        debug(self.0, f)
    }
}

/// Whether two values of one type are equal, part by part, as `#[derive(PartialEq)]` would judge.
pub fn equal(left: &dyn Value, right: &dyn Value) -> bool {
    match (left.node(), right.node()) {
        (Node::Absent, Node::Absent) | (Node::Null, Node::Null) => true,
        (Node::Bool(a), Node::Bool(b)) => a == b,
        (Node::Int(a), Node::Int(b)) => a == b,
        (Node::Uint(a), Node::Uint(b)) => a == b,
        (Node::Decimal(a), Node::Decimal(b)) => a == b,
        (Node::F32(a), Node::F32(b)) => a.partial_cmp(&b) == Some(std::cmp::Ordering::Equal),
        (Node::F64(a), Node::F64(b)) => a.partial_cmp(&b) == Some(std::cmp::Ordering::Equal),
        (Node::Text(a), Node::Text(b)) => a == b,
        (Node::Bytes(a), Node::Bytes(b)) => a == b,
        (Node::File(a), Node::File(b)) => a == b,
        (Node::Json(a), Node::Json(b)) => a == b,
        (Node::List(a), Node::List(b)) => {
            a.len() == b.len() && (0..a.len()).all(|index| equal_parts(a.item(index), b.item(index)))
        }
        (Node::Map(a), Node::Map(b)) => {
            let mut same = a.len() == b.len();
            a.each(&mut |key, value| {
                same = same && equal_parts(Some(value), b.entry(key));
                same
            });
            same
        }
        (Node::Record(a), Node::Record(b)) => {
            let fields = a.shape().fields.len() + usize::from(a.shape().open.keeps());
            (0..fields).all(|index| equal_parts(a.field(index), b.field(index)))
        }
        (Node::Enum(a), Node::Enum(b)) => a.constant() == b.constant(),
        (Node::Union(a), Node::Union(b)) => {
            let ((i, a), (j, b)) = (a.active(), b.active());
            i == j && equal(a, b)
        }
        (Node::Stream(a), Node::Stream(b)) => a.is_same(b),
        (Node::Foreign(a), Node::Foreign(b)) => a.to_json() == b.to_json(),
        _ => false,
    }
}

fn equal_parts(left: Option<&dyn Value>, right: Option<&dyn Value>) -> bool {
    match (left, right) {
        (Some(left), Some(right)) => equal(left, right),
        (left, right) => left.is_none() && right.is_none(),
    }
}

/// Serializes any value with serde.
pub fn serialize<S: Serializer>(value: &dyn Value, serializer: S) -> Result<S::Ok, S::Error> {
    Serializable(value).serialize(serializer)
}

/// A value that serde can serialize.
pub struct Serializable<'a>(pub &'a dyn Value);

impl Serialize for Serializable<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0.node() {
            Node::Absent | Node::Null | Node::Stream(_) => serializer.serialize_none(),
            Node::Bool(value) => serializer.serialize_bool(value),
            Node::Int(value) => serializer.serialize_i64(value),
            Node::Uint(value) => serializer.serialize_u64(value),
            Node::Decimal(value) => serialize_decimal(value, serializer),
            Node::F32(value) => serializer.serialize_f32(value),
            Node::F64(value) => serializer.serialize_f64(value),
            Node::Text(value) => serializer.serialize_str(value),
            Node::Bytes(octets) => {
                use base64::Engine as _;
                serializer.serialize_str(&base64::prelude::BASE64_STANDARD.encode(octets))
            }
            Node::File(file) if file.stream().is_some() => Err(serde::ser::Error::custom(
                "a file that comes piece by piece has no text",
            )),
            Node::File(file) => serializer.serialize_str(&file.text()),
            Node::Json(value) => value.serialize(serializer),
            Node::List(list) => {
                let mut items = serializer.serialize_seq(Some(list.len()))?;
                for item in (0..list.len()).filter_map(|index| list.item(index)) {
                    items.serialize_element(&Serializable(item))?;
                }
                items.end()
            }
            Node::Map(map) => {
                let mut entries = serializer.serialize_map(Some(map.len()))?;
                serialize_entries(map, &mut entries)?;
                entries.end()
            }
            Node::Record(record) => {
                let shape = record.shape();
                let mut entries = serializer.serialize_map(None)?;
                for (index, field) in shape.fields.iter().enumerate() {
                    if let Some(value) = record.field(index)
                        && (field.required || !matches!(value.node(), Node::Absent))
                    {
                        entries.serialize_entry(field.name, &Serializable(value))?;
                    }
                }
                if shape.open.keeps()
                    && let Some(Node::Map(map)) = record.field(shape.fields.len()).map(Value::node)
                {
                    serialize_entries(map, &mut entries)?;
                }
                entries.end()
            }
            Node::Enum(enumeration) => match enumeration.constant() {
                Constant::Text(text) => serializer.serialize_str(text),
                Constant::Integer(number) => serializer.serialize_i64(number),
            },
            Node::Union(union) => Serializable(union.active().1).serialize(serializer),
            Node::Foreign(foreign) => foreign.to_json().serialize(serializer),
        }
    }
}

/// serde has no number of any size: integers of up to 128 bits keep their digits, others become the nearest float.
fn serialize_decimal<S: Serializer>(number: &Decimal, serializer: S) -> Result<S::Ok, S::Error> {
    match number.as_i128() {
        Some(whole) => match u64::try_from(whole) {
            Ok(whole) => serializer.serialize_u64(whole),
            Err(_) => serializer.serialize_i128(whole),
        },
        None => serializer.serialize_f64(number.to_f64()),
    }
}

fn serialize_entries<M: SerializeMap>(map: &dyn super::Map, entries: &mut M) -> Result<(), M::Error> {
    let mut outcome = Ok(());
    map.each(&mut |key, value| {
        outcome = entries.serialize_entry(key, &Serializable(value));
        outcome.is_ok()
    });
    outcome
}

/// Deserializes any value with serde, by way of a JSON value.
pub fn deserialize<'de, D: Deserializer<'de>, T: Value>(deserializer: D) -> Result<T, D::Error> {
    let json = Json::deserialize(deserializer)?;
    let text = serde_json::to_vec(&json).map_err(D::Error::custom)?;
    super::json::read_new(&text).map_err(D::Error::custom)
}
