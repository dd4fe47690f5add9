//! What the clients of one service have in common.

use std::any::{Any, TypeId};
use std::sync::Arc;
use std::sync::Weak;
use std::time::Duration;

use super::{RegistryError, balance, connections};
use crate::client::{Client, ClientAuthentication, ClientBuilder, Closing, Credential, OAuth2, Secret};
use crate::config::{
    AdaptiveSettings, AuthSettings, BreakerSettings, BudgetSettings, BulkheadSettings, ChaosSettings,
    ConfigError, Environment, HedgeSettings, Place, PoolSettings, ProxySettings, RateLimitSettings, Resolved,
    RetrySettings, Settings, ThrottleSettings, TlsSettings,
};
use crate::endpoints::Endpoints;
use crate::http::{Chaos, Endpoint, Line, Transport};
use crate::policy::adaptive::{Adaptive, Rule};
use crate::policy::breaker::{Breaker, Mode};
use crate::policy::bulkhead::Bulkhead;
use crate::policy::hedge::Hedge;
use crate::policy::rate_limit::RateLimit;
use crate::policy::retry::{Backoff, Budget, Retry};
use crate::policy::throttle::Throttle;

/// Parts by the settings that they were made of: clients whose settings of a part are alike share it.
struct Alike<K, V>(Vec<(K, V)>);

impl<K, V> Default for Alike<K, V> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<K: PartialEq, V: Clone> Alike<K, V> {
    fn get(&self, key: &K) -> Option<V> {
        let found = self.0.iter().find(|(other, _)| other == key);
        found.map(|(_, part)| part.clone())
    }

    fn get_or_try<E>(&mut self, key: K, make: impl FnOnce() -> Result<V, E>) -> Result<V, E> {
        if let Some(part) = self.get(&key) {
            return Ok(part);
        }
        let part = make()?;
        self.0.push((key, part.clone()));
        Ok(part)
    }

    fn get_or_make(&mut self, key: K, make: impl FnOnce() -> V) -> V {
        let Ok(part) = self.get_or_try(key, || Ok::<_, std::convert::Infallible>(make()));
        part
    }
}

/// A client that is handed out again, by its type and the settings of its own.
type Singleton = (TypeId, Settings, Box<dyn Any + Send + Sync>);

/// What a transport is made of.
type TransportKey = (Option<Duration>, bool, PoolSettings, TlsSettings, ProxySettings);

/// The parts that clients of one service share. Those that judge the service are kept by address, too.
#[derive(Default)]
pub(super) struct Service {
    transports: Alike<TransportKey, Transport>,
    breakers: Alike<(Option<String>, BreakerSettings), Arc<Breaker>>,
    budgets: Alike<(Option<String>, BudgetSettings), Arc<Budget>>,
    throttles: Alike<(Option<String>, ThrottleSettings), Arc<Throttle>>,
    bulkheads: Alike<(Option<String>, BulkheadSettings), Arc<Bulkhead>>,
    adaptives: Alike<(Option<String>, AdaptiveSettings), Arc<Adaptive>>,
    hedges: Alike<(Option<String>, HedgeSettings), Hedge>,
    rate_limits: Alike<(Option<String>, RateLimitSettings), Arc<RateLimit>>,
    endpoints: Alike<Settings, Arc<Endpoints>>,
    singletons: Vec<Singleton>,
    made: Vec<Weak<Closing>>,
}

