//! Which endpoint of a level an attempt goes to.

mod p2c;
mod ring;
mod turns;

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use self::ring::Ring;
use super::node::Node;
use crate::clock::Instant;
use crate::random::Random;

/// How load is balanced over the endpoints of a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Balance {
    /// One after the other, whatever their weights.
    RoundRobin,
    /// One after the other by their weights, each evenly over time (the smooth order of nginx).
    Weighted,
    /// The one with the fewest attempts under way, in relation to its weight.
    LeastRequest,
    /// The better of two that are drawn at random, by how long they take times how many attempts are under way.
    P2c,
    /// The one that the call's key leads to on a ring, unless it has more than 1.25 times its share of the load.
    ConsistentHash,
}

impl Balance {
    const NAMES: [(Self, &'static str); 5] = [
        (Self::RoundRobin, "round_robin"),
        (Self::Weighted, "weighted"),
        (Self::LeastRequest, "least_request"),
        (Self::P2c, "p2c"),
        (Self::ConsistentHash, "consistent_hash"),
    ];

    /// The one of this name, as it is configured.
    pub fn named(name: &str) -> Option<Self> {
        let found = Self::NAMES.iter().find(|(_, known)| *known == name);
        found.map(|(balance, _)| *balance)
    }

    /// Its name.
    pub fn as_str(self) -> &'static str {
        let found = Self::NAMES.iter().find(|(known, _)| *known == self);
        found.map_or("", |(_, name)| name)
    }

    /// What is computed once for a level.
    pub(super) fn plan(self, nodes: &[Arc<Node>]) -> Plan {
        match self {
            Self::RoundRobin => Plan::InTurn,
            Self::Weighted => {
                let weights: Vec<u32> = nodes.iter().map(|node| node.member.weight()).collect();
                Plan::Schedule(turns::schedule(&weights))
            }
            Self::LeastRequest => Plan::Least,
            Self::P2c => Plan::BetterOfTwo,
            Self::ConsistentHash => Plan::Ring(Ring::of(nodes)),
        }
    }
}

/// A balance, and what it needs to know of the nodes of a level.
#[derive(Debug)]
pub(super) enum Plan {
    InTurn,
    Schedule(Vec<u32>),
    Least,
    BetterOfTwo,
    Ring(Ring),
}

/// What a choice is made from.
pub(super) struct Choice<'a> {
    pub(super) nodes: &'a [Arc<Node>],
    pub(super) now: Instant,
    pub(super) slow_start: Option<Duration>,
    pub(super) random: &'a Random,
    /// Whose turn it is.
    pub(super) turn: &'a AtomicUsize,
    pub(super) key: Option<u64>,
}

impl Choice<'_> {
    /// How much of the load it should take beside others.
    fn weight(&self, node: &Node) -> f64 {
        f64::from(node.member.weight()) * node.ramp(self.slow_start, self.now)
    }
}

impl Plan {
    /// The place of the node to go to, of those that `may` be gone to.
    pub(super) fn choose(&self, choice: &Choice<'_>, may: &impl Fn(&Node) -> bool) -> Option<usize> {
        let nodes = choice.nodes;
        if let [only] = nodes {
            return may(only).then_some(0);
        }
        match self {
            Self::InTurn => turns::next(choice, nodes.len(), |at| at, may),
            Self::Schedule(order) => turns::next(choice, order.len(), |at| order[at] as usize, may),
            Self::Least => least(choice, may),
            Self::BetterOfTwo => p2c::choose(choice, may),
            Self::Ring(ring) => ring.choose(choice, may),
        }
    }
}

/// The node with the fewest attempts in relation to its weight; of several, any.
fn least(choice: &Choice<'_>, may: &impl Fn(&Node) -> bool) -> Option<usize> {
    let number = choice.nodes.len();
    let first = choice.random.below(number as u64) as usize;
    let places = (0..number).map(|step| (first + step) % number);
    let eligible = places.filter(|at| may(&choice.nodes[*at]));
    let load = |at: usize| {
        let node = &choice.nodes[at];
        f64::from(node.pending().saturating_add(1)) / choice.weight(node)
    };
    let found = eligible
        .map(|at| (load(at), at))
        .reduce(|best, other| if other.0 < best.0 { other } else { best });
    found.map(|(_, at)| at)
}
