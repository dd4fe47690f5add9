//! Tokens: fetched once for all who wait, kept until shortly before they expire.

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use http::{HeaderValue, Method};
use serde::Deserialize;

use super::{OAuth2, Secret, sensitive};
use crate::client::Client;
use crate::clock::{Clock, Instant};
use crate::code::Code;
use crate::error::{Error, ErrorKind, Fault};
use crate::http::{Endpoint, Line};
use crate::observe::metrics::Metrics;
use crate::operation::{SchemeKind, server};
use crate::random::Random;

/// A token is renewed at the earliest so long before it expires, at the latest half that.
const EARLY: Duration = Duration::from_secs(60);
/// A token that is younger is not taken for stale when the service refuses it.
const YOUNG: Duration = Duration::from_secs(1);
/// How long a discovery document holds.
const DISCOVERED_FOR: Duration = Duration::from_secs(3600);
/// Greatest reply of a token endpoint or discovery document.
const REPLY_LIMIT: usize = 256 * 1024;

/// Why there is no token. No text of it holds a secret; [`Error::source`](std::error::Error::source) of a call's error
/// has it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TokenError {
    /// Nothing says where tokens are to be had.
    #[error("nothing says where tokens are to be had: set `auth.token_url`, or `auth.discovery_url`")]
    NoUrl,
    /// The URL of the token endpoint or discovery document cannot be used.
    #[error("the {what} `{url}` cannot be used: {reason}")]
    Url {
        /// Which URL.
        what: &'static str,
        /// The URL, without its query.
        url: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The token endpoint refused (RFC 6749, 5.2).
    #[error("the token endpoint refused: {error}")]
    Refused {
        /// Its code: `invalid_client`, `invalid_scope`…
        error: String,
        /// What it says about it. Not shown by itself: it may repeat what was sent.
        description: Option<Secret>,
    },
    /// The endpoint did not answer, or not as one.
    #[error("the {what} did not give what it should: {cause}")]
    Failed {
        /// Which endpoint.
        what: &'static str,
        /// What came of it.
        cause: Error,
    },
    /// The reply is none that RFC 6749 (5.1) or OpenID Connect Discovery describes.
    #[error("the {what} answered {problem}")]
    Malformed {
        /// Which endpoint.
        what: &'static str,
        /// What is wrong with it.
        problem: &'static str,
    },
}

impl TokenError {
    fn code(&self) -> Code {
        match self {
            Self::Failed { cause, .. } => match cause.code() {
                Code::Unauthenticated | Code::PermissionDenied => Code::Unauthenticated,
                Code::DeadlineExceeded => Code::DeadlineExceeded,
                _ => Code::Unavailable,
            },
            Self::Malformed { .. } => Code::Unavailable,
            Self::NoUrl | Self::Url { .. } | Self::Refused { .. } => Code::Unauthenticated,
        }
    }
}

/// A failure that all who waited for a token share.
#[derive(Clone)]
struct Failure(Arc<TokenError>);

impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl std::error::Error for Failure {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&*self.0)
    }
}

impl From<Failure> for Fault {
    fn from(failure: Failure) -> Self {
        let message = format!("no token could be had: {failure}");
        Fault::new(ErrorKind::Credential, failure.0.code(), message).because(failure)
    }
}

/// Whom a [`TokenSource`] calls with: what it shares with the client that needs the tokens.
pub(crate) struct Means {
    pub(crate) service: Arc<str>,
    pub(crate) line: Line,
    pub(crate) endpoint: Endpoint,
    pub(crate) clock: Clock,
    pub(crate) random: Arc<Random>,
    pub(crate) metrics: Arc<Metrics>,
}

/// Where the tokens of one scheme come from.
pub(crate) struct TokenSource {
    settings: OAuth2,
    means: Means,
    place: Place,
    /// The token endpoint, once it is known, and until when.
    endpoint: tokio::sync::Mutex<Option<(Target, Option<Instant>)>>,
    /// By scope.
    slots: Mutex<HashMap<String, Arc<Slot>>>,
}

enum Place {
    Token(String),
    Discovery(String),
    Nowhere,
}

/// A URL, as a client that knows its path.
#[derive(Clone)]
struct Target {
    client: Client,
    path: String,
}

/// The token of one set of scopes.
#[derive(Default)]
struct Slot {
    token: RwLock<Option<Arc<Token>>>,
    /// Held while a token is fetched; with the last failure, stamped with the arrivals seen when it ended.
    gate: tokio::sync::Mutex<Option<(u64, Failure)>>,
    arrivals: AtomicU64,
}

/// A token.
pub(crate) struct Token {
    /// The whole header, marked as sensitive.
    pub(crate) header: HeaderValue,
    fetched: Instant,
    /// When it is renewed. `None`: its life is not known, so a 401 says so.
    fresh_until: Option<Instant>,
}

impl Token {
    fn is_fresh(&self, now: Instant) -> bool {
        self.fresh_until.is_none_or(|until| now < until)
    }
}

