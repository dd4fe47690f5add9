//! The parts of `[service.<name>]` that say how a service is reached, and as whom.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::values::{SizeText, VariableText};

/// What the client shows to a service. Secrets stand in environment variables, which are named here.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[allow(dead_code)] // Judged here, used by the runtime.
pub(crate) struct AuthConfig {
    /// The environment variable that holds a bearer token.
    token_env: Option<VariableText>,
    /// The user of HTTP Basic.
    user: Option<String>,
    /// The environment variable that holds the user's password.
    password_env: Option<VariableText>,
    /// The environment variables that hold API keys, by the scheme's name in the contract.
    keys: Option<BTreeMap<String, VariableText>>,
    /// The client of OAuth 2.0's client credentials.
    client_id: Option<String>,
    /// The environment variable that holds the client's secret.
    client_secret_env: Option<VariableText>,
    /// How the client shows who it is: basic or post. basic by default.
    client_authentication: Option<ClientAuthentication>,
    /// Where tokens are to be had. What the contract says by default.
    token_url: Option<String>,
    /// The discovery document of OpenID Connect. What the contract says by default.
    discovery_url: Option<String>,
    /// The scopes to ask for. Those that each operation names by default.
    scopes: Option<Vec<String>>,
    /// Whom tokens are for.
    audience: Option<String>,
    /// Parameters of the provider's own.
    parameters: Option<BTreeMap<String, String>>,
}

/// How the client of OAuth 2.0 shows who it is.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ClientAuthentication {
    /// By HTTP Basic.
    Basic,
    /// In the form.
    Post,
}

/// Which proxies requests go by.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[allow(dead_code)] // Judged here, used by the runtime.
pub(crate) struct ProxyConfig {
    /// The proxy of all requests, such as `http://proxy.example:3128`.
    url: Option<String>,
    /// The user that it is shown.
    user: Option<String>,
    /// The environment variable that holds the user's password.
    password_env: Option<VariableText>,
    /// What is gone to straight: hosts, with all below them, addresses and networks.
    except: Option<Vec<String>>,
    /// Whether HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY are read. Not by default.
    from_environment: Option<bool>,
}

/// Whom to trust, and who we are, over TLS. Files are PEM.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[allow(dead_code)] // Judged here, used by the runtime.
pub(crate) struct TlsConfig {
    /// The file with authorities to trust.
    ca_file: Option<String>,
    /// Whether the public authorities are trusted, too. They are by default.
    public_roots: Option<bool>,
    /// The file with the certificate to show, and what leads from it to an authority.
    certificate_file: Option<String>,
    /// The file with the certificate's private key.
    key_file: Option<String>,
}

/// What is compressed.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[allow(dead_code)] // Judged here, used by the runtime.
pub(crate) struct GzipConfig {
    /// Whether replies may come compressed. They may by default.
    replies: Option<bool>,
    /// The size from which on requests are compressed. None is by default.
    requests_from: Option<SizeText>,
}
