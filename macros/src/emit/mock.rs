//! The mock.

use proc_macro2::TokenStream;
use quote::quote;

use super::{aliases, operation::method_docs};
use crate::service::Service;

/// `Mock`, and the trait for it.
pub(super) fn emit(service: &Service) -> TokenStream {
    let ident = &service.ident;
    let above = quote!(super::);
    let fields = service.operations.iter().map(|operation| {
        let (name, docs) = (&operation.ident, method_docs(operation));
        quote!(#docs pub #name: v1::mock::Method<#name::Request>)
    });
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
                let reply = self.#name.call(#context, #name::Request::new(#(#names),*)).await?;
                ::core::result::Result::Ok(reply.into_body())
            }
        }
    });
    quote! {
        v1::if_mock! {
            /// Answers as told, and remembers what it was asked.
            #[derive(Debug, Default)]
            pub struct Mock {
                #(#fields,)*
            }
            impl Mock {
                /// A mock that has been told nothing.
                pub fn new() -> Self {
                    <Self as ::core::default::Default>::default()
                }
            }
            #[v1::async_trait]
            impl super::#ident for Mock {
                #(#methods)*
            }
        }
    }
}
