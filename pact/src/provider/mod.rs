//! Whether a provider keeps the pacts of its consumers.

mod report;
mod run;
mod source;
mod states;

use std::future::Future;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response};
use tieline::http::{BoxError, Endpoint, EndpointError, InProcess, Line, Transport};
use tieline::operation::Contract;
use tower_service::Service;

pub use self::report::{Failure, Report, Verdict, Verified};
use self::source::Source;
use self::states::Handlers;
pub use self::states::{Params, StateError, StateOutcome, States};

/// How long a provider may take for one reply, unless set.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Verifies that a provider of `contract` keeps the pacts of its consumers.
pub fn verify(contract: &'static Contract) -> Verification {
    Verification {
        contract,
        provider: contract.name.to_owned(),
        target: None,
        sources: Vec::new(),
        states: Handlers::default(),
        headers: HeaderMap::new(),
        at_least: 1,
        timeout: TIMEOUT,
        problems: Vec::new(),
    }
}

/// A verification, to be set up and then run.
#[must_use = "nothing is verified until it is run"]
pub struct Verification {
    contract: &'static Contract,
    provider: String,
    target: Option<(Line, Endpoint)>,
    sources: Vec<Source>,
    states: Handlers,
    headers: HeaderMap,
    at_least: usize,
    timeout: Duration,
    /// What was wrong with the settings; the report says it.
    problems: Vec<String>,
}

impl Verification {
    /// Verifies a service in this process: `pets::router(App::new())`, or any other tower service. No socket.
    pub fn service<S, B>(mut self, service: S) -> Self
    where
        S: Service<Request<axum::body::Body>, Response = Response<B>> + Clone + Send + Sync + 'static,
        S::Error: Into<BoxError>,
        S::Future: Send,
        B: http_body::Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        match Endpoint::parse("http://localhost") {
            Ok(endpoint) => self.target = Some((Line::over(InProcess::new(service)), endpoint)),
            Err(error) => self.problems.push(error.to_string()),
        }
        self
    }

    /// Verifies the service at `url`.
    ///
    /// # Errors
    /// `url` is not the address of a service; the message says how one is written.
    pub fn url(mut self, url: &str) -> Result<Self, EndpointError> {
        let endpoint = Endpoint::parse(url)?;
        self.target = Some((Line::from(Transport::new()), endpoint));
        Ok(self)
    }

    /// The provider's name in the pacts, where it is not the contract's.
    pub fn provider(mut self, name: impl Into<String>) -> Self {
        self.provider = name.into();
        self
    }

    /// Brings the provider into the state `name` by `handler`, which is given the state's parameters. It gives
    /// nothing, a result, or [`Params`] that the pact's generators ask for.
    ///
    /// A handler of this name wins over [`Verification::states`].
    pub fn state<F, Fut>(mut self, name: impl Into<String>, handler: F) -> Self
    where
        F: Fn(Params) -> Fut + Send + Sync + 'static,
        Fut: Future + Send + 'static,
        Fut::Output: StateOutcome,
    {
        self.states.add(name.into(), handler);
        self
    }

    /// Brings the provider into its states by `states`.
    pub fn states(mut self, states: impl States) -> Self {
        self.states.rest = Some(Arc::new(states));
        self
    }

    /// Verifies all pacts with this provider among the `.json` files of a directory. Those with others are passed
    /// over.
    pub fn source_dir(mut self, directory: impl Into<PathBuf>) -> Self {
        self.sources.push(Source::Directory(directory.into()));
        self
    }

    /// Verifies the pact in a file. One with another provider is a failure.
    pub fn source_file(mut self, file: impl Into<PathBuf>) -> Self {
        self.sources.push(Source::File(file.into()));
        self
    }

    /// Verifies a pact from memory, which reports call `name`. One with another provider is a failure.
    pub fn source_json(mut self, name: impl Into<String>, pact: serde_json::Value) -> Self {
        self.sources.push(Source::Json(name.into(), pact));
        self
    }

    /// How many interactions there must be, lest a wrong directory passes; one unless set.
    pub fn require_at_least(mut self, interactions: usize) -> Self {
        self.at_least = interactions;
        self
    }

    /// Adds a header to every request: credentials, which pacts do not have.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        match (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            (Ok(name), Ok(value)) => {
                self.headers.insert(name, value);
            }
            _ => self.problems.push(format!("the header {name:?} is not valid")),
        }
        self
    }

    /// How long the provider may take for one reply; 30 s unless set.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Reads the pacts and replays every interaction, one after the other: states are shared.
    pub async fn run(self) -> Report {
        run::run(self).await
    }
}

impl std::fmt::Debug for Verification {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Verification")
            .field("provider", &self.provider)
            .field("sources", &self.sources)
            .finish_non_exhaustive()
    }
}
