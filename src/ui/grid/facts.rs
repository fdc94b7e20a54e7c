//! What the grid takes out of the state.

use super::window::Arrangement;
use crate::state::{Find, Folder, Rest, Shown, State, View};
use bowerbird_protocol::listing::Item;
use std::sync::Arc;

/// What of a folder decides which tiles there are.
#[derive(Clone, Default, PartialEq)]
pub struct Key {
    /// Source and path, under which the place in the folder is remembered.
    pub name: String,
    /// The path alone.
    pub path: String,
    /// How it is laid out.
    pub arrangement: Arrangement,
    /// What is looked for.
    pub find: Find,
    /// The first of what is loaded.
    pub first: Option<Arc<Item>>,
    /// The last of it.
    pub last: Option<Arc<Item>>,
    /// How many are loaded.
    pub count: usize,
    /// The carousels that are open, and how many photos they have.
    pub opened: Vec<(String, usize)>,
}

/// What comes after the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum After {
    /// Nothing, or nothing that is known.
    Nothing,
    /// More, which can be asked for.
    More,
    /// More, which is on its way.
    Coming,
}

/// What the grid takes out of the state.
pub struct Facts {
    /// Which tiles there are.
    pub key: Key,
    /// `None`: as it was.
    pub list: Option<Vec<Shown>>,
    /// What comes after them.
    pub rest: After,
    /// Whether the whole folder is being loaded by somebody else.
    pub gathering: bool,
}

impl Facts {
    pub fn of(state: &State, before: &Key) -> Option<Self> {
        let (shelf, folder) = (state.shelf()?, state.folder()?);
        let arrangement = match state.view {
            View::List => Arrangement::List,
            View::Grid if shelf.source.albums && shelf.trail.len() == 1 => Arrangement::Cards,
            View::Grid => Arrangement::Photos,
        };
        let key = Key {
            name: format!("{}{}", shelf.source.name, folder.path),
            path: folder.path.clone(),
            arrangement,
            find: folder.find.clone(),
            first: folder.items.first().cloned(),
            last: folder.items.last().cloned(),
            count: folder.items.len(),
            opened: folder.opened.iter().map(|it: &Folder| (it.path.clone(), it.items.len())).collect(),
        };
        let list = (key != *before).then(|| state.shown());
        let rest = match &folder.rest {
            Rest::More(_) => After::More,
            Rest::Loading(Some(_)) => After::Coming,
            _ => After::Nothing,
        };
        Some(Self { key, list, rest, gathering: state.gathering })
    }
}

impl Key {
    /// Whether something is looked for, so that what is loaded next may show nothing.
    pub fn is_filtered(&self) -> bool {
        self.find.leaves_out()
    }
}
