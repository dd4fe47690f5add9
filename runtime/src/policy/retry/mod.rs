//! Retries: another attempt at work that failed in a way that may pass.
//!
//! Whether an operation may be repeated at all is for the caller to know (a safe HTTP method, an idempotency key, a
//! contract that says so). Given that, an attempt follows another when all of these allow it, asked in this order:
//!
//! ```text
//! verdict      the failure is one that may pass
//! attempts     the limit is not reached
//! wait         the peer does not ask for longer than we are willing to wait
//! deadline     the wait ends before the deadline does: else fail now, not after a useless sleep
//! budget       retries stay a small share of the traffic; charged last, so that nothing is charged in vain
//! ```
//!
//! [`Retry::run`] does all of it around a closure; [`Retry::attempts`] is the same decision step by step, for a
//! caller with a loop of its own.

mod backoff;
mod budget;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

pub use self::backoff::Backoff;
pub use self::budget::Budget;
use crate::clock::{Clock, Reading};
use crate::policy::deadline::Deadline;
use crate::random::Random;

/// What a failure says about trying again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    class: Class,
    retry_after: Option<Duration>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Class {
    Final,
    Transient,
    Throttled,
}

impl Verdict {
    /// Another attempt would fail alike, or might do harm. A gRPC pushback of "do not retry" is this too.
    pub const FINAL: Self = Self {
        class: Class::Final,
        retry_after: None,
    };
    /// The failure may pass: a refused connection, a 503, UNAVAILABLE.
    pub const TRANSIENT: Self = Self {
        class: Class::Transient,
        retry_after: None,
    };
    /// The peer is overloaded and said so (429, RESOURCE_EXHAUSTED): worth another attempt, but never at once.
    pub const THROTTLED: Self = Self {
        class: Class::Throttled,
        retry_after: None,
    };

    /// The wait that the peer asked for, by `Retry-After` (RFC 9110, 10.2.3) or gRPC's pushback (gRFC A6). It takes
    /// the place of the backoff.
    pub const fn after(mut self, retry_after: Option<Duration>) -> Self {
        self.retry_after = retry_after;
        self
    }

    /// Whether another attempt makes sense.
    pub const fn is_retryable(&self) -> bool {
        !matches!(self.class, Class::Final)
    }

    /// The wait that the peer asked for.
    pub const fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }
}

/// Errors that know what they say about trying again.
pub trait Retryable {
    /// The verdict on this failure.
    fn verdict(&self) -> Verdict;
}

/// Why there was no further attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Stop {
    /// The failure was final.
    #[error("the failure is not one that a retry can mend")]
    Final,
    /// The limit of attempts was reached.
    #[error("all attempts are used up")]
    Attempts,
    /// The peer asked for a longer wait than [`Retry::longest_wait`] allows.
    #[error("the service asked for a longer wait than is allowed")]
    Wait,
    /// The wait would have outlasted the deadline.
    #[error("no time is left for another attempt")]
    Deadline,
    /// The retry budget was spent.
    #[error("the retry budget is spent")]
    Budget,
    /// The rate limit has no room for another attempt.
    #[error("the rate limit has no room for another attempt")]
    RateLimit,
    /// Something outside the retry policy forbade it, such as a breaker that has opened meanwhile.
    #[error("the service is not to be called for now")]
    Forbidden,
}

/// The last attempt's error, and how it came to be the last.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("failed after {attempts} attempt(s): {stop}")]
pub struct Failed<E> {
    /// What the last attempt failed with.
    #[source]
    pub error: E,
    /// How many attempts were made, at least 1.
    pub attempts: u32,
    /// Why there was no further one.
    pub stop: Stop,
}

