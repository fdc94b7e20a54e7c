//! Taking wishes back: `POST /store/cancel`. The database decides between the end of a transfer and this, once; a transfer that
//! runs is told, so that it need not come to its next byte to notice.

use super::{MAX_PHOTOS, bad};
use crate::Shared;
use crate::apps::Authorized;
use crate::db::{JobRow, Unwanted};
use crate::error::ApiError;
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
        let photos = companion.db.cancel_jobs(&session.id, &source, &cloud.paths, most).await?;
        tracing::info!(source, photos, "storing is cancelled");
        clouds.insert(source, Cancelled::default());
    }
    companion.unwanted_job.notify_waiters();
    Ok(Json(CancelReply { token: session.token, clouds }))
}

/// Returns once the photo of a running job is no longer wanted, or no longer this worker's, with the reason.
pub async fn unwanted(companion: &Shared, job: &JobRow) -> Unwanted {
    loop {
        // Listening begins before looking, so that what comes in between is not slept through.
        let told = companion.unwanted_job.notified();
        tokio::pin!(told);
        told.as_mut().enable();
        match companion.db.why_unwanted(job).await {
            Ok(Some(why)) => return why,
            Ok(None) => {}
            Err(error) => tracing::error!(cause = %error, "a job could not be read"),
        }
        tokio::select! {
            () = told => {}
            () = tokio::time::sleep(LOOK_EVERY) => {}
        }
    }
}
