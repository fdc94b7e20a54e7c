//! How many are chosen, and the button that confirms.

use super::{Ui, part, words};
use crate::picker::Action;
use crate::state::{Notice, State};
use crate::text;
use leptos::prelude::*;

/// The footer while photos are being chosen; there is nothing to confirm before a source is open or while copying.
pub(super) fn footer(ui: Ui) -> impl IntoView {
    let shown = ui.memo(|state: &State| {
        state.storing.is_none() && !state.removing && (state.folder().is_some() || !state.selection.chosen().is_empty())
    });
    part(move || shown.get().then(|| choice(ui)))
}

fn choice(ui: Ui) -> impl IntoView {
    let count = ui.memo(|state| state.selection.chosen().len());
    let enough = ui.memo(|state| state.selection.is_enough() && !state.selection.chosen().is_empty());
    let say = move || {
        ui.state.with(|state| {
            let (chosen, max) = (state.selection.chosen().len(), state.selection.max());
            let fill = text::number(max as f64);
            match &state.notice {
                Some(Notice::Full) => ui.say_count("selection.full", max),
                Some(Notice::Page(words)) => words.clone(),
                None if chosen == 0 => ui.words("selection.none", Some(max), &[("maxFiles", &fill)]),
                None if !state.selection.is_enough() => ui.say_count("selection.missing", state.selection.missing()),
                None => ui.words("selection.count", Some(chosen), &[("maxFiles", &fill)]),
            }
        })
    };
    let max = ui.state.with_untracked(|state| state.selection.max());
    let noticed = ui.memo(|state| state.notice.is_some());
    view! {
        <footer class="footer">
            <div class="choice">
                <p class="count" class:noticed=noticed role="status">{words(say)}</p>
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
        </footer>
    }
}
