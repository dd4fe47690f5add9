//! How the endpoints of a service are chosen and judged.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::HeaderName;

use super::health::HealthCheck;
use super::outlier::Outlier;
use super::{Balance, Event, Subset};
use crate::policy::breaker;

type Listener = Arc<dyn Fn(&Event) + Send + Sync>;

/// How the endpoints of a service are chosen and judged. What is not set has its default.
///
/// ```
/// # use std::time::Duration;
/// use tieline::endpoints::{Balance, Settings};
/// let settings = Settings::new().balance(Balance::LeastRequest).zone("eu-1a").slow_start(Duration::from_secs(30));
/// # let _ = settings;
/// ```
#[derive(Clone, Default)]
pub struct Settings {
    pub(super) balance: Option<Balance>,
    pub(super) hash_header: Option<HeaderName>,
    pub(super) zone: Option<Arc<str>>,
    pub(super) panic_threshold: Option<f64>,
    pub(super) slow_start: Option<Duration>,
    pub(super) subset: Option<Subset>,
    pub(super) outlier: Outlier,
    pub(super) breaker: Option<breaker::Settings>,
    pub(super) health_check: Option<HealthCheck>,
    pub(super) listener: Option<Listener>,
}

impl Settings {
    /// Everything at its default.
    pub fn new() -> Self {
        Self::default()
    }

    /// Which endpoint an attempt goes to. Unless set: the better of two by peak-EWMA; round robin where the address is a
    /// `dns:///` target.
    pub fn balance(mut self, balance: Balance) -> Self {
        self.balance = Some(balance);
        self
    }

    /// The header whose value is the key of a consistent hash, where the call has no key of its own. Without a key, an
    /// endpoint is drawn at random.
    pub fn hash_header(mut self, name: HeaderName) -> Self {
        self.hash_header = Some(name);
        self
    }

    /// The zone of this client: endpoints in it are preferred. Where less than 71 % of them are healthy (1/1.4), a part of
    /// the calls goes to the other zones.
    pub fn zone(mut self, zone: impl Into<Arc<str>>) -> Self {
        self.zone = Some(zone.into());
        self
    }

    /// The share of healthy endpoints below which all are picked, healthy or not, since those that are left could not take
    /// the load; 0.5 unless set, 0 for never.
    pub fn panic_threshold(mut self, share: f64) -> Self {
        self.panic_threshold = Some(share);
        self
    }

    /// Over which time an endpoint that is new, or called again, comes to its whole load, from a tenth of it; at once unless
    /// set.
    pub fn slow_start(mut self, window: Duration) -> Self {
        self.slow_start = Some(window);
        self
    }

    /// Lets this client know only so many of the endpoints; all unless set.
    pub fn subset(mut self, subset: Subset) -> Self {
        self.subset = Some(subset);
        self
    }

    /// When endpoints that fail are left alone.
    pub fn outlier(mut self, outlier: Outlier) -> Self {
        self.outlier = outlier;
        self
    }

    /// Gives each endpoint a breaker of its own; none unless set. One that is open is not picked.
    pub fn breaker(mut self, settings: breaker::Settings) -> Self {
        self.breaker = Some(settings);
        self
    }

    /// Asks endpoints whether they are well; nobody does unless set.
    pub fn health_check(mut self, check: HealthCheck) -> Self {
        self.health_check = Some(check);
        self
    }

    /// Tells `listener` what happens to the endpoints, beside the log. It is called by whoever makes it happen, and should not
    /// take long.
    pub fn on_event(mut self, listener: impl Fn(&Event) + Send + Sync + 'static) -> Self {
        self.listener = Some(Arc::new(listener));
        self
    }

    pub(super) fn panics_below(&self) -> f64 {
        self.panic_threshold.unwrap_or(0.5)
    }

    /// Sets the balance where nobody has.
    pub(crate) fn or_balance(mut self, balance: Balance) -> Self {
        self.balance.get_or_insert(balance);
        self
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("balance", &self.balance)
            .field("hash_header", &self.hash_header)
            .field("zone", &self.zone)
            .field("panic_threshold", &self.panic_threshold)
            .field("slow_start", &self.slow_start)
            .field("subset", &self.subset)
            .field("outlier", &self.outlier)
            .field("health_check", &self.health_check)
            .field("breaker", &self.breaker.is_some())
            .finish_non_exhaustive()
    }
}
