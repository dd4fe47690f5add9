//! Client-side throttling: the more of late calls a service did not accept, the more are not sent at all.
//!
//! The rule is that of the SRE book ("Handling overload", chapter 21). Of the last while,
//!
//! ```text
//! reject with probability   min(cap, max(0, (requests - accepts / threshold) / (requests + 1)))
//! ```
//!
//! `requests` counts those that were not sent, too: while a service rejects everything, a share of calls that sinks as
//! `1 / requests` keeps finding out whether it has recovered. With the default threshold of a half, a client begins to
//! throttle when fewer than half of its calls are accepted, and sends about twice as many as are. Unlike a breaker it
//! has no states: it sheds as much as it must, and no more.

use crate::sync::atomic::{AtomicU64, Ordering};
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use crate::clock::{Clock, nanos};
use crate::random::Random;

/// How many slots the window is cut into.
const SLOTS: usize = 10;

/// Throttles calls to a service that does not accept them. Share it by `Arc`.
///
/// ```
/// # use tieline::policy::throttle::Throttle;
/// let throttle = Throttle::new();
/// for _ in 0..100 {
///     if throttle.try_acquire().is_ok() {
///         // The call is made, and the service has no capacity for it: nothing is reported.
///     }
/// }
/// assert!(throttle.probability() > 0.5);
/// ```
#[derive(Debug)]
pub struct Throttle {
    /// Accepted calls count so many times.
    factor: f64,
    cap: f64,
    minimum: u64,
    /// Nanoseconds in a slot.
    slice: u64,
    slots: [AtomicU64; SLOTS],
    random: Arc<Random>,
    clock: Clock,
}

/// The call was not sent, since too few of late were accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("throttled: the service has not accepted enough of the calls of late")]
pub struct Throttled;

/// Why [`Throttle::run`] has no value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failed<E> {
    /// The work was dropped without being polled.
    #[error(transparent)]
    Throttled(#[from] Throttled),
    /// The work failed.
    #[error("the work behind the throttle failed")]
    Work(#[source] E),
}

impl Throttle {
    /// A threshold of a half, over two minutes; at most 0.8 of the calls are rejected, and none of the first ten.
    pub fn new() -> Self {
        Self {
            factor: 2.0,
            cap: 0.8,
            minimum: 10,
            slice: nanos(Duration::from_secs(120)) / SLOTS as u64,
            slots: Default::default(),
            random: Arc::new(Random::new()),
            clock: Clock::default(),
        }
    }

    /// The share of accepted calls, 0.01 to 1, below which it throttles. Not a number is taken as 1.
    pub fn threshold(mut self, share: f64) -> Self {
        self.factor = 1.0 / share.clamp(0.01, 1.0).min(1.0);
        self
    }

    /// The greatest share of calls, 0 to 1, that is rejected. With 1 a service that accepts nothing is hardly asked any more.
    pub fn cap(mut self, share: f64) -> Self {
        self.cap = share.clamp(0.0, 1.0);
        self
    }

    /// The number of calls in the window below which none is rejected.
    pub fn minimum_requests(mut self, requests: u32) -> Self {
        self.minimum = requests.into();
        self
    }

    /// How long calls are remembered (10 ms to a day).
    pub fn window(mut self, window: Duration) -> Self {
        let window = window.clamp(Duration::from_millis(10), Duration::from_secs(86_400));
        self.slice = nanos(window) / SLOTS as u64;
        self
    }

    /// Sets the source of the decision.
    pub fn random(mut self, random: Arc<Random>) -> Self {
        self.random = random;
        self
    }

    /// Sets the clock.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// Asks to make a call. Say by [`Permit::accepted`] that the service did not turn it away; a permit that is
    /// dropped says that it did, or that nothing is known.
    ///
    /// # Errors
    /// [`Throttled`] when it must not be made.
    pub fn try_acquire(&self) -> Result<Permit<'_>, Throttled> {
        let epoch = self.epoch();
        let probability = self.probability_in(epoch);
        self.count(
            epoch,
            Slot {
                requests: 1,
                ..Slot::EMPTY
            },
        );
        if probability > 0.0 && self.random.unit() < probability {
            return Err(Throttled);
        }
        Ok(Permit { throttle: self })
    }

    /// Runs `work` unless it is throttled. `accepts` tells of an error whether the service accepted the call all the same, as
    /// it did one that it answers with "not found".
    ///
    /// # Errors
    /// [`Failed::Throttled`] when it was not run, else the work's own error.
    pub async fn run<T, E>(
        &self,
        accepts: impl FnOnce(&E) -> bool,
        work: impl Future<Output = Result<T, E>>,
    ) -> Result<T, Failed<E>> {
        let permit = self.try_acquire()?;
        let result = work.await;
        if result.as_ref().err().is_none_or(accepts) {
            permit.accepted();
        }
        result.map_err(Failed::Work)
    }

    /// The probability at which a call is rejected now.
    pub fn probability(&self) -> f64 {
        self.probability_in(self.epoch())
    }

    fn epoch(&self) -> u16 {
        (self.clock.now().as_nanos() / self.slice) as u16
    }

    fn probability_in(&self, epoch: u16) -> f64 {
        let live = self
            .slots
            .iter()
            .map(|slot| Slot::unpack(slot.load(Ordering::Acquire)));
        let live = live.filter(|slot| epoch.wrapping_sub(slot.epoch) < SLOTS as u16);
        let (requests, accepts) = live.fold((0, 0), |(requests, accepts), slot| {
            (requests + slot.requests, accepts + slot.accepts)
        });
        if requests < self.minimum.max(1) {
            return 0.0;
        }
        let excess = requests as f64 - accepts as f64 * self.factor;
        (excess / (requests as f64 + 1.0)).clamp(0.0, self.cap)
    }

    fn count(&self, epoch: u16, more: Slot) {
        let slot = &self.slots[usize::from(epoch) % SLOTS];
        // The closure always answers Some, so the update cannot fail.
        let _ = slot.fetch_update(Ordering::AcqRel, Ordering::Acquire, |held| {
            let held = Slot::unpack(held);
            let base = if held.epoch == epoch {
                held
            } else {
                Slot { epoch, ..Slot::EMPTY }
            };
            Some(base.plus(more).pack())
        });
    }
}

