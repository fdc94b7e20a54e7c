//! Event listeners that end when they are dropped.

use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{Event, EventTarget};

/// An event listener that ends when it is dropped.
pub struct Listener {
    target: EventTarget,
    name: &'static str,
    closure: Closure<dyn FnMut(Event)>,
    capture: bool,
}

impl Listener {
    /// Listens from now on.
    pub fn new(target: &EventTarget, name: &'static str, then: impl FnMut(Event) + 'static) -> Self {
        Self::with(target, name, false, Closure::new(then))
    }

    /// The same on the event's way down, which also those take that do not come up again, such as a picture's `load`.
    pub fn capturing(target: &EventTarget, name: &'static str, then: impl FnMut(Event) + 'static) -> Self {
        Self::with(target, name, true, Closure::new(then))
    }

    fn with(target: &EventTarget, name: &'static str, capture: bool, closure: Closure<dyn FnMut(Event)>) -> Self {
        let then = closure.as_ref().unchecked_ref();
        let _ = target.add_event_listener_with_callback_and_bool(name, then, capture);
        Self { target: target.clone(), name, closure, capture }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let then = self.closure.as_ref().unchecked_ref();
        let _ = self.target.remove_event_listener_with_callback_and_bool(self.name, then, self.capture);
    }
}
