//! Uploads in parts, by Filestack's multipart protocol: `start`, for each part `upload` and a `PUT`, and `complete`. Parts may be sent
//! again and in any order, by way of any process; a job makes the file of them.

use super::{Place, bad, bytes_in_row, check_name, job_of, run, tags};
use crate::Shared;
use crate::apps::{Authorized, Keyed};
use crate::bucket::part_key;
use crate::db::{FROM_DEVICE, NewJob, PartRow, Unwished, UploadRow, now};
use crate::error::ApiError;
use crate::policy::{Call, Deed};
use crate::rights::{self, Shown};
use crate::secrets::{self, digest};
use crate::store::discard;
use axum::Json;
use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bowerbird_protocol::problem::ProblemCode;
use bowerbird_protocol::store::StoreTo;
use futures_util::StreamExt as _;
use md5::{Digest as _, Md5};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::time::Duration;

/// Parts of an upload, and bytes of one; S3 has the same limit of parts.
const MAX_PARTS: i64 = 10_000;
const MAX_PART: i64 = 64 * 1024 * 1024;
/// How long the address of a part takes it.
const ADDRESS_LIVES: i64 = 3600 * 1000;
/// How long `complete` waits before it says that the parts are not one file yet.
const PATIENCE: Duration = Duration::from_secs(20);

macro_rules! keyed {
    ($($body:ty),*) => { $(impl Keyed for $body {
        fn key(&self) -> &str {
            &self.apikey
        }

        fn sources(&self) -> usize {
            1
        }
    })* };
}
keyed!(StartRequest, PartRequest, CompleteRequest, AbortRequest);

/// `POST /multipart/start`.
#[derive(Debug, Deserialize)]
pub struct StartRequest {
    apikey: String,
    filename: String,
    #[serde(default)]
    mimetype: String,
    size: i64,
    #[serde(default)]
    store: StoreTo,
    #[serde(default)]
    upload_tags: Option<Map<String, Value>>,
    #[serde(flatten)]
    shown: Shown,
}

/// Begins an upload. It is never one of Filestack's "intelligent" kind, so a client that asked for that falls back to the plain one.
pub async fn start(
    State(companion): State<Shared>,
    Authorized { caller, body }: Authorized<StartRequest>,
) -> Result<Json<Value>, ApiError> {
    check_name("filename", &body.filename)?;
    let size = u64::try_from(body.size).ok().filter(|size| *size > 0).ok_or_else(|| bad("size: at least 1 byte."))?;
    if size > companion.config.max_upload_bytes {
        return Err(ApiError::new(ProblemCode::TooLarge));
    }
    let deed = Deed { size: Some(size), ..Deed::default() };
    let place = Place::judge(&companion, &caller.app, &body.store, &body.shown, deed)?;
    rights::has_room(&companion, &caller.app).await?;
    let (least, most) = place.sizes();
    let upload = UploadRow {
        id: secrets::token(),
        app_key: caller.app.key().to_owned(),
        filename: body.filename,
        mimetype: body.mimetype,
        size: body.size,
        storage: place.storage,
        container: place.container,
        prefix: place.prefix,
        access: place.access.to_owned(),
        tags: tags(body.upload_tags.as_ref())?,
        least_bytes: bytes_in_row(least),
        most_bytes: bytes_in_row(most),
        plain_key: i64::from(place.plain_key),
    };
    companion.db.insert_upload(&upload).await?;
    tracing::info!(key = upload.app_key, bytes = size, "an upload begins");
    Ok(Json(json!({
        "uri": format!("/{}{}", upload.prefix, upload.filename),
        // The storage's region is the operator's setting, and no client needs to know it.
        "region": "default",
        "upload_id": upload.id,
        "location_url": companion.config.public(""),
    })))
}

/// `POST /multipart/upload`.
#[derive(Debug, Deserialize)]
pub struct PartRequest {
    apikey: String,
    upload_id: String,
    part: i64,
    size: i64,
    #[serde(default)]
    md5: Option<String>,
    #[serde(flatten)]
    shown: Shown,
}

