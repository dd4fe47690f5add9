//! Endpoints by Kubernetes against an API server on loopback that speaks the real protocol: lists, watches in chunks,
//! bookmarks, versions that are too old.

#![cfg(feature = "kubernetes")]

mod endpoint_support;

use std::collections::BTreeMap;
use std::future::{Future, IntoFuture as _};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use endpoint_support::{Fleet, builder, calls};
use serde_json::{Value, json};
use tieline::Client;
use tieline::endpoints::{Kubernetes, Member};
use tieline::http::{Endpoint, Transport};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// How the server says that a version is too old.
#[derive(Clone, Copy, PartialEq)]
enum Gone {
    ByStatus,
    ByEvent,
}

struct State {
    version: u64,
    slices: BTreeMap<String, Value>,
    /// Events by version, for those who watch from before.
    log: Vec<(u64, String)>,
    /// Versions before this one are too old.
    oldest: u64,
    gone: Gone,
    /// Counts the times that all watches were ended.
    ends: u64,
    /// The version at which that was done last: what comes after is for the next watch.
    ended_at: u64,
    is_forbidden: bool,
    /// Path and query, and the token, of each request.
    asked: Vec<(String, Option<String>)>,
}

/// The API server. Clones are the same one.
#[derive(Clone)]
struct ApiServer {
    state: Arc<Mutex<State>>,
    changed: watch::Sender<()>,
}

impl ApiServer {
    fn new() -> Self {
        Self {
            state: Arc::new(Mutex::new(State {
                version: 100,
                slices: BTreeMap::new(),
                log: Vec::new(),
                oldest: 0,
                gone: Gone::ByStatus,
                ends: 0,
                ended_at: 0,
                is_forbidden: false,
                asked: Vec::new(),
            })),
            changed: watch::Sender::new(()),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    fn tell(&self, kind: &str, name: &str, addresses: &[&str]) {
        let mut state = self.state();
        state.version += 1;
        let version = state.version;
        let endpoints: Vec<Value> = addresses
            .iter()
            .map(
                |address| json!({ "addresses": [address], "conditions": { "ready": true }, "zone": "eu-1a" }),
            )
            .collect();
        let slice = json!({
            "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4",
            "metadata": { "name": name, "namespace": "shop", "resourceVersion": version.to_string() },
            "endpoints": endpoints, "ports": [{ "name": "http", "port": 8080, "protocol": "TCP" }],
        });
        if kind == "DELETED" {
            state.slices.remove(name);
        } else {
            state.slices.insert(name.to_owned(), slice.clone());
        }
        let line = json!({ "type": kind, "object": slice }).to_string();
        state.log.push((version, line));
        drop(state);
        self.changed.send_replace(());
    }

    /// Says how far things have gone, and forgets what was before.
    fn bookmark(&self) {
        let mut state = self.state();
        state.version += 10;
        let version = state.version;
        let object =
            json!({ "kind": "EndpointSlice", "metadata": { "resourceVersion": version.to_string() } });
        state.log.push((
            version,
            json!({ "type": "BOOKMARK", "object": object }).to_string(),
        ));
        drop(state);
        self.changed.send_replace(());
    }

    fn end_watches(&self) {
        let mut state = self.state();
        state.ends += 1;
        state.ended_at = state.version;
        drop(state);
        self.changed.send_replace(());
    }

    fn lists(&self) -> Vec<String> {
        let state = self.state();
        let lists = state
            .asked
            .iter()
            .filter(|(path, _)| !path.contains("watch=true"));
        lists.map(|(path, _)| path.clone()).collect()
    }

    fn watches(&self) -> Vec<String> {
        let state = self.state();
        let watches = state.asked.iter().filter(|(path, _)| path.contains("watch=true"));
        watches.map(|(path, _)| path.clone()).collect()
    }

    async fn serve(&self) -> Endpoint {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = self.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let server = server.clone();
                tokio::spawn(async move { server.converse(stream).await });
            }
        });
        Endpoint::parse(&format!("http://{address}")).unwrap()
    }

    /// Answers requests until the peer goes.
    async fn converse(&self, mut stream: TcpStream) -> Option<()> {
        loop {
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                head.push(stream.read_u8().await.ok()?);
            }
            let head = String::from_utf8(head).unwrap();
            let path = head.split(' ').nth(1)?.to_owned();
            let token = head.lines().find_map(|line| line.strip_prefix("authorization: "));
            self.state().asked.push((path.clone(), token.map(str::to_owned)));
            let reply = |status: &str, body: &str| {
                format!(
                    "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
                    body.len()
                )
            };
            if self.state().is_forbidden {
                let text = reply("403 Forbidden", r#"{"kind":"Status","code":403}"#);
                stream.write_all(text.as_bytes()).await.ok()?;
            } else if path.contains("watch=true") {
                self.watched(&mut stream, &path, reply).await?;
            } else {
                let text = {
                    let state = self.state();
                    let items: Vec<&Value> = state.slices.values().collect();
                    let list = json!({
                        "kind": "EndpointSliceList", "apiVersion": "discovery.k8s.io/v1",
                        "metadata": { "resourceVersion": state.version.to_string() }, "items": items,
                    });
                    reply("200 OK", &list.to_string())
                };
                stream.write_all(text.as_bytes()).await.ok()?;
            }
        }
    }

    async fn watched(
        &self,
        stream: &mut TcpStream,
        path: &str,
        reply: impl Fn(&str, &str) -> String,
    ) -> Option<()> {
        let from: u64 = path
            .split("resourceVersion=")
            .nth(1)?
            .split('&')
            .next()?
            .parse()
            .ok()?;
        let (oldest, gone, ends) = {
            let state = self.state();
            (state.oldest, state.gone, state.ends)
        };
        let status = r#"{"kind":"Status","status":"Failure","message":"too old resource version","reason":"Expired","code":410}"#;
        if from < oldest && gone == Gone::ByStatus {
            return stream.write_all(reply("410 Gone", status).as_bytes()).await.ok();
        }
        let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n";
        stream.write_all(head.as_bytes()).await.ok()?;
        if from < oldest {
            let line = format!("{{\"type\":\"ERROR\",\"object\":{status}}}\n");
            chunk(stream, line.as_bytes()).await?;
            return stream.write_all(b"0\r\n\r\n").await.ok();
        }
        let (mut sent, mut changed) = (from, self.changed.subscribe());
        loop {
            let (events, has_ended) = {
                let state = self.state();
                let has_ended = state.ends > ends;
                let last = if has_ended { state.ended_at } else { u64::MAX };
                let events = state
                    .log
                    .iter()
                    .filter(|(version, _)| *version > sent && *version <= last);
                (events.cloned().collect::<Vec<_>>(), has_ended)
            };
            for (version, line) in events {
                // A line comes in two pieces, as networks cut it.
                let line = format!("{line}\n");
                let (one, other) = line.split_at(line.len() / 2);
                chunk(stream, one.as_bytes()).await?;
                chunk(stream, other.as_bytes()).await?;
                sent = version;
            }
            if has_ended {
                return stream.write_all(b"0\r\n\r\n").await.ok();
            }
            changed.changed().await.ok()?;
        }
    }
}

