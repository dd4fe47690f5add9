//! The links of an operation's replies: a module of functions.

use std::collections::BTreeSet;

use proc_macro2::{Literal, TokenStream};
use quote::quote;
use tieline_contract::model::{Server, StatusMatch};

use super::record;
use super::tags;
use super::tokens::{self, Scope};
use crate::plan::Plan;
use crate::plan::links::LinkPlan;
use crate::plan::operations::OperationPlan;
use crate::plan::replies::Of;
use crate::plan::tags::TagPlan;

/// The module, where there is a link. `part` is that of the operation: what is in others is there if their features are.
pub(super) fn links(plan: &Plan, part: Option<&TagPlan>, operation: &OperationPlan) -> Option<TokenStream> {
    if operation.links.is_empty() {
        return None;
    }
    let links = &operation.links;
    let targets: BTreeSet<&str> = links.iter().map(|link| link.target.as_str()).collect();
    let (near, far): (Vec<&str>, Vec<&str>) =
        (targets.into_iter()).partition(|target| plan.part_of(target) == part);
    let condition = |target: &str| {
        let other = plan.part_of(target);
        tags::condition(other.filter(|_| other != part))
    };
    let near = near.into_iter().map(tokens::ident);
    let far = far.into_iter().map(|target| {
        let (condition, target) = (condition(target), tokens::ident(target));
        quote!(#condition use super::super::super::#target;)
    });
    let is_partial = links.iter().any(|link| condition(&link.target).is_some());
    let idle = is_partial.then(
        || quote!(#[allow(unused_imports, reason = "what a link leads to can be left out by its feature")]),
    );
    let arguments = || links.iter().flat_map(|link| &link.arguments);
    let types = arguments().any(|(field, _)| field.ty.is_named());
    let types = types.then(|| quote!(types,));
    let functions = links
        .iter()
        .map(|each| link(each, condition(&each.target).as_ref()));
    Some(quote! {
        /// The requests that replies lead to.
        pub mod links {
            #idle
            use super::super::{#(#near,)* #types v1};
            #(#far)*
            #(#functions)*
        }
    })
}

fn link(link: &LinkPlan, condition: Option<&TokenStream>) -> TokenStream {
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
    let condition_of_server = server.as_ref().and(condition);
    quote! {
        #docs
        #condition
        pub fn #name(#client #request reply: &#reply, #(#arguments),*)
            -> Result<#target::Request, v1::LinkError> {
            #body
        }
        #condition_of_server
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
