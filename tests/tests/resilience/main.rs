//! What travels through a chain of services, and what stops there: deadlines, cancellation, ids, attempts, breakers,
//! permits. Under paused time, in this process, through generated clients, servers and mocks.

mod chain;
#[allow(
    unreachable_pub,
    unused_imports,
    dead_code,
    reason = "written for crates that show it; each test uses a part"
)]
mod contracts;
mod fleet;
mod outage;
mod replicas;

use std::future::pending;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chain::{Chain, Setup};
use contracts::gateway;
use contracts::inner::types::inner::AskReply;
use tieline::policy::breaker::State;
use tieline::{Code, Context, Error};
use tokio::time::Instant;

const fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// Counts handlers that began and handlers that were dropped.
#[derive(Clone, Default)]
struct Work {
    begun: Arc<AtomicUsize>,
    dropped: Arc<AtomicUsize>,
}

struct Guard(Arc<AtomicUsize>);

impl Drop for Guard {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

impl Work {
    fn begin(&self) -> Guard {
        self.begun.fetch_add(1, Ordering::SeqCst);
        Guard(Arc::clone(&self.dropped))
    }

    fn seen(&self) -> (usize, usize) {
        (
            self.begun.load(Ordering::SeqCst),
            self.dropped.load(Ordering::SeqCst),
        )
    }
}

/// The innermost service hangs from now on.
fn hang(chain: &Chain) -> Work {
    let work = Work::default();
    let counted = work.clone();
    chain.inner.ask.handle(move |_, _| {
        let guard = counted.begin();
        async move {
            pending::<()>().await;
            drop(guard);
            Ok(AskReply::default())
        }
    });
    work
}

fn answer(chain: &Chain) {
    chain.inner.ask.reply(AskReply {
        text: "all is well".to_owned(),
    });
}

#[tokio::test(start_paused = true)]
async fn an_answer_comes_through_three_services() {
    let chain = Chain::new(&Setup::default());
    answer(&chain);
    let report = chain.gateway().get_report(7).await.expect("it works");
    assert_eq!(report.text, "all is well");
    chain.inner.ask.assert_called(1);
    assert_eq!(chain.inner.ask.calls()[0].0.id, 7);
}

#[tokio::test(start_paused = true)]
async fn what_is_left_of_the_deadline_reaches_the_innermost_service() {
    let chain = Chain::new(&Setup {
        work: millis(300),
        ..Setup::default()
    });
    let left = Arc::new(Mutex::new(None));
    let noted = Arc::clone(&left);
    chain.inner.ask.handle(move |cx: Context, _| {
        *noted.lock().expect("no panic before") = cx.deadline().map(|deadline| deadline.remaining());
        async { Ok(AskReply::default()) }
    });
    chain
        .gateway()
        .get_report(1)
        .timeout(millis(2000))
        .await
        .expect("in time");
    assert_eq!(
        *left.lock().expect("no panic before"),
        Some(millis(1400)),
        "two hops of 300 ms each"
    );
}

#[tokio::test(start_paused = true)]
async fn the_deadline_ends_the_work_of_all_services() {
    let chain = Chain::new(&Setup::default());
    let work = hang(&chain);
    let started = Instant::now();
    let error = chain
        .gateway()
        .get_report(1)
        .timeout(millis(2000))
        .await
        .expect_err("it hangs");
    // Services and caller give up at the same instant: which of them is heard is not said.
    assert_eq!(
        (error.code(), started.elapsed()),
        (Code::DeadlineExceeded, millis(2000))
    );
    tokio::task::yield_now().await;
    assert_eq!(work.seen(), (1, 1), "the innermost handler was dropped");
    assert_eq!(chain.places.in_use(), 0);
}

#[tokio::test(start_paused = true)]
async fn servers_keep_the_deadline_of_a_caller_that_waits_on() {
    let chain = Chain::new(&Setup::default());
    let work = hang(&chain);
    let started = Instant::now();
    // The caller tells two seconds, and has no limit of its own.
    let error = chain
        .outside
        .get("reports/1")
        .header("tieline-timeout-ms", "2000")
        .await
        .expect_err("it hangs");
    let told = started.elapsed();
    assert_eq!(error.status().map(|status| status.as_u16()), Some(504), "{error}");
    assert_eq!((told, work.seen()), (millis(2000), (1, 1)));
}

#[tokio::test(start_paused = true)]
async fn a_caller_that_goes_away_ends_the_work_and_frees_its_place() {
    let chain = Chain::new(&Setup::default());
    let work = hang(&chain);
    let gateway = chain.gateway();
    let waiting = tokio::time::timeout(millis(500), gateway.get_report(1).send());
    assert!(
        waiting.await.is_err(),
        "given up by its caller, not by a deadline"
    );
    tokio::task::yield_now().await;
    assert_eq!(work.seen(), (1, 1));
    assert_eq!(chain.places.in_use(), 0, "the permit came back");
}

#[tokio::test(start_paused = true)]
async fn a_place_is_held_while_the_call_is_under_way() {
    let chain = Chain::new(&Setup::default());
    let work = hang(&chain);
    let gateway = chain.gateway();
    let call = tokio::spawn(async move { gateway.get_report(1).await.map(drop).map_err(drop) });
    while work.seen().0 == 0 {
        tokio::task::yield_now().await;
    }
    assert_eq!(chain.places.in_use(), 1);
    call.abort();
    // An aborted task ends with an error that says so.
    let _ = call.await;
    assert_eq!((work.seen(), chain.places.in_use()), ((1, 1), 0));
}

#[tokio::test(start_paused = true)]
async fn one_correlation_id_is_seen_by_all_and_stands_in_the_error() {
    let chain = Chain::new(&Setup::default());
    chain
        .inner
        .ask
        .fail(Error::new(Code::NotFound, "there is no such report"));
    let context = Context::new()
        .with_correlation_id("outside-1")
        .with_request_id("request-2");
    let error = chain
        .gateway()
        .get_report(1)
        .context(&context)
        .await
        .expect_err("not found");
    assert_eq!(
        (error.code(), error.correlation_id()),
        (Code::NotFound, Some("outside-1"))
    );
    assert!(error.to_string().contains("outside-1"), "{error}");
    let headers = &error.reply().expect("a reply").headers;
    assert_eq!(headers["x-correlation-id"], "outside-1");
    let seen = &chain.inner.ask.contexts()[0];
    assert_eq!(seen.correlation_id().map(|id| &**id), Some("outside-1"));
    assert_eq!(seen.request_id().map(|id| &**id), Some("request-2"));
}

#[tokio::test(start_paused = true)]
async fn a_call_without_an_id_gets_one_that_all_share() {
    let chain = Chain::new(&Setup::default());
    answer(&chain);
    let reply = chain.gateway().get_report(1).send().await.expect("it works");
    let id = reply.headers()["x-correlation-id"].to_str().expect("text");
    let seen = &chain.inner.ask.contexts()[0];
    assert_eq!(seen.correlation_id().map(|id| &**id), Some(id));
    let (trace, parent) = (seen.trace().expect("a trace"), seen.header("traceparent"));
    assert_eq!(parent, Some(trace.traceparent().as_str()));
}

#[tokio::test(start_paused = true)]
async fn a_repeated_attempt_is_not_repeated_again_one_hop_on() {
    let chain = Chain::new(&Setup::default());
    chain.inner.ask.fail(Error::new(Code::Unavailable, "busy"));
    let error = chain.gateway().get_report(1).await.expect_err("it is busy");
    assert_eq!(error.code(), Code::Unavailable);
    // The gateway asks three times. The middle repeats for its first attempt only: 3 + 1 + 1, not 3 x 3.
    chain.inner.ask.assert_called(5);
    let attempts: Vec<u32> = chain.inner.ask.contexts().iter().map(Context::attempt).collect();
    assert_eq!(attempts, [0, 1, 2, 1, 2]);
}

#[test]
fn attempts_do_not_multiply_along_five_services() {
    let ask = async {
        let last = Arc::new(contracts::inner::Mock::new());
        last.ask.fail(Error::new(Code::Unavailable, "busy"));
        let first = chain::row(5, &last);
        let asked = contracts::inner::types::inner::AskRequest { id: 1 };
        let error = first.ask(asked).await.expect_err("it is busy");
        assert_eq!(error.code(), Code::Unavailable);
        // Each of the five clients repeats its first attempt twice, and none repeats for a repetition: not 3 to the power of 5.
        last.ask.assert_called(1 + 2 * 5);
    };
    // Services of one process stand on one stack, and unoptimised each takes half a megabyte of it.
    let thread = std::thread::Builder::new().stack_size(8 << 20);
    let asking = thread.spawn(|| fleet::simulate(ask)).expect("a thread");
    asking.join().expect("no panic");
}

#[tokio::test(start_paused = true)]
async fn the_repetition_of_an_outer_caller_is_not_multiplied() {
    let chain = Chain::new(&Setup::default());
    chain.inner.ask.fail(Error::new(Code::Unavailable, "busy"));
    let repeated = chain.outside.get("reports/1").header("tieline-attempt", "1");
    let error = repeated.await.expect_err("it is busy");
    assert_eq!(error.status().map(|status| status.as_u16()), Some(503));
    // Nobody repeats for what is a repetition already, the middle as little as the gateway.
    chain.inner.ask.assert_called(1);
}

#[tokio::test(start_paused = true)]
async fn the_breaker_in_the_middle_opens_when_the_innermost_hangs_and_closes_when_it_is_back() {
    let chain = Chain::new(&Setup {
        breakers: true,
        ..Setup::default()
    });
    let work = hang(&chain);
    let breaker = Arc::clone(chain.to_inner.inner().breaker().expect("it has one"));
    let gateway = chain.gateway();
    for call in 1..=3 {
        assert_eq!(breaker.state(), State::Closed, "before call {call}");
        let error = gateway.get_report(1).timeout(millis(500)).await;
        assert_eq!(error.expect_err("it hangs").code(), Code::DeadlineExceeded);
    }
    assert_eq!(breaker.state(), State::Open);
    let started = Instant::now();
    let error = gateway
        .get_report(1)
        .timeout(millis(500))
        .await
        .expect_err("it is open");
    assert!(started.elapsed() < millis(100), "{:?}", started.elapsed());
    assert_eq!(error.code(), Code::Unavailable, "{error}");
    assert_eq!(work.seen(), (3, 3), "the innermost was left alone");

    answer(&chain);
    tokio::time::advance(Duration::from_secs(30)).await;
    for _ in 0..3 {
        gateway.get_report(1).await.expect("a probe that works");
    }
    assert_eq!(breaker.state(), State::Closed);
}

#[test]
fn a_blocking_client_goes_the_same_way() {
    let chain = Chain::new(&Setup::default());
    answer(&chain);
    let gateway = gateway::blocking::Client::from(chain.gateway());
    let reply = gateway.get_report(3).send().expect("it works");
    let gateway::get_report::Response::Ok(report) = reply.body();
    assert_eq!((reply.attempts(), report.text.as_str()), (1, "all is well"));
    chain
        .inner
        .ask
        .fail(Error::new(Code::InvalidArgument, "no such number"));
    let error = gateway.get_report(4).call().expect_err("it is invalid");
    assert_eq!(error.code(), Code::InvalidArgument, "{error}");
}
