//! Any request to generated servers, in process: method, path with query, content type and body.

#![no_main]

use std::sync::OnceLock;

use libfuzzer_sys::fuzz_target;
use tieline::generated::v1::axum::{self, body::Body, http::Request};
use tokio::runtime::Runtime;
use tower_service::Service as _;

#[allow(dead_code)]
#[path = "../../tests/golden/bodies/mod.rs"]
#[rustfmt::skip]
mod bodies;
#[allow(dead_code)]
#[path = "../../tests/golden/multipart/mod.rs"]
#[rustfmt::skip]
mod multipart;
#[allow(dead_code)]
#[path = "../../tests/golden/pages/mod.rs"]
#[rustfmt::skip]
mod pages;
#[allow(dead_code)]
#[path = "../../tests/golden/security/mod.rs"]
#[rustfmt::skip]
mod security;

fn router(chosen: u8) -> axum::Router {
    match chosen % 4 {
        0 => bodies::router(bodies::Mock::new()),
        1 => multipart::router(multipart::Mock::new()),
        2 => pages::router(pages::Mock::new()),
        _ => security::router(security::Mock::new()),
    }
}

/// `<which server> METHOD TARGET\nCONTENT-TYPE\nBODY`
fn request(text: &[u8]) -> Option<Request<Body>> {
    let mut lines = text.splitn(3, |octet| *octet == b'\n');
    let line = std::str::from_utf8(lines.next()?).ok()?;
    let (method, target) = line.split_once(' ')?;
    let media_type = lines.next()?;
    let body = lines.next()?;
    Request::builder()
        .method(method)
        .uri(target)
        .header("content-type", media_type)
        .body(Body::from(body.to_vec()))
        .ok()
}

fuzz_target!(|octets: &[u8]| {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    let runtime = RUNTIME.get_or_init(|| {
        tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .expect("a runtime")
    });
    let Some((chosen, text)) = octets.split_first() else {
        return;
    };
    if let Some(request) = request(text) {
        let _ = runtime.block_on(router(*chosen).call(request));
    }
});
