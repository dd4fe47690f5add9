//! `[service.<name>]`: the settings of one service's client.
//!
//! The runtime reads the same keys by its own reader (the table in its `config` module); this is their one list on the
//! side of the tools, from which the check and the JSON Schema come. Every key may be left out: then the contract's or
//! the runtime's default holds.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use toml::de::{DeTable, DeValue};

use super::connection::{AuthConfig, GzipConfig, ProxyConfig, TlsConfig};
use super::endpoints::{
    BalanceName, DiscoveryConfig, HealthCheckConfig, OutlierConfig, PoolConfig, SubsetConfig,
};
use super::values::{
    AddressText, DurationText, EndpointText, HeaderText, NameText, SizeText, TimeText, VariableText,
};

/// How calls to one service are made.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[allow(dead_code)] // Judged here, used by the runtime.
pub(crate) struct ServiceConfig {
    /// Where the service is reached, with a base path. The environment variable `<NAME>_URL` wins over it.
    base_url: Option<AddressText>,
    /// Where the service is reached, if at several endpoints, in the place of base_url.
    #[schemars(length(min = 1))]
    endpoints: Option<Vec<EndpointText>>,
    /// Which endpoint an attempt goes to. p2c by default, and round_robin for `dns:///` targets.
    balance: Option<BalanceName>,
    /// The header that holds the key of a consistent hash.
    hash_header: Option<HeaderText>,
    /// The zone of this client, whose endpoints are preferred.
    zone: Option<NameText>,
    /// The share of healthy endpoints below which all are picked. 0.5 by default.
    #[schemars(range(min = 0.0, max = 1.0))]
    panic_threshold: Option<f64>,
    /// Over which time an endpoint that is new comes to its whole load. At once by default.
    slow_start: Option<TimeText>,
    /// Which part of the endpoints this client knows.
    subset: Option<SubsetConfig>,
    /// How endpoints are looked for.
    discovery: Option<DiscoveryConfig>,
    /// When endpoints that fail are left alone.
    outlier: Option<OutlierConfig>,
    /// How endpoints are asked whether they are well. They are not by default.
    health_check: Option<HealthCheckConfig>,
    /// Whether each endpoint has a breaker of its own, too. None has by default.
    endpoint_breaker: Option<bool>,
    /// Whether calls wait for an endpoint that can be reached. They fail by default.
    wait_for_ready: Option<bool>,
    /// The environment variable that holds the address, in place of `<NAME>_URL`.
    base_url_env: Option<VariableText>,
    /// The service's name in errors, logs and metrics. By default the name of this table.
    service_name: Option<NameText>,
    /// The name of the calling service, sent as x-service-name.
    caller: Option<NameText>,
    /// The environment variable that holds the key sent as x-api-key. SERVICE_API_KEY by default.
    api_key_env: Option<VariableText>,
    /// The longest time for a call with all of its attempts. 30s by default.
    timeout: Option<TimeText>,
    /// The same in seconds. Only one of the two can be set.
    #[schemars(extend("exclusiveMinimum" = 0))]
    timeout_seconds: Option<f64>,
    /// The longest time for one attempt. Unlimited by default.
    attempt_timeout: Option<TimeText>,
    /// The longest time to open a connection. 5s by default.
    connect_timeout: Option<TimeText>,
    /// How connections are kept.
    pool: Option<PoolConfig>,
    /// `retry.max_attempts`, less the first attempt. Only one of the two can be set.
    max_retries: Option<u32>,
    /// How failed attempts are repeated.
    retry: Option<RetryConfig>,
    /// How many retries there may be, in relation to calls.
    retry_budget: Option<BudgetConfig>,
    /// When a failing service is not called for a while.
    breaker: Option<BreakerConfig>,
    /// How many calls may be under way.
    bulkhead: Option<BulkheadConfig>,
    /// The adaptive limit.
    adaptive: Option<AdaptiveConfig>,
    /// Hedging.
    hedge: Option<HedgeConfig>,
    /// The rate limit.
    rate_limit: Option<RateLimitConfig>,
    /// Which replies stand in for calls that fail.
    cache: Option<CacheConfig>,
    /// Which faults are put into requests on purpose.
    chaos: Option<ChaosConfig>,
    /// Client-side throttling.
    throttle: Option<ThrottleConfig>,
    /// The greatest body of a reply. 64MiB by default.
    body_limit: Option<SizeText>,
    /// Whether replies are judged by the rules of the contract. Not by default.
    check_replies: Option<bool>,
    /// The server of the contract that is called, by its name, where no address is set.
    server: Option<String>,
    /// The variables of that server.
    variables: Option<BTreeMap<String, String>>,
    /// Whether operations with servers of their own are called there.
    operation_servers: Option<bool>,
    /// What the client shows to the service.
    auth: Option<AuthConfig>,
    /// The User-Agent of requests.
    user_agent: Option<String>,
    /// How many redirects are followed. None by default.
    redirects: Option<u32>,
    /// Which proxies requests go by.
    proxy: Option<ProxyConfig>,
    /// Whom to trust, and who we are, over TLS.
    tls: Option<TlsConfig>,
    /// What is compressed.
    gzip: Option<GzipConfig>,
}

