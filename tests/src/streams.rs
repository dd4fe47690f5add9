//! Bodies that go piece by piece, between a generated client and a generated server, and under a clock that stands still.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt as _;
use tieline::http::{Body, Endpoint, Exchange, ExchangeFuture, InProcess, Line, ResponseBody};
use tieline::stream::{Event, Events, Items, Octets, Reconnect};
use tieline::testing::{ScriptedLine, Step};
use tieline::{Code, Context, Error, ErrorKind};

use super::golden::streams::{
    Client as Streams, Mock, add_measurements, exchange_measurements, get_file, list_measurements, put_file,
    service, tick, types, watch,
};
use super::wire::served;

type Happening = types::Happening;

fn happening(what: &str) -> Happening {
    Happening::new(what)
}

async fn streams(mock: Mock) -> Streams {
    let url = served(service(mock).body_limit(1 << 16).into_router()).await;
    Streams::to(&url).expect("a URL")
}

fn over(line: impl Into<Line>) -> Streams {
    let builder = tieline::Client::builder("streams").line(line);
    Streams::new(builder.build().expect("a client"))
}

fn whats(events: &[Event<Happening>]) -> Vec<&str> {
    events.iter().map(|event| event.data.what.as_str()).collect()
}

#[tokio::test]
async fn events_arrive_with_name_and_id_and_as_they_happen() {
    let mock = Mock::new();
    let (sender, events) = Events::channel(1);
    let kept = Mutex::new(Some(events));
    mock.watch.handle(move |_, request| {
        assert_eq!(request.room, "a");
        let events = kept.lock().expect("no panic").take().expect("asked once");
        async { Ok(watch::Response::Ok(events)) }
    });
    let mut events = streams(mock).await.watch("a").await.expect("events");
    let sent = Event::new(happening("line\n\"two\""))
        .event("said")
        .id("1")
        .retry(Duration::from_millis(5));
    sender.send(Ok(sent.clone())).await.expect("a client");
    // The server has sent no more than this: what arrives did not wait for the rest.
    assert_eq!(events.event().await.expect("no error"), Some(sent));
    assert_eq!(events.last_event_id().as_deref(), Some("1"));
    drop(events);
    // The end of the connection ends the handler's stream.
    sender.closed().await;
}

#[tokio::test]
async fn a_connection_that_breaks_is_made_again_from_the_last_event() {
    let mock = Mock::new();
    let seen: Arc<Mutex<Vec<Option<String>>>> = Arc::default();
    let kept = seen.clone();
    mock.watch.handle(move |context: Context, _| {
        let mut seen = kept.lock().expect("no panic");
        seen.push(context.last_event_id().map(str::to_owned));
        let number = seen.len();
        let event = |id: usize| {
            Ok(Event::new(happening("x"))
                .id(id.to_string())
                .retry(Duration::from_millis(1)))
        };
        let broken = Err(Error::new(Code::Internal, "the source is gone"));
        let events = match number {
            1 => vec![event(1), event(2), broken],
            2 => vec![event(3)],
            _ => vec![],
        };
        async move {
            Ok(watch::Response::Ok(Events::new(futures_util::stream::iter(
                events,
            ))))
        }
    });
    let reconnect = Reconnect::default().attempts(2);
    let events = streams(mock)
        .await
        .watch("a")
        .await
        .expect("events")
        .with_reconnect(reconnect);
    let events = events
        .collect()
        .await
        .expect("the end, after two connections without an event");
    let ids: Vec<_> = events.iter().filter_map(|event| event.id.as_deref()).collect();
    assert_eq!(ids, ["1", "2", "3"]);
    let seen = seen.lock().expect("no panic").clone();
    assert_eq!(seen[..3], [None, Some("2".to_owned()), Some("3".to_owned())]);
}

fn event_stream(body: &'static str) -> Step {
    Step::status(200)
        .header("content-type", "text/event-stream")
        .body(body)
}

