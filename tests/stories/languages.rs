//! The dialog in other languages: which one it speaks, where the words come from, and how it looks.

use crate::browser::{Engine, Options};
use crate::stage::Stage;
use crate::visitor::Visitor;
use crate::{tell, tell_in};
use serde_json::{Value, json};
use std::time::Duration;

/// How often each language was asked for.
async fn asked_for(visitor: &Visitor) -> Vec<String> {
    let script = "return performance.getEntriesByType('resource')
        .map(entry => /bowerbird-(..)\\.json$/.exec(entry.name)?.[1]).filter(name => name)";
    serde_json::from_value(visitor.runs(script).await).unwrap()
}

/// The dialog's `lang` and `dir`.
async fn speaks(visitor: &Visitor, language: &str, direction: &str) {
    let script = "const dialog = document.querySelector('[data-bowerbird]').shadowRoot.querySelector('.dialog');
        return `${dialog.lang} ${dialog.dir} ${dialog.getAttribute('aria-busy')}`";
    visitor.until_it_says(script, &format!("{language} {direction} null")).await;
}

/// Has the page's `fetch` do this where it is asked for a language.
async fn has_languages_fail(visitor: &Visitor, answer: &str) {
    let script = "window.honest ??= window.fetch;
        window.fetch = (request, init) =>
            /bowerbird-..\\.json/.test(request.url ?? request) ? ANSWER : window.honest.call(window, request, init);";
    visitor.runs(&script.replace("ANSWER", answer)).await;
}

fn facebook(more: Value) -> Value {
    let mut options = json!({"fromSources": ["facebook", "instagram"], "maxFiles": 20});
    options.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    options
}

async fn leaves(visitor: &Visitor, close: &str) {
    visitor.clicks(&format!("[aria-label='{close}']")).await;
    visitor.receives().await;
}

#[tokio::test]
async fn german_because_the_page_asks_for_it() {
    tell(Duration::ZERO, async |visitor: Visitor, stage: Stage| {
        visitor.opens(&stage.page, facebook(json!({"lang": "DE"}))).await;
        visitor.starts_picking().await;
        visitor.chooses_service("facebook").await;
        visitor.reads("Fotos von Facebook auswählen").await;
        speaks(&visitor, "de", "ltr").await;
        visitor.connects_as("alice").await;
        visitor.opens_folder("Holidays in Lisbon").await;
        visitor.picks(&[0]).await;
        visitor.reads("1 von 20 ausgewählt").await;
        visitor.reads("1 Foto verwenden").await;
        visitor.picks(&[1, 2]).await;
        visitor.reads("3 Fotos verwenden").await;
        leaves(&visitor, "Schließen").await;
        assert_eq!(asked_for(&visitor).await, ["de"]);
        // A second time it is there, and nothing is asked for.
        visitor.starts_picking().await;
        speaks(&visitor, "de", "ltr").await;
        leaves(&visitor, "Schließen").await;
        assert_eq!(asked_for(&visitor).await, ["de"]);
    })
    .await;
}

#[tokio::test]
async fn arabic_because_the_page_is_written_in_it() {
    tell(Duration::ZERO, async |visitor: Visitor, stage: Stage| {
        visitor.opens(&stage.page_at("lang-ar/"), facebook(json!({}))).await;
        // Asked for before anybody picks, so that the dialog need not wait.
        let count = "return String(performance.getEntriesByType('resource').filter(entry => /bowerbird-ar/.test(entry.name)).length)";
        visitor.until_it_says(count, "1").await;
        visitor.starts_picking().await;
        visitor.chooses_service("facebook").await;
        speaks(&visitor, "ar", "rtl").await;
        // The provider's name is kept from turning the words around it.
        visitor.reads("اختر صورًا من \u{2068}Facebook\u{2069}").await;
        visitor.connects_as("alice").await;
        visitor.opens_folder("Holidays in Lisbon").await;
        for (place, says) in [(0, "استخدام صورة واحدة"), (1, "استخدام صورتين"), (2, "استخدام 3 صور")] {
            visitor.picks(&[place]).await;
            visitor.reads(says).await;
        }
        visitor.reads("تم اختيار 3 من 20").await;
        visitor.picks(&[3, 4, 5, 6, 7, 8, 9, 10]).await;
        visitor.reads("استخدام 11 صورة").await;
        assert_eq!(asked_for(&visitor).await, ["ar"]);
        leaves(&visitor, "إغلاق").await;
    })
    .await;
}

