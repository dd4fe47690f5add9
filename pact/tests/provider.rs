//! A provider that keeps its pacts passes; one that breaks them is told where.

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use axum::routing::{get, post};
use serde_json::{Value as Json, json};
use support::types::{NewPet, Pet, Problem};
use support::{CONTRACT, Client, Shop, create_pet, get_pet, router};
use tempfile::TempDir;
use tieline_pact::{
    Failure, Params, Place, Report, StateError, States, Verdict, Verification, consumer, verify,
};

/// The pact of `web` with `pets`: a pet that is there, one that is not, a new one.
async fn recorded() -> TempDir {
    let directory = TempDir::new().unwrap();
    let pact = consumer("web", &CONTRACT).dir(directory.path()).test("recorded");
    let mut pet = Pet::new(7, "Rex", &["dog"]);
    pet.born = Some("2020-01-01T00:00:00Z".parse().unwrap());
    pet.weights = Some([("2024".to_owned(), 12.5)].into());
    pact.given("a pet exists", json!({ "id": 7, "name": "Bello" }))
        .on(get_pet::Request::new(7))
        .reply(get_pet::Response::Ok(pet))
        .record()
        .unwrap();
    pact.given("no pets", ())
        .on(get_pet::Request::new(8))
        .reply_failure(get_pet::Failure::NotFound(Problem {
            title: "no such pet".into(),
        }))
        .record()
        .unwrap();
    let new = NewPet {
        name: "Max".into(),
        born: None,
    };
    pact.on(create_pet::Request { body: new.clone() })
        .reply_partial(201, json!({ "name": "Max" }))
        .exact("/name")
        .record()
        .unwrap();
    let client = Client::new(pact.transport());
    client.get_pet(7).await.unwrap();
    client.get_pet(8).await.unwrap_err();
    client.create_pet(new).await.unwrap();
    pact.finish().unwrap();
    directory
}

fn bello(params: &Params) -> Result<Pet, StateError> {
    let mut pet = Pet::new(params.get("id")?, params.get::<String>("name")?, &["x", "y", "z"]);
    pet.born = Some("1999-12-31T23:59:59.5+01:00".parse().unwrap());
    pet.weights = Some([("2024".to_owned(), 1.0), ("2025".to_owned(), 2.0)].into());
    Ok(pet)
}

fn with_states(shop: &Shop) -> Verification {
    let (full, empty) = (shop.clone(), shop.clone());
    verify(&CONTRACT)
        .state("a pet exists", move |params: Params| {
            let shop = full.clone();
            async move {
                shop.add(bello(&params)?);
                Ok::<_, StateError>(())
            }
        })
        .state("no pets", move |_| {
            let shop = empty.clone();
            async move { shop.0.lock().unwrap().clear() }
        })
}

