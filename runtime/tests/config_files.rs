//! `tieline.toml`: what is read, and what is refused, with its place.

use std::path::Path;
use std::time::Duration;

use tieline::config::{ConfigError, ConfigFile, Place, Settings};

const SECRET: &str = "hunter2-sk-live";

fn read(text: &str) -> Result<ConfigFile, ConfigError> {
    ConfigFile::parse(Path::new("tieline.toml"), text)
}

fn refused(text: &str) -> String {
    read(text).expect_err("it should be refused").to_string()
}

#[test]
fn every_setting_is_read_with_its_unit() {
    let file = read(
        r#"
        [[contract]]
        path = "users.yaml"

        [lint]
        anything = "is the tool's"

        [service.user-service]
        base_url = "http://user-service:8000/api/v1"
        service_name = "users"
        caller = "orders"
        api_key_env = "USERS_KEY"
        timeout = "1m30s"
        attempt_timeout = "250ms"
        connect_timeout = "5s"
        body_limit = "64KiB"
        check_replies = true
        retry = { max_attempts = 5, backoff.schedule = ["100ms", "500ms", "1s", "2s", "5s"] }
        retry_budget = { ratio = 0.2, reserve_per_second = 5 }
        breaker = { enabled = true, probes = 2, interval = "20s", open_for = "1m", failure_ratio = 0.5, minimum_requests = 10 }
        bulkhead = { max_concurrent = 20, max_queue = 5, max_wait = "50ms" }

        [service.other]
        timeout_seconds = 12.5
        max_retries = 4
        retry.backoff.full_jitter = { base = "50ms", cap = "2s" }
        "#,
    )
    .expect("a valid file");
    let users = file.service("user-service").expect("a table of its own");
    assert_eq!(users.base_url.as_deref(), Some("http://user-service:8000/api/v1"));
    assert_eq!(users.timeout, Some(Duration::from_secs(90)));
    assert_eq!(users.attempt_timeout, Some(Duration::from_millis(250)));
    assert_eq!(users.body_limit, Some(65_536));
    assert_eq!(users.retry.max_attempts, Some(5));
    let waits = [100, 500, 1000, 2000, 5000].map(Duration::from_millis);
    assert_eq!(users.retry.backoff.schedule.as_deref(), Some(&waits[..]));
    assert_eq!(users.breaker.failure_ratio, Some(0.5));
    assert_eq!(users.bulkhead.max_wait, Some(Duration::from_millis(50)));
    let other = file.service("other").expect("a table of its own");
    assert_eq!((other.timeout_seconds, other.max_retries), (Some(12.5), Some(4)));
    assert_eq!(other.retry.backoff.full_jitter.cap, Some(Duration::from_secs(2)));
    assert_eq!(file.services().collect::<Vec<_>>(), ["other", "user-service"]);
}

#[test]
fn a_service_is_found_under_any_spelling_of_its_name() {
    let file = read("[service.user-service]\ntimeout = \"1s\"\n").expect("a valid file");
    for name in ["user-service", "user_service", "userService", "UserService"] {
        assert!(file.service(name).is_some(), "{name}");
    }
    assert!(file.service("users").is_none());
}

#[test]
fn an_unknown_key_is_refused_with_its_place_and_the_key_that_was_meant() {
    for (text, place, says) in [
        (
            "[service.users]\ntimeuot = \"5s\"\n",
            "tieline.toml:2:1",
            "did you mean `timeout`?",
        ),
        (
            "\n[service.users]\n  retry = { max_attemps = 3 }\n",
            "tieline.toml:3:13",
            "did you mean `retry.max_attempts`?",
        ),
        (
            "[service.users.breaker]\nopen-for = \"1s\"",
            "tieline.toml:2:1",
            "did you mean `breaker.open_for`?",
        ),
        (
            "[service.users]\nmax_attempts = 3",
            "tieline.toml:2:1",
            "did you mean `retry.max_attempts`?",
        ),
        (
            "[service.users]\ncolour = 3",
            "tieline.toml:2:1",
            "there is no setting `colour`",
        ),
        (
            "[services.users]\ntimeout = \"1s\"",
            "tieline.toml:1:2",
            "did you mean `service`?",
        ),
    ] {
        let message = refused(text);
        assert!(message.starts_with(&format!("{place}: ")), "{message}");
        assert!(message.contains(says), "{message}");
    }
}

