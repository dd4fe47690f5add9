//! `mod.rs`: the parts, and the contract's static facts.

use std::collections::BTreeSet;

use proc_macro2::TokenStream;
use quote::quote;

use super::examples;
use super::format::{Call, Calls};
use super::{tags, tokens};
use crate::plan::operations::OperationPlan;
use crate::plan::{Form, Plan};

/// The file.
pub(crate) fn emit(plan: &Plan, calls: &Calls) -> TokenStream {
    let feature = |name: &str| (plan.form == Form::Crate).then(|| quote!(#[cfg(feature = #name)]));
    let (client, blocking) = (feature("client"), feature("blocking"));
    let (server, mock) = (feature("server"), feature("mock"));
    let client = plan.sections.client.then(|| {
        let definition = calls.item(Call::Text("v1::client!(CONTRACT);".to_owned()));
        quote! {
            #client
            mod client;
            #client
            #definition
        }
    });
    let blocking = plan
        .sections
        .blocking
        .then(|| quote!(#blocking pub mod blocking;));
    let server = plan.sections.server.then(|| {
        quote! {
            #server
            mod server;
            #server
            #[allow(unused_imports, reason = "in a private module, not all of it is used")]
            pub use server::{router, service};
        }
    });
    let mock = plan.sections.mock.then(|| {
        quote! {
            #mock
            mod mock;
            #mock
            #[allow(unused_imports, reason = "in a private module, not all of it is used")]
            pub use mock::Mock;
        }
    });
    let facts = facts(plan);
    let types = types(plan);
    let outgoing = plan.outgoing.iter().filter_map(|part| {
        let name = part.module.as_ref()?;
        let module = tokens::ident(name);
        // A contract can be called so itself.
        let same = (*name == plan.name).then(|| quote!(#[allow(clippy::module_inception)]));
        Some(quote!(#same pub mod #module;))
    });
    let has_common = !plan.common_operations().is_empty();
    let common_module = has_common.then(|| {
        quote!(
            mod operations;
        )
    });
    let common_names = has_common.then(|| {
        quote!(
            pub use operations::*;
        )
    });
    let operations = (!plan.operations.is_empty()).then(|| {
        quote! {
            mod api;
            #common_module
            pub use api::Api;
            #common_names
        }
    });
    let parts = (!plan.tags.is_empty()).then(|| {
        let parts = plan.tags.iter().map(|part| {
            let (condition, module) = (tags::condition(Some(part)), tokens::ident(&part.module));
            quote!(#condition pub use by_tag::#module::operations::*;)
        });
        quote!(mod by_tag; #(#parts)*)
    });
    let shows = plan.is_root && plan.form == Form::Crate && examples::exist(plan);
    let example_calls = shows.then(|| {
        let features = plan.tags.iter().flat_map(|part| &part.features);
        let features: BTreeSet<&String> = features.collect();
        let all = if features.is_empty() {
            quote!(doctest)
        } else {
            let features = features.into_iter();
            quote!(all(doctest, #(feature = #features),*))
        };
        quote! {
            #[cfg(#all)]
            #[doc = include_str!("../EXAMPLES.md")]
            mod examples_of_calls {}
        }
    });
    let handshake = match plan.module {
        None => tokens::handshake(),
        Some(_) => quote!(
            use super::v1;
        ),
    };
    quote! {
        #handshake
        #types
        #operations
        #parts
        #(#outgoing)*
        #client
        #blocking
        #server
        #mock
        #facts
        #example_calls
    }
}

/// The module of types: its own, or that of the module around it.
fn types(plan: &Plan) -> Option<TokenStream> {
    if plan.module.is_none() {
        return Some(quote!(
            pub mod types;
        ));
    }
    let uses = plan.operations.iter().any(OperationPlan::uses_types);
    uses.then(|| {
        quote!(
            use super::types;
        )
    })
}

fn facts(plan: &Plan) -> TokenStream {
    let Plan {
        name, title, version, ..
    } = plan;
    let servers = tokens::servers(&plan.servers);
    let operations = plan.tagged().map(|(part, operation)| {
        let (condition, name) = (tags::condition(part), tokens::ident(&operation.name));
        quote!(#condition &#name::OPERATION)
    });
    let schemes = plan.schemes.iter().map(|(name, kind)| {
        // Written by the plan, from names of the runtime and literals.
        let kind: TokenStream = kind.parse().unwrap_or_default();
        quote!(v1::SecurityScheme { name: #name, kind: v1::SchemeKind::#kind })
    });
    quote! {
        /// The contract's static facts.
        pub static CONTRACT: v1::Contract = v1::Contract {
            name: #name,
            title: #title,
            version: #version,
            servers: &[#(#servers),*],
            operations: &[#(#operations),*],
            security_schemes: &[#(#schemes),*],
        };
    }
}