/// The token that a call needs.
#[derive(Clone)]
pub(crate) struct TokenDemand {
    source: Arc<TokenSource>,
    scopes: &'static [&'static str],
}

impl TokenDemand {
    pub(super) fn new(source: Arc<TokenSource>, scopes: &'static [&'static str]) -> Self {
        Self { source, scopes }
    }

    /// The token: kept, or fetched.
    pub(crate) async fn token(&self) -> Result<Arc<Token>, Fault> {
        Ok(self.source.token(self.scopes).await?)
    }

    /// Another token than `refused`, which the service did not accept; `None` where that is so young that another
    /// would be refused as well.
    pub(crate) async fn instead_of(&self, refused: &Arc<Token>) -> Result<Option<Arc<Token>>, Fault> {
        if self.source.means.clock.now().since(refused.fetched) < YOUNG {
            return Ok(None);
        }
        self.source.slot(self.scopes).0.forget(refused);
        self.token().await.map(Some)
    }
}

impl Slot {
    fn kept(&self, now: Instant) -> Option<Arc<Token>> {
        let token = self.token.read().unwrap_or_else(PoisonError::into_inner);
        token.as_ref().filter(|token| token.is_fresh(now)).cloned()
    }

    fn keep(&self, token: &Arc<Token>) {
        *self.token.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(token));
    }

    /// Forgets this token, unless another has come in its place.
    fn forget(&self, refused: &Arc<Token>) {
        let mut token = self.token.write().unwrap_or_else(PoisonError::into_inner);
        if token.as_ref().is_some_and(|token| Arc::ptr_eq(token, refused)) {
            *token = None;
        }
    }
}

impl TokenSource {
    /// The source for a scheme of this kind. What the settings say wins over what the contract says.
    pub(crate) fn new(settings: OAuth2, kind: SchemeKind, means: Means) -> Self {
        let place = match (&settings.token_url, &settings.discovery_url, kind) {
            (Some(url), _, _) => Place::Token(url.clone()),
            (None, Some(url), _) => Place::Discovery(url.clone()),
            (None, None, SchemeKind::OAuth2(Some(url))) => Place::Token(url.to_owned()),
            (None, None, SchemeKind::OpenIdConnect(url)) => Place::Discovery(url.to_owned()),
            _ => Place::Nowhere,
        };
        Self {
            settings,
            means,
            place,
            endpoint: tokio::sync::Mutex::default(),
            slots: Mutex::default(),
        }
    }

    fn slot(&self, scopes: &[&str]) -> (Arc<Slot>, String) {
        let scope = self.settings.scope(scopes);
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        let slot = slots.entry(scope.clone()).or_default();
        (Arc::clone(slot), scope)
    }

    async fn token(&self, scopes: &[&str]) -> Result<Arc<Token>, Failure> {
        let (slot, scope) = self.slot(scopes);
        let clock = self.means.clock;
        if let Some(token) = slot.kept(clock.now()) {
            return Ok(token);
        }
        let arrival = slot.arrivals.fetch_add(1, Ordering::AcqRel);
        let mut last_failure = slot.gate.lock().await;
        if let Some(token) = slot.kept(clock.now()) {
            return Ok(token);
        }
        // Who came while another asked waited for that very answer.
        if let Some((ended, failure)) = &*last_failure
            && arrival < *ended
        {
            return Err(failure.clone());
        }
        match self.fetch(&scope).await {
            Ok(token) => {
                let token = Arc::new(token);
                slot.keep(&token);
                *last_failure = None;
                Ok(token)
            }
            Err(error) => {
                let failure = Failure(Arc::new(error));
                *last_failure = Some((slot.arrivals.load(Ordering::Acquire), failure.clone()));
                Err(failure)
            }
        }
    }

    async fn fetch(&self, scope: &str) -> Result<Token, TokenError> {
        const WHAT: &str = "token endpoint";
        let target = self.target().await?;
        let asked_at = self.means.clock.now();
        let mut request = target
            .client
            .request(Method::POST, &target.path)
            .body("application/x-www-form-urlencoded", self.settings.form(scope))
            // One token more harms nobody.
            .repeatable(true);
        if let Some(authorization) = self.settings.authorization() {
            request = request.header("authorization", &authorization);
        }
        let reply = request.await.map_err(refusal)?;
        let granted: Granted = serde_json::from_slice(reply.body()).map_err(|_| TokenError::Malformed {
            what: WHAT,
            problem: "with something that is no token",
        })?;
        if !granted
            .token_type
            .as_deref()
            .unwrap_or("bearer")
            .eq_ignore_ascii_case("bearer")
        {
            return Err(TokenError::Malformed {
                what: WHAT,
                problem: "with a token that is no bearer token",
            });
        }
        let header = sensitive(&format!("Bearer {}", granted.access_token));
        Ok(Token {
            header: header.ok_or(TokenError::Malformed {
                what: WHAT,
                problem: "with a token that a header cannot carry",
            })?,
            fetched: asked_at,
            fresh_until: granted.life().map(|life| asked_at.plus(self.freshness(life))),
        })
    }

