//! The tree of a document.

use std::collections::HashMap;

use super::{Span, scalar};

/// A node: what it is and where it stands.
#[derive(Debug, Clone)]
pub struct Node {
    /// What it is.
    pub kind: Kind,
    /// Where it stands. A node repeated by a YAML alias stands where its anchor does.
    pub span: Span,
}

/// What a node is.
#[derive(Debug, Clone)]
pub enum Kind {
    /// `null`.
    Null,
    /// `true`, `false`.
    Bool(bool),
    /// A number, as its text.
    Number(Box<str>),
    /// Text.
    String(Box<str>),
    /// A list.
    Array(Vec<Node>),
    /// An object, in the order of the source.
    Object(Object),
}

/// An object's entries, in the order of the source, and an index when there are many.
#[derive(Debug, Clone, Default)]
pub struct Object {
    entries: Vec<Entry>,
    index: Option<HashMap<Box<str>, u32>>,
}

/// An entry of an object.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The key.
    pub key: Box<str>,
    /// Where the key stands.
    pub key_span: Span,
    /// The value.
    pub value: Node,
}

/// Objects with more entries get an index.
const INDEX_ABOVE: usize = 12;

impl Object {
    /// An object of these entries. Of those that share a key, the first stays.
    pub fn from_entries(entries: Vec<Entry>) -> Self {
        let mut object = Self::default();
        for entry in entries {
            // The one that stands there already wins.
            let _ = object.insert(entry);
        }
        object
    }

    /// The entries, in the order of the source.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The entry of a key.
    pub fn entry(&self, key: &str) -> Option<&Entry> {
        match &self.index {
            Some(index) => self.entries.get(*index.get(key)? as usize),
            None => self.entries.iter().find(|entry| &*entry.key == key),
        }
    }

    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entry(key).map(|entry| &entry.value)
    }

    /// The value of a key, to be changed.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Node> {
        let at = match &self.index {
            Some(index) => *index.get(key)? as usize,
            None => self.entries.iter().position(|entry| &*entry.key == key)?,
        };
        self.entries.get_mut(at).map(|entry| &mut entry.value)
    }

    /// Takes the entry of a key away.
    pub fn remove(&mut self, key: &str) -> Option<Entry> {
        let at = self.entries.iter().position(|entry| &*entry.key == key)?;
        let mut entries = std::mem::take(self).entries;
        let entry = entries.remove(at);
        *self = Self::from_entries(entries);
        Some(entry)
    }

    /// The values, to be changed.
    pub fn values_mut(&mut self) -> impl Iterator<Item = (&str, &mut Node)> {
        self.entries
            .iter_mut()
            .map(|entry| (&*entry.key, &mut entry.value))
    }

    /// Adds an entry, unless its key stands there already.
    pub fn add(&mut self, entry: Entry) {
        // The one that stands there wins.
        let _ = self.insert(entry);
    }

    /// Takes up what stands under a key for the second time: two objects become one; of all others the last counts,
    /// as most readers have it.
    pub(super) fn join(&mut self, again: Entry) {
        let Some(known) = self.get_mut(&again.key) else {
            return self.add(again);
        };
        match (&mut known.kind, again.value.kind) {
            (Kind::Object(known), Kind::Object(more)) => {
                for entry in more.entries {
                    known.join(entry);
                }
            }
            (known_kind, kind) => {
                *known_kind = kind;
                known.span = again.value.span;
            }
        }
    }

    /// Adds an entry. `Err` gives it back when the key stands there already.
    pub(super) fn insert(&mut self, entry: Entry) -> Result<(), Entry> {
        if self.entry(&entry.key).is_some() {
            return Err(entry);
        }
        if self.index.is_none() && self.entries.len() >= INDEX_ABOVE {
            let keys = self.entries.iter().enumerate();
            self.index = Some(keys.map(|(at, entry)| (entry.key.clone(), at as u32)).collect());
        }
        if let Some(index) = &mut self.index {
            index.insert(entry.key.clone(), self.entries.len() as u32);
        }
        self.entries.push(entry);
        Ok(())
    }
}

impl Node {
    /// The object, if it is one.
    pub fn as_object(&self) -> Option<&Object> {
        match &self.kind {
            Kind::Object(object) => Some(object),
            _ => None,
        }
    }

    /// The items, if it is a list.
    pub fn as_array(&self) -> Option<&[Self]> {
        match &self.kind {
            Kind::Array(items) => Some(items),
            _ => None,
        }
    }

    /// The text, if it is text.
    pub fn as_str(&self) -> Option<&str> {
        match &self.kind {
            Kind::String(text) => Some(text),
            _ => None,
        }
    }

