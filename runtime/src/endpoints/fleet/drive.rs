//! The task that asks discovery for sets.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::task::AbortHandle;

use super::super::{Discover, DiscoverError};
use super::Shared;
use crate::clock::Instant;

/// The wait after the first failure, and the longest: it doubles each time.
const BACKOFF: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(5));

/// How often discovery is hurried at most (gRPC's least time between two resolutions).
const BETWEEN_HURRIES: Duration = Duration::from_secs(30);

/// Where sets come from, and the task that waits for them.
pub(super) struct Source {
    discover: Arc<tokio::sync::Mutex<Box<dyn Discover>>>,
    /// Whether the task runs, or nothing is left for it to do.
    is_driven: Arc<AtomicBool>,
    task: Mutex<Option<AbortHandle>>,
}

impl Source {
    pub(super) fn new(discover: Box<dyn Discover>) -> Self {
        Self {
            discover: Arc::new(tokio::sync::Mutex::new(discover)),
            is_driven: Arc::default(),
            task: Mutex::default(),
        }
    }

    /// Starts the task where there is none: at first, and after the runtime that it ran in is gone.
    pub(super) fn ensure_driven(&self, shared: &Arc<Shared>) {
        if self.is_driven.load(Ordering::Acquire) {
            return;
        }
        let Ok(runtime) = Handle::try_current() else {
            let message = "endpoints can only be looked for in a tokio runtime; make the call in one";
            return shared.could_not_find(DiscoverError::new(message));
        };
        if self.is_driven.swap(true, Ordering::AcqRel) {
            return;
        }
        let driven = Driven {
            flag: Arc::clone(&self.is_driven),
            is_done: false,
        };
        let task = runtime.spawn(drive(Arc::clone(shared), Arc::clone(&self.discover), driven));
        let mut held = self.task.lock().unwrap_or_else(PoisonError::into_inner);
        *held = Some(task.abort_handle());
    }

    pub(super) fn stop(&self) {
        let mut held = self.task.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(task) = held.take() {
            task.abort();
        }
    }
}

/// Says that the task is gone when its future is, unless nothing is left to do.
struct Driven {
    flag: Arc<AtomicBool>,
    is_done: bool,
}

impl Drop for Driven {
    fn drop(&mut self) {
        if !self.is_done {
            self.flag.store(false, Ordering::Release);
        }
    }
}

async fn drive(
    shared: Arc<Shared>,
    discover: Arc<tokio::sync::Mutex<Box<dyn Discover>>>,
    mut driven: Driven,
) {
    let mut discover = discover.lock().await;
    let mut failures = 0_u32;
    let mut may_hurry = Instant::from_nanos(0);
    loop {
        let found = tokio::select! {
            found = discover.next() => Some(found),
            () = hurried(&shared, may_hurry) => None,
        };
        let error = match found {
            None => {
                may_hurry = shared.clock.now().plus(BETWEEN_HURRIES);
                discover.hurry();
                continue;
            }
            Some(Ok(None)) => {
                driven.is_done = true;
                return;
            }
            Some(Ok(Some(members))) => {
                if shared.bring(members) {
                    failures = 0;
                    continue;
                }
                DiscoverError::new("the service has no endpoints now")
            }
            Some(Err(error)) => error,
        };
        shared.could_not_find(error);
        let widest = BACKOFF.0.saturating_mul(1 << failures.min(10)).min(BACKOFF.1);
        failures += 1;
        shared
            .clock
            .sleep(shared.random.between(widest / 2, widest))
            .await;
    }
}

/// Waits until an endpoint could not be reached, and it may be hurried again.
async fn hurried(shared: &Shared, may_hurry: Instant) {
    shared.clock.sleep_until(may_hurry).await;
    shared.unreachable.notified().await;
}
