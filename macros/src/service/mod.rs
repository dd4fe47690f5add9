//! `#[service_client]`: from a trait to what it means.

mod arguments;
mod attributes;
mod check;
mod names;
mod parameter;
mod parse;
mod template;

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Attribute, Ident, ItemTrait, Type};

pub(crate) use self::attributes::IdempotencyKey;
pub(crate) use self::names::{docs, pascal};
pub(crate) use self::parameter::last_segment;
use crate::emit;
use crate::problems::Problems;

/// Parses, checks and emits.
pub(crate) fn expand(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let mut item: ItemTrait = match syn::parse2(item) {
        Ok(item) => item,
        Err(error) => {
            let message = "#[service_client] stands on a trait";
            let error = syn::Error::new(error.span(), format!("{message}: {error}"));
            return error.into_compile_error();
        }
    };
    let mut problems = Problems::default();
    let service = parse::service(arguments, &mut item, &mut problems);
    check::service(&service, &mut problems);
    let made = problems.into_tokens().unwrap_or_else(|| emit::service(&service));
    // The trait itself stays, so that what names it is not wrong as well.
    let definition = emit::definition(&item);
    quote!(#definition #made)
}

/// A service: all that is decided about a trait.
pub(crate) struct Service {
    pub(crate) vis: syn::Visibility,
    /// The trait.
    pub(crate) ident: Ident,
    /// The module of what is made of it.
    pub(crate) module: Ident,
    pub(crate) name: String,
    pub(crate) title: String,
    pub(crate) version: String,
    pub(crate) docs: String,
    pub(crate) operations: Vec<Operation>,
}

/// An operation: all that is decided about a method.
pub(crate) struct Operation {
    /// The method.
    pub(crate) ident: Ident,
    /// Its id on the wire and in documents.
    pub(crate) id: String,
    /// The place of its route, for problems.
    pub(crate) route: proc_macro2::Span,
    /// In upper case.
    pub(crate) method: &'static str,
    pub(crate) path: Vec<Segment>,
    pub(crate) status: u16,
    pub(crate) safety: Option<Ident>,
    pub(crate) idempotency_key: Option<IdempotencyKey>,
    pub(crate) timeout_ms: Option<u64>,
    /// `#[deprecated…]`, to be repeated.
    pub(crate) deprecated: Option<Attribute>,
    /// `#[doc…]`, to be repeated.
    pub(crate) docs: Vec<Attribute>,
    pub(crate) summary: String,
    pub(crate) description: String,
    /// The name of the leading context parameter.
    pub(crate) context: Option<Ident>,
    pub(crate) parameters: Vec<Parameter>,
    /// The body of the success; `None` for `()`.
    pub(crate) reply: Option<Type>,
    /// The failures; `None` where there are none.
    pub(crate) failure: Option<Type>,
}

/// A run of a path.
#[derive(Clone)]
pub(crate) enum Segment {
    Literal(String),
    /// The name of a path parameter.
    Variable(String),
}

/// A parameter that travels.
pub(crate) struct Parameter {
    pub(crate) ident: Ident,
    /// Its name on the wire.
    pub(crate) name: String,
    pub(crate) docs: String,
    pub(crate) place: Place,
    /// It may be absent.
    pub(crate) optional: bool,
    /// It is a list, each item of which travels by itself.
    pub(crate) list: bool,
    /// What remains of its type without these two.
    pub(crate) inner: Type,
}

impl Parameter {
    /// Must be present. An empty list leaves nothing to be seen, save in a path.
    pub(crate) fn required(&self) -> bool {
        !self.optional && (!self.list || self.place == Place::Path)
    }
}

/// Where a parameter goes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Path,
    Query,
    Header,
    Cookie,
    Body,
}

impl Place {
    /// In problems.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Path => "path",
            Self::Query => "query",
            Self::Header => "header",
            Self::Cookie => "cookie",
            Self::Body => "body",
        }
    }
}
