//! The user's types under private names, and signatures in their terms.

use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote};
use syn::spanned::Spanned;
use syn::{Ident, Visibility};

use crate::service::{Operation, Parameter, Service, pascal};

/// The aliases, to stand beside the trait.
pub(super) fn emit(service: &Service) -> TokenStream {
    let aliases = service.operations.iter().flat_map(|operation| {
        let inputs = operation.parameters.iter().enumerate().map(|(index, parameter)| {
            let (alias, ty) = (input(service, operation, index), &parameter.inner);
            quote!(type #alias = #ty;)
        });
        let replies = operation.reply.iter().map(|ty| {
            let alias = reply(service, operation);
            quote!(type #alias = #ty;)
        });
        let failures = operation.failure.iter().map(|ty| {
            let alias = failure(service, operation);
            quote!(type #alias = #ty;)
        });
        inputs.chain(replies).chain(failures).collect::<Vec<_>>()
    });
    quote!(#(#aliases)*)
}

/// The type of a parameter without `Option` and `Vec`.
pub(super) fn input(service: &Service, operation: &Operation, index: usize) -> Ident {
    format_ident!("__{}{}In{index}", service.ident, pascal(&operation.ident))
}

/// The body of the success.
pub(super) fn reply(service: &Service, operation: &Operation) -> Ident {
    format_ident!("__{}{}Reply", service.ident, pascal(&operation.ident))
}

/// The failures. What is wrong with the type is said where it stands.
pub(super) fn failure(service: &Service, operation: &Operation) -> Ident {
    let span = operation
        .failure
        .as_ref()
        .map_or_else(Span::call_site, Spanned::span);
    format_ident!(
        "__{}{}Failure",
        service.ident,
        pascal(&operation.ident),
        span = span
    )
}

/// The trait's visibility, two modules below it: a request is no more visible than the types in it may be.
pub(super) fn two_below(vis: &Visibility) -> TokenStream {
    let Visibility::Restricted(restricted) = vis else {
        return match vis {
            Visibility::Public(_) => quote!(#vis),
            _ => quote!(pub(in super::super)),
        };
    };
    let path = &restricted.path;
    let first = path.segments.first().map(|segment| segment.ident.to_string());
    match (first.as_deref(), path.segments.len()) {
        (Some("self"), 1) => quote!(pub(in super::super)),
        (Some("super"), _) => quote!(pub(in super::super::#path)),
        _ => quote!(#vis),
    }
}

/// The type of the reply's body; `above` leads from where it stands to where the trait does.
pub(super) fn reply_type(service: &Service, operation: &Operation, above: &TokenStream) -> TokenStream {
    match &operation.reply {
        Some(_) => {
            let alias = reply(service, operation);
            quote!(#above #alias)
        }
        None => quote!(()),
    }
}

/// The type of the failures.
pub(super) fn failure_type(service: &Service, operation: &Operation, above: &TokenStream) -> TokenStream {
    match &operation.failure {
        Some(_) => {
            let alias = failure(service, operation);
            quote!(#above #alias)
        }
        None => quote!(::tieline::generated::v1::NoFailure),
    }
}

/// The type of a parameter as the trait has it.
pub(super) fn argument_type(alias: &Ident, parameter: &Parameter, above: &TokenStream) -> TokenStream {
    wrapped(parameter, quote!(#above #alias))
}

/// The type in its `Option` and `Vec`.
pub(super) fn wrapped(parameter: &Parameter, inner: TokenStream) -> TokenStream {
    let item = if parameter.list {
        quote!(::std::vec::Vec<#inner>)
    } else {
        inner
    };
    if parameter.optional {
        quote!(::core::option::Option<#item>)
    } else {
        item
    }
}

/// `name: Type` for each parameter that travels.
pub(super) fn typed<'a>(
    service: &'a Service,
    operation: &'a Operation,
    above: &'a TokenStream,
) -> impl Iterator<Item = TokenStream> + 'a {
    operation
        .parameters
        .iter()
        .enumerate()
        .map(move |(index, parameter)| {
            let ty = argument_type(&input(service, operation, index), parameter, above);
            let name = &parameter.ident;
            quote!(#name: #ty)
        })
}

/// `cx: Context`, where the method takes one.
pub(super) fn context(operation: &Operation) -> Option<TokenStream> {
    operation
        .context
        .as_ref()
        .map(|name| quote!(#name: ::tieline::Context))
}

/// The method's parameters and return type.
pub(super) fn signature(service: &Service, operation: &Operation, above: &TokenStream) -> TokenStream {
    let parameters = context(operation)
        .into_iter()
        .chain(typed(service, operation, above));
    let (reply, failure) = (
        reply_type(service, operation, above),
        failure_type(service, operation, above),
    );
    quote! {
        (&self, #(#parameters),*) -> ::core::result::Result<#reply, ::tieline::Error<#failure>>
    }
}

/// The names of all parameters.
pub(super) fn arguments(operation: &Operation) -> impl Iterator<Item = &Ident> {
    operation.context.iter().chain(names(operation))
}

/// The names of the parameters that travel.
pub(super) fn names(operation: &Operation) -> impl Iterator<Item = &Ident> {
    operation.parameters.iter().map(|parameter| &parameter.ident)
}
