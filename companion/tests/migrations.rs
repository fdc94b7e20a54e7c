//! Each step of the schema, run on tables that are not empty.

// The lint knows tests by their attribute, and not the functions that they share.
#![allow(clippy::unwrap_used)]

use bowerbird_companion::config::AppConfig;
use bowerbird_companion::db::{Db, MIGRATIONS};
use bowerbird_companion::seal::Keyring;
use bowerbird_companion::secrets::Secret;
use bowerbird_companion::webhook::Events;
use bowerbird_services::Postgres;
use sqlx::migrate::Migrate as _;
use sqlx::{AnyPool, Row as _};
use std::ops::RangeInclusive;
use std::path::Path;
use tempfile::TempDir;

/// Rows as they stand after the first step. A later step has rows of its own in the test.
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
        apply(&pool, 1..=1).await;
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

/// Runs steps as older companions did.
async fn apply(pool: &AnyPool, steps: RangeInclusive<i64>) {
    let mut connection = pool.acquire().await.unwrap();
    connection.ensure_migrations_table("_sqlx_migrations").await.unwrap();
    for step in MIGRATIONS.iter().filter(|step| steps.contains(&step.version)) {
        connection.apply("_sqlx_migrations", step).await.unwrap();
    }
}

#[tokio::test]
async fn a_site_keeps_its_receiver_and_the_receiver_its_secret_and_what_it_is_to_hear() {
    for (folder, url, pool) in empty_ones().await {
        apply(&pool, 1..=4).await;
        let keyring = Keyring::in_data_dir(folder.path()).unwrap();
        let settings = serde_json::to_string(&AppConfig::open("shop")).unwrap();
        sqlx::query("INSERT INTO apps (key, settings, seeded, created_ms, updated_ms) VALUES ('shop', $1, 0, 1, 2)")
            .bind(settings)
            .execute(&pool)
            .await
            .unwrap();
        for (kind, id) in [("webhook", "https://shop.example/hook"), ("facebook", "12")] {
            sqlx::query(
                "INSERT INTO app_credentials (app_key, kind, client_id, client_secret) VALUES ('shop', $1, $2, $3)",
            )
            .bind(kind)
            .bind(id)
            .bind(keyring.seal(&format!("app:shop:{kind}"), &Secret::new(kind)))
            .execute(&pool)
            .await
            .unwrap();
        }
        for (id, tries, ended, outcome) in [
            ("new", 0, None, None),
            ("tried", 2, None, Some("the answer was HTTP 500")),
            ("told", 1, Some(7), Some("delivered")),
            ("lost", 4, Some(7), Some("the answer was HTTP 500")),
        ] {
            sqlx::query(
                "INSERT INTO notices (id, app_key, body, tries, next_ms, created_ms, ended_ms, outcome) \
                 VALUES ($1, 'shop', '{}', $2, 5, 3, $3, $4)",
            )
            .bind(id)
            .bind(tries)
            .bind(ended)
            .bind(outcome)
            .execute(&pool)
            .await
            .unwrap();
        }
        pool.close().await;
        let db = open(&url, folder.path()).await;
        let app = db.apps().await.unwrap().remove(0);
        let webhook = app.settings.webhook.unwrap();
        assert_eq!((webhook.url.as_str(), webhook.secret.expose()), ("https://shop.example/hook", "webhook"));
        assert_eq!((webhook.events, app.settings.facebook.unwrap().id.as_str()), (Events::All, "12"));
        let receiver = db.webhooks().await.unwrap().remove(0);
        assert_eq!(
            (receiver.id.as_str(), receiver.secret.is_some(), receiver.position),
            ("shop:webhook", true, Some(0))
        );
        let mut log: Vec<_> = db.deliveries(Some(&receiver.id), 9).await.unwrap();
        log.sort_by(|a, b| a.id.cmp(&b.id));
        let log: Vec<_> = log.iter().map(|row| (&*row.id, &*row.state, row.tries, &*row.action)).collect();
        let expected =
            [("lost", "failed", 4), ("new", "waiting", 0), ("told", "delivered", 1), ("tried", "waiting", 2)];
        assert_eq!(log, expected.map(|(id, state, tries)| (id, state, tries, "fp.delete")));
        let due = db.due_notices(&[], 9).await.unwrap();
        assert_eq!(
            due.iter().map(|row| (&*row.id, row.first_ms)).collect::<Vec<_>>(),
            [("new", None), ("tried", Some(3))]
        );
        assert_eq!(db.reseal().await.unwrap().lost, 0);
        db.close().await;
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
