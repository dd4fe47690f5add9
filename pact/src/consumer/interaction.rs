//! An interaction from its request to its recording.

use std::fmt;

use http::StatusCode;
use serde_json::{Value as Json, json};
use tieline::call::Call;
use tieline::codec::{Record, Value};
use tieline::operation::{Binding, HttpBinding, ReplySet};
use tieline::rest;

use super::answer::Recorded;
use super::check::Side;
use super::describe::{self, Message};
use super::setup::Setup;
use super::{check, partial};
use crate::engine;
use crate::error::{Error, ErrorKind};
use crate::json::sorted;
use crate::matcher::Matcher;
use crate::rules::{Rules, resolve};

/// A request, and what the consumer hopes to be told.
///
/// The request is compared as it is, the reply by its types; `exact` and `matching` say otherwise for a part.
#[must_use = "an interaction is nothing until it is recorded"]
pub struct Interaction<'p, C: Call> {
    setup: Setup<'p>,
    request: C,
    reply: Option<Hoped<C>>,
    /// Pointer and matcher, for the reply's body.
    overrides: Vec<(String, Matcher)>,
    /// The same for the request's body.
    request_overrides: Vec<(String, Matcher)>,
    request_by_type: bool,
}

enum Hoped<C: Call> {
    Response(C::Response),
    Failure(C::Failure),
    Partial(u16, Json),
}

