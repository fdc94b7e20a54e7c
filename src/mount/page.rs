//! The page around the dialog: what the dialog borrows of it, and gives back.

use crate::listener::Listener;
use futures_channel::oneshot;
use futures_util::future::select;
use gloo_timers::future::TimeoutFuture;
use std::cell::Cell;
use std::rc::Rc;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{
    CssStyleSheet, HtmlDialogElement, HtmlElement, PageTransitionEvent, PopStateEvent, ShadowRoot, ShadowRootInit,
    ShadowRootMode, Window,
};

/// Marks our history entry, so that going back to one of the page's own is told from leaving one.
const HISTORY_MARK: &str = "bowerbird";

/// How long to wait for the browser to go back.
const HISTORY_PATIENCE_MS: u32 = 500;

/// The page around the dialog, and how it was before.
pub struct Page {
    window: Window,
    host: HtmlElement,
    root: HtmlElement,
    scroll: (f64, f64),
    /// The `style` attributes of `<html>` and `<body>` before the page was kept from scrolling.
    styles: Vec<(HtmlElement, Option<String>)>,
    /// Whether our history entry still has to be taken away.
    in_history: Rc<Cell<bool>>,
}

impl Page {
    /// Adds the dialog's shadow root to the page and keeps the page behind it from scrolling. `None` without a document.
    pub fn enter(style: &str) -> Option<Self> {
        let window = web_sys::window()?;
        let document = window.document()?;
        let body = document.body()?;
        let html: HtmlElement = document.document_element()?.dyn_into().ok()?;
        let create = || document.create_element("div").ok()?.dyn_into::<HtmlElement>().ok();

        let (host, root) = (create()?, create()?);
        host.set_attribute("data-bowerbird", "").ok()?;
        let shadow = host.attach_shadow(&ShadowRootInit::new(ShadowRootMode::Open)).ok()?;
        adopt(&shadow, style);
        root.set_class_name("bowerbird");
        shadow.append_child(&root).ok()?;
        body.append_child(&host).ok()?;

        let scroll = (window.scroll_x().unwrap_or_default(), window.scroll_y().unwrap_or_default());
        let styles = [&html, &body].map(|element| (element.clone(), element.get_attribute("style"))).to_vec();
        let width = window.inner_width().ok().and_then(|width| width.as_f64()).unwrap_or_default();
        let scroll_bar = width - f64::from(html.client_width());
        // Safari on iOS goes on scrolling a page whose overflow is hidden, but not one whose body is fixed. The offset
        // keeps the page in its place, the padding as wide as it was beside its scroll bar.
        let set = |element: &HtmlElement, name: &str, value: &str| drop(element.style().set_property(name, value));
        set(&html, "overflow", "hidden");
        set(&body, "position", "fixed");
        set(&body, "inset-inline", "0");
        set(&body, "top", &format!("{}px", -scroll.1));
        if scroll_bar > 0.0 {
            set(&html, "padding-right", &format!("{scroll_bar}px"));
        }
        Some(Self { window, host, root, scroll, styles, in_history: Rc::default() })
    }

    /// Whether services and photos stand side by side; the style sheets say the same of this width.
    pub fn is_wide(&self) -> bool {
        let query = self.window.match_media("(min-width: 720px)").ok().flatten();
        query.is_some_and(|query| query.matches())
    }

    /// Where the dialog is mounted.
    pub fn root(&self) -> &HtmlElement {
        &self.root
    }

    /// Puts an entry into the history that the Back button takes away, and calls when it has.
    pub fn back_button(&self, then: impl Fn() + 'static) -> Option<Listener> {
        let state = js_sys::Object::new();
        js_sys::Reflect::set(&state, &HISTORY_MARK.into(), &JsValue::TRUE).ok()?;
        self.window.history().ok()?.push_state_with_url(&state, "", None).ok()?;
        self.in_history.set(true);
        let in_history = self.in_history.clone();
        Some(Listener::new(&self.window, "popstate", move |event| {
            let state = event.dyn_ref::<PopStateEvent>().map(PopStateEvent::state).unwrap_or_default();
            if in_history.get() && !is_ours(&state) {
                in_history.set(false);
                then();
            }
        }))
    }

    /// Calls when the page goes away for good; one that the browser keeps for the Back button may come back as it was.
    pub fn at_its_end(&self, then: impl Fn() + 'static) -> Listener {
        Listener::new(&self.window, "pagehide", move |event| {
            if !event.unchecked_into::<PageTransitionEvent>().persisted() {
                then();
            }
        })
    }

    /// Has the browser ask before the page is left while `busy`.
    pub fn warn_before_leaving(&self, busy: impl Fn() -> bool + 'static) -> Listener {
        Listener::new(&self.window, "beforeunload", move |event| {
            if busy() {
                event.prevent_default();
            }
        })
    }

    /// Takes the dialog away and leaves the page as it was: scroll, styles, focus, and history, which browsers change only
    /// a moment later; until then, a page that opens the next dialog would see it closed by the Back of the last one.
    pub fn leave(self) -> impl Future<Output = ()> {
        if let Ok(Some(dialog)) = self.root.query_selector("dialog") {
            // Closing it, rather than only removing it, is what gives the focus back.
            dialog.unchecked_into::<HtmlDialogElement>().close();
        }
        self.host.remove();
        for (element, style) in &self.styles {
            let _ = match style {
                Some(style) => element.set_attribute("style", style),
                None => element.remove_attribute("style"),
            };
        }
        self.window.scroll_to_with_x_and_y(self.scroll.0, self.scroll.1);
        let window = self.window;
        let go_back = self.in_history.replace(false);
        async move {
            let Ok(history) = window.history() else { return };
            if !go_back || !history.state().is_ok_and(|state| is_ours(&state)) {
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

fn is_ours(state: &JsValue) -> bool {
    state.is_object() && js_sys::Reflect::has(state, &HISTORY_MARK.into()).unwrap_or_default()
}

/// Adopts a sheet rather than writing a `<style>`: pages whose policy forbids inline style allow that.
fn adopt(shadow: &ShadowRoot, style: &str) {
    if let Ok(sheet) = CssStyleSheet::new()
        && sheet.replace_sync(style).is_ok()
    {
        shadow.set_adopted_style_sheets(&js_sys::Array::of1(&sheet));
    }
}
