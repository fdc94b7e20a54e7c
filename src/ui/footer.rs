//! How many are chosen, the way to see them, and the button that confirms.

use super::{Ui, part, words};
use crate::picker::Action;
use crate::state::{Direction, State};
use leptos::html;
use leptos::prelude::*;

/// How many of the last chosen photos lie on the stack.
const STACK: usize = 3;

/// The footer while photos are being chosen; there is nothing to confirm before a source is open or while copying.
pub(super) fn footer(ui: Ui) -> impl IntoView {
    let shown = ui.memo(|state: &State| {
        state.direction == Direction::Pick
            && state.storing.is_none()
            && !state.removing
            && (state.folder().is_some() || !state.selection.chosen().is_empty())
    });
    part(move || shown.get().then(|| choice(ui)))
}

fn choice(ui: Ui) -> impl IntoView {
    let count = ui.memo(|state| state.selection.chosen().len());
    let enough = ui.memo(|state| state.selection.is_enough() && !state.selection.chosen().is_empty());
    let said = ui.memo(move |state| remark(ui, state));
    // What is seen needs no reason beside it: the photos that cannot be chosen say it themselves.
    let announced = move || {
        let full =
            ui.state.with(|state| state.notice.is_none() && state.selection.max() > 1 && state.selection.is_full());
        if full { format!("{} {}", said.get(), ui.say("selection.at_limit")) } else { said.get() }
    };
    let max = ui.state.with_untracked(|state| state.selection.max());
    let alone = ui.memo(move |state| {
        let first = state.selection.chosen().first();
        max == 1 && first.is_some_and(|photo| ui.options(|options| options.edits(photo)))
    });
    let noticed = ui.memo(|state| state.notice.is_some());
    let paragraph = NodeRef::<html::P>::new();
    Effect::new(move |before: Option<bool>| {
        // The tray that had the focus is gone with the last photo, and so is its button.
        let open = ui.state.with(|state| state.tray);
        if before == Some(true)
            && !open
            && count.get_untracked() == 0
            && let Some(paragraph) = paragraph.get_untracked()
        {
            let _ = paragraph.focus();
        }
        open
    });
    view! {
        <div class="footer">
            {part(move || (max > 1 && count.get() > 0).then(|| stack(ui)))}
            <div class="choice">
                <p class="live" role="status">{words(announced)}</p>
                <p class="count" class:noticed=noticed tabindex="-1" node_ref=paragraph>{words(move || said.get())}</p>
                // Where several may be chosen, the tray has it.
                {part(move || alone.get().then(|| view! {
                    <button type="button" class="plain edit" data-action="edit" on:click=ui.click(Action::Edit(0))>
                        {ui.say("editor.open")}
                    </button>
                }))}
                {part(move || (count.get() > 0).then(|| view! {
                    <button type="button" class="plain clear" on:click=ui.click(Action::Clear)>{ui.say("selection.clear")}</button>
                }))}
            </div>
            <button
                type="button"
                class="primary"
                data-action="confirm"
                disabled=move || !enough.get()
                on:click=ui.click(Action::Confirm)
            >
                {words(move || match count.get() {
                    0 => ui.say_count("selection.confirm_none", max),
                    count => ui.say_count("selection.confirm", count),
                })}
            </button>
        </div>
    }
}

fn remark(ui: Ui, state: &State) -> String {
    let (chosen, max) = (state.selection.chosen().len(), state.selection.max());
    let fill = ui.number(max);
    match ui.notice(state) {
        Some(words) => words,
        None if chosen == 0 => ui.words("selection.none", Some(max), &[("maxFiles", &fill)]),
        None if !state.selection.is_enough() => ui.say_count("selection.missing", state.selection.missing()),
        None => ui.words("selection.count", Some(chosen), &[("maxFiles", &fill)]),
    }
}

/// The last chosen photos on a stack, which opens the tray.
fn stack(ui: Ui) -> impl IntoView {
    let last = ui.memo(move |state| {
        let chosen = state.selection.chosen();
        chosen[chosen.len().saturating_sub(STACK)..].iter().map(|it| ui.thumbnail(&it.item)).collect::<Vec<_>>()
    });
    let count = ui.memo(|state| state.selection.chosen().len());
    let open = ui.memo(|state| state.tray);
    view! {
        <button
            type="button"
            class="stack"
            data-action="tray"
            aria-label=words(move || ui.say_count("tray.open", count.get()))
            aria-expanded=words(move || open.get().to_string())
            aria-controls="tray"
            on:click=move |_| ui.send(Action::ShowTray(!open.get_untracked()))
        >
            {part(move || last.get().into_iter().map(|source| match source {
                None => view! { <span class="card"></span> }.into_any(),
                Some(source) => view! { <img class="card" src=source alt="" decoding="async" draggable="false" /> }.into_any(),
            }).collect_view())}
        </button>
    }
}
