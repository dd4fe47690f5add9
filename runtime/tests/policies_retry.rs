//! Retry, backoff and budget under tokio's paused time, with a seeded source of jitter.

use std::cell::{Cell, RefCell};
use std::sync::Arc;
use std::time::Duration;

use tieline::clock::{Clock, ManualClock};
use tieline::policy::deadline::Deadline;
use tieline::policy::retry::{Backoff, Budget, Failed, Retry, Retryable, Stop, Verdict};
use tieline::random::Random;

const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[error("the service answered {0:?}")]
struct Fault(Verdict);

impl Retryable for Fault {
    fn verdict(&self) -> Verdict {
        self.0
    }
}

const TRANSIENT: Fault = Fault(Verdict::TRANSIENT);

/// Runs work that always fails with `fault`, and returns what came of it and when each attempt began.
async fn attempts_of(retry: &Retry, deadline: Deadline, fault: Fault) -> (Failed<Fault>, Vec<Duration>) {
    let clock = Clock::default();
    let start = clock.now();
    let begun = RefCell::new(Vec::new());
    let work = |attempt: u32| {
        assert_eq!(attempt as usize, begun.borrow().len(), "attempts count from 0");
        begun.borrow_mut().push(clock.now().since(start));
        async move { Err::<(), _>(fault) }
    };
    let failed = retry
        .run_until(deadline, Retryable::verdict, work)
        .await
        .expect_err("it always fails");
    (failed, begun.into_inner())
}

#[tokio::test(start_paused = true)]
async fn the_stepped_schedule_makes_five_attempts_at_exact_times() {
    let retry = Retry::stepped();
    let (failed, begun) = attempts_of(&retry, Deadline::NEVER, TRANSIENT).await;
    assert_eq!(begun, [ms(0), ms(100), ms(600), ms(1600), ms(3600)]);
    assert_eq!((failed.attempts, failed.stop), (5, Stop::Attempts));
}

#[tokio::test(start_paused = true)]
async fn there_is_no_wait_after_the_last_attempt() {
    let clock = Clock::default();
    let start = clock.now();
    attempts_of(&Retry::stepped(), Deadline::NEVER, TRANSIENT).await;
    assert_eq!(clock.now().since(start), ms(3600));
}

#[tokio::test(start_paused = true)]
async fn the_first_success_ends_it() {
    let retry = Retry::stepped();
    let value = retry
        .run(|attempt| async move { if attempt < 3 { Err(TRANSIENT) } else { Ok(attempt) } })
        .await;
    assert_eq!(value, Ok(3));
}

#[tokio::test(start_paused = true)]
async fn a_final_failure_is_not_repeated() {
    let (failed, begun) = attempts_of(&Retry::stepped(), Deadline::NEVER, Fault(Verdict::FINAL)).await;
    assert_eq!((begun.len(), failed.stop), (1, Stop::Final));
    assert_eq!(
        std::error::Error::source(&failed).map(ToString::to_string),
        Some(failed.error.to_string())
    );
}

#[tokio::test(start_paused = true)]
async fn retries_a_503_once_the_retry_after_has_passed() {
    let asked = Fault(Verdict::TRANSIENT.after(Some(ms(2500))));
    let (_, begun) = attempts_of(&Retry::new(3), Deadline::NEVER, asked).await;
    assert_eq!(begun, [ms(0), ms(2500), ms(5000)]);
}

#[tokio::test(start_paused = true)]
async fn a_service_that_asks_for_too_long_a_wait_gets_no_further_attempt() {
    let asked = Fault(Verdict::THROTTLED.after(Some(Duration::from_secs(3600))));
    let (failed, begun) = attempts_of(&Retry::new(3), Deadline::NEVER, asked).await;
    assert_eq!((begun.len(), failed.stop), (1, Stop::Wait));
}

