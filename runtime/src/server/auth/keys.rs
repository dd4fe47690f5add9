//! Which service calls: a shared key in `x-api-key`, and the caller's name and request id beside it.
//!
//! For paths that only other services of the system may call, such as those below `/internal`:
//!
//! ```no_run
//! use tieline::server::auth::ApiKeys;
//!
//! # fn example(internal: axum::Router, public: axum::Router) -> Result<axum::Router, tieline::server::auth::NoApiKey> {
//! let keys = ApiKeys::from_env()?;
//! let app = public.nest("/internal", keys.protect(internal));
//! # Ok(app) }
//! ```

use std::fmt;
use std::hint::black_box;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use http::{HeaderMap, HeaderValue, Response, StatusCode, header};

use crate::code::Code;
use crate::error::Error;
use crate::headers::{API_KEY, SERVICE_ID, SERVICE_NAME};
use crate::server::problem::{ErrorStyle, RenderError};
use crate::server::{inbound, problem};

/// The environment variable that holds the keys.
pub const SERVICE_API_KEY: &str = "SERVICE_API_KEY";

/// The keys that callers may show. Several are valid at once, so that keys can be changed without a gap. Cheap to
/// clone.
#[derive(Clone)]
pub struct ApiKeys {
    keys: Arc<[String]>,
    errors: Arc<dyn RenderError>,
}

/// Who calls, as a request says that showed a valid key. Put into the request's extensions.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ServiceIdentity {
    /// `x-service-name`: the calling service.
    pub name: Option<String>,
    /// `x-service-id`: the caller's id of this request.
    pub id: Option<String>,
}

/// The environment names no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{SERVICE_API_KEY} is not set or empty: set it to the key that services show each other")]
pub struct NoApiKey;

impl ApiKeys {
    /// These keys. Empty ones are left out: an empty header must not pass.
    pub fn new(keys: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let keys = keys
            .into_iter()
            .map(Into::into)
            .filter(|key: &String| !key.is_empty());
        Self {
            keys: keys.collect(),
            errors: Arc::new(ErrorStyle::Problem),
        }
    }

    /// The keys of the environment variable `SERVICE_API_KEY`, separated by commas.
    ///
    /// # Errors
    /// It names none.
    pub fn from_env() -> Result<Self, NoApiKey> {
        Self::parse(&std::env::var(SERVICE_API_KEY).unwrap_or_default())
    }

    /// The keys of a text, separated by commas.
    ///
    /// # Errors
    /// It names none.
    pub fn parse(text: &str) -> Result<Self, NoApiKey> {
        let keys = Self::new(text.split(',').map(str::trim));
        if keys.keys.is_empty() {
            Err(NoApiKey)
        } else {
            Ok(keys)
        }
    }

    /// Renders refusals by `renderer`: an [`ErrorStyle`], or a function.
    pub fn render_errors_with(mut self, renderer: impl RenderError + 'static) -> Self {
        self.errors = Arc::new(renderer);
        self
    }

    /// Who calls.
    ///
    /// # Errors
    /// [`Code::Unauthenticated`] when the key is missing or none of these.
    pub fn check(&self, headers: &HeaderMap) -> Result<ServiceIdentity, Error> {
        let mut shown = headers.get_all(API_KEY).iter();
        let refused = match (shown.next(), shown.next()) {
            (None, _) => "the x-api-key header is missing",
            (Some(key), None) if self.knows(key.as_bytes()) => {
                let text = |name| Some(headers.get(name)?.to_str().ok()?.to_owned());
                return Ok(ServiceIdentity {
                    name: text(SERVICE_NAME),
                    id: text(SERVICE_ID),
                });
            }
            _ => "the x-api-key header holds no valid key",
        };
        Err(Error::new(Code::Unauthenticated, refused))
    }

    /// Compares with every key, to the end of each: how long it takes says nothing about how close a guess is.
    fn knows(&self, shown: &[u8]) -> bool {
        let mut known = false;
        for key in &*self.keys {
            known |= black_box(same(key.as_bytes(), shown));
        }
        known
    }

    /// Lets only requests with a valid key through to `router`; others get 401, whatever the path. Put routers that
    /// are for everybody beside it, not below.
    pub fn protect(self, router: axum::Router) -> axum::Router {
        // A fallback of its own keeps unknown paths behind the key as well.
        router.layer(from_fn_with_state(self, guard))
    }

    fn refuse(&self, error: &Error, request: &Request) -> Response<Body> {
        let context = inbound::of_http(request.headers());
        let status = StatusCode::UNAUTHORIZED;
        problem::log(error, status);
        let mut response = self.errors.render(error, status, &context);
        response
            .headers_mut()
            .insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("ApiKey"));
        inbound::stamp(response.headers_mut(), &context);
        response
    }
}

async fn guard(State(keys): State<ApiKeys>, mut request: Request, next: Next) -> Response<Body> {
    match keys.check(request.headers()) {
        Ok(identity) => {
            request.extensions_mut().insert(identity);
            next.run(request).await
        }
        Err(error) => keys.refuse(&error, &request),
    }
}

/// Compares in a time that depends on the length of what was shown alone.
fn same(key: &[u8], shown: &[u8]) -> bool {
    let mut difference = key.len() ^ shown.len();
    for (index, byte) in shown.iter().enumerate() {
        // Beyond the key's end it is compared with something: the lengths differ already.
        let other = key.get(index).copied().unwrap_or(0);
        difference |= usize::from(black_box(byte ^ other));
    }
    black_box(difference) == 0
}

impl fmt::Debug for ApiKeys {
    /// Shows no key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ApiKeys({})", self.keys.len())
    }
}
