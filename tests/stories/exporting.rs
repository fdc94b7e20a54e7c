//! Publishing from the widget: a stored file goes to a visitor's Pages and to Instagram, and what may go wrong on the way.

use crate::stage::Stage;
use crate::tell;
use crate::visitor::Visitor;
use bowerbird_emulator::{Fault, PublishKind, PublishStep};
use serde_json::{Value, json};
use std::time::Duration;

/// Picks the first photo of alice's Instagram, and answers its handle.
pub async fn picks_from_instagram(visitor: &Visitor, page: &str) -> String {
    visitor.opens(page, json!({"fromSources": "instagram"})).await;
    visitor.starts_picking().await;
    visitor.connects_as("alice.pro").await;
    visitor.clicks(".tile.photo:not(.folder)").await;
    visitor.confirms().await;
    visitor.receives().await["filesUploaded"][0]["handle"].as_str().unwrap().to_owned()
}

/// Has the page export it with these options.
pub async fn exports(visitor: &Visitor, handle: &str, options: Value) {
    let script = format!(
        "window.outcome = undefined; window.published = [];
        client.export('{handle}', {{ onPublished: it => published.push(it), ...{options} }})
            .then(result => window.outcome = {{ result }}, error => window.outcome = {{ error: error.message }});"
    );
    visitor.runs(&script).await;
    visitor.sees(".dialog").await;
}

/// Ticks a destination in a form.
pub async fn chooses(visitor: &Visitor, name: &str, form: &str) {
    visitor.clicks(&format!(".destination[aria-label^='{name}'] [data-form='{form}']")).await;
}

pub async fn publishes(visitor: &Visitor) {
    visitor.clicks("[data-action='publish']:not(:disabled)").await;
}

#[tokio::test]
async fn a_photo_of_instagram_goes_to_a_page_and_to_its_story() {
    tell(Duration::ZERO, async |visitor: Visitor, stage: Stage| {
        let handle = picks_from_instagram(&visitor, &stage.page).await;
        exports(&visitor, &handle, json!({"text": "Prints of Lisbon", "link": "https://larkspur.example/"})).await;
        visitor.reads("publishes there what you choose").await;
        visitor.photographs("outward-connect").await;
        visitor.connects_as("alice").await;
        chooses(&visitor, "Walks in Lisbon", "feed").await;
        chooses(&visitor, "Walks in Lisbon", "story").await;
        visitor.photographs("outward-destinations").await;
        visitor.clicks("[data-action='compose']").await;
        visitor.sees(".sight[data-form='feed'] .media img").await;
        visitor.sees(".sight[data-form='story'] .media img").await;
        let field = visitor.sees("textarea[name=text]").await;
        assert_eq!(field.prop("value").await.unwrap().unwrap(), "Prints of Lisbon\n\nhttps://larkspur.example/");
        field.send_keys(" #lisboa").await.unwrap();
        visitor.photographs("outward-compose").await;
        publishes(&visitor).await;
        for place in [1, 2] {
            let row = format!(".publication:nth-child({place})[data-state='published'] [data-action='see']");
            let link = visitor.sees(&row).await.attr("href").await.unwrap().unwrap();
            assert!(link.starts_with("https://"), "{link}");
        }
        visitor.photographs("outward-published").await;
        visitor.clicks("[data-action='done']").await;
        let told = visitor.receives().await["publications"].clone();
        let forms: Vec<_> = told.as_array().unwrap().iter().map(|it| (&it["form"], &it["state"])).collect();
        assert_eq!(forms, [(&json!("feed"), &json!("published")), (&json!("story"), &json!("published"))]);
        assert_eq!(
            (&told[0]["account"]["name"], &told[0]["account"]["network"]),
            (&json!("Walks in Lisbon"), &json!("facebook"))
        );
        assert_eq!(visitor.runs("return published.length").await, 2);
        let published = stage.emulator.published();
        assert_eq!(published.visible.len(), 2, "{published:?}");
        let text = published.visible.iter().find_map(|seen| seen.text.clone().filter(|text| !text.is_empty()));
        assert_eq!(text.as_deref(), Some("Prints of Lisbon\n\nhttps://larkspur.example/ #lisboa"));
    })
    .await;
}

