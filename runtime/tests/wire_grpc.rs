//! gRPC against ourselves and against tonic, a peer that we did not write.

#![cfg(all(feature = "grpc", feature = "server"))]

mod wire_support;

use std::convert::Infallible;
use std::future::pending;
use std::time::Duration;

use axum::Router;
use bytes::{Buf, BufMut, Bytes};
use futures_util::stream::{self, BoxStream};
use futures_util::{StreamExt, TryStreamExt};
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderValue};
use tieline::code::Code;
use tieline::grpc::health::{self, Health, HealthCheckRequest, HealthCheckResponse, Serving};
use tieline::grpc::{
    Answer, CallOptions, Frame, GrpcFailure, GrpcService, Received, ReceivedMessages, Status, bidi_streaming,
    client_streaming, server_streaming, unary,
};
use tieline::http::{Endpoint, InProcess, Line, Transport, TransportErrorKind};
use tokio::sync::mpsc;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use wire_support::{Counting, PATIENCE, Server, grpc, listen, soon};

const UNARY: &str = "/demo.Echo/Unary";
const SERVER: &str = "/demo.Echo/Server";
const CLIENT: &str = "/demo.Echo/Client";
const BIDI: &str = "/demo.Echo/Bidi";
const NASTY: &str = "no: 100% sure \u{fc}\u{1F600}\nline two";

fn path(text: &'static str) -> PathAndQuery {
    PathAndQuery::from_static(text)
}

fn frame(text: &str) -> Frame {
    Frame::of(text.as_bytes()).unwrap()
}

fn line() -> Line {
    Transport::new().into()
}

fn nasty() -> Status {
    let mut status = Status::new(Code::NotFound, NASTY).with_details(&b"\x08\x05\xff"[..]);
    status.metadata.insert("x-late", HeaderValue::from_static("yes"));
    status
}

/// The echo service on our own server: "fail" fails at once, and in streams after
/// what came before.
fn ours() -> GrpcService {
    async fn say(received: Received<Bytes>) -> Result<Answer<Bytes>, Status> {
        if received.message == "fail" {
            return Err(nasty());
        }
        let mut answer = Answer::from(received.message);
        if let Some(value) = received.metadata.get("x-echo") {
            answer.headers.insert("x-echo", value.clone());
            answer.trailers.insert("x-echo-late", value.clone());
        }
        Ok(answer)
    }
    fn or_fail(message: Bytes) -> Result<Bytes, Status> {
        if message == "fail" {
            Err(nasty())
        } else {
            Ok(message)
        }
    }
    GrpcService::new()
        .unary(UNARY, say)
        .server_streaming(SERVER, |received: Received<Bytes>| async move {
            let words: Vec<_> = received
                .message
                .split(|byte| *byte == b' ')
                .map(Bytes::copy_from_slice)
                .collect();
            Ok(Answer::from(stream::iter(words).map(or_fail).boxed()))
        })
        .client_streaming(CLIENT, |received: Received<ReceivedMessages>| async move {
            let all: Vec<Bytes> = received.message.try_collect().await?;
            Ok(Answer::from(Bytes::from(all.join(&b' '))))
        })
        .bidi_streaming(BIDI, |received: Received<ReceivedMessages>| async move {
            let echoed = received.message.map(|message| or_fail(message?));
            Ok(Answer::from(echoed.boxed()))
        })
}

/// Bytes as tonic's messages.
#[derive(Clone, Copy, Default)]
struct Raw;

