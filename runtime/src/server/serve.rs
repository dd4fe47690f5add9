//! Serves HTTP/1 and HTTP/2 on one port, over TLS where that is set, and drains with a deadline.
//!
//! ```text
//! accept ── a task per connection ── TLS ── headers, in time and not too large ── service
//! shutdown: stop accepting, GOAWAY / connection: close ── wait for the calls in
//! flight, up to the drain time ── drop what is left
//! ```

mod connection;
mod paced;

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use rustls::ServerConfig;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tower_service::Service;

pub(super) use self::paced::Paused;
pub use super::tls::ServerTls;
use crate::http::{BoxError, TlsError};

/// How long accepting pauses when the process is out of sockets or memory.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// How a server ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Drained {
    /// Every call in flight ended.
    Whole,
    /// The drain time was over with this many connections still busy; they were dropped.
    Cut(usize),
}

/// Serves `service` on `listener` until `shutdown` is ready, then lets the calls in
/// flight end for at most `drain`.
///
/// HTTP/1.1 and HTTP/2 with prior knowledge share the port. A connection that
/// panics or breaks ends alone. `service` is an `axum::Router`, a
/// [`GrpcService`](crate::grpc::GrpcService), or any tower service that never fails.
///
/// ```no_run
/// # async fn example() -> std::io::Result<()> {
/// let listener = tokio::net::TcpListener::bind("0.0.0.0:8080").await?;
/// let stop = async { tokio::signal::ctrl_c().await.unwrap_or(()) };
/// let drain = std::time::Duration::from_secs(10);
/// tieline::server::serve::serve(listener, axum::Router::new(), stop, drain).await;
/// # Ok(()) }
/// ```
pub async fn serve<S, B>(
    listener: TcpListener,
    service: S,
    shutdown: impl Future<Output = ()>,
    drain: Duration,
) -> Drained
where
    S: Service<Request<axum::body::Body>, Response = Response<B>, Error = Infallible>
        + Clone
        + Send
        + 'static,
    S::Future: Send + 'static,
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    Server::new().serve(listener, service, shutdown, drain).await
}

/// How connections are served. Cheap to clone.
///
/// ```no_run
/// use std::time::Duration;
/// use tieline::server::serve::{Server, ServerTls};
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let listener = tokio::net::TcpListener::bind("0.0.0.0:8443").await?;
/// let tls = ServerTls::files("tls/server.pem", "tls/server.key")?;
/// let server = Server::new().tls(&tls)?.header_timeout(Duration::from_secs(5));
/// let stop = async { tokio::signal::ctrl_c().await.unwrap_or(()) };
/// server.serve(listener, axum::Router::new(), stop, Duration::from_secs(10)).await;
/// # Ok(()) }
/// ```
#[derive(Debug, Clone)]
pub struct Server {
    header_timeout: Duration,
    header_limit: usize,
    body_timeout: Option<Duration>,
    tls: Option<Arc<ServerConfig>>,
}

impl Default for Server {
    fn default() -> Self {
        Self::new()
    }
}

impl Server {
    /// Without TLS, and with the limits that [`serve`] has.
    pub fn new() -> Self {
        Self {
            header_timeout: Duration::from_secs(30),
            header_limit: 64 * 1024,
            body_timeout: None,
            tls: None,
        }
    }

    /// How long a caller may take to make the connection, and to send the headers of a request on it; 30 seconds unless set.
    /// A connection that has not sent them by then is closed, be it idle or slow.
    pub fn header_timeout(mut self, timeout: Duration) -> Self {
        self.header_timeout = timeout;
        self
    }

    /// The size in bytes beyond which the headers of a request are refused, with 431; 64 KiB unless set, and at least 8 KiB.
    pub fn header_limit(mut self, bytes: usize) -> Self {
        self.header_limit = bytes.max(8 * 1024);
        self
    }

    /// How long a caller may pause while it sends the body of a request; as long as it wants unless set. Its request ends with
    /// 408 then. A body that comes piece by piece, such as a stream of gRPC messages, may not pause for longer either.
    pub fn body_timeout(mut self, pause: Duration) -> Self {
        self.body_timeout = Some(pause);
        self
    }

    /// Serves over TLS.
    ///
    /// # Errors
    /// rustls refuses the certificates.
    pub fn tls(mut self, tls: &ServerTls) -> Result<Self, TlsError> {
        self.tls = Some(tls.build()?);
        Ok(self)
    }

    /// Serves as [`serve`] does.
    pub async fn serve<S, B>(
        &self,
        listener: TcpListener,
        service: S,
        shutdown: impl Future<Output = ()>,
        drain: Duration,
    ) -> Drained
    where
        S: Service<Request<axum::body::Body>, Response = Response<B>, Error = Infallible>
            + Clone
            + Send
            + 'static,
        S::Future: Send + 'static,
        B: http_body::Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        let mut shutdown = pin!(shutdown);
        let (stop, stopping) = watch::channel(false);
        let mut connections = JoinSet::new();
        loop {
            tokio::select! {
                () = &mut shutdown => break,
                accepted = accept(&listener) => {
                    let serving = connection::serve(self.clone(), accepted, service.clone(), stopping.clone());
                    connections.spawn(serving);
                }
                Some(ended) = connections.join_next() => note(ended),
            }
        }
        drop(listener);
        // Fails only when no connection is left to hear it.
        let _ = stop.send(true);
        let all_ended = async {
            while let Some(ended) = connections.join_next().await {
                note(ended);
            }
        };
        if tokio::time::timeout(drain, all_ended).await.is_ok() {
            return Drained::Whole;
        }
        let cut = connections.len();
        connections.shutdown().await;
        Drained::Cut(cut)
    }
}

/// The next connection. A failure of one is skipped; when the process has run
/// out of something, accepting pauses.
async fn accept(listener: &TcpListener) -> TcpStream {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => return stream,
            Err(error) if is_of_one_connection(&error) => {}
            Err(error) => {
                tracing::error!(%error, "cannot accept connections now");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

fn is_of_one_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionRefused | io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset
    )
}

fn note(ended: Result<(), tokio::task::JoinError>) {
    if let Err(error) = ended {
        tracing::error!(%error, "a connection panicked; the others go on");
    }
}
