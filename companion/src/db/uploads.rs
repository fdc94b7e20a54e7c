//! Uploads in parts, until a job has made a file of them.

use super::{Db, Millis, now};
use sqlx::FromRow;

/// An upload that has begun.
#[derive(Debug, Clone, FromRow)]
pub struct UploadRow {
    /// Its name, which only its client knows.
    pub id: String,
    /// The site.
    pub app_key: String,
    /// What the client calls the file.
    pub filename: String,
    /// What the client says that it is.
    pub mimetype: String,
    /// Bytes that the client says it has.
    pub size: i64,
    /// Which of the storages.
    pub storage: String,
    /// The container asked for.
    pub container: Option<String>,
    /// The prefix of the key.
    pub prefix: String,
    /// Who may read the file.
    pub access: String,
    /// The client's own JSON.
    pub tags: Option<String>,
    /// Bytes that the policy wants at least.
    pub least_bytes: Option<i64>,
    /// Bytes that the policy allows at most.
    pub most_bytes: Option<i64>,
    /// 1 where the file's key is prefix and name alone.
    pub plain_key: i64,
}

/// A part that has arrived.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct PartRow {
    /// Its number, from 1.
    pub part: i64,
    /// Bytes.
    pub size: i64,
    /// Its MD5, hex, which the client repeats at the end.
    pub etag: String,
}

impl Db {
    /// Begins an upload.
    pub async fn insert_upload(&self, upload: &UploadRow) -> sqlx::Result<()> {
        sqlx::query(
            "INSERT INTO uploads (id, app_key, filename, mimetype, size, storage, container, prefix, access, tags, least_bytes, \
                                  most_bytes, created_ms, touched_ms, plain_key) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $13, $14)",
        )
        .bind(&upload.id)
        .bind(&upload.app_key)
        .bind(&upload.filename)
        .bind(&upload.mimetype)
        .bind(upload.size)
        .bind(&upload.storage)
        .bind(&upload.container)
        .bind(&upload.prefix)
        .bind(&upload.access)
        .bind(&upload.tags)
        .bind(upload.least_bytes)
        .bind(upload.most_bytes)
        .bind(now())
        .bind(upload.plain_key)
        .execute(&self.pool)
        .await
        .map(drop)
    }

    /// An upload of a site.
    pub async fn upload(&self, id: &str, app_key: &str) -> sqlx::Result<Option<UploadRow>> {
        sqlx::query_as(
            "SELECT id, app_key, filename, mimetype, size, storage, container, prefix, access, tags, least_bytes, most_bytes, \
                    plain_key \
             FROM uploads WHERE id = $1 AND app_key = $2",
        )
        .bind(id)
        .bind(app_key)
        .fetch_optional(&self.pool)
        .await
    }

    /// Notes the client's tags, which come with the end.
    pub async fn tag_upload(&self, id: &str, tags: &str) -> sqlx::Result<()> {
        sqlx::query("UPDATE uploads SET tags = $1 WHERE id = $2")
            .bind(tags)
            .bind(id)
            .execute(&self.pool)
            .await
            .map(drop)
    }

    /// A part has arrived; one that was there before is another now.
    pub async fn put_part(&self, upload: &str, part: &PartRow) -> sqlx::Result<()> {
        sqlx::query(
            "INSERT INTO upload_parts (upload_id, part, size, etag) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (upload_id, part) DO UPDATE SET size = excluded.size, etag = excluded.etag",
        )
        .bind(upload)
        .bind(part.part)
        .bind(part.size)
        .bind(&part.etag)
        .execute(&self.pool)
        .await?;
        sqlx::query("UPDATE uploads SET touched_ms = $1 WHERE id = $2")
            .bind(now())
            .bind(upload)
            .execute(&self.pool)
            .await
            .map(drop)
    }

    /// The parts that are there, in their order.
    pub async fn parts(&self, upload: &str) -> sqlx::Result<Vec<PartRow>> {
        sqlx::query_as("SELECT part, size, etag FROM upload_parts WHERE upload_id = $1 ORDER BY part")
            .bind(upload)
            .fetch_all(&self.pool)
            .await
    }

    /// Whether there is an upload of this name.
    pub async fn has_upload(&self, id: &str) -> sqlx::Result<bool> {
        let found: Option<i64> =
            sqlx::query_scalar("SELECT 1 FROM uploads WHERE id = $1").bind(id).fetch_optional(&self.pool).await?;
        Ok(found.is_some())
    }

    /// Forgets an upload with its parts.
    pub async fn delete_upload(&self, id: &str) -> sqlx::Result<()> {
        sqlx::query("DELETE FROM uploads WHERE id = $1").bind(id).execute(&self.pool).await.map(drop)
    }

    /// Uploads of which nothing was heard since, and those of which a job has made a file and nothing was heard since `done`.
    pub async fn ended_uploads(&self, since: Millis, done: Millis) -> sqlx::Result<Vec<(String, String)>> {
        sqlx::query_as(
            "SELECT id, storage FROM uploads WHERE NOT EXISTS (SELECT 1 FROM jobs j WHERE j.source = $2 AND j.path = uploads.id \
             AND j.state IN ('queued', 'running')) AND (touched_ms < $1 OR touched_ms < $3 AND EXISTS (SELECT 1 FROM jobs j WHERE j.source = $2 \
             AND j.path = uploads.id AND j.state = 'stored')) LIMIT 100",
        )
        .bind(since)
        .bind(super::FROM_DEVICE)
        .bind(done)
        .fetch_all(&self.pool)
        .await
    }
}
