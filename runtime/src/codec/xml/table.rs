//! What a contract says of the elements of a body.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde::Deserialize;

/// How a body is written in XML: the `xml` objects of its schemas, as a JSON text that is read when it is first used.
///
/// The text is a list of descriptions, that of the root first. One says what differs from the rule that an element is
/// called like its property, and which description holds for a property, an item, and any other property.
#[derive(Debug)]
pub struct Xml {
    text: &'static str,
    described: OnceLock<Vec<Described>>,
}

impl Xml {
    /// The table that `text` holds.
    pub const fn new(text: &'static str) -> Self {
        Self {
            text,
            described: OnceLock::new(),
        }
    }

    /// What is said of the root.
    #[cfg_attr(not(feature = "xml"), allow(dead_code))]
    pub(super) fn root(&self) -> At<'_> {
        let all = self
            .described
            .get_or_init(|| serde_json::from_str(self.text).unwrap_or_default());
        At {
            all,
            here: all.first(),
        }
    }
}

impl PartialEq for Xml {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Xml {}

/// What is said of one value.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Described {
    pub(super) name: Option<String>,
    pub(super) namespace: Option<String>,
    pub(super) prefix: Option<String>,
    pub(super) kind: Kind,
    /// A list stands in an element of its own.
    pub(super) wrapped: bool,
    properties: BTreeMap<String, usize>,
    items: Option<usize>,
    values: Option<usize>,
}

/// What a value is written as.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Kind {
    #[default]
    Element,
    Attribute,
    Text,
    Cdata,
    /// As nothing of its own: what is in it stands in the element around.
    None,
}

/// A place in the table.
#[derive(Clone, Copy)]
#[cfg_attr(not(feature = "xml"), allow(dead_code))]
pub(super) struct At<'x> {
    all: &'x [Described],
    here: Option<&'x Described>,
}

#[cfg(feature = "xml")]
impl<'x> At<'x> {
    pub(super) fn kind(self) -> Kind {
        self.here.map_or(Kind::Element, |here| here.kind)
    }

    pub(super) fn is_wrapped(self) -> bool {
        self.here.is_some_and(|here| here.wrapped)
    }

    /// The name that is said, without a prefix.
    pub(super) fn name(self) -> Option<&'x str> {
        let name = self.here?.name.as_deref()?;
        Some(name.rsplit(':').next().unwrap_or(name))
    }

    pub(super) fn namespace(self) -> Option<&'x str> {
        self.here?.namespace.as_deref()
    }

    pub(super) fn prefix(self) -> Option<&'x str> {
        let here = self.here?;
        let of_name = || here.name.as_deref()?.split_once(':').map(|(prefix, _)| prefix);
        here.prefix.as_deref().or_else(of_name)
    }

    pub(super) fn property(self, name: &str) -> Self {
        self.of(self
            .here
            .and_then(|here| here.properties.get(name).copied().or(here.values)))
    }

    pub(super) fn items(self) -> Self {
        self.of(self.here.and_then(|here| here.items))
    }

    /// What is said of properties that have no name in the contract.
    pub(super) fn values(self) -> Self {
        self.of(self.here.and_then(|here| here.values))
    }

    fn of(self, index: Option<usize>) -> Self {
        let here = index.and_then(|index| self.all.get(index));
        Self { here, ..self }
    }
}
