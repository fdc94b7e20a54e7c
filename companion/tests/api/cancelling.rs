//! Taking back what was asked to be stored: it ends at once, for good, and nothing of it is left.

use crate::app::{TestApp, Visitor, events, eventually, text};
use crate::engine::{Queue, file_of};
use crate::files::uploads;
use crate::storing::{a_large_photo, road, with_pictures_over};
use crate::webhooks::Receiver;
use bowerbird_companion::config::AppConfig;
use bowerbird_companion::db::Unwanted;
use bowerbird_companion::secrets::Secret;
use bowerbird_protocol::problem::ProblemCode;
use reqwest::StatusCode;
use serde_json::{Value, json};
use tokio::sync::watch;

/// More than the companion reads before it begins to write, and less than the large photo has.
const UNTIL_STUCK: usize = 300_000;

/// A road on which each connection gets stuck after so many bytes, until it is opened.
async fn stuck_road(upstream: impl Fn() -> String + Send + 'static, open: watch::Receiver<bool>) -> String {
    let pass = move |passed| {
        let mut open = open.clone();
        async move { passed <= UNTIL_STUCK || open.wait_for(|open| *open).await.is_ok() }
    };
    road(upstream, 16 * 1024, pass).await
}

/// An app whose large pictures stop arriving in the middle, until the sender says so.
async fn with_stuck_pictures(
    change: impl FnOnce(&mut bowerbird_companion::config::Config),
) -> (TestApp, watch::Sender<bool>) {
    let (open, opened) = watch::channel(false);
    (with_pictures_over(|upstream| stuck_road(upstream, opened), change).await, open)
}

async fn signed_in(app: &TestApp) -> (Visitor<'_>, String) {
    let mut visitor = app.visitor();
    visitor.signs_in("facebook", "alice").await;
    let large = a_large_photo(&mut visitor).await;
    (visitor, large)
}

async fn cancels(visitor: &mut Visitor<'_>, paths: &[String]) {
    let reply = visitor.posts("/store/cancel", json!({"clouds": {"facebook": {"paths": paths}}})).await;
    assert_eq!(reply, json!({"token": visitor.token, "facebook": {}}));
}

async fn handles(app: &TestApp) -> Vec<String> {
    sqlx::query_scalar("SELECT handle FROM jobs ORDER BY created_ms").fetch_all(&app.database().await).await.unwrap()
}

fn ends<'a>(events: &'a [Value], path: &str) -> Vec<&'a Value> {
    let is_end = |event: &&Value| event["path"] == path && event["event"] != "progress";
    events.iter().filter(is_end).collect()
}

/// A transfer has come as far as the storage. Others than the disk show nothing of it yet.
async fn half_is_written(app: &TestApp) {
    let database = app.database().await;
    eventually("half of it is written", async || {
        let writing = "SELECT COUNT(*) FROM jobs WHERE state = 'running' AND object_key IS NOT NULL";
        let writing: i64 = sqlx::query_scalar(writing).fetch_one(&database).await.unwrap();
        writing == 1 && (app.stored_files().len() == 1 || !app.config().storage_url.is_empty())
    })
    .await;
}

#[tokio::test]
async fn a_transfer_is_stopped_in_its_middle_and_a_new_one_begins_afresh() {
    let (app, open) = with_stuck_pictures(|_| {}).await;
    let (mut visitor, large) = signed_in(&app).await;
    let stream = visitor.begins_to_store("facebook", json!({"path": large})).await;
    half_is_written(&app).await;
    cancels(&mut visitor, std::slice::from_ref(&large)).await;
    // The road is still stuck: nothing but the word to stop can end the transfer before its timeout, which has another code.
    let told = events(&stream.text().await.unwrap());
    let cancelled = json!({"event": "failed", "source": "facebook", "path": large, "error": {
        "text": ProblemCode::Cancelled.english(), "code": "cancelled"}});
    assert_eq!(ends(&told, &large), [&cancelled], "{told:?}");
    assert_eq!(told.last(), Some(&json!({"event": "done"})));
    assert_eq!((app.stored_files().len(), app.count("files").await), (0, 0), "nothing is left");
    let first = handles(&app).await.remove(0);
    assert_eq!(app.get(&format!("/{first}")).await.status(), StatusCode::NOT_FOUND);

    open.send_replace(true);
    let file = visitor.stores("facebook", &large).await;
    assert_eq!(file["status"], "Stored", "{file}");
    assert_ne!(text(&file, "handle"), first, "it is a new copy");
    assert_eq!((app.stored_files().len(), app.count("files").await), (1, 1));
}

