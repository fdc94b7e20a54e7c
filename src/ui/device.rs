//! Files of the visitor's device: chosen in its own dialog, photographed, dropped, or pasted.

use super::{Part, Ui, icon, part, words};
use crate::device::{Dropped, files_of};
use crate::listener::Listener;
use crate::options::DisplayMode;
use crate::sources::Kind;
use crate::state::State;
use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{ClipboardEvent, DragEvent, Element, Event, HtmlInputElement, ShadowRoot};

const UPLOAD: &str =
    "M11 16V7.8L7.7 11.1 6.3 9.7 12 4l5.7 5.7-1.4 1.4L13 7.8V16zM5 18v2h14v-2h2v2a2 2 0 0 1-2 2H5a2 2 0 0 1-2-2v-2z";

impl Ui {
    fn add_files(self, dropped: Dropped) {
        // Cloned first: it may close the dialog, and with it this very store.
        if let Some(picker) = self.picker.try_get_value() {
            picker.add_files(dropped, false);
        }
    }
}

/// The ways to add files, above those that were added.
pub(super) fn device(ui: Ui) -> impl IntoView {
    let none = ui.memo(|state| state.folder().is_none_or(|folder| folder.items.is_empty()));
    let max = ui.state.with_untracked(|state| state.selection.max());
    let (several, accept, folders) = ui.options(|options| {
        let several = options.max_files > 1 && options.multiple_file_upload;
        (several, options.accept.rules().join(","), several && !options.disable_directory_upload)
    });
    let touched = media("(pointer: coarse)");
    // Where there is a camera at hand, and a photo will do.
    let camera = touched && ui.options(|options| options.accept.takes("image/jpeg", "photo.jpg"));
    let [files, folder, photo] = [(); 3].map(|()| NodeRef::<html::Input>::new());
    Effect::new(move |_| {
        if let Some(input) = folder.get() {
            let _ = input.set_attribute("webkitdirectory", "");
        }
    });
    let way = move |name: &'static str, key: &'static str, input: NodeRef<html::Input>| {
        // The first of the ways, as long as there is nothing yet.
        let leads = Memo::new(move |_| key == "device.choose" && none.get());
        let press = move |_| {
            if let Some(input) = input.get_untracked() {
                input.click();
            }
        };
        view! {
            <button type="button" class:primary=leads class:secondary=move || !leads.get() data-action=name on:click=press>
                {words(move || match (key, none.get()) {
                    ("device.choose", true) => ui.say_count("device.choose", max),
                    ("device.choose", false) => ui.say("device.more"),
                    _ => ui.say(key),
                })}
            </button>
        }
    };
    let take = move |event: Event| {
        let Some(input) = event.target().and_then(|it| it.dyn_into::<HtmlInputElement>().ok()) else { return };
        let files = input.files().map(|files| files_of(&files)).unwrap_or_default();
        // The same file may be chosen a second time.
        input.set_value("");
        ui.add_files(Dropped::Files(files));
    };
    view! {
        <div class="device" class:empty=none>
            {part(move || none.get().then(|| icon(UPLOAD)))}
            <div class="ways-in">
                {way("choose-files", "device.choose", files)}
                {folders.then(|| way("choose-folder", "device.folder", folder))}
                {camera.then(|| way("take-photo", "device.camera", photo))}
            </div>
            {(!touched).then(|| view! { <p class="hint">{ui.say("device.drop")}</p> })}
            <input type="file" hidden data-role="files" node_ref=files multiple=several accept=accept on:change=take />
            {folders.then(|| view! { <input type="file" hidden data-role="folder" node_ref=folder multiple on:change=take /> })}
            {camera.then(|| view! { <input type="file" hidden data-role="photo" node_ref=photo accept="image/*" capture="environment" on:change=take /> })}
        </div>
    }
}

fn media(query: &str) -> bool {
    web_sys::window().and_then(|window| window.match_media(query).ok().flatten()).is_some_and(|media| media.matches())
}

/// Whether files are taken on the screen that is seen.
fn takes(ui: Ui) -> bool {
    let everywhere = ui.options(|options| options.global_drop_zone);
    let on_device = |state: &State| state.shelf().is_some_and(|shelf| shelf.source.kind == Kind::Device);
    let takes = ui.picker.try_get_value().is_some_and(|picker| picker.takes_files());
    takes && (everywhere || ui.state.try_with_untracked(on_device).unwrap_or_default())
}

