//! What is counted while somebody scrolls through many photos: elements, requests, shifts of the layout.

use crate::stage::Stage;
use crate::tell;
use crate::visitor::Visitor;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;

/// Each element of the dialog, through every open shadow root.
const ELEMENTS: &str = "const count = root => [...root.querySelectorAll('*')]
        .reduce((sum, element) => sum + 1 + (element.shadowRoot ? count(element.shadowRoot) : 0), 0);
    return [...document.querySelectorAll('[data-bowerbird]')].reduce((sum, host) => sum + count(host.shadowRoot), 0)";

/// Begins to keep the books, from the page's first request on.
const WATCH: &str = "window.books = { requests: [], shifts: [] };
    const keep = (type, write) => new PerformanceObserver(list => list.getEntries().forEach(write))
        .observe({ type, buffered: true });
    keep('resource', entry => books.requests.push(entry.name));
    keep('layout-shift', entry => books.shifts.push([entry.value, entry.hadRecentInput,
        ...entry.sources.map(source => source.node?.className ?? String(source.node))]))";

/// Scrolls what scrolls in the open folder, and lets it be drawn.
const SCROLL: &str = "const done = arguments[arguments.length - 1];
    const pane = document.querySelector('[data-bowerbird]').shadowRoot.querySelector('div.folder');
    pane.scrollTop = arguments[0] * (pane.scrollHeight - pane.clientHeight);
    requestAnimationFrame(() => requestAnimationFrame(() => done(pane.scrollTop)))";

impl Visitor {
    /// How many elements the dialog has.
    pub async fn elements(&self) -> usize {
        self.runs(ELEMENTS).await.as_u64().unwrap_or_default() as usize
    }

    /// Begins to count what the page asks for and what shifts on it. To be called when the page is open.
    pub async fn is_watched(&self) {
        self.runs(WATCH).await;
    }

    /// The addresses with these words in them that the page has asked for, each with how often.
    pub async fn requests(&self, words: &str) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        for address in self.runs("return books.requests").await.as_array().into_iter().flatten() {
            let address = address.as_str().unwrap_or_default();
            if address.contains(words) {
                *counts.entry(address.to_owned()).or_default() += 1;
            }
        }
        counts
    }

    /// What has shifted without being told to: how far, whether the visitor had just done something, and which parts. Only
    /// Chromium says it.
    pub async fn shifts(&self) -> Vec<Value> {
        self.runs("return books.shifts").await.as_array().cloned().unwrap_or_default()
    }

    /// Scrolls the open folder to this part of its height, from 0 to 1, and gives the pixels.
    pub async fn scrolls_to(&self, part: f64) -> f64 {
        let scrolled = self.driver().execute_async(SCROLL, vec![json!(part)]).await.expect("a script");
        scrolled.json().as_f64().unwrap_or_default()
    }
}

/// The books are kept right: stories that rest on them would else pass for nothing.
#[tokio::test]
async fn what_is_counted_is_what_there_is() {
    tell(Duration::ZERO, async |visitor: Visitor, stage: Stage| {
        visitor.opens(&stage.page, json!({"fromSources": "facebook"})).await;
        visitor.is_watched().await;
        assert_eq!(visitor.elements().await, 0);
        visitor.starts_picking().await;
        visitor.connects_as("alice").await;
        visitor.opens_folder("Mobile uploads").await;
        visitor.sees(".photo").await;
        visitor.settles().await;
        let elements = visitor.elements().await;
        assert!(elements > 30, "{elements}");
        let lists = visitor.requests("/folder/list").await.into_values().sum::<usize>();
        let thumbnails = visitor.requests("/thumbnail?").await;
        assert!(lists >= 3 && thumbnails.len() > 5, "{lists} lists, {thumbnails:?}");
        assert!(thumbnails.values().all(|times| *times == 1), "{thumbnails:?}");

        assert_eq!(visitor.scrolls_to(0.0).await, 0.0);
        let (half, end) = (visitor.scrolls_to(0.5).await, visitor.scrolls_to(1.0).await);
        assert!(half > 0.0 && end > half, "{half}, {end}");
        visitor.settles().await;
        assert!(visitor.requests("/thumbnail?").await.len() > thumbnails.len());

        let before = visitor.shifts().await.len();
        let push = "const title = document.querySelector('[data-bowerbird]').shadowRoot.querySelector('.header');
            setTimeout(() => title.style.marginTop = '200px', 600)";
        visitor.runs(push).await;
        visitor.until_it_says(&format!("return String(books.shifts.length > {before})"), "true").await;
    })
    .await;
}
