//! Who is signed in: an opaque token of 256 bits that the page holds, of which only the hash is kept here, bound to the site's key.
//! A session points to connections; it is forgotten after a day without use.

use crate::Shared;
use crate::apps::{AppKey, Authorized};
use crate::db::{Millis, SessionRow, now};
use crate::error::ApiError;
use crate::secrets::{digest, token};
use axum::Json;
use axum::extract::State;
use bowerbird_protocol::problem::ProblemCode;
use bowerbird_protocol::session::LogoutRequest;
use serde_json::{Map, Value};

/// A session without use for this long is over.
const IDLE: Millis = 24 * 3600 * 1000;
/// Use is noted at most this often, so that reading does not write each time.
const TOUCH_EVERY: Millis = 60 * 1000;

/// Sessions last used before this are over.
pub fn idle_since() -> Millis {
    now() - IDLE
}

/// A session and the token that names it to the page.
#[derive(Debug)]
pub struct Session {
    /// The row's id.
    pub id: String,
    /// What the page sends back.
    pub token: String,
}

/// The session of the token, or a new one where there is none, or none that lives.
pub async fn resume_or_start(companion: &Shared, app: &AppKey, sent: Option<&str>) -> Result<Session, ApiError> {
    if let Some(token) = sent
        && let Some(row) = find(companion, app, token).await?
    {
        return Ok(Session { id: row.id, token: token.to_owned() });
    }
    let token = token();
    let row = companion.db.insert_session(&digest(&token), app.as_str()).await?;
    Ok(Session { id: row.id, token })
}

/// The session of the token; without one there is nothing that the request could be about.
pub async fn require(companion: &Shared, app: &AppKey, sent: Option<&str>) -> Result<Session, ApiError> {
    let expired = || ApiError::new(ProblemCode::SessionExpired);
    let token = sent.ok_or_else(expired)?;
    let row = find(companion, app, token).await?.ok_or_else(expired)?;
    Ok(Session { id: row.id, token: token.to_owned() })
}

async fn find(companion: &Shared, app: &AppKey, token: &str) -> Result<Option<SessionRow>, ApiError> {
    let row = companion.db.session(&digest(token), app.as_str(), idle_since()).await?;
    if let Some(row) = &row
        && row.seen_ms < now() - TOUCH_EVERY
    {
        companion.db.touch_session(&row.id).await?;
    }
    Ok(row)
}

/// `POST /auth/logout`: forgets connections, and the session with the last of them when no source is named. Thumbnails that
/// were signed for it end at once; photos that are being stored are stored. Answers an (empty) object a source.
pub async fn logout(
    State(companion): State<Shared>,
    request: Authorized<LogoutRequest>,
) -> Result<Json<Value>, ApiError> {
    let Authorized { app, body } = request;
    let session = match body.token.as_deref() {
        Some(token) => find(&companion, &app, token).await?,
        None => None,
    };
    let mut reply = Map::new();
    match (&body.clouds, session) {
        (Some(clouds), session) => {
            for source in clouds.keys() {
                if let Some(session) = &session {
                    companion.db.unlink(&session.id, source).await?;
                }
                reply.insert(source.clone(), Value::Object(Map::new()));
            }
        }
        (None, Some(session)) => companion.db.delete_session(&session.id).await?,
        (None, None) => {}
    }
    Ok(Json(Value::Object(reply)))
}
