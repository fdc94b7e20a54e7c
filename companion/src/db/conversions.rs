//! Results of conversions that are kept, and with which files they go.

use super::{Db, Millis, now, placeholders};
use sqlx::{AssertSqlSafe, FromRow};

/// A result that is kept.
#[derive(Debug, Clone, Default, PartialEq, Eq, FromRow)]
pub struct ConversionRow {
    /// The digest of the recipe and of the versions of all that went into it.
    pub id: String,
    /// The site.
    pub app_key: String,
    /// Which of the storages it is in.
    pub storage: String,
    /// Its key there.
    pub object_key: String,
    /// Its type.
    pub mimetype: String,
    /// Bytes.
    pub size: i64,
    /// SHA-256, hex.
    pub sha256: String,
    /// Pixels.
    pub width: i64,
    /// Pixels.
    pub height: i64,
    /// Until when it may be used; none for as long as its files live.
    pub expires_ms: Option<Millis>,
}

/// A result's bytes in the storage, whose row is gone: storage and key.
pub type Leftover = (String, String);

/// The time of the last use is written at most this often.
const NOTE_USE_EVERY: Millis = 24 * 3600 * 1000;
/// Results that are forgotten at once.
const BATCH: i64 = 500;

impl Db {
    /// The result of this id, if it is kept. Its time may be over.
    pub async fn conversion(&self, id: &str) -> sqlx::Result<Option<ConversionRow>> {
        let time = now();
        let found: Option<ConversionRow> = sqlx::query_as(
            "SELECT id, app_key, storage, object_key, mimetype, size, sha256, width, height, expires_ms FROM conversions \
             WHERE id = $1",
        )
        .bind(id)
        .fetch_optional(&self.pool)
        .await?;
        if found.is_some() {
            sqlx::query("UPDATE conversions SET used_ms = $1 WHERE id = $2 AND used_ms < $3")
                .bind(time)
                .bind(id)
                .bind(time - NOTE_USE_EVERY)
                .execute(&self.pool)
                .await?;
        }
        Ok(found)
    }

    /// Keeps a result that was made of these files, by handle and version. `false`, and it is not kept, when another was faster or one
    /// of the files is gone or has other bytes.
    pub async fn keep_conversion(&self, row: &ConversionRow, files: &[(String, String)]) -> sqlx::Result<bool> {
        let mut work = self.pool.begin().await?;
        let kept = sqlx::query(
            "INSERT INTO conversions (id, app_key, storage, object_key, mimetype, size, sha256, width, height, used_ms, \
                                      expires_ms) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT (id) DO NOTHING",
        )
        .bind(&row.id)
        .bind(&row.app_key)
        .bind(&row.storage)
        .bind(&row.object_key)
        .bind(&row.mimetype)
        .bind(row.size)
        .bind(&row.sha256)
        .bind(row.width)
        .bind(row.height)
        .bind(now())
        .bind(row.expires_ms)
        .execute(&mut *work)
        .await?;
        if kept.rows_affected() == 0 {
            return Ok(false);
        }
        for (handle, sha256) in files {
            let there = sqlx::query(
                "INSERT INTO conversion_files (conversion, handle, sha256) \
                 SELECT $1, handle, sha256 FROM files WHERE handle = $2 AND sha256 = $3 AND removed_ms IS NULL",
            )
            .bind(&row.id)
            .bind(handle)
            .bind(sha256)
            .execute(&mut *work)
            .await?;
            if there.rows_affected() == 0 {
                return Ok(false);
            }
        }
        work.commit().await?;
        Ok(true)
    }

    /// Forgets the results that a file went into. Answers whose bytes are to be removed.
    pub async fn forget_conversions_of(&self, handle: &str) -> sqlx::Result<Vec<Leftover>> {
        let of_file = "SELECT conversion FROM conversion_files WHERE handle = $1";
        let ids: Vec<String> = sqlx::query_scalar(of_file).bind(handle).fetch_all(&self.pool).await?;
        self.forget_conversions(&ids).await
    }

    /// Forgets one result.
    pub async fn forget_conversion(&self, id: &str) -> sqlx::Result<Vec<Leftover>> {
        self.forget_conversions(&[id.to_owned()]).await
    }

    /// Forgets results that nobody has asked for since `unused`, whose time is over, or of which a file is gone or has other bytes.
    /// Answers whose bytes are to be removed; nothing when all is done.
    pub async fn forget_stale_conversions(&self, unused: Millis) -> sqlx::Result<Vec<Leftover>> {
        let stale = "SELECT id FROM conversions WHERE used_ms < $1 OR expires_ms < $2 OR EXISTS (\
                 SELECT 1 FROM conversion_files u LEFT JOIN files f \
                     ON f.handle = u.handle AND f.sha256 = u.sha256 AND f.removed_ms IS NULL \
                 WHERE u.conversion = conversions.id AND f.handle IS NULL) LIMIT $3";
        let query = sqlx::query_scalar(stale).bind(unused).bind(now()).bind(BATCH);
        let ids: Vec<String> = query.fetch_all(&self.pool).await?;
        self.forget_conversions(&ids).await
    }

    async fn forget_conversions(&self, ids: &[String]) -> sqlx::Result<Vec<Leftover>> {
        let mut gone = Vec::new();
        for ids in ids.chunks(BATCH as usize) {
            let list = placeholders(0, ids.len());
            let mut work = self.pool.begin().await?;
            let forget = format!("DELETE FROM conversions WHERE id IN ({list}) RETURNING storage, object_key");
            let query = ids.iter().fold(sqlx::query_as(AssertSqlSafe(forget)), |query, id| query.bind(id));
            gone.extend(query.fetch_all(&mut *work).await?);
            let forget = format!("DELETE FROM conversion_files WHERE conversion IN ({list})");
            let query = ids.iter().fold(sqlx::query(AssertSqlSafe(forget)), |query, id| query.bind(id));
            query.execute(&mut *work).await?;
            work.commit().await?;
        }
        Ok(gone)
    }
}
