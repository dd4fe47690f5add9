//! Which parts of a body are files: read off a blank value of its type.

use crate::codec::{NodeMut, Record, Value};
use crate::operation::HttpBinding;

/// How deep options and lists nest before a part is no file.
const MAX_NESTING: usize = 8;

/// The properties of a body that are files.
#[derive(Debug, Clone, Default)]
pub(in crate::server) struct Files {
    names: Vec<&'static str>,
    /// Whether those that the contract does not name are.
    others: bool,
    known: Vec<&'static str>,
    /// Whether parts without names are, or may be.
    nameless: bool,
}

impl Files {
    /// Of each type that the body of a request can have.
    pub(in crate::server) fn of_bodies(binding: &HttpBinding, request: &mut dyn Record) -> Vec<Self> {
        let mut places = binding.inputs.iter().map(crate::operation::InputPlace::bodies);
        let Some(index) = places.position(|bodies| !bodies.is_empty()) else {
            return Vec::new();
        };
        let count = binding.inputs[index].bodies().len();
        let Some(place) = request.field_mut(index) else {
            return Vec::new();
        };
        (0..count)
            .map(|at| {
                let mut files = Self::default();
                files.alternative(place, at, count);
                files
            })
            .collect()
    }

    /// Whether a part of this name is a file.
    pub(super) fn has(&self, name: Option<&str>) -> bool {
        match name {
            None => self.nameless,
            Some(name) => self.names.contains(&name) || self.others && !self.known.contains(&name),
        }
    }

    fn alternative(&mut self, place: &mut dyn Value, at: usize, count: usize) {
        match place.node_mut() {
            NodeMut::Optional(optional) | NodeMut::Nullable(optional) => {
                self.alternative(optional.fill(), at, count);
            }
            NodeMut::Union(union) if count > 1 => self.object(union.select(at), MAX_NESTING),
            _ => self.object(place, MAX_NESTING),
        }
    }

    fn object(&mut self, place: &mut dyn Value, depth: usize) {
        if depth == 0 {
            return;
        }
        match place.node_mut() {
            NodeMut::Optional(optional) | NodeMut::Nullable(optional) => {
                self.object(optional.fill(), depth - 1);
            }
            NodeMut::Record(record) => {
                let shape = record.shape();
                for (index, field) in shape.fields.iter().enumerate() {
                    self.known.push(field.name);
                    if record
                        .field_mut(index)
                        .is_some_and(|place| is_file(place, MAX_NESTING))
                    {
                        self.names.push(field.name);
                        self.nameless = true;
                    }
                }
                if shape.open.keeps()
                    && let Some(rest) = record.field_mut(shape.fields.len())
                {
                    self.object(rest, depth - 1);
                }
            }
            NodeMut::List(list) => {
                let items = is_file(list.push(), MAX_NESTING);
                self.nameless |= items;
                self.others |= items;
            }
            NodeMut::Map(map) => self.others |= is_file(map.insert(String::new()), MAX_NESTING),
            NodeMut::Union(union) => {
                for index in 0..union.shape().variants.len() {
                    self.object(union.select(index), depth - 1);
                }
            }
            _ => {}
        }
    }
}

/// Whether a property, or each item of it, is a file.
fn is_file(place: &mut dyn Value, depth: usize) -> bool {
    match place.node_mut() {
        _ if depth == 0 => false,
        NodeMut::File(_) => true,
        NodeMut::Optional(optional) | NodeMut::Nullable(optional) => is_file(optional.fill(), depth - 1),
        NodeMut::List(list) => is_file(list.push(), depth - 1),
        _ => false,
    }
}
