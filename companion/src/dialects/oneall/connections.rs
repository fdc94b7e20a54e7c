//! `GET /connections/{connection_token}.json`: who has connected.
//!
//! OneAll knows no choice: asking for a connection the first time connects all that was found. What publishes then is named by
//! the person's identity.

use super::{Envelope, Site};
use crate::db::{AccountRow, now};
use crate::error::ApiError;
use crate::secrets::Signer;
use crate::{Companion, Shared, accounts};
use axum::extract::{OriginalUri, Path, State};
use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use serde_json::json;

/// What stands before a connection's token in its address.
pub const CONNECTIONS: &str = "/connections/";

/// The name of a person towards a site: the same whenever they connect with the same app, and another for every site.
pub fn identity_token(signer: &Signer, app_key: &str, client_id: &str, user_id: &str) -> String {
    uuid(&signer.sign(&["identity", app_key, client_id, user_id]))
}

/// The first 128 bits of a hash in hex, as a UUID of one's own making (version 8, RFC 9562).
fn uuid(hash: &str) -> String {
    format!("{}-{}-8{}-8{}-{}", &hash[..8], &hash[8..12], &hash[13..16], &hash[17..20], &hash[20..32])
}

/// The accounts of a site that the person connected whose identity this is.
pub async fn accounts_of(companion: &Companion, app_key: &str, identity: &str) -> Result<Vec<AccountRow>, ApiError> {
    let mut accounts = companion.db.accounts(app_key, None).await?;
    accounts
        .retain(|account| identity_token(&companion.signer, app_key, &account.client_id, &account.user_id) == identity);
    Ok(accounts)
}

/// `GET /connections/{connection_token}.json`.
pub async fn connection(
    State(companion): State<Shared>,
    OriginalUri(uri): OriginalUri,
    Site(app): Site,
    Path(file): Path<String>,
) -> Result<Envelope, Envelope> {
    let resource = uri.path();
    let failed = |error: ApiError| Envelope::failed(resource, error);
    let not_found = || {
        let words = "There is no such connection, or it is over: one can be read for an hour";
        Envelope::error(resource, StatusCode::NOT_FOUND, words)
    };
    let token = file.strip_suffix(".json").ok_or_else(|| {
        Envelope::error(resource, StatusCode::NOT_FOUND, "The resource does not exist; answers are JSON: ….json")
    })?;
    let find = async || {
        let found = accounts::pending(&companion, token).await.map_err(failed)?;
        found.filter(|found| found.row.app_key == app.key()).ok_or_else(not_found)
    };
    let pending = find().await?;
    // Who was first meanwhile has connected all, or has chosen, and then the connection is gone.
    if !pending.found.is_empty() && !accounts::choose_all(&companion, &pending).await.map_err(failed)? {
        find().await?;
    }
    let row = &pending.row;
    let sign = |what: &str| uuid(&companion.signer.sign(&[what, app.key(), &row.client_id, &row.user_id]));
    let begun = row.expires_ms - accounts::SESSION_LIVES;
    let begun: DateTime<Utc> = DateTime::from_timestamp_millis(begun.min(now())).unwrap_or_default();
    Ok(Envelope::success(
        resource,
        json!({
            "status": {"flag": "success", "code": 200, "info": "The user successfully authenticated"},
            "data": {
                "connection": {"connection_token": token, "date": begun.to_rfc2822(), "plugin": "social_link"},
                "user": {
                    "user_token": sign("user"),
                    "identity": {
                        "identity_token": identity_token(&companion.signer, app.key(), &row.client_id, &row.user_id),
                        "provider": row.network,
                        "id": row.user_id,
                        "displayName": pending.person,
                        "name": {"formatted": pending.person},
                        "accounts": [{"domain": format!("{}.com", row.network), "userid": row.user_id}],
                    },
                },
            },
        }),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secrets::Secret;

    #[test]
    fn an_identity_is_a_uuid_and_one_sites() {
        let folder = tempfile::tempdir().unwrap();
        let signer = Signer::load(&Secret::new("k".repeat(32)), folder.path()).unwrap();
        let of = |key: &str, client: &str, user: &str| identity_token(&signer, key, client, user);
        let token = of("shop", "1", "23");
        let lengths: Vec<usize> = token.split('-').map(str::len).collect();
        assert_eq!(lengths, [8, 4, 4, 4, 12]);
        assert!(token.bytes().all(|byte| byte == b'-' || byte.is_ascii_hexdigit()) && &token[14..15] == "8", "{token}");
        assert_eq!(token, of("shop", "1", "23"));
        for other in [of("shop", "12", "3"), of("other", "1", "23"), of("shop", "1", "24")] {
            assert_ne!(token, other);
        }
    }
}
