//! Posts: what one call asked to be published, on one account or several.

use super::publications::NewPublication;
use super::{Db, Millis, now};
use sqlx::{AssertSqlSafe, FromRow};

/// A post that begins: what one call asked for.
#[derive(Debug, Clone, Default, FromRow)]
pub struct PostRow {
    /// Its id.
    pub id: String,
    /// The site.
    pub app_key: String,
    /// The site's own name for whom it is; empty for one.
    pub tenant: String,
    /// What was asked, in the words of who asked.
    pub request: String,
    /// The caller's own name for the call.
    pub request_key: Option<String>,
    /// When it is to be published; at once without it.
    pub scheduled_ms: Option<Millis>,
    /// When it was asked for.
    pub created_ms: Millis,
}

/// Which posts are asked for.
#[derive(Debug, Clone, Copy, Default)]
pub struct Posts<'a> {
    /// Of one tenant.
    pub tenant: Option<&'a str>,
    /// On one account.
    pub account: Option<&'a str>,
    /// Asked for between these.
    pub created: (Option<Millis>, Option<Millis>),
    /// Scheduled between these.
    pub scheduled: (Option<Millis>, Option<Millis>),
    /// At most so many.
    pub limit: i64,
    /// After so many.
    pub offset: i64,
}

impl Db {
    /// Begins a post with its publications. Answers its id: that of the post that was begun with this `request_key` before, if one was.
    pub async fn insert_post(
        &self,
        post: &PostRow,
        publications: &[NewPublication],
        trace: &str,
    ) -> sqlx::Result<String> {
        let mut work = self.pool.begin().await?;
        let begun = sqlx::query(
            "INSERT INTO posts (id, app_key, tenant, request, request_key, scheduled_ms, created_ms) \
             VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (request_key) DO NOTHING",
        )
        .bind(&post.id)
        .bind(&post.app_key)
        .bind(&post.tenant)
        .bind(&post.request)
        .bind(&post.request_key)
        .bind(post.scheduled_ms)
        .bind(post.created_ms)
        .execute(&mut *work)
        .await?;
        if begun.rows_affected() == 0 {
            return sqlx::query_scalar("SELECT id FROM posts WHERE request_key = $1")
                .bind(&post.request_key)
                .fetch_one(&mut *work)
                .await;
        }
        for publication in publications {
            sqlx::query(
                "INSERT INTO publications (id, post_id, app_key, account_id, kind, body, scheduled_ms, due_ms, trace, \
                                           created_ms, updated_ms) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10)",
            )
            .bind(&publication.id)
            .bind(&post.id)
            .bind(&post.app_key)
            .bind(&publication.account_id)
            .bind(&publication.kind)
            .bind(&publication.body)
            .bind(post.scheduled_ms)
            .bind(post.scheduled_ms.unwrap_or(post.created_ms))
            .bind(trace)
            .bind(post.created_ms)
            .execute(&mut *work)
            .await?;
        }
        work.commit().await?;
        Ok(post.id.clone())
    }

    /// A site's post.
    pub async fn post(&self, app_key: &str, id: &str) -> sqlx::Result<Option<PostRow>> {
        sqlx::query_as(
            "SELECT id, app_key, tenant, request, request_key, scheduled_ms, created_ms FROM posts WHERE app_key = $1 AND id = $2",
        )
        .bind(app_key)
        .bind(id)
        .fetch_optional(&self.pool)
        .await
    }

    /// A site's posts, the newest first, and how many there are in all.
    pub async fn posts(&self, app_key: &str, which: Posts<'_>) -> sqlx::Result<(Vec<PostRow>, i64)> {
        let wanted = "FROM posts p WHERE app_key = $1 AND ($2 = 0 OR tenant = $3) \
                      AND created_ms >= $4 AND created_ms <= $5 AND COALESCE(scheduled_ms, 0) >= $6 \
                      AND COALESCE(scheduled_ms, 0) <= $7 \
                      AND ($8 = '' OR EXISTS (SELECT 1 FROM publications q WHERE q.post_id = p.id AND q.account_id = $8))";
        let select = format!(
            "SELECT id, app_key, tenant, request, request_key, scheduled_ms, created_ms {wanted} \
             ORDER BY created_ms DESC, id LIMIT $9 OFFSET $10"
        );
        macro_rules! narrowed {
            ($query:expr) => {
                $query
                    .bind(app_key)
                    .bind(i64::from(which.tenant.is_some()))
                    .bind(which.tenant.unwrap_or_default())
                    .bind(which.created.0.unwrap_or(0))
                    .bind(which.created.1.unwrap_or(i64::MAX))
                    .bind(which.scheduled.0.unwrap_or(0))
                    .bind(which.scheduled.1.unwrap_or(i64::MAX))
                    .bind(which.account.unwrap_or_default())
            };
        }
        let rows = narrowed!(sqlx::query_as(AssertSqlSafe(select)))
            .bind(which.limit)
            .bind(which.offset)
            .fetch_all(&self.pool)
            .await?;
        let count = format!("SELECT COUNT(*) {wanted}");
        let count = narrowed!(sqlx::query_scalar(AssertSqlSafe(count))).fetch_one(&self.pool).await?;
        Ok((rows, count))
    }

    /// Takes back what of a post has not been published yet: what waits is over, what runs ends as soon as it notices.
    pub async fn cancel_post(&self, app_key: &str, post: &str) -> sqlx::Result<()> {
        sqlx::query(
            "UPDATE publications SET problem = 'cancelled', ended_ms = CASE WHEN state = 'waiting' THEN $1 ELSE ended_ms END, \
                                     left_over = CASE WHEN state = 'waiting' AND made <> '{}' THEN 1 ELSE left_over END, \
                                     state = CASE WHEN state = 'waiting' THEN 'cancelled' ELSE state END, updated_ms = $1 \
             WHERE app_key = $2 AND post_id = $3 AND state IN ('waiting', 'running')",
        )
        .bind(now())
        .bind(app_key)
        .bind(post)
        .execute(&self.pool)
        .await
        .map(drop)
    }
}
