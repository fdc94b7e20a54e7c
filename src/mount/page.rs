//! The page around the dialog: what the dialog borrows of it, and gives back.

use crate::listener::Listener;
use futures_channel::oneshot;
use futures_util::future::select;
use gloo_timers::future::TimeoutFuture;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{CssStyleDeclaration, HtmlElement, PageTransitionEvent, PopStateEvent, Window};

/// Marks our history entry, so that going back to one of the page's own is told from leaving one.
const HISTORY_MARK: &str = "bowerbird";

/// How long to wait for the browser to go back.
const HISTORY_PATIENCE_MS: u32 = 2_000;

/// The page behind a dialog.
pub struct Page {
    window: Window,
    held: RefCell<Option<Held>>,
    /// Whether our history entry still has to be taken away.
    in_history: Rc<Cell<bool>>,
}

/// How a page was before it was kept from scrolling.
struct Held {
    html: HtmlElement,
    scroll: (f64, f64),
    /// The properties that keep it, and what each was before.
    styles: Vec<Borrowed>,
}

impl Held {
    /// Keeps the page from scrolling, without moving anything on it.
    fn of(window: &Window) -> Option<Self> {
        let document = window.document()?;
        let body = document.body()?;
        let html: HtmlElement = document.document_element()?.dyn_into().ok()?;
        let scroll = scrolled(window);
        let mut styles = Vec::new();
        let mut set = |element: &HtmlElement, name, value: &str| styles.push(Borrowed::set(element, name, value));

        let width = window.inner_width().ok().and_then(|width| width.as_f64()).unwrap_or_default();
        let scroll_bar = width - f64::from(html.client_width());
        if knows(window, "scrollbar-gutter") {
            if scroll_bar > 0.0 {
                set(&html, "scrollbar-gutter", "stable");
            }
            // Where the body's overflow is the window's, the window has to keep it: otherwise the body would become a box
            // that scrolls by itself, from its top.
            let scroller = if overflows(window, &html) || !overflows(window, &body) { &html } else { &body };
            set(scroller, "overflow", "hidden");
        } else {
            // Older Safari goes on scrolling a page whose overflow is hidden, but not one whose body is fixed. The offset
            // keeps the page in its place, the padding as wide as it was beside its scroll bar.
            set(&html, "overflow", "hidden");
            set(&html, "scroll-behavior", "auto");
            set(&body, "position", "fixed");
            set(&body, "inset-inline", "0");
            set(&body, "top", &pixels(-scroll.1));
            if scroll_bar > 0.0 {
                set(&html, "padding-right", &pixels(scroll_bar));
            }
        }
        Some(Self { html, scroll, styles })
    }

    fn give_back(self, window: &Window) {
        let Self { html, scroll, mut styles } = self;
        // The window's own come last: as long as they hold, scrolling is no smooth journey.
        let of_window = styles.extract_if(.., |style| style.element == html).collect::<Vec<_>>();
        give_back(styles);
        if scrolled(window) != scroll {
            window.scroll_to_with_x_and_y(scroll.0, scroll.1);
        }
        give_back(of_window);
    }
}

impl Page {
    /// Keeps the page from scrolling. `None` without a document.
    pub fn hold() -> Option<Self> {
        let window = web_sys::window()?;
        let held = RefCell::new(Some(Held::of(&window)?));
        Some(Self { window, held, in_history: Rc::default() })
    }

    /// Gives the page back to the visitor while the dialog stays, out of sight; or takes it again.
    pub fn step_aside(&self, aside: bool) {
        if !aside {
            self.held.replace(Held::of(&self.window));
            self.stay();
            return;
        }
        self.give_back();
        if self.has_entry()
            && let Ok(history) = self.window.history()
        {
            let _ = history.back();
        }
    }

    /// Puts an entry into the history that the Back button takes away, and calls when it has.
    pub fn back_button(&self, then: impl Fn() + 'static) -> Listener {
        self.stay();
        let in_history = self.in_history.clone();
        Listener::new(&self.window, "popstate", move |event| {
            let state = event.dyn_ref::<PopStateEvent>().map(PopStateEvent::state).unwrap_or_default();
            if in_history.get() && !is_ours(&state) {
                in_history.set(false);
                then();
            }
        })
    }

    /// Whether it is kept from scrolling.
    pub fn is_held(&self) -> bool {
        self.held.borrow().is_some()
    }

    /// Has the next Back lead here, also after one that did not close the dialog.
    pub fn stay(&self) {
        let state = js_sys::Object::new();
        let _ = js_sys::Reflect::set(&state, &HISTORY_MARK.into(), &JsValue::TRUE);
        let history = self.window.history();
        self.in_history.set(history.is_ok_and(|history| history.push_state_with_url(&state, "", None).is_ok()));
    }

