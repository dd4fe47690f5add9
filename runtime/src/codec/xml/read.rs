//! Elements to values: the places that the value offers, filled by what stands where the table says.

use super::dom::{self, Attribute, Element};
use super::names::decoded;
use super::table::{At, Kind, Xml};
use crate::codec::text::{self, PlaceKind};
use crate::codec::{DecodeError, Json, Map, NodeMut, Record, Value, nested};

/// How many alternatives of unions are tried for one body: each reads all that is below it.
const MAX_TRIALS: u32 = 1_000;

/// Reads a body into `place`. The name of the root is not looked at.
///
/// # Errors
/// It is no XML, or no value of the type. The error names the place, by properties and not by elements.
pub(crate) fn read(octets: &[u8], xml: &Xml, place: &mut dyn Value) -> Result<(), DecodeError> {
    let root = dom::parse(octets)?;
    let mut reader = Reader {
        misfits: 0,
        trials: MAX_TRIALS,
    };
    reader.one(&root, xml.root(), place)
}

/// What is counted on the way.
pub(super) struct Reader {
    /// What the contract does not name: how unions tell a good fit from a bad one.
    pub(super) misfits: usize,
    pub(super) trials: u32,
}

/// What of an element the fields of a record took.
struct Taken {
    attributes: Vec<bool>,
    children: Vec<bool>,
    text: bool,
}

impl Taken {
    fn of(element: &Element) -> Self {
        Self {
            attributes: vec![false; element.attributes.len()],
            children: vec![false; element.children.len()],
            text: false,
        }
    }

    fn count(&self) -> usize {
        let all = self.attributes.iter().chain(&self.children);
        all.filter(|taken| **taken).count() + usize::from(self.text)
    }

    /// How many parts no field took.
    fn left(&self) -> usize {
        let all = self.attributes.iter().chain(&self.children);
        all.filter(|taken| !**taken).count()
    }
}

impl Reader {
    /// Reads an element as the value of `place`.
    pub(super) fn one(
        &mut self,
        element: &Element,
        at: At<'_>,
        place: &mut dyn Value,
    ) -> Result<(), DecodeError> {
        match place.node_mut() {
            NodeMut::Optional(optional) | NodeMut::Nullable(optional) => {
                if element.is_nil {
                    let inner = optional.fill();
                    if matches!(inner.node_mut(), NodeMut::Nullable(_)) {
                        return self.one(element, at, inner);
                    }
                    optional.clear();
                    return Ok(());
                }
                self.one(element, at, optional.fill())
            }
            NodeMut::Record(record) => self.record(element, at, record),
            NodeMut::Map(map) => {
                map.clear();
                self.others(element, &mut Taken::of(element), at.values(), map)
            }
            NodeMut::List(list) => {
                list.clear();
                for (index, item) in element.children.iter().enumerate() {
                    self.one(item, at.items(), list.push())
                        .map_err(|error| error.in_index(index))?;
                }
                Ok(())
            }
            NodeMut::Json(place) => {
                *place = json(element);
                Ok(())
            }
            NodeMut::Union(union) => self.union(element, at, union),
            NodeMut::Foreign(foreign) => {
                foreign.read_json(&serde_json::to_vec(&json(element)).unwrap_or_default())
            }
            _ if !element.children.is_empty() => Err(DecodeError::new("expected text, and no elements")),
            _ => self.text(&element.text, place),
        }
        .map_err(|error| error.at_offset(element.start))
    }

    /// Reads a text. White space around it belongs to text alone.
    fn text(&mut self, text: &str, place: &mut dyn Value) -> Result<(), DecodeError> {
        let read = match place.node_mut() {
            NodeMut::Optional(optional) | NodeMut::Nullable(optional) => {
                return self.text(text, optional.fill());
            }
            NodeMut::Text(_) | NodeMut::Json(_) => {
                put_text(text, place);
                Ok(())
            }
            NodeMut::List(_) => text::read_many(text.split_whitespace(), place),
            _ => text::read(text.trim(), place),
        };
        if let NodeMut::Enum(enumeration) = place.node_mut() {
            self.misfits += usize::from(!enumeration.is_known());
        }
        read
    }

