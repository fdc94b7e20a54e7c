use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bowerbird_emulator::{FACEBOOK_APP_ID, FACEBOOK_APP_SECRET, Fault, Settings};
use reqwest::header::COOKIE;
use reqwest::{StatusCode, Url};
use sha2::{Digest, Sha256};

use crate::visitor::{Choices, FACEBOOK_BACK, INSTAGRAM_BACK, Visitor, checkboxes, param, with_param};

#[tokio::test]
async fn the_first_page_offers_every_account() {
    let visitor = Visitor::start().await;
    let page = visitor.http.get(visitor.facebook_dialog(Choices::default())).send().await.unwrap();
    assert_eq!(page.status(), 200);
    assert_eq!(page.headers()["content-type"], "text/html; charset=utf-8");
    let page = page.text().await.unwrap();
    for account in ["alice", "ben", "clara", "dalia", "eve", "frida"] {
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
}

#[tokio::test]
async fn reauthentication_asks_who_it_is_even_a_browser_that_knows() {
    let visitor = Visitor::start().await;
    let page = async |dialog: &Url, cookie: &str| {
        visitor.http.get(dialog.clone()).header(COOKIE, cookie).send().await.unwrap().text().await.unwrap()
    };
    let dialog = visitor.facebook_dialog(Choices::default());
    assert!(!page(&dialog, "c_user=alice").await.contains("data-account"), "alice is remembered");
    for auth_type in ["reauthenticate", "rerequest,reauthenticate", "reauthenticate rerequest"] {
        let page = page(&with_param(&dialog, "auth_type", auth_type), "c_user=alice").await;
        assert!(page.contains("data-account=\"alice\"") && page.contains("data-account=\"ben\""), "{auth_type}");
    }
    assert!(!page(&with_param(&dialog, "auth_type", "rerequest"), "c_user=alice").await.contains("data-account"));
    // Only the parameter counts, not the word wherever it stands.
    assert!(!page(&with_param(&dialog, "state", "reauthenticate"), "c_user=alice").await.contains("data-account"));
    let again = with_param(&dialog, "auth_type", "rerequest,reauthenticate");
    let declines = Choices { unticks: &["user_photos"], ..Choices::default() };
    visitor.facebook_token_with("alice", declines).await;
    assert_eq!(checkboxes(&visitor.choose(&again, "alice").await), ["user_photos"], "both are heeded");

    let dialog = visitor.instagram_dialog();
    assert!(!page(&dialog, "ds_user=alice.pro").await.contains("data-account"));
    assert!(!page(&with_param(&dialog, "force_reauth", "false"), "ds_user=alice.pro").await.contains("data-account"));
    let forced = with_param(&dialog, "force_reauth", "true");
    assert!(page(&forced, "ds_user=alice.pro").await.contains("data-account=\"alice.pro\""));
}

#[tokio::test]
async fn login_pages_can_cut_the_tie_to_who_opened_them() {
    let visitor = Visitor::start().await;
    let policies = async |visitor: &Visitor| {
        let mut seen = Vec::new();
        for (dialog, account) in
            [(visitor.facebook_dialog(Choices::default()), "alice"), (visitor.instagram_dialog(), "alice.pro")]
        {
            let wrong = with_param(&dialog, "client_id", "1");
            let responses = [
                visitor.http.get(dialog.clone()).send().await.unwrap(),
                visitor.submit(&dialog, &[("account", account)]).await,
                visitor.submit(&dialog, &[("account", account), ("decision", "continue")]).await,
                visitor.submit(&dialog, &[("account", account), ("decision", "cancel")]).await,
                visitor.http.get(wrong).send().await.unwrap(),
            ];
            assert_eq!(responses.each_ref().map(|response| response.status().as_u16()), [200, 200, 302, 302, 400]);
            for response in responses {
                let policy = response.headers().get("cross-origin-opener-policy");
                seen.push(policy.map(|value| value.to_str().unwrap().to_owned()));
            }
        }
        seen
    };
    assert_eq!(policies(&visitor).await, vec![None; 10]);
    visitor.emulator.set_fault(Fault::LoginCoop { value: None });
    assert_eq!(policies(&visitor).await, vec![Some("same-origin".to_owned()); 10]);
    let graph = visitor.graph("x", "me", &[]).await;
    assert!(graph.headers.get("cross-origin-opener-policy").is_none(), "pages only");

    let settings = Settings { login_coop: Some("same-origin-allow-popups".into()), ..Settings::default() };
    let visitor = Visitor::start_with(settings).await;
    assert_eq!(policies(&visitor).await, vec![Some("same-origin-allow-popups".to_owned()); 10]);
    visitor.emulator.set_fault(Fault::LoginCoop { value: Some("noopener-allow-popups".into()) });
    assert_eq!(policies(&visitor).await, vec![Some("noopener-allow-popups".to_owned()); 10]);
}

const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

fn pkce_dialog(visitor: &Visitor) -> Url {
    let mut dialog = visitor.facebook_dialog(Choices { scope: Some("openid,user_photos"), ..Choices::default() });
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(VERIFIER));
    dialog.query_pairs_mut().extend_pairs([
        ("code_challenge", challenge.as_str()),
        ("code_challenge_method", "S256"),
        ("nonce", "n-0S6_WzA2Mj"),
    ]);
    dialog
}

