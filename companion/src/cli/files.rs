//! `bowerbird-companion files`: what an operator does with the storage, whether or not a companion runs.

use super::{existing_database, say};
use crate::bucket::Buckets;
use crate::config::Config;
use crate::db::{Db, FileRow};
use crate::housekeeping::{Orphans, remove_orphans};
use anyhow::Context as _;
use clap::Subcommand;
use std::time::Duration;

#[derive(Debug, Subcommand)]
pub enum Command {
    /// List files, the newest first.
    List {
        /// Of this API key only.
        key: Option<String>,
        /// At most so many.
        #[arg(long, default_value_t = 50, value_name = "N")]
        limit: u32,
        /// Without the first so many.
        #[arg(long, default_value_t = 0, value_name = "N")]
        skip: u32,
    },
    /// Show what is known of a file.
    Show {
        /// Its handle.
        handle: String,
    },
    /// Remove files with their bytes. Their sites are not told; with `DELETE /api/file/<handle>` they are.
    Rm {
        /// Their handles.
        #[arg(required = true)]
        handles: Vec<String>,
        /// Leave the bytes in the storage.
        #[arg(long)]
        skip_storage: bool,
    },
    /// Remove from all storages what belongs to no file, as a companion does once a day. It may run meanwhile. Nothing else may
    /// keep anything in these storages: that is removed too.
    Sweep {
        /// Only what was written so many hours ago at least. Default the setting orphan_hours.
        #[arg(long, value_name = "N")]
        older_than_hours: Option<u64>,
    },
}

impl Command {
    pub async fn run(self, config: Config) -> anyhow::Result<()> {
        match self {
            Self::List { key, limit, skip } => list(&config, key.as_deref(), limit, skip).await,
            Self::Show { handle } => show(&config, &handle).await,
            Self::Rm { handles, skip_storage } => remove(&config, &handles, skip_storage).await,
            Self::Sweep { older_than_hours } => sweep(&config, older_than_hours.unwrap_or(config.orphan_hours)).await,
        }
    }
}

async fn list(config: &Config, key: Option<&str>, limit: u32, skip: u32) -> anyhow::Result<()> {
    let db = existing_database(config).await?;
    let files = db.files(key, i64::from(limit), i64::from(skip)).await?;
    for file in &files {
        say(&format!(
            "{}  {:>12}  {:<16} {:<10} {}  {}",
            file.handle,
            file.size,
            file.app_key,
            file.source,
            when(file.created_ms),
            file.filename
        ));
    }
    if files.is_empty() {
        say("there are none");
    }
    db.close().await;
    Ok(())
}

fn when(milliseconds: i64) -> String {
    let time = chrono::DateTime::from_timestamp_millis(milliseconds).unwrap_or_default();
    time.format("%Y-%m-%d %H:%M").to_string()
}

async fn known(db: &Db, handle: &str) -> anyhow::Result<FileRow> {
    db.file(handle)
        .await?
        .with_context(|| format!("there is no file with the handle `{handle}`; `files list` has them"))
}

async fn show(config: &Config, handle: &str) -> anyhow::Result<()> {
    let db = existing_database(config).await?;
    let file = known(&db, handle).await?;
    let storage = if file.storage.is_empty() { "the first" } else { &file.storage };
    let pixels =
        file.width.zip(file.height).map_or_else(String::new, |(width, height)| format!(", {width} x {height}"));
    for (name, value) in [
        ("url", config.file_url(&file.handle)),
        ("name", file.filename),
        ("type", format!("{}{pixels}", file.mimetype)),
        ("bytes", file.size.to_string()),
        ("sha256", file.sha256),
        ("key", file.app_key),
        ("from", file.source),
        ("stored", when(file.created_ms)),
        ("access", file.access),
        ("storage", storage.to_owned()),
        ("object", if file.link_connection.is_some() { "none: it is linked".to_owned() } else { file.object_key }),
    ] {
        say(&format!("  {name:<8} {value}"));
    }
    db.close().await;
    Ok(())
}

async fn remove(config: &Config, handles: &[String], keep: bool) -> anyhow::Result<()> {
    let db = existing_database(config).await?;
    let buckets = Buckets::open(config)?;
    for handle in handles {
        let file = known(&db, handle).await?;
        db.remove_file(handle, keep, &[]).await?;
        if !keep {
            buckets.get(&file.storage)?.remove(&file.object_key).await?;
            db.forget_file(handle).await?;
        }
        say(&format!("{handle} is removed"));
    }
    db.close().await;
    Ok(())
}

async fn sweep(config: &Config, hours: u64) -> anyhow::Result<()> {
    let db = existing_database(config).await?;
    let buckets = Buckets::open(config)?;
    let older = Duration::from_secs(hours.saturating_mul(3600));
    let Orphans { objects, bytes } = remove_orphans(&db, &buckets, older).await?;
    say(&match objects {
        0 => format!("nothing that is {hours} hours old or older belongs to no file"),
        objects => format!("removed {objects} objects that belonged to no file, {bytes} bytes in all"),
    });
    db.close().await;
    Ok(())
}
