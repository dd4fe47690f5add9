//! Proxies: which one a request goes by, and how.
//!
//! What is encrypted, and what speaks HTTP/2, goes through a tunnel (`CONNECT`, RFC 9110, 9.3.6); plain HTTP/1.1 is given to
//! the proxy with the whole URL (absolute-form, RFC 9112, 3.2.2).

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use http::{HeaderValue, Method, Request, StatusCode, Uri, header};
use http_body_util::Empty;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use percent_encoding::percent_decode_str;

use super::connect::{Io, secure_stream, tcp};
use super::tls::TlsConfigs;
use super::{ConnectCause, Endpoint, EndpointError, Protocol, Scheme, TransportError};

/// A proxy.
#[derive(Clone, PartialEq, Eq)]
pub struct Proxy {
    endpoint: Endpoint,
    authorization: Option<HeaderValue>,
}

/// Which proxies requests go by. None, unless set.
///
/// ```
/// use tieline::http::Proxies;
///
/// let proxies = Proxies::all("http://proxy.example:3128")?.except("localhost,.svc.cluster.local,10.0.0.0/8");
/// # Ok::<(), tieline::http::ProxyError>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Proxies {
    http: Option<Proxy>,
    https: Option<Proxy>,
    except: Vec<Except>,
}

/// Why a text is no proxy. Its message shows no credentials.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the proxy cannot be used: {0}")]
pub struct ProxyError(String);

impl From<EndpointError> for ProxyError {
    fn from(error: EndpointError) -> Self {
        Self(error.to_string())
    }
}

impl FromStr for Proxy {
    type Err = ProxyError;

    /// Reads `http://[user:password@]host[:port]`, or `https://…` for one that is spoken to over TLS; `host:port` is
    /// plain HTTP. User and password are percent-encoded.
    fn from_str(text: &str) -> Result<Self, ProxyError> {
        let text = text.trim().trim_end_matches('/');
        let (scheme, rest) = text.split_once("://").unwrap_or(("http", text));
        if !["http", "https"]
            .iter()
            .any(|known| scheme.eq_ignore_ascii_case(known))
        {
            let message = "its scheme is not supported; use `http` or `https`";
            return Err(ProxyError(message.to_owned()));
        }
        let (credentials, host) = match rest.rsplit_once('@') {
            Some((credentials, host)) => (Some(credentials), host),
            None => (None, rest),
        };
        let endpoint = Endpoint::parse(&format!("{scheme}://{host}"))?.with_protocol(Protocol::Http1);
        let proxy = Self {
            endpoint,
            authorization: None,
        };
        Ok(match credentials {
            None => proxy,
            Some(credentials) => {
                let (user, password) = credentials.split_once(':').unwrap_or((credentials, ""));
                let decoded = |text| percent_decode_str(text).decode_utf8_lossy().into_owned();
                proxy.credentials(&decoded(user), &decoded(password))
            }
        })
    }
}

impl Proxy {
    /// Shows it who asks (`Proxy-Authorization: Basic`).
    pub fn credentials(mut self, user: &str, password: &str) -> Self {
        let pair = BASE64_STANDARD.encode(format!("{user}:{password}"));
        // Base64 is header text.
        self.authorization = HeaderValue::from_str(&format!("Basic {pair}"))
            .ok()
            .map(|mut value| {
                value.set_sensitive(true);
                value
            });
        self
    }

    /// Whether it is given the whole URL of requests to `endpoint`; a tunnel otherwise.
    fn forwards(endpoint: &Endpoint) -> bool {
        endpoint.scheme() == Scheme::Http && endpoint.protocol() != Protocol::Http2
    }

