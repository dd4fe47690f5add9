//! Pact files of any version as interactions.

use std::panic::RefUnwindSafe;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};
use pact_matching::generate_request;
use pact_models::generators::GeneratorTestMode;
use pact_models::pact::load_pact_from_json;
use pact_models::query_strings::build_query_string;
use pact_models::v4::interaction::V4Interaction;
use pact_models::v4::synch_http::SynchronousHttp;
use serde_json::{Map, Value as Json};

use super::{ActualRequest, Expected};

/// A pact, read.
#[derive(Debug)]
pub(crate) struct Loaded {
    pub(crate) consumer: String,
    pub(crate) provider: String,
    pub(crate) interactions: Vec<LoadedInteraction>,
}

/// An interaction of a pact.
#[derive(Debug)]
pub(crate) struct LoadedInteraction {
    pub(crate) description: String,
    /// Names and parameters.
    pub(crate) states: Vec<(String, Map<String, Json>)>,
    /// Its failure fails no build.
    pub(crate) pending: bool,
    pub(crate) content: Content,
}

/// What an interaction is about.
#[derive(Debug)]
pub(crate) enum Content {
    /// A request and its reply.
    Http(Box<Expected>),
    /// Something else, by its name in the specification.
    Other(String),
}

/// Reads an HTTP interaction of version 4.
pub(crate) fn interaction(json: &Json) -> Result<Expected, String> {
    SynchronousHttp::from_json(json, 0)
        .map(Expected)
        .map_err(|error| error.to_string())
}

/// Reads a pact of version 2, 3 or 4.
pub(crate) fn pact(source: &str, json: &Json) -> Result<Loaded, String> {
    check_statuses(json)?;
    let pact = load_pact_from_json(source, json).map_err(|error| error.to_string())?;
    let whole = pact.as_v4_pact().map_err(|error| error.to_string())?;
    Ok(Loaded {
        consumer: pact.consumer().name,
        provider: pact.provider().name,
        interactions: whole
            .interactions
            .iter()
            .map(|interaction| loaded(&**interaction))
            .collect(),
    })
}

fn loaded(interaction: &(dyn V4Interaction + Send + Sync + RefUnwindSafe)) -> LoadedInteraction {
    let content = match interaction.as_v4_http() {
        Some(http) => Content::Http(Box::new(Expected(http))),
        None => Content::Other(interaction.v4_type().to_string()),
    };
    LoadedInteraction {
        description: interaction.description(),
        states: interaction
            .provider_states()
            .into_iter()
            .map(|state| {
                let mut params: Vec<_> = state.params.into_iter().collect();
                params.sort_by(|(left, _), (right, _)| left.cmp(right));
                (state.name, params.into_iter().collect())
            })
            .collect(),
        pending: interaction.pending(),
        content,
    }
}

/// The reader panics at a status that is no number: a file that has one is refused before.
fn check_statuses(json: &Json) -> Result<(), String> {
    let interactions = json.get("interactions").and_then(Json::as_array);
    for (index, interaction) in interactions.into_iter().flatten().enumerate() {
        let status = interaction.pointer("/response/status");
        if status.is_some_and(|status| status.as_u64().is_none()) {
            return Err(format!("/interactions/{index}/response/status is no number"));
        }
    }
    Ok(())
}

impl Expected {
    /// The request to be sent to a provider, with what its states gave put into it.
    pub(crate) async fn request(&self, given: &Map<String, Json>) -> Result<ActualRequest, String> {
        let context = given
            .iter()
            .map(|(name, value)| (name.as_str(), value.clone()))
            .collect();
        let request = generate_request(&self.0.request, &GeneratorTestMode::Provider, &context).await;
        let method = http::Method::from_bytes(request.method.as_bytes())
            .map_err(|_| format!("{:?} is no method", request.method))?;
        let mut headers = HeaderMap::new();
        for (name, values) in request.headers.iter().flatten() {
            let header =
                HeaderName::from_bytes(name.as_bytes()).map_err(|_| format!("{name:?} is no header name"))?;
            let value = HeaderValue::from_str(&values.join(", "))
                .map_err(|_| format!("the header {name} has a value that no header can have"))?;
            headers.insert(header, value);
        }
        if let Some(media_type) = request.body.content_type()
            && !headers.contains_key(http::header::CONTENT_TYPE)
            && let Ok(value) = HeaderValue::from_str(&media_type.to_string())
        {
            headers.insert(http::header::CONTENT_TYPE, value);
        }
        Ok(ActualRequest {
            method,
            path: request.path,
            query: request
                .query
                .filter(|query| !query.is_empty())
                .map(build_query_string),
            headers,
            body: request.body.value().unwrap_or_else(Bytes::new),
        })
    }

    /// Method, path and query, to be shown.
    pub(crate) fn line(&self) -> String {
        let request = &self.0.request;
        let query = request
            .query
            .clone()
            .filter(|query| !query.is_empty())
            .map(|query| format!("?{}", build_query_string(query)))
            .unwrap_or_default();
        format!("{} {}{query}", request.method, request.path)
    }

    /// Method and path.
    pub(crate) fn route(&self) -> (&str, &str) {
        (&self.0.request.method, &self.0.request.path)
    }
}
