//! Frames of the screen.

use std::cell::Cell;
use std::rc::Rc;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;

/// Something that is done at the next frame, once, however often it is asked for.
pub struct Frame {
    closure: Closure<dyn FnMut()>,
    asked: Rc<Cell<Option<i32>>>,
}

impl Frame {
    /// What is to be done.
    pub fn new(mut then: impl FnMut() + 'static) -> Self {
        let asked = Rc::new(Cell::new(None));
        let closure = Closure::new({
            let asked = asked.clone();
            move || {
                asked.set(None);
                then();
            }
        });
        Self { closure, asked }
    }

    /// Has it done at the next frame.
    pub fn ask(&self) {
        if self.asked.get().is_none() {
            let window = web_sys::window();
            let asked = window.and_then(|it| it.request_animation_frame(self.closure.as_ref().unchecked_ref()).ok());
            self.asked.set(asked);
        }
    }
}

impl Drop for Frame {
    fn drop(&mut self) {
        if let Some((window, asked)) = web_sys::window().zip(self.asked.take()) {
            let _ = window.cancel_animation_frame(asked);
        }
    }
}
