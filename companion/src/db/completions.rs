//! What a sign-in that went well leaves: a connection that waits for its code, and then a session that points to it.

use super::{Attempt, CONNECTED, Db, Millis, now};
use crate::secrets::{self, Secret};

/// What a sign-in that went well leaves.
#[derive(Debug, Clone, Copy)]
pub struct NewConnection<'a> {
    /// The sign-in.
    pub attempt: &'a Attempt,
    /// From where.
    pub source: &'a str,
    /// The provider's app.
    pub client_id: &'a str,
    /// The provider's id of the account.
    pub account_id: &'a str,
    /// What the provider calls its owner.
    pub account_name: &'a str,
    /// The provider's token.
    pub token: &'a Secret,
    /// When it runs out, if it does.
    pub expires_ms: Option<Millis>,
    /// The hash of the code that completes it, and until when; without one it is complete.
    pub code: Option<(&'a str, Millis)>,
}

impl Db {
    /// Keeps what the provider gave. Without a code the session points to it from now on; with one it waits for the code.
    /// `false` when the session has ended meanwhile.
    pub async fn connect(&self, new: &NewConnection<'_>) -> sqlx::Result<bool> {
        let (connection, time) = (secrets::id(), now());
        let mut work = self.pool.begin().await?;
        // It writes first: SQLite refuses to turn a reading transaction into a writing one when another wrote in between.
        let alive = sqlx::query("UPDATE sessions SET seen_ms = $1 WHERE id = $2")
            .bind(time)
            .bind(&new.attempt.session_id)
            .execute(&mut *work)
            .await?;
        if alive.rows_affected() == 0 {
            return Ok(false);
        }
        sqlx::query(
            "INSERT INTO connections (id, app_key, source, client_id, account_id, account_name, access_token, expires_ms, \
                                      created_ms, refreshed_ms) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9)",
        )
        .bind(&connection)
        .bind(&new.attempt.app_key)
        .bind(new.source)
        .bind(new.client_id)
        .bind(new.account_id)
        .bind(new.account_name)
        .bind(self.keyring.seal(&format!("connection:{connection}"), new.token))
        .bind(new.expires_ms)
        .bind(time)
        .execute(&mut *work)
        .await?;
        match new.code {
            Some((code_hash, expires)) => {
                sqlx::query(
                    "UPDATE attempts SET connection_id = $1, code_hash = $2, code_expires_ms = $3, verifier = NULL \
                     WHERE id_hash = $4",
                )
                .bind(&connection)
                .bind(code_hash)
                .bind(expires)
                .bind(&new.attempt.id)
                .execute(&mut *work)
                .await?;
            }
            None => link(&mut work, &new.attempt.id, &new.attempt.session_id, new.source, &connection).await?,
        }
        work.commit().await?;
        self.drop_unneeded_connections().await;
        Ok(true)
    }

    /// Completes a sign-in with the code that its window handed over. `false` when there is no such sign-in in this session,
    /// or the code is not its own, was used, or has run out.
    pub async fn complete(&self, id: &str, session: &str, source: &str, code_hash: &str) -> sqlx::Result<bool> {
        let mut work = self.pool.begin().await?;
        let connection: Option<String> = sqlx::query_scalar(
            "UPDATE attempts SET code_hash = NULL WHERE id_hash = $1 AND session_id = $2 AND source = $3 AND code_hash = $4 \
             AND outcome IS NULL AND connection_id IS NOT NULL AND code_expires_ms > $5 RETURNING connection_id",
        )
        .bind(id)
        .bind(session)
        .bind(source)
        .bind(code_hash)
        .bind(now())
        .fetch_optional(&mut *work)
        .await?;
        let Some(connection) = connection else { return Ok(false) };
        link(&mut work, id, session, source, &connection).await?;
        work.commit().await?;
        self.drop_unneeded_connections().await;
        Ok(true)
    }

    /// The window could not hand its code over: the sign-in ends with `outcome`, and what the provider gave is forgotten.
    /// `false` when the code is not its own.
    pub async fn lose_code(&self, id: &str, source: &str, code_hash: &str, outcome: &str) -> sqlx::Result<bool> {
        let lost = sqlx::query(
            "UPDATE attempts SET outcome = $1, ended_ms = $2, code_hash = NULL \
             WHERE id_hash = $3 AND source = $4 AND code_hash = $5 AND outcome IS NULL",
        )
        .bind(outcome)
        .bind(now())
        .bind(id)
        .bind(source)
        .bind(code_hash)
        .execute(&self.pool)
        .await?;
        self.drop_unneeded_connections().await;
        Ok(lost.rows_affected() > 0)
    }
}

/// The session points to the connection, and the sign-in has ended well.
async fn link(
    work: &mut sqlx::AnyConnection,
    attempt: &str,
    session: &str,
    source: &str,
    connection: &str,
) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM session_connections WHERE session_id = $1 AND source = $2")
        .bind(session)
        .bind(source)
        .execute(&mut *work)
        .await?;
    sqlx::query("INSERT INTO session_connections (id, session_id, source, connection_id) VALUES ($1, $2, $3, $4)")
        .bind(secrets::id())
        .bind(session)
        .bind(source)
        .bind(connection)
        .execute(&mut *work)
        .await?;
    sqlx::query(
        "UPDATE attempts SET outcome = $1, ended_ms = $2, connection_id = NULL, verifier = NULL WHERE id_hash = $3",
    )
    .bind(CONNECTED)
    .bind(now())
    .bind(attempt)
    .execute(&mut *work)
    .await
    .map(drop)
}
