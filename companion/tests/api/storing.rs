//! Copying the chosen photos, and what is left when it goes wrong: nothing.

use crate::app::{TestApp, Visitor, events, eventually, id_of, text};
use bowerbird_companion::config::Config;
use bowerbird_emulator::{Emulator, Fault, Settings};
use reqwest::StatusCode;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

const ALBUM: &str = "Holidays in Lisbon";

async fn signed_in(app: &TestApp) -> (Visitor<'_>, Vec<String>) {
    let mut visitor = app.visitor();
    visitor.signs_in("facebook", "alice").await;
    let album = visitor.finds("facebook", ALBUM).await;
    let photos = visitor.photos("facebook", &album).await;
    (visitor, photos)
}

fn last<'a>(events: &'a [Value], path: &str) -> &'a Value {
    events.iter().rfind(|event| event["path"] == path).unwrap_or_else(|| panic!("{path} in {events:?}"))
}

async fn nothing_is_left(app: &TestApp) {
    assert_eq!(app.stored_files(), Vec::<std::path::PathBuf>::new());
    assert_eq!(app.count("files").await, 0);
}

#[tokio::test]
async fn a_photo_is_stored_byte_for_byte() {
    let app = TestApp::start().await;
    let (mut visitor, photos) = signed_in(&app).await;
    let file = visitor.stores("facebook", &photos[0]).await;
    let served = app.emulator.served();
    let served = served.iter().find(|served| served.photo_id == id_of(&photos[0])).unwrap();
    assert_eq!((file["sha256"].as_str(), file["size"].as_u64()), (Some(served.sha256.as_str()), Some(served.bytes)));
    assert_eq!(
        (file["width"].as_u64(), file["height"].as_u64()),
        (Some(served.width.into()), Some(served.height.into()))
    );
    assert_eq!(
        (file["client"].as_str(), file["status"].as_str(), file["mimetype"].as_str()),
        (Some("facebook"), Some("Stored"), Some("image/jpeg"))
    );
    assert_eq!(text(&file, "filename"), format!("{}.jpg", id_of(&photos[0])));
    assert!(!text(&file, "caption").is_empty() && text(&file, "date").ends_with('Z'));
    assert_eq!(text(&file, "url"), format!("{}/{}", app.url, text(&file, "handle")));
    let bytes = app.http.get(text(&file, "url")).send().await.unwrap().bytes().await.unwrap();
    assert_eq!(hex::encode(Sha256::digest(&bytes)), served.sha256);
}

#[tokio::test]
async fn one_photo_out_of_a_carousel_is_stored() {
    let app = TestApp::start().await;
    let mut visitor = app.visitor();
    visitor.signs_in("instagram", "alice.pro").await;
    let root = visitor.lists("instagram", "/").await;
    let carousel =
        crate::app::items(&root).iter().find(|item| item["folder"] == true).map(|item| text(item, "path")).unwrap();
    let photos = visitor.photos("instagram", &carousel).await;
    let file = visitor.stores("instagram", &photos[0]).await;
    let served = app.emulator.served();
    let served = served.iter().find(|served| served.photo_id == id_of(&photos[0])).unwrap();
    assert_eq!(file["sha256"], json!(served.sha256), "{file}");
}

#[tokio::test]
async fn a_whole_pick_is_watched_over_one_stream() {
    let app = TestApp::start().await;
    let (visitor, photos) = signed_in(&app).await;
    let events = visitor.streams("facebook", json!({"paths": photos[..6]})).await;
    assert_eq!(events.last().unwrap(), &json!({"event": "done"}));
    for path in &photos[..6] {
        let end = last(&events, path);
        assert_eq!(end["event"], "stored", "{end}");
        let progress = events.iter().filter(|event| event["event"] == "progress" && event["path"] == path.as_str());
        for step in progress {
            assert!(step["total"].is_null() || step["total"] == end["file"]["size"], "{step}");
            assert!(step["received"].as_u64() <= end["file"]["size"].as_u64(), "{step}");
        }
    }
}

