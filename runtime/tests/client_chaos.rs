//! Faults that are put into requests on purpose, and what policies make of them.

mod client_support;

use std::sync::Arc;
use std::time::Duration;

use client_support::{builder, paused, seconds};
use tieline::client::ClientBuilder;
use tieline::http::Chaos;
use tieline::policy::retry::Retry;
use tieline::random::Random;
use tieline::registry::Registry;
use tieline::testing::{ScriptedLine, Step};
use tieline::{Client, Code, ErrorKind};

fn chaos() -> Chaos {
    Chaos::new().random(Arc::new(Random::seeded(3)))
}

fn line() -> ScriptedLine {
    ScriptedLine::always(Step::status(200).body("0123456789"))
}

fn with(line: &ScriptedLine, chaos: Chaos) -> ClientBuilder {
    builder(line).chaos(chaos).retry(Retry::never())
}

#[test]
fn each_fault_is_what_a_caller_would_see_of_a_real_one() {
    paused(async {
        let line = line();
        let fails = async |chaos: Chaos| {
            let client = with(&line, chaos).timeout(seconds(5)).build().expect("a client");
            client.get("x").await.expect_err("a fault")
        };
        let aborted = fails(chaos().abort(429, 1.0)).await;
        assert_eq!(
            (aborted.kind(), aborted.code()),
            (ErrorKind::Status, Code::ResourceExhausted)
        );
        assert!(fails(chaos().black_hole(1.0)).await.is_timeout());
        assert_eq!(line.requests().len(), 0, "neither was sent");
        assert_eq!(fails(chaos().reset(1.0)).await.kind(), ErrorKind::Transport);
        assert_eq!(line.requests().len(), 1, "its reply was lost");
        assert_eq!(fails(chaos().truncate(1.0)).await.kind(), ErrorKind::Transport);
        assert_eq!(line.requests().len(), 2);
    });
}

#[test]
fn latency_comes_before_the_request_and_alone_does_no_harm() {
    paused(async {
        let line = line();
        let client = with(&line, chaos().latency(seconds(2), 1.0))
            .build()
            .expect("a client");
        client.get("x").await.expect("a slow reply");
        assert_eq!(line.requests()[0].at, seconds(2));
    });
}

#[test]
fn shares_are_shares() {
    paused(async {
        let line = line();
        let client = with(&line, chaos().abort(503, 0.2).truncate(0.1))
            .breaker(|settings| settings.minimum_requests(u32::MAX))
            .build()
            .expect("a client");
        let (mut aborted, mut broken) = (0, 0);
        for _ in 0..2000 {
            match client.get("x").await {
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::Status => aborted += 1,
                Err(_) => broken += 1,
            }
        }
        assert!(
            (340..460).contains(&aborted) && (150..250).contains(&broken),
            "{aborted}, {broken}"
        );
    });
}

#[test]
fn policies_make_up_for_faults() {
    paused(async {
        let line = line();
        let client = builder(&line)
            .chaos(chaos().abort(503, 0.3).reset(0.1))
            .build()
            .expect("a client");
        let mut failed = 0;
        for _ in 0..200 {
            failed += u32::from(client.get("x").await.is_err());
            tokio::time::advance(Duration::from_secs(1)).await;
        }
        // Of 200 requests, 80 have a fault; three attempts of a call in a row have one with 0.4 cubed.
        assert!(failed < 30, "{failed}");
    });
}

#[test]
fn the_settings_turn_faults_on() {
    paused(async {
        let environment = |enabled: &str| {
            let set = [
                ("TIELINE__USERS__CHAOS__ENABLED", enabled),
                ("TIELINE__USERS__CHAOS__ABORT_SHARE", "1"),
                ("TIELINE__USERS__CHAOS__ABORT_STATUS", "404"),
            ];
            set.map(|(name, value)| (name.to_owned(), value.to_owned()))
                .into()
        };
        for (enabled, code) in [("true", Err(Code::NotFound)), ("false", Ok(()))] {
            let environment: std::collections::BTreeMap<String, String> = environment(enabled);
            let registry = Registry::with_environment(environment);
            registry.connect("users", line());
            let client: Client = registry.create("users").expect("a client");
            assert_eq!(
                client.get("x").await.map(drop).map_err(|error| error.code()),
                code
            );
        }
    });
}
