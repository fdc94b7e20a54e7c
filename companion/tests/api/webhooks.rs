//! What a site's receivers hear, when, and what the command makes of it.

use crate::app::{ORIGIN, TestApp, ends, eventually, text};
use crate::duties::{hmac, seconds};
use crate::engine::{Queue, file_of};
use crate::logs::log;
use axum::Router;
use axum::http::HeaderMap;
use bowerbird_companion::config::{AppConfig, Webhook};
use bowerbird_companion::db::{Db, NewNotice, NoticeRow};
use bowerbird_companion::seal::Keyring;
use bowerbird_companion::secrets::Secret;
use reqwest::{StatusCode, header};
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use tokio::io::AsyncReadExt as _;
use tokio::net::{TcpListener, TcpStream};
use tokio::process::Command;

/// A site's receiver: what it was posted, and what it answers next; 204 when nothing is said.
#[derive(Clone)]
pub struct Receiver {
    pub authority: String,
    posted: Arc<Mutex<Vec<(HeaderMap, String)>>>,
    answers: Arc<Mutex<VecDeque<StatusCode>>>,
}

impl Receiver {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let authority = listener.local_addr().unwrap().to_string();
        let receiver = Self { authority, posted: Arc::default(), answers: Arc::default() };
        let own = receiver.clone();
        let router = Router::new().fallback(async move |headers: HeaderMap, body: String| {
            own.posted.lock().unwrap().push((headers, body));
            own.answers.lock().unwrap().pop_front().unwrap_or(StatusCode::NO_CONTENT)
        });
        tokio::spawn(async move { axum::serve(listener, router).await });
        receiver
    }

    /// A receiver of a site's settings, with a secret of its own.
    pub fn wants(&self, events: &str) -> Webhook {
        webhook(&self.authority, events)
    }

    pub fn secret(&self) -> String {
        format!("the secret of {}", self.authority)
    }

    pub fn posted(&self) -> Vec<(HeaderMap, String)> {
        self.posted.lock().unwrap().clone()
    }

    /// What it was posted, each checked to be signed with this secret a moment ago.
    fn heard_under(&self, secret: &str) -> Vec<Value> {
        let read = |(headers, body): (HeaderMap, String)| {
            let header = |name: &str| headers[name].to_str().unwrap().to_owned();
            let timestamp = header("fs-timestamp");
            assert!((timestamp.parse::<i64>().unwrap() - seconds()).abs() < 60, "{timestamp}");
            assert_eq!(header("fs-signature"), hex::encode(hmac(secret, &format!("{timestamp}.{body}"))));
            assert_eq!(header(header::CONTENT_TYPE.as_str()), "application/json");
            serde_json::from_str::<Value>(&body).unwrap()
        };
        self.posted().into_iter().map(read).collect()
    }

    pub fn heard(&self) -> Vec<Value> {
        self.heard_under(&self.secret())
    }

    fn actions(&self) -> Vec<String> {
        let mut actions: Vec<String> = self.heard().iter().map(|notice| text(notice, "action")).collect();
        actions.sort();
        actions
    }

    pub async fn has_heard(&self, count: usize) {
        eventually(&format!("it has heard {count}"), async || self.posted().len() == count).await;
    }

    fn will_answer(&self, statuses: &[StatusCode]) {
        self.answers.lock().unwrap().extend(statuses);
    }

    /// An app whose key `demo` has this receiver for these events.
    pub async fn app(&self, events: &str) -> TestApp {
        TestApp::start_with(|config| {
            config.private_receivers = vec![self.authority.clone()];
            config.apps[0].webhook = Some(self.wants(events));
        })
        .await
    }
}

fn webhook(authority: &str, events: &str) -> Webhook {
    let secret = Secret::new(format!("the secret of {authority}"));
    Webhook { url: format!("http://{authority}/hook").parse().unwrap(), secret, events: events.parse().unwrap() }
}