/// A provider whose `GET /pets/7` answers `reply`.
async fn verify_reply(reply: (u16, &'static str, Json)) -> Report {
    let directory = recorded().await;
    let shop = Shop::default();
    let (status, media_type, body) = reply;
    let reply = move || async move {
        let status = http::StatusCode::from_u16(status).unwrap();
        (status, [("content-type", media_type)], body.to_string())
    };
    let service = axum::Router::new()
        .route("/pets/7", get(reply))
        .fallback_service(router(&shop));
    with_states(&shop)
        .service(service)
        .source_dir(directory.path())
        .run()
        .await
}

fn only_mismatch(report: &Report) -> &tieline_pact::Mismatch {
    let broken: Vec<_> = report.broken().collect();
    let [one] = broken[..] else {
        panic!("one is broken: {report}")
    };
    match &one.verdict {
        Verdict::Broken(failures) => match &failures[..] {
            [Failure::Mismatch(mismatch)] => mismatch,
            _ => panic!("one mismatch: {report}"),
        },
        _ => panic!("broken: {report}"),
    }
}

fn good() -> Json {
    json!({
        "id": 9, "name": "Bello", "tags": ["x"], "status": "sold", "born": "2020-01-01T00:00:00Z",
        "weights": { "2023": 1.5 }, "more": true,
    })
}

fn without(name: &str) -> Json {
    let mut body = good();
    body.as_object_mut().unwrap().remove(name);
    body
}

fn changed(name: &str, value: Json) -> Json {
    let mut body = good();
    body[name] = value;
    body
}

#[tokio::test]
async fn the_generated_service_keeps_the_pact() {
    let directory = recorded().await;
    let shop = Shop::default();
    let report = with_states(&shop)
        .service(router(&shop))
        .source_dir(directory.path())
        .run()
        .await;
    report.assert_ok();
    assert_eq!(report.verified().len(), 3);
    let operations: Vec<_> = report.verified().iter().map(|one| one.operation).collect();
    assert_eq!(operations, [Some("createPet"), Some("getPet"), Some("getPet")]);
}

#[tokio::test]
async fn a_service_behind_a_socket_is_verified_too() {
    let directory = recorded().await;
    let shop = Shop::default();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let forever = std::future::pending::<()>();
    let server = tokio::spawn(tieline::server::serve::serve(
        listener,
        router(&shop),
        forever,
        std::time::Duration::ZERO,
    ));
    let verification = with_states(&shop).url(&url).unwrap().source_dir(directory.path());
    // On a task of its own: a verification can go anywhere.
    let report = tokio::spawn(verification.run()).await.unwrap();
    report.assert_ok();
    server.abort();
    // Nobody listens any more once the task has ended.
    assert!(server.await.unwrap_err().is_cancelled());
    let report = with_states(&shop)
        .url(&url)
        .unwrap()
        .source_dir(directory.path())
        .run()
        .await;
    assert!(report.to_string().contains("no reply: "), "{report}");
}

#[tokio::test(start_paused = true)]
async fn a_provider_that_does_not_answer_in_time_breaks_the_pact() {
    let directory = recorded().await;
    let service = axum::Router::new().fallback(std::future::pending::<http::StatusCode>);
    let report = with_states(&Shop::default())
        .service(service)
        .source_dir(directory.path())
        .run()
        .await;
    assert_eq!(report.broken().count(), 3);
    assert!(
        report.to_string().contains("no reply: none came within 30s"),
        "{report}"
    );
}

#[tokio::test]
async fn other_values_of_the_same_types_keep_the_pact() {
    verify_reply((200, "application/json; charset=utf-8", good()))
        .await
        .assert_ok();
}

#[tokio::test]
async fn a_missing_field_breaks_the_pact() {
    let report = verify_reply((200, "application/json", without("name"))).await;
    let text = report.to_string();
    assert!(!report.is_ok());
    assert!(
        text.contains("broken: web: \"getPet (200)\", given \"a pet exists\": GET /pets/7 (getPet)"),
        "{text}"
    );
    assert!(text.contains("name"), "{text}");
}

#[tokio::test]
async fn a_field_of_another_type_breaks_the_pact_at_its_place() {
    let report = verify_reply((200, "application/json", changed("name", json!(7)))).await;
    let mismatch = only_mismatch(&report);
    assert_eq!(mismatch.place, Place::Body("/name".into()));
    assert_eq!(
        (mismatch.expected.as_str(), mismatch.actual.as_str()),
        ("\"Rex\"", "7")
    );
    assert!(
        report.to_string().contains("body /name: expected \"Rex\", got 7"),
        "{report}"
    );
}

#[tokio::test]
async fn items_and_values_of_another_type_break_the_pact() {
    let report = verify_reply((200, "application/json", changed("tags", json!(["x", 7])))).await;
    assert_eq!(only_mismatch(&report).place, Place::Body("/tags/1".into()));
    let report = verify_reply((200, "application/json", changed("tags", json!([])))).await;
    assert_eq!(only_mismatch(&report).place, Place::Body("/tags".into()));
    let report = verify_reply((
        200,
        "application/json",
        changed("weights", json!({ "a": "heavy" })),
    ))
    .await;
    assert_eq!(only_mismatch(&report).place, Place::Body("/weights/a".into()));
}

#[tokio::test]
async fn text_of_another_format_or_constant_breaks_the_pact() {
    let report = verify_reply((200, "application/json", changed("born", json!("yesterday")))).await;
    assert_eq!(only_mismatch(&report).place, Place::Body("/born".into()));
    let report = verify_reply((200, "application/json", changed("status", json!("stolen")))).await;
    assert_eq!(only_mismatch(&report).place, Place::Body("/status".into()));
}

#[tokio::test]
async fn another_status_breaks_the_pact() {
    let report = verify_reply((202, "application/json", good())).await;
    let mismatch = only_mismatch(&report);
    assert_eq!(mismatch.place, Place::Status);
    assert!(
        report.to_string().contains("status: expected 200, got 202"),
        "{report}"
    );
}

#[tokio::test]
async fn another_media_type_breaks_the_pact() {
    let report = verify_reply((200, "text/html", json!("<p>"))).await;
    assert!(
        report
            .to_string()
            .contains("media type of the body: expected application/json"),
        "{report}"
    );
}

#[tokio::test]
async fn an_exact_part_must_be_equal() {
    let directory = recorded().await;
    let create = || async {
        let body = json!({ "id": 1, "name": "Moritz", "tags": [], "status": "sold" }).to_string();
        (
            http::StatusCode::CREATED,
            [("content-type", "application/json")],
            body,
        )
    };
    let shop = Shop::default();
    let service = axum::Router::new()
        .route("/pets", post(create))
        .fallback_service(router(&shop));
    let report = with_states(&shop)
        .service(service)
        .source_dir(directory.path())
        .run()
        .await;
    let mismatch = only_mismatch(&report);
    assert_eq!(mismatch.place, Place::Body("/name".into()));
    assert_eq!(mismatch.actual, "\"Moritz\"");
}

#[tokio::test]
async fn a_state_that_nobody_handles_is_named() {
    let directory = recorded().await;
    let shop = Shop::default();
    let report = verify(&CONTRACT)
        .state("no pets", |_| async {})
        .service(router(&shop))
        .source_dir(directory.path())
        .run()
        .await;
    assert!(!report.is_ok());
    let text = report.to_string();
    assert!(
        text.contains("nobody handles the state \"a pet exists\"; handled are [\"no pets\"]"),
        "{text}"
    );
}

#[tokio::test]
async fn a_state_that_fails_says_why() {
    let directory = recorded().await;
    let shop = Shop::default();
    let report = with_states(&shop)
        .state("a pet exists", |params: Params| async move {
            params.get::<i64>("age").map(|_| ())
        })
        .service(router(&shop))
        .source_dir(directory.path())
        .run()
        .await;
    let text = report.to_string();
    assert!(
        text.contains("the state \"a pet exists\" failed: the state has no parameter age"),
        "{text}"
    );
}

struct Database {
    shop: Shop,
    cleaned: Arc<AtomicUsize>,
}

#[async_trait]
impl States for Database {
    async fn set_up(&self, state: &str, params: &Params) -> Result<Params, StateError> {
        match state {
            "a pet exists" => self.shop.add(bello(params)?),
            "no pets" => {}
            _ => return Err(StateError::unhandled()),
        }
        Ok(Params::default())
    }

    async fn tear_down(&self, _: &str, _: &Params) -> Result<(), StateError> {
        self.shop.0.lock().unwrap().clear();
        self.cleaned.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }
}

#[tokio::test]
async fn states_of_one_type_are_set_up_and_torn_down() {
    let directory = recorded().await;
    let (shop, cleaned) = (Shop::default(), Arc::new(AtomicUsize::new(0)));
    let states = Database {
        shop: shop.clone(),
        cleaned: cleaned.clone(),
    };
    let report = verify(&CONTRACT)
        .states(states)
        .service(router(&shop))
        .source_dir(directory.path())
        .run()
        .await;
    report.assert_ok();
    assert_eq!(cleaned.load(Ordering::Relaxed), 2);
}

#[tokio::test]
async fn no_pacts_at_all_is_a_failure() {
    let directory = TempDir::new().unwrap();
    let report = verify(&CONTRACT)
        .service(router(&Shop::default()))
        .source_dir(directory.path())
        .run()
        .await;
    assert!(
        report.to_string().contains("no pact with \"pets\" was found"),
        "{report}"
    );
    assert!(!report.is_ok());
    let report = verify(&CONTRACT)
        .service(router(&Shop::default()))
        .source_dir(directory.path().join("missing"))
        .run()
        .await;
    assert!(report.to_string().contains("cannot be read"), "{report}");
    let directory = recorded().await;
    let shop = Shop::default();
    let report = with_states(&shop)
        .service(router(&shop))
        .source_dir(directory.path())
        .require_at_least(4)
        .run()
        .await;
    assert!(
        report
            .to_string()
            .contains("3 interactions were found, and at least 4"),
        "{report}"
    );
}

#[tokio::test]
#[should_panic(expected = "no pact with \"pets\" was found")]
async fn a_report_that_is_not_ok_fails_the_test() {
    let directory = TempDir::new().unwrap();
    let verification = verify(&CONTRACT)
        .service(router(&Shop::default()))
        .source_dir(directory.path());
    verification.run().await.assert_ok();
}

/// A pact of version 3, as other tools write it: states with parameters, a query, matchers and a generator.
fn version_3() -> Json {
    json!({
        "consumer": { "name": "app" },
        "provider": { "name": "pets" },
        "interactions": [{
            "description": "a pet by its id",
            "providerStates": [{ "name": "a pet exists", "params": { "id": 7, "name": "Bello" } }],
            "request": {
                "method": "GET", "path": "/pets/1", "query": { "verbose": ["true"] },
                "generators": {
                    "path": { "type": "ProviderState", "expression": "/pets/${id}", "dataType": "STRING" }
                }
            },
            "response": {
                "status": 200,
                "headers": { "Content-Type": "application/json" },
                "body": { "id": 1, "name": "Rex", "tags": ["dog"] },
                "matchingRules": { "body": {
                    "$.id": { "combine": "AND", "matchers": [{ "match": "integer" }] },
                    "$.name": { "combine": "AND", "matchers": [{ "match": "regex", "regex": "^[A-Z].*" }] },
                    "$.tags": { "combine": "AND", "matchers": [{ "match": "type", "min": 1 }] }
                } }
            }
        }],
        "metadata": { "pactSpecification": { "version": "3.0.0" } }
    })
}

#[tokio::test]
async fn a_pact_of_version_3_is_verified_with_its_generators() {
    let shop = Shop::default();
    let report = with_states(&shop)
        .service(router(&shop))
        .source_json("app.json", version_3())
        .run()
        .await;
    report.assert_ok();
    let mut pact = version_3();
    pact["interactions"][0]["response"]["matchingRules"]["body"]["$.name"]["matchers"][0]["regex"] =
        json!("^Z");
    let report = with_states(&shop)
        .service(router(&shop))
        .source_json("app.json", pact)
        .run()
        .await;
    assert_eq!(only_mismatch(&report).place, Place::Body("/name".into()));
}

#[tokio::test]
async fn a_pact_of_version_2_is_verified() {
    let pact = json!({
        "consumer": { "name": "app" },
        "provider": { "name": "pets" },
        "interactions": [{
            "description": "a pet by its id",
            "providerState": "a pet exists",
            "request": { "method": "GET", "path": "/pets/7", "query": "verbose=true" },
            "response": {
                "status": 200,
                "body": { "name": "Rex" },
                "matchingRules": { "$.body.name": { "match": "type" } }
            }
        }],
        "metadata": { "pactSpecification": { "version": "2.0.0" } }
    });
    let shop = Shop::default();
    shop.add(Pet::new(7, "Bello", &[]));
    let report = verify(&CONTRACT)
        .state("a pet exists", |_| async {})
        .service(router(&shop))
        .source_json("app.json", pact)
        .run()
        .await;
    report.assert_ok();
}

#[tokio::test]
async fn a_pending_interaction_is_reported_and_fails_nothing() {
    let pact = |pending: bool| {
        json!({
            "consumer": { "name": "app" },
            "provider": { "name": "pets" },
            "interactions": [{
                "type": "Synchronous/HTTP", "description": "what is to come", "pending": pending,
                "request": { "method": "GET", "path": "/parrots" }, "response": { "status": 200 },
            }],
            "metadata": { "pactSpecification": { "version": "4.0" } }
        })
    };
    let run = |pact: Json| {
        verify(&CONTRACT)
            .service(router(&Shop::default()))
            .source_json("app.json", pact)
            .run()
    };
    let report = run(pact(true)).await;
    assert!(report.is_ok(), "{report}");
    assert!(
        report
            .to_string()
            .contains("pending: app: \"what is to come\": GET /parrots (no operation"),
        "{report}"
    );
    assert!(!run(pact(false)).await.is_ok());
}

#[tokio::test]
async fn what_cannot_be_verified_is_no_success() {
    let messages = json!({
        "consumer": { "name": "app" },
        "provider": { "name": "pets" },
        "interactions": [{ "type": "Asynchronous/Messages", "description": "a pet was sold", "pending": false }],
        "metadata": { "pactSpecification": { "version": "4.0" } }
    });
    let run = |pact: Json| {
        verify(&CONTRACT)
            .service(router(&Shop::default()))
            .source_json("app.json", pact)
            .run()
    };
    let report = run(messages).await;
    assert!(report.to_string().contains("cannot be verified yet"), "{report}");
    let mut other = version_3();
    other["provider"]["name"] = json!("parrots");
    let report = run(other).await;
    assert!(
        report
            .to_string()
            .contains("is with \"parrots\", and the provider is \"pets\""),
        "{report}"
    );
    let mut broken = version_3();
    broken["interactions"][0]["response"]["status"] = json!("200");
    let report = run(broken).await;
    assert!(
        report
            .to_string()
            .contains("/interactions/0/response/status is no number"),
        "{report}"
    );
}

#[tokio::test]
async fn headers_of_the_verification_are_sent_with_every_request() {
    let shop = Shop::default();
    let guarded = router(&shop).layer(axum::middleware::from_fn(
        |request: axum::extract::Request, next: axum::middleware::Next| async move {
            if request.headers().contains_key("authorization") {
                next.run(request).await
            } else {
                axum::response::IntoResponse::into_response(http::StatusCode::UNAUTHORIZED)
            }
        },
    ));
    let run = |verification: Verification| verification.source_json("app.json", version_3()).run();
    assert!(!run(with_states(&shop).service(guarded.clone())).await.is_ok());
    run(with_states(&shop)
        .service(guarded)
        .header("authorization", "Bearer x"))
    .await
    .assert_ok();
}
