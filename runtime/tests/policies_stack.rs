//! All policies in order around one closure.

use std::cell::Cell;
use std::future::{Ready, pending, ready};
use std::sync::{Arc, Mutex};
use std::task::{Context, Waker};
use std::time::Duration;

use tieline::clock::Clock;
use tieline::policy::adaptive::{Adaptive, Rule};
use tieline::policy::breaker::{Breaker, Judged, Judgement, Settings, State};
use tieline::policy::bulkhead::{Bulkhead, Full};
use tieline::policy::deadline::Deadline;
use tieline::policy::hedge::Hedge;
use tieline::policy::rate_limit::RateLimit;
use tieline::policy::retry::{Backoff, Budget, Retry, Retryable, Stop, Verdict};
use tieline::policy::stack::{Policies, PolicyError};
use tieline::policy::throttle::Throttle;

const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// An HTTP status as an error.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Status(u16);

impl Retryable for Status {
    fn verdict(&self) -> Verdict {
        if self.0 >= 500 {
            Verdict::TRANSIENT
        } else {
            Verdict::FINAL
        }
    }
}

impl Judged for Status {
    fn judgement(&self) -> Judgement {
        if self.0 >= 500 {
            Judgement::Failure
        } else {
            Judgement::Success
        }
    }
}

fn breaker() -> Arc<Breaker> {
    Arc::new(Breaker::new(Settings::new("users")))
}

fn fail(status: u16) -> Ready<Result<(), Status>> {
    ready(Err(Status(status)))
}

async fn hang() -> Result<(), Status> {
    pending().await
}

