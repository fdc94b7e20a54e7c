//! What a publication that came to nothing has left at Meta is removed there, as long as that takes.

use super::page::with_mark;
use super::{Account, Made};
use crate::Shared;
use crate::db::{Millis, PublicationRow, now};
use crate::jobs::pause;
use crate::providers::Trouble;
use std::time::Duration;

/// The pause before it is tried again is that of a job after so many tries.
const LATER: i64 = 3;
/// After this long Meta has forgotten by itself what can be forgotten, and the account is likely not ours any more.
const GIVE_UP: Millis = 3 * 24 * 3600 * 1000;

/// How often is looked for something left.
pub const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Removes what is left of publications that have ended.
pub async fn all(companion: &Shared) -> sqlx::Result<()> {
    for row in companion.db.left_publications().await? {
        let mut made = Made::read(&row.made);
        let removed = remove(companion, &row, &mut made).await;
        let (left, due) = match removed {
            Ok(()) => (None, 0),
            Err(error) if now() - row.ended_ms.unwrap_or(0) > GIVE_UP => {
                tracing::error!(publication = row.id, cause = ?error, "what a publication left at Meta could not be removed");
                (None, 0)
            }
            Err(error) => {
                tracing::info!(publication = row.id, cause = ?error, "what a publication left at Meta is removed later");
                (Some(made.written()), now() + pause(companion.config.retry_pause, LATER))
            }
        };
        companion.db.leave_publication(&row.id, left.as_deref(), due).await?;
    }
    Ok(())
}

async fn remove(companion: &Shared, row: &PublicationRow, made: &mut Made) -> Result<(), Trouble> {
    let account = companion.db.account(&row.app_key, &row.account_id).await;
    let account = account.map_err(|error| Trouble::Unsure(error.to_string()))?;
    // Nobody may remove anything on an account that is not connected.
    let Some(account) = account.filter(|account| account.problem.is_none()) else { return Ok(()) };
    let Some(meta) = Account::open(companion, &account) else { return Ok(()) };
    if account.network == "instagram" {
        // Containers cannot be removed, and are forgotten after a day.
        return Ok(());
    }
    if let Some(mark) = made.mark {
        let posts = with_mark(&meta, &account.account_id, mark).await?;
        for post in posts.iter().chain(&made.post) {
            meta.graph.remove(&meta.token, post).await?;
        }
        (made.mark, made.post) = (None, None);
    }
    while let Some(item) = made.media.last() {
        if !item.id.is_empty() {
            meta.graph.remove(&meta.token, &item.id).await?;
        }
        made.media.pop();
    }
    Ok(())
}
