//! The links of an operation's replies: a module of functions.

use std::collections::BTreeSet;

use proc_macro2::{Literal, TokenStream};
use quote::quote;
use tieline_contract::model::{Server, StatusMatch};

use super::record;
use super::tokens::{self, Scope};
use crate::plan::links::LinkPlan;
use crate::plan::operations::OperationPlan;
use crate::plan::replies::Of;

/// The module, where there is a link.
pub(super) fn links(operation: &OperationPlan) -> Option<TokenStream> {
    if operation.links.is_empty() {
        return None;
    }
    let links = &operation.links;
    let targets: BTreeSet<&str> = links.iter().map(|link| link.target.as_str()).collect();
    let targets = targets.into_iter().map(tokens::ident);
    let arguments = || links.iter().flat_map(|link| &link.arguments);
    let types = arguments().any(|(field, _)| field.ty.is_named());
    let types = types.then(|| quote!(types,));
    let functions = links.iter().map(link);
    Some(quote! {
        /// The requests that replies lead to.
        pub mod links {
            use super::super::{#(#targets,)* #types v1};
            #(#functions)*
        }
    })
}

fn link(link: &LinkPlan) -> TokenStream {
    let (docs, name, target) = (
        tokens::docs(&link.docs),
        tokens::ident(&link.name),
        tokens::ident(&link.target),
    );
    let reply = match link.of {
        Of::Success => quote!(v1::CallReply<super::Response>),
        Of::Failure => quote!(::tieline::Error<super::Failure>),
    };
    let (client, of_client) = asked(link.asks_client, || {
        (quote!(client: &v1::Client,), quote!(.client(client)))
    });
    let (request, of_request) = asked(link.asks_request, || {
        (quote!(request: &super::Request,), quote!(.request(request)))
    });
    let arguments = link.arguments.iter().map(|(field, name)| {
        let (name, ty) = (
            tokens::ident(name),
            record::parameter(field, &field.ty, Scope::Beside),
        );
        quote!(#name: #ty)
    });
    let table = table(link);
    let follow = quote!(v1::Called::new(&super::OPERATION, reply)#of_request #of_client.follow(&#table));
    let body = if link.arguments.is_empty() {
        follow
    } else {
        let given = link.arguments.iter().map(|(field, argument)| {
            let (name, argument) = (tokens::ident(&field.name), tokens::ident(argument));
            let value = record::argument(field, &field.ty, &argument).unwrap_or_else(|| quote!(#argument));
            quote!(next.#name = #value;)
        });
        quote! {
            let mut next: #target::Request = #follow?;
            #(#given)*
            Ok(next)
        }
    };
    let server = link.server.as_ref().map(|(name, of)| server(name, of));
    quote! {
        #docs
        pub fn #name(#client #request reply: &#reply, #(#arguments),*)
            -> Result<#target::Request, v1::LinkError> {
            #body
        }
        #server
    }
}

fn asked(is_asked: bool, tokens: impl FnOnce() -> (TokenStream, TokenStream)) -> (TokenStream, TokenStream) {
    if is_asked { tokens() } else { Default::default() }
}

fn table(link: &LinkPlan) -> TokenStream {
    let wire = &link.wire;
    let statuses = link.statuses.iter().map(|status| match status {
        StatusMatch::Code(code) => {
            let code = Literal::u16_unsuffixed(*code);
            quote!(v1::StatusMatch::Code(#code))
        }
        StatusMatch::Range(hundred) => {
            let hundred = Literal::u8_unsuffixed(*hundred);
            quote!(v1::StatusMatch::Range(#hundred))
        }
        StatusMatch::Default => quote!(v1::StatusMatch::Default),
    });
    let entry = |(at, text): &(usize, String)| {
        let at = Literal::usize_unsuffixed(*at);
        quote!((#at, #text))
    };
    let inputs = link.inputs.iter().map(entry);
    let constants = link.constants.iter().map(entry);
    quote!(v1::Link {
        name: #wire,
        statuses: &[#(#statuses),*],
        inputs: &[#(#inputs),*],
        constants: &[#(#constants),*],
    })
}

fn server(name: &str, server: &Server) -> TokenStream {
    let about = tokens::doc(&format!("The server `{}`.", server.url.replace('`', "'")));
    let (name, called, url) = (
        tokens::ident(name),
        server.name.as_deref().unwrap_or_default(),
        &server.url,
    );
    let variables = server.variables.iter().map(|variable| {
        let (name, default, values) = (&variable.name, &variable.default, &variable.values);
        quote!(v1::ServerVariable { name: #name, default: #default, values: &[#(#values),*] })
    });
    quote! {
        #about
        pub static #name: v1::Server = v1::Server {
            name: #called,
            url: #url,
            variables: &[#(#variables),*],
        };
    }
}
