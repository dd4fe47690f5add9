//! A server that answers every operation of its contract with values that were made from its schemas: the generated
//! server around the generated client, whose line gives those values back. So a request is decoded, validated and encoded
//! again, and a reply decoded and encoded again.
//!
//! It takes the package of the contract and the file of the values, prints its address, and ends with its standard input.

use std::collections::HashMap;
use std::io::Write as _;
use std::sync::atomic::{AtomicUsize, Ordering};

use tieline::client::{CallFacts, Interceptor};
use tieline::error::Fault;
use tieline::http::{Body, Endpoint, Exchange, ExchangeFuture, Line, ResponseBody};
use tieline::policy::retry::Retry;

/// Names the operation to the line.
const OPERATION: &str = "stub-operation";

struct Named;

impl Interceptor for Named {
    fn before_call(&self, call: &CallFacts<'_>, headers: &mut http::HeaderMap) -> Result<(), Fault> {
        if let Ok(name) = http::HeaderValue::from_str(&hex(call.operation)) {
            headers.insert(OPERATION, name);
        }
        Ok(())
    }
}

/// Any text as header text.
fn hex(text: &str) -> String {
    text.bytes().map(|byte| format!("{byte:02x}")).collect()
}

#[derive(serde::Deserialize)]
struct Answer {
    status: u16,
    media_type: Option<String>,
    headers: Vec<(String, String)>,
    body: String,
}

/// Gives the answers of each operation in turn.
struct Samples {
    answers: HashMap<String, Vec<Answer>>,
    next: AtomicUsize,
}

impl Exchange for Samples {
    fn exchange<'a>(&'a self, _: &'a Endpoint, request: http::Request<Body>) -> ExchangeFuture<'a> {
        let turn = self.next.fetch_add(1, Ordering::Relaxed);
        let operation = request.headers().get(OPERATION).and_then(|name| name.to_str().ok());
        let answers = operation.and_then(|name| self.answers.get(name)).filter(|answers| !answers.is_empty());
        let mut response = http::Response::new(ResponseBody::from(bytes::Bytes::new()));
        match answers.map(|answers| &answers[turn % answers.len()]) {
            None => *response.status_mut() = http::StatusCode::NOT_IMPLEMENTED,
            Some(answer) => {
                *response.status_mut() = http::StatusCode::from_u16(answer.status).expect("a status");
                let headers = response.headers_mut();
                for (name, value) in &answer.headers {
                    let name = http::HeaderName::try_from(name).expect("a header's name");
                    headers.append(name, http::HeaderValue::try_from(value).expect("header text"));
                }
                if let Some(media_type) = &answer.media_type {
                    let value = http::HeaderValue::try_from(media_type).expect("a media type");
                    headers.insert(http::header::CONTENT_TYPE, value);
                }
                *response.body_mut() = ResponseBody::from(bytes::Bytes::from(answer.body.clone()));
            }
        }
        Box::pin(async move { Ok(response) })
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let package = arguments.next().expect("a package");
    let path = arguments.next().expect("the file of the values");
    let text = std::fs::read_to_string(path).expect("the values can be read");
    let answers: HashMap<String, Vec<Answer>> = serde_json::from_str(&text).expect("the values are JSON");
    let answers = answers.into_iter().map(|(operation, answers)| (hex(&operation), answers)).collect();
    let samples = Samples { answers, next: AtomicUsize::new(0) };
    let client = tieline::Client::builder("stub")
        .url("http://stub.invalid")
        .expect("an address")
        .line(Line::over(samples))
        .retry(Retry::never())
        .breaker(|settings| settings.enabled(false))
        .interceptor(Named)
        .build()
        .expect("a client");
    let service = match &*package {
        // SERVICES
        _ => panic!("no such package: {package}"),
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    println!("{}", listener.local_addr().expect("an address"));
    std::io::stdout().flush().expect("standard output");
    let stop = async {
        let ended = tokio::task::spawn_blocking(|| std::io::read_to_string(std::io::stdin()));
        let _ = ended.await;
    };
    tieline::server::serve::serve(listener, service, stop, std::time::Duration::from_secs(1)).await;
}
