//! Photos and posts of a Page. Asked twice, Meta posts twice.
//! <https://developers.facebook.com/docs/pages-api/posts>

use axum::http::Method;
use serde_json::{Value, json};

use super::store::{Item, ItemKind, Stored};
use super::{Caller, fetch, node};
use crate::clock::graph_date;
use crate::graph::GraphError;
use crate::world::FacebookPage;

/// What a photo may weigh: the documentation of photos and of stories says ten megabytes.
const PHOTO_LIMIT: u64 = 10 << 20;
/// How far ahead a post can be scheduled: ten minutes to thirty days.
const SCHEDULE: std::ops::RangeInclusive<i64> = 600..=30 * 86_400;

impl Caller<'_> {
    /// `POST /{page}/photos`.
    pub(super) async fn post_photo(&self, page: &FacebookPage) -> Result<Value, GraphError> {
        self.may_post(page)?;
        let published = self.flag("published")?.unwrap_or(true);
        self.flag("temporary")?;
        let scheduled = self.schedule(published)?;
        let file = self.picture().await?;
        let now = self.now();
        let text = self.param("caption").or(self.param("message")).or(self.param("name")).map(str::to_owned);
        let alt_text = self.param("alt_text_custom").map(str::to_owned);
        let mut store = self.platform.store();
        let photo = store.add(ItemKind::Photo, &page.id, &self.app.id, now, |photo| {
            (photo.file, photo.text, photo.alt_text) = (Some(file), text.clone(), alt_text);
            (photo.published, photo.scheduled) = (published.then_some(now), scheduled);
        });
        let without_post = self.flag("no_story")?.unwrap_or(false) || (!published && scheduled.is_none());
        if without_post {
            return Ok(json!({ "id": photo }));
        }
        let post = store.add(ItemKind::Post, &page.id, &self.app.id, now, |post| {
            (post.text, post.shows) = (text, vec![photo.clone()]);
            (post.published, post.scheduled) = (published.then_some(now), scheduled);
        });
        Ok(json!({ "id": photo, "post_id": post }))
    }

    /// The picture of a call: its file, or the one behind its `url`.
    async fn picture(&self) -> Result<Stored, GraphError> {
        let file = match (self.file(), self.param("url")) {
            (Some(part), _) => fetch::inspect(&part.bytes),
            (None, Some(url)) => match fetch::fetch(self.platform, url).await {
                Ok((_, file)) if file.mimetype.starts_with("image/") => file,
                Err(false) => return Err(GraphError::url_invalid()),
                _ => return Err(GraphError::image_not_fetched()),
            },
            (None, None) => return Err(GraphError::upload_file_required()),
        };
        if file.bytes > PHOTO_LIMIT {
            return Err(GraphError::photo_unreadable("Photo Too Large"));
        }
        const KINDS: [&str; 6] = ["image/jpeg", "image/png", "image/gif", "image/bmp", "image/tiff", "image/webp"];
        if !KINDS.contains(&file.mimetype) || (file.width.is_none() && KINDS[..3].contains(&file.mimetype)) {
            return Err(GraphError::photo_unreadable("Can't Read Files"));
        }
        Ok(file)
    }

    /// `scheduled_publish_time`, which only something unpublished can have.
    pub(super) fn schedule(&self, published: bool) -> Result<Option<i64>, GraphError> {
        let Some(text) = self.param("scheduled_publish_time") else { return Ok(None) };
        if published {
            return Err(GraphError::schedule_wrong("You cannot specify a scheduled publish time on a published post"));
        }
        let at = text.parse::<i64>().ok().filter(|at| SCHEDULE.contains(&(at - self.now())));
        at.map(Some).ok_or_else(|| GraphError::schedule_wrong("The specified scheduled publish time is invalid."))
    }

    /// `POST /{page}/feed`.
    pub(super) fn post(&self, page: &FacebookPage) -> Result<Value, GraphError> {
        self.may_post(page)?;
        let published = self.flag("published")?.unwrap_or(true);
        let scheduled = self.schedule(published)?;
        let shows = self.attached()?;
        let (text, link) = (self.param("message").map(str::to_owned), self.param("link").map(str::to_owned));
        if text.is_none() && link.is_none() && shows.is_empty() {
            return Err(GraphError::post_empty());
        }
        if link.as_ref().is_some_and(|link| url::Url::parse(link).is_err()) {
            return Err(GraphError::url_invalid());
        }
        let now = self.now();
        let mut store = self.platform.store();
        for (place, id) in shows.iter().enumerate() {
            let photo = store.get(id).filter(|photo| store.exists(photo, now));
            let photo = photo.filter(|photo| photo.kind == ItemKind::Photo && photo.account == page.id);
            let Some(photo) = photo else {
                let words = format!("(#100) Param attached_media[{place}][media_fbid] must be a valid photo ID: {id}");
                return Err(GraphError::parameter(words));
            };
            if photo.published.is_some() || store.shown_by(id).is_some() || shows[..place].contains(id) {
                return Err(GraphError::photo_used());
            }
        }
        let post = store.add(ItemKind::Post, &page.id, &self.app.id, now, |post| {
            (post.text, post.link, post.shows) = (text, link, shows);
            (post.published, post.scheduled) = (published.then_some(now), scheduled);
        });
        Ok(json!({ "id": post, "post_supports_client_mutation_id": true }))
    }

    /// The photos of `attached_media`, as a JSON array or as fields `attached_media[0]`, `attached_media[1]`.
    fn attached(&self) -> Result<Vec<String>, GraphError> {
        let wrong = || GraphError::parameter("(#100) Param attached_media must be an array of {media_fbid}");
        let id = |value: &Value| match &value["media_fbid"] {
            Value::String(id) => Ok(id.clone()),
            Value::Number(id) => Ok(id.to_string()),
            _ => Err(wrong()),
        };
        let mut ids = Vec::new();
        for (name, text) in &self.request.params.0 {
            if name == "attached_media" {
                let array: Vec<Value> = serde_json::from_str(text).map_err(|_| wrong())?;
                ids.extend(array.iter().map(id).collect::<Result<Vec<String>, GraphError>>()?);
            } else if name.starts_with("attached_media[") && name.ends_with("][media_fbid]") {
                ids.push(text.clone());
            } else if name.starts_with("attached_media[") {
                ids.push(id(&serde_json::from_str(text).map_err(|_| wrong())?)?);
            }
        }
        Ok(ids)
    }

    /// Reads, changes or deletes a post, a photo or a story.
    pub(super) fn page_item(&self, item: &Item) -> Result<Value, GraphError> {
        match self.request.method {
            Method::GET => {
                self.may_read(&item.account)?;
                if item.kind == ItemKind::Photo { self.photo_node(item) } else { self.post_node(item) }
            }
            Method::DELETE => self.delete(item),
            Method::POST if item.kind == ItemKind::Post => self.update(item),
            _ => Err(self.wrong_method()),
        }
    }

    fn page_of(&self, item: &Item) -> Result<&'static FacebookPage, GraphError> {
        FacebookPage::find(&item.account).ok_or_else(|| self.nothing())
    }

    fn update(&self, item: &Item) -> Result<Value, GraphError> {
        self.may_post(self.page_of(item)?)?;
        if item.app != self.app.id {
            return Err(GraphError::post_of_another_app());
        }
        let publish = self.flag("is_published")?.unwrap_or(false);
        let now = self.now();
        let mut store = self.platform.store();
        if let Some(text) = self.param("message")
            && let Some(post) = store.get_mut(&item.id)
        {
            post.text = Some(text.to_owned());
        }
        if publish {
            for id in item.shows.iter().chain([&item.id]) {
                if let Some(shown) = store.get_mut(id) {
                    shown.published.get_or_insert(now);
                }
            }
        }
        Ok(json!({ "success": true }))
    }

    /// Deletes a post with what it shows, or a photo that nothing shows.
    pub(super) fn delete(&self, item: &Item) -> Result<Value, GraphError> {
        self.may_post(self.page_of(item)?)?;
        let mut store = self.platform.store();
        if item.kind == ItemKind::Photo && store.shown_by(&item.id).is_some() {
            return Err(GraphError::photo_in_use());
        }
        // A video takes the post along that shows it.
        let around = store.shown_by(&item.id).map(|post| post.id.clone());
        for id in item.shows.iter().chain([&item.id]).chain(&around) {
            if let Some(gone) = store.get_mut(id) {
                gone.deleted = true;
            }
        }
        Ok(json!({ "success": true }))
    }

    pub(super) fn feed(&self, page: &FacebookPage) -> Result<Value, GraphError> {
        let now = self.now();
        self.list_posts(page, "feed", &|post| post.published_at(now).is_some())
    }

    pub(super) fn scheduled_posts(&self, page: &FacebookPage) -> Result<Value, GraphError> {
        let now = self.now();
        self.list_posts(page, "scheduled_posts", &|post| post.waits(now))
    }

    fn list_posts(
        &self,
        page: &FacebookPage,
        edge: &'static str,
        wanted: &dyn Fn(&Item) -> bool,
    ) -> Result<Value, GraphError> {
        self.may_read(&page.id)?;
        let posts: Vec<Item> = {
            let store = self.platform.store();
            store.of(ItemKind::Post, &page.id).filter(|post| wanted(post) && store.is_ready(post)).cloned().collect()
        };
        self.listing(edge, &page.id, posts.len(), &|place| self.post_node(&posts[place]))
    }

    /// `GET /{page}/photos`: only `type=uploaded` lists what was posted, the default is the profile pictures.
    pub(super) fn page_photos(&self, page: &FacebookPage) -> Result<Value, GraphError> {
        self.may_read(&page.id)?;
        let uploaded = match self.param("type").unwrap_or("profile") {
            "uploaded" => true,
            "profile" | "tagged" => false,
            other => {
                let words =
                    format!("(#100) Param type must be one of {{profile, tagged, uploaded}} - got \"{other}\".");
                return Err(GraphError::parameter(words));
            }
        };
        let now = self.now();
        let photos: Vec<Item> = {
            let store = self.platform.store();
            let all = store.of(ItemKind::Photo, &page.id);
            let shown = |photo: &Item| {
                let post = store.shown_by(&photo.id).filter(|by| by.kind == ItemKind::Post);
                photo.published_at(now).is_some() || post.is_some_and(|post| post.published_at(now).is_some())
            };
            all.filter(|photo| uploaded && !photo.deleted && shown(photo)).cloned().collect()
        };
        self.listing("photos", &page.id, photos.len(), &|place| self.photo_node(&photos[place]))
    }

    fn post_node(&self, post: &Item) -> Result<Value, GraphError> {
        let now = self.now();
        node(self.asked.as_deref(), &["created_time", "message", "id"], |field| {
            Ok(Some(match field.name.as_str() {
                "id" => json!(post.id),
                "created_time" | "updated_time" => json!(graph_date(post.published_at(now).unwrap_or(post.created))),
                "message" if post.text.is_some() => json!(post.text),
                "is_published" => json!(post.published_at(now).is_some()),
                "is_hidden" | "is_expired" => json!(false),
                "permalink_url" => json!(format!("https://www.facebook.com/{}", post.id.replacen('_', "/posts/", 1))),
                "scheduled_publish_time" if post.scheduled.is_some() => json!(post.scheduled),
                "status_type" => json!(if post.shows.is_empty() { "mobile_status_update" } else { "added_photos" }),
                "from" => json!({ "name": self.page_of(post)?.name, "id": post.account }),
                "admin_creator" => json!({ "name": self.person(), "id": self.app.id }),
                "attachments" => self.attachments(post),
                "message" | "scheduled_publish_time" | "story" | "full_picture" | "place" => return Ok(None),
                other => return Err(GraphError::unknown_field(other, "Post")),
            }))
        })
    }

    fn attachments(&self, post: &Item) -> Value {
        let photo = |id: &String| json!({ "media_type": "photo", "target": { "id": id }, "type": "photo" });
        let subs: Vec<Value> = post.shows.iter().map(photo).collect();
        match (subs.as_slice(), &post.link) {
            ([], None) => json!({ "data": [] }),
            ([], Some(link)) => json!({ "data": [{ "media_type": "link", "unshimmed_url": link, "type": "share" }] }),
            ([one], _) => json!({ "data": [one] }),
            _ => json!({ "data": [{ "media_type": "album", "subattachments": { "data": subs }, "type": "album" }] }),
        }
    }

    fn photo_node(&self, photo: &Item) -> Result<Value, GraphError> {
        let file = photo.file.as_ref();
        let post = self.platform.store().shown_by(&photo.id).map(|post| post.id.clone());
        node(self.asked.as_deref(), &["created_time", "name", "id"], |field| {
            Ok(Some(match field.name.as_str() {
                "id" => json!(photo.id),
                "created_time" | "updated_time" => json!(graph_date(photo.created)),
                "name" if photo.text.is_some() => json!(photo.text),
                "alt_text" | "alt_text_custom" if photo.alt_text.is_some() => json!(photo.alt_text),
                "width" => json!(file.and_then(|file| file.width).unwrap_or(1080)),
                "height" => json!(file.and_then(|file| file.height).unwrap_or(1080)),
                "link" => json!(format!("https://www.facebook.com/photo.php?fbid={}", photo.id)),
                // It is there for unpublished photos too, against the documentation.
                "page_story_id" => json!(post.clone().unwrap_or_else(|| format!("{}_{}", photo.account, photo.id))),
                "from" => json!({ "name": self.page_of(photo)?.name, "id": photo.account }),
                "can_delete" => json!(post.is_none()),
                "name" | "alt_text" | "alt_text_custom" | "album" | "images" | "webp_images" | "picture" | "place" => {
                    return Ok(None);
                }
                other => return Err(GraphError::unknown_field(other, "Photo")),
            }))
        })
    }
}
