//! The tasks that ask discovery for sets, and endpoints whether they are well.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::task::AbortHandle;

use super::super::health::{self, HealthCheck};
use super::super::{Discover, DiscoverError};
use super::Shared;
use crate::clock::Instant;
use crate::http::Line;

/// The wait after the first failure, and the longest: it doubles each time.
const BACKOFF: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(5));

/// How often discovery is hurried at most (gRPC's least time between two resolutions).
const BETWEEN_HURRIES: Duration = Duration::from_secs(30);

/// A task that runs for as long as there are calls in a living runtime, and these endpoints are open.
#[derive(Default)]
pub(super) struct Worker {
    /// Whether the task runs, or nothing is left for it to do.
    is_driven: Arc<AtomicBool>,
    task: Mutex<Option<AbortHandle>>,
}

impl Worker {
    /// Starts the task where there is none: at first, and after the runtime that it ran in is gone. Whether there is a runtime
    /// to start it in.
    fn ensure<F>(&self, work: impl FnOnce(Driven) -> F) -> bool
    where
        F: Future<Output = ()> + Send + 'static,
    {
        if self.is_driven.load(Ordering::Acquire) {
            return true;
        }
        let Ok(runtime) = Handle::try_current() else {
            return false;
        };
        if self.is_driven.swap(true, Ordering::AcqRel) {
            return true;
        }
        let driven = Driven {
            flag: Arc::clone(&self.is_driven),
            is_done: false,
        };
        let task = runtime.spawn(work(driven));
        let mut held = self.task.lock().unwrap_or_else(PoisonError::into_inner);
        *held = Some(task.abort_handle());
        true
    }

    pub(super) fn stop(&self) {
        let mut held = self.task.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(task) = held.take() {
            task.abort();
        }
    }
}

/// Where sets come from, and the task that waits for them.
pub(super) struct Source {
    discover: Arc<tokio::sync::Mutex<Box<dyn Discover>>>,
    pub(super) worker: Worker,
}

impl Source {
    pub(super) fn new(discover: Box<dyn Discover>) -> Self {
        Self {
            discover: Arc::new(tokio::sync::Mutex::new(discover)),
            worker: Worker::default(),
        }
    }

    pub(super) fn ensure_driven(&self, shared: &Arc<Shared>) {
        let work = |driven| drive(Arc::clone(shared), Arc::clone(&self.discover), driven);
        if !self.worker.ensure(work) {
            let message = "endpoints can only be looked for in a tokio runtime; make the call in one";
            shared.could_not_find(DiscoverError::new(message));
        }
    }
}

/// How endpoints are asked whether they are well.
pub(super) struct Checks {
    line: Line,
    check: HealthCheck,
    pub(super) worker: Worker,
}

impl Checks {
    pub(super) fn new(line: Line, check: HealthCheck) -> Self {
        Self {
            line,
            check,
            worker: Worker::default(),
        }
    }

    /// Without a runtime, there is nobody to check: all stay healthy.
    pub(super) fn ensure_driven(&self, shared: &Arc<Shared>) {
        self.worker.ensure(|driven| {
            let running = health::run(Arc::clone(shared), self.line.clone(), self.check.clone());
            async move {
                let _driven = driven;
                running.await;
            }
        });
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
