//! How load is spread: each balance, latency, slow start, zones, panic, subsets. Under virtual time and seeded.

mod endpoint_support;

use std::collections::{BTreeMap, BTreeSet};

use endpoint_support::{Does, Fleet, builder, calls, members, paused, seconds};
use futures_util::StreamExt as _;
use futures_util::stream;
use tieline::Client;
use tieline::client::ClientBuilder;
use tieline::endpoints::outlier::Outlier;
use tieline::endpoints::{Balance, Discover, DiscoverError, Discovering, Member, Subset};

const FOUR: [&str; 4] = ["http://a:1", "http://b:1", "http://c:1", "http://d:1"];

/// Makes so many calls, so many at a time; none may fail.
async fn load(client: &Client, number: usize, at_a_time: usize) {
    let calls = stream::iter(0..number).map(|_| async { client.get("x").await.map(drop) });
    let results: Vec<_> = calls.buffer_unordered(at_a_time).collect().await;
    assert!(results.iter().all(Result::is_ok));
}

async fn spread(
    builder: ClientBuilder,
    fleet: &Fleet,
    number: usize,
    at_a_time: usize,
) -> BTreeMap<String, usize> {
    let client = builder.build().unwrap();
    load(&client, number, at_a_time).await;
    fleet.counts()
}

#[test]
fn weights_are_kept_to_the_call() {
    paused(async {
        let fleet = Fleet::new();
        let addresses = [
            "http://a:1;weight=5",
            "http://b:1;weight=1",
            "http://c:1;weight=4",
        ];
        let builder = builder(&fleet, &addresses).balance(Balance::Weighted);
        let counts = spread(builder, &fleet, 1000, 1).await;
        assert_eq!((counts["a:1"], counts["b:1"], counts["c:1"]), (500, 100, 400));
    });
}

#[test]
fn the_fewest_attempts_under_way_leave_a_slow_endpoint_its_part_of_the_time() {
    paused(async {
        let fleet = Fleet::new();
        fleet.set("a:1", Does::Reply(200, 100));
        let builder = builder(&fleet, &FOUR).balance(Balance::LeastRequest);
        let counts = spread(builder, &fleet, 3100, 16).await;
        // Each has the same number under way, so that one that takes ten times as long answers a tenth as often.
        assert!((70..=130).contains(&counts["a:1"]), "{counts:?}");
        for server in ["b:1", "c:1", "d:1"] {
            assert!((900..=1100).contains(&counts[server]), "{counts:?}");
        }
    });
}

#[test]
fn the_better_of_two_spreads_evenly_over_equals_and_leaves_a_slow_one() {
    paused(async {
        let fleet = Fleet::new();
        let counts = spread(builder(&fleet, &FOUR).balance(Balance::P2c), &fleet, 4000, 16).await;
        assert!(
            counts.values().all(|count| (850..=1150).contains(count)),
            "{counts:?}"
        );
        fleet.set("a:1", Does::Reply(200, 100));
        let counts = spread(builder(&fleet, &FOUR).balance(Balance::P2c), &fleet, 4000, 16).await;
        assert!(counts["a:1"] < 200, "{counts:?}");
    });
}

#[test]
fn the_better_of_two_comes_back_to_an_endpoint_that_is_fast_again() {
    paused(async {
        let fleet = Fleet::new();
        fleet.set("a:1", Does::Reply(200, 1000));
        let client = builder(&fleet, &FOUR).build().unwrap();
        load(&client, 2000, 8).await;
        fleet.set("a:1", Does::Reply(200, 10));
        for _ in 0..60 {
            load(&client, 10, 8).await;
            tokio::time::sleep(seconds(1)).await;
        }
        fleet.take();
        load(&client, 2000, 8).await;
        let counts = fleet.counts();
        assert!(counts["a:1"] > 350, "{counts:?}");
    });
}

#[test]
fn the_better_of_two_is_left_a_slow_one_by_a_client_that_calls_rarely_too() {
    paused(async {
        let fleet = Fleet::new();
        fleet.set("a:1", Does::Reply(200, 1000));
        let client = builder(&fleet, &FOUR[..3]).build().unwrap();
        for _ in 0..120 {
            assert_eq!(calls(&client, 1).await, 0);
            tokio::time::sleep(seconds(5)).await;
        }
        let counts = fleet.counts();
        assert!(counts["a:1"] < 20, "{counts:?}");
    });
}

