//! Videos of a Page and its stories: bytes in parts, from where Meta says that it has them.
//! <https://developers.facebook.com/docs/video-api/guides/publishing>, <https://developers.facebook.com/docs/page-stories-api/>; checked
//! November 2026.

use super::story::{self, Published, text};
use super::{Phase, Run, Seen, Stop};
use crate::providers::{Part, Trouble};
use crate::publish::body::From;
use axum::body::Bytes;
use bowerbird_protocol::problem::ProblemCode;
use futures_util::TryStreamExt as _;
use reqwest::{Body, header};
use serde::Deserialize;
use serde_json::Value;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _};
use tokio_util::io::ReaderStream;
use url::Url;

/// How often it is written down how much has gone up.
const TELL_EVERY: Duration = Duration::from_secs(1);

/// A session for a video in parts. Offsets are text.
#[derive(Debug, Deserialize)]
struct Session {
    upload_session_id: String,
    video_id: String,
    start_offset: String,
    end_offset: String,
}

#[derive(Debug, Deserialize)]
struct Offsets {
    start_offset: Value,
    end_offset: Value,
}

impl Offsets {
    fn read(&self) -> Option<(u64, u64)> {
        let number = |value: &Value| value.as_u64().or_else(|| value.as_str()?.parse().ok());
        Some((number(&self.start_offset)?, number(&self.end_offset)?))
    }
}

/// The start of a video story's upload.
#[derive(Debug, Deserialize)]
struct Started {
    video_id: String,
    upload_url: String,
}

