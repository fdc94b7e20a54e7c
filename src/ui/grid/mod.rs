//! The entries of a folder as a grid of which only the rows in sight exist.
//!
//! It is written by hand rather than as a view: a row more or less at every frame of a scroll is all that may happen, and a view
//! for each of 10,000 photos would be remembered by somebody.

mod deeds;
mod facts;
mod frame;
mod gestures;
mod keys;
mod pictures;
mod rows;
mod sweep;
mod tile;
mod window;

pub use tile::name_of;

use super::Ui;
use crate::listener::Listener;
use crate::picker::Action;
use crate::state::Shown;
use facts::{After, Facts, Key};
use frame::Frame;
use gestures::Press;
use leptos::prelude::{UpdateValue, WithUntracked, WithValue};
use pictures::Pictures;
use rows::Rows;
use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};
use sweep::Sweep;
use tile::{make, set};
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{Document, Element, Event, FocusOptions, HtmlElement, ResizeObserver, ShadowRoot};
use window::{Arrangement, Layout};

/// The grid in its scroller. It lives as long as the screen of folders, and draws one folder after the other.
pub struct Grid {
    ui: Ui,
    document: Document,
    /// What is scrolled.
    scroller: HtmlElement,
    /// What is as high as all rows; its role is `grid`.
    area: HtmlElement,
    /// Below it, as if there were rows already of what is still to come.
    coming: HtmlElement,
    inner: RefCell<Inner>,
    pictures: Pictures,
    press: RefCell<Option<Press>>,
    /// Whether the click that follows belongs to a press that has done its work.
    spent: Cell<bool>,
    frame: Frame,
    listeners: RefCell<Vec<Listener>>,
    watch: ResizeObserver,
    _resized: Closure<dyn FnMut()>,
}

struct Inner {
    key: Key,
    list: Vec<Shown>,
    layout: Layout,
    rows: Rows,
    /// The tile at which the Tab key stops.
    active: usize,
    /// Whether it takes the focus as soon as it is there.
    awaits_focus: bool,
    /// Where a range begins.
    anchor: usize,
    sweep: Option<Sweep>,
    /// What comes after the list.
    rest: After,
}

impl Grid {
    /// Draws into `host`, which is inside of `scroller`.
    pub fn new(ui: Ui, scroller: HtmlElement, host: &HtmlElement) -> Option<Rc<Self>> {
        let document = host.owner_document()?;
        let area: HtmlElement = make(&document, "div", "grid")?.unchecked_into();
        let coming: HtmlElement = make(&document, "div", "coming")?.unchecked_into();
        set(&area, "role", "grid");
        set(&area, "aria-labelledby", "title");
        set(&coming, "aria-hidden", "true");
        host.append_child(&area).ok()?;
        host.append_child(&coming).ok()?;
        let layout = Layout::of(Arrangement::Photos, scroller.client_width(), scroller.client_height());
        let inner = Inner {
            key: Key::default(),
            list: Vec::new(),
            layout,
            rows: Rows::default(),
            active: 0,
            awaits_focus: false,
            anchor: 0,
            sweep: None,
            rest: After::Nothing,
        };
        let grid = Rc::new_cyclic(|weak: &Weak<Self>| {
            let resized = Closure::<dyn FnMut()>::new(calling(weak, Self::resize));
            #[expect(clippy::expect_used, reason = "it fails only where a callback is no function")]
            let watch = ResizeObserver::new(resized.as_ref().unchecked_ref()).expect("an observer");
            Self {
                ui,
                document,
                scroller,
                area,
                coming,
                inner: RefCell::new(inner),
                pictures: Pictures::default(),
                press: RefCell::default(),
                spent: Cell::default(),
                frame: Frame::new(calling(weak, Self::tick)),
                listeners: RefCell::default(),
                watch,
                _resized: resized,
            }
        });
        grid.listen();
        grid.watch.observe(&grid.scroller);
        Some(grid)
    }

