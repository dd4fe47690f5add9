//! What a generated HTTP server does with requests, replies and errors.

#![cfg(all(feature = "server", feature = "mock"))]

mod support;

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use http::{Request, StatusCode};
use serde_json::{Value as Json, json};
use support::pets::{self, Mock, get_pet, pet, types};
use support::{get, post, send};
use tieline::server::{ErrorStyle, not_found};
use tieline::{Code, Context, Error};

fn mock() -> (Arc<Mock>, tieline::server::Service) {
    let mock = Arc::new(Mock::default());
    (mock.clone(), pets::service(mock))
}

fn problem(title: &str) -> types::Problem {
    types::Problem { title: title.into() }
}

#[tokio::test]
async fn a_typed_request_gets_a_typed_reply() {
    let (mock, service) = mock();
    mock.get_pet.reply(get_pet::Response::Ok(pet()));
    let got = send(service, get("/pets/7?verbose=true")).await;
    assert_eq!(
        (got.status, got.header("content-type")),
        (StatusCode::OK, "application/json")
    );
    assert_eq!(got.json(), json!({"id": 7, "name": "Rex", "tags": ["good"]}));
    assert_eq!(
        mock.get_pet.calls(),
        [get_pet::Request {
            id: 7,
            verbose: Some(true)
        }]
    );
}

#[tokio::test]
async fn every_declared_failure_has_its_status_media_type_and_body() {
    let (mock, service) = mock();
    mock.get_pet
        .fail_once(get_pet::Failure::NotFound(problem("no pet")))
        .fail_once(get_pet::Failure::Gone)
        .fail_once(get_pet::Failure::Default(StatusCode::IM_A_TEAPOT, problem("tea")));
    let got = send(service.clone(), get("/pets/1")).await;
    assert_eq!(
        (got.status, got.header("content-type")),
        (StatusCode::NOT_FOUND, "application/problem+json")
    );
    assert_eq!(got.json(), json!({"title": "no pet"}));
    let got = send(service.clone(), get("/pets/1")).await;
    assert_eq!(
        (got.status, got.body.len(), got.header("content-type")),
        (StatusCode::GONE, 0, "")
    );
    let got = send(service, get("/pets/1")).await;
    assert_eq!(
        (got.status, got.json()),
        (StatusCode::IM_A_TEAPOT, json!({"title": "tea"}))
    );
}

#[tokio::test]
async fn parameters_are_read_from_every_place_in_every_style() {
    let (mock, service) = mock();
    mock.search.with(|request| Ok(understood(request)));
    let query = "tags=a%26b&tags=c+d&ids=1,2&words=x%20y+z&codes=1%7C2|3&filter[status]=sold&filter%5Btags%5D=t\
                 &filter[tags]=u&size=5&after=x%3Dy&extra=%7B%22size%22%3A9%7D&rest[k]=v%2Cw";
    let mut request = get(&format!("/pets/search?{query}"));
    let headers = request.headers_mut();
    headers.append("x-trace", "a, b".parse().unwrap());
    headers.append("x-trace", "c".parse().unwrap());
    headers.insert(
        "cookie",
        "other=1; session=67e55044-10b1-426f-9247-bb680e5fe0c8"
            .parse()
            .unwrap(),
    );
    let got = send(service, request).await;
    assert_eq!(got.status, StatusCode::OK, "{:?}", got.body);
    assert_eq!(
        got.json()["parameters"],
        json!({
            "tags": ["a&b", "c d"],
            "ids": [1, 2],
            "words": ["x", "y", "z"],
            "codes": [1, 2, 3],
            "filter": {"status": "sold", "tags": ["t", "u"]},
            "page": {"size": 5, "after": "x=y"},
            "extra": {"size": 9},
            "x-trace": ["a", "b", "c"],
            "session": "67e55044-10b1-426f-9247-bb680e5fe0c8",
            "rest": {"k": "v,w"},
        })
    );
}

fn understood(request: &pets::search::Request) -> pets::search::Response {
    let Ok(Json::Object(parameters)) = serde_json::to_value(request) else {
        panic!("an object")
    };
    let understood = types::Understood {
        parameters: parameters.into_iter().collect(),
    };
    pets::search::Response::Ok(understood)
}

