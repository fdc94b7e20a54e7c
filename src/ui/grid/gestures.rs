//! Choosing by dragging: with the mouse held down, or with a finger that has stayed on a photo.

use super::sweep::Sweep;
use super::{Grid, Inner};
use crate::listener::Listener;
use crate::picker::Action;
use gloo_timers::callback::Timeout;
use std::rc::Rc;
use wasm_bindgen::JsCast;
use web_sys::{Element, Event, KeyboardEvent, PointerEvent};

/// How long a finger stays before it chooses.
const LONG_MS: u32 = 400;
/// How far a mouse goes before it drags, and a finger before it scrolls.
const STEADY: i32 = 8;
/// How near to the edge of the window a drag scrolls it, and by how much in a frame at most.
const EDGE: i32 = 56;
const FASTEST: i32 = 22;

/// A pointer that is down.
pub struct Press {
    id: i32,
    touch: bool,
    /// Where it went down, and where it is.
    from: (i32, i32),
    at: (i32, i32),
    /// The place that it went down on, or nearest to it.
    place: usize,
    /// Whether it is choosing.
    sweeping: bool,
    /// Runs out when a finger has stayed.
    _long: Option<Timeout>,
    /// Escape gives it all back.
    _escape: Option<Listener>,
}

impl Grid {
    pub(super) fn pressed(self: &Rc<Self>, event: &PointerEvent) {
        self.spent.set(false);
        let touch = event.pointer_type() == "touch";
        let Some(target) = event.target().and_then(|it| it.dyn_into::<Element>().ok()) else { return };
        let at = (event.client_x(), event.client_y());
        let several = self.inner.borrow().list.len() > 1 && self.is_choosing_several();
        let on_photo = target.closest(".tile.photo").ok().flatten().is_some();
        let on_grid = self.area.contains(Some(&target)) && !target.matches(".look").unwrap_or_default();
        // A second finger, another button, a scroll bar, a photo of a pick of one: none of them drags.
        if self.press.borrow().is_some() || event.button() != 0 || !on_grid || !several || (touch && !on_photo) {
            self.press.replace(None);
            return;
        }
        let Some(place) = self.place_at(at) else { return };
        let weak = Rc::downgrade(self);
        let long = touch.then(|| {
            Timeout::new(LONG_MS, move || {
                if let Some(grid) = weak.upgrade() {
                    grid.begin_sweep();
                }
            })
        });
        let id = event.pointer_id();
        let press = Press { id, touch, from: at, at, place, sweeping: false, _long: long, _escape: None };
        self.press.replace(Some(press));
    }

    pub(super) fn dragged(self: &Rc<Self>, event: &PointerEvent) {
        let mut press = self.press.borrow_mut();
        let Some(it) = press.as_mut().filter(|it| it.id == event.pointer_id()) else { return };
        it.at = (event.client_x(), event.client_y());
        if it.sweeping {
            return self.frame.ask();
        }
        let moved = (it.at.0 - it.from.0).abs().max((it.at.1 - it.from.1).abs()) > STEADY;
        if moved && it.touch {
            // It scrolls.
            *press = None;
        } else if moved && event.buttons() & 1 == 0 {
            // The button was let go of outside.
            *press = None;
        } else if moved {
            let id = it.id;
            drop(press);
            let _ = self.scroller.set_pointer_capture(id);
            self.begin_sweep();
        }
    }

    /// From now on the pointer chooses.
    fn begin_sweep(self: &Rc<Self>) {
        let (place, touch) = {
            let mut press = self.press.borrow_mut();
            let Some(press) = press.as_mut().filter(|press| !press.sweeping) else { return };
            press.sweeping = true;
            let weak = Rc::downgrade(self);
            press._escape = web_sys::window().map(|window| {
                Listener::capturing(&window, "keydown", move |event| {
                    if let Some(grid) = weak.upgrade()
                        && event.unchecked_ref::<KeyboardEvent>().key() == "Escape"
                    {
                        event.prevent_default();
                        event.stop_propagation();
                        grid.give_back();
                    }
                })
            });
            (press.place, press.touch)
        };
        self.spent.set(true);
        {
            let mut inner = self.inner.borrow_mut();
            inner.anchor = place;
            inner.sweep = Some(Sweep::from(place));
        }
        let _ = self.area.class_list().add_1("sweeping");
        if touch && let Some(window) = web_sys::window() {
            // Not every phone has it, and Safari has no such function.
            if js_sys::Reflect::has(&window.navigator(), &"vibrate".into()).unwrap_or_default() {
                let _ = window.navigator().vibrate_with_duration(12);
            }
        }
        self.extend(place);
        self.frame.ask();
    }

    /// At each frame of a drag: scrolls at the edges, and chooses as far as the pointer is.
    pub(super) fn drag_on(self: &Rc<Self>) {
        let Some(at) = self.press.borrow().as_ref().filter(|press| press.sweeping).map(|press| press.at) else {
            return;
        };
        let window = self.scroller.get_bounding_client_rect();
        let (above, below) = (at.1 - window.top() as i32, window.bottom() as i32 - at.1);
        let step = |near: i32| (EDGE - near).clamp(0, EDGE) * FASTEST / EDGE;
        let by = step(below) - step(above);
        if by != 0 {
            let before = self.scroller.scroll_top();
            self.scroller.set_scroll_top(before + by);
            if self.scroller.scroll_top() != before {
                self.frame.ask();
            }
        }
        let Some(place) = self.place_at(at) else { return };
        let is_new = self.inner.borrow().sweep.as_ref().is_some_and(|sweep| sweep.end() != place);
        if is_new {
            self.extend(place);
        }
    }

    pub(super) fn released(&self) {
        if let Some(press) = self.press.take()
            && press.sweeping
        {
            let _ = self.area.class_list().remove_1("sweeping");
        }
    }

    /// Lets go of what the drag has chosen, and ends it.
    fn give_back(&self) {
        self.released();
        let items = {
            let mut inner = self.inner.borrow_mut();
            let Inner { sweep, list, .. } = &mut *inner;
            let taken = sweep.take().map(Sweep::taken).unwrap_or_default();
            taken.into_iter().filter_map(|place| list.get(place)).map(|shown| shown.item.clone()).collect()
        };
        self.ui.send(Action::LetGo(items));
    }

    /// While a finger chooses, it neither scrolls nor asks for a menu. A menu that a mouse asks for comes.
    pub(super) fn touched(&self, event: &Event) {
        if self
            .press
            .borrow()
            .as_ref()
            .is_some_and(|press| press.sweeping || event.type_() == "contextmenu" && press.touch)
        {
            event.prevent_default();
        }
    }

    fn place_at(&self, (x, y): (i32, i32)) -> Option<usize> {
        let area = self.area.get_bounding_client_rect();
        let inner = self.inner.borrow();
        let along = if self.is_mirrored() { area.right() as i32 - x } else { x - area.left() as i32 };
        inner.layout.place_at(along, y - area.top() as i32, inner.list.len())
    }
}
