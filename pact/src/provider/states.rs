//! States of the provider, and who brings it into them.

use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use async_trait::async_trait;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value as Json};

/// The parameters of a state, or what a state gives back.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Params(Map<String, Json>);

impl Params {
    /// The parameter `name`.
    ///
    /// # Errors
    /// It is not there, or is no `T`.
    pub fn get<T: DeserializeOwned>(&self, name: &str) -> Result<T, StateError> {
        let value = self
            .0
            .get(name)
            .ok_or_else(|| StateError::failed(format!("the state has no parameter {name}")))?;
        serde_json::from_value(value.clone())
            .map_err(|error| StateError::failed(format!("the state's parameter {name}: {error}")))
    }

    /// All parameters as one value.
    ///
    /// # Errors
    /// They are no `T`.
    pub fn parse<T: DeserializeOwned>(&self) -> Result<T, StateError> {
        serde_json::from_value(Json::Object(self.0.clone()))
            .map_err(|error| StateError::failed(format!("the state's parameters: {error}")))
    }

    /// The same with another parameter.
    pub fn with(mut self, name: impl Into<String>, value: impl Into<Json>) -> Self {
        self.0.insert(name.into(), value.into());
        self
    }

    /// As a JSON object.
    pub fn as_json(&self) -> &Map<String, Json> {
        &self.0
    }
}

impl From<Map<String, Json>> for Params {
    fn from(params: Map<String, Json>) -> Self {
        Self(params)
    }
}

/// Why the provider could not be brought into a state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StateError {
    message: Option<String>,
}

impl StateError {
    /// There is no such state.
    pub fn unhandled() -> Self {
        Self { message: None }
    }

    /// The state is known and could not be reached.
    pub fn failed(message: impl Into<String>) -> Self {
        Self {
            message: Some(message.into()),
        }
    }

    /// Whether there is no such state.
    pub fn is_unhandled(&self) -> bool {
        self.message.is_none()
    }
}

impl fmt::Display for StateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.message.as_deref().unwrap_or("there is no such state"))
    }
}

impl std::error::Error for StateError {}

/// Brings a provider into states by their names.
#[async_trait]
pub trait States: Send + Sync + 'static {
    /// Brings the provider into the state, and gives what the pact's generators may ask for.
    ///
    /// # Errors
    /// [`StateError::unhandled`] when there is no such state, [`StateError::failed`] when it cannot be reached.
    async fn set_up(&self, state: &str, params: &Params) -> Result<Params, StateError>;

    /// Cleans up after an interaction in the state; does nothing unless implemented.
    ///
    /// # Errors
    /// The provider could not be cleaned up.
    async fn tear_down(&self, state: &str, params: &Params) -> Result<(), StateError> {
        let _ = (state, params);
        Ok(())
    }
}

/// What the handler of a state may give: nothing, [`Params`], or a result of either.
pub trait StateOutcome {
    /// As what a state gives back.
    ///
    /// # Errors
    /// The handler failed.
    fn into_params(self) -> Result<Params, StateError>;
}

impl StateOutcome for () {
    fn into_params(self) -> Result<Params, StateError> {
        Ok(Params::default())
    }
}

impl StateOutcome for Params {
    fn into_params(self) -> Result<Params, StateError> {
        Ok(self)
    }
}

impl<T: StateOutcome, E: fmt::Display> StateOutcome for Result<T, E> {
    fn into_params(self) -> Result<Params, StateError> {
        match self {
            Ok(outcome) => outcome.into_params(),
            Err(error) => Err(StateError::failed(error.to_string())),
        }
    }
}

type Reached = Pin<Box<dyn Future<Output = Result<Params, StateError>> + Send>>;
type Handler = dyn Fn(Params) -> Reached + Send + Sync;

/// Handlers by name, and one for the rest.
#[derive(Default)]
pub(super) struct Handlers {
    by_name: HashMap<String, Box<Handler>>,
    pub(super) rest: Option<Arc<dyn States>>,
}

impl Handlers {
    pub(super) fn add<F, Fut>(&mut self, name: String, handler: F)
    where
        F: Fn(Params) -> Fut + Send + Sync + 'static,
        Fut: Future + Send + 'static,
        Fut::Output: StateOutcome,
    {
        let handler = move |params| -> Reached {
            let reaching = handler(params);
            Box::pin(async move { reaching.await.into_params() })
        };
        self.by_name.insert(name, Box::new(handler));
    }

    pub(super) async fn set_up(&self, state: &str, params: &Params) -> Result<Params, StateError> {
        if let Some(handler) = self.by_name.get(state) {
            return handler(params.clone()).await;
        }
        match &self.rest {
            Some(states) => states.set_up(state, params).await,
            None => Err(StateError::unhandled()),
        }
    }

    pub(super) async fn tear_down(&self, state: &str, params: &Params) -> Result<(), StateError> {
        match &self.rest {
            Some(states) if !self.by_name.contains_key(state) => states.tear_down(state, params).await,
            _ => Ok(()),
        }
    }

    /// The names that have handlers of their own, in order.
    pub(super) fn names(&self) -> Vec<&str> {
        let mut names: Vec<_> = self.by_name.keys().map(String::as_str).collect();
        names.sort_unstable();
        names
    }
}
