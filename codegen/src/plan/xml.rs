//! The tables of bodies in XML: one static for all bodies that are written alike.

use indexmap::IndexSet;
use serde_json::{Map, Value, json};
use tieline_contract::model::{Xml, XmlElement, XmlKind};

/// The table of a body.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct XmlPlan {
    /// The name of its static.
    pub(crate) name: String,
    /// What the runtime reads.
    pub(crate) text: String,
}

impl XmlPlan {
    pub(crate) fn of(xml: &Xml) -> Self {
        Self {
            name: String::new(),
            text: text(xml),
        }
    }
}

/// Names the tables of a module's operations: those of one text are one.
pub(crate) fn name<'p>(tables: impl Iterator<Item = &'p mut XmlPlan>) {
    let mut texts = IndexSet::new();
    for table in tables {
        let (index, _) = texts.insert_full(table.text.clone());
        table.name = format!("XML_{}", index + 1);
    }
}

/// The table as the runtime reads it.
fn text(xml: &Xml) -> String {
    let elements: Vec<Value> = xml.elements.iter().map(element).collect();
    Value::Array(elements).to_string()
}

fn element(element: &XmlElement) -> Value {
    let mut said = Map::new();
    let texts = [
        ("name", &element.name),
        ("namespace", &element.namespace),
        ("prefix", &element.prefix),
    ];
    for (key, text) in texts {
        if let Some(text) = text {
            said.insert(key.to_owned(), json!(text));
        }
    }
    let kind = match element.kind {
        XmlKind::Element => None,
        XmlKind::Attribute => Some("attribute"),
        XmlKind::Text => Some("text"),
        XmlKind::Cdata => Some("cdata"),
        XmlKind::None => Some("none"),
    };
    if let Some(kind) = kind {
        said.insert("kind".to_owned(), json!(kind));
    }
    if element.wrapped {
        said.insert("wrapped".to_owned(), json!(true));
    }
    if !element.properties.is_empty() {
        let properties = element.properties.iter();
        let properties = properties.map(|(name, index)| (name.clone(), json!(index)));
        said.insert("properties".to_owned(), Value::Object(properties.collect()));
    }
    for (key, index) in [("items", element.items), ("values", element.values)] {
        if let Some(index) = index {
            said.insert(key.to_owned(), json!(index));
        }
    }
    Value::Object(said)
}
