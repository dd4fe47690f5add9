//! What a generated gRPC server does: four shapes, context, errors, panics.

#![cfg(all(feature = "server", feature = "mock", feature = "grpc"))]

mod support;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt;
use http::{HeaderMap, HeaderValue};
use prost::Message;
use support::users::types::User;
use support::users::{self, Mock, user};
use tieline::grpc::health::{self, Health, Serving};
use tieline::grpc::{
    CallOptions, Details, Frame, GrpcFailure, Status, Streaming, bidi_streaming, client_streaming,
    server_streaming, unary,
};
use tieline::http::{Endpoint, InProcess, Line};
use tieline::observe::metrics::{self, Metrics};
use tieline::{Code, Context, Error};

fn mock() -> (Arc<Mock>, tieline::server::grpc::Service) {
    let mock = Arc::new(Mock::default());
    (mock.clone(), users::service(mock))
}

fn line(service: tieline::server::grpc::Service) -> (Line, Endpoint) {
    (
        Line::over(InProcess::new(service.into_router())),
        "http://users".parse().unwrap(),
    )
}

fn path(text: &'static str) -> http::uri::PathAndQuery {
    http::uri::PathAndQuery::from_static(text)
}

fn frame(message: &impl Message) -> Frame {
    Frame::of(&message.encode_to_vec()).unwrap()
}

fn status(failure: GrpcFailure) -> Status {
    match failure {
        GrpcFailure::Status { status, .. } => status,
        GrpcFailure::Transport(error) => panic!("no status: {error:?}"),
    }
}

async fn create(
    service: tieline::server::grpc::Service,
    headers: HeaderMap,
) -> Result<(User, HeaderMap), Status> {
    let (line, endpoint) = line(service);
    let request = frame(&user("Ada", 36));
    let reply = unary(
        &line,
        &endpoint,
        path("/demo.Users/CreateUser"),
        headers,
        request,
        CallOptions::default(),
    )
    .await
    .map_err(status)?;
    Ok((User::decode(reply.message).unwrap(), reply.headers))
}

async fn all(
    mut messages: impl futures_util::Stream<Item = Result<Bytes, Status>> + Unpin,
) -> (Vec<String>, Option<Status>) {
    let mut names = Vec::new();
    while let Some(item) = messages.next().await {
        match item {
            Ok(message) => names.push(User::decode(message).unwrap().name),
            Err(status) => return (names, Some(status)),
        }
    }
    (names, None)
}

