//! Tokens in front of any router.

use axum::body::Body;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use http::{HeaderMap, HeaderValue, Response, StatusCode, header};

use super::Jwt;
use crate::code::Code;
use crate::error::Error;
use crate::server::{inbound, problem, reply};

impl Jwt {
    /// Lets only requests with a token that is accepted through to the routes of `router`; others get 401. Handlers
    /// see whom the token shows as the extension [`Principal`](crate::context::Principal), generated ones in
    /// [`Context::principal`](crate::Context::principal). It is for routers of gRPC methods as well, and for contracts that
    /// say nothing of security.
    ///
    /// The token stands in `Authorization`, behind `Bearer` or alone.
    pub fn protect(self, router: axum::Router) -> axum::Router {
        router.layer(from_fn_with_state(self, guard))
    }

    fn refuse(&self, error: &Error, request: &Request) -> Response<Body> {
        let context = inbound::of_http(request.headers());
        let status = StatusCode::from_u16(error.code().http_status()).unwrap_or(StatusCode::UNAUTHORIZED);
        problem::log(error, status);
        let mut response = self.errors.render(error, status, &context);
        if status == StatusCode::UNAUTHORIZED {
            let challenge = HeaderValue::from_static("Bearer");
            response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
        }
        reply::retry_after(response.headers_mut(), error.retry_after());
        inbound::stamp(response.headers_mut(), &context);
        response
    }
}

async fn guard(State(jwt): State<Jwt>, mut request: Request, next: Next) -> Response<Body> {
    let outcome = match token(request.headers()) {
        Some(token) => jwt.principal(token, &[]).await,
        None => Err(Error::new(
            Code::Unauthenticated,
            "the request shows no bearer token",
        )),
    };
    match outcome {
        Ok(principal) => {
            request.extensions_mut().insert(principal);
            next.run(request).await
        }
        Err(error) => jwt.refuse(&error, &request),
    }
}

fn token(headers: &HeaderMap) -> Option<&str> {
    let mut all = headers.get_all(header::AUTHORIZATION).iter();
    let (Some(one), None) = (all.next(), all.next()) else {
        return None;
    };
    let text = one.to_str().ok()?.trim();
    match text.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => Some(token.trim()),
        Some(_) => None,
        None => Some(text).filter(|text| !text.is_empty()),
    }
}
