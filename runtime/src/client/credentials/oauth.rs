//! OAuth 2.0's client credentials (RFC 6749, 4.4): who asks for tokens, and where.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::Secret;

/// How a client shows who it is to the token endpoint (RFC 6749, 2.3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum ClientAuthentication {
    /// By HTTP Basic (`client_secret_basic`).
    #[default]
    Basic,
    /// In the body (`client_secret_post`).
    Post,
}

/// Bearer tokens by OAuth 2.0's client credentials. Where the contract names a token URL or a discovery document, that
/// need not be said here.
///
/// A token is fetched when the first call needs it, by a client with policies of its own over the same line, and shared
/// by all calls that need the same scopes; calls that come while it is fetched wait for it. It is renewed a while before
/// it expires (a tenth of its life, a minute at most, spread at random), and once when the service answers 401.
///
/// ```
/// use tieline::client::{Credential, OAuth2};
///
/// let oauth = OAuth2::new("billing", "secret from somewhere").audience("https://pets.example.com");
/// let client = tieline::Client::builder("pets").credential("oauth", Credential::OAuth2(oauth));
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct OAuth2 {
    pub(super) client_id: String,
    client_secret: Secret,
    pub(super) token_url: Option<String>,
    pub(super) discovery_url: Option<String>,
    scopes: Option<Vec<String>>,
    audience: Option<String>,
    parameters: Vec<(String, String)>,
    authentication: ClientAuthentication,
}

/// What stays as it is in a form (the WHATWG's `application/x-www-form-urlencoded`).
const FORM: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'*')
    .remove(b'-')
    .remove(b'.')
    .remove(b'_');

impl OAuth2 {
    /// The client of this id and secret.
    pub fn new(client_id: impl Into<String>, client_secret: impl Into<Secret>) -> Self {
        Self {
            client_id: client_id.into(),
            client_secret: client_secret.into(),
            token_url: None,
            discovery_url: None,
            scopes: None,
            audience: None,
            parameters: Vec::new(),
            authentication: ClientAuthentication::default(),
        }
    }

    /// Where tokens are to be had, whatever the contract says.
    pub fn token_url(mut self, url: impl Into<String>) -> Self {
        self.token_url = Some(url.into());
        self
    }

    /// The provider's discovery document, whatever the contract says:
    /// `https://login.example.com/.well-known/openid-configuration`.
    pub fn discovery_url(mut self, url: impl Into<String>) -> Self {
        self.discovery_url = Some(url.into());
        self
    }

    /// Asks for these scopes, in the place of those that each operation names.
    pub fn scopes(mut self, scopes: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.scopes = Some(scopes.into_iter().map(Into::into).collect());
        self
    }

    /// Whom the token is for: the parameter `audience`.
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        self.audience = Some(audience.into());
        self
    }

    /// Sends a parameter of the provider's own, such as `resource`.
    pub fn parameter(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.parameters.push((name.into(), value.into()));
        self
    }

    /// How the client shows who it is; by HTTP Basic unless set.
    pub fn authentication(mut self, authentication: ClientAuthentication) -> Self {
        self.authentication = authentication;
        self
    }

    /// The scopes to ask for, in one text.
    pub(super) fn scope(&self, of_operation: &[&str]) -> String {
        match &self.scopes {
            Some(scopes) => scopes.join(" "),
            None => of_operation.join(" "),
        }
    }

    /// The body of a request for a token.
    pub(super) fn form(&self, scope: &str) -> String {
        let mut pairs = vec![("grant_type", "client_credentials")];
        if !scope.is_empty() {
            pairs.push(("scope", scope));
        }
        pairs.extend(self.audience.as_deref().map(|audience| ("audience", audience)));
        let own = self.parameters.iter();
        pairs.extend(own.map(|(name, value)| (name.as_str(), value.as_str())));
        if self.authentication == ClientAuthentication::Post {
            pairs.push(("client_id", &self.client_id));
            pairs.push(("client_secret", self.client_secret.expose()));
        }
        let encoded = pairs
            .iter()
            .map(|(name, value)| format!("{}={}", encode(name), encode(value)));
        encoded.collect::<Vec<_>>().join("&")
    }

    /// The header that shows who asks, where a header does. Id and secret are encoded as in a form first (RFC 6749,
    /// 2.3.1), so that an id may hold a colon.
    pub(super) fn authorization(&self) -> Option<String> {
        (self.authentication == ClientAuthentication::Basic).then(|| {
            let pair = format!(
                "{}:{}",
                encode(&self.client_id),
                encode(self.client_secret.expose())
            );
            format!("Basic {}", BASE64_STANDARD.encode(pair))
        })
    }
}

fn encode(text: &str) -> String {
    utf8_percent_encode(text, FORM).to_string().replace("%20", "+")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_holds_the_secret_only_where_the_body_is_to_show_it() {
        let oauth = OAuth2::new("id:1", "s/cret")
            .audience("https://a")
            .parameter("resource", "r r");
        assert_eq!(
            oauth.form("read write"),
            "grant_type=client_credentials&scope=read+write&audience=https%3A%2F%2Fa&resource=r+r"
        );
        let header = oauth.authorization().expect("by header");
        assert_eq!(
            header,
            format!("Basic {}", BASE64_STANDARD.encode("id%3A1:s%2Fcret"))
        );
        let post = oauth.authentication(ClientAuthentication::Post);
        assert!(
            post.form("")
                .ends_with("&client_id=id%3A1&client_secret=s%2Fcret")
        );
        assert_eq!(post.authorization(), None);
    }

    #[test]
    fn a_secret_is_not_shown() {
        assert!(!format!("{:?}", OAuth2::new("id", "hunter2")).contains("hunter2"));
    }
}
