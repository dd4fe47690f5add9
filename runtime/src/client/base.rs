//! Calls without a contract: method, path, JSON. All policies apply; what may be repeated is known by the method.

use std::borrow::Cow;
use std::fmt;
use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::uri::PathAndQuery;
use http::{HeaderValue, Method, header};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::Client;
use super::send::{begin, compressed};
use crate::adapter::{Payload, Wire};
use crate::call::{CallOptions, Reply};
use crate::code::Code;
use crate::context::Context;
use crate::error::{Error, ErrorKind, Fault};
use crate::http::Endpoint;
use crate::operation::Safety;
use crate::orchestrate;

/// `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header).
const IDEMPOTENCY_KEY: &str = "idempotency-key";

const APPLICATION_JSON: HeaderValue = HeaderValue::from_static("application/json");

/// A call without a contract that has not been sent.
#[must_use = "a call does nothing until it is awaited"]
pub struct UntypedRequest<'a> {
    client: Cow<'a, Client>,
    method: Method,
    path: String,
    body: Result<Option<Bytes>, Fault>,
    content_type: HeaderValue,
    options: CallOptions,
}

impl Client {
    /// GET a path relative to the service's address.
    pub fn get(&self, path: &str) -> UntypedRequest<'_> {
        self.request(Method::GET, path)
    }

    /// POST `body` as JSON.
    pub fn post(&self, path: &str, body: &(impl Serialize + ?Sized)) -> UntypedRequest<'_> {
        self.request(Method::POST, path).json(body)
    }

    /// PUT `body` as JSON.
    pub fn put(&self, path: &str, body: &(impl Serialize + ?Sized)) -> UntypedRequest<'_> {
        self.request(Method::PUT, path).json(body)
    }

    /// DELETE a path.
    pub fn delete(&self, path: &str) -> UntypedRequest<'_> {
        self.request(Method::DELETE, path)
    }

    /// GET what is elsewhere at this service's origin, such as where a reply leads: at any of its endpoints, where it is many.
    pub(crate) fn get_at(&self, endpoint: Endpoint, path: PathAndQuery) -> UntypedRequest<'_> {
        if let Some(below) = self.0.below_the_address(&endpoint, path.as_str()) {
            return self.get(below);
        }
        let mut request = self.get(path.as_str());
        request.options.target = Some((endpoint, path));
        request
    }

    /// A request with any method.
    pub fn request(&self, method: Method, path: &str) -> UntypedRequest<'_> {
        let path = format!("/{}", path.trim_start_matches('/'));
        UntypedRequest {
            client: Cow::Borrowed(self),
            method,
            path,
            body: Ok(None),
            content_type: APPLICATION_JSON,
            options: CallOptions::default(),
        }
    }
}

impl fmt::Debug for UntypedRequest<'_> {
    /// Shows neither query nor body: they may hold what is secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UntypedRequest")
            .field("client", &self.client)
            .field("method", &self.method)
            .field("path", &self.path.split('?').next())
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

