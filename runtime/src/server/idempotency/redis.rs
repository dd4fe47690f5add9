//! Keys in Redis or Valkey: shared by all servers of a service, and removed by the server itself when they end.
//!
//! A value is the fingerprint (32 octets), the token of the claim (16), and behind these the reply, once there is one.
//! What has several steps is a script, which Redis does as one.

use std::time::Duration;

use ::redis::aio::ConnectionManager;
use ::redis::{Client, Script};
use async_trait::async_trait;

use super::store::{Claim, Claimed, IdempotencyStore, StoreError};

/// Where the reply begins.
const HEAD: usize = 32 + 16;

const CLAIM: &str = "local held = redis.call('GET', KEYS[1])
    if held then return held end
    redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
    return false";
/// A claim is its whole value: with a reply behind it, it is none any more.
const RENEW: &str = "if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
    return redis.call('PEXPIRE', KEYS[1], ARGV[2])";
const COMPLETE: &str = "if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
    redis.call('SET', KEYS[1], ARGV[3], 'PX', ARGV[2])
    return 1";
const RELEASE: &str = "if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
    return redis.call('DEL', KEYS[1])";

/// Keys in Redis or Valkey, below a prefix.
#[derive(Clone)]
pub struct RedisStore {
    connection: ConnectionManager,
    prefix: String,
}

impl RedisStore {
    /// Connects to the server at `url`, `redis://host:6379/0`. The connection is made anew when it breaks.
    ///
    /// # Errors
    /// The URL is none, or the server cannot be reached. No text of it has the password.
    pub async fn connect(url: &str) -> Result<Self, StoreError> {
        let client = Client::open(url)
            .map_err(|_| "the address of the server is none; write `redis://host:6379/0`")?;
        Ok(Self {
            connection: client.get_connection_manager().await?,
            prefix: "tieline:idempotency:".to_owned(),
        })
    }

    /// Writes keys below `prefix`; `tieline:idempotency:` unless set.
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = prefix.into();
        self
    }

    async fn run<T: ::redis::FromRedisValue>(
        &self,
        script: &str,
        claim: &Claim,
        life: Duration,
        reply: Option<&[u8]>,
    ) -> Result<T, StoreError> {
        // Redis keeps nothing for no time.
        let millis = u64::try_from(life.as_millis())
            .unwrap_or(u64::MAX)
            .clamp(1, 1 << 52);
        let mut head = claim.fingerprint.to_vec();
        head.extend(claim.token.to_be_bytes());
        let script = Script::new(script);
        let mut call = script.key(format!("{}{}", self.prefix, claim.key));
        call.arg(&head[..]).arg(millis);
        if let Some(reply) = reply {
            head.extend_from_slice(reply);
            call.arg(head);
        }
        Ok(call.invoke_async(&mut self.connection.clone()).await?)
    }
}

impl std::fmt::Debug for RedisStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RedisStore")
            .field("prefix", &self.prefix)
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl IdempotencyStore for RedisStore {
    async fn claim(&self, claim: &Claim) -> Result<Claimed, StoreError> {
        let held: Option<Vec<u8>> = self.run(CLAIM, claim, claim.lease, None).await?;
        let Some(held) = held else {
            return Ok(Claimed::Won);
        };
        let (head, reply) = held
            .split_at_checked(HEAD)
            .ok_or("a key holds what is no claim")?;
        let fingerprint = head[..32]
            .try_into()
            .map_err(|_| "a key holds what is no claim")?;
        // A recorded reply is never empty: its head is a line.
        let reply = (!reply.is_empty()).then(|| reply.to_vec());
        Ok(Claimed::Taken { fingerprint, reply })
    }

    async fn renew(&self, claim: &Claim) -> Result<bool, StoreError> {
        self.run(RENEW, claim, claim.lease, None).await
    }

    async fn complete(&self, claim: &Claim, reply: &[u8], ttl: Duration) -> Result<bool, StoreError> {
        self.run(COMPLETE, claim, ttl, Some(reply)).await
    }

    async fn release(&self, claim: &Claim) -> Result<(), StoreError> {
        self.run::<i64>(RELEASE, claim, claim.lease, None).await.map(drop)
    }

    /// Redis removes what has ended by itself.
    async fn sweep(&self) -> Result<u64, StoreError> {
        Ok(0)
    }
}
