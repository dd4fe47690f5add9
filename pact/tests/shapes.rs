//! Matchers of every shape a type can have: a reply keeps its own pact, and a small change of it does not.

#![allow(
    missing_docs,
    unreachable_pub,
    reason = "written as the generator writes, for tests"
)]

use std::collections::BTreeMap;

use axum::routing::get;
use serde_json::{Value as Json, json};
use tempfile::TempDir;
use tieline::generated::v1;
use tieline_pact::{Report, consumer, verify};

pub struct Zoo {
    matrix: Vec<Vec<i64>>,
    animals: Vec<Animal>,
    labels: BTreeMap<String, f64>,
    no_items: Vec<String>,
    no_entries: BTreeMap<String, i64>,
    note: Option<v1::Nullable<String>>,
    any: v1::Json,
    octets: v1::Bytes,
    level: Level,
    code: String,
}
static ZOO: v1::Shape = v1::Shape::new(
    "Zoo",
    &[
        v1::Field::required("matrix"),
        v1::Field::required("animals"),
        v1::Field::required("labels"),
        v1::Field::required("noItems"),
        v1::Field::required("noEntries"),
        v1::Field::optional("note"),
        v1::Field::required("any"),
        v1::Field::required("octets"),
        v1::Field::required("level"),
        v1::Field::required("the code's/name").rules(&[v1::Rule::Pattern(&CODE)]),
    ],
);
static CODE: v1::Pattern = v1::Pattern::new("^[A-Z]{2}$");
v1::record!(
    Zoo = ZOO {
        0: matrix,
        1: animals,
        2: labels,
        3: no_items,
        4: no_entries,
        5: note,
        6: any,
        7: octets,
        8: level,
        9: code
    }
);

#[non_exhaustive]
pub enum Animal {
    Cat(Cat),
    Dog(Dog),
    Unknown(v1::Json),
}
static ANIMAL: v1::UnionShape = v1::UnionShape::new(
    "Animal",
    &["Cat", "Dog"],
    v1::Dispatch::Tag {
        property: "kind",
        values: &[("cat", 0), ("dog", 1)],
    },
);
v1::union!(Animal = ANIMAL: Unknown { 0: Cat, 1: Dog });

pub struct Cat {
    kind: String,
    lives: i64,
}
static CAT: v1::Shape = v1::Shape::new(
    "Cat",
    &[v1::Field::required("kind"), v1::Field::required("lives")],
);
v1::record!(Cat = CAT { 0: kind, 1: lives });

pub struct Dog {
    kind: String,
    barks: bool,
}
static DOG: v1::Shape = v1::Shape::new(
    "Dog",
    &[v1::Field::required("kind"), v1::Field::required("barks")],
);
v1::record!(Dog = DOG { 0: kind, 1: barks });

#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Level {
    Low,
    High,
    Unknown(i64),
}
v1::integer_enumeration!(Level: Unknown { Low = 1, High = 2 });

mod get_zoo {
    use super::*;

    pub struct Request {}
    static REQUEST: v1::Shape = v1::Shape::new("getZoo", &[]);
    v1::record!(Request = REQUEST {});

    #[derive(Debug, PartialEq)]
    pub enum Response {
        Ok(Zoo),
    }
    v1::reply_set!(Response { 0: Ok(body) = 200 });
    pub use v1::NoFailure as Failure;

    v1::http_operation! {
        OPERATION = 0: "zoos", "getZoo", Safe;
        GET: Literal("/zoo");
        successes: Code(200) => Json("application/json");
    }
    v1::http_call!(Request -> Zoo: Ok(body));
}

static CONTRACT: v1::Contract = v1::Contract {
    name: "zoos",
    title: "Zoos",
    version: "1",
    servers: &[],
    operations: &[&get_zoo::OPERATION],
    security_schemes: &[],
};

