//! The pooled transport against real peers on loopback.

#![cfg(all(feature = "grpc", feature = "server"))]

mod wire_support;

use std::future::pending;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::routing::{get as route_get, post};
use bytes::Bytes;
use futures_util::future::{join, join_all};
use http::Request;
use tieline::http::{
    Body, ConnectCause, Connector, Endpoint, InProcess, Io, Line, Protocol, Tls, Transport,
    TransportErrorKind,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Barrier, Notify, mpsc};
use wire_support::{Counting, Server, fetch, get, grpc, http, listen, read_request, soon, write_ok};

fn hello() -> Router {
    Router::new().route("/hello", route_get(|| async { "hello" }))
}

#[tokio::test]
async fn sequential_calls_share_one_http1_connection() {
    let server = Server::start(hello()).await;
    let counting = Counting::before(server.address).await;
    let transport = Transport::new();
    for _ in 0..20 {
        let body = fetch(&transport, &http(counting.address), "/hello")
            .await
            .unwrap();
        assert_eq!(body.bytes, "hello");
    }
    assert_eq!(counting.accepted(), 1);
    assert_eq!(transport.open_connections(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_is_reused_across_threads_too() {
    let server = Server::start(hello()).await;
    let counting = Counting::before(server.address).await;
    let transport = Transport::new();
    for _ in 0..200 {
        let (transport, endpoint) = (transport.clone(), http(counting.address));
        let call = async move { fetch(&transport, &endpoint, "/hello").await.unwrap() };
        assert_eq!(tokio::spawn(call).await.unwrap().bytes, "hello");
    }
    assert_eq!(counting.accepted(), 1);
}

#[tokio::test]
async fn a_response_that_is_dropped_unread_costs_its_connection() {
    let server = Server::start(Router::new().route("/", route_get(|| async { "x".repeat(1 << 22) }))).await;
    let counting = Counting::before(server.address).await;
    let transport = Transport::new();
    let endpoint = http(counting.address);
    drop(soon(transport.send(&endpoint, get("/"))).await.unwrap());
    fetch(&transport, &endpoint, "/").await.unwrap();
    assert_eq!(counting.accepted(), 2);
}

#[tokio::test]
async fn requests_go_below_the_base_path_with_host_and_query() {
    let (listener, address) = listen().await;
    let peer = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let head = read_request(&mut stream).await.unwrap();
        write_ok(&mut stream, "").await;
        head
    });
    let endpoint = Endpoint::parse(&format!("http://{address}/api/v1")).unwrap();
    fetch(&Transport::new(), &endpoint, "/pets?limit=1")
        .await
        .unwrap();
    let head = soon(peer).await.unwrap();
    assert!(
        head.starts_with("GET /api/v1/pets?limit=1 HTTP/1.1\r\n"),
        "{head}"
    );
    assert!(head.contains(&format!("host: {address}\r\n")), "{head}");
}

/// Answers one request a connection, closes it, and says so.
async fn one_request_a_connection(listener: TcpListener, closed: mpsc::Sender<()>) {
    loop {
        let (mut stream, _) = listener.accept().await.unwrap();
        if read_request(&mut stream).await.is_some() {
            write_ok(&mut stream, "once").await;
        }
        drop(stream);
        let _ = closed.send(()).await;
    }
}

#[tokio::test]
async fn a_stale_idle_connection_never_fails_a_call() {
    let (listener, address) = listen().await;
    let (closed, mut closes) = mpsc::channel(1);
    tokio::spawn(one_request_a_connection(listener, closed));
    let transport = Transport::new();
    for _ in 0..50 {
        // The server closes right after it answered: the next call finds the
        // connection closed, closing, or still looking well.
        let body = fetch(&transport, &http(address), "/").await.unwrap();
        assert_eq!(body.bytes, "once");
        soon(closes.recv()).await.unwrap();
    }
}

/// Hands out streams made beforehand.
struct Prepared(std::sync::Mutex<Vec<DuplexStream>>);

impl Connector for Prepared {
    fn connect<'a>(
        &'a self,
        _: &'a Endpoint,
    ) -> Pin<Box<dyn Future<Output = io::Result<Box<dyn Io>>> + Send + 'a>> {
        let stream = self.0.lock().unwrap().pop();
        Box::pin(async move {
            let stream = stream.ok_or(io::ErrorKind::ConnectionRefused)?;
            Ok(Box::new(stream) as Box<dyn Io>)
        })
    }
}

