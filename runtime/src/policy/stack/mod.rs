//! [`Policies`]: all policies in the house's order around any async closure.
//!
//! ```text
//! total deadline ─> breaker ─> throttle ─> bulkhead, adaptive limit ─> retry ─> hedge ─> rate limit ─> attempt timeout ─> the closure
//!                                                                      └─ budget ─┘
//! ```
//!
//! - The breaker judges the call as a whole. A deadline that passes is a failure of the service once an attempt has
//!   been started; a call that only waited for a place in the bulkhead says nothing about the service.
//! - The throttle learns from calls as a whole; the rate limit counts attempts, since the service counts them. An attempt
//!   after the first that would have to wait for longer than it may is not made.
//! - Retry and hedge pay from one budget, that of the retry policy. What is hedged is an attempt: hedges do not count against
//!   the limit of attempts, and are attempts in every other respect.
//! - The adaptive limit holds calls, and learns from how long attempts take: waits between them say nothing about the service.
//! - When the breaker opens while a call is between two attempts, the call makes no further one.
//! - Cancelling the call gives back its place and its probe slot, and counts as nothing.

mod error;

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use self::error::Missed;
pub use self::error::PolicyError;
use crate::clock::{Clock, Reading};
use crate::policy::adaptive::Adaptive;
use crate::policy::breaker::{self, Breaker, Judged, Judgement};
use crate::policy::bulkhead::Bulkhead;
use crate::policy::deadline::{Deadline, Elapsed};
use crate::policy::hedge::{self, Hedge};
use crate::policy::rate_limit::{Limited, RateLimit};
use crate::policy::retry::{Attempts, Failed, Retry, Retryable, Stop, Verdict};
use crate::policy::throttle::Throttle;

/// A set of policies for calls to one service. Clones share everything that counts: breaker, throttle, bulkhead, rate limit
/// and budget.
///
/// ```
/// # use std::time::Duration;
/// # use tieline::policy::breaker::{Breaker, Settings};
/// # use tieline::policy::bulkhead::Bulkhead;
/// # use tieline::policy::retry::{Retry, Verdict};
/// # use tieline::policy::breaker::Judgement;
/// # use tieline::policy::stack::Policies;
/// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() {
/// let policies = Policies::none()
///     .timeout(Duration::from_secs(30))
///     .breaker(Breaker::new(Settings::new("users")))
///     .bulkhead(Bulkhead::new(10))
///     .retry(Retry::stepped())
///     .attempt_timeout(Duration::from_secs(3));
/// let user = policies
///     .run_with(
///         |_: &std::io::Error| (Verdict::TRANSIENT, Judgement::Failure),
///         |attempt| async move { if attempt == 0 { Err(std::io::Error::other("refused")) } else { Ok("Ada") } },
///     )
///     .await;
/// assert_eq!(user.unwrap(), "Ada");
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Policies {
    timeout: Option<Duration>,
    breaker: Option<Arc<Breaker>>,
    throttle: Option<Arc<Throttle>>,
    bulkhead: Option<Arc<Bulkhead>>,
    adaptive: Option<Arc<Adaptive>>,
    rate_limit: Option<Arc<RateLimit>>,
    retry: Retry,
    hedge: Option<Hedge>,
    attempt_timeout: Option<Duration>,
    clock: Clock,
}

impl Policies {
    /// No policy at all: one attempt, however long it takes.
    pub fn none() -> Self {
        Self {
            timeout: None,
            breaker: None,
            throttle: None,
            bulkhead: None,
            adaptive: None,
            rate_limit: None,
            retry: Retry::never(),
            hedge: None,
            attempt_timeout: None,
            clock: Clock::default(),
        }
    }

    /// The usual set for the service called `service`: 30 s in total, the default breaker, the default retries.
    pub fn new(service: &str) -> Self {
        Self::none()
            .timeout(Duration::from_secs(30))
            .breaker(Breaker::new(breaker::Settings::new(service)))
            .retry(Retry::default())
    }

    /// Limits the whole call, its waits and attempts included.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Sets the breaker, a new or a shared one.
    pub fn breaker(mut self, breaker: impl Into<Arc<Breaker>>) -> Self {
        self.breaker = Some(breaker.into());
        self
    }

    /// Sets the bulkhead, a new or a shared one.
    pub fn bulkhead(mut self, bulkhead: impl Into<Arc<Bulkhead>>) -> Self {
        self.bulkhead = Some(bulkhead.into());
        self
    }

    /// Throttles calls when the service does not accept enough of them.
    pub fn throttle(mut self, throttle: impl Into<Arc<Throttle>>) -> Self {
        self.throttle = Some(throttle.into());
        self
    }

    /// Limits the calls under way by how long attempts take.
    pub fn adaptive(mut self, limit: impl Into<Arc<Adaptive>>) -> Self {
        self.adaptive = Some(limit.into());
        self
    }

    /// Limits the attempts over time, by a new limit or a shared one.
    pub fn rate_limit(mut self, limit: impl Into<Arc<RateLimit>>) -> Self {
        self.rate_limit = Some(limit.into());
        self
    }

