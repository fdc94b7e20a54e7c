//! All that is chosen, across albums and sources: in its order, to be moved and removed.
//!
//! It is a list with one tab stop, as the pattern of a list that can be rearranged has it: arrows go from photo to photo, Delete
//! removes, and an arrow with Ctrl or Alt moves. The same is done with a mouse, with a finger at a photo's grip, or by
//! the buttons. A slot stands for a place and not for a photo, so that no element moves while it has the focus or a finger on it.

use super::rows::rows;
use super::{Ui, icon, is_mirrored, part, shape, words};
use crate::picker::Action;
use crate::selection::Chosen;
use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement, KeyboardEvent, PointerEvent};

/// Pixels from one photo to the next; the style sheet says the same.
const SLOT: i32 = 104;
/// Pixels that are at least taken for seen.
const VIEW: i32 = 720;
/// Pixels at each end of the list where a photo that is dragged has the list scroll.
const EDGE: f64 = 48.0;

/// The tray, if it is open.
pub(super) fn tray(ui: Ui) -> impl IntoView {
    let open = ui.memo(|state| state.tray && state.storing.is_none());
    part(move || open.get().then(|| panel(ui)))
}

/// What the tray remembers while it is open.
#[derive(Clone, Copy)]
struct Tray {
    ui: Ui,
    /// The slot that the arrows have reached.
    at: RwSignal<usize>,
    /// Where a photo is being dragged: its slot, and how far it lies from there.
    lifted: RwSignal<Option<(usize, i32)>>,
    /// What was done, for those who do not see it.
    told: RwSignal<String>,
    shown: RwSignal<std::ops::Range<usize>>,
    list: NodeRef<html::Ul>,
}

impl Tray {
    fn count(self) -> usize {
        self.ui.state.with_untracked(|state| state.selection.chosen().len())
    }

    fn list(self) -> Option<HtmlElement> {
        self.list.get_untracked().map(|list| list.unchecked_into())
    }

    fn scroller(self) -> Option<Element> {
        self.list()?.parent_element()
    }

    fn is_mirrored(self) -> bool {
        self.list().is_some_and(|list| is_mirrored(&list))
    }

    /// Draws what is seen.
    fn look(self) {
        if let Some(scroller) = self.scroller() {
            // Right to left, browsers count from 0 downwards.
            let now = rows(scroller.scroll_left().abs(), scroller.client_width().max(VIEW), SLOT, self.count());
            if self.shown.with_untracked(|shown| *shown != now) {
                self.shown.set(now);
            }
        }
    }

    /// Goes to a slot, and takes the focus along.
    fn go_to(self, slot: usize) {
        let slot = slot.min(self.count().saturating_sub(1));
        self.at.set(slot);
        if let Some(scroller) = self.scroller() {
            let (start, seen) = (slot as i32 * SLOT, scroller.scroll_left().abs());
            let view = scroller.client_width();
            let aim = if start < seen { start } else { seen.max(start + SLOT - view) };
            if aim != seen {
                scroller.set_scroll_left(if self.is_mirrored() { -aim } else { aim });
            }
        }
        self.look();
        // The slot may have to be drawn first.
        request_animation_frame(move || {
            let slot = self.list().and_then(|list| list.query_selector("[tabindex='0']").ok().flatten());
            if let Some(slot) = slot {
                let _ = slot.unchecked_into::<HtmlElement>().focus();
            }
        });
    }

    fn move_to(self, from: usize, to: usize) {
        let count = self.count();
        if from == to || from >= count || to >= count {
            return;
        }
        self.ui.send(Action::Move(from, to));
        let fill = [("place", &*self.ui.number(to + 1)), ("count", &*self.ui.number(count))];
        self.told.set(self.ui.words("tray.moved", None, &fill));
    }

    /// Moves a photo by the keyboard or a button.
    fn shift(self, to: Option<usize>) {
        if let Some(to) = to.filter(|to| *to < self.count()) {
            self.move_to(self.at.get_untracked(), to);
            self.go_to(to);
        }
    }

    fn remove(self, slot: usize) {
        self.told.set(String::new());
        self.ui.send(Action::Remove(slot));
        if self.count() > 0 {
            self.go_to(slot);
        }
    }

    fn press(self, event: &KeyboardEvent) {
        let (at, last) = (self.at.get_untracked(), self.count().saturating_sub(1));
        let (next, previous) = (Some(at + 1).filter(|next| *next <= last), at.checked_sub(1));
        let (on, back) = if self.is_mirrored() { ("ArrowLeft", "ArrowRight") } else { ("ArrowRight", "ArrowLeft") };
        let moves = event.ctrl_key() || event.alt_key() || event.meta_key();
        let key = event.key();
        let to = match &*key {
            "Home" => Some(0),
            "End" => Some(last),
            "ArrowDown" => next,
            "ArrowUp" => previous,
            key if key == on => next,
            key if key == back => previous,
            "Delete" | "Backspace" => {
                event.prevent_default();
                return self.remove(at);
            }
            _ => return,
        };
        event.prevent_default();
        match to {
            Some(_) if moves => self.shift(to),
            Some(to) => self.go_to(to),
            None => {}
        }
    }

