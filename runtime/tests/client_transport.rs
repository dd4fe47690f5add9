//! What clients do about redirects, deprecations and user agents.

mod client_support;

use std::sync::Arc;

use client_support::{builder, paused};
use tieline::ErrorKind;
use tieline::observe::metrics::Metrics;
use tieline::operation::Deprecation;
use tieline::testing::{ScriptedLine, Step};

fn to(status: u16, location: &str) -> Step {
    Step::status(status).header("location", location)
}

#[test]
fn redirects_are_not_followed_unless_set() {
    paused(async {
        let line = ScriptedLine::new([to(302, "/new"), Step::status(200)]);
        let error = builder(&line)
            .build()
            .expect("a client")
            .get("old")
            .await
            .expect_err("not followed");
        assert_eq!(error.kind(), ErrorKind::Status);
        let reply = error.reply().expect("as it came");
        assert_eq!(reply.headers["location"], "/new");
        assert_eq!(line.requests().len(), 1);
    });
}

#[test]
fn a_read_follows_and_a_write_only_where_method_and_body_are_kept() {
    paused(async {
        let line = ScriptedLine::new([
            to(301, "../b?x=1"),
            to(302, "c"),
            Step::status(200).body("7"),
            to(308, "/kept"),
            Step::status(200),
            to(302, "/moved"),
            to(303, "/result"),
            Step::status(200),
        ]);
        let client = builder(&line).redirects(5).build().expect("a client");
        assert_eq!(client.get("a/a").await.expect("followed").body().as_ref(), b"7");
        client.put("x", &1).await.expect("followed");
        let error = client.post("x", &1).await.expect_err("302 of a write is a reply");
        assert_eq!(error.kind(), ErrorKind::Status);
        client.post("x", &1).await.expect("seen elsewhere");
        let asked: Vec<_> = line
            .requests()
            .iter()
            .map(|asked| format!("{} {} {:?}", asked.method, asked.path, asked.body))
            .collect();
        assert_eq!(
            asked,
            [
                r#"GET /a/a b"""#,
                r#"GET /b?x=1 b"""#,
                r#"GET /c b"""#,
                r#"PUT /x b"1""#,
                r#"PUT /kept b"1""#,
                r#"POST /x b"1""#,
                r#"POST /x b"1""#,
                r#"GET /result b"""#,
            ]
        );
        assert_eq!(line.requests()[7].header("content-type"), None);
    });
}

#[test]
fn credentials_stay_behind_where_the_origin_changes() {
    paused(async {
        let line = ScriptedLine::new([
            to(307, "/same"),
            to(307, "http://other.example/x"),
            Step::status(200),
        ]);
        let client = builder(&line)
            .url("http://here.example")
            .expect("a URL")
            .api_key("k")
            .redirects(5)
            .build()
            .expect("a client");
        let call = client
            .get("x")
            .header("authorization", "Bearer t")
            .header("x-own", "1");
        call.await.expect("followed");
        let seen: Vec<_> = line
            .requests()
            .iter()
            .map(|asked| ["authorization", "x-api-key", "x-own"].map(|name| asked.header(name).is_some()))
            .collect();
        assert_eq!(seen, [[true; 3], [true; 3], [false, false, true]]);
    });
}

#[test]
fn neither_loops_nor_ways_out_of_tls_are_followed() {
    paused(async {
        let line = ScriptedLine::always(to(302, "/x"));
        let client = builder(&line).redirects(3).build().expect("a client");
        let error = client.get("x").await.expect_err("goes round");
        assert!(error.to_string().contains("more than 3 times"), "{error}");
        assert_eq!(line.requests().len(), 4);
        let line = ScriptedLine::always(to(302, "http://here.example/x"));
        let client = builder(&line)
            .url("https://here.example")
            .expect("a URL")
            .redirects(3);
        let error = client
            .build()
            .expect("a client")
            .get("x")
            .await
            .expect_err("refused");
        assert!(error.to_string().contains("from https to http"), "{error}");
        assert_eq!(line.requests().len(), 1);
    });
}

