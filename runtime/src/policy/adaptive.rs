//! The adaptive limit: a bulkhead whose size follows from how long calls take.
//!
//! A service that has more to do than it can makes calls wait, and so slower, before it fails. How slow it is when it has
//! little to do, `base`, is the shortest time of the last minute or two. Once in a window of a second, in which at least ten calls have
//! ended, the limit follows from their mean time, `sample`, by one of two rules:
//!
//! ```text
//! gradient   limit = limit · min(1, 1.25 · base / sample) + √limit            (Envoy's, and Netflix's Gradient)
//! Vegas      queue = limit · (1 - base / sample)                              (TCP Vegas, by Netflix)
//!            limit = limit + log₁₀ limit   if queue < 3 · log₁₀ limit
//!            limit = limit - log₁₀ limit   if queue > 6 · log₁₀ limit
//! ```
//!
//! A window in which a call was turned away for overload makes the limit a tenth smaller, by either rule. It does not grow
//! while not even half of it is used: nothing is known then of what more calls would do. When `base` is renewed, the limit is
//! halved for a window, so that `base` is not taken from calls that wait for each other.
//!
//! Calls beyond the limit are rejected, or wait in the bulkhead's queue where it has one. What a call costs is a look at the clock and some
//! atomic adds; whoever ends a window computes the limit, and others do not wait for it.

use std::future::Future;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use crate::clock::{Clock, Instant, nanos};
use crate::policy::bulkhead::{self, Bulkhead, Full};

/// How many calls have to end in a window.
const LEAST: u64 = 10;
/// How long a window lasts at least.
const WINDOW: Duration = Duration::from_secs(1);
/// How long a base counts, and once more as long.
const BASE: Duration = Duration::from_secs(60);

/// How the limit follows from times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Rule {
    /// By the ratio of the times: quick to follow.
    Gradient,
    /// By the length of the queue that the times tell of: careful.
    Vegas,
}

impl Rule {
    /// The rule that configuration calls so: `gradient` or `vegas`.
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "gradient" => Self::Gradient,
            "vegas" => Self::Vegas,
            _ => return None,
        })
    }
}

/// A limit of concurrent calls that adapts itself. Share it by `Arc`.
///
/// ```
/// # use tieline::policy::adaptive::{Adaptive, Rule};
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let adaptive = Adaptive::new(Rule::Gradient).initial(20).bounds(5, 500);
/// let permit = adaptive.acquire().await.unwrap();
/// assert_eq!((adaptive.limit(), adaptive.in_use()), (20, 1));
/// permit.success();
/// # }
/// ```
#[derive(Debug)]
pub struct Adaptive {
    rule: Rule,
    places: Bulkhead,
    least: usize,
    most: usize,
    /// When the window can end.
    until: AtomicU64,
    calls: AtomicU64,
    /// What they took together, in nanoseconds.
    took: AtomicU64,
    shortest: AtomicU64,
    /// The most calls that were under way.
    busy: AtomicUsize,
    overloaded: AtomicBool,
    estimate: Mutex<Estimate>,
    clock: Clock,
}

/// What the next limit is computed from.
#[derive(Debug)]
struct Estimate {
    limit: f64,
    /// The shortest times of the present minute and the one before, in nanoseconds.
    base: [u64; 2],
    /// When the present minute ends.
    renewed: Instant,
    /// The limit was halved for this window; this one comes back.
    halved: Option<f64>,
}

/// Why [`Adaptive::run`] has no value.
pub use crate::policy::bulkhead::Failed;

impl Adaptive {
    /// A limit of 20 at first, and from 1 to 1000.
    pub fn new(rule: Rule) -> Self {
        Self {
            rule,
            places: Bulkhead::new(20).queue(0),
            least: 1,
            most: 1000,
            until: AtomicU64::new(0),
            calls: AtomicU64::new(0),
            took: AtomicU64::new(0),
            shortest: AtomicU64::new(u64::MAX),
            busy: AtomicUsize::new(0),
            overloaded: AtomicBool::new(false),
            estimate: Mutex::new(Estimate {
                limit: 20.0,
                base: [u64::MAX; 2],
                renewed: Instant::FAR_FUTURE,
                halved: None,
            }),
            clock: Clock::default(),
        }
    }

    /// The limit at first (0 is taken as 1).
    pub fn initial(mut self, limit: usize) -> Self {
        self.places.resize(limit);
        let limit = self.places.limit() as f64;
        self.estimate
            .get_mut()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .limit = limit;
        self
    }

    /// The least and the greatest limit (at least 1, and at least the least).
    pub fn bounds(mut self, least: usize, most: usize) -> Self {
        self.least = least.max(1);
        self.most = most.max(self.least);
        let limit = self.limit().clamp(self.least, self.most);
        self.initial(limit)
    }

