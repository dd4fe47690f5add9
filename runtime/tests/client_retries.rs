//! What a client repeats and what it does not, end to end: from the call down to what the line is asked.

mod client_support;

use std::sync::Arc;
use std::time::Duration;

use client_support::{client, paused, seconds};
use tieline::http::{ConnectCause, TransportErrorKind};
use tieline::observe::metrics::Metrics;
use tieline::policy::breaker::State;
use tieline::policy::retry::{Backoff, Budget, Retry};
use tieline::testing::{ScriptedLine, Step};
use tieline::{Context, ErrorKind};

#[test]
fn a_get_is_repeated_until_it_works() {
    paused(async {
        let line = ScriptedLine::new([Step::status(503), Step::status(502), Step::status(200).body("7")]);
        let reply = client(&line)
            .get("numbers/7")
            .await
            .expect("the third attempt works");
        assert_eq!((reply.attempts(), reply.json::<u8>().expect("JSON")), (3, 7));
        let asked = line.requests();
        assert!(
            asked
                .iter()
                .all(|request| request.path == "/numbers/7" && request.method == "GET")
        );
        assert_eq!(asked.len(), 3);
    });
}

#[test]
fn a_put_and_a_delete_are_repeated_with_the_same_body() {
    paused(async {
        let line = ScriptedLine::new([
            Step::status(503),
            Step::status(204),
            Step::status(503),
            Step::status(204),
        ]);
        let client = client(&line);
        assert_eq!(
            client
                .put("things/1", &[1, 2])
                .await
                .expect("repeated")
                .attempts(),
            2
        );
        assert_eq!(client.delete("things/1").await.expect("repeated").attempts(), 2);
        let bodies: Vec<_> = line
            .requests()
            .iter()
            .map(|request| request.body.clone())
            .collect();
        assert_eq!(bodies, ["[1,2]", "[1,2]", "", ""]);
    });
}

#[test]
fn a_post_that_may_have_been_processed_is_not_repeated() {
    paused(async {
        for step in [
            Step::status(503),
            Step::status(500),
            Step::fault(TransportErrorKind::Io),
        ] {
            let line = ScriptedLine::always(step);
            let error = client(&line)
                .post("orders", &1)
                .await
                .expect_err("the service fails");
            assert_eq!((error.attempts(), line.requests().len()), (1, 1), "{error}");
        }
    });
}

#[test]
fn a_post_with_an_idempotency_key_is_repeated_with_the_same_key() {
    paused(async {
        let line = ScriptedLine::new([Step::status(503), Step::status(201)]);
        let reply = client(&line)
            .post("orders", &1)
            .header("Idempotency-Key", "order-7")
            .await;
        assert_eq!(reply.expect("repeated").attempts(), 2);
        assert!(
            line.requests()
                .iter()
                .all(|request| request.header("idempotency-key") == Some("order-7"))
        );
    });
}

#[test]
fn a_post_that_certainly_was_not_processed_is_repeated() {
    paused(async {
        for kind in [
            TransportErrorKind::Connect(ConnectCause::Refused),
            TransportErrorKind::NotProcessed,
        ] {
            let line = ScriptedLine::new([Step::fault(kind), Step::status(201)]);
            let reply = client(&line).post("orders", &1).await.expect("repeated");
            assert_eq!(reply.attempts(), 2, "{kind:?}");
        }
    });
}

#[test]
fn a_caller_can_say_whether_a_call_may_be_repeated() {
    paused(async {
        let line = ScriptedLine::new([Step::status(503), Step::status(200)]);
        assert_eq!(
            client(&line)
                .post("search", &1)
                .repeatable(true)
                .await
                .expect("repeated")
                .attempts(),
            2
        );
        let line = ScriptedLine::new([Step::status(503), Step::status(200)]);
        let error = client(&line)
            .get("lottery")
            .repeatable(false)
            .await
            .expect_err("not repeated");
        assert_eq!(error.attempts(), 1);
    });
}

#[test]
fn client_errors_are_final() {
    paused(async {
        for status in [400, 401, 403, 404, 409, 422, 501] {
            let line = ScriptedLine::always(Step::status(status));
            let error = client(&line).get("x").await.expect_err("a failure");
            assert_eq!(
                (error.attempts(), error.status().map(|s| s.as_u16())),
                (1, Some(status))
            );
        }
    });
}

#[test]
fn retry_after_is_waited_for() {
    paused(async {
        let line = ScriptedLine::new([Step::status(503).header("retry-after", "7"), Step::status(200)]);
        client(&line).get("x").await.expect("repeated");
        assert_eq!(line.requests()[1].at, seconds(7));
    });
}

