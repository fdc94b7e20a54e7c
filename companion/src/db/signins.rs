//! Sign-ins, from the offer to the outcome.

use super::{Db, Millis, now};
use crate::secrets::{self, Secret};
use sqlx::FromRow;

/// A sign-in whose provider has just answered.
#[derive(Debug, Clone, FromRow)]
pub struct Finishing {
    /// Its row.
    pub id_hash: String,
    /// In which session it began.
    pub session_id: String,
    /// Until when the answer counts.
    pub state_expires_ms: Millis,
}

/// What a sign-in that ended well leaves.
#[derive(Debug, Clone, Copy)]
pub struct NewConnection<'a> {
    /// The sign-in.
    pub attempt: &'a Finishing,
    /// From where.
    pub source: &'a str,
    /// The provider's id of the account.
    pub account_id: &'a str,
    /// What the provider calls its owner.
    pub account_name: &'a str,
    /// The provider's token.
    pub token: &'a Secret,
    /// When it runs out, if it does.
    pub expires_ms: Option<Millis>,
}

/// How a sign-in stands.
#[derive(Debug, Clone, FromRow)]
pub struct SignInRow {
    /// `connected`, a problem code, or nothing yet.
    pub outcome: Option<String>,
}

/// The outcome of a sign-in that ended well; every other is a problem code.
pub const CONNECTED: &str = "connected";

impl Db {
    /// Offers a sign-in. If the session's last one to this source ended with `declined`, the provider is to ask again for
    /// the permission, which it does not do by itself.
    pub async fn insert_attempt(&self, id_hash: &str, session: &str, source: &str, declined: &str) -> sqlx::Result<()> {
        sqlx::query(
            "INSERT INTO attempts (id_hash, session_id, source, rerequest, created_ms) VALUES ($1, $2, $3, \
             COALESCE((SELECT CASE WHEN outcome = $4 THEN 1 ELSE 0 END FROM attempts \
                       WHERE session_id = $2 AND source = $3 AND ended_ms IS NOT NULL ORDER BY ended_ms DESC LIMIT 1), 0), $5)",
        )
        .bind(id_hash)
        .bind(session)
        .bind(source)
        .bind(declined)
        .bind(now())
        .execute(&self.pool)
        .await
        .map(drop)
    }

    /// The popup has opened: notes the state that the provider must bring back. `None` when the sign-in is unknown, older than
    /// `offered_since` or over; else whether to ask again for a declined permission.
    pub async fn open_attempt(
        &self,
        id_hash: &str,
        source: &str,
        offered_since: Millis,
        state_hash: &str,
        state_expires: Millis,
    ) -> sqlx::Result<Option<bool>> {
        let rerequest: Option<i64> = sqlx::query_scalar(
            "UPDATE attempts SET state_hash = $1, state_expires_ms = $2 \
             WHERE id_hash = $3 AND source = $4 AND outcome IS NULL AND created_ms >= $5 RETURNING rerequest",
        )
        .bind(state_hash)
        .bind(state_expires)
        .bind(id_hash)
        .bind(source)
        .bind(offered_since)
        .fetch_optional(&self.pool)
        .await?;
        Ok(rerequest.map(|rerequest| rerequest != 0))
    }

    /// Takes a state, so that it counts once.
    pub async fn take_state(&self, state_hash: &str, source: &str) -> sqlx::Result<Option<Finishing>> {
        sqlx::query_as(
            "UPDATE attempts SET state_hash = NULL WHERE state_hash = $1 AND source = $2 AND outcome IS NULL \
             RETURNING id_hash, session_id, state_expires_ms",
        )
        .bind(state_hash)
        .bind(source)
        .fetch_optional(&self.pool)
        .await
    }

    /// Ends a sign-in without a connection.
    pub async fn end_attempt(&self, id_hash: &str, outcome: &str) -> sqlx::Result<()> {
        sqlx::query("UPDATE attempts SET outcome = $1, ended_ms = $2 WHERE id_hash = $3 AND outcome IS NULL")
            .bind(outcome)
            .bind(now())
            .bind(id_hash)
            .execute(&self.pool)
            .await
            .map(drop)
    }

    /// Ends a sign-in with a connection, to which the session points from now on. `false` when the session has ended meanwhile.
    pub async fn connect(&self, new: &NewConnection<'_>) -> sqlx::Result<bool> {
        let NewConnection { attempt, source, account_id, account_name, token, expires_ms } = *new;
        let (connection, time) = (secrets::id(), now());
        let mut work = self.pool.begin().await?;
        // It writes first: SQLite refuses to turn a reading transaction into a writing one when another wrote in between.
        let app_key: Option<String> =
            sqlx::query_scalar("UPDATE sessions SET seen_ms = $1 WHERE id = $2 RETURNING app_key")
                .bind(time)
                .bind(&attempt.session_id)
                .fetch_optional(&mut *work)
                .await?;
        let Some(app_key) = app_key else { return Ok(false) };
        sqlx::query(
            "INSERT INTO connections (id, app_key, source, account_id, account_name, access_token, expires_ms, created_ms) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        )
        .bind(&connection)
        .bind(app_key)
        .bind(source)
        .bind(account_id)
        .bind(account_name)
        .bind(token.expose())
        .bind(expires_ms)
        .bind(time)
        .execute(&mut *work)
        .await?;
        sqlx::query("DELETE FROM session_connections WHERE session_id = $1 AND source = $2")
            .bind(&attempt.session_id)
            .bind(source)
            .execute(&mut *work)
            .await?;
        sqlx::query("INSERT INTO session_connections (id, session_id, source, connection_id) VALUES ($1, $2, $3, $4)")
            .bind(secrets::id())
            .bind(&attempt.session_id)
            .bind(source)
            .bind(&connection)
            .execute(&mut *work)
            .await?;
        sqlx::query("UPDATE attempts SET outcome = $1, ended_ms = $2 WHERE id_hash = $3")
            .bind(CONNECTED)
            .bind(time)
            .bind(&attempt.id_hash)
            .execute(&mut *work)
            .await?;
        work.commit().await?;
        self.drop_unneeded_connections().await?;
        Ok(true)
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

    /// How a session's sign-in stands; `None` when there is no such one, or it was offered before `offered_since` and never ended.
    pub async fn attempt(
        &self,
        id_hash: &str,
        session: &str,
        source: &str,
        offered_since: Millis,
    ) -> sqlx::Result<Option<SignInRow>> {
        sqlx::query_as(
            "SELECT outcome FROM attempts WHERE id_hash = $1 AND session_id = $2 AND source = $3 \
             AND (outcome IS NOT NULL OR created_ms >= $4)",
        )
        .bind(id_hash)
        .bind(session)
        .bind(source)
        .bind(offered_since)
        .fetch_optional(&self.pool)
        .await
    }
}
