//! The pooled transport: checks a connection out, sends once, and sends again
//! only what provably never left.

use std::collections::HashMap;
use std::fmt;
use std::hash::{BuildHasherDefault, Hash, Hasher};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use http::uri::{PathAndQuery, Uri};
use http::{Request, Response, Version, header};
use hyper::client::conn::TrySendError;

use super::connect::{Connected, connect};
use super::pool::{Fresh, Gauge, Host, Http1, Http2Slot, Lease, Limits};
use super::tls::TlsConfigs;
use super::{
    Body, ConnectCause, Connector, Endpoint, Protocol, Proxies, ResponseBody, Scheme, Tls, TlsError,
    TransportError, TransportErrorKind,
};

/// A pool of HTTP/1 and HTTP/2 connections to any number of endpoints. Cheap to
/// clone; clones share the pool.
///
/// Must be used within a tokio runtime, which drives the connections.
///
/// ```no_run
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// use tieline::http::{Body, Endpoint, Transport, DEFAULT_BODY_LIMIT};
///
/// let transport = Transport::new();
/// let pets = Endpoint::parse("http://pet-service:8080/api/v1")?;
/// let request = ::http::Request::get("/pets?limit=10").body(Body::empty())?;
/// let response = transport.send(&pets, request).await?;
/// let body = response.into_body().collect(DEFAULT_BODY_LIMIT).await?;
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Transport(Arc<Shared>);

struct Shared {
    connect_timeout: Duration,
    wait_for_ready: bool,
    limits: Limits,
    tls: TlsConfigs,
    connector: Option<Arc<dyn Connector>>,
    proxies: Proxies,
    hosts: RwLock<HashMap<Origin, Arc<Host>, BuildHasherDefault<Precomputed>>>,
    gauge: Arc<Gauge>,
    shows_certificate: bool,
}

/// How long a server that cannot be reached is left alone before it is tried again.
const READY_INTERVAL: Duration = Duration::from_millis(50);

/// An endpoint as the key of its pool: by origin, with the hash made beforehand.
struct Origin(Endpoint);

impl PartialEq for Origin {
    fn eq(&self, other: &Self) -> bool {
        self.0.same_origin(&other.0)
    }
}

impl Eq for Origin {}

impl Hash for Origin {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.0.origin_hash());
    }
}

/// Takes the hash as it comes.
#[derive(Default)]
struct Precomputed(u64);

impl Hasher for Precomputed {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}

/// Settings of a [`Transport`].
pub struct TransportBuilder {
    connect_timeout: Duration,
    wait_for_ready: bool,
    limits: Limits,
    tls: Tls,
    connector: Option<Arc<dyn Connector>>,
    proxies: Proxies,
}

impl Default for TransportBuilder {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(5),
            wait_for_ready: false,
            limits: Limits {
                max_idle: 128,
                idle_timeout: Duration::from_secs(90),
                max_age: None,
                http2_connections: 4,
                http2_streams: 100,
                ping_interval: None,
                ping_timeout: Duration::from_secs(20),
            },
            tls: Tls::default(),
            connector: None,
            proxies: Proxies::none(),
        }
    }
}

impl TransportBuilder {
    /// How long name resolution, TCP and TLS may take together; 5 s unless set.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// Whether a server that cannot be reached is tried again until the connect timeout ends, as one that is just
    /// starting wants (gRPC's "wait for ready"). Off unless set: a request then fails at once, and is retried where
    /// that is safe.
    pub fn wait_for_ready(mut self, wait: bool) -> Self {
        self.wait_for_ready = wait;
        self
    }

    /// How many idle HTTP/1 connections are kept per origin; 128 unless set.
    pub fn max_idle(mut self, connections: usize) -> Self {
        self.limits.max_idle = connections;
        self
    }

    /// How long a connection may be idle before it is closed; 90 s unless
    /// set. Keep it below the server's own idle timeout.
    pub fn idle_timeout(mut self, timeout: Duration) -> Self {
        self.limits.idle_timeout = timeout;
        self
    }

