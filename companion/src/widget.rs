//! The built widget: `/bowerbird.js` and what it loads, so that one process is enough.
//!
//! The build leaves `.br` and `.gz` siblings beside the files; they are sent to browsers that take them. A name that carries the hash of its
//! content never changes and is cached for a year, the others are asked for again each time.

use crate::error::ApiError;
use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use std::fs::Metadata;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

/// Serves `path`, which has no leading slash, from `folder`.
pub async fn file(folder: &Path, path: &str, headers: &HeaderMap) -> Result<Response, ApiError> {
    let target = inside(folder, path).ok_or_else(ApiError::not_found)?;
    let Some((chosen, encoding, metadata)) = choose(&target, headers).await else { return Err(ApiError::not_found()) };
    let etag = etag(&metadata, encoding);
    let unchanged = headers.get(header::IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == etag.as_bytes());
    let mut answer = HeaderMap::new();
    let cache = if is_hashed(path) { "public, max-age=31536000, immutable" } else { "no-cache" };
    answer.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type(path)));
    answer.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    answer.insert(header::ETAG, HeaderValue::try_from(etag).map_err(ApiError::internal)?);
    answer.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    answer.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if let Some(encoding) = encoding {
        answer.insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
    }
    if unchanged {
        return Ok((StatusCode::NOT_MODIFIED, answer).into_response());
    }
    let bytes = tokio::fs::read(&chosen)
        .await
        .map_err(|error| ApiError::internal(format_args!("{}: {error}", chosen.display())))?;
    Ok((StatusCode::OK, answer, Body::from(bytes)).into_response())
}

/// The file of a path that goes down only: segments of plain letters that do not begin with a dot.
fn inside(folder: &Path, path: &str) -> Option<PathBuf> {
    let plain = |segment: &str| {
        !segment.is_empty()
            && !segment.starts_with('.')
            && segment.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-@".contains(&byte))
    };
    let mut target = folder.to_owned();
    for segment in path.split('/') {
        if !plain(segment) {
            return None;
        }
        target.push(segment);
    }
    Some(target)
}

type Chosen = (PathBuf, Option<&'static str>, Metadata);

async fn choose(target: &Path, headers: &HeaderMap) -> Option<Chosen> {
    let plain = tokio::fs::metadata(target).await.ok().filter(Metadata::is_file)?;
    for (encoding, suffix) in [("br", ".br"), ("gzip", ".gz")] {
        if !takes(headers, encoding) {
            continue;
        }
        let mut name = target.as_os_str().to_owned();
        name.push(suffix);
        if let Ok(metadata) = tokio::fs::metadata(&name).await
            && metadata.is_file()
            // Left over from an older build.
            && metadata.modified().ok() >= plain.modified().ok()
        {
            return Some((name.into(), Some(encoding), metadata));
        }
    }
    Some((target.to_owned(), None, plain))
}

fn takes(headers: &HeaderMap, encoding: &str) -> bool {
    let accepted = headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    let refused = |parameters: &str| {
        let weight = parameters.trim().strip_prefix("q=").map(str::trim);
        weight.is_some_and(|weight| weight.parse::<f32>().is_ok_and(|weight| weight == 0.0))
    };
    accepted.flat_map(|value| value.split(',')).any(|entry| {
        let (name, parameters) = entry.split_once(';').unwrap_or((entry, ""));
        name.trim().eq_ignore_ascii_case(encoding) && !refused(parameters)
    })
}

fn etag(metadata: &Metadata, encoding: Option<&str>) -> String {
    let changed = metadata.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    let nanos = changed.map_or(0, |since| since.as_nanos());
    format!("\"{:x}-{nanos:x}-{}\"", metadata.len(), encoding.unwrap_or("plain"))
}

/// `<name>-<16 hex>.<extension>`. The name may have dots, as the script's has that says its version.
fn is_hashed(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    let hex = |hash: &str| {
        hash.len() == 16 && hash.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
    };
    stem.rsplit_once('-').is_some_and(|(_, hash)| hex(hash))
}

fn content_type(path: &str) -> &'static str {
    match path.rsplit('.').next().unwrap_or_default() {
        "js" | "mjs" | "cjs" => "text/javascript; charset=utf-8",
        "wasm" => "application/wasm",
        "json" | "map" => "application/json",
        "css" => "text/css; charset=utf-8",
        "html" => "text/html; charset=utf-8",
        "ts" | "mts" | "md" | "txt" => "text/plain; charset=utf-8",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        _ => "application/octet-stream",
    }
}

/// `index.html` of the folder in the setting `site_dir`.
pub async fn site(folder: Option<&Path>) -> Result<Response, ApiError> {
    let folder = folder.ok_or_else(ApiError::not_found)?;
    match tokio::fs::read(folder.join("index.html")).await {
        Ok(page) => {
            let headers = [(header::CONTENT_TYPE, "text/html; charset=utf-8"), (header::CACHE_CONTROL, "no-cache")];
            Ok((headers, page).into_response())
        }
        Err(error) => {
            tracing::warn!(folder = %folder.display(), cause = %error, "site_dir has no index.html that can be read");
            Err(ApiError::not_found())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_go_down_only() {
        let inside = |path| inside(Path::new("/pkg"), path).map(|path| path.display().to_string());
        assert_eq!(inside("bowerbird.js").as_deref(), Some("/pkg/bowerbird.js"));
        assert_eq!(inside("text/de-0123456789abcdef.json").as_deref(), Some("/pkg/text/de-0123456789abcdef.json"));
        for bad in ["", "../secret", "a/../b", ".hidden", "a//b", "a/", "%2e%2e/x", "a\\b", "/etc/passwd"] {
            assert_eq!(inside(bad), None, "{bad}");
        }
    }

    #[test]
    fn hashed_names_are_told_from_others() {
        assert!(is_hashed("bowerbird_bg-0123456789abcdef.wasm"));
        assert!(is_hashed("text/de-0123456789abcdef.json") && is_hashed("bowerbird-0.1.0-0123456789abcdef.js"));
        assert!(!is_hashed("bowerbird.js") && !is_hashed("a-0123456789ABCDEF.js") && !is_hashed("a-0123.js"));
    }

    #[test]
    fn encodings_are_taken_as_offered() {
        let takes = |offer: &str, encoding| {
            takes(&[(header::ACCEPT_ENCODING, offer.parse().unwrap())].into_iter().collect(), encoding)
        };
        assert!(takes("gzip, deflate, br", "br") && takes("gzip;q=0.5", "gzip"));
        assert!(!takes("gzip", "br") && !takes("br;q=0, gzip", "br") && !takes("", "gzip"));
    }
}