    /// How long a token is used that lives so long: it is renewed early, and not by everyone at once.
    fn freshness(&self, life: Duration) -> Duration {
        let early = (life / 10).min(EARLY);
        life.saturating_sub(self.means.random.between(early / 2, early))
    }

    /// The token endpoint.
    async fn target(&self) -> Result<Target, TokenError> {
        let mut known = self.endpoint.lock().await;
        let now = self.means.clock.now();
        if let Some((target, until)) = &*known
            && until.is_none_or(|until| now < until)
        {
            return Ok(target.clone());
        }
        let (target, until) = match &self.place {
            Place::Nowhere => return Err(TokenError::NoUrl),
            Place::Token(url) => (self.reach("token URL", url, None)?, None),
            Place::Discovery(url) => (self.discover(url).await?, Some(now.plus(DISCOVERED_FOR))),
        };
        *known = Some((target.clone(), until));
        Ok(target)
    }

    /// OpenID Connect Discovery 1.0: the document names the token endpoint.
    async fn discover(&self, url: &str) -> Result<Target, TokenError> {
        const WHAT: &str = "discovery document";
        let document = self.reach("discovery URL", url, None)?;
        let reply = document.client.get(&document.path).await;
        let reply = reply.map_err(|cause| TokenError::Failed { what: WHAT, cause })?;
        let found: Discovered = serde_json::from_slice(reply.body()).map_err(|_| TokenError::Malformed {
            what: WHAT,
            problem: "without a `token_endpoint`",
        })?;
        self.reach(
            "token endpoint of the discovery document",
            &found.token_endpoint,
            Some(&document),
        )
    }

    /// A client for a URL, with policies of its own, over the line of the client that needs the token.
    fn reach(&self, what: &'static str, url: &str, from: Option<&Target>) -> Result<Target, TokenError> {
        let fail = |reason: String| TokenError::Url {
            what,
            url: url.split(['?', '#']).next().unwrap_or_default().to_owned(),
            reason,
        };
        let base = self.means.endpoint.to_string();
        let url = server::resolved(url, Some(&base)).map_err(|error| fail(error.to_string()))?;
        let after_scheme = url.find("://").map_or(0, |at| at + 3);
        let path_at = url[after_scheme..]
            .find(['/', '?'])
            .map_or(url.len(), |at| at + after_scheme);
        let (origin, path) = url.split_at(path_at);
        let endpoint = Endpoint::parse(origin).map_err(|error| fail(error.to_string()))?;
        let is_downgrade = from.is_some_and(|from| {
            let secure = crate::http::Scheme::Https;
            from.client.endpoint().scheme() == secure && endpoint.scheme() != secure
        });
        if is_downgrade {
            return Err(fail("it leaves TLS, which the document came by".to_owned()));
        }
        let Means {
            service,
            line,
            clock,
            random,
            metrics,
            ..
        } = &self.means;
        let client = Client::builder(format!("{service} tokens"))
            .endpoint(endpoint)
            .line(line.clone())
            .clock(*clock)
            .random(Arc::clone(random))
            .metrics(Arc::clone(metrics))
            .body_limit(REPLY_LIMIT);
        Ok(Target {
            client: client.assemble(),
            path: path.split('#').next().unwrap_or_default().to_owned(),
        })
    }
}

/// What a token endpoint grants (RFC 6749, 5.1).
#[derive(Deserialize)]
struct Granted {
    access_token: String,
    token_type: Option<String>,
    /// Seconds; some send them as text.
    #[serde(default)]
    expires_in: serde_json::Value,
}

impl Granted {
    fn life(&self) -> Option<Duration> {
        let seconds = match &self.expires_in {
            serde_json::Value::Number(number) => number.as_f64(),
            serde_json::Value::String(text) => text.trim().parse().ok(),
            _ => None,
        }?;
        Duration::try_from_secs_f64(seconds).ok()
    }
}

/// What is needed of a discovery document.
#[derive(Deserialize)]
struct Discovered {
    token_endpoint: String,
}

/// What the endpoint says where it refuses (RFC 6749, 5.2).
#[derive(Deserialize)]
struct Refused {
    error: String,
    error_description: Option<String>,
}

fn refusal(cause: Error) -> TokenError {
    let refused = cause
        .reply()
        .and_then(|reply| serde_json::from_slice::<Refused>(&reply.body).ok());
    // The code is a word of a known alphabet; anything else is not repeated.
    let is_word = |text: &str| {
        text.len() <= 64
            && text
                .bytes()
                .all(|c| c.is_ascii_alphanumeric() || b"_-.".contains(&c))
    };
    match refused {
        Some(refused) if is_word(&refused.error) => TokenError::Refused {
            error: refused.error,
            description: refused.error_description.map(Secret::from),
        },
        _ => TokenError::Failed {
            what: "token endpoint",
            cause,
        },
    }
}
