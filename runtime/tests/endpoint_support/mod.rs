//! A fleet of servers under virtual time: each answers after a while, fails or hangs, and counts what it was asked.

#![allow(dead_code)] // Each test file uses its part.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::{Request, Response, StatusCode};
use tieline::Client;
use tieline::client::ClientBuilder;
use tieline::endpoints::Member;
use tieline::http::{
    Body, ConnectCause, Endpoint, Exchange, ExchangeFuture, ResponseBody, TransportError, TransportErrorKind,
};
use tieline::observe::metrics::Metrics;
use tieline::policy::retry::{Backoff, Budget, Retry};
use tieline::random::Random;

/// Runs a test under paused time.
pub(crate) fn paused<T>(test: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .expect("a runtime")
        .block_on(test)
}

pub(crate) fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

pub(crate) fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// What a server does with a request.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Does {
    /// Replies with this status after this time.
    Reply(u16, u64),
    /// Nothing listens.
    Refuse,
    /// Never answers.
    Hang,
}

/// A fleet by host and port, or by address where an endpoint has one. Unknown ones reply 200 after 10 ms.
#[derive(Clone, Default)]
pub(crate) struct Fleet(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    does: BTreeMap<String, Does>,
    /// What they do with requests for `/health`.
    health: BTreeMap<String, Does>,
    checked: Vec<String>,
    asked: Vec<String>,
}

impl Fleet {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    pub(crate) fn set(&self, server: &str, does: Does) {
        self.0.lock().unwrap().does.insert(server.to_owned(), does);
    }

    /// What a server does when it is asked for `/health`.
    pub(crate) fn set_health(&self, server: &str, does: Does) {
        self.0.lock().unwrap().health.insert(server.to_owned(), does);
    }

    /// The servers that were asked for `/health`, in order, since the last look.
    pub(crate) fn checked(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap().checked)
    }

    /// The servers that were asked, in order, since the last look.
    pub(crate) fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap().asked)
    }

    /// How often each server was asked since the last look.
    pub(crate) fn counts(&self) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        for server in self.take() {
            *counts.entry(server).or_default() += 1;
        }
        counts
    }
}

impl Exchange for Fleet {
    fn exchange<'a>(&'a self, endpoint: &'a Endpoint, request: Request<Body>) -> ExchangeFuture<'a> {
        let server = match endpoint.address() {
            Some(address) => address.to_string(),
            None => endpoint.authority().to_string(),
        };
        let mut state = self.0.lock().unwrap();
        let is_check = request.uri().path() == "/health";
        let table = if is_check { &state.health } else { &state.does };
        let does = table.get(&server).copied().unwrap_or(Does::Reply(200, 10));
        if is_check {
            state.checked.push(server);
        } else {
            state.asked.push(server);
        }
        Box::pin(async move {
            match does {
                Does::Reply(status, after) => {
                    tokio::time::sleep(ms(after)).await;
                    let mut response = Response::new(ResponseBody::from(bytes::Bytes::new()));
                    *response.status_mut() = StatusCode::from_u16(status).unwrap();
                    Ok(response)
                }
                Does::Refuse => Err(TransportError::custom(
                    TransportErrorKind::Connect(ConnectCause::Refused),
                    "nothing listens",
                    "refused",
                )),
                Does::Hang => std::future::pending().await,
            }
        })
    }
}

pub(crate) fn members(addresses: &[&str]) -> Vec<Member> {
    addresses
        .iter()
        .map(|address| address.parse().expect("an endpoint"))
        .collect()
}

/// A builder of a client of these endpoints: seeded, with metrics of its own, three attempts without waits and without a
/// budget, and no breaker of the service as a whole.
pub(crate) fn builder(fleet: &Fleet, addresses: &[&str]) -> ClientBuilder {
    Client::builder("fleet")
        .endpoints(members(addresses))
        .line(tieline::http::Line::over(fleet.clone()))
        .retry(
            Retry::new(3)
                .backoff(Backoff::schedule(&[Duration::ZERO]))
                .budget(Arc::new(Budget::new(1000.0, 1000, Duration::from_secs(10)))),
        )
        .breaker(|settings| settings.enabled(false))
        .random(Arc::new(Random::seeded(7)))
        .metrics(Arc::new(Metrics::new()))
}

/// How many of so many calls, one after the other, fail.
pub(crate) async fn calls(client: &Client, number: usize) -> usize {
    let mut failed = 0;
    for _ in 0..number {
        failed += usize::from(client.get("x").await.is_err());
    }
    failed
}
