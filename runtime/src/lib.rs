//! The resilient runtime that typed service clients and servers stand on.
//!
//! Users meet four things here: a [`Client`] (and, wrapped around it, generated clients), the [`Error`] that every
//! call can end in, the [`Context`] that travels with a call, and the [policies](policy) on the way. Generated code
//! enters by one door, [`generated`].
//!
//! # Features
//!
//! | feature | what it adds |
//! |---|---|
//! | `client` (default) | HTTP clients |
//! | `server` | servers: tower services and axum routers around an implementation of a generated trait |
//! | `sqlite` | servers keep idempotency keys in a SQLite file |
//! | `postgres` | servers keep idempotency keys in PostgreSQL |
//! | `redis` | servers keep idempotency keys in Redis or Valkey |
//! | `gzip` | gzip: replies are expanded, requests compressed where that is set; servers expand requests |
//! | `chrono` | dates with the values of `chrono`: generated code with `time = "chrono"` needs it |
//! | `time` | the same of the `time` crate |
//! | `xml` | bodies in XML: generated code of contracts that have some needs it |
//! | `dns` | endpoints by DNS for as long as records hold, and by SRV records |
//! | `kubernetes` | endpoints by the EndpointSlices of Kubernetes |
//! | `grpc` | gRPC clients and, with `server`, gRPC servers and the health service |
//! | `mock` | programmable mocks of generated traits |
//! | `blocking` | blocking clients, usable inside and outside a tokio runtime |
//! | `macros` | `#[service_client]` and `#[derive(ServiceError)]` |
//! | `contract`, `contract-proto` | `#[service_client(contract = "pets.yaml")]`: contract first, in a macro |
//! | `schema` | OpenAPI documents of `#[service_client]` traits |

mod adapter;
pub mod background;
#[cfg(feature = "blocking")]
pub mod blocking;
pub mod bulk;
pub mod call;
pub mod client;
pub mod clock;
pub mod code;
pub mod codec;
pub mod config;
pub mod context;
pub mod dialect;
pub mod endpoints;
pub mod error;
pub mod generated;
#[cfg(feature = "grpc")]
pub mod grpc;
pub mod headers;
pub mod http;
#[cfg(all(test, tieline_loom))]
mod interleavings;
pub mod long_running;
#[cfg(feature = "mock")]
pub mod mock;
pub mod observe;
pub mod operation;
mod orchestrate;
pub mod policy;
pub mod random;
pub mod registry;
pub mod rest;
#[cfg(feature = "schema")]
pub mod schema;
#[cfg(feature = "server")]
pub mod server;
pub mod service_error;
pub mod stream;
mod sync;
pub mod testing;

/// Stands on implementations of generated traits and of `#[service_client]` traits.
pub use async_trait::async_trait;
#[cfg(feature = "macros")]
pub use tieline_macros::{ServiceError, service_client};

pub use self::call::Reply;
pub use self::client::Client;
pub use self::code::Code;
pub use self::context::Context;
pub use self::error::{Error, ErrorKind};
#[doc(hidden)]
pub use self::generated::names as __names;
pub use self::registry::{
    ClientConfig, Registry, create_client, get_client, register_client_config, registry,
};
