//! Operations: what a caller gives, what can come back, and what a runtime may do on its own.

use super::{
    Binding, Bulk, FormStyle, InputPlace, Lifecycle, Link, Origin, Paging, Requirement, Server, TextStyle,
    TypeUse, Xml,
};

/// One operation of a service.
#[derive(Debug, Clone, PartialEq)]
pub struct Operation {
    /// Unique within its service: `getPet`, `CreateUser`.
    pub id: String,
    /// One line.
    pub summary: Option<String>,
    /// Documentation (CommonMark).
    pub docs: Option<String>,
    /// Marked as deprecated.
    pub deprecated: bool,
    /// Tags, for grouping and selection.
    pub tags: Vec<String>,
    /// How many messages go each way.
    pub shape: CallShape,
    /// What the caller gives, in the order of the source, the body last.
    pub inputs: Vec<Input>,
    /// What comes back when it works. Never empty; the first is the usual one.
    pub successes: Vec<Reply>,
    /// What comes back when it does not.
    pub failures: Vec<Reply>,
    /// What a runtime may do on its own.
    pub behaviour: Behaviour,
    /// Alternatives, of which one must be satisfied. Empty: nothing is required.
    pub security: Vec<Requirement>,
    /// Since when it is deprecated, and when it ends.
    pub lifecycle: Lifecycle,
    /// Whether what comes back is a page of a list, and how the next is found.
    pub paging: Paging,
    /// How it answers for many keys, where it does.
    pub bulk: Option<Bulk>,
    /// Where it can be reached, when that is not where the contract can be.
    pub servers: Vec<Server>,
    /// How it travels. At least one.
    pub bindings: Vec<Binding>,
    /// What the callee sends on its own, later, to addresses that it was given.
    pub callbacks: Vec<Callback>,
    /// Where it was written.
    pub origin: Origin,
}

impl Operation {
    /// Every use of a type that it makes: of its inputs, in each of their forms, and of what comes back.
    pub fn uses(&self) -> impl Iterator<Item = &TypeUse> {
        let inputs = self.inputs.iter().map(|input| &input.value);
        let places = self.bindings.iter().flat_map(|binding| match binding {
            Binding::Http(http) => &*http.inputs,
            Binding::Grpc(_) | Binding::HttpRule(_) => &[],
        });
        let others = places.flat_map(|place| match place {
            InputPlace::Body { others, .. } => &**others,
            _ => &[],
        });
        let replies = self.successes.iter().chain(&self.failures);
        inputs
            .chain(others.map(|body| &body.value))
            .chain(replies.flat_map(Reply::values))
    }
}

/// Requests that a callee sends later, to an address that it learns from the call.
#[derive(Debug, Clone, PartialEq)]
pub struct Callback {
    /// Its name: `onData`.
    pub name: String,
    /// Where the address is found, as written: `{$request.body#/callbackUrl}`.
    pub expression: String,
    /// What is sent. They travel to the address itself: their paths are empty.
    pub operations: Vec<Operation>,
}

/// How many messages go each way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum CallShape {
    /// One request, one reply.
    #[default]
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

/// Something that the caller gives.
#[derive(Debug, Clone, PartialEq)]
pub struct Input {
    /// Its name on the wire; `body` for a body.
    pub name: String,
    /// Documentation (CommonMark).
    pub docs: Option<String>,
    /// Must be given.
    pub required: bool,
    /// Marked as deprecated.
    pub deprecated: bool,
    /// Its type.
    pub value: TypeUse,
    /// The value that the callee assumes when it is absent.
    pub default: Option<serde_json::Value>,
    /// A value that the contract shows, or one put together from what it shows of parts.
    pub example: Option<serde_json::Value>,
}

/// One thing that can come back. Several of one status are told apart by their media types, the preferred first.
#[derive(Debug, Clone, PartialEq)]
pub struct Reply {
    /// The statuses that it stands for. gRPC's one success is `Code(200)`.
    pub status: StatusMatch,
    /// Documentation (CommonMark).
    pub docs: Option<String>,
    /// The headers that it carries, `Content-Type` left aside.
    pub headers: Vec<ReplyHeader>,
    /// Its body. `None`: empty.
    pub body: Option<Body>,
    /// What it leads to.
    pub links: Vec<Link>,
}

