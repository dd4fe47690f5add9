//! `[service.<name>]` is judged here and read by the runtime: both know the same keys and accept the same values.

mod support;

use std::collections::BTreeSet;

use serde_json::Value;
use support::Home;
use tieline::config::Settings;

#[test]
fn the_keys_are_those_of_the_runtime() {
    let home = Home::with(&[]);
    let schema: Value = serde_json::from_str(&home.run(&["schema"]).exits(0).out).unwrap();
    let service = &schema["properties"]["service"]["additionalProperties"];
    let mut ours = BTreeSet::new();
    leaves(&schema, service, "", &mut ours);
    let theirs: BTreeSet<String> = Settings::keys().map(str::to_owned).collect();
    assert_eq!(ours, theirs);
}

/// The paths of all settings below a schema.
fn leaves(root: &Value, schema: &Value, prefix: &str, found: &mut BTreeSet<String>) {
    let target = schema["$ref"]
        .as_str()
        .and_then(|target| root.pointer(&target[1..]));
    let schema = target.unwrap_or(schema);
    match schema["properties"].as_object() {
        Some(properties) => {
            for (key, schema) in properties {
                let dot = if prefix.is_empty() { "" } else { "." };
                leaves(root, schema, &format!("{prefix}{dot}{key}"), found);
            }
        }
        None => {
            found.insert(prefix.to_owned());
        }
    }
}

