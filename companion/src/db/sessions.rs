//! Sessions and the connections that they point to.

use super::{Db, Millis, now};
use crate::secrets::{self, Secret};
use sqlx::{AssertSqlSafe, FromRow};

/// A session.
#[derive(Debug, Clone, FromRow)]
pub struct SessionRow {
    /// Its id; not the token.
    pub id: String,
    /// When it was last used.
    pub seen_ms: Millis,
    /// 1 when it outlasts the page.
    pub remembered: i64,
}

/// Sessions last used before these are over.
#[derive(Debug, Clone, Copy)]
pub struct IdleSince {
    /// One that ends with its page.
    pub plain: Millis,
    /// One that the site asked to be remembered, while it is signed in to a source: anybody may ask, without a sign-in too.
    pub remembered: Millis,
}

/// A provider's token and whose it is.
#[derive(Debug, Clone)]
pub struct ConnectionRow {
    /// Its id.
    pub id: String,
    /// The public id of this session's pointer to it.
    pub link: String,
    /// The provider's app that it is with.
    pub client_id: String,
    /// The provider's id of the account, which is that app's.
    pub account_id: String,
    /// What the provider calls the account's owner.
    pub account_name: String,
    /// The provider's token.
    pub access_token: Secret,
}

/// A connection whose token is to be renewed.
#[derive(Debug, Clone)]
pub struct DueRow {
    /// Its id.
    pub id: String,
    /// The site that it was made for.
    pub app_key: String,
    /// The source.
    pub source: String,
    /// The provider's app that it is with.
    pub client_id: String,
    /// The provider's token.
    pub access_token: Secret,
}

type ConnectionColumns = (String, String, String, String, String, String);

impl Db {
    /// A new session for the holder of the token with this hash.
    pub async fn insert_session(
        &self,
        token_hash: &str,
        app_key: &str,
        origin: &str,
        remembered: bool,
    ) -> sqlx::Result<SessionRow> {
        let row = SessionRow { id: secrets::id(), seen_ms: now(), remembered: i64::from(remembered) };
        sqlx::query(
            "INSERT INTO sessions (id, token_hash, app_key, origin, remembered, created_ms, seen_ms) \
             VALUES ($1, $2, $3, $4, $5, $6, $6)",
        )
        .bind(&row.id)
        .bind(token_hash)
        .bind(app_key)
        .bind(origin)
        .bind(row.remembered)
        .bind(row.seen_ms)
        .execute(&self.pool)
        .await?;
        Ok(row)
    }

    /// The session of a token, a key and an origin, if it was used since.
    pub async fn session(
        &self,
        token_hash: &str,
        app_key: &str,
        origin: &str,
        idle: IdleSince,
    ) -> sqlx::Result<Option<SessionRow>> {
        sqlx::query_as(
            "SELECT id, seen_ms, remembered FROM sessions WHERE token_hash = $1 AND app_key = $2 AND origin = $3 \
             AND seen_ms >= CASE WHEN remembered = 1 AND EXISTS (SELECT 1 FROM session_connections l \
                                                                WHERE l.session_id = sessions.id) THEN $4 ELSE $5 END",
        )
        .bind(token_hash)
        .bind(app_key)
        .bind(origin)
        .bind(idle.remembered)
        .bind(idle.plain)
        .fetch_optional(&self.pool)
        .await
    }

    /// Has a session outlast its page.
    pub async fn remember_session(&self, id: &str) -> sqlx::Result<()> {
        sqlx::query("UPDATE sessions SET remembered = 1 WHERE id = $1").bind(id).execute(&self.pool).await.map(drop)
    }

    /// Counts a photo that a session asks to be stored; `false`, and nothing counted, when there were `most` already.
    pub async fn count_store(&self, session: &str, most: i64) -> sqlx::Result<bool> {
        let counted = sqlx::query("UPDATE sessions SET stores = stores + 1 WHERE id = $1 AND stores < $2")
            .bind(session)
            .bind(most)
            .execute(&self.pool)
            .await?;
        Ok(counted.rows_affected() > 0)
    }

    /// The same of a wish; `false`, and nothing counted, also where it has a job already.
    pub async fn count_wish(&self, session: &str, request_key: &str, most: i64) -> sqlx::Result<bool> {
        let counted = sqlx::query(
            "UPDATE sessions SET stores = stores + 1 WHERE id = $1 AND stores < $2 \
             AND NOT EXISTS (SELECT 1 FROM jobs WHERE request_key = $3)",
        )
        .bind(session)
        .bind(most)
        .bind(request_key)
        .execute(&self.pool)
        .await?;
        Ok(counted.rows_affected() > 0)
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
        self.drop_unneeded_connections().await;
        Ok(())
    }

    /// The session's connection to a source, unless its token has run out.
    pub async fn connection(&self, session: &str, source: &str) -> sqlx::Result<Option<ConnectionRow>> {
        let row: Option<ConnectionColumns> = sqlx::query_as(
            "SELECT c.id, l.id, c.client_id, c.account_id, c.account_name, c.access_token FROM session_connections l \
             JOIN connections c ON c.id = l.connection_id \
             WHERE l.session_id = $1 AND l.source = $2 AND (c.expires_ms IS NULL OR c.expires_ms > $3)",
        )
        .bind(session)
        .bind(source)
        .bind(now())
        .fetch_optional(&self.pool)
        .await?;
        Ok(row.and_then(|row| self.connection_of(row)))
    }

    /// A connection, for a job.
    pub async fn connection_by_id(&self, id: &str) -> sqlx::Result<Option<ConnectionRow>> {
        let row: Option<ConnectionColumns> = sqlx::query_as(
            "SELECT id, '', client_id, account_id, account_name, access_token FROM connections WHERE id = $1",
        )
        .bind(id)
        .fetch_optional(&self.pool)
        .await?;
        Ok(row.and_then(|row| self.connection_of(row)))
    }

