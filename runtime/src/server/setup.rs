//! A server as `[server]` of `tieline.toml` says: limits, TLS, load shedding, idempotency keys, tokens and keys.
//!
//! ```no_run
//! # async fn example(service: tieline::server::Service) -> Result<(), Box<dyn std::error::Error>> {
//! use tieline::server::Setup;
//!
//! let setup = Setup::load().await?;
//! let router = service.configured(&setup)?.into_router();
//! let listener = tokio::net::TcpListener::bind("0.0.0.0:8080").await?;
//! let stop = async { tokio::signal::ctrl_c().await.unwrap_or(()) };
//! setup.server().serve(listener, router, stop, std::time::Duration::from_secs(10)).await;
//! # Ok(()) }
//! ```

mod stores;

use std::path::Path;
use std::sync::Arc;

use super::Service;
use super::auth::{ApiKeys, Jwt, Schemes};
use super::idempotency::Idempotency;
use super::serve::{Server, ServerTls};
use super::shedding::{Priority, Shedding};
use crate::config::{
    ApiKeySettings, ConfigError, ConfigFile, Environment, JwtSettings, ProcessEnvironment, ServerSettings,
    ServerTlsSettings, SheddingSettings,
};
use crate::policy::adaptive::{Adaptive, Rule};

/// A server as it was set. Cheap to clone; services share what it holds.
#[derive(Debug, Clone)]
pub struct Setup {
    server: Server,
    body_limit: Option<usize>,
    shedding: Option<Arc<Shedding>>,
    idempotency: Option<Idempotency>,
    tokens: Option<Jwt>,
    keys: Option<ApiKeys>,
}

/// Why a server cannot be set up. No text of it holds a secret.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SetupError {
    /// What the file says is wrong.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A setting cannot be followed.
    #[error("`server.{key}`: {problem}")]
    Setting {
        /// The setting.
        key: &'static str,
        /// What is wrong, and what to do.
        problem: String,
    },
    /// The contract asks for credentials, and nothing says how they are judged.
    #[error(
        "the contract {0} asks its callers for credentials, and nothing says how they are judged: set `server.jwt` or \
         `server.api_keys`"
    )]
    NobodyJudges(&'static str),
}

fn unfit(key: &'static str, problem: impl Into<String>) -> SetupError {
    SetupError::Setting {
        key,
        problem: problem.into(),
    }
}

impl Setup {
    /// By the file that `TIELINE_CONFIG` names, or `tieline.toml` in the working directory.
    ///
    /// # Errors
    /// What it says is wrong or cannot be followed: a file or database cannot be opened, a variable is not set.
    pub async fn load() -> Result<Self, SetupError> {
        let file = ConfigFile::find(&ProcessEnvironment, Path::new("."))?;
        Self::of(file.server(), &ProcessEnvironment).await
    }

    /// By these settings.
    ///
    /// # Errors
    /// They cannot be followed.
    pub async fn of(settings: &ServerSettings, environment: &dyn Environment) -> Result<Self, SetupError> {
        let mut server = Server::new();
        if let Some(timeout) = settings.header_timeout {
            server = server.header_timeout(timeout);
        }
        if let Some(limit) = settings.header_limit {
            server = server.header_limit(in_memory(limit));
        }
        if let Some(pause) = settings.body_timeout {
            server = server.body_timeout(pause);
        }
        if let Some(tls) = tls(&settings.tls)? {
            let problem = |error: crate::http::TlsError| unfit("tls", error.to_string());
            server = server.tls(&tls).map_err(problem)?;
        }
        Ok(Self {
            server,
            body_limit: settings.body_limit.map(in_memory),
            shedding: shedding(&settings.shedding)?.map(Arc::new),
            idempotency: stores::idempotency(&settings.idempotency, environment).await?,
            tokens: tokens(&settings.jwt, environment)?,
            keys: keys(&settings.api_keys, environment)?,
        })
    }

    /// How connections are served.
    pub fn server(&self) -> &Server {
        &self.server
    }

    /// The keys of services, such as for [`Doors`](super::internal::Doors).
    pub fn keys(&self) -> Option<&ApiKeys> {
        self.keys.as_ref()
    }

    /// The tokens that are accepted, such as for [`protect`](Jwt::protect).
    pub fn tokens(&self) -> Option<&Jwt> {
        self.tokens.as_ref()
    }

    /// What judges credentials.
    fn judge(&self) -> Option<Schemes> {
        let (tokens, keys) = (self.tokens.clone(), self.keys.clone());
        let mut judge = Schemes::new();
        if tokens.is_none() && keys.is_none() {
            return None;
        }
        if let Some(tokens) = tokens {
            judge = judge.tokens(tokens);
        }
        if let Some(keys) = keys {
            judge = judge.keys(keys);
        }
        Some(judge)
    }
}

impl Service {
    /// Serves as `[server]` of `tieline.toml` says: load shedding, idempotency keys, tokens, keys, limits.
    ///
    /// # Errors
    /// The contract asks for credentials, and nothing says how they are judged.
    pub fn configured(mut self, setup: &Setup) -> Result<Self, SetupError> {
        match setup.judge() {
            Some(judge) => self = self.authenticate(judge),
            None if self.asks_for_credentials() => {
                return Err(SetupError::NobodyJudges(self.contract_name()));
            }
            None => {}
        }
        if let Some(shedding) = &setup.shedding {
            self = self.shedding(shedding.clone());
        }
        if let Some(idempotency) = &setup.idempotency {
            self = self.idempotency(idempotency.clone());
        }
        Ok(match setup.body_limit {
            Some(limit) => self.body_limit(limit),
            None => self,
        })
    }
}

