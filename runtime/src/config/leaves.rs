//! The table of all settings: how each is written, read, judged, merged and shown. Files, the environment and code
//! all go through it, so that they cannot differ.

use std::time::Duration;

use super::endpoints::statuses;
use super::raw::{Raw, count, octets, pairs, ratio, text, time, times, truth, whole, words};
use super::{Settings, spelling};
use crate::endpoints::{Balance, Member};
use crate::http::Endpoint;

/// One setting.
pub(super) struct Leaf {
    /// Its key in a file.
    pub(super) path: &'static str,
    /// The key of the setting that it stands for; its own, except for the second spellings.
    pub(super) stands_for: &'static str,
    /// Completes the sentence "it has to be …".
    pub(super) expects: &'static str,
    /// Sets it from what was read; `None` when that is not of its type.
    pub(super) set: fn(&mut Settings, &Raw) -> Option<()>,
    /// Whether the value, if there is one, makes sense.
    holds: fn(&Settings) -> bool,
    /// Takes it over from a later layer, if it is set there; says whether it was.
    pub(super) take: fn(&mut Settings, &Settings) -> bool,
    /// Its value, as it would be written in a file.
    pub(super) show: fn(&Settings) -> Option<String>,
}

impl Leaf {
    /// What is wrong with its value, if anything.
    pub(super) fn problem(&self, settings: &Settings) -> Option<String> {
        if (self.holds)(settings) {
            return None;
        }
        let message = self.expectation();
        let address = settings.base_url.as_deref().filter(|_| self.path == "base_url");
        // The error keeps credentials and queries to itself.
        match address.map(Endpoint::parse) {
            Some(Err(error)) => Some(format!("{message}: {error}")),
            _ => Some(message),
        }
    }

    /// What it has to be. Says nothing of what it is.
    pub(super) fn expectation(&self) -> String {
        format!("`{}` has to be {}", self.path, self.expects)
    }

    /// Its key as part of an environment variable: `RETRY__MAX_ATTEMPTS`.
    pub(super) fn variable(&self) -> String {
        self.path.replace('.', "__").to_ascii_uppercase()
    }
}

/// The leaf of this key.
pub(super) fn find(path: &str) -> Option<&'static Leaf> {
    LEAVES.iter().find(|leaf| leaf.path == path)
}

/// Two spellings of one setting, or two that exclude each other, in one place.
pub(super) fn conflict(settings: &Settings) -> Option<&'static str> {
    let backoff = &settings.retry.backoff;
    let jitter = &backoff.full_jitter;
    let breaker = &settings.breaker;
    let windows = [
        breaker.interval.is_some(),
        breaker.sliding_time.is_some(),
        breaker.sliding_calls.is_some(),
    ];
    let windows = windows.into_iter().filter(|set| *set).count();
    if settings.base_url.is_some() && settings.endpoints.is_some() {
        Some("`base_url` and `endpoints` both say where the service is: set one of them")
    } else if settings.health_check.path.is_some() && settings.health_check.grpc_service.is_some() {
        Some("endpoints are checked by `health_check.path` or `health_check.grpc_service`: set one of them")
    } else if settings.timeout.is_some() && settings.timeout_seconds.is_some() {
        Some("`timeout` and `timeout_seconds` are the same setting: set one of them")
    } else if settings.max_retries.is_some() && settings.retry.max_attempts.is_some() {
        Some("`max_retries` and `retry.max_attempts` are the same setting: set one of them")
    } else if backoff.schedule.is_some() && (jitter.base.is_some() || jitter.cap.is_some()) {
        Some("`retry.backoff` is `full_jitter` or a `schedule`: set one of them")
    } else if settings.hedge.after.is_some() && settings.hedge.quantile.is_some() {
        Some("attempts are hedged `after` a time or at a `quantile`: set one of them")
    } else if windows > 1 {
        Some("a breaker counts by `interval`, `sliding_time` or `sliding_calls`: set one of them")
    } else {
        None
    }
}

