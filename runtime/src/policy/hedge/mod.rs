//! Hedging: a second attempt at a call that is slow, while the first one still runs; who answers first wins.
//!
//! ```text
//! attempt 0 ├────────────────────────────────────── (dropped)
//!           │<── delay ──>│
//! attempt 1               ├───────────> answer: the call's
//! ```
//!
//! It cuts the tail of latency at the price of some more load (Dean and Barroso, "The tail at scale", 2013). The delay is
//! fixed, or a quantile of how long calls took of late: at the 95th percentile, one call in twenty is hedged. Each hedge
//! is paid for from a [`Budget`] before it is sent, the one that retries are paid from, so that a service that has
//! become slow as a whole does not get twice the load.
//!
//! Only what may safely be done twice should be hedged. The rules are those of gRPC (gRFC A6): a failure that may pass
//! starts the next attempt at once, and others go on; one that is final is the call's; a service that asks for a pause gets
//! no further attempt. Whoever loses is dropped, which cancels it.

mod latency;

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;

use self::latency::Latency;
use crate::clock::Clock;
use crate::policy::retry::{Budget, Retryable, Verdict};

/// The hedging policy. Clones share what is known of latency, and the budget.
///
/// ```
/// # use std::time::Duration;
/// # use tieline::policy::hedge::Hedge;
/// # use tieline::policy::retry::{Retryable, Verdict};
/// # #[derive(Debug)] struct Refused;
/// # impl Retryable for Refused { fn verdict(&self) -> Verdict { Verdict::TRANSIENT } }
/// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() {
/// let hedge = Hedge::after(Duration::from_millis(50));
/// let answer = hedge
///     .run(|attempt| async move {
///         // The first replica hangs, the second does not.
///         if attempt == 0 { tokio::time::sleep(Duration::from_secs(10)).await }
///         Ok::<_, Refused>(attempt)
///     })
///     .await;
/// assert_eq!(answer.unwrap(), 1);
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Hedge {
    delay: Delay,
    max_attempts: u32,
    budget: Option<Arc<Budget>>,
    clock: Clock,
}

#[derive(Clone, Debug)]
enum Delay {
    Fixed(Duration),
    Quantile {
        share: f64,
        floor: Duration,
        least: u32,
        window: Duration,
        latency: Arc<Latency>,
    },
}

/// How a hedged call failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("failed after {attempts} attempt(s), hedges included")]
pub struct Failed<E> {
    /// What the attempt that decided failed with: the one whose failure was final, or the last one.
    #[source]
    pub error: E,
    /// How many attempts were made, at least 1.
    pub attempts: u32,
}

impl Hedge {
    /// A second attempt after `delay`, zero being at once.
    pub fn after(delay: Duration) -> Self {
        Self::by(Delay::Fixed(delay), Clock::default())
    }

    /// A second attempt when a call has taken longer than this share of the calls of the last minute (0.5 to 0.999; not a
    /// number is taken as 0.5), and at least 1 ms. There is none before 100 calls are known.
    pub fn at_quantile(share: f64) -> Self {
        let (window, clock) = (Duration::from_secs(60), Clock::default());
        let delay = Delay::Quantile {
            share: if share.is_nan() {
                0.5
            } else {
                share.clamp(0.5, 0.999)
            },
            floor: Duration::from_millis(1),
            least: 100,
            window,
            latency: Arc::new(Latency::new(window, clock.now())),
        };
        Self::by(delay, clock)
    }

    fn by(delay: Delay, clock: Clock) -> Self {
        Self {
            delay,
            max_attempts: 2,
            budget: Some(Arc::new(Budget::default())),
            clock,
        }
    }

    /// At most so many attempts, the first one included (2 by default, at least 1), each a delay after the one before.
    pub fn max_attempts(mut self, attempts: u32) -> Self {
        self.max_attempts = attempts.max(1);
        self
    }

