//! What a caller shows for the security schemes of a contract.
//!
//! ```text
//! Wallet (by scheme, or for every scheme that fits) -> Shown (per contract, by index of the scheme) -> headers, query, token
//! ```
//!
//! Of an operation's alternatives the first is taken of which everything is there. Headers that the call sets by itself
//! count: they are left as they are. An operation that lets anonymous callers in goes without where nothing is there.

pub(crate) mod oauth;
mod secret;
pub(crate) mod tokens;

use std::collections::BTreeMap;
use std::sync::Arc;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use http::{HeaderMap, HeaderName, HeaderValue, header};

pub use oauth::{ClientAuthentication, OAuth2};
pub use secret::Secret;
pub use tokens::TokenError;
use tokens::{TokenDemand, TokenSource};

use crate::code::Code;
use crate::error::{ErrorKind, Fault};
use crate::operation::{Required, SchemeKind, SecurityScheme};

/// What a caller shows for a security scheme.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Credential {
    /// An API key: goes where the contract's scheme says.
    ApiKey(Secret),
    /// A bearer token.
    Bearer(Secret),
    /// User and password.
    Basic(String, Secret),
    /// Bearer tokens that are fetched by OAuth 2.0's client credentials, and renewed in time.
    OAuth2(OAuth2),
}

impl Credential {
    /// Whether it can be shown for a scheme of this kind.
    fn fits(&self, kind: SchemeKind) -> bool {
        match self {
            Self::ApiKey(_) => matches!(
                kind,
                SchemeKind::ApiKeyHeader(_)
                    | SchemeKind::ApiKeyQuery(_)
                    | SchemeKind::ApiKeyCookie(_)
                    | SchemeKind::Http(_)
            ),
            Self::Bearer(_) | Self::OAuth2(_) => kind.takes_token(),
            Self::Basic(..) => kind == SchemeKind::Basic,
        }
    }
}

/// The credentials of a client, as they were configured.
#[derive(Debug, Clone, Default)]
pub(crate) struct Wallet {
    /// By the scheme's name in the contract.
    by_scheme: BTreeMap<String, Credential>,
    /// For every scheme that they fit.
    for_all: Vec<Credential>,
}

impl Wallet {
    pub(super) fn insert(&mut self, scheme: String, credential: Credential) {
        self.by_scheme.insert(scheme, credential);
    }

    pub(super) fn push(&mut self, credential: Credential) {
        self.for_all.push(credential);
    }

    fn get(&self, scheme: &SecurityScheme) -> Option<&Credential> {
        let own = self.by_scheme.get(scheme.name);
        own.or_else(|| {
            self.for_all
                .iter()
                .find(|credential| credential.fits(scheme.kind))
        })
    }

    /// What is shown for the schemes of a contract. Where it has none, tokens and passwords are shown with every call.
    pub(super) fn shown(
        &self,
        schemes: &'static [SecurityScheme],
        certificate: bool,
        source: impl Fn(&OAuth2, SchemeKind) -> Arc<TokenSource>,
    ) -> Shown {
        let by_scheme = schemes.iter().map(|scheme| match scheme.kind {
            SchemeKind::MutualTls => certificate.then_some(Ready::Certificate),
            kind => self
                .get(scheme)
                .and_then(|credential| ready(credential, kind, &source)),
        });
        let always = if schemes.is_empty() {
            let kinds = [SchemeKind::Bearer, SchemeKind::Basic];
            kinds.iter().find_map(|kind| {
                let credential = self.for_all.iter().find(|credential| credential.fits(*kind))?;
                ready(credential, *kind, &source)
            })
        } else {
            None
        };
        Shown {
            schemes,
            by_scheme: by_scheme.collect(),
            always,
        }
    }
}