    /// Reads the elements of one property.
    fn many(&mut self, elements: &[&Element], at: At<'_>, place: &mut dyn Value) -> Result<(), DecodeError> {
        match place.node_mut() {
            NodeMut::Optional(optional) | NodeMut::Nullable(optional) => match elements {
                [one] if one.is_nil => self.one(one, at, place),
                _ => self.many(elements, at, optional.fill()),
            },
            NodeMut::List(list) => {
                list.clear();
                for (index, element) in elements.iter().enumerate() {
                    self.one(element, at.items(), list.push())
                        .map_err(|error| error.in_index(index))?;
                }
                Ok(())
            }
            NodeMut::Json(place) if elements.len() > 1 => {
                *place = Json::Array(elements.iter().map(|element| json(element)).collect());
                Ok(())
            }
            _ => match elements {
                [one] => self.one(one, at, place),
                _ => Err(DecodeError::new("expected one element, and there are several")),
            },
        }
    }

    fn record(&mut self, element: &Element, at: At<'_>, record: &mut dyn Record) -> Result<(), DecodeError> {
        let mut taken = Taken::of(element);
        self.fields(element, at, record, &mut taken)?;
        let shape = record.shape();
        if shape.open.keeps()
            && let Some(NodeMut::Map(rest)) = record.field_mut(shape.fields.len()).map(Value::node_mut)
        {
            rest.clear();
            self.misfits += taken.left();
            return self.others(element, &mut taken, at.values(), rest);
        }
        Ok(())
    }

    fn fields(
        &mut self,
        element: &Element,
        at: At<'_>,
        record: &mut dyn Record,
        taken: &mut Taken,
    ) -> Result<(), DecodeError> {
        for (index, field) in record.shape().fields.iter().enumerate() {
            let Some(place) = record.field_mut(index) else {
                continue;
            };
            let found = self.field(element, at.property(field.name), field.name, place, taken);
            match found {
                Ok(true) => Ok(()),
                Ok(false) if field.required => nested::absent(place),
                Ok(false) => {
                    if let NodeMut::Optional(optional) = place.node_mut() {
                        optional.clear();
                    }
                    Ok(())
                }
                Err(error) => Err(error),
            }
            .map_err(|error| error.in_key(field.name).at_offset(element.start))?;
        }
        Ok(())
    }

    /// Reads a field. `Ok(false)`: nothing of it is there.
    fn field(
        &mut self,
        element: &Element,
        at: At<'_>,
        property: &str,
        place: &mut dyn Value,
        taken: &mut Taken,
    ) -> Result<bool, DecodeError> {
        let is_list = text::kind_of(place) == PlaceKind::List;
        match at.kind() {
            Kind::Attribute => {
                let Some(index) = attribute(element, at, property) else {
                    return Ok(false);
                };
                taken.attributes[index] = true;
                self.text(&element.attributes[index].value, place).map(|()| true)
            }
            Kind::Text | Kind::Cdata => {
                let is_between = !element.children.is_empty() && element.text.trim().is_empty();
                let is_optional = matches!(place.node_mut(), NodeMut::Optional(_));
                if is_between || (is_optional && element.text.is_empty()) {
                    return Ok(false);
                }
                taken.text = true;
                self.text(&element.text, place).map(|()| true)
            }
            Kind::None if !is_list => self.inside(element, at, place, taken),
            Kind::Element | Kind::None if is_list && at.is_wrapped() => {
                let name = at.name().unwrap_or(property);
                let wrappers = children(element, &[name], at, taken);
                if let [one] = *wrappers
                    && one.is_nil
                {
                    return self.one(one, at, place).map(|()| true);
                }
                let items: Vec<&Element> = wrappers.iter().flat_map(|one| &one.children).collect();
                if wrappers.is_empty() {
                    return Ok(false);
                }
                self.many(&items, at, place).map(|()| true)
            }
            Kind::Element | Kind::None => {
                let own = at.name().unwrap_or(property);
                let names = match (is_list, at.items().name()) {
                    (true, Some(name)) => [name, property],
                    (true, None) => [property, own],
                    (false, _) => [own, own],
                };
                let said = if is_list { at.items() } else { at };
                let found = children(element, &names, said, taken);
                if found.is_empty() {
                    return Ok(false);
                }
                self.many(&found, at, place).map(|()| true)
            }
        }
    }

