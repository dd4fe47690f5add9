//! What becomes of connections: their age, their rest, their streams, and servers that go away.

#![cfg(feature = "server")]

mod wire_support;

use std::future::{Future, IntoFuture as _};
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::future::join_all;
use tieline::Client;
use tieline::http::{Connector, Endpoint, Io, Transport, TransportBuilder};
use tieline::observe::metrics::Metrics;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream};
use tokio::sync::Semaphore;
use wire_support::get;

/// Servers in this process, under virtual time: one for each connection, which are counted.
#[derive(Clone)]
struct Servers {
    made: Arc<AtomicUsize>,
    streams: u32,
    /// Each answer takes one.
    leave: Arc<Semaphore>,
}

impl Servers {
    fn new() -> Self {
        Self {
            made: Arc::default(),
            streams: 1000,
            leave: Arc::new(Semaphore::new(Semaphore::MAX_PERMITS)),
        }
    }

    fn made(&self) -> usize {
        self.made.load(Ordering::SeqCst)
    }
}

impl Connector for Servers {
    fn connect<'a>(
        &'a self,
        endpoint: &'a Endpoint,
    ) -> Pin<Box<dyn Future<Output = io::Result<Box<dyn Io>>> + Send + 'a>> {
        Box::pin(async {
            self.made.fetch_add(1, Ordering::SeqCst);
            let (ours, theirs) = tokio::io::duplex(1 << 16);
            if endpoint.protocol() == tieline::http::Protocol::Http2 {
                tokio::spawn(http2(theirs, self.clone()));
            } else {
                tokio::spawn(http1(theirs));
            }
            Ok(Box::new(ours) as Box<dyn Io>)
        })
    }
}

async fn http1(mut stream: DuplexStream) {
    let mut buffer = [0; 4096];
    while let Ok(1..) = stream.read(&mut buffer).await {
        let answer = b"HTTP/1.1 204 No Content\r\n\r\n";
        if stream.write_all(answer).await.is_err() {
            return;
        }
    }
}

async fn http2(stream: DuplexStream, servers: Servers) {
    let mut builder = h2::server::Builder::new();
    let handshake = builder
        .max_concurrent_streams(servers.streams)
        .handshake::<_, bytes::Bytes>(stream);
    let mut connection = handshake.await.unwrap();
    while let Some(Ok((_, mut respond))) = connection.accept().await {
        let leave = Arc::clone(&servers.leave);
        tokio::spawn(async move {
            leave.acquire().await.unwrap().forget();
            let _ = respond.send_response(http::Response::new(()), true);
        });
    }
}

const PROTOCOLS: [&str; 2] = ["http://peer", "peer:1"];

fn transport(servers: &Servers, change: impl FnOnce(TransportBuilder) -> TransportBuilder) -> Transport {
    change(Transport::builder().connector(servers.clone()))
        .build()
        .unwrap()
}