/// Retries: only of calls that the contract proves safe to repeat.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[allow(dead_code)] // Judged here, used by the runtime.
pub(crate) struct RetryConfig {
    /// The greatest number of attempts, the first one included. 3 by default, or the length of a schedule.
    #[schemars(range(min = 1))]
    max_attempts: Option<u32>,
    /// The rule for the waits between attempts.
    backoff: Option<BackoffConfig>,
}

/// The rule for the waits between attempts: full jitter, or a schedule.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[allow(dead_code)] // Judged here, used by the runtime.
pub(crate) struct BackoffConfig {
    /// Random waits that grow.
    full_jitter: Option<FullJitterConfig>,
    /// These waits, in order and without jitter.
    #[schemars(length(min = 1))]
    schedule: Option<Vec<DurationText>>,
}

/// Evenly from 0 to the smaller of the cap and the base doubled with each attempt.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[allow(dead_code)] // Judged here, used by the runtime.
pub(crate) struct FullJitterConfig {
    /// The widest wait after the first attempt. 100ms by default.
    base: Option<DurationText>,
    /// The widest wait of all. 5s by default.
    cap: Option<DurationText>,
}

/// The retry budget that all calls to a service share.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[allow(dead_code)] // Judged here, used by the runtime.
pub(crate) struct BudgetConfig {
    /// The share of calls that may be retried. 0.1 by default.
    #[schemars(range(min = 0.0, max = 1000.0))]
    ratio: Option<f64>,
    /// The retries a second that are always allowed. 10 by default.
    reserve_per_second: Option<u32>,
}

/// The circuit breaker.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[allow(dead_code)] // Judged here, used by the runtime.
pub(crate) struct BreakerConfig {
    /// Whether there is a breaker. There is by default.
    enabled: Option<bool>,
    /// Who decides whether calls are let through. The breaker by default.
    mode: Option<BreakerMode>,
    /// How many calls have to succeed before it closes. 3 by default.
    #[schemars(range(min = 1, max = 1024))]
    probes: Option<u32>,
    /// How long results are counted before the counts start anew; `0s` counts for ever. 10s by default.
    interval: Option<DurationText>,
    /// Counts the results of the last while instead of those of an interval.
    sliding_time: Option<TimeText>,
    /// Counts the results of the last so many calls instead of those of an interval.
    #[schemars(range(min = 1, max = 1_000_000))]
    sliding_calls: Option<u32>,
    /// How long it stays open before it probes. 30s by default.
    open_for: Option<TimeText>,
    /// How many times as long it stays open each time that it opens again without having been closed. 1 by default.
    #[schemars(range(min = 1.0))]
    open_growth: Option<f64>,
    /// How long it stays open at most. 5m by default.
    longest_open: Option<TimeText>,
    /// How long a call takes that is slow. None is by default.
    slow_call: Option<TimeText>,
    /// The share of slow calls at which it opens. 1 by default.
    #[schemars(range(max = 1.0), extend("exclusiveMinimum" = 0))]
    slow_call_ratio: Option<f64>,
    /// The share of failures at which it opens. 0.6 by default.
    #[schemars(range(max = 1.0), extend("exclusiveMinimum" = 0))]
    failure_ratio: Option<f64>,
    /// The number of results below which it does not open. 3 by default.
    #[schemars(range(min = 1))]
    minimum_requests: Option<u32>,
}

/// Who decides whether calls are let through.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum BreakerMode {
    /// The breaker.
    Automatic,
    /// Nobody: it counts and tells, and lets all calls through.
    MetricsOnly,
    /// Calls are rejected.
    ForcedOpen,
    /// Calls are let through, and nothing is counted.
    Disabled,
}

/// The adaptive limit: a bound on calls under way that follows from how long they take.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[allow(dead_code)] // Judged here, used by the runtime.
pub(crate) struct AdaptiveConfig {
    /// How it follows. No bound by default; the others say nothing without it.
    rule: Option<AdaptiveRule>,
    /// The bound at first. 20 by default.
    #[schemars(range(min = 1))]
    initial: Option<u64>,
    /// The least bound. 1 by default.
    #[schemars(range(min = 1))]
    least: Option<u64>,
    /// The greatest bound. 1000 by default.
    #[schemars(range(min = 1))]
    most: Option<u64>,
}

/// How the adaptive limit follows from times.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum AdaptiveRule {
    /// By their ratio.
    Gradient,
    /// By the length of the queue that they tell of.
    Vegas,
}

/// Hedging: an attempt that is slow gets another beside it, where the operation may be repeated.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[allow(dead_code)] // Judged here, used by the runtime.
pub(crate) struct HedgeConfig {
    /// After this time. Never by default.
    after: Option<DurationText>,
    /// When it takes longer than this share of the calls of the last minute. Never by default.
    #[schemars(range(min = 0.5, max = 0.999))]
    quantile: Option<f64>,
    /// How many attempts there are, side by side. 2 by default.
    #[schemars(range(min = 1))]
    max_attempts: Option<u32>,
}