impl Default for Throttle {
    fn default() -> Self {
        Self::new()
    }
}

/// Leave to make a call.
#[derive(Debug)]
#[must_use = "a permit that is dropped says that the service did not accept the call"]
pub struct Permit<'a> {
    throttle: &'a Throttle,
}

impl Permit<'_> {
    /// The service accepted the call, whether it ended well or not.
    pub fn accepted(self) {
        let throttle = self.throttle;
        throttle.count(
            throttle.epoch(),
            Slot {
                accepts: 1,
                ..Slot::EMPTY
            },
        );
    }
}

/// One word: a slice of time, and what happened in it.
#[derive(Clone, Copy)]
struct Slot {
    epoch: u16,
    requests: u64,
    accepts: u64,
}

impl Slot {
    const BITS: u32 = 24;
    const MASK: u64 = (1 << Self::BITS) - 1;
    const EMPTY: Self = Self {
        epoch: 0,
        requests: 0,
        accepts: 0,
    };

    /// The sum; of 16 million in a slice half is forgotten.
    fn plus(mut self, more: Self) -> Self {
        if self.requests == Self::MASK || self.accepts == Self::MASK {
            self.requests /= 2;
            self.accepts /= 2;
        }
        self.requests += more.requests;
        self.accepts += more.accepts;
        self
    }

    fn pack(self) -> u64 {
        (u64::from(self.epoch) << (2 * Self::BITS)) | (self.requests << Self::BITS) | self.accepts
    }

