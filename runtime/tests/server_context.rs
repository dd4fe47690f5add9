//! What a generated HTTP server makes of the work itself: context, deadline, panics, counts.

#![cfg(all(feature = "server", feature = "mock"))]

mod support;

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use http::{Request, StatusCode};
use serde_json::json;
use support::pets::{self, Mock, get_pet, pet};
use support::{get, send};
use tieline::Context;
use tieline::observe::metrics::{Metrics, Status};

fn mock() -> (Arc<Mock>, tieline::server::Service) {
    let mock = Arc::new(Mock::default());
    (mock.clone(), pets::service(mock))
}

#[tokio::test(start_paused = true)]
async fn the_callers_deadline_ends_the_handler() {
    let (mock, service) = mock();
    let (dropped, mut gone) = tokio::sync::mpsc::channel::<()>(1);
    mock.get_pet.handle(move |context, _| {
        let dropped = dropped.clone();
        async move {
            let left = context.deadline().unwrap().remaining();
            assert!(left <= Duration::from_millis(250) && left > Duration::from_millis(200));
            std::future::pending::<()>().await;
            drop(dropped);
            Ok(get_pet::Response::Ok(pet()))
        }
    });
    let mut request = get("/pets/1");
    request
        .headers_mut()
        .insert("tieline-timeout-ms", "250".parse().unwrap());
    let started = tokio::time::Instant::now();
    let got = send(service.clone(), request).await;
    assert_eq!(
        (got.status, &got.json()["code"]),
        (StatusCode::GATEWAY_TIMEOUT, &json!("DEADLINE_EXCEEDED"))
    );
    assert_eq!(started.elapsed(), Duration::from_millis(250));
    drop((service, mock));
    assert_eq!(gone.recv().await, None, "nothing of the handler is left");
}

#[tokio::test]
async fn a_deadline_that_has_passed_starts_nothing() {
    let (mock, service) = mock();
    let mut request = get("/pets/1");
    request
        .headers_mut()
        .insert("tieline-timeout-ms", "0".parse().unwrap());
    assert_eq!(send(service, request).await.status, StatusCode::GATEWAY_TIMEOUT);
    mock.get_pet.assert_called(0);
}

#[tokio::test]
async fn the_context_says_what_the_headers_say_and_is_the_current_one() {
    let (mock, service) = mock();
    mock.get_pet.handle(|_, _| async {
        let here = Context::current();
        assert_eq!(here.correlation_id().map(|id| &**id), Some("c-1"));
        assert_eq!(here.request_id().map(|id| &**id), Some("r-1"));
        assert_eq!((here.caller(), here.attempt()), (Some("orders"), 2));
        assert_eq!(here.header("x-tenant"), Some("blue"));
        let trace = here.trace().unwrap();
        assert_eq!(
            trace.traceparent(),
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
        );
        assert_eq!(trace.state.as_deref(), Some("v=1"));
        Ok(get_pet::Response::Ok(pet()))
    });
    let request = Request::get("/pets/1")
        .header("x-correlation-id", "c-1")
        .header("X-Request-ID", "r-1")
        .header("x-service-name", "orders")
        .header("tieline-attempt", "2")
        .header("x-tenant", "blue")
        .header(
            "traceparent",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        )
        .header("tracestate", "v=1")
        .body(Body::empty())
        .unwrap();
    let got = send(service, request).await;
    assert_eq!(got.status, StatusCode::OK, "{}", got.text());
    assert_eq!(
        (got.header("x-correlation-id"), got.header("x-request-id")),
        ("c-1", "r-1")
    );
}

#[tokio::test]
async fn the_two_ids_stand_in_for_each_other_and_are_made_when_both_are_missing() {
    let (mock, service) = mock();
    mock.get_pet.reply(get_pet::Response::Ok(pet()));
    for name in ["x-correlation-id", "x-request-id"] {
        let request = Request::get("/pets/1")
            .header(name, "only")
            .body(Body::empty())
            .unwrap();
        let got = send(service.clone(), request).await;
        assert_eq!(
            (got.header("x-correlation-id"), got.header("x-request-id")),
            ("only", "only")
        );
    }
    let (first, second) = (
        send(service.clone(), get("/pets/1")).await,
        send(service, get("/nothing")).await,
    );
    assert!(tieline::codec::Format::Uuid.accepts(first.header("x-correlation-id")));
    assert!(
        tieline::codec::Format::Uuid.accepts(second.header("x-request-id")),
        "on refusals too"
    );
    assert_ne!(
        first.header("x-correlation-id"),
        second.header("x-correlation-id")
    );
    assert!(
        mock.get_pet
            .contexts()
            .iter()
            .all(|context| context.trace().is_some())
    );
}

#[tokio::test]
async fn a_panicking_handler_answers_500_and_serving_goes_on() {
    let (mock, service) = mock();
    mock.get_pet.with(|request| {
        assert_ne!(request.id, 13, "secret of thirteen");
        Ok(get_pet::Response::Ok(pet()))
    });
    let got = send(service.clone(), get("/pets/13")).await;
    assert_eq!(
        (got.status, &got.json()["detail"]),
        (StatusCode::INTERNAL_SERVER_ERROR, &json!("internal error"))
    );
    assert!(!got.text().contains("thirteen"));
    assert_eq!(send(service, get("/pets/12")).await.status, StatusCode::OK);
}

#[tokio::test]
async fn calls_are_counted_by_operation_and_status() {
    let metrics = Arc::new(Metrics::new());
    let (mock, service) = mock();
    mock.get_pet.reply_once(get_pet::Response::Ok(pet()));
    let service = service.metrics(metrics.clone());
    send(service.clone(), get("/pets/1")).await;
    send(service, get("/pets/0")).await;
    let counted = metrics.operation("pets", "getPet", "GET");
    assert_eq!(
        (counted.calls(Status::Http(200)), counted.calls(Status::Http(400))),
        (1, 1)
    );
}

#[tokio::test]
async fn odd_header_values_are_as_good_as_absent() {
    let (mock, service) = mock();
    mock.get_pet.reply(get_pet::Response::Ok(pet()));
    for timeout in [
        "",
        "soon",
        "-1",
        "1.5",
        "18446744073709551615",
        "99999999999999",
        "184467440737095516160",
    ] {
        let long = "x".repeat(300);
        let request = Request::get("/pets/1")
            .header("tieline-timeout-ms", timeout)
            .header("tieline-attempt", "4294967296")
            .header("traceparent", "garbage")
            .header("x-correlation-id", long)
            .body(Body::empty())
            .unwrap();
        let got = send(service.clone(), request).await;
        assert_eq!(got.status, StatusCode::OK, "{timeout}");
        assert!(tieline::codec::Format::Uuid.accepts(got.header("x-correlation-id")));
    }
    assert!(
        mock.get_pet
            .contexts()
            .iter()
            .all(|context| context.attempt() == 0)
    );
}
