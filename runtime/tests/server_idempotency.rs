//! What a server does with idempotency keys, over HTTP and gRPC.

#![cfg(all(feature = "server", feature = "mock"))]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::body::Body;
use http::{Request, StatusCode};
use support::pets::{self, Mock, create_pet, order, pet};
use support::{Got, post, send};
use tieline::clock::Clock;
use tieline::context::Principal;
use tieline::server::idempotency::{Claim, Claimed, Idempotency, IdempotencyStore, MemoryStore, StoreError};
use tieline::{Code, Error};
use tokio::sync::{Notify, Semaphore};

/// A store that the test looks into as well.
#[derive(Clone, Default)]
struct Shared(Arc<MemoryStore>);

#[tieline::async_trait]
impl IdempotencyStore for Shared {
    async fn claim(&self, claim: &Claim) -> Result<Claimed, StoreError> {
        self.0.claim(claim).await
    }
    async fn renew(&self, claim: &Claim) -> Result<bool, StoreError> {
        self.0.renew(claim).await
    }
    async fn complete(&self, claim: &Claim, reply: &[u8], ttl: Duration) -> Result<bool, StoreError> {
        self.0.complete(claim, reply, ttl).await
    }
    async fn release(&self, claim: &Claim) -> Result<(), StoreError> {
        self.0.release(claim).await
    }
    async fn sweep(&self) -> Result<u64, StoreError> {
        self.0.sweep().await
    }
}

fn served(mock: &Arc<Mock>, idempotency: Idempotency) -> tieline::server::Service {
    pets::service(mock.clone()).idempotency(idempotency)
}

fn service() -> (Arc<Mock>, tieline::server::Service) {
    let mock = Arc::new(Mock::default());
    let service = served(&mock, Idempotency::new(MemoryStore::new()));
    (mock, service)
}

fn ordering(key: Option<&str>, size: u32) -> Request<Body> {
    let mut request = post(
        "/orders",
        "application/x-www-form-urlencoded",
        format!("size={size}"),
    );
    if let Some(key) = key {
        request
            .headers_mut()
            .insert("idempotency-key", key.parse().unwrap());
    }
    request
}

fn by(name: &str, mut request: Request<Body>) -> Request<Body> {
    request.extensions_mut().insert(Principal::new(name));
    request
}

/// Counts its orders, so that each has another reply.
fn counting(mock: &Mock) -> Arc<AtomicUsize> {
    let count = Arc::new(AtomicUsize::new(0));
    let counted = count.clone();
    mock.order.with(move |_| {
        let number = counted.fetch_add(1, Ordering::SeqCst) + 1;
        Ok(order::Response::Ok(format!("order {number}")))
    });
    count
}

fn is_replayed(got: &Got) -> bool {
    got.header("idempotent-replayed") == "true"
}

#[tokio::test]
async fn a_request_that_comes_again_is_not_done_again_and_gets_the_same_reply() {
    let (mock, service) = service();
    counting(&mock);
    let first = send(service.clone(), ordering(Some("k-1"), 1)).await;
    let again = send(service.clone(), ordering(Some("\"k-1\""), 1)).await;
    assert_eq!(
        (first.status, first.text(), is_replayed(&first)),
        (StatusCode::OK, "order 1", false)
    );
    assert_eq!(
        (again.status, again.text(), is_replayed(&again)),
        (StatusCode::OK, "order 1", true)
    );
    assert_eq!(again.header("content-type"), first.header("content-type"));
    let other = send(service.clone(), ordering(Some("k-2"), 1)).await;
    let without = send(service, ordering(None, 1)).await;
    assert_eq!((other.text(), without.text()), ("order 2", "order 3"));
}