    /// A stream to the proxy, or through it.
    pub(super) async fn connect(
        &self,
        endpoint: &Endpoint,
        tls: &TlsConfigs,
    ) -> Result<Box<dyn Io>, TransportError> {
        let stream = tcp(&self.endpoint).await?;
        let io: Box<dyn Io> = match self.endpoint.scheme() {
            Scheme::Http => Box::new(stream),
            Scheme::Https => secure_stream(&self.endpoint, tls, Box::new(stream)).await?.0,
        };
        if Self::forwards(endpoint) {
            Ok(io)
        } else {
            self.tunnel(io, endpoint).await
        }
    }

    async fn tunnel(&self, io: Box<dyn Io>, endpoint: &Endpoint) -> Result<Box<dyn Io>, TransportError> {
        let refused = |context| TransportError::connect(ConnectCause::Proxy, context);
        let broken = |error: hyper::Error| {
            refused("the connection to the proxy broke before there was a tunnel").because(error)
        };
        let authority = authority(endpoint);
        let mut request = Request::new(Empty::<Bytes>::new());
        *request.method_mut() = Method::CONNECT;
        *request.uri_mut() = authority
            .parse()
            .map_err(|error| refused("the host is nothing that a tunnel can lead to").because(error))?;
        let headers = request.headers_mut();
        if let Ok(host) = HeaderValue::from_str(&authority) {
            headers.insert(header::HOST, host);
        }
        if let Some(authorization) = &self.authorization {
            headers.insert(header::PROXY_AUTHORIZATION, authorization.clone());
        }
        let (mut sender, connection) = http1::handshake(TokioIo::new(io)).await.map_err(broken)?;
        let driven = tokio::spawn(connection.with_upgrades());
        let response = sender.send_request(request).await.map_err(broken)?;
        let status = response.status();
        if !status.is_success() {
            driven.abort();
            let cause = format!("it answered {status}");
            return Err(match status {
                StatusCode::PROXY_AUTHENTICATION_REQUIRED => {
                    refused("the proxy wants credentials, or others; set them with it").because(cause)
                }
                _ => refused("the proxy makes no tunnel to the service").because(cause),
            });
        }
        let upgraded = hyper::upgrade::on(response).await.map_err(broken)?;
        Ok(Box::new(TokioIo::new(upgraded)))
    }

    /// Addresses a request to the proxy, where it is one that forwards.
    pub(super) fn address(&self, request: &mut Request<super::Body>, endpoint: &Endpoint) {
        if !Self::forwards(endpoint) {
            return;
        }
        let mut parts = std::mem::take(request.uri_mut()).into_parts();
        parts.scheme = Some(endpoint.uri_scheme());
        parts.authority = Some(endpoint.authority().clone());
        // Never fails: all three parts are there.
        if let Ok(uri) = Uri::from_parts(parts) {
            *request.uri_mut() = uri;
        }
        if let Some(authorization) = &self.authorization {
            request
                .headers_mut()
                .insert(header::PROXY_AUTHORIZATION, authorization.clone());
        }
    }
}

/// Host and port: a tunnel has no default port.
fn authority(endpoint: &Endpoint) -> String {
    if endpoint.host().contains(':') {
        format!("[{}]:{}", endpoint.host(), endpoint.port())
    } else {
        format!("{}:{}", endpoint.host(), endpoint.port())
    }
}

impl Proxies {
    /// By none.
    pub const fn none() -> Self {
        Self {
            http: None,
            https: None,
            except: Vec::new(),
        }
    }

    /// Everything goes by this proxy.
    ///
    /// # Errors
    /// `proxy` is none.
    pub fn all(proxy: &str) -> Result<Self, ProxyError> {
        let proxy: Proxy = proxy.parse()?;
        Ok(Self {
            http: Some(proxy.clone()),
            https: Some(proxy),
            except: Vec::new(),
        })
    }

