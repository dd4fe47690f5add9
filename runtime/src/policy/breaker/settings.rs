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

impl State {
    /// The state of this number.
    pub(super) const fn of(number: u8) -> Self {
        match number {
            0 => Self::Closed,
            1 => Self::Open,
            _ => Self::HalfOpen,
        }
    }
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

/// Which results are counted together.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Span {
    /// Those of an interval, after which the counts start anew; zero is for ever.
    Interval(Duration),
    /// Those of the last calls.
    Calls(u32),
    /// Those of the last while.
    Time(Duration),
}

/// Calls that take too long.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct SlowCalls {
    pub(super) from: Duration,
    pub(super) ratio: f64,
}

/// Who decides whether calls are let through.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Mode {
    /// The breaker, by what it counts.
    Automatic,
    /// Nobody: all calls are let through. The breaker counts, changes its state and tells of it as if it decided.
    MetricsOnly,
    /// Calls are rejected.
    ForcedOpen,
    /// Calls are let through, and nothing is counted.
    Disabled,
}

impl Mode {
    /// The mode that configuration calls so: `automatic`, `metrics_only`, `forced_open` or `disabled`.
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "automatic" => Self::Automatic,
            "metrics_only" => Self::MetricsOnly,
            "forced_open" => Self::ForcedOpen,
            "disabled" => Self::Disabled,
            _ => return None,
        })
    }

    /// The mode of this number.
    pub(super) fn of(number: u8) -> Self {
        [Self::Automatic, Self::MetricsOnly, Self::ForcedOpen]
            .into_iter()
            .find(|mode| *mode as u8 == number)
            .unwrap_or(Self::Disabled)
    }
}

/// The callback for changes of state.
pub(super) type Listener = Arc<dyn Fn(&StateChange) + Send + Sync>;

/// The settings of a [`Breaker`](super::Breaker). The defaults are those of sony/gobreaker as the field sets them:
/// 3 probes, an interval of 10 s, 30 s open, a failure ratio of 0.6 over at least 3 results.
#[derive(Clone)]
pub struct Settings {
    pub(super) name: Arc<str>,
    pub(super) probes: u32,
    pub(super) span: Span,
    pub(super) open_for: Duration,
    pub(super) growth: f64,
    pub(super) longest_open: Duration,
    pub(super) failure_ratio: f64,
    pub(super) slow: Option<SlowCalls>,
    pub(super) minimum_requests: u32,
    pub(super) probe_lease: Duration,
    pub(super) mode: Mode,
    pub(super) listener: Option<Listener>,
    pub(super) clock: Clock,
}

impl Settings {
    /// The default settings for a breaker called `name`, which the callback gets to hear.
    pub fn new(name: impl Into<Arc<str>>) -> Self {
        Self {
            name: name.into(),
            probes: 3,
            span: Span::Interval(Duration::from_secs(10)),
            open_for: Duration::from_secs(30),
            growth: 1.0,
            longest_open: Duration::from_secs(300),
            failure_ratio: 0.6,
            slow: None,
            minimum_requests: 3,
            probe_lease: Duration::from_secs(30),
            mode: Mode::Automatic,
            listener: None,
            clock: Clock::default(),
        }
    }

    /// The same for a breaker with another name.
    pub(crate) fn named(mut self, name: impl Into<Arc<str>>) -> Self {
        self.name = name.into();
        self
    }

    /// How many calls a half-open breaker lets through, all of which have to succeed (at least 1, at most 1024).
    pub fn probes(mut self, probes: u32) -> Self {
        self.probes = probes.clamp(1, 1024);
        self
    }

    /// How long results of the closed state are counted before the counts start anew; zero for ever. What is older than
    /// that can never hide what happens now.
    pub fn interval(mut self, interval: Duration) -> Self {
        self.span = Span::Interval(interval);
        self
    }

    /// Counts the results of the last while, in slots of a tenth of it (10 ms to a day), instead of those of an interval.
    pub fn sliding_time(mut self, time: Duration) -> Self {
        self.span = Span::Time(time.clamp(Duration::from_millis(10), Duration::from_secs(86_400)));
        self
    }

    /// Counts the results of the last so many calls (1 to a million, four octets each), instead of those of an interval.
    /// The breaker does not open before there are [`minimum_requests`](Settings::minimum_requests) of them.
    pub fn sliding_calls(mut self, calls: u32) -> Self {
        self.span = Span::Calls(calls.clamp(1, 1_000_000));
        self
    }

    /// Opens, too, when this share of the calls (0 to 1) took as long as `from` or longer, be they good or bad. A probe
    /// that is slow has failed.
    pub fn slow_calls(mut self, from: Duration, ratio: f64) -> Self {
        let ratio = if ratio.is_nan() { 1.0 } else { ratio };
        self.slow = Some(SlowCalls { from, ratio });
        self
    }

    /// Each time that the breaker opens again without having been closed, it stays open `factor` times as long, and at most
    /// [`longest_open`](Settings::longest_open) (5 min). With 1, the default, the time does not grow.
    pub fn open_growth(mut self, factor: f64) -> Self {
        // NaN is taken as 1.
        self.growth = factor.max(1.0);
        self
    }

    /// How long the breaker stays open at most, however often it has opened; never less than [`open_for`](Settings::open_for).
    pub fn longest_open(mut self, longest: Duration) -> Self {
        self.longest_open = longest;
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
    pub fn enabled(self, enabled: bool) -> Self {
        self.mode(if enabled { Mode::Automatic } else { Mode::Disabled })
    }

    /// Who decides at first whether calls are let through; see [`Breaker::set_mode`](super::Breaker::set_mode).
    pub fn mode(mut self, mode: Mode) -> Self {
        self.mode = mode;
        self
    }

    /// Calls `listener` at each change of state, in the thread that made it, with no lock held. Keep it short.
    pub fn on_state_change(mut self, listener: impl Fn(&StateChange) + Send + Sync + 'static) -> Self {
        self.listener = Some(Arc::new(listener));
        self
    }

    /// How long it stays open that has opened `times` times before without being closed.
    pub(super) fn open_time(&self, times: u32) -> Duration {
        if times == 0 || self.growth <= 1.0 {
            return self.open_for;
        }
        let grown = self.open_for.as_secs_f64() * self.growth.powi(times.min(1000) as i32);
        let longest = self.longest_open.max(self.open_for);
        Duration::try_from_secs_f64(grown).map_or(longest, |grown| grown.min(longest))
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
            .field("span", &self.span)
            .field("open_for", &self.open_for)
            .field("growth", &self.growth)
            .field("longest_open", &self.longest_open)
            .field("failure_ratio", &self.failure_ratio)
            .field("slow", &self.slow)
            .field("minimum_requests", &self.minimum_requests)
            .field("probe_lease", &self.probe_lease)
            .field("mode", &self.mode)
            .field("listener", &self.listener.is_some())
            .finish_non_exhaustive()
    }
}
