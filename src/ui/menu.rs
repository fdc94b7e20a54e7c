//! A button with a menu: the account's, the toolbar's. One is open at a time, and the keys are those of every menu.

use super::{Click, Ui, icon, part, shape};
use crate::picker::Action;
use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, FocusEvent, HtmlElement, KeyboardEvent, Node, ShadowRoot};

/// A button, and what it offers.
pub(super) struct Menu {
    /// Tells it from the others, and is the button's `data-action`.
    pub name: &'static str,
    /// What the button and the menu are called; begins with what is to be seen on the button.
    pub label: Signal<String>,
    /// What is on the button, before the arrow.
    pub face: AnyView,
    /// Words above the choices.
    pub head: Option<String>,
    /// What it offers, asked for when it opens.
    pub choices: Box<dyn Fn() -> Vec<Choice> + Send>,
}

/// One line of a menu.
pub(super) struct Choice {
    /// Its `data-action`.
    pub name: &'static str,
    /// What it says.
    pub words: String,
    /// Whether it is the one of several that holds; `None` where it is no such choice.
    pub holds: Option<bool>,
    /// What it does.
    pub then: Action,
}

/// The button with its menu, which is there while it is open.
pub(super) fn menu(ui: Ui, of: Menu) -> AnyView {
    let Menu { name, label, face, head, choices } = of;
    let element = NodeRef::<html::Div>::new();
    let is_open = Memo::new(move |_| ui.menu.get() == Some(name));
    let close_when_left = move |event: FocusEvent| {
        let to = event.related_target().and_then(|target| target.dyn_into::<Node>().ok());
        // What goes away tells of losing the focus too, and by then there may be nobody left to hear it.
        let (Some(true), Some(element)) = (is_open.try_get_untracked(), element.try_get_untracked().flatten()) else {
            return;
        };
        if !element.contains(to.as_ref()) {
            ui.menu.try_set(None);
        }
    };
    let press: Click = Box::new(move |_| {
        ui.menu.update(|open| *open = if *open == Some(name) { None } else { Some(name) });
    });
    let keys = move |event: KeyboardEvent| {
        let Some(element) = element.get_untracked() else { return };
        let open = is_open.get_untracked();
        match event.key().as_str() {
            "Escape" if open => {
                ui.menu.set(None);
                focus(&element, "button[aria-haspopup]");
            }
            "ArrowDown" | "ArrowUp" if !open => ui.menu.set(Some(name)),
            key @ ("ArrowDown" | "ArrowUp" | "Home" | "End") if open => walk(&element, key),
            _ => return,
        }
        event.prevent_default();
        event.stop_propagation();
    };
    view! {
        <div class="held" data-menu=name node_ref=element on:focusout=close_when_left on:keydown=keys>
            <button
                type="button"
                class="plain holder"
                data-action=name
                aria-label=label
                title=label
                aria-haspopup="menu"
                aria-expanded=move || is_open.get().to_string()
                on:click=press
            >
                {face}
                {icon(shape::DOWN)}
            </button>
            {part(move || is_open.get().then(|| opened(ui, label, head.clone(), choices())))}
        </div>
    }
    .into_any()
}

fn opened(ui: Ui, label: Signal<String>, head: Option<String>, choices: Vec<Choice>) -> AnyView {
    let list = NodeRef::<html::Div>::new();
    Effect::new(move |_| {
        if let Some(list) = list.get() {
            focus(&list, "[aria-checked='true'], [role='menuitem']");
        }
    });
    let back = move || {
        // The line that was pressed goes, and what it does may need the focus elsewhere; until then it is the button's.
        if let Some(list) = list.get_untracked()
            && let Ok(Some(holder)) = list.closest(".held")
        {
            focus(&holder, "button[aria-haspopup]");
        }
        ui.menu.try_set(None);
    };
    let choice = move |Choice { name, words, holds, then }: Choice| {
        let press: Click = Box::new(move |_| {
            back();
            ui.send(then.clone());
        });
        view! {
            <button
                type="button"
                class="plain"
                data-action=name
                role=if holds.is_some() { "menuitemradio" } else { "menuitem" }
                aria-checked=holds.map(|holds| holds.to_string())
                tabindex="-1"
                on:click=press
            >
                {holds.map(|holds| view! { <span class="tick">{holds.then(|| icon(shape::CHECK))}</span> })}
                <span>{words}</span>
            </button>
        }
    };
    let head = head.map(|head| view! { <p class="as">{head}</p> });
    view! {
        <div class="menu">
            {head}
            <div role="menu" aria-label=label node_ref=list>{choices.into_iter().map(choice).collect_view()}</div>
        </div>
    }
    .into_any()
}

fn focus(within: &Element, selector: &str) {
    if let Ok(Some(found)) = within.query_selector(selector) {
        let _ = found.unchecked_into::<HtmlElement>().focus();
    }
}

/// Moves the focus among the lines, around the end.
fn walk(within: &HtmlElement, key: &str) {
    let Ok(Some(list)) = within.query_selector("[role='menu']") else { return };
    let root = within.get_root_node().dyn_into::<ShadowRoot>().ok();
    let at = root.and_then(|root| root.active_element()).filter(|line| list.contains(Some(line)));
    let line = match key {
        "ArrowDown" => at.and_then(|line| line.next_element_sibling()).or_else(|| list.first_element_child()),
        "ArrowUp" => at.and_then(|line| line.previous_element_sibling()).or_else(|| list.last_element_child()),
        "Home" => list.first_element_child(),
        _ => list.last_element_child(),
    };
    if let Some(line) = line {
        let _ = line.unchecked_into::<HtmlElement>().focus();
    }
}
