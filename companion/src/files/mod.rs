//! Stored files: `GET` and `HEAD /{handle}`.

mod change;
mod metadata;

pub(crate) use change::keep;
pub use change::{claim, finish_removals, overwrite, remove, remove_file, remove_unclaimed};
pub use metadata::metadata;

use crate::Shared;
use crate::db::FileRow;
use crate::error::ApiError;
use crate::rights::{self, Shown};
use crate::store;
use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bowerbird_protocol::accept::extension_of;
use serde::Deserialize;
use serde_json::{Value, json};
use std::ops::Range;
use std::time::Duration;

/// A file may be removed or written over under its handle; so caches ask again soon.
const CACHE: &str = "public, max-age=300";

/// How long the storage takes a signed address, and how long a browser may remember it.
const SIGNED_LIVES: Duration = Duration::from_secs(300);
const SIGNED_CACHE: &str = "public, max-age=240";

/// How a file is asked for.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Reading {
    /// What shows that it may be read, where that has to be shown.
    #[serde(flatten)]
    pub shown: Shown,
    /// `true` has a browser save it instead of showing it.
    pub dl: Option<String>,
}

impl Reading {
    /// Whether a browser is to save it.
    pub fn is_saved(&self) -> bool {
        is_true(self.dl.as_deref())
    }
}

/// Serves the file, or the one range of it that is asked for.
pub async fn file(
    companion: &Shared,
    handle: &str,
    reading: &Reading,
    method: &Method,
    headers: &HeaderMap,
) -> Result<Response, ApiError> {
    let file = companion.db.file(handle).await?.ok_or_else(ApiError::not_found)?;
    rights::may_read(companion, &file, headers, &reading.shown).await?;
    serve(companion, &file, reading, method, headers).await
}

/// The same, to who may read it.
pub async fn serve(
    companion: &Shared,
    file: &FileRow,
    reading: &Reading,
    method: &Method,
    headers: &HeaderMap,
) -> Result<Response, ApiError> {
    if let Some(connection) = &file.link_connection {
        return linked(companion, file, connection, reading, method).await;
    }
    let saved = reading.is_saved();
    let etag = format!("\"{}\"", file.sha256);
    let size = file.size.unsigned_abs();
    let mut answer = describe(file, &etag, saved)?;
    if matches_etag(headers, header::IF_NONE_MATCH, &etag) {
        return Ok((StatusCode::NOT_MODIFIED, answer).into_response());
    }
    let bucket = companion.buckets.get(&file.storage)?;
    // The storage cannot be told to send what is no image as a download in a sandbox.
    let may_redirect = companion.config.presigned_reads && !saved && extension_of(&file.mimetype).is_some();
    if may_redirect
        && method == Method::GET
        && let Some(url) = bucket.signed_url(&file.object_key, SIGNED_LIVES).await?
    {
        let cache = if file.access == "public" { SIGNED_CACHE } else { "private, no-store" };
        let told = [(header::LOCATION, value(url.as_str())?), (header::CACHE_CONTROL, value(cache)?)];
        return Ok((StatusCode::TEMPORARY_REDIRECT, told).into_response());
    }
    let fresh = headers.get(header::IF_RANGE).is_none_or(|_| matches_etag(headers, header::IF_RANGE, &etag));
    let asked = headers.get(header::RANGE).filter(|_| fresh).and_then(|range| range.to_str().ok());
    let (status, range) = match asked.map_or(Asked::Everything, |asked| read_range(asked, size)) {
        Asked::Everything => (StatusCode::OK, None),
        Asked::Part(range) => {
            let text = format!("bytes {}-{}/{size}", range.start, range.end - 1);
            answer.insert(header::CONTENT_RANGE, value(&text)?);
            (StatusCode::PARTIAL_CONTENT, Some(range))
        }
        Asked::Impossible => {
            answer.insert(header::CONTENT_RANGE, value(&format!("bytes */{size}"))?);
            return Ok((StatusCode::RANGE_NOT_SATISFIABLE, answer).into_response());
        }
    };
    let length = range.as_ref().map_or(size, |range| range.end - range.start);
    answer.insert(header::CONTENT_LENGTH, length.into());
    if method == Method::HEAD {
        return Ok((status, answer).into_response());
    }
    let bytes = bucket.read(&file.object_key, range).await?;
    Ok((status, answer, Body::from_stream(bytes)).into_response())
}

