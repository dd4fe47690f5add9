//! Values to elements, as the table says.

use super::INSTANCE;
use super::names::encoded;
use super::table::{At, Kind, Xml};
use crate::codec::text::{Parts, parts};
use crate::codec::{Json, Node, Record, Value};

/// What an element is called whose name nothing says.
const ROOT: &str = "root";

/// Writes a body.
pub(crate) fn write(value: &dyn Value, xml: &Xml) -> Vec<u8> {
    let mut writer = Writer {
        out: String::with_capacity(512),
        scope: Vec::new(),
    };
    writer.out.push_str("<?xml version=\"1.0\" encoding=\"UTF-8\"?>");
    writer.element(ROOT, xml.root(), value);
    writer.out.into_bytes()
}

struct Writer<'x> {
    out: String,
    /// The prefixes that are declared here, with their namespaces. The default one has none.
    scope: Vec<(Option<&'x str>, &'x str)>,
}

impl<'x> Writer<'x> {
    /// Writes what stands for a property: an element, several, or none.
    fn property(&mut self, name: &str, at: At<'x>, value: &dyn Value) {
        match value.node() {
            Node::Absent => {}
            Node::Union(union) => self.property(name, at, union.active().1),
            Node::Foreign(foreign) => self.property(name, at, &foreign.to_json()),
            Node::List(_) | Node::Json(Json::Array(_)) if !at.is_wrapped() => self.items(name, at, value),
            _ => self.element(name, at, value),
        }
    }

    /// Writes an element for each item.
    fn items(&mut self, name: &str, at: At<'x>, value: &dyn Value) {
        match value.node() {
            Node::List(list) => {
                for item in (0..list.len()).filter_map(|index| list.item(index)) {
                    self.element(name, at.items(), item);
                }
            }
            Node::Json(Json::Array(items)) => {
                for item in items {
                    self.element(name, at.items(), item);
                }
            }
            _ => {}
        }
    }

    /// Writes the element that is the value, called `name` unless the table says otherwise.
    fn element(&mut self, name: &str, at: At<'x>, value: &dyn Value) {
        match value.node() {
            Node::Union(union) => return self.element(name, at, union.active().1),
            Node::Foreign(foreign) => return self.element(name, at, &foreign.to_json()),
            _ => {}
        }
        let own = at.name().unwrap_or(name);
        let tag = qualified(at, own);
        let outside = self.scope.len();
        self.out.push('<');
        self.out.push_str(&tag);
        self.declare(at);
        self.attributes(at, value);
        if matches!(value.node(), Node::Absent | Node::Null | Node::Json(Json::Null)) {
            self.bind(Some("xsi"), INSTANCE);
            self.out.push_str(" xsi:nil=\"true\"");
        }
        self.out.push('>');
        let start = self.out.len();
        match value.node() {
            Node::List(_) | Node::Json(Json::Array(_)) => self.items(own, at, value),
            _ => self.content(at, value),
        }
        if self.out.len() == start {
            self.out.pop();
            self.out.push_str("/>");
        } else {
            self.out.push_str("</");
            self.out.push_str(&tag);
            self.out.push('>');
        }
        self.scope.truncate(outside);
    }

    /// What stands between the tags.
    fn content(&mut self, at: At<'x>, value: &dyn Value) {
        match value.node() {
            Node::Record(record) => self.fields(at, record),
            Node::Map(map) => map.each(&mut |key, value| {
                self.other(key, at.values(), value);
                true
            }),
            Node::Json(Json::Object(entries)) => {
                for (key, value) in entries {
                    self.other(key, at.values(), value);
                }
            }
            _ => {
                if let Parts::One(text) = parts(value) {
                    self.text(&text, at.kind() == Kind::Cdata);
                }
            }
        }
    }

    fn fields(&mut self, at: At<'x>, record: &dyn Record) {
        let shape = record.shape();
        for (index, field) in shape.fields.iter().enumerate() {
            let Some(value) = record.field(index) else {
                continue;
            };
            let of_field = at.property(field.name);
            match (of_field.kind(), value.node()) {
                (Kind::Attribute, _) => {}
                (kind @ (Kind::Text | Kind::Cdata), _) => {
                    let text = text_of(value).unwrap_or_default();
                    self.text(&text, kind == Kind::Cdata);
                }
                (Kind::None, Node::Record(inner)) => self.fields(of_field, inner),
                (Kind::Element | Kind::None, _) if field.required && is_null(value) => {
                    self.element(field.name, of_field, value);
                }
                (Kind::Element | Kind::None, _) => self.property(field.name, of_field, value),
            }
        }
        if shape.open.keeps()
            && let Some(Node::Map(rest)) = record.field(shape.fields.len()).map(Value::node)
        {
            rest.each(&mut |key, value| {
                self.other(key, at.values(), value);
                true
            });
        }
    }

