//! Files that are sent as they come, in parts of a body.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use tieline::codec::File;
use tieline::stream::Octets;
use tieline::{Code, Error};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::super::golden::multipart::{Mock, add_photo, types};
use super::{albums, client, node};

const NAME: &str = "\u{6f22}\u{5b57} \"\u{e9}\"\r\n.jpg";
const CHUNK: usize = 64 * 1024;

/// So many chunks, counted as they are asked for.
fn chunks(count: usize, asked: &Arc<AtomicUsize>) -> Octets {
    let asked = asked.clone();
    let chunk = Bytes::from(vec![b'z'; CHUNK]);
    let chunks = stream::iter(0..count).map(move |_| {
        asked.fetch_add(1, Ordering::Relaxed);
        Ok::<_, std::io::Error>(chunk.clone())
    });
    Octets::stream(chunks).with_file_name(NAME)
}

fn kept() -> Result<add_photo::Response, Error<add_photo::Failure>> {
    Ok(add_photo::Response::Created(types::Kept::new()))
}

/// A mock that keeps what it is given, and is unavailable at first, so many times.
fn keeping(unavailable: usize) -> (Mock, Arc<Mutex<Vec<add_photo::Request>>>) {
    let seen: Arc<Mutex<Vec<add_photo::Request>>> = Arc::default();
    let mock = Mock::new();
    let all = seen.clone();
    mock.add_photo.handle(move |_, request| {
        let mut all = all.lock().expect("no panic before");
        all.push(request);
        let is_up = all.len() > unavailable;
        async move {
            if is_up {
                kept()
            } else {
                Err(Error::new(Code::Unavailable, "not yet"))
            }
        }
    });
    (mock, seen)
}

/// A server that reads this much of a request, keeps its head, and refuses it.
async fn refusing(octets: usize) -> (String, Arc<Mutex<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("a bound address"));
    let head: Arc<Mutex<String>> = Arc::default();
    let kept = head.clone();
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let mut read = Vec::new();
            let mut room = vec![0; CHUNK];
            while read.len() < octets {
                match socket.read(&mut room).await {
                    Ok(0) | Err(_) => break,
                    Ok(length) => read.extend_from_slice(&room[..length]),
                }
            }
            let text = String::from_utf8_lossy(&read);
            let (found, _) = text.split_once("\r\n\r\n").unwrap_or_default();
            *kept.lock().expect("no panic before") = found.to_ascii_lowercase();
            let refusal = b"HTTP/1.1 413 Too Large\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
            let _ = socket.write_all(refusal).await;
        }
    });
    (url, head)
}

#[tokio::test]
async fn a_generated_server_reads_a_file_that_was_sent_as_it_came() {
    let (mock, seen) = keeping(0);
    let asked = Arc::new(AtomicUsize::new(0));
    let upload = types::Upload::new(chunks(20, &asked), "streamed").versions(vec![File::new("behind it")]);
    let answer = albums(mock, 8 << 20).await.add_photo("cats", upload).await;
    answer.expect("the photo is kept");
    let seen = seen.lock().expect("no panic before").pop().expect("one request");
    let photo = seen.body.photo;
    assert_eq!(photo.name.as_deref(), Some(NAME));
    assert_eq!(
        photo.media_type.as_deref(),
        Some("image/jpeg"),
        "its name shows it"
    );
    assert_eq!(photo.length(), Some(20 * CHUNK as u64));
    let versions = seen.body.versions.expect("some");
    assert_eq!(
        versions[0].content().map(|content| &content[..]),
        Some(&b"behind it"[..])
    );
}

#[tokio::test]
async fn a_file_is_asked_for_only_as_fast_as_it_is_sent() {
    const COUNT: usize = 16 * 1024;
    for length in [None, Some((COUNT * CHUNK) as u64)] {
        let (url, head) = refusing(1 << 20).await;
        let asked = Arc::new(AtomicUsize::new(0));
        let photo = match length {
            None => chunks(COUNT, &asked),
            Some(length) => chunks(COUNT, &asked).with_length(length),
        };
        let answer = client(&url)
            .add_photo("cats", types::Upload::new(photo, "long"))
            .await;
        answer.expect_err("it is refused");
        // The rest is what sockets hold: nobody has collected a gibibyte.
        let asked = asked.load(Ordering::Relaxed);
        assert!(asked > 0 && asked < COUNT / 4, "{asked}");
        let head = head.lock().expect("no panic before").clone();
        let is_chunked = head.contains("transfer-encoding: chunked");
        assert_eq!(is_chunked, length.is_none(), "{head}");
        assert_eq!(head.contains("content-length: "), length.is_some(), "{head}");
    }
}

#[tokio::test]
async fn a_file_at_a_path_is_sent_again_and_a_stream_is_not() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("film.png");
    let content = vec![9; 300_000];
    std::fs::write(&path, &content).expect("a file");

    let (mock, seen) = keeping(1);
    let photo = Octets::open(&path).await.expect("the file");
    let albums = albums(mock, 8 << 20).await;
    let upload = types::Upload::new(photo, "twice");
    let answer = albums.add_photo("cats", upload).idempotency_key("1").await;
    answer.expect("the second attempt is kept");
    let seen = std::mem::take(&mut *seen.lock().expect("no panic before"));
    assert_eq!(seen.len(), 2);
    for request in seen {
        assert_eq!(request.body.photo.name.as_deref(), Some("film.png"));
        assert_eq!(request.body.photo.content(), Some(&Bytes::from(content.clone())));
    }

    let (mock, seen) = keeping(1);
    let asked = Arc::new(AtomicUsize::new(0));
    let upload = types::Upload::new(chunks(1, &asked), "once");
    let albums = super::albums(mock, 8 << 20).await;
    let answer = albums.add_photo("cats", upload).idempotency_key("1").await;
    assert_eq!(answer.expect_err("unavailable").code(), Code::Unavailable);
    assert_eq!(seen.lock().expect("no panic before").len(), 1);
}

#[tokio::test]
async fn a_file_of_a_media_type_that_the_contract_does_not_say_is_refused() {
    let photo = File::new("GIF89a").name("a.gif").media_type("image/gif");
    let albums = albums(Mock::new(), 1 << 20).await;
    let answer = albums
        .add_photo("cats", types::Upload::new(photo, "moving"))
        .await;
    let error = answer.expect_err("no handler is asked");
    assert_eq!(error.status().map(|status| status.as_u16()), Some(400));
    let body = error.fault().reply().expect("a problem").body.clone();
    let body = String::from_utf8_lossy(&body);
    assert!(
        body.contains("/body/photo") && body.contains("image/png, image/jpeg"),
        "{body}"
    );
}

#[tokio::test]
async fn express_and_multer_read_a_file_that_was_sent_as_it_came() {
    let Some(node) = node("multipart.js") else { return };
    let asked = Arc::new(AtomicUsize::new(0));
    let upload = types::Upload::new(chunks(3, &asked), "streamed")
        .versions(vec![File::from(Octets::new("v").with_file_name("\u{6f22}.bin"))])
        .place(types::UploadPlace::new().lat(1.0));
    let kept = client(&node.url).add_photo("cats", upload).await;
    let kept = kept.expect("the photo is kept");
    assert_eq!(kept.name, Some(format!("cats/{NAME} image/jpeg")));
    assert_eq!(kept.size, Some(3 * CHUNK as i64));
    assert_eq!(kept.versions, Some(vec!["\u{6f22}.bin 76".to_owned()]));
}