#[tokio::test]
async fn absent_optional_parameters_stay_absent() {
    let (mock, service) = mock();
    mock.search.with(|request| Ok(understood(request)));
    let got = send(service.clone(), get("/pets/search")).await;
    assert_eq!(got.json()["parameters"], json!({}));
    let got = send(service, get("/pets/search?ids=&other=1")).await;
    assert_eq!(
        got.json()["parameters"],
        json!({"ids": []}),
        "an empty list is not an absent one"
    );
}

#[tokio::test]
async fn an_encoded_delimiter_stays_inside_its_item() {
    let (mock, service) = mock();
    mock.search.with(|request| Ok(understood(request)));
    mock.get_file.reply(pets::get_file::Response::Ok("x".into()));
    let got = send(service.clone(), get("/pets/search?words=a%2Bb&tags=a,b")).await;
    assert_eq!(
        got.json()["parameters"],
        json!({"words": ["a+b"], "tags": ["a,b"]})
    );
    send(service, get("/files/a%2Fb%20c")).await;
    assert_eq!(mock.get_file.calls()[0].name, "a/b c");
}

#[tokio::test]
async fn all_that_is_wrong_is_said_at_once_without_quoting_values() {
    let (_, service) = mock();
    let got = send(
        service.clone(),
        get("/pets/search?tags=1&tags=2&tags=3&tags=4&ids=1,secret&size=500&session=x&extra=%7B%7D&filter[tags]=x"),
    )
    .await;
    assert_eq!(
        (got.status, got.header("content-type")),
        (StatusCode::BAD_REQUEST, "application/problem+json")
    );
    assert_eq!(
        got.violations(),
        [
            "query tags: must have at most 3 items",
            "query ids/1: expected a 32-bit integer",
            "query filter/status: a required property is missing",
            "query page/size: must be at most 100",
            "query extra/size: a required property is missing",
        ]
    );
    assert!(!got.text().contains("secret"));
    let problem = got.json();
    assert_eq!(problem["title"], "Bad Request");
    assert_eq!(
        (&problem["status"], &problem["code"]),
        (&json!(400), &json!("INVALID_ARGUMENT"))
    );
    assert_eq!(problem["correlation_id"], got.header("x-correlation-id"));

    let body = json!({"id": 1, "name": "", "tags": ["a", "bb", "bb"], "status": "lost"}).to_string();
    let got = send(service, post("/pets", "application/json", body)).await;
    assert_eq!(
        got.violations(),
        [
            "body /name: must have at least 1 characters",
            "body /tags: must not have equal items",
            "body /tags/0: must have at least 2 characters",
            "body /status: must be one of the 2 values that the contract names",
            "header idempotency-key: is required",
        ]
    );
}

#[tokio::test]
async fn a_missing_or_malformed_body_is_a_located_violation() {
    let (_, service) = mock();
    let with_key = |body: &'static str| {
        let mut request = post("/pets", "application/json", body);
        request
            .headers_mut()
            .insert("idempotency-key", "k".parse().unwrap());
        request
    };
    for (body, violation) in [
        ("", "body : is required"),
        (
            r#"{"id": 1, "name": "x"}"#,
            "body /tags: a required property is missing",
        ),
        (
            r#"{"id": "1", "name": "x", "tags": []}"#,
            "body /id: expected an integer, found text",
        ),
        (
            r#"{"id": 1, "name": "x", "tags": [], "status": null}"#,
            "body /status: null is not allowed here, only absence",
        ),
        (
            r#"{"id": 1"#,
            "body : not valid JSON: EOF while parsing an object",
        ),
    ] {
        let got = send(service.clone(), with_key(body)).await;
        assert_eq!(
            (got.status, got.violations()),
            (StatusCode::BAD_REQUEST, vec![violation.to_owned()])
        );
    }
}

