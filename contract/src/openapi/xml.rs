//! Bodies in XML: what the `xml` objects of their schemas say (OpenAPI 3.0 to 3.2, "XML Object").

use std::collections::{HashMap, HashSet};
use std::ptr;

use crate::model::{Encoding, Xml, XmlElement, XmlKind};
use crate::schema::Context;
use crate::source::{Kind, Node, Object};

use super::content::essence;

/// What a root is called that nothing names.
const ROOT: &str = "root";

/// How deep schemas may nest before no more of their elements are described.
const MAX_NESTING: usize = 64;

/// The encoding of a media type, with XML told from text by its schema: what is no object and no list is text.
pub(super) fn encoding<'a>(
    cx: &Context<'a>,
    media_type: &str,
    encoding: Encoding,
    media: &'a Node,
) -> Encoding {
    let has_parts = || {
        let schema = media.get("schema");
        schema.is_some_and(|schema| is_composite(cx, schema))
    };
    if encoding == Encoding::Text && is_xml(media_type) && has_parts() {
        Encoding::Xml
    } else {
        encoding
    }
}

/// Whether a media type is XML. An image in XML is a text.
pub(super) fn is_xml(media_type: &str) -> bool {
    let essence = essence(media_type);
    matches!(essence.as_str(), "application/xml" | "text/xml")
        || essence.ends_with("+xml") && !essence.starts_with("image/")
}

/// Whether values of a schema are objects or lists.
pub(super) fn is_composite<'a>(cx: &Context<'a>, schema: &'a Node) -> bool {
    has_parts(cx, schema, &mut HashSet::new())
}

fn has_parts<'a>(cx: &Context<'a>, schema: &'a Node, seen: &mut HashSet<usize>) -> bool {
    let Ok(schema) = cx.document.follow(schema) else {
        return false;
    };
    if !seen.insert(address(schema)) {
        return false;
    }
    let types = schema.get("type");
    let is_one = |node: &Node| matches!(node.as_str(), Some("object" | "array"));
    let said = types
        .is_some_and(|types| is_one(types) || types.as_array().is_some_and(|all| all.iter().any(is_one)));
    let keywords = ["properties", "items", "additionalProperties"];
    said || (types.is_none() && keywords.iter().any(|keyword| schema.get(keyword).is_some()))
        || parts(schema, ALL).any(|part| has_parts(cx, part, seen))
}

const ALL: &[&str] = &["allOf", "oneOf", "anyOf"];

fn parts<'a>(schema: &'a Node, keywords: &'a [&'a str]) -> impl Iterator<Item = &'a Node> {
    let lists = keywords
        .iter()
        .filter_map(|keyword| schema.get(keyword)?.as_array());
    lists.flatten()
}

/// What the schema of a media type says of the elements of its values, where it is XML.
pub(super) fn of<'a>(cx: &Context<'a>, encoding: Encoding, media: &'a Node) -> Option<Box<Xml>> {
    (encoding == Encoding::Xml).then(|| Box::new(read(cx, media)))
}

fn read<'a>(cx: &Context<'a>, media: &'a Node) -> Xml {
    let mut reading = Reading {
        cx,
        elements: Vec::new(),
        known: HashMap::new(),
    };
    if let Some(schema) = media.get("schema") {
        reading.element(schema, 0);
        if let Some(root) = reading.elements.first_mut() {
            root.name = root.name.take().or_else(|| component(schema));
            root.name.get_or_insert_with(|| ROOT.to_owned());
        }
    }
    Xml {
        elements: trimmed(reading.elements),
    }
}

/// The name of the component that a schema refers to.
fn component(schema: &Node) -> Option<String> {
    let reference = schema.get("$ref")?.as_str()?;
    let (_, name) = reference.rsplit_once('/')?;
    Some(name.replace("~1", "/").replace("~0", "~"))
}

struct Reading<'c, 'a> {
    cx: &'c Context<'a>,
    elements: Vec<XmlElement>,
    /// Elements by the addresses of their schemas.
    known: HashMap<usize, usize>,
}

