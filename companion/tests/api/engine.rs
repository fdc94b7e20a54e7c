//! The queue behind the copying: many processes, trouble that passes, and what is left of it.

use crate::app::{TestApp, database_url, eventually, pool_of};
use bowerbird_companion::bucket::Buckets;
use bowerbird_companion::config::NamedStorage;
use bowerbird_companion::db::{Db, FileRow, JobRow, NewJob, Unwanted, Whose};
use bowerbird_companion::housekeeping::{Orphans, remove_orphans};
use bowerbird_companion::seal::Keyring;
use bowerbird_companion::secrets::Secret;
use bowerbird_emulator::Fault;
use serde_json::json;
use std::time::Duration;
use tempfile::TempDir;
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpListener;

/// A queue without anybody who works on it.
pub struct Queue {
    pub db: Db,
    _folder: TempDir,
}

impl Queue {
    pub async fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = database_url();
        let db = Db::open(&url, folder.path(), Keyring::in_data_dir(folder.path()).unwrap()).await.unwrap();
        sqlx::query(
            "INSERT INTO connections (id, app_key, source, account_id, account_name, access_token, created_ms) \
             VALUES ('c', 'demo', 'facebook', '1', 'Alice', '', 1)",
        )
        .execute(&pool_of(&url, folder.path()).await)
        .await
        .unwrap();
        Self { db, _folder: folder }
    }

    pub async fn session(&self) -> String {
        self.db.insert_session(&bowerbird_companion::secrets::id(), "demo", "", false).await.unwrap().id
    }

    /// A job, in its turn. Its id and handle are made of its path.
    pub async fn begins(&self, session: &str, path: &str, turn: i64) {
        let job = NewJob {
            request_key: path,
            session,
            app_key: "demo",
            connection_id: Some("c"),
            source: "facebook",
            path,
            accept: "[]",
            handle: path,
            turn,
            ..NewJob::default()
        };
        self.db.begin_job(path, &job).await.unwrap().unwrap();
    }

    pub async fn claims(&self, worker: &str) -> Option<JobRow> {
        self.db.claim_job(worker, 60_000).await.unwrap()
    }
}

/// What a job's transfer ends with.
pub fn file_of(job: &JobRow) -> FileRow {
    let text = |text: &str| text.to_owned();
    FileRow {
        handle: job.handle.clone(),
        app_key: text("demo"),
        source: text("facebook"),
        client_id: text("1"),
        account_id: text("1"),
        source_path: job.path.clone(),
        storage: String::new(),
        object_key: format!("{}-{}", job.handle, job.claims),
        container: None,
        filename: text("1.jpg"),
        mimetype: text("image/jpeg"),
        size: 1,
        sha256: text("x"),
        width: None,
        height: None,
        caption: None,
        taken: None,
        access: text("public"),
        session_id: String::new(),
        tags: None,
        created_ms: 0,
        link_connection: None,
        link_expires_ms: None,
    }
}