async fn ask(transport: &Transport, endpoint: &str) {
    let endpoint = Endpoint::parse(endpoint).unwrap();
    let response = transport.send(&endpoint, get("/")).await.unwrap();
    response.into_body().collect(1024).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_is_too_old_takes_no_further_requests() {
    for endpoint in PROTOCOLS {
        let servers = Servers::new();
        let transport = transport(&servers, |builder| builder.max_age(Duration::from_secs(60)));
        for (wait, expected) in [(0, 1), (30, 1), (20, 1), (11, 2), (50, 2), (11, 3)] {
            tokio::time::sleep(Duration::from_secs(wait)).await;
            ask(&transport, endpoint).await;
            assert_eq!(servers.made(), expected, "{endpoint} after {wait} s more");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_is_idle_for_long_is_closed_whatever_it_speaks() {
    for endpoint in PROTOCOLS {
        let servers = Servers::new();
        let transport = transport(&servers, |builder| builder.idle_timeout(Duration::from_secs(30)));
        for _ in 0..5 {
            ask(&transport, endpoint).await;
            tokio::time::sleep(Duration::from_secs(20)).await;
        }
        assert_eq!(
            (servers.made(), transport.open_connections()),
            (1, 1),
            "{endpoint}: it is in use"
        );
        let began = tokio::time::Instant::now();
        transport.drained().await;
        let took = began.elapsed();
        assert!(
            took >= Duration::from_secs(9) && took < Duration::from_secs(12),
            "{endpoint}: {took:?}"
        );
        ask(&transport, endpoint).await;
        assert_eq!(servers.made(), 2, "{endpoint}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_takes_long_keeps_its_connection_open() {
    let servers = Servers::new();
    let transport = transport(&servers, |builder| builder.idle_timeout(Duration::from_secs(30)));
    ask(&transport, "peer:1").await;
    servers.leave.forget_permits(Semaphore::MAX_PERMITS);
    let late = async {
        tokio::time::sleep(Duration::from_secs(200)).await;
        servers.leave.add_permits(1);
    };
    tokio::join!(ask(&transport, "peer:1"), late);
    assert_eq!(servers.made(), 1);
}

#[tokio::test(start_paused = true)]
async fn another_connection_is_made_when_the_streams_that_a_server_allows_run_out() {
    let servers = Servers {
        streams: 2,
        ..Servers::new()
    };
    let transport = transport(&servers, |builder| builder);
    // The first two teach what the server allows.
    ask(&transport, "peer:1").await;
    ask(&transport, "peer:1").await;
    servers.leave.forget_permits(Semaphore::MAX_PERMITS);
    let asking = join_all((0..6).map(|_| ask(&transport, "peer:1")));
    let answering = async {
        // All six are under way before any is answered.
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert_eq!(servers.made(), 3, "two on each");
        servers.leave.add_permits(6);
    };
    tokio::join!(asking, answering);
}

/// Goes away from the first connection as soon as it has a request, saying that it has processed none; answers on later
/// ones.
async fn goes_away_once(listener: tokio::net::TcpListener, asked: Arc<AtomicUsize>) {
    let (mut stream, _) = listener.accept().await.unwrap();
    let mut preface = [0; 24];
    stream.read_exact(&mut preface).await.unwrap();
    stream.write_all(&[0, 0, 0, 4, 0, 0, 0, 0, 0]).await.unwrap();
    loop {
        let mut head = [0; 9];
        stream.read_exact(&mut head).await.unwrap();
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
        let mut payload = vec![0; length as usize];
        stream.read_exact(&mut payload).await.unwrap();
        if head[3] == 1 {
            break;
        }
    }
    let goaway = [
        0, 0, 8, 7, 0, 0, 0, 0, 0, /* last stream */ 0, 0, 0, 0, 0, 0, 0, 0,
    ];
    stream.write_all(&goaway).await.unwrap();
    while let Ok((stream, _)) = listener.accept().await {
        let mut connection = h2::server::handshake(stream).await.unwrap();
        while let Some(Ok((_, mut respond))) = connection.accept().await {
            asked.fetch_add(1, Ordering::SeqCst);
            respond.send_response(http::Response::new(()), true).unwrap();
        }
    }
}

#[tokio::test]
async fn what_a_server_that_goes_away_has_not_processed_is_sent_again_though_it_may_not_be_repeated() {
    let (listener, address) = wire_support::listen().await;
    let asked = Arc::new(AtomicUsize::new(0));
    tokio::spawn(goes_away_once(listener, Arc::clone(&asked)));
    let client = Client::builder("leaving")
        .url(&address.to_string())
        .unwrap()
        .metrics(Arc::new(Metrics::new()))
        .build()
        .unwrap();
    let reply = wire_support::soon(client.post("x", &1).repeatable(false).into_future())
        .await
        .unwrap();
    assert_eq!((reply.attempts(), asked.load(Ordering::SeqCst)), (2, 1));
}