/// Answers one request with a body of four bytes.
async fn answer_one(stream: &mut DuplexStream) {
    let mut request = Vec::new();
    while !request.ends_with(b"body") {
        assert_ne!(stream.read_buf(&mut request).await.unwrap(), 0);
    }
    stream
        .write_all(b"HTTP/1.1 204 No Content\r\n\r\n")
        .await
        .unwrap();
}

#[tokio::test]
async fn a_request_that_never_left_a_dying_connection_is_sent_on_another() {
    let (first, mut first_peer) = tokio::io::duplex(4096);
    let (second, mut second_peer) = tokio::io::duplex(4096);
    let streams = Prepared(std::sync::Mutex::new(vec![second, first]));
    let transport = Transport::builder().connector(streams).build().unwrap();
    let endpoint = Endpoint::parse("http://peer").unwrap();
    let send = || transport.send(&endpoint, Request::post("/").body("body".into()).unwrap());
    let (response, ()) = soon(join(send(), answer_one(&mut first_peer))).await;
    assert_eq!(response.unwrap().status(), 204);
    // The connection ends while idle in the pool, and its task has not run since.
    drop(first_peer);
    assert_eq!(transport.open_connections(), 1);
    let (response, ()) = soon(join(send(), answer_one(&mut second_peer))).await;
    assert_eq!(response.unwrap().status(), 204);
    // With no third stream the failure is that of connecting.
    drop(second_peer);
    assert!(soon(send()).await.unwrap_err().is_connect());
}

#[tokio::test]
async fn nothing_listening_is_a_refused_connection() {
    let (listener, address) = listen().await;
    drop(listener);
    let error = fetch(&Transport::new(), &http(address), "/").await.unwrap_err();
    assert_eq!(error.kind(), TransportErrorKind::Connect(ConnectCause::Refused));
    assert!(error.is_connect() && error.is_not_processed());
    assert!(error.to_string().contains(&address.to_string()), "{error}");
}

#[tokio::test]
async fn a_name_without_an_address_is_a_dns_failure() {
    let endpoint = Endpoint::parse("http://no-such-host.invalid:1").unwrap();
    let error = fetch(&Transport::new(), &endpoint, "/").await.unwrap_err();
    assert_eq!(error.kind(), TransportErrorKind::Connect(ConnectCause::Dns));
}

/// A network that swallows everything.
struct BlackHole;

impl Connector for BlackHole {
    fn connect<'a>(
        &'a self,
        _: &'a Endpoint,
    ) -> Pin<Box<dyn Future<Output = io::Result<Box<dyn Io>>> + Send + 'a>> {
        Box::pin(pending())
    }
}

/// Refuses so many connections, and then has a stream.
struct Starting {
    refusals: std::sync::atomic::AtomicU32,
    then: Prepared,
}

impl Connector for Starting {
    fn connect<'a>(
        &'a self,
        endpoint: &'a Endpoint,
    ) -> Pin<Box<dyn Future<Output = io::Result<Box<dyn Io>>> + Send + 'a>> {
        use std::sync::atomic::Ordering::Relaxed;
        let refuse = self
            .refusals
            .fetch_update(Relaxed, Relaxed, |left| left.checked_sub(1));
        match refuse {
            Ok(_) => Box::pin(async { Err(io::ErrorKind::ConnectionRefused.into()) }),
            Err(_) => self.then.connect(endpoint),
        }
    }
}

fn starting(refusals: u32, streams: Vec<tokio::io::DuplexStream>) -> Starting {
    Starting {
        refusals: refusals.into(),
        then: Prepared(std::sync::Mutex::new(streams)),
    }
}

