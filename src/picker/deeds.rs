//! What visitors do on the screens behind the list of services. What they bring themselves comes, in what customers download, with its own
//! screens (`ui/own.rs`).

use super::{Action, Picker, adding, editing, sending};
use crate::device::Dropped;
use crate::session;
use crate::state::{Event, PageRequest, State};
use std::cell::Cell;

/// The ways into what visitors bring themselves, which comes where the page offers that (`ui/own.rs`).
#[derive(Clone, Copy)]
struct OwnDeeds {
    add_files: fn(&Picker, Dropped, bool),
    send_files: fn(&Picker),
    crop: fn(&Picker),
}

const OWN: OwnDeeds = OwnDeeds { add_files: adding::add_files, send_files: sending::send_files, crop: editing::crop };

#[cfg(not(split))]
const BUILT_IN: Option<OwnDeeds> = Some(OWN);
#[cfg(split)]
const BUILT_IN: Option<OwnDeeds> = None;

thread_local! {
    static OWN_DEEDS: Cell<Option<OwnDeeds>> = const { Cell::new(BUILT_IN) };
}

/// What visitors bring themselves can be taken in, because what calls this is here.
#[cfg(split)]
pub fn arrive_own() {
    // Unseen by the optimiser: of a pointer that only ever has one value it makes a direct call, and all behind it is needed at once.
    OWN_DEEDS.set(Some(std::hint::black_box(OWN)));
}

impl Picker {
    /// Takes in what the visitor did on the screens.
    pub(super) fn act(&self, action: Action) {
        match action {
            Action::OpenFolder(item) => {
                let path = item.path.clone();
                self.apply(Event::Opened(item));
                if let Some(shelf) = self.read(|state| state.open) {
                    self.load(vec![PageRequest::first(shelf, &path)]);
                }
            }
            Action::LoadMore => self.load(self.read(State::next_page).into_iter().collect()),
            Action::Reload => self.load(self.read(|state| state.open).map(PageRequest::root).into_iter().collect()),
            Action::Connect => self.connect(session::is_in_app()),
            Action::ConnectHere => self.connect(true),
            Action::ConnectAgain => self.connect_again(),
            Action::StopConnecting => {
                if let Some(shelf) = self.read(|state| state.open) {
                    self.stop_waiting(shelf);
                    self.apply(Event::SignInEnded(shelf, None));
                }
            }
            Action::SignOut => self.sign_out(false, false),
            Action::SwitchAccount => self.sign_out(false, true),
            Action::ConsiderRemoving(removing) => self.apply(Event::Removing(removing)),
            Action::RemoveAccess => self.sign_out(true, false),
            Action::Toggle(item) => self.toggle(item),
            Action::ChooseMany(items) => self.choose_many(items),
            Action::LetGo(items) => self.let_go(items),
            Action::ChooseAll { whole } => self.choose_all(whole),
            Action::StopGathering => self.stop_gathering(),
            Action::Remove(place) => self.remove(place),
            Action::Move(from, to) => self.apply(Event::Moved(from, to)),
            Action::Clear => self.apply_choice(Event::Cleared),
            Action::View(view) => self.apply(Event::Viewed(view)),
            Action::Find(find) => self.apply(Event::Sought(find)),
            Action::Unfold(item) => self.unfold(item),
            Action::Preview(path) => self.apply(Event::Previewed(path)),
            Action::Edit(place) => self.edit(place),
            Action::StopEditing => self.apply(Event::Edits(None)),
            Action::Edited(changes, size) => self.edited(*changes, size),
            Action::ShowTray(open) => self.apply(Event::TrayOpened(open)),
            Action::CancelPhoto(place) => self.cancel_photos(&[place]),
            Action::CancelAll => self.cancel_all(),
            Action::RetryPhoto(place) => self.retry(place),
            Action::Minimize(minimized) => self.minimize(minimized),
            Action::Confirm => self.confirm(),
            Action::Reconsider => self.reconsider(),
            Action::Finish => self.finish(false),
            Action::Stay => self.apply(Event::Leaving(false)),
            Action::StopCopying => self.stop_copying(),
            Action::Discard { going } => self.discard_all(going),
            // Those can be done before.
            Action::Choose(_) | Action::GoBack | Action::Escape | Action::Leave | Action::Cancel => self.send(action),
        }
    }

    /// Has the visitor crop what the page passed for that. Nothing happens before the screens of the device are here.
    pub fn crop(&self) {
        if let Some(own) = OWN_DEEDS.get() {
            (own.crop)(self);
        }
    }

    /// Takes files of the device in, and chooses as many as may be. With `at_once` copying begins with that. Nothing happens before the
    /// screens of the device are here, from which files come.
    pub fn add_files(&self, dropped: Dropped, at_once: bool) {
        if let Some(own) = OWN_DEEDS.get() {
            (own.add_files)(self, dropped, at_once);
        }
    }

    /// Sends what is pending of the device, as many at once as the page wants.
    pub(super) fn send_files(&self) {
        if let Some(own) = OWN_DEEDS.get() {
            (own.send_files)(self);
        }
    }
}
