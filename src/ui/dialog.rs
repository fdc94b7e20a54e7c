//! The frame: title, way back, account, close; services beside what is open; footer.

use super::{Ui, account, browse, footer, icon, part, services, shape, words};
use crate::picker::{Action, Picker};
use leptos::html;
use leptos::prelude::*;

/// The whole dialog of a pick.
pub fn dialog(picker: Picker) -> impl IntoView {
    let ui = Ui::new(picker);
    let element = NodeRef::<html::Dialog>::new();
    Effect::new(move |_| {
        if let Some(dialog) = element.get() {
            // A browser that knows no modal dialogs shows it all the same, above the page.
            let _ = dialog.show_modal();
        }
    });
    let several = ui.state.with_untracked(|state| state.shelves.len() > 1);
    let max = ui.state.with_untracked(|state| state.selection.max());
    let screen = ui.memo(|state| match (&state.storing, state.open) {
        (Some(_), _) => "storing",
        (None, Some(_)) => "source",
        (None, None) => "services",
    });
    let picks_services = move || several && screen.get() != "storing";
    view! {
        <dialog
            class="dialog"
            class:several=several
            data-screen=screen
            node_ref=element
            aria-labelledby="title"
            // Its words are English, whatever the page around it speaks and whichever way that runs.
            lang="en"
            dir="ltr"
            on:cancel=move |event: web_sys::Event| {
                // The picker closes it, once the page has its result.
                event.prevent_default();
                // Escape closes what is uppermost.
                if !ui.menu.try_get_untracked().unwrap_or_default() {
                    ui.send(Action::Cancel);
                }
                ui.menu.try_set(false);
            }
        >
            <header class="header">
                <BackButton ui />
                <h1 id="title" class="title">{words(move || title(ui, max))}</h1>
                {account::account(ui)}
                <button type="button" class="plain round" aria-label=ui.say("dialog.close") on:click=ui.click(Action::Cancel)>
                    {icon(shape::CLOSE)}
                </button>
            </header>
            <div class="panes">
                {part(move || picks_services().then(|| services::services(ui)))}
                {browse::browse(ui)}
            </div>
            {footer::footer(ui)}
        </dialog>
    }
}

fn title(ui: Ui, max: usize) -> String {
    ui.state.with(|state| {
        let folder = state.folder().map(|folder| folder.name.clone()).filter(|name| !name.is_empty());
        match (&state.storing, state.shelf()) {
            (None, Some(shelf)) => folder.unwrap_or_else(|| ui.source_name(shelf.source)),
            _ => ui.say_count("dialog.title", max),
        }
    })
}

#[component]
fn BackButton(ui: Ui) -> impl IntoView {
    let shown = ui.memo(|state| state.can_go_back().then(|| state.is_at_root()));
    part(move || {
        shown.get().map(|to_services| {
            view! {
                <button type="button" class="plain round back" class:to-services=to_services aria-label=ui.say("dialog.back") on:click=ui.click(Action::GoBack)>
                    {icon(shape::BACK)}
                </button>
            }
        })
    })
}
