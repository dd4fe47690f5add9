//! Headers that a contract declares of replies: set by handlers and mocks, read by clients.

use axum::routing::get;
use http::{HeaderName, HeaderValue};
use tieline::{Client, Context, Error, ErrorKind};

use super::golden::headers::{Client as Files, Mock, delete_file, list_files, put_file, service, types};
use super::wire::served;

async fn files(mock: Mock) -> Files {
    client(&served(service(mock).into_router()).await)
}

fn client(url: &str) -> Files {
    let builder = Client::builder("files").url(url).expect("a URL");
    Files::new(builder.build().expect("a client"))
}

fn all() -> list_files::Headers {
    list_files::Headers::new(7)
        .x_tags(vec!["new".to_owned(), "large".to_owned()])
        .x_range(types::Range::new(1).to(2))
        .x_about(types::Range::new(3))
        .x_mode("fast")
        .rate_limit_remaining(99)
}

#[tokio::test]
async fn a_client_reads_every_header_as_the_handler_set_it() {
    let mock = Mock::new();
    mock.list_files.handle(|cx, _| async move {
        cx.set_reply_headers(&all())?;
        cx.set_reply_header(
            HeaderName::from_static("x-other"),
            HeaderValue::from_static("as it is"),
        );
        Ok(list_files::Response::Ok(vec!["a".to_owned()]))
    });
    let reply = files(mock).await.list_files().send().await.expect("a reply");
    assert_eq!(reply.headers()["x-range"], "from=1,to=2");
    assert_eq!(reply.headers()["x-about"], r#"{"from":3}"#);
    assert_eq!(reply.headers()["x-other"], "as it is");
    assert_eq!(reply.declared::<list_files::Headers>().expect("declared"), all());
}

#[tokio::test]
async fn failures_have_headers_of_their_own_and_keep_them_in_the_error() {
    let mock = Mock::new();
    mock.list_files
        .headers(all())
        .failure_headers(list_files::FailureHeaders::new(0).rate_limit_remaining(3))
        .fail(list_files::Failure::TooManyRequests);
    let error = files(mock).await.list_files().await.expect_err("told to fail");
    assert!(matches!(error.body(), Some(list_files::Failure::TooManyRequests)));
    let headers = error.declared::<list_files::FailureHeaders>().expect("declared");
    assert_eq!((headers.retry_after, headers.rate_limit_remaining), (0, Some(3)));
}

#[tokio::test]
async fn a_header_of_one_of_several_replies_need_not_be_there() {
    let mock = Mock::new();
    mock.put_file.handle(|cx, request| async move {
        let headers = put_file::Headers::new("\"1\"");
        if request.name == "new" {
            cx.set_reply_headers(&headers.location("/files/new"))?;
            return Ok(put_file::Response::Created);
        }
        cx.set_reply_headers(&headers)?;
        Ok(put_file::Response::Ok)
    });
    let files = files(mock).await;
    for (name, location) in [("new", Some("/files/new")), ("old", None)] {
        let reply = files.put_file(name, "text").send().await.expect("a reply");
        let headers: put_file::Headers = reply.declared().expect("declared");
        assert_eq!(
            (headers.e_tag.as_str(), headers.location.as_deref()),
            ("\"1\"", location)
        );
    }
}

#[tokio::test]
async fn a_header_that_is_required_and_missing_is_named_and_the_body_is_there_all_the_same() {
    let app = axum::Router::new().route(
        "/files",
        get(|| async { ([("content-type", "application/json")], "[\"a\"]") }),
    );
    let reply = client(&served(app).await)
        .list_files()
        .send()
        .await
        .expect("a reply");
    let fault = reply
        .declared::<list_files::Headers>()
        .expect_err("none is there");
    assert_eq!(fault.kind(), ErrorKind::Decode);
    assert!(fault.message().contains("/header/X-Total"), "{fault}");
    let list_files::Response::Ok(names) = reply.into_body();
    assert_eq!(names, ["a"]);
}

#[tokio::test]
async fn a_mock_shows_its_headers_to_a_test_without_a_server() {
    let mock = Mock::new();
    mock.delete_file
        .headers(delete_file::Headers::new().rate_limit_remaining(5))
        .reply(delete_file::Response::NoContent);
    let context = Context::new().with_reply_headers();
    let request = delete_file::Request::new("a");
    let reply = mock.delete_file.call(context.clone(), request).await;
    reply.expect("told to reply");
    assert_eq!(context.reply_headers()["ratelimit-remaining"], "5");
}

#[tokio::test]
async fn a_header_that_cannot_be_sent_fails_the_call_and_not_the_server() {
    let mock = Mock::new();
    mock.list_files
        .headers(list_files::Headers::new(1).x_tags(vec!["a\r\nX-Evil: 1".to_owned()]))
        .reply(list_files::Response::Ok(Vec::new()));
    let error = files(mock).await.list_files().await.expect_err("no such header");
    assert_eq!(error.status().map(|status| status.as_u16()), Some(500));
    let no_reply: Error<list_files::Failure> = Error::new(tieline::Code::Internal, "not sent");
    assert!(no_reply.declared::<list_files::FailureHeaders>().is_err());
}
