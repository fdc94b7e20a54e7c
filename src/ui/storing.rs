//! Copying: progress in all and per photo, and what to do about those that failed.

use super::rows::rows;
use super::{Ui, icon, part, shape, words};
use crate::error::Trouble;
use crate::picker::Action;
use crate::state::{Photo, Progress, State, Tally};
use leptos::html;
use leptos::prelude::*;

/// So many photos are all listed, as high as each needs to be. Of more of them only those near the visible part are there; each
/// is then [`ROW`] high, and the summary tells the reasons in full.
const FEW: usize = 30;
/// Pixels; the style sheet says the same.
const ROW: i32 = 72;
/// Pixels that are at least taken for seen: the size is not known before the first drawing, nor while the dialog is out of sight.
const VIEW: i32 = 640;

/// The screen while the choice is copied, and after some of it failed.
pub(super) fn storing(ui: Ui) -> impl IntoView {
    let count = ui.state.with_untracked(|state| state.storing.as_ref().map_or(0, |storing| storing.photos().len()));
    let many = count > FEW;
    let scroller = NodeRef::<html::Section>::new();
    let list = NodeRef::<html::Ul>::new();
    let shown = RwSignal::new(rows(0, VIEW, ROW, count));
    // Once all have ended, a long list is of those that are missing.
    let missing = RwSignal::new(None::<Vec<usize>>);
    let ended = ended(ui);
    Effect::new(move |_| {
        if many && ended.get() {
            let places = ui.state.with_untracked(|state| state.storing.as_ref().map(|storing| storing.missing()));
            missing.set(places.filter(|places| !places.is_empty()));
        }
    });
    let listed = Memo::new(move |_| missing.with(|missing| missing.as_ref().map_or(count, Vec::len)));
    let look = move || {
        if let Some((scroller, list)) = scroller.get_untracked().zip(list.get_untracked()) {
            let before = scroller.scroll_top() - list.offset_top();
            let now = rows(before, scroller.client_height().max(VIEW), ROW, listed.get_untracked());
            if shown.with_untracked(|shown| *shown != now) {
                shown.set(now);
            }
        }
    };
    // The list follows what is moving, until the visitor looks somewhere else.
    let follows = RwSignal::new(many);
    let moving = ui.memo(|state| {
        let photos = state.storing.as_ref()?.photos();
        photos.iter().position(|photo| matches!(photo.progress, Progress::Moving { .. }))
    });
    Effect::new(move |_| {
        listed.track();
        if let Some((place, scroller)) = moving.get().filter(|_| follows.get_untracked()).zip(scroller.get_untracked())
        {
            // The one before stays in sight, with its end.
            scroller.set_scroll_top(i32::try_from(place).unwrap_or_default().saturating_sub(1) * ROW);
        }
        look();
    });
    let places = move || {
        let shown = if many { shown.get() } else { 0..count };
        missing.with(|missing| match missing {
            Some(places) => places.iter().copied().skip(shown.start).take(shown.len()).collect(),
            None => shown.collect::<Vec<_>>(),
        })
    };
    let above = move || if many { format!("{}px", shown.get().start * ROW as usize) } else { String::new() };
    let below = move || {
        if many { format!("{}px", listed.get().saturating_sub(shown.get().end) * ROW as usize) } else { String::new() }
    };
    view! {
        <section
            class="storing"
            class:many=many
            node_ref=scroller
            on:scroll=move |_| look()
            on:wheel=move |_| follows.set(false)
            on:touchmove=move |_| follows.set(false)
            on:keydown=move |_| follows.set(false)
        >
            {summary(ui, count, many)}
            <ul class="rows" node_ref=list style:padding-top=above style:padding-bottom=below>
                <For each=places key=|place| *place let:place>{row(ui, place, count)}</For>
            </ul>
            {question(ui)}
        </section>
    }
}

fn ended(ui: Ui) -> Memo<bool> {
    ui.memo(|state| state.storing.as_ref().is_some_and(|storing| storing.has_ended()))
}

