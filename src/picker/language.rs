//! The words of a dialog, in the language that the page wants.

use super::Picker;
use crate::options::PickOptions;
use crate::text::{self, Text};
use futures_util::FutureExt;

/// All the words that these options ask for, from the companion at this address.
pub async fn find_text(options: PickOptions, home: String) -> Text {
    let mut text = text::find(&home, options.lang.as_deref()).await;
    let standing = vec![("maxFiles", options.max_files.to_string()), ("types", options.accept.rules().join(", "))];
    text.complete(&options.custom_text, standing);
    text
}

impl Picker {
    /// Hands over the words, at once where that can be.
    pub fn find_words(&self, use_them: Box<dyn FnOnce(Text)>) {
        let mut finding = Box::pin(find_text(self.options().clone(), self.0.companion.site().url.clone()));
        match finding.as_mut().now_or_never() {
            Some(text) => use_them(text),
            None => drop(self.spawn(async move { use_them(finding.await) })),
        }
    }
}
