//! What moves into the frame: the account, the screens, the footer. The frame follows the state.

use super::chunk::wear;
use super::frame::{Frame, Wish};
use super::{Ui, account, browse, editor, footer, indicator, part, tray, words};
use crate::listener::Listener;
use crate::picker::{Action, Picker};
use crate::sheet::sheet;
use crate::sources::Kind;
use crate::state::Access;
use leptos::mount::mount_to;
use leptos::prelude::*;
use std::any::Any;
use wasm_bindgen::JsCast;
use web_sys::{HtmlElement, KeyboardEvent};

/// The sheets of all that moves in, but for what has a chunk of its own.
const STYLE: &str = sheet!(
    "screens.css",
    "folder.css",
    "connect.css",
    "toolbar.css",
    "tile.css",
    "preview.css",
    "tray.css",
    "storing.css",
    "bar.css",
    "indicator.css",
    "footer.css",
);

/// Moves a pick into the frame; it moves out when what this gives is dropped. `root` is what the frame lies in.
pub fn dialog(picker: Picker, frame: &Frame, root: &HtmlElement) -> Box<dyn Any> {
    wear(root, STYLE);
    // All of it belongs to one owner, though it is in several places.
    let owner = Owner::new();
    let (ui, parts) = owner.with(|| {
        let ui = Ui::new(picker, root, frame);
        let spoken = move |draw: fn(Ui) -> AnyView| part(move || ui.speaks.get().then(|| draw(ui)));
        let mount = |place: &HtmlElement, draw: fn(Ui) -> AnyView| mount_to(place.clone(), move || spoken(draw));
        let parts = [
            mount(frame.account(), |ui| account::account(ui).into_any()),
            mount(frame.panes(), |ui| browse::browse(ui).into_any()),
            mount(frame.dialog(), |ui| {
                (tray::tray(ui), footer::footer(ui), editor::editor(ui), announcer(ui)).into_any()
            }),
            // Outside of the dialog, which is closed then.
            mount(root, |ui| indicator::indicator(ui).into_any()),
        ];
        // Not before: effects run on what the first mounting sets up.
        follow(ui, frame);
        (ui, parts)
    });
    frame.hear(move |wish| match wish {
        Wish::Choose(index) => ui.send(Action::Choose(index)),
        Wish::GoBack => ui.send(Action::GoBack),
        Wish::Leave => ui.send(Action::Leave),
        Wish::Back => ui.send(Action::Escape),
        // It closes what is uppermost.
        Wish::Escape if close_menu(ui) => {}
        Wish::Escape => ui.send(Action::Escape),
    });
    // Where the dialog is a part of the page, the browser tells of Escape nowhere else.
    let escape = frame.is_inline().then(|| {
        Listener::new(frame.dialog(), "keydown", move |event| {
            if event.unchecked_ref::<KeyboardEvent>().key() == "Escape" {
                close_menu(ui);
            }
        })
    });
    Box::new((escape, parts, owner))
}

/// Closes the menu that is open, and answers whether there was one.
fn close_menu(ui: Ui) -> bool {
    let was_open = ui.menu.try_get_untracked().flatten().is_some();
    ui.menu.try_set(None);
    was_open
}

/// Has the frame show what the state says.
fn follow(ui: Ui, frame: &Frame) {
    let own = ui.own;
    ui.own.is_worn(ui);
    ui.editor.is_worn(ui);
    if ui.state.with_untracked(|state| state.shelves.iter().any(|shelf| shelf.source.kind != Kind::Cloud)) {
        own.load();
    }
    let several = ui.state.with_untracked(|state| state.shelves.len() > 1);
    let max = ui.state.with_untracked(|state| state.selection.max());
    let at = ui.memo(|state| (state.open, state.storing.is_some()));
    let back = ui.memo(|state| state.can_go_back().then(|| state.is_at_root()));
    let accounts = ui.memo(|state| {
        let name = |shelf: &crate::state::Shelf| match shelf.access {
            Access::Open => shelf.account.clone(),
            _ => None,
        };
        state.shelves.iter().map(name).collect::<Vec<_>>()
    });
    let shown = frame.clone();
    Effect::new(move |_| {
        let (open, storing) = at.get();
        shown.open(open);
        if storing {
            shown.set_screen("storing");
        }
        shown.offer_services(several && !storing);
    });
    let shown = frame.clone();
    Effect::new(move |_| shown.set_back(back.get()));
    let shown = frame.clone();
    Effect::new(move |_| {
        for (index, account) in accounts.get().iter().enumerate() {
            shown.set_account(index, account.as_deref());
        }
    });
    let shown = frame.clone();
    Effect::new(move |_| {
        if ui.speaks.get() {
            shown.make_room();
            shown.set_title(&title(ui, max));
        }
    });
}

fn announcer(ui: Ui) -> impl IntoView {
    view! { <p class="unseen" data-role="announcer" role="status" aria-live="polite">{words(move || ui.said.get())}</p> }
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
