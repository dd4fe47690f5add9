//! Who may pass with which key.

#![cfg(feature = "server")]

use axum::Router;
use axum::body::Body;
use axum::routing::get;
use http::{Request, Response, StatusCode};
use http_body_util::BodyExt;
use tieline::Code;
use tieline::server::ErrorStyle;
use tieline::server::auth::{ApiKeys, ServiceIdentity};
use tower::ServiceExt;

async fn who(axum::Extension(identity): axum::Extension<ServiceIdentity>) -> String {
    format!("{identity:?}")
}

fn app(keys: ApiKeys) -> Router {
    let internal = Router::new().route("/who", get(who));
    let public = Router::new().route("/public", get(|| async { "hello" }));
    public.nest("/internal", keys.protect(internal))
}

async fn ask(app: &Router, path: &str, headers: &[(&str, &str)]) -> Response<Body> {
    let request = headers.iter().fold(Request::get(path), |request, (name, value)| {
        request.header(*name, *value)
    });
    app.clone()
        .oneshot(request.body(Body::empty()).unwrap())
        .await
        .unwrap()
}

fn header((name, value): (&'static str, &'static str)) -> (http::HeaderName, http::HeaderValue) {
    (
        http::HeaderName::from_static(name),
        http::HeaderValue::from_static(value),
    )
}

async fn text(response: Response<Body>) -> String {
    String::from_utf8(response.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap()
}

#[tokio::test]
async fn a_valid_key_passes_and_names_the_caller() {
    let app = app(ApiKeys::new(["old-key", "new-key"]));
    for key in ["old-key", "new-key"] {
        let shown = [
            ("x-api-key", key),
            ("x-service-name", "orders"),
            ("x-service-id", "r-1"),
        ];
        let response = ask(&app, "/internal/who", &shown).await;
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(
            text(response).await,
            r#"ServiceIdentity { name: Some("orders"), id: Some("r-1"), permissions: [] }"#
        );
    }
}

#[tokio::test]
async fn a_missing_or_wrong_key_is_401() {
    let app = app(ApiKeys::new(["the-key"]));
    for key in ["", "the-ke", "the-keyy", "the-kez", "THE-KEY", "the-key,the-key"] {
        let response = ask(
            &app,
            "/internal/who",
            &[("x-api-key", key), ("x-correlation-id", "c-1")],
        )
        .await;
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED, "{key}");
        assert_eq!(response.headers()["www-authenticate"], "ApiKey");
        assert_eq!(response.headers()["x-correlation-id"], "c-1");
    }
    let response = ask(&app, "/internal/who", &[]).await;
    assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
    assert!(text(response).await.contains("the x-api-key header is missing"));
    let twice = [("x-api-key", "the-key"), ("x-api-key", "guess")];
    assert_eq!(
        ask(&app, "/internal/who", &twice).await.status(),
        StatusCode::UNAUTHORIZED
    );
}

#[tokio::test]
async fn only_what_is_behind_the_key_asks_for_it() {
    let app = app(ApiKeys::new(["the-key"]));
    assert_eq!(ask(&app, "/public", &[]).await.status(), StatusCode::OK);
    assert_eq!(ask(&app, "/unknown", &[]).await.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn no_key_at_all_lets_nobody_through() {
    let app = app(ApiKeys::new(["", ""]));
    assert!(ApiKeys::parse(" , ").is_err());
    assert!(
        ApiKeys::parse(" old, new")
            .unwrap()
            .check(&[("x-api-key", "new")].into_iter().map(header).collect())
            .is_ok()
    );
    for shown in [&[("x-api-key", "")][..], &[]] {
        assert_eq!(
            ask(&app, "/internal/who", shown).await.status(),
            StatusCode::UNAUTHORIZED
        );
    }
}

#[tokio::test]
async fn refusals_are_rendered_as_told_and_checks_work_without_axum() {
    let keys = ApiKeys::new(["the-key"]).render_errors_with(ErrorStyle::Message);
    let response = ask(&app(keys.clone()), "/internal/who", &[]).await;
    assert_eq!(
        text(response).await,
        r#"{"error":"the x-api-key header is missing"}"#
    );
    let mut headers = http::HeaderMap::new();
    assert_eq!(keys.check(&headers).unwrap_err().code(), Code::Unauthenticated);
    headers.insert("x-api-key", "the-key".parse().unwrap());
    assert_eq!(keys.check(&headers).unwrap(), ServiceIdentity::default());
    assert_eq!(format!("{keys:?}"), "ApiKeys(1)", "keys are not shown");
}

#[tokio::test]
async fn a_key_that_was_granted_to_a_service_is_that_services_and_may_do_what_was_granted() {
    let keys = ApiKeys::new(["everybodys"])
        .grant("orders", "key-of-orders", ["pets.read"])
        .grant("mail", "", ["all"]);
    let internal = Router::new().route("/who", get(who));
    let app = keys.protect_for(&["pets.read"], internal);
    let response = ask(&app, "/who", &[("x-api-key", "key-of-orders")]).await;
    let seen = r#"ServiceIdentity { name: Some("orders"), id: None, permissions: ["pets.read"] }"#;
    assert_eq!(text(response).await, seen);
    let as_other = [("x-api-key", "key-of-orders"), ("x-service-name", "mail")];
    assert_eq!(ask(&app, "/who", &as_other).await.status(), StatusCode::FORBIDDEN);
    let without = [("x-api-key", "everybodys")];
    assert_eq!(ask(&app, "/who", &without).await.status(), StatusCode::FORBIDDEN);
    let empty = [("x-api-key", "")];
    assert_eq!(ask(&app, "/who", &empty).await.status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn each_environment_has_keys_of_its_own() {
    let variables: std::collections::BTreeMap<String, String> =
        [("STAGING", "staging-key"), ("EU_LIVE", "old,new")]
            .into_iter()
            .map(|(name, keys)| (format!("SERVICE_API_KEY_{name}"), keys.to_owned()))
            .collect();
    let of = |environment| ApiKeys::from_variables_of(environment, &variables);
    let staging = app(of("staging").unwrap());
    let live = app(of("eu-live").unwrap());
    for (app, key, status) in [
        (&staging, "staging-key", StatusCode::OK),
        (&staging, "new", StatusCode::UNAUTHORIZED),
        (&live, "new", StatusCode::OK),
        (&live, "old", StatusCode::OK),
        (&live, "staging-key", StatusCode::UNAUTHORIZED),
    ] {
        let response = ask(app, "/internal/who", &[("x-api-key", key)]).await;
        assert_eq!(response.status(), status, "{key}");
    }
    assert!(of("production").is_err());
    assert!(ApiKeys::from_env_of("an environment that nobody has").is_err());
}
