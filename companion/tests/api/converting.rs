//! Conversion: what an address makes of a stored photo, who may ask for it, and what becomes of the result.

use crate::app::{ORIGIN, TestApp, eventually, on_services, text};
use crate::duties::seconds;
use crate::files::{SECRET, for_calls, policy, signed, stored, uploaded, with_secret};
use crate::webhooks::Receiver;
use async_zip::base::read1::seek::ZipArchiveReader;
use axum::Router;
use axum::routing::get;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bowerbird_companion::bucket::Buckets;
use bowerbird_companion::db::Db;
use bowerbird_companion::housekeeping::{Orphans, remove_orphans};
use bowerbird_companion::seal::Keyring;
use bowerbird_companion::secrets::Secret;
use futures_util::AsyncReadExt as _;
use futures_util::io::Cursor;
use image::{DynamicImage, GenericImageView as _};
use reqwest::{Method, Response, StatusCode, header};
use serde_json::{Value, json};
use std::path::PathBuf;
use std::time::Duration;
use tokio::net::TcpListener;

async fn photo(app: &TestApp) -> String {
    text(&stored(app, json!({})).await.1, "handle")
}

fn header(answer: &Response, name: &str) -> String {
    answer.headers().get(name).map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default()
}

async fn picture(answer: Response) -> DynamicImage {
    let (status, kind) = (answer.status(), header(&answer, "content-type"));
    let bytes = answer.bytes().await.unwrap();
    assert_eq!(status, StatusCode::OK, "{}", String::from_utf8_lossy(&bytes));
    image::load_from_memory(&bytes).unwrap_or_else(|error| panic!("{kind}: {error}"))
}

/// Results that lie in the storage.
fn kept(app: &TestApp) -> Vec<PathBuf> {
    let kept = |file: &PathBuf| file.components().any(|part| part.as_os_str() == ".converted");
    app.stored_files().into_iter().filter(kept).collect()
}

/// How many results came from there: `memory`, `storage` or `made`.
async fn counted(app: &TestApp, from: &str) -> u64 {
    let metrics = app.http.get(format!("http://{}/metrics", app.metrics.unwrap())).send().await.unwrap();
    let name = format!("conversions_total{{from=\"{from}\"}} ");
    let metrics = metrics.text().await.unwrap();
    metrics.lines().find_map(|line| line.split_once(&name)).map_or(0, |(_, count)| count.trim().parse().unwrap())
}

async fn with_metrics() -> TestApp {
    TestApp::start_with(|config| config.metrics_listen = Some("127.0.0.1:0".parse().unwrap())).await
}

