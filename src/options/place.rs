//! How the picker lives in the page: its mode, place, size and colours.

use super::{Warn, wants};
use js_sys::{Array, Function, Object, Reflect};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Element, Node};

/// Where the picker is drawn.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum DisplayMode {
    /// A dialog over the page.
    #[default]
    Overlay,
    /// In `container`, as a part of the page.
    Inline,
    /// A pane in `container` that opens the dialog.
    DropPane,
}

/// How photos are laid out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ViewType {
    /// Pictures side by side.
    #[default]
    Grid,
    /// One below the other, with their names.
    List,
}

/// Which colours the picker has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Theme {
    /// Those that the visitor's system asks for.
    #[default]
    Auto,
    /// Dark on light.
    Light,
    /// Light on dark.
    Dark,
}

/// The pane of `displayMode: 'dropPane'`.
#[derive(Debug, Clone)]
pub struct DropPane {
    /// Whether the whole page invites to drop while files are dragged over it.
    pub overlay: bool,
    /// Whether it has an icon.
    pub show_icon: bool,
    /// Whether it shows how far the copying is.
    pub show_progress: bool,
    /// Whether a click opens nothing.
    pub disable_click: bool,
    /// Whether images that are dropped on it go through the editor first.
    pub crop_files: bool,
    /// Its words, in place of our own.
    pub custom_text: Option<String>,
    /// `(event) => void`: it was clicked.
    pub on_click: Option<Function>,
    /// `(event) => void`: something is dragged onto it.
    pub on_drag_enter: Option<Function>,
    /// `(event) => void`: something is dragged about over it.
    pub on_drag_over: Option<Function>,
    /// `(event) => void`: what was dragged has left it.
    pub on_drag_leave: Option<Function>,
    /// `(event) => void`: something was dropped on it.
    pub on_drop: Option<Function>,
    /// `(percent) => void`: so much of all photos is copied.
    pub on_progress: Option<Function>,
    /// `(files) => void`: these are stored.
    pub on_success: Option<Function>,
    /// `(files) => void`: these could not be stored.
    pub on_error: Option<Function>,
}

impl Default for DropPane {
    fn default() -> Self {
        Self {
            overlay: true,
            show_icon: true,
            show_progress: true,
            disable_click: false,
            crop_files: false,
            custom_text: None,
            on_click: None,
            on_drag_enter: None,
            on_drag_over: None,
            on_drag_leave: None,
            on_drop: None,
            on_progress: None,
            on_success: None,
            on_error: None,
        }
    }
}

/// One of some words.
fn read_word<T: Copy>(name: &str, words: &[(&str, T)], value: &JsValue) -> Result<T, String> {
    let word = value.as_string();
    let found = words.iter().find(|(known, _)| Some(*known) == word.as_deref()).map(|(_, meaning)| *meaning);
    let known = || words.iter().map(|(known, _)| format!("'{known}'")).collect::<Vec<_>>().join(" or ");
    found.ok_or_else(|| wants(name, &known(), value))
}

pub(super) fn read_display_mode(name: &str, value: &JsValue, _: Warn<'_>) -> Result<DisplayMode, String> {
    let words =
        [("overlay", DisplayMode::Overlay), ("inline", DisplayMode::Inline), ("dropPane", DisplayMode::DropPane)];
    read_word(name, &words, value)
}

pub(super) fn read_view_type(name: &str, value: &JsValue, _: Warn<'_>) -> Result<ViewType, String> {
    read_word(name, &[("grid", ViewType::Grid), ("list", ViewType::List)], value)
}

pub(super) fn read_theme(name: &str, value: &JsValue, _: Warn<'_>) -> Result<Theme, String> {
    read_word(name, &[("light", Theme::Light), ("dark", Theme::Dark), ("auto", Theme::Auto)], value)
}

