//! Choosing: one photo, several, everything; and what the page says to it.

use super::Picker;
use super::callbacks::{Judged, judge};
use crate::selection::{Changes, Chosen};
use crate::state::{Event, PageRequest, Refused, Rest, State};
use bowerbird_protocol::listing::Item;
use gloo_timers::future::TimeoutFuture;
use std::collections::BTreeSet;
use std::sync::Arc;

/// How often it is looked whether a page has come that the grid asked for.
const PAGE_PATIENCE_MS: u32 = 40;

impl Picker {
    /// Chooses a photo, if the page has no objection, or lets go of it.
    pub(super) fn toggle(&self, item: Arc<Item>) {
        match self
            .read(|state| Some((state.shelf()?.source, state.selection.position(state.shelf()?.source, &item.path))))
        {
            Some((source, Some(_))) => self.apply_choice(Event::LetGo(vec![(source, item.path.clone())])),
            Some(_) => self.choose_many(vec![item]),
            None => {}
        }
    }

    /// Chooses these as far as they can be, in this order: what the page takes, what it has no objection to, and no more than
    /// the limit. What is chosen already stays as it is.
    pub(super) fn choose_many(&self, items: Vec<Arc<Item>>) {
        let (mut room, max) = self.read(|state| (state.selection.room(), state.selection.max()));
        if max == 1 {
            // The new one takes the place of the old.
            room = 1;
        }
        let (mut chosen, mut later) = (Vec::new(), Vec::new());
        let (mut refused, mut misfit, mut filled) = (None, None, false);
        for item in items {
            let is_choosable = |state: &State| {
                let shelf = state.shelf()?;
                let new = state.selection.position(shelf.source, &item.path).is_none();
                (new && !item.folder && state.refusal(&item).is_none()).then_some(())
            };
            if self.read(is_choosable).is_none() {
                continue;
            }
            let limits = self.0.options.image_limits();
            if let Some(code) = item.width.zip(item.height).and_then(|(width, height)| limits.refusal([width, height]))
            {
                misfit = Some((item.name.clone(), Refused::of(code)));
                continue;
            }
            if room == 0 {
                filled = max > 1;
                break;
            }
            let Some(photo) = self.chosen(item) else { continue };
            match judge(&self.0.options, photo) {
                Judged::Yes(photo) => {
                    room -= 1;
                    chosen.push(photo);
                }
                Judged::Later(judging) => {
                    room -= 1;
                    later.push(judging);
                }
                Judged::No(reason) => refused = Some(reason),
            }
        }
        if !chosen.is_empty() {
            self.apply_choice(Event::ChoseMany(chosen));
        }
        if let Some(reason) = refused {
            self.apply(Event::Refused(reason));
        }
        if let Some((name, why)) = misfit {
            self.apply(Event::NotAdded(name, why));
        }
        if filled {
            self.apply(Event::Filled);
        }
        if later.is_empty() {
            self.start_when_full();
            return;
        }
        let picker = self.clone();
        self.spawn(async move {
            for judging in later {
                match judging.await {
                    Ok(photo) => picker.apply_choice(Event::ChoseMany(vec![photo])),
                    Err(reason) => picker.apply(Event::Refused(reason)),
                }
            }
            picker.start_when_full();
        });
    }

    /// Copying begins by itself where the page wants that as soon as no more can be chosen.
    fn start_when_full(&self) {
        if self.0.options.start_when_full && self.is_open() && self.read(|state| state.selection.is_full()) {
            self.confirm();
        }
    }

    /// Lets go of these.
    pub(super) fn let_go(&self, items: Vec<Arc<Item>>) {
        if let Some(source) = self.read(|state| Some(state.shelf()?.source)) {
            self.apply_choice(Event::LetGo(items.into_iter().map(|item| (source, item.path.clone())).collect()));
        }
    }

    /// Lets go of the photo at this place in the order.
    pub(super) fn remove(&self, place: usize) {
        let chosen = self.read(|state| state.selection.chosen().get(place).map(|it| (it.source, it.item.path.clone())));
        self.apply_choice(Event::LetGo(chosen.into_iter().collect()));
    }

