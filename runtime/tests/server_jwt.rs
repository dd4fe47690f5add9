//! Which tokens a server accepts, and what it says of others.

#![cfg(all(feature = "server", feature = "mock"))]

mod support;

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::routing::get;
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use http::{Request, StatusCode};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair};
use serde_json::{Value as Json, json};
use support::{Got, send};
use tieline::Code;
use tieline::clock::{ManualClock, Wall};
use tieline::context::Principal;
use tieline::generated::v1;
use tieline::server::ErrorStyle;
use tieline::server::auth::{ApiKeys, Claims, Jwt, JwtError, Schemes};

const SECRET: &str = "a secret of at least thirty-two octets";
const NOW: u64 = 1_700_000_000;

fn wall() -> Wall {
    Wall::at(Duration::from_secs(NOW))
}

fn signed(header: &Json, claims: &Json, sign: impl FnOnce(&[u8]) -> Vec<u8>) -> String {
    let part = |json: &Json| BASE64.encode(serde_json::to_vec(json).unwrap());
    let text = format!("{}.{}", part(header), part(claims));
    let signature = BASE64.encode(sign(text.as_bytes()));
    format!("{text}.{signature}")
}

fn by_secret(secret: &str, claims: &Json) -> String {
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, secret.as_bytes());
    signed(&json!({"alg": "HS256", "typ": "JWT"}), claims, |text| {
        ring::hmac::sign(&key, text).as_ref().to_vec()
    })
}

fn claims() -> Json {
    json!({"sub": "ann", "exp": NOW + 60, "scope": "pets.read pets.write"})
}

fn with(name: &str, value: Json) -> Json {
    let mut claims = claims();
    claims[name] = value;
    claims
}

fn hs256() -> Jwt {
    Jwt::hs256(SECRET).unwrap().wall(wall())
}

async fn refused(jwt: &Jwt, token: &str) -> String {
    let error = jwt.verify(token).await.unwrap_err();
    assert_eq!(error.code(), Code::Unauthenticated, "{error}");
    error.message().to_owned()
}

#[tokio::test]
async fn a_token_of_the_secret_shows_who_calls_and_what_it_permits() {
    let claims = hs256().verify(&by_secret(SECRET, &claims())).await.unwrap();
    assert_eq!(claims.subject(), Some("ann"));
    assert_eq!(claims.permissions(), ["pets.read", "pets.write"]);
    assert!(claims.permits(&["pets.write"]) && !claims.permits(&["pets.read", "pets.delete"]));
    let lists = with("scp", json!(["a"]));
    let claims = hs256()
        .permissions_claim("roles")
        .verify(&by_secret(SECRET, &lists))
        .await
        .unwrap();
    assert!(claims.permits(&["a", "pets.read"]));
}

#[tokio::test]
async fn what_is_not_of_the_secret_or_not_for_now_or_not_for_us_is_refused() {
    let jwt = hs256().issuer("https://login").audience("pets");
    let good = |name: &str, value: Json| {
        let mut claims = with(name, value);
        for (name, value) in [
            ("iss", json!("https://login")),
            ("aud", json!(["orders", "pets"])),
        ] {
            if claims.get(name).is_none() {
                claims[name] = value;
            }
        }
        claims
    };
    let token = |name: &str, value: Json| by_secret(SECRET, &good(name, value));
    assert!(jwt.verify(&token("x", json!(1))).await.is_ok());
    assert!(
        jwt.verify(&token("exp", json!(NOW - 29))).await.is_ok(),
        "clocks may differ"
    );
    for (name, value, message) in [
        ("exp", json!(NOW - 30), "the token has expired"),
        ("exp", json!("soon"), "the token is malformed"),
        ("exp", Json::Null, "the token is malformed"),
        ("nbf", json!(NOW + 31), "the token is not valid yet"),
        ("iss", json!("https://other"), "the token is of another issuer"),
        ("iss", json!(["https://login"]), "the token is of another issuer"),
        ("aud", json!("orders"), "the token is for another audience"),
        ("aud", json!([]), "the token is for another audience"),
        ("sub", json!(7), "the token names nobody"),
    ] {
        assert_eq!(refused(&jwt, &token(name, value)).await, message, "{name}");
    }
    let other = by_secret(
        "another secret of at least thirty-two octets",
        &good("x", json!(1)),
    );
    assert_eq!(refused(&jwt, &other).await, "the token's signature does not hold");
    assert_eq!(refused(&jwt, "no.token").await, "the token is malformed");
    let none = signed(&json!({"alg": "none"}), &claims(), |_| Vec::new());
    assert_eq!(
        refused(&jwt, &none).await,
        "the token is signed in a way that is not accepted"
    );
}