/// How far Meta is with a video.
#[derive(Debug, Deserialize)]
struct Video {
    status: Status,
    post_id: Option<Value>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Status {
    video_status: String,
    uploading_phase: Stage,
    processing_phase: Stage,
    publishing_phase: Stage,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Stage {
    status: String,
    /// So it is spelt; one page of Meta's spells it as expected.
    #[serde(alias = "bytes_transferred")]
    bytes_transfered: u64,
    error: Option<StageError>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct StageError {
    message: String,
}

impl Status {
    /// Whether the call that publishes it was heard.
    fn is_finished(&self) -> bool {
        !matches!(self.publishing_phase.status.as_str(), "" | "not_started")
    }

    /// Whether Meta is done with it; an error where that ended badly.
    fn is_ready(&self) -> Result<bool, Stop> {
        let stages = [&self.uploading_phase, &self.processing_phase, &self.publishing_phase];
        if matches!(self.video_status.as_str(), "error" | "upload_failed" | "expired") {
            let said = stages.iter().find_map(|stage| stage.error.as_ref().map(|error| error.message.clone()));
            let said =
                said.filter(|said| !said.is_empty()).map(|said| format!(" Meta says: {said}")).unwrap_or_default();
            return Err(Stop::refused(ProblemCode::NotAccepted, format!("Meta could not prepare the video.{said}")));
        }
        Ok(self.video_status == "ready" || self.publishing_phase.status == "complete")
    }
}

async fn look(meta: &super::Account, video: &str, fields: &str) -> Result<Video, Trouble> {
    meta.graph.look(&meta.token, video, &[("fields", fields)]).await
}

impl Run<'_> {
    /// A video in the feed.
    pub(super) async fn page_video(&mut self) -> Result<Seen, Stop> {
        if self.body.media.first().is_some_and(|medium| medium.hosted) {
            return self.hosted_video().await;
        }
        let size = self.total.unwrap_or(0);
        let path = self.path("videos");
        if self.made.id(0).is_none() {
            self.note(Phase::Uploading).await?;
            let size = size.to_string();
            let form = [("upload_phase", "start"), ("file_size", size.as_str())];
            let session: Session = self.meta.graph.post(&self.meta.token, &path, &form).await?;
            let item = self.made.item(0);
            (item.id, item.upload) = (session.video_id, Some(session.upload_session_id));
            self.note(Phase::Uploading).await?;
            let offsets = (session.start_offset.parse().ok(), session.end_offset.parse().ok());
            if let (Some(start), Some(end)) = offsets {
                self.transfer(start, end).await?;
            }
        } else if !self.made.item(0).whole {
            // Where to go on is known to Meta alone: a part that does not fit is refused with what would.
            self.transfer(0, 0).await?;
        }
        let video = self.made.item(0).clone();
        let heard = self.made.attempts > 0 && look(&self.meta, &video.id, "status").await?.status.is_finished();
        if !heard {
            self.attempt().await?;
            let session = video.upload.unwrap_or_default();
            let form = [
                ("upload_phase", "finish"),
                ("upload_session_id", session.as_str()),
                ("description", self.body.text.as_str()),
                ("published", "true"),
            ];
            self.meta.graph.post::<Value>(&self.meta.token, &path, &form).await?;
        }
        self.seen_video(&video.id).await
    }

    /// A video that Meta fetches from its address.
    async fn hosted_video(&mut self) -> Result<Seen, Stop> {
        let From::Url(url) = self.body.media[0].from.clone() else {
            return Err(Stop::refused(ProblemCode::BadRequest, "Meta fetches only what has an address of its own."));
        };
        let id = match self.made.id(0) {
            Some(id) => id.to_owned(),
            None => {
                let before = self.newest("videos", &[]).await?;
                let id = match before {
                    Some(id) => id,
                    None => {
                        self.attempt().await?;
                        let form = [("file_url", url.as_str()), ("description", self.body.text.as_str())];
                        self.meta.graph.post::<super::NewId>(&self.meta.token, &self.path("videos"), &form).await?.id
                    }
                };
                self.made.item(0).id.clone_from(&id);
                self.note(Phase::Publishing).await?;
                id
            }
        };
        self.seen_video(&id).await
    }

    /// Waits until a video is to be seen.
    async fn seen_video(&mut self, video: &str) -> Result<Seen, Stop> {
        let mut pause = self.processing().await?;
        let post = loop {
            let seen = look(&self.meta, video, "status,post_id").await?;
            if seen.status.is_ready()? {
                break seen.post_id;
            }
            self.wait(&mut pause).await?;
        };
        let url = self.permalink(video).await;
        let post = post.filter(|post| !post.is_null()).map(|post| text(&post));
        Ok(Seen { id: post.unwrap_or_else(|| video.to_owned()), url })
    }

    /// Sends the parts of a video that are not there, as Meta asks for them.
    async fn transfer(&mut self, mut start: u64, mut end: u64) -> Result<(), Stop> {
        let session = self.made.item(0).upload.clone().unwrap_or_default();
        let path = self.path("videos");
        let size = self.total.unwrap_or(0);
        let mut misfits = 0;
        while start < size {
            self.sent = start;
            self.note(Phase::Uploading).await?;
            // Meta has no call that only asks; one byte at the beginning fits where nothing is there, and nowhere else.
            let bytes = self.bytes(start, end.max(start + 1).min(size)).await?;
            let offset = start.to_string();
            let form = [
                ("upload_phase", "transfer"),
                ("upload_session_id", session.as_str()),
                ("start_offset", offset.as_str()),
            ];
            let part = Part {
                name: "video_file_chunk",
                filename: "part".to_owned(),
                mimetype: "application/octet-stream",
                bytes,
            };
            let answer = self.meta.graph.post_file::<Offsets>(&self.meta.token, &path, &form, part).await;
            let offsets = match answer {
                Ok(offsets) => offsets.read(),
                Err(Trouble::Refused { status, error }) => {
                    misfits += 1;
                    let next = serde_json::from_value::<Offsets>(error.error_data.clone()).ok();
                    match next.and_then(|next| next.read()).filter(|_| misfits < 3) {
                        Some(next) => Some(next),
                        None => return Err(Trouble::Refused { status, error }.into()),
                    }
                }
                Err(trouble) => return Err(trouble.into()),
            };
            (start, end) = offsets.ok_or_else(|| Stop::Again("Meta named no next part of the video".to_owned()))?;
        }
        self.sent = size;
        self.made.item(0).whole = true;
        self.note(Phase::Uploading).await
    }

    async fn bytes(&self, start: u64, end: u64) -> Result<Bytes, Stop> {
        let content = self.contents.first().and_then(Option::as_ref);
        let file = content.ok_or_else(|| Stop::Again("the video is not here".to_owned()))?.file.try_clone();
        let mut file = file.map_err(Stop::here)?;
        let read = tokio::task::spawn_blocking(move || {
            file.seek(SeekFrom::Start(start))?;
            let mut bytes = Vec::new();
            file.take(end - start).read_to_end(&mut bytes).map(|_| bytes)
        });
        Ok(read.await.map_err(Stop::here)?.map_err(Stop::here)?.into())
    }

    /// A video as a story.
    pub(super) async fn video_story(&mut self) -> Result<Seen, Stop> {
        let path = self.path("video_stories");
        if self.made.id(0).is_none() {
            self.note(Phase::Uploading).await?;
            let started: Started = self.meta.graph.post(&self.meta.token, &path, &[("upload_phase", "start")]).await?;
            let item = self.made.item(0);
            (item.id, item.upload) = (started.video_id, Some(started.upload_url));
            self.note(Phase::Uploading).await?;
        }
        let video = self.made.item(0).clone();
        if !video.whole {
            let status = look(&self.meta, &video.id, "status").await?.status;
            if status.uploading_phase.status != "complete" {
                self.raise(0, &video.upload.unwrap_or_default(), status.uploading_phase.bytes_transfered).await?;
            }
            self.made.item(0).whole = true;
            self.note(Phase::Uploading).await?;
        }
        let heard = self.made.attempts > 0 && look(&self.meta, &video.id, "status").await?.status.is_finished();
        let mut id = None;
        if !heard {
            self.attempt().await?;
            let form = [("upload_phase", "finish"), ("video_id", video.id.as_str())];
            let published = self.meta.graph.post::<Published>(&self.meta.token, &path, &form).await;
            id = match published {
                Err(Trouble::Refused { error, status })
                    if self.made.attempts > 1 && error.error_subcode == story::ALREADY =>
                {
                    return Err(Stop::Again(error.cause(status)));
                }
                published => published?.post_id,
            };
        }
        let mut pause = self.processing().await?;
        while !look(&self.meta, &video.id, "status").await?.status.is_ready()? {
            self.wait(&mut pause).await?;
        }
        match story::showing(&self.meta, &self.account.account_id, &video.id).await {
            Ok(Some(story)) => Ok(story.seen()),
            Ok(None) if id.is_none() => Err(Stop::Again("the story is not listed yet".to_owned())),
            Err(trouble) if id.is_none() => Err(trouble.into()),
            _ => Ok(Seen { id: id.as_ref().map(text).unwrap_or_default(), url: None }),
        }
    }

    /// Sends a video's bytes to the address that Meta named, from an offset; or says there where it is hosted.
    pub(super) async fn raise(&mut self, at: usize, upload: &str, from: u64) -> Result<(), Stop> {
        let url = Url::parse(upload).map_err(|_| Stop::Again("Meta named no address for the video".to_owned()))?;
        let medium = &self.body.media[at];
        if let (true, From::Url(hosted)) = (medium.hosted, &medium.from) {
            let headers = [("file_url", hosted.clone())];
            self.meta.graph.upload::<Value>(&self.meta.token, url, &headers, None).await?;
            return Ok(());
        }
        let content = self.contents.get(at).and_then(Option::as_ref);
        let content = content.ok_or_else(|| Stop::Again("the video is not here".to_owned()))?;
        let size = content.file.metadata().map_err(Stop::here)?.len();
        let from = if from < size { from } else { 0 };
        let mut file = tokio::fs::File::from_std(content.file.try_clone().map_err(Stop::here)?);
        file.seek(SeekFrom::Start(from)).await.map_err(Stop::here)?;
        let sent = Arc::new(AtomicU64::new(from));
        let counted = {
            let sent = sent.clone();
            ReaderStream::with_capacity(file.take(size - from), 1 << 16).inspect_ok(move |bytes| {
                sent.fetch_add(bytes.len() as u64, Ordering::Relaxed);
            })
        };
        let headers = [
            ("offset", from.to_string()),
            ("file_size", size.to_string()),
            (header::CONTENT_LENGTH.as_str(), (size - from).to_string()),
        ];
        let graph = self.meta.graph.clone();
        let token = self.meta.token.clone();
        let upload = graph.upload::<Value>(&token, url, &headers, Some(Body::wrap_stream(counted)));
        tokio::pin!(upload);
        loop {
            tokio::select! {
                done = &mut upload => {
                    done?;
                    self.sent = size;
                    return Ok(());
                }
                () = tokio::time::sleep(TELL_EVERY) => {
                    self.sent = sent.load(Ordering::Relaxed);
                    self.note(Phase::Uploading).await?;
                }
            }
        }
    }
}
