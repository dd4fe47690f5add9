//! `by_tag/`: a folder for the operations of each tag, with what of client, server and types is theirs alone.

use std::path::PathBuf;

use proc_macro2::{Literal, TokenStream};
use quote::quote;

use super::format::Calls;
use super::parts::{File, Part};
use super::{blocking, client, header, operations, server, tokens, types};
use crate::plan::tags::TagPlan;
use crate::plan::{Form, Plan};

/// The folder.
pub(crate) const FOLDER: &str = "by_tag";

/// `#[cfg(…)]` of what stands in a part: nothing outside of parts, and where there are no features.
pub(super) fn condition(part: Option<&TagPlan>) -> Option<TokenStream> {
    let features = predicate(part?)?;
    Some(quote!(#[cfg(#features)]))
}

/// The same as text.
pub(super) fn condition_text(part: &TagPlan) -> String {
    let features: Vec<String> = part
        .features
        .iter()
        .map(|name| format!("feature = {name:?}"))
        .collect();
    match features.as_slice() {
        [] => String::new(),
        [only] => format!("#[cfg({only})] "),
        several => format!("#[cfg(any({}))] ", several.join(", ")),
    }
}

/// `feature = "…"`, or any of several.
fn predicate(part: &TagPlan) -> Option<TokenStream> {
    let features: Vec<TokenStream> = part.features.iter().map(|name| quote!(feature = #name)).collect();
    match features.as_slice() {
        [] => None,
        [only] => Some(only.clone()),
        several => Some(quote!(any(#(#several),*))),
    }
}

/// The files of all parts.
pub(super) fn files<'p>(plan: &'p Plan) -> Vec<File<'p>> {
    if plan.tags.is_empty() {
        return Vec::new();
    }
    let file = |path: String, about: &str, parts: Vec<Part<'p>>| {
        let path = format!("{FOLDER}/{path}");
        File {
            header: header(plan, &path, about),
            path: PathBuf::from(path),
            parts,
        }
    };
    let about = "The operations of each tag.";
    let mut files = vec![file(
        "mod.rs".to_owned(),
        about,
        vec![Box::new(move |_| root(plan))],
    )];
    let sections = plan.sections;
    for part in &plan.tags {
        let own = [
            (true, "mod.rs", about_of(part), one(move |_| module(plan, part))),
            (
                true,
                "operations.rs",
                "The operations, a module each.".to_owned(),
                operations::parts(plan, Some(part)),
            ),
            (
                !part.types.is_empty(),
                "schemas.rs",
                "The types that only these operations reach.".to_owned(),
                types::parts(plan, Some(part)),
            ),
            (
                sections.client,
                "client.rs",
                "The client's methods.".to_owned(),
                one(move |calls| client::part(plan, part, calls)),
            ),
            (
                sections.blocking,
                "blocking.rs",
                "The methods of the client whose calls block the thread.".to_owned(),
                one(move |calls| blocking::part(plan, part, calls)),
            ),
            (
                sections.server,
                "server.rs",
                "What the server serves.".to_owned(),
                one(move |_| server::part(plan, part)),
            ),
        ];
        let own = own.into_iter().filter(|(wanted, ..)| *wanted);
        files.extend(
            own.map(|(_, name, about, parts)| file(format!("{}/{name}", part.module), &about, parts)),
        );
    }
    files
}

fn one<'p>(emit: impl Fn(&Calls) -> TokenStream + Send + Sync + 'p) -> Vec<Part<'p>> {
    vec![Box::new(emit)]
}

/// What a part is.
fn about_of(part: &TagPlan) -> String {
    let tags: Vec<String> = part.tags.iter().map(|tag| quoted(tag)).collect();
    format!("The operations tagged {}.", tags.join(" and "))
}

/// A tag in a line of documentation.
fn quoted(tag: &str) -> String {
    let plain = tag.replace('`', "'");
    format!("`{}`", plain.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// `by_tag/mod.rs`: the parts, and where the operations of each begin.
fn root(plan: &Plan) -> TokenStream {
    let mut before = {
        let count = Literal::usize_unsuffixed(plan.common_operations().len());
        quote!(#count)
    };
    let firsts = plan.tags.iter().map(|part| {
        let first = tokens::ident(&part.first);
        let count = Literal::usize_unsuffixed(part.operations.len());
        let start = std::mem::replace(
            &mut before,
            match predicate(part) {
                Some(features) => quote!(#first + if cfg!(#features) { #count } else { 0 }),
                None => quote!(#first + #count),
            },
        );
        quote!(const #first: usize = #start;)
    });
    let modules = plan.tags.iter().map(|part| {
        let (condition, module) = (condition(Some(part)), tokens::ident(&part.module));
        quote!(#condition pub mod #module;)
    });
    quote!(#(#firsts)* #(#modules)*)
}

/// The module of a part.
fn module(plan: &Plan, part: &TagPlan) -> TokenStream {
    let feature = |name: &str| (plan.form == Form::Crate).then(|| quote!(#[cfg(feature = #name)]));
    let sections = plan.sections;
    let section = |wanted: bool, name: &str, visible: TokenStream| {
        let (condition, module) = (feature(name), tokens::ident(name));
        wanted.then(|| quote!(#condition #visible mod #module;))
    };
    let schemas = (!part.types.is_empty()).then(|| {
        quote!(
            pub mod schemas;
        )
    });
    let client = section(sections.client, "client", quote!());
    let blocking = section(sections.blocking, "blocking", quote!());
    let server = section(sections.server, "server", quote!(pub));
    quote! {
        #[allow(unused_imports, reason = "what is around it is for all of its parts")]
        use super::super::*;
        pub mod operations;
        pub use self::operations::*;
        #schemas
        #client
        #blocking
        #server
    }
}
