//! What a breaker can be told, and what it tells.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::clock::Clock;

/// Whether calls are let through.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// Calls go through and their failures are counted.
    Closed,
    /// Calls are rejected.
    Open,
    /// A few calls go through to find out whether the service has recovered.
    HalfOpen,
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Closed => "closed",
            Self::Open => "open",
            Self::HalfOpen => "half-open",
        })
    }
}

/// A change of state, as the callback gets it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StateChange {
    /// The breaker's name.
    pub name: Arc<str>,
    /// The state before.
    pub from: State,
    /// The state after.
    pub to: State,
    /// The generation that begins with this change. Changes made by different threads may be reported out of order;
    /// this number, which wraps at 2²², tells the order.
    pub generation: u32,
}

/// The callback for changes of state.
pub(super) type Listener = Arc<dyn Fn(&StateChange) + Send + Sync>;

/// The settings of a [`Breaker`](super::Breaker). The defaults are those of sony/gobreaker as the field sets them:
/// 3 probes, an interval of 10 s, 30 s open, a failure ratio of 0.6 over at least 3 results.
#[derive(Clone)]
pub struct Settings {
    pub(super) name: Arc<str>,
    pub(super) probes: u32,
    pub(super) interval: Duration,
    pub(super) open_for: Duration,
    pub(super) failure_ratio: f64,
    pub(super) minimum_requests: u32,
    pub(super) probe_lease: Duration,
    pub(super) enabled: bool,
    pub(super) listener: Option<Listener>,
    pub(super) clock: Clock,
}

impl Settings {
    /// The default settings for a breaker called `name`, which the callback gets to hear.
    pub fn new(name: impl Into<Arc<str>>) -> Self {
        Self {
            name: name.into(),
            probes: 3,
            interval: Duration::from_secs(10),
            open_for: Duration::from_secs(30),
            failure_ratio: 0.6,
            minimum_requests: 3,
            probe_lease: Duration::from_secs(30),
            enabled: true,
            listener: None,
            clock: Clock::default(),
        }
    }

    /// How many calls a half-open breaker lets through, all of which have to succeed (at least 1, at most 1024).
    pub fn probes(mut self, probes: u32) -> Self {
        self.probes = probes.clamp(1, 1024);
        self
    }

    /// How long results of the closed state are counted before the counts start anew; zero for ever.
    pub fn interval(mut self, interval: Duration) -> Self {
        self.interval = interval;
        self
    }

    /// How long the breaker stays open before it probes.
    pub fn open_for(mut self, open_for: Duration) -> Self {
        self.open_for = open_for;
        self
    }

    /// The share of failures among the results, 0 to 1, at which the breaker opens. Not a number is taken as 1.
    pub fn failure_ratio(mut self, ratio: f64) -> Self {
        self.failure_ratio = if ratio.is_nan() { 1.0 } else { ratio };
        self
    }

    /// The number of results below which the breaker does not open (at least 1).
    pub fn minimum_requests(mut self, requests: u32) -> Self {
        self.minimum_requests = requests.max(1);
        self
    }

    /// How long a probe may keep its slot without a result, before another call gets it (30 s by default, at least
    /// 1 ms). A result that comes later is ignored.
    pub fn probe_lease(mut self, lease: Duration) -> Self {
        self.probe_lease = lease.max(Duration::from_millis(1));
        self
    }

    /// Whether the breaker works at all; a disabled one lets everything through and counts nothing.
    pub fn enabled(mut self, enabled: bool) -> Self {
        self.enabled = enabled;
        self
    }

    /// Calls `listener` at each change of state, in the thread that made it, with no lock held. Keep it short.
    pub fn on_state_change(mut self, listener: impl Fn(&StateChange) + Send + Sync + 'static) -> Self {
        self.listener = Some(Arc::new(listener));
        self
    }

    /// The callback that is set, to be wrapped by another.
    pub(crate) fn listener(&self) -> Option<Arc<dyn Fn(&StateChange) + Send + Sync>> {
        self.listener.clone()
    }

    /// The clock to read.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("name", &self.name)
            .field("probes", &self.probes)
            .field("interval", &self.interval)
            .field("open_for", &self.open_for)
            .field("failure_ratio", &self.failure_ratio)
            .field("minimum_requests", &self.minimum_requests)
            .field("probe_lease", &self.probe_lease)
            .field("enabled", &self.enabled)
            .field("listener", &self.listener.is_some())
            .finish_non_exhaustive()
    }
}
