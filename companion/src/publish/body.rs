//! What is to be published, as it is kept in a row.

use super::check::Allowed;
use super::rows::Kind;
use crate::db::AccountRow;
use serde::{Deserialize, Serialize};

pub use bowerbird_protocol::publish::{Fit, Form};

/// What is to be published on one account.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Body {
    /// Message or caption.
    pub text: String,
    /// The address that a link is about.
    pub link: Option<String>,
    /// Images and videos, in their order.
    pub media: Vec<Medium>,
    /// What may be done to images that do not fit.
    pub fit: Fit,
    /// A photo that goes into the Page's album, without a post of its own.
    pub without_post: bool,
}

/// An image or a video.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Medium {
    /// Where its bytes are.
    pub from: From,
    /// What it says to those who cannot see it; of images.
    #[serde(default)]
    pub alt: Option<String>,
    /// Whether Meta fetches a video from its address, instead of having it sent. Its limits are then Meta's to judge.
    #[serde(default)]
    pub hosted: bool,
}

/// Where bytes are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum From {
    /// A stored file, by its handle.
    Handle(String),
    /// An address in the web.
    Url(String),
}

impl Medium {
    /// Of a stored file.
    pub fn stored(handle: impl Into<String>) -> Self {
        Self { from: From::Handle(handle.into()), alt: None, hosted: false }
    }

    /// Of an address.
    pub fn at(url: impl Into<String>) -> Self {
        Self { from: From::Url(url.into()), alt: None, hosted: false }
    }
}

impl std::convert::From<Fit> for Allowed {
    fn from(fit: Fit) -> Self {
        match fit {
            Fit::None => Self::Nothing,
            Fit::Pad => Self::Pad,
            Fit::Crop => Self::Crop,
        }
    }
}

/// The kind that a body is on an account, as far as can be known before its media are there: of what could be an image as well as a video,
/// `is_video` says which.
pub fn kind_of(account: &AccountRow, form: Form, body: &Body, is_video: impl Fn(usize) -> bool) -> Kind {
    let videos = (0..body.media.len()).filter(|at| is_video(*at)).count();
    match (account.network.as_str(), form, body.media.len()) {
        ("instagram", Form::Story, _) => Kind::InstagramStory,
        ("instagram", Form::Feed, 0 | 1) if videos > 0 => Kind::InstagramReel,
        ("instagram", Form::Feed, 0 | 1) => Kind::InstagramImage,
        ("instagram", Form::Feed, _) => Kind::InstagramCarousel,
        (_, Form::Story, _) if videos > 0 => Kind::PageVideoStory,
        (_, Form::Story, _) => Kind::PagePhotoStory,
        (_, Form::Feed, 0) if body.link.is_some() => Kind::PageLink,
        (_, Form::Feed, 0) => Kind::PageText,
        (_, Form::Feed, 1) if videos > 0 => Kind::PageVideo,
        (_, Form::Feed, 1) => Kind::PagePhoto,
        (_, Form::Feed, _) => Kind::PagePhotos,
    }
}

impl Kind {
    /// The form that it is of.
    pub fn form(self) -> Form {
        match self {
            Self::PagePhotoStory | Self::PageVideoStory | Self::InstagramStory => Form::Story,
            _ => Form::Feed,
        }
    }

    /// Its name, as in rows and on the wire.
    pub fn name(self) -> String {
        serde_json::to_value(self).ok().and_then(|name| Some(name.as_str()?.to_owned())).unwrap_or_default()
    }

    /// The kind of this name.
    pub fn named(name: &str) -> Option<Self> {
        serde_json::from_value(name.into()).ok()
    }
}
