//! Notices to a site's receivers, in the form of Filestack's webhooks: what has happened that concerns it.
//!
//! A notice is a row for each receiver that wants it ([`about`]), written in the transaction that it tells of, so that neither is
//! without the other. [`delivery`] sends it until the receiver takes it or the schedule ends. A receiver may hear the same
//! event twice, and knows it by its `id`.

pub mod delivery;

pub use delivery::work;

use crate::Companion;
use crate::db::{AccountRow, FileRow, NewNotice, PostRow, PublicationEnd, PublicationRow, now};
use crate::publish::standing::date;
use crate::secrets::{self, Secret, hmac_hex};
use crate::webhook::Kind;
use serde_json::{Value, json};

/// Of what a page says of itself, so much is told on: who has a site's key can say what they like.
const MOST_RULES: usize = 50;
const LONGEST_RULE: usize = 100;

/// What has happened.
#[derive(Debug, Clone, Copy)]
pub enum Event<'a> {
    /// A file was copied into the storage.
    Stored(&'a FileRow),
    /// A file was linked where it is.
    Linked(&'a FileRow),
    /// A file was made of another, or of what is at an address.
    Converted {
        /// The new one.
        file: &'a FileRow,
        /// The path of the address that makes the same.
        made_by: &'a str,
        /// Whose the bytes are: `internal`, `amazon`, `google`, `azure`, or the service from which a linked file comes.
        provider: &'a str,
    },
    /// A file is gone.
    Deleted {
        /// Which.
        handle: &'a str,
    },
    /// A file has other bytes than before; the row is as it stands now.
    Overwritten(&'a FileRow),
    /// Something was published on an account of the site's, or could not be.
    Exported {
        /// What.
        row: &'a PublicationRow,
        /// Where.
        account: &'a AccountRow,
        /// How it ended.
        end: &'a PublicationEnd,
    },
    /// All publications of a post have ended.
    PostEnded {
        /// The post.
        post: &'a PostRow,
        /// How it stands on each account, as [`crate::publish::standing`] tells it.
        accounts: &'a [Value],
    },
    /// A visitor opened the dialog.
    DialogOpened {
        /// What the page takes, as in the picker's `accept`; empty when it did not say.
        accept: &'a [String],
        /// The sources that it shows.
        sources: &'a [&'a str],
    },
}

impl Event<'_> {
    /// By which receivers choose it.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Stored(_) | Self::Linked(_) => Kind::Upload,
            Self::Converted { .. } => Kind::Converse,
            Self::Deleted { .. } => Kind::Delete,
            Self::Overwritten(_) => Kind::Overwrite,
            Self::Exported { .. } => Kind::Export,
            Self::PostEnded { accounts, .. } if accounts.iter().any(|account| account["status"] == "published") => {
                Kind::PostPublished
            }
            Self::PostEnded { .. } => Kind::PostError,
            Self::DialogOpened { .. } => Kind::Dialog,
        }
    }
}

/// The notices of an event: one for each receiver of the site that wants it, all with the same id in their body. They are to be
/// written with what they tell of; [`told`] says that they are there.
pub fn about(companion: &Companion, app_key: &str, event: Event<'_>) -> Vec<NewNotice> {
    let kind = event.kind();
    let receivers = companion.apps.receivers(app_key);
    let wanting = receivers.iter().filter(|receiver| receiver.events.want(kind));
    let mut body = None;
    let notice = |webhook_id: &str| NewNotice {
        id: secrets::id(),
        app_key: app_key.to_owned(),
        webhook_id: webhook_id.to_owned(),
        action: kind.name(),
        body: body.get_or_insert_with(|| body_of(kind, text(companion, app_key, event))).clone(),
    };
    wanting.map(|receiver| receiver.id.as_str()).map(notice).collect()
}

/// Notices were written, and can be sent.
pub fn told(companion: &Companion, notices: &[NewNotice]) {
    if !notices.is_empty() {
        companion.new_notice.notify_one();
    }
}

/// What a receiver is sent to see whether it works. It tells of a file that is not there.
pub fn sample(kind: Kind, app_key: &str, file_url: &str) -> String {
    let text = match kind {
        Kind::PostPublished | Kind::PostError => {
            json!({"postId": "test", "orgId": app_key, "socialAccounts": [], "test": true})
        }
        Kind::Dialog => json!({"dialogType": "open", "app": {"apikey": app_key}, "test": true}),
        _ => json!({
            "url": file_url, "client": "Facebook", "type": "image/jpeg", "filename": "test.jpg", "size": 0, "test": true,
        }),
    };
    body_of(kind, text)
}

