//! Outlier ejection by whole clients under virtual time: Envoy's rules, restated.

mod endpoint_support;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use endpoint_support::{Does, Fleet, builder, calls, ms, paused, seconds};
use tieline::Client;
use tieline::endpoints::outlier::{Outlier, Reason};
use tieline::endpoints::{Balance, Event};
use tieline::policy::breaker;
use tieline::policy::hedge::Hedge;
use tieline::policy::retry::Retry;

const THREE: [&str; 3] = ["http://a:1", "http://b:1", "http://c:1"];

/// The ejections that a client tells of: when, which endpoint, why, for how long.
#[derive(Clone, Default)]
struct Heard(Arc<Mutex<Vec<Event>>>);

impl Heard {
    fn take(&self) -> Vec<Event> {
        std::mem::take(&mut self.0.lock().unwrap())
    }

    /// Endpoint, reason and seconds of each ejection since the last look.
    fn ejections(&self) -> Vec<(String, Reason, u64)> {
        let events = self.take().into_iter();
        let ejections = events.filter_map(|event| match event {
            Event::Ejected {
                endpoint,
                reason,
                lasts,
                ..
            } => Some((endpoint, reason, lasts.as_secs())),
            _ => None,
        });
        ejections.collect()
    }
}

/// A client in turns without retries, so that each call is one attempt.
fn client(fleet: &Fleet, addresses: &[&str], outlier: Outlier) -> (Client, Heard) {
    let heard = Heard::default();
    let tell = heard.clone();
    let client = builder(fleet, addresses)
        .balance(Balance::RoundRobin)
        .retry(Retry::never())
        .balancing(move |settings| {
            settings
                .outlier(outlier)
                .on_event(move |event| tell.0.lock().unwrap().push(event.clone()))
        })
        .build()
        .unwrap();
    (client, heard)
}

fn ejected(endpoint: &str, reason: Reason, seconds: u64) -> (String, Reason, u64) {
    (endpoint.to_owned(), reason, seconds)
}

#[test]
fn five_failures_in_a_row_eject_for_thirty_seconds() {
    paused(async {
        let fleet = Fleet::new();
        fleet.set("a:1", Does::Reply(503, 1));
        let (client, heard) = client(&fleet, &THREE, Outlier::new());
        assert_eq!(calls(&client, 12).await, 4);
        assert!(heard.ejections().is_empty(), "four are not enough");
        assert_eq!(calls(&client, 3).await, 1);
        assert_eq!(heard.ejections(), [ejected("a:1", Reason::Consecutive, 30)]);
        fleet.take();
        assert_eq!(calls(&client, 60).await, 0);
        assert!(!fleet.counts().contains_key("a:1"));
        fleet.set("a:1", Does::Reply(200, 1));
        tokio::time::sleep(seconds(31)).await;
        assert_eq!(calls(&client, 30).await, 0);
        assert_eq!(fleet.counts()["a:1"], 10, "it is called like the others again");
        assert!(heard.take().contains(&Event::Unejected {
            endpoint: "a:1".into()
        }));
    });
}

#[test]
fn a_success_in_between_ends_a_row() {
    paused(async {
        let fleet = Fleet::new();
        let (client, heard) = client(&fleet, &THREE[..1], Outlier::new());
        for _ in 0..10 {
            fleet.set("a:1", Does::Reply(500, 1));
            assert_eq!(calls(&client, 4).await, 4);
            fleet.set("a:1", Does::Reply(404, 1));
            // An answer that is no failure of the service.
            calls(&client, 1).await;
        }
        assert!(heard.ejections().is_empty());
    });
}

