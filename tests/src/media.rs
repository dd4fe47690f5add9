//! Several media types of one body, between a generated client and a generated server.

use std::sync::{Arc, Mutex};

use axum::body::{Body, to_bytes};
use http::{Request, header};
use tieline::codec::{File, Nullable};
use tieline::stream::{Event, Events, Items, Octets};
use tieline::testing::{ScriptedLine, Step};
use tieline::{Client, Code, Context, Error, ErrorKind};

use super::golden::media::{
    Client as Media, Mock, add_note, get_note, get_report, note_report, put_report, service, types,
};
use super::wire::served;

fn report() -> types::Report {
    types::Report::new("Rain").lines(vec![types::Line::new("much")])
}

async fn over_http(mock: Mock) -> Media {
    Media::to(&served(service(mock).into_router()).await).expect("a URL")
}

fn scripted(content_type: Option<&'static str>, body: &'static str) -> (Media, ScriptedLine) {
    let step = Step::status(200).body(body);
    let step = match content_type {
        Some(content_type) => step.header("content-type", content_type),
        None => step,
    };
    let line = ScriptedLine::new([step]);
    let builder = Client::builder("media").line(line.clone());
    (Media::new(builder.build().expect("a client")), line)
}

/// A server that gives what the caller wants most.
fn reports() -> Mock {
    let mock = Mock::new();
    mock.get_report.handle(|cx: Context, request| async move {
        if request.id == "none" {
            return Err(get_report::Failure::NotFoundText("no such report".to_owned()).into());
        }
        let offered = [
            "application/json",
            "text/csv",
            "image/png",
            "application/pdf",
            "text/event-stream",
        ];
        Ok(match cx.preferred(&offered) {
            Some("text/csv") => get_report::Response::OkCsv("title\r\nRain\r\n".to_owned()),
            Some("image/png") => {
                get_report::Response::OkOctets(Octets::from(&b"\x89PNG"[..]).with_media_type("image/png"))
            }
            Some("application/pdf") => get_report::Response::OkOctets(Octets::from(&b"%PDF"[..])),
            Some("text/event-stream") => {
                let events = [Ok(Event::new(types::Line::new("much")))];
                get_report::Response::OkEvents(Events::new(futures_util::stream::iter(events)))
            }
            _ => get_report::Response::Ok(report()),
        })
    });
    mock
}

#[tokio::test]
async fn a_reply_is_the_variant_of_its_media_type() {
    let client = over_http(reports()).await;
    let usual = client.get_report("a").await.expect("a report");
    assert_eq!(usual, get_report::Response::Ok(report()));

    let csv = client
        .get_report("a")
        .accept("text/csv")
        .send()
        .await
        .expect("a report");
    assert_eq!(csv.headers()[header::CONTENT_TYPE], "text/csv");
    assert_eq!(
        csv.into_body(),
        get_report::Response::OkCsv("title\r\nRain\r\n".to_owned())
    );

    for (asked, expected) in [("image/png", &b"\x89PNG"[..]), ("application/pdf", b"%PDF")] {
        let reply = client.get_report("a").accept(asked).await.expect("a report");
        let get_report::Response::OkOctets(octets) = reply else {
            panic!("{asked}: {reply:?}");
        };
        assert_eq!(octets.media_type(), Some(asked));
        assert_eq!(octets.bytes().await.expect("all of it"), expected);
    }

    let events = client.get_report("a").accept("text/event-stream").await;
    let Ok(get_report::Response::OkEvents(mut events)) = events else {
        panic!("{events:?}");
    };
    let event = events.event().await.expect("no error").expect("an event");
    assert_eq!(event.data, types::Line::new("much"));

    let error = client.get_report("none").await.expect_err("there is none");
    assert_eq!(
        error.body(),
        Some(&get_report::Failure::NotFoundText("no such report".to_owned()))
    );
}

#[tokio::test]
async fn a_call_asks_for_all_that_is_promised_what_is_preferred_first() {
    let (client, line) = scripted(Some("text/csv; header=present"), "a,b");
    let reply = client.get_report("a").accept("text/csv").await.expect("a report");
    assert_eq!(reply, get_report::Response::OkCsv("a,b".to_owned()));
    assert_eq!(
        line.requests()[0].header("accept"),
        Some(
            "text/csv, application/json;q=0.9, text/json;q=0.8, application/pdf;q=0.7, image/*;q=0.6, \
             text/event-stream;q=0.5"
        )
    );
}

