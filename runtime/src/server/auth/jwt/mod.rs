//! Tokens: JSON Web Tokens (RFC 7519) of a shared secret, or of an issuer's keys.
//!
//! ```no_run
//! use tieline::server::auth::Jwt;
//!
//! # fn example(service: tieline::server::Service) -> Result<(), tieline::server::auth::JwtError> {
//! let tokens = Jwt::jwks("https://login.example.com/keys")?
//!     .issuer("https://login.example.com/")
//!     .audience("pets");
//! let service = service.authenticate(tokens);
//! # drop(service); Ok(()) }
//! ```
//!
//! After RFC 8725, the best current practice: the key decides the algorithm and not the token; `exp`, `nbf`, `iss` and
//! `aud` are judged; a token that names an audience is for nobody else. What a token permits (`scope`, `scp`,
//! `permissions`) is held against the scopes that the contract demands: 401 for a token that is not accepted, 403 for one
//! that does not suffice.

mod claims;
mod error;
mod keys;
mod layer;
mod token;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use ring::hmac;

pub use self::claims::Claims;
use self::claims::Rules;
pub(super) use self::error::BadToken;
pub use self::error::JwtError;
use self::keys::{KeySet, Place, Target};
use self::token::{Unverified, VerifyingKey};
use super::security::{Authenticate, Demand, Shown};
use crate::client::Secret;
use crate::clock::{Clock, Wall};
use crate::code::Code;
use crate::context::{Context, Principal};
use crate::error::{Error, ErrorKind, Fault};
use crate::operation::{Contract, SchemeKind};
use crate::server::problem::{ErrorStyle, RenderError};

/// The environment variable that holds the secret of HS256.
pub const JWT_SECRET: &str = "JWT_SECRET";
/// The environment variable that says where an issuer's keys are.
pub const JWT_JWKS_URL: &str = "JWT_JWKS_URL";
/// The environment variable that names whose tokens are accepted.
pub const JWT_ISSUER: &str = "JWT_ISSUER";
/// The environment variable that names whom tokens must be for.
pub const JWT_AUDIENCE: &str = "JWT_AUDIENCE";

/// Secrets of fewer octets can be guessed (RFC 7518, 3.2).
const SHORTEST_SECRET: usize = 32;

/// Judges tokens. Cheap to clone; clones share the keys.
#[derive(Clone)]
pub struct Jwt {
    keys: Keyring,
    rules: Rules,
    permissions: Vec<String>,
    bad_is_forbidden: bool,
    errors: Arc<dyn RenderError>,
    wall: Wall,
}

#[derive(Clone)]
enum Keyring {
    Secrets(Arc<[VerifyingKey]>),
    Issuer(Arc<KeySet>),
}

impl Jwt {
    /// Accepts tokens that are signed with this secret, by HS256.
    ///
    /// # Errors
    /// The secret is empty.
    pub fn hs256(secret: impl Into<Secret>) -> Result<Self, JwtError> {
        Self::any_of([secret.into()])
    }

    /// Accepts tokens that are signed with one of these secrets, by HS256: while a secret is changed there are two.
    ///
    /// # Errors
    /// There is none, or one is empty.
    pub fn any_of(secrets: impl IntoIterator<Item = impl Into<Secret>>) -> Result<Self, JwtError> {
        let mut keys = Vec::new();
        for secret in secrets {
            let secret = secret.into();
            match secret.expose().len() {
                0 => return Err(JwtError::NotSet),
                1..SHORTEST_SECRET => tracing::warn!(
                    "a secret that signs tokens is shorter than {SHORTEST_SECRET} octets, and can be guessed"
                ),
                _ => {}
            }
            keys.push(VerifyingKey::Secret(hmac::Key::new(
                hmac::HMAC_SHA256,
                secret.expose().as_bytes(),
            )));
        }
        if keys.is_empty() {
            return Err(JwtError::NotSet);
        }
        Ok(Self::new(Keyring::Secrets(keys.into())))
    }

    /// Accepts tokens of the keys at `url`, a JWKS, by RS256, ES256 or EdDSA. They are fetched when the first token comes, and
    /// every five minutes; at once when a token names another key, though not more often than every ten seconds. When they
    /// cannot be had, those that were had last hold for a day.
    ///
    /// # Errors
    /// The URL is none.
    pub fn jwks(url: &str) -> Result<Self, JwtError> {
        let place = Place::Keys(Target::new(url)?);
        Ok(Self::new(Keyring::Issuer(Arc::new(KeySet::new(place)))))
    }

