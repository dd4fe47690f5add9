//! What can be set for the client of a service. Everything is optional; [`Settings::merge`] lets a later layer win.

use std::collections::BTreeMap;
use std::time::Duration;

use super::endpoints::{
    DiscoverySettings, HealthCheckSettings, OutlierSettings, PoolSettings, SubsetSettings,
};
use super::leaves::LEAVES;

/// Settings of the client of a service. What is not set has its default, or that of an earlier layer.
///
/// ```
/// let settings: tieline::config::Settings = toml::from_str(r#"
///     base_url = "http://other-service:8000/api/v1"
///     timeout = "1m30s"
///     retry.max_attempts = 5
/// "#)?;
/// assert_eq!(settings.timeout, Some(std::time::Duration::from_secs(90)));
/// # Ok::<(), toml::de::Error>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Settings {
    /// Where the service is, with a base path: `http://other-service:8000/api/v1`.
    pub base_url: Option<String>,
    /// Where the service is, if at several endpoints, in the place of `base_url`: addresses, each with `;weight=3`, `;zone=eu-1a`
    /// or `;priority=1` behind it where that matters.
    pub endpoints: Option<Vec<String>>,
    /// Which endpoint an attempt goes to: `p2c` (the better of two by peak-EWMA), `round_robin`, `weighted`, `least_request` or
    /// `consistent_hash`; `p2c` by default, and `round_robin` for `dns:///` targets.
    pub balance: Option<String>,
    /// The header that holds the key of a consistent hash.
    pub hash_header: Option<String>,
    /// The zone of this client, whose endpoints are preferred; none by default.
    pub zone: Option<String>,
    /// The share of healthy endpoints below which all are picked; 0.5 by default, 0 for never.
    pub panic_threshold: Option<f64>,
    /// Over which time an endpoint that is new comes to its whole load; at once by default.
    pub slow_start: Option<Duration>,
    /// Which part of the endpoints this client knows.
    pub subset: SubsetSettings,
    /// How endpoints are looked for.
    pub discovery: DiscoverySettings,
    /// When endpoints that fail are left alone.
    pub outlier: OutlierSettings,
    /// How endpoints are asked whether they are well; they are not by default.
    pub health_check: HealthCheckSettings,
    /// Whether each endpoint has a breaker of its own, too, with the settings of `breaker`; none has by default.
    pub endpoint_breaker: Option<bool>,
    /// Whether calls wait, until their deadline, for an endpoint that can be reached; they fail by default.
    pub wait_for_ready: Option<bool>,
    /// The environment variable that holds the address; `OTHER_SERVICE_URL` by default.
    pub base_url_env: Option<String>,
    /// Which of the contract's servers it is: by `name`, `x-name`, description, or number from 0; the first by default. An
    /// address that is set wins, unless the server is relative: that is relative to the address then.
    pub server: Option<String>,
    /// Values for the variables of the contract's servers; those that are not set have the contract's defaults.
    pub variables: Option<BTreeMap<String, String>>,
    /// Whether operations that have servers of their own in the contract are called there; by default where the service's
    /// address is one that the contract names.
    pub operation_servers: Option<bool>,
    /// The service's name in errors, logs and metrics; the name it is registered by, by default.
    pub service_name: Option<String>,
    /// The name of the calling service, sent as `x-service-name`.
    pub caller: Option<String>,
    /// The environment variable that holds the key sent as `x-api-key`; `SERVICE_API_KEY` by default.
    pub api_key_env: Option<String>,
    /// What is shown for the security schemes of the contract.
    pub auth: AuthSettings,
    /// Total time of a call, attempts and waits included; 30 s by default.
    pub timeout: Option<Duration>,
    /// [`timeout`](Settings::timeout) as a number of seconds. Only one of the two may be set in one place.
    pub timeout_seconds: Option<f64>,
    /// Time of one attempt; unlimited by default.
    pub attempt_timeout: Option<Duration>,
    /// Time to make a connection; 5 s by default.
    pub connect_timeout: Option<Duration>,
    /// How connections are kept.
    pub pool: PoolSettings,
    /// `retry.max_attempts`, less the first attempt. Only one of the two may be set in one place.
    pub max_retries: Option<u32>,
    /// How failed attempts are repeated.
    pub retry: RetrySettings,
    /// How many retries there may be, in relation to calls.
    pub retry_budget: BudgetSettings,
    /// When a failing service is not called for a while.
    pub breaker: BreakerSettings,
    /// How many calls may be under way.
    pub bulkhead: BulkheadSettings,
    /// How many calls may be under way, by how long they take.
    pub adaptive: AdaptiveSettings,
    /// When an attempt that is slow gets another beside it.
    pub hedge: HedgeSettings,
    /// How many attempts may be made over time.
    pub rate_limit: RateLimitSettings,
    /// Which replies stand in for calls that fail.
    pub cache: CacheSettings,
    /// Which faults are put into requests on purpose.
    pub chaos: ChaosSettings,
    /// When calls are held back because the service accepts too few.
    pub throttle: ThrottleSettings,
    /// How requests name the program that sends them; `tieline/` and the version by default.
    pub user_agent: Option<String>,
    /// How many redirects of a call are followed; none by default.
    pub redirects: Option<u32>,
    /// Which proxies requests go by; none by default.
    pub proxy: ProxySettings,
    /// Whom to trust and who we are over TLS.
    pub tls: TlsSettings,
    /// What is compressed. Needs the feature `gzip`.
    pub gzip: GzipSettings,
    /// The greatest body of a reply, in octets; 64 MiB by default.
    pub body_limit: Option<u64>,
    /// Whether replies are judged by the rules of the contract; not by default.
    pub check_replies: Option<bool>,
}

