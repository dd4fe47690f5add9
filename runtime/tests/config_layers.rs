//! The layers of a configuration: which wins, and how each value says where it came from.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use tieline::config::{ConfigFile, Origin, Place, Resolved, Settings, Sources};
use tieline::operation::{Contract, Server};

static CONTRACT: Contract = Contract {
    name: "users",
    title: "Users",
    version: "1",
    servers: &[Server::at("http://contract:1/v1"), Server::at("http://second:1")],
    operations: &[],
    security_schemes: &[],
};

static RELATIVE: Contract = Contract {
    name: "relative",
    title: "",
    version: "",
    servers: &[Server::at("/api/v3")],
    operations: &[],
    security_schemes: &[],
};

fn variables(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs
        .iter()
        .map(|(name, value)| ((*name).into(), (*value).into()))
        .collect()
}

fn file(text: &str) -> ConfigFile {
    ConfigFile::parse(Path::new("tieline.toml"), text).expect("a valid file")
}

fn timeout(seconds: u64) -> Settings {
    Settings {
        timeout: Some(Duration::from_secs(seconds)),
        ..Settings::default()
    }
}

/// The environment alone.
fn from_environment(pairs: &[(&str, &str)]) -> Result<Resolved, tieline::config::ConfigError> {
    let sources = Sources {
        contract: None,
        registered: None,
        file: &ConfigFile::default(),
        environment: &variables(pairs),
        client: None,
    };
    sources.resolve("user-service")
}

#[test]
fn each_layer_wins_over_the_ones_before() {
    let (registered, overrides) = (
        Settings {
            base_url: Some("http://registered:1".into()),
            ..timeout(1)
        },
        timeout(4),
    );
    let with_file = file("[service.user-service]\nbase_url = \"http://file:1\"\ntimeout = \"2s\"");
    let with_variables = variables(&[
        ("USER_SERVICE_URL", "http://variable:1"),
        ("TIELINE__USER_SERVICE__TIMEOUT", "3s"),
    ]);
    let (no_file, no_variables) = (ConfigFile::default(), BTreeMap::new());
    let mut sources = Sources {
        contract: Some(&CONTRACT),
        registered: None,
        file: &no_file,
        environment: &no_variables,
        client: None,
    };
    let seen = |sources: &Sources<'_>| {
        let resolved = sources.resolve("user-service").expect("sound layers");
        let settings = resolved.settings();
        (
            settings.base_url.clone().unwrap_or_default(),
            settings.timeout.map(|timeout| timeout.as_secs()),
            resolved.origin("timeout"),
        )
    };
    assert_eq!(
        seen(&sources),
        ("http://contract:1/v1".into(), None, Some(Origin::Default))
    );
    sources.registered = Some(&registered);
    assert_eq!(
        seen(&sources),
        ("http://registered:1".into(), Some(1), Some(Origin::Registered))
    );
    sources.file = &with_file;
    assert_eq!(
        seen(&sources),
        (
            "http://file:1".into(),
            Some(2),
            Some(Origin::File("tieline.toml".into()))
        )
    );
    sources.environment = &with_variables;
    let variable = Origin::Environment("TIELINE__USER_SERVICE__TIMEOUT".into());
    assert_eq!(
        seen(&sources),
        ("http://variable:1".into(), Some(3), Some(variable))
    );
    sources.client = Some(&overrides);
    assert_eq!(
        seen(&sources),
        ("http://variable:1".into(), Some(4), Some(Origin::Client))
    );
}

#[test]
fn a_relative_server_of_a_contract_is_no_address() {
    let sources = Sources {
        contract: Some(&RELATIVE),
        registered: None,
        file: &ConfigFile::default(),
        environment: &BTreeMap::new(),
        client: None,
    };
    assert_eq!(sources.resolve("x").expect("sound").settings().base_url, None);
}