    /// A mouse takes hold of a photo anywhere, a finger at its grip, since it scrolls everywhere else.
    fn take(self, event: &PointerEvent) {
        let Some(target) = event.target().and_then(|target| target.dyn_into::<Element>().ok()) else { return };
        let on = |selector: &str| target.closest(selector).ok().flatten();
        let held = event.pointer_type() == "mouse" || on(".grip").is_some();
        if !held || event.button() != 0 || on(".remove").is_some() {
            return;
        }
        let slot = on(".slot").and_then(|slot| slot.get_attribute("data-slot")?.parse::<usize>().ok());
        if let Some((slot, list)) = slot.zip(self.list()) {
            self.at.set(slot);
            self.lifted.set(Some((slot, 0)));
            // The list, since the slot may be scrolled away.
            let _ = list.set_pointer_capture(event.pointer_id());
        }
    }

    fn drag(self, event: &PointerEvent) {
        let Some(((slot, _), list)) = self.lifted.get_untracked().zip(self.list()) else { return };
        let Some(scroller) = self.scroller() else { return };
        let (frame, pointer) = (scroller.get_bounding_client_rect(), f64::from(event.client_x()));
        if pointer < frame.left() + EDGE {
            scroller.set_scroll_left(scroller.scroll_left() - SLOT / 6);
        } else if pointer > frame.right() - EDGE {
            scroller.set_scroll_left(scroller.scroll_left() + SLOT / 6);
        }
        let rect = list.get_bounding_client_rect();
        let mirrored = self.is_mirrored();
        let along = if mirrored { rect.right() - pointer } else { pointer - rect.left() };
        let last = self.count().saturating_sub(1) as i32;
        let to = ((along as i32).max(0) / SLOT).min(last);
        let off = (along as i32 - to * SLOT - SLOT / 2).clamp(-SLOT, SLOT);
        self.move_to(slot, to as usize);
        self.at.set(to as usize);
        self.lifted.set(Some((to as usize, if mirrored { -off } else { off })));
    }

    fn drop(self) {
        if self.lifted.get_untracked().is_some() {
            self.lifted.set(None);
            self.go_to(self.at.get_untracked());
        }
    }
}

fn panel(ui: Ui) -> impl IntoView {
    let tray = Tray {
        ui,
        at: RwSignal::new(0),
        lifted: RwSignal::new(None),
        told: RwSignal::new(String::new()),
        shown: RwSignal::new(0..0),
        list: NodeRef::new(),
    };
    let count = ui.memo(|state| state.selection.chosen().len());
    Effect::new(move |before: Option<()>| {
        count.track();
        if tray.at.get_untracked() >= count.get_untracked() {
            tray.at.set(count.get_untracked().saturating_sub(1));
        }
        tray.look();
        if before.is_none() {
            tray.go_to(0);
        }
    });
    on_cleanup(move || give_focus_back(tray));
    let places = move || tray.shown.get().filter(|slot| *slot < count.get()).collect::<Vec<_>>();
    let before = move || format!("{}px", tray.shown.get().start as i32 * SLOT);
    let width = move || format!("{}px", count.get() as i32 * SLOT);
    let editable = ui.memo(move |state| {
        let at = tray.at.get();
        state.selection.chosen().get(at).is_some_and(|photo| ui.options(|options| options.edits(photo)))
    });
    let button = move |name: &'static str, key: &str, shape: &'static str, act: Box<dyn Fn()>| {
        let off = move || match name {
            "earlier" => tray.at.get() == 0,
            "later" => tray.at.get() + 1 >= count.get(),
            _ => false,
        };
        view! {
            <button type="button" class="plain" data-action=name aria-disabled=words(move || off().to_string()) on:click=move |_| act()>
                {icon(shape)}<span>{ui.say(key)}</span>
            </button>
        }
    };
    view! {
        <section class="tray" id="tray" aria-labelledby="tray-title">
            <div class="bar-of-tray">
                <h2 id="tray-title">{ui.say("tray.title")}</h2>
                <p class="hint">{ui.say("tray.hint")}</p>
                <button type="button" class="plain round" data-action="close-tray" aria-label=ui.say("tray.close") on:click=ui.click(Action::ShowTray(false))>
                    {icon(shape::CLOSE)}
                </button>
            </div>
            <p class="live" role="status">{words(move || tray.told.get())}</p>
            <div class="strip" on:scroll=move |_| tray.look()>
                <ul
                    class="slots"
                    role="listbox"
                    aria-orientation="horizontal"
                    aria-labelledby="tray-title"
                    node_ref=tray.list
                    style:width=width
                    style:padding-inline-start=before
                    on:keydown=move |event| tray.press(&event)
                    on:pointerdown=move |event| tray.take(&event)
                    on:pointermove=move |event| tray.drag(&event)
                    on:pointerup=move |_| tray.drop()
                    on:pointercancel=move |_| tray.drop()
                >
                    <For each=places key=|slot| *slot let:slot>{slot_of(tray, slot)}</For>
                </ul>
            </div>
            <div class="tools">
                {button("earlier", "tray.earlier", shape::EARLIER, Box::new(move || tray.shift(tray.at.get_untracked().checked_sub(1))))}
                {button("later", "tray.later", shape::LATER, Box::new(move || tray.shift(Some(tray.at.get_untracked() + 1))))}
                {part(move || editable.get().then(|| view! {
                    <button type="button" class="plain" data-action="edit" on:click=move |_| ui.send(Action::Edit(tray.at.get_untracked()))>
                        {icon(shape::EDIT)}<span>{ui.say("editor.open")}</span>
                    </button>
                }))}
                {button("remove", "tray.remove", shape::BIN, Box::new(move || tray.remove(tray.at.get_untracked())))}
            </div>
        </section>
    }
}

