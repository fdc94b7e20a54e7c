//! An open folder: albums as cards, photos as a grid, and what comes after them.

use super::{Ui, icon, part, shape, tile, trouble};
use crate::picker::Action;
use crate::state::Rest;
use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{IntersectionObserver, IntersectionObserverEntry, IntersectionObserverInit};

/// How far ahead of the visible part the next page is asked for.
const AHEAD: &str = "1200px";

/// The open folder.
pub(super) fn folder(ui: Ui) -> impl IntoView {
    let name = ui.memo(|state| Some(format!("{}{}", state.shelf()?.source.name, state.folder()?.path)));
    part(move || name.get().map(|name| contents(ui, name)))
}

fn contents(ui: Ui, name: String) -> impl IntoView {
    let scroller = NodeRef::<html::Div>::new();
    let place = ui.places.with_value(|places| places.iter().find(|(of, _)| *of == name).map(|(_, place)| *place));
    Effect::new(move |_| {
        // Leptos draws one folder into the elements of the other, scrolled as they are.
        if let Some(scroller) = scroller.get() {
            scroller.set_scroll_top(place.unwrap_or_default());
        }
    });
    let remember = move |_| {
        let place = scroller.get_untracked().map(|scroller| scroller.scroll_top()).unwrap_or_default();
        ui.places.update_value(|places| {
            places.retain(|(of, _)| *of != name);
            places.push((name.clone(), place));
        });
    };
    let items = ui.memo(|state| state.folder().map(|folder| folder.items.clone()).unwrap_or_default());
    let rest = ui.memo(|state| state.folder().map(|folder| folder.rest.clone()));
    let albums = ui
        .state
        .with_untracked(|state| state.shelf().is_some_and(|shelf| shelf.source.albums && shelf.trail.len() == 1));
    let full = ui.memo(|state| state.selection.is_full() && state.selection.max() > 1);
    let empty =
        ui.memo(|state| state.folder().is_some_and(|folder| folder.items.is_empty() && folder.rest == Rest::End));
    let first = move || items.with(Vec::is_empty) && matches!(rest.get(), Some(Rest::Loading(_)));
    view! {
        <div class="folder" node_ref=scroller on:scroll=remember>
            <ul class="grid" class:albums=albums class:full=full>
                <For each=move || items.get() key=|item| item.path.clone() let:item>
                    {tile::tile(ui, item, albums)}
                </For>
            </ul>
            {part(move || first().then(|| skeleton(ui)))}
            {part(move || empty.get().then(|| nothing(ui, albums)))}
            {part(move || match rest.get() {
                Some(Rest::More(_)) => more(ui).into_any(),
                Some(Rest::Failed(_, failure)) => trouble::trouble(ui, failure, move || ui.send(Action::LoadMore)).into_any(),
                Some(Rest::Loading(Some(_))) => view! { <div class="spinner" aria-hidden="true"></div> }.into_any(),
                _ => ().into_any(),
            })}
        </div>
    }
}

fn nothing(ui: Ui, albums: bool) -> impl IntoView {
    view! {
        <div class="message empty">
            {icon(shape::PHOTO)}
            <p>{ui.say(if albums { "folder.no_albums" } else { "folder.empty" })}</p>
        </div>
    }
}

/// Asks for the next page when it comes near the visible part. It is made anew for each page, so a page too short to
/// push it out of sight is followed at once; the button is for those who do not scroll.
fn more(ui: Ui) -> impl IntoView {
    let button = NodeRef::<html::Button>::new();
    Effect::new(move |_| {
        let Some(element) = button.get() else { return };
        let closure = Closure::<dyn FnMut(js_sys::Array)>::new(move |entries: js_sys::Array| {
            let near =
                |entry: wasm_bindgen::JsValue| entry.unchecked_into::<IntersectionObserverEntry>().is_intersecting();
            if entries.iter().any(near) {
                ui.send(Action::LoadMore);
            }
        });
        let options = IntersectionObserverInit::new();
        options.set_root_margin(AHEAD);
        if let Ok(Some(scroller)) = element.closest(".folder") {
            options.set_root(Some(&scroller));
        }
        if let Ok(observer) = IntersectionObserver::new_with_options(closure.as_ref().unchecked_ref(), &options) {
            observer.observe(&element);
            let watch = StoredValue::new_local((observer, closure));
            on_cleanup(move || {
                watch.try_with_value(|(observer, _)| observer.disconnect());
            });
        }
    });
    view! {
        <button type="button" class="secondary more" node_ref=button on:click=ui.click(Action::LoadMore)>
            {ui.say("folder.more")}
        </button>
    }
}

/// Where photos will be.
pub(super) fn skeleton(ui: Ui) -> impl IntoView {
    view! {
        <div class="grid skeleton" role="status" aria-label=ui.say("folder.loading")>
            {(0..12).map(|_| view! { <div class="bone"></div> }).collect_view()}
        </div>
    }
}
