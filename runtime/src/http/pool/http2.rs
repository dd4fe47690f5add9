//! HTTP/2 connections, each shared by many requests.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Weak};
use std::task::Poll;
use std::time::Duration;

use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::time::Instant;

use super::{Counted, Gauge, Host};
use crate::http::{Body, Io};

/// One HTTP/2 connection that everyone may use.
pub(super) struct Http2 {
    pub(super) sender: http2::SendRequest<Body>,
    pub(super) state: Arc<State>,
    /// When it is too old for further requests.
    pub(super) expires: Option<Instant>,
}

/// What is known of a connection.
pub(super) struct State {
    gauge: Arc<Gauge>,
    /// Streams that are open.
    streams: AtomicUsize,
    /// How many the server allows, as far as it has said on any connection.
    allowed: Arc<AtomicUsize>,
    /// When a stream ended last, by [`Gauge::now`].
    last_used: AtomicU64,
}

/// A place for one request on an HTTP/2 connection.
pub(in crate::http) struct Http2Slot {
    pub(in crate::http) sender: http2::SendRequest<Body>,
    pub(in crate::http) stream: Stream,
}

impl State {
    pub(super) fn new(gauge: &Arc<Gauge>, allowed: &Arc<AtomicUsize>) -> Arc<Self> {
        Arc::new(Self {
            streams: AtomicUsize::new(0),
            allowed: Arc::clone(allowed),
            last_used: AtomicU64::new(gauge.now()),
            gauge: Arc::clone(gauge),
        })
    }
}

impl Http2 {
    pub(super) fn load(&self) -> usize {
        self.state.streams.load(Ordering::Relaxed)
    }

    /// Whether another request would have to wait, given that `wanted` streams are as many as one connection should have.
    pub(super) fn is_full(&self, wanted: usize) -> bool {
        self.load() >= wanted.min(self.state.allowed.load(Ordering::Relaxed)).max(1)
    }

    /// Whether it may take further requests.
    pub(super) fn is_usable(&self) -> bool {
        let is_young = || self.expires.is_none_or(|expires| Instant::now() < expires);
        !self.sender.is_closed() && is_young()
    }

    pub(super) fn slot(&self) -> Http2Slot {
        self.state.streams.fetch_add(1, Ordering::Relaxed);
        Http2Slot {
            sender: self.sender.clone(),
            stream: Stream(self.state.clone()),
        }
    }
}

/// Counts a stream of a connection until the response has been read or dropped.
pub(in crate::http) struct Stream(Arc<State>);

impl Stream {
    /// Tells which connection this is a stream of.
    pub(in crate::http) fn connection(&self) -> ConnectionId {
        ConnectionId(self.0.clone())
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.0.last_used.store(self.0.gauge.now(), Ordering::Relaxed);
        self.0.streams.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Names an HTTP/2 connection.
pub(in crate::http) struct ConnectionId(pub(super) Arc<State>);

type Connection = http2::Connection<TokioIo<Box<dyn Io>>, Body, TokioExecutor>;

/// Drives the connection until it ends. One that has been idle for long is offered no more, and ends by itself then.
pub(super) async fn drive(
    mut connection: Connection,
    id: ConnectionId,
    host: Weak<Host>,
    idle_timeout: Duration,
    counted: Counted,
) {
    let state = Arc::clone(&id.0);
    let mut wake_at = Instant::now() + idle_timeout;
    let mut running = pin!(poll_fn(move |cx| {
        let polled = Pin::new(&mut connection).poll(cx);
        if polled.is_pending() {
            // Looked at with every request. Until the server's settings have come, it is what was known before.
            let allowed = connection.current_max_send_streams();
            id.0.allowed.store(allowed, Ordering::Relaxed);
        }
        match polled {
            Poll::Ready(Err(error)) => {
                tracing::debug!(%error, "an HTTP/2 connection ended");
                Poll::Ready(())
            }
            polled => polled.map(|_| ()),
        }
    }));
    while tokio::time::timeout_at(wake_at, running.as_mut()).await.is_err() {
        let idle_for = Duration::from_millis(
            counted
                .now()
                .saturating_sub(state.last_used.load(Ordering::Relaxed)),
        );
        if state.streams.load(Ordering::Relaxed) > 0 {
            wake_at = Instant::now() + idle_timeout;
        } else if idle_for < idle_timeout {
            wake_at = Instant::now() + idle_timeout.saturating_sub(idle_for);
        } else {
            if let Some(host) = host.upgrade() {
                host.unshare(&ConnectionId(Arc::clone(&state)));
            }
            // Nobody can send on it any more but whoever has just taken it; with them it ends.
            running.as_mut().await;
            return;
        }
    }
}
