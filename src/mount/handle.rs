//! What a page holds of an open picker, to close it.

use crate::listener::Listener;
use js_sys::{Function, Object, Reflect};
use wasm_bindgen::JsCast;
use web_sys::{AbortController, AbortSignal};

/// A page's hold on an open picker, and the signal that it passed itself. It is an `AbortController` to which the page gets
/// functions that are bound, not made here: they may be called, or forgotten, long after the picker is gone.
#[derive(Clone)]
pub struct Handle {
    controller: Option<AbortController>,
    signal: Option<AbortSignal>,
    object: Object,
}

impl Handle {
    /// A hold on a picker that is about to open.
    pub fn new(signal: Option<&AbortSignal>) -> Self {
        let controller = AbortController::new().ok();
        let object = Object::new();
        if let Some(controller) = &controller {
            let abort = Reflect::get(controller, &"abort".into()).unwrap_or_default();
            for name in ["close", "cancel"] {
                let bound = abort.unchecked_ref::<Function>().bind0(controller);
                let _ = Reflect::set(&object, &name.into(), &bound);
            }
        }
        Self { controller, signal: signal.cloned(), object }
    }

    /// What `onOpen` receives.
    pub fn object(&self) -> &Object {
        &self.object
    }

    /// Closes the picker, if it is still open.
    pub fn close(&self) {
        if let Some(controller) = &self.controller {
            controller.abort();
        }
    }

    /// Whether it has been closed, or its signal aborted.
    pub fn is_closed(&self) -> bool {
        self.signals().iter().any(AbortSignal::aborted)
    }

    /// Calls when it is closed, or its signal aborted.
    pub fn listen(&self, then: impl Fn() + Clone + 'static) -> Vec<Listener> {
        let listen = |signal: &AbortSignal| {
            let then = then.clone();
            Listener::new(signal, "abort", move |_| then())
        };
        self.signals().iter().map(listen).collect()
    }

    fn signals(&self) -> Vec<AbortSignal> {
        self.controller.iter().map(AbortController::signal).chain(self.signal.clone()).collect()
    }
}
