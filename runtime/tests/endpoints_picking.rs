//! A client of several endpoints: where attempts go, and where they go next.

mod endpoint_support;

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use endpoint_support::{Does, Fleet, builder, calls, members, ms, paused, seconds};
use tieline::Client;
use tieline::ErrorKind;
use tieline::endpoints::outlier::Outlier;
use tieline::endpoints::{
    Balance, Discover, DiscoverError, Discovering, Dns, Event, List, Member, Resolve, Resolved, Resolving,
};
use tieline::http::{Endpoint, Line};
use tieline::policy::hedge::Hedge;

const THREE: [&str; 3] = ["http://a:1", "http://b:1", "http://c:1"];

fn counts(pairs: &[(&str, usize)]) -> BTreeMap<String, usize> {
    pairs
        .iter()
        .map(|(server, count)| ((*server).to_owned(), *count))
        .collect()
}

#[test]
fn round_robin_goes_to_each_in_turn() {
    paused(async {
        let fleet = Fleet::new();
        let client = builder(&fleet, &THREE)
            .balance(Balance::RoundRobin)
            .build()
            .unwrap();
        assert_eq!(calls(&client, 30).await, 0);
        assert_eq!(fleet.counts(), counts(&[("a:1", 10), ("b:1", 10), ("c:1", 10)]));
    });
}

#[test]
fn a_retry_goes_to_an_endpoint_that_the_call_has_not_tried() {
    for balance in [
        Balance::RoundRobin,
        Balance::Weighted,
        Balance::LeastRequest,
        Balance::P2c,
        Balance::ConsistentHash,
    ] {
        paused(async {
            let fleet = Fleet::new();
            for server in ["a:1", "b:1", "c:1"] {
                fleet.set(server, Does::Reply(503, 1));
            }
            let client = builder(&fleet, &THREE)
                .balance(balance)
                .balancing(|settings| settings.outlier(Outlier::disabled()))
                .build()
                .unwrap();
            for _ in 0..20 {
                assert_eq!(calls(&client, 1).await, 1);
                let tried: BTreeSet<String> = fleet.take().into_iter().collect();
                assert_eq!(tried.len(), 3, "{balance:?}: three attempts at three endpoints");
            }
        });
    }
}

#[test]
fn a_hedge_goes_to_another_endpoint_than_the_attempt_beside_it() {
    paused(async {
        let fleet = Fleet::new();
        for server in ["a:1", "b:1"] {
            fleet.set(server, Does::Reply(200, 500));
        }
        let hedge = Hedge::after(ms(50)).without_budget();
        let client = builder(&fleet, &THREE[..2]).hedge(hedge).build().unwrap();
        for _ in 0..20 {
            assert_eq!(calls(&client, 1).await, 0);
            let mut tried = fleet.take();
            tried.sort();
            assert_eq!(tried, ["a:1", "b:1"]);
        }
    });
}

#[test]
fn a_call_that_has_tried_all_goes_round_again() {
    paused(async {
        let fleet = Fleet::new();
        for server in ["a:1", "b:1"] {
            fleet.set(server, Does::Reply(503, 1));
        }
        let client = builder(&fleet, &THREE[..2]).build().unwrap();
        assert_eq!(calls(&client, 1).await, 1);
        assert_eq!(fleet.take().len(), 3);
    });
}

#[test]
fn an_attempt_goes_on_where_no_connection_can_be_made_even_if_it_may_not_be_repeated() {
    paused(async {
        let fleet = Fleet::new();
        fleet.set("a:1", Does::Refuse);
        let client = builder(&fleet, &THREE)
            .balance(Balance::RoundRobin)
            .build()
            .unwrap();
        for _ in 0..30 {
            client
                .post("x", &1)
                .repeatable(false)
                .await
                .expect("another endpoint takes it");
        }
        let asked = fleet.counts();
        assert_eq!(asked["b:1"] + asked["c:1"], 30);
        assert!(
            asked["a:1"] <= 3,
            "one that cannot be reached is left alone for a while: {asked:?}"
        );
    });
}