#[tokio::test]
async fn a_worker_that_was_silent_too_long_can_end_nothing() {
    let queue = Queue::open().await;
    let (db, session) = (&queue.db, queue.session().await);
    queue.begins(&session, "/1/1.jpg", 1).await;
    let slow = db.claim_job("slow", -1).await.unwrap().unwrap();
    assert!(db.note_object(&slow, "slow's", 0, None).await.unwrap());
    // One that says in time that it lives keeps what it has.
    db.extend_leases("slow", 60_000).await.unwrap();
    assert_eq!(db.requeue_jobs(Whose::Silent).await.unwrap(), 0);
    db.extend_leases("slow", -1).await.unwrap();
    assert_eq!(db.requeue_jobs(Whose::Silent).await.unwrap(), 1);
    let quick = queue.claims("quick").await.unwrap();
    assert_eq!((&quick.id, &quick.handle, quick.claims), (&slow.id, &slow.handle, slow.claims + 1));
    assert_eq!(quick.object_key.as_deref(), Some("slow's"), "so that its rest can be removed");

    assert_eq!(db.why_unwanted(&slow).await.unwrap(), Some(Unwanted::TakenOver));
    assert_eq!(db.why_unwanted(&quick).await.unwrap(), None);
    assert!(!db.job_progress(&slow, 1, None).await.unwrap());
    assert!(!db.note_object(&slow, "slow's", 0, None).await.unwrap());
    db.fail_job(&slow, "internal").await.unwrap();
    db.retry_job(&slow, 0).await.unwrap();
    assert!(!db.finish_job(&slow, &file_of(&slow), &[]).await.unwrap());
    assert!(db.finish_job(&quick, &file_of(&quick), &[]).await.unwrap());
    assert!(!db.finish_job(&quick, &file_of(&quick), &[]).await.unwrap(), "once is enough");
    assert_eq!(db.file(&quick.handle).await.unwrap().unwrap().object_key, file_of(&quick).object_key);
}

#[tokio::test]
async fn a_process_that_stops_hands_back_what_it_has_and_nothing_else() {
    let queue = Queue::open().await;
    let session = queue.session().await;
    for (turn, path) in ["/1/1.jpg", "/1/2.jpg", "/1/3.jpg"].into_iter().enumerate() {
        queue.begins(&session, path, turn as i64).await;
    }
    let (mine, cancelled, theirs) =
        (queue.claims("me").await.unwrap(), queue.claims("me").await.unwrap(), queue.claims("they").await.unwrap());
    queue.db.cancel_jobs(&session, "facebook", std::slice::from_ref(&cancelled.path), 10).await.unwrap();
    assert_eq!(queue.db.requeue_jobs(Whose::Worker("me")).await.unwrap(), 2);
    assert_eq!(queue.claims("me").await.unwrap().id, mine.id);
    assert!(queue.claims("me").await.is_none(), "what was cancelled does not begin again");
    assert!(queue.db.finish_job(&theirs, &file_of(&theirs), &[]).await.unwrap());
}

#[tokio::test]
async fn many_who_ask_at_once_get_each_job_once() {
    let queue = Queue::open().await;
    let session = queue.session().await;
    for turn in 0..40 {
        queue.begins(&session, &format!("/1/{turn}.jpg"), turn).await;
    }
    let takers = (0..8).map(|taker| {
        let db = queue.db.clone();
        tokio::spawn(async move {
            let mut taken = Vec::new();
            while let Some(job) = db.claim_job(&format!("taker {taker}"), 60_000).await.unwrap() {
                taken.push(job.path);
            }
            taken
        })
    });
    let mut taken = Vec::new();
    for taker in takers.collect::<Vec<_>>() {
        taken.extend(taker.await.unwrap());
    }
    taken.sort();
    taken.dedup();
    assert_eq!(taken.len(), 40);
}

#[tokio::test]
async fn a_visitor_with_many_photos_does_not_hold_up_one_with_few() {
    let queue = Queue::open().await;
    let (many, few) = (queue.session().await, queue.session().await);
    for photo in 0..50 {
        let turn = queue.db.next_turn(&many, 100).await.unwrap();
        queue.begins(&many, &format!("/many/{photo}.jpg"), turn).await;
    }
    let turn = queue.db.next_turn(&few, 100).await.unwrap();
    queue.begins(&few, "/few/1.jpg", turn).await;
    let mut before = 0;
    while !queue.claims("worker").await.unwrap().path.starts_with("/few/") {
        before += 1;
    }
    assert!(before < 25, "{before} of the others went first");
}

