//! What a token claims, and whether it is for us and for now.

use std::time::Duration;

use serde_json::{Map, Value};

use super::BadToken;

/// What a token claims that was verified: its payload. Handlers find it as
/// [`Principal::details`](crate::context::Principal::details).
#[derive(Debug, Clone, PartialEq)]
pub struct Claims {
    all: Map<String, Value>,
    permissions: Vec<String>,
}

/// Claims that say what may be done: a text of words (OAuth 2.0), or a list (Auth0, Entra).
const PERMISSIONS: [&str; 3] = ["scope", "scp", "permissions"];

impl Claims {
    pub(super) fn new(all: Map<String, Value>, more: &[String]) -> Self {
        let names = PERMISSIONS.into_iter().chain(more.iter().map(String::as_str));
        let permissions = names.filter_map(|name| all.get(name)).flat_map(words).collect();
        Self { all, permissions }
    }

    /// A claim by its name.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.all.get(name)
    }

    /// A claim that is a text.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.get(name)?.as_str()
    }

    /// Whom it tells of: `sub`, or else the client (`client_id`, `azp`).
    pub fn subject(&self) -> Option<&str> {
        ["sub", "client_id", "azp"]
            .into_iter()
            .find_map(|name| self.text(name))
    }

    /// What may be done with it: the words of `scope`, `scp` and `permissions`.
    pub fn permissions(&self) -> &[String] {
        &self.permissions
    }

    /// Whether all of this may be done with it.
    pub fn permits(&self, scopes: &[&str]) -> bool {
        scopes
            .iter()
            .all(|scope| self.permissions.iter().any(|has| has == scope))
    }
}

fn words(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => text.split_whitespace().map(str::to_owned).collect(),
        Value::Array(items) => items
            .iter()
            .filter_map(|item| item.as_str().map(str::to_owned))
            .collect(),
        _ => Vec::new(),
    }
}

/// What claims are held against.
#[derive(Debug, Clone)]
pub(super) struct Rules {
    pub(super) issuer: Option<String>,
    pub(super) audience: Option<String>,
    pub(super) any_audience: bool,
    pub(super) leeway: Duration,
    pub(super) may_live_for_ever: bool,
}

impl Rules {
    /// Judges registered claims (RFC 7519, 4.1).
    pub(super) fn judge(
        &self,
        claims: &Map<String, Value>,
        issuer: Option<&str>,
        now: Duration,
    ) -> Result<(), BadToken> {
        let (now, leeway) = (now.as_secs_f64(), self.leeway.as_secs_f64());
        match time(claims, "exp")? {
            Some(end) if end + leeway <= now => return Err(BadToken::Expired),
            None if !self.may_live_for_ever => return Err(BadToken::NoExpiry),
            _ => {}
        }
        if time(claims, "nbf")?.is_some_and(|begin| begin - leeway > now) {
            return Err(BadToken::Early);
        }
        let wanted = self.issuer.as_deref().or(issuer);
        if wanted.is_some() && claims.get("iss").and_then(Value::as_str) != wanted {
            return Err(BadToken::Issuer);
        }
        if self.any_audience || self.is_for_us(claims.get("aud")) {
            Ok(())
        } else {
            Err(BadToken::Audience)
        }
    }

    /// A token that names whom it is for is for nobody else (RFC 7519, 4.1.3).
    fn is_for_us(&self, named: Option<&Value>) -> bool {
        match (&self.audience, named) {
            (None, named) => named.is_none(),
            (Some(own), Some(Value::String(one))) => one == own,
            (Some(own), Some(Value::Array(all))) => all.iter().any(|one| one.as_str() == Some(own)),
            (Some(_), _) => false,
        }
    }
}

/// A time in seconds since 1970. One that is no number is malformed, not absent.
fn time(claims: &Map<String, Value>, name: &str) -> Result<Option<f64>, BadToken> {
    match claims.get(name) {
        None => Ok(None),
        Some(value) => value.as_f64().map(Some).ok_or(BadToken::Malformed),
    }
}
