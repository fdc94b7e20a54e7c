//! All SQL, in words that SQLite and PostgreSQL both take: text ids, integer milliseconds, `$1` placeholders. Where they differ,
//! [`Kind`] says which it is.

mod accounts;
mod apps;
mod completions;
mod connecting;
mod conversions;
mod deletions;
mod files;
mod jobs;
mod keys;
mod load;
mod notices;
mod plain_keys;
mod posts;
mod publications;
mod sessions;
mod signins;
mod uploads;
mod webhooks;

pub use accounts::AccountRow;
pub use apps::AppRow;
pub use completions::NewConnection;
pub use connecting::{ConnectingRow, NewConnecting};
pub use conversions::{ConversionRow, Leftover};
pub use deletions::{Account, DeletionRow, KeptFile};
pub use files::FileRow;
pub use jobs::{
    FROM_ADDRESS, FROM_DEVICE, FROM_FILE, JobRow, JobState, NewJob, Standing, Unwanted, Unwished, Whose, draft_keys,
};
pub use keys::Resealed;
pub use load::{Examined, Load};
pub use notices::{Delivery, NewNotice, NoticeRow, REMOVED, Tried};
pub use posts::{PostRow, Posts};
pub use publications::{NewPublication, PublicationEnd, PublicationRow};
pub use sessions::{ConnectionRow, DueRow, IdleSince, SessionRow};
pub use signins::{Attempt, Binding, CONNECTED, NewAttempt, SignInRow, TYPING};
pub use uploads::{PartRow, UploadRow};
pub use webhooks::WebhookRow;

use crate::seal::Keyring;
use crate::secrets::write_private;
use anyhow::Context as _;
use sqlx::any::AnyPoolOptions;
use sqlx::migrate::Migrator;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AnyPool, Executor as _};
use std::io::ErrorKind;
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
/// How long sign-ins that never end are remembered: longer than any that was offered can be answered.
const ATTEMPTS_OPEN: Millis = 2 * 3600 * 1000;
/// How long sign-ins that ended are. The last to each source is, as long as its session: by it the next one asks for a permission
/// that is missing.
const ATTEMPTS_KEPT: Millis = 24 * 3600 * 1000;
/// How long links that are over are remembered.
const LINKS_KEPT: Millis = 24 * 3600 * 1000;
/// How long notices that were delivered or given up are remembered.
const NOTICES_KEPT: Millis = 30 * 24 * 3600 * 1000;

/// How many connections of a process may work at once.
const CONNECTIONS: u32 = 16;
/// The same to SQLite, which has one writer whatever the number, and a thread and a cache for each.
const SQLITE_CONNECTIONS: u32 = 4;

/// Which database it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A file of this machine, for one process.
    Sqlite,
    /// A server, for any number of processes.
    Postgres,
}

/// The database.
#[derive(Debug, Clone)]
pub struct Db {
    pool: AnyPool,
    kind: Kind,
    /// Seals the tokens on their way in and opens them on their way out.
    keyring: Keyring,
}

impl Db {
    /// The file that an empty `database_url` means.
    pub fn file_in(data_dir: &Path) -> PathBuf {
        data_dir.join("companion.sqlite")
    }

    /// Opens the database and brings its schema up to date, which of several processes one does while the others wait. An empty
    /// `url` is `companion.sqlite` in `data_dir`.
    pub async fn open(url: &str, data_dir: &Path, keyring: Keyring) -> anyhow::Result<Self> {
        sqlx::any::install_default_drivers();
        let kind = kind_of(url).context("database_url: must be sqlite://<file> or postgres://<user>@<host>/<name>")?;
        let mut options = AnyPoolOptions::new().max_connections(CONNECTIONS).acquire_timeout(Duration::from_secs(30));
        let url = match kind {
            Kind::Postgres => url.to_owned(),
            Kind::Sqlite => {
                // A file does not go away as a server does, and to ask for it first is a second way to the thread that works with it.
                options = options.max_connections(SQLITE_CONNECTIONS).test_before_acquire(false);
                options = options.after_connect(|connection, _| {
                    Box::pin(async move { connection.execute(SQLITE_SETTINGS).await.map(drop) })
                });
                sqlite_address(&sqlite_file(url, data_dir)?, "rwc")?
            }
        };
        let pool = options.connect(&url).await.context("database_url: cannot open the database")?;
        MIGRATIONS.run(&pool).await.context("cannot bring the database up to date")?;
        Ok(Self { pool, kind, keyring })
    }

