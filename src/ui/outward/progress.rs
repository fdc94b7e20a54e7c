//! How far each publication is, the way to it, or why it failed.

use super::hold::{Outward, Sent};
use crate::picker::Action;
use crate::ui::{icon, part, shape};
use bowerbird_protocol::publish::{Form, Phase, State};
use leptos::prelude::*;

/// The screen.
pub(super) fn progress(out: Outward) -> AnyView {
    let ui = out.ui;
    let count = out.sent.with_untracked(Vec::len);
    let rows = (0..count).map(|place| row(out, place)).collect_view();
    let goes_on = Memo::new(move |_| {
        out.sent.with(|all| all.iter().any(|sent| sent.trouble.is_none() && !sent.now.state.has_ended()))
    });
    view! {
        <div class="inside">
            <h2>{ui.say("outward.publish")}</h2>
            <ul class="sent">{rows}</ul>
            {part(move || goes_on.get().then(|| view! { <p class="hint">{ui.say("outward.goes_on")}</p> }))}
        </div>
        <div class="ends">
            <button type="button" class="primary" data-action="done" on:click=ui.click(Action::Finish)>{ui.say("editor.done")}</button>
        </div>
    }
    .into_any()
}

/// How one stands, in words.
pub(super) fn standing(out: Outward, sent: &Sent) -> String {
    let ui = out.ui;
    if let Some(trouble) = &sent.trouble {
        return ui.words(&trouble.sentence(), None, &[("providerName", &ui.say("source.facebook"))]);
    }
    let scheduled = out.at.with_untracked(Option::is_some);
    ui.say(match (sent.now.state, sent.now.phase) {
        (State::Waiting, _) if scheduled => "outward.scheduled",
        (State::Waiting, None) => "outward.waiting",
        (_, Some(Phase::Processing)) => "outward.processing",
        (_, Some(Phase::Publishing)) => "outward.publishing",
        (State::Waiting | State::Running, _) => "outward.uploading",
        (State::Published, _) => "outward.published",
        (State::Failed, _) => "outward.failed",
        (State::Cancelled, _) => "storing.cancelled",
    })
}

fn row(out: Outward, place: usize) -> AnyView {
    let ui = out.ui;
    let sent = Memo::new(move |_| out.sent.with(|all| all.get(place).cloned()));
    let Some(first) = sent.get_untracked() else { return ().into_any() };
    let name = first.wish.item.name.clone();
    let form = ui.say(if first.wish.form == Form::Feed { "outward.post" } else { "outward.story" });
    let face = super::destinations::face(&first.wish.item);
    let state = move || {
        sent.with(|sent| match sent {
            Some(sent) if sent.trouble.is_some() => "failed",
            Some(sent) => sent.now.state.name(),
            None => "",
        })
    };
    let phase = move || {
        sent.with(|sent| match sent.as_ref().and_then(|sent| sent.now.phase) {
            Some(Phase::Uploading) => "uploading",
            Some(Phase::Processing) => "processing",
            Some(Phase::Publishing) => "publishing",
            None => "",
        })
    };
    let bar = part(move || {
        let (sent, total) = sent.with(|it| {
            it.as_ref().filter(|it| it.now.state == State::Running).map_or((0, None), |it| (it.now.sent, it.now.total))
        });
        let total = total.filter(|total| *total > 0)?;
        let label = ui.say("outward.uploading");
        Some(
            view! { <progress class="bar" max=total.to_string() value=sent.min(total).to_string() aria-label=label></progress> },
        )
    });
    let called = name.clone();
    let end = part(move || {
        let sent = sent.get()?;
        let reason = sent.now.error.clone().filter(|_| sent.trouble.is_none());
        let reason = reason.map(|error| view! { <small class="reason" lang="en" dir="ltr">{error.text}</small> });
        let failed = sent.trouble.is_some() || sent.now.state == State::Failed;
        let runs = !failed && !sent.now.state.has_ended() && !sent.now.id.is_empty();
        let open = sent.now.url.clone().map(|url| {
            view! { <a class="secondary" data-action="see" href=url target="_blank" rel="noopener noreferrer">{ui.say("outward.open")}</a> }
        });
        let again = failed.then(|| {
            view! {
                <button type="button" class="secondary" data-action="again" on:click=move |_| out.retry(place)>{ui.say("trouble.retry")}</button>
            }
        });
        let label = ui.words("storing.cancel_one", None, &[("name", &called)]);
        let stop = runs.then(|| {
            view! {
                <button type="button" class="plain round one" data-action="stop" aria-label=label on:click=move |_| out.cancel(place)>
                    {icon(shape::CLOSE)}
                </button>
            }
        });
        Some(view! { {reason}<span class="choices">{open}{again}{stop}</span> })
    });
    let words = move || sent.with(|sent| sent.as_ref().map(|sent| standing(out, sent)).unwrap_or_default());
    view! {
        <li class="publication" data-state=state data-phase=phase>
            <span class="thumb">{face}</span>
            <span class="what">
                <span class="name">{format!("{name} · {form}")}</span>
                <small class="standing">{crate::ui::words(words)}</small>
                {bar}
            </span>
            {end}
        </li>
    }
    .into_any()
}