    /// What the contract does not name. Attributes were written before.
    fn other(&mut self, key: &str, at: At<'x>, value: &dyn Value) {
        match (key, text_of(value)) {
            (key, Some(_)) if key.starts_with('@') => {}
            ("#text", Some(text)) => self.text(&text, false),
            _ => self.property(key, at, value),
        }
    }

    fn attributes(&mut self, at: At<'x>, value: &dyn Value) {
        match value.node() {
            Node::Record(record) => {
                let shape = record.shape();
                for (index, field) in shape.fields.iter().enumerate() {
                    let Some(value) = record.field(index) else {
                        continue;
                    };
                    let of_field = at.property(field.name);
                    match (of_field.kind(), value.node()) {
                        (Kind::Attribute, _) => {
                            if let Some(text) = text_of(value) {
                                self.declare_prefix(of_field);
                                let name = qualified(of_field, of_field.name().unwrap_or(field.name));
                                self.attribute(&name, &text);
                            }
                        }
                        (Kind::None, Node::Record(_)) => self.attributes(of_field, value),
                        _ => {}
                    }
                }
                if shape.open.keeps()
                    && let Some(rest) = record.field(shape.fields.len())
                {
                    self.attributes(at, rest);
                }
            }
            Node::Map(map) => map.each(&mut |key, value| {
                self.other_attribute(key, value);
                true
            }),
            Node::Json(Json::Object(entries)) => {
                for (key, value) in entries {
                    self.other_attribute(key, value);
                }
            }
            _ => {}
        }
    }

    fn other_attribute(&mut self, key: &str, value: &dyn Value) {
        if let Some((name, text)) = key.strip_prefix('@').zip(text_of(value)) {
            self.attribute(&encoded(name), &text);
        }
    }

    fn attribute(&mut self, name: &str, text: &str) {
        self.out.push(' ');
        self.out.push_str(name);
        self.out.push_str("=\"");
        escape(text, true, &mut self.out);
        self.out.push('"');
    }

    /// Declares the namespace of an element.
    fn declare(&mut self, at: At<'x>) {
        if let Some(namespace) = at.namespace() {
            self.bind(at.prefix(), namespace);
        }
    }

    /// Declares the namespace of an attribute, which needs a prefix to be in it.
    fn declare_prefix(&mut self, at: At<'x>) {
        if at.prefix().is_some() {
            self.declare(at);
        }
    }

    fn bind(&mut self, prefix: Option<&'x str>, namespace: &'x str) {
        let known = self.scope.iter().rev().find(|(known, _)| *known == prefix);
        if known.is_some_and(|(_, known)| *known == namespace) {
            return;
        }
        self.scope.push((prefix, namespace));
        match prefix {
            Some(prefix) => self.attribute(&format!("xmlns:{prefix}"), namespace),
            None => self.attribute("xmlns", namespace),
        }
    }

    fn text(&mut self, text: &str, as_cdata: bool) {
        if as_cdata && !text.is_empty() && !text.contains('\r') {
            self.out.push_str("<![CDATA[");
            self.out.push_str(&text.replace("]]>", "]]]]><![CDATA[>"));
            self.out.push_str("]]>");
        } else {
            escape(text, false, &mut self.out);
        }
    }
}

fn qualified(at: At<'_>, name: &str) -> String {
    match at.prefix() {
        Some(prefix) => format!("{prefix}:{}", encoded(name)),
        None => encoded(name).into_owned(),
    }
}

/// The one text of a scalar; the items of a list of such, with spaces between (XML Schema's lists).
fn text_of(value: &dyn Value) -> Option<String> {
    match parts(value) {
        Parts::One(text) => Some(text.into_owned()),
        Parts::Many(items) => Some(items.join(" ")),
        Parts::Absent | Parts::Object(_) => None,
    }
}

fn is_null(value: &dyn Value) -> bool {
    matches!(value.node(), Node::Absent | Node::Null)
}

/// Writes a text so that no reader changes it: ends of lines and, in attributes, tabs are references.
fn escape(text: &str, in_attribute: bool, out: &mut String) {
    for character in text.chars() {
        match character {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' if in_attribute => out.push_str("&quot;"),
            '\n' | '\t' if in_attribute => out.push_str(&format!("&#{};", u32::from(character))),
            '\n' | '\t' => out.push(character),
            // XML 1.0 has no way to say the other controls; as references, lenient readers take them.
            other if other.is_control() => out.push_str(&format!("&#{};", u32::from(other))),
            other => out.push(other),
        }
    }
}
