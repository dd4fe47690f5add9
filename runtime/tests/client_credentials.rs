//! What clients show: alternatives and combinations of schemes, and tokens that are fetched.

mod client_support;

use std::collections::BTreeMap;
use std::error::Error as _;
use std::time::Duration;

use client_support::{builder, paused, seconds};
use tieline::client::{ClientAuthentication, ClientBuilder, Credential, OAuth2, TokenError};
use tieline::generated::v1;
use tieline::registry::Registry;
use tieline::testing::{ScriptedLine, Step};
use tieline::{Code, ErrorKind};

/// An operation with these alternatives, and a client that knows it.
macro_rules! operation {
    ($module:ident: $($security:tt)+) => {
        mod $module {
            use tieline::client::ServiceClient;
            use tieline::generated::v1;

            #[derive(Clone, Default)]
            pub(crate) struct Request {}
            static REQUEST: v1::Shape = v1::Shape::new("act", &[]);
            v1::record!(Request = REQUEST {});
            #[derive(Debug)]
            pub(crate) enum Response {
                NoContent,
            }
            v1::reply_set!(Response { 0: NoContent = 204 });
            pub(crate) use v1::NoFailure as Failure;
            v1::http_operation! {
                OPERATION = 0: "acts", "act", Unsafe;
                POST: Literal("/act");
                successes: Code(204);
                security: $($security)+;
            }
            v1::http_call!(Request -> (): NoContent);
            static CONTRACT: v1::Contract = v1::Contract {
                name: "acts",
                title: "",
                version: "",
                servers: &[],
                operations: &[&OPERATION],
                security_schemes: super::SCHEMES,
            };
            #[derive(Clone)]
            pub(crate) struct Acts(tieline::Client);
            impl From<tieline::Client> for Acts {
                fn from(client: tieline::Client) -> Self {
                    Self(client.for_contract(&CONTRACT))
                }
            }
            impl ServiceClient for Acts {
                const CONTRACT: &'static v1::Contract = &CONTRACT;
            }
            impl Acts {
                pub(crate) async fn act(&self) -> Result<(), tieline::Error> {
                    self.act_with(&[]).await
                }
                pub(crate) async fn act_with(&self, headers: &[(&str, &str)]) -> Result<(), tieline::Error> {
                    let mut options = v1::CallOptions::default();
                    for (name, value) in headers {
                        options.header(name, value);
                    }
                    v1::output(&self.0, Request {}, options).await
                }
            }
        }
    };
}

const SCHEMES: &[v1::SecurityScheme] = &[
    v1::SecurityScheme {
        name: "key",
        kind: v1::SchemeKind::ApiKeyHeader("x-key"),
    },
    v1::SecurityScheme {
        name: "app",
        kind: v1::SchemeKind::ApiKeyQuery("app key"),
    },
    v1::SecurityScheme {
        name: "session",
        kind: v1::SchemeKind::ApiKeyCookie("session"),
    },
    v1::SecurityScheme {
        name: "user",
        kind: v1::SchemeKind::Basic,
    },
    v1::SecurityScheme {
        name: "oauth",
        kind: v1::SchemeKind::OAuth2(Some("https://login.example/token")),
    },
    v1::SecurityScheme {
        name: "login",
        kind: v1::SchemeKind::OpenIdConnect("https://login.example/.well-known/x"),
    },
    v1::SecurityScheme {
        name: "machine",
        kind: v1::SchemeKind::MutualTls,
    },
];

operation!(either: [0, 1], [2], [3]);
operation!(optional: [], [0]);
operation!(token: [4("a", "b")]);
operation!(login: [5("a")]);
operation!(machine: [6]);

fn with<C: From<tieline::Client>>(builder: ClientBuilder) -> C {
    C::from(builder.build().expect("a client"))
}

fn key(text: &str) -> Credential {
    Credential::ApiKey(text.into())
}

fn nothing() -> Step {
    Step::status(204)
}

fn token(text: &str, seconds: u64) -> Step {
    Step::status(200).body(format!(
        r#"{{"access_token":"{text}","token_type":"Bearer","expires_in":{seconds}}}"#
    ))
}

