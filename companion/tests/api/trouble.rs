//! Meta's refusals, each with its own word for the visitor and its own hint for the operator.

use crate::app::{Does, TestApp, Visitor};
use crate::logs::log;
use bowerbird_companion::providers::hint;
use bowerbird_emulator::{Fault, RefusalKind};
use bowerbird_protocol::problem::ProblemCode;
use serde_json::json;
use std::time::Duration;

const BOTH: [(&str, &str); 2] = [("facebook", "alice"), ("instagram", "alice.pro")];

fn refusal(kind: RefusalKind) -> Fault {
    Fault::Refusal { kind, times: None }
}

/// Asserts that the log names the code of a failure together with its hint.
fn is_explained(source: &str, what: &str, code: &str) {
    let log = log();
    let hint = hint(ProblemCode::from_name(code)).unwrap_or_else(|| panic!("no hint for {code}"));
    let told = log.lines().any(|line| {
        line.contains("WARN")
            && line.contains(what)
            && line.contains(&format!("source=\"{source}\""))
            && line.contains(&format!("code=\"{code}\""))
            && line.contains(hint)
    });
    assert!(told, "{what} of {source} with {code} is not explained");
}

#[tokio::test]
async fn every_refusal_of_a_listing_has_its_own_word() {
    let app = TestApp::start().await;
    for (source, account) in BOTH {
        for (kind, code) in [
            (RefusalKind::NotReviewed, "permission_not_reviewed"),
            (RefusalKind::Capability, "permission_not_reviewed"),
            (RefusalKind::BusinessVerification, "business_unverified"),
            (RefusalKind::DevelopmentMode, "app_in_development"),
            (RefusalKind::Blocked, "account_blocked"),
            (RefusalKind::PermissionRemoved, "permission_declined"),
            (RefusalKind::Down, "source_unavailable"),
        ] {
            let mut visitor = app.visitor();
            visitor.signs_in(source, account).await;
            app.emulator.set_fault(refusal(kind));
            assert_eq!(visitor.lists(source, "/").await["error"]["code"], code, "{source} {kind:?}");
            is_explained(source, "a listing failed", code);
            app.emulator.clear_faults();
            let after = visitor.lists(source, "/").await;
            let signed_in = after["contents"].is_array();
            assert_eq!(signed_in, kind != RefusalKind::PermissionRemoved, "{source} {kind:?}: {after}");
        }
    }
}

#[tokio::test]
async fn a_sign_in_that_ended_says_why_and_offers_another() {
    let app = TestApp::start().await;
    for (source, account) in BOTH {
        for (kind, code) in [
            (RefusalKind::AppRemoved, "access_removed"),
            (RefusalKind::PasswordChanged, "password_changed"),
            (RefusalKind::Checkpoint, "account_checkpoint"),
            (RefusalKind::Unconfirmed, "account_checkpoint"),
            (RefusalKind::SessionInvalidated, "sign_in_again"),
        ] {
            let mut visitor = app.visitor();
            assert!(visitor.lists(source, "/").await["auth"].get("problem").is_none(), "nothing ended yet");
            visitor.signs_in(source, account).await;
            app.emulator.set_fault(refusal(kind));
            let ended = visitor.lists(source, "/").await;
            assert_eq!(ended["auth"]["problem"]["code"], code, "{source} {kind:?}: {ended}");
            is_explained(source, "a listing failed", code);
            assert!(visitor.lists(source, "/").await["auth"].get("problem").is_none(), "it is told once");
            app.emulator.clear_faults();
            visitor.signs_in(source, account).await;
            visitor.posts("/auth/logout", json!({})).await;
        }
    }
    assert_eq!(app.count("connections").await, 0);
}

#[tokio::test]
async fn a_photo_that_is_refused_says_why() {
    let app = TestApp::start().await;
    for (kind, code) in [
        (RefusalKind::NotReviewed, "permission_not_reviewed"),
        (RefusalKind::Blocked, "account_blocked"),
        (RefusalKind::PasswordChanged, "password_changed"),
        (RefusalKind::AppRemoved, "access_removed"),
    ] {
        let mut visitor = app.visitor();
        visitor.signs_in("facebook", "alice").await;
        let album = visitor.finds("facebook", "Profile pictures").await;
        let photos = visitor.photos("facebook", &album).await;
        app.emulator.set_fault(refusal(kind));
        assert_eq!(visitor.stores("facebook", &photos[0]).await["error"]["code"], code, "{kind:?}");
        is_explained("facebook", "a photo could not be stored", code);
        app.emulator.clear_faults();
    }
}

