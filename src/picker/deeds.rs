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
        act(self, action);
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

fn act(picker: &Picker, action: Action) {
    match action {
        Action::OpenFolder(item) => {
            let path = item.path.clone();
            picker.apply(Event::Opened(item));
            if let Some(shelf) = picker.read(|state| state.open) {
                picker.load(vec![PageRequest::first(shelf, &path)]);
            }
        }
        Action::LoadMore => picker.load(picker.read(State::next_page).into_iter().collect()),
        Action::Reload => picker.load(picker.read(|state| state.open).map(PageRequest::root).into_iter().collect()),
        Action::Connect => picker.connect(session::is_in_app()),
        Action::ConnectHere => picker.connect(true),
        Action::ConnectAgain => picker.connect_again(),
        Action::StopConnecting => {
            if let Some(shelf) = picker.read(|state| state.open) {
                picker.stop_waiting(shelf);
                picker.apply(Event::SignInEnded(shelf, None));
            }
        }
        Action::SignOut => picker.sign_out(false, false),
        Action::SwitchAccount => picker.sign_out(false, true),
        Action::ConsiderRemoving(removing) => picker.apply(Event::Removing(removing)),
        Action::RemoveAccess => picker.sign_out(true, false),
        Action::Toggle(item) => picker.toggle(item),
        Action::ChooseMany(items) => picker.choose_many(items),
        Action::LetGo(items) => picker.let_go(items),
        Action::ChooseAll { whole } => picker.choose_all(whole),
        Action::StopGathering => picker.stop_gathering(),
        Action::Remove(place) => picker.remove(place),
        Action::Move(from, to) => picker.apply(Event::Moved(from, to)),
        Action::Clear => picker.apply_choice(Event::Cleared),
        Action::View(view) => picker.apply(Event::Viewed(view)),
        Action::Find(find) => picker.apply(Event::Sought(find)),
        Action::Unfold(item) => picker.unfold(item),
        Action::Preview(path) => picker.apply(Event::Previewed(path)),
        Action::Edit(place) => picker.edit(place),
        Action::StopEditing => picker.apply(Event::Edits(None)),
        Action::Edited(changes, size) => picker.edited(*changes, size),
        Action::ShowTray(open) => picker.apply(Event::TrayOpened(open)),
        Action::CancelPhoto(place) => picker.cancel_photos(&[place]),
        Action::CancelAll => picker.cancel_all(),
        Action::RetryPhoto(place) => picker.retry(place),
        Action::Minimize(minimized) => picker.minimize(minimized),
        Action::Confirm => picker.confirm(),
        Action::Reconsider => picker.reconsider(),
        Action::Finish => picker.finish(false),
        Action::Stay => picker.apply(Event::Leaving(false)),
        Action::StopCopying => picker.stop_copying(),
        Action::Discard { going } => picker.discard_all(going),
        // Those can be done before.
        Action::Choose(_) | Action::GoBack | Action::Escape | Action::Leave | Action::Cancel => picker.send(action),
    }
}