#[tokio::test]
async fn bodies_of_forms_octets_and_text_go_both_ways() {
    let (mock, service) = mock();
    mock.order.with(|request| {
        Ok(pets::order::Response::Ok(format!(
            "{} {}",
            request.body.size,
            request.body.after.as_deref().unwrap()
        )))
    });
    mock.put_file.reply(pets::put_file::Response::NoContent);
    mock.get_file
        .reply(pets::get_file::Response::Ok((&b"\x00\xff"[..]).into()));
    let form = post(
        "/orders",
        "application/x-www-form-urlencoded; charset=utf-8",
        "size=3&after=a+b%26",
    );
    let got = send(service.clone(), form).await;
    assert_eq!(
        (got.text(), got.header("content-type")),
        ("3 a b&", "text/plain; charset=utf-8")
    );

    let put = Request::put("/files/x")
        .body(Body::from(&b"\x00\xff"[..]))
        .unwrap();
    assert_eq!(send(service.clone(), put).await.status, StatusCode::NO_CONTENT);
    let put = Request::put("/files/x").body(Body::empty()).unwrap();
    send(service.clone(), put).await;
    let bodies: Vec<_> = mock.put_file.calls().into_iter().map(|call| call.body).collect();
    assert_eq!(bodies, [Some((&b"\x00\xff"[..]).into()), None]);

    let got = send(service, get("/files/x")).await;
    assert_eq!(
        (&got.body[..], got.header("content-type")),
        (&b"\x00\xff"[..], "application/octet-stream")
    );
}

