//! Removing files, and writing over them.

use crate::Shared;
use crate::bucket::{Bucket, Destination, Room};
use crate::conversion;
use crate::db::{FileRow, now};
use crate::error::ApiError;
use crate::notices::{self, Event};
use crate::policy::{Call, Deed, Refusal};
use crate::rights::{self, Shown};
use crate::secrets;
use crate::store::{Any, judge_any};
use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, header};
use bowerbird_protocol::problem::ProblemCode;
use futures_util::{Stream, StreamExt as _};
use serde::Deserialize;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

/// What a removal says besides.
#[derive(Debug, Deserialize)]
pub struct Removal {
    #[serde(flatten)]
    shown: Shown,
    /// Leaves the bytes in the storage, where they are the site's from then on.
    skip_storage: Option<String>,
}

/// `DELETE /api/file/{handle}`, and `POST …/remove` as `filepicker.remove` asks: the file is gone for everybody at once, and its bytes
/// soon. Answers `success`, as Filestack does.
pub async fn remove(
    State(companion): State<Shared>,
    Path(handle): Path<String>,
    Query(removal): Query<Removal>,
    headers: HeaderMap,
) -> Result<&'static str, ApiError> {
    let file = companion.db.file(&handle).await?.ok_or_else(ApiError::not_found)?;
    rights::may(&companion, &file, &headers, &removal.shown, Call::Remove).await?;
    let keep = super::is_true(removal.skip_storage.as_deref());
    remove_file(&companion, &file, keep).await?;
    Ok("success")
}

/// Removes a file for everybody, tells its site, and begins to remove its bytes unless they are to be kept.
pub async fn remove_file(companion: &Shared, file: &FileRow, keep: bool) -> Result<(), ApiError> {
    let told = notices::about(companion, &file.app_key, Event::Deleted { handle: &file.handle });
    if !companion.db.remove_file(&file.handle, keep, &told).await? {
        return Err(ApiError::not_found());
    }
    notices::told(companion, &told);
    tracing::info!(key = file.app_key, handle = file.handle, keep, "a file is removed");
    conversion::remove_of(companion, &file.handle).await;
    if !keep && let Err(error) = remove_bytes(companion, &file.handle, &file.storage, &file.object_key).await {
        tracing::warn!(cause = %error, handle = file.handle, "the bytes of a removed file are still there and go later");
    }
    Ok(())
}

async fn remove_bytes(companion: &Shared, handle: &str, storage: &str, key: &str) -> anyhow::Result<()> {
    companion.buckets.get(storage)?.remove(key).await?;
    Ok(companion.db.forget_file(handle).await?)
}

/// Removes the bytes of files that were removed when the storage was away, or the process was killed.
pub async fn finish_removals(companion: &Shared) -> anyhow::Result<()> {
    for (handle, storage, key) in companion.db.removed_files().await? {
        remove_bytes(companion, &handle, &storage, &key).await?;
    }
    Ok(())
}

/// `POST /api/file/{handle}/claim`: the site's server keeps the file, which is removed otherwise where the key has
/// `unclaimed_hours`. It takes a policy that allows `store`. Answers `success`.
pub async fn claim(
    State(companion): State<Shared>,
    Path(handle): Path<String>,
    Query(shown): Query<Shown>,
    headers: HeaderMap,
) -> Result<&'static str, ApiError> {
    let file = companion.db.file(&handle).await?.ok_or_else(ApiError::not_found)?;
    let caller = companion.apps.authorize(&file.app_key, &headers)?;
    // Not the session: a page must not keep for ever what its visitor gave it.
    let policy = shown.verified(&caller.app)?.ok_or(Refusal::Missing(Call::Store))?;
    policy.allows(Call::Store, Deed { handle: Some(&handle), ..Deed::default() })?;
    if companion.db.claim_file(&handle).await? { Ok("success") } else { Err(ApiError::not_found()) }
}

/// Removes what nobody claimed in time, and tells the sites.
pub async fn remove_unclaimed(companion: &Shared) -> anyhow::Result<()> {
    for app in companion.apps.all() {
        let Some(hours) = app.settings.unclaimed_hours else { continue };
        let since = now() - i64::from(hours) * 3600 * 1000;
        for file in companion.db.unclaimed_files(app.key(), since).await? {
            // One that cannot be removed now, or is gone already, is looked at again the next time.
            drop(remove_file(companion, &file, false).await);
        }
    }
    Ok(())
}

/// What an overwriting says besides.
#[derive(Debug, Deserialize)]
pub struct Overwriting {
    #[serde(flatten)]
    shown: Shown,
    filename: Option<String>,
    mimetype: Option<String>,
}