    /// Chooses all that is seen of the open folder, or the whole of it, for which the rest is loaded page by page.
    pub(super) fn choose_all(&self, whole: bool) {
        let mut asked = BTreeSet::new();
        self.choose_new(&mut asked);
        let place = |state: &State| Some((state.open?, state.folder()?.path.clone()));
        let begun = self.read(place);
        if !whole || begun.is_none() {
            return;
        }
        let gathering = self.next_gathering();
        self.apply(Event::Gathering(true));
        let picker = self.clone();
        self.spawn(async move {
            // It ends with the folder being left, with the limit, with whoever stops it, and with trouble, which the folder says.
            while picker.is_open()
                && picker.0.gathering.get() == gathering
                && picker.read(place) == begun
                && picker.read(|state| state.gathering && !state.selection.is_full())
            {
                match picker.read(|state| state.folder().map(|folder| folder.rest.clone())) {
                    Some(Rest::More(_)) => {}
                    Some(Rest::Loading(_)) => {
                        TimeoutFuture::new(PAGE_PATIENCE_MS).await;
                        picker.choose_new_of(gathering, &mut asked);
                        continue;
                    }
                    _ => break,
                }
                let Some(request) = picker.read(State::next_page) else { break };
                picker.apply(Event::Asked(request.clone()));
                picker.load_now(vec![request]).await;
                picker.choose_new_of(gathering, &mut asked);
            }
            if picker.is_open() && picker.0.gathering.get() == gathering {
                picker.apply(Event::Gathering(false));
                if picker.read(|state| state.selection.is_full() && state.next_page().is_some()) {
                    picker.apply(Event::Filled);
                }
            }
        });
    }

    /// Stops loading the whole album. A page that is on its way is still put in.
    pub(super) fn stop_gathering(&self) {
        self.next_gathering();
        self.apply(Event::Gathering(false));
    }

    fn next_gathering(&self) -> u32 {
        let next = self.0.gathering.get().wrapping_add(1);
        self.0.gathering.set(next);
        next
    }

    /// Chooses what is seen and has not been asked about in this gathering.
    fn choose_new(&self, asked: &mut BTreeSet<String>) {
        let shown = self.read(State::shown).into_iter().map(|shown| shown.item);
        let new: Vec<_> = shown.filter(|item| !item.folder && asked.insert(item.path.clone())).collect();
        if !new.is_empty() {
            self.choose_many(new);
        }
    }

    fn choose_new_of(&self, gathering: u32, asked: &mut BTreeSet<String>) {
        if self.is_open() && self.0.gathering.get() == gathering {
            self.choose_new(asked);
        }
    }

    /// Opens a carousel in its place, with all of its photos, or closes it.
    pub(super) fn unfold(&self, item: Arc<Item>) {
        let path = item.path.clone();
        self.apply(Event::Unfolded(item));
        let picker = self.clone();
        self.spawn(async move {
            let next = |state: &State| {
                let opened = state.folder()?.opened.iter().find(|carousel| carousel.path == path)?;
                let cursor = match &opened.rest {
                    Rest::Loading(None) if opened.items.is_empty() => None,
                    Rest::More(cursor) => Some(cursor.clone()),
                    _ => return None,
                };
                Some(PageRequest { cursor, ..PageRequest::first(state.open?, &opened.path) })
            };
            while let Some(request) = picker.is_open().then(|| picker.read(next)).flatten() {
                picker.apply(Event::Asked(request.clone()));
                picker.load_now(vec![request]).await;
            }
        });
    }

    fn chosen(&self, item: Arc<Item>) -> Option<Chosen> {
        let (source, names) = self.read(|state| Some((state.shelf()?.source, state.folder_names(&item.path))))?;
        let folder = self.0.folders.borrow().get(&item.path).cloned().unwrap_or(names);
        let count = self.0.chosen.get() + 1;
        self.0.chosen.set(count);
        Some(Chosen { source, item, folder, id: format!("{}-{count}", random_id()), changes: Changes::default() })
    }
}

pub(super) fn random_id() -> String {
    format!("{:08x}", (js_sys::Math::random() * f64::from(u32::MAX)) as u32)
}
