//! What a call on the wire allocates, client side, on a warm connection.
//!
//! The server runs on a thread of its own and is not counted.

#![cfg(all(feature = "grpc", feature = "server"))]

mod wire_support;

use std::net::SocketAddr;

use axum::Router;
use axum::routing::get as route_get;
use bytes::Bytes;
use http::HeaderMap;
use http::uri::PathAndQuery;
use tieline::grpc::{Answer, CallOptions, Frame, GrpcService, Received, unary};
use tieline::http::{Body, Line, Transport};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use wire_support::{grpc, http};

/// Runs a server on its own thread and runtime.
fn elsewhere<F>(serve: impl FnOnce(TcpListener) -> F + Send + 'static) -> SocketAddr
where
    F: Future<Output = ()>,
{
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        runtime().block_on(async { serve(TcpListener::from_std(listener).unwrap()).await });
    });
    address
}

/// The mean number of allocations of a call, after a warm-up.
fn mean(runtime: &Runtime, mut call: impl AsyncFnMut()) -> f64 {
    const CALLS: u64 = 500;
    let mut run = |calls| {
        allocation_counter::measure(|| {
            runtime.block_on(async {
                for _ in 0..calls {
                    call().await;
                }
            });
        })
        .count_total
    };
    run(50);
    run(CALLS) as f64 / CALLS as f64
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
}

const BODY: &str = r#"{"id":7,"name":"Rex","tag":"dog","owner":"u-1"}"#;

async fn answer_forever(listener: TcpListener) {
    while let Ok((mut stream, _)) = listener.accept().await {
        let reply = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{BODY}",
            BODY.len()
        );
        let mut buffer = [0; 4096];
        while let Ok(1..) = stream.read(&mut buffer).await {
            stream.write_all(reply.as_bytes()).await.unwrap();
        }
    }
}

/// The floor: one hyper connection, by hand.
fn floor(runtime: &Runtime, address: SocketAddr) -> f64 {
    use http_body_util::BodyExt;
    let mut sender = runtime.block_on(async {
        let stream = tokio::net::TcpStream::connect(address).await.unwrap();
        let io = hyper_util::rt::TokioIo::new(stream);
        let (sender, connection) = hyper::client::conn::http1::handshake(io).await.unwrap();
        tokio::spawn(connection);
        sender
    });
    mean(runtime, async || {
        let request = http::Request::get("/pets/7")
            .header("host", "localhost")
            .body(http_body_util::Empty::<Bytes>::new())
            .unwrap();
        sender.ready().await.unwrap();
        let response = sender.send_request(request).await.unwrap();
        assert_eq!(response.into_body().collect().await.unwrap().to_bytes(), BODY);
    })
}

#[test]
fn a_get_allocates_no_more_than_a_bare_hyper_connection() {
    let address = elsewhere(answer_forever);
    let runtime = runtime();
    let floor = floor(&runtime, address);
    let (line, endpoint) = (Line::from(Transport::new()), http(address));
    let ours = mean(&runtime, async || {
        let request = http::Request::get("/pets/7").body(Body::empty()).unwrap();
        let response = line.send(&endpoint, request).await.unwrap();
        assert_eq!(response.into_body().collect(1 << 20).await.unwrap().bytes, BODY);
    });
    println!("allocations of a GET: hyper {floor:.2}, ours {ours:.2}");
    assert!(ours <= floor + 1.0, "hyper {floor:.2}, ours {ours:.2}");
}

#[test]
fn a_unary_call_stays_within_its_budget() {
    let address = elsewhere(async |listener| {
        let service = GrpcService::new().unary("/demo.Echo/Unary", |it: Received<Bytes>| async {
            Ok(Answer::from(it.message))
        });
        let drain = wire_support::PATIENCE;
        tieline::server::serve::serve(listener, service, std::future::pending(), drain).await;
    });
    let runtime = runtime();
    let (line, endpoint) = (Line::from(Transport::new()), grpc(address));
    let message = Frame::of(b"a message of some forty bytes or there about").unwrap();
    let ours = mean(&runtime, async || {
        let path = PathAndQuery::from_static("/demo.Echo/Unary");
        let (message, options) = (message.clone(), CallOptions::default());
        unary(&line, &endpoint, path, HeaderMap::new(), message, options)
            .await
            .unwrap();
    });
    println!("allocations of a unary call: {ours:.2}");
    assert!(ours <= 18.0, "{ours:.2}");
}

#[test]
fn an_axum_server_and_our_client_count_apart() {
    // Guards the measurement itself: a counted server would show here.
    let router = Router::new().route("/pets/7", route_get(|| async { BODY }));
    let address = elsewhere(async |listener| {
        let drain = wire_support::PATIENCE;
        tieline::server::serve::serve(listener, router, std::future::pending(), drain).await;
    });
    let runtime = runtime();
    let (line, endpoint) = (Line::from(Transport::new()), http(address));
    let ours = mean(&runtime, async || {
        let request = http::Request::get("/pets/7").body(Body::empty()).unwrap();
        let response = line.send(&endpoint, request).await.unwrap();
        response.into_body().collect(1 << 20).await.unwrap();
    });
    assert!(ours <= 10.0, "{ours:.2}");
}
