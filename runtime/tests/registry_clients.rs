//! The registry: clients by name, what they share, and what is said when there is none.

mod client_support;

use std::collections::BTreeMap;
use std::future::{Future as _, poll_fn};
use std::path::Path;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use client_support::{paused, seconds};
use tieline::client::ServiceClient;
use tieline::config::{BreakerSettings, ConfigFile, Place, RetrySettings, Settings};
use tieline::error::Rejection;
use tieline::observe::metrics::Metrics;
use tieline::operation::Contract;
use tieline::policy::breaker::State;
use tieline::random::Random;
use tieline::registry::{ClientConfig, Registry, RegistryError};
use tieline::testing::{ScriptedLine, Step};
use tieline::{Client, ErrorKind, Reply};

/// A client such as the generator writes one.
#[derive(Debug, Clone)]
struct Users(Client);

static USERS: Contract = Contract {
    name: "users",
    title: "Users",
    version: "1",
    servers: &[tieline::operation::Server::at("http://from-the-contract:8000/v1")],
    operations: &[],
    security_schemes: &[],
};

impl From<Client> for Users {
    fn from(client: Client) -> Self {
        Self(client.for_contract(&USERS))
    }
}

impl ServiceClient for Users {
    const CONTRACT: &'static Contract = &USERS;
}

fn variables(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs
        .iter()
        .map(|(name, value)| ((*name).into(), (*value).into()))
        .collect()
}

/// A registry that reads nothing but these variables, with metrics of its own.
fn registry(pairs: &[(&str, &str)]) -> Registry {
    let metrics = Arc::new(Metrics::new());
    Registry::with_environment(variables(pairs))
        .with_file(ConfigFile::default())
        .configure(move |_, builder| {
            builder
                .random(Arc::new(Random::seeded(7)))
                .metrics(Arc::clone(&metrics))
        })
}

fn breaker(client: &Client) -> &Arc<tieline::policy::breaker::Breaker> {
    client.breaker().expect("there is one")
}

#[test]
fn a_service_is_registered_as_in_the_seed() {
    let registry = registry(&[]);
    registry.register(
        "other-service",
        ClientConfig {
            base_url: "http://other-service:8000/api/v1".into(),
            service_name: "other-service".into(),
            timeout_seconds: 30.0,
            ..ClientConfig::default()
        },
    );
    let client: Client = registry.get("other-service").expect("it is registered");
    assert_eq!(client.service(), "other-service");
    assert_eq!(client.endpoint().base_path(), "/api/v1");
    assert_eq!(
        (client.endpoint().host(), client.endpoint().port()),
        ("other-service", 8000)
    );
    assert_eq!(registry.services().expect("no file"), ["other-service"]);
}

#[test]
fn the_spellings_of_the_seed_become_timeout_and_attempts() {
    let settings = Settings::from(ClientConfig {
        timeout_seconds: 60.0,
        max_retries: 5,
        ..ClientConfig::default()
    });
    let registry = registry(&[]);
    let resolved = registry.resolve(None, "x", &settings).expect("sound");
    assert_eq!(resolved.settings().timeout, Some(seconds(60)));
    assert_eq!(resolved.settings().retry.max_attempts, Some(6));
    let defaults = Settings::from(ClientConfig::default());
    assert_eq!(
        defaults,
        Settings::default(),
        "defaults leave the contract's timeouts standing"
    );
    let nonsense = ClientConfig {
        timeout_seconds: f64::NAN,
        ..ClientConfig::default()
    };
    assert!(registry.resolve(None, "x", &nonsense.into()).is_err());
    let kept = Settings::at("http://a:1");
    assert_eq!(Settings::from(ClientConfig::from(kept.clone())), kept);
}

#[test]
fn get_gives_the_same_client_and_create_a_new_one() {
    paused(async {
        let registry = registry(&[]);
        registry.connect("numbers", ScriptedLine::always(Step::status(200)));
        let (one, same): (Client, Client) = (
            registry.get("numbers").expect("1"),
            registry.get("Numbers").expect("2"),
        );
        let new: Client = registry.create("numbers").expect("3");
        new.close();
        assert!(one.get("x").await.is_ok(), "a new client is closed by itself");
        one.close();
        assert_eq!(
            same.get("x").await.expect_err("the same").kind(),
            ErrorKind::Rejected(Rejection::Closed)
        );
    });
}

