//! One photo, large: to be looked at, to be chosen, and on to the next.

use super::grid::name_of;
use super::{Click, Part, Ui, icon, is_mirrored, part, rendition, shape, words};
use crate::picker::Action;
use crate::selection::Refusal;
use crate::state::{Rest, Shown, State};
use bowerbird_protocol::listing::Item;
use leptos::html;
use leptos::prelude::*;
use std::sync::Arc;
use wasm_bindgen::JsCast;
use web_sys::{KeyboardEvent, PointerEvent};

/// How near the end of what is loaded the next page is asked for.
const AHEAD: usize = 4;
/// How many pixels a finger goes before it is a swipe.
const SWIPE: i32 = 48;

/// The photos of what is seen, and where among them the large one is.
#[derive(Clone, PartialEq)]
struct Place {
    photos: Arc<Vec<Shown>>,
    at: usize,
}

impl Place {
    fn item(&self, at: Option<usize>) -> Option<Arc<Item>> {
        Some(self.photos.get(at?)?.item.clone())
    }
}

/// The large view, while there is a photo in it.
pub(super) fn preview(ui: Ui) -> impl IntoView {
    let open = ui.memo(|state| state.preview.is_some());
    let path = ui.memo(|state| state.preview.clone());
    Effect::new(move |before: Option<Option<String>>| {
        let now = path.get();
        // Back to where the visitor came from, at the photo that was seen last.
        if let (Some(left @ Some(_)), None) = (before, &now) {
            ui.left_at.try_set(left);
        }
        now
    });
    part(move || open.get().then(|| view(ui)))
}

fn view(ui: Ui) -> AnyView {
    // In two steps: the list is made anew when the folder changes, not with every photo that is chosen.
    let folder = ui.memo(|state| state.folder().cloned());
    let photos = Memo::new(move |_| {
        let mut shown = folder.with(|folder| folder.as_ref().map(|folder| folder.shown()).unwrap_or_default());
        shown.retain(|it| !it.item.folder);
        Arc::new(shown)
    });
    let path = ui.memo(|state| state.preview.clone());
    let place = Memo::new(move |_| {
        let photos = photos.get();
        let at = path.with(|path| photos.iter().position(|it| Some(&it.item.path) == path.as_ref()))?;
        Some(Place { photos, at })
    });
    let item = Memo::new(move |_| place.with(|place| place.as_ref().and_then(|place| place.item(Some(place.at)))));
    let element = NodeRef::<html::Dialog>::new();
    Effect::new(move |_| {
        if let Some(dialog) = element.get() {
            // The browser keeps the focus within it, and everything behind it from being reached.
            let _ = dialog.show_modal();
            let _ = dialog.focus();
        }
    });
    let shut = move || close(ui, element);
    Effect::new(move |_| {
        // The list may have been loaded anew without it.
        if place.with(Option::is_none) {
            shut();
        }
    });
    Effect::new(move |_| {
        let near = place.with(|place| place.as_ref().is_some_and(|it| it.at + AHEAD > it.photos.len()));
        // Where something is looked for, a page may bring nothing of it, and then all would be loaded.
        if near
            && folder.with(|folder| {
                folder.as_ref().is_some_and(|it| !it.find.leaves_out() && matches!(it.rest, Rest::More(_)))
            })
        {
            ui.send(Action::LoadMore);
        }
    });
    let go = move |on: bool| {
        let to = place.with_untracked(|place| {
            let place = place.as_ref()?;
            place.item(if on { place.at.checked_add(1) } else { place.at.checked_sub(1) })
        });
        if let Some(to) = to {
            ui.send(Action::Preview(Some(to.path.clone())));
        }
    };
    let keys = move |event: KeyboardEvent| {
        let on_button = event
            .target()
            .is_some_and(|target| target.dyn_into::<web_sys::Element>().is_ok_and(|it| it.tag_name() == "BUTTON"));
        let mirrored = element.get_untracked().is_some_and(|dialog| is_mirrored(&dialog));
        match event.key().as_str() {
            "Escape" => shut(),
            // On a button these two press it.
            " " if !on_button => shut(),
            "Enter" if !on_button => {
                if let Some(item) = item.get_untracked().filter(|item| refused(ui, item).is_none()) {
                    ui.send(Action::Toggle(item));
                }
            }
            "ArrowLeft" => go(mirrored),
            "ArrowRight" => go(!mirrored),
            _ => return,
        }
        event.prevent_default();
        event.stop_propagation();
    };
    let press = StoredValue::new(None::<(i32, i32)>);
    let lift = move |event: PointerEvent| {
        let Some((x, y)) = press.get_value() else { return };
        press.set_value(None);
        let (across, down) = (event.client_x() - x, event.client_y() - y);
        if across.abs() > SWIPE && across.abs() > 2 * down.abs() {
            let mirrored = element.get_untracked().is_some_and(|dialog| is_mirrored(&dialog));
            go((across < 0) != mirrored);
        }
    };
    let label = ui.say("preview.label");
    view! {
        <dialog
            class="preview"
            node_ref=element
            tabindex="-1"
            aria-label=label
            on:keydown=keys
            on:cancel=move |event: web_sys::Event| {
                event.prevent_default();
                event.stop_propagation();
                shut();
            }
            on:close=move |_| shut()
        >
            {part(move || item.get().map(|item| picture(ui, &item)))}
            <div
                class="stage"
                on:pointerdown=move |event| press.set_value((event.pointer_type() == "touch").then(|| (event.client_x(), event.client_y())))
                on:pointerup=lift
                on:pointercancel=move |_| press.set_value(None)
            ></div>
            {turn(ui, false, place)}
            {turn(ui, true, place)}
            <div class="bar-above">
                <p class="place">{words(move || counted(ui, place))}</p>
                <button type="button" class="plain round" data-action="close-preview" aria-label=ui.say("preview.close") on:click=move |_| shut()>
                    {icon(shape::CLOSE)}
                </button>
            </div>
            <div class="bar-below">
                <div class="told" aria-live="polite">{part(move || item.get().map(|item| told(ui, &item)))}</div>
                {part(move || item.get().map(|item| choosing(ui, item)))}
            </div>
            <div class="ahead" hidden>{ahead(place)}</div>
        </dialog>
    }
    .into_any()
}

