//! The breaker of a client, at the seed's settings: 3 results, a ratio of 0.6, 10 s, 30 s open, 3 probes.

mod client_support;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use client_support::{builder, paused, seconds};
use tieline::error::Rejection;
use tieline::observe::metrics::{AttemptOutcome, Metrics, Rejection as Counted};
use tieline::policy::breaker::State;
use tieline::policy::bulkhead::Bulkhead;
use tieline::policy::retry::Retry;
use tieline::testing::{ScriptedLine, Step};
use tieline::{Client, ErrorKind};

/// A client that makes one attempt a call, so that calls and attempts are one.
fn client(line: &ScriptedLine) -> Client {
    builder(line).retry(Retry::never()).build().expect("a client")
}

fn state(client: &Client) -> State {
    client.breaker().expect("there is one").state()
}

async fn calls(client: &Client, count: usize) {
    for _ in 0..count {
        let _ = client.get("x").await;
    }
}

#[test]
fn three_failures_open_it_and_rejections_do_not_feed_it() {
    paused(async {
        let line = ScriptedLine::always(Step::status(500));
        let client = client(&line);
        calls(&client, 2).await;
        assert_eq!(state(&client), State::Closed);
        calls(&client, 1).await;
        assert_eq!(state(&client), State::Open);
        tokio::time::advance(seconds(29)).await;
        for _ in 0..100 {
            let error = client.get("x").await.expect_err("rejected");
            assert_eq!(error.kind(), ErrorKind::Rejected(Rejection::BreakerOpen));
            let wait = error.retry_after().expect("it is known");
            // The breaker keeps time by the millisecond.
            assert!(wait.abs_diff(seconds(1)) <= Duration::from_millis(1), "{wait:?}");
            assert_eq!(error.attempts(), 0);
        }
        assert_eq!(line.requests().len(), 3);
        // Had the rejections counted, it would stay open for longer.
        tokio::time::advance(seconds(1)).await;
        assert_eq!(state(&client), State::HalfOpen);
    });
}

#[test]
fn three_probes_close_it_and_one_that_fails_opens_it_again() {
    paused(async {
        let line = ScriptedLine::always(Step::status(500));
        let client = client(&line);
        calls(&client, 3).await;
        tokio::time::advance(seconds(30)).await;
        calls(&client, 1).await;
        assert_eq!(state(&client), State::Open);
        tokio::time::advance(seconds(30)).await;
        line.change(Step::status(200));
        calls(&client, 2).await;
        assert_eq!(state(&client), State::HalfOpen);
        calls(&client, 1).await;
        assert_eq!(state(&client), State::Closed);
    });
}

#[test]
fn not_found_says_that_the_service_works() {
    paused(async {
        for status in [400, 404, 409] {
            let client = client(&ScriptedLine::always(Step::status(status)));
            calls(&client, 20).await;
            let counts = client.breaker().expect("there is one").counts();
            assert_eq!(
                (state(&client), counts.total, counts.failures),
                (State::Closed, 20, 0),
                "{status}"
            );
        }
        let throttled = client(&ScriptedLine::always(Step::status(429)));
        calls(&throttled, 3).await;
        assert_eq!(state(&throttled), State::Open, "429 is a failure");
    });
}

#[test]
fn a_call_counts_once_however_many_attempts_it_takes() {
    paused(async {
        let line = ScriptedLine::always(Step::status(503));
        let client = client_support::client(&line);
        calls(&client, 2).await;
        assert_eq!(line.requests().len(), 6);
        let counts = client.breaker().expect("there is one").counts();
        assert_eq!((counts.total, counts.failures), (2, 2));
    });
}