/// A whole window that ends badly; the code that the page is told.
async fn fails_to_sign_in(visitor: &mut Visitor<'_>, source: &str, account: &str) -> String {
    let offer = visitor.is_offered(source).await;
    visitor.goes_through(&offer, account, Does::Continue).await;
    let outcome = visitor.waits(source, &offer).await;
    outcome["error"]["code"].as_str().unwrap_or_else(|| panic!("{outcome}")).to_owned()
}

#[tokio::test]
async fn what_the_dialogs_send_back_is_told() {
    let app = TestApp::start().await;
    for (error, description, code) in [
        ("access_denied", "Permissions error", "sign_in_cancelled"),
        ("access_denied", "Insufficient Developer Role", "app_in_development"),
        ("invalid_scope", "Invalid Scopes: user_photos", "permission_not_reviewed"),
        ("temporarily_unavailable", "", "source_unavailable"),
        ("server_error", "Something happened", "sign_in_refused"),
    ] {
        app.emulator.set_fault(Fault::LoginError {
            error: error.to_owned(),
            error_reason: None,
            error_code: None,
            error_description: Some(description.to_owned()),
            times: None,
        });
        for (source, account) in BOTH {
            assert_eq!(fails_to_sign_in(&mut app.visitor(), source, account).await, code, "{source} {error}");
            if code != "sign_in_cancelled" {
                is_explained(source, "a sign-in failed", code);
            }
        }
    }
}

#[tokio::test]
async fn a_dialog_that_names_a_number_only_is_understood() {
    let app = TestApp::start().await;
    let mut visitor = app.visitor();
    let offer = visitor.is_offered("facebook").await;
    let dialog = url::Url::parse(&visitor.opens(&offer).await).unwrap();
    let state = dialog.query_pairs().find(|(name, _)| name == "state").unwrap().1.into_owned();
    let error = "error_code=4201&error_message=User+canceled+the+Dialog+flow";
    app.get(&format!("/api/client/facebook/authCallback/open?{error}&state={state}")).await;
    assert_eq!(visitor.waits("facebook", &offer).await["error"]["code"], "sign_in_cancelled");
}

#[tokio::test]
async fn a_token_without_its_permission_is_told_as_declined() {
    let app = TestApp::start().await;
    app.emulator.set_fault(Fault::NoBasicPermission);
    assert_eq!(fails_to_sign_in(&mut app.visitor(), "instagram", "alice.pro").await, "permission_declined");
    assert_eq!(app.count("connections").await, 0);
}

#[tokio::test]
async fn a_rate_limit_is_told_and_nothing_is_asked_until_it_is_over() {
    for code in [4, 17, 613, 80_002] {
        let app = TestApp::start().await;
        for (source, account) in BOTH {
            let mut visitor = app.visitor();
            visitor.signs_in(source, account).await;
            app.emulator.set_fault(Fault::RateLimited { code: Some(code), times: None });
            assert_eq!(visitor.lists(source, "/").await["error"]["code"], "rate_limited", "{source} {code}");
            app.emulator.clear_faults();
            let before = app.emulator.calls().len();
            assert_eq!(visitor.lists(source, "/").await["error"]["code"], "rate_limited", "{source} {code}");
            assert_eq!(app.emulator.calls().len(), before, "Meta is not asked");
            is_explained(source, "a listing failed", "rate_limited");
        }
    }
}

#[tokio::test]
async fn a_short_pause_ends_and_the_sign_in_is_still_good() {
    let app = TestApp::start_with(|config| config.rate_limit_pause = 0).await;
    let mut visitor = app.visitor();
    visitor.signs_in("facebook", "alice").await;
    app.emulator.set_fault(Fault::RateLimited { code: None, times: Some(1) });
    assert_eq!(visitor.lists("facebook", "/").await["error"]["code"], "rate_limited");
    assert!(visitor.lists("facebook", "/").await["contents"].is_array(), "it was not the visitor's sign-in");
}

