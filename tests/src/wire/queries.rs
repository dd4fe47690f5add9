//! Queries that keep reserved characters, and values that are all of a query.

use std::sync::{Arc, Mutex};

use tieline::Client;
use tieline::testing::{ScriptedLine, Step};

use super::served;
use crate::golden::bodies::{
    Client as Bodies, Mock, copy_file, copy_files_path, filter_by_form, filter_by_json, find_pages, get_file,
    link_file, service, types,
};

/// A client whose requests are kept.
fn scripted() -> (Bodies, ScriptedLine) {
    let line = ScriptedLine::always(Step::status(204));
    let builder = Client::builder("bodies").line(line.clone());
    (Bodies::new(builder.build().expect("a client")), line)
}

async fn over_http(mock: Mock) -> Bodies {
    Bodies::to(&served(service(mock).into_router()).await).expect("a URL")
}

const URL: &str = "http://h/a b?c=d,e&f#g+100%[é]";

#[tokio::test]
async fn reserved_characters_stand_as_they_are_unless_they_would_mean_something_else() {
    let paths = vec!["/a,b".to_owned(), "/c:d".to_owned()];
    let (client, line) = scripted();
    let call = client.find_pages().url(URL.to_owned()).paths(paths.clone());
    call.await.expect("it is understood");
    assert_eq!(
        line.requests()[0].path,
        "/pages?url=http://h/a%20b?c=d,e%26f%23g%2B100%25%5B%C3%A9%5D&paths=/a%2Cb,/c:d"
    );

    let (mock, seen) = (Mock::new(), Arc::new(Mutex::new(Vec::new())));
    let kept = seen.clone();
    mock.find_pages.handle(move |_, request: find_pages::Request| {
        kept.lock()
            .expect("no panic before")
            .push((request.url, request.paths));
        async { Ok(find_pages::Response::NoContent) }
    });
    let client = over_http(mock).await;
    let call = client.find_pages().url(URL.to_owned()).paths(paths.clone());
    call.await.expect("it is understood");
    assert_eq!(
        *seen.lock().expect("no panic before"),
        [(Some(URL.to_owned()), Some(paths))]
    );
}

#[tokio::test]
async fn a_value_can_be_all_of_the_query() {
    let address = types::Address::new()
        .city("a&b c".to_owned())
        .lines(vec!["1".to_owned(), "2|3".to_owned()]);
    let filter = types::Where::new().city("a b".to_owned());
    let (client, line) = scripted();
    let call = client.filter_by_form().filter(address.clone());
    call.await.expect("it is understood");
    client.filter_by_form().await.expect("there need not be one");
    let call = client.filter_by_json(filter.clone());
    call.await.expect("it is understood");
    let paths: Vec<String> = line.requests().into_iter().map(|asked| asked.path).collect();
    assert_eq!(
        paths,
        [
            "/filtered?city=a%26b%20c&lines=1%7C2%7C3",
            "/filtered",
            "/filtered?%7B%22city%22%3A%22a%20b%22%7D",
        ]
    );

    let (mock, seen) = (Mock::new(), Arc::new(Mutex::new(Vec::new())));
    let (kept, filters) = (seen.clone(), Arc::new(Mutex::new(Vec::new())));
    mock.filter_by_form
        .handle(move |_, request: filter_by_form::Request| {
            kept.lock().expect("no panic before").push(request.filter);
            async { Ok(filter_by_form::Response::NoContent) }
        });
    let kept = filters.clone();
    mock.filter_by_json
        .handle(move |_, request: filter_by_json::Request| {
            kept.lock().expect("no panic before").push(request.filter);
            async { Ok(filter_by_json::Response::NoContent) }
        });
    let client = over_http(mock).await;
    // As with any list that bars separate, an item has none.
    let address = address.lines(vec!["1".to_owned(), "2".to_owned()]);
    let call = client.filter_by_form().filter(address.clone());
    call.await.expect("it is understood");
    client.filter_by_form().await.expect("there need not be one");
    let call = client.filter_by_json(filter.clone());
    call.await.expect("it is understood");
    assert_eq!(*seen.lock().expect("no panic before"), [Some(address), None]);
    assert_eq!(*filters.lock().expect("no panic before"), [filter]);
}

