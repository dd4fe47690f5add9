//! `api.rs`: the trait that clients, servers and mocks share.

use proc_macro2::TokenStream;
use quote::quote;

use super::format::{Call, Calls};
use super::{tags, tokens};
use crate::plan::Plan;

/// What is said of every trait.
const ABOUT: &str = "\
Servers implement it; clients and mocks are implementations, so that `Arc<dyn Api>` stands for any of them. With
`#[tieline::async_trait]`, a method `get` is an `async fn get(&self, cx: tieline::Context, request: get::Request)` that gives
a `Result<get::Response, tieline::Error<get::Failure>>`.";

/// The file.
pub(crate) fn emit(plan: &Plan, calls: &Calls) -> TokenStream {
    let methods = plan.tagged().map(|(part, operation)| {
        let docs = tokens::docs_text(&operation.docs.summary());
        let deprecated = tokens::deprecated_text(operation.deprecated, &operation.lifecycle);
        let condition = part
            .map(|part| tags::condition_text(part) + "\n")
            .unwrap_or_default();
        format!(
            "{docs}{}{deprecated}{};\n",
            condition.trim_start(),
            tokens::ident_text(&operation.name)
        )
    });
    let about = tokens::docs_text(&plan.docs.summary().then(ABOUT));
    let text = format!("{about}Api;\n{}", methods.collect::<String>());
    let api = calls.item(Call::items("v1::api! {", &text));
    quote! {
        use super::*;
        #api
    }
}
