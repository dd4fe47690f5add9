//! A typed request as HTTP, and an HTTP reply as a typed one: the client's half of the tables in
//! [`operation`](crate::operation). The server's half is in `server`.

mod form;
pub(crate) mod headers;
pub(crate) mod multipart;
mod query;
mod reply;
mod request;
mod style;
pub(crate) mod styled;

#[cfg(feature = "server")]
pub(crate) use form::write_form;
pub use headers::ReplyHeaders;
pub(crate) use query::PATH_SEGMENT;
#[cfg(feature = "server")]
pub(crate) use reply::put;
pub(crate) use reply::read_arriving;
pub use reply::read_reply;
pub(crate) use request::USUAL_HEADERS;
pub(crate) use request::write_request_as;
pub use request::{Encoded, write_request};
#[cfg(feature = "server")]
pub(crate) use request::{content_type, write_parts};
