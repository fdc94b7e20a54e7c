//! Asking for a post: what can be judged at once is, and then it is a row for each account.

use super::body::{Body, Form, From, kind_of};
use super::check::{Reason, check_words};
use super::offered;
use super::rows::Kind;
use crate::Shared;
use crate::db::{AccountRow, Millis, NewPublication, PostRow, now};
use crate::error::ApiError;
use crate::secrets::{self, digest};
use bowerbird_protocol::problem::ProblemCode;

/// How far ahead something can be scheduled.
const LONGEST_AHEAD: Millis = 30 * 24 * 3600 * 1000;

/// A post that is asked for.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    /// The site.
    pub app_key: String,
    /// The site's own name for whom it is; empty for one.
    pub tenant: String,
    /// What was asked, in the words of who asks, to be told again.
    pub request: String,
    /// The caller's own name for the call: the same again is the same post.
    pub request_key: Option<String>,
    /// When it is to be published. What is past is now.
    pub scheduled_ms: Option<Millis>,
    /// The name of the request.
    pub trace: String,
}

/// A post on one account.
#[derive(Debug, Clone)]
pub struct Part {
    /// The account.
    pub account: AccountRow,
    /// In the feed, or as a story.
    pub form: Form,
    /// What.
    pub body: Body,
}

/// Begins a post. Answers its id.
///
/// # Errors
/// It does not fit, as far as that is known already; an account has to be connected again; it is too far ahead.
pub async fn begin(companion: &Shared, asked: Asked, parts: &[Part]) -> Result<String, ApiError> {
    let time = now();
    let scheduled_ms = asked.scheduled_ms.filter(|at| *at > time);
    if scheduled_ms.is_some_and(|at| at - time > LONGEST_AHEAD) {
        return Err(ApiError::with_text(ProblemCode::BadRequest, "A post can be scheduled at most 30 days ahead."));
    }
    let post = PostRow {
        id: secrets::id(),
        request_key: asked.request_key.map(|key| digest(&format!("{} {key}", asked.app_key))),
        app_key: asked.app_key,
        tenant: asked.tenant,
        request: asked.request,
        scheduled_ms,
        created_ms: time,
    };
    let mut publications = Vec::new();
    for (place, part) in parts.iter().enumerate() {
        let kind = kind(companion, &post.app_key, part).await?;
        judge(companion, kind, part)?;
        publications.push(NewPublication {
            // In their order, by which they are told.
            id: format!("{}-{place:03}", post.id),
            account_id: part.account.id.clone(),
            kind: kind.name(),
            body: serde_json::to_string(&part.body).map_err(ApiError::internal)?,
        });
    }
    let id = companion.db.insert_post(&post, &publications, &asked.trace).await?;
    companion.new_publication.notify_waiters();
    Ok(id)
}

/// The kind, by what stored files are said to be, and addresses by how they end; the bytes have the last word.
async fn kind(companion: &Shared, app_key: &str, part: &Part) -> Result<Kind, ApiError> {
    let mut videos = Vec::new();
    for (at, medium) in part.body.media.iter().enumerate() {
        videos.push(match &medium.from {
            From::Handle(handle) => {
                let file = companion.db.file(handle).await?.filter(|file| file.app_key == app_key);
                let file = file.ok_or_else(|| {
                    let text = format!("Media {}: there is no stored file `{handle}`.", at + 1);
                    ApiError::with_text(ProblemCode::PhotoGone, text)
                })?;
                file.mimetype.starts_with("video/")
            }
            From::Url(url) => {
                let path = url.split(['?', '#']).next().unwrap_or_default().to_lowercase();
                medium.hosted || [".mp4", ".mov", ".m4v"].iter().any(|end| path.ends_with(end))
            }
        });
    }
    Ok(kind_of(&part.account, part.form, &part.body, |at| videos.get(at).copied().unwrap_or(false)))
}

/// Refuses what cannot go well.
fn judge(companion: &Shared, kind: Kind, part: &Part) -> Result<(), ApiError> {
    let account = &part.account;
    if let Some(problem) = &account.problem {
        let text = format!("{} is not connected any more; connect it again.", account.name);
        return Err(ApiError::with_text(ProblemCode::from_name(problem), text));
    }
    let Body { text, link, media, .. } = &part.body;
    let reasons = check_words(kind, text, link.as_deref(), media.len());
    if let Some(first) = reasons.first() {
        let text = reasons.iter().map(|reason| reason.text.as_str()).collect::<Vec<_>>().join(" ");
        return Err(ApiError::with_text(Reason::code(first), text));
    }
    match unavailable(companion, kind, account) {
        Some(why) => Err(ApiError::with_text(ProblemCode::SourceUnavailable, why)),
        None => Ok(()),
    }
}

/// Why nothing of a kind can be published on an account at the moment: Meta would fetch it here, and cannot.
pub fn unavailable(companion: &Shared, kind: Kind, account: &AccountRow) -> Option<String> {
    // With Facebook Login videos are sent; all else is fetched.
    let is_sent = kind == Kind::InstagramReel && !account.page_id.is_empty();
    let is_fetched = kind.is_instagram() && !is_sent;
    is_fetched.then(|| offered::reachable(&companion.config).err()).flatten()
}
