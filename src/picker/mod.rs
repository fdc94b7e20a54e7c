//! Drives one pick: turns what the visitor did into steps, and their outcome into the result.

mod adding;
mod ahead;
pub mod callbacks;
mod choosing;
mod copying;
pub mod deeds;
mod editing;
pub mod language;
mod network;
mod sending;
mod sign_in;

use crate::companion::Companion;
use crate::device;
use crate::listener::Listener;
use crate::listing;
use crate::memory::{self, Way};
use crate::options::{PickOptions, ViewType};
use crate::result::{PickResponse, files_to_js};
use crate::selection::Changes;
use crate::session::{self, Handover};
use crate::sources::Kind;
use crate::state::{Direction, Event, Find, PageRequest, State, View};
use crate::store::Nudge;
use ahead::Ahead;
use bowerbird_protocol::listing::Item;
use callbacks::call;
use futures_util::future::{AbortHandle, LocalBoxFuture, abortable};
use gloo_timers::future::TimeoutFuture;
use leptos::prelude::{ArcRwSignal, Update, WithUntracked};
use sending::Sending;
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;
use wasm_bindgen_futures::spawn_local;

/// What the visitor can do.
#[derive(Debug, Clone)]
pub enum Action {
    /// Open a source, by its index.
    Choose(usize),
    /// One step back.
    GoBack,
    /// Open an album or a carousel.
    OpenFolder(Arc<Item>),
    /// Load the next page of the open folder, or the one that failed.
    LoadMore,
    /// Ask the open source again.
    Reload,
    /// Open the sign-in window.
    Connect,
    /// Sign in on this page itself, which comes back as it was.
    ConnectHere,
    /// Stop waiting for the sign-in.
    StopConnecting,
    /// Connect the source anew whose photos could not be copied without; the choice is kept.
    ConnectAgain,
    /// Forget the open source's account.
    SignOut,
    /// The same, and then connect another one.
    SwitchAccount,
    /// Ask whether the site's access is to be removed, or no longer.
    ConsiderRemoving(bool),
    /// Have the provider take the site's access back.
    RemoveAccess,
    /// Choose a photo, or let go of it.
    Toggle(Arc<Item>),
    /// Choose these as far as they can be, in this order.
    ChooseMany(Vec<Arc<Item>>),
    /// Let go of these.
    LetGo(Vec<Arc<Item>>),
    /// Choose everything in the open folder: what is seen of it now, or the whole of it, which is loaded for that.
    ChooseAll {
        /// Whether the rest of the album is loaded too.
        whole: bool,
    },
    /// Stop loading the whole album.
    StopGathering,
    /// Let go of one photo, by its place in the order.
    Remove(usize),
    /// Move a chosen photo from one place in the order to another.
    Move(usize, usize),
    /// Let go of every photo.
    Clear,
    /// Lay photos out in another way.
    View(View),
    /// Look for something in the open folder.
    Find(Find),
    /// Open a carousel in its place, or close it again.
    Unfold(Arc<Item>),
    /// See a photo of the open folder large, by its path, or none.
    Preview(Option<String>),
    /// Open the editor of the chosen photo at this place.
    Edit(usize),
    /// Close it, and leave the photo as it was.
    StopEditing,
    /// Close it, and keep this; with the size of the image as it was, where only the editor knows it.
    Edited(Box<Changes>, Option<[u32; 2]>),
    /// Open or close the tray.
    ShowTray(bool),
    /// Stop copying one photo, by its place.
    CancelPhoto(usize),
    /// Stop copying all that has not ended.
    CancelAll,
    /// Copy one photo once more, by its place.
    RetryPhoto(usize),
    /// Make way for the indicator, or come back.
    Minimize(bool),
    /// Copy what is chosen, or what failed once more.
    Confirm,
    /// From a failed copying back to the photos.
    Reconsider,
    /// Take what there is: the copying has ended.
    Finish,
    /// Close what is uppermost: the large view, the tray, a question, the dialog itself.
    Escape,
    /// Leave; while photos are being copied only after a question.
    Leave,
    /// Go on copying after all.
    Stay,
    /// Stop copying, and leave with what is stored by now.
    StopCopying,
    /// Leave at once.
    Cancel,
    /// Remove what was copied before it was confirmed.
    Discard {
        /// Whether the page goes away too.
        going: bool,
    },
}

/// How a pick ends: the dialog goes, which takes a moment, and then the outcome is given to whoever asked for it.
pub struct Ending {
    /// Takes the dialog away at once; the future is ready when the page is as it was.
    pub close: Box<dyn FnOnce() -> LocalBoxFuture<'static, ()>>,
    /// Has the dialog make way for its indicator, which gives the page back to the visitor, or come back.
    pub step_aside: Box<dyn Fn(bool)>,
    /// Receives the outcome.
    pub on_done: Box<dyn FnOnce(PickResponse)>,
}

