//! The task that checks the endpoints of a service, each in its own time.

use std::collections::HashMap;
use std::sync::Arc;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;

use super::{HealthCheck, Opinion};
use crate::clock::Instant;
use crate::endpoints::fleet::Shared;
use crate::endpoints::node::Node;
use crate::http::Line;

/// The checks of one endpoint.
struct Checked {
    opinion: Opinion,
    /// When the next one is due; while one is under way, never.
    due: Instant,
}

/// Checks for ever.
pub(in crate::endpoints) async fn run(shared: Arc<Shared>, line: Line, check: HealthCheck) {
    let clock = shared.clock();
    let mut known = HashMap::<u64, Checked>::new();
    let mut under_way = FuturesUnordered::new();
    loop {
        let mut changed = std::pin::pin!(shared.has_changed());
        // Waits from here on, so that no change is missed.
        changed.as_mut().enable();
        let nodes = shared.nodes();
        let now = clock.now();
        known.retain(|id, _| nodes.iter().any(|node| node.id() == *id));
        for node in nodes {
            let first = || Checked {
                opinion: Opinion::default(),
                due: now,
            };
            let checked = known.entry(node.id()).or_insert_with(first);
            if checked.due <= now {
                checked.due = Instant::FAR_FUTURE;
                under_way.push(one(&shared, &line, &check, node));
            }
        }
        let next = known
            .values()
            .map(|checked| checked.due)
            .min()
            .unwrap_or(Instant::FAR_FUTURE);
        tokio::select! {
            Some((node, is_well)) = under_way.next(), if !under_way.is_empty() => {
                if let Some(checked) = known.get_mut(&node.id()) {
                    checked.due = clock.now().plus(shared.around(check.interval));
                    let changed = checked.opinion.hear(&check, node.is_healthy(), is_well);
                    shared.was_checked(&node, is_well, changed);
                }
            }
            () = clock.sleep_until(next) => {}
            () = changed => {}
        }
    }
}

async fn one(shared: &Shared, line: &Line, check: &HealthCheck, node: Arc<Node>) -> (Arc<Node>, bool) {
    let checked = shared
        .clock()
        .within(check.timeout, check.what.is_well(line, &node))
        .await;
    (node, checked.unwrap_or(false))
}