#[test]
fn clients_of_one_service_share_its_breaker_whatever_their_type() {
    paused(async {
        let registry = registry(&[]);
        registry.connect("numbers", ScriptedLine::always(Step::status(400)));
        registry.connect("others", ScriptedLine::always(Step::status(400)));
        let overrides = Settings {
            timeout: Some(seconds(1)),
            base_url: Some("http://from-the-contract:8000/v1".into()),
            ..Settings::default()
        };
        let typed: Users = registry.get("numbers").expect("typed");
        let own: Client = registry
            .get_with("numbers", overrides)
            .expect("with a timeout of its own");
        let other: Client = registry.get("others").expect("another service");
        assert!(Arc::ptr_eq(breaker(&typed.0), breaker(&own)));
        assert!(!Arc::ptr_eq(breaker(&own), breaker(&other)));
        let _ = own.get("x").await;
        assert_eq!(breaker(&typed.0).counts().total, 1);
        let strict = Settings {
            breaker: BreakerSettings {
                minimum_requests: Some(1),
                ..BreakerSettings::default()
            },
            ..Settings::default()
        };
        let strict: Users = registry
            .get_with("numbers", strict)
            .expect("with a breaker of its own");
        assert!(!Arc::ptr_eq(breaker(&typed.0), breaker(&strict.0)));
    });
}

#[test]
fn overrides_make_a_client_of_their_own_and_the_same_ones_the_same_client() {
    paused(async {
        let registry = registry(&[]);
        let line = ScriptedLine::always(Step::status(503));
        registry.connect("numbers", line.clone());
        let twice = || Settings {
            max_retries: Some(1),
            ..Settings::default()
        };
        let client: Client = registry.get_with("numbers", twice()).expect("a client");
        assert_eq!(client.get("x").await.expect_err("an outage").attempts(), 2);
        let usual: Client = registry.get("numbers").expect("a client");
        assert_eq!(usual.get("x").await.expect_err("an outage").attempts(), 3);
        client.close();
        let same: Client = registry.get_with("numbers", twice()).expect("a client");
        assert!(same.get("x").await.expect_err("closed").is_rejected());
    });
}

#[test]
fn what_is_configured_reaches_the_calls() {
    paused(async {
        let file = r#"
            [service.numbers]
            service_name = "the-numbers"
            caller = "orders"
            api_key_env = "NUMBERS_KEY"
            timeout = "20s"
            attempt_timeout = "3s"
            retry.backoff.schedule = ["1s", "2s", "4s"]
            breaker = { failure_ratio = 0.3, interval = "0s", open_for = "1m" }
            bulkhead = { max_concurrent = 1, max_queue = 0 }
            body_limit = "4B"
        "#;
        let file = ConfigFile::parse(Path::new("tieline.toml"), file).expect("a valid file");
        let environment = variables(&[("NUMBERS_KEY", "s3cret\n"), ("TIELINE__NUMBERS__TIMEOUT", "10s")]);
        let registry = Registry::with_environment(environment).with_file(file);
        let line = ScriptedLine::new([
            Step::status(200).body("12345"),
            Step::status(200).after(seconds(1)),
            Step::hang(),
        ]);
        registry.connect("numbers", line.clone());
        let client: Client = registry.get("numbers").expect("a client");
        assert_eq!(
            client.get("x").await.expect_err("too long a body").kind(),
            ErrorKind::Decode
        );
        let both = tokio::join!(async { client.get("x").await }, async { client.get("x").await });
        assert!(both.0.is_ok(), "there is one place");
        let rejected = both.1.expect_err("and no queue").kind();
        assert_eq!(rejected, ErrorKind::Rejected(Rejection::BulkheadFull));
        let error = client.get("x").await.expect_err("it hangs");
        // 3 s, 1 s wait, 3 s, 2 s wait, and what is left of 10 s.
        assert_eq!(
            (error.kind(), error.attempts(), error.service()),
            (ErrorKind::Timeout, 3, "the-numbers")
        );
        assert_eq!(
            breaker(&client).state(),
            State::Open,
            "one failure in three is enough here"
        );
        let last = line.requests().pop().expect("there were some");
        assert_eq!(
            (last.header("x-api-key"), last.header("x-service-name")),
            (Some("s3cret"), Some("orders"))
        );
        assert_eq!(last.header("tieline-timeout-ms"), Some("1000"));
    });
}