#[test]
fn an_endpoint_that_fails_fast_draws_no_load() {
    paused(async {
        let fleet = Fleet::new();
        fleet.set("a:1", Does::Reply(500, 1));
        let client = builder(&fleet, &FOUR)
            .balancing(|settings| settings.outlier(Outlier::disabled()))
            .build()
            .unwrap();
        load(&client, 1000, 8).await;
        let counts = fleet.counts();
        assert!(counts["a:1"] < 100, "{counts:?}");
    });
}

#[test]
fn a_key_leads_to_one_endpoint_and_keys_spread_over_all() {
    paused(async {
        let fleet = Fleet::new();
        let client = builder(&fleet, &FOUR)
            .balance(Balance::ConsistentHash)
            .build()
            .unwrap();
        let mut homes = BTreeMap::new();
        for round in 0..3 {
            for user in 0..400 {
                client.get("x").hash_key(&format!("user-{user}")).await.unwrap();
                let home = fleet.take().pop().unwrap();
                if round == 0 {
                    homes.insert(user, home);
                } else {
                    assert_eq!(homes[&user], home, "user-{user}");
                }
            }
        }
        let mut counts = BTreeMap::<&str, usize>::new();
        for home in homes.values() {
            *counts.entry(home).or_default() += 1;
        }
        assert!(
            counts.len() == 4 && counts.values().all(|count| (60..=140).contains(count)),
            "{counts:?}"
        );

        // One endpoint less moves its own keys and no others.
        let client = builder(&fleet, &FOUR[..3])
            .balance(Balance::ConsistentHash)
            .build()
            .unwrap();
        for user in 0..400 {
            client.get("x").hash_key(&format!("user-{user}")).await.unwrap();
            let home = fleet.take().pop().unwrap();
            assert!(home == homes[&user] || homes[&user] == "d:1", "user-{user}");
        }
    });
}

#[test]
fn a_header_can_be_the_key() {
    paused(async {
        let fleet = Fleet::new();
        let client = builder(&fleet, &FOUR)
            .balance(Balance::ConsistentHash)
            .balancing(|settings| settings.hash_header(http::HeaderName::from_static("x-user-id")))
            .build()
            .unwrap();
        for user in 0..20 {
            let user = format!("user-{user}");
            for _ in 0..3 {
                client.get("x").header("x-user-id", &user).await.unwrap();
            }
            client.get("x").hash_key(&user).await.unwrap();
            let homes: BTreeSet<String> = fleet.take().into_iter().collect();
            assert_eq!(homes.len(), 1, "{user}: by header or by key, it is the same");
        }
    });
}

#[test]
fn a_key_that_everybody_asks_for_spills_over_at_a_quarter_more_than_the_share() {
    paused(async {
        let fleet = Fleet::new();
        for server in ["a:1", "b:1", "c:1", "d:1"] {
            fleet.set(server, Does::Reply(200, 1000));
        }
        let client = builder(&fleet, &FOUR)
            .balance(Balance::ConsistentHash)
            .build()
            .unwrap();
        let calls = (0..100).map(|_| async { client.get("x").hash_key("hot").await.map(drop) });
        futures_util::future::join_all(calls).await;
        let counts = fleet.counts();
        assert!(
            counts.values().all(|count| *count <= 32),
            "1.25 times 25, rounded up: {counts:?}"
        );
    });
}

/// Sets that a test sends.
struct Sent(tokio::sync::mpsc::UnboundedReceiver<Vec<Member>>);

impl Discover for Sent {
    fn next(&mut self) -> Discovering<'_> {
        Box::pin(async { Ok::<_, DiscoverError>(self.0.recv().await) })
    }
}

