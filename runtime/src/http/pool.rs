//! The connections to one origin: a stack of idle HTTP/1 connections and a few
//! shared HTTP/2 connections, another one only when all are busy.
//!
//! An idle connection watches its own age (no reaper task); one that closes
//! under a request that has not left gives the request back.

mod http2;

use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hyper::client::conn::http1;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::sync::Notify;
use tokio::time::Instant;

use self::http2::Http2;
pub(super) use self::http2::{ConnectionId, Http2Slot, Stream};
use super::connect::Connected;
use super::{Body, Io, TransportError};
use crate::random::Random;

/// How long an HTTP/1 connection whose last response has just been read is given
/// to come to rest before a new one is opened instead.
const SETTLE: Duration = Duration::from_millis(10);

/// How many streams a server is taken to allow on a connection before it says so (RFC 9113, 6.5.2, recommends no fewer).
const USUALLY_ALLOWED: usize = 100;

/// What all connections of a transport share.
pub(super) struct Gauge {
    started: Instant,
    closed: AtomicBool,
    open: AtomicUsize,
    changed: Notify,
    random: Random,
}

impl Gauge {
    pub(super) fn new() -> Self {
        Self {
            started: Instant::now(),
            closed: AtomicBool::new(false),
            open: AtomicUsize::new(0),
            changed: Notify::new(),
            random: Random::new(),
        }
    }

    /// When a connection of now is too old: up to a tenth before its time, so that those of one moment do not go
    /// together.
    fn expiry(&self, max_age: Option<Duration>) -> Option<Instant> {
        let max_age = max_age?;
        Instant::now().checked_add(self.random.between(max_age.mul_f64(0.9), max_age))
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

impl Counted {
    /// By [`Gauge::now`].
    fn now(&self) -> u64 {
        self.0.now()
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
    pub(super) max_age: Option<Duration>,
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
    /// How many streams the server allows on a connection, as far as is known.
    allowed: Arc<AtomicUsize>,
    gate: tokio::sync::Mutex<Option<(u64, TransportError)>>,
    arrivals: AtomicU64,
}

/// One HTTP/1 connection, in use by one request or idle.
pub(super) struct Http1 {
    pub(super) sender: http1::SendRequest<Body>,
    /// When it became idle, by [`Gauge::now`]; 0 while in use.
    idle_since: Arc<AtomicU64>,
    /// When it is too old for further requests.
    expires: Option<Instant>,
}

impl Http1 {
    fn is_usable(&self) -> bool {
        let is_young = || self.expires.is_none_or(|expires| Instant::now() < expires);
        !self.sender.is_closed() && is_young()
    }
}

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
            allowed: Arc::new(AtomicUsize::new(USUALLY_ALLOWED)),
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
            if !connection.is_usable() {
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
        if self.gauge.is_closed() || !connection.is_usable() {
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
        shared.retain(Http2::is_usable);
        let least = shared.iter().min_by_key(|connection| connection.load())?;
        let full = shared
            .iter()
            .all(|connection| connection.is_full(self.limits.http2_streams));
        let least = if full {
            least
        } else {
            let has_room = |connection: &&Http2| !connection.is_full(self.limits.http2_streams);
            shared
                .iter()
                .filter(has_room)
                .min_by_key(|connection| connection.load())?
        };
        (!full || shared.len() >= self.limits.http2_connections).then(|| least.slot())
    }

    /// A place on any HTTP/2 connection, busy or not.
    pub(super) fn shared_anyhow(&self) -> Option<Http2Slot> {
        let shared = lock(&self.shared);
        let living = shared.iter().filter(|connection| !connection.sender.is_closed());
        living.min_by_key(|connection| connection.load()).map(Http2::slot)
    }

    /// Keeps a new HTTP/2 connection for everyone.
    fn share(&self, connection: Http2) -> Http2Slot {
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
        lock(&self.shared).retain(|connection| !Arc::ptr_eq(&connection.state, &id.0));
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
    pub(super) async fn handshake(self: &Arc<Self>, connected: Connected) -> Result<Fresh, TransportError> {
        let spoken = if connected.http2 { HTTP2 } else { HTTP1 };
        self.spoken.store(spoken, Ordering::Relaxed);
        let io = TokioIo::new(connected.io);
        if connected.http2 {
            let connection = self.handshake_http2(io).await?;
            Ok(Fresh::Http2(self.share(connection)))
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
        Ok(Http1 {
            sender,
            idle_since,
            expires: self.gauge.expiry(self.limits.max_age),
        })
    }

    async fn handshake_http2(self: &Arc<Self>, io: TokioIo<Box<dyn Io>>) -> Result<Http2, TransportError> {
        let (sender, connection) = hyper::client::conn::http2::Builder::new(TokioExecutor::new())
            .timer(TokioTimer::new())
            .keep_alive_interval(self.limits.ping_interval)
            .keep_alive_timeout(self.limits.ping_timeout)
            .keep_alive_while_idle(true)
            .initial_max_send_streams(self.allowed.load(Ordering::Relaxed).max(1))
            .handshake(io)
            .await
            .map_err(TransportError::from_hyper)?;
        let state = http2::State::new(&self.gauge, &self.allowed);
        tokio::spawn(http2::drive(
            connection,
            ConnectionId(Arc::clone(&state)),
            Arc::downgrade(self),
            self.limits.idle_timeout,
            Counted::new(&self.gauge),
        ));
        Ok(Http2 {
            sender,
            state,
            expires: self.gauge.expiry(self.limits.max_age),
        })
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
