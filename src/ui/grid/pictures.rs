//! Which thumbnails are asked for, how large, and when: those at which somebody looks, and none that a fling passes.

use super::{Grid, Inner};
use gloo_timers::callback::Timeout;
use leptos::prelude::SetValue;
use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::rc::Rc;
use wasm_bindgen::JsCast;
use web_sys::{Element, Event};

/// The widths that there are.
const WIDTHS: [u32; 4] = [160, 320, 640, 1280];
/// How long the window stands still before what is in it is asked for.
const SETTLED_MS: u32 = 120;
/// Pixels in a frame that are slow enough to look at what passes.
const SLOW: i32 = 20;

/// What is remembered of the pictures of a folder.
#[derive(Default)]
pub struct Pictures {
    /// The width that is asked for. It only grows, since a picture that is there is not asked for in a smaller one.
    width: Cell<u32>,
    /// Addresses that gave nothing.
    broken: RefCell<BTreeSet<String>>,
    /// Where the window was at the last frame.
    top: Cell<i32>,
    /// When it moved last, in milliseconds.
    moved: Cell<f64>,
    settling: RefCell<Option<Timeout>>,
}

impl Pictures {
    /// Another folder is seen.
    pub fn begin(&self) {
        self.width.set(0);
        self.settling.take();
    }

    /// The window has moved just now.
    pub fn moved(&self) {
        self.moved.set(js_sys::Date::now());
    }

    /// Whether the window has moved little since the last frame.
    pub fn is_slow(&self, top: i32) -> bool {
        (top - self.top.replace(top)).abs() <= SLOW
    }
}

impl Grid {
    /// Asks for the pictures of the drawn rows, those in sight first.
    pub(super) fn fill(&self, inner: &mut Inner, top: i32) {
        let Inner { list, layout, rows, .. } = inner;
        let density = web_sys::window().map_or(1.0, |window| window.device_pixel_ratio());
        let sharp = (f64::from(layout.side) * density) as u32;
        let width = WIDTHS.into_iter().find(|width| *width >= sharp).unwrap_or(1280).max(self.pictures.width.get());
        self.pictures.width.set(width);
        self.ui.thumbnails.try_set_value(width);
        let first = layout.first_row(top);
        let seen = first..first + layout.page() + 2;
        let broken = self.pictures.broken.borrow();
        for rows_of in [seen, layout.window(top, list.len())] {
            for tile in rows.tiles(rows_of) {
                tile.ask(width, &broken);
            }
        }
    }

    /// Asks for them when the window stands still: one timer, which waits on when it finds that it does not.
    pub(super) fn fill_later(self: &Rc<Self>) {
        let mut settling = self.pictures.settling.borrow_mut();
        if settling.is_none() {
            let weak = Rc::downgrade(self);
            *settling = Some(Timeout::new(SETTLED_MS, move || {
                let Some(grid) = weak.upgrade() else { return };
                grid.pictures.settling.take();
                if js_sys::Date::now() - grid.pictures.moved.get() < f64::from(SETTLED_MS) {
                    grid.fill_later();
                } else {
                    grid.fill(&mut grid.inner.borrow_mut(), grid.scroller.scroll_top());
                }
            }));
        }
    }

    /// A picture could not be had: a placeholder takes its place, for as long as this folder is seen.
    pub(super) fn lost(&self, event: &Event) {
        let Some(image) = event.target().and_then(|it| it.dyn_into::<Element>().ok()) else { return };
        let mut inner = self.inner.borrow_mut();
        let source = inner.rows.tiles(0..usize::MAX).find(|tile| tile.has(&image)).and_then(|tile| tile.give_up());
        self.pictures.broken.borrow_mut().extend(source);
    }
}

/// A picture is there.
pub fn show(event: &Event) {
    if let Some(image) = event.target().and_then(|it| it.dyn_into::<Element>().ok()) {
        let _ = image.class_list().add_1("here");
    }
}
