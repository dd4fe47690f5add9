//! Services in the shape that the generator writes, and ways to ask them.

#![allow(missing_docs, reason = "written as the generator writes, for tests")]
#![allow(dead_code, reason = "each test uses a part")]
#![allow(unreachable_pub, reason = "each test crate includes it as a module")]

pub mod pets;
#[cfg(feature = "grpc")]
pub mod users;

use axum::body::Body;
use http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::BodyExt;
use serde_json::Value as Json;
use tower::ServiceExt;

/// A reply, read to its end.
pub struct Got {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: bytes::Bytes,
}

impl Got {
    pub fn json(&self) -> Json {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {:?}", self.body))
    }

    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The violations of a problem, as `in name pointer: message`.
    pub fn violations(&self) -> Vec<String> {
        let problem = self.json();
        let listed = problem["violations"].as_array().cloned().unwrap_or_default();
        let text = |entry: &Json, key: &str| entry[key].as_str().unwrap_or_default().to_owned();
        let shown = listed.iter().map(|entry| {
            let place = format!(
                "{} {}{}",
                text(entry, "in"),
                text(entry, "name"),
                text(entry, "pointer")
            );
            format!("{}: {}", place, text(entry, "message"))
        });
        shown.collect()
    }
}

pub async fn send<S>(service: S, request: Request<Body>) -> Got
where
    S: tower_service::Service<Request<Body>, Response = Response<Body>, Error = std::convert::Infallible>,
{
    let (parts, body) = service.oneshot(request).await.unwrap().into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    Got {
        status: parts.status,
        headers: parts.headers,
        body,
    }
}

pub fn get(path: &str) -> Request<Body> {
    Request::get(path).body(Body::empty()).unwrap()
}

pub fn post(path: &str, media_type: &str, body: impl Into<Body>) -> Request<Body> {
    Request::post(path)
        .header("content-type", media_type)
        .body(body.into())
        .unwrap()
}
