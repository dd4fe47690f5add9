//! The rate limit: so many calls a second on average, and so many at once.
//!
//! The rule is GCRA, the generic cell rate algorithm (ITU-T I.371), in its virtual scheduling form. One word holds the
//! theoretical arrival time, at which the limit would have no memory of earlier calls:
//!
//! ```text
//! arrival = max(arrival, now)
//! wait    = arrival - now - (burst - 1) · interval        interval = 1 s / rate
//! arrival = arrival + interval                            if the call may go on, at once or after its wait
//! ```
//!
//! A call that has to wait takes its turn at once and sleeps until it comes: turns are in the order of the calls, and
//! nobody wakes to find that another was faster. A wait that is given up has taken its turn all the same.

use crate::sync::atomic::{AtomicU64, Ordering};
use std::future::Future;
use std::time::Duration;

use crate::clock::{Clock, Instant, nanos};
use crate::policy::deadline::Deadline;

/// A limit of calls over time. Share it by `Arc`.
///
/// A call that need not wait costs a look at the clock and one compare-and-swap.
///
/// ```
/// # use std::time::Duration;
/// # use tieline::policy::rate_limit::RateLimit;
/// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() {
/// let limit = RateLimit::per_second(100.0).burst(2).max_wait(Duration::from_millis(10));
/// assert!(limit.acquire().await.is_ok() && limit.acquire().await.is_ok());
/// assert!(limit.acquire().await.is_ok(), "after 10 ms");
/// assert!(limit.try_acquire().unwrap_err().retry_after <= Duration::from_millis(10));
/// # }
/// ```
#[derive(Debug)]
pub struct RateLimit {
    /// Nanoseconds from one call to the next.
    interval: AtomicU64,
    /// How far the arrival time may be ahead of now, in nanoseconds.
    tolerance: AtomicU64,
    /// The theoretical arrival time.
    arrival: AtomicU64,
    max_wait: Option<Duration>,
    clock: Clock,
}

/// The call was more than the limit allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the rate limit is reached: too many calls in too little time")]
pub struct Limited {
    /// From when on a call would be let through, were there no others.
    pub retry_after: Duration,
}

