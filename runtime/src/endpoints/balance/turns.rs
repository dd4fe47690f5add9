//! One after the other: round robin, and the smooth order of weighted round robin.

use std::sync::atomic::Ordering;

use super::Choice;
use crate::endpoints::node::Node;

/// The length of an order, beyond which weights are made coarser.
const LONGEST: u64 = 4096;

/// The next one in an order of this length that may be gone to. What is passed over loses its turn, so that the one behind it
/// does not get two.
pub(super) fn next(
    choice: &Choice<'_>,
    length: usize,
    place: impl Fn(usize) -> usize,
    may: &impl Fn(&Node) -> bool,
) -> Option<usize> {
    for step in 0..length * 2 {
        let turn = choice.turn.fetch_add(1, Ordering::Relaxed);
        let at = place(turn % length);
        let node = &choice.nodes[at];
        if !may(node) {
            continue;
        }
        let ramp = node.ramp(choice.slow_start, choice.now);
        if ramp >= 1.0 || step >= length || choice.random.unit() < ramp {
            return Some(at);
        }
    }
    // Others may have taken the turns in between.
    choice.nodes.iter().position(|node| may(node))
}

/// The smooth order of these weights: in each step everyone gains its weight, and the richest goes and pays the sum (nginx's
/// `round_robin`).
pub(super) fn schedule(weights: &[u32]) -> Vec<u32> {
    let weights = coarse(weights);
    let sum: i64 = weights.iter().sum();
    let mut gained = vec![0_i64; weights.len()];
    let mut order = Vec::with_capacity(sum as usize);
    for _ in 0..sum {
        let mut richest = 0;
        for (at, weight) in weights.iter().enumerate() {
            gained[at] += weight;
            if gained[at] > gained[richest] {
                richest = at;
            }
        }
        gained[richest] -= sum;
        order.push(richest as u32);
    }
    order
}

/// The weights in lowest terms, and not too fine.
fn coarse(weights: &[u32]) -> Vec<i64> {
    let divisor = weights.iter().copied().fold(0, gcd).max(1);
    let weights: Vec<u64> = weights.iter().map(|weight| u64::from(weight / divisor)).collect();
    let sum: u64 = weights.iter().sum();
    let most = LONGEST.max(weights.len() as u64);
    let fitting = |weight: &u64| {
        if sum <= most {
            *weight as i64
        } else {
            (weight * most / sum).max(1) as i64
        }
    };
    weights.iter().map(fitting).collect()
}

fn gcd(one: u32, other: u32) -> u32 {
    if other == 0 { one } else { gcd(other, one % other) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_is_smooth() {
        // The example of nginx's commit that introduced it: a a b a c a a.
        assert_eq!(schedule(&[5, 1, 1]), [0, 0, 1, 0, 2, 0, 0]);
        assert_eq!(schedule(&[10, 10]), [0, 1]);
        assert_eq!(schedule(&[3]), [0]);
    }

    #[test]
    fn large_weights_keep_their_proportion_in_an_order_of_bounded_length() {
        let order = schedule(&[60_000, 30_001, 1]);
        let count = |of| order.iter().filter(|at| **at == of).count();
        assert!(order.len() <= 4097, "{}", order.len());
        assert_eq!((count(0), count(1), count(2)), (2730, 1365, 1));
    }
}