#[tokio::test]
async fn asking_again_gives_the_same_file() {
    let app = TestApp::start().await;
    let (mut visitor, photos) = signed_in(&app).await;
    let first = visitor.stores("facebook", &photos[0]).await;
    assert_eq!(visitor.stores("facebook", &photos[0]).await, first);
    let again = visitor.streams("facebook", json!({"path": photos[0], "paths": [photos[0]]})).await;
    assert_eq!(
        again,
        [json!({"event": "stored", "source": "facebook", "path": photos[0], "file": first}), json!({"event": "done"})]
    );
    assert_eq!((app.count("files").await, app.stored_files().len()), (1, 1));

    let elsewhere =
        visitor.streams("facebook", json!({"path": photos[0], "store": {"location": "S3", "path": "/other/"}})).await;
    let file = &last(&elsewhere, &photos[0])["file"];
    assert_ne!(file["handle"], first["handle"], "another destination is another wish");
    assert!(text(file, "key").starts_with("other/"), "{file}");
}

#[tokio::test]
async fn the_destination_never_leaves_its_place() {
    let app = TestApp::start().await;
    let (visitor, photos) = signed_in(&app).await;
    let store = json!({"container": "../..", "path": "/../../../../etc/./..//x"});
    let events = visitor.streams("facebook", json!({"path": photos[0], "store": store})).await;
    let file = &last(&events, &photos[0])["file"];
    assert_eq!(text(file, "key"), format!("etc/x/{}_{}", text(file, "handle"), text(file, "filename")));
    let stored = app.stored_files();
    assert!(stored.len() == 1 && stored[0].ends_with(text(file, "key")), "{stored:?}");

    for (store, named) in [(json!({"location": "attic"}), "attic"), (json!({"access": "secret"}), "secret")] {
        let clouds = json!({"facebook": {"path": photos[0], "store": store}});
        let request = json!({"apikey": "demo", "token": visitor.token, "clouds": clouds});
        let (status, reply) = app.post("/store/", &request).await;
        assert_eq!((status, reply["error"]["code"].as_str()), (StatusCode::BAD_REQUEST, Some("bad_request")));
        assert!(text(&reply["error"], "text").contains(named), "{reply}");
    }
}

#[tokio::test]
async fn what_is_kept_with_each_photo_has_a_size() {
    let app = TestApp::start().await;
    let mut visitor = app.visitor();
    visitor.lists("facebook", "/").await;
    let asks = async |cloud: Value| {
        let mut clouds = json!({"facebook": {"path": "/1/2.jpg"}});
        clouds["facebook"].as_object_mut().unwrap().extend(cloud.as_object().unwrap().clone());
        let (status, reply) =
            app.post("/store/", &json!({"apikey": "demo", "token": visitor.token, "clouds": clouds})).await;
        (status, reply["error"]["text"].as_str().unwrap_or_default().to_owned())
    };
    let rule = |length: usize| format!("image/{}", "x".repeat(length - 6));
    let most = json!({
        "store": {"container": "c".repeat(1024), "path": "ü".repeat(512)}, "accept": vec![rule(256); 64],
    });
    assert_eq!(asks(most).await, (StatusCode::OK, String::new()));
    for (cloud, named) in [
        (json!({"store": {"container": "c".repeat(1025)}}), ["container", "1024 bytes"]),
        (json!({"store": {"path": "ü".repeat(513)}}), ["path", "1024 bytes"]),
        (json!({"accept": vec![rule(10); 65]}), ["accept", "64 rules"]),
        (json!({"accept": [rule(257)]}), ["accept", "256 bytes"]),
    ] {
        let (status, text) = asks(cloud).await;
        assert_eq!(status, StatusCode::BAD_REQUEST);
        assert!(text.len() < 100 && named.iter().all(|name| text.contains(name)), "{text}");
    }

    let name = "é".repeat(63);
    asks(json!({"picker_session_id": format!("{name}#and more")})).await;
    let log = crate::logs::log();
    assert!(log.contains(&format!("{name}#")) && !log.contains(&format!("{name}#a")));
}