    /// The same of an OpenID Connect provider, whose discovery document is at `url`. It names the issuer, too.
    ///
    /// # Errors
    /// The URL is none.
    pub fn discovery(url: &str) -> Result<Self, JwtError> {
        let place = Place::Discovery(Target::new(url)?);
        Ok(Self::new(Keyring::Issuer(Arc::new(KeySet::new(place)))))
    }

    /// As the environment says: `JWT_SECRET` or `JWT_JWKS_URL`, with `JWT_ISSUER` and `JWT_AUDIENCE`.
    ///
    /// # Errors
    /// Neither is set.
    pub fn from_env() -> Result<Self, JwtError> {
        Self::by(|name| std::env::var(name).ok())
    }

    /// As the contract says, and the environment beside it: the provider of its `openIdConnect` scheme, or for bearer tokens
    /// and OAuth 2.0 what [`from_env`](Jwt::from_env) takes.
    ///
    /// # Errors
    /// The contract has no such scheme, or nothing says how its tokens are judged.
    pub fn of_contract(contract: &Contract) -> Result<Self, JwtError> {
        Self::of_contract_by(contract, |name| std::env::var(name).ok())
    }

    /// [`of_contract`](Jwt::of_contract) with variables of your own.
    ///
    /// # Errors
    /// As there.
    pub fn of_contract_by(
        contract: &Contract,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, JwtError> {
        let kinds = || contract.security_schemes.iter().map(|scheme| scheme.kind);
        let is_said = variable(JWT_SECRET).is_some() || variable(JWT_JWKS_URL).is_some();
        let provider = kinds().find_map(|kind| match kind {
            SchemeKind::OpenIdConnect(url) if !is_said => Some(url),
            _ => None,
        });
        match provider {
            Some(url) => Ok(Self::discovery(url)?.with_rules_by(variable)),
            None if kinds().any(SchemeKind::takes_token) => Self::by(variable),
            None => Err(JwtError::NoScheme(contract.name)),
        }
    }

    fn by(variable: impl Fn(&str) -> Option<String>) -> Result<Self, JwtError> {
        let set = |name| variable(name).filter(|text| !text.is_empty());
        let jwt = match (set(JWT_SECRET), set(JWT_JWKS_URL)) {
            (_, Some(url)) => Self::jwks(&url)?,
            (Some(secret), None) => Self::hs256(secret)?,
            (None, None) => return Err(JwtError::NotSet),
        };
        Ok(jwt.with_rules_by(variable))
    }

    fn with_rules_by(mut self, variable: impl Fn(&str) -> Option<String>) -> Self {
        let set = |name| variable(name).filter(|text| !text.is_empty());
        self.rules.issuer = set(JWT_ISSUER);
        self.rules.audience = set(JWT_AUDIENCE);
        self
    }

    fn new(keys: Keyring) -> Self {
        Self {
            keys,
            rules: Rules {
                issuer: None,
                audience: None,
                any_audience: false,
                leeway: Duration::from_secs(30),
                may_live_for_ever: false,
            },
            permissions: Vec::new(),
            bad_is_forbidden: false,
            errors: Arc::new(ErrorStyle::Problem),
            wall: Wall::system(),
        }
    }

    /// Accepts tokens of this issuer (`iss`) alone.
    pub fn issuer(mut self, issuer: impl Into<String>) -> Self {
        self.rules.issuer = Some(issuer.into());
        self
    }

    /// Accepts tokens alone that are for this audience (`aud`). Unless set, those that name none.
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        self.rules.audience = Some(audience.into());
        self
    }

    /// Accepts tokens whomever they are for.
    pub fn any_audience(mut self) -> Self {
        self.rules.any_audience = true;
        self
    }

    /// How far clocks may differ; 30 seconds unless set.
    pub fn leeway(mut self, leeway: Duration) -> Self {
        self.rules.leeway = leeway;
        self
    }

    /// Accepts tokens without `exp`, which are valid for ever.
    pub fn allow_eternal(mut self) -> Self {
        self.rules.may_live_for_ever = true;
        self
    }

    /// Takes what may be done from this claim as well, such as `roles`.
    pub fn permissions_claim(mut self, name: impl Into<String>) -> Self {
        self.permissions.push(name.into());
        self
    }

    /// Refuses a token that is not accepted with 403 instead of 401, which is kept for requests without one.
    pub fn bad_tokens_are_forbidden(mut self) -> Self {
        self.bad_is_forbidden = true;
        self
    }

