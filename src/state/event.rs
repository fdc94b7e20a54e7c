//! What happens to a pick, and how each event changes the state.

use super::{Access, Folder, Notice, PageRequest, Photo, Progress, Rest, Shelf, SignIn, SignInStep, State, Storing};
use crate::error::Trouble;
use crate::selection::{Chosen, Toggled};
use bowerbird_protocol::listing::{Contents, Item, Listing};
use bowerbird_protocol::problem::ProblemCode;
use bowerbird_protocol::store::StoreEvent;
use std::sync::Arc;

/// What happens to a pick. Events come from the visitor (through `picker`) and from the companion.
#[derive(Debug)]
pub enum Event {
    /// A source was chosen from the list of services.
    Chose(usize),
    /// One step back: to the folder above, then to the services.
    WentBack,
    /// A folder was opened.
    Opened(Arc<Item>),
    /// A page is being asked for.
    Asked(PageRequest),
    /// A page's answer has come.
    Listed(PageRequest, Result<Listing, Trouble>),
    /// The sign-in window was asked for; did it open?
    SignInBegan(usize, SignInStep),
    /// The sign-in's window wants a code typed, or no longer does.
    CodeWanted(usize, Option<String>),
    /// The sign-in's window cannot be seen any more.
    OutOfSight(usize),
    /// The page is back from a sign-in: this shelf was open, at these folders, with this chosen.
    CameBack(usize, Vec<(String, String)>, Vec<Chosen>),
    /// The visitor thinks of removing the site's access, or no longer does.
    Removing(bool),
    /// The sign-in ended, well or not; a new listing tells where to go from here.
    SignInEnded(usize, Option<Trouble>),
    /// The visitor signed out.
    SignedOut(usize),
    /// A photo was chosen or let go of.
    Toggled(Chosen),
    /// Everything was let go of.
    Cleared,
    /// The page said no to a photo.
    Refused(String),
    /// Copying begins, or begins again for those that failed.
    Confirmed,
    /// The companion reports.
    Store(StoreEvent),
    /// What is still on its way cannot be watched any longer.
    StoreLost(Trouble),
    /// Back to choosing, after a failed copying.
    Reconsidered,
}

impl State {
    /// Takes an event in.
    pub fn apply(&mut self, event: Event) {
        if !matches!(event, Event::Listed(..) | Event::Asked(_)) {
            self.notice = None;
        }
        match event {
            Event::Chose(index) => self.open = Some(index),
            Event::WentBack => self.go_back(),
            Event::Opened(item) => {
                if let Some(shelf) = self.open.and_then(|index| self.shelves.get_mut(index)) {
                    shelf.trail.push(Folder::new(item.path.clone(), item.name.clone()));
                }
            }
            Event::Asked(request) => self.ask(&request),
            Event::Listed(request, answer) => self.list(request, answer),
            Event::SignInBegan(index, step) => {
                if let Some(sign_in) = self.sign_in(index) {
                    sign_in.step = step;
                    sign_in.trouble = None;
                }
            }
            Event::CodeWanted(index, code) => {
                if let Some(sign_in) = self.sign_in(index) {
                    sign_in.code = code;
                }
            }
            Event::OutOfSight(index) => {
                if let Some(sign_in) = self.sign_in(index)
                    && sign_in.step == SignInStep::Away
                {
                    sign_in.step = SignInStep::OutOfSight;
                }
            }
            Event::CameBack(index, trail, chosen) => {
                self.open = Some(index);
                if let Some(shelf) = self.shelves.get_mut(index) {
                    shelf.trail = trail.into_iter().map(|(path, name)| Folder::new(path, name)).collect();
                }
                for photo in chosen {
                    self.selection.toggle(photo);
                }
            }
            Event::Removing(removing) => self.removing = removing,
            Event::SignInEnded(index, trouble) => {
                if let Some(sign_in) = self.sign_in(index) {
                    sign_in.step = SignInStep::Ready;
                    sign_in.trouble = trouble;
                    sign_in.code = None;
                }
            }
            Event::SignedOut(index) => {
                self.removing = false;
                if let Some(shelf) = self.shelves.get_mut(index) {
                    shelf.access = Access::Asking;
                    shelf.account = None;
                    shelf.trail.clear();
                    self.selection.forget(shelf.source);
                }
            }
            Event::Toggled(photo) => {
                if self.selection.toggle(photo) == Toggled::Full {
                    self.notice = Some(Notice::Full);
                }
            }
            Event::Cleared => self.selection.clear(),
            Event::Refused(words) => self.notice = Some(Notice::Page(words)),
            Event::Confirmed => self.confirm(),
            Event::Store(event) => self.store(event),
            Event::StoreLost(trouble) => {
                for photo in self.storing.iter_mut().flat_map(|storing| &mut storing.photos) {
                    if !photo.has_ended() {
                        photo.progress = Progress::Failed(trouble.clone());
                    }
                }
            }
            Event::Reconsidered => self.storing = None,
        }
    }

