//! What is in the storage.

use super::{Db, Millis, NewNotice, now, placeholders};
use sqlx::any::{Any, AnyArguments};
use sqlx::query::Query;
use sqlx::{AssertSqlSafe, FromRow};
use std::collections::HashSet;

/// A stored file.
#[derive(Debug, Clone, Default, PartialEq, Eq, FromRow)]
pub struct FileRow {
    /// Its public name.
    pub handle: String,
    /// The site.
    pub app_key: String,
    /// Where it came from.
    pub source: String,
    /// The provider's app through which it came.
    pub client_id: String,
    /// The provider's id of the account, which is that app's.
    pub account_id: String,
    /// Its path there.
    pub source_path: String,
    /// Which of the storages it is in.
    pub storage: String,
    /// Its key there.
    pub object_key: String,
    /// The container asked for.
    pub container: Option<String>,
    /// A name for people.
    pub filename: String,
    /// Its type, judged from the bytes.
    pub mimetype: String,
    /// Bytes.
    pub size: i64,
    /// SHA-256, hex.
    pub sha256: String,
    /// Pixels.
    pub width: Option<i64>,
    /// Pixels.
    pub height: Option<i64>,
    /// The visitor's words.
    pub caption: Option<String>,
    /// When it was taken or published, RFC 3339.
    pub taken: Option<String>,
    /// Who may read it: `public` or `private`.
    pub access: String,
    /// The session that stored it; empty where there was none.
    pub session_id: String,
    /// The client's own JSON.
    pub tags: Option<String>,
    /// When it was stored.
    pub created_ms: Millis,
    /// Of a file that is linked and not stored: the connection with which it is fetched.
    pub link_connection: Option<String>,
    /// Until when it is.
    pub link_expires_ms: Option<Millis>,
}

const FILE: &str = "handle, app_key, source, client_id, account_id, source_path, storage, object_key, container, filename, \
     mimetype, size, sha256, width, height, caption, taken, access, session_id, tags, created_ms, \
     link_connection, link_expires_ms";

pub(super) fn insert(file: &FileRow, time: Millis) -> Query<'_, Any, AnyArguments> {
    sqlx::query(
        "INSERT INTO files (handle, app_key, source, client_id, account_id, source_path, storage, object_key, container, \
                            filename, mimetype, size, sha256, width, height, caption, taken, created_ms, access, session_id, \
                            tags, link_connection, link_expires_ms) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23)",
    )
    .bind(&file.handle)
    .bind(&file.app_key)
    .bind(&file.source)
    .bind(&file.client_id)
    .bind(&file.account_id)
    .bind(&file.source_path)
    .bind(&file.storage)
    .bind(&file.object_key)
    .bind(&file.container)
    .bind(&file.filename)
    .bind(&file.mimetype)
    .bind(file.size)
    .bind(&file.sha256)
    .bind(file.width)
    .bind(file.height)
    .bind(&file.caption)
    .bind(&file.taken)
    .bind(time)
    .bind(&file.access)
    .bind(&file.session_id)
    .bind(&file.tags)
    .bind(&file.link_connection)
    .bind(file.link_expires_ms)
}

impl Db {
    /// The file with this handle.
    pub async fn file(&self, handle: &str) -> sqlx::Result<Option<FileRow>> {
        sqlx::query_as(AssertSqlSafe(format!("SELECT {FILE} FROM files WHERE handle = $1 AND removed_ms IS NULL")))
            .bind(handle)
            .fetch_optional(&self.pool)
            .await
    }

    /// Those of the keys that belong to a file, a result that is kept, or a transfer that has not ended.
    pub async fn objects_in_use(&self, storage: &str, keys: &[&str]) -> sqlx::Result<HashSet<String>> {
        if keys.is_empty() {
            return Ok(HashSet::new());
        }
        let list = placeholders(1, keys.len());
        let select = format!(
            "SELECT object_key FROM files WHERE storage = $1 AND object_key IN ({list}) UNION \
             SELECT object_key FROM jobs WHERE storage = $1 AND object_key IN ({list}) UNION \
             SELECT object_key FROM conversions WHERE storage = $1 AND object_key IN ({list})"
        );
        let query = sqlx::query_scalar(AssertSqlSafe(select)).bind(storage);
        let query = keys.iter().fold(query, |query, key| query.bind(*key));
        Ok(query.fetch_all(&self.pool).await?.into_iter().collect())
    }

    /// Whether a transfer that has not ended writes to this key.
    pub async fn is_written(&self, storage: &str, key: &str) -> sqlx::Result<bool> {
        let found: Option<i64> = sqlx::query_scalar("SELECT 1 FROM jobs WHERE storage = $1 AND object_key = $2")
            .bind(storage)
            .bind(key)
            .fetch_optional(&self.pool)
            .await?;
        Ok(found.is_some())
    }

    /// Records a file that is linked, and begins the notices of it.
    pub async fn insert_link(&self, file: &FileRow, notices: &[NewNotice]) -> sqlx::Result<()> {
        let mut work = self.pool.begin().await?;
        insert(file, now()).execute(&mut *work).await?;
        super::notices::insert_all(&mut work, notices).await?;
        work.commit().await
    }