    /// Renders refusals of [`protect`](Jwt::protect) by `renderer`: an [`ErrorStyle`], or a function.
    pub fn render_errors_with(mut self, renderer: impl RenderError + 'static) -> Self {
        self.errors = Arc::new(renderer);
        self
    }

    /// Sets the time of day.
    pub fn wall(mut self, wall: Wall) -> Self {
        self.wall = wall;
        self
    }

    /// Sets the clock that the age of an issuer's keys is told by. Before the first token.
    pub fn clock(mut self, clock: Clock) -> Self {
        if let Keyring::Issuer(set) = &mut self.keys
            && let Some(set) = Arc::get_mut(set)
        {
            set.clock = clock;
        }
        self
    }

    /// What a token claims.
    ///
    /// # Errors
    /// [`Code::Unauthenticated`]: it is not accepted; [`Code::PermissionDenied`] where that was asked for.
    /// [`Code::Unavailable`]: the issuer's keys cannot be had.
    pub async fn verify(&self, token: &str) -> Result<Claims, Error> {
        self.judge(token).await.map_err(|bad| self.refusal(bad))
    }

    async fn judge(&self, token: &str) -> Result<Claims, BadToken> {
        let token = Unverified::read(token)?;
        let (all, issuer) = match &self.keys {
            Keyring::Secrets(secrets) => (first(secrets.iter(), &token)?, None),
            Keyring::Issuer(set) => {
                // Nothing that is published is a secret.
                if token.algorithm == token::Algorithm::HS256 {
                    return Err(BadToken::Algorithm);
                }
                let kid = token.kid.clone();
                let keys = set.keys(token.algorithm, kid.as_deref()).await?;
                let found = keys.find(token.algorithm, kid.as_deref());
                (first(found.into_iter(), &token)?, keys.issuer.clone())
            }
        };
        self.rules.judge(&all, issuer.as_deref(), self.wall.now())?;
        let claims = Claims::new(all, &self.permissions);
        if claims.subject().is_none() {
            return Err(BadToken::Nobody);
        }
        Ok(claims)
    }

    fn refusal(&self, bad: BadToken) -> Error {
        match bad {
            BadToken::NoKeys => Fault::new(ErrorKind::Internal, Code::Unavailable, bad.to_string()).into(),
            _ if self.bad_is_forbidden => Error::new(Code::PermissionDenied, bad.to_string()),
            _ => Error::new(Code::Unauthenticated, bad.to_string()),
        }
    }

    /// Whom a token shows, if it permits `scopes`.
    pub(super) async fn principal(&self, token: &str, scopes: &[&str]) -> Result<Principal, Error> {
        let claims = self.verify(token).await?;
        if !claims.permits(scopes) {
            let message = format!(
                "the token does not permit what the operation needs: {}",
                scopes.join(" ")
            );
            return Err(Error::new(Code::PermissionDenied, message));
        }
        let name = claims.subject().unwrap_or_default().to_owned();
        Ok(Principal::new(name).with(claims))
    }
}

/// What the token claims by the first key that signed it.
fn first<'k>(
    keys: impl Iterator<Item = &'k VerifyingKey>,
    token: &Unverified<'_>,
) -> Result<serde_json::Map<String, serde_json::Value>, BadToken> {
    let mut refused = BadToken::UnknownKey;
    for key in keys {
        match token.verified(key) {
            Err(BadToken::Signature) => refused = BadToken::Signature,
            other => return other,
        }
    }
    Err(refused)
}

#[async_trait]
impl Authenticate for Jwt {
    async fn authenticate(&self, _: &Context, demand: Demand<'_>) -> Result<Principal, Error> {
        match demand.shown {
            [one] => match &one.credential {
                Shown::Token(token) => self.principal(token, one.scopes).await,
                _ => Err(Error::new(
                    Code::Unauthenticated,
                    "tokens alone are accepted here",
                )),
            },
            _ => Err(Error::new(
                Code::Unauthenticated,
                "nobody here judges all that the operation asks for",
            )),
        }
    }
}

impl fmt::Debug for Jwt {
    /// Shows no secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let keys = match &self.keys {
            Keyring::Secrets(_) => "a secret",
            Keyring::Issuer(_) => "the keys of an issuer",
        };
        f.debug_struct("Jwt")
            .field("keys", &keys)
            .field("rules", &self.rules)
            .finish_non_exhaustive()
    }
}
