//! The static facts of an operation: all that the runtime needs to know of a contract.
//!
//! The generator writes these tables as `static`s; nothing here is built at run time.

mod api;
pub(crate) mod deprecation;
mod extras;
mod macros;
pub(crate) mod media;
mod pagination;
mod priority;
mod request;
mod security;
pub mod server;

pub use deprecation::Deprecation;
pub use extras::Extras;
#[doc(hidden)]
pub use macros::status;
pub use media::match_reply;
pub use pagination::Pagination;
pub use priority::Priority;
pub use security::{Required, SchemeKind, SecurityScheme};
pub use server::{Server, ServerError, ServerVariable};

use std::time::Duration;

use http::StatusCode;

use crate::code::Code;
use crate::codec::{DecodeError, Framing, Value, Xml};

/// A contract, as embedded in generated code.
#[derive(Debug)]
pub struct Contract {
    /// Its short name: `pets`.
    pub name: &'static str,
    /// The title its author gave it.
    pub title: &'static str,
    /// The version its author gave it.
    pub version: &'static str,
    /// Addresses named by the contract, the default first.
    pub servers: &'static [Server],
    /// Every operation of every service.
    pub operations: &'static [&'static Operation],
    /// The security schemes that operations refer to, by index.
    pub security_schemes: &'static [SecurityScheme],
}

/// One operation.
#[derive(Debug)]
pub struct Operation {
    /// The service that offers it: the contract's name, or the proto service's full name.
    pub service: &'static str,
    /// Its id: `getPet`, `CreateUser`.
    pub id: &'static str,
    /// Its place in [`Contract::operations`].
    pub index: usize,
    /// How many messages go each way.
    pub shape: CallShape,
    /// Whether it may be sent twice.
    pub safety: Safety,
    /// The header that carries an idempotency key, when the contract declares one.
    pub idempotency_key: Option<IdempotencyKey>,
    /// Total deadline that the contract asks for.
    pub timeout: Option<Duration>,
    /// Alternatives, of which a caller must satisfy one: all of its schemes. Empty: nothing is asked for.
    pub security: &'static [&'static [Required]],
    /// How it travels.
    pub binding: Binding,
    /// What few operations say.
    pub extras: &'static Extras,
}

/// How many messages go each way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallShape {
    /// One request, one reply.
    Unary,
    /// One request, a stream of replies.
    ServerStreaming,
    /// A stream of requests, one reply.
    ClientStreaming,
    /// Streams both ways.
    Bidirectional,
}

impl CallShape {
    /// Whether the caller sends a stream.
    pub const fn streams_requests(self) -> bool {
        matches!(self, Self::ClientStreaming | Self::Bidirectional)
    }

    /// Whether the callee sends a stream.
    pub const fn streams_replies(self) -> bool {
        matches!(self, Self::ServerStreaming | Self::Bidirectional)
    }
}

/// Whether a call may be sent twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Safety {
    /// It may not, unless the first certainly was not processed.
    Unsafe,
    /// Twice has the effect of once.
    Idempotent,
    /// It has no effect.
    Safe,
}

impl Safety {
    /// Whether a failed attempt may be repeated.
    pub const fn is_repeatable(self) -> bool {
        !matches!(self, Self::Unsafe)
    }

    /// What HTTP says of a method (RFC 9110, sections 9.2.1 and 9.2.2).
    pub fn of_method(method: &http::Method) -> Self {
        match *method {
            http::Method::GET
            | http::Method::HEAD
            | http::Method::OPTIONS
            | http::Method::QUERY
            | http::Method::TRACE => Self::Safe,
            http::Method::PUT | http::Method::DELETE => Self::Idempotent,
            _ => Self::Unsafe,
        }
    }
}

/// An idempotency key header that the contract declares.
#[derive(Debug, Clone, Copy)]
pub struct IdempotencyKey {
    /// The header's name, in lower case.
    pub header: &'static str,
    /// A request without it is refused.
    pub required: bool,
}