#[tokio::test]
async fn a_reply_without_a_media_type_is_the_first_and_one_of_another_is_refused() {
    let (client, _) = scripted(None, "{\"title\":\"Rain\"}");
    let reply = client.get_report("a").await.expect("a report");
    assert_eq!(reply, get_report::Response::Ok(types::Report::new("Rain")));

    let (client, _) = scripted(Some("text/html"), "<p>");
    let error = client
        .get_report("a")
        .await
        .expect_err("nothing that was promised");
    assert_eq!(error.kind(), ErrorKind::Decode);
    assert_eq!(error.status().map(|status| status.as_u16()), Some(200));
    let text = error.to_string();
    assert!(text.contains("text/html") && text.contains("text/csv"), "{text}");
    assert_eq!(error.reply().expect("what came").body, "<p>");
}

#[tokio::test]
async fn a_range_of_media_types_takes_text_and_json() {
    for (content_type, body) in [
        (Some("application/json"), "\"word\""),
        (None, "\"word\""),
        (Some("text/plain; charset=utf-8"), "word"),
    ] {
        let (client, line) = scripted(content_type, body);
        assert_eq!(client.get_anything().await.expect("a word"), "word");
        assert_eq!(line.requests()[0].header("accept"), Some("*/*"));
    }
}

#[tokio::test]
async fn one_type_is_read_and_written_in_each_of_its_media_types() {
    for (content_type, body) in [("application/json", "\"word\""), ("text/plain", "word")] {
        let (client, _) = scripted(Some(content_type), body);
        assert_eq!(client.get_note().await.expect("a word"), "word");
        let mock = Mock::new();
        mock.get_note
            .handle(|_, _| async { Ok(get_note::Response::Ok("word".to_owned())) });
        let request = Request::get("/notes")
            .header("accept", content_type)
            .body(Body::empty());
        let response = service(mock).answer(request.expect("a request")).await;
        let found = response.headers()[header::CONTENT_TYPE].to_str().expect("text");
        assert!(found.starts_with(content_type), "{found}");
        let octets = to_bytes(response.into_body(), 64).await.expect("all of it");
        assert_eq!(octets, body);
    }
}

#[tokio::test]
async fn a_caller_that_wants_nothing_of_it_is_told_what_there_is() {
    let client = over_http(reports()).await;
    let error = client
        .get_report("a")
        .header("accept", "video/mp4, text/html;q=0")
        .await;
    let error = error.expect_err("there is no film of it");
    assert_eq!(error.status().map(|status| status.as_u16()), Some(406));
    let reply = error.reply().expect("a problem");
    assert_eq!(reply.headers[header::CONTENT_TYPE], "application/problem+json");
    let text = String::from_utf8_lossy(&reply.body);
    assert!(text.contains("text/csv") && text.contains("image/*"), "{text}");
}

#[tokio::test]
async fn a_body_goes_in_the_media_type_of_its_variant() {
    let seen: Arc<Mutex<Vec<(Option<String>, put_report::Body)>>> = Arc::default();
    let (mock, kept) = (Mock::new(), seen.clone());
    mock.put_report.handle(move |cx: Context, request| {
        let content_type = cx.header("content-type").map(str::to_owned);
        kept.lock().expect("no panic").push((content_type, request.body));
        async { Ok(put_report::Response::NoContent) }
    });
    let client = over_http(mock).await;
    let file = File::new("x").name("a.txt").media_type("text/plain");
    let filing = types::Filing::new("Rain & sun");
    let parts = types::PutReportBodyMultipart::new().file(file);
    let bodies: [(&str, put_report::Body); 4] = [
        ("application/json", report().into()),
        ("application/x-www-form-urlencoded", filing.into()),
        ("multipart/form-data; boundary=", parts.into()),
        ("text/plain", "Rain".to_owned().into()),
    ];
    for (media_type, body) in bodies {
        client.put_report("a", body.clone()).await.expect("it is kept");
        let (content_type, found) = seen.lock().expect("no panic").pop().expect("a body");
        assert_eq!(found, body);
        let content_type = content_type.expect("a media type");
        assert!(content_type.starts_with(media_type), "{content_type}");
    }
    let image = Octets::from(&b"\x89PNG"[..]).with_media_type("image/png");
    client.put_report("a", image).await.expect("it is kept");
    let found = seen.lock().expect("no panic").pop().expect("a body");
    assert_eq!(found.0.as_deref(), Some("image/png"));
    assert!(matches!(found.1, put_report::Body::Image(_)), "{found:?}");
}

