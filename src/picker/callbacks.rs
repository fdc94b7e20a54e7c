//! The page's callbacks: calling them, and what they answer.

use crate::error::Trouble;
use crate::options::PickOptions;
use crate::result::PickedFile;
use crate::selection::Chosen;
use crate::state::{Photo, Progress};
use js_sys::{Function, Object, Reflect};
use std::slice;
use wasm_bindgen::{JsCast, JsValue};

/// What a callback of the page answered.
pub enum Verdict {
    /// It has no objection, and said this.
    Now(JsValue),
    /// It will tell: a promise that rejects says no.
    Later(js_sys::Promise),
}

/// Calls a callback of the page, if there is one. An exception of the page's must not stop the pick; it is shown on the
/// console, and given back for those callbacks that may say no.
pub fn call(callback: Option<&Function>, arguments: &[JsValue]) -> Option<Result<Verdict, String>> {
    let outcome = callback?.apply(&JsValue::NULL, &arguments.iter().collect());
    Some(match outcome {
        Ok(answer) => Ok(answer.dyn_into().map_or_else(Verdict::Now, Verdict::Later)),
        Err(thrown) => {
            web_sys::console::error_2(&"bowerbird: a callback of the page threw".into(), &thrown);
            Err(words(&thrown))
        }
    })
}

/// What the page says was wrong.
pub fn words(reason: &JsValue) -> String {
    let message = reason.dyn_ref::<js_sys::Error>().map(|error| error.message().into());
    message.or_else(|| reason.as_string()).unwrap_or_default()
}

/// Tells the page what has become of a photo since it was heard of last.
pub fn tell_progress(options: &PickOptions, before: &Photo, after: &Photo) {
    let file = PickedFile::chosen(&after.chosen).of(&after.chosen, options).to_js();
    if before.progress == Progress::Waiting {
        call(options.on_file_upload_started.as_ref(), slice::from_ref(&file));
    }
    match &after.progress {
        Progress::Moving { received, .. } => {
            let progress = Object::new();
            let percent = (after.thousandths() + 5) / 10;
            let _ = Reflect::set(&progress, &"totalPercent".into(), &(percent as f64).into());
            let _ = Reflect::set(&progress, &"totalBytes".into(), &(*received as f64).into());
            call(options.on_file_upload_progress.as_ref(), &[file, progress.into()]);
        }
        Progress::Stored(stored) => {
            let file = PickedFile::stored(&after.chosen, stored).of(&after.chosen, options).to_js();
            call(options.on_file_upload_finished.as_ref(), &[file]);
        }
        Progress::Failed(trouble) => tell_failed(options, &after.chosen, trouble),
        Progress::Cancelled => tell_cancelled(options, &after.chosen),
        Progress::Waiting => {}
    }
}

/// Tells the page that the visitor no longer wants a photo.
pub fn tell_cancelled(options: &PickOptions, chosen: &Chosen) {
    call(options.on_file_upload_cancel.as_ref(), &[PickedFile::chosen(chosen).of(chosen, options).to_js()]);
}

/// Tells the page that a photo could not be stored.
pub fn tell_failed(options: &PickOptions, chosen: &Chosen, trouble: &Trouble) {
    let file = PickedFile::failed(chosen, trouble).of(chosen, options).to_js();
    let error = js_sys::Error::new(&trouble.english());
    call(options.on_file_upload_failed.as_ref(), &[file, error.into()]);
}
