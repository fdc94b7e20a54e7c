//! People who remove the app, or ask Meta that what is kept of them be deleted.

use crate::app::{TestApp, events, eventually, text};
use crate::storing::{a_large_photo, with_slow_pictures};
use crate::webhooks::Receiver;
use base64::Engine as _;
use base64::engine::general_purpose::{URL_SAFE, URL_SAFE_NO_PAD};
use bowerbird_companion::config::{AppConfig, Config};
use bowerbird_companion::duties::Callbacks;
use bowerbird_emulator::{FACEBOOK_APP_ID, FACEBOOK_APP_SECRET, INSTAGRAM_APP_ID, INSTAGRAM_APP_SECRET};
use hmac::{Hmac, KeyInit as _, Mac as _};
use reqwest::{Response, StatusCode};
use serde_json::{Value, json};
use sha2::Sha256;
use std::path::PathBuf;

pub fn hmac(secret: &str, message: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(message.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

pub fn seconds() -> i64 {
    bowerbird_companion::db::now() / 1000
}

/// What Meta posts, as its documentation shows it.
fn payload(account: &str) -> Value {
    let now = seconds();
    json!({"algorithm": "HMAC-SHA256", "expires": now + 3600, "issued_at": now, "user_id": account})
}

fn signed(secret: &str, payload: &Value) -> String {
    let payload = URL_SAFE_NO_PAD.encode(payload.to_string());
    format!("{}.{payload}", URL_SAFE_NO_PAD.encode(hmac(secret, &payload)))
}

impl TestApp {
    async fn posts_to(&self, source: &str, duty: &str, client_id: &str, signed_request: &str) -> Response {
        let url = format!("{}/api/client/{source}/{duty}/{client_id}", self.url);
        self.http.post(url).form(&[("signed_request", signed_request)]).send().await.unwrap()
    }

    /// Asks for deletion as Facebook does; answers the confirmation code.
    async fn is_asked_to_delete(&self, signed_request: &str) -> String {
        let answer = self.posts_to("facebook", "deletion", FACEBOOK_APP_ID, signed_request).await;
        assert_eq!(answer.status(), StatusCode::OK);
        let reply: Value = answer.json().await.unwrap();
        let code = text(&reply, "confirmation_code");
        assert!(code.len() == 32 && code.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{code}");
        assert_eq!(reply, json!({"url": format!("{}/deletion/{code}", self.url), "confirmation_code": code}));
        code
    }

    async fn shows(&self, code: &str) -> String {
        let page = self.get(&format!("/deletion/{code}")).await;
        assert_eq!(page.status(), StatusCode::OK);
        page.text().await.unwrap()
    }

    async fn has_deleted(&self, code: &str) -> String {
        eventually("the deletion is done", async || self.shows(code).await.contains("Deletion done")).await;
        self.shows(code).await
    }

    /// Facebook's word that this person wants what is kept of them deleted.
    pub async fn is_asked_to_delete_all_of(&self, account: &str) -> String {
        let request = signed(FACEBOOK_APP_SECRET, &payload(&self.account_of(account).await));
        self.is_asked_to_delete(&request).await
    }

    async fn account_of(&self, account: &str) -> String {
        self.emulator.user_id(FACEBOOK_APP_ID, account)
    }

    /// A person signs in and has that many photos of the album stored. Answers the files.
    pub async fn stores_photos_of(&self, account: &str, count: usize) -> Vec<Value> {
        let mut visitor = self.visitor();
        visitor.signs_in("facebook", account).await;
        let root = visitor.lists("facebook", "/").await;
        let albums = crate::app::items(&root).clone();
        let mut photos = Vec::new();
        for album in &albums {
            photos.extend(visitor.photos("facebook", &text(album, "path")).await);
        }
        let mut files = Vec::new();
        for photo in photos.iter().take(count) {
            files.push(visitor.stores("facebook", photo).await);
            assert_eq!(files.last().unwrap()["status"], "Stored");
        }
        files
    }

    /// Puts a folder with something in it in the place of the second file.
    async fn cannot_remove_the_second_file(&self) -> PathBuf {
        let query = "SELECT object_key FROM files ORDER BY created_ms, handle LIMIT 1 OFFSET 1";
        let key: String = sqlx::query_scalar(query).fetch_one(&self.database().await).await.unwrap();
        let file = self.stored_files().into_iter().find(|file| file.ends_with(&key)).unwrap();
        std::fs::remove_file(&file).unwrap();
        std::fs::create_dir_all(file.join("x")).unwrap();
        file
    }

    /// Everything that could name the person.
    async fn keeps_nothing_of(&self, account: &str) {
        for table in ["connections", "jobs", "files", "deletions"] {
            let query = format!("SELECT COUNT(*) FROM {table} WHERE account_id = $1");
            let rows: i64 = sqlx::query_scalar(sqlx::AssertSqlSafe(query))
                .bind(account)
                .fetch_one(&self.database().await)
                .await
                .unwrap();
            assert_eq!(rows, 0, "{table}");
        }
    }

    pub async fn executes(&self, statement: &'static str) {
        sqlx::query(statement).execute(&self.database().await).await.unwrap();
    }

    pub async fn executes_with(&self, statement: &'static str, value: i64) {
        sqlx::query(statement).bind(value).execute(&self.database().await).await.unwrap();
    }
}

#[tokio::test]
async fn who_removes_the_app_is_signed_out_everywhere_and_their_files_stay() {
    let app = TestApp::start().await;
    let files = app.stores_photos_of("alice", 1).await;
    app.stores_photos_of("alice", 0).await;
    app.stores_photos_of("ben", 0).await;
    assert_eq!(app.count("connections").await, 3);
    let callbacks = Callbacks {
        deauthorize: format!("{}/api/client/facebook/deauthorize/{FACEBOOK_APP_ID}", app.url),
        deletion: format!("{}/api/client/facebook/deletion/{FACEBOOK_APP_ID}", app.url),
    };
    let config = Config { public_url: app.url.parse().unwrap(), ..Config::default() };
    assert_eq!(Callbacks::of(&config, "facebook", FACEBOOK_APP_ID), callbacks);
    app.emulator.set_app_callbacks(FACEBOOK_APP_ID, Some(&callbacks.deauthorize), Some(&callbacks.deletion));
    let answers = app.emulator.remove_app(FACEBOOK_APP_ID, "alice", false).await;
    let deauthorize = answers.deauthorize.unwrap();
    assert_eq!((deauthorize.status, deauthorize.body.as_str()), (Some(200), "{}"));
    assert_eq!(app.count("connections").await, 1, "Ben's");
    assert_eq!(app.http.get(text(&files[0], "url")).send().await.unwrap().status(), StatusCode::OK);

    let deletion = app.emulator.remove_app(FACEBOOK_APP_ID, "alice", true).await.data_deletion.unwrap();
    let reply: Value = serde_json::from_str(&deletion.body).unwrap();
    app.has_deleted(&text(&reply, "confirmation_code")).await;
    assert_eq!(app.http.get(text(&files[0], "url")).send().await.unwrap().status(), StatusCode::NOT_FOUND);
    assert_eq!(app.count("connections").await, 1, "Ben's");
}

#[tokio::test]
async fn a_photo_that_is_being_stored_is_not_stored_once_the_app_is_removed() {
    let app = with_slow_pictures().await;
    let mut visitor = app.visitor();
    visitor.signs_in("facebook", "alice").await;
    let path = a_large_photo(&mut visitor).await;
    let mut stream = visitor.begins_to_store("facebook", json!({"path": path})).await;
    let begun = stream.chunk().await.unwrap().expect("it is under way");
    let request = app.emulator.signed_request(FACEBOOK_APP_ID, "alice", None);
    let answer = app.posts_to("facebook", "deauthorize", FACEBOOK_APP_ID, &request).await;
    assert_eq!(answer.status(), StatusCode::OK);
    let told = String::from_utf8_lossy(&begun).into_owned() + &stream.text().await.unwrap();
    let ends = events(&told);
    let failed = ends.iter().find(|event| event["event"] == "failed").unwrap_or_else(|| panic!("{told}"));
    assert_eq!(failed["error"]["code"], "access_removed");
    assert_eq!((app.count("files").await, app.stored_files().len()), (0, 0));
}

#[tokio::test]
async fn a_deletion_in_the_middle_of_a_transfer_leaves_nothing() {
    let app = with_slow_pictures().await;
    let mut visitor = app.visitor();
    visitor.signs_in("facebook", "alice").await;
    let path = a_large_photo(&mut visitor).await;
    let mut stream = visitor.begins_to_store("facebook", json!({"path": path})).await;
    assert!(stream.chunk().await.unwrap().is_some(), "it is under way");
    let code = app.is_asked_to_delete(&app.emulator.signed_request(FACEBOOK_APP_ID, "alice", None)).await;
    app.has_deleted(&code).await;
    drop(stream);
    assert_eq!((app.count("files").await, app.count("jobs").await, app.stored_files().len()), (0, 0, 0));
    app.keeps_nothing_of(&app.account_of("alice").await).await;
}

#[tokio::test]
async fn everything_of_a_person_is_deleted_and_nothing_of_another() {
    let app = TestApp::start().await;
    let theirs = app.stores_photos_of("alice", 2).await;
    let others = app.stores_photos_of("clara", 1).await;
    let account = app.account_of("alice").await;
    let code = app.is_asked_to_delete(&signed(FACEBOOK_APP_SECRET, &payload(&account))).await;
    let page = app.has_deleted(&code).await;
    assert!(page.contains("2 files deleted") && !page.contains("keeps"), "{page}");
    for file in &theirs {
        let answer = app.http.get(text(file, "url")).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::NOT_FOUND);
    }
    assert_eq!(app.http.get(text(&others[0], "url")).send().await.unwrap().status(), StatusCode::OK);
    let counts = (app.count("files").await, app.stored_files().len(), app.count("jobs").await);
    assert_eq!((counts, app.count("connections").await), ((1, 1, 1), 1));
    app.keeps_nothing_of(&account).await;
    assert_eq!(app.count("notices").await, 0, "the site has no receiver");
}

#[tokio::test]
async fn a_request_that_the_app_did_not_sign_changes_nothing() {
    let app = TestApp::start().await;
    app.stores_photos_of("alice", 1).await;
    let account = app.account_of("alice").await;
    let good = payload(&account);
    let changed = |name: &str, value: Value| {
        let mut payload = good.clone();
        payload[name] = value;
        signed(FACEBOOK_APP_SECRET, &payload)
    };
    let facebook = ("facebook", FACEBOOK_APP_ID);
    let refused = [
        ("forged", facebook, signed("guessed", &good)),
        ("signed by another app", facebook, signed(INSTAGRAM_APP_SECRET, &good)),
        ("for another app", ("instagram", INSTAGRAM_APP_ID), signed(FACEBOOK_APP_SECRET, &good)),
        ("for another source", ("instagram", FACEBOOK_APP_ID), signed(FACEBOOK_APP_SECRET, &good)),
        ("for an unknown app", ("facebook", "1000000000000009"), signed(FACEBOOK_APP_SECRET, &good)),
        ("for an unknown source", ("myspace", FACEBOOK_APP_ID), signed(FACEBOOK_APP_SECRET, &good)),
        ("stale", facebook, changed("issued_at", json!(seconds() - 3700))),
        ("from the future", facebook, changed("issued_at", json!(seconds() + 400))),
        ("another algorithm", facebook, changed("algorithm", json!("HMAC-SHA1"))),
        ("an id that a float has rounded", facebook, changed("user_id", json!(1e17))),
        ("no request", facebook, String::new()),
        ("too large", facebook, signed(FACEBOOK_APP_SECRET, &good) + &"=".repeat(20_000)),
    ];
    for duty in ["deauthorize", "deletion"] {
        for (what, (source, client_id), request) in &refused {
            let answer = app.posts_to(source, duty, client_id, request).await;
            assert_eq!(answer.status(), StatusCode::BAD_REQUEST, "{duty}: {what}");
            let reply: Value = answer.json().await.unwrap();
            assert!(text(&reply["error"], "text").len() > 10, "{reply}");
        }
        let url = format!("{}/api/client/facebook/{duty}/{FACEBOOK_APP_ID}", app.url);
        let plain = app.http.post(url).body(signed(FACEBOOK_APP_SECRET, &good)).send().await.unwrap();
        assert_eq!(plain.status(), StatusCode::BAD_REQUEST);
    }
    let counts = (app.count("connections").await, app.count("files").await, app.count("deletions").await);
    assert_eq!(counts, (1, 1, 0));

    // The other app may speak for its own accounts, even for one of the same number.
    let own = signed(INSTAGRAM_APP_SECRET, &good);
    assert_eq!(app.posts_to("instagram", "deauthorize", INSTAGRAM_APP_ID, &own).await.status(), StatusCode::OK);
    assert_eq!(app.posts_to("instagram", "deletion", INSTAGRAM_APP_ID, &own).await.status(), StatusCode::OK);
    eventually("it is done", async || {
        let query = "SELECT COUNT(*) FROM deletions WHERE done_ms IS NULL";
        let open: i64 = sqlx::query_scalar(query).fetch_one(&app.database().await).await.unwrap();
        open == 0
    })
    .await;
    assert_eq!((app.count("connections").await, app.count("files").await), (1, 1));
}

#[tokio::test]
async fn padding_numbers_and_unknown_people_are_answered_like_any_other() {
    let app = TestApp::start().await;
    let nobody = payload("99999999999999999");
    app.has_deleted(&app.is_asked_to_delete(&signed(FACEBOOK_APP_SECRET, &nobody)).await).await;
    let mut number = nobody.clone();
    number["user_id"] = json!(99_999_999_999_999_998_u64);
    let encoded = URL_SAFE.encode(number.to_string() + " ");
    let padded = format!("{}.{encoded}", URL_SAFE.encode(hmac(FACEBOOK_APP_SECRET, &encoded)));
    assert!(padded.contains('='), "{padded}");
    let code = app.is_asked_to_delete(&padded).await;
    assert!(app.has_deleted(&code).await.contains("0 files deleted"));
}

#[tokio::test]
async fn the_same_request_again_is_the_same_wish_and_spares_what_came_later() {
    let app = TestApp::start().await;
    app.stores_photos_of("alice", 1).await;
    let request = signed(FACEBOOK_APP_SECRET, &payload(&app.account_of("alice").await));
    let code = app.is_asked_to_delete(&request).await;
    app.has_deleted(&code).await;
    assert_eq!(app.count("files").await, 0);
    app.stores_photos_of("alice", 2).await;
    assert_eq!(app.is_asked_to_delete(&request).await, code);
    assert!(app.has_deleted(&code).await.contains("1 file deleted"));
    assert_eq!((app.count("deletions").await, app.count("files").await, app.count("connections").await), (1, 2, 1));
}

#[tokio::test]
async fn the_status_page_runs_nothing_and_is_framed_by_nobody() {
    let app = TestApp::start().await;
    let code = app.is_asked_to_delete(&signed(FACEBOOK_APP_SECRET, &payload("1"))).await;
    app.has_deleted(&code).await;
    for (path, status) in [(code.as_str(), StatusCode::OK), ("0123456789abcdef", StatusCode::NOT_FOUND)] {
        let page = app.get(&format!("/deletion/{path}")).await;
        assert_eq!(page.status(), status);
        let header = |name: &str| page.headers()[name].to_str().unwrap().to_owned();
        let policy = header("content-security-policy");
        assert!(policy.starts_with("default-src 'none'; style-src 'sha256-"), "{policy}");
        assert!(policy.contains("frame-ancestors 'none'") && policy.contains("script-src 'none'"), "{policy}");
        assert_eq!(
            (header("x-frame-options"), header("x-content-type-options"), header("referrer-policy")),
            ("DENY".to_owned(), "nosniff".to_owned(), "no-referrer".to_owned())
        );
        assert_eq!(header("content-type"), "text/html; charset=utf-8");
    }
}

#[tokio::test]
async fn what_a_kill_interrupted_is_finished_at_the_next_start() {
    let mut app = TestApp::start().await;
    app.stores_photos_of("alice", 3).await;
    let account = app.account_of("alice").await;
    let stubborn = app.cannot_remove_the_second_file().await;
    let code = app.is_asked_to_delete(&signed(FACEBOOK_APP_SECRET, &payload(&account))).await;
    eventually("the others are gone", async || app.count("files").await == 1).await;
    let page = app.shows(&code).await;
    assert!(page.contains("in progress") && page.contains("2 files deleted so far"), "{page}");
    app.stop().await;
    // Now it is as if the process had been killed between the bytes and the row.
    std::fs::remove_dir_all(&stubborn).unwrap();
    app.start_again().await;
    assert!(app.has_deleted(&code).await.contains("3 files deleted"));
    assert_eq!((app.count("files").await, app.stored_files().len()), (0, 0));
    app.keeps_nothing_of(&account).await;
}

#[tokio::test]
async fn a_wish_that_takes_long_spares_what_came_later() {
    let mut app = TestApp::start().await;
    app.stores_photos_of("alice", 2).await;
    let stubborn = app.cannot_remove_the_second_file().await;
    let code = app.is_asked_to_delete(&signed(FACEBOOK_APP_SECRET, &payload(&app.account_of("alice").await))).await;
    eventually("the other is gone", async || app.count("files").await == 1).await;
    let later = app.stores_photos_of("alice", 1).await;
    app.stop().await;
    std::fs::remove_dir_all(&stubborn).unwrap();
    app.start_again().await;
    assert!(app.has_deleted(&code).await.contains("2 files deleted"));
    assert_eq!((app.count("files").await, app.count("connections").await, app.count("jobs").await), (1, 1, 1));
    let answer = app.get(&format!("/{}", text(&later[0], "handle"))).await;
    assert_eq!(answer.status(), StatusCode::OK);
}

#[tokio::test]
async fn an_object_that_was_written_but_never_recorded_does_not_outlive_the_wish() {
    let mut app = TestApp::start().await;
    app.stores_photos_of("alice", 1).await;
    app.stop().await;
    // As a kill leaves it that comes after the last byte and before the record.
    app.executes("UPDATE jobs SET object_key = (SELECT object_key FROM files)").await;
    app.executes("UPDATE jobs SET state = 'running', lease_ms = 0, problem = 'access_removed'").await;
    app.executes("DELETE FROM files").await;
    app.executes("DELETE FROM connections").await;
    assert_eq!(app.stored_files().len(), 1);
    app.start_again().await;
    let code = app.is_asked_to_delete(&signed(FACEBOOK_APP_SECRET, &payload(&app.account_of("alice").await))).await;
    app.has_deleted(&code).await;
    assert_eq!((app.stored_files().len(), app.count("jobs").await), (0, 0));
}

#[tokio::test]
async fn a_site_that_took_the_duty_over_keeps_its_files() {
    let receiver = Receiver::start().await;
    let app = TestApp::start_with(|config| {
        config.private_receivers = vec![receiver.authority.clone()];
        let webhook = Some(receiver.wants("fp.delete"));
        config.apps.push(AppConfig { keep_files_on_deletion: true, webhook, ..AppConfig::open("keeper") });
    })
    .await;
    let files = app.stores_photos_of("alice", 3).await;
    let account = app.account_of("alice").await;
    sqlx::query("UPDATE files SET app_key = 'keeper' WHERE handle = $1")
        .bind(text(&files[1], "handle"))
        .execute(&app.database().await)
        .await
        .unwrap();
    let code = app.is_asked_to_delete(&signed(FACEBOOK_APP_SECRET, &payload(&account))).await;
    let page = app.has_deleted(&code).await;
    assert!(page.contains("2 files deleted") && page.contains("keeps 1 file."), "{page}");
    let status = async |file: &Value| app.http.get(text(file, "url")).send().await.unwrap().status();
    assert_eq!(
        (status(&files[0]).await, status(&files[1]).await, status(&files[2]).await),
        (StatusCode::NOT_FOUND, StatusCode::OK, StatusCode::NOT_FOUND)
    );
    let (whose, caption): (String, Option<String>) =
        sqlx::query_as("SELECT account_id, caption FROM files").fetch_one(&app.database().await).await.unwrap();
    assert_eq!((whose, caption), (account, files[1]["caption"].as_str().map(str::to_owned)));
    let names_nobody: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM deletions WHERE account_id = ''")
        .fetch_one(&app.database().await)
        .await
        .unwrap();
    assert_eq!((names_nobody, app.count("notices").await, app.count("connections").await), (1, 0, 0));
}
