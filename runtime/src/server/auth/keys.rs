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

use async_trait::async_trait;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use http::{HeaderMap, HeaderValue, Response, StatusCode, header};

use super::security::{Authenticate, Demand, Shown};
use crate::client::Secret;
use crate::code::Code;
use crate::config::{Environment, ProcessEnvironment};
use crate::context::{Context, Principal};
use crate::error::Error;
use crate::headers::{API_KEY, SERVICE_ID, SERVICE_NAME};
use crate::server::problem::{ErrorStyle, RenderError};
use crate::server::{inbound, problem};

/// The environment variable that holds the keys.
pub const SERVICE_API_KEY: &str = "SERVICE_API_KEY";

/// The keys that callers may show. Several are valid at once, so that keys can be changed without a gap. Cheap to
/// clone.
///
/// A key is everybody's, and its caller who it says it is; or it was [granted](ApiKeys::grant) to one service, with what
/// that may do.
#[derive(Clone)]
pub struct ApiKeys {
    keys: Arc<Vec<Key>>,
    errors: Arc<dyn RenderError>,
}

/// A key. Its digest is kept: keys of all lengths are compared in the same time.
#[derive(Clone)]
struct Key {
    digest: [u8; 32],
    grant: Option<Grant>,
}

/// Whose a key is.
#[derive(Clone)]
struct Grant {
    service: String,
    permissions: Vec<String>,
}

/// Who calls, as a request says that showed a valid key. Put into the request's extensions.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ServiceIdentity {
    /// `x-service-name`: the calling service.
    pub name: Option<String>,
    /// `x-service-id`: the caller's id of this request.
    pub id: Option<String>,
    /// What the key was granted; empty where it is everybody's.
    pub permissions: Vec<String>,
}

impl From<ServiceIdentity> for Principal {
    /// The service, with its identity as [details](Principal::details).
    fn from(identity: ServiceIdentity) -> Self {
        Self::new(identity.name.clone().unwrap_or_else(|| "a service".to_owned())).with(identity)
    }
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
            keys: Arc::new(keys.map(|key| Key::new(&key, None)).collect()),
            errors: Arc::new(ErrorStyle::Problem),
        }
    }

    /// Adds a key that belongs to one service, with what it may do: the names of scopes that the contract demands, or of
    /// [`protect_for`](ApiKeys::protect_for). A caller that shows it and says it is another service is refused. An empty key is
    /// left out.
    pub fn grant<P: Into<String>>(
        mut self,
        service: impl Into<String>,
        key: impl Into<Secret>,
        permissions: impl IntoIterator<Item = P>,
    ) -> Self {
        let key = key.into();
        if !key.expose().is_empty() {
            let grant = Grant {
                service: service.into(),
                permissions: permissions.into_iter().map(Into::into).collect(),
            };
            Arc::make_mut(&mut self.keys).push(Key::new(key.expose(), Some(grant)));
        }
        self
    }

    /// The keys of one environment: those of the variable `SERVICE_API_KEY_STAGING` for `staging`, separated by commas. The
    /// keys of another environment are none here.
    ///
    /// # Errors
    /// It names none.
    pub fn from_env_of(environment: &str) -> Result<Self, NoApiKey> {
        Self::from_variables_of(environment, &ProcessEnvironment)
    }

    /// The same with variables of your own.
    ///
    /// # Errors
    /// They name none.
    pub fn from_variables_of(environment: &str, variables: &dyn Environment) -> Result<Self, NoApiKey> {
        let name = format!(
            "{SERVICE_API_KEY}_{}",
            crate::config::screaming_snake(environment)
        );
        Self::parse(&variables.get(&name).unwrap_or_default())
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
            (Some(key), None) => match key.to_str() {
                Ok(key) => return self.identify(key, headers, &[]),
                Err(_) => NO_KEY,
            },
            (Some(_), Some(_)) => NO_KEY,
        };
        Err(Error::new(Code::Unauthenticated, refused))
    }

    /// Who shows a key, if it may do what `scopes` name.
    pub(super) fn identify(
        &self,
        key: &str,
        headers: &HeaderMap,
        scopes: &[&str],
    ) -> Result<ServiceIdentity, Error> {
        let Some(known) = self.find(key) else {
            return Err(Error::new(Code::Unauthenticated, NO_KEY));
        };
        let text = |name| Some(headers.get(name)?.to_str().ok()?.to_owned());
        let said: Option<String> = text(SERVICE_NAME);
        let (name, permissions) = match known {
            None => (said, Vec::new()),
            Some(grant) if said.as_ref().is_some_and(|said| *said != grant.service) => {
                let message = "the key belongs to another service than x-service-name says";
                return Err(Error::new(Code::PermissionDenied, message));
            }
            Some(grant) => (Some(grant.service.clone()), grant.permissions.clone()),
        };
        let lacks = |scope: &&&str| !permissions.iter().any(|has| has == **scope);
        if let Some(scope) = scopes.iter().find(lacks) {
            let message = format!("the key does not permit {scope}");
            return Err(Error::new(Code::PermissionDenied, message));
        }
        Ok(ServiceIdentity {
            name,
            id: text(SERVICE_ID),
            permissions,
        })
    }

    /// The grant of a key that is known. Compares with every key, to its end: how long it takes says nothing about how close
    /// a guess is.
    fn find(&self, shown: &str) -> Option<Option<&Grant>> {
        let shown = digest(shown);
        let mut found = None;
        for (index, key) in self.keys.iter().enumerate() {
            if black_box(same(&key.digest, &shown)) {
                found = Some(index);
            }
        }
        // An empty text is the digest of no key: empty ones are left out.
        found
            .and_then(|index| self.keys.get(index))
            .map(|key| key.grant.as_ref())
    }

    /// Lets only requests with a valid key through to `router`; others get 401, whatever the path. Put routers that
    /// are for everybody beside it, not below.
    pub fn protect(self, router: axum::Router) -> axum::Router {
        self.protect_for(&[], router)
    }

    /// The same, for keys alone that were granted all of these permissions; others get 403.
    pub fn protect_for(self, permissions: &'static [&'static str], router: axum::Router) -> axum::Router {
        // A router with a fallback of its own keeps unknown paths behind the key as well.
        router.layer(from_fn_with_state(
            Guard {
                keys: self,
                permissions,
            },
            guard,
        ))
    }

    fn refuse(&self, error: &Error, request: &Request) -> Response<Body> {
        let context = inbound::of_http(request.headers());
        let status = StatusCode::from_u16(error.code().http_status()).unwrap_or(StatusCode::UNAUTHORIZED);
        problem::log(error, status);
        let mut response = self.errors.render(error, status, &context);
        if status == StatusCode::UNAUTHORIZED {
            let challenge = HeaderValue::from_static("ApiKey");
            response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
        }
        inbound::stamp(response.headers_mut(), &context);
        response
    }
}