    /// At most so many calls wait for a place, each at most so long; by default none does.
    pub fn queue(mut self, length: usize, max_wait: Duration) -> Self {
        self.places = self.places.queue(length).max_wait(max_wait);
        self
    }

    /// Sets the clock.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self.places = self.places.clock(clock);
        self
    }

    /// A place. Say by the permit how the call went; one that is dropped says nothing.
    ///
    /// # Errors
    /// [`Full`]: the limit is reached, and so is that of the queue.
    pub async fn acquire(&self) -> Result<Permit<'_>, Full> {
        let place = self.places.acquire().await?;
        self.busy.fetch_max(self.places.in_use(), Ordering::Relaxed);
        Ok(Permit {
            adaptive: self,
            started: self.clock.now(),
            _place: place,
        })
    }

    /// Runs `work` in a place of its own. `overloads` tells of an error whether the service turned the call away for overload; the
    /// times of calls that fail are not counted.
    ///
    /// # Errors
    /// [`Failed::Full`] when there was no place, else the work's own error.
    pub async fn run<T, E>(
        &self,
        overloads: impl FnOnce(&E) -> bool,
        work: impl Future<Output = Result<T, E>>,
    ) -> Result<T, Failed<E>> {
        let permit = self.acquire().await?;
        let result = work.await;
        match &result {
            Ok(_) => permit.success(),
            Err(error) if overloads(error) => permit.overloaded(),
            Err(_) => {}
        }
        result.map_err(Failed::Work)
    }

    /// The limit now.
    pub fn limit(&self) -> usize {
        self.places.limit()
    }

    /// Calls under way.
    pub fn in_use(&self) -> usize {
        self.places.in_use()
    }

    /// The clock that times are told by.
    pub(in crate::policy) const fn own_clock(&self) -> Clock {
        self.clock
    }

    /// Counts an attempt that began then and has ended, for overload or well.
    pub(in crate::policy) fn ended(&self, started: Instant, overloaded: bool) {
        if overloaded {
            self.overloaded.store(true, Ordering::Relaxed);
        }
        let now = self.clock.now();
        self.record(now.since(started), now);
    }

    /// Counts a call that took so long.
    fn record(&self, took: Duration, now: Instant) {
        let took = nanos(took).max(1);
        self.took.fetch_add(took, Ordering::Relaxed);
        self.shortest.fetch_min(took, Ordering::Relaxed);
        let calls = self.calls.fetch_add(1, Ordering::Relaxed) + 1;
        let until = self.until.load(Ordering::Relaxed);
        if until == 0 {
            let first = now.plus(WINDOW).as_nanos();
            let _ = self
                .until
                .compare_exchange(0, first, Ordering::Relaxed, Ordering::Relaxed);
        } else if now.as_nanos() >= until && calls >= LEAST {
            self.end_window(now);
        }
    }

    fn end_window(&self, now: Instant) {
        let Ok(mut estimate) = self.estimate.try_lock() else {
            return;
        };
        let calls = self.calls.swap(0, Ordering::Relaxed);
        if calls < LEAST {
            // Another thread was quicker.
            return;
        }
        self.until.store(now.plus(WINDOW).as_nanos(), Ordering::Relaxed);
        let window = Window {
            sample: self.took.swap(0, Ordering::Relaxed) as f64 / calls as f64,
            shortest: self.shortest.swap(u64::MAX, Ordering::Relaxed),
            busy: self.busy.swap(self.places.in_use(), Ordering::Relaxed),
            overloaded: self.overloaded.swap(false, Ordering::Relaxed),
        };
        let limit = estimate.next(self.rule, &window, now);
        let limit = limit.clamp(self.least as f64, self.most as f64);
        estimate.limit = limit;
        self.places.resize(limit as usize);
    }
}

/// What happened in a window; times in nanoseconds.
struct Window {
    sample: f64,
    shortest: u64,
    busy: usize,
    overloaded: bool,
}

impl Estimate {
    fn next(&mut self, rule: Rule, window: &Window, now: Instant) -> f64 {
        self.base[0] = self.base[0].min(window.shortest);
        let before = self.halved.take();
        if self.renewed == Instant::FAR_FUTURE {
            self.renewed = now.plus(BASE);
        } else if now >= self.renewed {
            self.renewed = now.plus(BASE);
            self.base = [u64::MAX, self.base[0]];
            self.halved = Some(self.limit);
            return self.limit / 2.0;
        }
        let limit = before.unwrap_or(self.limit);
        if window.overloaded {
            return limit * 0.9;
        }
        let base = self.base[0].min(self.base[1]) as f64;
        let next = match rule {
            Rule::Gradient => limit * (1.25 * base / window.sample).clamp(0.5, 1.0) + limit.sqrt(),
            Rule::Vegas => {
                let (step, queue) = (limit.log10().max(1.0), limit * (1.0 - base / window.sample));
                if queue < 3.0 * step {
                    limit + step
                } else if queue > 6.0 * step {
                    limit - step
                } else {
                    limit
                }
            }
        };
        let is_idle = before.is_none() && (window.busy as f64) < limit / 2.0;
        if is_idle { next.min(limit) } else { next }
    }
}

