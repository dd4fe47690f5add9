//! Making a connection: names, addresses, TCP and TLS, within one timeout.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::tls::TlsConfigs;
use super::{ConnectCause, Endpoint, Protocol, Proxy, Scheme, TransportError};

/// How long the first address is given before the next is tried beside it
/// (RFC 8305, 5: "Connection Attempt Delay").
const ATTEMPT_DELAY: Duration = Duration::from_millis(250);

/// A byte stream to a server.
pub trait Io: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Io for T {}

/// Opens byte streams in the place of TCP: a Unix socket, a proxy, a test. TLS,
/// when the endpoint asks for it, goes on top; the connect timeout covers both.
pub trait Connector: Send + Sync {
    /// Opens a stream to the endpoint's host and port.
    fn connect<'a>(
        &'a self,
        endpoint: &'a Endpoint,
    ) -> Pin<Box<dyn Future<Output = io::Result<Box<dyn Io>>> + Send + 'a>>;
}

/// A stream, and whether it speaks HTTP/2.
pub(super) struct Connected {
    pub(super) io: Box<dyn Io>,
    pub(super) http2: bool,
}

/// Opens a stream to the endpoint, TLS included. The caller sets the timeout.
pub(super) async fn connect(
    endpoint: &Endpoint,
    tls: &TlsConfigs,
    connector: Option<&dyn Connector>,
    proxy: Option<&Proxy>,
) -> Result<Connected, TransportError> {
    let io: Box<dyn Io> = match (connector, proxy) {
        (Some(connector), _) => connector.connect(endpoint).await.map_err(of_network)?,
        (None, Some(proxy)) => proxy.connect(endpoint, tls).await?,
        (None, None) => Box::new(tcp(endpoint).await?),
    };
    match endpoint.scheme() {
        Scheme::Http => Ok(Connected {
            io,
            http2: endpoint.protocol() == Protocol::Http2,
        }),
        Scheme::Https => {
            let (io, http2) = secure_stream(endpoint, tls, io).await?;
            Ok(Connected { io, http2 })
        }
    }
}

pub(super) async fn tcp(endpoint: &Endpoint) -> Result<TcpStream, TransportError> {
    let addresses = match endpoint.address() {
        Some(address) => vec![address],
        None => resolve(endpoint.host(), endpoint.port()).await?,
    };
    let stream = first_to_answer(addresses).await.map_err(of_network)?;
    // A socket that cannot be told still works.
    let _ = stream.set_nodelay(true);
    Ok(stream)
}

async fn resolve(host: &str, port: u16) -> Result<Vec<SocketAddr>, TransportError> {
    let fail = |context| TransportError::connect(ConnectCause::Dns, context);
    let found: Vec<_> = tokio::net::lookup_host((host, port))
        .await
        .map_err(|error| fail("the host name could not be resolved").because(error))?
        .collect();
    if found.is_empty() {
        return Err(fail("the host name has no address"));
    }
    Ok(alternate_families(found))
}

/// Puts the addresses in turns of IPv6 and IPv4, the resolver's first choice
/// first (RFC 8305, 4).
fn alternate_families(addresses: Vec<SocketAddr>) -> Vec<SocketAddr> {
    let first_is_v6 = addresses.first().is_some_and(SocketAddr::is_ipv6);
    let (same, other): (Vec<_>, Vec<_>) = addresses
        .into_iter()
        .partition(|address| address.is_ipv6() == first_is_v6);
    let mut other = other.into_iter();
    let mut ordered = Vec::new();
    for address in same {
        ordered.push(address);
        ordered.extend(other.next());
    }
    ordered.extend(other);
    ordered
}

/// Tries every address: the next one as soon as one failed, or beside it after
/// [`ATTEMPT_DELAY`]. The last failure is the answer when none connects.
async fn first_to_answer(addresses: Vec<SocketAddr>) -> io::Result<TcpStream> {
    let mut waiting = addresses.into_iter();
    let mut trying = FuturesUnordered::new();
    let mut failure = io::Error::new(io::ErrorKind::AddrNotAvailable, "no address to connect to");
    trying.extend(waiting.next().map(TcpStream::connect));
    while !trying.is_empty() {
        let delay = tokio::time::sleep(ATTEMPT_DELAY);
        tokio::select! {
            Some(result) = trying.next() => match result {
                Ok(stream) => return Ok(stream),
                Err(error) => {
                    failure = error;
                    trying.extend(waiting.next().map(TcpStream::connect));
                }
            },
            () = delay, if waiting.len() > 0 => {
                trying.extend(waiting.next().map(TcpStream::connect));
            }
        }
    }
    Err(failure)
}

/// The stream over TLS, and whether it speaks HTTP/2.
pub(super) async fn secure_stream(
    endpoint: &Endpoint,
    tls: &TlsConfigs,
    io: Box<dyn Io>,
) -> Result<(Box<dyn Io>, bool), TransportError> {
    let fail = |context| TransportError::connect(ConnectCause::Tls, context);
    let name = ServerName::try_from(endpoint.host().to_owned())
        .map_err(|error| fail("the host is not a name that a certificate can have").because(error))?;
    let stream = TlsConnector::from(tls.offering(endpoint.protocol()))
        .connect(name, io)
        .await
        .map_err(|error| fail("the TLS handshake failed").because(error))?;
    let http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
    if endpoint.protocol() == Protocol::Http2 && !http2 {
        return Err(fail(
            "the server does not offer HTTP/2 (ALPN `h2`), which gRPC needs",
        ));
    }
    Ok((Box::new(stream), http2))
}

fn of_network(error: io::Error) -> TransportError {
    let (cause, context) = match error.kind() {
        io::ErrorKind::ConnectionRefused => (
            ConnectCause::Refused,
            "nothing listens at the address; is the service running?",
        ),
        io::ErrorKind::TimedOut => (ConnectCause::Timeout, "the address did not answer"),
        _ => (ConnectCause::Network, "the address could not be reached"),
    };
    TransportError::connect(cause, context).because(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn address_families_take_turns() {
        let of = |text: &str| text.parse::<SocketAddr>().unwrap();
        let found = ["[::1]:1", "[::2]:1", "1.1.1.1:1", "2.2.2.2:1", "3.3.3.3:1"]
            .map(of)
            .to_vec();
        let expected = ["[::1]:1", "1.1.1.1:1", "[::2]:1", "2.2.2.2:1", "3.3.3.3:1"]
            .map(of)
            .to_vec();
        assert_eq!(alternate_families(found), expected);
    }

    #[tokio::test]
    async fn an_address_that_refuses_gives_way_to_the_next() {
        let dead = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let dead_address = dead.local_addr().unwrap();
        drop(dead);
        let alive = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let stream = first_to_answer(vec![dead_address, alive.local_addr().unwrap()])
            .await
            .unwrap();
        assert_eq!(stream.peer_addr().unwrap(), alive.local_addr().unwrap());
    }
}
