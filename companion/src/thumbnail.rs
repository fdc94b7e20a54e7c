//! Small pictures of what is listed: `GET /thumbnail`.
//!
//! Instagram's images come in full size only and forbid embedding by other sites, so the companion fetches them and makes them small.
//! It does so only for addresses that it signed itself, for as long as the visitor is signed in, and at most some hours. What was
//! fetched and made is kept in memory for a while, by the photo's id: the next size, tab or visitor with an address of
//! their own finds it there, and those who ask at the same time wait for one fetch.

use crate::Shared;
use crate::conversion::Ingredients;
use crate::db::now;
use crate::error::ApiError;
use crate::fetch::FetchError;
use crate::metrics;
use crate::providers::{Picture, Rendition};
use crate::session::idle_since;
use axum::body::Bytes;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bowerbird_convert::Recipe;
use bowerbird_convert::call::{Call, Said};
use bowerbird_protocol::problem::ProblemCode;
use flate2::read::DeflateDecoder;
use flate2::{Compress, Compression, FlushCompress};
use moka::future::Cache;
use moka::policy::EvictionPolicy;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::cell::RefCell;
use std::io::Read as _;
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
/// How long a picture is kept in memory: a photo that was taken down is not shown much longer.
const KEPT: Duration = Duration::from_secs(3600);
/// Bytes of addresses that are kept, so that they are the same in the next listing.
const ADDRESSES: u64 = 16 * 1024 * 1024;
/// The largest picture that is made small.
const MAX_SOURCE: u64 = 40 * 1024 * 1024;

/// What is kept of thumbnails, and how much is done at once: a scrolling visitor asks for dozens.
#[derive(Debug)]
pub struct Thumbnails {
    /// Pictures as they were fetched and as they were made, by photo and width.
    pictures: Cache<String, Bytes>,
    /// What stands in the addresses of this hour, by who sees which photo. The provider signs its own addresses anew for each
    /// listing, and ours would be others each time.
    addresses: Cache<String, Arc<Signed>>,
    /// Pictures that are being worked on.
    held: Semaphore,
}

#[derive(Debug)]
struct Signed {
    expires: i64,
    picture: String,
}

impl Thumbnails {
    /// For so many bytes of pictures in memory, working on so many at once as the number of cores suggests.
    pub fn new(bytes: u64) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let weight = |length: usize| u32::try_from(length).unwrap_or(u32::MAX);
        Self {
            pictures: Cache::builder()
                .max_capacity(bytes)
                .eviction_policy(EvictionPolicy::lru())
                .time_to_live(KEPT)
                .weigher(move |key: &String, picture: &Bytes| weight(key.len() + picture.len()))
                .build(),
            addresses: Cache::builder()
                .max_capacity(ADDRESSES)
                .time_to_live(KEPT)
                .weigher(move |key: &String, signed: &Arc<Signed>| weight(key.len() + signed.picture.len()))
                .build(),
            held: Semaphore::new(cores * 4),
        }
    }

    /// Bytes of pictures in memory.
    pub fn bytes(&self) -> u64 {
        self.pictures.weighted_size()
    }
}

thread_local! {
    /// The quickest compression: what is in an address is short and nearly all of it a repetition, so that tables of its own, which
    /// better ones make, take most of the time and leave a tenth less. Its own tables are a hundred times what is put through it, and
    /// making them anew takes longer than using them.
    static DEFLATE: RefCell<Compress> = RefCell::new(Compress::new(Compression::fast(), false));
}

/// A picture as it travels in an address: the renditions that some width needs, the narrowest first. The smallest width has none of its
/// own, and is made of the next one's: so an address is a tenth shorter, of which a visitor with 10,000 photos holds as many.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Packed {
    id: String,
    /// Width and address; a width that is not known is 0.
    renditions: Vec<(u32, String)>,
}

impl Packed {
    fn new(source: &str, picture: &Picture) -> Self {
        let width = |rendition: &Rendition| rendition.width.unwrap_or(u32::MAX);
        let mut sorted: Vec<&Rendition> = picture.renditions.iter().collect();
        sorted.sort_by_key(|rendition| width(rendition));
        // A size may be offered twice.
        sorted.dedup_by_key(|rendition| rendition.width);
        let needed = |wanted: u32| {
            sorted.iter().position(|rendition| width(rendition) >= wanted).or(sorted.len().checked_sub(1))
        };
        let mut needed: Vec<usize> = WIDTHS[1..].iter().filter_map(|width| needed(*width)).collect();
        needed.dedup();
        let rendition = |place: usize| (sorted[place].width.unwrap_or(0), sorted[place].url.clone());
        Self { id: format!("{source}/{}", picture.id), renditions: needed.into_iter().map(rendition).collect() }
    }

