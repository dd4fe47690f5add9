//! What happens to the endpoints of a service.

use std::time::Duration;

use super::outlier::Reason;

/// Something that happened to the endpoints of a service. Endpoints are named by their addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// Discovery brought another set.
    SetChanged {
        /// How many endpoints there are now.
        known: usize,
        /// Those that are new.
        added: Vec<String>,
        /// Those that are gone.
        removed: Vec<String>,
    },
    /// An endpoint is left alone for a while.
    Ejected {
        /// Which.
        endpoint: String,
        /// Why.
        reason: Reason,
        /// For how long.
        lasts: Duration,
        /// Whether it really is; not where ejection is only watched.
        enforced: bool,
    },
    /// No connection to an endpoint could be made; none is tried for a while.
    Unreachable {
        /// Which.
        endpoint: String,
        /// For how long.
        lasts: Duration,
    },
    /// The ejection of an endpoint is over.
    Unejected {
        /// Which.
        endpoint: String,
    },
    /// Active checks have another opinion of an endpoint.
    HealthChanged {
        /// Which.
        endpoint: String,
        /// Whether it is healthy now.
        healthy: bool,
    },
}

impl Event {
    /// Tells the log.
    pub(super) fn log(&self, service: &str) {
        match self {
            Self::SetChanged {
                known,
                added,
                removed,
            } => tracing::info!(
                service,
                known,
                ?added,
                ?removed,
                "the endpoints of the service changed"
            ),
            Self::Ejected {
                endpoint,
                reason,
                lasts,
                enforced,
            } => tracing::warn!(
                service, endpoint = %endpoint, reason = reason.as_str(), lasts_ms = lasts.as_millis() as u64, enforced,
                "an endpoint is ejected"
            ),
            Self::Unreachable { endpoint, lasts } => tracing::warn!(
                service, endpoint = %endpoint, lasts_ms = lasts.as_millis() as u64, "an endpoint cannot be reached"
            ),
            Self::Unejected { endpoint } => {
                tracing::info!(service, endpoint = %endpoint, "an endpoint is called again");
            }
            Self::HealthChanged { endpoint, healthy } => {
                tracing::warn!(service, endpoint = %endpoint, healthy, "the health of an endpoint changed");
            }
        }
    }
}