    fn connection_of(&self, row: ConnectionColumns) -> Option<ConnectionRow> {
        let (id, link, client_id, account_id, account_name, sealed) = row;
        let access_token = self.opened(&format!("connection:{id}"), &sealed)?;
        Some(ConnectionRow { id, link, client_id, account_id, account_name, access_token })
    }

    /// Connections of remembered sessions whose token is from before `obtained` and runs out before `ends`, but has not yet.
    pub async fn connections_to_renew(&self, obtained: Millis, ends: Millis) -> sqlx::Result<Vec<DueRow>> {
        let rows: Vec<(String, String, String, String, String)> = sqlx::query_as(
            "SELECT id, app_key, source, client_id, access_token FROM connections \
             WHERE refreshed_ms <= $1 AND expires_ms > $2 AND expires_ms <= $3 \
             AND EXISTS (SELECT 1 FROM session_connections l JOIN sessions s ON s.id = l.session_id \
                         WHERE l.connection_id = connections.id AND s.remembered = 1)",
        )
        .bind(obtained)
        .bind(now())
        .bind(ends)
        .fetch_all(&self.pool)
        .await?;
        let due = |(id, app_key, source, client_id, sealed): (String, String, String, String, String)| {
            let access_token = self.opened(&format!("connection:{id}"), &sealed)?;
            Some(DueRow { id, app_key, source, client_id, access_token })
        };
        Ok(rows.into_iter().filter_map(due).collect())
    }

    /// Keeps a renewed token; `false` when the visitor has signed out meanwhile.
    pub async fn renew_connection(&self, id: &str, token: &Secret, expires: Option<Millis>) -> sqlx::Result<bool> {
        let renewed =
            sqlx::query("UPDATE connections SET access_token = $1, expires_ms = $2, refreshed_ms = $3 WHERE id = $4")
                .bind(self.keyring.seal(&format!("connection:{id}"), token))
                .bind(expires)
                .bind(now())
                .bind(id)
                .execute(&self.pool)
                .await?;
        Ok(renewed.rows_affected() > 0)
    }

    /// Opens what is sealed in a row. A secret that does not open is as good as none, and the operator is told.
    pub(super) fn opened(&self, place: &str, sealed: &str) -> Option<Secret> {
        match self.keyring.open(place, sealed) {
            Ok(secret) => Some(secret),
            Err(error) => {
                tracing::error!(place, cause = %error, "a secret in the database cannot be opened");
                None
            }
        }
    }

    /// Whether a thumbnail signed for this pointer may still be seen: signed in, which the pointer's being there says, and the
    /// session in use since.
    pub async fn link_lives(&self, link: &str, idle: IdleSince) -> sqlx::Result<bool> {
        let found: Option<i64> = sqlx::query_scalar(
            "SELECT s.seen_ms FROM session_connections l JOIN sessions s ON s.id = l.session_id WHERE l.id = $1 \
             AND s.seen_ms >= CASE WHEN s.remembered = 1 THEN $2 ELSE $3 END",
        )
        .bind(link)
        .bind(idle.remembered)
        .bind(idle.plain)
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
        self.drop_unneeded_connections().await;
        Ok(())
    }

    /// Forgets a connection whose token the provider no longer takes, for every session.
    pub async fn delete_connection(&self, id: &str) -> sqlx::Result<()> {
        sqlx::query("DELETE FROM connections WHERE id = $1").bind(id).execute(&self.pool).await.map(drop)
    }

    /// Tokens are kept only while a session, a sign-in that is about to be completed or an unfinished job needs them. What goes wrong
    /// here undoes nothing of what it follows, and the sweeper does it again.
    pub async fn drop_unneeded_connections(&self) {
        forgotten(self.drop_unneeded(None).await);
    }

    /// The same of one connection, of which a job has ended: whoever stores much would have all of them looked at for each photo.
    pub async fn drop_unneeded_connection(&self, id: &str) {
        let pointed_to = sqlx::query("SELECT 1 FROM session_connections WHERE connection_id = $1 LIMIT 1").bind(id);
        // Nearly always its session is still there, and reading that does not take the place of one who writes.
        match pointed_to.fetch_optional(&self.pool).await {
            Ok(Some(_)) => {}
            Ok(None) => forgotten(self.drop_unneeded(Some(id)).await),
            Err(error) => forgotten(Err(error)),
        }
    }

    async fn drop_unneeded(&self, only: Option<&str>) -> sqlx::Result<()> {
        const UNNEEDED: &str = "DELETE FROM connections \
             WHERE NOT EXISTS (SELECT 1 FROM session_connections l WHERE l.connection_id = connections.id) \
             AND NOT EXISTS (SELECT 1 FROM attempts a WHERE a.connection_id = connections.id AND a.outcome IS NULL \
                             AND a.code_expires_ms > $1) \
             AND NOT EXISTS (SELECT 1 FROM jobs j WHERE j.connection_id = connections.id AND j.state IN ('queued', 'running')) \
             AND NOT EXISTS (SELECT 1 FROM files f WHERE f.link_connection = connections.id AND f.removed_ms IS NULL \
                             AND f.link_expires_ms > $1)";
        let delete = only.map_or_else(|| UNNEEDED.to_owned(), |_| format!("{UNNEEDED} AND id = $2"));
        let query = sqlx::query(AssertSqlSafe(delete)).bind(now());
        only.into_iter().fold(query, |query, id| query.bind(id)).execute(&self.pool).await.map(drop)
    }
}

fn forgotten(result: sqlx::Result<()>) {
    if let Err(error) = result {
        tracing::error!(cause = %error, "connections that nothing needs could not be forgotten");
    }
}
