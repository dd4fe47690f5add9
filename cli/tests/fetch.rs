//! Fetching: copies and lock beside the contract, and nothing from a network ever after.

mod support;

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::thread;

use support::Home;

/// A server of these answers by path: a document, or `-> path` for elsewhere. It ends with the test.
fn serve(answers: &[(&str, &str)]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let answers: BTreeMap<String, String> = answers
        .iter()
        .map(|(path, answer)| ((*path).to_owned(), (*answer).to_owned()))
        .collect();
    thread::spawn(move || {
        for stream in listener.incoming().filter_map(Result::ok) {
            let mut reader = BufReader::new(stream);
            let mut request = String::new();
            let mut line = String::new();
            while reader.read_line(&mut line).is_ok_and(|read| read > 0) && line.trim() != "" {
                request.push_str(&line);
                line.clear();
            }
            let path = request.split(' ').nth(1).unwrap_or_default();
            let reply = match answers.get(path) {
                Some(answer) => match answer.strip_prefix("-> ") {
                    Some(to) => format!("302 Found\r\nlocation: {to}\r\ncontent-length: 0\r\n\r\n"),
                    None => format!("200 OK\r\ncontent-length: {}\r\n\r\n{answer}", answer.len()),
                },
                None => "404 Not Found\r\ncontent-length: 0\r\n\r\n".to_owned(),
            };
            let head = "HTTP/1.1 ";
            let _ = write!(
                reader.get_mut(),
                "{head}{}",
                reply.replacen("\r\n", "\r\nconnection: close\r\n", 1)
            );
        }
    });
    format!("http://{address}")
}

fn contract(url: &str) -> String {
    format!(
        "openapi: 3.1.0\ninfo: {{title: T, version: '1'}}\npaths: {{}}\ncomponents:\n  schemas:\n    Pet: {{$ref: '{url}/schemas/pet.json'}}\n"
    )
}

const PET: &str = r#"{"type": "object", "properties": {"toy": {"$ref": "parts/toy.json#/Toy"}}}"#;
const TOY: &str = r#"{"Toy": {"type": "object", "properties": {"name": {"type": "string"}}}}"#;

#[test]
fn what_references_lead_to_is_kept_locked_and_read_without_a_network() {
    let url = serve(&[("/schemas/pet.json", PET), ("/schemas/parts/toy.json", TOY)]);
    let home = Home::with(&[("api/t.yaml", &contract(&url))]);
    let generate = ["generate", "api/t.yaml", "--out", "o"];
    home.run(&generate)
        .exits(0)
        .says(&["TL-SCH-004", "cargo tieline fetch"]);
    assert!(!home.has("api/tieline.lock"), "only asked for is it fetched");

    let ran = home.run(&["fetch", "api/t.yaml"]).exits(0);
    assert!(ran.out.ends_with("done: 2 documents fetched\n"), "{}", ran.out);
    let lock: serde_json::Value = serde_json::from_str(&home.read("api/tieline.lock")).unwrap();
    assert_eq!(lock["documents"].as_array().unwrap().len(), 2);
    assert_eq!(home.files("api/tieline-cache").len(), 2);
    let again = home.run(&["fetch", "api/t.yaml"]).exits(0);
    assert!(
        again.out.ends_with("done: 0 documents fetched\n"),
        "{}",
        again.out
    );

    let ran = home.run(&generate).exits(0);
    assert!(ran.err.is_empty(), "{}", ran.err);
    assert!(home.read("o/t/types.rs").contains("pub struct Toy"));

    let copy = format!("api/tieline-cache/{}", home.files("api/tieline-cache")[0]);
    home.write(&copy, "{}");
    home.run(&generate)
        .exits(1)
        .says(&["is not what tieline.lock says", "fetch --update", "schemas/pet-"]);
    let ran = home.run(&["fetch", "api/t.yaml", "--update"]).exits(0);
    assert!(ran.out.ends_with("done: 2 documents fetched\n"), "{}", ran.out);
    home.run(&generate).exits(0);
}

#[test]
fn a_document_that_is_elsewhere_is_followed_and_one_that_is_nowhere_is_told_of() {
    let url = serve(&[
        ("/schemas/pet.json", "-> /v2/pet.json"),
        ("/v2/pet.json", r#"{"type": "string"}"#),
    ]);
    let home = Home::with(&[("t.yaml", &contract(&url))]);
    home.run(&["fetch", "t.yaml"]).exits(0);
    let nowhere = serve(&[]);
    let home = Home::with(&[("t.yaml", &contract(&nowhere))]);
    home.run(&["fetch", "t.yaml"])
        .exits(1)
        .says(&["TL-CLI-020", "/schemas/pet.json"]);
    assert!(!home.has("tieline.lock"));
}

#[test]
fn credentials_in_an_address_are_neither_used_nor_shown() {
    let home = Home::with(&[("t.yaml", &contract("http://user:hush@127.0.0.1:9"))]);
    let ran = home.run(&["fetch", "t.yaml"]).exits(1).says(&["TL-CLI-020"]);
    assert!(
        !ran.err.contains("hush") && !ran.out.contains("hush"),
        "{}",
        ran.err
    );
}

#[test]
fn a_lock_that_is_malformed_is_located() {
    let home = Home::with(&[
        ("t.yaml", &contract("https://example.com")),
        ("tieline.lock", "{\n  \"version\": 1,\n  \"documents\": 7\n}\n"),
    ]);
    home.run(&["generate", "t.yaml", "--out", "o"])
        .exits(1)
        .says(&["TL-SRC-014", "tieline.lock:3"]);
}