#[tokio::test]
async fn asking_again_while_the_first_is_being_stopped_is_another_wish() {
    let (app, open) = with_stuck_pictures(|_| {}).await;
    let (mut visitor, large) = signed_in(&app).await;
    let first = visitor.begins_to_store("facebook", json!({"path": large})).await;
    half_is_written(&app).await;
    cancels(&mut visitor, std::slice::from_ref(&large)).await;
    let second = visitor.begins_to_store("facebook", json!({"path": large})).await;
    open.send_replace(true);
    let (first, second) = (events(&first.text().await.unwrap()), events(&second.text().await.unwrap()));
    assert_eq!(ends(&first, &large)[0]["error"]["code"], "cancelled", "{first:?}");
    let stored = ends(&second, &large);
    assert_eq!((stored.len(), stored[0]["event"].as_str()), (1, Some("stored")), "{second:?}");
}

#[tokio::test]
async fn what_waits_ends_at_once_and_what_is_not_named_goes_on() {
    let (app, open) = with_stuck_pictures(|config| config.store_concurrency = 1).await;
    let (mut visitor, large) = signed_in(&app).await;
    let stream = visitor.begins_to_store("facebook", json!({"path": large})).await;
    half_is_written(&app).await;
    let album = visitor.finds("facebook", "Profile pictures").await;
    let waiting = visitor.photos("facebook", &album).await;
    let others = visitor.begins_to_store("facebook", json!({"paths": waiting[..3]})).await;
    cancels(&mut visitor, &waiting[..2]).await;
    let states: Vec<(String, Option<String>)> =
        sqlx::query_as("SELECT state, problem FROM jobs").fetch_all(&app.database().await).await.unwrap();
    let cancelled = ("failed".to_owned(), Some("cancelled".to_owned()));
    assert_eq!(states.iter().filter(|state| **state == cancelled).count(), 2, "{states:?}");
    open.send_replace(true);
    let others = events(&others.text().await.unwrap());
    for path in &waiting[..2] {
        assert_eq!(ends(&others, path)[0]["error"]["code"], "cancelled");
    }
    assert_eq!(ends(&others, &waiting[2])[0]["event"], "stored");
    assert_eq!(ends(&events(&stream.text().await.unwrap()), &large)[0]["event"], "stored");
    assert_eq!(app.stored_files().len(), 2);
}

#[tokio::test]
async fn a_provider_that_says_nothing_does_not_hold_it_up() {
    let app = TestApp::start_with(|config| config.fetch_timeout = 600).await;
    let (mut visitor, large) = signed_in(&app).await;
    let fault =
        bowerbird_emulator::Fault::Slow { ms: 60_000, host: Some("graph.facebook.com".to_owned()), times: None };
    app.emulator.set_fault(fault);
    let stream = visitor.begins_to_store("facebook", json!({"path": large})).await;
    let database = app.database().await;
    eventually("it is under way", async || {
        let state: String = sqlx::query_scalar("SELECT state FROM jobs").fetch_one(&database).await.unwrap();
        state == "running"
    })
    .await;
    cancels(&mut visitor, std::slice::from_ref(&large)).await;
    assert_eq!(ends(&events(&stream.text().await.unwrap()), &large)[0]["error"]["code"], "cancelled");
}

#[tokio::test]
async fn nobody_cancels_another_sessions_photos() {
    let (app, open) = with_stuck_pictures(|_| {}).await;
    let (visitor, large) = signed_in(&app).await;
    let stream = visitor.begins_to_store("facebook", json!({"path": large})).await;
    half_is_written(&app).await;
    // The same person, in another tab.
    let (mut other, _) = signed_in(&app).await;
    cancels(&mut other, std::slice::from_ref(&large)).await;
    let made_up = json!({"apikey": "demo", "token": "made up", "clouds": {"facebook": {"paths": [large]}}});
    assert_eq!(app.post("/store/cancel", &made_up).await.0, StatusCode::UNAUTHORIZED);
    let mut keyless = made_up.clone();
    keyless["token"] = json!(visitor.token);
    keyless["apikey"] = json!("another");
    assert_eq!(app.post("/store/cancel", &keyless).await.0, StatusCode::FORBIDDEN);
    open.send_replace(true);
    assert_eq!(ends(&events(&stream.text().await.unwrap()), &large)[0]["event"], "stored");
}

