//! [`Value`] for the types of std and `bytes`.

use std::collections::BTreeMap;

use bytes::Bytes;

use super::{Json, List, Map, Node, NodeMut, Optional, Rule, Value};

macro_rules! scalar {
    ($($ty:ty: $node:ident as $wide:ty, $place:ident;)*) => {$(
        impl Value for $ty {
            fn node(&self) -> Node<'_> {
                Node::$node(<$wide>::from(*self))
            }

            fn node_mut(&mut self) -> NodeMut<'_> {
                NodeMut::$place(self)
            }

            fn blank() -> Self {
                Self::default()
            }
        }
    )*};
}

scalar! {
    bool: Bool as bool, Bool;
    i32: Int as i64, I32;
    i64: Int as i64, I64;
    u32: Uint as u64, U32;
    u64: Uint as u64, U64;
    f32: F32 as f32, F32;
    f64: F64 as f64, F64;
}

impl Value for () {
    fn node(&self) -> Node<'_> {
        Node::Absent
    }

    fn node_mut(&mut self) -> NodeMut<'_> {
        NodeMut::Unit
    }

    fn blank() -> Self {}
}

impl Value for String {
    fn node(&self) -> Node<'_> {
        Node::Text(self)
    }

    fn node_mut(&mut self) -> NodeMut<'_> {
        NodeMut::Text(self)
    }

    fn blank() -> Self {
        Self::new()
    }
}

impl Value for Bytes {
    fn node(&self) -> Node<'_> {
        Node::Bytes(self)
    }

    fn node_mut(&mut self) -> NodeMut<'_> {
        NodeMut::Bytes(self)
    }

    fn blank() -> Self {
        Self::new()
    }
}

impl Value for Json {
    fn node(&self) -> Node<'_> {
        Node::Json(self)
    }

    fn node_mut(&mut self) -> NodeMut<'_> {
        NodeMut::Json(self)
    }

    fn blank() -> Self {
        Self::Null
    }
}

impl<T: Value> Value for Box<T> {
    fn node(&self) -> Node<'_> {
        (**self).node()
    }

    fn node_mut(&mut self) -> NodeMut<'_> {
        (**self).node_mut()
    }

    fn rules(&self) -> &'static [Rule] {
        (**self).rules()
    }

    fn blank() -> Self {
        Self::new(T::blank())
    }
}

impl<T: Value> Optional for Option<T> {
    fn clear(&mut self) {
        *self = None;
    }

    fn fill(&mut self) -> &mut dyn Value {
        self.insert(T::blank())
    }
}

impl<T: Value> Value for Option<T> {
    fn node(&self) -> Node<'_> {
        self.as_ref().map_or(Node::Absent, Value::node)
    }

    fn node_mut(&mut self) -> NodeMut<'_> {
        NodeMut::Optional(self)
    }

    fn rules(&self) -> &'static [Rule] {
        self.as_ref().map_or(&[], Value::rules)
    }

    fn blank() -> Self {
        None
    }
}

impl<T: Value> List for Vec<T> {
    fn len(&self) -> usize {
        Vec::len(self)
    }

    fn item(&self, index: usize) -> Option<&dyn Value> {
        self.get(index).map(|item| item as &dyn Value)
    }

    fn push(&mut self) -> &mut dyn Value {
        Vec::push(self, T::blank());
        let last = Vec::len(self) - 1;
        &mut self[last]
    }

    fn clear(&mut self) {
        Vec::clear(self);
    }
}

impl<T: Value> Value for Vec<T> {
    fn node(&self) -> Node<'_> {
        Node::List(self)
    }

    fn node_mut(&mut self) -> NodeMut<'_> {
        NodeMut::List(self)
    }

    fn blank() -> Self {
        Self::new()
    }
}

impl<T: Value> Map for BTreeMap<String, T> {
    fn len(&self) -> usize {
        BTreeMap::len(self)
    }

    fn entry(&self, key: &str) -> Option<&dyn Value> {
        self.get(key).map(|value| value as &dyn Value)
    }

    fn each(&self, visit: &mut dyn FnMut(&str, &dyn Value) -> bool) {
        for (key, value) in self {
            if !visit(key, value) {
                return;
            }
        }
    }

    fn insert(&mut self, key: String) -> &mut dyn Value {
        let slot = self.entry(key).or_insert_with(T::blank);
        *slot = T::blank();
        slot
    }

    fn clear(&mut self) {
        BTreeMap::clear(self);
    }
}

impl<T: Value> Value for BTreeMap<String, T> {
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
