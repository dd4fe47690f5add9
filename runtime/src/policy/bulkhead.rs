//! The bulkhead: a limit of calls under way, so that one slow service does not take all of a process with it.
//!
//! A call that finds no place waits for one, first come first served, until it is cancelled (a deadline around it
//! does that), or rejected by a limit of the queue's length or of the time in it.

use std::future::Future;
use std::ops::Deref;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Semaphore;

use crate::clock::Clock;

/// A limit of concurrent calls. Share it by `Arc`.
///
/// A free place costs one atomic step; nothing is allocated to wait either.
///
/// ```
/// # use tieline::policy::bulkhead::Bulkhead;
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let bulkhead = Bulkhead::new(10);
/// let permit = bulkhead.acquire().await.unwrap();
/// assert_eq!(bulkhead.available(), 9);
/// drop(permit);
/// assert_eq!(bulkhead.available(), 10);
/// # }
/// ```
#[derive(Debug)]
pub struct Bulkhead {
    places: Semaphore,
    limit: AtomicUsize,
    /// Places that are taken and do not come back, since the limit is lower now.
    owed: AtomicUsize,
    /// Held while the limit is changed.
    changing: Mutex<()>,
    waiting: AtomicUsize,
    queue: usize,
    max_wait: Option<Duration>,
    clock: Clock,
}

/// The call got no place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Full {
    /// All places were taken and the queue was full.
    #[error("the bulkhead and its queue are full: too many calls are under way")]
    Queue,
    /// No place came free within the longest wait.
    #[error("the bulkhead is full: no place came free in time")]
    Wait,
}

/// Why [`Bulkhead::run`] has no value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failed<E> {
    /// There was no place; the work was dropped without being polled.
    #[error(transparent)]
    Full(#[from] Full),
    /// The work failed.
    #[error("the work behind the bulkhead failed")]
    Work(#[source] E),
}

impl Bulkhead {
    /// At most `max_concurrent` calls at a time (0 is taken as 1), and a queue without limits.
    pub fn new(max_concurrent: usize) -> Self {
        let limit = max_concurrent.clamp(1, Semaphore::MAX_PERMITS);
        Self {
            places: Semaphore::new(limit),
            limit: AtomicUsize::new(limit),
            owed: AtomicUsize::new(0),
            changing: Mutex::new(()),
            waiting: AtomicUsize::new(0),
            queue: usize::MAX,
            max_wait: None,
            clock: Clock::default(),
        }
    }

    /// No limit: the policy switched off.
    pub fn unlimited() -> Self {
        Self::new(Semaphore::MAX_PERMITS)
    }

    /// At most `length` calls wait at a time; with 0 a call that finds no place is rejected at once.
    pub fn queue(mut self, length: usize) -> Self {
        self.queue = length;
        self
    }

    /// A call waits at most `wait`.
    pub fn max_wait(mut self, wait: Duration) -> Self {
        self.max_wait = Some(wait);
        self
    }

    /// Sets the clock that waits are timed by.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// A place if one is free, ahead of nobody who waits.
    ///
    /// # Errors
    /// [`Full::Queue`] when none is.
    pub fn try_acquire(&self) -> Result<Permit<&Self>, Full> {
        self.try_enter()?;
        Ok(Permit { bulkhead: self })
    }

    /// Waits for a place. Dropping the future gives up the turn in the queue, and a place that had just come.
    ///
    /// # Errors
    /// [`Full`] when the queue is full, or the longest wait is over.
    pub async fn acquire(&self) -> Result<Permit<&Self>, Full> {
        self.enter().await?;
        Ok(Permit { bulkhead: self })
    }

    /// [`acquire`](Bulkhead::acquire) with a permit that may outlive the borrow.
    ///
    /// # Errors
    /// [`Full`] when the queue is full, or the longest wait is over.
    pub async fn acquire_owned(self: &Arc<Self>) -> Result<Permit<Arc<Self>>, Full> {
        self.enter().await?;
        Ok(Permit {
            bulkhead: Arc::clone(self),
        })
    }

    /// Runs `work` in a place of its own.
    ///
    /// # Errors
    /// [`Failed::Full`] when there was no place, else the work's own error.
    pub async fn run<T, E>(&self, work: impl Future<Output = Result<T, E>>) -> Result<T, Failed<E>> {
        let _permit = self.acquire().await?;
        work.await.map_err(Failed::Work)
    }

    /// Another limit from now on (0 is taken as 1). When it is lower, calls that have a place keep it, and as many of their places
    /// as are too many are not given to others afterwards.
    pub fn resize(&self, max_concurrent: usize) {
        let new = max_concurrent.clamp(1, Semaphore::MAX_PERMITS);
        let _one_at_a_time = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        let old = self.limit.swap(new, Ordering::AcqRel);
        if new < old {
            let gone = self.places.forget_permits(old - new);
            self.owed.fetch_add(old - new - gone, Ordering::AcqRel);
        } else {
            let settled = (0..new - old).take_while(|_| self.settle()).count();
            self.places.add_permits(new - old - settled);
        }
    }

    /// How many calls may be under way.
    pub fn limit(&self) -> usize {
        self.limit.load(Ordering::Acquire)
    }

    /// Settles one of the places that are owed; false when none is.
    fn settle(&self) -> bool {
        self.owed
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, |owed| owed.checked_sub(1))
            .is_ok()
    }

    /// Places that are free.
    pub fn available(&self) -> usize {
        self.places.available_permits()
    }

    /// Calls that have a place.
    pub fn in_use(&self) -> usize {
        (self.limit() + self.owed.load(Ordering::Acquire)).saturating_sub(self.available())
    }

    /// Calls that wait for one.
    pub fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Acquire)
    }

    /// Takes a place out of the semaphore; the permit made from it puts it back.
    fn try_enter(&self) -> Result<(), Full> {
        let place = self.places.try_acquire().map_err(|_| Full::Queue)?;
        place.forget();
        Ok(())
    }

    async fn enter(&self) -> Result<(), Full> {
        if self.try_enter().is_ok() {
            return Ok(());
        }
        let _turn = Turn::join(self)?;
        let place = match self.max_wait {
            None => self.places.acquire().await,
            Some(wait) => self
                .clock
                .within(wait, self.places.acquire())
                .await
                .ok_or(Full::Wait)?,
        };
        // The semaphore is never closed, so this error does not come; if it did, there would be no place.
        place.map_err(|_| Full::Queue)?.forget();
        Ok(())
    }
}

/// Leave to run in one place, which is free again when this is dropped.
#[derive(Debug)]
#[must_use = "the place is free again as soon as the permit is dropped"]
pub struct Permit<B: Deref<Target = Bulkhead>> {
    bulkhead: B,
}

impl<B: Deref<Target = Bulkhead>> Drop for Permit<B> {
    fn drop(&mut self) {
        if !self.bulkhead.settle() {
            self.bulkhead.places.add_permits(1);
        }
    }
}

/// A turn in the queue, counted while it lives.
struct Turn<'a>(&'a AtomicUsize);

impl<'a> Turn<'a> {
    fn join(bulkhead: &'a Bulkhead) -> Result<Self, Full> {
        let joined = bulkhead
            .waiting
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, |waiting| {
                (waiting < bulkhead.queue).then_some(waiting + 1)
            });
        joined.map(|_| Self(&bulkhead.waiting)).map_err(|_| Full::Queue)
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}
