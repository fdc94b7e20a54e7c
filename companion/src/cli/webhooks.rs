//! `webhooks`: who is told of what concerns a site, and what was delivered. A companion that runs follows within seconds.

use super::{existing_database, say};
use crate::config::{Config, Webhook};
use crate::db::{Db, Delivery, WebhookRow};
use crate::fetch::Fetcher;
use crate::notices::{delivery, sample};
use crate::secrets::{self, Secret};
use crate::webhook::Events;
use anyhow::{Context as _, bail, ensure};
use chrono::{DateTime, SecondsFormat};
use clap::Subcommand;
use std::time::Instant;
use url::Url;

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Add a receiver of a site's notices, and show its secret, this once.
    Add {
        /// The API key of the site.
        key: String,
        /// Where notices are posted.
        url: Url,
        /// An event that it wants: fp.upload, fp.export, fp.converse, fp.delete, fp.overwrite, fp.dialog or all; give it once for
        /// each. Default all.
        #[arg(long = "event", value_name = "EVENT")]
        events: Vec<String>,
    },
    /// List the receivers. Shows no secret.
    List {
        /// Those of this API key only.
        key: Option<String>,
    },
    /// Remove a receiver. What it has not heard yet it does not hear.
    Remove {
        /// Its id.
        id: String,
    },
    /// Send a receiver a signed sample now, and say what it answers.
    Test {
        /// Its id.
        id: String,
    },
    /// List what was sent and what is to be sent, the latest first.
    Deliveries {
        /// Those of this API key or this receiver only.
        #[arg(value_name = "KEY|ID")]
        of: Option<String>,
        /// How many at most.
        #[arg(long, default_value_t = 100, value_name = "COUNT")]
        limit: u32,
    },
    /// Send a delivery once more, with the same id in its body.
    Replay {
        /// The id of the delivery.
        delivery: String,
    },
}

impl Command {
    pub async fn run(self, config: Config) -> anyhow::Result<()> {
        let db = existing_database(&config).await?;
        match self {
            Self::Add { key, url, events } => add(&config, &db, &key, url, &events).await?,
            Self::List { key } => list(&config, &db, key.as_deref()).await?,
            Self::Remove { id } => remove(&db, &id).await?,
            Self::Test { id } => test(&config, &db, &id).await?,
            Self::Deliveries { of, limit } => deliveries(&config, &db, of.as_deref(), limit).await?,
            Self::Replay { delivery } => replay(&db, &delivery).await?,
        }
        db.close().await;
        Ok(())
    }
}

async fn add(config: &Config, db: &Db, key: &str, url: Url, events: &[String]) -> anyhow::Result<()> {
    let events = if events.is_empty() { Events::All } else { Events::read(events).map_err(anyhow::Error::msg)? };
    known(config, db, key).await?;
    Fetcher::new(config)?.check_receiver(&url).with_context(|| {
        format!(
            "{url} cannot be told anything: it must be https at a public address, without a password, or its host:port must be \
             listed in private_receivers"
        )
    })?;
    if !db.apps().await?.iter().any(|row| row.settings.key == key)
        && let Some(app) = config.apps.iter().find(|app| app.key == key)
    {
        // The companion was not started since the configuration names it.
        db.seed_app(app).await?;
    }
    let webhook = Webhook { url, secret: Secret::new(secrets::token()), events };
    let id = db.add_webhook(key, &webhook).await?;
    say(&format!("{id}  {key}  {}  {}", webhook.url, webhook.events));
    say(&format!("secret  {}", webhook.secret.expose()));
    say("FS-Signature is made with this secret. It is not shown again: give it to the receiver now.");
    Ok(())
}

async fn list(config: &Config, db: &Db, key: Option<&str>) -> anyhow::Result<()> {
    if let Some(key) = key {
        known(config, db, key).await?;
    }
    let rows = db.webhooks().await?;
    let rows: Vec<_> = rows.iter().filter(|row| key.is_none_or(|key| row.app_key == key)).collect();
    if rows.is_empty() {
        say("there is no receiver yet; `webhooks add` adds one");
    }
    for row in rows {
        let whence = if row.position.is_some() { "  (of the site's settings)" } else { "" };
        let locked = if row.secret.is_none() {
            "  does not work: its secret is sealed with a key that is not there"
        } else {
            ""
        };
        say(&format!("{}  {}  {}  {}{whence}{locked}", row.id, row.app_key, row.url, row.events));
    }
    Ok(())
}