    /// How old a connection may become, less up to a tenth: it takes no further requests then, and ends with those under
    /// way. For ever unless set. A limit has load follow the addresses of a name, and servers that are added.
    pub fn max_age(mut self, age: Duration) -> Self {
        self.limits.max_age = Some(age);
        self
    }

    /// Opens another HTTP/2 connection to an origin when every one has `streams`
    /// requests in flight, or as many as its server allows, up to `connections` in all; 4 of 100 unless set.
    pub fn http2_connections(mut self, connections: usize, streams: usize) -> Self {
        self.limits.http2_connections = connections.max(1);
        self.limits.http2_streams = streams.max(1);
        self
    }

    /// Pings HTTP/2 connections every `interval` and closes those that do not
    /// answer within `timeout`. Off unless set.
    pub fn http2_ping(mut self, interval: Duration, timeout: Duration) -> Self {
        self.limits.ping_interval = Some(interval);
        self.limits.ping_timeout = timeout;
        self
    }

    /// Whom to trust and who we are over TLS.
    pub fn tls(mut self, tls: Tls) -> Self {
        self.tls = tls;
        self
    }

    /// Which proxies requests go by; none unless set, whatever the environment says. Not used with a connector.
    pub fn proxies(mut self, proxies: Proxies) -> Self {
        self.proxies = proxies;
        self
    }

    /// Opens streams by other means than TCP.
    pub fn connector(mut self, connector: impl Connector + 'static) -> Self {
        self.connector = Some(Arc::new(connector));
        self
    }

    /// The transport.
    ///
    /// # Errors
    /// When rustls refuses the certificates or the key of [`Tls`].
    pub fn build(self) -> Result<Transport, TlsError> {
        Ok(Transport(Arc::new(Shared {
            connect_timeout: self.connect_timeout,
            wait_for_ready: self.wait_for_ready,
            limits: self.limits,
            shows_certificate: self.tls.shows_certificate(),
            tls: self.tls.build()?,
            connector: self.connector,
            proxies: self.proxies,
            hosts: RwLock::default(),
            gauge: Arc::new(Gauge::new()),
        })))
    }
}

impl Default for Transport {
    fn default() -> Self {
        Self::new()
    }
}

impl Transport {
    /// A transport with the default settings.
    pub fn new() -> Self {
        // The compiled-in roots and ring's own protocols always build; a test builds them.
        Self::builder()
            .build()
            .expect("the default TLS settings are sound")
    }

    /// Settings to change.
    pub fn builder() -> TransportBuilder {
        TransportBuilder::default()
    }

    /// Sends a request once and waits for the head of the response.
    ///
    /// The request's URI is a path and query below the endpoint's base path. The
    /// `host` header is added when absent (over HTTP/2 it is always the endpoint's). A request whose connection closed before
    /// it left is sent on another connection; nothing else is sent twice. (A server
    /// may close an idle connection while a request is on its way; that is an error
    /// with [`TransportError::on_reused_connection`], and safe to send again when
    /// the operation is idempotent.) There is no timeout but the connect timeout:
    /// drop the future to give up.
    ///
    /// # Errors
    /// See [`TransportErrorKind`] for how far the request can have come.
    pub async fn send(
        &self,
        endpoint: &Endpoint,
        mut request: Request<Body>,
    ) -> Result<Response<ResponseBody>, TransportError> {
        let path = endpoint.join(request.uri())?;
        let host = self.host(endpoint).map_err(|error| error.to(endpoint))?;
        let outcome = loop {
            let (connection, reused) = match self.checkout(&host, endpoint).await {
                Ok(checked_out) => checked_out,
                Err(error) => break Err(error),
            };
            let mut shared = None;
            let sent = match connection {
                Fresh::Http1(connection) => {
                    address_http1(&mut request, endpoint, &path);
                    if let Some(proxy) = self.0.proxies.of(endpoint) {
                        proxy.address(&mut request, endpoint);
                    }
                    send_http1(&host, connection, request).await
                }
                Fresh::Http2(slot) => {
                    shared = Some(slot.stream.connection());
                    address_http2(&mut request, endpoint, &path);
                    send_http2(slot, request).await
                }
            };
            let unsent = match sent {
                Ok(response) => break Ok(response),
                Err(unsent) => unsent,
            };
            let never_left = unsent.request.is_some();
            let error = TransportError::from_hyper(unsent.error).on_reused(reused);
            if (never_left || error.kind() == TransportErrorKind::NotProcessed)
                && let Some(connection) = shared
            {
                // A shared connection that gives requests back has ended.
                host.unshare(&connection);
            }
            match unsent.request {
                None => break Err(error),
                Some(back) if reused => request = back,
                Some(_) => break Err(TransportError::never_left().because(error)),
            }
        };
        outcome.map_err(|error| error.to(endpoint))
    }