    /// Deflated, because the provider's addresses are long and nearly the same for all sizes of a picture.
    fn write(&self) -> String {
        let json = serde_json::to_vec(self).unwrap_or_default();
        // Room for what cannot be made shorter, so that one call does it all.
        let mut deflated = Vec::with_capacity(json.len() + 64);
        DEFLATE.with_borrow_mut(|deflate| {
            deflate.reset();
            // Into memory with room it does not fail.
            drop(deflate.compress_vec(&json, &mut deflated, FlushCompress::Finish));
        });
        URL_SAFE_NO_PAD.encode(deflated)
    }

    /// Only of what we signed: nobody else decides how large it becomes.
    fn read(text: &str) -> Option<Self> {
        let mut json = Vec::new();
        DeflateDecoder::new(&URL_SAFE_NO_PAD.decode(text).ok()?[..]).read_to_end(&mut json).ok()?;
        serde_json::from_slice(&json).ok()
    }

    /// The renditions that are sharp at this width, the narrowest first; the widest where none is.
    fn enough(&self, wanted: u32) -> &[(u32, String)] {
        let first = self.renditions.iter().position(|(width, _)| *width == 0 || *width >= wanted);
        &self.renditions[first.unwrap_or_else(|| self.renditions.len().saturating_sub(1))..]
    }
}

/// The address under which the holder of this connection sees the picture small.
pub async fn sign(companion: &Shared, link: &str, source: &str, picture: &Picture) -> String {
    let expires = (now() / 1000 + LIVES) / HOUR * HOUR + HOUR;
    let key = address_key(link, &format!("{source}/{}", picture.id));
    let kept = companion.thumbnails.addresses.get(&key).await.filter(|signed| signed.expires == expires);
    let signed = match kept {
        Some(signed) => signed,
        None => {
            let signed = Arc::new(Signed { expires, picture: Packed::new(source, picture).write() });
            companion.thumbnails.addresses.insert(key, signed.clone()).await;
            signed
        }
    };
    let expires = signed.expires.to_string();
    let signature = companion.signer.sign(&["thumbnail", link, &expires, &signed.picture]);
    // Nothing in these needs an escape: an id of ours, digits, base64 made for addresses, hexadecimal digits.
    let picture = &signed.picture;
    companion
        .config
        .public(&format!("/thumbnail?session={link}&expires={expires}&picture={picture}&signature={signature}"))
}

fn address_key(link: &str, photo: &str) -> String {
    format!("{link} {photo}")
}

/// The query of a signed address.
#[derive(Deserialize)]
pub struct Asked {
    session: String,
    expires: String,
    picture: String,
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
    if !companion.signer.verifies(&["thumbnail", &asked.session, &asked.expires, &asked.picture], &asked.signature) {
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
    let picture = Packed::read(&asked.picture).filter(|picture| !picture.renditions.is_empty());
    let picture = picture.ok_or_else(|| ApiError::new(ProblemCode::BadRequest))?;
    let jpeg = match small(&companion, &picture, width).await {
        Ok(jpeg) => jpeg,
        Err(error) => {
            // The provider's address may have had its time, so the next listing gives the one of then.
            companion.thumbnails.addresses.invalidate(&address_key(&asked.session, &picture.id)).await;
            return Err(error);
        }
    };
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("image/jpeg")),
        (
            header::CACHE_CONTROL,
            HeaderValue::try_from(format!("private, max-age={seconds_left}")).map_err(ApiError::internal)?,
        ),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    ];
    Ok((StatusCode::OK, headers, jpeg).into_response())
}

/// The picture at this width, made once for all who ask for it. The addresses that they came with were judged before.
async fn small(companion: &Shared, picture: &Packed, width: u32) -> Result<Bytes, ApiError> {
    let pictures = &companion.thumbnails.pictures;
    let key = format!("{} at {width}", picture.id);
    let found = pictures.entry(key).or_try_insert_with(make(companion, picture, width)).await;
    let found = found.map_err(|error| (*error).clone())?;
    companion.metrics.thumbnail(if found.is_fresh() { metrics::Thumbnail::Made } else { metrics::Thumbnail::Memory });
    Ok(found.into_value())
}

async fn make(companion: &Shared, picture: &Packed, width: u32) -> Result<Bytes, ApiError> {
    // Nobody closes these, so acquiring cannot fail.
    let _held = companion.thumbnails.held.acquire().await.map_err(ApiError::internal)?;
    let bytes = source(companion, picture, width).await?;
    let turn = companion.pool.patient_turn().await?;
    let made = companion.pool.run(turn, shrinking(width)?, Ingredients { bytes, ..Ingredients::default() }).await?;
    match made {
        Ok(made) => Ok(made.bytes.into()),
        Err(error) => {
            tracing::warn!(photo = picture.id, cause = %error, "a thumbnail could not be made");
            Err(ApiError::new(ProblemCode::NotAnImage))
        }
    }
}

