//! A server as its settings say.

#![cfg(all(feature = "server", feature = "mock"))]

mod support;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;
use support::pets::{self, Mock, order};
use support::{post, send};
use tieline::config::{ConfigFile, ServerSettings};
use tieline::generated::v1;
use tieline::server::{Service, Setup, SetupError};

fn settings(text: &str) -> ServerSettings {
    let file = ConfigFile::parse(Path::new("tieline.toml"), text);
    file.unwrap_or_else(|error| panic!("{error}")).server().clone()
}

fn refused(text: &str) -> String {
    ConfigFile::parse(Path::new("tieline.toml"), text)
        .unwrap_err()
        .to_string()
}

async fn set_up(text: &str, variables: &[(&str, &str)]) -> Result<Setup, SetupError> {
    let variables: BTreeMap<String, String> = variables
        .iter()
        .map(|(name, value)| ((*name).into(), (*value).into()))
        .collect();
    Setup::of(&settings(text), &variables).await
}

#[test]
fn all_settings_are_read_beside_those_of_services() {
    let read = settings(
        r#"
        [service.users]
        timeout = "1s"
        [server]
        header_timeout = "10s"
        header_limit = "32KiB"
        body_timeout = "5s"
        body_limit = "1MiB"
        tls = { certificate_file = "a", key_file = "b", client_ca_file = "c", client_certificate_optional = true }
        [server.shedding]
        max_concurrent = 200
        adaptive = "gradient"
        queue = 10
        max_wait = "50ms"
        target = "5ms"
        interval = "100ms"
        priorities = { exportAll = "sheddable" }
        exempt = ["health"]
        trust_callers = true
        [server.idempotency]
        url_env = "KEYS_URL"
        ttl = "1h"
        lease = "10s"
        record_limit = "64KiB"
        require = ["order"]
        [server.jwt]
        jwks_url = "https://login/keys"
        issuer = "https://login"
        audience = "pets"
        leeway = "1s"
        [server.api_keys]
        env = "SERVICE_API_KEY"
        "#,
    );
    assert_eq!(read.header_timeout, Some(Duration::from_secs(10)));
    assert_eq!(read.body_timeout, Some(Duration::from_secs(5)));
    assert_eq!(
        (read.header_limit, read.body_limit),
        (Some(32 * 1024), Some(1024 * 1024))
    );
    assert_eq!(read.shedding.exempt.as_deref(), Some(&["health".to_owned()][..]));
    assert_eq!(read.idempotency.ttl, Some(Duration::from_secs(3600)));
    assert_eq!(read.jwt.audience.as_deref(), Some("pets"));
    assert_eq!(
        settings("[service.users]\ntimeout = \"1s\""),
        ServerSettings::default()
    );
}

#[test]
fn what_is_wrong_is_told_with_its_place_and_not_with_its_value() {
    for (line, message) in [
        ("body_limt = 1", "unknown field `body_limt`"),
        ("header_timeout = \"s3cret\"", "expects a duration"),
        (
            "idempotency = { url_env = \"postgres://user:s3cret@db\" }",
            "expects the name of an environment variable",
        ),
        (
            "shedding = { max_concurrent = \"s3cret\" }",
            "expects a whole number",
        ),
        (
            "shedding = { adaptive = \"s3cret\" }",
            "expects `gradient` or `vegas`",
        ),
        (
            "jwt = { secret_env = \"s3cret of tokens\" }",
            "expects the name of an environment variable",
        ),
    ] {
        let text = refused(&format!("[server]\n{line}\n"));
        assert!(
            text.contains(message) && text.contains("tieline.toml:2"),
            "{text}"
        );
        assert!(!text.contains("s3cret"), "{text}");
    }
}

#[tokio::test]
async fn what_cannot_be_followed_stops_the_start_and_says_what_to_do() {
    for (text, variables, message) in [
        (
            "[server.jwt]\nsecret_env = \"JWT_SECRET\"",
            &[][..],
            "`server.jwt.secret_env`: the environment variable JWT_SECRET is not set",
        ),
        (
            "[server.jwt]\nissuer = \"x\"",
            &[],
            "set one of `secret_env`, `jwks_url` and `discovery_url`",
        ),
        (
            "[server.api_keys]\nenv = \"KEYS\"",
            &[("KEYS", " , ")],
            "`server.api_keys.env`",
        ),
        (
            "[server.idempotency]\nttl = \"1h\"",
            &[],
            "set `sqlite_file`, `url_env` or `memory`",
        ),
        (
            "[server.idempotency]\nmemory = true\nsqlite_file = \"x\"",
            &[],
            "set one of",
        ),
        (
            "[server.idempotency]\nurl_env = \"DB\"",
            &[("DB", "mysql://user:s3cret@db")],
            "DB is to hold `postgres://",
        ),
        (
            "[server.shedding]\nqueue = 1",
            &[],
            "set `max_concurrent` or `adaptive`",
        ),
        (
            "[server.shedding]\nmax_concurrent = 1\npriorities = { a = \"high\" }",
            &[],
            "`a` is to be `critical_plus`",
        ),
        (
            "[server.tls]\ncertificate_file = \"x\"",
            &[],
            "set `server.tls.key_file`",
        ),
        (
            "[server.tls]\ncertificate_file = \"/no/x\"\nkey_file = \"/no/y\"",
            &[],
            "/no/x cannot be read",
        ),
        ("[server.tls]\nclient_ca_file = \"x\"", &[], "there is no TLS"),
    ] {
        let error = set_up(text, variables).await.unwrap_err().to_string();
        assert!(error.contains(message), "{error}");
        assert!(!error.contains("s3cret"), "{error}");
    }
}

