//! Replaying interactions.

use http::uri::PathAndQuery;
use http::{HeaderMap, Request};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use serde_json::{Map, Value as Json};
use tieline::http::{Body, DEFAULT_BODY_LIMIT};
use tieline::operation::{Binding, Contract, Segment};

use super::report::{Failure, Report, Verdict, Verified};
use super::states::Params;
use super::{Verification, source::Source};
use crate::engine::{ActualReply, ActualRequest, Content, Expected, LoadedInteraction};

/// What a path of another tool may hold and a URI may not. Percent signs stay: the path is encoded already.
const OUTSIDE_PATH: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'<')
    .add(b'>')
    .add(b'`')
    .add(b'{')
    .add(b'}')
    .add(b'#')
    .add(b'?');

pub(super) async fn run(verification: Verification) -> Report {
    let mut report = Report::new(&verification.provider);
    report.problems.extend(verification.problems.iter().cloned());
    if verification.target.is_none() {
        report
            .problems
            .push("no provider was given: call service or url".into());
    }
    if verification.sources.is_empty() {
        report
            .problems
            .push("no pacts were given: call source_dir or source_file".into());
    }
    let pacts: Vec<_> = verification
        .sources
        .iter()
        .flat_map(|source: &Source| source.load(&verification.provider, &mut report.problems))
        .collect();
    for (file, pact) in &pacts {
        for interaction in &pact.interactions {
            let failures = verification.interaction(interaction).await;
            report.verified.push(Verified {
                pact: file.clone(),
                consumer: pact.consumer.clone(),
                description: interaction.description.clone(),
                states: interaction.states.iter().map(|(name, _)| name.clone()).collect(),
                request: match &interaction.content {
                    Content::Http(expected) => expected.line(),
                    Content::Other(kind) => kind.clone(),
                },
                operation: match &interaction.content {
                    Content::Http(expected) => operation(verification.contract, expected),
                    Content::Other(_) => None,
                },
                verdict: match (failures.is_empty(), interaction.pending) {
                    (true, _) => Verdict::Kept,
                    (false, true) => Verdict::Pending(failures),
                    (false, false) => Verdict::Broken(failures),
                },
            });
        }
    }
    let found = report.verified.len();
    if found < verification.at_least {
        let pacts = if pacts.is_empty() {
            format!("no pact with {:?} was found", verification.provider)
        } else {
            format!("{found} interactions were found")
        };
        report.problems.push(format!(
            "{pacts}, and at least {} interactions are required",
            verification.at_least
        ));
    }
    report
}

impl Verification {
    async fn interaction(&self, interaction: &LoadedInteraction) -> Vec<Failure> {
        let Content::Http(expected) = &interaction.content else {
            return vec![Failure::Unsupported];
        };
        let states: Vec<(&str, Params)> = interaction
            .states
            .iter()
            .map(|(name, params)| (name.as_str(), Params::from(params.clone())))
            .collect();
        let mut failures = Vec::new();
        let mut given = Map::new();
        let mut reached = 0;
        for (state, params) in &states {
            match self.states.set_up(state, params).await {
                Ok(gives) => {
                    given.extend(params.as_json().clone());
                    given.extend(gives.as_json().clone());
                    reached += 1;
                }
                Err(error) => {
                    failures.push(self.no_state(state, &error));
                    break;
                }
            }
        }
        if failures.is_empty() {
            failures.extend(self.exchange(expected, &given).await);
        }
        for (state, params) in states[..reached].iter().rev() {
            if let Err(error) = self.states.tear_down(state, params).await {
                failures.push(Failure::State {
                    state: (*state).to_owned(),
                    message: format!("it cannot be cleaned up: {error}"),
                });
            }
        }
        failures
    }

    fn no_state(&self, state: &str, error: &super::StateError) -> Failure {
        if error.is_unhandled() {
            Failure::UnhandledState {
                state: state.to_owned(),
                handled: self.states.names().into_iter().map(str::to_owned).collect(),
            }
        } else {
            Failure::State {
                state: state.to_owned(),
                message: error.to_string(),
            }
        }
    }

    /// Sends the request and compares the reply.
    async fn exchange(&self, expected: &Expected, given: &Map<String, Json>) -> Vec<Failure> {
        let request = match expected.request(given).await {
            Ok(request) => request,
            Err(why) => return vec![Failure::NotSent(why)],
        };
        let reply = match tokio::time::timeout(self.timeout, self.send(request)).await {
            Ok(Ok(reply)) => reply,
            Ok(Err(failure)) => return vec![failure],
            Err(_) => return vec![Failure::NoReply(format!("none came within {:?}", self.timeout))],
        };
        let mismatches = expected.compare_reply(&reply).await;
        mismatches.into_iter().map(Failure::Mismatch).collect()
    }

    async fn send(&self, request: ActualRequest) -> Result<ActualReply, Failure> {
        let Some((line, endpoint)) = &self.target else {
            return Err(Failure::NotSent("there is no provider".into()));
        };
        let path = utf8_percent_encode(&request.path, OUTSIDE_PATH).to_string();
        let path = match &request.query {
            Some(query) => format!("{path}?{query}"),
            None => path,
        };
        let path = PathAndQuery::try_from(path)
            .map_err(|_| Failure::NotSent(format!("{:?} is no path", request.path)))?;
        let mut message = Request::new(Body::from(request.body));
        *message.method_mut() = request.method;
        *message.uri_mut() = path.into();
        *message.headers_mut() = with(request.headers, &self.headers);
        let response = line
            .send(endpoint, message)
            .await
            .map_err(|error| Failure::NoReply(described(&error)))?;
        let (parts, body) = response.into_parts();
        let body = body
            .collect(DEFAULT_BODY_LIMIT)
            .await
            .map_err(|error| Failure::NoReply(described(&error)))?;
        Ok(ActualReply {
            status: parts.status,
            headers: parts.headers,
            body: body.bytes,
        })
    }
}

fn with(mut headers: HeaderMap, more: &HeaderMap) -> HeaderMap {
    for (name, value) in more {
        headers.insert(name, value.clone());
    }
    headers
}

/// An error with its causes.
fn described(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}

/// The operation of the contract that a request is for.
fn operation(contract: &Contract, expected: &Expected) -> Option<&'static str> {
    let (method, path) = expected.route();
    contract.operations.iter().find_map(|operation| {
        let Binding::Http(binding) = &operation.binding else {
            return None;
        };
        (binding.method.as_str() == method && fits(binding.path, path)).then_some(operation.id)
    })
}

/// Whether a path has the shape of a template. A variable is one segment, and not empty.
fn fits(template: &[Segment], path: &str) -> bool {
    let Some((first, rest)) = template.split_first() else {
        return path.is_empty();
    };
    match first {
        Segment::Literal(text) => path.strip_prefix(text).is_some_and(|path| fits(rest, path)),
        Segment::Variable(_) => {
            let end = path.find('/').unwrap_or(path.len());
            (1..=end)
                .rev()
                .filter(|end| path.is_char_boundary(*end))
                .any(|end| fits(rest, &path[end..]))
        }
    }
}