/// How an operation travels.
#[derive(Debug)]
pub enum Binding {
    /// An HTTP route.
    Http(HttpBinding),
    /// A gRPC method: `/package.Service/Method`.
    Grpc(&'static str),
}

/// An HTTP route. The request is a [`Record`](crate::codec::Record), whose fields stand in the order of `inputs`.
#[derive(Debug)]
pub struct HttpBinding {
    /// The method.
    pub method: RouteMethod,
    /// The path, relative to the server's URL.
    pub path: &'static [Segment],
    /// Where each field of the request goes.
    pub inputs: &'static [InputPlace],
    /// What comes back when it works.
    pub successes: &'static [Reply],
    /// What comes back when it does not.
    pub failures: &'static [Reply],
}

/// The method of a route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RouteMethod {
    /// One that HTTP's own documents define.
    Known(http::Method),
    /// Any other, as it is sent: the case of letters counts.
    Other(&'static str),
}

impl RouteMethod {
    /// As it stands in a request line.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Known(method) => method.as_str(),
            Self::Other(name) => name,
        }
    }

    /// The same for a request. What cannot be a method, which no contract is read with, is GET.
    pub fn to_http(&self) -> http::Method {
        match self {
            Self::Known(method) => method.clone(),
            Self::Other(name) => http::Method::from_bytes(name.as_bytes()).unwrap_or_default(),
        }
    }
}

/// A run of a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Segment {
    /// Text as it is, slashes included.
    Literal(&'static str),
    /// The field of this index.
    Variable(usize),
}

/// Where a field of a request goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InputPlace {
    /// The path.
    Path(TextStyle),
    /// The path, in which reserved characters stand as they are, but for those that would mean something else.
    ReservedPath(TextStyle),
    /// The query.
    Query(QueryStyle),
    /// The query, in which reserved characters stand as they are, but for those that would mean something else.
    ReservedQuery(QueryStyle),
    /// All of the query.
    QueryString(Body),
    /// A header of the field's name.
    Header(TextStyle),
    /// A cookie of the field's name, style `form`.
    Cookie,
    /// A cookie, in which reserved characters stand as they are, but for those that no cookie can have.
    ReservedCookie,
    /// The body.
    Body(Body),
    /// The body, of one of several types: the field is a [`Union`](crate::codec::Union), whose alternatives stand in the
    /// order of these.
    Bodies(&'static [Body]),
}

impl InputPlace {
    /// All that the body can be, each with its alternative where there are several. Empty: it is no body.
    pub fn bodies(&self) -> &[Body] {
        match self {
            Self::Body(body) => std::slice::from_ref(body),
            Self::Bodies(bodies) => bodies,
            _ => &[],
        }
    }
}

/// How a value is written as one text (OpenAPI `style` and `explode`, after RFC 6570).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TextStyle {
    /// `1,2`; `a,1,b,2`.
    Simple,
    /// `1,2`; `a=1,b=2`.
    SimpleExploded,
    /// `.1,2`; `.a,1,b,2`. Path only.
    Label,
    /// `.1.2`; `.a=1.b=2`. Path only.
    LabelExploded,
    /// `;x=1,2`; `;x=a,1,b,2`. Path only.
    Matrix,
    /// `;x=1;x=2`; `;a=1;b=2`. Path only.
    MatrixExploded,
    /// JSON.
    Json,
}

/// How lists and objects are written in a query (OpenAPI `style` and `explode`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QueryStyle {
    /// `a=1&a=2`; an object's properties stand by themselves.
    FormExploded,
    /// `a=1,2`.
    Form,
    /// `a=1%202`.
    Space,
    /// `a=1%7C2`.
    Pipe,
    /// `a=1%092`.
    Tab,
    /// `a[b]=1`, `a[b][0]=1`.
    DeepObject,
    /// `a=<JSON>`.
    Json,
}

/// A body: its media type and how values become octets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Body {
    /// The media type.
    pub media_type: &'static str,
    /// How values become octets.
    pub encoding: Encoding,
    /// The media types of the parts of a multipart body that the contract says: property, media types, separated by commas.
    /// Items have an empty name.
    pub parts: &'static [(&'static str, &'static str)],
    /// How properties of a form are written where the contract says so: property, style.
    pub styles: &'static [(&'static str, QueryStyle)],
    /// Properties of a form in which reserved characters stand as they are.
    pub reserved: &'static [&'static str],
    /// Other media types that carry a value of the same type.
    pub also: &'static [Body],
}

