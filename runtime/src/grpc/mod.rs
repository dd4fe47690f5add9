//! gRPC over HTTP/2, in bytes: framing, status, the four call shapes on both
//! sides, and health. Messages are encoded and decoded by others.
//!
//! ```text
//! client:  Frame ── Line (http) ── Messages ── Status from trailers
//! server:  http request ── GrpcService ── handler of one of four shapes
//! ```
//!
//! The rules are those of gRPC's `PROTOCOL-HTTP2.md`.

mod cancel;
mod client;
mod frame;
pub mod health;
#[cfg(feature = "server")]
mod server;
mod status;
mod timeout;
mod typed;

pub use client::{
    CallOptions, GrpcFailure, GrpcReply, GrpcStream, Messages, bidi_streaming, client_streaming,
    server_streaming, unary,
};
pub use frame::{DEFAULT_MESSAGE_LIMIT, Frame};
#[cfg(feature = "server")]
pub use server::{Answer, AnswerMessages, GrpcService, Received, ReceivedMessages};
pub use status::Status;
pub use timeout::{format_timeout, parse_timeout};
pub(crate) use typed::with_details;
pub use typed::{Details, GrpcMethod, Streaming};
