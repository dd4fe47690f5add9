//! The pact file: the same octets in any order, none lost when tests run at once, and nothing stale.

mod support;

use std::path::Path;

use serde_json::{Value as Json, json};
use support::types::Pet;
use support::{CONTRACT, Client, get_pet};
use tempfile::TempDir;
use tieline_pact::{ErrorKind, Pact, consumer};

fn read(directory: &Path) -> String {
    std::fs::read_to_string(directory.join("web-pets.json")).unwrap_or_default()
}

fn descriptions(directory: &Path) -> Vec<String> {
    let json: Json = serde_json::from_str(&read(directory)).unwrap_or_default();
    let interactions = json["interactions"].as_array().cloned().unwrap_or_default();
    interactions
        .iter()
        .map(|one| one["description"].as_str().unwrap().to_owned())
        .collect()
}

/// What a test called `test` records: reading the pet `id`.
async fn record(directory: &Path, test: &str, id: i64, name: &str) -> Result<(), tieline_pact::Error> {
    let pact: Pact = consumer("web", &CONTRACT).dir(directory).test(test);
    pact.upon(format!("reading pet {id}"))
        .on(get_pet::Request::new(id))
        .reply(get_pet::Response::Ok(Pet::new(id, name, &["b", "a"])))
        .record()?;
    Client::new(pact.transport())
        .get_pet(id)
        .await
        .expect("the recorded answer");
    pact.finish()
}

#[tokio::test]
async fn the_file_is_the_same_in_any_order_and_again() {
    let (one, other) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    for id in [1, 2, 3] {
        record(one.path(), &format!("reads_{id}"), id, "Rex")
            .await
            .unwrap();
    }
    for id in [3, 1, 2] {
        record(other.path(), &format!("reads_{id}"), id, "Rex")
            .await
            .unwrap();
    }
    let first = read(one.path());
    assert!(first.ends_with("}\n"));
    assert_eq!(first, read(other.path()));
    record(one.path(), "reads_2", 2, "Rex").await.unwrap();
    assert_eq!(first, read(one.path()));
    assert_eq!(
        descriptions(one.path()),
        ["reading pet 1", "reading pet 2", "reading pet 3"]
    );
}

#[tokio::test]
async fn what_a_test_no_longer_records_vanishes_with_the_last_claim() {
    let directory = TempDir::new().unwrap();
    record(directory.path(), "one", 1, "Rex").await.unwrap();
    record(directory.path(), "two", 1, "Rex").await.unwrap();
    record(directory.path(), "one", 2, "Rex").await.unwrap();
    assert_eq!(descriptions(directory.path()), ["reading pet 1", "reading pet 2"]);
    record(directory.path(), "two", 2, "Rex").await.unwrap();
    assert_eq!(descriptions(directory.path()), ["reading pet 2"]);
    for test in ["one", "two"] {
        consumer("web", &CONTRACT)
            .dir(directory.path())
            .test(test)
            .finish()
            .unwrap();
    }
    assert!(!directory.path().join("web-pets.json").exists());
}

#[tokio::test]
async fn interactions_of_tests_that_are_gone_vanish_and_those_of_others_stay() {
    let directory = TempDir::new().unwrap();
    let claimed = |description: &str, tests: Json| {
        json!({
            "type": "Synchronous/HTTP", "description": description, "pending": false,
            "request": { "method": "GET", "path": "/" }, "response": { "status": 200 },
            "comments": { "tieline": { "tests": tests } },
        })
    };
    let mut by_hand = claimed("written by hand", json!([]));
    by_hand["comments"] = json!({ "text": ["keep me"] });
    let pact = json!({
        "consumer": { "name": "web" }, "provider": { "name": "pets" },
        "interactions": [
            claimed("gone", json!(["tieline-pact::file removed_long_ago"])),
            claimed("of another binary", json!(["tieline-pact::other removed_long_ago"])),
            claimed("of a test that exists", json!(["tieline-pact::file the_file_is_the_same_in_any_order_and_again"])),
            by_hand,
        ],
        "metadata": { "pactSpecification": { "version": "4.0" } },
    });
    std::fs::write(directory.path().join("web-pets.json"), pact.to_string()).unwrap();
    // Not named by hand: the harness knows this test, so that it can be asked for the others.
    consumer("web", &CONTRACT).dir(directory.path()).finish().unwrap();
    assert_eq!(
        descriptions(directory.path()),
        ["of a test that exists", "of another binary", "written by hand"]
    );
    let text = read(directory.path());
    assert!(
        text.contains("keep me") && text.contains("tieline-pact::other removed_long_ago"),
        "{text}"
    );
}

#[tokio::test]
async fn two_tests_that_disagree_are_told() {
    let directory = TempDir::new().unwrap();
    record(directory.path(), "one", 1, "Rex").await.unwrap();
    let error = record(directory.path(), "two", 1, "Max").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Ambiguous);
    let text = error.to_string();
    assert!(
        text.contains("#one") && text.contains("#two") && text.contains("\"reading pet 1\""),
        "{text}"
    );
}

#[test]
fn a_file_that_is_no_pact_is_left_alone() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("web-pets.json");
    std::fs::write(&path, "no JSON").unwrap();
    let error = consumer("web", &CONTRACT)
        .dir(directory.path())
        .finish()
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::File);
    assert!(error.to_string().contains("web-pets.json is no JSON"), "{error}");
    assert_eq!(read(directory.path()), "no JSON");
}

#[test]
fn tests_at_once_lose_nothing() {
    let directory = TempDir::new().unwrap();
    std::thread::scope(|scope| {
        for id in 1..=16 {
            let path = directory.path();
            scope.spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread()
                    .enable_all()
                    .build()
                    .unwrap();
                runtime
                    .block_on(record(path, &format!("reads_{id}"), id, "Rex"))
                    .unwrap();
            });
        }
    });
    assert_eq!(descriptions(directory.path()).len(), 16);
}

/// The process of one test under a runner that gives each its own: does nothing unless it is told where to record.
#[tokio::test]
async fn records_as_a_process_of_its_own() {
    let (Some(directory), Ok(id)) = (
        std::env::var_os("PACT_TEST_DIRECTORY"),
        std::env::var("PACT_TEST_ID"),
    ) else {
        return;
    };
    let id = id.parse().unwrap();
    record(Path::new(&directory), &format!("process_{id}"), id, "Rex")
        .await
        .unwrap();
}

#[test]
fn processes_at_once_lose_nothing() {
    let directory = TempDir::new().unwrap();
    let binary = std::env::current_exe().unwrap();
    let children: Vec<_> = (1..=8)
        .map(|id: i64| {
            std::process::Command::new(&binary)
                .args(["--exact", "records_as_a_process_of_its_own"])
                .env("PACT_TEST_DIRECTORY", directory.path())
                .env("PACT_TEST_ID", id.to_string())
                .stdout(std::process::Stdio::null())
                .spawn()
                .unwrap()
        })
        .collect();
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    assert_eq!(descriptions(directory.path()).len(), 8);
}