#[tokio::test]
async fn a_region_has_the_words_of_its_language_and_numbers_of_its_own() {
    tell(Duration::ZERO, async |visitor: Visitor, stage: Stage| {
        visitor.opens(&stage.page_at("lang-ar-EG/"), json!({"fromSources": "facebook", "maxFiles": 20})).await;
        visitor.starts_picking().await;
        speaks(&visitor, "ar", "rtl").await;
        visitor.connects_as("alice").await;
        visitor.opens_folder("Holidays in Lisbon").await;
        visitor.picks(&[0, 1, 2]).await;
        visitor.reads("استخدام ٣ صور").await;
        leaves(&visitor, "إغلاق").await;
        // What the page asks for goes before what it is written in.
        visitor.opens(&stage.page_at("lang-ar-EG/"), facebook(json!({"lang": "nb"}))).await;
        visitor.starts_picking().await;
        speaks(&visitor, "no", "ltr").await;
    })
    .await;
}

#[tokio::test]
async fn a_language_that_nobody_speaks_here_is_warned_about() {
    tell(Duration::ZERO, async |visitor: Visitor, stage: Stage| {
        visitor.opens(&stage.page, facebook(json!({"lang": "tlh"}))).await;
        visitor.runs("window.warned = ''; console.warn = words => window.warned += words").await;
        visitor.starts_picking().await;
        visitor.reads("Select From").await;
        speaks(&visitor, "en", "ltr").await;
        visitor.until_it_says("return window.warned", "the dialog does not speak 'tlh'").await;
        leaves(&visitor, "Close").await;
        // A page written in one is nobody's mistake.
        visitor.opens(&stage.page_at("lang-tlh/"), facebook(json!({}))).await;
        visitor.runs("window.warned = ''; console.warn = words => window.warned += words").await;
        visitor.starts_picking().await;
        speaks(&visitor, "en", "ltr").await;
        assert_eq!(visitor.runs("return window.warned").await, "");
        assert_eq!(asked_for(&visitor).await, [""; 0]);
    })
    .await;
}

#[tokio::test]
async fn english_asks_for_nothing() {
    tell(Duration::ZERO, async |visitor: Visitor, stage: Stage| {
        for (page, more) in [("", json!({})), ("lang-en-GB/", json!({})), ("", json!({"lang": "en"}))] {
            visitor.opens(&stage.page_at(page), facebook(more)).await;
            visitor.starts_picking().await;
            visitor.reads("Select From").await;
            speaks(&visitor, "en", "ltr").await;
            leaves(&visitor, "Close").await;
            assert_eq!(asked_for(&visitor).await, [""; 0]);
        }
    })
    .await;
}

#[tokio::test]
async fn without_its_words_the_dialog_speaks_english() {
    tell(Duration::ZERO, async |visitor: Visitor, stage: Stage| {
        visitor.opens(&stage.page, facebook(json!({"lang": "he"}))).await;
        for answer in
            ["Promise.reject(new TypeError('no network'))", "Promise.resolve(new Response('', { status: 404 }))"]
        {
            has_languages_fail(&visitor, answer).await;
            visitor.starts_picking().await;
            speaks(&visitor, "en", "ltr").await;
            visitor.reads("Select From").await;
            leaves(&visitor, "Close").await;
        }
        // One that does not come at all: the frame is there meanwhile, and can be left.
        has_languages_fail(&visitor, "new Promise(() => {})").await;
        visitor.starts_picking().await;
        visitor.sees(".dialog[aria-busy='true'][lang='he'][dir='rtl'] .bone").await;
        assert_eq!(visitor.words().await.trim(), "");
        visitor.photographs("language-1280-he-waiting").await;
        speaks(&visitor, "en", "ltr").await;
        visitor.reads("Select From").await;
        leaves(&visitor, "Close").await;
    })
    .await;
}