#[test]
fn the_first_alternative_of_which_everything_is_there_is_shown() {
    paused(async {
        let line = ScriptedLine::always(nothing());
        let client: either::Acts = with(
            builder(&line)
                .credential("key", key("k"))
                .credential("app", key("a&b"))
                .credential("session", key("s")),
        );
        client.act().await.expect("sent");
        let client: either::Acts = with(
            builder(&line)
                .credential("key", key("k"))
                .credential("session", key("s")),
        );
        client.act_with(&[("cookie", "other=1")]).await.expect("sent");
        let client: either::Acts =
            with(builder(&line).credential_for_all(Credential::Basic("me".into(), "pw".into())));
        client.act().await.expect("sent");
        let [both, cookie, basic] = &line.requests()[..] else {
            panic!("three requests");
        };
        assert_eq!(
            (both.path.as_str(), both.header("x-key")),
            ("/act?app%20key=a%26b", Some("k"))
        );
        assert_eq!(
            (cookie.path.as_str(), cookie.header("x-key")),
            ("/act", None),
            "half of one is nothing"
        );
        assert_eq!(cookie.header("cookie"), Some("other=1; session=s"));
        assert_eq!(basic.header("authorization"), Some("Basic bWU6cHc="));
        assert!(both.headers["x-key"].is_sensitive());
    });
}

#[test]
fn a_missing_credential_is_an_error_that_names_the_schemes_and_no_request() {
    paused(async {
        let line = ScriptedLine::always(nothing());
        let client: either::Acts = with(builder(&line).credential("app", key("hunter2")));
        let error = client.act().await.expect_err("nothing fits");
        assert_eq!(
            (error.kind(), error.code()),
            (ErrorKind::Credential, Code::Unauthenticated)
        );
        let text = error.to_string();
        assert!(
            text.contains("`key` and `app`, or for `session`, or for `user`"),
            "{text}"
        );
        assert!(!text.contains("hunter2"));
        assert!(line.requests().is_empty());
    });
}

#[test]
fn what_the_call_shows_by_itself_counts() {
    paused(async {
        let line = ScriptedLine::always(nothing());
        let client: either::Acts = with(builder(&line).credential_for_all(key("k")));
        client.act_with(&[("x-key", "own")]).await.expect("sent");
        let client: either::Acts = with(builder(&line));
        client.act_with(&[("cookie", "session=own")]).await.expect("sent");
        assert_eq!(line.requests()[0].header("x-key"), Some("own"));
        assert_eq!(line.requests()[1].header("cookie"), Some("session=own"));
    });
}

#[test]
fn an_operation_that_is_open_to_all_is_shown_what_there_is() {
    paused(async {
        let line = ScriptedLine::always(nothing());
        let client: optional::Acts = with(builder(&line));
        client.act().await.expect("anonymous");
        let client: optional::Acts = with(builder(&line).credential("key", key("k")));
        client.act().await.expect("sent");
        assert_eq!(line.requests()[0].header("x-key"), None);
        assert_eq!(line.requests()[1].header("x-key"), Some("k"));
    });
}

#[test]
fn mutual_tls_needs_a_certificate_on_our_own_connections() {
    paused(async {
        let client = tieline::Client::builder("acts")
            .url("https://localhost:1")
            .expect("a URL");
        let client: machine::Acts = with(client);
        let error = client.act().await.expect_err("no certificate");
        assert_eq!(error.kind(), ErrorKind::Credential);
        assert!(
            error.to_string().contains("`machine` (a client certificate)"),
            "{error}"
        );
        assert!(error.to_string().contains("tls.certificate_file"), "{error}");
    });
}

#[test]
fn a_token_is_fetched_once_and_renewed_before_it_expires() {
    paused(async {
        let line = ScriptedLine::new([
            token("one", 600),
            nothing(),
            nothing(),
            token("two", 600),
            nothing(),
        ]);
        let oauth = OAuth2::new("me", "secret")
            .audience("pets")
            .authentication(ClientAuthentication::Post);
        let client: token::Acts = with(builder(&line).credential("oauth", Credential::OAuth2(oauth)));
        client.act().await.expect("sent");
        client.act().await.expect("sent");
        tokio::time::advance(seconds(600 - 29)).await;
        client.act().await.expect("sent");
        let requests = line.requests();
        let asked: Vec<_> = requests.iter().map(|asked| asked.path.as_str()).collect();
        assert_eq!(asked, ["/token", "/act", "/act", "/token", "/act"]);
        let form = "grant_type=client_credentials&scope=a+b&audience=pets&client_id=me&client_secret=secret";
        assert_eq!(requests[0].body, form);
        assert_eq!(
            requests[0].header("content-type"),
            Some("application/x-www-form-urlencoded")
        );
        assert_eq!(requests[2].header("authorization"), Some("Bearer one"));
        assert_eq!(requests[4].header("authorization"), Some("Bearer two"));
        assert!(requests[4].headers["authorization"].is_sensitive());
    });
}

