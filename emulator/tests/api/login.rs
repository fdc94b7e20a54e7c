use std::time::{Duration, Instant};

use bowerbird_emulator::{Fault, Settings};
use reqwest::StatusCode;
use reqwest::header::COOKIE;

use crate::visitor::{Choices, FACEBOOK_BACK, INSTAGRAM_BACK, Visitor, checkboxes, param};

#[tokio::test]
async fn the_first_page_offers_every_account() {
    let visitor = Visitor::start().await;
    let page = visitor.http.get(visitor.facebook_dialog(Choices::default())).send().await.unwrap();
    assert_eq!(page.status(), 200);
    assert_eq!(page.headers()["content-type"], "text/html; charset=utf-8");
    let page = page.text().await.unwrap();
    for account in ["alice", "ben", "clara", "dalia", "eve"] {
        assert!(page.contains(&format!("data-account=\"{account}\"")), "{account}");
    }
    assert!(!page.contains("<script"));
    let page = visitor.http.get(visitor.instagram_dialog()).send().await.unwrap().text().await.unwrap();
    assert!(page.contains("data-account=\"alice.pro\"") && page.contains("data-account=\"ben.personal\""));
}

#[tokio::test]
async fn the_second_page_asks_and_continue_leads_back_with_code_and_state() {
    let visitor = Visitor::start().await;
    let dialog = visitor.facebook_dialog(Choices::default());
    let page = visitor.choose(&dialog, "alice").await;
    assert!(page.contains("<input type=\"checkbox\" name=\"user_photos\" value=\"on\" checked>"), "{page}");
    assert!(page.contains("id=\"continue\"") && page.contains("id=\"cancel\""));
    assert_eq!(checkboxes(&page), ["user_photos"]);

    let back = visitor.consent(&dialog, "alice", &[]).await;
    assert!(back.as_str().starts_with(&format!("{FACEBOOK_BACK}?code=AQ")), "{back}");
    assert_eq!(param(&back, "state").as_deref(), Some("st/ate 1"));
    assert_eq!(back.fragment(), Some("_=_"));
}

#[tokio::test]
async fn cancel_leads_back_with_access_denied() {
    let visitor = Visitor::start().await;
    let form = [("account", "alice"), ("decision", "cancel")];
    let response = visitor.submit(&visitor.facebook_dialog(Choices::default()), &form).await;
    let location = response.headers()["location"].to_str().unwrap();
    assert!(location.contains("error=access_denied"), "{location}");
    assert!(location.contains("error_reason=user_denied&state=st%2Fate+1"), "{location}");
    assert!(location.contains("error_description=Permissions+error"), "{location}");

    let response = visitor
        .submit(
            &visitor.instagram_dialog(),
            &form
                .map(|(k, v)| (k, v.replace("alice", "alice.pro")))
                .iter()
                .map(|(k, v)| (*k, v.as_str()))
                .collect::<Vec<_>>(),
        )
        .await;
    let location = response.headers()["location"].to_str().unwrap();
    assert!(location.contains("error_description=The+user+denied+your+request"), "{location}");
    assert!(!location.contains("code="), "{location}");
}

#[tokio::test]
async fn the_dialog_works_without_a_version() {
    let visitor = Visitor::start().await;
    let mut dialog = visitor.facebook_dialog(Choices::default());
    dialog.set_path("/www.facebook.com/dialog/oauth");
    assert!(param(&visitor.consent(&dialog, "ben", &[]).await, "code").is_some());
}

#[tokio::test]
async fn mistakes_of_the_app_are_shown_and_never_sent_back() {
    let visitor = Visitor::start().await;
    let with = |name: &str, value: &str| {
        let dialog = visitor.facebook_dialog(Choices::default());
        let pairs: Vec<(String, String)> = dialog
            .query_pairs()
            .map(|(key, old)| (key.to_string(), if key == name { value.to_owned() } else { old.into_owned() }))
            .collect();
        let mut dialog = dialog.clone();
        dialog.query_pairs_mut().clear().extend_pairs(pairs);
        dialog
    };
    let cases = [
        (with("client_id", "42"), "Invalid App ID"),
        (with("redirect_uri", &format!("{FACEBOOK_BACK}/")), "URL blocked"),
        (with("redirect_uri", "https://attacker.example/"), "URL blocked"),
        (with("redirect_uri", ""), "Invalid parameter"),
        (with("state", ""), "Invalid parameter"),
        (with("scope", "user_photos,user_secrets"), "Invalid Scopes: user_secrets"),
    ];
    for (dialog, words) in cases {
        let response = visitor.submit(&dialog, &[("account", "alice"), ("decision", "continue")]).await;
        assert_eq!(response.status(), 400, "{words}");
        assert!(response.headers().get("location").is_none());
        let page = response.text().await.unwrap();
        assert!(page.contains(words), "{words}: {page}");
    }
    let mut dialog = visitor.facebook_dialog(Choices::default());
    dialog.set_path("/www.facebook.com/v20.0/dialog/oauth");
    assert_eq!(visitor.http.get(dialog).send().await.unwrap().status(), 400);
}

