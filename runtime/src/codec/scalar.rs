//! The third state of a field.

use super::{Node, NodeMut, Optional, Rule, Value};

/// A field's value that can be `null` as well as absent: `Option<Nullable<T>>` has three states.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Nullable<T> {
    /// JSON `null`.
    Null,
    /// A value.
    Value(T),
}

impl<T> Nullable<T> {
    /// The value, if it is not null.
    pub fn value(&self) -> Option<&T> {
        match self {
            Self::Null => None,
            Self::Value(value) => Some(value),
        }
    }

    /// The value, if it is not null.
    pub fn into_value(self) -> Option<T> {
        match self {
            Self::Null => None,
            Self::Value(value) => Some(value),
        }
    }
}

impl<T> From<T> for Nullable<T> {
    fn from(value: T) -> Self {
        Self::Value(value)
    }
}

impl<T> From<Option<T>> for Nullable<T> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Self::Value)
    }
}

impl<T: Value> Optional for Nullable<T> {
    fn clear(&mut self) {
        *self = Self::Null;
    }

    fn fill(&mut self) -> &mut dyn Value {
        *self = Self::Value(T::blank());
        match self {
            Self::Value(value) => value,
            Self::Null => unreachable!("set on the line above"),
        }
    }
}

impl<T: Value> Value for Nullable<T> {
    fn node(&self) -> Node<'_> {
        match self {
            Self::Null => Node::Null,
            Self::Value(value) => value.node(),
        }
    }

    fn node_mut(&mut self) -> NodeMut<'_> {
        NodeMut::Nullable(self)
    }

    fn rules(&self) -> &'static [Rule] {
        self.value().map_or(&[], Value::rules)
    }

    fn blank() -> Self {
        Self::Null
    }
}
