//! Finding a photo: by words and days, in another order, large; and choosing all that was found.

use crate::browser::{Engine, Options};
use crate::stage::Stage;
use crate::visitor::Visitor;
use crate::{tell, tell_in};
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use thirtyfour::{Key, TypingData};

const ROOT: &str = "const root = document.querySelector('[data-bowerbird]').shadowRoot;";

/// Runs a script that knows the dialog's `root`.
async fn asks(visitor: &Visitor, script: &str) -> Value {
    visitor.runs(&format!("{ROOT} {script}")).await
}

/// Waits until a script that knows the dialog's `root` answers this.
async fn until(visitor: &Visitor, script: &str, expected: Value) {
    let began = Instant::now();
    loop {
        let answer = asks(visitor, script).await;
        if answer == expected {
            return;
        }
        assert!(began.elapsed() < Duration::from_secs(20), "«{script}» says {answer} and not {expected}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn presses(visitor: &Visitor, keys: impl Into<TypingData>) {
    visitor.driver().action_chain().send_keys(keys).perform().await.expect("a key");
}

/// Gives a field of days a day, as its calendar does.
async fn sets_the_day(visitor: &Visitor, name: &str, day: &str) {
    let set = format!(
        "const field = root.querySelector('.days [name={name}]'); field.value = '{day}';
         field.dispatchEvent(new Event('input', {{bubbles: true}}))"
    );
    asks(visitor, &set).await;
}

/// The captions that are seen, in their order.
const CAPTIONS: &str = "return [...root.querySelectorAll('.tile.photo')].map(tile => tile.getAttribute('aria-label'))";
/// How many there are to be seen, drawn or not.
const HOW_MANY: &str = "return Number(root.querySelector('.grid')?.dataset.loaded ?? 0)";
const ANNOUNCED: &str = "return root.querySelector('[data-role=announcer]').textContent.trim()";
/// The path of the element that has the focus.
const AT: &str = "return root.activeElement?.dataset.path ?? root.activeElement?.className";

async fn opens_lisbon(visitor: &Visitor, stage: &Stage, max_files: u32) {
    visitor.begins(&stage.page, "facebook", max_files, "alice").await;
    visitor.opens_folder("Holidays in Lisbon").await;
    visitor.sees(".photo").await;
}

#[tokio::test]
async fn by_words_and_days() {
    tell(Duration::ZERO, async |visitor: Visitor, stage: Stage| {
        let far_from_greenwich = json!({"timezoneId": "Pacific/Auckland"});
        visitor.driver().cdp().send_raw("Emulation.setTimezoneOverride", far_from_greenwich).await.unwrap();
        opens_lisbon(&visitor, &stage, 5).await;
        until(&visitor, ANNOUNCED, json!("24 photos loaded")).await;
        visitor.sees(".words").await.send_keys("PASTEIS nata").await.unwrap();
        visitor.reads("Found 3 of 24").await;
        until(&visitor, HOW_MANY, json!(3)).await;
        until(&visitor, ANNOUNCED, json!("Found 3 of 24")).await;

        // Escape empties the field; the dialog stays.
        presses(&visitor, Key::Escape).await;
        until(&visitor, HOW_MANY, json!(24)).await;
        assert_eq!(asks(&visitor, "return root.querySelector('.words').value").await, "");

        visitor.clicks("[data-action='filter']").await;
        sets_the_day(&visitor, "from", "2024-05-11").await;
        sets_the_day(&visitor, "to", "2024-05-11").await;
        visitor.reads("of 24").await;
        let found = asks(&visitor, HOW_MANY).await.as_u64().unwrap();
        assert!((6..=12).contains(&found), "a day of the four: {found}");

        // A day is what the visitor's calendar and the photos' dates on the screen call so.
        visitor.clicks("[data-action='view-list']").await;
        let dates = "return [...new Set([...root.querySelectorAll('.tile.photo small')].map(it => it.textContent))]";
        until(&visitor, dates, json!(["May 11, 2024"])).await;
        visitor.clicks("[data-action='view-grid']").await;

        // What is looked for stays with its folder.
        visitor.clicks(".back").await;
        visitor.opens_folder("Profile pictures").await;
        until(&visitor, HOW_MANY, json!(6)).await;
        visitor.clicks(".back").await;
        visitor.opens_folder("Holidays in Lisbon").await;
        visitor.sees(".photo").await;
        visitor.sees(".words").await.send_keys("no such thing").await.unwrap();
        visitor.reads("None of the 24 here fits the filter.").await;
        assert_eq!(asks(&visitor, HOW_MANY).await, json!(0));
        visitor.clicks("[data-action='clear-filter']").await;
        until(&visitor, HOW_MANY, json!(24)).await;
        assert_eq!(asks(&visitor, "return root.querySelector('.words').value").await, "");
    })
    .await;
}

#[tokio::test]
async fn an_album_by_its_name() {
    tell(Duration::ZERO, async |visitor: Visitor, stage: Stage| {
        visitor.begins(&stage.page, "facebook", 1, "alice").await;
        visitor.sees(".tile.folder").await;
        visitor.sees(".words").await.send_keys("lisb").await.unwrap();
        until(&visitor, "return root.querySelectorAll('.tile.folder').length", json!(1)).await;
        visitor.opens_folder("Holidays in Lisbon").await;
        visitor.sees(".photo").await;
        assert_eq!(asks(&visitor, "return root.querySelector('.words').value").await, "", "this folder's own");
        assert_eq!(asks(&visitor, "return root.querySelector('[data-action=select-all]')").await, Value::Null);
        visitor.clicks(".back").await;
        visitor.sees(".tile.folder").await;
        assert_eq!(asks(&visitor, "return root.querySelector('.words').value").await, "lisb");
    })
    .await;
}

#[tokio::test]
async fn in_another_order() {
    tell(Duration::ZERO, async |visitor: Visitor, stage: Stage| {
        opens_lisbon(&visitor, &stage, 5).await;
        let listed = asks(&visitor, CAPTIONS).await;
        // With the keyboard alone: the menu opens on the order that holds, and gives the focus back.
        asks(&visitor, "root.querySelector('[data-action=sort]').focus()").await;
        presses(&visitor, Key::Down).await;
        until(&visitor, "return root.activeElement.dataset.action", json!("sort-as-listed")).await;
        presses(&visitor, Key::Escape).await;
        until(&visitor, "return root.activeElement.dataset.action", json!("sort")).await;
        presses(&visitor, Key::Enter).await;
        presses(&visitor, Key::Up).await;
        until(&visitor, "return root.activeElement.dataset.action", json!("sort-by-name")).await;
        presses(&visitor, Key::Enter).await;
        let mut by_name: Vec<String> = serde_json::from_value(listed.clone()).unwrap();
        by_name.sort();
        until(&visitor, CAPTIONS, json!(by_name)).await;
        visitor.clicks("[data-action='sort']").await;
        visitor.clicks("[data-action='sort-as-listed']").await;
        until(&visitor, CAPTIONS, listed).await;
    })
    .await;
}

#[tokio::test]
async fn what_is_not_loaded_yet() {
    tell(Duration::ZERO, async |visitor: Visitor, stage: Stage| {
        visitor.begins(&stage.page, "facebook", 5, "alice").await;
        visitor.opens_folder("Mobile uploads").await;
        visitor.sees(".photo").await;
        visitor.sees(".words").await.send_keys("sunday").await.unwrap();
        visitor.reads("among the 100 loaded so far").await;
        visitor.clicks("[data-action='load-all']").await;
        visitor.reads("Found 8 of 134").await;
    })
    .await;
}

#[tokio::test]
async fn all_of_it_is_chosen() {
    tell(Duration::ZERO, async |visitor: Visitor, stage: Stage| {
        visitor.begins(&stage.page, "facebook", 20, "alice").await;
        visitor.opens_folder("Holidays in Lisbon").await;
        visitor.sees(".photo").await;
        visitor.sees(".words").await.send_keys("tram").await.unwrap();
        visitor.reads("Select the 3 found").await;
        visitor.clicks("[data-action='select-all']").await;
        visitor.reads("3 of 20 selected").await;
        visitor.clicks(".back").await;
        visitor.opens_folder("Mobile uploads").await;
        visitor.sees(".photo").await;
        visitor.clicks("[data-action='select-all']").await;
        visitor.reads("You can choose up to 20 photos.").await;
        visitor.reads("Select the whole album (about 136, videos count too)").await;
        visitor.clicks("[data-action='select-loaded']").await;
        until(&visitor, "return root.querySelectorAll('.photo[aria-selected=true]').length", json!(17)).await;
    })
    .await;
}

#[tokio::test]
async fn large_and_on_to_the_next_with_the_keyboard() {
    tell(Duration::ZERO, async |visitor: Visitor, stage: Stage| {
        opens_lisbon(&visitor, &stage, 2).await;
        let paths = asks(&visitor, "return [...root.querySelectorAll('.tile.photo')].map(it => it.dataset.path)").await;
        asks(&visitor, "root.querySelector('.tile.photo').focus()").await;
        presses(&visitor, ' ').await;
        visitor.sees(".preview[open]").await;
        visitor.reads("1 of 24").await;
        visitor.reads("Tram 28 took the corner faster than we did.").await;
        visitor.reads("May 10, 2024").await;
        visitor.sees(".preview .large.here").await;
        let shown = "return new URL(root.querySelector('.preview .large').src).searchParams.get('w')";
        assert_eq!(asks(&visitor, shown).await, "1280");
        presses(&visitor, Key::Right).await;
        visitor.reads("2 of 24").await;
        presses(&visitor, Key::Enter).await;
        visitor.sees("[data-action='choose'][aria-pressed='true']").await;
        presses(&visitor, Key::Right).await;
        presses(&visitor, Key::Enter).await;
        visitor.reads("2 of 2 selected").await;
        presses(&visitor, Key::Right).await;
        presses(&visitor, Key::Enter).await;
        until(
            &visitor,
            "return root.querySelector('.preview .notice').textContent",
            json!("You can choose up to 2 photos."),
        )
        .await;
        presses(&visitor, Key::Left).await;
        visitor.reads("3 of 24").await;
        presses(&visitor, Key::Escape).await;
        until(&visitor, AT, paths[2].clone()).await;
        assert_eq!(asks(&visitor, "return root.querySelector('.preview')").await, Value::Null);
        visitor.sees(".dialog[open]").await;

        // From right to left, the arrows lead the other way.
        asks(&visitor, "root.querySelector('.dialog').dir = 'rtl'").await;
        presses(&visitor, ' ').await;
        visitor.reads("3 of 24").await;
        presses(&visitor, Key::Left).await;
        visitor.reads("4 of 24").await;
        visitor.clicks("[data-action='close-preview']").await;
        until(&visitor, AT, paths[3].clone()).await;

        // The Back button closes what is uppermost, and that is not the dialog.
        presses(&visitor, ' ').await;
        visitor.sees(".preview .large.here").await;
        visitor.driver().back().await.unwrap();
        until(&visitor, AT, paths[3].clone()).await;
        assert_eq!(asks(&visitor, "return root.querySelector('.preview')").await, Value::Null);
        visitor.confirms().await;
        let result = visitor.receives().await;
        assert_eq!(result["filesUploaded"].as_array().unwrap().len(), 2, "{result}");
    })
    .await;
}

#[tokio::test]
async fn a_carousel_in_its_place() {
    tell(Duration::ZERO, async |visitor: Visitor, stage: Stage| {
        visitor.begins(&stage.page, "instagram", 5, "alice.pro").await;
        let path = visitor.sees(".tile.folder").await.attr("data-path").await.unwrap().unwrap();
        visitor.clicks(".tile.folder").await;
        visitor.sees(".tile.inside").await;
        asks(&visitor, "root.querySelector('.tile.inside').focus()").await;
        presses(&visitor, ' ').await;
        visitor.sees(".preview .large.here").await;
        presses(&visitor, Key::Enter).await;
        visitor.sees("[data-action='choose'][aria-pressed='true']").await;
        presses(&visitor, Key::Escape).await;
        visitor.reads("1 of 5 selected").await;
        let inside = asks(&visitor, AT).await;
        assert!(inside.as_str().is_some_and(|at| at.starts_with(&path)), "{inside} in {path}");
    })
    .await;
}

#[tokio::test]
async fn as_a_grid_and_as_a_list() {
    tell(Duration::ZERO, async |visitor: Visitor, stage: Stage| {
        opens_lisbon(&visitor, &stage, 2).await;
        visitor.sees("[data-action='view-grid'][aria-pressed='true']").await;
        visitor.clicks("[data-action='view-list']").await;
        visitor.sees("[data-action='view-list'][aria-pressed='true']").await;
        visitor.sees("[data-action='view-grid'][aria-pressed='false']").await;
        visitor.sees(".photo").await;
    })
    .await;
}

/// Leaves pictures of the toolbar, its menus and the large view in `target/screenshots`.
#[tokio::test]
async fn at_a_phone_and_a_desk() {
    for (width, height, dark, direction) in
        [(1280, 800, false, "ltr"), (390, 844, true, "ltr"), (390, 844, false, "rtl"), (320, 640, false, "ltr")]
    {
        let options = Options { dark, ..Options::default() };
        tell_in(Engine::Chromium, options, Duration::ZERO, async move |visitor: Visitor, stage: Stage| {
            let shows = async |name: &str| {
                visitor.photographs(&format!("{width}-{}-{direction}-find-{name}", if dark { "dark" } else { "light" })).await;
                let wider = "return [...root.querySelectorAll('.toolbar, .toolbar *, .outcome, .outcome *, .preview > *')]
                    .filter(part => part.getBoundingClientRect().right > innerWidth + 1 || part.getBoundingClientRect().left < -1)
                    .map(part => part.className)";
                assert_eq!(asks(&visitor, wider).await, json!([]), "wider than the screen at {width} {name}");
            };
            visitor.begins(&stage.page, "facebook", 20, "alice").await;
            visitor.has_a_screen_of(width, height).await;
            asks(&visitor, &format!("root.querySelector('.dialog').dir = '{direction}'")).await;
            visitor.sees(".tile.folder").await;
            shows("albums").await;
            visitor.opens_folder("Mobile uploads").await;
            visitor.sees(".photo").await;
            shows("photos").await;
            visitor.clicks("[data-action='select-all']").await;
            visitor.sees(".toolbar .menu").await;
            shows("select-all").await;
            presses(&visitor, Key::Escape).await;
            visitor.clicks("[data-action='sort']").await;
            visitor.sees(".toolbar .menu").await;
            shows("sort").await;
            presses(&visitor, Key::Escape).await;
            visitor.clicks("[data-action='filter']").await;
            visitor.sees(".words").await.send_keys("sky").await.unwrap();
            visitor.reads("loaded so far").await;
            shows("filter").await;
            visitor.sees(".words").await.send_keys("xyz").await.unwrap();
            visitor.reads("fits the filter").await;
            shows("none").await;
            visitor.clicks("[data-action='clear-filter']").await;
            visitor.clicks(".back").await;
            visitor.opens_folder("Holidays in Lisbon").await;
            visitor.sees(".photo").await;
            asks(&visitor, "root.querySelectorAll('.tile.photo')[1].focus()").await;
            presses(&visitor, ' ').await;
            visitor.sees(".preview .large.here").await;
            presses(&visitor, Key::Enter).await;
            shows("large").await;
        })
        .await;
    }
}
