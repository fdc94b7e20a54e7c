//! The copying of what was chosen: begun, followed, cancelled, tried again.

use super::Picker;
use super::callbacks::{self, call};
use crate::error::Trouble;
use crate::memory;
use crate::result::{PickedFile, files_to_js};
use crate::selection::Chosen;
use crate::sources::Kind;
use crate::state::{Event, Photo, Progress, State, Storing};
use crate::store::{self, Heard};
use bowerbird_protocol::store::{StoreCloud, StoreEvent};
use wasm_bindgen_futures::spawn_local;

impl Picker {
    /// Copies what is chosen, or once more all that failed and may yet succeed.
    pub(super) fn confirm(&self) {
        let again = self.read(|state| state.storing.is_some());
        if !again && !self.read(|state| state.selection.is_enough()) {
            return;
        }
        if !again && self.insist_on_editing() {
            return;
        }
        self.follow_choice();
        self.apply(Event::Confirmed);
        if !again {
            self.read(|state| state.storing.iter().flat_map(Storing::photos).for_each(note_stored));
            let options = &self.0.options;
            let file = |chosen: &Chosen| PickedFile::chosen(chosen).of(chosen, options);
            let files = self.read(|state| state.selection.chosen().iter().map(file).collect::<Vec<_>>());
            call(options.on_upload_started.as_ref(), &[files_to_js(&files)]);
            let has_ended = self.read(|state| state.storing.as_ref().is_some_and(Storing::has_ended));
            if self.0.options.hide_modal_when_uploading && !has_ended {
                self.minimize(true);
            }
        }
        self.go_on_copying();
    }

    pub(super) fn go_on_copying(&self) {
        self.send_files();
        follow(self);
    }

    pub(super) fn hear(&self, heard: bool) {
        if self.read(|state| state.copying().is_some_and(|storing| storing.lost == heard)) {
            self.apply(Event::Heard(heard));
        }
    }

    /// When nothing is on its way and nothing is to be told to the companion any more: ends the pick if all is stored, and goes
    /// back to the photos if none is wanted. In between the visitor decides.
    pub(super) fn end_copying(&self) {
        let busy = self.0.following.get() || self.0.cancelling.get() > 0 || !self.0.sending.borrow().is_empty();
        if !self.is_open() || busy {
            return;
        }
        let Some(tally) = self.read(|state| state.storing.as_ref().map(|storing| *storing.tally())) else { return };
        let gives_up = !self.0.options.allow_manual_retry && tally.has_ended() && tally.cancelled < tally.photos;
        if tally.stored == tally.photos || gives_up {
            self.finish(false);
        } else if tally.cancelled == tally.photos {
            self.reconsider();
        }
    }

    /// Back to the photos.
    pub(super) fn reconsider(&self) {
        self.minimize(false);
        self.apply(Event::Reconsidered);
    }

    /// Takes in an event of the copying and tells the page.
    pub(super) fn report(&self, event: StoreEvent) {
        let (source, path) = match &event {
            StoreEvent::Progress { source, path, .. }
            | StoreEvent::Stored { source, path, .. }
            | StoreEvent::Failed { source, path, .. } => (source, path),
            StoreEvent::Done => return,
        };
        let Some(place) = self.read(|state| state.copying()?.place(source, path)) else { return };
        let photo = |state: &State| -> Option<Photo> { state.copying()?.photos().get(place).cloned() };
        let Some(before) = self.read(photo) else { return };
        if before.progress == Progress::Cancelled
            && matches!(event, StoreEvent::Progress { .. })
            && self.0.cancelling.get() == 0
        {
            // The wish to copy it was slower than the one to leave it.
            withdraw(self, vec![before.chosen]);
            return;
        }
        self.apply(Event::Store(event));
        if let Some(after) = self.read(photo).filter(|after| *after != before) {
            // What is not confirmed may be removed again.
            if self.read(|state| state.storing.is_some()) {
                note_stored(&after);
            }
            callbacks::tell_progress(self, &before, &after);
        }
    }

    /// What has not ended has failed: nobody watches it any longer.
    fn lose(&self, trouble: Trouble) {
        let lost = pending(self);
        if lost.is_empty() || !self.is_open() {
            return;
        }
        self.apply(Event::StoreLost(trouble.clone()));
        for chosen in &lost {
            callbacks::tell_failed(&self.0.options, chosen, &trouble);
        }
    }

    /// Gives up one photo, as the page wants; where the choice is not confirmed yet, it is no longer chosen.
    pub(super) fn give_up(&self, chosen: &Chosen) {
        let place = |state: &State| state.storing.as_ref()?.photos().iter().position(|it| it.chosen.id == chosen.id);
        match self.read(|state| (state.storing.is_some(), place(state))) {
            (true, Some(place)) => self.cancel_photos(&[place]),
            (true, None) => {}
            (false, _) => self.apply_choice(Event::LetGo(vec![(chosen.source, chosen.item.path.clone())])),
        }
    }

