//! Instagram: containers, which are published once they are ready. A container is published once; whether it was, it says itself, and one
//! that is not is forgotten after a day.
//! <https://developers.facebook.com/docs/instagram-platform/content-publishing>; checked November 2026.

use super::page::{List, is_since};
use super::{Account, Phase, Run, Seen, Stop};
use crate::providers::Trouble;
use crate::publish::body::From;
use crate::publish::check::Used;
use crate::publish::media::Media;
use crate::publish::rows::Kind;
use crate::publish::{errors, offered};
use bowerbird_protocol::problem::ProblemCode;
use serde::Deserialize;
use std::borrow::Cow;

/// A container; `uri` is where its bytes go.
#[derive(Debug, Deserialize)]
struct Container {
    id: String,
    uri: Option<String>,
}

#[derive(Debug, Deserialize)]
struct State {
    #[serde(default)]
    status_code: String,
    #[serde(default)]
    status: String,
}

#[derive(Debug, Deserialize)]
struct Quota {
    quota_usage: Option<u32>,
    config: Option<QuotaConfig>,
}

#[derive(Debug, Deserialize)]
struct QuotaConfig {
    quota_total: Option<u32>,
}

/// A post, as Instagram lists it.
#[derive(Debug, Deserialize)]
struct Listed {
    id: String,
    #[serde(default)]
    caption: String,
    timestamp: Option<String>,
    permalink: Option<String>,
}

/// How much an account has published today, and may.
pub async fn used(meta: &Account, account: &str) -> Result<Option<Used>, Stop> {
    let path = format!("{account}/content_publishing_limit");
    let query = [("fields", "config,quota_usage")];
    let list: List<Quota> = meta.graph.look(&meta.token, &path, &query).await?;
    Ok(list.data.first().and_then(|quota| {
        let of = quota.config.as_ref().and_then(|config| config.quota_total);
        Some(Used { posts: quota.quota_usage?, of })
    }))
}

/// How a container is.
enum Ready {
    Not,
    Yes,
    Published,
    /// It was not published within a day.
    Gone,
}

async fn look(meta: &Account, container: &str) -> Result<Ready, Stop> {
    let query = [("fields", "status_code,status")];
    let state: State = match meta.graph.look(&meta.token, container, &query).await {
        Err(Trouble::Refused { error, .. }) if error.code == 24 || (error.code, error.error_subcode) == (100, 33) => {
            return Ok(Ready::Gone);
        }
        state => state?,
    };
    match state.status_code.as_str() {
        "FINISHED" => Ok(Ready::Yes),
        "PUBLISHED" => Ok(Ready::Published),
        "EXPIRED" => Ok(Ready::Gone),
        "ERROR" => Err(errors::of_container(&state.status)),
        _ => Ok(Ready::Not),
    }
}

