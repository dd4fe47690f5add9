//! The client of a service: an address, a line to it, and the policies on the way.
//!
//! Generated clients wrap a [`Client`]; it can also be used by itself, for paths without a contract.

mod base;
mod builder;
pub(crate) mod credentials;
mod endpoints;
mod identity;
mod interceptor;
mod kept;
mod links;
mod macros;
mod pages;
mod send;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

pub use base::UntypedRequest;
pub use builder::{ClientBuilder, DEFAULT_IDLE_TIMEOUT, DEFAULT_TIMEOUT};
pub use credentials::{ClientAuthentication, Credential, OAuth2, Secret, TokenError};
pub use identity::Identity;
pub use interceptor::{AttemptFacts, CallFacts, Interceptor};
pub use links::{Called, Link, LinkError, Linked, Parts};
pub use pages::{PageItems, Pages, Paginated, items, pages};
pub(crate) use send::Arrived;
#[cfg(feature = "grpc")]
pub use send::grpc::{Bidirectional, ClientStreaming, ServerStreaming, Unary};
pub use send::{
    Async, Blocking, HttpCall, Outcome, call, call_later, forget, or_else, output, raw, send_http,
};

use crate::background::{Background, Drained};
use crate::clock::Clock;
use crate::endpoints::Endpoints;
use crate::http::{Endpoint, EndpointError, Line, Transport};
use crate::observe::metrics;
use crate::operation::{Binding, Contract, Operation, SecurityScheme};
use crate::policy::stack::Policies;
use crate::random::Random;
use http::HeaderValue;

use credentials::tokens::{Means, TokenSource};
use credentials::{Shown, Wallet};

/// The client of one service. Cheap to clone; clones share pool, breaker, budget and metrics.
///
/// ```no_run
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let users = tieline::Client::to("http://user-service:8000/api/v1")?;
/// let user: serde_json::Value = users.get("users/7").await?.json()?;
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Client(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) service: Arc<str>,
    pub(crate) endpoint: Endpoint,
    /// The endpoints of the service, where it is more than one.
    pub(crate) endpoints: Option<Arc<Endpoints>>,
    /// Whether endpoints are spoken to over HTTP/2, whatever their addresses say.
    pub(crate) needs_http2: bool,
    /// Whether calls wait for an endpoint that can be reached.
    pub(crate) wait_for_ready: bool,
    /// Whether servers of single operations are honoured; see [`ClientBuilder::operation_servers`].
    pub(crate) operation_servers: Option<bool>,
    /// Where operations are that are somewhere else, by [`Operation::index`]; empty where none is.
    pub(crate) operation_endpoints: Vec<Option<Endpoint>>,
    pub(crate) line: Line,
    pub(crate) policies: Policies,
    /// The total time of calls, where it is set: `Some(None)` is no limit.
    pub(crate) timeout: Option<Option<Duration>>,
    pub(crate) attempt_timeout: Option<Duration>,
    pub(crate) identity: Identity,
    pub(crate) wallet: Wallet,
    /// What is shown for the schemes of the contract.
    pub(crate) shown: Shown,
    pub(crate) interceptors: Vec<Arc<dyn Interceptor>>,
    pub(crate) body_limit: usize,
    pub(crate) user_agent: HeaderValue,
    /// How many redirects are followed.
    pub(crate) redirects: u32,
    #[cfg(feature = "gzip")]
    pub(crate) expand_replies: bool,
    /// The size from which on bodies are compressed.
    #[cfg(feature = "gzip")]
    pub(crate) compress_from: Option<usize>,
    /// How long a streamed reply may be silent.
    pub(crate) idle_timeout: Option<Duration>,
    pub(crate) check_replies: bool,
    pub(crate) clock: Clock,
    pub(crate) random: Arc<Random>,
    pub(crate) metrics: Arc<metrics::Metrics>,
    pub(crate) service_metrics: Arc<metrics::Service>,
    /// By [`Operation::index`]; empty for a client without a contract.
    pub(crate) operation_metrics: Vec<Arc<metrics::Operation>>,
    /// Replies that stand in for failures, where there shall be some.
    pub(crate) kept: Option<Arc<kept::Kept>>,
    /// Shared with the clients that know a contract.
    pub(crate) closing: Arc<Closing>,
}

