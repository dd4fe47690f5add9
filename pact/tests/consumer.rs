//! What a consumer test may say, and what it is told when it is wrong.

mod support;

use serde_json::{Value as Json, json};
use support::types::{NewPet, Pet, Problem};
use support::{CONTRACT, Client, create_pet, delete_pet, get_pet};
use tempfile::TempDir;
use tieline_pact::{ErrorKind, Matcher, Pact, consumer};

fn pact(directory: &TempDir) -> Pact {
    consumer("web", &CONTRACT).dir(directory.path())
}

fn rex() -> Pet {
    Pet::new(7, "Rex", &["dog"])
}

fn file(directory: &TempDir) -> Json {
    let text = std::fs::read_to_string(directory.path().join("web-pets.json")).expect("a pact file");
    serde_json::from_str(&text).expect("JSON")
}

fn rules(directory: &TempDir) -> Json {
    file(directory)["interactions"][0]["response"]["matchingRules"]["body"].clone()
}

#[tokio::test]
async fn the_client_is_answered_as_recorded_and_the_file_is_a_v4_pact() {
    let directory = TempDir::new().unwrap();
    let pact = pact(&directory);
    pact.given("a pet exists", json!({ "id": 7 }))
        .on(get_pet::Request {
            id: 7,
            verbose: Some(true),
        })
        .reply(get_pet::Response::Ok(rex()))
        .record()
        .unwrap();
    let client = Client::new(pact.transport());
    let mut call = get_pet::Request::new(7);
    call.verbose = Some(true);
    let reply = tieline::client::call(client.inner(), tieline::Context::new(), call)
        .await
        .unwrap();
    assert_eq!(reply, get_pet::Response::Ok(rex()));
    pact.finish().unwrap();

    let file = file(&directory);
    assert_eq!(file["consumer"]["name"], "web");
    assert_eq!(file["provider"]["name"], "pets");
    assert_eq!(file["metadata"]["pactSpecification"]["version"], "4.0");
    let interaction = &file["interactions"][0];
    assert_eq!(interaction["type"], "Synchronous/HTTP");
    assert_eq!(interaction["description"], "getPet (200)");
    assert_eq!(
        interaction["providerStates"],
        json!([{ "name": "a pet exists", "params": { "id": 7 } }])
    );
    assert_eq!(interaction["request"]["method"], "GET");
    assert_eq!(interaction["request"]["path"], "/pets/7");
    assert_eq!(interaction["request"]["query"], json!({ "verbose": ["true"] }));
    assert_eq!(interaction["response"]["status"], 200);
    assert_eq!(
        interaction["response"]["body"],
        json!({
            "content": { "id": 7, "name": "Rex", "tags": ["dog"], "status": "available" },
            "contentType": "application/json",
            "encoded": false,
        })
    );
}

#[tokio::test]
async fn matchers_come_from_the_types() {
    let directory = TempDir::new().unwrap();
    let pact = pact(&directory);
    let mut pet = rex();
    pet.born = Some("2020-01-01T00:00:00Z".parse().unwrap());
    pet.owner = Some(Box::new(support::types::Person { name: "Ann".into() }));
    pet.weights = Some([("2024".to_owned(), 12.5)].into());
    pact.on(get_pet::Request::new(7))
        .reply(get_pet::Response::Ok(pet))
        .exact("/name")
        .matching("/owner/name", Matcher::Regex("^A".into()))
        .record()
        .unwrap();
    Client::new(pact.transport()).get_pet(7).await.unwrap();
    pact.finish().unwrap();

    let rules = rules(&directory);
    let of = |path: &str| rules[path]["matchers"][0].clone();
    assert_eq!(of("$.id"), json!({ "match": "integer" }));
    assert_eq!(of("$.name"), json!({ "match": "equality" }));
    assert_eq!(of("$.tags"), json!({ "match": "type", "min": 1 }));
    assert_eq!(of("$.tags[*]"), json!({ "match": "type" }));
    assert_eq!(
        of("$.status"),
        json!({ "match": "regex", "regex": "^(available|sold)$" })
    );
    assert_eq!(of("$.born")["match"], "regex");
    assert_eq!(of("$.owner.name"), json!({ "match": "regex", "regex": "^A" }));
    assert_eq!(of("$.weights"), json!({ "match": "values" }));
    assert_eq!(of("$.weights.*"), json!({ "match": "number" }));
}

