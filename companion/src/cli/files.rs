//! `bowerbird-companion files`: what an operator does with the storage, whether or not a companion runs.

use super::{existing_database, say};
use crate::bucket::Buckets;
use crate::config::Config;
use crate::housekeeping::{Orphans, remove_orphans};
use clap::Subcommand;
use std::time::Duration;

#[derive(Debug, Subcommand)]
pub enum Command {
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
            Self::Sweep { older_than_hours } => sweep(&config, older_than_hours.unwrap_or(config.orphan_hours)).await,
        }
    }
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