/// The retry policy: how many attempts, how far apart, from which budget. Clones share the budget.
///
/// ```
/// # use tieline::policy::retry::{Retry, Retryable, Verdict};
/// #[derive(Debug)]
/// struct Refused;
/// impl Retryable for Refused {
///     fn verdict(&self) -> Verdict { Verdict::TRANSIENT }
/// }
/// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() {
/// let answer = Retry::new(3).run(|attempt| async move { if attempt < 2 { Err(Refused) } else { Ok(attempt) } }).await;
/// assert_eq!(answer.unwrap(), 2);
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Retry {
    max_attempts: u32,
    longest_wait: Duration,
    backoff: Backoff,
    budget: Option<Arc<Budget>>,
    random: Arc<Random>,
    clock: Clock,
}

impl Retry {
    /// At most `max_attempts` attempts, the first one included (0 is taken as 1), with the default [`Backoff`] and a
    /// default [`Budget`] of its own.
    pub fn new(max_attempts: u32) -> Self {
        Self {
            max_attempts: max_attempts.max(1),
            longest_wait: Duration::from_secs(60),
            backoff: Backoff::default(),
            budget: Some(Arc::new(Budget::default())),
            random: Arc::new(Random::new()),
            clock: Clock::default(),
        }
    }

    /// One attempt and no more: the policy switched off.
    pub fn never() -> Self {
        Self::new(1).without_budget()
    }

    /// Five attempts, 100 ms, 500 ms, 1 s and 2 s apart: [`Backoff::stepped`], of which the last wait would follow
    /// the last attempt and so is never waited.
    pub fn stepped() -> Self {
        Self::new(Backoff::STEPS.len() as u32).backoff(Backoff::stepped())
    }

    /// Sets the rule for the waits.
    pub fn backoff(mut self, backoff: Backoff) -> Self {
        self.backoff = backoff;
        self
    }

    /// Sets the budget, to be shared by all that load the same service.
    pub fn budget(mut self, budget: Arc<Budget>) -> Self {
        self.budget = Some(budget);
        self
    }

    /// Lets retries be as many as the attempts allow. In an outage that multiplies the load.
    pub fn without_budget(mut self) -> Self {
        self.budget = None;
        self
    }

    /// The longest wait that a peer may ask for (60 s by default); who asks for more gets no further attempt.
    pub fn longest_wait(mut self, longest: Duration) -> Self {
        self.longest_wait = longest;
        self
    }

    /// Sets the source of the jitter.
    pub fn random(mut self, random: Arc<Random>) -> Self {
        self.random = random;
        self
    }

    /// Sets the clock that the waits are timed by. The budget has its own.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// The limit of attempts, at least 1.
    pub const fn max_attempts(&self) -> u32 {
        self.max_attempts
    }

    /// The budget, when there is one.
    pub const fn shared_budget(&self) -> Option<&Arc<Budget>> {
        self.budget.as_ref()
    }

    /// The wait after attempt `attempt` (from 0) when the peer asked for `retry_after`; `None` when no attempt may
    /// follow. Budget and deadline are not asked here.
    pub fn delay(&self, attempt: u32, retry_after: Option<Duration>) -> Option<Duration> {
        self.wait(attempt, None, Verdict::TRANSIENT.after(retry_after))
            .ok()
    }