    /// Sets the budget: that of the retries of the same service.
    pub fn budget(mut self, budget: Arc<Budget>) -> Self {
        self.budget = Some(budget);
        self
    }

    /// Lets hedges be as many as calls are slow. When a service becomes slow as a whole, that multiplies its load.
    pub fn without_budget(mut self) -> Self {
        self.budget = None;
        self
    }

    /// The shortest delay (1 ms by default), where it is a quantile.
    pub fn floor(mut self, shortest: Duration) -> Self {
        if let Delay::Quantile { floor, .. } = &mut self.delay {
            *floor = shortest;
        }
        self
    }

    /// How long calls are remembered, and how many have to be known, for a quantile.
    pub fn window(self, time: Duration, calls: u32) -> Self {
        self.measured(|window, least| (*window, *least) = (time, calls))
    }

    /// Sets the clock. Where it is another, what is known of latency is forgotten.
    pub fn clock(mut self, clock: Clock) -> Self {
        if self.clock == clock {
            return self;
        }
        self.clock = clock;
        self.measured(|_, _| {})
    }

    /// Begins to measure anew.
    fn measured(mut self, change: impl FnOnce(&mut Duration, &mut u32)) -> Self {
        if let Delay::Quantile {
            window,
            least,
            latency,
            ..
        } = &mut self.delay
        {
            change(window, least);
            *latency = Arc::new(Latency::new(*window, self.clock.now()));
        }
        self
    }

    /// The delay of a call that is made now; `None` while too little is known.
    pub fn delay(&self) -> Option<Duration> {
        match &self.delay {
            Delay::Fixed(delay) => Some(*delay),
            Delay::Quantile {
                share,
                floor,
                least,
                latency,
                ..
            } => {
                let quantile = latency.quantile(*share, *least, self.clock.now())?;
                Some(quantile.max(*floor))
            }
        }
    }

    /// Runs `work`, and again beside it when it is slow. It gets the number of the attempt, from 0.
    ///
    /// # Errors
    /// [`Failed`]: no attempt succeeded.
    pub async fn run<T, E, F, Fut>(&self, work: F) -> Result<T, Failed<E>>
    where
        F: FnMut(u32) -> Fut,
        Fut: Future<Output = Result<T, E>>,
        E: Retryable,
    {
        self.run_with(|error: &E| error.verdict(), work).await
    }

    /// [`run`](Hedge::run) with a function that says of an error whether others may still succeed.
    ///
    /// # Errors
    /// [`Failed`]: no attempt succeeded.
    pub async fn run_with<T, E, F, Fut>(&self, judge: impl Fn(&E) -> Verdict, work: F) -> Result<T, Failed<E>>
    where
        F: FnMut(u32) -> Fut,
        Fut: Future<Output = Result<T, E>>,
    {
        if let Some(budget) = &self.budget {
            budget.deposit();
        }
        self.race(judge, || true, work).await
    }

