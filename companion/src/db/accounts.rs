//! The accounts that sites publish to.

use super::{Db, Millis, now};
use crate::providers::Seen;
use crate::secrets::Secret;
use sqlx::{AnyConnection, AssertSqlSafe, FromRow};

/// A Page or an Instagram account.
#[derive(Debug, Clone)]
pub struct AccountRow {
    /// Our id of it.
    pub id: String,
    /// The site.
    pub app_key: String,
    /// The site's own name for whom it belongs to; empty for one.
    pub tenant: String,
    /// `facebook` for a Page, `instagram` for an Instagram account.
    pub network: String,
    /// The provider's app that it is connected with.
    pub client_id: String,
    /// The person who connected it: their id with that app.
    pub user_id: String,
    /// The provider's id of the account.
    pub account_id: String,
    /// The Page through which an Instagram account is reached; empty where it is reached with Instagram Login. A Page's own id.
    pub page_id: String,
    /// What it is called.
    pub name: String,
    /// Its short name, where it has one.
    pub username: Option<String>,
    /// Its picture, at the provider.
    pub picture_url: Option<String>,
    /// Its token; none when that is sealed with a key that is not there.
    pub access_token: Option<Secret>,
    /// Why nothing can be published to it any more: the code of a problem.
    pub problem: Option<String>,
    /// When it was connected first.
    pub created_ms: Millis,
    /// When its token was had or renewed last.
    pub refreshed_ms: Millis,
}

#[derive(FromRow)]
struct Columns {
    id: String,
    app_key: String,
    tenant: String,
    network: String,
    client_id: String,
    user_id: String,
    account_id: String,
    page_id: String,
    name: String,
    username: Option<String>,
    picture_url: Option<String>,
    access_token: String,
    problem: Option<String>,
    created_ms: Millis,
    refreshed_ms: Millis,
}

const COLUMNS: &str = "id, app_key, tenant, network, client_id, user_id, account_id, page_id, name, username, picture_url, \
                       access_token, problem, created_ms, refreshed_ms";

impl Db {
    /// Connects an account; one that is connected already keeps its id and gets the new token.
    /// Answers its id.
    pub async fn put_account(&self, account: &AccountRow) -> sqlx::Result<String> {
        let mut work = self.pool.begin().await?;
        let id = self.put_account_within(&mut work, account).await?;
        work.commit().await?;
        Ok(id)
    }

    /// The same, as a part of something larger.
    pub(super) async fn put_account_within(
        &self,
        work: &mut AnyConnection,
        account: &AccountRow,
    ) -> sqlx::Result<String> {
        let time = now();
        let token = account.access_token.clone().unwrap_or_default();
        // The token is sealed for the id, which is known only once the row is there.
        let id: String = sqlx::query_scalar(
            "INSERT INTO accounts (id, app_key, tenant, network, client_id, user_id, account_id, page_id, name, username, \
                                   picture_url, access_token, created_ms, refreshed_ms) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, '', $12, $12) \
             ON CONFLICT (app_key, tenant, network, account_id) DO UPDATE SET \
                 client_id = excluded.client_id, user_id = excluded.user_id, page_id = excluded.page_id, name = excluded.name, \
                 username = excluded.username, picture_url = excluded.picture_url, problem = NULL, \
                 refreshed_ms = excluded.refreshed_ms \
             RETURNING id",
        )
        .bind(&account.id)
        .bind(&account.app_key)
        .bind(&account.tenant)
        .bind(&account.network)
        .bind(&account.client_id)
        .bind(&account.user_id)
        .bind(&account.account_id)
        .bind(&account.page_id)
        .bind(&account.name)
        .bind(&account.username)
        .bind(&account.picture_url)
        .bind(time)
        .fetch_one(&mut *work)
        .await?;
        sqlx::query("UPDATE accounts SET access_token = $1 WHERE id = $2")
            .bind(self.keyring.seal(&place(&id), &token))
            .bind(&id)
            .execute(&mut *work)
            .await?;
        Ok(id)
    }

    /// A site's account, by our id.
    pub async fn account(&self, app_key: &str, id: &str) -> sqlx::Result<Option<AccountRow>> {
        let select = format!("SELECT {COLUMNS} FROM accounts WHERE app_key = $1 AND id = $2");
        let row: Option<Columns> =
            sqlx::query_as(AssertSqlSafe(select)).bind(app_key).bind(id).fetch_optional(&self.pool).await?;
        Ok(row.map(|row| self.account_of(row)))
    }

