//! Sign-ins, from the offer to the outcome.

use super::{Db, Millis, now};
use crate::secrets::Secret;
use sqlx::FromRow;

/// How a sign-in is tied to the tab that began it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Binding {
    /// Its window hands a code to the tab, which completes it.
    Completion,
    /// The visitor types a code that the tab shows.
    Typed,
    /// Not at all; the key allows it.
    Unbound,
}

impl Binding {
    fn as_str(self) -> &'static str {
        match self {
            Self::Completion => "completion",
            Self::Typed => "typed",
            Self::Unbound => "unbound",
        }
    }

    fn read(text: &str) -> Self {
        match text {
            "typed" => Self::Typed,
            "unbound" => Self::Unbound,
            _ => Self::Completion,
        }
    }
}

/// Where the typing of a code stands: not asked for, asked for, right.
pub const TYPING: [i64; 3] = [0, 1, 2];

/// A sign-in that is offered.
#[derive(Debug, Clone, Copy)]
pub struct NewAttempt<'a> {
    /// Its name.
    pub id: &'a str,
    /// In which session.
    pub session: &'a str,
    /// To where.
    pub source: &'a str,
    /// What ties it to its tab.
    pub binding: Binding,
    /// Where its window may end.
    pub appurl: Option<&'a str>,
    /// Whether a permission that was declined is asked for again.
    pub rerequest: bool,
    /// Whether another account is wanted.
    pub switch_account: bool,
}

/// A sign-in on its way, with the site and the tab that it is for.
#[derive(Debug, Clone)]
pub struct Attempt {
    /// Its name.
    pub id: String,
    /// In which session it began.
    pub session_id: String,
    /// The site.
    pub app_key: String,
    /// The page's origin; empty for a program.
    pub origin: String,
    /// Whether the session outlasts the page.
    pub remembered: bool,
    /// What ties it to its tab.
    pub binding: Binding,
    /// Where its window may end.
    pub appurl: Option<String>,
    /// Whether a permission that was declined is asked for again.
    pub rerequest: bool,
    /// Whether another account is wanted.
    pub switch_account: bool,
    /// One of [`TYPING`].
    pub typing: i64,
    /// The hash of the cookie of the browser that is asked for the code.
    pub browser_hash: Option<String>,
    /// Until when the provider's answer counts.
    pub state_expires_ms: Millis,
    /// What the exchange of the code must name.
    pub verifier: Option<Secret>,
}

#[derive(FromRow)]
struct AttemptColumns {
    id_hash: String,
    session_id: String,
    app_key: String,
    origin: String,
    remembered: i64,
    binding: String,
    appurl: Option<String>,
    rerequest: i64,
    switch_account: i64,
    typing: i64,
    browser_hash: Option<String>,
    state_expires_ms: Millis,
    verifier: Option<String>,
}

const ATTEMPT: &str = "SELECT a.id_hash, a.session_id, s.app_key, s.origin, s.remembered, a.binding, a.appurl, a.rerequest, \
     a.switch_account, a.typing, a.browser_hash, a.state_expires_ms, a.verifier FROM attempts a JOIN sessions s ON s.id = a.session_id";

/// How a sign-in stands.
#[derive(Debug, Clone, FromRow)]
pub struct SignInRow {
    /// `connected`, a problem code, or nothing yet.
    pub outcome: Option<String>,
    /// One of [`TYPING`].
    pub typing: i64,
    /// When its code runs out; 0 before the provider has answered.
    pub code_expires_ms: Millis,
}

/// The outcome of a sign-in that ended well; every other is a problem code.
pub const CONNECTED: &str = "connected";

impl Db {
    /// How the session's last sign-in to this source ended.
    pub async fn last_outcome(&self, session: &str, source: &str) -> sqlx::Result<Option<String>> {
        sqlx::query_scalar(
            "SELECT outcome FROM attempts WHERE session_id = $1 AND source = $2 AND ended_ms IS NOT NULL \
             ORDER BY ended_ms DESC LIMIT 1",
        )
        .bind(session)
        .bind(source)
        .fetch_optional(&self.pool)
        .await
    }

