//! Signing in, in all the ways in which it ends.

use crate::app::{Does, ORIGIN, TestApp, items, location};
use bowerbird_emulator::Fault;
use reqwest::{StatusCode, header};
use serde_json::{Value, json};
use std::time::Duration;

fn code(outcome: &Value) -> &str {
    outcome["error"]["code"].as_str().unwrap_or_else(|| panic!("{outcome}"))
}

#[tokio::test]
async fn a_visitor_signs_in_to_both_sources() {
    let app = TestApp::start().await;
    let mut visitor = app.visitor();
    for (source, account, name) in [("facebook", "alice", "Alice Ferreira"), ("instagram", "alice.pro", "alice.pro")] {
        visitor.signs_in(source, account).await;
        let root = visitor.lists(source, "/").await;
        assert_eq!(root["account"], name);
        assert!(!items(&root).is_empty());
    }
}

#[tokio::test]
async fn both_sources_are_offered_in_one_call_and_no_unknown_one() {
    let app = TestApp::start().await;
    let clouds = json!({"facebook": {"path": "/"}, "instagram": {"path": "/"}, "myspace": {"path": "/"}});
    let reply = app.visitor().asks_for(clouds).await;
    for source in ["facebook", "instagram"] {
        let url = reply[source]["auth"]["redirect_url"].as_str().unwrap();
        assert!(url.starts_with(&format!("{}/api/client/{source}/auth/open?attempt=", app.url)), "{url}");
    }
    assert_eq!(code(&reply["myspace"]), "unknown_source");
}

#[tokio::test]
async fn a_cancelled_sign_in_says_so_and_another_works() {
    let app = TestApp::start().await;
    for (source, account) in [("facebook", "alice"), ("instagram", "alice.pro")] {
        let mut visitor = app.visitor();
        let offer = visitor.is_offered(source).await;
        let (status, page) = visitor.goes_through(&offer, account, Does::Cancel).await;
        assert_eq!(status, StatusCode::OK);
        assert!(page.contains("cancelled") && page.contains("close()"), "{page}");
        assert_eq!(code(&visitor.waits(source, &offer).await), "sign_in_cancelled");
        visitor.signs_in(source, account).await;
    }
}

#[tokio::test]
async fn declined_photos_are_told_and_asked_for_again() {
    let app = TestApp::start().await;
    let mut visitor = app.visitor();
    let offer = visitor.is_offered("facebook").await;
    let (_, page) = visitor.goes_through(&offer, "alice", Does::UntickPhotos).await;
    assert!(page.contains("not shared"), "{page}");
    assert_eq!(code(&visitor.waits("facebook", &offer).await), "permission_declined");
    assert_eq!(app.count("connections").await, 0, "a token that opens no photos is not kept");

    let offer = visitor.is_offered("facebook").await;
    let dialog = visitor.opens(&offer).await;
    assert!(dialog.contains("auth_type=rerequest"), "{dialog}");
    visitor.signs_in("facebook", "alice").await;
}

#[tokio::test]
async fn a_personal_instagram_account_is_told_why() {
    let app = TestApp::start().await;
    let mut visitor = app.visitor();
    let offer = visitor.is_offered("instagram").await;
    let (_, page) = visitor.goes_through(&offer, "ben.personal", Does::Continue).await;
    assert!(page.contains("professional"), "{page}");
    assert_eq!(code(&visitor.waits("instagram", &offer).await), "personal_account");
}

#[tokio::test]
async fn the_documented_shape_of_instagrams_token_answer_works_too() {
    let app = TestApp::start().await;
    app.emulator.set_fault(Fault::DocumentedTokenShape);
    app.visitor().signs_in("instagram", "alice.pro").await;
}

#[tokio::test]
async fn a_state_counts_once() {
    let app = TestApp::start().await;
    let mut visitor = app.visitor();
    let offer = visitor.is_offered("facebook").await;
    let dialog = visitor.opens(&offer).await;
    let callback = visitor.answers(&dialog, "alice", Does::Continue).await;
    let first = app.http.get(&callback).send().await.unwrap();
    assert_eq!(first.status(), StatusCode::OK);
    let first = first.text().await.unwrap();
    let again = app.http.get(&callback).send().await.unwrap();
    assert_eq!(again.status(), StatusCode::BAD_REQUEST);
    let page = again.text().await.unwrap();
    assert!(page.contains("This sign-in is over") && !page.contains("close()"), "{page}");
    assert_eq!(visitor.completes("facebook", &first).await, json!({"state": "connected"}), "the first answer stands");
    assert_eq!(visitor.waits("facebook", &offer).await, json!({"state": "connected"}));
}

#[tokio::test]
async fn a_state_counts_once_even_while_it_is_being_used() {
    let app = TestApp::start().await;
    let mut visitor = app.visitor();
    let offer = visitor.is_offered("facebook").await;
    let dialog = visitor.opens(&offer).await;
    let callback = visitor.answers(&dialog, "alice", Does::Continue).await;
    app.emulator.set_fault(Fault::Slow { ms: 300, host: Some("graph.facebook.com".to_owned()), times: None });
    let go = async || {
        let page = app.http.get(&callback).send().await.unwrap();
        (page.status(), page.text().await.unwrap())
    };
    let (first, second) = tokio::join!(go(), go());
    let mut pages = [first, second];
    pages.sort();
    assert_eq!((pages[0].0, pages[1].0), (StatusCode::OK, StatusCode::BAD_REQUEST));
    visitor.completes("facebook", &pages[0].1).await;
    assert_eq!(visitor.waits("facebook", &offer).await, json!({"state": "connected"}));
}