    fn listen(self: &Rc<Self>) {
        let weak = Rc::downgrade(self);
        let on = |target: &HtmlElement, name: &'static str, then: fn(&Rc<Self>, Event)| {
            let weak = weak.clone();
            Listener::new(target, name, move |event| {
                if let Some(grid) = weak.upgrade() {
                    then(&grid, event);
                }
            })
        };
        let of_pictures = |name: &'static str, then: fn(&Rc<Self>, Event)| {
            let weak = weak.clone();
            Listener::capturing(&self.area, name, move |event| {
                if let Some(grid) = weak.upgrade() {
                    then(&grid, event);
                }
            })
        };
        self.listeners.replace(vec![
            on(&self.scroller, "scroll", |grid, _| grid.scrolled()),
            on(&self.area, "click", |grid, event| grid.clicked(&event)),
            on(&self.area, "keydown", |grid, event| grid.key(event.unchecked_ref())),
            on(&self.area, "focusin", |grid, event| grid.focused(&event)),
            on(&self.scroller, "pointerdown", |grid, event| grid.pressed(event.unchecked_ref())),
            on(&self.scroller, "pointermove", |grid, event| grid.dragged(event.unchecked_ref())),
            on(&self.scroller, "pointerup", |grid, _| grid.released()),
            on(&self.scroller, "pointercancel", |grid, _| grid.released()),
            on(&self.scroller, "touchmove", |grid, event| grid.touched(&event)),
            on(&self.scroller, "contextmenu", |grid, event| grid.touched(&event)),
            of_pictures("load", |_, event| pictures::show(&event)),
            of_pictures("error", |grid, event| grid.lost(&event)),
        ]);
    }

    /// Takes in what has changed, and draws it before the next paint.
    pub fn sync(self: &Rc<Self>) {
        let facts = {
            let inner = self.inner.borrow();
            self.ui.state.try_with_untracked(|state| Facts::of(state, &inner.key)).flatten()
        };
        if let Some(facts) = facts {
            let gathering = facts.gathering;
            self.take(facts);
            if !gathering {
                self.fetch_ahead(self.scroller.scroll_top());
            }
        }
    }

    fn take(self: &Rc<Self>, facts: Facts) {
        let mut inner = self.inner.borrow_mut();
        let Facts { key, list, rest, .. } = facts;
        let come = inner.rest != rest;
        inner.rest = rest;
        let Some(list) = list else {
            if come {
                self.measure(&inner);
            }
            return self.draw(&mut inner);
        };
        let fresh = key.name != inner.key.name;
        let anew = fresh || key.find != inner.key.find;
        let rearranged = key.arrangement != inner.key.arrangement;
        let seen = if anew { None } else { inner.top_entry(self.scroller.scroll_top()) };
        let active = inner.list.get(inner.active).map(|shown| shown.item.path.clone());
        // The album that was left, when this is the way back from it.
        let left = std::mem::replace(&mut inner.key, key).path;
        inner.list = list;
        inner.sweep = None;
        if fresh {
            inner.awaits_focus = self.may_take_focus();
            self.pictures.begin();
        }
        if fresh || rearranged {
            inner.rows.clear();
            inner.layout = self.layout(inner.key.arrangement);
        }
        let wanted = if fresh { Some(left) } else { active.filter(|_| !anew) };
        inner.active = wanted.and_then(|path| inner.place_of(&path)).unwrap_or_default();
        inner.anchor = inner.active;
        self.measure(&inner);
        if fresh {
            let place =
                self.ui.places.with_value(|places| places.iter().find(|(of, _)| *of == inner.key.name).map(|it| it.1));
            self.scroller.set_scroll_top(place.unwrap_or_default());
        } else if anew {
            self.scroller.set_scroll_top(0);
        } else {
            self.hold(&inner, seen);
        }
        self.draw(&mut inner);
        if anew || rearranged {
            self.fill(&mut inner, self.scroller.scroll_top());
        } else {
            // A page that arrives in the middle of a fling is passed like those before it.
            self.fill_later();
        }
    }

    /// What the sheet has to know, and how high everything is.
    fn measure(&self, inner: &Inner) {
        let layout = &inner.layout;
        let rows = layout.rows(inner.list.len());
        let host = self.area.parent_element().and_then(|it| it.dyn_into::<HtmlElement>().ok());
        for (name, value) in [
            ("--columns", layout.columns as i32),
            ("--side", layout.side),
            ("--row", layout.row),
            ("--gap", layout.gap),
            ("--margin", layout.margin),
        ] {
            let unit = if name == "--columns" { "" } else { "px" };
            host.iter().for_each(|host| style(host, name, &format!("{value}{unit}")));
        }
        self.area.set_class_name(match layout.arrangement {
            Arrangement::Photos => "grid photos",
            Arrangement::Cards => "grid albums",
            Arrangement::List => "grid list",
        });
        style(&self.area, "height", &format!("{}px", layout.height_of(rows)));
        self.area.set_hidden(rows == 0);
        let comes = inner.rest != After::Nothing && rows > 0 && !inner.key.is_filtered();
        let below = (2 * layout.height / layout.row).max(2) * layout.row;
        style(&self.coming, "height", &format!("{}px", if comes { below } else { 0 }));
        let rows_in_all = if inner.rest == After::Nothing { rows as i32 } else { -1 };
        set(&self.area, "aria-rowcount", &rows_in_all.to_string());
        set(&self.area, "aria-colcount", &layout.columns.to_string());
        set(&self.area, "data-loaded", &inner.list.len().to_string());
        let (several, full) =
            self.ui.state.try_with_untracked(|it| (it.selection.max() > 1, it.selection.is_full())).unwrap_or_default();
        set(&self.area, "aria-multiselectable", if several { "true" } else { "false" });
        let _ = self.area.class_list().toggle_with_force("full", several && full);
    }

    /// Draws the rows that are in sight now, takes away those that are not, and puts on every tile what has changed.
    fn draw(&self, inner: &mut Inner) {
        self.draw_at(inner, self.scroller.scroll_top());
    }

    fn draw_at(&self, inner: &mut Inner, top: i32) {
        let focused = self.focus().is_some_and(|element| self.area.contains(Some(&element)));
        let Inner { list, layout, rows, active, .. } = inner;
        let window = layout.window(top, list.len());
        let kept = if list.is_empty() { 0 } else { layout.row_of(*active) };
        let drawn = self.ui.state.try_with_untracked(|state| {
            let full = state.selection.max() > 1 && state.selection.is_full();
            let _ = self.area.class_list().toggle_with_force("full", full);
            rows.draw(self.ui, &self.document, &self.area, state, layout, list, (window, kept), *active);
        });
        if drawn.is_none() || list.is_empty() {
            return;
        }
        let lost = focused && !self.focus().is_some_and(|element| self.area.contains(Some(&element)));
        if lost || std::mem::take(&mut inner.awaits_focus) && self.may_take_focus() {
            inner.focus_active();
        }
    }

    /// What has the focus in the dialog.
    fn focus(&self) -> Option<Element> {
        self.area.get_root_node().dyn_into::<ShadowRoot>().ok()?.active_element()
    }

    /// Whether the focus is nowhere in particular, or at what led here.
    fn may_take_focus(&self) -> bool {
        self.focus().is_none_or(|element| {
            self.scroller.contains(Some(&element)) || element.matches(".back, .dialog").unwrap_or_default()
        })
    }

    fn layout(&self, arrangement: Arrangement) -> Layout {
        Layout::of(arrangement, self.scroller.client_width(), self.scroller.client_height())
    }

    /// The window has another size.
    fn resize(self: &Rc<Self>) {
        let mut inner = self.inner.borrow_mut();
        let layout = self.layout(inner.key.arrangement);
        // A dialog that is hidden has no size, and comes back with the one it had.
        if layout == inner.layout || self.scroller.client_width() == 0 {
            return;
        }
        let seen = inner.top_entry(self.scroller.scroll_top());
        let same = layout == Layout { height: layout.height, ..inner.layout };
        if !same {
            inner.rows.clear();
        }
        inner.layout = layout;
        self.measure(&inner);
        self.hold(&inner, seen);
        self.draw(&mut inner);
        self.fill(&mut inner, self.scroller.scroll_top());
    }

    /// Keeps the entry that was at the top where it was.
    fn hold(&self, inner: &Inner, seen: Option<(String, i32)>) {
        if let Some((path, above)) = seen
            && let Some(place) = inner.place_of(&path)
        {
            let top = inner.layout.top_of(inner.layout.row_of(place)) - above;
            if top != self.scroller.scroll_top() {
                self.scroller.set_scroll_top(top);
            }
        }
    }

    fn scrolled(self: &Rc<Self>) {
        let place = self.scroller.scroll_top();
        let inner = self.inner.borrow();
        self.ui.places.try_update_value(|places| match places.iter_mut().find(|(of, _)| *of == inner.key.name) {
            Some((_, known)) => *known = place,
            None => places.push((inner.key.name.clone(), place)),
        });
        drop(inner);
        self.pictures.moved();
        self.frame.ask();
    }

    /// What is done at most once a frame.
    fn tick(self: &Rc<Self>) {
        self.drag_on();
        // Read once: after the rows have changed, reading it would have the browser lay everything out.
        let top = self.scroller.scroll_top();
        let mut inner = self.inner.borrow_mut();
        self.draw_at(&mut inner, top);
        if self.pictures.is_slow(top) {
            self.fill(&mut inner, top);
        } else {
            self.fill_later();
        }
        drop(inner);
        self.fetch_ahead(top);
    }

    /// Asks for the next page before the last of what is loaded is in sight.
    fn fetch_ahead(&self, top: i32) {
        let short = {
            let inner = self.inner.borrow();
            inner.rest == After::More && !inner.key.is_filtered() && inner.layout.is_short(top, inner.list.len())
        };
        let gathering = || self.ui.state.try_with_untracked(|state| state.gathering).unwrap_or(true);
        if short && !gathering() {
            self.ui.send(Action::LoadMore);
        }
    }
}

