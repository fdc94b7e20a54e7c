//! What a page asks of the files of a pick besides: names, sizes, edits, keys; and files at addresses.

use crate::app::{TestApp, Visitor, eventually, text};
use crate::engine::Queue;
use crate::files::{SECRET, policy, uploads, with_secret};
use axum::Router;
use axum::body::Body;
use axum::http::header::CONTENT_TYPE;
use axum::routing::get;
use bowerbird_companion::bucket::Buckets;
use bowerbird_companion::db::{Db, IdleSince, Whose};
use bowerbird_companion::seal::Keyring;
use bowerbird_companion::secrets::Secret;
use image::{DynamicImage, ImageFormat};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::io::Cursor;
use tokio::net::TcpListener;

async fn signed_in(app: &TestApp) -> (Visitor<'_>, Vec<String>) {
    let mut visitor = app.visitor();
    visitor.signs_in("facebook", "alice").await;
    let album = visitor.finds("facebook", "Profile pictures").await;
    let photos = visitor.photos("facebook", &album).await;
    (visitor, photos)
}

/// What became of one photo: the file, or the code of the problem.
async fn one(visitor: &Visitor<'_>, source: &str, path: &str, asked: Value) -> Value {
    let mut cloud = json!({"path": path});
    cloud.as_object_mut().unwrap().extend(asked.as_object().unwrap().clone());
    let told = visitor.streams(source, cloud).await;
    let end = told.iter().rfind(|event| event["path"] == path).unwrap_or_else(|| panic!("{told:?}"));
    if end["event"] == "stored" { end["file"].clone() } else { end["error"]["code"].clone() }
}

async fn facebook(visitor: &Visitor<'_>, path: &str, asked: Value) -> Value {
    one(visitor, "facebook", path, asked).await
}

/// What a query says, as a body says it.
fn members(query: &str) -> Value {
    url::form_urlencoded::parse(query.as_bytes()).into_owned().collect()
}

fn size(file: &Value) -> (u64, u64) {
    let side = |name: &str| file[name].as_u64().unwrap_or_else(|| panic!("{file}"));
    (side("width"), side("height"))
}

async fn bytes_of(app: &TestApp, file: &Value) -> Vec<u8> {
    app.get(&format!("/{}", text(file, "handle"))).await.bytes().await.unwrap().to_vec()
}

