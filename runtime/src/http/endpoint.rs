//! Where a service is: scheme, host, port and base path, parsed once.

use std::collections::hash_map::DefaultHasher;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::net::SocketAddr;
use std::str::FromStr;
use std::sync::Arc;

use http::HeaderValue;
use http::uri::{Authority, PathAndQuery, Scheme as UriScheme, Uri};

use super::TransportError;

/// A path that means the address itself, without anything behind it: a [`PathAndQuery`] cannot be empty, and no contract
/// has this one (RFC 9112, section 3.2.4).
pub(crate) const THE_ADDRESS: &str = "*";

/// Whether a connection is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// Plain text.
    Http,
    /// TLS.
    Https,
}

impl Scheme {
    fn default_port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }
}

/// The HTTP version that a connection speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Protocol {
    /// HTTP/1.1.
    Http1,
    /// HTTP/2: with prior knowledge over plain text, demanded by ALPN over TLS.
    Http2,
    /// Whatever the server picks by ALPN, HTTP/2 preferred; HTTP/1.1 over plain text.
    Negotiated,
}

/// The part of an endpoint that decides which connections may serve it.
#[derive(PartialEq, Eq, Hash)]
struct Origin {
    scheme: Scheme,
    host: Box<str>,
    port: u16,
    address: Option<SocketAddr>,
    protocol: Protocol,
}

struct Inner {
    origin: Origin,
    origin_hash: u64,
    authority: Authority,
    host_header: HeaderValue,
    base_path: Box<str>,
    /// Whether every address of the host is an endpoint of the service, as `dns:` says.
    all_addresses: bool,
}

/// Where requests go. Cheap to clone; compares by value.
///
/// ```
/// # use tieline::http::{Endpoint, Protocol};
/// let orders = Endpoint::parse("http://order-service:8000/api/v1")?;
/// assert_eq!(orders.base_path(), "/api/v1");
/// let users = Endpoint::parse("dns:///user-service:50051")?;
/// assert_eq!(users.protocol(), Protocol::Http2);
/// # Ok::<(), tieline::http::EndpointError>(())
/// ```
#[derive(Clone)]
pub struct Endpoint(Arc<Inner>);

/// Why a text is not the address of a service. Its message never shows
/// credentials or a query.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{shown}` is not the address of a service: {reason}")]
pub struct EndpointError {
    shown: String,
    reason: &'static str,
}

impl Endpoint {
    /// Reads `http://host[:port][/base]` (HTTP/1.1), `https://…` (by ALPN), and
    /// the gRPC targets `host:port` and `dns:///host:port` (HTTP/2, plain text).
    pub fn parse(text: &str) -> Result<Self, EndpointError> {
        let text = text.trim();
        let fail = |reason| {
            Err(EndpointError {
                shown: redact(text),
                reason,
            })
        };
        if text.is_empty() {
            return fail("it is empty; write it like `http://host:port/base` or `host:port`");
        }
        if let Some(target) = text.strip_prefix("dns:") {
            let target = match target.strip_prefix("//") {
                None => target,
                Some(rest) => match rest.strip_prefix('/') {
                    Some(name) => name,
                    None => {
                        return fail("a DNS server of its own is not supported; write `dns:///name:port`");
                    }
                },
            };
            return Self::from_target(target)
                .map(Self::of_all_addresses)
                .or_else(fail);
        }
        match text.split_once("://") {
            None => Self::from_target(text).or_else(fail),
            Some((scheme, rest)) => {
                let (scheme, protocol) = if scheme.eq_ignore_ascii_case("http") {
                    (Scheme::Http, Protocol::Http1)
                } else if scheme.eq_ignore_ascii_case("https") {
                    (Scheme::Https, Protocol::Negotiated)
                } else {
                    return fail("its scheme is not known; use `http`, `https` or `dns`");
                };
                Self::from_url(scheme, protocol, rest).or_else(fail)
            }
        }
    }

    /// The address of a service in this process, which no connection leads to.
    pub(crate) fn in_process() -> Self {
        // A fixed text, and a test parses it.
        Self::parse("http://in-process").expect("a valid address")
    }

    /// Like [`Endpoint::parse`], and speaks HTTP/2 whatever the scheme, as gRPC does.
    pub fn grpc(text: &str) -> Result<Self, EndpointError> {
        Self::parse(text).map(|endpoint| endpoint.with_protocol(Protocol::Http2))
    }

