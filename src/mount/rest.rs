//! All of the picker but its first sight. In what customers download it is a chunk of the wasm of its own, loaded as soon as the first
//! part runs; everywhere else it is simply there.

use super::handle::Handle;
use super::stage::Stage;
use super::{Companion, Site, open};
use crate::options::PickOptions;
use crate::picker::callbacks::call;
use crate::result::{PickResponse, files_to_js};
use crate::sources::pages;
use js_sys::Function;
use std::cell::Cell;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::spawn_local;

/// What a page asked for.
pub struct Asked {
    /// Of which companion.
    pub site: Site,
    /// What it passed to `pick`.
    pub options: JsValue,
    /// What is to be published, where something is; otherwise undefined.
    pub publish: JsValue,
    /// Takes the response.
    pub resolve: Function,
    /// Takes the reason why there is none.
    pub reject: Function,
}

/// How far the visitor is already.
#[derive(Default)]
pub struct Entry {
    /// The frame, where there is one.
    pub stage: Option<Stage>,
    /// The service that was chosen.
    pub chosen: Option<usize>,
    /// Whether the visitor has left again.
    pub left: bool,
}

/// Opens the picker.
pub type Open = fn(Asked, Entry);

#[cfg(not(split))]
const BUILT_IN: Option<Open> = Some(enter);
#[cfg(split)]
const BUILT_IN: Option<Open> = None;

thread_local! {
    static HERE: Cell<Option<Open>> = const { Cell::new(BUILT_IN) };
}

/// It, if it is here.
pub fn here() -> Option<Open> {
    HERE.get()
}

/// Loads it, unless it is here.
pub async fn fetch() -> Option<Open> {
    #[cfg(split)]
    if HERE.get().is_none() {
        HERE.set(split::load().await.ok());
    }
    HERE.get()
}

#[cfg(split)]
#[allow(
    unsafe_code,
    reason = "the attribute exports the function under a name of its own, by which the splitting finds it"
)]
mod split {
    use super::*;
    use leptos::wasm_split::{SplitLoaderError, wasm_split};

    #[wasm_split(later, wasm_split_path = leptos::wasm_split, fallible)]
    pub(super) fn load() -> Result<Open, SplitLoaderError> {
        Ok(enter)
    }
}

fn enter(asked: Asked, entry: Entry) {
    let Asked { site, options, publish, resolve, reject } = asked;
    let refuse = move |reason: &str| {
        let error = js_sys::Error::new(&format!("bowerbird: {reason}"));
        let _ = reject.call1(&JsValue::NULL, &error);
    };
    let mut options = match PickOptions::read(&options, &mut crate::api::warn) {
        Ok(options) => options,
        Err(reason) => {
            if let Some(stage) = entry.stage {
                spawn_local(stage.leave(()));
            }
            return refuse(&reason);
        }
    };
    let settle = move |response: PickResponse| drop(resolve.call1(&JsValue::NULL, &response.to_js()));
    if entry.left {
        call(options.on_open.as_ref(), &[Handle::new(None).object().into()]);
        call(options.on_cancel.as_ref(), &[files_to_js(&[])]);
        call(options.on_close.as_ref(), &[]);
        return settle(PickResponse::default());
    }
    if !publish.is_undefined() {
        options.from_sources = vec![&pages::SOURCE];
        options.publish = Some(publish);
    }
    if let Err(reason) = open(Companion::new(site), options, entry, settle) {
        refuse(&reason);
    }
}
