//! A visitor's verbs. Each waits for what it needs and, where that does not come, says what is on the screen instead.

use crate::browser::Browser;
use serde_json::Value;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};
use thirtyfour::{By, WebDriver, WebElement, WindowHandle};

/// How long a visitor waits for anything.
const PATIENCE: Duration = Duration::from_secs(20);

/// Finds an element in the dialog's shadow root.
const IN_DIALOG: &str =
    "return [...document.querySelectorAll('[data-bowerbird]')].at(-1)?.shadowRoot.querySelector(arguments[0])";

/// Finds a folder's button by its name.
const FOLDER: &str =
    "return [...[...document.querySelectorAll('[data-bowerbird]')].at(-1)?.shadowRoot.querySelectorAll('.tile.folder') ?? []]
    .find(tile => tile.querySelector('.name')?.textContent === arguments[0])";

/// Ends when nothing moves any more. A window behind another one may get no frames.
const SETTLE: &str = "const done = arguments[arguments.length - 1];
    const root = document.querySelector('[data-bowerbird]')?.shadowRoot ?? document;
    const after = time => new Promise(resolve => setTimeout(resolve, time));
    const frames = () => Promise.race([
        new Promise(resolve => requestAnimationFrame(() => requestAnimationFrame(resolve))), after(200)]);
    const inSight = image => {
        const box = image.getBoundingClientRect();
        return box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth;
    };
    const whole = image => Promise.race([image.decode().catch(() => {}),
        after(45000).then(() => { throw `the picture ${image.src} does not come`; })]);
    (async () => {
        await document.fonts.ready;
        await frames();
        // The grid asks for pictures once it stands still.
        const pictures = () => [...root.querySelectorAll('img')].filter(inSight);
        for (let waits = 0; pictures().some(image => !image.getAttribute('src')); waits++) {
            if (waits === 200) throw 'a picture is not asked for';
            await after(30);
        }
        await Promise.all(pictures().map(whole));
        for (const motion of new Set([...document.getAnimations(), ...root.getAnimations()])) {
            if (motion.effect.getComputedTiming().iterations === Infinity) {
                motion.currentTime = 0;
                motion.pause();
            } else {
                motion.finish();
            }
        }
        await frames();
    })().then(() => done(''), error => done(String(error)))";

/// Someone at a browser.
#[derive(Clone)]
pub struct Visitor {
    browser: Arc<Browser>,
    page: WindowHandle,
}

impl Visitor {
    /// Sits down at a browser that shows an empty page.
    pub async fn at(browser: Browser) -> Self {
        let page = browser.driver.window().await.expect("a window");
        Self { browser: Arc::new(browser), page }
    }

    /// The browser, for what no visitor does.
    pub fn driver(&self) -> &WebDriver {
        &self.browser.driver
    }

    /// Opens a customer's page that picks with these options, and is in its frame where it has one.
    pub async fn opens(&self, page: &str, options: Value) {
        let mut address: reqwest::Url = page.parse().expect("an address");
        address.set_query(Some(&options.to_string()));
        self.driver().goto(address.as_str()).await.expect("the page opens");
        self.goes_back_to_the_page().await;
    }

    /// Presses the page's Pick button.
    pub async fn starts_picking(&self) {
        self.driver().find(By::Id("pick")).await.expect("a button").click().await.expect("a click");
        self.sees(".dialog[open]").await;
    }

    /// All of the way to the first folder: opens the page, starts picking from one source, and connects as this account.
    pub async fn begins(&self, page: &str, source: &str, max_files: u32, account: &str) {
        self.opens(page, serde_json::json!({"fromSources": source, "maxFiles": max_files})).await;
        self.starts_picking().await;
        self.connects_as(account).await;
    }

    /// Waits until the dialog shows such an element.
    pub async fn sees(&self, selector: &str) -> WebElement {
        match self.until(IN_DIALOG, selector).await {
            Some(element) => element,
            None => panic!("there is no {selector}; {}", self.screen().await),
        }
    }

