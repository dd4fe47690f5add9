//! Serving: requests to typed handlers and back, sockets, connections and their end.
//!
//! ```text
//! serve ── Service: routes ── context ── request ── handler ── reply | problem
//!       └─ grpc::Service: the same around messages
//! ```

pub mod auth;
mod body;
#[cfg(feature = "grpc")]
pub mod grpc;
mod handler;
pub mod idempotency;
mod inbound;
pub mod internal;
mod once;
mod parts;
mod problem;
mod query;
mod refusal;
mod reply;
mod request;
mod routes;
pub mod serve;
mod service;
mod setup;
pub mod shedding;
mod stream;
mod table;
mod tls;

pub use problem::{ErrorStyle, RenderError};
pub use service::{DEFAULT_BODY_LIMIT, Service, not_found};
pub use setup::{Setup, SetupError};