/// What is shown for one scheme, made ready once.
enum Ready {
    Header(HeaderName, HeaderValue),
    Query(&'static str, Secret),
    Cookie(Secret),
    Token(Arc<TokenSource>),
    /// The connection shows it.
    Certificate,
}

fn ready(
    credential: &Credential,
    kind: SchemeKind,
    source: &impl Fn(&OAuth2, SchemeKind) -> Arc<TokenSource>,
) -> Option<Ready> {
    let authorization = |text: String| Some(Ready::Header(header::AUTHORIZATION, sensitive(&text)?));
    match (kind, credential) {
        (SchemeKind::ApiKeyHeader(name), Credential::ApiKey(key)) => Some(Ready::Header(
            HeaderName::try_from(name).ok()?,
            sensitive(key.expose())?,
        )),
        (SchemeKind::ApiKeyQuery(name), Credential::ApiKey(key)) => Some(Ready::Query(name, key.clone())),
        (SchemeKind::ApiKeyCookie(name), Credential::ApiKey(key)) => {
            let pair = format!("{name}={}", key.expose());
            sensitive(&pair)?;
            Some(Ready::Cookie(pair.into()))
        }
        (SchemeKind::Http(name), Credential::ApiKey(key)) => {
            authorization(format!("{name} {}", key.expose()))
        }
        (_, Credential::Bearer(token)) => authorization(format!("Bearer {}", token.expose())),
        (_, Credential::Basic(user, password)) => {
            let pair = BASE64_STANDARD.encode(format!("{user}:{}", password.expose()));
            authorization(format!("Basic {pair}"))
        }
        (kind, Credential::OAuth2(settings)) => Some(Ready::Token(source(settings, kind))),
        (_, Credential::ApiKey(_)) => None,
    }
}

/// What a client shows for the schemes of its contract.
#[derive(Default)]
pub(crate) struct Shown {
    schemes: &'static [SecurityScheme],
    /// In the order of `schemes`.
    by_scheme: Vec<Option<Ready>>,
    /// With every call of a client whose contract has no schemes.
    always: Option<Ready>,
}

impl Shown {
    /// Writes the credentials of the first alternative that there are all of, and gives the token to be fetched for it,
    /// if it needs one.
    ///
    /// # Errors
    /// The operation asks for credentials, and there are none: [`ErrorKind::Credential`]. Not where `may_sign`: what
    /// comes later may add them.
    pub(crate) fn write(
        &self,
        alternatives: &'static [&'static [Required]],
        may_sign: bool,
        headers: &mut HeaderMap,
        path: &mut String,
    ) -> Result<Option<TokenDemand>, Fault> {
        if alternatives.is_empty() {
            return Ok(match &self.always {
                Some(ready) => Self::show(ready, &[], headers, path),
                None => None,
            });
        }
        let is_whole = |alternative: &&&'static [Required]| {
            !alternative.is_empty() && alternative.iter().all(|required| self.has(*required, headers))
        };
        let Some(alternative) = alternatives.iter().find(is_whole) else {
            let is_open = may_sign || alternatives.iter().any(|alternative| alternative.is_empty());
            return if is_open {
                Ok(None)
            } else {
                Err(self.missing(alternatives))
            };
        };
        let mut token = None;
        for required in *alternative {
            // What the call sets by itself wins.
            if self.is_set(*required, headers) {
                continue;
            }
            if let Some(Some(ready)) = self.by_scheme.get(required.scheme) {
                token = Self::show(ready, required.scopes, headers, path).or(token);
            }
        }
        Ok(token)
    }

    /// A token that every call shows, for protocols whose contracts say nothing of credentials.
    #[cfg(feature = "grpc")]
    pub(crate) fn write_always(&self, headers: &mut HeaderMap) -> Option<TokenDemand> {
        let ready = self.always.as_ref()?;
        Self::show(ready, &[], headers, &mut String::new())
    }

    fn has(&self, required: Required, headers: &HeaderMap) -> bool {
        matches!(self.by_scheme.get(required.scheme), Some(Some(_))) || self.is_set(required, headers)
    }

    /// Whether the call has a header of its own for the scheme.
    fn is_set(&self, required: Required, headers: &HeaderMap) -> bool {
        let Some(scheme) = self.schemes.get(required.scheme) else {
            return false;
        };
        match scheme.kind {
            SchemeKind::ApiKeyHeader(name) => headers.contains_key(name),
            SchemeKind::ApiKeyCookie(name) => {
                let cookies = headers.get(header::COOKIE).and_then(|value| value.to_str().ok());
                cookies.is_some_and(|text| {
                    let mut pairs = text.split(';').filter_map(|pair| pair.trim().split_once('='));
                    pairs.any(|(other, _)| other == name)
                })
            }
            SchemeKind::ApiKeyQuery(_) | SchemeKind::MutualTls => false,
            _ => headers.contains_key(header::AUTHORIZATION),
        }
    }

    fn show(
        ready: &Ready,
        scopes: &'static [&'static str],
        headers: &mut HeaderMap,
        path: &mut String,
    ) -> Option<TokenDemand> {
        match ready {
            Ready::Header(name, value) => {
                headers.entry(name).or_insert_with(|| value.clone());
            }
            Ready::Query(name, key) => {
                path.push(if path.contains('?') { '&' } else { '?' });
                let encode = |text| percent_encoding::utf8_percent_encode(text, crate::rest::PATH_SEGMENT);
                path.push_str(&format!("{}={}", encode(name), encode(key.expose())));
            }
            Ready::Cookie(pair) => {
                let cookies = match headers.get(header::COOKIE).map(|value| value.to_str()) {
                    Some(Ok(text)) => format!("{text}; {}", pair.expose()),
                    _ => pair.expose().to_owned(),
                };
                if let Some(value) = sensitive(&cookies) {
                    headers.insert(header::COOKIE, value);
                }
            }
            Ready::Token(source) if !headers.contains_key(header::AUTHORIZATION) => {
                return Some(TokenDemand::new(Arc::clone(source), scopes));
            }
            Ready::Token(_) | Ready::Certificate => {}
        }
        None
    }

    /// Names what is asked for and not there; never a secret.
    fn missing(&self, alternatives: &[&[Required]]) -> Fault {
        let name = |required: &Required| {
            let scheme = self.schemes.get(required.scheme);
            let name = scheme.map_or("?", |scheme| scheme.name);
            match scheme.map(|scheme| scheme.kind) {
                Some(SchemeKind::MutualTls) => format!("`{name}` (a client certificate)"),
                _ => format!("`{name}`"),
            }
        };
        let all: Vec<String> = alternatives
            .iter()
            .map(|alternative| alternative.iter().map(name).collect::<Vec<_>>().join(" and "))
            .collect();
        let wants_certificate = alternatives.iter().copied().flatten().any(|required| {
            let scheme = self.schemes.get(required.scheme);
            scheme.is_some_and(|scheme| scheme.kind == SchemeKind::MutualTls)
        });
        let certificate = if wants_certificate {
            ", `tls.certificate_file` and `tls.key_file` a certificate"
        } else {
            ""
        };
        let message = format!(
            "the operation asks for {}, and no credential is set for it: `ClientBuilder::credential` or \
             `[service.….auth]` sets one{certificate}",
            all.join(", or for ")
        );
        Fault::new(ErrorKind::Credential, Code::Unauthenticated, message)
    }
}

/// A header value that hyper and loggers do not show.
pub(super) fn sensitive(text: &str) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(text).ok()?;
    value.set_sensitive(true);
    Some(value)
}
