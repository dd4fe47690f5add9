//! The headers that an operation's replies declare: a record each for successes and failures.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;

use super::format::Calls;
use super::record::Record;
use super::tokens::{self, Patterns, Scope};
use crate::plan::headers::{self, HeadersPlan};
use crate::plan::operations::OperationPlan;
use crate::plan::replies::Of;

/// The records of headers that replies declare.
pub(super) fn headers(operation: &OperationPlan, patterns: &Patterns<'_>, calls: &Calls) -> TokenStream {
    let success = header_record(operation, Of::Success, patterns, calls);
    let failure = header_record(operation, Of::Failure, patterns, calls);
    quote!(#success #failure)
}

fn header_record(operation: &OperationPlan, of: Of, patterns: &Patterns<'_>, calls: &Calls) -> TokenStream {
    let name = Ident::new(headers::record_name(of), Span::call_site());
    let (plan, about) = match of {
        Of::Success => (&operation.headers, "Headers of what comes back when it works."),
        Of::Failure => (
            &operation.failure_headers,
            "Headers of what comes back when it does not.",
        ),
    };
    match plan {
        HeadersPlan::None => TokenStream::new(),
        HeadersPlan::Shared(module, owner) => {
            let owner = Ident::new(owner, Span::call_site());
            let from = if *module == operation.name {
                quote!(self)
            } else {
                let module = tokens::ident(module);
                quote!(super::#module)
            };
            if owner == name {
                quote!(pub use #from::#name;)
            } else {
                quote!(pub use #from::#owner as #name;)
            }
        }
        HeadersPlan::Own(own) => {
            let record = Record {
                name: &name,
                wire: &operation.id,
                record: &own.record,
                scope: Scope::Beside,
                patterns,
                calls,
            };
            let (definition, constructor) = (record.definition(), record.constructor());
            let (setters, table) = (record.setters(), record.table());
            let about = tokens::doc(about);
            let styles = own.styles.iter().map(|style| (*style).to_owned()).collect();
            let implementation = calls.list(format!("v1::reply_headers!({name}"), styles, ");", true);
            quote! {
                #about
                #definition
                impl #name {
                    #constructor
                    #setters
                }
                #table
                #implementation
            }
        }
    }
}
