//! An app's duties towards the provider: a person who removes the app, or asks that what is kept of them be deleted, is
//! obeyed, whichever site they had signed in to. <https://developers.facebook.com/docs/development/create-an-app/app-dashboard/data-deletion-callback/>
//!
//! Meta posts a signed request ([`signed_request`]) to the two addresses of [`Callbacks`]. What it asks for is written down, and
//! access ends, in the transaction that precedes the answer; the files go afterwards ([`work`]). What was not finished when
//! the process ended is taken up again at the next start.

mod page;
pub mod signed_request;

use crate::Shared;
use crate::config::Config;
use crate::conversion;
use crate::db::{Account, DeletionRow, now};
use crate::error::ApiError;
use crate::notices::{self, Event};
use crate::providers::{self, PAGES};
use crate::secrets::Secret;
use anyhow::{Context as _, ensure};
use axum::Json;
use axum::extract::rejection::FormRejection;
use axum::extract::{Form, Path, State};
use axum::response::Response;
use bowerbird_protocol::problem::ProblemCode;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use signed_request::SignedRequest;
use std::time::Duration;

/// The longest body of a callback; Meta's have some hundred bytes.
pub const MAX_BODY: usize = 16 * 1024;
/// A deletion that waits for a transfer to notice that it is not wanted is looked at again after this long.
const SOON: Duration = Duration::from_millis(200);
/// One that failed, because the storage did not answer, after this long.
const LATER: Duration = Duration::from_secs(60);
/// Hexadecimal digits of a confirmation code: 128 bits.
const CODE_LENGTH: usize = 32;

/// The addresses to register with an app at the provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Callbacks {
    /// "Deauthorize callback URL".
    pub deauthorize: String,
    /// "Data deletion request URL".
    pub deletion: String,
}

impl Callbacks {
    /// Those of a source's app.
    pub fn of(config: &Config, source: &str, client_id: &str) -> Self {
        let address = |duty: &str| config.public(&format!("/api/client/{source}/{duty}/{client_id}"));
        Self { deauthorize: address("deauthorize"), deletion: address("deletion") }
    }
}

/// What Meta posts.
#[derive(Deserialize)]
pub struct Posted {
    signed_request: String,
}

/// What Meta is answered to a request for deletion.
#[derive(Debug, Serialize)]
pub struct Confirmation {
    /// Where the person sees how it stands.
    url: String,
    confirmation_code: String,
}

/// `POST /api/client/{source}/deauthorize/{client_id}`: a person removed the app. What it was given is forgotten and photos
/// that are being stored are not stored; what is stored stays.
pub async fn deauthorize(
    State(companion): State<Shared>,
    Path((source, client_id)): Path<(String, String)>,
    posted: Result<Form<Posted>, FormRejection>,
) -> Result<Json<Value>, ApiError> {
    let request = verified(&companion, &source, &client_id, posted)?;
    let account = Account { source: &source, client_id: &client_id, id: &request.account_id };
    let forgotten = companion.db.remove_access(account).await?;
    forget_pages(&companion, account).await?;
    companion.unwanted_job.notify_waiters();
    tracing::info!(source, client_id, connections = forgotten, "a person removed the app");
    Ok(Json(json!({})))
}

/// `POST /api/client/{source}/deletion/{client_id}`: a person wants what is kept of them deleted. The same request posted again
/// is the same wish, also when it has long been fulfilled: it does not reach what the person stored later.
pub async fn deletion(
    State(companion): State<Shared>,
    Path((source, client_id)): Path<(String, String)>,
    posted: Result<Form<Posted>, FormRejection>,
) -> Result<Json<Confirmation>, ApiError> {
    let request = verified(&companion, &source, &client_id, posted)?;
    let account = Account { source: &source, client_id: &client_id, id: &request.account_id };
    // Made of the request, so that the row need not remember whose it was, and of our key, so that nobody else can make it.
    let parts = ["deletion", &source, &client_id, &request.account_id, &request.issued_at.to_string()];
    let mut code = companion.signer.sign(&parts);
    code.truncate(CODE_LENGTH);
    if companion.db.begin_deletion(&code, account).await? {
        forget_pages(&companion, account).await?;
        companion.unwanted_job.notify_waiters();
        tracing::info!(source, client_id, code, "a person wants what is kept of them deleted");
    }
    companion.new_deletion.notify_one();
    Ok(Json(Confirmation { url: companion.config.public(&format!("/deletion/{code}")), confirmation_code: code }))
}

