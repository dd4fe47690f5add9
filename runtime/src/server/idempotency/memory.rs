//! Keys in memory: for tests, and for one process that may forget.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;

use super::store::{Claim, Claimed, IdempotencyStore, StoreError};
use crate::clock::{Clock, Instant};

/// Keys in memory: for tests, and for one process that may forget them when it ends.
#[derive(Debug, Default)]
pub struct MemoryStore {
    rows: Mutex<HashMap<String, Row>>,
    clock: Clock,
}

#[derive(Debug)]
struct Row {
    fingerprint: [u8; 32],
    token: u128,
    reply: Option<Vec<u8>>,
    until: Instant,
}

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the clock that leases and lives end by.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// How many keys there are, ended ones that were not removed yet included.
    pub fn len(&self) -> usize {
        self.rows().len()
    }

    /// Whether there is no key.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn rows(&self) -> MutexGuard<'_, HashMap<String, Row>> {
        // Nothing is left half done under this lock.
        self.rows.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the row of a claim that still holds the key.
    fn change(&self, claim: &Claim, change: impl FnOnce(&mut Row)) -> bool {
        let mut rows = self.rows();
        let row = rows.get_mut(&claim.key);
        let row = row.filter(|row| row.token == claim.token && row.reply.is_none());
        row.map(change).is_some()
    }
}

#[async_trait]
impl IdempotencyStore for MemoryStore {
    async fn claim(&self, claim: &Claim) -> Result<Claimed, StoreError> {
        let now = self.clock.now();
        let row = Row {
            fingerprint: claim.fingerprint,
            token: claim.token,
            reply: None,
            until: now.plus(claim.lease),
        };
        match self.rows().entry(claim.key.clone()) {
            Entry::Vacant(place) => drop(place.insert(row)),
            Entry::Occupied(mut held) if held.get().until <= now => drop(held.insert(row)),
            Entry::Occupied(held) => {
                return Ok(Claimed::Taken {
                    fingerprint: held.get().fingerprint,
                    reply: held.get().reply.clone(),
                });
            }
        }
        Ok(Claimed::Won)
    }

    async fn renew(&self, claim: &Claim) -> Result<bool, StoreError> {
        let until = self.clock.now().plus(claim.lease);
        Ok(self.change(claim, |row| row.until = until))
    }

    async fn complete(&self, claim: &Claim, reply: &[u8], ttl: Duration) -> Result<bool, StoreError> {
        let until = self.clock.now().plus(ttl);
        Ok(self.change(claim, |row| {
            row.reply = Some(reply.to_vec());
            row.until = until;
        }))
    }

    async fn release(&self, claim: &Claim) -> Result<(), StoreError> {
        let mut rows = self.rows();
        let is_own = |row: &Row| row.token == claim.token && row.reply.is_none();
        if rows.get(&claim.key).is_some_and(is_own) {
            rows.remove(&claim.key);
        }
        Ok(())
    }

    async fn sweep(&self) -> Result<u64, StoreError> {
        let now = self.clock.now();
        let mut rows = self.rows();
        let before = rows.len();
        rows.retain(|_, row| row.until > now);
        Ok((before - rows.len()) as u64)
    }
}
