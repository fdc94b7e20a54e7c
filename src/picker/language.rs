//! The words of a dialog, in the language that the page wants.

use super::Picker;
use crate::options::PickOptions;
use crate::text::{Language, Text, fetch};
use futures_util::FutureExt;
use futures_util::future::select;
use gloo_timers::future::TimeoutFuture;
use wasm_bindgen_futures::JsFuture;

/// How long a dialog waits for its language before it speaks English.
const PATIENCE_MS: u32 = 3_000;

/// The language that the option names, or else the page's.
pub fn language(options: &PickOptions) -> Language {
    match &options.lang {
        Some(tag) => Language::of(tag).unwrap_or_else(Language::english),
        None => Language::of_page(),
    }
}

/// The words, from the companion at this address: ready at once where they are here, and in English where they do not come.
pub async fn find_text(options: PickOptions, home: String) -> Text {
    let language = language(&options);
    let mut sentences = None;
    if language.name != "en" {
        let fetched = fetch(&home, language.name);
        if fetched.sentences().is_none() {
            select(JsFuture::from(fetched.arrival.clone()), TimeoutFuture::new(PATIENCE_MS)).await;
        }
        sentences = fetched.sentences();
    }
    let standing = vec![("maxFiles", options.max_files.to_string()), ("types", options.accept.rules().join(", "))];
    Text::new(language, sentences, &options.custom_text, standing)
}

impl Picker {
    /// The language that the dialog is to speak.
    pub fn language(&self) -> Language {
        language(self.options())
    }

    /// Hands over the words, at once where that can be.
    pub fn find_words(&self, use_them: Box<dyn FnOnce(Text)>) {
        let mut finding = Box::pin(find_text(self.options().clone(), self.0.companion.site().url.clone()));
        match finding.as_mut().now_or_never() {
            Some(text) => use_them(text),
            None => drop(self.spawn(async move { use_them(finding.await) })),
        }
    }
}
