//! Sites, and what they have of their own.

use super::{Db, Millis, now};
use crate::config::AppConfig;
use sqlx::{AnyConnection, FromRow};

/// A site.
#[derive(Debug, Clone)]
pub struct AppRow {
    /// Its settings, with what of them is secret.
    pub settings: AppConfig,
    /// Whether the configuration names it and nothing else has changed it.
    pub seeded: bool,
    /// When it was changed last.
    pub updated_ms: Millis,
    /// Kind and id of credentials whose secret cannot be opened. They are not in the settings.
    pub locked: Vec<(String, String)>,
}

impl AppRow {
    /// Whether it has credentials of this kind whose secret cannot be opened.
    pub fn is_locked(&self, kind: &str) -> bool {
        self.locked.iter().any(|(locked, _)| locked == kind)
    }
}

#[derive(FromRow)]
struct AppColumns {
    key: String,
    settings: String,
    seeded: i64,
    updated_ms: Millis,
}

#[derive(FromRow)]
struct CredentialColumns {
    app_key: String,
    kind: String,
    client_id: String,
    client_secret: String,
}

/// Of what a site can have credentials here; its receivers of notices have a table of their own.
const KINDS: [&str; 4] = ["facebook", "instagram", "pages", "secret"];

impl Db {
    /// A number that is another one after each change of a site.
    pub async fn apps_revision(&self) -> sqlx::Result<i64> {
        sqlx::query_scalar("SELECT number FROM revisions WHERE name = 'apps'").fetch_one(&self.pool).await
    }

    /// All sites, by key.
    pub async fn apps(&self) -> sqlx::Result<Vec<AppRow>> {
        let mut work = self.pool.begin().await?;
        let rows: Vec<AppColumns> = sqlx::query_as("SELECT key, settings, seeded, updated_ms FROM apps ORDER BY key")
            .fetch_all(&mut *work)
            .await?;
        let credentials: Vec<CredentialColumns> =
            sqlx::query_as("SELECT app_key, kind, client_id, client_secret FROM app_credentials")
                .fetch_all(&mut *work)
                .await?;
        let webhooks = self.read_webhooks(&mut work).await?;
        work.commit().await?;
        let mut apps: Vec<AppRow> = rows.into_iter().filter_map(app_of).collect();
        for row in credentials {
            let Some(app) = apps.iter_mut().find(|app| app.settings.key == row.app_key) else { continue };
            match self.opened(&place(&row.app_key, &row.kind), &row.client_secret) {
                Some(secret) => app.settings.set_credential(&row.kind, row.client_id, secret),
                None => app.locked.push((row.kind, row.client_id)),
            }
        }
        for row in webhooks {
            if let Some(app) = apps.iter_mut().find(|app| app.settings.key == row.app_key) {
                row.put_back(app);
            }
        }
        Ok(apps)
    }

    /// Puts a site in, or changes it; what is locked stays as it is. From now on it wins over the configuration.
    pub async fn put_app(&self, app: &AppRow) -> sqlx::Result<()> {
        let mut work = self.pool.begin().await?;
        changed(&mut work).await?;
        sqlx::query(
            "INSERT INTO apps (key, settings, seeded, created_ms, updated_ms) VALUES ($1, $2, 0, $3, $3) \
             ON CONFLICT (key) DO UPDATE SET settings = excluded.settings, seeded = 0, updated_ms = excluded.updated_ms",
        )
        .bind(&app.settings.key)
        .bind(settings_of(&app.settings))
        .bind(now())
        .execute(&mut *work)
        .await?;
        self.put_credentials(&mut work, app).await?;
        work.commit().await
    }

    /// Puts a site of the configuration in, or changes it, unless something else than the configuration has changed it.
    pub async fn seed_app(&self, settings: &AppConfig) -> sqlx::Result<()> {
        let mut work = self.pool.begin().await?;
        changed(&mut work).await?;
        let seeded = sqlx::query(
            "INSERT INTO apps (key, settings, seeded, created_ms, updated_ms) VALUES ($1, $2, 1, $3, $3) \
             ON CONFLICT (key) DO UPDATE SET settings = excluded.settings, updated_ms = excluded.updated_ms \
             WHERE apps.seeded = 1",
        )
        .bind(&settings.key)
        .bind(settings_of(settings))
        .bind(now())
        .execute(&mut *work)
        .await?;
        if seeded.rows_affected() > 0 {
            let row = AppRow { settings: settings.clone(), seeded: true, updated_ms: 0, locked: Vec::new() };
            self.put_credentials(&mut work, &row).await?;
        }
        work.commit().await
    }

    async fn put_credentials(&self, work: &mut AnyConnection, app: &AppRow) -> sqlx::Result<()> {
        let key = &app.settings.key;
        let has = app.settings.credentials();
        for kind in KINDS {
            if let Some((_, id, secret)) = has.iter().find(|(has, ..)| *has == kind) {
                sqlx::query(
                    "INSERT INTO app_credentials (app_key, kind, client_id, client_secret) VALUES ($1, $2, $3, $4) \
                     ON CONFLICT (app_key, kind) DO UPDATE SET client_id = excluded.client_id, \
                                                               client_secret = excluded.client_secret",
                )
                .bind(key)
                .bind(kind)
                .bind(id)
                .bind(self.keyring.seal(&place(key, kind), secret))
                .execute(&mut *work)
                .await?;
            } else if !app.is_locked(kind) {
                sqlx::query("DELETE FROM app_credentials WHERE app_key = $1 AND kind = $2")
                    .bind(key)
                    .bind(kind)
                    .execute(&mut *work)
                    .await?;
            }
        }
        self.put_webhooks_of(work, app).await
    }

    /// Takes a site out with its sessions and the tokens that only they need. Its files stay. `false` when there is none.
    pub async fn remove_app(&self, key: &str) -> sqlx::Result<bool> {
        let mut work = self.pool.begin().await?;
        changed(&mut work).await?;
        let removed = sqlx::query("DELETE FROM apps WHERE key = $1").bind(key).execute(&mut *work).await?;
        sqlx::query("DELETE FROM sessions WHERE app_key = $1").bind(key).execute(&mut *work).await?;
        work.commit().await?;
        self.drop_unneeded_connections().await;
        Ok(removed.rows_affected() > 0)
    }

    /// How many files are stored for a site.
    pub async fn count_files_of(&self, key: &str) -> sqlx::Result<i64> {
        sqlx::query_scalar("SELECT COUNT(*) FROM files WHERE app_key = $1").bind(key).fetch_one(&self.pool).await
    }
}

/// What a site's secret is sealed for.
fn place(key: &str, kind: &str) -> String {
    format!("app:{key}:{kind}")
}

fn settings_of(settings: &AppConfig) -> String {
    serde_json::to_string(settings).expect("settings have no maps with other keys than text")
}

/// A row whose settings are not understood is no site: it may forbid what is then not seen.
fn app_of(row: AppColumns) -> Option<AppRow> {
    match serde_json::from_str(&row.settings) {
        Ok(settings) => {
            let settings = AppConfig { key: row.key, ..settings };
            Some(AppRow { settings, seeded: row.seeded != 0, updated_ms: row.updated_ms, locked: Vec::new() })
        }
        Err(error) => {
            tracing::error!(key = row.key, cause = %error, "a site's settings in the database are not understood");
            None
        }
    }
}

/// Every process sees that the sites are others. It comes first in its transaction, which so waits for those of others.
pub(super) async fn changed(work: &mut AnyConnection) -> sqlx::Result<()> {
    sqlx::query("UPDATE revisions SET number = number + 1 WHERE name = 'apps'").execute(work).await.map(drop)
}
