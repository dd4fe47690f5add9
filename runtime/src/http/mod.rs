//! HTTP on the wire: a pool of our own over hyper connections.
//!
//! ```text
//! Line ─┬─ Transport ── pool (per origin) ── connect ── TCP, TLS ── hyper http1 | http2
//!       └─ Exchange (a service in this process, a recorder, a mock)
//! ```
//!
//! Nothing here judges, retries or balances: a request goes out once, unless it
//! provably never left (a stale idle connection), and every failure says how far
//! the request can have come.

mod body;
pub(crate) mod certificates;
mod chaos;
mod connect;
mod endpoint;
mod error;
mod exchange;
#[cfg(feature = "gzip")]
pub(crate) mod gzip;
mod pool;
mod proxy;
mod tls;
mod transport;

pub(crate) use body::Sized;
pub use body::{Body, BoxError, Collected, DEFAULT_BODY_LIMIT, ResponseBody};
pub use chaos::Chaos;
pub use connect::{Connector, Io};
pub(crate) use endpoint::THE_ADDRESS;
pub use endpoint::{Endpoint, EndpointError, Protocol, Scheme};
pub use error::{ConnectCause, TransportError, TransportErrorKind};
#[cfg(feature = "server")]
pub use exchange::InProcess;
pub use exchange::{Exchange, ExchangeFuture, Line};
pub use proxy::{Proxies, Proxy, ProxyError};
#[cfg(feature = "server")]
pub(crate) use tls::certificates as certificates_of;
pub use tls::{Tls, TlsError};
pub use transport::{Transport, TransportBuilder};