#[tokio::test(start_paused = true)]
async fn a_wait_beyond_the_deadline_fails_at_once_and_charges_nothing() {
    let clock = Clock::default();
    let start = clock.now();
    let budget = Arc::new(Budget::new(0.0, 1, Duration::from_secs(1)));
    let retry = Retry::stepped().budget(Arc::clone(&budget));
    let asked = Fault(Verdict::TRANSIENT.after(Some(ms(800))));
    let (failed, begun) = attempts_of(&retry, Deadline::after(ms(800)), asked).await;
    assert_eq!((begun.len(), failed.stop), (1, Stop::Deadline));
    assert_eq!(clock.now().since(start), Duration::ZERO);
    assert_eq!(budget.available(), 1);
}

#[tokio::test(start_paused = true)]
async fn the_schedule_stops_where_the_deadline_cuts_it() {
    let (failed, begun) = attempts_of(&Retry::stepped(), Deadline::after(ms(1000)), TRANSIENT).await;
    assert_eq!(begun, [ms(0), ms(100), ms(600)]);
    assert_eq!((failed.attempts, failed.stop), (3, Stop::Deadline));
}

#[tokio::test(start_paused = true)]
async fn the_same_seed_gives_the_same_waits() {
    async fn begun(seed: u64) -> Vec<Duration> {
        let retry = Retry::new(6).random(Arc::new(Random::seeded(seed)));
        attempts_of(&retry, Deadline::NEVER, TRANSIENT).await.1
    }
    let first = begun(42).await;
    assert_eq!(first, begun(42).await);
    assert_ne!(first, begun(43).await);
    for (attempt, pair) in first.windows(2).enumerate() {
        let widest = ms(100 << attempt);
        assert!(
            pair[1].saturating_sub(pair[0]) <= widest + ms(1),
            "{pair:?} is wider than {widest:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn an_overloaded_service_is_never_called_again_at_once() {
    for seed in 0..50 {
        let retry = Retry::new(2).random(Arc::new(Random::seeded(seed)));
        let (_, begun) = attempts_of(&retry, Deadline::NEVER, Fault(Verdict::THROTTLED)).await;
        assert!(begun[1] >= ms(50), "{begun:?}");
    }
}

#[test]
fn the_delay_of_an_attempt_can_be_asked_alone() {
    let retry = Retry::stepped();
    assert_eq!(retry.delay(3, None), Some(ms(2000)));
    assert_eq!(retry.delay(4, None), None, "the fifth attempt is the last");
    assert_eq!(retry.delay(0, Some(ms(7))), Some(ms(7)));
    assert_eq!(Retry::never().delay(0, None), None);
    assert_eq!(Retry::new(0).max_attempts(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_retry_that_is_cancelled_while_waiting_makes_no_further_attempt() {
    let made = Cell::new(0);
    let retry = Retry::stepped();
    let run = retry.run(|_| {
        made.set(made.get() + 1);
        async { Err::<(), _>(TRANSIENT) }
    });
    assert!(tokio::time::timeout(ms(300), run).await.is_err());
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(made.get(), 2);
}

/// A total outage: so many calls within `over`, each with up to five attempts. Returns how many attempts were made.
async fn outage(retry: &Retry, calls: u32, over: Duration) -> u32 {
    let made = Cell::new(0);
    for _ in 0..calls {
        let work = |_| {
            made.set(made.get() + 1);
            async { Err::<(), _>(TRANSIENT) }
        };
        let failed = retry.run(work).await.expect_err("a total outage");
        assert!(matches!(failed.stop, Stop::Attempts | Stop::Budget));
        tokio::time::sleep(over / calls).await;
    }
    made.get()
}

#[tokio::test(start_paused = true)]
async fn the_budget_bounds_the_attempts_of_a_total_outage() {
    let at_once = Backoff::schedule(&[]);
    let budgeted = Retry::new(5).backoff(at_once.clone());
    let made = outage(&budgeted, 2_000, Duration::from_secs(8)).await;
    assert!(
        made <= 2_000 + 200 + 100,
        "{made} attempts for 2000 calls: more than 1.1 × calls + the reserve of 100"
    );
    assert!(
        made >= 2_000 + 200 + 100 - 5,
        "{made} attempts: the budget was not used"
    );
    let unbound = outage(&budgeted.without_budget(), 2_000, Duration::from_secs(8)).await;
    assert_eq!(unbound, 10_000, "without the budget the outage is multiplied");
}

#[tokio::test(start_paused = true)]
async fn an_outage_that_lasts_gets_the_reserve_once_a_window() {
    let made = outage(
        &Retry::new(5).backoff(Backoff::schedule(&[])),
        6_000,
        Duration::from_secs(60),
    )
    .await;
    assert!(made <= 6_000 + 600 + 7 * 100, "{made}");
    assert!(made > 6_000 + 600, "{made}: the reserve comes back");
}

#[tokio::test(start_paused = true)]
async fn retries_of_a_quiet_client_live_on_the_reserve() {
    let retry = Retry::stepped();
    for _ in 0..20 {
        let (failed, _) = attempts_of(&retry, Deadline::NEVER, TRANSIENT).await;
        assert_eq!(failed.stop, Stop::Attempts);
        tokio::time::sleep(Duration::from_secs(60)).await;
    }
}

fn budget(ratio: f64, reserve: u32) -> (Budget, ManualClock) {
    let hand = ManualClock::new();
    (
        Budget::on(hand.clock(), ratio, reserve, Duration::from_secs(10)),
        hand,
    )
}

fn drain(budget: &Budget) -> usize {
    std::iter::repeat_with(|| budget.try_withdraw())
        .take_while(|paid| *paid)
        .count()
}

#[test]
fn ten_calls_pay_for_one_retry() {
    let (budget, _) = budget(0.1, 0);
    for _ in 0..9 {
        budget.deposit();
    }
    assert!(!budget.try_withdraw());
    budget.deposit();
    assert!(budget.try_withdraw());
    assert!(!budget.try_withdraw());
}

#[test]
fn deposits_are_forgotten_after_the_window() {
    let (budget, hand) = budget(0.5, 0);
    for _ in 0..100 {
        budget.deposit();
    }
    hand.advance(Duration::from_secs(9));
    assert_eq!(budget.available(), 50);
    hand.advance(Duration::from_secs(1));
    assert_eq!(budget.available(), 0);
}

#[test]
fn the_reserve_is_whole_again_after_a_window_and_never_more() {
    let (budget, hand) = budget(0.1, 10);
    assert_eq!(drain(&budget), 100);
    hand.advance(Duration::from_secs(9));
    assert_eq!(drain(&budget), 0);
    hand.advance(Duration::from_secs(1));
    assert_eq!(drain(&budget), 100);
    hand.advance(Duration::from_secs(3600));
    assert_eq!(drain(&budget), 100);
}

#[test]
fn hostile_ratios_and_windows_are_tamed() {
    let hand = ManualClock::new();
    for ratio in [f64::NAN, -1.0, f64::INFINITY, f64::NEG_INFINITY, 1e300] {
        for window in [Duration::ZERO, Duration::MAX] {
            let budget = Budget::on(hand.clock(), ratio, u32::MAX, window);
            for _ in 0..5_000 {
                budget.deposit();
            }
            assert!(budget.available() > 0);
        }
    }
}

#[test]
fn threads_never_overdraw_the_budget() {
    let (budget, _) = budget(0.1, 10);
    let paid: usize = std::thread::scope(|scope| {
        let spend = || {
            let paid = (0..1_000).filter(|_| {
                budget.deposit();
                budget.try_withdraw()
            });
            paid.count()
        };
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(spend)).collect();
        threads
            .into_iter()
            .map(|thread| thread.join().expect("no panic"))
            .sum()
    });
    assert_eq!(
        paid + drain(&budget),
        400 + 100,
        "4000 deposits at a tenth, and the reserve"
    );
}

#[test]
fn threads_that_race_across_a_window_leave_the_balance_exact() {
    let (budget, hand) = budget(0.1, 10);
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                for _ in 0..20_000 {
                    budget.deposit();
                    let _ = budget.try_withdraw();
                }
            });
        }
        for _ in 0..200 {
            hand.advance(ms(100));
            std::thread::yield_now();
        }
    });
    hand.advance(Duration::from_secs(30));
    assert_eq!(
        drain(&budget),
        100,
        "all that was deposited and withdrawn has been forgotten, once"
    );
}
