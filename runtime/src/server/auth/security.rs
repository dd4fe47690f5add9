//! Who may call an operation, by the security that the contract asks for.
//!
//! Of an operation's alternatives those count of which the request shows everything; an [`Authenticate`] judges each, in
//! the contract's order, until it accepts one. Where nothing is shown and the contract lets anonymous callers in, they
//! are let in; what is shown and not accepted is refused all the same.

use std::borrow::Cow;
use std::fmt;

use async_trait::async_trait;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, header};
use percent_encoding::percent_decode_str;

use crate::code::Code;
use crate::context::{Context, Principal};
use crate::error::Error;
use crate::operation::{Contract, Operation, Required, SchemeKind, SecurityScheme};

/// Judges what callers show for the security schemes of a contract.
///
/// ```
/// use tieline::context::Principal;
/// use tieline::server::auth::{Authenticate, Demand, Presented, Shown};
/// use tieline::{Code, Context, Error};
///
/// struct Users;
///
/// #[tieline::async_trait]
/// impl Authenticate for Users {
///     async fn authenticate(&self, _: &Context, demand: Demand<'_>) -> Result<Principal, Error> {
///         match demand.shown {
///             [Presented { credential: Shown::Basic { user, password }, .. }] if *password == "sesame" => {
///                 Ok(Principal::new(&**user))
///             }
///             _ => Err(Error::new(Code::Unauthenticated, "unknown user or wrong password")),
///         }
///     }
/// }
/// ```
#[async_trait]
pub trait Authenticate: Send + Sync + 'static {
    /// Who calls, as one whole alternative shows it.
    ///
    /// # Errors
    /// [`Code::Unauthenticated`] (401) where it is not accepted, [`Code::PermissionDenied`] (403) where it is known and
    /// does not suffice, such as for its scopes; anything else as it is, such as that a provider cannot be reached.
    async fn authenticate(&self, context: &Context, demand: Demand<'_>) -> Result<Principal, Error>;
}

/// What is to be judged.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Demand<'r> {
    /// The operation that is called.
    pub operation: &'static Operation,
    /// One alternative: a credential for each of its schemes.
    pub shown: &'r [Presented<'r>],
    /// The headers of the request, such as for a signature.
    pub headers: &'r HeaderMap,
}

/// What a request shows for one scheme.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Presented<'r> {
    /// The scheme.
    pub scheme: &'static SecurityScheme,
    /// The scopes that the operation asks for.
    pub scopes: &'static [&'static str],
    /// What is shown.
    pub credential: Shown<'r>,
}

/// A credential, as a request shows it.
#[derive(Clone)]
#[non_exhaustive]
pub enum Shown<'r> {
    /// An API key.
    Key(Cow<'r, str>),
    /// User and password.
    Basic {
        /// The user.
        user: String,
        /// The password.
        password: String,
    },
    /// A bearer token: of OAuth 2.0 and OpenID Connect, too.
    Token(&'r str),
    /// What stands behind the name of another HTTP authentication scheme.
    Http(&'r str),
    /// The certificate of the connection, as whoever ended its TLS put it into the request's extensions.
    Certificate(&'r PeerCertificate),
}

impl fmt::Debug for Shown<'_> {
    /// Shows no secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Key(_) => "Key",
            Self::Basic { .. } => "Basic",
            Self::Token(_) => "Token",
            Self::Http(_) => "Http",
            Self::Certificate(_) => "Certificate",
        })
    }
}

/// The certificate that a client showed: an extension of the request, put there by what ends TLS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeerCertificate(
    /// The leaf, as DER.
    pub Vec<u8>,
);

/// Why a request is refused.
pub(in crate::server) struct Denied {
    pub(in crate::server) error: Error,
    /// What would be accepted (RFC 9110, 11.6.1).
    pub(in crate::server) challenges: Vec<HeaderValue>,
}

/// Who calls an operation. `None`: somebody who need not say.
pub(in crate::server) async fn admit(
    judge: &dyn Authenticate,
    contract: &'static Contract,
    operation: &'static Operation,
    parts: &Parts,
    context: &Context,
) -> Result<Option<Principal>, Denied> {
    let mut refusal: Option<Error> = None;
    for alternative in operation
        .security
        .iter()
        .filter(|alternative| !alternative.is_empty())
    {
        let presented = |required: &Required| presented(contract, *required, parts);
        let Some(shown) = alternative.iter().map(presented).collect::<Option<Vec<_>>>() else {
            continue;
        };
        let demand = Demand {
            operation,
            shown: &shown,
            headers: &parts.headers,
        };
        match judge.authenticate(context, demand).await {
            Ok(principal) => return Ok(Some(principal)),
            // That one does not suffice says more than that another is not known.
            Err(error) => {
                if refusal
                    .as_ref()
                    .is_none_or(|other| other.code() == Code::Unauthenticated)
                {
                    refusal = Some(error);
                }
            }
        }
    }
    let is_open = operation.security.is_empty() || operation.security.iter().any(|all| all.is_empty());
    match refusal {
        None if is_open => Ok(None),
        None => Err(Denied {
            error: Error::new(Code::Unauthenticated, asked(contract, operation)),
            challenges: challenges(contract, operation, false),
        }),
        Some(error) => Err(Denied {
            challenges: match error.code() {
                Code::Unauthenticated => challenges(contract, operation, true),
                _ => Vec::new(),
            },
            error,
        }),
    }
}

