//! Several kinds of credential, each judged by who knows it.

use async_trait::async_trait;

use super::security::{Authenticate, Demand, Shown};
use super::{ApiKeys, Jwt};
use crate::code::Code;
use crate::context::{Context, Principal};
use crate::error::Error;

/// Judges tokens by a [`Jwt`], and keys by [`ApiKeys`]: for contracts that ask for either, or for both at once. Whom a token
/// shows is the caller, where both are shown.
///
/// ```
/// use tieline::server::auth::{ApiKeys, Jwt, Schemes};
///
/// # fn example() -> Result<(), tieline::server::auth::JwtError> {
/// let judge = Schemes::new()
///     .tokens(Jwt::hs256("a secret of at least thirty-two octets")?)
///     .keys(ApiKeys::new(["key-of-orders"]));
/// # drop(judge); Ok(()) }
/// ```
#[derive(Debug, Clone, Default)]
pub struct Schemes {
    tokens: Option<Jwt>,
    keys: Option<ApiKeys>,
}

impl Schemes {
    /// Accepts nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Judges tokens so: of schemes `bearer`, `oauth2` and `openIdConnect`.
    pub fn tokens(mut self, tokens: Jwt) -> Self {
        self.tokens = Some(tokens);
        self
    }

    /// Judges keys so: of schemes `apiKey`, wherever they stand.
    pub fn keys(mut self, keys: ApiKeys) -> Self {
        self.keys = Some(keys);
        self
    }
}

#[async_trait]
impl Authenticate for Schemes {
    async fn authenticate(&self, _: &Context, demand: Demand<'_>) -> Result<Principal, Error> {
        let mut caller: Option<Principal> = None;
        for presented in demand.shown {
            match (&presented.credential, &self.tokens, &self.keys) {
                (Shown::Token(token), Some(jwt), _) => {
                    caller = Some(jwt.principal(token, presented.scopes).await?);
                }
                (Shown::Key(key), _, Some(keys)) => {
                    let identity = keys.identify(key, demand.headers, presented.scopes)?;
                    caller = caller.or_else(|| Some(identity.into()));
                }
                _ => {
                    let message = format!(
                        "nobody here judges what the scheme `{}` asks for",
                        presented.scheme.name
                    );
                    return Err(Error::new(Code::Unauthenticated, message));
                }
            }
        }
        caller.ok_or_else(|| Error::new(Code::Unauthenticated, "the request shows nothing"))
    }
}
