//! The set as discovery brings it.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::super::node::{Learnt, Node};
use super::super::{DiscoverError, Event, Member, Settings};
use super::{Shared, State};
use crate::clock::Instant;
use crate::http::Endpoint;
use crate::policy::breaker::Breaker;

impl Shared {
    /// Takes a set over. What is known of endpoints that stay, stays; an empty set is not taken. Whether it was.
    pub(in crate::endpoints) fn bring(&self, members: Vec<Member>) -> bool {
        if members.is_empty() {
            return false;
        }
        let now = self.clock.now();
        let mut state = self.state();
        if state.is_known && state.members == members {
            return true;
        }
        let chosen = subset(&members, &self.settings);
        let event = self.exchange(&mut state, chosen, now);
        state.members = members;
        state.is_known = true;
        state.failure = None;
        self.renew(&state);
        drop(state);
        self.set_changes.fetch_add(1, Ordering::Relaxed);
        self.tell(vec![event]);
        true
    }

    /// No set was to be had. Those who wait for the first one hear of it.
    pub(in crate::endpoints) fn could_not_find(&self, error: DiscoverError) {
        let mut state = self.state();
        let known = state.nodes.len();
        tracing::warn!(
            service = %self.service, %error, source = error_source(&error), known,
            "the endpoints of the service could not be found; those that are known stay"
        );
        if !state.is_known {
            state.failure = Some(error);
            self.changed.notify_waiters();
        }
    }

    /// Makes `members` the nodes.
    fn exchange(&self, state: &mut State, members: Vec<Member>, now: Instant) -> Event {
        let is_first = !state.is_known;
        let mut before: HashMap<Endpoint, Arc<Node>> = state
            .nodes
            .drain(..)
            .map(|node| (node.member.endpoint().clone(), node))
            .collect();
        let (mut nodes, mut added) = (Vec::with_capacity(members.len()), Vec::new());
        for member in members {
            let node = match before.remove(member.endpoint()) {
                Some(node) if node.member == member => node,
                Some(node) => Arc::new(Node::new(member, Arc::clone(&node.learnt))),
                None => {
                    added.push(member.address());
                    state.last_id += 1;
                    // Those of the first set begin together, so that none needs to hold back.
                    let since = (!is_first).then_some(now);
                    let learnt = Learnt::new(state.last_id, since, self.breaker(&member));
                    Arc::new(Node::new(member, Arc::new(learnt)))
                }
            };
            nodes.push(node);
        }
        let mut removed: Vec<String> = before.values().map(|node| node.member.address()).collect();
        removed.sort();
        state.nodes = nodes;
        Event::SetChanged {
            known: state.nodes.len(),
            added,
            removed,
        }
    }

    fn breaker(&self, member: &Member) -> Option<Arc<Breaker>> {
        let settings = self.settings.breaker.clone()?.clock(self.clock);
        let name = format!("{} at {}", self.service, member.address());
        let told = settings.listener();
        let settings = settings.named(name).on_state_change(move |change| {
            tracing::warn!(breaker = %change.name, from = %change.from, to = %change.to, "circuit breaker state change");
            if let Some(told) = &told {
                told(change);
            }
        });
        Some(Arc::new(Breaker::new(settings)))
    }
}

fn error_source(error: &DiscoverError) -> String {
    let source = std::error::Error::source(error);
    source.map(ToString::to_string).unwrap_or_default()
}

/// The endpoints that this client knows: each once, and of each priority and zone a part where that is set.
fn subset(members: &[Member], settings: &Settings) -> Vec<Member> {
    let mut once = Vec::<Member>::with_capacity(members.len());
    let mut seen = std::collections::HashSet::new();
    once.extend(
        members
            .iter()
            .filter(|member| seen.insert(member.endpoint()))
            .cloned(),
    );
    let Some(subset) = settings.subset else {
        return once;
    };
    let zone = settings.zone.as_deref();
    let group = |member: &Member| (member.priority(), zone.is_some() && member.zone() != zone);
    let groups: std::collections::BTreeSet<_> = once.iter().map(group).collect();
    let mut chosen = Vec::new();
    for wanted in groups {
        let of_group: Vec<&Member> = once.iter().filter(|member| group(member) == wanted).collect();
        let keys: Vec<String> = of_group.iter().map(|member| member.address()).collect();
        chosen.extend(subset.choose(&keys).into_iter().map(|at| of_group[at].clone()));
    }
    chosen
}
