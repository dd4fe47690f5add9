//! Bodies in XML: between generated client and server, and against a server that we did not write.

use axum::routing::post;
use http::header;
use tieline::codec::Date;
use tieline::{Client, ErrorKind};

use super::served;
use crate::golden::xml::{Client as Pets, Mock, add_pet, list_pets, service, types};

fn client(url: &str) -> Pets {
    let builder = Client::builder("pets").url(url).expect("a URL");
    Pets::new(builder.build().expect("a client"))
}

/// A client of a server that says `text` of a new pet.
async fn saying(text: &'static str) -> Pets {
    let reply = move || async move {
        (
            http::StatusCode::CREATED,
            [(header::CONTENT_TYPE, "application/xml")],
            text,
        )
    };
    client(&served(axum::Router::new().route("/pets", post(reply))).await)
}

fn pet() -> types::Pet {
    let dog = types::Dog::new("Dog").tricks(vec!["sit".to_owned(), "roll & \"<play>\"".to_owned()]);
    types::Pet::new(7, "  B\u{e9}la\r\n<the> \"cat\" ]]> &amp; ")
        .status("sold")
        .category(types::Category::new("cats"))
        .photo_urls(vec!["a?b=1&c=2".to_owned(), String::new()])
        .tags(vec![
            types::Tag::new().key("size\t\"XL\"").value("large"),
            types::Tag::new().key("empty"),
        ])
        .nick_names(vec!["B".to_owned()])
        .weight(4.5)
        .born("2020-02-29".parse::<Date>().expect("a date"))
        .friend(dog)
        .parents(vec![types::Pet::new(1, "M"), types::Pet::new(2, "F")])
}

#[tokio::test]
async fn a_generated_server_and_client_understand_each_other() {
    let mock = Mock::new();
    mock.add_pet.handle(|_, request| async move {
        assert_eq!(request.body, pet());
        Ok(add_pet::Response::Created(request.body))
    });
    mock.list_pets
        .reply(list_pets::Response::Ok(vec![pet(), types::Pet::new(1, "")]));
    let pets = client(&served(service(mock).into_router()).await);
    assert_eq!(pets.add_pet(pet()).await.expect("kept"), pet());
    let reply = pets.list_pets().send().await.expect("all");
    assert_eq!(reply.headers()[header::CONTENT_TYPE], "text/xml");
    let list_pets::Response::Ok(all) = reply.into_body();
    assert_eq!(all, [pet(), types::Pet::new(1, "")]);
}

#[tokio::test]
async fn the_text_is_what_the_contract_says() {
    let echo = |body: String| async move {
        let expected = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\
            <pet xmlns=\"https://pets.example/v1\" id=\"7\" status=\"sold\">\
            <name>a &amp; b</name>\
            <photoUrls><photoUrl>x</photoUrl><photoUrl/></photoUrls>\
            <tags><tag key=\"k\">v</tag></tags>\
            <nickName>B</nickName><nickName>C</nickName>\
            <m:weight xmlns:m=\"https://measures.example\">4.5</m:weight>\
            <pet id=\"1\"><name>M</name></pet></pet>";
        let found = if body == expected { "as expected" } else { &*body };
        let text = format!("<problem><![CDATA[{found}]]></problem>");
        let kind = [(header::CONTENT_TYPE, "application/problem+xml")];
        (http::StatusCode::BAD_REQUEST, kind, text)
    };
    let pets = client(&served(axum::Router::new().route("/pets", post(echo))).await);
    let pet = types::Pet::new(7, "a & b")
        .status("sold")
        .photo_urls(vec!["x".to_owned(), String::new()])
        .tags(vec![types::Tag::new().key("k").value("v")])
        .nick_names(vec!["B".to_owned(), "C".to_owned()])
        .weight(4.5)
        .parents(vec![types::Pet::new(1, "M")]);
    let error = pets.add_pet(pet).await.expect_err("it always fails");
    let Some(add_pet::Failure::BadRequest(problem)) = error.body() else {
        panic!("{error:?}");
    };
    assert_eq!(problem.title.as_deref(), Some("as expected"));
}

