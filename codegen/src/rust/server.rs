//! `server.rs`: an implementation of the trait as a tower service and as an axum router.

use proc_macro2::TokenStream;
use quote::quote;

use super::format::Calls;
use super::tokens;
use crate::plan::Plan;

/// The file.
pub(crate) fn emit(plan: &Plan, _: &Calls) -> TokenStream {
    let operations = plan.operations.iter().map(|operation| {
        let name = tokens::ident(&operation.name);
        let handler = quote!(|api, cx, request: #name::Request| api.#name(cx, request));
        match &operation.mount {
            Some(path) => quote!(.operation_at(#path, &api, #handler)),
            None => quote!(.operation(&api, #handler)),
        }
    });
    quote! {
        use super::*;
        /// Serves `api` over HTTP: a tower service that reads and validates requests, and writes replies and errors.
        pub fn service(api: impl Api + 'static) -> ::tieline::server::Service {
            let api: ::std::sync::Arc<dyn Api> = ::std::sync::Arc::new(api);
            v1::server::Service::new(&CONTRACT) #(#operations)*
        }
        /// Serves `api` over HTTP: an axum router to be served, nested or merged.
        pub fn router(api: impl Api + 'static) -> v1::axum::Router {
            service(api).into_router()
        }
    }
}