#[test]
fn a_retry_after_beyond_the_deadline_fails_at_once() {
    paused(async {
        let line = ScriptedLine::new([Step::status(429).header("retry-after", "9"), Step::status(200)]);
        let before = tokio::time::Instant::now();
        let error = client(&line)
            .get("x")
            .timeout(seconds(8))
            .await
            .expect_err("no time is left");
        assert_eq!(error.status().map(|s| s.as_u16()), Some(429));
        assert_eq!(error.retry_after(), Some(seconds(9)));
        assert_eq!(before.elapsed(), Duration::ZERO);
    });
}

#[test]
fn the_waits_of_a_schedule_are_kept_to_the_millisecond() {
    paused(async {
        let line = ScriptedLine::always(Step::status(503));
        let client = client_support::builder(&line)
            .retry(Retry::stepped())
            .build()
            .expect("a client");
        let error = client.get("x").await.expect_err("an outage");
        assert_eq!(error.attempts(), 5);
        let at: Vec<u128> = line
            .requests()
            .iter()
            .map(|request| request.at.as_millis())
            .collect();
        assert_eq!(at, [0, 100, 600, 1600, 3600]);
    });
}

#[test]
fn a_server_that_handles_a_repetition_repeats_nothing_itself() {
    paused(async {
        for step in [
            Step::status(503),
            Step::fault(TransportErrorKind::Connect(ConnectCause::Refused)),
        ] {
            let line = ScriptedLine::always(step);
            let context = Context::new().with_attempt(1);
            let call = async { client(&line).get("x").await };
            let error = context.scope(call).await.expect_err("an outage");
            assert_eq!((error.attempts(), line.requests().len()), (1, 1));
        }
    });
}

#[test]
fn an_attempt_that_takes_too_long_is_repeated_where_that_is_safe() {
    paused(async {
        let timed = |line: &ScriptedLine| {
            let builder = client_support::builder(line).attempt_timeout(Duration::from_millis(250));
            builder.build().expect("a client")
        };
        let line = ScriptedLine::new([Step::hang(), Step::status(200)]);
        assert_eq!(timed(&line).get("x").await.expect("repeated").attempts(), 2);
        let line = ScriptedLine::new([Step::hang(), Step::status(200)]);
        let before = tokio::time::Instant::now();
        let error = timed(&line)
            .post("x", &1)
            .await
            .expect_err("it may have been processed");
        assert_eq!(
            (error.kind(), error.attempts(), line.requests().len()),
            (ErrorKind::Timeout, 1, 1)
        );
        assert_eq!(before.elapsed(), Duration::from_millis(250));
    });
}

/// Calls, made `pause` apart for a minute against a service that is down. Gives calls and attempts.
async fn outage(line: &ScriptedLine, client: &tieline::Client, calls: u64, pause: Duration) -> (u64, u64) {
    let before = line.requests().len();
    for _ in 0..calls {
        let outcome = client.get("x").await;
        assert!(outcome.is_err(), "the service is down");
        tokio::time::sleep(pause).await;
    }
    (calls, (line.requests().len() - before) as u64)
}

#[test]
fn in_an_outage_attempts_stay_within_the_calls_and_their_budget() {
    paused(async {
        let line = ScriptedLine::always(Step::status(503));
        let budget = Arc::new(Budget::default());
        // No waits, so that all calls fall into one window, and no breaker, so that the budget alone is seen.
        let retry = Retry::new(5)
            .backoff(Backoff::schedule(&[Duration::ZERO]))
            .budget(budget);
        let metrics = Arc::new(Metrics::new());
        let builder = client_support::builder(&line)
            .retry(retry)
            .metrics(Arc::clone(&metrics));
        let builder = builder.breaker(|breaker| breaker.enabled(false));
        let client = builder.build().expect("a client");
        let (calls, attempts) = outage(&line, &client, 2000, Duration::from_millis(1)).await;
        // A tenth of the calls and ten a second over ten seconds.
        assert!(
            attempts * 10 <= calls * 11 + 1000,
            "{attempts} attempts for {calls} calls"
        );
        assert!(attempts > calls, "the reserve allows some");
        assert!(metrics.service("numbers").budget_exhaustions() > 1000);
    });
}

#[test]
fn with_the_breaker_an_outage_costs_hardly_more_than_it_takes_to_notice() {
    paused(async {
        let line = ScriptedLine::always(Step::status(503));
        let client = client(&line);
        let (_, attempts) = outage(&line, &client, 1000, Duration::from_millis(10)).await;
        // Three calls of three attempts open it; the rest of the ten seconds it stays open.
        assert_eq!(attempts, 9);
        assert_eq!(client.breaker().map(|breaker| breaker.state()), Some(State::Open));
    });
}
