//! Names of types: unique, and derived from where a schema stands.

use std::collections::HashSet;
use std::path::Path;

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

    /// Takes the first of some names that is free, with a number behind the last when none is.
    pub(super) fn first_free(&mut self, wishes: Vec<String>) -> TypeName {
        let mut last = String::new();
        for wish in wishes.into_iter().filter(|wish| !wish.is_empty()) {
            if self.taken.insert(wish.clone()) {
                return TypeName(wish);
            }
            last = wish;
        }
        self.unique(&last)
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

/// Names for a schema in another file, the best first: what the pointer says, or the file's name (`models/pet.yml` is
/// `pet`); where those are taken, with the names of the folders above.
pub(super) fn from_file(path: &str, pointer: &Pointer) -> Vec<String> {
    let path = Path::new(path);
    let stem = path
        .file_stem()
        .map(|stem| stem.to_string_lossy().into_owned())
        .unwrap_or_default();
    let inner = from_pointer(pointer);
    // What stands in a list of schemas has a name; what stands within a schema has one by its place.
    let within = |token: &String| {
        matches!(
            token.as_str(),
            "properties" | "items" | "allOf" | "oneOf" | "anyOf"
        )
    };
    let mut wishes = match pointer.tokens().last() {
        None => vec![stem],
        Some(_) if pointer.tokens().iter().any(within) => vec![format!("{stem}.{inner}")],
        Some(last) => vec![last.clone(), format!("{stem}.{inner}")],
    };
    let folders = path.ancestors().skip(1).filter_map(Path::file_name);
    for folder in folders {
        let folder = folder.to_string_lossy();
        if matches!(&*folder, "." | "..") || wishes.len() > 6 {
            break;
        }
        let longer = wishes.last().map(|last| format!("{folder}.{last}"));
        wishes.extend(longer);
    }
    wishes
}
