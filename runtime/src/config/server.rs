//! What can be set for the server of this process: the table `[server]` of `tieline.toml`.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::de::{Deserialize, Deserializer, Error as _};

use super::raw::{Raw, count, octets, pairs, text, time, truth, words};
use super::spelling;

/// Settings of the server of this process. What is not set has its default, or is off. Secrets stand in environment
/// variables, which are named here.
///
/// ```
/// let settings: tieline::config::ServerSettings = toml::from_str(r#"
///     header_timeout = "10s"
///     shedding = { max_concurrent = 200, priorities = { exportAll = "sheddable" } }
///     idempotency = { sqlite_file = "keys.db" }
/// "#)?;
/// assert_eq!(settings.shedding.max_concurrent, Some(200));
/// # Ok::<(), toml::de::Error>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ServerSettings {
    /// How long a caller may take to send the headers of a request; 30 s by default.
    #[serde(deserialize_with = "a_time")]
    pub header_timeout: Option<Duration>,
    /// The greatest size of the headers of a request, in octets; 64 KiB by default.
    #[serde(deserialize_with = "a_size")]
    pub header_limit: Option<u64>,
    /// How long a caller may pause while it sends a body; as long as it wants by default.
    #[serde(deserialize_with = "a_time")]
    pub body_timeout: Option<Duration>,
    /// The greatest body of a request, in octets; 2 MiB by default.
    #[serde(deserialize_with = "a_size")]
    pub body_limit: Option<u64>,
    /// TLS; none by default.
    pub tls: ServerTlsSettings,
    /// What is done with more requests than can be handled; nothing by default.
    pub shedding: SheddingSettings,
    /// Where idempotency keys are kept; nowhere by default.
    pub idempotency: IdempotencySettings,
    /// Which tokens are accepted; none by default.
    pub jwt: JwtSettings,
    /// Which keys of services are accepted; none by default.
    pub api_keys: ApiKeySettings,
}

/// TLS of a server. Files are PEM, and looked at again while it runs.
#[derive(Debug, Clone, Default, PartialEq, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ServerTlsSettings {
    /// The file with the certificate, and what leads from it to an authority.
    #[serde(deserialize_with = "a_text")]
    pub certificate_file: Option<String>,
    /// The file with the certificate's private key.
    #[serde(deserialize_with = "a_text")]
    pub key_file: Option<String>,
    /// The file with the authorities of clients' certificates, which are asked for then.
    #[serde(deserialize_with = "a_text")]
    pub client_ca_file: Option<String>,
    /// Whether clients without a certificate are let in, too; not by default.
    #[serde(deserialize_with = "a_truth")]
    pub client_certificate_optional: Option<bool>,
}

/// What is done with more requests than can be handled. See [`shedding`](crate::server::shedding).
#[derive(Debug, Clone, Default, PartialEq, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SheddingSettings {
    /// How many requests are handled at a time; no limit by default.
    #[serde(deserialize_with = "a_count")]
    pub max_concurrent: Option<u64>,
    /// Finds that number by how long requests take: `gradient` or `vegas`; `max_concurrent` is the greatest then.
    #[serde(deserialize_with = "a_rule")]
    pub adaptive: Option<String>,
    /// How many requests may wait; 100 by default.
    #[serde(deserialize_with = "a_count")]
    pub queue: Option<u64>,
    /// How long a request waits; 100 ms by default.
    #[serde(deserialize_with = "a_time")]
    pub max_wait: Option<Duration>,
    /// How long it waits while the queue stands; 5 ms by default.
    #[serde(deserialize_with = "a_time")]
    pub target: Option<Duration>,
    /// How long the queue has not been empty when it stands; 100 ms by default.
    #[serde(deserialize_with = "a_time")]
    pub interval: Option<Duration>,
    /// Priorities by operation: `critical_plus`, `critical`, `sheddable_plus` or `sheddable`.
    #[serde(deserialize_with = "some_texts")]
    pub priorities: Option<BTreeMap<String, String>>,
    /// Operations that are always handled.
    #[serde(deserialize_with = "some_words")]
    pub exempt: Option<Vec<String>>,
    /// Whether callers may raise a priority; not by default.
    #[serde(deserialize_with = "a_truth")]
    pub trust_callers: Option<bool>,
}

