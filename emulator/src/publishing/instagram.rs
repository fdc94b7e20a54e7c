//! Publishing on Instagram: containers, which are published once they are ready. The same on graph.instagram.com with
//! Instagram Login and on graph.facebook.com with Facebook Login.
//! <https://developers.facebook.com/docs/instagram-platform/content-publishing>

use axum::http::Method;
use serde_json::{Value, json};

use super::store::{DAY, Incoming, Item, ItemKind, Processing, Stored};
use super::{Caller, fetch, node, videos};
use crate::apps::Network;
use crate::clock::graph_date;
use crate::graph::{Field, GraphError};
use crate::platform::Platform;
use crate::world::{FacebookPage, INSTAGRAM, InstagramAccount};

/// What an image may weigh: 8 MiB.
const IMAGE_LIMIT: u64 = 8 << 20;
/// Width by height: from four to five up to 1.91 to one. A little is forgiven for whole pixels.
const RATIOS: std::ops::RangeInclusive<f64> = 0.795..=1.915;

impl Caller<'_> {
    /// An Instagram account or one of its edges.
    pub(super) async fn instagram(&self, account: &InstagramAccount, rest: &[&str]) -> Result<Value, GraphError> {
        let posts = self.request.method == Method::POST;
        self.owns_instagram(account)?;
        match rest {
            [] if !posts => self.instagram_node(account, self.asked.as_deref()),
            ["media"] if posts => {
                self.may_publish()?;
                self.container(account).await
            }
            ["media_publish"] if posts => {
                self.may_publish()?;
                self.media_publish(account)
            }
            ["content_publishing_limit"] if !posts => {
                self.may_publish()?;
                self.publishing_limit(account)
            }
            [edge @ ("media" | "stories")] if !posts => {
                let (media, edge) = match *edge {
                    "media" => (media_of(self.platform, account), "media"),
                    _ => (stories_of(self.platform, account), "stories"),
                };
                let asked = self.asked.as_deref();
                self.listing(edge, account.user_id, media.len(), &|place| {
                    media_node(self.platform, &media[place], asked)
                })
            }
            [] | ["media" | "stories" | "media_publish" | "content_publishing_limit"] => Err(self.wrong_method()),
            [edge] => Err(GraphError::unknown_field(edge, "IGUser")),
            [_, more @ ..] => Err(GraphError::unknown_path(&format!("/{}", more.join("/")))),
        }
    }

    fn with_instagram_login(&self) -> bool {
        self.token.network == Network::Instagram
    }

    /// With Instagram Login the account is the token's own; with Facebook Login it is linked to a Page of the person's.
    fn owns_instagram(&self, account: &InstagramAccount) -> Result<(), GraphError> {
        let owns = if self.with_instagram_login() {
            self.token.user == account.key
        } else {
            FacebookPage::of(self.token.user).any(|page| page.instagram == Some(account.key))
        };
        if !owns {
            return Err(self.nothing());
        }
        let basic = if self.with_instagram_login() { "instagram_business_basic" } else { "instagram_basic" };
        if self.has(basic) { Ok(()) } else { Err(GraphError::app_lacks_permission()) }
    }

    fn may_publish(&self) -> Result<(), GraphError> {
        let permission = if self.with_instagram_login() {
            "instagram_business_content_publish"
        } else {
            "instagram_content_publish"
        };
        if self.has(permission) { Ok(()) } else { Err(GraphError::app_lacks_permission()) }
    }

    /// What Facebook tells of an Instagram account.
    pub(super) fn instagram_node(
        &self,
        account: &InstagramAccount,
        asked: Option<&[Field]>,
    ) -> Result<Value, GraphError> {
        node(asked, &["id"], |field| {
            Ok(Some(match field.name.as_str() {
                "id" | "ig_id" => json!(account.user_id),
                "username" => json!(account.username),
                "name" => json!(account.name),
                "media_count" => json!(account.media),
                "followers_count" => json!(2_718),
                "follows_count" => json!(141),
                "profile_picture_url" | "biography" | "website" => return Ok(None),
                other => return Err(GraphError::unknown_field(other, "IGUser")),
            }))
        })
    }

    /// `POST /{ig}/media`.
    async fn container(&self, account: &InstagramAccount) -> Result<Value, GraphError> {
        let is_child = self.flag("is_carousel_item")?.unwrap_or(false);
        let resumable = self.param("upload_type") == Some("resumable");
        let (image, video) = (self.param("image_url"), self.param("video_url"));
        let caption = self.param("caption").filter(|_| !is_child);
        caption.map_or(Ok(()), check_caption)?;
        let media_type = match (self.param("media_type"), is_child) {
            (None | Some("IMAGE"), _) if image.is_some() => "IMAGE",
            (Some("VIDEO"), true) if video.is_some() || resumable => "VIDEO",
            (Some("REELS"), false) if video.is_some() || resumable => "REELS",
            (Some("STORIES"), false) if image.is_some() || video.is_some() || resumable => "STORIES",
            (Some("CAROUSEL"), false) => "CAROUSEL",
            (None, _) => {
                return Err(GraphError::parameter("(#100) The parameter image_url is required"));
            }
            (Some(other), _) => return Err(GraphError::media_type_unknown(other)),
        };
        let (mut file, mut shows, mut incoming) = (None, Vec::new(), None);
        let mut processing = Processing::done();
        match (media_type, image, video) {
            ("CAROUSEL", ..) => shows = self.children(account)?,
            (_, Some(url), _) => {
                let image = self.image(url, media_type == "IMAGE" && !is_child).await?;
                if let Some((questions, fails)) = self.platform.faults.processing() {
                    let questions = if fails.is_some() { Some(questions.unwrap_or(0)) } else { questions };
                    processing = Processing { questions, fails, subcode: 2_207_053 };
                }
                file = Some(image);
            }
            (_, None, Some(url)) => {
                // A video is fetched later on: what goes wrong then is told by the container's status.
                (file, processing) = match fetch::fetch(self.platform, url).await {
                    Ok((_, video)) => (Some(video.clone()), videos::process(self.platform, &video)),
                    Err(_) => {
                        let fails = Some("Media download has failed.".to_owned());
                        let questions = Some(self.platform.settings.processing_questions);
                        (None, Processing { questions, fails, subcode: 2_207_052 })
                    }
                };
            }
            _ => incoming = Some(Incoming::default()),
        }
        let text = caption.map(str::to_owned);
        let alt_text = self.param("alt_text").map(str::to_owned);
        let waits = incoming.is_some();
        let mut store = self.platform.store();
        let id = store.add(ItemKind::Container, account.user_id, &self.app.id, self.now(), |container| {
            (container.media_type, container.text, container.alt_text) = (media_type, text, alt_text);
            (container.file, container.shows, container.is_child) = (file, shows, is_child);
            (container.processing, container.incoming) = (processing, incoming);
        });
        if !waits {
            return Ok(json!({ "id": id }));
        }
        let (base, version) = (&self.platform.base_url, self.request.version);
        let uri = format!("{base}/rupload.facebook.com/ig-api-upload/v{version}.0/{id}");
        Ok(json!({ "id": id, "uri": uri }))
    }

    /// An image, which is fetched at once. Only a single one in the feed must have one of the feed's shapes.
    async fn image(&self, url: &str, in_feed: bool) -> Result<Stored, GraphError> {
        let fetched = fetch::fetch(self.platform, url).await;
        let (_, image) = fetched.map_err(|_| GraphError::media_not_fetched())?;
        if !image.mimetype.starts_with("image/") {
            return Err(GraphError::media_not_fetched());
        }
        if image.bytes > IMAGE_LIMIT {
            return Err(GraphError::image_too_large());
        }
        let (Some(width), Some(height), "image/jpeg") = (image.width, image.height, image.mimetype) else {
            return Err(GraphError::image_format());
        };
        let ratio = f64::from(width) / f64::from(height);
        if in_feed && !RATIOS.contains(&ratio) {
            return Err(GraphError::aspect_ratio(ratio));
        }
        Ok(image)
    }

    /// The containers of a carousel: a comma list, or a JSON array.
    fn children(&self, account: &InstagramAccount) -> Result<Vec<String>, GraphError> {
        let text = self.param("children").unwrap_or_default();
        let ids: Vec<String> = serde_json::from_str(text)
            .unwrap_or_else(|_| text.split(',').map(|id| id.trim().to_owned()).filter(|id| !id.is_empty()).collect());
        if !(2..=10).contains(&ids.len()) {
            return Err(GraphError::carousel_size());
        }
        let (store, now) = (self.platform.store(), self.now());
        for id in &ids {
            let child = store.get(id).filter(|child| child.kind == ItemKind::Container && child.is_child);
            let child =
                child.filter(|child| child.account == account.user_id).ok_or_else(GraphError::media_not_found)?;
            if child.is_stale(now) {
                return Err(GraphError::container_gone());
            }
        }
        Ok(ids)
    }

    /// `POST /{ig}/media_publish`.
    fn media_publish(&self, account: &InstagramAccount) -> Result<Value, GraphError> {
        let id = self.param("creation_id");
        let id = id.ok_or_else(|| GraphError::parameter("(#100) The parameter creation_id is required"))?;
        let now = self.now();
        let mut store = self.platform.store();
        let container = store.get(id).filter(|item| item.kind == ItemKind::Container && !item.is_child);
        let container = container.filter(|container| container.account == account.user_id).cloned();
        let container = container.ok_or_else(GraphError::media_not_found)?;
        if container.published.is_some() || container.is_stale(now) {
            return Err(GraphError::container_gone());
        }
        let parts: Vec<String> = container.shows.iter().chain([&container.id]).cloned().collect();
        let mut ready = true;
        for part in &parts {
            let Some(part) = store.get_mut(part) else { continue };
            let has_bytes = part.incoming.is_none() || part.file.is_some();
            ready &= has_bytes && part.processing.ask();
            if ready && part.processing.fails.is_some() {
                return Err(GraphError::container_failed());
            }
        }
        if !ready {
            return Err(GraphError::container_not_ready());
        }
        if store.used_today(account.user_id, now) >= self.platform.settings.instagram_quota {
            return Err(GraphError::quota_reached());
        }
        let media = store.add(ItemKind::Media, account.user_id, &self.app.id, now, |media| {
            (media.media_type, media.text, media.alt_text) =
                (container.media_type, container.text.clone(), container.alt_text.clone());
            (media.shows, media.published) = (vec![container.id.clone()], Some(now));
        });
        for part in &parts {
            if let Some(part) = store.get_mut(part) {
                part.published = Some(now);
            }
        }
        Ok(json!({ "id": media }))
    }

    /// `GET /{ig}/content_publishing_limit`.
    fn publishing_limit(&self, account: &InstagramAccount) -> Result<Value, GraphError> {
        let used = self.platform.store().used_today(account.user_id, self.now());
        let asked = self.asked.clone().unwrap_or_else(|| vec![Field::plain("quota_usage")]);
        let mut entry = json!({});
        for field in asked {
            entry[&field.name] = match field.name.as_str() {
                "quota_usage" => json!(used),
                "config" => json!({ "quota_total": self.platform.settings.instagram_quota, "quota_duration": DAY }),
                other => return Err(GraphError::unknown_field(other, "ContentPublishingLimit")),
            };
        }
        Ok(json!({ "data": [entry] }))
    }

    /// Reads a container or a media.
    pub(super) fn instagram_item(&self, item: &Item) -> Result<Value, GraphError> {
        let account = INSTAGRAM.iter().find(|account| account.user_id == item.account);
        self.owns_instagram(account.ok_or_else(|| self.nothing())?)?;
        if self.request.method != Method::GET {
            return Err(self.wrong_method());
        }
        if item.kind == ItemKind::Media {
            return media_node(self.platform, item, self.asked.as_deref());
        }
        self.may_publish()?;
        let asks = self.asked.iter().flatten().any(|field| ["status", "status_code"].contains(&field.name.as_str()));
        let (code, words) = if asks { self.container_status(item) } else { ("", String::new()) };
        node(self.asked.as_deref(), &["id"], |field| {
            Ok(Some(match field.name.as_str() {
                "id" => json!(item.id),
                "status_code" => json!(code),
                "status" => json!(words),
                other => return Err(GraphError::unknown_field(other, "IGContainer")),
            }))
        })
    }

    /// How far a container is; asking brings it on, until it is ready.
    fn container_status(&self, container: &Item) -> (&'static str, String) {
        let mut store = self.platform.store();
        let mut over = container.incoming.is_none() || container.file.is_some();
        let mut failed = None;
        for part in container.shows.iter().chain([&container.id]) {
            let Some(part) = store.get_mut(part) else { continue };
            over &= part.processing.ask();
            if over && part.processing.fails.is_some() {
                failed = Some(part.processing.subcode);
            }
        }
        if container.published.is_some() {
            return ("PUBLISHED", "Published: Media has been successfully published.".to_owned());
        }
        if container.is_stale(self.now()) {
            return ("EXPIRED", "Expired: The container was not published within 24 hours and has expired.".to_owned());
        }
        match (over, failed) {
            (_, Some(subcode)) => ("ERROR", format!("Error: Media upload has failed with error code {subcode}")),
            (true, None) => {
                ("FINISHED", "Finished: Media has been uploaded and it is ready to be published.".to_owned())
            }
            (false, None) => ("IN_PROGRESS", "In Progress: Media is still being processed.".to_owned()),
        }
    }
}

