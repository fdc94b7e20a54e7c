//! How often somebody may ask, how much at once, and how much of it is kept.

use crate::app::{Does, ORIGIN, Offer, TestApp, Visitor, eventually, text};
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
    assert!(header(header::ACCESS_CONTROL_EXPOSE_HEADERS).contains("retry-after"));
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

/// Asks for a stream, and holds it once it has begun.
async fn streams(visitor: &Visitor<'_>, path: &str, clouds: Value) -> Response {
    let request = visitor.app.http.post(format!("{}{path}", visitor.app.url)).header(header::ORIGIN, ORIGIN);
    let body = json!({"apikey": visitor.key, "token": visitor.token, "clouds": clouds});
    request.header(header::ACCEPT, "text/event-stream").json(&body).send().await.unwrap()
}

async fn watches(visitor: &Visitor<'_>, offer: &Offer) -> Response {
    streams(visitor, "/auth/wait", json!({"facebook": {"attempt": offer.attempt}})).await
}

#[tokio::test]
async fn a_session_has_few_streams_open_and_another_is_not_refused_for_it() {
    let app = TestApp::start().await;
    let mut visitor = app.visitor();
    let offer = visitor.is_offered("facebook").await;
    let store = json!({"facebook": {"path": "/1/2.jpg"}});
    let mut open = Vec::new();
    for _ in 0..7 {
        open.push(watches(&visitor, &offer).await);
    }
    for _ in 0..3 {
        let stream = streams(&visitor, "/store/", store.clone()).await;
        assert_eq!(stream.status(), StatusCode::OK, "those that have ended do not count");
        assert!(stream.text().await.unwrap().contains("sign_in_again"));
    }
    open.push(watches(&visitor, &offer).await);
    assert!(open.iter().all(|stream| stream.status() == StatusCode::OK));
    is_one_too_many(watches(&visitor, &offer).await).await;
    is_one_too_many(streams(&visitor, "/store/", store.clone()).await).await;
    assert_eq!(calls(&app, "/folder/list", listing(visitor.token.as_deref())).await.status(), StatusCode::OK);
    let mut other = app.visitor();
    let others = other.is_offered("facebook").await;
    assert_eq!(watches(&other, &others).await.status(), StatusCode::OK);

    drop(open.pop());
    eventually("there is a place again", async || watches(&visitor, &offer).await.status() == StatusCode::OK).await;
}