#[tokio::test]
async fn a_declared_failure_is_recorded_with_its_status_and_media_type() {
    let directory = TempDir::new().unwrap();
    let pact = pact(&directory);
    pact.given("no pets", ())
        .on(get_pet::Request::new(7))
        .reply_failure(get_pet::Failure::NotFound(Problem {
            title: "no such pet".into(),
        }))
        .record()
        .unwrap();
    let error = Client::new(pact.transport()).get_pet(7).await.unwrap_err();
    assert!(
        matches!(error.body(), Some(get_pet::Failure::NotFound(_))),
        "{error:?}"
    );
    pact.finish().unwrap();
    let response = &file(&directory)["interactions"][0]["response"];
    assert_eq!(response["status"], 404);
    assert_eq!(
        response["headers"]["content-type"],
        json!(["application/problem+json"])
    );
}

#[tokio::test]
async fn an_unexpected_request_says_what_is_recorded_and_how_it_differs() {
    let directory = TempDir::new().unwrap();
    let pact = pact(&directory);
    pact.given("a pet exists", json!({ "id": 7 }))
        .on(get_pet::Request::new(7))
        .reply(get_pet::Response::Ok(rex()))
        .record()
        .unwrap();
    let client = Client::new(pact.transport());
    client.get_pet(7).await.unwrap();
    let error = client.get_pet(8).await.unwrap_err();
    assert!(format!("{error:?}").contains("/pets/8"), "{error:?}");
    let error = pact.finish().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unmet);
    let text = error.to_string();
    assert!(text.contains("a request was not expected: GET /pets/8"), "{text}");
    assert!(
        text.contains("recorded \"getPet (200)\", given \"a pet exists\": GET /pets/7"),
        "{text}"
    );
    assert!(text.contains("path: expected /pets/7, got /pets/8"), "{text}");
    assert!(
        !directory.path().join("web-pets.json").exists(),
        "a pact that was not kept is not written"
    );
}

#[tokio::test]
async fn a_request_body_that_differs_is_shown_at_its_place() {
    let directory = TempDir::new().unwrap();
    let pact = pact(&directory);
    pact.on(create_pet::Request {
        body: NewPet {
            name: "Rex".into(),
            born: None,
        },
    })
    .reply(create_pet::Response::Created(rex()))
    .record()
    .unwrap();
    let other = NewPet {
        name: "Max".into(),
        born: None,
    };
    Client::new(pact.transport()).create_pet(other).await.unwrap_err();
    let text = pact.finish().unwrap_err().to_string();
    assert!(
        text.contains("body /name: expected \"Rex\", got \"Max\""),
        "{text}"
    );
}

#[tokio::test]
async fn a_request_can_be_compared_by_its_types() {
    let directory = TempDir::new().unwrap();
    let pact = pact(&directory);
    pact.on(create_pet::Request {
        body: NewPet {
            name: "Rex".into(),
            born: None,
        },
    })
    .request_by_type()
    .reply(create_pet::Response::Created(rex()))
    .record()
    .unwrap();
    let other = NewPet {
        name: "Max".into(),
        born: None,
    };
    Client::new(pact.transport()).create_pet(other).await.unwrap();
    pact.finish().unwrap();
}

#[test]
fn an_unused_interaction_fails_the_test() {
    let directory = TempDir::new().unwrap();
    let pact = pact(&directory);
    pact.on(delete_pet::Request { id: 7 })
        .reply(delete_pet::Response::NoContent)
        .record()
        .unwrap();
    let text = pact.finish().unwrap_err().to_string();
    assert!(
        text.contains("the interaction \"deletePet (204)\" was recorded and never used: DELETE /pets/7"),
        "{text}"
    );
}

