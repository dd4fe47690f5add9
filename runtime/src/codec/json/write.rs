//! Values to JSON octets.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use crate::codec::{Constant, Map, Node, Record, Value};

/// The JSON text of `value`, as octets.
pub fn to_vec(value: &dyn Value) -> Vec<u8> {
    let mut out = Vec::with_capacity(128);
    write(value, &mut out);
    out
}

/// The JSON text of `value`.
pub fn to_string(value: &dyn Value) -> String {
    String::from_utf8(to_vec(value)).unwrap_or_default()
}

/// Appends the JSON text of `value`. What is absent is written as `null`.
pub fn write(value: &dyn Value, out: &mut Vec<u8>) {
    match value.node() {
        Node::Absent | Node::Null => out.extend_from_slice(b"null"),
        Node::Bool(true) => out.extend_from_slice(b"true"),
        Node::Bool(false) => out.extend_from_slice(b"false"),
        Node::Int(number) => out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes()),
        Node::Uint(number) => out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes()),
        Node::Decimal(number) => out.extend_from_slice(number.to_string().as_bytes()),
        Node::F32(number) => write_float(number.is_finite(), ryu::Buffer::new().format_finite(number), out),
        Node::F64(number) => write_float(number.is_finite(), ryu::Buffer::new().format_finite(number), out),
        Node::Text(text) => write_string(text, out),
        Node::Bytes(octets) => write_base64(octets, out),
        Node::File(file) => write_string(&file.text(), out),
        Node::Json(json) => write_json(json, out),
        Node::List(list) => {
            out.push(b'[');
            for index in 0..list.len() {
                if index > 0 {
                    out.push(b',');
                }
                match list.item(index) {
                    Some(item) => write(item, out),
                    None => out.extend_from_slice(b"null"),
                }
            }
            out.push(b']');
        }
        Node::Map(map) => {
            out.push(b'{');
            write_entries(map, true, out);
            out.push(b'}');
        }
        Node::Record(record) => write_record(record, out),
        Node::Enum(enumeration) => match enumeration.constant() {
            Constant::Text(text) => write_string(text, out),
            Constant::Integer(number) => out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes()),
        },
        Node::Union(union) => write(union.active().1, out),
        // A stream is a body of its own, and no value inside one.
        Node::Stream(_) => out.extend_from_slice(b"null"),
        Node::Foreign(foreign) => foreign.write_json(out),
    }
}

fn write_record(record: &dyn Record, out: &mut Vec<u8>) {
    let shape = record.shape();
    out.push(b'{');
    let mut first = true;
    for (index, field) in shape.fields.iter().enumerate() {
        let Some(value) = record.field(index) else {
            continue;
        };
        if !field.required && matches!(value.node(), Node::Absent) {
            continue;
        }
        if !first {
            out.push(b',');
        }
        first = false;
        write_string(field.name, out);
        out.push(b':');
        write(value, out);
    }
    if shape.open.keeps()
        && let Some(Node::Map(map)) = record.field(shape.fields.len()).map(Value::node)
    {
        write_entries(map, first, out);
    }
    out.push(b'}');
}

fn write_entries(map: &dyn Map, mut first: bool, out: &mut Vec<u8>) {
    map.each(&mut |key, value| {
        if !first {
            out.push(b',');
        }
        first = false;
        write_string(key, out);
        out.push(b':');
        write(value, out);
        true
    });
}

/// JSON has no infinities and no NaN: as in `serde_json`, they become `null`.
fn write_float(finite: bool, digits: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(if finite { digits.as_bytes() } else { b"null" });
}

fn write_base64(octets: &[u8], out: &mut Vec<u8>) {
    out.push(b'"');
    out.extend_from_slice(BASE64_STANDARD.encode(octets).as_bytes());
    out.push(b'"');
}

fn write_json(json: &serde_json::Value, out: &mut Vec<u8>) {
    // Writing a `serde_json::Value` to memory fails neither on the value nor on the writer.
    let _ = serde_json::to_writer(out, json);
}

/// Appends `text` as a JSON string.
pub fn write_string(text: &str, out: &mut Vec<u8>) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    out.push(b'"');
    let bytes = text.as_bytes();
    let mut start = 0;
    for (index, &byte) in bytes.iter().enumerate() {
        if byte >= 0x20 && byte != b'"' && byte != b'\\' {
            continue;
        }
        out.extend_from_slice(&bytes[start..index]);
        start = index + 1;
        match byte {
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            0x08 => out.extend_from_slice(b"\\b"),
            0x0c => out.extend_from_slice(b"\\f"),
            _ => {
                out.extend_from_slice(b"\\u00");
                out.push(HEX[usize::from(byte >> 4)]);
                out.push(HEX[usize::from(byte & 15)]);
            }
        }
    }
    out.extend_from_slice(&bytes[start..]);
    out.push(b'"');
}
