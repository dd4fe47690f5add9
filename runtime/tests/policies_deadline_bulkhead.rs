//! Deadlines and bulkheads: what is cancelled is dropped, and what is dropped gives back what it held.

use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Waker};
use std::time::Duration;

use tieline::clock::{Clock, Instant, ManualClock};
use tieline::policy::bulkhead::{Bulkhead, Failed, Full};
use tieline::policy::deadline::{Deadline, Elapsed};

const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// Tells when it has been dropped.
struct Flag(Arc<AtomicBool>);

impl Drop for Flag {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// One poll of a future by hand.
fn is_pending<F: Future + Unpin>(future: &mut F) -> bool {
    std::pin::Pin::new(future)
        .poll(&mut Context::from_waker(Waker::noop()))
        .is_pending()
}

#[tokio::test(start_paused = true)]
async fn the_work_has_been_dropped_when_the_deadline_is_reported() {
    let dropped = Arc::new(AtomicBool::new(false));
    let flag = Flag(Arc::clone(&dropped));
    let clock = Clock::default();
    let start = clock.now();
    let work = async move {
        let _flag = flag;
        pending::<()>().await;
    };
    assert_eq!(Deadline::after(ms(250)).run(work).await, Err(Elapsed));
    assert!(dropped.load(Ordering::SeqCst), "the work is cancelled");
    assert_eq!(clock.now().since(start), ms(250));
}

#[test]
fn work_that_is_ready_at_once_registers_no_timer() {
    // Registering a timer panics in a runtime without a time driver.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a bare runtime");
    let deadline = Deadline::after(Duration::from_secs(1));
    assert_eq!(runtime.block_on(deadline.run(async { 7 })), Ok(7));
    let waits = std::panic::catch_unwind(|| runtime.block_on(deadline.run(pending::<()>())));
    assert!(
        waits.is_err(),
        "the check itself works: work that waits does need the timer"
    );
}

#[tokio::test(start_paused = true)]
async fn work_that_eats_the_cooperative_budget_does_not_starve_the_timer() {
    let greedy = async {
        loop {
            tokio::task::coop::consume_budget().await;
        }
    };
    let deadline = Deadline::after(ms(10));
    let mut run = Box::pin(deadline.run(greedy));
    assert!(is_pending(&mut run));
    tokio::time::advance(ms(10)).await;
    assert!(
        !is_pending(&mut run),
        "the timer is asked even when the work has left no budget"
    );
}

#[tokio::test]
async fn a_manual_clock_drives_a_deadline() {
    let hand = ManualClock::new();
    let deadline = Deadline::after_on(hand.clock(), ms(10));
    let mut run = Box::pin(deadline.run(pending::<()>()));
    hand.advance(ms(9));
    assert!(is_pending(&mut run));
    hand.advance(ms(1));
    assert_eq!(run.await, Err(Elapsed));
}

#[test]
fn deadlines_are_absolute_and_the_earlier_one_wins() {
    let hand = ManualClock::new();
    let total = Deadline::after_on(hand.clock(), ms(1000));
    hand.advance(ms(700));
    assert_eq!(total.remaining(), ms(300));
    assert_eq!(
        total.within(ms(500)).remaining(),
        ms(300),
        "an attempt gets no more than what is left"
    );
    assert_eq!(total.within(ms(100)).remaining(), ms(100));
    assert_eq!(total.min(Deadline::NEVER).remaining(), ms(300));
    assert_eq!(Deadline::NEVER.min(total).remaining(), ms(300));
    hand.advance(ms(300));
    assert!(total.has_elapsed());
    assert_eq!(total.remaining(), Duration::ZERO);
}

#[tokio::test]
async fn no_deadline_means_no_clock_and_no_limit() {
    assert!(Deadline::NEVER.is_never() && !Deadline::NEVER.has_elapsed());
    assert_eq!(Deadline::NEVER.remaining(), Duration::MAX);
    assert_eq!(Deadline::NEVER.run(async { 1 }).await, Ok(1));
    assert_eq!(Deadline::after(Duration::MAX).instant(), Instant::FAR_FUTURE);
}

#[tokio::test]
async fn a_bulkhead_runs_no_more_than_its_places() {
    let bulkhead = Bulkhead::new(2).queue(0);
    let (one, two) = (bulkhead.acquire().await, bulkhead.acquire().await);
    assert_eq!(bulkhead.in_use(), 2);
    assert_eq!(bulkhead.acquire().await.err(), Some(Full::Queue));
    assert_eq!(
        bulkhead.run(async { Ok::<_, ()>(1) }).await,
        Err(Failed::Full(Full::Queue))
    );
    drop(one);
    assert_eq!(bulkhead.run(async { Ok::<_, ()>(1) }).await, Ok(1));
    assert_eq!(bulkhead.in_use(), 1);
    drop(two);
    assert_eq!(bulkhead.available(), 2);
}

#[tokio::test]
async fn a_place_is_free_again_when_its_work_is_dropped_under_way() {
    let bulkhead = Bulkhead::new(1);
    let mut work = Box::pin(bulkhead.run(pending::<Result<(), ()>>()));
    assert!(is_pending(&mut work));
    assert_eq!(bulkhead.available(), 0);
    drop(work);
    assert_eq!(bulkhead.available(), 1);
}

#[tokio::test]
async fn a_place_is_free_again_when_its_work_panics() {
    let bulkhead = Arc::new(Bulkhead::new(1));
    let inside = Arc::clone(&bulkhead);
    let crashed = tokio::spawn(async move {
        let _permit = inside.acquire_owned().await;
        panic!("the work is broken");
    });
    assert!(crashed.await.is_err());
    assert_eq!(bulkhead.available(), 1);
}

#[tokio::test]
async fn a_call_that_is_cancelled_in_the_queue_leaves_it() {
    let bulkhead = Bulkhead::new(1).queue(1);
    let place = bulkhead.acquire().await;
    let mut queued = Box::pin(bulkhead.acquire());
    assert!(is_pending(&mut queued));
    assert_eq!(bulkhead.waiting(), 1);
    assert_eq!(
        bulkhead.acquire().await.err(),
        Some(Full::Queue),
        "the queue is full"
    );
    drop(queued);
    assert_eq!(bulkhead.waiting(), 0);
    drop(place);
    assert_eq!(
        bulkhead.available(),
        1,
        "nobody holds the place that was waited for"
    );
}

#[tokio::test]
async fn a_place_that_had_come_goes_on_to_the_next_when_its_taker_is_cancelled() {
    let bulkhead = Bulkhead::new(1);
    let place = bulkhead.acquire().await;
    let mut first = Box::pin(bulkhead.acquire());
    let mut second = Box::pin(bulkhead.acquire());
    assert!(is_pending(&mut first) && is_pending(&mut second));
    drop(place);
    drop(first);
    assert!(!is_pending(&mut second), "the place went on");
}

#[tokio::test]
async fn first_come_first_served() {
    let bulkhead = Bulkhead::new(1);
    let place = bulkhead.acquire().await;
    let mut first = Box::pin(bulkhead.acquire());
    let mut second = Box::pin(bulkhead.acquire());
    assert!(is_pending(&mut first) && is_pending(&mut second));
    drop(place);
    assert!(bulkhead.try_acquire().is_err(), "a newcomer does not overtake");
    assert!(is_pending(&mut second));
    assert!(!is_pending(&mut first));
}

#[tokio::test(start_paused = true)]
async fn a_call_waits_no_longer_than_it_may() {
    let bulkhead = Bulkhead::new(1).max_wait(ms(40));
    let _place = bulkhead.acquire().await;
    let clock = Clock::default();
    let start = clock.now();
    assert_eq!(bulkhead.acquire().await.err(), Some(Full::Wait));
    assert_eq!((clock.now().since(start), bulkhead.waiting()), (ms(40), 0));
}

#[tokio::test(start_paused = true)]
async fn without_limits_a_call_waits_until_its_deadline_cancels_it() {
    let bulkhead = Bulkhead::new(1);
    let _place = bulkhead.acquire().await;
    let waits = Deadline::after(Duration::from_secs(5))
        .run(bulkhead.acquire())
        .await;
    assert!(matches!(waits, Err(Elapsed)));
    assert_eq!(bulkhead.waiting(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_tasks_never_exceed_the_places_and_all_come_through() {
    let bulkhead = Arc::new(Bulkhead::new(3));
    let tasks = (0..200).map(|_| {
        let bulkhead = Arc::clone(&bulkhead);
        tokio::spawn(async move {
            let _permit = bulkhead.acquire_owned().await.expect("the queue has no limit");
            let in_use = bulkhead.in_use();
            tokio::task::yield_now().await;
            in_use
        })
    });
    for task in tasks.collect::<Vec<_>>() {
        assert!(task.await.expect("no panic") <= 3);
    }
    assert_eq!((bulkhead.available(), bulkhead.waiting()), (3, 0));
}

#[tokio::test]
async fn extreme_sizes_are_tamed() {
    assert!(Bulkhead::new(0).try_acquire().is_ok());
    let unlimited = Bulkhead::unlimited();
    let permits: Vec<_> = (0..1000).map(|_| unlimited.try_acquire()).collect();
    assert!(permits.iter().all(Result::is_ok));
}

#[tokio::test]
async fn another_size_takes_from_nobody_and_gives_to_those_who_wait() {
    let bulkhead = Bulkhead::new(4);
    let mut held: Vec<_> = (0..4).map(|_| bulkhead.try_acquire().expect("a place")).collect();
    bulkhead.resize(2);
    assert_eq!(
        (bulkhead.limit(), bulkhead.in_use(), bulkhead.available()),
        (2, 4, 0)
    );
    held.truncate(2);
    assert!(bulkhead.try_acquire().is_err(), "two are still under way");
    held.truncate(1);
    assert_eq!(bulkhead.available(), 1);
    held.push(bulkhead.try_acquire().expect("the second of two"));
    let mut waits = Box::pin(bulkhead.acquire());
    assert!(is_pending(&mut waits));
    bulkhead.resize(3);
    assert!(!is_pending(&mut waits));
}

#[test]
fn a_size_that_comes_back_before_places_do_owes_nothing() {
    let bulkhead = Bulkhead::new(3);
    let held: Vec<_> = (0..3).map(|_| bulkhead.try_acquire().expect("a place")).collect();
    bulkhead.resize(1);
    bulkhead.resize(5);
    assert_eq!((bulkhead.available(), bulkhead.in_use()), (2, 3));
    drop(held);
    assert_eq!((bulkhead.available(), bulkhead.in_use()), (5, 0));
}
