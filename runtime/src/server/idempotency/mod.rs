//! Idempotency keys: a request that comes again is not done again, and gets the reply that the first one got.
//!
//! ```text
//! key, caller, operation ── claim ─┬─ won: handler, the lease renewed while it runs ── reply recorded | key free again
//!                                  ├─ done before: the recorded reply, `idempotent-replayed: true`
//!                                  ├─ under way: 409 (ABORTED), Retry-After
//!                                  └─ another request: 422 (INVALID_ARGUMENT)
//! ```
//!
//! After `draft-ietf-httpapi-idempotency-key-header`. A key belongs to the operation and to the caller that was
//! authenticated; two callers may use the same one. What fails for now (5xx, 408, 425, 429, and whatever a caller is
//! refused for who it is) is not recorded, nor is what was refused before the handler ran: the key is free again. So it
//! is when the caller gives up; when the process dies, the lease ends.
//!
//! Effects and their record are as near to each other as a reply and its sending: a process that dies between the two
//! has done the work and does not know it. Where that must not be, write key and effect in one transaction.

mod held;
mod key;
mod memory;
#[cfg(feature = "postgres")]
mod postgres;
mod recorded;
#[cfg(feature = "redis")]
mod redis;
#[cfg(feature = "sqlite")]
mod sqlite;
mod store;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

pub(super) use held::Held;
pub(super) use key::{BadKey, Fingerprint, Scope, read_key};
pub use memory::MemoryStore;
#[cfg(feature = "postgres")]
pub use postgres::PostgresStore;
pub use recorded::Recorded;
#[cfg(feature = "redis")]
pub use redis::RedisStore;
#[cfg(feature = "sqlite")]
pub use sqlite::SqliteStore;
pub use store::{Claim, Claimed, IdempotencyStore, StoreError};

use crate::clock::Clock;
use crate::operation::{Operation, Safety};
use crate::random::Random;

/// The header of a reply that was recorded: what Stripe's API, and others after it, call so. The draft names none.
pub const REPLAYED: http::HeaderName = http::HeaderName::from_static("idempotent-replayed");

/// How long a reply is kept, unless set: 24 hours.
pub const DEFAULT_TTL: Duration = Duration::from_secs(24 * 60 * 60);
/// How long a claim holds that is not renewed, unless set: 30 seconds.
pub const DEFAULT_LEASE: Duration = Duration::from_secs(30);
/// The greatest body of a reply that is recorded, unless set: 1 MiB.
pub const DEFAULT_RECORD_LIMIT: usize = 1024 * 1024;

/// How often what has expired is removed.
const SWEEP: Duration = Duration::from_secs(10 * 60);
/// The header that counts where the contract declares none.
const HEADER: &str = "idempotency-key";

/// What a server does with idempotency keys. Cheap to clone; clones share the store.
///
/// ```
/// use std::time::Duration;
/// use tieline::server::idempotency::{Idempotency, MemoryStore};
///
/// let idempotency = Idempotency::new(MemoryStore::new())
///     .ttl(Duration::from_secs(60 * 60))
///     .require("createOrder");
/// # drop(idempotency);
/// ```
///
/// It is given to a service: `pets::service(api).idempotency(idempotency)`.
#[derive(Clone)]
pub struct Idempotency {
    store: Arc<dyn IdempotencyStore>,
    ttl: Duration,
    lease: Duration,
    record_limit: usize,
    required: Vec<String>,
    clock: Clock,
    random: Arc<Random>,
    /// When expired keys are removed next.
    sweep_at: Arc<AtomicU64>,
}

/// What comes of a claim.
pub(super) enum Begun {
    /// The request is to be handled.
    Run(Held),
    /// It was, with this reply.
    Replay(Recorded),
}

/// Why a request is not handled.
#[derive(Debug)]
pub(super) enum Refused {
    /// Another of this key is under way.
    InProgress,
    /// The key came with another request before.
    Mismatch,
    /// It was handled, and its reply was too large to be kept.
    NotKept,
    /// The store does not say.
    Store(StoreError),
}

impl Refused {
    /// What the caller is told.
    pub(super) fn message(&self) -> &'static str {
        match self {
            Self::InProgress => "a request with this idempotency key is under way",
            Self::Mismatch => "this idempotency key came with another request before; use a new key",
            Self::NotKept => {
                "the request was done; its reply was too large, or came in pieces, and was not kept"
            }
            Self::Store(_) => "idempotency keys cannot be looked up now",
        }
    }
}