/// One pick, from opening to its result.
#[derive(Clone)]
pub struct Picker(Rc<Inner>);

struct Inner {
    companion: Companion,
    options: PickOptions,
    state: ArcRwSignal<State>,
    ending: RefCell<Option<Ending>>,
    /// What is under way; none of it outlives the pick, nor does a timer in it.
    tasks: RefCell<Vec<AbortHandle>>,
    /// The sign-ins that are waited for, by shelf: a visitor may begin a second one before the first has ended.
    sign_ins: RefCell<Vec<(usize, AbortHandle)>>,
    /// Counts what begins and stops to load a whole album: a gathering goes on for as long as its number is the last.
    gathering: Cell<u32>,
    /// What listens to the windows of all sign-ins of this pick: one that ends late wants to be heard too, to close.
    handovers: RefCell<Vec<Handover>>,
    /// Counts choices, for their ids.
    chosen: Cell<u32>,
    /// Whether the page is being left for a sign-in, from which it comes back.
    leaving: Cell<bool>,
    /// Tells the one who follows the copying that there is something new.
    nudge: Nudge,
    /// Whether somebody follows the copying.
    following: Cell<bool>,
    /// How many wishes to cancel the companion has not answered yet.
    cancelling: Cell<u32>,
    /// What the pick hears of the browser.
    listening: RefCell<Vec<Listener>>,
    /// The files of the device.
    shelf: device::Shelf,
    /// The folders that they lay in, by their paths, for those that lay in one.
    folders: RefCell<HashMap<String, String>>,
    /// Those that are being sent.
    sending: RefCell<Sending>,
    /// What is copied before it is confirmed.
    ahead: Ahead,
}

impl Picker {
    /// A pick that has not begun. It ends once, whatever happens.
    pub fn new(companion: Companion, options: PickOptions, ending: Ending) -> Self {
        let [min, max] = [options.min_files, options.max_files].map(|count| count as usize);
        let mut state = State::new(&options.from_sources, options.accept.clone(), min, max);
        if options.view_type == ViewType::List {
            state.view = View::List;
        }
        state.known = memory::stored();
        if options.publish.is_some() {
            state.direction = Direction::Export;
        }
        Self(Rc::new(Inner {
            companion,
            options,
            state: ArcRwSignal::new(state),
            ending: RefCell::new(Some(ending)),
            tasks: RefCell::default(),
            sign_ins: RefCell::default(),
            gathering: Cell::default(),
            handovers: RefCell::default(),
            chosen: Cell::default(),
            leaving: Cell::default(),
            nudge: Nudge::default(),
            following: Cell::default(),
            cancelling: Cell::default(),
            listening: RefCell::default(),
            shelf: device::Shelf::default(),
            folders: RefCell::default(),
            sending: RefCell::default(),
            ahead: Ahead::default(),
        }))
    }

    /// What is on the screen.
    pub fn state(&self) -> ArcRwSignal<State> {
        self.0.state.clone()
    }

    /// Its companion.
    pub fn companion(&self) -> &Companion {
        &self.0.companion
    }

    /// The page's options.
    pub fn options(&self) -> &PickOptions {
        &self.0.options
    }

    /// Begins: asks for the roots of all sources in one request, or goes on where a sign-in took the page. Answers whether it did.
    pub fn begin(&self, handle: &js_sys::Object) -> bool {
        call(self.0.options.on_open.as_ref(), &[handle.into()]);
        self.watch_network();
        let shelves = self.read(|state| state.shelves.len());
        let way = Way::back(&self.0.companion.site().name());
        let open = way
            .as_ref()
            .and_then(|way| self.read(|state| state.shelves.iter().position(|shelf| shelf.source.name == way.source)));
        let others = (0..shelves).filter(|shelf| Some(*shelf) != open).map(PageRequest::root).collect();
        let Some((mut way, shelf)) = way.zip(open) else {
            self.load(others);
            return false;
        };
        self.0.companion.session().keep(std::mem::take(&mut way.token));
        let chosen = way.take_chosen();
        self.apply(Event::CameBack(shelf, std::mem::take(&mut way.trail), chosen));
        self.load(others);
        let picker = self.clone();
        self.spawn(async move {
            let companion = &picker.0.companion;
            let ended = match way.code.filter(|code| !code.is_empty()) {
                Some(code) => session::complete(companion, &way.source, &way.attempt, &code).await,
                None => session::told(companion, &way.source, &way.attempt, |_| ()).await,
            };
            picker.go_on(shelf, ended);
        });
        true
    }

