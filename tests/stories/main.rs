//! Visitors' stories, end to end in a real browser: the page, the widget, the companion, the emulated Meta.

#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, reason = "a story that cannot go on has failed")]

mod browser;
mod callbacks;
mod chunks;
mod client;
mod counting;
mod device;
mod early;
mod editing;
mod embedding;
mod engines;
mod exporting;
mod finding;
mod frameworks;
mod grid;
mod keyboard;
mod languages;
mod legacy;
mod looks;
mod options;
mod recording;
mod refusals;
mod signing_in;
mod soak;
#[path = "../stage/mod.rs"]
mod stage;
mod storing;
mod tour;
mod visitor;
mod walk;

use browser::{Browser, Engine, Options};
use serde_json::{Value, json};
use stage::Stage;
use std::time::Duration;
use visitor::Visitor;

/// A login page that takes its time: a fast one hides what goes wrong while it is open.
const DWELL: Duration = Duration::from_secs(2);

/// Tells a story in Chromium.
async fn tell<F: Future<Output = ()> + Send + 'static>(dwell: Duration, story: impl FnOnce(Visitor, Stage) -> F) {
    tell_in(Engine::Chromium, Options::default(), dwell, story).await;
}

/// Tells a story in some browser, and puts the browser away, however it ends.
async fn tell_in<F: Future<Output = ()> + Send + 'static>(
    engine: Engine,
    options: Options,
    dwell: Duration,
    story: impl FnOnce(Visitor, Stage) -> F,
) {
    if !engine.is_here() {
        return;
    }
    let stage = Stage::set(dwell).await;
    let visitor = Visitor::at(Browser::start(engine, options).await).await;
    let told = tokio::spawn(story(visitor.clone(), stage)).await;
    visitor.driver().clone().quit().await.expect("the browser ends");
    if let Err(error) = told {
        std::panic::resume_unwind(error.into_panic());
    }
}

fn both() -> Value {
    json!({"accept": ["image/*"], "fromSources": ["facebook", "instagram"], "maxFiles": 5})
}

/// Compares each uploaded file, fetched by its `url`, with what the emulator served for the photo.
async fn arrived_whole(stage: &Stage, files: &Value) {
    for file in files.as_array().unwrap() {
        let bytes = stage.stored_bytes(file["url"].as_str().unwrap()).await;
        assert_eq!(file["size"], bytes.len(), "{file}");
        let id = file["filename"].as_str().unwrap().split('.').next().unwrap();
        assert!(stage.was_served(id, &bytes), "not the photo that was served: {file}");
    }
}

#[tokio::test]
async fn three_photos_from_facebook() {
    tell(DWELL, async |visitor: Visitor, stage: Stage| {
        visitor.opens(&stage.page, both()).await;
        visitor.starts_picking().await;
        visitor.chooses_service("facebook").await;
        visitor.connects_as("alice").await;
        visitor.opens_folder("Mobile uploads").await;
        visitor.scrolls_until(120).await;
        visitor.picks(&[110, 2, 30]).await;
        visitor.reads("3 of 5 selected").await;
        visitor.confirms().await;
        let result = visitor.receives().await;
        let files = &result["filesUploaded"];
        assert_eq!(files.as_array().unwrap().len(), 3, "{result}");
        assert_eq!(result["filesFailed"], json!([]));
        for file in files.as_array().unwrap() {
            assert_eq!(file["source"], "facebook");
            assert_eq!(file["mimetype"], "image/jpeg");
            assert_eq!(file["status"], "Stored");
            let path = file["originalPath"].as_str().unwrap();
            assert!(path.starts_with("/Mobile uploads/"), "{path}");
            assert!(file["width"].is_u64() && file["height"].is_u64() && file["dateTaken"].is_string(), "{file}");
        }
        arrived_whole(&stage, files).await;
    })
    .await;
}

#[tokio::test]
async fn one_photo_out_of_an_instagram_carousel() {
    tell(DWELL, async |visitor: Visitor, stage: Stage| {
        visitor.begins(&stage.page, "instagram", 1, "alice.pro").await;
        visitor.clicks(".tile.folder").await;
        visitor.clicks(".tile.photo.inside ~ .tile.photo.inside, .line + .line .tile.photo.inside").await;
        visitor.confirms().await;
        let result = visitor.receives().await;
        let files = &result["filesUploaded"];
        assert_eq!(files.as_array().unwrap().len(), 1, "{result}");
        assert_eq!(files[0]["source"], "instagram");
        arrived_whole(&stage, files).await;
    })
    .await;
}

#[tokio::test]
async fn a_sign_in_cancelled_and_then_thought_better_of() {
    tell(Duration::ZERO, async |visitor: Visitor, stage: Stage| {
        visitor.opens(&stage.page, json!({"fromSources": "facebook"})).await;
        visitor.starts_picking().await;
        visitor.starts_connecting().await;
        visitor.signs_in("alice", &["#cancel"]).await;
        visitor.sees("[data-problem='sign_in_cancelled']").await;
        visitor.reads("You cancelled the sign-in.").await;
        visitor.connects_as("alice").await;
        visitor.opens_folder("Holidays in Lisbon").await;
        visitor.sees(".photo").await;
    })
    .await;
}

#[tokio::test]
async fn photos_declined_and_asked_for_again() {
    tell(Duration::ZERO, async |visitor: Visitor, stage: Stage| {
        visitor.opens(&stage.page, json!({"fromSources": "facebook"})).await;
        visitor.starts_picking().await;
        visitor.starts_connecting().await;
        visitor.signs_in("alice", &["[name=user_photos]", "#continue"]).await;
        visitor.reads("did not allow access to your photos").await;
        visitor.reads("Ask again").await;
        visitor.connects_as("alice").await;
        visitor.opens_folder("Holidays in Lisbon").await;
        visitor.sees(".photo").await;
    })
    .await;
}

