//! Names of types: unique, and derived from where a schema stands.

use std::collections::HashSet;

use crate::model::TypeName;
use crate::source::Pointer;

/// The names that are taken.
#[derive(Debug, Default)]
pub(super) struct Names {
    taken: HashSet<String>,
}

impl Names {
    /// Takes a name as it is.
    pub(super) fn reserve(&mut self, name: &str) {
        self.taken.insert(name.to_owned());
    }

    /// Takes a name, with a number behind it when it is taken.
    pub(super) fn unique(&mut self, wish: &str) -> TypeName {
        let wish = if wish.is_empty() { "type" } else { wish };
        let mut name = wish.to_owned();
        let mut number = 2;
        while !self.taken.insert(name.clone()) {
            name = format!("{wish}{number}");
            number += 1;
        }
        TypeName(name)
    }

    /// Gives a name back.
    pub(super) fn release(&mut self, name: &TypeName) {
        self.taken.remove(&name.0);
    }
}

/// A name for a schema that a reference points to although it stands in no list of schemas:
/// `#/components/schemas/Pet/properties/owner` is `Pet.owner`.
pub(super) fn from_pointer(pointer: &Pointer) -> String {
    const SAID_BY_PLACE: [&str; 8] = [
        "components",
        "schemas",
        "properties",
        "content",
        "schema",
        "paths",
        "definitions",
        "$defs",
    ];
    let tokens = pointer
        .tokens()
        .iter()
        .filter(|token| !SAID_BY_PLACE.contains(&token.as_str()));
    let words = tokens.map(|token| token.trim_matches('/').replace(['/', '{', '}'], "_"));
    words
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(".")
}
