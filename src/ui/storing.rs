//! Copying: progress in all and per photo, and what to do about those that failed.

use super::{Ui, icon, part, shape, words};
use crate::picker::Action;
use crate::state::{Photo, Progress};
use crate::text;
use leptos::prelude::*;

/// The screen while the choice is copied, and after some of it failed.
pub(super) fn storing(ui: Ui) -> impl IntoView {
    let count = ui.state.with_untracked(|state| state.storing.as_ref().map_or(0, |storing| storing.photos.len()));
    let fraction = ui.memo(|state| state.storing.as_ref().map_or(0.0, |storing| storing.fraction()));
    let ended = ui.memo(|state| state.storing.as_ref().is_some_and(|storing| storing.has_ended()));
    let failed = ui.memo(|state| state.storing.as_ref().map_or(0, |storing| storing.failed()));
    let heading = move || match (ended.get(), failed.get()) {
        (false, _) => ui.say_count("storing.title", count),
        (true, 0) => ui.say_count("storing.done", count),
        (true, failed) => ui.say_count("storing.some_failed", failed),
    };
    view! {
        <section class="storing">
            <h2 role="status">{words(heading)}</h2>
            {part(move || (!ended.get()).then(|| view! {
                <progress class="bar whole" max="1" prop:value=move || fraction.get() aria-label=ui.say_count("storing.title", count)></progress>
            }))}
            <ul>{(0..count).map(|index| row(ui, index)).collect_view()}</ul>
            {part(move || (ended.get() && failed.get() > 0).then(|| choices(ui)))}
        </section>
    }
}

fn row(ui: Ui, index: usize) -> impl IntoView {
    let photo = ui.memo(move |state| state.storing.as_ref().and_then(|storing| storing.photos.get(index)).cloned());
    let item = photo.get_untracked().map(|photo| photo.chosen.item).unwrap_or_default();
    let state = move || photo.get().map_or("waiting", |photo| name(&photo.progress));
    let fraction = move || photo.get().map_or(0.0, |photo| photo.fraction());
    let say = move || photo.get().map(|photo| sentence(ui, &photo)).unwrap_or_default();
    view! {
        <li class="row" data-state=state>
            <span class="thumb">
                {(!item.thumbnail.is_empty()).then(|| view! { <img src=item.thumbnail.clone() alt="" decoding="async" /> })}
            </span>
            <span class="what">
                <span class="name">{item.caption.clone().unwrap_or_else(|| item.name.clone())}</span>
                <small>{words(say)}</small>
                <progress class="bar" max="1" prop:value=fraction aria-hidden="true"></progress>
            </span>
            <span class="end">{part(move || match state() {
                "stored" => icon(shape::CHECK).into_any(),
                "failed" => icon(shape::ALERT).into_any(),
                _ => ().into_any(),
            })}</span>
        </li>
    }
}

fn name(progress: &Progress) -> &'static str {
    match progress {
        Progress::Waiting => "waiting",
        Progress::Moving { .. } => "moving",
        Progress::Stored(_) => "stored",
        Progress::Failed(_) => "failed",
    }
}

fn sentence(ui: Ui, photo: &Photo) -> String {
    match &photo.progress {
        Progress::Waiting | Progress::Moving { received: 0, .. } => ui.say("storing.waiting"),
        Progress::Moving { received, total: Some(total) } => {
            let fill = [("received", &*text::bytes(*received)), ("total", &*text::bytes(*total))];
            ui.words("storing.bytes", None, &fill)
        }
        Progress::Moving { received, total: None } => text::bytes(*received),
        Progress::Stored(_) => ui.say("storing.stored"),
        Progress::Failed(trouble) => ui.say_of(&trouble.sentence(), photo.chosen.source),
    }
}

fn choices(ui: Ui) -> impl IntoView {
    let (stored, can_retry, signed_out) = ui.state.with_untracked(|state| {
        let storing = state.storing.as_ref();
        storing.map_or((0, false, None), |it| (it.stored(), it.can_retry(), it.signed_out_source()))
    });
    let connect = signed_out.map(|source| {
        view! {
            <button type="button" class="primary" data-action="connect-again" on:click=ui.click(Action::ConnectAgain)>
                {ui.say_of("connect.button", source)}
            </button>
        }
    });
    let on = match stored {
        0 => view! {
            <button type="button" class="secondary" on:click=ui.click(Action::Reconsider)>{ui.say("storing.back")}</button>
        }
        .into_any(),
        _ => view! {
            <button type="button" class="secondary" data-action="continue" on:click=ui.click(Action::Finish)>
                {ui.say_count("storing.continue", stored)}
            </button>
        }
        .into_any(),
    };
    view! {
        <div class="choices">
            {connect}
            {can_retry.then(|| view! {
                <button type="button" class="primary" data-action="retry" on:click=ui.click(Action::Confirm)>
                    {ui.say("storing.retry")}
                </button>
            })}
            {on}
        </div>
    }
}
