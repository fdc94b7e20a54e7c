//! Notices to sites: written with what they tell of, kept until they are delivered or given up, and for a while after that as the
//! log of deliveries.

use super::{Db, Millis, now, placeholders};
use sqlx::any::{Any, AnyArguments};
use sqlx::query::Query;
use sqlx::{AnyConnection, AssertSqlSafe, FromRow};

/// Why a receiver that is no longer there has not heard something.
pub const REMOVED: &str = "the receiver was removed";

/// A notice to one receiver of a site.
#[derive(Debug, Clone)]
pub struct NewNotice {
    /// The delivery's id. That of the event is in the body, and the same for every receiver.
    pub id: String,
    /// The site.
    pub app_key: String,
    /// The receiver.
    pub webhook_id: String,
    /// What has happened, as the body says it: `fp.upload`.
    pub action: &'static str,
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
    /// The receiver.
    pub webhook_id: String,
    /// What is sent.
    pub body: String,
    /// How many tries have ended, without success.
    pub tries: i64,
    /// How often it was taken to be sent: what came of a try is noted only while this is so.
    pub claims: i64,
    /// When it was first sent.
    pub first_ms: Option<Millis>,
}

/// A line of the log of deliveries.
#[derive(Debug, Clone, FromRow)]
pub struct Delivery {
    /// Its id.
    pub id: String,
    /// The site.
    pub app_key: String,
    /// The receiver.
    pub webhook_id: String,
    /// What has happened.
    pub action: String,
    /// `waiting`, `delivered` or `failed`.
    pub state: String,
    /// How many tries have ended.
    pub tries: i64,
    /// What the last of them came to.
    pub outcome: Option<String>,
    /// When it happened.
    pub created_ms: Millis,
    /// When it is sent next, while it waits.
    pub next_ms: Millis,
}

const DELIVERY: &str = "id, app_key, webhook_id, action, state, tries, outcome, created_ms, next_ms";

/// What came of a try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tried {
    /// The receiver has it.
    Delivered,
    /// It has not, and hears it again at this time.
    Again(Millis),
    /// It has not, and that was the last time.
    GivenUp,
}

pub(super) fn insert(notice: &NewNotice, time: Millis) -> Query<'_, Any, AnyArguments> {
    sqlx::query(
        "INSERT INTO notices (id, app_key, webhook_id, action, body, tries, next_ms, created_ms) \
         VALUES ($1, $2, $3, $4, $5, 0, $6, $6)",
    )
    .bind(&notice.id)
    .bind(&notice.app_key)
    .bind(&notice.webhook_id)
    .bind(notice.action)
    .bind(&notice.body)
    .bind(time)
}

/// Gives up what a receiver has not heard, in the transaction that takes it out.
pub(super) async fn give_up(work: &mut AnyConnection, webhook_id: &str) -> sqlx::Result<()> {
    sqlx::query(
        "UPDATE notices SET state = 'failed', outcome = $1, ended_ms = $2 WHERE webhook_id = $3 AND state = 'waiting'",
    )
    .bind(REMOVED)
    .bind(now())
    .bind(webhook_id)
    .execute(work)
    .await
    .map(drop)
}

/// Writes notices in the transaction of what they tell of.
pub(super) async fn insert_all(work: &mut AnyConnection, notices: &[NewNotice]) -> sqlx::Result<()> {
    let time = now();
    for notice in notices {
        insert(notice, time).execute(&mut *work).await?;
    }
    Ok(())
}

impl Db {
    /// Writes notices of what leaves no row of its own.
    pub async fn insert_notices(&self, notices: &[NewNotice]) -> sqlx::Result<()> {
        if notices.is_empty() {
            return Ok(());
        }
        let mut work = self.pool.begin().await?;
        insert_all(&mut work, notices).await?;
        work.commit().await
    }

