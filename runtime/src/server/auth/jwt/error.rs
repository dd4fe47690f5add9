//! Why tokens cannot be judged, and why one is not accepted.

use super::{JWT_JWKS_URL, JWT_SECRET};
use crate::error::Error;

/// Why tokens cannot be judged. No text of it holds a secret.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JwtError {
    /// Nothing says how.
    #[error(
        "nothing says how tokens are judged: set {JWT_SECRET} to the secret, or {JWT_JWKS_URL} to where the issuer's keys are"
    )]
    NotSet,
    /// The contract has no scheme that tokens are for.
    #[error(
        "the contract {0} has no security scheme for bearer tokens; name the keys with Jwt::hs256 or Jwt::jwks"
    )]
    NoScheme(&'static str),
    /// The URL cannot be used.
    #[error("the URL of the keys cannot be used: {reason}")]
    Url {
        /// Why.
        reason: String,
    },
    /// It did not come.
    #[error("the {what} cannot be fetched: {cause}")]
    Fetch {
        /// What.
        what: &'static str,
        /// What came of it.
        cause: Error,
    },
    /// It is none.
    #[error("what came is no {0}")]
    Malformed(&'static str),
}

/// Why a token is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(in crate::server::auth) enum BadToken {
    #[error("the token is malformed")]
    Malformed,
    #[error("the token is signed in a way that is not accepted")]
    Algorithm,
    #[error("the token's signature does not hold")]
    Signature,
    #[error("the token is signed with a key that is not known")]
    UnknownKey,
    #[error("the keys that tokens are signed with cannot be had now")]
    NoKeys,
    #[error("the token has expired")]
    Expired,
    #[error("the token has no `exp`")]
    NoExpiry,
    #[error("the token is not valid yet")]
    Early,
    #[error("the token is of another issuer")]
    Issuer,
    #[error("the token is for another audience")]
    Audience,
    #[error("the token names nobody")]
    Nobody,
}