#[test]
fn an_endpoint_that_can_be_reached_again_gets_its_share_again() {
    paused(async {
        let fleet = Fleet::new();
        fleet.set("a:1", Does::Refuse);
        let client = builder(&fleet, &THREE)
            .balance(Balance::RoundRobin)
            .build()
            .unwrap();
        assert_eq!(calls(&client, 300).await, 0);
        fleet.set("a:1", Does::Reply(200, 10));
        // The last of its failures had it ejected, too.
        tokio::time::sleep(seconds(31)).await;
        assert_eq!(calls(&client, 1).await, 0);
        fleet.take();
        assert_eq!(calls(&client, 30).await, 0);
        assert_eq!(fleet.counts()["a:1"], 10);
    });
}

#[test]
fn where_nothing_can_be_reached_the_call_fails_after_a_few_endpoints() {
    paused(async {
        let fleet = Fleet::new();
        let all: Vec<String> = (0..20).map(|at| format!("http://s{at}:1")).collect();
        for at in 0..20 {
            fleet.set(&format!("s{at}:1"), Does::Refuse);
        }
        let all: Vec<&str> = all.iter().map(String::as_str).collect();
        let client = builder(&fleet, &all).build().unwrap();
        let error = client.post("x", &1).repeatable(false).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Connect);
        assert!(fleet.take().len() <= 12, "three attempts of four at most");
    });
}

#[test]
fn a_call_that_waits_for_ready_waits_for_an_endpoint_within_its_deadline() {
    paused(async {
        let fleet = Fleet::new();
        for server in ["a:1", "b:1"] {
            fleet.set(server, Does::Refuse);
        }
        let client = builder(&fleet, &THREE[..2]).wait_for_ready(true).build().unwrap();
        let up = async {
            tokio::time::sleep(seconds(3)).await;
            fleet.set("b:1", Does::Reply(200, 10));
        };
        let (reply, ()) = tokio::join!(client.post("x", &1).repeatable(false), up);
        assert_eq!(reply.expect("it waited").status(), 200);
        fleet.set("b:1", Does::Refuse);
        let started = tokio::time::Instant::now();
        let error = client.get("x").timeout(seconds(2)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Timeout);
        assert_eq!(started.elapsed(), seconds(2));
    });
}

/// Discovery by hand: what is sent is the next set.
struct Sent(tokio::sync::mpsc::UnboundedReceiver<Result<Vec<Member>, DiscoverError>>);

impl Discover for Sent {
    fn next(&mut self) -> Discovering<'_> {
        Box::pin(async { self.0.recv().await.transpose() })
    }
}

#[test]
fn a_call_waits_for_the_first_set_and_fails_with_what_kept_it_away() {
    paused(async {
        let fleet = Fleet::new();
        let (send, sets) = tokio::sync::mpsc::unbounded_channel();
        let client = builder(&fleet, &[]).discover(Sent(sets)).build().unwrap();
        let later = async {
            tokio::time::sleep(seconds(1)).await;
            send.send(Ok(members(&THREE))).unwrap();
        };
        let (failed, ()) = tokio::join!(calls(&client, 1), later);
        assert_eq!(failed, 0);

        let (send, sets) = tokio::sync::mpsc::unbounded_channel();
        let client = builder(&fleet, &[]).discover(Sent(sets)).build().unwrap();
        send.send(Err(DiscoverError::new("the name has no address")))
            .unwrap();
        let error = client.get("x").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Connect);
        assert!(error.to_string().contains("the name has no address"), "{error}");
    });
}

#[test]
fn a_failed_or_empty_lookup_keeps_the_last_good_set() {
    paused(async {
        let fleet = Fleet::new();
        let (send, sets) = tokio::sync::mpsc::unbounded_channel();
        let client = builder(&fleet, &[]).discover(Sent(sets)).build().unwrap();
        send.send(Ok(members(&THREE[..2]))).unwrap();
        assert_eq!(calls(&client, 10).await, 0);
        for bad in [Ok(Vec::new()), Err(DiscoverError::new("no server answered"))] {
            send.send(bad).unwrap();
            tokio::time::sleep(seconds(60)).await;
            assert_eq!(calls(&client, 10).await, 0);
        }
        send.send(Ok(members(&THREE[2..]))).unwrap();
        tokio::time::sleep(seconds(60)).await;
        fleet.take();
        assert_eq!(calls(&client, 10).await, 0);
        assert_eq!(fleet.counts(), counts(&[("c:1", 10)]));
    });
}

