//! What is written is read back, and what is malformed is refused.

use super::write::Written;
use super::*;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::{Bytes, BytesMut};
use futures_util::{StreamExt as _, stream};
use http::{HeaderName, HeaderValue, header};

use crate::codec::{
    Content, DecodeError, Field, File, Json, Nullable, Serializable, Shape, Value as _, has_streamed,
};
use crate::error::ErrorKind;
use crate::stream::Octets;

#[derive(Clone)]
struct Upload {
    title: String,
    photo: File,
    more: Vec<File>,
    meta: Option<BTreeMap<String, Json>>,
    count: Option<Nullable<i32>>,
}
static UPLOAD: Shape = Shape::new(
    "Upload",
    &[
        Field::required("title"),
        Field::required("photo"),
        Field::required("more"),
        Field::optional("meta"),
        Field::optional("count"),
    ],
);
crate::__record!(
    Upload = UPLOAD {
        0: title,
        1: photo,
        2: more,
        3: meta,
        4: count
    }
);

fn upload() -> Upload {
    Upload {
        title: "A \"cat\"\r\n--tieline-part-0000000000000000--".to_owned(),
        photo: File::new(&b"\r\n\xff\xd8\r\n"[..])
            .name("a \"cat\".jpg")
            .media_type("image/jpeg"),
        more: vec![File::new("one"), File::new("")],
        meta: Some([("tags".to_owned(), serde_json::json!(["a", 1]))].into()),
        count: Some(Nullable::Value(3)),
    }
}

fn written(types: &[(&str, &str)]) -> (String, Bytes) {
    let Written {
        boundary, content, ..
    } = write(&upload(), types).unwrap();
    match content {
        Content::Whole(body) => (boundary, body),
        other => panic!("{other:?}"),
    }
}

fn read_back(boundary: &str, body: &Bytes) -> Result<Upload, DecodeError> {
    let mut back = Upload::blank();
    let reading = Reading {
        types: &[("photo", "image/png, image/jpeg")],
        judged: true,
        ordered: false,
    };
    read(
        &format!("multipart/form-data; boundary={boundary}"),
        body,
        reading,
        &mut back,
    )?;
    Ok(back)
}

#[test]
fn what_is_written_is_read_back_whatever_it_contains() {
    let (boundary, body) = written(&[]);
    assert_eq!(boundary, "tieline-part-0000000000000001");
    let mut expected = upload();
    for file in &mut expected.more {
        file.name = Some("more".to_owned());
        file.media_type = Some("application/octet-stream".to_owned());
    }
    assert_eq!(read_back(&boundary, &body).unwrap(), expected);
}

#[test]
fn parts_have_the_media_types_of_the_contract() {
    let (_, body) = written(&[("meta", "application/vnd.meta+json"), ("title", "text/markdown")]);
    let text = String::from_utf8_lossy(&body);
    assert!(
        text.contains("name=\"meta\"\r\nContent-Type: application/vnd.meta+json\r\n\r\n{\"tags\""),
        "{text}"
    );
    assert!(
        text.contains("name=\"title\"\r\nContent-Type: text/markdown\r\n"),
        "{text}"
    );
    assert!(
        text.contains("filename=\"a %22cat%22.jpg\"\r\nContent-Type: image/jpeg\r\n"),
        "{text}"
    );
}

#[test]
fn a_body_that_is_not_in_parts_is_refused() {
    let (boundary, body) = written(&[]);
    for length in 0..body.len() - boundary.len() - 6 {
        assert!(read_back(&boundary, &body.slice(..length)).is_err(), "{length}");
    }
    assert!(read_back("", &body).is_err());
    assert!(read_back("another", &body).is_err());
}

#[test]
fn parts_as_others_write_them_are_read() {
    let body = "preamble\r\n--x \r\ncontent-disposition: form-data; filename=a.txt; name=photo\r\n\r\nhi\r\n--x\r\n\
                Content-Disposition: form-data; name=\"title\"\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nT\r\n\
                --x\r\nX: y\r\n\r\nnameless\r\n--x--\r\nepilogue";
    let back = read_back("\"x\"; charset=utf-8", &Bytes::from(body)).unwrap();
    assert_eq!(
        (back.title.as_str(), &back.photo),
        ("T", &File::new("hi").name("a.txt"))
    );
    assert_eq!((back.more.len(), back.meta, back.count), (0, None, None));
}

#[test]
fn a_file_is_of_a_media_type_that_the_contract_says() {
    let (boundary, body) = written(&[]);
    assert!(read_back(&boundary, &body).is_ok());
    let text = String::from_utf8_lossy(&body).replace("image/jpeg", "image/gif");
    let error = read_back(&boundary, &Bytes::from(text.into_bytes())).unwrap_err();
    assert_eq!(error.path().to_string(), "/photo");
    assert!(error.message().contains("image/png, image/jpeg"), "{error}");
}

#[test]
fn headers_of_a_part_travel_with_its_file() {
    let mut sent = upload();
    sent.photo = sent
        .photo
        .with_header(
            HeaderName::from_static("x-checksum"),
            HeaderValue::from_static("77"),
        )
        .with_header(header::CONTENT_TYPE, HeaderValue::from_static("text/html"));
    let Written {
        boundary, content, ..
    } = write(&sent, &[]).unwrap();
    let Content::Whole(body) = content else {
        panic!("all of it is there");
    };
    let photo = read_back(&boundary, &body).unwrap().photo;
    assert_eq!(photo.header("X-Checksum"), Some("77"));
    assert_eq!(photo.media_type.as_deref(), Some("image/jpeg"));
    assert_eq!(photo.headers().count(), 1);
}

