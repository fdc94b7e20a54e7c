//! Taking wishes back: `POST /store/cancel`. The database decides between the end of a transfer and this, once; a transfer that
//! runs is told, so that it need not come to its next byte to notice. What is stored as a draft is removed besides.

use super::{MAX_PHOTOS, bad, wish};
use crate::Shared;
use crate::apps::Authorized;
use crate::db::{JobRow, Unwanted, Unwished, draft_keys};
use crate::error::ApiError;
use crate::files;
use crate::session;
use axum::Json;
use axum::extract::State;
use bowerbird_protocol::store::{CancelReply, CancelRequest, Cancelled};
use std::collections::BTreeMap;
use std::time::Duration;

/// What another process has cancelled is noticed after this long at the latest.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// `POST /store/cancel`. A source or path that nothing is stored of is no error: it may have ended a moment ago.
pub async fn cancel(
    State(companion): State<Shared>,
    request: Authorized<CancelRequest>,
) -> Result<Json<CancelReply>, ApiError> {
    let Authorized { caller, body } = request;
    let session = session::require(&companion, &caller, Some(&body.token)).await?;
    if body.clouds.values().map(|cloud| cloud.paths.len()).sum::<usize>() > MAX_PHOTOS {
        return Err(bad(format!("At most {MAX_PHOTOS} photos in one request.")));
    }
    let most = i64::from(caller.app.settings.max_stores);
    let mut clouds = BTreeMap::new();
    for (source, cloud) in body.clouds {
        match &cloud.draft {
            Some(draft) => {
                wish::check_draft(draft)?;
                let (app_key, keys) = (caller.app.key(), draft_keys(draft));
                let wishes =
                    Unwished { app_key, session: &session.id, source: &source, paths: &cloud.paths, keys: &keys };
                discard(&companion, wishes, most).await?;
            }
            None => {
                let photos = companion.db.cancel_jobs(&session.id, &source, &cloud.paths, most).await?;
                tracing::info!(source, photos, "storing is cancelled");
            }
        }
        clouds.insert(source, Cancelled::default());
    }
    companion.unwanted_job.notify_waiters();
    Ok(Json(CancelReply { token: session.token, clouds }))
}

/// Cancels these wishes, and removes what is stored of them as if its session had asked for that file by file.
pub(crate) async fn discard(companion: &Shared, wishes: Unwished<'_>, most: i64) -> Result<(), ApiError> {
    let handles = companion.db.discard_jobs(wishes, most).await?;
    companion.unwanted_job.notify_waiters();
    tracing::info!(source = wishes.source, stored = handles.len(), "storing is taken back");
    for handle in handles {
        let Some(file) = companion.db.file(&handle).await? else { continue };
        if let Err(error) = files::remove_file(companion, &file, false).await {
            tracing::error!(
                code = error.problem().code.as_str(),
                handle,
                "a file that is taken back could not be removed"
            );
        }
    }
    Ok(())
}

/// Returns once the photo of a running job is no longer wanted, or no longer this worker's, with the reason. What was so before it
/// was asked is noticed later, or by whoever writes to the job's row.
pub async fn unwanted(companion: &Shared, job: &JobRow) -> Unwanted {
    let told = companion.unwanted_job.notified();
    tokio::pin!(told);
    told.as_mut().enable();
    loop {
        tokio::select! {
            () = &mut told => {}
            () = tokio::time::sleep(LOOK_EVERY) => {}
        }
        // Listening begins again before looking, so that what comes in between is not slept through.
        told.set(companion.unwanted_job.notified());
        told.as_mut().enable();
        match companion.db.why_unwanted(job).await {
            Ok(Some(why)) => return why,
            Ok(None) => {}
            Err(error) => tracing::error!(cause = %error, "a job could not be read"),
        }
    }
}