/// `POST /api/file/{handle}`: the file has the bytes of the body from now on, under the same handle. Whoever reads meanwhile reads the
/// old ones to their end. Answers what is known of it.
pub async fn overwrite(
    State(companion): State<Shared>,
    Path(handle): Path<String>,
    Query(writing): Query<Overwriting>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<Value>, ApiError> {
    let before = companion.db.file(&handle).await?.ok_or_else(ApiError::not_found)?;
    let caller = rights::may(&companion, &before, &headers, &writing.shown, Call::Write).await?;
    if before.link_connection.is_some() {
        return Err(ApiError::with_text(ProblemCode::BadRequest, "A file that is only linked cannot be written over."));
    }
    let policy = writing.shown.verified(&caller.app)?;
    let said = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let said = writing.mimetype.as_deref().or(said.and_then(|value| value.split(';').next()));
    let filename = writing.filename.clone().unwrap_or_else(|| before.filename.clone());
    let bucket = companion.buckets.get(&before.storage)?;
    let prefix = before.object_key.rsplit_once('/').map(|(folders, _)| format!("{folders}/")).unwrap_or_default();
    let name = format!("{handle}-{}", &secrets::id()[..8]);
    let key = Destination::from_row(prefix).key(&name, 1, &filename);
    let most = policy.as_ref().and_then(|policy| policy.max_size()).unwrap_or(u64::MAX);
    let most = most.min(companion.config.max_upload_bytes);
    let Kept { size, sha256, seen } =
        keep(bucket, &key, said, bucket.room().await, body.into_data_stream(), most).await?;
    let judged = match &policy {
        Some(policy) => policy.allows(Call::Write, Deed { size: Some(size), ..Deed::default() }),
        None => Ok(()),
    };
    let after = FileRow {
        object_key: key.clone(),
        mimetype: seen.mimetype,
        size: i64::try_from(size).unwrap_or(i64::MAX),
        sha256,
        width: seen.width,
        height: seen.height,
        filename,
        ..before.clone()
    };
    let told = notices::about(&companion, &after.app_key, Event::Overwritten(&after));
    let written = match judged {
        Ok(()) => companion.db.overwrite_file(&before, &after, &told).await.map_err(ApiError::from),
        Err(refusal) => Err(refusal.into()),
    };
    // What is not the file's is removed: the new bytes, or the old.
    let (gone, answer) = match written {
        Ok(true) => (&before.object_key, Ok(())),
        Ok(false) => (&key, Err(ApiError::not_found())),
        Err(error) => (&key, Err(error)),
    };
    if let Err(error) = bucket.remove(gone).await {
        tracing::error!(cause = %error, key = gone, "bytes that belong to no file could not be removed");
    }
    answer?;
    notices::told(&companion, &told);
    conversion::remove_of(&companion, &handle).await;
    tracing::info!(key = after.app_key, handle, bytes = size, "a file is written over");
    Ok(Json(super::described(&companion, &after)))
}

/// Bytes that are in the storage.
pub(crate) struct Kept {
    pub size: u64,
    /// Their SHA-256, hex.
    pub sha256: String,
    seen: Any,
}

/// Moves a body into the storage. Nothing is left of one that is cut off, or has more than `most` bytes.
pub(crate) async fn keep(
    bucket: &Bucket,
    key: &str,
    told: Option<&str>,
    room: Room,
    mut body: impl Stream<Item = Result<Bytes, axum::Error>> + Unpin,
    most: u64,
) -> Result<Kept, ApiError> {
    let cut = |_| ApiError::with_text(ProblemCode::BadRequest, "The body did not arrive whole.");
    let mut head = Vec::new();
    while head.len() < crate::store::HEAD
        && let Some(chunk) = body.next().await
    {
        head.extend_from_slice(&chunk.map_err(cut)?);
    }
    let seen = judge_any(&head, told);
    let mut hash = Sha256::new_with_prefix(&head);
    let mut size = head.len() as u64;
    let mut writing = bucket.write(key, &seen.mimetype, room)?;
    let poured = async {
        writing.push(&head).await?;
        while let Some(chunk) = body.next().await {
            let chunk = chunk.map_err(cut)?;
            size += chunk.len() as u64;
            if size > most {
                return Err(Refusal::Bound("maxSize").into());
            }
            hash.update(&chunk);
            writing.push(&chunk).await?;
        }
        if size > most { Err(ApiError::from(Refusal::Bound("maxSize"))) } else { Ok(()) }
    };
    match poured.await {
        Ok(()) => writing.finish().await?,
        Err(error) => {
            writing.abort().await;
            return Err(error);
        }
    }
    Ok(Kept { size, sha256: hex::encode(hash.finalize()), seen })
}