impl Service {
    /// The builder of a client of this service, all but what only the registry knows.
    pub(super) fn builder(
        &mut self,
        resolved: &Resolved,
        environment: &dyn Environment,
        line: Option<Line>,
    ) -> Result<ClientBuilder, RegistryError> {
        let (set, all) = (resolved.settings(), resolved.with_defaults());
        let mut builder = Client::builder(all.service_name.as_deref().unwrap_or(resolved.service()));
        if let Some(address) = &set.base_url {
            builder = builder.endpoint(endpoint(resolved, address)?);
        }
        builder = self.balanced(builder, resolved, environment)?;
        builder = match line {
            Some(line) => builder.line(line),
            None => builder.line(self.transport(resolved, environment)?),
        };
        // Where nobody set a timeout, the contract's have a say.
        if let Some(timeout) = set.timeout {
            builder = builder.timeout(timeout);
        }
        if let Some(timeout) = set.attempt_timeout {
            builder = builder.attempt_timeout(timeout);
        }
        if let Some(caller) = &set.caller {
            builder = builder.caller(caller);
        }
        if let Some(limit) = set.body_limit {
            builder = builder.body_limit(usize::try_from(limit).unwrap_or(usize::MAX));
        }
        if let Some(agent) = &set.user_agent {
            builder = builder.user_agent(agent);
        }
        if let Some(most) = set.redirects {
            builder = builder.redirects(most);
        }
        #[cfg(feature = "gzip")]
        {
            if let Some(accept) = set.gzip.replies {
                builder = builder.compressed_replies(accept);
            }
            if let Some(from) = set.gzip.requests_from {
                builder = builder.compress_requests(usize::try_from(from).unwrap_or(usize::MAX));
            }
        }
        if let Some(honour) = set.operation_servers {
            builder = builder.operation_servers(honour);
        }
        if let Some(throttle) = self.throttle(set) {
            builder = builder.throttle(throttle);
        }
        if let Some(bulkhead) = self.bulkhead(set) {
            builder = builder.bulkhead(bulkhead);
        }
        if let Some(limit) = self.adaptive(set) {
            builder = builder.adaptive(limit);
        }
        if let Some(hedge) = self.hedge(set) {
            builder = builder.hedge(hedge);
        }
        if set.chaos.enabled == Some(true) {
            builder = builder.chaos(chaos(&set.chaos));
        }
        if let Some(age) = set.cache.stale_if_error {
            builder = builder.stale_if_error(age);
        }
        if let Some(age) = set.cache.fresh {
            builder = builder.fresh_for(age);
        }
        if let Some(most) = set.cache.max_entries {
            builder = builder.max_kept_replies(usize::try_from(most).unwrap_or(usize::MAX));
        }
        if let Some(limit) = self.rate_limit(set) {
            builder = builder.rate_limit(limit);
        }
        builder = match self.breakers.get(&breaker_key(set)) {
            Some(breaker) => builder.shared_breaker(breaker),
            None => builder.breaker(|settings| breaker(settings, &all.breaker)),
        };
        let budget = self.budget(set, &all.retry_budget);
        Ok(builder
            .retry(retry(&all.retry).budget(budget))
            .check_replies(set.check_replies.unwrap_or(false)))
    }

    /// Where the service is, if at many endpoints, and how those are chosen and judged.
    fn balanced(
        &mut self,
        builder: ClientBuilder,
        resolved: &Resolved,
        environment: &dyn Environment,
    ) -> Result<ClientBuilder, RegistryError> {
        let set = resolved.settings();
        let builder = balance::builder(builder, resolved, environment)?;
        Ok(match self.endpoints.get(&balance::key(set)) {
            Some(endpoints) => builder.shared_endpoints(endpoints),
            None => builder.outlived_by_endpoints(),
        })
    }

    /// Lets others share what was made with a client, and remembers to close it.
    pub(super) fn share(&mut self, resolved: &Resolved, client: &Client) {
        if let Some(breaker) = client.breaker() {
            let share = || Arc::clone(breaker);
            let _ = self.breakers.get_or_make(breaker_key(resolved.settings()), share);
        }
        if let Some(endpoints) = client.endpoints() {
            let share = || Arc::clone(endpoints);
            let _ = self
                .endpoints
                .get_or_make(balance::key(resolved.settings()), share);
        }
        self.made.retain(|closing| closing.strong_count() > 0);
        self.made.push(Arc::downgrade(client.closing()));
    }

    /// The client of this type that has these settings of its own.
    pub(super) fn singleton(&self, client: TypeId, overrides: &Settings) -> Option<&(dyn Any + Send + Sync)> {
        let mut all = self.singletons.iter();
        let found = all.find(|(other, settings, _)| *other == client && settings == overrides);
        found.map(|(_, _, client)| &**client)
    }

    /// Keeps a client, to be handed out again.
    pub(super) fn keep(&mut self, client: TypeId, overrides: Settings, kept: Box<dyn Any + Send + Sync>) {
        self.singletons.push((client, overrides, kept));
    }

