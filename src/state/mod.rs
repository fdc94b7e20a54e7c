//! Which screen is seen, what is loaded, and how each event changes it. Knows neither DOM nor network.

mod event;
#[cfg(test)]
mod tests;

use crate::error::Trouble;
use crate::selection::{Chosen, Selection};
use crate::sources::Source;
use bowerbird_protocol::accept::Accept;
use bowerbird_protocol::listing::Item;
use bowerbird_protocol::session::AuthNeeded;
use bowerbird_protocol::store::StoredFile;
use std::sync::Arc;

pub use event::Event;

/// Which way files go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// From a source to the page.
    Pick,
    /// From the page to a source.
    #[expect(dead_code, reason = "publishing to a source will be the second direction")]
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
    /// A passing remark, such as the limit being reached.
    pub notice: Option<Notice>,
    /// Whether the visitor is asked if the site's access to the open source is to be removed.
    pub removing: bool,
}

/// A passing remark.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// No more than `maxFiles`.
    Full,
    /// The page's `onFileSelected` refused, in its own words.
    Page(String),
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

/// The copying of what was confirmed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Storing {
    /// In the order of the choice.
    pub photos: Vec<Photo>,
}

/// One photo on its way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Photo {
    /// Which.
    pub chosen: Chosen,
    /// How far.
    pub progress: Progress,
}

/// How far a photo is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
    /// Nothing of it has been heard.
    Waiting,
    /// So many bytes have arrived at the companion.
    Moving {
        /// Bytes so far.
        received: u64,
        /// Bytes in all, once known.
        total: Option<u64>,
    },
    /// It is stored.
    Stored(Box<StoredFile>),
    /// It is not.
    Failed(Trouble),
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
        let shelf = |source| Shelf { source, access: Access::Asking, account: None, trail: Vec::new() };
        Self {
            direction: Direction::Pick,
            shelves: sources.iter().copied().map(shelf).collect(),
            open: (sources.len() == 1).then_some(0),
            accept,
            selection: Selection::new(min, max),
            storing: None,
            notice: None,
            removing: false,
        }
    }

    /// The open shelf.
    pub fn shelf(&self) -> Option<&Shelf> {
        self.shelves.get(self.open?)
    }

    /// The open folder of the open shelf, when it can be read.
    pub fn folder(&self) -> Option<&Folder> {
        self.shelf().filter(|shelf| shelf.access == Access::Open)?.trail.last()
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

    /// The folder names that lead to what is seen, as `originalPath` has them.
    pub fn folder_names(&self) -> String {
        let names = self.shelf().into_iter().flat_map(|shelf| &shelf.trail).map(|folder| folder.name.as_str());
        names.filter(|name| !name.is_empty()).fold("/".to_owned(), |path, name| path + name + "/")
    }
}

impl Photo {
    /// Whether it is stored or has failed.
    pub fn has_ended(&self) -> bool {
        matches!(self.progress, Progress::Stored(_) | Progress::Failed(_))
    }

    /// How much of it has arrived, from 0 to 1.
    pub fn fraction(&self) -> f64 {
        match &self.progress {
            Progress::Moving { received, total: Some(total) } if *total > 0 => *received as f64 / *total as f64,
            Progress::Waiting | Progress::Moving { .. } => 0.0,
            Progress::Stored(_) | Progress::Failed(_) => 1.0,
        }
    }
}

impl Storing {
    /// Whether nothing is on its way any more.
    pub fn has_ended(&self) -> bool {
        self.photos.iter().all(Photo::has_ended)
    }

    /// How many are stored.
    pub fn stored(&self) -> usize {
        self.photos.iter().filter(|photo| matches!(photo.progress, Progress::Stored(_))).count()
    }

    /// How many have failed.
    pub fn failed(&self) -> usize {
        self.photos.iter().filter(|photo| matches!(photo.progress, Progress::Failed(_))).count()
    }

    /// The source that the visitor has to connect again before it gives what failed.
    pub fn signed_out_source(&self) -> Option<&'static Source> {
        let lost = |photo: &&Photo| matches!(&photo.progress, Progress::Failed(it) if it.needs_sign_in());
        self.photos.iter().find(lost).map(|photo| photo.chosen.source)
    }

    /// Whether trying again may help with at least one.
    pub fn can_retry(&self) -> bool {
        self.photos.iter().any(|photo| matches!(&photo.progress, Progress::Failed(it) if it.worth_retrying()))
    }

    /// How much of all has arrived, from 0 to 1. Each photo counts the same, since sizes are not known beforehand.
    pub fn fraction(&self) -> f64 {
        self.photos.iter().map(Photo::fraction).sum::<f64>() / self.photos.len().max(1) as f64
    }
}
