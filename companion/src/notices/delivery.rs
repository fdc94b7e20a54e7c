//! Sending notices: when each is due, to whom, and what came of it.

use super::signature;
use crate::config::Config;
use crate::db::{Millis, NoticeRow, REMOVED, Tried, WebhookRow, now};
use crate::fetch::Fetcher;
use crate::limits::{Place, Places};
use crate::metrics;
use crate::secrets::{Secret, hmac_hex};
use crate::{Companion, Shared};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;
use url::Url;

/// Statuses by which a receiver says that it has the notice.
const TAKEN: [u16; 3] = [200, 201, 204];
/// How many are sent at once, to one receiver and in all: many receivers may be silent at the same time.
const AT_ONCE_EACH: usize = 2;
const AT_ONCE: usize = 256;
/// How often it is looked whether a notice is due; others than this process write them too.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// After how long a notice is due again whose sender has not said what came of it. Twice what a receiver may take to answer.
const LEASE: Millis = 60_000;

/// Why a receiver does not have a notice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal(String);

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// Posts a body to a receiver, signed. Answers the status by which it took it.
///
/// # Errors
/// Another status, no answer within 30 seconds, or an address that may not be asked.
pub async fn post(fetcher: &Fetcher, url: &Url, secret: &Secret, body: &str) -> Result<u16, Refusal> {
    let timestamp = (now() / 1000).to_string();
    // The last is what receivers look at that were written for Outstand.
    let of_body = format!("sha256={}", hmac_hex(secret, body));
    let headers = [
        ("FS-Signature", &*signature(secret, &timestamp, body)),
        ("FS-Timestamp", &timestamp),
        ("X-Outstand-Signature", &of_body),
    ];
    match fetcher.notify(url, &headers, body).await.map(|status| status.as_u16()) {
        Ok(status) if TAKEN.contains(&status) => Ok(status),
        Ok(status) => Err(Refusal(format!("HTTP {status}"))),
        Err(error) => Err(Refusal(error.to_string())),
    }
}

/// Sends what is due: at the start, when something new is there, and now and then. A receiver that takes its time holds up only
/// what is for itself.
pub async fn work(companion: Shared) {
    let places = Places::new(AT_ONCE_EACH, AT_ONCE);
    let mut sending = JoinSet::new();
    while !companion.is_stopping() {
        if let Err(error) = begin_due(&companion, &places, &mut sending).await {
            tracing::error!(cause = %error, "the notices could not be read");
        }
        tokio::select! {
            Some(_) = sending.join_next() => {}
            () = companion.new_notice.notified() => {}
            () = tokio::time::sleep(LOOK_EVERY) => {}
            () = companion.stopped() => {}
        }
    }
    // Those that are cut off nevertheless are sent once more after their lease.
    while sending.join_next().await.is_some() {}
}

/// Begins to send what is due, as far as there are places.
async fn begin_due(companion: &Shared, places: &Places, sending: &mut JoinSet<()>) -> sqlx::Result<()> {
    loop {
        let due = companion.db.due_notices(&places.full(), places.free() as i64).await?;
        if due.is_empty() || companion.is_stopping() {
            return Ok(());
        }
        for notice in due {
            let Some(place) = places.take(&notice.webhook_id) else { continue };
            // From here on it is due only later, so that no other look finds it.
            if let Some(notice) = companion.db.claim_notice(notice, now() + LEASE).await? {
                sending.spawn(send(companion.clone(), notice, place));
            }
        }
    }
}

async fn send(companion: Shared, notice: NoticeRow, place: Place) {
    if let Err(error) = tell(&companion, &notice).await {
        tracing::error!(notice = notice.id, cause = %error, "what came of a notice could not be written");
    }
    drop(place);
}

async fn tell(companion: &Shared, notice: &NoticeRow) -> sqlx::Result<()> {
    let begun = now();
    let Some(receiver) = receiver(companion, notice).await? else {
        return companion.db.note_try(notice, REMOVED, Tried::GivenUp).await;
    };
    let host = receiver.url.host_str().unwrap_or_default();
    let posted = match &receiver.secret {
        Some(secret) => post(&companion.fetcher, &receiver.url, secret, &notice.body).await,
        None => Err(Refusal("its secret is sealed with a key that is not there".to_owned())),
    };
    let Companion { db, config, .. } = &**companion;
    match posted {
        Ok(status) => {
            companion.metrics.notice(metrics::Notice::Delivered);
            tracing::info!(key = notice.app_key, notice = notice.id, host, "a site was told");
            db.note_try(notice, &format!("HTTP {status}"), Tried::Delivered).await
        }
        Err(Refusal(trouble)) => {
            let tried = after(notice, begun, &schedule(config));
            let again = tried != Tried::GivenUp;
            companion.metrics.notice(if again { metrics::Notice::Retried } else { metrics::Notice::Failed });
            tracing::warn!(
                key = notice.app_key,
                notice = notice.id,
                host,
                cause = trouble,
                again,
                "a site could not be told"
            );
            db.note_try(notice, &trouble, tried).await
        }
    }
}

/// Whom a notice is for. One that this process does not know may have come since it last looked.
async fn receiver(companion: &Shared, notice: &NoticeRow) -> sqlx::Result<Option<Arc<WebhookRow>>> {
    let Companion { apps, config, fetcher, db, .. } = &**companion;
    let known = || apps.receivers(&notice.app_key).iter().find(|receiver| receiver.id == notice.webhook_id).cloned();
    if let Some(receiver) = known() {
        return Ok(Some(receiver));
    }
    apps.refresh(config, fetcher, db).await?;
    Ok(known())
}

/// Milliseconds after the first attempt at which the others are.
fn schedule(config: &Config) -> Vec<Millis> {
    config.webhook_schedule.seconds().iter().map(|seconds| *seconds as Millis * 1000).collect()
}

/// What follows a try that failed and was begun at `begun`. The schedule counts from the first; where it was missed, because no
/// companion ran, half of what lies between two attempts lies between them still.
fn after(notice: &NoticeRow, begun: Millis, schedule: &[Millis]) -> Tried {
    let tries = usize::try_from(notice.tries).unwrap_or_default();
    let Some(next) = schedule.get(tries) else { return Tried::GivenUp };
    let before = tries.checked_sub(1).map_or(0, |last| schedule[last]);
    let planned = notice.first_ms.unwrap_or(begun) + next;
    Tried::Again(planned.max(begun + (next - before) / 2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schedule_counts_from_the_first_attempt() {
        let schedule = [300_000, 3_600_000, 43_200_000];
        let tried = |tries, begun| {
            let (id, app_key, webhook_id, body) = Default::default();
            let notice = NoticeRow { id, app_key, webhook_id, body, tries, claims: 9, first_ms: Some(1000) };
            after(&notice, begun, &schedule)
        };
        assert_eq!(tried(0, 1000), Tried::Again(301_000));
        assert_eq!(tried(1, 303_000), Tried::Again(3_601_000));
        assert_eq!(tried(2, 3_609_000), Tried::Again(43_201_000));
        assert_eq!(tried(3, 43_202_000), Tried::GivenUp);
        // After two days without a companion.
        assert_eq!(tried(1, 200_000_000), Tried::Again(201_650_000));
    }
}