#[tokio::test]
async fn a_personal_instagram_account_is_told_what_to_do() {
    tell(Duration::ZERO, async |visitor: Visitor, stage: Stage| {
        visitor.begins(&stage.page, "instagram", 1, "ben.personal").await;
        visitor.sees("[data-problem='personal_account']").await;
        visitor.reads("Instagram shares photos of professional accounts only.").await;
    })
    .await;
}

#[tokio::test]
async fn nothing_to_choose_from() {
    tell(Duration::ZERO, async |visitor: Visitor, stage: Stage| {
        visitor.begins(&stage.page, "facebook", 1, "ben").await;
        visitor.reads("There are no albums in this account.").await;
        visitor.chooses_for_the_account("sign-out").await;
        visitor.connects_as("alice").await;
        visitor.opens_folder("Someday").await;
        visitor.reads("There are no photos here.").await;
        visitor.clicks("[aria-label='Close']").await;
        assert_eq!(visitor.receives().await, json!({"filesUploaded": [], "filesFailed": []}));
    })
    .await;
}

#[tokio::test]
async fn photos_that_fail_are_named_and_can_be_tried_again() {
    use bowerbird_emulator::Fault;
    tell(Duration::ZERO, async |visitor: Visitor, stage: Stage| {
        visitor.begins(&stage.page, "facebook", 3, "alice").await;
        visitor.opens_folder("Holidays in Lisbon").await;
        visitor.picks(&[0, 1]).await;
        stage.emulator.set_fault(Fault::CutImages { after_bytes: Some(1_000), times: None });
        visitor.confirms().await;
        visitor.reads("2 photos could not be copied").await;
        visitor.reads("The photo did not arrive whole.").await;
        assert_eq!(stage.files_on_disk(), [""; 0], "nothing half-written stays");
        stage.emulator.clear_faults();
        visitor.clicks("[data-action='retry']").await;
        let result = visitor.receives().await;
        assert_eq!(result["filesUploaded"].as_array().unwrap().len(), 2, "{result}");
        arrived_whole(&stage, &result["filesUploaded"]).await;
    })
    .await;
}

#[tokio::test]
async fn a_photo_that_is_gone_does_not_take_the_others_with_it() {
    tell(Duration::ZERO, async |visitor: Visitor, stage: Stage| {
        visitor.begins(&stage.page, "facebook", 3, "alice").await;
        visitor.opens_folder("Holidays in Lisbon").await;
        visitor.picks(&[0, 1]).await;
        let path = visitor.sees(".photo").await.attr("data-path").await.unwrap().unwrap();
        let id = path.rsplit('/').next().unwrap().trim_end_matches(".jpg");
        stage.emulator.delete_photo(id);
        visitor.confirms().await;
        visitor.reads("This photo is no longer there.").await;
        visitor.clicks("[data-action='continue']").await;
        let result = visitor.receives().await;
        assert_eq!(result["filesUploaded"].as_array().unwrap().len(), 1);
        assert_eq!(result["filesFailed"][0]["error"]["code"], "photo_gone");
    })
    .await;
}

#[tokio::test]
async fn the_companion_goes_away_in_the_middle_and_comes_back() {
    use bowerbird_emulator::Fault;
    tell(Duration::ZERO, async |visitor: Visitor, mut stage: Stage| {
        visitor.begins(&stage.page, "facebook", 3, "alice").await;
        visitor.opens_folder("Holidays in Lisbon").await;
        visitor.picks(&[3, 4]).await;
        let pictures = Some("scontent.xx.fbcdn.net".to_owned());
        stage.emulator.set_fault(Fault::Slow { ms: 1_500, host: pictures, times: None });
        visitor.confirms().await;
        visitor.reads("Copying your 2 photos").await;
        stage.stop_companion().await;
        stage.emulator.clear_faults();
        tokio::time::sleep(Duration::from_millis(300)).await;
        stage.start_companion().await;
        let result = visitor.receives().await;
        assert_eq!(result["filesUploaded"].as_array().unwrap().len(), 2, "{result}");
        arrived_whole(&stage, &result["filesUploaded"]).await;
    })
    .await;
}

#[tokio::test]
async fn the_module_and_the_short_forms() {
    tell(Duration::ZERO, async |visitor: Visitor, stage: Stage| {
        visitor.opens(&stage.page, json!({})).await;
        let module = format!("{}/bowerbird.mjs", stage.companion);
        visitor
            .runs(&format!(
                "import('{module}').then(bowerbird => {{
                    bowerbird.init('demo', {{ url: '{}' }});
                    bowerbird.pick(['instagram', 'facebook']).then(result => window.outcome = {{ result }});
                }})",
                stage.companion
            ))
            .await;
        visitor.sees(".service[data-source='instagram']").await;
        visitor.clicks("[aria-label='Close']").await;
        assert_eq!(visitor.receives().await["filesUploaded"], json!([]));
        visitor
            .runs("bowerbird.pick('facebook').then(result => window.outcome = { result }); window.outcome = null")
            .await;
        visitor.sees("[data-action='connect']").await;
        visitor.driver().back().await.unwrap();
        assert_eq!(visitor.receives().await["filesUploaded"], json!([]));
        assert_eq!(visitor.runs("return document.querySelectorAll('[data-bowerbird]').length").await, json!(0));
    })
    .await;
}
