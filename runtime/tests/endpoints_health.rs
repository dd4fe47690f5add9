//! Active health checks, over HTTP under virtual time and over gRPC by real servers.

mod endpoint_support;

use std::ops::RangeInclusive;

use endpoint_support::{Does, Fleet, builder, calls, paused, seconds};
use tieline::Client;
use tieline::endpoints::Balance;
use tieline::endpoints::health::HealthCheck;

const THREE: [&str; 3] = ["http://a:1/api", "http://b:1/api", "http://c:1/api"];

fn client(fleet: &Fleet, check: HealthCheck) -> Client {
    builder(fleet, &THREE)
        .balance(Balance::RoundRobin)
        .balancing(|settings| settings.health_check(check))
        .build()
        .unwrap()
}

/// The servers that are called, of so many calls that all succeed.
async fn called(client: &Client, fleet: &Fleet) -> Vec<String> {
    fleet.take();
    assert_eq!(calls(client, 12).await, 0);
    fleet.counts().into_keys().collect()
}

#[test]
fn an_endpoint_that_is_unhealthy_is_not_called_until_it_is_healthy_again() {
    paused(async {
        let fleet = Fleet::new();
        let client = client(
            &fleet,
            HealthCheck::http("/health")
                .interval(seconds(10))
                .thresholds(2, 3),
        );
        assert_eq!(called(&client, &fleet).await, ["a:1", "b:1", "c:1"]);
        let mut first = fleet.checked();
        first.sort();
        assert_eq!(first, ["a:1", "b:1", "c:1"], "at the root of the host, once each");
        fleet.set_health("b:1", Does::Reply(503, 1));
        tokio::time::sleep(seconds(23)).await;
        assert_eq!(
            called(&client, &fleet).await.len(),
            3,
            "two checks are not enough"
        );
        tokio::time::sleep(seconds(12)).await;
        assert_eq!(called(&client, &fleet).await, ["a:1", "c:1"]);
        fleet.set_health("b:1", Does::Reply(204, 1));
        tokio::time::sleep(seconds(24)).await;
        assert_eq!(called(&client, &fleet).await, ["a:1", "b:1", "c:1"]);
    });
}

#[test]
fn the_first_check_alone_decides() {
    paused(async {
        let fleet = Fleet::new();
        fleet.set_health("c:1", Does::Refuse);
        let client = client(&fleet, HealthCheck::http("/health"));
        called(&client, &fleet).await;
        tokio::time::sleep(seconds(1)).await;
        assert_eq!(called(&client, &fleet).await, ["a:1", "b:1"]);
    });
}

#[test]
fn a_check_that_takes_too_long_or_has_another_status_has_failed() {
    let statuses: [RangeInclusive<u16>; 2] = [200..=200, 429..=429];
    paused(async {
        let fleet = Fleet::new();
        fleet.set_health("a:1", Does::Hang);
        fleet.set_health("b:1", Does::Reply(429, 1));
        fleet.set_health("c:1", Does::Reply(200, 900));
        let client = client(&fleet, HealthCheck::http("/health").statuses(statuses));
        called(&client, &fleet).await;
        tokio::time::sleep(seconds(2)).await;
        assert_eq!(called(&client, &fleet).await, ["b:1", "c:1"]);
    });
}

#[test]
fn checks_spread_over_their_interval_and_end_with_the_client() {
    paused(async {
        let fleet = Fleet::new();
        let client = client(&fleet, HealthCheck::http("/health").interval(seconds(10)));
        called(&client, &fleet).await;
        tokio::time::sleep(seconds(1000)).await;
        let checks = fleet.checked().len();
        assert!(
            (290..=320).contains(&checks),
            "{checks} checks in a hundred intervals"
        );
        client.close();
        tokio::time::sleep(seconds(1000)).await;
        assert!(fleet.checked().is_empty());
    });
}

#[test]
fn nobody_checks_unless_told_to() {
    paused(async {
        let fleet = Fleet::new();
        let client = builder(&fleet, &THREE).build().unwrap();
        called(&client, &fleet).await;
        tokio::time::sleep(seconds(100)).await;
        assert!(fleet.checked().is_empty());
    });
}

#[cfg(all(feature = "grpc", feature = "server"))]
#[tokio::test]
async fn grpc_servers_are_asked_by_their_health_service() {
    use std::time::Duration;
    use tieline::endpoints::Member;
    use tieline::grpc::health::Health;

    let mut members = Vec::new();
    let healths = [Health::new(), Health::new()];
    for health in &healths {
        health.set_serving("users.Users");
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        members.push(listener.local_addr().unwrap().to_string());
        let service = health.service();
        tokio::spawn(async move {
            let drain = Duration::from_secs(5);
            tieline::server::serve::serve(listener, service, std::future::pending(), drain).await;
        });
    }
    let check = HealthCheck::grpc("users.Users")
        .interval(Duration::from_millis(20))
        .thresholds(1, 1);
    let client = Client::builder("users")
        .endpoints(members.iter().map(|member| member.parse::<Member>().unwrap()))
        .balancing(|settings| settings.health_check(check))
        .build()
        .unwrap();
    let becomes = async |expected: &[String]| {
        tokio::time::timeout(Duration::from_secs(20), async {
            loop {
                // What it answers is of no interest: a call has the checks begin.
                let _ = client.get("x").await;
                let available = client.endpoints().unwrap().available();
                if available.iter().map(Member::address).collect::<Vec<_>>() == expected {
                    return;
                }
            }
        })
        .await
        .expect("the checks tell");
    };
    becomes(&members).await;
    healths[0].set_not_serving("users.Users");
    becomes(&members[1..]).await;
    healths[0].set_serving("users.Users");
    becomes(&members).await;
}