    fn unpack(word: u64) -> Self {
        Self {
            epoch: (word >> (2 * Self::BITS)) as u16,
            requests: (word >> Self::BITS) & Self::MASK,
            accepts: word & Self::MASK,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::ManualClock;

    fn throttle(hand: ManualClock) -> Throttle {
        Throttle::new()
            .clock(hand.clock())
            .random(Arc::new(Random::seeded(9)))
    }

    /// Makes calls to a service that accepts a share of what it gets; gives how many were sent, and how many accepted.
    fn load(throttle: &Throttle, calls: u32, accepts: impl Fn(u32) -> bool) -> (u32, u32) {
        let (mut sent, mut accepted) = (0, 0);
        for _ in 0..calls {
            if let Ok(permit) = throttle.try_acquire() {
                sent += 1;
                if accepts(sent) {
                    accepted += 1;
                    permit.accepted();
                }
            }
        }
        (sent, accepted)
    }

    #[test]
    fn nothing_is_rejected_while_enough_is_accepted() {
        let throttle = throttle(ManualClock::new());
        assert_eq!(load(&throttle, 9_000, |sent| sent % 3 != 0), (9_000, 6_000));
        assert!(throttle.probability() <= 0.0);
    }

    #[test]
    fn about_twice_of_what_is_accepted_is_sent() {
        let throttle = throttle(ManualClock::new()).cap(1.0);
        let budget = std::cell::Cell::new(0);
        // A service with room for a fifth of the calls.
        let (mut sent, mut accepted) = (0, 0);
        for call in 0..20_000 {
            budget.set(budget.get() + u32::from(call % 5 == 0));
            let Ok(permit) = throttle.try_acquire() else {
                continue;
            };
            sent += 1;
            if budget.get() > 0 {
                budget.set(budget.get() - 1);
                accepted += 1;
                permit.accepted();
            }
        }
        let ratio = f64::from(sent) / f64::from(accepted);
        assert!((1.9..2.1).contains(&ratio), "{sent} sent, {accepted} accepted");
    }

    #[test]
    fn an_outage_lets_a_share_through_that_the_cap_says() {
        let throttle = throttle(ManualClock::new());
        load(&throttle, 1000, |_| false);
        assert!((throttle.probability() - 0.8).abs() < 1e-9);
        let (sent, _) = load(&throttle, 10_000, |_| false);
        assert!((1800..2200).contains(&sent), "{sent}");
    }

    #[test]
    fn it_forgets_and_recovers() {
        let hand = ManualClock::new();
        let throttle = throttle(hand);
        load(&throttle, 1000, |_| false);
        hand.advance(Duration::from_secs(60));
        load(&throttle, 1000, |_| true);
        let recovering = throttle.probability();
        assert!(recovering < 0.8, "{recovering}");
        hand.advance(Duration::from_secs(61));
        let later = throttle.probability();
        assert!(later < recovering, "the outage is out of the window: {later}");
        hand.advance(Duration::from_secs(3600));
        assert!(throttle.probability() <= 0.0);
    }

    #[test]
    fn the_first_calls_are_never_rejected() {
        let throttle = throttle(ManualClock::new()).minimum_requests(50);
        assert_eq!(load(&throttle, 50, |_| false).0, 50);
        assert!(throttle.probability() > 0.0);
    }

    #[tokio::test]
    async fn an_error_can_say_that_the_call_was_accepted() {
        let throttle = throttle(ManualClock::new());
        for _ in 0..100 {
            let result = throttle.run(|error| *error == "not found", async { Err::<(), _>("not found") });
            assert_eq!(result.await, Err(Failed::Work("not found")));
        }
        assert!(throttle.probability() <= 0.0);
        for _ in 0..200 {
            let _ = throttle
                .run(|error| *error == "not found", async {
                    Err::<(), _>("overloaded")
                })
                .await;
        }
        assert!(throttle.probability() > 0.2);
    }

    #[test]
    fn a_slot_that_is_full_keeps_its_ratio() {
        let full = Slot {
            epoch: 7,
            requests: Slot::MASK,
            accepts: Slot::MASK / 4,
        };
        let more = Slot::unpack(
            full.plus(Slot {
                requests: 1,
                ..Slot::EMPTY
            })
            .pack(),
        );
        assert_eq!((more.epoch, more.requests), (7, Slot::MASK / 2 + 1));
        assert_eq!(more.accepts, Slot::MASK / 8);
    }

    #[test]
    fn a_threshold_that_is_none_does_not_break_it() {
        for share in [f64::NAN, -1.0, 0.0, 7.0] {
            let throttle = throttle(ManualClock::new()).threshold(share);
            load(&throttle, 100, |_| true);
            assert!((0.0..=0.8).contains(&throttle.probability()), "{share}");
        }
    }
}