fn take<T: Clone>(into: &mut Option<T>, from: &Option<T>) -> bool {
    if from.is_some() {
        into.clone_from(from);
    }
    from.is_some()
}

macro_rules! leaf {
    ($first:ident $(. $rest:ident)*: $kind:ident, $expects:literal, $holds:expr $(, clears $clear:expr)?) => {
        Leaf {
            path: concat!(stringify!($first) $(, ".", stringify!($rest))*),
            stands_for: concat!(stringify!($first) $(, ".", stringify!($rest))*),
            expects: $expects,
            set: |settings, raw| {
                settings.$first $(.$rest)* = Some($kind::read(raw)?);
                Some(())
            },
            holds: |settings| settings.$first $(.$rest)*.as_ref().is_none_or($holds),
            take: |into, from| {
                let taken = take(&mut into.$first $(.$rest)*, &from.$first $(.$rest)*);
                $(if taken {
                    let clear: fn(&mut Settings) = $clear;
                    clear(into);
                })?
                taken
            },
            show: |settings| settings.$first $(.$rest)*.as_ref().map(|value| $kind::show(value)),
        }
    };
}

/// `timeout`, in seconds.
const TIMEOUT_SECONDS: Leaf = Leaf {
    path: "timeout_seconds",
    stands_for: "timeout",
    expects: "a number of seconds above zero, such as 30.0",
    set: |settings, raw| {
        settings.timeout_seconds = Some(ratio::read(raw)?);
        Some(())
    },
    holds: |settings| {
        settings
            .timeout_seconds
            .is_none_or(|seconds| seconds > 0.0 && in_seconds(seconds).is_some())
    },
    take: |into, from| {
        let timeout = from.timeout_seconds.and_then(in_seconds);
        take(&mut into.timeout, &timeout)
    },
    show: |settings| settings.timeout_seconds.as_ref().map(ratio::show),
};

/// `retry.max_attempts`, less one.
const MAX_RETRIES: Leaf = Leaf {
    path: "max_retries",
    stands_for: "retry.max_attempts",
    expects: "a whole number (0 for a single attempt)",
    set: |settings, raw| {
        settings.max_retries = Some(whole::read(raw)?);
        Some(())
    },
    holds: |_| true,
    take: |into, from| {
        let attempts = from.max_retries.map(|retries| retries.saturating_add(1));
        take(&mut into.retry.max_attempts, &attempts)
    },
    show: |settings| settings.max_retries.as_ref().map(whole::show),
};

fn in_seconds(seconds: f64) -> Option<Duration> {
    Duration::try_from_secs_f64(seconds).ok()
}

fn is_positive(duration: &Duration) -> bool {
    !duration.is_zero()
}

/// Whether it is the URL of something. Credentials in it are refused: they belong into a variable.
fn is_url(url: &str) -> bool {
    let parsed = url.parse::<http::Uri>();
    parsed.is_ok_and(|url| {
        let named = url
            .authority()
            .is_some_and(|authority| !authority.as_str().contains('@'));
        named && matches!(url.scheme_str(), Some("http" | "https"))
    })
}

/// Whether a header can carry it.
fn is_name(name: &str) -> bool {
    !name.trim().is_empty() && http::HeaderValue::from_str(name).is_ok()
}

