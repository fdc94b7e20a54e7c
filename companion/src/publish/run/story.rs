//! Stories of a Page. Meta takes a photo or a video into one story only, so one that was begun is found by it.
//! <https://developers.facebook.com/docs/page-stories-api/>; checked November 2026.

pub use super::page::List;
use super::{Run, Seen, Stop};
use crate::providers::Trouble;
use serde::Deserialize;
use serde_json::Value;

/// A story in the list of a Page's.
#[derive(Debug, Clone, Deserialize, serde::Serialize)]
pub struct Story {
    /// Its id.
    pub post_id: Value,
    /// `PUBLISHED` or `ARCHIVED`.
    #[serde(default)]
    pub status: String,
    /// When it was published, in seconds since 1970, as text.
    #[serde(default)]
    pub creation_time: Value,
    /// `photo` or `video`.
    #[serde(default)]
    pub media_type: String,
    /// The photo or the video.
    #[serde(default)]
    pub media_id: Value,
    /// Where it is to be seen.
    pub url: Option<String>,
}

/// The answer to the call that publishes a story.
#[derive(Debug, Deserialize)]
pub struct Published {
    /// Its id: a number or text.
    pub post_id: Option<Value>,
}

/// An id, which Meta writes as text or as a number.
pub fn text(id: &Value) -> String {
    id.as_str().map_or_else(|| id.to_string(), str::to_owned)
}

/// The story that shows a photo or a video, if there is one.
pub async fn showing(meta: &super::Account, page: &str, media: &str) -> Result<Option<Story>, Trouble> {
    let query = [("limit", "100")];
    let list: List<Story> = meta.graph.look(&meta.token, &format!("{page}/stories"), &query).await?;
    Ok(list.data.into_iter().find(|story| text(&story.media_id) == media))
}

impl Story {
    pub(super) fn seen(self) -> Seen {
        Seen { id: text(&self.post_id), url: self.url }
    }
}

impl Run<'_> {
    /// A photo as a story.
    pub(super) async fn photo_story(&mut self) -> Result<Seen, Stop> {
        self.photos().await?;
        let photo = self.made.id(0).unwrap_or_default().to_owned();
        let page = self.account.account_id.clone();
        if self.made.attempts > 0
            && let Some(story) = showing(&self.meta, &page, &photo).await?
        {
            return Ok(story.seen());
        }
        self.attempt().await?;
        let form = [("photo_id", photo.as_str())];
        let published = self.meta.graph.post::<Published>(&self.meta.token, &self.path("photo_stories"), &form).await;
        let published = match published {
            // "You've already posted these photos": an earlier call was heard, and the list does not have it yet.
            Err(Trouble::Refused { error, status }) if self.made.attempts > 1 && error.error_subcode == ALREADY => {
                return Err(Stop::Again(error.cause(status)));
            }
            published => published?,
        };
        match showing(&self.meta, &page, &photo).await {
            Ok(Some(story)) => Ok(story.seen()),
            // It is published, whether the list has it yet or not.
            _ => Ok(Seen { id: published.post_id.as_ref().map(text).unwrap_or_default(), url: None }),
        }
    }
}

/// Meta's subcode of a photo that is in a post already.
pub const ALREADY: i64 = 1_366_051;