fn tally(state: &State) -> Tally {
    state.storing.as_ref().map(|storing| *storing.tally()).unwrap_or_default()
}

fn summary(ui: Ui, count: usize, many: bool) -> impl IntoView {
    let tally = ui.memo(tally);
    let ended = ended(ui);
    let heading = move || {
        let tally = tally.get();
        match (tally.has_ended(), tally.failed, tally.stored) {
            (false, ..) => ui.say_count("storing.title", count),
            (true, 0, stored) if stored == count => ui.say_count("storing.done", count),
            (true, 0, 0) => ui.say("storing.none"),
            (true, 0, stored) => ui.say_count("storing.some_done", stored),
            (true, failed, _) => ui.say_count("storing.some_failed", failed),
        }
    };
    let cut_off =
        ui.memo(|state| state.storing.as_ref().filter(|it| !it.has_ended()).map(|it| (state.offline, it.lost)));
    let pause = move || match cut_off.get() {
        Some((true, _)) => ui.say("storing.offline"),
        Some((false, true)) => ui.say("storing.lost"),
        _ => String::new(),
    };
    let reasons = ui.memo(move |state| match &state.storing {
        Some(storing) if many => storing.troubles(),
        _ => Vec::new(),
    });
    let left = time_left(ui);
    let part_of = move || {
        let tally = tally.get();
        let mut told = vec![progress_in_words(ui, "storing.count", &tally)];
        if tally.received > 0 && tally.unknown == 0 {
            told.push(bytes(ui, tally.received, tally.total));
        } else if tally.received > 0 {
            told.push(ui.words("storing.so_far", None, &[("received", &ui.bytes(tally.received))]));
        }
        told.extend(left.get().map(|minutes| ui.say_count("storing.minutes", minutes)));
        told.join(" · ")
    };
    view! {
        <div class="summary">
            <h2 id="storing">{words(heading)}</h2>
            <p class="live" role="status">{words(announcement(ui, heading))}</p>
            {part(move || (!ended.get()).then(|| view! {
                <progress class="bar whole" max="1000" prop:value=move || tally.with(Tally::thousandths) as f64 aria-labelledby="storing"></progress>
                <p class="sum">{words(part_of)}</p>
            }))}
            <p class="pause" role="status">{words(pause)}</p>
            {part(move || (!reasons.with(Vec::is_empty)).then(|| view! {
                <ul class="reasons">{reasons.get().into_iter().map(|(trouble, source, count)| {
                    let problem = ui.say_of(&trouble.sentence(), source);
                    view! { <li>{ui.words("storing.trouble", Some(count), &[("problem", &problem)])}</li> }
                }).collect_view()}</ul>
            }))}
            {part(move || if ended.get() { choices(ui).into_any() } else { stops(ui).into_any() })}
        </div>
    }
}

fn progress_in_words(ui: Ui, key: &str, tally: &Tally) -> String {
    let wanted = tally.wanted();
    ui.words(key, Some(wanted), &[("done", &ui.number(tally.stored))])
}

fn bytes(ui: Ui, received: u64, total: u64) -> String {
    ui.words("storing.bytes", None, &[("received", &ui.bytes(received)), ("total", &ui.bytes(total))])
}

/// What is said to those who do not see the bars: the beginning, each quarter, the end; and not each event.
pub(super) fn announcement(
    ui: Ui,
    heading: impl Fn() -> String + Copy + Send + Sync + 'static,
) -> impl Fn() -> String + Send + 'static {
    let milestone = ui.memo(|state| {
        let tally = tally(state);
        (tally.thousandths() / 250, tally.has_ended())
    });
    move || {
        let (quarter, ended) = milestone.get();
        untrack(|| {
            if ended || quarter == 0 {
                heading()
            } else {
                ui.state.with(|state| progress_in_words(ui, "storing.count", &tally(state)))
            }
        })
    }
}

