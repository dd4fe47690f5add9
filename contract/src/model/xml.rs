//! How a body is written in XML.

use indexmap::IndexMap;

/// What the schemas of a body say of its elements. Each says what differs from the rule that an element is called like its
/// property.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Xml {
    /// The descriptions, that of the root first. Others are referred to by their index.
    pub elements: Vec<XmlElement>,
}

/// What a schema says of the element that a value is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct XmlElement {
    /// Its name.
    pub name: Option<String>,
    /// The URI of its namespace.
    pub namespace: Option<String>,
    /// The prefix of its name.
    pub prefix: Option<String>,
    /// What it is written as.
    pub kind: XmlKind,
    /// A list stands in an element of its own.
    pub wrapped: bool,
    /// Properties.
    pub properties: IndexMap<String, usize>,
    /// Items of a list.
    pub items: Option<usize>,
    /// Properties that have no name in the contract.
    pub values: Option<usize>,
}

/// What a value is written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum XmlKind {
    /// An element.
    #[default]
    Element,
    /// An attribute of the element around.
    Attribute,
    /// The text of the element around.
    Text,
    /// The same, as a CDATA section.
    Cdata,
    /// Nothing of its own: what is in it stands in the element around.
    None,
}
