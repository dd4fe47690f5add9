//! The picture that picks are made from: levels of nodes, computed when something changes.
//!
//! Levels are priorities, each split in the client's own zone and the others. A level takes 1.4 times its healthy share of
//! what the levels before it left; where all together cannot take everything, a level that is less than half healthy panics:
//! all of its nodes are picked (Envoy's priority levels, overprovisioning factor and panic threshold).

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Settings;
use super::balance::{Balance, Plan};
use super::node::Node;

/// How much more than its own part a healthy node can take.
const OVERPROVISIONING: f64 = 1.4;

/// Nodes that are picked alike.
#[derive(Debug)]
pub(super) struct Level {
    pub(super) nodes: Vec<Arc<Node>>,
    /// The share of the picks that go here, with that of the levels before it.
    pub(super) up_to: f64,
    pub(super) plan: Plan,
}

/// All levels that picks go to.
#[derive(Debug, Default)]
pub(super) struct View {
    pub(super) levels: Vec<Level>,
    /// Whether any node can be reached, as far as is known, and is not said to be unhealthy.
    pub(super) is_ready: bool,
}

/// A level before it is known what goes there.
struct Group {
    nodes: Vec<Arc<Node>>,
    healthy: usize,
}

impl Group {
    fn health(&self) -> f64 {
        self.healthy as f64 / self.nodes.len() as f64
    }

    fn of(&self, which: impl Fn(&Node) -> bool) -> Vec<Arc<Node>> {
        self.nodes.iter().filter(|node| which(node)).cloned().collect()
    }

    /// All of its nodes, but for those that cannot be reached where others can.
    fn in_panic(&self) -> Vec<Arc<Node>> {
        let reachable = self.of(|node| node.learnt.down_until().is_none());
        if reachable.is_empty() {
            self.nodes.clone()
        } else {
            reachable
        }
    }

    fn capacity(&self) -> f64 {
        (self.health() * OVERPROVISIONING).min(1.0)
    }
}

impl View {
    pub(super) fn of(nodes: &[Arc<Node>], settings: &Settings) -> Self {
        let groups = groups(nodes, settings.zone.as_deref());
        let mut shares = Vec::new();
        let mut left = 1.0_f64;
        for group in &groups {
            let share = group.capacity().min(left);
            left -= share;
            shares.push(share);
        }
        let panics = left > 1e-9;
        let threshold = settings.panics_below();
        if shares.iter().all(|share| *share <= 0.0) && threshold > 0.0 {
            // Nobody is healthy: the first level is as good as any.
            if let Some(first) = shares.first_mut() {
                *first = 1.0;
            }
        }
        let all: f64 = shares.iter().sum();
        let balance = settings.balance.unwrap_or(Balance::P2c);
        let mut levels = Vec::new();
        let mut up_to = 0.0;
        for (group, share) in groups.iter().zip(shares) {
            if share <= 0.0 {
                continue;
            }
            up_to += share / all;
            let in_panic = panics && group.health() < threshold;
            let nodes = if in_panic {
                group.in_panic()
            } else {
                group.of(Node::is_available)
            };
            levels.push(Level {
                plan: balance.plan(&nodes),
                nodes,
                up_to,
            });
        }
        Self {
            levels,
            is_ready: nodes.iter().any(|node| node.may_be_ready()),
        }
    }
}

