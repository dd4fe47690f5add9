//! How long calls take: a quantile of those of the last while.
//!
//! A histogram with sixteen buckets an octave, from a microsecond to an hour, so that a value is known to a sixteenth. Two
//! of them take turns: one is filled while the other still counts, and both together answer. Recording is one atomic add.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use crate::clock::{Instant, nanos};

/// Buckets an octave, as a power of two.
const FINE: u32 = 4;
/// Octaves beyond the first sixteen microseconds: up to 2³² µs, more than an hour.
const OCTAVES: u32 = 28;
const BUCKETS: usize = ((OCTAVES + 1) << FINE) as usize;

/// How long calls took of late.
#[derive(Debug)]
pub(super) struct Latency {
    /// Nanoseconds that one half is filled.
    half: u64,
    /// The half-window that is being filled.
    epoch: AtomicU64,
    halves: [Half; 2],
}

#[derive(Debug)]
struct Half {
    total: AtomicU32,
    buckets: Box<[AtomicU32]>,
}

impl Half {
    fn new() -> Self {
        Self {
            total: AtomicU32::new(0),
            buckets: (0..BUCKETS).map(|_| AtomicU32::new(0)).collect(),
        }
    }

    fn clear(&self) {
        self.total.store(0, Ordering::Relaxed);
        self.buckets
            .iter()
            .for_each(|bucket| bucket.store(0, Ordering::Relaxed));
    }
}

impl Latency {
    /// Remembers between a half and the whole of `window`.
    pub(super) fn new(window: Duration, now: Instant) -> Self {
        let half = (nanos(window) / 2).max(1);
        Self {
            half,
            epoch: AtomicU64::new(now.as_nanos() / half),
            halves: [Half::new(), Half::new()],
        }
    }

    /// Records how long a call took.
    pub(super) fn record(&self, took: Duration, now: Instant) {
        let half = &self.halves[(self.turn(now) % 2) as usize];
        half.buckets[bucket(took)].fetch_add(1, Ordering::Relaxed);
        half.total.fetch_add(1, Ordering::Relaxed);
    }

    /// The time that this share of the calls did not exceed, if at least `least` are known.
    pub(super) fn quantile(&self, share: f64, least: u32, now: Instant) -> Option<Duration> {
        self.turn(now);
        let total: u64 = self
            .halves
            .iter()
            .map(|half| u64::from(half.total.load(Ordering::Relaxed)))
            .sum();
        if total < u64::from(least.max(1)) {
            return None;
        }
        let rank = (share * total as f64).ceil().max(1.0) as u64;
        let mut seen = 0;
        let reached = (0..BUCKETS).find(|index| {
            let counts = self
                .halves
                .iter()
                .map(|half| u64::from(half.buckets[*index].load(Ordering::Relaxed)));
            seen += counts.sum::<u64>();
            seen >= rank
        });
        // What is recorded at this moment may be counted and not yet be in its bucket.
        Some(upper(reached.unwrap_or(BUCKETS - 1)))
    }

    /// The half-window now; whoever enters a new one empties what is too old.
    fn turn(&self, now: Instant) -> u64 {
        let epoch = now.as_nanos() / self.half;
        let last = self.epoch.load(Ordering::Acquire);
        let enters = epoch > last
            && self
                .epoch
                .compare_exchange(last, epoch, Ordering::AcqRel, Ordering::Acquire)
                .is_ok();
        if enters {
            self.halves[(epoch % 2) as usize].clear();
            if epoch > last + 1 {
                self.halves[((epoch + 1) % 2) as usize].clear();
            }
        }
        epoch.max(last)
    }
}

/// The bucket of a time.
fn bucket(took: Duration) -> usize {
    let micros = took.as_micros().min(u128::from(u32::MAX)) as u64;
    let octave = (micros >> FINE).checked_ilog2().map_or(0, |octave| octave + 1);
    let index = if octave == 0 {
        micros
    } else {
        (u64::from(octave) << FINE) + ((micros >> (octave - 1)) & ((1 << FINE) - 1))
    };
    (index as usize).min(BUCKETS - 1)
}

/// The first time that is beyond a bucket.
fn upper(bucket: usize) -> Duration {
    let (octave, fine) = ((bucket >> FINE) as u32, (bucket & ((1 << FINE) - 1)) as u64);
    let micros = if octave == 0 {
        fine + 1
    } else {
        ((1 << FINE) + fine + 1) << (octave - 1)
    };
    Duration::from_micros(micros)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::ManualClock;

    #[test]
    fn a_time_lies_in_its_bucket_to_a_sixteenth() {
        for micros in [
            0,
            1,
            15,
            16,
            17,
            31,
            32,
            33,
            100,
            999,
            12_345,
            1_000_000,
            3_600_000_000,
        ] {
            let took = Duration::from_micros(micros);
            let index = bucket(took);
            assert!(took < upper(index), "{micros}");
            assert!(index == 0 || took >= upper(index - 1), "{micros}");
            let wide = upper(index).as_micros() - took.as_micros();
            assert!(wide <= u128::from(micros / 16) + 1, "{micros}: {wide}");
        }
        assert_eq!(bucket(Duration::MAX), BUCKETS - 1);
        assert!((1..BUCKETS).all(|index| upper(index) > upper(index - 1)));
    }

    #[test]
    fn the_quantile_is_that_of_the_calls_of_late() {
        let hand = ManualClock::new();
        let now = || hand.clock().now();
        let latency = Latency::new(Duration::from_secs(10), now());
        assert_eq!(latency.quantile(0.5, 1, now()), None);
        for millis in 1..=100 {
            latency.record(Duration::from_millis(millis), now());
        }
        let about = |share: f64| latency.quantile(share, 100, now()).map(|time| time.as_millis());
        for (share, millis) in [(0.5, 50), (0.95, 95), (0.99, 99), (1.0, 100)] {
            let found = about(share).expect("enough are known");
            assert!(
                (millis..=millis + millis / 16 + 1).contains(&found),
                "{share}: {found}"
            );
        }
        assert_eq!(latency.quantile(0.5, 101, now()), None, "too few");
        hand.advance(Duration::from_secs(5));
        latency.record(Duration::from_secs(9), now());
        assert!(about(0.5) < Some(60), "those before still count");
        hand.advance(Duration::from_secs(5));
        assert_eq!(latency.quantile(0.5, 2, now()), None, "only the last one does");
        hand.advance(Duration::from_secs(60));
        assert_eq!(latency.quantile(0.5, 1, now()), None);
    }
}
