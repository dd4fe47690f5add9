//! Who calls: the caller's name, its credentials, and the headers that say so.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, header};

use crate::context::{Context, TraceContext, new_id, write_new_id};
use crate::headers::{
    API_KEY, CORRELATION_ID, REQUEST_ID, SERVICE_ID, SERVICE_NAME, TRACEPARENT, TRACESTATE,
};
use crate::operation::SchemeKind;
use crate::random::Random;

/// Text that is never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Arc<str>);

impl Secret {
    /// Keeps `text` from being shown.
    pub fn new(text: impl Into<Arc<str>>) -> Self {
        Self(text.into())
    }

    /// The text, for the one place that needs it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

impl<T: Into<Arc<str>>> From<T> for Secret {
    fn from(text: T) -> Self {
        Self::new(text)
    }
}

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
}

/// Who calls. Part of a client's configuration.
#[derive(Debug, Clone, Default)]
pub struct Identity {
    /// `x-service-name`.
    pub(super) name: Option<HeaderValue>,
    /// `x-api-key`, marked as sensitive.
    pub(super) api_key: Option<HeaderValue>,
    /// By the scheme's name in the contract.
    pub(super) credentials: BTreeMap<String, Credential>,
}

/// The ids of one call.
pub(crate) struct CallIds {
    pub(crate) correlation: Arc<str>,
    pub(crate) request: Arc<str>,
    pub(crate) trace: TraceContext,
}

impl CallIds {
    /// Those of the context, and new ones where it has none. The correlation id and the request id stand in for
    /// each other.
    pub(crate) fn of(context: &Context, random: &Random) -> Self {
        let known = context.correlation_id().or_else(|| context.request_id());
        let correlation = known.cloned().unwrap_or_else(|| new_id(random));
        let request = context
            .request_id()
            .cloned()
            .unwrap_or_else(|| Arc::clone(&correlation));
        let trace = context
            .trace()
            .map_or_else(|| TraceContext::root(random), |trace| trace.child(random));
        Self {
            correlation,
            request,
            trace,
        }
    }
}

impl Identity {
    /// Writes the headers that say who calls, on behalf of which request. Headers that the call sets itself win.
    pub(crate) fn write(&self, ids: &CallIds, random: &Random, headers: &mut HeaderMap) {
        let mut set = |name: HeaderName, value: Option<HeaderValue>| {
            if let Some(value) = value {
                headers.entry(name).or_insert(value);
            }
        };
        set(API_KEY, self.api_key.clone());
        set(SERVICE_NAME, self.name.clone());
        // One buffer for all ids, shared by the values: a call makes many, and each copy would be an allocation.
        let mut text = String::with_capacity(192);
        write_new_id(random, &mut text);
        let service = text.len();
        ids.trace.write_traceparent(&mut text);
        let trace = text.len();
        text.push_str(&ids.correlation);
        let correlation = text.len();
        let is_one_id = Arc::ptr_eq(&ids.correlation, &ids.request);
        if !is_one_id {
            text.push_str(&ids.request);
        }
        let text = Bytes::from(text);
        let value = |range: Range<usize>| HeaderValue::from_maybe_shared(text.slice(range)).ok();
        set(SERVICE_ID, value(0..service));
        set(TRACEPARENT, value(service..trace));
        set(CORRELATION_ID, value(trace..correlation));
        let request = if is_one_id {
            trace..correlation
        } else {
            correlation..text.len()
        };
        set(REQUEST_ID, value(request));
        set(
            TRACESTATE,
            ids.trace
                .state
                .as_deref()
                .and_then(|state| HeaderValue::from_str(state).ok()),
        );
    }

    /// Writes the credentials of the first alternative of which all are known. Gives pairs for the query.
    pub(crate) fn authenticate(
        &self,
        alternatives: &[&[usize]],
        schemes: &[crate::operation::SecurityScheme],
        headers: &mut HeaderMap,
    ) -> Vec<(&'static str, Secret)> {
        let mut query = Vec::new();
        let known = |alternative: &&&[usize]| {
            alternative.iter().all(|index| {
                schemes.get(*index).is_some_and(|scheme| {
                    scheme.kind == SchemeKind::MutualTls || self.credentials.contains_key(scheme.name)
                })
            })
        };
        let Some(alternative) = alternatives.iter().find(known) else {
            return query;
        };
        for scheme in alternative.iter().filter_map(|index| schemes.get(*index)) {
            let Some(credential) = self.credentials.get(scheme.name) else {
                continue;
            };
            match (scheme.kind, credential) {
                (SchemeKind::ApiKeyHeader(name), Credential::ApiKey(secret)) => {
                    if let (Ok(name), Some(value)) = (HeaderName::try_from(name), sensitive(secret.expose()))
                    {
                        headers.insert(name, value);
                    }
                }
                (SchemeKind::ApiKeyQuery(name), Credential::ApiKey(secret)) => {
                    query.push((name, secret.clone()));
                }
                (SchemeKind::ApiKeyCookie(name), Credential::ApiKey(secret)) => {
                    let mut cookies = match headers.get(header::COOKIE).map(|value| value.to_str()) {
                        Some(Ok(text)) => format!("{text}; "),
                        _ => String::new(),
                    };
                    cookies.push_str(&format!("{name}={}", secret.expose()));
                    if let Some(value) = sensitive(&cookies) {
                        headers.insert(header::COOKIE, value);
                    }
                }
                (_, Credential::Bearer(secret)) => {
                    if let Some(value) = sensitive(&format!("Bearer {}", secret.expose())) {
                        headers.insert(header::AUTHORIZATION, value);
                    }
                }
                (_, Credential::Basic(user, password)) => {
                    let pair = BASE64_STANDARD.encode(format!("{user}:{}", password.expose()));
                    if let Some(value) = sensitive(&format!("Basic {pair}")) {
                        headers.insert(header::AUTHORIZATION, value);
                    }
                }
                (SchemeKind::Http(name), Credential::ApiKey(secret)) => {
                    if let Some(value) = sensitive(&format!("{name} {}", secret.expose())) {
                        headers.insert(header::AUTHORIZATION, value);
                    }
                }
                _ => {}
            }
        }
        query
    }
}

/// A header value that hyper and loggers do not show.
pub(super) fn sensitive(text: &str) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(text).ok()?;
    value.set_sensitive(true);
    Some(value)
}
