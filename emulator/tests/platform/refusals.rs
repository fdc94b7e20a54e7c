//! Calls that are refused although nothing is wrong with them, and what the usage headers say.

use bowerbird_emulator::{Fault, RefusalKind};
use serde_json::{Value, json};

use crate::visitor::{Answer, FACEBOOK_BACK, INSTAGRAM_BACK, Visitor};

const KINDS: [(RefusalKind, (u16, i64, i64), &str); 12] = [
    (RefusalKind::NotReviewed, (400, 10, 0), "must be reviewed and approved by Facebook"),
    (RefusalKind::Capability, (400, 3, 0), "(#3) Application does not have the capability to make this API call."),
    (RefusalKind::BusinessVerification, (400, 10, 0), "must complete Business Verification"),
    (RefusalKind::DevelopmentMode, (400, 10, 0), "(#10) Application does not have permission for this action"),
    (RefusalKind::PermissionRemoved, (403, 200, 0), "(#200) The user hasn't authorized the application"),
    (RefusalKind::Checkpoint, (400, 190, 459), "You cannot access the app till you log in to www."),
    (RefusalKind::Unconfirmed, (400, 190, 464), "the user is not a confirmed user"),
    (RefusalKind::PasswordChanged, (400, 190, 460), "the user changed their password"),
    (RefusalKind::AppRemoved, (401, 190, 458), "The user has not authorized application"),
    (RefusalKind::SessionInvalidated, (400, 190, 467), "the user logged out"),
    (RefusalKind::Blocked, (400, 368, 0), "deemed abusive or is otherwise disallowed"),
    (RefusalKind::Down, (503, 2, 0), "Service temporarily unavailable"),
];

fn is_about_token((_, code, _): (u16, i64, i64)) -> bool {
    code == 190
}

#[tokio::test]
async fn facebook_refuses_in_its_own_words() {
    let visitor = Visitor::start().await;
    let token = visitor.facebook_token("alice").await;
    let album = visitor.album(&token, "Holidays in Lisbon").await;
    let photos = format!("{album}/photos");
    let photo = visitor.graph(&token, &photos, &[]).await.items()[0]["id"].as_str().unwrap().to_owned();
    for (kind, error, words) in KINDS {
        visitor.emulator.set_fault(Fault::Refusal { kind, times: None });
        for path in ["me/albums", "me/photos", "me/photos/uploaded", &album, &photos, &photo] {
            let answer = visitor.graph(&token, path, &[]).await;
            assert_eq!(answer.error(), error, "{kind:?} {path}");
            assert!(answer.message().contains(words), "{kind:?}: {}", answer.message());
            assert_eq!(answer.body["error"]["is_transient"] == json!(true), kind == RefusalKind::Down);
            assert_eq!(answer.body["error"]["type"], "OAuthException");
        }
        let fields = [("fields", "name,albums{name}")];
        assert_eq!(visitor.graph(&token, "me", &fields).await.error(), error, "{kind:?}");
        for path in ["me", "me/permissions", "me/picture"] {
            let answer = visitor.graph(&token, path, &[]).await;
            if is_about_token(error) {
                assert_eq!(answer.error(), error, "{kind:?} {path}");
            } else {
                assert_eq!(answer.status, 200, "{kind:?} {path}: {}", answer.body);
            }
        }
        let fresh = visitor.facebook_code("alice", Default::default()).await;
        assert_eq!(visitor.exchange_facebook(&fresh, FACEBOOK_BACK).await.status, 200, "{kind:?}");
    }
    visitor.emulator.clear_faults();
    assert_eq!(visitor.graph(&token, "me/albums", &[]).await.status, 200, "the token itself was good all along");
}

#[tokio::test]
async fn instagram_refuses_in_its_own_words() {
    let visitor = Visitor::start().await;
    let token = visitor.instagram_token("alice.pro").await;
    let media = visitor.instagram(&token, "me/media", &[]).await.items()[0]["id"].as_str().unwrap().to_owned();
    for (kind, error, words) in KINDS {
        visitor.emulator.set_fault(Fault::Refusal { kind, times: None });
        for path in ["me/media", &media] {
            let answer = visitor.instagram(&token, path, &[]).await;
            assert_eq!(answer.error(), error, "{kind:?} {path}");
            assert!(answer.message().contains(words), "{kind:?}: {}", answer.message());
            let of_type = if is_about_token(error) { "OAuthException" } else { "IGApiException" };
            assert_eq!(answer.body["error"]["type"], of_type);
        }
        let me = visitor.instagram(&token, "me", &[]).await;
        assert_eq!(me.status == 200, !is_about_token(error), "{kind:?}: {}", me.body);
        assert_eq!(visitor.instagram(&token, "me", &[("fields", "media{id}")]).await.error(), error, "{kind:?}");
        let code = visitor.instagram_code("alice.pro").await;
        assert_eq!(visitor.exchange_instagram(&code, INSTAGRAM_BACK).await.status, 200, "{kind:?}");
    }
    visitor.emulator.set_fault(Fault::Refusal { kind: RefusalKind::Checkpoint, times: None });
    assert!(visitor.instagram(&token, "me", &[]).await.message().contains("www.instagram.com"));
}