/// A place, as long as the call is under way.
#[derive(Debug)]
#[must_use = "the place is free again as soon as the permit is dropped"]
pub struct Permit<'a> {
    adaptive: &'a Adaptive,
    started: Instant,
    _place: bulkhead::Permit<&'a Bulkhead>,
}

impl Permit<'_> {
    /// The service answered: how long it took counts.
    pub fn success(self) {
        self.adaptive.ended(self.started, false);
    }

    /// The service turned the call away, or let it wait until its time was over.
    pub fn overloaded(self) {
        self.adaptive.ended(self.started, true);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::ManualClock;

    const MS: Duration = Duration::from_millis(1);

    /// A service that does `capacity` calls at a time in 10 ms each; calls beyond wait for one another. `demand` calls are
    /// under way whenever the limit lets them.
    async fn load(adaptive: &Adaptive, hand: ManualClock, seconds: u32, capacity: usize, demand: usize) {
        let end = hand.clock().now().plus(Duration::from_secs(seconds.into()));
        while hand.clock().now() < end {
            let mut permits = Vec::new();
            while permits.len() < demand
                && let Ok(permit) = adaptive.acquire().await
            {
                permits.push(permit);
            }
            // They end in the order in which they began, `capacity` each 10 ms.
            while !permits.is_empty() {
                hand.advance(10 * MS);
                permits
                    .drain(..permits.len().min(capacity))
                    .for_each(Permit::success);
            }
        }
    }

    fn adaptive(rule: Rule) -> (Adaptive, ManualClock) {
        let hand = ManualClock::new();
        (Adaptive::new(rule).clock(hand.clock()), hand)
    }

    #[tokio::test]
    async fn the_limit_finds_what_the_service_can_do() {
        for (rule, capacity) in [
            (Rule::Gradient, 100),
            (Rule::Gradient, 8),
            (Rule::Vegas, 100),
            (Rule::Vegas, 8),
        ] {
            let (adaptive, hand) = adaptive(rule);
            load(&adaptive, hand, 50, capacity, 10_000).await;
            let limit = adaptive.limit();
            assert!(
                (capacity..=capacity * 3).contains(&limit),
                "{rule:?} {capacity}: {limit}"
            );
        }
    }

    #[tokio::test]
    async fn it_follows_a_service_that_has_become_smaller() {
        for rule in [Rule::Gradient, Rule::Vegas] {
            let (adaptive, hand) = adaptive(rule);
            load(&adaptive, hand, 55, 100, 10_000).await;
            let before = adaptive.limit();
            load(&adaptive, hand, 55, 20, 10_000).await;
            assert!(
                adaptive.limit() < before / 2,
                "{rule:?}: {before}, then {}",
                adaptive.limit()
            );
        }
    }

    #[tokio::test]
    async fn it_does_not_grow_while_it_is_not_used() {
        let (adaptive, hand) = adaptive(Rule::Gradient);
        load(&adaptive, hand, 30, 1000, 9).await;
        assert_eq!(adaptive.limit(), 20);
    }

    #[tokio::test]
    async fn it_does_not_drift_when_the_base_is_renewed() {
        let (adaptive, hand) = adaptive(Rule::Gradient);
        load(&adaptive, hand, 600, 50, 10_000).await;
        let limit = adaptive.limit();
        assert!(limit <= 150, "after ten renewals: {limit}");
    }

    #[tokio::test]
    async fn overload_makes_it_smaller_and_never_smaller_than_it_may_be() {
        let (adaptive, hand) = adaptive(Rule::Vegas);
        let adaptive = adaptive.bounds(5, 100);
        for _ in 0..40 {
            for _ in 0..LEAST {
                let permit = adaptive.acquire().await.expect("a place");
                hand.advance(200 * MS);
                permit.overloaded();
            }
        }
        assert_eq!(adaptive.limit(), 5);
    }

    #[tokio::test]
    async fn beyond_the_limit_calls_are_rejected_or_wait() {
        let (strict, _) = adaptive(Rule::Gradient);
        let strict = strict.initial(1);
        let held = strict.acquire().await.expect("a place");
        assert!(matches!(strict.acquire().await, Err(Full::Queue)));
        drop(held);
        let result = strict.run(|(): &()| false, async { Ok(7) }).await;
        assert_eq!(result, Ok(7));
        let (patient, hand) = adaptive(Rule::Gradient);
        let patient = patient.initial(1).queue(1, 50 * MS);
        let _held = patient.acquire().await.expect("a place");
        let mut waits = Box::pin(patient.acquire());
        let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
        assert!(waits.as_mut().poll(&mut cx).is_pending());
        hand.advance(60 * MS);
        assert!(matches!(waits.await, Err(Full::Wait)));
    }
}