/// Where idempotency keys are kept. See [`idempotency`](crate::server::idempotency).
#[derive(Debug, Clone, Default, PartialEq, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct IdempotencySettings {
    /// A SQLite file.
    #[serde(deserialize_with = "a_text")]
    pub sqlite_file: Option<String>,
    /// The variable that holds the address of a database: `postgres://…` or `redis://…`.
    #[serde(deserialize_with = "a_variable")]
    pub url_env: Option<String>,
    /// Whether they are kept in memory; not by default.
    #[serde(deserialize_with = "a_truth")]
    pub memory: Option<bool>,
    /// How long replies are kept; 24 h by default.
    #[serde(deserialize_with = "a_time")]
    pub ttl: Option<Duration>,
    /// How long a claim holds that is not renewed; 30 s by default.
    #[serde(deserialize_with = "a_time")]
    pub lease: Option<Duration>,
    /// The greatest body of a reply that is kept, in octets; 1 MiB by default.
    #[serde(deserialize_with = "a_size")]
    pub record_limit: Option<u64>,
    /// Operations whose requests have to have a key.
    #[serde(deserialize_with = "some_words")]
    pub require: Option<Vec<String>>,
}

/// Which tokens are accepted. See [`Jwt`](crate::server::auth::Jwt).
#[derive(Debug, Clone, Default, PartialEq, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct JwtSettings {
    /// The variable that holds the secret of HS256.
    #[serde(deserialize_with = "a_variable")]
    pub secret_env: Option<String>,
    /// Where the keys of the issuer are.
    #[serde(deserialize_with = "a_text")]
    pub jwks_url: Option<String>,
    /// The discovery document of an OpenID Connect provider.
    #[serde(deserialize_with = "a_text")]
    pub discovery_url: Option<String>,
    /// Whose tokens are accepted.
    #[serde(deserialize_with = "a_text")]
    pub issuer: Option<String>,
    /// Whom they must be for.
    #[serde(deserialize_with = "a_text")]
    pub audience: Option<String>,
    /// How far clocks may differ; 30 s by default.
    #[serde(deserialize_with = "a_time")]
    pub leeway: Option<Duration>,
}

/// Which keys of services are accepted.
#[derive(Debug, Clone, Default, PartialEq, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ApiKeySettings {
    /// The variable that holds the keys, separated by commas.
    #[serde(deserialize_with = "a_variable")]
    pub env: Option<String>,
}

/// Readers that say what they expect, and not what they found.
macro_rules! readers {
    ($($name:ident: $kind:ident -> $type:ty, $expects:literal, $holds:expr;)*) => {
        $(fn $name<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<$type>, D::Error> {
            let raw = Raw::deserialize(deserializer)?;
            let value = $kind::read(&raw).filter($holds);
            value.map(Some).ok_or_else(|| D::Error::custom(concat!("expects ", $expects)))
        })*
    };
}

readers! {
    a_text: text -> String, "a text", |text| !text.trim().is_empty();
    a_variable: text -> String, "the name of an environment variable, not what it holds", |name| spelling::is_variable(name);
    a_rule: text -> String, "`gradient` or `vegas`", |rule| crate::policy::adaptive::Rule::named(rule).is_some();
    a_time: time -> Duration, "a duration, such as `250ms`", |_| true;
    a_size: octets -> u64, "a size, such as `64KiB`", |_| true;
    a_count: count -> u64, "a whole number", |_| true;
    a_truth: truth -> bool, "true or false", |_| true;
    some_words: words -> Vec<String>, "a list of texts", |_| true;
    some_texts: pairs -> BTreeMap<String, String>, "a table of texts", |_| true;
}
