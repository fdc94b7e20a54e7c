//! Conversion: `GET /[key/]<task>=…/<source>`, as Filestack's processing addresses have it. The calls are read, and the work is done,
//! by the crate `bowerbird_convert`; here is who may ask, where the bytes come from, and what becomes of the result.

mod fitting;
mod legacy;
mod pool;
mod results;
mod source;
mod storing;
mod zip;

pub use fitting::{Fit, read_limits};
pub use legacy::{convert, convert_and_store};
pub use pool::{Ingredients, Pool};
pub use results::{Results, remove_of, remove_stale};
pub use source::Source;
pub use storing::{converted, one_after_the_other, read_recipe, told_of};

use crate::Shared;
use crate::apps::App;
use crate::db::now;
use crate::error::ApiError;
use crate::files::{self, Reading};
use crate::policy::Policy;
use crate::rights::Shown;
use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use bowerbird_convert::call::{Cache, Call, is_task};
use bowerbird_convert::{ConvertError, Format, Limits, Recipe, RecipeError};
use bowerbird_protocol::problem::ProblemCode;
use results::{ADDRESS_LIVES, Done};
use serde_json::{Map, Value, json};
use source::{Asker, own_path};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

/// A result never changes: another recipe is another address. A file that is written over has its results anew, but who has seen the
/// old one may go on seeing it; `cache=expiry:…` in the address says for how long.
const YEAR: u64 = 365 * 24 * 3600;

/// How a call is made.
pub struct Asked<'a> {
    /// `GET`, `HEAD` or `POST`.
    pub method: &'a Method,
    /// The request's headers.
    pub headers: &'a HeaderMap,
    /// What stands in the query.
    pub reading: Reading,
    /// Who asks.
    pub address: IpAddr,
    /// What a file that is stored is to be tagged with.
    pub tags: Option<&'a Map<String, Value>>,
}

/// What is to be done, judged.
pub struct Plan {
    /// As it was asked for.
    pub call: Call,
    /// What it is done to.
    pub source: Source,
    /// The files that tasks name.
    pub files: Vec<(String, Source)>,
    /// The site.
    pub app_key: String,
    /// The asker's policy.
    pub shown: Shown,
    /// Whether the result is kept.
    pub keep: bool,
    /// For how many seconds, if the call says so.
    pub expiry: Option<u64>,
    /// Until when the asker's leave holds, in seconds since 1970.
    pub leave_ends: Option<i64>,
    /// Who asks.
    pub address: IpAddr,
}

/// The limits of the settings.
pub fn limits(config: &crate::config::Config) -> Limits {
    Limits {
        pixels: config.convert_max_pixels,
        animated_pixels: config.convert_max_pixels.saturating_mul(2),
        time: Duration::from_secs(config.convert_timeout),
        ..Limits::default()
    }
}

/// Whether a path is a call: its first segment, or the one after a key, is a task.
pub fn is_call(path: &str, is_key: impl Fn(&str) -> bool) -> bool {
    let mut segments = path.split('/');
    let mut first = segments.next().unwrap_or_default();
    if is_key(first) {
        first = segments.next().unwrap_or_default();
    }
    let name = first.split('=').next().unwrap_or_default();
    segments.next().is_some() && (name == "b64" || is_task(name))
}

/// Answers a call that an address makes.
pub async fn answer(companion: &Shared, path: &str, asked: Asked<'_>) -> Result<Response, ApiError> {
    let call = Call::from_path(path, |key| companion.apps.get(key).is_some())?;
    carry_out(companion, call, asked).await
}

/// Carries out a call, and answers the picture, or what is asked of it.
pub async fn carry_out(companion: &Shared, call: Call, asked: Asked<'_>) -> Result<Response, ApiError> {
    let call = unfold(companion, call)?;
    if call.has("metadata") {
        let reason = "`GET /api/file/<handle>/metadata` tells what is known of a file";
        return Err(RecipeError::NotOffered { task: "metadata".to_owned(), reason }.into());
    }
    for takes_nothing in ["imagesize", "zip"] {
        call.service(takes_nothing).map_or(Ok(()), |arguments| arguments.finish())?;
    }
    if call.has("zip") {
        return zip::zip(companion, &call, &asked).await;
    }
    if call.has("store") && asked.method == Method::HEAD {
        // Whoever asks for headers wants nothing changed.
        return Ok((StatusCode::METHOD_NOT_ALLOWED, [(header::ALLOW, "GET")]).into_response());
    }
    let fallback = call.fallback()?;
    let answered = match Plan::judge(companion, call, &asked).await {
        Ok(plan) if plan.call.has("store") => storing::answer(companion, &plan, &asked).await,
        Ok(plan) => shown(companion, &Arc::new(plan), &asked).await,
        Err(error) => Err(error),
    };
    match (answered, fallback) {
        (Err(error), Some(fallback)) if error.is_about_the_source() => {
            tracing::info!(handle = fallback.handle, "a file is shown in place of a conversion that failed");
            let mut answer =
                files::file(companion, &fallback.handle, &asked.reading, asked.method, asked.headers).await?;
            if let Some(seconds) = fallback.cache {
                answer.headers_mut().insert(header::CACHE_CONTROL, value(&format!("public, max-age={seconds}"))?);
            }
            Ok(answer)
        }
        (answered, _) => answered,
    }
}

