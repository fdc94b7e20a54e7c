//! What visitors publish from the widget: `POST /publish/check`, `/publish`, `/publish/wait` and `/publish/cancel`.
//!
//! The destination's row in `accounts` is the session's own: it is there while the session is signed in, and for as long after that as
//! something waits to be published on it ([`crate::db::Db::sweep`]).

use super::ask::{self, Asked, Part};
use super::body::{Body, Form, Medium, kind_of};
use super::check::{self, Allowed, Limit, Post, Verdict, check};
use super::content::{self, Content};
use super::media::Media;
use super::rows::Kind;
use super::run::Stop;
use crate::Shared;
use crate::apps::{Authorized, Caller, Keyed};
use crate::db::{AccountRow, FileRow, PublicationRow};
use crate::error::ApiError;
use crate::policy::{Call, Deed};
use crate::providers::{Found, PAGES, Place, hint};
use crate::rights::Shown;
use crate::secrets;
use crate::session::{self, Session};
use crate::trace::TraceId;
use axum::extract::State;
use axum::{Extension, Json};
use bowerbird_convert::Size;
use bowerbird_protocol::problem::{Problem, ProblemCode};
use bowerbird_protocol::publish::{
    self as wire, CheckReply, Publication, PublicationRequest, PublishRequest, Seen, TextLimits,
};
use chrono::DateTime;
use std::time::Duration;
use tokio::time::Instant;

/// `/publish/wait` answers after this at the latest, before proxies lose patience.
const WAIT: Duration = Duration::from_secs(20);
const LOOK_EVERY: Duration = Duration::from_millis(250);

macro_rules! keyed {
    ($($body:ty),*) => { $(impl Keyed for $body {
        fn key(&self) -> &str {
            &self.apikey
        }

        fn sources(&self) -> usize {
            0
        }
    })* };
}
keyed!(PublishRequest, PublicationRequest);

/// A wish that was understood, by somebody who may have it.
struct Wished<'a> {
    session: Session,
    place: Place<'a>,
    form: Form,
    file: FileRow,
    body: Body,
}

/// What has to be so for a check as well as for publishing.
async fn wished<'a>(companion: &Shared, caller: &Caller, asked: &'a PublishRequest) -> Result<Wished<'a>, ApiError> {
    let session = session::require(companion, caller, Some(&asked.token)).await?;
    let shown = Shown { policy: asked.policy.clone(), signature: asked.signature.clone() };
    let deed = Deed { handle: Some(&asked.handle), ..Deed::default() };
    let policy = shown.allows(&caller.app, Call::Store, deed)?;
    let place = Place::read(&asked.destination).ok_or_else(|| ApiError::new(ProblemCode::BadPath))?;
    let no_file = || {
        let text = format!("There is no stored file `{}`.", asked.handle);
        ApiError::with_text(ProblemCode::PhotoGone, text)
    };
    let file = companion.db.file(&asked.handle).await?.filter(|file| file.app_key == caller.app.key());
    let file = file.filter(|file| file.link_connection.is_none()).ok_or_else(no_file)?;
    let may_read = file.access == "public"
        || file.session_id == session.id
        || policy.is_some_and(|policy| policy.allows(Call::Read, deed).is_ok());
    if !may_read {
        return Err(no_file());
    }
    let medium = Medium { alt: asked.alt.clone(), ..Medium::stored(&asked.handle) };
    let body = Body { text: asked.text.clone(), media: vec![medium], fit: asked.fit, ..Body::default() };
    Ok(Wished { session, place, form: asked.form, file, body })
}

/// `POST /publish/check`. The destination is not asked.
pub async fn check_file(
    State(companion): State<Shared>,
    request: Authorized<PublishRequest>,
) -> Result<Json<CheckReply>, ApiError> {
    let Authorized { caller, body: asked } = request;
    let Wished { session, place, form, file, body } = wished(&companion, &caller, &asked).await?;
    let account = account_of(&caller, &session, place);
    let mut reply = CheckReply { token: session.token, ..CheckReply::default() };
    let mut kind = kind_of(&account, form, &body, |_| file.mimetype.starts_with("video/"));
    match content::fetch(&companion, caller.app.key(), &body).await {
        Ok(contents) => {
            let media: Vec<Media> = contents.into_iter().flatten().map(|Content { media, .. }| media).collect();
            reply.video = matches!(media.first(), Some(Media::Video(_)));
            kind = kind_of(&account, form, &body, |_| reply.video);
            let post = Post { text: &body.text, link: None, media: &media, used: None };
            let (verdict, reasons) = told(check(kind, &post, body.fit.into()));
            (reply.verdict, reply.reasons) = (verdict, reasons);
            if let Some(media) = media.first() {
                let (size, shown) = sizes(kind, media, body.fit.into());
                (reply.width, reply.height) = (size.width, size.height);
                (reply.shown_width, reply.shown_height) = (shown.width, shown.height);
            }
        }
        Err(Stop::Refused { text, .. }) => {
            reply.reasons.push(wire::Reason { limit: name_of(Limit::Format), text });
        }
        Err(stop) => {
            tracing::warn!(cause = ?stop, "a file that is to be published could not be read");
            return Err(ApiError::new(ProblemCode::StorageFailed));
        }
    }
    let row = kind.row();
    let count = |most: usize| u32::try_from(most).unwrap_or(u32::MAX);
    reply.limits = TextLimits {
        characters: count(row.text.is.most),
        hashtags: row.hashtags.map(|most| count(most.is)),
        mentions: row.mentions.map(|most| count(most.is)),
    };
    let why = ask::unavailable(&companion, kind, &account);
    reply.unavailable = why.map(|why| Problem::with_text(ProblemCode::SourceUnavailable, why));
    Ok(Json(reply))
}

