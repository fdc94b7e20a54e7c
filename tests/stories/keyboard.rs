//! The whole way without a mouse, in three engines.

use crate::browser::{Engine, Options};
use crate::stage::Stage;
use crate::visitor::Visitor;
use crate::{arrived_whole, tell_in};
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use thirtyfour::Key;

/// More stops than any screen of these stories has.
const STOPS: usize = 60;

#[tokio::test]
async fn by_keyboard_alone_in_chromium() {
    by_keyboard_alone(Engine::Chromium).await;
}

#[tokio::test]
async fn by_keyboard_alone_in_firefox() {
    by_keyboard_alone(Engine::Firefox).await;
}

#[tokio::test]
async fn by_keyboard_alone_in_webkit() {
    by_keyboard_alone(Engine::WebKit).await;
}

async fn by_keyboard_alone(engine: Engine) {
    tell_in(engine, Options::default(), Duration::ZERO, async |visitor: Visitor, stage: Stage| {
        visitor.opens(&stage.page, json!({"fromSources": ["facebook", "instagram"], "maxFiles": 5})).await;
        visitor.tabs_to("#pick").await;
        visitor.presses(Key::Enter).await;
        visitor.sees(".dialog[open]").await;
        // Where there is room for it the first source is open, and its controls come with the companion's answer.
        visitor.sees(".dialog[data-screen='services'], [data-action='connect']").await;
        visitor.goes_round().await;
        visitor.tabs_to(".service[data-source='facebook']").await;
        visitor.presses(Key::Enter).await;
        visitor.sees("[data-action='connect']").await;
        visitor.goes_round().await;
        visitor.tabs_to("[data-action='connect']").await;
        visitor.presses(Key::Enter).await;
        visitor.signs_in_by_keyboard("alice").await;
        visitor.sees(".tile.folder").await;

        // The account's menu opens, and closes without closing what is below it.
        visitor.tabs_to("[data-action='account']").await;
        visitor.presses(Key::Enter).await;
        visitor.sees(".menu").await;
        visitor.presses(Key::Down).await;
        visitor.sees(".menu [role='menuitem'] + [role='menuitem']:focus").await;
        visitor.presses(Key::Escape).await;
        visitor.no_longer_sees(".menu").await;

        let chosen = visitor.chooses_two_photos_by_keyboard("Holidays in Lisbon").await;
        visitor.tabs_to("[data-action='confirm']").await;
        visitor.presses(Key::Enter).await;
        let result = visitor.receives().await;
        let files = &result["filesUploaded"];
        let names: Vec<_> = files.as_array().into_iter().flatten().map(|file| file["originalPath"].clone()).collect();
        assert_eq!(names.len(), chosen, "{result}");
        arrived_whole(&stage, files).await;
        assert_eq!(visitor.focused().await["name"], "Pick", "the focus is given back");

        // Escape closes the dialog, and gives the focus back too.
        visitor.presses(Key::Enter).await;
        visitor.sees(".service").await;
        visitor.presses(Key::Escape).await;
        assert_eq!(visitor.receives().await["filesUploaded"], json!([]));
        assert_eq!(visitor.focused().await["name"], "Pick", "the focus is given back");
    })
    .await;
}

/// The verbs of somebody without a mouse.
impl Visitor {
    /// What happens within an album: the one part of the story that knows how albums and photos are gone through.
    async fn chooses_two_photos_by_keyboard(&self, album: &str) -> usize {
        // Albums are one stop of the Tab key, and so are photos; arrows lead through them.
        self.tabs_to(".grid .tile").await;
        for _ in 0..20 {
            if self.focused().await["name"].as_str().is_some_and(|name| name.starts_with(album)) {
                break;
            }
            self.presses(Key::Right).await;
        }
        self.presses(Key::Enter).await;
        self.sees(".photo[data-place='0']:focus").await;
        self.presses(Key::Enter).await;
        self.sees(".photo[data-place='0'][aria-selected='true']").await;
        self.presses(Key::Right).await;
        self.presses(Key::Right).await;
        self.presses(Key::Enter).await;
        self.sees(".photo[data-place='2'][aria-selected='true']").await;
        // Once around in the grid, and into the large view and back.
        self.presses(Key::Down).await;
        self.presses(Key::Home).await;
        self.presses_with(&[Key::Control], Key::Home).await;
        self.sees(".photo[data-place='0']:focus").await;
        self.presses(Key::End).await;
        self.sees(".line:first-child .tile:last-child:focus").await;
        self.presses(Key::Space).await;
        self.sees(".preview").await;
        self.presses(Key::Escape).await;
        self.sees(".line:first-child .tile:last-child:focus").await;
        self.reads("2 of 5").await;
        2
    }

    /// In the provider's window: finds the account and agrees, and is back at the page when the window has closed itself.
    async fn signs_in_by_keyboard(&self, account: &str) {
        self.goes_to_the_new_window().await;
        for selector in [format!("button[data-account='{account}']"), "#continue".to_owned()] {
            self.until_it_says(&format!("return document.querySelector(\"{selector}\")?.tagName"), "BUTTON").await;
            self.tabs_to(&selector).await;
            self.presses(Key::Enter).await;
        }
        self.finishes_signing_in(&[]).await;
    }

