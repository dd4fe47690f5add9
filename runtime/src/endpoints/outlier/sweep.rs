//! Whose rate in an interval is out of line with that of the others.

use super::{Outlier, Reason};

/// The attempts and failures of one endpoint in an interval.
#[derive(Clone, Copy, Debug)]
pub(in crate::endpoints) struct Rates {
    pub(in crate::endpoints) attempts: u64,
    pub(in crate::endpoints) failures: u64,
}

impl Rates {
    fn success(self) -> f64 {
        (self.attempts - self.failures) as f64 / self.attempts as f64
    }

    fn failure_percent(self) -> f64 {
        self.failures as f64 / self.attempts as f64 * 100.0
    }
}

/// Those of the endpoints that are out of line, by their places, with the reason.
pub(in crate::endpoints) fn rates(outlier: &Outlier, all: &[Rates]) -> Vec<(usize, Reason)> {
    let mut found = by_success_rate(outlier, all);
    for (at, reason) in by_percentage(outlier, all) {
        if !found.iter().any(|(other, _)| *other == at) {
            found.push((at, reason));
        }
    }
    found
}

/// Those with so many attempts, by their places; none where they are too few.
fn judged(all: &[Rates], hosts: usize, volume: u64) -> Vec<(usize, Rates)> {
    let enough = |rates: &Rates| rates.attempts >= volume.max(1);
    let judged: Vec<_> = all
        .iter()
        .copied()
        .enumerate()
        .filter(|(_, rates)| enough(rates))
        .collect();
    if judged.len() < hosts.max(1) {
        return Vec::new();
    }
    judged
}

fn by_success_rate(outlier: &Outlier, all: &[Rates]) -> Vec<(usize, Reason)> {
    let judged = judged(all, outlier.minimum_hosts, outlier.request_volume);
    let number = judged.len() as f64;
    let mean = judged.iter().map(|(_, rates)| rates.success()).sum::<f64>() / number;
    let variance = judged
        .iter()
        .map(|(_, rates)| (rates.success() - mean).powi(2))
        .sum::<f64>()
        / number;
    let threshold = mean - outlier.stdev_factor * variance.sqrt();
    let below = judged
        .into_iter()
        .filter(|(_, rates)| rates.success() < threshold);
    below.map(|(at, _)| (at, Reason::SuccessRate)).collect()
}

fn by_percentage(outlier: &Outlier, all: &[Rates]) -> Vec<(usize, Reason)> {
    let Some(percent) = outlier.failure_percentage else {
        return Vec::new();
    };
    let judged = judged(
        all,
        outlier.failure_percentage_minimum_hosts,
        outlier.failure_percentage_request_volume,
    );
    let above = judged
        .into_iter()
        .filter(|(_, rates)| rates.failure_percent() >= percent);
    above.map(|(at, _)| (at, Reason::FailurePercentage)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(failures: &[u64]) -> Vec<Rates> {
        let rates = |failures: &u64| Rates {
            attempts: 100,
            failures: *failures,
        };
        failures.iter().map(rates).collect()
    }

    fn places(outlier: &Outlier, all: &[Rates]) -> Vec<usize> {
        rates(outlier, all).into_iter().map(|(at, _)| at).collect()
    }

    #[test]
    fn a_success_rate_below_the_mean_less_1_9_deviations_is_out_of_line() {
        // Mean 0.90, deviation 0.2: the threshold is 0.52.
        assert_eq!(places(&Outlier::new(), &of(&[0, 0, 0, 0, 50])), [4]);
        // Two alike are no outliers: mean 0.8, deviation 0.245.
        assert_eq!(places(&Outlier::new(), &of(&[0, 0, 0, 50, 50])), [0_usize; 0]);
        assert_eq!(places(&Outlier::new(), &of(&[7, 7, 7, 7, 7])), [0_usize; 0]);
    }

    #[test]
    fn too_few_endpoints_or_attempts_are_not_judged() {
        assert!(places(&Outlier::new(), &of(&[0, 0, 0, 50])).is_empty());
        let mut all = of(&[0, 0, 0, 0, 50]);
        all[4].attempts = 99;
        assert!(places(&Outlier::new(), &all).is_empty());
        assert_eq!(
            places(&Outlier::new().success_rate_volume(3, 50), &of(&[0, 0, 0, 60])),
            [0_usize; 0]
        );
        assert!(places(&Outlier::new(), &[]).is_empty());
    }

    #[test]
    fn a_percentage_of_failures_is_judged_where_it_is_asked_for() {
        let all = of(&[90, 90, 90, 0, 84]);
        assert!(places(&Outlier::new(), &all).is_empty());
        let outlier = Outlier::new().failure_percentage(85.0);
        assert_eq!(places(&outlier, &all), [0, 1, 2]);
        assert!(places(&outlier.failure_percentage_volume(5, 200), &all).is_empty());
    }
}
