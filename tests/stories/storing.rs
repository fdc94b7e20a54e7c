//! Copying, and all that may come between: a change of mind, a failure, a network that goes, a page that is wanted back; and
//! the order of what is chosen, which is the order of what arrives.

use crate::stage::Stage;
use crate::visitor::Visitor;
use crate::{arrived_whole, tell};
use bowerbird_emulator::Fault;
use serde_json::{Value, json};
use std::time::Duration;

const CONTROL_HOME: &str = "\u{e009}\u{e011}";
const END: &str = "\u{e010}";
const ESCAPE: &str = "\u{e00c}";
const DELETE: &str = "\u{e017}";

/// Has pictures take so long that a visitor can do something meanwhile.
fn pictures_take(stage: &Stage, ms: u64) {
    stage.emulator.set_fault(Fault::Slow { ms, host: Some("scontent.xx.fbcdn.net".to_owned()), times: None });
}

/// Up to the choice of these photos, with further options.
async fn chooses(visitor: &Visitor, stage: &Stage, places: &[usize], options: Value) {
    let mut all = json!({"fromSources": "facebook", "maxFiles": 5});
    all.as_object_mut().unwrap().extend(options.as_object().unwrap().clone());
    visitor.opens(&stage.page, all).await;
    visitor.starts_picking().await;
    visitor.connects_as("alice").await;
    visitor.opens_folder("Holidays in Lisbon").await;
    visitor.picks(places).await;
}

fn uploaded(result: &Value) -> usize {
    result["filesUploaded"].as_array().unwrap().len()
}

#[tokio::test]
async fn one_photo_is_cancelled_and_then_wanted_after_all() {
    tell(Duration::ZERO, async |visitor: Visitor, stage: Stage| {
        chooses(&visitor, &stage, &[0, 1, 2], json!({})).await;
        pictures_take(&stage, 3_000);
        visitor.confirms().await;
        visitor.clicks(".row:nth-child(2) [data-action='cancel-photo']").await;
        visitor.sees(".row:nth-child(2)[data-state='cancelled']").await;
        visitor.reads("2 photos are ready").await;
        assert_eq!(stage.files_on_disk().len(), 2, "nothing of the cancelled one is kept");
        stage.emulator.clear_faults();
        visitor.clicks(".row:nth-child(2) [data-action='retry-photo']").await;
        let result = visitor.receives().await;
        assert_eq!(uploaded(&result), 3, "{result}");
        arrived_whole(&stage, &result["filesUploaded"]).await;
    })
    .await;
}

#[tokio::test]
async fn what_is_stored_goes_on_without_what_is_cancelled() {
    tell(Duration::ZERO, async |visitor: Visitor, stage: Stage| {
        chooses(&visitor, &stage, &[0, 1], json!({})).await;
        pictures_take(&stage, 3_000);
        visitor.confirms().await;
        visitor.clicks(".row:first-child [data-action='cancel-photo']").await;
        visitor.reads("1 photo is ready").await;
        visitor.clicks("[data-action='continue']").await;
        let result = visitor.receives().await;
        assert_eq!((uploaded(&result), &result["filesFailed"]), (1, &json!([])));
    })
    .await;
}

#[tokio::test]
async fn all_are_cancelled_and_the_photos_are_there_again() {
    tell(Duration::ZERO, async |visitor: Visitor, stage: Stage| {
        chooses(&visitor, &stage, &[0, 1], json!({})).await;
        pictures_take(&stage, 20_000);
        visitor.confirms().await;
        visitor.clicks("[data-action='cancel-all']").await;
        visitor.reads("2 of 5 selected").await;
        assert_eq!(stage.files_on_disk(), [""; 0]);
        stage.emulator.clear_faults();
        visitor.confirms().await;
        assert_eq!(uploaded(&visitor.receives().await), 2);
    })
    .await;
}

