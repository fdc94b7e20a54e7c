//! Every option of `pick` once: its name, type, default and reader.
//!
//! What the page passes is read into [`PickOptions`]; only that travels further in. Names, types and defaults are
//! Filestack's; an option of Filestack's picker that has no meaning here is warned about and ignored, so that a page moves over
//! unchanged, and a name that neither knows is an error.

mod files;
mod place;
mod read;
mod site;
mod transformations;

pub use files::{AuthText, CleanupImageExif, PasteMode, UploadConfig};
pub use place::{DisplayMode, DropPane, Theme, ViewType};
pub(crate) use site::read_site;
pub use transformations::{CropFile, Transformations};

use crate::selection::Chosen;
use crate::sources::{self, Kind, Source};
use bowerbird_protocol::accept::Accept;
use bowerbird_protocol::store::{ImageLimits, StoreTo};
use files::{
    read_auth_text, read_bytes, read_cleanup, read_concurrency, read_dim, read_milliseconds, read_paste_mode,
    read_pixels, read_string, read_upload_config,
};
use js_sys::{Array, Function, Object, Reflect};
use place::{read_container, read_display_mode, read_drop_pane, read_id, read_size, read_theme, read_view_type};
use read::{
    read_accept, read_bool, read_count, read_function, read_lang, read_signal, read_sources, read_store_to, read_text,
};
use std::collections::BTreeMap;
use transformations::{read_crop_files, read_transformations};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{AbortSignal, Node};

/// Says on the developer's console what is odd but no error.
type Warn<'a> = &'a mut dyn FnMut(String);

