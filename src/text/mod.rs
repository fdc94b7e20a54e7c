//! Every word on the screen: sentences by key, with a page's own wording over them.
//!
//! English is built in. A sentence is a string, or an object from plural category (`one`, `few`, `other`, …) to string;
//! words in braces are filled in. A page's `customText` replaces a sentence by its English wording, as in Filestack's
//! picker, or by its key.

use std::collections::HashMap;
use wasm_bindgen::{JsCast, JsValue};

const ENGLISH: &str = include_str!("en.json");

/// The sentences of one language, with the page's replacements.
pub struct Text {
    sentences: js_sys::Object,
    custom: HashMap<String, String>,
    plurals: js_sys::Intl::PluralRules,
}

impl Text {
    /// English, with the page's `customText` over it.
    pub fn english(custom: &HashMap<String, String>) -> Self {
        let sentences = js_sys::JSON::parse(ENGLISH).ok().and_then(|value| value.dyn_into().ok()).unwrap_or_default();
        let locale = js_sys::Array::of1(&JsValue::from_str("en"));
        let plurals = js_sys::Intl::PluralRules::new(&locale, &js_sys::Object::new());
        Self { sentences, custom: custom.clone(), plurals }
    }

    /// The sentence of a key, with `{name}` filled in from the pairs. Where it has plural forms, `count` chooses one and
    /// fills in `{count}`.
    pub fn get(&self, key: &str, count: Option<usize>, fill: &[(&str, &str)]) -> String {
        let mut value = js_sys::Reflect::get(&self.sentences, &key.into()).unwrap_or_default();
        if value.is_object() {
            let category = self.plurals.select(count.unwrap_or_default() as f64);
            let form = js_sys::Reflect::get(&value, &category).unwrap_or_default();
            value =
                if form.is_string() { form } else { js_sys::Reflect::get(&value, &"other".into()).unwrap_or_default() };
        }
        let standard = value.as_string().unwrap_or_else(|| key.to_owned());
        let custom = self.custom.get(&standard).or_else(|| self.custom.get(key));
        let mut sentence = custom.cloned().unwrap_or(standard);
        if let Some(count) = count {
            sentence = sentence.replace("{count}", &number(count as f64));
        }
        for (name, words) in fill {
            sentence = sentence.replace(&format!("{{{name}}}"), words);
        }
        sentence
    }
}

/// A whole number in the reader's digits and groups: `10,000`.
pub fn number(value: f64) -> String {
    js_sys::Number::from(value).to_locale_string("en").into()
}

/// Bytes as people say them: `3.2 MB`.
pub fn bytes(count: u64) -> String {
    let (value, unit) = match count {
        0..1_000_000 => ((count as f64 / 1e3).ceil(), "kB"),
        1_000_000..1_000_000_000 => (tenths(count as f64 / 1e6), "MB"),
        _ => (tenths(count as f64 / 1e9), "GB"),
    };
    format!("{} {unit}", number(value))
}

fn tenths(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}

#[cfg(test)]
mod tests {
    use super::ENGLISH;
    use bowerbird_protocol::problem::ProblemCode;
    use serde_json::Value;

    #[test]
    fn every_problem_has_a_sentence_for_visitors() {
        let english: Value = serde_json::from_str(ENGLISH).unwrap();
        let names = ProblemCode::ALL.iter().map(|code| code.as_str()).chain(["other", "unreachable"]);
        for name in names {
            assert!(english[format!("problem.{name}")].is_string(), "no sentence for {name}");
        }
    }

    #[test]
    fn every_source_has_a_name_for_visitors() {
        let english: Value = serde_json::from_str(ENGLISH).unwrap();
        for source in crate::sources::ALL {
            assert!(english[format!("source.{}", source.name)].is_string(), "no name for {}", source.name);
        }
    }

    #[test]
    fn plural_sentences_have_the_forms_of_english() {
        let english: Value = serde_json::from_str(ENGLISH).unwrap();
        for (key, value) in english.as_object().unwrap() {
            if let Some(forms) = value.as_object() {
                assert_eq!(forms.keys().collect::<Vec<_>>(), ["one", "other"], "{key}");
            }
        }
    }
}