/// What is shown for the security schemes of the contract. Each is shown for every scheme that it fits; where the contract
/// has no schemes, or there is no contract, token, password and OAuth 2.0 token are shown with every call. Secrets stand
/// in environment variables, which are named here.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct AuthSettings {
    /// The variable that holds a bearer token.
    pub token_env: Option<String>,
    /// The user of HTTP Basic.
    pub user: Option<String>,
    /// The variable that holds the user's password.
    pub password_env: Option<String>,
    /// The variables that hold API keys, by the scheme's name in the contract.
    pub keys: Option<BTreeMap<String, String>>,
    /// The client of OAuth 2.0's client credentials.
    pub client_id: Option<String>,
    /// The variable that holds the client's secret.
    pub client_secret_env: Option<String>,
    /// How the client shows who it is: `basic` or `post`; `basic` by default.
    pub client_authentication: Option<String>,
    /// Where tokens are to be had; what the contract says by default.
    pub token_url: Option<String>,
    /// The discovery document of OpenID Connect; what the contract says by default.
    pub discovery_url: Option<String>,
    /// The scopes to ask for; those that each operation names by default.
    pub scopes: Option<Vec<String>>,
    /// Whom tokens are for.
    pub audience: Option<String>,
    /// Parameters of the provider's own.
    pub parameters: Option<BTreeMap<String, String>>,
}

/// Which proxies requests go by.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ProxySettings {
    /// The proxy of all requests: `http://proxy.example:3128`.
    pub url: Option<String>,
    /// The user that it is shown.
    pub user: Option<String>,
    /// The variable that holds the user's password.
    pub password_env: Option<String>,
    /// What is gone to straight: hosts, with all below them, addresses and networks.
    pub except: Option<Vec<String>>,
    /// Whether `HTTP_PROXY`, `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY` are read; not by default.
    pub from_environment: Option<bool>,
}

/// Whom to trust and who we are over TLS. Files are PEM.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TlsSettings {
    /// The file with authorities to trust.
    pub ca_file: Option<String>,
    /// Whether the public authorities are trusted, too; they are by default.
    pub public_roots: Option<bool>,
    /// The file with the certificate to show, and what leads from it to an authority.
    pub certificate_file: Option<String>,
    /// The file with the certificate's private key.
    pub key_file: Option<String>,
}

/// What is compressed.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct GzipSettings {
    /// Whether replies may come compressed; they may by default.
    pub replies: Option<bool>,
    /// The size from which on requests are compressed; none is by default.
    pub requests_from: Option<u64>,
}

