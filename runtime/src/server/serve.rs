//! Serves HTTP/1 and HTTP/2 on one port, and drains with a deadline.
//!
//! ```text
//! accept ── a task per connection ── service
//! shutdown: stop accepting, GOAWAY / connection: close ── wait for the calls in
//! flight, up to the drain time ── drop what is left
//! ```

use std::convert::Infallible;
use std::future::{Future, poll_fn};
use std::io;
use std::pin::pin;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tower_service::Service;

use crate::http::BoxError;

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
    let mut shutdown = pin!(shutdown);
    let (stop, stopping) = watch::channel(false);
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            () = &mut shutdown => break,
            accepted = accept(&listener) => {
                let serving = serve_connection(accepted, service.clone(), stopping.clone());
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

async fn serve_connection<S, B>(stream: TcpStream, service: S, mut stopping: watch::Receiver<bool>)
where
    S: Service<Request<axum::body::Body>, Response = Response<B>, Error = Infallible>
        + Clone
        + Send
        + 'static,
    S::Future: Send + 'static,
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    // A socket that cannot be told still works.
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request: Request<Incoming>| {
        let mut service = service.clone();
        async move {
            poll_fn(|cx| service.poll_ready(cx)).await?;
            service.call(request.map(axum::body::Body::new)).await
        }
    });
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new());
    builder.http2().timer(TokioTimer::new());
    let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), service));
    let result = tokio::select! {
        result = connection.as_mut() => result,
        // Fails when the server is gone: the same.
        () = async { drop(stopping.wait_for(|stop| *stop).await) } => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = result {
        tracing::debug!(%error, "a connection ended");
    }
}
