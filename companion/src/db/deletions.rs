//! What a person asks for through the provider: that access ends, and that what is kept of them be deleted.

use super::{Db, Millis, NewNotice, now};
use bowerbird_protocol::problem::ProblemCode;
use sqlx::{AssertSqlSafe, FromRow};

/// An account at a provider. Its id is one app's: the same person has another with another app.
#[derive(Debug, Clone, Copy)]
pub struct Account<'a> {
    /// Which provider.
    pub source: &'a str,
    /// Which app of the provider's.
    pub client_id: &'a str,
    /// The id.
    pub id: &'a str,
}

/// A wish for deletion. It concerns what was kept when it was made.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct DeletionRow {
    /// Its public name.
    pub code: String,
    /// Which provider.
    pub source: String,
    /// Which app of the provider's.
    pub client_id: String,
    /// Whose; empty once it is fulfilled.
    pub account_id: String,
    /// Files that were deleted so far.
    pub files: i64,
    /// Files that their site keeps.
    pub kept: i64,
    /// When it was made.
    pub created_ms: Millis,
    /// When it was fulfilled.
    pub done_ms: Option<Millis>,
}

/// A file that may have to go.
#[derive(Debug, Clone, FromRow)]
pub struct KeptFile {
    /// Its public name.
    pub handle: String,
    /// The site.
    pub app_key: String,
    /// Which of the storages it is in.
    pub storage: String,
    /// Its key there.
    pub object_key: String,
}

impl Db {
    /// Forgets what a provider's app was given for a person, in every session, and the accounts that they connected; unfinished jobs of theirs fail, those that run
    /// as soon as they notice. Answers how many connections there were.
    pub async fn remove_access(&self, account: Account<'_>) -> sqlx::Result<u64> {
        let mut work = self.pool.begin().await?;
        let gone = remove_access(&mut work, account).await?;
        work.commit().await?;
        Ok(gone)
    }

    /// Writes a wish down and ends the access. `false`, and nothing is done, when it is there already.
    pub async fn begin_deletion(&self, code: &str, account: Account<'_>) -> sqlx::Result<bool> {
        let mut work = self.pool.begin().await?;
        let begun = sqlx::query(
            "INSERT INTO deletions (code, source, client_id, account_id, created_ms) VALUES ($1, $2, $3, $4, $5) \
             ON CONFLICT (code) DO NOTHING",
        )
        .bind(code)
        .bind(account.source)
        .bind(account.client_id)
        .bind(account.id)
        .bind(now())
        .execute(&mut *work)
        .await?;
        if begun.rows_affected() == 0 {
            return Ok(false);
        }
        remove_access(&mut work, account).await?;
        // The time is taken anew now that no other transaction can write: a file that was recorded while this one waited is older.
        sqlx::query("UPDATE deletions SET created_ms = $1 WHERE code = $2")
            .bind(now())
            .bind(code)
            .execute(&mut *work)
            .await?;
        work.commit().await?;
        Ok(true)
    }

    /// A wish by its code.
    pub async fn deletion(&self, code: &str) -> sqlx::Result<Option<DeletionRow>> {
        sqlx::query_as(
            "SELECT code, source, client_id, account_id, files, kept, created_ms, done_ms FROM deletions WHERE code = $1",
        )
        .bind(code)
        .fetch_optional(&self.pool)
        .await
    }

    /// Wishes that are not fulfilled, the oldest first.
    pub async fn open_deletions(&self) -> sqlx::Result<Vec<DeletionRow>> {
        sqlx::query_as(
            "SELECT code, source, client_id, account_id, files, kept, created_ms, done_ms FROM deletions \
             WHERE done_ms IS NULL ORDER BY created_ms",
        )
        .fetch_all(&self.pool)
        .await
    }

    /// Whether a photo of theirs is still being stored, or a transfer that failed has left something in the storage.
    pub async fn stores_for(&self, deletion: &DeletionRow) -> sqlx::Result<bool> {
        let found: Option<i64> = sqlx::query_scalar(
            "SELECT 1 FROM jobs WHERE source = $1 AND client_id = $2 AND account_id = $3 AND created_ms <= $4 \
             AND (state = 'running' OR object_key IS NOT NULL) LIMIT 1",
        )
        .bind(&deletion.source)
        .bind(&deletion.client_id)
        .bind(&deletion.account_id)
        .bind(deletion.created_ms)
        .fetch_optional(&self.pool)
        .await?;
        Ok(found.is_some())
    }

