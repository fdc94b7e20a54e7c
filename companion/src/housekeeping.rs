//! What is done now and then, for everybody: forgetting what has had its time, renewing remembered sign-ins, and removing what lies
//! in the storage and belongs to no file.

use crate::bucket::{Bucket, Buckets, upload_of};
use crate::db::{Db, Millis};
use crate::{Shared, accounts, conversion, files, renewal, session, upload};
use anyhow::Context as _;
use futures_util::{StreamExt as _, TryStreamExt as _};
use std::time::{Duration, SystemTime};

/// How often what has had its time is forgotten.
const SWEEP_EVERY: Duration = Duration::from_secs(600);
/// How often results of conversions are looked through for those that are of no more use.
const RESULTS_EVERY: Millis = 3600 * 1000;
/// How often the storage is gone through: listing it costs money where it is large.
const ORPHANS_EVERY: Millis = 24 * 3600 * 1000;
/// Objects that the database is asked about at once.
const BATCH: usize = 500;

/// Does all of it until it is cut off, which it can be at any point.
pub async fn work(companion: Shared) {
    loop {
        if let Err(error) = companion.db.sweep(session::idle_since()).await {
            tracing::error!(cause = %error, "forgetting old sessions failed");
        }
        if let Err(error) = renewal::renew(&companion).await {
            tracing::error!(cause = %error, "renewing remembered sign-ins failed");
        }
        // What fails is logged where it does.
        drop(accounts::renew(&companion).await);
        if let Err(error) = upload::parts::forget_ended(&companion).await {
            tracing::error!(cause = format!("{error:#}"), "the parts of old uploads could not be removed");
        }
        if let Err(error) = files::remove_unclaimed(&companion).await {
            tracing::error!(cause = format!("{error:#}"), "files that nobody claimed could not be removed");
        }
        if let Err(error) = files::finish_removals(&companion).await {
            tracing::error!(cause = format!("{error:#}"), "the bytes of removed files could not be removed");
        }
        match companion.db.take_lease("conversions", &companion.name, RESULTS_EVERY).await {
            Ok(true) => {
                if let Err(error) = conversion::remove_stale(&companion).await {
                    tracing::error!(cause = format!("{error:#}"), "old results of conversions could not be removed");
                }
            }
            Ok(false) => {}
            Err(error) => tracing::error!(cause = %error, "a lease could not be taken"),
        }
        match companion.db.take_lease("orphans", &companion.name, ORPHANS_EVERY).await {
            Ok(true) => look_for_orphans(&companion).await,
            Ok(false) => {}
            Err(error) => tracing::error!(cause = %error, "a lease could not be taken"),
        }
        tokio::time::sleep(SWEEP_EVERY).await;
    }
}

async fn look_for_orphans(companion: &Shared) {
    let older = Duration::from_secs(companion.config.orphan_hours.saturating_mul(3600));
    match remove_orphans(&companion.db, &companion.buckets, older).await {
        Ok(Orphans { objects: 0, .. }) => {}
        Ok(Orphans { objects, bytes }) => {
            tracing::info!(objects, bytes, "what belonged to no file is removed from the storage");
        }
        Err(error) => tracing::error!(cause = format!("{error:#}"), "the storage could not be gone through"),
    }
}

/// What was removed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Orphans {
    /// How many objects.
    pub objects: u64,
    /// Their bytes.
    pub bytes: u64,
}

/// Removes from all storages what is older than `older` and belongs neither to a file nor to a transfer that is under way: what a
/// process that was killed left. The companion must be the only one that writes there.
pub async fn remove_orphans(db: &Db, buckets: &Buckets, older: Duration) -> anyhow::Result<Orphans> {
    let mut removed = Orphans::default();
    for (name, bucket) in buckets.iter() {
        remove_from(db, name, bucket, older, &mut removed).await.with_context(|| format!("storage `{name}`"))?;
    }
    Ok(removed)
}

async fn remove_from(
    db: &Db,
    name: &str,
    bucket: &Bucket,
    older: Duration,
    removed: &mut Orphans,
) -> anyhow::Result<()> {
    let before = SystemTime::now() - older;
    let old = bucket.objects().try_filter(|object| std::future::ready(object.modified <= before));
    let mut batches = old.chunks(BATCH);
    while let Some(batch) = batches.next().await {
        let batch = batch.into_iter().collect::<Result<Vec<_>, _>>()?;
        // A staging file belongs to whom the file belongs that it becomes.
        let keys: Vec<&str> = batch.iter().map(|object| bucket.file_of(&object.key)).collect();
        let kept = db.objects_in_use(name, &keys).await?;
        for (object, key) in batch.iter().zip(keys) {
            let is_kept = match upload_of(key) {
                Some(upload) => db.has_upload(upload).await?,
                None => kept.contains(key) && (key == object.key || db.is_written(name, key).await?),
            };
            if is_kept {
                continue;
            }
            bucket.remove_object(object).await?;
            removed.objects += 1;
            removed.bytes += object.size;
        }
    }
    Ok(())
}
