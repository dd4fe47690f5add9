//! Redirects, where a client follows them (RFC 9110, 15.4).
//!
//! GET and HEAD follow 301, 302, 307 and 308; every method follows 307 and 308, which keep method and body; 303 is followed
//! by GET. Where one leads to another origin, whatever shows who asks stays behind; one that leads out of TLS is refused.

use std::time::Duration;

use bytes::Bytes;
use http::uri::PathAndQuery;
use http::{HeaderMap, Method, Response, StatusCode, header};

use super::{http_request, send, transport_fault};
use crate::client::Inner;
use crate::code::Code;
use crate::error::{ErrorKind, Fault};
use crate::headers::API_KEY;
use crate::http::{Body, Endpoint, ResponseBody, Scheme};
use crate::operation::server::without_dots;

/// How much of a reply that redirects is read, so that its connection can be used again.
const BODY: usize = 64 * 1024;

/// A request on its way.
pub(super) struct Hop {
    pub(super) endpoint: Endpoint,
    pub(super) method: Method,
    pub(super) path: PathAndQuery,
    pub(super) body: Bytes,
    pub(super) headers: HeaderMap,
}

/// Sends the request and follows at most `limit` redirects.
pub(super) async fn follow(
    client: &Inner,
    mut hop: Hop,
    limit: u32,
    remaining: Option<Duration>,
) -> Result<Response<ResponseBody>, Fault> {
    let mut followed = 0;
    loop {
        let headers = hop.headers.clone();
        let request = http_request(
            client,
            &hop.method,
            &hop.path,
            Body::from(hop.body.clone()),
            headers,
            remaining,
        );
        let response = send(client, &hop.endpoint, request).await?;
        let Some(next) = next(&hop, &response)? else {
            return Ok(response);
        };
        if followed == limit {
            let message = format!("the service redirects more than {limit} times");
            return Err(refused(message, response.status()));
        }
        followed += 1;
        let status = response.status();
        if let Err(error) = response.into_body().collect(BODY).await {
            tracing::debug!(%error, %status, "a reply that redirects was not read to its end");
            if !matches!(error.kind(), crate::http::TransportErrorKind::BodyTooLarge) {
                return Err(transport_fault(error));
            }
        }
        hop = next;
    }
}

fn refused(message: String, status: StatusCode) -> Fault {
    Fault::new(ErrorKind::Status, Code::FailedPrecondition, message).with_status(status)
}

/// The request that a response asks for, if it is one to be followed.
fn next(hop: &Hop, response: &Response<ResponseBody>) -> Result<Option<Hop>, Fault> {
    let status = response.status();
    let is_read = matches!(hop.method, Method::GET | Method::HEAD);
    let becomes_get = match status {
        StatusCode::MOVED_PERMANENTLY | StatusCode::FOUND if is_read => false,
        StatusCode::TEMPORARY_REDIRECT | StatusCode::PERMANENT_REDIRECT => false,
        StatusCode::SEE_OTHER => !is_read,
        _ => return Ok(None),
    };
    let Some(location) = response.headers().get(header::LOCATION) else {
        return Ok(None);
    };
    let bad = || {
        refused(
            "the service redirects to something that is no URL".to_owned(),
            status,
        )
    };
    let location = location.to_str().map_err(|_| bad())?;
    let here = hop
        .endpoint
        .join(&hop.path.clone().into())
        .map_err(transport_fault)?;
    let (endpoint, path) = target(&hop.endpoint, &here, location).ok_or_else(bad)?;
    if hop.endpoint.scheme() == Scheme::Https && endpoint.scheme() == Scheme::Http {
        let message = "the service redirects from https to http, which is refused".to_owned();
        return Err(refused(message, status));
    }
    let mut headers = hop.headers.clone();
    let is_same = endpoint.host() == hop.endpoint.host()
        && endpoint.port() == hop.endpoint.port()
        && endpoint.scheme() == hop.endpoint.scheme();
    if !is_same {
        leave_behind(&mut headers);
    }
    let (method, body) = if becomes_get {
        for name in [
            header::CONTENT_TYPE,
            header::CONTENT_LENGTH,
            header::CONTENT_ENCODING,
        ] {
            headers.remove(name);
        }
        (Method::GET, Bytes::new())
    } else {
        (hop.method.clone(), hop.body.clone())
    };
    Ok(Some(Hop {
        endpoint: if is_same {
            endpoint.with_protocol(hop.endpoint.protocol())
        } else {
            endpoint
        },
        method,
        path,
        body,
        headers,
    }))
}