    /// The files that a wish concerns.
    pub async fn files_to_delete(&self, deletion: &DeletionRow) -> sqlx::Result<Vec<KeptFile>> {
        sqlx::query_as(
            "SELECT handle, app_key, storage, object_key FROM files WHERE source = $1 AND client_id = $2 AND account_id = $3 \
             AND created_ms <= $4 ORDER BY created_ms, handle",
        )
        .bind(&deletion.source)
        .bind(&deletion.client_id)
        .bind(&deletion.account_id)
        .bind(deletion.created_ms)
        .fetch_all(&self.pool)
        .await
    }

    /// Deletes the row of a file, counts it and begins its notices: all of it, or nothing.
    pub async fn delete_file(&self, code: &str, handle: &str, notices: &[NewNotice]) -> sqlx::Result<()> {
        let mut work = self.pool.begin().await?;
        let gone = sqlx::query("DELETE FROM files WHERE handle = $1").bind(handle).execute(&mut *work).await?;
        if gone.rows_affected() == 0 {
            return Ok(());
        }
        sqlx::query("UPDATE deletions SET files = files + 1 WHERE code = $1").bind(code).execute(&mut *work).await?;
        super::notices::insert_all(&mut work, notices).await?;
        work.commit().await
    }

    /// A wish is fulfilled: the jobs go too, and with the account's id the last that names the person.
    pub async fn end_deletion(&self, deletion: &DeletionRow, kept: i64) -> sqlx::Result<()> {
        let mut work = self.pool.begin().await?;
        sqlx::query(
            "DELETE FROM jobs WHERE source = $1 AND client_id = $2 AND account_id = $3 AND created_ms <= $4 \
             AND state <> 'running'",
        )
        .bind(&deletion.source)
        .bind(&deletion.client_id)
        .bind(&deletion.account_id)
        .bind(deletion.created_ms)
        .execute(&mut *work)
        .await?;
        sqlx::query("UPDATE deletions SET kept = $1, done_ms = $2, account_id = '' WHERE code = $3")
            .bind(kept)
            .bind(now())
            .bind(&deletion.code)
            .execute(&mut *work)
            .await?;
        work.commit().await
    }
}

async fn remove_access(work: &mut sqlx::AnyConnection, account: Account<'_>) -> sqlx::Result<u64> {
    let removed = ProblemCode::AccessRemoved.as_str();
    sqlx::query(
        "UPDATE jobs SET state = CASE WHEN state = 'queued' THEN 'failed' ELSE state END, problem = $1, updated_ms = $2 \
         WHERE source = $3 AND client_id = $4 AND account_id = $5 AND state IN ('queued', 'running')",
    )
    .bind(removed)
    .bind(now())
    .bind(account.source)
    .bind(account.client_id)
    .bind(account.id)
    .execute(&mut *work)
    .await?;
    // A sign-in whose code has not come yet.
    sqlx::query(
        "UPDATE attempts SET outcome = $1, ended_ms = $2, code_hash = NULL WHERE outcome IS NULL AND connection_id IN \
         (SELECT id FROM connections WHERE source = $3 AND client_id = $4 AND account_id = $5)",
    )
    .bind(removed)
    .bind(now())
    .bind(account.source)
    .bind(account.client_id)
    .bind(account.id)
    .execute(&mut *work)
    .await?;
    // That a sign-in once ended well.
    sqlx::query(
        "DELETE FROM attempts WHERE outcome = $1 AND EXISTS (SELECT 1 FROM session_connections l \
         JOIN connections c ON c.id = l.connection_id WHERE l.session_id = attempts.session_id AND l.source = attempts.source \
         AND c.source = $2 AND c.client_id = $3 AND c.account_id = $4)",
    )
    .bind(super::CONNECTED)
    .bind(account.source)
    .bind(account.client_id)
    .bind(account.id)
    .execute(&mut *work)
    .await?;
    for table in ["accounts", "connecting"] {
        let delete = format!("DELETE FROM {table} WHERE client_id = $1 AND user_id = $2");
        sqlx::query(AssertSqlSafe(delete)).bind(account.client_id).bind(account.id).execute(&mut *work).await?;
    }
    let gone = sqlx::query("DELETE FROM connections WHERE source = $1 AND client_id = $2 AND account_id = $3")
        .bind(account.source)
        .bind(account.client_id)
        .bind(account.id)
        .execute(&mut *work)
        .await?;
    Ok(gone.rows_affected())
}