    /// Notices whose time has come, at most `most`, and none for the receivers that are `busy`.
    pub async fn due_notices(&self, busy: &[String], most: i64) -> sqlx::Result<Vec<NoticeRow>> {
        let others = match busy.len() {
            0 => String::new(),
            count => format!("AND webhook_id NOT IN ({})", placeholders(2, count)),
        };
        let select = format!(
            "SELECT id, app_key, webhook_id, body, tries, claims, first_ms FROM notices \
             WHERE state = 'waiting' AND next_ms <= $1 {others} ORDER BY next_ms, id LIMIT $2"
        );
        let query = sqlx::query_as(AssertSqlSafe(select)).bind(now()).bind(most);
        busy.iter().fold(query, |query, id| query.bind(id)).fetch_all(&self.pool).await
    }

    /// Takes a notice to send it. It is due again at `lease_end`, unless what came of it is noted before. Answers it as it then
    /// stands; `None` when another was faster.
    pub async fn claim_notice(&self, notice: NoticeRow, lease_end: Millis) -> sqlx::Result<Option<NoticeRow>> {
        let first = notice.first_ms.unwrap_or_else(now);
        let claimed = sqlx::query(
            "UPDATE notices SET claims = claims + 1, first_ms = $1, next_ms = $2 \
             WHERE id = $3 AND claims = $4 AND state = 'waiting'",
        )
        .bind(first)
        .bind(lease_end)
        .bind(&notice.id)
        .bind(notice.claims)
        .execute(&self.pool)
        .await?;
        let taken = NoticeRow { claims: notice.claims + 1, first_ms: Some(first), ..notice };
        Ok((claimed.rows_affected() > 0).then_some(taken))
    }

    /// Notes what came of a try, unless the notice was taken again meanwhile.
    pub async fn note_try(&self, notice: &NoticeRow, outcome: &str, tried: Tried) -> sqlx::Result<()> {
        let (state, next, ended) = match tried {
            Tried::Delivered => ("delivered", None, Some(now())),
            Tried::GivenUp => ("failed", None, Some(now())),
            Tried::Again(next) => ("waiting", Some(next), None),
        };
        sqlx::query(
            "UPDATE notices SET tries = tries + 1, outcome = $1, state = $2, next_ms = COALESCE($3, next_ms), ended_ms = $4 \
             WHERE id = $5 AND claims = $6 AND state = 'waiting'",
        )
        .bind(outcome)
        .bind(state)
        .bind(next)
        .bind(ended)
        .bind(&notice.id)
        .bind(notice.claims)
        .execute(&self.pool)
        .await
        .map(drop)
    }

    /// The log of deliveries, the latest first, at most `most`: of all sites, or of the site or the receiver that `of` names.
    pub async fn deliveries(&self, of: Option<&str>, most: i64) -> sqlx::Result<Vec<Delivery>> {
        let which = if of.is_some() { "WHERE app_key = $2 OR webhook_id = $2" } else { "" };
        let select = format!("SELECT {DELIVERY} FROM notices {which} ORDER BY created_ms DESC, id LIMIT $1");
        let query = sqlx::query_as(AssertSqlSafe(select)).bind(most);
        of.into_iter().fold(query, |query, of| query.bind(of)).fetch_all(&self.pool).await
    }

    /// A line of the log by its id.
    pub async fn delivery(&self, id: &str) -> sqlx::Result<Option<Delivery>> {
        let select = format!("SELECT {DELIVERY} FROM notices WHERE id = $1");
        sqlx::query_as(AssertSqlSafe(select)).bind(id).fetch_optional(&self.pool).await
    }

    /// Has a notice sent once more, whatever came of it, as if it had never been; the receiver knows it by the id in its body.
    pub async fn replay_notice(&self, id: &str) -> sqlx::Result<()> {
        sqlx::query(
            "UPDATE notices SET state = 'waiting', tries = 0, claims = claims + 1, first_ms = NULL, next_ms = $1, \
             ended_ms = NULL WHERE id = $2",
        )
        .bind(now())
        .bind(id)
        .execute(&self.pool)
        .await
        .map(drop)
    }
}