/// The nodes by priority, the client's own zone first.
fn groups(nodes: &[Arc<Node>], zone: Option<&str>) -> Vec<Group> {
    let mut groups = BTreeMap::<(u32, bool), Vec<Arc<Node>>>::new();
    for node in nodes {
        let elsewhere = zone.is_some() && node.member.zone() != zone;
        groups
            .entry((node.member.priority(), elsewhere))
            .or_default()
            .push(Arc::clone(node));
    }
    let group = |nodes: Vec<Arc<Node>>| Group {
        healthy: nodes.iter().filter(|node| node.is_available()).count(),
        nodes,
    };
    groups.into_values().map(group).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::Ordering;

    use super::super::Member;
    use super::super::node::Learnt;
    use super::*;
    use crate::clock::Instant;

    fn nodes(members: &[&str]) -> Vec<Arc<Node>> {
        let node = |(id, text): (usize, &&str)| {
            let member: Member = text.parse().unwrap();
            Arc::new(Node::new(
                member,
                Arc::new(Learnt::new(id as u64 + 1, None, None)),
            ))
        };
        members.iter().enumerate().map(node).collect()
    }

    fn fall_ill(nodes: &[Arc<Node>], ill: &[usize]) {
        for at in ill {
            nodes[*at].learnt.healthy.store(false, Ordering::Relaxed);
        }
    }

    /// The levels: the ids of their nodes, and the share of each in percent.
    fn levels(nodes: &[Arc<Node>], settings: &Settings) -> Vec<(Vec<u64>, u32)> {
        let mut before = 0.0;
        let view = View::of(nodes, settings);
        let level = |level: &Level| {
            let share = ((level.up_to - before) * 100.0).round() as u32;
            before = level.up_to;
            (level.nodes.iter().map(|node| node.id()).collect(), share)
        };
        view.levels.iter().map(level).collect()
    }

    const ZONES: [&str; 4] = [
        "http://a:1;zone=x",
        "http://b:1;zone=x",
        "http://c:1;zone=y",
        "http://d:1;zone=y",
    ];

    #[test]
    fn the_own_zone_takes_everything_while_it_is_healthy() {
        let nodes = nodes(&ZONES);
        assert_eq!(levels(&nodes, &Settings::new()), [(vec![1, 2, 3, 4], 100)]);
        assert_eq!(levels(&nodes, &Settings::new().zone("y")), [(vec![3, 4], 100)]);
        assert_eq!(
            levels(&nodes, &Settings::new().zone("z")),
            [(vec![1, 2, 3, 4], 100)]
        );
    }

    #[test]
    fn what_an_unhealthy_zone_cannot_take_spills_over() {
        let nodes = nodes(&ZONES);
        fall_ill(&nodes, &[0]);
        let settings = Settings::new().zone("x");
        assert_eq!(levels(&nodes, &settings), [(vec![2], 70), (vec![3, 4], 30)]);
        fall_ill(&nodes, &[1]);
        assert_eq!(levels(&nodes, &settings), [(vec![3, 4], 100)]);
    }

    #[test]
    fn a_later_priority_stands_in_for_an_earlier_one() {
        let nodes = nodes(&["http://a:1", "http://b:1", "http://c:1;priority=1"]);
        assert_eq!(levels(&nodes, &Settings::new()), [(vec![1, 2], 100)]);
        fall_ill(&nodes, &[0]);
        assert_eq!(levels(&nodes, &Settings::new()), [(vec![2], 70), (vec![3], 30)]);
        fall_ill(&nodes, &[1]);
        assert_eq!(levels(&nodes, &Settings::new()), [(vec![3], 100)]);
    }

    #[test]
    fn below_half_healthy_all_nodes_are_picked() {
        let nodes = nodes(&["http://a:1", "http://b:1", "http://c:1"]);
        fall_ill(&nodes, &[0]);
        assert_eq!(levels(&nodes, &Settings::new()), [(vec![2, 3], 100)]);
        fall_ill(&nodes, &[1]);
        assert_eq!(levels(&nodes, &Settings::new()), [(vec![1, 2, 3], 100)]);
        assert_eq!(
            levels(&nodes, &Settings::new().panic_threshold(0.3)),
            [(vec![3], 100)]
        );
        fall_ill(&nodes, &[2]);
        assert_eq!(levels(&nodes, &Settings::new()), [(vec![1, 2, 3], 100)]);
        assert!(levels(&nodes, &Settings::new().panic_threshold(0.0)).is_empty());
        assert!(!View::of(&nodes, &Settings::new()).is_ready);
    }

    #[test]
    fn in_panic_those_that_cannot_be_reached_are_left_out_where_others_can() {
        let nodes = nodes(&["http://a:1", "http://b:1", "http://c:1"]);
        fall_ill(&nodes, &[0]);
        nodes[1].learnt.go_down_until(Instant::FAR_FUTURE);
        nodes[2].learnt.tally.eject_until(u64::MAX);
        assert_eq!(levels(&nodes, &Settings::new()), [(vec![1, 3], 100)]);
        assert!(
            View::of(&nodes, &Settings::new()).is_ready,
            "one that is ejected can be reached"
        );
        nodes[2].learnt.go_down_until(Instant::FAR_FUTURE);
        assert!(!View::of(&nodes, &Settings::new()).is_ready);
        nodes[0].learnt.go_down_until(Instant::FAR_FUTURE);
        assert_eq!(levels(&nodes, &Settings::new()), [(vec![1, 2, 3], 100)]);
    }

    #[test]
    fn without_nodes_there_are_no_levels() {
        assert!(levels(&[], &Settings::new()).is_empty());
    }
}