    /// A gRPC target without a scheme: `host:port`.
    fn from_target(target: &str) -> Result<Self, &'static str> {
        if target.contains('/') {
            return Err("a path needs a scheme; write `http://` or `https://` before the host");
        }
        let parsed = Self::from_url(Scheme::Http, Protocol::Http2, target)?;
        let authority = target.parse::<Authority>().map_err(|_| BAD_AUTHORITY)?;
        if authority.port().is_none() {
            return Err("it has no port; write it like `host:port`");
        }
        Ok(parsed)
    }

    /// `rest` is what follows `scheme://`.
    fn from_url(scheme: Scheme, protocol: Protocol, rest: &str) -> Result<Self, &'static str> {
        let (authority, path) = match rest.find(['/', '?', '#']) {
            Some(at) => rest.split_at(at),
            None => (rest, ""),
        };
        if authority.contains('@') {
            return Err("it holds credentials; take `user:password@` out and configure authentication");
        }
        if path.contains(['?', '#']) {
            return Err("a base address has no query or fragment; set parameters on the call");
        }
        if authority.is_empty() {
            return Err("it names no host; write it like `http://host:port/base`");
        }
        let authority: Authority = authority.parse().map_err(|_| BAD_AUTHORITY)?;
        // Read by hand: a port that is no number counts as absent otherwise.
        let port = match authority.as_str().strip_prefix(authority.host()) {
            Some("") => scheme.default_port(),
            Some(port) => {
                let digits = port.strip_prefix(':').ok_or(BAD_AUTHORITY)?;
                digits.parse().map_err(|_| BAD_AUTHORITY)?
            }
            None => return Err(BAD_AUTHORITY),
        };
        let base_path = path.trim_end_matches('/');
        if !base_path.is_empty() && base_path.parse::<PathAndQuery>().is_err() {
            return Err("its path holds characters that a path cannot hold; percent-encode them");
        }
        let host = authority.host().trim_start_matches('[').trim_end_matches(']');
        if host.is_empty() {
            return Err("it names no host; write it like `http://host:port/base`");
        }
        let origin = Origin {
            scheme,
            host: host.into(),
            port,
            address: None,
            protocol,
        };
        Self::assemble(origin, base_path.into()).ok_or(BAD_AUTHORITY)
    }

    fn assemble(origin: Origin, base_path: Box<str>) -> Option<Self> {
        let shown_host = if origin.host.contains(':') {
            format!("[{}]", origin.host)
        } else {
            origin.host.to_string()
        };
        let text = if origin.port == origin.scheme.default_port() {
            shown_host
        } else {
            format!("{shown_host}:{}", origin.port)
        };
        let authority = text.parse::<Authority>().ok()?;
        let host_header = HeaderValue::from_str(&text).ok()?;
        let mut hasher = DefaultHasher::new();
        origin.hash(&mut hasher);
        let origin_hash = hasher.finish();
        Some(Self(Arc::new(Inner {
            origin,
            origin_hash,
            authority,
            host_header,
            base_path,
            all_addresses: false,
        })))
    }

    fn of_all_addresses(mut self) -> Self {
        if let Some(inner) = Arc::get_mut(&mut self.0) {
            inner.all_addresses = true;
        }
        self
    }

    /// The same, taken as one endpoint: a connection is made to any address of the host.
    pub(crate) fn as_one(&self) -> Self {
        let mut one = self.with_protocol(self.protocol());
        if let Some(inner) = Arc::get_mut(&mut one.0) {
            inner.all_addresses = false;
        }
        one
    }

    /// Whether every address of the host is an endpoint of the service (`dns:///host:port`), and not any of them the service
    /// as a whole.
    pub fn stands_for_all_addresses(&self) -> bool {
        self.0.all_addresses
    }

    /// The same service over another HTTP version.
    pub fn with_protocol(&self, protocol: Protocol) -> Self {
        self.with_origin(|origin| origin.protocol = protocol)
    }

    /// The same service, name and certificate, reached at one resolved address:
    /// what a balancer hands out.
    pub fn at(&self, address: SocketAddr) -> Self {
        self.with_origin(|origin| origin.address = Some(address))
    }

    fn with_origin(&self, change: impl FnOnce(&mut Origin)) -> Self {
        let now = &self.0.origin;
        let mut origin = Origin {
            scheme: now.scheme,
            host: now.host.clone(),
            port: now.port,
            address: now.address,
            protocol: now.protocol,
        };
        change(&mut origin);
        let mut hasher = DefaultHasher::new();
        origin.hash(&mut hasher);
        Self(Arc::new(Inner {
            origin_hash: hasher.finish(),
            origin,
            authority: self.0.authority.clone(),
            host_header: self.0.host_header.clone(),
            base_path: self.0.base_path.clone(),
            all_addresses: self.0.all_addresses,
        }))
    }

    /// The same origin without a base path.
    pub(crate) fn root(&self) -> Self {
        if self.0.base_path.is_empty() {
            return self.clone();
        }
        let mut root = self.with_protocol(self.protocol());
        if let Some(inner) = Arc::get_mut(&mut root.0) {
            inner.base_path = Box::default();
        }
        root
    }

    /// Plain text or TLS.
    pub fn scheme(&self) -> Scheme {
        self.0.origin.scheme
    }

    /// The host name or IP address, an IPv6 address without brackets.
    pub fn host(&self) -> &str {
        &self.0.origin.host
    }

    /// The port, the scheme's own when the text named none.
    pub fn port(&self) -> u16 {
        self.0.origin.port
    }

    /// The resolved address to connect to, when a balancer chose one.
    pub fn address(&self) -> Option<SocketAddr> {
        self.0.origin.address
    }

    /// The HTTP version to speak.
    pub fn protocol(&self) -> Protocol {
        self.0.origin.protocol
    }

    /// The path that goes before every request's path: empty, or `/api/v1`
    /// without a slash at its end.
    pub fn base_path(&self) -> &str {
        &self.0.base_path
    }

    /// The value of the `host` header.
    pub fn host_header(&self) -> &HeaderValue {
        &self.0.host_header
    }

    /// The host with its port unless that is the scheme's own.
    pub fn authority(&self) -> &Authority {
        &self.0.authority
    }

    /// The path and query of a request to this endpoint, after its base path.
    pub(crate) fn join(&self, uri: &Uri) -> Result<PathAndQuery, TransportError> {
        let asked = uri.path_and_query();
        let at_address = asked.and_then(|asked| asked.as_str().strip_prefix(THE_ADDRESS));
        if let Some(query) = at_address.filter(|rest| rest.is_empty() || rest.starts_with('?')) {
            let base = if self.0.base_path.is_empty() {
                "/"
            } else {
                &self.0.base_path
            };
            return PathAndQuery::try_from(format!("{base}{query}"))
                .map_err(|error| TransportError::invalid("the request's path is too long", error));
        }
        if self.0.base_path.is_empty() {
            return Ok(asked.cloned().unwrap_or_else(|| PathAndQuery::from_static("/")));
        }
        let asked = asked.map_or("/", PathAndQuery::as_str);
        let separator = if asked.starts_with('/') { "" } else { "/" };
        let mut joined = String::with_capacity(self.0.base_path.len() + separator.len() + asked.len());
        joined.push_str(&self.0.base_path);
        joined.push_str(separator);
        joined.push_str(asked);
        PathAndQuery::try_from(joined)
            .map_err(|error| TransportError::invalid("the request's path is too long", error))
    }

    pub(crate) fn uri_scheme(&self) -> UriScheme {
        match self.scheme() {
            Scheme::Http => UriScheme::HTTP,
            Scheme::Https => UriScheme::HTTPS,
        }
    }

    pub(crate) fn same_origin(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
            || (self.0.origin_hash == other.0.origin_hash && self.0.origin == other.0.origin)
    }

    pub(crate) fn origin_hash(&self) -> u64 {
        self.0.origin_hash
    }
}

