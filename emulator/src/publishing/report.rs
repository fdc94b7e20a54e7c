//! What tests ask after publishing: what is to be seen, and what was left behind.

use serde::Serialize;

use super::store::{DAY, Item, ItemKind, Store, Stored};
use crate::clock::Unix;

/// What was published, or was to be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Publication {
    /// Its id.
    pub id: String,
    /// `post`, `photo`, `video`, `story`, `upload`, `container` or `media`.
    pub kind: String,
    /// `IMAGE`, `REELS`, `STORIES`, `CAROUSEL` or `VIDEO` of containers and media, `photo` or `video` of stories.
    pub media_type: String,
    /// The id of the Page or of the Instagram account; of an upload, the person's key.
    pub account: String,
    /// The id of the app.
    pub app: String,
    /// Message, caption or description.
    pub text: Option<String>,
    /// What it says to those who cannot see it.
    pub alt_text: Option<String>,
    /// The link of a post.
    pub link: Option<String>,
    /// Its file and the files of all that it shows, in their order.
    pub files: Vec<Stored>,
    /// The ids of what it shows.
    pub shows: Vec<String>,
    /// When it was made, in seconds since 1970.
    pub created: Unix,
    /// When it was published.
    pub published: Option<Unix>,
    /// When it is to be published.
    pub scheduled: Option<Unix>,
    /// `status_code` of a container.
    pub status: Option<&'static str>,
}

/// Everything, told apart.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Published {
    /// What visitors see: posts, stories of less than a day, Instagram media; the oldest first.
    pub visible: Vec<Publication>,
    /// Posts that wait for their time.
    pub scheduled: Vec<Publication>,
    /// What nobody sees and nothing uses: unpublished posts, photos and videos, and containers that can still be
    /// published or failed. What its network forgot by itself is not among them.
    pub leftovers: Vec<Publication>,
    /// All containers, used or not.
    pub containers: Vec<Publication>,
}

impl Stored {
    fn of(store: &Store, item: &Item) -> Vec<Stored> {
        let shown = item.shows.iter().filter_map(|id| store.get(id)).flat_map(|shown| Stored::of(store, shown));
        item.file.iter().cloned().chain(shown).collect()
    }
}

fn publication(store: &Store, item: &Item, now: Unix) -> Publication {
    let word = |kind: ItemKind| serde_json::to_value(kind).ok().and_then(|word| Some(word.as_str()?.to_owned()));
    let status = (item.kind == ItemKind::Container).then(|| status(store, item, now));
    Publication {
        id: item.id.clone(),
        kind: word(item.kind).unwrap_or_default(),
        media_type: item.media_type.to_owned(),
        account: item.account.clone(),
        app: item.app.clone(),
        text: item.text.clone(),
        alt_text: item.alt_text.clone(),
        link: item.link.clone(),
        files: Stored::of(store, item),
        shows: item.shows.clone(),
        created: item.created,
        published: item.published_at(now),
        scheduled: item.scheduled,
        status,
    }
}

/// A container's status as it would be told; this does not count as a question.
fn status(store: &Store, container: &Item, now: Unix) -> &'static str {
    if container.published.is_some() {
        return "PUBLISHED";
    }
    if container.is_stale(now) {
        return "EXPIRED";
    }
    let mut parts = container.shows.iter().filter_map(|id| store.get(id)).chain([container]);
    let waits = container.incoming.is_some() && container.file.is_none();
    if waits || parts.clone().any(|part| part.processing.questions != Some(0)) {
        return "IN_PROGRESS";
    }
    if parts.any(|part| part.processing.fails.is_some()) { "ERROR" } else { "FINISHED" }
}

/// What there is now.
pub fn report(store: &Store, now: Unix) -> Published {
    let mut published = Published::default();
    for item in store.all().iter().filter(|item| store.exists(item, now)) {
        let told = || publication(store, item, now);
        if item.kind == ItemKind::Container {
            published.containers.push(told());
        }
        let is_used = store.shown_by(&item.id).is_some_and(|by| store.exists(by, now));
        match item.kind {
            ItemKind::Post | ItemKind::Media if item.waits(now) => published.scheduled.push(told()),
            ItemKind::Post | ItemKind::Media if item.published_at(now).is_some() && store.is_ready(item) => {
                published.visible.push(told());
            }
            // It lies in an album, without a post.
            ItemKind::Photo if item.published.is_some() && !is_used => published.visible.push(told()),
            ItemKind::Story if !store.is_ready(item) => published.leftovers.push(told()),
            ItemKind::Story if now - item.created < DAY => published.visible.push(told()),
            ItemKind::Story | ItemKind::Upload => {}
            ItemKind::Container if item.published.is_some() || item.is_stale(now) => {}
            _ if is_used => {}
            _ => published.leftovers.push(told()),
        }
    }
    published
}
