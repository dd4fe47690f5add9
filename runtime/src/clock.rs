//! The monotonic clock that every policy reads, injected so that tests own the time.
//!
//! Two kinds, both cheap to copy:
//!
//! - [`Clock::tokio`], the default: tokio's clock, which is the machine's monotonic clock unless a test has paused
//!   it. Timers are tokio timers, so `tokio::time::pause` and `advance` drive policies as they drive `sleep`.
//! - [`ManualClock`]: stands still until it is told to move. It needs no tokio runtime, and sleepers wake when it
//!   passes their time.
//!
//! Neither knows the time of day: a change of the wall clock moves nothing here.

mod wall;

pub use wall::Wall;

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::Poll;
use std::time::Duration;

use tokio::sync::Notify;

/// Where the tokio clock's count of nanoseconds starts, so that a paused clock that lags behind the machine's still
/// reads as a positive time.
const START: u64 = 24 * 60 * 60 * 1_000_000_000;

/// About 30 years: as far ahead as a tokio timer is ever set.
const FAR: Duration = Duration::from_secs(30 * 365 * 24 * 60 * 60);

/// A point in time: nanoseconds since an arbitrary start that is the same for all readings of one clock.
///
/// Arithmetic saturates: [`Instant::FAR_FUTURE`] is later than any time that a clock reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(u64);

impl Instant {
    /// A time that never comes (584 years after the start).
    pub const FAR_FUTURE: Instant = Instant(u64::MAX);

    /// The time that is `nanos` nanoseconds after the clock's start.
    pub const fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    /// Nanoseconds since the clock's start.
    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    /// The time from `earlier` to this one; zero when `earlier` is in fact later.
    pub const fn since(self, earlier: Instant) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }

    /// This time plus `by`, no later than [`Instant::FAR_FUTURE`].
    pub const fn plus(self, by: Duration) -> Self {
        Self(self.0.saturating_add(nanos(by)))
    }
}

/// `duration` in nanoseconds, saturating at `u64::MAX`.
pub(crate) const fn nanos(duration: Duration) -> u64 {
    let nanos = duration.as_nanos();
    if nanos > u64::MAX as u128 {
        u64::MAX
    } else {
        nanos as u64
    }
}

/// A monotonic clock with timers. Copy it freely; two copies tell the same time.
#[derive(Clone, Copy, Debug, Default)]
pub struct Clock(Kind);

