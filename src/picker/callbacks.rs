//! The page's callbacks: calling them, and what they answer.

use super::Picker;
use crate::device::looks;
use crate::error::Trouble;
use crate::options::PickOptions;
use crate::result::PickedFile;
use crate::selection::{Changes, Chosen};
use crate::sources::Kind;
use crate::state::{Photo, Progress};
use bowerbird_protocol::listing::Item;
use futures_util::future::LocalBoxFuture;
use js_sys::{Function, Object, Reflect};
use std::collections::BTreeMap;
use std::sync::Arc;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

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
fn words(reason: &JsValue) -> String {
    let message = reason.dyn_ref::<js_sys::Error>().map(|error| error.message().into());
    message.or_else(|| reason.as_string()).unwrap_or_default()
}

/// What comes of asking the page about a photo.
pub enum Judged {
    /// It may be chosen.
    Yes(Chosen),
    /// It may not, and the page says why.
    No(String),
    /// The page will tell.
    Later(LocalBoxFuture<'static, Result<Chosen, String>>),
}

/// What the page says to a photo that is about to be chosen, and what it calls it: `onFileSelected` first, then, of files of the
/// device, `acceptFn`.
pub fn judge(options: &PickOptions, photo: Chosen) -> Judged {
    let nothing = || Ok(Verdict::Now(JsValue::UNDEFINED));
    let file = PickedFile::chosen(&photo).of(&photo, options).to_js();
    let asked = call(options.on_file_selected.as_ref(), &[file]).unwrap_or_else(nothing);
    let accept_fn = options.accept_fn.clone().filter(|_| photo.source.kind == Kind::Device);
    let answer = match (asked, &accept_fn) {
        (Err(reason), _) => return Judged::No(reason),
        (Ok(Verdict::Now(answer)), None) => return Judged::Yes(renamed(photo, &answer)),
        (Ok(answer), _) => answer,
    };
    let accept = options.accept.rules();
    Judged::Later(Box::pin(async move {
        let photo = renamed(photo, &awaited(answer).await?);
        if let Some(accept_fn) = accept_fn {
            let file = PickedFile::chosen(&photo).exposing(&photo.item.path).to_js();
            awaited(call(Some(&accept_fn), &[file, looks(&accept)]).unwrap_or_else(nothing)?).await?;
        }
        Ok(photo)
    }))
}

async fn awaited(verdict: Verdict) -> Result<JsValue, String> {
    match verdict {
        Verdict::Now(answer) => Ok(answer),
        Verdict::Later(promise) => JsFuture::from(promise).await.map_err(|reason| words(&reason)),
    }
}

/// The photo under the name that the page answered, where it did: the metadata that it was given, with another `name` or `filename`.
fn renamed(photo: Chosen, answer: &JsValue) -> Chosen {
    let said = |name: &str| Reflect::get(answer, &name.into()).ok()?.as_string();
    let new = |name: &String| !name.is_empty() && *name != photo.item.name;
    match ["name", "filename"].into_iter().filter_map(said).find(new) {
        Some(name) => Chosen {
            item: Arc::new(Item { name, ..(*photo.item).clone() }),
            changes: Changes { renamed: true, ..photo.changes },
            ..photo
        },
        None => photo,
    }
}

/// The page's own words for a file.
pub fn tags_of(options: &PickOptions, chosen: &Chosen) -> BTreeMap<String, String> {
    let Some(ask) = &options.upload_config.tags_of else { return options.upload_config.tags.clone() };
    let tags = ask.call1(&JsValue::NULL, &PickedFile::chosen(chosen).of(chosen, options).to_js());
    tags.ok().and_then(|tags| serde_wasm_bindgen::from_value(tags).ok()).unwrap_or_default()
}

/// What a page may do with a file that is on its way: give it up, and let one of the device wait.
fn token(picker: &Picker, chosen: &Chosen) -> JsValue {
    let token = Object::new();
    let deed = |name: &str, act: fn(&Picker, &Chosen)| {
        let (picker, chosen) = (picker.clone(), chosen.clone());
        // The browser forgets it with the token.
        let act = Closure::<dyn Fn()>::new(move || act(&picker, &chosen)).into_js_value();
        let _ = Reflect::set(&token, &name.into(), &act);
    };
    deed("cancel", |picker, chosen| picker.give_up(chosen));
    if chosen.source.kind == Kind::Device {
        deed("pause", |picker, chosen| picker.pause_sending(&chosen.item.path, true));
        deed("resume", |picker, chosen| picker.pause_sending(&chosen.item.path, false));
    }
    token.into()
}

/// Tells the page what has become of a photo since it was heard of last.
pub fn tell_progress(picker: &Picker, before: &Photo, after: &Photo) {
    let options = picker.options();
    let file = PickedFile::chosen(&after.chosen).of(&after.chosen, options).to_js();
    if before.progress == Progress::Waiting {
        let started = options.on_file_upload_started.as_ref();
        call(started, &[file.clone(), started.map_or(JsValue::UNDEFINED, |_| token(picker, &after.chosen))]);
    }
    let moved = |bytes: u64| {
        let progress = Object::new();
        let percent = (after.thousandths() + 5) / 10;
        let _ = Reflect::set(&progress, &"totalPercent".into(), &(percent as f64).into());
        let _ = Reflect::set(&progress, &"totalBytes".into(), &(bytes as f64).into());
        call(options.on_file_upload_progress.as_ref(), &[file.clone(), progress.into()]);
    };
    match &after.progress {
        Progress::Moving { received, .. } => moved(*received),
        Progress::Stored(stored) => {
            // One that was there between two looks: a page that draws a bar sees it full all the same.
            if before.progress == Progress::Waiting {
                moved(stored.size);
            }
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
