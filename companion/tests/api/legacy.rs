//! The addresses that `filepicker.js` asks: storing by one request, and removing by a `POST`.

use crate::app::{ORIGIN, TestApp, text};
use crate::files::{a_host, stored, with_secret};
use bowerbird_companion::secrets::Secret;
use reqwest::{Method, StatusCode, header};
use serde_json::{Value, json};

const PNG: &[u8] = include_bytes!("four-by-two.png");

/// Posts a body of this type as a page does, in a session or in none.
async fn posts(app: &TestApp, path: &str, kind: &str, body: &[u8], token: Option<&str>) -> (StatusCode, Value) {
    let request = app.http.post(format!("{}{path}", app.url)).header(header::ORIGIN, ORIGIN);
    let request = request.header(header::CONTENT_TYPE, kind).body(body.to_vec());
    let request = match token {
        Some(token) => request.bearer_auth(token),
        None => request,
    };
    let answer = request.send().await.unwrap();
    let (status, told) = (answer.status(), answer.text().await.unwrap());
    (status, serde_json::from_str(&told).unwrap_or(Value::String(told)))
}

#[tokio::test]
async fn bytes_are_stored_by_one_request() {
    let app = TestApp::start().await;
    let path = "/api/store/S3?key=demo&filename=small.png&path=x/&container=box&access=public";
    let (status, blob) = posts(&app, path, "text/plain", PNG, None).await;
    assert_eq!(status, StatusCode::OK, "{blob}");
    assert!(text(&blob, "key").starts_with("box/x/"), "{blob}");
    let told = ["filename", "type", "size", "writeable", "width", "container"].map(|name| blob[name].clone());
    let expected = [json!("small.png"), json!("image/png"), json!(PNG.len()), json!(true), json!(4), json!("box")];
    assert_eq!(told, expected, "the bytes say what it is: {blob}");
    assert_eq!(app.get(&format!("/{}", text(&blob, "handle"))).await.bytes().await.unwrap(), PNG);
    let path = "/api/store/s3?key=demo&mimetype=text/csv&access=private";
    let (_, blob) = posts(&app, path, "", b"a,b", None).await;
    assert_eq!((text(&blob, "filename"), text(&blob, "type")), ("file.bin".to_owned(), "text/csv".to_owned()));
    assert_eq!(app.get(&format!("/{}", text(&blob, "handle"))).await.status(), StatusCode::FORBIDDEN, "it is private");
    assert_eq!(app.count("files").await, 2);
}

#[tokio::test]
async fn what_cannot_be_stored_so_is_told_why() {
    let app = TestApp::start_with(|config| config.max_upload_bytes = 100).await;
    let form = "application/x-www-form-urlencoded";
    for (path, kind, body, status, words) in [
        ("/api/store/S3", "", &b"a"[..], 400, "key"),
        ("/api/store/S3?key=nobody", "", b"a", 403, "key"),
        ("/api/store/dropbox?key=demo", "", b"a", 400, "no storage named `dropbox`"),
        ("/api/store/S3?key=demo&access=team", "", b"a", 400, "`team`"),
        ("/api/store/S3?key=demo&base64decode=true", "", b"YQ==", 400, "base64decode"),
        ("/api/store/S3?key=demo", "", b"", 400, "empty"),
        ("/api/store/S3?key=demo", "", &[0; 101], 413, "too large"),
        ("/api/store/S3?key=demo", "multipart/form-data; boundary=x", b"--x", 400, "multipart/form-data"),
        ("/api/store/S3?key=demo", form, b"address=x", 400, "`url`"),
        ("/api/store/S3?key=demo", form, b"url=ftp%3A%2F%2Fa.example", 400, "http"),
        ("/api/store/S3?key=demo", form, b"url=http%3A%2F%2F10.0.0.1%2F", 502, ""),
    ] {
        let (answered, told) = posts(&app, path, kind, body, None).await;
        assert_eq!(answered.as_u16(), status, "{path}: {told}");
        assert!(text(&told["error"], "text").contains(words), "{path}: {told}");
    }
    assert_eq!(app.count("files").await, 0);
    assert!(app.stored_files().iter().all(|file| std::fs::metadata(file).unwrap().len() == 0), "nothing is left of it");
    let app = TestApp::start_with(|config| {
        config.apps[0].secret = Some(Secret::new("s"));
        config.apps[0].require_policy = true;
    })
    .await;
    let (status, told) = posts(&app, "/api/store/S3?key=demo", "", b"a", None).await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    assert!(text(&told["error"], "text").contains("`store`"), "{told}");
}