/// Closes it before it goes, so that the browser gives the focus back to where it was.
fn close(ui: Ui, element: NodeRef<html::Dialog>) {
    if !ui.state.try_with_untracked(|state| state.preview.is_some()).unwrap_or_default() {
        return;
    }
    if let Some(dialog) = element.try_get_untracked().flatten() {
        dialog.close();
    }
    ui.send(Action::Preview(None));
}

/// The width of the rendition that is sharp at this size: the companion keeps two that are large enough to be looked at.
fn width(item: &Item) -> u32 {
    let Some(window) = web_sys::window() else { return 1280 };
    let across = window.inner_width().ok().and_then(|width| width.as_f64()).unwrap_or(1280.0);
    let down = window.inner_height().ok().and_then(|height| height.as_f64()).unwrap_or(800.0);
    let drawn = match (item.width, item.height) {
        (Some(width), Some(height)) if height > 0 => across.min(down * f64::from(width) / f64::from(height)),
        _ => across,
    };
    if drawn * window.device_pixel_ratio() <= 640.0 { 640 } else { 1280 }
}

pub(super) fn large(item: &Item) -> String {
    rendition(&item.thumbnail, width(item))
}

/// The large picture over the small one that is there already.
fn picture(ui: Ui, item: &Item) -> AnyView {
    if item.thumbnail.is_empty() {
        return view! { <div class="photo-large no-picture">{icon(shape::PHOTO)}</div> }.into_any();
    }
    let here = RwSignal::new(false);
    let gone = RwSignal::new(false);
    let name = name_of(ui, item);
    view! {
        <div class="photo-large">
            {ui.thumbnail(item).map(|source| view! { <img class="small" src=source alt="" aria-hidden="true" /> })}
            <img
                class="large"
                class:here=here
                class:gone=gone
                src=large(item)
                alt=name
                draggable="false"
                on:load=move |_| { here.try_set(true); }
                on:error=move |_| { gone.try_set(true); }
            />
            {part(move || (!here.get() && !gone.get()).then(|| view! { <div class="spinner" aria-hidden="true"></div> }))}
            {part(move || gone.get().then(|| view! { <span class="no-picture">{icon(shape::PHOTO)}</span> }))}
        </div>
    }
    .into_any()
}

/// Fetches the pictures on both sides, so that they are there when somebody goes on.
fn ahead(place: Memo<Option<Place>>) -> Part {
    part(move || {
        let beside = place.with(|place| {
            let Some(place) = place else { return Vec::new() };
            let both = [place.item(place.at.checked_add(1)), place.item(place.at.checked_sub(1))];
            both.into_iter().flatten().filter(|item| !item.thumbnail.is_empty()).collect()
        });
        beside.into_iter().map(|item| view! { <img src=large(&item) alt="" /> }).collect_view()
    })
}

