//! What calls that may be repeated notice of a replica that dies, hangs, fails, drags or comes and goes: 32 at a time, with the
//! default budget, whose reserve of a hundred retries covers what is under way.

use std::time::Duration;

use tieline::Client;
use tieline::client::ClientBuilder;
use tieline::policy::hedge::Hedge;

use crate::fleet::{Mood, Outcomes, Replicas, Service, crowd, simulate};

const CROWD: u64 = 32;

fn built(builder: ClientBuilder) -> Client {
    builder.build().expect("a client")
}

/// Well for a second, then one replica is in this mood; what comes of the calls in the end.
async fn with_one(mood: Mood, replicas: &Replicas, client: &Client) -> (Outcomes, Vec<Duration>) {
    let change = async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        replicas.all()[1].be(mood);
    };
    tokio::join!(crowd(client, CROWD, 1000), change).0
}

fn percentile(times: &[Duration], percent: usize) -> Duration {
    times[(times.len() * percent / 100).min(times.len() - 1)]
}

#[test]
fn no_call_fails_because_of_one_replica() {
    for mood in [Mood::Gone, Mood::Failing, Mood::Silent] {
        simulate(async {
            let replicas = Replicas::new(1);
            let client = built(replicas.client(2).attempt_timeout(Duration::from_millis(250)));
            let (outcomes, _) = with_one(mood, &replicas, &client).await;
            let expected = Outcomes {
                well: CROWD * 1000,
                ..Outcomes::default()
            };
            assert_eq!(outcomes, expected, "{mood:?}");
            let asked = replicas.all().each_ref().map(Service::attempts);
            assert!(
                asked[1] < asked[0] / 2 && asked[1] < asked[2] / 2,
                "{mood:?}: load leaves it: {asked:?}"
            );
        });
    }
}

#[test]
fn a_replica_that_comes_and_goes_fails_no_call() {
    simulate(async {
        let replicas = Replicas::new(3);
        let client = built(replicas.client(4));
        let flapping = async {
            for round in 0.. {
                tokio::time::sleep(Duration::from_millis(500)).await;
                replicas.all()[1].be(if round % 2 == 0 { Mood::Gone } else { Mood::Well });
            }
        };
        let outcomes = tokio::select! {
            (outcomes, _) = crowd(&client, CROWD, 1000) => outcomes,
            () = flapping => unreachable!("it flaps for ever"),
        };
        assert_eq!(
            outcomes,
            Outcomes {
                well: CROWD * 1000,
                ..Outcomes::default()
            }
        );
    });
}

#[test]
fn a_rolling_restart_fails_no_call() {
    simulate(async {
        let replicas = Replicas::new(5);
        let client = built(replicas.client(6));
        let restart = async {
            for replica in replicas.all() {
                replica.be(Mood::Gone);
                tokio::time::sleep(Duration::from_secs(2)).await;
                replica.be(Mood::Well);
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        };
        let ((outcomes, _), ()) = tokio::join!(crowd(&client, CROWD, 1500), restart);
        assert_eq!(
            outcomes,
            Outcomes {
                well: CROWD * 1500,
                ..Outcomes::default()
            }
        );
    });
}

#[test]
fn hedging_keeps_the_slowest_calls_within_twice_of_healthy_ones_beside_a_slow_replica() {
    let slowest = |mood| {
        simulate(async move {
            let replicas = Replicas::new(7);
            let hedge = Hedge::at_quantile(0.95).without_budget();
            let client = built(replicas.client(8).hedge(hedge));
            let (outcomes, times) = with_one(mood, &replicas, &client).await;
            assert_eq!(outcomes.failed + outcomes.rejected, 0, "{outcomes:?}");
            percentile(&times, 99)
        })
    };
    let (healthy, beside) = (
        slowest(Mood::Well),
        slowest(Mood::Slow(Duration::from_millis(500))),
    );
    assert!(beside <= 2 * healthy, "{beside:?}, healthy {healthy:?}");
}