#[test]
fn a_value_of_the_wrong_kind_is_refused_with_its_place_and_what_it_should_be() {
    for (text, place, says) in [
        (
            "[service.a]\ntimeout = 30",
            "2:11",
            "`timeout` has to be a duration above zero, such as `5s` or `1m30s`",
        ),
        ("[service.a]\ntimeout = \"0s\"", "2:11", "above zero"),
        (
            "[service.a]\ntimeout = \"5 seconds\"",
            "2:11",
            "`timeout` has to be",
        ),
        ("[service.a]\nretry.max_attempts = 0", "2:22", "at least 1"),
        (
            "[service.a]\nretry.max_attempts = \"3\"",
            "2:22",
            "a whole number",
        ),
        ("[service.a]\nbreaker.failure_ratio = 1.5", "2:25", "at most 1"),
        ("[service.a]\nbody_limit = \"64kib\"", "2:14", "a size"),
        (
            "[service.a]\ntimeout_seconds = -1",
            "2:19",
            "a number of seconds above zero",
        ),
        (
            "[service.a]\ntimeout_seconds = nan",
            "2:19",
            "a number of seconds above zero",
        ),
        ("[service.a]\nretry = 3", "2:9", "`retry` is a table"),
        (
            "[service.a]\nretry.backoff.schedule = []",
            "2:26",
            "a list of durations",
        ),
        (
            "[service.a]\nbase_url = \"ftp://x\"",
            "2:12",
            "its scheme is not known",
        ),
        ("service = 3", "1:11", "write `[service.<name>]`"),
        ("[service]\na = 3", "2:5", "are a table"),
    ] {
        let message = refused(text);
        assert!(
            message.starts_with(&format!("tieline.toml:{place}: ")),
            "{message}"
        );
        assert!(message.contains(says), "{message}");
    }
}

#[test]
fn two_spellings_of_one_setting_in_one_table_are_refused() {
    for (text, says) in [
        (
            "timeout = \"1s\"\ntimeout_seconds = 1.0",
            "`timeout` and `timeout_seconds`",
        ),
        (
            "max_retries = 1\nretry.max_attempts = 2",
            "`max_retries` and `retry.max_attempts`",
        ),
        (
            "retry.backoff = { schedule = [\"1s\"], full_jitter.base = \"1s\" }",
            "`retry.backoff`",
        ),
    ] {
        let message = refused(&format!("[service.a]\n{text}\n"));
        assert!(message.contains(says), "{message}");
    }
    let message = refused("[service.user-service]\n[service.userService]\n");
    assert!(message.contains("two spellings of one service"), "{message}");
}

#[test]
fn what_is_no_toml_is_refused_with_its_place() {
    let error = read("[service.a\ntimeout = ").expect_err("not TOML");
    assert!(matches!(error.place(), Place::File { line: 1, .. }), "{error}");
}

#[test]
fn no_message_shows_a_value_that_may_be_a_secret() {
    for text in [
        format!("[service.a]\napi_key = \"{SECRET}\""),
        format!("[service.a]\napi_key_env = \"{SECRET}\""),
        format!("[service.a]\nbase_url = \"http://user:{SECRET}@host\""),
        format!("[service.a]\nbase_url = \"http://host/?key={SECRET}\""),
        format!("[service.a]\ntimeout = \"{SECRET}\""),
        format!("[service.a]\ncheck_replies = \"{SECRET}\""),
        format!("[service.a]\nretry = \"{SECRET}\""),
        format!("[service]\na = \"{SECRET}\""),
        format!("service = \"{SECRET}\""),
        format!("[service.a]\npassword = \"{SECRET}\""),
        format!("[service.a]\ntimeout = [\"{SECRET}\"]"),
        format!("[service.a]\ntimeout = {{ a = \"{SECRET}\" }}"),
        format!("[service.a]\ntimeout = \"{SECRET}"),
    ] {
        let error = read(&text).expect_err("it should be refused");
        for shown in [error.to_string(), format!("{error:?}")] {
            assert!(!shown.contains(SECRET) && !shown.contains("hunter2"), "{shown}");
        }
    }
    let message = refused(&format!("[service.a]\napi_key = \"{SECRET}\""));
    assert!(message.contains("api_key_env"), "{message}");
}

#[test]
fn later_settings_win_one_by_one() {
    let mut settings: Settings =
        toml::from_str("timeout = \"1s\"\nmax_retries = 1\nretry.backoff.schedule = [\"1s\"]")
            .expect("valid");
    let later: Settings =
        toml::from_str("timeout_seconds = 2\nretry.backoff.full_jitter.base = \"10ms\"").expect("valid");
    settings.merge(&later);
    assert_eq!(settings.timeout, Some(Duration::from_secs(2)));
    assert_eq!(settings.retry.max_attempts, Some(2));
    assert_eq!(
        settings.retry.backoff.schedule, None,
        "full jitter puts the schedule aside"
    );
    assert_eq!(
        settings.retry.backoff.full_jitter.base,
        Some(Duration::from_millis(10))
    );
}

#[test]
fn settings_are_read_from_json_too() {
    let settings: Settings =
        serde_json::from_str(r#"{"timeout": "5s", "retry": {"max_attempts": 2}}"#).expect("valid");
    assert_eq!(settings.timeout, Some(Duration::from_secs(5)));
    let error = serde_json::from_str::<Settings>(r#"{"tiemout": "5s"}"#)
        .expect_err("unknown")
        .to_string();
    assert!(error.contains("did you mean `timeout`?"), "{error}");
}