/// An element by its id or a selector, or a node: an element, or a shadow root of the page's own.
pub(super) fn read_container(name: &str, value: &JsValue, _: Warn<'_>) -> Result<Option<Node>, String> {
    if let Some(text) = value.as_string() {
        let document = web_sys::window().and_then(|window| window.document());
        let by_id = document.as_ref().and_then(|document| document.get_element_by_id(&text));
        let found: Option<Element> = by_id.or_else(|| document?.query_selector(&text).ok()?);
        return found
            .map(|element| Some(element.into()))
            .ok_or_else(|| format!("{name}: nothing on the page has the id '{text}' or fits it as a selector"));
    }
    // By shape, not by class: a node of another frame is not an instance of this one's Node.
    let kind = Reflect::get(value, &"nodeType".into()).ok().and_then(|kind| kind.as_f64());
    match kind.map(|kind| kind as u16) {
        Some(Node::ELEMENT_NODE | Node::DOCUMENT_FRAGMENT_NODE) => Ok(Some(value.clone().unchecked_into())),
        _ => Err(wants(name, "an element's id, a selector or a node", value)),
    }
}

pub(super) fn read_id(name: &str, value: &JsValue, _: Warn<'_>) -> Result<String, String> {
    let id = value.as_string().filter(|id| !id.is_empty() && !id.contains(char::is_whitespace));
    id.ok_or_else(|| wants(name, "an id without spaces", value))
}

pub(super) fn read_size(name: &str, value: &JsValue, _: Warn<'_>) -> Result<Option<[u32; 2]>, String> {
    let sides: Option<Vec<u32>> = value
        .dyn_ref::<Array>()
        .and_then(|sides| sides.iter().map(|side| side.as_f64().and_then(check_side)).collect());
    let size = sides.and_then(|sides| sides.try_into().ok());
    size.map(Some).ok_or_else(|| wants(name, "[width, height] in pixels", value))
}

fn check_side(pixels: f64) -> Option<u32> {
    (1.0..=100_000.0).contains(&pixels).then_some(pixels as u32)
}

pub(super) fn read_drop_pane(name: &str, value: &JsValue, _: Warn<'_>) -> Result<DropPane, String> {
    let object = value.dyn_ref::<Object>().ok_or_else(|| wants(name, "an object", value))?;
    let mut pane = DropPane::default();
    for member in Object::keys(object).iter().filter_map(|member| member.as_string()) {
        let value = Reflect::get(object, &member.as_str().into()).unwrap_or_default();
        if value.is_undefined() {
            continue;
        }
        let full = format!("{name}.{member}");
        let flag = |flag: &mut bool| value.as_bool().map(|value| *flag = value).ok_or("true or false");
        let words = |words: &mut Option<String>| value.as_string().map(|value| *words = Some(value)).ok_or("a string");
        let function = |function: &mut Option<Function>| {
            *function = value.dyn_ref().cloned();
            if function.is_some() || value.is_null() { Ok(()) } else { Err("a function") }
        };
        let read = match member.as_str() {
            "overlay" => flag(&mut pane.overlay),
            "showIcon" => flag(&mut pane.show_icon),
            "showProgress" => flag(&mut pane.show_progress),
            "disableClick" => flag(&mut pane.disable_click),
            "customText" => words(&mut pane.custom_text),
            "onClick" => function(&mut pane.on_click),
            "onDragEnter" => function(&mut pane.on_drag_enter),
            "onDragOver" => function(&mut pane.on_drag_over),
            "onDragLeave" => function(&mut pane.on_drag_leave),
            "onDrop" => function(&mut pane.on_drop),
            "onProgress" => function(&mut pane.on_progress),
            "onSuccess" => function(&mut pane.on_success),
            "onError" => function(&mut pane.on_error),
            "cropFiles" => flag(&mut pane.crop_files),
            _ => return Err(format!("there is no option '{full}'")),
        };
        read.map_err(|what| wants(&full, what, &value))?;
    }
    Ok(pane)
}
