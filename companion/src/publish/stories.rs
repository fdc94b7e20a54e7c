//! The stories of a Page, as Meta lists them.

use super::run::Account;
use super::run::story::{List, Story};
use crate::Shared;
use crate::db::AccountRow;
use crate::error::ApiError;
use crate::providers::Trouble;
use crate::publish::errors::{LIMITED, explain};
use bowerbird_protocol::problem::ProblemCode;

/// Which stories are asked for.
#[derive(Debug, Clone, Copy, Default)]
pub struct Which<'a> {
    /// `PUBLISHED` or `ARCHIVED`; Meta lists archived ones only where the Page's story archive is on.
    pub status: Option<&'a str>,
    /// Published at this time or later, in seconds since 1970.
    pub since: Option<i64>,
    /// Published at this time or before.
    pub until: Option<i64>,
}

/// The newest stories of a Page, at most a hundred.
///
/// # Errors
/// The account is no Page or has to be connected again; Meta refuses, or does not answer.
pub async fn list(companion: &Shared, account: &AccountRow, which: Which<'_>) -> Result<Vec<Story>, ApiError> {
    if account.network != "facebook" {
        let text = "Instagram lists no stories by date; ask for those of a Page.";
        return Err(ApiError::with_text(ProblemCode::BadRequest, text));
    }
    let meta = Account::open(companion, account).ok_or_else(|| ApiError::new(ProblemCode::SignInAgain))?;
    let [since, until] = [which.since, which.until].map(|time| time.map(|time| time.to_string()));
    let mut query = vec![("limit", "100")];
    query.extend(which.status.map(|status| ("status", status)));
    query.extend(since.as_deref().map(|since| ("since", since)));
    query.extend(until.as_deref().map(|until| ("until", until)));
    let list = meta.graph.look::<List<Story>>(&meta.token, &format!("{}/stories", account.account_id), &query).await;
    list.map(|list| list.data).map_err(|trouble| match trouble {
        Trouble::Refused { status, error } => {
            let explained = explain(status, &error);
            ApiError::with_text(explained.code, explained.text)
        }
        Trouble::Wait(_) => ApiError::with_text(ProblemCode::RateLimited, LIMITED),
        Trouble::Unsure(cause) => {
            tracing::info!(cause, "the stories of a Page could not be listed");
            ApiError::new(ProblemCode::SourceUnavailable)
        }
    })
}