#[tokio::test]
async fn a_job_that_failed_waits_until_it_is_due() {
    let queue = Queue::open().await;
    let session = queue.session().await;
    queue.begins(&session, "/1/1.jpg", 1).await;
    let job = queue.claims("worker").await.unwrap();
    queue.db.retry_job(&job, bowerbird_companion::db::now() + 400).await.unwrap();
    assert!(queue.claims("worker").await.is_none());
    tokio::time::sleep(Duration::from_millis(450)).await;
    let again = queue.claims("worker").await.unwrap();
    assert_eq!((again.tries, again.claims), (1, 2));
}

#[tokio::test]
async fn a_storage_that_is_away_for_a_while_loses_nothing() {
    let app = TestApp::start_on_disk().await;
    let mut visitor = app.visitor();
    visitor.signs_in("facebook", "alice").await;
    let album = visitor.finds("facebook", "Profile pictures").await;
    let photos = visitor.photos("facebook", &album).await;
    let (files, away) = (app.data_dir().join("files"), app.data_dir().join("away"));
    std::fs::rename(&files, &away).unwrap();
    std::fs::write(&files, "in the way").unwrap();
    let stream = visitor.begins_to_store("facebook", json!({"paths": photos[..3]})).await;
    let database = app.database().await;
    eventually("each was tried and waits for better times", async || {
        let tried: i64 =
            sqlx::query_scalar("SELECT COUNT(*) FROM jobs WHERE tries > 1").fetch_one(&database).await.unwrap();
        tried == 3
    })
    .await;
    std::fs::remove_file(&files).unwrap();
    std::fs::rename(&away, &files).unwrap();
    let told = crate::app::events(&stream.text().await.unwrap());
    let stored = told.iter().filter(|event| event["event"] == "stored").count();
    assert_eq!((stored, app.stored_files().len(), app.count("files").await), (3, 3, 3), "{told:?}");
}

#[tokio::test]
async fn what_belongs_to_no_file_is_removed_from_the_storage() {
    let app = TestApp::start_on_disk().await;
    let mut visitor = app.visitor();
    visitor.signs_in("facebook", "alice").await;
    let album = visitor.finds("facebook", "Profile pictures").await;
    let photos = visitor.photos("facebook", &album).await;
    visitor.stores("facebook", &photos[0]).await;
    let kept = app.stored_files();
    let folder = app.data_dir().join("files");
    std::fs::create_dir_all(folder.join("shop/2026")).unwrap();
    let staging = format!("{}#3", kept[0].display());
    for file in ["ORPHAN_1.jpg", "shop/2026/ORPHAN_2.jpg", "WRITTEN_1.jpg#1", &staging] {
        std::fs::write(folder.join(file), "1234").unwrap();
    }
    let database = app.database().await;
    sqlx::query("UPDATE jobs SET state = 'running', object_key = 'WRITTEN_1.jpg'").execute(&database).await.unwrap();
    let config = app.config();
    let db = Db::open(config.database_url.expose(), app.data_dir(), Keyring::in_data_dir(app.data_dir()).unwrap());
    let (db, buckets) = (db.await.unwrap(), Buckets::open(&config).unwrap());
    let young = remove_orphans(&db, &buckets, Duration::from_secs(3600)).await.unwrap();
    assert_eq!(young, Orphans::default(), "what has just been written may be recorded in a moment");
    let removed = remove_orphans(&db, &buckets, Duration::ZERO).await.unwrap();
    assert_eq!(removed, Orphans { objects: 3, bytes: 12 });
    let (mut left, mut expected) = (app.stored_files(), vec![kept[0].clone(), folder.join("WRITTEN_1.jpg#1")]);
    left.sort();
    expected.sort();
    assert_eq!(left, expected);
}

