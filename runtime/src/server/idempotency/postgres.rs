//! Keys in PostgreSQL: shared by all servers of a service. Times are the database's.

use std::str::FromStr;
use std::time::Duration;

use async_trait::async_trait;
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};

use super::store::{Claim, Claimed, IdempotencyStore, StoreError};

const TABLE: &str = "CREATE TABLE IF NOT EXISTS tieline_idempotency (
    key text PRIMARY KEY,
    fingerprint bytea NOT NULL,
    token bytea NOT NULL,
    reply bytea,
    until timestamptz NOT NULL
)";
const INDEX: &str = "CREATE INDEX IF NOT EXISTS tieline_idempotency_until ON tieline_idempotency (until)";
/// Two that make the same table at a time would trip over each other. The number is ours: `tieline` as ASCII.
const LOCK: &str = "SELECT pg_advisory_xact_lock(32766981629898341)";
const CLAIM: &str = "INSERT INTO tieline_idempotency AS held (key, fingerprint, token, until)
    VALUES ($1, $2, $3, clock_timestamp() + make_interval(secs => $4))
    ON CONFLICT (key) DO UPDATE
    SET fingerprint = excluded.fingerprint, token = excluded.token, until = excluded.until, reply = NULL
    WHERE held.until <= clock_timestamp()";
const LOOK: &str =
    "SELECT fingerprint, reply FROM tieline_idempotency WHERE key = $1 AND until > clock_timestamp()";
const RENEW: &str = "UPDATE tieline_idempotency SET until = clock_timestamp() + make_interval(secs => $3)
    WHERE key = $1 AND token = $2 AND reply IS NULL";
const COMPLETE: &str = "UPDATE tieline_idempotency
    SET until = clock_timestamp() + make_interval(secs => $3), reply = $4
    WHERE key = $1 AND token = $2 AND reply IS NULL";
const RELEASE: &str = "DELETE FROM tieline_idempotency WHERE key = $1 AND token = $2 AND reply IS NULL";
const SWEEP: &str = "DELETE FROM tieline_idempotency WHERE until <= clock_timestamp()";

/// Keys in a table of PostgreSQL, `tieline_idempotency`.
#[derive(Debug, Clone)]
pub struct PostgresStore {
    pool: PgPool,
}

impl PostgresStore {
    /// Connects to the database at `url`, `postgres://user@host/database`, and makes the table where there is none. At
    /// most ten connections are made.
    ///
    /// # Errors
    /// The URL is none, or the database cannot be reached or refuses. No text of it has the password.
    pub async fn connect(url: &str) -> Result<Self, StoreError> {
        let options = PgConnectOptions::from_str(url)
            .map_err(|_| "the address of the database is none; write `postgres://user@host/database`")?;
        let pool = PgPoolOptions::new()
            .max_connections(10)
            .connect_with(options)
            .await?;
        let mut making = pool.begin().await?;
        for statement in [LOCK, TABLE, INDEX] {
            sqlx::query(statement).execute(&mut *making).await?;
        }
        making.commit().await?;
        Ok(Self { pool })
    }
}

#[async_trait]
impl IdempotencyStore for PostgresStore {
    async fn claim(&self, claim: &Claim) -> Result<Claimed, StoreError> {
        loop {
            let claimed = sqlx::query(CLAIM)
                .bind(&claim.key)
                .bind(&claim.fingerprint[..])
                .bind(&claim.token.to_be_bytes()[..])
                .bind(claim.lease.as_secs_f64())
                .execute(&self.pool)
                .await?;
            if claimed.rows_affected() > 0 {
                return Ok(Claimed::Won);
            }
            let held: Option<(Vec<u8>, Option<Vec<u8>>)> = sqlx::query_as(LOOK)
                .bind(&claim.key)
                .fetch_optional(&self.pool)
                .await?;
            // It may have come free in between.
            if let Some((fingerprint, reply)) = held {
                let fingerprint = fingerprint
                    .try_into()
                    .map_err(|_| "a fingerprint has another length")?;
                return Ok(Claimed::Taken { fingerprint, reply });
            }
        }
    }

    async fn renew(&self, claim: &Claim) -> Result<bool, StoreError> {
        let renewed = sqlx::query(RENEW)
            .bind(&claim.key)
            .bind(&claim.token.to_be_bytes()[..])
            .bind(claim.lease.as_secs_f64())
            .execute(&self.pool)
            .await?;
        Ok(renewed.rows_affected() > 0)
    }

    async fn complete(&self, claim: &Claim, reply: &[u8], ttl: Duration) -> Result<bool, StoreError> {
        let completed = sqlx::query(COMPLETE)
            .bind(&claim.key)
            .bind(&claim.token.to_be_bytes()[..])
            .bind(ttl.as_secs_f64())
            .bind(reply)
            .execute(&self.pool)
            .await?;
        Ok(completed.rows_affected() > 0)
    }

    async fn release(&self, claim: &Claim) -> Result<(), StoreError> {
        sqlx::query(RELEASE)
            .bind(&claim.key)
            .bind(&claim.token.to_be_bytes()[..])
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    async fn sweep(&self) -> Result<u64, StoreError> {
        Ok(sqlx::query(SWEEP).execute(&self.pool).await?.rows_affected())
    }
}
