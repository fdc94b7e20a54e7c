//! Tokens that are to outlast their first weeks: renewed where a visitor asked to be remembered, long before they end.
//!
//! Instagram's live 60 days, and are renewed when they are a day old at least; Facebook knows no renewal. A token that nobody
//! asked to keep is never renewed: it ends with its session.

use crate::Companion;
use crate::db::{Millis, now};
use crate::providers::{Failure, hint};

const DAY: Millis = 24 * 3600 * 1000;
/// Instagram takes no younger one.
const OLD_ENOUGH: Millis = DAY;
/// A remembered session lives as long without use, so a token with more than that is good for another look.
const ENDS_WITHIN: Millis = 14 * DAY;

/// Renews what is due. What fails is tried again at the next sweep; a token that is dead is forgotten.
pub async fn renew(companion: &Companion) -> sqlx::Result<()> {
    for due in companion.db.connections_to_renew(now() - OLD_ENOUGH, now() + ENDS_WITHIN).await? {
        let app = companion.apps.get(&due.app_key);
        let provider = app.as_ref().and_then(|app| app.provider(&due.source));
        let Some(provider) = provider.filter(|provider| provider.client_id() == due.client_id) else { continue };
        let source = due.source.as_str();
        match provider.refresh(&due.access_token).await {
            Ok(None) => {}
            Ok(Some(renewal)) => {
                let ends =
                    renewal.expires_in.map(|seconds| now().saturating_add_unsigned(seconds.saturating_mul(1000)));
                if companion.db.renew_connection(&due.id, &renewal.token, ends).await? {
                    tracing::info!(source, "a remembered sign-in was renewed");
                }
            }
            Err(failure) => {
                let code = failure.code();
                tracing::warn!(
                    source,
                    code = code.as_str(),
                    cause = failure.cause(),
                    hint = hint(code),
                    "a remembered sign-in could not be renewed"
                );
                if matches!(failure, Failure::SignInAgain { .. }) {
                    companion.db.delete_connection(&due.id).await?;
                }
            }
        }
    }
    Ok(())
}
