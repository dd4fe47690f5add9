//! What travels with a call: deadline, number of the attempt, ids, trace, who calls.

mod client_support;

use std::collections::HashSet;
use std::time::Duration;

use client_support::{builder, client, paused, seconds};
use tieline::context::TraceContext;
use tieline::policy::deadline::Deadline;
use tieline::policy::retry::{Backoff, Retry};
use tieline::testing::{Asked, ScriptedLine, Step};
use tieline::{Context, ErrorKind};

const KEY: &str = "hunter2-sk-live";

fn remaining(request: &Asked) -> u64 {
    let text = request.header("tieline-timeout-ms").expect("there is a deadline");
    text.parse().expect("milliseconds")
}

#[test]
fn what_is_left_of_the_deadline_shrinks_with_each_attempt() {
    paused(async {
        let line = ScriptedLine::new([
            Step::status(503).after(Duration::from_millis(300)),
            Step::status(503).after(Duration::from_millis(500)),
            Step::status(200),
        ]);
        let retry = Retry::new(3).backoff(Backoff::schedule(&[Duration::from_millis(200)]));
        let client = builder(&line).retry(retry).build().expect("a client");
        client
            .get("x")
            .timeout(seconds(5))
            .await
            .expect("the third works");
        let asked = line.requests();
        assert_eq!(
            asked.iter().map(remaining).collect::<Vec<_>>(),
            [5000, 4500, 3800]
        );
        let numbers: Vec<_> = asked
            .iter()
            .map(|request| request.header("tieline-attempt"))
            .collect();
        assert_eq!(numbers, [None, Some("1"), Some("2")]);
    });
}

#[test]
fn the_deadline_of_the_request_being_served_wins_when_it_is_earlier() {
    paused(async {
        for (inherited, own, left) in [(2, 5, 2000), (9, 5, 5000)] {
            let line = ScriptedLine::always(Step::status(200));
            let context = Context::new().with_deadline(Deadline::after(seconds(inherited)));
            let call = async { client(&line).get("x").timeout(seconds(own)).await };
            context.scope(call).await.expect("in time");
            assert_eq!(remaining(&line.requests()[0]), left);
        }
    });
}

#[test]
fn a_call_ends_with_its_deadline_and_says_so() {
    paused(async {
        let line = ScriptedLine::always(Step::hang());
        let before = tokio::time::Instant::now();
        let error = client(&line).get("x").await.expect_err("it hangs");
        assert_eq!(before.elapsed(), seconds(30), "the default");
        assert_eq!((error.kind(), error.attempts()), (ErrorKind::Timeout, 1));
        assert!(error.is_timeout());
        assert_eq!((error.service(), error.operation()), ("numbers", "GET /x"));
    });
}

#[test]
fn a_deadline_that_has_passed_sends_nothing() {
    paused(async {
        let line = ScriptedLine::always(Step::status(200));
        let context = Context::new().with_deadline(Deadline::after(seconds(1)));
        tokio::time::advance(seconds(2)).await;
        let error = client(&line)
            .get("x")
            .context(&context)
            .await
            .expect_err("too late");
        assert_eq!(
            (error.kind(), error.attempts(), line.requests().len()),
            (ErrorKind::Timeout, 0, 0)
        );
    });
}

#[test]
fn an_attempt_is_told_of_its_own_limit() {
    paused(async {
        let line = ScriptedLine::always(Step::status(200));
        let limited = builder(&line)
            .attempt_timeout(Duration::from_millis(700))
            .build()
            .expect("a client");
        limited.get("x").await.expect("in time");
        assert_eq!(remaining(&line.requests()[0]), 700);
    });
}

#[test]
fn every_call_says_who_calls_and_on_whose_behalf() {
    paused(async {
        let line = ScriptedLine::new([Step::status(503), Step::status(200)]);
        let client = builder(&line)
            .caller("order-service")
            .api_key(KEY)
            .build()
            .expect("a client");
        client.get("x").await.expect("the second works");
        let asked = line.requests();
        for request in &asked {
            assert_eq!(request.header("x-api-key"), Some(KEY));
            assert_eq!(request.header("x-service-name"), Some("order-service"));
            assert_eq!(request.header("accept"), Some("application/json"));
            assert_eq!(request.header("x-correlation-id"), request.header("x-request-id"));
            assert!(TraceContext::parse(request.header("traceparent").expect("a trace"), None).is_some());
        }
        let ids = |name: &str| {
            asked
                .iter()
                .filter_map(|request| request.header(name))
                .collect::<HashSet<_>>()
                .len()
        };
        assert_eq!(
            (ids("x-service-id"), ids("x-correlation-id"), ids("traceparent")),
            (1, 1, 1),
            "one call, one id"
        );
        client.get("x").await.expect("it works");
        assert_ne!(
            line.requests()[2].header("x-correlation-id"),
            asked[0].header("x-correlation-id")
        );
        assert_ne!(
            line.requests()[2].header("x-service-id"),
            asked[0].header("x-service-id")
        );
    });
}

#[test]
fn ids_and_trace_are_inherited_from_the_request_being_served() {
    paused(async {
        let line = ScriptedLine::always(Step::status(404));
        let text = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        let context = Context::new()
            .with_correlation_id("outside-1")
            .with_request_id("request-2")
            .with_trace(TraceContext::parse(text, Some("vendor=1")).expect("well-formed"));
        let error = context
            .scope(async { client(&line).get("x").await })
            .await
            .expect_err("not found");
        assert_eq!(error.correlation_id(), Some("outside-1"));
        assert!(error.to_string().contains("outside-1"), "{error}");
        let asked = &line.requests()[0];
        assert_eq!(asked.header("x-correlation-id"), Some("outside-1"));
        assert_eq!(asked.header("x-request-id"), Some("request-2"));
        assert_eq!(asked.header("tracestate"), Some("vendor=1"));
        let sent = asked.header("traceparent").expect("a trace");
        assert!(
            sent.starts_with("00-4bf92f3577b34da6a3ce929d0e0e4736-") && sent.ends_with("-01"),
            "{sent}"
        );
        assert_ne!(sent, text, "the call is a span of its own");
    });
}

#[test]
fn a_context_that_is_given_stands_in_for_the_current_one() {
    paused(async {
        let line = ScriptedLine::always(Step::status(200));
        let given = Context::new().with_request_id("given");
        let call = async { client(&line).get("x").context(&given).await };
        Context::new()
            .with_correlation_id("current")
            .scope(call)
            .await
            .expect("it works");
        assert_eq!(line.requests()[0].header("x-correlation-id"), Some("given"));
    });
}

#[test]
fn headers_of_a_call_win_over_those_of_the_client() {
    paused(async {
        let line = ScriptedLine::always(Step::status(200));
        let client = builder(&line).caller("orders").build().expect("a client");
        client
            .get("x")
            .header("x-service-name", "probe")
            .header("accept", "text/plain")
            .await
            .expect("it works");
        assert_eq!(line.requests()[0].header("x-service-name"), Some("probe"));
        assert_eq!(line.requests()[0].header("accept"), Some("text/plain"));
        let error = client
            .get("x")
            .header("bad name", "x")
            .await
            .expect_err("no header");
        assert_eq!((error.kind(), error.attempts()), (ErrorKind::Encode, 0));
        assert!(error.message().contains("bad name"), "{error}");
    });
}
