//! Posts in the feed of a Page.
//!
//! Meta posts twice if asked twice, so a post is made that nobody sees, and then published, which can be repeated. An unpublished post
//! whose id got lost on the way would stay for ever, since nothing lists it; so the post is made as one for a day in some weeks, which
//! `scheduled_posts` lists, and found there by that very second.
//! <https://developers.facebook.com/docs/pages-api/posts>; checked November 2026.

use super::{NewId, Phase, Run, Seen, Stop};
use crate::db::{Millis, now};
use crate::providers::Trouble;
use crate::publish::rows::Kind;
use serde::Deserialize;
use serde_json::{Value, json};

/// Meta takes days from ten minutes to thirty days ahead; the day never comes.
const DAYS_AHEAD: std::ops::Range<i64> = 20 * 86_400..29 * 86_400;

/// Something in a list of posts.
#[derive(Debug, Deserialize)]
pub struct Listed {
    /// Its id.
    pub id: String,
    scheduled_publish_time: Option<Value>,
}

/// A list of Meta's.
#[derive(Debug, Deserialize)]
pub struct List<T> {
    /// What is in it.
    pub data: Vec<T>,
}

#[derive(Debug, Deserialize)]
struct Link {
    permalink_url: Option<String>,
}

impl Listed {
    fn has_mark(&self, mark: i64) -> bool {
        match &self.scheduled_publish_time {
            Some(Value::Number(at)) => at.as_i64() == Some(mark),
            Some(Value::String(at)) => *at == mark.to_string(),
            _ => false,
        }
    }
}

/// Posts that wait for the second by which a publication knows its own.
pub async fn with_mark(meta: &super::Account, page: &str, mark: i64) -> Result<Vec<String>, Trouble> {
    let query = [("fields", "id,scheduled_publish_time"), ("limit", "100")];
    let list: List<Listed> = meta.graph.look(&meta.token, &format!("{page}/scheduled_posts"), &query).await?;
    Ok(list.data.into_iter().filter(|post| post.has_mark(mark)).map(|post| post.id).collect())
}

impl Run<'_> {
    /// Text, link, photo or photos.
    pub(super) async fn page_post(&mut self) -> Result<Seen, Stop> {
        if self.body.without_post && self.kind == Kind::PagePhoto {
            return self.photo_alone().await;
        }
        self.photos().await?;
        let post = match self.made.post.clone() {
            Some(post) => post,
            None => self.hidden_post().await?,
        };
        self.note(Phase::Publishing).await?;
        self.meta.graph.post::<Value>(&self.meta.token, &post, &[("is_published", "true")]).await?;
        if self.made.attempts > 1 {
            // Of two that were made, one by a call whose answer was lost, Meta may list the first only now.
            let mark = self.made.mark.unwrap_or_default();
            for other in with_mark(&self.meta, &self.account.account_id, mark).await?.iter().filter(|id| **id != post) {
                self.meta.graph.remove(&self.meta.token, other).await?;
            }
        }
        let url = self.permalink(&post).await;
        Ok(Seen { id: post, url })
    }

    /// Makes the post that nobody sees, or finds the one that was made.
    async fn hidden_post(&mut self) -> Result<String, Stop> {
        let mark = *self.made.mark.get_or_insert_with(|| now() / 1000 + rand::random_range(DAYS_AHEAD));
        let mut found = None;
        if self.made.attempts > 0 {
            found = with_mark(&self.meta, &self.account.account_id, mark).await?.into_iter().next();
        }
        let post = match found {
            Some(post) => post,
            None => {
                self.attempt().await?;
                let photos: Vec<Value> =
                    self.made.media.iter().map(|photo| json!({ "media_fbid": photo.id })).collect();
                let (photos, mark) = (json!(photos).to_string(), mark.to_string());
                let mut form = vec![("published", "false"), ("scheduled_publish_time", mark.as_str())];
                if !self.made.media.is_empty() {
                    form.push(("attached_media", &photos));
                }
                if !self.body.text.trim().is_empty() {
                    form.push(("message", &self.body.text));
                }
                form.extend(self.body.link.as_deref().map(|link| ("link", link)));
                self.meta.graph.post::<NewId>(&self.meta.token, &self.path("feed"), &form).await?.id
            }
        };
        self.made.post = Some(post.clone());
        self.note(Phase::Publishing).await?;
        Ok(post)
    }

    /// A photo for the Page's album. It is there at once, so that one whose answer was lost is looked for among the newest.
    async fn photo_alone(&mut self) -> Result<Seen, Stop> {
        let id = match self.newest("photos", &[("type", "uploaded")]).await? {
            Some(id) => id,
            None => {
                let super::Sent { mimetype, bytes } = self.image(0).await?;
                self.attempt().await?;
                let alt = self.body.media[0].alt.clone().unwrap_or_default();
                let mut form = vec![("published", "true"), ("no_story", "true"), ("caption", self.body.text.as_str())];
                if !alt.is_empty() {
                    form.push(("alt_text_custom", &alt));
                }
                let part = super::Part { name: "source", filename: "1.jpg".to_owned(), mimetype, bytes };
                let path = self.path("photos");
                self.meta.graph.post_file::<NewId>(&self.meta.token, &path, &form, part).await?.id
            }
        };
        Ok(Seen { url: Some(format!("https://www.facebook.com/{id}")), id })
    }

    /// What an earlier attempt has put into a list of the Page's: the newest there with the same words.
    pub(super) async fn newest(&self, edge: &str, query: &[(&str, &str)]) -> Result<Option<String>, Stop> {
        #[derive(Deserialize)]
        struct Newest {
            id: String,
            #[serde(default, alias = "description")]
            name: String,
            created_time: Option<String>,
        }
        let Some(since) = self.made.attempted_ms else { return Ok(None) };
        let words = if edge == "videos" { "id,description,created_time" } else { "id,name,created_time" };
        let query: Vec<_> = query.iter().copied().chain([("fields", words), ("limit", "25")]).collect();
        let list: List<Newest> = self.meta.graph.look(&self.meta.token, &self.path(edge), &query).await?;
        let is_ours = |it: &Newest| it.name == self.body.text && is_since(it.created_time.as_deref(), since);
        Ok(list.data.into_iter().find(is_ours).map(|it| it.id))
    }

    /// Where a post is to be seen; Meta's own address for it where it tells none.
    pub(super) async fn permalink(&self, id: &str) -> Option<String> {
        let link = self.meta.graph.look::<Link>(&self.meta.token, id, &[("fields", "permalink_url")]).await;
        let link = link.ok().and_then(|link| link.permalink_url);
        let absolute =
            |link: String| if link.starts_with('/') { format!("https://www.facebook.com{link}") } else { link };
        Some(link.map_or_else(|| format!("https://www.facebook.com/{id}"), absolute))
    }
}

/// By how many seconds Meta's clock may differ from this machine's.
const CLOCKS: i64 = 120;

/// Whether a date of Meta's is not before a time of ours.
pub fn is_since(date: Option<&str>, since: Millis) -> bool {
    let date = date.and_then(|date| chrono::DateTime::parse_from_str(date, "%Y-%m-%dT%H:%M:%S%z").ok());
    date.is_some_and(|date| date.timestamp() >= since / 1000 - CLOCKS)
}