#[test]
fn an_update_keeps_what_is_known_of_endpoints_that_stay_and_says_what_changed() {
    paused(async {
        let fleet = Fleet::new();
        fleet.set("a:1", Does::Refuse);
        let heard = Arc::new(Mutex::new(Vec::new()));
        let tell = Arc::clone(&heard);
        let (send, sets) = tokio::sync::mpsc::unbounded_channel();
        let client = builder(&fleet, &[])
            .discover(Sent(sets))
            .balancing(move |settings| {
                settings.on_event(move |event| {
                    if let Event::SetChanged {
                        known,
                        added,
                        removed,
                    } = event
                    {
                        tell.lock()
                            .unwrap()
                            .push((*known, added.clone(), removed.clone()));
                    }
                })
            })
            .build()
            .unwrap();
        send.send(Ok(members(&THREE[..2]))).unwrap();
        assert_eq!(calls(&client, 5).await, 0);
        let endpoints = client.endpoints().unwrap();
        let available = || {
            endpoints
                .available()
                .iter()
                .map(Member::address)
                .collect::<Vec<_>>()
        };
        assert_eq!(available(), ["b:1"]);
        send.send(Ok(members(&["http://a:1;weight=2", "http://c:1"])))
            .unwrap();
        tokio::task::yield_now().await;
        assert_eq!(available(), ["c:1"], "a is still known to be down");
        let texts = |all: &[&str]| all.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        assert_eq!(
            *heard.lock().unwrap(),
            [
                (2, texts(&["a:1", "b:1"]), vec![]),
                (2, texts(&["c:1"]), texts(&["b:1"]))
            ]
        );
    });
}

/// A resolver that knows one name, whose addresses a test changes.
#[derive(Clone)]
struct Book(Arc<Mutex<(std::io::Result<Resolved>, usize)>>);

impl Resolve for Book {
    fn resolve<'a>(&'a self, host: &'a str, port: u16) -> Resolving<'a> {
        assert_eq!((host, port), ("users", 50051));
        let mut book = self.0.lock().unwrap();
        book.1 += 1;
        let found = match &book.0 {
            Ok(found) => Ok(found.clone()),
            Err(error) => Err(std::io::Error::new(error.kind(), "no such name")),
        };
        Box::pin(async move { found })
    }
}

fn addresses(texts: &[&str]) -> Vec<SocketAddr> {
    texts.iter().map(|text| text.parse().unwrap()).collect()
}

#[test]
fn a_name_is_looked_up_again_when_its_addresses_are_too_old() {
    paused(async {
        let fleet = Fleet::new();
        let two = Resolved::new(addresses(&["10.0.0.2:50051", "10.0.0.1:50051"])).with_ttl(seconds(60));
        let book = Book(Arc::new(Mutex::new((Ok(two), 0))));
        let endpoint = Endpoint::parse("dns:///users:50051").unwrap();
        let client = builder(&fleet, &[])
            .discover(Dns::new(endpoint).resolver(book.clone()))
            .balance(Balance::RoundRobin)
            .build()
            .unwrap();
        assert_eq!(calls(&client, 10).await, 0);
        assert_eq!(
            fleet.counts(),
            counts(&[("10.0.0.1:50051", 5), ("10.0.0.2:50051", 5)])
        );
        assert_eq!(book.0.lock().unwrap().1, 1);
        book.0.lock().unwrap().0 = Ok(Resolved::new(addresses(&["10.0.0.3:50051"])));
        tokio::time::sleep(seconds(61)).await;
        assert_eq!(calls(&client, 10).await, 0);
        assert_eq!(fleet.counts(), counts(&[("10.0.0.3:50051", 10)]));
        book.0.lock().unwrap().0 = Err(std::io::ErrorKind::NotFound.into());
        tokio::time::sleep(seconds(120)).await;
        assert_eq!(calls(&client, 10).await, 0, "the last good addresses stay");
    });
}

