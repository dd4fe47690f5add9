//! The connections to one origin: a stack of idle HTTP/1 connections and a few
//! shared HTTP/2 connections, another one only when all are busy.
//!
//! An idle connection watches its own age (no reaper task); one that closes
//! under a request that has not left gives the request back.

use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::sync::Notify;
use tokio::time::Instant;

use super::connect::Connected;
use super::{Body, Io, TransportError};

/// How long an HTTP/1 connection whose last response has just been read is given
/// to come to rest before a new one is opened instead.
const SETTLE: Duration = Duration::from_millis(10);

/// What all connections of a transport share.
pub(super) struct Gauge {
    started: Instant,
    closed: AtomicBool,
    open: AtomicUsize,
    changed: Notify,
}

impl Gauge {
    pub(super) fn new() -> Self {
        Self {
            started: Instant::now(),
            closed: AtomicBool::new(false),
            open: AtomicUsize::new(0),
            changed: Notify::new(),
        }
    }

    pub(super) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }

    pub(super) fn close(&self) {
        self.closed.store(true, Ordering::Release);
    }

    pub(super) fn open(&self) -> usize {
        self.open.load(Ordering::Acquire)
    }

    /// Waits until no connection is open.
    pub(super) async fn drained(&self) {
        loop {
            let changed = self.changed.notified();
            if self.open() == 0 {
                return;
            }
            changed.await;
        }
    }

    /// Milliseconds since the transport began, never 0.
    fn now(&self) -> u64 {
        self.started.elapsed().as_millis() as u64 + 1
    }
}

/// Counts a connection for as long as it is open.
struct Counted(Arc<Gauge>);

impl Counted {
    fn new(gauge: &Arc<Gauge>) -> Self {
        gauge.open.fetch_add(1, Ordering::AcqRel);
        Self(gauge.clone())
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        if self.0.open.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.0.changed.notify_waiters();
        }
    }
}

/// Settings that connections need.
#[derive(Debug, Clone)]
pub(super) struct Limits {
    pub(super) max_idle: usize,
    pub(super) idle_timeout: Duration,
    pub(super) http2_connections: usize,
    pub(super) http2_streams: usize,
    pub(super) ping_interval: Option<Duration>,
    pub(super) ping_timeout: Duration,
}

/// What an endpoint that negotiates is known to speak.
const UNKNOWN: u8 = 0;
const HTTP1: u8 = 1;
const HTTP2: u8 = 2;

/// The connections to one origin.
pub(super) struct Host {
    gauge: Arc<Gauge>,
    limits: Limits,
    idle: Mutex<Vec<Http1>>,
    shared: Mutex<Vec<Http2>>,
    spoken: AtomicU8,
    gate: tokio::sync::Mutex<Option<(u64, TransportError)>>,
    arrivals: AtomicU64,
}

/// One HTTP/1 connection, in use by one request or idle.
pub(super) struct Http1 {
    pub(super) sender: http1::SendRequest<Body>,
    /// When it became idle, by [`Gauge::now`]; 0 while in use.
    idle_since: Arc<AtomicU64>,
}

/// One HTTP/2 connection that everyone may use, with the number of its streams.
struct Http2 {
    sender: http2::SendRequest<Body>,
    streams: Arc<AtomicUsize>,
}

/// A place for one request on an HTTP/2 connection.
pub(super) struct Http2Slot {
    pub(super) sender: http2::SendRequest<Body>,
    pub(super) stream: Stream,
}

impl Http2 {
    fn load(&self) -> usize {
        self.streams.load(Ordering::Relaxed)
    }

    fn slot(&self) -> Http2Slot {
        self.streams.fetch_add(1, Ordering::Relaxed);
        Http2Slot {
            sender: self.sender.clone(),
            stream: Stream(self.streams.clone()),
        }
    }
}

/// Counts a stream of a connection until the response has been read or dropped.
pub(super) struct Stream(Arc<AtomicUsize>);

