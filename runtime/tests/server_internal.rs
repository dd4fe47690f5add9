//! Routes for services: which listener has them, and who may call them.

#![cfg(feature = "server")]

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use http::StatusCode;
use tieline::Client;
use tieline::server::auth::ApiKeys;
use tieline::server::internal::Doors;
use tieline::server::serve::{Drained, Server};
use tokio::net::TcpListener;
use tokio::sync::oneshot;

struct Served {
    public: SocketAddr,
    internal: SocketAddr,
    stop: oneshot::Sender<()>,
    ended: tokio::task::JoinHandle<(Drained, Drained)>,
}

async fn serve(doors: Doors) -> Served {
    let (public, internal) = (
        TcpListener::bind("127.0.0.1:0").await.unwrap(),
        TcpListener::bind("127.0.0.1:0").await.unwrap(),
    );
    let (stop, stopped) = oneshot::channel::<()>();
    Served {
        public: public.local_addr().unwrap(),
        internal: internal.local_addr().unwrap(),
        stop,
        ended: tokio::spawn(async move {
            let shutdown = async { drop(stopped.await) };
            doors
                .serve(
                    &Server::new(),
                    public,
                    internal,
                    shutdown,
                    Duration::from_secs(20),
                )
                .await
        }),
    }
}

async fn ask(address: SocketAddr, path: &str, key: Option<&str>) -> StatusCode {
    let client = Client::builder("peer")
        .url(&format!("http://{address}"))
        .unwrap()
        .build()
        .unwrap();
    let mut request = client.get(path).repeatable(false);
    if let Some(key) = key {
        request = request.header("x-api-key", key);
    }
    match request.await {
        Ok(reply) => reply.status(),
        Err(error) => error.status().unwrap_or_else(|| panic!("no status: {error}")),
    }
}

fn router() -> Router {
    Router::new()
        .route("/pets", get(|| async { "pets" }))
        .route("/internal/access", get(|| async { "access" }))
        .route("/%69nternal/access", get(|| async { "access" }))
}

#[tokio::test]
async fn what_is_internal_is_on_its_own_listener_alone_and_behind_a_key() {
    let served = serve(Doors::new(router(), ApiKeys::new(["old", "new"]))).await;
    let (public, internal) = (served.public, served.internal);
    assert_eq!(ask(public, "/pets", None).await, StatusCode::OK);
    for path in [
        "/internal/access",
        "/internal",
        "/%69nternal/access",
        "/internal/nothing",
    ] {
        for key in [None, Some("new")] {
            assert_eq!(ask(public, path, key).await, StatusCode::NOT_FOUND, "{path}");
        }
    }
    for key in ["old", "new"] {
        assert_eq!(ask(internal, "/internal/access", Some(key)).await, StatusCode::OK);
    }
    for (path, key) in [
        ("/internal/access", None),
        ("/internal/access", Some("wrong")),
        ("/internal/nothing", None),
        ("/pets", None),
    ] {
        assert_eq!(ask(internal, path, key).await, StatusCode::UNAUTHORIZED, "{path}");
    }
    assert_eq!(ask(internal, "/pets", Some("new")).await, StatusCode::NOT_FOUND);
    served.stop.send(()).unwrap();
    assert_eq!(served.ended.await.unwrap(), (Drained::Whole, Drained::Whole));
}

#[tokio::test]
async fn the_prefix_is_what_it_is_said_to_be() {
    let served = serve(Doors::new(router(), ApiKeys::new(["key"])).prefix("/pets")).await;
    assert_eq!(
        ask(served.public, "/pets", Some("key")).await,
        StatusCode::NOT_FOUND
    );
    assert_eq!(ask(served.public, "/internal/access", None).await, StatusCode::OK);
    assert_eq!(ask(served.internal, "/pets", Some("key")).await, StatusCode::OK);
}