#[tokio::test]
async fn a_photo_is_had_at_any_size_and_every_address_means_the_same() {
    let app = TestApp::start().await;
    let handle = photo(&app).await;
    let answer = app.get(&format!("/resize=width:90,height:60,fit:crop/{handle}")).await;
    assert_eq!(header(&answer, "content-type"), "image/jpeg");
    assert_eq!(header(&answer, "cache-control"), "public, max-age=31536000, immutable");
    assert_eq!(header(&answer, "x-content-type-options"), "nosniff");
    assert_eq!(header(&answer, "cross-origin-resource-policy"), "cross-origin");
    assert_eq!(header(&answer, "access-control-allow-origin"), "*");
    assert!(header(&answer, "content-disposition").starts_with("inline; filename="));
    assert!(answer.headers().get("vary").is_none());
    let etag = header(&answer, "etag");
    assert!(etag.starts_with('"') && etag.len() == 66, "{etag}");
    assert_eq!(picture(answer).await.dimensions(), (90, 60));

    let tasks = URL_SAFE_NO_PAD.encode(r#"[{"name":"resize","params":{"width":90,"height":60,"fit":"crop"}}]"#);
    let source = URL_SAFE_NO_PAD.encode(&handle);
    for same in [
        format!("/demo/resize=fit:crop,height:60,width:90/{handle}"),
        format!("/resize=w:90,h:60,f:crop/{handle}+jpg"),
        format!("/resize=width:90,height:60,fit:crop/%22{}%2F{handle}%22", app.url.replace('/', "%2F")),
        format!("/demo/b64/{tasks}/b64://{source}"),
        format!("/api/file/{handle}/convert?w=90&h=60&fit=crop"),
    ] {
        let answer = app.get(&same).await;
        assert_eq!((answer.status(), header(&answer, "etag")), (StatusCode::OK, etag.clone()), "{same}");
    }
    let unchanged = app.http.get(format!("{}/resize=w:90,h:60,f:crop/{handle}", app.url));
    let unchanged = unchanged.header(header::IF_NONE_MATCH, &etag).send().await.unwrap();
    assert_eq!((unchanged.status(), header(&unchanged, "etag")), (StatusCode::NOT_MODIFIED, etag));
    let head = app.http.head(format!("{}/resize=w:90,h:60,f:crop/{handle}", app.url)).send().await.unwrap();
    assert!(head.status() == StatusCode::OK && header(&head, "content-length").parse::<u64>().unwrap() > 500);
    assert_eq!(app.count("conversions").await, 1, "one recipe is one result, however it is written");
    let size: Value = app.get(&format!("/imagesize/{handle}")).await.json().await.unwrap();
    let whole = picture(app.get(&format!("/{handle}")).await).await.dimensions();
    assert_eq!(size, json!({"width": whole.0, "height": whole.1}));
}

#[tokio::test]
async fn the_format_is_the_one_that_is_asked_for_or_that_the_browser_takes() {
    let app = TestApp::start().await;
    let handle = photo(&app).await;
    for (format, mimetype) in [
        ("png", "image/png"),
        ("webp", "image/webp"),
        ("avif", "image/avif"),
        ("gif", "image/gif"),
        ("jpg", "image/jpeg"),
    ] {
        let answer = app.get(&format!("/resize=width:64/output=format:{format}/{handle}")).await;
        assert_eq!((answer.status(), header(&answer, "content-type").as_str()), (StatusCode::OK, mimetype));
    }
    for (accept, mimetype) in [
        ("image/avif,image/webp,*/*", "image/avif"),
        ("text/html, image/webp;q=0.9", "image/webp"),
        ("image/avif;q=0,*/*", "image/jpeg"),
    ] {
        let asked = app.http.get(format!("{}/auto_image/resize=width:64/{handle}", app.url));
        let answer = asked.header(header::ACCEPT, accept).send().await.unwrap();
        assert_eq!((header(&answer, "content-type").as_str(), header(&answer, "vary").as_str()), (mimetype, "Accept"));
    }
    // A circle is not a rectangle, so its corners are transparent, which JPEG cannot show.
    let circle = app.get(&format!("/resize=width:64/circle/{handle}")).await;
    assert_eq!(header(&circle, "content-type"), "image/png");
    assert_eq!(picture(circle).await.get_pixel(0, 0).0[3], 0);
}

#[tokio::test]
async fn many_who_ask_at_once_wait_for_one_conversion_and_it_is_kept() {
    let mut app = with_metrics().await;
    let handle = photo(&app).await;
    let path = format!("/resize=width:200/blur=amount:3/{handle}");
    let answers = futures_util::future::join_all((0..20).map(|_| app.get(&path))).await;
    let etags: Vec<String> = answers.iter().map(|answer| header(answer, "etag")).collect();
    assert!(
        answers.iter().all(|answer| answer.status() == StatusCode::OK) && etags.iter().all(|etag| *etag == etags[0])
    );
    assert_eq!((counted(&app, "made").await, counted(&app, "storage").await), (1, 0));
    assert_eq!(kept(&app).len(), 1);
    app.stop().await;
    app.start_again().await;
    assert_eq!(header(&app.get(&path).await, "etag"), etags[0]);
    assert_eq!((counted(&app, "made").await, counted(&app, "storage").await), (0, 1), "it lay in the storage");
    // Somebody emptied the folder: the row leads nowhere, and that is no error.
    std::fs::remove_file(&kept(&app)[0]).unwrap();
    app.stop().await;
    app.start_again().await;
    assert_eq!(header(&app.get(&path).await, "etag"), etags[0]);
    assert_eq!((counted(&app, "made").await, kept(&app).len()), (1, 1));
    let anew = app.get(&format!("/cache=false{path}")).await;
    assert_eq!((header(&anew, "etag"), header(&anew, "cache-control").as_str()), (etags[0].clone(), "no-cache"));
    assert_eq!((counted(&app, "made").await, kept(&app).len()), (2, 1));
    let short = app.get(&format!("/cache=expiry:60{path}")).await;
    assert_eq!(header(&short, "cache-control"), "public, max-age=60");
}

#[tokio::test]
async fn results_go_with_their_files_and_when_nobody_asks_for_them() {
    let app = with_secret().await;
    let (handle, mark) = (photo(&app).await, photo(&app).await);
    let small = format!("/resize=width:40/{handle}");
    let marked = format!("/resize=width:80/watermark=file:{mark},size:30/{handle}");
    for path in [&small, &marked] {
        assert_eq!(app.get(path).await.status(), StatusCode::OK);
    }
    let config = app.config();
    let db = Db::open(config.database_url.expose(), app.data_dir(), Keyring::in_data_dir(app.data_dir()).unwrap());
    let (db, buckets) = (db.await.unwrap(), Buckets::open(&config).unwrap());
    assert_eq!(remove_orphans(&db, &buckets, Duration::ZERO).await.unwrap(), Orphans::default(), "they are in use");

    let remove = |handle: &str| format!("{}/api/file/{handle}?{}", app.url, for_calls(r#"["remove"]"#));
    let removed = app.http.delete(remove(&mark)).header(header::ORIGIN, ORIGIN).send().await.unwrap();
    assert_eq!((removed.status(), kept(&app).len()), (StatusCode::OK, 1), "what the watermark went into goes with it");
    assert_eq!(app.get(&marked).await.status(), StatusCode::NOT_FOUND);

    let before = header(&app.get(&small).await, "etag");
    let other = app.get(&format!("/negative/{handle}")).await.bytes().await.unwrap();
    let writing = format!("{}/api/file/{handle}?{}", app.url, for_calls(r#"["write"]"#));
    let written = app.http.post(writing).header(header::ORIGIN, ORIGIN).body(other).send().await.unwrap();
    assert_eq!((written.status(), kept(&app).len()), (StatusCode::OK, 0));
    assert_ne!(header(&app.get(&small).await, "etag"), before, "the file has other bytes");

    assert_eq!(db.forget_stale_conversions(0).await.unwrap(), []);
    app.executes("UPDATE conversions SET used_ms = 5").await;
    assert_eq!(db.forget_stale_conversions(6).await.unwrap().len(), 1);
    assert_eq!(app.count("conversion_files").await, 0);
    assert_eq!(remove_orphans(&db, &buckets, Duration::ZERO).await.unwrap().objects, 1);
    app.get(&format!("/resize=width:41/{handle}")).await;
    app.executes("UPDATE files SET removed_ms = 1").await;
    assert_eq!(db.forget_stale_conversions(0).await.unwrap().len(), 1, "its file is gone");
}

#[tokio::test]
async fn nobody_makes_us_work_without_the_leave_that_the_site_wants() {
    let app = TestApp::start_with(|config| {
        config.apps[0].secret = Some(Secret::new(SECRET));
        config.apps[0].require_policy = true;
        config.metrics_listen = Some("127.0.0.1:0".parse().unwrap());
    })
    .await;
    let handle = uploaded(&app, PNG, "1.png", &for_calls(r#"["store"]"#)).await;
    let status = async |path: &str| app.get(path).await.status();
    let security = |query: &str| {
        let pairs: Vec<String> =
            url::form_urlencoded::parse(query.as_bytes()).map(|(name, value)| format!("{name}:\"{value}\"")).collect();
        pairs.join(",")
    };
    assert_eq!(status(&format!("/resize=width:2/{handle}")).await, StatusCode::FORBIDDEN);
    assert_eq!(status(&format!("/imagesize/{handle}")).await, StatusCode::FORBIDDEN);
    for (given, expected) in [
        (for_calls(r#"["read"]"#), StatusCode::FORBIDDEN),
        (policy(r#","call":["convert"],"handle":"another""#), StatusCode::FORBIDDEN),
        (for_calls(r#"["convert"]"#), StatusCode::OK),
        (policy(""), StatusCode::OK),
    ] {
        assert_eq!(status(&format!("/resize=width:2/{handle}?{given}")).await, expected, "{given}");
        let task = format!("/security={}/resize=width:2/{handle}", security(&given));
        assert_eq!(status(&task).await, expected, "{task}");
    }
    assert_eq!(status("/demo/resize=width:2/https://a.example/1.jpg").await, StatusCode::FORBIDDEN);
    let elsewhere = policy(r#","call":["convert"],"url":"https://b\\.example/.*""#);
    let elsewhere = format!("/demo/security={}/resize=width:2/https://a.example/1.jpg", security(&elsewhere));
    assert_eq!(status(&elsewhere).await, StatusCode::FORBIDDEN);
    // Nothing of what was refused was worked on.
    assert_eq!(counted(&app, "made").await, 1);
    let soon = signed(&format!(r#"{{"expiry":{},"call":["convert"]}}"#, seconds() + 100));
    let kept = header(&app.get(&format!("/resize=width:3/{handle}?{soon}")).await, "cache-control");
    let seconds: i64 = kept.trim_start_matches("public, max-age=").trim_end_matches(", immutable").parse().unwrap();
    assert!((90..=100).contains(&seconds), "{kept}");
}

/// Four by two pixels.
const PNG: &[u8] = include_bytes!("four-by-two.png");

#[tokio::test]
async fn a_private_file_stays_private_when_it_is_converted() {
    let app = with_secret().await;
    let (visitor, file) = stored(&app, json!({"access": "private"})).await;
    let path = format!("/resize=width:30/{}", text(&file, "handle"));
    assert_eq!(app.get(&path).await.status(), StatusCode::FORBIDDEN);
    let asked = app.http.get(format!("{}{path}", app.url)).header(header::ORIGIN, ORIGIN);
    let own = asked.bearer_auth(visitor.token.as_deref().unwrap()).send().await.unwrap();
    assert_eq!((own.status(), header(&own, "cache-control").as_str()), (StatusCode::OK, "private, no-store"));
    assert_eq!(app.get(&path).await.status(), StatusCode::FORBIDDEN, "also once the result is there");
    let shown = app.get(&format!("{path}?{}", for_calls(r#"["convert"]"#))).await;
    assert_eq!((shown.status(), header(&shown, "cache-control").as_str()), (StatusCode::OK, "private, no-store"));
    // As a watermark it is no less private.
    let public = photo(&app).await;
    let through = format!("/watermark=file:{},size:100/{public}", text(&file, "handle"));
    assert_eq!(app.get(&through).await.status(), StatusCode::FORBIDDEN);
}

/// A host of pictures that clients name.
async fn a_host() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let authority = listener.local_addr().unwrap().to_string();
    let router = Router::new()
        .route("/img/1.png", get(|| async { ([("content-type", "image/png")], PNG) }))
        .route("/words", get(|| async { "no picture" }));
    tokio::spawn(async move { axum::serve(listener, router).await });
    authority
}

#[tokio::test]
async fn what_is_at_an_address_is_converted_for_a_site() {
    let host = a_host().await;
    let listed = host.clone();
    let app = TestApp::start_with(|config| {
        config.private_sources = vec![listed.clone()];
        config.apps[0].aliases = [("shop".to_owned(), format!("http://{listed}/img/").parse().unwrap())].into();
    })
    .await;
    for path in [
        format!("/demo/resize=width:8/http://{host}/img/1.png"),
        format!("/demo/resize=width:8/http://{host}/img/1.png?a=1&b=2"),
        format!("/demo/resize=width:8/\"http://{host}/img/1.png\""),
        "/demo/resize=width:8/src://shop/1.png".to_owned(),
    ] {
        let answer = app.get(&path).await;
        assert_eq!(header(&answer, "cache-control"), "public, max-age=86400", "{path}");
        assert_eq!(picture(answer).await.dimensions(), (8, 4), "{path}");
    }
    let refused = async |path: &str| {
        let answer = app.get(path).await;
        (answer.status(), text(&answer.json::<Value>().await.unwrap()["error"], "text"))
    };
    let (status, said) = refused(&format!("/resize=width:8/http://{host}/img/1.png")).await;
    assert!(status == StatusCode::BAD_REQUEST && said.contains("key"), "{said}");
    let (status, said) = refused("/demo/resize=width:8/src://attic/1.png").await;
    assert!(status == StatusCode::BAD_REQUEST && said.contains("`attic`"), "{said}");
    for out in ["src://shop/../words", "src://shop/http://a.example/", "src://shop//a.example/x"] {
        assert_eq!(refused(&format!("/demo/resize=width:8/\"{out}\"")).await.0, StatusCode::BAD_REQUEST, "{out}");
    }
    assert_eq!(refused("/demo/resize=width:8/http://169.254.169.254/x.png").await.0, StatusCode::BAD_GATEWAY);
    assert_eq!(refused(&format!("/demo/resize=width:8/http://{host}/words")).await.0, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn what_is_wrong_is_named_and_what_is_not_offered_says_so() {
    let app = with_secret().await;
    let handle = photo(&app).await;
    for (path, expected, words) in [
        (format!("/resize=width:5,widht:5/{handle}"), 400, "`widht`"),
        (format!("/resize=width:-5/{handle}"), 400, "0 to 10000"),
        (format!("/crop=dim:[1,2,3]/{handle}"), 400, "dim"),
        (format!("/demo/flipp=a:1/flip/{handle}"), 404, "nothing at this address"),
        (format!("/flip/flipp/{handle}"), 400, "`flipp`"),
        (format!("/detect_faces/{handle}"), 501, "model"),
        (format!("/output=format:docx/{handle}"), 501, "docx"),
        (format!("/video_convert=width:10/{handle}"), 501, "video"),
        (format!("/crop=dim:[100000,100000,5,5]/{handle}"), 422, "crop"),
        ("/flip/abcdefghijABCDEFGHIJ".to_owned(), 404, ""),
    ] {
        let answer = app.get(&path).await;
        let status = answer.status();
        let said = text(&answer.json::<Value>().await.unwrap()["error"], "text");
        assert!(status.as_u16() == expected && said.contains(words), "{path}: {status} {said}");
    }
    let words = uploaded(&app, b"words", "words.txt", "").await;
    assert_eq!(app.get(&format!("/flip/{words}")).await.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let instead = app.get(&format!("/fallback=handle:{handle},cache:30/flip/{words}")).await;
    assert_eq!(header(&instead, "cache-control"), "public, max-age=30");
    assert!(picture(instead).await.width() > 100);
    let missing = app.get(&format!("/fallback=handle:{handle}/flip/abcdefghijABCDEFGHIJ")).await;
    assert_eq!(missing.status(), StatusCode::OK);
}

#[tokio::test]
async fn too_much_is_refused_before_it_is_done() {
    let app = TestApp::start_with(|config| {
        config.convert_max_pixels = 1_000_000;
        config.rate_conversions = 3;
    })
    .await;
    let handle = uploaded(&app, PNG, "1.png", "").await;
    let large = app.get(&format!("/resize=width:4000,height:4000,fit:scale/{handle}")).await;
    assert_eq!(large.status(), StatusCode::PAYLOAD_TOO_LARGE);
    let many = "blur=amount:1/".repeat(40);
    assert_eq!(app.get(&format!("/{many}{handle}")).await.status(), StatusCode::BAD_REQUEST);
    assert_eq!(app.get(&format!("/flip/{handle}")).await.status(), StatusCode::OK);
    assert_eq!(app.get(&format!("/flop/{handle}")).await.status(), StatusCode::OK);
    let fourth = app.get(&format!("/negative/{handle}")).await;
    assert!(fourth.status() == StatusCode::TOO_MANY_REQUESTS && !header(&fourth, "retry-after").is_empty());
    assert_eq!(
        app.get(&format!("/flip/{handle}")).await.status(),
        StatusCode::OK,
        "what is there already costs nothing"
    );
    let app = TestApp::start_with(|config| config.convert_max_bytes = 20).await;
    let handle = uploaded(&app, PNG, "1.png", "").await;
    assert_eq!(app.get(&format!("/flip/{handle}")).await.status(), StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn a_result_is_stored_as_a_file_of_its_own_and_told_of() {
    let receiver = Receiver::start().await;
    let app = receiver.app("fp.converse,fp.delete").await;
    let handle = photo(&app).await;
    let answer =
        app.get(&format!("/resize=width:50/output=format:png/store=path:\"small/\",filename:a.png/{handle}")).await;
    let file: Value = answer.json().await.unwrap();
    assert_eq!((text(&file, "filename").as_str(), text(&file, "mimetype").as_str()), ("a.png", "image/png"), "{file}");
    assert!(text(&file, "key").starts_with("small/") && file["handle"] != handle && file["width"] == 50, "{file}");
    assert_eq!(picture(app.get(&format!("/{}", text(&file, "handle"))).await).await.width(), 50);
    receiver.has_heard(1).await;
    let heard = receiver.heard().remove(0);
    let link = &heard["text"]["link"];
    assert_eq!((text(&heard, "action").as_str(), &link["handle"]), ("fp.converse", &file["handle"]));
    assert_eq!(link["provider"], if on_services() { "amazon" } else { "internal" });
    let path = text(&heard["text"], "url");
    assert!(path.starts_with("/resize=width:50/output=format:png/") && path.ends_with(&handle), "{path}");
    assert_eq!(app.get(&path).await.status(), StatusCode::OK);

    let tasks =
        json!([{"name": "flip"}, {"name": "store", "params": {}}, {"name": "store", "params": {"workflows": ["w"]}}]);
    let body = json!({"apikey": "demo", "sources": [handle], "tasks": tasks, "upload_tags": {"order": "7"}});
    let (status, flipped) = app.post("/process", &body).await;
    assert_eq!((status, &flipped["upload_tags"]), (StatusCode::OK, &json!({"order": "7"})), "{flipped}");
    // What a site's server does with the address that its page shows: `client.storeURL(client.transform(…))`.
    let address = format!("{}/resize=width:33/{handle}", app.url);
    let body = json!({"apikey": "demo", "sources": [address], "tasks": [{"name": "store", "params": {}}]});
    let (status, small) = app.post("/process", &body).await;
    assert_eq!((status, &small["width"]), (StatusCode::OK, &json!(33)), "{small}");
    // The person whose photo it was made of is its owner too.
    app.is_asked_to_delete_all_of("alice").await;
    eventually("the files that were made go as well", async || app.count("files").await == 0).await;
    eventually("and their bytes", async || app.stored_files().is_empty()).await;
}

#[tokio::test]
async fn filepickers_convert_stores_and_answers_a_blob() {
    let app = with_secret().await;
    let handle = photo(&app).await;
    let url = format!("{}/api/file/{handle}/convert", app.url);
    let form = [("width", "40"), ("height", "40"), ("storeLocation", "S3"), ("storePath", "x/")];
    let answer = app.http.post(&url).header(header::ORIGIN, ORIGIN).form(&form).send().await.unwrap();
    let blob: Value = answer.json().await.unwrap();
    assert!(text(&blob, "url").ends_with(&text(&blob, "handle")) && text(&blob, "key").starts_with("x/"), "{blob}");
    assert_eq!((&blob["type"], &blob["writeable"]), (&json!("image/jpeg"), &json!(true)), "{blob}");
    let stored = picture(app.get(&format!("/{}", text(&blob, "handle"))).await).await;
    assert!(stored.width() == 40 || stored.height() == 40, "it fits the box");
    let wrong = app.http.post(&url).json(&json!({"widht": 4})).send().await.unwrap();
    assert_eq!(wrong.status(), StatusCode::BAD_REQUEST);
    let shown = picture(app.get(&format!("/api/file/{handle}/convert?w=20&rotate=90&format=png")).await).await;
    assert_eq!(shown.width(), 20);
}

#[tokio::test]
async fn files_are_packed_into_an_archive() {
    let app = with_secret().await;
    let (first, second) = (photo(&app).await, photo(&app).await);
    let answer = app.get(&format!("/demo/zip/[{first},{second}]")).await;
    assert_eq!(header(&answer, "content-type"), "application/zip");
    let archive = answer.bytes().await.unwrap().to_vec();
    let mut read = ZipArchiveReader::open(Cursor::new(archive)).await.unwrap();
    let names: Vec<String> =
        read.inner().cdrs().iter().map(|entry| format!("{:?}", entry.insecure_file_name)).collect();
    assert!(names.len() == 2 && names[0] != names[1], "{names:?}");
    let mut packed = Vec::new();
    read.file(0).await.unwrap().read_to_end(&mut packed).await.unwrap();
    assert_eq!(packed, app.get(&format!("/{first}")).await.bytes().await.unwrap());
    let (_, private) = stored(&app, json!({"access": "private"})).await;
    let both = format!("/demo/zip/[{first},{}]", text(&private, "handle"));
    assert_eq!(app.get(&both).await.status(), StatusCode::FORBIDDEN);
    assert_eq!(app.http.request(Method::DELETE, format!("{}{both}", app.url)).send().await.unwrap().status(), 405);
}

#[tokio::test]
async fn a_photo_is_converted_while_it_is_stored() {
    let app = TestApp::start().await;
    let mut visitor = app.visitor();
    visitor.signs_in("facebook", "alice").await;
    let album = visitor.finds("facebook", "Profile pictures").await;
    let photo = visitor.photos("facebook", &album).await.remove(0);
    let asks = |recipe: &str| json!({"path": photo, "recipe": recipe});
    let told = visitor.streams("facebook", asks("crop=dim:[10,10,120,90]/rotate=deg:90/circle")).await;
    let file = &told.iter().find(|event| event["event"] == "stored").unwrap_or_else(|| panic!("{told:?}"))["file"];
    assert_eq!((&file["width"], &file["height"], &file["mimetype"]), (&json!(90), &json!(90), &json!("image/png")));
    assert!(text(file, "filename").ends_with(".png"), "{file}");
    let stored = picture(app.get(&format!("/{}", text(file, "handle"))).await).await;
    assert_eq!((stored.dimensions(), stored.get_pixel(0, 0).0[3]), ((90, 90), 0));
    let told = visitor.streams("facebook", json!({"path": photo})).await;
    let whole = &told.iter().find(|event| event["event"] == "stored").unwrap()["file"];
    assert!(whole["handle"] != file["handle"] && whole["width"].as_u64() > Some(90), "another recipe is another file");
    for (recipe, words) in [
        ("crop=dim:[1]", "dim"),
        ("store", "`store`"),
        ("watermark=file:abcdefghijABCDEFGHIJ", "no other file"),
        ("detect_faces", "model"),
    ] {
        let clouds = json!({"facebook": asks(recipe)});
        let body = json!({"apikey": "demo", "token": visitor.token, "clouds": clouds});
        let (status, refused) = app.post("/store/", &body).await;
        assert!(status.is_client_error() || status == StatusCode::NOT_IMPLEMENTED, "{refused}");
        assert!(text(&refused["error"], "text").contains(words), "{recipe}: {refused}");
    }
}
