//! A small seedable source of randomness for jitter and sampling: not for secrets.
//!
//! SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014) over one atomic word:
//! a draw is one `fetch_add` and a few multiplications, without a lock, and a seeded source gives the same sequence
//! to whoever draws in the same order.

use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::clock::nanos;

/// The golden ratio as a 64-bit fraction: SplitMix64's step.
const STEP: u64 = 0x9E37_79B9_7F4A_7C15;

/// A lock-free pseudo-random source. Share it by `Arc`.
///
/// ```
/// use tieline::random::Random;
/// assert_eq!(Random::seeded(7).next_u64(), Random::seeded(7).next_u64());
/// ```
#[derive(Debug)]
pub struct Random {
    state: AtomicU64,
}

impl Random {
    /// A source seeded from the operating system, by way of the standard library's hash keys.
    pub fn new() -> Self {
        Self::seeded(RandomState::new().hash_one(STEP))
    }

    /// A source whose sequence follows from `seed`.
    pub const fn seeded(seed: u64) -> Self {
        Self {
            state: AtomicU64::new(seed),
        }
    }

    /// The next 64 bits.
    pub fn next_u64(&self) -> u64 {
        let state = self.state.fetch_add(STEP, Ordering::Relaxed).wrapping_add(STEP);
        let z = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number in `0..bound`; 0 when `bound` is 0. The bias is below `bound` / 2⁶⁴.
    pub fn below(&self, bound: u64) -> u64 {
        // The high word of a 64 × 64 bit product (Lemire 2019), which fits 64 bits.
        ((u128::from(self.next_u64()) * u128::from(bound)) >> 64) as u64
    }

    /// A number in `[0, 1)`.
    pub fn unit(&self) -> f64 {
        (self.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// A duration drawn evenly from `low..=high`, to the nanosecond; `low` when `high` is not above it.
    pub fn between(&self, low: Duration, high: Duration) -> Duration {
        let (low, high) = (nanos(low), nanos(high));
        let Some(span) = high.checked_sub(low) else {
            return Duration::from_nanos(low);
        };
        Duration::from_nanos(low + self.below(span.saturating_add(1)))
    }
}

impl Default for Random {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sequence_is_splitmix64() {
        // The first outputs of the reference implementation for seed 1234567.
        let random = Random::seeded(1_234_567);
        let drawn: Vec<u64> = (0..3).map(|_| random.next_u64()).collect();
        assert_eq!(
            drawn,
            [
                6_457_827_717_110_365_317,
                3_203_168_211_198_807_973,
                9_817_491_932_198_370_423
            ]
        );
    }

    #[test]
    fn sources_without_a_seed_differ() {
        assert_ne!(Random::new().next_u64(), Random::new().next_u64());
    }

    #[test]
    fn draws_stay_within_their_bounds_and_reach_both_halves() {
        let random = Random::seeded(1);
        let (low, high) = (Duration::from_millis(10), Duration::from_millis(20));
        let drawn: Vec<Duration> = (0..1000).map(|_| random.between(low, high)).collect();
        assert!(drawn.iter().all(|d| (low..=high).contains(d)));
        assert!(drawn.iter().any(|d| d.as_millis() < 12) && drawn.iter().any(|d| d.as_millis() >= 18));
        assert!((0..1000).all(|_| random.below(6) < 6 && (0.0..1.0).contains(&random.unit())));
        assert_eq!(random.below(0), 0);
        assert_eq!(random.between(high, low), high);
        assert!(random.between(Duration::MAX, Duration::MAX) > Duration::from_secs(1));
    }
}
