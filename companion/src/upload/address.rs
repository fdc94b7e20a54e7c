//! `POST /process` with the task `store`: what is at an address is stored, as Filestack's `storeURL` asks for it. And `POST /metadata`:
//! what is there, for the picker's own "Link" source.

use super::{Place, bad, check_name, run, tags};
use crate::Shared;
use crate::apps::{Authorized, Keyed};
use crate::db::{FROM_ADDRESS, NewJob};
use crate::error::ApiError;
use crate::policy::{Call, Deed};
use crate::rights::{self, Shown};
use crate::secrets::{self, digest};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use bowerbird_protocol::problem::{Problem, ProblemCode};
use bowerbird_protocol::store::StoreTo;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::time::Duration;
use url::Url;

/// The longest address.
const MAX_ADDRESS: usize = 8 * 1024;

/// `POST /process`.
#[derive(Debug, Deserialize)]
pub struct ProcessRequest {
    apikey: String,
    sources: Vec<Source>,
    tasks: Vec<Task>,
    #[serde(default)]
    upload_tags: Option<Map<String, Value>>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Source {
    Address(String),
    With { source: String, headers: Option<Map<String, Value>> },
}

#[derive(Debug, Deserialize)]
struct Task {
    name: String,
    #[serde(default)]
    params: Value,
}

/// What the task `store` says.
#[derive(Debug, Default, Deserialize)]
struct StoreParams {
    #[serde(flatten)]
    to: StoreTo,
    filename: Option<String>,
    mimetype: Option<String>,
}

impl Keyed for ProcessRequest {
    fn key(&self) -> &str {
        &self.apikey
    }

    fn sources(&self) -> usize {
        self.sources.len()
    }
}

/// Stores what is at the one address of the request. Answers when it is stored, however long the companion's settings let that take.
pub async fn process(
    State(companion): State<Shared>,
    Authorized { caller, body }: Authorized<ProcessRequest>,
) -> Result<Response, ApiError> {
    let [source] = &body.sources[..] else { return Err(bad("sources: one address.")) };
    let address = match source {
        Source::Address(address) => address,
        Source::With { source, headers: None } => source,
        Source::With { source, headers: Some(headers) } if headers.is_empty() => source,
        Source::With { .. } => return Err(bad("sources: headers are not sent on; sign the address instead.")),
    };
    let mut to = None;
    let mut shown = Shown::default();
    for task in body.tasks {
        let params = if task.params.is_null() { json!({}) } else { task.params };
        let unread = |error| bad(format!("The params of the task `{}` are not understood: {error}", task.name));
        match task.name.as_str() {
            "store" => to = Some(serde_json::from_value::<StoreParams>(params).map_err(unread)?),
            "security" => shown = serde_json::from_value(params).map_err(unread)?,
            name => {
                let problem =
                    Problem::with_text(ProblemCode::BadRequest, format!("The task `{name}` is not offered here."));
                return Ok((StatusCode::NOT_IMPLEMENTED, Json(json!({"error": problem}))).into_response());
            }
        }
    }
    let Some(StoreParams { to, filename, mimetype }) = to else { return Err(bad("tasks: `store` is missing.")) };
    let url = read(address)?;
    if let Some(filename) = &filename {
        check_name(filename)?;
    }
    let deed = Deed { url: Some(url.as_str()), ..Deed::default() };
    let place = Place::judge(&companion, &caller.app, &to, &shown, deed)?;
    rights::has_room(&companion, &caller.app).await?;
    let (handle, tags) = (secrets::handle(), tags(body.upload_tags.as_ref())?);
    let job = NewJob {
        // Asked for twice, it is two files: what is at an address may have changed.
        request_key: &digest(&handle),
        app_key: caller.app.key(),
        source: FROM_ADDRESS,
        path: url.as_str(),
        container: place.container.as_deref(),
        prefix: &place.prefix,
        handle: &handle,
        storage: &place.storage,
        access: place.access,
        filename: filename.as_deref(),
        mimetype: mimetype.as_deref(),
        tags: tags.as_deref(),
        sizes: place.sizes(),
        ..NewJob::default()
    };
    let patience = Duration::from_secs(companion.config.fetch_total_timeout.saturating_mul(2));
    let stored = run(&companion, job, patience).await?;
    Ok(Json(stored.ok_or_else(|| ApiError::new(ProblemCode::SourceUnavailable))?).into_response())
}

fn read(address: &str) -> Result<Url, ApiError> {
    let url = Url::parse(address).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
    let url =
        url.filter(|url| url.as_str().len() <= MAX_ADDRESS && url.username().is_empty() && url.password().is_none());
    url.ok_or_else(|| bad("The address must begin with http:// or https://, and have no name and password."))
}

/// `POST /metadata`.
#[derive(Debug, Deserialize)]
pub struct MetadataRequest {
    apikey: String,
    url: String,
    #[serde(flatten)]
    shown: Shown,
}

impl Keyed for MetadataRequest {
    fn key(&self) -> &str {
        &self.apikey
    }

    fn sources(&self) -> usize {
        1
    }
}

/// What is at an address, in the words of its host: nothing of it is fetched.
pub async fn metadata(
    State(companion): State<Shared>,
    Authorized { caller, body }: Authorized<MetadataRequest>,
) -> Result<Json<Value>, ApiError> {
    let url = read(&body.url)?;
    body.shown.allows(&caller.app, Call::Pick, Deed { url: Some(url.as_str()), ..Deed::default() })?;
    let (download, at) =
        companion.fetcher.open_address(&url, companion.config.max_upload_bytes).await.map_err(|error| {
            tracing::info!(cause = %error, "an address that a client named gives nothing");
            ApiError::with_text(ProblemCode::SourceUnavailable, "There is nothing at this address that can be stored.")
        })?;
    let name = at.path_segments().and_then(|mut segments| segments.next_back()).unwrap_or_default().to_owned();
    Ok(Json(json!({
        "link_path": url,
        "display_name": if name.is_empty() { at.host_str().unwrap_or_default() } else { &name },
        "type": download.mimetype(),
        "size": download.total(),
    })))
}
