//! gRPC services: a file a service, with a module a method, the trait, client, blocking client, mock and server.
//!
//! Messages are prost's; what stands here are the static facts and thin shims around the runtime.

use std::path::PathBuf;

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use tieline_contract::model::CallShape;

use super::tokens::{deprecated, docs, handshake, ident};
use crate::plan::methods::{GrpcPlan, MethodPlan, ServicePlan};
use crate::plan::{Form, Plan};

/// A file: its path, what it is, and its items.
pub(crate) type File = (PathBuf, String, TokenStream);

/// The files of a protobuf contract.
///
/// # Errors
/// prost-build wrote what is no Rust.
pub(crate) fn emit(plan: &Plan, grpc: &GrpcPlan) -> Result<Vec<File>, (PathBuf, syn::Error)> {
    let mut files = vec![
        (PathBuf::from("mod.rs"), String::new(), root(grpc)),
        (
            PathBuf::from("types.rs"),
            "The messages, by package.".to_owned(),
            types(grpc)?,
        ),
    ];
    for each in &grpc.services {
        let path = PathBuf::from(format!("{}.rs", each.module));
        files.push((
            path,
            format!("The service `{}`.", each.full_name),
            service(each, plan),
        ));
    }
    Ok(files)
}

/// A contract of one service has it at the root.
fn root(grpc: &GrpcPlan) -> TokenStream {
    let modules = grpc.services.iter().map(|service| {
        let name = ident(&service.module);
        if grpc.services.len() == 1 {
            return quote!(mod #name; #[allow(unused_imports, reason = "in a private module, not all of it is used")] pub use #name::*;);
        }
        let docs = docs(&service.docs.summary());
        quote!(#docs pub mod #name;)
    });
    let handshake = (!grpc.services.is_empty()).then(handshake);
    quote! {
        #handshake
        /// The messages, by package.
        pub mod types;
        #(#modules)*
    }
}

/// The messages of a contract's only package can be named without it.
fn types(grpc: &GrpcPlan) -> Result<TokenStream, (PathBuf, syn::Error)> {
    let messages: TokenStream = grpc
        .messages
        .parse()
        .map_err(|error| (PathBuf::from("types.rs"), syn::Error::from(error)))?;
    let short = match grpc.packages.as_slice() {
        [package] if !package.is_empty() && has_messages(grpc) => {
            let parts = package.iter().map(|part| ident(part));
            quote!(#[allow(unused_imports, reason = "in a private module, not all of it is used")] pub use self #(::#parts)*::*;)
        }
        _ => TokenStream::new(),
    };
    Ok(quote!(#messages #short))
}

/// Whether there is something to be named: a service can do with messages of other packages.
fn has_messages(grpc: &GrpcPlan) -> bool {
    grpc.messages.contains("pub struct") || grpc.messages.contains("pub enum")
}

fn service(service: &ServicePlan, plan: &Plan) -> TokenStream {
    let modules = service
        .methods
        .iter()
        .enumerate()
        .map(|(index, method)| module(service, method, index));
    let sections = plan.sections;
    let section = |feature: &str, wanted: bool, items: fn(&ServicePlan) -> Vec<TokenStream>| {
        let items = if wanted { items(service) } else { Vec::new() };
        // In a crate of its own a part stands behind the feature of its name.
        match plan.form {
            Form::Crate => quote!(#(#[cfg(feature = #feature)] #items)*),
            Form::Included | Form::Folder => quote!(#(#items)*),
        }
    };
    let (contract, api) = (contract(service, plan), api(service));
    let client = section("client", sections.client, client);
    let blocking = section("blocking", sections.blocking, blocking);
    let mock = section("mock", sections.mock, mock);
    let server = section("server", sections.server, server);
    quote! {
        use super::v1;
        #(#modules)*
        #contract
        #api
        #client
        #blocking
        #mock
        #server
    }
}

fn module(plan: &ServicePlan, method: &MethodPlan, index: usize) -> TokenStream {
    let name = ident(&method.name);
    let (service, id, path) = (&plan.full_name, &method.id, &method.path);
    let request = message(&method.types.request);
    let response = message(&method.types.response);
    let shape = shape(method.shape);
    let safety = format_ident!("{}", method.safety);
    let timeout = match method.timeout_ms {
        None => quote!(::core::option::Option::None),
        Some(millis) => quote!(::core::option::Option::Some(::core::time::Duration::from_millis(#millis))),
    };
    let docs = docs(&method.docs);
    quote! {
        #docs
        pub mod #name {
            use super::v1;

            /// The message that is sent.
            pub type Request = #request;
            /// The message that comes back.
            pub type Response = #response;
            /// What a failure says beside its code.
            pub type Failure = v1::Details;

            /// The method.
            #[derive(Debug, Clone, Copy)]
            pub enum Method {}

            impl v1::GrpcMethod for Method {
                type Request = Request;
                type Response = Response;
                const OPERATION: &'static v1::Operation = &OPERATION;
            }

            /// The static facts.
            pub static OPERATION: v1::Operation = v1::Operation {
                service: #service,
                id: #id,
                index: #index,
                shape: v1::CallShape::#shape,
                safety: v1::Safety::#safety,
                idempotency_key: ::core::option::Option::None,
                timeout: #timeout,
                security: &[],
                extras: v1::Extras::NONE,
                binding: v1::Binding::Grpc(#path),
            };
        }
    }
}

fn contract(service: &ServicePlan, plan: &Plan) -> TokenStream {
    let (name, title, version) = (&plan.name, &plan.title, &plan.version);
    let servers = super::tokens::servers(&plan.servers);
    let operations = service.methods.iter().map(|method| ident(&method.name));
    quote! {
        /// The contract, as the runtime reads it.
        pub static CONTRACT: v1::Contract = v1::Contract {
            name: #name,
            title: #title,
            version: #version,
            servers: &[#(#servers),*],
            operations: &[#(&#operations::OPERATION),*],
            security_schemes: &[],
        };
    }
}

fn api(plan: &ServicePlan) -> TokenStream {
    let docs = docs(&plan.docs);
    let methods = plan.methods.iter().map(|method| {
        let (docs, deprecated) = (self::docs(&method.docs), deprecated(method.deprecated));
        let signature = signature(method);
        quote! { #docs #deprecated #signature; }
    });
    quote! {
        #docs
        ///
        /// Implemented by [`Client`], by mocks and by servers.
        #[v1::async_trait]
        pub trait Api: ::core::marker::Send + ::core::marker::Sync {
            #(#methods)*
        }
    }
}

fn signature(method: &MethodPlan) -> TokenStream {
    let name = ident(&method.name);
    let request = streamed(method.shape.streams_requests(), &quote!(#name::Request));
    let response = streamed(method.shape.streams_replies(), &quote!(#name::Response));
    quote! {
        async fn #name(
            &self,
            cx: ::tieline::Context,
            request: #request,
        ) -> ::core::result::Result<#response, ::tieline::Error<v1::Details>>
    }
}

fn client(plan: &ServicePlan) -> Vec<TokenStream> {
    let calls = plan.methods.iter().map(|method| {
        let (name, wrapper, request) = (ident(&method.name), shape(method.shape), argument(method));
        let (docs, deprecated) = (self::docs(&method.docs), deprecated(method.deprecated));
        quote! {
            #docs
            #deprecated
            pub fn #name(&self, request: #request) -> Pending<'_, v1::#wrapper<#name::Method>> {
                Pending::new(&self.0, v1::#wrapper(request))
            }
        }
    });
    let forwards = plan.methods.iter().map(|method| {
        let (signature, wrapper, name) = (signature(method), shape(method.shape), ident(&method.name));
        quote! {
            #signature {
                v1::call(&self.0, cx, v1::#wrapper::<#name::Method>(request)).await
            }
        }
    });
    vec![
        quote! { v1::client!(CONTRACT); },
        quote! { impl Client { #(#calls)* } },
        quote! { #[v1::async_trait] impl Api for Client { #(#forwards)* } },
    ]
}

fn blocking(plan: &ServicePlan) -> Vec<TokenStream> {
    let calls = plan
        .methods
        .iter()
        .filter(|method| method.shape == CallShape::Unary)
        .map(|method| {
            let name = ident(&method.name);
            let (docs, deprecated) = (self::docs(&method.docs), deprecated(method.deprecated));
            quote! {
                #docs
                #deprecated
                pub fn #name(
                    &self,
                    request: super::#name::Request,
                ) -> super::Pending<'_, v1::Unary<super::#name::Method>, v1::Blocking> {
                    super::Pending::new(&self.0, v1::Unary(request))
                }
            }
        });
    vec![quote! {
        /// The client for code that is not async. Streams need an async one.
        pub mod blocking {
            use super::v1;

            v1::blocking_client!(super::Client);

            impl Client { #(#calls)* }
        }
    }]
}

fn mock(plan: &ServicePlan) -> Vec<TokenStream> {
    let fields = plan.methods.iter().map(|method| {
        let (name, wrapper) = (ident(&method.name), shape(method.shape));
        let says = format!("Programs and records `{}`.", method.id);
        quote! { #[doc = #says] pub #name: v1::mock::Method<v1::#wrapper<#name::Method>> }
    });
    let methods = plan.methods.iter().map(|method| {
        let (signature, name, wrapper) = (signature(method), ident(&method.name), shape(method.shape));
        quote! { #signature { self.#name.call(cx, v1::#wrapper(request)).await } }
    });
    vec![
        quote! {
            /// A mock of [`Api`]: each operation is programmed, and records its calls. Clones share both.
            #[derive(Debug, Clone, Default)]
            pub struct Mock { #(#fields),* }
        },
        quote! {
            impl Mock {
                /// A mock of which nothing is programmed.
                pub fn new() -> Self {
                    <Self as ::core::default::Default>::default()
                }
            }
        },
        quote! { #[v1::async_trait] impl Api for Mock { #(#methods)* } },
    ]
}

fn server(plan: &ServicePlan) -> Vec<TokenStream> {
    let routes = plan.methods.iter().map(|method| {
        let name = ident(&method.name);
        let shape = match method.shape {
            CallShape::Unary => format_ident!("unary"),
            CallShape::ServerStreaming => format_ident!("server_streaming"),
            CallShape::ClientStreaming => format_ident!("client_streaming"),
            CallShape::Bidirectional => format_ident!("bidirectional"),
        };
        quote! { .#shape::<#name::Method, _>(&api, |api, cx, request| api.#name(cx, request)) }
    });
    vec![
        quote! {
            /// A gRPC service that answers by `api`.
            pub fn service(api: impl Api + 'static) -> v1::server::grpc::Service {
                let api: ::std::sync::Arc<dyn Api> = ::std::sync::Arc::new(api);
                v1::server::grpc::Service::new() #(#routes)*
            }
        },
        quote! {
            /// Routes that answer by `api`, to be merged with others.
            pub fn router(api: impl Api + 'static) -> v1::axum::Router {
                service(api).into_router()
            }
        },
    ]
}

/// What a method of the client takes.
fn argument(method: &MethodPlan) -> TokenStream {
    let name = ident(&method.name);
    streamed(method.shape.streams_requests(), &quote!(#name::Request))
}

fn streamed(streams: bool, ty: &TokenStream) -> TokenStream {
    if streams {
        quote!(v1::Streaming<#ty>)
    } else {
        ty.clone()
    }
}

fn shape(shape: CallShape) -> proc_macro2::Ident {
    match shape {
        CallShape::Unary => format_ident!("Unary"),
        CallShape::ServerStreaming => format_ident!("ServerStreaming"),
        CallShape::ClientStreaming => format_ident!("ClientStreaming"),
        CallShape::Bidirectional => format_ident!("Bidirectional"),
    }
}

/// A type that stands in the module `types`, or one of Rust's own, as seen in a method's module.
fn message(path: &str) -> TokenStream {
    // prost-build wrote it, so it parses; were it not to, the unit type would fail to compile where it is used.
    let tokens: TokenStream = path.parse().unwrap_or_else(|_| quote!(()));
    if path.starts_with("types::") {
        quote!(super::super::#tokens)
    } else {
        tokens
    }
}