#[test]
fn a_cancelled_call_counts_for_nothing_but_as_a_cancelled_attempt() {
    paused(async {
        let (line, metrics) = (ScriptedLine::always(Step::hang()), Arc::new(Metrics::new()));
        let client = builder(&line)
            .metrics(Arc::clone(&metrics))
            .build()
            .expect("a client");
        for _ in 0..10 {
            let given_up = tokio::time::timeout(seconds(1), client.get("x").timeout(seconds(5))).await;
            assert!(given_up.is_err());
        }
        assert_eq!(client.breaker().expect("there is one").counts().total, 0);
        let attempts = metrics.operation("numbers", "untyped", "GET");
        assert_eq!(attempts.attempts(AttemptOutcome::Cancelled), 10);
        let _ = client
            .get("x")
            .timeout(seconds(1))
            .await
            .expect_err("the deadline passes");
        assert_eq!(client.breaker().expect("there is one").counts().failures, 1);
        assert_eq!(
            attempts.attempts(AttemptOutcome::Timeout),
            1,
            "that is no cancellation"
        );
        assert_eq!(attempts.attempts(AttemptOutcome::Cancelled), 10);
    });
}

#[test]
fn a_late_result_is_not_counted() {
    paused(async {
        let line = ScriptedLine::new([Step::status(500).after(seconds(5)), Step::status(500)]);
        let client = client(&line);
        let (late, ()) = tokio::join!(async { client.get("slow").await }, async {
            tokio::time::sleep(seconds(1)).await;
            calls(&client, 3).await;
            assert_eq!(state(&client), State::Open);
        });
        assert!(late.is_err());
        // Opened at 1 s; the result at 5 s does not make that longer.
        tokio::time::advance(seconds(26)).await;
        assert_eq!(state(&client), State::HalfOpen);
    });
}

#[test]
fn a_call_between_two_attempts_makes_no_further_one_when_it_opens() {
    paused(async {
        let line = ScriptedLine::always(Step::status(503));
        let retry = Retry::new(5).backoff(tieline::policy::retry::Backoff::schedule(&[seconds(2)]));
        let client = builder(&line).retry(retry).build().expect("a client");
        let waiting = async { client.get("x").await.expect_err("an outage").attempts() };
        let others = async {
            for _ in 0..3 {
                let _ = client.post("x", &1).await;
            }
            assert_eq!(state(&client), State::Open);
        };
        let (attempts, ()) = tokio::join!(waiting, others);
        assert_eq!(attempts, 1);
    });
}

#[test]
fn changes_of_state_are_told_and_counted() {
    paused(async {
        let (metrics, told) = (Arc::new(Metrics::new()), Arc::new(Mutex::new(Vec::new())));
        let line = ScriptedLine::always(Step::status(500));
        let heard = Arc::clone(&told);
        let client = builder(&line)
            .retry(Retry::never())
            .metrics(Arc::clone(&metrics))
            .breaker(|breaker| {
                breaker.on_state_change(move |change| {
                    heard.lock().expect("no panic").push((change.from, change.to));
                })
            })
            .build()
            .expect("a client");
        calls(&client, 4).await;
        assert_eq!(*told.lock().expect("no panic"), [(State::Closed, State::Open)]);
        let service = metrics.service("numbers");
        assert_eq!(service.transitions(State::Open), 1);
        assert_eq!(service.rejections(Counted::BreakerOpen), 1);
        assert!(
            metrics
                .render()
                .contains("tieline_breaker_state{service=\"numbers\"} 2")
        );
    });
}

#[test]
fn a_full_bulkhead_rejects_without_blaming_the_service() {
    paused(async {
        let line = ScriptedLine::always(Step::status(200).after(seconds(1)));
        let client = builder(&line)
            .bulkhead(Bulkhead::new(2).queue(1))
            .build()
            .expect("a client");
        let call = || async { client.get("x").await.map(|_| ()).map_err(|error| error.kind()) };
        let outcomes = tokio::join!(call(), call(), call(), call());
        assert_eq!((outcomes.0, outcomes.1, outcomes.2), (Ok(()), Ok(()), Ok(())));
        assert_eq!(outcomes.3, Err(ErrorKind::Rejected(Rejection::BulkheadFull)));
        assert_eq!(
            line.requests()[2].at,
            Duration::from_secs(1),
            "the third waited for a place"
        );
        assert_eq!(client.breaker().expect("there is one").counts().failures, 0);
    });
}
