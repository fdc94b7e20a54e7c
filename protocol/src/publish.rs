//! Publishing a stored file to a visitor's own Pages and Instagram accounts.
//!
//! A listing of the source [`SOURCE`] at `/` offers the sign-in and then the destinations, as items that are no folders. `POST
//! /publish/check` says whether a file fits one of them, `POST /publish` begins, `POST /publish/wait` tells how far it is, and `POST
//! /publish/cancel` takes it back. No token of a Page ever reaches the browser.

use crate::problem::Problem;
use serde::{Deserialize, Serialize};

/// The source whose items are destinations. Nothing is picked from it.
pub const SOURCE: &str = "pages";

/// Where on an account.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Form {
    /// A post in the feed.
    #[default]
    Feed,
    /// A story, which has no text and is gone after a day.
    Story,
}

/// What may be done to an image that does not fit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fit {
    /// Nothing: it is refused.
    #[default]
    None,
    /// It is converted, scaled and, where its shape is not taken, padded.
    Pad,
    /// The same, but cropped.
    Crop,
}

/// `POST /publish` and, before it, `POST /publish/check`, which takes the same and does nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublishRequest {
    /// The site's API key.
    pub apikey: String,
    /// The session that is signed in to [`SOURCE`].
    pub token: String,
    /// What the site's server lets the page do, in base64: it has to allow the call `store`. Needed where the key requires it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
    /// The policy's signature, hex.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature: Option<String>,
    /// The path of a destination, as it was listed.
    pub destination: String,
    /// In the feed or as a story. Default in the feed.
    #[serde(default)]
    pub form: Form,
    /// A stored file that this session may read.
    pub handle: String,
    /// Message or caption. Default none; a story takes none.
    #[serde(default)]
    pub text: String,
    /// What may be done to an image that does not fit. Default nothing.
    #[serde(default)]
    pub fit: Fit,
    /// What an image says to those who cannot see it. Default nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alt: Option<String>,
    /// When to publish, RFC 3339, at most 30 days ahead. Default now; what is past is now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scheduled_at: Option<String>,
    /// The client's own name for the wish: the same again in this session is the same publication.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_key: Option<String>,
}

/// The answer to `POST /publish/check`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckReply {
    /// The session, to be sent with the next request.
    pub token: String,
    /// Whether it may be published so.
    pub verdict: Verdict,
    /// What does not fit; of what can be fitted, what is done away with.
    pub reasons: Vec<Reason>,
    /// What of the text is counted.
    pub limits: TextLimits,
    /// Whether the file is a video.
    pub video: bool,
    /// Pixels of the file, upright; 0 where it could not be measured.
    pub width: u32,
    /// See `width`.
    pub height: u32,
    /// Pixels of what is published, before it is scaled: larger than the file where it is padded, smaller where it is cropped.
    pub shown_width: u32,
    /// See `shown_width`.
    pub shown_height: u32,
    /// Why nothing can be published to this destination at the moment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unavailable: Option<Problem>,
}

/// What was found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It is published as it is.
    Fits,
    /// It is published once it has been fitted as was allowed.
    Fitted,
    /// It is not published.
    #[default]
    Refused,
}

/// What does not fit.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// Which limit: `text`, `bytes`, `shape` and the others of docs/publishing.md.
    pub limit: String,
    /// A plain English sentence with its figure.
    pub text: String,
}

/// What of a text is counted. Characters are those of JavaScript, without the spaces at both ends.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TextLimits {
    /// The most characters; 0 where no text is taken.
    pub characters: u32,
    /// The most words that begin with `#`, where that is limited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hashtags: Option<u32>,
    /// The same of `@`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mentions: Option<u32>,
}

/// `POST /publish/wait` and `POST /publish/cancel`. Only the session that began a publication may ask.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublicationRequest {
    /// The site's API key.
    pub apikey: String,
    /// The session.
    pub token: String,
    /// [`Publication::id`].
    pub id: String,
    /// What the client knows: waiting ends when something else is so, or after about 20 seconds. Default nothing, which is
    /// answered at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seen: Option<Seen>,
}

/// How far a publication is, as far as a client knows.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// [`Publication::state`].
    pub state: State,
    /// [`Publication::phase`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phase: Option<Phase>,
    /// [`Publication::sent`].
    #[serde(default)]
    pub sent: u64,
}

/// How far a publication is: the answer to `POST /publish`, `/publish/wait` and `/publish/cancel`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Publication {
    /// The session, to be sent with the next request.
    pub token: String,
    /// Its name.
    pub id: String,
    /// How it stands.
    pub state: State,
    /// What a running one does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phase: Option<Phase>,
    /// Bytes that have gone up.
    pub sent: u64,
    /// Bytes in all, once that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total: Option<u64>,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Problem>,
    /// Where it is to be seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

/// How a publication stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// For its time, or for its turn.
    #[default]
    Waiting,
    /// On its way.
    Running,
    /// To be seen.
    Published,
    /// Not to be seen.
    Failed,
    /// It was taken back.
    Cancelled,
}

impl State {
    /// Whether nothing more happens.
    pub fn has_ended(self) -> bool {
        matches!(self, Self::Published | Self::Failed | Self::Cancelled)
    }

    /// Its name on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Running => "running",
            Self::Published => "published",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }
}

/// What a running publication does, in Meta's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Bytes go up.
    Uploading,
    /// Meta prepares them.
    Processing,
    /// It is being made visible.
    Publishing,
}

/// How many words of a text begin with this mark; those of addresses of mail do not.
pub fn tags(text: &str, mark: char) -> usize {
    let mut before = ' ';
    let mut chars = text.chars().peekable();
    let mut count = 0;
    while let Some(char) = chars.next() {
        let is_word = |char: char| char.is_alphanumeric() || char == '_';
        count += usize::from(char == mark && !is_word(before) && chars.peek().is_some_and(|next| is_word(*next)));
        before = char;
    }
    count
}