#[tokio::test(start_paused = true)]
async fn waits_are_the_servers_grow_and_start_again_with_the_next_event() {
    let line = ScriptedLine::new([
        event_stream("retry: 2000\nid: 7\ndata: {\"what\":\"a\"}\n\n"),
        event_stream(": nothing yet\n\n"),
        event_stream(""),
        event_stream("data: {\"what\":\"b\"}\n\n"),
        Step::status(204),
    ]);
    let events = over(line.clone()).watch("a").await.expect("events");
    let events = events
        .collect()
        .await
        .expect("the server says that there is no more");
    assert_eq!(whats(&events), ["a", "b"]);
    assert_eq!(
        events[1].id.as_deref(),
        Some("7"),
        "the id outlives the connection"
    );
    let asked = line.requests();
    let last_ids: Vec<_> = asked.iter().map(|asked| asked.header("last-event-id")).collect();
    assert_eq!(last_ids, [None, Some("7"), Some("7"), Some("7"), Some("7")]);
    assert!(
        asked
            .iter()
            .all(|asked| asked.header("accept") == Some("text/event-stream"))
    );
    for (waited, expected) in asked
        .windows(2)
        .map(|pair| pair[1].at.saturating_sub(pair[0].at))
        .zip([2, 4, 8, 2])
    {
        let shortest = Duration::from_secs(expected);
        assert!(
            waited >= shortest && waited <= shortest.mul_f32(1.26),
            "{waited:?}, not {expected} s"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn what_must_not_be_asked_for_again_is_not() {
    // A stream that simply ends, without an id.
    let line = ScriptedLine::always(event_stream("data: {\"what\":\"a\"}\n\n"));
    let events = over(line.clone()).watch("a").await.expect("events");
    assert_eq!(events.collect().await.expect("its end").len(), 1);
    assert_eq!(line.requests().len(), 1);
    // A request that may act twice.
    let resumable = event_stream("id: 1\ndata: {\"what\":\"a\"}\n\ndata: [DONE]\n\ndata: late\n\n");
    let line = ScriptedLine::always(resumable.clone());
    let events = over(line.clone())
        .complete(types::CompleteBody::new("hi"))
        .await
        .expect("events");
    assert_eq!(whats(&events.collect().await.expect("its end")), ["a"]);
    assert_eq!(line.requests().len(), 1);
    // The policy is off.
    let line = ScriptedLine::always(event_stream("id: 1\ndata: {\"what\":\"a\"}\n\n"));
    let events = over(line.clone())
        .watch("a")
        .await
        .expect("events")
        .with_reconnect(Reconnect::NEVER);
    assert_eq!(events.collect().await.expect("its end").len(), 1);
    assert_eq!(line.requests().len(), 1);
    // The server refuses.
    let line = ScriptedLine::new([
        event_stream("id: 1\ndata: {\"what\":\"a\"}\n\n"),
        Step::status(403),
    ]);
    let mut events = over(line.clone()).watch("a").await.expect("events");
    assert!(events.event().await.expect("the first").is_some());
    assert_eq!(
        events.event().await.expect_err("refused").kind(),
        ErrorKind::Forbidden
    );
    assert!(
        events
            .event()
            .await
            .expect("a stream ends after its first error")
            .is_none()
    );
    assert_eq!(line.requests().len(), 2);
}

#[tokio::test]
async fn what_is_no_stream_of_events_is_an_error_that_says_so() {
    let line = ScriptedLine::always(
        Step::status(200)
            .header("content-type", "text/html")
            .body("<html>"),
    );
    let error = over(line).watch("a").await.expect_err("no events");
    assert!(error.message().contains("text/html"), "{error}");
    let failed = Step::status(404)
        .header("content-type", "application/problem+json")
        .body(r#"{"title":"no room"}"#);
    let error = over(ScriptedLine::always(failed))
        .watch("a")
        .await
        .expect_err("no room");
    assert!(
        matches!(error.body(), Some(watch::Failure::NotFound(problem)) if problem.title.as_deref() == Some("no room"))
    );
    let wrong = over(ScriptedLine::always(event_stream("data: {\"what\":1}\n\n")));
    let error = wrong
        .watch("a")
        .await
        .expect("events")
        .event()
        .await
        .expect_err("what is text");
    assert_eq!(error.kind(), ErrorKind::Decode);
    assert!(error.message().contains("/what"), "{error}");
}

#[tokio::test]
async fn text_events_are_as_they_were_said() {
    let mock = Mock::new();
    let said = Events::of([
        Event::new("one\ntwo\r\nthree".to_owned()),
        Event::new(String::new()),
    ]);
    mock.tick.reply(tick::Response::Ok(said));
    let events = streams(mock)
        .await
        .tick()
        .await
        .expect("events")
        .collect()
        .await
        .expect("all");
    let texts: Vec<_> = events.iter().map(|event| event.data.as_str()).collect();
    assert_eq!(texts, ["one\ntwo\nthree", ""]);
}

#[tokio::test]
async fn an_event_whose_name_would_begin_another_field_breaks_the_stream() {
    let mock = Mock::new();
    mock.tick.reply(tick::Response::Ok(Events::of([
        Event::new(String::new()).event("a\ndata: b")
    ])));
    let events = streams(mock)
        .await
        .tick()
        .await
        .expect("events")
        .with_reconnect(Reconnect::NEVER);
    let error = events.collect().await.expect_err("nothing was sent");
    assert_eq!(error.kind(), ErrorKind::Transport);
}

#[tokio::test(start_paused = true)]
async fn a_silent_server_says_that_it_is_there() {
    let mock = Mock::new();
    mock.watch.handle(|_, _| async {
        let events = Events::new(futures_util::stream::pending()).with_heartbeat(Duration::from_secs(20));
        Ok(watch::Response::Ok(events))
    });
    let request = http::Request::get("/rooms/a/events")
        .body(axum::body::Body::empty())
        .expect("a request");
    let response = service(mock).answer(request).await;
    assert_eq!(response.headers()["cache-control"], "no-cache");
    let mut octets = response.into_body().into_data_stream();
    let started = tokio::time::Instant::now();
    for _ in 0..2 {
        assert_eq!(
            octets.next().await.expect("a heartbeat").expect("octets"),
            ":\n\n"
        );
    }
    assert_eq!(started.elapsed().as_secs(), 40);
}

fn measured(values: &[f64]) -> Vec<types::Measurement> {
    values
        .iter()
        .map(|value| types::Measurement::new(*value))
        .collect()
}

#[tokio::test]
async fn items_go_both_ways_and_each_is_judged() {
    let mock = Mock::new();
    mock.list_measurements
        .reply(list_measurements::Response::Ok(Items::of(measured(&[1.5, 2.0]))));
    mock.add_measurements.handle(|_, mut request| async move {
        let mut count = 0;
        while request.body.item().await?.is_some() {
            count += 1;
        }
        let body = types::AddMeasurementsResponse::new().count(count);
        Ok(add_measurements::Response::Ok(body))
    });
    mock.exchange_measurements.handle(|_, request| async {
        let items = request.body.unwrap_or_else(|| Items::of([]));
        Ok(exchange_measurements::Response::Ok(Items::new(items)))
    });
    let client = streams(mock).await;
    for _ in 0..2 {
        let items = client.list_measurements().await.expect("items").collect().await;
        assert_eq!(items.expect("all"), measured(&[1.5, 2.0]), "a list is sent again");
    }
    let (sender, items) = Items::channel(1);
    let adding = tokio::spawn({
        let client = client.clone();
        async move { client.add_measurements(items).await }
    });
    for item in measured(&[1.0, 2.0, 3.0]) {
        sender.send(Ok(item)).await.expect("it is being sent");
    }
    drop(sender);
    assert_eq!(adding.await.expect("no panic").expect("a count").count, Some(3));
    let refused = client
        .add_measurements(Items::of(measured(&[1.0, 101.0])))
        .await
        .expect_err("101 is too much");
    assert_eq!(refused.status().map(|status| status.as_u16()), Some(400));
    let same = client
        .exchange_measurements()
        .body(Items::of(measured(&[4.0, 5.0])))
        .await
        .expect("items");
    assert_eq!(same.collect().await.expect("all"), measured(&[4.0, 5.0]));
    let none = client.exchange_measurements().await.expect("items");
    assert_eq!(none.collect().await.expect("none"), []);
}

#[tokio::test]
async fn items_under_a_content_coding_are_refused_and_not_misread() {
    let request = http::Request::post("/measurements")
        .header("content-type", "application/x-ndjson")
        .header("content-encoding", "gzip")
        .body(axum::body::Body::from("not read"))
        .expect("a request");
    let response = service(Mock::new()).answer(request).await;
    assert_eq!(response.status(), 415);
    let body = axum::body::to_bytes(response.into_body(), 1 << 16).await;
    let body = String::from_utf8(body.expect("a body").to_vec()).expect("text");
    assert!(body.contains("without a content coding"), "{body}");
}

#[tokio::test]
async fn octets_larger_than_any_limit_go_through_in_both_directions() {
    const CHUNKS: usize = 400;
    let chunks =
        || futures_util::stream::iter((0..CHUNKS).map(|_| Ok::<_, Error>(Bytes::from_static(&[7; 1000]))));
    let mock = Mock::new();
    mock.get_file.handle(move |_, request| async move {
        let file = Octets::stream(chunks())
            .with_length(1000 * CHUNKS as u64)
            .with_media_type("image/png")
            .with_file_name(request.name);
        Ok(get_file::Response::Ok(file))
    });
    let received: Arc<Mutex<u64>> = Arc::default();
    let count = received.clone();
    mock.put_file.handle(move |_, request| {
        let count = count.clone();
        async move {
            assert_eq!(request.body.media_type(), Some("text/csv"));
            let octets = request.body.copy_to(tokio::io::sink()).await?;
            *count.lock().expect("no panic") = octets;
            Ok(put_file::Response::NoContent)
        }
    });
    let client = streams(mock).await;
    let file = client.get_file("\u{20ac} rates.png").await.expect("a file");
    assert_eq!(file.file_name(), Some("\u{20ac} rates.png"));
    assert_eq!(
        (file.length(), file.media_type()),
        (Some(400_000), Some("image/png"))
    );
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("rates.png");
    assert_eq!(file.save_to(&path).await.expect("saved"), 400_000);
    let upload = Octets::open(&path)
        .await
        .expect("a file")
        .with_media_type("text/csv");
    client.put_file("a", upload).await.expect("kept");
    assert_eq!(*received.lock().expect("no panic"), 400_000);
}

#[tokio::test]
async fn what_is_collected_is_bounded_on_both_sides() {
    let mock = Mock::new();
    mock.get_file
        .reply(get_file::Response::Ok(Octets::new(vec![0; 1001])));
    mock.put_file.handle(|_, request| async move {
        request.body.bytes().await?;
        Ok(put_file::Response::NoContent)
    });
    let url = served(service(mock).body_limit(64).into_router()).await;
    let builder = tieline::Client::builder("streams")
        .url(&url)
        .expect("a URL")
        .body_limit(1000);
    let client = Streams::new(builder.build().expect("a client"));
    let error = client
        .get_file("a")
        .await
        .expect("a file")
        .bytes()
        .await
        .expect_err("too large");
    assert_eq!(error.code(), Code::ResourceExhausted);
    let error = client.put_file("a", vec![0; 65]).await.expect_err("too large");
    assert_eq!(error.status().map(|status| status.as_u16()), Some(413), "{error}");
    client.put_file("a", vec![0; 64]).await.expect("kept");
}

#[tokio::test(start_paused = true)]
async fn a_body_that_goes_once_is_not_sent_again_and_one_that_is_there_is() {
    let script = || ScriptedLine::new([Step::status(503), Step::status(204)]);
    let line = script();
    over(line.clone())
        .put_file("a", "whole")
        .await
        .expect("the second attempt");
    assert_eq!(line.requests().len(), 2);
    let line = script();
    let once = Octets::stream(futures_util::stream::iter([Ok::<_, Error>("once")]));
    let error = over(line.clone())
        .put_file("a", once)
        .await
        .expect_err("it went once");
    assert_eq!(
        (
            line.requests().len(),
            error.status().map(|status| status.as_u16())
        ),
        (1, Some(503))
    );
}

/// Answers with a body that says something and then nothing.
struct Stalling(&'static str);

impl Exchange for Stalling {
    fn exchange<'a>(&'a self, _: &'a Endpoint, _: http::Request<Body>) -> ExchangeFuture<'a> {
        let said =
            futures_util::stream::iter([Ok::<_, std::io::Error>(Bytes::from_static(self.0.as_bytes()))]);
        let body = axum::body::Body::from_stream(said.chain(futures_util::stream::pending()));
        Box::pin(async { Ok(http::Response::new(ResponseBody::stream(body))) })
    }
}

#[tokio::test(start_paused = true)]
async fn a_reply_that_falls_silent_is_given_up() {
    let builder = tieline::Client::builder("streams").line(Line::over(Stalling("half")));
    let builder = builder
        .idle_timeout(Duration::from_secs(60))
        .timeout(Duration::from_secs(1));
    let client = Streams::new(builder.build().expect("a client"));
    let started = tokio::time::Instant::now();
    let error = client
        .get_file("a")
        .await
        .expect("its beginning")
        .bytes()
        .await
        .expect_err("silence");
    assert!(error.is_timeout(), "{error}");
    assert_eq!(started.elapsed().as_secs(), 60);
}

#[test]
fn a_thread_reads_streams_as_iterators() {
    let mock = Mock::new();
    mock.list_measurements
        .reply(list_measurements::Response::Ok(Items::of(measured(&[1.0, 2.0]))));
    mock.watch
        .reply(watch::Response::Ok(Events::of([Event::new(happening("a"))])));
    mock.get_file.reply(get_file::Response::Ok("octets".into()));
    let client =
        super::golden::streams::blocking::Client::from(over(Line::over(InProcess::new(service(mock)))));
    let items: Result<Vec<_>, _> = client
        .list_measurements()
        .call()
        .expect("items")
        .blocking()
        .collect();
    assert_eq!(items.expect("all"), measured(&[1.0, 2.0]));
    let mut events = client.watch("a").call().expect("events").blocking();
    assert_eq!(
        events.next().expect("one").expect("no error").data,
        happening("a")
    );
    assert_eq!(
        client
            .get_file("a")
            .call()
            .expect("a file")
            .blocking()
            .bytes()
            .expect("all"),
        "octets"
    );
}