#[tokio::test]
async fn a_service_that_is_just_starting_is_waited_for_when_asked_to() {
    let (stream, mut peer) = tokio::io::duplex(4096);
    let starting = starting(2, vec![stream]);
    let transport = Transport::builder()
        .wait_for_ready(true)
        .connector(starting)
        .build()
        .unwrap();
    let endpoint = Endpoint::parse("http://peer").unwrap();
    let request = Request::post("/").body("body".into()).unwrap();
    let (response, ()) = soon(join(transport.send(&endpoint, request), answer_one(&mut peer))).await;
    assert_eq!(response.unwrap().status(), 204);
}

#[tokio::test(start_paused = true)]
async fn a_service_that_never_starts_is_waited_for_until_the_connect_timeout_and_unasked_not_at_all() {
    let endpoint = Endpoint::parse("http://peer").unwrap();
    for (wait, cause, time) in [
        (false, ConnectCause::Refused, 0),
        (true, ConnectCause::Timeout, 5),
    ] {
        let transport = Transport::builder()
            .wait_for_ready(wait)
            .connector(starting(u32::MAX, Vec::new()))
            .build()
            .unwrap();
        let began = tokio::time::Instant::now();
        let error = transport.send(&endpoint, get("/")).await.unwrap_err();
        assert_eq!(error.kind(), TransportErrorKind::Connect(cause));
        assert_eq!(began.elapsed(), Duration::from_secs(time));
    }
}

#[tokio::test(start_paused = true)]
async fn connecting_gives_up_at_the_connect_timeout() {
    let transport = Transport::builder().connector(BlackHole).build().unwrap();
    for endpoint in ["http://10.255.255.1", "10.255.255.1:50051"] {
        let began = tokio::time::Instant::now();
        let endpoint = Endpoint::parse(endpoint).unwrap();
        let error = transport.send(&endpoint, get("/")).await.unwrap_err();
        assert_eq!(error.kind(), TransportErrorKind::Connect(ConnectCause::Timeout));
        assert_eq!(began.elapsed(), Duration::from_secs(5));
    }
}

#[tokio::test(start_paused = true)]
async fn callers_that_wait_for_one_http2_connection_fail_together() {
    let transport = Transport::builder().connector(BlackHole).build().unwrap();
    let endpoint = Endpoint::parse("10.255.255.1:50051").unwrap();
    let began = tokio::time::Instant::now();
    let outcomes = join_all((0..10).map(|_| transport.send(&endpoint, get("/")))).await;
    assert!(
        outcomes
            .into_iter()
            .all(|outcome| outcome.unwrap_err().is_connect())
    );
    assert_eq!(began.elapsed(), Duration::from_secs(5));
}

#[tokio::test]
async fn concurrent_http2_calls_share_one_connection() {
    const CALLS: usize = 32;
    // Nobody is answered before everybody has arrived.
    let all = Arc::new(Barrier::new(CALLS));
    let handler = move || {
        let all = all.clone();
        async move {
            all.wait().await;
            "together"
        }
    };
    let server = Server::start(Router::new().route("/", route_get(handler))).await;
    let counting = Counting::before(server.address).await;
    let transport = Transport::new();
    let endpoint = http(counting.address).with_protocol(Protocol::Http2);
    let bodies = join_all((0..CALLS).map(|_| fetch(&transport, &endpoint, "/"))).await;
    assert!(bodies.into_iter().all(|body| body.unwrap().bytes == "together"));
    assert_eq!(counting.accepted(), 1);
}