    /// Waits until the dialog says this somewhere.
    pub async fn reads(&self, words: &str) {
        let began = Instant::now();
        while !self.words().await.contains(words) {
            assert!(began.elapsed() < PATIENCE, "nothing says «{words}»; {}", self.screen().await);
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Clicks on it, once it is there.
    pub async fn clicks(&self, selector: &str) {
        let element = self.sees(selector).await;
        if let Err(error) = element.click().await {
            panic!("{selector} cannot be clicked ({error}); {}", self.screen().await);
        }
    }

    /// Chooses a service from the list.
    pub async fn chooses_service(&self, source: &str) {
        self.clicks(&format!(".service[data-source='{source}']")).await;
    }

    /// Opens the account's menu and chooses from it.
    pub async fn chooses_for_the_account(&self, action: &str) {
        self.clicks("[data-action='account']").await;
        self.clicks(&format!(".menu [data-action='{action}']")).await;
    }

    /// Presses Connect and goes through the provider's window as this account.
    pub async fn connects_as(&self, account: &str) {
        self.starts_connecting().await;
        self.signs_in(account, &["#continue"]).await;
    }

    /// Presses Connect where that takes the page itself, and comes back as this account.
    pub async fn connects_on_the_page_as(&self, account: &str) {
        self.clicks("[data-action='connect']").await;
        self.clicks_outside(&format!("button[data-account='{account}']")).await;
        self.clicks_outside("#continue").await;
        self.sees(".dialog[open]").await;
    }

    /// In the window that asks for a code: looks it up in the dialog and types it.
    pub async fn types_the_code(&self) {
        let window = self.driver().window().await.expect("a window");
        self.clicks_outside("#typed").await;
        self.goes_back_to_the_page().await;
        let code = self.sees(".code").await.text().await.expect("a code");
        self.photographs("code-dialog").await;
        self.driver().switch_to_window(window).await.expect("the window");
        let field = self.driver().find(By::Id("typed")).await.expect("a field");
        field.send_keys(code.to_lowercase()).await.expect("typing");
        self.clicks_outside("form button").await;
    }

    /// Opens another tab; who sits before it is answered.
    pub async fn opens_another_tab(&self) -> Self {
        let page = self.driver().new_tab().await.expect("a tab");
        self.driver().switch_to_window(page.clone()).await.expect("the tab");
        Self { browser: self.browser.clone(), page }
    }

    /// Presses Connect while these windows are open too, and is then in the new one.
    pub async fn starts_connecting_beside(&self, others: &[WindowHandle]) {
        let before = self.driver().windows().await.expect("windows");
        assert!(others.iter().all(|other| before.contains(other)));
        self.clicks("[data-action='connect']").await;
        let began = Instant::now();
        loop {
            let windows = self.driver().windows().await.expect("windows");
            if let Some(window) = windows.into_iter().find(|window| !before.contains(window)) {
                return self.driver().switch_to_window(window).await.expect("the window");
            }
            assert!(began.elapsed() < PATIENCE, "no window has opened");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// As [`Self::signs_in`], where so many windows are left in the end.
    pub async fn signs_in_beside(&self, account: &str, then: &[&str], left: usize) {
        self.clicks_outside(&format!("button[data-account='{account}']")).await;
        self.finishes(then, left).await;
    }

    /// Presses Connect and is then in the provider's window.
    pub async fn starts_connecting(&self) {
        self.clicks("[data-action='connect']").await;
        self.goes_to_the_new_window().await;
    }

    /// Turns to the window that has just opened.
    pub async fn goes_to_the_new_window(&self) {
        let began = Instant::now();
        let window = loop {
            let windows = self.driver().windows().await.expect("windows");
            if let Some(window) = windows.into_iter().find(|window| *window != self.page) {
                break window;
            }
            assert!(began.elapsed() < PATIENCE, "no window has opened");
            tokio::time::sleep(Duration::from_millis(50)).await;
        };
        self.driver().switch_to_window(window).await.expect("the window");
    }

    /// In the provider's window: chooses the account, clicks on each of these, and is back at the page when the window
    /// has closed itself.
    pub async fn signs_in(&self, account: &str, then: &[&str]) {
        self.clicks_outside(&format!("button[data-account='{account}']")).await;
        self.finishes_signing_in(then).await;
    }

    /// In the provider's window: clicks on each of these, and is back at the page when the window has closed itself.
    pub async fn finishes_signing_in(&self, then: &[&str]) {
        self.finishes(then, 1).await;
    }

    async fn finishes(&self, then: &[&str], left: usize) {
        for selector in then {
            self.clicks_outside(selector).await;
        }
        let began = Instant::now();
        while self.driver().windows().await.expect("windows").len() > left {
            assert!(began.elapsed() < PATIENCE, "the window of the sign-in stays open");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        self.goes_back_to_the_page().await;
    }

    /// Turns to the customer's page, into its frame where it has one.
    pub async fn goes_back_to_the_page(&self) {
        self.driver().switch_to_window(self.page.clone()).await.expect("the page");
        if self.runs("return document.body?.firstElementChild?.tagName ?? ''").await == "IFRAME" {
            self.driver().enter_frame(0).await.expect("the frame");
        }
    }

    /// Closes the window that is in front, and is back at the page.
    pub async fn closes_the_window(&self) {
        self.driver().close_window().await.expect("the window closes");
        self.goes_back_to_the_page().await;
    }

    /// Clicks on something of the page that is not ours.
    pub async fn clicks_outside(&self, selector: &str) {
        let script = "return document.querySelector(arguments[0])";
        match self.until(script, selector).await {
            Some(element) => element.click().await.expect("a click"),
            None => panic!("the provider's page has no {selector}: {:?}", self.driver().source().await),
        }
    }

    /// Opens an album or a carousel by what stands on it.
    pub async fn opens_folder(&self, name: &str) {
        match self.until(FOLDER, name).await {
            Some(element) => element.click().await.expect("a click"),
            None => panic!("there is no folder «{name}»; {}", self.screen().await),
        }
    }

    /// Scrolls down until at least so many photos are loaded.
    pub async fn scrolls_until(&self, photos: usize) {
        let began = Instant::now();
        loop {
            let script = "const root = [...document.querySelectorAll('[data-bowerbird]')].at(-1).shadowRoot;
                const pane = root.querySelector('div.folder'); pane.scrollTop = pane.scrollHeight;
                return Number(root.querySelector('.grid[data-loaded]')?.dataset.loaded ?? 0)";
            let count = self.runs(script).await.as_u64().unwrap_or_default();
            if count as usize >= photos {
                return;
            }
            assert!(began.elapsed() < PATIENCE, "only {count} photos after scrolling; {}", self.screen().await);
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// Chooses the photos at these places of the open folder, counted from 0.
    pub async fn picks(&self, places: &[usize]) {
        self.sees(".photo").await;
        for place in places {
            // Only rows in sight exist: the pane is scrolled until the place is among them.
            let script =
                "const root = [...document.querySelectorAll('[data-bowerbird]')].at(-1).shadowRoot, wanted = Number(arguments[0]);
                const tile = root.querySelector(`.photo[data-place='${wanted}']`);
                if (tile) { tile.scrollIntoView({ block: 'center' }); return tile; }
                const pane = root.querySelector('div.folder'), first = root.querySelector('.line:last-child .tile');
                pane.scrollTop += (wanted < Number(first.dataset.place) ? -1 : 1) * pane.clientHeight / 2;";
            match self.until(script, &place.to_string()).await {
                Some(photo) => photo.click().await.expect("a click"),
                None => panic!("there is no photo {place}; {}", self.screen().await),
            }
        }
    }

    /// Confirms the choice.
    pub async fn confirms(&self) {
        self.clicks("[data-action='confirm']:not(:disabled)").await;
    }

    /// What the page's promise resolved with.
    pub async fn receives(&self) -> Value {
        let began = Instant::now();
        loop {
            let outcome = self.runs("return window.outcome ?? null").await;
            if !outcome.is_null() {
                assert!(outcome["error"].is_null(), "the pick was refused: {outcome}");
                return outcome["result"].clone();
            }
            assert!(began.elapsed() < PATIENCE, "the page has received nothing; {}", self.screen().await);
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Waits until a script of the page answers with these words among others.
    pub async fn until_it_says(&self, script: &str, words: &str) {
        let began = Instant::now();
        loop {
            let said = self.runs(script).await;
            if said.as_str().is_some_and(|said| said.contains(words)) {
                return;
            }
            assert!(began.elapsed() < PATIENCE, "«{script}» says {said}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Runs a script on the page.
    pub async fn runs(&self, script: &str) -> Value {
        self.driver().execute(script, vec![]).await.expect("a script").json().clone()
    }

    /// Takes the network away from the page, or gives it back. The companion keeps its own.
    pub async fn is_offline(&self, offline: bool) {
        let conditions =
            serde_json::json!({"offline": offline, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1});
        let cdp = self.driver().cdp();
        cdp.send_raw("Network.enable", serde_json::json!({})).await.expect("a network to speak of");
        cdp.send_raw("Network.emulateNetworkConditions", conditions).await.expect("other conditions");
    }

    /// Gives the page this many pixels.
    pub async fn has_a_screen_of(&self, width: u32, height: u32) {
        let metrics =
            serde_json::json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600});
        let set = self.driver().cdp().send_raw("Emulation.setDeviceMetricsOverride", metrics).await;
        set.expect("a screen size");
    }

    /// Waits until the pictures that are in sight are there, and brings every motion to its end, or to its beginning where
    /// it has no end.
    pub async fn settles(&self) {
        let remark = self.driver().execute_async(SETTLE, vec![]).await.expect("a script").json().clone();
        assert_eq!(remark, "", "it does not come to rest; {}", self.screen().await);
    }

    /// Keeps what is seen in `target/screenshots`, for people to look at.
    pub async fn photographs(&self, name: &str) {
        self.settles().await;
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target/screenshots");
        std::fs::create_dir_all(&folder).expect("a folder");
        self.driver().screenshot(&folder.join(format!("{name}.png"))).await.expect("a screenshot");
    }

    /// Every word in the dialog.
    pub async fn words(&self) -> String {
        let script = "return [...document.querySelectorAll('[data-bowerbird]')].at(-1)?.shadowRoot.querySelector('.dialog')?.innerText ?? ''";
        self.runs(script).await.as_str().unwrap_or_default().to_owned()
    }

    async fn screen(&self) -> String {
        let words = self.words().await;
        if !words.is_empty() {
            return format!("the dialog says: {words}");
        }
        let outcome = self.runs("return window.outcome ?? null").await;
        format!("the dialog is closed, and the page has received {outcome}")
    }

    async fn until(&self, script: &str, argument: &str) -> Option<WebElement> {
        let began = Instant::now();
        while began.elapsed() < PATIENCE {
            let found = self.driver().execute(script, vec![argument.into()]).await.expect("a script");
            if let Ok(element) = found.element() {
                return Some(element);
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        None
    }
}