#[cfg(feature = "grpc")]
impl super::grpc::Service {
    /// Serves as `[server]` of `tieline.toml` says: load shedding, idempotency keys, limits. Who calls is no matter of its
    /// methods: put [`Setup::tokens`] or [`Setup::keys`] before its router.
    pub fn configured(mut self, setup: &Setup) -> Self {
        if let Some(shedding) = &setup.shedding {
            self = self.shedding(shedding.clone());
        }
        if let Some(idempotency) = &setup.idempotency {
            self = self.idempotency(idempotency.clone());
        }
        match setup.body_limit {
            Some(limit) => self.message_limit(limit),
            None => self,
        }
    }
}

/// A size in octets of something that is held in memory.
fn in_memory(octets: u64) -> usize {
    usize::try_from(octets).unwrap_or(usize::MAX)
}

fn tls(set: &ServerTlsSettings) -> Result<Option<ServerTls>, SetupError> {
    let (certificate, key) = match (&set.certificate_file, &set.key_file) {
        (Some(certificate), Some(key)) => (certificate, key),
        (Some(_), None) => {
            return Err(unfit(
                "tls.certificate_file",
                "its key is missing: set `server.tls.key_file`",
            ));
        }
        (None, Some(_)) => {
            return Err(unfit(
                "tls.key_file",
                "its certificate is missing: set `server.tls.certificate_file`",
            ));
        }
        (None, None) if set.client_ca_file.is_some() => {
            return Err(unfit(
                "tls.client_ca_file",
                "there is no TLS: set `server.tls.certificate_file`",
            ));
        }
        (None, None) => return Ok(None),
    };
    let mut tls = ServerTls::files(certificate, key)
        .map_err(|error| unfit("tls.certificate_file", error.to_string()))?;
    if let Some(path) = &set.client_ca_file {
        let pem = std::fs::read(path)
            .map_err(|error| unfit("tls.client_ca_file", format!("{path} cannot be read: {error}")))?;
        let problem = |error: crate::http::TlsError| unfit("tls.client_ca_file", format!("{path}: {error}"));
        tls = tls.client_authorities_pem(&pem).map_err(problem)?;
    }
    if set.client_certificate_optional == Some(true) {
        tls = tls.client_certificate_optional();
    }
    Ok(Some(tls))
}

fn shedding(set: &SheddingSettings) -> Result<Option<Shedding>, SetupError> {
    let most = set.max_concurrent.map(in_memory);
    let mut shedding = match (set.adaptive.as_deref().and_then(Rule::named), most) {
        (Some(rule), most) => Shedding::adaptive(Adaptive::new(rule).bounds(1, most.unwrap_or(1000))),
        (None, Some(most)) => Shedding::at_most(most),
        (None, None) => {
            let is_set = *set != SheddingSettings::default();
            let problem = "nothing says how many requests can be handled: set `max_concurrent` or `adaptive`";
            return if is_set {
                Err(unfit("shedding", problem))
            } else {
                Ok(None)
            };
        }
    };
    if let Some(length) = set.queue {
        shedding = shedding.queue(in_memory(length));
    }
    if let Some(wait) = set.max_wait {
        shedding = shedding.max_wait(wait);
    }
    if let Some(wait) = set.target {
        shedding = shedding.target(wait);
    }
    if let Some(interval) = set.interval {
        shedding = shedding.interval(interval);
    }
    for (operation, name) in set.priorities.iter().flatten() {
        let problem =
            || format!("`{operation}` is to be `critical_plus`, `critical`, `sheddable_plus` or `sheddable`");
        let priority = Priority::named(name).ok_or_else(|| unfit("shedding.priorities", problem()))?;
        shedding = shedding.priority(operation, priority);
    }
    for operation in set.exempt.iter().flatten() {
        shedding = shedding.exempt(operation);
    }
    if set.trust_callers == Some(true) {
        shedding = shedding.trust_callers();
    }
    Ok(Some(shedding))
}

fn tokens(set: &JwtSettings, environment: &dyn Environment) -> Result<Option<Jwt>, SetupError> {
    let problem = |key| move |error: super::auth::JwtError| unfit(key, error.to_string());
    let mut jwt = match (&set.secret_env, &set.jwks_url, &set.discovery_url) {
        (Some(name), None, None) => {
            let secret = environment.get(name).filter(|secret| !secret.is_empty());
            let missing = || {
                unfit(
                    "jwt.secret_env",
                    format!("the environment variable {name} is not set"),
                )
            };
            Jwt::hs256(secret.ok_or_else(missing)?).map_err(problem("jwt.secret_env"))?
        }
        (None, Some(url), None) => Jwt::jwks(url).map_err(problem("jwt.jwks_url"))?,
        (None, None, Some(url)) => Jwt::discovery(url).map_err(problem("jwt.discovery_url"))?,
        (None, None, None) if *set == JwtSettings::default() => return Ok(None),
        _ => {
            return Err(unfit(
                "jwt",
                "set one of `secret_env`, `jwks_url` and `discovery_url`",
            ));
        }
    };
    if let Some(issuer) = &set.issuer {
        jwt = jwt.issuer(issuer);
    }
    if let Some(audience) = &set.audience {
        jwt = jwt.audience(audience);
    }
    if let Some(leeway) = set.leeway {
        jwt = jwt.leeway(leeway);
    }
    Ok(Some(jwt))
}

fn keys(set: &ApiKeySettings, environment: &dyn Environment) -> Result<Option<ApiKeys>, SetupError> {
    let Some(name) = &set.env else {
        return Ok(None);
    };
    let keys = ApiKeys::parse(&environment.get(name).unwrap_or_default());
    let missing = |_| {
        unfit(
            "api_keys.env",
            format!("the environment variable {name} is not set, or holds no key"),
        )
    };
    keys.map(Some).map_err(missing)
}
