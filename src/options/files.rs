//! What is asked of files: their sizes, what is taken out of them, and how they are sent.

use super::read::strings;
use super::{Warn, wants};
use js_sys::{Array, Function, Object, Reflect};
use std::collections::BTreeMap;
use wasm_bindgen::{JsCast, JsValue};

/// The longest side that an image may be asked to have, in pixels; the companion makes none that is longer.
const MOST_PIXELS: f64 = 10_000.0;

/// What stays of a JPEG's metadata when it is cleaned.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CleanupImageExif {
    /// Which side is up.
    pub keep_orientation: bool,
    /// Colour profiles, and what applications say of themselves.
    pub keep_icc_and_app: bool,
}

/// Which picker takes what is pasted while none has the pointer or the focus.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PasteMode {
    /// The first that is wholly in sight.
    pub to_first_in_view_port: bool,
    /// The first that was opened.
    pub to_first_instance: bool,
}

/// How files are sent, of what Filestack's `UploadOptions` say.
#[derive(Debug, Clone, Default)]
pub struct UploadConfig {
    /// The page's own words for each file.
    pub tags: BTreeMap<String, String>,
    /// `(file) => tags`, asked for each file.
    pub tags_of: Option<Function>,
}

/// Lines above and below the button that connects a source.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuthText {
    /// Above it.
    pub top: Vec<String>,
    /// Below it.
    pub bottom: Vec<String>,
}

/// Width and height in pixels.
fn sides(value: &JsValue) -> Option<[Option<u32>; 2]> {
    let side = |side: JsValue| match side.as_f64() {
        Some(pixels) if (1.0..=MOST_PIXELS).contains(&pixels) => Ok(Some(pixels as u32)),
        None if side.is_null() || side.is_undefined() => Ok(None),
        _ => Err(()),
    };
    let sides: Vec<_> = value.dyn_ref::<Array>()?.iter().map(side).collect::<Result<_, _>>().ok()?;
    sides.try_into().ok()
}

pub(super) fn read_pixels(name: &str, value: &JsValue, _: Warn<'_>) -> Result<Option<[u32; 2]>, String> {
    match sides(value) {
        Some([Some(width), Some(height)]) => Ok(Some([width, height])),
        _ => Err(wants(name, "[width, height] in pixels, from 1 to 10000", value)),
    }
}

pub(super) fn read_dim(name: &str, value: &JsValue, _: Warn<'_>) -> Result<Option<[Option<u32>; 2]>, String> {
    let one_at_least = |sides: &[Option<u32>; 2]| sides.iter().any(Option::is_some);
    let read = sides(value).filter(one_at_least);
    read.map(Some)
        .ok_or_else(|| wants(name, "[width, height] in pixels, from 1 to 10000, of which one may be null", value))
}

pub(super) fn read_bytes(name: &str, value: &JsValue, _: Warn<'_>) -> Result<Option<u64>, String> {
    let bytes = value.as_f64().filter(|bytes| *bytes >= 1.0);
    bytes.map(|bytes| Some(bytes as u64)).ok_or_else(|| wants(name, "a number of bytes, at least 1", value))
}

pub(super) fn read_concurrency(name: &str, value: &JsValue, _: Warn<'_>) -> Result<u32, String> {
    let files = value.as_f64().filter(|files| files.fract() == 0.0 && (1.0..=20.0).contains(files));
    files.map(|files| files as u32).ok_or_else(|| wants(name, "a whole number from 1 to 20", value))
}

pub(super) fn read_milliseconds(name: &str, value: &JsValue, _: Warn<'_>) -> Result<u32, String> {
    let time = value.as_f64().filter(|time| (0.0..=f64::from(i32::MAX)).contains(time));
    time.map(|time| time as u32).ok_or_else(|| wants(name, "milliseconds", value))
}

pub(super) fn read_string(name: &str, value: &JsValue, _: Warn<'_>) -> Result<Option<String>, String> {
    if value.is_null() {
        return Ok(None);
    }
    value.as_string().map(Some).ok_or_else(|| wants(name, "a string", value))
}

/// What becomes of a member: nothing where it is not known, and what it takes where it is wrong.
pub(super) type Read = Option<Result<(), &'static str>>;

