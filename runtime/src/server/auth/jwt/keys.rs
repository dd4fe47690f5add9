//! The keys of an issuer (JWKS, RFC 7517): fetched once for all who wait, kept, and fetched anew when a token names a key
//! that is not among them.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;

use super::token::{Algorithm, VerifyingKey, decoded};
use super::{BadToken, JwtError};
use crate::client::Client;
use crate::clock::{Clock, Instant};
use crate::http::Endpoint;

/// Greatest set of keys, or discovery document.
const REPLY_LIMIT: usize = 256 * 1024;
/// How long fetching may take.
const FETCH_TIMEOUT: Duration = Duration::from_secs(5);
/// Of so many keys that a token without `kid` may mean, each is tried.
const MOST_TRIED: usize = 8;

/// The keys of an issuer.
pub(super) struct KeySet {
    place: Place,
    kept: RwLock<Option<Arc<Keys>>>,
    /// Held while keys are fetched; when they were asked for last.
    gate: tokio::sync::Mutex<Option<Instant>>,
    pub(super) refresh: Duration,
    pub(super) pause: Duration,
    pub(super) longest: Duration,
    pub(super) clock: Clock,
}

pub(super) enum Place {
    Keys(Target),
    /// A discovery document of OpenID Connect, which names the issuer, and where its keys are.
    Discovery(Target),
}

/// A URL, as a client that knows its path.
pub(super) struct Target {
    client: Client,
    path: String,
    is_secure: bool,
}

/// Keys, as they were fetched.
pub(super) struct Keys {
    keys: Vec<(Option<String>, VerifyingKey)>,
    pub(super) issuer: Option<String>,
    at: Instant,
}

impl Keys {
    /// The keys that a token can mean.
    pub(super) fn find<'k>(&'k self, algorithm: Algorithm, kid: Option<&'k str>) -> Vec<&'k VerifyingKey> {
        let fitting = self
            .keys
            .iter()
            .filter(move |(id, key)| key.algorithm() == algorithm && (kid.is_none() || id.as_deref() == kid));
        fitting.map(|(_, key)| key).take(MOST_TRIED).collect()
    }
}

impl KeySet {
    pub(super) fn new(place: Place) -> Self {
        Self {
            place,
            kept: RwLock::default(),
            gate: tokio::sync::Mutex::default(),
            refresh: Duration::from_secs(5 * 60),
            pause: Duration::from_secs(10),
            longest: Duration::from_secs(24 * 60 * 60),
            clock: Clock::default(),
        }
    }

    fn kept(&self) -> Option<Arc<Keys>> {
        let kept = self.kept.read().unwrap_or_else(PoisonError::into_inner).clone();
        kept.filter(|keys| self.clock.now().since(keys.at) < self.longest)
    }

    /// Keys among which is that of the token, if the issuer has it.
    pub(super) async fn keys(
        self: &Arc<Self>,
        algorithm: Algorithm,
        kid: Option<&str>,
    ) -> Result<Arc<Keys>, BadToken> {
        let has = |keys: &Keys| !keys.find(algorithm, kid).is_empty();
        if let Some(keys) = self.kept().filter(|keys| has(keys)) {
            if self.clock.now().since(keys.at) >= self.refresh {
                self.refresh_beside();
            }
            return Ok(keys);
        }
        let mut asked = self.gate.lock().await;
        // Who waited for the one that fetched has what it got.
        if let Some(keys) = self.kept().filter(|keys| has(keys)) {
            return Ok(keys);
        }
        let is_soon = asked.is_some_and(|at| self.clock.now().since(at) < self.pause);
        if !is_soon {
            *asked = Some(self.clock.now());
            let set = Arc::clone(self);
            // Goes on when this caller gives up: others wait for it, too. It fails when the runtime ends.
            let _ = tokio::spawn(async move { set.fetch_and_keep().await }).await;
        }
        self.kept().ok_or(BadToken::NoKeys)
    }

    /// Fetches keys beside the request that found them old, unless somebody does already.
    fn refresh_beside(self: &Arc<Self>) {
        let set = Arc::clone(self);
        let Ok(mut asked) = set.gate.try_lock() else {
            return;
        };
        if asked.is_some_and(|at| self.clock.now().since(at) < self.pause) {
            return;
        }
        *asked = Some(self.clock.now());
        drop(asked);
        tokio::spawn(async move {
            let _fetching = set.gate.lock().await;
            set.fetch_and_keep().await;
        });
    }

