//! How an operation travels. The only part of the model that knows a protocol.

use std::sync::Arc;

use super::{Encoding, Media, TypeUse, Xml};

/// How an operation travels.
#[derive(Debug, Clone, PartialEq)]
pub enum Binding {
    /// An HTTP route that the contract itself describes (OpenAPI).
    Http(HttpBinding),
    /// A gRPC method.
    Grpc(GrpcBinding),
    /// An HTTP route onto a message (`google.api.http`), with its additional bindings as further entries.
    HttpRule(HttpRule),
}

/// An HTTP route, and where each input goes.
#[derive(Debug, Clone, PartialEq)]
pub struct HttpBinding {
    /// The method.
    pub method: Method,
    /// The path, relative to the server's URL.
    pub path: PathTemplate,
    /// For each of the operation's inputs, in the same order, where it goes.
    pub inputs: Vec<InputPlace>,
}

/// HTTP request methods.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Method {
    /// GET
    Get,
    /// HEAD
    Head,
    /// OPTIONS
    Options,
    /// TRACE
    Trace,
    /// PUT
    Put,
    /// DELETE
    Delete,
    /// POST
    Post,
    /// PATCH
    Patch,
    /// QUERY (draft-ietf-httpbis-safe-method-w-body; OpenAPI 3.2)
    Query,
    /// Any other, as it is sent: the case of letters counts (OpenAPI 3.2, `additionalOperations`).
    Other(Arc<str>),
}

impl Method {
    /// As it stands in a request line.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Get => "GET",
            Self::Head => "HEAD",
            Self::Options => "OPTIONS",
            Self::Trace => "TRACE",
            Self::Put => "PUT",
            Self::Delete => "DELETE",
            Self::Post => "POST",
            Self::Patch => "PATCH",
            Self::Query => "QUERY",
            Self::Other(name) => name,
        }
    }
}

/// A path with variables: `/pets/{id}.json`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PathTemplate {
    /// Literal runs and variables, alternating as written; joining them gives the path.
    pub segments: Vec<PathSegment>,
}

/// A run of a path template.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum PathSegment {
    /// Text as it is, slashes included.
    Literal(String),
    /// A variable: the name of an input.
    Variable(String),
}

/// Where an input goes in an HTTP request.
#[derive(Debug, Clone, PartialEq)]
pub enum InputPlace {
    /// A path variable of the input's name.
    Path(TextStyle),
    /// The same, in which reserved characters stand as they are (`allowReserved`).
    ReservedPath(TextStyle),
    /// The query.
    Query(QueryStyle),
    /// The query, in which reserved characters stand as they are (`allowReserved`).
    ReservedQuery(QueryStyle),
    /// All of the query, as a value of a media type.
    QueryString {
        /// How values become text.
        encoding: Encoding,
        /// How properties of a form are written that say it: property, style.
        styles: Vec<(String, FormStyle)>,
    },
    /// A header of the input's name.
    Header(TextStyle),
    /// A cookie of the input's name.
    Cookie,
    /// The same, in which reserved characters stand as they are (`allowReserved`).
    ReservedCookie,
    /// The body.
    Body {
        /// Media type, as written in the contract.
        media_type: String,
        /// How values become octets.
        encoding: Encoding,
        /// The media types of the parts of a multipart body that say theirs: property, media types, separated by commas.
        parts: Vec<(String, String)>,
        /// How properties of a form are written that say it: property, style.
        styles: Vec<(String, FormStyle)>,
        /// Other media types that carry a value of the input's type.
        also: Vec<Media>,
        /// Values of other types that the body can be instead, each in media types of its own.
        others: Vec<OtherBody>,
        /// What its elements are called, where it is XML.
        xml: Option<Box<Xml>>,
    },
}

/// A value of another type that a body can be.
#[derive(Debug, Clone, PartialEq)]
pub struct OtherBody {
    /// The type of the value.
    pub value: TypeUse,
    /// The media types that carry it, the preferred first. Never empty.
    pub media: Vec<Media>,
}

/// How a value is written as one text (OpenAPI `style` and `explode`, after RFC 6570).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum TextStyle {
    /// `1,2`; `a,1,b,2`.
    #[default]
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
    /// JSON (a `content` parameter).
    Json,
}

/// How a property of a form is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FormStyle {
    /// Its style.
    pub style: QueryStyle,
    /// Reserved characters stand as they are (`allowReserved`).
    pub reserved: bool,
}

/// How lists and objects are written in a query (OpenAPI `style` and `explode`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum QueryStyle {
    /// `a=1&a=2`; an object's properties stand by themselves.
    FormExploded,
    /// `a=1,2`.
    Form,
    /// `a=1%202`.
    Space,
    /// `a=1|2`.
    Pipe,
    /// `a=1<tab>2` (2.0's `tsv`).
    Tab,
    /// `a[b]=1`, `a[b][0]=1`.
    DeepObject,
    /// `a=<JSON>` (a `content` parameter).
    Json,
}

/// A gRPC method.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GrpcBinding {
    /// `/package.Service/Method`.
    pub path: String,
}

/// A `google.api.http` rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpRule {
    /// The method's name, as written for a custom one.
    pub method: String,
    /// The path template, as written: `/v1/{name=shelves/*}:archive`.
    pub template: String,
    /// `""` (none), `"*"` or a field's name.
    pub body: String,
    /// `""` (the whole message) or a field's name.
    pub response_body: String,
}
