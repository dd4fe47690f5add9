//! Deadlines: a point in time by which work has to be done, and cancelled if it is not.
//!
//! A deadline is absolute, as gRPC's are, so that the time which one part spends is no longer there for the next:
//! an attempt's deadline is the [`min`](Deadline::min) of its own and the whole call's, and what goes on to another
//! service is what [`remaining`](Deadline::remaining) says at that moment.

use std::future::Future;
use std::pin::pin;
use std::time::Duration;

use crate::clock::{Clock, Instant};

/// The time by which work must be done.
///
/// ```
/// # use std::time::Duration;
/// # use tieline::policy::deadline::{Deadline, Elapsed};
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let deadline = Deadline::after(Duration::from_millis(5));
/// assert_eq!(deadline.run(std::future::pending::<()>()).await, Err(Elapsed));
/// assert_eq!(deadline.run(async { 7 }).await, Ok(7), "work that is ready at once beats any deadline");
/// # }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Deadline {
    at: Instant,
    clock: Clock,
}

impl Deadline {
    /// No deadline: `run` only awaits the work.
    pub const NEVER: Deadline = Deadline {
        at: Instant::FAR_FUTURE,
        clock: Clock::tokio(),
    };

    /// The time `timeout` from now, on the default clock.
    pub fn after(timeout: Duration) -> Self {
        Self::after_on(Clock::default(), timeout)
    }

    /// The time `timeout` from now, on `clock`.
    pub fn after_on(clock: Clock, timeout: Duration) -> Self {
        Self::at(clock, clock.now().plus(timeout))
    }

    /// The time `at`, as told by `clock`.
    pub const fn at(clock: Clock, at: Instant) -> Self {
        Self { at, clock }
    }

    /// The point in time itself.
    pub const fn instant(&self) -> Instant {
        self.at
    }

    /// Whether this deadline never comes.
    pub fn is_never(&self) -> bool {
        self.at == Instant::FAR_FUTURE
    }

    /// Whether the time has come.
    pub fn has_elapsed(&self) -> bool {
        !self.is_never() && self.clock.now() >= self.at
    }

    /// The time left; zero once it has come, [`Duration::MAX`] when it never does.
    pub fn remaining(&self) -> Duration {
        if self.is_never() {
            Duration::MAX
        } else {
            self.at.since(self.clock.now())
        }
    }

    /// The earlier of two deadlines (of one clock).
    #[must_use]
    pub fn min(self, other: Deadline) -> Deadline {
        if other.at < self.at { other } else { self }
    }

    /// The earlier of this deadline and `timeout` from now.
    #[must_use]
    pub fn within(self, timeout: Duration) -> Deadline {
        self.min(Self::after_on(self.clock, timeout))
    }

    /// Awaits `work`, which is dropped, and so cancelled, when the deadline comes first.
    ///
    /// The work is polled before the clock is looked at, so work that is ready at once costs no timer and succeeds
    /// even past the deadline: ask [`has_elapsed`](Deadline::has_elapsed) before starting what should not begin.
    ///
    /// # Errors
    /// [`Elapsed`] when the deadline came first. The work has been dropped by then.
    pub async fn run<F: Future>(&self, work: F) -> Result<F::Output, Elapsed> {
        let work = pin!(work);
        if self.is_never() {
            return Ok(work.await);
        }
        self.clock.until(self.at, work).await.ok_or(Elapsed)
    }
}

/// The deadline came before the work was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the deadline has passed: allow more time, or find what is slow")]
pub struct Elapsed;