#[tokio::test]
async fn a_photo_has_the_name_and_the_tags_that_the_page_gives_it() {
    let app = TestApp::start().await;
    let (visitor, photos) = signed_in(&app).await;
    let named = json!({"paths": photos[..2], "names": {&photos[0]: "Été: v1.2/a.PNG"}, "upload_tags": {"order": "7"}});
    let told = visitor.streams("facebook", named.clone()).await;
    let file = |path: &str| {
        told.iter().find(|event| event["event"] == "stored" && event["path"] == path).unwrap()["file"].clone()
    };
    let (first, second) = (file(&photos[0]), file(&photos[1]));
    assert_eq!(text(&first, "filename"), "Été: v1.2/a.jpg", "it is a JPEG, whatever its name says");
    assert_eq!(text(&first, "key"), format!("{}_Été- v1.2-a.jpg", text(&first, "handle")));
    assert_eq!(text(&second, "filename"), format!("{}.jpg", crate::app::id_of(&photos[1])));
    let tags: Vec<Option<String>> =
        sqlx::query_scalar("SELECT tags FROM files").fetch_all(&app.database().await).await.unwrap();
    assert_eq!(tags, vec![Some(r#"{"order":"7"}"#.to_owned()); 2]);
    assert_eq!(visitor.streams("facebook", named).await.len(), 3, "two files and the end: the same is the same");
    let other = facebook(&visitor, &photos[0], json!({"names": {&photos[0]: "Other"}})).await;
    assert_eq!(text(&other, "filename"), "Other.jpg");
    assert_ne!(other["handle"], first["handle"], "another name is another wish");
    let untagged = facebook(&visitor, &photos[1], json!({})).await;
    assert_ne!(untagged["handle"], second["handle"], "so are other tags");
}

#[tokio::test]
async fn the_smaller_of_what_page_and_policy_let_arrive_counts() {
    let app = with_secret().await;
    let (visitor, photos) = signed_in(&app).await;
    let whole = facebook(&visitor, &photos[0], json!({})).await;
    let bytes = whole["size"].as_u64().unwrap();
    assert_eq!(facebook(&visitor, &photos[0], json!({"max_size": bytes - 1})).await, "too_large");
    let fits = facebook(&visitor, &photos[0], json!({"max_size": bytes})).await;
    assert_eq!(fits["sha256"], whole["sha256"]);
    assert_eq!((app.count("files").await, app.stored_files().len()), (2, 2));
    for (page, policys, code) in
        [(bytes, bytes - 1, Some("too_large")), (bytes - 1, bytes, Some("too_large")), (bytes, bytes, None)]
    {
        let shown = members(&policy(&format!(r#","call":["store"],"maxSize":{policys}"#)));
        let body = json!({"apikey": "demo", "token": visitor.token, "policy": shown["policy"], "signature": shown["signature"],
            "clouds": {"facebook": {"path": photos[0], "max_size": page, "names": {&photos[0]: format!("{policys}")}}}});
        let (_, reply) = app.post("/store/", &body).await;
        assert_eq!(reply["facebook"]["error"]["code"].as_str(), code, "{page} {policys}: {reply}");
    }
}

#[tokio::test]
async fn single_photos_are_edited_before_what_is_done_to_all() {
    let app = TestApp::start().await;
    let (visitor, photos) = signed_in(&app).await;
    let asked = json!({
        "paths": photos[..2], "recipes": {&photos[0]: "crop=dim:[0,0,120,90]"}, "recipe": "rotate=deg:90",
    });
    let told = visitor.streams("facebook", asked).await;
    let stored = |path: &str| {
        told.iter().find(|event| event["event"] == "stored" && event["path"] == path).unwrap()["file"].clone()
    };
    assert_eq!(size(&stored(&photos[0])), (90, 120), "cropped, and then rotated");
    assert!(size(&stored(&photos[1])).0 > 120, "the other is only rotated");
    let alone = facebook(&visitor, &photos[0], json!({"recipes": {&photos[0]: "crop=dim:[0,0,120,90]"}})).await;
    assert_eq!(size(&alone), (120, 90));
}

#[tokio::test]
async fn photos_come_in_a_size_that_the_page_takes() {
    let app = TestApp::start().await;
    let (visitor, photos) = signed_in(&app).await;
    let whole = facebook(&visitor, &photos[0], json!({})).await;
    let (width, height) = size(&whole);
    let near = |file: &Value, (wide, high): (u64, u64)| {
        let (is_wide, is_high) = size(file);
        assert!(is_wide.abs_diff(wide) <= 1 && is_high.abs_diff(high) <= 1, "{file} is not {wide} by {high}");
    };
    let limited = async |image: Value| facebook(&visitor, &photos[0], json!({"image": image})).await;
    near(&limited(json!({"max": [width / 2, height]})).await, (width / 2, height / 2));
    near(&limited(json!({"min": [width * 2, 1]})).await, (width * 2, height * 2));
    near(&limited(json!({"dim": [null, height / 2]})).await, (width / 2, height / 2));
    near(&limited(json!({"dim": [width / 2, height * 9], "max": [9, 9]})).await, (width / 2, height / 2));
    let file = limited(json!({"max": [width, height], "min": [width, 1]})).await;
    assert_eq!((&file["sha256"], &file["size"]), (&whole["sha256"], &whole["size"]), "what fits is not written anew");
    let stored = image::load_from_memory(&bytes_of(&app, &limited(json!({"max": [100, 100]})).await).await).unwrap();
    assert!(stored.width().max(stored.height()) == 100);

    let edited = json!({"recipe": "crop=dim:[0,0,120,90]", "image": {"max": [60, 60]}});
    assert_eq!(size(&facebook(&visitor, &photos[0], edited).await), (60, 45), "what the recipe leaves is judged");

    let before = (app.count("files").await, app.stored_files().len());
    let blocked = |limits: Value| {
        let mut limits = limits;
        limits["block"] = json!(true);
        limits
    };
    assert_eq!(limited(blocked(json!({"min": [width + 1, 1]}))).await, "image_too_small");
    assert_eq!(limited(blocked(json!({"max": [width, height - 1]}))).await, "image_too_large");
    let cropped = json!({"recipe": "crop=dim:[0,0,9,9]", "image": blocked(json!({"max": [10, 10]}))});
    assert_eq!(facebook(&visitor, &photos[0], cropped).await, "image_too_large", "it is judged as it comes");
    assert_eq!((app.count("files").await, app.stored_files().len()), before, "nothing is left");
    let fits = limited(blocked(json!({"min": [width, height], "max": [width, height]}))).await;
    assert_eq!(fits["sha256"], whole["sha256"]);
}

#[tokio::test]
async fn what_was_asked_outlives_a_restart() {
    let mut app = TestApp::start().await;
    let (visitor, photos) = signed_in(&app).await;
    let token = visitor.token.clone();
    let asked = json!({
        "path": photos[0], "names": {&photos[0]: "Kept.gif"}, "recipes": {&photos[0]: "crop=dim:[0,0,120,90]"},
        "recipe": "rotate=deg:90", "image": {"max": [60, 60]}, "upload_tags": {"order": "7"}, "max_size": 5_000_000,
        "store": {"path": "kept", "disable_storage_key": true},
    });
    let first = facebook(&visitor, &photos[0], asked.clone()).await;
    app.stop().await;
    // As a kill leaves it that came before anything was written.
    app.executes("DELETE FROM files").await;
    app.executes("DELETE FROM plain_keys").await;
    for stored in app.stored_files() {
        std::fs::remove_file(stored).unwrap();
    }
    app.executes("UPDATE jobs SET state = 'queued', object_key = NULL").await;
    app.start_again().await;
    eventually("the photo is stored", async || app.count("files").await == 1).await;
    let visitor = Visitor { app: &app, key: "demo", token };
    let mut again = facebook(&visitor, &photos[0], asked).await;
    assert_eq!((text(&again, "filename").as_str(), size(&again)), ("Kept.jpg", (45, 60)));
    again["url"] = first["url"].clone();
    assert_eq!(again, first, "the same job, and the same of it");
    let tags: Option<String> =
        sqlx::query_scalar("SELECT tags FROM files").fetch_one(&app.database().await).await.unwrap();
    assert_eq!(tags.as_deref(), Some(r#"{"order":"7"}"#));
}

#[tokio::test]
async fn wishes_that_cannot_be_are_named() {
    let app = TestApp::start().await;
    let mut visitor = app.visitor();
    visitor.lists("facebook", "/").await;
    for (asked, words) in [
        (json!({"max_size": 0}), "max_size"),
        (json!({"max_size": -1}), "invalid value: integer `-1`"),
        (json!({"names": {"/1/2.jpg": ""}}), "names"),
        (json!({"names": {"/1/2.jpg": "x".repeat(256)}}), "names"),
        (json!({"names": {"/1/3.jpg": "x"}}), "names: `/1/3.jpg`"),
        (json!({"recipes": {"/1/3.jpg": "flip"}}), "recipes: `/1/3.jpg`"),
        (json!({"recipes": {"/1/2.jpg": "flipp"}}), "recipes: "),
        (json!({"recipes": {"/1/2.jpg": "watermark=file:abcdefghijABCDEFGHIJ"}}), "no other file"),
        (json!({"image": {"min": [0, 5]}}), "image.min"),
        (json!({"image": {"max": [5, 10_001]}}), "image.max"),
        (json!({"image": {"dim": [10_001, null]}}), "image.dim"),
        (json!({"image": {"dim": [null, null]}}), "image.dim"),
        (json!({"image": {"min": [5, 9], "max": [9, 8]}}), "image.min"),
        (json!({"image": {"min": [5]}}), "array of length 2"),
        (json!({"upload_tags": {"a": "x".repeat(513)}}), "upload_tags"),
        (
            json!({"upload_tags": (0..11).map(|n| (n.to_string(), json!("x"))).collect::<serde_json::Map<_, _>>()}),
            "upload_tags",
        ),
    ] {
        let mut cloud = json!({"path": "/1/2.jpg"});
        cloud.as_object_mut().unwrap().extend(asked.as_object().unwrap().clone());
        let body = json!({"apikey": "demo", "token": visitor.token, "clouds": {"facebook": cloud}});
        let (status, refused) = app.post("/store/", &body).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{asked}: {refused}");
        assert!(text(&refused["error"], "text").contains(words), "{asked}: {refused}");
    }
    assert_eq!(app.count("jobs").await, 0);
}

/// Uploads a file from the device.
async fn uploaded(app: &TestApp, bytes: &'static [u8], more: Value) -> Value {
    let (id, parts) = uploads(app, &[bytes], bytes.len(), more).await;
    let (status, file) =
        app.post("/multipart/complete", &json!({"apikey": "demo", "upload_id": id, "parts": parts})).await;
    assert_eq!(status, StatusCode::OK, "{file}");
    file
}

#[tokio::test]
async fn a_key_without_handle_is_path_and_name_and_no_two_files_have_it() {
    let app = TestApp::start().await;
    let plain = json!({"filename": "list.txt", "store": {"path": "/box/", "disable_storage_key": true}});
    let first = uploaded(&app, b"the first", plain.clone()).await;
    assert_eq!((text(&first, "key").as_str(), text(&first, "filename").as_str()), ("box/list.txt", "list.txt"));
    let texts: [&'static [u8]; 5] = [b"2", b"33", b"444", b"5555", b"66666"];
    let all = futures_util::future::join_all(texts.map(|text| uploaded(&app, text, plain.clone()))).await;
    let mut keys: Vec<String> = all.iter().map(|file| text(file, "key")).collect();
    keys.sort();
    assert_eq!(keys, (2..=6).map(|number| format!("box/list-{number}.txt")).collect::<Vec<_>>());
    for (file, bytes) in all.iter().zip(texts).chain([(&first, b"the first".as_slice())]) {
        assert_eq!(bytes_of(&app, file).await, bytes, "{file}");
    }
    // What a name says is a key of another file's, whose handle everybody may know.
    let (mut visitor, photos) = signed_in(&app).await;
    let other = visitor.stores("facebook", &photos[0]).await;
    let bytes = bytes_of(&app, &other).await;
    let forged = json!({"filename": text(&other, "key"), "store": {"disableStorageKey": true}});
    let forged = uploaded(&app, b"forged", forged).await;
    assert_eq!(text(&forged, "key"), text(&other, "key").replace(".jpg", "-2.jpg"));
    assert_eq!(bytes_of(&app, &other).await, bytes);

    let name = json!({&photos[0]: "list.txt"});
    let store = json!({"path": "box", "disable_storage_key": true});
    let photo = facebook(&visitor, &photos[0], json!({"names": name, "store": store})).await;
    assert_eq!(text(&photo, "key"), "box/list.jpg");
    assert_eq!(facebook(&visitor, &photos[0], json!({"names": name, "store": store})).await, photo, "asked again");
}

/// A JPEG of this size.
fn jpeg(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    DynamicImage::new_rgb8(width, height).write_to(&mut bytes, ImageFormat::Jpeg).unwrap();
    bytes.into_inner()
}

/// One whose EXIF data says that it is to be seen turned by a quarter.
fn turned_jpeg(width: u32, height: u32) -> Vec<u8> {
    let mut exif = b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0".to_vec();
    let length = u16::try_from(exif.len() + 2).unwrap().to_be_bytes();
    let mut bytes = vec![0xff, 0xd8, 0xff, 0xe1, length[0], length[1]];
    bytes.append(&mut exif);
    bytes.extend_from_slice(&jpeg(width, height)[2..]);
    bytes
}

/// A host with files of many kinds, and a companion that may ask it.
async fn with_a_host(secret: bool) -> (TestApp, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let authority = listener.local_addr().unwrap().to_string();
    let endless = || async {
        let chunks = futures_util::stream::repeat_with(|| Ok::<_, std::io::Error>(vec![7_u8; 64 * 1024]));
        let slowly = futures_util::StreamExt::then(chunks, |chunk| async {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            chunk
        });
        ([(CONTENT_TYPE, "application/x-words")], Body::from_stream(slowly))
    };
    let router = Router::new()
        .route("/photo.php", get(|| async { ([(CONTENT_TYPE, "text/html")], jpeg(300, 200)) }))
        .route("/turned.jpg", get(|| async { turned_jpeg(300, 200) }))
        .route("/paper.pdf", get(|| async { ([(CONTENT_TYPE, "application/pdf")], "%PDF-1.7 words") }))
        .route("/list.csv", get(|| async { ([(CONTENT_TYPE, "text/plain")], "a,b") }))
        .route("/page.jpg", get(|| async { ([(CONTENT_TYPE, "text/html")], "<html>nothing here") }))
        .route("/endless", get(endless));
    tokio::spawn(async move { axum::serve(listener, router).await });
    let listed = authority.clone();
    let app = TestApp::start_with(|config| {
        config.private_sources = vec![listed];
        config.apps[0].secret = secret.then(|| Secret::new(SECRET));
        config.apps[0].max_stores = 40;
    })
    .await;
    (app, format!("http://{authority}"))
}

/// A visitor who is not signed in to anything.
async fn anybody(app: &TestApp) -> Visitor<'_> {
    let mut visitor = app.visitor();
    visitor.asks_for(json!({})).await;
    visitor
}

#[tokio::test]
async fn what_is_at_addresses_is_picked_like_photos() {
    let (app, host) = with_a_host(false).await;
    let visitor = anybody(&app).await;
    let [photo, turned, paper, list, page] =
        ["photo.php", "turned.jpg", "paper.pdf", "list.csv", "page.jpg"].map(|name| format!("{host}/{name}"));
    let stores = async |path: &String, asked: Value| one(&visitor, "url", path, asked).await;

    let told = visitor.streams("url", json!({"paths": [photo, paper, "file:///etc/passwd"]})).await;
    let end = |path: &str| told.iter().rfind(|event| event["path"] == path).unwrap_or_else(|| panic!("{told:?}"));
    let file = &end(&photo)["file"];
    assert_eq!((text(file, "client").as_str(), text(file, "filename").as_str()), ("url", "photo.jpg"));
    assert_eq!((text(file, "mimetype").as_str(), size(file)), ("image/jpeg", (300, 200)));
    assert_eq!(text(file, "sha256"), hex::encode(Sha256::digest(jpeg(300, 200))));
    assert_eq!(text(&end(&paper)["file"], "filename"), "paper.pdf");
    assert_eq!(end("file:///etc/passwd")["error"]["code"], "bad_path");
    assert!(text(&end("file:///etc/passwd")["error"], "text").contains("http"));
    assert_eq!(told.last(), Some(&json!({"event": "done"})));
    assert_eq!(stores(&photo, json!({})).await, *file, "asked again, it is the same");

    for (path, accept, ends_with) in [
        (&photo, json!(["image/*"]), "jpg"),
        (&photo, json!([".php"]), "jpg"),
        (&paper, json!([".pdf"]), "pdf"),
        (&list, json!(["text/*"]), "csv"),
        (&list, json!(["CSV"]), "csv"),
    ] {
        let file = stores(path, json!({"accept": accept})).await;
        assert!(file["filename"].as_str().is_some_and(|name| name.ends_with(ends_with)), "{accept}: {file}");
    }
    for (path, accept) in [(&paper, "image/*"), (&page, "image/*"), (&page, ".jpg"), (&photo, "image/png")] {
        assert_eq!(stores(path, json!({"accept": [accept]})).await, "not_accepted", "{path} {accept}");
    }

    let asked = json!({"names": {&photo: "My photo.png"}, "recipes": {&photo: "crop=dim:[0,0,120,90]"},
        "image": {"max": [60, 60]}, "upload_tags": {"a": "b"}, "store": {"path": "links", "disable_storage_key": true}});
    let edited = stores(&photo, asked).await;
    assert_eq!((text(&edited, "key").as_str(), size(&edited)), ("links/My photo.jpg", (60, 45)));
    let upright = stores(&turned, json!({"image": {"max": [200, 300], "block": true}})).await;
    assert_eq!(text(&upright, "sha256"), hex::encode(Sha256::digest(turned_jpeg(300, 200))), "it is seen upright");
    assert_eq!(stores(&turned, json!({"image": {"max": [300, 200], "block": true}})).await, "image_too_large");
    assert_eq!(size(&stores(&turned, json!({"image": {"max": [100, 100]}})).await), (67, 100));
    let paper_of = stores(&paper, json!({"image": {"min": [900, 900], "block": true}})).await;
    assert_eq!(text(&paper_of, "mimetype"), "application/pdf", "sizes in pixels say nothing of it");
    assert_eq!(stores(&paper, json!({"recipe": "flip"})).await, "not_an_image");
}

#[tokio::test]
async fn at_an_address_the_limits_hold_and_it_can_be_cancelled() {
    let (app, host) = with_a_host(false).await;
    let mut visitor = anybody(&app).await;
    let endless = format!("{host}/endless");
    assert_eq!(one(&visitor, "url", &endless, json!({"max_size": 300_000})).await, "too_large", "no length was told");
    let paper = format!("{host}/paper.pdf");
    assert_eq!(one(&visitor, "url", &paper, json!({"max_size": 13})).await, "too_large");
    assert_eq!(text(&one(&visitor, "url", &paper, json!({"max_size": 14})).await, "status"), "Stored");

    let mut stream = visitor.begins_to_store("url", json!({"path": endless})).await;
    let mut told = String::new();
    while !told.contains("event: progress") {
        told.push_str(&String::from_utf8_lossy(&stream.chunk().await.unwrap().unwrap()));
    }
    let reply = visitor.posts("/store/cancel", json!({"clouds": {"url": {"paths": [endless]}}})).await;
    assert_eq!(reply["url"], json!({}));
    let rest = stream.text().await.unwrap();
    assert!(rest.contains(r#""code":"cancelled""#), "{rest}");
    eventually("nothing of it is left", async || app.stored_files().len() == 1).await;
    assert_eq!(app.count("files").await, 1);
    let inside = "http://10.0.0.1/".to_owned();
    assert_eq!(one(&visitor, "url", &inside, json!({})).await, "source_unavailable");

    app.executes("UPDATE sessions SET stores = 40").await;
    assert_eq!(one(&visitor, "url", &format!("{host}/list.csv"), json!({})).await, "store_limit");
    let without = json!({"apikey": "demo", "clouds": {"url": {"path": endless}}});
    assert_eq!(app.post("/store/", &without).await.0, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_policy_says_which_addresses_are_stored() {
    let (app, host) = with_a_host(true).await;
    let visitor = anybody(&app).await;
    let asks = async |more: &str, path: &str| {
        let shown = members(&policy(more));
        let body = json!({"apikey": "demo", "token": visitor.token, "policy": shown["policy"],
            "signature": shown["signature"], "clouds": {"url": {"path": format!("{host}/{path}")}}});
        app.post("/store/", &body).await
    };
    let only = format!(r#","call":["store"],"url":"{host}/p.*""#);
    let (status, reply) = asks(&only, "paper.pdf").await;
    assert_eq!((status, reply["url"]["status"].as_str()), (StatusCode::OK, Some("Stored")), "{reply}");
    for (more, path) in [(only.as_str(), "list.csv"), (r#","call":["pick"]"#, "paper.pdf")] {
        let (status, reply) = asks(more, path).await;
        assert_eq!((status, &reply["error"]["code"]), (StatusCode::FORBIDDEN, &json!("not_allowed")), "{reply}");
    }
    assert_eq!(app.count("files").await, 1);
}

#[tokio::test]
async fn asking_for_headers_stores_nothing() {
    let app = TestApp::start().await;
    let (mut visitor, photos) = signed_in(&app).await;
    let handle = text(&visitor.stores("facebook", &photos[0]).await, "handle");
    for path in [format!("/store/{handle}"), format!("/demo/resize=width:9/store=path:a/{handle}")] {
        let answer = app.http.request(Method::HEAD, format!("{}{path}", app.url)).send().await.unwrap();
        assert_eq!(
            (answer.status(), answer.headers()["allow"].to_str().unwrap()),
            (StatusCode::METHOD_NOT_ALLOWED, "GET")
        );
    }
    assert_eq!((app.count("files").await, app.count("jobs").await), (1, 1));
}

#[tokio::test]
async fn a_key_that_may_still_be_written_to_is_nobody_elses() {
    let queue = Queue::open().await;
    let (db, session) = (&queue.db, queue.session().await);
    queue.begins(&session, "/1/1.jpg", 1).await;
    let (key, next) = ("a/1.jpg", "a/1-2.jpg");
    let silent = db.claim_job("silent", -1).await.unwrap().unwrap();
    assert!(db.take_key(&silent, key).await.unwrap());
    db.requeue_jobs(Whose::Silent).await.unwrap();
    let quick = queue.claims("quick").await.unwrap();
    assert!(!db.take_key(&quick, key).await.unwrap(), "the silent one may still write there");
    assert!(db.take_key(&quick, next).await.unwrap());
    // What a process hands back, or tries again itself, is written by none.
    db.requeue_jobs(Whose::Worker("quick")).await.unwrap();
    let mut third = queue.claims("third").await.unwrap();
    assert!(db.take_key(&third, next).await.unwrap() && !db.take_key(&third, key).await.unwrap());
    third.plain_key = 1;
    db.retry_job(&third, 0).await.unwrap();
    let fourth = queue.claims("fourth").await.unwrap();
    assert!(db.take_key(&fourth, next).await.unwrap() && !db.take_key(&fourth, next).await.unwrap());
}

#[tokio::test]
async fn a_key_is_free_when_nothing_has_lain_there_for_long() {
    let app = TestApp::start().await;
    let plain = json!({"filename": "list.txt", "store": {"path": "box", "disable_storage_key": true}});
    let first = uploaded(&app, b"the first", plain.clone()).await;
    let config = app.config();
    let db = Db::open(config.database_url.expose(), app.data_dir(), Keyring::in_data_dir(app.data_dir()).unwrap());
    let db = db.await.unwrap();
    let sweeps = async || {
        app.executes("UPDATE plain_keys SET taken_ms = 1").await;
        db.sweep(IdleSince { plain: 0, remembered: 0 }).await.unwrap();
        app.count("plain_keys").await
    };
    assert_eq!(sweeps().await, 1, "a file has it");
    app.executes("DELETE FROM files").await;
    assert_eq!(sweeps().await, 0);
    let second = uploaded(&app, b"the second", plain.clone()).await;
    assert_eq!(text(&second, "key"), "box/list-2.txt", "something lies there that the database does not know");
    let bytes: Vec<Vec<u8>> = app.stored_files().iter().filter_map(|file| std::fs::read(file).ok()).collect();
    assert!(bytes.iter().any(|bytes| bytes == b"the first"));
    let (buckets, keys) = (Buckets::open(&config).unwrap(), [&first, &second].map(|file| text(file, "key")));
    buckets.get("").unwrap().remove(&keys[0]).await.unwrap();
    assert_eq!(sweeps().await, 1);
    assert_eq!(text(&uploaded(&app, b"the third", plain).await, "key"), keys[0]);
}
