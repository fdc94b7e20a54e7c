//! Who is signed in: an opaque token of 256 bits that the page holds, of which only the hash is kept here, bound to the site's
//! key and to the page's origin. A session points to connections; it is forgotten two hours after its last use, or two weeks where the site asked for
//! `sessionCache` and somebody is signed in.

use crate::Shared;
use crate::apps::{Authorized, Caller};
use crate::db::{Account, IdleSince, Millis, SessionRow, now};
use crate::error::ApiError;
use crate::providers::{Failure, hint};
use crate::secrets::{digest, token};
use axum::Json;
use axum::extract::State;
use bowerbird_protocol::problem::{Problem, ProblemCode};
use bowerbird_protocol::session::{LogoutCloud, LogoutRequest};
use serde_json::{Map, Value, json};

const HOUR: Millis = 3600 * 1000;
/// A session without use for this long is over.
const IDLE: Millis = 2 * HOUR;
/// The same where the site asked for `sessionCache`.
const IDLE_REMEMBERED: Millis = 14 * 24 * HOUR;
/// Use is noted at most this often, so that reading does not write each time.
const TOUCH_EVERY: Millis = 60 * 1000;

/// Sessions last used before these are over.
pub fn idle_since() -> IdleSince {
    IdleSince { plain: now() - IDLE, remembered: now() - IDLE_REMEMBERED }
}

/// A session and the token that names it to the page.
#[derive(Debug)]
pub struct Session {
    /// The row's id.
    pub id: String,
    /// What the page sends back.
    pub token: String,
    /// Whether it has just begun.
    pub is_new: bool,
}

/// The session of the token, or a new one where there is none, or none that lives. `remember`: it is to outlast the page.
pub async fn resume_or_start(
    companion: &Shared,
    caller: &Caller,
    sent: Option<&str>,
    remember: bool,
) -> Result<Session, ApiError> {
    if let Some(token) = sent
        && let Some(row) = find(companion, caller, token).await?
    {
        if remember && row.remembered == 0 {
            companion.db.remember_session(&row.id).await?;
        }
        return Ok(Session { id: row.id, token: token.to_owned(), is_new: false });
    }
    let token = token();
    let row = companion.db.insert_session(&digest(&token), caller.app.key(), &caller.origin, remember).await?;
    Ok(Session { id: row.id, token, is_new: true })
}

/// The session of the token; without one there is nothing that the request could be about.
pub async fn require(companion: &Shared, caller: &Caller, sent: Option<&str>) -> Result<Session, ApiError> {
    let expired = || ApiError::new(ProblemCode::SessionExpired);
    let token = sent.ok_or_else(expired)?;
    let row = find(companion, caller, token).await?.ok_or_else(expired)?;
    Ok(Session { id: row.id, token: token.to_owned(), is_new: false })
}

async fn find(companion: &Shared, caller: &Caller, token: &str) -> Result<Option<SessionRow>, ApiError> {
    let row = companion.db.session(&digest(token), caller.app.key(), &caller.origin, idle_since()).await?;
    if let Some(row) = &row {
        // Counted only here: a token that somebody made up must not be remembered.
        companion.limits.session(&row.id)?;
        if row.seen_ms < now() - TOUCH_EVERY {
            companion.db.touch_session(&row.id).await?;
        }
    }
    Ok(row)
}

/// `POST /auth/logout`: forgets connections, and the session with the last of them when no source is named. Thumbnails that
/// were signed for it end at once; photos that are being stored are stored, unless the provider is to take the access back.
/// Answers an object a source, empty when all went well.
pub async fn logout(
    State(companion): State<Shared>,
    request: Authorized<LogoutRequest>,
) -> Result<Json<Value>, ApiError> {
    let Authorized { caller, body } = request;
    let session = match body.token.as_deref() {
        Some(token) => find(&companion, &caller, token).await?,
        None => None,
    };
    let mut reply = Map::new();
    match (&body.clouds, session) {
        (Some(clouds), session) => {
            for (source, how) in clouds {
                let trouble = match &session {
                    Some(session) => sign_out(&companion, &caller, session, source, how).await?,
                    None => None,
                };
                let trouble = trouble.map(|code| json!({"error": Problem::new(code)}));
                reply.insert(source.clone(), trouble.unwrap_or_else(|| json!({})));
            }
            if let Some(session) = &session {
                // With the last account goes the session, and with it what somebody else may have of it.
                companion.db.end_session_without_accounts(&session.id).await?;
            }
        }
        (None, Some(session)) => companion.db.delete_session(&session.id).await?,
        (None, None) => {}
    }
    Ok(Json(Value::Object(reply)))
}

async fn sign_out(
    companion: &Shared,
    caller: &Caller,
    session: &SessionRow,
    source: &str,
    how: &LogoutCloud,
) -> Result<Option<ProblemCode>, ApiError> {
    let mut trouble = None;
    if how.revoke
        && let Some(connection) = companion.db.connection(&session.id, source).await?
        && let Some(provider) = caller.app.provider(source)
    {
        trouble = match provider.revoke(&connection.access_token).await {
            Ok(true) => None,
            Ok(false) => {
                let code = ProblemCode::RemoveElsewhere;
                tracing::info!(source, code = code.as_str(), hint = hint(code), "access is not removed from here");
                Some(code)
            }
            // The token was dead already, and with it the access.
            Err(Failure::SignInAgain { .. }) => None,
            Err(failure) => {
                let code = failure.code();
                tracing::warn!(
                    source,
                    code = code.as_str(),
                    cause = failure.cause(),
                    hint = hint(code),
                    "access could not be removed"
                );
                Some(code)
            }
        };
        let account = Account { source, client_id: &connection.client_id, id: &connection.account_id };
        let forgotten = companion.db.remove_access(account).await?;
        companion.unwanted_job.notify_waiters();
        tracing::info!(source, connections = forgotten, "a visitor removed the site's access");
    }
    companion.db.unlink(&session.id, source).await?;
    Ok(trouble)
}