#[test]
fn a_pact_that_goes_out_of_scope_unkept_panics() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().to_owned();
    let outcome = std::panic::catch_unwind(move || {
        let pact = consumer("web", &CONTRACT).dir(path);
        pact.on(delete_pet::Request { id: 7 })
            .reply(delete_pet::Response::NoContent)
            .record()
            .unwrap();
    });
    let panic = outcome.unwrap_err();
    let text = panic.downcast_ref::<String>().expect("a message");
    assert!(text.contains("never used"), "{text}");
}

#[test]
fn a_pact_that_goes_out_of_scope_in_a_panic_leaves_the_panic_alone() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().to_owned();
    let outcome = std::panic::catch_unwind(move || {
        let pact = consumer("web", &CONTRACT).dir(path);
        pact.on(delete_pet::Request { id: 7 })
            .reply(delete_pet::Response::NoContent)
            .record()
            .unwrap();
        panic!("the assertion of the test");
    });
    let panic = outcome.unwrap_err();
    assert_eq!(panic.downcast_ref::<&str>(), Some(&"the assertion of the test"));
}

#[test]
fn a_reply_that_breaks_a_rule_of_the_contract_is_refused() {
    let directory = TempDir::new().unwrap();
    let pact = pact(&directory);
    let error = pact
        .on(get_pet::Request::new(7))
        .reply(get_pet::Response::Ok(Pet::new(7, "", &[])))
        .record()
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Contract);
    let text = error.to_string();
    assert!(text.contains("contradicts the contract pets"), "{text}");
    assert!(
        text.contains("reply /name: must have at least 1 characters"),
        "{text}"
    );
}

#[test]
fn a_request_that_breaks_a_rule_of_the_contract_is_refused() {
    let directory = TempDir::new().unwrap();
    let pact = pact(&directory);
    let error = pact
        .on(get_pet::Request::new(0))
        .reply(get_pet::Response::Ok(rex()))
        .record()
        .unwrap_err();
    assert!(
        error.to_string().contains("request /id: must be at least 1"),
        "{error}"
    );
}

#[test]
fn a_reply_whose_status_stands_for_another_is_refused() {
    let directory = TempDir::new().unwrap();
    let pact = pact(&directory);
    let problem = Problem {
        title: "no such pet".into(),
    };
    let error = pact
        .on(get_pet::Request::new(7))
        .reply_failure(get_pet::Failure::Default(http::StatusCode::NOT_FOUND, problem))
        .record()
        .unwrap_err();
    assert!(
        error
            .to_string()
            .contains("404 Not Found stands for another reply"),
        "{error}"
    );
}

#[test]
fn a_failure_that_clients_would_read_as_a_success_is_refused() {
    let directory = TempDir::new().unwrap();
    let pact = pact(&directory);
    let problem = Problem {
        title: "accepted".into(),
    };
    let error = pact
        .on(get_pet::Request::new(7))
        .reply_failure(get_pet::Failure::Default(http::StatusCode::ACCEPTED, problem))
        .record()
        .unwrap_err();
    assert!(
        error
            .to_string()
            .contains("a failure with 202 Accepted would be read as a response"),
        "{error}"
    );
    let error = pact
        .on(get_pet::Request::new(7))
        .reply_partial(202, json!({}))
        .record()
        .unwrap_err();
    assert!(
        error.to_string().contains("declares no reply with 202 Accepted"),
        "{error}"
    );
}

#[test]
fn matchers_that_point_to_nothing_or_contradict_the_example_are_refused() {
    let directory = TempDir::new().unwrap();
    let pact = pact(&directory);
    let on = || {
        pact.on(get_pet::Request::new(7))
            .reply(get_pet::Response::Ok(rex()))
    };
    let error = on().exact("/nmae").record().unwrap_err();
    assert!(
        error
            .to_string()
            .contains("\"/nmae\" points to nothing in the reply's body"),
        "{error}"
    );
    let error = on().matching("/name", Matcher::Integer).record().unwrap_err();
    assert!(
        error.to_string().contains("the matcher asks for an integer"),
        "{error}"
    );
    let error = pact.on(get_pet::Request::new(7)).record().unwrap_err();
    assert!(error.to_string().contains("it has no reply"), "{error}");
}

