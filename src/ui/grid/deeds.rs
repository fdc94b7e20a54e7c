//! What clicks and keys do in the grid.

use super::super::is_mirrored;
use super::keys::Room;
use super::sweep::Sweep;
use super::{After, Grid, Inner};
use crate::picker::Action;
use crate::state::State;
use bowerbird_protocol::listing::Item;
use leptos::prelude::WithUntracked;
use std::rc::Rc;
use std::sync::Arc;
use wasm_bindgen::JsCast;
use web_sys::{Element, Event, KeyboardEvent, MouseEvent};

impl Grid {
    /// The place of the tile that an event is about.
    pub(super) fn place_of(event: &Event) -> Option<(usize, Element)> {
        let target: Element = event.target()?.dyn_into().ok()?;
        let place = target.closest(".tile").ok()??.get_attribute("data-place")?;
        Some((place.parse().ok()?, target))
    }

    fn item(&self, place: usize) -> Option<Arc<Item>> {
        self.inner.borrow().list.get(place).map(|shown| shown.item.clone())
    }

    pub(super) fn is_choosing_several(&self) -> bool {
        self.ui.state.try_with_untracked(|state| state.selection.max() > 1).unwrap_or_default()
    }

    pub(super) fn clicked(self: &Rc<Self>, event: &Event) {
        if self.spent.take() {
            return;
        }
        let Some((place, target)) = Self::place_of(event) else { return };
        self.activate(place);
        if target.matches(".look").unwrap_or_default() {
            self.look(place);
        } else {
            self.act(place, event.unchecked_ref::<MouseEvent>().shift_key());
        }
    }

    /// Chooses a photo or lets go of it, or opens a folder. With Shift everything from the last one on is chosen.
    fn act(&self, place: usize, on_from_there: bool) {
        let Some(item) = self.item(place) else { return };
        if item.folder {
            return self.open(item);
        }
        let can_be_chosen = |state: &State| state.refusal(&item).is_none();
        if !self.ui.state.try_with_untracked(can_be_chosen).unwrap_or_default() {
            return;
        }
        if on_from_there && self.is_choosing_several() {
            return self.extend(place);
        }
        {
            let mut inner = self.inner.borrow_mut();
            inner.anchor = place;
            inner.sweep = None;
        }
        self.ui.send(Action::Toggle(item));
    }

    /// An album is gone into; what stands among photos is opened in its place.
    fn open(&self, item: Arc<Item>) {
        let among_photos = self.ui.state.try_with_untracked(|it| it.shelf().is_some_and(|shelf| !shelf.source.albums));
        self.ui.send(if among_photos.unwrap_or_default() {
            Action::Unfold(item)
        } else {
            Action::OpenFolder(self.ui.named(item))
        });
    }

    fn look(&self, place: usize) {
        if let Some(item) = self.item(place) {
            self.ui.send(Action::Preview(Some(item.path.clone())));
        }
    }

    /// Chooses from the anchor to this place, and lets go of what an earlier end of the same range had taken beyond.
    pub(super) fn extend(&self, place: usize) {
        let reached = self.ui.state.try_with_untracked(|state| {
            let mut inner = self.inner.borrow_mut();
            let Inner { sweep, anchor, list, .. } = &mut *inner;
            let Some(shelf) = state.shelf() else { return Default::default() };
            let can_take = |place: usize| {
                let item = list.get(place).map(|shown| &shown.item).filter(|item| !item.folder);
                item.is_some_and(|item| {
                    state.selection.position(shelf.source, &item.path).is_none() && state.refusal(item).is_none()
                })
            };
            let (found, left) = sweep.get_or_insert_with(|| Sweep::from(*anchor)).reach(place, can_take);
            let items = |places: Vec<usize>| -> Vec<Arc<Item>> {
                places.into_iter().filter_map(|place| list.get(place)).map(|shown| shown.item.clone()).collect()
            };
            (items(found), items(left))
        });
        let (found, left) = reached.unwrap_or_default();
        if !left.is_empty() {
            self.ui.send(Action::LetGo(left));
        }
        if !found.is_empty() {
            self.ui.send(Action::ChooseMany(found));
        }
    }

    /// Makes a tile the one at which the Tab key stops.
    pub(super) fn activate(&self, place: usize) {
        let mut inner = self.inner.borrow_mut();
        if inner.active != place && place < inner.list.len() {
            inner.active = place;
            self.draw(&mut inner);
        }
    }

    pub(super) fn focused(&self, event: &Event) {
        // Drawing may put the focus back where it was, and knows about it.
        if let Some((place, _)) = Self::place_of(event)
            && self.inner.try_borrow().is_ok_and(|inner| inner.active != place)
        {
            self.activate(place);
        }
    }

    pub(super) fn key(self: &Rc<Self>, event: &KeyboardEvent) {
        let Some((place, target)) = Self::place_of(event) else { return };
        let far = event.ctrl_key() || event.meta_key();
        let key = event.key();
        if event.alt_key() {
            return;
        }
        let on_button = !target.matches(".tile").unwrap_or_default();
        match key.as_str() {
            "Enter" | " " if on_button => return,
            "Enter" => self.act(place, event.shift_key()),
            " " => match self.item(place) {
                Some(item) if item.folder => self.open(item),
                _ => self.look(place),
            },
            "a" | "A" if far && self.is_choosing_several() => self.ui.send(Action::ChooseAll { whole: false }),
            _ => {
                let Some(to) = self.room().go(&key, far, place) else { return };
                self.go_to(place, to, event.shift_key());
                let downwards = matches!(key.as_str(), "ArrowDown" | "PageDown" | "End");
                if downwards && self.is_last_row(to) && self.inner.borrow().rest == After::More {
                    self.ui.send(Action::LoadMore);
                }
            }
        }
        event.prevent_default();
    }

    fn room(&self) -> Room {
        let mirrored = self.is_mirrored();
        let inner = self.inner.borrow();
        Room { count: inner.list.len(), columns: inner.layout.columns, page: inner.layout.page(), mirrored }
    }

    /// Whether lines run from right to left.
    pub(super) fn is_mirrored(&self) -> bool {
        is_mirrored(&self.area)
    }

    fn is_last_row(&self, place: usize) -> bool {
        let inner = self.inner.borrow();
        inner.layout.row_of(place) + 1 >= inner.layout.rows(inner.list.len())
    }

    /// Goes to a photo that was seen elsewhere.
    pub fn return_to(self: &Rc<Self>, path: &str) {
        let places = self.inner.try_borrow().ok().map(|inner| (inner.active, inner.place_of(path)));
        if let Some((from, Some(to))) = places {
            self.go_to(from, to, false);
        }
    }

    /// Moves the focus; with Shift what lies between is chosen.
    fn go_to(self: &Rc<Self>, from: usize, to: usize, choosing: bool) {
        {
            let mut inner = self.inner.borrow_mut();
            if !choosing || inner.sweep.as_ref().is_none_or(|sweep| sweep.end() != from) {
                inner.anchor = if choosing { from } else { to };
                inner.sweep = None;
            }
            inner.active = to;
            let top = self.scroller.scroll_top();
            let wanted = inner.layout.reveal(top, inner.layout.row_of(to));
            if wanted != top {
                self.scroller.set_scroll_top(wanted);
            }
            self.draw(&mut inner);
            inner.focus_active();
        }
        if choosing && self.is_choosing_several() {
            self.extend(to);
        }
    }
}
