//! Who calls: raw hyper, hyper-util's pool, reqwest, and a generated client with every policy on.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, StatusCode, Uri, header};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1::SendRequest;
use hyper_util::client::legacy;
use hyper_util::rt::{TokioExecutor, TokioIo};
use serde::de::DeserializeOwned;
use tieline::policy::bulkhead::Bulkhead;
use tieline::policy::retry::Retry;
use tokio::net::TcpStream;

use super::load::{Caller, Lane, Lanes};
use super::wire::{self, NewOrder, Order, Pet};
use super::{HYPER, TIELINE};
use crate::Failure;

/// The client that the build script wrote of `contracts/pets.yaml`.
#[allow(unreachable_pub, reason = "generated code is written to be anybody's")]
mod pets {
    tieline::include_contract!("pets");
}

/// A lane a peer, each with `callers` callers.
pub(super) async fn lanes(address: SocketAddr, callers: usize) -> Result<Vec<Box<dyn Lane>>, Failure> {
    let order: Order = serde_json::from_str(wire::ORDER)?;
    let order = order.request();
    let mut connections = Vec::with_capacity(callers);
    for _ in 0..callers {
        connections.push(Raw::connect(address).await?);
    }
    let pooled = Pooled {
        client: legacy::Client::builder(TokioExecutor::new()).build_http(),
        base: format!("http://{address}"),
    };
    // Built with others of the workspace, reqwest may have TLS without a provider, and wants one even for plain text.
    // Another may be there already; either will do.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let reqwest = Reqwest {
        client: reqwest::Client::builder().build()?,
        base: format!("http://{address}"),
    };
    let tieline = Tieline(tieline(address)?);
    Ok(vec![
        Box::new(Lanes {
            name: HYPER,
            callers: connections,
            order: order.clone(),
        }),
        Box::new(Lanes {
            name: "hyper-util",
            callers: vec![pooled; callers],
            order: order.clone(),
        }),
        Box::new(Lanes {
            name: "reqwest",
            callers: vec![reqwest; callers],
            order: order.clone(),
        }),
        Box::new(Lanes {
            name: TIELINE,
            callers: vec![tieline; callers],
            order: generated(order),
        }),
    ])
}

/// Every policy on: total deadline, attempt timeout, retry with budget, breaker, bulkhead, metrics, ids and trace.
fn tieline(address: SocketAddr) -> Result<pets::Client, Failure> {
    let client = tieline::Client::builder("pets")
        .url(&format!("http://{address}"))?
        .timeout(Duration::from_secs(30))
        .attempt_timeout(Duration::from_secs(10))
        .retry(Retry::default())
        .bulkhead(Bulkhead::new(256))
        .caller("benches")
        .metrics(Arc::default())
        .build()?;
    Ok(pets::Client::new(client))
}

fn generated(order: NewOrder) -> pets::types::NewOrder {
    let items = order.items.into_iter();
    let items = items.map(|item| pets::types::Item::new(item.sku, item.name, item.quantity, item.price));
    let request = pets::types::NewOrder::new(order.customer, order.address, items.collect());
    match order.note {
        Some(note) => request.note(note),
        None => request,
    }
}

/// A reply that is not as promised.
fn unexpected(status: StatusCode) -> Failure {
    format!("the server answered {status}").into()
}

/// The floor: a connection of hyper's, and `serde_json`.
struct Raw {
    sender: SendRequest<Full<Bytes>>,
    host: header::HeaderValue,
}

impl Raw {
    async fn connect(address: SocketAddr) -> Result<Self, Failure> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let (sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        let host = header::HeaderValue::from_str(&address.to_string())?;
        Ok(Self { sender, host })
    }

    async fn call<T: DeserializeOwned>(
        &mut self,
        request: http::request::Builder,
        body: Bytes,
    ) -> Result<T, Failure> {
        let request = request
            .header(header::HOST, &self.host)
            .header(header::ACCEPT, "application/json")
            .body(Full::new(body))?;
        self.sender.ready().await?;
        read(self.sender.send_request(request).await?).await
    }
}

impl Caller for Raw {
    type Order = NewOrder;

    async fn get(&mut self) -> Result<(), Failure> {
        let _: Pet = self.call(Request::get("/pets/7"), Bytes::new()).await?;
        Ok(())
    }

    async fn post(&mut self, order: NewOrder) -> Result<(), Failure> {
        let request = Request::post("/orders").header(header::CONTENT_TYPE, "application/json");
        let _: Order = self.call(request, serde_json::to_vec(&order)?.into()).await?;
        Ok(())
    }
}

/// Reads a reply of hyper's.
async fn read<T: DeserializeOwned>(response: Response<Incoming>) -> Result<T, Failure> {
    let status = response.status();
    let body = response.into_body().collect().await?.to_bytes();
    if !status.is_success() {
        return Err(unexpected(status));
    }
    Ok(serde_json::from_slice(&body)?)
}

/// hyper-util's pooled client, and `serde_json`.
#[derive(Clone)]
struct Pooled {
    client: legacy::Client<legacy::connect::HttpConnector, Full<Bytes>>,
    base: String,
}

impl Pooled {
    /// The address is written and read for each call, as with a path that has variables.
    fn uri(&self, path: &str) -> Result<Uri, Failure> {
        Ok(format!("{}{path}", self.base).parse()?)
    }

    async fn call<T: DeserializeOwned>(
        &self,
        request: http::request::Builder,
        body: Bytes,
    ) -> Result<T, Failure> {
        let request = request
            .header(header::ACCEPT, "application/json")
            .body(Full::new(body))?;
        read(self.client.request(request).await?).await
    }
}

impl Caller for Pooled {
    type Order = NewOrder;

    async fn get(&mut self) -> Result<(), Failure> {
        let _: Pet = self
            .call(Request::get(self.uri("/pets/7")?), Bytes::new())
            .await?;
        Ok(())
    }

    async fn post(&mut self, order: NewOrder) -> Result<(), Failure> {
        let request = Request::post(self.uri("/orders")?).header(header::CONTENT_TYPE, "application/json");
        let _: Order = self.call(request, serde_json::to_vec(&order)?.into()).await?;
        Ok(())
    }
}

/// reqwest, as its documentation shows it.
#[derive(Clone)]
struct Reqwest {
    client: reqwest::Client,
    base: String,
}

impl Caller for Reqwest {
    type Order = NewOrder;

    async fn get(&mut self) -> Result<(), Failure> {
        let response = self.client.get(format!("{}/pets/7", self.base)).send().await?;
        let _: Pet = response.error_for_status()?.json().await?;
        Ok(())
    }

    async fn post(&mut self, order: NewOrder) -> Result<(), Failure> {
        let request = self.client.post(format!("{}/orders", self.base)).json(&order);
        let _: Order = request.send().await?.error_for_status()?.json().await?;
        Ok(())
    }
}

/// The generated client.
#[derive(Clone)]
struct Tieline(pets::Client);

impl Caller for Tieline {
    type Order = pets::types::NewOrder;

    async fn get(&mut self) -> Result<(), Failure> {
        self.0.get_pet(7).await?;
        Ok(())
    }

    async fn post(&mut self, order: pets::types::NewOrder) -> Result<(), Failure> {
        self.0.create_order(order).await?;
        Ok(())
    }
}