#[tokio::test]
async fn busy_http2_connections_are_joined_by_others_up_to_a_limit() {
    const CALLS: usize = 16;
    let all = Arc::new(Barrier::new(CALLS));
    let handler = move || {
        let all = all.clone();
        async move {
            all.wait().await;
            "together"
        }
    };
    let server = Server::start(Router::new().route("/", route_get(handler))).await;
    for (connections, streams, expected) in [(8, 4, 4), (2, 4, 2), (1, 1, 1)] {
        let counting = Counting::before(server.address).await;
        let builder = Transport::builder().http2_connections(connections, streams);
        let transport = builder.build().unwrap();
        let endpoint = http(counting.address).with_protocol(Protocol::Http2);
        for _ in 0..2 {
            let bodies = join_all((0..CALLS).map(|_| fetch(&transport, &endpoint, "/"))).await;
            assert!(bodies.into_iter().all(|body| body.unwrap().bytes == "together"));
            assert_eq!(counting.accepted(), expected);
        }
    }
}

#[tokio::test]
async fn an_http2_connection_that_ended_is_replaced() {
    let (listener, address) = listen().await;
    let (tell, mut told) = mpsc::channel(1);
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let mut connection = h2::server::handshake(stream).await.unwrap();
            let (_, mut respond) = connection.accept().await.unwrap().unwrap();
            respond.send_response(http::Response::new(()), true).unwrap();
            connection.graceful_shutdown();
            while connection.accept().await.is_some() {}
            tell.send(()).await.unwrap();
        }
    });
    let transport = Transport::new();
    for _ in 0..10 {
        fetch(&transport, &grpc(address), "/").await.unwrap();
        soon(told.recv()).await.unwrap();
    }
}

#[tokio::test]
async fn a_refused_stream_was_not_processed_and_a_reset_one_may_have_been() {
    let (listener, address) = listen().await;
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let mut connection = h2::server::handshake(stream).await.unwrap();
        let mut reasons = [h2::Reason::REFUSED_STREAM, h2::Reason::INTERNAL_ERROR].into_iter();
        while let Some(Ok((_, mut respond))) = connection.accept().await {
            respond.send_reset(reasons.next().unwrap());
        }
    });
    let transport = Transport::new();
    let refused = fetch(&transport, &grpc(address), "/").await.unwrap_err();
    assert_eq!(refused.kind(), TransportErrorKind::NotProcessed);
    // The refusal took the connection out of the pool; ask on the same one again.
    let (listener, address) = listen().await;
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let mut connection = h2::server::handshake(stream).await.unwrap();
        while let Some(Ok((_, mut respond))) = connection.accept().await {
            respond.send_reset(h2::Reason::INTERNAL_ERROR);
        }
    });
    let reset = fetch(&transport, &grpc(address), "/").await.unwrap_err();
    assert_eq!(reset.kind(), TransportErrorKind::Io);
    assert_eq!(reset.h2_reason(), Some(2));
    assert!(!reset.is_not_processed());
}

/// Speaks HTTP/2 by hand: waits for the headers of a request, then goes away
/// saying that it processed no stream at all.
async fn goes_away_at_the_first_request(listener: TcpListener) {
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
}

#[tokio::test]
async fn a_stream_beyond_a_goaway_was_not_processed() {
    let (listener, address) = listen().await;
    tokio::spawn(goes_away_at_the_first_request(listener));
    let error = fetch(&Transport::new(), &grpc(address), "/").await.unwrap_err();
    assert_eq!(error.kind(), TransportErrorKind::NotProcessed, "{error:?}");
    assert!(error.is_not_processed());
}

#[tokio::test]
async fn a_body_beyond_the_limit_is_refused_announced_or_not() {
    let chunked = || async {
        let chunks = futures_util::stream::iter((0..100).map(|_| Ok::<_, io::Error>("0123456789")));
        axum::body::Body::from_stream(chunks)
    };
    let router = Router::new()
        .route("/announced", route_get(|| async { "x".repeat(1000) }))
        .route("/chunked", route_get(chunked));
    let server = Server::start(router).await;
    let transport = Transport::new();
    for path in ["/announced", "/chunked"] {
        let endpoint = http(server.address);
        let body = soon(transport.send(&endpoint, get(path)))
            .await
            .unwrap()
            .into_body();
        let error = soon(body.collect(999)).await.unwrap_err();
        assert_eq!(error.kind(), TransportErrorKind::BodyTooLarge, "{path}");
        let body = soon(transport.send(&endpoint, get(path)))
            .await
            .unwrap()
            .into_body();
        assert_eq!(
            soon(body.collect(1000)).await.unwrap().bytes.len(),
            1000,
            "{path}"
        );
    }
}

