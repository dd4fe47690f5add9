//! How long an endpoint takes: an average that jumps up at once and comes down over seconds.
//!
//! The peak-EWMA of Finagle: a time above the average becomes the average; one below it moves the average by the share
//! `1 - e^(-t/τ)`, where `t` is the time since the last one and τ is 10 s. Between two times the average decays alike, so
//! that an endpoint that was slow is tried again.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::clock::Instant;

/// τ, in milliseconds.
const DECAY_MS: f64 = 10_000.0;

/// What an endpoint takes at least of which nothing is known but that it did not answer, in nanoseconds.
const LEAST: f64 = 1e6;

/// The average, in one word: the bits of an `f32` in nanoseconds above a stamp in milliseconds. 0: nothing is known.
#[derive(Debug, Default)]
pub(super) struct PeakEwma(AtomicU64);

impl PeakEwma {
    /// The average now, in nanoseconds; 0 where nothing is known.
    pub(super) fn nanos(&self, now: Instant) -> f64 {
        decayed(self.0.load(Ordering::Relaxed), now)
    }

    /// An attempt took this long.
    pub(super) fn succeeded(&self, took: Duration, now: Instant) {
        self.update(now, |_| nanos(took));
    }

    /// An attempt that failed or was given up had taken this long: an answer would have taken longer.
    pub(super) fn outlasted(&self, took: Duration, now: Instant) {
        self.update(now, |average| {
            let known = if average > 0.0 { average } else { LEAST };
            nanos(took).max(known)
        });
    }

    /// Nothing is known any more.
    pub(super) fn forget(&self) {
        self.0.store(0, Ordering::Relaxed);
    }

    fn update(&self, now: Instant, sample: impl Fn(f64) -> f64) {
        // Never refused: the closure always answers.
        let _ = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |word| {
            let average = decayed(word, now);
            let sample = sample(average);
            let next = if word == 0 || sample > average {
                sample
            } else {
                // What decayed is the old average's part; the rest is the sample's.
                average + sample * (1.0 - kept(word, now))
            };
            Some(pack(next, now))
        });
    }
}

fn nanos(took: Duration) -> f64 {
    took.as_nanos() as f64
}

fn millis(now: Instant) -> u32 {
    (now.as_nanos() / 1_000_000) as u32
}

/// Never 0: an average of 0 ns is one of 1 ns.
fn pack(average: f64, now: Instant) -> u64 {
    let bits = (average.max(1.0) as f32).to_bits();
    u64::from(bits) << 32 | u64::from(millis(now))
}

/// The share of the average that is left.
fn kept(word: u64, now: Instant) -> f64 {
    let passed = millis(now).wrapping_sub(word as u32);
    // A stamp of the time to come, as a thread that read the clock earlier sees it.
    if passed > u32::MAX / 2 {
        return 1.0;
    }
    (-f64::from(passed) / DECAY_MS).exp()
}

fn decayed(word: u64, now: Instant) -> f64 {
    if word == 0 {
        return 0.0;
    }
    f64::from(f32::from_bits((word >> 32) as u32)) * kept(word, now)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Instant {
        Instant::from_nanos(millis * 1_000_000)
    }

    fn ms(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    #[track_caller]
    fn about(average: &PeakEwma, now: u64, expected_ms: f64) {
        let found = average.nanos(at(now)) / 1e6;
        assert!(
            (found - expected_ms).abs() < expected_ms * 0.01,
            "{found} is not about {expected_ms}"
        );
    }

    #[test]
    fn a_time_above_the_average_becomes_the_average_at_once() {
        let average = PeakEwma::default();
        assert!(average.nanos(at(1)) == 0.0);
        average.succeeded(ms(10), at(1_000));
        about(&average, 1_000, 10.0);
        average.succeeded(ms(500), at(1_001));
        about(&average, 1_001, 500.0);
    }

    #[test]
    fn a_time_below_the_average_brings_it_down_over_ten_seconds() {
        let average = PeakEwma::default();
        average.succeeded(ms(1_000), at(0));
        average.succeeded(ms(10), at(10_000));
        let kept = (-1.0_f64).exp();
        about(&average, 10_000, 1_000.0 * kept + 10.0 * (1.0 - kept));
        for second in 11..=60 {
            average.succeeded(ms(10), at(second * 1_000));
        }
        about(&average, 60_000, 12.454);
    }

    #[test]
    fn what_is_idle_decays() {
        let average = PeakEwma::default();
        average.succeeded(ms(1_000), at(0));
        about(&average, 20_000, 1_000.0 * (-2.0_f64).exp());
    }

    #[test]
    fn an_attempt_that_was_given_up_only_raises_the_average() {
        let average = PeakEwma::default();
        average.succeeded(ms(10), at(0));
        average.outlasted(ms(1), at(0));
        about(&average, 0, 10.0);
        average.outlasted(ms(900), at(0));
        about(&average, 0, 900.0);
        average.forget();
        assert!(average.nanos(at(0)) == 0.0);
        average.outlasted(Duration::from_nanos(5), at(0));
        about(&average, 0, 1.0);
    }

    #[test]
    fn a_clock_that_is_read_late_changes_nothing() {
        let average = PeakEwma::default();
        average.succeeded(ms(10), at(5_000));
        about(&average, 4_000, 10.0);
    }
}