/// A receiver that never answers: whoever has called, still on the line.
async fn never_answers() -> (String, Arc<Mutex<Vec<TcpStream>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let authority = listener.local_addr().unwrap().to_string();
    let calls = Arc::<Mutex<Vec<TcpStream>>>::default();
    let held = calls.clone();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            held.lock().unwrap().push(stream);
        }
    });
    (authority, calls)
}

/// How the only delivery stands.
struct Standing {
    state: String,
    tries: i64,
    outcome: Option<String>,
    /// Milliseconds from the first attempt to the next.
    next: i64,
}

async fn standing(app: &TestApp) -> Standing {
    let (state, tries, outcome, next): (String, i64, Option<String>, i64) =
        sqlx::query_as("SELECT state, tries, outcome, next_ms - COALESCE(first_ms, next_ms) FROM notices")
            .fetch_one(&app.database().await)
            .await
            .unwrap();
    Standing { state, tries, outcome, next }
}

async fn has_ended(app: &TestApp, state: &str) {
    eventually("there is one delivery", async || app.count("notices").await == 1).await;
    eventually(&format!("it is {state}"), async || standing(app).await.state == state).await;
}

async fn has_been_tried(app: &TestApp, tries: i64) {
    eventually("there is one delivery", async || app.count("notices").await == 1).await;
    eventually("it was tried", async || standing(app).await.tries == tries).await;
}

async fn database_of(app: &TestApp) -> Db {
    let keyring = Keyring::in_data_dir(app.data_dir()).unwrap();
    Db::open(app.config().database_url.expose(), app.data_dir(), keyring).await.unwrap()
}

fn notice(id: &str, key: &str, webhook: &str) -> NewNotice {
    let body = json!({"id": id}).to_string();
    NewNotice { id: id.to_owned(), app_key: key.to_owned(), webhook_id: webhook.to_owned(), action: "fp.delete", body }
}

#[tokio::test]
async fn the_site_hears_of_the_dialog_and_of_each_file_that_comes_and_goes() {
    let receiver = Receiver::start().await;
    let app = receiver.app("all").await;
    let mut visitor = app.visitor();
    let clouds = json!({"facebook": {"path": "/"}, "myspace": {"path": "/"}});
    visitor.posts("/folder/list", json!({"clouds": clouds, "completes": true, "accept": ["image/png", ".heic"]})).await;
    receiver.has_heard(1).await;
    visitor.signs_in("facebook", "alice").await;
    let album = visitor.finds("facebook", "Holidays in Lisbon").await;
    let photo = visitor.photos("facebook", &album).await.remove(0);
    let cloud = json!({"facebook": {"path": photo, "store": {"container": "prints", "path": "june/"}}});
    let file = visitor.posts("/store/", json!({"clouds": cloud})).await["facebook"].take();
    receiver.has_heard(2).await;
    app.is_asked_to_delete_all_of("alice").await;
    receiver.has_heard(3).await;

    let heard = receiver.heard();
    for notice in &heard {
        assert!(notice["id"].is_u64(), "{notice}");
        assert!((notice["timestamp"].as_i64().unwrap() - seconds()).abs() < 60, "{notice}");
        assert_eq!(notice.as_object().unwrap().len(), 4);
    }
    assert!(heard[0]["id"] != heard[1]["id"] && heard[1]["id"] != heard[2]["id"]);
    let opened = json!({
        "dialogType": "open", "app": {"apikey": "demo"}, "mimetypes": ["image/png"], "extensions": [".heic"],
        "sources": ["facebook"],
    });
    assert_eq!((&heard[0]["action"], &heard[0]["text"]), (&json!("fp.dialog"), &opened));
    let stored = json!({
        "url": file["url"], "client": "Facebook", "type": "image/jpeg", "filename": file["filename"], "size": file["size"],
        "container": "prints", "key": file["key"], "status": "Stored",
    });
    assert_eq!((&heard[1]["action"], &heard[1]["text"]), (&json!("fp.upload"), &stored));
    assert!(file["url"].is_string() && text(&file, "key").starts_with("prints/june/"), "{file}");
    let deleted = json!({"url": file["url"], "handle": file["handle"]});
    assert_eq!((&heard[2]["action"], &heard[2]["text"]), (&json!("fp.delete"), &deleted));
    eventually("all is noted", async || {
        let query = "SELECT COUNT(*) FROM notices WHERE state = 'delivered' AND outcome = 'HTTP 204' AND tries = 1";
        sqlx::query_scalar::<_, i64>(query).fetch_one(&app.database().await).await.unwrap() == 3
    })
    .await;
    let personal = format!("{heard:?}");
    assert!(!personal.contains("Alice") && !personal.contains(&visitor.token.unwrap()), "{personal}");
}

