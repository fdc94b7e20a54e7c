//! Stories of a Page. <https://developers.facebook.com/docs/page-stories-api/>

use serde_json::{Value, json};

use super::Caller;
use super::store::{DAY, Incoming, Item, ItemKind};
use crate::graph::GraphError;
use crate::world::FacebookPage;

impl Caller<'_> {
    /// `POST /{page}/photo_stories`: from a photo that is unpublished and in no other post.
    pub(super) fn photo_story(&self, page: &FacebookPage) -> Result<Value, GraphError> {
        self.may_post(page)?;
        let id =
            self.param("photo_id").ok_or_else(|| GraphError::parameter("(#100) The parameter photo_id is required"))?;
        let now = self.now();
        let mut store = self.platform.store();
        let photo = store.get(id).filter(|photo| photo.kind == ItemKind::Photo && photo.account == page.id);
        let photo = photo.filter(|photo| store.exists(photo, now));
        let photo = photo.ok_or_else(|| GraphError::parameter("(#100) Param photo_id must be a valid photo ID"))?;
        if photo.published.is_some() || store.shown_by(id).is_some() {
            return Err(GraphError::photo_used());
        }
        // The kinds of files that the page about stories lists; posts take more.
        let kind = photo.file.as_ref().map_or("", |file| file.mimetype);
        if !["image/jpeg", "image/bmp", "image/png", "image/gif", "image/tiff"].contains(&kind) {
            return Err(GraphError::photo_unreadable("Can't Read Files"));
        }
        let shown = id.to_owned();
        let story = store.add(ItemKind::Story, &page.id, &self.app.id, now, |story| {
            (story.media_type, story.shows, story.published) = ("photo", vec![shown], Some(now));
        });
        Ok(json!({ "success": true, "post_id": story }))
    }

    /// `POST /{page}/video_stories`: the start, and once rupload.facebook.com has the bytes, the finish.
    pub(super) fn video_story(&self, page: &FacebookPage) -> Result<Value, GraphError> {
        self.may_post(page)?;
        let now = self.now();
        let mut store = self.platform.store();
        match self.param("upload_phase") {
            Some("start") => {
                let video = store.add(ItemKind::Video, &page.id, &self.app.id, now, |video| {
                    (video.media_type, video.incoming) = ("STORIES", Some(Incoming::default()));
                });
                let (base, version) = (&self.platform.base_url, self.request.version);
                let url = format!("{base}/rupload.facebook.com/video-upload/v{version}.0/{video}");
                Ok(json!({ "video_id": video, "upload_url": url }))
            }
            Some("finish") => {
                let id = self.param("video_id").unwrap_or_default();
                let video = store.get(id).filter(|video| video.kind == ItemKind::Video && video.account == page.id);
                let video = video.filter(|video| !video.deleted && video.media_type == "STORIES");
                let wrong = || GraphError::parameter("(#100) Param video_id must be a valid video ID");
                let video = video.ok_or_else(wrong)?;
                if video.file.is_none() {
                    return Err(GraphError::upload_incomplete());
                }
                if store.shown_by(id).is_some() {
                    return Err(GraphError::photo_used());
                }
                let shown = id.to_owned();
                if let Some(video) = store.get_mut(id) {
                    video.published = Some(now);
                }
                let story = store.add(ItemKind::Story, &page.id, &self.app.id, now, |story| {
                    (story.media_type, story.shows, story.published) = ("video", vec![shown], Some(now));
                });
                Ok(json!({ "success": true, "post_id": story }))
            }
            _ => Err(GraphError::parameter("(#100) Param upload_phase must be one of {start, finish}")),
        }
    }

    /// `GET /{page}/stories`, narrowed by `status`, `since` and `until`. A story is archived after a day, and then
    /// listed only where the Page's archive is on.
    pub(super) fn stories(&self, page: &FacebookPage) -> Result<Value, GraphError> {
        self.may_read(&page.id)?;
        let moment = |name: &str| match self.param(name).map(str::parse::<i64>) {
            None => Ok(None),
            Some(Ok(at)) => Ok(Some(at)),
            Some(Err(_)) => Err(GraphError::parameter(format!("(#100) Param {name} must be a UNIX timestamp"))),
        };
        let (since, until) = (moment("since")?, moment("until")?);
        let wanted = self.param("status").map(str::to_ascii_uppercase);
        if wanted.as_deref().is_some_and(|status| !["PUBLISHED", "ARCHIVED"].contains(&status)) {
            return Err(GraphError::parameter("(#100) Param status must be one of {PUBLISHED, ARCHIVED}"));
        }
        let now = self.now();
        let status = |story: &Item| if now - story.created < DAY { "PUBLISHED" } else { "ARCHIVED" };
        let stories: Vec<Item> = {
            let store = self.platform.store();
            let all = store.of(ItemKind::Story, &page.id).filter(|story| !story.deleted && store.is_ready(story));
            let listed = all.filter(|story| status(story) == "PUBLISHED" || page.story_archive);
            listed
                .filter(|story| wanted.as_deref().is_none_or(|wanted| wanted == status(story)))
                .filter(|story| since.is_none_or(|since| story.created >= since))
                .filter(|story| until.is_none_or(|until| story.created <= until))
                .cloned()
                .collect()
        };
        self.listing("stories", &page.id, stories.len(), &|place| {
            let story = &stories[place];
            Ok(json!({
                "post_id": story.id,
                "status": status(story),
                "creation_time": story.created.to_string(),
                "media_type": story.media_type,
                "media_id": story.shows[0],
                "url": format!("https://facebook.com/stories/{}", story.id),
            }))
        })
    }
}
