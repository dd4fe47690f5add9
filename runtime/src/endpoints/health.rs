//! Active health checks: endpoints are asked whether they are well, whether there are calls or not.
//!
//! An endpoint is taken for healthy until its first check ends, which alone decides (as in Envoy); after that, so many
//! checks in a row change the opinion. One that is unhealthy is not called, unless too few are left (panic).

mod probe;
mod run;

use std::ops::RangeInclusive;
use std::time::Duration;

pub(super) use self::run::run;

/// How endpoints are checked.
///
/// ```
/// # use std::time::Duration;
/// use tieline::endpoints::health::HealthCheck;
/// let check = HealthCheck::http("/health").interval(Duration::from_secs(5)).thresholds(2, 3);
/// # let _ = check;
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct HealthCheck {
    pub(super) what: What,
    pub(super) interval: Duration,
    pub(super) timeout: Duration,
    pub(super) healthy_threshold: u32,
    pub(super) unhealthy_threshold: u32,
}

/// What is asked.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum What {
    /// GET of this path, from the host's root, which is to have one of these statuses.
    Http(String, Vec<RangeInclusive<u16>>),
    /// `grpc.health.v1.Health/Check` for this service.
    #[cfg(feature = "grpc")]
    Grpc(String),
}

impl HealthCheck {
    /// By GET of a path from the root of the host, such as `/health`: any 2xx is healthy.
    pub fn http(path: &str) -> Self {
        let path = format!("/{}", path.trim_start_matches('/'));
        Self::of(What::Http(path, vec![200..=299]))
    }

    /// By gRPC's health service, for the service of this full name; empty for the server as a whole. A server without the health
    /// service is healthy (gRFC A17).
    #[cfg(feature = "grpc")]
    pub fn grpc(service: impl Into<String>) -> Self {
        Self::of(What::Grpc(service.into()))
    }

    fn of(what: What) -> Self {
        Self {
            what,
            interval: Duration::from_secs(10),
            timeout: Duration::from_secs(1),
            healthy_threshold: 2,
            unhealthy_threshold: 3,
        }
    }

    /// The statuses that are healthy; 2xx unless set. Of HTTP only.
    pub fn statuses(mut self, healthy: impl IntoIterator<Item = RangeInclusive<u16>>) -> Self {
        // The grpc feature adds another variant.
        #[allow(irrefutable_let_patterns)]
        if let What::Http(_, statuses) = &mut self.what {
            *statuses = healthy.into_iter().collect();
        }
        self
    }

    /// The time between two checks of an endpoint, more or less a tenth of it; 10 s unless set, at least 1 ms.
    pub fn interval(mut self, interval: Duration) -> Self {
        self.interval = interval.max(Duration::from_millis(1));
        self
    }

    /// How long a check may take; 1 s unless set.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// How many checks in a row have to be well before an endpoint is healthy again, and how many have to be not before it is
    /// unhealthy; 2 and 3 unless set, at least 1.
    pub fn thresholds(mut self, healthy: u32, unhealthy: u32) -> Self {
        (self.healthy_threshold, self.unhealthy_threshold) = (healthy.max(1), unhealthy.max(1));
        self
    }
}

/// What the checks of one endpoint have said so far.
#[derive(Clone, Copy, Debug, Default)]
struct Opinion {
    /// How many in a row have said the opposite of what is believed.
    against: u32,
    is_checked: bool,
}

impl Opinion {
    /// Hears of a check. What is believed from now on, if that changes.
    fn hear(&mut self, check: &HealthCheck, believed: bool, is_well: bool) -> Option<bool> {
        let is_first = !std::mem::replace(&mut self.is_checked, true);
        if is_well == believed {
            self.against = 0;
            return None;
        }
        self.against += 1;
        let enough = if is_well {
            check.healthy_threshold
        } else {
            check.unhealthy_threshold
        };
        (is_first || self.against >= enough).then(|| {
            self.against = 0;
            is_well
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_checks_in_a_row_change_the_opinion_and_the_first_alone() {
        let check = HealthCheck::http("health").thresholds(2, 3);
        assert_eq!(check.what, What::Http("/health".into(), vec![200..=299]));
        let (mut opinion, mut believed) = (Opinion::default(), true);
        let mut hear = |is_well| {
            let changed = opinion.hear(&check, believed, is_well);
            believed = changed.unwrap_or(believed);
            believed
        };
        assert!(!hear(false), "the first decides");
        assert_eq!(
            [hear(true), hear(false), hear(true), hear(true)],
            [false, false, false, true]
        );
        assert_eq!([hear(false), hear(false), hear(true)], [true; 3]);
        assert_eq!([hear(false), hear(false), hear(false)], [true, true, false]);
    }
}