    fn sign_in(&mut self, shelf: usize) -> Option<&mut SignIn> {
        match &mut self.shelves.get_mut(shelf)?.access {
            Access::SignedOut(sign_in) => Some(sign_in),
            _ => None,
        }
    }

    fn go_back(&mut self) {
        if std::mem::take(&mut self.removing) {
            return;
        }
        let several = self.shelves.len() > 1;
        match self.open.and_then(|index| self.shelves.get_mut(index)) {
            Some(shelf) if shelf.access == Access::Open && shelf.trail.len() > 1 => drop(shelf.trail.pop()),
            Some(_) if several => self.open = None,
            _ => {}
        }
    }

    fn ask(&mut self, request: &PageRequest) {
        let Some(shelf) = self.shelves.get_mut(request.shelf) else { return };
        match shelf.trail.iter_mut().find(|folder| folder.path == request.path) {
            Some(folder) => folder.rest = Rest::Loading(request.cursor.clone()),
            // A sign-in that is on the screen stays there until the answer is in, so that nothing jumps.
            None if !matches!(shelf.access, Access::SignedOut(_)) => shelf.access = Access::Asking,
            None => {}
        }
    }

    fn list(&mut self, request: PageRequest, answer: Result<Listing, Trouble>) {
        let Some(shelf) = self.shelves.get_mut(request.shelf) else { return };
        let trouble = match answer {
            Ok(Listing::Contents(page)) => return shelf.receive(request, page),
            Ok(Listing::Auth { auth }) => {
                let told = auth.problem.clone().map(Trouble::from);
                let trouble = told.or_else(|| match &shelf.access {
                    Access::SignedOut(sign_in) => sign_in.trouble.clone(),
                    Access::Open => Some(Trouble::from(ProblemCode::SignInAgain)),
                    _ => None,
                });
                shelf.access = Access::SignedOut(SignIn { auth, step: SignInStep::Ready, trouble, code: None });
                return;
            }
            Ok(Listing::Failed { error }) => Trouble::from(error),
            Err(trouble) => trouble,
        };
        match shelf.trail.iter_mut().find(|folder| folder.path == request.path) {
            Some(folder) => folder.fail(request.cursor, trouble),
            None => shelf.access = Access::Failed(trouble),
        }
    }

    fn confirm(&mut self) {
        match &mut self.storing {
            None => {
                let waiting = |chosen: &Chosen| Photo { chosen: chosen.clone(), progress: Progress::Waiting };
                self.storing = Some(Storing { photos: self.selection.chosen().iter().map(waiting).collect() });
            }
            Some(storing) => {
                for photo in &mut storing.photos {
                    if matches!(&photo.progress, Progress::Failed(trouble) if trouble.worth_retrying()) {
                        photo.progress = Progress::Waiting;
                    }
                }
            }
        }
    }

    fn store(&mut self, event: StoreEvent) {
        let (source, path, progress) = match event {
            StoreEvent::Progress { source, path, received, total } => {
                (source, path, Progress::Moving { received, total })
            }
            StoreEvent::Stored { source, path, file } => (source, path, Progress::Stored(file)),
            StoreEvent::Failed { source, path, error } => (source, path, Progress::Failed(error.into())),
            StoreEvent::Done => return,
        };
        let photos = self.storing.iter_mut().flat_map(|storing| &mut storing.photos);
        for photo in photos.filter(|photo| photo.chosen.source.name == source && photo.chosen.item.path == path) {
            photo.progress = progress.clone();
        }
    }
}

impl Shelf {
    fn receive(&mut self, request: PageRequest, page: Contents) {
        self.access = Access::Open;
        if page.account.is_some() {
            self.account = page.account;
        }
        if self.trail.is_empty() && request.path == "/" {
            self.trail.push(Folder::new(request.path.clone(), String::new()));
        }
        // The folder may have been left while its page was on the way.
        if let Some(folder) = self.trail.iter_mut().find(|folder| folder.path == request.path) {
            folder.receive(request.cursor, page.contents, page.next);
        }
    }
}

impl Folder {
    fn new(path: String, name: String) -> Self {
        Self { path, name, items: Vec::new(), rest: Rest::Loading(None) }
    }

    fn receive(&mut self, cursor: Option<String>, items: Vec<Item>, next: String) {
        // An answer that nobody waits for any more would put photos in twice.
        if self.rest != Rest::Loading(cursor.clone()) {
            return;
        }
        if cursor.is_none() {
            self.items.clear();
        }
        // A photo added while the visitor scrolls moves the rest of the list, and some come a second time.
        for item in items {
            if !self.items.iter().any(|known| known.path == item.path) {
                self.items.push(Arc::new(item));
            }
        }
        self.rest = if next.is_empty() { Rest::End } else { Rest::More(next) };
    }

    fn fail(&mut self, cursor: Option<String>, trouble: Trouble) {
        // Cursors of a list that has changed are worth nothing: the next try begins the list again.
        let cursor = if trouble.is(ProblemCode::ListChanged) { None } else { cursor };
        self.rest = Rest::Failed(cursor, trouble);
    }
}
