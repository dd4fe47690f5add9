//! Outlier ejection: endpoints that fail are left alone for a while.
//!
//! The rules and their defaults are Envoy's (`cluster.outlier_detection`):
//!
//! - so many failures in a row (5) eject at once;
//! - at the end of each interval (10 s), of endpoints with enough attempts in it (100), those whose success rate is below
//!   the mean less 1.9 standard deviations, where there are enough such endpoints (5); and, where that is asked for, those
//!   that fail more than a percentage;
//! - an ejection lasts 30 s times their number, at most 300 s; the number goes down by one with each interval without;
//! - at most 10 % of the endpoints are ejected at a time, and always one may be.
//!
//! What is judged are attempts: a connection that cannot be made, a timeout, 5xx, 429, `UNAVAILABLE`, `INTERNAL`, `UNKNOWN`
//! and `DEADLINE_EXCEEDED` are failures; what the caller cancelled, or what was rejected here, says nothing. No task runs: the
//! first pick after an interval sweeps.

mod sweep;
mod tally;

use std::time::Duration;

pub(super) use self::sweep::{Rates, rates};
pub(super) use self::tally::Tally;

/// Why an endpoint was ejected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Reason {
    /// So many failures in a row.
    Consecutive,
    /// Its success rate is below that of the others.
    SuccessRate,
    /// It fails more than a percentage.
    FailurePercentage,
}

impl Reason {
    /// A label.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Consecutive => "consecutive_failures",
            Self::SuccessRate => "success_rate",
            Self::FailurePercentage => "failure_percentage",
        }
    }
}

/// When endpoints are ejected, and for how long.
///
/// ```
/// # use std::time::Duration;
/// use tieline::endpoints::outlier::Outlier;
/// let outlier = Outlier::new().consecutive_failures(3).base_ejection_time(Duration::from_secs(10));
/// # let _ = outlier;
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Outlier {
    pub(super) enabled: bool,
    pub(super) enforce: bool,
    pub(super) consecutive_failures: u32,
    pub(super) interval: Duration,
    pub(super) base_ejection_time: Duration,
    pub(super) max_ejection_time: Duration,
    pub(super) max_ejection_percent: u32,
    pub(super) stdev_factor: f64,
    pub(super) minimum_hosts: usize,
    pub(super) request_volume: u64,
    pub(super) failure_percentage: Option<f64>,
    pub(super) failure_percentage_minimum_hosts: usize,
    pub(super) failure_percentage_request_volume: u64,
}

impl Default for Outlier {
    fn default() -> Self {
        Self::new()
    }
}

impl Outlier {
    /// Envoy's defaults.
    pub const fn new() -> Self {
        Self {
            enabled: true,
            enforce: true,
            consecutive_failures: 5,
            interval: Duration::from_secs(10),
            base_ejection_time: Duration::from_secs(30),
            max_ejection_time: Duration::from_secs(300),
            max_ejection_percent: 10,
            stdev_factor: 1.9,
            minimum_hosts: 5,
            request_volume: 100,
            failure_percentage: None,
            failure_percentage_minimum_hosts: 5,
            failure_percentage_request_volume: 50,
        }
    }

    /// No ejection.
    pub const fn disabled() -> Self {
        let mut outlier = Self::new();
        outlier.enabled = false;
        outlier
    }

    /// Whether endpoints are really left alone, and not only reported.
    pub const fn enforce(mut self, enforce: bool) -> Self {
        self.enforce = enforce;
        self
    }

    /// How many failures in a row eject; 5 unless set, 0 for never.
    pub const fn consecutive_failures(mut self, failures: u32) -> Self {
        self.consecutive_failures = failures;
        self
    }

    /// How often rates are judged and ejections ended; 10 s unless set, at least 1 ms.
    pub fn interval(mut self, interval: Duration) -> Self {
        self.interval = interval.max(Duration::from_millis(1));
        self
    }

    /// How long the first ejection lasts, and by how much each further one is longer; 30 s unless set.
    pub const fn base_ejection_time(mut self, time: Duration) -> Self {
        self.base_ejection_time = time;
        self
    }

    /// How long an ejection lasts at most; 300 s unless set.
    pub const fn max_ejection_time(mut self, time: Duration) -> Self {
        self.max_ejection_time = time;
        self
    }

    /// How many of the endpoints may be ejected at a time, in percent; 10 unless set. One always may.
    pub const fn max_ejection_percent(mut self, percent: u32) -> Self {
        self.max_ejection_percent = percent;
        self
    }

    /// How far below the mean, in standard deviations, a success rate ejects; 1.9 unless set.
    pub const fn success_rate_stdev_factor(mut self, factor: f64) -> Self {
        self.stdev_factor = factor;
        self
    }

    /// How many endpoints have to have so many attempts in an interval before success rates are judged; 5 and 100 unless
    /// set.
    pub const fn success_rate_volume(mut self, endpoints: usize, attempts: u64) -> Self {
        self.minimum_hosts = endpoints;
        self.request_volume = attempts;
        self
    }

    /// Ejects endpoints that fail at least this percentage of their attempts in an interval, such as 85; not unless set.
    pub const fn failure_percentage(mut self, percent: f64) -> Self {
        self.failure_percentage = Some(percent);
        self
    }

    /// How many endpoints have to have so many attempts in an interval before percentages are judged; 5 and 50 unless set.
    pub const fn failure_percentage_volume(mut self, endpoints: usize, attempts: u64) -> Self {
        self.failure_percentage_minimum_hosts = endpoints;
        self.failure_percentage_request_volume = attempts;
        self
    }

    /// How long an endpoint's `times`th ejection lasts.
    pub(super) fn lasts(&self, times: u32) -> Duration {
        let grown = self.base_ejection_time.saturating_mul(times.max(1));
        // As in Envoy, a base above the limit raises it.
        grown.min(self.max_ejection_time.max(self.base_ejection_time))
    }

    /// Whether one more of `known` may be ejected where `ejected` are.
    pub(super) fn has_room(&self, ejected: usize, known: usize) -> bool {
        let percent = self.max_ejection_percent as usize;
        ejected == 0 || (ejected + 1) * 100 <= percent.saturating_mul(known)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ejection_lasts_longer_each_time_up_to_the_limit() {
        let outlier = Outlier::new();
        let lasts = |times| outlier.lasts(times).as_secs();
        assert_eq!(
            [lasts(0), lasts(1), lasts(2), lasts(10), lasts(99)],
            [30, 30, 60, 300, 300]
        );
        let long = Outlier::new().base_ejection_time(Duration::from_secs(400));
        assert_eq!(long.lasts(3).as_secs(), 400);
    }

    #[test]
    fn a_tenth_of_the_endpoints_may_be_ejected_and_always_one() {
        let outlier = Outlier::new();
        for (ejected, known, may) in [
            (0, 2, true),
            (1, 2, false),
            (1, 19, false),
            (1, 20, true),
            (2, 20, false),
        ] {
            assert_eq!(outlier.has_room(ejected, known), may, "{ejected} of {known}");
        }
        assert!(outlier.max_ejection_percent(100).has_room(2, 3));
    }
}
