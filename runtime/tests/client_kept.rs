//! Replies that stand in for calls that fail.

mod client_support;

use std::sync::Arc;
use std::time::Duration;

use client_support::{builder, paused, seconds};
use tieline::Client;
use tieline::config::Settings;
use tieline::error::{ErrorKind, Rejection};
use tieline::observe::metrics::{Kept, Metrics};
use tieline::policy::breaker::Mode;
use tieline::registry::Registry;
use tieline::testing::{ScriptedLine, Step};

fn keeps(line: &ScriptedLine) -> Client {
    builder(line)
        .stale_if_error(seconds(300))
        .build()
        .expect("a client")
}

async fn text(call: tieline::client::UntypedRequest<'_>) -> String {
    let reply = call.await.expect("a reply, kept or not");
    String::from_utf8_lossy(reply.body()).into_owned()
}

#[test]
fn a_kept_reply_stands_in_for_a_failure_until_it_is_too_old() {
    paused(async {
        let line = ScriptedLine::always(Step::status(200).body("Ada"));
        let metrics = Arc::new(Metrics::new());
        let builder = builder(&line).metrics(Arc::clone(&metrics));
        let client = builder.stale_if_error(seconds(300)).build().expect("a client");
        assert_eq!(text(client.get("users/7")).await, "Ada");
        tokio::time::advance(seconds(100)).await;
        line.change(Step::status(503));
        let reply = client.get("users/7").await.expect("the kept one");
        assert_eq!((&reply.body()[..], reply.attempts()), (&b"Ada"[..], 3));
        let age: u64 = reply.headers()["age"]
            .to_str()
            .expect("text")
            .parse()
            .expect("seconds");
        assert!((100..=101).contains(&age), "{age}");
        let counted = metrics.service("numbers");
        assert_eq!(
            (
                counted.kept_replies(Kept::Stale),
                counted.kept_replies(Kept::Fresh)
            ),
            (1, 0)
        );
        assert!(
            metrics
                .render()
                .contains(r#"tieline_kept_replies_total{service="numbers",which="stale"} 1"#)
        );
        tokio::time::advance(seconds(300)).await;
        assert_eq!(
            client.get("users/7").await.expect_err("too old").kind(),
            ErrorKind::Status
        );
        assert!(client.get("users/8").await.is_err(), "of another call");
    });
}

#[test]
fn an_open_breaker_is_a_failure_and_an_answer_is_none() {
    paused(async {
        let line = ScriptedLine::always(Step::status(200).body("Ada"));
        let client = keeps(&line);
        assert_eq!(text(client.get("users/7")).await, "Ada");
        line.change(Step::status(404));
        assert_eq!(
            client
                .get("users/7")
                .await
                .expect_err("it is gone")
                .status()
                .map(|s| s.as_u16()),
            Some(404)
        );
        client.breaker().expect("there is one").set_mode(Mode::ForcedOpen);
        assert_eq!(text(client.get("users/7")).await, "Ada");
        let error = client.get("users/8").await.expect_err("nothing stands in");
        assert_eq!(error.kind(), ErrorKind::Rejected(Rejection::BreakerOpen));
        client.close();
        let error = client.get("users/7").await.expect_err("closed");
        assert_eq!(error.kind(), ErrorKind::Rejected(Rejection::Closed));
    });
}

#[test]
fn a_fresh_reply_spares_the_call() {
    paused(async {
        let line = ScriptedLine::new([Step::status(200).body("1"), Step::status(200).body("2")]);
        let client = builder(&line).fresh_for(seconds(10)).build().expect("a client");
        assert_eq!(text(client.get("count")).await, "1");
        assert_eq!(text(client.get("count")).await, "1");
        tokio::time::advance(seconds(11)).await;
        assert_eq!(text(client.get("count")).await, "2");
        assert_eq!(line.requests().len(), 2);
        line.change(Step::status(503));
        tokio::time::advance(seconds(11)).await;
        assert!(client.get("count").await.is_err(), "nothing is kept for failures");
    });
}

#[test]
fn what_tells_callers_apart_tells_their_replies_apart() {
    paused(async {
        let line = ScriptedLine::always(Step::status(200).body("of Ada"));
        let client = keeps(&line);
        assert_eq!(
            text(client.get("me").header("authorization", "Bearer ada")).await,
            "of Ada"
        );
        line.change(Step::status(503));
        assert_eq!(
            text(client.get("me").header("authorization", "Bearer ada")).await,
            "of Ada"
        );
        for other in [
            client.get("me").header("authorization", "Bearer bob"),
            client.get("me"),
        ] {
            assert!(other.await.is_err());
        }
    });
}

#[test]
fn what_has_an_effect_or_must_not_be_stored_is_not_kept() {
    paused(async {
        let line = ScriptedLine::new([
            Step::status(200).body("made"),
            Step::status(503),
            Step::status(200)
                .body("secret")
                .header("cache-control", "private, No-Store"),
            Step::status(503),
        ]);
        let client = keeps(&line);
        assert_eq!(text(client.post("users", "Ada")).await, "made");
        assert!(client.post("users", "Ada").await.is_err());
        assert_eq!(text(client.get("users/7")).await, "secret");
        assert!(client.get("users/7").await.is_err());
    });
}

#[test]
fn a_call_that_asks_for_what_is_not_kept_is_made() {
    paused(async {
        let line = ScriptedLine::new([Step::status(200).body("1"), Step::status(200).body("2")]);
        let client = builder(&line).fresh_for(seconds(10)).build().expect("a client");
        assert_eq!(text(client.get("count")).await, "1");
        let anew = client.get("count").header("cache-control", "no-cache");
        assert_eq!(text(anew).await, "2");
        assert_eq!(text(client.get("count")).await, "1");
    });
}

#[test]
fn who_waits_for_the_same_call_waits_no_longer_than_its_own_deadline() {
    paused(async {
        let line = ScriptedLine::always(Step::status(200).body("Ada"));
        let client = keeps(&line);
        assert_eq!(text(client.get("users/7")).await, "Ada");
        line.change(Step::hang());
        let start = tokio::time::Instant::now();
        let slow = client.get("users/7").timeout(seconds(20));
        let impatient = async {
            let reply = text(client.get("users/7").timeout(seconds(2))).await;
            (reply, start.elapsed().as_secs())
        };
        let (slow, impatient) = tokio::join!(text(slow), impatient);
        assert_eq!((slow.as_str(), impatient), ("Ada", ("Ada".to_owned(), 2)));

        let slow = client.get("users/8").timeout(seconds(20));
        let (slow, impatient) = tokio::join!(slow, client.get("users/8").timeout(seconds(2)));
        assert!(slow.expect_err("it hangs").is_timeout());
        let impatient = impatient.expect_err("nothing is kept");
        assert!(
            impatient.is_timeout() && impatient.to_string().contains("waited for"),
            "{impatient}"
        );
    });
}

#[test]
fn the_settings_say_what_is_kept() {
    paused(async {
        let line = ScriptedLine::new([Step::status(200).body("Ada"), Step::status(503)]);
        let registry = Registry::with_environment(std::collections::BTreeMap::from([(
            "TIELINE__USERS__CACHE__STALE_IF_ERROR".to_owned(),
            "5m".to_owned(),
        )]));
        registry.connect("users", line.clone());
        let client: Client = registry
            .create_with("users", Settings::default())
            .expect("a client");
        assert_eq!(text(client.get("users/7")).await, "Ada");
        tokio::time::advance(Duration::from_secs(299)).await;
        assert_eq!(text(client.get("users/7")).await, "Ada");
    });
}
