//! XML (1.0, with namespaces) to values and back, by the table that a contract's `xml` objects become.
//!
//! An element is read as the value that stands in its place; what the contract does not name is kept as JSON, attributes
//! as `@name` and text beside elements as `#text`, and written back as what it was.

#[cfg(feature = "xml")]
mod dom;
#[cfg(feature = "xml")]
mod names;
#[cfg(feature = "xml")]
mod read;
mod table;
#[cfg(feature = "xml")]
mod unions;
#[cfg(feature = "xml")]
mod write;

#[cfg(feature = "xml")]
pub(crate) use read::read;
pub use table::Xml;
#[cfg(feature = "xml")]
pub(crate) use write::write;

/// The namespace of `nil`.
#[cfg(feature = "xml")]
const INSTANCE: &str = "http://www.w3.org/2001/XMLSchema-instance";

/// Without the feature there is nothing that reads XML, and generated code that asks for it does not compile.
#[cfg(not(feature = "xml"))]
pub(crate) fn read(_: &[u8], _: &Xml, _: &mut dyn super::Value) -> Result<(), super::DecodeError> {
    Err(super::DecodeError::new(
        "the body is XML: add the feature `xml` of `tieline`",
    ))
}

/// As [`read`].
#[cfg(not(feature = "xml"))]
pub(crate) fn write(_: &dyn super::Value, _: &Xml) -> Vec<u8> {
    Vec::new()
}
