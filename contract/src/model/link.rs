//! Links: what a reply leads to.

use std::fmt;

use super::Server;

/// An operation that a reply leads to, and where what it takes is found.
#[derive(Debug, Clone, PartialEq)]
pub struct Link {
    /// Its name: `UserRepositories`.
    pub name: String,
    /// Documentation (CommonMark).
    pub docs: Option<String>,
    /// The id of the operation that it leads to.
    pub operation: String,
    /// What that operation is given: the place among its inputs, and the value.
    pub inputs: Vec<(usize, LinkValue)>,
    /// The server that it leads to, where that is another.
    pub server: Option<Server>,
}

/// Where a value is found that a link gives.
#[derive(Debug, Clone, PartialEq)]
pub enum LinkValue {
    /// It is this.
    Constant(serde_json::Value),
    /// Where this leads.
    Expression(Expression),
    /// A text with expressions in it.
    Template(Vec<TemplateRun>),
}

/// A run of a text with expressions in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TemplateRun {
    /// Text as it is.
    Literal(String),
    /// An expression, in braces as written.
    Expression(Expression),
}

/// A part of a call, or of its reply (OpenAPI, "Runtime Expressions"). Shown as it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expression {
    /// The URL that was called.
    Url,
    /// The method.
    Method,
    /// The status of the reply.
    StatusCode,
    /// A variable of the path.
    RequestPath(String),
    /// A parameter of the query.
    RequestQuery(String),
    /// A header that was sent.
    RequestHeader(String),
    /// The body that was sent, or what a JSON pointer finds in it.
    RequestBody(String),
    /// A header of the reply.
    ResponseHeader(String),
    /// The body of the reply, or what a JSON pointer finds in it.
    ResponseBody(String),
}

impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let body = |f: &mut fmt::Formatter<'_>, of: &str, pointer: &str| {
            let sign = if pointer.is_empty() { "" } else { "#" };
            write!(f, "${of}.body{sign}{pointer}")
        };
        match self {
            Self::Url => f.write_str("$url"),
            Self::Method => f.write_str("$method"),
            Self::StatusCode => f.write_str("$statusCode"),
            Self::RequestPath(name) => write!(f, "$request.path.{name}"),
            Self::RequestQuery(name) => write!(f, "$request.query.{name}"),
            Self::RequestHeader(name) => write!(f, "$request.header.{name}"),
            Self::RequestBody(pointer) => body(f, "request", pointer),
            Self::ResponseHeader(name) => write!(f, "$response.header.{name}"),
            Self::ResponseBody(pointer) => body(f, "response", pointer),
        }
    }
}

impl LinkValue {
    /// The expressions that it is made of.
    pub fn expressions(&self) -> impl Iterator<Item = &Expression> {
        let (own, runs): (Option<&Expression>, &[TemplateRun]) = match self {
            Self::Constant(_) => (None, &[]),
            Self::Expression(expression) => (Some(expression), &[]),
            Self::Template(runs) => (None, runs),
        };
        let inner = runs.iter().filter_map(|run| match run {
            TemplateRun::Expression(expression) => Some(expression),
            TemplateRun::Literal(_) => None,
        });
        own.into_iter().chain(inner)
    }
}

impl fmt::Display for TemplateRun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Literal(text) => f.write_str(text),
            Self::Expression(expression) => write!(f, "{{{expression}}}"),
        }
    }
}
