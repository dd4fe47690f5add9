//! Files in parts of a body, as a generated server receives them: small ones in memory, large ones from disk.

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use tieline::codec::File;
use tieline::stream::Octets;
use tieline::{Code, Error};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::super::golden::multipart::{Client as Albums, Mock, add_photo, service, types};
use super::{client, served};

const MEMORY: usize = 64 * 1024;

type Seen = Arc<Mutex<Vec<add_photo::Request>>>;

/// A server that holds little in memory: its address, and what its handler was given.
async fn server(body_limit: usize) -> (String, Seen) {
    let seen = Seen::default();
    let mock = Mock::new();
    let kept = seen.clone();
    mock.add_photo.handle(move |_, request| {
        kept.lock().expect("no panic before").push(request);
        async { Ok(add_photo::Response::Created(types::Kept::new())) }
    });
    let service = service(mock).body_limit(body_limit).memory_limit(MEMORY);
    (served(service.into_router()).await, seen)
}

fn one(seen: &Seen) -> types::Upload {
    let mut seen = seen.lock().expect("no panic before");
    let request = seen.pop().expect("a request");
    assert!(seen.is_empty());
    request.body
}

fn content(seed: u8, length: usize) -> Bytes {
    (0..length)
        .map(|at| (at as u8).wrapping_mul(31) ^ seed)
        .collect::<Vec<_>>()
        .into()
}

async fn status(
    sent: impl IntoFuture<Output = Result<types::Kept, Error<add_photo::Failure>>>,
) -> (u16, String) {
    let error = sent.await.expect_err("it is refused");
    let body = error.fault().reply().map(|reply| reply.body.clone());
    let body = String::from_utf8_lossy(&body.unwrap_or_default()).into_owned();
    (error.status().map_or(0, |status| status.as_u16()), body)
}

#[tokio::test]
async fn large_files_come_from_disk_wherever_they_stand_and_small_ones_are_there() {
    let (url, seen) = server(8 << 20).await;
    let (large, larger, small) = (content(1, 1 << 20), content(2, 3 << 20), content(3, 100));
    let upload = types::Upload::new(
        File::new(large.clone())
            .name("\u{e9}.png")
            .media_type("image/png"),
        "large",
    )
    .versions(vec![
        File::new(small.clone()).name("small"),
        File::new(larger.clone()).name("larger"),
        File::new(small.clone()),
    ])
    .rating(4);
    client(&url).add_photo("cats", upload).await.expect("it is kept");
    let body = one(&seen);
    assert_eq!((body.title.as_str(), body.rating), ("large", Some(4)));
    assert_eq!(body.photo.content(), None);
    assert_eq!(body.photo.name.as_deref(), Some("\u{e9}.png"));
    assert_eq!(body.photo.media_type.as_deref(), Some("image/png"));
    assert_eq!(body.photo.length(), Some(1 << 20));
    // It can be read again, and by several at once.
    let (one, other) = tokio::join!(body.photo.clone().bytes(), body.photo.bytes());
    assert_eq!(one.expect("all of it"), large);
    assert_eq!(other.expect("all of it"), large);
    let versions = body.versions.expect("some");
    assert_eq!(versions[0].content(), Some(&small));
    assert_eq!(versions[2].content(), Some(&small));
    let mut chunks = Octets::from(versions[1].clone());
    assert_eq!(chunks.file_name(), Some("larger"));
    let mut read = Vec::new();
    while let Some(chunk) = chunks.chunk().await.expect("no failure") {
        assert!(chunk.len() <= MEMORY);
        read.extend_from_slice(&chunk);
    }
    assert_eq!(read, larger);
}

#[tokio::test]
async fn what_came_from_disk_is_sent_on_as_often_as_it_takes() {
    let (behind, seen_behind) = server(8 << 20).await;
    let mock = Mock::new();
    mock.add_photo.handle(move |_, request| {
        let behind: Albums = client(&behind);
        async move {
            let first = behind.add_photo("again", request.body.clone()).await;
            first.map_err(|error| Error::new(Code::Internal, error.to_string()))?;
            let kept = behind.add_photo(request.album, request.body).await;
            let kept = kept.map_err(|error| Error::new(Code::Internal, error.to_string()))?;
            Ok(add_photo::Response::Created(kept))
        }
    });
    let service = service(mock).body_limit(8 << 20).memory_limit(MEMORY);
    let url = served(service.into_router()).await;
    let photo = content(5, 1 << 20);
    let upload = types::Upload::new(File::new(photo.clone()).media_type("image/png"), "on");
    client(&url).add_photo("cats", upload).await.expect("it is kept");
    let seen = std::mem::take(&mut *seen_behind.lock().expect("no panic before"));
    assert_eq!(seen.len(), 2);
    for request in seen {
        assert_eq!(request.body.photo.bytes().await.expect("all of it"), photo);
    }
}

