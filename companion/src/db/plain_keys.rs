//! Keys of files that have no handle in them, and that two files could therefore ask for.

use super::{Db, JobRow, Millis, now};

/// How long a key that nothing lies at any more is kept from others: longer than any process that was to remove what lay there may
/// be late with it.
const KEPT: Millis = 24 * 3600 * 1000;

impl Db {
    /// Takes a key for what a job is about to write. `false` when it is another's.
    pub async fn take_key(&self, job: &JobRow, key: &str) -> sqlx::Result<bool> {
        let taken = sqlx::query(
            "INSERT INTO plain_keys (storage, object_key, handle, claim, taken_ms) SELECT $1, $2, $3, $4, $5 \
             WHERE NOT EXISTS (SELECT 1 FROM files WHERE storage = $1 AND object_key = $2) \
             ON CONFLICT (storage, object_key) DO UPDATE SET claim = excluded.claim, taken_ms = excluded.taken_ms \
             WHERE plain_keys.handle = excluded.handle AND plain_keys.claim = 0",
        )
        .bind(&job.storage)
        .bind(key)
        .bind(&job.handle)
        .bind(job.claims)
        .bind(now())
        .execute(&self.pool)
        .await?;
        Ok(taken.rows_affected() > 0)
    }

    /// The job's worker writes no longer; whoever takes the job next may have the key that it took.
    pub(super) async fn leave_key(&self, job: &JobRow) -> sqlx::Result<()> {
        sqlx::query("UPDATE plain_keys SET claim = 0 WHERE handle = $1 AND claim = $2")
            .bind(&job.handle)
            .bind(job.claims)
            .execute(&self.pool)
            .await
            .map(drop)
    }

    /// A file is gone; its key is free some time later.
    pub(super) async fn keep_key_of(&self, handle: &str) -> sqlx::Result<()> {
        sqlx::query("UPDATE plain_keys SET taken_ms = $1 WHERE handle = $2")
            .bind(now())
            .bind(handle)
            .execute(&self.pool)
            .await
            .map(drop)
    }

    /// Frees the keys that nothing has lain at for long.
    pub(super) async fn drop_unused_keys(&self) -> sqlx::Result<()> {
        sqlx::query(
            "DELETE FROM plain_keys WHERE taken_ms < $1 \
             AND NOT EXISTS (SELECT 1 FROM files f WHERE f.storage = plain_keys.storage AND f.object_key = plain_keys.object_key) \
             AND NOT EXISTS (SELECT 1 FROM jobs j WHERE j.storage = plain_keys.storage AND j.object_key = plain_keys.object_key)",
        )
        .bind(now() - KEPT)
        .execute(&self.pool)
        .await
        .map(drop)
    }
}