#[tokio::test]
async fn another_media_type_and_a_body_beyond_the_limit_are_refused() {
    let (_, service) = mock();
    let got = send(service.clone(), post("/pets", "text/xml", "<pet/>")).await;
    assert_eq!(got.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    assert_eq!(got.json()["detail"], "the body must be application/json");
    let bare = Request::post("/pets").body(Body::from("{}")).unwrap();
    assert_eq!(
        send(service.clone(), bare).await.status,
        StatusCode::UNSUPPORTED_MEDIA_TYPE
    );
    let json = post("/pets", "application/vnd.pet+json", "{}");
    assert_eq!(
        send(service.clone(), json).await.status,
        StatusCode::BAD_REQUEST,
        "any JSON will do"
    );

    let small = service.body_limit(8);
    let got = send(small.clone(), post("/pets", "application/json", "123456789")).await;
    assert_eq!(got.status, StatusCode::PAYLOAD_TOO_LARGE);
    let chunks = futures_util::stream::iter(["12345", "6789"].map(Ok::<_, std::convert::Infallible>));
    let streamed = post("/pets", "application/json", Body::from_stream(chunks));
    assert_eq!(send(small, streamed).await.status, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn an_unknown_path_is_404_and_another_method_405_with_what_is_allowed() {
    let (mock, service) = mock();
    mock.get_meta.reply(pets::get_meta::Response::Ok("meta".into()));
    mock.get_file.reply(pets::get_file::Response::Ok("file".into()));
    let got = send(service.clone(), get("/nothing")).await;
    assert_eq!(
        (got.status, got.header("content-type")),
        (StatusCode::NOT_FOUND, "application/problem+json")
    );
    let delete = |path: &str| Request::delete(path).body(Body::empty()).unwrap();
    for target in [
        service.clone().into_router(),
        axum::Router::new().fallback_service(service.clone()),
    ] {
        let got = send(target.clone(), delete("/files/x")).await;
        assert_eq!(
            (got.status, got.header("allow")),
            (StatusCode::METHOD_NOT_ALLOWED, "GET, HEAD, PUT")
        );
        let got = send(target.clone(), delete("/files/x.json")).await;
        assert_eq!(
            (got.status, got.header("allow")),
            (StatusCode::METHOD_NOT_ALLOWED, "GET, HEAD")
        );
        assert_eq!(send(target.clone(), get("/files/x.json")).await.text(), "meta");
        assert_eq!(send(target.clone(), get("/files/x.yaml")).await.text(), "file");
        let head = Request::head("/files/x").body(Body::empty()).unwrap();
        let got = send(target, head).await;
        assert_eq!(
            (got.status, got.body.len(), got.header("content-length")),
            (StatusCode::OK, 0, "4")
        );
    }
}

#[tokio::test]
async fn routers_merge_and_nest() {
    let (mock, service) = mock();
    mock.get_pet.reply(get_pet::Response::Ok(pet()));
    let others = axum::Router::new().route("/other", axum::routing::get(|| async { "other" }));
    let app = axum::Router::new()
        .nest("/v1", service.clone().into_router())
        .merge(service.into_router())
        .merge(others)
        .fallback(not_found);
    assert_eq!(send(app.clone(), get("/pets/7")).await.status, StatusCode::OK);
    assert_eq!(send(app.clone(), get("/v1/pets/7")).await.status, StatusCode::OK);
    assert_eq!(send(app.clone(), get("/other")).await.text(), "other");
    let got = send(app, get("/v2/pets/7")).await;
    assert_eq!(
        (got.status, &got.json()["title"]),
        (StatusCode::NOT_FOUND, &json!("Not Found"))
    );
}

#[tokio::test]
async fn errors_outside_the_contract_are_problems_that_hide_what_is_internal() {
    let (mock, service) = mock();
    mock.get_pet
        .fail_once(Error::new(Code::PermissionDenied, "not your pet"))
        .fail_once(Error::internal(std::io::Error::other("password=hunter2")))
        .fail_once(tieline::error::Fault::new(
            tieline::ErrorKind::Connect,
            Code::Unavailable,
            "connecting to 10.0.0.1 failed",
        ))
        .fail_once(Error::new(Code::Unavailable, "closed for lunch"));
    let got = send(service.clone(), get("/pets/1")).await;
    assert_eq!(
        (got.status, &got.json()["detail"]),
        (StatusCode::FORBIDDEN, &json!("not your pet"))
    );
    let got = send(service.clone(), get("/pets/1")).await;
    assert_eq!(
        (got.status, &got.json()["detail"]),
        (StatusCode::INTERNAL_SERVER_ERROR, &json!("internal error"))
    );
    assert!(!got.text().contains("hunter2"));
    let got = send(service.clone(), get("/pets/1")).await;
    assert_eq!(got.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(!got.text().contains("10.0.0.1"), "{}", got.text());
    let got = send(service, get("/pets/1")).await;
    assert_eq!(
        (got.status, &got.json()["detail"]),
        (StatusCode::SERVICE_UNAVAILABLE, &json!("closed for lunch"))
    );
}

#[tokio::test]
async fn the_renderer_of_errors_can_be_changed() {
    let (mock, service) = mock();
    mock.get_pet.fail(Error::new(Code::NotFound, "no such pet"));
    let plain = service.clone().render_errors_with(ErrorStyle::Message);
    let got = send(plain, get("/pets/1")).await;
    assert_eq!(
        (got.status, got.text()),
        (StatusCode::NOT_FOUND, r#"{"error":"no such pet"}"#)
    );
    let own = service.render_errors_with(|error: &Error, status: StatusCode, _: &Context| {
        let mut response = http::Response::new(Body::from(format!("<{}>", error.code())));
        *response.status_mut() = status;
        response
    });
    assert_eq!(send(own, get("/pets/1")).await.text(), "<NOT_FOUND>");
}

#[tokio::test]
async fn retry_after_is_passed_on_in_whole_seconds() {
    let (mock, service) = mock();
    let fault =
        tieline::error::Fault::new(tieline::ErrorKind::Internal, Code::ResourceExhausted, "slow down");
    mock.get_pet
        .fail(fault.with_retry_after(Some(Duration::from_millis(1200))));
    let got = send(service, get("/pets/1")).await;
    assert_eq!(
        (got.status, got.header("retry-after")),
        (StatusCode::TOO_MANY_REQUESTS, "2")
    );
}

#[tokio::test]
async fn a_long_list_of_violations_is_cut() {
    let (_, service) = mock();
    let tags = vec![json!("x"); 1000];
    let body = json!({"id": 1, "name": "x", "tags": tags}).to_string();
    let got = send(service, post("/pets", "application/json", body)).await;
    assert_eq!(
        (got.status, got.violations().len()),
        (StatusCode::BAD_REQUEST, 100)
    );
}
