//! How long to wait between two attempts.
//!
//! The jittered kinds are those of Marc Brooker's "Exponential Backoff And Jitter" (AWS, 2015): full jitter spreads
//! the load of many clients best, equal jitter never waits less than half, and decorrelated jitter grows from what
//! was last drawn.

use std::sync::Arc;
use std::time::Duration;

use crate::random::Random;

/// The rule for the wait after a failed attempt. Attempts count from 0; `n` below is the attempt that has failed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Backoff {
    /// Evenly from 0 to `min(cap, base · 2ⁿ)`.
    FullJitter {
        /// The widest wait after the first attempt.
        base: Duration,
        /// The widest wait of all.
        cap: Duration,
    },
    /// Evenly from the half to the whole of `min(cap, base · 2ⁿ)`.
    EqualJitter {
        /// The longest wait after the first attempt.
        base: Duration,
        /// The longest wait of all.
        cap: Duration,
    },
    /// Evenly from `base` to three times the wait before, at most `cap`.
    Decorrelated {
        /// The shortest wait.
        base: Duration,
        /// The longest wait.
        cap: Duration,
    },
    /// Exactly the listed waits, in order and without jitter; the last one again when the attempts outnumber them.
    Schedule(Arc<[Duration]>),
}

impl Backoff {
    /// The waits of [`Backoff::stepped`].
    pub const STEPS: [Duration; 5] = [
        Duration::from_millis(100),
        Duration::from_millis(500),
        Duration::from_secs(1),
        Duration::from_secs(2),
        Duration::from_secs(5),
    ];

    /// Full jitter.
    pub const fn full_jitter(base: Duration, cap: Duration) -> Self {
        Self::FullJitter { base, cap }
    }

    /// The same waits every time.
    pub fn schedule(waits: &[Duration]) -> Self {
        Self::Schedule(waits.into())
    }

    /// The schedule 100 ms, 500 ms, 1 s, 2 s, 5 s.
    pub fn stepped() -> Self {
        Self::schedule(&Self::STEPS)
    }

    /// The wait after attempt `attempt` has failed, `previous` being the wait before that attempt.
    pub fn delay(&self, attempt: u32, previous: Option<Duration>, random: &Random) -> Duration {
        match self {
            Self::FullJitter { base, cap } => {
                random.between(Duration::ZERO, exponential(*base, *cap, attempt))
            }
            Self::EqualJitter { base, cap } => equal_jitter(*base, *cap, attempt, random),
            Self::Decorrelated { base, cap } => {
                let widest = previous.unwrap_or(*base).saturating_mul(3).min(*cap);
                random.between((*base).min(*cap), widest)
            }
            Self::Schedule(waits) => {
                let at = usize::try_from(attempt)
                    .unwrap_or(usize::MAX)
                    .min(waits.len().saturating_sub(1));
                waits.get(at).copied().unwrap_or_default()
            }
        }
    }

    /// The same after a peer has said that it is overloaded: full jitter, which may draw no wait at all, becomes
    /// equal jitter. The other kinds stay as they are.
    pub fn delay_when_throttled(
        &self,
        attempt: u32,
        previous: Option<Duration>,
        random: &Random,
    ) -> Duration {
        match self {
            Self::FullJitter { base, cap } => equal_jitter(*base, *cap, attempt, random),
            other => other.delay(attempt, previous, random),
        }
    }
}

impl Default for Backoff {
    /// Full jitter from a base of 100 ms up to 5 s.
    fn default() -> Self {
        Self::full_jitter(Duration::from_millis(100), Duration::from_secs(5))
    }
}

/// `min(cap, base · 2ⁿ)` without overflow.
fn exponential(base: Duration, cap: Duration, attempt: u32) -> Duration {
    base.saturating_mul(1_u32.checked_shl(attempt).unwrap_or(u32::MAX))
        .min(cap)
}

fn equal_jitter(base: Duration, cap: Duration, attempt: u32, random: &Random) -> Duration {
    let widest = exponential(base, cap, attempt);
    random.between(widest / 2, widest)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BASE: Duration = Duration::from_millis(100);
    const CAP: Duration = Duration::from_secs(5);

    #[test]
    fn full_jitter_fills_its_bounds_and_no_more() {
        let (backoff, random) = (Backoff::full_jitter(BASE, CAP), Random::seeded(3));
        for (attempt, widest_ms) in [
            (0, 100),
            (1, 200),
            (2, 400),
            (5, 3200),
            (6, 5000),
            (40, 5000),
            (u32::MAX, 5000),
        ] {
            let widest = Duration::from_millis(widest_ms);
            let drawn: Vec<Duration> = (0..500).map(|_| backoff.delay(attempt, None, &random)).collect();
            assert!(
                drawn.iter().all(|d| *d <= widest),
                "attempt {attempt} drew beyond {widest:?}"
            );
            assert!(
                drawn.iter().any(|d| *d < widest / 10),
                "attempt {attempt} never drew a short wait"
            );
            assert!(
                drawn.iter().any(|d| *d > widest * 9 / 10),
                "attempt {attempt} never drew a long wait"
            );
        }
    }

    #[test]
    fn the_same_seed_draws_the_same_waits() {
        let draw = |seed| {
            let random = Random::seeded(seed);
            (0..8)
                .map(|n| Backoff::default().delay(n, None, &random))
                .collect::<Vec<_>>()
        };
        assert_eq!(draw(11), draw(11));
        assert_ne!(draw(11), draw(12));
    }

    #[test]
    fn equal_jitter_waits_at_least_half() {
        let (backoff, random) = (Backoff::EqualJitter { base: BASE, cap: CAP }, Random::seeded(5));
        for _ in 0..500 {
            let drawn = backoff.delay(2, None, &random);
            assert!(
                (Duration::from_millis(200)..=Duration::from_millis(400)).contains(&drawn),
                "{drawn:?}"
            );
        }
    }

    #[test]
    fn full_jitter_turns_equal_when_the_peer_is_overloaded() {
        let (backoff, random) = (Backoff::full_jitter(BASE, CAP), Random::seeded(5));
        let shortest = (0..500)
            .map(|_| backoff.delay_when_throttled(0, None, &random))
            .min();
        assert!(shortest >= Some(BASE / 2));
    }

    #[test]
    fn decorrelated_jitter_grows_from_the_wait_before() {
        let (backoff, random) = (Backoff::Decorrelated { base: BASE, cap: CAP }, Random::seeded(9));
        let mut previous = None;
        for attempt in 0..500 {
            let drawn = backoff.delay(attempt, previous, &random);
            assert!(
                drawn >= BASE && drawn <= (previous.unwrap_or(BASE) * 3).min(CAP),
                "{drawn:?} after {previous:?}"
            );
            previous = Some(drawn);
        }
    }

    #[test]
    fn a_schedule_is_exact_and_repeats_its_last_wait() {
        let random = Random::seeded(0);
        let waits = |backoff: &Backoff, n: u32| {
            (0..n)
                .map(|a| backoff.delay(a, None, &random))
                .collect::<Vec<_>>()
        };
        assert_eq!(waits(&Backoff::stepped(), 5), Backoff::STEPS);
        assert_eq!(waits(&Backoff::stepped(), 6)[5], Duration::from_secs(5));
        assert_eq!(waits(&Backoff::schedule(&[]), 2), [Duration::ZERO; 2]);
    }
}