#[tokio::test]
async fn a_visitor_who_signs_out_while_asking_is_told() {
    let app = TestApp::start_embedded().await;
    let (visitor, photos) = signed_in(&app).await;
    // Counting a photo comes between looking for the connection and beginning the job.
    sqlx::query("CREATE TRIGGER signs_out AFTER UPDATE OF stores ON sessions BEGIN DELETE FROM connections; END")
        .execute(&app.database().await)
        .await
        .unwrap();
    let events = visitor.streams("facebook", json!({"paths": photos[..2]})).await;
    for path in &photos[..2] {
        assert_eq!(last(&events, path)["error"]["code"], "sign_in_again");
    }
    assert_eq!((events.last(), app.count("jobs").await), (Some(&json!({"event": "done"})), 0));
}

#[tokio::test]
async fn a_photo_that_is_cut_off_once_is_fetched_again() {
    let app = TestApp::start().await;
    let (mut visitor, photos) = signed_in(&app).await;
    app.emulator.set_fault(Fault::CutImages { after_bytes: None, times: Some(1) });
    let file = visitor.stores("facebook", &photos[0]).await;
    let served = app.emulator.served();
    assert_eq!(file["sha256"], json!(served.last().unwrap().sha256), "{file}");
    assert_eq!(app.stored_files().len(), 1);
}

#[tokio::test]
async fn nothing_half_written_stays() {
    let app = TestApp::start().await;
    let (mut visitor, photos) = signed_in(&app).await;
    let large = a_large_photo(&mut visitor).await;
    // Cut before its type is judged, and when half of it lies in the storage already.
    for (path, after_bytes) in [(&photos[0], 10), (&large, 400_000)] {
        app.emulator.clear_faults();
        app.emulator.set_fault(Fault::CutImages { after_bytes: Some(after_bytes), times: None });
        let outcome = visitor.stores("facebook", path).await;
        assert_eq!(outcome["error"]["code"], "photo_incomplete", "{outcome}");
        nothing_is_left(&app).await;
    }

    app.emulator.clear_faults();
    let file = visitor.stores("facebook", &photos[0]).await;
    assert_eq!(file["status"], "Stored", "a failed photo can be asked for again: {file}");
    let file = visitor.stores("facebook", &large).await;
    assert!(file["size"].as_u64() > Some(450_000), "it was large enough to be cut within: {file}");
}

#[tokio::test]
async fn html_in_place_of_an_image_is_refused() {
    let app = TestApp::start().await;
    let (mut visitor, photos) = signed_in(&app).await;
    app.emulator.set_fault(Fault::NotAnImage { times: None });
    assert_eq!(visitor.stores("facebook", &photos[0]).await["error"]["code"], "not_an_image");
    nothing_is_left(&app).await;
}

#[tokio::test]
async fn an_address_that_has_expired_is_asked_for_anew() {
    let app = TestApp::start().await;
    let (mut visitor, photos) = signed_in(&app).await;
    app.emulator.set_fault(Fault::ExpiredImages { times: Some(1) });
    assert_eq!(visitor.stores("facebook", &photos[0]).await["status"], "Stored");
    app.emulator.set_fault(Fault::ExpiredImages { times: None });
    assert_eq!(visitor.stores("facebook", &photos[1]).await["error"]["code"], "source_unavailable");
    assert_eq!(app.stored_files().len(), 1);
}

#[tokio::test]
async fn a_photo_that_disappears_between_listing_and_storing_is_told() {
    let app = TestApp::start().await;
    let (visitor, photos) = signed_in(&app).await;
    app.emulator.delete_photo(id_of(&photos[1]));
    let events = visitor.streams("facebook", json!({"paths": photos[..3]})).await;
    assert_eq!(last(&events, &photos[1])["error"]["code"], "photo_gone");
    assert_eq!(last(&events, &photos[0])["event"], "stored", "the others are stored");
    assert_eq!(last(&events, &photos[2])["event"], "stored");
    assert_eq!((app.count("files").await, app.stored_files().len()), (2, 2));
}

