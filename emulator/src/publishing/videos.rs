//! Videos of a Page, at once or in parts. <https://developers.facebook.com/docs/video-api/guides/publishing>

use axum::http::Method;
use serde_json::{Value, json};

use super::store::{Incoming, Item, ItemKind, Processing, Stored};
use super::{Caller, fetch, node};
use crate::clock::graph_date;
use crate::graph::GraphError;
use crate::platform::Platform;
use crate::world::FacebookPage;

/// How many bytes a part has at most, as recorded.
const PART: u64 = 1 << 20;

/// What becomes of a file that is to be a video.
pub(super) fn process(platform: &Platform, file: &Stored) -> Processing {
    let questions = Some(platform.settings.processing_questions);
    if !fetch::is_video(file.mimetype) {
        let fails = Some("The video file is in a format that is not supported.".to_owned());
        return Processing { questions, fails, subcode: 2_207_026 };
    }
    match platform.faults.processing() {
        Some((questions, Some(words))) => {
            Processing { questions: Some(questions.unwrap_or(0)), fails: Some(words), subcode: 2_207_053 }
        }
        Some((questions, None)) => Processing { questions, ..Processing::default() },
        None => Processing { questions, ..Processing::default() },
    }
}

impl Caller<'_> {
    /// `POST /{page}/videos`.
    pub(super) async fn post_video(&self, page: &FacebookPage) -> Result<Value, GraphError> {
        self.may_post(page)?;
        match self.param("upload_phase") {
            None => self.whole_video(page).await,
            Some("start") => self.start_video(page),
            Some("transfer") => self.transfer_video(page),
            Some("finish") => {
                let video = self.session_video(page)?;
                let Some(file) = video.incoming.as_ref().filter(|incoming| incoming.is_whole()) else {
                    return Err(GraphError::upload_incomplete());
                };
                if video.file.is_none() {
                    self.finish_video(page, &video.id, file.stored())?;
                }
                Ok(json!({ "success": true }))
            }
            Some("cancel") => {
                let video = self.session_video(page)?;
                if let Some(video) = self.platform.store().get_mut(&video.id) {
                    video.deleted = true;
                }
                Ok(json!({ "success": true }))
            }
            Some(_) => {
                Err(GraphError::parameter("(#100) Param upload_phase must be one of {start, transfer, finish, cancel}"))
            }
        }
    }

    async fn whole_video(&self, page: &FacebookPage) -> Result<Value, GraphError> {
        let file = match (self.file(), self.param("file_url"), self.param("fbuploader_video_file_chunk")) {
            (Some(part), ..) => fetch::inspect(&part.bytes),
            (None, Some(url), _) => {
                fetch::fetch(self.platform, url).await.map_err(|_| GraphError::video_not_fetched())?.1
            }
            (None, None, Some(handle)) => self.session_file(handle)?,
            (None, None, None) => return Err(GraphError::upload_file_required()),
        };
        if !fetch::is_video(file.mimetype) {
            return Err(GraphError::video_format());
        }
        let video = self.platform.store().add(ItemKind::Video, &page.id, &self.app.id, self.now(), |_| {});
        self.finish_video(page, &video, file)?;
        Ok(json!({ "id": video }))
    }

    /// A video has its bytes: it is looked at, and posted unless it is to stay unpublished.
    fn finish_video(&self, page: &FacebookPage, id: &str, file: Stored) -> Result<(), GraphError> {
        let published = self.flag("published")?.unwrap_or(true);
        let scheduled = self.schedule(published)?;
        let text = self.param("description").or(self.param("title")).map(str::to_owned);
        let (now, processing) = (self.now(), process(self.platform, &file));
        let mut store = self.platform.store();
        if let Some(video) = store.get_mut(id) {
            (video.file, video.processing, video.text) = (Some(file), processing, text.clone());
            (video.published, video.scheduled) = (published.then_some(now), scheduled);
        }
        if published || scheduled.is_some() {
            store.add(ItemKind::Post, &page.id, &self.app.id, now, |post| {
                (post.text, post.shows) = (text, vec![id.to_owned()]);
                (post.published, post.scheduled) = (published.then_some(now), scheduled);
            });
        }
        Ok(())
    }

    fn start_video(&self, page: &FacebookPage) -> Result<Value, GraphError> {
        let size = self.param("file_size").and_then(|size| size.parse::<u64>().ok()).filter(|size| *size > 0);
        let size = size.ok_or_else(|| GraphError::parameter("(#100) The parameter file_size is required"))?;
        let video = self.platform.store().add(ItemKind::Video, &page.id, &self.app.id, self.now(), |video| {
            video.incoming = Some(Incoming::of_size(size));
        });
        let end = size.min(PART);
        Ok(json!({
            "upload_session_id": session_of(&video), "video_id": video, "start_offset": "0", "end_offset": end.to_string(),
        }))
    }

    fn session_video(&self, page: &FacebookPage) -> Result<Item, GraphError> {
        let session = self.param("upload_session_id").unwrap_or_default();
        let store = self.platform.store();
        let video = store.of(ItemKind::Video, &page.id).find(|video| session_of(&video.id) == session);
        let wrong = || GraphError::parameter("(#100) Param upload_session_id must be a valid upload session");
        video.filter(|video| !video.deleted && video.incoming.is_some()).cloned().ok_or_else(wrong)
    }

    fn transfer_video(&self, page: &FacebookPage) -> Result<Value, GraphError> {
        let id = self.session_video(page)?.id;
        let part =
            self.part.filter(|part| part.name == "video_file_chunk").ok_or_else(GraphError::upload_file_required)?;
        let start = self.param("start_offset").and_then(|start| start.parse::<u64>().ok());
        let mut store = self.platform.store();
        let Some(incoming) = store.get_mut(&id).and_then(|video| video.incoming.as_mut()) else {
            return Err(GraphError::upload_incomplete());
        };
        let end = |incoming: &Incoming| incoming.size.min(incoming.received + PART);
        let fits = incoming.received + part.bytes.len() as u64 <= end(incoming);
        if start != Some(incoming.received) || !fits {
            return Err(GraphError::offset_wrong(incoming.received, end(incoming)));
        }
        incoming.take(&part.bytes);
        Ok(json!({ "start_offset": incoming.received.to_string(), "end_offset": end(incoming).to_string() }))
    }

    /// `GET /{page}/videos`: the published ones.
    pub(super) fn page_videos(&self, page: &FacebookPage) -> Result<Value, GraphError> {
        self.may_read(&page.id)?;
        let now = self.now();
        let videos: Vec<Item> = {
            let store = self.platform.store();
            let all = store.of(ItemKind::Video, &page.id);
            let listed = |video: &Item| video.published_at(now).is_some() && video.processing.succeeds();
            all.filter(|video| listed(video) && video.media_type != "STORIES").cloned().collect()
        };
        self.listing("videos", &page.id, videos.len(), &|place| self.video_node(&videos[place]))
    }

    /// Reads or deletes a video.
    pub(super) fn video(&self, video: &Item) -> Result<Value, GraphError> {
        match self.request.method {
            Method::GET => {
                self.may_read(&video.account)?;
                self.video_node(video)
            }
            Method::DELETE => self.delete(video),
            _ => Err(self.wrong_method()),
        }
    }

    fn video_node(&self, video: &Item) -> Result<Value, GraphError> {
        node(self.asked.as_deref(), &["description", "updated_time", "id"], |field| {
            Ok(Some(match field.name.as_str() {
                "id" => json!(video.id),
                "created_time" | "updated_time" => json!(graph_date(video.created)),
                "description" | "title" if video.text.is_some() => json!(video.text),
                "status" => self.video_status(video),
                "published" => json!(video.published_at(self.now()).is_some()),
                "permalink_url" => json!(format!("/{}/videos/{}/", video.account, video.id)),
                "post_id" => json!(self.platform.store().shown_by(&video.id).map(|post| post.id.clone())),
                "description" | "title" | "length" | "source" | "picture" => return Ok(None),
                other => return Err(GraphError::unknown_field(other, "Video")),
            }))
        })
    }

    /// How far a video is; asking brings it on, until it is ready.
    fn video_status(&self, video: &Item) -> Value {
        let Some(file) = &video.file else {
            let received = video.incoming.as_ref().map_or(0, |incoming| incoming.received);
            let uploading = if received == 0 { "not_started" } else { "in_progress" };
            return json!({
                "video_status": "processing",
                "uploading_phase": { "status": uploading, "bytes_transfered": received },
                "processing_phase": { "status": "not_started" },
                "publishing_phase": { "status": "not_started" },
            });
        };
        let is_over = self.platform.store().get_mut(&video.id).is_some_and(|video| video.processing.ask());
        let failed = video.processing.fails.as_ref().filter(|_| is_over);
        let word = if is_over { "complete" } else { "in_progress" };
        let (video_status, processing) = match failed {
            Some(words) => ("error", json!({ "status": "error", "error": { "message": words } })),
            None => (if is_over { "ready" } else { "processing" }, json!({ "status": word })),
        };
        let publishing = match video.published {
            _ if failed.is_some() => json!({ "status": "error" }),
            None => json!({ "status": "not_started" }),
            Some(_) if !is_over => json!({ "status": "in_progress", "publish_status": "not_published" }),
            Some(at) => json!({ "status": "complete", "publish_status": "published", "publish_time": at }),
        };
        json!({
            "video_status": video_status,
            "uploading_phase": { "status": "complete", "bytes_transfered": file.bytes },
            "processing_phase": processing,
            "publishing_phase": publishing,
        })
    }
}

/// The upload session of a video: another number than the video's own.
fn session_of(video: &str) -> String {
    format!("9{}", &video[1..])
}
