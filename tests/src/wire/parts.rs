//! Bodies in parts that come back, and parts that have an order instead of names.

use tieline::codec::File;
use tieline::stream::Octets;
use tieline::testing::{ScriptedLine, Step};
use tieline::{Client, Error, ErrorKind};

use super::super::golden::multipart::{
    Client as Albums, Mock, add_pages, get_album, list_pages, put_album, service, types,
};
use super::{albums, client, served};

fn album() -> types::Album {
    let meta = types::Kept::new().name("caf\u{e9}\r\n--").size(3);
    let cover = File::new(&b"\xff\r\n--tieline-part-0000000000000000--"[..]);
    types::Album::new(meta, cover.name("\u{6f22} \"1\".bin").media_type("image/png"))
}

#[tokio::test]
async fn a_reply_in_parts_is_written_and_read_by_its_types() {
    let mock = Mock::new();
    mock.get_album.handle(|_, request| async move {
        match request.album.as_str() {
            "cats" => Ok(get_album::Response::Ok(album())),
            name => {
                let names = vec![name.to_owned(), String::new(), "b\r\n--x".to_owned()];
                Err(get_album::Failure::NotFound(names).into())
            }
        }
    });
    let albums = albums(mock, 1 << 20).await;
    assert_eq!(albums.get_album("cats").await.expect("the album"), album());
    let error = albums.get_album("dogs").await.expect_err("there is none");
    let names = vec!["dogs".to_owned(), String::new(), "b\r\n--x".to_owned()];
    assert_eq!(error.body(), Some(&get_album::Failure::NotFound(names)));
}

#[tokio::test]
async fn a_reply_whose_file_comes_piece_by_piece_goes_out_as_it_comes() {
    let mock = Mock::new();
    mock.get_album.handle(|_, _| async {
        let pieces =
            futures_util::stream::iter((0..100_u8).map(|at| Ok::<_, std::io::Error>(vec![at; 10_000])));
        let cover = Octets::stream(pieces)
            .with_file_name("long.bin")
            .with_media_type("video/mp4");
        Ok(get_album::Response::Ok(types::Album::new(
            types::Kept::new(),
            cover,
        )))
    });
    let read = albums(mock, 1 << 20)
        .await
        .get_album("cats")
        .await
        .expect("the album");
    assert_eq!(read.cover.name.as_deref(), Some("long.bin"));
    assert_eq!(read.cover.media_type.as_deref(), Some("video/mp4"));
    let content = read.cover.content().expect("a client holds it in memory");
    assert_eq!(content.len(), 1_000_000);
    assert!(
        content
            .iter()
            .enumerate()
            .all(|(at, octet)| usize::from(*octet) == at / 10_000)
    );
}

#[tokio::test]
async fn related_parts_travel_both_ways() {
    let mock = Mock::new();
    mock.put_album
        .handle(|_, request| async move { Ok(put_album::Response::Ok(request.body)) });
    let back = albums(mock, 1 << 20).await.put_album("cats", album()).await;
    assert_eq!(back.expect("the album"), album());
}

#[tokio::test]
async fn items_travel_in_their_order_both_ways() {
    let mock = Mock::new();
    mock.list_pages.handle(|_, _| async {
        let page = |name: &str| types::Kept::new().name(name);
        Ok(list_pages::Response::Ok(vec![page("a"), page("b"), page("a")]))
    });
    mock.add_pages
        .handle(|_, request| async move { Ok(add_pages::Response::Ok(request.body)) });
    let albums = client(&served(service(mock).memory_limit(1024).into_router()).await);
    let pages = albums.list_pages("cats").await.expect("the pages");
    let names: Vec<_> = pages.iter().filter_map(|page| page.name.as_deref()).collect();
    assert_eq!(names, ["a", "b", "a"]);
    let file = |text: String| File::new(text).media_type("text/plain");
    // The second goes by way of the server's disk.
    let sent = vec![
        file("1".to_owned()).name("\u{e9}"),
        file("2".repeat(5000)),
        file(String::new()),
    ];
    let back = albums.add_pages("cats", sent.clone()).await;
    assert_eq!(back.expect("the same pages"), sent);
}

/// What a client makes of these octets, in parts that `x` divides.
async fn read(content_type: &str, body: &'static str) -> Result<types::Album, Error<get_album::Failure>> {
    let step = Step::status(200).header("content-type", content_type).body(body);
    let line = ScriptedLine::new([step]);
    let builder = Client::builder("albums").line(line);
    Albums::new(builder.build().expect("a client"))
        .get_album("cats")
        .await
}

/// The same, where parts are related.
async fn related(body: &'static str) -> Result<types::Album, Error<put_album::Failure>> {
    let step = Step::status(200)
        .header(
            "content-type",
            "multipart/related; boundary=x; type=\"application/json\"",
        )
        .body(body);
    let builder = Client::builder("albums").line(ScriptedLine::new([step]));
    let albums = Albums::new(builder.build().expect("a client"));
    albums.put_album("cats", album()).await
}

#[tokio::test]
async fn related_parts_without_names_are_told_apart_by_their_order() {
    let body = "--x\r\nContent-Type: application/json\r\n\r\n{\"size\":7}\r\n--x\r\n\r\ncover\r\n--x--";
    let read = related(body).await.expect("an album");
    assert_eq!(read.meta.size, Some(7));
    assert_eq!(
        read.cover.content().map(|content| &content[..]),
        Some(&b"cover"[..])
    );
    // One that has a name is not counted.
    let body =
        "--x\r\nContent-Disposition: inline; name=cover\r\n\r\ncover\r\n--x\r\n\r\n{\"size\":7}\r\n--x--";
    let read = related(body).await.expect("an album");
    assert_eq!(read.meta.size, Some(7));
    assert_eq!(
        read.cover.content().map(|content| &content[..]),
        Some(&b"cover"[..])
    );
}

#[tokio::test]
async fn replies_that_are_malformed_are_told_apart() {
    let form = "multipart/form-data; boundary=x";
    let whole = "--x\r\nContent-Disposition: form-data; name=meta\r\nContent-Type: application/json\r\n\r\n{}\r\n\
                 --x\r\nContent-Disposition: form-data; name=cover\r\n\r\nc\r\n--x--";
    assert!(read(form, whole).await.is_ok());
    for (content_type, body, problem) in [
        (form, &whole[..whole.len() - 2], "is cut off"),
        ("multipart/form-data", whole, "names no boundary"),
        ("multipart/form-data; boundary=y", whole, "has no boundary"),
        (form, "--x--", "a required property is missing"),
    ] {
        let error = read(content_type, body).await.expect_err(problem);
        assert_eq!(error.kind(), ErrorKind::Decode, "{error}");
        assert!(error.to_string().contains(problem), "{error}");
    }
}
