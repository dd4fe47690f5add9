//! Answers in the provider's place.

use std::fmt::Write as _;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::BodyExt;
use serde_json::Value as Json;
use tieline::http::{
    Body, Endpoint, Exchange, ExchangeFuture, ResponseBody, TransportError, TransportErrorKind,
};
use tieline::operation::{Contract, SchemeKind};

use super::describe::Message;
use crate::engine::{ActualRequest, Expected};
use crate::error::{Error, ErrorKind};
use crate::json::canonical;
use crate::mismatch::{Mismatch, Place};

/// The interactions of a pact, and what became of them.
pub(super) struct Answers {
    contract: &'static Contract,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    recorded: Vec<Entry>,
    unexpected: Vec<String>,
}

#[derive(Clone)]
struct Entry {
    recorded: Arc<Recorded>,
    used: bool,
}

/// An interaction, ready to be answered and written.
pub(super) struct Recorded {
    description: String,
    /// Description and states, to be shown.
    title: String,
    /// Description and states, to be compared.
    key: String,
    interaction: Json,
    expected: Expected,
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

impl Recorded {
    pub(super) fn new(
        description: String,
        states: Vec<Json>,
        interaction: Json,
        expected: Expected,
        reply: &Message,
        body: Bytes,
    ) -> Self {
        let mut title = format!("{description:?}");
        for state in &states {
            let name = state["name"].as_str().unwrap_or_default();
            // Writing to a String cannot fail.
            let _ = write!(title, ", given {name:?}");
        }
        Self {
            key: canonical(&serde_json::json!([description, states])),
            description,
            title,
            interaction,
            expected,
            status: reply.status(),
            headers: reply.headers().clone(),
            body,
        }
    }

    fn response(&self) -> Response<ResponseBody> {
        let mut response = Response::new(ResponseBody::from(self.body.clone()));
        *response.status_mut() = self.status;
        *response.headers_mut() = self.headers.clone();
        response
    }
}

impl Answers {
    pub(super) fn new(contract: &'static Contract) -> Self {
        Self {
            contract,
            state: Mutex::default(),
        }
    }

    /// Adds an interaction. The same again is no other.
    pub(super) fn add(&self, recorded: Recorded) -> Result<(), String> {
        let mut state = self.state();
        let other = state
            .recorded
            .iter()
            .find(|entry| entry.recorded.key == recorded.key);
        match other {
            Some(other) if other.recorded.interaction == recorded.interaction => Ok(()),
            Some(_) => Err(format!(
                "this test has recorded another interaction as {}; tell them apart by `upon`",
                recorded.title
            )),
            None => {
                state.recorded.push(Entry {
                    recorded: Arc::new(recorded),
                    used: false,
                });
                Ok(())
            }
        }
    }

    /// The interactions as they go into the file.
    pub(super) fn interactions(&self) -> Vec<Json> {
        let state = self.state();
        state
            .recorded
            .iter()
            .map(|entry| entry.recorded.interaction.clone())
            .collect()
    }

    /// What is amiss: what was not used, and what was not expected.
    pub(super) fn complaints(&self) -> Vec<String> {
        let state = self.state();
        let unused = state.recorded.iter().filter(|entry| !entry.used);
        let mut complaints: Vec<_> = unused
            .map(|entry| {
                format!(
                    "the interaction {} was recorded and never used: {}",
                    entry.recorded.title,
                    entry.recorded.expected.line()
                )
            })
            .collect();
        complaints.extend(state.unexpected.iter().cloned());
        complaints
    }

    /// What was asked and not expected.
    pub(super) fn unexpected(&self) -> Vec<String> {
        self.state().unexpected.clone()
    }

    async fn answer(&self, request: Request<Body>) -> Result<Response<ResponseBody>, TransportError> {
        let actual = self.actual(request).await?;
        let entries = self.state().recorded.clone();
        let mut matching = Vec::new();
        let mut differing = Vec::new();
        for (index, entry) in entries.iter().enumerate() {
            let mismatches = entry.recorded.expected.compare_request(&actual).await;
            if mismatches.is_empty() {
                matching.push(index);
            } else {
                differing.push((&entry.recorded, mismatches));
            }
        }
        // The same request in different states has different answers: each is given once, then the last again.
        let mut state = self.state();
        let next = matching
            .iter()
            .copied()
            .find(|index| !state.recorded[*index].used);
        if let Some(index) = next.or(matching.last().copied()) {
            state.recorded[index].used = true;
            return Ok(state.recorded[index].recorded.response());
        }
        let complaint = unexpected(&actual, &differing);
        if !state.unexpected.contains(&complaint) {
            state.unexpected.push(complaint.clone());
        }
        Err(TransportError::custom(
            TransportErrorKind::InvalidRequest,
            "no recorded interaction of the pact expects this request",
            Error::new(ErrorKind::Unmet, complaint),
        ))
    }

    async fn actual(&self, request: Request<Body>) -> Result<ActualRequest, TransportError> {
        let (parts, body) = request.into_parts();
        let body = body.collect().await.map_err(|error| {
            TransportError::custom(
                TransportErrorKind::InvalidRequest,
                "the body of the request broke off",
                error,
            )
        })?;
        Ok(ActualRequest {
            method: parts.method,
            path: parts.uri.path().to_owned(),
            query: parts.uri.query().map(|query| self.without_secrets(query)),
            headers: parts.headers,
            body: body.to_bytes(),
        })
    }

    /// Keys that the client adds to the query belong to no interaction.
    fn without_secrets(&self, query: &str) -> String {
        let secret = |pair: &&str| {
            let name = pair.split('=').next().unwrap_or(pair);
            self.contract
                .security_schemes
                .iter()
                .any(|scheme| matches!(scheme.kind, SchemeKind::ApiKeyQuery(key) if key == name))
        };
        let pairs: Vec<_> = query.split('&').filter(|pair| !secret(pair)).collect();
        pairs.join("&")
    }

    /// Nothing panics while it holds the lock.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Exchange for Answers {
    fn exchange<'a>(&'a self, _: &'a Endpoint, request: Request<Body>) -> ExchangeFuture<'a> {
        Box::pin(self.answer(request))
    }
}

/// What was asked, which interactions there are, and how each differs, the nearest first.
fn unexpected(actual: &ActualRequest, differing: &[(&Arc<Recorded>, Vec<Mismatch>)]) -> String {
    let query = match &actual.query {
        Some(query) if !query.is_empty() => format!("?{query}"),
        _ => String::new(),
    };
    let mut text = format!(
        "a request was not expected: {} {}{query}",
        actual.method, actual.path
    );
    if differing.is_empty() {
        text.push_str("\n  no interaction was recorded");
    }
    let mut nearest: Vec<_> = differing.iter().collect();
    nearest.sort_by_key(|(recorded, mismatches)| (distance(mismatches), &recorded.description));
    for (recorded, mismatches) in nearest {
        // Writing to a String cannot fail.
        let _ = write!(
            text,
            "\n  recorded {}: {}",
            recorded.title,
            recorded.expected.line()
        );
        for mismatch in mismatches {
            let _ = write!(text, "\n    {mismatch}");
        }
    }
    text
}

/// Another method or path is further away than any number of other differences.
fn distance(mismatches: &[Mismatch]) -> (usize, usize) {
    let route = mismatches
        .iter()
        .filter(|mismatch| matches!(mismatch.place, Place::Method | Place::Path));
    (route.count(), mismatches.len())
}
