//! Files once they are stored: who may read, ask, remove and write over them; and files that no provider gave.

use crate::app::{ORIGIN, TestApp, Visitor, eventually, text};
use axum::Router;
use axum::http::HeaderMap;
use axum::routing::get;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bowerbird_companion::bucket::Buckets;
use bowerbird_companion::db::Db;
use bowerbird_companion::housekeeping::{Orphans, remove_orphans};
use bowerbird_companion::seal::Keyring;
use bowerbird_companion::secrets::{Secret, hmac_hex};
use reqwest::{Method, Response, StatusCode, header};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::time::Duration;
use tokio::net::TcpListener;

pub const SECRET: &str = "the secret of the key demo";

pub async fn with_secret() -> TestApp {
    TestApp::start_with(|config| config.apps[0].secret = Some(Secret::new(SECRET))).await
}

/// A query that shows a policy for these calls, and whatever else it says.
pub fn policy(more: &str) -> String {
    signed(&format!(r#"{{"expiry":4102444800{more}}}"#))
}

/// A query that shows a policy of this JSON.
pub fn signed(json: &str) -> String {
    let policy = STANDARD.encode(json);
    let signature = hmac_hex(&Secret::new(SECRET), &policy);
    url::form_urlencoded::Serializer::new(String::new())
        .append_pair("policy", &policy)
        .append_pair("signature", &signature)
        .finish()
}

pub fn for_calls(calls: &str) -> String {
    policy(&format!(r#","call":{calls}"#))
}

pub async fn stored<'a>(app: &'a TestApp, store: Value) -> (Visitor<'a>, Value) {
    let mut visitor = app.visitor();
    visitor.signs_in("facebook", "alice").await;
    let album = visitor.finds("facebook", "Profile pictures").await;
    let photos = visitor.photos("facebook", &album).await;
    let told = visitor.streams("facebook", json!({"path": photos[0], "store": store})).await;
    let file =
        told.iter().find(|event| event["event"] == "stored").unwrap_or_else(|| panic!("{told:?}"))["file"].clone();
    (visitor, file)
}

async fn asks(app: &TestApp, method: Method, path: &str, token: Option<&str>) -> Response {
    let request = app.http.request(method, format!("{}{path}", app.url)).header(header::ORIGIN, ORIGIN);
    let request = match token {
        Some(token) => request.bearer_auth(token),
        None => request,
    };
    request.send().await.unwrap()
}

#[tokio::test]
async fn what_is_known_of_a_file_is_told_to_its_session_and_to_policies() {
    let app = with_secret().await;
    let (visitor, file) = stored(&app, json!({"container": "prints"})).await;
    let handle = text(&file, "handle");
    let path = format!("/api/file/{handle}/metadata");
    assert_eq!(asks(&app, Method::GET, &path, None).await.status(), StatusCode::FORBIDDEN);
    assert_eq!(asks(&app, Method::GET, &path, Some("guess")).await.status(), StatusCode::UNAUTHORIZED);
    let mut stranger = app.visitor();
    stranger.signs_in("facebook", "ben").await;
    assert_eq!(asks(&app, Method::GET, &path, stranger.token.as_deref()).await.status(), StatusCode::FORBIDDEN);
    let own: Value = asks(&app, Method::GET, &path, visitor.token.as_deref()).await.json().await.unwrap();
    let mut names: Vec<&str> = own.as_object().unwrap().keys().map(String::as_str).collect();
    names.sort_unstable();
    assert_eq!(names, ["filename", "mimetype", "size", "uploaded", "writeable"], "Filestack's default");
    let bytes = app.get(&format!("/{handle}")).await.bytes().await.unwrap();
    let flags = "size=true&mimetype=false&width=true&height=true&cloud=true&source_url=true&md5=true&sha1=true&sha224=true&\
                 sha256=true&sha384=true&sha512=true&location=true&path=true&container=true&none=true";
    let all = asks(&app, Method::GET, &format!("{path}?{flags}&{}", for_calls(r#"["stat"]"#)), None).await;
    let all: Value = all.json().await.unwrap();
    assert_eq!(all["sha256"], hex::encode(Sha256::digest(&bytes)));
    assert_eq!(text(&all, "sha512").len(), 128);
    assert_eq!((text(&all, "md5").len(), text(&all, "sha1").len(), text(&all, "sha384").len()), (32, 40, 96));
    assert_eq!((&all["size"], &all["width"]), (&file["size"], &file["width"]));
    assert_eq!(
        (&all["cloud"], &all["container"], &all["source_url"]),
        (&json!("facebook"), &json!("prints"), &Value::Null)
    );
    assert_eq!((all["location"].as_str(), &all["path"]), (Some("S3"), &file["key"]));
    assert!(all.get("mimetype").is_none() && all.get("none").is_none(), "{all}");
    // The place where a photo was taken stands in its EXIF, so that a policy has to say so.
    let exif = format!("{path}?exif=true&{}", for_calls(r#"["stat"]"#));
    assert_eq!(asks(&app, Method::GET, &exif, None).await.status(), StatusCode::FORBIDDEN);
    let exif = format!("{path}?exif=true&{}", for_calls(r#"["stat","exif"]"#));
    let exif: Value = asks(&app, Method::GET, &exif, None).await.json().await.unwrap();
    assert_eq!(exif.as_object().unwrap().len(), 1, "{exif}");
    let other = format!("{path}?{}", policy(r#","call":["stat"],"handle":"another""#));
    assert_eq!(asks(&app, Method::GET, &other, None).await.status(), StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_private_file_is_read_by_its_session_and_with_policies() {
    let app = with_secret().await;
    let (visitor, file) = stored(&app, json!({"access": "private"})).await;
    let path = format!("/{}", text(&file, "handle"));
    assert_eq!(app.get(&path).await.status(), StatusCode::FORBIDDEN);
    let own = asks(&app, Method::GET, &path, visitor.token.as_deref()).await;
    assert_eq!(
        (own.status(), own.headers()[header::CACHE_CONTROL].to_str().unwrap()),
        (StatusCode::OK, "private, no-store")
    );
    for good in [
        format!("{path}?{}", for_calls(r#"["read"]"#)),
        format!("/api/file{path}?{}", for_calls(r#"["read"]"#)),
        format!(
            "/demo/security={}{path}",
            for_calls("\"read\"").replace('&', ",").replace('=', ":").replace("%3D", "=")
        ),
    ] {
        assert_eq!(app.get(&good).await.status(), StatusCode::OK, "{good}");
    }
    for bad in [
        format!("{path}?{}", for_calls(r#"["stat"]"#)),
        format!("{path}?{}x", for_calls(r#"["read"]"#)),
        format!("{path}?{}", policy(r#","call":["read"],"expiry":1"#)),
    ] {
        assert_eq!(app.get(&bad).await.status(), StatusCode::FORBIDDEN, "{bad}");
    }
    let refused = app
        .post(
            "/store/",
            &json!({"apikey": "demo", "token": visitor.token, "clouds": {"facebook":
        {"path": "/1/2.jpg", "store": {"access": "secret"}}}}),
        )
        .await;
    assert_eq!(refused.0, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_public_file_says_how_it_is_to_be_handled() {
    let app = TestApp::start().await;
    let (_, file) = stored(&app, json!({})).await;
    let path = format!("/{}", text(&file, "handle"));
    let shown = app.get(&path).await;
    assert!(shown.headers()[header::CONTENT_DISPOSITION].to_str().unwrap().starts_with("inline"));
    assert_eq!(shown.headers()["x-robots-tag"], "noindex");
    let saved = app.get(&format!("{path}?dl=true")).await;
    assert!(saved.headers()[header::CONTENT_DISPOSITION].to_str().unwrap().starts_with("attachment"));
    assert_eq!(app.get(&format!("/demo{path}")).await.status(), StatusCode::OK);
    // Whoever shows a policy wants it to count.
    assert_eq!(app.get(&format!("{path}?{}", policy(""))).await.status(), StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_removed_file_is_gone_with_its_bytes_or_leaves_them_to_the_site() {
    let app = with_secret().await;
    let (visitor, file) = stored(&app, json!({})).await;
    let path = format!("/api/file/{}", text(&file, "handle"));
    assert_eq!(asks(&app, Method::DELETE, &path, None).await.status(), StatusCode::FORBIDDEN);
    let by_default = format!("{path}?key=demo&{}", policy(""));
    assert_eq!(asks(&app, Method::DELETE, &by_default, None).await.status(), StatusCode::FORBIDDEN, "it is not said");
    let removed = asks(&app, Method::DELETE, &path, visitor.token.as_deref()).await;
    assert_eq!((removed.status(), removed.text().await.unwrap().as_str()), (StatusCode::OK, "success"));
    assert_eq!(app.get(&format!("/{}", text(&file, "handle"))).await.status(), StatusCode::NOT_FOUND);
    assert_eq!((app.stored_files().len(), app.count("files").await), (0, 0));
    assert_eq!(asks(&app, Method::DELETE, &path, visitor.token.as_deref()).await.status(), StatusCode::NOT_FOUND);

    let (_, file) = stored(&app, json!({})).await;
    let path = format!("/api/file/{}?skip_storage=true&{}", text(&file, "handle"), for_calls(r#"["remove"]"#));
    assert_eq!(asks(&app, Method::DELETE, &path, None).await.status(), StatusCode::OK);
    assert_eq!(app.get(&format!("/{}", text(&file, "handle"))).await.status(), StatusCode::NOT_FOUND);
    let config = app.config();
    let db = Db::open(config.database_url.expose(), app.data_dir(), Keyring::in_data_dir(app.data_dir()).unwrap());
    let orphans = remove_orphans(&db.await.unwrap(), &Buckets::open(&config).unwrap(), Duration::ZERO).await.unwrap();
    assert_eq!((orphans, app.stored_files().len()), (Orphans::default(), 1), "the bytes are the site's");
}

#[tokio::test]
async fn a_file_is_written_over_under_its_handle() {
    let app = with_secret().await;
    let (visitor, file) = stored(&app, json!({"path": "a/b"})).await;
    let path = format!("/api/file/{}", text(&file, "handle"));
    let writes = async |path: &str, token: Option<&str>, body: &'static [u8]| {
        let request = app.http.post(format!("{}{path}", app.url)).header(header::ORIGIN, ORIGIN).body(body);
        let request = request.header(header::CONTENT_TYPE, "text/plain; charset=utf-8");
        let request = token.into_iter().fold(request, |request, token| request.bearer_auth(token));
        request.send().await.unwrap()
    };
    assert_eq!(writes(&path, None, b"no").await.status(), StatusCode::FORBIDDEN);
    let too_large = format!("{path}?{}", policy(r#","call":["write"],"maxSize":3"#));
    assert_eq!(writes(&too_large, None, b"four").await.status(), StatusCode::FORBIDDEN);
    assert_eq!((app.stored_files().len(), text(&file, "mimetype").as_str()), (1, "image/jpeg"), "nothing has changed");
    let written = writes(&format!("{path}?filename=notes.txt"), visitor.token.as_deref(), b"new words").await;
    assert_eq!(written.status(), StatusCode::OK);
    let written: Value = written.json().await.unwrap();
    assert_eq!((text(&written, "mimetype").as_str(), &written["size"]), ("text/plain", &json!(9)));
    assert_eq!(written["handle"], file["handle"]);
    assert!(text(&written, "key").starts_with("a/b/") && written["key"] != file["key"], "{written}");
    let read = app.get(&format!("/{}", text(&file, "handle"))).await;
    assert!(read.headers()[header::CONTENT_DISPOSITION].to_str().unwrap().starts_with("attachment"));
    assert_eq!(read.text().await.unwrap(), "new words");
    assert_eq!(app.stored_files().len(), 1, "the old bytes are gone");
    assert!(text(&written, "signature") != text(&file, "signature"));
}

/// The sample of docs/files.md.
fn is_ours(handle: &str, sha256: &str, size: u64, source: &str, signature: &str, secret: &[u8]) -> bool {
    use hmac::{Hmac, KeyInit, Mac};
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(secret).expect("any length is a key");
    mac.update(format!("{handle}.{sha256}.{size}.{source}").as_bytes());
    hex::decode(signature).is_ok_and(|signature| mac.verify_slice(&signature).is_ok())
}

#[tokio::test]
async fn a_result_is_signed_with_the_keys_secret() {
    let app = with_secret().await;
    let (_, file) = stored(&app, json!({})).await;
    let signed = format!("{}.{}.{}.facebook", text(&file, "handle"), text(&file, "sha256"), file["size"]);
    assert_eq!(text(&file, "signature"), hmac_hex(&Secret::new(SECRET), &signed));
    let (handle, sha256, signature) = (text(&file, "handle"), text(&file, "sha256"), text(&file, "signature"));
    let size = file["size"].as_u64().unwrap();
    assert!(is_ours(&handle, &sha256, size, "facebook", &signature, SECRET.as_bytes()));
    assert!(!is_ours(&handle, &sha256, size + 1, "facebook", &signature, SECRET.as_bytes()));
    let open = TestApp::start().await;
    assert!(stored(&open, json!({})).await.1.get("signature").is_none());
}

#[tokio::test]
async fn a_key_can_require_policies() {
    let app = TestApp::start_with(|config| {
        config.apps[0].secret = Some(Secret::new(SECRET));
        config.apps[0].require_policy = true;
    })
    .await;
    let with = |mut body: Value, query: &str| {
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
            body[name.as_ref()] = json!(value);
        }
        body
    };
    let list = json!({"apikey": "demo", "completes": true, "clouds": {"facebook": {"path": "/"}}});
    let (status, refused) = app.post("/folder/list", &list).await;
    assert_eq!((status, refused["error"]["code"].as_str()), (StatusCode::FORBIDDEN, Some("not_allowed")));
    assert!(text(&refused["error"], "text").contains("`pick`"), "{refused}");
    let (status, _) = app.post("/folder/list", &with(list.clone(), &for_calls(r#"["pick"]"#))).await;
    assert_eq!(status, StatusCode::OK);
    let start = json!({"apikey": "demo", "filename": "a.txt", "size": 10, "store": {"path": "/prints/1/"}});
    assert_eq!(app.post("/multipart/start", &start).await.0, StatusCode::FORBIDDEN);
    for (policy, expected) in [
        (for_calls(r#"["store"]"#), StatusCode::OK),
        (policy(r#","path":"/prints/.*","maxSize":10"#), StatusCode::OK),
        (policy(r#","path":"/other/.*""#), StatusCode::FORBIDDEN),
        (policy(r#","maxSize":9"#), StatusCode::FORBIDDEN),
        (for_calls(r#"["pick"]"#), StatusCode::FORBIDDEN),
    ] {
        let (status, told) = app.post("/multipart/start", &with(start.clone(), &policy)).await;
        assert_eq!(status, expected, "{told}");
    }
}

pub async fn uploads(app: &TestApp, parts: &[&[u8]], size: usize, more: Value) -> (String, Vec<Value>) {
    let mut body = json!({"apikey": "demo", "filename": "été.bin", "mimetype": "application/x-words", "size": size});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let (status, begun) = app.post("/multipart/start", &body).await;
    assert_eq!(status, StatusCode::OK, "{begun}");
    for member in ["uri", "region", "upload_id", "location_url"] {
        assert!(!text(&begun, member).is_empty(), "{begun}");
    }
    let id = text(&begun, "upload_id");
    let mut sent = Vec::new();
    for (part, number) in parts.iter().zip(1..) {
        let md5 = STANDARD.encode(<md5::Md5 as md5::Digest>::digest(part));
        let body = json!({"apikey": "demo", "upload_id": id, "part": number, "size": part.len(), "md5": md5});
        let (status, to) = app.post("/multipart/upload", &body).await;
        assert_eq!(status, StatusCode::OK, "{to}");
        let put =
            app.http.put(text(&to, "url")).header(header::ORIGIN, ORIGIN).body(part.to_vec()).send().await.unwrap();
        assert_eq!(put.status(), StatusCode::OK);
        let exposed = put.headers()[header::ACCESS_CONTROL_EXPOSE_HEADERS].to_str().unwrap().to_ascii_lowercase();
        assert!(exposed.contains("etag"), "{exposed}");
        sent.push(json!({"part_number": number, "etag": put.headers()[header::ETAG].to_str().unwrap()}));
    }
    (id, sent)
}

/// Uploads a file in one part, with a policy in the form of a query if it takes one. Answers its handle.
pub async fn uploaded(app: &TestApp, bytes: &[u8], filename: &str, shown: &str) -> String {
    let with = |mut body: Value| {
        body["apikey"] = json!("demo");
        for (name, value) in url::form_urlencoded::parse(shown.as_bytes()) {
            body[name.as_ref()] = json!(value);
        }
        body
    };
    let posts = async |path: &str, body: Value| {
        let (status, answer) = app.post(path, &with(body)).await;
        assert_eq!(status, StatusCode::OK, "{path}: {answer}");
        answer
    };
    let begun = posts("/multipart/start", json!({"filename": filename, "size": bytes.len()})).await;
    let id = text(&begun, "upload_id");
    let to = posts("/multipart/upload", json!({"upload_id": id, "part": 1, "size": bytes.len()})).await;
    let put = app.http.put(text(&to, "url")).header(header::ORIGIN, ORIGIN).body(bytes.to_vec()).send().await.unwrap();
    let parts = json!([{"part_number": 1, "etag": put.headers()[header::ETAG].to_str().unwrap()}]);
    text(&posts("/multipart/complete", json!({"upload_id": id, "parts": parts})).await, "handle")
}

#[tokio::test]
async fn a_file_is_uploaded_in_parts() {
    let app = TestApp::start().await;
    let (first, second) = (vec![7_u8; 6 * 1024 * 1024], b"the end".to_vec());
    let size = first.len() + second.len();
    let (id, sent) = uploads(&app, &[&first, &second], size, json!({"store": {"path": "up"}})).await;
    let complete = json!({"apikey": "demo", "upload_id": id, "parts": sent, "upload_tags": {"order": "17"}});
    let (status, file) = app.post("/multipart/complete", &complete).await;
    assert_eq!(status, StatusCode::OK, "{file}");
    assert_eq!((text(&file, "filename").as_str(), &file["size"]), ("été.bin", &json!(size)));
    assert_eq!(
        (text(&file, "mimetype").as_str(), &file["upload_tags"]),
        ("application/x-words", &json!({"order": "17"}))
    );
    assert!(text(&file, "key").starts_with("up/") && text(&file, "status") == "Stored", "{file}");
    let again = app.post("/multipart/complete", &complete).await;
    assert_eq!((again.0, &again.1["handle"]), (StatusCode::OK, &file["handle"]), "asking again is the same file");
    let bytes = app.get(&format!("/{}", text(&file, "handle"))).await.bytes().await.unwrap();
    assert_eq!(bytes.len(), size);
    assert_eq!(hex::encode(Sha256::digest(&bytes)), text(&file, "sha256"));
    app.executes("UPDATE uploads SET touched_ms = 1").await;
    let config = app.config();
    let db = Db::open(config.database_url.expose(), app.data_dir(), Keyring::in_data_dir(app.data_dir()).unwrap());
    let buckets = Buckets::open(&config).unwrap();
    let kept = remove_orphans(&db.await.unwrap(), &buckets, Duration::ZERO).await.unwrap();
    assert_eq!(kept, Orphans::default(), "parts belong to their upload");
}

#[tokio::test]
async fn parts_that_do_not_fit_are_named() {
    let app = TestApp::start().await;
    let code = |(status, told): (StatusCode, Value)| (status, text(&told["error"], "text"));
    for (size, words) in [(0, "at least 1 byte"), (-5, "at least 1 byte"), (6_000_000_000_i64, "too large")] {
        let (status, said) =
            code(app.post("/multipart/start", &json!({"apikey": "demo", "filename": "a", "size": size})).await);
        assert!(status.is_client_error() && said.contains(words), "{size}: {status} {said}");
    }
    let (id, sent) = uploads(&app, &[b"abc"], 7, json!({})).await;
    let complete = async |parts: Value| {
        code(app.post("/multipart/complete", &json!({"apikey": "demo", "upload_id": id, "parts": parts})).await)
    };
    let (status, said) = complete(json!(sent)).await;
    assert!(status == StatusCode::BAD_REQUEST && said.contains("3 bytes") && said.contains('7'), "{said}");
    let part = json!({"apikey": "demo", "upload_id": id, "part": 3, "size": 4});
    let to = app.post("/multipart/upload", &part).await.1;
    let put = async |body: &'static str| app.http.put(text(&to, "url")).body(body).send().await.unwrap().status();
    assert_eq!(put("too long").await, StatusCode::BAD_REQUEST);
    assert_eq!(put("no").await, StatusCode::BAD_REQUEST);
    assert_eq!(put("defg").await, StatusCode::OK);
    assert_eq!(put("DEFG").await, StatusCode::OK, "a part can be sent again");
    assert!(complete(json!([])).await.1.contains("Part 2 is missing"));
    let other = text(&to, "url").replace("/3?", "/2?");
    assert_eq!(app.http.put(other).body("defg").send().await.unwrap().status(), StatusCode::FORBIDDEN);
    assert_eq!(
        app.post("/multipart/upload", &json!({"apikey": "demo", "upload_id": "x", "part": 1, "size": 4})).await.0,
        StatusCode::BAD_REQUEST
    );
    assert_eq!(app.count("files").await, 0);
}

/// A host that clients name: a file, a redirect to it, and a page that is as slow as it likes.
pub async fn a_host() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let authority = listener.local_addr().unwrap().to_string();
    let to = format!("http://{authority}/papers/a%20b.pdf");
    let router = Router::new()
        .route("/papers/a b.pdf", get(|| async { ([("content-type", "application/pdf")], "%PDF-1.7 words") }))
        .route("/papers/a%20b.pdf", get(|| async { ([("content-type", "application/pdf")], "%PDF-1.7 words") }))
        .route("/moved", get(move || async move { (StatusCode::FOUND, [("location", to)]) }))
        .route(
            "/inside",
            get(|| async { (StatusCode::FOUND, [("location", "http://169.254.169.254/latest/meta-data")]) }),
        )
        .route("/headers", get(|headers: HeaderMap| async move { format!("{headers:?}") }));
    tokio::spawn(async move { axum::serve(listener, router).await });
    authority
}

#[tokio::test]
async fn what_is_at_an_address_is_stored() {
    let host = a_host().await;
    let listed = host.clone();
    let app = TestApp::start_with(|config| config.private_sources = vec![listed]).await;
    let body = |source: &str, task: Value| json!({"apikey": "demo", "sources": [source], "tasks": [task]});
    let store = json!({"name": "store", "params": {"path": "papers", "container": "box"}});
    let (status, file) = app.post("/process", &body(&format!("http://{host}/moved"), store.clone())).await;
    assert_eq!(status, StatusCode::OK, "{file}");
    assert_eq!((text(&file, "filename").as_str(), text(&file, "type").as_str()), ("a b.pdf", "application/pdf"));
    assert_eq!((&file["size"], text(&file, "container").as_str()), (&json!(14), "box"));
    let read = app.get(&format!("/{}", text(&file, "handle"))).await;
    assert_eq!(read.headers()[header::CONTENT_SECURITY_POLICY], "sandbox");
    let known = app.post("/metadata", &json!({"apikey": "demo", "url": format!("http://{host}/moved")})).await.1;
    assert_eq!((text(&known, "display_name").as_str(), &known["size"]), ("a%20b.pdf", &json!(14)));

    let (status, refused) = app.post("/process", &body(&format!("http://{host}/inside"), store.clone())).await;
    assert!(status.is_server_error(), "{refused}");
    assert_eq!(refused["error"]["code"], "source_unavailable");
    let (status, told) = app.post("/process", &body("http://a.example/", json!({"name": "video_convert"}))).await;
    assert_eq!(status, StatusCode::NOT_IMPLEMENTED, "{told}");
    for (body, words) in [
        (body("file:///etc/passwd", store.clone()), "an address with http"),
        (json!({"apikey": "demo", "sources": [], "tasks": [store]}), "names no source"),
        (body("https://a.example/", json!({"name": "cache"})), "no task that does anything"),
    ] {
        let (status, told) = app.post("/process", &body).await;
        assert!(status == StatusCode::BAD_REQUEST && text(&told["error"], "text").contains(words), "{told}");
    }
}

#[tokio::test]
async fn addresses_inside_are_not_asked() {
    let host = a_host().await;
    let port = host.rsplit_once(':').unwrap().1;
    let app = TestApp::start().await;
    for inside in [
        format!("http://{host}/moved"),
        format!("http://localhost:{port}/moved"),
        format!("http://[::1]:{port}/"),
        format!("http://[::ffff:127.0.0.1]:{port}/"),
        format!("http://0x7f.1:{port}/"),
        "http://169.254.169.254/latest/meta-data".to_owned(),
        "http://10.0.0.1/".to_owned(),
        "http://93.184.216.34:22/".to_owned(),
    ] {
        let body = json!({"apikey": "demo", "sources": [inside], "tasks": [{"name": "store", "params": {}}]});
        let (_, refused) = app.post("/process", &body).await;
        assert_eq!(refused["error"]["code"], "source_unavailable", "{inside}: {refused}");
    }
    assert_eq!(app.count("files").await, 0);
    let body = json!({"apikey": "demo", "sources": ["http://user:pass@shop.example/"], "tasks": [{"name": "store"}]});
    assert_eq!(app.post("/process", &body).await.0, StatusCode::BAD_REQUEST);
    let body = json!({"apikey": "demo", "sources": ["http://10.0.0.1/a?signature=of-the-address"], "tasks": [{"name": "store"}]});
    app.post("/process", &body).await;
    let log = crate::logs::log();
    assert!(log.contains("10.0.0.1") && !log.contains("pass@") && !log.contains("of-the-address"));
}

#[tokio::test]
async fn a_client_of_filestacks_learns_before_it_opens_that_nothing_is_blocked() {
    let app = TestApp::start().await;
    let asked = json!({"apikey": "demo", "settings": ["inapp_browser"], "permissions": ["intelligent_ingestion", "whitelabel"]});
    let (status, told) = app.post("/prefetch", &asked).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(
        told,
        json!({"blocked": false, "settings": {"inapp_browser": false},
        "permissions": {"intelligent_ingestion": false, "whitelabel": true}})
    );
    assert_eq!(app.post("/prefetch", &json!({"apikey": "other"})).await.0, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_removal_that_a_kill_interrupted_is_finished() {
    let mut app = TestApp::start_on_disk().await;
    let (_, file) = stored(&app, json!({})).await;
    app.stop().await;
    app.executes("UPDATE files SET removed_ms = 1").await;
    assert_eq!(app.stored_files().len(), 1);
    app.start_again().await;
    eventually("the bytes are gone", async || app.stored_files().is_empty() && app.count("files").await == 0).await;
    assert_eq!(app.get(&format!("/{}", text(&file, "handle"))).await.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_link_leads_to_a_photo_where_it_is() {
    let app = TestApp::start_with(|config| config.apps[0].allow_links = true).await;
    let mut visitor = app.visitor();
    let offer = visitor.lists("facebook", "/").await;
    assert_eq!(offer["auth"]["links"], true, "the Connect screen is told");
    visitor.signs_in("facebook", "alice").await;
    let album = visitor.finds("facebook", "Profile pictures").await;
    let photos = visitor.photos("facebook", &album).await;
    let reply = visitor.posts("/link/", json!({"clouds": {"facebook": {"path": photos[0]}}})).await;
    let file = &reply["facebook"];
    assert_eq!((text(file, "mimetype").as_str(), text(file, "status").as_str()), ("image/jpeg", ""), "{file}");
    assert_eq!((app.stored_files().len(), app.count("files").await), (0, 1), "nothing is stored");
    // The pick is over; the link lives on.
    visitor.posts("/auth/logout", json!({})).await;
    assert_eq!(app.count("sessions").await, 0);
    let path = format!("/{}", text(file, "handle"));
    let read = app.get(&path).await;
    assert_eq!(
        (read.status(), read.headers()[header::CACHE_CONTROL].to_str().unwrap()),
        (StatusCode::OK, "private, no-store")
    );
    let bytes = read.bytes().await.unwrap();
    let served = app.emulator.served();
    assert_eq!(hex::encode(Sha256::digest(&bytes)), served.last().unwrap().sha256);
    assert_eq!(file["size"], json!(bytes.len()));
    app.emulator.set_fault(bowerbird_emulator::Fault::ServerErrors { times: None, host: None, status: None });
    assert!(app.get(&path).await.status().is_server_error(), "it may work again");
    app.emulator.clear_faults();
    assert_eq!(app.get(&path).await.status(), StatusCode::OK);
    app.emulator.set_fault(bowerbird_emulator::Fault::RevokedTokens);
    assert_eq!(app.get(&path).await.status(), StatusCode::GONE, "the connection has ended");
    assert_eq!(app.count("connections").await, 0);
    assert_eq!(app.get(&path).await.status(), StatusCode::GONE);
}

#[tokio::test]
async fn a_link_is_over_when_its_time_is_and_not_to_be_had_where_the_key_does_not_allow_it() {
    let mut app = TestApp::start_with(|config| config.apps[0].allow_links = true).await;
    let mut visitor = app.visitor();
    visitor.signs_in("facebook", "alice").await;
    let album = visitor.finds("facebook", "Profile pictures").await;
    let photo = visitor.photos("facebook", &album).await.remove(0);
    let wish = json!({"clouds": {"facebook": {"path": photo, "store": {"access": "private"}}}});
    let file = visitor.posts("/link/", wish.clone()).await["facebook"].clone();
    let path = format!("/{}", text(&file, "handle"));
    assert_eq!(app.get(&path).await.status(), StatusCode::FORBIDDEN, "a link can be private too");
    let token = visitor.token.clone();
    assert_eq!(asks(&app, Method::GET, &path, token.as_deref()).await.status(), StatusCode::OK);
    app.executes("UPDATE files SET link_expires_ms = 1").await;
    assert_eq!(asks(&app, Method::GET, &path, token.as_deref()).await.status(), StatusCode::GONE);
    app.stop().await;
    app.reconfigure(|config| config.apps[0].allow_links = false);
    app.start_again().await;
    let mut body = wish;
    body["apikey"] = json!("demo");
    body["token"] = json!(token);
    let (status, refused) = app.post("/link/", &body).await;
    assert_eq!((status, &refused["error"]["code"]), (StatusCode::FORBIDDEN, &json!("not_allowed")));
    assert!(app.visitor().lists("facebook", "/").await["auth"].get("links").is_none());
}

#[tokio::test]
async fn what_nobody_claims_is_removed_in_time() {
    let mut app = TestApp::start_with(|config| {
        config.apps[0].secret = Some(Secret::new(SECRET));
        config.apps[0].unclaimed_hours = Some(1);
    })
    .await;
    let (visitor, claimed) = stored(&app, json!({})).await;
    let (_, forgotten) = stored(&app, json!({"path": "b"})).await;
    let path = format!("/api/file/{}/claim", text(&claimed, "handle"));
    let claims = async |query: &str, token: Option<&str>| {
        let request = app.http.post(format!("{}{path}?{query}", app.url)).header(header::ORIGIN, ORIGIN);
        let request = token.into_iter().fold(request, |request, token| request.bearer_auth(token));
        request.send().await.unwrap().status()
    };
    assert_eq!(claims("", visitor.token.as_deref()).await, StatusCode::FORBIDDEN, "the page cannot");
    assert_eq!(claims(&for_calls(r#"["read"]"#), None).await, StatusCode::FORBIDDEN);
    assert_eq!(claims(&for_calls(r#"["store"]"#), None).await, StatusCode::OK);
    app.executes("UPDATE files SET created_ms = created_ms - 7200000").await;
    app.stop().await;
    app.start_again().await;
    eventually("what was forgotten is gone", async || app.count("files").await == 1).await;
    assert_eq!(app.get(&format!("/{}", text(&claimed, "handle"))).await.status(), StatusCode::OK);
    assert_eq!(app.get(&format!("/{}", text(&forgotten, "handle"))).await.status(), StatusCode::NOT_FOUND);
    assert_eq!(app.stored_files().len(), 1);
}

#[tokio::test]
async fn a_key_has_no_more_files_and_bytes_than_it_may_have() {
    let app = TestApp::start_with(|config| {
        config.apps[0].max_files = Some(1);
        let bytes = bowerbird_companion::config::AppConfig { max_bytes: Some(10), ..config.apps[0].clone() };
        config.apps.push(bowerbird_companion::config::AppConfig { key: "small".to_owned(), max_files: None, ..bytes });
    })
    .await;
    let (visitor, _) = stored(&app, json!({})).await;
    let clouds = json!({"facebook": {"path": "/1/2.jpg"}});
    let (status, full) =
        app.post("/store/", &json!({"apikey": "demo", "token": visitor.token, "clouds": clouds})).await;
    assert_eq!((status, &full["error"]["code"]), (StatusCode::FORBIDDEN, &json!("store_limit")));
    assert_eq!(
        app.post("/multipart/start", &json!({"apikey": "demo", "filename": "a", "size": 1})).await.0,
        StatusCode::FORBIDDEN
    );
    let start = json!({"apikey": "small", "filename": "a", "size": 20});
    let id = app.post("/multipart/start", &start).await.1["upload_id"].clone();
    let to = app.post("/multipart/upload", &json!({"apikey": "small", "upload_id": id, "part": 1, "size": 20})).await.1;
    app.http.put(text(&to, "url")).body("x".repeat(20)).send().await.unwrap();
    let done = app.post("/multipart/complete", &json!({"apikey": "small", "upload_id": id})).await;
    assert_eq!(done.0, StatusCode::OK, "{:?}", done.1);
    assert_eq!(app.post("/multipart/start", &start).await.0, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn an_operator_lists_shows_and_removes_files() {
    let app = TestApp::start_with(|config| config.files_url = Some("https://files.example".parse().unwrap())).await;
    let (_, file) = stored(&app, json!({})).await;
    let handle = text(&file, "handle");
    assert_eq!(text(&file, "url"), format!("https://files.example/{handle}"));
    let (well, said) = app.runs(&["files", "list"]).await;
    assert!(well && said.contains(&handle) && said.contains("facebook"), "{said}");
    assert!(app.runs(&["files", "list", "another"]).await.1.contains("none"));
    let (well, said) = app.runs(&["files", "show", &handle]).await;
    assert!(well && said.contains(&text(&file, "sha256")) && said.contains("image/jpeg"), "{said}");
    let (well, said) = app.runs(&["files", "rm", "unknown"]).await;
    assert!(!well && said.contains("no file with the handle `unknown`"), "{said}");
    assert!(app.runs(&["files", "rm", &handle]).await.0);
    assert_eq!((app.stored_files().len(), app.count("files").await), (0, 0));
}

#[tokio::test]
async fn images_can_be_read_from_the_storage_itself() {
    let Some(s3) = bowerbird_services::S3::shared() else { return };
    let app = TestApp::start_with(|config| {
        crate::app::on_s3(config, s3);
        config.storage_url.push_str("/a prefix");
        config.presigned_reads = true;
        config.apps[0].secret = Some(Secret::new(SECRET));
    })
    .await;
    let (visitor, file) = stored(&app, json!({"path": "b"})).await;
    let path = format!("/{}", text(&file, "handle"));
    let sent = app.get(&path).await;
    assert_eq!(
        (sent.status(), sent.headers()[header::CACHE_CONTROL].to_str().unwrap()),
        (StatusCode::TEMPORARY_REDIRECT, "public, max-age=240")
    );
    let there = crate::app::location(&sent);
    assert!(there.starts_with(s3.endpoint()), "{there}");
    let bytes = app.http.get(&there).send().await.unwrap().bytes().await.unwrap();
    assert_eq!(hex::encode(Sha256::digest(&bytes)), text(&file, "sha256"));
    let forged = app.http.get(there.replace("X-Amz-Signature=", "X-Amz-Signature=0")).send().await.unwrap();
    assert!(forged.status().is_client_error());
    // Where the storage could not be told how, it comes through the companion.
    let saved = app.get(&format!("{path}?dl=true")).await;
    assert!(saved.headers()[header::CONTENT_DISPOSITION].to_str().unwrap().starts_with("attachment"));
    let other = app.http.post(format!("{}/api/file{path}", app.url)).header(header::ORIGIN, ORIGIN);
    other.bearer_auth(visitor.token.unwrap()).body("<script>").send().await.unwrap();
    assert_eq!(app.get(&path).await.headers()[header::CONTENT_SECURITY_POLICY], "sandbox");
}