/// A very tall image does not become a tower.
const TALLEST: u32 = 4;
const QUALITY: u32 = 82;

/// At most that wide and four times as high, never larger than the image itself.
fn shrinking(width: u32) -> Result<Recipe, ApiError> {
    let tasks = [
        json!({"name": "resize", "params": {"width": width, "height": width * TALLEST, "fit": "max"}}),
        json!({"name": "output", "params": {"format": "jpg", "quality": QUALITY}}),
    ];
    let tasks = tasks.iter().map(Said::from_json).collect::<Result<_, _>>()?;
    Ok(Call { tasks, ..Call::default() }.recipe()?)
}

/// The bytes of a rendition that is wide enough: one that is here already, or else the narrowest.
async fn source(companion: &Shared, picture: &Packed, width: u32) -> Result<Bytes, ApiError> {
    let pictures = &companion.thumbnails.pictures;
    let key = |width: u32| format!("{} of {width}", picture.id);
    let enough = picture.enough(width);
    for (width, _) in enough {
        if let Some(bytes) = pictures.get(&key(*width)).await {
            return Ok(bytes);
        }
    }
    let (width, url) = enough.first().ok_or_else(|| ApiError::new(ProblemCode::BadRequest))?;
    let fetched = pictures.try_get_with(key(*width), fetch(companion, url)).await;
    fetched.map_err(|error| (*error).clone())
}

async fn fetch(companion: &Shared, url: &str) -> Result<Bytes, ApiError> {
    let url = Url::parse(url).map_err(|_| ApiError::new(ProblemCode::BadRequest))?;
    let fetched = async { companion.fetcher.open(&url, MAX_SOURCE).await?.all().await };
    let fetched = tokio::time::timeout(Duration::from_secs(companion.config.fetch_timeout), fetched).await;
    let fetched = fetched.unwrap_or_else(|_| Err(FetchError::NoAnswer("it took too long".to_owned())));
    fetched.map_err(|error| {
        let host = url.host_str().unwrap_or_default();
        tracing::warn!(host, cause = %error, "a picture for a thumbnail did not arrive");
        ApiError::new(ProblemCode::SourceUnavailable)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(widths: &[Option<u32>]) -> Picture {
        let rendition = |width: &Option<u32>| Rendition { url: format!("https://h/{width:?}"), width: *width };
        Picture { id: "7".to_owned(), renditions: widths.iter().map(rendition).collect() }
    }

    fn chosen(widths: &[Option<u32>], wanted: u32) -> u32 {
        Packed::new("facebook", &picture(widths)).enough(wanted)[0].0
    }

    #[test]
    fn the_narrowest_that_is_sharp_is_chosen() {
        let offered = [4000, 2048, 720, 1440, 480, 320, 720, 195].map(Some);
        assert_eq!(WIDTHS.map(|width| chosen(&offered, width)), [320, 320, 720, 1440]);
        assert_eq!(WIDTHS.map(|width| chosen(&[Some(700)], width)), [700; 4], "no other is there");
        assert_eq!(WIDTHS.map(|width| chosen(&[Some(320), Some(130)], width)), [320; 4]);
        assert_eq!(WIDTHS.map(|width| chosen(&[None], width)), [0; 4]);
        assert_eq!(WIDTHS.map(|width| chosen(&[None, Some(320)], width)), [320, 320, 0, 0]);
    }

    #[test]
    fn a_picture_survives_its_address_which_is_shorter_than_what_is_in_it() {
        let signed = |width: u32| Rendition {
            url: format!(
                "https://scontent.xx.fbcdn.net/v/t39.30808-6/480000000_12345678901234567_1234567890123456789_n.jpg\
                 ?stp=dst-jpg_s{width}x{width}_tt6&_nc_cat=104&ccb=1-7&_nc_sid=127cfc&_nc_ohc=AbCdEfGhIjKlMnOp&_nc_zt=23\
                 &_nc_ht=scontent.xx&_nc_gid=AbCdEfGhIjKlMnOpQrStUv&oh=00_AT{}&oe=6920ABCD",
                crate::secrets::digest(&width.to_string()).split_at(43).0
            ),
            width: Some(width),
        };
        let picture = Picture { id: "12345678901234567".to_owned(), renditions: WIDTHS.map(signed).to_vec() };
        let packed = Packed::new("facebook", &picture);
        assert_eq!(packed.renditions.len(), 3, "the smallest is made of the next");
        let written = packed.write();
        assert_eq!(Packed::read(&written), Some(packed));
        let all: usize = picture.renditions.iter().map(|rendition| rendition.url.len()).sum();
        assert!(written.len() * 10 < all * 5, "{} of {all}", written.len());
        assert_eq!(Packed::read("nonsense"), None);
    }
}