async fn remove(db: &Db, id: &str) -> anyhow::Result<()> {
    let row = receiver(db, id).await?;
    if row.position.is_some() {
        let key = &row.app_key;
        bail!(
            "{id} is one of the site's settings, which would bring it back: take it out of `webhook` or `webhooks` in the \
             configuration, or, for `webhook` of a site that `app` manages, run `app set {key} --no-webhook`"
        );
    }
    ensure!(db.remove_webhook(id).await?, "{id} was removed already");
    say(&format!("{} is told nothing more", row.url));
    Ok(())
}

async fn test(config: &Config, db: &Db, id: &str) -> anyhow::Result<()> {
    let row = receiver(db, id).await?;
    let secret = row.secret.as_ref();
    let secret = secret.context("its secret is sealed with a key that is not there; give that key back")?;
    let kind = row.events.first();
    let body = sample(kind, &row.app_key, &config.public("/00000000000000000000"));
    let begun = Instant::now();
    let answer = delivery::post(&Fetcher::new(config)?, &row.url, secret, &body).await;
    let milliseconds = begun.elapsed().as_millis();
    say(&format!("posted to {}: {body}", row.url));
    match answer {
        Ok(status) => say(&format!("it took it: HTTP {status}, after {milliseconds} ms")),
        Err(refusal) => {
            bail!("it did not take it, after {milliseconds} ms: {refusal}; 200, 201 and 204 say that it did")
        }
    }
    Ok(())
}

async fn deliveries(config: &Config, db: &Db, of: Option<&str>, limit: u32) -> anyhow::Result<()> {
    let rows = db.deliveries(of, i64::from(limit)).await?;
    let webhooks = db.webhooks().await?;
    if let (true, Some(of)) = (rows.is_empty(), of)
        && !webhooks.iter().any(|row| row.id == of)
    {
        known(config, db, of).await.with_context(|| format!("`{of}` is no key and no receiver"))?;
    }
    if rows.is_empty() {
        say("nothing was to be delivered in the last 30 days");
    }
    for row in rows {
        say(&line(&row, webhooks.iter().find(|webhook| webhook.id == row.webhook_id)));
    }
    Ok(())
}

/// A delivery in a line.
fn line(row: &Delivery, webhook: Option<&WebhookRow>) -> String {
    let receiver = webhook.map_or_else(|| format!("{} (removed)", row.webhook_id), |webhook| webhook.url.to_string());
    let tries = match row.tries {
        1 => "1 try".to_owned(),
        tries => format!("{tries} tries"),
    };
    let answer = row.outcome.as_deref().unwrap_or("no answer yet");
    let next = if row.state == "waiting" { format!("  next {}", time(row.next_ms)) } else { String::new() };
    let Delivery { id, app_key, action, state, created_ms, .. } = row;
    format!("{id}  {}  {action}  {app_key}  {receiver}  {state}  {tries}  {answer}{next}", time(*created_ms))
}

fn time(milliseconds: i64) -> String {
    let time = DateTime::from_timestamp_millis(milliseconds).unwrap_or_default();
    time.to_rfc3339_opts(SecondsFormat::Secs, true)
}

async fn replay(db: &Db, delivery: &str) -> anyhow::Result<()> {
    let row = db.delivery(delivery).await?;
    let row =
        row.with_context(|| format!("there is no delivery {delivery}; `webhooks deliveries` lists those of 30 days"))?;
    let webhook = db.webhooks().await?.into_iter().find(|webhook| webhook.id == row.webhook_id);
    let webhook =
        webhook.with_context(|| format!("its receiver {} was removed, so it cannot be sent", row.webhook_id))?;
    db.replay_notice(delivery).await?;
    say(&format!("{} is sent it again as soon as a companion runs", webhook.url));
    Ok(())
}

async fn receiver(db: &Db, id: &str) -> anyhow::Result<WebhookRow> {
    let found = db.webhooks().await?.into_iter().find(|row| row.id == id);
    found.with_context(|| format!("there is no receiver {id}; `webhooks list` shows those that are there"))
}

/// Refuses a key that neither the database nor the configuration has.
async fn known(config: &Config, db: &Db, key: &str) -> anyhow::Result<()> {
    let configured = config.apps.iter().any(|app| app.key == key);
    ensure!(
        configured || db.apps().await?.iter().any(|row| row.settings.key == key),
        "there is no key `{key}`; `app list` shows those that are there"
    );
    Ok(())
}
