//! Properties that a contract does not name.

use std::collections::BTreeMap;
use std::collections::btree_map::{IntoIter, Iter};

use super::{Json, Map, Node, NodeMut, Value};

/// What a value has beside the properties that the contract names: kept as it came, and written again, so that a value
/// loses nothing on its way through. Mostly empty, and then no larger than a pointer.
///
/// ```
/// use tieline::codec::Extra;
///
/// let mut extra = Extra::new();
/// assert!(extra.is_empty());
/// extra.insert("colour", "red");
/// assert_eq!(extra.get("colour"), Some(&"red".into()));
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
// Boxed, because nearly all are empty: a map is three times as large.
#[allow(clippy::box_collection)]
pub struct Extra(Option<Box<BTreeMap<String, Json>>>);

impl Extra {
    /// None.
    pub const fn new() -> Self {
        Self(None)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.as_ref().map_or(0, |all| all.len())
    }

    /// The property of this name.
    pub fn get(&self, name: &str) -> Option<&Json> {
        self.0.as_ref()?.get(name)
    }

    /// Sets a property; gives what it was.
    pub fn insert(&mut self, name: impl Into<String>, value: impl Into<Json>) -> Option<Json> {
        BTreeMap::insert(self.0.get_or_insert_default(), name.into(), value.into())
    }

    /// Takes a property away.
    pub fn remove(&mut self, name: &str) -> Option<Json> {
        self.0.as_mut()?.remove(name)
    }

    /// Each property, in the order of their names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Json)> {
        let all: Option<Iter<'_, String, Json>> = self.0.as_ref().map(|all| all.iter());
        all.into_iter()
            .flatten()
            .map(|(name, value)| (name.as_str(), value))
    }
}

impl IntoIterator for Extra {
    type Item = (String, Json);
    type IntoIter = IntoIter<String, Json>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.map(|all| *all).unwrap_or_default().into_iter()
    }
}

impl<N: Into<String>, V: Into<Json>> FromIterator<(N, V)> for Extra {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(properties: I) -> Self {
        let all: BTreeMap<String, Json> = properties
            .into_iter()
            .map(|(name, value)| (name.into(), value.into()))
            .collect();
        Self((!all.is_empty()).then(|| Box::new(all)))
    }
}

impl Map for Extra {
    fn len(&self) -> usize {
        Self::len(self)
    }

    fn entry(&self, key: &str) -> Option<&dyn Value> {
        self.get(key).map(|value| value as &dyn Value)
    }

    fn each(&self, visit: &mut dyn FnMut(&str, &dyn Value) -> bool) {
        for (name, value) in self.iter() {
            if !visit(name, value) {
                return;
            }
        }
    }

    fn insert(&mut self, key: String) -> &mut dyn Value {
        let slot = BTreeMap::entry(self.0.get_or_insert_default(), key).or_default();
        *slot = Json::Null;
        slot
    }

    fn clear(&mut self) {
        self.0 = None;
    }
}

impl Value for Extra {
    fn node(&self) -> Node<'_> {
        Node::Map(self)
    }

    fn node_mut(&mut self) -> NodeMut<'_> {
        NodeMut::Map(self)
    }

    fn blank() -> Self {
        Self::new()
    }
}