    /// [`run_with`](Hedge::run_with) for a call that the budget knows of already. No hedge is made, and no further one tried, when
    /// `may_hedge` says no.
    pub(in crate::policy) async fn race<T, E, F, Fut>(
        &self,
        judge: impl Fn(&E) -> Verdict,
        may_hedge: impl Fn() -> bool,
        mut work: F,
    ) -> Result<T, Failed<E>>
    where
        F: FnMut(u32) -> Fut,
        Fut: Future<Output = Result<T, E>>,
    {
        let (mut delay, mut attempts) = (self.delay(), 1);
        // The first attempt stands here and costs nothing; hedges are rare, and are boxed.
        let mut first = pin!(self.timed(work(0)));
        let mut first_runs = true;
        let mut hedges = FuturesUnordered::new();
        loop {
            let next = poll_fn(|cx| {
                if first_runs && let Poll::Ready(result) = first.as_mut().poll(cx) {
                    first_runs = false;
                    return Poll::Ready(result);
                }
                match hedges.poll_next_unpin(cx) {
                    Poll::Ready(Some(result)) => Poll::Ready(result),
                    Poll::Ready(None) | Poll::Pending => Poll::Pending,
                }
            });
            let error = match delay {
                Some(delay) if attempts < self.max_attempts => self.clock.within(delay, next).await,
                _ => Some(next.await),
            };
            let error = match error {
                Some(Ok(value)) => return Ok(value),
                Some(Err(error)) => Some(error),
                None => None,
            };
            let verdict = error.as_ref().map(&judge);
            if verdict.is_some_and(|verdict| verdict.retry_after().is_some()) {
                delay = None;
            }
            let is_final = verdict.is_some_and(|verdict| !verdict.is_retryable());
            let wants = !is_final && delay.is_some() && attempts < self.max_attempts;
            if wants && self.pays() && may_hedge() {
                hedges.push(Box::pin(self.timed(work(attempts))));
                attempts += 1;
            } else if let Some(error) = error.filter(|_| is_final || !first_runs && hedges.is_empty()) {
                return Err(Failed { error, attempts });
            } else {
                // What runs decides.
                delay = None;
            }
        }
    }

    /// Pays for a hedge.
    fn pays(&self) -> bool {
        self.budget.as_ref().is_none_or(|budget| budget.try_withdraw())
    }