    /// What the environment says, as most programs read it: `HTTP_PROXY`, `HTTPS_PROXY` and `ALL_PROXY`, and the exceptions
    /// of `NO_PROXY`, in capitals or not. `HTTP_PROXY` in capitals is not read where `REQUEST_METHOD` is set: in a CGI
    /// program, a header of the request sets it.
    ///
    /// # Errors
    /// One of them is no proxy.
    pub fn from_environment(variable: impl Fn(&str) -> Option<String>) -> Result<Self, ProxyError> {
        let set = |name: &str| variable(name).filter(|text| !text.trim().is_empty());
        let either = |small: &str| set(small).or_else(|| set(&small.to_ascii_uppercase()));
        let proxy = |text: Option<String>| text.map(|text| text.parse::<Proxy>()).transpose();
        let all = proxy(either("all_proxy"))?;
        let http = if set("REQUEST_METHOD").is_some() {
            set("http_proxy")
        } else {
            either("http_proxy")
        };
        let proxies = Self {
            http: proxy(http)?.or_else(|| all.clone()),
            https: proxy(either("https_proxy"))?.or(all),
            except: Vec::new(),
        };
        Ok(match either("no_proxy") {
            Some(text) => proxies.except(&text),
            None => proxies,
        })
    }

    /// Shows the proxies who asks.
    pub fn credentials(mut self, user: &str, password: &str) -> Self {
        for proxy in [&mut self.http, &mut self.https] {
            *proxy = proxy.take().map(|proxy| proxy.credentials(user, password));
        }
        self
    }

    /// Goes straight to these, separated by commas: a host with all below it (`example.com`, `.example.com`), an
    /// address, a network (`10.0.0.0/8`), each with a port where only that is meant, or `*` for everything.
    pub fn except(mut self, list: &str) -> Self {
        let entries = list.split(|c: char| c == ',' || c.is_whitespace());
        self.except
            .extend(entries.filter(|entry| !entry.is_empty()).map(Except::parse));
        self
    }

    /// Whether everything goes straight.
    pub fn is_none(&self) -> bool {
        self.http.is_none() && self.https.is_none()
    }

    /// The proxy of an endpoint.
    pub(super) fn of(&self, endpoint: &Endpoint) -> Option<&Proxy> {
        let proxy = match endpoint.scheme() {
            Scheme::Http => self.http.as_ref(),
            Scheme::Https => self.https.as_ref(),
        }?;
        let is_excepted = self
            .except
            .iter()
            .any(|except| except.holds(endpoint.host(), endpoint.port()));
        (!is_excepted).then_some(proxy)
    }
}

/// Something that is gone to straight.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Except {
    who: Who,
    port: Option<u16>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Who {
    Everyone,
    /// In lower case, without a dot in front.
    Name(String),
    /// Addresses with so many bits in common.
    Network(IpAddr, u8),
}

impl Except {
    fn parse(entry: &str) -> Self {
        let network = |text: &str| {
            let (address, bits) = text
                .split_once('/')
                .map_or((text, None), |(address, bits)| (address, Some(bits)));
            let address: IpAddr = address
                .trim_start_matches('[')
                .trim_end_matches(']')
                .parse()
                .ok()?;
            let all = if address.is_ipv4() { 32 } else { 128 };
            let bits = bits.map_or(Some(all), |bits| bits.parse().ok().filter(|bits| *bits <= all))?;
            Some(Who::Network(address, bits))
        };
        if let Some(who) = network(entry) {
            return Self { who, port: None };
        }
        let with_port = entry
            .rsplit_once(':')
            .and_then(|(host, port)| Some((host, port.parse().ok()?)));
        let (host, port) = with_port.map_or((entry, None), |(host, port)| (host, Some(port)));
        let who = match host {
            "*" => Who::Everyone,
            host => network(host).unwrap_or_else(|| {
                let name = host.trim_start_matches('*').trim_start_matches('.');
                Who::Name(name.to_ascii_lowercase())
            }),
        };
        Self { who, port }
    }

    fn holds(&self, host: &str, port: u16) -> bool {
        if self.port.is_some_and(|own| own != port) {
            return false;
        }
        match &self.who {
            Who::Everyone => true,
            Who::Name(name) => {
                let host = host.trim_end_matches('.').to_ascii_lowercase();
                let below = host.strip_suffix(name.as_str());
                !name.is_empty() && below.is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
            }
            Who::Network(network, bits) => host.parse().is_ok_and(|host| in_common(*network, host) >= *bits),
        }
    }
}

