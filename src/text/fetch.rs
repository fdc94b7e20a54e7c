//! Sentences of other languages than English: asked for once, and kept as long as the page lasts.

use super::Text;
use super::language::Language;
use crate::companion;
use futures_util::future::select;
use gloo_timers::future::TimeoutFuture;
use js_sys::{Object, Promise};
use std::cell::RefCell;
use std::rc::Rc;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::{JsFuture, future_to_promise};

/// How long a dialog waits for its language before it speaks English.
const PATIENCE_MS: u32 = 3_000;

thread_local! {
    /// By address. There is hardly ever a second one.
    static FETCHED: RefCell<Vec<(String, Fetched)>> = const { RefCell::new(Vec::new()) };
}

/// A language's sentences, here or on their way.
#[derive(Clone)]
struct Fetched {
    sentences: Rc<RefCell<Option<Object>>>,
    /// Resolves when they are here, or will not come.
    arrival: Promise,
}

/// The words from the companion at this address, in the language of this tag or else the page's: ready at once where they are here,
/// and in English where they do not come.
pub async fn find(home: &str, tag: Option<&str>) -> Text {
    let language = Language::wanted(tag);
    let mut sentences = None;
    if language.name != "en" {
        let fetched = fetch(home, language.name);
        if fetched.sentences.borrow().is_none() {
            select(JsFuture::from(fetched.arrival.clone()), TimeoutFuture::new(PATIENCE_MS)).await;
        }
        sentences = fetched.sentences.borrow().clone();
    }
    Text::new(language, sentences)
}

/// Asks a companion for a language, unless that was done before.
fn fetch(home: &str, language: &str) -> Fetched {
    let address = format!("{}/bowerbird-{language}.json", home.trim_end_matches('/'));
    let known = FETCHED.with_borrow(|all| all.iter().find(|(known, _)| *known == address).map(|(_, it)| it.clone()));
    if let Some(known) = known {
        return known;
    }
    let sentences = Rc::<RefCell<Option<Object>>>::default();
    let arrival = future_to_promise({
        let (sentences, address) = (sentences.clone(), address.clone());
        async move {
            let json = companion::text(&address).await;
            let found = json.and_then(|json| js_sys::JSON::parse(&json).ok()?.dyn_into().ok());
            if found.is_none() {
                // Forgotten, so that the next pick asks again.
                FETCHED.with_borrow_mut(|all| all.retain(|(known, _)| *known != address));
            }
            sentences.replace(found);
            Ok(JsValue::UNDEFINED)
        }
    });
    let fetched = Fetched { sentences, arrival };
    FETCHED.with_borrow_mut(|all| all.push((address, fetched.clone())));
    fetched
}

/// Asks for the language that the page is written in, so that a dialog need not wait for it.
pub fn expect(home: &str) {
    let language = Language::of_page();
    if language.name != "en" {
        fetch(home, language.name);
    }
}