/// All settings, in the order in which they are explained.
pub(super) static LEAVES: &[Leaf] = &[
    leaf!(
        base_url: text,
        "the address of a service, such as `http://other-service:8000/api/v1`",
        |url| Endpoint::parse(url).is_ok(),
        clears |into| into.endpoints = None
    ),
    leaf!(
        endpoints: words,
        "a list of addresses, such as `[\"http://a:8000\", \"http://b:8000;weight=2\"]`",
        |all| !all.is_empty() && all.iter().all(|one| one.parse::<Member>().is_ok()),
        clears |into| into.base_url = None
    ),
    leaf!(balance: text, "`p2c`, `round_robin`, `weighted`, `least_request` or `consistent_hash`", |name| {
        Balance::named(name).is_some()
    }),
    leaf!(hash_header: text, "the name of a header", |name| name.parse::<http::HeaderName>().is_ok()),
    leaf!(zone: text, "the name of a zone", |zone| !zone.trim().is_empty()),
    leaf!(panic_threshold: ratio, "a number from 0 to 1, such as 0.5", |share| (0.0..=1.0).contains(share)),
    leaf!(slow_start: time, "a duration above zero, such as `30s`", is_positive),
    leaf!(subset.size: whole, "a whole number, at least 1", |n| *n >= 1),
    leaf!(subset.client_id: text, "a name", |name| !name.trim().is_empty()),
    leaf!(
        discovery.kind: text,
        "`address`, `dns`, or, with the feature of the crate, `srv` (`dns`) or `kubernetes`",
        |kind| {
            let (srv, kubernetes) = (cfg!(feature = "dns"), cfg!(feature = "kubernetes"));
            let known = [("address", true), ("dns", true), ("srv", srv), ("kubernetes", kubernetes)];
            known.contains(&(kind.as_str(), true))
        }
    ),
    leaf!(discovery.refresh: time, "a duration above zero, such as `30s`", is_positive),
    leaf!(discovery.srv_name: text, "the name of an SRV record, such as `_http._tcp.users.example`", |name| {
        name.starts_with('_') && name.contains("._")
    }),
    leaf!(discovery.port_name: text, "the name of a port", |name| is_name(name)),
    leaf!(outlier.enabled: truth, "true or false", |_| true),
    leaf!(outlier.enforce: truth, "true or false", |_| true),
    leaf!(outlier.consecutive_failures: whole, "a whole number (0 for never)", |_| true),
    leaf!(outlier.interval: time, "a duration above zero, such as `10s`", is_positive),
    leaf!(outlier.base_ejection_time: time, "a duration above zero, such as `30s`", is_positive),
    leaf!(outlier.max_ejection_time: time, "a duration above zero, such as `5m`", is_positive),
    leaf!(outlier.max_ejection_percent: whole, "a whole number from 0 to 100", |n| *n <= 100),
    leaf!(outlier.success_rate_stdev_factor: ratio, "a number above 0, such as 1.9", |factor| {
        *factor > 0.0 && factor.is_finite()
    }),
    leaf!(outlier.success_rate_minimum_hosts: whole, "a whole number, at least 1", |n| *n >= 1),
    leaf!(outlier.success_rate_request_volume: whole, "a whole number, at least 1", |n| *n >= 1),
    leaf!(outlier.failure_percentage_threshold: ratio, "a number above 0 and at most 100, such as 85", |percent| {
        *percent > 0.0 && *percent <= 100.0
    }),
    leaf!(outlier.failure_percentage_minimum_hosts: whole, "a whole number, at least 1", |n| *n >= 1),
    leaf!(outlier.failure_percentage_request_volume: whole, "a whole number, at least 1", |n| *n >= 1),
    leaf!(health_check.path: text, "a path, such as `/health`", |path| {
        path.starts_with('/') && path.parse::<http::uri::PathAndQuery>().is_ok()
    }),
    leaf!(
        health_check.expected_statuses: words,
        "a list of statuses, such as `[\"200-299\"]`",
        |all| !all.is_empty() && all.iter().all(|one| statuses(one).is_some())
    ),
    leaf!(
        health_check.grpc_service: text,
        "the full name of a service, empty for the whole server, with the feature `grpc` of the crate",
        |_| cfg!(feature = "grpc")
    ),
    leaf!(health_check.interval: time, "a duration above zero, such as `10s`", is_positive),
    leaf!(health_check.timeout: time, "a duration above zero, such as `1s`", is_positive),
    leaf!(health_check.healthy_threshold: whole, "a whole number, at least 1", |n| *n >= 1),
    leaf!(health_check.unhealthy_threshold: whole, "a whole number, at least 1", |n| *n >= 1),
    leaf!(endpoint_breaker: truth, "true or false", |_| true),
    leaf!(wait_for_ready: truth, "true or false", |_| true),
    leaf!(base_url_env: text, "the name of an environment variable that holds an address", |name| spelling::is_variable(name)),
    leaf!(server: text, "the name of a server that the contract has, or its number from 0", |name| !name.trim().is_empty()),
    leaf!(variables: pairs, "a table of texts, such as `{ region = \"eu\" }`", |_| true),
    leaf!(operation_servers: truth, "true or false", |_| true),
    leaf!(service_name: text, "a name", |name| is_name(name)),
    leaf!(caller: text, "a name that a header can carry", |name| is_name(name)),
    leaf!(
        api_key_env: text,
        "the name of an environment variable that holds the key, not the key itself",
        |name| spelling::is_variable(name)
    ),
    leaf!(auth.token_env: text, "the name of an environment variable that holds the token, not the token itself", |name| spelling::is_variable(name)),
    leaf!(auth.user: text, "a name", |name| !name.is_empty() && !name.contains(':')),
    leaf!(
        auth.password_env: text,
        "the name of an environment variable that holds the password, not the password itself",
        |name| spelling::is_variable(name)
    ),
    leaf!(
        auth.keys: pairs,
        "a table of security schemes and the environment variables that hold their keys, such as `{ app = \"APP_KEY\" }`",
        |keys| keys.values().all(|name| spelling::is_variable(name))
    ),
    leaf!(auth.client_id: text, "the id of a client", |id| !id.is_empty()),
    leaf!(
        auth.client_secret_env: text,
        "the name of an environment variable that holds the secret, not the secret itself",
        |name| spelling::is_variable(name)
    ),
    leaf!(auth.client_authentication: text, "`basic` or `post`", |how| ["basic", "post"].contains(&how.as_str())),
    leaf!(auth.token_url: text, "a URL, such as `https://login.example.com/token`", |url| is_url(url)),
    leaf!(
        auth.discovery_url: text,
        "a URL, such as `https://login.example.com/.well-known/openid-configuration`",
        |url| is_url(url)
    ),
    leaf!(auth.scopes: words, "a list of scopes, such as `[\"pets.read\"]`", |_| true),
    leaf!(auth.audience: text, "a text", |_| true),
    leaf!(auth.parameters: pairs, "a table of texts, such as `{ resource = \"pets\" }`", |_| true),
    leaf!(timeout: time, "a duration above zero, such as `5s` or `1m30s`", is_positive),
    TIMEOUT_SECONDS,
    leaf!(attempt_timeout: time, "a duration above zero, such as `250ms`", is_positive),
    leaf!(connect_timeout: time, "a duration above zero, such as `5s`", is_positive),
    leaf!(pool.max_idle: whole, "a whole number of connections", |_| true),
    leaf!(pool.idle_timeout: time, "a duration above zero, such as `90s`", is_positive),
    leaf!(pool.max_age: time, "a duration above zero, such as `10m`", is_positive),
    leaf!(pool.http2_connections: whole, "a whole number, at least 1", |n| *n >= 1),
    leaf!(pool.http2_streams: whole, "a whole number, at least 1", |n| *n >= 1),
    leaf!(pool.http2_ping_interval: time, "a duration above zero, such as `30s`", is_positive),
    leaf!(pool.http2_ping_timeout: time, "a duration above zero, such as `20s`", is_positive),
    MAX_RETRIES,
    leaf!(retry.max_attempts: whole, "a whole number, at least 1 (the first attempt counts)", |n| *n >= 1),
    leaf!(
        retry.backoff.full_jitter.base: time,
        "a duration, such as `100ms`",
        |_| true,
        clears |into| into.retry.backoff.schedule = None
    ),
    leaf!(
        retry.backoff.full_jitter.cap: time,
        "a duration, such as `5s`",
        |_| true,
        clears |into| into.retry.backoff.schedule = None
    ),
    leaf!(
        retry.backoff.schedule: times,
        "a list of durations, such as `[\"100ms\", \"500ms\"]`",
        |waits| !waits.is_empty(),
        clears |into| into.retry.backoff.full_jitter = Default::default()
    ),
    leaf!(retry_budget.ratio: ratio, "a number from 0 to 1000, such as 0.1", |ratio| (0.0..=1000.0).contains(ratio)),
    leaf!(retry_budget.reserve_per_second: whole, "a whole number of retries", |_| true),
    leaf!(breaker.enabled: truth, "true or false", |_| true),
    leaf!(breaker.probes: whole, "a whole number from 1 to 1024", |n| (1..=1024).contains(n)),
    leaf!(
        breaker.mode: text,
        "`automatic`, `metrics_only`, `forced_open` or `disabled`",
        |mode| crate::policy::breaker::Mode::named(mode).is_some()
    ),
    leaf!(
        breaker.interval: time,
        "a duration, such as `10s`; `0s` counts for ever",
        |_| true,
        clears |into| (into.breaker.sliding_time, into.breaker.sliding_calls) = (None, None)
    ),
    leaf!(
        breaker.sliding_time: time,
        "a duration above zero, such as `60s`",
        is_positive,
        clears |into| (into.breaker.interval, into.breaker.sliding_calls) = (None, None)
    ),
    leaf!(
        breaker.sliding_calls: whole,
        "a whole number from 1 to 1000000",
        |n| (1..=1_000_000).contains(n),
        clears |into| (into.breaker.interval, into.breaker.sliding_time) = (None, None)
    ),
    leaf!(breaker.open_for: time, "a duration above zero, such as `30s`", is_positive),
    leaf!(breaker.open_growth: ratio, "a number, at least 1, such as 2.0", |factor| *factor >= 1.0),
    leaf!(breaker.longest_open: time, "a duration above zero, such as `5m`", is_positive),
    leaf!(breaker.slow_call: time, "a duration above zero, such as `2s`", is_positive),
    leaf!(breaker.slow_call_ratio: ratio, "a number above 0 and at most 1, such as 0.5", |ratio| {
        *ratio > 0.0 && *ratio <= 1.0
    }),
    leaf!(breaker.failure_ratio: ratio, "a number above 0 and at most 1, such as 0.6", |ratio| {
        *ratio > 0.0 && *ratio <= 1.0
    }),
    leaf!(breaker.minimum_requests: whole, "a whole number, at least 1", |n| *n >= 1),
    leaf!(bulkhead.max_concurrent: count, "a whole number, at least 1", |n| *n >= 1),
    leaf!(bulkhead.max_queue: count, "a whole number", |_| true),
    leaf!(bulkhead.max_wait: time, "a duration, such as `250ms`", |_| true),
    leaf!(adaptive.rule: text, "`gradient` or `vegas`", |rule| {
        crate::policy::adaptive::Rule::named(rule).is_some()
    }),
    leaf!(adaptive.initial: count, "a whole number, at least 1", |n| *n >= 1),
    leaf!(adaptive.least: count, "a whole number, at least 1", |n| *n >= 1),
    leaf!(adaptive.most: count, "a whole number, at least 1", |n| *n >= 1),
    leaf!(
        hedge.after: time,
        "a duration, such as `50ms`",
        |_| true,
        clears |into| into.hedge.quantile = None
    ),
    leaf!(
        hedge.quantile: ratio,
        "a number from 0.5 to 0.999, such as 0.95",
        |share| (0.5..=0.999).contains(share),
        clears |into| into.hedge.after = None
    ),
    leaf!(hedge.max_attempts: whole, "a whole number, at least 1 (the first attempt counts)", |n| *n >= 1),
    leaf!(rate_limit.per_second: ratio, "a number above 0, such as 50", |rate| *rate > 0.0 && rate.is_finite()),
    leaf!(rate_limit.burst: whole, "a whole number, at least 1", |n| *n >= 1),
    leaf!(rate_limit.max_wait: time, "a duration, such as `250ms`; `0s` rejects at once", |_| true),
    leaf!(cache.stale_if_error: time, "a duration, such as `5m`", |_| true),
    leaf!(cache.fresh: time, "a duration, such as `10s`", |_| true),
    leaf!(cache.max_entries: count, "a whole number, at least 1", |n| *n >= 1),
    leaf!(chaos.enabled: truth, "true or false", |_| true),
    leaf!(chaos.latency: time, "a duration, such as `200ms`", |_| true),
    leaf!(chaos.latency_share: ratio, "a number from 0 to 1, such as 0.05", |share| (0.0..=1.0).contains(share)),
    leaf!(chaos.black_hole_share: ratio, "a number from 0 to 1, such as 0.05", |share| (0.0..=1.0).contains(share)),
    leaf!(chaos.reset_share: ratio, "a number from 0 to 1, such as 0.05", |share| (0.0..=1.0).contains(share)),
    leaf!(chaos.abort_status: whole, "a status from 200 to 599", |status| (200..=599).contains(status)),
    leaf!(chaos.abort_share: ratio, "a number from 0 to 1, such as 0.05", |share| (0.0..=1.0).contains(share)),
    leaf!(chaos.truncate_share: ratio, "a number from 0 to 1, such as 0.05", |share| (0.0..=1.0).contains(share)),
    leaf!(throttle.enabled: truth, "true or false", |_| true),
    leaf!(throttle.threshold: ratio, "a number from 0.01 to 1, such as 0.5", |share| (0.01..=1.0).contains(share)),
    leaf!(throttle.cap: ratio, "a number from 0 to 1, such as 0.8", |share| (0.0..=1.0).contains(share)),
    leaf!(throttle.window: time, "a duration above zero, such as `2m`", is_positive),
    leaf!(user_agent: text, "a text that a header can carry", |agent| is_name(agent)),
    leaf!(redirects: whole, "a whole number (0 to follow none)", |_| true),
    leaf!(proxy.url: text, "the address of a proxy without credentials, such as `http://proxy.example:3128`", |url| {
        !url.contains('@') && url.parse::<crate::http::Proxy>().is_ok()
    }),
    leaf!(proxy.user: text, "a name", |name| !name.is_empty()),
    leaf!(
        proxy.password_env: text,
        "the name of an environment variable that holds the password, not the password itself",
        |name| spelling::is_variable(name)
    ),
    leaf!(proxy.except: words, "a list of hosts, such as `[\"localhost\", \"10.0.0.0/8\"]`", |_| true),
    leaf!(proxy.from_environment: truth, "true or false", |_| true),
    leaf!(tls.ca_file: text, "a path", |path| !path.is_empty()),
    leaf!(tls.public_roots: truth, "true or false", |_| true),
    leaf!(tls.certificate_file: text, "a path", |path| !path.is_empty()),
    leaf!(tls.key_file: text, "a path", |path| !path.is_empty()),
    leaf!(gzip.replies: truth, "true or false, with the feature `gzip` of the crate", |_| {
        cfg!(feature = "gzip")
    }),
    leaf!(gzip.requests_from: octets, "a size, such as `1KiB`, with the feature `gzip` of the crate", |_| {
        cfg!(feature = "gzip")
    }),
    leaf!(body_limit: octets, "a size, such as `64KiB`", |_| true),
    leaf!(check_replies: truth, "true or false", |_| true),
];
