//! How many are chosen, and the button that confirms.

use super::Ui;
use crate::picker::Action;
use crate::state::{Notice, State};
use crate::text;
use leptos::prelude::*;

/// The footer while photos are being chosen; there is nothing to confirm before a source is open or while copying.
pub(super) fn footer(ui: Ui) -> impl IntoView {
    let shown = ui.memo(|state: &State| {
        state.storing.is_none() && (state.folder().is_some() || !state.selection.chosen().is_empty())
    });
    move || shown.get().then(|| choice(ui))
}

fn choice(ui: Ui) -> impl IntoView {
    let count = ui.memo(|state| state.selection.chosen().len());
    let enough = ui.memo(|state| state.selection.is_enough() && !state.selection.chosen().is_empty());
    let words = move || {
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
    let noticed = ui.memo(|state| state.notice.is_some());
    view! {
        <footer class="footer">
            <p class="count" class:noticed=noticed role="status">{words}</p>
            {move || (count.get() > 0).then(|| view! {
                <button type="button" class="plain clear" on:click=move |_| ui.send(Action::Clear)>{ui.say("selection.clear")}</button>
            })}
            <button
                type="button"
                class="primary"
                data-action="confirm"
                disabled=move || !enough.get()
                on:click=move |_| ui.send(Action::Confirm)
            >
                {move || ui.say_count("selection.confirm", count.get().max(1))}
            </button>
        </footer>
    }
}