/// Answers where a part is to be put.
pub async fn part(
    State(companion): State<Shared>,
    Authorized { caller, body }: Authorized<PartRequest>,
) -> Result<Json<Value>, ApiError> {
    body.shown.allows(&caller.app, Call::Store, Deed::default())?;
    let upload = find(&companion, &body.upload_id, caller.app.key()).await?;
    if !(1..=MAX_PARTS).contains(&body.part) {
        return Err(bad(format!("part: between 1 and {MAX_PARTS}.")));
    }
    if !(1..=MAX_PART.min(upload.size)).contains(&body.size) {
        return Err(bad(format!("size: between 1 and {MAX_PART} bytes, and no more than the file has.")));
    }
    let md5 = body.md5.unwrap_or_default();
    if !md5.is_empty() && STANDARD.decode(&md5).map_or(0, |hash| hash.len()) != 16 {
        return Err(bad("md5: the base64 of 16 bytes."));
    }
    let put = Put { size: body.size, expires: now() + ADDRESS_LIVES, md5, key: upload.app_key.clone() };
    let signature = companion.signer.sign(&put.parts(&upload.id, body.part).each_ref().map(String::as_str));
    let query = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("size", &put.size.to_string())
        .append_pair("expires", &put.expires.to_string())
        .append_pair("md5", &put.md5)
        .append_pair("key", &put.key)
        .append_pair("sign", &signature)
        .finish();
    let url = companion.config.public(&format!("/multipart/part/{}/{}?{query}", upload.id, body.part));
    Ok(Json(json!({"url": url, "headers": {}, "location_url": companion.config.public("")})))
}

async fn find(companion: &Shared, id: &str, app_key: &str) -> Result<UploadRow, ApiError> {
    let upload = companion.db.upload(id, app_key).await?;
    upload.ok_or_else(|| bad("upload_id: there is no such upload; it may have been completed, or begun too long ago."))
}

/// The query of a part's address.
#[derive(Debug, Deserialize)]
pub struct Put {
    size: i64,
    expires: i64,
    md5: String,
    key: String,
}

/// The signature of the query.
#[derive(Debug, Deserialize)]
pub struct Signed {
    sign: String,
}

impl Put {
    fn parts(&self, upload: &str, part: i64) -> [String; 7] {
        let text = |number: i64| number.to_string();
        let (md5, key) = (self.md5.clone(), self.key.clone());
        ["part".to_owned(), upload.to_owned(), text(part), text(self.size), text(self.expires), md5, key]
    }
}

/// `PUT /multipart/part/{upload}/{part}`: takes the bytes of a part. The `ETag` of the answer is their MD5, as S3's is.
pub async fn put(
    State(companion): State<Shared>,
    Path((upload, part)): Path<(String, i64)>,
    Query(put): Query<Put>,
    Query(Signed { sign }): Query<Signed>,
    body: Body,
) -> Result<Response, ApiError> {
    if !companion.signer.verifies(&put.parts(&upload, part).each_ref().map(String::as_str), &sign)
        || put.expires < now()
    {
        return Err(ApiError::with_text(
            ProblemCode::NotAllowed,
            "This address of a part is not ours, or its time is over.",
        ));
    }
    let row = find(&companion, &upload, &put.key).await?;
    let bucket = companion.buckets.get(&row.storage)?;
    let mut writing = bucket.write(&part_key(&upload, part), "application/octet-stream", bucket.room().await)?;
    let (mut hash, mut size) = (Md5::new(), 0);
    let mut chunks = body.into_data_stream();
    let poured = async {
        while let Some(chunk) = chunks.next().await {
            let chunk = chunk.map_err(|_| bad("The part did not arrive whole."))?;
            size += chunk.len() as i64;
            if size > put.size {
                break;
            }
            hash.update(&chunk);
            writing.push(&chunk).await?;
        }
        if size == put.size { Ok(()) } else { Err(bad(format!("The part has another size than {} bytes.", put.size))) }
    };
    let poured: Result<(), ApiError> = poured.await;
    let hash = hash.finalize();
    let right = put.md5.is_empty() || STANDARD.encode(hash) == put.md5;
    let poured = poured.and_then(|()| if right { Ok(()) } else { Err(bad("The part has another MD5 than was said.")) });
    if let Err(error) = poured {
        writing.abort().await;
        return Err(error);
    }
    writing.finish().await?;
    let etag = hex::encode(hash);
    if let Err(error) = companion.db.put_part(&upload, &PartRow { part, size, etag: etag.clone() }).await {
        // The upload may have been taken back meanwhile: bytes without a row would stay for ever.
        bucket.forget(&part_key(&upload, part)).await?;
        return Err(error.into());
    }
    let etag = HeaderValue::from_str(&format!("\"{etag}\"")).map_err(ApiError::internal)?;
    Ok((StatusCode::OK, [(header::ETAG, etag)]).into_response())
}