#[test]
fn each_ejection_is_longer_and_calm_intervals_are_forgiven() {
    paused(async {
        let fleet = Fleet::new();
        fleet.set("a:1", Does::Reply(503, 1));
        let (client, heard) = client(&fleet, &THREE, Outlier::new());
        let mut lengths = Vec::new();
        for _ in 0..12 {
            calls(&client, 15).await;
            let (_, _, lasts) = heard.ejections().pop().expect("ejected again");
            lengths.push(lasts);
            tokio::time::sleep(seconds(lasts)).await;
        }
        assert_eq!(lengths, [30, 60, 90, 120, 150, 180, 210, 240, 270, 300, 300, 300]);
        fleet.set("a:1", Does::Reply(200, 1));
        calls(&client, 3).await;
        tokio::time::sleep(seconds(200)).await;
        calls(&client, 3).await;
        fleet.set("a:1", Does::Reply(503, 1));
        calls(&client, 15).await;
        assert_eq!(heard.ejections(), [ejected("a:1", Reason::Consecutive, 30)]);
    });
}

#[test]
fn at_most_a_tenth_is_ejected_and_always_one() {
    paused(async {
        let fleet = Fleet::new();
        for server in ["a:1", "b:1"] {
            fleet.set(server, Does::Reply(503, 1));
        }
        let (client, heard) = client(&fleet, &THREE, Outlier::new());
        calls(&client, 200).await;
        assert_eq!(heard.ejections().len(), 1, "two of three would be two thirds");

        let all: Vec<String> = (0..20).map(|at| format!("http://s{at}:1")).collect();
        let all: Vec<&str> = all.iter().map(String::as_str).collect();
        for at in 0..5 {
            fleet.set(&format!("s{at}:1"), Does::Reply(503, 1));
        }
        let (client, heard) = self::client(&fleet, &all, Outlier::new());
        calls(&client, 400).await;
        assert_eq!(heard.ejections().len(), 2);

        let (client, heard) = self::client(&fleet, &all, Outlier::new().max_ejection_percent(50));
        calls(&client, 400).await;
        assert_eq!(heard.ejections().len(), 5);
    });
}

#[test]
fn a_success_rate_below_that_of_the_others_ejects_at_the_end_of_the_interval() {
    paused(async {
        let fleet = Fleet::new();
        let all = [
            "http://a:1",
            "http://b:1",
            "http://c:1",
            "http://d:1",
            "http://e:1",
        ];
        let (client, heard) = client(&fleet, &all, Outlier::new().consecutive_failures(0));
        // a fails every other time: no row of failures, and a rate of a half.
        for turn in 0..120 {
            fleet.set("a:1", Does::Reply(if turn % 2 == 0 { 503 } else { 200 }, 1));
            calls(&client, 5).await;
        }
        assert!(heard.ejections().is_empty(), "the interval has not ended");
        tokio::time::sleep(seconds(10)).await;
        calls(&client, 1).await;
        assert_eq!(heard.ejections(), [ejected("a:1", Reason::SuccessRate, 30)]);
    });
}

#[test]
fn a_percentage_of_failures_ejects_where_it_is_asked_for() {
    for (outlier, expected) in [
        (Outlier::new(), vec![]),
        (
            Outlier::new().failure_percentage(85.0),
            vec![ejected("a:1", Reason::FailurePercentage, 30)],
        ),
    ] {
        paused(async {
            let fleet = Fleet::new();
            let all = [
                "http://a:1",
                "http://b:1",
                "http://c:1",
                "http://d:1",
                "http://e:1",
            ];
            let (client, heard) = client(&fleet, &all, outlier.consecutive_failures(0));
            fleet.set("a:1", Does::Reply(500, 1));
            // Sixty attempts each: too few for rates, enough for percentages.
            calls(&client, 300).await;
            tokio::time::sleep(seconds(10)).await;
            calls(&client, 1).await;
            assert_eq!(heard.ejections(), expected);
        });
    }
}

#[test]
fn what_is_not_enforced_is_told_and_not_done() {
    paused(async {
        let fleet = Fleet::new();
        fleet.set("a:1", Does::Reply(503, 1));
        let (client, heard) = client(&fleet, &THREE, Outlier::new().enforce(false));
        assert_eq!(calls(&client, 30).await, 10);
        let told = heard.take();
        let watched = |event: &&Event| matches!(event, Event::Ejected { enforced: false, .. });
        assert_eq!(told.iter().filter(watched).count(), 2);
        assert_eq!(client.endpoints().unwrap().available().len(), 3);

        let (client, heard) = self::client(&fleet, &THREE, Outlier::disabled());
        assert_eq!(calls(&client, 30).await, 10);
        assert!(heard.ejections().is_empty());
    });
}

