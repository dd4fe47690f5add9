//! The handles that calls record through. All labels were resolved when the handle was made.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use super::endpoints::{EndpointFigures, Watched};
use super::histogram::{Histogram, Snapshot};
use super::status::{Status, Table};
use crate::policy::breaker::State;

/// How one attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AttemptOutcome {
    /// It was answered, and the answer is no failure of the service.
    Success,
    /// The service failed.
    Failure,
    /// It ran out of time.
    Timeout,
    /// It was cancelled.
    Cancelled,
}

impl AttemptOutcome {
    pub(super) const ALL: [(Self, &'static str); 4] = [
        (Self::Success, "success"),
        (Self::Failure, "failure"),
        (Self::Timeout, "timeout"),
        (Self::Cancelled, "cancelled"),
    ];
}

/// Why a call was turned away before it reached the service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Rejection {
    /// The breaker was open.
    BreakerOpen,
    /// The throttle held the call back.
    Throttled,
    /// The bulkhead and its queue were full.
    BulkheadFull,
    /// No place in the bulkhead came free in time.
    BulkheadWait,
    /// The rate limit had no room.
    RateLimited,
    /// The deadline had passed before an attempt could start.
    Deadline,
}

impl Rejection {
    pub(super) const ALL: [(Self, &'static str); 6] = [
        (Self::BreakerOpen, "breaker_open"),
        (Self::Throttled, "throttled"),
        (Self::BulkheadFull, "bulkhead_full"),
        (Self::BulkheadWait, "bulkhead_wait"),
        (Self::RateLimited, "rate_limited"),
        (Self::Deadline, "deadline"),
    ];
}

/// Which kept reply took the place of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kept {
    /// A fresh one, without a call.
    Fresh,
    /// An old one, in the place of a failure.
    Stale,
}

