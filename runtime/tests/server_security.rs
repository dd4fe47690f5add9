//! What attackers try: each is refused with the right error, serving goes on, and no secret is seen.

#![cfg(all(feature = "server", feature = "mock"))]

mod support;

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::body::Body;
use http::{Request, StatusCode};
use support::pets::{self, Mock, get_pet, order, pet};
use support::{get, post, send};
use tieline::call::{Call, CallOptions};
use tieline::clock::Wall;
use tieline::context::Principal;
use tieline::server::auth::{ApiKeys, Jwt, Schemes};
use tieline::server::idempotency::{Idempotency, MemoryStore};
use tieline::server::serve::Server;
use tieline::{Client, Code, Error, ErrorKind};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tracing_subscriber::fmt::MakeWriter;

const SECRET: &str = "s3cret-of-tokens-that-nobody-may-see";
const KEY: &str = "k3y-of-services-that-nobody-may-see";

fn mock() -> Arc<Mock> {
    let mock = Arc::new(Mock::default());
    mock.get_pet.reply(get_pet::Response::Ok(pet()));
    mock.order.reply(order::Response::Ok("done".to_owned()));
    mock
}

async fn serve(server: Server, router: axum::Router) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        server
            .serve(listener, router, std::future::pending(), Duration::ZERO)
            .await
    });
    address
}

fn client(address: SocketAddr) -> Client {
    Client::builder("pets")
        .url(&format!("http://{address}"))
        .unwrap()
        .build()
        .unwrap()
}

/// What comes back on a connection until the server closes it.
async fn answer(address: SocketAddr, sent: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    // The server may close before all is sent.
    let _ = stream.write_all(sent).await;
    let mut text = Vec::new();
    let reading = stream.read_to_end(&mut text);
    let ended = tokio::time::timeout(Duration::from_secs(30), reading).await;
    assert!(ended.is_ok(), "the connection stays open");
    String::from_utf8_lossy(&text).into_owned()
}

#[tokio::test]
async fn connections_that_say_little_and_slowly_are_closed_and_others_are_served() {
    let router = pets::service(mock()).into_router();
    let server = Server::new().header_timeout(Duration::from_millis(200));
    let address = serve(server, router).await;
    let begun = Instant::now();
    for begin in [
        "",
        "P",
        "GET /pets/7 HT",
        "GET /pets/7 HTTP/1.1\r\nhost: pets\r\nx-slow: a",
    ] {
        let client = client(address);
        let (slow, meanwhile) = tokio::join!(answer(address, begin.as_bytes()), client.get("/pets/7"));
        assert!(!slow.starts_with("HTTP/1.1 200"), "{slow}");
        assert_eq!(meanwhile.unwrap().status(), StatusCode::OK);
    }
    assert!(
        begun.elapsed() >= Duration::from_millis(4 * 200),
        "each was given its time"
    );
}

#[tokio::test]
async fn a_body_that_does_not_come_ends_with_408_and_others_are_served() {
    let router = pets::service(mock()).into_router();
    let server = Server::new().body_timeout(Duration::from_millis(200));
    let address = serve(server, router).await;
    let stalled = "POST /orders HTTP/1.1\r\nhost: pets\r\nconnection: close\r\n\
                   content-type: application/x-www-form-urlencoded\r\ncontent-length: 6\r\n\r\nsize";
    let client = client(address);
    let (slow, meanwhile) = tokio::join!(answer(address, stalled.as_bytes()), client.get("/pets/7"));
    assert!(slow.starts_with("HTTP/1.1 408"), "{slow}");
    assert_eq!(meanwhile.unwrap().status(), StatusCode::OK);
}

#[tokio::test]
async fn headers_and_bodies_beyond_their_limits_are_refused_and_serving_goes_on() {
    let router = pets::service(mock()).body_limit(1000).into_router();
    let address = serve(Server::new().header_limit(8 * 1024), router).await;
    let large = format!(
        "GET /pets/7 HTTP/1.1\r\nhost: pets\r\nx-large: {}\r\n\r\n",
        "a".repeat(20_000)
    );
    assert!(
        answer(address, large.as_bytes())
            .await
            .starts_with("HTTP/1.1 431")
    );
    let many = format!(
        "GET /pets/7 HTTP/1.1\r\nhost: pets\r\n{}\r\n",
        "x-a: b\r\n".repeat(500)
    );
    assert!(answer(address, many.as_bytes()).await.starts_with("HTTP/1.1 431"));
    let long_path = format!("GET /{} HTTP/1.1\r\nhost: pets\r\n\r\n", "a".repeat(100_000));
    assert!(
        answer(address, long_path.as_bytes())
            .await
            .starts_with("HTTP/1.1 4")
    );

    let body = |length: usize| format!("size={}", "1".repeat(length));
    for chunked in [false, true] {
        let text = body(2000);
        let head = if chunked {
            "transfer-encoding: chunked".to_owned()
        } else {
            format!("content-length: {}", text.len())
        };
        let text = if chunked {
            format!("{:x}\r\n{text}\r\n0\r\n\r\n", text.len())
        } else {
            text
        };
        let whole = format!(
            "POST /orders HTTP/1.1\r\nhost: pets\r\nconnection: close\r\n\
             content-type: application/x-www-form-urlencoded\r\n{head}\r\n\r\n{text}"
        );
        assert!(
            answer(address, whole.as_bytes())
                .await
                .starts_with("HTTP/1.1 413"),
            "chunked: {chunked}"
        );
    }
    // Two lengths: what one reads as a body the other reads as a request.
    let smuggled =
        "POST /orders HTTP/1.1\r\nhost: pets\r\ncontent-length: 6\r\ncontent-length: 5\r\n\r\nsize=1";
    assert!(
        answer(address, smuggled.as_bytes())
            .await
            .starts_with("HTTP/1.1 400")
    );
    assert_eq!(
        client(address).get("/pets/7").await.unwrap().status(),
        StatusCode::OK
    );
}

