//! What a breaker does when it is asked for more than the usual: windows that slide, slow calls, open times that grow, and
//! a decision that is not its own.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tieline::clock::ManualClock;
use tieline::policy::breaker::{Breaker, Mode, Settings, State};

const OPEN_FOR: Duration = Duration::from_secs(30);

fn settings(hand: ManualClock) -> Settings {
    Settings::new("users").clock(hand.clock()).failure_ratio(0.5)
}

/// Makes calls that end well or not; gives how many it took until the breaker opened.
fn until_open(breaker: &Breaker, most: u32, fails: impl Fn(u32) -> bool) -> Option<u32> {
    (1..=most).find(|call| {
        let permit = breaker.try_acquire().expect("admitted");
        if fails(*call) {
            permit.failure();
        } else {
            permit.success();
        }
        breaker.state() == State::Open
    })
}

#[test]
fn the_last_hundred_calls_count_and_not_the_ten_thousand_before_them() {
    let breaker = Breaker::new(
        settings(ManualClock::new())
            .sliding_calls(100)
            .minimum_requests(100),
    );
    assert_eq!(until_open(&breaker, 10_000, |_| false), None);
    assert_eq!(until_open(&breaker, 10_000, |_| true), Some(50));
}

#[test]
fn the_last_while_counts_and_not_what_was_before_it() {
    let hand = ManualClock::new();
    let breaker = Breaker::new(
        settings(hand)
            .sliding_time(Duration::from_secs(10))
            .minimum_requests(10),
    );
    assert_eq!(until_open(&breaker, 10_000, |_| false), None);
    hand.advance(Duration::from_secs(5));
    assert_eq!(
        until_open(&breaker, 20, |_| true),
        None,
        "the successes are 5 s old"
    );
    hand.advance(Duration::from_secs(6));
    assert_eq!(
        breaker.counts().total,
        20,
        "now they are out, and the failures are in"
    );
    assert_eq!(until_open(&breaker, 1, |_| true), Some(1));
}

#[test]
fn a_sliding_window_sees_failures_that_a_tumbling_one_cuts_in_two() {
    let run = |settings: Settings, hand: ManualClock| {
        let breaker = Breaker::new(settings.minimum_requests(10));
        until_open(&breaker, 7, |_| false);
        hand.advance(Duration::from_millis(9500));
        assert_eq!(until_open(&breaker, 5, |_| true), None);
        hand.advance(Duration::from_secs(1));
        until_open(&breaker, 5, |_| true).is_some()
    };
    let (one, two) = (ManualClock::new(), ManualClock::new());
    assert!(!run(settings(one).interval(Duration::from_secs(10)), one));
    assert!(run(settings(two).sliding_time(Duration::from_secs(10)), two));
}

#[test]
fn a_breaker_that_closes_again_remembers_nothing() {
    for sliding in [
        |settings: Settings| settings.sliding_calls(20),
        |settings: Settings| settings.sliding_time(Duration::from_secs(600)),
    ] {
        let hand = ManualClock::new();
        let breaker = Breaker::new(sliding(settings(hand)).minimum_requests(4));
        assert_eq!(until_open(&breaker, 20, |_| true), Some(4));
        hand.advance(OPEN_FOR);
        assert_eq!(until_open(&breaker, 3, |_| false), None);
        assert_eq!((breaker.state(), breaker.counts().total), (State::Closed, 0));
        assert_eq!(until_open(&breaker, 3, |_| true), None, "the minimum counts anew");
    }
}

#[test]
fn slow_calls_open_it_though_they_end_well() {
    let hand = ManualClock::new();
    let slow = Duration::from_secs(2);
    let breaker = Breaker::new(settings(hand).slow_calls(slow, 0.5).minimum_requests(4));
    let call = |takes: Duration| {
        let permit = breaker.try_acquire().expect("admitted");
        hand.advance(takes);
        permit.success();
    };
    call(Duration::from_millis(1999));
    call(slow);
    call(Duration::ZERO);
    assert_eq!(breaker.counts().slow, 1);
    assert_eq!(breaker.state(), State::Closed);
    call(slow);
    assert_eq!(breaker.state(), State::Open, "two of four");
    hand.advance(OPEN_FOR);
    call(slow);
    assert_eq!(breaker.state(), State::Open, "a slow probe has failed");
    hand.advance(OPEN_FOR);
    (0..3).for_each(|_| call(Duration::ZERO));
    assert_eq!(breaker.state(), State::Closed);
}

