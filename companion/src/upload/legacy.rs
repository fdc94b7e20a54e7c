//! `POST /api/store/{location}`: Filestack's older way to store a file, which is `filepicker.store` and `filepicker.storeUrl`. The file
//! is the body, or, where that is a form, what is at its `url`.

use super::{Place, bad, bytes_in_row, check_name, job_of, run};
use crate::Shared;
use crate::bucket::part_key;
use crate::conversion::{self, Asked};
use crate::db::{NewJob, PartRow, UploadRow};
use crate::error::ApiError;
use crate::files::{self, Reading};
use crate::policy::Deed;
use crate::rights::{self, Shown};
use crate::routes::ClientAddress;
use crate::secrets::{self, digest};
use axum::Json;
use axum::body::{Body, to_bytes};
use axum::extract::{Extension, Path, Query, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use bowerbird_convert::call::{Call, Said};
use bowerbird_protocol::problem::ProblemCode;
use bowerbird_protocol::store::StoreTo;
use serde::Deserialize;
use serde_json::{Map, json};
use std::time::Duration;

/// The longest form, in bytes: an address and room to spare.
const MAX_FORM: usize = 16 * 1024;

/// The query.
#[derive(Debug, Deserialize)]
pub struct Storing {
    key: String,
    filename: Option<String>,
    mimetype: Option<String>,
    path: Option<String>,
    container: Option<String>,
    access: Option<String>,
    base64decode: Option<String>,
    #[serde(flatten)]
    shown: Shown,
}

/// Stores the body, or what is at the `url` of a form. Answers what is known of the file once it is stored.
pub async fn store(
    State(companion): State<Shared>,
    Path(location): Path<String>,
    Query(storing): Query<Storing>,
    Extension(ClientAddress(address)): Extension<ClientAddress>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ApiError> {
    let caller = companion.apps.authorize(&storing.key, &headers)?;
    companion.limits.key(caller.app.key())?;
    if files::is_true(storing.base64decode.as_deref()) {
        return Err(bad("base64decode: the body is stored as it comes; decode it before it is sent."));
    }
    let said = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    match said.split(';').next().unwrap_or_default().trim() {
        "application/x-www-form-urlencoded" => {
            let form = to_bytes(body, MAX_FORM).await.map_err(|_| {
                ApiError::refused(StatusCode::PAYLOAD_TOO_LARGE, format!("A form has at most {MAX_FORM} bytes."))
            })?;
            let mut form = url::form_urlencoded::parse(&form);
            let url = form.find(|(name, _)| name == "url").map(|(_, url)| url.into_owned());
            let url =
                url.ok_or_else(|| bad("A form says in `url` what is to be stored; bytes are sent as the body."))?;
            let asked = Asked {
                method: &Method::POST,
                headers: &headers,
                reading: Reading { shown: storing.shown.clone(), ..Reading::default() },
                address,
                tags: None,
            };
            let call = Call {
                key: Some(storing.key.clone()),
                tasks: vec![Said { name: "store".to_owned(), arguments: storing.arguments(location) }],
                sources: vec![url],
            };
            conversion::carry_out(&companion, call, asked).await
        }
        "multipart/form-data" => Err(bad("The file is sent as the body itself, not in multipart/form-data.")),
        said => {
            let mimetype = storing.mimetype.clone().unwrap_or_else(|| said.to_owned());
            let to = StoreTo {
                location: Some(location),
                path: storing.path,
                container: storing.container,
                access: storing.access,
                ..StoreTo::default()
            };
            let filename = storing.filename.unwrap_or_default();
            if !filename.is_empty() {
                check_name("filename", &filename)?;
            }
            let length =
                headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
            if length.is_some_and(|length| length > companion.config.max_upload_bytes) {
                return Err(ApiError::new(ProblemCode::TooLarge));
            }
            let place = Place::judge(&companion, &caller.app, &to, &storing.shown, Deed::default())?;
            rights::has_room(&companion, &caller.app).await?;
            let upload = UploadRow {
                id: secrets::token(),
                app_key: caller.app.key().to_owned(),
                filename,
                mimetype,
                // Not known before it has come; nothing is measured by it, since there is one part.
                size: 0,
                storage: place.storage.clone(),
                container: place.container.clone(),
                prefix: place.prefix.clone(),
                access: place.access.to_owned(),
                tags: None,
                least_bytes: bytes_in_row(place.sizes().0),
                most_bytes: bytes_in_row(place.sizes().1),
                plain_key: i64::from(place.plain_key),
            };
            let session = rights::session_of(&companion, caller.app.key(), &headers).await;
            stored(&companion, &upload, &place, &session, body).await
        }
    }
}

/// An upload of one part, which is a job once it is there.
async fn stored(
    companion: &Shared,
    upload: &UploadRow,
    place: &Place,
    session: &str,
    body: Body,
) -> Result<Response, ApiError> {
    companion.db.insert_upload(upload).await?;
    let bucket = companion.buckets.get(&upload.storage)?;
    let most = place.sizes().1.unwrap_or(u64::MAX).min(companion.config.max_upload_bytes);
    let (key, room) = (part_key(&upload.id, 1), bucket.room().await);
    let kept = files::keep(bucket, &key, None, room, body.into_data_stream(), most).await?;
    let part = PartRow { part: 1, size: i64::try_from(kept.size).unwrap_or(i64::MAX), etag: kept.sha256 };
    companion.db.put_part(&upload.id, &part).await?;
    if kept.size == 0 {
        return Err(bad("The body is empty."));
    }
    let (request_key, handle) = (digest(&format!("upload:{}", upload.id)), secrets::handle());
    let job = NewJob { session, ..job_of(upload, &request_key, &handle) };
    let patience = Duration::from_secs(companion.config.fetch_total_timeout.saturating_mul(2));
    let stored = run(companion, job, patience).await?;
    Ok(Json(stored.ok_or_else(|| ApiError::new(ProblemCode::SourceUnavailable))?).into_response())
}

impl Storing {
    /// The arguments of the task `store` that say the same.
    fn arguments(self, location: String) -> Map<String, serde_json::Value> {
        let named = [
            ("location", Some(location)),
            ("path", self.path),
            ("container", self.container),
            ("access", self.access),
            ("filename", self.filename),
            ("mimetype", self.mimetype),
        ];
        named.into_iter().filter_map(|(name, value)| Some((name.to_owned(), json!(value?)))).collect()
    }
}