    /// Offers a sign-in.
    pub async fn insert_attempt(&self, new: &NewAttempt<'_>) -> sqlx::Result<()> {
        sqlx::query(
            "INSERT INTO attempts (id_hash, session_id, source, binding, appurl, rerequest, switch_account, created_ms) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        )
        .bind(new.id)
        .bind(new.session)
        .bind(new.source)
        .bind(new.binding.as_str())
        .bind(new.appurl)
        .bind(i64::from(new.rerequest))
        .bind(i64::from(new.switch_account))
        .bind(now())
        .execute(&self.pool)
        .await
        .map(drop)
    }

    fn attempt_of(&self, row: AttemptColumns) -> Attempt {
        let verifier = row.verifier.and_then(|sealed| self.opened(&format!("attempt:{}", row.id_hash), &sealed));
        Attempt {
            id: row.id_hash,
            session_id: row.session_id,
            app_key: row.app_key,
            origin: row.origin,
            remembered: row.remembered != 0,
            binding: Binding::read(&row.binding),
            appurl: row.appurl,
            rerequest: row.rerequest != 0,
            switch_account: row.switch_account != 0,
            typing: row.typing,
            browser_hash: row.browser_hash,
            state_expires_ms: row.state_expires_ms,
            verifier,
        }
    }

    /// A sign-in that can be begun: not older than `offered_since`, and neither over nor answered.
    pub async fn offered_attempt(
        &self,
        id: &str,
        source: &str,
        offered_since: Millis,
    ) -> sqlx::Result<Option<Attempt>> {
        let query = format!(
            "{ATTEMPT} WHERE a.id_hash = $1 AND a.source = $2 AND a.outcome IS NULL AND a.code_expires_ms = 0 \
             AND a.created_ms >= $3"
        );
        let row: Option<AttemptColumns> = sqlx::query_as(sqlx::AssertSqlSafe(query))
            .bind(id)
            .bind(source)
            .bind(offered_since)
            .fetch_optional(&self.pool)
            .await?;
        Ok(row.map(|row| self.attempt_of(row)))
    }

    /// The window goes to the provider: notes the state that the provider must bring back, and the verifier.
    pub async fn open_attempt(
        &self,
        id: &str,
        state_hash: &str,
        state_expires: Millis,
        verifier: Option<&Secret>,
    ) -> sqlx::Result<()> {
        sqlx::query(
            "UPDATE attempts SET state_hash = $1, state_expires_ms = $2, verifier = $3 WHERE id_hash = $4 AND outcome IS NULL",
        )
        .bind(state_hash)
        .bind(state_expires)
        .bind(verifier.map(|verifier| self.keyring.seal(&format!("attempt:{id}"), verifier)))
        .bind(id)
        .execute(&self.pool)
        .await
        .map(drop)
    }

    /// The window asks for the code that the tab shows, once: only the browser with this cookie can go on from here, and a
    /// state that was given out before counts no longer. `false` when a code was asked for already.
    pub async fn ask_for_code(&self, id: &str, browser_hash: &str) -> sqlx::Result<bool> {
        let asked = sqlx::query(
            "UPDATE attempts SET binding = 'typed', typing = 1, browser_hash = $1, state_hash = NULL \
             WHERE id_hash = $2 AND typing = 0",
        )
        .bind(browser_hash)
        .bind(id)
        .execute(&self.pool)
        .await?;
        Ok(asked.rows_affected() > 0)
    }

    /// A code was typed. Answers how many there were with it; none when there were `most` already, or the sign-in is over.
    pub async fn code_typed(&self, id: &str, right: bool, most: i64) -> sqlx::Result<Option<i64>> {
        let counted = sqlx::query_scalar(
            "UPDATE attempts SET tries = tries + 1, typing = CASE WHEN $1 = 1 THEN 2 ELSE typing END \
             WHERE id_hash = $2 AND outcome IS NULL AND tries < $3 RETURNING tries",
        )
        .bind(i64::from(right))
        .bind(id)
        .bind(most)
        // As in `claim_job`: what is not kept is not counted, and must not count as if it were.
        .fetch_all(&self.pool)
        .await;
        Ok(counted?.pop())
    }

    /// Takes a state, so that it counts once.
    pub async fn take_state(&self, state_hash: &str, source: &str) -> sqlx::Result<Option<Attempt>> {
        let mut taken: Vec<String> = sqlx::query_scalar(
            "UPDATE attempts SET state_hash = NULL WHERE state_hash = $1 AND source = $2 AND outcome IS NULL RETURNING id_hash",
        )
        .bind(state_hash)
        .bind(source)
        .fetch_all(&self.pool)
        .await?;
        let Some(id) = taken.pop() else { return Ok(None) };
        let row: Option<AttemptColumns> =
            sqlx::query_as(sqlx::AssertSqlSafe(format!("{ATTEMPT} WHERE a.id_hash = $1")))
                .bind(id)
                .fetch_optional(&self.pool)
                .await?;
        Ok(row.map(|row| self.attempt_of(row)))
    }

    /// Ends a sign-in without a connection.
    pub async fn end_attempt(&self, id: &str, outcome: &str) -> sqlx::Result<()> {
        sqlx::query(
            "UPDATE attempts SET outcome = $1, ended_ms = $2, verifier = NULL WHERE id_hash = $3 AND outcome IS NULL",
        )
        .bind(outcome)
        .bind(now())
        .bind(id)
        .execute(&self.pool)
        .await
        .map(drop)
    }

    /// Ends a session that points to nothing, unless a sign-in of it is under way.
    pub async fn end_session_without_accounts(&self, session: &str) -> sqlx::Result<()> {
        sqlx::query(
            "DELETE FROM sessions WHERE id = $1 \
             AND NOT EXISTS (SELECT 1 FROM session_connections l WHERE l.session_id = sessions.id) \
             AND NOT EXISTS (SELECT 1 FROM attempts a WHERE a.session_id = sessions.id AND a.outcome IS NULL \
                             AND a.state_expires_ms > $2)",
        )
        .bind(session)
        .bind(now())
        .execute(&self.pool)
        .await
        .map(drop)
    }

    /// Codes that nobody handed in have reached nobody.
    pub async fn end_unclaimed(&self, session: &str, source: &str, outcome: &str) -> sqlx::Result<()> {
        sqlx::query(
            "UPDATE attempts SET outcome = $1, ended_ms = $2, code_hash = NULL \
             WHERE session_id = $3 AND source = $4 AND outcome IS NULL AND code_expires_ms BETWEEN 1 AND $2",
        )
        .bind(outcome)
        .bind(now())
        .bind(session)
        .bind(source)
        .execute(&self.pool)
        .await
        .map(drop)
    }

    /// A photo permission that was granted is gone: the next sign-in asks for it again.
    pub async fn mark_declined(&self, session: &str, source: &str, declined: &str) -> sqlx::Result<()> {
        sqlx::query("UPDATE attempts SET outcome = $1 WHERE session_id = $2 AND source = $3 AND outcome = $4")
            .bind(declined)
            .bind(session)
            .bind(source)
            .bind(CONNECTED)
            .execute(&self.pool)
            .await
            .map(drop)
    }

    /// Whether somebody has opened the sign-in's address and was sent to the provider.
    pub async fn is_opened(&self, id: &str) -> sqlx::Result<bool> {
        let found: Option<String> =
            sqlx::query_scalar("SELECT id_hash FROM attempts WHERE id_hash = $1 AND state_expires_ms > 0")
                .bind(id)
                .fetch_optional(&self.pool)
                .await?;
        Ok(found.is_some())
    }

    /// How a session's sign-in stands; `None` when there is no such one, or it was offered before `offered_since` and never ended.
    pub async fn sign_in(
        &self,
        id: &str,
        session: &str,
        source: &str,
        offered_since: Millis,
    ) -> sqlx::Result<Option<SignInRow>> {
        sqlx::query_as(
            "SELECT outcome, typing, code_expires_ms FROM attempts WHERE id_hash = $1 AND session_id = $2 AND source = $3 \
             AND (outcome IS NOT NULL OR created_ms >= $4)",
        )
        .bind(id)
        .bind(session)
        .bind(source)
        .bind(offered_since)
        .fetch_optional(&self.pool)
        .await
    }
}
