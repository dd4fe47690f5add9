//! Work that nobody waits for: a notification, an event for statistics.
//!
//! ```text
//! spawn ── room? ── a task: context and span of who spawned it, no deadline of theirs ── a failure is logged and counted
//! drain ── nothing more is taken ── wait for what runs ── cut what is left when the time is over
//! ```
//!
//! Bounded, because work that is made faster than it is done would fill the memory; what finds no room is refused at
//! once, and who spawned it decides what that means.

use std::borrow::Cow;
use std::fmt;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures_util::FutureExt as _;
use tokio::sync::{Semaphore, TryAcquireError};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::Instrument as _;

use crate::clock::Clock;
use crate::context::Context;

/// How many may run at once unless it is set.
pub const DEFAULT_LIMIT: usize = 1000;

/// Work that nobody waits for, bounded and drained. Cheap to clone; clones share the bound.
///
/// ```
/// # use std::time::Duration;
/// # use tieline::background::Background;
/// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() {
/// let background = Background::default();
/// background.spawn("notify", async { Err::<(), _>("no mail server") }).unwrap();
/// assert!(background.drain(Duration::from_secs(10)).await.is_whole());
/// assert_eq!(background.failed(), 1);
/// # }
/// ```
#[derive(Clone)]
pub struct Background(Arc<Inner>);

struct Inner {
    tasks: TaskTracker,
    places: Arc<Semaphore>,
    limit: usize,
    cut: CancellationToken,
    failed: AtomicU64,
    clock: Clock,
}

/// Why work was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refused {
    /// As many run as may.
    #[error("{limit} pieces of background work run, and no more may")]
    Full {
        /// How many may run.
        limit: usize,
    },
    /// It is drained, or was.
    #[error("background work is no longer taken: it is shutting down")]
    Closed,
}

/// How draining ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "what was cut has not been done"]
pub struct Drained {
    /// How many pieces of work were still running when the time was over; they were dropped.
    pub cut: usize,
}

impl Drained {
    /// Whether all of it came to its end.
    pub const fn is_whole(self) -> bool {
        self.cut == 0
    }
}

impl Background {
    /// At most `limit` pieces of work at once.
    pub fn new(limit: usize) -> Self {
        Self::with_clock(limit, Clock::default())
    }

    /// [`new`](Background::new) with a clock, which times the draining.
    pub fn with_clock(limit: usize, clock: Clock) -> Self {
        let limit = limit.min(Semaphore::MAX_PERMITS);
        Self(Arc::new(Inner {
            tasks: TaskTracker::new(),
            places: Arc::new(Semaphore::new(limit)),
            limit,
            cut: CancellationToken::new(),
            failed: AtomicU64::new(0),
            clock,
        }))
    }

    /// Starts `work` as a task of its own; `what` names it in the log. It has ids and trace of the current
    /// [`Context`], and none of its deadline: the reply to the request that caused it may long be sent.
    ///
    /// # Errors
    /// [`Refused`]: nothing was started.
    ///
    /// # Panics
    /// Outside a tokio runtime, as `tokio::spawn` does.
    pub fn spawn<T, E>(
        &self,
        what: impl Into<Cow<'static, str>>,
        work: impl Future<Output = Result<T, E>> + Send + 'static,
    ) -> Result<(), Refused>
    where
        E: fmt::Display + Send,
        T: Send,
    {
        // As text, so that what follows is compiled once.
        self.start(what.into(), async move {
            work.await.map(drop).map_err(|error| error.to_string())
        })
    }

    fn start(
        &self,
        what: Cow<'static, str>,
        work: impl Future<Output = Result<(), String>> + Send + 'static,
    ) -> Result<(), Refused> {
        let place = Arc::clone(&self.0.places)
            .try_acquire_owned()
            .map_err(|error| match error {
                TryAcquireError::NoPermits => Refused::Full { limit: self.0.limit },
                TryAcquireError::Closed => Refused::Closed,
            })?;
        let context = Context::current().without_deadline();
        let inner = Arc::clone(&self.0);
        let task = async move {
            let correlation_id = context.correlation_id().cloned();
            let work = AssertUnwindSafe(context.scope(work)).catch_unwind();
            let outcome = inner.cut.run_until_cancelled(work).await;
            drop(place);
            let why = match outcome {
                Some(Ok(Ok(()))) => return,
                Some(Ok(Err(error))) => error,
                Some(Err(_)) => "it panicked".to_owned(),
                None => "it was cut off: the time to drain was over".to_owned(),
            };
            inner.failed.fetch_add(1, Ordering::Relaxed);
            tracing::error!(work = %what, correlation_id = correlation_id.as_deref(), error = %why, "background work failed");
        };
        self.0.tasks.spawn(task.in_current_span());
        Ok(())
    }

