//! A struct with its table, its constructor and its setters: a named type, or a request.

use proc_macro2::{Ident, TokenStream};
use quote::quote;

use super::format::{Call, Calls};
use super::tokens::{self, Patterns, Scope, ident_text};
use crate::plan::ty::RustType;
use crate::plan::types::{FieldPlan, Made, RecordPlan};

/// The struct `name` of `record`, without its documentation.
pub(crate) struct Record<'r> {
    pub(crate) name: &'r Ident,
    /// Its name in the contract.
    pub(crate) wire: &'r str,
    pub(crate) record: &'r RecordPlan,
    pub(crate) scope: Scope,
    pub(crate) patterns: &'r Patterns<'r>,
    pub(crate) calls: &'r Calls,
}

impl Record<'_> {
    /// The struct's definition.
    pub(crate) fn definition(&self) -> TokenStream {
        let name = self.name;
        let fields = self.record.fields.iter().map(|field| {
            let docs = tokens::docs(&field.docs);
            let deprecated = tokens::deprecated(field.deprecated);
            let (name, ty) = (tokens::ident(&field.name), tokens::ty(&field.ty, self.scope));
            quote!(#docs #deprecated pub #name: #ty)
        });
        let default = self.record.has_default.then(|| quote!(, Default));
        quote! {
            #[derive(Clone #default)]
            pub struct #name {
                #(#fields),*
            }
        }
    }

    /// `new`, with what must be given.
    pub(crate) fn constructor(&self) -> TokenStream {
        let given: Vec<&FieldPlan> = self
            .record
            .fields
            .iter()
            .filter(|field| field.made == Made::Given)
            .collect();
        if given.is_empty() {
            return quote! {
                /// With nothing set.
                #[inline]
                pub fn new() -> Self {
                    <Self as Default>::default()
                }
            };
        }
        let parameters = given.iter().map(|field| {
            let (name, ty) = (
                tokens::ident(&field.name),
                parameter(field, &field.ty, self.scope),
            );
            quote!(#name: #ty)
        });
        let fields = self.record.fields.iter().map(|field| {
            let name = tokens::ident(&field.name);
            match field.made {
                Made::Given => match argument(field, &field.ty, &name) {
                    Some(value) => quote!(#name: #value),
                    None => quote!(#name),
                },
                Made::Nothing => quote!(#name: None),
                Made::Empty => quote!(#name: <_>::default()),
            }
        });
        let lazy = tokens::lazy(given.iter().any(|field| field.converts));
        quote! {
            /// With what must be given.
            #lazy
            pub fn new(#(#parameters),*) -> Self {
                Self { #(#fields),* }
            }
        }
    }

    /// Chaining setters of what need not be given.
    pub(crate) fn setters(&self) -> TokenStream {
        self.record
            .fields
            .iter()
            .filter_map(|field| self.setter(field))
            .collect()
    }

    fn setter(&self, field: &FieldPlan) -> Option<TokenStream> {
        let setter = tokens::ident(field.setter.as_ref()?);
        let docs = tokens::doc(&format!("Sets `{}`.", field.name));
        let deprecated = tokens::deprecated(field.deprecated);
        let (name, ty, value) = assignment(field, self.scope);
        let lazy = tokens::lazy(field.converts);
        Some(quote! {
            #docs
            #deprecated
            #lazy
            pub fn #setter(mut self, #name: #ty) -> Self {
                self.#name = #value;
                self
            }
        })
    }

    /// `request!`: the constructor, the table, and what is implemented by it.
    pub(crate) fn request(&self) -> Call {
        let made = |wanted: Made| {
            let fields = self.record.fields.iter();
            fields.filter(move |field| field.made == wanted)
        };
        let names =
            |wanted: Made| -> Vec<String> { made(wanted).map(|field| ident_text(&field.name)).collect() };
        let given = made(Made::Given).map(|field| given(field, self.scope)).collect();
        let entries = self
            .record
            .fields
            .iter()
            .enumerate()
            .filter_map(|(index, field)| {
                let (name, wire) = (ident_text(&field.name), field.wire.as_ref()?);
                let presence = if field.required { "required" } else { "optional" };
                let rules = tokens::list_text(&field.rules, self.patterns);
                Some(format!("{index}: {name} = {presence}({wire:?}{rules})"))
            });
        let lists = if self.record.has_default {
            vec![("fields: ", entries.collect())]
        } else {
            vec![
                ("given: ", given),
                ("rest: ", names(Made::Nothing)),
                ("empty: ", names(Made::Empty)),
                ("fields: ", entries.collect::<Vec<_>>()),
            ]
        };
        let lists = lists.into_iter().filter(|(_, entries)| !entries.is_empty());
        let lines = lists.map(|(head, entries)| (head.to_owned(), entries));
        Call::Block {
            head: format!("v1::request! {{ {}: {:?};", self.name, self.wire),
            lines: lines.collect(),
        }
    }

    /// The static table, and what is implemented by it.
    pub(crate) fn table(&self) -> TokenStream {
        let (table, wire) = (tokens::ident(&self.record.table), self.wire);
        let fields = self.record.fields.iter().filter_map(|field| {
            let wire = field.wire.as_ref()?;
            let rules = tokens::rules(&field.rules, self.patterns);
            Some(if field.required {
                quote!(v1::Field::required(#wire) #rules)
            } else {
                quote!(v1::Field::optional(#wire) #rules)
            })
        });
        let open = (self.record.open != "Ignored").then(|| {
            let open = tokens::ident(self.record.open);
            quote!(.open(v1::Open::#open))
        });
        let rest = (!self.record.rest.is_empty()).then(|| {
            let list = tokens::list(&self.record.rest, self.patterns);
            quote!(.rest(#list))
        });
        let rules = tokens::rules(&self.record.rules, self.patterns);
        let entries = (self.record.fields.iter().enumerate())
            .map(|(index, field)| format!("{index}: {}", tokens::ident_text(&field.name)))
            .collect();
        let head = format!("v1::record!({} = {}", self.name, self.record.table);
        let implementation = self.calls.list(head, entries, ");", true);
        quote! {
            static #table: v1::Shape = v1::Shape::new(#wire, &[#(#fields),*]) #open #rest #rules;
            #implementation
        }
    }
}

/// A parameter, and the value that a field has of it where it is not that itself.
fn given(field: &FieldPlan, scope: Scope) -> String {
    let name = tokens::ident(&field.name);
    let value = argument(field, &field.ty, &name);
    let value = value.map(|value| format!(" = {}", tokens::text(&value)));
    parameter_text(field, scope) + &value.unwrap_or_default()
}

/// A parameter of a field that must be given.
pub(crate) fn parameter_text(field: &FieldPlan, scope: Scope) -> String {
    let ty = tokens::text(&parameter(field, &field.ty, scope));
    format!("{}: {ty}", ident_text(&field.name))
}

/// The name, parameter type and new value of a field that a setter sets.
pub(crate) fn assignment(field: &FieldPlan, scope: Scope) -> (Ident, TokenStream, TokenStream) {
    let name = tokens::ident(&field.name);
    match &field.ty {
        RustType::Option(inner) => {
            let ty = parameter(field, inner, scope);
            let value = argument(field, inner, &name).unwrap_or_else(|| quote!(#name));
            (name, ty, quote!(Some(#value)))
        }
        other => (name.clone(), parameter(field, other, scope), quote!(#name)),
    }
}

/// The type of a parameter for a field (or what is in its option).
pub(crate) fn parameter(field: &FieldPlan, ty: &RustType, scope: Scope) -> TokenStream {
    let bare = match ty {
        RustType::Boxed(inner) => inner,
        other => other,
    };
    let written = tokens::ty(bare, scope);
    if field.converts {
        quote!(impl Into<#written>)
    } else {
        written
    }
}

/// A parameter as the value of its field. `None`: it is it already.
pub(crate) fn argument(field: &FieldPlan, ty: &RustType, name: &Ident) -> Option<TokenStream> {
    let value = if field.converts {
        quote!(#name.into())
    } else {
        quote!(#name)
    };
    if matches!(ty, RustType::Boxed(_)) {
        return Some(quote!(Box::new(#value)));
    }
    field.converts.then_some(value)
}
