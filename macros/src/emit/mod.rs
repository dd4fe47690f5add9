//! From a [`Service`] to tokens: one file for each thing emitted.
//!
//! Types that the user writes are named once, by private aliases beside the trait, so that they mean the same there and
//! in the modules below.

mod aliases;
mod client;
mod mock;
mod operation;
mod schema;
mod server;

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::{ItemTrait, TypeParamBound, Visibility, parse_quote};

use crate::service::Service;

/// The trait: object-safe, and fit to be shared.
pub(crate) fn definition(item: &ItemTrait) -> TokenStream {
    let mut item = item.clone();
    let bounds = item.supertraits.iter().filter_map(|bound| match bound {
        TypeParamBound::Trait(bound) => bound.path.get_ident().cloned(),
        _ => None,
    });
    let bounds: Vec<_> = bounds.collect();
    for needed in ["Send", "Sync"] {
        if !bounds.iter().any(|bound| bound == needed) {
            let needed = format_ident!("{needed}");
            item.supertraits.push(parse_quote!(::core::marker::#needed));
        }
    }
    quote! {
        #[::tieline::generated::v1::async_trait]
        #item
    }
}

/// All that is made of the trait.
pub(crate) fn service(service: &Service) -> TokenStream {
    let (vis, ident, module) = (&service.vis, &service.ident, &service.module);
    let aliases = aliases::emit(service);
    let about =
        format!(" What [`{ident}`] is on the wire: its operations, clients, mock, server and document.");
    let operations = service
        .operations
        .iter()
        .enumerate()
        .map(|(index, operation)| operation::emit(service, index, operation));
    let contract = contract(service);
    let client = client::emit(service);
    let blocking = client::blocking(service);
    let mock = mock::emit(service);
    let server = server::emit(service);
    let schema = schema::emit(service);
    let shared = shared(service);
    let allow = allow(service);
    let (client_name, mock_name) = (format_ident!("{ident}Client"), format_ident!("{ident}Mock"));
    quote! {
        #aliases
        #shared
        #[doc = #about]
        #allow
        #vis mod #module {
            use ::tieline::generated::v1;
            #(#operations)*
            #contract
            #client
            #blocking
            #mock
            #server
            #schema
        }
        // A trait that is not public may have no use for it.
        #[allow(unused_imports)]
        #vis use #module::Client as #client_name;
        ::tieline::generated::v1::if_mock! {
            #[allow(unused_imports)]
            #vis use #module::Mock as #mock_name;
        }
    }
}

/// What the module may do without a warning: hold what a trait that is not public has no use for, and call what is
/// deprecated for others.
fn allow(service: &Service) -> TokenStream {
    let unused =
        (!matches!(service.vis, Visibility::Public(_))).then(|| quote!(#[allow(dead_code, unreachable_pub)]));
    let mut operations = service.operations.iter();
    let deprecated = operations
        .any(|operation| operation.deprecated.is_some())
        .then(|| quote!(#[allow(deprecated)]));
    quote!(#unused #deprecated)
}

fn contract(service: &Service) -> TokenStream {
    let Service {
        name, title, version, ..
    } = service;
    let operations = service.operations.iter().map(|operation| &operation.ident);
    quote! {
        /// The contract.
        pub static CONTRACT: v1::Contract = v1::Contract {
            name: #name,
            title: #title,
            version: #version,
            servers: &[],
            operations: &[#(&#operations::OPERATION),*],
            security_schemes: &[],
        };
    }
}

/// What is shared implements the trait as well.
fn shared(service: &Service) -> TokenStream {
    let ident = &service.ident;
    let methods = service.operations.iter().map(|operation| {
        let signature = aliases::signature(service, operation, &quote!());
        let (method, arguments) = (&operation.ident, aliases::arguments(operation));
        let allow = operation
            .deprecated
            .as_ref()
            .map(|_| quote!(#[allow(deprecated)]));
        quote! {
            #allow
            async fn #method #signature {
                #ident::#method(&**self, #(#arguments),*).await
            }
        }
    });
    quote! {
        #[::tieline::generated::v1::async_trait]
        impl<T: #ident + ?::core::marker::Sized> #ident for ::std::sync::Arc<T> {
            #(#methods)*
        }
    }
}