    /// Stops making connections, closes the idle ones and lets those in use end
    /// with their request. Later sends fail as closed.
    pub fn close(&self) {
        self.0.gauge.close();
        let hosts = self.0.hosts.read().unwrap_or_else(PoisonError::into_inner);
        for host in hosts.values() {
            host.close();
        }
    }

    /// Waits until no connection is open; after [`Transport::close`], until the
    /// last request has ended.
    pub async fn drained(&self) {
        self.0.gauge.drained().await;
    }

    /// Whether it is this transport that looks up the endpoint's host: not where a proxy or a connector does.
    pub(crate) fn resolves(&self, endpoint: &Endpoint) -> bool {
        self.0.connector.is_none() && self.0.proxies.of(endpoint).is_none()
    }

    /// Whether servers that ask for a certificate are shown one.
    pub fn shows_certificate(&self) -> bool {
        self.0.shows_certificate
    }

    /// How many connections are open, idle ones included.
    pub fn open_connections(&self) -> usize {
        self.0.gauge.open()
    }

    /// The pool of the endpoint's origin.
    fn host(&self, endpoint: &Endpoint) -> Result<Arc<Host>, TransportError> {
        if self.0.gauge.is_closed() {
            return Err(TransportError::closed());
        }
        let key = Origin(endpoint.clone());
        let known = self
            .0
            .hosts
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&key)
            .cloned();
        if let Some(host) = known {
            return Ok(host);
        }
        let mut hosts = self.0.hosts.write().unwrap_or_else(PoisonError::into_inner);
        // A new origin is rare: the moment to forget those that are gone.
        hosts.retain(|_, host| Arc::strong_count(host) > 1 || !host.is_unused());
        let make = || Arc::new(Host::new(self.0.gauge.clone(), self.0.limits.clone()));
        Ok(hosts.entry(key).or_insert_with(make).clone())
    }

    /// A connection to send one request on, and whether it served others before.
    async fn checkout(&self, host: &Arc<Host>, endpoint: &Endpoint) -> Result<(Fresh, bool), TransportError> {
        let may_be_http2 = match (endpoint.protocol(), endpoint.scheme()) {
            (Protocol::Http1, _) | (Protocol::Negotiated, Scheme::Http) => false,
            (Protocol::Http2, _) => true,
            (Protocol::Negotiated, Scheme::Https) => !host.speaks_http1(),
        };
        if may_be_http2 && let Some(shared) = host.shared() {
            return Ok((Fresh::Http2(shared), true));
        }
        if endpoint.protocol() != Protocol::Http2
            && let Some(idle) = host.take_idle().await
        {
            return Ok((Fresh::Http1(idle), true));
        }
        if !may_be_http2 {
            return Ok((self.open(host, endpoint).await?, false));
        }
        let ready = || host.shared().map(|shared| (Fresh::Http2(shared), true));
        let make = async { Ok((self.open(host, endpoint).await?, false)) };
        match host.single_flight(ready, make).await {
            Ok(checked_out) => Ok(checked_out),
            // A busy connection is better than none.
            Err(error) => host
                .shared_anyhow()
                .map(|slot| (Fresh::Http2(slot), true))
                .ok_or(error),
        }
    }

    /// Makes a connection, within the connect timeout.
    async fn open(&self, host: &Arc<Host>, endpoint: &Endpoint) -> Result<Fresh, TransportError> {
        let shared = &*self.0;
        if shared.gauge.is_closed() {
            return Err(TransportError::closed());
        }
        // Boxed, because a handshake is rare and its state is large: every request would carry room for it.
        let making = Box::pin(async {
            let connected = self.reach(endpoint).await?;
            host.handshake(connected).await
        });
        let fresh = tokio::time::timeout(shared.connect_timeout, making)
            .await
            .map_err(|error| {
                TransportError::connect(
                    ConnectCause::Timeout,
                    "no connection within the connect timeout; is the address right and reachable?",
                )
                .because(error)
            })??;
        Ok(fresh)
    }
}