#[tokio::test]
async fn paths_and_cookies_keep_reserved_characters_where_they_can() {
    let (client, line) = scripted();
    client
        .get_file(URL)
        .seen(URL.to_owned())
        .await
        .expect("it is understood");
    let sent = &line.requests()[0];
    assert_eq!(
        sent.path,
        "/files/http:%2F%2Fh%2Fa%20b%3Fc=d,e&f%23g+100%25%5B%C3%A9%5D"
    );
    assert_eq!(
        sent.header("cookie"),
        Some("seen=http://h/a%20b?c=d%2Ce&f#g+100%25[%C3%A9]")
    );

    let (mock, seen) = (Mock::new(), Arc::new(Mutex::new(Vec::new())));
    let kept = seen.clone();
    mock.get_file.handle(move |_, request: get_file::Request| {
        kept.lock()
            .expect("no panic before")
            .push((request.path, request.seen));
        async { Ok(get_file::Response::NoContent) }
    });
    let client = over_http(mock).await;
    client
        .get_file(URL)
        .seen(URL.to_owned())
        .await
        .expect("it is understood");
    assert_eq!(
        *seen.lock().expect("no panic before"),
        [(URL.to_owned(), Some(URL.to_owned()))]
    );
}

#[tokio::test]
async fn forms_keep_reserved_characters_of_the_properties_that_may() {
    let target = types::Target::new(URL)
        .paths(vec!["/a,b".to_owned(), "/c&d".to_owned()])
        .note("/n?".to_owned());
    let path = vec!["a;b=c".to_owned(), "d@e".to_owned()];
    let (client, line) = scripted();
    client
        .link_file(path.clone(), target.clone())
        .await
        .expect("it is understood");
    let sent = &line.requests()[0];
    assert_eq!(sent.path, "/files/;path=a%3Bb%3Dc;path=d@e");
    assert_eq!(
        String::from_utf8_lossy(&sent.body),
        "url=http://h/a%20b?c=d,e%26f#g%2B100%25[%C3%A9]&paths=/a%2Cb,/c%26d&note=%2Fn%3F"
    );

    let (mock, seen) = (Mock::new(), Arc::new(Mutex::new(Vec::new())));
    let kept = seen.clone();
    mock.link_file.handle(move |_, request: link_file::Request| {
        kept.lock()
            .expect("no panic before")
            .push((request.path, request.body));
        async { Ok(link_file::Response::NoContent) }
    });
    let client = over_http(mock).await;
    client
        .link_file(path.clone(), target.clone())
        .await
        .expect("it is understood");
    assert_eq!(*seen.lock().expect("no panic before"), [(path, target)]);
}

#[tokio::test]
async fn what_is_percent_encoded_already_stays_where_reserved_characters_may() {
    let (client, line) = scripted();
    let call = client.find_pages().url("a%26b%2".to_owned());
    call.await.expect("it is understood");
    assert_eq!(line.requests()[0].path, "/pages?url=a%26b%252");
}

#[tokio::test]
async fn any_method_goes_as_it_is_written() {
    let mock = Mock::new();
    mock.copy_file
        .handle(|_, request: copy_file::Request| async move {
            let about = format!("{} to {}", request.path, request.destination);
            Ok(copy_file::Response::Created(about))
        });
    mock.copy_files_path
        .handle(|_, _| async { Ok(copy_files_path::Response::NoContent) });
    let url = served(service(mock).into_router()).await;
    let client = Bodies::to(&url).expect("a URL");
    assert_eq!(client.copy_file("a", "b").await.expect("a copy"), "a to b");
    client.copy_files_path("a").await.expect("the other method");
    let (client, line) = scripted();
    client.copy_files_path("a").await.expect("the other method");
    assert_eq!(line.requests()[0].method, "copy");

    let reply = Client::to(&url).expect("a URL").delete("/files/a").await;
    let error = reply.expect_err("no such method");
    assert_eq!(error.status().map(|status| status.as_u16()), Some(405));
    let allow = &error.reply().expect("a reply").headers["allow"];
    assert_eq!(allow, "COPY, GET, HEAD, PUT, copy");
}