#[test]
fn calls_that_come_together_wait_for_one_token() {
    paused(async {
        let line = ScriptedLine::new([token("one", 600).after(Duration::from_millis(50)), nothing()]);
        let client: token::Acts =
            with(builder(&line).credential("oauth", Credential::OAuth2(OAuth2::new("me", "secret"))));
        let calls: Vec<_> = (0..20)
            .map(|_| {
                let client = client.clone();
                tokio::spawn(async move { client.act().await })
            })
            .collect();
        for call in calls {
            call.await.expect("no panic").expect("sent");
        }
        let tokens = line
            .requests()
            .iter()
            .filter(|asked| asked.path == "/token")
            .count();
        assert_eq!((tokens, line.requests().len()), (1, 21));
    });
}

#[test]
fn calls_that_wait_for_a_refusal_share_it() {
    paused(async {
        let refusal = Step::status(401)
            .body(r#"{"error":"invalid_client","error_description":"no such client hunter2"}"#)
            .after(Duration::from_millis(50));
        let line = ScriptedLine::always(refusal);
        let oauth = OAuth2::new("me", "hunter2");
        let client: token::Acts = with(builder(&line).credential("oauth", Credential::OAuth2(oauth)));
        let calls: Vec<_> = (0..5)
            .map(|_| {
                let client = client.clone();
                tokio::spawn(async move { client.act().await })
            })
            .collect();
        for call in calls {
            let error = call.await.expect("no panic").expect_err("refused");
            assert_eq!(
                (error.kind(), error.code()),
                (ErrorKind::Credential, Code::Unauthenticated)
            );
            assert!(error.to_string().contains("invalid_client"), "{error}");
            assert!(!format!("{error} {error:?}").contains("hunter2"), "{error:?}");
            let cause = error.source().and_then(std::error::Error::source);
            let cause = cause
                .and_then(|cause| cause.downcast_ref::<TokenError>())
                .expect("typed");
            assert!(matches!(cause, TokenError::Refused { error, description }
                if error == "invalid_client" && description.is_some()));
        }
        assert_eq!(line.requests().len(), 1);
    });
}

#[test]
fn a_token_that_is_not_accepted_is_replaced_once() {
    paused(async {
        let line = ScriptedLine::new([
            token("one", 600),
            nothing(),
            Step::status(401),
            token("two", 600),
            nothing(),
            Step::status(401),
        ]);
        let oauth = OAuth2::new("me", "secret");
        let client: token::Acts = with(builder(&line).credential("oauth", Credential::OAuth2(oauth)));
        client.act().await.expect("sent");
        tokio::time::advance(seconds(5)).await;
        client.act().await.expect("sent with another token");
        let error = client.act().await.expect_err("refused");
        assert_eq!(error.kind(), ErrorKind::Unauthorized);
        let asked: Vec<_> = line.requests().iter().map(|asked| asked.path.clone()).collect();
        assert_eq!(
            asked,
            ["/token", "/act", "/act", "/token", "/act", "/act"],
            "a token that has just been made is not replaced"
        );
        assert_eq!(line.requests()[4].header("authorization"), Some("Bearer two"));
    });
}

#[test]
fn a_token_endpoint_that_stumbles_is_asked_again_and_no_fault_of_the_service() {
    paused(async {
        let line = ScriptedLine::new([Step::status(503), token("one", 600), nothing(), Step::status(503)]);
        let oauth = OAuth2::new("me", "secret");
        let built = builder(&line)
            .credential("oauth", Credential::OAuth2(oauth))
            .build()
            .expect("a client");
        let client = token::Acts::from(built.clone());
        client.act().await.expect("sent");
        tokio::time::advance(seconds(700)).await;
        for _ in 0..5 {
            let error = client.act().await.expect_err("no token");
            assert_eq!(
                (error.kind(), error.code()),
                (ErrorKind::Credential, Code::Unavailable)
            );
        }
        let state = built.breaker().expect("a breaker").state();
        assert_eq!(state, tieline::policy::breaker::State::Closed);
    });
}

#[test]
fn the_token_endpoint_is_found_by_discovery_and_remembered() {
    paused(async {
        let found = Step::status(200)
            .body(r#"{"issuer":"https://login.example","token_endpoint":"https://sts.example/t?x=1"}"#);
        let line = ScriptedLine::new([found, token("one", 60), nothing(), token("two", 60), nothing()]);
        let oauth = OAuth2::new("me", "secret");
        let client: login::Acts = with(builder(&line).credential_for_all(Credential::OAuth2(oauth)));
        client.act().await.expect("sent");
        tokio::time::advance(seconds(61)).await;
        client.act().await.expect("sent");
        let asked: Vec<_> = line.requests().iter().map(|asked| asked.path.clone()).collect();
        assert_eq!(asked, ["/.well-known/x", "/t?x=1", "/act", "/t?x=1", "/act"]);
        assert!(
            line.requests()[1]
                .header("authorization")
                .is_some_and(|text| text.starts_with("Basic "))
        );
    });
}

#[test]
fn a_discovery_document_does_not_lead_out_of_tls() {
    paused(async {
        let line =
            ScriptedLine::always(Step::status(200).body(r#"{"token_endpoint":"http://sts.example/t"}"#));
        let oauth = OAuth2::new("me", "secret");
        let client: login::Acts = with(builder(&line).credential_for_all(Credential::OAuth2(oauth)));
        let error = client.act().await.expect_err("refused");
        assert!(error.to_string().contains("leaves TLS"), "{error}");
        assert_eq!(line.requests().len(), 1);
    });
}

#[test]
fn credentials_come_from_the_configuration() {
    paused(async {
        let environment: BTreeMap<String, String> = [
            ("PET_SECRET", "s"),
            ("APP_KEY", "a"),
            ("OTHER_KEY", "k"),
            ("TIELINE__ACTS__AUTH__CLIENT_ID", "me"),
            ("TIELINE__ACTS__AUTH__SCOPES", "x,y"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into();
        let file = "[service.acts.auth]\nclient_secret_env = \"PET_SECRET\"\nparameters = { resource = \"r\" }\n\
                    keys = { app = \"APP_KEY\", key = \"OTHER_KEY\" }\n";
        let file = tieline::config::ConfigFile::parse("tieline.toml".as_ref(), file).expect("sound");
        let registry = Registry::with_environment(environment).with_file(file);
        let line = ScriptedLine::new([token("one", 600), nothing()]);
        registry.connect("acts", line.clone());
        registry
            .get::<token::Acts>("acts")
            .expect("a client")
            .act()
            .await
            .expect("sent");
        registry
            .get::<either::Acts>("acts")
            .expect("a client")
            .act()
            .await
            .expect("sent");
        let requests = line.requests();
        assert_eq!(
            requests[0].body,
            "grant_type=client_credentials&scope=x+y&resource=r"
        );
        assert_eq!(requests[2].path, "/act?app%20key=a");
        assert_eq!(requests[2].header("x-key"), Some("k"));
    });
}

#[test]
fn a_credential_that_cannot_be_used_is_said_when_the_client_is_made() {
    let registry = |text: &str| {
        let file = tieline::config::ConfigFile::parse("tieline.toml".as_ref(), text).expect("sound");
        let registry = Registry::with_environment(BTreeMap::new()).with_file(file);
        registry.connect("acts", ScriptedLine::always(nothing()));
        registry
            .get::<token::Acts>("acts")
            .err()
            .expect("no client")
            .to_string()
    };
    let text = registry("[service.acts.auth]\nclient_id = \"me\"\nclient_secret_env = \"NOT_SET\"\n");
    assert!(text.contains("NOT_SET is not set"), "{text}");
    let text = registry("[service.acts.auth]\nuser = \"me\"\n");
    assert!(text.contains("auth.password_env"), "{text}");
    let written = "[service.acts.auth]\nclient_secret = \"hunter2\"\n";
    let error = tieline::config::ConfigFile::parse("tieline.toml".as_ref(), written)
        .expect_err("a secret in the file");
    assert!(error.to_string().contains("auth.client_secret_env"), "{error}");
    assert!(!error.to_string().contains("hunter2"), "{error}");
}
