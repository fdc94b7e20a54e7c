//! Readers of options that are no more than a value.

use super::{Warn, wants};
use crate::sources::{self, Source};
use crate::text;
use bowerbird_protocol::accept::Accept;
use bowerbird_protocol::store::StoreTo;
use js_sys::{Array, Function, Reflect};
use std::collections::BTreeMap;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::AbortSignal;

/// The most that `maxFiles` and `minFiles` may ask for, as in Filestack's schema.
const MOST_FILES: u32 = 1_000_000;

pub(super) fn read_accept(name: &str, value: &JsValue, _: Warn<'_>) -> Result<Accept, String> {
    let rules = strings(value).ok_or_else(|| wants(name, "a string or an array of strings", value))?;
    Accept::parse(&rules).map_err(|rule| format!("{name}: '{rule}' is no type; use 'image/png', 'image/*' or '.png'"))
}

pub(super) fn read_sources(name: &str, value: &JsValue, warn: Warn<'_>) -> Result<Vec<&'static Source>, String> {
    let names = strings(value).ok_or_else(|| wants(name, "a source's name or an array of them", value))?;
    check_sources(&names, warn)
}

/// Unknown names are left out with a warning, as in Filestack's picker; repeated ones count once.
pub(super) fn check_sources(names: &[String], warn: Warn<'_>) -> Result<Vec<&'static Source>, String> {
    let known = || sources::ALL.iter().map(|source| source.name).collect::<Vec<_>>().join(", ");
    let mut chosen: Vec<&'static Source> = Vec::new();
    for name in names {
        match sources::find(name) {
            Some(source) if !chosen.contains(&source) => chosen.push(source),
            Some(_) => {}
            None => warn(format!("fromSources: there is no source '{name}'; it is left out. There are: {}", known())),
        }
    }
    if chosen.is_empty() {
        return Err(format!("fromSources leaves no source to pick from; there are: {}", known()));
    }
    Ok(chosen)
}

pub(super) fn read_count(name: &str, value: &JsValue, _: Warn<'_>) -> Result<u32, String> {
    value.as_f64().and_then(check_count).ok_or_else(|| wants(name, "a whole number from 1 to 1000000", value))
}

pub(super) fn check_count(number: f64) -> Option<u32> {
    (number.fract() == 0.0 && (1.0..=f64::from(MOST_FILES)).contains(&number)).then_some(number as u32)
}

pub(super) fn read_store_to(name: &str, value: &JsValue, _: Warn<'_>) -> Result<StoreTo, String> {
    serde_wasm_bindgen::from_value(value.clone())
        .map_err(|error| format!("{name} takes {{location, container, path, region, access}}, all strings: {error}"))
        .and_then(check_store_to)
}

/// Refused here as the companion would, before a visitor has chosen anything.
pub(super) fn check_store_to(store_to: StoreTo) -> Result<StoreTo, String> {
    match store_to.access.as_deref() {
        None | Some("public" | "private") => Ok(store_to),
        Some(other) => Err(format!("storeTo.access '{other}' is not offered; there are 'public' and 'private'")),
    }
}

pub(super) fn read_text(name: &str, value: &JsValue, _: Warn<'_>) -> Result<BTreeMap<String, String>, String> {
    serde_wasm_bindgen::from_value(value.clone())
        .map_err(|_| wants(name, "an object from phrase to replacement, both strings", value))
}

pub(super) fn read_lang(name: &str, value: &JsValue, warn: Warn<'_>) -> Result<Option<String>, String> {
    if value.is_null() {
        return Ok(None);
    }
    let lang = value.as_string().ok_or_else(|| wants(name, "a language code such as 'de'", value))?;
    if text::Language::of(&lang).is_none() {
        let known = text::ALL.join(", ");
        warn(format!("lang: the dialog does not speak '{lang}' and is in English; there are: {known}"));
    }
    Ok(Some(lang))
}

pub(super) fn read_signal(name: &str, value: &JsValue, _: Warn<'_>) -> Result<Option<AbortSignal>, String> {
    // By shape, not by class: a signal of another frame is not an instance of this one's AbortSignal.
    if Reflect::has(value, &"aborted".into()).unwrap_or_default() {
        return Ok(Some(value.clone().unchecked_into()));
    }
    Err(wants(name, "an AbortSignal", value))
}

pub(super) fn read_function(name: &str, value: &JsValue, _: Warn<'_>) -> Result<Option<Function>, String> {
    if value.is_null() {
        return Ok(None);
    }
    value.dyn_ref().cloned().map(Some).ok_or_else(|| wants(name, "a function", value))
}

pub(super) fn read_bool(name: &str, value: &JsValue, _: Warn<'_>) -> Result<bool, String> {
    value.as_bool().ok_or_else(|| wants(name, "true or false", value))
}

/// A string as a list of one, or an array of strings.
pub(super) fn strings(value: &JsValue) -> Option<Vec<String>> {
    match value.as_string() {
        Some(one) => Some(vec![one]),
        None => value.dyn_ref::<Array>()?.iter().map(|entry| entry.as_string()).collect(),
    }
}
