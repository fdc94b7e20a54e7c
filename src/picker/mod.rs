//! Drives one pick: turns what the visitor did into steps, and their outcome into the result.

mod callbacks;
mod sign_in;

use crate::companion::Companion;
use crate::error::Trouble;
use crate::memory::Way;
use crate::options::PickOptions;
use crate::result::{PickResponse, PickedFile, to_js};
use crate::selection::Chosen;
use crate::session::{self, Handover};
use crate::state::{Event, PageRequest, Photo, State};
use crate::{listing, store};
use bowerbird_protocol::listing::Item;
use bowerbird_protocol::problem::ProblemCode;
use bowerbird_protocol::store::StoreEvent;
use callbacks::{Verdict, call, words};
use futures_util::future::{AbortHandle, LocalBoxFuture, abortable};
use leptos::prelude::{ArcRwSignal, Update, WithUntracked};
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use wasm_bindgen_futures::{JsFuture, spawn_local};

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
    /// Let go of every photo.
    Clear,
    /// Copy what is chosen, or what failed once more.
    Confirm,
    /// From a failed copying back to the photos.
    Reconsider,
    /// Take what there is: the copying has ended.
    Finish,
    /// Leave.
    Cancel,
}

/// How a pick ends: the dialog goes, which takes a moment, and then the outcome is given to whoever asked for it.
pub struct Ending {
    /// Takes the dialog away at once; the future is ready when the page is as it was.
    pub close: Box<dyn FnOnce() -> LocalBoxFuture<'static, ()>>,
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
    /// What listens to the windows of all sign-ins of this pick: one that ends late wants to be heard too, to close.
    handovers: RefCell<Vec<Handover>>,
    /// Counts choices, for their ids.
    chosen: Cell<u32>,
    /// Whether the page is being left for a sign-in, from which it comes back.
    leaving: Cell<bool>,
}

impl Picker {
    /// A pick that has not begun. It ends once, whatever happens.
    pub fn new(companion: Companion, options: PickOptions, ending: Ending) -> Self {
        let [min, max] = [options.min_files, options.max_files].map(|count| count as usize);
        let state = State::new(&options.from_sources, options.accept.clone(), min, max);
        Self(Rc::new(Inner {
            companion,
            options,
            state: ArcRwSignal::new(state),
            ending: RefCell::new(Some(ending)),
            tasks: RefCell::default(),
            sign_ins: RefCell::default(),
            handovers: RefCell::default(),
            chosen: Cell::default(),
            leaving: Cell::default(),
        }))
    }

    /// What is on the screen.
    pub fn state(&self) -> ArcRwSignal<State> {
        self.0.state.clone()
    }

    /// The page's options.
    pub fn options(&self) -> &PickOptions {
        &self.0.options
    }

