//! Endpoints by DNS: every address of a name, looked up again after a while.

#[cfg(feature = "dns")]
mod hickory;

use std::fmt;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use super::{Discover, DiscoverError, Discovering, Member};
use crate::clock::{Clock, Instant};
use crate::http::Endpoint;

/// How long the addresses of a name hold where the resolver does not say (gRPC's least time between two resolutions).
const REFRESH: Duration = Duration::from_secs(30);

/// How long they hold at least and at most where the resolver says, and how soon a lookup may follow another when an endpoint
/// could not be reached.
const LEAST: Duration = Duration::from_secs(1);
const MOST: Duration = Duration::from_secs(3600);

#[cfg(feature = "dns")]
pub use self::hickory::DnsResolver;

/// The addresses of a name, as a resolver found them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Resolved {
    /// Each address with its weight and its priority, 0 being the first.
    pub addresses: Vec<(SocketAddr, u32, u32)>,
    /// How long they hold, where that is known.
    pub ttl: Option<Duration>,
}

impl Resolved {
    /// These addresses, alike.
    pub fn new(addresses: impl IntoIterator<Item = SocketAddr>) -> Self {
        Self {
            addresses: addresses.into_iter().map(|address| (address, 1, 0)).collect(),
            ttl: None,
        }
    }

    /// They hold for this time.
    pub fn with_ttl(mut self, ttl: Duration) -> Self {
        self.ttl = Some(ttl);
        self
    }
}

/// The future of a lookup.
pub type Resolving<'a> = Pin<Box<dyn Future<Output = io::Result<Resolved>> + Send + 'a>>;

/// Looks names up.
pub trait Resolve: Send + Sync + 'static {
    /// The addresses of `host`, each with `port`.
    fn resolve<'a>(&'a self, host: &'a str, port: u16) -> Resolving<'a>;

    /// The addresses of the targets of an SRV record (RFC 2782). Not every resolver knows them.
    fn resolve_service<'a>(&'a self, name: &'a str) -> Resolving<'a> {
        let _ = name;
        Box::pin(async {
            Err(io::Error::new(
                io::ErrorKind::Unsupported,
                "the resolver knows no SRV records; turn the feature `dns` on",
            ))
        })
    }
}

impl<R: Resolve + ?Sized> Resolve for Arc<R> {
    fn resolve<'a>(&'a self, host: &'a str, port: u16) -> Resolving<'a> {
        (**self).resolve(host, port)
    }

    fn resolve_service<'a>(&'a self, name: &'a str) -> Resolving<'a> {
        (**self).resolve_service(name)
    }
}

/// The resolver that knows most: of the feature `dns`, where it is on and the system's configuration can be read.
fn best_resolver() -> Arc<dyn Resolve> {
    #[cfg(feature = "dns")]
    match DnsResolver::system() {
        Ok(resolver) => return Arc::new(resolver),
        Err(error) => tracing::warn!(%error, "the system's DNS configuration cannot be read"),
    }
    Arc::new(SystemResolver)
}

/// The operating system's resolver, by tokio's `lookup_host`. It does not say how long addresses hold.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemResolver;

impl Resolve for SystemResolver {
    fn resolve<'a>(&'a self, host: &'a str, port: u16) -> Resolving<'a> {
        Box::pin(async move {
            let found = tokio::net::lookup_host((host, port)).await?;
            Ok(Resolved::new(found))
        })
    }
}

/// The endpoints that a name stands for: one for each of its addresses, with the name's own host, certificate and base path.
pub struct Dns {
    endpoint: Endpoint,
    /// The SRV record, if it is that which is looked up.
    service: Option<String>,
    /// Made when it is first needed.
    resolver: Option<Arc<dyn Resolve>>,
    refresh: Option<Duration>,
    clock: Clock,
    /// When the next lookup is due, and when the last one was made.
    due: Instant,
    looked_up: Instant,
}

impl Dns {
    /// The addresses of the endpoint's host. They are looked up when their time is over with the feature `dns`, else every
    /// 30 s by the system's resolver, which does not tell it.
    pub fn new(endpoint: Endpoint) -> Self {
        Self {
            endpoint,
            service: None,
            resolver: None,
            refresh: None,
            clock: Clock::default(),
            due: Instant::from_nanos(0),
            looked_up: Instant::from_nanos(0),
        }
    }

    /// Looks names up by another resolver.
    pub fn resolver(mut self, resolver: impl Resolve) -> Self {
        self.resolver = Some(Arc::new(resolver));
        self
    }

    /// Looks up this SRV record instead of the host, such as `_http._tcp.users.example` (RFC 2782): its targets with their
    /// ports, priorities and weights. The host stays what requests and certificates are for.
    pub fn service(mut self, name: impl Into<String>) -> Self {
        self.service = Some(name.into());
        self
    }

    /// How long addresses hold, whatever the resolver says; unless set its TTL (1 s to 1 h), or 30 s where it says none.
    pub fn refresh(mut self, interval: Duration) -> Self {
        self.refresh = Some(interval);
        self
    }

    /// Sets the clock.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// The name, as an address.
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    async fn look_up(&mut self) -> Result<Option<Vec<Member>>, DiscoverError> {
        self.clock.sleep_until(self.due).await;
        let (host, port) = (self.endpoint.host().to_owned(), self.endpoint.port());
        let resolver = self.resolver.get_or_insert_with(best_resolver);
        let found = match &self.service {
            Some(name) => resolver.resolve_service(name).await,
            None => resolver.resolve(&host, port).await,
        };
        let host = self.service.as_ref().unwrap_or(&host);
        let mut found = found.map_err(|error| {
            let message = format!(
                "the name `{host}` could not be resolved; is it right, and is a DNS server reachable?"
            );
            DiscoverError::new(message).because(error)
        })?;
        if found.addresses.is_empty() {
            return Err(DiscoverError::new(format!(
                "the name `{host}` has no address now"
            )));
        }
        let said = found.ttl.map(|ttl| ttl.clamp(LEAST, MOST));
        self.looked_up = self.clock.now();
        self.due = self.looked_up.plus(self.refresh.or(said).unwrap_or(REFRESH));
        // In one order, whichever way the server turns them.
        found.addresses.sort_unstable();
        let member = |(address, weight, priority)| {
            Member::new(self.endpoint.at(address))
                .with_weight(weight)
                .with_priority(priority)
        };
        Ok(Some(found.addresses.into_iter().map(member).collect()))
    }
}

impl Discover for Dns {
    fn next(&mut self) -> Discovering<'_> {
        Box::pin(self.look_up())
    }

    fn hurry(&mut self) {
        self.due = self.due.min(self.looked_up.plus(LEAST));
    }
}

impl fmt::Debug for Dns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dns")
            .field("endpoint", &self.endpoint)
            .field("refresh", &self.refresh)
            .finish_non_exhaustive()
    }
}