    /// Takes in what the visitor did.
    pub fn send(&self, action: Action) {
        match action {
            Action::Choose(index) => self.apply(Event::Chose(index)),
            Action::GoBack => self.apply(Event::WentBack),
            Action::Escape => {
                let asked = |state: &State| state.storing.as_ref().is_some_and(|it| it.leaving);
                match self.read(|state| (state.editing.is_some(), state.preview.is_some(), state.tray, asked(state))) {
                    (true, ..) => self.apply(Event::Edits(None)),
                    (_, true, ..) => self.apply(Event::Previewed(None)),
                    (.., true, _) => self.apply(Event::TrayOpened(false)),
                    (.., true) => self.apply(Event::Leaving(false)),
                    _ => self.close(),
                }
            }
            Action::Leave => self.close(),
            Action::Cancel => self.finish(true),
            action => self.act(action),
        }
    }

    fn read<T>(&self, read: impl FnOnce(&State) -> T) -> T {
        self.0.state.with_untracked(read)
    }

    /// Runs something for as long as the pick lasts, or until it is aborted.
    pub fn spawn(&self, task: impl Future<Output = ()> + 'static) -> AbortHandle {
        // Boxed, so that this and what spawns it are made once and not for every task.
        let (task, handle) = abortable(Box::pin(task) as LocalBoxFuture<'static, ()>);
        self.0.tasks.borrow_mut().push(handle.clone());
        spawn_local(async move {
            let _ = task.await;
        });
        handle
    }

    /// Whether the pick has no result yet. Answers that come later concern nobody.
    fn is_open(&self) -> bool {
        self.0.ending.borrow().is_some()
    }

    fn apply(&self, event: Event) {
        if !self.is_open() {
            return;
        }
        let before = self.read(|state| state.notice.clone());
        self.0.state.update(|state| state.apply(event));
        let timeout = self.0.options.errors_timeout;
        if let Some(notice) = self.read(|state| state.notice.clone()).filter(|_| timeout > 0)
            && before.as_ref() != Some(&notice)
        {
            let picker = self.clone();
            self.spawn(async move {
                TimeoutFuture::new(timeout).await;
                picker.apply(Event::Unsaid(notice));
            });
        }
    }

    /// Asks for pages, of what providers list.
    fn load(&self, mut requests: Vec<PageRequest>) {
        requests.retain(|request| self.read(|state| state.shelves[request.shelf].source.kind == Kind::Cloud));
        let picker = self.clone();
        if !requests.is_empty() {
            for request in &requests {
                self.apply(Event::Asked(request.clone()));
            }
            self.spawn(async move { picker.load_now(requests).await });
        }
    }

    async fn load_now(&self, requests: Vec<PageRequest>) {
        let source = |request: &PageRequest| self.read(|state| state.shelves[request.shelf].source);
        let pages = requests.into_iter().map(|request| (source(&request), request)).collect::<Vec<_>>();
        for (request, answer) in listing::load(&self.0.companion, pages).await {
            self.apply(Event::Listed(request, answer));
        }
    }

    /// Ends the session with the page, if the page goes for good and nobody asked to be remembered.
    pub fn release(&self) {
        if self.is_open() {
            self.act(Action::Discard { going: true });
        }
        if !self.0.leaving.get() {
            self.0.companion.release();
        }
    }

    fn finish(&self, cancelled: bool) {
        let Some(ending) = self.0.ending.take() else { return };
        for task in self.0.tasks.take() {
            task.abort();
        }
        self.0.companion.abort();
        self.act(Action::Discard { going: false });
        self.0.handovers.take();
        self.0.listening.take();
        if !cancelled {
            // All is copied. Whoever picks again connects again, unless the site asked to remember them.
            self.0.companion.release();
        }
        let response = self.read(|state| match &state.storing {
            Some(storing) => PickResponse::of(storing.photos(), &self.0.options),
            None => PickResponse::default(),
        });
        let closed = (ending.close)();
        let picker = self.clone();
        spawn_local(async move {
            closed.await;
            let options = &picker.0.options;
            if cancelled {
                call(options.on_cancel.as_ref(), &[files_to_js(&response.files_uploaded)]);
            }
            // As in Filestack's picker, the dialog is gone before the page hears that all is done.
            call(options.on_close.as_ref(), &[]);
            if !cancelled {
                call(options.on_upload_done.as_ref(), &[response.to_js()]);
            }
            (ending.on_done)(response);
        });
    }
}
