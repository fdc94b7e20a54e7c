//! What is sealed, and sealing it again under another key.

use super::Db;
use crate::seal::{MAX_ID, key_id};
use futures_util::TryStreamExt as _;
use sqlx::AssertSqlSafe;
use std::collections::BTreeMap;

/// A column of secrets.
struct Sealed {
    /// What the place of each begins with.
    place: &'static str,
    table: &'static str,
    column: &'static str,
    /// What names a row, and follows in its place.
    id: &'static str,
}

/// All of them. A column that is missing here would be lost with the key that it was sealed with.
const SEALED: [Sealed; 6] = [
    Sealed { place: "connection", table: "connections", column: "access_token", id: "id" },
    Sealed { place: "attempt", table: "attempts", column: "verifier", id: "id_hash" },
    Sealed { place: "app", table: "app_credentials", column: "client_secret", id: "app_key || ':' || kind" },
    Sealed { place: "app", table: "webhooks", column: "secret", id: "id" },
    Sealed { place: "account", table: "accounts", column: "access_token", id: "id" },
    Sealed { place: "connecting", table: "connecting", column: "found", id: "id" },
];

/// Rows that are read at a time.
const BATCH: i64 = 200;

/// What sealing again came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Resealed {
    /// Secrets that are now sealed with the current key and were not.
    pub done: u64,
    /// Secrets that no key opens.
    pub lost: u64,
}

impl Db {
    /// How many secrets each key seals, by the key's id. One that is not a sealed text at all counts for the empty id.
    pub async fn sealed_by(&self) -> sqlx::Result<BTreeMap<String, u64>> {
        let mut counts = BTreeMap::new();
        for Sealed { table, column, .. } in SEALED {
            // As much as version and id can take.
            let start = MAX_ID + 8;
            let query = format!("SELECT substr({column}, 1, {start}) FROM {table} WHERE {column} IS NOT NULL");
            let mut rows = sqlx::query_scalar::<_, String>(AssertSqlSafe(query)).fetch(&self.pool);
            while let Some(sealed) = rows.try_next().await? {
                *counts.entry(key_id(&sealed).unwrap_or_default().to_owned()).or_default() += 1;
            }
        }
        Ok(counts)
    }

    /// Seals with the current key what is sealed with another, while others may be working. It can be cut off, and run again.
    pub async fn reseal(&self) -> sqlx::Result<Resealed> {
        let mut resealed = Resealed::default();
        let prefix = self.keyring.current_prefix();
        for Sealed { place, table, column, id } in SEALED {
            let select = format!(
                "SELECT {id}, {column} FROM {table} WHERE {column} IS NOT NULL AND substr({column}, 1, length($1)) <> $1 \
                 AND {id} > $2 ORDER BY 1 LIMIT {BATCH}"
            );
            let update = format!("UPDATE {table} SET {column} = $1 WHERE {id} = $2 AND {column} = $3");
            let mut after = String::new();
            loop {
                let rows: Vec<(String, String)> = sqlx::query_as(AssertSqlSafe(select.as_str()))
                    .bind(&prefix)
                    .bind(&after)
                    .fetch_all(&self.pool)
                    .await?;
                let Some((last, _)) = rows.last() else { break };
                after.clone_from(last);
                for (id, sealed) in rows {
                    let place = format!("{place}:{id}");
                    let Some(secret) = self.opened(&place, &sealed) else {
                        resealed.lost += 1;
                        continue;
                    };
                    // Only what is still as it was read: another process may have put a fresh token there.
                    let written = sqlx::query(AssertSqlSafe(update.as_str()))
                        .bind(self.keyring.seal(&place, &secret))
                        .bind(&id)
                        .bind(&sealed)
                        .execute(&self.pool)
                        .await?;
                    resealed.done += written.rows_affected();
                }
            }
        }
        Ok(resealed)
    }
}