    /// Lets the background work of all clients end; they take no more.
    pub(super) async fn finished(&self) {
        for closing in self.made.iter().filter_map(Weak::upgrade) {
            // Whoever closes the registry says how long that may take.
            let _ = closing.background().drain(Duration::MAX).await;
        }
    }

    /// Closes all clients and their connections.
    pub(super) fn close(&self) {
        for closing in self.made.iter().filter_map(Weak::upgrade) {
            closing.close();
        }
        for (_, endpoints) in &self.endpoints.0 {
            endpoints.close();
        }
        for (_, transport) in &self.transports.0 {
            transport.close();
        }
    }

    /// Waits until the last connection is gone.
    pub(super) async fn drained(&self) {
        for (_, transport) in &self.transports.0 {
            transport.drained().await;
        }
    }

    fn transport(
        &mut self,
        resolved: &Resolved,
        environment: &dyn Environment,
    ) -> Result<Transport, RegistryError> {
        let set = resolved.settings();
        let timeout = set.connect_timeout;
        // Of several endpoints, another one is gone to instead.
        let waits = set.wait_for_ready == Some(true) && balance::is_one(set);
        let key = (
            timeout,
            waits,
            set.pool.clone(),
            set.tls.clone(),
            set.proxy.clone(),
        );
        self.transports.get_or_try(key, || {
            let builder = connections::pool(&set.pool)
                .wait_for_ready(waits)
                .tls(connections::tls(resolved)?)
                .proxies(connections::proxies(resolved, environment)?);
            let builder = match timeout {
                Some(timeout) => builder.connect_timeout(timeout),
                None => builder,
            };
            builder
                .build()
                .map_err(|error| RegistryError::transport(resolved.service(), &error))
        })
    }

    fn budget(&mut self, set: &Settings, all: &BudgetSettings) -> Arc<Budget> {
        let key = (address(set), set.retry_budget.clone());
        let ratio = all.ratio.unwrap_or(Budget::RATIO);
        let reserve = all.reserve_per_second.unwrap_or(Budget::RESERVE_PER_SECOND);
        let make = || Arc::new(Budget::new(ratio, reserve, Budget::WINDOW));
        self.budgets.get_or_make(key, make)
    }

    fn throttle(&mut self, set: &Settings) -> Option<Arc<Throttle>> {
        set.throttle.enabled.filter(|enabled| *enabled)?;
        let make = || {
            let mut throttle = Throttle::new();
            if let Some(share) = set.throttle.threshold {
                throttle = throttle.threshold(share);
            }
            if let Some(share) = set.throttle.cap {
                throttle = throttle.cap(share);
            }
            if let Some(window) = set.throttle.window {
                throttle = throttle.window(window);
            }
            Arc::new(throttle)
        };
        let key = (address(set), set.throttle.clone());
        Some(self.throttles.get_or_make(key, make))
    }

    fn adaptive(&mut self, set: &Settings) -> Option<Arc<Adaptive>> {
        let rule = set.adaptive.rule.as_deref().and_then(Rule::named)?;
        let size = |set: Option<u64>, or: u64| usize::try_from(set.unwrap_or(or)).unwrap_or(usize::MAX);
        let make = || {
            let limit = Adaptive::new(rule)
                .initial(size(set.adaptive.initial, 20))
                .bounds(size(set.adaptive.least, 1), size(set.adaptive.most, 1000));
            Arc::new(limit)
        };
        let key = (address(set), set.adaptive.clone());
        Some(self.adaptives.get_or_make(key, make))
    }

    fn hedge(&mut self, set: &Settings) -> Option<Hedge> {
        let hedge = match (set.hedge.after, set.hedge.quantile) {
            (Some(delay), _) => Hedge::after(delay),
            (None, Some(share)) => Hedge::at_quantile(share),
            (None, None) => return None,
        };
        let hedge = match set.hedge.max_attempts {
            Some(most) => hedge.max_attempts(most),
            None => hedge,
        };
        let key = (address(set), set.hedge.clone());
        Some(self.hedges.get_or_make(key, || hedge))
    }