#[test]
fn rate_limit_throttle_and_the_breakers_mode_are_configured_and_shared() {
    paused(async {
        let registry = registry(&[
            ("TIELINE__NUMBERS__RATE_LIMIT__PER_SECOND", "1"),
            ("TIELINE__NUMBERS__RATE_LIMIT__BURST", "2"),
            ("TIELINE__NUMBERS__RATE_LIMIT__MAX_WAIT", "0s"),
            ("TIELINE__NUMBERS__THROTTLE__ENABLED", "true"),
            ("TIELINE__NUMBERS__BREAKER__MODE", "metrics_only"),
            ("TIELINE__NUMBERS__MAX_RETRIES", "0"),
        ]);
        let line = ScriptedLine::always(Step::status(503));
        registry.connect("numbers", line.clone());
        let mut kinds = Vec::new();
        for _ in 0..3 {
            let client: Client = registry.create("numbers").expect("a client");
            kinds.push(client.get("x").await.expect_err("503").kind());
        }
        assert_eq!(kinds[2], ErrorKind::Rejected(Rejection::RateLimited), "{kinds:?}");
        assert_eq!(line.requests().len(), 2);
        let client: Client = registry.create("numbers").expect("a client");
        for _ in 0..200 {
            tokio::time::advance(seconds(1)).await;
            kinds.push(client.get("x").await.expect_err("503").kind());
        }
        assert_ne!(
            breaker(&client).state(),
            State::Closed,
            "it has opened, and no probe succeeds"
        );
        let throttled = kinds
            .iter()
            .filter(|kind| **kind == ErrorKind::Rejected(Rejection::Throttled));
        assert!(throttled.count() > 50);
        assert!(!kinds.contains(&ErrorKind::Rejected(Rejection::BreakerOpen)));
    });
}

#[test]
fn a_slow_attempt_is_hedged_where_the_operation_may_be_repeated() {
    paused(async {
        let registry = registry(&[("TIELINE__NUMBERS__HEDGE__AFTER", "50ms")]);
        let slow = || Step::status(200).after(seconds(1));
        let line = ScriptedLine::new([slow(), Step::status(200).body("2"), slow()]);
        registry.connect("numbers", line.clone());
        let client: Client = registry.get("numbers").expect("a client");
        let before = tokio::time::Instant::now();
        assert!(client.get("x").await.is_ok());
        assert_eq!(before.elapsed(), Duration::from_millis(50));
        let attempts = line.requests();
        let number = |asked: &tieline::testing::Asked| asked.header("tieline-attempt").map(str::to_owned);
        assert_eq!(
            attempts.iter().map(number).collect::<Vec<_>>(),
            [None, Some("1".into())]
        );
        assert!(client.post("x", &1).await.is_ok());
        assert_eq!(
            before.elapsed(),
            Duration::from_millis(1050),
            "nothing proves that a POST may be sent twice"
        );
        assert_eq!(line.requests().len(), 3);
    });
}

#[test]
fn the_retry_budget_is_shared_by_the_clients_of_a_service() {
    paused(async {
        let registry = registry(&[
            ("TIELINE__NUMBERS__RETRY_BUDGET__RATIO", "0"),
            ("TIELINE__NUMBERS__RETRY_BUDGET__RESERVE_PER_SECOND", "1"),
            ("TIELINE__NUMBERS__BREAKER__ENABLED", "false"),
        ]);
        let line = ScriptedLine::always(Step::status(503));
        registry.connect("numbers", line.clone());
        let no_waits = Settings {
            retry: RetrySettings {
                max_attempts: Some(5),
                backoff: tieline::config::BackoffSettings {
                    schedule: Some(vec![Duration::ZERO]),
                    ..Default::default()
                },
            },
            ..Settings::default()
        };
        for _ in 0..20 {
            let client: Client = registry
                .create_with("numbers", no_waits.clone())
                .expect("a client");
            let _ = client.get("x").await;
        }
        assert_eq!(
            line.requests().len(),
            20 + 10,
            "one a second over ten seconds, for all together"
        );
    });
}

#[test]
fn the_contract_gives_the_address_that_nobody_else_gives() {
    let plain = registry(&[]);
    let client: Users = plain.create("users").expect("the contract says where");
    assert_eq!(client.0.endpoint().host(), "from-the-contract");
    let set = registry(&[("USERS_URL", "http://from-a-variable:1")]);
    let client: Users = set.create("users").expect("the variable says where");
    assert_eq!(client.0.endpoint().host(), "from-a-variable");
}