#[tokio::test]
async fn each_receiver_hears_what_it_wants_under_its_own_secret() {
    let (all, uploads, deletions) = (Receiver::start().await, Receiver::start().await, Receiver::start().await);
    let foreign = Receiver::start().await;
    let app = TestApp::start_with(|config| {
        let every = [&all, &uploads, &deletions, &foreign];
        config.private_receivers = every.map(|receiver| receiver.authority.clone()).to_vec();
        config.apps[0].webhook = Some(all.wants("all"));
        config.apps[0].webhooks = vec![uploads.wants("fp.upload,fp.export"), deletions.wants("fp.delete")];
        config.apps.push(AppConfig { webhook: Some(foreign.wants("all")), ..AppConfig::open("other") });
    })
    .await;
    app.stores_photos_of("alice", 1).await;
    app.is_asked_to_delete_all_of("alice").await;
    all.has_heard(3).await;
    uploads.has_heard(1).await;
    deletions.has_heard(1).await;
    assert_eq!(all.actions(), ["fp.delete", "fp.dialog", "fp.upload"]);
    assert_eq!((uploads.actions(), deletions.actions()), (vec!["fp.upload".to_owned()], vec!["fp.delete".to_owned()]));
    let same = all.heard().into_iter().find(|notice| notice["action"] == "fp.upload").unwrap();
    assert_eq!(uploads.heard(), [same], "by the id a site knows that it is one event");
    assert_eq!((app.count("notices").await, foreign.posted().len()), (5, 0));
}

#[tokio::test]
async fn a_photo_that_is_not_stored_after_all_is_not_told_of() {
    let queue = Queue::open().await;
    let (db, session) = (&queue.db, queue.session().await);
    queue.begins(&session, "/1/1.jpg", 1).await;
    queue.begins(&session, "/1/2.jpg", 2).await;
    let slow = db.claim_job("slow", -1).await.unwrap().unwrap();
    db.requeue_jobs(bowerbird_companion::db::Whose::Silent).await.unwrap();
    let quick = queue.claims("quick").await.unwrap();
    assert!(!db.finish_job(&slow, &file_of(&slow), &[notice("slow", "demo", "w")]).await.unwrap());
    assert!(db.finish_job(&quick, &file_of(&quick), &[notice("quick", "demo", "w")]).await.unwrap());
    let due = db.due_notices(&[], 10).await.unwrap();
    assert_eq!(due.iter().map(|notice| notice.id.as_str()).collect::<Vec<_>>(), ["quick"]);
    // One that cannot be written undoes the rest.
    let second = queue.claims("quick").await.unwrap();
    assert!(db.finish_job(&second, &file_of(&second), &[notice("quick", "demo", "w")]).await.is_err());
    assert!(db.file(&second.handle).await.unwrap().is_none());
    assert!(db.finish_job(&second, &file_of(&second), &[]).await.unwrap(), "it is still to be done");
}