impl Drop for Grid {
    fn drop(&mut self) {
        self.watch.disconnect();
        self.area.remove();
        self.coming.remove();
    }
}

impl Inner {
    fn place_of(&self, path: &str) -> Option<usize> {
        self.list.iter().position(|shown| shown.item.path == path)
    }

    /// The first entry of the uppermost row in sight, and how far above the window it begins. `None` at the very top, where
    /// one stays.
    fn top_entry(&self, top: i32) -> Option<(String, i32)> {
        let row = self.layout.first_row(top);
        let first = self.list.get(self.layout.places(row, self.list.len()).start)?;
        (top > 0).then(|| (first.item.path.clone(), self.layout.top_of(row) - top))
    }

    fn focus_active(&self) {
        if let Some(tile) = self.rows.tile(self.active) {
            let options = FocusOptions::new();
            options.set_prevent_scroll(true);
            let _ = tile.element.focus_with_options(&options);
        }
    }
}

fn style(element: &HtmlElement, name: &str, value: &str) {
    let _ = element.style().set_property(name, value);
}

/// Calls this of the grid, if it is still there.
fn calling(weak: &Weak<Grid>, then: fn(&Rc<Grid>)) -> impl FnMut() + 'static {
    let weak = weak.clone();
    move || {
        if let Some(grid) = weak.upgrade() {
            then(&grid);
        }
    }
}