#[test]
fn every_setting_has_a_variable() {
    let prefix = tieline::config::prefix("userService");
    for key in Settings::keys() {
        let name = format!("{prefix}{}", key.to_uppercase().replace('.', "__"));
        let value = match key {
            "base_url" => "http://host:1",
            "endpoints" => "http://a:1, http://b:1;weight=2",
            "balance" => "least_request",
            "hash_header" => "x-user-id",
            "zone" | "subset.client_id" => "eu-1a",
            "panic_threshold" => "0.4",
            "discovery.kind" => "dns",
            "pool.max_idle" | "pool.http2_connections" | "pool.http2_streams" => "3",
            "pool.max_age" => "10m",
            "health_check.path" => "/health",
            "health_check.expected_statuses" => "200, 204-206",
            "health_check.grpc_service" if cfg!(not(feature = "grpc")) => continue,
            "health_check.grpc_service" => "users.Users",
            "health_check.healthy_threshold" | "health_check.unhealthy_threshold" => "3",
            "discovery.port_name" => "http",
            "discovery.srv_name" => "_http._tcp.users",
            "outlier.success_rate_stdev_factor" | "outlier.failure_percentage_threshold" => "2.5",
            "outlier.interval" | "outlier.base_ejection_time" | "outlier.max_ejection_time" => "20s",
            "outlier.enabled" | "outlier.enforce" | "endpoint_breaker" | "wait_for_ready" => "true",
            key if key.starts_with("outlier.") || key == "subset.size" => "7",
            "auth.keys" => "app=APP_KEY, other=OTHER_KEY",
            "variables" | "auth.parameters" => "region=eu",
            "auth.client_authentication" => "post",
            key if key.ends_with("_env") => "SOME_NAME",
            key if key.ends_with("_url") => "https://host/path",
            key if key.starts_with("gzip.") && cfg!(not(feature = "gzip")) => continue,
            "proxy.url" => "http://proxy:3128",
            "service_name" | "caller" => "name",
            "retry.backoff.schedule" => "100ms, 1s",
            "body_limit" | "gzip.requests_from" => "64KiB",
            "check_replies"
            | "breaker.enabled"
            | "throttle.enabled"
            | "chaos.enabled"
            | "operation_servers"
            | "proxy.from_environment"
            | "tls.public_roots"
            | "gzip.replies" => "true",
            "chaos.abort_status" => "429",
            key if key.ends_with("_share") => "0.5",
            "breaker.mode" => "metrics_only",
            "throttle.threshold" | "throttle.cap" => "0.5",
            "breaker.open_growth" | "rate_limit.per_second" => "2.5",
            "redirects" | "breaker.sliding_calls" | "rate_limit.burst" => "3",
            key if key.contains("ratio") || key == "timeout_seconds" => "0.5",
            "adaptive.rule" => "vegas",
            "adaptive.initial" | "adaptive.least" | "adaptive.most" => "3",
            "hedge.quantile" => "0.95",
            key if key.contains("max_wait") => "1s",
            key if key.contains("max_") || key.contains("probes") => "3",
            "breaker.minimum_requests" | "retry_budget.reserve_per_second" => "3",
            _ => "1s500ms",
        };
        let resolved = from_environment(&[(&name, value)]).unwrap_or_else(|error| panic!("{key}: {error}"));
        assert_eq!(resolved.origin(key), Some(Origin::Environment(name)), "{key}");
    }
}

#[test]
fn a_list_in_a_variable_stands_between_commas() {
    let resolved = from_environment(&[(
        "TIELINE__USER_SERVICE__RETRY__BACKOFF__SCHEDULE",
        "100ms,500ms, 1s",
    )]);
    let waits = [100, 500, 1000].map(Duration::from_millis).to_vec();
    assert_eq!(
        resolved.expect("sound").settings().retry.backoff.schedule,
        Some(waits)
    );
}

#[test]
fn an_unknown_variable_of_the_service_is_refused_with_the_one_that_was_meant() {
    let error = from_environment(&[("TIELINE__USER_SERVICE__RETRY__MAX_ATEMPTS", "3")]).expect_err("unknown");
    assert_eq!(
        *error.place(),
        Place::Environment("TIELINE__USER_SERVICE__RETRY__MAX_ATEMPTS".into())
    );
    assert!(
        error
            .to_string()
            .contains("did you mean TIELINE__USER_SERVICE__RETRY__MAX_ATTEMPTS?"),
        "{error}"
    );
}

#[test]
fn variables_of_other_services_are_nobodys_business() {
    let resolved = from_environment(&[
        ("TIELINE__OTHER__NONSENSE", "3"),
        ("TIELINE__USER_SERVICE2__X", "3"),
    ]);
    assert_eq!(*resolved.expect("ignored").settings(), Settings::default());
}

#[test]
fn a_bad_variable_is_named_and_its_value_is_not_shown() {
    for (name, value) in [
        ("TIELINE__USER_SERVICE__TIMEOUT", "hunter2"),
        ("TIELINE__USER_SERVICE__API_KEY_ENV", "hunter2"),
        ("TIELINE__USER_SERVICE__BREAKER__ENABLED", "hunter2"),
        ("USER_SERVICE_URL", "http://user:hunter2@host"),
    ] {
        let error = from_environment(&[(name, value)]).expect_err("a bad value");
        assert!(error.to_string().contains(name), "{error}");
        assert!(!format!("{error} {error:?}").contains("hunter2"), "{error}");
    }
}

#[test]
fn two_variables_for_one_setting_are_refused() {
    let error = from_environment(&[
        ("TIELINE__USER_SERVICE__TIMEOUT", "3s"),
        ("TIELINE__USER_SERVICE__TIMEOUT_SECONDS", "3"),
    ]);
    assert!(
        error
            .expect_err("ambiguous")
            .message()
            .contains("the same setting")
    );
}

