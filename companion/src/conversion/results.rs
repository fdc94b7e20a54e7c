//! Results, each made once: in memory while it is asked for, in the storage while it is of use.

use super::pool::{Ingredients, judged};
use super::{Plan, Source};
use crate::Shared;
use crate::bucket::result_key;
use crate::db::{ConversionRow, Leftover, now};
use crate::error::ApiError;
use crate::metrics::Conversion;
use crate::secrets::{self, digest};
use anyhow::Context as _;
use bowerbird_convert::call::Call;
use bowerbird_convert::{Converted, Format};
use bytes::Bytes;
use moka::future::Cache;
use moka::policy::EvictionPolicy;
use sha2::{Digest as _, Sha256};
use std::sync::Arc;
use std::time::Duration;

/// Raised whenever the same recipe makes another picture than before: what was kept is then not found, and goes in time.
const VERSION: u32 = 1;
/// What came from an address is kept this long, in seconds, unless the call says otherwise: it may be something else tomorrow.
pub const ADDRESS_LIVES: u64 = 24 * 3600;
/// How long a result stays in memory: a file that was removed is not shown much longer.
const IN_MEMORY: Duration = Duration::from_secs(60);

/// The results that are in memory.
#[derive(Debug)]
pub struct Results(Cache<String, Done>);

/// A result.
#[derive(Debug, Clone)]
pub struct Done {
    /// The file.
    pub bytes: Bytes,
    /// Its type.
    pub mimetype: String,
    /// SHA-256 of the bytes, hex.
    pub sha256: String,
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
}

impl From<Converted> for Done {
    fn from(made: Converted) -> Self {
        Self {
            sha256: hex::encode(Sha256::digest(&made.bytes)),
            bytes: made.bytes.into(),
            mimetype: made.format.mimetype().to_owned(),
            width: made.size.width,
            height: made.size.height,
        }
    }
}

impl Results {
    /// For so many bytes.
    pub fn new(bytes: u64) -> Self {
        let weight = |key: &String, done: &Done| u32::try_from(key.len() + done.bytes.len()).unwrap_or(u32::MAX);
        let cache = Cache::builder().max_capacity(bytes).eviction_policy(EvictionPolicy::lru()).weigher(weight);
        Self(cache.time_to_live(IN_MEMORY).build())
    }

    /// Bytes of results in memory.
    pub fn bytes(&self) -> u64 {
        self.0.weighted_size()
    }
}

/// The result of a plan: from memory, from the storage, or made now. Those who ask for the same at the same time wait for one.
pub async fn result(companion: &Shared, plan: &Arc<Plan>, wished: Option<Format>) -> Result<Done, ApiError> {
    let Some(id) = id(plan, wished) else {
        companion.metrics.conversion(Conversion::Made);
        return make(companion, plan, wished).await;
    };
    if let Some(done) = companion.results.0.get(&id).await {
        companion.metrics.conversion(Conversion::Memory);
        return Ok(done);
    }
    let making = {
        let (companion, plan) = (companion.clone(), plan.clone());
        // A task of its own: when the first to ask goes away, the others still wait for the one that was begun.
        tokio::spawn(async move {
            let made = find_or_make(&companion, &plan, wished, &id);
            companion.results.0.entry(id.clone()).or_try_insert_with(made).await
        })
    };
    let found = making.await.map_err(ApiError::internal)?.map_err(|error| (*error).clone())?;
    if !found.is_fresh() {
        companion.metrics.conversion(Conversion::Memory);
    }
    Ok(found.into_value())
}

/// The name of a result: the same for the same recipe and the same bytes. None of what is not to be kept.
fn id(plan: &Plan, wished: Option<Format>) -> Option<String> {
    if !plan.keep {
        return None;
    }
    let versions: Vec<String> = plan.sources().map(Source::version).collect::<Option<_>>()?;
    // However the source was written, its version says which bytes it is.
    let tasks = Call { tasks: plan.call.tasks.clone(), ..Call::default() }.canonical();
    let parts = (VERSION, tasks, wished.map(Format::mimetype), versions);
    Some(digest(&format!("{parts:?}")))
}

async fn find_or_make(companion: &Shared, plan: &Plan, wished: Option<Format>, id: &str) -> Result<Done, ApiError> {
    if let Some(done) = find(companion, id).await? {
        companion.metrics.conversion(Conversion::Storage);
        return Ok(done);
    }
    companion.metrics.conversion(Conversion::Made);
    let done = make(companion, plan, wished).await?;
    // A result that is not kept is made again, and that is all.
    if let Err(error) = keep(companion, plan, id, &done).await {
        tracing::warn!(cause = format!("{error:#}"), "the result of a conversion is not kept");
    }
    Ok(done)
}

