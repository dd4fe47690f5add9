//! `api.rs`: the trait that clients, servers and mocks share.

use proc_macro2::TokenStream;
use quote::quote;

use super::format::Calls;
use super::{tags, tokens};
use crate::plan::Plan;

/// The file.
pub(crate) fn emit(plan: &Plan, _: &Calls) -> TokenStream {
    let docs = tokens::docs(&plan.docs.summary());
    let methods = plan.tagged().map(|(part, operation)| {
        let condition = tags::condition(part);
        let docs = tokens::docs(&operation.docs.summary());
        let deprecated = tokens::deprecated_operation(operation.deprecated, &operation.lifecycle);
        let name = tokens::ident(&operation.name);
        quote! {
            #docs
            #condition
            #deprecated
            async fn #name(
                &self,
                cx: ::tieline::Context,
                request: #name::Request,
            ) -> Result<#name::Response, ::tieline::Error<#name::Failure>>;
        }
    });
    quote! {
        use super::*;
        #docs
        ///
        /// Servers implement it; clients and mocks are implementations, so that `Arc<dyn Api>` stands for any of them.
        #[v1::async_trait]
        pub trait Api: Send + Sync {
            #(#methods)*
        }
    }
}