#[tokio::test(start_paused = true)]
async fn retries_are_one_call_to_the_breaker() {
    let breaker = breaker();
    let policies = Policies::none()
        .breaker(Arc::clone(&breaker))
        .retry(Retry::stepped());
    let error = policies.run(|_| fail(503)).await.expect_err("it always fails");
    assert_eq!(error.attempts(), 5);
    assert_eq!((breaker.counts().total, breaker.counts().failures), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn an_open_breaker_rejects_before_the_closure_is_called() {
    let policies = Policies::none().breaker(breaker());
    for _ in 0..3 {
        assert_eq!(
            policies.run(|_| fail(500)).await.expect_err("500").into_inner(),
            Some(Status(500))
        );
    }
    let called = Cell::new(false);
    let rejected = policies.run(|_| {
        called.set(true);
        fail(500)
    });
    let error = rejected.await.expect_err("open");
    assert!(matches!(error, PolicyError::Open(_)) && error.is_rejection());
    assert!(!called.get());
}

#[tokio::test(start_paused = true)]
async fn client_errors_do_not_open_the_breaker() {
    let breaker = breaker();
    let policies = Policies::none()
        .breaker(Arc::clone(&breaker))
        .retry(Retry::stepped());
    for _ in 0..10 {
        assert_eq!(policies.run(|_| fail(404)).await.expect_err("404").attempts(), 1);
    }
    assert_eq!((breaker.state(), breaker.counts().failures), (State::Closed, 0));
}

#[tokio::test(start_paused = true)]
async fn the_total_deadline_cuts_a_hanging_attempt_and_is_a_failure_of_the_service() {
    let breaker = breaker();
    let policies = Policies::none()
        .timeout(ms(300))
        .breaker(Arc::clone(&breaker))
        .retry(Retry::stepped());
    let clock = Clock::default();
    let start = clock.now();
    let result = policies
        .run(|attempt| async move {
            if attempt == 0 {
                fail(503).await
            } else {
                hang().await
            }
        })
        .await;
    assert_eq!(result, Err(PolicyError::Deadline { attempts: 2 }));
    assert_eq!(clock.now().since(start), ms(300));
    assert_eq!(breaker.counts().failures, 1);
}

#[tokio::test(start_paused = true)]
async fn an_attempt_that_times_out_is_followed_by_another() {
    let policies = Policies::none().attempt_timeout(ms(50)).retry(Retry::stepped());
    let clock = Clock::default();
    let start = clock.now();
    let work = |attempt| async move { if attempt == 0 { hang().await } else { Ok(()) } };
    assert_eq!(policies.run(work).await, Ok(()));
    assert_eq!(
        clock.now().since(start),
        ms(150),
        "50 ms of the first attempt, 100 ms of the schedule"
    );
    let error = policies.run(|_| hang()).await.expect_err("it hangs");
    assert_eq!(
        error,
        PolicyError::Timeout {
            attempts: 5,
            stop: Stop::Attempts
        }
    );
    assert!(error.is_timeout());
}

#[tokio::test(start_paused = true)]
async fn a_retry_that_the_deadline_leaves_no_time_for_fails_at_once() {
    let policies = Policies::none().timeout(ms(400)).retry(Retry::stepped());
    let clock = Clock::default();
    let start = clock.now();
    let error = policies.run(|_| fail(503)).await.expect_err("503");
    assert!(
        matches!(&error, PolicyError::Failed(failed) if failed.stop == Stop::Deadline && failed.attempts == 2)
    );
    assert_eq!(clock.now().since(start), ms(100));
}

#[tokio::test(start_paused = true)]
async fn our_own_rejections_never_feed_the_breaker() {
    let breaker = breaker();
    let bulkhead = Arc::new(Bulkhead::new(1).queue(0));
    let policies = Policies::none()
        .breaker(Arc::clone(&breaker))
        .bulkhead(Arc::clone(&bulkhead));
    let _place = bulkhead.acquire().await;
    for _ in 0..10 {
        assert_eq!(
            policies.run(|_| fail(500)).await,
            Err(PolicyError::Full(Full::Queue))
        );
    }
    assert_eq!((breaker.state(), breaker.counts().total), (State::Closed, 0));
}

#[tokio::test(start_paused = true)]
async fn time_spent_in_the_queue_alone_is_no_failure_of_the_service() {
    let breaker = breaker();
    let bulkhead = Arc::new(Bulkhead::new(1));
    let policies = Policies::none()
        .timeout(ms(100))
        .breaker(Arc::clone(&breaker))
        .bulkhead(Arc::clone(&bulkhead));
    let place = bulkhead.acquire().await;
    let error = policies.run(|_| fail(500)).await.expect_err("no place");
    assert_eq!(error, PolicyError::Deadline { attempts: 0 });
    assert!(error.is_rejection());
    assert_eq!(breaker.counts().total, 0);
    drop(place);
    assert_eq!((bulkhead.available(), bulkhead.waiting()), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn a_breaker_that_opens_between_two_attempts_stops_the_call() {
    let breaker = breaker();
    let policies = Policies::none()
        .breaker(Arc::clone(&breaker))
        .retry(Retry::stepped());
    let others = async {
        tokio::time::sleep(ms(50)).await;
        for _ in 0..3 {
            breaker.try_acquire().expect("closed").failure();
        }
    };
    let made = Cell::new(0);
    let call = policies.run(|_| {
        made.set(made.get() + 1);
        fail(503)
    });
    let (result, ()) = tokio::join!(call, others);
    assert!(matches!(result, Err(PolicyError::Failed(failed)) if failed.stop == Stop::Forbidden));
    assert_eq!(made.get(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_call_gives_everything_back_and_counts_as_nothing() {
    let breaker = breaker();
    let bulkhead = Arc::new(Bulkhead::new(1));
    let policies = Policies::none()
        .timeout(ms(1000))
        .breaker(Arc::clone(&breaker))
        .bulkhead(Arc::clone(&bulkhead))
        .retry(Retry::stepped());
    for _ in 0..3 {
        breaker.try_acquire().expect("closed").failure();
    }
    tokio::time::advance(Duration::from_secs(30)).await;
    for _ in 0..10 {
        let mut probe = Box::pin(policies.run(|_| hang()));
        assert!(
            probe
                .as_mut()
                .poll(&mut Context::from_waker(Waker::noop()))
                .is_pending()
        );
        assert_eq!((breaker.counts().probing, bulkhead.in_use()), (1, 1));
        drop(probe);
    }
    assert_eq!(
        (breaker.state(), breaker.counts().probing, bulkhead.in_use()),
        (State::HalfOpen, 0, 0)
    );
}

#[tokio::test(start_paused = true)]
async fn the_budget_is_wired_through_the_whole_stack() {
    let policies = Policies::none()
        .timeout(Duration::from_secs(5))
        .retry(Retry::new(4).backoff(Backoff::schedule(&[])));
    let made = Cell::new(0);
    let mut spent = 0;
    for _ in 0..1_000 {
        let work = |_| {
            made.set(made.get() + 1);
            fail(503)
        };
        let result = policies.run(work).await;
        spent += u32::from(matches!(result, Err(PolicyError::Failed(failed)) if failed.stop == Stop::Budget));
    }
    assert_eq!(
        made.get(),
        1_000 + 100 + 100,
        "a tenth of the calls and the reserve"
    );
    assert!(spent > 900);
}

#[tokio::test]
async fn without_policies_only_the_work_is_run() {
    assert_eq!(
        Policies::none()
            .run(|attempt| async move { Ok::<_, Status>(attempt) })
            .await,
        Ok(0)
    );
    assert_eq!(
        Policies::none()
            .run(|_| fail(500))
            .await
            .expect_err("500")
            .attempts(),
        1
    );
}

#[tokio::test(start_paused = true)]
async fn the_rate_limit_counts_attempts_and_not_calls() {
    let limit = Arc::new(RateLimit::per_second(1.0).burst(2));
    let policies = Policies::none()
        .timeout(ms(1500))
        .rate_limit(Arc::clone(&limit))
        .retry(Retry::new(5).backoff(Backoff::schedule(&[ms(0)])));
    let error = policies.run(|_| fail(503)).await.expect_err("it always fails");
    // Two at once, one after a second; the next would come after the deadline.
    let PolicyError::Failed(failed) = error else {
        panic!("{error}");
    };
    assert_eq!((failed.attempts, failed.stop), (3, Stop::RateLimit));
    let error = policies
        .timeout(ms(100))
        .run(|_| fail(503))
        .await
        .expect_err("no turn");
    assert!(
        matches!(error, PolicyError::Limited(_)) && error.is_rejection(),
        "{error}"
    );
}

#[tokio::test(start_paused = true)]
async fn the_throttle_learns_from_calls_as_a_whole() {
    let throttle = Arc::new(Throttle::new().minimum_requests(1).cap(1.0));
    let policies = Policies::none()
        .throttle(Arc::clone(&throttle))
        .retry(Retry::stepped());
    for _ in 0..50 {
        let result = policies.run(|attempt| ready(if attempt < 4 { Err(Status(503)) } else { Ok(()) }));
        assert_eq!(
            result.await,
            Ok(()),
            "retries that end well are one accepted call"
        );
        assert!(
            policies.run(|_| fail(404)).await.is_err(),
            "and so is one that finds nothing"
        );
    }
    assert!(throttle.probability() <= 0.0);
    let mut turned_away = 0;
    for _ in 0..2000 {
        let error = policies.run(|_| fail(503)).await.expect_err("it always fails");
        turned_away += u32::from(matches!(error, PolicyError::Throttled(_)));
    }
    assert!(turned_away > 1000, "{turned_away}");
}

#[tokio::test(start_paused = true)]
async fn the_adaptive_limit_learns_from_attempts_and_holds_calls() {
    let adaptive = Arc::new(Adaptive::new(Rule::Gradient).initial(2).bounds(1, 100));
    let policies = Policies::none()
        .adaptive(Arc::clone(&adaptive))
        .retry(Retry::new(2).backoff(Backoff::schedule(&[Duration::from_secs(60)])));
    let one = policies.run(|_| takes(10, Ok(1)));
    let two = policies.run(|_| takes(10, Ok(2)));
    let three = policies.run(|_| takes(10, Ok(3)));
    let (one, two, three) = tokio::join!(one, two, three);
    assert_eq!((one, two), (Ok(1), Ok(2)));
    assert!(matches!(three, Err(PolicyError::Full(_))), "{three:?}");
    for _ in 0..120 {
        let both = [(); 2].map(|()| policies.run(|_| takes(10, Ok(0))));
        futures_util::future::join_all(both).await;
    }
    assert!(adaptive.limit() > 2, "it was quick, and used to the full");
    let before = adaptive.limit();
    for _ in 0..12 {
        let call = policies.run(|attempt| takes(10, if attempt == 0 { Err(Status(503)) } else { Ok(1) }));
        assert_eq!(call.await, Ok(1));
    }
    assert!(
        adaptive.limit() < before,
        "overload counts, though the calls end well"
    );
}

/// An attempt that takes so long and ends so.
async fn takes(millis: u64, result: Result<u32, Status>) -> Result<u32, Status> {
    Clock::tokio().sleep(ms(millis)).await;
    result
}

#[tokio::test(start_paused = true)]
async fn an_attempt_that_is_slow_is_hedged_and_all_count_on() {
    let breaker = breaker();
    let policies = Policies::none()
        .breaker(Arc::clone(&breaker))
        .retry(Retry::new(3).backoff(Backoff::schedule(&[ms(10)])))
        .hedge(Hedge::after(ms(100)));
    let seen = Mutex::new(Vec::new());
    let result = policies.run(|attempt| {
        seen.lock().expect("no panic").push(attempt);
        match attempt {
            // Slow, and then both fail; the retry is slow, and its hedge is quick.
            0 => takes(500, Err(Status(503))),
            1 => takes(20, Err(Status(503))),
            2 => takes(500, Ok(2)),
            _ => takes(20, Ok(attempt)),
        }
    });
    assert_eq!(result.await, Ok(3));
    assert_eq!(*seen.lock().expect("no panic"), [0, 1, 2, 3]);
    assert_eq!((breaker.counts().total, breaker.counts().failures), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn a_hedge_that_is_not_made_hides_no_failure() {
    let policies = Policies::none()
        .rate_limit(RateLimit::per_second(0.001).burst(1))
        .hedge(Hedge::after(ms(100)));
    let error = policies.run(|_| takes(10, Err(Status(503)))).await;
    let error = error.expect_err("it fails before there could be a hedge");
    assert_eq!((error.attempts(), error.into_inner()), (1, Some(Status(503))));
}

#[tokio::test(start_paused = true)]
async fn no_hedge_is_sent_once_the_breaker_has_opened() {
    let breaker = breaker();
    let policies = Policies::none()
        .breaker(Arc::clone(&breaker))
        .hedge(Hedge::after(ms(100)));
    let made = Cell::new(0);
    let call = policies.run(|attempt| {
        made.set(made.get() + 1);
        takes(500, Ok(attempt))
    });
    let opens = async {
        Clock::tokio().sleep(ms(50)).await;
        breaker.trip();
    };
    let (result, ()) = tokio::join!(call, opens);
    assert_eq!((result, made.get()), (Ok(0), 1));
}

#[tokio::test(start_paused = true)]
async fn hedges_and_retries_share_a_budget() {
    let budget = Arc::new(Budget::new(0.0, 1, Duration::from_secs(10)));
    let policies = Policies::none()
        .retry(
            Retry::new(3)
                .backoff(Backoff::schedule(&[ms(0)]))
                .budget(Arc::clone(&budget)),
        )
        .hedge(Hedge::after(ms(100)).budget(Arc::clone(&budget)));
    for _ in 0..5 {
        assert!(policies.run(|_| takes(200, Ok(1))).await.is_ok());
    }
    assert_eq!(budget.available(), 5, "five hedges");
    for _ in 0..5 {
        let _ = policies.run(|_| takes(1, Err(Status(503)))).await;
    }
    assert_eq!(budget.available(), 0);
    let error = policies
        .run(|_| takes(200, Err(Status(503))))
        .await
        .expect_err("503");
    assert_eq!(error.attempts(), 1, "nothing is left for either");
}

#[tokio::test(start_paused = true)]
async fn a_hedge_that_would_have_to_wait_for_its_turn_is_not_made() {
    let policies = Policies::none()
        .rate_limit(RateLimit::per_second(0.001).burst(1))
        .hedge(Hedge::after(ms(100)));
    let made = Cell::new(0);
    let result = policies.run(|attempt| {
        made.set(made.get() + 1);
        takes(500, Ok(attempt))
    });
    assert_eq!((result.await, made.get()), (Ok(0), 1));
}

#[tokio::test]
async fn a_call_can_move_between_threads() {
    let policies = Policies::new("users")
        .bulkhead(Bulkhead::new(1))
        .hedge(Hedge::after(ms(50)))
        .attempt_timeout(ms(100));
    let task = tokio::spawn(async move { policies.run(async |_| Ok::<_, Status>("Ada")).await });
    assert_eq!(task.await.expect("no panic"), Ok("Ada"));
}

#[tokio::test(start_paused = true)]
async fn a_call_given_up_at_its_deadline_is_a_failure_of_the_service_and_one_given_up_before_is_not() {
    let breaker = breaker();
    let policies = Policies::none().breaker(Arc::clone(&breaker));
    let judge = |status: &Status| (status.verdict(), status.judgement());
    for patience in [ms(100), ms(50)] {
        // The one who waits gives up by itself, as a server does with a handler whose request is out of time.
        let deadline = Deadline::after(ms(100));
        let call = policies.run_until(deadline, judge, |_| hang());
        tokio::select! {
            biased;
            () = tokio::time::sleep(patience) => {}
            result = call => panic!("ended by itself: {result:?}"),
        }
    }
    assert_eq!(breaker.counts().failures, 1, "{:?}", breaker.counts());
}
