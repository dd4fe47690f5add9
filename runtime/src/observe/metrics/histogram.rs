//! A histogram of durations over fixed buckets: one atomic add for the bucket and one for the sum.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::clock::nanos;

/// The upper bounds of the buckets, in nanoseconds, with the text of the bound in seconds.
pub(super) const BOUNDS: [(u64, &str); 14] = [
    (5_000_000, "0.005"),
    (10_000_000, "0.01"),
    (25_000_000, "0.025"),
    (50_000_000, "0.05"),
    (75_000_000, "0.075"),
    (100_000_000, "0.1"),
    (250_000_000, "0.25"),
    (500_000_000, "0.5"),
    (750_000_000, "0.75"),
    (1_000_000_000, "1"),
    (2_500_000_000, "2.5"),
    (5_000_000_000, "5"),
    (7_500_000_000, "7.5"),
    (10_000_000_000, "10"),
];

/// Durations counted by bucket, the last one without a bound.
#[derive(Debug, Default)]
pub(super) struct Histogram {
    buckets: [AtomicU64; BOUNDS.len() + 1],
    sum_nanos: AtomicU64,
}

impl Histogram {
    pub(super) fn record(&self, took: Duration) {
        let took = nanos(took);
        let bucket = BOUNDS
            .iter()
            .position(|(bound, _)| took <= *bound)
            .unwrap_or(BOUNDS.len());
        self.buckets[bucket].fetch_add(1, Ordering::Relaxed);
        self.sum_nanos.fetch_add(took, Ordering::Relaxed);
    }

    pub(super) fn snapshot(&self) -> Snapshot {
        Snapshot {
            buckets: std::array::from_fn(|at| self.buckets[at].load(Ordering::Relaxed)),
            sum_nanos: self.sum_nanos.load(Ordering::Relaxed),
        }
    }
}

/// What a histogram held at one moment.
#[derive(Clone, Debug, Default)]
pub(super) struct Snapshot {
    buckets: [u64; BOUNDS.len() + 1],
    sum_nanos: u64,
}

impl Snapshot {
    pub(super) fn merge(&mut self, other: &Self) {
        for (mine, theirs) in self.buckets.iter_mut().zip(other.buckets) {
            *mine += theirs;
        }
        self.sum_nanos = self.sum_nanos.wrapping_add(other.sum_nanos);
    }

    pub(super) fn count(&self) -> u64 {
        self.buckets.iter().sum()
    }

    pub(super) fn sum_seconds(&self) -> f64 {
        Duration::from_nanos(self.sum_nanos).as_secs_f64()
    }

    /// For each bound its text and how many durations were at most that long.
    pub(super) fn cumulative(&self) -> impl Iterator<Item = (&'static str, u64)> + '_ {
        BOUNDS
            .iter()
            .zip(&self.buckets)
            .scan(0, |below, ((_, text), count)| {
                *below += count;
                Some((*text, *below))
            })
    }
}