#[tokio::test]
async fn a_state_is_good_for_its_own_source_and_for_ten_minutes() {
    let app = TestApp::start().await;
    let mut visitor = app.visitor();
    let offer = visitor.is_offered("facebook").await;
    let dialog = visitor.opens(&offer).await;
    let callback = visitor.answers(&dialog, "alice", Does::Continue).await;
    let elsewhere = callback.replace("/facebook/", "/instagram/");
    assert_eq!(app.http.get(elsewhere).send().await.unwrap().status(), StatusCode::BAD_REQUEST);
    sqlx::query("UPDATE attempts SET state_expires_ms = 1").execute(&app.database().await).await.unwrap();
    let late = app.http.get(callback).send().await.unwrap().text().await.unwrap();
    assert!(late.contains("This sign-in is over"), "{late}");
    assert_eq!(code(&visitor.waits("facebook", &offer).await), "sign_in_expired");
}

#[tokio::test]
async fn an_offer_ends_after_an_hour_and_an_unknown_one_was_never_made() {
    let app = TestApp::start().await;
    let mut visitor = app.visitor();
    let offer = visitor.is_offered("facebook").await;
    sqlx::query("UPDATE attempts SET created_ms = created_ms - 3600001").execute(&app.database().await).await.unwrap();
    let popup = app.http.get(&offer.redirect_url).send().await.unwrap();
    assert_eq!(popup.status(), StatusCode::BAD_REQUEST);
    for path in [
        "/api/client/facebook/auth/open?attempt=x",
        "/api/client/facebook/auth/open",
        "/api/client/myspace/auth/open?attempt=x",
    ] {
        assert_eq!(app.get(path).await.status(), StatusCode::BAD_REQUEST, "{path}");
    }
    for path in ["/api/client/facebook/authCallback/open", "/api/client/facebook/authCallback/open?code=1&state=2"] {
        assert_eq!(app.get(path).await.status(), StatusCode::BAD_REQUEST, "{path}");
    }
}

#[tokio::test]
async fn a_provider_in_trouble_ends_the_sign_in_in_words() {
    let app = TestApp::start().await;
    let mut visitor = app.visitor();
    let offer = visitor.is_offered("facebook").await;
    app.emulator.set_fault(Fault::ServerErrors { times: None, host: None, status: None });
    let (_, page) = visitor.goes_through(&offer, "alice", Does::Continue).await;
    assert!(page.contains("try again"), "{page}");
    assert_eq!(code(&visitor.waits("facebook", &offer).await), "source_unavailable");
}

#[tokio::test]
async fn the_popups_page_is_locked_down() {
    let app = TestApp::start().await;
    let page = app.get("/api/client/facebook/authCallback/open?state=x").await;
    let header = |name: header::HeaderName| page.headers()[name].to_str().unwrap().to_owned();
    assert!(header(header::CONTENT_SECURITY_POLICY).contains("default-src 'none'"));
    assert_eq!(header(header::REFERRER_POLICY), "no-referrer");
    assert_eq!(header(header::CACHE_CONTROL), "no-store");
}

#[tokio::test]
async fn waiting_ends_as_soon_as_the_sign_in_has_ended_in_whichever_process() {
    let app = TestApp::start().await;
    let other = app.second_process().await;
    let mut visitor = app.visitor();
    let offer = visitor.is_offered("facebook").await;
    let body = json!({"apikey": "demo", "token": visitor.token, "clouds": {"facebook": {"attempt": offer.attempt}}});
    let waiting = tokio::spawn({
        let request = app.http.post(format!("{other}/auth/wait")).header(header::ORIGIN, ORIGIN).json(&body);
        async move { request.send().await.unwrap().json::<Value>().await.unwrap() }
    });
    tokio::time::sleep(Duration::from_millis(400)).await;
    assert!(!waiting.is_finished(), "nothing has ended yet");
    let (_, page) = visitor.goes_through(&offer, "alice", Does::Continue).await;
    visitor.completes("facebook", &page).await;
    let reply = tokio::time::timeout(Duration::from_secs(5), waiting).await.unwrap().unwrap();
    assert_eq!(reply["facebook"], json!({"state": "connected"}));
}

#[tokio::test]
async fn stopping_does_not_wait_for_those_who_wait() {
    let mut app = TestApp::start().await;
    let mut visitor = app.visitor();
    let offer = visitor.is_offered("facebook").await;
    let body = json!({"apikey": "demo", "token": visitor.token, "clouds": {"facebook": {"attempt": offer.attempt}}});
    let request = app.http.post(format!("{}/auth/wait", app.url)).header(header::ORIGIN, ORIGIN).json(&body);
    let waiting = tokio::spawn(async move { request.send().await.unwrap().json::<Value>().await.unwrap() });
    tokio::time::sleep(Duration::from_millis(400)).await;
    tokio::time::timeout(Duration::from_secs(2), app.stop()).await.expect("it stops at once");
    assert_eq!(waiting.await.unwrap()["facebook"], json!({"state": "waiting"}));
}