#[tokio::test]
async fn one_is_tried_again_while_the_others_move() {
    tell(Duration::ZERO, async |visitor: Visitor, stage: Stage| {
        chooses(&visitor, &stage, &[0, 1, 2], json!({})).await;
        visitor.clicks("[data-action='tray']").await;
        visitor.clicks("[data-action='close-tray']").await;
        stage.emulator.set_fault(Fault::NotAnImage { times: None });
        visitor.confirms().await;
        visitor.reads("3 photos could not be copied").await;
        stage.emulator.clear_faults();
        visitor.clicks("[data-action='continue'], [data-action='back']").await;
        stage.emulator.set_fault(Fault::CutImages { after_bytes: Some(1_000), times: None });
        visitor.confirms().await;
        visitor.reads("3 photos could not be copied").await;
        stage.emulator.clear_faults();
        pictures_take(&stage, 2_000);
        for row in 1..=3 {
            visitor.clicks(&format!(".row:nth-child({row}) [data-action='retry-photo']")).await;
        }
        let result = visitor.receives().await;
        assert_eq!(uploaded(&result), 3, "{result}");
    })
    .await;
}

#[tokio::test]
async fn the_network_goes_and_comes_back() {
    tell(Duration::ZERO, async |visitor: Visitor, stage: Stage| {
        visitor.begins(&stage.page, "facebook", 3, "alice").await;
        visitor.sees(".tile.folder").await;
        visitor.is_offline(true).await;
        visitor.opens_folder("Holidays in Lisbon").await;
        visitor.sees("[data-problem='unreachable']").await;
        visitor.is_offline(false).await;
        visitor.picks(&[0, 1]).await;
        // Before anything is asked for: a stream that is open already goes on in Chromium, whatever it was told of the network.
        visitor.is_offline(true).await;
        visitor.confirms().await;
        visitor.sees(".row:not([data-state='stored'])").await;
        visitor.reads("You are offline. Copying goes on when you are back.").await;
        assert_eq!(stage.files_on_disk(), [""; 0]);
        visitor.is_offline(false).await;
        assert_eq!(uploaded(&visitor.receives().await), 2);
    })
    .await;
}

#[tokio::test]
async fn a_companion_that_is_away_for_long_is_waited_for() {
    tell(Duration::ZERO, async |visitor: Visitor, mut stage: Stage| {
        chooses(&visitor, &stage, &[0, 1], json!({})).await;
        pictures_take(&stage, 1_500);
        visitor.confirms().await;
        visitor.sees(".row").await;
        stage.stop_companion().await;
        visitor.reads("There is no connection at the moment. Copying goes on when it is back.").await;
        stage.emulator.clear_faults();
        stage.start_companion().await;
        assert_eq!(uploaded(&visitor.receives().await), 2);
    })
    .await;
}

const PILL: &str =
    "return document.querySelector('[data-bowerbird]')?.shadowRoot.querySelector('.pill')?.innerText ?? ''";

#[tokio::test]
async fn the_dialog_makes_way_while_photos_are_copied() {
    tell(Duration::ZERO, async |visitor: Visitor, stage: Stage| {
        chooses(&visitor, &stage, &[0, 1], json!({"hideModalWhenUploading": true})).await;
        pictures_take(&stage, 4_000);
        visitor.confirms().await;
        visitor.until_it_says(PILL, "Copying 1 of 2").await;
        let page = "return getComputedStyle(document.documentElement).overflow + ' ' + \
            (document.querySelector('[data-bowerbird]').shadowRoot.querySelector('.dialog').open ? 'open' : 'away')";
        visitor.until_it_says(page, "visible away").await;
        visitor.photographs("indicator").await;
        visitor.clicks(".pill").await;
        visitor.until_it_says(page, "hidden open").await;
        visitor.clicks("[data-action='minimize']").await;
        visitor.until_it_says(page, "visible away").await;
        visitor.runs("window.scrollTo(0, 700)").await;
        assert_eq!(uploaded(&visitor.receives().await), 2);
        assert_eq!(visitor.runs("return window.scrollY").await, json!(700), "the page stays where the visitor is");
        assert_eq!(visitor.runs("return document.querySelectorAll('[data-bowerbird]').length").await, json!(0));
    })
    .await;
}

#[tokio::test]
async fn the_indicator_says_what_failed_and_leads_back() {
    tell(Duration::ZERO, async |visitor: Visitor, stage: Stage| {
        chooses(&visitor, &stage, &[0, 1], json!({"hideModalWhenUploading": true})).await;
        stage.emulator.set_fault(Fault::CutImages { after_bytes: Some(1_000), times: None });
        visitor.confirms().await;
        visitor.until_it_says(PILL, "2 photos could not be copied").await;
        stage.emulator.clear_faults();
        visitor.clicks(".pill").await;
        visitor.clicks("[data-action='retry']").await;
        assert_eq!(uploaded(&visitor.receives().await), 2);
    })
    .await;
}