#[tokio::test]
async fn what_is_at_an_address_is_stored_by_a_form() {
    let host = a_host().await;
    let listed = host.clone();
    let app = TestApp::start_with(|config| config.private_sources = vec![listed]).await;
    let form = "application/x-www-form-urlencoded";
    let address = format!("url=http%3A%2F%2F{}%2Fmoved", host.replace(':', "%3A"));
    let (status, blob) = posts(&app, "/api/store/S3?key=demo&path=p/", form, address.as_bytes(), None).await;
    assert_eq!((status, text(&blob, "filename").as_str()), (StatusCode::OK, "a b.pdf"), "{blob}");
    // An address of a file of ours is that file, and asks nobody.
    let own = format!("url={}/api/file/{}", app.url.replace("//", "%2F%2F").replace(':', "%3A"), text(&blob, "handle"));
    let own = own.replace("/api/file/", "%2Fapi%2Ffile%2F");
    let (status, copy) = posts(&app, "/api/store/S3?key=demo&filename=b.pdf", form, own.as_bytes(), None).await;
    assert_eq!((status, text(&copy, "filename").as_str()), (StatusCode::OK, "b.pdf"), "{copy}");
    assert_eq!(copy["sha256"], blob["sha256"]);
    assert_ne!(copy["handle"], blob["handle"]);
}

#[tokio::test]
async fn what_a_session_stored_it_may_remove_and_no_other() {
    let app = with_secret().await;
    let (visitor, picked) = stored(&app, json!({})).await;
    let token = visitor.token.as_deref();
    let mut other = app.visitor();
    other.signs_in("facebook", "ben").await;
    let sent = posts(&app, "/api/store/S3?key=demo", "", b"words", token).await.1;
    let convert = format!("/api/file/{}/convert?width=10", text(&picked, "handle"));
    let made = posts(&app, &convert, "", b"", token).await.1;
    let nobodys = posts(&app, "/api/store/S3?key=demo", "", b"words", Some("a token that is over")).await.1;
    for file in [&picked, &sent, &made, &nobodys] {
        let remove = format!("/api/file/{}/remove", text(file, "handle"));
        let status = async |token| posts(&app, &remove, "", b"", token).await.0;
        assert_eq!(status(None).await, StatusCode::FORBIDDEN);
        assert_eq!(status(other.token.as_deref()).await, StatusCode::FORBIDDEN);
        let own = if file == &nobodys { StatusCode::FORBIDDEN } else { StatusCode::OK };
        assert_eq!(status(token).await, own, "{file}");
    }
    assert_eq!(app.count("files").await, 1);
    let policy = crate::files::for_calls(r#"["remove"]"#);
    let remove = format!("/api/file/{}/remove?key=demo&{policy}", text(&nobodys, "handle"));
    assert_eq!(posts(&app, &remove, "", b"", None).await, (StatusCode::OK, json!("success")));
    let preflight = app.http.request(Method::OPTIONS, format!("{}{remove}", app.url)).header(header::ORIGIN, ORIGIN);
    let preflight = preflight.header(header::ACCESS_CONTROL_REQUEST_METHOD, "POST");
    let preflight = preflight.header(header::ACCESS_CONTROL_REQUEST_HEADERS, "authorization").send().await.unwrap();
    assert_eq!(preflight.headers()[header::ACCESS_CONTROL_ALLOW_ORIGIN], ORIGIN);
}