#[tokio::test]
async fn a_server_that_breaks_off_mid_body_is_an_io_error() {
    let (listener, address) = listen().await;
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        read_request(&mut stream).await.unwrap();
        stream
            .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf")
            .await
            .unwrap();
    });
    let error = fetch(&Transport::new(), &http(address), "/").await.unwrap_err();
    assert_eq!(error.kind(), TransportErrorKind::Io);
    assert!(!error.is_not_processed());
}

#[tokio::test]
async fn a_server_that_closes_without_an_answer_may_have_processed_the_request() {
    let (listener, address) = listen().await;
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        read_request(&mut stream).await.unwrap();
    });
    let error = fetch(&Transport::new(), &http(address), "/").await.unwrap_err();
    assert_eq!(error.kind(), TransportErrorKind::Io);
    assert!(!error.on_reused_connection());
}

#[tokio::test]
async fn an_answer_that_is_not_http_is_a_protocol_error() {
    let (listener, address) = listen().await;
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        read_request(&mut stream).await.unwrap();
        stream.write_all(b"SSH-2.0-OpenSSH\r\n\r\n").await.unwrap();
    });
    let error = fetch(&Transport::new(), &http(address), "/").await.unwrap_err();
    assert_eq!(error.kind(), TransportErrorKind::Protocol);
}

