//! The policies' words under every interleaving of a few threads, by loom. Preemptions are bounded where the state would
//! explode: what two or three of them cannot break, more hardly do.
//!
//! ```sh
//! RUSTFLAGS="--cfg tieline_loom" cargo test -p tieline --lib --no-default-features --target-dir target/loom interleavings
//! ```

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use loom::thread;

use crate::clock::ManualClock;
use crate::policy::breaker::{Breaker, Settings, State};
use crate::policy::rate_limit::RateLimit;
use crate::policy::retry::Budget;
use crate::policy::throttle::Throttle;
use crate::random::Random;

const SECOND: Duration = Duration::from_secs(1);

/// Explores `model` with at most so many preemptions.
fn explore(preemptions: usize, model: impl Fn() + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(preemptions);
    builder.check(model);
}

/// Runs `work` in so many threads, this one among them, and gives what came of each.
fn each<T: Send + 'static>(threads: usize, work: impl Fn(usize) -> T + Send + Sync + 'static) -> Vec<T> {
    let work = Arc::new(work);
    let others: Vec<_> = (1..threads)
        .map(|at| {
            let work = Arc::clone(&work);
            thread::spawn(move || work(at))
        })
        .collect();
    let own = work(0);
    let others = others.into_iter().map(|other| other.join().expect("no panic"));
    std::iter::once(own).chain(others).collect()
}

fn count(all: &[bool]) -> usize {
    all.iter().filter(|one| **one).count()
}

#[test]
fn a_budget_pays_for_no_more_than_it_holds() {
    explore(3, || {
        let budget = Arc::new(Budget::on(ManualClock::new().clock(), 0.5, 1, SECOND));
        let own = Arc::clone(&budget);
        let paid = each(3, move |at| {
            if at == 0 {
                own.deposit();
                own.deposit();
                return false;
            }
            own.try_withdraw()
        });
        // One from the reserve; the other only where both deposits came before it.
        assert!(count(&paid) >= 1);
        assert_eq!(budget.available() + count(&paid) as u64, 2);
    });
}

#[test]
fn a_budget_forgets_a_window_once_whoever_notices_first() {
    explore(3, || {
        let hand = ManualClock::new();
        let budget = Arc::new(Budget::on(hand.clock(), 1.0, 1, SECOND));
        budget.deposit();
        assert!(budget.try_withdraw());
        hand.advance(2 * SECOND);
        let own = Arc::clone(&budget);
        let paid = each(2, move |at| {
            if at == 0 {
                own.deposit();
            }
            at == 1 && own.try_withdraw()
        });
        // The reserve is whole again, and one deposit is new.
        assert_eq!(budget.available() + count(&paid) as u64, 2);
    });
}

#[test]
fn a_rate_limit_lets_no_more_through_than_its_burst() {
    explore(4, || {
        let clock = ManualClock::new().clock();
        let limit = Arc::new(RateLimit::per_second(1.0).burst(2).clock(clock));
        let through = each(3, move |_| limit.try_acquire().is_ok());
        assert_eq!(count(&through), 2);
    });
}

#[test]
fn a_throttle_loses_no_call() {
    explore(3, || {
        let clock = ManualClock::new().clock();
        let throttle = Arc::new(
            Throttle::new()
                .minimum_requests(1)
                .cap(1.0)
                .threshold(1.0)
                .random(Arc::new(Random::seeded(1)))
                .clock(clock),
        );
        let own = Arc::clone(&throttle);
        each(2, move |at| {
            if let Ok(permit) = own.try_acquire()
                && at == 0
            {
                permit.accepted();
            }
        });
        // Two asked, one was accepted, or the second was held back before it was.
        let probability = throttle.probability();
        let expected = [1.0 / 3.0, 2.0 / 3.0];
        assert!(
            expected.iter().any(|one| (one - probability).abs() < 1e-9),
            "{probability}"
        );
    });
}

/// A breaker with so many probes, and how often it has moved to each of its states.
fn breaker(hand: ManualClock, probes: u32) -> (Arc<Breaker>, Arc<[AtomicUsize; 3]>) {
    let moved: Arc<[AtomicUsize; 3]> = Arc::new(Default::default());
    let told = Arc::clone(&moved);
    let settings = Settings::new("users")
        .clock(hand.clock())
        .probes(probes)
        .minimum_requests(2)
        .on_state_change(move |change| {
            told[change.to as usize].fetch_add(1, Ordering::SeqCst);
        });
    (Arc::new(Breaker::new(settings)), moved)
}

fn times(moved: &[AtomicUsize; 3], to: State) -> usize {
    moved[to as usize].load(Ordering::SeqCst)
}

#[test]
fn failures_at_the_same_time_open_a_breaker_once() {
    explore(3, || {
        let (breaker, moved) = breaker(ManualClock::new(), 1);
        let own = Arc::clone(&breaker);
        each(2, move |_| {
            if let Ok(permit) = own.try_acquire() {
                permit.failure();
            }
        });
        assert_eq!((breaker.state(), times(&moved, State::Open)), (State::Open, 1));
    });
}

/// A breaker that will let its probes through.
fn half_open(probes: u32) -> (Arc<Breaker>, Arc<[AtomicUsize; 3]>) {
    let hand = ManualClock::new();
    let (breaker, moved) = breaker(hand, probes);
    breaker.trip();
    hand.advance(31 * SECOND);
    (breaker, moved)
}

#[test]
fn a_half_open_breaker_lets_through_as_many_as_it_has_probes() {
    explore(3, || {
        let (breaker, moved) = half_open(1);
        let own = Arc::clone(&breaker);
        let permits = each(2, move |_| {
            own.try_acquire().map(|permit| (permit, Arc::clone(&own))).is_ok()
        });
        // Both may have come one after the other: a permit that is dropped gives its slot back.
        assert!(count(&permits) >= 1);
        assert_eq!(times(&moved, State::HalfOpen), 1);
        assert_eq!(breaker.counts().probing, 0);
        assert!(breaker.try_acquire().is_ok(), "no slot has leaked");
    });
}

#[test]
fn probes_that_are_held_are_no_more_than_there_are() {
    explore(3, || {
        let (breaker, _) = half_open(1);
        let own = Arc::clone(&breaker);
        let held = each(2, move |_| Breaker::try_acquire_owned(&own).ok());
        assert_eq!(held.iter().flatten().count(), 1);
    });
}

#[test]
fn probes_that_pass_at_the_same_time_close_a_breaker_once() {
    explore(2, || {
        let (breaker, moved) = half_open(2);
        let own = Arc::clone(&breaker);
        each(2, move |_| {
            if let Ok(permit) = own.try_acquire() {
                permit.success();
            }
        });
        assert_eq!(
            (breaker.state(), times(&moved, State::Closed)),
            (State::Closed, 1)
        );
    });
}

#[test]
fn a_probe_that_fails_beside_one_that_passes_opens_a_breaker_again() {
    explore(2, || {
        let (breaker, moved) = half_open(2);
        let own = Arc::clone(&breaker);
        each(2, move |at| {
            if let Ok(permit) = own.try_acquire() {
                if at == 0 {
                    permit.success()
                } else {
                    permit.failure()
                }
            }
        });
        assert_eq!((breaker.state(), times(&moved, State::Closed)), (State::Open, 0));
    });
}