#[tokio::test]
async fn what_has_no_file_is_told() {
    let app = TestApp::start().await;
    let mut visitor = app.visitor();
    visitor.signs_in("facebook", "alice").await;
    visitor.signs_in("instagram", "alice.pro").await;
    let album = visitor.finds("facebook", "A day at the lake").await;
    let lake = visitor.lists("facebook", &album).await;
    let video = crate::app::items(&lake).iter().find(|item| item["mimetype"] == "video/mp4").unwrap();
    assert_eq!(visitor.stores("facebook", &text(video, "path")).await["error"]["code"], "no_file");
    let media = visitor.lists("instagram", "/").await;
    let withheld = |item: &&Value| item["mimetype"] == "image/jpeg" && item["thumbnail"] == "";
    let withheld = crate::app::items(&media).iter().find(withheld).unwrap();
    assert_eq!(visitor.stores("instagram", &text(withheld, "path")).await["error"]["code"], "no_file");
}

#[tokio::test]
async fn limits_of_the_page_and_of_the_operator_are_kept() {
    let app = TestApp::start_with(|config| config.max_file_bytes = 20_000).await;
    let (mut visitor, photos) = signed_in(&app).await;
    assert_eq!(visitor.stores("facebook", &photos[0]).await["error"]["code"], "too_large");
    nothing_is_left(&app).await;

    let app = TestApp::start().await;
    let (visitor, photos) = signed_in(&app).await;
    let events = visitor.streams("facebook", json!({"path": photos[0], "accept": ["image/png"]})).await;
    assert_eq!(last(&events, &photos[0])["error"]["code"], "not_accepted");
    nothing_is_left(&app).await;
    let body = json!({"apikey": "demo", "token": visitor.token, "clouds": {"facebook": {"path": photos[0], "accept": ["im age"]}}});
    assert_eq!(app.post("/store/", &body).await.0, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_host_that_is_not_on_the_list_is_not_asked() {
    let app = TestApp::start_with(|config| config.image_hosts = vec![".fbcdn.net".to_owned()]).await;
    let (mut visitor, photos) = signed_in(&app).await;
    assert_eq!(visitor.stores("facebook", &photos[0]).await["error"]["code"], "source_unavailable");
    assert!(app.emulator.served().is_empty());
    nothing_is_left(&app).await;
}

#[tokio::test]
async fn a_token_that_ends_while_storing_is_told_and_forgotten() {
    let app = TestApp::start().await;
    let (mut visitor, photos) = signed_in(&app).await;
    app.emulator.set_fault(Fault::ExpiredTokens);
    assert_eq!(visitor.stores("facebook", &photos[0]).await["error"]["code"], "sign_in_again");
    assert_eq!(app.count("connections").await, 0);
    assert_eq!(visitor.stores("facebook", &photos[0]).await["error"]["code"], "sign_in_again");
    visitor.signs_in("facebook", "alice").await;
    assert_eq!(visitor.stores("facebook", &photos[0]).await["status"], "Stored");
}

#[tokio::test]
async fn rate_limits_are_told_and_not_made_worse() {
    let app = TestApp::start().await;
    let (mut visitor, photos) = signed_in(&app).await;
    app.emulator.set_fault(Fault::RateLimited { code: None, times: None });
    let before = app.emulator.calls().len();
    assert_eq!(visitor.stores("facebook", &photos[0]).await["error"]["code"], "rate_limited");
    assert_eq!(app.emulator.calls().len() - before, 1);
}

#[tokio::test]
async fn a_hiccup_of_the_provider_is_ridden_out() {
    let app = TestApp::start().await;
    let (mut visitor, photos) = signed_in(&app).await;
    app.emulator.set_fault(Fault::ServerErrors {
        times: Some(1),
        host: Some("graph.facebook.com".to_owned()),
        status: None,
    });
    assert_eq!(visitor.stores("facebook", &photos[0]).await["status"], "Stored");
}

#[tokio::test]
async fn requests_that_make_no_sense_are_refused() {
    let app = TestApp::start().await;
    let (mut visitor, photos) = signed_in(&app).await;
    let status = async |clouds: Value| {
        app.post("/store", &json!({"apikey": "demo", "token": visitor.token, "clouds": clouds})).await.0
    };
    assert_eq!(status(json!({})).await, StatusCode::BAD_REQUEST);
    assert_eq!(status(json!({"facebook": {}})).await, StatusCode::BAD_REQUEST);
    assert_eq!(
        status(json!({"facebook": {"paths": photos[..2]}})).await,
        StatusCode::BAD_REQUEST,
        "two photos need a stream"
    );
    let (code, _) = app.post("/store/", &json!({"apikey": "demo", "clouds": {"facebook": {"path": photos[0]}}})).await;
    assert_eq!(code, StatusCode::UNAUTHORIZED);
    assert_eq!(visitor.stores("myspace", "/1/2.jpg").await["error"]["code"], "unknown_source");
    assert_eq!(app.visitor_without_sign_in("/1/2.jpg").await, "sign_in_again");
}

impl TestApp {
    async fn visitor_without_sign_in(&self, path: &str) -> String {
        let mut visitor = self.visitor();
        visitor.lists("facebook", "/").await;
        text(&visitor.stores("facebook", path).await["error"], "code")
    }
}

/// A way to `upstream` on which what comes back passes in parts of so many bytes: `pass` is waited for before each, with the
/// bytes that have passed on this connection, and ends the connection by answering `false`.
pub async fn road<P: Future<Output = bool> + Send>(
    upstream: impl Fn() -> String + Send + 'static,
    part: usize,
    pass: impl Fn(usize) -> P + Clone + Send + Sync + 'static,
) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((down, _)) = listener.accept().await {
            let Ok(up) = TcpStream::connect(upstream()).await else { continue };
            let ((mut from_down, mut to_down), (mut from_up, mut to_up)) = (down.into_split(), up.into_split());
            tokio::spawn(async move { drop(tokio::io::copy(&mut from_down, &mut to_up).await) });
            let pass = pass.clone();
            tokio::spawn(async move {
                let (mut part, mut passed) = (vec![0; part], 0);
                while let Ok(read @ 1..) = from_up.read(&mut part).await {
                    if !pass(passed).await || to_down.write_all(&part[..read]).await.is_err() {
                        break;
                    }
                    passed += read;
                }
            });
        }
    });
    format!("http://{address}")
}