    /// Reads an object whose properties stand in the element around it.
    fn inside(
        &mut self,
        element: &Element,
        at: At<'_>,
        place: &mut dyn Value,
        taken: &mut Taken,
    ) -> Result<bool, DecodeError> {
        match place.node_mut() {
            NodeMut::Optional(optional) | NodeMut::Nullable(optional) => {
                let before = taken.count();
                let read = self.inside(element, at, optional.fill(), taken);
                if taken.count() == before {
                    return Ok(false);
                }
                read
            }
            NodeMut::Record(record) => self.fields(element, at, record, taken).map(|()| true),
            _ => Ok(false),
        }
    }

    /// Keeps what no field took.
    fn others(
        &mut self,
        element: &Element,
        taken: &mut Taken,
        at: At<'_>,
        map: &mut dyn Map,
    ) -> Result<(), DecodeError> {
        for (attribute, _) in (element.attributes.iter().zip(&taken.attributes)).filter(|(_, taken)| !**taken)
        {
            keep_text(map, format!("@{}", decoded(&attribute.name)), &attribute.value);
        }
        for first in 0..element.children.len() {
            if taken.children[first] {
                continue;
            }
            let name = &element.children[first].name;
            let mut same = Vec::new();
            for (index, child) in element.children.iter().enumerate().skip(first) {
                if !taken.children[index] && child.name == *name {
                    taken.children[index] = true;
                    same.push(child);
                }
            }
            let key = decoded(name);
            self.many(&same, at, map.insert(key.clone()))
                .map_err(|error| error.in_key(key))?;
        }
        if !taken.text && !element.text.trim().is_empty() {
            keep_text(map, "#text".to_owned(), &element.text);
        }
        Ok(())
    }
}

/// Keeps a text where any value may stand. Elsewhere it is none of the values that the contract speaks of.
fn keep_text(map: &mut dyn Map, key: String, text: &str) {
    if map.entry(&key).is_none() {
        put_text(text, map.insert(key));
    }
}

fn put_text(text: &str, place: &mut dyn Value) {
    match place.node_mut() {
        NodeMut::Text(place) => text.clone_into(place),
        NodeMut::Json(place) => *place = Json::String(text.to_owned()),
        _ => {}
    }
}

/// Whether a name of the body is the one that the contract says. A namespace tells names apart where both have one.
fn is_called(name: &str, namespace: Option<&str>, wanted: &str, at: At<'_>) -> bool {
    let apart = namespace
        .zip(at.namespace())
        .is_some_and(|(here, said)| here != said);
    !apart && (name == wanted || decoded(name) == wanted)
}

pub(super) fn attribute(element: &Element, at: At<'_>, property: &str) -> Option<usize> {
    let wanted = at.name().unwrap_or(property);
    let is_it = |one: &Attribute| is_called(&one.name, one.namespace.as_deref(), wanted, at);
    element.attributes.iter().position(is_it)
}

/// The children of these names that nothing took yet.
fn children<'e>(element: &'e Element, names: &[&str], at: At<'_>, taken: &mut Taken) -> Vec<&'e Element> {
    let mut found = Vec::new();
    for (index, child) in element.children.iter().enumerate() {
        let is_it = |name: &&str| is_called(&child.name, child.namespace.as_deref(), name, at);
        if !taken.children[index] && names.iter().any(is_it) {
            taken.children[index] = true;
            found.push(child);
        }
    }
    found
}

/// An element that the contract says nothing of.
pub(super) fn json(element: &Element) -> Json {
    if element.attributes.is_empty() && element.children.is_empty() {
        return if element.is_nil {
            Json::Null
        } else {
            Json::String(element.text.clone())
        };
    }
    let mut object = serde_json::Map::new();
    for attribute in &element.attributes {
        let key = format!("@{}", decoded(&attribute.name));
        object.insert(key, Json::String(attribute.value.clone()));
    }
    for child in &element.children {
        let value = json(child);
        match object.get_mut(&decoded(&child.name)) {
            None => {
                object.insert(decoded(&child.name), value);
            }
            Some(Json::Array(items)) => items.push(value),
            Some(one) => *one = Json::Array(vec![one.take(), value]),
        }
    }
    if !element.text.trim().is_empty() {
        object.insert("#text".to_owned(), Json::String(element.text.clone()));
    }
    Json::Object(object)
}
