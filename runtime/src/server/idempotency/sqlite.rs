//! Keys in a SQLite file: they outlive the process. SQLite works on a thread of its own.

use std::path::Path;
use std::time::Duration;

use async_trait::async_trait;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};

use super::store::{Claim, Claimed, IdempotencyStore, StoreError};
use crate::clock::Wall;

/// How long a statement waits for another process that writes.
const BUSY: Duration = Duration::from_secs(5);

const TABLE: &str = "CREATE TABLE IF NOT EXISTS tieline_idempotency (
    key TEXT PRIMARY KEY,
    fingerprint BLOB NOT NULL,
    token BLOB NOT NULL,
    reply BLOB,
    until INTEGER NOT NULL
) STRICT, WITHOUT ROWID";
const INDEX: &str = "CREATE INDEX IF NOT EXISTS tieline_idempotency_until ON tieline_idempotency (until)";
const CLAIM: &str = "INSERT INTO tieline_idempotency (key, fingerprint, token, until) VALUES (?1, ?2, ?3, ?4)
    ON CONFLICT (key) DO UPDATE
    SET fingerprint = excluded.fingerprint, token = excluded.token, until = excluded.until, reply = NULL
    WHERE until <= ?5";
const LOOK: &str = "SELECT fingerprint, reply FROM tieline_idempotency WHERE key = ?1 AND until > ?2";
const RENEW: &str =
    "UPDATE tieline_idempotency SET until = ?3 WHERE key = ?1 AND token = ?2 AND reply IS NULL";
const COMPLETE: &str =
    "UPDATE tieline_idempotency SET until = ?3, reply = ?4 WHERE key = ?1 AND token = ?2 AND reply IS NULL";
const RELEASE: &str = "DELETE FROM tieline_idempotency WHERE key = ?1 AND token = ?2 AND reply IS NULL";
const SWEEP: &str = "DELETE FROM tieline_idempotency WHERE until <= ?1";

/// Keys in a SQLite file, with a write-ahead log: they outlive the process, and processes of one machine share them.
#[derive(Debug, Clone)]
pub struct SqliteStore {
    pool: SqlitePool,
    wall: Wall,
}

impl SqliteStore {
    /// Opens the file, which is made where there is none, and makes its table.
    ///
    /// # Errors
    /// The file cannot be opened, or is no database.
    pub async fn open(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            // A reply that is said to be kept is on the disk.
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(BUSY);
        // SQLite has one writer at a time: more connections would only wait for each other.
        let pool = SqlitePoolOptions::new()
            .max_connections(1)
            .connect_with(options)
            .await?;
        Self::with_pool(pool).await
    }

    /// Keeps keys in a table of a database that is open already.
    ///
    /// # Errors
    /// The table cannot be made.
    async fn with_pool(pool: SqlitePool) -> Result<Self, StoreError> {
        for statement in [TABLE, INDEX] {
            sqlx::query(statement).execute(&pool).await?;
        }
        Ok(Self {
            pool,
            wall: Wall::system(),
        })
    }

    /// Sets the clock that leases and lives end by.
    pub fn wall(mut self, wall: Wall) -> Self {
        self.wall = wall;
        self
    }

    /// Milliseconds since 1970, `after` from now.
    fn time(&self, after: Duration) -> i64 {
        let at = self.wall.now().saturating_add(after);
        i64::try_from(at.as_millis()).unwrap_or(i64::MAX)
    }
}

#[async_trait]
impl IdempotencyStore for SqliteStore {
    async fn claim(&self, claim: &Claim) -> Result<Claimed, StoreError> {
        loop {
            let claimed = sqlx::query(CLAIM)
                .bind(&claim.key)
                .bind(&claim.fingerprint[..])
                .bind(&claim.token.to_be_bytes()[..])
                .bind(self.time(claim.lease))
                .bind(self.time(Duration::ZERO))
                .execute(&self.pool)
                .await?;
            if claimed.rows_affected() > 0 {
                return Ok(Claimed::Won);
            }
            let held: Option<(Vec<u8>, Option<Vec<u8>>)> = sqlx::query_as(LOOK)
                .bind(&claim.key)
                .bind(self.time(Duration::ZERO))
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
            .bind(self.time(claim.lease))
            .execute(&self.pool)
            .await?;
        Ok(renewed.rows_affected() > 0)
    }

    async fn complete(&self, claim: &Claim, reply: &[u8], ttl: Duration) -> Result<bool, StoreError> {
        let completed = sqlx::query(COMPLETE)
            .bind(&claim.key)
            .bind(&claim.token.to_be_bytes()[..])
            .bind(self.time(ttl))
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
        let swept = sqlx::query(SWEEP)
            .bind(self.time(Duration::ZERO))
            .execute(&self.pool)
            .await?;
        Ok(swept.rows_affected())
    }
}
