//! How posts stand, as it is told to those who asked for them.

use crate::Shared;
use crate::db::{AccountRow, Millis, PublicationRow};
use chrono::{DateTime, SecondsFormat};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::time::Duration;
use tokio::time::Instant;

/// How often a post is looked at that somebody waits for.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// A time as ISO 8601, in UTC.
pub fn date(time: Option<Millis>) -> Option<String> {
    let time = DateTime::from_timestamp_millis(time?)?;
    Some(time.to_rfc3339_opts(SecondsFormat::Millis, true))
}

/// How a post stands on each of its accounts. `status` is `pending`, `published`, `failed` or `cancelled`.
pub fn of_accounts(publications: &[PublicationRow], accounts: &HashMap<String, AccountRow>) -> Vec<Value> {
    let one = |row: &PublicationRow| {
        let account = accounts.get(&row.account_id);
        let status = if row.ended_ms.is_some() { row.state.as_str() } else { "pending" };
        let is_published = status == "published";
        json!({
            "id": row.account_id,
            "nickname": account.map(|account| &account.name),
            "network": account.map(|account| &account.network),
            "username": account.and_then(|account| account.username.as_ref()),
            "status": status,
            "phase": row.phase,
            "error": row.reason,
            "errorCode": row.problem,
            "platformPostId": row.remote_id,
            "platformPostUrl": row.remote_url,
            "publishedAt": date(row.ended_ms.filter(|_| is_published)),
        })
    };
    publications.iter().map(one).collect()
}

/// The accounts of some publications, by our ids.
pub async fn accounts_of(
    companion: &Shared,
    publications: &[PublicationRow],
) -> sqlx::Result<HashMap<String, AccountRow>> {
    let mut accounts = HashMap::new();
    for row in publications {
        if !accounts.contains_key(&row.account_id)
            && let Some(account) = companion.db.account(&row.app_key, &row.account_id).await?
        {
            accounts.insert(row.account_id.clone(), account);
        }
    }
    Ok(accounts)
}

/// Waits for the end of a post, for so long at most; answers its publications as they then stand.
pub async fn ended(companion: &Shared, post: &str, patience: Duration) -> sqlx::Result<Vec<PublicationRow>> {
    let until = Instant::now() + patience;
    loop {
        let publications = companion.db.publications(post).await?;
        if publications.iter().all(|row| row.ended_ms.is_some()) || Instant::now() >= until {
            return Ok(publications);
        }
        tokio::select! {
            () = tokio::time::sleep(LOOK_EVERY) => {}
            () = companion.stopped() => return Ok(publications),
        }
    }
}
