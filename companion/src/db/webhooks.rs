//! The receivers of sites' notices: those of their settings, and those that `bowerbird-companion webhooks` added.

use super::apps::changed;
use super::{AppRow, Db, Millis, now, placeholders};
use crate::config::AppConfig;
use crate::secrets::{self, Secret};
use crate::webhook::{Events, Webhook};
use sqlx::{AnyConnection, AssertSqlSafe, FromRow};
use url::Url;

/// A receiver of a site's notices.
#[derive(Debug, Clone)]
pub struct WebhookRow {
    /// Its id.
    pub id: String,
    /// The site.
    pub app_key: String,
    /// Where notices are posted.
    pub url: Url,
    /// What they are signed with; none when it is sealed with a key that is not there.
    pub secret: Option<Secret>,
    /// Which it wants.
    pub events: Events,
    /// Its place in the site's settings: 0 for `webhook`, from 1 on for `webhooks`. None for one that was added beside them.
    pub position: Option<i64>,
}

#[derive(FromRow)]
struct Columns {
    id: String,
    app_key: String,
    url: String,
    secret: String,
    events: String,
    position: Option<i64>,
}

impl Db {
    /// All receivers, by site; those of the settings first, as they stand there, then the others by age.
    pub async fn webhooks(&self) -> sqlx::Result<Vec<WebhookRow>> {
        let mut connection = self.pool.acquire().await?;
        self.read_webhooks(&mut connection).await
    }

    pub(super) async fn read_webhooks(&self, work: &mut AnyConnection) -> sqlx::Result<Vec<WebhookRow>> {
        let rows: Vec<Columns> = sqlx::query_as(
            "SELECT id, app_key, url, secret, events, position FROM webhooks \
             ORDER BY app_key, CASE WHEN position IS NULL THEN 1 ELSE 0 END, position, created_ms, id",
        )
        .fetch_all(work)
        .await?;
        Ok(rows.into_iter().filter_map(|row| self.webhook_of(row)).collect())
    }

    fn webhook_of(&self, row: Columns) -> Option<WebhookRow> {
        let (Ok(url), Ok(events)) = (row.url.parse(), row.events.parse()) else {
            tracing::error!(id = row.id, "a receiver of notices in the database is not understood");
            return None;
        };
        let secret = self.opened(&place(&row.id), &row.secret);
        Some(WebhookRow { id: row.id, app_key: row.app_key, url, secret, events, position: row.position })
    }

    /// Adds a receiver to a site of the database. Answers its id.
    pub async fn add_webhook(&self, app_key: &str, webhook: &Webhook) -> sqlx::Result<String> {
        let id = secrets::id();
        let mut work = self.pool.begin().await?;
        changed(&mut work).await?;
        self.put_webhook(&mut work, &id, app_key, webhook, None).await?;
        work.commit().await?;
        Ok(id)
    }

    /// Takes a receiver out; what it has not heard by then it does not hear. `false` when there is none.
    pub async fn remove_webhook(&self, id: &str) -> sqlx::Result<bool> {
        let mut work = self.pool.begin().await?;
        changed(&mut work).await?;
        let removed = sqlx::query("DELETE FROM webhooks WHERE id = $1").bind(id).execute(&mut *work).await?;
        super::notices::give_up(&mut work, id).await?;
        work.commit().await?;
        Ok(removed.rows_affected() > 0)
    }

    /// Makes the receivers of a site's settings what the settings say; one that is locked stays, and so do those that were added
    /// beside them.
    pub(super) async fn put_webhooks_of(&self, work: &mut AnyConnection, app: &AppRow) -> sqlx::Result<()> {
        let settings = &app.settings;
        let locked = app.locked.iter().filter(|(kind, _)| kind == ONE || kind == SEVERAL);
        let mut stay: Vec<String> = locked.map(|(kind, url)| id_of(&settings.key, kind == ONE, url)).collect();
        for (position, webhook) in of(settings) {
            let id = id_of(&settings.key, position == 0, webhook.url.as_str());
            self.put_webhook(&mut *work, &id, &settings.key, webhook, Some(position)).await?;
            stay.push(id);
        }
        let others = match stay.len() {
            0 => String::new(),
            count => format!("AND id NOT IN ({})", placeholders(1, count)),
        };
        let delete = format!("DELETE FROM webhooks WHERE app_key = $1 AND position IS NOT NULL {others}");
        let query = sqlx::query(AssertSqlSafe(delete)).bind(&settings.key);
        stay.iter().fold(query, |query, id| query.bind(id)).execute(work).await.map(drop)
    }

    async fn put_webhook(
        &self,
        work: &mut AnyConnection,
        id: &str,
        app_key: &str,
        webhook: &Webhook,
        position: Option<i64>,
    ) -> sqlx::Result<()> {
        sqlx::query(
            "INSERT INTO webhooks (id, app_key, url, secret, events, position, created_ms) VALUES ($1, $2, $3, $4, $5, $6, $7) \
             ON CONFLICT (id) DO UPDATE SET url = excluded.url, secret = excluded.secret, events = excluded.events, \
                                            position = excluded.position",
        )
        .bind(id)
        .bind(app_key)
        .bind(webhook.url.as_str())
        .bind(self.keyring.seal(&place(id), &webhook.secret))
        .bind(webhook.events.to_string())
        .bind(position)
        .bind::<Millis>(now())
        .execute(work)
        .await
        .map(drop)
    }
}

impl WebhookRow {
    /// Puts one of the settings back into them.
    pub(super) fn put_back(self, app: &mut AppRow) {
        match (self.position, self.secret) {
            (None, _) => {}
            (Some(position), None) => {
                let kind = if position == 0 { ONE } else { SEVERAL };
                app.locked.push((kind.to_owned(), self.url.into()));
            }
            (Some(position), Some(secret)) => {
                let webhook = Webhook { url: self.url, secret, events: self.events };
                match position {
                    0 => app.settings.webhook = Some(webhook),
                    _ => app.settings.webhooks.push(webhook),
                }
            }
        }
    }
}

/// The settings' names for their receivers.
const ONE: &str = "webhook";
const SEVERAL: &str = "webhooks";

/// The receivers of the settings, with their places.
fn of(settings: &AppConfig) -> impl Iterator<Item = (i64, &Webhook)> {
    let one = settings.webhook.iter().map(|webhook| (0, webhook));
    one.chain((1..).zip(&settings.webhooks))
}

/// The id of a receiver of the settings: the same at each start, so that what it has not heard yet finds it again. No key of a site
/// has a colon in it.
fn id_of(key: &str, is_one: bool, url: &str) -> String {
    match is_one {
        true => format!("{key}:{ONE}"),
        false => format!("{key}:{}", &secrets::digest(url)[..16]),
    }
}

/// What a receiver's secret is sealed for.
fn place(id: &str) -> String {
    format!("app:{id}")
}
