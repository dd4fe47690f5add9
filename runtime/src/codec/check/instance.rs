//! A value as the JSON instance that it is written as.

use std::borrow::Cow;
use std::fmt::Write as _;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use crate::codec::{Constant, Decimal, Json, List, Map, Node, Record, Value, json};

/// What a value is in JSON.
pub(in crate::codec) enum Instance<'a> {
    Null,
    Bool(bool),
    Number(Decimal),
    Text(Cow<'a, str>),
    Items(Items<'a>),
    Members(Members<'a>),
}

/// The items of a list.
pub(in crate::codec) enum Items<'a> {
    List(&'a dyn List),
    Json(&'a [Json]),
}

/// The properties of an object.
pub(in crate::codec) enum Members<'a> {
    Record(&'a dyn Record),
    Map(&'a dyn Map),
    Json(&'a serde_json::Map<String, Json>),
}

impl<'a> Instance<'a> {
    /// `None`: the value is of a foreign type, which has to be made JSON first.
    pub(in crate::codec) fn of(value: &'a dyn Value) -> Option<Self> {
        let number = |text: &str| Self::Number(Decimal::parse(text));
        Some(match value.node() {
            // A stream has not been read: there is nothing to judge yet.
            Node::Absent | Node::Null | Node::Stream(_) => Self::Null,
            Node::Bool(value) => Self::Bool(value),
            Node::Int(value) => number(itoa::Buffer::new().format(value)),
            Node::Uint(value) => number(itoa::Buffer::new().format(value)),
            Node::Decimal(value) => Self::Number(value.clone()),
            // As they are written: JSON has no infinities.
            Node::F32(value) if value.is_finite() => number(ryu::Buffer::new().format_finite(value)),
            Node::F64(value) if value.is_finite() => number(ryu::Buffer::new().format_finite(value)),
            Node::F32(_) | Node::F64(_) => Self::Null,
            Node::Text(text) => Self::Text(Cow::Borrowed(text)),
            Node::Bytes(octets) => Self::Text(Cow::Owned(BASE64_STANDARD.encode(octets))),
            Node::File(file) => Self::Text(Cow::Owned(file.text().into_owned())),
            Node::Json(json) => match json {
                Json::Null => Self::Null,
                Json::Bool(value) => Self::Bool(*value),
                Json::Number(value) => number(&value.to_string()),
                Json::String(text) => Self::Text(Cow::Borrowed(text)),
                Json::Array(items) => Self::Items(Items::Json(items)),
                Json::Object(members) => Self::Members(Members::Json(members)),
            },
            Node::List(list) => Self::Items(Items::List(list)),
            Node::Map(map) => Self::Members(Members::Map(map)),
            Node::Record(record) => Self::Members(Members::Record(record)),
            Node::Enum(enumeration) => match enumeration.constant() {
                Constant::Text(text) => Self::Text(Cow::Borrowed(text)),
                Constant::Integer(value) => number(itoa::Buffer::new().format(value)),
            },
            Node::Union(union) => return Self::of(union.active().1),
            Node::Foreign(_) => return None,
        })
    }
}

impl<'a> Items<'a> {
    pub(in crate::codec) fn len(&self) -> usize {
        match self {
            Self::List(list) => list.len(),
            Self::Json(items) => items.len(),
        }
    }

    pub(in crate::codec) fn iter(&self) -> impl Iterator<Item = &'a dyn Value> + use<'a> {
        let (list, json) = match self {
            Self::List(list) => (Some(*list), None),
            Self::Json(items) => (None, Some(*items)),
        };
        let listed = list.map(|list| (0..list.len()).filter_map(move |index| list.item(index)));
        let written = json.map(|items| items.iter().map(|item| item as &dyn Value));
        listed.into_iter().flatten().chain(written.into_iter().flatten())
    }
}

impl<'a> Members<'a> {
    pub(in crate::codec) fn len(&self) -> usize {
        match self {
            Self::Record(_) => {
                let mut count = 0;
                self.each(&mut |_, _| count += 1);
                count
            }
            Self::Map(map) => map.len(),
            Self::Json(members) => members.len(),
        }
    }

    /// The property of this name. A record's that is required and has no value is null.
    pub(in crate::codec) fn get(&self, name: &str) -> Option<&'a dyn Value> {
        match self {
            Self::Record(record) => {
                let shape = record.shape();
                match shape.fields.iter().position(|field| field.name == name) {
                    Some(index) => record.field(index).filter(|value| {
                        shape.fields[index].required || !matches!(value.node(), Node::Absent)
                    }),
                    None => rest(*record)?.entry(name),
                }
            }
            Self::Map(map) => map.entry(name),
            Self::Json(members) => members.get(name).map(|value| value as &dyn Value),
        }
    }

    pub(in crate::codec) fn each(&self, visit: &mut dyn FnMut(&str, &dyn Value)) {
        match self {
            Self::Record(record) => {
                for (index, field) in record.shape().fields.iter().enumerate() {
                    if let Some(value) = record.field(index)
                        && (field.required || !matches!(value.node(), Node::Absent))
                    {
                        visit(field.name, value);
                    }
                }
                if let Some(map) = rest(*record) {
                    map.each(&mut |name, value| {
                        visit(name, value);
                        true
                    });
                }
            }
            Self::Map(map) => map.each(&mut |name, value| {
                visit(name, value);
                true
            }),
            Self::Json(members) => members.iter().for_each(|(name, value)| visit(name, value)),
        }
    }
}

/// The properties that a record has beside its fields.
fn rest(record: &dyn Record) -> Option<&dyn Map> {
    let shape = record.shape();
    match record.field(shape.fields.len()).map(Value::node) {
        Some(Node::Map(map)) if shape.open.keeps() => Some(map),
        _ => None,
    }
}

/// A text that two values share when JSON Schema calls them equal: numbers by value, properties in any order.
pub(in crate::codec) fn canonical(value: &dyn Value) -> String {
    let mut out = String::new();
    write(value, &mut out);
    out
}

fn write(value: &dyn Value, out: &mut String) {
    let Some(instance) = Instance::of(value) else {
        if let Node::Foreign(foreign) = value.node() {
            write(&foreign.to_json(), out);
        }
        return;
    };
    match instance {
        Instance::Null => out.push_str("null"),
        Instance::Bool(value) => out.push_str(if value { "true" } else { "false" }),
        // Writing to a text does not fail.
        Instance::Number(number) => _ = write!(out, "{number}"),
        Instance::Text(text) => write_text(&text, out),
        Instance::Items(items) => {
            out.push('[');
            for item in items.iter() {
                write(item, out);
                out.push(',');
            }
            out.push(']');
        }
        Instance::Members(members) => {
            let mut texts = Vec::new();
            members.each(&mut |name, value| {
                let mut text = String::new();
                write_text(name, &mut text);
                text.push(':');
                write(value, &mut text);
                texts.push(text);
            });
            texts.sort_unstable();
            out.push('{');
            out.push_str(&texts.join(","));
            out.push('}');
        }
    }
}

fn write_text(text: &str, out: &mut String) {
    let mut octets = Vec::with_capacity(text.len() + 2);
    json::write_string(text, &mut octets);
    out.push_str(&String::from_utf8_lossy(&octets));
}