/// A call whose source is a call of our own is one call: the inner tasks, and then the outer ones.
fn unfold(companion: &Shared, call: Call) -> Result<Call, ApiError> {
    let is_key = |key: &str| companion.apps.get(key).is_some();
    let inner = match &call.sources[..] {
        [source] => own_path(companion, source).filter(|path| is_call(path, is_key)),
        _ => None,
    };
    let Some(inner) = inner else { return Ok(call) };
    let inner = Call::from_path(inner, is_key)?;
    // One within another is enough; more would be a way to hide how much there is to do.
    Ok(Call { key: call.key.or(inner.key), tasks: [inner.tasks, call.tasks].concat(), sources: inner.sources })
}

/// The site that a call names, and the policy that it shows: in a task, or in the query.
fn asker_of(companion: &Shared, call: &Call, asked: &Asked<'_>) -> Result<(Option<Arc<App>>, Shown), ApiError> {
    let said = call.security()?;
    let said = said.map(|said| Shown { policy: Some(said.policy), signature: Some(said.signature) });
    let app = match &call.key {
        Some(key) => Some(companion.apps.authorize(key, asked.headers)?.app),
        None => None,
    };
    Ok((app, said.unwrap_or_else(|| asked.reading.shown.clone())))
}

impl Plan {
    async fn judge(companion: &Shared, call: Call, asked: &Asked<'_>) -> Result<Self, ApiError> {
        let recipe = call.recipe()?;
        let [name] = &call.sources[..] else {
            return Err(ApiError::with_text(ProblemCode::BadRequest, "These tasks take one source."));
        };
        let (app, shown) = asker_of(companion, &call, asked)?;
        let converts = call.image_tasks().next().is_some() || call.has("imagesize");
        let asker = Asker { app, shown: &shown, headers: asked.headers, converts };
        let (source, policy) = Source::judge(companion, name, &asker).await?;
        let mut files = Vec::new();
        for name in recipe.files() {
            files.push((name.to_owned(), Source::judge(companion, name, &asker).await?.0));
        }
        let app_key = source.file().map(|file| file.app_key.clone()).or(call.key.clone()).unwrap_or_default();
        let cache = call.cache()?.unwrap_or(Cache { on: true, expiry: None });
        Ok(Self {
            keep: cache.on,
            expiry: cache.expiry,
            call,
            source,
            files,
            app_key,
            shown,
            leave_ends: policy.as_ref().and_then(Policy::expiry),
            address: asked.address,
        })
    }

    /// Everything that goes into it.
    pub fn sources(&self) -> impl Iterator<Item = &Source> {
        std::iter::once(&self.source).chain(self.files.iter().map(|(_, file)| file))
    }

    /// What is done, the result being in the format that the browser is to have.
    pub fn recipe(&self, wished: Option<Format>) -> Result<Recipe, ApiError> {
        let mut recipe = self.call.recipe()?;
        if let Some(format) = wished {
            recipe.encoding.format = Some(format);
        }
        Ok(recipe)
    }

    /// The format that a browser has by `auto_image`: the best that it says it takes.
    fn wished(&self, headers: &HeaderMap) -> Option<Format> {
        if !self.call.has("auto_image") {
            return None;
        }
        let accept = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
        let takes: Vec<&str> = accept.flat_map(|value| value.split(',')).map(media_type).collect();
        // AVIF is written still only, and what moves is to go on moving.
        let moves = self.source.file().is_none_or(|file| matches!(file.mimetype.as_str(), "image/gif" | "image/webp"));
        [Format::Avif, Format::Webp]
            .into_iter()
            .find(|format| takes.contains(&format.mimetype()) && !(*format == Format::Avif && moves))
    }

    fn is_private(&self) -> bool {
        self.sources().any(|source| match source {
            Source::Stored(file) => file.access != "public",
            Source::Linked(..) => true,
            Source::Address(_) => false,
        })
    }

    fn cache_control(&self) -> String {
        if self.is_private() {
            return "private, no-store".to_owned();
        }
        if !self.keep {
            return "no-cache".to_owned();
        }
        let is_fixed = self.sources().all(|source| source.file().is_some());
        let lives = self.expiry.unwrap_or(if is_fixed { YEAR } else { ADDRESS_LIVES });
        // Nobody is to have it from a cache after their policy has ended.
        let left = self.leave_ends.map_or(YEAR, |ends| (ends - now() / 1000).max(0).unsigned_abs());
        let immutable = if is_fixed && self.expiry.is_none() { ", immutable" } else { "" };
        format!("public, max-age={}{immutable}", lives.min(left))
    }
}