#[test]
fn a_media_type_that_is_no_header_value_is_refused_and_begins_no_header() {
    let mut sent = upload();
    sent.photo.media_type = Some("image/png\r\nX-Injected: 1".to_owned());
    let fault = write(&sent, &[]).unwrap_err();
    assert_eq!(fault.kind(), ErrorKind::Encode);
    assert!(fault.message().contains("photo"), "{fault}");
}

/// A stream of so many pieces of a kibibyte, which counts how many were asked for.
fn pieces(count: usize, asked: &Arc<AtomicUsize>) -> Octets {
    let asked = asked.clone();
    Octets::stream(stream::iter(0..count).map(move |_| {
        asked.fetch_add(1, Ordering::Relaxed);
        Ok::<_, std::io::Error>(vec![b'z'; 1024])
    }))
}

#[tokio::test]
async fn a_file_that_comes_piece_by_piece_is_asked_for_as_it_is_sent() {
    let asked = Arc::new(AtomicUsize::new(0));
    let mut sent = upload();
    sent.more = vec![
        File::from(pieces(300, &asked).with_length(300 * 1024)).name("\u{e9}.bin"),
        File::new("last"),
    ];
    let Written {
        boundary, content, ..
    } = write(&sent, &[]).unwrap();
    let Content::Stream { mut octets, length } = content else {
        panic!("{content:?}");
    };
    assert_eq!(asked.load(Ordering::Relaxed), 0);
    let mut body = BytesMut::new();
    while let Some(chunk) = octets.next().await {
        body.extend_from_slice(&chunk.unwrap());
        // Nobody reads ahead: what was asked for has come out.
        assert!(body.len() >= asked.load(Ordering::Relaxed) * 1024);
    }
    assert_eq!(length, Some(body.len() as u64));
    let back = read_back(&boundary, &body.freeze()).unwrap();
    assert_eq!(back.more[0].length(), Some(300 * 1024));
    assert_eq!(back.more[0].name.as_deref(), Some("\u{e9}.bin"));
    assert_eq!(back.more[1].content().unwrap(), "last");
    assert_eq!((back.title, back.photo), (sent.title.clone(), sent.photo.clone()));
    // It was sent.
    let fault = write(&sent, &[]).unwrap_err();
    assert_eq!(fault.kind(), ErrorKind::Encode);
    assert!(fault.message().contains("already"), "{fault}");
}

#[tokio::test]
async fn boundaries_of_streams_cannot_be_guessed_and_their_lengths_are_kept() {
    let asked = Arc::new(AtomicUsize::new(0));
    let mut boundaries = std::collections::HashSet::new();
    for (said, expected) in [(None, true), (Some(2047), false), (Some(2049), false)] {
        let mut octets = pieces(2, &asked);
        if let Some(said) = said {
            octets = octets.with_length(said);
        }
        let mut sent = upload();
        sent.photo = octets.into();
        let Written {
            boundary, content, ..
        } = write(&sent, &[]).unwrap();
        assert!(boundaries.insert(boundary));
        let Content::Stream { octets, length } = content else {
            panic!("{content:?}");
        };
        assert_eq!(length.is_some(), said.is_some());
        let all: Vec<_> = octets.collect().await;
        assert_eq!(all.iter().all(Result::is_ok), expected, "{said:?}");
    }
}

#[tokio::test]
async fn a_file_at_a_path_is_sent_any_number_of_times() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("film.mp4");
    let content = vec![7; 200_000];
    std::fs::write(&path, &content).unwrap();
    let mut sent = upload();
    sent.photo = File::from(Octets::open(&path).await.unwrap()).media_type("image/png");
    // It stays the file that was opened.
    std::fs::remove_file(&path).unwrap();
    let Written {
        boundary,
        content: sent_content,
        ..
    } = write(&sent, &[]).unwrap();
    let Content::Repeatable { open, length } = sent_content else {
        panic!("{sent_content:?}");
    };
    for mut octets in [open(), open()] {
        let mut body = BytesMut::new();
        while let Some(chunk) = octets.next().await {
            body.extend_from_slice(&chunk.unwrap());
        }
        assert_eq!(length, Some(body.len() as u64));
        let photo = read_back(&boundary, &body.freeze()).unwrap().photo;
        assert_eq!(photo.name.as_deref(), Some("film.mp4"));
        assert_eq!(photo.content().unwrap(), &content);
    }
    assert_eq!(sent.photo.bytes().await.unwrap(), content);
}

#[test]
fn a_file_that_comes_piece_by_piece_is_no_text() {
    let asked = Arc::new(AtomicUsize::new(0));
    let photo = File::from(pieces(1, &asked));
    assert!(serde_json::to_string(&Serializable(&photo)).is_err());
    let inside: BTreeMap<String, Vec<File>> = [("a".to_owned(), vec![File::new("x"), photo])].into();
    assert!(has_streamed(&inside));
    assert!(!has_streamed(&vec![File::new("x")]));
}
