//! Certificates and proxies of services, as their settings name them.

#![cfg(feature = "server")]

mod wire_support;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use tieline::config::ConfigFile;
use tieline::registry::Registry;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use wire_support::{listen, soon};

/// A certificate for `localhost` that may show itself to both sides, with its key, as PEM.
struct Certificate {
    certificate: rcgen::Certificate,
    key: rcgen::KeyPair,
}

impl Certificate {
    fn new() -> Self {
        let key = rcgen::KeyPair::generate().unwrap();
        let params = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        Self {
            certificate: params.self_signed(&key).unwrap(),
            key,
        }
    }
}

fn written(name: &str, text: &str) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{}-{name}", std::process::id()));
    std::fs::write(&path, text).expect("a file");
    path
}

fn registry(settings: &str) -> Registry {
    let text = format!("[service.pets]\n{settings}\n");
    let file = ConfigFile::parse("tieline.toml".as_ref(), &text).expect("sound");
    Registry::with_environment(BTreeMap::new()).with_file(file)
}

fn refusal(settings: &str) -> String {
    let settings = format!("base_url = \"https://localhost\"\n{settings}");
    let made = registry(&settings).get::<tieline::Client>("pets");
    made.expect_err("it cannot be used").to_string()
}

#[tokio::test]
async fn files_name_whom_to_trust_and_who_we_are() {
    soon(async {
        let (server, client) = (Certificate::new(), Certificate::new());
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut roots = rustls::RootCertStore::empty();
        roots.add(client.certificate.der().clone()).unwrap();
        let verifier =
            rustls::server::WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider.clone());
        let key = rustls::pki_types::PrivateKeyDer::try_from(server.key.serialize_der()).unwrap();
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_client_cert_verifier(verifier.build().unwrap())
            .with_single_cert(vec![server.certificate.der().clone()], key)
            .unwrap();
        let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
        let (listener, address) = listen().await;
        tokio::spawn(async move {
            let (stream, _) = listener.accept().await.unwrap();
            let mut stream = acceptor.accept(stream).await.unwrap();
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                head.push(stream.read_u8().await.unwrap());
            }
            let reply = b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\n7";
            stream.write_all(reply).await.unwrap();
            stream.flush().await.unwrap();
        });
        let (ca, certificate, key) = (
            written("ca.pem", &server.certificate.pem()),
            written("client.pem", &client.certificate.pem()),
            written("client.key", &client.key.serialize_pem()),
        );
        let settings = format!(
            "base_url = \"https://localhost:{}\"\ntls.ca_file = {ca:?}\ntls.public_roots = false\n\
             tls.certificate_file = {certificate:?}\ntls.key_file = {key:?}",
            address.port()
        );
        let pets: tieline::Client = registry(&settings).get("pets").expect("a client");
        assert_eq!(
            pets.get("x")
                .await
                .expect("both trust each other")
                .body()
                .as_ref(),
            b"7"
        );
        for path in [ca, certificate, key] {
            std::fs::remove_file(path).expect("it was there");
        }
    })
    .await;
}

#[test]
fn what_cannot_be_used_says_which_setting_and_why() {
    let text = refusal("tls.ca_file = \"/nowhere/ca.pem\"");
    assert!(
        text.contains("`tls.ca_file`: /nowhere/ca.pem cannot be read"),
        "{text}"
    );
    let text = refusal("tls.certificate_file = \"/nowhere/c.pem\"");
    assert!(text.contains("set `tls.key_file`"), "{text}");
    let text = refusal("tls.public_roots = false");
    assert!(text.contains("set `tls.ca_file`"), "{text}");
    let no_certificate = written("not.pem", "nothing");
    let text = refusal(&format!("tls.ca_file = {no_certificate:?}"));
    assert!(text.contains("BEGIN CERTIFICATE"), "{text}");
    std::fs::remove_file(no_certificate).expect("it was there");
    let text = refusal("proxy.url = \"http://p:1\"\nproxy.user = \"me\"\nproxy.password_env = \"NOT_SET\"");
    assert!(text.contains("NOT_SET is not set"), "{text}");
}

#[test]
fn a_proxy_with_credentials_in_its_address_is_refused_without_showing_them() {
    let text = "[service.pets]\nproxy.url = \"http://me:hunter2@p:1\"\n";
    let error = ConfigFile::parse("tieline.toml".as_ref(), text).expect_err("credentials in a file");
    assert!(error.to_string().contains("without credentials"), "{error}");
    assert!(!error.to_string().contains("hunter2"), "{error}");
}