#[tokio::test]
async fn files_make_room_for_parts_that_must_be_in_memory() {
    let (url, seen) = server(8 << 20).await;
    let photo = content(7, MEMORY - 1000);
    let tags = vec!["x".repeat(MEMORY / 2)];
    let upload = types::Upload::new(File::new(photo.clone()).media_type("image/png"), "t").tags(tags.clone());
    client(&url).add_photo("cats", upload).await.expect("it is kept");
    let body = one(&seen);
    assert_eq!(body.photo.content(), None);
    assert_eq!(body.photo.bytes().await.expect("all of it"), photo);
    assert_eq!(body.tags, Some(tags));
}

#[tokio::test]
async fn limits_hold_for_the_body_and_for_what_must_be_in_memory() {
    let (url, seen) = server(1 << 20).await;
    let albums = client(&url);
    let photo = |length| File::new(content(9, length)).media_type("image/png");
    let upload = types::Upload::new(photo(1 << 20), "too large");
    let (code, body) = status(albums.add_photo("cats", upload)).await;
    assert!(code == 413 && body.contains("1048576 octets"), "{code} {body}");
    // The same without a length that says so.
    let stream = futures_util::stream::iter([Ok::<_, std::io::Error>(content(9, 1 << 20))]);
    let streamed = File::from(Octets::stream(stream)).media_type("image/png");
    let upload = types::Upload::new(streamed, "too large");
    let (code, _) = status(albums.add_photo("cats", upload)).await;
    assert_eq!(code, 413);
    let upload = types::Upload::new(photo(1), "t").tags(vec!["x".repeat(2 * MEMORY)]);
    let (code, body) = status(albums.add_photo("cats", upload)).await;
    assert!(code == 413 && body.contains("no files"), "{code} {body}");
    assert!(seen.lock().expect("no panic before").is_empty());
}

#[tokio::test]
async fn parts_around_a_large_file_are_judged_before_the_handler_runs() {
    let (url, seen) = server(8 << 20).await;
    let photo = File::new(content(11, 1 << 20)).media_type("image/png");
    let upload = types::Upload::new(photo, "longer than twenty characters");
    let (code, body) = status(client(&url).add_photo("cats", upload)).await;
    assert!(code == 400 && body.contains("/body/title"), "{code} {body}");
    assert!(seen.lock().expect("no panic before").is_empty());
}

/// What a server answers to these octets behind a head with this content type and length. Where they are fewer, the
/// connection ends with them.
async fn answered(url: &str, content_type: &str, length: usize, body: &[u8]) -> String {
    let address = url.trim_start_matches("http://");
    let mut socket = TcpStream::connect(address).await.expect("a connection");
    let head = format!(
        "POST /albums/cats/photos HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: {content_type}\r\n\
         content-length: {length}\r\n\r\n"
    );
    socket.write_all(head.as_bytes()).await.expect("written");
    socket.write_all(body).await.expect("written");
    if body.len() < length {
        socket.shutdown().await.expect("the end");
    }
    let mut answer = Vec::new();
    // A server may drop a connection whose body broke off.
    let _ = socket.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn a_body_that_is_cut_off_or_has_no_boundary_reaches_no_handler() {
    let (url, seen) = server(8 << 20).await;
    let photo = "a\r\n--y\r\n--".repeat(20_000);
    let body = format!(
        "--x\r\nContent-Disposition: form-data; name=photo; filename=a\r\n\r\n{photo}\r\n\
         --x\r\nContent-Disposition: form-data; name=title\r\n\r\nT\r\n--x--\r\n"
    );
    let body = body.as_bytes();
    let form = "multipart/form-data; boundary=x";
    let whole = answered(&url, form, body.len(), body).await;
    assert!(whole.starts_with("HTTP/1.1 201"), "{whole}");
    // What is like a boundary, inside the file, is of the file.
    assert_eq!(one(&seen).photo.bytes().await.expect("all of it"), photo);
    for end in [body.len() - 6, body.len() - 30, body.len() / 2, 20] {
        let cut = answered(&url, form, end, &body[..end]).await;
        assert!(
            cut.starts_with("HTTP/1.1 400") && cut.contains("is cut off"),
            "{end}: {cut}"
        );
        // The connection ends before the body does.
        let broken = answered(&url, form, body.len(), &body[..end]).await;
        assert!(!broken.starts_with("HTTP/1.1 2"), "{end}: {broken}");
    }
    for (content_type, problem) in [
        ("multipart/form-data", "names no boundary"),
        ("multipart/form-data; boundary=\"\"", "names no boundary"),
        ("multipart/form-data; boundary=z", "has no boundary"),
    ] {
        let answer = answered(&url, content_type, body.len(), body).await;
        assert!(
            answer.starts_with("HTTP/1.1 400") && answer.contains(problem),
            "{answer}"
        );
    }
    assert!(seen.lock().expect("no panic before").is_empty());
}
