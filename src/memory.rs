//! What outlives a page: the session of a site that asked for `sessionCache`, and the way back from a sign-in that took the
//! whole page. Neither holds anything that a provider would take.

use crate::json;
use crate::selection::{Changes, Chosen};
use crate::sources::{self, Kind};
use bowerbird_protocol::listing::Item;
use serde::{Deserialize, Serialize};
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;
use std::sync::Arc;
use web_sys::{Storage, Window, window};

/// The name of [`Way`] in `sessionStorage`; `npm/core.js` looks for it when a page loads.
const WAY: &str = "bowerbird";

thread_local! {
    /// The sessions of this page, by site: a visitor who connected for one pick is connected for the next. There are hardly
    /// ever two.
    static SESSIONS: RefCell<Vec<(String, Session)>> = const { RefCell::new(Vec::new()) };
    /// What this page has stored: a visitor who picks again sees what was picked before.
    static STORED: RefCell<Arc<BTreeSet<String>>> = RefCell::default();
}

/// Notes that a photo is stored, by its mark.
pub fn note_stored(mark: String) {
    STORED.with_borrow_mut(|stored| Arc::make_mut(stored).insert(mark));
}

/// The marks of all photos that this page has stored.
pub fn stored() -> Arc<BTreeSet<String>> {
    STORED.with_borrow(Arc::clone)
}

/// A session's token, once the companion has given one.
#[derive(Clone)]
pub struct Session {
    token: Rc<RefCell<Option<String>>>,
    /// Under which name it is remembered, if it is.
    remembered: Option<String>,
}

impl Session {
    /// The session of a site, which is an address and a key.
    pub fn of(site: &str, remember: bool) -> Self {
        SESSIONS.with_borrow_mut(|sessions| {
            if let Some((_, session)) = sessions.iter().find(|(known, _)| known == site) {
                return session.clone();
            }
            let remembered = remember.then(|| format!("bowerbird {site}"));
            let token = remembered.as_deref().and_then(|name| storage(Window::local_storage)?.get_item(name).ok()?);
            let session = Self { token: Rc::new(RefCell::new(token)), remembered };
            sessions.push((site.to_owned(), session.clone()));
            session
        })
    }

    /// The token.
    pub fn token(&self) -> Option<String> {
        self.token.borrow().clone()
    }

    /// Whether it outlives the page.
    pub fn is_remembered(&self) -> bool {
        self.remembered.is_some()
    }

    /// Goes on with this token.
    pub fn keep(&self, token: String) {
        if let Some((storage, name)) = storage(Window::local_storage).zip(self.remembered.as_deref())
            && self.token.borrow().as_ref() != Some(&token)
        {
            // Storage may be full or forbidden; then the visitor signs in again after a reload.
            let _ = storage.set_item(name, &token);
        }
        self.token.replace(Some(token));
    }

    /// Begins anew, and gives what there was.
    pub fn forget(&self) -> Option<String> {
        if let Some((storage, name)) = storage(Window::local_storage).zip(self.remembered.as_deref()) {
            let _ = storage.remove_item(name);
        }
        self.token.take()
    }
}

/// A chosen photo, written down.
type Line = (String, Item, String, String, Changes);

/// Where a visitor was when a sign-in took the page.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Way {
    /// The site that asked, as in [`Session::of`].
    pub site: String,
    /// The session.
    pub token: String,
    /// The sign-in.
    pub attempt: String,
    /// The source that is being connected.
    pub source: String,
    /// The page's address.
    pub href: String,
    /// The folders from the root to the open one: path and name.
    pub trail: Vec<(String, String)>,
    /// What was chosen: source, photo, the names of its folders, the id of the choice, and what was changed of it.
    pub chosen: Vec<Line>,
    /// What the sign-in handed over. Written by `npm/core.js` when the page is back; empty when the sign-in did not go well.
    pub code: Option<String>,
}

impl Way {
    /// What is chosen, as a list that can be written down.
    pub fn chosen_of(chosen: &[Chosen]) -> Vec<Line> {
        let line = |it: &Chosen| {
            let Chosen { source, item, folder, id, changes } = it.clone();
            (source.name.to_owned(), (*item).clone(), folder, id, changes)
        };
        // A browser hands the files of a device out for as long as the page lives.
        chosen.iter().filter(|it| it.source.kind != Kind::Device).map(line).collect()
    }

    /// The same read again.
    pub fn take_chosen(&mut self) -> Vec<Chosen> {
        let chosen = std::mem::take(&mut self.chosen).into_iter();
        let read = |(source, item, folder, id, changes): Line| {
            Some(Chosen { source: sources::find(&source)?, item: Arc::new(item), folder, id, changes })
        };
        chosen.filter_map(read).collect()
    }

    /// Notes the way. `false` where the browser keeps nothing: then the page must not be left.
    pub fn note(&self) -> bool {
        storage(Window::session_storage).is_some_and(|storage| storage.set_item(WAY, &json::write(self)).is_ok())
    }

    /// The way that led back to this page, for this site; it is forgotten with that.
    pub fn back(site: &str) -> Option<Self> {
        let storage = storage(Window::session_storage)?;
        let way: Self = json::read(&storage.get_item(WAY).ok()??)?;
        if way.site != site {
            return None;
        }
        // One that was not gone to its end is of no more use.
        let _ = storage.remove_item(WAY);
        way.code.is_some().then_some(way)
    }
}

/// Browsers that block a frame's storage throw at the mere mention of it.
fn storage<E>(of: impl FnOnce(&Window) -> Result<Option<Storage>, E>) -> Option<Storage> {
    of(&window()?).ok().flatten()
}
