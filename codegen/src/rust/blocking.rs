//! `blocking.rs`: the client whose calls block the thread.

use proc_macro2::TokenStream;
use quote::quote;

use super::client;
use super::format::Calls;
use crate::plan::Plan;

/// The file.
pub(crate) fn emit(plan: &Plan, _: &Calls) -> TokenStream {
    let methods = plan
        .operations
        .iter()
        .map(|operation| client::method(operation, &quote!(Pending<'_, REQUEST, v1::Blocking>)));
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
