//! The breaker's state, packed into single words so that every step is one compare-and-swap.
//!
//! ```text
//! 63  62 61            40 39                                       0
//! [state][ generation   ][ until: milliseconds on the breaker's clock ]   the breaker, and each probe slot
//!        [ generation   ][ total 21 bits ][ failures 21 bits ]            the counts
//! ```
//!
//! A generation is a stretch of time whose results are judged together: an interval of the closed state, an open
//! period, a half-open trial. Results carry the generation they were admitted in and count in no other.

use std::time::Duration;

use crate::clock::Instant;

const GENERATION_BITS: u32 = 22;
const UNTIL_BITS: u32 = 40;
const COUNT_BITS: u32 = 21;
const GENERATION_MASK: u64 = (1 << GENERATION_BITS) - 1;
const COUNT_MASK: u64 = (1 << COUNT_BITS) - 1;

/// A number of milliseconds that no clock of this word reaches.
pub(super) const FOREVER: u64 = (1 << UNTIL_BITS) - 1;

/// The time `wait` from `now` in milliseconds; [`FOREVER`] beyond 34 years.
///
/// This and [`millis`] round alike, so a wait of whole milliseconds is over exactly when that many have passed since
/// a reading, wherever between two milliseconds the reading was taken.
pub(super) fn until(now: Instant, wait: Duration) -> u64 {
    (now.plus(wait).as_nanos() / 1_000_000).min(FOREVER)
}

/// `now` in milliseconds.
pub(super) fn millis(now: Instant) -> u64 {
    (now.as_nanos() / 1_000_000).min(FOREVER - 1)
}

/// The number of a generation; it wraps after some four million.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Generation(u32);

impl Generation {
    /// A generation that no word ever holds.
    pub(super) const NONE: Self = Self(u32::MAX);

    pub(super) const FIRST: Self = Self(0);

    pub(super) const fn next(self) -> Self {
        Self((self.0 + 1) & GENERATION_MASK as u32)
    }

    /// The generation of this number.
    pub(super) const fn of(number: u32) -> Self {
        Self(number & GENERATION_MASK as u32)
    }

    pub(super) const fn number(self) -> u32 {
        self.0
    }
}

/// A two-bit kind, a generation and a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Timed {
    pub(super) kind: u8,
    pub(super) generation: Generation,
    pub(super) until: u64,
}

impl Timed {
    pub(super) const fn pack(self) -> u64 {
        ((self.kind as u64) << (GENERATION_BITS + UNTIL_BITS))
            | ((self.generation.0 as u64) << UNTIL_BITS)
            | self.until
    }

    pub(super) const fn unpack(word: u64) -> Self {
        Self {
            kind: (word >> (GENERATION_BITS + UNTIL_BITS)) as u8,
            generation: Generation(((word >> UNTIL_BITS) & GENERATION_MASK) as u32),
            until: word & FOREVER,
        }
    }
}

/// The results of one generation of the closed state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Tally {
    pub(super) generation: Generation,
    pub(super) total: u64,
    pub(super) failures: u64,
}

impl Tally {
    pub(super) const fn empty(generation: Generation) -> Self {
        Self {
            generation,
            total: 0,
            failures: 0,
        }
    }

    /// With one more result. At two million results both counts are halved, which keeps their ratio.
    pub(super) const fn plus(mut self, failed: bool) -> Self {
        if self.total == COUNT_MASK {
            self.total /= 2;
            self.failures /= 2;
        }
        self.total += 1;
        self.failures += failed as u64;
        self
    }

    /// Without these results.
    pub(super) const fn minus(mut self, total: u64, failures: u64) -> Self {
        self.total = self.total.saturating_sub(total);
        self.failures = self.failures.saturating_sub(failures);
        self
    }

    pub(super) const fn pack(self) -> u64 {
        ((self.generation.0 as u64) << (2 * COUNT_BITS)) | (self.total << COUNT_BITS) | self.failures
    }

    pub(super) const fn unpack(word: u64) -> Self {
        Self {
            generation: Generation(((word >> (2 * COUNT_BITS)) & GENERATION_MASK) as u32),
            total: (word >> COUNT_BITS) & COUNT_MASK,
            failures: word & COUNT_MASK,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_come_back_as_they_were_packed() {
        let generation = Generation(GENERATION_MASK as u32);
        let timed = Timed {
            kind: 3,
            generation,
            until: FOREVER,
        };
        assert_eq!(Timed::unpack(timed.pack()), timed);
        let tally = Tally {
            generation,
            total: COUNT_MASK,
            failures: COUNT_MASK - 1,
        };
        assert_eq!(Tally::unpack(tally.pack()), tally);
    }

    #[test]
    fn generations_wrap_within_their_bits() {
        assert_eq!(Generation(GENERATION_MASK as u32).next(), Generation::FIRST);
        assert_ne!(Generation::NONE, Timed::unpack(u64::MAX).generation);
    }

    #[test]
    fn a_full_tally_keeps_its_ratio() {
        let full = Tally {
            generation: Generation::FIRST,
            total: COUNT_MASK,
            failures: COUNT_MASK,
        };
        let more = full.plus(true);
        assert_eq!(more.total, more.failures);
        assert!(more.total < COUNT_MASK);
    }

    #[test]
    fn a_wait_is_over_to_the_millisecond_wherever_it_began() {
        for offset in [0, 1, 499_999, 999_999] {
            let start = Instant::from_nanos(7_000_000 + offset);
            let end = until(start, Duration::from_secs(30));
            assert!(millis(start.plus(Duration::from_millis(29_999))) < end);
            assert!(millis(start.plus(Duration::from_secs(30))) >= end);
        }
        assert!(millis(Instant::FAR_FUTURE) < FOREVER);
    }
}
