//! The module of an operation: `Request`, `Response`, `Failure`, `OPERATION`.

use proc_macro2::{Literal, TokenStream};
use quote::{format_ident, quote};
use syn::{Ident, Type};

use super::aliases;
use crate::service::{Operation, Parameter, Place, Segment, Service};

/// Types of the codec's own, which stand in requests as they are.
const NATIVE: [&str; 8] = ["bool", "i32", "i64", "u32", "u64", "f32", "f64", "String"];

/// The module.
pub(super) fn emit(service: &Service, index: usize, operation: &Operation) -> TokenStream {
    let name = &operation.ident;
    let about = about(operation);
    let request = request(service, operation);
    let facts = facts(service, index, operation);
    let above = quote!(super::super::);
    let status = Literal::u16_suffixed(operation.status);
    let body = aliases::reply_type(service, operation, &above);
    let response = match operation.reply {
        Some(_) => quote!(v1::Replied<#body, #status>),
        None => quote!(v1::Empty<#status>),
    };
    let failure = aliases::failure_type(service, operation, &above);
    quote! {
        #about
        pub mod #name {
            use super::v1;
            #request
            /// What comes back when it works: made of the body by `into()`.
            pub type Response = #response;
            /// What comes back when it does not.
            pub type Failure = #failure;
            #facts
            impl v1::Call for Request {
                type Response = Response;
                type Failure = Failure;
                type Output = #body;
                const OPERATION: &'static v1::Operation = &OPERATION;
                fn send(self, client: &v1::Client, options: v1::CallOptions) -> v1::Sending<'_, Self> {
                    v1::send_http(client, self, options)
                }
                fn output(response: Response) -> Self::Output {
                    response.into_body()
                }
            }
        }
    }
}