#[test]
fn the_values_are_those_of_the_runtime() {
    for (line, accepted) in [
        ("base_url = \"http://other-service:8000/api/v1\"", true),
        ("base_url = \"HTTPS://example.com\"", true),
        ("base_url = \"localhost:50051\"", true),
        ("base_url = \"dns:///user-service:50051\"", true),
        ("base_url = \"[::1]:50051\"", true),
        ("base_url = \"user-service\"", false),
        ("base_url = \"ftp://x\"", false),
        ("base_url = \"http://user:pass@host\"", false),
        ("base_url = \"http://host?x=1\"", false),
        ("base_url = \"http://host:99999\"", false),
        ("base_url = \"http://\"", false),
        ("base_url = \"dns://8.8.8.8/x:1\"", false),
        ("base_url = \"host:1/path\"", false),
        ("base_url_env = \"USER_API_URL\"", true),
        (
            "endpoints = [\"http://a:1\", \"b:2;weight=3;zone=eu;priority=1\"]",
            true,
        ),
        ("endpoints = []", false),
        ("endpoints = [\"http://a:1;wieght=3\"]", false),
        ("endpoints = [\"http://a:1;weight=0\"]", false),
        ("endpoints = [\"nonsense\"]", false),
        ("endpoints = [\"http://a:1\"]\nbase_url = \"http://b:1\"", false),
        ("balance = \"consistent_hash\"\nhash_header = \"x-user-id\"", true),
        ("balance = \"random\"", false),
        ("hash_header = \"x user\"", false),
        (
            "zone = \"eu-1a\"\npanic_threshold = 0.3\nslow_start = \"30s\"",
            true,
        ),
        ("panic_threshold = 1.5", false),
        ("slow_start = \"0s\"", false),
        ("subset = { size = 20, client_id = \"orders-7\" }", true),
        ("subset.size = 0", false),
        ("discovery = { kind = \"dns\", refresh = \"5s\" }", true),
        ("discovery.kind = \"consul\"", false),
        ("discovery.srv_name = \"users\"", false),
        (
            "outlier = { consecutive_failures = 3, max_ejection_percent = 50, failure_percentage_threshold = 85 }",
            true,
        ),
        ("outlier.max_ejection_percent = 101", false),
        ("outlier.success_rate_stdev_factor = 0", false),
        ("outlier.failure_percentage_threshold = 100.5", false),
        ("outlier.interval = \"0s\"", false),
        (
            "health_check = { path = \"/health\", expected_statuses = [\"200\", \"204-206\"], healthy_threshold = 1 }",
            true,
        ),
        (
            "health_check = { path = \"/\", interval = \"5s\", timeout = \"500ms\" }",
            true,
        ),
        ("health_check.path = \"health\"", false),
        ("health_check.expected_statuses = [\"2xx\"]", false),
        ("health_check.expected_statuses = [\"299-200\"]", false),
        ("health_check.unhealthy_threshold = 0", false),
        (
            "health_check = { path = \"/health\", grpc_service = \"\" }",
            false,
        ),
        (
            "pool = { idle_timeout = \"30s\", max_age = \"10m\", http2_connections = 2, http2_streams = 50 }",
            true,
        ),
        (
            "pool = { max_idle = 0, http2_ping_interval = \"30s\", http2_ping_timeout = \"5s\" }",
            true,
        ),
        ("pool.http2_connections = 0", false),
        ("pool.max_age = \"0s\"", false),
        ("endpoint_breaker = true\nwait_for_ready = true", true),
        ("api_key_env = \"sk-live-1\"", false),
        ("service_name = \"users\"", true),
        ("service_name = \" \"", false),
        ("caller = \"a\\nb\"", false),
        ("timeout = \"1m30s\"", true),
        ("timeout = \"0s\"", false),
        ("timeout = \"1.5s\"", false),
        ("timeout = \"30s1m\"", false),
        ("timeout = 5", false),
        ("timeout_seconds = 1.5", true),
        ("timeout_seconds = 2", true),
        ("timeout_seconds = 0", false),
        ("timeout_seconds = -1.0", false),
        ("timeout = \"5s\"\ntimeout_seconds = 5", false),
        ("max_retries = 0", true),
        ("max_retries = -1", false),
        ("max_retries = 1\nretry.max_attempts = 2", false),
        ("retry.max_attempts = 1", true),
        ("retry.max_attempts = 0", false),
        ("retry.max_attempts = 1.5", false),
        ("retry.backoff.schedule = [\"100ms\", \"0s\"]", true),
        ("retry.backoff.schedule = []", false),
        (
            "retry.backoff = { full_jitter = { base = \"1s\", cap = \"2s\" } }",
            true,
        ),
        (
            "retry.backoff = { full_jitter = { base = \"1s\" }, schedule = [\"1s\"] }",
            false,
        ),
        ("retry_budget = { ratio = 0.1, reserve_per_second = 10 }", true),
        ("retry_budget.ratio = -0.1", false),
        ("retry_budget.ratio = nan", false),
        (
            "breaker = { enabled = false, probes = 1024, interval = \"0s\" }",
            true,
        ),
        (
            "breaker = { sliding_time = \"60s\", mode = \"metrics_only\" }",
            true,
        ),
        ("breaker = { sliding_calls = 100, interval = \"10s\" }", false),
        (
            "breaker = { sliding_calls = 100, slow_call = \"2s\", slow_call_ratio = 0.5 }",
            true,
        ),
        ("breaker.sliding_time = \"0s\"", false),
        ("breaker = { open_growth = 2.0, longest_open = \"5m\" }", true),
        ("breaker.open_growth = 0.5", false),
        ("breaker.mode = \"open\"", false),
        (
            "rate_limit = { per_second = 50, burst = 10, max_wait = \"0s\" }",
            true,
        ),
        ("rate_limit.per_second = 0", false),
        (
            "adaptive = { rule = \"gradient\", initial = 50, least = 5, most = 500 }",
            true,
        ),
        ("adaptive.rule = \"aimd\"", false),
        ("adaptive.least = 0", false),
        ("hedge = { quantile = 0.95, max_attempts = 3 }", true),
        ("hedge = { after = \"50ms\", quantile = 0.95 }", false),
        ("hedge.quantile = 0.1", false),
        (
            "cache = { stale_if_error = \"5m\", fresh = \"10s\", max_entries = 100 }",
            true,
        ),
        ("cache.max_entries = 0", false),
        (
            "chaos = { enabled = true, latency = \"200ms\", latency_share = 0.1, abort_status = 429, abort_share = 0.05 }",
            true,
        ),
        (
            "chaos = { black_hole_share = 0.1, reset_share = 0.1, truncate_share = 1 }",
            true,
        ),
        ("chaos.reset_share = 1.5", false),
        ("chaos.abort_status = 99", false),
        ("cache.stale = \"5m\"", false),
        (
            "throttle = { enabled = true, threshold = 0.5, cap = 1, window = \"2m\" }",
            true,
        ),
        ("throttle.threshold = 0", false),
        ("breaker.probes = 1025", false),
        ("breaker.open_for = \"0s\"", false),
        ("breaker.failure_ratio = 1", true),
        ("breaker.failure_ratio = 0", false),
        ("breaker.enabled = \"yes\"", false),
        (
            "bulkhead = { max_concurrent = 10, max_queue = 0, max_wait = \"0s\" }",
            true,
        ),
        ("bulkhead.max_concurrent = 0", false),
        ("body_limit = \"64KiB\"", true),
        ("body_limit = \"64kib\"", false),
        ("body_limit = 64", false),
        ("check_replies = true", true),
        ("nonsense = 1", false),
        ("retry = 3", false),
    ] {
        let theirs = toml::from_str::<Settings>(line);
        assert_eq!(theirs.is_ok(), accepted, "the runtime on `{line}`: {theirs:?}");
        let home = Home::with(&[("tieline.toml", &format!("[service.users]\n{line}\n"))]);
        let ran = home.run(&["generate"]).exits(2);
        // A file that is all right but lists no contract has this problem, and no other.
        let ours = ran.err.contains("TL-CLI-002");
        assert_eq!(ours, accepted, "the command on `{line}`: {}", ran.err);
    }
}

#[test]
fn the_table_of_the_server_is_judged_by_the_runtime() {
    for (line, accepted) in [
        ("body_limit = \"2MiB\"", true),
        ("shedding = { max_concurrent = 200 }", true),
        ("body_limt = \"2MiB\"", false),
        ("jwt = { secret_env = \"a secret\" }", false),
    ] {
        let text = format!("[server]\n{line}\n");
        let home = Home::with(&[("tieline.toml", &text)]);
        let ran = home.run(&["generate"]).exits(2);
        let ours = ran.err.contains("TL-CLI-002");
        assert_eq!(ours, accepted, "the command on `{line}`: {}", ran.err);
    }
}
