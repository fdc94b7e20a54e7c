//! The editor of one photo, loaded when a visitor opens it.

mod hold;
mod view;

use super::chunk::{Brings, chunk};
use super::{Ui, icon, part, shape};
use crate::picker::Action;
use crate::sheet::sheet;
use leptos::html;
use leptos::prelude::*;
use web_sys::{Event, KeyboardEvent};

/// Draws the editor in this dialog.
pub(super) type Draw = fn(Ui, NodeRef<html::Dialog>) -> AnyView;

const EDITOR: Brings<Draw> = Brings { parts: view::editor, style: || sheet!("editor.css") };

chunk!(editor: Draw = EDITOR);

/// The editor, while it is open; until it is here, that it is on its way.
pub(super) fn editor(ui: Ui) -> impl IntoView {
    let open = ui.memo(|state| state.editing.is_some());
    Effect::new(move |_| {
        if open.get() {
            ui.editor.load();
        }
    });
    part(move || open.get().then(|| dialog(ui)))
}

fn dialog(ui: Ui) -> AnyView {
    let element = NodeRef::<html::Dialog>::new();
    Effect::new(move |_| {
        if let Some(dialog) = element.get() {
            // The browser keeps the focus within it, and everything behind it from being reached.
            let _ = dialog.show_modal();
            let _ = dialog.focus();
        }
    });
    let here = Memo::new(move |_| ui.editor.parts().is_some());
    view! {
        <dialog
            class=move || if here.get() { "editor" } else { "preview awaits" }
            node_ref=element
            tabindex="-1"
            aria-label=ui.say("editor.title")
            on:keydown=move |event: KeyboardEvent| {
                if event.key() == "Escape" {
                    event.prevent_default();
                    end(ui, element, Action::StopEditing);
                }
                // It lies within others that listen too.
                event.stop_propagation();
            }
            on:cancel=move |event: Event| {
                event.prevent_default();
                event.stop_propagation();
                end(ui, element, Action::StopEditing);
            }
        >
            {part(move || match ui.editor.parts() {
                Some(draw) => draw(ui, element),
                None => (close_button(ui, element), view! { <div class="browse">{part(move || ui.editor.instead(ui))}</div> }).into_any(),
            })}
        </dialog>
    }
    .into_any()
}

fn close_button(ui: Ui, element: NodeRef<html::Dialog>) -> AnyView {
    let close = move |_| end(ui, element, Action::StopEditing);
    view! {
        <div class="bar-above">
            {view! { <span></span> }}
            <button type="button" class="plain round" data-action="close-editor" aria-label=ui.say("connect.cancel") on:click=close>
                {icon(shape::CLOSE)}
            </button>
        </div>
    }
    .into_any()
}

/// Ends the editing of a photo. Where no other one follows, the dialog is closed before it goes, so that the browser gives the focus back to
/// where it was.
fn end(ui: Ui, element: NodeRef<html::Dialog>, action: Action) {
    let dialog = element.try_get_untracked().flatten();
    ui.send(action);
    if let Some(dialog) = dialog
        && !ui.state.try_with_untracked(|state| state.editing.is_some()).unwrap_or_default()
    {
        dialog.close();
    }
}