/// The members of an object, each given to `member`, which says whether it knows it, and what it takes where it does.
pub(super) fn members(
    name: &str,
    value: &JsValue,
    member: &mut dyn FnMut(&str, &JsValue) -> Read,
) -> Result<(), String> {
    let object = value.dyn_ref::<Object>().ok_or_else(|| wants(name, "an object", value))?;
    for key in Object::keys(object).iter().filter_map(|key| key.as_string()) {
        let value = Reflect::get(object, &key.as_str().into()).unwrap_or_default();
        if value.is_undefined() {
            continue;
        }
        let full = format!("{name}.{key}");
        match member(&key, &value) {
            Some(read) => read.map_err(|what| wants(&full, what, &value))?,
            None => return Err(format!("there is no option '{full}'")),
        }
    }
    Ok(())
}

pub(super) fn flag(flag: &mut bool, value: &JsValue) -> Read {
    Some(value.as_bool().map(|value| *flag = value).ok_or("true or false"))
}

pub(super) fn read_cleanup(name: &str, value: &JsValue, _: Warn<'_>) -> Result<Option<CleanupImageExif>, String> {
    let mut kept = CleanupImageExif::default();
    if let Some(cleans) = value.as_bool() {
        return Ok(cleans.then_some(kept));
    }
    members(name, value, &mut |member, value| match member {
        "keepOrientation" => flag(&mut kept.keep_orientation, value),
        "keepICCandAPP" => flag(&mut kept.keep_icc_and_app, value),
        _ => None,
    })?;
    Ok(Some(kept))
}

pub(super) fn read_paste_mode(name: &str, value: &JsValue, _: Warn<'_>) -> Result<PasteMode, String> {
    let mut mode = PasteMode::default();
    members(name, value, &mut |member, value| match member {
        "pasteToFirstInViewPort" => flag(&mut mode.to_first_in_view_port, value),
        "pasteToFirstInstance" => flag(&mut mode.to_first_instance, value),
        _ => None,
    })?;
    Ok(mode)
}

/// What of `uploadConfig` means something here; the rest is how Filestack's client sends, and is none of an error.
const SENDING: &[&str] = &[
    "concurrency",
    "disableIntegrityCheck",
    "host",
    "intelligent",
    "intelligentChunkSize",
    "onProgress",
    "onRetry",
    "partSize",
    "progressInterval",
    "retry",
    "retryFactor",
    "retryMaxTime",
    "timeout",
];

pub(super) fn read_upload_config(name: &str, value: &JsValue, warn: Warn<'_>) -> Result<UploadConfig, String> {
    let mut config = UploadConfig::default();
    let mut without_meaning = Vec::new();
    members(name, value, &mut |member, value| match member {
        "tags" if value.is_function() => {
            config.tags_of = value.dyn_ref().cloned();
            Some(Ok(()))
        }
        "tags" => {
            let tags = serde_wasm_bindgen::from_value(value.clone());
            Some(tags.map(|tags| config.tags = tags).map_err(|_| "an object of strings, or a function that gives one"))
        }
        _ if SENDING.contains(&member) => {
            without_meaning.push(member.to_owned());
            Some(Ok(()))
        }
        _ => None,
    })?;
    if !without_meaning.is_empty() {
        warn(format!("{name}: {} has no meaning here and is ignored", without_meaning.join(", ")));
    }
    Ok(config)
}

pub(super) fn read_auth_text(name: &str, value: &JsValue, _: Warn<'_>) -> Result<BTreeMap<String, AuthText>, String> {
    let mut texts = BTreeMap::new();
    members(name, value, &mut |source, value| {
        let mut text = AuthText::default();
        let lines = |lines: &mut Vec<String>, value: &JsValue| {
            strings(value).map(|read| *lines = read).ok_or("a string or an array of strings")
        };
        let read = members(source, value, &mut |member, value| match member {
            "top" => Some(lines(&mut text.top, value)),
            "bottom" => Some(lines(&mut text.bottom, value)),
            _ => None,
        });
        texts.insert(source.to_owned(), text);
        Some(read.map_err(|_| "{top, bottom}, each a string or an array of strings"))
    })?;
    Ok(texts)
}