async fn find(companion: &Shared, id: &str) -> Result<Option<Done>, ApiError> {
    let Some(row) = companion.db.conversion(id).await? else { return Ok(None) };
    let is_over = row.expires_ms.is_some_and(|expires| expires <= now());
    let bucket = companion.buckets.get(&row.storage)?;
    match bucket.read_all(&row.object_key, u64::MAX).await {
        Ok(bytes) if !is_over => Ok(Some(Done {
            bytes,
            mimetype: row.mimetype,
            sha256: row.sha256,
            width: u32::try_from(row.width).unwrap_or_default(),
            height: u32::try_from(row.height).unwrap_or_default(),
        })),
        Ok(_) | Err(object_store::Error::NotFound { .. }) => {
            remove(companion, companion.db.forget_conversion(id).await?).await;
            Ok(None)
        }
        Err(error) => Err(error.into()),
    }
}

async fn make(companion: &Shared, plan: &Plan, wished: Option<Format>) -> Result<Done, ApiError> {
    companion.limits.conversion(plan.address)?;
    let recipe = plan.recipe(wished)?;
    let turn = companion.pool.turn().await?;
    let mut from = Ingredients { bytes: plan.source.fetch(companion).await?, ..Ingredients::default() };
    for (name, file) in &plan.files {
        from.files.insert(name.clone(), file.fetch(companion).await?);
    }
    let done = judged(companion.pool.run(turn, recipe, from).await?)?;
    Ok(done.into())
}

async fn keep(companion: &Shared, plan: &Plan, id: &str, done: &Done) -> anyhow::Result<()> {
    let storage = plan.source.file().map(|file| file.storage.clone()).unwrap_or_default();
    let bucket = companion.buckets.get(&storage)?;
    let object_key = result_key(id, &secrets::id()[..8]);
    let mut writing = bucket.write(&object_key, &done.mimetype, bucket.room().await)?;
    if let Err(error) = writing.push(&done.bytes).await {
        writing.abort().await;
        return Err(error.into());
    }
    writing.finish().await?;
    let files = plan.sources().filter_map(Source::file).map(|file| (file.handle.clone(), file.sha256.clone()));
    let lives = plan.sources().any(|source| source.file().is_none()).then(|| plan.expiry.unwrap_or(ADDRESS_LIVES));
    let row = ConversionRow {
        id: id.to_owned(),
        app_key: plan.app_key.clone(),
        storage: storage.clone(),
        object_key: object_key.clone(),
        mimetype: done.mimetype.clone(),
        size: i64::try_from(done.bytes.len())?,
        sha256: done.sha256.clone(),
        width: i64::from(done.width),
        height: i64::from(done.height),
        expires_ms: lives.map(|seconds| now().saturating_add(seconds.saturating_mul(1000).min(1 << 50) as i64)),
    };
    let kept = companion.db.keep_conversion(&row, &files.collect::<Vec<_>>()).await;
    if !matches!(kept, Ok(true)) {
        bucket.remove(&object_key).await?;
    }
    kept.map(drop).context("the row is not written")
}

/// Removes the results that a file went into, which is gone or has other bytes.
pub async fn remove_of(companion: &Shared, handle: &str) {
    match companion.db.forget_conversions_of(handle).await {
        Ok(gone) => remove(companion, gone).await,
        // What is looked at every hour finds them.
        Err(error) => tracing::warn!(cause = %error, handle, "results of a file could not be forgotten and go later"),
    }
}

/// Removes results of which nobody has any more use.
pub async fn remove_stale(companion: &Shared) -> anyhow::Result<()> {
    let kept = i64::try_from(companion.config.convert_keep_hours.saturating_mul(3_600_000)).unwrap_or(i64::MAX);
    loop {
        let gone = companion.db.forget_stale_conversions(now().saturating_sub(kept)).await?;
        if gone.is_empty() {
            return Ok(());
        }
        tracing::info!(results = gone.len(), "results of conversions that are of no more use are removed");
        remove(companion, gone).await;
    }
}

async fn remove(companion: &Shared, gone: Vec<Leftover>) {
    for (storage, key) in gone {
        let removed = async { companion.buckets.get(&storage)?.remove(&key).await };
        if let Err(error) = removed.await {
            // It belongs to nothing any more, so the search for orphans takes it.
            tracing::warn!(cause = %error, key, "the result of a conversion could not be removed and goes later");
        }
    }
}
