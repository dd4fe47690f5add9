//! Servers over TLS: whom they trust, and certificates that change while they run.

#![cfg(feature = "server")]

use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use tieline::Client;
use tieline::clock::ManualClock;
use tieline::http::{Tls, TlsError};
use tieline::server::auth::PeerCertificate;
use tieline::server::serve::{Server, ServerTls};
use tracing_subscriber::fmt::MakeWriter;

const LOOK: Duration = Duration::from_secs(10);

/// All that is logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(octets);
        Ok(octets.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'w> MakeWriter<'w> for Log {
    type Writer = Self;

    fn make_writer(&'w self) -> Self {
        self.clone()
    }
}

/// A certificate authority.
struct Authority(rcgen::CertifiedIssuer<'static, rcgen::KeyPair>);

/// A certificate and its key, PEM.
struct Issued {
    certificate: String,
    key: String,
    der: Vec<u8>,
}

impl Authority {
    fn new() -> Self {
        let mut params = rcgen::CertificateParams::new(vec![]).unwrap();
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let key = rcgen::KeyPair::generate().unwrap();
        Self(rcgen::CertifiedIssuer::self_signed(params, key).unwrap())
    }

    fn pem(&self) -> Vec<u8> {
        self.0.pem().into_bytes()
    }

    fn issue(&self) -> Issued {
        let key = rcgen::KeyPair::generate().unwrap();
        let params = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &self.0).unwrap();
        Issued {
            certificate: certificate.pem(),
            key: key.serialize_pem(),
            der: certificate.der().to_vec(),
        }
    }

    fn trusted(&self) -> Tls {
        Tls::new()
            .without_public_roots()
            .authority_pem(&self.pem())
            .unwrap()
    }
}

impl Issued {
    fn write(&self, folder: &Path) {
        std::fs::write(folder.join("cert.pem"), &self.certificate).unwrap();
        std::fs::write(folder.join("key.pem"), &self.key).unwrap();
    }
}

/// Answers with the certificate that the client has shown.
async fn serve(tls: &ServerTls) -> SocketAddr {
    async fn peer(request: axum::extract::Request) -> Vec<u8> {
        let peer = request.extensions().get::<PeerCertificate>();
        peer.map_or_else(|| b"nobody".to_vec(), |peer| peer.0.clone())
    }
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = Server::new().tls(tls).unwrap();
    let router = Router::new().route("/", get(peer));
    tokio::spawn(async move {
        server
            .serve(listener, router, std::future::pending(), Duration::ZERO)
            .await
    });
    address
}

/// What a new client gets over a connection of its own. `None`: the connection was not made.
async fn ask(address: SocketAddr, tls: Tls) -> Option<Vec<u8>> {
    let client = Client::builder("peer")
        .url(&format!("https://localhost:{}", address.port()))
        .unwrap()
        .tls(tls)
        .unwrap()
        .build()
        .unwrap();
    let reply = client
        .get("/")
        .timeout(Duration::from_secs(20))
        .repeatable(false)
        .await;
    reply.ok().map(|reply| reply.body().to_vec())
}

#[tokio::test]
async fn a_new_certificate_is_shown_without_a_restart_and_a_bad_one_is_not() {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt()
        .with_writer(log.clone())
        .with_ansi(false)
        .finish();
    // The server runs on this thread, too.
    let _logging = tracing::subscriber::set_default(subscriber);
    let (one, two) = (Authority::new(), Authority::new());
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    one.issue().write(folder.path());
    let hand = ManualClock::new();
    let tls = ServerTls::files(path("cert.pem"), path("key.pem")).unwrap();
    let tls = tls.look_every(LOOK, hand.clock()).unwrap();
    let address = serve(&tls).await;
    assert!(ask(address, one.trusted()).await.is_some());
    assert!(
        ask(address, two.trusted()).await.is_none(),
        "another authority is not trusted"
    );

    let next = two.issue();
    next.write(folder.path());
    assert!(
        ask(address, one.trusted()).await.is_some(),
        "it is not time to look yet"
    );
    hand.advance(LOOK);
    assert!(ask(address, two.trusted()).await.is_some());
    assert!(ask(address, one.trusted()).await.is_none());

    // Half written, of another key, no certificate, gone: the one before goes on.
    let third = one.issue();
    for (certificate, key) in [
        (Some(&third.certificate), Some(&next.key)),
        (
            Some(&"-----BEGIN CERTIFICATE-----\nMIIB".to_owned()),
            Some(&next.key),
        ),
        (Some(&String::new()), Some(&String::new())),
        (Some(&third.certificate), None),
    ] {
        for (name, text) in [("cert.pem", certificate), ("key.pem", key)] {
            match text {
                Some(text) => std::fs::write(path(name), text).unwrap(),
                None => std::fs::remove_file(path(name)).unwrap(),
            }
        }
        hand.advance(LOOK);
        assert!(ask(address, two.trusted()).await.is_some());
    }
    third.write(folder.path());
    hand.advance(LOOK);
    assert!(
        ask(address, one.trusted()).await.is_some(),
        "what was mended is used"
    );
}

#[tokio::test]
async fn a_client_shows_its_new_certificate_without_a_restart() {
    let authority = Authority::new();
    let server = authority.issue();
    let tls = ServerTls::pem(server.certificate.as_bytes(), server.key.as_bytes()).unwrap();
    let address = serve(&tls.client_authorities_pem(&authority.pem()).unwrap()).await;
    let folder = tempfile::tempdir().unwrap();
    let (certificate, key) = (folder.path().join("cert.pem"), folder.path().join("key.pem"));
    let (one, two) = (authority.issue(), authority.issue());
    one.write(folder.path());
    let hand = ManualClock::new();
    let client = authority
        .trusted()
        .identity_files_on(&certificate, &key, LOOK, hand.clock())
        .unwrap();
    assert_eq!(ask(address, client.clone()).await, Some(one.der));
    two.write(folder.path());
    hand.advance(LOOK);
    assert_eq!(ask(address, client.clone()).await, Some(two.der.clone()));
    std::fs::write(&certificate, "nothing").unwrap();
    hand.advance(LOOK);
    assert_eq!(ask(address, client).await, Some(two.der));
}

#[tokio::test]
async fn clients_without_a_certificate_or_with_that_of_another_authority_are_turned_away() {
    let (authority, other) = (Authority::new(), Authority::new());
    let server = authority.issue();
    let tls = ServerTls::pem(server.certificate.as_bytes(), server.key.as_bytes()).unwrap();
    let tls = tls.client_authorities_pem(&authority.pem()).unwrap();
    let address = serve(&tls).await;
    let stranger = other.issue();
    let showing = |issued: &Issued| {
        let (certificate, key) = (issued.certificate.as_bytes(), issued.key.as_bytes());
        authority.trusted().identity_pem(certificate, key).unwrap()
    };
    assert_eq!(ask(address, authority.trusted()).await, None);
    assert_eq!(ask(address, showing(&stranger)).await, None);
    let known = authority.issue();
    assert_eq!(ask(address, showing(&known)).await, Some(known.der));
    let optional = serve(&tls.client_certificate_optional()).await;
    assert_eq!(ask(optional, authority.trusted()).await, Some(b"nobody".to_vec()));
    assert_eq!(ask(optional, showing(&stranger)).await, None);
}

#[test]
fn files_that_cannot_be_used_are_told_at_the_start_without_what_is_in_them() {
    let authority = Authority::new();
    let (one, two) = (authority.issue(), authority.issue());
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let missing = ServerTls::files(path("cert.pem"), path("key.pem")).unwrap_err();
    assert!(missing.to_string().contains("cert.pem"), "{missing}");
    std::fs::write(path("cert.pem"), &one.certificate).unwrap();
    std::fs::write(path("key.pem"), &two.key).unwrap();
    let unlike = ServerTls::files(path("cert.pem"), path("key.pem")).unwrap_err();
    assert!(matches!(unlike, TlsError::Rejected(_)), "{unlike:?}");
    let secret = two.key.lines().nth(1).unwrap();
    assert!(!format!("{unlike:?} {unlike}").contains(secret));
    let tls = ServerTls::pem(two.certificate.as_bytes(), two.key.as_bytes()).unwrap();
    assert!(!format!("{tls:?}").contains(secret));
}