#[tokio::test]
async fn nobody_waits_for_another_sessions_sign_in() {
    let app = TestApp::start().await;
    let offer = app.visitor().is_offered("facebook").await;
    let mut stranger = app.visitor();
    stranger.is_offered("facebook").await;
    assert_eq!(code(&stranger.waits("facebook", &offer).await), "sign_in_expired");

    let body = json!({"apikey": "demo", "token": "none", "clouds": {}});
    let (status, reply) = app.post("/auth/wait", &body).await;
    assert_eq!((status, code(&reply)), (StatusCode::UNAUTHORIZED, "session_expired"));
}

#[tokio::test]
async fn signing_out_forgets_the_token() {
    let app = TestApp::start().await;
    let mut visitor = app.visitor();
    visitor.signs_in("facebook", "alice").await;
    visitor.signs_in("instagram", "alice.pro").await;
    assert_eq!(app.count("connections").await, 2);

    assert_eq!(visitor.posts("/auth/logout", json!({"clouds": {"facebook": {}}})).await, json!({"facebook": {}}));
    assert_eq!(app.count("connections").await, 1);
    assert!(visitor.lists("facebook", "/").await["auth"].is_object());
    assert!(visitor.lists("instagram", "/").await["contents"].is_array());

    let old = visitor.token.clone();
    visitor.posts("/auth/logout", json!({})).await;
    assert_eq!(app.count("connections").await, 0);
    assert!(visitor.lists("instagram", "/").await["auth"].is_object());
    assert_ne!(visitor.token, old, "the session is a new one");
    visitor.posts("/auth/logout", json!({})).await;
    visitor.posts("/auth/logout", json!({})).await;
}

#[tokio::test]
async fn a_second_sign_in_replaces_the_first() {
    let app = TestApp::start().await;
    let mut visitor = app.visitor();
    let first = visitor.is_offered("facebook").await;
    let second = visitor.is_offered("facebook").await;
    for (offer, account) in [(first, "alice"), (second, "ben")] {
        let (_, page) = visitor.goes_through(&offer, account, Does::Continue).await;
        visitor.completes("facebook", &page).await;
    }
    assert_eq!(visitor.lists("facebook", "/").await["account"], "Ben Okafor");
    assert_eq!(app.count("connections").await, 1);
}

#[tokio::test]
async fn a_session_is_bound_to_its_key_and_ends_after_two_hours_of_rest() {
    let app = TestApp::start_with(|config| {
        let mut other = config.apps[0].clone();
        other.key = "other".to_owned();
        config.apps.push(other);
    })
    .await;
    let mut visitor = app.visitor();
    visitor.signs_in("facebook", "alice").await;
    let body = json!({
        "apikey": "other", "token": visitor.token, "completes": true, "clouds": {"facebook": {"path": "/"}},
    });
    let (_, reply) = app.post("/folder/list", &body).await;
    assert!(reply["facebook"]["auth"].is_object() && reply["token"] != json!(visitor.token), "{reply}");

    sqlx::query("UPDATE sessions SET seen_ms = seen_ms - 7200001").execute(&app.database().await).await.unwrap();
    let body = json!({"apikey": "demo", "token": visitor.token, "clouds": {"facebook": {"path": "/1/2.jpg"}}});
    let (status, reply) = app.post("/store/", &body).await;
    assert_eq!((status, code(&reply)), (StatusCode::UNAUTHORIZED, "session_expired"));
    let old = visitor.token.clone();
    assert!(visitor.lists("facebook", "/").await["auth"].is_object());
    assert_ne!(visitor.token, old);
}

#[tokio::test]
async fn a_stranger_to_an_app_in_development_stays_on_the_providers_page() {
    let app = TestApp::start().await;
    app.emulator.set_fault(Fault::DevelopmentMode);
    let mut visitor = app.visitor();
    let offer = visitor.is_offered("facebook").await;
    let dialog = visitor.opens(&offer).await;
    let form = [("account", "eve"), ("decision", "continue"), ("user_photos", "on")];
    let page = app.http.post(dialog).form(&form).send().await.unwrap();
    assert!(page.status().is_client_error(), "the provider shows its error and sends nobody back");
    visitor.signs_in("facebook", "alice").await;
}

#[tokio::test]
async fn the_dialog_is_asked_for_photos_and_no_more() {
    let app = TestApp::start().await;
    let mut visitor = app.visitor();
    let offer = visitor.is_offered("facebook").await;
    let dialog = location(&app.http.get(&offer.redirect_url).send().await.unwrap());
    assert!(dialog.contains("scope=openid%2Cpublic_profile%2Cuser_photos&nonce="), "{dialog}");
    let offer = visitor.is_offered("instagram").await;
    assert!(visitor.opens(&offer).await.contains("scope=instagram_business_basic&"));
}
