//! Calls by way of a proxy, on loopback.

#![cfg(feature = "server")]

mod wire_support;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tieline::http::{ConnectCause, Endpoint, Proxies, Tls, Transport, TransportErrorKind};
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use wire_support::{fetch, listen, soon, write_ok};

/// A proxy that forwards, makes tunnels, and remembers the heads of what it was asked.
struct Proxy {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Proxy {
    /// Every host is at `target`. Without `open`, tunnels are refused.
    async fn before(target: SocketAddr, open: bool) -> Self {
        let (listener, address) = listen().await;
        let asked = Arc::new(Mutex::new(Vec::new()));
        let remembered = Arc::clone(&asked);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, target, open, Arc::clone(&remembered)));
            }
        });
        Self { address, asked }
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().expect("no panic").clone()
    }
}

async fn serve(mut stream: TcpStream, target: SocketAddr, open: bool, asked: Arc<Mutex<Vec<String>>>) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(octet) => head.push(octet),
            Err(_) => return,
        }
    }
    let head = String::from_utf8(head).expect("text");
    asked.lock().expect("no panic").push(head.clone());
    if head.starts_with("CONNECT ") {
        if !open {
            let refusal = "HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n";
            let _ = stream.write_all(refusal.as_bytes()).await;
            return;
        }
        let _ = stream
            .write_all(b"HTTP/1.1 200 Connection established\r\n\r\n")
            .await;
        let mut other = TcpStream::connect(target).await.expect("the service");
        let _ = copy_bidirectional(&mut stream, &mut other).await;
    } else {
        write_ok(&mut stream, "forwarded").await;
    }
}

fn transport(proxies: Proxies, tls: Tls) -> Transport {
    Transport::builder()
        .proxies(proxies)
        .tls(tls)
        .build()
        .expect("a transport")
}

#[tokio::test]
async fn plain_http_is_given_to_the_proxy_with_the_whole_url() {
    soon(async {
        let proxy = Proxy::before(([127, 0, 0, 1], 1).into(), true).await;
        let proxies = Proxies::all(&format!("http://me:pw@{}", proxy.address)).expect("a proxy");
        let transport = transport(proxies.except("straight.invalid"), Tls::new());
        let endpoint = Endpoint::parse("http://pets.invalid:8080/api").expect("an address");
        let reply = fetch(&transport, &endpoint, "/pets?x=1")
            .await
            .expect("forwarded");
        assert_eq!(reply.bytes, "forwarded");
        let head = proxy.asked().remove(0).to_ascii_lowercase();
        assert!(
            head.starts_with("get http://pets.invalid:8080/api/pets?x=1 http/1.1\r\n"),
            "{head}"
        );
        assert!(head.contains("\r\nhost: pets.invalid:8080\r\n"), "{head}");
        assert!(
            head.contains("\r\nproxy-authorization: basic bwu6chc=\r\n"),
            "{head}"
        );
        let straight = Endpoint::parse("http://straight.invalid").expect("an address");
        let error = fetch(&transport, &straight, "/").await.expect_err("no such host");
        assert_eq!(error.kind(), TransportErrorKind::Connect(ConnectCause::Dns));
    })
    .await;
}

#[tokio::test]
async fn tls_goes_through_a_tunnel_and_the_credentials_stay_with_the_proxy() {
    soon(async {
        let mut params = rcgen::CertificateParams::new(vec!["pets.invalid".to_owned()]).unwrap();
        params.is_ca = rcgen::IsCa::ExplicitNoCa;
        let key = rcgen::KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap();
        let config =
            rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
                .with_safe_default_protocol_versions()
                .unwrap()
                .with_no_client_auth()
                .with_single_cert(
                    vec![certificate.der().clone()],
                    rustls::pki_types::PrivateKeyDer::Pkcs8(key.serialize_der().into()),
                )
                .unwrap();
        let (listener, address): (TcpListener, _) = listen().await;
        let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
        let served = tokio::spawn(async move {
            let (stream, _) = listener.accept().await.expect("a connection");
            let mut stream = acceptor.accept(stream).await.expect("TLS");
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                head.push(stream.read_u8().await.expect("a request"));
            }
            stream
                .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nsecret")
                .await
                .expect("sent");
            String::from_utf8(head).expect("text")
        });
        let proxy = Proxy::before(address, true).await;
        let proxies = Proxies::all(&format!("http://me:pw@{}", proxy.address)).expect("a proxy");
        let tls = Tls::new()
            .without_public_roots()
            .authority_pem(certificate.pem().as_bytes())
            .expect("PEM");
        let transport = transport(proxies, tls);
        let endpoint = Endpoint::parse("https://pets.invalid").expect("an address");
        let reply = fetch(&transport, &endpoint, "/pets")
            .await
            .expect("through the tunnel");
        assert_eq!(reply.bytes, "secret");
        let head = proxy.asked().remove(0).to_ascii_lowercase();
        assert!(
            head.starts_with("connect pets.invalid:443 http/1.1\r\n"),
            "{head}"
        );
        assert!(head.contains("proxy-authorization: basic bwu6chc="), "{head}");
        let seen = served.await.expect("served").to_ascii_lowercase();
        assert!(seen.starts_with("get /pets http/1.1\r\n"), "{seen}");
        assert!(!seen.contains("proxy-authorization"), "{seen}");
    })
    .await;
}

#[tokio::test]
async fn http2_without_tls_goes_through_a_tunnel() {
    soon(async {
        let router = axum::Router::new().route("/x", axum::routing::get(|| async { "two" }));
        let server = wire_support::Server::start(router).await;
        let proxy = Proxy::before(server.address, true).await;
        let proxies = Proxies::all(&proxy.address.to_string()).expect("a proxy");
        let transport = transport(proxies, Tls::new());
        let endpoint = Endpoint::grpc("pets.invalid:50051").expect("an address");
        let reply = fetch(&transport, &endpoint, "/x")
            .await
            .expect("through the tunnel");
        assert_eq!(reply.bytes, "two");
        assert!(proxy.asked()[0].starts_with("CONNECT pets.invalid:50051 "));
    })
    .await;
}

#[tokio::test]
async fn a_proxy_that_refuses_is_an_error_that_says_so() {
    soon(async {
        let proxy = Proxy::before(([127, 0, 0, 1], 1).into(), false).await;
        let proxies = Proxies::all(&format!("http://me:hunter2@{}", proxy.address)).expect("a proxy");
        let transport = transport(proxies, Tls::new());
        let endpoint = Endpoint::parse("https://pets.invalid").expect("an address");
        let error = fetch(&transport, &endpoint, "/").await.expect_err("refused");
        assert_eq!(error.kind(), TransportErrorKind::Connect(ConnectCause::Proxy));
        let shown = format!("{error} {error:?} {transport:?}");
        assert!(
            shown.contains("credentials") && !shown.contains("hunter2"),
            "{shown}"
        );
    })
    .await;
}
