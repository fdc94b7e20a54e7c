//! `POST /process`: tasks on what is at an address, or on a stored file; with the task `store` it is what Filestack's `storeURL` asks
//! for. And `POST /metadata`: what is at an address, for the picker's own "Link" source.

use super::bad;
use crate::Shared;
use crate::apps::{Authorized, Keyed};
use crate::conversion::{self, Asked};
use crate::error::ApiError;
use crate::files::Reading;
use crate::policy::{Call as PolicyCall, Deed};
use crate::rights::Shown;
use crate::routes::ClientAddress;
use axum::Json;
use axum::extract::{Extension, State};
use axum::http::{HeaderMap, Method};
use axum::response::Response;
use bowerbird_convert::call::Call;
use bowerbird_protocol::problem::ProblemCode;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use url::Url;

/// The longest address.
const MAX_ADDRESS: usize = 8 * 1024;

/// `POST /process`.
#[derive(Debug, Deserialize)]
pub struct ProcessRequest {
    apikey: String,
    sources: Vec<Source>,
    tasks: Vec<Value>,
    #[serde(default)]
    upload_tags: Option<Map<String, Value>>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Source {
    Address(String),
    With { source: String, headers: Option<Map<String, Value>> },
}

impl Keyed for ProcessRequest {
    fn key(&self) -> &str {
        &self.apikey
    }

    fn sources(&self) -> usize {
        self.sources.len()
    }
}

/// Carries out the tasks on the one source of the request: an address, or a file by its handle. With `store` the result is a new file,
/// and the answer, when it is stored, is what is known of it; without, the answer is the image.
pub async fn process(
    State(companion): State<Shared>,
    Extension(ClientAddress(address)): Extension<ClientAddress>,
    headers: HeaderMap,
    Authorized { caller, body }: Authorized<ProcessRequest>,
) -> Result<Response, ApiError> {
    let sources = body.sources.into_iter().map(Source::name).collect::<Result<Vec<_>, _>>()?;
    let call = Call { key: Some(caller.app.key().to_owned()), ..Call::from_json(&body.tasks, &sources)? };
    let (reading, tags) = (Reading::default(), body.upload_tags.as_ref());
    let asked = Asked { method: &Method::POST, headers: &headers, reading, address, tags };
    conversion::carry_out(&companion, call, asked).await
}

impl Source {
    fn name(self) -> Result<String, ApiError> {
        match self {
            Self::Address(address) => Ok(address),
            Self::With { source, headers } if headers.as_ref().is_none_or(Map::is_empty) => Ok(source),
            Self::With { .. } => Err(bad("sources: headers are not sent on; sign the address instead.")),
        }
    }
}

/// Reads an address that a client named.
pub fn read(address: &str) -> Result<Url, ApiError> {
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
    body.shown.allows(&caller.app, PolicyCall::Pick, Deed { url: Some(url.as_str()), ..Deed::default() })?;
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
