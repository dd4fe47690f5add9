//! The client, and the one that blocks.

use proc_macro2::TokenStream;
use quote::quote;

use super::{aliases, operation::method_docs};
use crate::service::{Operation, Service};

/// `Client`, its calls, and the trait for it.
pub(super) fn emit(service: &Service) -> TokenStream {
    let ident = &service.ident;
    let above = quote!(super::);
    let calls = service
        .operations
        .iter()
        .map(|operation| call(service, operation, &quote!(), &above, &quote!(v1::Async)));
    let methods = service.operations.iter().map(|operation| {
        let name = &operation.ident;
        let signature = aliases::signature(service, operation, &above);
        let names = aliases::names(operation);
        let context = match &operation.context {
            Some(context) => quote!(#context),
            None => quote!(::tieline::Context::current()),
        };
        quote! {
            async fn #name #signature {
                let reply = v1::call(&self.0, #context, #name::Request::new(#(#names),*)).await?;
                ::core::result::Result::Ok(reply.into_body())
            }
        }
    });
    quote! {
        v1::client!(CONTRACT);
        impl Client {
            #(#calls)*
        }
        #[v1::async_trait]
        impl super::#ident for Client {
            #(#methods)*
        }
    }
}

/// The blocking client.
pub(super) fn blocking(service: &Service) -> TokenStream {
    let above = quote!(super::super::);
    let calls = service.operations.iter().map(|operation| {
        call(
            service,
            operation,
            &quote!(super::),
            &above,
            &quote!(v1::Blocking),
        )
    });
    quote! {
        v1::if_blocking! {
            /// The client whose calls block the thread.
            pub mod blocking {
                use super::v1;
                v1::blocking_client!(super::Client);
                impl Client {
                    #(#calls)*
                }
            }
        }
    }
}

/// A method that gives a pending call. `module` leads to where `Pending` is, `above` to where the trait is.
fn call(
    service: &Service,
    operation: &Operation,
    module: &TokenStream,
    above: &TokenStream,
    mode: &TokenStream,
) -> TokenStream {
    let (name, docs, deprecated) = (&operation.ident, method_docs(operation), &operation.deprecated);
    let parameters = aliases::context(operation)
        .into_iter()
        .chain(aliases::typed(service, operation, above));
    let names = aliases::names(operation);
    let context = operation
        .context
        .as_ref()
        .map(|context| quote!(.context(&#context)));
    quote! {
        #docs
        #deprecated
        pub fn #name(&self, #(#parameters),*) -> #module Pending<'_, #module #name::Request, #mode> {
            #module Pending::new(&self.0, #module #name::Request::new(#(#names),*)) #context
        }
    }
}