impl<'a> Reading<'_, 'a> {
    fn element(&mut self, schema: &'a Node, depth: usize) -> usize {
        if let Some(known) = self.known.get(&address(schema)) {
            return *known;
        }
        let index = self.elements.len();
        self.elements.push(XmlElement::default());
        self.known.insert(address(schema), index);
        if depth < MAX_NESTING {
            let mut element = XmlElement::default();
            self.gather(schema, &mut element, &mut HashSet::new(), depth);
            self.elements[index] = element;
        }
        index
    }

    /// Adds what a schema says, first what it is made of, so that its own word is the last.
    fn gather(
        &mut self,
        schema: &'a Node,
        element: &mut XmlElement,
        seen: &mut HashSet<usize>,
        depth: usize,
    ) {
        if !seen.insert(address(schema)) {
            return;
        }
        if schema.get("$ref").is_some()
            && let Ok(target) = self.cx.document.follow(schema)
        {
            self.gather(target, element, seen, depth);
        }
        for part in parts(schema, &["allOf"]) {
            self.gather(part, element, seen, depth);
        }
        for part in parts(schema, &["oneOf", "anyOf"]) {
            let mut alternative = XmlElement::default();
            self.gather(part, &mut alternative, seen, depth);
            for (name, property) in alternative.properties {
                element.properties.entry(name).or_insert(property);
            }
            element.items = element.items.or(alternative.items);
            element.values = element.values.or(alternative.values);
        }
        let properties = schema.get("properties").and_then(Node::as_object);
        for entry in properties.map(Object::entries).unwrap_or_default() {
            let property = self.element(&entry.value, depth + 1);
            element.properties.insert(entry.key.to_string(), property);
        }
        let inner = |keyword: &str| {
            schema
                .get(keyword)
                .filter(|node| !matches!(node.kind, Kind::Bool(_)))
        };
        if let Some(items) = inner("items") {
            element.items = Some(self.element(items, depth + 1));
        }
        if let Some(values) = inner("additionalProperties") {
            element.values = Some(self.element(values, depth + 1));
        }
        if let Some(xml) = schema.get("xml") {
            say(xml, element);
        }
    }
}

/// What an `xml` object says.
fn say(xml: &Node, element: &mut XmlElement) {
    let text = |keyword: &str| {
        let text = xml.get(keyword)?.as_str().map(str::trim)?;
        (!text.is_empty()).then(|| text.to_owned())
    };
    let flag = |keyword: &str| xml.get(keyword).and_then(Node::as_bool);
    element.name = text("name").or(element.name.take());
    element.namespace = text("namespace").or(element.namespace.take());
    element.prefix = text("prefix").or(element.prefix.take());
    if let Some(wrapped) = flag("wrapped") {
        element.wrapped = wrapped;
    }
    if flag("attribute") == Some(true) {
        element.kind = XmlKind::Attribute;
    }
    // 3.2 has one keyword for all of it, which says of a list whether it has an element.
    match xml.get("nodeType").and_then(Node::as_str) {
        Some("element") => (element.kind, element.wrapped) = (XmlKind::Element, true),
        Some("attribute") => element.kind = XmlKind::Attribute,
        Some("text") => element.kind = XmlKind::Text,
        Some("cdata") => element.kind = XmlKind::Cdata,
        Some("none") => (element.kind, element.wrapped) = (XmlKind::None, false),
        _ => {}
    }
}

/// The elements without those of which nothing is said, nor of what is in them.
fn trimmed(elements: Vec<XmlElement>) -> Vec<XmlElement> {
    let children = |element: &XmlElement| -> Vec<usize> {
        let named = element.properties.values().copied();
        named.chain(element.items).chain(element.values).collect()
    };
    let mut is_said: Vec<bool> = elements
        .iter()
        .map(|element| {
            let own = XmlElement {
                properties: Default::default(),
                items: None,
                values: None,
                ..element.clone()
            };
            own != XmlElement::default()
        })
        .collect();
    let parents: Vec<Vec<usize>> = elements.iter().map(children).collect();
    loop {
        let mut changed = false;
        for (index, inside) in parents.iter().enumerate() {
            if !is_said[index] && inside.iter().any(|child| is_said[*child]) {
                is_said[index] = true;
                changed = true;
            }
        }
        if !changed {
            break;
        }
    }
    // Where each of those that stay goes.
    let mut places = vec![None; elements.len()];
    let stay = (0..elements.len()).filter(|index| is_said[*index]);
    for (place, index) in stay.enumerate() {
        places[index] = Some(place);
    }
    let moved = |index: usize| places.get(index).copied().flatten();
    (elements.into_iter().zip(is_said))
        .filter(|(_, is_said)| *is_said)
        .map(|(element, _)| XmlElement {
            properties: (element.properties.into_iter())
                .filter_map(|(name, index)| Some((name, moved(index)?)))
                .collect(),
            items: element.items.and_then(moved),
            values: element.values.and_then(moved),
            ..element
        })
        .collect()
}

fn address(node: &Node) -> usize {
    ptr::from_ref(node).addr()
}