/// Whether a client is closed.
pub(crate) struct Closing {
    closed: AtomicBool,
    /// The transport, where it belongs to the client alone.
    own: Option<Transport>,
    /// The endpoints, where they belong to the client alone.
    endpoints: Option<Arc<Endpoints>>,
    /// Calls that nobody waits for.
    background: Background,
}

impl Closing {
    pub(crate) fn new(
        own: Option<Transport>,
        endpoints: Option<Arc<Endpoints>>,
        background: Background,
    ) -> Self {
        Self {
            closed: AtomicBool::new(false),
            own,
            endpoints,
            background,
        }
    }

    pub(crate) fn background(&self) -> &Background {
        &self.background
    }

    pub(crate) fn close(&self) {
        self.closed.store(true, Ordering::Relaxed);
        if let Some(transport) = &self.own {
            transport.close();
        }
        if let Some(endpoints) = &self.endpoints {
            endpoints.close();
        }
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Relaxed)
    }
}

impl Inner {
    /// The total time of a call; later wins: default, contract, client, call.
    pub(crate) fn total_time(&self, contract: Option<Duration>, call: Option<Duration>) -> Option<Duration> {
        let unset = || Some(contract.unwrap_or(DEFAULT_TIMEOUT));
        call.or_else(|| self.timeout.unwrap_or_else(unset))
    }

    /// What follows the client's own address in a URL of it, where that address is many endpoints: any of them will do.
    pub(crate) fn below_the_address<'a>(&self, endpoint: &Endpoint, path: &'a str) -> Option<&'a str> {
        self.endpoints.as_ref()?;
        if !endpoint.same_origin(&self.endpoint) {
            return None;
        }
        let below = path.strip_prefix(self.endpoint.base_path())?;
        below.starts_with('/').then_some(below)
    }

    /// What is shown for these schemes.
    pub(crate) fn shown(&self, schemes: &'static [SecurityScheme]) -> Shown {
        // A line of somebody else's shows what it shows; only of ours is it known.
        let transport = self.line.transport();
        let certificate = transport.is_none_or(Transport::shows_certificate);
        self.wallet.shown(schemes, certificate, |settings, kind| {
            let means = Means {
                service: Arc::clone(&self.service),
                line: self.line.clone(),
                endpoint: self.endpoint.clone(),
                clock: self.clock,
                random: Arc::clone(&self.random),
                metrics: Arc::clone(&self.metrics),
            };
            Arc::new(TokenSource::new(settings.clone(), kind, means))
        })
    }
}

impl Client {
    /// A client of the service called `service`, to be configured.
    pub fn builder(service: impl Into<Arc<str>>) -> ClientBuilder {
        ClientBuilder::new(service.into())
    }

    /// A client of the service at `url`, with every policy at its default. The service is called by its host.
    ///
    /// # Errors
    /// `url` is not the address of a service; the message says how one is written.
    pub fn to(url: &str) -> Result<Self, EndpointError> {
        let endpoint = Endpoint::parse(url)?;
        let service: Arc<str> = endpoint.authority().host().into();
        Ok(ClientBuilder::new(service).endpoint(endpoint).assemble())
    }