    /// The truth value, if it is one.
    pub fn as_bool(&self) -> Option<bool> {
        match &self.kind {
            Kind::Bool(value) => Some(*value),
            _ => None,
        }
    }

    /// The number, if it is one that JSON can write.
    pub fn as_number(&self) -> Option<serde_json::Number> {
        match &self.kind {
            Kind::Number(text) => scalar::json_number(text),
            _ => None,
        }
    }

    /// The count, if it is a whole number that is not negative (`3.0` is one, too).
    pub fn as_count(&self) -> Option<u64> {
        let number = self.as_number()?;
        number.as_u64().or_else(|| {
            let float = number.as_f64()?;
            (float >= 0.0 && float.fract() == 0.0 && float < 1e18).then_some(float as u64)
        })
    }

    /// The text of a scalar: text as it is, a number or truth value as written.
    pub fn scalar_text(&self) -> Option<&str> {
        match &self.kind {
            Kind::String(text) | Kind::Number(text) => Some(text),
            Kind::Bool(true) => Some("true"),
            Kind::Bool(false) => Some("false"),
            _ => None,
        }
    }

    /// Whether it is `null`.
    pub fn is_null(&self) -> bool {
        matches!(self.kind, Kind::Null)
    }

    /// The value of a key, if it is an object that has it.
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.as_object()?.get(key)
    }

    /// The object, to be changed.
    pub fn as_object_mut(&mut self) -> Option<&mut Object> {
        match &mut self.kind {
            Kind::Object(object) => Some(object),
            _ => None,
        }
    }

    /// Whether it has the same content as another, wherever both stand. The order of keys does not count.
    pub fn is_same(&self, other: &Self) -> bool {
        match (&self.kind, &other.kind) {
            (Kind::Array(one), Kind::Array(other)) => {
                one.len() == other.len() && one.iter().zip(other).all(|(one, other)| one.is_same(other))
            }
            (Kind::Object(one), Kind::Object(other)) => {
                one.entries().len() == other.entries().len()
                    && (one.entries().iter()).all(|entry| {
                        other
                            .get(&entry.key)
                            .is_some_and(|value| entry.value.is_same(value))
                    })
            }
            (Kind::Null, Kind::Null) => true,
            (Kind::Bool(one), Kind::Bool(other)) => one == other,
            (Kind::Number(one), Kind::Number(other)) | (Kind::String(one), Kind::String(other)) => {
                one == other
            }
            _ => false,
        }
    }

    /// How many bytes of memory it takes, about.
    pub fn weight(&self) -> usize {
        let own = size_of::<Self>();
        match &self.kind {
            Kind::Number(text) | Kind::String(text) => own + text.len(),
            Kind::Array(items) => own + items.iter().map(Self::weight).sum::<usize>(),
            Kind::Object(object) => {
                let entries = object.entries().iter();
                own + entries
                    .map(|entry| size_of::<Entry>() + entry.key.len() + entry.value.weight())
                    .sum::<usize>()
            }
            Kind::Null | Kind::Bool(_) => own,
        }
    }

    /// How many levels of lists and objects it has.
    pub fn height(&self) -> usize {
        let highest = match &self.kind {
            Kind::Array(items) => items.iter().map(Self::height).max(),
            Kind::Object(object) => object.entries().iter().map(|entry| entry.value.height()).max(),
            _ => return 0,
        };
        1 + highest.unwrap_or(0)
    }

    /// What it is, for people.
    pub fn kind_name(&self) -> &'static str {
        match self.kind {
            Kind::Null => "null",
            Kind::Bool(_) => "a boolean",
            Kind::Number(_) => "a number",
            Kind::String(_) => "a string",
            Kind::Array(_) => "a list",
            Kind::Object(_) => "an object",
        }
    }

    /// As a JSON value. A number that JSON cannot write becomes its text.
    pub fn to_json(&self) -> serde_json::Value {
        use serde_json::Value;
        match &self.kind {
            Kind::Null => Value::Null,
            Kind::Bool(value) => Value::Bool(*value),
            Kind::Number(text) => {
                scalar::json_number(text).map_or_else(|| Value::String(text.to_string()), Value::Number)
            }
            Kind::String(text) => Value::String(text.to_string()),
            Kind::Array(items) => Value::Array(items.iter().map(Self::to_json).collect()),
            Kind::Object(object) => Value::Object(
                object
                    .entries
                    .iter()
                    .map(|entry| (entry.key.to_string(), entry.value.to_json()))
                    .collect(),
            ),
        }
    }
}
