//! How much memory a server needs for a body in parts.

#![cfg(feature = "server")]

use std::sync::Arc;

use axum::body::Body;
use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use http::Request;
use tieline::generated::v1;
use tieline::server::Service;

#[derive(Clone)]
struct Asked {
    body: Upload,
}
static ASKED: v1::Shape = v1::Shape::new("up", &[v1::Field::required("body")]);
v1::record!(Asked = ASKED { 0: body });

#[derive(Clone)]
struct Upload {
    film: v1::File,
    title: String,
}
static UPLOAD: v1::Shape = v1::Shape::new(
    "Upload",
    &[v1::Field::required("film"), v1::Field::required("title")],
);
v1::record!(Upload = UPLOAD { 0: film, 1: title });

#[derive(Debug)]
enum Response {
    Ok(String),
}
v1::reply_set!(Response { 0: Ok(body) = 200 });
use v1::NoFailure as Failure;

v1::http_operation! {
    OPERATION = 0: "films", "up", Unsafe;
    POST: Literal("/films");
    inputs: Body(Multipart("multipart/form-data"));
    successes: Code(200) => Text("text/plain");
}
v1::http_call!(Asked -> String: Ok(body));
static CONTRACT: v1::Contract = v1::Contract {
    name: "films",
    title: "",
    version: "",
    servers: &[],
    operations: &[&OPERATION],
    security_schemes: &[],
};

const CHUNK: usize = 16 * 1024;

/// A body whose film has so many chunks, each made when it is asked for.
fn request(chunks: usize) -> Request<Body> {
    let head = "--x\r\nContent-Disposition: form-data; name=film; filename=f\r\n\r\n";
    let tail = "\r\n--x\r\nContent-Disposition: form-data; name=title\r\n\r\nT\r\n--x--\r\n";
    let film = stream::iter(0..chunks).map(|_| Bytes::from(vec![b'z'; CHUNK]));
    let body = stream::iter([Bytes::from(head)])
        .chain(film)
        .chain(stream::iter([Bytes::from(tail)]));
    Request::post("/films")
        .header("content-type", "multipart/form-data; boundary=x")
        .body(Body::from_stream(body.map(Ok::<_, std::io::Error>)))
        .unwrap()
}

#[test]
fn a_large_file_needs_no_more_memory_than_a_small_one() {
    let service = Service::new(&CONTRACT)
        .operation(&Arc::new(()), |(), _, request: Asked| {
            Box::pin(async move {
                let film = request.body.film;
                let (length, is_there) = (film.length(), film.content().is_some());
                let title = request.body.title;
                Ok(Response::Ok(format!("{title} {length:?} {is_there}")))
            })
        })
        .body_limit(1 << 30)
        .memory_limit(128 * 1024);
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let mut peaks = Vec::new();
    for chunks in [4, 16, 4096] {
        let mut answer = String::new();
        let measured = allocation_counter::measure(|| {
            runtime.block_on(async {
                let response = service.answer(request(chunks)).await;
                let body = axum::body::to_bytes(response.into_body(), 1024).await.unwrap();
                answer = String::from_utf8_lossy(&body).into_owned();
            });
        });
        let is_small = chunks * CHUNK < 128 * 1024;
        assert_eq!(answer, format!("T Some({}) {is_small}", chunks * CHUNK));
        peaks.push(measured.bytes_max);
    }
    // 64 MiB, of which a few chunks are held: what is not yet written, and what has just come.
    assert!(peaks[2] < 512 * 1024, "{peaks:?}");
    assert!(peaks[2] < peaks[1] + 64 * 1024, "{peaks:?}");
}