#[tokio::test]
async fn one_line_gives_a_service_all_that_is_set() {
    let setup = set_up(
        "[server]\nbody_limit = \"20B\"\n[server.idempotency]\nmemory = true\nrequire = [\"order\"]\n[server.shedding]\nmax_concurrent = 10\n\
         [server.jwt]\nsecret_env = \"JWT_SECRET\"",
        &[("JWT_SECRET", "a secret of at least thirty-two octets")],
    )
    .await
    .unwrap();
    assert!(setup.tokens().is_some() && setup.keys().is_none());
    let mock = Arc::new(Mock::default());
    mock.order.reply(order::Response::Ok("done".to_owned()));
    let service = pets::service(mock).configured(&setup).unwrap();
    let order = |key: Option<&str>, body: &'static str| {
        let mut request = post("/orders", "application/x-www-form-urlencoded", body);
        if let Some(key) = key {
            request
                .headers_mut()
                .insert("idempotency-key", key.parse().unwrap());
        }
        request
    };
    assert_eq!(
        send(service.clone(), order(None, "size=1")).await.status,
        StatusCode::BAD_REQUEST
    );
    assert_eq!(
        send(service.clone(), order(Some("k"), "size=1")).await.status,
        StatusCode::OK
    );
    let again = send(service.clone(), order(Some("k"), "size=1")).await;
    assert_eq!(again.header("idempotent-replayed"), "true");
    let large = send(service, order(Some("l"), "size=1&after=aaaaaaaaaaaa")).await;
    assert_eq!(large.status, StatusCode::PAYLOAD_TOO_LARGE);
}

#[cfg(feature = "sqlite")]
#[tokio::test]
async fn keys_are_kept_in_the_file_that_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keys.db");
    let text = format!("[server.idempotency]\nsqlite_file = '{}'", path.display());
    set_up(&text, &[]).await.unwrap();
    assert!(path.is_file());
    let nowhere = "[server.idempotency]\nsqlite_file = '/no/such/folder/keys.db'";
    let error = set_up(nowhere, &[]).await.unwrap_err().to_string();
    assert!(
        error.contains("/no/such/folder/keys.db cannot be opened"),
        "{error}"
    );
}

/// A contract that asks for a token.
#[allow(unreachable_pub, reason = "written as the generator writes")]
mod locked {
    use super::v1;

    #[derive(Clone)]
    pub struct Request {}
    static REQUEST: v1::Shape = v1::Shape::new("open", &[]);
    v1::record!(Request = REQUEST {});

    #[derive(Debug)]
    pub enum Response {
        Ok(String),
    }
    v1::reply_set!(Response { 0: Ok(body) = 200 });
    pub use v1::NoFailure as Failure;

    v1::http_operation! {
        OPERATION = 0: "locked", "open", Safe;
        GET: Literal("/");
        successes: Code(200) => Text("text/plain");
        security: [0];
    }
    v1::http_call!(Request -> String: Ok(body));

    pub static CONTRACT: v1::Contract = v1::Contract {
        name: "locked",
        title: "",
        version: "",
        servers: &[],
        operations: &[&OPERATION],
        security_schemes: &[v1::SecurityScheme {
            name: "login",
            kind: v1::SchemeKind::Bearer,
        }],
    };
}

#[tokio::test]
async fn a_contract_that_asks_for_credentials_is_not_served_without_a_judge() {
    let service = Service::new(&locked::CONTRACT).operation(&Arc::new(()), |(), _, _: locked::Request| {
        Box::pin(async { Ok(locked::Response::Ok("open".to_owned())) })
    });
    let nobody = set_up("", &[]).await.unwrap();
    let error = service.clone().configured(&nobody).unwrap_err();
    assert!(matches!(error, SetupError::NobodyJudges("locked")), "{error}");
    assert!(error.to_string().contains("server.jwt"), "{error}");
    let keys = set_up("[server.api_keys]\nenv = \"KEYS\"", &[("KEYS", "one,two")])
        .await
        .unwrap();
    let service = service.configured(&keys).unwrap();
    assert_eq!(
        send(service, support::get("/")).await.status,
        StatusCode::UNAUTHORIZED
    );
}
