//! Metrics: counters and histograms behind handles whose labels are resolved once, exported as Prometheus text.
//!
//! A client asks the registry for an [`Operation`] and a [`Service`] handle when it is built; a call then costs two
//! atomic adds (and the first call of each status an allocation), no lock and no lookup by name.
//!
//! | family | type | labels |
//! |---|---|---|
//! | `service_call_duration_seconds` | histogram | service, method, status |
//! | `service_call_total` | counter | service, method, status |
//! | `tieline_attempts_total` | counter | service, operation, outcome |
//! | `tieline_deprecated_calls_total` | counter | service, operation |
//! | `tieline_shed_total` | counter: requests that a server turned away | service, operation, priority, reason |
//! | `tieline_breaker_state` | gauge: 0 closed, 1 half-open, 2 open | service |
//! | `tieline_breaker_transitions_total` | counter | service, to |
//! | `tieline_retry_budget_exhausted_total` | counter | service |
//! | `tieline_rejected_total` | counter | service, reason |
//! | `tieline_kept_replies_total` | counter | service, which |
//! | `tieline_endpoint_available` | gauge: 1 called, 0 ejected or unhealthy | service, endpoint |
//! | `tieline_endpoint_pending` | gauge: attempts under way | service, endpoint |
//! | `tieline_endpoint_latency_seconds` | gauge: peak-EWMA | service, endpoint |
//! | `tieline_endpoint_picks_total` | counter | service, endpoint |
//! | `tieline_endpoint_failures_total` | counter | service, endpoint |
//! | `tieline_endpoint_ejections_total` | counter | service, endpoint |
//! | `tieline_endpoint_set_changes_total` | counter | service |
//!
//! Calls are logical calls: their retries are counted apart, as attempts. The buckets of the duration are those of
//! OpenTelemetry's HTTP semantic conventions, 5 ms to 10 s.

mod endpoints;
mod handles;
mod histogram;
mod status;
mod text;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

pub(crate) use self::endpoints::{EndpointFigure, EndpointFigures};
pub use self::handles::{AttemptOutcome, Kept, Operation, Rejection, Service};
use self::histogram::Snapshot;
pub use self::status::Status;
use self::text::Text;

/// A registry of handles. There is a [global](Metrics::global) one, and as many others as tests or tenants need.
///
/// ```
/// # use std::time::Duration;
/// # use tieline::observe::metrics::{Metrics, Status};
/// let metrics = Metrics::new();
/// let get_user = metrics.operation("user-service", "getUser", "GET");
/// get_user.call(Status::Http(200), Duration::from_millis(12));
/// assert!(metrics.render().contains(r#"service_call_total{service="user-service",method="GET",status="200"} 1"#));
/// ```
#[derive(Debug, Default)]
pub struct Metrics {
    registered: Mutex<Registered>,
}

#[derive(Debug, Default)]
struct Registered {
    services: BTreeMap<Arc<str>, Arc<Service>>,
    /// By service, operation and method.
    operations: BTreeMap<(Arc<str>, String, String), Arc<Operation>>,
}

impl Metrics {
    /// The media type of [`render`](Metrics::render)'s text.
    pub const CONTENT_TYPE: &'static str = "text/plain; version=0.0.4; charset=utf-8";

    /// An empty registry.
    pub fn new() -> Self {
        Self::default()
    }

    /// The registry of the process, which clients and servers use unless they are given another.
    pub fn global() -> &'static Arc<Metrics> {
        static GLOBAL: OnceLock<Arc<Metrics>> = OnceLock::new();
        GLOBAL.get_or_init(Arc::default)
    }

    /// The handle for an operation of a service. `method` is the label of the call metrics: the HTTP method or the
    /// RPC's name. The same names give the same handle.
    pub fn operation(&self, service: &str, operation: &str, method: &str) -> Arc<Operation> {
        let key = (Arc::from(service), operation.to_owned(), method.to_owned());
        let mut registered = self.lock();
        let new = || Arc::new(Operation::new(Arc::clone(&key.0), operation, method));
        Arc::clone(registered.operations.entry(key.clone()).or_insert_with(new))
    }

    /// The handle for a service. The same name gives the same handle.
    pub fn service(&self, service: &str) -> Arc<Service> {
        Arc::clone(self.lock().services.entry(Arc::from(service)).or_default())
    }

    /// All that is registered, in the Prometheus text format 0.0.4, in a stable order.
    pub fn render(&self) -> String {
        let registered = self.lock();
        let mut text = Text::default();
        render_calls(&mut text, &registered);
        render_attempts(&mut text, &registered);
        render_deprecations(&mut text, &registered);
        render_sheds(&mut text, &registered);
        render_breakers(&mut text, &registered);
        render_rejections(&mut text, &registered);
        render_kept(&mut text, &registered);
        endpoints::render(&mut text, &registered);
        text.finish()
    }

    fn lock(&self) -> MutexGuard<'_, Registered> {
        // Nothing is left half done under this lock, so a panic of its holder harms nobody.
        self.registered.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The calls of all operations by service, method and status: operations that share a method are one series.
