//! Tab goes round in the dialog. A modal one keeps the focus from the page by itself, but browsers put their own bars between
//! its last control and its first, and not all find the way back.

use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement, KeyboardEvent};

const STOPS: &str = "a[href], button:enabled, input:enabled, select:enabled, [tabindex]";

/// At the last control Tab leads to the first, and backwards at the first to the last.
pub(super) fn goes_round(event: &KeyboardEvent) {
    if event.key() != "Tab" {
        return;
    }
    let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
    let Some((target, dialog)) =
        target.and_then(|target| Some((target.clone(), target.closest("dialog:modal").ok()??)))
    else {
        return;
    };
    let Ok(all) = dialog.query_selector_all(STOPS) else { return };
    let stop = |index| all.item(index).and_then(|node| node.dyn_into::<HtmlElement>().ok());
    let can_be_come_to = |stop: &HtmlElement| stop.tab_index() >= 0 && stop.offset_width() > 0;
    let first = (0..all.length()).filter_map(stop).find(can_be_come_to);
    let last = (0..all.length()).rev().filter_map(stop).find(can_be_come_to);
    let (Some(first), Some(last)) = (first, last) else { return };
    let (end, beginning) = if event.shift_key() { (first, last) } else { (last, first) };
    if *end == target || dialog == target && event.shift_key() {
        event.prevent_default();
        let _ = beginning.focus();
    }
}
