//! XML octets to elements. Neither document types nor entities beside the five of XML are read: with them, a small body
//! could mean gigabytes.

use quick_xml::events::{BytesStart, Event};
use quick_xml::name::ResolveResult;
use quick_xml::{NsReader, XmlVersion};

use super::INSTANCE;
use crate::codec::DecodeError;

/// How deep elements may nest.
const MAX_DEPTH: usize = 128;

/// An element, its own text in one piece.
#[derive(Debug, Default)]
pub(super) struct Element {
    pub(super) name: String,
    pub(super) namespace: Option<String>,
    pub(super) attributes: Vec<Attribute>,
    pub(super) children: Vec<Element>,
    pub(super) text: String,
    pub(super) is_nil: bool,
    /// The octet that it starts at.
    pub(super) start: usize,
}

/// An attribute that says something of the value.
#[derive(Debug)]
pub(super) struct Attribute {
    pub(super) name: String,
    pub(super) namespace: Option<String>,
    pub(super) value: String,
}

/// The root of a document.
///
/// # Errors
/// The octets are no XML, or XML that is not read. The error says at which octet.
pub(super) fn parse(octets: &[u8]) -> Result<Element, DecodeError> {
    let text = std::str::from_utf8(octets).map_err(|error| {
        DecodeError::new("the body is not UTF-8 text, which XML is read as").at_offset(error.valid_up_to())
    })?;
    let mut reader = NsReader::from_str(text.trim_start_matches('\u{feff}'));
    reader.config_mut().expand_empty_elements = true;
    let mut open: Vec<Element> = Vec::new();
    let mut root = None;
    loop {
        let start = usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX);
        let event = reader.read_event();
        let refused = |message: &'static str| Err(DecodeError::new(message).at_offset(start));
        let event = match event {
            Ok(event) => event,
            Err(error) => {
                let at = usize::try_from(reader.error_position()).unwrap_or(start);
                return Err(syntax(&error).at_offset(at));
            }
        };
        match event {
            Event::Start(_) if open.is_empty() && root.is_some() => {
                return refused("a second root element");
            }
            Event::Start(_) if open.len() == MAX_DEPTH => return refused("the body nests too deep"),
            Event::Start(tag) => open.push(element(&reader, &tag, start)?),
            Event::End(_) => {
                let closed = open.pop();
                match (open.last_mut(), closed) {
                    (Some(parent), Some(closed)) => parent.children.push(closed),
                    (None, closed) => root = closed,
                    (Some(_), None) => {}
                }
            }
            Event::Text(text) => {
                let text = text.xml10_content();
                match open.last_mut() {
                    Some(element) => element.text.push_str(&text),
                    None if text.trim().is_empty() => {}
                    None => return refused("text outside the root element"),
                }
            }
            Event::CData(text) => match open.last_mut() {
                Some(element) => element.text.push_str(&text.xml10_content()),
                None => return refused("text outside the root element"),
            },
            Event::GeneralRef(name) => {
                let meant = match name.resolve_char_ref() {
                    Ok(Some(character)) => Some(character),
                    Ok(None) => predefined(&name),
                    Err(error) => return Err(syntax(&error).at_offset(start)),
                };
                match (open.last_mut(), meant) {
                    (Some(element), Some(character)) => element.text.push(character),
                    (_, None) => return refused("an entity that is none of the five of XML is not read"),
                    (None, _) => return refused("text outside the root element"),
                }
            }
            Event::DocType(_) => return refused("a document type is not read: send the element alone"),
            Event::Eof if !open.is_empty() => return refused("the body ends inside an element"),
            Event::Eof => return root.ok_or_else(|| DecodeError::new("the body has no element")),
            Event::Empty(_) | Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
        }
    }
}

fn element(reader: &NsReader<&[u8]>, tag: &BytesStart<'_>, start: usize) -> Result<Element, DecodeError> {
    let resolver = reader.resolver();
    let (namespace, local) = resolver.resolve_element(tag.name());
    let mut element = Element {
        name: local.as_ref().to_owned(),
        namespace: bound(&namespace),
        start,
        ..Element::default()
    };
    for attribute in tag.attributes() {
        let attribute = attribute.map_err(|error| syntax(&error.into()).at_offset(start))?;
        if attribute.key.as_namespace_binding().is_some() {
            continue;
        }
        let (namespace, local) = resolver.resolve_attribute(attribute.key);
        let (namespace, name) = (bound(&namespace), local.as_ref().to_owned());
        let value = attribute
            .normalized_value(XmlVersion::Implicit1_0)
            .map_err(|error| syntax(&error).at_offset(start))?;
        if namespace.as_deref() == Some(INSTANCE) {
            element.is_nil |= name == "nil" && matches!(value.trim(), "true" | "1");
            continue;
        }
        element.attributes.push(Attribute {
            name,
            namespace,
            value: value.into_owned(),
        });
    }
    Ok(element)
}

fn bound(namespace: &ResolveResult<'_>) -> Option<String> {
    match namespace {
        ResolveResult::Bound(namespace) => Some(namespace.as_ref().to_owned()),
        // A prefix that nothing declares is left aside: peers forget it.
        ResolveResult::Unbound | ResolveResult::Unknown(_) => None,
    }
}

fn predefined(name: &str) -> Option<char> {
    Some(match name {
        "lt" => '<',
        "gt" => '>',
        "amp" => '&',
        "apos" => '\'',
        "quot" => '"',
        _ => return None,
    })
}

/// What is wrong, without what stands there: it may be secret.
fn syntax(error: &quick_xml::Error) -> DecodeError {
    let what = match error {
        quick_xml::Error::Syntax(_) => "something is not closed",
        quick_xml::Error::IllFormed(_) => "elements do not close as they open",
        quick_xml::Error::InvalidAttr(_) => "an attribute is malformed",
        quick_xml::Error::Escape(_) => "a reference is malformed, or to an entity that is not read",
        quick_xml::Error::Namespace(_) => "a namespace is malformed",
        _ => "it cannot be read",
    };
    DecodeError::new(format!("the body is not valid XML: {what}"))
}