/// The button that opened the tray gets the focus, unless it went elsewhere.
fn give_focus_back(tray: Tray) {
    let Some(list) = tray.list() else { return };
    let (Some(section), Some(dialog)) = (list.closest(".tray").ok().flatten(), list.closest(".dialog").ok().flatten())
    else {
        return;
    };
    if section.query_selector(":focus").ok().flatten().is_some()
        && let Some(button) = dialog.query_selector("[data-action='tray']").ok().flatten()
    {
        let _ = button.unchecked_into::<HtmlElement>().focus();
    }
}

fn slot_of(tray: Tray, slot: usize) -> impl IntoView {
    let ui = tray.ui;
    let photo = ui.memo(move |state| state.selection.chosen().get(slot).map(|chosen| Picture::of(ui, chosen)));
    let count = ui.memo(|state| state.selection.chosen().len());
    let name = move || photo.with(|photo| photo.as_ref().map(|photo| photo.name.clone()).unwrap_or_default());
    let label = move || {
        let fill = [("name", &*name()), ("place", &*ui.number(slot + 1)), ("count", &*ui.number(count.get()))];
        let place = ui.words("tray.place", None, &fill);
        let edited = photo.with(|photo| photo.as_ref().is_some_and(|photo| photo.edited));
        if edited { format!("{place}, {}", ui.say("editor.edited")) } else { place }
    };
    let is_at = move || tray.at.get() == slot;
    let lifted = move || tray.lifted.get().filter(|(of, _)| *of == slot);
    let pulled = move || lifted().map(|(_, off)| format!("translateX({off}px) scale(1.06)")).unwrap_or_default();
    view! {
        <li
            class="slot"
            class:lifted=move || lifted().is_some()
            role="option"
            data-slot=slot.to_string()
            tabindex=move || if is_at() { "0" } else { "-1" }
            aria-selected=words(move || is_at().to_string())
            aria-label=words(label)
            aria-setsize=words(move || count.get().to_string())
            aria-posinset=(slot + 1).to_string()
            style:transform=pulled
            on:focus=move |_| tray.at.set(slot)
        >
            <span class="picture">
                {part(move || photo.with(|photo| photo.as_ref().and_then(|photo| photo.thumbnail.clone())).map(|source| view! {
                    <img src=source alt="" decoding="async" draggable="false" />
                }))}
                <span class="place" data-place=ui.number(slot + 1)></span>
                {part(move || photo.with(|photo| photo.as_ref().is_some_and(|photo| photo.edited)).then(|| view! {
                    <span class="edited" title=ui.say("editor.edited")>{icon(shape::EDIT)}</span>
                }))}
                // Not a button: those who use no pointer have the key and the button below.
                <span class="remove" aria-hidden="true" title=ui.say("tray.remove") on:click=move |_| tray.remove(slot)>{icon(shape::CLOSE)}</span>
            </span>
            <span class="name" aria-hidden="true">{words(name)}</span>
            // By itself: what never changes within an element is made by innerHTML, which strict pages forbid.
            {view! { <span class="grip" aria-hidden="true"></span> }}
        </li>
    }
}

/// What a slot shows of its photo.
#[derive(Clone, PartialEq)]
struct Picture {
    name: String,
    thumbnail: Option<String>,
    edited: bool,
}

impl Picture {
    fn of(ui: Ui, chosen: &Chosen) -> Self {
        let item = &chosen.item;
        let name = item.caption.clone().unwrap_or_else(|| item.name.clone());
        Self { name, thumbnail: ui.thumbnail(item), edited: chosen.edit().recipe().is_some() }
    }
}
