//! How a client is set up.

mod balancing;

use std::sync::Arc;
use std::time::Duration;

use http::HeaderValue;

use super::credentials::{Shown, Wallet, sensitive};
use super::endpoints::Target;
use super::kept::{Keeping, Kept};
use super::{Client, Closing, Credential, Identity, Inner, Interceptor, Secret};
use crate::background::{self, Background};
use crate::clock::Clock;
use crate::endpoints::{self, Discover, Dns, Endpoints, Member};
use crate::http::{
    Chaos, DEFAULT_BODY_LIMIT, Endpoint, EndpointError, Line, Proxies, Tls, TlsError, Transport,
};
use crate::observe::metrics::Metrics;
use crate::policy::adaptive::Adaptive;
use crate::policy::breaker::{self, Breaker};
use crate::policy::bulkhead::Bulkhead;
use crate::policy::hedge::Hedge;
use crate::policy::rate_limit::RateLimit;
use crate::policy::retry::Retry;
use crate::policy::stack::Policies;
use crate::policy::throttle::Throttle;
use crate::random::Random;

/// Settings of a [`Client`]. What is not set has its default.
pub struct ClientBuilder {
    service: Arc<str>,
    endpoint: Option<Endpoint>,
    members: Vec<Member>,
    discover: Option<Box<dyn Discover>>,
    balancing: endpoints::Settings,
    shared_endpoints: Option<Arc<Endpoints>>,
    /// How the addresses of a name are looked up, where they are its endpoints.
    dns: Option<Dns>,
    /// Whether the endpoints are closed with the client.
    owns_endpoints: bool,
    line: Option<Line>,
    timeout: Option<Option<Duration>>,
    attempt_timeout: Option<Duration>,
    connect_timeout: Option<Duration>,
    wait_for_ready: bool,
    retry: Option<Retry>,
    breaker: breaker::Settings,
    shared_breaker: Option<Arc<Breaker>>,
    operation_servers: Option<bool>,
    /// The policies that are as they were given; the others are made with the client.
    policies: Policies,
    hedge: Option<Hedge>,
    identity: Identity,
    wallet: Wallet,
    interceptors: Vec<Arc<dyn Interceptor>>,
    body_limit: usize,
    user_agent: HeaderValue,
    redirects: u32,
    #[cfg(feature = "gzip")]
    expand_replies: bool,
    #[cfg(feature = "gzip")]
    compress_from: Option<usize>,
    tls: Tls,
    proxies: Proxies,
    idle_timeout: Option<Duration>,
    check_replies: bool,
    clock: Clock,
    random: Option<Arc<Random>>,
    metrics: Option<Arc<Metrics>>,
    background: Option<Background>,
    keeping: Keeping,
    chaos: Option<Chaos>,
}

const USER_AGENT: HeaderValue = HeaderValue::from_static(concat!("tieline/", env!("CARGO_PKG_VERSION")));

/// The total deadline of a call unless another is set.
pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(30);

/// How long a reply that comes piece by piece may be silent unless set.
pub const DEFAULT_IDLE_TIMEOUT: Duration = Duration::from_secs(5 * 60);

impl ClientBuilder {
    pub(super) fn new(service: Arc<str>) -> Self {
        Self {
            breaker: breaker::Settings::new(Arc::clone(&service)),
            service,
            endpoint: None,
            members: Vec::new(),
            discover: None,
            balancing: endpoints::Settings::new(),
            shared_endpoints: None,
            dns: None,
            owns_endpoints: true,
            line: None,
            timeout: None,
            attempt_timeout: None,
            connect_timeout: None,
            wait_for_ready: false,
            retry: None,
            shared_breaker: None,
            operation_servers: None,
            policies: Policies::none(),
            hedge: None,
            identity: Identity::default(),
            wallet: Wallet::default(),
            interceptors: Vec::new(),
            body_limit: DEFAULT_BODY_LIMIT,
            user_agent: USER_AGENT,
            redirects: 0,
            #[cfg(feature = "gzip")]
            expand_replies: true,
            #[cfg(feature = "gzip")]
            compress_from: None,
            tls: Tls::default(),
            proxies: Proxies::none(),
            idle_timeout: Some(DEFAULT_IDLE_TIMEOUT),
            check_replies: false,
            clock: Clock::default(),
            random: None,
            metrics: None,
            background: None,
            keeping: Keeping::default(),
            chaos: None,
        }
    }

    /// Where the service is. One of `endpoint`, `url`, `endpoints`, `discover` and `line` is needed. A `dns:///` target stands for
    /// all addresses of its host: they are looked up, and called in turn.
    pub fn endpoint(mut self, endpoint: Endpoint) -> Self {
        self.endpoint = Some(endpoint);
        self
    }

