//! Types of the user's, with serde: what `#[service_client]` traits speak of.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde::de::value::Error as ValueError;

use super::text::TextDeserializer;
use super::{DecodeError, Json, Node, NodeMut, Value};

/// A value that reads and writes itself.
pub trait Foreign {
    /// Appends the JSON text.
    fn write_json(&self, out: &mut Vec<u8>);
    /// As a JSON value.
    fn to_json(&self) -> Json;
    /// Reads a JSON text.
    fn read_json(&mut self, octets: &[u8]) -> Result<(), DecodeError>;
    /// Reads a path, query or header value.
    fn read_text(&mut self, text: &str) -> Result<(), DecodeError>;
}

/// A value of a type with serde. Empty until it is read.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Serde<T>(pub Option<T>);

impl<T> Serde<T> {
    /// A value.
    pub fn new(value: T) -> Self {
        Self(Some(value))
    }
}

impl<T: Serialize + DeserializeOwned> Foreign for Serde<T> {
    fn write_json(&self, out: &mut Vec<u8>) {
        // A type whose `Serialize` fails (a map with keys that are no text) is written as null, like an infinity.
        match self.0.as_ref().and_then(|value| serde_json::to_vec(value).ok()) {
            Some(text) => out.extend_from_slice(&text),
            None => out.extend_from_slice(b"null"),
        }
    }

    fn to_json(&self) -> Json {
        self.0
            .as_ref()
            .and_then(|value| serde_json::to_value(value).ok())
            .unwrap_or_default()
    }

    fn read_json(&mut self, octets: &[u8]) -> Result<(), DecodeError> {
        let value = serde_json::from_slice(octets).map_err(|error| DecodeError::new(describe(&error)))?;
        self.0 = Some(value);
        Ok(())
    }

    fn read_text(&mut self, text: &str) -> Result<(), DecodeError> {
        let value: Result<T, ValueError> = T::deserialize(TextDeserializer(text));
        self.0 = Some(value.map_err(|_| DecodeError::new("the text is no value of this type"))?);
        Ok(())
    }
}

/// serde's message can quote the offending value, which may be secret: only its category is passed on.
fn describe(error: &serde_json::Error) -> String {
    use serde_json::error::Category;
    match error.classify() {
        Category::Syntax | Category::Eof | Category::Io => "not valid JSON".to_owned(),
        Category::Data => {
            let text = error.to_string();
            // "missing field `name` at line …" names no content; anything else might.
            match text
                .strip_prefix("missing field `")
                .and_then(|rest| rest.split('`').next())
            {
                Some(field) => format!("the required property {field} is missing"),
                None => format!(
                    "unexpected data at line {} column {}",
                    error.line(),
                    error.column()
                ),
            }
        }
    }
}

impl<T: Serialize + DeserializeOwned + Send + Sync + 'static> Value for Serde<T> {
    fn node(&self) -> Node<'_> {
        if self.0.is_none() {
            Node::Absent
        } else {
            Node::Foreign(self)
        }
    }

    fn node_mut(&mut self) -> NodeMut<'_> {
        NodeMut::Foreign(self)
    }

    fn blank() -> Self {
        Self(None)
    }
}