impl Idempotency {
    /// Keeps keys in `store`.
    pub fn new(store: impl IdempotencyStore) -> Self {
        Self {
            store: Arc::new(store),
            ttl: DEFAULT_TTL,
            lease: DEFAULT_LEASE,
            record_limit: DEFAULT_RECORD_LIMIT,
            required: Vec::new(),
            clock: Clock::default(),
            random: Arc::new(Random::new()),
            sweep_at: Arc::default(),
        }
    }

    /// Keeps replies so long; 24 hours unless set.
    pub fn ttl(mut self, ttl: Duration) -> Self {
        self.ttl = ttl;
        self
    }

    /// A claim holds so long; 30 seconds unless set. It is renewed in a third of that while the handler runs, so this is
    /// how long a key stays taken when the process dies.
    pub fn lease(mut self, lease: Duration) -> Self {
        self.lease = lease;
        self
    }

    /// Records replies whose bodies have at most so many bytes; 1 MiB unless set. Of a larger one, or one that comes
    /// piece by piece, only that it was given is kept: a repetition gets 409 then.
    pub fn record_limit(mut self, bytes: usize) -> Self {
        self.record_limit = bytes;
        self
    }

    /// Refuses requests of this operation that have no key, with 400 (`INVALID_ARGUMENT`), as if the contract said so.
    pub fn require(mut self, operation: impl Into<String>) -> Self {
        self.required.push(operation.into());
        self
    }

    /// Sets the clock that leases are renewed by.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// The header that has the key of an operation; `None` where keys mean nothing, as the operation has no effects.
    pub(super) fn header(operation: &Operation) -> Option<&'static str> {
        match operation.idempotency_key {
            Some(key) => Some(key.header),
            None => (operation.safety != Safety::Safe).then_some(HEADER),
        }
    }

    /// Whether a request of the operation has to have a key.
    pub(super) fn requires(&self, operation: &Operation) -> bool {
        self.required.iter().any(|id| id == operation.id)
    }

    pub(super) fn greatest_record(&self) -> usize {
        self.record_limit
    }

    /// Claims a key.
    pub(super) async fn begin(&self, scope: &Scope, fingerprint: Fingerprint) -> Result<Begun, Refused> {
        self.sweep();
        let claim = Claim {
            key: scope.to_string(),
            fingerprint: fingerprint.0,
            token: u128::from(self.random.next_u64()) << 64 | u128::from(self.random.next_u64()),
            lease: self.lease,
        };
        match self.store.claim(&claim).await.map_err(Refused::Store)? {
            Claimed::Won => Ok(Begun::Run(Held::new(
                self.store.clone(),
                claim,
                self.ttl,
                self.clock,
            ))),
            Claimed::Taken { fingerprint, .. } if fingerprint != claim.fingerprint => Err(Refused::Mismatch),
            Claimed::Taken { reply: None, .. } => Err(Refused::InProgress),
            Claimed::Taken {
                reply: Some(reply), ..
            } => match Recorded::read(&reply) {
                Some(recorded) if recorded.is_kept() => Ok(Begun::Replay(recorded)),
                Some(_) => Err(Refused::NotKept),
                None => Err(Refused::Store("a recorded reply cannot be read".into())),
            },
        }
    }

    /// Removes what has expired, now and then, beside the requests.
    fn sweep(&self) {
        let now = self.clock.now();
        let due = self.sweep_at.load(Ordering::Acquire);
        let next = now.plus(SWEEP).as_nanos();
        let is_mine = || {
            let swap = self
                .sweep_at
                .compare_exchange(due, next, Ordering::AcqRel, Ordering::Acquire);
            swap.is_ok()
        };
        if now.as_nanos() < due || !is_mine() {
            return;
        }
        let store = self.store.clone();
        tokio::spawn(async move {
            match store.sweep().await {
                Ok(removed) => tracing::debug!(removed, "expired idempotency keys are removed"),
                Err(error) => tracing::warn!(%error, "expired idempotency keys cannot be removed"),
            }
        });
    }
}

impl fmt::Debug for Idempotency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Idempotency")
            .field("ttl", &self.ttl)
            .field("lease", &self.lease)
            .field("record_limit", &self.record_limit)
            .field("required", &self.required)
            .finish_non_exhaustive()
    }
}