const BAD_AUTHORITY: &str = "its host or port is malformed; write it like `host:port`";

/// The text with everything that may be secret replaced by `***`.
fn redact(text: &str) -> String {
    let text = match text.find(['?', '#']) {
        Some(at) => &text[..at],
        None => text,
    };
    let start = text.find("://").map_or(0, |at| at + 3);
    match text.rfind('@') {
        Some(at) if at >= start => format!("{}***{}", &text[..start], &text[at..]),
        _ => text.to_owned(),
    }
}

impl PartialEq for Endpoint {
    fn eq(&self, other: &Self) -> bool {
        self.same_origin(other) && self.0.base_path == other.0.base_path
    }
}

impl Eq for Endpoint {}

impl Hash for Endpoint {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.0.origin_hash);
        self.0.base_path.hash(state);
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}://{}{}",
            self.scheme().name(),
            self.0.authority,
            self.0.base_path
        )
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Endpoint({self}, {:?}", self.protocol())?;
        if let Some(address) = self.address() {
            write!(f, ", at {address}")?;
        }
        f.write_str(")")
    }
}

impl FromStr for Endpoint {
    type Err = EndpointError;

    fn from_str(text: &str) -> Result<Self, EndpointError> {
        Self::parse(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(text: &str) -> (Scheme, String, u16, String, Protocol) {
        let it = Endpoint::parse(text).unwrap();
        (
            it.scheme(),
            it.host().into(),
            it.port(),
            it.base_path().into(),
            it.protocol(),
        )
    }

    #[test]
    fn the_address_of_a_service_in_this_process_is_one() {
        assert_eq!(Endpoint::in_process().host(), "in-process");
    }

    #[test]
    fn reads_urls_and_grpc_targets() {
        use Protocol::*;
        use Scheme::*;
        let at = |s, h: &str, p, b: &str, v| (s, h.to_owned(), p, b.to_owned(), v);
        assert_eq!(
            parts("http://other-service:8000/api/v1"),
            at(Http, "other-service", 8000, "/api/v1", Http1)
        );
        assert_eq!(
            parts("https://a.example/"),
            at(Https, "a.example", 443, "", Negotiated)
        );
        assert_eq!(parts("localhost:50051"), at(Http, "localhost", 50051, "", Http2));
        assert_eq!(parts("dns:///name:8080"), at(Http, "name", 8080, "", Http2));
        assert_eq!(parts("http://[::1]:9"), at(Http, "::1", 9, "", Http1));
    }

    #[test]
    fn the_host_header_leaves_out_the_default_port() {
        assert_eq!(Endpoint::parse("http://a:80").unwrap().host_header(), "a");
        assert_eq!(Endpoint::parse("https://a:80").unwrap().host_header(), "a:80");
        assert_eq!(
            Endpoint::parse("http://[::1]:9").unwrap().host_header(),
            "[::1]:9"
        );
    }

    #[test]
    fn credentials_and_queries_are_refused_and_never_shown() {
        for text in [
            "http://user:hunter2@host/x",
            "user:hunter2@host:1",
            "http://h/?key=hunter2",
        ] {
            let error = Endpoint::parse(text).unwrap_err();
            assert!(!format!("{error} {error:?}").contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn errors_say_what_to_write_instead() {
        for (text, help) in [
            ("", "host:port"),
            ("localhost", "host:port"),
            ("host/path", "http://"),
            ("ftp://host", "use `http`"),
            ("http://", "names no host"),
            ("http://host:99999", "host:port"),
            ("http://host:", "host:port"),
            ("dns://8.8.8.8/name:1", "dns:///name:port"),
            ("http://a b", "host:port"),
        ] {
            let error = Endpoint::parse(text).unwrap_err().to_string();
            assert!(error.contains(help), "{text}: {error}");
        }
    }

    #[test]
    fn requests_go_below_the_base_path() {
        let endpoint = Endpoint::parse("http://h/api/v1/").unwrap();
        let uri = Uri::from_static("/pets?limit=1");
        assert_eq!(endpoint.join(&uri).unwrap().as_str(), "/api/v1/pets?limit=1");
        let bare = Endpoint::parse("http://h").unwrap();
        assert_eq!(bare.join(&uri).unwrap().as_str(), "/pets?limit=1");
    }

    #[test]
    fn endpoints_that_differ_in_base_path_share_connections() {
        let one = Endpoint::parse("http://h/a").unwrap();
        let two = Endpoint::parse("http://h/b").unwrap();
        assert!(one.same_origin(&two));
        assert_ne!(one, two);
        assert!(!one.same_origin(&one.with_protocol(Protocol::Http2)));
    }
}
