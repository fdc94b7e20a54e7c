//! Notices to sites: written with what they tell of, kept until they are delivered or given up.

use super::{Db, Millis, now, placeholders};
use sqlx::any::{Any, AnyArguments};
use sqlx::query::Query;
use sqlx::{AssertSqlSafe, FromRow};

/// A notice to a site.
#[derive(Debug, Clone)]
pub struct NewNotice<'a> {
    /// Its id.
    pub id: String,
    /// The site.
    pub app_key: &'a str,
    /// What is sent.
    pub body: String,
}

/// A notice that is due.
#[derive(Debug, Clone, FromRow)]
pub struct NoticeRow {
    /// Its id.
    pub id: String,
    /// The site.
    pub app_key: String,
    /// What is sent.
    pub body: String,
    /// How often it was tried.
    pub tries: i64,
}

pub(super) fn insert<'a>(notice: &'a NewNotice<'_>, time: Millis) -> Query<'a, Any, AnyArguments> {
    sqlx::query("INSERT INTO notices (id, app_key, body, tries, next_ms, created_ms) VALUES ($1, $2, $3, 0, $4, $4)")
        .bind(&notice.id)
        .bind(notice.app_key)
        .bind(&notice.body)
        .bind(time)
}

impl Db {
    /// Notices whose time has come, at most `most`, and none for the sites that are `busy`.
    pub async fn due_notices(&self, busy: &[String], most: i64) -> sqlx::Result<Vec<NoticeRow>> {
        let others = match busy.len() {
            0 => String::new(),
            count => format!("AND app_key NOT IN ({})", placeholders(2, count)),
        };
        let select = format!(
            "SELECT id, app_key, body, tries FROM notices WHERE ended_ms IS NULL AND next_ms <= $1 {others} \
             ORDER BY next_ms, id LIMIT $2"
        );
        let query = sqlx::query_as(AssertSqlSafe(select)).bind(now()).bind(most);
        busy.iter().fold(query, |query, key| query.bind(key)).fetch_all(&self.pool).await
    }

    /// Counts a try before it is made, and says when the next is due unless this one ends the notice. `false` when another was
    /// faster.
    pub async fn try_notice(&self, notice: &NoticeRow, next: Millis) -> sqlx::Result<bool> {
        let tried = sqlx::query(
            "UPDATE notices SET tries = tries + 1, next_ms = $1 WHERE id = $2 AND tries = $3 AND ended_ms IS NULL",
        )
        .bind(next)
        .bind(&notice.id)
        .bind(notice.tries)
        .execute(&self.pool)
        .await?;
        Ok(tried.rows_affected() > 0)
    }

    /// Notes what came of a try, and whether it was the last.
    pub async fn note_try(&self, id: &str, outcome: &str, last: bool) -> sqlx::Result<()> {
        sqlx::query("UPDATE notices SET outcome = $1, ended_ms = $2 WHERE id = $3 AND ended_ms IS NULL")
            .bind(outcome)
            .bind(last.then(now))
            .bind(id)
            .execute(&self.pool)
            .await
            .map(drop)
    }
}
