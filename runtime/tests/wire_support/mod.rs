//! Peers for the wire tests: servers on loopback whose every move is observed.

#![allow(dead_code, reason = "each test crate uses its own part")]

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use tieline::http::{Body, Collected, Endpoint, Line, Transport, TransportError};
use tieline::server::serve::{Drained, serve};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// No test waits longer than this for an event.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// Waits for an event, and fails the test when it does not come.
pub(crate) async fn soon<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, what)
        .await
        .expect("an event did not come")
}

pub(crate) async fn listen() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

pub(crate) fn http(address: SocketAddr) -> Endpoint {
    Endpoint::parse(&format!("http://{address}")).unwrap()
}

pub(crate) fn grpc(address: SocketAddr) -> Endpoint {
    Endpoint::parse(&address.to_string()).unwrap()
}

pub(crate) fn get(path: &str) -> http::Request<Body> {
    http::Request::get(path).body(Body::empty()).unwrap()
}

/// GETs and collects.
pub(crate) async fn fetch(
    transport: &Transport,
    endpoint: &Endpoint,
    path: &str,
) -> Result<Collected, TransportError> {
    let line = Line::from(transport.clone());
    let response = soon(line.send(endpoint, get(path))).await?;
    soon(response.into_body().collect(usize::MAX)).await
}

/// A server of ours that runs until told to stop.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    ended: JoinHandle<Drained>,
}

impl Server {
    pub(crate) async fn start(router: Router) -> Self {
        Self::start_with(router, PATIENCE).await
    }

    pub(crate) async fn start_with(router: Router, drain: Duration) -> Self {
        let (listener, address) = listen().await;
        let (stop, stopped) = oneshot::channel::<()>();
        let shutdown = async {
            let _ = stopped.await;
        };
        let ended = tokio::spawn(serve(listener, router, shutdown, drain));
        Self {
            address,
            stop: Some(stop),
            ended,
        }
    }

    pub(crate) fn tell_to_stop(&mut self) {
        self.stop.take().expect("told once").send(()).unwrap();
    }

    pub(crate) async fn ended(self) -> Drained {
        let Self { stop, ended, .. } = self;
        drop(stop);
        soon(ended).await.unwrap()
    }
}

/// Reads one HTTP/1 request without a body.
pub(crate) async fn read_request(stream: &mut TcpStream) -> Option<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => return None,
        }
    }
    Some(String::from_utf8(head).unwrap())
}

pub(crate) async fn write_ok(stream: &mut TcpStream, body: &str) {
    let text = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len());
    stream.write_all(text.as_bytes()).await.unwrap();
}

/// Forwards a listener's connections to a server, counting them.
pub(crate) struct Counting {
    pub(crate) address: SocketAddr,
    pub(crate) accepted: Arc<AtomicUsize>,
}

impl Counting {
    pub(crate) async fn before(target: SocketAddr) -> Self {
        let (listener, address) = listen().await;
        let accepted = Arc::new(AtomicUsize::new(0));
        let count = accepted.clone();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                count.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(async move {
                    let mut target = TcpStream::connect(target).await.unwrap();
                    let _ = tokio::io::copy_bidirectional(&mut stream, &mut target).await;
                });
            }
        });
        Self { address, accepted }
    }

    pub(crate) fn accepted(&self) -> usize {
        self.accepted.load(Ordering::SeqCst)
    }
}
