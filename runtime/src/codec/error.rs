//! Why octets could not be read as a value, and where.

use std::borrow::Cow;
use std::fmt;

/// A step from a value into a part of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PathSegment {
    /// A property.
    Key(Cow<'static, str>),
    /// An item.
    Index(usize),
}

/// The way from a value to a part of it, outermost step first. Shown as a JSON pointer (RFC 6901).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Path(pub Vec<PathSegment>);

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for segment in &self.0 {
            match segment {
                PathSegment::Key(key) => write!(f, "/{}", key.replace('~', "~0").replace('/', "~1"))?,
                PathSegment::Index(index) => write!(f, "/{index}")?,
            }
        }
        Ok(())
    }
}

/// Octets that are no value of the type.
///
/// The message names the place, what was expected and what was found (its kind, never its content: values may be
/// secret).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecodeError {
    /// Innermost step first, as they are added on the way out.
    steps: Vec<PathSegment>,
    message: Cow<'static, str>,
    offset: Option<usize>,
}

impl DecodeError {
    /// An error at the value itself.
    pub fn new(message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            steps: Vec::new(),
            message: message.into(),
            offset: None,
        }
    }

    /// Notes where in the octets it happened.
    pub fn at_offset(mut self, offset: usize) -> Self {
        self.offset.get_or_insert(offset);
        self
    }

    /// Notes that it happened inside a property.
    pub fn in_key(mut self, key: impl Into<Cow<'static, str>>) -> Self {
        self.steps.push(PathSegment::Key(key.into()));
        self
    }

    /// Notes that it happened inside an item.
    pub fn in_index(mut self, index: usize) -> Self {
        self.steps.push(PathSegment::Index(index));
        self
    }

    /// Where it happened.
    pub fn path(&self) -> Path {
        Path(self.steps.iter().rev().cloned().collect())
    }

    /// What happened, without the place.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Where in the octets it happened, from 0.
    pub fn offset(&self) -> Option<usize> {
        self.offset
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.steps.is_empty() {
            write!(f, "at {}: ", self.path())?;
        }
        f.write_str(&self.message)?;
        if let Some(offset) = self.offset {
            write!(f, " (octet {offset})")?;
        }
        Ok(())
    }
}

impl std::error::Error for DecodeError {}