/// Puts a body as it is: the status, and the body of the answer.
async fn put(path: &str, method: &str, content_type: Option<&str>, body: &'static str) -> (u16, String) {
    let mock = Mock::new();
    mock.put_report
        .handle(|_, _| async { Ok(put_report::Response::NoContent) });
    mock.add_note
        .handle(|_, request| async move { Ok(add_note::Response::Ok(request.body)) });
    mock.note_report.handle(|_, request| async move {
        match request.body {
            None => Ok(note_report::Response::NoContent),
            Some(note_report::Body::Json(_)) => Err(Error::new(Code::NotFound, "it was JSON")),
            Some(note_report::Body::Items(items)) => {
                let all = items.collect().await?;
                Err(Error::new(Code::NotFound, format!("it was {} lines", all.len())))
            }
        }
    });
    let request = Request::builder().uri(path).method(method);
    let request = match content_type {
        Some(content_type) => request.header("content-type", content_type),
        None => request,
    };
    let request = request.body(if body.is_empty() {
        Body::empty()
    } else {
        Body::from(body)
    });
    let response = service(mock).answer(request.expect("a request")).await;
    let status = response.status().as_u16();
    let octets = to_bytes(response.into_body(), 4096).await.expect("all of it");
    (status, String::from_utf8_lossy(&octets).into_owned())
}

#[tokio::test]
async fn a_server_tells_bodies_apart_by_their_content_type() {
    let json = Some("application/json; charset=utf-8");
    assert_eq!(
        put("/reports/a", "PUT", json, "{\"title\":\"Rain\"}").await.0,
        204
    );
    let (status, text) = put("/reports/a", "PUT", json, "{}").await;
    assert!(status == 400 && text.contains("title"), "{status} {text}");
    let (status, text) = put("/reports/a", "PUT", Some("text/html"), "<p>").await;
    assert_eq!(status, 415, "{text}");
    assert!(
        text.contains("application/x-www-form-urlencoded") && text.contains("image/*"),
        "{text}"
    );
    assert_eq!(put("/reports/a", "PUT", Some("image/gif"), "GIF").await.0, 204);

    assert_eq!(
        put("/reports/a", "POST", None, "").await.0,
        204,
        "there need not be one"
    );
    let (_, text) = put("/reports/a", "POST", json, "{\"text\":\"a\"}").await;
    assert!(text.contains("it was JSON"), "{text}");
    let lines = "{\"text\":\"a\"}\n{\"text\":\"b\"}\n";
    let (_, text) = put("/reports/a", "POST", Some("application/jsonl"), lines).await;
    assert!(text.contains("it was 2 lines"), "{text}");
}

#[tokio::test]
async fn a_server_reads_one_type_in_each_of_its_media_types() {
    for content_type in [
        "application/json",
        "text/json",
        "application/vnd.notes+json; charset=utf-8",
    ] {
        let answer = put("/notes", "POST", Some(content_type), "{\"name\":\"a b\"}").await;
        assert_eq!(answer, (200, "{\"name\":\"a b\"}".to_owned()), "{content_type}");
    }
    let form = Some("application/x-www-form-urlencoded");
    let answer = put("/notes", "POST", form, "name=a+b").await;
    assert_eq!(answer, (200, "{\"name\":\"a b\"}".to_owned()));
    assert_eq!(put("/notes", "POST", Some("text/plain"), "name").await.0, 415);
}

#[tokio::test]
async fn an_optional_body_of_several_types_is_set_by_its_value() {
    let (client, line) = scripted(None, "");
    let lines = Items::of([types::Line::new("a")]);
    let _ = client.note_report("a").body(lines).await;
    assert_eq!(
        line.requests()[0].header("content-type"),
        Some("application/x-ndjson")
    );
    assert_eq!(line.requests()[0].body, "{\"text\":\"a\"}\n");
}

#[tokio::test]
async fn an_empty_body_where_json_was_promised_is_told_with_what_came() {
    for body in ["", " \r\n"] {
        let (client, _) = scripted(Some("application/json"), body);
        let error = client.add_note(types::Filing::new("a")).await;
        let error = error.expect_err("a note was promised");
        assert_eq!(error.kind(), ErrorKind::Decode);
        assert_eq!(error.status().map(|status| status.as_u16()), Some(200));
        assert!(error.to_string().contains("the body is empty"), "{error}");
        let reply = error.reply().expect("what came");
        assert_eq!(reply.headers[header::CONTENT_TYPE], "application/json");
    }
}

#[tokio::test]
async fn an_empty_body_is_nothing_where_nothing_is_allowed() {
    for (status, body) in [(200, ""), (200, "null"), (204, "")] {
        let step = Step::status(status).body(body);
        let line = ScriptedLine::new([step]);
        let builder = Client::builder("media").line(line.clone());
        let client = Media::new(builder.build().expect("a client"));
        let found = client.find_note().await.expect("no note");
        assert_eq!(found, Nullable::Null, "{status} {body:?}");
    }
}
