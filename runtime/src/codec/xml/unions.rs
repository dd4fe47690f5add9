//! Which alternative of a union an element is. XML has texts and elements only, so that kinds of scalars are tried.

use super::dom::Element;
use super::read::{Reader, attribute};
use super::table::{At, Kind};
use crate::codec::{DecodeError, Dispatch, JsonKind, NodeMut, Union};

impl Reader {
    pub(super) fn union(
        &mut self,
        element: &Element,
        at: At<'_>,
        union: &mut dyn Union,
    ) -> Result<(), DecodeError> {
        let shape = union.shape();
        let count = shape.variants.len();
        let mut candidates = candidates(element, at, shape.dispatch, count);
        // Text takes anything, so that it comes last.
        candidates.sort_by_key(|index| matches!(union.select(*index).node_mut(), NodeMut::Text(_)));
        let mut best: Option<(usize, usize)> = None;
        for index in &candidates {
            if let [_] = *candidates {
                return self.one(element, at, union.select(*index));
            }
            self.trials = self
                .trials
                .checked_sub(1)
                .ok_or_else(|| DecodeError::new("expected a value that is told apart sooner"))?;
            let before = self.misfits;
            let read = self.one(element, at, union.select(*index));
            let misfits = self.misfits - before;
            self.misfits = before;
            match read {
                Ok(()) if misfits == 0 => return Ok(()),
                Ok(()) if best.is_none_or(|(least, _)| misfits < least) => best = Some((misfits, *index)),
                _ => {}
            }
        }
        let index = best.map_or(count, |(_, index)| index);
        self.one(element, at, union.select(index))
    }
}

/// The alternatives that an element may be, the likeliest first.
fn candidates(element: &Element, at: At<'_>, dispatch: Dispatch, count: usize) -> Vec<usize> {
    let has_parts = !element.children.is_empty() || !element.attributes.is_empty();
    match dispatch {
        Dispatch::Tag { property, values } => {
            let tag = tag(element, at.property(property), property);
            let found = values.iter().find(|(value, _)| Some(*value) == tag);
            found.map(|(_, index)| *index).into_iter().collect()
        }
        Dispatch::Property {
            properties,
            otherwise,
        } => {
            let found = properties
                .iter()
                .filter(|(name, _)| is_there(element, at.property(name), name));
            found.map(|(_, index)| *index).chain(otherwise).collect()
        }
        Dispatch::KindThen { objects, .. } if has_parts => candidates(element, at, *objects, count),
        Dispatch::KindThen { kinds, .. } | Dispatch::Kind(kinds) => {
            let fits = |kind: JsonKind| {
                let is_whole = matches!(kind, JsonKind::Array | JsonKind::Object);
                is_whole == has_parts || (is_whole && element.text.trim().is_empty())
            };
            let found = kinds.iter().filter(|(kind, _)| fits(*kind));
            found.map(|(_, index)| *index).collect()
        }
        Dispatch::Or { known, otherwise } => {
            let found = candidates(element, at, *known, count);
            if found.is_empty() { vec![otherwise] } else { found }
        }
        Dispatch::Trial => (0..count).collect(),
    }
}

/// The text of a property that tells alternatives apart.
fn tag<'e>(element: &'e Element, at: At<'_>, property: &str) -> Option<&'e str> {
    match at.kind() {
        Kind::Attribute => {
            let index = attribute(element, at, property)?;
            Some(&element.attributes[index].value)
        }
        _ => {
            let name = at.name().unwrap_or(property);
            let child = element.children.iter().find(|child| child.name == name)?;
            Some(child.text.trim())
        }
    }
}

fn is_there(element: &Element, at: At<'_>, property: &str) -> bool {
    let names = [at.name(), at.items().name(), Some(property)];
    let is_child = |child: &Element| names.contains(&Some(child.name.as_str()));
    attribute(element, at, property).is_some() || element.children.iter().any(is_child)
}