    /// Which database it is.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Forgets what has had its time: sessions not used since, with their sign-ins, other sessions' old sign-ins, connections
    /// that nothing needs, old jobs and notices.
    pub async fn sweep(&self, idle: IdleSince) -> sqlx::Result<()> {
        sqlx::query(
            "DELETE FROM sessions WHERE seen_ms < CASE WHEN remembered = 1 AND EXISTS (\
                 SELECT 1 FROM session_connections l WHERE l.session_id = sessions.id) THEN $1 ELSE $2 END",
        )
        .bind(idle.remembered)
        .bind(idle.plain)
        .execute(&self.pool)
        .await?;
        let time = now();
        // One that was answered waits for its code, however old it is.
        sqlx::query(
            "DELETE FROM attempts WHERE outcome IS NULL AND created_ms < $1 \
             AND (connection_id IS NULL OR code_expires_ms <= $2)",
        )
        .bind(time - ATTEMPTS_OPEN)
        .bind(time)
        .execute(&self.pool)
        .await?;
        sqlx::query(
            "DELETE FROM attempts WHERE outcome IS NOT NULL AND ended_ms < $1 AND EXISTS (\
                 SELECT 1 FROM attempts later WHERE later.session_id = attempts.session_id \
                 AND later.source = attempts.source AND later.ended_ms > attempts.ended_ms)",
        )
        .bind(time - ATTEMPTS_KEPT)
        .execute(&self.pool)
        .await?;
        sqlx::query("DELETE FROM jobs WHERE state IN ('stored', 'failed') AND updated_ms < $1")
            .bind(now() - JOBS_KEPT)
            .execute(&self.pool)
            .await?;
        // Until a day after its end, whoever follows a link is told that it is over.
        sqlx::query("DELETE FROM files WHERE link_expires_ms < $1")
            .bind(now() - LINKS_KEPT)
            .execute(&self.pool)
            .await?;
        sqlx::query("DELETE FROM notices WHERE ended_ms < $1").bind(now() - NOTICES_KEPT).execute(&self.pool).await?;
        sqlx::query("DELETE FROM connecting WHERE expires_ms < $1").bind(now()).execute(&self.pool).await?;
        self.drop_sessions_accounts().await?;
        self.drop_unused_keys().await?;
        self.drop_unneeded_connections().await;
        Ok(())
    }

    /// Takes work that one process at a time does for all. `false` while another has it, or had it less than `lease` ago.
    pub async fn take_lease(&self, name: &str, holder: &str, lease: Millis) -> sqlx::Result<bool> {
        let time = now();
        let taken = sqlx::query(
            "INSERT INTO leases (name, holder, until_ms) VALUES ($1, $2, $3) ON CONFLICT (name) DO UPDATE \
             SET holder = excluded.holder, until_ms = excluded.until_ms WHERE leases.until_ms <= $4",
        )
        .bind(name)
        .bind(holder)
        .bind(time + lease)
        .bind(time)
        .execute(&self.pool)
        .await?;
        Ok(taken.rows_affected() > 0)
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

/// For each connection to SQLite. A write-ahead log lets readers go on beside the writer; with it, `NORMAL` loses no committed
/// transaction to a killed process and keeps the file whole when the power goes (<https://www.sqlite.org/wal.html>).
const SQLITE_SETTINGS: &str =
    "PRAGMA busy_timeout = 10000; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON;";

/// Which database an address is of.
pub fn kind_of(url: &str) -> Option<Kind> {
    match url.split_once(':') {
        _ if url.is_empty() => Some(Kind::Sqlite),
        Some(("sqlite", _)) => Some(Kind::Sqlite),
        Some(("postgres" | "postgresql", _)) => Some(Kind::Postgres),
        _ => None,
    }
}

/// The address of a file. Escaped, so that a folder's `?` or `%` is not read as part of it.
fn sqlite_address(file: &Path, mode: &str) -> anyhow::Result<String> {
    let mut address = url::Url::parse("sqlite:///")?;
    address.set_path(&file.to_string_lossy());
    Ok(format!("{address}?mode={mode}"))
}

fn sqlite_path(url: &str, data_dir: &Path) -> anyhow::Result<PathBuf> {
    let file = match url {
        "" => Db::file_in(data_dir),
        url => {
            let options = SqliteConnectOptions::from_str(url).context("database_url: must be sqlite://<file>")?;
            options.get_filename().to_owned()
        }
    };
    Ok(std::path::absolute(file)?)
}

/// The file of an SQLite database, made if it is not there: SQLite makes files that everybody may read, but gives those that it
/// puts beside one that one's rights.
fn sqlite_file(url: &str, data_dir: &Path) -> anyhow::Result<PathBuf> {
    let file = sqlite_path(url, data_dir)?;
    match write_private(&file, "") {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => {
            Err(error).with_context(|| format!("cannot make the database {}", file.display()))
        }
        _ => Ok(file),
    }
}

/// `$1, $2, …` for a list of that many values that begins after `before` others.
fn placeholders(before: usize, count: usize) -> String {
    (before + 1..=before + count).map(|number| format!("${number}")).collect::<Vec<_>>().join(", ")
}