    /// Begins: asks for the roots of all sources in one request, or goes on where a sign-in took the page. Answers whether it did.
    pub fn begin(&self) -> bool {
        call(self.0.options.on_open.as_ref(), &[]);
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
            Action::Clear => self.apply(Event::Cleared),
            Action::Confirm => self.confirm(),
            Action::Reconsider => self.apply(Event::Reconsidered),
            Action::Finish => self.finish(false),
            Action::Cancel => self.finish(true),
        }
    }

    fn read<T>(&self, read: impl FnOnce(&State) -> T) -> T {
        self.0.state.with_untracked(read)
    }

    /// Runs something for as long as the pick lasts, or until it is aborted.
    fn spawn(&self, task: impl Future<Output = ()> + 'static) -> AbortHandle {
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
        if self.is_open() {
            self.0.state.update(|state| state.apply(event));
        }
    }

    fn load(&self, requests: Vec<PageRequest>) {
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
        if !self.0.leaving.get() {
            self.0.companion.release();
        }
    }

    fn toggle(&self, item: Arc<Item>) {
        let Some((source, folder)) = self.read(|state| Some((state.shelf()?.source, state.folder_names()))) else {
            return;
        };
        let count = self.0.chosen.get() + 1;
        self.0.chosen.set(count);
        let photo = Chosen { source, item, folder, id: format!("{}-{count}", random_id()) };
        let adding = self.read(|state| state.selection.position(source, &photo.item.path).is_none());
        let verdict = adding
            .then(|| call(self.0.options.on_file_selected.as_ref(), &[to_js(&PickedFile::chosen(&photo))]))
            .flatten();
        match verdict {
            None | Some(Ok(Verdict::Now)) => self.apply(Event::Toggled(photo)),
            Some(Err(reason)) => self.apply(Event::Refused(reason)),
            Some(Ok(Verdict::Later(promise))) => {
                let picker = self.clone();
                self.spawn(async move {
                    match JsFuture::from(promise).await {
                        Ok(_) => picker.apply(Event::Toggled(photo)),
                        Err(reason) => picker.apply(Event::Refused(words(&reason))),
                    }
                });
            }
        }
    }

    fn confirm(&self) {
        let again = self.read(|state| state.storing.is_some());
        if !again && !self.read(|state| state.selection.is_enough()) {
            return;
        }
        self.apply(Event::Confirmed);
        if !again {
            let files = self.read(|state| state.selection.chosen().iter().map(PickedFile::chosen).collect::<Vec<_>>());
            call(self.0.options.on_upload_started.as_ref(), &[to_js(&files)]);
        }
        let picker = self.clone();
        self.spawn(async move {
            let options = &picker.0.options;
            let pending = || if picker.is_open() { picker.read(unfinished) } else { Vec::new() };
            let accept = options.accept.rules();
            let followed =
                store::follow(&picker.0.companion, &options.store_to, &accept, pending, |event| picker.report(event));
            let trouble = match followed.await {
                Ok(()) => Trouble::from(ProblemCode::Other),
                Err(trouble) => trouble,
            };
            picker.lose(trouble);
            if picker.is_open() && picker.read(|state| state.storing.as_ref().is_some_and(|it| it.failed() == 0)) {
                picker.finish(false);
            }
        });
    }

    /// Takes in an event of the copying and tells the page.
    fn report(&self, event: StoreEvent) {
        let (source, path) = match &event {
            StoreEvent::Progress { source, path, .. }
            | StoreEvent::Stored { source, path, .. }
            | StoreEvent::Failed { source, path, .. } => (source.clone(), path.clone()),
            StoreEvent::Done => return,
        };
        let photo = |state: &State| -> Option<Photo> {
            let photos = &state.storing.as_ref()?.photos;
            photos.iter().find(|photo| photo.chosen.source.name == source && photo.chosen.item.path == path).cloned()
        };
        let before = self.read(photo);
        self.apply(Event::Store(event));
        let (Some(before), Some(after)) = (before, self.read(photo)) else { return };
        if before == after {
            return;
        }
        callbacks::tell_progress(&self.0.options, &before, &after);
    }

    /// What has not ended has failed: nobody watches it any longer.
    fn lose(&self, trouble: Trouble) {
        let lost = self.read(unfinished);
        if lost.is_empty() || !self.is_open() {
            return;
        }
        self.apply(Event::StoreLost(trouble.clone()));
        for chosen in &lost {
            callbacks::tell_failed(&self.0.options, chosen, &trouble);
        }
    }

    fn finish(&self, cancelled: bool) {
        let Some(ending) = self.0.ending.take() else { return };
        for task in self.0.tasks.take() {
            task.abort();
        }
        self.0.companion.abort();
        self.0.handovers.take();
        if !cancelled {
            // All is copied. Whoever picks again connects again, unless the site asked to remember them.
            self.0.companion.release();
        }
        let response = self.read(|state| match &state.storing {
            Some(storing) => PickResponse::of(&storing.photos),
            None => PickResponse::default(),
        });
        let closed = (ending.close)();
        let picker = self.clone();
        spawn_local(async move {
            closed.await;
            let options = &picker.0.options;
            if cancelled {
                call(options.on_cancel.as_ref(), &[to_js(&response.files_uploaded)]);
            }
            // As in Filestack's picker, the dialog is gone before the page hears that all is done.
            call(options.on_close.as_ref(), &[]);
            if !cancelled {
                call(options.on_upload_done.as_ref(), &[to_js(&response)]);
            }
            (ending.on_done)(response);
        });
    }
}

/// The photos that have not ended.
fn unfinished(state: &State) -> Vec<Chosen> {
    let photos = state.storing.iter().flat_map(|storing| &storing.photos);
    photos.filter(|photo| !photo.has_ended()).map(|photo| photo.chosen.clone()).collect()
}

fn random_id() -> String {
    format!("{:08x}", (js_sys::Math::random() * f64::from(u32::MAX)) as u32)
}