/// How failed attempts are repeated.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RetrySettings {
    /// The limit of attempts, the first one included; 3 by default, or the length of a schedule.
    pub max_attempts: Option<u32>,
    /// The rule for the waits between attempts.
    pub backoff: BackoffSettings,
}

/// The rule for the waits between attempts: full jitter, or a schedule. A later layer that sets one puts the other
/// aside.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct BackoffSettings {
    /// Random waits that grow.
    pub full_jitter: FullJitterSettings,
    /// These waits, in order and without jitter.
    pub schedule: Option<Vec<Duration>>,
}

/// Evenly from 0 to `min(cap, base · 2ⁿ)`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FullJitterSettings {
    /// The widest wait after the first attempt; 100 ms by default.
    pub base: Option<Duration>,
    /// The widest wait of all; 5 s by default.
    pub cap: Option<Duration>,
}

/// How many retries there may be.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct BudgetSettings {
    /// The share of calls that may be retried; 0.1 by default.
    pub ratio: Option<f64>,
    /// The retries a second that are always allowed; 10 by default.
    pub reserve_per_second: Option<u32>,
}

/// When a failing service is not called for a while. See [`breaker`](crate::policy::breaker).
#[derive(Debug, Clone, Default, PartialEq)]
pub struct BreakerSettings {
    /// Whether there is a breaker; there is by default.
    pub enabled: Option<bool>,
    /// Who decides: `automatic` (the default), `metrics_only`, `forced_open` or `disabled`.
    pub mode: Option<String>,
    /// How many calls have to succeed before it closes; 3 by default.
    pub probes: Option<u32>,
    /// How long results are counted before the counts start anew; 10 s by default.
    pub interval: Option<Duration>,
    /// Counts the results of the last while instead of those of an interval.
    pub sliding_time: Option<Duration>,
    /// Counts the results of the last so many calls instead of those of an interval.
    pub sliding_calls: Option<u32>,
    /// How long it stays open; 30 s by default.
    pub open_for: Option<Duration>,
    /// How many times as long it stays open each time that it opens again without having been closed; 1 by default.
    pub open_growth: Option<f64>,
    /// How long it stays open at most; 5 min by default.
    pub longest_open: Option<Duration>,
    /// The share of failures at which it opens; 0.6 by default.
    pub failure_ratio: Option<f64>,
    /// How long a call takes that is slow; none is by default.
    pub slow_call: Option<Duration>,
    /// The share of slow calls at which it opens; 1 by default.
    pub slow_call_ratio: Option<f64>,
    /// The number of results below which it does not open; 3 by default.
    pub minimum_requests: Option<u32>,
}

/// How many calls may be under way, by how long they take. See [`adaptive`](crate::policy::adaptive).
#[derive(Debug, Clone, Default, PartialEq)]
pub struct AdaptiveSettings {
    /// `gradient` or `vegas`; no limit by default. Without it, the others say nothing.
    pub rule: Option<String>,
    /// The limit at first; 20 by default.
    pub initial: Option<u64>,
    /// The least limit; 1 by default.
    pub least: Option<u64>,
    /// The greatest limit; 1000 by default.
    pub most: Option<u64>,
}

/// When an attempt that is slow gets another beside it, where the operation may be repeated. See
/// [`hedge`](crate::policy::hedge).
#[derive(Debug, Clone, Default, PartialEq)]
pub struct HedgeSettings {
    /// After this time; never by default.
    pub after: Option<Duration>,
    /// When it takes longer than this share of the calls of the last minute; never by default.
    pub quantile: Option<f64>,
    /// How many attempts there are, side by side; 2 by default.
    pub max_attempts: Option<u32>,
}

/// How many attempts may be made over time. See [`rate_limit`](crate::policy::rate_limit).
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RateLimitSettings {
    /// How many a second; no limit by default. Without it, the other two say nothing.
    pub per_second: Option<f64>,
    /// How many at once; a second's worth by default.
    pub burst: Option<u32>,
    /// How long a call may wait for its turn; as long as its deadline by default.
    pub max_wait: Option<Duration>,
}