#[tokio::test]
async fn instagram_shows_mistakes_too() {
    let visitor = Visitor::start().await;
    for (name, value) in [
        ("client_id", "1000000000000001"),
        ("redirect_uri", "http://127.0.0.1:8787/elsewhere"),
        ("response_type", "token"),
        ("scope", "business_basic"),
        ("scope", "instagram_business_content_publish"),
    ] {
        let dialog = visitor.instagram_dialog();
        let pairs: Vec<(String, String)> = dialog
            .query_pairs()
            .map(|(key, old)| (key.to_string(), if key == name { value.to_owned() } else { old.into_owned() }))
            .collect();
        let mut dialog = dialog.clone();
        dialog.query_pairs_mut().clear().extend_pairs(pairs);
        let response = visitor.http.get(dialog).send().await.unwrap();
        assert_eq!(response.status(), 400, "{name}={value}");
    }
}

#[tokio::test]
async fn instagram_leads_back_with_its_fragment() {
    let visitor = Visitor::start().await;
    let back = visitor.consent(&visitor.instagram_dialog(), "alice.pro", &[]).await;
    assert!(back.as_str().starts_with(&format!("{INSTAGRAM_BACK}?code=AQ")));
    assert_eq!(param(&back, "state").as_deref(), Some("st/ate 1"));
    assert_eq!(back.fragment(), Some("_"));
    let mut dialog = visitor.instagram_dialog();
    dialog.set_path("/api.instagram.com/oauth/authorize");
    assert!(param(&visitor.consent(&dialog, "alice.pro", &[]).await, "code").is_some());
}

#[tokio::test]
async fn a_declined_permission_is_asked_again_only_when_the_app_insists() {
    let visitor = Visitor::start().await;
    let declines = Choices { unticks: &["user_photos"], ..Choices::default() };
    let token = visitor.facebook_token_with("alice", declines).await;
    let permissions = visitor.graph(&token, "me/permissions", &[]).await;
    assert!(permissions.items().contains(&serde_json::json!({ "permission": "user_photos", "status": "declined" })));

    let again = visitor.choose(&visitor.facebook_dialog(Choices::default()), "alice").await;
    assert!(checkboxes(&again).is_empty(), "{again}");
    let token = visitor.facebook_token("alice").await;
    assert_eq!(visitor.graph(&token, "me/albums", &[]).await.error(), (403, 200, 0));

    let insists = Choices { rerequest: true, ..Choices::default() };
    let again = visitor.choose(&visitor.facebook_dialog(insists), "alice").await;
    assert_eq!(checkboxes(&again), ["user_photos"]);
    let token = visitor.facebook_token_with("alice", insists).await;
    assert_eq!(visitor.graph(&token, "me/albums", &[]).await.status, 200);
}

#[tokio::test]
async fn granted_and_denied_scopes_are_told_when_asked_for() {
    let visitor = Visitor::start().await;
    let mut dialog = visitor.facebook_dialog(Choices { scope: Some("email,user_photos"), ..Choices::default() });
    dialog.query_pairs_mut().append_pair("response_type", "code,granted_scopes");
    let back = visitor.consent(&dialog, "alice", &["email"]).await;
    assert_eq!(param(&back, "granted_scopes").as_deref(), Some("public_profile,user_photos"));
    assert_eq!(param(&back, "denied_scopes").as_deref(), Some("email"));
}

#[tokio::test]
async fn strangers_cannot_sign_in_while_the_app_is_in_development_mode() {
    let visitor = Visitor::start().await;
    visitor.emulator.set_fault(Fault::DevelopmentMode);
    let dialog = visitor.facebook_dialog(Choices::default());
    let response = visitor.submit(&dialog, &[("account", "eve"), ("decision", "continue")]).await;
    assert_eq!(response.status(), 400);
    assert!(response.text().await.unwrap().contains("still in development mode"));
    assert!(param(&visitor.consent(&dialog, "alice", &[]).await, "code").is_some());
    let response = visitor.submit(&visitor.instagram_dialog(), &[("account", "ben.personal")]).await;
    assert_eq!(response.status(), 403);
    visitor.emulator.clear_faults();
    assert!(param(&visitor.consent(&dialog, "eve", &[]).await, "code").is_some());
}

#[tokio::test]
async fn nobody_is_remembered_unless_they_ask() {
    let visitor = Visitor::start().await;
    let dialog = visitor.facebook_dialog(Choices::default());
    let form = [("account", "alice"), ("decision", "continue"), ("user_photos", "on")];
    assert!(visitor.submit(&dialog, &form).await.headers().get("set-cookie").is_none());
    let asks: Vec<_> = form.into_iter().chain([("remember", "1")]).collect();
    let response = visitor.submit(&dialog, &asks).await;
    let cookie = response.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();

    let page = visitor.http.get(dialog.clone()).header(COOKIE, &cookie).send().await.unwrap().text().await.unwrap();
    assert!(page.contains("Alice Ferreira") && page.contains("id=\"continue\""), "{page}");
    let mut other = dialog;
    other.query_pairs_mut().append_pair("auth_type", "reauthenticate");
    let page = visitor.http.get(other).header(COOKIE, &cookie).send().await.unwrap().text().await.unwrap();
    assert!(page.contains("data-account=\"ben\""));
}

#[tokio::test]
async fn a_login_page_can_take_its_time() {
    let visitor = Visitor::start_with(Settings { page_dwell: Duration::from_millis(150), ..Settings::default() }).await;
    let timed = async || {
        let begun = Instant::now();
        let form = [("account", "alice"), ("decision", "continue")];
        let response = visitor.submit(&visitor.facebook_dialog(Choices::default()), &form).await;
        assert_eq!(response.status(), StatusCode::FOUND);
        begun.elapsed()
    };
    assert!(timed().await >= Duration::from_millis(150));
    visitor.emulator.set_fault(Fault::SlowLogin { ms: 400 });
    assert!(timed().await >= Duration::from_millis(400));
}
