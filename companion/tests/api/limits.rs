//! How often somebody may ask.

use crate::app::{ORIGIN, TestApp, text};
use bowerbird_companion::config::Config;
use reqwest::{Response, StatusCode, header};
use serde_json::{Value, json};

/// A page's call, whatever the answer.
async fn calls(app: &TestApp, path: &str, body: Value) -> Response {
    let request = app.http.post(format!("{}{path}", app.url)).header(header::ORIGIN, ORIGIN);
    request.json(&body).send().await.unwrap()
}

fn listing(token: Option<&str>) -> Value {
    json!({"apikey": "demo", "token": token, "clouds": {"facebook": {"path": "/"}}, "completes": true})
}

/// Asserts that it is refused for being one too many, in words that a page of another origin can read.
async fn is_one_too_many(answer: Response) {
    assert_eq!(answer.status(), StatusCode::TOO_MANY_REQUESTS);
    let header = |name: header::HeaderName| answer.headers()[name].to_str().unwrap().to_owned();
    assert!((1..=60).contains(&header(header::RETRY_AFTER).parse::<u64>().unwrap()));
    assert_eq!(header(header::ACCESS_CONTROL_ALLOW_ORIGIN), ORIGIN);
    assert_eq!(header(header::ACCESS_CONTROL_EXPOSE_HEADERS), "retry-after");
    assert_eq!(answer.json::<Value>().await.unwrap()["error"]["code"], "too_many_requests");
}

#[tokio::test]
async fn a_flood_without_sessions_is_bounded_by_its_address() {
    let app = TestApp::start_with(|config| config.rate_per_address = 3).await;
    for _ in 0..3 {
        assert_eq!(calls(&app, "/folder/list", listing(None)).await.status(), StatusCode::OK);
    }
    for body in [listing(None), json!("nonsense")] {
        is_one_too_many(calls(&app, "/folder/list", body).await).await;
    }
    assert_eq!((app.count("sessions").await, app.count("attempts").await), (3, 3));
    assert_eq!(app.get("/healthz").await.status(), StatusCode::OK);
    let preflight = app.http.request(reqwest::Method::OPTIONS, format!("{}/folder/list", app.url));
    let preflight = preflight.header(header::ORIGIN, ORIGIN).header(header::ACCESS_CONTROL_REQUEST_METHOD, "POST");
    assert_eq!(preflight.send().await.unwrap().status(), StatusCode::OK, "asking whether one may ask is free");
}

#[tokio::test]
async fn an_invented_address_counts_for_nothing() {
    let app = TestApp::start_with(|config| config.rate_per_address = 1).await;
    let asks = async |address: &str| {
        let request = app.http.post(format!("{}/folder/list", app.url)).header("x-forwarded-for", address);
        request.json(&listing(None)).send().await.unwrap().status()
    };
    assert_eq!(asks("203.0.113.1").await, StatusCode::OK);
    assert_eq!(asks("203.0.113.2").await, StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test]
async fn a_flood_from_many_addresses_is_bounded_by_the_key() {
    let change = |config: &mut Config| {
        config.rate_per_key = 2;
        config.trusted_proxies = vec!["127.0.0.1".to_owned().try_into().unwrap()];
    };
    let app = TestApp::start_with(change).await;
    let asks = async |last: u8| {
        let request = app.http.post(format!("{}/folder/list", app.url)).header(header::ORIGIN, ORIGIN);
        let request = request.header("x-forwarded-for", format!("203.0.113.{last}"));
        request.json(&listing(None)).send().await.unwrap()
    };
    assert_eq!(asks(1).await.status(), StatusCode::OK);
    assert_eq!(asks(2).await.status(), StatusCode::OK);
    is_one_too_many(asks(3).await).await;
    assert_eq!(app.count("sessions").await, 2);
}

#[tokio::test]
async fn a_session_is_bounded_and_another_is_not_refused_for_it() {
    let app = TestApp::start_with(|config| config.rate_per_session = 2).await;
    let first: Value = calls(&app, "/folder/list", listing(None)).await.json().await.unwrap();
    let token = text(&first, "token");
    for _ in 0..2 {
        assert_eq!(calls(&app, "/folder/list", listing(Some(&token))).await.status(), StatusCode::OK);
    }
    is_one_too_many(calls(&app, "/folder/list", listing(Some(&token))).await).await;
    let store = json!({"apikey": "demo", "token": token, "clouds": {"facebook": {"path": "/1/2.jpg"}}});
    is_one_too_many(calls(&app, "/store/", store).await).await;
    assert_eq!(calls(&app, "/folder/list", listing(None)).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn the_pages_of_a_sign_in_are_bounded_and_say_so_in_a_page() {
    let app = TestApp::start_with(|config| config.rate_per_address = 3).await;
    let open = "/api/client/facebook/auth/open?attempt=x";
    for _ in 0..2 {
        assert_eq!(app.get(open).await.status(), StatusCode::BAD_REQUEST);
    }
    assert_eq!(app.get("/api/client/facebook/authCallback/open").await.status(), StatusCode::BAD_REQUEST);
    let refused = app.get(open).await;
    assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
    assert!(refused.headers().contains_key(header::RETRY_AFTER));
    assert!(refused.headers()[header::CONTENT_TYPE].to_str().unwrap().starts_with("text/html"));
    assert!(refused.headers().contains_key(header::CONTENT_SECURITY_POLICY));
    assert!(refused.text().await.unwrap().contains("Try again in a minute"));
    let lost = app.http.post(format!("{}/api/client/facebook/auth/lost", app.url)).body("a.b").send().await.unwrap();
    assert_eq!(lost.status(), StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test]
async fn stored_files_and_the_widget_are_not_counted() {
    let app = TestApp::start_with(|config| config.rate_per_address = 1).await;
    std::fs::write(app.widget_dir().join("bowerbird.js"), "//").unwrap();
    for _ in 0..5 {
        assert_eq!(app.get("/bowerbird.js").await.status(), StatusCode::OK);
        assert_eq!(app.get("/AAAAAAAAAAAAAAAAAAAA").await.status(), StatusCode::NOT_FOUND);
    }
}

#[tokio::test]
async fn thumbnails_have_a_limit_of_their_own() {
    let app = TestApp::start_with(|config| config.rate_thumbnails = 2).await;
    let mut visitor = app.visitor();
    visitor.signs_in("facebook", "alice").await;
    let root = visitor.lists("facebook", "/").await;
    let thumbnail = text(&root["contents"][0], "thumbnail");
    for status in [StatusCode::OK, StatusCode::OK, StatusCode::TOO_MANY_REQUESTS] {
        assert_eq!(app.http.get(&thumbnail).send().await.unwrap().status(), status);
    }
    assert!(visitor.lists("facebook", "/").await["contents"].is_array());
}
