//! Work that a service has accepted and not done yet: waiting for its end by asking again.
//!
//! ```text
//! start ── 202 and where to ask (HTTP), or an Operation (gRPC) ── wait ── ask ─┬─ not yet: wait longer, or as long as it says
//!                                                                             ├─ done: the result
//!                                                                             └─ failed: the error
//! ```
//!
//! [`Polling`] is the policy, and stands alone around any async closure. Over HTTP,
//! [`Client::accepted`](crate::Client::accepted) reads where to ask and [`Client::finish`](crate::Client::finish) asks; over
//! gRPC, `Client::finish_operation` does both for `google.longrunning.Operation`. Each question is a call of its own, under all
//! policies of the client.

#[cfg(feature = "grpc")]
mod grpc;
mod http;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

#[cfg(feature = "grpc")]
pub use self::grpc::{GetOperationRequest, Operation, OperationResult, OperationStatus};
pub use self::http::Accepted;
use crate::clock::Clock;
use crate::context::Context;
use crate::policy::deadline::Deadline;
use crate::policy::retry::Backoff;
use crate::random::Random;

/// How long work is waited for unless it is set.
pub const DEFAULT_LIMIT: Duration = Duration::from_secs(600);

/// How often to ask, and for how long.
///
/// ```
/// # use tieline::long_running::{Polling, Progress};
/// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() {
/// let ask = |asked: u32| async move {
///     Ok::<_, String>(if asked < 3 { Progress::Running { ask_after: None } } else { Progress::Done("report.pdf") })
/// };
/// assert_eq!(Polling::default().run(ask).await, Ok("report.pdf"));
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Polling {
    backoff: Backoff,
    longest_wait: Duration,
    limit: Option<Duration>,
    random: Arc<Random>,
    clock: Clock,
}

/// How far the work is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress<T> {
    /// It runs.
    Running {
        /// When the service wants to be asked again.
        ask_after: Option<Duration>,
    },
    /// It has ended.
    Done(T),
}

/// Why the work's end was not seen.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PollError<E> {
    /// The work failed, or nobody could be asked.
    #[error(transparent)]
    Failed(E),
    /// It runs still, and there was no more time to wait.
    #[error(
        "the work still runs after it was asked for {asked} time(s), and the time to wait for it is over"
    )]
    Unfinished {
        /// How often it was asked for.
        asked: u32,
    },
}

impl Polling {
    /// Asks by the waits of `backoff`.
    pub fn new(backoff: Backoff) -> Self {
        Self {
            backoff,
            longest_wait: Duration::from_secs(60),
            limit: Some(DEFAULT_LIMIT),
            random: Arc::new(Random::new()),
            clock: Clock::default(),
        }
    }

    /// How long the work is waited for; [`DEFAULT_LIMIT`] unless it is set. `None`: until the context's deadline.
    pub fn limit(mut self, limit: impl Into<Option<Duration>>) -> Self {
        self.limit = limit.into();
        self
    }

    /// The longest wait that a service may ask for, 60 s by default; one that asks for more is asked after this.
    pub fn longest_wait(mut self, wait: Duration) -> Self {
        self.longest_wait = wait;
        self
    }

    /// Sets the source of the jitter.
    pub fn random(mut self, random: Arc<Random>) -> Self {
        self.random = random;
        self
    }

    /// Sets the clock.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// Asks until the work has ended. `ask` gets how often it was asked before. The first question is asked at once.
    ///
    /// # Errors
    /// What `ask` fails with, or [`PollError::Unfinished`] as soon as the next wait would outlast the limit or the
    /// deadline of the current context. A question under way is given up then, too.
    pub async fn run<T, E, F, Fut>(&self, ask: F) -> Result<T, PollError<E>>
    where
        F: FnMut(u32) -> Fut,
        Fut: Future<Output = Result<Progress<T>, E>>,
    {
        self.run_after(Some(Duration::ZERO), ask).await
    }