/// Which replies stand in for calls that fail: successes of calls without an effect.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[allow(dead_code)] // Judged here, used by the runtime.
pub(crate) struct CacheConfig {
    /// How old a reply is at most that stands in for a failure. None by default.
    stale_if_error: Option<DurationText>,
    /// How old a reply is at most that spares a call. None by default.
    fresh: Option<DurationText>,
    /// How many replies are kept. 1000 by default.
    #[schemars(range(min = 1))]
    max_entries: Option<u64>,
}

/// Which faults are put into requests on purpose, as in staging. A share is a number from 0 to 1, and none by default.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[allow(dead_code)] // Judged here, used by the runtime.
pub(crate) struct ChaosConfig {
    /// Whether they are. Not by default; the others say nothing without it.
    enabled: Option<bool>,
    /// How long a request waits that is delayed. 1s by default.
    latency: Option<DurationText>,
    /// The share of requests that is delayed.
    #[schemars(range(min = 0, max = 1))]
    latency_share: Option<f64>,
    /// The share of requests that is never answered.
    #[schemars(range(min = 0, max = 1))]
    black_hole_share: Option<f64>,
    /// The share of requests whose reply is lost.
    #[schemars(range(min = 0, max = 1))]
    reset_share: Option<f64>,
    /// The status of requests that are aborted. 503 by default.
    #[schemars(range(min = 200, max = 599))]
    abort_status: Option<u32>,
    /// The share of requests that is aborted.
    #[schemars(range(min = 0, max = 1))]
    abort_share: Option<f64>,
    /// The share of replies that breaks off.
    #[schemars(range(min = 0, max = 1))]
    truncate_share: Option<f64>,
}

/// The rate limit: a bound on attempts over time.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[allow(dead_code)] // Judged here, used by the runtime.
pub(crate) struct RateLimitConfig {
    /// How many attempts a second. No bound by default; the other two say nothing without it.
    #[schemars(extend("exclusiveMinimum" = 0))]
    per_second: Option<f64>,
    /// How many at once. A second's worth by default.
    #[schemars(range(min = 1))]
    burst: Option<u32>,
    /// How long a call may wait for its turn. As long as its deadline by default.
    max_wait: Option<DurationText>,
}

/// Client-side throttling: calls are held back when the service accepts too few.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[allow(dead_code)] // Judged here, used by the runtime.
pub(crate) struct ThrottleConfig {
    /// Whether they are. They are not by default.
    enabled: Option<bool>,
    /// The share of accepted calls below which they are. 0.5 by default.
    #[schemars(range(min = 0.01, max = 1.0))]
    threshold: Option<f64>,
    /// The greatest share of calls that is held back. 0.8 by default.
    #[schemars(range(min = 0.0, max = 1.0))]
    cap: Option<f64>,
    /// How long calls are remembered. 2m by default.
    window: Option<TimeText>,
}

/// The bulkhead: a bound on calls under way.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[allow(dead_code)] // Judged here, used by the runtime.
pub(crate) struct BulkheadConfig {
    /// How many calls run at once. No bound by default; the other two say nothing without it.
    #[schemars(range(min = 1))]
    max_concurrent: Option<u64>,
    /// How many calls may wait for a place. Unlimited by default.
    max_queue: Option<u64>,
    /// How long a call may wait for a place. As long as its deadline by default.
    max_wait: Option<DurationText>,
}

/// Two settings that exclude each other, by the keys that lead to them.
const EXCLUSIVE: [[&[&str]; 2]; 9] = [
    [&["health_check", "path"], &["health_check", "grpc_service"]],
    [&["base_url"], &["endpoints"]],
    [&["hedge", "after"], &["hedge", "quantile"]],
    [&["breaker", "interval"], &["breaker", "sliding_time"]],
    [&["breaker", "interval"], &["breaker", "sliding_calls"]],
    [&["breaker", "sliding_time"], &["breaker", "sliding_calls"]],
    [&["timeout"], &["timeout_seconds"]],
    [&["max_retries"], &["retry", "max_attempts"]],
    [
        &["retry", "backoff", "full_jitter"],
        &["retry", "backoff", "schedule"],
    ],
];

/// Settings of a service that exclude each other: the keys of the two, and where the later one stands.
pub(super) fn conflicts(service: &DeTable<'_>) -> Vec<(String, String, std::ops::Range<usize>)> {
    let pairs = EXCLUSIVE.iter().filter_map(|[one, other]| {
        let (one_at, other_at) = (find(service, one)?, find(service, other)?);
        let at = if one_at.start > other_at.start {
            one_at
        } else {
            other_at
        };
        Some((one.join("."), other.join("."), at))
    });
    pairs.collect()
}

/// Where a key stands.
fn find(table: &DeTable<'_>, path: &[&str]) -> Option<std::ops::Range<usize>> {
    let (first, rest) = path.split_first()?;
    let (key, value) = table.get_key_value(*first)?;
    match value.get_ref() {
        _ if rest.is_empty() => Some(key.span()),
        DeValue::Table(table) => find(table, rest),
        _ => None,
    }
}
