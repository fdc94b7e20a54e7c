//! Every refusal of the provider's has a sentence of its own, and leaves a picture of it in `target/screenshots`.

use crate::browser::{Engine, Options};
use crate::stage::Stage;
use crate::visitor::Visitor;
use crate::{tell, tell_in};
use bowerbird_emulator::{Fault, RefusalKind};
use serde_json::{Value, json};
use std::collections::HashSet;
use std::time::Duration;

const ENGLISH: &str = include_str!("../../src/text/en.json");

/// The sentence of a problem, as the dialog says it.
fn sentence(code: &str, provider: &str) -> String {
    let english: Value = serde_json::from_str(ENGLISH).unwrap();
    english[format!("problem.{code}")].as_str().unwrap().replace("{providerName}", provider)
}

/// Waits for the sentence, and keeps it at a phone's and a desk's width.
async fn reads_and_keeps(visitor: &Visitor, code: &str, provider: &str, name: &str) {
    visitor.sees(&format!("[data-problem='{code}']")).await;
    visitor.reads(&sentence(code, provider)).await;
    for width in [390, 1280] {
        visitor.has_a_screen_of(width, 800).await;
        visitor.photographs(&format!("refusal-{width}-{name}")).await;
    }
}

#[tokio::test]
async fn what_graph_refuses_is_said_in_a_sentence_of_its_own() {
    tell(Duration::ZERO, async |visitor: Visitor, stage: Stage| {
        let kinds = [
            (RefusalKind::NotReviewed, "permission_not_reviewed"),
            (RefusalKind::BusinessVerification, "business_unverified"),
            (RefusalKind::DevelopmentMode, "app_in_development"),
            (RefusalKind::Capability, "permission_not_reviewed"),
            (RefusalKind::PermissionRemoved, "permission_declined"),
            (RefusalKind::Checkpoint, "account_checkpoint"),
            (RefusalKind::Unconfirmed, "account_checkpoint"),
            (RefusalKind::PasswordChanged, "password_changed"),
            (RefusalKind::AppRemoved, "access_removed"),
            (RefusalKind::SessionInvalidated, "sign_in_again"),
            (RefusalKind::Blocked, "account_blocked"),
            (RefusalKind::Down, "source_unavailable"),
        ];
        let sentences: HashSet<String> = kinds.iter().map(|(_, code)| sentence(code, "Facebook")).collect();
        let codes: HashSet<&str> = kinds.iter().map(|(_, code)| *code).collect();
        assert_eq!(sentences.len(), codes.len(), "no two have the same words");
        for (kind, code) in kinds {
            visitor.begins(&stage.page, "facebook", 3, "alice").await;
            visitor.sees(".tile.folder").await;
            stage.emulator.set_fault(Fault::Refusal { kind, times: None });
            visitor.opens_folder("Holidays in Lisbon").await;
            reads_and_keeps(&visitor, code, "Facebook", &format!("{kind:?}")).await;
            stage.emulator.clear_faults();
        }
        visitor.begins(&stage.page, "facebook", 3, "alice").await;
        visitor.sees(".tile.folder").await;
        stage.emulator.set_fault(Fault::RateLimited { code: None, times: None });
        visitor.opens_folder("Holidays in Lisbon").await;
        reads_and_keeps(&visitor, "rate_limited", "Facebook", "RateLimited").await;
    })
    .await;
}

#[tokio::test]
async fn what_the_login_refuses_is_said_too() {
    tell(Duration::ZERO, async |visitor: Visitor, stage: Stage| {
        let asks = async |source: &str| {
            visitor.opens(&stage.page, json!({"fromSources": source})).await;
            visitor.starts_picking().await;
            visitor.starts_connecting().await;
        };
        asks("facebook").await;
        visitor.signs_in("alice", &["[name=user_photos]", "#continue"]).await;
        reads_and_keeps(&visitor, "permission_declined", "Facebook", "Declined").await;
        visitor.reads("Ask again").await;

        asks("instagram").await;
        visitor.signs_in("ben.personal", &["#continue"]).await;
        reads_and_keeps(&visitor, "personal_account", "Instagram", "PersonalAccount").await;

        stage.emulator.set_fault(Fault::NoBasicPermission);
        asks("instagram").await;
        visitor.signs_in("alice.pro", &["#continue"]).await;
        reads_and_keeps(&visitor, "permission_declined", "Instagram", "NoBasicPermission").await;
        stage.emulator.clear_faults();

        stage.emulator.set_fault(Fault::LoginError {
            error: "server_error".to_owned(),
            error_reason: None,
            error_code: None,
            error_description: Some("App not active: This app is currently not accessible".to_owned()),
            times: None,
        });
        asks("facebook").await;
        visitor.signs_in("alice", &["#continue"]).await;
        reads_and_keeps(&visitor, "app_in_development", "Facebook", "AppNotActive").await;
    })
    .await;
}

/// A stranger to an app in development never comes back from the provider's page: the dialog goes on waiting, and says so.
#[tokio::test]
async fn whom_the_provider_keeps_is_waited_for() {
    let options = Options { dark: true, ..Options::default() };
    tell_in(Engine::Chromium, options, Duration::ZERO, async |visitor: Visitor, stage: Stage| {
        stage.emulator.set_fault(Fault::DevelopmentMode);
        visitor.opens(&stage.page, json!({"fromSources": "facebook"})).await;
        visitor.starts_picking().await;
        visitor.starts_connecting().await;
        visitor.clicks_outside("button[data-account='eve']").await;
        // A window that is on its way to another page may not close.
        let refused =
            "return String(document.readyState === 'complete' && !document.querySelector('button[data-account]'))";
        visitor.until_it_says(refused, "true").await;
        visitor.closes_the_window().await;
        visitor.reads("Still waiting for Facebook.").await;
        visitor.reads("If Facebook shows an error there").await;
        for width in [390, 1280] {
            visitor.has_a_screen_of(width, 800).await;
            visitor.photographs(&format!("refusal-{width}-DevelopmentModePage")).await;
        }
        visitor.clicks("[data-action='stop']").await;
        visitor.sees("[data-action='connect']").await;
    })
    .await;
}
