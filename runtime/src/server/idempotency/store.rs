//! Where keys are kept: what a store has to do.

use std::time::Duration;

use async_trait::async_trait;

/// Why a store did not do what it was asked to.
pub type StoreError = Box<dyn std::error::Error + Send + Sync>;

/// A claim of a key.
#[derive(Debug, Clone)]
pub struct Claim {
    /// The key: a digest of what the caller sent, of the caller and of the operation, as 64 hexadecimal digits.
    pub key: String,
    /// A digest of the request.
    pub fingerprint: [u8; 32],
    /// Who claims: drawn anew for each claim.
    pub token: u128,
    /// How long it holds.
    pub lease: Duration,
}

/// What a store knows of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claimed {
    /// Nothing, or nothing that still holds: it is the claimant's now.
    Won,
    /// It is taken.
    Taken {
        /// The digest of the request that took it.
        fingerprint: [u8; 32],
        /// The reply. `None`: it is under way.
        reply: Option<Vec<u8>>,
    },
}

/// A store of idempotency keys. Times are its own: several servers that share one need no common clock.
///
/// Each method is one atomic step. A claim holds as long as its lease, a reply as long as its life; what has ended is as
/// good as absent.
#[async_trait]
pub trait IdempotencyStore: Send + Sync + 'static {
    /// Takes the key if it is free. Of several claims at a time exactly one wins.
    async fn claim(&self, claim: &Claim) -> Result<Claimed, StoreError>;

    /// Lets the claim's lease begin anew. `false`: it had ended, and another took the key.
    async fn renew(&self, claim: &Claim) -> Result<bool, StoreError>;

    /// Puts the reply in the place of the claim, for `ttl`. `false`: another took the key.
    async fn complete(&self, claim: &Claim, reply: &[u8], ttl: Duration) -> Result<bool, StoreError>;

    /// Frees the key, unless another took it.
    async fn release(&self, claim: &Claim) -> Result<(), StoreError>;

    /// Removes what has ended, and says how much that was.
    async fn sweep(&self) -> Result<u64, StoreError>;
}