/// A file that is only linked, from where it is. It may be another one tomorrow, so nobody keeps it.
async fn linked(
    companion: &Shared,
    file: &FileRow,
    connection: &str,
    reading: &Reading,
    method: &Method,
) -> Result<Response, ApiError> {
    let download = store::follow(companion, file, connection).await?;
    let mut answer = describe(file, "", reading.is_saved())?;
    answer.remove(header::ETAG);
    answer.remove(header::ACCEPT_RANGES);
    answer.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    if let Some(total) = download.total() {
        answer.insert(header::CONTENT_LENGTH, total.into());
    }
    if method == Method::HEAD {
        return Ok((StatusCode::OK, answer).into_response());
    }
    let chunks = futures_util::stream::unfold(Some(download), |open| async {
        let mut download = open?;
        match download.chunk().await {
            Ok(Some(bytes)) => Some((Ok(bytes), Some(download))),
            Ok(None) => None,
            Err(error) => Some((Err(error), None)),
        }
    });
    Ok((StatusCode::OK, answer, Body::from_stream(chunks)).into_response())
}

/// What a query says of a switch.
pub(crate) fn is_true(value: Option<&str>) -> bool {
    value.is_some_and(|value| matches!(value, "true" | "1"))
}

/// What is told of a file that was stored or written over without a picker: as the page is told, and with the names that Filestack
/// uses there.
pub fn described(companion: &Shared, file: &FileRow) -> Value {
    let tags = file.tags.as_deref().and_then(|tags| serde_json::from_str::<Value>(tags).ok());
    let mut told = serde_json::to_value(store::stored(companion, file.clone())).unwrap_or_default();
    told["type"] = told["mimetype"].clone();
    told["writeable"] = json!(true);
    if let Some(tags) = tags {
        told["upload_tags"] = tags;
    }
    told
}

fn value(text: &str) -> Result<HeaderValue, ApiError> {
    HeaderValue::from_str(text).map_err(ApiError::internal)
}

/// Headers of every answer about a file. What a browser might run in our origin is never shown in it: it is handed out as a download,
/// and sandboxed should it be opened all the same.
fn describe(file: &FileRow, etag: &str, saved: bool) -> Result<HeaderMap, ApiError> {
    let mut headers = HeaderMap::new();
    let mut set = |name: HeaderName, text: &str| value(text).map(|value| drop(headers.insert(name, value)));
    set(header::CONTENT_TYPE, &file.mimetype)?;
    set(header::ETAG, etag)?;
    set(header::CACHE_CONTROL, if file.access == "public" { CACHE } else { "private, no-store" })?;
    set(header::ACCEPT_RANGES, "bytes")?;
    set(header::X_CONTENT_TYPE_OPTIONS, "nosniff")?;
    // Whoever has the handle was given it; search engines were not.
    set(HeaderName::from_static("x-robots-tag"), "noindex")?;
    let raster = extension_of(&file.mimetype).is_some();
    if !raster {
        set(header::CONTENT_SECURITY_POLICY, "sandbox")?;
    }
    set(header::CONTENT_DISPOSITION, &disposition(raster && !saved, &file.filename))?;
    Ok(headers)
}

/// `Content-Disposition` for a name, which is told twice, plainly and in UTF-8, as RFC 6266 advises.
pub fn disposition(inline: bool, filename: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || "._- ".contains(c) { c } else { '_' };
    let ascii: String = filename.chars().map(plain).collect();
    let kind = if inline { "inline" } else { "attachment" };
    if ascii == filename {
        return format!("{kind}; filename=\"{ascii}\"");
    }
    let encode =
        |byte: u8| if byte.is_ascii_alphanumeric() { (byte as char).to_string() } else { format!("%{byte:02X}") };
    let encoded: String = filename.bytes().map(encode).collect();
    format!("{kind}; filename=\"{ascii}\"; filename*=UTF-8''{encoded}")
}