/// How many leading bits two addresses have in common.
fn in_common(one: IpAddr, other: IpAddr) -> u8 {
    let zeros = match (one, other) {
        (IpAddr::V4(one), IpAddr::V4(other)) => (one.to_bits() ^ other.to_bits()).leading_zeros(),
        (IpAddr::V6(one), IpAddr::V6(other)) => (one.to_bits() ^ other.to_bits()).leading_zeros(),
        _ => 0,
    };
    zeros as u8
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Proxy({})", self.endpoint)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn goes_by(proxies: &Proxies, url: &str) -> Option<String> {
        let endpoint = Endpoint::parse(url).expect("an address");
        proxies.of(&endpoint).map(|proxy| proxy.endpoint.to_string())
    }

    #[test]
    fn exceptions_are_names_addresses_networks_and_ports() {
        let list = "localhost, .svc.local,*.wild.example,10.1.0.0/16,::1,only.example:8443,192.0.2.7";
        let proxies = Proxies::all("proxy:3128").unwrap().except(list);
        for url in [
            "http://localhost:1",
            "https://a.svc.local",
            "https://SVC.local",
            "http://x.wild.example",
            "http://10.1.255.3",
            "http://[::1]:80",
            "https://only.example:8443",
            "http://192.0.2.7",
        ] {
            assert_eq!(goes_by(&proxies, url), None, "{url}");
        }
        for url in [
            "http://notlocalhost",
            "https://xsvc.local",
            "http://10.2.0.1",
            "http://[::2]",
            "https://only.example",
            "http://192.0.2.70",
        ] {
            assert_eq!(
                goes_by(&proxies, url).as_deref(),
                Some("http://proxy:3128"),
                "{url}"
            );
        }
        assert_eq!(goes_by(&proxies.except("*"), "http://anything"), None);
    }

    #[test]
    fn the_environment_is_read_as_other_programs_read_it() {
        let with = |variables: &'static [(&str, &str)]| {
            Proxies::from_environment(|name| {
                let found = variables.iter().find(|(other, _)| *other == name);
                found.map(|(_, value)| (*value).to_owned())
            })
            .expect("sound")
        };
        let proxies = with(&[
            ("HTTP_PROXY", "http://one:1"),
            ("https_proxy", "two:2"),
            ("ALL_PROXY", "http://three:3"),
            ("NO_PROXY", "straight"),
        ]);
        assert_eq!(goes_by(&proxies, "http://a").as_deref(), Some("http://one:1"));
        assert_eq!(goes_by(&proxies, "https://a").as_deref(), Some("http://two:2"));
        assert_eq!(goes_by(&proxies, "https://straight"), None);
        let cgi = with(&[("HTTP_PROXY", "http://evil:1"), ("REQUEST_METHOD", "GET")]);
        assert!(cgi.is_none(), "a header of the request sets it there");
        assert!(with(&[("HTTP_PROXY", "")]).is_none());
    }

    #[test]
    fn credentials_are_decoded_and_never_shown() {
        let proxies = Proxies::all("http://us%40er:hunter2@proxy:1").unwrap();
        let proxy = proxies.http.as_ref().unwrap();
        let expected = format!("Basic {}", BASE64_STANDARD.encode("us@er:hunter2"));
        assert_eq!(proxy.authorization.as_ref().unwrap(), &expected);
        assert!(!format!("{proxies:?}").contains("hunter2"));
        for text in [
            "socks5://user:hunter2@h:1",
            "http://user:hunter2@:1",
            "http://user:hunter2@h:x",
        ] {
            let error = Proxies::all(text).unwrap_err();
            assert!(!format!("{error} {error:?}").contains("hunter2"), "{error}");
        }
    }
}
