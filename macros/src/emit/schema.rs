//! The OpenAPI document.

use proc_macro2::{Literal, TokenStream};
use quote::quote;

use super::aliases;
use crate::service::{Operation, Service};

/// `openapi`. Its bounds are judged where it is called, so that the feature asks nothing of types elsewhere.
pub(super) fn emit(service: &Service) -> TokenStream {
    let docs = &service.docs;
    let above = quote!(super::);
    let bounds = service
        .operations
        .iter()
        .flat_map(|operation| bounds(service, operation, &above));
    let operations = service
        .operations
        .iter()
        .map(|operation| describe(service, operation, &above));
    quote! {
        v1::if_schema! {
            /// The OpenAPI document of the service. Its types are described by `schemars::JsonSchema`, its failures by
            /// `#[derive(ServiceError)]`.
            pub fn openapi() -> ::tieline::codec::Json
            where
                #(#bounds),*
            {
                let mut document = v1::schema::Document::new(&CONTRACT, #docs);
                #(#operations)*
                document.to_json()
            }
        }
    }
}

fn bounds(service: &Service, operation: &Operation, above: &TokenStream) -> Vec<TokenStream> {
    let inputs = (0..operation.parameters.len()).map(|index| aliases::input(service, operation, index));
    let replies = operation.reply.iter().map(|_| aliases::reply(service, operation));
    let typed = inputs
        .chain(replies)
        .map(|alias| quote!(for<'schema> #above #alias: v1::schema::JsonSchema));
    let failures = operation.failure.iter().map(|_| {
        let alias = aliases::failure(service, operation);
        quote!(for<'schema> #above #alias: v1::schema::ErrorSchema)
    });
    typed.chain(failures).collect()
}

fn describe(service: &Service, operation: &Operation, above: &TokenStream) -> TokenStream {
    let (name, summary, description) = (&operation.ident, &operation.summary, &operation.description);
    let deprecated = operation.deprecated.is_some();
    let inputs = operation.parameters.iter().enumerate().map(|(index, parameter)| {
        let (alias, docs, list) = (
            aliases::input(service, operation, index),
            &parameter.docs,
            parameter.list,
        );
        let index = Literal::usize_unsuffixed(index);
        quote!(operation.input::<#above #alias>(#index, v1::schema::Input { docs: #docs, list: #list });)
    });
    let reply = match operation.reply {
        Some(_) => {
            let alias = aliases::reply(service, operation);
            quote!(operation.reply::<#above #alias>();)
        }
        None => quote!(operation.empty_reply();),
    };
    let failures = operation.failure.iter().map(|_| {
        let alias = aliases::failure(service, operation);
        quote!(operation.failures::<#above #alias>();)
    });
    quote! {
        let about = v1::schema::About {
            operation: &#name::OPERATION,
            request: &#name::REQUEST,
            summary: #summary,
            description: #description,
            deprecated: #deprecated,
        };
        document.operation(about, |operation| {
            #(#inputs)*
            #reply
            #(#failures)*
        });
    }
}