#[tokio::test]
async fn a_site_that_does_not_answer_is_told_again_and_then_no_more() {
    let receiver = Receiver::start().await;
    receiver.will_answer(&[
        StatusCode::INTERNAL_SERVER_ERROR,
        StatusCode::FOUND,
        StatusCode::ACCEPTED,
        StatusCode::GONE,
    ]);
    let mut app = receiver.app("fp.upload").await;
    app.stores_photos_of("alice", 1).await;
    let mut shift = 0;
    for (tries, pause) in [(1, 5 * 60_000), (2, 3_600_000), (3, 12 * 3_600_000)] {
        has_been_tried(&app, tries).await;
        let Standing { next, state, .. } = standing(&app).await;
        assert!((pause..pause + 5_000).contains(&next) && state == "waiting", "{next} after {tries}");
        app.stop().await;
        // Put back, as if it had waited; a start looks at once.
        app.executes_with("UPDATE notices SET first_ms = first_ms - $1, next_ms = next_ms - $1", pause - shift).await;
        shift = pause;
        assert_eq!(receiver.posted().len() as i64, tries);
        app.start_again().await;
    }
    has_ended(&app, "failed").await;
    let Standing { tries, outcome, .. } = standing(&app).await;
    assert_eq!((tries, outcome.as_deref()), (4, Some("HTTP 410")));
    let posted = receiver.posted();
    assert_eq!(posted.len(), 4);
    assert!(posted.windows(2).all(|pair| pair[0].1 == pair[1].1), "the same notice each time");
}

#[tokio::test]
async fn the_schedule_is_a_setting_and_the_second_answer_counts() {
    let receiver = Receiver::start().await;
    receiver.will_answer(&[StatusCode::BAD_GATEWAY, StatusCode::CREATED]);
    let app = TestApp::start_with(|config| {
        config.private_receivers = vec![receiver.authority.clone()];
        config.apps[0].webhook = Some(receiver.wants("fp.upload"));
        config.webhook_schedule = "1".parse().unwrap();
    })
    .await;
    app.stores_photos_of("alice", 1).await;
    has_ended(&app, "delivered").await;
    let Standing { tries, outcome, .. } = standing(&app).await;
    assert_eq!((tries, outcome.as_deref(), receiver.posted().len()), (2, Some("HTTP 201"), 2));
}

#[tokio::test]
async fn a_receiver_in_the_house_is_not_asked_unless_it_is_listed() {
    let receiver = Receiver::start().await;
    let app = TestApp::start_with(|config| config.apps[0].webhook = Some(receiver.wants("fp.upload"))).await;
    app.stores_photos_of("alice", 1).await;
    has_been_tried(&app, 1).await;
    let Standing { state, outcome, .. } = standing(&app).await;
    assert!(state == "waiting" && outcome.unwrap().contains("127.0.0.1"));
    assert!(receiver.posted().is_empty());
    let (well, said) = app.runs(&["webhooks", "add", "demo", &format!("http://{}/", receiver.authority)]).await;
    assert!(!well && said.contains("private_receivers") && said.contains("127.0.0.1"), "{said}");
}

#[tokio::test]
async fn a_receiver_that_never_answers_delays_only_its_own_notices() {
    let (slow, slows_calls) = never_answers().await;
    let quick = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let quick_authority = quick.local_addr().unwrap().to_string();
    // Both are of one site.
    let mut app = TestApp::start_with(|config| {
        config.private_receivers = vec![slow.clone(), quick_authority.clone()];
        config.apps[0].webhook = Some(webhook(&slow, "fp.delete"));
        config.apps[0].webhooks = vec![webhook(&quick_authority, "fp.delete")];
    })
    .await;
    let db = database_of(&app).await;
    let quick_id = db.webhooks().await.unwrap().remove(1).id;
    app.stop().await;
    let of = |number: i32| if number == 99 { &*quick_id } else { "demo:webhook" };
    let notices: Vec<_> = (0..100).map(|number| notice(&format!("{number:03}"), "demo", of(number))).collect();
    db.insert_notices(&notices).await.unwrap();
    app.start_again().await;
    let called = async {
        let (mut stream, _) = quick.accept().await.unwrap();
        stream.read_u8().await.unwrap()
    };
    // Less than a receiver may take to answer.
    let called = tokio::time::timeout(std::time::Duration::from_secs(8), called).await;
    assert_eq!(called.ok(), Some(b'P'), "the last is told although 99 wait for another");
    eventually("two wait for an answer", async || slows_calls.lock().unwrap().len() == 2).await;
    // Meanwhile a photo is stored as ever.
    app.stores_photos_of("alice", 1).await;
    let query = "SELECT CAST(SUM(claims) AS BIGINT) FROM notices WHERE webhook_id = 'demo:webhook'";
    let taken: i64 = sqlx::query_scalar(query).fetch_one(&app.database().await).await.unwrap();
    assert_eq!(taken, 2);
}