    /// Starts a call: credits the budget, and decides after each attempt whether another follows.
    pub fn attempts(&self, deadline: Deadline) -> Attempts<'_> {
        if let Some(budget) = &self.budget {
            budget.deposit();
        }
        Attempts {
            retry: self,
            deadline,
            number: 0,
            previous: None,
        }
    }

    /// [`attempts`](Retry::attempts) at a time that the caller has read already.
    pub fn attempts_at(&self, deadline: Deadline, now: Reading) -> Attempts<'_> {
        if let Some(budget) = &self.budget {
            budget.deposit_at(now.on(budget.clock()));
        }
        Attempts {
            retry: self,
            deadline,
            number: 0,
            previous: None,
        }
    }

    /// Runs `work` until an attempt succeeds or none may follow. `work` gets the attempt's number, from 0.
    ///
    /// # Errors
    /// [`Failed`] with the last attempt's error.
    pub async fn run<T, E, F, Fut>(&self, work: F) -> Result<T, Failed<E>>
    where
        F: FnMut(u32) -> Fut,
        Fut: Future<Output = Result<T, E>>,
        E: Retryable,
    {
        self.run_until(Deadline::NEVER, Retryable::verdict, work).await
    }

    /// [`run`](Retry::run) with a function that judges the errors, and a deadline that no wait will outlast. The
    /// attempts themselves are not cut short by it: put the whole into [`Deadline::run`] for that.
    ///
    /// # Errors
    /// [`Failed`] with the last attempt's error.
    pub async fn run_until<T, E, F, Fut>(
        &self,
        deadline: Deadline,
        mut judge: impl FnMut(&E) -> Verdict,
        mut work: F,
    ) -> Result<T, Failed<E>>
    where
        F: FnMut(u32) -> Fut,
        Fut: Future<Output = Result<T, E>>,
    {
        let mut attempts = self.attempts(deadline);
        loop {
            let error = match work(attempts.number()).await {
                Ok(value) => return Ok(value),
                Err(error) => error,
            };
            if let Err(stop) = attempts.pause(judge(&error)).await {
                return Err(Failed {
                    error,
                    attempts: attempts.made(),
                    stop,
                });
            }
        }
    }

    fn wait(&self, attempt: u32, previous: Option<Duration>, verdict: Verdict) -> Result<Duration, Stop> {
        if attempt.saturating_add(1) >= self.max_attempts {
            return Err(Stop::Attempts);
        }
        match (verdict.class, verdict.retry_after) {
            (Class::Final, _) => Err(Stop::Final),
            (_, Some(asked)) if asked > self.longest_wait => Err(Stop::Wait),
            (_, Some(asked)) => Ok(asked),
            (Class::Throttled, None) => {
                Ok(self.backoff.delay_when_throttled(attempt, previous, &self.random))
            }
            (Class::Transient, None) => Ok(self.backoff.delay(attempt, previous, &self.random)),
        }
    }
}

impl Default for Retry {
    /// Three attempts, full jitter from 100 ms up to 5 s, and the default budget.
    fn default() -> Self {
        Self::new(3)
    }
}

/// The attempts of one call, counted.
#[derive(Debug)]
pub struct Attempts<'a> {
    retry: &'a Retry,
    deadline: Deadline,
    number: u32,
    previous: Option<Duration>,
}

impl Attempts<'_> {
    /// The number of the present attempt, from 0.
    pub const fn number(&self) -> u32 {
        self.number
    }

    /// How many attempts have been started, the present one included.
    pub const fn made(&self) -> u32 {
        self.number.saturating_add(1)
    }

    /// Decides what follows the present attempt, which has failed: the wait before the next one, paid for from the
    /// budget and counted already.
    ///
    /// # Errors
    /// [`Stop`] when no attempt may follow; nothing has been charged then.
    #[allow(clippy::should_implement_trait)] // It takes the verdict, so it cannot be an iterator's.
    pub fn next(&mut self, verdict: Verdict) -> Result<Duration, Stop> {
        if !verdict.is_retryable() {
            return Err(Stop::Final);
        }
        let wait = self.retry.wait(self.number, self.previous, verdict)?;
        if wait >= self.deadline.remaining() {
            return Err(Stop::Deadline);
        }
        if self
            .retry
            .budget
            .as_ref()
            .is_some_and(|budget| !budget.try_withdraw())
        {
            return Err(Stop::Budget);
        }
        self.number += 1;
        self.previous = Some(wait);
        Ok(wait)
    }

    /// [`next`](Attempts::next), and then waits.
    ///
    /// # Errors
    /// [`Stop`] when no attempt may follow; there was no wait then.
    pub async fn pause(&mut self, verdict: Verdict) -> Result<(), Stop> {
        let wait = self.next(verdict)?;
        if !wait.is_zero() {
            self.retry.clock.sleep(wait).await;
        }
        Ok(())
    }
}
