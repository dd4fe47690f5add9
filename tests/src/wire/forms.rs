//! Forms and queries with names that nest: as npm's `qs` reads and writes them, under express.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::json;
use tieline::Client;
use tokio::net::TcpListener;

use crate::golden::bodies::{Client as Bodies, Mock, add_customer, find_customers, service, types};

fn customer() -> types::Customer {
    let at = types::AddressAt::new(47.5).lon(-0.25);
    let address = types::Address::new()
        .city("Gy\u{151}r & [co]".to_owned())
        .lines(vec!["1, High Street".to_owned(), "a=b+c%20".to_owned()])
        .at(at);
    let items = vec![types::Item::new("one").count(2), types::Item::new("two")];
    types::Customer::new("Ada", items)
        .address(address.clone())
        .metadata(
            [
                ("a]b".to_owned(), "1".to_owned()),
                ("c".to_owned(), String::new()),
            ]
            .into(),
        )
        .codes(vec!["x y".to_owned(), "z".to_owned()])
        .notes(vec!["first".to_owned(), "5".to_owned()])
        .limits(types::CustomerLimits::new().most(9).least(1))
        .tags(vec!["a,b".to_owned(), "c".to_owned()])
        .plain(address)
}

fn client(url: &str) -> Bodies {
    let builder = Client::builder("bodies").url(url).expect("a URL");
    Bodies::new(builder.build().expect("a client"))
}

/// A generated server on the loopback interface, and its address.
async fn server(mock: Mock) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("a bound address");
    tokio::spawn(tieline::server::serve::serve(
        listener,
        service(mock).into_router(),
        std::future::pending::<()>(),
        Duration::ZERO,
    ));
    format!("http://{address}")
}

/// A mock that keeps what it is sent.
fn keeping() -> (Mock, Arc<Mutex<Vec<types::Customer>>>) {
    let seen: Arc<Mutex<Vec<types::Customer>>> = Arc::default();
    let (mock, kept) = (Mock::new(), seen.clone());
    mock.add_customer
        .handle(move |_, request: add_customer::Request| {
            kept.lock().expect("no panic before").push(request.body);
            async { Ok(add_customer::Response::Ok(types::Understood::new())) }
        });
    (mock, seen)
}

/// Posts a form as it is.
fn post(url: &str, form: &str) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(url.trim_start_matches("http://"))?;
    write!(
        stream,
        "POST /customers HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{form}",
        form.len()
    )?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

#[tokio::test]
async fn a_generated_server_reads_a_form_as_it_was_sent() {
    let (mock, seen) = keeping();
    let client = client(&server(mock).await);
    let least = types::Customer::new("", Vec::new());
    for sent in [customer(), least] {
        client.add_customer(sent.clone()).await.expect("it is understood");
        assert_eq!(seen.lock().expect("no panic before").pop(), Some(sent));
    }
}

#[tokio::test]
async fn a_generated_server_reads_a_query_as_it_was_sent() {
    let (mock, seen) = (Mock::new(), Arc::new(Mutex::new(Vec::new())));
    let kept = seen.clone();
    mock.find_customers
        .handle(move |_, request: find_customers::Request| {
            kept.lock()
                .expect("no panic before")
                .push((request.r#where, request.expand));
            async { Ok(find_customers::Response::Ok(types::Understood::new())) }
        });
    let filter = types::Where::new()
        .city("a b".to_owned())
        .born(types::WhereBorn::new().after(1950));
    let expand = vec!["address".to_owned(), "items.sku".to_owned()];
    let client = client(&server(mock).await);
    let call = client
        .find_customers()
        .r#where(filter.clone())
        .expand(expand.clone());
    call.await.expect("it is understood");
    client.find_customers().await.expect("it is understood");
    let seen = seen.lock().expect("no panic before");
    assert_eq!(*seen, [(Some(filter), Some(expand)), (None, None)]);
}

#[tokio::test]
async fn qs_reads_what_a_client_sends_and_a_server_reads_what_qs_writes() {
    let Some(node) = super::node("forms.js") else {
        return;
    };
    let answer = client(&node.url).add_customer(customer()).await;
    let answer = answer.expect("it is understood");
    let parsed = answer.parsed.expect("what qs found");
    let address = json!({
        "city": "Gy\u{151}r & [co]",
        "lines": ["1, High Street", "a=b+c%20"],
        "at": { "lat": "47.5", "lon": "-0.25" },
    });
    assert_eq!(parsed["address"], address);
    assert_eq!(
        parsed["items"],
        json!([{ "sku": "one", "count": "2" }, { "sku": "two" }])
    );
    // It decodes a name before it cuts it, so a bracket inside a key ends the key.
    assert_eq!(parsed["metadata"], json!({ "a": "1", "c": "" }));
    assert_eq!(parsed["tags"], json!(["a,b", "c"]));
    assert_eq!(parsed["codes"], json!("x y|z"));
    assert_eq!((&parsed["most"], &parsed["least"]), (&json!("9"), &json!("1")));

    // The same value as qs writes it: every bracket encoded, and what is JSON here nested there.
    let written = answer.written.expect("what qs wrote");
    assert!(written.contains("items%5B0%5D%5Bsku%5D=one"), "{written}");
    let (mock, seen) = keeping();
    let url = server(mock).await;
    let posted = tokio::task::spawn_blocking(move || post(&url, &written)).await;
    let posted = posted.expect("no panic").expect("an answer");
    assert!(posted.starts_with("HTTP/1.1 200"), "{posted}");
    let read = seen.lock().expect("no panic before").pop().expect("a customer");
    let expected = customer();
    assert_eq!((&read.address, &read.items), (&expected.address, &expected.items));
    let metadata = [("a".to_owned(), "1".to_owned()), ("c".to_owned(), String::new())];
    assert_eq!(
        (&read.metadata, &read.plain),
        (&Some(metadata.into()), &expected.plain)
    );
    assert_eq!((&read.tags, &read.limits), (&expected.tags, &expected.limits));
}
