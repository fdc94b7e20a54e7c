//! The pane of `displayMode: 'dropPane'`: it stays in the page's container, opens the dialog over the page, and goes when photos
//! were picked.

use super::host::Host;
use super::{Entry, Handle, OnDone, Place, dialog};
use crate::companion::{Companion, Site};
use crate::device::Dropped;
use crate::listener::Listener;
use crate::options::{DisplayMode, PickOptions, Transformations};
use crate::picker::{Picker as Pick, callbacks::call};
use crate::result::{PickResponse, files_to_js};
use crate::sources::Kind;
use crate::state::State;
use crate::ui;
use leptos::mount::mount_to;
use leptos::prelude::*;
use std::any::Any;
use std::cell::RefCell;
use std::rc::Rc;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::spawn_local;
use web_sys::{DragEvent, Event};

/// The pane of one pick.
#[derive(Clone)]
struct Pane(Rc<Inner>);

struct Inner {
    site: Site,
    options: PickOptions,
    handle: Handle,
    /// The dialog that is open, and what it knows.
    dialog: RefCell<Option<Handle>>,
    state: ArcRwSignal<Option<ArcRwSignal<State>>>,
    dragging: ArcRwSignal<bool>,
    dropped: ArcRwSignal<bool>,
    mounted: RefCell<Option<Mounted>>,
    on_done: RefCell<Option<OnDone>>,
}

/// What has to be undone when the pane goes.
struct Mounted {
    host: Host,
    rest: (Box<dyn Any>, Vec<Listener>, Place),
}

/// Puts the pane into the page. `on_done` is called once, when photos were picked or the pane was closed.
pub fn open(companion: Companion, options: PickOptions, handle: Handle, on_done: OnDone) -> Result<(), String> {
    let place = Place::take(&options.root_id, false)?;
    let host = Host::enter(&options, &options.root_id, "pane").ok_or("this page has no document to put a pane in")?;
    ui::wear(host.root(), ui::PANE_STYLE);
    let pane = Pane(Rc::new(Inner {
        site: companion.site().clone(),
        options,
        handle: handle.clone(),
        dialog: RefCell::default(),
        state: ArcRwSignal::new(None),
        dragging: ArcRwSignal::new(false),
        dropped: ArcRwSignal::new(false),
        mounted: RefCell::default(),
        on_done: RefCell::new(Some(on_done)),
    }));
    let view = mount_to(host.root().clone(), {
        let pane = pane.clone();
        move || pane.draw()
    });
    let mut listeners = pane.listeners(&host);
    let close = pane.clone();
    listeners.extend(handle.listen(move || close.close()));
    pane.0.mounted.replace(Some(Mounted { host, rest: (Box::new(view), listeners, place) }));
    call(pane.0.options.on_open.as_ref(), &[handle.object().into()]);
    if handle.is_closed() {
        pane.close();
    }
    Ok(())
}

impl Pane {
    fn draw(&self) -> impl IntoView + use<> {
        let state = self.0.state.clone();
        let percent = Memo::new(move |_| {
            let share =
                |state: &State| state.storing.as_ref().map(|storing| (storing.tally().thousandths() / 10) as u32);
            state.get().and_then(|state| state.with(share))
        });
        let options = self.0.options.clone();
        let on_progress = options.drop_pane.on_progress.clone();
        Effect::new(move |_| {
            if let Some(percent) = percent.get() {
                call(on_progress.as_ref(), &[percent.into()]);
            }
        });
        let (dragging, dropped) = (self.0.dragging.clone(), self.0.dropped.clone());
        ui::pane(ui::Pane { percent, dragging, dropped }, &options, self.0.site.url.clone())
    }