impl Body {
    /// `application/json`.
    pub const JSON: Self = Self {
        media_type: "application/json",
        encoding: Encoding::Json,
        parts: &[],
        styles: &[],
        reserved: &[],
        also: &[],
    };
}

/// How values become octets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// JSON (RFC 8259).
    Json,
    /// `application/x-www-form-urlencoded`.
    Form,
    /// `multipart/…`: each property a part, or, but for `multipart/form-data`, each item.
    Multipart,
    /// XML, by this table.
    Xml(&'static Xml),
    /// UTF-8 text as it is.
    Text,
    /// Octets as they are, held in memory.
    Bytes,
    /// Octets as they come and go: the value is [`Octets`](crate::stream::Octets).
    Octets,
    /// Server-sent events whose data is JSON: the value is [`Events`](crate::stream::Events).
    Events,
    /// Server-sent events whose data is text.
    TextEvents,
    /// A JSON text a line (NDJSON, JSON Lines): the value is [`Items`](crate::stream::Items).
    Lines,
    /// JSON texts, each behind a record separator (RFC 7464): the value is [`Items`](crate::stream::Items).
    Sequence,
}

impl Encoding {
    /// How pieces stand in the octets, where the body goes piece by piece.
    pub const fn framing(self) -> Option<Framing> {
        match self {
            Self::Octets => Some(Framing::Octets),
            Self::Events => Some(Framing::Events),
            Self::TextEvents => Some(Framing::TextEvents),
            Self::Lines => Some(Framing::Lines),
            Self::Sequence => Some(Framing::Sequence),
            Self::Json | Self::Form | Self::Multipart | Self::Xml(_) | Self::Text | Self::Bytes => None,
        }
    }
}

/// One thing that can come back. Several of one status are told apart by their media types, the preferred first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reply {
    /// The statuses that it stands for.
    pub status: StatusMatch,
    /// Its body. `None`: empty.
    pub body: Option<Body>,
}

/// HTTP statuses that a reply stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StatusMatch {
    /// This one.
    Code(u16),
    /// All of this hundred.
    Range(u8),
    /// All that no other reply names.
    Default,
}

/// The reply among `replies` that stands for `status`: an exact one before a range before the default.
pub fn match_status(replies: &[Reply], status: StatusCode) -> Option<usize> {
    let code = status.as_u16();
    let position = |wanted: StatusMatch| replies.iter().position(|reply| reply.status == wanted);
    position(StatusMatch::Code(code))
        .or_else(|| position(StatusMatch::Range((code / 100) as u8)))
        .or_else(|| position(StatusMatch::Default))
}

/// The typed replies of an operation: an enum with a variant for each entry of a table of [`Reply`].
pub trait ReplySet: Send + Sync + 'static {
    /// The variant it holds: its index in the table, its status, and its body (`&()` when it has none).
    fn active(&self) -> (usize, StatusCode, &dyn Value);
    /// The canonical code, where the variant says more than its status does: 409 alone is ABORTED or ALREADY_EXISTS.
    fn code(&self) -> Option<Code> {
        None
    }
    /// The variant of `index`, its body read by `fill`.
    fn decode(index: usize, status: StatusCode, fill: &mut Fill<'_>) -> Result<Self, DecodeError>
    where
        Self: Sized;
}

/// Reads a body into the place given.
pub type Fill<'a> = dyn FnMut(&mut dyn Value) -> Result<(), DecodeError> + 'a;

/// A new value, read by `fill`.
pub fn filled<T: Value>(fill: &mut Fill<'_>) -> Result<T, DecodeError> {
    let mut value = T::blank();
    fill(&mut value)?;
    Ok(value)
}

/// The failures of an operation whose contract declares none: there is no value of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoFailure {}

impl ReplySet for NoFailure {
    fn active(&self) -> (usize, StatusCode, &dyn Value) {
        match *self {}
    }

    fn decode(_: usize, _: StatusCode, _: &mut Fill<'_>) -> Result<Self, DecodeError> {
        Err(DecodeError::new("the contract declares no failure"))
    }
}
