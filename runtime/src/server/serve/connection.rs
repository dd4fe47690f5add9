//! One connection, from its first octet to its end.

use std::convert::Infallible;
use std::future::poll_fn;
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Request, Response};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;
use tower_service::Service;

use super::Server;
use super::paced::Paced;
use crate::http::BoxError;
use crate::server::auth::PeerCertificate;

/// What a connection sends before its protocol is known: HTTP/2's preface. Less of it is no beginning.
const PREFACE: usize = 24;

pub(super) async fn serve<S, B>(
    server: Server,
    stream: TcpStream,
    service: S,
    stopping: watch::Receiver<bool>,
) where
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
    let Some(config) = &server.tls else {
        return run(&server, stream, None, service, stopping).await;
    };
    let accepting = TlsAcceptor::from(config.clone()).accept(stream);
    let stream = match tokio::time::timeout(server.header_timeout, accepting).await {
        Ok(Ok(stream)) => stream,
        Ok(Err(error)) => return tracing::debug!(%error, "a TLS connection was not made"),
        Err(_) => return tracing::debug!("a TLS connection was not made in time"),
    };
    let chain = stream.get_ref().1.peer_certificates().unwrap_or_default();
    let peer = chain.first().map(|leaf| PeerCertificate(leaf.as_ref().to_vec()));
    run(&server, stream, peer, service, stopping).await;
}

async fn run<T, S, B>(
    server: &Server,
    stream: T,
    peer: Option<PeerCertificate>,
    service: S,
    mut stopping: watch::Receiver<bool>,
) where
    T: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    S: Service<Request<axum::body::Body>, Response = Response<B>, Error = Infallible>
        + Clone
        + Send
        + 'static,
    S::Future: Send + 'static,
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    let received = Arc::new(AtomicUsize::new(0));
    let begun = received.clone();
    let pause = server.body_timeout;
    let service = service_fn(move |request: Request<Incoming>| {
        let (mut service, peer) = (service.clone(), peer.clone());
        // A request may be shorter than that.
        begun.fetch_max(PREFACE, Ordering::Relaxed);
        async move {
            let mut request = request.map(|body| match pause {
                Some(pause) => axum::body::Body::new(Paced::new(body, pause)),
                None => axum::body::Body::new(body),
            });
            if let Some(peer) = peer {
                request.extensions_mut().insert(peer);
            }
            poll_fn(|cx| service.poll_ready(cx)).await?;
            service.call(request).await
        }
    });
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(server.header_timeout)
        .max_buf_size(server.header_limit);
    let header_list = u32::try_from(server.header_limit).unwrap_or(u32::MAX);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_header_list_size(header_list);
    let stream = Counted {
        stream,
        received: received.clone(),
    };
    // The builder reads the preface with no limit of time.
    let silent = async {
        tokio::time::sleep(server.header_timeout).await;
        if received.load(Ordering::Relaxed) >= PREFACE {
            std::future::pending::<()>().await;
        }
    };
    let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), service));
    let result = tokio::select! {
        result = connection.as_mut() => result,
        () = silent => return tracing::debug!("a connection that said nothing was closed"),
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

/// A stream that counts what comes.
struct Counted<T> {
    stream: T,
    received: Arc<AtomicUsize>,
}

impl<T: AsyncRead + Unpin> AsyncRead for Counted<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let polled = Pin::new(&mut self.stream).poll_read(cx, buffer);
        self.received
            .fetch_add(buffer.filled().len() - before, Ordering::Relaxed);
        polled
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Counted<T> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, octets: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, octets)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        octets: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, octets)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}