/// Why [`RateLimit::run`] has no value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failed<E> {
    /// The work was dropped without being polled.
    #[error(transparent)]
    Limited(#[from] Limited),
    /// The work failed.
    #[error("the work behind the rate limit failed")]
    Work(#[source] E),
}

impl RateLimit {
    /// `rate` calls a second (one in 11 days to a thousand million), of which a second's worth may come at once. Calls
    /// beyond it wait as long as they must.
    pub fn per_second(rate: f64) -> Self {
        let limit = Self {
            interval: AtomicU64::new(0),
            tolerance: AtomicU64::new(0),
            arrival: AtomicU64::new(0),
            max_wait: None,
            clock: Clock::default(),
        };
        limit.set(rate, burst_of(rate));
        limit
    }

    /// No limit: the policy switched off.
    pub fn unlimited() -> Self {
        let limit = Self::per_second(1.0);
        limit.interval.store(0, Ordering::Relaxed);
        limit
    }

    /// So many calls may come at once (0 is taken as 1).
    pub fn burst(self, calls: u32) -> Self {
        let interval = self.interval.load(Ordering::Relaxed);
        self.tolerance
            .store(tolerance(interval, calls), Ordering::Relaxed);
        self
    }

    /// A call waits at most `wait`; with zero it is rejected at once.
    pub fn max_wait(mut self, wait: Duration) -> Self {
        self.max_wait = Some(wait);
        self
    }

    /// Sets the clock.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// Another rate and burst from now on. What has been used up stays used up.
    pub fn set(&self, rate: f64, burst: u32) {
        let rate = if rate.is_nan() { 0.0 } else { rate }.clamp(1e-6, 1e9);
        let interval = (1e9 / rate).round() as u64;
        self.tolerance
            .store(tolerance(interval, burst), Ordering::Relaxed);
        self.interval.store(interval, Ordering::Relaxed);
    }

    /// Lets a call through that need not wait.
    ///
    /// # Errors
    /// [`Limited`]: it would have to.
    pub fn try_acquire(&self) -> Result<(), Limited> {
        self.turn(Duration::ZERO).map(drop)
    }

    /// Waits for the call's turn.
    ///
    /// # Errors
    /// [`Limited`] when that would take longer than the longest wait.
    pub async fn acquire(&self) -> Result<(), Limited> {
        self.acquire_until(Deadline::NEVER).await
    }

    /// [`acquire`](RateLimit::acquire) for a call with a deadline: one whose turn would come too late is rejected at once, and
    /// takes none.
    ///
    /// # Errors
    /// [`Limited`] when its turn is later than the longest wait or the deadline allows.
    pub async fn acquire_until(&self, deadline: Deadline) -> Result<(), Limited> {
        let longest = self.max_wait.unwrap_or(Duration::MAX);
        let longest = if deadline.is_never() {
            longest
        } else {
            longest.min(deadline.remaining())
        };
        if let Some(turn) = self.turn(longest)? {
            self.clock.sleep_until(turn).await;
        }
        Ok(())
    }

    /// Runs `work` when its turn has come.
    ///
    /// # Errors
    /// [`Failed::Limited`] when that would take too long, else the work's own error.
    pub async fn run<T, E>(&self, work: impl Future<Output = Result<T, E>>) -> Result<T, Failed<E>> {
        self.acquire().await?;
        work.await.map_err(Failed::Work)
    }

    /// Takes a turn that is no further away than `longest`; when it is, or `None` for now.
    fn turn(&self, longest: Duration) -> Result<Option<Instant>, Limited> {
        let interval = self.interval.load(Ordering::Relaxed);
        if interval == 0 {
            return Ok(None);
        }
        let (now, tolerance) = (
            self.clock.now().as_nanos(),
            self.tolerance.load(Ordering::Relaxed),
        );
        let wait = |arrival: u64| arrival.saturating_sub(now).saturating_sub(tolerance);
        let taken = self
            .arrival
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, |arrival| {
                (wait(arrival) <= nanos(longest)).then(|| arrival.max(now).saturating_add(interval))
            });
        match taken.map(wait) {
            Ok(0) => Ok(None),
            Ok(wait) => Ok(Some(Instant::from_nanos(now.saturating_add(wait)))),
            Err(arrival) => Err(Limited {
                retry_after: Duration::from_nanos(wait(arrival)),
            }),
        }
    }
}

/// A second's worth of calls.
fn burst_of(rate: f64) -> u32 {
    rate.ceil() as u32
}