    /// Stops copying the photos at these places.
    pub(super) fn cancel_photos(&self, places: &[usize]) {
        let on_its_way = |state: &State, place: &usize| {
            let photo = state.storing.as_ref()?.photos().get(*place)?;
            (!photo.has_ended()).then(|| photo.chosen.clone())
        };
        let photos: Vec<Chosen> =
            self.read(|state| places.iter().filter_map(|place| on_its_way(state, place)).collect());
        if photos.is_empty() || !self.is_open() {
            return;
        }
        self.apply(Event::Cancelled(places.to_vec()));
        for chosen in &photos {
            callbacks::tell_cancelled(&self.0.options, chosen);
        }
        self.stop_sending(&photos);
        withdraw(self, photos.into_iter().filter(|photo| photo.source.kind != Kind::Device).collect());
        self.send_files();
        // Nobody waits for a companion that is away, if nothing is wanted of it any more.
        if self.read(|state| state.storing.as_ref().is_some_and(|storing| storing.lost)) {
            self.0.nudge.give();
        }
    }

    /// Stops copying all that has not ended.
    pub(super) fn cancel_all(&self) {
        let photos = self.read(|state| state.storing.as_ref().map_or(0, |storing| storing.photos().len()));
        self.cancel_photos(&(0..photos).collect::<Vec<_>>());
    }

    /// Copies a photo once more that could not be stored, or was cancelled.
    pub(super) fn retry(&self, place: usize) {
        self.apply(Event::Retried(vec![place]));
        if self.read(|state| state.storing.as_ref().is_some_and(|storing| !storing.has_ended())) {
            self.go_on_copying();
        }
    }

    /// Leaves, as the visitor asked to; while photos are being copied only after a question.
    pub(super) fn close(&self) {
        if self.read(|state| state.storing.as_ref().is_some_and(|storing| !storing.has_ended())) {
            self.apply(Event::Leaving(true));
        } else {
            self.finish(true);
        }
    }

    /// The answer to that question was yes: what is stored by now is what the page gets.
    pub(super) fn stop_copying(&self) {
        self.cancel_all();
        self.finish(true);
    }

    /// Makes way for the indicator, or comes back.
    pub(super) fn minimize(&self, minimized: bool) {
        if self.read(|state| state.minimized != minimized) {
            self.apply(Event::Minimized(minimized));
            if let Some(ending) = &*self.0.ending.borrow() {
                (ending.step_aside)(minimized);
            }
        }
    }
}

/// Follows all that is pending, in one stream, however often something is added.
fn follow(picker: &Picker) {
    if picker.0.following.replace(true) {
        picker.0.nudge.give();
        return;
    }
    let follower = picker.clone();
    picker.spawn(async move {
        let picker = follower;
        let options = &picker.0.options;
        let pending = || if picker.is_open() { pending(&picker) } else { Vec::new() };
        let tell = |heard| match heard {
            Heard::Event(event) => picker.report(event),
            Heard::Again => picker.hear(true),
            Heard::Nothing => picker.hear(false),
        };
        let wishes = StoreCloud {
            accept: options.accept.rules(),
            store: options.store_to.clone(),
            max_size: options.max_size,
            image: options.image_limits(),
            upload_tags: options.upload_config.tags.clone(),
            draft: picker.draft(),
            ..StoreCloud::default()
        };
        let (companion, nudge) = (&picker.0.companion, &picker.0.nudge);
        let followed = store::follow(companion, &wishes, &pending, nudge, &tell).await;
        picker.0.following.set(false);
        picker.hear(true);
        if let Err(trouble) = followed {
            picker.lose(trouble);
        }
        picker.end_copying();
    });
}

/// Tells the companion. It has to hear of it even if the pick ends meanwhile, so this is none of the pick's tasks.
fn withdraw(picker: &Picker, photos: Vec<Chosen>) {
    if photos.is_empty() {
        return picker.end_copying();
    }
    let cancelling = &picker.0.cancelling;
    cancelling.set(cancelling.get() + 1);
    let picker = picker.clone();
    spawn_local(async move {
        let _ = store::cancel(&picker.0.companion, &photos, None, &|| picker.is_open()).await;
        let cancelling = &picker.0.cancelling;
        cancelling.set(cancelling.get() - 1);
        picker.end_copying();
    });
}

/// What the companion is to fetch.
fn pending(picker: &Picker) -> Vec<Chosen> {
    let mut pending = picker.read(|state| state.copying().map(Storing::pending).unwrap_or_default());
    pending.retain(|chosen| chosen.source.kind != Kind::Device && !picker.is_discarding(chosen));
    pending
}

/// Notes, of a photo that is stored, that this page has stored it.
fn note_stored(photo: &Photo) {
    let chosen = &photo.chosen;
    if matches!(photo.progress, Progress::Stored(_)) && chosen.source.kind != Kind::Device {
        memory::note_stored(State::mark_of(chosen.source, &chosen.item.path));
    }
}
