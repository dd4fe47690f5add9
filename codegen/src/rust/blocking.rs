//! `blocking.rs`: the client whose calls block the thread.

use proc_macro2::TokenStream;
use quote::quote;

use super::client;
use super::format::Calls;
use crate::plan::Plan;
use crate::plan::operations::OperationPlan;
use crate::plan::tags::TagPlan;

/// The file.
pub(crate) fn emit(plan: &Plan, _: &Calls) -> TokenStream {
    let methods = methods(plan.common_operations());
    let pending = client::pending(plan, &quote!(Pending<'_, REQUEST, v1::Blocking>));
    quote! {
        use super::*;
        v1::blocking_client!(super::Client);
        impl Client {
            #pending
            #(#methods)*
        }
    }
}

/// The file of a part by tag.
pub(crate) fn part(plan: &Plan, part: &TagPlan) -> TokenStream {
    let methods = methods(&plan.operations[part.operations.clone()]);
    quote! {
        use super::super::super::blocking::Client;
        use super::*;
        impl Client {
            #(#methods)*
        }
    }
}

fn methods(operations: &[OperationPlan]) -> impl Iterator<Item = TokenStream> {
    let pending = quote!(Pending<'_, REQUEST, v1::Blocking>);
    operations
        .iter()
        .map(move |operation| client::method(operation, &pending))
}
