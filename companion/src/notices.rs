//! Notices to a site's receiver, in the form of Filestack's webhooks: that a file was deleted.
//!
//! A notice is a row, written in the transaction that it tells of, so that neither is without the other. It is sent until the
//! receiver takes it, four times at most; a receiver may hear the same notice twice, and knows it by its `id`.

use crate::config::Webhook;
use crate::db::{Millis, NewNotice, NoticeRow, now};
use crate::limits::{Place, Places};
use crate::secrets::hmac_hex;
use crate::{Companion, Shared};
use serde_json::json;
use std::time::Duration;
use tokio::task::JoinSet;

/// After how long a notice is sent again, as Filestack does.
const AGAIN: [Millis; 3] = [5 * 60 * 1000, 3600 * 1000, 12 * 3600 * 1000];
/// Statuses by which a receiver says that it has the notice.
const TAKEN: [u16; 3] = [200, 201, 204];
/// How many are sent at once, to one site and in all.
const AT_ONCE_EACH: usize = 2;
const AT_ONCE: usize = 64;
/// How often it is looked whether a notice is due again.
const LOOK_EVERY: Duration = Duration::from_secs(10);

/// `fp.delete`: a file of the site is gone.
pub fn file_deleted<'a>(companion: &Companion, app_key: &'a str, handle: &str) -> NewNotice<'a> {
    // Filestack's ids are numbers; of this one JavaScript loses no digit.
    let id = rand::random::<u64>() >> 11;
    let url = companion.config.public(&format!("/{handle}"));
    let body = json!({
        "id": id,
        "action": "fp.delete",
        "timestamp": now() / 1000,
        "text": {"url": url, "handle": handle},
    });
    NewNotice { id: id.to_string(), app_key, body: body.to_string() }
}

/// What is told of a photo that is linked.
pub fn linked<'a>(_: &Companion, _: &'a crate::db::FileRow) -> Vec<NewNotice<'a>> {
    Vec::new()
}

/// The signature of a body that is sent at `timestamp`, in seconds since 1970: by it a receiver knows that the body is ours,
/// and by the time that it is no old one.
pub fn signature(receiver: &Webhook, timestamp: &str, body: &str) -> String {
    hmac_hex(&receiver.secret, &format!("{timestamp}.{body}"))
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
}

/// Begins to send what is due, as far as there are places.
async fn begin_due(companion: &Shared, places: &Places, sending: &mut JoinSet<()>) -> sqlx::Result<()> {
    loop {
        let due = companion.db.due_notices(&places.full(), places.free() as i64).await?;
        if due.is_empty() || companion.is_stopping() {
            return Ok(());
        }
        for notice in due {
            let Some(place) = places.take(&notice.app_key) else { continue };
            // From here on it is due only later, so that the next look does not find it.
            let next = again(&notice).unwrap_or(AGAIN[2]);
            if companion.db.try_notice(&notice, now() + next).await? {
                sending.spawn(send(companion.clone(), notice, place));
            }
        }
    }
}

/// After how long a notice is sent again if this try fails too; `None` when it is the last.
fn again(notice: &NoticeRow) -> Option<Millis> {
    AGAIN.get(usize::try_from(notice.tries).unwrap_or_default()).copied()
}

async fn send(companion: Shared, notice: NoticeRow, place: Place) {
    if let Err(error) = tell(&companion, &notice).await {
        tracing::error!(notice = notice.id, cause = %error, "what came of a notice could not be written");
    }
    drop(place);
}

async fn tell(companion: &Shared, notice: &NoticeRow) -> sqlx::Result<()> {
    let app = companion.apps.get(&notice.app_key);
    let Some(receiver) = app.as_ref().and_then(|app| app.webhook()) else {
        return companion.db.note_try(&notice.id, "no receiver", true).await;
    };
    let host = receiver.url.host_str().unwrap_or_default();
    let trouble = match deliver(companion, receiver, &notice.body).await {
        Ok(()) => {
            tracing::info!(key = notice.app_key, notice = notice.id, host, "a site was told");
            return companion.db.note_try(&notice.id, "delivered", true).await;
        }
        Err(trouble) => trouble,
    };
    let again = again(notice).is_some();
    tracing::warn!(key = notice.app_key, notice = notice.id, host, cause = trouble, again, "a site could not be told");
    companion.db.note_try(&notice.id, &trouble, !again).await
}

async fn deliver(companion: &Shared, receiver: &Webhook, body: &str) -> Result<(), String> {
    let timestamp = (now() / 1000).to_string();
    let headers = [("FS-Signature", &*signature(receiver, &timestamp, body)), ("FS-Timestamp", &timestamp)];
    match companion.fetcher.notify(&receiver.url, &headers, body).await {
        Ok(status) if TAKEN.contains(&status.as_u16()) => Ok(()),
        Ok(status) => Err(format!("the answer was HTTP {}", status.as_u16())),
        Err(error) => Err(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secrets::Secret;

    #[test]
    fn the_signature_is_of_time_and_body() {
        let receiver = Webhook { url: "https://shop.example/".parse().unwrap(), secret: Secret::new("Jefe") };
        // printf '%s' '1600000000.{"id":1}' | openssl dgst -sha256 -hmac Jefe
        let expected = "03abf72c42d1f3a1e5514a93811a2cb8bbf38daef42f5239a8554fc848057f7b";
        assert_eq!(signature(&receiver, "1600000000", "{\"id\":1}"), expected);
    }
}