fn name_of(limit: Limit) -> String {
    serde_json::to_value(limit).ok().and_then(|name| Some(name.as_str()?.to_owned())).unwrap_or_default()
}

fn told(verdict: Verdict) -> (wire::Verdict, Vec<wire::Reason>) {
    let (verdict, reasons) = match verdict {
        Verdict::Fits { .. } => (wire::Verdict::Fits, Vec::new()),
        Verdict::Fitted { changes } => {
            (wire::Verdict::Fitted, changes.into_iter().flat_map(|change| change.why).collect())
        }
        Verdict::Refused { reasons } => (wire::Verdict::Refused, reasons),
    };
    let reason = |check::Reason { limit, text, .. }| wire::Reason { limit: name_of(limit), text };
    (verdict, reasons.into_iter().map(reason).collect())
}

/// How large a file is, and what is shown of it.
fn sizes(kind: Kind, media: &Media, allowed: Allowed) -> (Size, Size) {
    let size = match media {
        Media::Image(image) => image.size,
        Media::Video(video) => return (video.size, video.size),
    };
    let shapes = kind.row().image.and_then(|row| row.shapes);
    let (around, within) = shapes.map_or((size, size), |shapes| shapes.is.around_and_within(size));
    let shown = match allowed {
        Allowed::Nothing => size,
        Allowed::Pad => around,
        Allowed::Crop => within,
    };
    (size, shown)
}

/// The row of a destination that nothing is known of but where it is.
fn account_of(caller: &Caller, session: &Session, place: Place<'_>) -> AccountRow {
    AccountRow {
        id: secrets::id(),
        app_key: caller.app.key().to_owned(),
        tenant: tenant(session),
        network: place.network().to_owned(),
        client_id: String::new(),
        user_id: String::new(),
        account_id: place.instagram.unwrap_or(place.page).to_owned(),
        page_id: place.page.to_owned(),
        name: String::new(),
        username: None,
        picture_url: None,
        access_token: None,
        problem: None,
        created_ms: 0,
        refreshed_ms: 0,
    }
}

/// Whose a session's rows are.
fn tenant(session: &Session) -> String {
    format!("session:{}", session.id)
}

/// `POST /publish`.
pub async fn publish(
    State(companion): State<Shared>,
    Extension(trace): Extension<TraceId>,
    request: Authorized<PublishRequest>,
) -> Result<Json<Publication>, ApiError> {
    let Authorized { caller, body: asked } = request;
    let Wished { session, place, form, body, .. } = wished(&companion, &caller, &asked).await?;
    let scheduled_ms = match &asked.scheduled_at {
        None => None,
        Some(time) => Some(DateTime::parse_from_rfc3339(time).map(|time| time.timestamp_millis()).map_err(|_| {
            let text = format!("`{time}` is no time; write it as 2026-12-24T18:00:00Z.");
            ApiError::with_text(ProblemCode::BadRequest, text)
        })?),
    };
    let mut account = account_of(&caller, &session, place);
    connect(&companion, &caller, &session, &asked.destination, &mut account).await?;
    if !companion.db.count_store(&session.id, i64::from(caller.app.settings.max_stores)).await? {
        return Err(ApiError::new(ProblemCode::StoreLimit));
    }
    account.id = companion.db.put_account(&account).await?;
    let request = PublishRequest {
        apikey: String::new(),
        token: String::new(),
        policy: None,
        signature: None,
        request_key: None,
        ..asked.clone()
    };
    let post = Asked {
        app_key: account.app_key.clone(),
        tenant: account.tenant.clone(),
        request: serde_json::to_string(&request).map_err(ApiError::internal)?,
        request_key: asked.request_key.map(|key| format!("{} {key}", account.tenant)),
        scheduled_ms,
        trace: trace.to_string(),
    };
    let id = ask::begin(&companion, post, &[Part { account, form, body }]).await?;
    let row = row_of(&companion, &caller, &session, &id).await?;
    Ok(Json(standing(&session, id, row)))
}

