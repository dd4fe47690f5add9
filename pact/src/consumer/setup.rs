//! Everything about an interaction that comes before its request.

use serde::Serialize;
use serde_json::{Map, Value as Json};
use tieline::call::Call;
use tieline::codec::{Record, Value};
use tieline::operation::ReplySet;

use super::Pact;
use super::interaction::Interaction;

/// An interaction whose request is not known yet: states and description.
#[must_use = "an interaction is nothing until it is recorded"]
#[derive(Debug)]
pub struct Setup<'p> {
    pub(super) pact: &'p Pact,
    pub(super) description: Option<String>,
    pub(super) states: Vec<State>,
    /// The first thing that was wrong; recording reports it.
    pub(super) problem: Option<String>,
}

/// A state of the provider.
#[derive(Debug)]
pub(super) struct State {
    pub(super) name: String,
    pub(super) params: Map<String, Json>,
}

impl<'p> Setup<'p> {
    pub(super) fn new(pact: &'p Pact) -> Self {
        Self {
            pact,
            description: None,
            states: Vec::new(),
            problem: None,
        }
    }

    /// A further state that the provider is to be in, with its parameters: an object, or `()` for none.
    pub fn given(mut self, state: impl Into<String>, params: impl Serialize) -> Self {
        let name = state.into();
        let params = match serde_json::to_value(params) {
            Ok(Json::Object(params)) => params,
            Ok(Json::Null) => Map::new(),
            Ok(other) => {
                self.complain(format!(
                    "the parameters of the state {name:?} are {other}, and must be an object"
                ));
                Map::new()
            }
            Err(error) => {
                self.complain(format!(
                    "the parameters of the state {name:?} are no JSON: {error}"
                ));
                Map::new()
            }
        };
        self.states.push(State { name, params });
        self
    }

    /// Describes it. By default the description is the operation's id and the status. Together with the states it is
    /// unique within a pact.
    pub fn upon(mut self, description: impl Into<String>) -> Self {
        self.description = Some(description.into());
        self
    }

    /// The request that the consumer will send.
    pub fn on<C>(self, request: C) -> Interaction<'p, C>
    where
        C: Call + Record + Value,
        C::Response: ReplySet,
        C::Failure: ReplySet,
    {
        Interaction::new(self, request)
    }

    pub(super) fn complain(&mut self, problem: String) {
        self.problem.get_or_insert(problem);
    }
}