    /// The same client for the operations of `contract`: resolves their metrics once.
    pub fn for_contract(&self, contract: &'static Contract) -> Self {
        let operation_metrics = contract
            .operations
            .iter()
            .map(|operation| {
                self.0
                    .metrics
                    .operation(&self.0.service, operation.id, method_label(operation))
            })
            .collect();
        let inner = Inner {
            service: Arc::clone(&self.0.service),
            operation_endpoints: endpoints::of_operations(
                contract,
                &self.0.endpoint,
                self.0.operation_servers,
            ),
            operation_servers: self.0.operation_servers,
            needs_http2: self.0.needs_http2 || endpoints::is_grpc(contract),
            endpoint: endpoints::of_contract(contract, &self.0.endpoint),
            endpoints: self.0.endpoints.clone(),
            wait_for_ready: self.0.wait_for_ready,
            line: self.0.line.clone(),
            policies: self.0.policies.clone(),
            timeout: self.0.timeout,
            attempt_timeout: self.0.attempt_timeout,
            identity: self.0.identity.clone(),
            wallet: self.0.wallet.clone(),
            shown: self.0.shown(contract.security_schemes),
            interceptors: self.0.interceptors.clone(),
            body_limit: self.0.body_limit,
            user_agent: self.0.user_agent.clone(),
            redirects: self.0.redirects,
            #[cfg(feature = "gzip")]
            expand_replies: self.0.expand_replies,
            #[cfg(feature = "gzip")]
            compress_from: self.0.compress_from,
            idle_timeout: self.0.idle_timeout,
            check_replies: self.0.check_replies,
            clock: self.0.clock,
            random: Arc::clone(&self.0.random),
            metrics: Arc::clone(&self.0.metrics),
            service_metrics: Arc::clone(&self.0.service_metrics),
            operation_metrics,
            kept: self.0.kept.clone(),
            closing: Arc::clone(&self.0.closing),
        };
        Self(Arc::new(inner))
    }

    /// The service's name.
    pub fn service(&self) -> &str {
        &self.0.service
    }

    /// Where it is: its address, or the first of them, where they are listed.
    pub fn endpoint(&self) -> &Endpoint {
        &self.0.endpoint
    }

    /// Its endpoints, where the service is more than one.
    pub fn endpoints(&self) -> Option<&Arc<Endpoints>> {
        self.0.endpoints.as_ref()
    }

    /// What carries its calls.
    pub fn line(&self) -> &Line {
        &self.0.line
    }

    /// Its breaker, to look at or to listen to. `None` when it has none.
    pub fn breaker(&self) -> Option<&Arc<crate::policy::breaker::Breaker>> {
        self.0.policies.shared_breaker()
    }

    /// The metrics of calls without a contract: their paths would make endless labels, so they share one handle a
    /// method.
    pub(crate) fn untyped_metrics(&self, method: &http::Method) -> Arc<metrics::Operation> {
        self.0
            .metrics
            .operation(&self.0.service, "untyped", method.as_str())
    }

    /// Closes it, its clones and the clients made of it: calls from now on are refused, and idle connections are
    /// closed, where the client has not been given a line that others may use. Calls under way end as they would.
    pub fn close(&self) {
        self.0.closing.close();
    }

    /// Work that nobody waits for, such as the calls that [`forget`] starts; [`Client::shutdown`] waits for it.
    pub fn background(&self) -> &Background {
        self.0.closing.background()
    }

    /// Waits until the background work of this client has ended, for at most `limit`, and closes the client then.
    pub async fn shutdown(&self, limit: Duration) -> Drained {
        let drained = self.background().drain(limit).await;
        self.close();
        drained
    }

    /// What closes it.
    pub(crate) fn closing(&self) -> &Arc<Closing> {
        &self.0.closing
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("service", &self.0.service)
            .field("endpoint", &self.0.endpoint)
            .finish_non_exhaustive()
    }
}

/// A generated client: something that a [`Client`] becomes by knowing a contract.
pub trait ServiceClient: From<Client> + Clone + Send + Sync + 'static {
    /// The contract.
    const CONTRACT: &'static Contract;
}

/// The `method` label of an operation's metrics.
fn method_label(operation: &Operation) -> &str {
    match &operation.binding {
        Binding::Http(binding) => binding.method.as_str(),
        Binding::Grpc(path) => path.rsplit('/').next().unwrap_or(path),
    }
}