    fn rate_limit(&mut self, set: &Settings) -> Option<Arc<RateLimit>> {
        let rate = set.rate_limit.per_second?;
        let make = || {
            let mut limit = RateLimit::per_second(rate);
            if let Some(calls) = set.rate_limit.burst {
                limit = limit.burst(calls);
            }
            if let Some(wait) = set.rate_limit.max_wait {
                limit = limit.max_wait(wait);
            }
            Arc::new(limit)
        };
        let key = (address(set), set.rate_limit.clone());
        Some(self.rate_limits.get_or_make(key, make))
    }

    fn bulkhead(&mut self, set: &Settings) -> Option<Arc<Bulkhead>> {
        let limit = set.bulkhead.max_concurrent?;
        let as_usize = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
        let make = || {
            let mut bulkhead = Bulkhead::new(as_usize(limit));
            if let Some(length) = set.bulkhead.max_queue {
                bulkhead = bulkhead.queue(as_usize(length));
            }
            if let Some(wait) = set.bulkhead.max_wait {
                bulkhead = bulkhead.max_wait(wait);
            }
            Arc::new(bulkhead)
        };
        let key = (address(set), set.bulkhead.clone());
        Some(self.bulkheads.get_or_make(key, make))
    }
}

fn breaker_key(set: &Settings) -> (Option<String>, BreakerSettings) {
    (address(set), set.breaker.clone())
}

/// Where the service is, as a key.
fn address(set: &Settings) -> Option<String> {
    let listed = || set.endpoints.as_ref().map(|all| all.join(","));
    set.base_url.clone().or_else(listed)
}

fn endpoint(resolved: &Resolved, address: &str) -> Result<Endpoint, RegistryError> {
    let place = || Place::Service(resolved.service().to_owned());
    // Every layer has been checked; this is for addresses that no layer brought.
    Endpoint::parse(address).map_err(|error| ConfigError::new(place(), error.to_string()).into())
}

/// The breaker's settings with what is configured; the defaults are the breaker's own.
pub(super) fn breaker(
    mut breaker: crate::policy::breaker::Settings,
    set: &BreakerSettings,
) -> crate::policy::breaker::Settings {
    if let Some(probes) = set.probes {
        breaker = breaker.probes(probes);
    }
    if let Some(interval) = set.interval {
        breaker = breaker.interval(interval);
    }
    if let Some(time) = set.sliding_time {
        breaker = breaker.sliding_time(time);
    }
    if let Some(calls) = set.sliding_calls {
        breaker = breaker.sliding_calls(calls);
    }
    if let Some(factor) = set.open_growth {
        breaker = breaker.open_growth(factor);
    }
    if let Some(longest) = set.longest_open {
        breaker = breaker.longest_open(longest);
    }
    if let Some(from) = set.slow_call {
        breaker = breaker.slow_calls(from, set.slow_call_ratio.unwrap_or(1.0));
    }
    if let Some(mode) = set.mode.as_deref().and_then(Mode::named) {
        breaker = breaker.mode(mode);
    }
    if set.enabled == Some(false) {
        breaker = breaker.enabled(false);
    }
    if let Some(open_for) = set.open_for {
        breaker = breaker.open_for(open_for);
    }
    if let Some(ratio) = set.failure_ratio {
        breaker = breaker.failure_ratio(ratio);
    }
    if let Some(requests) = set.minimum_requests {
        breaker = breaker.minimum_requests(requests);
    }
    breaker
}

fn retry(all: &RetrySettings) -> Retry {
    let backoff = match &all.backoff.schedule {
        Some(waits) => Backoff::schedule(waits),
        None => {
            let jitter = &all.backoff.full_jitter;
            let (base, cap) = (jitter.base, jitter.cap);
            Backoff::full_jitter(
                base.unwrap_or(Duration::from_millis(100)),
                cap.unwrap_or(Duration::from_secs(5)),
            )
        }
    };
    Retry::new(all.max_attempts.unwrap_or(3)).backoff(backoff)
}

