//! The security of a contract, through its generated client and server.

#![allow(deprecated, reason = "the contract deprecates one of its operations")]

use std::sync::Arc;

use tieline::client::Credential;
use tieline::context::Principal;
use tieline::http::{InProcess, Line};
use tieline::server::auth::{Authenticate, Demand, PeerCertificate, Presented, Shown};
use tieline::testing::{ScriptedLine, Step};
use tieline::{Client, Code, Context, Error, ErrorKind};

use crate::golden::security::{self as contract, Api, me, pay, reports, store_file};

struct Service;

#[tieline::async_trait]
impl Api for Service {
    async fn me(&self, cx: Context, _: me::Request) -> Result<me::Response, Error<me::Failure>> {
        let name = cx.principal().map_or("nobody", Principal::name).to_owned();
        Ok(me::Response::Ok(name))
    }

    async fn pay(&self, _: Context, _: pay::Request) -> Result<pay::Response, Error<pay::Failure>> {
        Ok(pay::Response::NoContent)
    }

    async fn store_file(
        &self,
        _: Context,
        _: store_file::Request,
    ) -> Result<store_file::Response, Error<store_file::Failure>> {
        Ok(store_file::Response::NoContent)
    }

    async fn reports(
        &self,
        cx: Context,
        _: reports::Request,
    ) -> Result<reports::Response, Error<reports::Failure>> {
        let name = cx.principal().map_or("nobody", Principal::name).to_owned();
        Ok(reports::Response::Ok(vec![name]))
    }
}

/// Accepts what is called `good`; a token without scopes does not suffice where any are asked for.
struct Judge;

#[tieline::async_trait]
impl Authenticate for Judge {
    async fn authenticate(&self, _: &Context, demand: Demand<'_>) -> Result<Principal, Error> {
        let judge = |presented: &Presented<'_>| match &presented.credential {
            Shown::Key(key) => key == "good",
            Shown::Basic { user, password } => user == "ada" && password == "good",
            // Which provider a token is of, only the judge can tell.
            Shown::Token(token) if presented.scheme.name == "login" => *token == "signed",
            Shown::Token(token) => *token == "good" || *token == "poor",
            Shown::Certificate(certificate) => certificate.0 == b"good",
            _ => false,
        };
        if !demand.shown.iter().all(judge) {
            return Err(Error::new(Code::Unauthenticated, "that is not accepted"));
        }
        let is_poor = |presented: &Presented<'_>| {
            matches!(presented.credential, Shown::Token("poor")) && !presented.scopes.is_empty()
        };
        if demand.shown.iter().any(is_poor) {
            return Err(Error::new(Code::PermissionDenied, "the token lacks scopes"));
        }
        let names: Vec<&str> = demand
            .shown
            .iter()
            .map(|presented| presented.scheme.name)
            .collect();
        Ok(Principal::new(names.join("+")))
    }
}

fn line() -> Line {
    Line::over(InProcess::new(contract::service(Service).authenticate(Judge)))
}

fn client(credentials: &[(&str, Credential)]) -> contract::Client {
    let builder = credentials.iter().fold(
        Client::builder("security").line(line()),
        |builder, (scheme, one)| builder.credential(*scheme, one.clone()),
    );
    contract::Client::new(builder.build().expect("a client"))
}

fn key(text: &str) -> Credential {
    Credential::ApiKey(text.into())
}

fn token(text: &str) -> Credential {
    Credential::Bearer(text.into())
}

fn http_request(path: &str) -> http::Request<tieline::http::Body> {
    http::Request::get(path)
        .body(tieline::http::Body::empty())
        .expect("a request")
}

#[tokio::test]
async fn a_combination_is_judged_as_a_whole_and_its_caller_is_known_to_the_handler() {
    let both = client(&[("key", key("good")), ("token", token("good"))]);
    assert_eq!(both.me().await.expect("accepted"), "key+token");
    let half = client(&[("key", key("good"))]);
    assert_eq!(half.me().await.expect("anonymous callers are let in"), "nobody");
    let wrong = client(&[("key", key("good")), ("token", token("bad"))]);
    let error = wrong.me().await.expect_err("what is shown is judged");
    assert_eq!(error.kind(), ErrorKind::Unauthorized);
}