impl Run<'_> {
    pub(super) async fn instagram(&mut self) -> Result<Seen, Stop> {
        let container = match self.made.post.clone() {
            Some(container) => container,
            None => {
                let container = self.container().await?;
                self.made.post = Some(container.clone());
                self.note(Phase::Processing).await?;
                container
            }
        };
        if self.ready(&container).await? {
            return self.published_before(&container).await;
        }
        self.attempt().await?;
        let form = [("creation_id", container.as_str())];
        let published: super::NewId =
            self.meta.graph.post(&self.meta.token, &self.path("media_publish"), &form).await?;
        let query = [("fields", "id,permalink")];
        let listed = self.meta.graph.look::<Listed>(&self.meta.token, &published.id, &query).await;
        Ok(Seen { id: published.id, url: listed.ok().and_then(|listed| listed.permalink) })
    }

    /// Waits until a container can be published. `true` when it is published already; an error when all has to be made anew.
    async fn ready(&mut self, container: &str) -> Result<bool, Stop> {
        let mut pause = self.processing().await?;
        loop {
            match look(&self.meta, container).await? {
                Ready::Not => self.wait(&mut pause).await?,
                Ready::Yes => return Ok(false),
                Ready::Published => return Ok(true),
                Ready::Gone => break,
            }
        }
        self.made = super::Made::default();
        self.note(Phase::Uploading).await?;
        Err(Stop::Again("a container was not published within a day, and is made anew".to_owned()))
    }

    /// The container of all, made of its parts where it is a carousel.
    async fn container(&mut self) -> Result<String, Stop> {
        if self.kind != Kind::InstagramCarousel {
            return self.part(0, false).await;
        }
        let mut parts = Vec::new();
        for at in 0..self.body.media.len() {
            let part = self.part(at, true).await?;
            self.ready(&part).await?;
            parts.push(part);
        }
        self.note(Phase::Processing).await?;
        let children = parts.join(",");
        let form = [("media_type", "CAROUSEL"), ("children", &children), ("caption", &self.body.text)];
        let container: Container = self.meta.graph.post(&self.meta.token, &self.path("media"), &form).await?;
        Ok(container.id)
    }

    /// The container of one of the media, with its bytes.
    async fn part(&mut self, at: usize, is_child: bool) -> Result<String, Stop> {
        if self.made.id(at).is_none() {
            self.note(Phase::Uploading).await?;
            let container = self.new_part(at, is_child).await?;
            let item = self.made.item(at);
            (item.id, item.whole, item.upload) = (container.id, container.uri.is_none(), container.uri);
            self.note(Phase::Uploading).await?;
        }
        let item = self.made.item(at).clone();
        if !item.whole {
            // How much has arrived it does not tell; from the beginning is always right.
            self.raise(at, &item.upload.unwrap_or_default(), 0).await?;
            self.made.item(at).whole = true;
            self.note(Phase::Processing).await?;
        }
        Ok(item.id)
    }

    async fn new_part(&self, at: usize, is_child: bool) -> Result<Container, Stop> {
        let medium = &self.body.media[at];
        let content = self.contents.get(at).and_then(Option::as_ref);
        let is_image = content.is_some_and(|content| matches!(content.media, Media::Image(_)));
        let media_type = match (self.kind, is_child, is_image) {
            (Kind::InstagramStory, ..) => Some("STORIES"),
            (_, _, true) => None,
            (_, true, false) => Some("VIDEO"),
            (_, false, false) => Some("REELS"),
        };
        let mut form: Vec<(&str, Cow<'_, str>)> = Vec::new();
        form.extend(media_type.map(|name| ("media_type", name.into())));
        match (&medium.from, is_image) {
            (From::Url(url), false) if medium.hosted => form.push(("video_url", url.into())),
            // With Facebook Login bytes of videos can be sent; everything else Meta fetches here.
            (_, false) if !self.meta.with_instagram_login => form.push(("upload_type", "resumable".into())),
            (_, is_image) => {
                let url = offered::address(self.companion, &self.row.id, at)
                    .map_err(|why| Stop::refused(ProblemCode::SourceUnavailable, why))?;
                form.push((if is_image { "image_url" } else { "video_url" }, url.into()));
            }
        }
        if is_child {
            form.push(("is_carousel_item", "true".into()));
        } else if self.kind != Kind::InstagramStory {
            form.push(("caption", self.body.text.as_str().into()));
        }
        let alt = medium.alt.as_deref().filter(|alt| is_image && !alt.is_empty());
        form.extend(alt.map(|alt| ("alt_text", alt.into())));
        let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (*name, value.as_ref())).collect();
        Ok(self.meta.graph.post(&self.meta.token, &self.path("media"), &form).await?)
    }

    /// What a container has become that was published before. Which post it is nobody says, so it is the newest with its words.
    async fn published_before(&self, container: &str) -> Result<Seen, Stop> {
        let since = self.made.attempted_ms.unwrap_or(self.row.created_ms);
        let query = [("fields", "id,caption,timestamp,permalink"), ("limit", "25")];
        let edge = if self.kind == Kind::InstagramStory { "stories" } else { "media" };
        let list = self.meta.graph.look::<List<Listed>>(&self.meta.token, &self.path(edge), &query).await;
        let is_ours = |post: &Listed| {
            let is_same = self.kind == Kind::InstagramStory || post.caption == self.body.text;
            is_same && is_since(post.timestamp.as_deref(), since)
        };
        let found = list.ok().and_then(|list| list.data.into_iter().find(is_ours));
        let (id, url) = found.map_or((container.to_owned(), None), |post| (post.id, post.permalink));
        Ok(Seen { id, url })
    }
}