#[tokio::test]
async fn what_a_killed_process_was_sending_is_sent_soon_and_counts_as_no_try() {
    let (silent, calls) = never_answers().await;
    let mut app = TestApp::start_with(|config| {
        config.private_receivers = vec![silent.clone()];
        config.apps[0].webhook = Some(webhook(&silent, "all"));
    })
    .await;
    app.stop().await;
    let db = database_of(&app).await;
    db.insert_notices(&[notice("1", "demo", "demo:webhook")]).await.unwrap();
    let mut command = with_receiver(&app, &silent, &["serve", "--listen", "127.0.0.1:0"]);
    let apps =
        json!([{"key": "demo", "origins": ["*"], "webhook": {"url": format!("http://{silent}/hook"), "secret": "x"}}]);
    let mut process = command.env("BOWERBIRD_APPS", apps.to_string()).spawn().unwrap();
    eventually("it is being sent", async || calls.lock().unwrap().len() == 1).await;
    process.start_kill().unwrap();
    process.wait().await.unwrap();
    let Standing { state, tries, next, outcome } = standing(&app).await;
    assert_eq!((state.as_str(), tries, outcome), ("waiting", 0, None));
    assert!((1..=60_000).contains(&next), "{next}");
    app.executes("UPDATE notices SET next_ms = first_ms").await;
    let receiver = Receiver::start().await;
    app.reconfigure(|config| {
        config.private_receivers = vec![receiver.authority.clone()];
        config.apps[0].webhook = Some(receiver.wants("all"));
    });
    app.start_again().await;
    has_ended(&app, "delivered").await;
    assert_eq!((receiver.heard(), standing(&app).await.tries), (vec![json!({"id": "1"})], 1));
}

#[tokio::test]
async fn of_two_processes_one_sends_a_notice() {
    let receiver = Receiver::start().await;
    let app = receiver.app("all").await;
    app.second_process().await;
    app.second_process().await;
    let notices: Vec<_> = (0..60).map(|number| notice(&number.to_string(), "demo", "demo:webhook")).collect();
    database_of(&app).await.insert_notices(&notices).await.unwrap();
    eventually("all are told", async || {
        let query = "SELECT COUNT(*) FROM notices WHERE state = 'delivered' AND tries = 1 AND claims = 1";
        sqlx::query_scalar::<_, i64>(query).fetch_one(&app.database().await).await.unwrap() == 60
    })
    .await;
    assert_eq!(receiver.posted().len(), 60);
}

#[tokio::test]
async fn what_came_of_an_earlier_try_says_nothing_of_a_later_one() {
    let queue = Queue::open().await;
    let db = &queue.db;
    db.insert_notices(&[notice("1", "demo", "w")]).await.unwrap();
    let due: Vec<NoticeRow> = db.due_notices(&[], 10).await.unwrap();
    let late = db.claim_notice(due[0].clone(), 0).await.unwrap().unwrap();
    assert!(db.claim_notice(due[0].clone(), 0).await.unwrap().is_none(), "another was faster");
    let again = db.due_notices(&[], 10).await.unwrap().remove(0);
    assert_eq!(again.first_ms, late.first_ms);
    let later = db.claim_notice(again, i64::MAX).await.unwrap().unwrap();
    db.note_try(&late, "HTTP 500", bowerbird_companion::db::Tried::GivenUp).await.unwrap();
    assert_eq!(db.deliveries(None, 1).await.unwrap()[0].state, "waiting");
    db.note_try(&later, "HTTP 200", bowerbird_companion::db::Tried::Delivered).await.unwrap();
    let delivery = db.deliveries(Some("demo"), 1).await.unwrap().remove(0);
    assert_eq!((delivery.state.as_str(), delivery.tries), ("delivered", 1));
    assert!(db.due_notices(&["w".to_owned()], 10).await.unwrap().is_empty());
}