fn tolerance(interval: u64, burst: u32) -> u64 {
    interval.saturating_mul(u64::from(burst.max(1) - 1))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::AtomicU32;

    use super::*;
    use crate::clock::ManualClock;
    use crate::random::Random;

    fn let_through(limit: &RateLimit) -> u32 {
        (0..1000).take_while(|_| limit.try_acquire().is_ok()).count() as u32
    }

    #[test]
    fn a_burst_goes_at_once_and_then_one_an_interval() {
        let hand = ManualClock::new();
        let limit = RateLimit::per_second(10.0).clock(hand.clock());
        assert_eq!(let_through(&limit), 10);
        hand.advance(Duration::from_millis(250));
        assert_eq!(let_through(&limit), 2);
        hand.advance(Duration::from_millis(50));
        assert_eq!(let_through(&limit), 1, "half an interval had been saved up");
        hand.advance(Duration::from_secs(3600));
        assert_eq!(let_through(&limit), 10, "no more than a burst is ever saved up");
    }

    #[test]
    fn a_rejected_call_is_told_when_to_come_again() {
        let hand = ManualClock::new();
        let limit = RateLimit::per_second(4.0).burst(1).clock(hand.clock());
        limit.try_acquire().unwrap();
        hand.advance(Duration::from_millis(100));
        let retry_after = limit.try_acquire().unwrap_err().retry_after;
        assert_eq!(retry_after, Duration::from_millis(150));
        hand.advance(retry_after);
        assert!(limit.try_acquire().is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn waiting_calls_come_in_their_order_an_interval_apart() {
        let clock = Clock::tokio();
        let limit = RateLimit::per_second(100.0).burst(1);
        let start = clock.now();
        let turns = (0..5).map(|_| async {
            limit.acquire().await.unwrap();
            clock.now().since(start).as_millis()
        });
        let turns = futures_util::future::join_all(turns).await;
        assert_eq!(turns, [0, 10, 20, 30, 40]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_turn_that_comes_too_late_is_not_taken() {
        let limit = RateLimit::per_second(1.0).burst(1);
        limit.try_acquire().unwrap();
        let soon = Deadline::after(Duration::from_millis(500));
        assert!(limit.acquire_until(soon).await.is_err());
        let later = Deadline::after(Duration::from_millis(1500));
        assert!(limit.acquire_until(later).await.is_ok(), "the first took no turn");
    }

    #[tokio::test(start_paused = true)]
    async fn the_longest_wait_bounds_the_queue() {
        let limit = Arc::new(
            RateLimit::per_second(1.0)
                .burst(1)
                .max_wait(Duration::from_secs(3)),
        );
        let rejected = AtomicU32::new(0);
        let calls = (0..10).map(|_| async {
            if limit.acquire().await.is_err() {
                rejected.fetch_add(1, Ordering::Relaxed);
            }
        });
        futures_util::future::join_all(calls).await;
        assert_eq!(rejected.into_inner(), 6, "one at once, three in the queue");
    }

    #[tokio::test]
    async fn rejected_work_is_never_polled_and_failing_work_fails() {
        let limit = RateLimit::per_second(1.0).burst(1).max_wait(Duration::ZERO);
        assert_eq!(
            limit.run(async { Err::<(), _>("no") }).await,
            Err(Failed::Work("no"))
        );
        let work = async { panic!("it is over the limit") };
        assert!(matches!(limit.run::<(), ()>(work).await, Err(Failed::Limited(_))));
    }

    #[test]
    fn another_rate_keeps_what_was_used_up() {
        let hand = ManualClock::new();
        let limit = RateLimit::per_second(10.0).burst(1).clock(hand.clock());
        limit.try_acquire().unwrap();
        limit.set(1000.0, 1);
        assert!(limit.try_acquire().is_err());
        hand.advance(Duration::from_millis(100));
        assert_eq!(let_through(&limit), 1);
        hand.advance(Duration::from_millis(1));
        assert_eq!(let_through(&limit), 1);
    }

    #[test]
    fn rates_that_are_no_rates_limit_without_failing() {
        for rate in [f64::NAN, 0.0, -1.0, f64::INFINITY, f64::MIN_POSITIVE] {
            let limit = RateLimit::per_second(rate).burst(0);
            assert!(limit.try_acquire().is_ok(), "{rate}");
        }
        let unlimited = RateLimit::unlimited();
        assert!((0..10_000).all(|_| unlimited.try_acquire().is_ok()));
    }

    #[test]
    fn threads_together_get_no_more_than_the_limit() {
        let hand = ManualClock::new();
        let limit = RateLimit::per_second(1.0).burst(500).clock(hand.clock());
        let let_through = AtomicU32::new(0);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..1000 {
                        if limit.try_acquire().is_ok() {
                            let_through.fetch_add(1, Ordering::Relaxed);
                        }
                    }
                });
            }
        });
        assert_eq!(let_through.into_inner(), 500);
    }

    /// What a bucket that leaks says, counted in whole numbers: a second implementation of the rule.
    #[test]
    fn it_agrees_with_a_leaky_bucket() {
        let random = Random::seeded(3);
        for _ in 0..300 {
            let hand = ManualClock::new();
            // Intervals that divide a second, so that no rounding is in the way.
            let interval = [1, 2, 5, 8, 10, 20, 50][random.below(7) as usize] * 1_000_000;
            let burst = 1 + random.below(8);
            let limit = RateLimit::per_second(1e9 / interval as f64)
                .burst(burst as u32)
                .clock(hand.clock());
            let mut level = 0_u64;
            for _ in 0..200 {
                let pause = random.below(3 * interval);
                hand.advance(Duration::from_nanos(pause));
                level = level.saturating_sub(pause);
                let fits = level + interval <= burst * interval;
                assert_eq!(limit.try_acquire().is_ok(), fits);
                level += if fits { interval } else { 0 };
            }
        }
    }
}