    /// Removes a file for everybody, and begins the notices of it. Its bytes are removed by [`Db::removed_files`]'s reader, unless
    /// they are to be kept. `false` when it was gone already.
    pub async fn remove_file(&self, handle: &str, keep_object: bool, notices: &[NewNotice]) -> sqlx::Result<bool> {
        let mut work = self.pool.begin().await?;
        let removed =
            sqlx::query("UPDATE files SET removed_ms = $1, keep_object = $2 WHERE handle = $3 AND removed_ms IS NULL")
                .bind(now())
                .bind(i64::from(keep_object))
                .bind(handle)
                .execute(&mut *work)
                .await?;
        if removed.rows_affected() == 0 {
            return Ok(false);
        }
        super::notices::insert_all(&mut work, notices).await?;
        work.commit().await?;
        Ok(true)
    }

    /// Removed files whose bytes are to go: handle, storage and key.
    pub async fn removed_files(&self) -> sqlx::Result<Vec<(String, String, String)>> {
        sqlx::query_as(
            "SELECT handle, storage, object_key FROM files WHERE removed_ms IS NOT NULL AND keep_object = 0 \
             ORDER BY removed_ms LIMIT 100",
        )
        .fetch_all(&self.pool)
        .await
    }

    /// Forgets a removed file whose bytes are gone.
    pub async fn forget_file(&self, handle: &str) -> sqlx::Result<()> {
        self.keep_key_of(handle).await?;
        sqlx::query("DELETE FROM files WHERE handle = $1 AND removed_ms IS NOT NULL AND keep_object = 0")
            .bind(handle)
            .execute(&self.pool)
            .await
            .map(drop)
    }

    /// Gives a file other bytes, if it still has those of `before`, and begins the notices of it. `false` when another was faster or
    /// it is gone.
    pub async fn overwrite_file(&self, before: &FileRow, after: &FileRow, notices: &[NewNotice]) -> sqlx::Result<bool> {
        let mut work = self.pool.begin().await?;
        let written = sqlx::query(
            "UPDATE files SET object_key = $1, mimetype = $2, size = $3, sha256 = $4, width = $5, height = $6, filename = $7 \
             WHERE handle = $8 AND object_key = $9 AND removed_ms IS NULL",
        )
        .bind(&after.object_key)
        .bind(&after.mimetype)
        .bind(after.size)
        .bind(&after.sha256)
        .bind(after.width)
        .bind(after.height)
        .bind(&after.filename)
        .bind(&before.handle)
        .bind(&before.object_key)
        .execute(&mut *work)
        .await?;
        if written.rows_affected() == 0 {
            return Ok(false);
        }
        super::notices::insert_all(&mut work, notices).await?;
        work.commit().await?;
        Ok(true)
    }

    /// The site's server wants to keep a file. `false` when it is gone.
    pub async fn claim_file(&self, handle: &str) -> sqlx::Result<bool> {
        let claimed = sqlx::query(
            "UPDATE files SET claimed_ms = COALESCE(claimed_ms, $1) WHERE handle = $2 AND removed_ms IS NULL",
        )
        .bind(now())
        .bind(handle)
        .execute(&self.pool)
        .await?;
        Ok(claimed.rows_affected() > 0)
    }

    /// Files of a site from before `since` that its server has not claimed.
    pub async fn unclaimed_files(&self, app_key: &str, since: Millis) -> sqlx::Result<Vec<FileRow>> {
        let select = format!(
            "SELECT {FILE} FROM files WHERE app_key = $1 AND created_ms < $2 AND claimed_ms IS NULL AND removed_ms IS NULL \
             ORDER BY created_ms LIMIT 200"
        );
        sqlx::query_as(AssertSqlSafe(select)).bind(app_key).bind(since).fetch_all(&self.pool).await
    }

    /// The newest files of a site or of all, those before the first `skip` left out.
    pub async fn files(&self, app_key: Option<&str>, most: i64, skip: i64) -> sqlx::Result<Vec<FileRow>> {
        let select = format!(
            "SELECT {FILE} FROM files WHERE removed_ms IS NULL AND ($1 = '' OR app_key = $1) \
             ORDER BY created_ms DESC, handle LIMIT $2 OFFSET $3"
        );
        let query = sqlx::query_as(AssertSqlSafe(select)).bind(app_key.unwrap_or_default());
        query.bind(most).bind(skip).fetch_all(&self.pool).await
    }

    /// How many files a site has, and their bytes.
    pub async fn usage_of(&self, app_key: &str) -> sqlx::Result<(i64, i64)> {
        sqlx::query_as(
            "SELECT COUNT(*), CAST(COALESCE(SUM(size), 0) AS BIGINT) FROM files WHERE app_key = $1 AND removed_ms IS NULL",
        )
        .bind(app_key)
        .fetch_one(&self.pool)
        .await
    }
}
