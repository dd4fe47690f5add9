//! The arguments of `#[service_client(…)]`.

use proc_macro2::TokenStream;
use syn::meta::ParseNestedMeta;
use syn::parse::Parser;
use syn::{Ident, LitStr};

use crate::nearest::unknown;
use crate::problems::Problems;

const KEYS: [&str; 5] = ["name", "title", "version", "base", "module"];

/// The arguments, as given.
#[derive(Default)]
pub(super) struct Arguments {
    pub(super) name: Option<String>,
    pub(super) title: Option<String>,
    pub(super) version: Option<String>,
    pub(super) base: String,
    pub(super) module: Option<Ident>,
}

/// Reads them.
pub(super) fn read(tokens: TokenStream, problems: &mut Problems) -> Arguments {
    let mut arguments = Arguments::default();
    let parser = syn::meta::parser(|meta| argument(&mut arguments, &meta, problems));
    if let Err(error) = parser.parse2(tokens) {
        problems.add(error);
    }
    arguments
}

fn argument(
    arguments: &mut Arguments,
    meta: &ParseNestedMeta<'_>,
    problems: &mut Problems,
) -> syn::Result<()> {
    let key = meta.path.get_ident().map(Ident::to_string).unwrap_or_default();
    if !KEYS.contains(&key.as_str()) {
        return Err(meta.error(unknown("argument", &key, &KEYS)));
    }
    let text: LitStr = meta.value()?.parse()?;
    match key.as_str() {
        "name" => arguments.name = Some(text.value()),
        "title" => arguments.title = Some(text.value()),
        "version" => arguments.version = Some(text.value()),
        "base" => arguments.base = problems.noted(base(&text)).unwrap_or_default(),
        _ => arguments.module = Some(text.parse()?),
    }
    Ok(())
}

fn base(text: &LitStr) -> syn::Result<String> {
    let base = text.value();
    let base = base.trim_end_matches('/');
    let plain =
        !base.contains(|letter: char| letter.is_whitespace() || matches!(letter, '{' | '}' | '?' | '#'));
    if plain && (base.is_empty() || base.starts_with('/')) {
        Ok(base.to_owned())
    } else {
        Err(syn::Error::new(
            text.span(),
            "a base is a path without variables, such as \"/api/v1\"",
        ))
    }
}