    /// Presses a key, and lets it go.
    pub async fn presses(&self, key: impl Into<char>) {
        self.driver().action_chain().send_keys(key.into().to_string()).perform().await.expect("a key");
    }

    /// Presses a key while others are held down, such as Control.
    pub async fn presses_with(&self, held: &[Key], key: impl Into<char>) {
        let mut keys = self.driver().action_chain();
        for held in held {
            keys = keys.key_down(held.clone());
        }
        keys = keys.send_keys(key.into().to_string());
        for held in held.iter().rev() {
            keys = keys.key_up(held.clone());
        }
        keys.perform().await.expect("keys");
    }

    /// What has the focus, within the dialog's shadow root too: `name`, `tag`, `inside` (of the dialog), `ring` (whether it
    /// is seen to have the focus) and `seen` (whether it is in sight).
    pub async fn focused(&self) -> Value {
        self.runs(FOCUSED).await
    }

    /// Presses Tab until this has the focus.
    pub async fn tabs_to(&self, selector: &str) {
        let script = "return (at => at?.matches(arguments[0]) ?? false)(FOCUS)";
        self.tabs_until(script, selector).await;
    }

    async fn tabs_until(&self, script: &str, argument: &str) {
        let script = script.replace("FOCUS", FOCUS);
        let mut stops = Vec::new();
        for _ in 0..STOPS {
            self.presses(Key::Tab).await;
            if self.driver().execute(&*script, vec![argument.into()]).await.expect("a script").json() == true {
                let focused = self.focused().await;
                // How the provider shows it is the provider's business.
                let seen = focused["ring"] == true || focused["inside"] == false;
                assert!(seen, "nobody sees that it has the focus: {focused}");
                return;
            }
            stops.push(self.focused().await["name"].to_string());
        }
        panic!("Tab does not come to {argument}, but to {}", stops.join(", "));
    }

    /// Presses Tab until it comes round to where it began, and the other way too: the focus stays in the dialog, is seen at
    /// every stop, and comes to every control.
    pub async fn goes_round(&self) {
        for back in [false, true] {
            let mut stops: Vec<Value> = Vec::new();
            loop {
                match back {
                    false => self.presses(Key::Tab).await,
                    true => self.presses_with(&[Key::Shift], Key::Tab).await,
                }
                let focused = self.focused().await;
                // Between the last stop and the first one lies the browser's own bar, where there is one.
                if focused["tag"] == "BODY" || focused.is_null() {
                    assert!(stops.len() < STOPS, "the focus is lost: {stops:?}");
                    stops.push(Value::Null);
                    continue;
                }
                assert_eq!(focused["inside"], true, "the focus left the dialog for {focused}, after {stops:?}");
                assert_eq!(focused["ring"], true, "nobody sees that it has the focus: {focused}");
                assert_eq!(focused["seen"], true, "it has the focus out of sight: {focused}");
                if stops.contains(&focused) {
                    break;
                }
                assert!(stops.len() < STOPS, "there is no end: {stops:?}");
                stops.push(focused);
            }
            let names: Vec<_> = stops.iter().map(|stop| stop["name"].clone()).collect();
            for control in self.runs(CONTROLS).await.as_array().into_iter().flatten() {
                assert!(names.contains(control), "Tab does not come to {control}, but to {stops:?}");
            }
        }
    }

    /// Waits until the dialog shows no such element any more.
    pub async fn no_longer_sees(&self, selector: &str) {
        let began = Instant::now();
        let script = "return !document.querySelector('[data-bowerbird]')?.shadowRoot.querySelector(arguments[0])";
        while self.driver().execute(script, vec![selector.into()]).await.expect("a script").json() != true {
            assert!(began.elapsed() < Duration::from_secs(20), "{selector} stays");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

/// The deepest element that has the focus.
const FOCUS: &str = "(at => { while (at?.shadowRoot?.activeElement) at = at.shadowRoot.activeElement; return at; })
    (document.activeElement)";

/// What is to be known of it.
const FOCUSED: &str = "let at = document.activeElement;
    while (at?.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;
    if (!at) return null;
    const style = getComputedStyle(at);
    const box = at.getBoundingClientRect();
    return {
        name: (at.getAttribute('aria-label') ?? at.textContent).trim().slice(0, 60),
        tag: at.tagName,
        place: [at.dataset.action, at.dataset.source, at.dataset.path, at.className].filter(word => word).join(' '),
        inside: at.getRootNode() !== document && at.tagName !== 'BODY',
        ring: style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 1,
        seen: box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth,
    }";

/// The names of the controls that there are to come to.
const CONTROLS: &str = "return [...document.querySelector('[data-bowerbird]').shadowRoot.querySelectorAll(
        'button:not(:disabled), a[href], input, select, [tabindex=\"0\"]')]
    .filter(control => control.checkVisibility() && control.tabIndex === 0)
    .map(control => (control.getAttribute('aria-label') ?? control.textContent).trim().slice(0, 60))";