#[tokio::test]
async fn a_token_without_end_or_for_somebody_else_is_accepted_only_when_asked_for() {
    let eternal = by_secret(SECRET, &json!({"sub": "ann"}));
    assert_eq!(refused(&hs256(), &eternal).await, "the token has no `exp`");
    assert!(hs256().allow_eternal().verify(&eternal).await.is_ok());
    let elsewhere = by_secret(SECRET, &with("aud", json!("orders")));
    assert_eq!(
        refused(&hs256(), &elsewhere).await,
        "the token is for another audience"
    );
    assert!(hs256().any_audience().verify(&elsewhere).await.is_ok());
}

#[tokio::test]
async fn while_a_secret_is_changed_both_are_good() {
    let jwt = Jwt::any_of([SECRET, "the next secret of thirty-two octets or more"])
        .unwrap()
        .wall(wall());
    for secret in [SECRET, "the next secret of thirty-two octets or more"] {
        assert!(jwt.verify(&by_secret(secret, &claims())).await.is_ok());
    }
    assert!(Jwt::any_of([SECRET, ""]).is_err());
}

#[test]
fn without_a_secret_or_keys_a_server_does_not_start() {
    let of = |kind, name: &'static str, value: &'static str| {
        let scheme = v1::SecurityScheme { name: "login", kind };
        let contract = v1::Contract {
            security_schemes: Vec::leak(vec![scheme]),
            ..NO_SECURITY
        };
        Jwt::of_contract_by(&contract, |asked| (asked == name).then(|| value.to_owned()))
    };
    use v1::SchemeKind::{ApiKeyHeader, Bearer, OpenIdConnect};
    let error = of(Bearer, "OTHER", "x").unwrap_err();
    assert!(matches!(error, JwtError::NotSet));
    assert!(error.to_string().contains("JWT_SECRET"), "{error}");
    assert!(matches!(of(Bearer, "JWT_SECRET", ""), Err(JwtError::NotSet)));
    assert!(of(Bearer, "JWT_SECRET", SECRET).is_ok());
    assert!(of(Bearer, "JWT_JWKS_URL", "https://login/keys").is_ok());
    assert!(matches!(
        of(Bearer, "JWT_JWKS_URL", "nowhere at all"),
        Err(JwtError::Url { .. })
    ));
    assert!(
        of(
            OpenIdConnect("https://login/.well-known/openid-configuration"),
            "OTHER",
            "x"
        )
        .is_ok()
    );
    assert!(matches!(
        of(ApiKeyHeader("x-key"), "JWT_SECRET", SECRET),
        Err(JwtError::NoScheme("pets"))
    ));
}

const NO_SECURITY: v1::Contract = v1::Contract {
    name: "pets",
    title: "",
    version: "",
    servers: &[],
    operations: &[],
    security_schemes: &[],
};

/// A router as the gateway of two services has it: users' routes behind a token, errors in plain words.
fn gateway() -> Router {
    async fn who(axum::Extension(principal): axum::Extension<Principal>) -> String {
        let claims = principal.details::<Claims>().unwrap();
        format!("{} {}", principal.name(), claims.permissions().len())
    }
    let jwt = hs256()
        .bad_tokens_are_forbidden()
        .render_errors_with(ErrorStyle::Reason);
    let api = Router::new().route("/who", get(who));
    Router::new()
        .nest("/api", jwt.protect(api))
        .route("/open", get(|| async { "open" }))
}

async fn ask(path: &str, authorization: Option<&str>) -> Got {
    let mut request = Request::get(path).body(Body::empty()).unwrap();
    if let Some(text) = authorization {
        request
            .headers_mut()
            .insert("authorization", text.parse().unwrap());
    }
    send(gateway(), request).await
}

