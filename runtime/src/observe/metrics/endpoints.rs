//! What is shown of the endpoints of a service, asked for when metrics are rendered.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, PoisonError, Weak};
use std::time::Duration;

use super::Registered;
use super::text::Text;

/// What is known of one endpoint.
#[derive(Clone, Debug)]
pub(crate) struct EndpointFigure {
    pub(crate) endpoint: String,
    pub(crate) available: bool,
    pub(crate) pending: u64,
    pub(crate) latency: Duration,
    pub(crate) picks: u64,
    pub(crate) failures: u64,
    pub(crate) ejections: u64,
}

/// Something that knows the endpoints of a service.
pub(crate) trait EndpointFigures: Send + Sync {
    /// Those that are known now.
    fn endpoints(&self) -> Vec<EndpointFigure>;
    /// How often they became others.
    fn set_changes(&self) -> u64;
}

/// Whoever knows the endpoints of a service, for as long as they live.
#[derive(Default)]
pub(super) struct Watched(Mutex<Vec<Weak<dyn EndpointFigures>>>);

impl Watched {
    pub(super) fn add(&self, figures: Weak<dyn EndpointFigures>) {
        let mut watched = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Clients that share their endpoints tell of the same ones.
        let is_same = |other: &Weak<dyn EndpointFigures>| std::ptr::addr_eq(other.as_ptr(), figures.as_ptr());
        watched.retain(|other| other.strong_count() > 0 && !is_same(other));
        watched.push(figures);
    }

    /// All endpoints by their addresses, those that several know as one, and how often sets changed. `None`: nobody knows
    /// any.
    fn merged(&self) -> Option<(BTreeMap<String, EndpointFigure>, u64)> {
        let watched = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let (mut all, mut changes, mut is_known) = (BTreeMap::<String, EndpointFigure>::new(), 0, false);
        for figures in watched.iter().filter_map(Weak::upgrade) {
            is_known = true;
            changes += figures.set_changes();
            for figure in figures.endpoints() {
                match all.get_mut(&figure.endpoint) {
                    Some(known) => known.add(&figure),
                    None => drop(all.insert(figure.endpoint.clone(), figure)),
                }
            }
        }
        is_known.then_some((all, changes))
    }
}

impl fmt::Debug for Watched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Watched")
    }
}

impl EndpointFigure {
    fn add(&mut self, other: &Self) {
        self.available &= other.available;
        self.latency = self.latency.max(other.latency);
        self.pending += other.pending;
        self.picks += other.picks;
        self.failures += other.failures;
        self.ejections += other.ejections;
    }
}

/// Name, type, help and figure of a family.
type Family = (
    &'static str,
    &'static str,
    &'static str,
    fn(&EndpointFigure) -> f64,
);

const FAMILIES: [Family; 6] = [
    (
        "tieline_endpoint_available",
        "gauge",
        "Whether the endpoint is called: 0 where it is ejected or unhealthy.",
        |figure| f64::from(u8::from(figure.available)),
    ),
    (
        "tieline_endpoint_pending",
        "gauge",
        "Attempts under way at the endpoint.",
        |figure| figure.pending as f64,
    ),
    (
        "tieline_endpoint_latency_seconds",
        "gauge",
        "How long the endpoint takes: an average that rises at once and falls over seconds.",
        |figure| figure.latency.as_secs_f64(),
    ),
    (
        "tieline_endpoint_picks_total",
        "counter",
        "Attempts that went to the endpoint.",
        |figure| figure.picks as f64,
    ),
    (
        "tieline_endpoint_failures_total",
        "counter",
        "Attempts at the endpoint that failed.",
        |figure| figure.failures as f64,
    ),
    (
        "tieline_endpoint_ejections_total",
        "counter",
        "How often the endpoint was ejected.",
        |figure| figure.ejections as f64,
    ),
];

/// Only of services that are many endpoints.
pub(super) fn render(text: &mut Text, registered: &Registered) {
    let known = registered
        .services
        .iter()
        .filter_map(|(service, held)| Some((service, held.endpoints.merged()?)));
    let known: Vec<_> = known.collect();
    if known.is_empty() {
        return;
    }
    for (name, kind, help, figure) in FAMILIES {
        text.family(name, kind, help);
        for (service, (endpoints, _)) in &known {
            for (endpoint, held) in endpoints {
                text.sample(
                    name,
                    &[("service", service), ("endpoint", endpoint)],
                    figure(held),
                );
            }
        }
    }
    let name = "tieline_endpoint_set_changes_total";
    text.family(
        name,
        "counter",
        "How often the endpoints of the service became others.",
    );
    for (service, (_, changes)) in &known {
        text.sample(name, &[("service", service)], *changes);
    }
}
