//! A call, from typed request to typed reply: what generated code, clients, servers and mocks agree on.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{self, Poll};
use std::time::Duration;

use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};

use crate::client::{Arrived, Client};
use crate::context::Context;
use crate::error::{Error, Fault};
use crate::http::Endpoint;
use crate::operation::{Deprecation, Operation};
use crate::rest::{ReplyHeaders, headers};

/// A typed request that knows its operation. Implemented by generated code.
pub trait Call: Sized + Send + 'static {
    /// What comes back when it works.
    type Response: Send + 'static;
    /// The failures that the contract declares.
    type Failure: Send + 'static;
    /// What `.await` gives: the one success body, or the whole response where there are several.
    type Output: Send + 'static;
    /// The static facts.
    const OPERATION: &'static Operation;

    /// Sends it by `client`.
    fn send(self, client: &Client, options: CallOptions) -> Sending<'_, Self>;

    /// The part of a response that `.await` gives.
    fn output(response: Self::Response) -> Self::Output;
}

/// A call under way: the future of its reply.
///
/// What runs has no types and is compiled with this crate. Were it named in generic code, every crate that makes a call
/// would compile the policies, HTTP and TLS once more.
#[must_use = "a call does nothing until it is awaited"]
pub struct Sending<'a, C: Call> {
    running: Running<'a>,
    read: Read<'a, C>,
}

/// A future without its type.
pub type Later<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A call without its types.
pub(crate) type Running<'a> = Later<'a, Arrived<'a>>;

type Read<'a, C> = fn(Arrived<'a>) -> Result<Reply<<C as Call>::Response>, Error<<C as Call>::Failure>>;

impl<'a, C: Call> Sending<'a, C> {
    /// `running`, whose answer `read` gives its types.
    pub(crate) fn new(running: Running<'a>, read: Read<'a, C>) -> Self {
        Self { running, read }
    }
}

impl<C: Call> Future for Sending<'_, C> {
    type Output = Result<Reply<C::Response>, Error<C::Failure>>;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut task::Context<'_>) -> Poll<Self::Output> {
        self.running.as_mut().poll(cx).map(self.read)
    }
}

impl<C: Call> fmt::Debug for Sending<'_, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Sending").field(&C::OPERATION.id).finish()
    }
}

/// What a caller sets for one call. It wins over everything else that is configured.
#[derive(Clone, Default)]
pub struct CallOptions {
    /// The context to inherit from. `None`: the current one.
    pub context: Option<Context>,
    /// Total time, attempts and waits included. The context's deadline still holds.
    pub timeout: Option<Duration>,
    /// Headers (gRPC: metadata) to add.
    pub headers: HeaderMap,
    /// The media type that the caller prefers of those that can come back.
    pub accept: Option<String>,
    /// The media type that the body is written in, of those that carry it. `None`: the contract's first.
    pub content_type: Option<String>,
    /// Where it goes in the place of the operation's own address and path: the next page of a list.
    pub target: Option<(Endpoint, PathAndQuery)>,
    /// What leads it to an endpoint where that is by consistent hashing; see [`hash_key`](CallOptions::hash_key).
    pub hash_key: Option<u64>,
    /// Whether the call may be repeated: `Some(true)` where the caller knows better than the contract.
    pub repeatable: Option<bool>,
    /// The first header that was no valid header; sending reports it.
    pub invalid_header: Option<String>,
}

impl CallOptions {
    /// Adds a header. An invalid one makes the call fail with a message that names it, before anything is sent.
    pub fn header(&mut self, name: &str, value: &str) {
        match (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            (Ok(name), Ok(mut value)) => {
                value.set_sensitive(is_credential(&name));
                self.headers.insert(name, value);
            }
            _ => {
                self.invalid_header.get_or_insert_with(|| name.to_owned());
            }
        }
    }
}

impl CallOptions {
    /// Leads the call to the endpoint that this key stands for, where the client balances by consistent hashing. It wins over
    /// the header that is configured.
    pub fn hash_key(&mut self, key: &str) {
        self.hash_key = Some(crate::endpoints::hash(key.as_bytes()));
    }

    /// Writes the body in `media_type`. One that the contract does not name for it makes the call fail before it is sent.
    pub fn content_type(&mut self, media_type: &str) {
        self.content_type = Some(media_type.to_owned());
    }

    /// Prefers `media_type`; the others that the contract promises are still accepted. What is no header value makes the
    /// call fail as an invalid header does.
    pub fn accept(&mut self, media_type: &str) {
        if HeaderValue::try_from(media_type).is_ok() {
            self.accept = Some(media_type.to_owned());
        } else {
            self.invalid_header
                .get_or_insert_with(|| header::ACCEPT.to_string());
        }
    }
}

/// Headers that loggers do not show and HTTP/2 does not keep.
fn is_credential(name: &HeaderName) -> bool {
    [
        header::AUTHORIZATION,
        header::PROXY_AUTHORIZATION,
        header::COOKIE,
        crate::headers::API_KEY,
    ]
    .contains(name)
}

impl fmt::Debug for CallOptions {
    /// Names the headers and does not show them: they carry credentials.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallOptions")
            .field("context", &self.context)
            .field("timeout", &self.timeout)
            .field("headers", &self.headers.keys())
            .field("accept", &self.accept)
            .field("content_type", &self.content_type)
            .field("repeatable", &self.repeatable)
            .field("hash_key", &self.hash_key)
            .field("invalid_header", &self.invalid_header)
            .field("target", &self.target.as_ref().map(|(endpoint, _)| endpoint))
            .finish()
    }
}

/// A reply, with what is known about it beside its body.
#[derive(Debug, Clone)]
pub struct Reply<T> {
    status: StatusCode,
    headers: HeaderMap,
    attempts: u32,
    body: T,
}

impl<T> Reply<T> {
    /// A reply of these parts.
    pub fn new(status: StatusCode, headers: HeaderMap, attempts: u32, body: T) -> Self {
        Self {
            status,
            headers,
            attempts,
            body,
        }
    }

    /// The HTTP status. gRPC's success is 200.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The headers. gRPC: the initial metadata, and the trailing metadata of a unary call.
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The headers that the contract declares, typed: `reply.declared::<list_pets::Headers>()?`.
    ///
    /// # Errors
    /// One that is required is missing, or one is not what the contract says; the message names it.
    pub fn declared<H: ReplyHeaders>(&self) -> Result<H, Fault> {
        headers::read(&self.headers).map_err(|error| Fault::decode(&error).with_status(self.status))
    }

    /// What it says of the operation's deprecation, by its headers `Deprecation` and `Sunset`.
    pub fn deprecation(&self) -> Option<Deprecation> {
        Deprecation::of(&self.headers)
    }

    /// How often it was tried, the last included.
    pub fn attempts(&self) -> u32 {
        self.attempts
    }

    /// The body.
    pub fn body(&self) -> &T {
        &self.body
    }

    /// The body.
    pub fn into_body(self) -> T {
        self.body
    }

    /// The same with another body.
    pub fn map<U>(self, map: impl FnOnce(T) -> U) -> Reply<U> {
        Reply {
            status: self.status,
            headers: self.headers,
            attempts: self.attempts,
            body: map(self.body),
        }
    }
}