/// The program beside the companion, with a receiver that it may ask.
fn with_receiver(app: &TestApp, authority: &str, arguments: &[&str]) -> Command {
    let mut command = app.program(arguments);
    command.env("BOWERBIRD_PRIVATE_RECEIVERS", authority);
    command
}

#[tokio::test]
async fn the_command_adds_tests_lists_replays_and_removes() {
    let receiver = Receiver::start().await;
    let app = TestApp::start_with(|config| config.private_receivers = vec![receiver.authority.clone()]).await;
    let url = format!("http://{}/hook", receiver.authority);
    let runs = async |arguments: &[&str]| {
        let arguments = [&["webhooks"], arguments].concat();
        ends(with_receiver(&app, &receiver.authority, &arguments), "").await
    };
    for (wrong, word) in [
        (&["add", "nobody", &url][..], "no key `nobody`"),
        (&["add", "demo", &url, "--event", "fp.uplod"], "`fp.uplod` is no event"),
        (&["test", "x"], "no receiver x"),
        (&["remove", "x"], "no receiver x"),
        (&["replay", "x"], "no delivery x"),
        (&["deliveries", "x"], "no key and no receiver"),
    ] {
        let (well, said) = runs(wrong).await;
        assert!(!well && said.contains(word), "{said}");
    }
    let (well, said) = runs(&["add", "demo", &url, "--event", "fp.upload", "--event", "fp.delete"]).await;
    assert!(well && said.contains("fp.upload,fp.delete") && said.contains("not shown again"), "{said}");
    let id = said.split_whitespace().next().unwrap().to_owned();
    let secret = said.lines().find_map(|line| line.strip_prefix("secret  ")).unwrap().to_owned();
    assert!(secret.len() >= 40, "{secret}");
    let sealed: String =
        sqlx::query_scalar("SELECT secret FROM webhooks").fetch_one(&app.database().await).await.unwrap();
    assert!(sealed.starts_with("s1.") && !sealed.contains(&secret));
    let (_, said) = runs(&["list", "demo"]).await;
    assert!(said.contains(&id) && said.contains(&url) && !said.contains(&secret), "{said}");
    // The site itself is still the configuration's.
    let (_, said) = app.runs(&["app", "show", "demo"]).await;
    assert!(said.contains("(of the configuration)"), "{said}");

    let (well, said) = runs(&["test", &id]).await;
    assert!(well && said.contains("HTTP 204") && !said.contains(&secret), "{said}");
    let sample = receiver.heard_under(&secret).remove(0);
    assert_eq!((&sample["action"], &sample["text"]["test"]), (&json!("fp.upload"), &json!(true)));
    receiver.will_answer(&[StatusCode::FORBIDDEN]);
    let (well, said) = runs(&["test", &id]).await;
    assert!(!well && said.contains("HTTP 403"), "{said}");
    assert_eq!(app.count("notices").await, 0, "a sample is no delivery");

    // It runs, and follows.
    eventually("it is told of a photo", async || {
        app.stores_photos_of("alice", 1).await;
        receiver.posted().len() > 2
    })
    .await;
    let (_, said) = runs(&["deliveries", &id]).await;
    let line = said.lines().last().unwrap().to_owned();
    assert!(line.contains("fp.upload") && line.contains("delivered  1 try  HTTP 204"), "{said}");
    assert_eq!(runs(&["deliveries", "demo"]).await.1, said);
    let delivery = line.split_whitespace().next().unwrap();
    let before = receiver.posted().len();
    let (well, said) = runs(&["replay", delivery]).await;
    assert!(well, "{said}");
    receiver.has_heard(before + 1).await;
    let bodies = receiver.heard_under(&secret);
    assert_eq!(bodies.last(), bodies.get(2), "the same event with the same id");
    let (well, said) = app.runs(&["keys", "rotate", "--new"]).await;
    assert!(well, "{said}");
    let (well, _) = runs(&["test", &id]).await;
    assert!(well, "it is sealed with the new key");
    let resealed: String =
        sqlx::query_scalar("SELECT secret FROM webhooks").fetch_one(&app.database().await).await.unwrap();
    assert_ne!(sealed.split('.').nth(1), resealed.split('.').nth(1));

    receiver.will_answer(&[StatusCode::SERVICE_UNAVAILABLE]);
    assert!(runs(&["replay", delivery]).await.0);
    let waits = async || runs(&["deliveries", &id]).await.1.contains("waiting  1 try  HTTP 503  next 2");
    eventually("it waits for the second attempt", waits).await;
    let (well, said) = runs(&["remove", &id]).await;
    assert!(well && said.contains("nothing more"), "{said}");
    assert!(runs(&["list"]).await.1.contains("no receiver yet"));
    let (well, said) = runs(&["replay", delivery]).await;
    assert!(!well && said.contains("was removed"), "{said}");
    let (_, said) = runs(&["deliveries"]).await;
    assert!(said.contains("(removed)  failed  1 try  the receiver was removed"), "{said}");
    assert!(!log().contains(&secret));
}