#[test]
fn timeouts_are_failures_and_cancelled_calls_are_not() {
    paused(async {
        let fleet = Fleet::new();
        fleet.set("a:1", Does::Hang);
        let (client, heard) = client(&fleet, &THREE[..1], Outlier::new());
        for _ in 0..20 {
            // The caller goes away.
            let _ = tokio::time::timeout(ms(50), client.get("x").into_future()).await;
        }
        assert!(heard.ejections().is_empty());
        for _ in 0..5 {
            client.get("x").timeout(ms(50)).await.expect_err("it hangs");
        }
        assert_eq!(heard.ejections(), [ejected("a:1", Reason::Consecutive, 30)]);
    });
}

#[test]
fn an_endpoint_that_hangs_is_left_by_load_though_hedges_hide_it() {
    paused(async {
        let fleet = Fleet::new();
        fleet.set("a:1", Does::Hang);
        let client = builder(&fleet, &THREE)
            .hedge(Hedge::after(ms(30)).without_budget())
            .build()
            .unwrap();
        assert_eq!(calls(&client, 20).await, 0);
        fleet.take();
        assert_eq!(calls(&client, 200).await, 0);
        let asked = fleet.counts().get("a:1").copied().unwrap_or(0);
        assert!(asked < 40, "{asked} of 200");
    });
}

#[test]
fn our_own_rejections_are_no_failures_of_an_endpoint() {
    paused(async {
        let fleet = Fleet::new();
        let heard = Heard::default();
        let tell = heard.clone();
        let client = builder(&fleet, &THREE[..1])
            .retry(Retry::never())
            .breaker(|settings| settings.enabled(true))
            .balancing(move |settings| {
                settings.on_event(move |event| tell.0.lock().unwrap().push(event.clone()))
            })
            .build()
            .unwrap();
        client.breaker().unwrap().trip();
        assert_eq!(calls(&client, 50).await, 50);
        assert!(heard.ejections().is_empty());
        assert!(fleet.take().is_empty());
    });
}

#[test]
fn an_endpoint_whose_own_breaker_is_open_is_not_picked() {
    paused(async {
        let fleet = Fleet::new();
        fleet.set("a:1", Does::Reply(503, 1));
        let client = builder(&fleet, &THREE)
            .balance(Balance::RoundRobin)
            .retry(Retry::never())
            .balancing(|settings| {
                settings
                    .outlier(Outlier::disabled())
                    .breaker(breaker::Settings::new("own").open_for(seconds(20)))
            })
            .build()
            .unwrap();
        assert_eq!(calls(&client, 60).await, 3, "three failures open it");
        fleet.set("a:1", Does::Reply(200, 1));
        tokio::time::sleep(seconds(20)).await;
        fleet.take();
        assert_eq!(calls(&client, 60).await, 0);
        assert!(fleet.counts()["a:1"] >= 15);

        for server in ["a:1", "b:1", "c:1"] {
            fleet.set(server, Does::Reply(503, 1));
        }
        // In an interval of its own, so that no success stands beside the failures.
        tokio::time::sleep(seconds(11)).await;
        assert_eq!(calls(&client, 60).await, 60);
        assert_eq!(
            fleet.counts().values().sum::<usize>(),
            9,
            "after three failures each, none is asked"
        );
        let error = client.get("x").await.expect_err("all are open");
        let rejected = tieline::ErrorKind::Rejected(tieline::error::Rejection::BreakerOpen);
        assert_eq!(error.kind(), rejected);
    });
}

#[test]
fn the_sweep_needs_no_task_and_no_traffic_in_between() {
    paused(async {
        let fleet = Fleet::new();
        fleet.set("a:1", Does::Reply(503, 1));
        let (client, _) = client(&fleet, &THREE, Outlier::new());
        calls(&client, 15).await;
        assert_eq!(client.endpoints().unwrap().available().len(), 2);
        tokio::time::sleep(Duration::from_secs(30)).await;
        assert_eq!(client.endpoints().unwrap().available().len(), 3);
    });
}
