//! scontent.xx.fbcdn.net and scontent.cdninstagram.com: pictures under signed addresses that expire.

mod darkroom;
mod digits;
mod jpeg;

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{OriginalUri, State};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures_util::stream;
use sha2::{Digest, Sha256};

use crate::apps::hmac_sha256;
use crate::graph::Params;
use crate::platform::{Platform, Served};
use crate::world::{self, Rendition};

/// Facebook's pictures.
pub const FACEBOOK_HOST: &str = "scontent.xx.fbcdn.net";
/// Instagram's pictures.
pub const INSTAGRAM_HOST: &str = "scontent.cdninstagram.com";

const KEY: &str = "emulated picture addresses";
const CHUNK: usize = 64 * 1024;

/// The address of a picture, signed and good for some days. `copy` makes two addresses of one size.
pub fn address(platform: &Platform, host: &str, id: &str, rendition: Rendition, copy: u8) -> String {
    let folder = match (host, copy) {
        (INSTAGRAM_HOST, _) => "t51.29350-15",
        (_, 0) => "t39.30808-6",
        _ => "t1.6435-9",
    };
    sign(platform, host, &format!("/v/{folder}/{id}_{}x{}_n.jpg", rendition.width, rendition.height))
}

/// The address of a video, signed likewise.
pub fn video_address(platform: &Platform, host: &str, id: &str) -> String {
    sign(platform, host, &format!("/o1/v/t16/{id}.mp4"))
}

fn sign(platform: &Platform, host: &str, path: &str) -> String {
    let expires = platform.clock.now() + platform.settings.picture_lifetime.as_secs() as i64;
    // `oe` is the expiry in hexadecimal seconds since 1970, `oh` the signature.
    let oe = format!("{expires:X}");
    let oh = signature(path, &oe);
    format!("{}/{host}{path}?_nc_cat=104&ccb=1-7&_nc_sid=127cfc&oh={oh}&oe={oe}", platform.base_url)
}

fn signature(path: &str, oe: &str) -> String {
    format!("00_AT{}", URL_SAFE_NO_PAD.encode(hmac_sha256(KEY, &format!("{path}|{oe}"))))
}

fn refuse(status: StatusCode, words: &'static str) -> Response {
    let mut response = (status, words).into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain"));
    response
}

/// Answers for a picture or a video.
pub async fn serve(State(platform): State<Arc<Platform>>, method: Method, OriginalUri(uri): OriginalUri) -> Response {
    let on_instagram = uri.path()[1..].starts_with(INSTAGRAM_HOST);
    let host = if on_instagram { INSTAGRAM_HOST } else { FACEBOOK_HOST };
    let path = &uri.path()[1 + host.len()..];
    let mut response = answer(&platform, &method, path, &uri).await;
    if on_instagram {
        // What makes Instagram's pictures unusable in other sites' pages.
        let policy = HeaderValue::from_static("same-origin");
        response.headers_mut().insert("cross-origin-resource-policy", policy);
    }
    response
}

async fn answer(platform: &Arc<Platform>, method: &Method, path: &str, uri: &axum::http::Uri) -> Response {
    let params = Params::read(uri.query().unwrap_or_default());
    let oe = params.get("oe").unwrap_or_default();
    if params.get("oh") != Some(&signature(path, oe)) {
        return refuse(StatusCode::FORBIDDEN, "URL signature mismatch");
    }
    let expires = i64::from_str_radix(oe, 16).unwrap_or_default();
    if expires <= platform.clock.now() || platform.faults.expired_image() {
        return refuse(StatusCode::FORBIDDEN, "URL signature expired");
    }
    let file = path.rsplit('/').next().unwrap_or_default();
    if let Some(id) = file.strip_suffix(".mp4") {
        return video(platform, id);
    }
    let Some((id, rendition)) = read_file_name(file) else {
        return refuse(StatusCode::NOT_FOUND, "Content not found");
    };
    let known = if platform.registry().is_deleted(id) { None } else { world::picture(id) };
    let Some(picture) = known.filter(|known| known.shape.renditions().any(|offered| offered == rendition)) else {
        return refuse(StatusCode::NOT_FOUND, "Content not found");
    };
    if platform.faults.not_an_image() {
        let page = "<!DOCTYPE html><html><head><title>Error</title></head>\
                    <body><h1>Sorry, something went wrong.</h1></body></html>";
        return ([(header::CONTENT_TYPE, "text/html; charset=utf-8")], page).into_response();
    }
    let least = if picture.shape.largest() == rendition { platform.settings.picture_bytes } else { 0 };
    let owned = id.to_owned();
    let Ok(bytes) = tokio::task::spawn_blocking(move || darkroom::develop(&owned, &picture, rendition)).await else {
        return refuse(StatusCode::INTERNAL_SERVER_ERROR, "Internal error");
    };
    let length = bytes.len().max(least);
    let served = Served {
        photo_id: id.to_owned(),
        url: uri.path_and_query().map_or_else(String::new, ToString::to_string),
        width: rendition.width,
        height: rendition.height,
        // Whoever reads the book has it added ([`book`]): of most pictures nobody asks.
        sha256: String::new(),
        bytes: length as u64,
    };
    let bytes = Filled { bytes: bytes.into(), filling: length };
    let cut = if *method == Method::HEAD { None } else { platform.faults.cut() };
    let body = match cut {
        Some(after) => cut_body(bytes, after.unwrap_or(length / 2)),
        None => whole_body(Arc::clone(platform), bytes, served),
    };
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("image/jpeg"));
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("max-age=1209600, no-transform"));
    response
}