/// A media that was published.
pub fn media_node(platform: &Platform, media: &Item, asked: Option<&[Field]>) -> Result<Value, GraphError> {
    let (kind, product) = match media.media_type {
        "REELS" => ("VIDEO", "REELS"),
        "CAROUSEL" => ("CAROUSEL_ALBUM", "FEED"),
        "STORIES" => {
            let store = platform.store();
            let file = store.get(&media.shows[0]).and_then(|container| container.file.as_ref());
            let is_video = file.is_some_and(|file| fetch::is_video(file.mimetype));
            (if is_video { "VIDEO" } else { "IMAGE" }, "STORY")
        }
        _ => ("IMAGE", "FEED"),
    };
    let account = INSTAGRAM.iter().find(|account| account.user_id == media.account);
    let shortcode = format!("P{}", &media.id[7..]);
    node(asked, &["id"], |field| {
        Ok(Some(match field.name.as_str() {
            "id" => json!(media.id),
            "media_type" => json!(kind),
            "media_product_type" => json!(product),
            "caption" if media.text.is_some() => json!(media.text),
            "alt_text" if media.alt_text.is_some() => json!(media.alt_text),
            "timestamp" => json!(graph_date(media.created)),
            "permalink" => json!(format!("https://www.instagram.com/p/{shortcode}/")),
            "shortcode" => json!(shortcode),
            "username" => json!(account.map(|account| account.username)),
            "like_count" | "comments_count" => json!(0),
            "is_comment_enabled" | "is_shared_to_feed" => json!(true),
            "caption" | "alt_text" | "media_url" | "thumbnail_url" | "children" | "owner" => return Ok(None),
            other => return Err(GraphError::unknown_field(other, "Media")),
        }))
    })
}

/// What apps published on an account and its feed shows, the newest first.
pub fn media_of(platform: &Platform, account: &InstagramAccount) -> Vec<Item> {
    let store = platform.store();
    store.of(ItemKind::Media, account.user_id).filter(|media| media.media_type != "STORIES").cloned().collect()
}

/// Its stories of the last day, the newest first.
pub fn stories_of(platform: &Platform, account: &InstagramAccount) -> Vec<Item> {
    let (store, now) = (platform.store(), platform.clock.now());
    let stories = store.of(ItemKind::Media, account.user_id).filter(|media| media.media_type == "STORIES");
    stories.filter(|story| now - story.created < DAY).cloned().collect()
}

/// 2200 characters, 30 hashtags, 20 mentions.
fn check_caption(caption: &str) -> Result<(), GraphError> {
    let marked =
        |mark: char| caption.split_whitespace().filter(|word| word.starts_with(mark) && word.len() > 1).count();
    let fits = caption.chars().count() <= 2200 && marked('#') <= 30 && marked('@') <= 20;
    if fits { Ok(()) } else { Err(GraphError::caption_too_long()) }
}
