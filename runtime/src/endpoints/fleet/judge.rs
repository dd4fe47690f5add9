//! Ejecting endpoints, and calling them again.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::super::Event;
use super::super::node::Node;
use super::super::outlier::{Rates, Reason, rates};
use super::{Shared, State};
use crate::clock::Instant;

/// How long an endpoint to which no connection can be made is left alone at first, by how much that grows each time, and the
/// longest (gRPC's connection backoff, with shorter times).
const DOWN: Duration = Duration::from_millis(200);
const DOWN_GROWTH: f64 = 1.6;
const LONGEST_DOWN: Duration = Duration::from_secs(10);

impl Shared {
    /// Leaves an endpoint alone to which no connection can be made, whatever the others do: it would not be reached
    /// anyway.
    pub(in crate::endpoints) fn unreachable(&self, node: &Node, now: Instant) {
        self.unreachable.notify_one();
        let state = self.state();
        // Attempts that were under way together count as one.
        if node
            .learnt
            .down_until()
            .is_some_and(|until| until > now.as_nanos())
        {
            return;
        }
        let times = i32::try_from(node.learnt.count_down()).unwrap_or(i32::MAX);
        let widest = DOWN.mul_f64(DOWN_GROWTH.powi(times.min(32))).min(LONGEST_DOWN);
        let lasts = self.random.between(widest.mul_f64(0.8), widest);
        node.learnt.go_down_until(now.plus(lasts));
        self.plan_sweep(&state);
        self.renew(&state);
        drop(state);
        self.tell(vec![Event::Unreachable {
            endpoint: node.member.address(),
            lasts,
        }]);
    }

    /// Counts a failure, and ejects the endpoint where it was one too many.
    pub(in crate::endpoints) fn failed(&self, node: &Arc<Node>, now: Instant) {
        node.learnt.failures.fetch_add(1, Ordering::Relaxed);
        let in_a_row = node.learnt.tally.failure();
        let outlier = &self.settings.outlier;
        let limit = outlier.consecutive_failures;
        // Where there was no room to eject it, it is tried again after as many.
        if outlier.enabled && limit > 0 && in_a_row.is_multiple_of(limit) {
            let state = self.state();
            let event = self.eject(&state, node, Reason::Consecutive, now);
            if event.is_some() {
                self.plan_sweep(&state);
                self.renew(&state);
            }
            drop(state);
            self.tell(event.into_iter().collect());
        }
    }

    /// An active check has ended. What is believed changes, if `changed` says so; what answers can be reached again.
    pub(in crate::endpoints) fn was_checked(&self, node: &Node, is_well: bool, changed: Option<bool>) {
        let comes_up = is_well && node.learnt.down_until().is_some();
        if changed.is_none() && !comes_up {
            return;
        }
        let state = self.state();
        if comes_up {
            node.learnt.come_up();
        }
        if let Some(healthy) = changed {
            node.learnt.healthy.store(healthy, Ordering::Relaxed);
            if healthy {
                node.learnt.tally.uneject();
                node.learnt.begins(self.clock.now());
            }
        }
        self.renew(&state);
        drop(state);
        let event = |healthy| Event::HealthChanged {
            endpoint: node.member.address(),
            healthy,
        };
        self.tell(changed.into_iter().map(event).collect());
    }

    /// Sweeps, if it is time to and nobody else does.
    pub(in crate::endpoints) fn sweep_if_due(&self, now: Instant) {
        let due = self.next_sweep.load(Ordering::Relaxed);
        if now.as_nanos() < due {
            return;
        }
        let claimed = self
            .next_sweep
            .compare_exchange(due, u64::MAX, Ordering::Relaxed, Ordering::Relaxed);
        if claimed.is_ok() {
            self.sweep(now);
        }
    }

    /// Ends ejections whose time is over, and at the end of an interval judges its rates.
    fn sweep(&self, now: Instant) {
        let mut events = Vec::new();
        let mut came_up = false;
        let mut state = self.state();
        for node in &state.nodes {
            let tally = &node.learnt.tally;
            if node
                .learnt
                .down_until()
                .is_some_and(|until| until <= now.as_nanos())
            {
                node.learnt.come_up();
                came_up = true;
            }
            if tally.is_ejected() && tally.until() <= now.as_nanos() {
                tally.uneject();
                node.learnt.begins(now);
                events.push(Event::Unejected {
                    endpoint: node.member.address(),
                });
            }
        }
        if self.settings.outlier.enabled && now >= state.interval_ends {
            events.extend(self.end_interval(&mut state, now));
        }
        self.plan_sweep(&state);
        if came_up || !events.is_empty() {
            self.renew(&state);
        }
        drop(state);
        self.tell(events);
    }

    fn end_interval(&self, state: &mut State, now: Instant) -> Vec<Event> {
        let outlier = &self.settings.outlier;
        let length = outlier.interval;
        let late = now.since(state.interval_ends).as_nanos() / length.as_nanos();
        let passed = u32::try_from(late).unwrap_or(u32::MAX).saturating_add(1);
        state.interval_ends = state.interval_ends.plus(length.saturating_mul(passed));
        let judged: Vec<_> = state
            .nodes
            .iter()
            .filter(|node| !node.learnt.tally.is_ejected())
            .cloned()
            .collect();
        let counts = judged.iter().map(|node| {
            let (attempts, failures) = node.learnt.tally.end_interval();
            Rates { attempts, failures }
        });
        let counts: Vec<Rates> = counts.collect();
        for node in &judged {
            let calm = now.since(Instant::from_nanos(node.learnt.tally.until()));
            let intervals = u32::try_from(calm.as_nanos() / length.as_nanos()).unwrap_or(u32::MAX);
            node.learnt.tally.forgive(passed.min(intervals));
        }
        let out_of_line = rates(outlier, &counts).into_iter();
        let ejected = out_of_line.filter_map(|(at, reason)| self.eject(state, &judged[at], reason, now));
        ejected.collect()
    }

    /// Ejects an endpoint, if there is room. Under the lock of the state.
    fn eject(&self, state: &State, node: &Arc<Node>, reason: Reason, now: Instant) -> Option<Event> {
        let outlier = &self.settings.outlier;
        let tally = &node.learnt.tally;
        let ejected = state
            .nodes
            .iter()
            .filter(|node| node.learnt.tally.is_ejected())
            .count();
        if tally.is_ejected() || !outlier.has_room(ejected, state.nodes.len()) {
            return None;
        }
        let event = |lasts, enforced| Event::Ejected {
            endpoint: node.member.address(),
            reason,
            lasts,
            enforced,
        };
        if !outlier.enforce {
            return Some(event(outlier.lasts(1), false));
        }
        let lasts = outlier.lasts(tally.count_ejection());
        tally.eject_until(now.plus(lasts).as_nanos());
        node.learnt.ejections.fetch_add(1, Ordering::Relaxed);
        Some(event(lasts, true))
    }

    /// The next sweep is at the end of the interval, or when the first endpoint that is left alone is to be called again.
    fn plan_sweep(&self, state: &State) {
        let ends_of = |node: &Arc<Node>| {
            let tally = &node.learnt.tally;
            let ejected = tally.is_ejected().then(|| tally.until());
            ejected.into_iter().chain(node.learnt.down_until())
        };
        let first = state.nodes.iter().flat_map(ends_of).min();
        let ends = if self.settings.outlier.enabled {
            state.interval_ends.as_nanos()
        } else {
            u64::MAX
        };
        self.next_sweep
            .store(first.unwrap_or(ends).min(ends), Ordering::Relaxed);
    }
}