#[tokio::test]
async fn what_fails_says_why_and_is_tried_again() {
    tell(Duration::ZERO, async |visitor: Visitor, stage: Stage| {
        let handle = picks_from_instagram(&visitor, &stage.page).await;
        stage.emulator.set_fault(Fault::publish(PublishStep::Post, PublishKind::Blocked));
        exports(&visitor, &handle, json!({"lang": "de"})).await;
        visitor.connects_as("alice").await;
        chooses(&visitor, "Harbour Bakery", "feed").await;
        visitor.clicks("[data-action='compose']").await;
        publishes(&visitor).await;
        visitor.sees(".publication[data-state='failed'] [data-action='again']").await;
        visitor.reads("Das konnte nicht veröffentlicht werden.").await;
        visitor.reads("#368").await;
        visitor.photographs("outward-failed").await;
        stage.emulator.clear_faults();
        visitor.clicks("[data-action='again']").await;
        visitor.sees(".publication[data-state='published']").await;
        visitor.clicks("[data-action='done']").await;
        let states = "return outcome.result.publications.map(it => it.state).join()";
        visitor.until_it_says(states, "failed,published").await;
        assert_eq!(stage.emulator.published().visible.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn a_text_is_counted_and_something_scheduled_is_taken_back() {
    tell(Duration::ZERO, async |visitor: Visitor, stage: Stage| {
        let handle = picks_from_instagram(&visitor, &stage.page).await;
        let tomorrow = "new Date(Date.now() + 864e5).toISOString()";
        let at = visitor.runs(&format!("return {tomorrow}")).await;
        exports(&visitor, &handle, json!({"text": "#a ".repeat(31), "scheduledAt": at, "fit": "crop"})).await;
        visitor.connects_as("alice").await;
        visitor.clicks(".destination[data-network='instagram'] [data-form='feed']").await;
        visitor.clicks("[data-action='compose']").await;
        visitor.reads("31 of 30 hashtags").await;
        visitor.sees("[data-action='publish']:disabled").await;
        let field = visitor.sees("textarea[name=text][aria-invalid='true']").await;
        field.clear().await.unwrap();
        field.send_keys("One #tag").await.unwrap();
        visitor.reads("1 of 30 hashtags").await;
        visitor.sees("input[name=at]").await;
        publishes(&visitor).await;
        visitor.reads("Will be published at the time that you chose").await;
        visitor.clicks("[data-action='stop']").await;
        visitor.sees(".publication[data-state='cancelled']").await;
        visitor.clicks("[data-action='done']").await;
        assert_eq!(visitor.receives().await["publications"][0]["state"], "cancelled");
        assert!(stage.emulator.published().visible.is_empty());
    })
    .await;
}

#[tokio::test]
async fn who_leaves_publishes_nothing_and_wrong_options_open_nothing() {
    tell(Duration::ZERO, async |visitor: Visitor, stage: Stage| {
        let handle = picks_from_instagram(&visitor, &stage.strict_page()).await;
        exports(&visitor, &handle, json!({})).await;
        visitor.connects_as("alice").await;
        chooses(&visitor, "Walks in Lisbon", "story").await;
        visitor.clicks("[data-action='compose']").await;
        visitor.sees(".sight .media img").await;
        visitor.clicks("[data-action='destinations']").await;
        visitor.sees(".destination").await;
        visitor.clicks(".header > button:last-child").await;
        assert_eq!(visitor.receives().await, json!({"publications": []}));
        assert_eq!(visitor.runs("return violations").await, json!([]), "strict policies allow all of it");
        for (file, options, words) in [
            (handle.as_str(), json!({"caption": "x"}), "have no 'caption'; there are: accounts, text"),
            (handle.as_str(), json!({"form": "reel"}), "form takes feed, story"),
            (handle.as_str(), json!({"scheduledAt": "soon"}), "scheduledAt takes a date"),
            ("nothing", json!({}), "export takes a stored file"),
        ] {
            let script = format!("window.refused = undefined; client.export('{file}', {options}).catch(it => window.refused = it.message)");
            visitor.runs(&script).await;
            visitor.until_it_says("return window.refused ?? null", words).await;
        }
    })
    .await;
}