    /// What was kept stays where nothing better comes.
    async fn fetch_and_keep(&self) {
        match self.fetch().await {
            Ok(keys) => {
                *self.kept.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(keys));
            }
            Err(error) => {
                tracing::warn!(%error, "the keys that tokens are signed with cannot be fetched; those that are kept hold on");
            }
        }
    }

    async fn fetch(&self) -> Result<Keys, JwtError> {
        match &self.place {
            Place::Keys(target) => self.fetch_keys(target, None).await,
            Place::Discovery(target) => {
                let found: Discovered = target.read("discovery document").await?;
                let keys = Target::new(&found.jwks_uri)?;
                if target.is_secure && !keys.is_secure {
                    return Err(JwtError::Url {
                        reason: "the keys' leaves TLS, which the discovery document came by".to_owned(),
                    });
                }
                self.fetch_keys(&keys, Some(found.issuer)).await
            }
        }
    }

    async fn fetch_keys(&self, target: &Target, issuer: Option<String>) -> Result<Keys, JwtError> {
        let at = self.clock.now();
        let set: Set = target.read("set of keys").await?;
        let keys: Vec<_> = set.keys.into_iter().filter_map(read_key).collect();
        if keys.is_empty() {
            return Err(JwtError::Malformed(
                "set of keys, which has none for RS256, ES256 or EdDSA",
            ));
        }
        Ok(Keys { keys, issuer, at })
    }
}

impl Target {
    pub(super) fn new(url: &str) -> Result<Self, JwtError> {
        let bad = |reason: String| JwtError::Url { reason };
        let after_scheme = url.find("://").map_or(0, |at| at + 3);
        let path_at = url[after_scheme..]
            .find(['/', '?'])
            .map_or(url.len(), |at| at + after_scheme);
        let (origin, path) = url.split_at(path_at);
        let endpoint = Endpoint::parse(origin).map_err(|error| bad(error.to_string()))?;
        let is_secure = endpoint.scheme() == crate::http::Scheme::Https;
        let client = Client::builder("token keys")
            .endpoint(endpoint)
            .timeout(FETCH_TIMEOUT)
            .body_limit(REPLY_LIMIT)
            .build()
            .map_err(|error| bad(error.to_string()))?;
        Ok(Self {
            client,
            path: path.split('#').next().unwrap_or_default().to_owned(),
            is_secure,
        })
    }

    async fn read<T: serde::de::DeserializeOwned>(&self, what: &'static str) -> Result<T, JwtError> {
        let reply = self.client.get(&self.path).await;
        let reply = reply.map_err(|cause| JwtError::Fetch { what, cause })?;
        serde_json::from_slice(reply.body()).map_err(|_| JwtError::Malformed(what))
    }
}

/// What is needed of a discovery document.
#[derive(Deserialize)]
struct Discovered {
    issuer: String,
    jwks_uri: String,
}

#[derive(Deserialize)]
struct Set {
    keys: Vec<Value>,
}

#[derive(Deserialize)]
struct Jwk {
    kty: String,
    #[serde(rename = "use")]
    purpose: Option<String>,
    kid: Option<String>,
    alg: Option<String>,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

/// A key for signatures of a kind that is known; others stand beside it in many sets. Secrets (`oct`) are none: what is
/// published is not secret.
fn read_key(value: Value) -> Option<(Option<String>, VerifyingKey)> {
    let jwk: Jwk = serde_json::from_value(value).ok()?;
    if jwk.purpose.is_some_and(|purpose| purpose != "sig") {
        return None;
    }
    let octets = |text: &Option<String>| decoded(text.as_deref()?).ok();
    let key = match (&*jwk.kty, jwk.crv.as_deref()) {
        ("RSA", _) => VerifyingKey::Rsa {
            n: octets(&jwk.n)?,
            e: octets(&jwk.e)?,
        },
        ("EC", Some("P-256")) => VerifyingKey::P256([vec![4], octets(&jwk.x)?, octets(&jwk.y)?].concat()),
        ("OKP", Some("Ed25519")) => VerifyingKey::Ed25519(octets(&jwk.x)?),
        _ => return None,
    };
    let fits = jwk.alg.is_none_or(|alg| key.algorithm().is_called(&alg));
    fits.then_some((jwk.kid, key))
}
