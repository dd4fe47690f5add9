//! What is counted of one endpoint.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};

/// Counts of one endpoint: failures in a row, and attempts of the interval.
#[derive(Debug, Default)]
pub(in crate::endpoints) struct Tally {
    consecutive: AtomicU32,
    attempts: AtomicU64,
    failures: AtomicU64,
    /// Whether it is ejected now. Changed under the lock of the set.
    ejected: AtomicBool,
    /// How many ejections its next one is longer for.
    times: AtomicU32,
    /// When the ejection ends, in nanoseconds.
    until: AtomicU64,
}

impl Tally {
    /// Counts a success.
    pub(in crate::endpoints) fn success(&self) {
        self.attempts.fetch_add(1, Ordering::Relaxed);
        // Looked at first, since it mostly is 0 and shared.
        if self.consecutive.load(Ordering::Relaxed) != 0 {
            self.consecutive.store(0, Ordering::Relaxed);
        }
    }

    /// Counts a failure. How many there are in a row.
    pub(in crate::endpoints) fn failure(&self) -> u32 {
        self.attempts.fetch_add(1, Ordering::Relaxed);
        self.failures.fetch_add(1, Ordering::Relaxed);
        self.consecutive.fetch_add(1, Ordering::Relaxed).saturating_add(1)
    }

    /// Attempts and failures of the interval that ends here.
    pub(in crate::endpoints) fn end_interval(&self) -> (u64, u64) {
        let failures = self.failures.swap(0, Ordering::Relaxed);
        let attempts = self.attempts.swap(0, Ordering::Relaxed);
        // Counted one after the other, so that a failure may be seen before its attempt.
        (attempts.max(failures), failures)
    }

    /// How many failures there are in a row.
    pub(in crate::endpoints) fn in_a_row(&self) -> u32 {
        self.consecutive.load(Ordering::Relaxed)
    }

    pub(in crate::endpoints) fn is_ejected(&self) -> bool {
        self.ejected.load(Ordering::Relaxed)
    }

    /// When the ejection ends.
    pub(in crate::endpoints) fn until(&self) -> u64 {
        self.until.load(Ordering::Relaxed)
    }

    /// Notes one more ejection. How many they are.
    pub(in crate::endpoints) fn count_ejection(&self) -> u32 {
        self.consecutive.store(0, Ordering::Relaxed);
        self.times.fetch_add(1, Ordering::Relaxed).saturating_add(1)
    }

    pub(in crate::endpoints) fn eject_until(&self, at: u64) {
        self.until.store(at, Ordering::Relaxed);
        self.ejected.store(true, Ordering::Relaxed);
    }

    /// Ends the ejection.
    pub(in crate::endpoints) fn uneject(&self) {
        self.consecutive.store(0, Ordering::Relaxed);
        self.ejected.store(false, Ordering::Relaxed);
    }

    /// So many intervals have passed without an ejection.
    pub(in crate::endpoints) fn forgive(&self, intervals: u32) {
        let times = self.times.load(Ordering::Relaxed);
        self.times
            .store(times.saturating_sub(intervals), Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_in_a_row_are_those_since_the_last_success() {
        let tally = Tally::default();
        assert_eq!([tally.failure(), tally.failure()], [1, 2]);
        tally.success();
        assert_eq!(tally.failure(), 1);
        assert_eq!(tally.end_interval(), (4, 3));
        assert_eq!(tally.end_interval(), (0, 0));
        assert_eq!(tally.failure(), 2, "an interval does not end a row");
    }

    #[test]
    fn ejections_are_counted_and_forgiven() {
        let tally = Tally::default();
        tally.failure();
        assert_eq!([tally.count_ejection(), tally.count_ejection()], [1, 2]);
        assert_eq!(tally.failure(), 1, "an ejection ends the row");
        tally.forgive(1);
        assert_eq!(tally.count_ejection(), 2);
        tally.forgive(9);
        assert_eq!(tally.count_ejection(), 1);
    }
}