/// The documentation of the method, or else its route.
fn about(operation: &Operation) -> TokenStream {
    if operation.docs.is_empty() {
        let route = format!(" `{} {}`", operation.method, path(&operation.path));
        quote!(#[doc = #route])
    } else {
        let docs = &operation.docs;
        quote!(#(#docs)*)
    }
}

/// The documentation of the method of a client or a mock.
pub(super) fn method_docs(operation: &Operation) -> TokenStream {
    about(operation)
}

fn path(segments: &[Segment]) -> String {
    let run = |segment: &Segment| match segment {
        Segment::Literal(text) => text.clone(),
        Segment::Variable(name) => format!("{{{name}}}"),
    };
    segments.iter().map(run).collect()
}

fn request(service: &Service, operation: &Operation) -> TokenStream {
    let above = quote!(super::super::);
    let held: Vec<_> = operation
        .parameters
        .iter()
        .enumerate()
        .map(|(index, parameter)| {
            let alias = aliases::input(service, operation, index);
            held(parameter, quote!(#above #alias))
        })
        .collect();
    let names: Vec<_> = aliases::names(operation).collect();
    let docs = operation.parameters.iter().map(field_docs);
    let typed = aliases::typed(service, operation, &above);
    let id = &operation.id;
    let fields = operation.parameters.iter().map(|parameter| {
        let name = &parameter.name;
        if parameter.required() {
            quote!(v1::Field::required(#name))
        } else {
            quote!(v1::Field::optional(#name))
        }
    });
    let indices = (0..names.len()).map(Literal::usize_unsuffixed);
    let clone = clone(operation, &held, &names);
    let vis = aliases::two_below(&service.vis);
    let default = names.is_empty().then(|| quote!(#[derive(Default)]));
    quote! {
        /// What it takes.
        #default
        #vis struct Request {
            #(#docs pub #names: #held,)*
        }
        impl Request {
            /// A request of these.
            pub fn new(#(#typed),*) -> Self {
                Self { #(#names: v1::hold(#names)),* }
            }
        }
        #clone
        pub(super) static REQUEST: v1::Shape = v1::Shape::new(#id, &[#(#fields),*]);
        v1::record!(Request = REQUEST { #(#indices: #names),* });
    }
}

/// A request can be cloned where its parts can: the bound is no demand on the user's types, since it is judged where it
/// is used.
fn clone(operation: &Operation, held: &[TokenStream], names: &[&Ident]) -> TokenStream {
    let foreign = operation
        .parameters
        .iter()
        .zip(held)
        .filter(|(parameter, _)| !is_native(&parameter.inner));
    let bounds: Vec<_> = foreign
        .map(|(_, held)| quote!(for<'held> #held: ::core::clone::Clone))
        .collect();
    let bounds = (!bounds.is_empty()).then(|| quote!(where #(#bounds),*));
    quote! {
        impl ::core::clone::Clone for Request #bounds {
            fn clone(&self) -> Self {
                Self { #(#names: ::core::clone::Clone::clone(&self.#names)),* }
            }
        }
    }
}

fn field_docs(parameter: &Parameter) -> TokenStream {
    let text = match (parameter.docs.as_str(), parameter.place) {
        ("", Place::Body) => " The body.".to_owned(),
        ("", place) => format!(" The {} parameter `{}`.", place.name(), parameter.name),
        (docs, _) => format!(" {docs}"),
    };
    quote!(#[doc = #text])
}

/// The type of the field that holds an argument.
fn held(parameter: &Parameter, alias: TokenStream) -> TokenStream {
    let inner = if is_native(&parameter.inner) {
        alias
    } else {
        quote!(v1::Serde<#alias>)
    };
    aliases::wrapped(parameter, inner)
}

fn is_native(ty: &Type) -> bool {
    let ident = match ty {
        Type::Path(path) if path.qself.is_none() => path.path.get_ident(),
        _ => None,
    };
    ident.is_some_and(|ident| NATIVE.iter().any(|native| ident == native))
}

fn facts(service: &Service, index: usize, operation: &Operation) -> TokenStream {
    let (name, id, index) = (&service.name, &operation.id, Literal::usize_unsuffixed(index));
    let method = format_ident!("{}", operation.method);
    let safety = safety(operation);
    let key = match &operation.idempotency_key {
        Some(key) => {
            let (header, required) = (&key.header, key.required);
            quote!(::core::option::Option::Some(v1::IdempotencyKey { header: #header, required: #required }))
        }
        None => quote!(::core::option::Option::None),
    };
    let timeout = match operation.timeout_ms {
        Some(ms) => quote!(::core::option::Option::Some(::core::time::Duration::from_millis(#ms))),
        None => quote!(::core::option::Option::None),
    };
    let segments = operation.path.iter().map(|run| segment(operation, run));
    let places = operation.parameters.iter().map(place);
    let status = Literal::u16_suffixed(operation.status);
    let body = match operation.reply {
        Some(_) => quote!(::core::option::Option::Some(v1::Body::JSON)),
        None => quote!(::core::option::Option::None),
    };
    let failures = match operation.failure {
        Some(_) => quote!(<Failure as v1::ServiceError>::REPLIES),
        None => quote!(&[]),
    };
    quote! {
        /// The static facts of the operation.
        pub static OPERATION: v1::Operation = v1::Operation {
            service: #name,
            id: #id,
            index: #index,
            shape: v1::CallShape::Unary,
            safety: v1::Safety::#safety,
            idempotency_key: #key,
            timeout: #timeout,
            security: &[],
            extras: v1::Extras::NONE,
            binding: v1::Binding::Http(v1::HttpBinding {
                method: v1::RouteMethod::Known(v1::Method::#method),
                path: &[#(#segments),*],
                inputs: &[#(#places),*],
                successes: &[v1::Reply { status: v1::StatusMatch::Code(#status), body: #body }],
                failures: #failures,
            }),
        };
    }
}

/// What is said, or else what HTTP says of the method (RFC 9110, 9.2).
fn safety(operation: &Operation) -> Ident {
    operation.safety.clone().unwrap_or_else(|| {
        let safety = match operation.method {
            "GET" | "HEAD" => "Safe",
            "PUT" | "DELETE" => "Idempotent",
            _ => "Unsafe",
        };
        format_ident!("{safety}")
    })
}

fn segment(operation: &Operation, segment: &Segment) -> TokenStream {
    match segment {
        Segment::Literal(text) => quote!(v1::Segment::Literal(#text)),
        Segment::Variable(name) => {
            let mut parameters = operation.parameters.iter();
            let is_it = |parameter: &Parameter| parameter.place == Place::Path && parameter.name == *name;
            // Checked before: each variable has its parameter.
            let index = Literal::usize_unsuffixed(parameters.position(is_it).unwrap_or_default());
            quote!(v1::Segment::Variable(#index))
        }
    }
}

fn place(parameter: &Parameter) -> TokenStream {
    match parameter.place {
        Place::Path => quote!(v1::InputPlace::Path(v1::TextStyle::Simple)),
        Place::Query => quote!(v1::InputPlace::Query(v1::QueryStyle::FormExploded)),
        Place::Header => quote!(v1::InputPlace::Header(v1::TextStyle::Simple)),
        Place::Cookie => quote!(v1::InputPlace::Cookie),
        Place::Body => quote!(v1::InputPlace::Body(v1::Body::JSON)),
    }
}