#[tokio::test]
async fn no_parameter_becomes_a_header_or_a_request_of_its_own() {
    let address = serve(Server::new(), pets::service(mock()).into_router()).await;
    let client = client(address);
    let evil = "a\r\nx-evil: 1\r\n\r\nGET /pets/1 HTTP/1.1";
    let refused = client.get("/pets/7").header("x-name", evil).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Encode, "{refused}");
    for request in [
        client.get(&format!("/pets/{evil}")),
        client.get(&format!("/pets/7?q={evil}")),
    ] {
        let error = request.await.unwrap_err();
        assert_eq!(
            (error.kind(), error.attempts()),
            (ErrorKind::Encode, 0),
            "{error}"
        );
    }
    let typed = Client::builder("pets")
        .url(&format!("http://{address}"))
        .unwrap()
        .build()
        .unwrap();
    let search = pets::search::Request {
        tags: Some(vec![evil.to_owned()]),
        ids: None,
        words: None,
        codes: None,
        filter: None,
        page: None,
        extra: None,
        trace: Some(vec![evil.to_owned()]),
        session: None,
        rest: None,
    };
    let error = search
        .send(&typed, CallOptions::default())
        .await
        .map(drop)
        .unwrap_err();
    assert_eq!(
        (error.kind(), error.attempts()),
        (ErrorKind::Encode, 0),
        "{error}"
    );
}

#[tokio::test]
async fn a_key_that_was_seen_is_of_no_use_with_another_body_or_to_somebody_else() {
    let mock = mock();
    let service = pets::service(mock.clone()).idempotency(Idempotency::new(MemoryStore::new()));
    let keyed = |who: &str, size: u32| {
        let mut request = post(
            "/orders",
            "application/x-www-form-urlencoded",
            format!("size={size}"),
        );
        request
            .headers_mut()
            .insert("idempotency-key", "seen".parse().unwrap());
        request.extensions_mut().insert(Principal::new(who));
        request
    };
    assert_eq!(
        send(service.clone(), keyed("ann", 1)).await.status,
        StatusCode::OK
    );
    assert_eq!(
        send(service.clone(), keyed("ann", 2)).await.status,
        StatusCode::UNPROCESSABLE_ENTITY
    );
    let other = send(service, keyed("eve", 1)).await;
    assert_eq!(
        (other.status, other.header("idempotent-replayed")),
        (StatusCode::OK, "")
    );
    mock.order.assert_called(2);
}

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

#[tokio::test]
async fn no_secret_is_in_any_log_line_reply_error_or_debug_text() {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt()
        .with_writer(log.clone())
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .finish();
    let _logging = tracing::subscriber::set_default(subscriber);
    let mut seen = String::new();

    let jwt = Jwt::hs256(SECRET).unwrap().wall(Wall::at(Duration::from_secs(1)));
    let keys = ApiKeys::new([KEY]).grant("orders", format!("{KEY}-of-orders"), ["pets.read"]);
    let judge = Schemes::new().tokens(jwt.clone()).keys(keys.clone());
    seen.push_str(&format!("{jwt:?} {keys:?} {judge:?}"));
    let mock = mock();
    let service = pets::service(mock.clone())
        .authenticate(judge)
        .idempotency(Idempotency::new(MemoryStore::new()));
    let token = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbm4ifQ.c2lnbmF0dXJlLXRoYXQtbm9ib2R5LW1heS1zZWU";
    let router = jwt.clone().protect(service.clone().into_router());
    let internal = keys.clone().protect(service.clone().into_router());
    for code in [Code::Internal, Code::NotFound] {
        mock.order.fail_once(Error::new(code, "no"));
    }
    for router in [router, internal, service.into_router()] {
        let mut keyed = post("/orders", "application/x-www-form-urlencoded", "size=1");
        keyed
            .headers_mut()
            .insert("idempotency-key", "k3y-of-one-request".parse().unwrap());
        for mut request in [get("/pets/7"), get("/nothing"), keyed, refused_body()] {
            for (name, value) in [
                ("authorization", format!("Bearer {token}")),
                ("x-api-key", format!("{KEY}-guess")),
                ("cookie", "session=c00kie-of-a-session".to_owned()),
            ] {
                request.headers_mut().insert(name, value.parse().unwrap());
            }
            let got = send(router.clone(), request).await;
            seen.push_str(&format!(
                "{:?} {}",
                got.headers,
                String::from_utf8_lossy(&got.body)
            ));
        }
    }
    seen.push_str(&format!("{:?}", jwt.verify(token).await.unwrap_err()));
    let mut headers = http::HeaderMap::new();
    headers.insert("x-api-key", format!("{KEY}-guess").parse().unwrap());
    seen.push_str(&format!("{:?}", keys.check(&headers).unwrap_err()));

    let logged = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(logged.contains("request"), "something is logged: {logged}");
    for secret in [
        SECRET,
        KEY,
        token,
        "c2lnbmF0dXJl",
        "c00kie-of-a-session",
        "k3y-of-one-request",
    ] {
        assert!(!logged.contains(secret), "{secret} is in the log:\n{logged}");
        assert!(!seen.contains(secret), "{secret} is shown:\n{seen}");
    }
}

fn refused_body() -> Request<Body> {
    post(
        "/orders",
        "application/x-www-form-urlencoded",
        "size=many&password=x",
    )
}