/// `POST /multipart/complete`.
#[derive(Debug, Deserialize)]
pub struct CompleteRequest {
    apikey: String,
    upload_id: String,
    #[serde(default)]
    parts: Vec<Part>,
    #[serde(default)]
    upload_tags: Option<Map<String, Value>>,
    #[serde(flatten)]
    shown: Shown,
}

#[derive(Debug, Deserialize)]
struct Part {
    part_number: i64,
    etag: String,
}

/// Makes a file of the parts. Answers it, or 202 while they are being put together: then the client asks again, which begins nothing
/// anew.
pub async fn complete(
    State(companion): State<Shared>,
    Authorized { caller, body }: Authorized<CompleteRequest>,
) -> Result<Response, ApiError> {
    body.shown.allows(&caller.app, Call::Store, Deed::default())?;
    let upload = find(&companion, &body.upload_id, caller.app.key()).await?;
    let tags = tags(body.upload_tags.as_ref())?.or_else(|| upload.tags.clone());
    let request_key = digest(&format!("upload:{}", upload.id));
    if !companion.db.has_job(&request_key).await? {
        let parts = companion.db.parts(&upload.id).await?;
        let missing = parts.iter().zip(1..).find(|(part, number)| part.part != *number).map(|(_, number)| number);
        if let Some(number) = missing {
            return Err(bad(format!("Part {number} is missing.")));
        }
        let there: i64 = parts.iter().map(|part| part.size).sum();
        if there != upload.size {
            return Err(bad(format!(
                "The parts have {there} bytes together, and the file was said to have {}.",
                upload.size
            )));
        }
        let wrong = body.parts.iter().find(|said| {
            let etag = said.etag.trim_matches('"');
            !parts.iter().any(|part| part.part == said.part_number && part.etag == etag)
        });
        if let Some(part) = wrong {
            return Err(bad(format!("Part {} has another ETag than was said.", part.part_number)));
        }
    }
    let handle = secrets::handle();
    let job = NewJob { tags: tags.as_deref(), ..job_of(&upload, &request_key, &handle) };
    Ok(match run(&companion, job, PATIENCE).await? {
        Some(stored) => Json(stored).into_response(),
        None => StatusCode::ACCEPTED.into_response(),
    })
}

/// `POST /multipart/abort`.
#[derive(Debug, Deserialize)]
pub struct AbortRequest {
    apikey: String,
    upload_id: String,
    #[serde(flatten)]
    shown: Shown,
}

/// Takes an upload back. Its name is a secret of whoever began it, so this is no right of anybody else's.
pub async fn abort(
    State(companion): State<Shared>,
    Authorized { caller, body }: Authorized<AbortRequest>,
) -> Result<Json<Value>, ApiError> {
    body.shown.allows(&caller.app, Call::Store, Deed::default())?;
    let (app_key, paths) = (caller.app.key(), [body.upload_id]);
    let wishes = Unwished { app_key, session: "", source: FROM_DEVICE, paths: &paths, keys: "" };
    discard(&companion, wishes, 0).await?;
    let [id] = paths;
    if let Some(upload) = companion.db.upload(&id, app_key).await? {
        forget(&companion, &id, &upload.storage).await.map_err(ApiError::internal)?;
    }
    Ok(Json(json!({})))
}

/// Removes parts of uploads of which nothing was heard for a day; of those that have become files, for an hour, so that a client that
/// missed the answer to `complete` can ask again.
pub async fn forget_ended(companion: &Shared) -> anyhow::Result<()> {
    const ABANDONED: i64 = 24 * 3600 * 1000;
    const DONE: i64 = 3600 * 1000;
    for (id, storage) in companion.db.ended_uploads(now() - ABANDONED, now() - DONE).await? {
        forget(companion, &id, &storage).await?;
    }
    Ok(())
}

async fn forget(companion: &Shared, id: &str, storage: &str) -> anyhow::Result<()> {
    let bucket = companion.buckets.get(storage)?;
    for part in companion.db.parts(id).await? {
        bucket.forget(&part_key(id, part.part)).await?;
    }
    Ok(companion.db.delete_upload(id).await?)
}