#[tokio::test]
async fn a_refusal_counts_what_it_refused_only() {
    let visitor = Visitor::start().await;
    let token = visitor.facebook_token("alice").await;
    visitor.emulator.set_fault(Fault::Refusal { kind: RefusalKind::NotReviewed, times: Some(2) });
    assert_eq!(visitor.graph(&token, "me", &[]).await.status, 200);
    assert_eq!(visitor.graph("EAAnonsense", "me/albums", &[]).await.error(), (401, 190, 0));
    assert_eq!(visitor.graph(&token, "me/albums", &[]).await.error(), (400, 10, 0));
    assert_eq!(visitor.graph(&token, "me/albums", &[]).await.error(), (400, 10, 0));
    assert_eq!(visitor.graph(&token, "me/albums", &[]).await.status, 200);
    assert_eq!(visitor.emulator.calls().iter().filter(|call| call.status == 400).count(), 2, "and is written down");
}

fn usage(answer: &Answer, header: &str) -> Value {
    serde_json::from_str(answer.headers[header].to_str().unwrap()).unwrap()
}

#[tokio::test]
async fn facebook_reports_what_the_app_has_used() {
    let visitor = Visitor::start().await;
    let token = visitor.facebook_token("alice").await;
    visitor.emulator.set_fault(Fault::Usage { percent: 93, minutes: Some(19), times: Some(1) });
    let answer = visitor.graph(&token, "me", &[]).await;
    assert_eq!(answer.status, 200);
    assert_eq!(usage(&answer, "x-app-usage"), json!({ "call_count": 93, "total_cputime": 46, "total_time": 46 }));
    assert!(answer.headers.get("x-business-use-case-usage").is_none());
    let calm = visitor.graph(&token, "me", &[]).await;
    assert!(usage(&calm, "x-app-usage")["call_count"].as_u64().unwrap() < 50);
}

#[tokio::test]
async fn instagram_reports_what_the_account_has_used() {
    let visitor = Visitor::start().await;
    let token = visitor.instagram_token("alice.pro").await;
    let account = visitor.instagram(&token, "me", &[("fields", "user_id")]).await.body["user_id"].clone();
    let account = account.as_str().unwrap();
    let report = |answer: &Answer| {
        assert!(answer.headers.get("x-app-usage").is_none());
        usage(answer, "x-business-use-case-usage")[account][0].clone()
    };
    let calm = report(&visitor.instagram(&token, "me/media", &[]).await);
    assert_eq!((&calm["type"], &calm["estimated_time_to_regain_access"]), (&json!("instagram"), &json!(0)));
    assert!(calm["call_count"].as_u64().unwrap() < 50);

    visitor.emulator.set_fault(Fault::Usage { percent: 100, minutes: Some(19), times: None });
    let full = report(&visitor.instagram(&token, "me", &[]).await);
    assert_eq!(
        full,
        json!({
            "type": "instagram", "call_count": 100, "total_cputime": 50, "total_time": 50,
            "estimated_time_to_regain_access": 19,
        })
    );
    visitor.emulator.clear_faults();
    visitor.emulator.set_fault(Fault::RateLimited { code: Some(80_002), times: Some(1) });
    let limited = visitor.instagram(&token, "me", &[]).await;
    assert_eq!(limited.error(), (400, 80_002, 0));
    let limited = report(&limited);
    assert_eq!((&limited["call_count"], &limited["estimated_time_to_regain_access"]), (&json!(100), &json!(60)));
    let nobody = visitor.instagram("IGAAnonsense", "me", &[]).await;
    assert!(nobody.headers.get("x-business-use-case-usage").is_none());
}

#[tokio::test]
async fn an_instagram_token_can_lack_the_basic_permission() {
    let visitor = Visitor::start().await;
    visitor.emulator.set_fault(Fault::NoBasicPermission);
    let code = visitor.instagram_code("alice.pro").await;
    let answer = visitor.exchange_instagram(&code, INSTAGRAM_BACK).await;
    assert_eq!((answer.status.as_u16(), &answer.body["permissions"]), (200, &json!([])));
    let token = answer.body["access_token"].as_str().unwrap().to_owned();
    visitor.emulator.clear_faults();
    for path in ["me", "me/media"] {
        assert_eq!(visitor.instagram(&token, path, &[]).await.error(), (400, 10, 0), "{path}");
    }
    let again = visitor.instagram_token("alice.pro").await;
    assert_eq!(visitor.instagram(&again, "me/media", &[]).await.status, 200);
}
