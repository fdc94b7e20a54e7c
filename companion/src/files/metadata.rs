//! `GET /api/file/{handle}/metadata`: what is known of a file, or can be found out by reading it.

use crate::Shared;
use crate::db::{FROM_ADDRESS, FileRow};
use crate::error::ApiError;
use crate::policy::Call;
use crate::rights::{self, Shown};
use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use futures_util::StreamExt as _;
use md5::Md5;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use sha1::Sha1;
use sha2::digest::DynDigest;
use sha2::{Sha224, Sha384, Sha512};
use std::collections::BTreeMap;

/// What is told where nothing is asked for, as Filestack does.
const BY_DEFAULT: [&str; 5] = ["mimetype", "uploaded", "size", "writeable", "filename"];
/// Bytes in which a photo's EXIF is looked for: it stands before the picture.
const EXIF_HEAD: u64 = 1024 * 1024;

/// The query: flags, and what shows that it may be asked.
#[derive(Debug, Deserialize)]
pub struct Asked {
    #[serde(flatten)]
    shown: Shown,
    #[serde(flatten)]
    flags: BTreeMap<String, String>,
}

/// Answers those of Filestack's flags that are `true`: `size`, `mimetype`, `filename`, `width`, `height`, `uploaded` (milliseconds since
/// 1970), `writeable`, `cloud` (the source), `source_url`, `md5`, `sha1`, `sha224`, `sha256`, `sha384`, `sha512`, `location`, `path`,
/// `container` and `exif`. Others are not answered.
pub async fn metadata(
    State(companion): State<Shared>,
    Path(handle): Path<String>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
) -> Result<Json<Value>, ApiError> {
    let file = companion.db.file(&handle).await?.ok_or_else(ApiError::not_found)?;
    rights::may(&companion, &file, &headers, &asked.shown, Call::Stat).await?;
    let wanted = |value: &String| matches!(value.as_str(), "true" | "1");
    let mut flags: Vec<&str> =
        asked.flags.iter().filter(|(_, value)| wanted(value)).map(|(name, _)| name.as_str()).collect();
    if flags.is_empty() {
        flags = BY_DEFAULT.to_vec();
    }
    if flags.contains(&"exif") {
        // The place where a photo was taken stands there.
        rights::may(&companion, &file, &headers, &asked.shown, Call::Exif).await?;
    }
    let mut found = Map::new();
    let hashes = hashes(&companion, &file, &flags).await?;
    for flag in flags {
        let value = match flag {
            "size" => json!(file.size),
            "mimetype" => json!(file.mimetype),
            "filename" => json!(file.filename),
            "width" => json!(file.width),
            "height" => json!(file.height),
            "uploaded" => json!(file.created_ms),
            "writeable" => json!(true),
            "cloud" => json!(file.source),
            "sourceUrl" | "source_url" => json!((file.source == FROM_ADDRESS).then_some(&file.source_path)),
            "sha256" if file.sha256.is_empty() => Value::Null,
            "sha256" => json!(file.sha256),
            "location" => json!(if file.storage.is_empty() { "S3" } else { &file.storage }),
            "path" => json!(file.object_key),
            "container" => json!(file.container),
            "exif" => exif(&companion, &file).await?,
            hash => match hashes.get(hash) {
                Some(hash) => json!(hash),
                None => continue,
            },
        };
        found.insert(flag.to_owned(), value);
    }
    Ok(Json(Value::Object(found)))
}

/// Those of the hashes that are wanted and not kept, of one reading of the file.
async fn hashes(
    companion: &Shared,
    file: &FileRow,
    wanted: &[&str],
) -> Result<BTreeMap<&'static str, String>, ApiError> {
    let all: [(&str, Box<dyn DynDigest + Send>); 5] = [
        ("md5", Box::new(Md5::default())),
        ("sha1", Box::new(Sha1::default())),
        ("sha224", Box::new(Sha224::default())),
        ("sha384", Box::new(Sha384::default())),
        ("sha512", Box::new(Sha512::default())),
    ];
    let mut hashes: Vec<_> = all.into_iter().filter(|(name, _)| wanted.contains(name)).collect();
    if file.link_connection.is_some() {
        // Its bytes are the provider's, and may be others tomorrow.
        return Ok(BTreeMap::new());
    }
    if !hashes.is_empty() {
        let mut bytes = companion.buckets.get(&file.storage)?.read(&file.object_key, None).await?;
        while let Some(chunk) = bytes.next().await.transpose()? {
            hashes.iter_mut().for_each(|(_, hash)| hash.update(&chunk));
        }
    }
    Ok(hashes.into_iter().map(|(name, hash)| (name, hex::encode(hash.finalize()))).collect())
}

/// A photo's EXIF, by the names of its fields; `null` where there is none.
async fn exif(companion: &Shared, file: &FileRow) -> Result<Value, ApiError> {
    let range = 0..EXIF_HEAD.min(file.size.unsigned_abs());
    if range.is_empty() || file.link_connection.is_some() {
        return Ok(Value::Null);
    }
    let mut bytes = companion.buckets.get(&file.storage)?.read(&file.object_key, Some(range)).await?;
    let mut head = Vec::new();
    while let Some(chunk) = bytes.next().await.transpose()? {
        head.extend_from_slice(&chunk);
    }
    let Ok(read) = exif::Reader::new().read_from_container(&mut std::io::Cursor::new(head)) else {
        return Ok(Value::Null);
    };
    let primary = read.fields().filter(|field| field.ifd_num == exif::In::PRIMARY);
    let fields: Map<String, Value> = primary
        .map(|field| (field.tag.to_string(), json!(field.display_value().with_unit(&read).to_string())))
        .collect();
    Ok(if fields.is_empty() { Value::Null } else { Value::Object(fields) })
}