/// The id and size in `<id>_<width>x<height>_n.jpg`.
fn read_file_name(file: &str) -> Option<(&str, Rendition)> {
    let (id, size) = file.strip_suffix("_n.jpg")?.split_once('_')?;
    let (width, height) = size.split_once('x')?;
    Some((id, Rendition { width: width.parse().ok()?, height: height.parse().ok()? }))
}

/// A picture, filled up behind its end.
struct Filled {
    bytes: Bytes,
    /// How many bytes there are in all, until they are handed out.
    filling: usize,
}

impl Filled {
    fn is_empty(&self) -> bool {
        self.filling == 0
    }

    /// The next part.
    fn part(&mut self) -> Bytes {
        static NOTHING: [u8; CHUNK] = [0; CHUNK];
        let part = match self.bytes.is_empty() {
            true => Bytes::from_static(&NOTHING[..self.filling.min(CHUNK)]),
            false => self.bytes.split_to(self.bytes.len().min(CHUNK)),
        };
        self.filling -= part.len();
        part
    }

    fn whole(mut self) -> Bytes {
        let mut whole = self.bytes.to_vec();
        whole.resize(self.filling, 0);
        self.bytes = whole.into();
        self.bytes
    }
}

/// The whole picture. It counts as served when its last part is handed to the connection, so a caller that has all
/// bytes finds it in the book, and one that went away half-way does not.
fn whole_body(platform: Arc<Platform>, bytes: Filled, served: Served) -> Body {
    Body::from_stream(stream::unfold((bytes, Some((platform, served))), |(mut rest, book)| async move {
        let book = book?;
        let part = rest.part();
        if rest.is_empty() {
            book.0.served().push(book.1);
            return Some((Ok::<Bytes, io::Error>(part), (rest, None)));
        }
        Some((Ok(part), (rest, Some(book))))
    }))
}

/// The pictures that were answered in full, with their hashes.
pub fn book(platform: &Platform) -> Vec<Served> {
    let mut served = platform.served();
    for one in served.iter_mut().filter(|one| one.sha256.is_empty()) {
        let Some(picture) = world::picture(&one.photo_id) else { continue };
        let rendition = Rendition { width: one.width, height: one.height };
        let bytes = darkroom::develop(&one.photo_id, &picture, rendition);
        let whole = Filled { bytes: bytes.into(), filling: one.bytes as usize }.whole();
        one.sha256 = hex::encode(Sha256::digest(&whole));
    }
    served.clone()
}

/// The first part of a picture; then the connection breaks.
fn cut_body(bytes: Filled, after: usize) -> Body {
    let kept = bytes.whole().split_to_at_most(after);
    Body::from_stream(stream::unfold(Some(kept), |kept| async move {
        match kept {
            Some(part) if !part.is_empty() => Some((Ok(part), Some(Bytes::new()))),
            Some(_) => {
                // What was sent before is on its way by now: the error closes the connection at once.
                tokio::time::sleep(Duration::from_millis(50)).await;
                Some((Err(io::Error::from(io::ErrorKind::ConnectionReset)), None))
            }
            None => None,
        }
    }))
}

trait SplitAtMost {
    fn split_to_at_most(self, length: usize) -> Self;
}

impl SplitAtMost for Bytes {
    fn split_to_at_most(mut self, length: usize) -> Bytes {
        self.truncate(length.min(self.len().saturating_sub(1)));
        self
    }
}

/// The first boxes of an MP4 file and then noise: enough for a type to be recognised by, nothing to be played.
fn video(platform: &Platform, id: &str) -> Response {
    if platform.registry().is_deleted(id) {
        return refuse(StatusCode::NOT_FOUND, "Content not found");
    }
    let mut bytes = b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00isommp42\x00\x00\x10\x08mdat".to_vec();
    bytes.extend((0..4096u64).map(|place| (world::mix(place) & 0xff) as u8));
    ([(header::CONTENT_TYPE, "video/mp4")], bytes).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_names_are_read() {
        let (id, size) = read_file_name("10158274930112345_2048x1365_n.jpg").unwrap();
        assert_eq!((id, size), ("10158274930112345", Rendition { width: 2048, height: 1365 }));
        for file in ["x.jpg", "1_2x_n.jpg", "1_n.jpg", ""] {
            assert!(read_file_name(file).is_none(), "{file}");
        }
    }

    #[test]
    fn a_signature_covers_path_and_expiry() {
        assert_ne!(signature("/a.jpg", "61227755"), signature("/b.jpg", "61227755"));
        assert_ne!(signature("/a.jpg", "61227755"), signature("/a.jpg", "61227756"));
    }
}
