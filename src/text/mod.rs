//! Every word on the screen: sentences by key, with a page's own wording over them.
//!
//! English is built in, what the frame says of it apart from the rest; the other languages are fetched from the companion; what is
//! missing in one is said in English. A
//! sentence is a string, or an object from plural category (`one`, `few`, `other`, …) to string; words in braces are filled
//! in. A page's `customText` replaces a sentence by its English wording, by its key, or by the phrase that Filestack's picker
//! has in its place.

mod fetch;
mod language;
#[cfg(test)]
mod tests;

pub use fetch::{expect, find};
pub use language::{ALL, Language};

use js_sys::{Object, Reflect};
use std::cell::OnceCell;
use std::collections::BTreeMap;
use wasm_bindgen::{JsCast, JsValue};

/// What the frame says, which is here before all the others are.
const FIRST: &str = include_str!("first.json");

const ENGLISH: &str = include_str!("en.json");

/// Filestack's phrases whose wording differs from ours, as its published types have them, and the keys of what stands here in their
/// place.
const FILESTACK: &str = include_str!("filestack.json");

/// What a dialog says: the sentences of one language, with the page's replacements.
pub struct Text {
    language: Language,
    /// None is English.
    sentences: Option<Object>,
    english: Object,
    custom: BTreeMap<String, String>,
    /// Filled into every sentence that has these.
    standing: Vec<(&'static str, String)>,
    /// Made when the first sentence asks for it: the browser reads its tables for that, which takes a moment that English can do without.
    plurals: OnceCell<js_sys::Intl::PluralRules>,
}

impl Text {
    /// Says it in this language, or in English where its sentences are not here: of English what the frame says, until it is
    /// [completed](Self::complete).
    pub fn new(language: Language, sentences: Option<Object>) -> Self {
        let language = if sentences.is_some() || language.name == "en" { language } else { Language::english() };
        let (custom, standing) = (BTreeMap::new(), Vec::new());
        Self { language, sentences, english: parse(FIRST), custom, standing, plurals: OnceCell::new() }
    }

    /// Has it know every sentence, the page's replacements, and what is filled into each.
    pub fn complete(&mut self, custom: &BTreeMap<String, String>, standing: Vec<(&'static str, String)>) {
        self.english = parse(ENGLISH);
        self.custom = with_filestack(custom);
        self.standing = standing;
    }

    /// Takes in further sentences in English, those of a part that came later.
    pub fn learn(&mut self, english: &str) {
        self.english = Object::assign(&self.english, &parse(english));
    }

    /// The language that it is, as one of [`ALL`].
    pub fn language(&self) -> &'static str {
        self.language.name
    }

    /// The sentence of a key, with `{name}` filled in from the pairs. Where it has plural forms, `count` chooses one and
    /// fills in `{count}`.
    pub fn get(&self, key: &str, count: Option<usize>, fill: &[(&str, &str)]) -> String {
        let number = count.unwrap_or_default();
        let english = form(&self.english, key, if number == 1 { "one" } else { "other" });
        let custom = english.as_ref().and_then(|english| self.custom.get(english)).or_else(|| self.custom.get(key));
        let translated = || {
            let plurals = || js_sys::Intl::PluralRules::new(&locales(&self.language), &Object::new());
            let category = String::from(self.plurals.get_or_init(plurals).select(number as f64));
            form(self.sentences.as_ref()?, key, &category)
        };
        let words = |name: &str| {
            let standing = self.standing.iter().map(|(name, words)| (*name, words.as_str()));
            match fill.iter().copied().chain(standing).find(|(known, _)| *known == name) {
                Some((_, words)) => Some(self.isolate(words)),
                None => (name == "count" && count.is_some()).then(|| self.number(number as f64)),
            }
        };
        match custom {
            // It may have placeholders of Filestack's that have no meaning here.
            Some(custom) => without_gaps(&filled(custom, |name| Some(words(name).unwrap_or_default()))),
            None => filled(&translated().or(english).unwrap_or_else(|| key.to_owned()), words),
        }
    }

    /// A whole number in the reader's digits and groups: `10,000`.
    pub fn number(&self, value: f64) -> String {
        // Small ones are the same everywhere but in Arabic; the browser's own way there takes tens of milliseconds the first time.
        if value < 1000.0 && value.fract() == 0.0 && self.language.name != "ar" {
            return (value as u32).to_string();
        }
        js_sys::Number::from(value).to_locale_string(&self.language.locale).into()
    }

