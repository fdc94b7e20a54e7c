//! rupload.facebook.com: bytes of video stories, and of Instagram's containers.
//! <https://developers.facebook.com/docs/page-stories-api/>,
//! <https://developers.facebook.com/docs/instagram-platform/content-publishing/resumable-uploads>

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures_util::StreamExt as _;
use serde_json::json;

use super::store::{Incoming, Item, ItemKind, Stored};
use super::trouble::{Moment, Outcome, PublishStep, cut, proxy_page};
use super::{fetch, videos};
use crate::apps::Network;
use crate::graph::{check_token, write_json};
use crate::platform::Platform;
use crate::world::FacebookPage;

/// Why an upload failed, in the words of this host.
struct Refusal {
    status: StatusCode,
    retriable: bool,
    kind: &'static str,
    message: String,
}

impl Refusal {
    fn new(status: StatusCode, retriable: bool, kind: &'static str, message: &str) -> Refusal {
        Refusal { status, retriable, kind, message: message.to_owned() }
    }

    fn offset() -> Refusal {
        // Recorded with this status.
        let words = "Request starting offset is invalid";
        Refusal::new(StatusCode::PRECONDITION_FAILED, true, "OffsetInvalidError", words)
    }

    fn partial() -> Refusal {
        let words = "Partial request (did not match length of file)";
        Refusal::new(StatusCode::BAD_REQUEST, true, "PartialRequestError", words)
    }

    fn failed() -> Refusal {
        Refusal::new(StatusCode::BAD_REQUEST, false, "ProcessingFailedError", "Request processing failed")
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let info = json!({ "retriable": self.retriable, "type": self.kind, "message": self.message });
        (self.status, Json(json!({ "debug_info": info }))).into_response()
    }
}

/// `POST /video-upload/{version}/{id}` and `/ig-api-upload/{version}/{id}`.
pub async fn upload(
    State(platform): State<Arc<Platform>>,
    Path((way, _version, id)): Path<(String, String, String)>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let trouble = platform.faults.publish(PublishStep::Upload);
    let after_bytes = trouble.and_then(|(_, after_bytes)| after_bytes);
    let moment = trouble.map(|(kind, _)| kind.moment(way == "ig-api-upload"));
    match moment {
        Some(Moment::Instead(Outcome::Cut)) if after_bytes.is_some() => {}
        Some(Moment::Instead(outcome)) => return end(&platform, outcome.come().await),
        _ => {}
    }
    let done = take(&platform, &way, &id, &headers, body, after_bytes).await;
    if after_bytes.is_some() {
        return cut();
    }
    match (done, moment) {
        (Ok(_), Some(Moment::After(outcome))) => end(&platform, outcome.come().await),
        (Ok(()), _) if way == "ig-api-upload" => {
            Json(json!({ "success": true, "message": "Upload successful." })).into_response()
        }
        (Ok(()), _) => Json(json!({ "success": true })).into_response(),
        (Err(refusal), _) => refusal.into_response(),
    }
}

fn end(platform: &Platform, outcome: Outcome) -> Response {
    match outcome {
        Outcome::Error(error) => (error.status, write_json(&error.body(&platform.trace_id()))).into_response(),
        Outcome::Proxy(status) => proxy_page(status),
        Outcome::Cut | Outcome::Held => cut(),
    }
}

async fn take(
    platform: &Platform,
    way: &str,
    id: &str,
    headers: &HeaderMap,
    body: Body,
    at_most: Option<u64>,
) -> Result<(), Refusal> {
    let wanted = if way == "ig-api-upload" { ItemKind::Container } else { ItemKind::Video };
    let item = platform.store().get(id).filter(|item| item.kind == wanted && item.incoming.is_some()).cloned();
    let item = item.filter(|item| !item.deleted && item.published.is_none()).ok_or_else(Refusal::failed)?;
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    authorize(platform, &item, text(header::AUTHORIZATION.as_str()))?;
    if let Some(url) = text("file_url") {
        let on_meta = url.contains("fbcdn.net/");
        if on_meta || fetch::robots_forbid(url).await {
            return Err(Refusal::failed());
        }
        let (_, file) = fetch::fetch(platform, url).await.map_err(|_| Refusal::failed())?;
        keep(platform, id, file);
        return Ok(());
    }
    let number = |name: &str| text(name).and_then(|value| value.parse::<u64>().ok());
    let offset = number("offset").ok_or_else(Refusal::offset)?;
    let size = number("file_size").filter(|size| *size > 0).ok_or_else(Refusal::partial)?;
    {
        let mut store = platform.store();
        let incoming = store.get_mut(id).and_then(|item| item.incoming.as_mut()).ok_or_else(Refusal::failed)?;
        if offset == 0 {
            *incoming = Incoming::of_size(size);
        } else if offset != incoming.received || size != incoming.size {
            return Err(Refusal::offset());
        }
    }
    // Part by part, so that what came before the connection broke is kept.
    let mut stream = body.into_data_stream();
    let mut left = at_most.unwrap_or(u64::MAX);
    while let Some(Ok(mut part)) = stream.next().await {
        part.truncate(usize::try_from(left).unwrap_or(usize::MAX));
        left -= part.len() as u64;
        let mut store = platform.store();
        let incoming = store.get_mut(id).and_then(|item| item.incoming.as_mut()).ok_or_else(Refusal::failed)?;
        if incoming.received + part.len() as u64 > incoming.size {
            return Err(Refusal::partial());
        }
        incoming.take(&part);
        if left == 0 {
            return Err(Refusal::partial());
        }
    }
    let file = platform.store().get(id).and_then(|item| item.incoming.clone()).filter(Incoming::is_whole);
    keep(platform, id, file.ok_or_else(Refusal::partial)?.stored());
    Ok(())
}

fn keep(platform: &Platform, id: &str, file: Stored) {
    let processing = videos::process(platform, &file);
    if let Some(item) = platform.store().get_mut(id) {
        (item.file, item.processing) = (Some(file), processing);
    }
}

/// The samples for stories send no token, those for reels and for Instagram do. One that comes must be good.
fn authorize(platform: &Platform, item: &Item, header: Option<&str>) -> Result<(), Refusal> {
    let refuse = |words: &str| Err(Refusal::new(StatusCode::UNAUTHORIZED, false, "NotAuthorizedError", words));
    let Some(text) = header.and_then(|value| value.strip_prefix("OAuth ").or_else(|| value.strip_prefix("Bearer ")))
    else {
        return if item.kind == ItemKind::Video { Ok(()) } else { refuse("The header Authorization is required") };
    };
    let token = match check_token(platform, text, Network::Facebook) {
        Ok(token) => token,
        Err(error) => return refuse(error.within()["message"].as_str().unwrap_or_default()),
    };
    let owns = FacebookPage::of(token.user).any(|page| {
        page.id == item.account
            || page
                .instagram
                .and_then(crate::world::instagram_by_key)
                .is_some_and(|account| account.user_id == item.account)
    });
    if owns && token.app == item.app { Ok(()) } else { refuse("The token is not one of the upload's owner") }
}