/// Lets bytes through from `upstream` no faster than 64 KiB every 50 ms.
async fn slow_road(upstream: impl Fn() -> String + Send + 'static) -> String {
    let pass = |_| async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        true
    };
    road(upstream, 64 * 1024, pass).await
}

/// An app whose pictures, and nothing else, come over a slow road.
pub async fn with_slow_pictures() -> TestApp {
    with_pictures_over(slow_road, |_| {}).await
}

/// An app whose pictures, and nothing else, come over a road that `build` makes to where they are.
pub async fn with_pictures_over<R: Future<Output = String>>(
    build: impl FnOnce(Box<dyn Fn() -> String + Send>) -> R,
    change: impl FnOnce(&mut Config),
) -> TestApp {
    let address = std::sync::Arc::new(std::sync::OnceLock::<String>::new());
    let road = build(Box::new({
        let address = address.clone();
        move || address.get().cloned().unwrap_or_default()
    }))
    .await;
    let settings = Settings { public_url: Some(road.clone()), require_app_secret: true, ..Settings::default() };
    let emulator = Emulator::start_with(settings).await;
    address.set(emulator.address().to_string()).unwrap();
    let host = road.trim_start_matches("http://").to_owned();
    TestApp::start_against(emulator, |config| {
        config.image_hosts.push(host);
        change(config);
    })
    .await
}

/// The path of a photo that takes a while on the slow road.
pub async fn a_large_photo(visitor: &mut Visitor<'_>) -> String {
    let album = visitor.finds("facebook", ALBUM).await;
    let listing = visitor.lists("facebook", &album).await;
    let area = |item: &&Value| item["width"].as_u64().unwrap_or(0) * item["height"].as_u64().unwrap_or(0);
    text(crate::app::items(&listing).iter().max_by_key(area).unwrap(), "path")
}

