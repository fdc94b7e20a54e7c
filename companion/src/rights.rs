//! Who may do what with files. The session that stored a file may read what is known of it, convert and remove it; everybody else
//! needs a policy of the site's server. Reading a file is for everybody who has its handle, unless it is private.

use crate::Shared;
use crate::apps::{App, Caller};
use crate::db::{FileRow, now};
use crate::error::ApiError;
use crate::policy::{Call, Deed, Policy, Refusal};
use crate::session;
use axum::http::{HeaderMap, header};
use bowerbird_protocol::problem::ProblemCode;
use serde::Deserialize;

/// A policy as it is sent: in a query, a body or a path.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Shown {
    /// The policy, in base64.
    pub policy: Option<String>,
    /// Its signature, in hex.
    pub signature: Option<String>,
}

impl Shown {
    /// The policy, if one is shown.
    ///
    /// # Errors
    /// It is not the key's, or its time is over: whoever shows one wants it to count.
    pub fn verified(&self, app: &App) -> Result<Option<Policy>, Refusal> {
        match (&self.policy, &self.signature) {
            (None, None) => Ok(None),
            (Some(policy), Some(signature)) => {
                let secret = app.settings.secret.as_ref().ok_or(Refusal::NoSecret)?;
                Policy::verify(policy, signature, secret, now() / 1000).map(Some)
            }
            _ => Err(Refusal::Signature),
        }
    }

    /// Whether something new may be done for a site: with a policy as far as it goes, and without one unless the site requires it.
    pub fn allows(&self, app: &App, call: Call, deed: Deed<'_>) -> Result<Option<Policy>, Refusal> {
        match self.verified(app)? {
            Some(policy) => policy.allows(call, deed).map(|()| Some(policy)),
            None if app.settings.require_policy => Err(Refusal::Missing(call)),
            None => Ok(None),
        }
    }
}

/// Whether a site may have a further file.
///
/// # Errors
/// [`ProblemCode::StoreLimit`] where it has as many files, or bytes, as it may have.
pub async fn has_room(companion: &Shared, app: &App) -> Result<(), ApiError> {
    let (files, bytes) = (app.settings.max_files, app.settings.max_bytes);
    if files.is_none() && bytes.is_none() {
        return Ok(());
    }
    let (has_files, has_bytes) = companion.db.usage_of(app.key()).await?;
    let is_full = files.is_some_and(|most| has_files.unsigned_abs() >= most)
        || bytes.is_some_and(|most| has_bytes.unsigned_abs() >= most);
    if is_full {
        tracing::warn!(
            key = app.key(),
            files = has_files,
            bytes = has_bytes,
            "a site has as many files as it may have"
        );
        return Err(ApiError::with_text(
            ProblemCode::StoreLimit,
            "The key has as many files, or bytes, as it may have.",
        ));
    }
    Ok(())
}

/// Whether a file may be dealt with: by the session that stored it, named in `Authorization: Bearer`, or with a policy.
pub async fn may(
    companion: &Shared,
    file: &FileRow,
    headers: &HeaderMap,
    shown: &Shown,
    call: Call,
) -> Result<Caller, ApiError> {
    let caller = companion.apps.authorize(&file.app_key, headers)?;
    let deed = Deed { handle: Some(&file.handle), ..Deed::default() };
    if let Some(policy) = shown.verified(&caller.app)? {
        policy.allows(call, deed)?;
        return Ok(caller);
    }
    if let Some(token) = bearer(headers)
        && !file.session_id.is_empty()
        && session::require(companion, &caller, Some(token)).await?.id == file.session_id
    {
        return Ok(caller);
    }
    Err(Refusal::Missing(call).into())
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ")
}

/// The session that a request names in `Authorization: Bearer`, by the id of its row: what it stores, it may remove. Empty where there is
/// none that lives, since storing needs none.
pub async fn session_of(companion: &Shared, app_key: &str, headers: &HeaderMap) -> String {
    let Ok(caller) = companion.apps.authorize(app_key, headers) else { return String::new() };
    match bearer(headers) {
        Some(token) => {
            session::require(companion, &caller, Some(token)).await.map_or(String::new(), |session| session.id)
        }
        None => String::new(),
    }
}

/// The same for reading. A public file is everybody's, but a policy that is shown has to be good.
pub async fn may_read(companion: &Shared, file: &FileRow, headers: &HeaderMap, shown: &Shown) -> Result<(), ApiError> {
    if file.access == "public" && shown.policy.is_none() && shown.signature.is_none() {
        return Ok(());
    }
    may(companion, file, headers, shown, Call::Read).await.map(drop)
}

/// The same for converting, which costs us more than reading: a public file is everybody's to convert unless its site requires
/// policies. Answers the policy that was shown.
pub async fn may_convert(
    companion: &Shared,
    file: &FileRow,
    headers: &HeaderMap,
    shown: &Shown,
) -> Result<Option<Policy>, ApiError> {
    let app = companion.apps.get(&file.app_key).ok_or_else(ApiError::not_found)?;
    let deed = Deed { handle: Some(&file.handle), ..Deed::default() };
    if file.access == "public" {
        return Ok(shown.allows(&app, Call::Convert, deed)?);
    }
    may(companion, file, headers, shown, Call::Convert).await?;
    Ok(shown.verified(&app)?)
}
