//! The frame: title, way back, account, close; services beside what is open; footer.

use super::later::Later;
use super::{Ui, focus, folder, icon, part, services, shape, words};
use crate::options::DisplayMode;
use crate::picker::{Action, Picker};
use crate::text::Language;
use leptos::html;
use leptos::prelude::*;

/// The whole dialog of a pick: over the page, or as a part of it.
pub fn dialog(picker: Picker) -> impl IntoView {
    let modal = picker.options().display_mode == DisplayMode::Overlay;
    let ui = Ui::new(picker);
    let later = Later::new(ui);
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
    let picks_services = Memo::new(move |_| several && screen.get() != "storing");
    let inside = part(move || match ui.speaks.get() {
        true => contents(ui, later, modal, max, picks_services).into_any(),
        false => frame(several).into_any(),
    });
    // Outside of the dialog, which is closed then.
    let indicator = part(move || ui.speaks.get().then(|| later.indicator()));
    // Their own, whatever the page around them speaks and whichever way that runs.
    let language = move || ui.language.get();
    let direction = move || Language::direction(ui.language.get());
    let busy = move || (!ui.speaks.get()).then_some("true");
    if !modal {
        return view! {
            <section
                class="dialog inline"
                class:several=several
                data-screen=screen
                aria-labelledby="title"
                lang=language
                dir=direction
                aria-busy=busy
                on:keydown=move |event: web_sys::KeyboardEvent| {
                    if event.key() == "Escape" {
                        close_menu(ui);
                    }
                }
            >
                {inside}
            </section>
        }
        .into_any();
    }
    view! {
        <dialog
            class="dialog"
            class:several=several
            data-screen=screen
            node_ref=element
            aria-labelledby="title"
            lang=language
            dir=direction
            aria-busy=busy
            on:keydown=move |event: web_sys::KeyboardEvent| focus::goes_round(&event)
            on:cancel=move |event: web_sys::Event| {
                // The picker closes it, once the page has its result.
                event.prevent_default();
                // Escape closes what is uppermost.
                if !close_menu(ui) {
                    ui.send(Action::Escape);
                }
            }
        >
            {inside}
        </dialog>
        {indicator}
    }
    .into_any()
}

/// Closes the menu that is open, and answers whether there was one.
fn close_menu(ui: Ui) -> bool {
    let was_open = ui.menu.try_get_untracked().flatten().is_some();
    ui.menu.try_set(None);
    was_open
}

/// All that says a word.
fn contents(ui: Ui, later: Later, modal: bool, max: usize, picks_services: Memo<bool>) -> impl IntoView {
    view! {
        <div class="header">
            <BackButton ui />
            <h1 id="title" class="title">{words(move || title(ui, max))}</h1>
            {later.account()}
            // A part of the page has nothing to uncover.
            {modal.then(|| view! {
                <button type="button" class="plain round" aria-label=ui.say("dialog.close") on:click=ui.click(Action::Leave)>
                    {icon(shape::CLOSE)}
                </button>
            })}
        </div>
        <div class="panes" node_ref=ui.panes>
            {part(move || picks_services.get().then(|| services::services(ui)))}
            {later.browse()}
        </div>
        {later.footer()}
        <p class="unseen" data-role="announcer" role="status" aria-live="polite">{words(move || ui.said.get())}</p>
    }
}

/// The same without a word, while the language is on its way.
fn frame(several: bool) -> impl IntoView {
    view! {
        <div class="header"></div>
        <div class="panes">
            {several.then(|| view! { <div class="services"></div> })}
            <div class="browse">
                <div class="grid skeleton">{folder::bones()}</div>
            </div>
        </div>
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
