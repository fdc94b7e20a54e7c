//! What was published, and what is on its way there.

use std::collections::HashMap;

use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::clock::Unix;

/// How long an unpublished photo stays when nothing uses it, a story is shown, and a container can be published.
pub const DAY: Unix = 86_400;

/// What an item is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ItemKind {
    /// A post of a Page.
    Post,
    /// A photo of a Page.
    Photo,
    /// A video of a Page.
    Video,
    /// A story of a Page.
    Story,
    /// An upload session of an app, whose result a video is made of.
    Upload,
    /// A container of an Instagram account.
    Container,
    /// A media of an Instagram account.
    Media,
}

/// A file as it arrived.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Stored {
    /// SHA-256 of the bytes, in lower-case hex.
    pub sha256: String,
    /// How many bytes.
    pub bytes: u64,
    /// Its MIME type, by its first bytes.
    pub mimetype: &'static str,
    /// Pixels across, where the emulator can read them.
    pub width: Option<u32>,
    /// Pixels down.
    pub height: Option<u32>,
    /// The URL that it was fetched from; `None` when it was uploaded.
    pub url: Option<String>,
}

/// How far the network is with looking at a video.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Processing {
    /// How many questions about it are still answered with "in progress"; `None` is all of them.
    pub questions: Option<u32>,
    /// Why it fails in the end.
    pub fails: Option<String>,
    /// The subcode of that on Instagram.
    pub subcode: i64,
}

impl Processing {
    /// Nothing to look at, or done.
    pub fn done() -> Processing {
        Processing { questions: Some(0), ..Processing::default() }
    }

    /// Whether it is over; counts the question.
    pub fn ask(&mut self) -> bool {
        match &mut self.questions {
            Some(0) => true,
            Some(left) => {
                *left -= 1;
                false
            }
            None => false,
        }
    }

    /// Whether it comes to a good end.
    pub fn succeeds(&self) -> bool {
        self.questions.is_some() && self.fails.is_none()
    }
}

/// Bytes on their way up, in parts.
#[derive(Clone, Debug, Default)]
pub struct Incoming {
    /// How many there will be.
    pub size: u64,
    /// How many there are.
    pub received: u64,
    /// The first ones, by which a type is known.
    pub head: Vec<u8>,
    hasher: Sha256,
}

impl Incoming {
    /// An upload of so many bytes.
    pub fn of_size(size: u64) -> Incoming {
        Incoming { size, ..Incoming::default() }
    }

    /// Takes some.
    pub fn take(&mut self, bytes: &[u8]) {
        self.head.extend(bytes.iter().take(64usize.saturating_sub(self.head.len())));
        self.hasher.update(bytes);
        self.received += bytes.len() as u64;
    }

    /// Whether all are there.
    pub fn is_whole(&self) -> bool {
        self.size > 0 && self.received == self.size
    }

    /// The file, once it is whole.
    pub fn stored(&self) -> Stored {
        Stored {
            sha256: hex::encode(self.hasher.clone().finalize()),
            bytes: self.received,
            mimetype: super::fetch::mimetype(&self.head),
            width: None,
            height: None,
            url: None,
        }
    }
}

/// Something of an account's.
#[derive(Clone, Debug)]
pub struct Item {
    /// Its id.
    pub id: String,
    /// What it is.
    pub kind: ItemKind,
    /// `IMAGE`, `REELS`, `STORIES` or `CAROUSEL` of containers and media, `photo` or `video` of stories; else nothing.
    pub media_type: &'static str,
    /// The id of the Page or of the Instagram account.
    pub account: String,
    /// The id of the app that made it.
    pub app: String,
    /// Message, caption or description.
    pub text: Option<String>,
    /// What it says to those who cannot see it.
    pub alt_text: Option<String>,
    /// The link of a post.
    pub link: Option<String>,
    /// Its file.
    pub file: Option<Stored>,
    /// The ids of what it shows: photos of a post, the photo or video of a story, children of a carousel, the container
    /// of a media.
    pub shows: Vec<String>,
    /// When it was made.
    pub created: Unix,
    /// When it was published.
    pub published: Option<Unix>,
    /// When it is to be published.
    pub scheduled: Option<Unix>,
    /// Whether it was deleted.
    pub deleted: bool,
    /// Whether it is for a carousel only.
    pub is_child: bool,
    /// Its upload in parts.
    pub incoming: Option<Incoming>,
    /// How far the network is with it.
    pub processing: Processing,
}

impl Item {
    /// When it was or is going to be published, if that moment is past.
    pub fn published_at(&self, now: Unix) -> Option<Unix> {
        if self.deleted {
            return None;
        }
        self.published.or(self.scheduled.filter(|at| *at <= now))
    }