    /// Where the service is: `http://other-service:8000/api/v1`, or `localhost:50051` for gRPC.
    ///
    /// # Errors
    /// `url` is not the address of a service.
    pub fn url(self, url: &str) -> Result<Self, EndpointError> {
        Ok(self.endpoint(Endpoint::parse(url)?))
    }

    /// Whether operations that have servers of their own in the contract are called there. Unless set: where this client's
    /// address is one that the contract names, too; a client that was sent elsewhere, such as to a mock, sends
    /// everything there.
    pub fn operation_servers(mut self, honour: bool) -> Self {
        self.operation_servers = Some(honour);
        self
    }

    /// What carries the calls: a shared transport, or a service in this process.
    pub fn line(mut self, line: impl Into<Line>) -> Self {
        self.line = Some(line.into());
        self
    }

    /// Total time of a call, attempts and waits included; unless set, what the contract says of the operation, or
    /// 30 s. `None`: no limit but the context's.
    pub fn timeout(mut self, timeout: impl Into<Option<Duration>>) -> Self {
        self.timeout = Some(timeout.into());
        self
    }

    /// Time of one attempt. One that runs out may be followed by another.
    pub fn attempt_timeout(mut self, timeout: Duration) -> Self {
        self.attempt_timeout = Some(timeout);
        self
    }

    /// Keeps the replies of calls without an effect, and gives one that is not older in the place of a failure of the service
    /// (RFC 5861, `stale-if-error`), with its age in the header `Age`. Off by default. Not for a client whose interceptor
    /// signs attempts for different users: what it adds does not tell calls apart.
    pub fn stale_if_error(mut self, age: Duration) -> Self {
        self.keeping.stale_if_error = age;
        self
    }

    /// Gives a kept reply that is not older without a call. Off by default; see [`stale_if_error`](Self::stale_if_error).
    pub fn fresh_for(mut self, age: Duration) -> Self {
        self.keeping.fresh = age;
        self
    }

    /// How many replies are kept at most; 1,000 by default.
    pub fn max_kept_replies(mut self, replies: usize) -> Self {
        self.keeping.most = replies;
        self
    }

    /// Puts faults into the requests of this client, those for tokens too: for tests, and for staging.
    pub fn chaos(mut self, chaos: Chaos) -> Self {
        self.chaos = Some(chaos);
        self
    }

    /// Where calls run that nobody waits for; at most [`DEFAULT_LIMIT`](background::DEFAULT_LIMIT) at once unless it is set. Several
    /// clients can share one; the first of them that is shut down closes it for all.
    pub fn background(mut self, background: Background) -> Self {
        self.background = Some(background);
        self
    }

