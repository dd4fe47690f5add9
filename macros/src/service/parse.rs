//! From tokens to a [`Service`].

use proc_macro2::TokenStream;
use syn::spanned::Spanned;
use syn::{FnArg, ItemTrait, ReturnType, TraitItem, TraitItemFn, Type};

use super::names::{camel, docs, kebab, snake, summary};
use super::parameter::{self, Route, arguments};
use super::{Operation, Service, arguments as service_arguments, attributes, template};
use crate::problems::Problems;

/// Reads the trait, and takes our attributes away from it. A method that cannot be read is a problem, and left out.
pub(super) fn service(tokens: TokenStream, item: &mut ItemTrait, problems: &mut Problems) -> Service {
    let arguments = service_arguments::read(tokens, problems);
    if !item.generics.params.is_empty() {
        let message = "a service has no generics: its types are fixed by the contract";
        problems.at(&item.generics, message);
    }
    if let Some(token) = &item.unsafety {
        problems.at(token, "a service is a safe trait");
    }
    let mut operations = Vec::new();
    for member in &mut item.items {
        match member {
            TraitItem::Fn(method) => operations.extend(operation(&arguments.base, method, problems)),
            other => problems.at(&*other, "a service has methods only: move this to another trait"),
        }
    }
    if item.items.is_empty() {
        problems.at(&item.ident, "a service has at least one method");
    }
    Service {
        vis: item.vis.clone(),
        ident: item.ident.clone(),
        module: arguments.module.unwrap_or_else(|| snake(&item.ident)),
        name: arguments.name.unwrap_or_else(|| kebab(&item.ident)),
        title: arguments.title.unwrap_or_else(|| item.ident.to_string()),
        version: arguments.version.unwrap_or_else(|| "0.0.0".to_owned()),
        docs: docs(&item.attrs),
        operations,
    }
}

fn operation(base: &str, method: &mut TraitItemFn, problems: &mut Problems) -> Option<Operation> {
    let said = attributes::read(&mut method.attrs, problems);
    let signature = &mut method.sig;
    if !said.has_route {
        let message = "a method has a route, such as #[get(\"/pets/{id}\")]";
        problems.at(&signature.ident, message);
    }
    if signature.asyncness.is_none() {
        let message = "a method of a service is async, since it may cross the network: write `async fn`";
        problems.at(signature.fn_token, message);
    }
    if let Some(generic) = signature.generics.params.first() {
        let message = "a method of a service has no generics: both sides know its types";
        problems.at(generic, message);
    }
    receiver(signature, problems);
    let path = said
        .route
        .as_ref()
        .and_then(|route| problems.noted(template::parse(base, &route.path)));
    let route = said.route.as_ref().zip(path.as_deref());
    let route = route.map(|(route, path)| Route {
        method: route.method,
        path,
    });
    let behind = usize::from(signature.receiver().is_some());
    let found = parameter::read(signature.inputs.iter_mut().skip(behind), route.as_ref(), problems);
    let output = output(&signature.output, signature.paren_token.span.close(), problems);
    let (said_route, path, (reply, failure)) = (said.route?, path?, output?);
    let docs_text = docs(&method.attrs);
    let (summary, description) = summary(&docs_text);
    let default = if reply.is_some() || said_route.method == "HEAD" {
        200
    } else {
        204
    };
    let bodiless = said_route
        .status
        .filter(|(status, _)| matches!(status, 204 | 205) && reply.is_some());
    if let Some((status, span)) = bodiless {
        let message =
            format!("a reply of {status} has no body: return `Result<(), …>`, or give it another status");
        problems.add(syn::Error::new(span, message));
    }
    let keep = |name: &str| {
        let kept = method
            .attrs
            .iter()
            .filter(|attribute| attribute.path().is_ident(name));
        kept.cloned().collect::<Vec<_>>()
    };
    Some(Operation {
        id: said_route.id.unwrap_or_else(|| camel(&signature.ident)),
        ident: signature.ident.clone(),
        route: said_route.span,
        method: said_route.method,
        path,
        status: said_route.status.map_or(default, |(status, _)| status),
        safety: said.safety,
        idempotency_key: said.idempotency_key,
        timeout_ms: said.timeout_ms,
        deprecated: keep("deprecated").pop(),
        docs: keep("doc"),
        summary,
        description,
        context: found.context,
        parameters: found.parameters,
        reply,
        failure,
    })
}

fn receiver(signature: &syn::Signature, problems: &mut Problems) {
    let message = "a method of a service takes `&self`, since calls run at the same time";
    match signature.inputs.first() {
        Some(FnArg::Receiver(receiver)) => {
            let shared = receiver.reference.is_some() && receiver.mutability.is_none();
            if !shared || receiver.colon_token.is_some() {
                problems.at(receiver, message);
            }
        }
        _ => problems.at(&signature.ident, message),
    }
}

type Output = (Option<Type>, Option<Type>);

/// The body of the success and the failures of `Result<_, Error<_>>`.
fn output(output: &ReturnType, at: proc_macro2::Span, problems: &mut Problems) -> Option<Output> {
    const MESSAGE: &str = "a method of a service returns `Result<Body, tieline::Error<Failure>>`, or \
                           `Result<Body, tieline::Error>` where it declares no failure";
    let ReturnType::Type(_, ty) = output else {
        problems.add(syn::Error::new(at, MESSAGE));
        return None;
    };
    let read = || {
        let [reply, error] = path_arguments(ty, "Result")?[..] else {
            return None;
        };
        let failure = match path_arguments(error, "Error")?[..] {
            [] => None,
            [failure] if parameter::last_segment(failure).is_some_and(|last| last == "NoFailure") => None,
            [failure] => Some(failure.clone()),
            _ => return None,
        };
        let nothing = matches!(reply, Type::Tuple(tuple) if tuple.elems.is_empty());
        Some(((!nothing).then(|| reply.clone()), failure))
    };
    let read = read();
    if read.is_none() {
        problems.add(syn::Error::new(ty.span(), MESSAGE));
    }
    read
}

fn path_arguments<'a>(ty: &'a Type, name: &str) -> Option<Vec<&'a Type>> {
    match ty {
        Type::Path(path) => arguments(&path.path, name),
        Type::Group(group) => path_arguments(&group.elem, name),
        _ => None,
    }
}