    fn listeners(&self, host: &Host) -> Vec<Listener> {
        let told = self.0.options.drop_pane.clone();
        let mut listeners = Vec::new();
        let mut on = |name, callback: Option<js_sys::Function>, then: fn(&Self, &Event)| {
            let pane = self.clone();
            listeners.push(Listener::new(host.root(), name, move |event| {
                then(&pane, &event);
                call(callback.as_ref(), &[event.into()]);
            }));
        };
        on("click", told.on_click, |pane, event| {
            let on_button = event.target().and_then(|target| target.dyn_into::<web_sys::Element>().ok());
            let on_button = on_button.is_some_and(|element| element.closest("button").is_ok_and(|it| it.is_some()));
            if on_button && !pane.0.options.drop_pane.disable_click {
                pane.open(false);
            }
        });
        on("dragenter", told.on_drag_enter, |_, event| event.prevent_default());
        // Only where this says so may something be dropped; elsewhere the browser would leave the page for the file.
        on("dragover", told.on_drag_over, |_, event| event.prevent_default());
        on("dragleave", told.on_drag_leave, |_, _| ());
        on("drop", told.on_drop, |pane, event| {
            event.prevent_default();
            pane.0.dragging.set(false);
            let offered = pane.0.options.from_sources.iter().any(|source| source.kind == Kind::Device);
            pane.0.dropped.set(has_files(event) && !offered);
            let transfer = event.dyn_ref::<DragEvent>().and_then(|event| event.data_transfer());
            match transfer.filter(|_| offered && has_files(event)) {
                Some(transfer) => {
                    let files = Dropped::of(&transfer, !pane.0.options.disable_directory_upload);
                    // What fits is sent with that, as in Filestack's pane; for the rest the dialog says why not.
                    if let Some(pick) = pane.open(true) {
                        spawn_local(async move {
                            ui::fetch_own().await;
                            pick.add_files(files, true);
                        });
                    }
                }
                None => drop(pane.open(false)),
            }
        });
        if let Some(window) = web_sys::window() {
            let pane = self.clone();
            listeners.push(Listener::new(&window, "dragenter", move |event| {
                if has_files(&event) && !pane.0.dragging.get_untracked() {
                    pane.0.dragging.set(true);
                }
            }));
            for name in ["dragleave", "drop", "dragend"] {
                let pane = self.clone();
                listeners.push(Listener::new(&window, name, move |event| {
                    // To leave one element is to enter another, unless the window is left.
                    let related = event.dyn_ref::<DragEvent>().and_then(|event| event.related_target());
                    if name != "dragleave" || related.is_none() {
                        pane.0.dragging.set(false);
                    }
                }));
            }
        }
        listeners
    }

    /// Opens the dialog, unless it is. Where files were dropped it makes way for the pane as soon as they are sent.
    fn open(&self, with_files: bool) -> Option<Pick> {
        if self.0.dialog.borrow().is_some() {
            return None;
        }
        let options = PickOptions {
            display_mode: DisplayMode::Overlay,
            container: None,
            root_id: format!("{}-dialog", self.0.options.root_id),
            signal: None,
            transformations: Transformations {
                force: self.0.options.transformations.force || with_files && self.0.options.drop_pane.crop_files,
                ..self.0.options.transformations
            },
            hide_modal_when_uploading: self.0.options.hide_modal_when_uploading || with_files,
            // Those are the pane's.
            on_open: None,
            on_close: None,
            on_upload_done: None,
            ..self.0.options.clone()
        };
        let handle = Handle::new(None);
        let pane = self.clone();
        let on_done = Box::new(move |response| pane.picked(response));
        match dialog(Companion::new(self.0.site.clone()), options, handle.clone(), Entry::default(), on_done) {
            Ok(pick) => {
                self.0.dialog.replace(Some(handle));
                self.0.state.set(Some(pick.state()));
                Some(pick)
            }
            Err(reason) => {
                web_sys::console::error_1(&format!("bowerbird: {reason}").into());
                None
            }
        }
    }

    /// Takes in what came of the dialog. Who left it without photos may open it again.
    fn picked(&self, response: PickResponse) {
        self.0.dialog.take();
        self.0.state.set(None);
        self.0.dropped.set(false);
        if response == PickResponse::default() && !self.0.handle.is_closed() {
            return;
        }
        let told = &self.0.options.drop_pane;
        for (files, callback) in
            [(&response.files_uploaded, &told.on_success), (&response.files_failed, &told.on_error)]
        {
            if !files.is_empty() {
                call(callback.as_ref(), &[files_to_js(files)]);
            }
        }
        self.leave(response, !self.0.handle.is_closed());
    }

    fn close(&self) {
        let open = self.0.dialog.borrow().clone();
        match open {
            Some(dialog) => dialog.close(),
            None => {
                if self.0.mounted.borrow().is_some() {
                    call(self.0.options.on_cancel.as_ref(), &[js_sys::Array::new().into()]);
                }
                self.leave(PickResponse::default(), false);
            }
        }
    }

    /// Takes the pane away and gives the page its result.
    fn leave(&self, response: PickResponse, done: bool) {
        let Some(Mounted { host, rest }) = self.0.mounted.take() else { return };
        host.leave();
        let pane = self.clone();
        spawn_local(async move {
            // It owns the event handler that may be closing the pane just now, and it has returned by now.
            drop(rest);
            call(pane.0.options.on_close.as_ref(), &[]);
            if done {
                call(pane.0.options.on_upload_done.as_ref(), &[response.to_js()]);
            }
            if let Some(on_done) = pane.0.on_done.take() {
                on_done(response);
            }
        });
    }
}

/// Whether what is dragged are files of the device.
fn has_files(event: &Event) -> bool {
    let carried = event.dyn_ref::<DragEvent>().and_then(DragEvent::data_transfer);
    carried.is_some_and(|carried| carried.types().includes(&"Files".into(), 0))
}
