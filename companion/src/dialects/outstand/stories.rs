//! The stories of a connected Page. Outstand has no such call; the answer is Meta's.

use super::{Refusal, Site};
use crate::Shared;
use crate::publish::stories::{self, Which};
use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use chrono::DateTime;
use serde::Deserialize;
use serde_json::{Value, json};

/// The query.
#[derive(Debug, Default, Deserialize)]
pub struct Listing {
    status: Option<String>,
    since: Option<String>,
    until: Option<String>,
}

/// `GET /v1/social-accounts/{id}/stories?status&since&until`.
pub async fn list(
    State(companion): State<Shared>,
    Site(app): Site,
    Path(id): Path<String>,
    Query(listing): Query<Listing>,
) -> Result<Json<Value>, Refusal> {
    let account = companion.db.account(app.key(), &id).await?;
    let account = account.ok_or_else(|| {
        Refusal::new(StatusCode::NOT_FOUND, "Account not found", "There is no connected account of this id.")
    })?;
    let status = listing.status.map(|status| status.to_ascii_uppercase());
    if status.as_deref().is_some_and(|status| !["PUBLISHED", "ARCHIVED"].contains(&status)) {
        return Err(Refusal::invalid("status", "One of PUBLISHED and ARCHIVED"));
    }
    let (since, until) = (time("since", listing.since)?, time("until", listing.until)?);
    let which = Which { status: status.as_deref(), since, until };
    let stories = stories::list(&companion, &account, which).await?;
    Ok(Json(json!({"success": true, "data": stories})))
}

/// Seconds since 1970, or a date and time in ISO 8601.
fn time(field: &str, said: Option<String>) -> Result<Option<i64>, Refusal> {
    let Some(said) = said else { return Ok(None) };
    let seconds = said.parse().ok().or_else(|| Some(DateTime::parse_from_rfc3339(&said).ok()?.timestamp()));
    seconds
        .map(Some)
        .ok_or_else(|| Refusal::invalid(field, "Expected seconds since 1970, or a date and time in ISO 8601"))
}
