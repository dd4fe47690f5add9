//! `blocking.rs`: the client whose calls block the thread.

use proc_macro2::TokenStream;
use quote::quote;

use super::client;
use super::format::{Call, Calls};
use crate::plan::Plan;
use crate::plan::tags::TagPlan;

/// The file.
pub(crate) fn emit(plan: &Plan, calls: &Calls) -> TokenStream {
    let methods = client::calls(plan.common_operations(), "Blocking", calls);
    let pending = client::pending(plan, &quote!(Pending<'_, REQUEST, v1::Blocking>));
    let pending = pending.map(|pending| quote!(impl Client { #pending }));
    let client = calls.item(Call::Text("v1::blocking_client!(super::Client);".to_owned()));
    quote! {
        use super::*;
        #client
        #pending
        #methods
    }
}

/// The file of a part by tag.
pub(crate) fn part(plan: &Plan, part: &TagPlan, calls: &Calls) -> TokenStream {
    let methods = client::calls(&plan.operations[part.operations.clone()], "Blocking", calls);
    quote! {
        use super::super::super::blocking::Client;
        use super::*;
        #methods
    }
}
