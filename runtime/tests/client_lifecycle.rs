//! A client by itself: methods without a contract, closing, blocking.

mod client_support;

use client_support::{builder, client, paused};
use serde_json::{Value, json};
use tieline::error::Rejection;
use tieline::testing::{ScriptedLine, Step};
use tieline::{Client, ErrorKind};

#[test]
fn the_four_methods_send_paths_and_json() {
    paused(async {
        let line = ScriptedLine::always(Step::status(200).body(r#"{"id": 7}"#));
        let client = client(&line);
        let user: Value = client
            .get("users/7?full=true")
            .await
            .expect("it works")
            .json()
            .expect("JSON");
        assert_eq!(user, json!({ "id": 7 }));
        client
            .post("/users", &json!({ "name": "Ada" }))
            .await
            .expect("it works");
        client
            .put("users/7", &json!({ "name": "Ada" }))
            .await
            .expect("it works");
        client.delete("users/7").await.expect("it works");
        let asked: Vec<_> = line.requests();
        let seen: Vec<_> = asked
            .iter()
            .map(|r| {
                (
                    r.method.as_str(),
                    r.path.as_str(),
                    &*r.body,
                    r.header("content-type"),
                )
            })
            .collect();
        let json = Some("application/json");
        assert_eq!(
            seen,
            [
                ("GET", "/users/7?full=true", &b""[..], None),
                ("POST", "/users", br#"{"name":"Ada"}"#, json),
                ("PUT", "/users/7", br#"{"name":"Ada"}"#, json),
                ("DELETE", "/users/7", b"", None),
            ]
        );
    });
}

#[test]
fn a_failure_keeps_the_reply_as_it_came() {
    paused(async {
        let line = ScriptedLine::always(Step::status(409).header("x-hint", "again").body("taken"));
        let error = client(&line).get("x").await.expect_err("a conflict");
        let reply = error.reply().expect("there was one");
        assert_eq!(
            (&reply.body[..], reply.headers["x-hint"].as_bytes()),
            (&b"taken"[..], &b"again"[..])
        );
        assert_eq!(error.kind(), ErrorKind::Status);
    });
}

#[test]
fn a_reply_that_is_no_json_is_an_error_of_decoding() {
    paused(async {
        let line = ScriptedLine::always(Step::status(200).body("<html>"));
        let reply = client(&line).get("x").await.expect("it works");
        assert_eq!(reply.json::<Value>().expect_err("HTML").kind(), ErrorKind::Decode);
    });
}

#[test]
fn a_body_that_json_cannot_hold_is_refused_before_it_is_sent() {
    paused(async {
        let line = ScriptedLine::always(Step::status(200));
        let keys = std::collections::BTreeMap::from([((1, 2), 3)]);
        let error = client(&line).post("x", &keys).await.expect_err("keys are text");
        assert_eq!((error.kind(), line.requests().len()), (ErrorKind::Encode, 0));
        let error = client(&line).get("a b\u{7f}").await.expect_err("no path");
        assert_eq!(error.kind(), ErrorKind::Encode);
    });
}

#[test]
fn a_body_beyond_the_limit_is_refused() {
    paused(async {
        let line = ScriptedLine::always(Step::status(200).body("12345"));
        let client = builder(&line).body_limit(4).build().expect("a client");
        assert_eq!(
            client.get("x").await.expect_err("too long").kind(),
            ErrorKind::Decode
        );
    });
}

#[test]
fn a_closed_client_refuses_and_so_do_its_clones() {
    paused(async {
        let line = ScriptedLine::always(Step::status(200));
        let client = client(&line);
        let clone = client.clone();
        client.get("x").await.expect("open");
        client.close();
        for closed in [&client, &clone] {
            let error = closed.get("x").await.expect_err("closed");
            assert_eq!(error.kind(), ErrorKind::Rejected(Rejection::Closed));
        }
        assert_eq!(line.requests().len(), 1);
        assert_eq!(client.breaker().expect("there is one").counts().failures, 0);
    });
}

#[test]
fn closing_one_client_leaves_a_shared_transport_open() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let transport = tieline::http::Transport::new();
        let make = || {
            Client::builder("x")
                .line(transport.clone())
                .url("http://127.0.0.1:1")
                .expect("an address")
                .build()
        };
        let (one, other) = (make().expect("a client"), make().expect("a client"));
        one.close();
        assert_eq!(
            one.get("x").await.expect_err("closed").kind(),
            ErrorKind::Rejected(Rejection::Closed)
        );
        let error = other.get("x").await.expect_err("nobody listens");
        assert_eq!(error.kind(), ErrorKind::Connect);
    });
}

#[test]
fn a_client_needs_an_address_or_a_line() {
    let error = Client::builder("x").build().expect_err("neither").to_string();
    assert!(error.contains("http://host:port"), "{error}");
}

#[cfg(feature = "blocking")]
mod blocking {
    use super::*;
    use tieline::Context;

    #[test]
    fn blocking_calls_work_without_a_runtime() {
        let line = ScriptedLine::new([Step::status(503), Step::status(200).body("7")]);
        let client = client(&line);
        assert_eq!(
            client
                .sync_get("x")
                .expect("repeated")
                .json::<u8>()
                .expect("JSON"),
            7
        );
        client.sync_post("x", &1).expect("it works");
        client.sync_put("x", &1).expect("it works");
        client.sync_delete("x").expect("it works");
        let methods: Vec<_> = line
            .requests()
            .iter()
            .map(|request| request.method.to_string())
            .collect();
        assert_eq!(methods, ["GET", "GET", "POST", "PUT", "DELETE"]);
    }

    #[test]
    fn blocking_calls_work_inside_a_runtime_and_inherit_its_context() {
        for mut builder_of in [
            tokio::runtime::Builder::new_current_thread(),
            tokio::runtime::Builder::new_multi_thread(),
        ] {
            let runtime = builder_of.enable_all().build().expect("a runtime");
            let line = ScriptedLine::always(Step::status(200));
            let client = client(&line);
            let call = async { client.sync_get("x").map(|reply| reply.attempts()) };
            let attempts = runtime.block_on(Context::new().with_correlation_id("outside").scope(call));
            assert_eq!(attempts.expect("it works"), 1);
            assert_eq!(line.requests()[0].header("x-correlation-id"), Some("outside"));
        }
    }
}
