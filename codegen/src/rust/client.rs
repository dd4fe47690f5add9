//! `client.rs`: a method for each operation, and one for each of its optional inputs.

use proc_macro2::TokenStream;
use quote::quote;

use super::format::{self, Call, Calls};
use super::record;
use super::tags;
use super::tokens::{self, Scope};
use crate::plan::Plan;
use crate::plan::operations::OperationPlan;
use crate::plan::tags::TagPlan;
use crate::plan::types::{FieldPlan, Made};

/// The file.
pub(crate) fn emit(plan: &Plan, calls: &Calls) -> TokenStream {
    let methods = methods(plan.common_operations(), calls);
    let forward = forward(plan, "Client", calls);
    let pending = pending(plan, &quote!(Pending<'_, REQUEST>));
    let pending = pending.map(|pending| quote!(impl Client { #pending }));
    quote! {
        use super::*;
        #pending
        #methods
        #forward
    }
}

/// The file of a part by tag.
pub(crate) fn part(plan: &Plan, part: &TagPlan, calls: &Calls) -> TokenStream {
    let methods = methods(&plan.operations[part.operations.clone()], calls);
    quote! {
        use super::*;
        #methods
    }
}

/// `methods!` of a mode, and the setters of each operation.
fn methods(operations: &[OperationPlan], calls: &Calls) -> TokenStream {
    let methods = self::calls(operations, "Async", calls);
    let setters = operations.iter().map(|operation| setters(operation, calls));
    quote! {
        #methods
        #(#setters)*
    }
}

/// `methods!`: a method for each operation, which takes what must be given. Nothing where there is none.
pub(crate) fn calls(operations: &[OperationPlan], mode: &str, calls: &Calls) -> Option<TokenStream> {
    let methods: String = operations.iter().map(method).collect();
    let head = format!("v1::methods! {{ {mode};");
    (!operations.is_empty()).then(|| calls.item(Call::items(&head, &methods)))
}

/// The method that calls what a link leads to, where there is a link.
pub(crate) fn pending(plan: &Plan, pending: &TokenStream) -> Option<TokenStream> {
    let result = replace(pending, &quote!(R));
    let has_links = plan
        .operations
        .iter()
        .any(|operation| !operation.links.is_empty());
    has_links.then(|| {
        quote! {
            /// A call of a request, such as one that a link leads to.
            pub fn pending<R: v1::Call>(&self, request: R) -> #result {
                Pending::new(&self.0, request)
            }
        }
    })
}

/// `forward_api!`: the trait, implemented for a client or mock by every operation that is there.
pub(crate) fn forward(plan: &Plan, ty: &str, calls: &Calls) -> TokenStream {
    let names = |operations: &[OperationPlan]| -> Vec<String> {
        let names = operations.iter();
        names
            .map(|operation| tokens::ident_text(&operation.name))
            .collect()
    };
    let by = ty.to_lowercase();
    if plan.tags.iter().all(|part| part.features.is_empty()) {
        let head = format!("v1::forward_api!({ty} by {by}");
        return calls.list(head, names(&plan.operations), ");", true);
    }
    let common = (format!("{ty} by {by}: "), names(plan.common_operations()));
    let parts = plan.tags.iter().map(|part| {
        let names = names(&plan.operations[part.operations.clone()]);
        (tags::condition_text(part), names)
    });
    calls.item(Call::Block {
        head: "v1::forward_api! {".to_owned(),
        lines: std::iter::once(common).chain(parts).collect(),
    })
}

/// The method of an operation: documentation, name and parameters.
fn method(operation: &OperationPlan) -> String {
    let docs = tokens::docs_text(&operation.docs.summary());
    let deprecated = tokens::deprecated_text(operation.deprecated, &operation.lifecycle);
    let name = tokens::ident_text(&operation.name);
    let fields = operation.request.fields.iter();
    let given = fields.filter(|field| field.made == Made::Given);
    let parameters: Vec<String> = given
        .map(|field| record::parameter_text(field, Scope::Beside))
        .collect();
    let one = format!("{name}({});", parameters.join(", "));
    let method = if one.chars().count() + 4 <= format::WIDTH {
        one
    } else {
        let lines = format::fill(&parameters, 8, ",").join("\n");
        format!("{name}(\n{lines}\n);")
    };
    format!("{docs}{deprecated}{method}\n")
}

/// `pending` with the request's type in its place.
fn replace(pending: &TokenStream, request: &TokenStream) -> TokenStream {
    pending
        .clone()
        .into_iter()
        .flat_map(|tree| match &tree {
            proc_macro2::TokenTree::Ident(ident) if ident == "REQUEST" => request.clone(),
            _ => tree.into(),
        })
        .collect()
}

/// `setters!`: those of a call under way, async or blocking.
fn setters(operation: &OperationPlan, calls: &Calls) -> Option<TokenStream> {
    let setters: String = operation.request.fields.iter().filter_map(setter).collect();
    let head = format!(
        "v1::setters! {{ {}::Request;",
        tokens::ident_text(&operation.name)
    );
    (!setters.is_empty()).then(|| calls.item(Call::items(&head, &setters)))
}

/// The documentation, and a line such as `limit(limit: i32) = Some(limit);`.
fn setter(field: &FieldPlan) -> Option<String> {
    let setter = tokens::ident_text(field.setter.as_ref()?);
    let docs = tokens::docs_text(&field.docs.summary());
    let deprecated = if field.deprecated { "#[deprecated]\n" } else { "" };
    let (name, ty, value) = record::assignment(field, Scope::Beside);
    let [name, ty, value] = [quote!(#name), ty, value].map(|tokens| tokens::text(&tokens));
    Some(format!("{docs}{deprecated}{setter}({name}: {ty}) = {value};\n"))
}