    /// Whether a container is too old to be published.
    pub fn is_stale(&self, now: Unix) -> bool {
        self.published.is_none() && now - self.created >= DAY
    }

    /// Whether it waits for its time.
    pub fn waits(&self, now: Unix) -> bool {
        !self.deleted && self.published.is_none() && self.scheduled.is_some_and(|at| at > now)
    }
}

/// Everything that apps made.
#[derive(Default)]
pub struct Store {
    items: Vec<Item>,
    places: HashMap<String, usize>,
}

impl Store {
    /// A new item, not published yet and without anything in it. A post's id names its Page.
    pub fn add(&mut self, kind: ItemKind, account: &str, app: &str, now: Unix, fill: impl FnOnce(&mut Item)) -> String {
        const STEP: u64 = 618_033_988_749;
        let number = self.items.len() as u64 + 1;
        let head: u64 = if matches!(kind, ItemKind::Container | ItemKind::Media) { 180 } else { 122 };
        let mut id = (head * 100_000_000_000_000 + number * STEP % 100_000_000_000_000).to_string();
        match kind {
            ItemKind::Post => id = format!("{account}_{id}"),
            ItemKind::Upload => id = format!("upload:{id}"),
            _ => {}
        }
        let mut item = Item {
            id: id.clone(),
            kind,
            media_type: "",
            account: account.to_owned(),
            app: app.to_owned(),
            text: None,
            alt_text: None,
            link: None,
            file: None,
            shows: Vec::new(),
            created: now,
            published: None,
            scheduled: None,
            deleted: false,
            is_child: false,
            incoming: None,
            processing: Processing::done(),
        };
        fill(&mut item);
        self.places.insert(id.clone(), self.items.len());
        self.items.push(item);
        id
    }

    /// What an id stands for, deleted or not.
    pub fn get(&self, id: &str) -> Option<&Item> {
        self.places.get(id).map(|place| &self.items[*place])
    }

    /// The same, to be changed.
    pub fn get_mut(&mut self, id: &str) -> Option<&mut Item> {
        self.places.get(id).map(|place| &mut self.items[*place])
    }

    /// What is there of a kind on an account, the newest first; with what was deleted.
    pub fn of(&self, kind: ItemKind, account: &str) -> impl Iterator<Item = &Item> {
        self.items.iter().rev().filter(move |item| item.kind == kind && item.account == account)
    }

    /// Everything, the oldest first.
    pub fn all(&self) -> &[Item] {
        &self.items
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.items.clear();
        self.places.clear();
    }

    /// How many media an account has published within a day.
    pub fn used_today(&self, account: &str, now: Unix) -> usize {
        self.of(ItemKind::Media, account).filter(|media| now - media.created < DAY).count()
    }

    /// What shows an item, if anything that is not deleted does.
    pub fn shown_by(&self, id: &str) -> Option<&Item> {
        self.items.iter().find(|item| !item.deleted && item.shows.iter().any(|shown| shown == id))
    }

    /// Whether all videos that an item shows have come to a good end.
    pub fn is_ready(&self, item: &Item) -> bool {
        item.shows.iter().filter_map(|id| self.get(id)).all(|shown| shown.processing.succeeds())
    }

    /// Whether an item is there: not deleted, and no unpublished photo that nothing used for a day, nor a video whose upload was
    /// begun and not finished within one.
    pub fn exists(&self, item: &Item, now: Unix) -> bool {
        let goes = item.kind == ItemKind::Photo || (item.kind == ItemKind::Video && item.incoming.is_some());
        let is_stale =
            goes && item.published.is_none() && now - item.created >= DAY && self.shown_by(&item.id).is_none();
        !item.deleted && !is_stale
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unused_photo_goes_after_a_day_and_a_used_one_stays() {
        let mut store = Store::default();
        let photo = store.add(ItemKind::Photo, "1", "2", 0, |_| {});
        let there = |store: &Store, now| store.exists(store.get(&photo).unwrap(), now);
        assert!(there(&store, DAY - 1) && !there(&store, DAY));
        store.add(ItemKind::Post, "1", "2", 0, |post| post.shows.push(photo.clone()));
        assert!(there(&store, DAY));
    }

    #[test]
    fn every_item_has_an_id_of_its_own() {
        let mut store = Store::default();
        let ids: std::collections::HashSet<String> =
            (0..1000).map(|_| store.add(ItemKind::Photo, "1", "2", 0, |_| {})).collect();
        assert_eq!(ids.len(), 1000);
        assert!(ids.iter().all(|id| id.len() == 17 && crate::world::Slot::of(id).is_none()));
    }
}