impl Transport {
    /// A stream to the server; with "wait for ready", the first that can be had.
    async fn reach(&self, endpoint: &Endpoint) -> Result<Connected, TransportError> {
        let shared = &*self.0;
        loop {
            let proxy = shared.proxies.of(endpoint);
            let connected = connect(endpoint, &shared.tls, shared.connector.as_deref(), proxy).await;
            let may_come_up = |error: &TransportError| {
                use ConnectCause::{Dns, Network, Refused};
                matches!(error.kind(), TransportErrorKind::Connect(Dns | Network | Refused))
            };
            match connected {
                Err(error) if shared.wait_for_ready && may_come_up(&error) => {
                    tokio::time::sleep(READY_INTERVAL).await;
                }
                done => return done,
            }
        }
    }
}

impl fmt::Debug for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transport")
            .field("open_connections", &self.open_connections())
            .finish()
    }
}

/// A request that was not answered, with the request when it never left.
struct Unsent {
    error: hyper::Error,
    request: Option<Request<Body>>,
}

impl From<TrySendError<Request<Body>>> for Unsent {
    fn from(mut failed: TrySendError<Request<Body>>) -> Self {
        let request = failed.take_message();
        Self {
            error: failed.into_error(),
            request,
        }
    }
}

/// HTTP/1: the path alone, and the host as a header.
fn address_http1(request: &mut Request<Body>, endpoint: &Endpoint, path: &PathAndQuery) {
    *request.uri_mut() = Uri::from(path.clone());
    *request.version_mut() = Version::HTTP_11;
    let headers = request.headers_mut();
    if !headers.contains_key(header::HOST) {
        headers.insert(header::HOST, endpoint.host_header().clone());
    }
}

/// HTTP/2: scheme, authority and path become pseudo-headers.
fn address_http2(request: &mut Request<Body>, endpoint: &Endpoint, path: &PathAndQuery) {
    let mut parts = http::uri::Parts::default();
    parts.scheme = Some(endpoint.uri_scheme());
    parts.authority = Some(endpoint.authority().clone());
    parts.path_and_query = Some(path.clone());
    // Never fails: all three parts are there.
    if let Ok(uri) = Uri::from_parts(parts) {
        *request.uri_mut() = uri;
    }
    *request.version_mut() = Version::HTTP_2;
    request.headers_mut().remove(header::HOST);
}

async fn send_http1(
    host: &Arc<Host>,
    mut connection: Http1,
    request: Request<Body>,
) -> Result<Response<ResponseBody>, Unsent> {
    let response = connection.sender.try_send_request(request).await?;
    let lease = Lease::Http1(host.clone(), connection);
    Ok(response.map(|incoming| ResponseBody::wire(incoming, Some(lease))))
}

async fn send_http2(mut slot: Http2Slot, request: Request<Body>) -> Result<Response<ResponseBody>, Unsent> {
    let response = slot.sender.try_send_request(request).await?;
    let lease = Lease::Http2(slot.stream);
    Ok(response.map(|incoming| ResponseBody::wire(incoming, Some(lease))))
}