fn zoo() -> Zoo {
    let labels = ["a'b", "full name", "x.y", "7", "*", "a/b~c", ""];
    Zoo {
        matrix: vec![vec![1, 2], vec![3]],
        animals: vec![
            Animal::Cat(Cat {
                kind: "cat".into(),
                lives: 9,
            }),
            Animal::Dog(Dog {
                kind: "dog".into(),
                barks: true,
            }),
        ],
        labels: labels.map(|label| (label.to_owned(), 0.5)).into(),
        no_items: vec![],
        no_entries: BTreeMap::new(),
        note: Some(v1::Nullable::Null),
        any: json!({ "deep": [1, "x", null] }),
        octets: v1::Bytes::from_static(b"\0\xff"),
        level: Level::High,
        code: "AB".into(),
    }
}

/// Records the zoo, and verifies a provider that answers `change` of it.
async fn verified(change: impl FnOnce(&mut Json)) -> Report {
    let directory = TempDir::new().unwrap();
    let pact = consumer("web", &CONTRACT).dir(directory.path());
    pact.on(get_zoo::Request {})
        .reply(get_zoo::Response::Ok(zoo()))
        .record()
        .unwrap();
    let text = pact.transport().get("zoo").await.unwrap();
    let mut body: Json = text.json().unwrap();
    pact.finish().unwrap();
    change(&mut body);
    let reply = move || async move { ([("content-type", "application/json")], body.to_string()) };
    let service = axum::Router::new().route("/zoo", get(reply));
    verify(&CONTRACT)
        .service(service)
        .source_dir(directory.path())
        .run()
        .await
}

#[tokio::test]
async fn a_reply_keeps_its_own_pact() {
    verified(|_| {}).await.assert_ok();
}

#[tokio::test]
async fn other_values_of_the_same_types_keep_it() {
    let report = verified(|zoo| {
        zoo["matrix"] = json!([[5], [6, 7], [8]]);
        zoo["labels"] = json!({ "other": 1 });
        zoo["noItems"] = json!(["some"]);
        zoo["octets"] = json!("AAAA");
        zoo["level"] = json!(1);
        zoo["the code's/name"] = json!("XY");
    })
    .await;
    report.assert_ok();
}

#[tokio::test]
async fn every_part_is_held_to_its_type() {
    let changes: [(&str, Json); 7] = [
        ("/matrix/0/0", json!("1")),
        ("/matrix/1", json!(3)),
        ("/animals/0/lives", json!("nine")),
        ("/labels/full name", json!("heavy")),
        ("/octets", json!(7)),
        ("/level", json!(1.5)),
        ("/any/deep", json!("flat")),
    ];
    for (pointer, value) in changes {
        let report = verified(|zoo| *zoo.pointer_mut(pointer).unwrap() = value).await;
        let text = report.to_string();
        assert!(
            !report.is_ok() && text.contains(&format!("body {pointer}:")),
            "{pointer}: {text}"
        );
    }
}

/// Pacts have no way to write a quote in a path: such a property is held to its JSON type.
#[tokio::test]
async fn a_key_that_pacts_cannot_write_is_held_to_its_type_and_takes_no_matcher() {
    let report = verified(|zoo| zoo["the code's/name"] = json!("abc")).await;
    report.assert_ok();
    let report = verified(|zoo| zoo["the code's/name"] = json!(7)).await;
    assert!(
        !report.is_ok() && report.to_string().contains("the code"),
        "{report}"
    );
    let directory = TempDir::new().unwrap();
    let pact = consumer("web", &CONTRACT).dir(directory.path());
    let interaction = pact.on(get_zoo::Request {}).reply(get_zoo::Response::Ok(zoo()));
    let error = interaction.exact("/the code's~1name").record().unwrap_err();
    assert!(
        error.to_string().contains("pacts have no way to write this path"),
        "{error}"
    );
}

#[test]
fn a_value_that_clients_would_not_read_back_is_refused() {
    let directory = TempDir::new().unwrap();
    let pact = consumer("web", &CONTRACT).dir(directory.path());
    let mut zoo = zoo();
    zoo.animals = vec![Animal::Cat(Cat {
        kind: "dog".into(),
        lives: 9,
    })];
    let error = pact
        .on(get_zoo::Request {})
        .reply(get_zoo::Response::Ok(zoo))
        .record()
        .unwrap_err();
    assert!(
        error
            .to_string()
            .contains("a client cannot read it: at /animals/0"),
        "{error}"
    );
}