impl<'p, C> Interaction<'p, C>
where
    C: Call + Record + Value,
    C::Response: ReplySet,
    C::Failure: ReplySet,
{
    pub(super) fn new(setup: Setup<'p>, request: C) -> Self {
        Self {
            setup,
            request,
            reply: None,
            overrides: Vec::new(),
            request_overrides: Vec::new(),
            request_by_type: false,
        }
    }

    /// The provider answers this.
    pub fn reply(mut self, response: C::Response) -> Self {
        self.reply = Some(Hoped::Response(response));
        self
    }

    /// The provider answers this failure.
    pub fn reply_failure(mut self, failure: C::Failure) -> Self {
        self.reply = Some(Hoped::Failure(failure));
        self
    }

    /// The provider answers with `status`, and with at least what `body` names: only that goes into the pact. The
    /// consumer under test is answered with a whole reply, the rest of it made up from the types.
    pub fn reply_partial(mut self, status: u16, body: impl Into<Json>) -> Self {
        self.reply = Some(Hoped::Partial(status, body.into()));
        self
    }

    /// The part of the reply's body at this JSON pointer must equal the example.
    pub fn exact(self, pointer: impl Into<String>) -> Self {
        self.matching(pointer, Matcher::Exact)
    }

    /// Compares the part of the reply's body at this JSON pointer by `matcher`.
    pub fn matching(mut self, pointer: impl Into<String>, matcher: Matcher) -> Self {
        self.overrides.push((pointer.into(), matcher));
        self
    }

    /// Compares the part of the request's body at this JSON pointer by `matcher`: for what differs in every run.
    pub fn request_matching(mut self, pointer: impl Into<String>, matcher: Matcher) -> Self {
        self.request_overrides.push((pointer.into(), matcher));
        self
    }

    /// Compares the request's body by its types, as replies are.
    pub fn request_by_type(mut self) -> Self {
        self.request_by_type = true;
        self
    }

    /// Checks the interaction against the contract and adds it to the pact.
    ///
    /// # Errors
    /// No reply was given; the request or the reply breaks a rule of the contract, or is none of it; a matcher points
    /// to nothing, or refuses its own example.
    pub fn record(mut self) -> Result<(), Error> {
        let operation = C::OPERATION;
        if let Some(problem) = self.setup.problem.take() {
            return Err(self.error(ErrorKind::Setup, &problem));
        }
        let Binding::Http(binding) = &operation.binding else {
            return Err(self.error(
                ErrorKind::Setup,
                "the operation does not travel over HTTP: only HTTP operations can be recorded yet",
            ));
        };
        let mut problems = Vec::from_iter(check::operation(self.setup.pact.contract, operation));
        problems.extend(check::rules("request", &self.request));
        let request = self.request(binding)?;
        let (reply, body) = self.replied(binding, &mut problems)?;
        if !problems.is_empty() {
            let contract = self.setup.pact.contract.name;
            let text = format!(
                "it contradicts the contract {contract}:\n  {}",
                problems.join("\n  ")
            );
            return Err(self.error(ErrorKind::Contract, &text));
        }
        let description = self.description(reply.status());
        let states: Vec<Json> = self
            .setup
            .states
            .iter()
            .map(|state| {
                if state.params.is_empty() {
                    json!({ "name": state.name })
                } else {
                    json!({ "name": state.name, "params": state.params })
                }
            })
            .collect();
        let interaction = sorted(&describe::interaction(&description, &states, &request, &reply));
        let expected = engine::interaction(&interaction).map_err(|why| self.error(ErrorKind::Setup, &why))?;
        self.setup
            .pact
            .answers
            .add(Recorded::new(
                description,
                states,
                interaction,
                expected,
                &reply,
                body,
            ))
            .map_err(|why| self.error(ErrorKind::Ambiguous, &why))
    }

    /// The request as it will be on the wire.
    fn request(&self, binding: &HttpBinding) -> Result<Message, Error> {
        let encoded = rest::write_request(binding, &self.request)
            .map_err(|fault| self.error(ErrorKind::Contract, &fault.to_string()))?;
        let body = describe::body_input(binding, &self.request);
        let mut message = Message::request(binding, &encoded, body.map(|(body, _)| body));
        let mut rules = Rules::default();
        if let (Some(json), Some((_, value))) = (message.json(), body) {
            if self.request_by_type {
                rules = Rules::derive(json, value);
            }
            self.override_rules("request", &mut rules, json, &self.request_overrides)?;
        } else if let Some((pointer, _)) = self.request_overrides.first() {
            let text = format!("the request has no JSON body that {pointer:?} could point into");
            return Err(self.error(ErrorKind::Setup, &text));
        }
        message.rules = rules;
        Ok(message)
    }

    /// The reply as the pact keeps it, and the octets that the consumer is answered with.
    fn replied(
        &self,
        binding: &'static HttpBinding,
        problems: &mut Vec<String>,
    ) -> Result<(Message, bytes::Bytes), Error> {
        let (mut message, whole) = match &self.reply {
            None => {
                return Err(self.error(
                    ErrorKind::Setup,
                    "it has no reply: call reply, reply_failure or reply_partial",
                ));
            }
            Some(Hoped::Response(response)) => {
                let (message, octets) = describe::reply(binding.successes, response);
                let found = check::reply(binding.successes, Side::Success, response, &octets);
                problems.extend(found);
                (message, octets)
            }
            Some(Hoped::Failure(failure)) => {
                let (message, octets) = describe::reply(binding.failures, failure);
                let found = check::reply(binding.failures, Side::Failure, failure, &octets);
                problems.extend(found);
                (message, octets)
            }
            Some(Hoped::Partial(status, body)) => {
                let status = StatusCode::from_u16(*status)
                    .map_err(|_| self.error(ErrorKind::Setup, &format!("{status} is no HTTP status")))?;
                match partial::reply::<C>(binding, status, body) {
                    Ok(reply) => reply,
                    Err(found) => {
                        problems.extend(found);
                        return Ok((
                            Message::reply(status, None, &bytes::Bytes::new()),
                            bytes::Bytes::new(),
                        ));
                    }
                }
            }
        };
        let mut rules = std::mem::take(&mut message.rules);
        if let Some(json) = message.json() {
            self.override_rules("reply", &mut rules, json, &self.overrides)?;
        } else if let Some((pointer, _)) = self.overrides.first() {
            let text = format!("the reply has no JSON body that {pointer:?} could point into");
            return Err(self.error(ErrorKind::Setup, &text));
        }
        message.rules = rules;
        Ok((message, whole))
    }

    fn override_rules(
        &self,
        what: &str,
        rules: &mut Rules,
        json: &Json,
        overrides: &[(String, Matcher)],
    ) -> Result<(), Error> {
        for (pointer, matcher) in overrides {
            let Some((path, example)) = resolve(json, pointer) else {
                let text = format!("{pointer:?} points to nothing in the {what}'s body, which is {json}");
                return Err(self.error(ErrorKind::Setup, &text));
            };
            if let Some(why) = matcher.contradiction(example) {
                return Err(self.error(ErrorKind::Setup, &format!("{what} {pointer}: {why}")));
            }
            if engine::path_text(&path).is_none() {
                let text = format!("{what} {pointer}: pacts have no way to write this path");
                return Err(self.error(ErrorKind::Setup, &text));
            }
            rules.set(path, matcher.clone());
        }
        Ok(())
    }

    fn description(&self, status: StatusCode) -> String {
        let default = || format!("{} ({})", C::OPERATION.id, status.as_u16());
        self.setup.description.clone().unwrap_or_else(default)
    }

    fn error(&self, kind: ErrorKind, why: &str) -> Error {
        let name = self
            .setup
            .description
            .clone()
            .unwrap_or_else(|| C::OPERATION.id.to_owned());
        Error::new(
            kind,
            format!("the interaction {name:?} cannot be recorded: {why}"),
        )
    }
}

impl<C: Call> fmt::Debug for Interaction<'_, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Interaction")
            .field("setup", &self.setup)
            .field("operation", &C::OPERATION.id)
            .field("overrides", &self.overrides)
            .finish_non_exhaustive()
    }
}
