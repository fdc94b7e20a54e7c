//! What is to be published, as rows, so that it survives a killed process; see [`super::jobs`] for how workers take it.

use super::notices::NewNotice;
use super::posts::PostRow;
use super::{Db, Kind, Millis, Whose, now};
use sqlx::{AssertSqlSafe, FromRow};

/// A publication that begins: a post on one account.
#[derive(Debug, Clone)]
pub struct NewPublication {
    /// Its id.
    pub id: String,
    /// The account, by our id.
    pub account_id: String,
    /// What kind it is, by its name.
    pub kind: String,
    /// Text, link and media, as JSON.
    pub body: String,
}

/// A publication.
#[derive(Debug, Clone, FromRow)]
pub struct PublicationRow {
    /// Its id.
    pub id: String,
    /// The post that it is of.
    pub post_id: String,
    /// The site.
    pub app_key: String,
    /// The account, by our id.
    pub account_id: String,
    /// What kind it is, by its name.
    pub kind: String,
    /// Text, link and media, as JSON.
    pub body: String,
    /// `waiting`, `running`, `published`, `failed` or `cancelled`.
    pub state: String,
    /// What a running one does: `uploading`, `processing` or `publishing`.
    pub phase: Option<String>,
    /// Bytes that have gone up.
    pub sent: i64,
    /// Bytes in all, once that is known.
    pub total: Option<i64>,
    /// What has been made at Meta on the way, as JSON.
    pub made: String,
    /// When it is to be published; at once without it.
    pub scheduled_ms: Option<Millis>,
    /// How often it failed for reasons that may pass.
    pub tries: i64,
    /// How often it was taken.
    pub claims: i64,
    /// The code of the problem that it failed with.
    pub problem: Option<String>,
    /// The same as a sentence.
    pub reason: Option<String>,
    /// Meta's id of what was published.
    pub remote_id: Option<String>,
    /// Where it is to be seen.
    pub remote_url: Option<String>,
    /// The name of the request that asked for it.
    pub trace: String,
    /// When it was asked for.
    pub created_ms: Millis,
    /// When it ended.
    pub ended_ms: Option<Millis>,
}

const COLUMNS: &str = "id, post_id, app_key, account_id, kind, body, state, phase, sent, total, made, scheduled_ms, tries, claims, \
                       problem, reason, remote_id, remote_url, trace, created_ms, ended_ms";

/// How a publication ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PublicationEnd {
    /// It is to be seen.
    Published {
        /// Meta's id.
        id: String,
        /// Where.
        url: Option<String>,
    },
    /// It is not.
    Failed {
        /// The problem's code.
        problem: String,
        /// The same as a sentence.
        reason: String,
    },
    /// It was not wanted any more.
    Cancelled,
}

impl Db {
    /// The publications of a post, in the order in which they were asked for.
    pub async fn publications(&self, post: &str) -> sqlx::Result<Vec<PublicationRow>> {
        let select = format!("SELECT {COLUMNS} FROM publications WHERE post_id = $1 ORDER BY id");
        sqlx::query_as(AssertSqlSafe(select)).bind(post).fetch_all(&self.pool).await
    }

    /// A publication.
    pub async fn publication(&self, id: &str) -> sqlx::Result<Option<PublicationRow>> {
        let select = format!("SELECT {COLUMNS} FROM publications WHERE id = $1");
        sqlx::query_as(AssertSqlSafe(select)).bind(id).fetch_optional(&self.pool).await
    }

    /// Takes the waiting publication that has been due for the longest, as [`Db::claim_job`] does.
    pub async fn claim_publication(&self, worker: &str, lease: Millis) -> sqlx::Result<Option<PublicationRow>> {
        let skip = match self.kind {
            Kind::Sqlite => "",
            Kind::Postgres => "FOR UPDATE SKIP LOCKED",
        };
        let claim = format!(
            "UPDATE publications SET state = 'running', updated_ms = $1, claims = claims + 1, worker = $2, lease_ms = $3 \
             WHERE state = 'waiting' AND id = (SELECT id FROM publications WHERE state = 'waiting' AND due_ms <= $1 \
             ORDER BY due_ms, id LIMIT 1 {skip}) RETURNING {COLUMNS}"
        );
        let time = now();
        let claim = sqlx::query_as(AssertSqlSafe(claim)).bind(time).bind(worker).bind(time + lease);
        Ok(claim.fetch_all(&self.pool).await?.pop())
    }