impl Codec for Raw {
    type Encode = Vec<u8>;
    type Decode = Vec<u8>;
    type Encoder = Self;
    type Decoder = Self;
    fn encoder(&mut self) -> Self {
        Self
    }
    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for Raw {
    type Item = Vec<u8>;
    type Error = tonic::Status;
    fn encode(&mut self, item: Vec<u8>, into: &mut EncodeBuf<'_>) -> Result<(), tonic::Status> {
        into.put_slice(&item);
        Ok(())
    }
}

impl Decoder for Raw {
    type Item = Vec<u8>;
    type Error = tonic::Status;
    fn decode(&mut self, from: &mut DecodeBuf<'_>) -> Result<Option<Vec<u8>>, tonic::Status> {
        let mut message = vec![0; from.remaining()];
        from.copy_to_slice(&mut message);
        Ok(Some(message))
    }
}

/// The same service by tonic's own hand.
#[derive(Clone)]
struct Foreign;

impl tonic::server::NamedService for Foreign {
    const NAME: &'static str = "demo.Echo";
}

type Foreigners = BoxStream<'static, Result<Vec<u8>, tonic::Status>>;

fn foreign_nasty() -> tonic::Status {
    let mut metadata = tonic::metadata::MetadataMap::new();
    metadata.insert("x-late", "yes".parse().unwrap());
    let details = Bytes::from_static(b"\x08\x05\xff");
    tonic::Status::with_details_and_metadata(tonic::Code::NotFound, NASTY, details, metadata)
}

fn foreign_or_fail(message: Vec<u8>) -> Result<Vec<u8>, tonic::Status> {
    if message == b"fail" {
        Err(foreign_nasty())
    } else {
        Ok(message)
    }
}

impl tower::Service<http::Request<tonic::body::Body>> for Foreign {
    type Response = http::Response<tonic::body::Body>;
    type Error = Infallible;
    type Future = futures_util::future::BoxFuture<'static, Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut std::task::Context<'_>) -> std::task::Poll<Result<(), Infallible>> {
        std::task::Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<tonic::body::Body>) -> Self::Future {
        Box::pin(async move {
            let mut grpc = tonic::server::Grpc::new(Raw);
            Ok(match request.uri().path() {
                UNARY => {
                    let say = tower::service_fn(|request: tonic::Request<Vec<u8>>| async move {
                        let echo = request.metadata().get("x-echo").cloned();
                        let mut response = tonic::Response::new(foreign_or_fail(request.into_inner())?);
                        if let Some(echo) = echo {
                            response.metadata_mut().insert("x-echo", echo);
                        }
                        Ok(response)
                    });
                    grpc.unary(say, request).await
                }
                SERVER => {
                    let say = tower::service_fn(|request: tonic::Request<Vec<u8>>| async move {
                        let words: Vec<_> = request
                            .into_inner()
                            .split(|byte| *byte == b' ')
                            .map(<[u8]>::to_vec)
                            .collect();
                        let words: Foreigners = stream::iter(words).map(foreign_or_fail).boxed();
                        Ok(tonic::Response::new(words))
                    });
                    grpc.server_streaming(say, request).await
                }
                CLIENT => {
                    let say =
                        tower::service_fn(|request: tonic::Request<tonic::Streaming<Vec<u8>>>| async move {
                            let all: Vec<Vec<u8>> = request.into_inner().try_collect().await?;
                            Ok(tonic::Response::new(all.join(&b' ')))
                        });
                    grpc.client_streaming(say, request).await
                }
                BIDI => {
                    let say =
                        tower::service_fn(|request: tonic::Request<tonic::Streaming<Vec<u8>>>| async move {
                            let echoed: Foreigners = request
                                .into_inner()
                                .map(|message| foreign_or_fail(message?))
                                .boxed();
                            Ok(tonic::Response::new(echoed))
                        });
                    grpc.streaming(say, request).await
                }
                _ => tonic::Status::unimplemented("").into_http(),
            })
        })
    }
}

async fn foreign_server() -> Endpoint {
    let (listener, address) = listen().await;
    let incoming = tokio_stream::wrappers::TcpListenerStream::new(listener);
    let serving = tonic::transport::Server::builder().add_service(Foreign);
    tokio::spawn(serving.serve_with_incoming(incoming));
    grpc(address)
}

/// Both servers: whatever our client does must work with each.
async fn both() -> Vec<(&'static str, Endpoint, Option<Server>)> {
    let server = Server::start(ours().into_router()).await;
    vec![
        ("ours", grpc(server.address), Some(server)),
        ("tonic", foreign_server().await, None),
    ]
}

#[tokio::test]
async fn unary_calls_carry_message_and_metadata() {
    let line = line();
    for (peer, endpoint, _server) in both().await {
        for text in ["hello", "", &"long ".repeat(100_000)] {
            let mut headers = HeaderMap::new();
            headers.insert("x-echo", HeaderValue::from_static("echoed"));
            let call = unary(
                &line,
                &endpoint,
                path(UNARY),
                headers,
                frame(text),
                CallOptions::default(),
            )
            .await
            .unwrap();
            assert_eq!(call.message, text, "{peer}");
            assert_eq!(call.headers["x-echo"], "echoed", "{peer}");
            assert_eq!(call.trailers["grpc-status"], "0", "{peer}");
            if peer == "ours" {
                assert_eq!(call.trailers["x-echo-late"], "echoed");
            }
        }
    }
}

