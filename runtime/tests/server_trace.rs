//! What servers tell the log: a span for each request, and what callers do not see.

#![cfg(all(feature = "server", feature = "mock", feature = "grpc"))]

mod support;

use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use http::HeaderMap;
use prost::Message as _;
use support::pets::{self, get_pet, pet};
use support::users::{self, user};
use support::{get, send};
use tieline::Error;
use tieline::grpc::{CallOptions, Frame, unary};
use tieline::http::{Endpoint, InProcess, Line};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

/// Writes down the spans of servers and all errors.
#[derive(Clone, Default)]
struct Log {
    lines: Arc<Mutex<Vec<String>>>,
    spans: Arc<AtomicU64>,
}

impl Log {
    fn line(&self, head: String, write: impl FnOnce(&mut Text)) {
        let mut line = Text(head);
        write(&mut line);
        self.lines.lock().unwrap().push(line.0);
    }

    /// All lines, without how long a request took.
    fn untimed(&self) -> Vec<String> {
        let untimed = |line: String| line.split(" elapsed_ms=").next().unwrap_or_default().to_owned();
        self.all().into_iter().map(untimed).collect()
    }

    fn all(&self) -> Vec<String> {
        self.lines.lock().unwrap().clone()
    }
}

struct Text(String);

impl Visit for Text {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        let _ = write!(self.0, " {}={value:?}", field.name());
    }
}

impl Subscriber for Log {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("tieline::server") && *metadata.level() <= Level::INFO
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        self.line(span.metadata().name().to_owned(), |line| span.record(line));
        Id::from_u64(1 + self.spans.fetch_add(1, Ordering::Relaxed))
    }

    fn record(&self, _: &Id, values: &Record<'_>) {
        self.line("later".to_owned(), |line| values.record(line));
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        self.line(event.metadata().level().to_string(), |line| event.record(line));
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

#[tokio::test]
async fn an_http_request_is_a_span_with_its_operation_route_and_ids() {
    let log = Log::default();
    let _guard = tracing::subscriber::set_default(log.clone());
    let mock = Arc::new(pets::Mock::default());
    mock.get_pet.reply(get_pet::Response::Ok(pet()));
    let mut request = get("/pets/7");
    request
        .headers_mut()
        .insert("x-correlation-id", "c-1".parse().unwrap());
    send(pets::service(mock), request).await;
    assert_eq!(
        log.untimed(),
        [
            r#"server.request service="pets" operation="getPet" correlation_id="c-1" http.request.method="GET" http.route="/pets/{id}""#,
            "later http.response.status_code=200",
            "INFO message=request status=200",
        ]
    );
}

#[tokio::test]
async fn what_callers_do_not_see_is_in_the_log() {
    let log = Log::default();
    let _guard = tracing::subscriber::set_default(log.clone());
    let mock = Arc::new(pets::Mock::default());
    mock.get_pet
        .fail_once(Error::internal(std::io::Error::other("the disk is full")));
    let service = pets::service(mock.clone());
    send(service.clone(), get("/pets/7")).await;
    mock.get_pet.with(|_| panic!("unlucky"));
    send(service, get("/pets/7")).await;
    let errors: Vec<String> = log
        .all()
        .into_iter()
        .filter(|line| line.starts_with("ERROR"))
        .collect();
    assert_eq!(errors.len(), 2, "{errors:?}");
    assert!(errors[0].contains(r#"cause="the disk is full""#), "{errors:?}");
    assert!(
        errors[1].contains(r#"cause="the handler panicked: unlucky""#),
        "{errors:?}"
    );
}

#[tokio::test]
async fn a_grpc_call_is_a_span_alike() {
    let log = Log::default();
    let _guard = tracing::subscriber::set_default(log.clone());
    let mock = Arc::new(users::Mock::default());
    mock.create_user.reply(user("Ada", 36));
    let line = Line::over(InProcess::new(users::service(mock).into_router()));
    let endpoint: Endpoint = "http://users".parse().unwrap();
    let path = http::uri::PathAndQuery::from_static("/demo.Users/CreateUser");
    let mut headers = HeaderMap::new();
    headers.insert("x-request-id", "r-1".parse().unwrap());
    let request = Frame::of(&user("", 0).encode_to_vec()).unwrap();
    unary(&line, &endpoint, path, headers, request, CallOptions::default())
        .await
        .unwrap();
    assert_eq!(
        log.untimed(),
        [
            r#"server.request service="demo.Users" operation="CreateUser" correlation_id="r-1" rpc.system="grpc""#,
            r#"INFO message=request service="demo.Users" operation="CreateUser" correlation_id="r-1" code="OK""#,
        ]
    );
}