const NO_KEY: &str = "the x-api-key header holds no valid key";

#[derive(Clone)]
struct Guard {
    keys: ApiKeys,
    permissions: &'static [&'static str],
}

async fn guard(State(guard): State<Guard>, mut request: Request, next: Next) -> Response<Body> {
    let permits = |identity: &ServiceIdentity| {
        let has = |wanted: &&str| identity.permissions.iter().any(|has| has == wanted);
        guard.permissions.iter().all(has)
    };
    let identity = match guard.keys.check(request.headers()) {
        Ok(identity) if permits(&identity) => identity,
        Ok(_) => {
            let message = "the key does not permit what is asked for";
            return guard
                .keys
                .refuse(&Error::new(Code::PermissionDenied, message), &request);
        }
        Err(error) => return guard.keys.refuse(&error, &request),
    };
    request.extensions_mut().insert(Principal::from(identity.clone()));
    request.extensions_mut().insert(identity);
    next.run(request).await
}

impl Key {
    fn new(key: &str, grant: Option<Grant>) -> Self {
        Self {
            digest: digest(key),
            grant,
        }
    }
}

fn digest(text: &str) -> [u8; 32] {
    let mut octets = [0; 32];
    octets.copy_from_slice(ring::digest::digest(&ring::digest::SHA256, text.as_bytes()).as_ref());
    octets
}

/// Compares in the same time, wherever the two differ.
fn same(key: &[u8; 32], shown: &[u8; 32]) -> bool {
    let differences = key
        .iter()
        .zip(shown)
        .fold(0, |all, (one, other)| all | black_box(one ^ other));
    black_box(differences) == 0
}

#[async_trait]
impl Authenticate for ApiKeys {
    /// Judges schemes `apiKey`, wherever the key stands.
    async fn authenticate(&self, _: &Context, demand: Demand<'_>) -> Result<Principal, Error> {
        match demand.shown {
            [one] => match &one.credential {
                Shown::Key(key) => Ok(self.identify(key, demand.headers, one.scopes)?.into()),
                _ => Err(Error::new(Code::Unauthenticated, "keys alone are accepted here")),
            },
            _ => Err(Error::new(
                Code::Unauthenticated,
                "nobody here judges all that the operation asks for",
            )),
        }
    }
}

impl fmt::Debug for ApiKeys {
    /// Shows no key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ApiKeys({})", self.keys.len())
    }
}