fn render_calls(text: &mut Text, registered: &Registered) {
    let mut series = BTreeMap::<_, Snapshot>::new();
    for operation in registered.operations.values() {
        for (status, held) in operation.snapshots() {
            series
                .entry((operation.service(), operation.method(), status))
                .or_default()
                .merge(&held);
        }
    }
    let name = "service_call_duration_seconds";
    text.family(
        name,
        "histogram",
        "Duration of service calls in seconds, retries included.",
    );
    for ((service, method, status), held) in &series {
        text.histogram(
            name,
            &[("service", service), ("method", method), ("status", status)],
            held,
        );
    }
    let name = "service_call_total";
    text.family(
        name,
        "counter",
        "Service calls, each counted once however many attempts it took.",
    );
    for ((service, method, status), held) in &series {
        text.sample(
            name,
            &[("service", service), ("method", method), ("status", status)],
            held.count(),
        );
    }
}

fn render_attempts(text: &mut Text, registered: &Registered) {
    let name = "tieline_attempts_total";
    text.family(
        name,
        "counter",
        "Attempts at service calls, retries counted one by one.",
    );
    let mut series = BTreeMap::<_, u64>::new();
    for operation in registered.operations.values() {
        for (outcome, label) in AttemptOutcome::ALL {
            *series
                .entry((operation.service(), operation.operation(), label))
                .or_default() += operation.attempts(outcome);
        }
    }
    for ((service, operation, outcome), count) in series {
        text.sample(
            name,
            &[
                ("service", service),
                ("operation", operation),
                ("outcome", outcome),
            ],
            count,
        );
    }
}

/// Only what has been met: most operations are not deprecated.
fn render_deprecations(text: &mut Text, registered: &Registered) {
    let met = registered
        .operations
        .values()
        .filter(|operation| operation.deprecations() > 0);
    let mut series = BTreeMap::<_, u64>::new();
    for operation in met {
        let labels = (operation.service(), operation.operation());
        *series.entry(labels).or_default() += operation.deprecations();
    }
    if series.is_empty() {
        return;
    }
    let name = "tieline_deprecated_calls_total";
    text.family(
        name,
        "counter",
        "Calls whose replies said that the operation is deprecated.",
    );
    for ((service, operation), count) in series {
        text.sample(name, &[("service", service), ("operation", operation)], count);
    }
}

/// Only what has happened: most operations shed nothing.
fn render_sheds(text: &mut Text, registered: &Registered) {
    let mut series = BTreeMap::<_, u64>::new();
    for operation in registered.operations.values() {
        for (priority, reason, count) in operation.sheds() {
            let labels = (operation.service(), operation.operation(), priority, reason);
            *series.entry(labels).or_default() += count;
        }
    }
    if series.is_empty() {
        return;
    }
    let name = "tieline_shed_total";
    text.family(
        name,
        "counter",
        "Requests that a server turned away because it had too much to do.",
    );
    for ((service, operation, priority, reason), count) in series {
        let labels = [
            ("service", service),
            ("operation", operation),
            ("priority", priority),
            ("reason", reason),
        ];
        text.sample(name, &labels, count);
    }
}

fn render_breakers(text: &mut Text, registered: &Registered) {
    let with_breaker = || {
        registered
            .services
            .iter()
            .filter_map(|(name, held)| Some((name, held, held.breaker()?)))
    };
    let name = "tieline_breaker_state";
    text.family(
        name,
        "gauge",
        "State of the circuit breaker: 0 closed, 1 half-open, 2 open.",
    );
    for (service, _, state) in with_breaker() {
        text.sample(name, &[("service", service)], state);
    }
    let name = "tieline_breaker_transitions_total";
    text.family(
        name,
        "counter",
        "Changes of the circuit breaker's state, by the state it changed to.",
    );
    for (service, held, _) in with_breaker() {
        for (to, label) in Service::STATES {
            text.sample(name, &[("service", service), ("to", label)], held.transitions(to));
        }
    }
}

fn render_rejections(text: &mut Text, registered: &Registered) {
    let name = "tieline_retry_budget_exhausted_total";
    text.family(
        name,
        "counter",
        "Retries that were not made because the retry budget was spent.",
    );
    for (service, held) in &registered.services {
        text.sample(name, &[("service", service)], held.budget_exhaustions());
    }
    let name = "tieline_rejected_total";
    text.family(
        name,
        "counter",
        "Calls turned away before they reached the service.",
    );
    for (service, held) in &registered.services {
        for (reason, label) in Rejection::ALL {
            text.sample(
                name,
                &[("service", service), ("reason", label)],
                held.rejections(reason),
            );
        }
    }
}

/// Only of services whose clients keep replies and have used one.
fn render_kept(text: &mut Text, registered: &Registered) {
    let used = |held: &Service| Kept::ALL.iter().any(|(which, _)| held.kept_replies(*which) > 0);
    if !registered.services.values().any(|held| used(held)) {
        return;
    }
    let name = "tieline_kept_replies_total";
    text.family(name, "counter", "Kept replies that took the place of calls.");
    for (service, held) in registered.services.iter().filter(|(_, held)| used(held)) {
        for (which, label) in Kept::ALL {
            text.sample(
                name,
                &[("service", service), ("which", label)],
                held.kept_replies(which),
            );
        }
    }
}
