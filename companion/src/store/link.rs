//! `POST /link/`: a photo that is not copied. Its handle leads to the photo where it is, as Filestack's older "symlinks" did: each
//! reading asks the provider anew, until the link is over or the visitor's sign-in has ended.

use super::arrival::Body;
use super::copy::judge;
use super::logged_name;
use crate::Shared;
use crate::apps::{App, Authorized};
use crate::db::{ConnectionRow, FileRow, now};
use crate::error::ApiError;
use crate::fetch::Download;
use crate::notices::{self, Event};
use crate::policy::{Call, Deed};
use crate::providers::{Failure, RemoteFile, hint};
use crate::rights::Shown;
use crate::secrets;
use crate::session::{self, Session};
use axum::Json;
use axum::extract::State;
use bowerbird_protocol::accept::extension_of;
use bowerbird_protocol::problem::{Problem, ProblemCode};
use bowerbird_protocol::store::{StoreOutcome, StoreReply, StoreRequest};
use std::collections::BTreeMap;

const HOUR: i64 = 3600 * 1000;

/// One photo of each source that is named, as `/store/` with JSON.
pub async fn link(
    State(companion): State<Shared>,
    Authorized { caller, body }: Authorized<StoreRequest>,
) -> Result<Json<StoreReply>, ApiError> {
    if !caller.app.settings.allow_links {
        let words = "This key stores files and does not link to them; its setting allow_links changes that.";
        return Err(ApiError::with_text(ProblemCode::NotAllowed, words));
    }
    let shown = Shown { policy: body.policy.clone(), signature: body.signature.clone() };
    shown.allows(&caller.app, Call::Pick, Deed::default())?;
    let session = session::require(&companion, &caller, body.token.as_deref()).await?;
    let mut clouds = BTreeMap::new();
    for (source, cloud) in &body.clouds {
        let path = cloud.path.as_deref().filter(|_| cloud.paths.is_empty());
        let path = path.ok_or_else(|| super::bad(format!("One path for `{source}`.")))?;
        let access = super::access(cloud.store.access.as_deref())?;
        let outcome = match one(&companion, &caller.app, &session, source, path, access).await? {
            Ok(file) => {
                let file = super::stored(&companion, file);
                StoreOutcome::Stored(Box::new(file))
            }
            Err(code) => {
                tracing::warn!(source, code = code.as_str(), hint = hint(code), "a photo is not linked");
                StoreOutcome::Failed { error: Problem::new(code) }
            }
        };
        let picker = cloud.picker_session_id.as_deref().map(logged_name);
        tracing::info!(source, picker, "a link was asked for");
        clouds.insert(source.clone(), outcome);
    }
    Ok(Json(StoreReply { token: session.token, clouds }))
}

async fn one(
    companion: &Shared,
    app: &App,
    session: &Session,
    source: &str,
    path: &str,
    access: &str,
) -> Result<Result<FileRow, ProblemCode>, ApiError> {
    let Some(provider) = app.provider(source) else { return Ok(Err(ProblemCode::UnknownSource)) };
    if !provider.is_photo(path) {
        return Ok(Err(ProblemCode::BadPath));
    }
    let connection = companion.db.connection(&session.id, source).await?;
    let Some(connection) = connection.filter(|connection| connection.client_id == provider.client_id()) else {
        return Ok(Err(ProblemCode::SignInAgain));
    };
    if !companion.db.count_store(&session.id, i64::from(app.settings.max_stores)).await? {
        return Ok(Err(ProblemCode::StoreLimit));
    }
    let (remote, download) = match open(companion, app, source, path, &connection).await? {
        Ok(opened) => opened,
        Err(code) => return Ok(Err(code)),
    };
    let size = download.total();
    // What it is shows in its first bytes, as of a photo that is stored.
    let judged = match Body::Download(download).head().await {
        Ok(head) => judge(&head, "[]", None),
        Err(trouble) => Err(trouble),
    };
    let mimetype = match judged {
        Ok(seen) => seen.mimetype,
        Err(trouble) => return Ok(Err(trouble.code)),
    };
    let file = FileRow {
        handle: secrets::handle(),
        app_key: app.key().to_owned(),
        source: source.to_owned(),
        client_id: connection.client_id.clone(),
        account_id: connection.account_id.clone(),
        source_path: path.to_owned(),
        filename: format!("{}.{}", remote.stem, extension_of(&mimetype).unwrap_or("bin")),
        mimetype,
        size: size.and_then(|size| i64::try_from(size).ok()).unwrap_or(0),
        width: remote.width.map(i64::from),
        height: remote.height.map(i64::from),
        caption: remote.caption,
        taken: remote.date,
        access: access.to_owned(),
        session_id: session.id.clone(),
        link_expires_ms: Some(now() + i64::from(app.settings.link_hours) * HOUR),
        link_connection: Some(connection.id),
        ..FileRow::default()
    };
    let told = notices::about(companion, &file.app_key, Event::Linked(&file));
    companion.db.insert_link(&file, &told).await?;
    notices::told(companion, &told);
    Ok(Ok(file))
}

/// The photo as it stands at its provider, and its bytes as they begin to come.
async fn open(
    companion: &Shared,
    app: &App,
    source: &str,
    path: &str,
    connection: &ConnectionRow,
) -> Result<Result<(RemoteFile, Download), ProblemCode>, ApiError> {
    let Some(provider) = app.provider(source) else { return Ok(Err(ProblemCode::UnknownSource)) };
    let remote = match provider.resolve(&connection.access_token, path).await {
        Ok(remote) => remote,
        Err(failure) => {
            if matches!(failure, Failure::SignInAgain { .. }) {
                companion.db.delete_connection(&connection.id).await?;
            }
            tracing::info!(
                source,
                code = failure.code().as_str(),
                cause = failure.cause(),
                "a photo cannot be found for a link"
            );
            return Ok(Err(failure.code()));
        }
    };
    Ok(match companion.fetcher.open(&remote.url, companion.config.max_file_bytes).await {
        Ok(download) => Ok((remote, download)),
        Err(error) => {
            tracing::info!(source, cause = %error, "a photo does not come for a link");
            Err(ProblemCode::SourceUnavailable)
        }
    })
}

/// The bytes that a link leads to at this moment.
///
/// # Errors
/// [`ApiError::gone`] once the link is over, or the sign-in that it needs.
pub async fn follow(companion: &Shared, file: &FileRow, connection: &str) -> Result<Download, ApiError> {
    if file.link_expires_ms.is_none_or(|expires| expires <= now()) {
        return Err(ApiError::gone());
    }
    let app = companion.apps.get(&file.app_key).filter(|app| app.settings.allow_links).ok_or_else(ApiError::gone)?;
    let connection = companion.db.connection_by_id(connection).await?;
    let connection =
        connection.filter(|connection| connection.client_id == file.client_id).ok_or_else(ApiError::gone)?;
    match open(companion, &app, &file.source, &file.source_path, &connection).await? {
        Ok((_, download)) => Ok(download),
        Err(code) if companion.db.connection_by_id(&connection.id).await?.is_none() => {
            tracing::info!(handle = file.handle, code = code.as_str(), "the sign-in of a link has ended");
            Err(ApiError::gone())
        }
        Err(code) => Err(ApiError::new(code)),
    }
}
