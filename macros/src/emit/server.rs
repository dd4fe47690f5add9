//! The server around an implementation.

use proc_macro2::TokenStream;
use quote::quote;

use crate::service::{Operation, Service};

/// `service` and `router`.
pub(super) fn emit(service: &Service) -> TokenStream {
    let ident = &service.ident;
    let operations = service
        .operations
        .iter()
        .map(|operation| handler(service, operation));
    quote! {
        v1::if_server! {
            /// Serves an implementation: a tower service.
            pub fn service(api: impl super::#ident + 'static) -> ::tieline::server::Service {
                let api: ::std::sync::Arc<dyn super::#ident> = ::std::sync::Arc::new(api);
                v1::server::Service::new(&CONTRACT) #(#operations)*
            }

            /// Serves an implementation: routes, to be merged with others.
            pub fn router(api: impl super::#ident + 'static) -> v1::axum::Router {
                service(api).into_router()
            }
        }
    }
}

fn handler(service: &Service, operation: &Operation) -> TokenStream {
    let (ident, name) = (&service.ident, &operation.ident);
    let (context, given) = match operation.context {
        Some(_) => (quote!(cx), Some(quote!(cx,))),
        None => (quote!(_), None),
    };
    let request = if operation.parameters.is_empty() {
        quote!(_)
    } else {
        quote!(request)
    };
    let arguments = operation.parameters.iter().map(|parameter| {
        let (field, wire) = (&parameter.ident, &parameter.name);
        quote!(v1::give(request.#field, #wire)?)
    });
    quote! {
        .operation(&api, |api, #context, #request: #name::Request| ::std::boxed::Box::pin(async move {
            let reply = super::#ident::#name(api, #given #(#arguments),*).await?;
            ::core::result::Result::Ok(::core::convert::From::from(reply))
        }))
    }
}