#[test]
fn another_variable_can_hold_the_address() {
    let config =
        file("[service.user-service]\nbase_url = \"http://file:1\"\nbase_url_env = \"USER_API_URL\"");
    let variables = variables(&[
        ("USER_API_URL", " http://named:1 "),
        ("USER_SERVICE_URL", "http://usual:1"),
    ]);
    let sources = Sources {
        contract: None,
        registered: None,
        file: &config,
        environment: &variables,
        client: None,
    };
    let resolved = sources.resolve("user-service").expect("sound");
    assert_eq!(resolved.settings().base_url.as_deref(), Some("http://named:1"));
    assert_eq!(
        resolved.origin("base_url"),
        Some(Origin::Environment("USER_API_URL".into()))
    );
}

#[test]
fn the_address_variable_may_hold_several_endpoints() {
    let config = file("[service.user-service]\nbase_url = \"http://file:1\"\nbalance = \"round_robin\"");
    let variables = variables(&[("USER_SERVICE_URL", "http://a:1, http://b:1;zone=eu ,")]);
    let sources = Sources {
        contract: Some(&CONTRACT),
        registered: None,
        file: &config,
        environment: &variables,
        client: None,
    };
    let resolved = sources.resolve("user-service").expect("sound");
    let endpoints = ["http://a:1", "http://b:1;zone=eu"].map(str::to_owned).to_vec();
    assert_eq!(resolved.settings().endpoints, Some(endpoints));
    assert_eq!(
        resolved.settings().base_url,
        None,
        "the list is where the service is"
    );
    assert_eq!(
        resolved.origin("endpoints"),
        Some(Origin::Environment("USER_SERVICE_URL".into()))
    );
    let error =
        from_environment(&[("USER_SERVICE_URL", "http://a:1,http://user:hunter2@b:1")]).expect_err("bad");
    assert!(
        error.to_string().contains("USER_SERVICE_URL") && !error.to_string().contains("hunter2"),
        "{error}"
    );
}

#[test]
fn a_later_layer_says_anew_where_the_service_is() {
    let config = file("[service.user-service]\nendpoints = [\"http://a:1\", \"http://b:1\"]");
    let variables = variables(&[("USER_SERVICE_URL", "http://one:1")]);
    let sources = Sources {
        contract: None,
        registered: None,
        file: &config,
        environment: &variables,
        client: None,
    };
    let resolved = sources.resolve("user-service").expect("sound");
    assert_eq!(resolved.settings().base_url.as_deref(), Some("http://one:1"));
    assert_eq!(resolved.settings().endpoints, None);
}

#[test]
fn an_empty_address_variable_is_not_set() {
    let resolved = from_environment(&[("USER_SERVICE_URL", "")]).expect("sound");
    assert_eq!(resolved.settings().base_url, None);
}

#[test]
fn values_in_code_are_judged_like_those_in_files() {
    let registered = Settings {
        timeout_seconds: Some(f64::NAN),
        ..Settings::default()
    };
    let sources = Sources {
        contract: None,
        registered: Some(&registered),
        file: &ConfigFile::default(),
        environment: &BTreeMap::new(),
        client: None,
    };
    let error = sources.resolve("users").expect_err("no number of seconds");
    assert_eq!(*error.place(), Place::Registered("users".into()));
    assert!(
        error
            .message()
            .contains("`timeout_seconds` has to be a number of seconds above zero"),
        "{error}"
    );
}

#[test]
fn explaining_shows_every_value_and_where_it_came_from() {
    let registered = timeout(7);
    let variables = variables(&[
        ("USER_SERVICE_URL", "http://users:8000"),
        ("TIELINE__USER_SERVICE__MAX_RETRIES", "4"),
        ("SERVICE_API_KEY", "hunter2"),
    ]);
    let config = file("[service.user-service]\nretry.backoff.schedule = [\"100ms\", \"1m30s\"]");
    let sources = Sources {
        contract: None,
        registered: Some(&registered),
        file: &config,
        environment: &variables,
        client: None,
    };
    let text = sources.resolve("user-service").expect("sound").explain();
    for line in [
        "service user-service",
        "  base_url = \"http://users:8000\" (environment variable USER_SERVICE_URL)",
        "  timeout = 7s (registered in code)",
        "  retry.max_attempts = 5 (environment variable TIELINE__USER_SERVICE__MAX_RETRIES)",
        "  retry.backoff.schedule = [100ms, 1m30s] (tieline.toml)",
        "  breaker.failure_ratio = 0.6 (default)",
        "  connect_timeout = 5s (default)",
        "  outlier.consecutive_failures = 5 (default)",
        "  outlier.base_ejection_time = 30s (default)",
        "  panic_threshold = 0.5 (default)",
        "  body_limit = 64MiB (default)",
        "  api_key_env = \"SERVICE_API_KEY\" (default)",
    ] {
        assert!(text.lines().any(|other| other == line), "{line} in\n{text}");
    }
    assert!(
        !text.contains("full_jitter"),
        "the schedule put it aside:\n{text}"
    );
    assert!(!text.contains("hunter2"));
}
