//! Crates that may go away stand in no public signature.

use std::collections::BTreeSet;

use quote::ToTokens;
use syn::{ImplItem, Item, TraitItem, Visibility};

use super::sources::{Source, Token, called, flat, sources};

/// Crates whose types stay behind our own.
const HIDDEN: [&str; 5] = [
    "tonic",
    "openapiv3",
    "pact_models",
    "pact_matching",
    "serde_saphyr",
];

/// File, what it shows, and why that is no public signature.
const ALLOWED: &[(&str, &str, &str)] = &[
    (
        "runtime/src/grpc/server/plumbing.rs",
        "for Adapter",
        "Adapter is private: what tonic needs to call a handler",
    ),
    (
        "runtime/src/grpc/server/plumbing.rs",
        "for BytesCodec",
        "BytesCodec is private: what tonic needs to leave messages as octets",
    ),
];

#[test]
fn no_type_of_tonic_pact_or_openapiv3_is_in_a_public_signature() {
    let mut found = Vec::new();
    let mut used = BTreeSet::new();
    for source in ["runtime", "contract", "codegen", "pact"]
        .iter()
        .flat_map(|folder| sources(&format!("{folder}/src")))
    {
        let names = hidden_names(&source);
        let mut shown = Vec::new();
        public(&source.items, &mut shown);
        for signature in shown {
            let hit = flat(signature.clone())
                .into_iter()
                .any(|token| matches!(token, Token::Word(word) if names.contains(&word)));
            if !hit {
                continue;
            }
            let text = signature.to_string();
            let exception = ALLOWED
                .iter()
                .find(|(file, part, _)| source.path == *file && text.contains(part));
            match exception {
                Some((file, part, _)) => {
                    used.insert((*file, *part));
                }
                None => found.push(format!("{}: {text}", source.path)),
            }
        }
    }
    assert!(
        found.is_empty(),
        "hidden types are shown:\n  {}",
        found.join("\n  ")
    );
    for (file, part, _) in ALLOWED {
        assert!(used.contains(&(*file, *part)), "{file}: {part} is needed no more");
    }
}

/// What a file calls hidden crates and their items: the crates themselves, and the last part of what it imports.
fn hidden_names(source: &Source) -> BTreeSet<String> {
    let paths = HIDDEN.iter().flat_map(|name| source.paths_of(name));
    let imported = paths.filter_map(|path| Some(called(&path)?.to_owned()));
    let types = imported.filter(|name| name.starts_with(char::is_uppercase));
    let own = own_types(&source.items);
    HIDDEN
        .iter()
        .map(|name| (*name).to_owned())
        .chain(types.filter(|name| !own.contains(name)))
        .collect()
}

/// A type of the file's own that is called as one of a hidden crate, which stands there with its path.
fn own_types(items: &[Item]) -> BTreeSet<String> {
    let names = items.iter().filter_map(|item| match item {
        Item::Struct(item) => Some(item.ident.to_string()),
        Item::Enum(item) => Some(item.ident.to_string()),
        Item::Type(item) => Some(item.ident.to_string()),
        Item::Trait(item) => Some(item.ident.to_string()),
        _ => None,
    });
    names.collect()
}

/// The public signatures: of functions, fields, variants, aliases, methods and trait items, and re-exports.
fn public(items: &[Item], shown: &mut Vec<proc_macro2::TokenStream>) {
    for item in items {
        match item {
            Item::Fn(item) if is_public(&item.vis) => shown.push(item.sig.to_token_stream()),
            Item::Struct(item) if is_public(&item.vis) => {
                shown.push(item.generics.to_token_stream());
                let fields = item.fields.iter().filter(|field| is_public(&field.vis));
                shown.extend(fields.map(|field| field.ty.to_token_stream()));
            }
            Item::Enum(item) if is_public(&item.vis) => {
                let variants = item.variants.iter();
                shown.extend(variants.map(|variant| variant.fields.to_token_stream()));
            }
            Item::Type(item) if is_public(&item.vis) => shown.push(item.ty.to_token_stream()),
            Item::Const(item) if is_public(&item.vis) => shown.push(item.ty.to_token_stream()),
            Item::Static(item) if is_public(&item.vis) => shown.push(item.ty.to_token_stream()),
            Item::Use(item) if is_public(&item.vis) => shown.push(item.tree.to_token_stream()),
            Item::Trait(item) if is_public(&item.vis) => {
                shown.push(item.supertraits.to_token_stream());
                shown.extend(item.items.iter().filter_map(|item| match item {
                    TraitItem::Fn(item) => Some(item.sig.to_token_stream()),
                    TraitItem::Type(item) => Some(item.to_token_stream()),
                    _ => None,
                }));
            }
            Item::Impl(item) if item.trait_.is_none() => {
                shown.extend(item.items.iter().filter_map(|item| match item {
                    ImplItem::Fn(item) if is_public(&item.vis) => Some(item.sig.to_token_stream()),
                    _ => None,
                }));
            }
            // A conversion from or to a hidden type is as public as both types are.
            Item::Impl(item) => {
                let (_, of, _) = item.trait_.as_ref().expect("matched above");
                let ty = &item.self_ty;
                shown.push(quote::quote!(impl #of for #ty));
            }
            Item::Mod(item) if is_public(&item.vis) => {
                if let Some((_, items)) = &item.content {
                    public(items, shown);
                }
            }
            _ => {}
        }
    }
}

fn is_public(visibility: &Visibility) -> bool {
    matches!(visibility, Visibility::Public(_))
}
