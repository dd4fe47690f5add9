//! One type in several notations, between a generated client and a generated server.

use std::sync::{Arc, Mutex};

use http::header;
use tieline::testing::{ScriptedLine, Step};
use tieline::{Client, ErrorKind};

use super::golden::notations::{
    Client as Pets, Mock, count_pets, export_pets, import_pets, list_pets, put_pet, service, types,
};
use super::wire::served;

fn pet() -> types::Pet {
    types::Pet::new("Rex").age(3)
}

fn pets() -> types::Pets {
    types::Pets(vec![pet()])
}

fn mock() -> Mock {
    let mock = Mock::new();
    mock.put_pet.handle(|_, asked| async move {
        let put_pet::Body::Json(pet) = asked.body else {
            return Err(put_pet::Failure::BadRequest(types::Pet::new("none")).into());
        };
        Ok(put_pet::Response::Ok(pet))
    });
    mock.list_pets
        .handle(|_, _| async move { Ok(list_pets::Response::Ok(pets())) });
    mock.count_pets
        .handle(|_, _| async move { Ok(count_pets::Response::Ok(7)) });
    mock.export_pets.handle(|cx, _| async move {
        Ok(match cx.preferred(&["application/json", "text/csv"]) {
            Some("text/csv") => export_pets::Response::OkCsv("name,age\r\nRex,3\r\n".to_owned()),
            _ => export_pets::Response::Ok(pets()),
        })
    });
    mock
}

async fn over_http(mock: Mock) -> Pets {
    Pets::to(&served(service(mock).into_router()).await).expect("a URL")
}

fn scripted(content_type: &'static str, body: &'static str) -> (Pets, ScriptedLine) {
    let line = ScriptedLine::new([Step::status(200).header("content-type", content_type).body(body)]);
    let builder = Client::builder("notations").line(line.clone());
    (Pets::new(builder.build().expect("a client")), line)
}

#[tokio::test]
async fn a_client_asks_for_json_before_xml_and_reads_whichever_comes() {
    for (content_type, body) in [
        ("application/json", r#"{"name":"Rex","age":3}"#),
        (
            "application/xml; charset=utf-8",
            r#"<pet age="3"><name>Rex</name></pet>"#,
        ),
    ] {
        let (client, line) = scripted(content_type, body);
        assert_eq!(
            client.put_pet(1, pet()).await.expect("a pet"),
            pet(),
            "{content_type}"
        );
        let sent = &line.requests()[0];
        assert_eq!(
            sent.header("accept"),
            Some("application/json, application/xml;q=0.9")
        );
        assert_eq!(sent.header("content-type"), Some("application/json"));
    }
}

#[tokio::test]
async fn a_call_chooses_the_notation_either_way() {
    let client = over_http(mock()).await;
    for (sent, asked) in [
        ("application/json", "application/xml"),
        ("application/xml", "application/json"),
        ("application/xml", "application/xml"),
        ("application/yaml", "application/json"),
    ] {
        let reply = client
            .put_pet(1, pet())
            .content_type(sent)
            .accept(asked)
            .send()
            .await;
        let reply = reply.expect("a pet");
        assert_eq!(reply.headers()[header::CONTENT_TYPE], asked);
        assert_eq!(reply.into_body(), put_pet::Response::Ok(pet()));
    }
}

#[tokio::test]
async fn a_body_is_written_as_the_call_says() {
    let (client, line) = scripted("application/json", r#"{"name":"Rex"}"#);
    let call = client
        .put_pet(1, pet())
        .content_type("application/xml; charset=utf-8");
    call.await.expect("a pet");
    let sent = &line.requests()[0];
    assert_eq!(
        sent.header("content-type"),
        Some("application/xml; charset=utf-8")
    );
    let body = String::from_utf8_lossy(&sent.body);
    assert!(body.ends_with(r#"<pet age="3"><name>Rex</name></pet>"#), "{body}");
}

#[tokio::test]
async fn a_media_type_that_the_body_does_not_have_fails_before_it_is_sent() {
    let (client, line) = scripted("application/json", "{}");
    let error = client
        .put_pet(1, pet())
        .content_type("image/png")
        .await
        .expect_err("no picture");
    assert_eq!(error.kind(), ErrorKind::Encode);
    assert!(line.requests().is_empty());
}

#[tokio::test]
async fn failures_are_written_as_the_caller_wants_them() {
    let client = over_http(mock()).await;
    for asked in ["application/problem+xml", "application/problem+json"] {
        let call = client.put_pet(1, tieline::stream::Octets::from(&b"\x89PNG"[..]));
        let error = call.accept(asked).await.expect_err("a picture");
        let reply = error.reply().expect("a reply");
        assert_eq!(reply.headers[header::CONTENT_TYPE], asked);
        assert_eq!(
            error.body(),
            Some(&put_pet::Failure::BadRequest(types::Pet::new("none")))
        );
    }
}

#[tokio::test]
async fn plain_text_of_objects_is_their_json_and_of_a_number_its_digits() {
    let client = over_http(mock()).await;
    let reply = client
        .list_pets()
        .accept("text/plain")
        .send()
        .await
        .expect("pets");
    assert!(
        reply.headers()[header::CONTENT_TYPE]
            .to_str()
            .expect("text")
            .starts_with("text/plain")
    );
    assert_eq!(reply.into_body(), list_pets::Response::Ok(pets()));
    let raw = client
        .count_pets()
        .accept("text/plain")
        .raw()
        .await
        .expect("a number");
    assert_eq!(raw.body(), "7");
    assert_eq!(
        client.count_pets().accept("text/plain").await.expect("a number"),
        7
    );
}

#[tokio::test]
async fn what_no_json_is_is_an_alternative_either_way() {
    let mock = mock();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&seen);
    mock.import_pets.handle(move |_, asked| {
        noted.lock().expect("no panic").push(asked.body);
        async move { Ok(import_pets::Response::NoContent) }
    });
    let client = over_http(mock).await;
    let usual = client.export_pets().await.expect("pets");
    assert_eq!(usual, export_pets::Response::Ok(pets()));
    let csv = client.export_pets().accept("text/csv").await.expect("pets");
    assert_eq!(
        csv,
        export_pets::Response::OkCsv("name,age\r\nRex,3\r\n".to_owned())
    );
    client.import_pets(pets()).await.expect("here");
    client
        .import_pets("name\r\nRex\r\n".to_owned())
        .await
        .expect("here");
    let seen = seen.lock().expect("no panic");
    assert_eq!(
        *seen,
        [
            import_pets::Body::Json(pets()),
            import_pets::Body::Csv("name\r\nRex\r\n".to_owned())
        ]
    );
}

#[tokio::test]
async fn a_notation_that_no_type_carries_is_read_raw() {
    let (client, line) = scripted("application/yaml", "- name: Rex\n");
    let reply = client
        .list_pets()
        .accept("application/yaml")
        .raw()
        .await
        .expect("YAML");
    assert_eq!(reply.headers()[header::CONTENT_TYPE], "application/yaml");
    assert_eq!(reply.into_body(), "- name: Rex\n");
    let accept = line.requests()[0].header("accept").map(str::to_owned);
    assert!(accept.is_some_and(|accept| accept.starts_with("application/yaml, application/json;q=0.9")));
}