    /// [`run`](Polling::run), where the work has just begun: the first question is asked after `first`, or after the first
    /// wait of the backoff.
    ///
    /// # Errors
    /// As [`run`](Polling::run).
    pub async fn run_after<T, E, F, Fut>(
        &self,
        first: Option<Duration>,
        mut ask: F,
    ) -> Result<T, PollError<E>>
    where
        F: FnMut(u32) -> Fut,
        Fut: Future<Output = Result<Progress<T>, E>>,
    {
        let inherited = Context::current().deadline().unwrap_or(Deadline::NEVER);
        let deadline = match self.limit {
            Some(limit) => inherited.min(Deadline::after_on(self.clock, limit)),
            None => inherited,
        };
        let (mut asked, mut waits, mut previous, mut wanted) = (0, 0, None, first);
        loop {
            let wait = match wanted {
                Some(wanted) => wanted.min(self.longest_wait),
                None => {
                    let wait = self.backoff.delay(waits, previous, &self.random);
                    (waits, previous) = (waits + 1, Some(wait));
                    wait
                }
            };
            if wait >= deadline.remaining() {
                return Err(PollError::Unfinished { asked });
            }
            if !wait.is_zero() {
                self.clock.sleep(wait).await;
            }
            let progress = deadline.run(ask(asked)).await;
            asked += 1;
            match progress {
                Ok(Ok(Progress::Done(result))) => return Ok(result),
                Ok(Ok(Progress::Running { ask_after })) => wanted = ask_after,
                Ok(Err(error)) => return Err(PollError::Failed(error)),
                Err(_) => return Err(PollError::Unfinished { asked }),
            }
        }
    }
}

impl Default for Polling {
    /// After half a second to a second, then twice as long each time, up to 30 s; for [`DEFAULT_LIMIT`].
    fn default() -> Self {
        Self::new(Backoff::EqualJitter {
            base: Duration::from_secs(1),
            cap: Duration::from_secs(30),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn polling() -> Polling {
        Polling::new(Backoff::schedule(&[SECOND, 2 * SECOND, 4 * SECOND]))
    }

    const RUNNING: Result<Progress<u32>, &str> = Ok(Progress::Running { ask_after: None });

    async fn took<T>(work: impl Future<Output = T>) -> (T, u64) {
        let start = tokio::time::Instant::now();
        let output = work.await;
        (output, start.elapsed().as_secs())
    }

    #[tokio::test(start_paused = true)]
    async fn the_waits_grow_until_the_work_has_ended() {
        let ask = |asked| async move {
            if asked < 4 {
                RUNNING
            } else {
                Ok(Progress::Done(asked))
            }
        };
        assert_eq!(took(polling().run(ask)).await, (Ok(4), 1 + 2 + 4 + 4));
        assert_eq!(
            took(polling().run_after(None, ask)).await,
            (Ok(4), 1 + 2 + 4 + 4 + 4)
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_wait_that_the_service_asks_for_takes_the_place_of_ours_up_to_a_bound() {
        let ask = |asked| async move {
            Ok::<_, &str>(match asked {
                0 => Progress::Running {
                    ask_after: Some(10 * SECOND),
                },
                1 => Progress::Running {
                    ask_after: Some(1000 * SECOND),
                },
                2 => Progress::Running { ask_after: None },
                _ => Progress::Done(()),
            })
        };
        assert_eq!(took(polling().run(ask)).await, (Ok(()), 10 + 60 + 1));
    }

    #[tokio::test(start_paused = true)]
    async fn no_wait_outlasts_the_limit_or_the_deadline() {
        let ask = |_| async { RUNNING };
        let unfinished = |asked| Err(PollError::Unfinished { asked });
        assert_eq!(
            took(polling().limit(5 * SECOND).run(ask)).await,
            (unfinished(3), 3)
        );
        let context = Context::new().with_deadline(Deadline::after(2 * SECOND));
        let polling = polling().limit(None);
        assert_eq!(took(context.scope(polling.run(ask))).await, (unfinished(2), 1));
    }

    #[tokio::test(start_paused = true)]
    async fn a_question_without_an_answer_ends_with_the_limit() {
        let ask = |_| std::future::pending::<Result<Progress<()>, &str>>();
        let unfinished = Err(PollError::Unfinished { asked: 1 });
        assert_eq!(took(polling().limit(5 * SECOND).run(ask)).await, (unfinished, 5));
    }

    #[tokio::test(start_paused = true)]
    async fn a_failure_ends_it() {
        let ask = |asked| async move { if asked < 1 { RUNNING } else { Err("broken") } };
        assert_eq!(
            took(polling().run(ask)).await,
            (Err(PollError::Failed("broken")), 1)
        );
    }
}