/// Asks Meta for the destination, and its token, with the sign-in of the session.
async fn connect(
    companion: &Shared,
    caller: &Caller,
    session: &Session,
    path: &str,
    account: &mut AccountRow,
) -> Result<(), ApiError> {
    let provider = caller.app.provider(PAGES).ok_or_else(|| ApiError::new(ProblemCode::UnknownSource))?;
    let connection = companion.db.connection(&session.id, PAGES).await?;
    let connection = connection.filter(|connection| connection.client_id == provider.client_id());
    let connection = connection.ok_or_else(|| ApiError::new(ProblemCode::SignInAgain))?;
    let found = provider.destination(&connection.access_token, path).await;
    let Found { id, page_id, name, username, picture_url, token, .. } = match found {
        Ok(destination) => destination,
        Err(failure) => {
            let code = failure.code();
            tracing::warn!(code = code.as_str(), cause = failure.cause(), hint = hint(code), "no destination");
            if failure.ends_token() {
                companion.db.delete_connection(&connection.id).await?;
            }
            return Err(ApiError::new(code));
        }
    };
    account.client_id = connection.client_id;
    account.user_id = connection.account_id;
    (account.account_id, account.page_id, account.name) = (id, page_id, name);
    (account.username, account.picture_url) = (username, picture_url);
    account.access_token = Some(token);
    Ok(())
}

/// A session's publication, by its post's id.
async fn row_of(companion: &Shared, caller: &Caller, session: &Session, id: &str) -> Result<PublicationRow, ApiError> {
    let post = companion.db.post(caller.app.key(), id).await?;
    let post = post.filter(|post| post.tenant == tenant(session)).ok_or_else(ApiError::not_found)?;
    let rows = companion.db.publications(&post.id).await?;
    rows.into_iter().next().ok_or_else(ApiError::not_found)
}

fn standing(session: &Session, id: String, row: PublicationRow) -> Publication {
    let state = match row.state.as_str() {
        "running" => wire::State::Running,
        "published" => wire::State::Published,
        "failed" => wire::State::Failed,
        "cancelled" => wire::State::Cancelled,
        _ => wire::State::Waiting,
    };
    let phase = match row.phase.as_deref() {
        Some("uploading") => Some(wire::Phase::Uploading),
        Some("processing") => Some(wire::Phase::Processing),
        Some("publishing") => Some(wire::Phase::Publishing),
        _ => None,
    };
    let error = row.problem.filter(|_| state == wire::State::Failed).map(|problem| {
        let code = ProblemCode::from_name(&problem);
        Problem::with_text(code, row.reason.unwrap_or_else(|| code.english().to_owned()))
    });
    Publication {
        token: session.token.clone(),
        id,
        state,
        phase: phase.filter(|_| !state.has_ended()),
        sent: row.sent.unsigned_abs(),
        total: row.total.map(i64::unsigned_abs),
        error,
        url: row.remote_url,
    }
}

/// `POST /publish/wait`.
pub async fn wait(
    State(companion): State<Shared>,
    request: Authorized<PublicationRequest>,
) -> Result<Json<Publication>, ApiError> {
    let Authorized { caller, body } = request;
    let session = session::require(&companion, &caller, Some(&body.token)).await?;
    let deadline = Instant::now() + WAIT;
    loop {
        let row = row_of(&companion, &caller, &session, &body.id).await?;
        let standing = standing(&session, body.id.clone(), row);
        let seen = Seen { state: standing.state, phase: standing.phase, sent: standing.sent };
        let is_new = body.seen.as_ref() != Some(&seen);
        if is_new || standing.state.has_ended() || Instant::now() >= deadline || companion.is_stopping() {
            return Ok(Json(standing));
        }
        tokio::select! {
            () = tokio::time::sleep(LOOK_EVERY) => {}
            () = companion.stopped() => {}
        }
    }
}

/// `POST /publish/cancel`. What has been published stays.
pub async fn cancel(
    State(companion): State<Shared>,
    request: Authorized<PublicationRequest>,
) -> Result<Json<Publication>, ApiError> {
    let Authorized { caller, body } = request;
    let session = session::require(&companion, &caller, Some(&body.token)).await?;
    row_of(&companion, &caller, &session, &body.id).await?;
    companion.db.cancel_post(caller.app.key(), &body.id).await?;
    let row = row_of(&companion, &caller, &session, &body.id).await?;
    tracing::info!(publication = row.id, "a visitor took a publication back");
    Ok(Json(standing(&session, body.id, row)))
}
