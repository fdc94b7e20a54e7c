//! What is left of the dialog while copying goes on behind: a small sign that leads back.

use super::storing::announcement;
use super::{Ui, icon, part, shape, words};
use crate::picker::Action;
use crate::state::State;
use crate::text::Language;
use leptos::prelude::*;

/// What the sign says.
#[derive(Clone, Copy, PartialEq)]
enum Sign {
    /// Photo so and so of so many is being copied.
    Copying(usize, usize),
    /// Nothing moves, for want of a network.
    CutOff,
    /// So many could not be copied.
    Failed(usize),
    /// So many are ready, and the visitor has cancelled the others.
    Ready(usize),
}

fn sign(state: &State) -> Option<Sign> {
    let storing = state.storing.as_ref().filter(|_| state.minimized)?;
    let tally = storing.tally();
    let at = (tally.stored + tally.failed + 1).min(tally.wanted());
    Some(match (tally.has_ended(), tally.failed) {
        (false, _) if state.offline || storing.lost => Sign::CutOff,
        (false, _) => Sign::Copying(at, tally.wanted()),
        (true, 0) => Sign::Ready(tally.stored),
        (true, failed) => Sign::Failed(failed),
    })
}

/// The indicator, while the dialog has made way for it.
pub(super) fn indicator(ui: Ui) -> impl IntoView {
    let sign = ui.memo(sign);
    let shown = Memo::new(move |_| sign.with(Option::is_some));
    let say = move || match sign.get() {
        Some(Sign::Copying(at, of)) => ui.words("indicator.copying", Some(of), &[("done", &ui.number(at))]),
        Some(Sign::CutOff) => ui.say("indicator.waiting"),
        Some(Sign::Failed(failed)) => ui.say_count("storing.some_failed", failed),
        Some(Sign::Ready(stored)) => ui.say_count("storing.some_done", stored),
        None => String::new(),
    };
    let failed = move || matches!(sign.get(), Some(Sign::Failed(_)));
    let rest = ui.memo(|state| state.storing.as_ref().map_or(0, |it| 100 - it.tally().thousandths() / 10));
    part(move || {
        shown.get().then(|| {
            view! {
                <div class="indicator" lang=ui.language.get() dir=Language::direction(ui.language.get())>
                    <p class="live" role="status">{words(announcement(ui, say))}</p>
                    <button type="button" class="pill" data-action="expand" class:failed=failed title=ui.say("indicator.open") on:click=ui.click(Action::Minimize(false))>
                        {part(move || match sign.get() {
                            Some(Sign::Failed(_)) => icon(shape::ALERT).into_any(),
                            Some(Sign::Ready(_)) => icon(shape::CHECK).into_any(),
                            _ => view! {
                                <svg class="ring" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
                                    // By itself, as in the tray.
                                    {view! { <circle class="rail" cx="12" cy="12" r="9" /> }}
                                    <circle class="done" cx="12" cy="12" r="9" pathLength="100" stroke-dasharray="100" stroke-dashoffset=words(move || rest.get().to_string()) />
                                </svg>
                            }.into_any(),
                        })}
                        <span>{words(say)}</span>
                        {icon(shape::GROW)}
                    </button>
                </div>
            }
        })
    })
}
