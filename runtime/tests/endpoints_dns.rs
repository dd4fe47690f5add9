//! Endpoints by DNS over the real protocol: a server on loopback whose records a test changes.

#![cfg(feature = "dns")]

mod endpoint_support;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use endpoint_support::{Fleet, builder, calls};
use hickory_resolver::proto::op::{Message, OpCode, ResponseCode};
use hickory_resolver::proto::rr::rdata::{A, SRV};
use hickory_resolver::proto::rr::{Name, RData, Record, RecordType};
use tieline::endpoints::{Balance, Dns, DnsResolver, Member, Resolve as _};
use tieline::http::Endpoint;
use tokio::net::UdpSocket;

/// A DNS server that knows what a test tells it.
#[derive(Clone, Default)]
struct Zone(Arc<Mutex<BTreeMap<(String, RecordType), Vec<(u32, RData)>>>>);

impl Zone {
    fn set(&self, name: &str, kind: RecordType, records: impl IntoIterator<Item = (u32, RData)>) {
        let key = (name.to_owned(), kind);
        self.0.lock().unwrap().insert(key, records.into_iter().collect());
    }

    fn addresses(&self, name: &str, ttl: u32, addresses: &[[u8; 4]]) {
        let records = addresses
            .iter()
            .map(|address| (ttl, RData::A(A((*address).into()))));
        self.set(name, RecordType::A, records);
    }

    fn answer(&self, question: &[u8]) -> Vec<u8> {
        let asked = Message::from_vec(question).expect("a question");
        let query = asked.queries[0].clone();
        let mut answer = Message::response(asked.metadata.id, OpCode::Query);
        let name = query.name().to_ascii().trim_end_matches('.').to_owned();
        let zone = self.0.lock().unwrap();
        match zone.get(&(name.clone(), query.query_type())) {
            Some(records) => {
                let record =
                    |(ttl, data): &(u32, RData)| Record::from_rdata(query.name().clone(), *ttl, data.clone());
                answer.add_answers(records.iter().map(record));
            }
            None if !zone.keys().any(|(known, _)| *known == name) => {
                answer.metadata.response_code = ResponseCode::NXDomain;
            }
            None => {}
        }
        answer.add_query(query);
        answer.to_vec().expect("an answer")
    }

    async fn serve(&self) -> SocketAddr {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let (address, zone) = (socket.local_addr().unwrap(), self.clone());
        tokio::spawn(async move {
            let mut buffer = [0; 4096];
            while let Ok((length, from)) = socket.recv_from(&mut buffer).await {
                let answer = zone.answer(&buffer[..length]);
                socket.send_to(&answer, from).await.unwrap();
            }
        });
        address
    }
}

fn srv(priority: u16, weight: u16, port: u16, target: &str) -> RData {
    RData::SRV(SRV::new(priority, weight, port, target.parse::<Name>().unwrap()))
}

#[tokio::test]
async fn the_addresses_of_a_name_come_with_the_time_that_they_hold() {
    let zone = Zone::default();
    zone.addresses("users.test", 77, &[[10, 0, 0, 1], [10, 0, 0, 2]]);
    let resolver = DnsResolver::at(zone.serve().await).unwrap();
    let found = resolver.resolve("users.test", 8080).await.unwrap();
    let addresses: Vec<String> = found
        .addresses
        .iter()
        .map(|(address, ..)| address.to_string())
        .collect();
    assert_eq!(addresses, ["10.0.0.1:8080", "10.0.0.2:8080"]);
    let ttl = found.ttl.expect("the server said it");
    assert!((70..=77).contains(&ttl.as_secs()), "{ttl:?}");
    assert!(resolver.resolve("nobody.test", 1).await.is_err());
}

#[tokio::test]
async fn the_targets_of_an_srv_record_have_ports_priorities_and_weights() {
    let zone = Zone::default();
    let name = "_http._tcp.users.test";
    zone.addresses("one.test", 60, &[[10, 0, 0, 1]]);
    zone.addresses("two.test", 30, &[[10, 0, 0, 2], [10, 0, 0, 3]]);
    zone.set(
        name,
        RecordType::SRV,
        [
            (300, srv(10, 5, 8001, "one.test.")),
            (300, srv(20, 0, 8002, "two.test.")),
            (300, srv(20, 1, 8003, "gone.test.")),
        ],
    );
    let resolver = DnsResolver::at(zone.serve().await).unwrap();
    let mut found = resolver.resolve_service(name).await.unwrap();
    found.addresses.sort();
    let shown: Vec<_> = found
        .addresses
        .iter()
        .map(|(address, weight, priority)| format!("{address} {weight} {priority}"))
        .collect();
    assert_eq!(
        shown,
        ["10.0.0.1:8001 5 10", "10.0.0.2:8002 1 20", "10.0.0.3:8002 1 20"]
    );
    assert!(
        found.ttl.unwrap() <= Duration::from_secs(30),
        "the shortest of all"
    );
    zone.set(name, RecordType::SRV, [(300, srv(10, 5, 8001, "gone.test."))]);
    assert!(
        resolver.resolve_service(name).await.is_err(),
        "no target has an address"
    );
    zone.set(name, RecordType::SRV, [(300, srv(0, 0, 0, "."))]);
    assert!(resolver.resolve_service(name).await.unwrap().addresses.is_empty());
}

/// Asks until the client's endpoints are these.
async fn becomes(client: &tieline::Client, expected: &[&str]) {
    let looking = async {
        loop {
            assert_eq!(calls(client, 1).await, 0);
            let known: Vec<String> = client
                .endpoints()
                .unwrap()
                .members()
                .iter()
                .map(Member::address)
                .collect();
            if known == expected {
                return;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(20), looking)
        .await
        .expect("the set changes");
}

#[tokio::test]
async fn a_client_follows_the_records_as_their_time_runs_out_and_keeps_the_last_good_ones() {
    let (zone, fleet) = (Zone::default(), Fleet::new());
    zone.addresses("users.test", 1, &[[10, 0, 0, 2], [10, 0, 0, 1]]);
    let resolver = DnsResolver::at(zone.serve().await).unwrap();
    let endpoint = Endpoint::parse("http://users.test:8080/api").unwrap();
    let client = builder(&fleet, &[])
        .discover(Dns::new(endpoint).resolver(resolver))
        .balance(Balance::RoundRobin)
        .build()
        .unwrap();
    becomes(&client, &["10.0.0.1:8080", "10.0.0.2:8080"]).await;
    zone.addresses("users.test", 1, &[[10, 0, 0, 3]]);
    becomes(&client, &["10.0.0.3:8080"]).await;
    zone.0.lock().unwrap().clear();
    tokio::time::timeout(Duration::from_secs(20), async {
        // Two lookups in vain.
        let ends = tokio::time::Instant::now() + Duration::from_secs(3);
        while tokio::time::Instant::now() < ends {
            assert_eq!(calls(&client, 1).await, 0);
        }
    })
    .await
    .expect("it ends");
    becomes(&client, &["10.0.0.3:8080"]).await;
}
