//! What of the dialog's code a page loads, and when; and what visitors see where it does not come.

use crate::device::{PHOTO, bytes_of, chooses_files};
use crate::stage::Stage;
use crate::tell;
use crate::visitor::Visitor;
use serde_json::{Value, json};
use std::time::Duration;
use thirtyfour::Key;

/// Which of the chunks the page has asked for.
async fn asked(visitor: &Visitor) -> Value {
    let names = "return performance.getEntriesByType('resource')
        .map(entry => /bowerbird_(later|own|editor|outward)-/.exec(entry.name)?.[1]).filter(Boolean).sort().join()";
    visitor.runs(names).await
}

/// From now on these addresses cannot be reached.
async fn blocks(visitor: &Visitor, addresses: &[&str]) {
    let network = visitor.driver().cdp();
    network.send_raw("Network.enable", json!({})).await.unwrap();
    network.send_raw("Network.setBlockedURLs", json!({ "urls": addresses })).await.unwrap();
}

#[tokio::test]
async fn a_page_loads_what_its_visitors_use() {
    tell(Duration::ZERO, async |visitor: Visitor, stage: Stage| {
        visitor.begins(&stage.page, "facebook", 1, "alice").await;
        visitor.opens_folder("Holidays in Lisbon").await;
        visitor.picks(&[0]).await;
        assert_eq!(asked(&visitor).await, "later");
        visitor.clicks(".footer [data-action='edit']").await;
        visitor.sees(".editor[open] .canvas.here .frame").await;
        assert_eq!(asked(&visitor).await, "editor,later");
        visitor.clicks("[data-action='cancel-edit']").await;
        visitor.clicks(".footer [data-action='edit']").await;
        visitor.sees(".editor[open] .canvas.here .frame").await;
        assert_eq!(asked(&visitor).await, "editor,later", "once is enough");

        for source in ["local_file_system", "url"] {
            visitor.opens(&stage.page, json!({"fromSources": source})).await;
            visitor.starts_picking().await;
            visitor.sees(".ways-in").await;
            assert_eq!(asked(&visitor).await, "later,own");
        }
    })
    .await;
}

/// The network fails between the first sight and the rest: the dialog says so, and goes on when it is asked to.
#[tokio::test]
async fn what_comes_later_is_asked_for_again() {
    tell(Duration::ZERO, async |visitor: Visitor, stage: Stage| {
        // The chunk, and what it calls of the browser: either alone is of no use.
        for part in ["*bowerbird_later-*", "*bowerbird-later-*"] {
            blocks(&visitor, &[part]).await;
            visitor.opens(&stage.page, json!({"fromSources": "facebook"})).await;
            visitor.starts_picking().await;
            visitor.sees(".trouble[data-problem='unreachable']").await;
            visitor.clicks(".trouble button").await;
            visitor.sees(".trouble[data-problem='unreachable']").await;
            blocks(&visitor, &[]).await;
            visitor.clicks(".trouble button").await;
            visitor.sees("[data-action='connect']").await;
            visitor.clicks("[aria-label='Close']").await;
            assert_eq!(visitor.receives().await["filesUploaded"], json!([]));
        }
    })
    .await;
}

/// What is done with the list of services before the rest is here is done when it is, and the dialog stays the very same.
#[tokio::test]
async fn a_service_is_chosen_before_its_screens_are_here() {
    tell(Duration::ZERO, async |visitor: Visitor, stage: Stage| {
        blocks(&visitor, &["*bowerbird_later-*"]).await;
        visitor.opens(&stage.page, json!({"fromSources": ["facebook", "instagram"]})).await;
        visitor.starts_picking().await;
        visitor.sees(".trouble[data-problem='unreachable']").await;
        let dialog = "document.querySelector('[data-bowerbird]').shadowRoot.querySelector('.dialog')";
        visitor.runs(&format!("window.dialog = {dialog}")).await;
        visitor.clicks(".service[data-source='instagram']").await;
        visitor.sees(".service[data-source='instagram'][aria-current]").await;
        visitor.photographs("rest-missing").await;
        blocks(&visitor, &[]).await;
        visitor.clicks(".trouble button").await;
        visitor.sees("[data-action='connect']").await;
        visitor.reads("Connect Instagram").await;
        assert_eq!(visitor.runs(&format!("return dialog === {dialog} && dialog.open")).await, true, "another dialog");
        visitor.clicks("[aria-label='Close']").await;
        assert_eq!(visitor.receives().await["filesUploaded"], json!([]));
    })
    .await;
}

/// Whoever leaves before the rest is here is out at once, and the page hears of it as ever.
#[tokio::test]
async fn a_visitor_leaves_before_the_rest_is_here() {
    tell(Duration::ZERO, async |visitor: Visitor, stage: Stage| {
        blocks(&visitor, &["*bowerbird_later-*"]).await;
        visitor.opens(&stage.page, json!({"fromSources": ["facebook", "instagram"]})).await;
        visitor.starts_picking().await;
        visitor.sees(".trouble[data-problem='unreachable']").await;
        blocks(&visitor, &[]).await;
        visitor.presses(Key::Escape).await;
        assert_eq!(visitor.receives().await, json!({"filesUploaded": [], "filesFailed": []}));
        let left = "return !document.querySelector('[data-bowerbird]') && document.activeElement.id";
        assert_eq!(visitor.runs(left).await, "pick");
    })
    .await;
}

#[tokio::test]
async fn the_device_and_the_editor_are_asked_for_again() {
    tell(Duration::ZERO, async |visitor: Visitor, stage: Stage| {
        blocks(&visitor, &["*bowerbird_own-*", "*bowerbird_editor-*"]).await;
        visitor.opens(&stage.page, json!({"fromSources": "local_file_system"})).await;
        visitor.starts_picking().await;
        visitor.sees(".trouble[data-problem='unreachable']").await;
        blocks(&visitor, &["*bowerbird_editor-*"]).await;
        visitor.clicks(".trouble button").await;
        chooses_files(&visitor, &[(PHOTO, "image/jpeg", &bytes_of(PHOTO))]).await;
        visitor.clicks(".footer [data-action='edit']").await;
        visitor.sees(".awaits[open] .trouble[data-problem='unreachable']").await;
        visitor.photographs("editor-missing").await;
        blocks(&visitor, &[]).await;
        visitor.clicks(".awaits .trouble button").await;
        visitor.sees(".editor[open] .canvas.here .frame").await;
        visitor.clicks("[data-action='save-edit']").await;
        visitor.confirms().await;
        assert_eq!(visitor.receives().await["filesUploaded"][0]["filename"], PHOTO);
    })
    .await;
}