/// Who signed in with a Facebook app, for photos or to publish, is one person with one app: Meta tells of it once.
async fn forget_pages(companion: &Shared, account: Account<'_>) -> Result<(), ApiError> {
    let other = match account.source {
        "facebook" => PAGES,
        PAGES => "facebook",
        _ => return Ok(()),
    };
    companion.db.remove_access(Account { source: other, ..account }).await?;
    companion.db.drop_persons_accounts(account.client_id, account.id).await?;
    Ok(())
}

/// `GET /deletion/{code}`: how a deletion stands.
pub async fn status(State(companion): State<Shared>, Path(code): Path<String>) -> Result<Response, ApiError> {
    Ok(companion.db.deletion(&code).await?.as_ref().map_or_else(page::unknown, page::status))
}

/// The request, if the app that it is posted for has signed it. Whoever that may be about is not judged here: an account that is
/// not known is answered like any other.
fn verified(
    companion: &Shared,
    source: &str,
    client_id: &str,
    posted: Result<Form<Posted>, FormRejection>,
) -> Result<SignedRequest, ApiError> {
    let refused = |reason: String| {
        tracing::warn!(source, client_id, reason, "a callback was refused");
        ApiError::with_text(ProblemCode::BadRequest, reason)
    };
    let Form(posted) =
        posted.map_err(|_| refused("The body is not a form with one signed_request, or is too large.".to_owned()))?;
    let secrets = secrets_of(companion, source, client_id);
    if secrets.is_empty() {
        return Err(refused("No app of this source has this id here.".to_owned()));
    }
    signed_request::verify(&posted.signed_request, &secrets, now() / 1000)
        .map_err(|refusal| refused(refusal.to_string()))
}

/// The secrets that an app may sign with: the companion's own app's, and those of sites. Two sites with the same app may have been
/// given its secret at different times.
fn secrets_of(companion: &Shared, source: &str, client_id: &str) -> Vec<Secret> {
    let own = providers::default_app(source, &companion.config).filter(|app| app.client_id == client_id);
    let sites = companion.apps.credentials_of(source, client_id);
    own.into_iter().chain(sites).map(|app| app.client_secret).collect()
}

/// Fulfils wishes for deletion: those that are there at the start, then each that comes.
pub async fn work(companion: Shared) {
    while !companion.is_stopping() {
        let mut again = LATER;
        match companion.db.open_deletions().await {
            Ok(open) => {
                for deletion in open {
                    match fulfil(&companion, &deletion).await {
                        Ok(true) => tracing::info!(code = deletion.code, "what was kept of a person is deleted"),
                        Ok(false) => again = SOON,
                        Err(error) => tracing::error!(
                            code = deletion.code,
                            cause = format!("{error:#}"),
                            "a deletion is not finished and is tried again"
                        ),
                    }
                }
            }
            Err(error) => tracing::error!(cause = %error, "the wishes for deletion could not be read"),
        }
        tokio::select! {
            () = companion.new_deletion.notified() => {}
            () = tokio::time::sleep(again) => {}
            () = companion.stopped() => {}
        }
    }
}

/// Deletes what is kept of a person. `false` when a transfer of theirs has not yet noticed that it is not wanted.
///
/// Bytes go before the row that leads to them: whatever cuts in between, the row is found again by the next attempt, for which
/// bytes that are gone are no error. The other way round they would stay where nothing leads to them.
async fn fulfil(companion: &Shared, deletion: &DeletionRow) -> anyhow::Result<bool> {
    if companion.db.stores_for(deletion).await? {
        return Ok(false);
    }
    let (mut kept, mut troubles) = (0, 0);
    for file in companion.db.files_to_delete(deletion).await? {
        let app = companion.apps.get(&file.app_key);
        if app.as_ref().is_some_and(|app| app.settings.keep_files_on_deletion) {
            kept += 1;
            continue;
        }
        // One file that cannot be removed does not keep the others.
        let removed = async { companion.buckets.get(&file.storage)?.remove(&file.object_key).await };
        if let Err(error) = removed.await {
            tracing::error!(cause = %error, key = file.object_key, "a file could not be removed from the storage");
            troubles += 1;
            continue;
        }
        let notices = notices::about(companion, &file.app_key, Event::Deleted { handle: &file.handle });
        companion.db.delete_file(&deletion.code, &file.handle, &notices).await?;
        conversion::remove_of(companion, &file.handle).await;
        notices::told(companion, &notices);
    }
    ensure!(troubles == 0, "{troubles} files could not be removed from the storage");
    companion.db.end_deletion(deletion, kept).await.context("its end could not be written")?;
    Ok(true)
}
