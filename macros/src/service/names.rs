//! Names in other cases, and documentation as text.

use proc_macro2::Span;
use syn::{Attribute, Expr, ExprLit, Ident, Lit, Meta};

/// The words of a Rust name: `GetPet2`, `get_pet2` -> `get`, `pet2`.
fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let letters: Vec<char> = name.trim_start_matches("r#").chars().collect();
    let mut fresh = true;
    for (at, letter) in letters.iter().enumerate() {
        if *letter == '_' {
            fresh = true;
            continue;
        }
        let after_lower = at > 0 && letters[at - 1].is_lowercase();
        let before_lower = letters.get(at + 1).is_some_and(|next| next.is_lowercase());
        if letter.is_uppercase() && (after_lower || before_lower) {
            fresh = true;
        }
        if std::mem::take(&mut fresh) {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut() {
            word.extend(letter.to_lowercase());
        }
    }
    words
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters
        .next()
        .map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// `GetPet`.
pub(crate) fn pascal(name: &Ident) -> String {
    words(&name.to_string())
        .iter()
        .map(|word| capital(word))
        .collect()
}

/// `getPet`.
pub(super) fn camel(name: &Ident) -> String {
    let words = words(&name.to_string());
    let rest = words.iter().skip(1).map(|word| capital(word));
    words.iter().take(1).cloned().chain(rest).collect()
}

/// `get-pet`.
pub(super) fn kebab(name: &Ident) -> String {
    words(&name.to_string()).join("-")
}

/// `get_pet`, raw where it is a keyword.
pub(super) fn snake(name: &Ident) -> Ident {
    let text = words(&name.to_string()).join("_");
    match syn::parse_str::<Ident>(&text) {
        Ok(_) => Ident::new(&text, name.span()),
        Err(_) => Ident::new(&format!("{text}_"), Span::call_site()),
    }
}

/// A Rust name without `r#`.
pub(super) fn plain(name: &Ident) -> String {
    name.to_string().trim_start_matches("r#").to_owned()
}

/// The text of documentation comments.
pub(crate) fn docs(attributes: &[Attribute]) -> String {
    let line = |attribute: &Attribute| match &attribute.meta {
        Meta::NameValue(pair) if pair.path.is_ident("doc") => match &pair.value {
            Expr::Lit(ExprLit {
                lit: Lit::Str(text), ..
            }) => {
                let text = text.value();
                Some(text.strip_prefix(' ').unwrap_or(&text).trim_end().to_owned())
            }
            _ => None,
        },
        _ => None,
    };
    let lines: Vec<_> = attributes.iter().filter_map(line).collect();
    lines.join("\n").trim().to_owned()
}

/// The first paragraph in one line, and the rest.
pub(super) fn summary(docs: &str) -> (String, String) {
    let (first, rest) = docs.split_once("\n\n").unwrap_or((docs, ""));
    (first.replace('\n', " "), rest.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_change_their_case() {
        let ident = |text| Ident::new(text, Span::call_site());
        assert_eq!(pascal(&ident("get_pet2")), "GetPet2");
        assert_eq!(camel(&ident("get_pet")), "getPet");
        assert_eq!(kebab(&ident("PetHTTPStore")), "pet-http-store");
        assert_eq!(snake(&ident("PetStore")).to_string(), "pet_store");
        assert_eq!(snake(&ident("Type")).to_string(), "type_");
    }
}
