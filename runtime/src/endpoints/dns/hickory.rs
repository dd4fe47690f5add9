//! A DNS client that knows how long records hold, and SRV records: hickory's.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use hickory_resolver::TokioResolver;
use hickory_resolver::config::{LookupIpStrategy, NameServerConfig, ResolverConfig};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::proto::rr::RData;

use super::{Resolve, Resolved, Resolving};

/// A DNS client of one's own, with the feature `dns`. It keeps nothing: whoever asks knows how long an answer holds.
#[derive(Clone)]
pub struct DnsResolver(TokioResolver);

impl DnsResolver {
    /// With the servers and search domains of the system's configuration.
    ///
    /// # Errors
    /// That cannot be read.
    pub fn system() -> io::Result<Self> {
        let builder = TokioResolver::builder_tokio().map_err(io::Error::other)?;
        Self::build(builder)
    }

    /// With this server.
    ///
    /// # Errors
    /// No client can be made.
    pub fn at(server: SocketAddr) -> io::Result<Self> {
        let mut config = NameServerConfig::udp_and_tcp(server.ip());
        for connection in &mut config.connections {
            connection.port = server.port();
        }
        let config = ResolverConfig::from_name_servers(vec![config]);
        Self::build(TokioResolver::builder_with_config(
            config,
            TokioRuntimeProvider::default(),
        ))
    }

    fn build(mut builder: hickory_resolver::ResolverBuilder<TokioRuntimeProvider>) -> io::Result<Self> {
        let options = builder.options_mut();
        options.cache_size = 0;
        options.ip_strategy = LookupIpStrategy::Ipv4AndIpv6;
        builder.build().map(Self).map_err(io::Error::other)
    }
}

impl Resolve for DnsResolver {
    fn resolve<'a>(&'a self, host: &'a str, port: u16) -> Resolving<'a> {
        Box::pin(async move {
            let found = self.0.lookup_ip(host).await.map_err(io::Error::other)?;
            let addresses = found.iter().map(|ip| SocketAddr::new(ip, port));
            Ok(Resolved::new(addresses).with_ttl(until(found.valid_until())))
        })
    }

    fn resolve_service<'a>(&'a self, name: &'a str) -> Resolving<'a> {
        Box::pin(async move {
            let found = self.0.srv_lookup(name).await.map_err(io::Error::other)?;
            let mut resolved = Resolved::default();
            let mut ttl = until(found.valid_until());
            let (mut failure, mut is_any) = (None, false);
            for record in found.answers() {
                let RData::SRV(target) = &record.data else {
                    continue;
                };
                // A root as the target says that there is no such service (RFC 2782).
                if target.target.is_root() {
                    continue;
                }
                match self.0.lookup_ip(target.target.clone()).await {
                    Ok(addresses) => {
                        is_any = true;
                        ttl = ttl.min(until(addresses.valid_until()));
                        let (weight, priority) =
                            (u32::from(target.weight).max(1), u32::from(target.priority));
                        let address = |ip| (SocketAddr::new(ip, target.port), weight, priority);
                        resolved.addresses.extend(addresses.iter().map(address));
                    }
                    // One target more or less is no reason to know none.
                    Err(error) => failure = Some(error),
                }
            }
            match failure {
                Some(error) if !is_any => Err(io::Error::other(error)),
                _ => Ok(resolved.with_ttl(ttl)),
            }
        })
    }
}

fn until(at: Instant) -> Duration {
    at.saturating_duration_since(Instant::now())
}

impl fmt::Debug for DnsResolver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DnsResolver")
    }
}