impl Reply {
    /// The types of all that it carries.
    pub fn values(&self) -> impl Iterator<Item = &TypeUse> {
        let headers = self.headers.iter().map(|header| &header.value);
        headers.chain(self.body.as_ref().map(|body| &body.value))
    }
}

/// A header of a reply.
#[derive(Debug, Clone, PartialEq)]
pub struct ReplyHeader {
    /// Its name, as written; the case of letters means nothing.
    pub name: String,
    /// Documentation (CommonMark).
    pub docs: Option<String>,
    /// Every such reply has it.
    pub required: bool,
    /// Marked as deprecated.
    pub deprecated: bool,
    /// How its value is written.
    pub style: TextStyle,
    /// Its type.
    pub value: TypeUse,
}

/// HTTP statuses that a reply stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum StatusMatch {
    /// This one.
    Code(u16),
    /// All of this hundred: `Range(4)` is `4XX`.
    Range(u8),
    /// All that no other reply names.
    Default,
}

/// A body and how it is written.
#[derive(Debug, Clone, PartialEq)]
pub struct Body {
    /// The media type, as written in the contract: `application/json`.
    pub media_type: String,
    /// How values become octets.
    pub encoding: Encoding,
    /// The type of the value.
    pub value: TypeUse,
    /// What its elements are called, where it is XML.
    pub xml: Option<Box<Xml>>,
    /// Other media types that carry a value of this type.
    pub also: Vec<Media>,
}

/// A media type, and how a value is written in it.
#[derive(Debug, Clone, PartialEq)]
pub struct Media {
    /// The media type, as written in the contract.
    pub media_type: String,
    /// How values become octets.
    pub encoding: Encoding,
    /// The media types of the parts of a multipart body that say theirs: property, media types, separated by commas.
    /// Items of a list have an empty name.
    pub parts: Vec<(String, String)>,
    /// How properties of a form are written that say it: property, style.
    pub styles: Vec<(String, FormStyle)>,
    /// What its elements are called, where it is XML.
    pub xml: Option<Box<Xml>>,
}

/// How values become octets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// JSON (RFC 8259).
    Json,
    /// `application/x-www-form-urlencoded`.
    Form,
    /// `multipart/…`: each property a part; the value is an object. But for `multipart/form-data` it may be a list, each item
    /// a part.
    Multipart,
    /// XML (1.0, with namespaces).
    Xml,
    /// UTF-8 text as it is; the value is a string.
    Text,
    /// Octets as they are; the value is `Scalar::Binary`.
    Bytes,
    /// Server-sent events; the value is that of the data of one, as JSON.
    Events,
    /// Server-sent events; the value is that of the data of one, as text.
    TextEvents,
    /// A JSON text a line (NDJSON, JSON Lines); the value is that of one.
    Lines,
    /// JSON texts, each behind a record separator (RFC 7464); the value is that of one.
    Sequence,
    /// Protocol Buffers.
    Protobuf,
}

/// What a runtime may do on its own.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Behaviour {
    /// Whether a call may be sent twice.
    pub safety: Safety,
    /// The request header that carries an idempotency key, when the contract declares one.
    pub idempotency_key: Option<IdempotencyKey>,
    /// Default total deadline, in milliseconds, when the contract gives one.
    pub timeout_ms: Option<u64>,
    /// How much it matters that a server handles it, when the contract says so.
    pub priority: Option<Priority>,
}

/// How much it matters that a request is handled when there are too many, the least first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Priority {
    /// Batch work that may fail for hours.
    Sheddable,
    /// Batch work that is tried again minutes later.
    SheddablePlus,
    /// What users see.
    Critical,
    /// What must not fail.
    CriticalPlus,
}

impl Priority {
    /// The priority of this name, such as `sheddable_plus`.
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "sheddable" => Self::Sheddable,
            "sheddable_plus" => Self::SheddablePlus,
            "critical" => Self::Critical,
            "critical_plus" => Self::CriticalPlus,
            _ => return None,
        })
    }
}

/// An idempotency key header that the contract declares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyKey {
    /// The header's name, as written.
    pub header: String,
    /// The contract requires it.
    pub required: bool,
}

/// Whether a call may be sent twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Safety {
    /// It may not: sending it twice can act twice.
    #[default]
    Unsafe,
    /// Sending it twice has the effect of once (PUT, DELETE, `IDEMPOTENT`).
    Idempotent,
    /// It has no effect (GET, HEAD, OPTIONS, `NO_SIDE_EFFECTS`).
    Safe,
}
