//! `#[derive(ServiceError)]`.

mod emit;
mod parse;

use proc_macro2::TokenStream;
use syn::{DeriveInput, Ident, Type};

use crate::problems::Problems;

/// Parses, checks and emits.
pub(crate) fn expand(item: TokenStream) -> TokenStream {
    let item: DeriveInput = match syn::parse2(item) {
        Ok(item) => item,
        Err(error) => return error.into_compile_error(),
    };
    let mut problems = Problems::default();
    let failures = parse::failures(&item, &mut problems);
    match (problems.into_tokens(), failures) {
        (Some(errors), _) => errors,
        (None, Some(failures)) => emit::failures(&failures),
        (None, None) => TokenStream::new(),
    }
}

/// All that is decided about an enum.
struct Failures {
    ident: Ident,
    variants: Vec<Variant>,
}

struct Variant {
    ident: Ident,
    docs: String,
    status: Option<u16>,
    /// A variant of `tieline::Code`.
    code: Option<Ident>,
    fields: Vec<Field>,
}

struct Field {
    /// In a pattern and in an expression: `id`, or `0`.
    member: syn::Member,
    /// On the wire.
    name: String,
    ty: Type,
    optional: bool,
    /// It stays at home.
    skip: bool,
}
