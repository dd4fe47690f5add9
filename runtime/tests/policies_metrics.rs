//! The metrics registry and its text.

use std::sync::Arc;
use std::time::Duration;

use tieline::observe::metrics::{AttemptOutcome, Metrics, Rejection, Status};
use tieline::policy::breaker::State;

/// The lines of one family's samples.
fn samples<'a>(text: &'a str, name: &str) -> Vec<&'a str> {
    text.lines().filter(|line| line.starts_with(name)).collect()
}

#[test]
fn calls_are_counted_and_timed_by_service_method_and_status() {
    let metrics = Metrics::new();
    let operation = metrics.operation("user-service", "getUser", "GET");
    operation.call(Status::Http(200), Duration::from_millis(5));
    operation.call(Status::Http(200), Duration::from_millis(6));
    operation.call(Status::Http(200), Duration::from_secs(60));
    operation.call(Status::Code(14), Duration::from_millis(300));
    let labels = r#"service="user-service",method="GET""#;
    let text = metrics.render();
    assert_eq!(
        samples(&text, "service_call_total"),
        [
            format!(r#"service_call_total{{{labels},status="200"}} 3"#),
            format!(r#"service_call_total{{{labels},status="UNAVAILABLE"}} 1"#),
        ]
    );
    let bounds = [
        "0.005", "0.01", "0.025", "0.05", "0.075", "0.1", "0.25", "0.5", "0.75", "1", "2.5", "5", "7.5", "10",
    ];
    let counts = [1, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2];
    let name = "service_call_duration_seconds";
    let mut expected: Vec<String> = bounds
        .iter()
        .zip(counts)
        .map(|(bound, count)| format!(r#"{name}_bucket{{{labels},status="200",le="{bound}"}} {count}"#))
        .collect();
    expected.push(format!(r#"{name}_bucket{{{labels},status="200",le="+Inf"}} 3"#));
    expected.push(format!(r#"{name}_sum{{{labels},status="200"}} 60.011"#));
    expected.push(format!(r#"{name}_count{{{labels},status="200"}} 3"#));
    assert_eq!(samples(&text, name)[..17], expected);
}

#[test]
fn operations_that_share_a_method_are_one_series_of_calls_and_apart_as_attempts() {
    let metrics = Metrics::new();
    for (operation, calls) in [("getUser", 2), ("listUsers", 3)] {
        let handle = metrics.operation("users", operation, "GET");
        for _ in 0..calls {
            handle.call(Status::Http(200), Duration::from_millis(1));
            handle.attempt(AttemptOutcome::Success);
        }
        handle.attempt(AttemptOutcome::Timeout);
    }
    let text = metrics.render();
    assert_eq!(
        samples(&text, "service_call_total"),
        [r#"service_call_total{service="users",method="GET",status="200"} 5"#]
    );
    let attempts = samples(&text, "tieline_attempts_total");
    for expected in [
        r#"tieline_attempts_total{service="users",operation="getUser",outcome="success"} 2"#,
        r#"tieline_attempts_total{service="users",operation="listUsers",outcome="success"} 3"#,
        r#"tieline_attempts_total{service="users",operation="listUsers",outcome="timeout"} 1"#,
        r#"tieline_attempts_total{service="users",operation="listUsers",outcome="failure"} 0"#,
    ] {
        assert!(attempts.contains(&expected), "{expected} is not in {attempts:#?}");
    }
}

#[test]
fn the_policies_of_a_service_are_shown() {
    let metrics = Metrics::new();
    let service = metrics.service("orders");
    service.breaker_state(State::Closed);
    service.breaker_moved(State::Open);
    service.breaker_moved(State::HalfOpen);
    service.breaker_moved(State::Open);
    service.retry_budget_exhausted();
    service.rejected(Rejection::BreakerOpen);
    service.rejected(Rejection::BreakerOpen);
    metrics.service("quiet");
    let text = metrics.render();
    assert_eq!(
        samples(&text, "tieline_breaker_state"),
        [r#"tieline_breaker_state{service="orders"} 2"#]
    );
    assert_eq!(
        samples(&text, "tieline_breaker_transitions_total"),
        [
            r#"tieline_breaker_transitions_total{service="orders",to="closed"} 0"#,
            r#"tieline_breaker_transitions_total{service="orders",to="half_open"} 1"#,
            r#"tieline_breaker_transitions_total{service="orders",to="open"} 2"#,
        ]
    );
    assert_eq!(
        samples(&text, "tieline_retry_budget_exhausted_total"),
        [
            r#"tieline_retry_budget_exhausted_total{service="orders"} 1"#,
            r#"tieline_retry_budget_exhausted_total{service="quiet"} 0"#,
        ]
    );
    let rejected = samples(&text, "tieline_rejected_total");
    assert!(rejected.contains(&r#"tieline_rejected_total{service="orders",reason="breaker_open"} 2"#));
    assert!(rejected.contains(&r#"tieline_rejected_total{service="orders",reason="bulkhead_full"} 0"#));
}

#[test]
fn label_values_are_escaped() {
    let metrics = Metrics::new();
    metrics.service("back\\slash \"quote\" line\nfeed é");
    let text = metrics.render();
    let expected = r#"tieline_retry_budget_exhausted_total{service="back\\slash \"quote\" line\nfeed é"} 0"#;
    assert_eq!(samples(&text, "tieline_retry_budget_exhausted_total"), [expected]);
}

#[test]
fn every_line_is_of_the_text_format() {
    let metrics = Metrics::new();
    metrics
        .operation("a", "b", "c")
        .call(Status::Http(500), Duration::from_nanos(1));
    metrics.service("a").breaker_state(State::Closed);
    let text = metrics.render();
    assert!(text.ends_with('\n'));
    let mut families = Vec::new();
    for line in text.lines() {
        if let Some(family) = line.strip_prefix("# TYPE ") {
            families.extend(family.split(' ').next());
            continue;
        }
        if line.starts_with("# HELP ") {
            continue;
        }
        let (series, value) = line.rsplit_once(' ').expect("a sample has a value");
        assert!(value.parse::<f64>().is_ok(), "{line}");
        assert!(
            series.ends_with('}') && series.starts_with(families.last().expect("a family comes first")),
            "{line}"
        );
    }
    assert_eq!(families.len(), 7);
}

#[test]
fn the_same_names_give_the_same_handle() {
    let metrics = Metrics::new();
    assert!(Arc::ptr_eq(
        &metrics.operation("a", "b", "GET"),
        &metrics.operation("a", "b", "GET")
    ));
    assert!(Arc::ptr_eq(&metrics.service("a"), &metrics.service("a")));
    assert!(!Arc::ptr_eq(
        &metrics.operation("a", "b", "GET"),
        &metrics.operation("a", "b", "PUT")
    ));
    assert!(Arc::ptr_eq(Metrics::global(), Metrics::global()));
    assert!(
        !Metrics::global().render().contains("service=\"a\""),
        "registries are apart"
    );
}

#[test]
fn threads_that_record_at_the_same_time_lose_nothing() {
    let metrics = Metrics::new();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let operation = metrics.operation("users", "getUser", "GET");
                for at in 0..2_500 {
                    operation.call(Status::Http(200 + at % 5), Duration::from_millis(u64::from(at)));
                    operation.attempt(AttemptOutcome::Success);
                }
            });
        }
    });
    let operation = metrics.operation("users", "getUser", "GET");
    assert_eq!(
        (200..205)
            .map(|status| operation.calls(Status::Http(status)))
            .sum::<u64>(),
        10_000
    );
    assert_eq!(operation.attempts(AttemptOutcome::Success), 10_000);
}
