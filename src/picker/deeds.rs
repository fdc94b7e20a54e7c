//! What the picker does only for files that the visitor brings. In what customers download it comes with the screens
//! (`ui/later.rs`), so that no page loads it before its first sight.

use super::Picker;
use super::{adding, sending};
use crate::device::{self, Dropped};
use std::cell::Cell;
use wasm_bindgen::JsValue;

/// The ways into it. All that only they reach comes later.
#[derive(Clone, Copy)]
struct Deeds {
    add_files: fn(&Picker, Dropped, bool),
    send_files: fn(&Picker),
    looks: fn(&[String]) -> JsValue,
}

const DEEDS: Deeds = Deeds { add_files: adding::add_files, send_files: sending::send_files, looks: device::looks };

#[cfg(not(split))]
const BUILT_IN: Option<Deeds> = Some(DEEDS);
#[cfg(split)]
const BUILT_IN: Option<Deeds> = None;

thread_local! {
    static HERE: Cell<Option<Deeds>> = const { Cell::new(BUILT_IN) };
}

/// They are here, because what calls this is.
#[cfg(split)]
pub fn arrive() {
    HERE.set(Some(DEEDS));
}

/// What `acceptFn` gets to look into a file with.
pub(super) fn looks(accept: &[String]) -> JsValue {
    HERE.get().map_or(JsValue::UNDEFINED, |deeds| (deeds.looks)(accept))
}

impl Picker {
    /// Takes files of the device in, and chooses as many as may be. With `at_once` copying begins with that. Nothing happens before the
    /// screens are here, from which files come.
    pub fn add_files(&self, dropped: Dropped, at_once: bool) {
        if let Some(deeds) = HERE.get() {
            (deeds.add_files)(self, dropped, at_once);
        }
    }

    /// Sends what is pending of the device, as many at once as the page wants.
    pub(super) fn send_files(&self) {
        if let Some(deeds) = HERE.get() {
            (deeds.send_files)(self);
        }
    }
}