#[tokio::test]
async fn headers_that_the_handler_set_come_again_and_those_of_one_request_do_not() {
    let (mock, service) = service();
    mock.create_pet.handle(|cx, _| async move {
        cx.set_reply_header(http::header::LOCATION, "/pets/7".parse().unwrap());
        cx.set_reply_header(http::header::SET_COOKIE, "session=secret".parse().unwrap());
        Ok(create_pet::Response::Created(pet()))
    });
    let create = |correlation: &str| {
        let mut request = post("/pets", "application/json", r#"{"id":7,"name":"Rex","tags":[]}"#);
        request
            .headers_mut()
            .insert("idempotency-key", "k".parse().unwrap());
        request
            .headers_mut()
            .insert("x-correlation-id", correlation.parse().unwrap());
        request
    };
    let first = send(service.clone(), create("c-1")).await;
    assert_eq!(
        (first.status, first.header("set-cookie")),
        (StatusCode::CREATED, "session=secret")
    );
    let again = send(service, create("c-2")).await;
    assert!(is_replayed(&again));
    assert_eq!((again.status, again.json()), (StatusCode::CREATED, first.json()));
    assert_eq!(
        (again.header("location"), again.header("set-cookie")),
        ("/pets/7", "")
    );
    assert_eq!(again.header("x-correlation-id"), "c-2");
    mock.create_pet.assert_called(1);
}

#[tokio::test]
async fn a_key_with_another_request_is_422_and_both_stay_as_they_were() {
    let (mock, service) = service();
    let count = counting(&mock);
    send(service.clone(), ordering(Some("k"), 1)).await;
    let other = send(service.clone(), ordering(Some("k"), 2)).await;
    assert_eq!(other.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        other.json()["detail"]
            .as_str()
            .unwrap()
            .contains("another request"),
        "{:?}",
        other.body
    );
    let again = send(service, ordering(Some("k"), 1)).await;
    assert_eq!(
        (again.text(), is_replayed(&again), count.load(Ordering::SeqCst)),
        ("order 1", true, 1)
    );
}

#[tokio::test]
async fn a_key_is_refused_with_400_when_it_is_missing_and_demanded_or_is_none() {
    let mock = Arc::new(Mock::default());
    counting(&mock);
    let service = served(&mock, Idempotency::new(MemoryStore::new()).require("order"));
    let missing = send(service.clone(), ordering(None, 1)).await;
    assert_eq!(missing.status, StatusCode::BAD_REQUEST);
    let malformed = send(service.clone(), ordering(Some("\"open"), 1)).await;
    assert_eq!(malformed.status, StatusCode::BAD_REQUEST);
    // The contract demands this one.
    let create = post("/pets", "application/json", r#"{"id":7,"name":"Rex","tags":[]}"#);
    assert_eq!(send(service, create).await.status, StatusCode::BAD_REQUEST);
    mock.order.assert_called(0);
    mock.create_pet.assert_called(0);
}

#[tokio::test]
async fn a_request_that_is_under_way_is_409_with_a_time_to_come_again() {
    let (mock, service) = service();
    let (begun, go_on) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (tell, wait) = (begun.clone(), go_on.clone());
    mock.order.handle(move |_, _| {
        let (tell, wait) = (tell.clone(), wait.clone());
        async move {
            tell.notify_one();
            wait.notified().await;
            Ok(order::Response::Ok("done".to_owned()))
        }
    });
    let first = tokio::spawn(send(service.clone(), ordering(Some("k"), 1)));
    begun.notified().await;
    let second = send(service.clone(), ordering(Some("k"), 1)).await;
    assert_eq!(
        (second.status, second.header("retry-after")),
        (StatusCode::CONFLICT, "1")
    );
    let other = send(service.clone(), ordering(Some("k"), 2)).await;
    assert_eq!(other.status, StatusCode::UNPROCESSABLE_ENTITY);
    go_on.notify_one();
    assert_eq!(first.await.unwrap().text(), "done");
    assert!(is_replayed(&send(service, ordering(Some("k"), 1)).await));
    mock.order.assert_called(1);
}

#[tokio::test]
async fn of_many_at_a_time_one_is_handled() {
    let (mock, service) = service();
    let gate = Arc::new(Semaphore::new(0));
    let open = gate.clone();
    mock.order.handle(move |_, _| {
        let gate = open.clone();
        async move {
            drop(gate.acquire().await);
            Ok(order::Response::Ok("done".to_owned()))
        }
    });
    let all: Vec<_> = (0..32)
        .map(|_| tokio::spawn(send(service.clone(), ordering(Some("k"), 1))))
        .collect();
    while mock.order.count() == 0 {
        tokio::task::yield_now().await;
    }
    gate.add_permits(32);
    let mut done = 0;
    for one in all {
        let got = one.await.unwrap();
        assert!(
            got.status == StatusCode::OK || got.status == StatusCode::CONFLICT,
            "{}",
            got.status
        );
        done += usize::from(got.status == StatusCode::OK && !is_replayed(&got));
    }
    assert_eq!((done, mock.order.count()), (1, 1));
}

#[tokio::test]
async fn what_fails_for_now_or_panics_or_was_not_handled_leaves_the_key_free() {
    let (mock, service) = service();
    for code in [
        Code::Internal,
        Code::Unavailable,
        Code::ResourceExhausted,
        Code::Aborted,
        Code::PermissionDenied,
    ] {
        mock.order.fail_once(Error::new(code, "not now"));
        let failed = send(service.clone(), ordering(Some("k"), 1)).await;
        assert!(!failed.status.is_success() && !is_replayed(&failed), "{code}");
    }
    // A body that the contract refuses never reaches the handler.
    let malformed = send(service.clone(), ordering(Some("k"), 1000)).await;
    assert_eq!(malformed.status, StatusCode::BAD_REQUEST);
    mock.order.with(|request| {
        if request.body.size == 1 {
            panic!("out of order")
        } else {
            Ok(order::Response::Ok("done".into()))
        }
    });
    assert_eq!(
        send(service.clone(), ordering(Some("k"), 1)).await.status,
        StatusCode::INTERNAL_SERVER_ERROR
    );
    let done = send(service, ordering(Some("k"), 2)).await;
    assert_eq!((done.text(), is_replayed(&done)), ("done", false));
}

#[tokio::test]
async fn a_failure_that_stays_is_a_reply_like_any_other() {
    let (mock, service) = service();
    mock.order.fail_once(Error::new(Code::NotFound, "no such thing"));
    let first = send(service.clone(), ordering(Some("k"), 1)).await;
    let again = send(service, ordering(Some("k"), 1)).await;
    assert_eq!(
        (first.status, again.status),
        (StatusCode::NOT_FOUND, StatusCode::NOT_FOUND)
    );
    assert!(is_replayed(&again));
    assert_eq!(again.json()["detail"], "no such thing");
}

#[tokio::test]
async fn each_caller_has_keys_of_its_own() {
    let (mock, service) = service();
    counting(&mock);
    let mut texts = Vec::new();
    for request in [
        by("ann", ordering(Some("k"), 1)),
        by("bob", ordering(Some("k"), 1)),
        ordering(Some("k"), 1),
        by("ann", ordering(Some("k"), 1)),
    ] {
        texts.push(send(service.clone(), request).await.text().to_owned());
    }
    assert_eq!(texts, ["order 1", "order 2", "order 3", "order 1"]);
}

#[tokio::test]
async fn a_caller_that_gives_up_leaves_the_key_free() {
    let store = Shared::default();
    let mock = Arc::new(Mock::default());
    let service = served(&mock, Idempotency::new(store.clone()));
    let begun = Arc::new(Notify::new());
    let tell = begun.clone();
    mock.order.handle(move |_, _| {
        tell.notify_one();
        std::future::pending()
    });
    let first = tokio::spawn(send(service.clone(), ordering(Some("k"), 1)));
    begun.notified().await;
    assert_eq!(store.0.len(), 1);
    first.abort();
    assert!(first.await.is_err_and(|error| error.is_cancelled()));
    while !store.0.is_empty() {
        tokio::task::yield_now().await;
    }
    mock.order.reply(order::Response::Ok("done".to_owned()));
    assert_eq!(send(service, ordering(Some("k"), 1)).await.text(), "done");
}

#[tokio::test(start_paused = true)]
async fn the_lease_is_renewed_while_the_handler_runs_and_the_reply_lives_as_long_as_told() {
    let (mock, service) = service();
    let begun = Arc::new(Notify::new());
    let tell = begun.clone();
    mock.order.handle(move |_, _| {
        tell.notify_one();
        async {
            Clock::tokio().sleep(Duration::from_secs(600)).await;
            Ok(order::Response::Ok("slow".to_owned()))
        }
    });
    let first = tokio::spawn(send(service.clone(), ordering(Some("k"), 1)));
    begun.notified().await;
    Clock::tokio().sleep(Duration::from_secs(599)).await;
    let second = send(service.clone(), ordering(Some("k"), 1)).await;
    assert_eq!(
        second.status,
        StatusCode::CONFLICT,
        "twenty leases later it still holds"
    );
    assert_eq!(first.await.unwrap().text(), "slow");
    Clock::tokio().sleep(Duration::from_secs(24 * 60 * 60 - 2)).await;
    assert!(is_replayed(&send(service.clone(), ordering(Some("k"), 1)).await));
    Clock::tokio().sleep(Duration::from_secs(3)).await;
    mock.order.reply(order::Response::Ok("anew".to_owned()));
    assert_eq!(send(service, ordering(Some("k"), 1)).await.text(), "anew");
}

#[tokio::test(start_paused = true)]
async fn keys_that_have_ended_are_removed() {
    let store = Shared::default();
    let mock = Arc::new(Mock::default());
    counting(&mock);
    let service = served(
        &mock,
        Idempotency::new(store.clone()).ttl(Duration::from_secs(60)),
    );
    for key in 0..5 {
        send(service.clone(), ordering(Some(&format!("k-{key}")), 1)).await;
    }
    assert_eq!(store.0.len(), 5);
    Clock::tokio().sleep(Duration::from_secs(700)).await;
    send(service, ordering(Some("k"), 1)).await;
    while store.0.len() > 1 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_reply_that_is_too_large_to_be_kept_is_not_done_again() {
    let mock = Arc::new(Mock::default());
    let count = counting(&mock);
    let service = served(&mock, Idempotency::new(MemoryStore::new()).record_limit(3));
    assert_eq!(
        send(service.clone(), ordering(Some("k"), 1)).await.text(),
        "order 1"
    );
    let again = send(service, ordering(Some("k"), 1)).await;
    assert_eq!(
        (again.status, count.load(Ordering::SeqCst)),
        (StatusCode::CONFLICT, 1)
    );
    assert!(again.json()["detail"].as_str().unwrap().contains("was done"));
}

#[tokio::test]
async fn a_write_whose_reply_was_lost_is_repeated_by_the_client_and_done_once() {
    use axum::middleware::{Next, from_fn};
    use tieline::call::{Call, CallOptions};
    use tieline::http::{InProcess, Line};
    let (mock, service) = service();
    mock.create_pet.reply(create_pet::Response::Created(pet()));
    let seen = Arc::new(AtomicUsize::new(0));
    let count = seen.clone();
    let lose_the_first = move |request: Request<Body>, next: Next| {
        let is_first = count.fetch_add(1, Ordering::SeqCst) == 0;
        async move {
            let mut response = next.run(request).await;
            assert_eq!(response.status(), StatusCode::CREATED);
            if is_first {
                *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
            }
            response
        }
    };
    let router = service.into_router().layer(from_fn(lose_the_first));
    let client = tieline::Client::builder("pets")
        .url("http://pets")
        .unwrap()
        .line(Line::over(InProcess::new(router)))
        .build()
        .unwrap();
    let request = create_pet::Request { body: pet() };
    let reply = request.send(&client, CallOptions::default()).await.unwrap();
    assert_eq!((reply.attempts(), seen.load(Ordering::SeqCst)), (2, 2));
    assert_eq!(reply.headers()["idempotent-replayed"], "true");
    mock.create_pet.assert_called(1);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_meets_its_own_request_under_way_waits_and_gets_the_reply() {
    use tieline::http::{InProcess, Line};
    let (mock, service) = service();
    let begun = Arc::new(Notify::new());
    let tell = begun.clone();
    mock.order.handle(move |_, _| {
        tell.notify_one();
        async {
            Clock::tokio().sleep(Duration::from_millis(500)).await;
            Ok(order::Response::Ok("done".to_owned()))
        }
    });
    let first = tokio::spawn(send(service.clone(), ordering(Some("k"), 1)));
    begun.notified().await;
    let client = tieline::Client::builder("pets")
        .url("http://pets")
        .unwrap()
        .line(Line::over(InProcess::new(service.into_router())))
        .build()
        .unwrap();
    let reply = client
        .request(http::Method::POST, "/orders")
        .body("application/x-www-form-urlencoded", "size=1")
        .header("idempotency-key", "k")
        .repeatable(true)
        .await
        .unwrap();
    assert_eq!((&reply.body()[..], reply.attempts()), (&b"done"[..], 2));
    assert_eq!(first.await.unwrap().text(), "done");
    mock.order.assert_called(1);
}

struct Broken;

#[tieline::async_trait]
impl IdempotencyStore for Broken {
    async fn claim(&self, _: &Claim) -> Result<Claimed, StoreError> {
        Err("postgres://user:password@db refused".into())
    }
    async fn renew(&self, _: &Claim) -> Result<bool, StoreError> {
        Ok(true)
    }
    async fn complete(&self, _: &Claim, _: &[u8], _: Duration) -> Result<bool, StoreError> {
        Ok(true)
    }
    async fn release(&self, _: &Claim) -> Result<(), StoreError> {
        Ok(())
    }
    async fn sweep(&self) -> Result<u64, StoreError> {
        Ok(0)
    }
}

#[tokio::test]
async fn without_its_store_a_keyed_request_is_not_handled_and_others_are() {
    let mock = Arc::new(Mock::default());
    counting(&mock);
    let service = served(&mock, Idempotency::new(Broken));
    let keyed = send(service.clone(), ordering(Some("k"), 1)).await;
    assert_eq!(
        (keyed.status, keyed.header("retry-after")),
        (StatusCode::SERVICE_UNAVAILABLE, "1")
    );
    assert!(!keyed.text().contains("password"));
    assert_eq!(send(service, ordering(None, 1)).await.text(), "order 1");
}

#[cfg(feature = "grpc")]
mod grpc {
    use super::*;
    use http::HeaderMap;
    use prost::Message;
    use support::users::types::User;
    use support::users::{self, user};
    use tieline::grpc::{CallOptions, Frame, GrpcFailure, Status, unary};
    use tieline::http::{InProcess, Line};

    async fn create(
        service: &tieline::server::grpc::Service,
        key: Option<&str>,
        age: i32,
    ) -> Result<(i32, HeaderMap), Status> {
        let line = Line::over(InProcess::new(service.clone().into_router()));
        let mut metadata = HeaderMap::new();
        if let Some(key) = key {
            metadata.insert("idempotency-key", key.parse().unwrap());
        }
        let request = Frame::of(&user("Ada", age).encode_to_vec()).unwrap();
        let path = http::uri::PathAndQuery::from_static("/demo.Users/CreateUser");
        let endpoint = "http://users".parse().unwrap();
        match unary(&line, &endpoint, path, metadata, request, CallOptions::default()).await {
            Ok(reply) => Ok((User::decode(reply.message).unwrap().age, reply.headers)),
            Err(GrpcFailure::Status { status, .. }) => Err(status),
            Err(GrpcFailure::Transport(error)) => panic!("no status: {error:?}"),
        }
    }

    fn service() -> (Arc<users::Mock>, tieline::server::grpc::Service) {
        let mock = Arc::new(users::Mock::default());
        let idempotency = Idempotency::new(MemoryStore::new());
        (mock.clone(), users::service(mock).idempotency(idempotency))
    }

    #[tokio::test]
    async fn a_call_that_comes_again_is_not_done_again() {
        let (mock, service) = service();
        let count = AtomicUsize::new(0);
        mock.create_user.with(move |_| {
            let number = count.fetch_add(1, Ordering::SeqCst);
            Ok(user("Ada", i32::try_from(number).unwrap()))
        });
        let (first, headers) = create(&service, Some("k"), 36).await.unwrap();
        assert!(!headers.contains_key("idempotent-replayed"));
        let (again, headers) = create(&service, Some("k"), 36).await.unwrap();
        assert_eq!(
            (first, again, headers["idempotent-replayed"].as_bytes()),
            (0, 0, &b"true"[..])
        );
        let other = create(&service, Some("k"), 37).await.unwrap_err();
        assert_eq!(other.code, Code::InvalidArgument);
        assert_eq!(create(&service, None, 36).await.unwrap().0, 1);
    }

    #[tokio::test]
    async fn a_failure_that_stays_comes_again_and_one_for_now_does_not() {
        let (mock, service) = service();
        mock.create_user.fail_once(Error::new(Code::Unavailable, "later"));
        mock.create_user
            .fail_once(Error::new(Code::AlreadyExists, "there is one"));
        assert_eq!(
            create(&service, Some("k"), 36).await.unwrap_err().code,
            Code::Unavailable
        );
        for replayed in [false, true] {
            let status = create(&service, Some("k"), 36).await.unwrap_err();
            assert_eq!(
                (status.code, &*status.message),
                (Code::AlreadyExists, "there is one")
            );
            assert_eq!(status.metadata.contains_key("idempotent-replayed"), replayed);
        }
        mock.create_user.assert_called(2);
    }

    #[tokio::test]
    async fn a_call_that_is_under_way_is_aborted_with_a_time_to_come_again() {
        let (mock, service) = service();
        let begun = Arc::new(Notify::new());
        let tell = begun.clone();
        mock.create_user.handle(move |_, _| {
            tell.notify_one();
            std::future::pending()
        });
        let first = service.clone();
        let first = tokio::spawn(async move { create(&first, Some("k"), 36).await.is_ok() });
        begun.notified().await;
        let status = create(&service, Some("k"), 36).await.unwrap_err();
        assert_eq!(status.code, Code::Aborted);
        assert_eq!(status.metadata["grpc-retry-pushback-ms"], "1000");
        first.abort();
    }

    #[tokio::test]
    async fn a_key_that_is_demanded_must_be_there() {
        let mock = Arc::new(users::Mock::default());
        let idempotency = Idempotency::new(MemoryStore::new()).require("CreateUser");
        let service = users::service(mock.clone()).idempotency(idempotency);
        let status = create(&service, None, 36).await.unwrap_err();
        assert_eq!(status.code, Code::InvalidArgument);
        mock.create_user.assert_called(0);
    }
}
