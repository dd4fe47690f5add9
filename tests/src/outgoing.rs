//! What a service sends on its own reaches those who implement it, over the wire.

use std::future::pending;
use std::time::Duration;

use tokio::net::TcpListener;

use super::golden::webhooks::{subscribe, types, webhooks};

/// Serves a router on the loopback interface.
async fn serve(router: tieline::generated::v1::axum::Router) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("a bound address");
    tokio::spawn(tieline::server::serve::serve(
        listener,
        router,
        pending::<()>(),
        Duration::ZERO,
    ));
    format!("http://{address}")
}

#[tokio::test]
async fn a_webhook_is_sent_to_the_very_address_that_its_receiver_gave() {
    let mock = webhooks::Mock::new();
    mock.published.handle(|_, request| async move {
        assert_eq!((request.x_signature.as_str(), request.body.number), ("secret", 7));
        Ok(webhooks::published::Response::NoContent)
    });
    let address = serve(webhooks::router(mock)).await;
    let sender = webhooks::Client::to(&format!("{address}/published")).expect("a URL");
    sender
        .published("secret", types::Issue::new(7))
        .await
        .expect("it is received");
    let elsewhere = webhooks::Client::to(&format!("{address}/other")).expect("a URL");
    let error = elsewhere.published("secret", types::Issue::new(7)).await;
    let status = error.expect_err("nobody is there").status();
    assert_eq!(status.map(|status| status.as_u16()), Some(404));
}

#[tokio::test]
async fn a_callback_has_its_own_typed_replies() {
    let mock = subscribe::callbacks::Mock::new();
    mock.on_issue
        .handle(|_, _| async { Err(subscribe::callbacks::on_issue::Failure::Gone.into()) });
    let address = serve(subscribe::callbacks::router(mock)).await;
    let sender = subscribe::callbacks::Client::to(&format!("{address}/on_issue")).expect("a URL");
    let error = sender.on_issue(types::Issue::new(1)).await.expect_err("gone");
    assert_eq!(error.body(), Some(&subscribe::callbacks::on_issue::Failure::Gone));
}

#[tokio::test]
async fn what_a_webhook_must_have_is_asked_for() {
    let address = serve(webhooks::router(webhooks::Mock::new())).await;
    let untyped = tieline::Client::to(&address).expect("a URL");
    let reply = untyped
        .post("published", &serde_json::json!({ "number": "seven" }))
        .await;
    let status = reply.expect_err("neither header nor number").status();
    assert_eq!(status.map(|status| status.as_u16()), Some(400));
}
