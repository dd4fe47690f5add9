//! Serving: two protocols on a port, and how it ends.

#![cfg(all(feature = "grpc", feature = "server"))]

mod wire_support;

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::routing::get as route_get;
use tieline::http::{Protocol, Transport};
use tieline::server::serve::Drained;
use tokio::sync::Notify;
use wire_support::{Server, fetch, http, soon};

#[tokio::test]
async fn http1_and_http2_share_a_port() {
    let version = |request: axum::extract::Request| async move { format!("{:?}", request.version()) };
    let server = Server::start(Router::new().route("/", route_get(version))).await;
    let transport = Transport::new();
    for (protocol, text) in [(Protocol::Http1, "HTTP/1.1"), (Protocol::Http2, "HTTP/2.0")] {
        let endpoint = http(server.address).with_protocol(protocol);
        assert_eq!(fetch(&transport, &endpoint, "/").await.unwrap().bytes, text);
    }
}

#[tokio::test]
async fn a_drain_lets_calls_in_flight_end_and_takes_no_new_ones() {
    for protocol in [Protocol::Http1, Protocol::Http2] {
        let (arrived, go_on) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let (tell, wait) = (arrived.clone(), go_on.clone());
        let slow = move || {
            let (tell, wait) = (tell.clone(), wait.clone());
            async move {
                tell.notify_one();
                wait.notified().await;
                "done"
            }
        };
        let mut server = Server::start(Router::new().route("/", route_get(slow))).await;
        let endpoint = http(server.address).with_protocol(protocol);
        let call = tokio::spawn({
            let endpoint = endpoint.clone();
            async move { fetch(&Transport::new(), &endpoint, "/").await }
        });
        soon(arrived.notified()).await;
        server.tell_to_stop();
        // The port closes first: wait until nobody listens.
        while fetch_refused(&endpoint).await {}
        go_on.notify_one();
        assert_eq!(soon(call).await.unwrap().unwrap().bytes, "done", "{protocol:?}");
        assert_eq!(server.ended().await, Drained::Whole);
    }
}

/// True while the port still takes connections.
async fn fetch_refused(endpoint: &tieline::http::Endpoint) -> bool {
    tokio::task::yield_now().await;
    tokio::net::TcpStream::connect((endpoint.host(), endpoint.port()))
        .await
        .is_ok()
}

#[tokio::test]
async fn a_drain_that_takes_too_long_is_cut() {
    let arrived = Arc::new(Notify::new());
    let tell = arrived.clone();
    let stuck = move || {
        let tell = tell.clone();
        async move {
            tell.notify_one();
            pending::<&'static str>().await
        }
    };
    let router = Router::new().route("/", route_get(stuck));
    let mut server = Server::start_with(router, Duration::from_millis(20)).await;
    let endpoint = http(server.address);
    let call = tokio::spawn(async move { fetch(&Transport::new(), &endpoint, "/").await });
    soon(arrived.notified()).await;
    server.tell_to_stop();
    assert_eq!(server.ended().await, Drained::Cut(1));
    assert!(soon(call).await.unwrap().is_err());
}

#[tokio::test]
async fn idle_connections_do_not_hold_a_drain_up() {
    for protocol in [Protocol::Http1, Protocol::Http2] {
        let mut server = Server::start(Router::new().route("/", route_get(|| async {}))).await;
        let transport = Transport::new();
        let endpoint = http(server.address).with_protocol(protocol);
        fetch(&transport, &endpoint, "/").await.unwrap();
        server.tell_to_stop();
        assert_eq!(server.ended().await, Drained::Whole);
        soon(transport.drained()).await;
    }
}

#[tokio::test]
async fn a_handler_that_panics_does_not_stop_the_server() {
    async fn explode() -> &'static str {
        panic!("on purpose")
    }
    let router = Router::new()
        .route("/panic", route_get(explode))
        .route("/fine", route_get(|| async { "fine" }));
    let server = Server::start(router).await;
    for protocol in [Protocol::Http1, Protocol::Http2] {
        let transport = Transport::new();
        let endpoint = http(server.address).with_protocol(protocol);
        assert!(fetch(&transport, &endpoint, "/panic").await.is_err());
        assert_eq!(fetch(&transport, &endpoint, "/fine").await.unwrap().bytes, "fine");
    }
}