#[test]
fn a_name_is_looked_up_early_when_an_endpoint_cannot_be_reached() {
    paused(async {
        let fleet = Fleet::new();
        fleet.set("10.0.0.1:50051", Does::Refuse);
        let old = Resolved::new(addresses(&["10.0.0.1:50051"])).with_ttl(seconds(3600));
        let book = Book(Arc::new(Mutex::new((Ok(old), 0))));
        let endpoint = Endpoint::parse("dns:///users:50051").unwrap();
        let dns = Dns::new(endpoint).resolver(book.clone());
        let client = builder(&fleet, &[]).discover(dns).build().unwrap();
        book.0.lock().unwrap().0 = Ok(Resolved::new(addresses(&["10.0.0.1:50051"])));
        assert_eq!(calls(&client, 1).await, 1);
        book.0.lock().unwrap().0 = Ok(Resolved::new(addresses(&["10.0.0.2:50051"])));
        tokio::time::sleep(seconds(40)).await;
        calls(&client, 1).await;
        tokio::time::sleep(seconds(40)).await;
        assert_eq!(
            calls(&client, 1).await,
            0,
            "the new address is known long before the hour is over"
        );
    });
}

#[tokio::test]
async fn every_address_of_a_dns_target_is_an_endpoint_by_the_systems_resolver() {
    let client = Client::to("dns:///127.0.0.1:9").expect("an address");
    assert!(client.endpoints().is_some());
    let error = client
        .get("x")
        .timeout(Duration::from_secs(20))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connect, "{error}");
    let known: Vec<String> = client
        .endpoints()
        .unwrap()
        .members()
        .iter()
        .map(Member::address)
        .collect();
    assert_eq!(known, ["127.0.0.1:9"]);
    let plain = Client::to("http://127.0.0.1:9").expect("an address");
    assert!(plain.endpoints().is_none(), "one address is one endpoint");
}

#[test]
fn a_list_can_be_discovered_like_anything_else() {
    paused(async {
        let fleet = Fleet::new();
        let client = builder(&fleet, &[])
            .discover(List::new(members(&THREE)))
            .build()
            .unwrap();
        assert_eq!(calls(&client, 3).await, 0);
        assert_eq!(client.endpoints().unwrap().members().len(), 3);
    });
}

#[test]
fn a_client_that_is_closed_stops_looking_for_endpoints() {
    paused(async {
        let fleet = Fleet::new();
        let (send, sets) = tokio::sync::mpsc::unbounded_channel();
        let client = builder(&fleet, &[]).discover(Sent(sets)).build().unwrap();
        send.send(Ok(members(&THREE))).unwrap();
        assert_eq!(calls(&client, 1).await, 0);
        client.close();
        let error = client.get("x").await.unwrap_err();
        assert_eq!(
            error.kind(),
            ErrorKind::Rejected(tieline::error::Rejection::Closed)
        );
        drop(client);
        tokio::task::yield_now().await;
        assert!(send.is_closed(), "nobody asks for another set");
    });
}

#[test]
fn metrics_show_each_endpoint() {
    paused(async {
        let fleet = Fleet::new();
        fleet.set("a:1", Does::Refuse);
        let metrics = Arc::new(tieline::observe::metrics::Metrics::new());
        let client = builder(&fleet, &THREE[..2])
            .metrics(Arc::clone(&metrics))
            .build()
            .unwrap();
        assert_eq!(calls(&client, 10).await, 0);
        let text = metrics.render();
        for line in [
            r#"tieline_endpoint_available{service="fleet",endpoint="a:1"} 0"#,
            r#"tieline_endpoint_available{service="fleet",endpoint="b:1"} 1"#,
            r#"tieline_endpoint_picks_total{service="fleet",endpoint="b:1"} 10"#,
            r#"tieline_endpoint_pending{service="fleet",endpoint="b:1"} 0"#,
            r#"tieline_endpoint_set_changes_total{service="fleet"} 1"#,
        ] {
            assert!(text.contains(line), "{line} in\n{text}");
        }
        drop(client);
        assert!(!metrics.render().contains("tieline_endpoint_"));
    });
}

#[test]
fn a_line_of_ones_own_leads_to_a_dns_target_as_it_is() {
    let line = Line::over(Fleet::new());
    let client = Client::builder("x")
        .url("dns:///users:50051")
        .unwrap()
        .line(line)
        .build()
        .unwrap();
    assert!(client.endpoints().is_none());
}
