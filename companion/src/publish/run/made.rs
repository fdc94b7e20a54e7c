//! What a publication has made at Meta on its way: written down as soon as it is known, so that whoever goes on begins there.

use crate::db::Millis;
use serde::{Deserialize, Serialize};

/// What was made.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Made {
    /// What each of the media became, in their order: photos and videos of a Page, containers of a carousel's parts.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub media: Vec<Item>,
    /// The post that waits to be published, or Instagram's container.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub post: Option<String>,
    /// By which time, in seconds since 1970, a post that waits would be published by Meta itself: chosen once, so that it is known by it
    /// where Meta's answer was lost.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mark: Option<i64>,
    /// How often the call was begun that cannot be repeated without having looked.
    #[serde(skip_serializing_if = "is_zero")]
    pub attempts: u32,
    /// When that was, for the first time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attempted_ms: Option<Millis>,
    /// Since when Meta is at what has been sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub processing_ms: Option<Millis>,
}

/// What one of the media became.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Item {
    /// Meta's id; empty as long as there is none.
    pub id: String,
    /// Where its bytes go: an upload session, or an address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub upload: Option<String>,
    /// Whether all bytes are there.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub whole: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands it over so")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}

impl Made {
    /// What one of the media became, so far.
    pub fn item(&mut self, at: usize) -> &mut Item {
        if self.media.len() <= at {
            self.media.resize_with(at + 1, Item::default);
        }
        &mut self.media[at]
    }

    /// The id of one of the media, if it has one.
    pub fn id(&self, at: usize) -> Option<&str> {
        self.media.get(at).map(|item| item.id.as_str()).filter(|id| !id.is_empty())
    }

    /// Reads it.
    pub fn read(text: &str) -> Self {
        serde_json::from_str(text).unwrap_or_default()
    }

    /// Writes it.
    pub fn written(&self) -> String {
        serde_json::to_string(self).unwrap_or_else(|_| "{}".to_owned())
    }
}