    /// Bytes as people say them: `3.2 MB`.
    pub fn bytes(&self, count: u64) -> String {
        let (value, unit) = match count {
            0..1_000_000 => ((count as f64 / 1e3).ceil(), "kilobyte"),
            1_000_000..1_000_000_000 => (count as f64 / 1e6, "megabyte"),
            _ => (count as f64 / 1e9, "gigabyte"),
        };
        let options = options(&[("style", "unit"), ("unit", unit), ("unitDisplay", "short")]);
        let _ = Reflect::set(&options, &"maximumFractionDigits".into(), &1.into());
        let format = js_sys::Intl::NumberFormat::new(&locales(&self.language), &options).format();
        format.call1(&JsValue::UNDEFINED, &value.into()).ok().and_then(|words| words.as_string()).unwrap_or_default()
    }

    /// The day of a time in RFC 3339: `Nov 21, 2026`. Empty for what is no time.
    pub fn date(&self, time: &str) -> String {
        let date = js_sys::Date::new(&time.into());
        if date.get_time().is_nan() {
            return String::new();
        }
        date.to_locale_date_string(&self.language.locale, &options(&[("dateStyle", "medium")])).into()
    }

    /// What is filled in may run the other way than the sentence, and must not turn the words around it.
    fn isolate(&self, words: &str) -> String {
        let runs_left = |letter: char| matches!(u32::from(letter), 0x590..=0x8ff | 0xfb1d..=0xfdff | 0xfe70..=0xfeff | 0x10800..=0x10fff | 0x1e800..=0x1efff);
        let turns = match Language::direction(self.language.name) {
            "rtl" => words.chars().any(|letter| letter.is_ascii_alphabetic() || !letter.is_ascii()),
            _ => words.chars().any(runs_left),
        };
        if turns { format!("\u{2068}{words}\u{2069}") } else { words.to_owned() }
    }
}

fn parse(json: &str) -> Object {
    js_sys::JSON::parse(json).ok().and_then(|value| value.dyn_into().ok()).unwrap_or_default()
}

fn locales(language: &Language) -> js_sys::Array {
    js_sys::Array::of1(&language.locale.as_str().into())
}

fn options(pairs: &[(&str, &str)]) -> Object {
    let options = Object::new();
    for (name, value) in pairs {
        let _ = Reflect::set(&options, &(*name).into(), &(*value).into());
    }
    options
}

/// A sentence, or its form of this category, or its form for the other categories.
fn form(sentences: &Object, key: &str, category: &str) -> Option<String> {
    let value = Reflect::get(sentences, &key.into()).ok()?;
    let of = |category: &str| Reflect::get(&value, &category.into()).ok()?.as_string();
    value.as_string().or_else(|| of(category)).or_else(|| of("other"))
}

/// The page's replacements, those by Filestack's phrases also by our keys.
fn with_filestack(custom: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let mut all = custom.clone();
    if all.is_empty() {
        return all;
    }
    let phrases = parse(FILESTACK);
    for (phrase, words) in custom {
        let keys = Reflect::get(&phrases, &phrase.as_str().into()).ok().and_then(|keys| keys.as_string());
        for key in keys.unwrap_or_default().split_whitespace() {
            all.entry(key.to_owned()).or_insert_with(|| words.clone());
        }
    }
    all
}

/// The sentence with words in the place of each name in braces; one that stands for none stays as it is.
fn filled(sentence: &str, words: impl Fn(&str) -> Option<String>) -> String {
    let (mut filled, mut rest) = (String::new(), sentence);
    while let Some(start) = rest.find('{')
        && let Some(length) = rest[start..].find('}')
    {
        let (before, placeholder) = rest[..=start + length].split_at(start);
        filled.push_str(before);
        match words(&placeholder[1..length]) {
            Some(words) => filled.push_str(&words),
            None => filled.push_str(placeholder),
        }
        rest = &rest[before.len() + placeholder.len()..];
    }
    filled.push_str(rest);
    filled
}

/// What is left of a sentence that lost words.
fn without_gaps(sentence: &str) -> String {
    sentence.trim().split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}