async fn chunk(stream: &mut TcpStream, octets: &[u8]) -> Option<()> {
    stream
        .write_all(format!("{:x}\r\n", octets.len()).as_bytes())
        .await
        .ok()?;
    stream.write_all(octets).await.ok()?;
    stream.write_all(b"\r\n").await.ok()?;
    stream.flush().await.ok()
}

async fn soon<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(30), what)
        .await
        .expect("an event did not come")
}

async fn client(server: &ApiServer, token: &std::path::Path) -> Client {
    let api = server.serve().await;
    let address = Endpoint::parse("http://users.shop:8080/api").unwrap();
    let kubernetes = Kubernetes::at(address, "default", api, Transport::new()).token_file(token);
    builder(&Fleet::new(), &[]).discover(kubernetes).build().unwrap()
}

/// Waits until the client knows these.
async fn becomes(client: &Client, expected: &[&str]) {
    soon(async {
        loop {
            assert_eq!(calls(client, 1).await, 0, "no call fails meanwhile");
            let known: Vec<String> = client
                .endpoints()
                .unwrap()
                .members()
                .iter()
                .map(Member::address)
                .collect();
            if known == expected {
                return;
            }
        }
    })
    .await;
}

async fn until(what: impl Fn() -> bool) {
    soon(async {
        while !what() {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

fn token(text: &str) -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), text).unwrap();
    file
}

#[tokio::test]
async fn slices_are_listed_once_and_then_followed() {
    let (server, token) = (ApiServer::new(), token("secret-1\n"));
    server.tell("ADDED", "users-a", &["10.0.0.1"]);
    let client = client(&server, token.path()).await;
    becomes(&client, &["10.0.0.1:8080"]).await;
    server.tell("ADDED", "users-b", &["10.0.0.3", "10.0.0.2"]);
    becomes(&client, &["10.0.0.1:8080", "10.0.0.2:8080", "10.0.0.3:8080"]).await;
    server.tell("MODIFIED", "users-b", &["10.0.0.3"]);
    becomes(&client, &["10.0.0.1:8080", "10.0.0.3:8080"]).await;
    server.tell("DELETED", "users-a", &[]);
    becomes(&client, &["10.0.0.3:8080"]).await;
    assert_eq!(client.endpoints().unwrap().members()[0].zone(), Some("eu-1a"));
    assert_eq!(
        server.lists(),
        [
            "/apis/discovery.k8s.io/v1/namespaces/shop/endpointslices?labelSelector=kubernetes.io%2Fservice-name%3Dusers&resourceVersion=0"
        ]
    );
    let watches = server.watches();
    assert_eq!(watches.len(), 1);
    assert!(
        watches[0].contains("&allowWatchBookmarks=true&") && watches[0].ends_with("&resourceVersion=101"),
        "{watches:?}"
    );
    assert_eq!(server.state().asked[0].1.as_deref(), Some("Bearer secret-1"));
}

#[tokio::test]
async fn a_watch_that_ends_goes_on_from_the_last_version_with_a_token_read_anew() {
    let (server, token) = (ApiServer::new(), token("secret-1"));
    server.tell("ADDED", "users-a", &["10.0.0.1"]);
    let client = client(&server, token.path()).await;
    becomes(&client, &["10.0.0.1:8080"]).await;
    until(|| server.watches().len() == 1).await;
    std::fs::write(token.path(), "secret-2").unwrap();
    server.end_watches();
    // Between the two watches, so that only the version tells of it.
    server.tell("MODIFIED", "users-a", &["10.0.0.2"]);
    becomes(&client, &["10.0.0.2:8080"]).await;
    assert_eq!((server.lists().len(), server.watches().len()), (1, 2));
    assert_eq!(
        server.state().asked.last().unwrap().1.as_deref(),
        Some("Bearer secret-2")
    );
}

#[tokio::test]
async fn a_bookmark_keeps_the_version_young() {
    let (server, token) = (ApiServer::new(), token("secret"));
    server.tell("ADDED", "users-a", &["10.0.0.1"]);
    let client = client(&server, token.path()).await;
    becomes(&client, &["10.0.0.1:8080"]).await;
    until(|| server.watches().len() == 1).await;
    server.bookmark();
    server.end_watches();
    let version = server.state().version;
    server.state().oldest = version;
    server.tell("MODIFIED", "users-a", &["10.0.0.2"]);
    becomes(&client, &["10.0.0.2:8080"]).await;
    assert_eq!(
        server.lists().len(),
        1,
        "what was before the bookmark is not asked for again"
    );
    assert!(server.watches()[1].ends_with(&format!("&resourceVersion={version}")));
}

#[tokio::test]
async fn a_version_that_is_too_old_has_the_slices_listed_again() {
    for gone in [Gone::ByStatus, Gone::ByEvent] {
        let (server, token) = (ApiServer::new(), token("secret"));
        server.state().gone = gone;
        server.tell("ADDED", "users-a", &["10.0.0.1"]);
        let client = client(&server, token.path()).await;
        becomes(&client, &["10.0.0.1:8080"]).await;
        until(|| server.watches().len() == 1).await;
        {
            // Everything changes while nobody watches, and what led there is forgotten.
            let mut state = server.state();
            state.ends += 1;
            state.ended_at = state.version;
            state.version += 50;
            state.oldest = state.version;
            state.slices.clear();
        }
        server.tell("ADDED", "users-b", &["10.0.0.9"]);
        server.state().log.clear();
        becomes(&client, &["10.0.0.9:8080"]).await;
        let lists = server.lists();
        assert_eq!(lists.len(), 2);
        assert!(
            !lists[1].contains("resourceVersion"),
            "the newest is wanted: {lists:?}"
        );
    }
}

#[tokio::test]
async fn a_service_without_pods_and_a_server_that_refuses_leave_the_last_good_set() {
    let (server, token) = (ApiServer::new(), token("secret"));
    server.tell("ADDED", "users-a", &["10.0.0.1"]);
    let client = client(&server, token.path()).await;
    becomes(&client, &["10.0.0.1:8080"]).await;
    server.tell("MODIFIED", "users-a", &[]);
    server.state().is_forbidden = true;
    server.end_watches();
    until(|| server.watches().len() >= 3).await;
    assert_eq!(calls(&client, 5).await, 0);
    server.state().is_forbidden = false;
    server.tell("MODIFIED", "users-a", &["10.0.0.7"]);
    becomes(&client, &["10.0.0.7:8080"]).await;
}

#[tokio::test]
async fn a_refusal_says_what_to_allow_and_shows_no_token() {
    let (server, token) = (ApiServer::new(), token("hunter2"));
    server.state().is_forbidden = true;
    let client = client(&server, token.path()).await;
    let error = soon(client.get("x").into_future()).await.unwrap_err();
    let text = format!("{error} {error:?}");
    assert!(text.contains("endpointslices") && text.contains("403"), "{text}");
    assert!(!text.contains("hunter2"));
}

#[test]
fn outside_of_a_pod_the_error_says_so() {
    if std::env::var_os("KUBERNETES_SERVICE_HOST").is_none() {
        let error = Kubernetes::in_cluster(Endpoint::parse("http://users:8080").unwrap()).unwrap_err();
        assert!(error.to_string().contains("KUBERNETES_SERVICE_HOST"), "{error}");
    }
}