    /// Sets the retry policy. Only what may safely be repeated should run under more than one attempt.
    pub fn retry(mut self, retry: Retry) -> Self {
        self.retry = retry;
        self
    }

    /// Hedges attempts that are slow. As with retries, only what may safely be repeated should run so.
    pub fn hedge(mut self, hedge: Hedge) -> Self {
        self.hedge = Some(hedge);
        self
    }

    /// Whether attempts that are slow are hedged.
    pub(crate) const fn hedges(&self) -> bool {
        self.hedge.is_some()
    }

    /// The same without hedging.
    pub(crate) fn unhedged(&self) -> Self {
        Self {
            hedge: None,
            ..self.clone()
        }
    }

    /// Limits each attempt. One that runs out of time may be followed by another.
    pub fn attempt_timeout(mut self, timeout: Duration) -> Self {
        self.attempt_timeout = Some(timeout);
        self
    }

    /// Sets the clock of the deadlines. Breaker, bulkhead and retry have their own.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// The breaker, when there is one.
    pub const fn shared_breaker(&self) -> Option<&Arc<Breaker>> {
        self.breaker.as_ref()
    }

    /// Runs `work` under all policies. It gets the number of the attempt, from 0.
    ///
    /// # Errors
    /// [`PolicyError`]: what rejected the call, what ran out, or how the last attempt failed.
    pub async fn run<T, E, F, Fut>(&self, work: F) -> Result<T, PolicyError<E>>
    where
        F: FnMut(u32) -> Fut,
        Fut: Future<Output = Result<T, E>>,
        E: Retryable + Judged,
    {
        self.run_with(|error: &E| (error.verdict(), error.judgement()), work)
            .await
    }

    /// [`run`](Policies::run) with a function that says of an error whether it is worth another attempt, and what it
    /// means for the breaker.
    ///
    /// # Errors
    /// [`PolicyError`]: what rejected the call, what ran out, or how the last attempt failed.
    pub async fn run_with<T, E, F, Fut>(
        &self,
        judge: impl Fn(&E) -> (Verdict, Judgement),
        work: F,
    ) -> Result<T, PolicyError<E>>
    where
        F: FnMut(u32) -> Fut,
        Fut: Future<Output = Result<T, E>>,
    {
        self.run_until(Deadline::NEVER, judge, work).await
    }

    /// [`run_with`](Policies::run_with) under a deadline that is given, such as that of the request being served,
    /// beside the policy's own.
    ///
    /// # Errors
    /// [`PolicyError`]: what rejected the call, what ran out, or how the last attempt failed.
    pub async fn run_until<T, E, F, Fut>(
        &self,
        deadline: Deadline,
        judge: impl Fn(&E) -> (Verdict, Judgement),
        work: F,
    ) -> Result<T, PolicyError<E>>
    where
        F: FnMut(u32) -> Fut,
        Fut: Future<Output = Result<T, E>>,
    {
        let now = self.clock.read();
        let deadline = match self.timeout {
            Some(timeout) => deadline.min(Deadline::at(self.clock, now.at().plus(timeout))),
            None => deadline,
        };
        let permit = match &self.breaker {
            Some(breaker) => Some(breaker.try_acquire_at(now.on(breaker.clock()))?),
            None => None,
        };
        let throttled = self.throttle.as_ref().map(|throttle| throttle.try_acquire());
        let throttled = throttled.transpose()?;
        let started = AtomicU32::new(0);
        let mut admission = Admission {
            permit,
            deadline,
            started: &started,
        };
        let may_go_on = || !admission.permit.as_ref().is_some_and(breaker::Permit::is_cut_off);
        let result = {
            // Pinned here, so that it is not moved through the deadline; dropped before the breaker hears of it.
            let admitted = pin!(self.admitted(deadline, now, &started, &may_go_on, &judge, work));
            deadline.run(admitted).await
        };
        let result = result.unwrap_or_else(|Elapsed| {
            Err(PolicyError::Deadline {
                attempts: started.load(Ordering::Relaxed),
            })
        });
        let judgement = judgement(&result, judge);
        if let Some(permit) = admission.permit.take() {
            permit.report(judgement);
        }
        if let (Some(permit), Judgement::Success) = (throttled, judgement) {
            permit.accepted();
        }
        result
    }

    /// What happens behind the breaker and within the total deadline.
    async fn admitted<T, E, F, Fut>(
        &self,
        deadline: Deadline,
        now: Reading,
        started: &AtomicU32,
        may_go_on: &impl Fn() -> bool,
        judge: &impl Fn(&E) -> (Verdict, Judgement),
        mut work: F,
    ) -> Result<T, PolicyError<E>>
    where
        F: FnMut(u32) -> Fut,
        Fut: Future<Output = Result<T, E>>,
    {
        let _place = match &self.bulkhead {
            Some(bulkhead) => Some(bulkhead.acquire().await?),
            None => None,
        };
        let _room = match &self.adaptive {
            Some(adaptive) => Some(adaptive.acquire().await?),
            None => None,
        };
        let mut attempts = self.retry.attempts_at(deadline, now);
        self.turn(deadline).await?;
        loop {
            let missed = match self.attempts(started, may_go_on, judge, &mut work).await {
                Ok(value) => return Ok(value),
                Err(missed) => missed,
            };
            let verdict = missed.verdict(judge);
            let pause = self.pause(&mut attempts, verdict, deadline, may_go_on);
            if let Err(stop) = pause.await {
                let attempts = started.load(Ordering::Relaxed);
                return Err(match missed {
                    Missed::Failed(error) => PolicyError::Failed(Failed {
                        error,
                        attempts,
                        stop,
                    }),
                    Missed::Elapsed => PolicyError::Timeout { attempts, stop },
                });
            }
        }
    }