/// The credentials that the settings name, with the scheme that each is for; `None`: every one that it fits.
pub(super) fn credentials(
    resolved: &Resolved,
    environment: &dyn Environment,
) -> Result<Vec<(Option<String>, Credential)>, RegistryError> {
    let auth = &resolved.settings().auth;
    let fail = |what: &'static str, problem: String| RegistryError::Credential {
        service: resolved.service().to_owned(),
        what,
        problem,
    };
    let secret = |what: &'static str, variable: &String| {
        let value = environment.get(variable).map(|text| text.trim().to_owned());
        match value.filter(|text| !text.is_empty()) {
            None => Err(fail(
                what,
                format!("the environment variable {variable} is not set"),
            )),
            Some(text) if http::HeaderValue::from_str(&text).is_err() => Err(fail(
                what,
                format!("the environment variable {variable} holds characters that a header cannot carry"),
            )),
            Some(text) => Ok(Secret::new(text)),
        }
    };
    let mut all = Vec::new();
    for (scheme, variable) in auth.keys.iter().flatten() {
        all.push((Some(scheme.clone()), Credential::ApiKey(secret("key", variable)?)));
    }
    if let Some(variable) = &auth.token_env {
        all.push((None, Credential::Bearer(secret("token", variable)?)));
    }
    match (&auth.user, &auth.password_env) {
        (Some(user), Some(variable)) => {
            all.push((
                None,
                Credential::Basic(user.clone(), secret("password", variable)?),
            ));
        }
        (Some(_), None) => return Err(fail("user", "it has no password: set `auth.password_env`".into())),
        (None, Some(_)) => return Err(fail("password", "it has no user: set `auth.user`".into())),
        (None, None) => {}
    }
    match (&auth.client_id, &auth.client_secret_env) {
        (Some(id), Some(variable)) => {
            let oauth = oauth(auth, id, secret("client secret", variable)?);
            all.push((None, Credential::OAuth2(oauth)));
        }
        (Some(_), None) => {
            return Err(fail(
                "client",
                "it has no secret: set `auth.client_secret_env`".into(),
            ));
        }
        (None, Some(_)) => {
            return Err(fail(
                "client secret",
                "it has no client: set `auth.client_id`".into(),
            ));
        }
        (None, None) => {}
    }
    Ok(all)
}

fn oauth(auth: &AuthSettings, id: &str, secret: Secret) -> OAuth2 {
    let mut oauth = OAuth2::new(id, secret);
    if let Some(url) = &auth.token_url {
        oauth = oauth.token_url(url);
    }
    if let Some(url) = &auth.discovery_url {
        oauth = oauth.discovery_url(url);
    }
    if let Some(scopes) = &auth.scopes {
        oauth = oauth.scopes(scopes);
    }
    if let Some(audience) = &auth.audience {
        oauth = oauth.audience(audience);
    }
    if auth.client_authentication.as_deref() == Some("post") {
        oauth = oauth.authentication(ClientAuthentication::Post);
    }
    let parameters = auth.parameters.iter().flatten();
    parameters.fold(oauth, |oauth, (name, value)| oauth.parameter(name, value))
}

/// The key in the variable that the settings name. Without a name, the usual variable may be absent.
pub(super) fn api_key(
    resolved: &Resolved,
    environment: &dyn Environment,
) -> Result<Option<Secret>, RegistryError> {
    let named = resolved.settings().api_key_env.clone();
    let is_named = named.is_some();
    let variable = named.unwrap_or_else(|| "SERVICE_API_KEY".into());
    let fail = |problem| {
        Err(RegistryError::ApiKey {
            service: resolved.service().to_owned(),
            variable: variable.clone(),
            problem,
        })
    };
    let key = environment.get(&variable).map(|key| key.trim().to_owned());
    match key.filter(|key| !key.is_empty()) {
        None if is_named => fail("is not set"),
        None => Ok(None),
        Some(key) if http::HeaderValue::from_str(&key).is_err() => {
            fail("holds characters that a header cannot carry")
        }
        Some(key) => Ok(Some(Secret::new(key))),
    }
}

fn chaos(set: &ChaosSettings) -> Chaos {
    let share = |share: Option<f64>| share.unwrap_or(0.0);
    let status = set
        .abort_status
        .and_then(|status| u16::try_from(status).ok())
        .unwrap_or(503);
    Chaos::new()
        .latency(
            set.latency.unwrap_or(Duration::from_secs(1)),
            share(set.latency_share),
        )
        .black_hole(share(set.black_hole_share))
        .reset(share(set.reset_share))
        .abort(status, share(set.abort_share))
        .truncate(share(set.truncate_share))
}