#[tokio::test]
async fn a_stream_of_photos_counts_as_long_as_it_is_open() {
    let app = super::storing::with_slow_pictures().await;
    let mut visitor = app.visitor();
    visitor.signs_in("facebook", "alice").await;
    let path = super::storing::a_large_photo(&mut visitor).await;
    let mut open = Vec::new();
    for _ in 0..8 {
        open.push(streams(&visitor, "/store/", json!({"facebook": {"path": path}})).await);
    }
    assert!(open.iter().all(|stream| stream.status() == StatusCode::OK));
    let elsewhere = json!({"facebook": {"path": path, "store": {"path": "/elsewhere/"}}});
    is_one_too_many(streams(&visitor, "/store/", elsewhere).await).await;
    assert_eq!(app.count("jobs").await, 1, "what is refused has not begun");
    for stream in open {
        assert!(stream.text().await.unwrap().contains("event: done"));
    }
    assert_eq!(streams(&visitor, "/store/", json!({"facebook": {"path": path}})).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn only_who_is_signed_in_is_remembered() {
    let mut app = TestApp::start().await;
    let change = async |app: &TestApp, statement: &'static str| {
        sqlx::query(statement).execute(&app.database().await).await.unwrap();
    };
    let mut tokens = Vec::new();
    for signs_in in [false, true] {
        let mut visitor = app.visitor();
        visitor.posts("/folder/list", json!({"clouds": {}, "remember": true})).await;
        if signs_in {
            visitor.signs_in("facebook", "alice").await;
        }
        tokens.push(visitor.token.unwrap());
    }
    let later = "UPDATE sessions SET seen_ms = seen_ms - 7200001";
    change(&app, later).await;
    for (token, is_known) in tokens.iter().zip([false, true]) {
        let reply: Value = calls(&app, "/folder/list", listing(Some(token))).await.json().await.unwrap();
        assert_eq!(text(&reply, "token") == *token, is_known, "{reply}");
    }

    // Of the three that there are now, the one that was signed in outlives a sweep.
    app.stop().await;
    change(&app, later).await;
    app.start_again().await;
    eventually("the others are forgotten", async || app.count("sessions").await == 1).await;
    let mut visitor = Visitor { app: &app, key: "demo", token: tokens.pop() };
    assert!(visitor.lists("facebook", "/").await["contents"].is_array());

    change(&app, "UPDATE sessions SET seen_ms = seen_ms - 14 * 24 * 3600000 - 1").await;
    assert!(visitor.lists("facebook", "/").await["auth"].is_object(), "two weeks are the most");
}

#[tokio::test]
async fn a_session_does_not_gather_sign_ins() {
    let mut app = TestApp::start().await;
    let mut visitor = app.visitor();
    visitor.signs_in("facebook", "alice").await;
    // Answered, and waiting for its code.
    let mut waiting = Vec::new();
    for _ in 0..2 {
        let offer = visitor.asks_for(json!({"instagram": {"path": "/"}})).await["instagram"]["auth"].take();
        let offer = Offer { redirect_url: text(&offer, "redirect_url"), attempt: text(&offer, "attempt") };
        let (_, page) = visitor.goes_through(&offer, "alice.pro", Does::Continue).await;
        waiting.push((offer, page));
    }
    let token = visitor.token.clone();
    let database = app.database().await;
    let names = async || {
        let all = sqlx::query_scalar("SELECT id_hash FROM attempts ORDER BY id_hash");
        all.fetch_all(&database).await.unwrap() as Vec<String>
    };
    let insert = async |id: &'static str, outcome: Option<&str>, minutes: i64, ended: Option<i64>| {
        sqlx::query(
            "INSERT INTO attempts (id_hash, session_id, source, rerequest, outcome, created_ms, ended_ms) \
             SELECT $1, session_id, 'facebook', 0, $2, created_ms - $3 * 60000, created_ms - $4 * 60000 \
             FROM attempts WHERE outcome = 'connected' AND id_hash NOT LIKE 'test%'",
        )
        .bind(id)
        .bind(outcome)
        .bind(minutes)
        .bind(ended)
        .execute(&database)
        .await
        .unwrap();
    };
    let mut kept = names().await;
    insert("test offered", None, 119, None).await;
    insert("test never begun", None, 121, None).await;
    insert("test ended", Some("sign_in_cancelled"), 30 * 60, Some(23 * 60)).await;
    insert("test long ended", Some("sign_in_cancelled"), 30 * 60, Some(25 * 60)).await;
    kept.extend(["test ended", "test offered"].map(str::to_owned));
    kept.sort();
    // One of those that were answered has waited in vain.
    let lost = waiting.remove(0).0.attempt;
    let old = "UPDATE attempts SET created_ms = created_ms - 10000000 WHERE code_hash IS NOT NULL";
    sqlx::query(old).execute(&database).await.unwrap();
    sqlx::query("UPDATE attempts SET code_expires_ms = 1 WHERE id_hash = $1")
        .bind(&lost)
        .execute(&database)
        .await
        .unwrap();
    kept.retain(|name| *name != lost);
    app.stop().await;
    app.start_again().await;
    eventually("old ones are forgotten", async || names().await == kept).await;
    eventually("and what they were given", async || app.count("connections").await == 2).await;

    let mut visitor = Visitor { app: &app, key: "demo", token };
    let page = &waiting[0].1;
    assert_eq!(visitor.completes("instagram", page).await, json!({"state": "connected"}));
}

#[tokio::test]
async fn the_last_sign_in_is_known_as_long_as_its_session() {
    let mut app = TestApp::start().await;
    let mut visitor = app.visitor();
    visitor.signs_in("facebook", "alice").await;
    let database = app.database().await;
    // A sweep looks at notices after sign-ins, so that this one tells when it was here.
    for statement in [
        "INSERT INTO notices (id, app_key, body, state, tries, next_ms, created_ms, ended_ms) VALUES ('1', 'demo', '', 'delivered', 1, 0, 0, 0)",
        "UPDATE attempts SET created_ms = created_ms - 360000000, ended_ms = ended_ms - 360000000",
    ] {
        sqlx::query(statement).execute(&database).await.unwrap();
    }
    app.stop().await;
    app.start_again().await;
    eventually("old notices are forgotten", async || app.count("notices").await == 0).await;
    assert_eq!(app.count("attempts").await, 1);
}
