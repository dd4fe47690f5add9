//! An endpoint, and what this client has learnt of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use super::Member;
use super::load::PeakEwma;
use super::outlier::Tally;
use crate::clock::Instant;
use crate::http::{Endpoint, Protocol};
use crate::policy::breaker::Breaker;

/// The share of its load that an endpoint takes at the beginning of a slow start (Envoy's `min_weight_percent`).
const LEAST_RAMP: f64 = 0.1;

/// An endpoint of the set. What was learnt stays when discovery says something else of it.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) member: Member,
    /// The same over HTTP/2, as gRPC needs it.
    http2: Endpoint,
    pub(super) learnt: Arc<Learnt>,
}

/// What this client has learnt of an endpoint.
#[derive(Debug)]
pub(super) struct Learnt {
    /// Names it among all that this client has ever known; never 0.
    pub(super) id: u64,
    /// Attempts under way.
    pub(super) pending: AtomicU32,
    pub(super) load: PeakEwma,
    /// When it was picked last, in nanoseconds, and in which turn.
    pub(super) last_pick: AtomicU64,
    pub(super) last_turn: AtomicUsize,
    pub(super) tally: Tally,
    /// What active checks say; true until they say something else.
    pub(super) healthy: AtomicBool,
    /// When it began to be called, in nanoseconds; 0: long ago.
    since: AtomicU64,
    /// Until when no connection is tried, in nanoseconds; 0: it can be reached, as far as is known.
    down_until: AtomicU64,
    /// How often in a row no connection could be made.
    downs: AtomicU32,
    pub(super) breaker: Option<Arc<Breaker>>,
    pub(super) picks: AtomicU64,
    pub(super) failures: AtomicU64,
    pub(super) ejections: AtomicU64,
}

impl Learnt {
    pub(super) fn new(id: u64, since: Option<Instant>, breaker: Option<Arc<Breaker>>) -> Self {
        Self {
            id,
            pending: AtomicU32::new(0),
            load: PeakEwma::default(),
            last_pick: AtomicU64::new(0),
            last_turn: AtomicUsize::new(0),
            tally: Tally::default(),
            healthy: AtomicBool::new(true),
            since: AtomicU64::new(since.map_or(0, Instant::as_nanos)),
            down_until: AtomicU64::new(0),
            downs: AtomicU32::new(0),
            breaker,
            picks: AtomicU64::new(0),
            failures: AtomicU64::new(0),
            ejections: AtomicU64::new(0),
        }
    }

    /// Until when no connection is tried, if it cannot be reached.
    pub(super) fn down_until(&self) -> Option<u64> {
        Some(self.down_until.load(Ordering::Relaxed)).filter(|until| *until != 0)
    }

    /// No connection could be made. How often in a row, from 0.
    pub(super) fn count_down(&self) -> u32 {
        self.downs.fetch_add(1, Ordering::Relaxed)
    }

    pub(super) fn go_down_until(&self, at: Instant) {
        self.down_until.store(at.as_nanos(), Ordering::Relaxed);
    }

    /// A connection may be tried again.
    pub(super) fn come_up(&self) {
        self.down_until.store(0, Ordering::Relaxed);
    }

    /// It answered.
    pub(super) fn is_up(&self) {
        if self.downs.load(Ordering::Relaxed) != 0 {
            self.downs.store(0, Ordering::Relaxed);
        }
    }

    /// It is called again from now on, as a new one is.
    pub(super) fn begins(&self, now: Instant) {
        self.since.store(now.as_nanos(), Ordering::Relaxed);
        self.load.forget();
    }
}

impl Node {
    pub(super) fn new(member: Member, learnt: Arc<Learnt>) -> Self {
        Self {
            http2: match member.endpoint().protocol() {
                Protocol::Http2 => member.endpoint().clone(),
                Protocol::Http1 | Protocol::Negotiated => member.endpoint().with_protocol(Protocol::Http2),
            },
            member,
            learnt,
        }
    }

    pub(super) fn id(&self) -> u64 {
        self.learnt.id
    }

    /// Where it is, for gRPC or for HTTP.
    pub(super) fn endpoint(&self, http2: bool) -> &Endpoint {
        if http2 {
            &self.http2
        } else {
            self.member.endpoint()
        }
    }

    /// Whether it can be reached, as far as is known, and is neither ejected nor said to be unhealthy.
    pub(super) fn is_available(&self) -> bool {
        let learnt = &self.learnt;
        !learnt.tally.is_ejected() && self.is_healthy() && learnt.down_until().is_none()
    }

    /// Whether active checks, if there are any, find nothing wrong with it.
    pub(super) fn is_healthy(&self) -> bool {
        self.learnt.healthy.load(Ordering::Relaxed)
    }

    /// Whether a call that waits may be sent there: an ejection is no reason to wait.
    pub(super) fn may_be_ready(&self) -> bool {
        self.is_healthy() && self.learnt.down_until().is_none()
    }

    pub(super) fn pending(&self) -> u32 {
        self.learnt.pending.load(Ordering::Relaxed)
    }

    /// The share of its load that it should take while it is new: from a tenth up to all, evenly over `window`.
    pub(super) fn ramp(&self, window: Option<Duration>, now: Instant) -> f64 {
        let since = self.learnt.since.load(Ordering::Relaxed);
        match window {
            Some(window) if since != 0 && !window.is_zero() => {
                let passed = now.since(Instant::from_nanos(since));
                (passed.as_secs_f64() / window.as_secs_f64()).clamp(LEAST_RAMP, 1.0)
            }
            _ => 1.0,
        }
    }
}