#[tokio::test]
async fn progress_is_what_has_arrived() {
    let app = with_slow_pictures().await;
    let mut visitor = app.visitor();
    visitor.signs_in("facebook", "alice").await;
    let path = a_large_photo(&mut visitor).await;
    let events = visitor.streams("facebook", json!({"path": path})).await;
    let size = last(&events, &path)["file"]["size"].as_u64().unwrap_or_else(|| panic!("{events:?}"));
    let steps: Vec<u64> = events
        .iter()
        .filter(|event| event["event"] == "progress" && event["total"] == size)
        .map(|event| event["received"].as_u64().unwrap())
        .collect();
    assert!(steps.windows(2).all(|pair| pair[0] < pair[1]), "{steps:?}");
    assert!(steps.iter().any(|step| (1..size).contains(step)), "{steps:?} of {size}");
}

#[tokio::test]
async fn a_page_that_goes_away_stops_nothing() {
    let app = with_slow_pictures().await;
    let mut visitor = app.visitor();
    visitor.signs_in("facebook", "alice").await;
    let path = a_large_photo(&mut visitor).await;
    let mut stream = visitor.begins_to_store("facebook", json!({"path": path})).await;
    assert!(stream.chunk().await.unwrap().is_some());
    drop(stream);
    assert_eq!(app.count("files").await, 0, "it was still under way");
    eventually("the photo is stored", async || app.count("files").await == 1).await;
    let again = events(&visitor.begins_to_store("facebook", json!({"path": path})).await.text().await.unwrap());
    assert_eq!(last(&again, &path)["event"], "stored");
    assert_eq!(app.emulator.served().len(), 1, "it was fetched once");
}

#[tokio::test]
async fn signing_out_does_not_stop_what_was_begun() {
    let app = with_slow_pictures().await;
    let mut visitor = app.visitor();
    visitor.signs_in("facebook", "alice").await;
    let path = a_large_photo(&mut visitor).await;
    let mut stream = visitor.begins_to_store("facebook", json!({"path": path})).await;
    assert!(stream.chunk().await.unwrap().is_some());
    visitor.posts("/auth/logout", json!({})).await;
    assert_eq!(app.count("connections").await, 1, "a running job still needs the token");
    eventually("the photo is stored", async || app.count("files").await == 1).await;
    eventually("the token is forgotten", async || app.count("connections").await == 0).await;
}

#[tokio::test]
async fn stopping_lets_a_transfer_end() {
    let mut app = with_slow_pictures().await;
    let mut visitor = app.visitor();
    visitor.signs_in("facebook", "alice").await;
    let path = a_large_photo(&mut visitor).await;
    let mut stream = visitor.begins_to_store("facebook", json!({"path": path})).await;
    assert!(stream.chunk().await.unwrap().is_some());
    let rest = tokio::spawn(stream.text());
    app.stop().await;
    let rest = rest.await.unwrap().unwrap();
    assert!(!rest.contains("event: done"), "the page has to ask again: {rest}");
    assert_eq!((app.count("files").await, app.stored_files().len()), (1, 1));
}

#[tokio::test]
async fn a_job_that_a_kill_interrupted_is_done_after_the_next_start() {
    let mut app = TestApp::start_on_disk().await;
    let (visitor, photos) = signed_in(&app).await;
    let (token, path) = (visitor.token.clone(), photos[0].clone());
    let first = visitor.streams("facebook", json!({"path": path})).await;
    let handle = last(&first, &path)["file"]["handle"].clone();
    app.stop().await;
    // As a kill in the middle leaves it: the row is running, the file is half-written and not recorded.
    let database = app.database().await;
    for statement in [
        "UPDATE jobs SET state = 'running', lease_ms = 0, object_key = (SELECT object_key FROM files)",
        "DELETE FROM files",
    ] {
        sqlx::query(statement).execute(&database).await.unwrap();
    }
    let stored = app.stored_files().remove(0);
    let unfinished = format!("{}#1", stored.display());
    std::fs::rename(&stored, &unfinished).unwrap();

    app.start_again().await;
    eventually("the photo is stored", async || app.count("files").await == 1).await;
    let [again] = &app.stored_files()[..] else { panic!("one file, and nothing of the first transfer") };
    assert_ne!(*again, stored, "whoever takes a job over writes to a place of its own");
    let visitor = Visitor { app: &app, key: "demo", token };
    let again = visitor.streams("facebook", json!({"path": path})).await;
    assert_eq!(last(&again, &path)["file"]["handle"], handle);
}