#[tokio::test]
async fn an_account_that_is_used_up_stops_nobody_else() {
    let app = TestApp::start().await;
    let (mut one, mut other) = (app.visitor(), app.visitor());
    one.signs_in("instagram", "alice.pro").await;
    other.signs_in("instagram", "alice.pro").await;
    app.emulator.set_fault(Fault::Usage { percent: 100, minutes: Some(19), times: Some(1) });
    assert!(one.lists("instagram", "/").await["contents"].is_array());
    assert_eq!(one.lists("instagram", "/").await["error"]["code"], "rate_limited");
    assert!(other.lists("instagram", "/").await["contents"].is_array());
}

#[tokio::test]
async fn storing_goes_on_while_an_app_is_nearly_used_up() {
    let app = TestApp::start().await;
    let mut visitor = app.visitor();
    visitor.signs_in("facebook", "alice").await;
    let album = visitor.finds("facebook", "Profile pictures").await;
    app.emulator.set_fault(Fault::Usage { percent: 95, minutes: None, times: None });
    let photos = visitor.photos("facebook", &album).await;
    assert_eq!(visitor.stores("facebook", &photos[0]).await["status"], "Stored");
}

/// Makes the connections as old as that, and has the emulator agree.
async fn time_passes(app: &TestApp, days: i64) {
    app.emulator.advance_clock(Duration::from_secs(u64::try_from(days).unwrap() * 24 * 3600));
    sqlx::query(
        "UPDATE connections SET created_ms = created_ms - $1, refreshed_ms = refreshed_ms - $1, \
         expires_ms = expires_ms - $1",
    )
    .bind(days * 24 * 3600 * 1000)
    .execute(&app.database().await)
    .await
    .unwrap();
}

async fn expires_in_days(app: &TestApp) -> i64 {
    let ends: i64 =
        sqlx::query_scalar("SELECT expires_ms FROM connections").fetch_one(&app.database().await).await.unwrap();
    (ends - bowerbird_companion::db::now()) / (24 * 3600 * 1000)
}

/// Signs in as on a page with `sessionCache`, or as on one without.
async fn signs_in(visitor: &mut Visitor<'_>, remember: bool) {
    visitor.posts("/folder/list", json!({"clouds": {}, "remember": remember})).await;
    visitor.signs_in("instagram", "alice.pro").await;
}

#[tokio::test]
async fn a_remembered_sign_in_is_renewed_before_it_ends() {
    let mut app = TestApp::start().await;
    let mut visitor = app.visitor();
    signs_in(&mut visitor, true).await;
    let token = visitor.token.take();
    for (days, left) in [(30, 29), (20, 59)] {
        app.stop().await;
        time_passes(&app, days).await;
        app.start_again().await;
        crate::app::eventually("renewed where that is due", async || expires_in_days(&app).await == left).await;
    }
    let mut visitor = app.visitor();
    visitor.token = token;
    assert!(visitor.lists("instagram", "/").await["contents"].is_array(), "with the new token");
}

#[tokio::test]
async fn a_sign_in_that_nobody_asked_to_keep_is_not_renewed() {
    let mut app = TestApp::start().await;
    signs_in(&mut app.visitor(), false).await;
    signs_in(&mut app.visitor(), true).await;
    app.stop().await;
    time_passes(&app, 20).await;
    let soon = bowerbird_companion::db::now() + 24 * 3600 * 1000;
    let all_end = sqlx::query("UPDATE connections SET expires_ms = $1").bind(soon);
    assert_eq!(all_end.execute(&app.database().await).await.unwrap().rows_affected(), 2);
    app.start_again().await;
    let ended = "SELECT COUNT(*) FROM connections WHERE expires_ms = $1";
    crate::app::eventually("the other one is renewed", async || {
        let left: i64 = sqlx::query_scalar(ended).bind(soon).fetch_one(&app.database().await).await.unwrap();
        left == 1
    })
    .await;
    let calls = app.emulator.calls();
    assert_eq!(calls.iter().filter(|call| call.path.contains("refresh_access_token")).count(), 1);
}

#[tokio::test]
async fn a_dead_token_is_forgotten_when_it_is_to_be_renewed() {
    let mut app = TestApp::start().await;
    signs_in(&mut app.visitor(), true).await;
    app.stop().await;
    time_passes(&app, 50).await;
    app.emulator.set_fault(Fault::RevokedTokens);
    app.start_again().await;
    crate::app::eventually("forgotten", async || app.count("connections").await == 0).await;
    is_explained("instagram", "could not be renewed", "access_removed");
}
