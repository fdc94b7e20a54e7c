//! Which screen is seen, what is loaded, and how each event changes it. Knows neither DOM nor network.

mod event;
mod shown;
mod storing;
#[cfg(test)]
mod tests;

use crate::error::Trouble;
use crate::selection::{self, Refusal, Selection};
use crate::sources::{Kind, Source};
use bowerbird_protocol::accept::Accept;
use bowerbird_protocol::listing::Item;
use bowerbird_protocol::problem::ProblemCode;
use bowerbird_protocol::session::AuthNeeded;
use std::collections::BTreeSet;
use std::sync::Arc;

pub use event::Event;
pub use shown::{Day, Find, Order, Shown};
pub use storing::{Photo, Progress, Storing, Tally};

/// Which way files go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// From a source to the page.
    Pick,
    /// From the page to Pages and accounts.
    Export,
}

/// Everything that the dialog shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    /// Which way files go.
    pub direction: Direction,
    /// One a source, in the order of `fromSources`.
    pub shelves: Vec<Shelf>,
    /// Index of the shelf that is open; `None` is the list of services.
    pub open: Option<usize>,
    /// What the page takes.
    pub accept: Accept,
    /// What is chosen.
    pub selection: Selection,
    /// The copying, once the choice is confirmed.
    pub storing: Option<Storing>,
    /// The same before that, where copying begins with the choice (`uploadInBackground`).
    pub early: Option<Storing>,
    /// A passing remark, such as the limit being reached.
    pub notice: Option<Notice>,
    /// Whether the visitor is asked if the site's access to the open source is to be removed.
    pub removing: bool,
    /// How photos are laid out.
    pub view: View,
    /// The photo of the open folder that is seen large, by its path.
    pub preview: Option<String>,
    /// The editor, while it is open.
    pub editing: Option<Editing>,
    /// Whether the tray with all that is chosen is open.
    pub tray: bool,
    /// Whether the whole album is being loaded, for all of it to be chosen.
    pub gathering: bool,
    /// What this page has stored before, as [`State::mark_of`] writes it.
    pub known: Arc<BTreeSet<String>>,
    /// Whether the dialog has made way for a small indicator while copying goes on.
    pub minimized: bool,
    /// Whether the browser says that there is no network.
    pub offline: bool,
}

/// The editor of one chosen photo.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Editing {
    /// The photo's place in the order of choosing.
    pub place: usize,
    /// Whether the choice was confirmed, and goes on when the editor is done.
    pub confirms: bool,
}

/// How photos are laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum View {
    /// Squares side by side.
    #[default]
    Grid,
    /// One below the other, with their names and dates.
    List,
}

/// A passing remark.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// No more than `maxFiles`.
    Full,
    /// The page's `onFileSelected` or `acceptFn` refused, in its own words.
    Page(String),
    /// A file of this name could not be added.
    Refused(String, Refused),
}

/// Why a file cannot be added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// The page does not take its type.
    Type,
    /// It has more bytes than the page takes.
    Bytes,
    /// It has none.
    Empty,
    /// It has fewer pixels than the page takes.
    TooSmall,
    /// It has more pixels than the page takes.
    TooLarge,
}

impl Refused {
    /// The same of an image whose size the limits refuse.
    pub fn of(code: ProblemCode) -> Self {
        if code == ProblemCode::ImageTooSmall { Self::TooSmall } else { Self::TooLarge }
    }
}

/// What is known of one source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shelf {
    /// Which source.
    pub source: &'static Source,
    /// Whether it can be read.
    pub access: Access,
    /// Who is signed in.
    pub account: Option<String>,
    /// The folders from the root to the open one; never empty while signed in.
    pub trail: Vec<Folder>,
}

/// Whether a source can be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Access {
    /// Asked, and not answered yet.
    Asking,
    /// The visitor has to sign in.
    SignedOut(SignIn),
    /// Yes.
    Open,
    /// It could not even be asked.
    Failed(Trouble),
}

/// A sign-in that is due or under way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignIn {
    /// Where the popup goes.
    pub auth: AuthNeeded,
    /// How far it is.
    pub step: SignInStep,
    /// How the one before ended, when it did not end well.
    pub trouble: Option<Trouble>,
    /// What the visitor is to type in the window.
    pub code: Option<String>,
}

/// How far a sign-in is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignInStep {
    /// Waiting for the visitor to press Connect.
    Ready,
    /// In its window.
    Away,
    /// The window cannot be seen any more. It may be gone, or only out of this page's reach, where the sign-in goes on.
    OutOfSight,
    /// The browser opened no window: a link has to do.
    Blocked,
}

/// A folder that was opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folder {
    /// The companion's path of it.
    pub path: String,
    /// For people; empty for the root.
    pub name: String,
    /// What is loaded so far.
    pub items: Vec<Arc<Item>>,
    /// What comes after that.
    pub rest: Rest,
    /// What of it is looked for.
    pub find: Find,
    /// The carousels in it that are open in their place.
    pub opened: Vec<Folder>,
}

/// What comes after the loaded part of a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rest {
    /// The page with this cursor (`None`: the first) is on its way.
    Loading(Option<String>),
    /// There is more, from this cursor on.
    More(String),
    /// Nothing.
    End,
    /// The page with this cursor could not be had.
    Failed(Option<String>, Trouble),
}