#[tokio::test]
async fn a_receiver_that_has_just_come_is_told_by_whoever_takes_its_notice() {
    let (known, late) = (Receiver::start().await, Receiver::start().await);
    let app = TestApp::start_with(|config| {
        config.private_receivers = vec![known.authority.clone(), late.authority.clone()];
        config.apps[0].webhook = Some(known.wants("fp.dialog"));
    })
    .await;
    let db = database_of(&app).await;
    for round in 1..=3 {
        let id = db.add_webhook("demo", &late.wants("fp.delete")).await.unwrap();
        db.insert_notices(&[notice(&round.to_string(), "demo", &id)]).await.unwrap();
        // A dialog is told of at once, by a process that has not yet looked for changes of the receivers.
        app.visitor().lists("facebook", "/").await;
        known.has_heard(round).await;
        late.has_heard(round).await;
    }
}

#[tokio::test]
async fn receivers_of_the_configuration_follow_it_and_keep_their_ids() {
    let receiver = Receiver::start().await;
    let mut app = TestApp::start_with(|config| {
        let site = AppConfig { origins: vec![ORIGIN.to_owned()], ..AppConfig::open("demo") };
        let webhooks = vec![webhook("127.0.0.1:1", "fp.dialog"), receiver.wants("all")];
        config.apps = vec![AppConfig { webhook: Some(webhook("127.0.0.1:2", "all")), webhooks, ..site }];
    })
    .await;
    let db = database_of(&app).await;
    let rows = async || {
        let rows = db.webhooks().await.unwrap();
        rows.into_iter().map(|row| (row.id, row.url.to_string(), row.events.to_string())).collect::<Vec<_>>()
    };
    let before = rows().await;
    assert_eq!((before.len(), before[0].0.as_str(), before[1].2.as_str()), (3, "demo:webhook", "fp.dialog"));
    let added = db.add_webhook("demo", &webhook("127.0.0.1:3", "fp.delete")).await.unwrap();
    let (well, said) = app.runs(&["webhooks", "remove", &before[1].0]).await;
    assert!(!well && said.contains("configuration"), "{said}");
    app.stop().await;
    let revision = db.apps_revision().await.unwrap();
    app.start_again().await;
    assert_eq!(db.apps_revision().await.unwrap(), revision, "nothing has changed");
    app.stop().await;
    app.reconfigure(|config| drop(config.apps[0].webhooks.remove(0)));
    app.start_again().await;
    let after = rows().await;
    let kept = [before[0].clone(), before[2].clone(), (added.clone(), after[2].1.clone(), "fp.delete".to_owned())];
    assert_eq!(after, kept);
    // What `app` changes of the site leaves all of them.
    let (well, said) = app.runs(&["app", "set", "demo", "--name", "Prints"]).await;
    assert!(
        well && said.contains("all posted to http://127.0.0.1:2/hook") && !said.contains("the secret of"),
        "{said}"
    );
    assert_eq!(rows().await, kept);
    let (well, _) = app.runs(&["app", "set", "demo", "--no-webhook"]).await;
    assert!(well);
    assert_eq!(rows().await, kept[1..]);
    db.remove_app("demo").await.unwrap();
    assert!(rows().await.is_empty());
}
