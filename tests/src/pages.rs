//! Lists in pages, through a generated client.

use futures_util::{StreamExt as _, TryStreamExt as _};
use tieline::testing::{ScriptedLine, Step};
use tieline::{Client, ErrorKind};

use crate::golden::pages as contract;

fn page(body: &str) -> Step {
    Step::status(200).body(body.to_owned())
}

fn client(line: &ScriptedLine) -> contract::Client {
    let builder = Client::builder("pages")
        .line(line.clone())
        .url("https://pets.example/api")
        .expect("a URL");
    contract::Client::new(builder.build().expect("a client"))
}

fn asked(line: &ScriptedLine) -> Vec<String> {
    let requests = line.requests();
    requests
        .iter()
        .map(|asked| format!("{} {}", asked.method, asked.path))
        .collect()
}

#[tokio::test]
async fn a_cursor_is_followed_until_there_is_no_more() {
    let line = ScriptedLine::new([
        page(r#"{"data":[{"name":"a"},{"name":"b"}],"meta":{"nextPageToken":"x y","has_more":true}}"#),
        page(r#"{"meta":{"nextPageToken":"z","has_more":true}}"#),
        page(r#"{"data":[{"name":"c"}],"meta":{"nextPageToken":"left over","has_more":false}}"#),
    ]);
    let names: Vec<String> = client(&line)
        .by_cursor()
        .limit(2)
        .items()
        .map_ok(|pet| pet.name)
        .try_collect()
        .await
        .expect("read");
    assert_eq!(names, ["a", "b", "c"]);
    assert_eq!(
        asked(&line),
        [
            "GET /by-cursor?limit=2",
            "GET /by-cursor?limit=2&page_token=x%20y",
            "GET /by-cursor?limit=2&page_token=z"
        ]
    );
}

#[tokio::test]
async fn a_list_that_goes_round_ends_with_an_error() {
    let same = page(r#"{"data":[{"name":"a"}],"meta":{"nextPageToken":"x"}}"#);
    let line = ScriptedLine::always(same);
    let read: Vec<_> = client(&line).by_cursor().pages().collect().await;
    let [Ok(_), Ok(_), Err(error)] = &read[..] else {
        panic!("{read:?}");
    };
    assert_eq!(error.kind(), ErrorKind::Decode);
    assert!(error.to_string().contains("goes round"), "{error}");
    let line = ScriptedLine::always(page(r#"["a"]"#));
    let read: Vec<_> = client(&line).by_number().items().collect().await;
    assert!(matches!(&read[..], [Ok(_), Ok(_), Err(_)]), "{read:?}");
}

#[tokio::test]
async fn numbers_and_offsets_go_on_until_a_page_is_empty() {
    let line = ScriptedLine::new([page(r#"["a","b"]"#), page(r#"["c"]"#), page("[]")]);
    let all: Vec<String> = client(&line)
        .by_number()
        .items()
        .try_collect()
        .await
        .expect("read");
    assert_eq!(all, ["a", "b", "c"]);
    assert_eq!(
        asked(&line),
        ["GET /by-number", "GET /by-number?page=1", "GET /by-number?page=2"]
    );
    let line = ScriptedLine::new([page("[1,2]"), page("[3]"), page("[]")]);
    let all: Vec<i64> = client(&line)
        .by_offset()
        .skip(5)
        .items()
        .try_collect()
        .await
        .expect("read");
    assert_eq!(all, [1, 2, 3]);
    assert_eq!(
        asked(&line),
        [
            "GET /by-offset?skip=5",
            "GET /by-offset?skip=7",
            "GET /by-offset?skip=8"
        ]
    );
}

#[tokio::test]
async fn links_and_urls_are_followed_where_they_stay_at_home() {
    let line = ScriptedLine::new([
        page("[1]").header(
            "link",
            r#"<https://pets.example/api/by-link?after=1>; rel="next""#,
        ),
        page("[2]").header("link", "<?after=2>; rel=next"),
        page("[3]"),
    ]);
    let all: Vec<i64> = client(&line).by_link().items().try_collect().await.expect("read");
    assert_eq!(all, [1, 2, 3]);
    assert_eq!(
        asked(&line),
        [
            "GET /by-link",
            "GET /api/by-link?after=1",
            "GET /api/by-link?after=2"
        ],
        "relative to the origin once it was followed"
    );
    let line = ScriptedLine::new([
        page(r#"{"rows":[1],"marks":[],"links":{"next":"/api/by-url?n=2"}}"#),
        page(r#"{"rows":[2],"marks":[],"links":{"next":"https://evil.example/api"}}"#),
    ]);
    let read: Vec<_> = client(&line).by_url().items().collect().await;
    let [Ok(1), Ok(2), Err(error)] = &read[..] else {
        panic!("{read:?}");
    };
    assert!(error.to_string().contains("another origin"), "{error}");
    assert_eq!(asked(&line), ["POST /by-url", "POST /api/by-url?n=2"]);
}

#[tokio::test]
async fn a_list_is_followed_as_the_options_say() {
    let line = ScriptedLine::new([page(r#"{"rows":[1,2],"end":"b"}"#), page(r#"{"rows":[3]}"#)]);
    let all: Vec<i64> = client(&line).by_mark().items().try_collect().await.expect("read");
    assert_eq!(all, [1, 2, 3]);
    assert_eq!(asked(&line), ["GET /by-mark", "GET /by-mark?from=b"]);
}

#[tokio::test]
async fn a_page_that_fails_is_the_last_thing() {
    let line = ScriptedLine::new([
        page("[1]").header("link", "</api/x>; rel=next"),
        Step::status(404),
    ]);
    let read: Vec<_> = client(&line).by_link().pages().collect().await;
    assert!(matches!(&read[..], [Ok(_), Err(_)]), "{read:?}");
}

#[test]
fn a_blocking_client_gives_an_iterator() {
    let line = ScriptedLine::new([page("[1,2]"), page("[3]"), page("[]")]);
    let blocking = contract::blocking::Client::from(client(&line));
    let all: Result<Vec<i64>, _> = blocking.by_offset().items().collect();
    assert_eq!(all.expect("read"), [1, 2, 3]);
    let mut pages = blocking.by_offset().pages();
    assert!(pages.next().is_none_or(|page| page.expect("read").is_empty()));
    assert!(pages.next().is_none());
}

#[tokio::test]
async fn a_list_of_a_service_of_many_endpoints_goes_on_at_any_of_them() {
    let line = ScriptedLine::new([
        page("[1]").header("link", r#"<https://b.example/api/by-link?after=1>; rel="next""#),
        page("[2]").header("link", "<?after=2>; rel=next"),
        page("[3]").header("link", r#"<https://evil.example/api/by-link>; rel="next""#),
    ]);
    let endpoints = ["https://a.example/api", "https://b.example/api"];
    let builder = Client::builder("pages")
        .line(line.clone())
        .endpoints(endpoints.map(|address| {
            address
                .parse::<tieline::endpoints::Member>()
                .expect("an endpoint")
        }));
    let client = contract::Client::new(builder.build().expect("a client"));
    let read: Vec<_> = client.by_link().items().collect().await;
    let [Ok(1), Ok(2), Ok(3), Err(error)] = &read[..] else {
        panic!("{read:?}");
    };
    assert!(error.to_string().contains("another origin"), "{error}");
    assert_eq!(
        asked(&line),
        ["GET /by-link", "GET /by-link?after=1", "GET /by-link?after=2"],
        "below the address of whichever is picked"
    );
}
