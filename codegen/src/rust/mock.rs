//! `mock.rs`: an implementation of the trait that is told what to answer, and remembers what it was asked.

use proc_macro2::TokenStream;
use quote::quote;

use super::format::Calls;
use super::{client, tags, tokens};
use crate::plan::Plan;

/// The file.
pub(crate) fn emit(plan: &Plan, calls: &Calls) -> TokenStream {
    let fields = plan.tagged().map(|(part, operation)| {
        let condition = tags::condition(part);
        let docs = tokens::docs(&operation.docs.summary());
        let name = tokens::ident(&operation.name);
        quote!(#docs #condition pub #name: v1::mock::Method<#name::Request>)
    });
    let forward = client::forward(plan, "Mock", calls);
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