#[tokio::test]
async fn each_alternative_will_do() {
    for (credentials, name) in [
        (
            vec![("session", key("good")), ("app", key("good"))],
            "session+app",
        ),
        (
            vec![("user", Credential::Basic("ada".into(), "good".into()))],
            "user",
        ),
        (
            vec![
                ("session", key("good")),
                ("user", Credential::Basic("ada".into(), "good".into())),
            ],
            "user",
        ),
    ] {
        assert_eq!(client(&credentials).reports().await.expect("accepted"), [name]);
    }
}

#[tokio::test]
async fn a_certificate_comes_from_what_ended_tls() {
    let mut request = http_request("/reports");
    request.extensions_mut().insert(PeerCertificate(b"good".to_vec()));
    let service = contract::service(Service).authenticate(Judge);
    assert_eq!(service.answer(request).await.status(), 200);
    assert_eq!(service.answer(http_request("/reports")).await.status(), 401);
}

#[tokio::test]
async fn who_shows_nothing_is_told_what_would_be_accepted() {
    let service = contract::service(Service).authenticate(Judge);
    let response = service.answer(http_request("/reports")).await;
    assert_eq!(response.status(), 401);
    let challenges: Vec<_> = response.headers().get_all("www-authenticate").iter().collect();
    assert_eq!(
        challenges,
        ["ApiKey", "Basic realm=\"security\", charset=\"UTF-8\""]
    );
}

#[tokio::test]
async fn a_token_without_the_scopes_of_the_operation_is_not_enough() {
    let error = client(&[("oauth", token("poor"))])
        .store_file("x")
        .await
        .expect_err("no scopes");
    assert_eq!(
        (error.kind(), error.code()),
        (ErrorKind::Forbidden, Code::PermissionDenied)
    );
    client(&[("oauth", token("good"))])
        .store_file("x")
        .await
        .expect("accepted");
    client(&[("login", token("signed"))])
        .store_file("x")
        .await
        .expect("accepted by the other provider");
}

#[tokio::test]
async fn the_client_says_what_is_missing_before_it_asks() {
    let error = client(&[]).pay("key-1").await.expect_err("no key");
    assert_eq!(error.kind(), ErrorKind::Credential);
    assert!(error.to_string().contains("`key`"), "{error}");
}

#[tokio::test]
async fn a_deprecated_operation_says_so_in_its_replies() {
    let client = client(&[("user", Credential::Basic("ada".into(), "good".into()))]);
    let reply = client.reports().send().await.expect("accepted");
    assert_eq!(reply.headers()["deprecation"], "@1769817600");
    assert_eq!(reply.headers()["sunset"], "Sun, 31 Jan 2027 00:00:00 GMT");
    let said = reply.deprecation().expect("said");
    assert_eq!(
        (said.since, said.sunset),
        (Some(1_769_817_600), Some(1_801_353_600))
    );
}

#[tokio::test]
async fn operations_with_servers_of_their_own_are_called_there_unless_the_client_was_sent_elsewhere() {
    let asked = |address: &'static str, forced: bool| async move {
        let line = ScriptedLine::always(Step::status(204));
        let seen = Arc::new(std::sync::Mutex::new(Vec::new()));
        let spy = Spy(line, Arc::clone(&seen));
        let builder = Client::builder("security")
            .line(Line::over(spy))
            .url(address)
            .expect("a URL");
        let builder = if forced {
            builder.operation_servers(true)
        } else {
            builder
        };
        let builder = builder
            .credential("oauth", token("good"))
            .credential("key", key("good"));
        let client = contract::Client::new(builder.build().expect("a client"));
        client.store_file("x").await.expect("sent");
        client.pay("key-1").await.expect("sent");
        seen.lock().expect("no panic").clone()
    };
    let (files, eu) = ("https://files.example.com", "https://eu.example.com/v1");
    assert_eq!(asked(eu, false).await, [files, eu]);
    assert_eq!(asked("http://mock:1", false).await, ["http://mock:1"; 2]);
    assert_eq!(asked("http://mock:1", true).await, [files, "http://mock:1"]);
}

/// Remembers where requests go.
struct Spy(ScriptedLine, Arc<std::sync::Mutex<Vec<String>>>);

impl tieline::http::Exchange for Spy {
    fn exchange<'a>(
        &'a self,
        endpoint: &'a tieline::http::Endpoint,
        request: http::Request<tieline::http::Body>,
    ) -> tieline::http::ExchangeFuture<'a> {
        self.1.lock().expect("no panic").push(endpoint.to_string());
        self.0.exchange(endpoint, request)
    }
}
