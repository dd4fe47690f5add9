//! The power of two choices (Mitzenmacher, 2001) over peak-EWMA (Finagle): of two nodes drawn at random, the one that costs
//! less, by `latency · (attempts under way + 1)`, and four times that for each failure in a row, since what fails fast would
//! look cheap. One that has not been picked for a while is tried whatever it costs, as it may cost less by now.

use std::sync::atomic::Ordering;
use std::time::Duration;

use super::Choice;
use crate::clock::Instant;
use crate::endpoints::node::Node;

/// What a node costs whose latency is not known yet while it is asked for the first time, in nanoseconds.
const UNMEASURED: f64 = 1e12;

/// How many times as much a node costs for each failure in a row, and how many of them count.
const FAILURE: f64 = 4.0;
const FAILURES: u32 = 6;

/// After which time a node is tried though it costs more, and after how many picks for each node: a client that calls rarely
/// would try the worse one every time.
const FORGOTTEN: Duration = Duration::from_secs(3);
const FORGOTTEN_PICKS: usize = 10;

/// The better of two.
pub(super) fn choose(choice: &Choice<'_>, may: &impl Fn(&Node) -> bool) -> Option<usize> {
    let (one, other) = two(choice, may)?;
    let (better, worse) = if cost(choice, one) <= cost(choice, other) {
        (one, other)
    } else {
        (other, one)
    };
    let turn = choice.turn.fetch_add(1, Ordering::Relaxed);
    let is_forgotten = |at: usize| {
        let learnt = &choice.nodes[at].learnt;
        let picked = Instant::from_nanos(learnt.last_pick.load(Ordering::Relaxed));
        let picks = turn.wrapping_sub(learnt.last_turn.load(Ordering::Relaxed));
        choice.now.since(picked) > FORGOTTEN && picks > FORGOTTEN_PICKS * choice.nodes.len()
    };
    Some(if is_forgotten(worse) { worse } else { better })
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
    let failures = node.learnt.tally.in_a_row().min(FAILURES);
    latency * (pending + 1.0) * FAILURE.powi(failures as i32) / choice.weight(node)
}
