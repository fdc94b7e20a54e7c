//! What is asked about the database itself: whether it answers, how much there is to do, and what `check` looks at.

use super::{Db, Kind, MIGRATIONS, kind_of, now};
use anyhow::Context as _;
use sqlx::{AnyConnection, Connection as _, Row as _};
use std::collections::BTreeSet;
use std::path::Path;

/// How much there is to do.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Load {
    /// Photos that wait.
    pub queued: i64,
    /// Photos that are being copied.
    pub running: i64,
    /// Seconds since the photo was asked for that waits longest; 0 when none does.
    pub oldest_seconds: i64,
    /// Sessions.
    pub sessions: i64,
    /// Notices that are not delivered yet.
    pub notices: i64,
}

/// What an operator should know of a database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Examined {
    /// Name and version of what answers.
    pub version: String,
    /// Steps of the schema that are not done yet.
    pub pending: usize,
    /// Steps of the schema that this program does not know.
    pub unknown: usize,
    /// What keeps it from writing or from changing the schema; the database's words.
    pub refused: Option<String>,
}

impl Db {
    /// Whether it answers, from its tables.
    pub async fn ping(&self) -> sqlx::Result<()> {
        sqlx::query("SELECT number FROM revisions WHERE name = 'apps'").execute(&self.pool).await.map(drop)
    }

    /// How much there is to do. Ended jobs are not counted: there are many, and it would take long.
    pub async fn load(&self) -> sqlx::Result<Load> {
        let jobs: Vec<(String, i64, i64)> = sqlx::query_as(
            "SELECT state, COUNT(*), CAST(MIN(created_ms) AS BIGINT) FROM jobs WHERE state IN ('queued', 'running') \
             GROUP BY state",
        )
        .fetch_all(&self.pool)
        .await?;
        let count = async |what| sqlx::query_scalar(what).fetch_one(&self.pool).await;
        let mut load = Load {
            sessions: count("SELECT COUNT(*) FROM sessions").await?,
            notices: count("SELECT COUNT(*) FROM notices WHERE ended_ms IS NULL").await?,
            ..Load::default()
        };
        for (state, jobs, oldest) in jobs {
            match state.as_str() {
                "queued" => (load.queued, load.oldest_seconds) = (jobs, ((now() - oldest) / 1000).max(0)),
                _ => load.running = jobs,
            }
        }
        Ok(load)
    }

    /// Looks at a database without changing anything in it; none where there is no file yet.
    ///
    /// # Errors
    /// It cannot be reached, or does not let us in.
    pub async fn examine(url: &str, data_dir: &Path) -> anyhow::Result<Option<Examined>> {
        sqlx::any::install_default_drivers();
        let kind = kind_of(url).context("must be sqlite://<file> or postgres://<user>@<host>/<name>")?;
        let (address, version) = match kind {
            Kind::Postgres => (url.to_owned(), "SELECT current_setting('server_version')"),
            Kind::Sqlite => {
                let file = super::sqlite_path(url, data_dir)?;
                if !file.exists() {
                    return Ok(None);
                }
                (super::sqlite_address(&file, "rw")?, "SELECT sqlite_version()")
            }
        };
        // Not a pool, which would keep to itself why it cannot connect.
        let mut connection = AnyConnection::connect(&address).await?;
        let version: String = sqlx::query_scalar(version).fetch_one(&mut connection).await?;
        let done = steps_done(&mut connection).await;
        let known: BTreeSet<i64> = MIGRATIONS.iter().map(|step| step.version).collect();
        let refused = try_to_write(&mut connection, !done.is_empty()).await.err().map(|error| error.to_string());
        connection.close().await?;
        Ok(Some(Examined {
            version: format!("{} {version}", if kind == Kind::Sqlite { "SQLite" } else { "PostgreSQL" }),
            pending: known.difference(&done).count(),
            unknown: done.difference(&known).count(),
            refused,
        }))
    }
}

/// None in a database that is still empty.
async fn steps_done(connection: &mut AnyConnection) -> BTreeSet<i64> {
    let rows = sqlx::query("SELECT version FROM _sqlx_migrations").fetch_all(connection).await.unwrap_or_default();
    rows.iter().filter_map(|row| row.try_get(0).ok()).collect()
}

/// Writes and changes the schema, and takes both back.
async fn try_to_write(connection: &mut AnyConnection, is_filled: bool) -> sqlx::Result<()> {
    let mut work = connection.begin().await?;
    sqlx::query("CREATE TABLE bowerbird_check (number BIGINT)").execute(&mut *work).await?;
    if is_filled {
        sqlx::query("UPDATE sessions SET seen_ms = seen_ms WHERE 1 = 0").execute(&mut *work).await?;
    }
    work.rollback().await
}