macro_rules! options {
    ($($(#[$doc:meta])* $name:literal $field:ident: $type:ty = $default:expr, $read:ident;)*) => {
        /// The checked options of one pick.
        #[derive(Debug, Clone)]
        pub struct PickOptions {
            $($(#[$doc])* pub $field: $type,)*
            /// What `export` publishes, and how: then nothing is picked. It is read where it is used (`ui/outward`).
            #[doc(hidden)]
            pub publish: Option<JsValue>,
        }

        /// The options' names as a page writes them.
        pub const NAMES: &[&str] = &[$($name),*];

        impl Default for PickOptions {
            fn default() -> Self {
                Self { $($field: $default,)* publish: None }
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
    /// MIME types, `type/*` or extensions, as a string or an array. Default: everything; Facebook and Instagram give images only.
    "accept" accept: Accept = Accept::default(), read_accept;
    /// `(file, options) => Promise`: judges a file that `accept` takes; throwing or rejecting keeps it out, and says why.
    "acceptFn" accept_fn: Option<Function> = None, read_function;
    /// Sources by name, as a string or an array, in the order in which they are offered. Default: all.
    "fromSources" from_sources: Vec<&'static Source> = sources::ALL.iter().collect(), read_sources;
    /// How many files may be chosen, 1 to 1,000,000. Default: 1.
    "maxFiles" max_files: u32 = 1, read_count;
    /// How many files have to be chosen, at most `maxFiles`. Default: 1.
    "minFiles" min_files: u32 = 1, read_count;
    /// The most bytes that a file may have. Default: as many as the companion takes.
    "maxSize" max_size: Option<u64> = None, read_bytes;
    /// `[width, height]`: images with fewer pixels are enlarged. Default: none are.
    "imageMin" image_min: Option<[u32; 2]> = None, read_pixels;
    /// `[width, height]`: images with more pixels are made smaller. Default: none are.
    "imageMax" image_max: Option<[u32; 2]> = None, read_pixels;
    /// `[width, height]`, of which one may be null: images are brought to that size, keeping their shape. Default: none are.
    "imageDim" image_dim: Option<[Option<u32>; 2]> = None, read_dim;
    /// Whether an image beyond `imageMin` or `imageMax` is refused rather than resized. Default: false.
    "imageMinMaxBlock" image_min_max_block: bool = false, read_bool;
    /// Whether JPEGs of the device lose what they tell of camera, place and time, and what they keep: `true` or
    /// `{keepOrientation, keepICCandAPP}`. Default: they are sent as they are.
    "cleanupImageExif" cleanup_image_exif: Option<CleanupImageExif> = None, read_cleanup;
    /// What visitors may make of their images before they are stored: `{crop, circle, rotate, force}`, all but the last true unless said; `crop` may be
    /// `{aspectRatio, autoCropArea, force}`. Default: all of it, and none has to.
    "transformations" transformations: Transformations = Transformations::default(), read_transformations;
    /// Whether images cannot be cropped or rotated. Default: false.
    "disableTransformer" disable_transformer: bool = false, read_bool;
    /// Whether visitors cannot describe images for those who do not see them. Default: false.
    "disableAltText" disable_alt_text: bool = false, read_bool;
    /// Files and addresses of images to crop, in place of a choice: what the picker's `crop` passes. Default: the visitor chooses.
    "cropFiles" crop_files: Vec<CropFile> = Vec::new(), read_crop_files;
    /// Whether images of the device are not shown small. Default: false.
    "disableThumbnails" disable_thumbnails: bool = false, read_bool;
    /// Whether folders of the device cannot be chosen. Default: false.
    "disableDirectoryUpload" disable_directory_upload: bool = false, read_bool;
    /// Whether files can be dropped on every screen of the dialog, not on the device's alone. Default: false.
    "globalDropZone" global_drop_zone: bool = false, read_bool;
    /// Which picker of a page takes what is pasted: `{pasteToFirstInViewPort, pasteToFirstInstance}`.
    "pasteMode" paste_mode: PasteMode = PasteMode::default(), read_paste_mode;
    /// How many files of the device are sent at once, 1 to 20. Default: 4.
    "concurrency" concurrency: u32 = 4, read_concurrency;
    /// Of Filestack's options for uploads, `tags`: an object, or a function from a file to one.
    "uploadConfig" upload_config: UploadConfig = UploadConfig::default(), read_upload_config;
    /// Whether `originalFile` is the `File` itself rather than what is known of it. Default: false.
    "exposeOriginalFile" expose_original_file: bool = false, read_bool;
    /// Whether the key of a stored file is path and name alone. Default: false, the handle stands before the name.
    "disableStorageKey" disable_storage_key: bool = false, read_bool;
    /// Whether files are copied as soon as they are chosen, where images cannot be edited. Default: true.
    "uploadInBackground" upload_in_background: bool = true, read_bool;
    /// Whether copying begins as soon as `maxFiles` are chosen. Default: false.
    "startUploadingWhenMaxFilesReached" start_when_full: bool = false, read_bool;
    /// Whether the visitor can try again what could not be stored. Where not, the pick ends with it. Default: true.
    "allowManualRetry" allow_manual_retry: bool = true, read_bool;
    /// Whether several files can be chosen at once in the device's own dialog. Default: where more than one may be chosen.
    "multipleFileUpload" multiple_file_upload: bool = true, read_bool;
    /// Whether the dialog is small where there is room for a large one, unless `modalSize` says how large it is. Default: false.
    "miniUploader" mini_uploader: bool = false, read_bool;
    /// Where the files go: `{location, container, path, region, access}`. Default: the key's default storage.
    "storeTo" store_to: StoreTo = StoreTo::default(), read_store_to;
    /// Wording of the page's own: an object from an English phrase of the dialog's or of Filestack's picker, or from a key, to the
    /// replacement.
    "customText" custom_text: BTreeMap<String, String> = BTreeMap::new(), read_text;
    /// Lines above and below the button that connects a source: from its name, or `default`, to `{top, bottom}`.
    "customAuthText" custom_auth_text: BTreeMap<String, AuthText> = BTreeMap::new(), read_auth_text;
    /// An address that visitors can write to when something goes wrong.
    "supportEmail" support_email: Option<String> = None, read_string;
    /// How long a passing remark stays, in milliseconds. Default: 5000; 0 is until the next step.
    "errorsTimeout" errors_timeout: u32 = 5000, read_milliseconds;
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
    /// `(file) => void | file | Promise`: a file is about to be chosen; throwing or rejecting keeps it out, and says why, and an answer
    /// with another `name` or `filename` renames it.
    "onFileSelected" on_file_selected: Option<Function> = None, read_function;
    /// `(file) => void`: the visitor cut an image; `file.cropped` tells how.
    "onFileCropped" on_file_cropped: Option<Function> = None, read_function;
    /// `(files) => void`: copying begins.
    "onUploadStarted" on_upload_started: Option<Function> = None, read_function;
    /// `(file, token) => void`: a photo's bytes begin to move; `token` has `cancel` and, of files of the device, `pause` and `resume`.
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

/// The size of a dialog that is to be small.
const MINI: [u32; 2] = [460, 440];

/// Filestack's options that have no meaning here: they are of sources, services and scripts that there are not, or of its picker's insides.
const WITHOUT_MEANING: &[&str] = &[
    "customSourceContainer",
    "customSourceName",
    "customSourcePath",
    "failOverMaxFiles",
    "googleDriveAppID",
    "loadCss",
    "transformationsUI",
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

    /// Reads of it what the frame of the dialog needs, while the reader of all of it may still be on its way. `None` where nothing is to
    /// be seen before that, or something is wrong with it: the other reader says what.
    pub(crate) fn glance(raw: &JsValue) -> Option<Self> {
        let mut options = Self::default();
        let quiet: Warn<'_> = &mut |_| ();
        if raw.is_string() || Array::is_array(raw) {
            options.from_sources = read_sources("fromSources", raw, quiet).ok()?;
        } else if raw.is_object() {
            let given = |name: &str| Reflect::get(raw, &name.into()).ok().filter(|value| !value.is_undefined());
            macro_rules! read {
                ($($name:literal $field:ident $reader:ident;)*) => {
                    $(if let Some(value) = given($name) {
                        options.$field = $reader($name, &value, quiet).ok()?;
                    })*
                };
            }
            read! {
                "displayMode" display_mode read_display_mode;
                "container" container read_container;
                "rootId" root_id read_id;
                "modalSize" modal_size read_size;
                "miniUploader" mini_uploader read_bool;
                "theme" theme read_theme;
                "lang" lang read_lang;
                "fromSources" from_sources read_sources;
                "maxFiles" max_files read_count;
                "signal" signal read_signal;
            }
            if options.mini_uploader {
                options.modal_size.get_or_insert(MINI);
            }
            // A pane is no dialog, and files to crop open the editor.
            let is_more = options.display_mode == DisplayMode::DropPane || given("cropFiles").is_some();
            if is_more || options.display_mode == DisplayMode::Inline && options.container.is_none() {
                return None;
            }
        }
        Some(options)
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
        if let (Some(min), Some(max)) = (self.image_min, self.image_max)
            && (min[0] > max[0] || min[1] > max[1])
        {
            return Err(format!("imageMin ({min:?}) is more than imageMax ({max:?})"));
        }
        if !self.crop_files.is_empty() {
            let files = self.crop_files.len() as u32;
            (self.min_files, self.max_files) = (1, files);
            self.from_sources = sources::ALL.iter().filter(|source| source.kind != Kind::Cloud).collect();
            self.transformations = Transformations { crop: true, force: true, ..self.transformations };
            self.hide_modal_when_uploading = true;
            if self.display_mode == DisplayMode::DropPane {
                return Err("a drop pane crops what is dropped on it, where dropPane.cropFiles is set; crop() is for the others".to_owned());
            }
        }
        if self.disable_transformer && self.transformations.force {
            return Err("disableTransformer leaves no editor that transformations.force could insist on".to_owned());
        }
        if self.mini_uploader {
            self.modal_size.get_or_insert(MINI);
        }
        self.store_to.disable_storage_key |= self.disable_storage_key;
        // A part of the page covers nothing that it could make way for.
        self.hide_modal_when_uploading &= self.display_mode != DisplayMode::Inline;
        Ok(self)
    }

    /// Whether this photo goes through the editor before it is stored, and has not.
    pub(crate) fn wants_editing(&self, photo: &Chosen) -> bool {
        self.transformations.force && photo.changes.edit.is_none() && photo.is_editable()
    }

    /// Whether visitors can do something with this photo: turn or cut it, or describe it.
    pub(crate) fn edits(&self, photo: &Chosen) -> bool {
        let is_image = photo.source.kind == Kind::Cloud || photo.item.mimetype.starts_with("image/");
        !self.disable_alt_text && is_image || self.transforms() && photo.is_editable()
    }

    /// Whether the editor has something to offer.
    pub(crate) fn transforms(&self) -> bool {
        !self.disable_transformer && !self.transformations.is_none()
    }

    /// Whether copying begins before the choice is confirmed. What is still edited cannot be copied, and what is dropped on a pane is
    /// confirmed with that.
    pub(crate) fn copies_early(&self) -> bool {
        self.upload_in_background && self.disable_transformer && self.display_mode != DisplayMode::DropPane
    }

    /// What is asked of images' sizes.
    pub(crate) fn image_limits(&self) -> ImageLimits {
        ImageLimits { min: self.image_min, max: self.image_max, dim: self.image_dim, block: self.image_min_max_block }
    }
}

fn unknown(name: &str, warn: Warn<'_>) -> Result<(), String> {
    if WITHOUT_MEANING.contains(&name) {
        warn(format!("the option '{name}' of Filestack's picker has no meaning here and is ignored"));
        return Ok(());
    }
    Err(match nearest(name, [NAMES, WITHOUT_MEANING].into_iter().flatten().copied()) {
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

fn wants(name: &str, what: &str, got: &JsValue) -> String {
    let got = js_sys::JSON::stringify(got).ok().and_then(|json| json.as_string());
    format!("{name} takes {what}; it got {}", got.unwrap_or_else(|| "something else".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::read::{check_count, check_sources, check_store_to};
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
            "fromSources leaves no source to pick from; there are: local_file_system, facebook, instagram, url"
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
        assert_eq!(unknown("websearch", &mut |warning| warnings.push(warning)), Ok(()));
        assert!(warnings[0].contains("'websearch'"));
        assert!(WITHOUT_MEANING.iter().all(|name| !NAMES.contains(name)));
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
