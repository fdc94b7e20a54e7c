//! Small pictures of what is listed: `GET /thumbnail`.
//!
//! Instagram's images come in full size only and forbid embedding by other sites, so the companion fetches them and makes them small.
//! It does so only for addresses that it signed itself, for as long as the visitor is signed in, and at most some hours.

use crate::Shared;
use crate::convert::shrink;
use crate::db::now;
use crate::error::ApiError;
use crate::fetch::FetchError;
use crate::session::idle_since;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bowerbird_protocol::problem::ProblemCode;
use serde::Deserialize;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use url::Url;

/// Widths that `w` takes.
pub const WIDTHS: [u32; 4] = [160, 320, 640, 1280];
const DEFAULT_WIDTH: u32 = 320;
/// A signature lives at least this long, in seconds. Its end is a full hour, so that the same picture has the same address
/// for that long and the browser's cache finds it.
const LIVES: i64 = 6 * 3600;
const HOUR: i64 = 3600;
/// The largest picture that is made small.
const MAX_SOURCE: u64 = 40 * 1024 * 1024;
const CROSS_ORIGIN_RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

/// How much is done at once: a scrolling visitor asks for dozens.
#[derive(Debug)]
pub struct Capacity {
    /// Pictures in memory.
    held: Semaphore,
    /// Pictures being decoded, which keeps a core busy each.
    decoded: Arc<Semaphore>,
}

impl Capacity {
    /// By the number of cores.
    pub fn new() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self { held: Semaphore::new(cores * 4), decoded: Arc::new(Semaphore::new(cores)) }
    }
}

impl Default for Capacity {
    fn default() -> Self {
        Self::new()
    }
}

/// The address under which the holder of this connection sees the picture small.
pub fn sign(companion: &Shared, link: &str, picture: &str) -> String {
    let expires = ((now() / 1000 + LIVES) / HOUR * HOUR + HOUR).to_string();
    let signature = companion.signer.sign(&[link, &expires, picture]);
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.append_pair("session", link).append_pair("expires", &expires).append_pair("url", picture);
    query.append_pair("signature", &signature);
    companion.config.public(&format!("/thumbnail?{}", query.finish()))
}

/// The query of a signed address.
#[derive(Deserialize)]
pub struct Asked {
    session: String,
    expires: String,
    url: String,
    signature: String,
    w: Option<u32>,
}

/// `GET /thumbnail`.
pub async fn thumbnail(
    State(companion): State<Shared>,
    asked: Result<Query<Asked>, QueryRejection>,
) -> Result<Response, ApiError> {
    let refused = |why: &str| ApiError::with_text(ProblemCode::SessionExpired, why);
    let Query(asked) = asked
        .map_err(|_| ApiError::with_text(ProblemCode::BadRequest, "A thumbnail's address comes from a listing."))?;
    let width = asked.w.unwrap_or(DEFAULT_WIDTH);
    if !WIDTHS.contains(&width) {
        return Err(ApiError::with_text(ProblemCode::BadRequest, "w is one of 160, 320, 640 and 1280."));
    }
    if !companion.signer.verifies(&[&asked.session, &asked.expires, &asked.url], &asked.signature) {
        return Err(refused("The signature is not of this address."));
    }
    let seconds_left = asked.expires.parse::<i64>().unwrap_or(0) - now() / 1000;
    if seconds_left <= 0 {
        return Err(refused("The address has expired."));
    }
    companion.limits.thumbnail(&asked.session)?;
    if !companion.db.link_lives(&asked.session, idle_since()).await? {
        return Err(refused("The visitor has signed out."));
    }
    let jpeg = make(&companion, &asked.url, width).await?;
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("image/jpeg")),
        (
            header::CACHE_CONTROL,
            HeaderValue::try_from(format!("private, max-age={seconds_left}")).map_err(ApiError::internal)?,
        ),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (CROSS_ORIGIN_RESOURCE_POLICY, HeaderValue::from_static("cross-origin")),
    ];
    Ok((StatusCode::OK, headers, jpeg).into_response())
}

async fn make(companion: &Shared, picture: &str, width: u32) -> Result<Vec<u8>, ApiError> {
    let url = Url::parse(picture).map_err(|_| ApiError::new(ProblemCode::BadRequest))?;
    // Nobody closes these, so acquiring cannot fail.
    let _held = companion.thumbnails.held.acquire().await.map_err(ApiError::internal)?;
    let fetched = async { companion.fetcher.open(&url, MAX_SOURCE).await?.all().await };
    let fetched = tokio::time::timeout(Duration::from_secs(companion.config.fetch_timeout), fetched).await;
    let fetched = fetched.unwrap_or_else(|_| Err(FetchError::NoAnswer("it took too long".to_owned())));
    let bytes = fetched.map_err(|error| {
        let host = url.host_str().unwrap_or_default();
        tracing::warn!(host, cause = %error, "a picture for a thumbnail did not arrive");
        ApiError::new(ProblemCode::SourceUnavailable)
    })?;
    let decoding = companion.thumbnails.decoded.clone().acquire_owned().await.map_err(ApiError::internal)?;
    let work = move || {
        // Goes with the work rather than with the request: a visitor who scrolls on ends the one but not the other.
        let _decoding = decoding;
        shrink(&bytes, width)
    };
    match tokio::task::spawn_blocking(work).await {
        Ok(Ok(jpeg)) => Ok(jpeg),
        Ok(Err(error)) => {
            let host = url.host_str().unwrap_or_default();
            tracing::warn!(host, cause = %error, "a thumbnail could not be made");
            Err(ApiError::new(ProblemCode::NotAnImage))
        }
        Err(panic) => Err(ApiError::internal(panic)),
    }
}