/// Which replies stand in for calls that fail: successes of calls without an effect. See
/// [`ClientBuilder::stale_if_error`](crate::client::ClientBuilder::stale_if_error).
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CacheSettings {
    /// How old a reply is at most that stands in for a failure; none by default.
    pub stale_if_error: Option<Duration>,
    /// How old a reply is at most that spares a call; none by default.
    pub fresh: Option<Duration>,
    /// How many replies are kept; 1000 by default.
    pub max_entries: Option<u64>,
}

/// Which faults are put into requests on purpose, as in staging. See [`Chaos`](crate::http::Chaos).
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ChaosSettings {
    /// Whether they are; not by default. Without it, the others say nothing.
    pub enabled: Option<bool>,
    /// How long a request waits that is delayed; 1 s by default.
    pub latency: Option<Duration>,
    /// The share of requests that is delayed; none by default.
    pub latency_share: Option<f64>,
    /// The share of requests that is never answered; none by default.
    pub black_hole_share: Option<f64>,
    /// The share of requests whose reply is lost; none by default.
    pub reset_share: Option<f64>,
    /// The status of requests that are aborted; 503 by default.
    pub abort_status: Option<u32>,
    /// The share of requests that is aborted; none by default.
    pub abort_share: Option<f64>,
    /// The share of replies that breaks off; none by default.
    pub truncate_share: Option<f64>,
}

/// When calls are held back because the service accepts too few. See [`throttle`](crate::policy::throttle).
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ThrottleSettings {
    /// Whether they are; not by default.
    pub enabled: Option<bool>,
    /// The share of accepted calls below which they are; 0.5 by default.
    pub threshold: Option<f64>,
    /// The greatest share of calls that is held back; 0.8 by default.
    pub cap: Option<f64>,
    /// How long calls are remembered; 2 min by default.
    pub window: Option<Duration>,
}

/// How many calls may be under way.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct BulkheadSettings {
    /// The limit; none by default. Without it, the other two say nothing.
    pub max_concurrent: Option<u64>,
    /// How many calls may wait for a place; unlimited by default.
    pub max_queue: Option<u64>,
    /// How long a call may wait for a place; as long as its deadline by default.
    pub max_wait: Option<Duration>,
}

impl Settings {
    /// Settings of a service at this address.
    pub fn at(base_url: impl Into<String>) -> Self {
        Self {
            base_url: Some(base_url.into()),
            ..Self::default()
        }
    }

    /// These, and over them what `later` sets. The spellings in seconds and in retries count as the settings that
    /// they stand for.
    pub fn merge(&mut self, later: &Settings) {
        let earlier = std::mem::take(self);
        for layer in [&earlier, later] {
            for leaf in LEAVES {
                (leaf.take)(self, layer);
            }
        }
    }

    /// Every key that can be set, as it is written in a file: `retry.max_attempts`.
    pub fn keys() -> impl Iterator<Item = &'static str> {
        LEAVES.iter().map(|leaf| leaf.path)
    }

    /// What a client has when nothing is set.
    pub fn defaults() -> Self {
        let seconds = |seconds| Some(Duration::from_secs(seconds));
        Self {
            api_key_env: Some("SERVICE_API_KEY".into()),
            timeout: Some(crate::client::DEFAULT_TIMEOUT),
            connect_timeout: seconds(5),
            retry: RetrySettings {
                max_attempts: Some(3),
                backoff: BackoffSettings {
                    full_jitter: FullJitterSettings {
                        base: Some(Duration::from_millis(100)),
                        cap: seconds(5),
                    },
                    schedule: None,
                },
            },
            retry_budget: BudgetSettings {
                ratio: Some(crate::policy::retry::Budget::RATIO),
                reserve_per_second: Some(crate::policy::retry::Budget::RESERVE_PER_SECOND),
            },
            breaker: BreakerSettings {
                enabled: Some(true),
                probes: Some(3),
                interval: seconds(10),
                open_for: seconds(30),
                failure_ratio: Some(0.6),
                minimum_requests: Some(3),
                ..BreakerSettings::default()
            },
            panic_threshold: Some(0.5),
            outlier: OutlierSettings::defaults(),
            body_limit: Some(crate::http::DEFAULT_BODY_LIMIT as u64),
            check_replies: Some(false),
            ..Self::default()
        }
    }
}
