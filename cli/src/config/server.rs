//! `[server]`: the settings of the server of this process, as the check of the file and the JSON Schema know them. The values are
//! judged by the runtime's own reader.

use std::collections::BTreeMap;

use schemars::JsonSchema;

use super::values::{DurationText, SizeText, VariableText};

/// The settings of the server of this process. Every key may be left out.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[allow(dead_code)] // Its schema is what counts.
pub(crate) struct ServerConfig {
    /// How long a caller may take to send the headers of a request; 30 s by default.
    header_timeout: Option<DurationText>,
    /// The greatest size of the headers of a request, in octets; 64 KiB by default.
    header_limit: Option<SizeText>,
    /// How long a caller may pause while it sends a body; as long as it wants by default.
    body_timeout: Option<DurationText>,
    /// The greatest body of a request, in octets; 2 MiB by default.
    body_limit: Option<SizeText>,
    /// TLS; none by default.
    tls: Option<ServerTlsConfig>,
    /// What is done with more requests than can be handled; nothing by default.
    shedding: Option<SheddingConfig>,
    /// Where idempotency keys are kept; nowhere by default.
    idempotency: Option<IdempotencyConfig>,
    /// Which tokens are accepted; none by default.
    jwt: Option<JwtConfig>,
    /// Which keys of services are accepted; none by default.
    api_keys: Option<ApiKeyConfig>,
}

/// TLS of a server. Files are PEM, and looked at again while it runs.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[allow(dead_code)] // Its schema is what counts.
struct ServerTlsConfig {
    /// The file with the certificate, and what leads from it to an authority.
    certificate_file: Option<String>,
    /// The file with the certificate's private key.
    key_file: Option<String>,
    /// The file with the authorities of clients' certificates, which are asked for then.
    client_ca_file: Option<String>,
    /// Whether clients without a certificate are let in, too; not by default.
    client_certificate_optional: Option<bool>,
}

/// What is done with more requests than can be handled.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[allow(dead_code)] // Its schema is what counts.
struct SheddingConfig {
    /// How many requests are handled at a time; no limit by default.
    max_concurrent: Option<u64>,
    /// Finds that number by how long requests take: `gradient` or `vegas`; `max_concurrent` is the greatest then.
    adaptive: Option<String>,
    /// How many requests may wait; 100 by default.
    queue: Option<u64>,
    /// How long a request waits; 100 ms by default.
    max_wait: Option<DurationText>,
    /// How long it waits while the queue stands; 5 ms by default.
    target: Option<DurationText>,
    /// How long the queue has not been empty when it stands; 100 ms by default.
    interval: Option<DurationText>,
    /// Priorities by operation: `critical_plus`, `critical`, `sheddable_plus` or `sheddable`.
    priorities: Option<BTreeMap<String, String>>,
    /// Operations that are always handled.
    exempt: Option<Vec<String>>,
    /// Whether callers may raise a priority; not by default.
    trust_callers: Option<bool>,
}

/// Where idempotency keys are kept.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[allow(dead_code)] // Its schema is what counts.
struct IdempotencyConfig {
    /// A SQLite file.
    sqlite_file: Option<String>,
    /// The variable that holds the address of a database: `postgres://…` or `redis://…`.
    url_env: Option<VariableText>,
    /// Whether they are kept in memory; not by default.
    memory: Option<bool>,
    /// How long replies are kept; 24 h by default.
    ttl: Option<DurationText>,
    /// How long a claim holds that is not renewed; 30 s by default.
    lease: Option<DurationText>,
    /// The greatest body of a reply that is kept, in octets; 1 MiB by default.
    record_limit: Option<SizeText>,
    /// Operations whose requests have to have a key.
    require: Option<Vec<String>>,
}

/// Which tokens are accepted.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[allow(dead_code)] // Its schema is what counts.
struct JwtConfig {
    /// The variable that holds the secret of HS256.
    secret_env: Option<VariableText>,
    /// Where the keys of the issuer are.
    jwks_url: Option<String>,
    /// The discovery document of an OpenID Connect provider.
    discovery_url: Option<String>,
    /// Whose tokens are accepted.
    issuer: Option<String>,
    /// Whom they must be for.
    audience: Option<String>,
    /// How far clocks may differ; 30 s by default.
    leeway: Option<DurationText>,
}

/// Which keys of services are accepted.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[allow(dead_code)] // Its schema is what counts.
struct ApiKeyConfig {
    /// The variable that holds the keys, separated by commas.
    env: Option<VariableText>,
}