/// What the request shows for a scheme.
fn presented<'r>(contract: &'static Contract, required: Required, parts: &'r Parts) -> Option<Presented<'r>> {
    let scheme = contract.security_schemes.get(required.scheme)?;
    let authorization = |wanted: &str| {
        let mut all = parts.headers.get_all(header::AUTHORIZATION).iter();
        let (Some(one), None) = (all.next(), all.next()) else {
            return None;
        };
        let (name, rest) = one.to_str().ok()?.split_once(' ')?;
        name.eq_ignore_ascii_case(wanted)
            .then(|| rest.trim())
            .filter(|rest| !rest.is_empty())
    };
    let credential = match scheme.kind {
        SchemeKind::ApiKeyHeader(name) => {
            let mut all = parts.headers.get_all(name).iter();
            match (all.next(), all.next()) {
                (Some(key), None) => Shown::Key(key.to_str().ok()?.into()),
                _ => return None,
            }
        }
        SchemeKind::ApiKeyQuery(name) => Shown::Key(in_query(parts.uri.query()?, name)?),
        SchemeKind::ApiKeyCookie(name) => Shown::Key(in_cookies(&parts.headers, name)?.into()),
        SchemeKind::Basic => {
            let pair = BASE64_STANDARD.decode(authorization("basic")?).ok()?;
            let pair = String::from_utf8(pair).ok()?;
            let (user, password) = pair.split_once(':')?;
            Shown::Basic {
                user: user.to_owned(),
                password: password.to_owned(),
            }
        }
        SchemeKind::Bearer | SchemeKind::OAuth2(_) | SchemeKind::OpenIdConnect(_) => {
            Shown::Token(authorization("bearer")?)
        }
        SchemeKind::Http(name) => Shown::Http(authorization(name)?),
        SchemeKind::MutualTls => Shown::Certificate(parts.extensions.get()?),
    };
    let is_empty = matches!(&credential, Shown::Key(key) if key.is_empty());
    (!is_empty).then_some(Presented {
        scheme,
        scopes: required.scopes,
        credential,
    })
}

/// A parameter that stands once in a query.
fn in_query<'r>(query: &'r str, wanted: &str) -> Option<Cow<'r, str>> {
    fn decoded(text: &str) -> Option<Cow<'_, str>> {
        if !text.contains('+') {
            return percent_decode_str(text).decode_utf8().ok();
        }
        let text = text.replace('+', " ");
        let decoded = percent_decode_str(&text).decode_utf8().ok()?;
        Some(Cow::Owned(decoded.into_owned()))
    }
    let mut all = query
        .split('&')
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .filter(|(name, _)| decoded(name).is_some_and(|name| name == wanted));
    match (all.next(), all.next()) {
        (Some((_, value)), None) => decoded(value),
        _ => None,
    }
}

fn in_cookies<'r>(headers: &'r HeaderMap, wanted: &str) -> Option<&'r str> {
    let all = headers.get_all(header::COOKIE).iter();
    let texts = all.filter_map(|value| value.to_str().ok());
    let mut pairs = texts
        .flat_map(|text| text.split(';'))
        .filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(name, _)| *name == wanted).map(|(_, value)| value)
}

/// Names what is asked for.
fn asked(contract: &Contract, operation: &Operation) -> String {
    let name = |required: &Required| {
        let scheme = contract.security_schemes.get(required.scheme);
        format!("`{}`", scheme.map_or("?", |scheme| scheme.name))
    };
    let all: Vec<String> = operation
        .security
        .iter()
        .map(|alternative| alternative.iter().map(name).collect::<Vec<_>>().join(" and "))
        .collect();
    format!(
        "the request does not show what the operation asks for: {}",
        all.join(", or ")
    )
}

/// A challenge for each scheme that is asked for, once each.
fn challenges(contract: &Contract, operation: &Operation, was_shown: bool) -> Vec<HeaderValue> {
    let mut texts: Vec<String> = Vec::new();
    for required in operation.security.iter().copied().flatten() {
        let Some(scheme) = contract.security_schemes.get(required.scheme) else {
            continue;
        };
        let text = match scheme.kind {
            SchemeKind::ApiKeyHeader(_) | SchemeKind::ApiKeyQuery(_) | SchemeKind::ApiKeyCookie(_) => {
                "ApiKey".to_owned()
            }
            SchemeKind::Basic => format!("Basic realm=\"{}\", charset=\"UTF-8\"", contract.name),
            SchemeKind::Http(name) => name.to_owned(),
            SchemeKind::MutualTls => continue,
            _ => {
                let mut parts = vec![format!("realm=\"{}\"", contract.name)];
                if was_shown {
                    parts.push("error=\"invalid_token\"".to_owned());
                }
                if !required.scopes.is_empty() {
                    parts.push(format!("scope=\"{}\"", required.scopes.join(" ")));
                }
                format!("Bearer {}", parts.join(", "))
            }
        };
        if !texts.contains(&text) {
            texts.push(text);
        }
    }
    let value = |text: String| HeaderValue::from_str(&text).ok();
    texts.into_iter().filter_map(value).collect()
}