#[derive(Clone, Copy, Debug, Default)]
enum Kind {
    #[default]
    Tokio,
    /// Tokio's, counted from this time.
    From(&'static std::time::Instant),
    Manual(&'static Hand),
}

impl Clock {
    /// Tokio's clock: the machine's monotonic clock, or the paused one of a test.
    pub const fn tokio() -> Self {
        Self(Kind::Tokio)
    }

    /// Tokio's clock, counted from now. Policies cut time into intervals from the clock's start; with this one these begin
    /// here, and no longer when the process did, so that the course of a simulation under paused time follows from its
    /// seed. It is never freed: make one a simulation.
    pub fn from_now() -> Self {
        let now = tokio::time::Instant::now().into_std();
        Self(Kind::From(Box::leak(Box::new(now))))
    }

    /// The time now.
    pub fn now(&self) -> Instant {
        match self.0 {
            Kind::Tokio => from_std(tokio::time::Instant::now().into_std(), origin()),
            Kind::From(origin) => from_std(tokio::time::Instant::now().into_std(), *origin),
            Kind::Manual(hand) => Instant(hand.now.load(Ordering::Acquire)),
        }
    }

    /// The time now, with the clock that tells it.
    pub fn read(&self) -> Reading {
        Reading {
            clock: *self,
            at: self.now(),
        }
    }

    /// Waits until the clock has reached `at`. Nothing is registered before the first poll.
    ///
    /// On the tokio clock the timer has tokio's resolution of one millisecond, rounded up, and the runtime must have
    /// its time driver enabled; on a [`ManualClock`] no runtime is needed.
    pub async fn sleep_until(&self, at: Instant) {
        match self.0 {
            Kind::Tokio => tokio::time::sleep_until(to_tokio(at, origin())).await,
            Kind::From(origin) => tokio::time::sleep_until(to_tokio(at, *origin)).await,
            Kind::Manual(hand) => hand.reach(at).await,
        }
    }

    /// Waits for `duration` from the first poll.
    pub async fn sleep(&self, duration: Duration) {
        self.sleep_until(self.now().plus(duration)).await;
    }

    /// Awaits `work`, which is dropped when `at` comes first; `None` then.
    ///
    /// The work is polled before the clock is looked at, so work that is ready at once costs no timer.
    pub async fn until<F: Future>(&self, at: Instant, work: F) -> Option<F::Output> {
        race(pin!(work), pin!(self.sleep_until(at))).await
    }

    /// Awaits `work`, which is dropped when it takes longer than `limit`; `None` then.
    ///
    /// The time runs from the end of the work's first poll, so work that is ready at once does not even cost a look
    /// at the clock.
    pub async fn within<F: Future>(&self, limit: Duration, work: F) -> Option<F::Output> {
        race(pin!(work), pin!(self.sleep(limit))).await
    }
}

/// Awaits `work` until `timer` is done. The work is polled first.
///
/// Both come pinned, so that a pointer is moved here instead of all that the work holds.
async fn race<F: Future>(
    mut work: Pin<&mut F>,
    timer: Pin<&mut impl Future<Output = ()>>,
) -> Option<F::Output> {
    // Work that eats tokio's cooperative budget on each poll must not starve the timer behind it.
    let mut timer = tokio::task::unconstrained(timer);
    std::future::poll_fn(|cx| match work.as_mut().poll(cx) {
        Poll::Ready(output) => Poll::Ready(Some(output)),
        Poll::Pending => Pin::new(&mut timer).poll(cx).map(|()| None),
    })
    .await
}

/// Two clocks are equal when they tell the same time.
impl PartialEq for Clock {
    fn eq(&self, other: &Self) -> bool {
        match (self.0, other.0) {
            (Kind::Tokio, Kind::Tokio) => true,
            (Kind::Manual(one), Kind::Manual(two)) => std::ptr::eq(one, two),
            (Kind::From(one), Kind::From(two)) => one == two,
            _ => false,
        }
    }
}

impl Eq for Clock {}

/// A clock and what it said, so that a call through several policies reads the time once.
#[derive(Clone, Copy, Debug)]
pub struct Reading {
    clock: Clock,
    at: Instant,
}

impl Reading {
    /// The clock that was read.
    pub const fn clock(&self) -> Clock {
        self.clock
    }

    /// What it said.
    pub const fn at(&self) -> Instant {
        self.at
    }

    /// The time on `clock`: this reading if it is of the same clock, else a new one.
    pub fn on(&self, clock: Clock) -> Instant {
        if clock == self.clock { self.at } else { clock.now() }
    }
}

/// The machine's time that [`START`] stands for.
fn origin() -> std::time::Instant {
    static ORIGIN: OnceLock<std::time::Instant> = OnceLock::new();
    *ORIGIN.get_or_init(std::time::Instant::now)
}

fn from_std(at: std::time::Instant, origin: std::time::Instant) -> Instant {
    match at.checked_duration_since(origin) {
        Some(after) => Instant(START).plus(after),
        None => Instant(START.saturating_sub(nanos(origin.duration_since(at)))),
    }
}

fn to_tokio(at: Instant, origin: std::time::Instant) -> tokio::time::Instant {
    let now = tokio::time::Instant::now();
    let std = if at.0 >= START {
        origin.checked_add(Duration::from_nanos(at.0 - START))
    } else {
        origin.checked_sub(Duration::from_nanos(START - at.0))
    };
    let far = now + FAR;
    std.map_or(far, |std| tokio::time::Instant::from_std(std).min(far))
}

/// The hand of a manual clock.
#[derive(Debug)]
struct Hand {
    now: AtomicU64,
    moved: Notify,
}

impl Hand {
    async fn reach(&self, at: Instant) {
        loop {
            // The waiter exists before the time is read, so that a move in between is not missed.
            let moved = self.moved.notified();
            if self.now.load(Ordering::Acquire) >= at.0 {
                return;
            }
            moved.await;
        }
    }
}

/// A clock for tests that moves only when told to.
///
/// ```
/// use std::time::Duration;
/// use tieline::clock::ManualClock;
///
/// let hand = ManualClock::new();
/// let clock = hand.clock();
/// let before = clock.now();
/// hand.advance(Duration::from_secs(30));
/// assert_eq!(clock.now().since(before), Duration::from_secs(30));
/// ```
///
/// Each one keeps a few dozen bytes until the process ends, which is what lets a [`Clock`] be `Copy`: make one per
/// test, not one per call.
#[derive(Clone, Copy, Debug)]
pub struct ManualClock(&'static Hand);

impl ManualClock {
    /// A clock that stands at an arbitrary time.
    pub fn new() -> Self {
        Self(Box::leak(Box::new(Hand {
            now: AtomicU64::new(START),
            moved: Notify::new(),
        })))
    }

    /// The clock to inject into policies.
    pub fn clock(&self) -> Clock {
        Clock(Kind::Manual(self.0))
    }

    /// Moves the time ahead and wakes the sleepers whose time has come.
    pub fn advance(&self, by: Duration) {
        // A saturating add: the closure always answers Some, so the update cannot fail.
        let _ = self
            .0
            .now
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, |now| {
                Some(now.saturating_add(nanos(by)))
            });
        self.0.moved.notify_waiters();
    }
}

impl Default for ManualClock {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_tokio_clock_follows_paused_time() {
        let clock = Clock::default();
        let before = clock.now();
        clock.sleep(Duration::from_secs(3600)).await;
        assert_eq!(clock.now().since(before).as_secs(), 3600);
    }

    #[tokio::test(start_paused = true)]
    async fn a_paused_clock_that_lags_behind_the_machine_still_moves() {
        origin();
        let clock = Clock::tokio();
        let before = clock.now();
        tokio::time::advance(Duration::from_millis(1)).await;
        assert_eq!(clock.now().since(before), Duration::from_millis(1));
    }

    #[test]
    fn a_manual_clock_wakes_its_sleepers_without_a_runtime() {
        let hand = ManualClock::new();
        let clock = hand.clock();
        let mut sleep = Box::pin(clock.sleep(Duration::from_secs(2)));
        let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
        assert!(sleep.as_mut().poll(&mut cx).is_pending());
        hand.advance(Duration::from_secs(1));
        assert!(sleep.as_mut().poll(&mut cx).is_pending());
        hand.advance(Duration::from_secs(1));
        assert!(sleep.as_mut().poll(&mut cx).is_ready());
    }

    #[test]
    fn a_reading_holds_for_its_own_clock_only() {
        let (hand, other) = (ManualClock::new(), ManualClock::new());
        let reading = hand.clock().read();
        hand.advance(Duration::from_secs(1));
        other.advance(Duration::from_secs(2));
        assert_eq!(reading.on(hand.clock()), reading.at());
        assert_eq!(reading.on(other.clock()), other.clock().now());
        assert!(Clock::tokio() == Clock::default() && Clock::tokio() != reading.clock());
    }

    #[test]
    fn times_saturate_instead_of_overflowing() {
        let clock = ManualClock::new();
        assert_eq!(clock.clock().now().plus(Duration::MAX), Instant::FAR_FUTURE);
        assert_eq!(
            Instant::from_nanos(1).since(Instant::from_nanos(5)),
            Duration::ZERO
        );
        clock.advance(Duration::MAX);
        assert_eq!(clock.clock().now(), Instant::FAR_FUTURE);
    }

    #[tokio::test(start_paused = true)]
    async fn a_timer_for_the_far_future_can_be_polled() {
        let clock = Clock::tokio();
        let mut sleep = Box::pin(clock.sleep_until(Instant::FAR_FUTURE));
        let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
        assert!(sleep.as_mut().poll(&mut cx).is_pending());
    }
}