    /// The worker lives, so that nobody takes over what it publishes.
    pub async fn extend_publications(&self, worker: &str, lease: Millis) -> sqlx::Result<()> {
        sqlx::query("UPDATE publications SET lease_ms = $1 WHERE worker = $2 AND state = 'running'")
            .bind(now() + lease)
            .bind(worker)
            .execute(&self.pool)
            .await
            .map(drop)
    }

    /// Puts back what nobody publishes any more. Answers how many.
    pub async fn requeue_publications(&self, whose: Whose<'_>) -> sqlx::Result<u64> {
        let (which, worker) = match whose {
            Whose::Silent => ("lease_ms < $1", None),
            Whose::Worker(worker) => ("worker = $2", Some(worker)),
            Whose::Everybody => ("1 = 1", None),
        };
        let requeue = format!(
            "UPDATE publications SET state = 'waiting', worker = NULL, updated_ms = $1 WHERE state = 'running' AND {which}"
        );
        let query = sqlx::query(AssertSqlSafe(requeue)).bind(now());
        let query = worker.into_iter().fold(query, |query, worker| query.bind(worker));
        Ok(query.execute(&self.pool).await?.rows_affected())
    }

    /// Writes down how far a publication is. `false` when it is no longer wanted, or no longer the worker's: then nothing more may be
    /// done for it at Meta.
    pub async fn note_publication(
        &self,
        row: &PublicationRow,
        made: &str,
        phase: &str,
        sent: u64,
        total: Option<u64>,
    ) -> sqlx::Result<bool> {
        let noted = sqlx::query(
            "UPDATE publications SET made = $1, phase = $2, sent = $3, total = $4, updated_ms = $5 \
             WHERE id = $6 AND claims = $7 AND state = 'running' AND problem IS NULL",
        )
        .bind(made)
        .bind(phase)
        .bind(i64::try_from(sent).unwrap_or(i64::MAX))
        .bind(total.map(|total| i64::try_from(total).unwrap_or(i64::MAX)))
        .bind(now())
        .bind(&row.id)
        .bind(row.claims)
        .execute(&self.pool)
        .await?;
        Ok(noted.rows_affected() > 0)
    }

    /// The publication that became this at Meta.
    pub async fn publication_of(&self, app_key: &str, remote_id: &str) -> sqlx::Result<Option<PublicationRow>> {
        let select = format!("SELECT {COLUMNS} FROM publications WHERE app_key = $1 AND remote_id = $2 LIMIT 1");
        sqlx::query_as(AssertSqlSafe(select)).bind(app_key).bind(remote_id).fetch_optional(&self.pool).await
    }

    /// Whether a running publication was taken back.
    pub async fn is_publication_unwanted(&self, row: &PublicationRow) -> sqlx::Result<bool> {
        let found: Option<i64> =
            sqlx::query_scalar("SELECT 1 FROM publications WHERE id = $1 AND claims = $2 AND problem IS NOT NULL")
                .bind(&row.id)
                .bind(row.claims)
                .fetch_optional(&self.pool)
                .await?;
        Ok(found.is_some())
    }

    /// A running publication waits again, until `due` at the least. `tried`: it counts as a try that failed.
    pub async fn retry_publication(&self, row: &PublicationRow, due: Millis, tried: bool) -> sqlx::Result<()> {
        sqlx::query(
            "UPDATE publications SET state = 'waiting', tries = tries + $1, due_ms = $2, worker = NULL, updated_ms = $3 \
             WHERE id = $4 AND state = 'running' AND claims = $5",
        )
        .bind(i64::from(tried))
        .bind(due)
        .bind(now())
        .bind(&row.id)
        .bind(row.claims)
        .execute(&self.pool)
        .await
        .map(drop)
    }

