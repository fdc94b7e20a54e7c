//! Sends the choice to the companion and follows it to the end.

use crate::companion::Companion;
use crate::error::Trouble;
use crate::selection::Chosen;
use bowerbird_protocol::problem::ProblemCode;
use bowerbird_protocol::store::{StoreCloud, StoreEvent, StoreTo};
use gloo_timers::future::TimeoutFuture;
use std::collections::BTreeMap;

/// Pauses before watching again when the stream broke. Storing goes on meanwhile, and asking again is harmless.
const PAUSES_MS: [u32; 4] = [500, 1_000, 2_000, 4_000];

/// Follows the photos that `pending` names until none is left, reporting each event. The error says that the companion
/// could not be watched any longer.
pub async fn follow(
    companion: &Companion,
    store_to: &StoreTo,
    accept: &[String],
    pending: impl Fn() -> Vec<Chosen>,
    on_event: impl Fn(StoreEvent),
) -> Result<(), Trouble> {
    let mut pauses = PAUSES_MS.iter();
    loop {
        let photos = pending();
        if photos.is_empty() {
            return Ok(());
        }
        let mut heard = false;
        let watched = companion.store(clouds(&photos, store_to, accept), |event| {
            heard = true;
            on_event(event);
        });
        let trouble = match watched.await {
            Ok(()) => return Ok(()),
            Err(trouble) => trouble,
        };
        // A stream that brought something before it broke has earned the full patience again.
        if heard {
            pauses = PAUSES_MS.iter();
        }
        match pauses.next() {
            Some(pause) if trouble == Trouble::Unreachable || trouble.is(ProblemCode::TooManyRequests) => {
                TimeoutFuture::new(*pause).await
            }
            _ => return Err(trouble),
        }
    }
}

fn clouds(photos: &[Chosen], store_to: &StoreTo, accept: &[String]) -> BTreeMap<String, StoreCloud> {
    let mut clouds: BTreeMap<String, StoreCloud> = BTreeMap::new();
    for photo in photos {
        let cloud = clouds.entry(photo.source.name.to_owned()).or_insert_with(|| StoreCloud {
            accept: accept.to_vec(),
            store: store_to.clone(),
            ..StoreCloud::default()
        });
        cloud.paths.push(photo.item.path.clone());
    }
    clouds
}