#[test]
fn a_new_endpoint_comes_to_its_load_over_the_slow_start() {
    for balance in [
        Balance::RoundRobin,
        Balance::Weighted,
        Balance::LeastRequest,
        Balance::P2c,
    ] {
        paused(async {
            let fleet = Fleet::new();
            let (send, sets) = tokio::sync::mpsc::unbounded_channel();
            let client = builder(&fleet, &[])
                .discover(Sent(sets))
                .balance(balance)
                .balancing(|settings| settings.slow_start(seconds(100)))
                .build()
                .unwrap();
            send.send(members(&FOUR[..3])).unwrap();
            load(&client, 300, 8).await;
            let first = fleet.counts();
            assert!(
                first.values().all(|count| *count > 60),
                "{balance:?}: the first ones begin together: {first:?}"
            );
            send.send(members(&FOUR)).unwrap();
            let mut shares = Vec::new();
            // Ten times ten seconds, and ten after that.
            for _ in 0..11 {
                load(&client, 1000, 8).await;
                let counts = fleet.counts();
                shares.push(counts.get("d:1").copied().unwrap_or(0));
                tokio::time::sleep(seconds(9)).await;
            }
            assert!(shares[0] < 110, "{balance:?}: {shares:?}");
            assert!((60..=200).contains(&shares[5]), "{balance:?}: {shares:?}");
            assert!((200..=300).contains(&shares[10]), "{balance:?}: {shares:?}");
        });
    }
}

#[test]
fn the_own_zone_is_preferred_and_others_stand_in_for_it() {
    paused(async {
        let fleet = Fleet::new();
        let zones = [
            "http://a:1;zone=x",
            "http://b:1;zone=x",
            "http://c:1;zone=y",
            "http://d:1;zone=y",
        ];
        let client = builder(&fleet, &zones)
            .balance(Balance::RoundRobin)
            .balancing(|settings| settings.zone("x"))
            .build()
            .unwrap();
        load(&client, 100, 4).await;
        assert_eq!(fleet.counts().keys().collect::<Vec<_>>(), ["a:1", "b:1"]);
        fleet.set("a:1", Does::Refuse);
        calls(&client, 20).await;
        fleet.take();
        load(&client, 1000, 4).await;
        let counts = fleet.counts();
        let elsewhere = counts["c:1"] + counts["d:1"];
        // b takes 1.4 times its half, the others the rest.
        assert!((200..=400).contains(&elsewhere), "{counts:?}");
        fleet.set("b:1", Does::Refuse);
        calls(&client, 20).await;
        fleet.take();
        assert_eq!(calls(&client, 100).await, 0);
        let counts = fleet.counts();
        assert!(counts["c:1"] + counts["d:1"] >= 100, "{counts:?}");
    });
}

#[test]
fn below_half_healthy_all_are_called() {
    paused(async {
        let fleet = Fleet::new();
        for server in ["a:1", "b:1", "c:1"] {
            fleet.set(server, Does::Reply(503, 1));
        }
        let client = builder(&fleet, &FOUR)
            .balance(Balance::RoundRobin)
            .balancing(|settings| settings.outlier(Outlier::new().max_ejection_percent(100)))
            .build()
            .unwrap();
        calls(&client, 100).await;
        fleet.take();
        calls(&client, 40).await;
        let counts = fleet.counts();
        assert_eq!(counts.len(), 4, "one of four cannot take it all: {counts:?}");
        let client = builder(&fleet, &FOUR)
            .balance(Balance::RoundRobin)
            .balancing(|settings| {
                settings
                    .outlier(Outlier::new().max_ejection_percent(100))
                    .panic_threshold(0.0)
            })
            .build()
            .unwrap();
        calls(&client, 100).await;
        fleet.take();
        assert_eq!(calls(&client, 40).await, 0);
        assert_eq!(fleet.counts().len(), 1, "unless it is told to");
    });
}

#[test]
fn a_client_of_a_subset_calls_no_other_endpoints() {
    paused(async {
        let fleet = Fleet::new();
        let all: Vec<String> = (0..40).map(|at| format!("http://s{at}:1")).collect();
        let all: Vec<&str> = all.iter().map(String::as_str).collect();
        let mut called = BTreeMap::<String, usize>::new();
        for peer in 0..8 {
            let client = builder(&fleet, &all)
                .balance(Balance::RoundRobin)
                .balancing(|settings| settings.subset(Subset::of_peer(10, peer, 8)))
                .build()
                .unwrap();
            load(&client, 100, 1).await;
            let counts = fleet.counts();
            assert!(
                counts.len() == 10 && counts.values().all(|count| *count == 10),
                "{counts:?}"
            );
            for server in counts.into_keys() {
                *called.entry(server).or_default() += 1;
            }
        }
        assert!(
            called.len() == 40 && called.values().all(|clients| *clients == 2),
            "{called:?}"
        );
    });
}