#[test]
fn an_unknown_service_is_an_error_that_says_what_to_do() {
    let registry = registry(&[]);
    registry.register("user-service", Settings::at("http://users:1"));
    let error = registry
        .get::<Client>("user-servcie")
        .expect_err("nobody knows it");
    assert!(matches!(error, RegistryError::UnknownService { .. }));
    let text = error.to_string();
    for part in [
        "`user-servcie`",
        "did you mean `user-service`?",
        "register",
        "USER_SERVCIE_URL",
        "tieline.toml",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
}

#[test]
fn a_bad_address_is_an_error_that_says_where_it_stands() {
    let registered = registry(&[]);
    registered.register("a", Settings::at("ftp://a"));
    let error = registered.get::<Client>("a").expect_err("no address");
    assert!(
        matches!(&error, RegistryError::Config(e) if *e.place() == Place::Registered("a".into())),
        "{error}"
    );
    let variable = registry(&[("A_URL", "http://user:hunter2@a")]);
    let error = variable.get::<Client>("a").expect_err("no address").to_string();
    assert!(
        error.contains("A_URL") && error.contains("credentials") && !error.contains("hunter2"),
        "{error}"
    );
}

#[test]
fn a_key_that_is_missing_or_unfit_is_an_error_that_does_not_show_it() {
    let named = Settings {
        api_key_env: Some("THE_KEY".into()),
        ..Settings::at("http://a:1")
    };
    let missing = registry(&[])
        .create_with::<Client>("a", named.clone())
        .expect_err("not set")
        .to_string();
    assert!(missing.contains("THE_KEY is not set"), "{missing}");
    let unfit = registry(&[("THE_KEY", "hunter2\u{1}x")]).create_with::<Client>("a", named);
    let unfit = unfit.expect_err("no header can carry it").to_string();
    assert!(unfit.contains("THE_KEY") && !unfit.contains("hunter2"), "{unfit}");
    assert!(
        registry(&[])
            .create_with::<Client>("a", Settings::at("http://a:1"))
            .is_ok(),
        "nobody asked for one"
    );
}

#[test]
fn the_file_that_the_environment_names_is_read() {
    let directory = std::env::temp_dir().join(format!("tieline-registry-{}", std::process::id()));
    std::fs::create_dir_all(&directory).expect("a directory");
    let path = directory.join("other.toml");
    std::fs::write(&path, "[service.numbers]\nbase_url = \"http://from-a-file:1\"\n").expect("written");
    let registry = Registry::with_environment(variables(&[("TIELINE_CONFIG", &path.to_string_lossy())]));
    let client: Client = registry.get("numbers").expect("the file says where");
    assert_eq!(client.endpoint().host(), "from-a-file");
    std::fs::remove_dir_all(&directory).expect("removed");
    let gone = Registry::with_environment(variables(&[("TIELINE_CONFIG", &path.to_string_lossy())]));
    let error = gone.get::<Client>("numbers").expect_err("it is gone");
    assert!(
        matches!(&error, RegistryError::Config(e) if *e.place() == Place::Unreadable(path)),
        "{error}"
    );
}

#[test]
fn closing_all_refuses_new_calls_and_waits_for_those_under_way() {
    // Real sockets: the pool is what is waited for.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a port");
        let address = listener.local_addr().expect("bound");
        let (arrived, mut has_arrived) = tokio::sync::mpsc::channel(1);
        let (release, released) = tokio::sync::oneshot::channel::<()>();
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.expect("a connection");
            let mut head = [0; 4096];
            let _ = stream.read(&mut head).await;
            arrived.send(()).await.expect("somebody waits");
            let _ = released.await;
            let _ = stream
                .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")
                .await;
            let _ = stream.read(&mut head).await;
        });
        let registry = registry(&[]);
        registry.register("local", Settings::at(format!("http://{address}")));
        let client: Client = registry.get("local").expect("a client");
        let under_way = tokio::spawn({
            let client = client.clone();
            async move { client.get("x").await.map(Reply::into_body) }
        });
        has_arrived.recv().await.expect("the request arrives");
        let closing = registry.close_all();
        tokio::pin!(closing);
        let not_yet = poll_fn(|cx| Poll::Ready(closing.as_mut().poll(cx))).await;
        assert!(not_yet.is_pending(), "a call is under way");
        assert_eq!(
            client.get("x").await.expect_err("closed").kind(),
            ErrorKind::Rejected(Rejection::Closed)
        );
        release.send(()).expect("the server waits");
        tokio::time::timeout(seconds(30), closing).await.expect("drained");
        assert_eq!(
            under_way.await.expect("no panic").expect("it ends as it would"),
            "ok"
        );
        let again: Client = registry.get("local").expect("what is registered stays");
        assert_eq!(again.endpoint().port(), address.port());
    });
}

#[test]
fn the_registry_of_the_process_has_the_functions_of_the_seed() {
    tieline::register_client_config(
        "registry-test-service",
        ClientConfig {
            base_url: "http://there:1/api".into(),
            ..ClientConfig::default()
        },
    );
    let got: Client = tieline::get_client("registry-test-service").expect("it is registered");
    let made: Client = tieline::create_client("registry-test-service").expect("it is registered");
    assert_eq!(
        (got.endpoint().host(), made.service()),
        ("there", "registry-test-service")
    );
    assert!(
        tieline::registry()
            .services()
            .expect("no file")
            .contains(&"registry-test-service".to_owned())
    );
}
