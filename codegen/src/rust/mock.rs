//! `mock.rs`: an implementation of the trait that is told what to answer, and remembers what it was asked.

use proc_macro2::TokenStream;
use quote::quote;

use super::format::Calls;
use super::tokens;
use crate::plan::Plan;

/// The file.
pub(crate) fn emit(plan: &Plan, calls: &Calls) -> TokenStream {
    let fields = plan.operations.iter().map(|operation| {
        let docs = tokens::docs(&operation.docs.summary());
        let name = tokens::ident(&operation.name);
        quote!(#docs pub #name: v1::mock::Method<#name::Request>)
    });
    let names = plan
        .operations
        .iter()
        .map(|operation| tokens::ident_text(&operation.name))
        .collect();
    let forward = calls.list("v1::forward_api!(Mock by mock".to_owned(), names, ");", true);
    quote! {
        use super::*;
        /// An [`Api`] that answers what it was told to, and records the calls.
        #[derive(Debug, Default)]
        pub struct Mock {
            #(#fields,)*
        }
        impl Mock {
            /// A mock that was told nothing: every call fails.
            pub fn new() -> Self {
                <Self as ::core::default::Default>::default()
            }
        }
        #forward
    }
}