/// The signature of a body that is sent at `timestamp`, in seconds since 1970: by it a receiver knows that the body is ours,
/// and by the time that it is no old one.
pub fn signature(secret: &Secret, timestamp: &str, body: &str) -> String {
    hmac_hex(secret, &format!("{timestamp}.{body}"))
}

fn body_of(kind: Kind, text: Value) -> String {
    // Filestack's ids are numbers; of this one JavaScript loses no digit.
    let id = rand::random::<u64>() >> 11;
    if kind.is_outstands() {
        return json!({"event": kind.name(), "id": id, "timestamp": date(Some(now())), "data": text}).to_string();
    }
    json!({"id": id, "action": kind.name(), "timestamp": now() / 1000, "text": text}).to_string()
}

fn text(companion: &Companion, app_key: &str, event: Event<'_>) -> Value {
    let url = |handle: &str| companion.config.file_url(handle);
    match event {
        Event::Stored(file) => {
            let mut text = upload(file, url(&file.handle));
            text["key"] = json!(file.object_key);
            text["status"] = json!("Stored");
            text
        }
        Event::Linked(file) => upload(file, url(&file.handle)),
        Event::Converted { file, made_by, provider } => json!({
            "url": made_by,
            "link": {
                "url": url(&file.handle),
                "handle": file.handle,
                "filename": file.filename,
                "mimetype": file.mimetype,
                "path": file.object_key,
                "provider": provider,
                "size": file.size,
            },
        }),
        Event::Deleted { handle } => json!({"url": url(handle), "handle": handle}),
        Event::Overwritten(file) => json!({
            "mimetype": file.mimetype,
            "url": url(&file.handle),
            "isWriteable": true,
            "filename": file.filename,
            "client": client(&file.source),
            "size": file.size,
        }),
        Event::Exported { row, account, end } => {
            let (id, url, error) = match end {
                PublicationEnd::Published { id, url } => (Some(id), url.as_ref(), None),
                PublicationEnd::Failed { reason, .. } => (None, None, Some(reason)),
                PublicationEnd::Cancelled => (None, None, None),
            };
            json!({
                "url": url,
                "client": client(&account.network),
                "type": row.kind,
                "status": if error.is_some() { "Failed" } else { "Published" },
                "id": row.id,
                "post": row.post_id,
                "platformPostId": id,
                "account": {"id": account.id, "name": account.name, "network": account.network, "platformId": account.account_id},
                "error": error,
            })
        }
        Event::PostEnded { post, accounts } => json!({
            "postId": post.id,
            "orgId": post.app_key,
            "tenantId": Some(&post.tenant).filter(|tenant| !tenant.is_empty()),
            "scheduledAt": date(post.scheduled_ms),
            "socialAccounts": accounts,
        }),
        Event::DialogOpened { accept, sources } => {
            let rules = || accept.iter().filter(|rule| rule.len() <= LONGEST_RULE).take(MOST_RULES);
            let (mimetypes, extensions): (Vec<_>, Vec<_>) = rules().partition(|rule| rule.contains('/'));
            json!({
                "dialogType": "open",
                "app": {"apikey": app_key},
                "mimetypes": mimetypes,
                "extensions": extensions,
                "sources": sources,
            })
        }
    }
}

fn upload(file: &FileRow, url: String) -> Value {
    let mut text = json!({
        "url": url,
        "client": client(&file.source),
        "type": file.mimetype,
        "filename": file.filename,
        "size": file.size,
    });
    if let Some(container) = &file.container {
        text["container"] = json!(container);
    }
    text
}

/// A source by the name that Filestack's notices give it.
fn client(source: &str) -> &str {
    match source {
        "facebook" => "Facebook",
        "instagram" => "Instagram",
        "local_file_system" => "Computer",
        "url" => "URL",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_that_of_filestacks_own_example() {
        // The vector of filestack-js, test of validateWebhookSignature.
        let body = concat!(
            r#"{"id": 6844, "action": "fp.upload", "timestamp": 1559199901, "#,
            r#""text": {"url": "http://cdn.filestackapi.dev/xK88QArxRiyVvFzo4p33", "client": "Computer", "#,
            r#""data": {"filename": "01 (1).png", "type": "image/png", "size": 881855}}}"#
        );
        let expected = "14495b54b246e1352bb69cd91c5c1bfe2221f2d0330414b3df8f5fb2903db730";
        assert_eq!(signature(&Secret::new("Y5cWb1rdRDSTSqEjF5pv"), "1559199901", body), expected);
    }

    #[test]
    fn ids_are_numbers_that_javascript_keeps_whole() {
        for _ in 0..1000 {
            let body: Value = serde_json::from_str(&sample(Kind::Upload, "demo", "https://x.example/1")).unwrap();
            assert!(body["id"].as_u64().unwrap() < 1 << 53);
        }
    }
}
