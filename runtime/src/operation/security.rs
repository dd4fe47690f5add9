//! What a caller must show.

/// A security scheme: what a caller must show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SecurityScheme {
    /// Its name in the contract.
    pub name: &'static str,
    /// What it is.
    pub kind: SchemeKind,
}

/// The kinds of security scheme.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SchemeKind {
    /// A key in a header of this name.
    ApiKeyHeader(&'static str),
    /// A key in a query parameter of this name.
    ApiKeyQuery(&'static str),
    /// A key in a cookie of this name.
    ApiKeyCookie(&'static str),
    /// `Authorization: Basic` (RFC 7617).
    Basic,
    /// `Authorization: Bearer` (RFC 6750).
    Bearer,
    /// OAuth 2.0 (RFC 6749): a bearer token, with the token URL of the client-credentials flow where that is offered.
    OAuth2(Option<&'static str>),
    /// OpenID Connect: a bearer token of the provider whose discovery document is at this URL.
    OpenIdConnect(&'static str),
    /// Another HTTP authentication scheme.
    Http(&'static str),
    /// Mutual TLS.
    MutualTls,
}

impl SchemeKind {
    /// Whether a bearer token is what it asks for.
    pub const fn takes_token(self) -> bool {
        matches!(self, Self::Bearer | Self::OAuth2(_) | Self::OpenIdConnect(_))
    }
}

/// A scheme that an alternative asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Required {
    /// The index of the scheme in [`Contract::security_schemes`](super::Contract::security_schemes).
    pub scheme: usize,
    /// The scopes that a token must have.
    pub scopes: &'static [&'static str],
}
