//! Consistent hashing: a ring (Karger et al., 1997) with bounded load (Mirrokni, Thorup, Zadimoghaddam, 2017).

use std::sync::Arc;

use super::Choice;
use crate::endpoints::hash::{hash, mix};
use crate::endpoints::node::Node;

/// How many times its share of the attempts under way a node may have before a key leads on to the next.
const BOUND: f64 = 1.25;

/// Places on the ring for a node of mean weight; fewer where there are very many nodes.
const PLACES: usize = 100;
const MOST_PLACES: usize = 65_536;

/// Nodes by their places on the ring.
#[derive(Debug)]
pub(in crate::endpoints) struct Ring {
    places: Vec<(u64, u32)>,
    weights: f64,
}

impl Ring {
    pub(super) fn of(nodes: &[Arc<Node>]) -> Self {
        let weights: f64 = nodes.iter().map(|node| f64::from(node.member.weight())).sum();
        let all = (nodes.len() * PLACES).min(MOST_PLACES) as f64;
        let mut places = Vec::new();
        for (at, node) in nodes.iter().enumerate() {
            let name = hash(node.member.to_string().as_bytes());
            let share = f64::from(node.member.weight()) / weights;
            let number = (share * all).round().max(1.0) as u64;
            places.extend((0..number).map(|place| (mix(name.wrapping_add(mix(place + 1))), at as u32)));
        }
        places.sort_unstable();
        Self { places, weights }
    }

    /// The node that the key leads to, or the next one that may be gone to and has room. Without a key, any.
    pub(super) fn choose(&self, choice: &Choice<'_>, may: &impl Fn(&Node) -> bool) -> Option<usize> {
        let key = choice.key.unwrap_or_else(|| choice.random.next_u64());
        let under_way: u32 = choice.nodes.iter().map(|node| node.pending()).sum();
        let has_room = |node: &Node| {
            let share = f64::from(node.member.weight()) / self.weights;
            f64::from(node.pending()) + 1.0 <= (BOUND * f64::from(under_way + 1) * share).ceil()
        };
        let start = self.places.partition_point(|(place, _)| *place < key);
        let mut first = None;
        for step in 0..self.places.len() {
            let (_, at) = self.places[(start + step) % self.places.len()];
            let node = &choice.nodes[at as usize];
            if !may(node) {
                continue;
            }
            if has_room(node) {
                return Some(at as usize);
            }
            first.get_or_insert(at as usize);
        }
        first
    }
}
