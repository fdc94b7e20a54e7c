//! Copying that begins with the choice (`uploadInBackground`). Nothing stays in the storage of what is let go of before it is confirmed.

use super::Picker;
use super::callbacks::tell_cancelled;
use super::choosing::random_id;
use crate::selection::Chosen;
use crate::sources::Kind;
use crate::state::{Event, Photo, Progress, State, Storing};
use crate::store;
use std::cell::{OnceCell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use wasm_bindgen_futures::spawn_local;

/// What a pick knows of it besides its state.
#[derive(Default)]
pub struct Ahead {
    /// How the companion calls what is not confirmed yet: copies of this pick alone, whatever else the session has stored.
    draft: OnceCell<String>,
    /// What is being removed from the storage. Whoever chooses it again waits for that.
    discarding: RefCell<Vec<Chosen>>,
    /// How the companion calls the uploads of files of the device, by their paths.
    uploads: RefCell<HashMap<String, Rc<OnceCell<String>>>>,
}

impl Picker {
    /// Takes in an event that changes what is chosen.
    pub(super) fn apply_choice(&self, event: Event) {
        self.apply(event);
        self.follow_choice();
    }

    /// Begins to copy what is chosen, and removes what is chosen no longer, where the page wants that before it is confirmed.
    pub(super) fn follow_choice(&self) {
        let is_early = self.0.options.copies_early() && self.read(|state| state.storing.is_none());
        if is_early && self.is_open() {
            let gone = self.read(State::let_go);
            self.apply(Event::Followed);
            self.discard(gone);
            self.go_on_copying();
        }
    }

    /// What the companion calls what this pick stores before it is confirmed.
    pub(super) fn draft(&self) -> Option<String> {
        let new = || random_id() + &random_id();
        self.0.options.copies_early().then(|| self.0.ahead.draft.get_or_init(new).clone())
    }

    /// Whether this is being removed from the storage.
    pub(super) fn is_discarding(&self, photo: &Chosen) -> bool {
        let same = |it: &Chosen| it.source.name == photo.source.name && it.item.path == photo.item.path;
        self.0.ahead.discarding.borrow().iter().any(same)
    }

    /// Where the name of an upload is to be noted, for it to be taken back by.
    pub(super) fn upload_of(&self, path: &str) -> Rc<OnceCell<String>> {
        let name = Rc::<OnceCell<String>>::default();
        self.0.ahead.uploads.borrow_mut().insert(path.to_owned(), name.clone());
        name
    }

    /// Removes all that is not confirmed, at the end of the pick; or of the page, which waits for no answer. Then it is as good as the
    /// browser makes it: the end of the session, which is told behind it, may overtake it.
    pub(super) fn discard_all(&self, going: bool) {
        let photos = self.read(|state| state.early.as_ref().map(Storing::photos).unwrap_or_default().to_vec());
        if going {
            let (clouds, uploads) = self.taken_back(&photos);
            return store::discard_going(&self.0.companion, &clouds, self.draft(), &uploads);
        }
        self.discard(photos);
    }

    /// Of these the photos that the companion fetches, and the names of the uploads.
    fn taken_back(&self, photos: &[Photo]) -> (Vec<Chosen>, Vec<String>) {
        let chosen = photos.iter().map(|photo| &photo.chosen);
        let clouds = chosen.clone().filter(|it| it.source.kind != Kind::Device).cloned().collect();
        let mut uploads = self.0.ahead.uploads.borrow_mut();
        let uploads = chosen.filter_map(|it| uploads.remove(&it.item.path)?.get().cloned()).collect();
        (clouds, uploads)
    }

    fn discard(&self, photos: Vec<Photo>) {
        if photos.is_empty() {
            return;
        }
        let is_wanted = |photo: &&Photo| !matches!(photo.progress, Progress::Failed(_) | Progress::Cancelled);
        for photo in photos.iter().filter(is_wanted) {
            tell_cancelled(&self.0.options, &photo.chosen);
        }
        let chosen: Vec<Chosen> = photos.iter().map(|photo| photo.chosen.clone()).collect();
        self.stop_sending(&chosen);
        let (clouds, uploads) = self.taken_back(&photos);
        self.0.ahead.discarding.borrow_mut().extend_from_slice(&clouds);
        // The stream that is open now would tell of the old copy what is asked of the new one.
        self.0.nudge.give();
        let cancelling = &self.0.cancelling;
        cancelling.set(cancelling.get() + 1);
        let picker = self.clone();
        // The companion has to hear of it even if the pick ends meanwhile.
        spawn_local(async move {
            let is_open = || picker.is_open();
            let _ = store::cancel(&picker.0.companion, &clouds, picker.draft(), &is_open).await;
            store::abort_uploads(&picker.0.companion, &uploads, &is_open).await;
            picker.0.ahead.discarding.borrow_mut().retain(|it| clouds.iter().all(|gone| gone.id != it.id));
            let cancelling = &picker.0.cancelling;
            cancelling.set(cancelling.get() - 1);
            if picker.is_open() {
                picker.go_on_copying();
                picker.end_copying();
            }
        });
    }
}
