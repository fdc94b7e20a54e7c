//! Each step of the schema, run on tables that are not empty.

// The lint knows tests by their attribute, and not the functions that they share.
#![allow(clippy::unwrap_used)]

use bowerbird_companion::db::{Db, MIGRATIONS};
use bowerbird_companion::seal::Keyring;
use bowerbird_services::Postgres;
use sqlx::migrate::Migrate as _;
use sqlx::{AnyPool, Row as _};
use std::path::Path;
use tempfile::TempDir;

/// Rows as they stand after the first step. A later step adds what it has to carry over.
const FILLED: &[&str] = &[
    "INSERT INTO sessions (id, token_hash, app_key, created_ms, seen_ms) VALUES ('s', 'h', 'demo', 1, 1)",
    "INSERT INTO connections (id, app_key, source, account_id, account_name, access_token, expires_ms, created_ms) \
     VALUES ('c', 'demo', 'facebook', '1', 'Alice', 't', NULL, 1)",
    "INSERT INTO session_connections (id, session_id, source, connection_id) VALUES ('l', 's', 'facebook', 'c')",
    "INSERT INTO attempts (id_hash, session_id, source, rerequest, created_ms) VALUES ('a', 's', 'facebook', 0, 1)",
    "INSERT INTO files (handle, app_key, source, source_path, object_key, filename, mimetype, size, sha256, created_ms) \
     VALUES ('f', 'demo', 'facebook', '/1/2.jpg', 'f_2.jpg', '2.jpg', 'image/jpeg', 1, 'x', 1)",
    "INSERT INTO jobs (id, request_key, app_key, connection_id, source, path, accept, prefix, handle, state, received, created_ms, updated_ms) \
     VALUES ('j', 'k', 'demo', 'c', 'facebook', '/1/2.jpg', '[]', '', 'f', 'stored', 1, 1, 1)",
];

/// An empty database with its address: of the kind that is built in, and of PostgreSQL where it can be had.
async fn empty_ones() -> Vec<(TempDir, String, AnyPool)> {
    sqlx::any::install_default_drivers();
    let folder = tempfile::tempdir().unwrap();
    let file = format!("sqlite://{}?mode=rwc", folder.path().join("companion.sqlite").display());
    let mut all = vec![(folder, String::new(), AnyPool::connect(&file).await.unwrap())];
    if let Some(postgres) = Postgres::shared() {
        let url = postgres.new_database();
        let pool = AnyPool::connect(&url).await.unwrap();
        all.push((tempfile::tempdir().unwrap(), url, pool));
    }
    all
}

async fn fill(pool: &AnyPool) {
    for statement in FILLED {
        sqlx::query(*statement).execute(pool).await.unwrap();
    }
}

async fn open(url: &str, folder: &Path) -> Db {
    Db::open(url, folder, Keyring::in_data_dir(folder).unwrap()).await.unwrap()
}

#[tokio::test]
async fn every_step_keeps_what_was_there() {
    for (folder, url, pool) in empty_ones().await {
        // The first step as it was run by an older companion, and rows from its time.
        let first = MIGRATIONS.iter().next().unwrap();
        let mut connection = pool.acquire().await.unwrap();
        connection.ensure_migrations_table("_sqlx_migrations").await.unwrap();
        connection.apply("_sqlx_migrations", first).await.unwrap();
        drop(connection);
        fill(&pool).await;
        pool.close().await;
        // Opening is what runs the steps in earnest; a second time they must find nothing to do.
        for _ in 0..2 {
            let db = open(&url, folder.path()).await;
            assert_eq!(db.file("f").await.unwrap().unwrap().filename, "2.jpg");
            // Its token lay open and its session belonged to no origin; the visitor signs in once more.
            assert!(db.connection("s", "facebook").await.unwrap().is_none());
            assert!(db.has_job("k").await.unwrap());
            db.close().await;
        }
    }
}

#[tokio::test]
async fn of_several_processes_that_start_at_once_one_brings_the_schema_up_to_date() {
    let Some(postgres) = Postgres::shared() else { return };
    let (url, folder) = (postgres.new_database(), tempfile::tempdir().unwrap());
    drop(Keyring::in_data_dir(folder.path()).unwrap());
    let (first, second, third) =
        tokio::join!(open(&url, folder.path()), open(&url, folder.path()), open(&url, folder.path()));
    for db in [first, second, third] {
        assert_eq!(db.apps_revision().await.unwrap(), 0);
    }
}

#[tokio::test]
async fn what_belongs_to_a_session_goes_with_it_and_jobs_stay() {
    for (folder, url, pool) in empty_ones().await {
        MIGRATIONS.run(&pool).await.unwrap();
        fill(&pool).await;
        let db = open(&url, folder.path()).await;
        db.delete_session("s").await.unwrap();
        for table in ["sessions", "session_connections", "attempts", "connections"] {
            let query = sqlx::AssertSqlSafe(format!("SELECT COUNT(*) FROM {table}"));
            let rows: i64 = sqlx::query(query).fetch_one(&pool).await.unwrap().get(0);
            assert_eq!(rows, 0, "{table}");
        }
        let connection: Option<String> =
            sqlx::query_scalar("SELECT connection_id FROM jobs").fetch_one(&pool).await.unwrap();
        assert_eq!(connection, None);
    }
}

#[test]
fn steps_are_written_for_both_databases() {
    for step in MIGRATIONS.iter() {
        let sql = step.sql.as_str().to_uppercase();
        for only_one_knows in
            ["AUTOINCREMENT", "SERIAL", "INTEGER PRIMARY KEY", "JSONB", "DATETIME(", "NOW()", "PRAGMA", "BLOB", "BYTEA"]
        {
            assert!(!sql.contains(only_one_knows), "{} in {}", only_one_knows, step.description);
        }
    }
}