#[tokio::test]
async fn a_missing_token_is_401_and_a_bad_one_403_in_the_words_that_were_asked_for() {
    let token = by_secret(SECRET, &claims());
    for shown in [
        format!("Bearer {token}"),
        format!("bearer {token}"),
        token.clone(),
    ] {
        let got = ask("/api/who", Some(&shown)).await;
        assert_eq!((got.status, got.text()), (StatusCode::OK, "ann 2"));
    }
    for missing in [None, Some("Basic YTpi"), Some("")] {
        let got = ask("/api/who", missing).await;
        assert_eq!(
            (got.status, got.text()),
            (StatusCode::UNAUTHORIZED, r#"{"error":"Unauthorized"}"#)
        );
        assert_eq!(
            (got.header("content-type"), got.header("www-authenticate")),
            ("application/json", "Bearer")
        );
    }
    let expired = by_secret(SECRET, &with("exp", json!(NOW - 60)));
    for bad in [
        "Bearer no",
        &format!("Bearer {expired}"),
        &format!("Bearer {token}x"),
    ] {
        let got = ask("/api/who", Some(bad)).await;
        assert_eq!(
            (got.status, got.text()),
            (StatusCode::FORBIDDEN, r#"{"error":"Forbidden"}"#)
        );
    }
    assert_eq!(ask("/open", None).await.text(), "open");
}

/// A contract whose one operation needs a token with a scope, or a key.
#[allow(unreachable_pub, reason = "written as the generator writes")]
mod secured {
    use super::v1;

    #[derive(Clone)]
    pub struct Request {}
    static REQUEST: v1::Shape = v1::Shape::new("list", &[]);
    v1::record!(Request = REQUEST {});

    #[derive(Debug)]
    pub enum Response {
        Ok(String),
    }
    v1::reply_set!(Response { 0: Ok(body) = 200 });
    pub use v1::NoFailure as Failure;

    v1::http_operation! {
        OPERATION = 0: "pets", "list", Safe;
        GET: Literal("/pets");
        successes: Code(200) => Text("text/plain");
        security: [0("pets.read")], [1];
    }
    v1::http_call!(Request -> String: Ok(body));

    pub static CONTRACT: v1::Contract = v1::Contract {
        operations: &[&OPERATION],
        security_schemes: &[
            v1::SecurityScheme {
                name: "login",
                kind: v1::SchemeKind::Bearer,
            },
            v1::SecurityScheme {
                name: "service",
                kind: v1::SchemeKind::ApiKeyHeader("x-api-key"),
            },
        ],
        ..super::NO_SECURITY
    };
}

async fn list(judge: impl tieline::server::auth::Authenticate, header: (&'static str, String)) -> Got {
    let service = tieline::server::Service::new(&secured::CONTRACT)
        .operation(&Arc::new(()), |(), context, _: secured::Request| {
            let name = context.principal().map(|principal| principal.name().to_owned());
            Box::pin(async move { Ok(secured::Response::Ok(name.unwrap_or_default())) })
        })
        .authenticate(judge);
    let mut request = Request::get("/pets").body(Body::empty()).unwrap();
    request.headers_mut().insert(header.0, header.1.parse().unwrap());
    send(service, request).await
}

#[tokio::test]
async fn the_scopes_of_the_contract_are_demanded_of_tokens() {
    let bearer = |claims: &Json| ("authorization", format!("Bearer {}", by_secret(SECRET, claims)));
    let got = list(hs256(), bearer(&claims())).await;
    assert_eq!((got.status, got.text()), (StatusCode::OK, "ann"));
    let got = list(hs256(), bearer(&with("scope", json!("pets.write")))).await;
    assert_eq!(got.status, StatusCode::FORBIDDEN);
    assert!(got.json()["detail"].as_str().unwrap().contains("pets.read"));
    let got = list(hs256(), bearer(&with("exp", json!(1)))).await;
    assert_eq!(got.status, StatusCode::UNAUTHORIZED);
    assert!(got.header("www-authenticate").contains("invalid_token"));
}

#[tokio::test]
async fn tokens_and_keys_are_judged_side_by_side_and_neither_for_the_other() {
    let keys = || ApiKeys::new(["the-key"]).grant("orders", "key-of-orders", ["pets.read"]);
    let both = || Schemes::new().tokens(hs256()).keys(keys());
    let token = (
        "authorization",
        format!("Bearer {}", by_secret(SECRET, &claims())),
    );
    assert_eq!(list(both(), token.clone()).await.text(), "ann");
    assert_eq!(
        list(both(), ("x-api-key", "key-of-orders".to_owned()))
            .await
            .text(),
        "orders"
    );
    assert_eq!(
        list(keys(), ("x-api-key", "the-key".to_owned())).await.text(),
        "a service"
    );
    for (status, got) in [
        (
            StatusCode::UNAUTHORIZED,
            list(both(), ("x-api-key", "wrong".to_owned())).await,
        ),
        (
            StatusCode::UNAUTHORIZED,
            list(Schemes::new().keys(keys()), token).await,
        ),
        (
            StatusCode::UNAUTHORIZED,
            list(hs256(), ("x-api-key", "the-key".to_owned())).await,
        ),
    ] {
        assert_eq!(got.status, status);
    }
}

/// A key of an issuer.
struct Issued {
    kid: &'static str,
    pair: Pair,
}

enum Pair {
    Ed25519(Ed25519KeyPair),
    P256(EcdsaKeyPair),
}

fn ed25519(kid: &'static str) -> Issued {
    let document = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
    let pair = Pair::Ed25519(Ed25519KeyPair::from_pkcs8(document.as_ref()).unwrap());
    Issued { kid, pair }
}

fn p256(kid: &'static str) -> Issued {
    let random = SystemRandom::new();
    let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
    let pair =
        EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, document.as_ref(), &random).unwrap();
    Issued {
        kid,
        pair: Pair::P256(pair),
    }
}

impl Issued {
    fn jwk(&self) -> Json {
        match &self.pair {
            Pair::Ed25519(pair) => {
                json!({"kty": "OKP", "crv": "Ed25519", "kid": self.kid, "use": "sig", "alg": "EdDSA",
                "x": BASE64.encode(pair.public_key())})
            }
            Pair::P256(pair) => {
                let point = &pair.public_key().as_ref()[1..];
                json!({"kty": "EC", "crv": "P-256", "kid": self.kid,
                    "x": BASE64.encode(&point[..32]), "y": BASE64.encode(&point[32..])})
            }
        }
    }

    fn token(&self, claims: &Json) -> String {
        match &self.pair {
            Pair::Ed25519(pair) => signed(&json!({"alg": "EdDSA", "kid": self.kid}), claims, |text| {
                pair.sign(text).as_ref().to_vec()
            }),
            Pair::P256(pair) => signed(&json!({"alg": "ES256", "kid": self.kid}), claims, |text| {
                pair.sign(&SystemRandom::new(), text).unwrap().as_ref().to_vec()
            }),
        }
    }
}

/// An issuer, on a socket.
struct Issuer {
    address: SocketAddr,
    keys: Arc<Mutex<Json>>,
    asked: Arc<AtomicUsize>,
    is_down: Arc<AtomicBool>,
}

impl Issuer {
    async fn new() -> Self {
        let (keys, asked, is_down) = (
            Arc::new(Mutex::new(json!([]))),
            Arc::<AtomicUsize>::default(),
            Arc::<AtomicBool>::default(),
        );
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (shown, counted, down) = (keys.clone(), asked.clone(), is_down.clone());
        let set = move || {
            counted.fetch_add(1, Ordering::SeqCst);
            let answer = if down.load(Ordering::SeqCst) {
                (StatusCode::INTERNAL_SERVER_ERROR, String::new())
            } else {
                (
                    StatusCode::OK,
                    json!({"keys": *shown.lock().unwrap()}).to_string(),
                )
            };
            async move { answer }
        };
        let discovery =
            json!({"issuer": "https://login", "jwks_uri": format!("http://{address}/keys")}).to_string();
        let router = Router::new()
            .route("/keys", get(set))
            .route("/discovery", get(move || async move { discovery }));
        tokio::spawn(tieline::server::serve::serve(
            listener,
            router,
            std::future::pending(),
            Duration::ZERO,
        ));
        Self {
            address,
            keys,
            asked,
            is_down,
        }
    }

    fn shows(&self, keys: &[&Issued]) {
        *self.keys.lock().unwrap() = keys.iter().map(|key| key.jwk()).collect();
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    fn jwt(&self, hand: ManualClock) -> Jwt {
        let jwt = Jwt::jwks(&format!("http://{}/keys", self.address)).unwrap();
        jwt.clock(hand.clock()).wall(wall())
    }
}

#[tokio::test]
async fn tokens_of_every_kind_of_key_are_accepted_and_keys_are_fetched_once() {
    let (issuer, one, two) = (Issuer::new().await, ed25519("one"), p256("two"));
    issuer.shows(&[&one, &two]);
    let jwt = issuer.jwt(ManualClock::new());
    let tokens = [one.token(&claims()), two.token(&claims())];
    let all = (0..20).map(|index| jwt.verify(&tokens[index % 2]));
    for outcome in futures_util::future::join_all(all).await {
        assert_eq!(outcome.unwrap().subject(), Some("ann"));
    }
    assert_eq!(issuer.asked(), 1);
    // A secret is none that is published, and a key judges its own kind alone.
    let forged = by_secret(&issuer.keys.lock().unwrap()[0].to_string(), &claims());
    assert_eq!(
        refused(&jwt, &forged).await,
        "the token is signed in a way that is not accepted"
    );
    let stolen = Issued {
        kid: "two",
        ..ed25519("x")
    };
    assert_eq!(
        refused(&jwt, &stolen.token(&claims())).await,
        "the token is signed with a key that is not known"
    );
    let forged = Issued {
        kid: "one",
        ..ed25519("x")
    };
    assert_eq!(
        refused(&jwt, &forged.token(&claims())).await,
        "the token's signature does not hold"
    );
}

#[tokio::test]
async fn a_new_key_is_fetched_when_a_token_names_it_and_nobody_can_make_us_ask_without_end() {
    let (issuer, hand, one, two) = (
        Issuer::new().await,
        ManualClock::new(),
        ed25519("one"),
        p256("two"),
    );
    issuer.shows(&[&one]);
    let jwt = issuer.jwt(hand);
    jwt.verify(&one.token(&claims())).await.unwrap();
    hand.advance(Duration::from_secs(11));
    issuer.shows(&[&one, &two]);
    jwt.verify(&two.token(&claims())).await.unwrap();
    assert_eq!(issuer.asked(), 2);
    for _ in 0..50 {
        let unknown = ed25519("unknown").token(&claims());
        assert_eq!(
            refused(&jwt, &unknown).await,
            "the token is signed with a key that is not known"
        );
    }
    assert_eq!(issuer.asked(), 2);
    hand.advance(Duration::from_secs(11));
    let unknown = ed25519("unknown").token(&claims());
    assert_eq!(
        refused(&jwt, &unknown).await,
        "the token is signed with a key that is not known"
    );
    assert_eq!(issuer.asked(), 3);
    // A key that was withdrawn is good for nothing once that is known.
    issuer.shows(&[&two]);
    hand.advance(Duration::from_secs(11));
    refused(&jwt, &ed25519("unknown").token(&claims())).await;
    assert_eq!(
        refused(&jwt, &one.token(&claims())).await,
        "the token is signed with a key that is not known"
    );
}

#[tokio::test]
async fn old_keys_are_fetched_anew_beside_the_request_and_hold_while_the_issuer_is_down() {
    let (issuer, hand, one) = (Issuer::new().await, ManualClock::new(), ed25519("one"));
    issuer.shows(&[&one]);
    let jwt = issuer.jwt(hand);
    let token = one.token(&claims());
    jwt.verify(&token).await.unwrap();
    hand.advance(Duration::from_secs(299));
    jwt.verify(&token).await.unwrap();
    assert_eq!(issuer.asked(), 1);
    hand.advance(Duration::from_secs(1));
    jwt.verify(&token).await.unwrap();
    while issuer.asked() < 2 {
        tokio::task::yield_now().await;
    }
    issuer.is_down.store(true, Ordering::SeqCst);
    hand.advance(Duration::from_secs(24 * 60 * 60 - 1));
    jwt.verify(&token).await.unwrap();
    hand.advance(Duration::from_secs(2));
    let error = jwt.verify(&token).await.unwrap_err();
    assert_eq!(error.code(), Code::Unavailable, "{error}");
    issuer.is_down.store(false, Ordering::SeqCst);
    hand.advance(Duration::from_secs(11));
    jwt.verify(&token).await.unwrap();
}

#[tokio::test]
async fn a_provider_is_found_by_its_discovery_document_and_is_the_issuer() {
    let (issuer, one) = (Issuer::new().await, ed25519("one"));
    issuer.shows(&[&one]);
    let jwt = Jwt::discovery(&format!("http://{}/discovery", issuer.address))
        .unwrap()
        .wall(wall());
    jwt.verify(&one.token(&with("iss", json!("https://login"))))
        .await
        .unwrap();
    let other = one.token(&with("iss", json!("https://other")));
    assert_eq!(refused(&jwt, &other).await, "the token is of another issuer");
    assert_eq!(
        refused(&jwt, &one.token(&claims())).await,
        "the token is of another issuer"
    );
}

#[test]
fn no_secret_is_shown() {
    let text = format!("{:?} {:?}", hs256(), Schemes::new().tokens(hs256()));
    assert!(!text.contains("secret of"), "{text}");
}