#[tokio::test]
async fn a_failing_call_brings_code_message_details_and_metadata() {
    let line = line();
    for (peer, endpoint, _server) in both().await {
        let call = unary(
            &line,
            &endpoint,
            path(UNARY),
            HeaderMap::new(),
            frame("fail"),
            CallOptions::default(),
        );
        match soon(call).await {
            Err(GrpcFailure::Status {
                status,
                trailers_only,
            }) => {
                assert_eq!(status.code, Code::NotFound, "{peer}");
                assert_eq!(status.message, NASTY, "{peer}");
                assert_eq!(status.details, &b"\x08\x05\xff"[..], "{peer}");
                assert_eq!(status.metadata["x-late"], "yes", "{peer}");
                assert!(trailers_only, "{peer}");
            }
            other => panic!("{peer}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn server_streams_arrive_in_order_and_end_with_their_status() {
    let line = line();
    for (peer, endpoint, _server) in both().await {
        let reply = server_streaming(
            &line,
            &endpoint,
            path(SERVER),
            HeaderMap::new(),
            frame("a bc d"),
            CallOptions::default(),
        )
        .await
        .unwrap();
        let all: Vec<Bytes> = soon(reply.messages.try_collect()).await.unwrap();
        assert_eq!(all, ["a", "bc", "d"], "{peer}");

        let mut reply = server_streaming(
            &line,
            &endpoint,
            path(SERVER),
            HeaderMap::new(),
            frame("a fail"),
            CallOptions::default(),
        )
        .await
        .unwrap();
        assert_eq!(
            soon(reply.messages.message()).await.unwrap().unwrap(),
            "a",
            "{peer}"
        );
        match soon(reply.messages.message()).await {
            Err(GrpcFailure::Status {
                status,
                trailers_only: false,
            }) => {
                assert_eq!((status.code, &*status.message), (Code::NotFound, NASTY), "{peer}");
            }
            other => panic!("{peer}: {other:?}"),
        }
        assert!(soon(reply.messages.message()).await.unwrap().is_none(), "{peer}");
    }
}

#[tokio::test]
async fn client_streams_are_gathered_by_the_server() {
    let line = line();
    for (peer, endpoint, _server) in both().await {
        let words = stream::iter(["x", "", "yz"].map(|word| Ok(frame(word))));
        let reply = client_streaming(
            &line,
            &endpoint,
            path(CLIENT),
            HeaderMap::new(),
            words,
            CallOptions::default(),
        );
        assert_eq!(soon(reply).await.unwrap().message, "x  yz", "{peer}");
    }
}

#[tokio::test]
async fn bidirectional_streams_play_ping_pong() {
    let line = line();
    for (peer, endpoint, _server) in both().await {
        let (say, said) = mpsc::channel::<Result<Frame, Status>>(1);
        let said = tokio_stream::wrappers::ReceiverStream::new(said);
        let reply = bidi_streaming(
            &line,
            &endpoint,
            path(BIDI),
            HeaderMap::new(),
            said,
            CallOptions::default(),
        );
        // The first message may be needed for the headers to come.
        say.send(Ok(frame("ping 0"))).await.unwrap();
        let mut reply = soon(reply).await.unwrap();
        assert_eq!(
            soon(reply.messages.message()).await.unwrap().unwrap(),
            "ping 0",
            "{peer}"
        );
        for round in 1..50 {
            let text = format!("ping {round}");
            say.send(Ok(frame(&text))).await.unwrap();
            assert_eq!(
                soon(reply.messages.message()).await.unwrap().unwrap(),
                text,
                "{peer}"
            );
        }
        drop(say);
        assert!(soon(reply.messages.message()).await.unwrap().is_none(), "{peer}");
        assert_eq!(reply.messages.trailers().unwrap()["grpc-status"], "0", "{peer}");
    }
}

#[tokio::test]
async fn an_error_in_the_request_stream_is_the_outcome_of_the_call() {
    let line = line();
    for (peer, endpoint, _server) in both().await {
        let words = stream::iter([Ok(frame("x")), Err(Status::new(Code::DataLoss, "cannot encode"))]);
        let call = client_streaming(
            &line,
            &endpoint,
            path(CLIENT),
            HeaderMap::new(),
            words,
            CallOptions::default(),
        );
        let status = soon(call).await.unwrap_err().into_status();
        assert_eq!(
            (status.code, &*status.message),
            (Code::DataLoss, "cannot encode"),
            "{peer}"
        );
    }
}

#[tokio::test]
async fn tonic_as_the_client_gets_all_four_shapes_from_our_server() {
    let server = Server::start(ours().into_router()).await;
    let channel = tonic::transport::Channel::from_shared(format!("http://{}", server.address))
        .unwrap()
        .connect()
        .await
        .unwrap();
    let mut client = tonic::client::Grpc::new(channel);
    client.ready().await.unwrap();
    let mut request = tonic::Request::new(b"hello".to_vec());
    request.metadata_mut().insert("x-echo", "e".parse().unwrap());
    let reply = client.unary(request, path(UNARY), Raw).await.unwrap();
    assert_eq!(reply.metadata().get("x-echo").unwrap(), "e");
    assert_eq!(reply.into_inner(), b"hello");

    client.ready().await.unwrap();
    let status = client
        .unary(tonic::Request::new(b"fail".to_vec()), path(UNARY), Raw)
        .await
        .unwrap_err();
    assert_eq!((status.code(), status.message()), (tonic::Code::NotFound, NASTY));
    assert_eq!(status.details(), b"\x08\x05\xff");
    assert_eq!(status.metadata().get("x-late").unwrap(), "yes");

    client.ready().await.unwrap();
    let request = tonic::Request::new(b"a b".to_vec());
    let words = client
        .server_streaming(request, path(SERVER), Raw)
        .await
        .unwrap()
        .into_inner();
    assert_eq!(words.try_collect::<Vec<_>>().await.unwrap(), [b"a", b"b"]);

    client.ready().await.unwrap();
    let request = tonic::Request::new(stream::iter([b"a".to_vec(), b"b".to_vec()]));
    let reply = client.client_streaming(request, path(CLIENT), Raw).await.unwrap();
    assert_eq!(reply.into_inner(), b"a b");

    client.ready().await.unwrap();
    let request = tonic::Request::new(stream::iter([b"a".to_vec(), b"fail".to_vec()]));
    let mut words = client
        .streaming(request, path(BIDI), Raw)
        .await
        .unwrap()
        .into_inner();
    assert_eq!(words.message().await.unwrap().unwrap(), b"a");
    assert_eq!(words.message().await.unwrap_err().code(), tonic::Code::NotFound);

    client.ready().await.unwrap();
    let request = tonic::Request::new(Vec::new());
    let status = client
        .unary(request, path("/demo.Echo/Nope"), Raw)
        .await
        .unwrap_err();
    assert_eq!(status.code(), tonic::Code::Unimplemented);
}

/// Says so when it is dropped.
struct Gone(mpsc::UnboundedSender<()>);

impl Drop for Gone {
    fn drop(&mut self) {
        let _ = self.0.send(());
    }
}

/// A service whose calls arrive, never end, and say when they are dropped.
fn endless() -> (
    GrpcService,
    mpsc::UnboundedReceiver<()>,
    mpsc::UnboundedReceiver<()>,
) {
    let (arrive, arrived) = mpsc::unbounded_channel();
    let (tell, gone) = mpsc::unbounded_channel();
    let (arrive2, tell2, arrive3, tell3) = (arrive.clone(), tell.clone(), arrive.clone(), tell.clone());
    let forever = |gone: Gone| {
        stream::once(async { Ok(Bytes::from_static(b"first")) }).chain(stream::once(async move {
            let _gone = gone;
            pending().await
        }))
    };
    let service = GrpcService::new()
        .unary(UNARY, move |_| {
            let gone = Gone(tell.clone());
            arrive.send(()).unwrap();
            async move {
                let _gone = gone;
                pending().await
            }
        })
        .server_streaming(SERVER, move |_| {
            arrive2.send(()).unwrap();
            let messages = forever(Gone(tell2.clone()));
            async move { Ok(Answer::from(messages.boxed())) }
        })
        .bidi_streaming(BIDI, move |_| {
            arrive3.send(()).unwrap();
            let messages = forever(Gone(tell3.clone()));
            async move { Ok(Answer::from(messages.boxed())) }
        });
    (service, arrived, gone)
}

#[tokio::test]
async fn dropping_a_call_is_seen_by_the_server() {
    let (service, mut arrived, mut gone) = endless();
    let server = Server::start(service.into_router()).await;
    let (line, endpoint) = (line(), grpc(server.address));
    let options = CallOptions::default();

    let call = unary(
        &line,
        &endpoint,
        path(UNARY),
        HeaderMap::new(),
        frame(""),
        options,
    );
    tokio::select! {
        outcome = call => panic!("{outcome:?}"),
        _ = soon(arrived.recv()) => {}
    }
    soon(gone.recv()).await.unwrap();

    let mut reply = server_streaming(
        &line,
        &endpoint,
        path(SERVER),
        HeaderMap::new(),
        frame(""),
        options,
    )
    .await
    .unwrap();
    assert_eq!(soon(reply.messages.message()).await.unwrap().unwrap(), "first");
    drop(reply);
    soon(gone.recv()).await.unwrap();

    let never_ends = stream::pending::<Result<Frame, Status>>();
    let mut reply = bidi_streaming(
        &line,
        &endpoint,
        path(BIDI),
        HeaderMap::new(),
        never_ends,
        options,
    )
    .await
    .unwrap();
    assert_eq!(soon(reply.messages.message()).await.unwrap().unwrap(), "first");
    drop(reply);
    soon(gone.recv()).await.unwrap();
}

#[tokio::test]
async fn the_server_enforces_the_deadline_and_drops_the_handler() {
    let (service, _arrived, mut gone) = endless();
    let server = Server::start(service.into_router()).await;
    let (line, endpoint) = (line(), grpc(server.address));
    let options = CallOptions {
        timeout: Some(Duration::from_millis(30)),
        ..CallOptions::default()
    };

    let call = unary(
        &line,
        &endpoint,
        path(UNARY),
        HeaderMap::new(),
        frame(""),
        options,
    );
    assert_eq!(
        soon(call).await.unwrap_err().into_status().code,
        Code::DeadlineExceeded
    );
    soon(gone.recv()).await.unwrap();

    let reply = server_streaming(
        &line,
        &endpoint,
        path(SERVER),
        HeaderMap::new(),
        frame(""),
        options,
    );
    let mut messages = soon(reply).await.unwrap().messages;
    assert_eq!(soon(messages.message()).await.unwrap().unwrap(), "first");
    let status = soon(messages.message()).await.unwrap_err().into_status();
    assert_eq!(status.code, Code::DeadlineExceeded);
    soon(gone.recv()).await.unwrap();
}

#[tokio::test]
async fn the_handler_sees_the_deadline_and_the_attempts_before() {
    let service = GrpcService::new().unary(UNARY, |received: Received<Bytes>| async move {
        let left = received.deadline.unwrap() - tokio::time::Instant::now();
        let attempts = received.metadata["grpc-previous-rpc-attempts"]
            .to_str()
            .unwrap()
            .to_owned();
        let within = left > PATIENCE / 2 && left <= PATIENCE;
        Ok(Answer::from(Bytes::from(format!("{within} {attempts}"))))
    });
    let line = Line::over(InProcess::new(service));
    let options = CallOptions {
        timeout: Some(PATIENCE),
        previous_attempts: 2,
        ..CallOptions::default()
    };
    let endpoint = Endpoint::parse("any:1").unwrap();
    let reply = unary(
        &line,
        &endpoint,
        path(UNARY),
        HeaderMap::new(),
        frame(""),
        options,
    )
    .await;
    assert_eq!(reply.unwrap().message, "true 2");
}

#[tokio::test]
async fn a_malformed_timeout_and_an_unknown_method_are_refused() {
    let line = Line::over(InProcess::new(ours()));
    let endpoint = Endpoint::parse("any:1").unwrap();
    let mut headers = HeaderMap::new();
    headers.insert("grpc-timeout", HeaderValue::from_static("soon"));
    let options = CallOptions::default();
    let call = unary(&line, &endpoint, path(UNARY), headers, frame(""), options);
    assert_eq!(call.await.unwrap_err().into_status().code, Code::Internal);
    let call = unary(
        &line,
        &endpoint,
        path("/demo.Other/X"),
        HeaderMap::new(),
        frame(""),
        options,
    );
    assert_eq!(call.await.unwrap_err().into_status().code, Code::Unimplemented);
}

#[tokio::test]
async fn messages_beyond_the_limit_are_refused_on_both_sides() {
    let line = line();
    let server = Server::start(ours().message_limit(100).into_router()).await;
    let endpoint = grpc(server.address);
    let small = CallOptions {
        message_limit: 10,
        ..CallOptions::default()
    };
    for (length, options) in [(101, CallOptions::default()), (11, small)] {
        let message = frame(&"x".repeat(length));
        let call = unary(&line, &endpoint, path(UNARY), HeaderMap::new(), message, options);
        let code = soon(call).await.unwrap_err().into_status().code;
        // tonic says OUT_OF_RANGE for what gRPC's other implementations call RESOURCE_EXHAUSTED.
        assert!(
            matches!(code, Code::ResourceExhausted | Code::OutOfRange),
            "{code}"
        );
    }
}

#[tokio::test]
async fn what_a_proxy_answers_in_http_becomes_a_status() {
    let line = line();
    let router = Router::new().fallback(|| async { http::StatusCode::SERVICE_UNAVAILABLE });
    let server = Server::start(router).await;
    let endpoint = grpc(server.address);
    let call = unary(
        &line,
        &endpoint,
        path(UNARY),
        HeaderMap::new(),
        frame(""),
        CallOptions::default(),
    );
    assert_eq!(
        soon(call).await.unwrap_err().into_status().code,
        Code::Unavailable
    );

    let server = Server::start(Router::new().fallback(|| async { "a web page" })).await;
    let endpoint = grpc(server.address);
    let call = unary(
        &line,
        &endpoint,
        path(UNARY),
        HeaderMap::new(),
        frame(""),
        CallOptions::default(),
    );
    assert_eq!(soon(call).await.unwrap_err().into_status().code, Code::Unknown);
}

#[tokio::test]
async fn a_server_that_is_not_there_is_a_connect_error() {
    let line = line();
    let (listener, address) = listen().await;
    drop(listener);
    let call = unary(
        &line,
        &grpc(address),
        path(UNARY),
        HeaderMap::new(),
        frame(""),
        CallOptions::default(),
    )
    .await
    .unwrap_err();
    match &call {
        GrpcFailure::Transport(error) => {
            assert!(matches!(error.kind(), TransportErrorKind::Connect(_)));
        }
        GrpcFailure::Status { .. } => panic!("{call:?}"),
    }
    assert_eq!(call.into_status().code, Code::Unavailable);
}

#[tokio::test]
async fn health_is_checked_and_watched() {
    let health = Health::new();
    let server = Server::start(health.service().into_router()).await;
    let counting = Counting::before(server.address).await;
    let (line, endpoint) = (line(), grpc(counting.address));
    let options = CallOptions::default();
    let check = |service| health::check(&line, &endpoint, service, options);
    assert_eq!(soon(check("")).await.unwrap(), Serving::Serving);
    assert_eq!(
        soon(check("demo.Echo")).await.unwrap_err().into_status().code,
        Code::NotFound
    );

    let request = HealthCheckRequest {
        service: "demo.Echo".into(),
    };
    let request = Frame::of(&prost::Message::encode_to_vec(&request)).unwrap();
    let watch = server_streaming(
        &line,
        &endpoint,
        path(health::WATCH),
        HeaderMap::new(),
        request,
        options,
    );
    let mut watch = soon(watch).await.unwrap().messages;
    let mut next = async || {
        let message = soon(watch.message()).await.unwrap().unwrap();
        <HealthCheckResponse as prost::Message>::decode(message)
            .unwrap()
            .status()
    };
    assert_eq!(next().await, Serving::ServiceUnknown);
    assert_eq!(
        soon(check("demo.Echo")).await.unwrap_err().into_status().code,
        Code::NotFound
    );
    health.set_serving("demo.Echo");
    assert_eq!(next().await, Serving::Serving);
    assert_eq!(soon(check("demo.Echo")).await.unwrap(), Serving::Serving);
    health.set_not_serving("demo.Echo");
    assert_eq!(next().await, Serving::NotServing);
    health.set_serving("demo.Echo");
    assert_eq!(next().await, Serving::Serving);
    health.set_all_not_serving();
    assert_eq!(next().await, Serving::NotServing);
    assert_eq!(soon(check("")).await.unwrap(), Serving::NotServing);
    assert_eq!(counting.accepted(), 1);
}