#[test]
fn one_description_for_two_interactions_is_refused() {
    let directory = TempDir::new().unwrap();
    let pact = pact(&directory);
    pact.on(get_pet::Request::new(7))
        .reply(get_pet::Response::Ok(rex()))
        .record()
        .unwrap();
    let error = pact
        .on(get_pet::Request::new(8))
        .reply(get_pet::Response::Ok(Pet::new(8, "Max", &[])))
        .record()
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Ambiguous);
    assert!(error.to_string().contains("tell them apart by `upon`"), "{error}");
    pact.finish().unwrap_err();
}

#[tokio::test]
async fn a_partial_reply_keeps_what_it_names_and_the_client_gets_a_whole_one() {
    let directory = TempDir::new().unwrap();
    let pact = pact(&directory);
    pact.on(get_pet::Request::new(7))
        .reply_partial(200, json!({ "name": "Rex", "owner": { "name": "Ann" } }))
        .record()
        .unwrap();
    let pet = Client::new(pact.transport()).get_pet(7).await.unwrap();
    assert_eq!(pet.name, "Rex");
    assert_eq!(pet.status, support::types::Status::Available);
    pact.finish().unwrap();
    let response = &file(&directory)["interactions"][0]["response"];
    assert_eq!(
        response["body"]["content"],
        json!({ "name": "Rex", "owner": { "name": "Ann" } })
    );
    let rules = response["matchingRules"]["body"].as_object().unwrap();
    assert_eq!(rules.keys().collect::<Vec<_>>(), ["$.name", "$.owner.name"]);
}

#[test]
fn a_partial_reply_is_judged_by_what_it_names() {
    let directory = TempDir::new().unwrap();
    let pact = pact(&directory);
    let refused = |status: u16, body: Json| {
        let error = pact
            .on(get_pet::Request::new(7))
            .reply_partial(status, body)
            .record()
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Contract);
        error.to_string()
    };
    let text = refused(200, json!({ "nmae": "Rex" }));
    assert!(
        text.contains("reply /nmae: Pet has no property of this name"),
        "{text}"
    );
    let text = refused(200, json!({ "name": 7 }));
    assert!(text.contains("reply /name:"), "{text}");
    let text = refused(200, json!({ "name": "" }));
    assert!(
        text.contains("reply /name: must have at least 1 characters"),
        "{text}"
    );
    let text = refused(200, json!({ "status": "stolen" }));
    assert!(text.contains("reply /status:"), "{text}");
    let text = refused(500, json!({ "name": "Rex" }));
    assert!(
        text.contains("reply /name: Problem has no property of this name"),
        "{text}"
    );
    pact.finish().unwrap();
}

#[test]
fn a_status_that_no_reply_declares_is_refused() {
    let directory = TempDir::new().unwrap();
    let pact = pact(&directory);
    let error = pact
        .on(delete_pet::Request { id: 7 })
        .reply_partial(200, Json::Null)
        .record()
        .unwrap_err();
    assert!(
        error
            .to_string()
            .contains("the operation declares no reply with 200 OK"),
        "{error}"
    );
}

#[tokio::test]
async fn credentials_in_the_query_belong_to_no_interaction() {
    let directory = TempDir::new().unwrap();
    let pact = pact(&directory);
    pact.on(get_pet::Request::new(7))
        .reply(get_pet::Response::Ok(rex()))
        .record()
        .unwrap();
    let reply = pact.transport().get("pets/7?api_key=secret").await;
    assert!(reply.is_ok(), "{reply:?}");
    pact.finish().unwrap();
}

#[tokio::test]
async fn the_same_request_is_answered_in_the_order_of_recording() {
    let directory = TempDir::new().unwrap();
    let pact = pact(&directory);
    pact.given("a pet exists", ())
        .on(delete_pet::Request { id: 7 })
        .reply(delete_pet::Response::NoContent)
        .record()
        .unwrap();
    pact.given("a pet sleeps", ())
        .on(delete_pet::Request { id: 7 })
        .reply(delete_pet::Response::NoContent)
        .record()
        .unwrap();
    let client = Client::new(pact.transport());
    client.delete_pet(7).await.unwrap();
    client.delete_pet(7).await.unwrap();
    pact.finish().unwrap();
}