/// A type of `Accept`; one that is refused with `q=0` is none.
fn media_type(part: &str) -> &str {
    let mut pieces = part.split(';').map(str::trim);
    let name = pieces.next().unwrap_or_default();
    let refused = pieces.any(|piece| matches!(piece, "q=0" | "q=0.0" | "q=0.00" | "q=0.000"));
    if refused { "" } else { name }
}

/// The picture, its size, or, where nothing is to be done, the file.
async fn shown(companion: &Shared, plan: &Arc<Plan>, asked: &Asked<'_>) -> Result<Response, ApiError> {
    let has_size = plan.call.has("imagesize");
    if !has_size && plan.call.image_tasks().next().is_none() {
        let Some(file) = plan.source.file() else {
            let text = "There is no task that does anything with what is at the address.";
            return Err(ApiError::with_text(ProblemCode::BadRequest, text));
        };
        return files::serve(companion, file, &asked.reading, asked.method, asked.headers).await;
    }
    let wished = plan.wished(asked.headers);
    let done = results::result(companion, plan, wished).await?;
    if has_size {
        let size = json!({"width": done.width, "height": done.height});
        return Ok(([(header::CACHE_CONTROL, value(&plan.cache_control())?)], axum::Json(size)).into_response());
    }
    picture(plan, &done, asked)
}

fn picture(plan: &Plan, done: &Done, asked: &Asked<'_>) -> Result<Response, ApiError> {
    let etag = format!("\"{}\"", done.sha256);
    let extension = bowerbird_protocol::accept::extension_of(&done.mimetype).unwrap_or("bin");
    let filename = format!("{}.{extension}", plan.source.stem());
    let mut answer = HeaderMap::new();
    let mut set = |name: HeaderName, text: &str| value(text).map(|value| drop(answer.insert(name, value)));
    set(header::CONTENT_TYPE, &done.mimetype)?;
    set(header::ETAG, &etag)?;
    set(header::CACHE_CONTROL, &plan.cache_control())?;
    set(header::CONTENT_DISPOSITION, &files::disposition(!asked.reading.is_saved(), &filename))?;
    set(header::X_CONTENT_TYPE_OPTIONS, "nosniff")?;
    set(HeaderName::from_static("x-robots-tag"), "noindex")?;
    if plan.call.has("auto_image") {
        set(header::VARY, "Accept")?;
    }
    if files::matches_etag(asked.headers, header::IF_NONE_MATCH, &etag) {
        return Ok((StatusCode::NOT_MODIFIED, answer).into_response());
    }
    answer.insert(header::CONTENT_LENGTH, done.bytes.len().into());
    let body = if *asked.method == Method::HEAD { Body::empty() } else { Body::from(done.bytes.clone()) };
    Ok((StatusCode::OK, answer, body).into_response())
}

fn value(text: &str) -> Result<HeaderValue, ApiError> {
    HeaderValue::from_str(text).map_err(ApiError::internal)
}

impl From<RecipeError> for ApiError {
    fn from(error: RecipeError) -> Self {
        match error {
            RecipeError::NotOffered { .. } => Self::refused(StatusCode::NOT_IMPLEMENTED, error.to_string()),
            _ => Self::with_text(ProblemCode::BadRequest, error.to_string()),
        }
    }
}

/// What a client is told of a conversion that failed. What a file's bytes have wrong is for the log.
pub fn refused(error: &ConvertError) -> ApiError {
    match error {
        ConvertError::Unreadable(_) => {
            let text = "This is no image that can be read, or it is damaged.";
            ApiError::with_status(StatusCode::UNPROCESSABLE_ENTITY, ProblemCode::NotAnImage, text)
        }
        ConvertError::TooLarge(text) => ApiError::with_text(ProblemCode::TooLarge, text),
        ConvertError::TooSlow => ApiError::with_text(ProblemCode::TooLarge, error.to_string()),
        ConvertError::Unfit(text) => {
            ApiError::with_status(StatusCode::UNPROCESSABLE_ENTITY, ProblemCode::BadRequest, text)
        }
        ConvertError::Unwritable(cause) => ApiError::internal(cause),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_told_from_a_file_by_its_task() {
        let is = |path| is_call(path, |key| key == "key");
        for call in ["flip/x", "key/resize=w:1/x", "b64/xx/b64://yy", "key/output=format:png/https://h/1.jpg"] {
            assert!(is(call), "{call}");
        }
        for other in ["flip", "bowerbird.js", "key/bowerbird.js", "flipper/x", "key", "", "a/flip/x"] {
            assert!(!is(other), "{other}");
        }
    }

    #[test]
    fn what_a_browser_refuses_is_not_taken() {
        assert_eq!(media_type(" image/avif;q=0.8 "), "image/avif");
        assert_eq!(media_type("image/avif; q=0"), "");
    }
}