    /// How many run.
    pub fn running(&self) -> usize {
        self.0.tasks.len()
    }

    /// How many have failed, panicked or been cut so far.
    pub fn failed(&self) -> u64 {
        self.0.failed.load(Ordering::Relaxed)
    }

    /// Takes no more, and waits until what runs has ended; what has not after `limit` is dropped.
    pub async fn drain(&self, limit: Duration) -> Drained {
        self.close();
        if self.0.clock.within(limit, self.0.tasks.wait()).await.is_some() {
            return Drained { cut: 0 };
        }
        let cut = self.running();
        self.0.cut.cancel();
        self.0.tasks.wait().await;
        Drained { cut }
    }

    /// Takes no more. What runs goes on.
    pub fn close(&self) {
        self.0.places.close();
        self.0.tasks.close();
    }
}

impl Default for Background {
    /// At most [`DEFAULT_LIMIT`] at once.
    fn default() -> Self {
        Self::new(DEFAULT_LIMIT)
    }
}

impl fmt::Debug for Background {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Background")
            .field("limit", &self.0.limit)
            .field("running", &self.running())
            .field("failed", &self.failed())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use tokio::sync::oneshot;

    use super::*;
    use crate::policy::deadline::Deadline;

    const SECOND: Duration = Duration::from_secs(1);

    #[tokio::test(start_paused = true)]
    async fn what_finds_no_room_is_refused_until_a_place_is_free() {
        let background = Background::new(1);
        let (done, wait) = oneshot::channel::<()>();
        assert_eq!(background.spawn("first", wait), Ok(()));
        assert_eq!(
            background.spawn("second", async { Ok::<_, &str>(()) }),
            Err(Refused::Full { limit: 1 })
        );
        done.send(()).unwrap();
        while background.running() > 0 {
            tokio::task::yield_now().await;
        }
        assert_eq!(background.spawn("third", async { Ok::<_, &str>(()) }), Ok(()));
    }

    #[tokio::test(start_paused = true)]
    async fn a_drain_waits_for_what_runs_and_takes_no_more() {
        let background = Background::default();
        let work = async {
            tokio::time::sleep(5 * SECOND).await;
            Ok::<_, &str>(())
        };
        background.spawn("slow", work).unwrap();
        let before = tokio::time::Instant::now();
        assert!(background.drain(10 * SECOND).await.is_whole());
        assert_eq!(before.elapsed(), 5 * SECOND);
        assert_eq!(background.failed(), 0);
        assert_eq!(
            background.spawn("late", async { Ok::<_, &str>(()) }),
            Err(Refused::Closed)
        );
    }

    #[tokio::test(start_paused = true)]
    async fn what_outlasts_the_drain_is_dropped_and_counts_as_failed() {
        let background = Background::default();
        let (held, dropped) = oneshot::channel::<()>();
        let endless = async move {
            let _held = held;
            pending::<Result<(), &str>>().await
        };
        background.spawn("endless", endless).unwrap();
        assert_eq!(background.drain(SECOND).await, Drained { cut: 1 });
        assert!(dropped.await.is_err(), "the work is gone");
        assert_eq!((background.running(), background.failed()), (0, 1));
    }

    #[tokio::test(start_paused = true)]
    async fn a_panic_ends_its_own_work_only() {
        let background = Background::new(1);
        let work = async {
            assert!(std::hint::black_box(false), "a bug of the work");
            Ok::<_, &str>(())
        };
        background.spawn("broken", work).unwrap();
        assert!(background.drain(SECOND).await.is_whole());
        assert_eq!(background.failed(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn work_has_the_ids_of_its_cause_and_not_its_deadline() {
        let background = Background::default();
        let cause = Context::new()
            .with_correlation_id("abc")
            .with_deadline(Deadline::after(SECOND));
        let (tell, told) = oneshot::channel();
        let work = async move {
            let seen = Context::current();
            tell.send((seen.correlation_id().cloned(), seen.deadline().is_some()))
        };
        let spawned =
            cause.scope(async { background.spawn("asks", async { work.await.map_err(|_| "unheard") }) });
        spawned.await.unwrap();
        assert_eq!(told.await, Ok((Some("abc".into()), false)));
    }
}