#[tokio::test]
async fn a_code_with_a_challenge_is_good_with_its_verifier_only() {
    let visitor = Visitor::start().await;
    let exchange = async |code: &str, verifier: Option<&str>| {
        let mut query = vec![
            ("client_id", FACEBOOK_APP_ID),
            ("client_secret", FACEBOOK_APP_SECRET),
            ("redirect_uri", FACEBOOK_BACK),
            ("code", code),
        ];
        query.extend(verifier.map(|verifier| ("code_verifier", verifier)));
        visitor.get("graph.facebook.com/v25.0/oauth/access_token", &query).await
    };
    let code = param(&visitor.consent(&pkce_dialog(&visitor), "alice", &[]).await, "code").unwrap();
    for wrong in [None, Some(""), Some("another verifier"), Some(&VERIFIER[1..])] {
        let answer = exchange(&code, wrong).await;
        assert_eq!(answer.error(), (400, 100, 0), "{wrong:?}");
        assert_eq!(answer.body["error"]["type"], "OAuthException");
        assert!(answer.message().contains("code verifier"), "{}", answer.message());
    }
    let answer = exchange(&code, Some(VERIFIER)).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert!(answer.body["id_token"].is_null());
    assert_eq!(exchange(&code, Some(VERIFIER)).await.error(), (400, 100, 36_009));

    let plain = visitor.facebook_code("alice", Choices::default()).await;
    assert_eq!(exchange(&plain, Some(VERIFIER)).await.error(), (400, 100, 0), "a verifier without a challenge");
    assert_eq!(exchange(&plain, None).await.status, 200);
}

#[tokio::test]
async fn a_challenge_needs_all_that_belongs_to_it() {
    let visitor = Visitor::start().await;
    let status = async |dialog: Url| visitor.http.get(dialog).send().await.unwrap().status().as_u16();
    assert_eq!(status(pkce_dialog(&visitor)).await, 200);
    for (name, value) in [
        ("code_challenge_method", "plain"),
        ("code_challenge_method", ""),
        ("code_challenge", "short"),
        ("code_challenge", ""),
        ("scope", "user_photos"),
        ("nonce", ""),
    ] {
        assert_eq!(status(with_param(&pkce_dialog(&visitor), name, value)).await, 400, "{name}={value}");
    }
}

#[tokio::test]
async fn instagram_ignores_a_challenge() {
    let visitor = Visitor::start().await;
    let mut dialog = visitor.instagram_dialog();
    dialog.query_pairs_mut().extend_pairs([("code_challenge", "whatever"), ("code_challenge_method", "plain")]);
    let code = param(&visitor.consent(&dialog, "alice.pro", &[]).await, "code").unwrap();
    assert_eq!(visitor.exchange_instagram(&code, INSTAGRAM_BACK).await.status, 200);
}

#[tokio::test]
async fn a_dialog_can_end_in_an_error_although_the_person_agreed() {
    let visitor = Visitor::start().await;
    let error = Fault::LoginError {
        error: "access_denied".into(),
        error_reason: None,
        error_code: Some(200),
        error_description: Some("Permissions error".into()),
        times: Some(1),
    };
    visitor.emulator.set_fault(error.clone());
    let dialog = visitor.facebook_dialog(Choices::default());
    let back = visitor.consent(&dialog, "alice", &[]).await;
    assert!(back.as_str().starts_with(FACEBOOK_BACK), "{back}");
    assert_eq!(param(&back, "error").as_deref(), Some("access_denied"));
    assert_eq!(param(&back, "error_code").as_deref(), Some("200"));
    assert_eq!(param(&back, "error_description").as_deref(), Some("Permissions error"));
    assert_eq!(param(&back, "state").as_deref(), Some("st/ate 1"));
    assert_eq!((param(&back, "code"), param(&back, "error_reason")), (None, None));
    assert!(param(&visitor.consent(&dialog, "alice", &[]).await, "code").is_some(), "once is once");

    visitor.emulator.set_fault(error);
    let cancelled = visitor.submit(&dialog, &[("account", "alice"), ("decision", "cancel")]).await;
    assert!(cancelled.headers()["location"].to_str().unwrap().contains("error_reason=user_denied"));
    let back = visitor.consent(&visitor.instagram_dialog(), "alice.pro", &[]).await;
    assert!(back.as_str().starts_with(INSTAGRAM_BACK), "{back}");
    assert_eq!(param(&back, "error").as_deref(), Some("access_denied"));
    assert_eq!((param(&back, "code"), param(&back, "state").as_deref()), (None, Some("st/ate 1")));
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
