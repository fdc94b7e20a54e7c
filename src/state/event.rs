//! What happens to a pick, and how each event changes the state.

use super::{
    Access, Editing, Find, Folder, Notice, PageRequest, Refused, Rest, Shelf, SignIn, SignInStep, State, View,
};
use crate::error::Trouble;
use crate::selection::{Changes, Chosen};
use crate::sources::Source;
use bowerbird_protocol::listing::{Contents, Item, Listing};
use bowerbird_protocol::problem::ProblemCode;
use bowerbird_protocol::store::StoreEvent;
use std::collections::BTreeSet;
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
    /// Photos were chosen, in this order; those beyond the limit are left out, and said to be.
    ChoseMany(Vec<Chosen>),
    /// Files were added to a shelf that no provider lists; those that it has already stay as they are.
    Added(usize, Vec<Arc<Item>>),
    /// A photo could not be chosen, since the limit is reached.
    Filled,
    /// A file could not be added.
    NotAdded(String, Refused),
    /// A remark has been there for long enough.
    Unsaid(Notice),
    /// Photos were let go of: source and path.
    LetGo(Vec<(&'static Source, String)>),
    /// A chosen photo was moved from one place in the order to another.
    Moved(usize, usize),
    /// Everything was let go of.
    Cleared,
    /// Photos are laid out in another way.
    Viewed(View),
    /// Something else is looked for in the open folder.
    Sought(Find),
    /// A carousel of the open folder was opened in its place, or closed again.
    Unfolded(Arc<Item>),
    /// A photo is seen large, or none any more.
    Previewed(Option<String>),
    /// The editor of a chosen photo was opened, or closed without anything being kept.
    Edits(Option<Editing>),
    /// What was changed in the editor is kept; with the size of the image as it was, where only the editor knows it.
    Edited(Changes, Option<[u32; 2]>),
    /// The tray was opened or closed.
    TrayOpened(bool),
    /// The whole album is being loaded to be chosen, or no longer.
    Gathering(bool),
    /// The dialog makes way for its indicator, or comes back.
    Minimized(bool),
    /// The browser says whether there is a network.
    Offline(bool),
    /// The page said no to a photo.
    Refused(String),
    /// What is chosen is copied from now on, before it is confirmed, and what is chosen no longer is not.
    Followed,
    /// Copying begins, or begins again for those that failed.
    Confirmed,
    /// The photos at these places are no longer wanted.
    Cancelled(Vec<usize>),
    /// The photos at these places are wanted once more.
    Retried(Vec<usize>),
    /// The companion that copies is heard, or not at the moment.
    Heard(bool),
    /// The visitor is asked whether the copying is to stop, or no longer.
    Leaving(bool),
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
        match &event {
            Event::Listed(..) | Event::Asked(_) | Event::Gathering(_) => {}
            // They come by themselves while the visitor reads.
            Event::Followed | Event::Store(_) | Event::StoreLost(_) | Event::Heard(_) if self.storing.is_none() => {}
            Event::Unsaid(notice) if self.notice.as_ref() != Some(notice) => {}
            _ => self.notice = None,
        }
        if matches!(
            event,
            Event::Chose(_) | Event::WentBack | Event::Opened(_) | Event::SignedOut(_) | Event::Confirmed
        ) {
            self.editing = None;
            // What is seen large belongs to the folder that is left.
            self.preview = None;
            self.gathering = false;
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
                    self.selection.choose(photo);
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
            Event::ChoseMany(photos) => {
                for photo in photos {
                    if !self.selection.choose(photo) {
                        self.notice = Some(Notice::Full);
                        break;
                    }
                }
            }
            Event::Added(index, items) => {
                if let Some(root) = self.shelves.get_mut(index).and_then(|shelf| shelf.trail.first_mut()) {
                    let known: BTreeSet<String> = root.items.iter().map(|item| item.path.clone()).collect();
                    root.items.extend(items.into_iter().filter(|item| !known.contains(&item.path)));
                }
            }
            Event::Filled => self.notice = Some(Notice::Full),
            Event::NotAdded(name, why) => self.notice = Some(Notice::Refused(name, why)),
            Event::Unsaid(_) => {}
            Event::LetGo(photos) => self.selection.remove(&photos),
            Event::Moved(from, to) => self.selection.move_to(from, to),
            Event::Cleared => self.selection.clear(),
            Event::Viewed(view) => self.view = view,
            Event::Sought(find) => {
                if let Some(folder) = self.open_folder() {
                    folder.find = find;
                }
            }
            Event::Unfolded(item) => {
                if let Some(folder) = self.open_folder() {
                    match folder.opened.iter().position(|carousel| carousel.path == item.path) {
                        Some(open) => drop(folder.opened.remove(open)),
                        None => folder.opened.push(Folder::new(item.path.clone(), item.name.clone())),
                    }
                }
            }
            Event::Previewed(path) => self.preview = path,
            Event::Edits(editing) => self.editing = editing,
            Event::Edited(changes, size) => {
                if let Some(editing) = self.editing.take() {
                    self.selection.change(editing.place, changes, size);
                }
            }
            Event::TrayOpened(open) => self.tray = open,
            Event::Gathering(gathering) => self.gathering = gathering,
            Event::Minimized(minimized) => self.minimized = minimized,
            Event::Offline(offline) => self.offline = offline,
            Event::Refused(words) => self.notice = Some(Notice::Page(words)),
            Event::Followed => self.follow_choice(),
            Event::Confirmed => self.confirm(),
            Event::Store(event) => self.store(event),
            Event::Cancelled(places) => self.cancel(&places),
            Event::Retried(places) => self.retry(&places),
            Event::Heard(heard) => {
                if let Some(storing) = self.copying_mut() {
                    storing.lost = !heard;
                }
            }
            Event::Leaving(leaving) => {
                if let Some(storing) = &mut self.storing {
                    storing.leaving = leaving;
                }
            }
            Event::StoreLost(trouble) => self.lose(trouble),
            Event::Reconsidered => self.reconsider(),
        }
        // There is nothing to see in an empty tray.
        self.tray &= !self.selection.chosen().is_empty();
        // Nor is there anything to edit in what was let go of.
        self.editing = self.editing.filter(|editing| editing.place < self.selection.chosen().len());
    }

    fn open_folder(&mut self) -> Option<&mut Folder> {
        self.shelves.get_mut(self.open?)?.trail.last_mut()
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
        if let Some(folder) = shelf.folder_mut(&request.path) {
            folder.rest = Rest::Loading(request.cursor.clone());
        } else if !matches!(shelf.access, Access::SignedOut(_)) {
            // A sign-in that is on the screen stays there until the answer is in, so that nothing jumps.
            shelf.access = Access::Asking;
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
        if let Some(folder) = shelf.folder_mut(&request.path) {
            folder.fail(request.cursor, trouble);
        } else {
            shelf.access = Access::Failed(trouble);
        }
    }
}

impl Shelf {
    /// A folder of the trail, or a carousel that is open in one.
    fn folder_mut(&mut self, path: &str) -> Option<&mut Folder> {
        self.trail.iter_mut().find_map(|folder| {
            if folder.path == path { Some(folder) } else { folder.opened.iter_mut().find(|it| it.path == path) }
        })
    }

    fn receive(&mut self, request: PageRequest, page: Contents) {
        self.access = Access::Open;
        if page.account.is_some() {
            self.account = page.account;
        }
        if self.trail.is_empty() && request.path == "/" {
            self.trail.push(Folder::new(request.path.clone(), String::new()));
        }
        // The folder may have been left while its page was on the way.
        if let Some(folder) = self.folder_mut(&request.path) {
            folder.receive(request.cursor, page.contents, page.next);
        }
    }
}

impl Folder {
    pub(super) fn new(path: String, name: String) -> Self {
        Self { path, name, items: Vec::new(), rest: Rest::Loading(None), find: Find::default(), opened: Vec::new() }
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
        let mut new: BTreeSet<&str> = items.iter().map(|item| item.path.as_str()).collect();
        for item in &self.items {
            new.remove(item.path.as_str());
        }
        let new: Vec<bool> = items.iter().map(|item| new.remove(item.path.as_str())).collect();
        self.items.extend(items.into_iter().zip(new).filter_map(|(item, new)| new.then(|| Arc::new(item))));
        self.rest = if next.is_empty() { Rest::End } else { Rest::More(next) };
    }

    fn fail(&mut self, cursor: Option<String>, trouble: Trouble) {
        // Cursors of a list that has changed are worth nothing: the next try begins the list again.
        let cursor = if trouble.is(ProblemCode::ListChanged) { None } else { cursor };
        self.rest = Rest::Failed(cursor, trouble);
    }
}