#[tokio::test]
async fn a_unary_call_carries_its_context_both_ways() {
    let (mock, service) = mock();
    mock.create_user.handle(|context, request| async move {
        let here = Context::current();
        assert_eq!(here.correlation_id(), context.correlation_id());
        assert_eq!((here.caller(), here.attempt()), (Some("orders"), 1));
        assert!(here.deadline().unwrap().remaining() <= Duration::from_secs(5));
        Ok(user(&request.0.name, request.0.age + 1))
    });
    let mut headers = HeaderMap::new();
    for (name, value) in [
        ("x-correlation-id", "c-1"),
        ("x-service-name", "orders"),
        ("grpc-previous-rpc-attempts", "1"),
        ("grpc-timeout", "5S"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    let (reply, headers) = create(service, headers).await.unwrap();
    assert_eq!(reply, user("Ada", 37));
    assert_eq!(headers["x-correlation-id"], "c-1");
    assert_eq!(headers["x-request-id"], "c-1");
}

#[tokio::test]
async fn errors_are_statuses_that_hide_what_is_internal() {
    let (mock, service) = mock();
    let details = Details::new(&b"\x08\x05"[..]);
    mock.create_user
        .fail_once(Error::new(Code::NotFound, "no such user"))
        .fail_once(Error::internal(std::io::Error::other("password=hunter2")))
        .fail_once(
            tieline::error::Fault::new(tieline::ErrorKind::Failure, Code::AlreadyExists, "there is one")
                .typed(Some(details.clone())),
        );
    let failed = create(service.clone(), HeaderMap::new()).await.unwrap_err();
    assert_eq!((failed.code, &*failed.message), (Code::NotFound, "no such user"));
    assert!(failed.metadata.contains_key("x-correlation-id"));
    let failed = create(service.clone(), HeaderMap::new()).await.unwrap_err();
    assert_eq!(
        (failed.code, &*failed.message),
        (Code::Internal, "internal error")
    );
    let failed = create(service, HeaderMap::new()).await.unwrap_err();
    assert_eq!(
        (failed.code, &failed.details),
        (Code::AlreadyExists, details.as_bytes())
    );
}

#[tokio::test]
async fn panics_and_malformed_messages_are_internal_and_serving_goes_on() {
    let (mock, service) = mock();
    mock.create_user.with(|request| {
        assert_eq!(request.0.age, 0, "a panic with a secret");
        Ok(request.0.clone())
    });
    let failed = create(service.clone(), HeaderMap::new()).await.unwrap_err();
    assert_eq!(
        (failed.code, &*failed.message),
        (Code::Internal, "internal error")
    );
    let (line, endpoint) = line(service);
    let call = |message: &'static [u8]| {
        let request = Frame::of(message).unwrap();
        unary(
            &line,
            &endpoint,
            path("/demo.Users/CreateUser"),
            HeaderMap::new(),
            request,
            CallOptions::default(),
        )
    };
    assert_eq!(status(call(b"\xff\xff").await.unwrap_err()).code, Code::Internal);
    assert!(call(b"").await.is_ok());
}

#[tokio::test]
async fn a_stream_of_replies_keeps_the_context_and_ends_in_its_error() {
    let (mock, service) = mock();
    mock.list_users.handle(|_, request| async move {
        let mut left = request.0.age;
        Ok(Streaming::new(futures_util::stream::poll_fn(move |_| {
            let caller = Context::current().caller().unwrap_or("nobody").to_owned();
            left -= 1;
            std::task::Poll::Ready(match left {
                0.. => Some(Ok(user(&caller, left))),
                _ => Some(Err(Error::new(Code::OutOfRange, "no more"))),
            })
        })))
    });
    let (line, endpoint) = line(service);
    let mut headers = HeaderMap::new();
    headers.insert("x-service-name", HeaderValue::from_static("orders"));
    let request = frame(&user("", 2));
    let reply = server_streaming(
        &line,
        &endpoint,
        path("/demo.Users/ListUsers"),
        headers,
        request,
        CallOptions::default(),
    )
    .await
    .unwrap();
    assert!(reply.headers.contains_key("x-correlation-id"));
    let (names, failed) = all(reply.messages).await;
    assert_eq!(names, ["orders", "orders"]);
    assert_eq!(
        failed.map(|status| (status.code, status.message.into_owned())),
        Some((Code::OutOfRange, "no more".into()))
    );
}

#[tokio::test]
async fn a_panic_within_a_stream_ends_it_alone() {
    let (mock, service) = mock();
    mock.list_users.handle(|_, _| async {
        let mut sent = false;
        Ok(Streaming::new(futures_util::stream::poll_fn(move |_| {
            assert!(!std::mem::replace(&mut sent, true), "a panic with a secret");
            std::task::Poll::Ready(Some(Ok(user("first", 0))))
        })))
    });
    let metrics = Arc::new(Metrics::new());
    let api: Arc<dyn users::Api> = mock.clone();
    let counting = tieline::server::grpc::Service::new()
        .metrics(metrics.clone())
        .server_streaming::<users::list_users::Method, _>(&api, |api, cx, request| {
            api.list_users(cx, request)
        });
    let (line, endpoint) = line(service.merge(counting));
    let request = frame(&user("", 0));
    let reply = server_streaming(
        &line,
        &endpoint,
        path("/demo.Users/ListUsers"),
        HeaderMap::new(),
        request,
        CallOptions::default(),
    )
    .await
    .unwrap();
    let (names, failed) = all(reply.messages).await;
    assert_eq!(names, ["first"]);
    let failed = failed.unwrap();
    assert_eq!(
        (failed.code, &*failed.message),
        (Code::Internal, "internal error")
    );
    let counted = metrics.operation("demo.Users", "ListUsers", "ListUsers");
    assert_eq!(counted.calls(metrics::Status::Code(Code::Internal as u8)), 1);
}

#[tokio::test]
async fn streams_of_requests_are_read_message_by_message() {
    let (mock, service) = mock();
    mock.add_users.handle(|_, request| async move {
        let all = request.0.collect().await?;
        Ok(user(
            &all.iter().map(|user| &*user.name).collect::<String>(),
            all.len() as i32,
        ))
    });
    mock.chat.handle(|_, request| async move {
        Ok(Streaming::new(request.0.map(|message| {
            message.map(|heard| user(&heard.name.to_uppercase(), 0))
        })))
    });
    let (line, endpoint) = line(service);
    let frames = || futures_util::stream::iter(["a", "b", "c"].map(|name| Ok(frame(&user(name, 0)))));
    let reply = client_streaming(
        &line,
        &endpoint,
        path("/demo.Users/AddUsers"),
        HeaderMap::new(),
        frames(),
        CallOptions::default(),
    )
    .await
    .unwrap();
    assert_eq!(User::decode(reply.message).unwrap(), user("abc", 3));
    let reply = bidi_streaming(
        &line,
        &endpoint,
        path("/demo.Users/Chat"),
        HeaderMap::new(),
        frames(),
        CallOptions::default(),
    )
    .await
    .unwrap();
    assert_eq!(all(reply.messages).await.0, ["A", "B", "C"]);
    assert_eq!((mock.add_users.count(), mock.chat.count()), (1, 1));
}

#[tokio::test]
async fn health_knows_the_services_that_are_served() {
    let (_, service) = mock();
    let state = Health::new();
    let (line, endpoint) = line(service.health(&state));
    let check = |service: &'static str| health::check(&line, &endpoint, service, CallOptions::default());
    assert_eq!(check("demo.Users").await.unwrap(), Serving::Serving);
    assert_eq!(
        status(check("demo.Other").await.unwrap_err()).code,
        Code::NotFound
    );
    state.set_not_serving("demo.Users");
    assert_eq!(check("demo.Users").await.unwrap(), Serving::NotServing);
}

#[tokio::test]
async fn grpc_and_http_share_a_router() {
    let (mock, service) = mock();
    mock.create_user.reply(user("Eve", 1));
    let pets = Arc::new(support::pets::Mock::default());
    pets.get_pet
        .reply(support::pets::get_pet::Response::Ok(support::pets::pet()));
    let app = service
        .into_router()
        .merge(support::pets::service(pets).into_router());
    assert_eq!(
        support::send(app.clone(), support::get("/pets/1")).await.status,
        200
    );
    let (line, endpoint) = (
        Line::over(InProcess::new(app)),
        "http://both".parse::<Endpoint>().unwrap(),
    );
    let request = frame(&user("", 0));
    let reply = unary(
        &line,
        &endpoint,
        path("/demo.Users/CreateUser"),
        HeaderMap::new(),
        request,
        CallOptions::default(),
    )
    .await;
    assert_eq!(User::decode(reply.unwrap().message).unwrap(), user("Eve", 1));
}

#[tokio::test(start_paused = true)]
async fn the_callers_deadline_ends_the_handler_and_is_counted() {
    let metrics = Arc::new(Metrics::new());
    let mock = Arc::new(Mock::default());
    mock.create_user.handle(|_, _| std::future::pending());
    let api: Arc<dyn users::Api> = mock;
    let service = tieline::server::grpc::Service::new()
        .metrics(metrics.clone())
        .unary::<users::create_user::Method, _>(&api, |api, cx, request| api.create_user(cx, request));
    let mut headers = HeaderMap::new();
    headers.insert("grpc-timeout", HeaderValue::from_static("250m"));
    let started = tokio::time::Instant::now();
    let failed = create(service, headers).await.unwrap_err();
    assert_eq!(
        (failed.code, started.elapsed()),
        (Code::DeadlineExceeded, Duration::from_millis(250))
    );
    let counted = metrics.operation("demo.Users", "CreateUser", "CreateUser");
    assert_eq!(
        counted.calls(metrics::Status::Code(Code::DeadlineExceeded as u8)),
        1
    );
}