#[tokio::test]
async fn what_the_contract_does_not_name_is_kept_and_sent_back() {
    let pets = saying(
        "<!-- kept --><p:pet xmlns:p=\"https://pets.example/v1\" id=\"7\" colour=\"red\">\
         <p:name><![CDATA[<b>]]>&#233;</p:name><toy kind=\"ball\">round</toy><toy/><nickName>B</nickName></p:pet>",
    );
    let found = pets.await.add_pet(types::Pet::new(7, "x")).await.expect("a pet");
    assert_eq!((found.id, found.name.as_str()), (7, "<b>\u{e9}"));
    assert_eq!(found.nick_names.as_deref(), Some(&["B".to_owned()][..]));
    let others = serde_json::to_value(&found).expect("JSON");
    assert_eq!(others["@colour"], "red");
    assert_eq!(others["toy"][0]["@kind"], "ball");
    let mock = Mock::new();
    mock.add_pet
        .handle(|_, request| async move { Ok(add_pet::Response::Created(request.body)) });
    let pets = client(&served(service(mock).into_router()).await);
    assert_eq!(pets.add_pet(found.clone()).await.expect("kept"), found);
}

#[tokio::test]
async fn what_is_wrong_is_named_by_its_place() {
    for (text, message) in [
        ("<pet id=\"x\"><name/></pet>", "at /id: expected a 64-bit integer"),
        ("<pet id=\"1\"/>", "at /name: a required property is missing"),
        (
            "<pet id=\"1\"><name/><tags><tag><deep/></tag></tags><weight>x</weight></pet>",
            "at /weight: expected a number",
        ),
        ("<pet id=\"1\"><name>a</pet>", "not valid XML"),
        ("<pet id=\"1\"><name>&other;</name></pet>", "an entity"),
        (
            "<!DOCTYPE pet [<!ENTITY a \"b\">]><pet id=\"1\"><name>&a;</name></pet>",
            "a document type",
        ),
        ("<pet id=\"1\"><name>a</name></pet><pet/>", "a second root"),
        ("", "the body has no element"),
    ] {
        let error = saying(text).await.add_pet(types::Pet::new(7, "x")).await;
        let error = error.expect_err(text);
        assert_eq!(error.kind(), ErrorKind::Decode, "{text}");
        assert!(error.message().contains(message), "{text}: {error}");
    }
    let deep = Box::leak(format!("<pet id=\"1\">{}", "<a>".repeat(100_000)).into_boxed_str());
    let error = saying(deep).await.add_pet(types::Pet::new(7, "x")).await;
    assert!(error.expect_err("too deep").message().contains("too deep"));
}

#[tokio::test]
async fn express_and_fast_xml_parser_read_and_write_pets() {
    let Some(node) = super::node("xml.js") else { return };
    let pets = client(&node.url);
    let sent = types::Pet::new(7, "B\u{e9}la & <the> cat")
        .status("sold")
        .category(types::Category::new("cats"))
        .photo_urls(vec!["a?b=1&c=2".to_owned(), "d".to_owned()])
        .tags(vec![types::Tag::new().key("size \"XL\"").value("large")])
        .nick_names(vec!["B".to_owned(), "C".to_owned()])
        .weight(4.5)
        .parents(vec![types::Pet::new(1, "M")]);
    let mut kept = pets.add_pet(sent.clone()).await.expect("kept");
    let seen = serde_json::to_value(&kept).expect("JSON")["seen"].take();
    assert_eq!(seen["@by"], "fast-xml-parser");
    assert_eq!(seen["tag"]["@key"], "size \"XL\"");
    assert_eq!(seen["tag"]["#text"], "large");
    kept.additional_properties = Default::default();
    assert_eq!(kept, sent);
    let all = pets.list_pets().await.expect("all");
    assert_eq!(all.len(), 2);
    assert_eq!(
        (all[1].id, all[1].nick_names.as_ref().map(Vec::len)),
        (7, Some(2))
    );
    let error = pets.add_pet(types::Pet::new(1, "")).await.expect_err("no name");
    let Some(add_pet::Failure::BadRequest(problem)) = error.body() else {
        panic!("{error:?}");
    };
    assert_eq!(problem.title.as_deref(), Some("no name"));
}