#[tokio::test]
async fn a_language_that_failed_is_asked_for_again() {
    tell(Duration::ZERO, async |visitor: Visitor, stage: Stage| {
        visitor.opens(&stage.page, facebook(json!({"lang": "de"}))).await;
        has_languages_fail(&visitor, "Promise.reject(new TypeError('no network'))").await;
        visitor.starts_picking().await;
        speaks(&visitor, "en", "ltr").await;
        leaves(&visitor, "Close").await;
        visitor.runs("window.fetch = window.honest").await;
        visitor.starts_picking().await;
        speaks(&visitor, "de", "ltr").await;
    })
    .await;
}

#[tokio::test]
async fn the_pages_own_words_stand_over_every_language() {
    tell(Duration::ZERO, async |visitor: Visitor, stage: Stage| {
        let words = json!({
            "Select From": "Woher?",
            "connect.cancel": "Doch nicht",
            "Facebook": "Das Gesichtsbuch",
            // As Filestack's picker has them.
            "Select Files from {providerName}": "Nimm etwas aus {providerName} ({types}, {nothing})",
            "Upload": "Los mit {count}",
            "Our file upload limit is {maxFiles} {filesText}": "Mehr als {maxFiles} {filesText} geht nicht",
        });
        let options = json!({"lang": "de", "customText": words, "maxFiles": 2, "accept": ["image/*", ".png"]});
        visitor.opens(&stage.page, options).await;
        visitor.starts_picking().await;
        visitor.reads("Woher?").await;
        visitor.chooses_service("facebook").await;
        visitor.reads("Nimm etwas aus Das Gesichtsbuch (image/*, .png, )").await;
        visitor.connects_as("alice").await;
        visitor.opens_folder("Holidays in Lisbon").await;
        visitor.picks(&[0, 1]).await;
        visitor.reads("Los mit 2").await;
        visitor.clicks(".photo[aria-selected='false']").await;
        visitor.reads("Mehr als 2 geht nicht").await;
    })
    .await;
}

/// The screens with the longest words, in every language at a phone's width; pictures are left in `target/screenshots`.
#[tokio::test]
async fn every_language_fits_a_phone_and_a_desk() {
    for (width, height) in [(390, 844), (1280, 800)] {
        tell_in(Engine::Chromium, Options::default(), Duration::ZERO, async move |visitor: Visitor, stage: Stage| {
            visitor.has_a_screen_of(width, height).await;
            // What fits a phone fits a desk; two are looked at there all the same.
            let at_a_desk = |language: &String| width < 720 || matches!(language.as_str(), "ar" | "de");
            for language in languages().into_iter().filter(at_a_desk) {
                let look = format!("language-{width}-{language}");
                let page = stage.page_at(&format!("lang-{language}/"));
                visitor.opens(&page, json!({"fromSources": ["facebook", "instagram"], "maxFiles": 5, "init": {"sessionCache": true}})).await;
                visitor.starts_picking().await;
                visitor.sees(&format!(".dialog[lang='{language}']:not([aria-busy]) .service")).await;
                visitor.chooses_service("instagram").await;
                visitor.sees("[data-action='connect']").await;
                crate::looks::shows(&visitor, &look, "1-connect").await;
                if width < 720 {
                    visitor.clicks(".back").await;
                    crate::looks::shows(&visitor, &look, "0-services").await;
                }
                visitor.chooses_service("facebook").await;
                visitor.sees("[data-action='connect'], .tile.folder").await;
                if visitor.runs("return !!document.querySelector('[data-bowerbird]').shadowRoot.querySelector('[data-action=connect]')").await == true {
                    visitor.connects_as("alice").await;
                }
                visitor.sees(".tile.folder").await;
                visitor.clicks("[data-action='account']").await;
                visitor.sees(".menu").await;
                crate::looks::shows(&visitor, &look, "2-account").await;
                visitor.clicks(".menu [data-action='remove-access']").await;
                visitor.sees(".removing").await;
                crate::looks::shows(&visitor, &look, "3-removing").await;
                visitor.clicks("[data-action='keep']").await;
                visitor.opens_folder("Holidays in Lisbon").await;
                visitor.picks(&[0, 3, 4]).await;
                crate::looks::shows(&visitor, &look, "4-photos").await;
            }
        })
        .await;
    }
}

/// Those of `src/text/`.
fn languages() -> Vec<String> {
    let names = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/src/text")).unwrap();
    let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut languages: Vec<String> = names.filter_map(|name| Some(name.strip_suffix(".json")?.to_owned())).collect();
    languages.retain(|language| language.len() == 2);
    languages.sort();
    languages
}
