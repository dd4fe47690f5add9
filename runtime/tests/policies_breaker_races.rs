//! The breaker under contention: threads that start together and want the same slot, count or change of state.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, Mutex};
use std::time::Duration;

use tieline::clock::ManualClock;
use tieline::policy::breaker::{Breaker, Settings, State};

const OPEN_FOR: Duration = Duration::from_secs(30);

fn settings(hand: ManualClock) -> Settings {
    Settings::new("users").clock(hand.clock())
}

/// Reports one outcome per character: `+` success, `-` failure.
fn report(breaker: &Breaker, outcomes: &str) {
    for outcome in outcomes.chars() {
        let permit = breaker.try_acquire().expect("the breaker admits the call");
        if outcome == '+' {
            permit.success();
        } else {
            permit.failure();
        }
    }
}

/// A breaker whose open time has just passed.
fn ready_to_probe(settings: Settings, hand: ManualClock) -> Breaker {
    let breaker = Breaker::new(settings);
    report(&breaker, "---");
    hand.advance(OPEN_FOR);
    breaker
}

/// Runs `work` in so many threads that start together.
fn race<T: Send>(threads: usize, work: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let barrier = Barrier::new(threads);
    std::thread::scope(|scope| {
        let work = &work;
        let barrier = &barrier;
        let start = |at| {
            scope.spawn(move || {
                barrier.wait();
                work(at)
            })
        };
        let handles: Vec<_> = (0..threads).map(start).collect();
        handles
            .into_iter()
            .map(|handle| handle.join().expect("no panic"))
            .collect()
    })
}

#[test]
fn threads_that_race_for_probes_get_exactly_three() {
    for _ in 0..300 {
        let hand = ManualClock::new();
        let breaker = ready_to_probe(settings(hand), hand);
        let permits: Vec<_> = race(8, |_| breaker.try_acquire().ok())
            .into_iter()
            .flatten()
            .collect();
        assert_eq!(permits.len(), 3);
    }
}

#[test]
fn probes_that_succeed_at_the_same_time_close_the_breaker_once() {
    for _ in 0..300 {
        let closed = Arc::new(AtomicUsize::new(0));
        let hand = ManualClock::new();
        let seen = Arc::clone(&closed);
        let listening = settings(hand).on_state_change(move |change| {
            seen.fetch_add(usize::from(change.to == State::Closed), Ordering::SeqCst);
        });
        let breaker = ready_to_probe(listening, hand);
        let permits = Mutex::new(
            (0..3)
                .filter_map(|_| breaker.try_acquire().ok())
                .collect::<Vec<_>>(),
        );
        race(3, |_| {
            let permit = permits.lock().expect("no panic under the lock").pop();
            permit.expect("one each").success();
        });
        assert_eq!(
            (breaker.state(), closed.load(Ordering::SeqCst)),
            (State::Closed, 1)
        );
    }
}

#[test]
fn failures_at_the_same_time_open_the_breaker_once() {
    for _ in 0..200 {
        let opened = Arc::new(AtomicUsize::new(0));
        let seen = Arc::clone(&opened);
        let breaker = Breaker::new(settings(ManualClock::new()).on_state_change(move |_| {
            seen.fetch_add(1, Ordering::SeqCst);
        }));
        race(4, |_| {
            for _ in 0..5 {
                if let Ok(permit) = breaker.try_acquire() {
                    permit.failure();
                }
            }
        });
        assert_eq!((breaker.state(), opened.load(Ordering::SeqCst)), (State::Open, 1));
    }
}

#[test]
fn no_result_is_lost_between_threads() {
    // A ratio that is never reached, so that the failures only count.
    let breaker = Breaker::new(settings(ManualClock::new()).failure_ratio(2.0));
    race(4, |thread| {
        for _ in 0..5_000 {
            report(&breaker, if thread == 0 { "-" } else { "+" });
        }
    });
    assert_eq!(
        (breaker.counts().total, breaker.counts().failures),
        (20_000, 5_000)
    );
}

#[test]
fn slots_survive_a_storm_of_probes_that_succeed_and_cancel() {
    let hand = ManualClock::new();
    let breaker = Breaker::new(settings(hand).probes(5));
    for _ in 0..100 {
        while breaker.state() != State::Open {
            report(&breaker, "-");
        }
        hand.advance(OPEN_FOR);
        let under_way = AtomicUsize::new(0);
        race(4, |thread| {
            for turn in 0..20 {
                if let Ok(permit) = breaker.try_acquire() {
                    let now = under_way.fetch_add(1, Ordering::SeqCst) + 1;
                    assert!(
                        breaker.state() == State::Closed || now <= 5,
                        "{now} probes at a time"
                    );
                    under_way.fetch_sub(1, Ordering::SeqCst);
                    if (thread + turn) % 3 == 0 {
                        permit.success();
                    } else {
                        permit.ignore();
                    }
                }
            }
        });
        assert_eq!(breaker.counts().probing, 0, "every slot came back");
        assert_ne!(breaker.state(), State::Open, "no probe failed");
        while breaker.state() == State::HalfOpen {
            report(&breaker, "+");
        }
        assert_eq!(breaker.state(), State::Closed, "the trial can be finished");
    }
}
