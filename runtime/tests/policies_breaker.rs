//! The breaker's state machine, one behaviour a test, on a clock that moves only when told to.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Waker};
use std::time::Duration;

use tieline::clock::ManualClock;
use tieline::policy::breaker::{Breaker, Failed, Judgement, Open, Permit, Settings, State, StateChange};

const MILLI: Duration = Duration::from_millis(1);
const INTERVAL: Duration = Duration::from_secs(10);
const OPEN_FOR: Duration = Duration::from_secs(30);
const LEASE: Duration = Duration::from_secs(5);

fn settings(hand: ManualClock) -> Settings {
    Settings::new("users").clock(hand.clock()).probe_lease(LEASE)
}

fn breaker() -> (Breaker, ManualClock) {
    let hand = ManualClock::new();
    (Breaker::new(settings(hand)), hand)
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
fn ready_to_probe() -> (Breaker, ManualClock) {
    let (breaker, hand) = breaker();
    report(&breaker, "---");
    hand.advance(OPEN_FOR);
    (breaker, hand)
}

fn probe(breaker: &Breaker) -> Permit<&Breaker> {
    breaker.try_acquire().expect("there is a free probe slot")
}

#[test]
fn opens_at_three_results_of_which_six_tenths_failed() {
    for (outcomes, opens) in [
        ("--", false),
        ("---", true),
        ("+--", true),
        ("+-+-", false),
        ("++---", true),
        ("+++---", false),
        ("++++------", true),
        ("+++++-----", false),
    ] {
        let (breaker, _) = breaker();
        report(&breaker, outcomes);
        let expected = if opens { State::Open } else { State::Closed };
        assert_eq!(breaker.state(), expected, "after {outcomes}");
    }
}

#[test]
fn a_success_never_opens_it_even_when_it_completes_the_minimum() {
    let (breaker, _) = breaker();
    report(&breaker, "--+");
    assert_eq!(
        breaker.state(),
        State::Closed,
        "2 of 3 failed, but the last result was a success"
    );
    report(&breaker, "-");
    assert_eq!(breaker.state(), State::Open);
}

#[test]
fn rejects_while_open_and_says_for_how_long() {
    let (breaker, hand) = breaker();
    report(&breaker, "---");
    let Open {
        retry_after, state, ..
    } = breaker.try_acquire().expect_err("it is open");
    assert_eq!((retry_after, state), (OPEN_FOR, State::Open));
    hand.advance(OPEN_FOR.saturating_sub(MILLI));
    assert_eq!(breaker.try_acquire().expect_err("it is open").retry_after, MILLI);
    hand.advance(MILLI);
    assert_eq!(breaker.state(), State::HalfOpen);
    assert!(breaker.try_acquire().is_ok());
}

#[test]
fn failures_of_an_interval_gone_by_do_not_count() {
    let (breaker, hand) = breaker();
    report(&breaker, "--");
    hand.advance(INTERVAL);
    report(&breaker, "--");
    assert_eq!(breaker.state(), State::Closed);
    assert_eq!(breaker.counts().total, 2);
    report(&breaker, "-");
    assert_eq!(breaker.state(), State::Open);
}

#[test]
fn ten_thousand_successes_hide_failures_for_no_longer_than_the_interval() {
    let (breaker, hand) = breaker();
    for _ in 0..10_000 {
        report(&breaker, "+");
    }
    hand.advance(INTERVAL.saturating_sub(MILLI));
    report(&breaker, "---");
    assert_eq!(breaker.state(), State::Closed, "3 of 10,003 within one interval");
    hand.advance(MILLI);
    report(&breaker, "---");
    assert_eq!(breaker.state(), State::Open, "3 of 3 in the next");
}

#[test]
fn without_an_interval_the_counts_are_kept() {
    let hand = ManualClock::new();
    let breaker = Breaker::new(settings(hand).interval(Duration::ZERO));
    report(&breaker, "--");
    hand.advance(Duration::from_secs(3600 * 24 * 365));
    report(&breaker, "-");
    assert_eq!(breaker.state(), State::Open);
}

#[test]
fn admits_three_probes_and_rejects_the_rest() {
    let (breaker, _) = ready_to_probe();
    let probes = [probe(&breaker), probe(&breaker), probe(&breaker)];
    assert_eq!(
        breaker.try_acquire().expect_err("all slots are taken").state,
        State::HalfOpen
    );
    assert_eq!(breaker.counts().probing, 3);
    drop(probes);
}

#[test]
fn closes_after_three_probes_have_succeeded() {
    let (breaker, _) = ready_to_probe();
    report(&breaker, "++");
    assert_eq!(breaker.state(), State::HalfOpen);
    assert_eq!(breaker.counts().total, 2);
    report(&breaker, "+");
    assert_eq!(breaker.state(), State::Closed);
    assert_eq!(
        breaker.counts().total,
        0,
        "the closed state starts with empty counts"
    );
}

#[test]
fn a_slot_whose_probe_passed_is_not_given_out_again() {
    let (breaker, _) = ready_to_probe();
    report(&breaker, "++");
    let last = probe(&breaker);
    assert!(breaker.try_acquire().is_err());
    last.success();
    assert_eq!(breaker.state(), State::Closed);
}

#[test]
fn one_failed_probe_opens_it_for_the_whole_time_again() {
    let (breaker, hand) = ready_to_probe();
    report(&breaker, "++-");
    assert_eq!(breaker.state(), State::Open);
    hand.advance(OPEN_FOR.saturating_sub(MILLI));
    assert!(breaker.try_acquire().is_err());
    hand.advance(MILLI);
    report(&breaker, "+++");
    assert_eq!(breaker.state(), State::Closed);
}

#[test]
fn a_cancelled_probe_gives_its_slot_back() {
    let (breaker, _) = ready_to_probe();
    for _ in 0..100 {
        drop(probe(&breaker));
        probe(&breaker).ignore();
        probe(&breaker).report(Judgement::Ignore);
    }
    assert_eq!((breaker.counts().probing, breaker.counts().total), (0, 0));
    report(&breaker, "+++");
    assert_eq!(breaker.state(), State::Closed);
}

#[test]
fn a_cancelled_call_counts_for_nothing_while_closed() {
    let (breaker, _) = breaker();
    for _ in 0..10 {
        drop(breaker.try_acquire());
    }
    report(&breaker, "--");
    assert_eq!((breaker.state(), breaker.counts().total), (State::Closed, 2));
}

#[tokio::test]
async fn work_that_is_dropped_under_way_gives_its_slot_back() {
    let (breaker, _) = ready_to_probe();
    let mut hung: Vec<_> = (0..3)
        .map(|_| Box::pin(breaker.run(std::future::pending::<Result<(), ()>>())))
        .collect();
    for work in &mut hung {
        assert!(
            work.as_mut()
                .poll(&mut Context::from_waker(Waker::noop()))
                .is_pending()
        );
    }
    assert!(matches!(
        breaker.run(async { Ok::<_, ()>(()) }).await,
        Err(Failed::Open(_))
    ));
    drop(hung);
    for _ in 0..3 {
        assert_eq!(breaker.run(async { Ok::<_, ()>(1) }).await, Ok(1));
    }
    assert_eq!(breaker.state(), State::Closed);
}

#[test]
fn a_hung_probe_loses_its_slot_when_its_lease_ends() {
    let (breaker, hand) = ready_to_probe();
    let hung = [probe(&breaker), probe(&breaker), probe(&breaker)];
    hand.advance(LEASE.saturating_sub(MILLI));
    assert!(breaker.try_acquire().is_err());
    hand.advance(MILLI);
    report(&breaker, "+++");
    assert_eq!(breaker.state(), State::Closed, "new probes took the slots over");
    drop(hung);
}

#[test]
fn the_result_of_a_probe_that_lost_its_slot_is_ignored() {
    for late in [Judgement::Success, Judgement::Failure, Judgement::Ignore] {
        let (breaker, hand) = ready_to_probe();
        let hung = [probe(&breaker), probe(&breaker), probe(&breaker)];
        hand.advance(LEASE);
        let successors = [probe(&breaker), probe(&breaker), probe(&breaker)];
        for permit in hung {
            permit.report(late);
        }
        assert_eq!(
            (breaker.state(), breaker.counts().probing),
            (State::HalfOpen, 3),
            "{late:?}"
        );
        successors.into_iter().for_each(Permit::success);
        assert_eq!(breaker.state(), State::Closed);
    }
}

#[test]
fn a_slow_probe_whose_slot_nobody_wanted_still_counts() {
    let (breaker, hand) = ready_to_probe();
    let slow = probe(&breaker);
    hand.advance(LEASE * 3);
    slow.failure();
    assert_eq!(breaker.state(), State::Open);
}

#[test]
fn late_results_of_the_closed_state_do_not_touch_the_trial() {
    let (breaker, hand) = breaker();
    let late: Vec<_> = (0..6).map(|_| breaker.try_acquire().expect("closed")).collect();
    report(&breaker, "---");
    hand.advance(OPEN_FOR);
    let trial = probe(&breaker);
    for (at, permit) in late.into_iter().enumerate() {
        if at % 2 == 0 {
            permit.failure();
        } else {
            permit.success();
        }
    }
    assert_eq!(breaker.state(), State::HalfOpen);
    assert_eq!((breaker.counts().total, breaker.counts().probing), (0, 1));
    drop(trial);
}

#[test]
fn late_results_of_one_trial_do_not_touch_the_next() {
    let (breaker, hand) = ready_to_probe();
    let late = [probe(&breaker), probe(&breaker)];
    report(&breaker, "-");
    hand.advance(OPEN_FOR);
    let present = probe(&breaker);
    late.into_iter().for_each(Permit::failure);
    assert_eq!(breaker.state(), State::HalfOpen);
    assert_eq!(breaker.counts().probing, 1);
    present.success();
    report(&breaker, "++");
    assert_eq!(breaker.state(), State::Closed);
}

#[test]
fn a_service_that_hangs_for_longer_than_the_interval_opens_the_breaker() {
    let (breaker, hand) = breaker();
    let late: Vec<_> = (0..5).map(|_| breaker.try_acquire().expect("closed")).collect();
    hand.advance(3 * INTERVAL);
    for permit in late {
        permit.failure();
    }
    assert_eq!(breaker.state(), State::Open);
}

#[test]
fn late_results_from_before_an_outage_do_not_touch_the_time_after_it() {
    let (breaker, hand) = breaker();
    let late: Vec<_> = (0..5).map(|_| breaker.try_acquire().expect("closed")).collect();
    report(&breaker, "---");
    hand.advance(OPEN_FOR);
    report(&breaker, "+++");
    assert_eq!(breaker.state(), State::Closed);
    for permit in late {
        permit.failure();
    }
    assert_eq!((breaker.state(), breaker.counts().total), (State::Closed, 0));
}

#[test]
fn a_call_knows_that_the_breaker_has_opened_under_it() {
    let (breaker, hand) = breaker();
    let under_way = breaker.try_acquire().expect("closed");
    hand.advance(INTERVAL);
    report(&breaker, "+");
    assert!(!under_way.is_cut_off(), "a new interval cuts nobody off");
    report(&breaker, "--");
    assert!(under_way.is_cut_off());
    hand.advance(OPEN_FOR);
    let trial = probe(&breaker);
    assert!(under_way.is_cut_off() && !trial.is_cut_off());
}

#[test]
fn the_listener_hears_each_change_once_and_in_order() {
    let heard = Arc::new(Mutex::new(Vec::new()));
    let hand = ManualClock::new();
    let listener = Arc::clone(&heard);
    let breaker = Breaker::new(settings(hand).on_state_change(move |change: &StateChange| {
        assert_eq!(&*change.name, "users");
        listener
            .lock()
            .expect("no panic under the lock")
            .push((change.from, change.to));
    }));
    report(&breaker, "---");
    hand.advance(OPEN_FOR);
    report(&breaker, "-");
    hand.advance(OPEN_FOR);
    report(&breaker, "+++");
    use State::{Closed, HalfOpen, Open};
    let expected = [
        (Closed, Open),
        (Open, HalfOpen),
        (HalfOpen, Open),
        (Open, HalfOpen),
        (HalfOpen, Closed),
    ];
    assert_eq!(*heard.lock().expect("no panic under the lock"), expected);
}

#[test]
fn reading_the_state_changes_nothing() {
    let changes = Arc::new(AtomicUsize::new(0));
    let hand = ManualClock::new();
    let seen = Arc::clone(&changes);
    let breaker = Breaker::new(settings(hand).on_state_change(move |_| {
        seen.fetch_add(1, Ordering::SeqCst);
    }));
    report(&breaker, "---");
    hand.advance(OPEN_FOR);
    assert_eq!(
        (breaker.state(), changes.load(Ordering::SeqCst)),
        (State::HalfOpen, 1)
    );
}

#[test]
fn a_disabled_breaker_admits_everything() {
    let breaker = Breaker::disabled();
    report(&breaker, "----------");
    assert_eq!((breaker.state(), breaker.counts().total), (State::Closed, 0));
    assert!(!probe(&breaker).is_cut_off());
}

#[tokio::test]
async fn only_failures_of_the_service_count_when_the_caller_judges() {
    let (breaker, _) = breaker();
    let judge = |status: &u16| {
        if *status >= 500 {
            Judgement::Failure
        } else {
            Judgement::Success
        }
    };
    for status in [404, 404, 404, 503, 503] {
        assert_eq!(
            breaker.run_with(judge, async { Err::<(), _>(status) }).await,
            Err(Failed::Work(status))
        );
    }
    assert_eq!((breaker.counts().total, breaker.counts().failures), (5, 2));
    assert_eq!(breaker.state(), State::Closed);
}

#[test]
fn hostile_settings_are_tamed() {
    let hand = ManualClock::new();
    let hostile = settings(hand)
        .probes(0)
        .minimum_requests(0)
        .failure_ratio(f64::NAN)
        .probe_lease(Duration::ZERO);
    let breaker = Breaker::new(hostile.open_for(Duration::MAX).interval(Duration::MAX));
    report(&breaker, "-");
    assert_eq!(breaker.state(), State::Open);
    hand.advance(Duration::from_secs(3600 * 24 * 365));
    assert!(breaker.try_acquire().is_err(), "open for ever");
}

#[test]
fn an_owned_permit_reports_like_a_borrowed_one() {
    let breaker = Arc::new(breaker().0);
    for _ in 0..3 {
        let permit = breaker.try_acquire_owned().expect("closed");
        std::thread::spawn(move || permit.failure())
            .join()
            .expect("no panic");
    }
    assert_eq!(breaker.state(), State::Open);
}