/// Takes away what shows who asks: what is marked as sensitive, as all credentials are, and what is one by its name.
fn leave_behind(headers: &mut HeaderMap) {
    let known = [
        header::AUTHORIZATION,
        header::PROXY_AUTHORIZATION,
        header::COOKIE,
        API_KEY,
    ];
    let secret: Vec<_> = headers
        .iter()
        .filter(|(name, value)| value.is_sensitive() || known.contains(name))
        .map(|(name, _)| name.clone())
        .collect();
    for name in secret {
        headers.remove(name);
    }
    headers.remove(header::HOST);
}

/// Where a reference leads from here (RFC 3986, 5.2).
pub(crate) fn target(
    endpoint: &Endpoint,
    here: &PathAndQuery,
    location: &str,
) -> Option<(Endpoint, PathAndQuery)> {
    let location = location.split('#').next().unwrap_or_default();
    let scheme = match endpoint.scheme() {
        Scheme::Http => "http",
        Scheme::Https => "https",
    };
    let absolute = match location.strip_prefix("//") {
        Some(rest) => Some((scheme, rest)),
        None => location
            .split_once("://")
            .filter(|(scheme, _)| scheme.chars().all(char::is_alphanumeric)),
    };
    if let Some((scheme, rest)) = absolute {
        let at = rest.find(['/', '?']).unwrap_or(rest.len());
        let (host, path) = rest.split_at(at);
        let endpoint = Endpoint::parse(&format!("{scheme}://{host}")).ok()?;
        return Some((endpoint, with_slash(path)?));
    }
    let (reference, query) = match location.split_once('?') {
        Some((reference, query)) => (reference, Some(query)),
        None => (location, None),
    };
    let path = if reference.is_empty() {
        here.path().to_owned()
    } else if reference.starts_with('/') {
        without_dots(reference)
    } else {
        let folder = here.path().rsplit_once('/').map_or("", |(folder, _)| folder);
        without_dots(&format!("{folder}/{reference}"))
    };
    let query = match query {
        Some(query) => Some(query),
        // A reference to the same document keeps its query.
        None if reference.is_empty() => here.query(),
        None => None,
    };
    let text = match query {
        Some(query) => format!("{path}?{query}"),
        None => path,
    };
    Some((endpoint.root(), text.parse().ok()?))
}

fn with_slash(path: &str) -> Option<PathAndQuery> {
    if path.starts_with('/') {
        path.parse().ok()
    } else {
        format!("/{path}").parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_lead_where_rfc_3986_says() {
        let endpoint = Endpoint::parse("https://h:8443/api").unwrap();
        let here: PathAndQuery = "/api/pets/7?full=1".parse().unwrap();
        for (location, leads) in [
            ("https://other/x?y=1#z", "https://other /x?y=1"),
            ("http://other", "http://other /"),
            ("//other/x", "https://other /x"),
            ("/x/../y", "https://h:8443 /y"),
            ("8", "https://h:8443 /api/pets/8"),
            ("../cats/1?a=b/../c", "https://h:8443 /api/cats/1?a=b/../c"),
            ("?page=2", "https://h:8443 /api/pets/7?page=2"),
            ("#top", "https://h:8443 /api/pets/7?full=1"),
        ] {
            let found = target(&endpoint, &here, location).map(|(to, path)| format!("{to} {path}"));
            assert_eq!(found.as_deref(), Some(leads), "{location}");
        }
        assert!(target(&endpoint, &here, "ftp://h/x").is_none());
    }
}
