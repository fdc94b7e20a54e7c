//! Sends the choice to the companion and follows it to the end, whatever becomes of the network meanwhile.

use crate::companion::Companion;
use crate::error::Trouble;
use crate::selection::Chosen;
use bowerbird_protocol::problem::ProblemCode;
use bowerbird_protocol::store::{CancelCloud, StoreCloud, StoreEvent};
use futures_util::future::{Either, select};
use gloo_timers::future::TimeoutFuture;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::future::poll_fn;
use std::pin::pin;
use std::task::{Poll, Waker};

/// Pauses before the companion is asked again. Storing goes on meanwhile, and asking again is harmless. A companion that is not
/// there is asked for as long as the visitor waits, with the last of them.
const PAUSES_MS: [u32; 6] = [500, 1_000, 2_000, 4_000, 8_000, 15_000];
/// How often a companion is asked again that is there, but has too much to do.
const PATIENCE: usize = 4;
/// Photos in one request; the companion takes no more.
const AT_ONCE: usize = 1000;

/// Tells a [`follow`] that there is something new: further photos are pending, or the network is back.
#[derive(Default)]
pub struct Nudge {
    given: Cell<bool>,
    waker: RefCell<Option<Waker>>,
}

impl Nudge {
    /// Tells it, now or as soon as it listens.
    pub fn give(&self) {
        self.given.set(true);
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }

    /// Waits until it is given, unless it was since it was waited for last.
    pub async fn received(&self) {
        poll_fn(|context| {
            if self.given.replace(false) {
                return Poll::Ready(());
            }
            self.waker.replace(Some(context.waker().clone()));
            Poll::Pending
        })
        .await;
    }
}

/// What [`follow`] tells of.
pub enum Heard {
    /// The companion reports.
    Event(StoreEvent),
    /// The companion answers.
    Again,
    /// The companion has not answered twice in a row, and is asked on.
    Nothing,
}

/// Follows the photos that `pending` names until none is left, in one stream at a time, and tells all that is heard. A nudge
/// has it ask anew for what is pending by then. `wishes` is what is asked of every photo. The error says that the companion does not
/// want to be watched any longer.
pub async fn follow(
    companion: &Companion,
    wishes: &StoreCloud,
    pending: &dyn Fn() -> Vec<Chosen>,
    nudge: &Nudge,
    tell: &dyn Fn(Heard),
) -> Result<(), Trouble> {
    let tries = Cell::new(0);
    nudge.given.set(false);
    loop {
        let mut photos = pending();
        if photos.is_empty() {
            return Ok(());
        }
        photos.truncate(AT_ONCE);
        let opened = || tell(Heard::Again);
        let watching = companion.store(clouds(&photos, wishes), &opened, |event| {
            tries.set(0);
            tell(Heard::Event(event));
        });
        let watched = match select(pin!(watching), pin!(nudge.received())).await {
            Either::Left((watched, _)) => watched,
            Either::Right(_) => continue,
        };
        let trouble = match watched {
            // It may be that one of these is wanted once more since.
            Ok(()) if nudge.given.replace(false) => continue,
            Ok(()) if pending().iter().any(|photo| photos.iter().any(|asked| asked.id == photo.id)) => {
                return Err(ProblemCode::Other.into());
            }
            Ok(()) => continue,
            Err(trouble) => trouble,
        };
        let is_gone = trouble == Trouble::Unreachable;
        let is_busy = trouble.is(ProblemCode::TooManyRequests) && tries.get() < PATIENCE;
        if !is_gone && !is_busy {
            return Err(trouble);
        }
        let pause = PAUSES_MS[tries.get().min(PAUSES_MS.len() - 1)];
        tries.set(tries.get() + 1);
        // A stream may break by chance; one that cannot be had again at once is worth a word.
        if is_gone && tries.get() == 2 {
            tell(Heard::Nothing);
        }
        select(TimeoutFuture::new(pause), pin!(nudge.received())).await;
    }
}

/// Has the companion stop storing these photos, and remove those that it has stored of a `draft`. Where it cannot be reached it is asked
/// again while `goes_on`, and a few times more at least.
pub async fn cancel(
    companion: &Companion,
    photos: &[Chosen],
    draft: Option<String>,
    goes_on: &dyn Fn() -> bool,
) -> Result<(), Trouble> {
    for photos in photos.chunks(AT_ONCE) {
        let clouds = cancelled(photos, draft.as_ref());
        until_heard(goes_on, async || companion.store_cancel(clouds.clone()).await).await?;
    }
    Ok(())
}

/// Has it remove these uploads in the same way.
pub async fn abort_uploads(companion: &Companion, uploads: &[String], goes_on: &dyn Fn() -> bool) {
    for upload in uploads {
        let _ = until_heard(goes_on, async || companion.abort_upload(upload).await).await;
    }
}

/// Tells it to remove both, while the page goes away.
pub fn discard_going(companion: &Companion, photos: &[Chosen], draft: Option<String>, uploads: &[String]) {
    for photos in photos.chunks(AT_ONCE) {
        companion.store_cancel_going(cancelled(photos, draft.as_ref()));
    }
    for upload in uploads {
        companion.abort_upload_going(upload);
    }
}

fn cancelled(photos: &[Chosen], draft: Option<&String>) -> BTreeMap<String, CancelCloud> {
    let mut clouds: BTreeMap<String, CancelCloud> = BTreeMap::new();
    for photo in photos {
        let cloud = clouds.entry(photo.source.name.to_owned()).or_default();
        cloud.draft = draft.cloned();
        cloud.paths.push(photo.item.path.clone());
    }
    clouds
}

async fn until_heard(goes_on: &dyn Fn() -> bool, ask: impl AsyncFn() -> Result<(), Trouble>) -> Result<(), Trouble> {
    let mut tries = 0;
    while let Err(trouble) = ask().await {
        if trouble != Trouble::Unreachable || (tries >= PATIENCE && !goes_on()) {
            return Err(trouble);
        }
        TimeoutFuture::new(PAUSES_MS[tries.min(PAUSES_MS.len() - 1)]).await;
        tries += 1;
    }
    Ok(())
}

fn clouds(photos: &[Chosen], wishes: &StoreCloud) -> BTreeMap<String, StoreCloud> {
    let mut clouds: BTreeMap<String, StoreCloud> = BTreeMap::new();
    for photo in photos {
        let cloud = clouds.entry(photo.source.name.to_owned()).or_insert_with(|| wishes.clone());
        if photo.changes.renamed {
            cloud.names.insert(photo.item.path.clone(), photo.item.name.clone());
        }
        if let Some(recipe) = photo.edit().recipe() {
            cloud.recipes.insert(photo.item.path.clone(), recipe);
        }
        cloud.paths.push(photo.item.path.clone());
    }
    clouds
}
