//! Sessions and the connections that they point to.

use super::{Db, Millis, now};
use crate::secrets::{self, Secret};
use sqlx::FromRow;

/// A session.
#[derive(Debug, Clone, FromRow)]
pub struct SessionRow {
    /// Its id; not the token.
    pub id: String,
    /// When it was last used.
    pub seen_ms: Millis,
}

/// A provider's token and whose it is.
#[derive(Debug, Clone)]
pub struct ConnectionRow {
    /// Its id.
    pub id: String,
    /// The public id of this session's pointer to it.
    pub link: String,
    /// What the provider calls the account's owner.
    pub account_name: String,
    /// The provider's token.
    pub access_token: Secret,
}

impl Db {
    /// A new session for the holder of the token with this hash.
    pub async fn insert_session(&self, token_hash: &str, app_key: &str) -> sqlx::Result<SessionRow> {
        let row = SessionRow { id: secrets::id(), seen_ms: now() };
        sqlx::query("INSERT INTO sessions (id, token_hash, app_key, created_ms, seen_ms) VALUES ($1, $2, $3, $4, $4)")
            .bind(&row.id)
            .bind(token_hash)
            .bind(app_key)
            .bind(row.seen_ms)
            .execute(&self.pool)
            .await?;
        Ok(row)
    }

    /// The session of a token and a key, if it was used since `idle_since`.
    pub async fn session(
        &self,
        token_hash: &str,
        app_key: &str,
        idle_since: Millis,
    ) -> sqlx::Result<Option<SessionRow>> {
        sqlx::query_as("SELECT id, seen_ms FROM sessions WHERE token_hash = $1 AND app_key = $2 AND seen_ms >= $3")
            .bind(token_hash)
            .bind(app_key)
            .bind(idle_since)
            .fetch_optional(&self.pool)
            .await
    }

    /// Notes that a session is in use.
    pub async fn touch_session(&self, id: &str) -> sqlx::Result<()> {
        sqlx::query("UPDATE sessions SET seen_ms = $1 WHERE id = $2")
            .bind(now())
            .bind(id)
            .execute(&self.pool)
            .await
            .map(drop)
    }

    /// Ends a session with all that it points to.
    pub async fn delete_session(&self, id: &str) -> sqlx::Result<()> {
        sqlx::query("DELETE FROM sessions WHERE id = $1").bind(id).execute(&self.pool).await?;
        self.drop_unneeded_connections().await
    }

    /// The session's connection to a source, unless its token has run out.
    pub async fn connection(&self, session: &str, source: &str) -> sqlx::Result<Option<ConnectionRow>> {
        let row: Option<(String, String, String, String)> = sqlx::query_as(
            "SELECT c.id, l.id, c.account_name, c.access_token FROM session_connections l \
             JOIN connections c ON c.id = l.connection_id \
             WHERE l.session_id = $1 AND l.source = $2 AND (c.expires_ms IS NULL OR c.expires_ms > $3)",
        )
        .bind(session)
        .bind(source)
        .bind(now())
        .fetch_optional(&self.pool)
        .await?;
        Ok(row.map(|(id, link, account_name, token)| ConnectionRow {
            id,
            link,
            account_name,
            access_token: Secret::new(token),
        }))
    }

    /// A connection's token, for a job.
    pub async fn connection_token(&self, id: &str) -> sqlx::Result<Option<Secret>> {
        let token: Option<String> = sqlx::query_scalar("SELECT access_token FROM connections WHERE id = $1")
            .bind(id)
            .fetch_optional(&self.pool)
            .await?;
        Ok(token.map(Secret::new))
    }

    /// Whether a thumbnail signed for this pointer may still be seen: signed in, and the session in use since `idle_since`.
    pub async fn link_lives(&self, link: &str, idle_since: Millis) -> sqlx::Result<bool> {
        let found: Option<i64> = sqlx::query_scalar(
            "SELECT s.seen_ms FROM session_connections l JOIN sessions s ON s.id = l.session_id WHERE l.id = $1 AND s.seen_ms >= $2",
        )
        .bind(link)
        .bind(idle_since)
        .fetch_optional(&self.pool)
        .await?;
        Ok(found.is_some())
    }

    /// Signs a session out of a source.
    pub async fn unlink(&self, session: &str, source: &str) -> sqlx::Result<()> {
        sqlx::query("DELETE FROM session_connections WHERE session_id = $1 AND source = $2")
            .bind(session)
            .bind(source)
            .execute(&self.pool)
            .await?;
        self.drop_unneeded_connections().await
    }

    /// Forgets a connection whose token the provider no longer takes, for every session.
    pub async fn delete_connection(&self, id: &str) -> sqlx::Result<()> {
        sqlx::query("DELETE FROM connections WHERE id = $1").bind(id).execute(&self.pool).await.map(drop)
    }

    /// Tokens are kept only while a session or an unfinished job needs them.
    pub async fn drop_unneeded_connections(&self) -> sqlx::Result<()> {
        sqlx::query(
            "DELETE FROM connections \
             WHERE NOT EXISTS (SELECT 1 FROM session_connections l WHERE l.connection_id = connections.id) \
             AND NOT EXISTS (SELECT 1 FROM jobs j WHERE j.connection_id = connections.id AND j.state IN ('queued', 'running'))",
        )
        .execute(&self.pool)
        .await
        .map(drop)
    }
}