impl UntypedRequest<'_> {
    /// Sets the body, as JSON.
    pub fn json(mut self, body: &(impl Serialize + ?Sized)) -> Self {
        self.body = match serde_json::to_vec(body) {
            Ok(text) => Ok(Some(text.into())),
            Err(error) => {
                let message = "the body cannot be written as JSON";
                Err(Fault::new(ErrorKind::Encode, Code::InvalidArgument, message).because(error))
            }
        };
        self
    }

    /// Sets the body, as these octets of this media type.
    pub fn body(mut self, media_type: &str, octets: impl Into<Bytes>) -> Self {
        match HeaderValue::try_from(media_type) {
            Ok(media_type) => {
                self.content_type = media_type;
                self.body = Ok(Some(octets.into()));
            }
            Err(error) => {
                let message = "the media type of the body is no header value";
                let fault = Fault::new(ErrorKind::Encode, Code::InvalidArgument, message);
                self.body = Err(fault.because(error));
            }
        }
        self
    }

    /// Inherits deadline, ids and trace from `context`; from the current one unless set.
    pub fn context(mut self, context: &Context) -> Self {
        self.options.context = Some(context.clone());
        self
    }

    /// Total time of this call, attempts and waits included.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.options.timeout = Some(timeout);
        self
    }

    /// Adds a header. One that is not valid makes the call fail before it is sent.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.options.header(name, value);
        self
    }

    /// Lets failed attempts be repeated, or not, whatever the method says.
    pub fn repeatable(mut self, repeatable: bool) -> Self {
        self.options.repeatable = Some(repeatable);
        self
    }

    /// Leads this call to the endpoint that `key` stands for, where the client balances by consistent hashing.
    pub fn hash_key(mut self, key: &str) -> Self {
        self.options.hash_key(key);
        self
    }

    /// The same, without the borrow.
    #[cfg(feature = "blocking")]
    pub(crate) fn detach(self) -> UntypedRequest<'static> {
        let Self {
            client,
            method,
            path,
            body,
            content_type,
            options,
        } = self;
        UntypedRequest {
            client: Cow::Owned(client.into_owned()),
            method,
            path,
            body,
            content_type,
            options,
        }
    }

    pub(crate) async fn run(mut self) -> Result<Reply<Bytes>, Error> {
        let operation: Cow<'static, str> = Cow::Owned(format!(
            "{} {}",
            self.method,
            self.path.split('?').next().unwrap_or_default()
        ));
        let service = self.client.service().to_owned();
        let named = |fault: Fault| fault.of_call(service.clone(), operation.clone(), 0, None);
        let body = self.body.map_err(&named)?;
        // A server tells the repetition of a write by its idempotency key.
        let repeatable = self.options.repeatable.unwrap_or_else(|| {
            Safety::of_method(&self.method).is_repeatable()
                || self.options.headers.contains_key(IDEMPOTENCY_KEY)
        });
        let mut token = Ok(None);
        let mut path = self.path;
        let target = self.options.target.take();
        let mut call = begin(&self.client, operation.clone(), self.options, |headers| {
            if body.is_some() {
                headers.entry(header::CONTENT_TYPE).or_insert(self.content_type);
            }
            token = self.client.0.shown.write(&[], true, headers, &mut path);
        })
        .map_err(&named)?;
        call.token = token.map_err(&named)?;
        call.endpoint = target.map(|(endpoint, _)| endpoint);
        let path = PathAndQuery::try_from(path).map_err(|_| {
            named(Fault::new(
                ErrorKind::Encode,
                Code::InvalidArgument,
                "the path is no valid URI path",
            ))
        })?;
        call.safe = Safety::of_method(&self.method) == Safety::Safe;
        call.repeatable = repeatable;
        call.metrics = Some(self.client.untyped_metrics(&self.method));
        call.wire = Wire::Http {
            method: self.method,
            path,
            body: Payload::Octets(compressed(
                &self.client.0,
                &mut call.headers,
                body.unwrap_or_default(),
            )),
            redirects: self.client.0.redirects,
            successes: &[],
        };
        let correlation_id = Arc::clone(&call.correlation_id);
        let answer = orchestrate::start(&self.client.0, call).await?;
        if answer.status.is_success() {
            return Ok(Reply::new(
                answer.status,
                answer.headers,
                answer.attempts,
                answer.body,
            ));
        }
        let reply = crate::error::RawReply {
            headers: answer.headers,
            body: answer.body,
        };
        let fault = Fault::of_status(answer.status, reply);
        Err(fault
            .of_call(
                service.clone(),
                operation.clone(),
                answer.attempts,
                Some(correlation_id),
            )
            .into())
    }
}

impl<'a> IntoFuture for UntypedRequest<'a> {
    type Output = Result<Reply<Bytes>, Error>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send + 'a>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}

impl Reply<Bytes> {
    /// The body, read from JSON.
    ///
    /// # Errors
    /// It is no JSON, or not of the type. An empty body is read as `null`.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Error> {
        let text: &[u8] = if self.body().is_empty() {
            b"null"
        } else {
            self.body()
        };
        serde_json::from_slice(text).map_err(|error| {
            let message = "the reply is not the JSON that was expected";
            Fault::new(ErrorKind::Decode, Code::Internal, message)
                .with_status(self.status())
                .because(error)
                .into()
        })
    }
}