#[test]
fn each_opening_in_a_row_lasts_longer_and_closing_starts_over() {
    let hand = ManualClock::new();
    let longest = Duration::from_secs(100);
    let breaker = Breaker::new(settings(hand).open_growth(2.0).longest_open(longest));
    let open_time = || breaker.try_acquire().map(drop).unwrap_err().retry_after.as_secs();
    until_open(&breaker, 3, |_| true);
    let mut times = vec![open_time()];
    for _ in 0..3 {
        hand.advance(Duration::from_secs(open_time()));
        breaker.try_acquire().expect("a probe").failure();
        times.push(open_time());
    }
    assert_eq!(times, [30, 60, 100, 100]);
    hand.advance(longest);
    until_open(&breaker, 3, |_| false);
    until_open(&breaker, 3, |_| true);
    assert_eq!(open_time(), 30);
}

#[test]
fn a_decision_that_is_not_its_own() {
    let hand = ManualClock::new();
    let breaker = Breaker::new(settings(hand));
    breaker.set_mode(Mode::ForcedOpen);
    assert_eq!(breaker.state(), State::Open);
    assert!(breaker.try_acquire().is_err());
    hand.advance(OPEN_FOR * 10);
    assert!(breaker.try_acquire().is_err(), "no time ends it");
    breaker.set_mode(Mode::Disabled);
    for _ in 0..100 {
        breaker.try_acquire().expect("let through").failure();
    }
    assert_eq!(breaker.counts().total, 0);
    breaker.set_mode(Mode::Automatic);
    assert_eq!(breaker.state(), State::Closed);
    assert_eq!(until_open(&breaker, 3, |_| true), Some(3));
}

#[test]
fn metrics_only_tells_what_it_would_have_done_and_does_nothing() {
    let (hand, told) = (ManualClock::new(), Arc::new(Mutex::new(Vec::new())));
    let listener = {
        let told = Arc::clone(&told);
        move |change: &tieline::policy::breaker::StateChange| told.lock().unwrap().push(change.to)
    };
    let breaker = Breaker::new(settings(hand).mode(Mode::MetricsOnly).on_state_change(listener));
    let permits: Vec<_> = (0..10)
        .map(|_| breaker.try_acquire().expect("let through"))
        .collect();
    for (index, permit) in permits.into_iter().enumerate() {
        assert!(!permit.is_cut_off(), "{index}");
        permit.failure();
    }
    assert_eq!(breaker.state(), State::Open);
    assert!(breaker.try_acquire().is_ok());
    hand.advance(OPEN_FOR);
    for _ in 0..3 {
        breaker.try_acquire().expect("let through").success();
    }
    assert_eq!(
        *told.lock().unwrap(),
        [State::Open, State::HalfOpen, State::Closed]
    );
}

#[test]
fn opened_and_closed_by_hand() {
    let hand = ManualClock::new();
    let breaker = Breaker::new(settings(hand));
    let early = breaker.try_acquire().expect("admitted");
    breaker.trip();
    assert!(early.is_cut_off());
    early.failure();
    assert!(breaker.try_acquire().is_err());
    breaker.reset();
    assert_eq!((breaker.state(), breaker.counts().total), (State::Closed, 0));
    until_open(&breaker, 2, |_| true);
    breaker.reset();
    assert_eq!(
        until_open(&breaker, 2, |_| true),
        None,
        "nothing is left of the two before"
    );
    breaker.trip();
    hand.advance(OPEN_FOR);
    assert_eq!(breaker.state(), State::HalfOpen, "as after failures");
}
