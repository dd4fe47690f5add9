//! What can be seen of calls: metrics and interceptors.

mod client_support;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use client_support::{builder, paused};
use http::HeaderMap;
use tieline::client::{AttemptFacts, CallFacts, Interceptor};
use tieline::error::Fault;
use tieline::observe::metrics::Metrics;
use tieline::testing::{ScriptedLine, Step};
use tieline::{Code, ErrorKind};

#[test]
fn calls_are_counted_and_timed_under_the_names_of_the_seed() {
    paused(async {
        let metrics = Arc::new(Metrics::new());
        let line = ScriptedLine::new([
            Step::status(200).after(Duration::from_millis(20)),
            Step::status(503),
            Step::status(200),
            Step::status(404),
        ]);
        let client = builder(&line)
            .metrics(Arc::clone(&metrics))
            .build()
            .expect("a client");
        for _ in 0..3 {
            let _ = client.get("x").await;
        }
        let text = metrics.render();
        for sample in [
            r#"service_call_total{service="numbers",method="GET",status="200"} 2"#,
            r#"service_call_total{service="numbers",method="GET",status="404"} 1"#,
            r#"service_call_duration_seconds_count{service="numbers",method="GET",status="200"} 2"#,
            r#"service_call_duration_seconds_bucket{service="numbers",method="GET",status="404",le="0.005"} 1"#,
            r#"tieline_attempts_total{service="numbers",operation="untyped",outcome="success"} 3"#,
            r#"tieline_attempts_total{service="numbers",operation="untyped",outcome="failure"} 1"#,
        ] {
            assert!(text.lines().any(|line| line == sample), "{sample} in\n{text}");
        }
    });
}

/// Writes down what it sees, and adds a header at each point where it may.
struct Diary {
    name: &'static str,
    entries: Arc<Mutex<Vec<String>>>,
}

impl Diary {
    fn write(&self, what: impl std::fmt::Display) {
        self.entries
            .lock()
            .expect("no panic")
            .push(format!("{} {what}", self.name));
    }
}

impl Interceptor for Diary {
    fn before_call(&self, call: &CallFacts<'_>, headers: &mut HeaderMap) -> Result<(), Fault> {
        self.write(format_args!("call {}", call.operation));
        headers.append("seen-by", self.name.parse().expect("a token"));
        Ok(())
    }

    fn before_attempt(&self, attempt: &AttemptFacts<'_>, headers: &mut HeaderMap) {
        self.write(format_args!("attempt {}", attempt.number));
        headers.insert("signature", attempt.number.into());
    }

    fn after_attempt(&self, attempt: &AttemptFacts<'_>, outcome: Result<(), &Fault>) {
        self.write(format_args!("attempted {} {}", attempt.number, outcome.is_ok()));
    }

    fn after_call(&self, _: &CallFacts<'_>, attempts: u32, outcome: Result<(), &Fault>) {
        self.write(format_args!("called {attempts} {}", outcome.is_ok()));
    }
}

#[test]
fn interceptors_run_in_order_around_calls_and_attempts() {
    paused(async {
        let entries = Arc::new(Mutex::new(Vec::new()));
        let diary = |name| Diary {
            name,
            entries: Arc::clone(&entries),
        };
        let line = ScriptedLine::new([Step::status(503), Step::status(200)]);
        let client = builder(&line)
            .interceptor(diary("a"))
            .interceptor(diary("b"))
            .build()
            .expect("a client");
        client.get("x").await.expect("the second attempt works");
        let expected = [
            "a call GET /x",
            "b call GET /x",
            "a attempt 0",
            "b attempt 0",
            "a attempted 0 false",
            "b attempted 0 false",
            "a attempt 1",
            "b attempt 1",
            "a attempted 1 true",
            "b attempted 1 true",
            "a called 2 true",
            "b called 2 true",
        ];
        assert_eq!(*entries.lock().expect("no panic"), expected);
        let asked = line.requests();
        let seen: Vec<_> = asked[0].headers.get_all("seen-by").iter().collect();
        assert_eq!(seen, ["a", "b"]);
        assert_eq!(
            (asked[0].header("signature"), asked[1].header("signature")),
            (Some("0"), Some("1"))
        );
    });
}

struct Refusing;

impl Interceptor for Refusing {
    fn before_call(&self, _: &CallFacts<'_>, _: &mut HeaderMap) -> Result<(), Fault> {
        Err(Fault::new(
            ErrorKind::Forbidden,
            Code::PermissionDenied,
            "not on Sundays",
        ))
    }
}

#[test]
fn an_interceptor_can_refuse_a_call() {
    paused(async {
        let line = ScriptedLine::always(Step::status(200));
        let client = builder(&line).interceptor(Refusing).build().expect("a client");
        let error = client.get("x").await.expect_err("refused");
        assert_eq!(
            (error.kind(), error.message(), error.attempts()),
            (ErrorKind::Forbidden, "not on Sundays", 0)
        );
        assert!(line.requests().is_empty());
        assert_eq!(client.breaker().expect("there is one").counts().total, 0);
    });
}
