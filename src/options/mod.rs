//! Every option of `pick` once: its name, type, default and reader.
//!
//! What the page passes is read into [`PickOptions`]; only that travels further in. Names, types and defaults are
//! Filestack's; an option of Filestack's picker that is not here yet is warned about and ignored, so that a page moves over
//! unchanged, and a name that neither knows is an error.

mod place;

pub use place::{DisplayMode, DropPane, Theme, ViewType};

use crate::companion::Site;
use crate::sources::{self, Source};
use crate::text;
use bowerbird_protocol::accept::Accept;
use bowerbird_protocol::store::StoreTo;
use js_sys::{Array, Function, Object, Reflect};
use place::{read_container, read_display_mode, read_drop_pane, read_id, read_size, read_theme, read_view_type};
use std::collections::HashMap;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{AbortSignal, Node, Url};

/// Says on the developer's console what is odd but no error.
type Warn<'a> = &'a mut dyn FnMut(String);

/// The most that `maxFiles` and `minFiles` may ask for, as in Filestack's schema.
const MOST_FILES: u32 = 1_000_000;

macro_rules! options {
    ($($(#[$doc:meta])* $name:literal $field:ident: $type:ty = $default:expr, $read:ident;)*) => {
        /// The checked options of one pick.
        #[derive(Debug, Clone)]
        pub struct PickOptions {
            $($(#[$doc])* pub $field: $type,)*
        }

        /// The options' names as a page writes them.
        pub const NAMES: &[&str] = &[$($name),*];

        impl Default for PickOptions {
            fn default() -> Self {
                Self { $($field: $default,)* }
            }
        }

        impl PickOptions {
            fn set(&mut self, name: &str, value: &JsValue, warn: Warn<'_>) -> Result<(), String> {
                match name {
                    $($name => self.$field = $read($name, value, warn)?,)*
                    _ => return unknown(name, warn),
                }
                Ok(())
            }
        }
    };
}

options! {
    /// MIME types, `type/*` or extensions, as a string or an array. Default: everything; these sources give images only.
    "accept" accept: Accept = Accept::default(), read_accept;
    /// Sources by name, as a string or an array, in the order in which they are offered. Default: all.
    "fromSources" from_sources: Vec<&'static Source> = sources::ALL.iter().collect(), read_sources;
    /// How many files may be chosen, 1 to 1,000,000. Default: 1.
    "maxFiles" max_files: u32 = 1, read_count;
    /// How many files have to be chosen, at most `maxFiles`. Default: 1.
    "minFiles" min_files: u32 = 1, read_count;
    /// Where the files go: `{location, container, path, region, access}`. Default: the key's default storage.
    "storeTo" store_to: StoreTo = StoreTo::default(), read_store_to;
    /// Wording of the page's own: an object from an English phrase of the dialog's or of Filestack's picker, or from a key, to the
    /// replacement.
    "customText" custom_text: HashMap<String, String> = HashMap::new(), read_text;
    /// The dialog's language, as `de` or `pt-BR`; one that it does not speak is warned about. Default: the page's, or English.
    "lang" lang: Option<String> = None, read_lang;
    /// `'overlay'`, `'inline'` or `'dropPane'`. Default: `'overlay'`.
    "displayMode" display_mode: DisplayMode = DisplayMode::default(), read_display_mode;
    /// The element that the picker is drawn in: its id, a selector, or the node. Default, for an overlay: behind the page's body.
    "container" container: Option<Node> = None, read_container;
    /// The id of the element that holds the picker's shadow root. Default: `__bowerbird-picker`.
    "rootId" root_id: String = "__bowerbird-picker".to_owned(), read_id;
    /// `'grid'` or `'list'`. Default: `'grid'`.
    "viewType" view_type: ViewType = ViewType::default(), read_view_type;
    /// `[width, height]` of the dialog in pixels, where the page is at least 980 wide. Default: as the window allows.
    "modalSize" modal_size: Option<[u32; 2]> = None, read_size;
    /// `'light'`, `'dark'` or `'auto'`, which follows the visitor's system. Default: `'auto'`.
    "theme" theme: Theme = Theme::default(), read_theme;
    /// Whether the dialog goes when copying begins, and the page hears the rest by its callbacks. Default: false.
    "hideModalWhenUploading" hide_modal_when_uploading: bool = false, read_bool;
    /// The pane of `displayMode: 'dropPane'`, and its callbacks.
    "dropPane" drop_pane: DropPane = DropPane::default(), read_drop_pane;
    /// An `AbortSignal`; aborting cancels the pick as the visitor could.
    "signal" signal: Option<AbortSignal> = None, read_signal;
    /// `(handle) => void`: the dialog is on the screen. `handle.close()` cancels the pick as the visitor could.
    "onOpen" on_open: Option<Function> = None, read_function;
    /// `() => void`: the dialog is gone, however it ended. Runs before `onUploadDone`.
    "onClose" on_close: Option<Function> = None, read_function;
    /// `(files) => void`: the visitor left without confirming, or during the copying; `files` are those stored so far.
    "onCancel" on_cancel: Option<Function> = None, read_function;
    /// `(file) => void | Promise`: a photo is about to be chosen; throwing or rejecting keeps it out, and says why.
    "onFileSelected" on_file_selected: Option<Function> = None, read_function;
    /// `(files) => void`: copying begins.
    "onUploadStarted" on_upload_started: Option<Function> = None, read_function;
    /// `(file) => void`: a photo's bytes begin to move.
    "onFileUploadStarted" on_file_upload_started: Option<Function> = None, read_function;
    /// `(file, {totalPercent, totalBytes}) => void`: bytes have arrived at the companion.
    "onFileUploadProgress" on_file_upload_progress: Option<Function> = None, read_function;
    /// `(file) => void`: a photo is stored.
    "onFileUploadFinished" on_file_upload_finished: Option<Function> = None, read_function;
    /// `(file, error) => void`: a photo could not be stored.
    "onFileUploadFailed" on_file_upload_failed: Option<Function> = None, read_function;
    /// `(file) => void`: the visitor gave this photo up while it was copied.
    "onFileUploadCancel" on_file_upload_cancel: Option<Function> = None, read_function;
    /// `({filesUploaded, filesFailed}) => void`: the same that the promise resolves with.
    "onUploadDone" on_upload_done: Option<Function> = None, read_function;
}

/// Filestack's options that have no meaning here yet.
const FILESTACK_ONLY: &[&str] = &[
    "acceptFn",
    "allowManualRetry",
    "cleanupImageExif",
    "concurrency",
    "cropFiles",
    "customAuthText",
    "customSourceContainer",
    "customSourceName",
    "customSourcePath",
    "disableAltText",
    "disableDirectoryUpload",
    "disableStorageKey",
    "disableThumbnails",
    "disableTransformer",
    "errorsTimeout",
    "exposeOriginalFile",
    "failOverMaxFiles",
    "globalDropZone",
    "googleDriveAppID",
    "imageDim",
    "imageMax",
    "imageMin",
    "imageMinMaxBlock",
    "loadCss",
    "maxSize",
    "miniUploader",
    "multipleFileUpload",
    "onFileCropped",
    "pasteMode",
    "startUploadingWhenMaxFilesReached",
    "supportEmail",
    "transformations",
    "transformationsUI",
    "uploadConfig",
    "uploadInBackground",
    "useSentryBreadcrumbs",
    "videoResolution",
    "websearch",
];

impl PickOptions {
    /// Reads what the page passed to `pick`: an object of options, or its short forms, a source's name and an array of
    /// them. The error names the option, what is wrong with it, and what to do.
    pub(crate) fn read(raw: &JsValue, warn: Warn<'_>) -> Result<Self, String> {
        let mut options = Self::default();
        if raw.is_undefined() || raw.is_null() {
            return Ok(options);
        }
        if raw.is_string() || Array::is_array(raw) {
            options.from_sources = read_sources("fromSources", raw, warn)?;
            return Ok(options);
        }
        let object =
            raw.dyn_ref::<Object>().ok_or("pick takes an object of options, a source's name or an array of them")?;
        for name in Object::keys(object).iter().filter_map(|name| name.as_string()) {
            let value = Reflect::get(object, &name.as_str().into()).unwrap_or_default();
            // An option that is there but undefined counts as absent: pages build these objects with `a ?? undefined`.
            if !value.is_undefined() {
                options.set(&name, &value, warn)?;
            }
        }
        options.check()
    }

    /// What no single option can tell.
    fn check(mut self) -> Result<Self, String> {
        if self.display_mode != DisplayMode::Overlay && self.container.is_none() {
            return Err("displayMode 'inline' and 'dropPane' need a container: an element's id, a selector or a node"
                .to_owned());
        }
        if self.min_files > self.max_files {
            return Err(format!(
                "minFiles ({}) is more than maxFiles ({}, which is 1 unless given)",
                self.min_files, self.max_files
            ));
        }
        // A part of the page covers nothing that it could make way for.
        self.hide_modal_when_uploading &= self.display_mode != DisplayMode::Inline;
        Ok(self)
    }
}

fn unknown(name: &str, warn: Warn<'_>) -> Result<(), String> {
    if FILESTACK_ONLY.contains(&name) {
        warn(format!("the option '{name}' of Filestack's picker is not supported yet and is ignored"));
        return Ok(());
    }
    Err(match nearest(name, NAMES.iter().copied().chain(FILESTACK_ONLY.iter().copied())) {
        Some(near) => format!("there is no option '{name}'; did you mean '{near}'?"),
        None => format!("there is no option '{name}'; there are: {}", NAMES.join(", ")),
    })
}

/// The known name that a mistyped one most likely stands for.
fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let name = name.to_ascii_lowercase();
    known
        .map(|candidate| (strsim::damerau_levenshtein(&name, &candidate.to_ascii_lowercase()), candidate))
        .min_by_key(|(distance, _)| *distance)
        .filter(|(distance, candidate)| *distance <= candidate.len() / 3)
        .map(|(_, candidate)| candidate)
}

/// Reads the options of `init`. Filestack's own that have no meaning here are warned about; an unknown name is an error.
pub(crate) fn read_site(apikey: &str, raw: &JsValue, warn: Warn<'_>) -> Result<Site, String> {
    let object = raw.dyn_ref::<Object>().ok_or("init takes {url}: the companion's address")?;
    let mut site = Site { apikey: apikey.to_owned(), ..Site::default() };
    for name in Object::keys(object).iter().filter_map(|name| name.as_string()) {
        let value = Reflect::get(object, &name.as_str().into()).unwrap_or_default();
        match name.as_str() {
            _ if value.is_undefined() => {}
            "url" => site.url = read_address("init: url", "the companion's http or https address", &value)?,
            "appUrl" => {
                site.app_url = Some(read_address("init: appUrl", "an http or https address of this site", &value)?);
            }
            "sessionCache" => {
                site.session_cache =
                    value.as_bool().ok_or_else(|| wants("init: sessionCache", "true or false", &value))?;
            }
            "security" => {
                let part = |name: &str| Reflect::get(&value, &name.into()).ok()?.as_string();
                let both = part("policy").zip(part("signature"));
                site.security = Some(both.ok_or_else(|| wants("init: security", "{policy, signature}", &value))?);
            }
            "cname" | "forwardErrors" => {
                warn(format!("init: the option '{name}' of Filestack's client is not supported yet and is ignored"));
            }
            _ => {
                return Err(format!(
                    "init: there is no option '{name}'; there are: url, sessionCache, appUrl, security"
                ));
            }
        }
    }
    if site.url.is_empty() {
        return Err("init takes {url}: the companion's address".to_owned());
    }
    Ok(site)
}

/// An address as it stands, but for its fragment, which is ours.
fn read_address(name: &str, what: &str, value: &JsValue) -> Result<String, String> {
    let parsed = value.as_string().and_then(|url| Url::new(&url).ok());
    let parsed = parsed.filter(|url| matches!(url.protocol().as_str(), "http:" | "https:"));
    let parsed = parsed.ok_or_else(|| wants(name, what, value))?;
    Ok(format!("{}{}{}", parsed.origin(), parsed.pathname(), parsed.search()))
}

fn read_accept(name: &str, value: &JsValue, _: Warn<'_>) -> Result<Accept, String> {
    let rules = strings(value).ok_or_else(|| wants(name, "a string or an array of strings", value))?;
    Accept::parse(&rules).map_err(|rule| format!("{name}: '{rule}' is no type; use 'image/png', 'image/*' or '.png'"))
}

fn read_sources(name: &str, value: &JsValue, warn: Warn<'_>) -> Result<Vec<&'static Source>, String> {
    let names = strings(value).ok_or_else(|| wants(name, "a source's name or an array of them", value))?;
    check_sources(&names, warn)
}

/// Unknown names are left out with a warning, as in Filestack's picker; repeated ones count once.
fn check_sources(names: &[String], warn: Warn<'_>) -> Result<Vec<&'static Source>, String> {
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

fn read_count(name: &str, value: &JsValue, _: Warn<'_>) -> Result<u32, String> {
    value.as_f64().and_then(check_count).ok_or_else(|| wants(name, "a whole number from 1 to 1000000", value))
}

fn check_count(number: f64) -> Option<u32> {
    (number.fract() == 0.0 && (1.0..=f64::from(MOST_FILES)).contains(&number)).then_some(number as u32)
}

fn read_store_to(name: &str, value: &JsValue, _: Warn<'_>) -> Result<StoreTo, String> {
    serde_wasm_bindgen::from_value(value.clone())
        .map_err(|error| format!("{name} takes {{location, container, path, region, access}}, all strings: {error}"))
        .and_then(check_store_to)
}

/// Refused here as the companion would, before a visitor has chosen anything.
fn check_store_to(store_to: StoreTo) -> Result<StoreTo, String> {
    match store_to.access.as_deref() {
        None | Some("public" | "private") => Ok(store_to),
        Some(other) => Err(format!("storeTo.access '{other}' is not offered; there are 'public' and 'private'")),
    }
}

fn read_text(name: &str, value: &JsValue, _: Warn<'_>) -> Result<HashMap<String, String>, String> {
    serde_wasm_bindgen::from_value(value.clone())
        .map_err(|_| wants(name, "an object from phrase to replacement, both strings", value))
}

fn read_lang(name: &str, value: &JsValue, warn: Warn<'_>) -> Result<Option<String>, String> {
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

fn read_signal(name: &str, value: &JsValue, _: Warn<'_>) -> Result<Option<AbortSignal>, String> {
    // By shape, not by class: a signal of another frame is not an instance of this one's AbortSignal.
    if Reflect::has(value, &"aborted".into()).unwrap_or_default() {
        return Ok(Some(value.clone().unchecked_into()));
    }
    Err(wants(name, "an AbortSignal", value))
}

fn read_function(name: &str, value: &JsValue, _: Warn<'_>) -> Result<Option<Function>, String> {
    if value.is_null() {
        return Ok(None);
    }
    value.dyn_ref().cloned().map(Some).ok_or_else(|| wants(name, "a function", value))
}

fn read_bool(name: &str, value: &JsValue, _: Warn<'_>) -> Result<bool, String> {
    value.as_bool().ok_or_else(|| wants(name, "true or false", value))
}

/// A string as a list of one, or an array of strings.
fn strings(value: &JsValue) -> Option<Vec<String>> {
    match value.as_string() {
        Some(one) => Some(vec![one]),
        None => value.dyn_ref::<Array>()?.iter().map(|entry| entry.as_string()).collect(),
    }
}

fn wants(name: &str, what: &str, got: &JsValue) -> String {
    let got = js_sys::JSON::stringify(got).ok().and_then(|json| json.as_string());
    format!("{name} takes {what}; it got {}", got.unwrap_or_else(|| "something else".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sources(names: &[&str]) -> (Result<Vec<&'static str>, String>, Vec<String>) {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut warnings = Vec::new();
        let chosen = check_sources(&names, &mut |warning| warnings.push(warning));
        (chosen.map(|chosen| chosen.iter().map(|source| source.name).collect()), warnings)
    }

    #[test]
    fn unknown_sources_are_left_out_with_a_warning() {
        let (chosen, warnings) = sources(&["instagram", "myspace", "facebook", "Instagram"]);
        assert_eq!(chosen.unwrap(), ["instagram", "facebook"]);
        assert_eq!(warnings.len(), 1);
        assert!(warnings[0].contains("'myspace'"), "{warnings:?}");
    }

    #[test]
    fn no_source_left_is_an_error_that_names_those_there_are() {
        assert_eq!(
            sources(&["myspace"]).0.unwrap_err(),
            "fromSources leaves no source to pick from; there are: facebook, instagram"
        );
        assert!(sources(&[]).0.is_err());
    }

    #[test]
    fn counts_are_whole_and_positive() {
        assert_eq!(check_count(5.0), Some(5));
        for wrong in [0.0, -1.0, 1.5, f64::NAN, f64::INFINITY, 1_000_001.0] {
            assert_eq!(check_count(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_mistyped_option_is_told_the_nearest_one() {
        let error = |name| unknown(name, &mut |_| ()).unwrap_err();
        assert_eq!(error("maxfiles"), "there is no option 'maxfiles'; did you mean 'maxFiles'?");
        assert_eq!(error("fromSource"), "there is no option 'fromSource'; did you mean 'fromSources'?");
        assert_eq!(error("onUplaodDone"), "there is no option 'onUplaodDone'; did you mean 'onUploadDone'?");
        assert!(error("colour").starts_with("there is no option 'colour'; there are: accept, "));
    }

    #[test]
    fn an_option_of_filestack_is_ignored_aloud() {
        let mut warnings = Vec::new();
        assert_eq!(unknown("imageMax", &mut |warning| warnings.push(warning)), Ok(()));
        assert!(warnings[0].contains("'imageMax'"));
        assert!(FILESTACK_ONLY.iter().all(|name| !NAMES.contains(name)));
    }

    #[test]
    fn an_access_that_is_not_offered_is_refused_rather_than_promised() {
        let access = |access: &str| check_store_to(StoreTo { access: Some(access.to_owned()), ..StoreTo::default() });
        assert!(access("public").is_ok() && access("private").is_ok());
        assert!(access("team").unwrap_err().contains("'team' is not offered"));
    }

    #[test]
    fn a_part_of_the_page_has_to_be_named() {
        let options = |display_mode| PickOptions { display_mode, ..PickOptions::default() }.check();
        assert!(options(DisplayMode::Overlay).is_ok());
        for mode in [DisplayMode::Inline, DisplayMode::DropPane] {
            assert!(options(mode).unwrap_err().contains("need a container"));
        }
    }

    #[test]
    fn the_minimum_stays_below_the_maximum() {
        let options = |min_files, max_files| PickOptions { min_files, max_files, ..PickOptions::default() }.check();
        assert!(options(2, 5).is_ok());
        assert!(options(2, 1).unwrap_err().contains("minFiles (2) is more than maxFiles (1"));
    }
}