    /// One attempt, or several side by side where they are hedged.
    async fn attempts<T, E, F, Fut>(
        &self,
        started: &AtomicU32,
        may_go_on: &impl Fn() -> bool,
        judge: &impl Fn(&E) -> (Verdict, Judgement),
        work: &mut F,
    ) -> Result<T, Missed<E>>
    where
        F: FnMut(u32) -> Fut,
        Fut: Future<Output = Result<T, E>>,
    {
        let mut next = || self.attempt(judge, work(started.fetch_add(1, Ordering::Relaxed)));
        let Some(hedge) = &self.hedge else {
            return next().await;
        };
        // A hedge that had to wait for its turn would be no use.
        let has_turn = || {
            let limit = self.rate_limit.as_ref();
            limit.is_none_or(|limit| limit.try_acquire().is_ok())
        };
        let verdict = |missed: &Missed<E>| missed.verdict(judge);
        // Boxed, because few clients hedge and every call would carry room for it.
        let race = Box::pin(hedge.race(verdict, || may_go_on() && has_turn(), |_| next()));
        race.await.map_err(|hedge::Failed { error, .. }| error)
    }

    /// One attempt under its own timeout, timed where the limit of calls follows from that.
    async fn attempt<T, E>(
        &self,
        judge: &impl Fn(&E) -> (Verdict, Judgement),
        work: impl Future<Output = Result<T, E>>,
    ) -> Result<T, Missed<E>> {
        let work = pin!(work);
        let Some(adaptive) = &self.adaptive else {
            return self.within_its_time(work).await;
        };
        let started = adaptive.own_clock().now();
        let result = self.within_its_time(work).await;
        match &result {
            Ok(_) => adaptive.ended(started, false),
            Err(missed) if missed.is_failure_of_the_service(judge) => adaptive.ended(started, true),
            Err(_) => {}
        }
        result
    }

    async fn within_its_time<T, E>(
        &self,
        work: Pin<&mut impl Future<Output = Result<T, E>>>,
    ) -> Result<T, Missed<E>> {
        let result = match self.attempt_timeout {
            Some(timeout) => self.clock.within(timeout, work).await.ok_or(Missed::Elapsed)?,
            None => work.await,
        };
        result.map_err(Missed::Failed)
    }

    /// Waits until the rate limit lets an attempt through.
    async fn turn(&self, deadline: Deadline) -> Result<(), Limited> {
        match &self.rate_limit {
            Some(limit) => limit.acquire_until(deadline).await,
            None => Ok(()),
        }
    }

    /// Waits for the next attempt, if there may be one.
    async fn pause(
        &self,
        attempts: &mut Attempts<'_>,
        verdict: Verdict,
        deadline: Deadline,
        may_go_on: &impl Fn() -> bool,
    ) -> Result<(), Stop> {
        if verdict.is_retryable() && !may_go_on() {
            return Err(Stop::Forbidden);
        }
        attempts.pause(verdict).await?;
        self.turn(deadline)
            .await
            .map_err(|Limited { .. }| Stop::RateLimit)?;
        if may_go_on() { Ok(()) } else { Err(Stop::Forbidden) }
    }
}

/// The breaker's permit, as long as the call has no result.
///
/// A call that is dropped was cancelled, which says nothing about the service, unless it is dropped because its time was
/// over: a server gives up a handler at the deadline of its request, and the calls made there with it. Were these not
/// counted, a service that hangs would never open a breaker behind a server that enforces deadlines.
struct Admission<'a> {
    permit: Option<breaker::Permit<&'a Breaker>>,
    deadline: Deadline,
    started: &'a AtomicU32,
}

impl Drop for Admission<'_> {
    fn drop(&mut self) {
        if let Some(permit) = self.permit.take()
            && self.started.load(Ordering::Relaxed) > 0
            && self.deadline.has_elapsed()
        {
            permit.failure();
        }
    }
}

/// What the result of a call as a whole says about the service.
fn judgement<T, E>(
    result: &Result<T, PolicyError<E>>,
    judge: impl Fn(&E) -> (Verdict, Judgement),
) -> Judgement {
    match result {
        Ok(_) => Judgement::Success,
        Err(PolicyError::Failed(failed)) => judge(&failed.error).1,
        Err(error) if error.is_rejection() => Judgement::Ignore,
        Err(_) => Judgement::Failure,
    }
}
