//! `server.rs`: an implementation of the trait as a tower service and as an axum router.

use proc_macro2::TokenStream;
use quote::quote;

use super::format::Calls;
use super::{tags, tokens};
use crate::plan::Plan;
use crate::plan::operations::OperationPlan;
use crate::plan::tags::TagPlan;

/// The file.
pub(crate) fn emit(plan: &Plan, _: &Calls) -> TokenStream {
    let operations = handlers(plan.common_operations(), &quote!(&api));
    let built = if plan.tags.is_empty() {
        quote! {
            let api: ::std::sync::Arc<dyn Api> = ::std::sync::Arc::new(api);
            v1::server::Service::new(&CONTRACT) #operations
        }
    } else {
        let parts = plan.tags.iter().map(|part| {
            let (condition, module) = (tags::condition(Some(part)), tokens::ident(&part.module));
            quote! {
                #condition
                let service = by_tag::#module::server::operations(service, &api);
            }
        });
        quote! {
            #[allow(unused_variables, reason = "where no operation is there")]
            let api: ::std::sync::Arc<dyn Api> = ::std::sync::Arc::new(api);
            let service = v1::server::Service::new(&CONTRACT) #operations;
            #(#parts)*
            service
        }
    };
    quote! {
        use super::*;
        /// Serves `api` over HTTP: a tower service that reads and validates requests, and writes replies and errors.
        pub fn service(api: impl Api + 'static) -> ::tieline::server::Service {
            #built
        }
        /// Serves `api` over HTTP: an axum router to be served, nested or merged.
        pub fn router(api: impl Api + 'static) -> v1::axum::Router {
            service(api).into_router()
        }
    }
}

/// The file of a part by tag.
pub(crate) fn part(plan: &Plan, part: &TagPlan) -> TokenStream {
    let operations = handlers(&plan.operations[part.operations.clone()], &quote!(api));
    quote! {
        use super::*;
        /// With these operations, served by `api`.
        pub fn operations(
            service: ::tieline::server::Service,
            api: &::std::sync::Arc<dyn Api>,
        ) -> ::tieline::server::Service {
            service #operations
        }
    }
}

/// `.operation(…)` for each.
fn handlers(operations: &[OperationPlan], api: &TokenStream) -> TokenStream {
    let handler = |operation: &OperationPlan| {
        let name = tokens::ident(&operation.name);
        let handler = quote!(|api, cx, request: #name::Request| api.#name(cx, request));
        match &operation.mount {
            Some(path) => quote!(.operation_at(#path, #api, #handler)),
            None => quote!(.operation(#api, #handler)),
        }
    };
    operations.iter().map(handler).collect()
}
