//! What metrics show of the endpoints.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};
use std::time::Duration;

use super::{Endpoints, Shared};
use crate::observe::metrics::{EndpointFigure, EndpointFigures};

impl Endpoints {
    /// What metrics show of them, for as long as they are there.
    pub(crate) fn figures(&self) -> Weak<dyn EndpointFigures> {
        let shared: Arc<dyn EndpointFigures> = Arc::clone(&self.shared) as _;
        Arc::downgrade(&shared)
    }
}

impl EndpointFigures for Shared {
    fn endpoints(&self) -> Vec<EndpointFigure> {
        let now = self.clock.now();
        let state = self.state();
        let figure = |node: &Arc<super::Node>| {
            let learnt = &node.learnt;
            EndpointFigure {
                endpoint: node.member.address(),
                available: node.is_available(),
                pending: u64::from(node.pending()),
                latency: Duration::from_nanos(learnt.load.nanos(now) as u64),
                picks: learnt.picks.load(Ordering::Relaxed),
                failures: learnt.failures.load(Ordering::Relaxed),
                ejections: learnt.ejections.load(Ordering::Relaxed),
            }
        };
        state.nodes.iter().map(figure).collect()
    }

    fn set_changes(&self) -> u64 {
        self.set_changes.load(Ordering::Relaxed)
    }
}