#[tokio::test]
async fn a_database_that_is_away_for_a_while_fails_no_photo() {
    let app = TestApp::start().await;
    let mut visitor = app.visitor();
    visitor.signs_in("facebook", "alice").await;
    let album = visitor.finds("facebook", "Profile pictures").await;
    let photos = visitor.photos("facebook", &album).await;
    app.emulator.set_fault(Fault::Slow { ms: 500, host: Some("scontent.xx.fbcdn.net".to_owned()), times: None });
    let stream = visitor.begins_to_store("facebook", json!({"paths": photos[..3]})).await;
    let database = app.database().await;
    let unreadable = || crate::logs::log().matches("jobs that are watched could not be read").count();
    let before = unreadable();
    sqlx::query("ALTER TABLE jobs RENAME TO jobs_away").execute(&database).await.unwrap();
    eventually("who watches has seen it", async || unreadable() > before).await;
    sqlx::query("ALTER TABLE jobs_away RENAME TO jobs").execute(&database).await.unwrap();
    let told = crate::app::events(&stream.text().await.unwrap());
    let ends: Vec<_> = told.iter().filter(|event| event["event"] != "progress").map(|event| &event["event"]).collect();
    assert_eq!(ends, ["stored", "stored", "stored", "done"], "{told:?}");
}

#[tokio::test]
async fn a_storage_that_does_not_answer_costs_no_transfer_its_lease() {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", silent.local_addr().unwrap());
    let app = TestApp::start_with(|config| {
        config.lease_seconds = 1;
        let options = [("aws_endpoint", endpoint.as_str()), ("aws_access_key_id", "x"), ("aws_secret_access_key", "x")];
        let options = options.map(|(name, value)| (name.to_owned(), Secret::new(value))).into();
        config.storages = vec![NamedStorage { name: "silent".to_owned(), url: "s3://bucket".to_owned(), options }];
    })
    .await;
    let mut visitor = app.visitor();
    visitor.signs_in("facebook", "alice").await;
    let album = visitor.finds("facebook", "Profile pictures").await;
    let photos = visitor.photos("facebook", &album).await;
    visitor.stores("facebook", &photos[0]).await;
    let database = app.database().await;
    // Something is to be removed from there.
    let failed = "UPDATE jobs SET state = 'failed', storage = 'silent', object_key = 'x'";
    sqlx::query(failed).execute(&database).await.unwrap();
    let mut connections = Vec::new();
    loop {
        let (mut connection, _) = silent.accept().await.unwrap();
        let mut method = [0; 3];
        connection.read_exact(&mut method).await.unwrap();
        connections.push(connection);
        // Listing, for what belongs to no file, asks with GET.
        if method != *b"GET" {
            break;
        }
    }

    app.emulator.set_fault(Fault::Slow { ms: 10_000, host: Some("scontent.xx.fbcdn.net".to_owned()), times: None });
    let _stream = visitor.begins_to_store("facebook", json!({"paths": [photos[1]]})).await;
    let leases = "SELECT COALESCE(MAX(lease_ms), 0) FROM jobs WHERE state = 'running'";
    let lease = async || -> i64 { sqlx::query_scalar(leases).fetch_one(&database).await.unwrap() };
    eventually("it is taken", async || lease().await > 0).await;
    let first = lease().await;
    eventually("its lease is extended", async || lease().await > first).await;
}

#[tokio::test]
async fn the_command_line_sweeps_the_storage_beside_a_companion_that_runs() {
    let app = TestApp::start().await;
    let mut visitor = app.visitor();
    visitor.signs_in("facebook", "alice").await;
    let album = visitor.finds("facebook", "Profile pictures").await;
    let photos = visitor.photos("facebook", &album).await;
    visitor.stores("facebook", &photos[0]).await;
    let kept = app.stored_files();
    std::fs::write(kept[0].with_file_name("ORPHAN_1.jpg"), "1234").unwrap();
    let (well, said) = app.runs(&["files", "sweep"]).await;
    assert!(well && said.contains("nothing that is 24 hours old"), "{said}");
    let (well, said) = app.runs(&["files", "sweep", "--older-than-hours", "0"]).await;
    assert!(well && said.contains("removed 1 objects") && said.contains("4 bytes"), "{said}");
    assert_eq!(app.stored_files(), kept);
}
