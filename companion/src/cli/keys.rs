//! `keys`: making keys, seeing what they seal, and sealing anew.

use super::{existing_database, say};
use crate::apps::LOOK_EVERY;
use crate::config::Config;
use crate::db::Db;
use crate::seal::{self, Keyring};
use anyhow::ensure;
use clap::Subcommand;
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make a key, as a line for the setting encryption_keys or the file encryption_keys_file.
    New,
    /// List the keys by their ids, and how many secrets each seals.
    List,
    /// Seal with the current key what is sealed with others. The companion may run meanwhile; to repeat it does no harm.
    Rotate {
        /// Put a new key first into the file of keys before.
        #[arg(long)]
        new: bool,
    },
}

impl Command {
    pub async fn run(self, config: Config) -> anyhow::Result<()> {
        match self {
            Self::New => {
                say(seal::new_key().expose());
                Ok(())
            }
            Self::List => list(&existing_database(&config).await?).await,
            Self::Rotate { new } => rotate(&config, new).await,
        }
    }
}

async fn list(db: &Db) -> anyhow::Result<()> {
    let mut counts = db.sealed_by().await?;
    for (position, id) in db.keyring().ids().iter().enumerate() {
        let count = counts.remove(id).unwrap_or_default();
        let role = match (position, count) {
            (0, _) => "current",
            (_, 0) => "seals nothing; its line can be removed",
            _ => "old; `keys rotate` seals anew what it seals",
        };
        say(&format!("{id}  seals {count}  {role}"));
    }
    for (id, count) in counts {
        say(&match id.as_str() {
            "" => format!("{count} secrets are not sealed at all"),
            id => format!("{id}  seals {count}  not there: give it back, or what it seals is lost"),
        });
    }
    Ok(())
}

/// The file of keys that a new one can be put into.
fn key_file(config: &Config) -> anyhow::Result<PathBuf> {
    ensure!(
        config.encryption_keys.is_empty(),
        "the keys are in the setting encryption_keys, which only you can change: put a line of `bowerbird-companion keys new` \
         first there, start the companion again, and run `keys rotate` without --new"
    );
    Ok(config.encryption_keys_file.clone().unwrap_or_else(|| Keyring::file_in(&config.data_dir)))
}

async fn rotate(config: &Config, new: bool) -> anyhow::Result<()> {
    let db = existing_database(config).await?;
    if new {
        seal::put_new_key_first(&key_file(config)?)?;
        db.keyring().refresh()?;
        // A companion that runs has seen the new key by then, and seals nothing with the old one any more.
        tokio::time::sleep(LOOK_EVERY + LOOK_EVERY / 2).await;
    }
    let resealed = db.reseal().await?;
    say(&format!("sealed {} secrets with the key {}", resealed.done, db.keyring().ids()[0]));
    list(&db).await?;
    db.close().await;
    ensure!(
        resealed.lost == 0,
        "{} secrets could not be opened, and stay as they are: their key is missing, or they are damaged",
        resealed.lost
    );
    Ok(())
}