fn turn(ui: Ui, on: bool, place: Memo<Option<Place>>) -> impl IntoView {
    let to = Memo::new(move |_| {
        place.with(|place| {
            let place = place.as_ref()?;
            place.item(if on { place.at.checked_add(1) } else { place.at.checked_sub(1) })
        })
    });
    let press: Click = Box::new(move |_| {
        if let Some(to) = to.get_untracked() {
            ui.send(Action::Preview(Some(to.path.clone())));
        }
    });
    let (name, key) = if on { ("next", "preview.next") } else { ("previous", "preview.previous") };
    view! {
        <button
            type="button"
            class="plain round turn"
            class:on=on
            data-action=name
            aria-label=ui.say(key)
            // Not `disabled`: at the last photo that would take the focus away.
            aria-disabled=words(move || to.with(Option::is_none).to_string())
            on:click=press
        >
            {icon(shape::BACK)}
        </button>
    }
}

fn counted(ui: Ui, place: Memo<Option<Place>>) -> String {
    let Some((at, count)) = place.with(|place| place.as_ref().map(|place| (place.at, place.photos.len()))) else {
        return String::new();
    };
    let more = ui.state.with(|state| state.next_page().is_some());
    let fill = [("place", ui.number(at + 1)), ("total", ui.number(count))];
    let fill = fill.each_ref().map(|(name, words)| (*name, words.as_str()));
    ui.words(if more { "preview.place_yet" } else { "preview.place" }, None, &fill)
}

/// What is known of it.
fn told(ui: Ui, item: &Item) -> AnyView {
    let pixels = item.width.zip(item.height).map(|(width, height)| {
        let fill = [("width", width.to_string()), ("height", height.to_string())];
        let fill = fill.each_ref().map(|(name, words)| (*name, words.as_str()));
        ui.words("preview.pixels", None, &fill)
    });
    let date = item.date.as_deref().map(|date| ui.date(date)).filter(|date| !date.is_empty());
    let whence = ui.state.with_untracked(|state| {
        let shelf = state.shelf()?;
        let album = state.folder().map(|folder| folder.name.clone()).filter(|name| !name.is_empty());
        Some(album.unwrap_or_else(|| ui.source_name(shelf.source)))
    });
    let facts = [date, pixels, whence].into_iter().flatten();
    view! {
        <p class="said" dir="auto">{name_of(ui, item)}</p>
        <p class="facts">{facts.map(|fact| view! { <bdi>{fact}</bdi> }).collect_view()}</p>
    }
    .into_any()
}

fn refused(ui: Ui, item: &Item) -> Option<Refusal> {
    ui.state.with_untracked(|state| state.refusal(item))
}

/// The button that chooses it, or why it cannot be chosen; and what the page or the limit have to say to that.
fn choosing(ui: Ui, item: Arc<Item>) -> AnyView {
    if let Some(refusal) = refused(ui, &item) {
        let (shape, key) = match refusal {
            Refusal::Video => (shape::VIDEO, "photo.video"),
            Refusal::NotAccepted => (shape::ALERT, "photo.not_accepted"),
        };
        return view! { <p class="why">{icon(shape)}<span>{ui.say(key)}</span></p> }.into_any();
    }
    let path = item.path.clone();
    let chosen =
        ui.memo(move |state| state.shelf().is_some_and(|it| state.selection.position(it.source, &path).is_some()));
    let path = item.path.clone();
    let edit = ui.memo(move |state| {
        let place = state.selection.position(state.shelf()?.source, &path)?;
        ui.options(|options| options.edits(&state.selection.chosen()[place])).then_some(place)
    });
    let notice = move || {
        ui.state.with(|state: &State| match ui.notice(state) {
            Some(words) => words,
            None => {
                let (count, max) = (state.selection.chosen().len(), ui.number(state.selection.max()));
                if count == 0 { String::new() } else { ui.words("selection.count", Some(count), &[("maxFiles", &max)]) }
            }
        })
    };
    view! {
        <div class="choosing">
            <p class="notice" aria-live="polite">{words(notice)}</p>
            {part(move || edit.get().map(|place| view! {
                <button type="button" class="plain" data-action="edit" on:click=ui.click(Action::Edit(place))>
                    {icon(shape::EDIT)}<span>{ui.say("editor.open")}</span>
                </button>
            }))}
            <button
                type="button"
                class="primary"
                class:chosen=chosen
                data-action="choose"
                aria-pressed=words(move || chosen.get().to_string())
                on:click=ui.click(Action::Toggle(item))
            >
                {part(move || chosen.get().then(|| icon(shape::CHECK)))}
                {ui.say("preview.select")}
            </button>
        </div>
    }
    .into_any()
}