/// Minutes that are left, once the pace is known well enough to promise some.
fn time_left(ui: Ui) -> Memo<Option<usize>> {
    let now = || js_sys::Date::now();
    // Where the present pace was begun to be measured; anew whenever the copying was held up.
    let began = StoredValue::new((now(), 0usize, 0usize));
    Memo::new(move |_| {
        ui.state.with(|state| {
            let storing = state.storing.as_ref()?;
            let (done, ended) = (storing.tally().thousandths(), storing.tally().ended());
            let (since, from, ended_before) = began.get_value();
            if state.offline || storing.lost || done < from {
                began.set_value((now(), done, ended));
                return None;
            }
            let passed = now() - since;
            let seconds = passed / 1000.0 * (1000 - done) as f64 / (done - from).max(1) as f64;
            // Three photos and ten seconds tell something; less than a minute is told by the bar.
            (ended >= ended_before + 3 && passed > 10_000.0 && done > from && seconds > 60.0)
                .then(|| (seconds / 60.0).ceil() as usize)
        })
    })
}

/// What a row shows of its photo.
#[derive(Clone, PartialEq)]
struct Row {
    state: &'static str,
    thousandths: usize,
    bytes: (u64, Option<u64>),
    trouble: Option<Trouble>,
    can_retry: bool,
}

impl Row {
    fn of(photo: &Photo) -> Self {
        let (state, trouble) = match &photo.progress {
            Progress::Waiting | Progress::Moving { received: 0, total: None } => ("waiting", None),
            Progress::Moving { .. } => ("moving", None),
            Progress::Stored(_) => ("stored", None),
            Progress::Failed(trouble) => ("failed", Some(trouble.clone())),
            Progress::Cancelled => ("cancelled", None),
        };
        Self { state, thousandths: photo.thousandths(), bytes: photo.bytes(), trouble, can_retry: photo.can_retry() }
    }
}

fn row(ui: Ui, place: usize, count: usize) -> impl IntoView {
    let photo =
        move |state: &State| state.storing.as_ref().and_then(|storing| storing.photos().get(place)).map(Row::of);
    let Some(chosen) =
        ui.state.with_untracked(|state| Some(state.storing.as_ref()?.photos().get(place)?.chosen.clone()))
    else {
        return ().into_any();
    };
    let row = ui.memo(photo);
    let state = ui.memo(move |state| photo(state).map_or("waiting", |row| row.state));
    let can_retry = ui.memo(move |state| photo(state).is_some_and(|row| row.can_retry));
    let say = move || row.with(|row| row.as_ref().map(|row| sentence(ui, row, chosen.source)).unwrap_or_default());
    let item = chosen.item;
    let name = item.caption.clone().unwrap_or_else(|| item.name.clone());
    let on_its_way = move || matches!(state.get(), "waiting" | "moving");
    let label = {
        let name = name.clone();
        move || {
            let key = if on_its_way() { "storing.cancel_one" } else { "storing.retry_one" };
            ui.words(key, None, &[("name", &name)])
        }
    };
    // One button for both, so that the focus stays where it was.
    let act = move |_| match on_its_way() {
        true => ui.send(Action::CancelPhoto(place)),
        false => ui.send(Action::RetryPhoto(place)),
    };
    view! {
        <li class="row" data-state=state aria-setsize=count.to_string() aria-posinset=(place + 1).to_string()>
            <span class="thumb">
                {ui.thumbnail(&item).map(|source| view! { <img src=source alt="" decoding="async" /> })}
            </span>
            <span class="what">
                <span class="name">{name}</span>
                <small>{words(say)}</small>
                <progress class="bar" max="1000" prop:value=move || row.with(|row| row.as_ref().map_or(0, |row| row.thousandths)) as f64 aria-hidden="true"></progress>
            </span>
            <span class="end">{part(move || match state.get() {
                "stored" => icon(shape::CHECK).into_any(),
                "failed" => icon(shape::ALERT).into_any(),
                _ => ().into_any(),
            })}</span>
            <button
                type="button"
                class="plain round one"
                data-action=move || if on_its_way() { "cancel-photo" } else { "retry-photo" }
                aria-label=words(label)
                hidden=move || !on_its_way() && !can_retry.get()
                on:click=act
            >
                {part(move || icon(if on_its_way() { shape::CLOSE } else { shape::RETRY }))}
            </button>
        </li>
    }
    .into_any()
}