#[tokio::test]
async fn what_is_stored_stays_stored() {
    let app = TestApp::start().await;
    let (mut visitor, large) = signed_in(&app).await;
    let file = visitor.stores("facebook", &large).await;
    cancels(&mut visitor, &[large.clone(), "/1/2.jpg".to_owned(), "nonsense".to_owned()]).await;
    assert_eq!(visitor.stores("facebook", &large).await, file);
    let many = vec!["/1/2.jpg"; 1001];
    let many = json!({"apikey": "demo", "token": visitor.token, "clouds": {"facebook": {"paths": many}}});
    assert_eq!(app.post("/store/cancel", &many).await.0, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_photo_is_stored_or_cancelled_and_never_both() {
    let app = TestApp::start().await;
    let (mut visitor, _) = signed_in(&app).await;
    let album = visitor.finds("facebook", "Mobile uploads").await;
    let photos = visitor.photos("facebook", &album).await;
    let mut stored = 0;
    for (step, path) in photos[..16].iter().enumerate() {
        let stream = visitor.begins_to_store("facebook", json!({"path": path})).await;
        // Whenever it comes: before the transfer, in it, or about its end.
        tokio::time::sleep(std::time::Duration::from_millis(step as u64 * 3)).await;
        cancels(&mut visitor, std::slice::from_ref(path)).await;
        let told = events(&stream.text().await.unwrap());
        let [end] = ends(&told, path)[..] else { panic!("{told:?}") };
        match end["event"].as_str() {
            Some("stored") => {
                stored += 1;
                let url = text(&end["file"], "url");
                assert_eq!(app.http.get(url).send().await.unwrap().status(), StatusCode::OK);
            }
            _ => assert_eq!(end["error"]["code"], "cancelled"),
        }
        assert_eq!((app.count("files").await, app.stored_files().len()), (stored, stored as usize));
    }
}

#[tokio::test]
async fn the_database_decides_once_between_the_end_and_the_cancelling() {
    let queue = Queue::open().await;
    let (db, session) = (&queue.db, queue.session().await);
    let (cancelled, stored) = (["/1/1.jpg".to_owned()], ["/1/2.jpg".to_owned()]);
    queue.begins(&session, &cancelled[0], 1).await;
    queue.begins(&session, &stored[0], 2).await;
    let cancels = async |paths: &[String]| db.cancel_jobs(&session, "facebook", paths, 10).await.unwrap();
    let (first, second) = (queue.claims("worker").await.unwrap(), queue.claims("worker").await.unwrap());
    assert_eq!((&first.path, &second.path), (&cancelled[0], &stored[0]));
    assert!(queue.claims("worker").await.is_none());
    assert_eq!(db.cancel_jobs("another", "facebook", &cancelled, 10).await.unwrap(), 0);
    assert_eq!(db.cancel_jobs(&session, "instagram", &cancelled, 10).await.unwrap(), 0);
    assert_eq!(cancels(&cancelled).await, 1);
    assert_eq!(cancels(&cancelled).await, 0, "once is enough");
    assert!(!db.finish_job(&first, &file_of(&first), &[]).await.unwrap());
    assert!(!db.job_progress(&first, 1, None).await.unwrap());
    assert_eq!(db.file(&first.handle).await.unwrap(), None);
    assert!(db.finish_job(&second, &file_of(&second), &[]).await.unwrap());
    assert_eq!(cancels(&stored).await, 0);
    let why = Unwanted::Problem("cancelled".to_owned());
    assert_eq!(db.why_unwanted(&first).await.unwrap(), Some(why));
}

#[tokio::test]
async fn what_was_cancelled_before_a_kill_stays_cancelled() {
    let mut app = TestApp::start_on_disk().await;
    let (visitor, large) = signed_in(&app).await;
    let told = visitor.streams("facebook", json!({"path": large})).await;
    assert_eq!(ends(&told, &large)[0]["event"], "stored");
    app.stop().await;
    // As a kill leaves it that comes between the cancelling and the end of the transfer.
    let database = app.database().await;
    for statement in [
        "UPDATE jobs SET object_key = (SELECT object_key FROM files)",
        "UPDATE jobs SET state = 'running', lease_ms = 0, problem = 'cancelled', request_key = 'cancelled:x'",
        "DELETE FROM files",
    ] {
        sqlx::query(statement).execute(&database).await.unwrap();
    }
    let stored = app.stored_files().remove(0);
    std::fs::rename(&stored, format!("{}#1", stored.display())).unwrap();
    let fetched = app.emulator.served().len();

    app.start_again().await;
    let ended = ("failed".to_owned(), "cancelled".to_owned());
    let database = app.database().await;
    eventually("it has ended", async || {
        sqlx::query_as("SELECT state, problem FROM jobs").fetch_one(&database).await.ok() == Some(ended.clone())
    })
    .await;
    eventually("its rest is removed", async || app.stored_files().is_empty()).await;
    assert_eq!((app.emulator.served().len(), app.count("files").await), (fetched, 0));
}

#[tokio::test]
async fn a_cancelled_photo_gives_its_place_back_but_not_for_ever() {
    let (app, open) = with_stuck_pictures(|config| {
        config.apps[0].max_stores = 2;
        config.store_concurrency = 1;
    })
    .await;
    let (mut visitor, large) = signed_in(&app).await;
    let album = visitor.finds("facebook", "Profile pictures").await;
    let photos = visitor.photos("facebook", &album).await;
    let first = visitor.begins_to_store("facebook", json!({"path": large})).await;
    half_is_written(&app).await;
    let ask =
        async |visitor: &Visitor<'_>, path: &str| visitor.begins_to_store("facebook", json!({"path": path})).await;
    let second = ask(&visitor, &photos[0]).await;
    let refused = events(&ask(&visitor, &photos[1]).await.text().await.unwrap());
    assert_eq!(ends(&refused, &photos[1])[0]["error"]["code"], "store_limit");
    // Two places come back, so two more photos are asked for; theirs do not.
    cancels(&mut visitor, &[large.clone(), photos[0].clone()]).await;
    drop((first, second));
    let third = ask(&visitor, &large).await;
    let fourth = ask(&visitor, &photos[1]).await;
    cancels(&mut visitor, &[large.clone(), photos[1].clone()]).await;
    for (stream, path) in [(third, &large), (fourth, &photos[1])] {
        assert_eq!(ends(&events(&stream.text().await.unwrap()), path)[0]["error"]["code"], "cancelled");
    }
    open.send_replace(true);
    let refused = events(&ask(&visitor, &photos[2]).await.text().await.unwrap());
    assert_eq!(ends(&refused, &photos[2])[0]["error"]["code"], "store_limit", "{refused:?}");
}

#[tokio::test]
async fn cancelling_is_counted_like_any_other_call() {
    let app = TestApp::start_with(|config| config.rate_per_session = 8).await;
    let (visitor, large) = signed_in(&app).await;
    let body = json!({"apikey": "demo", "token": visitor.token, "clouds": {"facebook": {"paths": [large]}}});
    let mut last = StatusCode::OK;
    for _ in 0..8 {
        last = app.post("/store/cancel", &body).await.0;
    }
    assert_eq!(last, StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test]
async fn what_is_stored_as_a_draft_is_removed_and_nothing_else() {
    let receiver = Receiver::start().await;
    let app = receiver.app("fp.upload,fp.delete").await;
    let mut visitor = app.visitor();
    visitor.signs_in("facebook", "alice").await;
    let album = visitor.finds("facebook", "Profile pictures").await;
    let photos = visitor.photos("facebook", &album).await;
    let kept = visitor.stores("facebook", &photos[0]).await;
    let stream = visitor.streams("facebook", json!({"paths": photos[..2], "draft": "pick-1"})).await;
    let drafts: Vec<String> = photos[..2].iter().map(|path| text(&ends(&stream, path)[0]["file"], "handle")).collect();
    assert!(!drafts.contains(&text(&kept, "handle")), "a draft is a copy of its own");
    let is_there = async |handle: &str| app.get(&format!("/{handle}")).await.status() == StatusCode::OK;

    // Nobody else's draft, and no other one.
    let mut other = app.visitor();
    other.signs_in("facebook", "alice").await;
    let wish = |draft: &str| json!({"clouds": {"facebook": {"paths": photos[..1], "draft": draft}}});
    other.posts("/store/cancel", wish("pick-1")).await;
    visitor.posts("/store/cancel", wish("pick-2")).await;
    visitor.posts("/store/cancel", wish("pick")).await;
    cancels(&mut visitor, &photos[..1]).await;
    assert!(is_there(&drafts[0]).await && is_there(&drafts[1]).await);
    let mut refused = wish("pick%");
    (refused["apikey"], refused["token"]) = (json!("demo"), json!(visitor.token));
    assert_eq!(app.post("/store/cancel", &refused).await.0, StatusCode::BAD_REQUEST);

    visitor.posts("/store/cancel", wish("pick-1")).await;
    assert!(!is_there(&drafts[0]).await && is_there(&drafts[1]).await && is_there(&text(&kept, "handle")).await);
    assert_eq!((app.stored_files().len(), app.count("files").await), (2, 2), "no bytes are left");
    receiver.has_heard(4).await;
    let deleted = receiver.heard().into_iter().find(|notice| notice["action"] == "fp.delete").unwrap();
    assert_eq!(deleted["text"]["handle"], json!(drafts[0]));

    // Wanted after all, it is copied anew.
    let again = visitor.streams("facebook", json!({"path": photos[0], "draft": "pick-1"})).await;
    assert_eq!(ends(&again, &photos[0])[0]["event"], "stored", "{again:?}");
    assert_eq!(app.count("files").await, 3);
}

#[tokio::test]
async fn a_draft_that_is_on_its_way_is_cancelled() {
    let (app, open) = with_stuck_pictures(|_| {}).await;
    let (mut visitor, large) = signed_in(&app).await;
    let stream = visitor.begins_to_store("facebook", json!({"path": large, "draft": "d"})).await;
    let whole = visitor.begins_to_store("facebook", json!({"path": large})).await;
    visitor.posts("/store/cancel", json!({"clouds": {"facebook": {"paths": [large], "draft": "d"}}})).await;
    let told = events(&stream.text().await.unwrap());
    assert_eq!(ends(&told, &large)[0]["error"]["code"], "cancelled", "{told:?}");
    open.send_replace(true);
    let told = events(&whole.text().await.unwrap());
    assert_eq!(ends(&told, &large)[0]["event"], "stored", "the other wish goes on: {told:?}");
    assert_eq!(app.stored_files().len(), 1);
}

#[tokio::test]
async fn an_upload_is_taken_back_by_whoever_knows_its_name() {
    let mut app = TestApp::start_with(|config| config.apps.push(AppConfig::open("other"))).await;
    let aborts = async |key: &str, id: &str| {
        let (status, said) = app.post("/multipart/abort", &json!({"apikey": key, "upload_id": id})).await;
        assert_eq!((status, said), (StatusCode::OK, json!({})));
    };
    let (unfinished, _) = uploads(&app, &[b"some of it"], 100, json!({})).await;
    assert_eq!(app.stored_files().len(), 1);
    aborts("other", &unfinished).await;
    assert_eq!(app.stored_files().len(), 1, "another site's");
    aborts("demo", &unfinished).await;
    assert_eq!((app.stored_files().len(), app.count("uploads").await, app.count("upload_parts").await), (0, 0, 0));

    let (id, parts) = uploads(&app, &[b"all of it"], 9, json!({})).await;
    let (_, file) = app.post("/multipart/complete", &json!({"apikey": "demo", "upload_id": id, "parts": parts})).await;
    let handle = text(&file, "handle");
    aborts("other", &id).await;
    aborts("demo", &handle).await;
    aborts("demo", "%").await;
    assert_eq!(app.get(&format!("/{handle}")).await.status(), StatusCode::OK);
    // Its parts may be forgotten by then.
    app.executes("UPDATE uploads SET touched_ms = 1").await;
    aborts("demo", &id).await;
    assert_eq!(app.get(&format!("/{handle}")).await.status(), StatusCode::NOT_FOUND);
    assert_eq!((app.stored_files().len(), app.count("files").await, app.count("uploads").await), (0, 0, 0));
    aborts("demo", &id).await;

    app.reconfigure(|config| {
        config.apps[0].secret = Some(Secret::new("s3cret"));
        config.apps[0].require_policy = true;
    });
    app.stop().await;
    app.start_again().await;
    let (status, _) = app.post("/multipart/abort", &json!({"apikey": "demo", "upload_id": id})).await;
    assert_eq!(status, StatusCode::FORBIDDEN, "a key that requires policies does so here too");
}