/// A page of a folder, asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageRequest {
    /// Index of the shelf.
    pub shelf: usize,
    /// The folder's path.
    pub path: String,
    /// `None` is the first page.
    pub cursor: Option<String>,
    /// Whether a sign-in that is due asks for another account.
    pub switch_account: bool,
}

impl PageRequest {
    /// The first page of a shelf's root.
    pub fn root(shelf: usize) -> Self {
        Self::first(shelf, "/")
    }

    /// The first page of a folder.
    pub fn first(shelf: usize, path: &str) -> Self {
        Self { shelf, path: path.to_owned(), cursor: None, switch_account: false }
    }
}

impl State {
    /// The dialog as it opens. With a single source there is no list of services to choose from.
    pub fn new(sources: &[&'static Source], accept: Accept, min: usize, max: usize) -> Self {
        // What no provider lists is filled by the visitor.
        let shelf = |source: &'static Source| match source.kind {
            Kind::Cloud => Shelf { source, access: Access::Asking, account: None, trail: Vec::new() },
            Kind::Device | Kind::Address => {
                let root = Folder { rest: Rest::End, ..Folder::new("/".to_owned(), String::new()) };
                Shelf { source, access: Access::Open, account: None, trail: vec![root] }
            }
        };
        Self {
            direction: Direction::Pick,
            shelves: sources.iter().copied().map(shelf).collect(),
            open: (sources.len() == 1).then_some(0),
            accept,
            selection: Selection::new(min, max),
            storing: None,
            early: None,
            notice: None,
            removing: false,
            view: View::default(),
            preview: None,
            editing: None,
            tray: false,
            gathering: false,
            known: Arc::default(),
            minimized: false,
            offline: false,
        }
    }

    /// The copying, whether or not the choice is confirmed.
    pub fn copying(&self) -> Option<&Storing> {
        self.storing.as_ref().or(self.early.as_ref())
    }

    /// The open shelf.
    pub fn shelf(&self) -> Option<&Shelf> {
        self.shelves.get(self.open?)
    }

    /// The open folder of the open shelf, when it can be read.
    pub fn folder(&self) -> Option<&Folder> {
        self.shelf().filter(|shelf| shelf.access == Access::Open)?.trail.last()
    }

    /// Why a file of the open shelf cannot be chosen, where it cannot.
    pub fn refusal(&self, item: &Item) -> Option<Refusal> {
        selection::refusal(self.shelf()?.source, item, &self.accept)
    }

    /// Whether there is anything to go back to.
    pub fn can_go_back(&self) -> bool {
        self.storing.is_none() && self.open.is_some() && (self.removing || self.shelves.len() > 1 || !self.is_at_root())
    }

    /// Whether what is open has no folder above it.
    pub fn is_at_root(&self) -> bool {
        self.shelf().is_none_or(|shelf| shelf.access != Access::Open || shelf.trail.len() < 2)
    }

    /// The page that the open folder still needs: the one after what is loaded, or the one that failed.
    pub fn next_page(&self) -> Option<PageRequest> {
        let folder = self.folder()?;
        let cursor = match &folder.rest {
            Rest::More(cursor) => Some(cursor.clone()),
            Rest::Failed(cursor, _) => cursor.clone(),
            Rest::Loading(_) | Rest::End => return None,
        };
        Some(PageRequest { cursor, ..PageRequest::first(self.open?, &folder.path) })
    }

    /// The pages that could not be had for want of a network, to be asked for again when it is back.
    pub fn unreached(&self) -> Vec<PageRequest> {
        let mut requests = Vec::new();
        for (index, shelf) in self.shelves.iter().enumerate() {
            if shelf.access == Access::Failed(Trouble::Unreachable) {
                requests.push(PageRequest::root(index));
            }
            for folder in shelf.trail.iter().flat_map(|folder| std::iter::once(folder).chain(&folder.opened)) {
                if let Rest::Failed(cursor, Trouble::Unreachable) = &folder.rest {
                    requests.push(PageRequest { cursor: cursor.clone(), ..PageRequest::first(index, &folder.path) });
                }
            }
        }
        requests
    }

    /// The folder names that lead to a photo of what is seen, as `originalPath` has them.
    pub fn folder_names(&self, path: &str) -> String {
        let carousel = self.folder().into_iter().flat_map(|folder| &folder.opened);
        let carousel = carousel.filter(|carousel| carousel.items.iter().any(|item| item.path == path));
        let trail = self.shelf().into_iter().flat_map(|shelf| &shelf.trail);
        let names = trail.chain(carousel).map(|folder| folder.name.as_str());
        names.filter(|name| !name.is_empty()).fold("/".to_owned(), |path, name| path + name + "/")
    }

    /// What is seen of the open folder: what is looked for, in the order asked for, and carousels with their photos.
    pub fn shown(&self) -> Vec<Shown> {
        self.folder().map(Folder::shown).unwrap_or_default()
    }

    /// How [`State::known`] names a photo.
    pub fn mark_of(source: &Source, path: &str) -> String {
        format!("{} {path}", source.name)
    }
}
