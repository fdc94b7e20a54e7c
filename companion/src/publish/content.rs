//! The bytes of what is to be published: fetched, measured and, where that is allowed, fitted.

use super::body::{Body, From, Medium};
use super::check::{Post, Used, Verdict, check};
use super::fit::Fitting;
use super::media::{Image, Media, Unmeasured, measure, measure_image};
use super::rows::Kind;
use super::run::Stop;
use crate::Shared;
use crate::fetch::FetchError;
use crate::upload::address;
use axum::body::Bytes;
use bowerbird_convert::{Format, Work};
use bowerbird_protocol::problem::ProblemCode;
use futures_util::StreamExt as _;
use std::collections::HashMap;
use std::fs::File;
use std::io::{Read as _, Seek as _};
use tokio::io::AsyncWriteExt as _;

/// A file that is to be published, on this machine's disk. It has no name there, so that nothing is left of it.
#[derive(Debug)]
pub struct Content {
    /// What is known of it.
    pub media: Media,
    /// Its bytes.
    pub file: File,
}

/// All media of a body, in their order; of what Meta fetches itself there are none.
pub async fn fetch(companion: &Shared, app_key: &str, body: &Body) -> Result<Vec<Option<Content>>, Stop> {
    let mut all = Vec::new();
    for (at, medium) in body.media.iter().enumerate() {
        all.push(if medium.hosted { None } else { Some(fetch_one(companion, app_key, medium, at).await?) });
    }
    Ok(all)
}

async fn fetch_one(companion: &Shared, app_key: &str, medium: &Medium, at: usize) -> Result<Content, Stop> {
    let file = tempfile::tempfile_in(&companion.config.data_dir).map_err(Stop::here)?;
    let mut writing = tokio::fs::File::from_std(file.try_clone().map_err(Stop::here)?);
    match &medium.from {
        From::Handle(handle) => {
            let row = companion.db.file(handle).await?.filter(|row| row.app_key == app_key);
            let row = row.filter(|row| row.link_connection.is_none());
            let row = row.ok_or_else(|| refused(ProblemCode::PhotoGone, at, "is not stored here (any more)"))?;
            let mut bytes = companion.buckets.get(&row.storage)?.read(&row.object_key, None).await?;
            while let Some(bytes) = bytes.next().await {
                writing.write_all(&bytes?).await.map_err(Stop::here)?;
            }
        }
        From::Url(text) => {
            let url = address::read(text)
                .map_err(|error| Stop::refused(error.problem().code, error.problem().text.clone()))?;
            let most = companion.config.max_upload_bytes;
            let (mut download, _) =
                companion.fetcher.open_address(&url, most).await.map_err(|error| not_fetched(&error, at))?;
            while let Some(bytes) = download.chunk().await.map_err(|error| not_fetched(&error, at))? {
                writing.write_all(&bytes).await.map_err(Stop::here)?;
            }
        }
    }
    writing.flush().await.map_err(Stop::here)?;
    let most = companion.config.convert_max_bytes;
    let mut file = writing.into_std().await;
    let measured = tokio::task::spawn_blocking(move || (measure(&mut file, most), file));
    let (media, file) = measured.await.map_err(Stop::here)?;
    let media = media.map_err(|error| match error {
        Unmeasured::Io(error) => Stop::here(error),
        Unmeasured::TooLarge(_) => refused(ProblemCode::TooLarge, at, format_args!("is too large: {error}")),
        error => refused(ProblemCode::NotAccepted, at, format_args!("cannot be read: {error}")),
    })?;
    Ok(Content { media, file })
}

fn refused(code: ProblemCode, at: usize, what: impl std::fmt::Display) -> Stop {
    Stop::refused(code, format!("Media {} {what}.", at + 1))
}

fn not_fetched(error: &FetchError, at: usize) -> Stop {
    match error {
        FetchError::TooLarge(most) => {
            refused(ProblemCode::TooLarge, at, format_args!("has more than the {most} bytes that are taken"))
        }
        FetchError::NotListed(_) => {
            refused(ProblemCode::NotAllowed, at, "is at an address of a private network, from which nothing is fetched")
        }
        FetchError::Status(status) if status.is_client_error() => {
            refused(ProblemCode::PhotoGone, at, format_args!("is not at its address: HTTP {}", status.as_u16()))
        }
        error => Stop::Again(format!("media {at} did not arrive: {error}")),
    }
}

/// Compares a body with what is taken; of images that are to be fitted, answers how.
pub fn judge(
    kind: Kind,
    body: &Body,
    contents: &[Option<Content>],
    used: Option<Used>,
) -> Result<Vec<Option<Fitting>>, Stop> {
    let media: Vec<Media> = contents.iter().flatten().map(|content| content.media.clone()).collect();
    let mut fittings: Vec<Option<Fitting>> = vec![None; contents.len()];
    if media.len() < contents.len() {
        // Meta judges what it fetches itself.
        return Ok(fittings);
    }
    let post = Post { text: &body.text, link: body.link.as_deref(), media: &media, used };
    let changes = match check(kind, &post, body.fit.into()) {
        Verdict::Fits { better } => better,
        Verdict::Fitted { changes } => changes,
        Verdict::Refused { reasons } => {
            let code = reasons.first().map_or(ProblemCode::BadRequest, super::check::Reason::code);
            let text = reasons.iter().map(|reason| reason.text.as_str()).collect::<Vec<_>>().join(" ");
            return Err(Stop::refused(code, text));
        }
    };
    for change in changes {
        if let Some(fitting) = fittings.get_mut(change.media) {
            *fitting = Some(change.fitting);
        }
    }
    Ok(fittings)
}

/// An image, as it is sent.
#[derive(Debug, Clone)]
pub struct Sent {
    /// Its type.
    pub mimetype: &'static str,
    /// Its bytes.
    pub bytes: Bytes,
}

/// The bytes of an image, fitted where it has to be.
pub async fn image(companion: &Shared, content: &Content, fitting: Option<&Fitting>) -> Result<Sent, Stop> {
    let mut file = content.file.try_clone().map_err(Stop::here)?;
    let read = tokio::task::spawn_blocking(move || {
        file.rewind()?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map(|_| bytes)
    });
    let bytes = Bytes::from(read.await.map_err(Stop::here)?.map_err(Stop::here)?);
    let Some(fitting) = fitting.cloned() else {
        let Image { format, .. } = measure_image(&bytes).map_err(Stop::here)?;
        return Ok(Sent { mimetype: format.mimetype(), bytes });
    };
    let turn = companion.pool.patient_turn().await.map_err(|error| Stop::Again(error.problem().text.clone()))?;
    let made = companion
        .pool
        .work(turn, move |limits| fitting.run(&bytes, &Work::new(limits, &HashMap::new())))
        .await
        .map_err(|error| Stop::Again(error.problem().text.clone()))?;
    let made = made.map_err(|error| {
        Stop::refused(ProblemCode::NotAccepted, format!("The image cannot be made to fit: {error}."))
    })?;
    Ok(Sent { mimetype: Format::Jpeg.mimetype(), bytes: made.bytes.into() })
}
