//! The element that holds the picker, in a shadow root that the page's styles do not reach.

use super::look;
use super::page::decimal;
use crate::options::{PickOptions, Theme};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{
    CssStyleSheet, Document, HtmlDialogElement, HtmlElement, Node, ShadowRoot, ShadowRootInit, ShadowRootMode,
};

/// The element that holds the picker.
pub struct Host {
    element: HtmlElement,
    shadow: ShadowRoot,
    root: HtmlElement,
    /// What had the focus before.
    opener: Option<HtmlElement>,
}

impl Host {
    /// Adds the element to the page: to `container`, or else behind the body, where it is no child that the page's styles
    /// count. `kind` is `overlay`, `inline` or `pane`, which the style sheet asks for. `None` without a document.
    pub fn enter(options: &PickOptions, id: &str, kind: &str) -> Option<Self> {
        let document = web_sys::window()?.document()?;
        let create = || document.create_element("div").ok()?.dyn_into::<HtmlElement>().ok();
        let (element, root) = (create()?, create()?);
        element.set_id(id);
        element.set_attribute("data-bowerbird", kind).ok()?;
        let shadow = element.attach_shadow(&ShadowRootInit::new(ShadowRootMode::Open)).ok()?;
        adopt(&shadow, options.theme);
        root.set_class_name("bowerbird");
        shadow.append_child(&root).ok()?;
        let opener = document.active_element().and_then(|element| element.dyn_into().ok());
        let host = Self { element, shadow, root, opener };
        if let Some([width, height]) = options.modal_size {
            host.set("--modal-width", &format!("{width}px"));
            host.set("--modal-height", &format!("{height}px"));
        }
        let behind_the_body = || document.document_element().map(Node::from);
        let around = options.container.clone().or_else(behind_the_body)?;
        if kind == "overlay" {
            host.ignore_zoom(&around);
        }
        around.append_child(&host.element).ok()?;
        Some(host)
    }

    /// Where the picker is mounted.
    pub fn root(&self) -> &HtmlElement {
        &self.root
    }

    /// How many pixels it has across.
    pub fn width(&self) -> f64 {
        self.root.client_width().into()
    }

    /// Closes the dialog, which stays out of sight, or opens it again. Closing it, rather than only removing it, is what gives
    /// the focus back.
    pub fn step_aside(&self, aside: bool) {
        if let Ok(Some(dialog)) = self.root.query_selector("dialog") {
            let dialog: HtmlDialogElement = dialog.unchecked_into();
            if aside {
                dialog.close();
            } else {
                let _ = dialog.show_modal();
            }
        }
    }

    /// Takes it away, and gives the focus back to what had it.
    pub fn leave(self) {
        let had_focus = self.shadow.active_element().is_some();
        self.step_aside(true);
        self.element.remove();
        let document = web_sys::window().and_then(|window| window.document());
        let is_lost = |document: Document| document.active_element().is_none_or(|it| it.tag_name() == "BODY");
        if had_focus
            && document.is_some_and(is_lost)
            && let Some(opener) = &self.opener
        {
            let _ = opener.focus();
        }
    }

    fn set(&self, property: &str, value: &str) {
        let _ = self.root.style().set_property(property, value);
    }

    /// A page may enlarge itself by `zoom`; the dialog is as large as ever.
    fn ignore_zoom(&self, around: &Node) {
        // The element itself has no box, and so no zoom to tell of.
        let zoom = js_sys::Reflect::get(around, &"currentCSSZoom".into()).unwrap_or(JsValue::UNDEFINED);
        if let Some(zoom) = zoom.as_f64().filter(|zoom| *zoom > 0.0 && *zoom != 1.0) {
            self.set("zoom", &decimal(1.0 / zoom));
        }
    }
}

/// Adopts a sheet rather than writing a `<style>`: pages whose policy forbids inline style allow that.
fn adopt(shadow: &ShadowRoot, theme: Theme) {
    if let Ok(sheet) = CssStyleSheet::new()
        && sheet.replace_sync(&look::sheet(theme)).is_ok()
    {
        shadow.set_adopted_style_sheets(&js_sys::Array::of1(&sheet));
    }
}