impl Stream {
    /// Tells which connection this is a stream of.
    pub(super) fn connection(&self) -> ConnectionId {
        ConnectionId(self.0.clone())
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Names an HTTP/2 connection.
pub(super) struct ConnectionId(Arc<AtomicUsize>);

/// What a response holds on to until it has been read.
pub(super) enum Lease {
    /// The connection, which goes back to its pool then.
    Http1(Arc<Host>, Http1),
    /// A stream of a shared connection.
    Http2(Stream),
}

impl Lease {
    /// The response has been read.
    pub(super) fn release(self) {
        match self {
            Self::Http1(host, connection) => host.put_idle(connection),
            Self::Http2(stream) => drop(stream),
        }
    }
}

/// A connection just made.
pub(super) enum Fresh {
    Http1(Http1),
    Http2(Http2Slot),
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Host {
    pub(super) fn new(gauge: Arc<Gauge>, limits: Limits) -> Self {
        Self {
            gauge,
            limits,
            idle: Mutex::new(Vec::new()),
            shared: Mutex::new(Vec::new()),
            spoken: AtomicU8::new(UNKNOWN),
            gate: tokio::sync::Mutex::new(None),
            arrivals: AtomicU64::new(1),
        }
    }

    /// The most recently used idle connection that still lives.
    pub(super) async fn take_idle(&self) -> Option<Http1> {
        let mut settling = match self.take_ready() {
            Ok(ready) => return ready,
            Err(settling) => settling,
        };
        match tokio::time::timeout(SETTLE, settling.sender.ready()).await {
            Ok(Ok(())) => Some(settling),
            Ok(Err(_)) | Err(_) => None,
        }
    }

    /// A ready connection, or none; as an error one that is about to be ready.
    fn take_ready(&self) -> Result<Option<Http1>, Http1> {
        let mut idle = lock(&self.idle);
        let mut settling = None;
        while let Some(connection) = idle.pop() {
            if connection.sender.is_closed() {
                continue;
            }
            if connection.sender.is_ready() {
                connection.idle_since.store(0, Ordering::Release);
                idle.extend(settling);
                return Ok(Some(connection));
            }
            if let Some(before) = settling.replace(connection) {
                idle.insert(0, before);
                break;
            }
        }
        match settling {
            None => Ok(None),
            Some(connection) => {
                connection.idle_since.store(0, Ordering::Release);
                Err(connection)
            }
        }
    }

    fn put_idle(&self, connection: Http1) {
        if self.gauge.is_closed() || connection.sender.is_closed() {
            return;
        }
        let mut idle = lock(&self.idle);
        if idle.len() < self.limits.max_idle {
            connection.idle_since.store(self.gauge.now(), Ordering::Release);
            idle.push(connection);
        }
        drop(idle);
        // The transport may have been closed between the look and the push.
        if self.gauge.is_closed() {
            self.close();
        }
    }

    /// A place on the least busy HTTP/2 connection, unless it is time for another
    /// connection.
    pub(super) fn shared(&self) -> Option<Http2Slot> {
        let mut shared = lock(&self.shared);
        shared.retain(|connection| !connection.sender.is_closed());
        let least = shared.iter().min_by_key(|connection| connection.load())?;
        let full = least.load() >= self.limits.http2_streams;
        (!full || shared.len() >= self.limits.http2_connections).then(|| least.slot())
    }

    /// A place on any HTTP/2 connection, busy or not.
    pub(super) fn shared_anyhow(&self) -> Option<Http2Slot> {
        let shared = lock(&self.shared);
        let living = shared.iter().filter(|connection| !connection.sender.is_closed());
        living.min_by_key(|connection| connection.load()).map(Http2::slot)
    }

    /// Keeps a new HTTP/2 connection for everyone.
    fn share(&self, sender: http2::SendRequest<Body>) -> Http2Slot {
        let connection = Http2 {
            sender,
            streams: Arc::default(),
        };
        let slot = connection.slot();
        lock(&self.shared).push(connection);
        // Looked at last, so that a close in between is seen by one of the two.
        if self.gauge.is_closed() {
            lock(&self.shared).clear();
        }
        slot
    }

    /// Stops offering a connection; streams on it go on.
    pub(super) fn unshare(&self, id: &ConnectionId) {
        lock(&self.shared).retain(|connection| !Arc::ptr_eq(&connection.streams, &id.0));
    }

    /// Drops everything that is idle; what is in use ends with its request.
    pub(super) fn close(&self) {
        lock(&self.idle).clear();
        lock(&self.shared).clear();
    }

    /// True when nothing would be lost with this record.
    pub(super) fn is_unused(&self) -> bool {
        lock(&self.shared)
            .iter()
            .all(|connection| connection.sender.is_closed())
            && lock(&self.idle)
                .iter()
                .all(|connection| connection.sender.is_closed())
    }

    /// True when the server is known to pick HTTP/1.
    pub(super) fn speaks_http1(&self) -> bool {
        self.spoken.load(Ordering::Relaxed) == HTTP1
    }

    /// Runs `make` for one caller at a time. Whoever waited for another's attempt
    /// gets `ready` when that succeeded, and its error when it failed.
    pub(super) async fn single_flight<T>(
        &self,
        ready: impl Fn() -> Option<T>,
        make: impl Future<Output = Result<T, TransportError>>,
    ) -> Result<T, TransportError> {
        let arrival = self.arrivals.fetch_add(1, Ordering::AcqRel);
        let mut last_failure = self.gate.lock().await;
        if let Some(ready) = ready() {
            return Ok(ready);
        }
        if self.speaks_http1() {
            // The first connection taught that there is nothing to share.
            drop(last_failure);
            return make.await;
        }
        // Failures are stamped with the arrivals seen when they ended: an earlier
        // arrival waited for that very attempt.
        if let Some((ended, error)) = &*last_failure
            && arrival < *ended
        {
            return Err(error.clone());
        }
        let made = make.await;
        *last_failure = match &made {
            Ok(_) => None,
            Err(error) => Some((self.arrivals.load(Ordering::Acquire), error.clone())),
        };
        made
    }

    /// Speaks HTTP over a new stream and drives the connection in a task.
    pub(super) async fn handshake(&self, connected: Connected) -> Result<Fresh, TransportError> {
        let spoken = if connected.http2 { HTTP2 } else { HTTP1 };
        self.spoken.store(spoken, Ordering::Relaxed);
        let io = TokioIo::new(connected.io);
        if connected.http2 {
            let sender = self.handshake_http2(io).await?;
            Ok(Fresh::Http2(self.share(sender)))
        } else {
            self.handshake_http1(io).await.map(Fresh::Http1)
        }
    }

    async fn handshake_http1(&self, io: TokioIo<Box<dyn Io>>) -> Result<Http1, TransportError> {
        let (sender, connection) = http1::Builder::new()
            .handshake(io)
            .await
            .map_err(TransportError::from_hyper)?;
        let idle_since = Arc::new(AtomicU64::new(0));
        tokio::spawn(drive_http1(
            connection,
            idle_since.clone(),
            self.limits.idle_timeout,
            Counted::new(&self.gauge),
        ));
        Ok(Http1 { sender, idle_since })
    }

    async fn handshake_http2(
        &self,
        io: TokioIo<Box<dyn Io>>,
    ) -> Result<http2::SendRequest<Body>, TransportError> {
        let (sender, connection) = http2::Builder::new(TokioExecutor::new())
            .timer(TokioTimer::new())
            .keep_alive_interval(self.limits.ping_interval)
            .keep_alive_timeout(self.limits.ping_timeout)
            .keep_alive_while_idle(true)
            .handshake(io)
            .await
            .map_err(TransportError::from_hyper)?;
        let counted = Counted::new(&self.gauge);
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "an HTTP/2 connection ended");
            }
            drop(counted);
        });
        Ok(sender)
    }
}

/// Drives the connection until it ends or has been idle for `idle_timeout`.
async fn drive_http1(
    connection: http1::Connection<TokioIo<Box<dyn Io>>, Body>,
    idle_since: Arc<AtomicU64>,
    idle_timeout: Duration,
    counted: Counted,
) {
    let mut connection = std::pin::pin!(connection);
    let mut wake_at = Instant::now() + idle_timeout;
    loop {
        match tokio::time::timeout_at(wake_at, connection.as_mut()).await {
            Ok(Ok(())) => return,
            Ok(Err(error)) => {
                tracing::debug!(%error, "an HTTP/1 connection ended");
                return;
            }
            Err(_elapsed) => {}
        }
        let since = idle_since.load(Ordering::Acquire);
        let idle_for = Duration::from_millis(counted.0.now().saturating_sub(since));
        if since == 0 {
            wake_at = Instant::now() + idle_timeout;
        } else if idle_for >= idle_timeout {
            return;
        } else {
            wake_at = Instant::now() + idle_timeout.saturating_sub(idle_for);
        }
    }
}
