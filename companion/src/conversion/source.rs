//! What is converted: a stored file, a linked one, or what is at an address; and whether that may be.

use crate::Shared;
use crate::apps::App;
use crate::db::FileRow;
use crate::error::ApiError;
use crate::policy::{Call as PolicyCall, Deed, Policy};
use crate::rights::{self, Shown};
use crate::secrets::is_handle;
use crate::store;
use crate::upload::address;
use axum::http::HeaderMap;
use bowerbird_protocol::problem::ProblemCode;
use bytes::Bytes;
use std::sync::Arc;
use url::Url;

/// Something to be converted, whose asker may have that done.
#[derive(Debug, Clone)]
pub enum Source {
    /// A file in the storage.
    Stored(FileRow),
    /// A file that is only linked, and with which connection.
    Linked(FileRow, String),
    /// What is at an address.
    Address(Url),
}

/// Who asks, and what they show.
pub struct Asker<'a> {
    /// The site that the call names.
    pub app: Option<Arc<App>>,
    /// Its policy.
    pub shown: &'a Shown,
    /// The request's headers.
    pub headers: &'a HeaderMap,
    /// Whether anything is to be converted, or files are only read.
    pub converts: bool,
}

impl Source {
    /// Finds what a call names, and judges whether the asker may have it converted. Answers the policy that was shown, too.
    ///
    /// # Errors
    /// There is nothing of this name, or the asker may not.
    pub async fn judge(companion: &Shared, name: &str, asker: &Asker<'_>) -> Result<(Self, Option<Policy>), ApiError> {
        let name = stored_at(companion, name).unwrap_or(name);
        if is_handle(name) {
            let file = companion.db.file(name).await?.ok_or_else(ApiError::not_found)?;
            let policy = if asker.converts {
                rights::may_convert(companion, &file, asker.headers, asker.shown).await?
            } else {
                rights::may_read(companion, &file, asker.headers, asker.shown).await?;
                None
            };
            return Ok((Self::of(file), policy));
        }
        let app = asker.app.as_ref().ok_or_else(|| {
            let text = "What is at an address is converted for a site: put its key before the tasks.";
            ApiError::with_text(ProblemCode::BadRequest, text)
        })?;
        let url = match name.strip_prefix("src://") {
            Some(path) => aliased(app, path)?,
            None => address::read(name)?,
        };
        // What is stored as it is there is judged where it is stored.
        let policy = if asker.converts {
            let deed = Deed { url: Some(url.as_str()), ..Deed::default() };
            asker.shown.allows(app, PolicyCall::Convert, deed)?
        } else {
            None
        };
        Ok((Self::Address(url), policy))
    }

    /// A file, as it is there.
    pub fn of(file: FileRow) -> Self {
        match file.link_connection.clone() {
            Some(connection) => Self::Linked(file, connection),
            None => Self::Stored(file),
        }
    }

    /// The file, where it is one.
    pub fn file(&self) -> Option<&FileRow> {
        match self {
            Self::Stored(file) | Self::Linked(file, _) => Some(file),
            Self::Address(_) => None,
        }
    }

    /// What tells these bytes from others; none where they may be others each time.
    pub fn version(&self) -> Option<String> {
        match self {
            Self::Stored(file) => Some(format!("{} {}", file.handle, file.sha256)),
            Self::Linked(..) => None,
            Self::Address(url) => Some(url.to_string()),
        }
    }

    /// Its bytes.
    pub async fn fetch(&self, companion: &Shared) -> Result<Bytes, ApiError> {
        let most = companion.config.convert_max_bytes;
        let too_large =
            || ApiError::with_text(ProblemCode::TooLarge, format!("What is converted has at most {most} bytes."));
        match self {
            Self::Stored(file) if file.size.unsigned_abs() > most => Err(too_large()),
            Self::Stored(file) => Ok(companion.buckets.get(&file.storage)?.read_all(&file.object_key, most).await?),
            Self::Linked(file, connection) => {
                let download = store::follow(companion, file, connection).await?;
                download.all().await.map_err(|error| did_not_arrive(&error))
            }
            Self::Address(url) => {
                let opened = companion.fetcher.open_address(url, most).await;
                let (download, _) = opened.map_err(|error| did_not_arrive(&error))?;
                download.all().await.map_err(|error| did_not_arrive(&error))
            }
        }
    }

    /// A name for the result, without extension.
    pub fn stem(&self) -> String {
        let name = match self {
            Self::Stored(file) | Self::Linked(file, _) => file.filename.as_str(),
            Self::Address(url) => url.path_segments().and_then(|mut path| path.next_back()).unwrap_or_default(),
        };
        let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
        if stem.is_empty() { "image".to_owned() } else { stem.to_owned() }
    }
}

fn did_not_arrive(error: &crate::fetch::FetchError) -> ApiError {
    use crate::fetch::FetchError;
    tracing::info!(cause = %error, "what is to be converted did not arrive");
    match error {
        FetchError::TooLarge(most) => {
            ApiError::with_text(ProblemCode::TooLarge, format!("What is converted has at most {most} bytes."))
        }
        _ => {
            ApiError::with_text(ProblemCode::SourceUnavailable, "Nothing that can be converted came from the address.")
        }
    }
}

/// The handle in an address of a stored file of ours, of either kind: asked for over the network, it would be our own request to
/// ourselves.
fn stored_at<'a>(companion: &Shared, name: &'a str) -> Option<&'a str> {
    let path = own_path(companion, name)?;
    Some(path.strip_prefix("api/file/").unwrap_or(path)).filter(|path| is_handle(path))
}

/// What stands behind our own origin in an address of ours.
pub fn own_path<'a>(companion: &Shared, address: &'a str) -> Option<&'a str> {
    let origins = [companion.config.file_url(""), companion.config.public("/")];
    origins.iter().find_map(|origin| address.strip_prefix(origin.as_str()))
}

/// The address of `alias/path`, by the site's settings.
fn aliased(app: &App, path: &str) -> Result<Url, ApiError> {
    let (alias, path) = path.split_once('/').unwrap_or((path, ""));
    let base = app.settings.aliases.get(alias);
    let base = base.ok_or_else(|| {
        let text = format!("The key has no alias `{alias}` for addresses.");
        ApiError::with_text(ProblemCode::BadRequest, text)
    })?;
    let url = base.join(path).ok().filter(|url| url.as_str().starts_with(base.as_str()));
    url.ok_or_else(|| ApiError::with_text(ProblemCode::BadRequest, format!("`{path}` is no path below the alias.")))
}