    /// Time to make a connection; 5 s by default. Not used with a line of one's own.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = Some(timeout);
        self
    }

    /// Whether a service that cannot be reached is tried again until the connect timeout ends; see
    /// [`TransportBuilder::wait_for_ready`](crate::http::TransportBuilder::wait_for_ready); not used with a line of
    /// one's own. Where the service has several endpoints, calls wait for one that can be reached, until their deadline.
    pub fn wait_for_ready(mut self, wait: bool) -> Self {
        self.wait_for_ready = wait;
        self
    }

    /// How failed attempts are repeated, where the contract proves that safe; three attempts by default.
    pub fn retry(mut self, retry: Retry) -> Self {
        self.retry = Some(retry);
        self
    }

    /// Changes the breaker's settings.
    pub fn breaker(mut self, change: impl FnOnce(breaker::Settings) -> breaker::Settings) -> Self {
        self.breaker = change(self.breaker);
        self
    }

    /// Uses a breaker that others use too.
    pub fn shared_breaker(mut self, breaker: Arc<Breaker>) -> Self {
        self.shared_breaker = Some(breaker);
        self
    }

    /// How many calls may be under way; unlimited by default.
    pub fn bulkhead(mut self, bulkhead: impl Into<Arc<Bulkhead>>) -> Self {
        self.policies = self.policies.bulkhead(bulkhead);
        self
    }

    /// Holds calls back when the service does not accept enough of them; not by default.
    pub fn throttle(mut self, throttle: impl Into<Arc<Throttle>>) -> Self {
        self.policies = self.policies.throttle(throttle);
        self
    }

    /// How many calls may be under way, by how long they take; unlimited by default.
    pub fn adaptive(mut self, limit: impl Into<Arc<Adaptive>>) -> Self {
        self.policies = self.policies.adaptive(limit);
        self
    }

    /// How many attempts may be made over time; unlimited by default.
    pub fn rate_limit(mut self, limit: impl Into<Arc<RateLimit>>) -> Self {
        self.policies = self.policies.rate_limit(limit);
        self
    }

    /// A second attempt beside one that is slow, where the operation may be repeated; none by default. It is paid for from
    /// the budget of the retries.
    pub fn hedge(mut self, hedge: Hedge) -> Self {
        self.hedge = Some(hedge);
        self
    }

    /// The name of the calling service, sent as `x-service-name`.
    pub fn caller(mut self, name: &str) -> Self {
        self.identity.name = HeaderValue::from_str(name).ok();
        self
    }

    /// The key that services show each other, sent as `x-api-key`.
    pub fn api_key(mut self, key: impl Into<Secret>) -> Self {
        self.identity.api_key = sensitive(key.into().expose());
        self
    }

    /// What to show for the contract's security scheme `scheme`.
    pub fn credential(mut self, scheme: impl Into<String>, credential: Credential) -> Self {
        self.wallet.insert(scheme.into(), credential);
        self
    }

    /// What to show for every security scheme that it fits and that has no [`credential`](Self::credential) of its own.
    /// Where the contract has no schemes, or there is no contract, tokens and passwords are shown with every call.
    pub fn credential_for_all(mut self, credential: Credential) -> Self {
        self.wallet.push(credential);
        self
    }

    /// Adds an interceptor. They run in the order of adding.
    pub fn interceptor(mut self, interceptor: impl Interceptor + 'static) -> Self {
        self.interceptors.push(Arc::new(interceptor));
        self
    }

    /// The greatest body of a reply, in octets; 64 MiB by default.
    pub fn body_limit(mut self, octets: usize) -> Self {
        self.body_limit = octets;
        self
    }

    /// How requests name the program that sends them (`User-Agent`); `tieline/` and the version unless set. What a header
    /// cannot carry is left out.
    pub fn user_agent(mut self, agent: &str) -> Self {
        self.user_agent = HeaderValue::from_str(agent).unwrap_or(USER_AGENT);
        self
    }

    /// How many redirects of a call are followed; none unless set, so that nobody but the contract says where requests go.
    ///
    /// GET and HEAD follow 301, 302, 307 and 308; other methods 307 and 308, which keep method and body; 303 is followed by
    /// GET. Credentials stay behind where the origin changes, and `https` is not left. A status that the contract declares
    /// is a reply, and not followed.
    pub fn redirects(mut self, most: u32) -> Self {
        self.redirects = most;
        self
    }

    /// Whether replies may come compressed (`Accept-Encoding: gzip`); they may unless set.
    #[cfg(feature = "gzip")]
    pub fn compressed_replies(mut self, accept: bool) -> Self {
        self.expand_replies = accept;
        self
    }

    /// Compresses the bodies of requests from this size on. Off unless set: not every server understands it.
    #[cfg(feature = "gzip")]
    pub fn compress_requests(mut self, from: usize) -> Self {
        self.compress_from = Some(from);
        self
    }

    /// Whom to trust and who we are over TLS. Not used with a line of one's own.
    ///
    /// # Errors
    /// rustls refuses the certificates or the key.
    pub fn tls(mut self, tls: Tls) -> Result<Self, TlsError> {
        tls.check()?;
        self.tls = tls;
        Ok(self)
    }

    /// Which proxies requests go by; none unless set. Not used with a line of one's own.
    pub fn proxies(mut self, proxies: Proxies) -> Self {
        self.proxies = proxies;
        self
    }

    /// How long a reply that comes piece by piece may be silent before it is given up; 5 min unless set, `None` for ever.
    /// The total time of a call ends when such a reply begins.
    pub fn idle_timeout(mut self, timeout: impl Into<Option<Duration>>) -> Self {
        self.idle_timeout = timeout.into();
        self
    }

    /// Judges replies by the rules of the contract, too: one that breaks them is an error.
    pub fn check_replies(mut self, check: bool) -> Self {
        self.check_replies = check;
        self
    }

    /// The clock of all policies.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// The source of jitter and ids.
    pub fn random(mut self, random: Arc<Random>) -> Self {
        self.random = Some(random);
        self
    }

    /// The registry of metrics; the process' own by default.
    pub fn metrics(mut self, metrics: Arc<Metrics>) -> Self {
        self.metrics = Some(metrics);
        self
    }

    /// The client.
    ///
    /// # Errors
    /// No address was set.
    pub fn build(self) -> Result<Client, EndpointError> {
        let is_somewhere = self.endpoint.is_some()
            || self.line.is_some()
            || !self.members.is_empty()
            || self.discover.is_some()
            || self.dns.is_some()
            || self.shared_endpoints.is_some();
        if !is_somewhere {
            // Says that the address is empty and how one is written.
            Endpoint::parse("")?;
        }
        Ok(self.assemble())
    }

    /// The client, wherever its calls lead.
    pub(crate) fn assemble(self) -> Client {
        let random = self.random.unwrap_or_else(|| Arc::new(Random::new()));
        let metrics = self.metrics.unwrap_or_else(|| Arc::clone(Metrics::global()));
        let service_metrics = metrics.service(&self.service);
        let breaker = self.shared_breaker.unwrap_or_else(|| {
            let (heard, told) = (Arc::clone(&service_metrics), self.breaker.listener());
            let settings = self.breaker.clock(self.clock).on_state_change(move |change| {
                heard.breaker_moved(change.to);
                tracing::warn!(
                    breaker = %change.name, from = %change.from, to = %change.to, "circuit breaker state change"
                );
                if let Some(told) = &told {
                    told(change);
                }
            });
            Arc::new(Breaker::new(settings))
        });
        service_metrics.breaker_state(breaker.state());
        let retry = self
            .retry
            .unwrap_or_default()
            .random(Arc::clone(&random))
            .clock(self.clock);
        let hedge = self.hedge.map(|hedge| {
            let hedge = hedge.clock(self.clock);
            match retry.shared_budget() {
                Some(budget) => hedge.budget(Arc::clone(budget)),
                None => hedge,
            }
        });
        let mut policies = self.policies.clock(self.clock).breaker(breaker).retry(retry);
        if let Some(hedge) = hedge {
            policies = policies.hedge(hedge);
        }
        let has_several = self.discover.is_some()
            || !self.members.is_empty()
            || self.shared_endpoints.is_some()
            || self.dns.is_some()
            || self
                .endpoint
                .as_ref()
                .is_some_and(Endpoint::stands_for_all_addresses);
        let (line, own) = match self.line {
            Some(line) => (line, None),
            None => {
                let transport = Transport::builder()
                    .wait_for_ready(self.wait_for_ready && !has_several)
                    .tls(self.tls)
                    .proxies(self.proxies);
                let transport = match self.connect_timeout {
                    Some(timeout) => transport.connect_timeout(timeout),
                    None => transport,
                };
                // Its TLS settings were built once when they were given.
                let transport = transport.build().unwrap_or_default();
                (Line::from(transport.clone()), Some(transport))
            }
        };
        let line = match self.chaos {
            Some(chaos) => {
                tracing::warn!(service = %self.service, ?chaos, "faults are put into requests on purpose");
                line.with_chaos(chaos)
            }
            None => line,
        };
        let background = (self.background)
            .unwrap_or_else(|| Background::with_clock(background::DEFAULT_LIMIT, self.clock));
        let first = self.members.first().map(|member| member.endpoint().clone());
        let target = Target {
            endpoint: self.endpoint.clone(),
            members: self.members,
            discover: self.discover,
            dns: self.dns,
        };
        let is_shared = self.shared_endpoints.is_some() || !self.owns_endpoints;
        let balanced = match self.shared_endpoints {
            Some(shared) => Some(shared),
            None => target.endpoints(&self.service, self.balancing, &line, self.clock, &random),
        };
        if let Some(endpoints) = &balanced {
            service_metrics.watch_endpoints(endpoints.figures());
        }
        let mut inner = Inner {
            // A line in this process leads to the service whatever the address says.
            endpoint: self.endpoint.or(first).unwrap_or_else(Endpoint::in_process),
            needs_http2: false,
            wait_for_ready: self.wait_for_ready,
            operation_servers: self.operation_servers,
            operation_endpoints: Vec::new(),
            service: self.service,
            line,
            policies,
            timeout: self.timeout,
            attempt_timeout: self.attempt_timeout,
            identity: self.identity,
            wallet: self.wallet,
            shown: Shown::default(),
            interceptors: self.interceptors,
            body_limit: self.body_limit,
            user_agent: self.user_agent,
            redirects: self.redirects,
            #[cfg(feature = "gzip")]
            expand_replies: self.expand_replies,
            #[cfg(feature = "gzip")]
            compress_from: self.compress_from,
            idle_timeout: self.idle_timeout,
            check_replies: self.check_replies,
            clock: self.clock,
            random,
            metrics,
            service_metrics,
            operation_metrics: Vec::new(),
            kept: Kept::new(self.keeping, self.clock).map(Arc::new),
            closing: Arc::new(Closing::new(
                own,
                balanced.clone().filter(|_| !is_shared),
                background,
            )),
            endpoints: balanced,
        };
        inner.shown = inner.shown(&[]);
        Client(Arc::new(inner))
    }
}

impl From<Line> for Client {
    /// A client over `line`, such as a service in this process, with every policy at its default.
    fn from(line: Line) -> Self {
        ClientBuilder::new("in-process".into()).line(line).assemble()
    }
}
