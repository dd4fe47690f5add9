//! Files of a module as one item.

use std::path::{Path, PathBuf};

use proc_macro2::TokenStream;
use quote::quote;
use syn::token::Brace;
use syn::{AttrStyle, Attribute, Item, ItemMod};
use tieline_codegen::Rendered;

/// `module` with the rendered files in it. Cargo rebuilds when one of `inputs` changes.
pub(super) fn module(
    module: &ItemMod,
    contract: &Rendered,
    inputs: &[PathBuf],
) -> Result<TokenStream, String> {
    let (attributes, items) = file(contract, &contract.folder, Path::new("mod.rs"))?;
    let (outer, vis, ident) = (&module.attrs, &module.vis, &module.ident);
    // Without its own documentation the module takes the contract's.
    let documented = outer.iter().any(|attribute| attribute.path().is_ident("doc"));
    let attributes = attributes
        .iter()
        .filter(|attribute| !documented || !attribute.path().is_ident("doc"));
    let inputs = inputs.iter().filter_map(|path| std::path::absolute(path).ok());
    let inputs = inputs.filter_map(|path| path.to_str().map(str::to_owned));
    Ok(quote! {
        #(#outer)*
        #(#attributes)*
        #vis mod #ident {
            #(#items)*
            #(const _: &[::core::primitive::u8] = ::core::include_bytes!(#inputs);)*
        }
    })
}

/// A file's attributes, to stand outside, and its items, with the files of its modules in them.
fn file(contract: &Rendered, folder: &Path, name: &Path) -> Result<(Vec<Attribute>, Vec<Item>), String> {
    let path = folder.join(name);
    let text = contract
        .files
        .iter()
        .find(|(other, _)| *other == path)
        .map(|(_, text)| text);
    let text = text.ok_or_else(|| format!("the generator wrote no {}", path.display()))?;
    let parsed = syn::parse_file(text).map_err(|error| format!("{}: {error}", path.display()))?;
    let mut items = parsed.items;
    // Modules of `mod.rs` stand beside it, those of `types.rs` in `types/`.
    let stem = name.file_stem().filter(|stem| *stem != "mod");
    let below = stem.map_or_else(|| folder.to_owned(), |stem| folder.join(stem));
    for item in &mut items {
        if let Item::Mod(module) = item {
            nested(contract, &below, module)?;
        }
    }
    let outer = parsed.attrs.into_iter().map(|attribute| Attribute {
        style: AttrStyle::Outer,
        ..attribute
    });
    Ok((outer.collect(), items))
}

/// Puts a module's file into it, and so on below.
fn nested(contract: &Rendered, folder: &Path, module: &mut ItemMod) -> Result<(), String> {
    let name = module.ident.to_string();
    let name = name.trim_start_matches("r#");
    if let Some((_, items)) = &mut module.content {
        let below = folder.join(name);
        for item in items {
            if let Item::Mod(module) = item {
                nested(contract, &below, module)?;
            }
        }
        return Ok(());
    }
    let beside = PathBuf::from(format!("{name}.rs"));
    let there = contract
        .files
        .iter()
        .any(|(path, _)| *path == folder.join(&beside));
    let (attributes, items) = if there {
        file(contract, folder, &beside)?
    } else {
        file(contract, &folder.join(name), Path::new("mod.rs"))?
    };
    module.attrs.extend(attributes);
    module.content = Some((Brace::default(), items));
    module.semi = None;
    Ok(())
}