impl Kept {
    pub(super) const ALL: [(Self, &'static str); 2] = [(Self::Fresh, "fresh"), (Self::Stale, "stale")];
}

/// What is counted of one operation.
#[derive(Debug)]
pub struct Operation {
    service: Arc<str>,
    operation: String,
    method: String,
    calls: Table<Histogram>,
    attempts: [AtomicU64; AttemptOutcome::ALL.len()],
    deprecated: AtomicU64,
    /// By priority and reason; looked at when a request is shed, and at no other.
    shed: Mutex<BTreeMap<(&'static str, &'static str), u64>>,
}

impl Operation {
    pub(super) fn new(service: Arc<str>, operation: &str, method: &str) -> Self {
        Self {
            service,
            operation: operation.to_owned(),
            method: method.to_owned(),
            calls: Table::new(),
            attempts: Default::default(),
            deprecated: AtomicU64::new(0),
            shed: Mutex::default(),
        }
    }

    /// Counts a request that a server turned away for overload: of which priority, and why.
    pub fn shed(&self, priority: &'static str, reason: &'static str) {
        *self.shed_counts().entry((priority, reason)).or_default() += 1;
    }

    /// How many requests a server turned away, by priority and reason.
    pub fn sheds(&self) -> Vec<(&'static str, &'static str, u64)> {
        let counts = self.shed_counts();
        counts
            .iter()
            .map(|((priority, reason), count)| (*priority, *reason, *count))
            .collect()
    }

    fn shed_counts(&self) -> std::sync::MutexGuard<'_, BTreeMap<(&'static str, &'static str), u64>> {
        // Nothing is left half done under this lock.
        self.shed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a logical call, retries and waits included, and how long it took.
    pub fn call(&self, status: Status, took: Duration) {
        self.calls.get(status).record(took);
    }

    /// Counts one attempt.
    pub fn attempt(&self, outcome: AttemptOutcome) {
        self.attempts[outcome as usize].fetch_add(1, Ordering::Relaxed);
    }

    /// Counts a reply that says that the operation is deprecated. Whether it is the first.
    pub fn deprecated(&self) -> bool {
        self.deprecated.fetch_add(1, Ordering::Relaxed) == 0
    }

    /// How many replies said that the operation is deprecated.
    pub fn deprecations(&self) -> u64 {
        self.deprecated.load(Ordering::Relaxed)
    }

    /// How many calls have ended in `status`.
    pub fn calls(&self, status: Status) -> u64 {
        self.calls.get(status).snapshot().count()
    }

    /// How many attempts have ended so.
    pub fn attempts(&self, outcome: AttemptOutcome) -> u64 {
        self.attempts[outcome as usize].load(Ordering::Relaxed)
    }

    /// The service it belongs to.
    pub fn service(&self) -> &str {
        &self.service
    }

    /// The operation's name.
    pub fn operation(&self) -> &str {
        &self.operation
    }

    /// The `method` label.
    pub fn method(&self) -> &str {
        &self.method
    }

    /// For each status met, its text and what was recorded.
    pub(super) fn snapshots(&self) -> impl Iterator<Item = (std::borrow::Cow<'static, str>, Snapshot)> + '_ {
        self.calls
            .filled()
            .map(|(status, histogram)| (status, histogram.snapshot()))
    }
}

/// What is counted of one service as a whole.
#[derive(Debug, Default)]
pub struct Service {
    /// 0 until a breaker is seen, then its state plus one.
    breaker: AtomicU64,
    transitions: [AtomicU64; 3],
    budget_exhausted: AtomicU64,
    rejected: [AtomicU64; Rejection::ALL.len()],
    kept: [AtomicU64; Kept::ALL.len()],
    pub(super) endpoints: Watched,
}

impl Service {
    pub(super) const STATES: [(State, &'static str); 3] = [
        (State::Closed, "closed"),
        (State::HalfOpen, "half_open"),
        (State::Open, "open"),
    ];

    /// Shows the service's breaker in `state`, without counting a transition. Call it when the breaker is made.
    pub fn breaker_state(&self, state: State) {
        self.breaker.store(index(state) as u64 + 1, Ordering::Relaxed);
    }

    /// Shows the service's breaker in `to` and counts the transition.
    pub fn breaker_moved(&self, to: State) {
        self.breaker_state(to);
        self.transitions[index(to)].fetch_add(1, Ordering::Relaxed);
    }

    /// Counts a retry that was not made because the budget was spent.
    pub fn retry_budget_exhausted(&self) {
        self.budget_exhausted.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts a call that was turned away.
    pub fn rejected(&self, reason: Rejection) {
        self.rejected[reason as usize].fetch_add(1, Ordering::Relaxed);
    }

    /// Counts a kept reply that took the place of a call.
    pub fn kept(&self, which: Kept) {
        self.kept[which as usize].fetch_add(1, Ordering::Relaxed);
    }

    /// How many kept replies took the place of calls.
    pub fn kept_replies(&self, which: Kept) -> u64 {
        self.kept[which as usize].load(Ordering::Relaxed)
    }

    /// Shows these endpoints for as long as they are there.
    pub(crate) fn watch_endpoints(&self, endpoints: Weak<dyn EndpointFigures>) {
        self.endpoints.add(endpoints);
    }

    /// 0 closed, 1 half-open, 2 open; `None` when the service has no breaker.
    pub(super) fn breaker(&self) -> Option<u64> {
        self.breaker.load(Ordering::Relaxed).checked_sub(1)
    }

    /// How often the breaker has moved to `to`.
    pub fn transitions(&self, to: State) -> u64 {
        self.transitions[index(to)].load(Ordering::Relaxed)
    }

    /// How often the retry budget was spent.
    pub fn budget_exhaustions(&self) -> u64 {
        self.budget_exhausted.load(Ordering::Relaxed)
    }

    /// How many calls were turned away for `reason`.
    pub fn rejections(&self, reason: Rejection) -> u64 {
        self.rejected[reason as usize].load(Ordering::Relaxed)
    }
}

/// The state's place in [`Service::STATES`].
fn index(state: State) -> usize {
    match state {
        State::Closed => 0,
        State::HalfOpen => 1,
        State::Open => 2,
    }
}
