//! A claim that was won: renewed while the work goes on, and free again when it is given up.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{Either, select};
use tracing::Instrument;

use super::recorded::Recorded;
use super::store::{Claim, IdempotencyStore};
use crate::clock::Clock;

/// A claim that was won. Dropped, it frees the key.
pub(in crate::server) struct Held {
    store: Arc<dyn IdempotencyStore>,
    claim: Claim,
    ttl: Duration,
    clock: Clock,
    is_open: bool,
}

impl Held {
    pub(super) fn new(store: Arc<dyn IdempotencyStore>, claim: Claim, ttl: Duration, clock: Clock) -> Self {
        Self {
            store,
            claim,
            ttl,
            clock,
            is_open: true,
        }
    }

    /// Does the work, and renews the lease beside it.
    pub(in crate::server) async fn run<F: Future>(&self, work: F) -> F::Output {
        match select(pin!(work), pin!(self.keep())).await {
            Either::Left((output, _)) => output,
            Either::Right((never, _)) => match never {},
        }
    }

    async fn keep(&self) -> std::convert::Infallible {
        // A lease of nothing would keep the store busy.
        let pause = (self.claim.lease / 3).max(Duration::from_millis(1));
        loop {
            self.clock.sleep(pause).await;
            match self.store.renew(&self.claim).await {
                Ok(true) => {}
                Ok(false) => {
                    tracing::warn!(
                        "the lease of an idempotency key ended before it was renewed, and another took the key"
                    );
                    std::future::pending::<()>().await;
                }
                Err(error) => tracing::warn!(%error, "the lease of an idempotency key cannot be renewed"),
            }
        }
    }

    /// Keeps the reply. Goes on when the caller gives up now: the work is done.
    pub(in crate::server) async fn complete(mut self, reply: &Recorded) {
        let octets = reply.write();
        self.is_open = false;
        let keeping = async move {
            match self.store.complete(&self.claim, &octets, self.ttl).await {
                Ok(true) => {}
                Ok(false) => tracing::warn!("a reply was not kept: another took its idempotency key"),
                Err(error) => tracing::error!(%error, "a reply cannot be kept under its idempotency key"),
            }
        };
        // Fails when the runtime ends or the store panics, which the log has.
        let _ = tokio::spawn(keeping.in_current_span()).await;
    }

    /// Frees the key.
    pub(in crate::server) async fn release(mut self) {
        self.is_open = false;
        let freeing = freeing(self.store.clone(), self.claim.clone());
        let _ = tokio::spawn(freeing.in_current_span()).await;
    }
}

async fn freeing(store: Arc<dyn IdempotencyStore>, claim: Claim) {
    if let Err(error) = store.release(&claim).await {
        tracing::warn!(%error, "an idempotency key cannot be freed; it will be when its lease ends");
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if !self.is_open {
            return;
        }
        // Outside a runtime the lease ends by itself.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(freeing(self.store.clone(), self.claim.clone()));
        }
    }
}
