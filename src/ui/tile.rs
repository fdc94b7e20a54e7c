//! One item of a folder: an album's card, a photo to choose, or a file that cannot be chosen and why.

use super::{Ui, icon, part, shape, words};
use crate::picker::Action;
use crate::selection::{Refusal, refusal};
use crate::text;
use bowerbird_protocol::listing::Item;
use leptos::prelude::*;
use std::sync::Arc;

/// The list entry of an item. `card` shows a folder's name under its picture, otherwise on it.
pub(super) fn tile(ui: Ui, item: Arc<Item>, card: bool) -> AnyView {
    if item.folder {
        return folder(ui, item, card).into_any();
    }
    match ui.state.with_untracked(|state| refusal(&item, &state.accept)) {
        Some(reason) => refused(ui, &item, reason).into_any(),
        None => photo(ui, item).into_any(),
    }
}

fn picture(item: &Item) -> impl IntoView + use<> {
    let broken = RwSignal::new(item.thumbnail.is_empty());
    let thumbnail = item.thumbnail.clone();
    part(move || {
        if broken.get() {
            view! { <span class="no-picture">{icon(shape::PHOTO)}</span> }.into_any()
        } else {
            let source = thumbnail.clone();
            view! { <img src=source alt="" loading="lazy" decoding="async" draggable="false" on:error=move |_| broken.set(true) /> }
                .into_any()
        }
    })
}

fn folder(ui: Ui, item: Arc<Item>, card: bool) -> impl IntoView {
    let count = item.count.map(|count| ui.say_count("albums.count", count as usize));
    let (name, below) = match card {
        true => (item.name.clone(), count),
        false => (count.unwrap_or_default(), None),
    };
    view! {
        <li class="cell">
            <button type="button" class="tile folder" data-path=item.path.clone() on:click=ui.click(Action::OpenFolder(item.clone()))>
                <span class="picture">{picture(&item)}<span class="corner">{(!card).then(|| icon(shape::STACK))}</span></span>
                <span class="caption"><span class="name">{name}</span><small>{below}</small></span>
            </button>
        </li>
    }
}

fn photo(ui: Ui, item: Arc<Item>) -> impl IntoView {
    let path = item.path.clone();
    let place = ui.memo(move |state| state.selection.position(state.shelf()?.source, &path));
    let several = ui.state.with_untracked(|state| state.selection.max() > 1);
    let mark = part(move || match place.get() {
        Some(place) if several => text::number((place + 1) as f64).into_any(),
        Some(_) => icon(shape::CHECK).into_any(),
        None => ().into_any(),
    });
    let name = item.caption.clone().unwrap_or_else(|| item.name.clone());
    view! {
        <li class="cell">
            <button
                type="button"
                class="tile photo"
                data-path=item.path.clone()
                aria-label=name.clone()
                title=name
                aria-pressed=words(move || place.get().is_some().to_string())
                on:click=ui.click(Action::Toggle(item.clone()))
            >
                <span class="picture">{picture(&item)}</span>
                <span class="mark" aria-hidden="true">{mark}</span>
            </button>
        </li>
    }
}

fn refused(ui: Ui, item: &Item, reason: Refusal) -> impl IntoView + use<> {
    let (shape, key) = match reason {
        Refusal::Video => (shape::VIDEO, "photo.video"),
        Refusal::NotAccepted => (shape::ALERT, "photo.not_accepted"),
    };
    let reason = ui.say(key);
    view! {
        <li class="cell">
            <div class="tile refused" data-path=item.path.clone()>
                <span class="picture">{picture(item)}</span>
                <span class="reason">{icon(shape)}<span>{reason}</span></span>
            </div>
        </li>
    }
}