    /// Ends a publication, and writes down what the site is to hear of it and what was made; of one that is not published, that is left
    /// at Meta. When all of the post have ended, `of_post` says what is to be heard of that. Answers what will be heard; `None`, and
    /// nothing is written, when another has taken it over.
    pub async fn end_publication(
        &self,
        row: &PublicationRow,
        end: &PublicationEnd,
        made: &str,
        mut notices: Vec<NewNotice>,
        of_post: impl FnOnce(&PostRow, &[PublicationRow]) -> Vec<NewNotice>,
    ) -> sqlx::Result<Option<Vec<NewNotice>>> {
        let (state, problem, reason, id, url) = match end {
            PublicationEnd::Published { id, url } => ("published", None, None, Some(id), url.as_ref()),
            PublicationEnd::Failed { problem, reason } => ("failed", Some(problem.as_str()), Some(reason), None, None),
            PublicationEnd::Cancelled => ("cancelled", Some("cancelled"), None, None, None),
        };
        let time = now();
        let is_left = state != "published" && made != "{}";
        let mut work = self.pool.begin().await?;
        // Of two that end at once, the later one sees that the other has ended.
        let post: PostRow = sqlx::query_as(
            "UPDATE posts SET request = request WHERE id = $1 \
             RETURNING id, app_key, tenant, request, request_key, scheduled_ms, created_ms",
        )
        .bind(&row.post_id)
        .fetch_one(&mut *work)
        .await?;
        let ended = sqlx::query(
            "UPDATE publications SET state = $1, problem = $2, reason = $3, remote_id = $4, remote_url = $5, made = $6, \
                 left_over = $7, worker = NULL, phase = NULL, due_ms = $8, ended_ms = $8, updated_ms = $8 \
             WHERE id = $9 AND claims = $10 AND state = 'running'",
        )
        .bind(state)
        .bind(problem)
        .bind(reason)
        .bind(id)
        .bind(url)
        .bind(made)
        .bind(i64::from(is_left))
        .bind(time)
        .bind(&row.id)
        .bind(row.claims)
        .execute(&mut *work)
        .await?;
        if ended.rows_affected() == 0 {
            return Ok(None);
        }
        let select = format!("SELECT {COLUMNS} FROM publications WHERE post_id = $1 ORDER BY id");
        let all: Vec<PublicationRow> =
            sqlx::query_as(AssertSqlSafe(select)).bind(&row.post_id).fetch_all(&mut *work).await?;
        if all.iter().all(|row| row.ended_ms.is_some()) {
            notices.extend(of_post(&post, &all));
        }
        super::notices::insert_all(&mut work, &notices).await?;
        work.commit().await?;
        Ok(Some(notices))
    }

    /// Publications that have ended and left something at Meta that is to be removed now.
    pub async fn left_publications(&self) -> sqlx::Result<Vec<PublicationRow>> {
        let select = format!(
            "SELECT {COLUMNS} FROM publications WHERE left_over = 1 AND due_ms <= $1 ORDER BY due_ms, id LIMIT 20"
        );
        sqlx::query_as(AssertSqlSafe(select)).bind(now()).fetch_all(&self.pool).await
    }

    /// What is left of a publication at Meta, which is looked after again at `due`; nothing where `left` is none.
    pub async fn leave_publication(&self, id: &str, left: Option<&str>, due: Millis) -> sqlx::Result<()> {
        sqlx::query("UPDATE publications SET made = $1, left_over = $2, due_ms = $3 WHERE id = $4")
            .bind(left.unwrap_or("{}"))
            .bind(i64::from(left.is_some()))
            .bind(due)
            .bind(id)
            .execute(&self.pool)
            .await
            .map(drop)
    }
}