#[test]
fn the_user_agent_can_be_set() {
    paused(async {
        let line = ScriptedLine::always(Step::status(200));
        builder(&line)
            .build()
            .expect("a client")
            .get("x")
            .await
            .expect("sent");
        let client = builder(&line).user_agent("pets/1.0 (+https://pets.example)");
        client.build().expect("a client").get("x").await.expect("sent");
        let expected = concat!("tieline/", env!("CARGO_PKG_VERSION"));
        assert_eq!(line.requests()[0].header("user-agent"), Some(expected));
        assert_eq!(
            line.requests()[1].header("user-agent"),
            Some("pets/1.0 (+https://pets.example)")
        );
    });
}

#[test]
fn a_reply_that_says_that_its_operation_is_deprecated_is_counted_and_can_be_asked() {
    paused(async {
        let metrics = Arc::new(Metrics::new());
        let line = ScriptedLine::new([
            Step::status(200)
                .header("deprecation", "@1688169599")
                .header("sunset", "Sun, 31 Jan 2027 00:00:00 GMT"),
            Step::status(404).header("deprecation", "true"),
            Step::status(200),
        ]);
        let client = builder(&line)
            .metrics(Arc::clone(&metrics))
            .build()
            .expect("a client");
        let said = client.get("x").await.expect("sent").deprecation();
        let expected = Deprecation {
            since: Some(1_688_169_599),
            sunset: Some(1_801_353_600),
        };
        assert_eq!(said, Some(expected));
        client.get("x").await.expect_err("not found");
        assert_eq!(client.get("x").await.expect("sent").deprecation(), None);
        let sample = r#"tieline_deprecated_calls_total{service="numbers",operation="untyped"} 2"#;
        let text = metrics.render();
        assert!(text.contains(sample), "{text}");
    });
}

#[cfg(feature = "gzip")]
mod gzip {
    use super::*;
    use std::io::{Read, Write};

    fn packed(text: &str) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(text.as_bytes()).expect("memory");
        encoder.finish().expect("memory")
    }

    #[test]
    fn replies_are_expanded_and_asked_for() {
        paused(async {
            let step = Step::status(200)
                .header("content-encoding", "gzip")
                .body(packed("[1, 2]"));
            let line = ScriptedLine::always(step);
            let client = builder(&line).build().expect("a client");
            let numbers: Vec<u8> = client.get("x").await.expect("sent").json().expect("JSON");
            assert_eq!(numbers, [1, 2]);
            assert_eq!(line.requests()[0].header("accept-encoding"), Some("gzip"));
            let plain = builder(&line)
                .compressed_replies(false)
                .build()
                .expect("a client");
            let reply = plain.get("x").await.expect("sent");
            assert_eq!(reply.headers()["content-encoding"], "gzip", "as it came");
            assert_eq!(line.requests()[1].header("accept-encoding"), None);
        });
    }

    #[test]
    fn a_reply_that_expands_beyond_the_limit_is_an_error() {
        paused(async {
            let bomb = packed(&"0".repeat(4 << 20));
            let line = ScriptedLine::always(Step::status(200).header("content-encoding", "gzip").body(bomb));
            let client = builder(&line).body_limit(1 << 20).build().expect("a client");
            let error = client.get("x").await.expect_err("too large");
            assert!(error.to_string().contains("longer than the limit"), "{error}");
        });
    }

    #[test]
    fn long_requests_are_compressed_where_that_is_set_and_every_attempt_sends_the_same() {
        paused(async {
            let line = ScriptedLine::new([Step::status(503), Step::status(200)]);
            let client = builder(&line).compress_requests(100).build().expect("a client");
            let text = "again ".repeat(100);
            client.put("x", &text).await.expect("sent");
            client.put("x", "short").await.expect("sent");
            let requests = line.requests();
            assert_eq!(requests[0].body, requests[1].body);
            assert_eq!(requests[1].header("content-encoding"), Some("gzip"));
            let mut sent = String::new();
            let mut decoder = flate2::read::GzDecoder::new(&requests[1].body[..]);
            decoder.read_to_string(&mut sent).expect("gzip");
            assert_eq!(sent, format!("{text:?}"));
            assert_eq!(
                (requests[2].header("content-encoding"), &requests[2].body[..]),
                (None, &b"\"short\""[..])
            );
        });
    }
}
