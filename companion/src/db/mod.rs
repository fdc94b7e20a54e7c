//! All SQL. SQLite now, in words that PostgreSQL takes too: text ids, integer milliseconds, `$1` placeholders.

mod apps;
mod completions;
mod deletions;
mod files;
mod jobs;
mod keys;
mod notices;
mod sessions;
mod signins;

pub use apps::AppRow;
pub use completions::NewConnection;
pub use deletions::{Account, DeletionRow, KeptFile};
pub use files::FileRow;
pub use jobs::{JobRow, JobState, NewJob, Standing};
pub use keys::Resealed;
pub use notices::{NewNotice, NoticeRow};
pub use sessions::{ConnectionRow, DueRow, IdleSince, SessionRow};
pub use signins::{Attempt, Binding, CONNECTED, NewAttempt, SignInRow, TYPING};

use crate::seal::Keyring;
use anyhow::Context as _;
use sqlx::migrate::Migrator;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous};
use std::path::{Path, PathBuf};
use std::str::FromStr as _;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The schema, step by step.
pub static MIGRATIONS: Migrator = sqlx::migrate!("./migrations");

/// Milliseconds since 1970.
pub type Millis = i64;

/// Now.
pub fn now() -> Millis {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as Millis)
}

/// How long ended jobs are remembered, and with them that a photo was already stored.
const JOBS_KEPT: Millis = 7 * 24 * 3600 * 1000;
/// How long notices that were delivered or given up are remembered.
const NOTICES_KEPT: Millis = 30 * 24 * 3600 * 1000;

/// The database.
#[derive(Debug, Clone)]
pub struct Db {
    pool: SqlitePool,
    /// Seals the tokens on their way in and opens them on their way out.
    keyring: Keyring,
}

impl Db {
    /// The file that an empty `database_url` means.
    pub fn file_in(data_dir: &Path) -> PathBuf {
        data_dir.join("companion.sqlite")
    }

    /// Opens the database and brings its schema up to date. An empty `url` is `companion.sqlite` in `data_dir`.
    pub async fn open(url: &str, data_dir: &Path, keyring: Keyring) -> anyhow::Result<Self> {
        let options = match url {
            "" => SqliteConnectOptions::new().filename(Self::file_in(data_dir)),
            url => SqliteConnectOptions::from_str(url).context("database_url: must be sqlite://<file>")?,
        };
        let options = options
            .create_if_missing(true)
            .foreign_keys(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Normal)
            .busy_timeout(Duration::from_secs(10));
        let pool = SqlitePoolOptions::new()
            .max_connections(8)
            .connect_with(options)
            .await
            .context("cannot open the database")?;
        MIGRATIONS.run(&pool).await.context("cannot bring the database up to date")?;
        Ok(Self { pool, keyring })
    }

    /// Forgets what has had its time: sessions not used since, with their sign-ins, connections that nothing needs, old jobs and
    /// notices.
    pub async fn sweep(&self, idle: IdleSince) -> sqlx::Result<()> {
        sqlx::query("DELETE FROM sessions WHERE seen_ms < CASE WHEN remembered = 1 THEN $1 ELSE $2 END")
            .bind(idle.remembered)
            .bind(idle.plain)
            .execute(&self.pool)
            .await?;
        sqlx::query("DELETE FROM jobs WHERE state IN ('stored', 'failed') AND updated_ms < $1")
            .bind(now() - JOBS_KEPT)
            .execute(&self.pool)
            .await?;
        sqlx::query("DELETE FROM notices WHERE ended_ms < $1").bind(now() - NOTICES_KEPT).execute(&self.pool).await?;
        self.drop_unneeded_connections().await
    }

    /// The keys that it seals with.
    pub fn keyring(&self) -> &Keyring {
        &self.keyring
    }

    /// Closes it; what was written is on disk.
    pub async fn close(&self) {
        self.pool.close().await;
    }
}