/// Whether a header names this tag, or any.
pub fn matches_etag(headers: &HeaderMap, name: HeaderName, etag: &str) -> bool {
    let values = headers.get_all(name);
    let mut tags = values.iter().filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(','));
    tags.any(|tag| tag.trim() == "*" || tag.trim().trim_start_matches("W/") == etag)
}

#[derive(Debug, PartialEq, Eq)]
enum Asked {
    Everything,
    Part(Range<u64>),
    Impossible,
}

/// One range of bytes. Several, or what is not understood, is answered with everything, which RFC 9110 allows.
fn read_range(text: &str, size: u64) -> Asked {
    let Some((first, last)) = text.strip_prefix("bytes=").and_then(|range| range.trim().split_once('-')) else {
        return Asked::Everything;
    };
    let range = match (first.parse::<u64>(), last.parse::<u64>()) {
        (Ok(first), Ok(last)) if first <= last => first..last.saturating_add(1).min(size),
        (Ok(first), Err(_)) if last.is_empty() => first..size,
        (Err(_), Ok(suffix)) if first.is_empty() => size.saturating_sub(suffix)..size,
        _ => return Asked::Everything,
    };
    if range.start < range.end { Asked::Part(range) } else { Asked::Impossible }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read() {
        assert_eq!(read_range("bytes=0-9", 100), Asked::Part(0..10));
        assert_eq!(read_range("bytes=90-", 100), Asked::Part(90..100));
        assert_eq!(read_range("bytes=-10", 100), Asked::Part(90..100));
        assert_eq!(read_range("bytes=-1000", 100), Asked::Part(0..100));
        assert_eq!(read_range("bytes=50-1000", 100), Asked::Part(50..100));
        assert_eq!(read_range("bytes=100-", 100), Asked::Impossible);
        assert_eq!(read_range("bytes=-0", 100), Asked::Impossible);
        assert_eq!(read_range("bytes=0-1,4-5", 100), Asked::Everything);
        assert_eq!(read_range("bytes=9-1", 100), Asked::Everything);
        assert_eq!(read_range("pages=1-2", 100), Asked::Everything);
    }

    #[test]
    fn what_a_browser_might_run_is_a_sandboxed_download() {
        let row = |mimetype: &str| FileRow {
            handle: String::new(),
            app_key: String::new(),
            source: String::new(),
            client_id: String::new(),
            account_id: String::new(),
            source_path: String::new(),
            storage: String::new(),
            object_key: String::new(),
            container: None,
            filename: "1.jpg".to_owned(),
            mimetype: mimetype.to_owned(),
            size: 1,
            sha256: String::new(),
            width: None,
            height: None,
            caption: None,
            taken: None,
            access: "public".to_owned(),
            session_id: String::new(),
            tags: None,
            created_ms: 0,
            link_connection: None,
            link_expires_ms: None,
        };
        let headers = |mimetype| describe(&row(mimetype), "\"x\"", false).unwrap();
        for mimetype in ["text/html", "image/svg+xml", "application/pdf", "video/mp4"] {
            assert_eq!(headers(mimetype)[header::CONTENT_SECURITY_POLICY], "sandbox");
            assert!(headers(mimetype)[header::CONTENT_DISPOSITION].to_str().unwrap().starts_with("attachment"));
        }
        assert_eq!(headers("image/png")[header::CONTENT_DISPOSITION], "inline; filename=\"1.jpg\"");
        assert!(!headers("image/png").contains_key(header::CONTENT_SECURITY_POLICY));
    }

    #[test]
    fn a_name_cannot_leave_its_quotes() {
        assert_eq!(
            disposition(false, "a\"; x.jpg"),
            "attachment; filename=\"a__ x.jpg\"; filename*=UTF-8''a%22%3B%20x%2Ejpg"
        );
        assert_eq!(disposition(true, "été.jpg"), "inline; filename=\"_t_.jpg\"; filename*=UTF-8''%C3%A9t%C3%A9%2Ejpg");
    }
}