/// Takes what is dropped on the dialog around this element, or pasted, for as long as it is there; and shows where to let go.
pub(super) fn catch(ui: Ui, inside: NodeRef<html::Div>) -> Part {
    let offered = ui.state.with_untracked(|state| state.shelves.iter().any(|shelf| shelf.source.kind == Kind::Device));
    let over = RwSignal::new(false);
    let listeners = StoredValue::new_local(Vec::<Listener>::new());
    Effect::new(move |_| {
        let dialog = inside.get().filter(|_| offered).and_then(|element| element.closest(".dialog").ok().flatten());
        if let Some(dialog) = dialog {
            listeners.set_value(listen(ui, &dialog, over));
        }
    });
    on_cleanup(move || {
        listeners.try_update_value(Vec::clear);
    });
    part(move || {
        over.get().then(|| {
            view! { <div class="dropping" aria-hidden="true">{icon(UPLOAD)}<p>{ui.say("device.dropping")}</p></div> }
        })
    })
}

fn listen(ui: Ui, dialog: &Element, over: RwSignal<bool>) -> Vec<Listener> {
    let has_files = |event: &Event| {
        let transfer = event.dyn_ref::<DragEvent>().and_then(|event| event.data_transfer());
        transfer.is_some_and(|transfer| transfer.types().includes(&"Files".into(), 0))
    };
    let dragged = move |event: Event| {
        if has_files(&event) {
            // Elsewhere the browser would leave the page for the file.
            event.prevent_default();
            over.try_set(takes(ui));
        }
    };
    let whole = dialog.clone();
    let left = move |event: Event| {
        // To leave one element is to enter another, unless the dialog is left.
        let to = event.dyn_ref::<DragEvent>().and_then(|event| event.related_target());
        let to = to.and_then(|to| to.dyn_into::<web_sys::Node>().ok());
        if !whole.contains(to.as_ref()) {
            over.try_set(false);
        }
    };
    let dropped = move |event: Event| {
        over.try_set(false);
        if !has_files(&event) {
            return;
        }
        event.prevent_default();
        let transfer = event.dyn_ref::<DragEvent>().and_then(|event| event.data_transfer()).filter(|_| takes(ui));
        if let Some(transfer) = transfer {
            let folders = ui.options(|options| !options.disable_directory_upload);
            ui.add_files(Dropped::of(&transfer, folders));
        }
    };
    let mut listeners = vec![
        Listener::new(dialog, "dragenter", dragged),
        Listener::new(dialog, "dragover", dragged),
        Listener::new(dialog, "dragleave", left),
        Listener::new(dialog, "drop", dropped),
    ];
    if let Some(document) = dialog.owner_document() {
        let dialog = dialog.clone();
        listeners.push(Listener::new(&document, "paste", move |event| {
            let pasted = event.dyn_ref::<ClipboardEvent>().and_then(|event| event.clipboard_data()?.files());
            let files = pasted.map(|files| files_of(&files)).unwrap_or_default();
            if !files.is_empty() && !event.default_prevented() && is_meant(ui, &dialog) {
                event.prevent_default();
                ui.add_files(Dropped::Files(files));
            }
        }));
    }
    listeners
}

/// Whether what is pasted is meant for this picker: over the page always, as a part of it when the pointer or the focus is on it, or as the
/// page's `pasteMode` says while neither is on any.
fn is_meant(ui: Ui, dialog: &Element) -> bool {
    let (mode, display) = ui.options(|options| (options.paste_mode, options.display_mode));
    if ui.picker.try_get_value().is_none_or(|picker| !picker.takes_files()) {
        return false;
    }
    let has = |element: &Element, state: &str| element.matches(state).unwrap_or_default();
    if display == DisplayMode::Overlay || has(dialog, ":hover") || has(dialog, ":focus-within") {
        return true;
    }
    let host = dialog.get_root_node().dyn_into::<ShadowRoot>().ok().map(|root| root.host());
    let others =
        dialog.owner_document().and_then(|document| document.query_selector("[data-bowerbird]:hover").ok().flatten());
    if others.is_some_and(|other| Some(other) != host) {
        return false;
    }
    let page = dialog.owner_document().and_then(|document| document.document_element());
    let (width, height) = page.map(|page| (page.client_width(), page.client_height())).unwrap_or_default();
    let (width, height) = (f64::from(width), f64::from(height));
    let place = dialog.get_bounding_client_rect();
    let in_sight = place.top() >= 0.0 && place.left() >= 0.0 && place.bottom() <= height && place.right() <= width;
    // Those that were opened first hear of it first, and take it.
    mode.to_first_instance || (mode.to_first_in_view_port && in_sight)
}