fn sentence(ui: Ui, row: &Row, source: &'static crate::sources::Source) -> String {
    match (row.state, row.bytes, &row.trouble) {
        (_, _, Some(trouble)) => ui.say_of(&trouble.sentence(), source),
        ("moving", (received, Some(total)), _) => bytes(ui, received, total),
        ("moving", (received, None), _) => ui.bytes(received),
        ("stored", ..) => ui.say("storing.stored"),
        ("cancelled", ..) => ui.say("storing.cancelled"),
        _ => ui.say("storing.waiting"),
    }
}

/// While something is on its way.
fn stops(ui: Ui) -> impl IntoView {
    let may_hide = ui.picker.try_with_value(|picker| picker.options().hide_modal_when_uploading).unwrap_or_default();
    view! {
        <div class="choices">
            {may_hide.then(|| view! {
                <button type="button" class="secondary" data-action="minimize" on:click=ui.click(Action::Minimize(true))>
                    {icon(shape::SHRINK)}{ui.say("storing.minimize")}
                </button>
            })}
            <button type="button" class="secondary" data-action="cancel-all" on:click=ui.click(Action::CancelAll)>
                {ui.say("storing.cancel_all")}
            </button>
        </div>
    }
}

/// When all have ended, and not all are stored.
fn choices(ui: Ui) -> impl IntoView {
    let (tally, can_retry, signed_out) = ui.state.with_untracked(|state| {
        let storing = state.storing.as_ref();
        storing.map_or((Tally::default(), false, None), |it| (*it.tally(), it.can_retry(), it.signed_out_source()))
    });
    if tally.stored == tally.photos {
        return ().into_any();
    }
    let connect = signed_out.map(|source| {
        view! {
            <button type="button" class="primary" data-action="connect-again" on:click=ui.click(Action::ConnectAgain)>
                {ui.say_of("connect.button", source)}
            </button>
        }
    });
    let on = match tally.stored {
        0 => view! {
            <button type="button" class="secondary" data-action="back" on:click=ui.click(Action::Reconsider)>{ui.say("storing.back")}</button>
        }
        .into_any(),
        stored => view! {
            <button type="button" class=if can_retry || signed_out.is_some() { "secondary" } else { "primary" } data-action="continue" on:click=ui.click(Action::Finish)>
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
                    {ui.say(if tally.failed > 1 { "storing.retry_all" } else { "storing.retry" })}
                </button>
            })}
            {on}
        </div>
    }
    .into_any()
}

/// Asks whether the copying is to stop. A dialog within the dialog, which the browser keeps the focus in.
fn question(ui: Ui) -> impl IntoView {
    let element = NodeRef::<html::Dialog>::new();
    let asked = ui.memo(|state| state.storing.as_ref().is_some_and(|it| it.leaving && !it.has_ended()));
    Effect::new(move |_| {
        if let Some(dialog) = element.get() {
            match asked.get() {
                true => drop(dialog.show_modal()),
                false => dialog.close(),
            }
        }
    });
    let told = move || ui.state.with(|state| progress_in_words(ui, "leave.copied", &tally(state)));
    view! {
        <dialog
            class="question"
            role="alertdialog"
            node_ref=element
            aria-labelledby="leave"
            aria-describedby="leave-told"
            on:cancel=move |event: web_sys::Event| {
                event.prevent_default();
                ui.send(Action::Stay);
            }
        >
            <h2 id="leave">{ui.say("leave.title")}</h2>
            <p id="leave-told">{words(told)}</p>
            <div class="choices">
                // First, so that it has the focus: what it does can be undone.
                <button type="button" class="primary" data-action="stay" on:click=ui.click(Action::Stay)>{ui.say("leave.stay")}</button>
                <button type="button" class="secondary" data-action="stop-copying" on:click=ui.click(Action::StopCopying)>{ui.say("leave.stop")}</button>
            </div>
        </dialog>
    }
}
