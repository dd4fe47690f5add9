//! One pick: an endpoint for one attempt, and how the attempt went.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use super::DiscoverError;
use super::fleet::Shared;
use super::node::Node;
use crate::clock::Instant;
use crate::http::Endpoint;
use crate::policy::breaker::{Breaker, Judgement, Open, Permit};
use crate::policy::deadline::Deadline;

/// How many endpoints of one call are remembered.
const REMEMBERED: usize = 6;

/// The endpoints that a call has tried: the last few, without a lock.
#[derive(Debug, Default)]
pub(crate) struct Tried {
    ids: [AtomicU64; REMEMBERED],
    number: AtomicU32,
}

impl Tried {
    pub(super) fn has(&self, id: u64) -> bool {
        self.ids.iter().any(|tried| tried.load(Ordering::Relaxed) == id)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.number.load(Ordering::Relaxed) == 0
    }

    /// All may be tried again.
    pub(crate) fn forget(&self) {
        self.number.store(0, Ordering::Relaxed);
        self.ids.iter().for_each(|id| id.store(0, Ordering::Relaxed));
    }

    fn note(&self, id: u64) {
        let at = self.number.fetch_add(1, Ordering::Relaxed) as usize % REMEMBERED;
        self.ids[at].store(id, Ordering::Relaxed);
    }
}

/// What an endpoint is picked for.
#[derive(Clone, Copy)]
pub(crate) struct Ask<'a> {
    /// The key of a consistent hash.
    pub(crate) key: Option<u64>,
    /// What the call has tried already.
    pub(crate) tried: &'a Tried,
    /// Whether it is spoken to over HTTP/2, whatever its address says.
    pub(crate) http2: bool,
    /// When the attempt ends. One that is dropped after it has failed, and was not cancelled.
    pub(crate) deadline: Deadline,
}

/// Why there is no endpoint now.
#[derive(Debug)]
pub(crate) enum NotReady {
    /// No set is known yet. With the reason, where looking for one has failed.
    Unknown(Option<DiscoverError>),
    /// None is healthy.
    Unhealthy,
    /// The breakers of all are open.
    Open(Open),
    /// The client is closed.
    Closed,
}

/// An endpoint for one attempt. Say how that went by [`report`](Picked::report).
pub(crate) struct Picked<'a> {
    shared: &'a Shared,
    node: Arc<Node>,
    permit: Option<Permit<Arc<Breaker>>>,
    started: Instant,
    deadline: Deadline,
    http2: bool,
}

impl<'a> Picked<'a> {
    pub(super) fn new(
        shared: &'a Shared,
        node: Arc<Node>,
        permit: Option<Permit<Arc<Breaker>>>,
        started: Instant,
        ask: &Ask<'_>,
    ) -> Self {
        node.learnt.pending.fetch_add(1, Ordering::Relaxed);
        node.learnt.picks.fetch_add(1, Ordering::Relaxed);
        node.learnt.last_pick.store(started.as_nanos(), Ordering::Relaxed);
        node.learnt.last_turn.store(shared.turn(), Ordering::Relaxed);
        ask.tried.note(node.id());
        Self {
            shared,
            node,
            permit,
            started,
            deadline: ask.deadline,
            http2: ask.http2,
        }
    }

    /// Where the attempt goes.
    pub(crate) fn endpoint(&self) -> &Endpoint {
        self.node.endpoint(self.http2)
    }

    /// The attempt ended. `unreachable`: no connection could be made.
    pub(crate) fn report(mut self, judgement: Judgement, unreachable: bool) {
        self.settle(judgement);
        if unreachable {
            self.shared.unreachable(&self.node, self.shared.clock().now());
        }
    }

    fn settle(&mut self, judgement: Judgement) {
        let now = self.shared.clock().now();
        let (learnt, took) = (&self.node.learnt, now.since(self.started));
        match judgement {
            Judgement::Success => learnt.load.succeeded(took, now),
            Judgement::Failure | Judgement::Ignore => learnt.load.outlasted(took, now),
        }
        if let Some(permit) = self.permit.take() {
            permit.report(judgement);
        }
        match judgement {
            Judgement::Success => {
                learnt.tally.success();
                learnt.is_up();
            }
            Judgement::Failure => self.shared.failed(&self.node, now),
            Judgement::Ignore => {}
        }
        // Told once: what is dropped now has nothing left to say.
        self.deadline = Deadline::NEVER;
        self.started = Instant::FAR_FUTURE;
    }
}

impl Drop for Picked<'_> {
    fn drop(&mut self) {
        if self.started != Instant::FAR_FUTURE {
            let judgement = if self.deadline.has_elapsed() {
                Judgement::Failure
            } else {
                Judgement::Ignore
            };
            self.settle(judgement);
        }
        self.node.learnt.pending.fetch_sub(1, Ordering::Relaxed);
    }
}