#[tokio::test]
async fn bodies_go_up_as_bytes_and_as_streams() {
    let echo = |body: Bytes| async move { body };
    let server = Server::start(Router::new().route("/", post(echo))).await;
    let transport = Transport::new();
    for protocol in [Protocol::Http1, Protocol::Http2] {
        let endpoint = http(server.address).with_protocol(protocol);
        let chunks = ["one ", "two"].map(|text| Ok::<_, io::Error>(http_body::Frame::data(text.into())));
        let streamed = Body::stream(http_body_util::StreamBody::new(futures_util::stream::iter(
            chunks,
        )));
        for body in [Body::from("one two"), streamed] {
            let request = Request::post("/").body(body).unwrap();
            let response = soon(transport.send(&endpoint, request)).await.unwrap();
            let collected = soon(response.into_body().collect(100)).await.unwrap();
            assert_eq!(collected.bytes, "one two", "{protocol:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_idle_connection_closes_at_its_idle_timeout() {
    let (client, mut server) = tokio::io::duplex(4096);
    let transport = Transport::builder()
        .connector(Prepared(std::sync::Mutex::new(vec![client])))
        .idle_timeout(Duration::from_secs(30))
        .build()
        .unwrap();
    let peer = tokio::spawn(async move {
        let mut buffer = [0; 1024];
        let mut reads = Vec::new();
        while let Ok(1..) = server.read(&mut buffer).await {
            reads.push(tokio::time::Instant::now());
            server
                .write_all(b"HTTP/1.1 204 No Content\r\n\r\n")
                .await
                .unwrap();
        }
        (reads, tokio::time::Instant::now())
    });
    let endpoint = Endpoint::parse("http://peer").unwrap();
    transport.send(&endpoint, get("/")).await.unwrap();
    tokio::time::advance(Duration::from_secs(20)).await;
    transport.send(&endpoint, get("/")).await.unwrap();
    transport.drained().await;
    let (reads, closed) = peer.await.unwrap();
    assert_eq!(reads.len(), 2);
    let idle = closed - reads[1];
    assert!(
        idle >= Duration::from_secs(30) && idle < Duration::from_secs(31),
        "{idle:?}"
    );
}

#[tokio::test]
async fn closing_ends_idle_connections_and_lets_calls_in_flight_end() {
    let arrived = Arc::new(Notify::new());
    let go_on = Arc::new(Notify::new());
    let (tell, wait) = (arrived.clone(), go_on.clone());
    let slow = move || {
        let (tell, wait) = (tell.clone(), wait.clone());
        async move {
            tell.notify_one();
            wait.notified().await;
            "done"
        }
    };
    let server = Server::start(hello().route("/slow", route_get(slow))).await;
    let transport = Transport::new();
    for protocol in [Protocol::Http1, Protocol::Http2] {
        let transport = if protocol == Protocol::Http1 {
            transport.clone()
        } else {
            Transport::new()
        };
        let endpoint = http(server.address).with_protocol(protocol);
        let call = tokio::spawn({
            let (transport, endpoint) = (transport.clone(), endpoint.clone());
            async move { fetch(&transport, &endpoint, "/slow").await }
        });
        soon(arrived.notified()).await;
        fetch(&transport, &endpoint, "/hello").await.unwrap();
        transport.close();
        let error = fetch(&transport, &endpoint, "/hello").await.unwrap_err();
        assert!(error.is_closed() && error.is_not_processed());
        go_on.notify_one();
        assert_eq!(soon(call).await.unwrap().unwrap().bytes, "done");
        soon(transport.drained()).await;
        assert_eq!(transport.open_connections(), 0);
    }
}

#[tokio::test]
async fn a_service_in_this_process_can_take_the_place_of_the_network() {
    let router = Router::new().route(
        "/api/who",
        route_get(|headers: http::HeaderMap| async move { headers["host"].to_str().unwrap().to_owned() }),
    );
    let line = Line::over(InProcess::new(router));
    let endpoint = Endpoint::parse("http://somewhere/api").unwrap();
    let response = line.send(&endpoint, get("/who")).await.unwrap();
    assert_eq!(
        response.into_body().collect(100).await.unwrap().bytes,
        "somewhere"
    );
}

/// A certificate authority, and a server certificate for `localhost` from it.
struct Certificates {
    authority: rcgen::CertifiedIssuer<'static, rcgen::KeyPair>,
}

impl Certificates {
    fn new() -> Self {
        let mut params = rcgen::CertificateParams::new(vec![]).unwrap();
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let key = rcgen::KeyPair::generate().unwrap();
        let authority = rcgen::CertifiedIssuer::self_signed(params, key).unwrap();
        Self { authority }
    }

    fn issue(&self, name: &str) -> (rcgen::Certificate, rcgen::KeyPair) {
        let key = rcgen::KeyPair::generate().unwrap();
        let params = rcgen::CertificateParams::new(vec![name.to_owned()]).unwrap();
        (params.signed_by(&key, &self.authority).unwrap(), key)
    }

    fn roots(&self) -> Arc<rustls::RootCertStore> {
        let mut roots = rustls::RootCertStore::empty();
        roots.add(self.authority.der().clone()).unwrap();
        Arc::new(roots)
    }

    fn client(&self) -> Tls {
        Tls::new()
            .without_public_roots()
            .authority_pem(self.authority.pem().as_bytes())
            .unwrap()
    }
}

/// Serves `hello` over TLS with the given protocols; `mutual` demands a client certificate.
async fn tls_server(certificates: &Certificates, protocols: &[&[u8]], mutual: bool) -> Endpoint {
    let (certificate, key) = certificates.issue("localhost");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = rustls::ServerConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .unwrap();
    let builder = if mutual {
        let verifier =
            rustls::server::WebPkiClientVerifier::builder_with_provider(certificates.roots(), provider);
        builder.with_client_cert_verifier(verifier.build().unwrap())
    } else {
        builder.with_no_client_auth()
    };
    let key = rustls::pki_types::PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let mut config = builder
        .with_single_cert(vec![certificate.der().clone()], key)
        .unwrap();
    config.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    let server = Server::start(hello()).await;
    let (listener, address) = listen().await;
    tokio::spawn(async move {
        let _server = &server;
        while let Ok((stream, _)) = listener.accept().await {
            let (acceptor, target) = (acceptor.clone(), server.address);
            tokio::spawn(async move {
                let Ok(mut stream) = acceptor.accept(stream).await else {
                    return;
                };
                let mut target = TcpStream::connect(target).await.unwrap();
                let _ = tokio::io::copy_bidirectional(&mut stream, &mut target).await;
            });
        }
    });
    Endpoint::parse(&format!("https://localhost:{}", address.port())).unwrap()
}

#[tokio::test]
async fn https_speaks_what_the_server_negotiates() {
    let certificates = Certificates::new();
    for (offers, version) in [
        (&[b"h2".as_slice(), b"http/1.1"][..], http::Version::HTTP_2),
        (&[b"http/1.1".as_slice()][..], http::Version::HTTP_11),
        (&[][..], http::Version::HTTP_11),
    ] {
        let endpoint = tls_server(&certificates, offers, false).await;
        let transport = Transport::builder().tls(certificates.client()).build().unwrap();
        for _ in 0..3 {
            let response = soon(transport.send(&endpoint, get("/hello"))).await.unwrap();
            assert_eq!(response.version(), version);
            assert_eq!(
                soon(response.into_body().collect(9)).await.unwrap().bytes,
                "hello"
            );
        }
        assert_eq!(transport.open_connections(), 1, "{version:?}");
    }
}

#[tokio::test]
async fn an_unknown_authority_fails_the_handshake_as_a_connect_error() {
    let endpoint = tls_server(&Certificates::new(), &[b"h2"], false).await;
    let stranger = Transport::builder()
        .tls(Certificates::new().client())
        .build()
        .unwrap();
    let error = fetch(&stranger, &endpoint, "/hello").await.unwrap_err();
    assert_eq!(error.kind(), TransportErrorKind::Connect(ConnectCause::Tls));
    assert!(error.is_not_processed());
}

#[tokio::test]
async fn mutual_tls_shows_the_client_certificate() {
    let certificates = Certificates::new();
    let endpoint = tls_server(&certificates, &[b"http/1.1"], true).await;
    let (certificate, key) = certificates.issue("client");
    let tls = certificates
        .client()
        .identity_pem(certificate.pem().as_bytes(), key.serialize_pem().as_bytes())
        .unwrap();
    let known = Transport::builder().tls(tls).build().unwrap();
    assert_eq!(fetch(&known, &endpoint, "/hello").await.unwrap().bytes, "hello");
    let unknown = Transport::builder().tls(certificates.client()).build().unwrap();
    assert!(fetch(&unknown, &endpoint, "/hello").await.is_err());
}

#[tokio::test]
async fn http2_that_is_demanded_and_not_offered_is_a_connect_error() {
    let certificates = Certificates::new();
    let endpoint = tls_server(&certificates, &[], false)
        .await
        .with_protocol(Protocol::Http2);
    let transport = Transport::builder().tls(certificates.client()).build().unwrap();
    let error = fetch(&transport, &endpoint, "/hello").await.unwrap_err();
    assert_eq!(error.kind(), TransportErrorKind::Connect(ConnectCause::Tls));
}

#[tokio::test]
async fn idle_connections_above_the_limit_are_closed() {
    const CALLS: usize = 8;
    let seen = Arc::new(AtomicUsize::new(0));
    let all = Arc::new(Barrier::new(CALLS));
    let count = seen.clone();
    let handler = move || {
        let (all, count) = (all.clone(), count.clone());
        async move {
            count.fetch_add(1, Ordering::SeqCst);
            all.wait().await;
        }
    };
    let server = Server::start(Router::new().route("/", route_get(handler))).await;
    let transport = Transport::builder().max_idle(0).build().unwrap();
    let endpoint = http(server.address);
    let calls = join_all((0..CALLS).map(|_| fetch(&transport, &endpoint, "/"))).await;
    assert!(calls.into_iter().all(|call| call.is_ok()));
    assert_eq!(seen.load(Ordering::SeqCst), CALLS);
    soon(transport.drained()).await;
}