    /// Whether our history entry is on top; asking gives it up.
    fn has_entry(&self) -> bool {
        let history = self.window.history().and_then(|history| history.state());
        self.in_history.replace(false) && history.is_ok_and(|state| is_ours(&state))
    }

    fn give_back(&self) {
        if let Some(held) = self.held.take() {
            held.give_back(&self.window);
        }
    }

    /// Leaves the page as it was: scroll, styles, and history, which browsers change only a moment later; until then, a
    /// page that opens the next dialog would see it closed by the Back of the last one.
    pub fn let_go(&self) -> impl Future<Output = ()> + use<> {
        self.give_back();
        let go_back = self.has_entry();
        let window = self.window.clone();
        async move {
            let Ok(history) = window.history() else { return };
            if !go_back {
                return;
            }
            let (gone, went) = oneshot::channel::<()>();
            let mut gone = Some(gone);
            let _listener = Listener::new(&window, "popstate", move |_| drop(gone.take()));
            let _ = history.back();
            // A page that handles its history in ways of its own may never tell; nobody waits long for it.
            select(went, TimeoutFuture::new(HISTORY_PATIENCE_MS)).await;
        }
    }
}

/// Calls when the page goes away for good; one that the browser keeps for the Back button may come back as it was.
pub fn at_its_end(then: impl Fn() + 'static) -> Option<Listener> {
    let window = web_sys::window()?;
    Some(Listener::new(&window, "pagehide", move |event| {
        if !event.unchecked_into::<PageTransitionEvent>().persisted() {
            then();
        }
    }))
}

/// Has the browser ask before the page is left while `busy`.
pub fn warn_before_leaving(busy: impl Fn() -> bool + 'static) -> Option<Listener> {
    let window = web_sys::window()?;
    Some(Listener::new(&window, "beforeunload", move |event| {
        if busy() {
            event.prevent_default();
        }
    }))
}

/// How many pixels the window has across, with its scroll bar, as media queries count it, and without, as `100vw` does once
/// the page is held.
pub fn widths() -> Option<(f64, f64)> {
    let window = web_sys::window()?;
    let html = window.document()?.document_element()?;
    Some((window.inner_width().ok()?.as_f64()?, html.client_width().into()))
}

/// A property of an element's own style that is set for a while. Only by the CSSOM: a policy that forbids inline style forbids
/// writing the attribute.
struct Borrowed {
    element: HtmlElement,
    name: &'static str,
    before: (String, String),
    /// Whether the element had a `style` attribute.
    styled: bool,
}

impl Borrowed {
    fn set(element: &HtmlElement, name: &'static str, value: &str) -> Self {
        let styled = element.has_attribute("style");
        let style = element.style();
        let before = (style.get_property_value(name).unwrap_or_default(), style.get_property_priority(name));
        let _ = style.set_property_with_priority(name, value, "important");
        Self { element: element.clone(), name, before, styled }
    }

    fn give_back(self) {
        let Self { element, name, before: (value, priority), styled } = self;
        let style = element.style();
        let _ = match value.is_empty() {
            true => style.remove_property(name).map(drop),
            false => style.set_property_with_priority(name, &value, &priority),
        };
        if !styled && style.length() == 0 {
            let _ = element.remove_attribute("style");
        }
    }
}

/// The last one first, as with everything that lies in a pile: the first remembers whether there was any style at all.
fn give_back(styles: Vec<Borrowed>) {
    styles.into_iter().rev().for_each(Borrowed::give_back);
}

fn pixels(count: f64) -> String {
    decimal(count) + "px"
}

/// A number as the browser writes it: what writes them in Rust weighs thousands of bytes.
pub fn decimal(number: f64) -> String {
    js_sys::Number::from(number).to_string_with_radix(10).map_or_else(|_| "0".to_owned(), String::from)
}

fn scrolled(window: &Window) -> (f64, f64) {
    (window.scroll_x().unwrap_or_default(), window.scroll_y().unwrap_or_default())
}

fn overflows(window: &Window, element: &HtmlElement) -> bool {
    let style: Option<CssStyleDeclaration> = window.get_computed_style(element).ok().flatten();
    style.and_then(|style| style.get_property_value("overflow").ok()).is_some_and(|overflow| overflow != "visible")
}

/// Whether the browser knows a property.
fn knows(window: &Window, property: &str) -> bool {
    let style = window.document().and_then(|document| document.body()).map(|body| body.style());
    style.is_some_and(|style| js_sys::Reflect::has(&style, &property.into()).unwrap_or_default())
}

fn is_ours(state: &JsValue) -> bool {
    state.is_object() && js_sys::Reflect::has(state, &HISTORY_MARK.into()).unwrap_or_default()
}