    /// An attempt whose time is recorded when it succeeds.
    async fn timed<T, E>(&self, work: impl Future<Output = Result<T, E>>) -> Result<T, E> {
        let Delay::Quantile { latency, .. } = &self.delay else {
            return work.await;
        };
        let started = self.clock.now();
        let result = work.await;
        if result.is_ok() {
            let now = self.clock.now();
            latency.record(now.since(started), now);
        }
        result
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[derive(Clone, Copy, Debug, PartialEq)]
    struct Status(u16);

    fn judge(status: &Status) -> Verdict {
        match status.0 {
            400 => Verdict::FINAL,
            429 => Verdict::THROTTLED.after(Some(Duration::from_secs(1))),
            _ => Verdict::TRANSIENT,
        }
    }

    const fn ms(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    /// What each attempt does: how long it takes, and its status.
    async fn call(hedge: &Hedge, script: &[(u64, u16)]) -> (Result<u32, Failed<Status>>, u64, u32) {
        let (started, made) = (Clock::tokio().now(), Cell::new(0));
        let result = hedge.run_with(judge, |attempt| {
            made.set(made.get() + 1);
            let (takes, status) = script[attempt as usize];
            async move {
                Clock::tokio().sleep(ms(takes)).await;
                if status == 200 {
                    Ok(attempt)
                } else {
                    Err(Status(status))
                }
            }
        });
        let result = result.await;
        (
            result,
            Clock::tokio().now().since(started).as_millis() as u64,
            made.get(),
        )
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_that_is_quick_enough_is_not_hedged() {
        let hedge = Hedge::after(ms(100));
        assert_eq!(call(&hedge, &[(99, 200)]).await, (Ok(0), 99, 1));
    }

    #[tokio::test(start_paused = true)]
    async fn the_first_answer_wins_whichever_attempt_it_is_of() {
        let hedge = Hedge::after(ms(100)).max_attempts(3);
        assert_eq!(call(&hedge, &[(1000, 200), (20, 200)]).await, (Ok(1), 120, 2));
        assert_eq!(call(&hedge, &[(150, 200), (90, 200)]).await, (Ok(0), 150, 2));
        assert_eq!(
            call(&hedge, &[(1000, 200), (1000, 200), (1, 200)]).await,
            (Ok(2), 201, 3)
        );
    }

    #[tokio::test(start_paused = true)]
    async fn who_loses_is_dropped() {
        struct Alive<'a>(&'a Cell<u32>);
        impl Drop for Alive<'_> {
            fn drop(&mut self) {
                self.0.set(self.0.get() - 1);
            }
        }
        let alive = Cell::new(0);
        let work = |attempt: u32| {
            alive.set(alive.get() + 1);
            let guard = Alive(&alive);
            async move {
                let _guard = guard;
                Clock::tokio()
                    .sleep(ms(if attempt == 1 { 10 } else { 10_000 }))
                    .await;
                Ok::<_, Status>(attempt)
            }
        };
        let hedge = Hedge::after(ms(100)).max_attempts(5);
        assert_eq!(hedge.run_with(judge, work).await, Ok(1));
        assert_eq!(alive.get(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn a_failure_that_may_pass_starts_the_next_at_once_and_waits_for_the_rest() {
        let hedge = Hedge::after(ms(100)).max_attempts(3);
        assert_eq!(call(&hedge, &[(10, 503), (20, 200)]).await, (Ok(1), 30, 2));
        let (result, took, made) = call(&hedge, &[(250, 200), (10, 503), (10, 503)]).await;
        assert_eq!(
            (result, took, made),
            (Ok(0), 250, 3),
            "the hedges fail, the first one does not"
        );
        let (result, ..) = call(&hedge, &[(10, 500), (10, 502), (10, 503)]).await;
        let failed = Failed {
            error: Status(503),
            attempts: 3,
        };
        assert_eq!(result, Err(failed));
    }

    #[tokio::test(start_paused = true)]
    async fn a_final_failure_is_the_calls() {
        let hedge = Hedge::after(ms(100));
        let (result, took, made) = call(&hedge, &[(1000, 200), (10, 400)]).await;
        assert_eq!(result.unwrap_err().error, Status(400));
        assert_eq!((took, made), (110, 2));
    }

    #[tokio::test(start_paused = true)]
    async fn a_service_that_asks_for_a_pause_gets_no_further_attempt() {
        let hedge = Hedge::after(ms(100)).max_attempts(4);
        let (result, took, made) = call(&hedge, &[(500, 200), (10, 429)]).await;
        assert_eq!((result, took, made), (Ok(0), 500, 2));
        let (result, _, made) = call(&hedge, &[(10, 429)]).await;
        assert_eq!((result.unwrap_err().attempts, made), (1, 1));
    }

    #[tokio::test(start_paused = true)]
    async fn hedges_stay_within_the_budget() {
        let budget = Arc::new(Budget::new(0.1, 0, Duration::from_secs(3600)));
        let hedge = Hedge::after(ms(10)).budget(Arc::clone(&budget));
        let mut sent = 0;
        for _ in 0..200 {
            sent += call(&hedge, &[(50, 200), (50, 200)]).await.2;
        }
        assert_eq!(sent, 220, "one call in ten is hedged, though all are slow");
    }

    #[tokio::test(start_paused = true)]
    async fn the_delay_follows_the_latency_of_late() {
        let hedge = Hedge::at_quantile(0.95).window(Duration::from_secs(60), 50);
        assert_eq!(hedge.delay(), None, "nothing is known");
        for call_number in 0..50 {
            let takes = if call_number % 25 == 0 { 80 } else { 10 };
            assert!(call(&hedge, &[(takes, 200), (80, 200)]).await.0.is_ok());
        }
        let delay = hedge.delay().expect("enough is known");
        assert!((ms(10)..ms(12)).contains(&delay), "{delay:?}");
        let (result, took, made) = call(&hedge, &[(80, 200), (10, 200)]).await;
        assert_eq!((result, made), (Ok(1), 2));
        assert!(took < 25, "{took}");
        assert_eq!(hedge.clone().floor(ms(50)).delay(), Some(ms(50)));
    }

    #[tokio::test(start_paused = true)]
    async fn one_attempt_is_no_hedging() {
        let hedge = Hedge::after(Duration::ZERO).max_attempts(0);
        assert_eq!(call(&hedge, &[(500, 200)]).await, (Ok(0), 500, 1));
    }
}
