//! Security: what a caller must show.

/// One alternative: all of these schemes together. Empty: anonymous callers are let in.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Requirement {
    /// Scheme name, scopes.
    pub schemes: Vec<(String, Vec<String>)>,
}

/// A security scheme.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecurityScheme {
    /// Documentation (CommonMark).
    pub docs: Option<String>,
    /// What it is.
    pub kind: SchemeKind,
}

/// The kinds of security scheme.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SchemeKind {
    /// A key in a named place.
    ApiKey {
        /// Where.
        place: ApiKeyPlace,
        /// The name of the header, query parameter or cookie.
        name: String,
    },
    /// RFC 7617.
    Basic,
    /// RFC 6750, with a hint at the token's format.
    Bearer {
        /// Such as `JWT`.
        format: Option<String>,
    },
    /// Another HTTP authentication scheme, by its registered name.
    Http {
        /// The name.
        scheme: String,
    },
    /// OAuth 2.0.
    OAuth2 {
        /// Token URL of the client-credentials flow, when it is offered.
        token_url: Option<String>,
    },
    /// OpenID Connect discovery.
    OpenIdConnect {
        /// The discovery document's URL.
        url: String,
    },
    /// Mutual TLS.
    MutualTls,
}

/// Where an API key goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ApiKeyPlace {
    /// A header.
    Header,
    /// The query.
    Query,
    /// A cookie.
    Cookie,
}
