//! The power of two choices (Mitzenmacher, 2001) over peak-EWMA (Finagle): of two nodes drawn at random, the one that costs
//! less, by `latency · (attempts under way + 1)`.

use super::Choice;
use crate::endpoints::node::Node;

/// What a node costs whose latency is not known yet while it is asked for the first time, in nanoseconds.
const UNMEASURED: f64 = 1e12;

/// The better of two.
pub(super) fn choose(choice: &Choice<'_>, may: &impl Fn(&Node) -> bool) -> Option<usize> {
    let (one, other) = two(choice, may)?;
    if one == other || cost(choice, one) <= cost(choice, other) {
        Some(one)
    } else {
        Some(other)
    }
}

/// Two different nodes that may be gone to; twice the same where there is but one.
fn two(choice: &Choice<'_>, may: &impl Fn(&Node) -> bool) -> Option<(usize, usize)> {
    let number = choice.nodes.len();
    let (one, other) = draw(choice, number);
    if may(&choice.nodes[one]) && may(&choice.nodes[other]) {
        return Some((one, other));
    }
    // Some have been tried already: rare, and few.
    let eligible = || (0..number).filter(|at| may(&choice.nodes[*at]));
    match eligible().count() {
        0 => None,
        1 => eligible().next().map(|only| (only, only)),
        several => {
            let (one, other) = draw(choice, several);
            Some((eligible().nth(one)?, eligible().nth(other)?))
        }
    }
}

/// Two different numbers below `number`, which is at least 2.
fn draw(choice: &Choice<'_>, number: usize) -> (usize, usize) {
    let one = choice.random.below(number as u64) as usize;
    let other = choice.random.below(number as u64 - 1) as usize;
    (one, if other >= one { other + 1 } else { other })
}

fn cost(choice: &Choice<'_>, at: usize) -> f64 {
    let node = &choice.nodes[at];
    let (latency, pending) = (node.learnt.load.nanos(choice.now), f64::from(node.pending()));
    let latency = match latency {
        0.0 if pending > 0.0 => UNMEASURED,
        latency => latency,
    };
    latency * (pending + 1.0) / choice.weight(node)
}