#[tokio::test]
async fn nobody_loses_photos_by_closing() {
    tell(Duration::ZERO, async |visitor: Visitor, stage: Stage| {
        chooses(&visitor, &stage, &[0, 1], json!({})).await;
        pictures_take(&stage, 20_000);
        visitor.confirms().await;
        visitor.clicks("[aria-label='Close']").await;
        visitor.reads("Stop copying?").await;
        visitor.reads("0 of 2 photos are copied.").await;
        visitor.photographs("leaving").await;
        visitor.clicks("[data-action='stay']").await;
        visitor.sees(".dialog:has(.question:not([open]))").await;
        // The Back button asks as well.
        visitor.driver().back().await.unwrap();
        visitor.sees(".question[open]").await;
        visitor.clicks("[data-action='stop-copying']").await;
        assert_eq!(visitor.receives().await, json!({"filesUploaded": [], "filesFailed": []}));
        for _ in 0..100 {
            if stage.files_on_disk().is_empty() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("the companion still copies: {:?}", stage.files_on_disk());
    })
    .await;
}

/// The ids of the photos in the tray, by their order.
async fn order(visitor: &Visitor) -> Vec<String> {
    let script = "return [...document.querySelector('[data-bowerbird]').shadowRoot.querySelectorAll('.slot img')] \
        .map(image => image.src)";
    let sources = visitor.runs(script).await;
    sources.as_array().unwrap().iter().map(|source| source.as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn the_order_of_the_tray_is_the_order_of_the_result() {
    tell(Duration::ZERO, async |visitor: Visitor, stage: Stage| {
        chooses(&visitor, &stage, &[0, 1, 2], json!({})).await;
        let paths = "return [...document.querySelector('[data-bowerbird]').shadowRoot.querySelectorAll('.photo')] \
            .slice(0, 3).map(photo => photo.dataset.path.split('/').pop().split('.')[0])";
        let chosen = visitor.runs(paths).await;
        visitor.clicks("[data-action='tray']").await;
        visitor.sees(".slot:nth-child(3) img").await;
        visitor.photographs("tray").await;
        let [a, b, c]: [String; 3] = order(&visitor).await.try_into().unwrap();
        visitor.sees(".slot[tabindex='0']").await.send_keys(END).await.unwrap();
        visitor.sees(".slot:nth-child(3):focus").await.send_keys(CONTROL_HOME).await.unwrap();
        visitor.sees(".slot:first-child:focus").await;
        visitor.reads("Moved to 1 of 3").await;
        assert_eq!(order(&visitor).await, [c.clone(), a.clone(), b.clone()]);
        // By hand, and back again.
        let (first, last) = (visitor.sees(".slot:first-child").await, visitor.sees(".slot:last-child").await);
        visitor.driver().action_chain().drag_and_drop_element(&first, &last).perform().await.unwrap();
        assert_eq!(order(&visitor).await, [a, b, c]);
        visitor.driver().action_chain().drag_and_drop_element(&last, &first).perform().await.unwrap();
        visitor.sees(".slot[tabindex='0']").await.send_keys(ESCAPE).await.unwrap();
        visitor.sees(".dialog:not(:has(.tray)) [data-action='tray']:focus").await;
        visitor.confirms().await;
        let result = visitor.receives().await;
        let names = result["filesUploaded"].as_array().unwrap().iter();
        let names: Vec<_> = names.map(|file| file["filename"].as_str().unwrap().split('.').next().unwrap()).collect();
        let chosen: Vec<_> = chosen.as_array().unwrap().iter().map(|id| id.as_str().unwrap()).collect();
        assert_eq!(names, [chosen[2], chosen[0], chosen[1]]);
    })
    .await;
}

#[tokio::test]
async fn an_empty_tray_closes() {
    tell(Duration::ZERO, async |visitor: Visitor, stage: Stage| {
        chooses(&visitor, &stage, &[0, 1], json!({})).await;
        visitor.clicks("[data-action='tray']").await;
        visitor.sees(".slot:first-child:focus").await.send_keys(DELETE).await.unwrap();
        visitor.reads("1 of 5 selected").await;
        visitor.clicks(".slot .remove").await;
        visitor.sees(".dialog:not(:has(.tray))").await;
        visitor.sees(".count:focus").await;
        visitor.reads("Choose up to 5 photos").await;
    })
    .await;
}
