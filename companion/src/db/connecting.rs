//! Accounts that are being connected, from the provider's page to the choice.

use super::{AccountRow, Db, Millis, now};
use crate::secrets::Secret;
use sqlx::{AssertSqlSafe, FromRow};

/// A connection that begins.
#[derive(Debug, Clone, Copy)]
pub struct NewConnecting<'a> {
    /// Its id.
    pub id: &'a str,
    /// The site.
    pub app_key: &'a str,
    /// The site's own name for whom it is; empty for one.
    pub tenant: &'a str,
    /// Which network.
    pub network: &'a str,
    /// The provider's app that asks.
    pub client_id: &'a str,
    /// Where the person goes afterwards.
    pub redirect_uri: &'a str,
    /// The hash of what the provider brings back.
    pub state_hash: &'a str,
    /// Until when it may.
    pub expires_ms: Millis,
}

/// A connection on its way.
#[derive(Debug, Clone)]
pub struct ConnectingRow {
    /// Its id.
    pub id: String,
    /// The site.
    pub app_key: String,
    /// The site's own name for whom it is; empty for one.
    pub tenant: String,
    /// Which network.
    pub network: String,
    /// The provider's app that asks.
    pub client_id: String,
    /// The person who connects, by the id that they have with that app; empty before the provider has answered.
    pub user_id: String,
    /// Where the person goes afterwards.
    pub redirect_uri: String,
    /// What was found.
    pub found: Option<Secret>,
    /// The same as it rests, by which [`Db::choose`] knows that nobody else was first.
    sealed: String,
    /// Until when the provider's answer counts, or afterwards the choice.
    pub expires_ms: Millis,
}

#[derive(FromRow)]
struct Columns {
    id: String,
    app_key: String,
    tenant: String,
    network: String,
    client_id: String,
    user_id: String,
    redirect_uri: String,
    found: Option<String>,
    expires_ms: Millis,
}

const COLUMNS: &str = "id, app_key, tenant, network, client_id, user_id, redirect_uri, found, expires_ms";

impl Db {
    /// Begins one.
    pub async fn begin_connecting(&self, new: &NewConnecting<'_>) -> sqlx::Result<()> {
        sqlx::query(
            "INSERT INTO connecting (id, app_key, tenant, network, client_id, redirect_uri, state_hash, expires_ms) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        )
        .bind(new.id)
        .bind(new.app_key)
        .bind(new.tenant)
        .bind(new.network)
        .bind(new.client_id)
        .bind(new.redirect_uri)
        .bind(new.state_hash)
        .bind(new.expires_ms)
        .execute(&self.pool)
        .await
        .map(drop)
    }

    /// The one that a state is of. The state counts once, and for this network only.
    pub async fn take_connecting(&self, state_hash: &str, network: &str) -> sqlx::Result<Option<ConnectingRow>> {
        let update = format!(
            "UPDATE connecting SET state_hash = NULL WHERE state_hash = $1 AND network = $2 RETURNING {COLUMNS}"
        );
        let row: Option<Columns> =
            sqlx::query_as(AssertSqlSafe(update)).bind(state_hash).bind(network).fetch_optional(&self.pool).await?;
        Ok(row.map(|row| self.connecting_of(row)))
    }

    /// Keeps what the provider's answer brought, until then. `false` when the connection is no longer there.
    pub async fn connecting_found(
        &self,
        id: &str,
        user_id: &str,
        found: &Secret,
        session_hash: &str,
        expires_ms: Millis,
    ) -> sqlx::Result<bool> {
        let kept = sqlx::query(
            "UPDATE connecting SET user_id = $1, found = $2, session_hash = $3, expires_ms = $4 WHERE id = $5",
        )
        .bind(user_id)
        .bind(self.keyring.seal(&place(id), found))
        .bind(session_hash)
        .bind(expires_ms)
        .bind(id)
        .execute(&self.pool)
        .await?;
        Ok(kept.rows_affected() > 0)
    }

    /// The one of which something was found, by its session, until it is over.
    pub async fn connecting(&self, session_hash: &str) -> sqlx::Result<Option<ConnectingRow>> {
        let select = format!(
            "SELECT {COLUMNS} FROM connecting WHERE session_hash = $1 AND found IS NOT NULL AND expires_ms > $2"
        );
        let row: Option<Columns> =
            sqlx::query_as(AssertSqlSafe(select)).bind(session_hash).bind(now()).fetch_optional(&self.pool).await?;
        Ok(row.map(|row| self.connecting_of(row)))
    }

    /// Forgets one.
    pub async fn end_connecting(&self, id: &str) -> sqlx::Result<()> {
        sqlx::query("DELETE FROM connecting WHERE id = $1").bind(id).execute(&self.pool).await.map(drop)
    }

    /// Connects what was chosen, and ends the connection or, with `left`, keeps that in the place of what was found. Answers the
    /// accounts' ids; none, and nothing is done, when somebody else was first.
    pub async fn choose(
        &self,
        row: &ConnectingRow,
        accounts: &[AccountRow],
        left: Option<&Secret>,
    ) -> sqlx::Result<Option<Vec<String>>> {
        let mut work = self.pool.begin().await?;
        let ended = match left {
            None => sqlx::query("DELETE FROM connecting WHERE id = $1 AND found = $2").bind(&row.id).bind(&row.sealed),
            Some(left) => sqlx::query("UPDATE connecting SET found = $3 WHERE id = $1 AND found = $2")
                .bind(&row.id)
                .bind(&row.sealed)
                .bind(self.keyring.seal(&place(&row.id), left)),
        };
        if ended.execute(&mut *work).await?.rows_affected() == 0 {
            return Ok(None);
        }
        let mut ids = Vec::new();
        for account in accounts {
            ids.push(self.put_account_within(&mut work, account).await?);
        }
        work.commit().await?;
        Ok(Some(ids))
    }

    fn connecting_of(&self, row: Columns) -> ConnectingRow {
        let sealed = row.found.unwrap_or_default();
        ConnectingRow {
            found: (!sealed.is_empty()).then(|| self.opened(&place(&row.id), &sealed)).flatten(),
            sealed,
            id: row.id,
            app_key: row.app_key,
            tenant: row.tenant,
            network: row.network,
            client_id: row.client_id,
            user_id: row.user_id,
            redirect_uri: row.redirect_uri,
            expires_ms: row.expires_ms,
        }
    }
}

/// What is found is sealed for this.
fn place(id: &str) -> String {
    format!("connecting:{id}")
}
