//! Media: asked for, sent by a PUT, confirmed. Then it is a stored file like any other, whose handle is its id.

use super::{Body as Asking, Refusal, Site};
use crate::Shared;
use crate::bucket::part_key;
use crate::db::{FileRow, PartRow, UploadRow, now};
use crate::error::ApiError;
use crate::files;
use crate::publish::standing::date;
use crate::rights;
use crate::secrets::{self, digest};
use crate::upload::{Place, check_name, job_of, run};
use axum::Json;
use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};
use std::time::Duration;

/// Seconds that an address for an upload lives.
const LIVES: i64 = 3600;

fn not_found() -> Refusal {
    Refusal::new(
        StatusCode::NOT_FOUND,
        "Media not found",
        "There is no media of this id, or nothing has been uploaded to it.",
    )
}

/// `POST /v1/media/upload`.
pub async fn upload(State(companion): State<Shared>, Site(app): Site, asking: Asking) -> Result<Json<Value>, Refusal> {
    let filename = asking.text("filename")?.ok_or_else(|| Refusal::invalid("filename", "Required"))?;
    check_name("filename", filename).map_err(|_| Refusal::invalid("filename", "1 to 255 characters"))?;
    rights::has_room(&companion, &app).await?;
    let place = Place::of_site(&companion);
    let upload = UploadRow {
        // It is the file's name from now on; of twenty letters and digits nobody guesses it.
        id: secrets::handle(),
        app_key: app.key().to_owned(),
        filename: filename.to_owned(),
        mimetype: asking.text("content_type")?.unwrap_or_default().to_owned(),
        size: 0,
        storage: place.storage,
        container: None,
        prefix: place.prefix,
        access: place.access.to_owned(),
        tags: None,
        least_bytes: None,
        most_bytes: None,
        plain_key: 0,
    };
    companion.db.insert_upload(&upload).await?;
    let until = (now() / 1000 + LIVES).to_string();
    let signature = companion.signer.sign(&["media", app.key(), &upload.id, &until]);
    let mut url = companion.config.public_url.clone();
    url.set_path(&format!("/v1/media/{}/content", upload.id));
    let signed = [("key", app.key()), ("until", &until), ("signature", &signature)];
    url.query_pairs_mut().extend_pairs(signed);
    let data = json!({"id": upload.id, "upload_url": url, "expires_in": LIVES});
    Ok(Json(json!({"success": true, "data": data})))
}

/// The query of an address for an upload.
#[derive(Debug, Default, Deserialize)]
pub struct Signed {
    #[serde(default)]
    key: String,
    #[serde(default)]
    until: String,
    #[serde(default)]
    signature: String,
}

/// `PUT /v1/media/{id}/content`: the bytes, once or again.
pub async fn put(
    State(companion): State<Shared>,
    Path(id): Path<String>,
    Query(signed): Query<Signed>,
    body: Body,
) -> Result<Json<Value>, Refusal> {
    let lives = signed.until.parse::<i64>().is_ok_and(|until| until >= now() / 1000);
    if !lives || !companion.signer.verifies(&["media", &signed.key, &id, &signed.until], &signed.signature) {
        let words = "The address for this upload is wrong or over; ask for a new one.";
        return Err(Refusal::new(StatusCode::FORBIDDEN, "Upload not allowed", words));
    }
    let upload = companion.db.upload(&id, &signed.key).await?.ok_or_else(not_found)?;
    let bucket = companion.buckets.get(&upload.storage).map_err(ApiError::from)?;
    let (key, room) = (part_key(&id, 1), bucket.room().await);
    let most = companion.config.max_upload_bytes;
    let kept = files::keep(bucket, &key, None, room, body.into_data_stream(), most).await?;
    let part = PartRow { part: 1, size: i64::try_from(kept.size).unwrap_or(i64::MAX), etag: kept.sha256 };
    companion.db.put_part(&id, &part).await?;
    Ok(Json(json!({"success": true})))
}

/// `POST /v1/media/{id}/confirm`.
pub async fn confirm(
    State(companion): State<Shared>,
    Site(app): Site,
    Path(id): Path<String>,
    asking: Asking,
) -> Result<Json<Value>, Refusal> {
    if let Some(file) = companion.db.file(&id).await?.filter(|file| file.app_key == app.key()) {
        return Ok(Json(json!({"success": true, "data": described(&companion, &file)})));
    }
    let upload = companion.db.upload(&id, app.key()).await?.ok_or_else(not_found)?;
    let parts = companion.db.parts(&id).await?;
    let part = parts.first().ok_or_else(not_found)?;
    if let Some(size) = asking.0.get("size").filter(|size| !size.is_null())
        && size.as_i64() != Some(part.size)
    {
        return Err(Refusal::invalid("size", &format!("{} bytes have arrived", part.size)));
    }
    if part.size == 0 {
        return Err(Refusal::invalid("size", "Nothing has arrived; send the file as the body of the PUT"));
    }
    let request_key = digest(&format!("upload:{id}"));
    let patience = Duration::from_secs(companion.config.fetch_total_timeout.saturating_mul(2));
    run(&companion, job_of(&upload, &request_key, &id), patience).await?;
    let file = companion.db.file(&id).await?.ok_or_else(not_found)?;
    Ok(Json(json!({"success": true, "data": described(&companion, &file)})))
}

/// `GET /v1/media/{id}`.
pub async fn one(
    State(companion): State<Shared>,
    Site(app): Site,
    Path(id): Path<String>,
) -> Result<Json<Value>, Refusal> {
    let file = companion.db.file(&id).await?.filter(|file| file.app_key == app.key()).ok_or_else(not_found)?;
    Ok(Json(json!({"success": true, "data": described(&companion, &file)})))
}

fn described(companion: &Shared, file: &FileRow) -> Value {
    json!({
        "id": file.handle,
        "filename": file.filename,
        "url": companion.config.file_url(&file.handle),
        "content_type": file.mimetype,
        "size": file.size,
        "status": "active",
        "created_at": date(Some(file.created_ms)),
        "expires_at": null,
    })
}