    /// A site's accounts, those of one tenant or all, the oldest first.
    pub async fn accounts(&self, app_key: &str, tenant: Option<&str>) -> sqlx::Result<Vec<AccountRow>> {
        let select = format!(
            "SELECT {COLUMNS} FROM accounts WHERE app_key = $1 AND ($2 = 0 OR tenant = $3) ORDER BY created_ms, id"
        );
        let rows: Vec<Columns> = sqlx::query_as(AssertSqlSafe(select))
            .bind(app_key)
            .bind(i64::from(tenant.is_some()))
            .bind(tenant.unwrap_or_default())
            .fetch_all(&self.pool)
            .await?;
        Ok(rows.into_iter().map(|row| self.account_of(row)).collect())
    }

    /// Accounts of Instagram Login whose token was had before then: it ends unless it is renewed.
    pub async fn accounts_to_renew(&self, before: Millis) -> sqlx::Result<Vec<AccountRow>> {
        let select = format!(
            "SELECT {COLUMNS} FROM accounts WHERE network = 'instagram' AND page_id = '' AND problem IS NULL \
             AND refreshed_ms < $1"
        );
        let rows: Vec<Columns> = sqlx::query_as(AssertSqlSafe(select)).bind(before).fetch_all(&self.pool).await?;
        Ok(rows.into_iter().map(|row| self.account_of(row)).collect())
    }

    /// Says why nothing can be published to an account any more.
    pub async fn account_problem(&self, id: &str, problem: &str) -> sqlx::Result<()> {
        sqlx::query("UPDATE accounts SET problem = $1 WHERE id = $2")
            .bind(problem)
            .bind(id)
            .execute(&self.pool)
            .await
            .map(drop)
    }

    /// Writes down what an account is called now, that its token is taken, and its new token where it has one.
    pub async fn account_seen(&self, id: &str, seen: &Seen) -> sqlx::Result<()> {
        let token = seen.token.as_ref().map(|token| self.keyring.seal(&place(id), token));
        sqlx::query(
            "UPDATE accounts SET name = $1, username = $2, picture_url = $3, problem = NULL, \
                    refreshed_ms = CASE WHEN $4 = 1 THEN $5 ELSE refreshed_ms END, access_token = COALESCE($6, access_token) \
             WHERE id = $7",
        )
        .bind(&seen.name)
        .bind(&seen.username)
        .bind(&seen.picture_url)
        .bind(i64::from(token.is_some()))
        .bind(now())
        .bind(token)
        .bind(id)
        .execute(&self.pool)
        .await
        .map(drop)
    }

    /// Disconnects an account; what waits to be published on it is not. `false` when there is none.
    pub async fn remove_account(&self, app_key: &str, id: &str) -> sqlx::Result<bool> {
        let removed = sqlx::query("DELETE FROM accounts WHERE app_key = $1 AND id = $2")
            .bind(app_key)
            .bind(id)
            .execute(&self.pool)
            .await?;
        Ok(removed.rows_affected() > 0)
    }

    /// Forgets the accounts of sessions that are no longer signed in, once nothing waits to be published on them and nothing is left to
    /// be removed there.
    pub(super) async fn drop_sessions_accounts(&self) -> sqlx::Result<()> {
        sqlx::query(
            "DELETE FROM accounts WHERE tenant LIKE 'session:%' \
             AND NOT EXISTS (SELECT 1 FROM session_connections l WHERE l.source = 'pages' \
                             AND 'session:' || l.session_id = accounts.tenant) \
             AND NOT EXISTS (SELECT 1 FROM publications p WHERE p.account_id = accounts.id \
                             AND (p.state IN ('waiting', 'running') OR p.left_over = 1))",
        )
        .execute(&self.pool)
        .await
        .map(drop)
    }

    /// Forgets what sessions have of a person who removed the app `client_id`; what waits to be published there is not.
    pub async fn drop_persons_accounts(&self, client_id: &str, user_id: &str) -> sqlx::Result<()> {
        sqlx::query("DELETE FROM accounts WHERE tenant LIKE 'session:%' AND client_id = $1 AND user_id = $2")
            .bind(client_id)
            .bind(user_id)
            .execute(&self.pool)
            .await
            .map(drop)
    }

    fn account_of(&self, row: Columns) -> AccountRow {
        AccountRow {
            access_token: self.opened(&place(&row.id), &row.access_token),
            id: row.id,
            app_key: row.app_key,
            tenant: row.tenant,
            network: row.network,
            client_id: row.client_id,
            user_id: row.user_id,
            account_id: row.account_id,
            page_id: row.page_id,
            name: row.name,
            username: row.username,
            picture_url: row.picture_url,
            problem: row.problem,
            created_ms: row.created_ms,
            refreshed_ms: row.refreshed_ms,
        }
    }
}

/// What an account's token is sealed for.
fn place(id: &str) -> String {
    format!("account:{id}")
}
